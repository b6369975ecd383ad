(******************************************************************************)
(* The width "scale", as it is computed, does not depend on the encryption    *)
(*                                                                            *)
(* What is proved, in Coq's own model of binary64 (SpecFloat, nothing         *)
(* assumed), about scale_gamma of the package, one over the sum of the        *)
(* variances of the features: it meets the hypothesis on the parameter of a   *)
(* kernel in SameBits.v (scale_gamma_invariant).                              *)
(*  - Where all entries are integers up to 65,535 it is a function of the     *)
(*    number of rows and of an exact integer, and neither depends on order or *)
(*    sign of the features, nor does the choice of this way                   *)
(*    (integer_of_turned, inertia_invariant).                                 *)
(*  - Where not, mean and variance of a feature are sums over the rows, in    *)
(*    binary64, in the order of the rows; a feature with the other sign has   *)
(*    the mean with the other sign and the same variance, to the bit          *)
(*    (feature_variance_turned).                                              *)
(*                                                                            *)
(* What is assumed of Python, as a hypothesis: math.fsum, which rounds the    *)
(* exact sum once, does not depend on the order of the variances.             *)
(*                                                                            *)
(* Why one would believe it. Additions and subtractions of numbers with the   *)
(* other signs give the result with the other sign; only the sign of a zero   *)
(* may differ, and a square has none.                                         *)
(*                                                                            *)
(* Definitions: plus, times, float_count, feature_mean, feature_variance,     *)
(*   turned_feature, integer_of, small_integer, integer_or_0,                 *)
(*   feature_inertia, total_inertia, width.                                   *)
(******************************************************************************)

From Coq Require Import ZArith List Lia Permutation Floats.SpecFloat.
From EtC Require Import FloatingPoint IntegerZScore.
Import ListNotations.
Local Open Scope Z_scope.

Definition plus := SFadd precision exponent_max.
Definition times := SFmul precision exponent_max.

(* ------------------------------------------------------------------------- *)
(* Operations on numbers with the other sign                                 *)
(* ------------------------------------------------------------------------- *)

Lemma normalize_opp m e : m <> 0 ->
  binary_normalize precision exponent_max (- m) e false
  = fopp (binary_normalize precision exponent_max m e false).
