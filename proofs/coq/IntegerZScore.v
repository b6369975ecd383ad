(******************************************************************************)
(* The integer z-score of one feature: negation is a sign, to the bit         *)
(*                                                                            *)
(* What is proved, in Coq's own model of binary64 (SpecFloat, nothing         *)
(* assumed), about the scaler as it is computed: N x - S divided by the       *)
(* correctly rounded root of N sum(x^2) - S^2, or by N where that is 0:       *)
(*  - for features of magnitude below 2^31 and up to 2^31 rows the numerators *)
(*    fit in 64 bits, and so do the three sums by which the variance is       *)
(*    computed where it does not (deviation_numerator_in_int64,               *)
(*    wide_squares_exact, wide_squares_in_int64);                             *)
(*  - where 2 N L < 2^53, numerators become doubles without rounding; where   *)
(*    not, rounding is the same for both signs;                               *)
(*  - the double is a function of these integers, odd in the numerator        *)
(*    (feature_z_score_of_integers, quotient_odd); so where a feature x is    *)
(*    replaced by c - x or by x + c in all images, with any c, its z-scores   *)
(*    are negated or unchanged, no other bit differs, and the zero of a pixel *)
(*    that is its mean stays +0 (feature_z_score_moved);                      *)
(*  - the same holds for x - 127.5 under x -> 255 - x, where nothing is       *)
(*    rounded (mid_grey_exact, mid_grey_moved).                               *)
(* What Coq computes for some roots and z-scores is what the Python prints,   *)
(* in hexadecimal. SameBits.v goes on from one feature to data sets.          *)
(*                                                                            *)
(* What it does not say: that the root beyond 2^53 is correctly rounded       *)
(* (nothing here depends on it).                                              *)
(*                                                                            *)
(* Why one would believe it. The integers are negated and unchanged. The      *)
(* double is a function of these integers that never looks at the sign of     *)
(* the numerator but to copy it: division and rounding to nearest, ties to    *)
(* even, are symmetric.                                                       *)
(*                                                                            *)
(* Definitions: moved, high, low, products, computed_root, scaler_divisor,    *)
(*   feature_z_score, is_zero, turned, white, mid_grey.                       *)
(******************************************************************************)

From Coq Require Import ZArith List Lia Permutation Floats.SpecFloat.
From EtC Require Import FloatingPoint FloatCentring.
Import ListNotations.
Local Open Scope Z_scope.
Unset Lia Cache.
Unset Nia Cache.

(* ------------------------------------------------------------------------- *)
(* The integers                                                              *)
(* ------------------------------------------------------------------------- *)

(* A feature in the encrypted images: c - x or x + c. *)
Definition moved (b : bool) (c x : Z) : Z := if b then c - x else x + c.

Lemma count_map (g : Z -> Z) xs : count (map g xs) = count xs.
Proof. unfold count; rewrite map_length; reflexivity. Qed.

Lemma sum_plus c xs : sum (map (moved false c) xs) = sum xs + c * count xs.
Proof.
induction xs as [|x xs IH]; [unfold count; simpl; lia|].
rewrite count_cons; simpl map; simpl sum; rewrite IH; unfold moved; lia.
Qed.

Lemma sum_square_plus c xs :
  sum (map square (map (moved false c) xs))
  = sum (map square xs) + 2 * c * sum xs + c * c * count xs.
Proof.
induction xs as [|x xs IH]; [unfold count; simpl; lia|].
rewrite count_cons; simpl map; simpl sum; rewrite IH; unfold moved, square; lia.
Qed.

Theorem deviation_numerator_moved b c xs x :
  deviation_numerator (map (moved b c) xs) (moved b c x)
  = if b then - deviation_numerator xs x else deviation_numerator xs x.
Proof.
destruct b; [apply (deviation_numerator_negative c)|].
unfold deviation_numerator; rewrite count_map, sum_plus; unfold moved; lia.
Qed.

Theorem variance_numerator_moved b c xs :
  variance_numerator (map (moved b c) xs) = variance_numerator xs.
Proof.
destruct b; [apply (variance_numerator_negative c)|].
unfold variance_numerator; rewrite count_map, sum_plus, sum_square_plus; unfold square; ring.
Qed.

(* The numerators in 64-bit integers. *)
Theorem deviation_numerator_in_int64 xs x :
  Forall (within (2 ^ 31 - 1)) xs -> within (2 ^ 31 - 1) x -> count xs <= 2 ^ 31 ->
  in_int64 (sum xs) /\ in_int64 (count xs * x) /\ in_int64 (deviation_numerator xs x).
