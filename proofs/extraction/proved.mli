
type nat =
| O
| S of nat

val fst : ('a1 * 'a2) -> 'a1

val snd : ('a1 * 'a2) -> 'a2

type comparison =
| Eq
| Lt
| Gt

val compOpp : comparison -> comparison

val add : nat -> nat -> nat

val mul : nat -> nat -> nat

type positive =
| XI of positive
| XO of positive
| XH

type n =
| N0
| Npos of positive

type z =
| Z0
| Zpos of positive
| Zneg of positive

module Pos :
 sig
  type mask =
  | IsNul
  | IsPos of positive
  | IsNeg
 end

module Coq_Pos :
 sig
  val succ : positive -> positive

  val add : positive -> positive -> positive

  val add_carry : positive -> positive -> positive

  val pred_double : positive -> positive

  type mask = Pos.mask =
  | IsNul
  | IsPos of positive
  | IsNeg

  val succ_double_mask : mask -> mask

  val double_mask : mask -> mask

  val double_pred_mask : positive -> mask

  val sub_mask : positive -> positive -> mask

  val sub_mask_carry : positive -> positive -> mask

  val mul : positive -> positive -> positive

  val compare_cont : comparison -> positive -> positive -> comparison

  val compare : positive -> positive -> comparison

  val eqb : positive -> positive -> bool

  val iter_op : ('a1 -> 'a1 -> 'a1) -> positive -> 'a1 -> 'a1

  val to_nat : positive -> nat
 end

module N :
 sig
  val succ_double : n -> n

  val double : n -> n

  val succ : n -> n

  val succ_pos : n -> positive

  val sub : n -> n -> n

  val mul : n -> n -> n

  val compare : n -> n -> comparison

  val eqb : n -> n -> bool

  val leb : n -> n -> bool

  val ltb : n -> n -> bool

  val pos_div_eucl : positive -> n -> n * n

  val div_eucl : n -> n -> n * n

  val div : n -> n -> n

  val modulo : n -> n -> n

  val to_nat : n -> nat
 end

module Z :
 sig
  val double : z -> z

  val succ_double : z -> z

  val pred_double : z -> z

  val pos_sub : positive -> positive -> z

  val add : z -> z -> z

  val opp : z -> z

  val sub : z -> z -> z

  val compare : z -> z -> comparison

  val leb : z -> z -> bool

  val ltb : z -> z -> bool

  val eqb : z -> z -> bool

  val abs : z -> z

  val to_N : z -> n

  val of_N : n -> z
 end

module Option :
 sig
  val apply : ('a1 -> 'a2) -> 'a2 -> 'a1 option -> 'a2

  val default : 'a1 -> 'a1 option -> 'a1
 end

type 't pred = 't -> bool

val iter : nat -> ('a1 -> 'a1) -> 'a1 -> 'a1

val muln_rec : nat -> nat -> nat

val muln : nat -> nat -> nat

val head : 'a1 -> 'a1 list -> 'a1

val behead : 'a1 list -> 'a1 list

val ncons : nat -> 'a1 -> 'a1 list -> 'a1 list

val nseq : nat -> 'a1 -> 'a1 list

val cat : 'a1 list -> 'a1 list -> 'a1 list

val nth : 'a1 -> 'a1 list -> nat -> 'a1

val all : 'a1 pred -> 'a1 list -> bool

val drop : nat -> 'a1 list -> 'a1 list

val take : nat -> 'a1 list -> 'a1 list

val catrev : 'a1 list -> 'a1 list -> 'a1 list

val rev : 'a1 list -> 'a1 list

val map : ('a1 -> 'a2) -> 'a1 list -> 'a2 list

val foldr : ('a1 -> 'a2 -> 'a2) -> 'a2 -> 'a1 list -> 'a2

val foldl : ('a2 -> 'a1 -> 'a2) -> 'a2 -> 'a1 list -> 'a2

val flatten : 'a1 list list -> 'a1 list

type 't tree =
| Leaf
| Node of 't tree * 't option * 't tree

val find : 'a1 tree -> positive -> 'a1 option

val put : 'a1 tree -> positive -> 'a1 -> 'a1 tree

val length_of : 'a1 list -> n

val is_sign : z -> bool

val distinct_below : ('a1 -> z) -> n -> unit tree -> 'a1 list -> bool

val check_written : ('a1 -> z) -> 'a1 list -> 'a1 list -> bool

val check_permutation : z list -> bool

val component_orders : nat list list

val white : z

val chunk : nat -> nat -> 'a1 list -> 'a1 list list

val zip_cons : 'a1 list -> 'a1 list list -> 'a1 list list

val transpose : nat -> 'a1 list list -> 'a1 list list

val turn : nat -> 'a1 list list -> 'a1 list list

val turns : nat -> nat -> 'a1 list list -> 'a1 list list

val transform : nat -> nat -> 'a1 list list -> 'a1 list list

type 't block = 't list list list

val cut_band : nat -> nat -> nat -> 'a1 list -> 'a1 block list

val cut : nat -> nat -> nat -> nat -> 'a1 list -> 'a1 block list

val join_band : nat -> 'a1 block list -> 'a1 list

val join : nat -> nat -> nat -> 'a1 block list -> 'a1 list

val plant : 'a1 tree -> positive -> 'a1 list -> 'a1 tree

val permute_blocks : n list -> 'a1 list list -> 'a1 list list

val encrypt_pixel :
  'a1 -> ('a1 -> 'a1) -> nat -> nat -> nat list -> 'a1 list -> 'a1 list

val encrypt_block :
  'a1 -> ('a1 -> 'a1) -> nat -> nat -> nat -> nat -> nat -> 'a1 block -> 'a1
  block

val encrypt_blocks :
  'a1 -> ('a1 -> 'a1) -> nat -> nat -> nat list -> nat list -> nat list ->
  'a1 block list -> 'a1 block list

val encrypt_by_blocks :
  'a1 -> ('a1 -> 'a1) -> nat -> nat -> nat -> nat -> n list -> nat list ->
  nat list -> nat list -> 'a1 list -> 'a1 list

val is_nil : 'a1 list -> bool

val divides : n -> n -> bool

val fast_valid_permutation : n -> n list -> bool

val fast_valid_codes : n -> n -> n list -> bool

val fast_valid_input :
  n -> n -> n -> n -> n list -> n list -> n list -> n list -> z list -> bool

val fast_encrypt :
  n -> n -> n -> n -> n list -> n list -> n list -> n list -> z list -> z
  list option
