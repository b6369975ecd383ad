(******************************************************************************)
(* exact_gram: no signed permutation of the features changes a bit            *)
(*                                                                            *)
(* The function `exact_gram` of the Python package, from two rows of binary64 *)
(* numbers to the one it returns as their inner product, written down in      *)
(* Coq's integers and SpecFloat: the scale of a row, its slices, the matrix   *)
(* products that are made of them, the digits and carries, and the rounding.  *)
(* tests/vectors/exact_gram.json holds what Coq computes with it.             *)
(*                                                                            *)
(* What is proved:                                                            *)
(*  (a) the scale of a row is a function of the multiset of its magnitudes:   *)
(*      exponent_magnitudes;                                                  *)
(*  (b) slices are error-free: slices and what is left add up to the entry    *)
(*      (splitting_exact), slices are integers below bounds (slice_small,     *)
(*      first_slice_small), and change their sign with the entry (slice_opp); *)
(*  (c) their products are added without rounding, whatever blocks are made   *)
(*      and whatever a BLAS does that adds products, in any order, fused or   *)
(*      not, while the energies are below 2^53: accumulated_exact;            *)
(*  (d) so what is returned is a function of the rows: returned_unique;       *)
(*  and it is the same double after any permutation of the features with any  *)
(*  changes of sign, in both rows: gram_entry_moved; returned_moved, which    *)
(*  has two runs with different blocks and orders of addition.                *)
(*                                                                            *)
(* Why one would believe it. Integers have no rounding: rounding happens once *)
(* on the way in, entry by entry, and once on the way out, from integers that *)
(* are sums over the features. Both do not look at the order, and the former  *)
(* is odd. The only number of a row that enters is made of its largest        *)
(* magnitude and of a sum of squares.                                         *)
(*                                                                            *)
(* What is taken from the program without proof: scaling by a power of two,   *)
(* rint and the difference from it are exact in doubles, so slices are        *)
(* written as integers here. Sums of products and digits do not leave 64 bits *)
(* (ExactGramRanges.v). Rows of uint8 take another route.                     *)
(*                                                                            *)
(* Definitions: depth, value, nearest, left_over, bit_length, slice_bits,     *)
(*   frexp_exponent, largest, coarse, coarse_energy, mean_exponent, exponent, *)
(*   rest, slice, order, mixed, products, part, digit, digits, carried,       *)
(*   summed, fldexp, result, parts, gram_entry, exact_gram, accumulated,      *)
(*   returned, is_nearest, same_magnitudes, unit, opposite, moved, written.   *)
(******************************************************************************)

From Coq Require Import ZArith List Lia Permutation Floats.SpecFloat.
From EtC Require Import FloatingPoint ExactSums.
Import ListNotations.
Local Open Scope Z_scope.
Unset Lia Cache.
Unset Nia Cache.

(* --- the function: scales of rows ----------------------------------------- *)

(* Every double is an integer multiple of 2^-depth, and so is every unit of a    *)
(* slice: rows are lists of these integers.                                      *)
Definition depth : Z := 1500.

Definition value (f : spec_float) : Z :=
  match f with
  | S754_finite s m e => cond_Zopp s (Z.shiftl (Zpos m) (e + depth))
  | _ => 0
  end.

(* z / 2^k rounded to an integer, ties to even: numpy's rint.                    *)
Definition nearest (k z : Z) : Z :=
  if k <? 0 then z * 2 ^ (- k)
  else
    let q := Z.shiftr z k in
    match 2 * (z - Z.shiftl q k) ?= Z.shiftl 1 k with
    | Lt => q
    | Eq => if Z.even q then q else q + 1
    | Gt => q + 1
    end.

(* What is left of z, in units of the grid.                                      *)
Definition left_over (k z : Z) : Z := if k <? 0 then 0 else z - Z.shiftl (nearest k z) k.

Definition bit_length (n : Z) : Z := if n =? 0 then 0 else Z.log2 n + 1.
Definition slice_bits (n : Z) : Z := Z.min 21 ((60 - bit_length (n - 1)) / 2).

(* numpy's frexp(f)[1].                                                          *)
Definition frexp_exponent (f : spec_float) : Z :=
  match f with S754_finite _ m e => Zpos (digits2_pos m) + e | _ => 0 end.

Definition largest (row : list Z) : Z := fold_right Z.max 0 (map Z.abs row).
Definition coarse (row : list Z) : Z :=
  (if largest row =? 0 then 0 else Z.log2 (largest row) + 1 - depth) - 12.
Definition coarse_energy (row : list Z) : Z :=
  energy (map (nearest (coarse row + depth)) row).
Definition mean_exponent (row : list Z) : Z :=
  frexp_exponent (fdiv (float_of_Z (coarse_energy row)) (float_of_Z (count row))).

(* The unit of the first slice of a row is 2^exponent.                           *)
Definition exponent (row : list Z) : Z :=
  let bits := slice_bits (count row) in
  if largest row =? 0 then 0
  else Z.max (coarse row - (2 * bits - 3 - mean_exponent row) / 2) (coarse row + 12 - bits - 5).

(* --- slices --------------------------------------------------------------- *)

(* What is left of an entry z after i slices of bits each, the first in units 2^k *)
(* of the grid; and slice i.                                                     *)
Fixpoint rest (bits k : Z) (i : nat) (z : Z) : Z :=
  match i with
  | O => z
  | S i => left_over (k - Z.of_nat i * bits) (rest bits k i z)
  end.
Definition slice (bits k : Z) (i : nat) (z : Z) : Z :=
  nearest (k - Z.of_nat i * bits) (rest bits k i z).

(* Which products are made: (i, i) of slices with themselves, (i, j) of sums of   *)
(* two slices.                                                                   *)
Definition order (s : nat) : nat := match s with 2%nat => 2 | _ => s - 1 end.
Definition mixed (s : nat) : list (nat * nat) :=
  filter (fun p => Nat.leb (fst p + snd p) (order s))
    (flat_map (fun i => map (pair i) (seq (S i) (s - S i))) (seq 0 s)).
Definition products (s : nat) : list (nat * nat) :=
  map (fun i => (i, i)) (seq 0 s) ++ mixed s.

Definition part (bits k : Z) (p : nat * nat) (z : Z) : Z :=
  if Nat.eqb (fst p) (snd p) then slice bits k (fst p) z
  else slice bits k (fst p) z + slice bits k (snd p) z.

(* --- from the products to a double ----------------------------------------- *)

(* The sum of the products of slices i and j with i + j = d.                     *)
Definition digit (s : nat) (total : nat * nat -> Z) (d : nat) : Z :=
  (if Nat.even d then total (Nat.div2 d, Nat.div2 d) else 0)
  + sum (map (fun p => total p - total (fst p, fst p) - total (snd p, snd p))
             (filter (fun p => Nat.eqb (fst p + snd p) d) (mixed s))).
Definition digits (s : nat) (total : nat * nat -> Z) : list Z :=
  map (digit s total) (rev (seq 0 (S (order s)))).

(* The last digit first; each but the first of the number is carried to half a    *)
(* unit of the digit before it.                                                  *)
Fixpoint carried (bits carry : Z) (ds : list Z) : list Z :=
  match ds with
  | [] => []
  | [d] => [d + carry]
  | d :: more =>
      let next := (d + carry + 2 ^ (bits - 1)) / 2 ^ bits in
      d + carry - next * 2 ^ bits :: carried bits next more
  end.

Definition summed (bits : Z) (ds : list Z) : spec_float :=
  match ds with
  | [] => S754_zero false
  | d :: more =>
      fold_left (fun v d => fadd (fmul v (float_at 1 (- bits))) (float_of_Z d)) more (float_of_Z d)
  end.

Definition fldexp := SFldexp precision exponent_max.

Definition result (s : nat) (bits units : Z) (total : nat * nat -> Z) : spec_float :=
  fldexp (summed bits (carried bits 0 (digits s total))) units.

(* --- an entry of the result ------------------------------------------------ *)

(* A feature is a pair (x_f, y_f) of entries of the two rows.                    *)
Definition parts (fs : list (Z * Z)) (p : nat * nat) : list (Z * Z) :=
  let x := map fst fs in
  let y := map snd fs in
  let bits := slice_bits (count x) in
  let kx := exponent x + depth in
  let ky := exponent y + depth in
  map (fun f => (part bits kx p (fst f), part bits ky p (snd f))) fs.

Definition gram_entry (s : nat) (fs : list (Z * Z)) : spec_float :=
  let x := map fst fs in
  let y := map snd fs in
  result s (slice_bits (count x)) (exponent x + exponent y) (fun p => dot (parts fs p)).

(* For rows of doubles: what Python's exact_gram is compared with.                *)
Definition exact_gram (s : nat) (x y : list spec_float) : spec_float :=
  gram_entry s (combine (map value x) (map value y)).

(* How the products are made: in blocks of features, each by a BLAS that may add  *)
(* in any way while the energies are below 2^53; the sums are added as integers.  *)
Definition accumulated (ps : list (Z * Z)) (total : Z) : Prop :=
  exists ways, Permutation (concat (map pairs ways)) ps /\
    Forall (fun w => light (pairs w)) ways /\
    total = sum (map (fun w => whole (computed 0 0 w)) ways).

(* f is a possible result of the program, whatever BLAS and blocks do.            *)
Definition returned (s : nat) (fs : list (Z * Z)) (f : spec_float) : Prop :=
  exists total,
    (forall p, In p (products s) -> accumulated (parts fs p) (total p)) /\
    let x := map fst fs in
    let y := map snd fs in
    f = result s (slice_bits (count x)) (exponent x + exponent y) total.

(* --- rounding to an integer ------------------------------------------------ *)

Lemma power_pos k : 0 <= k -> 0 < 2 ^ k.
Proof. intros; apply Z.pow_pos_nonneg; lia. Qed.

(* q is the integer nearest to z / p, the even one of two. *)
Definition is_nearest (p z q : Z) : Prop :=
  2 * Z.abs (z - q * p) < p \/ (2 * Z.abs (z - q * p) = p /\ Z.even q = true).

Lemma nearest_spec k z : 0 <= k -> is_nearest (2 ^ k) z (nearest k z).
Proof.
intros Hk; pose proof (power_pos k Hk) as P; unfold nearest, is_nearest.
replace (k <? 0) with false by (symmetry; apply Z.ltb_ge, Hk); cbv zeta.
rewrite Z.shiftr_div_pow2, !Z.shiftl_mul_pow2, Z.mul_1_l by exact Hk.
replace (z - z / 2 ^ k * 2 ^ k) with (z mod 2 ^ k) by (rewrite Z.mod_eq by lia; ring).
pose proof (Z.div_mod z (2 ^ k) ltac:(lia)) as E; pose proof (Z.mod_pos_bound z (2 ^ k) P) as B.
set (p := 2 ^ k) in *; set (q := z / p) in *; set (r := z mod p) in *; clearbody p q r.
destruct (Z.compare_spec (2 * r) p) as [H|H|H].
- destruct (Z.even q) eqn:Ev; [right; split; [nia|exact Ev]|].
  right; split; [nia|]; rewrite Z.even_add, Ev; reflexivity.
- left; nia.
- left; nia.
Qed.

Lemma is_nearest_unique p z q q' : 0 < p -> is_nearest p z q -> is_nearest p z q' -> q = q'.
Proof.
intros P H H'; assert (D : - 1 <= q - q' <= 1) by (unfold is_nearest in *; nia).
destruct H as [H|[H E]], H' as [H'|[H' E']]; try nia.
assert (q = q' \/ q = q' + 1 \/ q = q' - 1) as [-> | [-> | -> ]] by lia; [reflexivity| |];
  [rewrite Z.even_add, E' in E|rewrite Z.even_sub, E' in E]; discriminate E.
Qed.

Lemma nearest_opp k z : nearest k (- z) = - nearest k z.
Proof.
destruct (Z.lt_ge_cases k 0) as [H|H].
{ unfold nearest; replace (k <? 0) with true by (symmetry; apply Z.ltb_lt, H); ring. }
apply (is_nearest_unique (2 ^ k) (- z)); [apply power_pos, H|apply nearest_spec, H|].
pose proof (nearest_spec k z H) as N; unfold is_nearest in *; rewrite Z.even_opp.
replace (Z.abs (- z - - nearest k z * 2 ^ k)) with (Z.abs (z - nearest k z * 2 ^ k)) by lia.
exact N.
Qed.

Lemma left_over_opp k z : left_over k (- z) = - left_over k z.
Proof.
unfold left_over; destruct (Z.ltb_spec k 0); [reflexivity|].
rewrite nearest_opp, !Z.shiftl_mul_pow2 by assumption; ring.
Qed.

Lemma left_over_small k z : 0 <= k -> 2 * Z.abs (left_over k z) <= 2 ^ k.
Proof.
intros Hk; pose proof (nearest_spec k z Hk) as N; unfold is_nearest, left_over in *.
replace (k <? 0) with false by (symmetry; apply Z.ltb_ge, Hk).
rewrite Z.shiftl_mul_pow2 by exact Hk; lia.
Qed.

Lemma nearest_bound k z b : 0 <= k -> Z.abs z <= b * 2 ^ k -> Z.abs (nearest k z) <= b.
Proof.
intros Hk B; pose proof (nearest_spec k z Hk) as N; pose proof (power_pos k Hk) as P.
unfold is_nearest in N; nia.
Qed.

(* --- (a) the scale is a function of the multiset of magnitudes ------------- *)

Definition same_magnitudes (x x' : list Z) : Prop := Permutation (map Z.abs x) (map Z.abs x').

Lemma max_perm a b : Permutation a b -> fold_right Z.max 0 a = fold_right Z.max 0 b.
Proof. induction 1; simpl; lia. Qed.

Lemma square_nearest_abs k z : square (nearest k (Z.abs z)) = square (nearest k z).
Proof.
unfold square; destruct (Z.abs_spec z) as [[_ ->]|[_ ->]]; [reflexivity|].
rewrite nearest_opp; ring.
Qed.

Lemma energy_nearest_abs k x : energy (map (nearest k) (map Z.abs x)) = energy (map (nearest k) x).
Proof.
unfold energy; rewrite !map_map; f_equal; apply map_ext; intros; apply square_nearest_abs.
Qed.

Lemma count_magnitudes x x' : same_magnitudes x x' -> count x = count x'.
Proof.
intros P; apply Permutation_length in P; rewrite !map_length in P; unfold count; lia.
Qed.

Lemma largest_magnitudes x x' : same_magnitudes x x' -> largest x = largest x'.
Proof. apply max_perm. Qed.

Lemma coarse_energy_magnitudes x x' : same_magnitudes x x' -> coarse_energy x = coarse_energy x'.
Proof.
intros P; unfold coarse_energy, coarse; rewrite (largest_magnitudes x x' P).
rewrite <- (energy_nearest_abs _ x), <- (energy_nearest_abs _ x').
apply energy_perm, Permutation_map, P.
Qed.

Theorem exponent_magnitudes x x' : same_magnitudes x x' -> exponent x = exponent x'.
Proof.
intros P; unfold exponent, mean_exponent; rewrite (coarse_energy_magnitudes x x' P).
unfold coarse; rewrite (largest_magnitudes x x' P), (count_magnitudes x x' P); reflexivity.
Qed.

(* --- (b) slices are error-free --------------------------------------------- *)

Lemma rest_opp bits k i z : rest bits k i (- z) = - rest bits k i z.
Proof. induction i as [|i IH]; simpl; [reflexivity|rewrite IH; apply left_over_opp]. Qed.

Lemma slice_opp bits k i z : slice bits k i (- z) = - slice bits k i z.
Proof. unfold slice; rewrite rest_opp; apply nearest_opp. Qed.

Lemma part_opp bits k p z : part bits k p (- z) = - part bits k p z.
Proof. unfold part; rewrite !slice_opp; destruct (Nat.eqb _ _); ring. Qed.

Definition unit (bits k : Z) (i : nat) : Z := 2 ^ (k - Z.of_nat i * bits).

Lemma rest_step bits k i z : 0 <= k - Z.of_nat i * bits ->
  rest bits k i z = slice bits k i z * unit bits k i + rest bits k (S i) z.
Proof.
intros H; simpl rest; unfold left_over, slice, unit.
replace (_ <? 0) with false by (symmetry; apply Z.ltb_ge, H).
rewrite Z.shiftl_mul_pow2 by exact H; ring.
Qed.

(* The sum of s slices, each in its unit, and of what is left, is the entry.     *)
Theorem splitting_exact bits k s z : 0 <= bits -> 0 <= k - (Z.of_nat s - 1) * bits ->
  z = sum (map (fun i => slice bits k i z * unit bits k i) (seq 0 s)) + rest bits k s z.
Proof.
intros B; induction s as [|s IH]; intros H; [reflexivity|].
rewrite seq_S, map_app, sum_app; simpl map; simpl sum; simpl Nat.add.
pose proof (rest_step bits k s z ltac:(lia)) as R.
rewrite IH at 1 by nia; lia.
Qed.

Lemma rest_small bits k i z : 0 <= k - Z.of_nat i * bits ->
  2 * Z.abs (rest bits k (S i) z) <= unit bits k i.
Proof. intros H; apply left_over_small, H. Qed.

(* Slices after the first: at most 2^(bits - 1) in magnitude.                    *)
Theorem slice_small bits k i z : 1 <= bits -> 0 <= k - Z.of_nat (S i) * bits ->
  Z.abs (slice bits k (S i) z) <= 2 ^ (bits - 1).
Proof.
intros B H; apply nearest_bound; [exact H|].
pose proof (rest_small bits k i z ltac:(lia)) as R; unfold unit in R.
rewrite <- Z.pow_add_r by lia.
replace (k - Z.of_nat i * bits) with (bits - 1 + (k - Z.of_nat (S i) * bits) + 1) in R by lia.
rewrite (Z.pow_add_r 2 _ 1), Z.pow_1_r in R by lia; lia.
Qed.

Lemma largest_above row z : In z row -> Z.abs z <= largest row.
Proof.
unfold largest; induction row as [|x row IH]; simpl; [contradiction|].
intros [->|H]; [|specialize (IH H)]; lia.
Qed.

(* The first: at most 2^(bits + 5).                                              *)
Theorem first_slice_small row z : In z row -> 0 <= exponent row + depth ->
  let bits := slice_bits (count row) in
  0 <= bits + 5 ->
  Z.abs (slice bits (exponent row + depth) 0 z) <= 2 ^ (bits + 5).
Proof.
intros Hz Hk bits Hb; pose proof (largest_above row z Hz) as L.
unfold slice; rewrite Z.sub_0_r; simpl rest; apply nearest_bound; [exact Hk|].
rewrite <- Z.pow_add_r by lia; revert Hk; unfold exponent; fold bits.
destruct (Z.eqb_spec (largest row) 0) as [E|N]; intros Hk.
- rewrite E in L; pose proof (power_pos (bits + 5 + (0 + depth)) ltac:(lia)); lia.
- assert (Pl : 0 < largest row) by lia; pose proof (Z.log2_spec _ Pl) as [_ U].
  assert (M : Z.log2 (largest row) + 1 - depth - 5 - bits
    <= Z.max (coarse row - (2 * bits - 3 - mean_exponent row) / 2) (coarse row + 12 - bits - 5)).
  { unfold coarse at 2; replace (largest row =? 0) with false
      by (symmetry; apply Z.eqb_neq, N); lia. }
  set (e := Z.max _ _) in *.
  apply (Z.le_trans _ (2 ^ Z.succ (Z.log2 (largest row)))); [lia|].
  apply Z.pow_le_mono_r; lia.
Qed.

(* --- (c) the products of slices are added without rounding ----------------- *)

Lemma sum_ways ways : Forall (fun w => light (pairs w)) ways ->
  sum (map (fun w => whole (computed 0 0 w)) ways) = dot (concat (map pairs ways)).
Proof.
induction 1 as [|w ways L _ IH]; [reflexivity|].
simpl; rewrite dot_app, <- IH, (any_order_whole w L); reflexivity.
Qed.

Theorem accumulated_exact ps total : accumulated ps total -> total = dot ps.
Proof.
intros [ways [P [L ->]]]; rewrite (sum_ways ways L); apply dot_perm, P.
Qed.

(* --- (d) the result is a function of these integers ------------------------- *)

Lemma order_bound s : (1 <= s)%nat -> (order s <= 2 * (s - 1))%nat.
Proof. intros H; destruct s as [|[|[|s]]]; simpl; lia. Qed.

Lemma in_products_square s i : (i < s)%nat -> In (i, i) (products s).
Proof.
intros H; apply in_or_app; left; apply (in_map (fun i => (i, i))), in_seq; lia.
Qed.

Lemma in_mixed s i j : In (i, j) (mixed s) -> (i < j < s)%nat /\ (i + j <= order s)%nat.
Proof.
unfold mixed; rewrite filter_In, in_flat_map; simpl; intros [[k [Hk H]] L].
apply in_map_iff in H as [j' [E H]]; injection E as -> ->.
apply in_seq in Hk, H; apply Nat.leb_le in L; lia.
Qed.

Lemma digits_ext s total total' : (1 <= s)%nat ->
  (forall p, In p (products s) -> total p = total' p) -> digits s total = digits s total'.
Proof.
intros Hs E; pose proof (order_bound s Hs) as B.
apply map_ext_in; intros d H; apply in_rev, in_seq in H; unfold digit; f_equal.
- destruct (Nat.even d); [|reflexivity]; apply E, in_products_square.
  pose proof (Nat.div2_decr d (2 * (s - 1))); pose proof (Nat.div2_odd d).
  destruct (Nat.odd d); simpl Nat.b2n in *; lia.
- f_equal; apply map_ext_in; intros [i j] Hp; apply filter_In in Hp as [Hp _].
  pose proof (in_mixed s i j Hp); simpl.
  rewrite !E; [reflexivity| | |]; try (apply in_products_square; lia).
  apply in_or_app; right; exact Hp.
Qed.

Theorem returned_unique s fs f : (1 <= s)%nat -> returned s fs f -> f = gram_entry s fs.
Proof.
intros Hs [total [A ->]]; unfold gram_entry, result.
rewrite (digits_ext s total (fun p => dot (parts fs p)) Hs); [reflexivity|].
intros p Hp; apply accumulated_exact, A, Hp.
Qed.

(* --- no signed permutation of the features changes a bit -------------------- *)

(* The features fs', each with the sign of both entries as it is or changed.      *)
Definition opposite (f : Z * Z) : Z * Z := (- fst f, - snd f).
Definition moved (fs fs' : list (Z * Z)) : Prop :=
  exists gs, Forall2 (fun f g => g = f \/ g = opposite f) fs gs /\ Permutation gs fs'.

Lemma map_even {A} (h : Z * Z -> A) fs gs : (forall f, h (opposite f) = h f) ->
  Forall2 (fun f g => g = f \/ g = opposite f) fs gs -> map h gs = map h fs.
Proof.
intros E; induction 1 as [|f g fs gs [->| ->] _ IH]; simpl; [reflexivity| |];
  rewrite IH, ?E; reflexivity.
Qed.

Lemma moved_map {A} (h : Z * Z -> A) fs fs' : (forall f, h (opposite f) = h f) ->
  moved fs fs' -> Permutation (map h fs) (map h fs').
Proof.
intros E [gs [F P]]; rewrite <- (map_even h fs gs E F); apply Permutation_map, P.
Qed.

Lemma moved_left fs fs' : moved fs fs' -> same_magnitudes (map fst fs) (map fst fs').
Proof.
intros M; unfold same_magnitudes; rewrite !map_map; apply moved_map; [|exact M].
intros f; simpl; apply Z.abs_opp.
Qed.

Lemma moved_right fs fs' : moved fs fs' -> same_magnitudes (map snd fs) (map snd fs').
Proof.
intros M; unfold same_magnitudes; rewrite !map_map; apply moved_map; [|exact M].
intros f; simpl; apply Z.abs_opp.
Qed.

Lemma moved_total fs fs' p : moved fs fs' -> dot (parts fs p) = dot (parts fs' p).
Proof.
intros M; unfold parts.
rewrite <- (exponent_magnitudes _ _ (moved_left _ _ M)), <- (count_magnitudes _ _ (moved_left _ _
    M)).
rewrite <- (exponent_magnitudes _ _ (moved_right _ _ M)).
unfold dot; rewrite !map_map; apply sum_perm.
apply (moved_map (fun f => fst (part _ _ p (fst f), part _ _ p (snd f)) * snd (_, _))); [|exact M].
intros f; simpl; rewrite !part_opp; ring.
Qed.

Theorem gram_entry_moved s fs fs' : (1 <= s)%nat -> moved fs fs' ->
  gram_entry s fs = gram_entry s fs'.
Proof.
intros Hs M; unfold gram_entry, result.
rewrite (digits_ext s _ (fun p => dot (parts fs' p)) Hs) by (intros; apply moved_total, M).
rewrite (exponent_magnitudes _ _ (moved_left _ _ M)), (count_magnitudes _ _ (moved_left _ _ M)).
rewrite (exponent_magnitudes _ _ (moved_right _ _ M)); reflexivity.
Qed.

(* The whole function: whatever the order and the signs of the features, the      *)
(* blocks, and the way BLAS adds, the same double.                               *)
Theorem returned_moved s fs fs' f f' : (1 <= s)%nat -> moved fs fs' ->
  returned s fs f -> returned s fs' f' -> f = f'.
Proof.
intros Hs M R R'; rewrite (returned_unique s fs f Hs R), (returned_unique s fs' f' Hs R').
apply gram_entry_moved; assumption.
Qed.

(* --- written as integers, for test vectors ---------------------------------- *)

(* A finite double m 2^e as [m; e], a zero as [0; 0] or, negative, [0; 1].         *)
Definition written (f : spec_float) : option (list Z) :=
  match f with
  | S754_finite s m e => Some [cond_Zopp s (Zpos m); e]
  | S754_zero s => Some [0; if s then 1 else 0]
  | _ => None
  end.