Proof.
intros Hxs Hx HN; pose proof (sum_bounds _ xs Hxs) as HS.
assert (HN0 : 0 <= count xs) by (unfold count; lia).
unfold in_int64, within, deviation_numerator in *.
change (2 ^ 63) with 9223372036854775808; change (2 ^ 31) with 2147483648 in *.
repeat split; nia.
Qed.

Theorem deviation_numerator_exact L xs x :
  0 <= L -> Forall (within L) xs -> within L x -> 2 * (count xs * L) < 2 ^ 53 ->
  small (deviation_numerator xs x).
Proof.
intros HL Hxs Hx HN; pose proof (sum_bounds _ xs Hxs) as HS.
assert (HN0 : 0 <= count xs) by (unfold count; lia).
unfold small, within, deviation_numerator in *; change (2 ^ 53) with 9007199254740992 in *; nia.
Qed.

(* Sums of squares by halves of 16 bits: x = 2^16 h + l. *)
Definition high (x : Z) : Z := x / 2 ^ 16.
Definition low (x : Z) : Z := x mod 2 ^ 16.
Definition products (f g : Z -> Z) (xs : list Z) : Z := sum (map (fun x => f x * g x) xs).

Theorem wide_squares_exact xs :
  products high high xs * 2 ^ 32 + products high low xs * 2 ^ 17 + products low low xs
  = sum (map square xs).
Proof.
unfold products; induction xs as [|x xs IH]; [reflexivity|].
simpl map; simpl sum; rewrite <- IH; unfold square.
pose proof (Z.div_mod x (2 ^ 16) ltac:(lia)) as D; fold (high x) (low x) in D.
assert (X : x * x = (2 ^ 16 * high x + low x) * (2 ^ 16 * high x + low x))
  by (rewrite <- D; reflexivity).
rewrite X; change (2 ^ 32) with (2 ^ 16 * 2 ^ 16); change (2 ^ 17) with (2 * 2 ^ 16); ring.
Qed.

Lemma products_bounds f g xs :
  Forall (fun x => Z.abs (f x) <= 2 ^ 16 /\ Z.abs (g x) <= 2 ^ 16) xs -> count xs < 2 ^ 31 ->
  in_int64 (products f g xs).
Proof.
intros H HN.
assert (B : Z.abs (products f g xs) <= 2 ^ 32 * count xs).
{ unfold products; clear HN; induction H as [|x xs [Hf Hg] Hxs IH]; [reflexivity|].
  rewrite count_cons; simpl map; simpl sum.
  assert (Z.abs (f x * g x) <= 2 ^ 16 * 2 ^ 16)
    by (rewrite Z.abs_mul; apply Z.mul_le_mono_nonneg; lia).
  change (2 ^ 16 * 2 ^ 16) with (2 ^ 32) in *; lia. }
unfold in_int64; change (2 ^ 63) with (2 ^ 32 * 2 ^ 31); lia.
Qed.

Theorem wide_squares_in_int64 xs :
  Forall (within (2 ^ 31 - 1)) xs -> count xs < 2 ^ 31 ->
  in_int64 (products high high xs) /\ in_int64 (products high low xs) /\
  in_int64 (products low low xs).
Proof.
intros H HN.
assert (B : forall x, within (2 ^ 31 - 1) x -> Z.abs (high x) <= 2 ^ 16 /\ Z.abs (low x) <= 2 ^ 16).
{ intros x Hx; unfold within, high, low in *.
  pose proof (Z.div_mod x (2 ^ 16) ltac:(lia)); pose proof (Z.mod_pos_bound x (2 ^ 16) ltac:(lia)).
  lia. }
repeat split; apply products_bounds; try exact HN; (eapply Forall_impl; [|exact H]);
  intros x Hx; destruct (B x Hx); auto.
Qed.

(* ------------------------------------------------------------------------- *)
(* The double                                                                *)
(* ------------------------------------------------------------------------- *)

(* The root as it is computed: in binary64 up to 2^53; beyond, of the integer *)
(* 2^64 V, with a last bit that says whether there is a remainder.           *)
Definition computed_root (V : Z) : spec_float :=
  if V <=? 2 ^ 53 then SFsqrt precision exponent_max (float_of_Z V)
  else let n := V * 2 ^ 64 in let root := Z.sqrt n in
       let sticky := 2 * root + (if root * root =? n then 0 else 1) in
       SFldexp precision exponent_max (float_of_Z sticky) (- 33).

Definition scaler_divisor (N V : Z) : spec_float :=
  if 0 <? V then computed_root V else float_of_Z N.

(* The z-score of x with the training values xs of its feature. *)
Definition feature_z_score (xs : list Z) (x : Z) : spec_float :=
  exact_zscore scaler_divisor xs x.

