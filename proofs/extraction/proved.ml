
type nat =
| O
| S of nat

(** val fst : ('a1 * 'a2) -> 'a1 **)

let fst = function
| (x, _) -> x

(** val snd : ('a1 * 'a2) -> 'a2 **)

let snd = function
| (_, y) -> y

type comparison =
| Eq
| Lt
| Gt

(** val compOpp : comparison -> comparison **)

let compOpp = function
| Eq -> Eq
| Lt -> Gt
| Gt -> Lt

module Coq__1 = struct
 (** val add : nat -> nat -> nat **)
 let rec add n0 m =
   match n0 with
   | O -> m
   | S p -> S (add p m)
end
include Coq__1

(** val mul : nat -> nat -> nat **)

let rec mul n0 m =
  match n0 with
  | O -> O
  | S p -> add m (mul p m)

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

module Pos =
 struct
  type mask =
  | IsNul
  | IsPos of positive
  | IsNeg
 end

module Coq_Pos =
 struct
  (** val succ : positive -> positive **)

  let rec succ = function
  | XI p -> XO (succ p)
  | XO p -> XI p
  | XH -> XO XH

  (** val add : positive -> positive -> positive **)

  let rec add x y =
    match x with
    | XI p ->
      (match y with
       | XI q -> XO (add_carry p q)
       | XO q -> XI (add p q)
       | XH -> XO (succ p))
    | XO p ->
      (match y with
       | XI q -> XI (add p q)
       | XO q -> XO (add p q)
       | XH -> XI p)
    | XH -> (match y with
             | XI q -> XO (succ q)
             | XO q -> XI q
             | XH -> XO XH)

  (** val add_carry : positive -> positive -> positive **)

  and add_carry x y =
    match x with
    | XI p ->
      (match y with
       | XI q -> XI (add_carry p q)
       | XO q -> XO (add_carry p q)
       | XH -> XI (succ p))
    | XO p ->
      (match y with
       | XI q -> XO (add_carry p q)
       | XO q -> XI (add p q)
       | XH -> XO (succ p))
    | XH ->
      (match y with
       | XI q -> XI (succ q)
       | XO q -> XO (succ q)
       | XH -> XI XH)

  (** val pred_double : positive -> positive **)

  let rec pred_double = function
  | XI p -> XI (XO p)
  | XO p -> XI (pred_double p)
  | XH -> XH

  type mask = Pos.mask =
  | IsNul
  | IsPos of positive
  | IsNeg

  (** val succ_double_mask : mask -> mask **)

  let succ_double_mask = function
  | IsNul -> IsPos XH
  | IsPos p -> IsPos (XI p)
  | IsNeg -> IsNeg

  (** val double_mask : mask -> mask **)

  let double_mask = function
  | IsPos p -> IsPos (XO p)
  | x0 -> x0

  (** val double_pred_mask : positive -> mask **)

  let double_pred_mask = function
  | XI p -> IsPos (XO (XO p))
  | XO p -> IsPos (XO (pred_double p))
  | XH -> IsNul

  (** val sub_mask : positive -> positive -> mask **)

  let rec sub_mask x y =
    match x with
    | XI p ->
      (match y with
       | XI q -> double_mask (sub_mask p q)
       | XO q -> succ_double_mask (sub_mask p q)
       | XH -> IsPos (XO p))
    | XO p ->
      (match y with
       | XI q -> succ_double_mask (sub_mask_carry p q)
       | XO q -> double_mask (sub_mask p q)
       | XH -> IsPos (pred_double p))
    | XH -> (match y with
             | XH -> IsNul
             | _ -> IsNeg)

  (** val sub_mask_carry : positive -> positive -> mask **)

  and sub_mask_carry x y =
    match x with
    | XI p ->
      (match y with
       | XI q -> succ_double_mask (sub_mask_carry p q)
       | XO q -> double_mask (sub_mask p q)
       | XH -> IsPos (pred_double p))
    | XO p ->
      (match y with
       | XI q -> double_mask (sub_mask_carry p q)
       | XO q -> succ_double_mask (sub_mask_carry p q)
       | XH -> double_pred_mask p)
    | XH -> IsNeg

  (** val mul : positive -> positive -> positive **)

  let rec mul x y =
    match x with
    | XI p -> add y (XO (mul p y))
    | XO p -> XO (mul p y)
    | XH -> y

  (** val compare_cont : comparison -> positive -> positive -> comparison **)

  let rec compare_cont r x y =
    match x with
    | XI p ->
      (match y with
       | XI q -> compare_cont r p q
       | XO q -> compare_cont Gt p q
       | XH -> Gt)
    | XO p ->
      (match y with
       | XI q -> compare_cont Lt p q
       | XO q -> compare_cont r p q
       | XH -> Gt)
    | XH -> (match y with
             | XH -> r
             | _ -> Lt)

  (** val compare : positive -> positive -> comparison **)

  let compare =
    compare_cont Eq

  (** val eqb : positive -> positive -> bool **)

  let rec eqb p q =
    match p with
    | XI p0 -> (match q with
                | XI q0 -> eqb p0 q0
                | _ -> false)
    | XO p0 -> (match q with
                | XO q0 -> eqb p0 q0
                | _ -> false)
    | XH -> (match q with
             | XH -> true
             | _ -> false)

  (** val iter_op : ('a1 -> 'a1 -> 'a1) -> positive -> 'a1 -> 'a1 **)

  let rec iter_op op p a =
    match p with
    | XI p0 -> op a (iter_op op p0 (op a a))
    | XO p0 -> iter_op op p0 (op a a)
    | XH -> a

  (** val to_nat : positive -> nat **)

  let to_nat x =
    iter_op Coq__1.add x (S O)
 end

module N =
 struct
  (** val succ_double : n -> n **)

  let succ_double = function
  | N0 -> Npos XH
  | Npos p -> Npos (XI p)

  (** val double : n -> n **)

  let double = function
  | N0 -> N0
  | Npos p -> Npos (XO p)

  (** val succ : n -> n **)

  let succ = function
  | N0 -> Npos XH
  | Npos p -> Npos (Coq_Pos.succ p)

  (** val succ_pos : n -> positive **)

  let succ_pos = function
  | N0 -> XH
  | Npos p -> Coq_Pos.succ p

  (** val sub : n -> n -> n **)

  let sub n0 m =
    match n0 with
    | N0 -> N0
    | Npos n' ->
      (match m with
       | N0 -> n0
       | Npos m' ->
         (match Coq_Pos.sub_mask n' m' with
          | Coq_Pos.IsPos p -> Npos p
          | _ -> N0))

  (** val mul : n -> n -> n **)

  let mul n0 m =
    match n0 with
    | N0 -> N0
    | Npos p -> (match m with
                 | N0 -> N0
                 | Npos q -> Npos (Coq_Pos.mul p q))

  (** val compare : n -> n -> comparison **)

  let compare n0 m =
    match n0 with
    | N0 -> (match m with
             | N0 -> Eq
             | Npos _ -> Lt)
    | Npos n' -> (match m with
                  | N0 -> Gt
                  | Npos m' -> Coq_Pos.compare n' m')

  (** val eqb : n -> n -> bool **)

  let eqb n0 m =
    match n0 with
    | N0 -> (match m with
             | N0 -> true
             | Npos _ -> false)
    | Npos p -> (match m with
                 | N0 -> false
                 | Npos q -> Coq_Pos.eqb p q)

  (** val leb : n -> n -> bool **)

  let leb x y =
    match compare x y with
    | Gt -> false
    | _ -> true

  (** val ltb : n -> n -> bool **)

  let ltb x y =
    match compare x y with
    | Lt -> true
    | _ -> false

  (** val pos_div_eucl : positive -> n -> n * n **)

  let rec pos_div_eucl a b =
    match a with
    | XI a' ->
      let (q, r) = pos_div_eucl a' b in
      let r' = succ_double r in
      if leb b r' then ((succ_double q), (sub r' b)) else ((double q), r')
    | XO a' ->
      let (q, r) = pos_div_eucl a' b in
      let r' = double r in
      if leb b r' then ((succ_double q), (sub r' b)) else ((double q), r')
    | XH ->
      (match b with
       | N0 -> (N0, (Npos XH))
       | Npos p -> (match p with
                    | XH -> ((Npos XH), N0)
                    | _ -> (N0, (Npos XH))))

  (** val div_eucl : n -> n -> n * n **)

  let div_eucl a b =
    match a with
    | N0 -> (N0, N0)
    | Npos na -> (match b with
                  | N0 -> (N0, a)
                  | Npos _ -> pos_div_eucl na b)

  (** val div : n -> n -> n **)

  let div a b =
    fst (div_eucl a b)

  (** val modulo : n -> n -> n **)

  let modulo a b =
    snd (div_eucl a b)

  (** val to_nat : n -> nat **)

  let to_nat = function
  | N0 -> O
  | Npos p -> Coq_Pos.to_nat p
 end

module Z =
 struct
  (** val double : z -> z **)

  let double = function
  | Z0 -> Z0
  | Zpos p -> Zpos (XO p)
  | Zneg p -> Zneg (XO p)

  (** val succ_double : z -> z **)

  let succ_double = function
  | Z0 -> Zpos XH
  | Zpos p -> Zpos (XI p)
  | Zneg p -> Zneg (Coq_Pos.pred_double p)

  (** val pred_double : z -> z **)

  let pred_double = function
  | Z0 -> Zneg XH
  | Zpos p -> Zpos (Coq_Pos.pred_double p)
  | Zneg p -> Zneg (XI p)

  (** val pos_sub : positive -> positive -> z **)

  let rec pos_sub x y =
    match x with
    | XI p ->
      (match y with
       | XI q -> double (pos_sub p q)
       | XO q -> succ_double (pos_sub p q)
       | XH -> Zpos (XO p))
    | XO p ->
      (match y with
       | XI q -> pred_double (pos_sub p q)
       | XO q -> double (pos_sub p q)
       | XH -> Zpos (Coq_Pos.pred_double p))
    | XH ->
      (match y with
       | XI q -> Zneg (XO q)
       | XO q -> Zneg (Coq_Pos.pred_double q)
       | XH -> Z0)

  (** val add : z -> z -> z **)

  let add x y =
    match x with
    | Z0 -> y
    | Zpos x' ->
      (match y with
       | Z0 -> x
       | Zpos y' -> Zpos (Coq_Pos.add x' y')
       | Zneg y' -> pos_sub x' y')
    | Zneg x' ->
      (match y with
       | Z0 -> x
       | Zpos y' -> pos_sub y' x'
       | Zneg y' -> Zneg (Coq_Pos.add x' y'))

  (** val opp : z -> z **)

  let opp = function
  | Z0 -> Z0
  | Zpos x0 -> Zneg x0
  | Zneg x0 -> Zpos x0

  (** val sub : z -> z -> z **)

  let sub m n0 =
    add m (opp n0)

  (** val compare : z -> z -> comparison **)

  let compare x y =
    match x with
    | Z0 -> (match y with
             | Z0 -> Eq
             | Zpos _ -> Lt
             | Zneg _ -> Gt)
    | Zpos x' -> (match y with
                  | Zpos y' -> Coq_Pos.compare x' y'
                  | _ -> Gt)
    | Zneg x' ->
      (match y with
       | Zneg y' -> compOpp (Coq_Pos.compare x' y')
       | _ -> Lt)

  (** val leb : z -> z -> bool **)

  let leb x y =
    match compare x y with
    | Gt -> false
    | _ -> true

  (** val ltb : z -> z -> bool **)

  let ltb x y =
    match compare x y with
    | Lt -> true
    | _ -> false

  (** val eqb : z -> z -> bool **)

  let eqb x y =
    match x with
    | Z0 -> (match y with
             | Z0 -> true
             | _ -> false)
    | Zpos p -> (match y with
                 | Zpos q -> Coq_Pos.eqb p q
                 | _ -> false)
    | Zneg p -> (match y with
                 | Zneg q -> Coq_Pos.eqb p q
                 | _ -> false)

  (** val abs : z -> z **)

  let abs = function
  | Zneg p -> Zpos p
  | x -> x

  (** val to_N : z -> n **)

  let to_N = function
  | Zpos p -> Npos p
  | _ -> N0

  (** val of_N : n -> z **)

  let of_N = function
  | N0 -> Z0
  | Npos p -> Zpos p
 end

module Option =
 struct
  (** val apply : ('a1 -> 'a2) -> 'a2 -> 'a1 option -> 'a2 **)

  let apply f x = function
  | Some y -> f y
  | None -> x

  (** val default : 'a1 -> 'a1 option -> 'a1 **)

  let default x =
    apply (fun x0 -> x0) x
 end

type 't pred = 't -> bool

(** val iter : nat -> ('a1 -> 'a1) -> 'a1 -> 'a1 **)

let rec iter n0 f x =
  match n0 with
  | O -> x
  | S i -> f (iter i f x)

(** val muln_rec : nat -> nat -> nat **)

let muln_rec =
  mul

(** val muln : nat -> nat -> nat **)

let muln =
  muln_rec

(** val head : 'a1 -> 'a1 list -> 'a1 **)

let head x0 = function
| [] -> x0
| x :: _ -> x

(** val behead : 'a1 list -> 'a1 list **)

let behead = function
| [] -> []
| _ :: s' -> s'

(** val ncons : nat -> 'a1 -> 'a1 list -> 'a1 list **)

let ncons n0 x =
  iter n0 (fun x0 -> x :: x0)

(** val nseq : nat -> 'a1 -> 'a1 list **)

let nseq n0 x =
  ncons n0 x []

(** val cat : 'a1 list -> 'a1 list -> 'a1 list **)

let rec cat s1 s2 =
  match s1 with
  | [] -> s2
  | x :: s1' -> x :: (cat s1' s2)

(** val nth : 'a1 -> 'a1 list -> nat -> 'a1 **)

let rec nth x0 s n0 =
  match s with
  | [] -> x0
  | x :: s' -> (match n0 with
                | O -> x
                | S n' -> nth x0 s' n')

(** val all : 'a1 pred -> 'a1 list -> bool **)

let rec all a = function
| [] -> true
| x :: s' -> (&&) (a x) (all a s')

(** val drop : nat -> 'a1 list -> 'a1 list **)

let rec drop n0 s = match s with
| [] -> s
| _ :: s' -> (match n0 with
              | O -> s
              | S n' -> drop n' s')

(** val take : nat -> 'a1 list -> 'a1 list **)

let rec take n0 = function
| [] -> []
| x :: s' -> (match n0 with
              | O -> []
              | S n' -> x :: (take n' s'))

(** val catrev : 'a1 list -> 'a1 list -> 'a1 list **)

let rec catrev s1 s2 =
  match s1 with
  | [] -> s2
  | x :: s1' -> catrev s1' (x :: s2)

(** val rev : 'a1 list -> 'a1 list **)

let rev s =
  catrev s []

(** val map : ('a1 -> 'a2) -> 'a1 list -> 'a2 list **)

let rec map f = function
| [] -> []
| x :: s' -> (f x) :: (map f s')

(** val foldr : ('a1 -> 'a2 -> 'a2) -> 'a2 -> 'a1 list -> 'a2 **)

let rec foldr f z0 = function
| [] -> z0
| x :: s' -> f x (foldr f z0 s')

(** val foldl : ('a2 -> 'a1 -> 'a2) -> 'a2 -> 'a1 list -> 'a2 **)

let rec foldl f z0 = function
| [] -> z0
| x :: s' -> foldl f (f z0 x) s'

(** val flatten : 'a1 list list -> 'a1 list **)

let flatten s =
  foldr cat [] s

type 't tree =
| Leaf
| Node of 't tree * 't option * 't tree

(** val find : 'a1 tree -> positive -> 'a1 option **)

let rec find t p =
  match t with
  | Leaf -> None
  | Node (low, here, high) ->
    (match p with
     | XI q -> find high q
     | XO q -> find low q
     | XH -> here)

(** val put : 'a1 tree -> positive -> 'a1 -> 'a1 tree **)

let rec put t p x =
  match t with
  | Leaf ->
    (match p with
     | XI q -> Node (Leaf, None, (put Leaf q x))
     | XO q -> Node ((put Leaf q x), None, Leaf)
     | XH -> Node (Leaf, (Some x), Leaf))
  | Node (low, here, high) ->
    (match p with
     | XI q -> Node (low, here, (put high q x))
     | XO q -> Node ((put low q x), here, high)
     | XH -> Node (low, (Some x), high))

(** val length_of : 'a1 list -> n **)

let length_of l =
  foldl (fun n0 _ -> N.succ n0) N0 l

(** val is_sign : z -> bool **)

let is_sign s =
  Z.eqb (Z.abs s) (Zpos XH)

(** val distinct_below : ('a1 -> z) -> n -> unit tree -> 'a1 list -> bool **)

let rec distinct_below value n0 seen = function
| [] -> true
| x :: l' ->
  let z0 = value x in
  if (&&) (Z.leb Z0 z0) (Z.ltb z0 (Z.of_N n0))
  then let p = N.succ_pos (Z.to_N z0) in
       (match find seen p with
        | Some _ -> false
        | None -> distinct_below value n0 (put seen p ()) l')
  else false

(** val check_written : ('a1 -> z) -> 'a1 list -> 'a1 list -> bool **)

let check_written value source sign =
  (&&) (N.eqb (length_of source) (length_of sign))
    ((&&) (all (fun s -> is_sign (value s)) sign)
      (distinct_below value (length_of source) Leaf source))

(** val check_permutation : z list -> bool **)

let check_permutation l =
  distinct_below (fun x -> x) (length_of l) Leaf l

(** val component_orders : nat list list **)

let component_orders =
  (O :: ((S O) :: ((S (S O)) :: []))) :: ((O :: ((S (S O)) :: ((S
    O) :: []))) :: (((S O) :: (O :: ((S (S O)) :: []))) :: (((S O) :: ((S (S
    O)) :: (O :: []))) :: (((S (S O)) :: (O :: ((S O) :: []))) :: (((S (S
    O)) :: ((S O) :: (O :: []))) :: [])))))

(** val white : z **)

let white =
  Zpos (XI (XI (XI (XI (XI (XI (XI XH)))))))

(** val chunk : nat -> nat -> 'a1 list -> 'a1 list list **)

let rec chunk m k s =
  match m with
  | O -> []
  | S m' -> (take k s) :: (chunk m' k (drop k s))

(** val zip_cons : 'a1 list -> 'a1 list list -> 'a1 list list **)

let rec zip_cons row columns =
  match row with
  | [] -> []
  | x :: row' ->
    (match columns with
     | [] -> []
     | column :: columns' -> (x :: column) :: (zip_cons row' columns'))

(** val transpose : nat -> 'a1 list list -> 'a1 list list **)

let transpose n0 rows =
  foldr zip_cons (nseq n0 []) rows

(** val turn : nat -> 'a1 list list -> 'a1 list list **)

let turn b rows =
  rev (transpose b rows)

(** val turns : nat -> nat -> 'a1 list list -> 'a1 list list **)

let rec turns b k rows =
  match k with
  | O -> rows
  | S k' -> turn b (turns b k' rows)

(** val transform : nat -> nat -> 'a1 list list -> 'a1 list list **)

let transform b t rows =
  match t with
  | O -> turns b t rows
  | S n0 ->
    (match n0 with
     | O -> turns b t rows
     | S n1 ->
       (match n1 with
        | O -> turns b t rows
        | S n2 ->
          (match n2 with
           | O -> turns b t rows
           | S k -> map rev (turns b k rows))))

type 't block = 't list list list

(** val cut_band : nat -> nat -> nat -> 'a1 list -> 'a1 block list **)

let cut_band s b c band =
  transpose s
    (map (fun row ->
      map (fun strip -> chunk b c strip) (chunk s (muln b c) row))
      (chunk b (muln s (muln b c)) band))

(** val cut : nat -> nat -> nat -> nat -> 'a1 list -> 'a1 block list **)

let cut r s b c pixels =
  flatten
    (map (fun band -> cut_band s b c band)
      (chunk r (muln b (muln s (muln b c))) pixels))

(** val join_band : nat -> 'a1 block list -> 'a1 list **)

let join_band b blocks =
  flatten (map (fun row -> flatten (map flatten row)) (transpose b blocks))

(** val join : nat -> nat -> nat -> 'a1 block list -> 'a1 list **)

let join r s b blocks =
  flatten (map (fun band -> join_band b band) (chunk r s blocks))

(** val plant : 'a1 tree -> positive -> 'a1 list -> 'a1 tree **)

let rec plant t p = function
| [] -> t
| x :: s' -> plant (put t p x) (Coq_Pos.succ p) s'

(** val permute_blocks : n list -> 'a1 list list -> 'a1 list list **)

let permute_blocks k1 blocks =
  match k1 with
  | [] -> blocks
  | _ :: _ ->
    let found = plant Leaf XH blocks in
    map (fun b -> Option.default [] (find found (N.succ_pos b))) k1

(** val encrypt_pixel :
    'a1 -> ('a1 -> 'a1) -> nat -> nat -> nat list -> 'a1 list -> 'a1 list **)

let encrypt_pixel x0 negative c negated order pixel =
  map (fun c0 ->
    let x = nth x0 pixel c0 in (match negated with
                                | O -> x
                                | S _ -> negative x)) (take c order)

(** val encrypt_block :
    'a1 -> ('a1 -> 'a1) -> nat -> nat -> nat -> nat -> nat -> 'a1 block ->
    'a1 block **)

let encrypt_block x0 negative b c t negated code a =
  let order = nth [] component_orders code in
  map (fun row ->
    map (fun pixel -> encrypt_pixel x0 negative c negated order pixel) row)
    (transform b t a)

(** val encrypt_blocks :
    'a1 -> ('a1 -> 'a1) -> nat -> nat -> nat list -> nat list -> nat list ->
    'a1 block list -> 'a1 block list **)

let rec encrypt_blocks x0 negative b c k2 k3 k4 = function
| [] -> []
| a :: blocks' ->
  (encrypt_block x0 negative b c (head O k2) (head O k3) (head O k4) a) :: 
    (encrypt_blocks x0 negative b c (behead k2) (behead k3) (behead k4)
      blocks')

(** val encrypt_by_blocks :
    'a1 -> ('a1 -> 'a1) -> nat -> nat -> nat -> nat -> n list -> nat list ->
    nat list -> nat list -> 'a1 list -> 'a1 list **)

let encrypt_by_blocks x0 negative r s b c k1 k2 k3 k4 pixels =
  join r s b
    (encrypt_blocks x0 negative b c k2 k3 k4
      (permute_blocks k1 (cut r s b c pixels)))

(** val is_nil : 'a1 list -> bool **)

let is_nil = function
| [] -> true
| _ :: _ -> false

(** val divides : n -> n -> bool **)

let divides d n0 =
  N.eqb (N.modulo n0 d) N0

(** val fast_valid_permutation : n -> n list -> bool **)

let fast_valid_permutation m l =
  (||) (is_nil l)
    ((&&) (N.eqb (length_of l) m) (check_permutation (map Z.of_N l)))

(** val fast_valid_codes : n -> n -> n list -> bool **)

let fast_valid_codes m bound l =
  (||) (is_nil l)
    ((&&) (N.eqb (length_of l) m) (all (fun code -> N.ltb code bound) l))

(** val fast_valid_input :
    n -> n -> n -> n -> n list -> n list -> n list -> n list -> z list -> bool **)

let fast_valid_input height width channels b k1 k2 k3 k4 pixels =
  let m = N.mul (N.div height b) (N.div width b) in
  (&&) (N.ltb N0 b)
    ((&&) (N.ltb N0 height)
      ((&&) (N.ltb N0 width)
        ((&&) (divides b height)
          ((&&) (divides b width)
            ((&&)
              ((||) (N.eqb channels (Npos XH))
                (N.eqb channels (Npos (XI XH))))
              ((&&) (fast_valid_permutation m k1)
                ((&&) (fast_valid_codes m (Npos (XO (XO (XO XH)))) k2)
                  ((&&) (fast_valid_codes m (Npos (XO XH)) k3)
                    ((&&)
                      (if N.eqb channels (Npos (XI XH))
                       then fast_valid_codes m (Npos (XO (XI XH))) k4
                       else is_nil k4)
                      ((&&)
                        (N.eqb (length_of pixels)
                          (N.mul (N.mul height width) channels))
                        (all (fun x -> (&&) (Z.leb Z0 x) (Z.leb x white))
                          pixels)))))))))))

(** val fast_encrypt :
    n -> n -> n -> n -> n list -> n list -> n list -> n list -> z list -> z
    list option **)

let fast_encrypt height width channels b k1 k2 k3 k4 pixels =
  if fast_valid_input height width channels b k1 k2 k3 k4 pixels
  then Some
         (encrypt_by_blocks Z0 (Z.sub white) (N.to_nat (N.div height b))
           (N.to_nat (N.div width b)) (N.to_nat b) (N.to_nat channels) k1
           (map N.to_nat k2) (map N.to_nat k3) (map N.to_nat k4) pixels)
  else None
