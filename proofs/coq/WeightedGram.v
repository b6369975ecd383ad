(******************************************************************************)
(* standardized_gram: z-scored inner products of pixels, from integer weights *)
(*                                                                            *)
(* The integers that the Python package's standardized_gram and               *)
(* standardized_squared_distances round to a double, written down in Coq's    *)
(* integers: for each feature its training pixels and the pixels of two rows. *)
(*                                                                            *)
(* What is proved:                                                            *)
(*  - permuting the features, and replacing any of them by c - x or x + c in  *)
(*    the training images and both rows, with any c, changes neither these    *)
(*    integers nor the power of two that they are in units of: gram_moved,    *)
(*    distance_moved, exponent_moved; so it changes no bit of what they are   *)
(*    rounded to;                                                             *)
(*  - pixels may be centred by any integers, and weights cut into digits:     *)
(*    gram_centred, distance_centred, digits_of_weights;                      *)
(*  - the products of a digit of the weights are added without rounding, in   *)
(*    any order, with any parentheses, fused or not, where the product of the *)
(*    two rows' energies, sums of digit times u^2, is below 2^106:            *)
(*    weighted_exact;                                                         *)
(*  - each weight is within 2^-(bits + 1) of the quotient that it stands for, *)
(*    relative to it (weight_error), and the whole within the same share of   *)
(*    the product of magnitudes: gram_error. The quotients are written with a *)
(*    common denominator P, any common multiple of the divisors.              *)
(*                                                                            *)
(* Why one would believe it. The numerators N x - S are integers that negate, *)
(* the divisors N Q - S^2 integers that stay. What is done to these before    *)
(* the end is the arithmetic of integers, as long as no sum of doubles leaves *)
(* 2^53: by Cauchy and Schwarz, with the digits as weights, none does.        *)
(*                                                                            *)
(* What it does not say: that the integer is rounded to the nearest double    *)
(* (compared with rational arithmetic), and that sums in 64 bits do not wrap  *)
(* (the program carries them before).                                         *)
(*                                                                            *)
(* Definitions: feature, divisor, weight, largest_divisor, weight_exponent,   *)
(*   gram_term, distance_term, gram_integer, distance_integer, moved_feature, *)
(*   same_features, centred, sum_of, centred_feature, moment, weight_digits,  *)
(*   standing_for, magnitudes, calm, weighted, left_energy, right_energy.     *)
(******************************************************************************)

From Coq Require Import ZArith List Lia Permutation Floats.SpecFloat.
From EtC Require Import FloatingPoint ExactSums ExactGram FloatCentring IntegerZScore.
Import ListNotations.
Local Open Scope Z_scope.
Unset Lia Cache.
Unset Nia Cache.

(* --- the function ------------------------------------------------------------ *)

Record feature := Feature { training : list Z; left : Z; right : Z }.

(* The square of what a numerator is divided by: N^2 where all pixels are equal.   *)
Definition divisor (xs : list Z) : Z :=
  let V := variance_numerator xs in if V =? 0 then count xs * count xs else V.

(* 2^p / V, rounded to the nearest integer.                                        *)
Definition weight (p V : Z) : Z := (2 * 2 ^ p + V) / (2 * V).

Definition largest_divisor (fs : list feature) : Z :=
  fold_right (fun f m => Z.max (divisor (training f)) m) 0 fs.

Definition weight_exponent (bits : Z) (fs : list feature) : Z :=
  bits + bit_length (largest_divisor fs).

Definition gram_term (p : Z) (f : feature) : Z :=
  weight p (divisor (training f))
  * (deviation_numerator (training f) (left f) * deviation_numerator (training f) (right f)).

Definition distance_term (p : Z) (f : feature) : Z :=
  weight p (divisor (training f))
  * square (deviation_numerator (training f) (left f) - deviation_numerator (training f) (right f)).

Definition gram_integer (p : Z) (fs : list feature) : Z := sum (map (gram_term p) fs).
Definition distance_integer (p : Z) (fs : list feature) : Z := sum (map (distance_term p) fs).

(* --- no key changes it ------------------------------------------------------- *)

Definition moved_feature (b : bool) (c : Z) (f : feature) : feature :=
  Feature (map (moved b c) (training f)) (moved b c (left f)) (moved b c (right f)).

(* The same features in another order, some of them negated or shifted.           *)
Definition same_features (fs fs' : list feature) : Prop :=
  exists gs, Forall2 (fun f g => exists b c, g = moved_feature b c f) fs gs /\ Permutation gs fs'.

Lemma divisor_moved b c xs : divisor (map (moved b c) xs) = divisor xs.
Proof. unfold divisor; rewrite variance_numerator_moved, count_map; reflexivity. Qed.

Lemma gram_term_moved p b c f : gram_term p (moved_feature b c f) = gram_term p f.
Proof.
unfold gram_term; simpl; rewrite divisor_moved, !deviation_numerator_moved.
destruct b; [rewrite Z.mul_opp_opp|]; reflexivity.
Qed.

Lemma distance_term_moved p b c f : distance_term p (moved_feature b c f) = distance_term p f.
Proof.
unfold distance_term; simpl; rewrite divisor_moved, !deviation_numerator_moved.
destruct b; [f_equal; unfold square; ring|reflexivity].
Qed.

Lemma map_same {A} (h : feature -> A) fs fs' : (forall b c f, h (moved_feature b c f) = h f) ->
  same_features fs fs' -> Permutation (map h fs) (map h fs').
Proof.
intros E [gs [F P]]; transitivity (map h gs); [|apply Permutation_map, P].
replace (map h gs) with (map h fs); [reflexivity|]; clear P.
induction F as [|f g fs gs [b [c ->]] _ IH]; simpl; [reflexivity|]; rewrite E, IH; reflexivity.
Qed.

Theorem gram_moved p fs fs' : same_features fs fs' -> gram_integer p fs = gram_integer p fs'.
Proof. intros S; apply sum_perm, map_same, S; intros; apply gram_term_moved. Qed.

Theorem distance_moved p fs fs' : same_features fs fs' ->
  distance_integer p fs = distance_integer p fs'.
Proof. intros S; apply sum_perm, map_same, S; intros; apply distance_term_moved. Qed.

Lemma fold_max_perm l l' : Permutation l l' -> fold_right Z.max 0 l = fold_right Z.max 0 l'.
Proof. induction 1; simpl; lia. Qed.

Theorem exponent_moved bits fs fs' : same_features fs fs' ->
  weight_exponent bits fs = weight_exponent bits fs'.
Proof.
intros S; unfold weight_exponent; do 2 f_equal.
assert (E : forall l, largest_divisor l
  = fold_right Z.max 0 (map (fun f => divisor (training f)) l)).
{ intros l; unfold largest_divisor; induction l as [|f l IH]; simpl; [|rewrite IH]; reflexivity. }
rewrite !E; apply fold_max_perm, map_same, S; intros; apply divisor_moved.
Qed.

(* --- centred pixels ----------------------------------------------------------- *)

(* A weight, what pixels are centred by, and what is left: the mean's numerator.    *)
Record centred := Centred { by_weight : Z; offset : Z; u : Z; v : Z }.

Definition sum_of (h : centred -> Z) (cs : list centred) : Z := sum (map h cs).

Definition centred_feature (p : Z) (centre : feature -> Z) (f : feature) : centred :=
  Centred (weight p (divisor (training f)))
    (count (training f) * centre f - sum (training f)) (left f - centre f) (right f - centre f).

Definition moment (side : centred -> Z) (c : centred) : Z := by_weight c * offset c * side c.

Theorem gram_centred p N centre fs : (forall f, In f fs -> count (training f) = N) ->
  let cs := map (centred_feature p centre) fs in
  gram_integer p fs
  = N * N * sum_of (fun c => by_weight c * (u c * v c)) cs
    + N * sum_of (moment u) cs + N * sum_of (moment v) cs
    + sum_of (fun c => by_weight c * square (offset c)) cs.
Proof.
intros C cs; unfold cs; clear cs; induction fs as [|f fs IH];
  [unfold gram_integer, sum_of; simpl; ring|].
unfold gram_integer in *; cbn [map sum fold_right]; fold (sum (map (gram_term p) fs)).
rewrite IH by (intros g G; apply C; right; exact G).
assert (E : forall h, sum_of h (map (centred_feature p centre) (f :: fs))
  = h (centred_feature p centre f) + sum_of h (map (centred_feature p centre) fs)) by reflexivity.
rewrite !E; unfold moment, gram_term, deviation_numerator, centred_feature.
cbn [by_weight offset u v].
rewrite (C f (or_introl eq_refl)); unfold square; ring.
Qed.

(* Of a distance the centres have no part, and it is made of energies and a product. *)
Theorem distance_centred p N centre fs : (forall f, In f fs -> count (training f) = N) ->
  let cs := map (centred_feature p centre) fs in
  distance_integer p fs
  = N * N * (sum_of (fun c => by_weight c * square (u c)) cs
             + sum_of (fun c => by_weight c * square (v c)) cs
             - 2 * sum_of (fun c => by_weight c * (u c * v c)) cs).
Proof.
intros C cs; unfold cs; clear cs; induction fs as [|f fs IH];
  [unfold distance_integer, sum_of; simpl; ring|].
unfold distance_integer in *; cbn [map sum fold_right]; fold (sum (map (distance_term p) fs)).
rewrite IH by (intros g G; apply C; right; exact G).
assert (E : forall h, sum_of h (map (centred_feature p centre) (f :: fs))
  = h (centred_feature p centre f) + sum_of h (map (centred_feature p centre) fs)) by reflexivity.
rewrite !E; unfold distance_term, deviation_numerator, centred_feature; cbn [by_weight offset u v].
rewrite (C f (or_introl eq_refl)); unfold square; ring.
Qed.

(* --- digits of the weights ------------------------------------------------------ *)

(* The lowest digits first; the last takes all that is left.                         *)
Fixpoint weight_digits (bits : Z) (more : nat) (w : Z) : list Z :=
  match more with
  | O => [w]
  | S more => w mod 2 ^ bits :: weight_digits bits more (w / 2 ^ bits)
  end.

(* The number that digits stand for.                                                 *)
Fixpoint standing_for (bits : Z) (ds : list Z) : Z :=
  match ds with [] => 0 | d :: more => d + 2 ^ bits * standing_for bits more end.

Theorem digits_of_weights bits more : 0 <= bits -> forall w,
  standing_for bits (weight_digits bits more w) = w.
Proof.
intros Hb; induction more as [|more IH]; intros w; cbn [weight_digits standing_for]; [ring|].
rewrite IH; pose proof (Z.div_mod w (2 ^ bits) ltac:(apply Z.pow_nonzero; lia)); lia.
Qed.

Theorem digits_not_negative bits more : 0 <= bits -> forall w, 0 <= w ->
  Forall (fun d => 0 <= d) (weight_digits bits more w).
Proof.
intros Hb; assert (0 < 2 ^ bits) by (apply Z.pow_pos_nonneg; lia).
induction more as [|more IH]; intros w Hw; constructor; try constructor.
- exact Hw.
- apply Z.mod_pos_bound; assumption.
- apply IH, Z.div_pos; assumption.
Qed.

(* --- weighted products are added exactly ------------------------------------------ *)

Definition magnitudes (ps : list (Z * Z)) : Z := sum (map (fun p => Z.abs (fst p * snd p)) ps).

(* Operands that are doubles, and products whose magnitudes add up to a double.       *)
Definition calm (ps : list (Z * Z)) : Prop :=
  Forall (fun p => Z.abs (fst p) < 2 ^ 53 /\ Z.abs (snd p) < 2 ^ 53) ps /\ magnitudes ps < 2 ^ 53.

Lemma magnitudes_app a b : magnitudes (a ++ b) = magnitudes a + magnitudes b.
Proof. unfold magnitudes; rewrite map_app; apply sum_app. Qed.

Lemma magnitudes_pos ps : 0 <= magnitudes ps.
Proof.
unfold magnitudes, sum; induction ps as [|p ps IH]; cbn [map fold_right]; [lia|].
pose proof (Z.abs_nonneg (fst p * snd p)); lia.
Qed.

Lemma dot_magnitudes ps : Z.abs (dot ps) <= magnitudes ps.
Proof.
unfold dot, magnitudes, sum; induction ps as [|p ps IH]; cbn [map fold_right]; [lia|].
pose proof (Z.abs_triangle (fst p * snd p) (fold_right Z.add 0 (map (fun p => fst p * snd p) ps))).
lia.
Qed.

Lemma calm_dot ps : calm ps -> Z.abs (dot ps) < 2 ^ 53.
Proof. intros [_ M]; pose proof (dot_magnitudes ps); lia. Qed.

Lemma calm_app a b : calm (a ++ b) -> calm a /\ calm b.
Proof.
unfold calm; rewrite Forall_app, magnitudes_app; intros [[A B] M].
pose proof (magnitudes_pos a); pose proof (magnitudes_pos b); repeat split; try assumption; lia.
Qed.

Lemma calm_one a b : calm [(a, b)] ->
  Z.abs a < 2 ^ 53 /\ Z.abs b < 2 ^ 53 /\ Z.abs (a * b) < 2 ^ 53.
Proof.
intros C; pose proof (calm_dot _ C) as D; destruct C as [F _]; inversion F as [|? ? [A B]]; subst.
unfold dot in D; simpl in D; rewrite Z.add_0_r in D; repeat split; assumption.
Qed.

Theorem calm_exact w : calm (pairs w) -> represents (computed 0 0 w) (dot (pairs w)) 0.
Proof.
assert (G : in_range 0) by (unfold in_range; lia).
induction w as [|a b|l IHl r IHr|a b w IH]; intros C; simpl computed.
- left; split; [reflexivity|exists false; reflexivity].
- pose proof (calm_one a b C) as [A [B AB]].
  replace (dot (pairs (Product a b))) with (a * b) by (unfold dot; simpl; lia).
  apply (mul_exact a b 0 0); try assumption; apply float_at_represents.
- simpl pairs in *; pose proof (calm_dot _ C) as D; rewrite dot_app in *.
  destruct (calm_app _ _ C) as [L R].
  apply add_exact; try assumption; try (apply calm_dot; assumption);
    [apply IHl, L|apply IHr, R].
- simpl pairs in *; pose proof (calm_dot _ C) as D.
  change ((a, b) :: pairs w) with ([(a, b)] ++ pairs w) in *.
  rewrite dot_app in *; destruct (calm_app _ _ C) as [C1 Cw].
  pose proof (calm_one a b C1) as [A [B AB]].
  replace (dot [(a, b)]) with (a * b) in * by (unfold dot; simpl; lia).
  apply (fma_exact a b (dot (pairs w)) 0 0); try assumption; try apply float_at_represents;
    [apply calm_dot, Cw|apply IH, Cw].
Qed.

(* A digit of a weight and two centred pixels.                                        *)
Definition weighted (t : Z * (Z * Z)) : Z * Z := (fst t * fst (snd t), snd (snd t)).
Definition left_energy (ts : list (Z * (Z * Z))) : Z :=
  sum (map (fun t => fst t * square (fst (snd t))) ts).
Definition right_energy (ts : list (Z * (Z * Z))) : Z :=
  sum (map (fun t => fst t * square (snd (snd t))) ts).

Lemma weighted_cauchy_schwarz ts : Forall (fun t => 0 <= fst t) ts ->
  magnitudes (map weighted ts) * magnitudes (map weighted ts) <= left_energy ts * right_energy ts
  /\ 0 <= left_energy ts /\ 0 <= right_energy ts.
Proof.
unfold magnitudes, left_energy, right_energy, sum.
induction 1 as [|[d [a b]] ts Hd _ [IH [HA HB]]];
  cbn [map fold_right fst snd weighted] in *; [lia|].
set (D := fold_right Z.add 0 (map (fun p => Z.abs (fst p * snd p)) (map weighted ts))) in *.
set (A := fold_right Z.add 0 (map (fun t => fst t * square (fst (snd t))) ts)) in *.
set (E := fold_right Z.add 0 (map (fun t => fst t * square (snd (snd t))) ts)) in *.
assert (HD : 0 <= D) by apply (magnitudes_pos (map weighted ts)).
unfold square in *; replace (Z.abs (d * a * b)) with (d * (Z.abs a * Z.abs b))
  by (rewrite !Z.abs_mul, (Z.abs_eq d) by exact Hd; ring).
replace (a * a) with (Z.abs a * Z.abs a) by apply Z.abs_square.
replace (b * b) with (Z.abs b * Z.abs b) by apply Z.abs_square.
pose proof (Z.abs_nonneg a) as Pa; pose proof (Z.abs_nonneg b) as Pb.
set (x := Z.abs a) in *; set (y := Z.abs b) in *; clearbody x y D A E.
assert (XX : 0 <= x * x) by (apply Z.mul_nonneg_nonneg; assumption).
assert (YY : 0 <= y * y) by (apply Z.mul_nonneg_nonneg; assumption).
assert (XE : 0 <= x * x * E) by (apply Z.mul_nonneg_nonneg; assumption).
assert (YA : 0 <= y * y * A) by (apply Z.mul_nonneg_nonneg; assumption).
assert (H : 2 * (x * y) * D <= x * x * E + y * y * A).
{ apply Z.square_le_simpl_nonneg; [lia|].
  replace (2 * (x * y) * D * (2 * (x * y) * D)) with (4 * (x * x * (y * y)) * (D * D)) by ring.
  apply (Z.le_trans _ (4 * (x * x * (y * y)) * (A * E))).
  { apply Z.mul_le_mono_nonneg_l; [|exact IH].
    apply Z.mul_nonneg_nonneg; [lia|apply Z.mul_nonneg_nonneg; assumption]. }
  replace ((x * x * E + y * y * A) * (x * x * E + y * y * A))
    with ((x * x * E - y * y * A) * (x * x * E - y * y * A) + 4 * (x * x * (y * y)) * (A * E))
    by ring.
  pose proof (Z.square_nonneg (x * x * E - y * y * A)); lia. }
assert (H' : d * (2 * (x * y) * D) <= d * (x * x * E + y * y * A))
  by (apply Z.mul_le_mono_nonneg_l; assumption).
assert (0 <= d * (x * x)) by (apply Z.mul_nonneg_nonneg; assumption).
assert (0 <= d * (y * y)) by (apply Z.mul_nonneg_nonneg; assumption).
repeat split; [|lia|lia].
replace ((d * (x * y) + D) * (d * (x * y) + D))
  with (d * d * (x * x * (y * y)) + d * (2 * (x * y) * D) + D * D) by ring.
replace ((d * (x * x) + A) * (d * (y * y) + E))
  with (d * d * (x * x * (y * y)) + d * (x * x * E + y * y * A) + A * E) by ring.
lia.
Qed.

(* Whatever a BLAS does that adds products.                                           *)
Theorem weighted_exact ts w : Forall (fun t => 0 <= fst t) ts ->
  Forall (fun p => Z.abs (fst p) < 2 ^ 53 /\ Z.abs (snd p) < 2 ^ 53) (map weighted ts) ->
  left_energy ts * right_energy ts < 2 ^ 53 * 2 ^ 53 ->
  Permutation (pairs w) (map weighted ts) ->
  whole (computed 0 0 w) = sum (map (fun t => fst t * (fst (snd t) * snd (snd t))) ts).
Proof.
intros N F E P; destruct (weighted_cauchy_schwarz ts N) as [CS _].
pose proof (magnitudes_pos (map weighted ts)).
assert (M : magnitudes (map weighted ts) < 2 ^ 53).
{ apply Z.square_lt_simpl_nonneg; [lia|]; apply (Z.le_lt_trans _ _ _ CS E). }
assert (C : calm (pairs w)).
{ split; [eapply Permutation_Forall; [apply Permutation_sym, P|exact F]|].
  unfold magnitudes in *; rewrite (sum_perm _ _ (Permutation_map _ P)); exact M. }
rewrite (whole_exact _ (dot (pairs w)) (calm_dot _ C) (calm_exact w C)), (dot_perm _ _ P).
unfold dot; rewrite map_map; f_equal; apply map_ext; intros [d [a b]]; simpl; ring.
Qed.

(* --- how far the weights are from the quotients -------------------------------------- *)

Lemma bit_length_above z : 0 < z -> z < 2 ^ bit_length z.
Proof.
intros H; unfold bit_length; destruct (Z.eqb_spec z 0); [lia|].
pose proof (Z.log2_spec z H); replace (Z.log2 z + 1) with (Z.succ (Z.log2 z)) by lia; lia.
Qed.

Lemma weight_nearest p V : 0 <= p -> 0 < V -> 2 * Z.abs (weight p V * V - 2 ^ p) <= V.
Proof.
intros Hp HV; unfold weight.
pose proof (Z.div_mod (2 * 2 ^ p + V) (2 * V) ltac:(lia)).
pose proof (Z.mod_pos_bound (2 * 2 ^ p + V) (2 * V) ltac:(lia)).
set (q := (2 * 2 ^ p + V) / (2 * V)) in *; nia.
Qed.

Theorem weight_error bits p V : 0 <= bits -> 0 <= p -> 0 < V -> 2 ^ bits * V <= 2 ^ p ->
  2 ^ (bits + 1) * Z.abs (weight p V * V - 2 ^ p) <= 2 ^ p.
Proof.
intros Hb Hp HV L; pose proof (weight_nearest p V Hp HV).
rewrite Z.pow_add_r, Z.pow_1_r by lia; assert (0 < 2 ^ bits) by (apply Z.pow_pos_nonneg; lia); nia.
Qed.

Theorem exponent_enough bits fs f : 0 <= bits -> In f fs -> 0 < divisor (training f) ->
  2 ^ bits * divisor (training f) <= 2 ^ weight_exponent bits fs.
Proof.
intros Hb Hf HV.
assert (L : divisor (training f) <= largest_divisor fs).
{ clear HV; unfold largest_divisor; induction fs as [|g fs IH]; [contradiction|].
  destruct Hf as [->|Hf]; simpl; [|specialize (IH Hf)]; lia. }
pose proof (bit_length_above (largest_divisor fs) ltac:(lia)) as B.
assert (0 <= bit_length (largest_divisor fs)).
{ unfold bit_length; destruct (Z.eqb_spec (largest_divisor fs) 0); [lia|].
  pose proof (Z.log2_nonneg (largest_divisor fs)); lia. }
unfold weight_exponent; rewrite Z.pow_add_r by lia; apply Z.mul_le_mono_nonneg_l; [|lia].
apply Z.pow_nonneg; lia.
Qed.

(* P / V is `share f`: the quotients, and with them the z-scored inner product, have the *)
(* common denominator P.                                                                 *)
Theorem gram_error bits P (share : feature -> Z) fs : 0 <= bits -> 0 <= P ->
  (forall f, In f fs -> 0 < divisor (training f) /\ divisor (training f) * share f = P) ->
  let p := weight_exponent bits fs in
  let product f :=
    deviation_numerator (training f) (left f) * deviation_numerator (training f) (right f) in
  2 ^ (bits + 1)
    * Z.abs (P * gram_integer p fs - 2 ^ p * sum (map (fun f => share f * product f) fs))
  <= 2 ^ p * sum (map (fun f => share f * Z.abs (product f)) fs).
Proof.
intros Hb HP S p product.
assert (Hp : 0 <= p).
{ unfold p, weight_exponent, bit_length; destruct (Z.eqb_spec (largest_divisor fs) 0); [lia|].
  pose proof (Z.log2_nonneg (largest_divisor fs)); lia. }
assert (B : forall f, In f fs -> 2 ^ bits * divisor (training f) <= 2 ^ p)
  by (intros f Hf; apply exponent_enough; [lia|exact Hf|apply S, Hf]).
clearbody p; assert (H2 : 0 < 2 ^ (bits + 1)) by (apply Z.pow_pos_nonneg; lia).
revert S B; induction fs as [|f fs IH]; intros S B; [unfold gram_integer; simpl; lia|].
specialize (IH (fun g G => S g (or_intror G)) (fun g G => B g (or_intror G))).
destruct (S f (or_introl eq_refl)) as [HV E].
pose proof (weight_error bits p _ Hb Hp HV (B f (or_introl eq_refl))) as W.
unfold gram_integer in *; cbn [map sum fold_right].
fold (sum (map (gram_term p) fs)) (sum (map (fun f => share f * product f) fs))
  (sum (map (fun f => share f * Z.abs (product f)) fs)).
set (G := sum (map (gram_term p) fs)) in *.
set (T := sum (map (fun f => share f * product f) fs)) in *.
set (M := sum (map (fun f => share f * Z.abs (product f)) fs)) in *.
assert (share_pos : 0 <= share f) by nia.
replace (P * (gram_term p f + G) - 2 ^ p * (share f * product f + T))
  with ((P * G - 2 ^ p * T)
        + share f * product f * (weight p (divisor (training f)) * divisor (training f) - 2 ^ p))
  by (unfold gram_term; fold (product f); rewrite <- E; ring).
set (e := weight p _ * _ - 2 ^ p) in *.
assert (Y : 2 ^ (bits + 1) * Z.abs (share f * product f * e)
            <= 2 ^ p * (share f * Z.abs (product f))).
{ rewrite !Z.abs_mul, (Z.abs_eq (share f)) by exact share_pos.
  pose proof (Z.abs_nonneg (product f)).
  replace (2 ^ (bits + 1) * (share f * Z.abs (product f) * Z.abs e))
    with (share f * Z.abs (product f) * (2 ^ (bits + 1) * Z.abs e)) by ring.
  replace (2 ^ p * (share f * Z.abs (product f)))
    with (share f * Z.abs (product f) * 2 ^ p) by ring.
  apply Z.mul_le_mono_nonneg_l; [nia|exact W]. }
apply (Z.le_trans _ (2 ^ (bits + 1)
  * (Z.abs (P * G - 2 ^ p * T) + Z.abs (share f * product f * e)))).
- apply Z.mul_le_mono_nonneg_l; [lia|apply Z.abs_triangle].
- rewrite !Z.mul_add_distr_l, (Z.add_comm (2 ^ p * _)); apply Z.add_le_mono; assumption.
Qed.
