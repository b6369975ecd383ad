(******************************************************************************)
(* exact_gram: what the slices leave out                                      *)
(*                                                                            *)
(* What is proved, of the function in ExactGram.v, on the integers that its   *)
(* result is rounded from (`kept`: see gram_entry_rounds_kept):               *)
(*  - the digits, made of products of slices and of sums of two slices, are   *)
(*    the sums of all products of slices i and j with i + j up to the order   *)
(*    (digits_kept), and carries do not change the number they stand for      *)
(*    (carried_number);                                                       *)
(*  - the inner product less this number is at most                           *)
(*      a_s b_0 + sum over i < s of (a_i + a_(i+1)) b_(min(s, order+1-i)),     *)
(*    where a_i, b_i are any bounds of the norms of what is left of the rows  *)
(*    after i slices: truncation, and for rows of doubles with no further     *)
(*    assumption exact_gram_truncation. This is the bound of the Python       *)
(*    package's gram_error_bound but for the rounding of the result;          *)
(*  - after i slices half a unit of slice i at most is left in every feature  *)
(*    (rest_energy): a_i^2 = n unit^2 / 4 will do.                            *)
(*                                                                            *)
(* Why one would believe it. x y = (rest of x) y + sum_i (slice i of x) y, and *)
(* y is the slices that slice i meets and what is left after them. Slice i is *)
(* what is left before it less what is left after it. Cauchy and Schwarz do   *)
(* the rest.                                                                  *)
(*                                                                            *)
(* Definitions: in_format, dot_of, meets, total_of, number, product_of,       *)
(*   weight, kept.                                                            *)
(******************************************************************************)

From Coq Require Import ZArith List Lia Permutation Floats.SpecFloat.
From EtC Require Import FloatingPoint ExactSums ExactGram.
Import ListNotations.
Local Open Scope Z_scope.
Unset Lia Cache.
Unset Nia Cache.

(* --- units of doubles lie on the grid -------------------------------------- *)

(* A double of the format is not below 2^-1074.                                  *)
Definition in_format (f : spec_float) : Prop :=
  match f with S754_finite _ _ e => -1074 <= e | _ => True end.

Lemma value_large f : in_format f -> value f = 0 \/ 2 ^ 426 <= Z.abs (value f).
Proof.
destruct f as [s|s| |s m e]; try (left; reflexivity); intros H; right; unfold value.
unfold in_format in H; rewrite Z.shiftl_mul_pow2 by (unfold depth; lia).
assert (2 ^ 426 <= 2 ^ (e + depth)) by (apply Z.pow_le_mono_r; unfold depth; lia).
replace (Z.abs _) with (Zpos m * 2 ^ (e + depth)) by (destruct s; unfold cond_Zopp; nia); nia.
Qed.

Lemma largest_large xs : Forall in_format xs ->
  largest (map value xs) = 0 \/ 2 ^ 426 <= largest (map value xs).
Proof.
unfold largest; induction 1 as [|x xs Hx _ IH]; [left; reflexivity|].
simpl; pose proof (value_large x Hx); lia.
Qed.

Lemma slice_bits_most n : slice_bits n <= 21.
Proof. apply Z.le_min_l. Qed.

Lemma slice_bits_least n : 1 <= n < 2 ^ 28 -> 16 <= slice_bits n.
Proof.
intros Hn; assert (B : bit_length (n - 1) <= 28).
{ unfold bit_length; destruct (Z.eqb_spec (n - 1) 0); [lia|].
  pose proof (Z.log2_lt_pow2 (n - 1) 28 ltac:(lia)); lia. }
unfold slice_bits; apply Z.min_glb; [lia|]; apply Z.div_le_lower_bound; lia.
Qed.

(* The unit of every slice, of 16 at most, is an integer of the grid.            *)
Theorem units_on_grid xs s : Forall in_format xs -> (s <= 16)%nat ->
  let row := map value xs in
  0 <= slice_bits (count row) ->
  0 <= exponent row + depth - (Z.of_nat s - 1) * slice_bits (count row).
Proof.
intros F Hs row Hb; pose proof (slice_bits_most (count row)) as Hb'.
pose proof (largest_large xs F) as L; fold row in L.
assert (H : -1100 <= exponent row).
{ unfold exponent, coarse; destruct (Z.eqb_spec (largest row) 0) as [E|N]; [lia|].
  destruct L as [L|L]; [contradiction|].
  assert (426 <= Z.log2 (largest row)) by (apply Z.log2_le_pow2; lia).
  unfold depth; lia. }
unfold depth; nia.
Qed.

(* --- sums ------------------------------------------------------------------- *)

Lemma sum_map_add {A} (f g : A -> Z) l :
  sum (map (fun a => f a + g a) l) = sum (map f l) + sum (map g l).
Proof. induction l as [|a l IH]; simpl; [reflexivity|rewrite IH; ring]. Qed.

Lemma sum_map_mul {A} (f : A -> Z) c l : sum (map (fun a => f a * c) l) = sum (map f l) * c.
Proof. induction l as [|a l IH]; simpl; [reflexivity|rewrite IH; ring]. Qed.

Lemma sum_map_swap {A B} (f : A -> B -> Z) l l' :
  sum (map (fun a => sum (map (f a) l')) l) = sum (map (fun b => sum (map (fun a => f a b) l)) l').
Proof.
induction l as [|a l IH]; simpl.
- induction l' as [|b l' IH]; simpl; [reflexivity|rewrite <- IH; reflexivity].
- rewrite IH, <- sum_map_add; reflexivity.
Qed.

Lemma sum_map_abs {A} (f g : A -> Z) l : (forall a, In a l -> Z.abs (f a) <= g a) ->
  Z.abs (sum (map f l)) <= sum (map g l).
Proof.
induction l as [|a l IH]; intros H; simpl; [lia|].
pose proof (H a (or_introl eq_refl)); pose proof (IH (fun b Hb => H b (or_intror Hb))); lia.
Qed.

(* The sum over the features of products of functions of the two entries.         *)
Definition dot_of (f g : Z -> Z) (fs : list (Z * Z)) : Z :=
  sum (map (fun p => f (fst p) * g (snd p)) fs).

Lemma dot_of_bound f g fs a b : 0 <= a -> 0 <= b ->
  energy (map f (map fst fs)) <= a * a -> energy (map g (map snd fs)) <= b * b ->
  Z.abs (dot_of f g fs) <= a * b.
Proof.
intros Ha Hb Ea Eb; pose proof (cauchy_schwarz (map (fun p => (f (fst p), g (snd p))) fs)) as C.
unfold dot in C; rewrite !map_map in C; simpl in C; fold (dot_of f g fs) in C.
rewrite map_map in Ea, Eb.
pose proof (energy_pos (map (fun p => f (fst p)) fs)).
pose proof (energy_pos (map (fun p => g (snd p)) fs)).
apply Z.square_le_simpl_nonneg; [nia|]; rewrite <- Z.abs_square in C.
apply (Z.le_trans _ _ _ C); replace (a * b * (a * b)) with (a * a * (b * b)) by ring.
apply Z.mul_le_mono_nonneg; assumption.
Qed.

(* --- what the digits stand for ---------------------------------------------- *)

(* Slice i of the left row meets so many slices of the right one.                 *)
Definition meets (s i : nat) : nat := Nat.min s (order s + 1 - i).

(* Products of slices, and of sums of slices.                                     *)
Definition total_of (D : nat -> nat -> Z) (p : nat * nat) : Z :=
  let (i, j) := p in
  if Nat.eqb i j then D i i else D i i + D i j + D j i + D j j.

(* (a + b)(c + d) - ac - bd = ad + bc: the digits are the sums of all products.   *)
Lemma digits_kept D w s : (1 <= s <= 16)%nat ->
  sum (map (fun d => digit s (total_of D) d * w d) (seq 0 (S (order s))))
  = sum (map (fun i => sum (map (fun j => D i j * w (i + j)%nat) (seq 0 (meets s i)))) (seq 0 s)).
Proof.
intros [H H'].
do 17 (destruct s as [|s]; [try (exfalso; lia); cbv -[Z.add Z.mul Z.sub]; ring|]); exfalso; lia.
Qed.

(* The number that digits stand for, the last digit first, in units of the last.  *)
Fixpoint number (bits : Z) (ds : list Z) : Z :=
  match ds with [] => 0 | d :: more => d + 2 ^ bits * number bits more end.

Lemma carried_number bits ds : forall carry, ds <> [] ->
  number bits (carried bits carry ds) = number bits ds + carry.
Proof.
induction ds as [|d [|d' ds] IH]; intros carry N; [contradiction|simpl; ring|].
change (carried bits carry (d :: d' :: ds)) with
  (d + carry - (d + carry + 2 ^ (bits - 1)) / 2 ^ bits * 2 ^ bits
   :: carried bits ((d + carry + 2 ^ (bits - 1)) / 2 ^ bits) (d' :: ds)).
cbn [number]; rewrite IH by discriminate; cbn [number]; ring.
Qed.

Lemma number_digits bits m : 0 <= bits -> forall f : nat -> Z,
  number bits (map f (rev (seq 0 (S m))))
  = sum (map (fun d => f d * 2 ^ ((Z.of_nat m - Z.of_nat d) * bits)) (seq 0 (S m))).
Proof.
intros Hb f; induction m as [|m IH]; [simpl; ring|].
rewrite seq_S, rev_app_distr; cbn [rev app map number plus].
rewrite IH, map_app, sum_app; cbn [map sum fold_right].
replace ((Z.of_nat (S m) - Z.of_nat (S m)) * bits) with 0 by ring.
rewrite Z.mul_comm, <- sum_map_mul; rewrite Z.add_comm; f_equal; [|ring].
f_equal; apply map_ext_in; intros d Hd; apply in_seq in Hd.
rewrite <- Z.mul_assoc, <- Z.pow_add_r by nia; do 2 f_equal; lia.
Qed.

(* --- the sum of products of slices ------------------------------------------- *)

Section Entry.
Variables (s : nat) (bits kx ky : Z) (fs : list (Z * Z)).
Hypothesis slices : (1 <= s <= 16)%nat.
Hypothesis some_bits : 1 <= bits.
Hypothesis grid_x : 0 <= kx - (Z.of_nat s - 1) * bits.
Hypothesis grid_y : 0 <= ky - (Z.of_nat s - 1) * bits.

Definition product_of (i j : nat) : Z := dot_of (slice bits kx i) (slice bits ky j) fs.
Definition weight (d : nat) : Z := 2 ^ (kx + ky - Z.of_nat d * bits).

(* What the program has as integers before it rounds, on the grid of the products. *)
Definition kept : Z :=
  number bits (carried bits 0 (digits s (total_of product_of))) * weight (order s).

Lemma order_most : (order s <= 2 * (s - 1))%nat.
Proof. apply order_bound; lia. Qed.

Lemma kept_products : kept =
  sum (map (fun i => sum (map (fun j => product_of i j * (unit bits kx i * unit bits ky j))
                              (seq 0 (meets s i)))) (seq 0 s)).
Proof.
pose proof order_most as O.
unfold kept; rewrite carried_number by (unfold digits; rewrite seq_S, rev_app_distr; discriminate).
rewrite Z.add_0_r; unfold digits; rewrite number_digits, <- sum_map_mul by lia.
transitivity (sum (map (fun d => digit s (total_of product_of) d * weight d) (seq 0 (S (order
    s))))).
{ f_equal; apply map_ext_in; intros d Hd; apply in_seq in Hd; unfold weight.
  rewrite <- Z.mul_assoc, <- Z.pow_add_r by nia; do 2 f_equal; lia. }
rewrite digits_kept by exact slices; f_equal; apply map_ext_in; intros i Hi.
f_equal; apply map_ext_in; intros j Hj; apply in_seq in Hi, Hj.
assert (j < s)%nat by (unfold meets in Hj; lia).
unfold weight, unit; rewrite <- Z.pow_add_r by nia; do 2 f_equal; lia.
Qed.

(* The inner product, less what is kept: the rests of the left row times the right  *)
(* row, and each slice of the left row times what it does not meet.                 *)
Lemma remainder_entry x y :
  x * y = sum (map (fun i => sum (map (fun j => slice bits kx i x * slice bits ky j y
                     * (unit bits kx i * unit bits ky j)) (seq 0 (meets s i)))) (seq 0 s))
    + (rest bits kx s x * rest bits ky 0 y
       + sum (map (fun i => slice bits kx i x * unit bits kx i * rest bits ky (meets s i) y)
                  (seq 0 s))).
Proof.
transitivity (rest bits kx s x * y + sum (map (fun i => slice bits kx i x * unit bits kx i * y)
    (seq 0 s))).
{ rewrite sum_map_mul; rewrite (splitting_exact bits kx s x) at 1 by lia; ring. }
assert (E : forall i, slice bits kx i x * unit bits kx i * y
  = sum (map (fun j => slice bits kx i x * slice bits ky j y * (unit bits kx i * unit bits ky j))
             (seq 0 (meets s i)))
    + slice bits kx i x * unit bits kx i * rest bits ky (meets s i) y).
{ intros i; rewrite (splitting_exact bits ky (meets s i) y) at 1 by (unfold meets; nia).
  rewrite Z.mul_add_distr_l; f_equal; rewrite Z.mul_comm, <- sum_map_mul.
  f_equal; apply map_ext; intros j; ring. }
rewrite (map_ext _ _ E), sum_map_add; simpl rest; ring.
Qed.

Lemma dot_of_value : dot fs = kept
  + (dot_of (rest bits kx s) (rest bits ky 0) fs
     + sum (map (fun i => dot_of (slice bits kx i) (rest bits ky (meets s i)) fs * unit bits kx i)
                (seq 0 s))).
Proof.
unfold dot; rewrite (map_ext _ _ (fun p => remainder_entry (fst p) (snd p))), !sum_map_add.
rewrite kept_products; f_equal.
- rewrite sum_map_swap; f_equal; apply map_ext; intros i.
  rewrite sum_map_swap; f_equal; apply map_ext; intros j.
  unfold product_of, dot_of; apply sum_map_mul.
- f_equal; rewrite sum_map_swap; f_equal; apply map_ext; intros i.
  unfold dot_of; rewrite <- sum_map_mul; f_equal; apply map_ext; intros p; ring.
Qed.

(* The bound of gram_error_bound, before the rounding of the result: a i and b i are *)
(* bounds of the norms of what is left of the rows after i slices.                   *)
Theorem truncation (a b : nat -> Z) :
  (forall i, (i <= s)%nat -> 0 <= a i /\ energy (map (rest bits kx i) (map fst fs)) <= a i * a i) ->
  (forall i, (i <= s)%nat -> 0 <= b i /\ energy (map (rest bits ky i) (map snd fs)) <= b i * b i) ->
  Z.abs (dot fs - kept)
  <= a s * b 0%nat + sum (map (fun i => (a i + a (S i)) * b (meets s i)) (seq 0 s)).
Proof.
intros A B; rewrite dot_of_value, Z.add_simpl_l.
assert (D : forall i j, (i <= s)%nat -> (j <= s)%nat ->
  Z.abs (dot_of (rest bits kx i) (rest bits ky j) fs) <= a i * b j).
{ intros i j Hi Hj; destruct (A i Hi), (B j Hj); apply dot_of_bound; assumption. }
assert (M : forall i, (meets s i <= s)%nat) by (intros; unfold meets; lia).
pose proof (D s 0%nat ltac:(lia) ltac:(lia)) as D0.
assert (T : Z.abs (sum (map (fun i => dot_of (slice bits kx i) (rest bits ky (meets s i)) fs
    * unit bits kx i) (seq 0 s)))
  <= sum (map (fun i => (a i + a (S i)) * b (meets s i)) (seq 0 s))).
{ apply sum_map_abs; intros i Hi; apply in_seq in Hi.
  pose proof (D i (meets s i) ltac:(lia) (M i)) as D1.
  pose proof (D (S i) (meets s i) ltac:(lia) (M i)) as D2.
  replace (dot_of (slice bits kx i) (rest bits ky (meets s i)) fs * unit bits kx i)
    with (dot_of (rest bits kx i) (rest bits ky (meets s i)) fs
          - dot_of (rest bits kx (S i)) (rest bits ky (meets s i)) fs); [lia|].
  unfold dot_of; rewrite <- sum_map_mul.
  rewrite <- (Z.add_simpl_r (sum (map (fun p => _ * unit bits kx i) fs))
    (sum (map (fun p => rest bits kx (S i) (fst p) * rest bits ky (meets s i) (snd p)) fs))).
  f_equal; rewrite <- sum_map_add; f_equal; apply map_ext; intros p.
  rewrite (rest_step bits kx i (fst p)) by nia; ring. }
lia.
Qed.
End Entry.

(* What is left after i + 1 slices: half a unit at most in every feature.            *)
Theorem rest_energy bits k i row : 0 <= k - Z.of_nat i * bits ->
  4 * energy (map (rest bits k (S i)) row) <= count row * (unit bits k i * unit bits k i).
Proof.
intros H; induction row as [|z row IH]; [unfold count, energy; simpl; lia|].
rewrite count_cons; pose proof (rest_small bits k i z H) as R.
unfold energy in *; cbn [map sum fold_right]; fold (sum (map square (map (rest bits k (S i)) row))).
unfold square at 1; set (r := rest bits k (S i) z) in *; clearbody r; nia.
Qed.

(* --- the function ------------------------------------------------------------ *)

Lemma total_parts fs i j :
  let bits := slice_bits (count (map fst fs)) in
  dot (parts fs (i, j))
  = total_of (product_of bits (exponent (map fst fs) + depth) (exponent (map snd fs) + depth) fs)
             (i, j).
Proof.
intros bits; unfold total_of, product_of, dot_of, dot, parts, part; fold bits.
rewrite map_map; cbn [fst snd]; destruct (Nat.eqb i j); [reflexivity|].
rewrite <- !sum_map_add; f_equal; apply map_ext; intros p; ring.
Qed.

(* The entry is what `kept` is, rounded: its digits are those that summed takes.   *)
Theorem gram_entry_rounds_kept s fs : (1 <= s)%nat ->
  let x := map fst fs in
  let y := map snd fs in
  let bits := slice_bits (count x) in
  gram_entry s fs
  = fldexp (summed bits (carried bits 0 (digits s (total_of (product_of bits
              (exponent x + depth) (exponent y + depth) fs)))))
           (exponent x + exponent y).
Proof.
intros Hs x y bits; unfold gram_entry, result; fold x y bits.
rewrite (digits_ext s (fun p => dot (parts fs p)) (total_of (product_of bits
  (exponent x + depth) (exponent y + depth) fs)) Hs); [reflexivity|].
intros [i j] _; apply total_parts.
Qed.

Lemma first_combine {A B} (a : list A) : forall b : list B, length a = length b ->
  map fst (combine a b) = a.
Proof.
induction a as [|x a IH]; intros [|y b]; simpl; intros L; try discriminate; [reflexivity|].
rewrite IH by lia; reflexivity.
Qed.

Lemma second_combine {A B} (a : list A) : forall b : list B, length a = length b ->
  map snd (combine a b) = b.
Proof.
induction a as [|x a IH]; intros [|y b]; simpl; intros L; try discriminate; [reflexivity|].
rewrite IH by lia; reflexivity.
Qed.

(* For rows of doubles, up to 2^28 features: nothing else is assumed.              *)
Theorem exact_gram_truncation s xs ys (a b : nat -> Z) :
  (1 <= s <= 16)%nat -> length xs = length ys -> Forall in_format xs -> Forall in_format ys ->
  let x := map value xs in
  let y := map value ys in
  let bits := slice_bits (count x) in
  let kx := exponent x + depth in
  let ky := exponent y + depth in
  1 <= bits ->
  (forall i, (i <= s)%nat -> 0 <= a i /\ energy (map (rest bits kx i) x) <= a i * a i) ->
  (forall i, (i <= s)%nat -> 0 <= b i /\ energy (map (rest bits ky i) y) <= b i * b i) ->
  Z.abs (dot (combine x y) - kept s bits kx ky (combine x y))
  <= a s * b 0%nat + sum (map (fun i => (a i + a (S i)) * b (meets s i)) (seq 0 s)).
Proof.
intros Hs L Fx Fy x y bits kx ky Hb A B.
assert (Lxy : length x = length y) by (unfold x, y; rewrite !map_length; exact L).
assert (C : count y = count x) by (unfold count; lia).
pose proof (units_on_grid xs s Fx ltac:(lia) ltac:(fold x; fold bits; lia)) as Gx.
pose proof (units_on_grid ys s Fy ltac:(lia)) as Gy.
cbv zeta in Gx, Gy; fold x in Gx; fold y in Gy; rewrite C in Gy; fold bits kx in Gx.
fold bits ky in Gy; specialize (Gy ltac:(lia)).
apply truncation; try assumption;
  [rewrite (first_combine x y Lxy); exact A|rewrite (second_combine x y Lxy); exact B].
Qed.