(* It is a function of three integers. *)
Theorem feature_z_score_of_integers xs x :
  feature_z_score xs x = fdiv (float_of_Z (deviation_numerator xs x))
                              (scaler_divisor (count xs) (variance_numerator xs)).
Proof. reflexivity. Qed.

(* Odd in the numerator, whatever the divisor. *)
Theorem quotient_odd n d : n <> 0 -> fdiv (float_of_Z (- n)) d = fopp (fdiv (float_of_Z n) d).
Proof. intros Hn; rewrite float_of_Z_opp by assumption; apply fdiv_opp. Qed.

Theorem feature_z_score_moved b c xs x :
  feature_z_score (map (moved b c) xs) (moved b c x)
  = if (b && negb (deviation_numerator xs x =? 0))%bool then fopp (feature_z_score xs x)
    else feature_z_score xs x.
Proof.
rewrite !feature_z_score_of_integers.
rewrite deviation_numerator_moved, variance_numerator_moved, count_map.
destruct b; [|reflexivity]; simpl andb.
destruct (Z.eqb_spec (deviation_numerator xs x) 0) as [->|N]; [reflexivity|].
apply quotient_odd, N.
Qed.

(* A feature turned by the sign b: negated, except that a zero may stay. *)
Definition is_zero (v : spec_float) : bool := match v with S754_zero _ => true | _ => false end.

Definition turned (b : bool) (v w : spec_float) : Prop :=
  w = (if b then fopp v else v) \/ (is_zero v = true /\ w = v).

Lemma zero_over d :
  fdiv (S754_zero false) d = S754_nan \/ is_zero (fdiv (S754_zero false) d) = true.
Proof. destruct d; [left|right|left|right]; reflexivity. Qed.

Theorem feature_z_score_turned b c xs x :
  turned b (feature_z_score xs x) (feature_z_score (map (moved b c) xs) (moved b c x)).
Proof.
rewrite feature_z_score_moved; destruct b; [|left; reflexivity].
destruct (Z.eqb_spec (deviation_numerator xs x) 0) as [E|N]; [|left; reflexivity]; simpl.
rewrite feature_z_score_of_integers, E; change (float_of_Z 0) with (S754_zero false).
destruct (zero_over (scaler_divisor (count xs) (variance_numerator xs))) as [-> | Z];
  [left; reflexivity|right; split; [exact Z|reflexivity]].
Qed.

Definition white : Z := 255.

(* Centring at mid-grey, 255 / 2: nothing is rounded, nothing becomes zero. *)
Definition mid_grey (x : Z) : spec_float := fsub (float_of_Z x) (dyadic white 1).

Theorem mid_grey_exact x : 0 <= x <= white -> mid_grey x = dyadic (2 * x - 255) 1.
Proof.
intros Hx; unfold mid_grey, white in *; change float_of_Z with (fun z => dyadic z 0); cbv beta.
rewrite (subtract_exact x 255 1) by (unfold small; lia); f_equal; lia.
Qed.

Theorem mid_grey_moved b x : 0 <= x <= white ->
  mid_grey (moved b (if b then white else 0) x) = if b then fopp (mid_grey x) else mid_grey x.
Proof.
unfold white; intros Hx; destruct b; unfold moved; [|rewrite Z.add_0_r; reflexivity].
rewrite !mid_grey_exact by (unfold white; lia).
rewrite <- dyadic_opp by (unfold small; lia); f_equal; lia.
Qed.

(* What Python's float.hex prints for the same, with the 53 digits written out. *)
Example computed_roots :
  map computed_root [494; 2 ^ 53 + 1; 2 ^ 62 + 2 ^ 10; 10 ^ 30 + 7; 3 * 2 ^ 100]
  = [S754_finite false 0x1639e2653e421b (4 - 52); S754_finite false 0x16a09e667f3bcd (26 - 52);
     S754_finite false 0x10000000000000 (31 - 52); S754_finite false 0x1c6bf526340000 (49 - 52);
     S754_finite false 0x1bb67ae8584caa (50 - 52)].
Proof. vm_compute; reflexivity. Qed.

Example feature_z_scores :
  map (feature_z_score [0; 10; 30]) [0; 13; 255]
  = [S754_finite true 0x111acee560242a (0 - 52); S754_finite true 0x1b5e17d566a042 (- 6 - 52);
     S754_finite false 0x13605e5fd6e8f7 (4 - 52)] /\
  map (feature_z_score [7; 7]) [7; 8; 255]
  = [S754_zero false; S754_finite false 0x10000000000000 (0 - 52);
     S754_finite false 0x1f000000000000 (7 - 52)].
Proof. vm_compute; split; reflexivity. Qed.