Proof.
intros Hm; unfold binary_normalize, binary_round.
destruct m as [|p|p]; [contradiction| |]; simpl Z.opp; cbv iota beta;
  destruct (shl_align p e _) as [q e'].
- exact (binary_round_aux_opp false (Zpos q) e' loc_Exact).
- exact (binary_round_aux_opp true (Zpos q) e' loc_Exact).
Qed.

Lemma normalize_turned m e :
  turned true (binary_normalize precision exponent_max m e false)
              (binary_normalize precision exponent_max (- m) e false).
Proof.
destruct (Z.eq_dec m 0) as [->|Hm]; [right; split; reflexivity|left; apply normalize_opp, Hm].
Qed.

Lemma cond_Zopp_negb s m : cond_Zopp (negb s) m = - cond_Zopp s m.
Proof. destruct s; simpl; lia. Qed.

Ltac turned_cases :=
  try (left; reflexivity); try (right; split; reflexivity);
  repeat match goal with s : bool |- _ => destruct s end;
  try (left; reflexivity); try (right; split; reflexivity).

Lemma plus_finite_turned s m e t m' e' :
  turned true (plus (S754_finite s m e) (S754_finite t m' e'))
              (plus (S754_finite (negb s) m e) (S754_finite (negb t) m' e')).
Proof.
unfold plus, SFadd; cbv zeta; rewrite !cond_Zopp_negb, <- Z.opp_add_distr.
apply normalize_turned.
Qed.

Lemma minus_finite_turned s m e t m' e' :
  turned true (fsub (S754_finite s m e) (S754_finite t m' e'))
              (fsub (S754_finite (negb s) m e) (S754_finite (negb t) m' e')).
Proof.
unfold fsub, SFsub; cbv zeta; rewrite !cond_Zopp_negb.
match goal with |- turned true (_ _ _ (?x - ?y) _ _) _ =>
  replace (- x - - y) with (- (x - y)) by lia end.
apply normalize_turned.
Qed.

Lemma plus_turned a a' c c' :
  turned true a a' -> turned true c c' -> turned true (plus a c) (plus a' c').
Proof.
intros [->|[Za ->]] [->|[Zc ->]];
  destruct a as [s|s| |s m e], c as [t|t| |t m' e']; try discriminate;
  try apply plus_finite_turned; turned_cases.
Qed.

Lemma minus_turned a a' c c' :
  turned true a a' -> turned true c c' -> turned true (fsub a c) (fsub a' c').
Proof.
intros [->|[Za ->]] [->|[Zc ->]];
  destruct a as [s|s| |s m e], c as [t|t| |t m' e']; try discriminate;
  try apply minus_finite_turned; turned_cases.
Qed.

Lemma divided_turned a a' d : turned true a a' -> turned true (fdiv a d) (fdiv a' d).
Proof.
intros [->|[Za ->]]; [left; apply fdiv_opp|].
destruct a as [s|s| |s m e], d as [t|t| |t m' e']; try discriminate; turned_cases.
Qed.

Lemma square_turned a a' : turned true a a' -> times a' a' = times a a.
Proof.
intros [->|[Za ->]]; [|reflexivity].
destruct a as [s|s| |s m e]; try reflexivity; destruct s; reflexivity.
Qed.

(* ------------------------------------------------------------------------- *)
(* The variance of a feature, row by row                                     *)
(* ------------------------------------------------------------------------- *)

Definition float_count (xs : list spec_float) : spec_float := float_of_Z (Z.of_nat (length xs)).

Definition feature_mean (xs : list spec_float) : spec_float :=
  fdiv (fold_left plus xs (S754_zero false)) (float_count xs).

Definition feature_variance (xs : list spec_float) : spec_float :=
  let mean := feature_mean xs in
  let squares := map (fun x => times (fsub x mean) (fsub x mean)) xs in
  fdiv (fold_left plus squares (S754_zero false)) (float_count xs).

Definition turned_feature (xs ys : list spec_float) : Prop :=
  exists b, Forall2 (turned b) xs ys.

Lemma turned_false xs ys : Forall2 (turned false) xs ys -> ys = xs.
Proof.
induction 1 as [|x y xs ys [->|[_ ->]] _ IH]; [reflexivity|rewrite IH; reflexivity|].
rewrite IH; reflexivity.
Qed.

Lemma turned_length b xs ys : Forall2 (turned b) xs ys -> length xs = length ys.
Proof. induction 1 as [|x y xs ys _ _ IH]; simpl; congruence. Qed.

Lemma sum_turned xs ys : Forall2 (turned true) xs ys -> forall a b, turned true a b ->
  turned true (fold_left plus xs a) (fold_left plus ys b).
Proof.
induction 1 as [|x y xs ys Hxy _ IH]; intros a b Hab; simpl; [exact Hab|].
apply IH, plus_turned; assumption.
Qed.

Lemma mean_turned xs ys : Forall2 (turned true) xs ys ->
  turned true (feature_mean xs) (feature_mean ys).
Proof.
intros H; unfold feature_mean, float_count; rewrite (turned_length _ _ _ H).
apply divided_turned, sum_turned; [exact H|right; split; reflexivity].
Qed.

Theorem feature_variance_turned xs ys : turned_feature xs ys ->
  feature_variance ys = feature_variance xs.
Proof.
intros [b H]; destruct b; [|rewrite (turned_false xs ys H); reflexivity].
unfold feature_variance, float_count; rewrite (turned_length _ _ _ H).
pose proof (mean_turned xs ys H) as M.
set (m := feature_mean xs) in *; set (m' := feature_mean ys) in *; clearbody m m'.
f_equal; f_equal; induction H as [|x y xs ys Hxy _ IH]; simpl; [reflexivity|].
rewrite IH; f_equal; apply square_turned, minus_turned; assumption.
Qed.

(* What Python's float.hex prints for the same, with the 53 digits written out. *)
Example feature_variances :
  let z := map (feature_z_score [0; 10; 30]) [0; 13; 255] in
  feature_mean z = S754_finite false 0x185fcd3a0f66bb (2 - 52) /\
  feature_variance z = S754_finite false 0x16198231bcb563 (6 - 52) /\
  feature_variance (map fopp z) = feature_variance z.
Proof. vm_compute; repeat split; reflexivity. Qed.

(* ------------------------------------------------------------------------- *)
(* Integers                                                                  *)
(* ------------------------------------------------------------------------- *)

Definition integer_of (f : spec_float) : option Z :=
  match f with
  | S754_zero _ => Some 0
  | S754_finite s m e =>
      if 0 <=? e then Some (cond_Zopp s (Z.shiftl (Zpos m) e))
      else if Z.land (Zpos m) (Z.ones (- e)) =? 0
      then Some (cond_Zopp s (Z.shiftr (Zpos m) (- e))) else None
  | _ => None
  end.

Definition small_integer (f : spec_float) : bool :=
  match integer_of f with Some z => Z.abs z <=? 65535 | None => false end.

Definition integer_or_0 (f : spec_float) : Z :=
  match integer_of f with Some z => z | None => 0 end.

Lemma integer_of_turned v w : turned true v w -> integer_of w = option_map Z.opp (integer_of v).
Proof.
intros [->|[Z ->]]; destruct v as [s|s| |s m e]; try discriminate; try reflexivity; simpl.
destruct (0 <=? e); [simpl; rewrite cond_Zopp_negb; reflexivity|].
destruct (_ =? 0); [simpl; rewrite cond_Zopp_negb|]; reflexivity.
Qed.

Lemma small_integer_turned xs ys : turned_feature xs ys ->
  forallb small_integer ys = forallb small_integer xs.
Proof.
intros [b H]; destruct b; [|rewrite (turned_false xs ys H); reflexivity].
induction H as [|x y xs ys Hxy _ IH]; simpl; [reflexivity|]; rewrite IH; f_equal.
unfold small_integer; rewrite (integer_of_turned x y Hxy).
destruct (integer_of x); simpl; [rewrite Z.abs_opp|]; reflexivity.
Qed.

Definition feature_inertia (xs : list spec_float) : Z := variance_numerator (map integer_or_0 xs).

Lemma feature_inertia_turned xs ys : turned_feature xs ys ->
  feature_inertia ys = feature_inertia xs.
Proof.
intros [b H]; destruct b; [|rewrite (turned_false xs ys H); reflexivity].
unfold feature_inertia; rewrite <- (variance_numerator_negative 0 (map integer_or_0 xs)).
f_equal; induction H as [|x y xs ys Hxy _ IH]; simpl; [reflexivity|]; rewrite IH; f_equal.
unfold integer_or_0, negative; rewrite (integer_of_turned x y Hxy).
destruct (integer_of x); simpl; lia.
Qed.

(* ------------------------------------------------------------------------- *)
(* The width                                                                 *)
(* ------------------------------------------------------------------------- *)

Section Width.

Variable A : Type.
Variable ratio : Z -> Z -> A.  (* of two integers: m^2 / inertia, one for 0 / 0 *)
Variable inverse : spec_float -> A.  (* 1 / variance, one for variance 0 *)
Variable fsum : list spec_float -> spec_float.
Hypothesis fsum_order : forall xs ys, Permutation xs ys -> fsum xs = fsum ys.

Definition total_inertia (columns : list (list spec_float)) : Z :=
  fold_right Z.add 0 (map feature_inertia columns).

Definition width (rows : Z) (columns : list (list spec_float)) : A :=
  if forallb (forallb small_integer) columns then ratio (rows * rows) (total_inertia columns)
  else inverse (fsum (map feature_variance columns)).

Lemma total_perm xs ys : Permutation xs ys -> fold_right Z.add 0 xs = fold_right Z.add 0 ys.
Proof. induction 1; simpl; lia. Qed.

Lemma forallb_perm {B} (g : B -> bool) xs ys : Permutation xs ys -> forallb g xs = forallb g ys.
Proof.
induction 1 as [|x xs ys _ IH|x y xs|xs ys zs _ IH1 _ IH2]; simpl; [reflexivity| | |congruence].
- rewrite IH; reflexivity.
- destruct (g x), (g y); reflexivity.
Qed.

Lemma map_turned {B} (g : list spec_float -> B) cs ds :
  (forall xs ys, turned_feature xs ys -> g ys = g xs) ->
  Forall2 turned_feature cs ds -> map g ds = map g cs.
Proof.
intros H; induction 1 as [|c d cs ds Hcd _ IH]; simpl; [reflexivity|].
rewrite IH, (H c d Hcd); reflexivity.
Qed.

Theorem inertia_invariant cs ds : Forall2 turned_feature cs ds ->
  total_inertia ds = total_inertia cs.
Proof.
intros H; unfold total_inertia; rewrite (map_turned feature_inertia cs ds); auto.
exact feature_inertia_turned.
Qed.

Theorem width_order rows cs ds : Permutation cs ds -> width rows cs = width rows ds.
Proof.
intros P; unfold width, total_inertia; rewrite (forallb_perm _ cs ds P).
rewrite (total_perm _ _ (Permutation_map feature_inertia P)).
rewrite (fsum_order _ _ (Permutation_map feature_variance P)); reflexivity.
Qed.

Theorem width_turned rows cs ds : Forall2 turned_feature cs ds -> width rows cs = width rows ds.
Proof.
intros H; unfold width; rewrite (inertia_invariant cs ds H).
rewrite (map_turned feature_variance cs ds feature_variance_turned H).
replace (forallb (forallb small_integer) ds) with (forallb (forallb small_integer) cs);
  [reflexivity|].
induction H as [|c d cs ds Hcd _ IH]; simpl; [reflexivity|].
rewrite IH, (small_integer_turned c d Hcd); reflexivity.
Qed.

End Width.
