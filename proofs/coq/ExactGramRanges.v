(******************************************************************************)
(* exact_gram: its integers do not leave 64 bits                              *)
(*                                                                            *)
(* ExactGram.v writes sums of products and digits in Coq's integers, where    *)
(* the program has int64. Here it is proved that this is the same: for finite *)
(* rows of doubles, fewer than 2^28 features and 1 to 16 slices (which the    *)
(* program checks), nothing else assumed,                                     *)
(*  - the first slice of a row has a mean square of at most 2^(2 bits) / 7,   *)
(*    further ones, and sums of two, of at most 2^(2 bits):                   *)
(*    first_slice_energy, part_energy;                                        *)
(*  - whatever was added up of a product of slices, in whatever blocks and    *)
(*    order, is at most 2^60 in magnitude: totals_in_range;                   *)
(*  - differences of totals, digits while they are added up, and all numbers  *)
(*    while they are carried, are below 2^63: differences_in_range,           *)
(*    digits_in_range, carrying_in_range.                                     *)
(*                                                                            *)
(* Why one would believe it. The unit of the first slice is chosen by the     *)
(* mean square of the row, which is known to 12 bits: numpy's frexp of the    *)
(* rounded quotient is above the quotient (quotient_below), and rounding      *)
(* adds little. Cauchy and Schwarz do the rest: features times 2^(2 bits) is  *)
(* 2^60 at most, by the choice of bits.                                       *)
(*                                                                            *)
(* Definitions: carrying, total, mixed_total.                                 *)
(******************************************************************************)

From Coq Require Import ZArith List Lia Permutation Floats.SpecFloat.
From EtC Require Import FloatingPoint FloatCentring ExactSums ExactGram ExactGramBound.
Import ListNotations.
Local Open Scope Z_scope.
Unset Lia Cache.
Unset Nia Cache.

(* --- the mean of a row's coarse squares ------------------------------------ *)

(* frexp of the rounded quotient is above the quotient.                          *)
Lemma quotient_below E N : 1 <= E < 2 ^ 53 -> 1 <= N < 2 ^ 53 ->
  let me := frexp_exponent (fdiv (float_of_Z E) (float_of_Z N)) in
  forall k, 0 <= k -> 0 <= me + k -> E * 2 ^ k < N * 2 ^ (me + k).
Proof.
intros HE HN me k Hk; unfold me; clear me.
destruct (count_form E HE) as [m1 [i1 [F1 [D1 [I1 M1]]]]].
destruct (count_form N HN) as [m2 [i2 [F2 [D2 [I2 M2]]]]].
rewrite F1, F2; unfold fdiv, SFdiv; rewrite divide_mantissas by (assumption || lia).
pose proof (Z.div_mod (Zpos m1 * 2 ^ 53) (Zpos m2) ltac:(lia)) as DM.
pose proof (Z.mod_pos_bound (Zpos m1 * 2 ^ 53) (Zpos m2) ltac:(lia)) as MB.
pose proof D1 as B1; pose proof D2 as B2; apply digits_53 in B1; apply digits_53 in B2.
set (q := Zpos m1 * 2 ^ 53 / Zpos m2) in *.
set (l := new_location _ _); clearbody l.
assert (Q : 2 ^ 52 <= q < 2 ^ 54) by (clear - DM MB B1 B2; nia).
assert (Concl : forall a me, 0 <= a <= 1 -> Zpos m1 < Zpos m2 * 2 ^ a -> i2 - i1 + a <= me ->
  0 <= me + k -> E * 2 ^ k < N * 2 ^ (me + k)).
{ clear - Hk I1 I2 M1 M2 HN; intros a me Ha L G Hm; rewrite M1, M2 in L.
  pose proof (Z.pow_pos_nonneg 2 i1 ltac:(lia) ltac:(lia)) as P1.
  pose proof (Z.pow_pos_nonneg 2 k ltac:(lia) ltac:(lia)) as Pk.
  apply (Z.mul_lt_mono_pos_r (2 ^ i1)); [exact P1|].
  apply (Z.lt_le_trans _ (N * 2 ^ i2 * 2 ^ a * 2 ^ k)); [nia|].
  rewrite <- !Z.mul_assoc, <- !Z.pow_add_r by lia.
  apply Z.mul_le_mono_nonneg_l; [lia|]; apply Z.pow_le_mono_r; lia. }
destruct q as [|p|p] eqn:EQ; [lia| |lia].
destruct (Z.lt_ge_cases (Zpos p) (2 ^ 53)) as [S|S].
- destruct (round_53_digits (xorb false false) p (- i1 - - i2 - 53) l)
    as [m [e [w [R [D [HE' _]]]]]]; [apply digits_53; lia|lia|].
  rewrite R; cbn [frexp_exponent].
  change (Zpos (digits2_pos m)) with (FloatCentring.digits m); rewrite D.
  apply (Concl 0); [lia| |lia]; clear - DM MB S B2; nia.
- destruct (round_54_digits (xorb false false) p (- i1 - - i2 - 53) l)
    as [m [e [w [R [D [HE' _]]]]]]; [|lia|].
  + apply (digits_unique p 54); lia.
  + rewrite R; cbn [frexp_exponent].
    change (Zpos (digits2_pos m)) with (FloatCentring.digits m); rewrite D.
    apply (Concl 1); [lia| |lia]; clear - DM MB Q B2; nia.
Qed.

(* --- energies of slices ------------------------------------------------------ *)

Lemma energy_cons x xs : energy (x :: xs) = square x + energy xs.
Proof. reflexivity. Qed.

(* From each entry to the sum of squares. *)
Lemma energy_bound (f : Z -> Z) c row : (forall z, In z row -> square (f z) <= c) ->
  energy (map f row) <= count row * c.
Proof.
induction row as [|z row IH]; intros H; [unfold energy; simpl; lia|].
cbn [map]; rewrite energy_cons, count_cons; specialize (IH (fun z h => H z (or_intror h))).
specialize (H z (or_introl eq_refl)); lia.
Qed.

Lemma energy_bound_by (f g : Z -> Z) a b c row : 0 <= b ->
  (forall z, In z row -> a * square (f z) <= b * square (g z) + c) ->
  a * energy (map f row) <= b * energy (map g row) + count row * c.
Proof.
intros Hb; induction row as [|z row IH]; intros H; [unfold energy; simpl; lia|].
cbn [map]; rewrite !energy_cons, count_cons; specialize (IH (fun z h => H z (or_intror h))).
specialize (H z (or_introl eq_refl)); lia.
Qed.

(* --- powers, apart from all else ------------------------------------------- *)

Lemma power_square j : 0 <= j -> 2 ^ j * 2 ^ j = 2 ^ (2 * j).
Proof. intros Hj; rewrite <- Z.pow_add_r by lia; f_equal; lia. Qed.

Lemma scaled_mean E n me t b : 0 <= E -> 1 <= n -> 16 <= b -> me + 2 * t <= 2 * b - 3 ->
  (forall k, 0 <= k -> 0 <= me + k -> E * 2 ^ k <= n * 2 ^ (me + k)) ->
  8 * (2 ^ (2 * Z.max 0 t) * E) <= n * 2 ^ (2 * b) * 2 ^ (2 * Z.max 0 (- t)).
Proof.
intros HE Hn Hb Ht Q; remember (Z.max 0 t) as x; remember (Z.max 0 (- t)) as y.
assert (X : 0 <= x) by lia; assert (Y : 0 <= y) by lia; assert (T : t = x - y) by lia.
clear Heqx Heqy; subst t; remember (Z.max 0 (- me)) as w.
assert (W : 0 <= w) by lia; assert (W' : 0 <= me + w) by lia; clear Heqw.
specialize (Q (2 * x + w) ltac:(lia) ltac:(lia)).
apply (Z.mul_le_mono_pos_r _ _ (2 ^ w)); [apply Z.pow_pos_nonneg; lia|].
replace (8 * (2 ^ (2 * x) * E) * 2 ^ w) with (8 * (E * 2 ^ (2 * x + w)))
  by (rewrite Z.pow_add_r by lia; ring).
apply (Z.le_trans _ (8 * (n * 2 ^ (me + (2 * x + w))))); [lia|].
replace (8 * (n * 2 ^ (me + (2 * x + w)))) with (n * 2 ^ (3 + (me + (2 * x + w))))
  by (rewrite (Z.pow_add_r 2 3) by lia; change (2 ^ 3) with 8; ring).
rewrite <- !Z.mul_assoc, <- !Z.pow_add_r by lia.
apply Z.mul_le_mono_nonneg_l; [lia|]; apply Z.pow_le_mono_r; lia.
Qed.

Lemma scaled_rounding t b : 16 <= b -> t <= b - 7 ->
  let a := 2 ^ Z.max 0 t in
  let r := 2 ^ Z.max 0 (- t) in
  4096 * ((a + r) * (a + r)) <= 2 ^ (2 * b) * (r * r).
Proof.
intros Hb Ht a r; assert (B : 64 * (a + r) <= 2 ^ b * r).
{ destruct (Z.le_gt_cases 0 t) as [G|G]; unfold a, r.
  - replace (Z.max 0 (- t)) with 0 by lia; replace (Z.max 0 t) with t by lia.
    pose proof (Z.pow_le_mono_r 2 (7 + t) b ltac:(lia) ltac:(lia)) as H.
    rewrite Z.pow_add_r in H by lia; change (2 ^ 7) with 128 in H.
    pose proof (Z.pow_pos_nonneg 2 t ltac:(lia) G); change (2 ^ 0) with 1; lia.
  - replace (Z.max 0 t) with 0 by lia; replace (Z.max 0 (- t)) with (- t) by lia.
    pose proof (Z.pow_le_mono_r 2 16 b ltac:(lia) Hb) as H; change (2 ^ 16) with 65536 in H.
    pose proof (Z.pow_pos_nonneg 2 (- t) ltac:(lia) ltac:(lia)) as P; change (2 ^ 0) with 1.
    set (q := 2 ^ (- t)) in *; set (s := 2 ^ b) in *; clearbody q s; clear - H P; nia. }
assert (A : 0 <= 64 * (a + r)).
{ pose proof (Z.pow_nonneg 2 (Z.max 0 t) ltac:(lia)).
  pose proof (Z.pow_nonneg 2 (Z.max 0 (- t)) ltac:(lia)); unfold a, r; lia. }
rewrite <- power_square by lia; set (s := 2 ^ b) in *; clearbody a r s.
replace (4096 * ((a + r) * (a + r))) with (64 * (a + r) * (64 * (a + r))) by ring.
replace (s * s * (r * r)) with (s * r * (s * r)) by ring.
apply Z.mul_le_mono_nonneg; assumption.
Qed.

Lemma energy_from_scale e E n P R A S : 0 < R -> 0 <= n -> 0 <= P ->
  128 * R * e <= 132 * A * E + n * (1056 * S) -> 8 * (A * E) <= n * P * R ->
  4096 * S <= P * R -> 7 * e <= n * P.
Proof.
intros HR Hn HP H1 H2 H3; apply (Z.mul_le_mono_pos_r _ _ R HR).
assert (NS : n * (4096 * S) <= n * (P * R)) by (apply Z.mul_le_mono_nonneg_l; assumption).
assert (Q : 0 <= n * P * R) by (repeat apply Z.mul_nonneg_nonneg; lia).
replace (132 * A * E) with (132 * (A * E)) in H1 by ring.
replace (n * (1056 * S)) with (1056 * (n * S)) in H1 by ring.
replace (n * (4096 * S)) with (4096 * (n * S)) in NS by ring.
replace (n * (P * R)) with (n * P * R) in NS by ring.
replace (128 * R * e) with (128 * (e * R)) in H1 by ring.
replace (7 * e * R) with (7 * (e * R)) by ring; lia.
Qed.

Section Row.

Variable row : list Z.
Notation N := (count row).
Notation bits := (slice_bits N).
Notation k := (exponent row + depth).
Notation most := (N * 2 ^ (2 * bits)).

Hypothesis some : 1 <= N < 2 ^ 28.
Hypothesis on_grid : 0 <= k.
Hypothesis coarse_on_grid : largest row <> 0 -> 0 <= coarse row + depth.

Lemma bits_range : 16 <= bits <= 21.
Proof. split; [apply slice_bits_least, some|apply slice_bits_most]. Qed.

Lemma coarse_small z : In z row -> largest row <> 0 ->
  Z.abs (nearest (coarse row + depth) z) <= 2 ^ 12.
Proof.
intros Hz L; pose proof (coarse_on_grid L) as CG; apply nearest_bound; [exact CG|].
rewrite <- Z.pow_add_r by lia; pose proof (largest_above row z Hz) as A.
assert (P : 0 < largest row) by lia; pose proof (Z.log2_spec _ P) as [_ U].
apply (Z.le_trans _ (2 ^ Z.succ (Z.log2 (largest row)))); [lia|].
apply Z.pow_le_mono_r; [lia|]; unfold coarse.
replace (largest row =? 0) with false by (symmetry; apply Z.eqb_neq, L); lia.
Qed.

Lemma coarse_energy_small : largest row <> 0 -> 0 <= coarse_energy row < 2 ^ 53.
Proof.
intros L; split; [apply energy_pos|]; unfold coarse_energy.
apply (Z.le_lt_trans _ (N * 2 ^ 24)); [|lia]; apply energy_bound; intros z Hz.
pose proof (coarse_small z Hz L); unfold square; nia.
Qed.

(* The scale of the first slice: a and r are 2^t and 2^-t, or 1.                 *)
Lemma first_entry z a r u c p : 1 <= a -> 1 <= r -> 0 < p ->
  2 * Z.abs (z - u * (p * r)) <= p * r -> 2 * Z.abs (z - c * (p * a)) <= p * a ->
  128 * (r * r) * square u <= 132 * (a * a) * square c + 1056 * ((a + r) * (a + r)).
Proof.
intros Ha Hr Hp Hu Hc; unfold square.
assert (B : 2 * Z.abs u * r <= 2 * Z.abs c * a + (a + r)).
{ assert (2 * Z.abs (u * (p * r)) <= 2 * Z.abs (c * (p * a)) + p * a + p * r) by lia.
  rewrite !Z.abs_mul, !(Z.abs_eq p), (Z.abs_eq r), (Z.abs_eq a) in H by lia; nia. }
rewrite <- (Z.abs_square u), <- (Z.abs_square c).
set (v := Z.abs u) in *; set (w := Z.abs c) in *.
assert (0 <= v) by apply Z.abs_nonneg; assert (0 <= w) by apply Z.abs_nonneg; clearbody v w.
set (x := v * r) in *; set (y := w * a) in *; set (d := a + r) in *.
assert (X : 2 * x <= 2 * y + d) by (unfold x, y; lia).
assert (0 <= x) by (unfold x; nia); assert (0 <= y) by (unfold y; nia).
assert (0 <= d) by (unfold d; lia).
replace (128 * (r * r) * (v * v)) with (32 * ((2 * x) * (2 * x))) by (unfold x; ring).
replace (132 * (a * a) * (w * w)) with (33 * ((2 * y) * (2 * y))) by (unfold y; ring).
clearbody x y d.
apply (Z.le_trans _ (32 * ((2 * y + d) * (2 * y + d)))); [nia|].
pose proof (Z.square_nonneg (2 * y - 32 * d)); nia.
Qed.

Lemma nearest_close j z : 0 <= j -> 2 * Z.abs (z - nearest j z * 2 ^ j) <= 2 ^ j.
Proof. intros Hj; pose proof (nearest_spec j z Hj) as H; unfold is_nearest in H; lia. Qed.

Theorem first_slice_energy : 7 * energy (map (slice bits k 0) row) <= most.
Proof.
pose proof bits_range as Bits.
destruct (Z.eq_dec (largest row) 0) as [L|L].
{ assert (Z0 : energy (map (slice bits k 0) row) <= N * 0).
  { apply energy_bound; intros z Hz; pose proof (largest_above row z Hz).
    replace z with 0 by lia; unfold slice; simpl rest.
    pose proof (nearest_bound (k - Z.of_nat 0 * bits) 0 0 ltac:(lia) ltac:(lia)).
    unfold square; nia. }
  pose proof (Z.pow_nonneg 2 (2 * bits) ltac:(lia)); nia. }
pose proof (coarse_on_grid L) as CG; pose proof (coarse_energy_small L) as CE.
set (me := mean_exponent row).
set (T := (2 * bits - 3 - me) / 2).
set (t := Z.min T (bits - 7)).
assert (K : k = coarse row + depth - t).
{ unfold exponent; replace (largest row =? 0) with false by (symmetry; apply Z.eqb_neq, L).
  fold me; fold T; unfold t; clear; lia. }
assert (Tm : me + 2 * t <= 2 * bits - 3).
{ pose proof (Z.mul_div_le (2 * bits - 3 - me) 2 ltac:(lia)) as D; fold T in D.
  unfold t; clear - D; clearbody T; lia. }
assert (Tb : t <= bits - 7) by (unfold t; clear; lia).
assert (Q : forall j, 0 <= j -> 0 <= me + j -> coarse_energy row * 2 ^ j <= N * 2 ^ (me + j)).
{ intros j Hj Hm; destruct (Z.eq_dec (coarse_energy row) 0) as [->|NE].
  - rewrite Z.mul_0_l; apply Z.mul_nonneg_nonneg; [clear - some; lia|].
    apply Z.pow_nonneg; clear; lia.
  - apply Z.lt_le_incl, (quotient_below (coarse_energy row) N); clear - CE NE some Hj Hm;
      [lia|lia|exact Hj|exact Hm]. }
clearbody t me; clear T.
apply (energy_from_scale _ (coarse_energy row) N (2 ^ (2 * bits))
  (2 ^ Z.max 0 (- t) * 2 ^ Z.max 0 (- t)) (2 ^ Z.max 0 t * 2 ^ Z.max 0 t)
  ((2 ^ Z.max 0 t + 2 ^ Z.max 0 (- t)) * (2 ^ Z.max 0 t + 2 ^ Z.max 0 (- t)))).
- apply Z.mul_pos_pos; apply Z.pow_pos_nonneg; clear; lia.
- clear - some; lia.
- apply Z.pow_nonneg; clear; lia.
- apply energy_bound_by.
  { apply Z.mul_nonneg_nonneg; [clear; lia|apply Z.square_nonneg]. }
  intros z _; apply (first_entry z _ _ _ _ (2 ^ Z.min k (coarse row + depth))).
  + pose proof (Z.pow_pos_nonneg 2 (Z.max 0 t) ltac:(clear; lia) ltac:(clear; lia)) as P.
    clear - P; lia.
  + pose proof (Z.pow_pos_nonneg 2 (Z.max 0 (- t)) ltac:(clear; lia) ltac:(clear; lia)) as P.
    clear - P; lia.
  + apply Z.pow_pos_nonneg; clear - CG on_grid; lia.
  + rewrite <- Z.pow_add_r by (clear - CG on_grid; lia).
    replace (Z.min k (coarse row + depth) + Z.max 0 (- t)) with k by (clear - K; lia).
    unfold slice; rewrite Z.sub_0_r; apply nearest_close, on_grid.
  + rewrite <- Z.pow_add_r by (clear - CG on_grid; lia).
    replace (Z.min k (coarse row + depth) + Z.max 0 t) with (coarse row + depth)
      by (clear - K; lia).
    apply nearest_close, CG.
- rewrite !power_square by (clear; lia); apply (scaled_mean _ _ me); try assumption;
    clear - CE some Bits; lia.
- apply scaled_rounding; clear - Bits Tb; lia.
Qed.

Lemma slice_energy i : 0 <= k - Z.of_nat i * bits ->
  4 * energy (map (slice bits k i) row) <= most.
Proof.
intros H; destruct i as [|i].
- pose proof first_slice_energy as F; pose proof (energy_pos (map (slice bits k 0) row)) as P.
  clear - F P; lia.
- rewrite <- (Z.add_0_l most).
  replace 0 with (0 * energy (map (fun z => z) row)) by (clear; lia).
  apply energy_bound_by; [clear; lia|]; intros z _.
  pose proof bits_range as B.
  pose proof (slice_small bits k i z ltac:(clear - B; lia) H) as Small.
  assert (E : 2 ^ bits = 2 * 2 ^ (bits - 1)).
  { replace bits with (1 + (bits - 1)) at 1 by (clear; lia).
    rewrite Z.pow_add_r by (clear - B; lia); reflexivity. }
  rewrite <- power_square by (clear - B; lia); rewrite E.
  set (v := slice bits k (S i) z) in *; set (q := 2 ^ (bits - 1)) in *; clearbody v q.
  unfold square; rewrite <- (Z.abs_square v); pose proof (Z.abs_nonneg v) as A.
  clear - Small A; nia.
Qed.

Lemma energy_add (f g : Z -> Z) xs :
  energy (map (fun z => f z + g z) xs) <= 2 * energy (map f xs) + 2 * energy (map g xs).
Proof.
induction xs as [|z xs IH]; [unfold energy; simpl; lia|].
cbn [map]; rewrite !energy_cons; unfold square.
pose proof (Z.square_nonneg (f z - g z)); nia.
Qed.

(* What is multiplied: slices, and sums of two.                                  *)
Theorem part_energy p : 0 <= k - Z.of_nat (fst p) * bits -> 0 <= k - Z.of_nat (snd p) * bits ->
  energy (map (part bits k p) row) <= most.
Proof.
intros Hi Hj; pose proof (slice_energy (fst p) Hi) as A; pose proof (slice_energy (snd p) Hj) as B.
unfold part; destruct (Nat.eqb (fst p) (snd p)).
- pose proof (energy_pos (map (slice bits k (fst p)) row)) as P.
  apply (Z.le_trans _ (4 * energy (map (slice bits k (fst p)) row))); [|exact A].
  change (energy (map (slice bits k (fst p)) row) <= 4 * energy (map (slice bits k (fst p)) row)).
  clear - P; lia.
- pose proof (energy_add (slice bits k (fst p)) (slice bits k (snd p)) row) as D.
  apply (Z.le_trans _ _ _ D); clear - A B; lia.
Qed.

End Row.

(* --- carries ------------------------------------------------------------------ *)

(* All numbers that the program has while it carries: as `carried` does.          *)
Fixpoint carrying (bits carry : Z) (ds : list Z) : list Z :=
  match ds with
  | [] => []
  | [d] => [d + carry]
  | d :: more =>
      let next := (d + carry + 2 ^ (bits - 1)) / 2 ^ bits in
      d + carry :: d + carry + 2 ^ (bits - 1) :: next * 2 ^ bits :: carrying bits next more
  end.

Theorem carries_in_range bits ds : 16 <= bits <= 21 -> forall carry, Z.abs carry <= 2 ^ 48 ->
  Forall (fun d => Z.abs d <= 5 * 2 ^ 60) ds ->
  Forall (fun v => Z.abs v < 2 ^ 63) (carrying bits carry ds).
Proof.
intros B; assert (P : 2 ^ 16 <= 2 ^ bits <= 2 ^ 21) by (split; apply Z.pow_le_mono_r; lia).
assert (H : 0 <= 2 ^ (bits - 1) <= 2 ^ 20)
  by (split; [apply Z.pow_nonneg; lia|apply Z.pow_le_mono_r; lia]).
set (b := 2 ^ bits) in *; set (h := 2 ^ (bits - 1)) in *.
induction ds as [|d more IH]; intros carry C F; [constructor|].
pose proof (Forall_inv F) as D; pose proof (Forall_inv_tail F) as Fm; cbv beta in D.
destruct more as [|d' more]; [constructor; [lia|constructor]|].
cbn [carrying]; fold b h; set (next := (d + carry + h) / b).
pose proof (Z.div_mod (d + carry + h) b ltac:(lia)) as DM; fold next in DM.
pose proof (Z.mod_pos_bound (d + carry + h) b ltac:(lia)) as MB.
set (r := (d + carry + h) mod b) in *; clearbody next r.
constructor; [lia|]; constructor; [lia|]; constructor; [clear - DM MB P H D C; lia|].
apply IH; [|exact Fm]; clear - DM MB P H D C; nia.
Qed.

(* --- totals ------------------------------------------------------------------- *)

Lemma most_fits n : 1 <= n -> n < 2 ^ 28 -> n * 2 ^ (2 * slice_bits n) <= 2 ^ 60.
Proof.
intros Hn Hn'; pose proof (slice_bits_least n ltac:(lia)) as B.
assert (L : 0 <= bit_length (n - 1) /\ n <= 2 ^ bit_length (n - 1)).
{ unfold bit_length; destruct (Z.eqb_spec (n - 1) 0) as [E|E]; [lia|].
  pose proof (Z.log2_spec (n - 1) ltac:(lia)) as [_ U]; pose proof (Z.log2_nonneg (n - 1)).
  rewrite <- Z.add_1_r in U; lia. }
assert (Fit : 2 * slice_bits n + bit_length (n - 1) <= 60).
{ pose proof (Z.mul_div_le (60 - bit_length (n - 1)) 2 ltac:(lia)) as D.
  pose proof (Z.le_min_r 21 ((60 - bit_length (n - 1)) / 2)) as M; unfold slice_bits; lia. }
apply (Z.le_trans _ (2 ^ bit_length (n - 1) * 2 ^ (2 * slice_bits n))).
- apply Z.mul_le_mono_nonneg_r; [apply Z.pow_nonneg; lia|apply L].
- rewrite <- Z.pow_add_r by lia; apply Z.pow_le_mono_r; lia.
Qed.

Lemma dot_energies ps : 2 * Z.abs (dot ps) <= energy (map fst ps) + energy (map snd ps).
Proof.
induction ps as [|[x y] ps IH]; [unfold dot, energy; simpl; lia|].
change (dot ((x, y) :: ps)) with (x * y + dot ps); cbn [map fst snd]; rewrite !energy_cons.
unfold square; pose proof (Z.square_nonneg (x - y)); pose proof (Z.square_nonneg (x + y)); lia.
Qed.

Section Totals.

Variables (s : nat) (xs ys : list spec_float).
Hypothesis slices : (1 <= s <= 16)%nat.
Hypothesis lengths : length xs = length ys.
Hypotheses (format_x : Forall in_format xs) (format_y : Forall in_format ys).

Notation x := (map value xs).
Notation y := (map value ys).
Notation n := (count x).
Notation bits := (slice_bits n).

Hypothesis features : 1 <= n < 2 ^ 28.

Lemma grid_of_doubles vs : length vs = length xs -> Forall in_format vs ->
  let row := map value vs in
  count row = n /\ 0 <= exponent row + depth /\
  (largest row <> 0 -> 0 <= coarse row + depth) /\
  forall i, (i < s)%nat -> 0 <= exponent row + depth - Z.of_nat i * bits.
Proof.
intros L F row; assert (C : count row = n)
  by (unfold count, row; rewrite !map_length, L; reflexivity).
pose proof (slice_bits_least n features) as B.
pose proof (units_on_grid vs s F ltac:(clear - slices; lia)) as G; cbv zeta in G.
fold row in G; rewrite C in G; specialize (G ltac:(clear - B; lia)).
split; [exact C|split; [clear - G B slices; nia|split; [|intros i Hi; clear - G B Hi; nia]]].
intros NZ; destruct (largest_large vs F) as [Z0|Big]; [contradiction|]; fold row in Big.
unfold coarse; replace (largest row =? 0) with false by (symmetry; apply Z.eqb_neq, NZ).
assert (H : 426 <= Z.log2 (largest row)) by (apply Z.log2_le_pow2; [clear - Big; lia|exact Big]).
clearbody row; unfold depth; clear - H; lia.
Qed.

Lemma part_of_doubles vs p : length vs = length xs -> Forall in_format vs ->
  (fst p < s)%nat -> (snd p < s)%nat ->
  energy (map (part bits (exponent (map value vs) + depth) p) (map value vs)) <= n * 2 ^ (2 * bits).
Proof.
intros L F Hi Hj; destruct (grid_of_doubles vs L F) as [C [K [Q G]]].
pose proof (part_energy (map value vs)) as P; rewrite C in P.
apply P; [exact features|exact K|exact Q|apply G, Hi|apply G, Hj].
Qed.

Lemma slice_of_doubles vs i : length vs = length xs -> Forall in_format vs -> (i < s)%nat ->
  4 * energy (map (slice bits (exponent (map value vs) + depth) i) (map value vs))
  <= n * 2 ^ (2 * bits).
Proof.
intros L F Hi; destruct (grid_of_doubles vs L F) as [C [K [Q G]]].
pose proof (slice_energy (map value vs)) as P; rewrite C in P.
apply P; [exact features|exact K|exact Q|apply G, Hi].
Qed.

Lemma first_combined : map fst (combine x y) = x.
Proof. apply first_combine; rewrite !map_length; exact lengths. Qed.

Lemma second_combined : map snd (combine x y) = y.
Proof. apply second_combine; rewrite !map_length; exact lengths. Qed.

(* Whatever has been added up of a product of slices, in whatever blocks and order. *)
Theorem totals_in_range p some rest : (fst p < s)%nat -> (snd p < s)%nat ->
  Permutation (some ++ rest) (parts (combine x y) p) -> Z.abs (dot some) <= 2 ^ 60.
Proof.
intros Hi Hj Pm; pose proof (dot_energies some) as D.
pose proof (most_fits n ltac:(clear - features; lia) ltac:(clear - features; lia)) as M.
assert (A : energy (map fst some) <= n * 2 ^ (2 * bits)).
{ apply (Z.le_trans _ (energy (map fst (parts (combine x y) p)))).
  - rewrite <- (energy_perm _ _ (Permutation_map fst Pm)), map_app, energy_app.
    pose proof (energy_pos (map fst rest)) as P; clear - P; lia.
  - unfold parts; rewrite map_map, first_combined; cbn [fst].
    rewrite <- (map_map fst (part bits (exponent x + depth) p)), first_combined.
    apply part_of_doubles; [reflexivity|exact format_x|exact Hi|exact Hj]. }
assert (B : energy (map snd some) <= n * 2 ^ (2 * bits)).
{ apply (Z.le_trans _ (energy (map snd (parts (combine x y) p)))).
  - rewrite <- (energy_perm _ _ (Permutation_map snd Pm)), map_app, energy_app.
    pose proof (energy_pos (map snd rest)) as P; clear - P; lia.
  - unfold parts; rewrite map_map, first_combined, second_combined; cbn [snd].
    rewrite <- (map_map snd (part bits (exponent y + depth) p)), second_combined.
    apply part_of_doubles; [symmetry; exact lengths|exact format_y|exact Hi|exact Hj]. }
clear - D M A B; lia.
Qed.

(* The program's differences of totals: (i, j) less (i, i) less (j, j).          *)
Definition total (p : nat * nat) : Z := dot (parts (combine x y) p).
Definition mixed_total (p : nat * nat) : Z :=
  total p - total (fst p, fst p) - total (snd p, snd p).

Lemma total_small p : (fst p < s)%nat -> (snd p < s)%nat -> Z.abs (total p) <= 2 ^ 60.
Proof.
intros Hi Hj; apply (totals_in_range p (parts (combine x y) p) [] Hi Hj).
rewrite app_nil_r; apply Permutation_refl.
Qed.

Lemma product_small i j : (i < s)%nat -> (j < s)%nat ->
  4 * Z.abs (product_of bits (exponent x + depth) (exponent y + depth) (combine x y) i j) <= 2 ^ 60.
Proof.
intros Hi Hj; unfold product_of, dot_of.
set (f := slice bits (exponent x + depth) i); set (g := slice bits (exponent y + depth) j).
pose proof (dot_energies (map (fun p => (f (fst p), g (snd p))) (combine x y))) as D.
unfold dot in D; rewrite !map_map in D; cbn [fst snd] in D.
rewrite <- (map_map fst f), <- (map_map snd g), first_combined, second_combined in D.
pose proof (slice_of_doubles xs i eq_refl format_x Hi) as A; fold f in A.
pose proof (slice_of_doubles ys j (eq_sym lengths) format_y Hj) as B; fold g in B.
pose proof (most_fits n ltac:(clear - features; lia) ltac:(clear - features; lia)) as M.
clear - A B D M; lia.
Qed.

Theorem differences_in_range p : In p (mixed s) ->
  Z.abs (total p - total (fst p, fst p)) <= 2 ^ 61 /\ Z.abs (mixed_total p) <= 2 ^ 59.
Proof.
destruct p as [i j]; intros H; destruct (in_mixed s i j H) as [[Hij Hj] _].
assert (Hi : (i < s)%nat) by (clear - Hij Hj; lia).
pose proof (total_small (i, j) Hi Hj) as A; pose proof (total_small (i, i) Hi Hi) as B.
split; [cbn [fst snd]; clear - A B; lia|].
pose proof (product_small i j Hi Hj) as P; pose proof (product_small j i Hj Hi) as Q.
unfold mixed_total, total; cbn [fst snd]; pose proof (total_parts (combine x y)) as E.
cbv zeta in E; rewrite first_combined, second_combined in E; rewrite !E; unfold total_of.
rewrite !Nat.eqb_refl; replace (Nat.eqb i j) with false by (symmetry; apply Nat.eqb_neq; lia).
clear - P Q; lia.
Qed.

Lemma sum_small c l : 0 <= c -> (forall a, In a l -> Z.abs (mixed_total a) <= c) ->
  Z.abs (sum (map mixed_total l)) <= Z.of_nat (length l) * c.
Proof.
intros Hc; induction l as [|a l IH]; intros H; [simpl; lia|].
specialize (IH (fun b h => H b (or_intror h))); specialize (H a (or_introl eq_refl)).
cbn [map length]; change (sum (mixed_total a :: map mixed_total l))
  with (mixed_total a + sum (map mixed_total l)); lia.
Qed.

Lemma few_of_one_order d : (d <= 15)%nat ->
  (length (filter (fun p => Nat.eqb (fst p + snd p) d) (mixed s)) <= 8)%nat.
Proof.
intros Hd; apply Nat.leb_le.
assert (All : forallb (fun s => forallb (fun d => Nat.leb
  (length (filter (fun p => Nat.eqb (fst p + snd p) d) (mixed s))) 8) (seq 0 16)) (seq 1 16) = true)
  by (vm_compute; reflexivity).
rewrite forallb_forall in All; specialize (All s ltac:(apply in_seq; clear - slices; lia)).
rewrite forallb_forall in All; apply All, in_seq; clear - Hd; lia.
Qed.

(* A digit, while it is added up.                                                *)
Theorem digits_in_range d m : (d <= order s)%nat -> (d <= 15)%nat ->
  Z.abs ((if Nat.even d then total (Nat.div2 d, Nat.div2 d) else 0)
    + sum (map mixed_total (firstn m (filter (fun p => Nat.eqb (fst p + snd p) d) (mixed s)))))
  <= 5 * 2 ^ 60.
Proof.
intros Ho Hd; set (l := firstn m _).
assert (D : Z.abs (if Nat.even d then total (Nat.div2 d, Nat.div2 d) else 0) <= 2 ^ 60).
{ destruct (Nat.even d); [|clear; lia].
  pose proof (order_bound s (proj1 slices)) as O; pose proof (Nat.div2_odd d) as H.
  apply total_small; cbn [fst snd]; clear - Ho O H slices; lia. }
assert (L : Z.abs (sum (map mixed_total l)) <= Z.of_nat (length l) * 2 ^ 59).
{ apply sum_small; [clear; lia|]; intros a Ha.
  apply differences_in_range, (proj1 (filter_In (fun p => Nat.eqb (fst p + snd p) d) a (mixed s))).
  rewrite <- (firstn_skipn m); apply in_or_app; left; exact Ha. }
assert (Few : (length l <= 8)%nat).
{ unfold l; rewrite firstn_length; pose proof (few_of_one_order d Hd) as F; clear - F; lia. }
set (w := Z.of_nat (length l)) in *; assert (W : w <= 8) by (unfold w; clear - Few; lia).
clearbody w; clear - D L W; nia.
Qed.

(* And whatever the program has while it carries the digits.                     *)
Theorem carrying_in_range :
  Forall (fun v => Z.abs v < 2 ^ 63) (carrying bits 0 (digits s total)).
Proof.
pose proof (slice_bits_least n features) as B; pose proof (slice_bits_most n) as B'.
apply carries_in_range; [clear - B B'; lia|clear; lia|].
apply Forall_forall; intros v Hv; unfold digits in Hv; apply in_map_iff in Hv as [d [<- Hd]].
apply in_rev, in_seq in Hd; assert (Ho : (d <= order s)%nat) by (clear - Hd; lia).
assert (H15 : (order s <= 15)%nat)
  by (clear - slices; unfold order; destruct s as [|[|[|s']]]; lia).
pose proof (digits_in_range d (length (filter (fun p => Nat.eqb (fst p + snd p) d) (mixed s)))
  Ho ltac:(clear - Ho H15; lia)) as D.
rewrite firstn_all in D; exact D.
Qed.

End Totals.
