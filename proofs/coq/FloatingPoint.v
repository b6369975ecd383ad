(******************************************************************************)
(* Floating point: which steps survive rounding                               *)
(*                                                                            *)
(* What is proved, in Coq's own model of IEEE 754 binary64 (SpecFloat, with   *)
(* 53 bits of precision; rounding to nearest, ties to even; no primitive      *)
(* floats, hence nothing assumed):                                            *)
(*  - 255 - x is exact for all 256 pixel values x;                            *)
(*  - centring by the mean is *not* antisymmetric: with three training images *)
(*    whose pixel sums to 494 and x = 19, centring 255 - x by the rounded     *)
(*    mean of the negated images is not the negative of centring x; so a      *)
(*    z-score computed in binary64 is not invariant bit for bit;              *)
(*  - the same fails for N = 5, 7 and 10;                                     *)
(*  - the integer numerators N x - S and N sum(x^2) - S^2 of the exact scaler *)
(*    are negated and unchanged, and everything that leads to them lies       *)
(*    within the 64-bit signed range as soon as N^2 max(x)^2 < 2^63, for      *)
(*    8-bit images all N up to ten million;                                   *)
(*  - N x - S then lies below 2^53, and integers below 2^53 become binary64   *)
(*    numbers without rounding;                                               *)
(*  - so the z-score numerator / divisor changes its sign and no other bit    *)
(*    under x -> level - x (a zero stays the same zero).                      *)
(*                                                                            *)
(* Why one would believe it. 255 - x is a small integer. The mean 494/3 and   *)
(* the mean 271/3 of the negated pixel fall into different binades, so they   *)
(* are rounded at different places, and the difference of a large and a small *)
(* rounding error does not cancel. Integers have no rounding, and rounding to *)
(* nearest does not look at the sign.                                         *)
(*                                                                            *)
(* Definitions: precision, exponent_max, float_of_Z, fsub, fdiv, fopp,        *)
(*   pixel_values, float_eqb, integer_of_float, centred_float, antisymmetric, *)
(*   sum, count, square, negative, deviation_numerator, variance_numerator,   *)
(*   within, in_int64, exact_zscore.                                          *)
(******************************************************************************)

From Coq Require Import ZArith List Lia Floats.SpecFloat.
Import ListNotations.
Local Open Scope Z_scope.
Unset Lia Cache.
Unset Nia Cache.

Definition precision : Z := 53.
Definition exponent_max : Z := 1024.

(* The binary64 number nearest to an integer (exact below 2^53). *)
Definition float_of_Z (z : Z) : spec_float :=
  binary_normalize precision exponent_max z 0 false.

Definition fsub := SFsub precision exponent_max.
Definition fdiv := SFdiv precision exponent_max.
Definition fopp := SFopp.

Definition pixel_values : list Z := map Z.of_nat (seq 0 256).

(* Equality of representations, decided. *)
Definition float_eqb (a b : spec_float) : bool :=
  match a, b with
  | S754_zero s, S754_zero t => Bool.eqb s t
  | S754_infinity s, S754_infinity t => Bool.eqb s t
  | S754_nan, S754_nan => true
  | S754_finite s m e, S754_finite t m' e' =>
      Bool.eqb s t && Pos.eqb m m' && Z.eqb e e'
  | _, _ => false
  end.

Lemma float_eqb_correct a b : float_eqb a b = true -> a = b.
Proof.
destruct a as [s|s| |s m e]; destruct b as [t|t| |t m' e']; simpl;
  try discriminate; try reflexivity;
  rewrite ?Bool.andb_true_iff; intros Hab.
- apply Bool.eqb_prop in Hab; congruence.
- apply Bool.eqb_prop in Hab; congruence.
- destruct Hab as [[Hs Hm] He].
  apply Bool.eqb_prop in Hs; apply Pos.eqb_eq in Hm; apply Z.eqb_eq in He.
  congruence.
Qed.

Lemma pixel_values_complete x : 0 <= x <= 255 -> In x pixel_values.
Proof.
intros Hx; unfold pixel_values.
rewrite <- (Z2Nat.id x) by lia.
apply in_map, in_seq; lia.
Qed.

(* 255 - x, computed in binary64, is the integer 255 - x. *)
Theorem flip_exact x :
  0 <= x <= 255 -> fsub (float_of_Z 255) (float_of_Z x) = float_of_Z (255 - x).
Proof.
intros Hx; apply float_eqb_correct.
assert (H : forallb (fun x => float_eqb (fsub (float_of_Z 255) (float_of_Z x))
                                        (float_of_Z (255 - x))) pixel_values = true)
  by (vm_cast_no_check (eq_refl true)).
rewrite forallb_forall in H; apply H, pixel_values_complete, Hx.
Qed.

(* Pixels are exactly representable: their values can be read off again, so  *)
(* different pixels differ.                                                  *)
Definition integer_of_float (f : spec_float) : Z :=
  match f with
  | S754_finite false m e => Z.shiftr (Zpos m) (- e)
  | _ => 0
  end.

Theorem pixel_exact x : 0 <= x <= 255 -> integer_of_float (float_of_Z x) = x.
Proof.
intros Hx; apply Z.eqb_eq.
assert (H : forallb (fun x => Z.eqb (integer_of_float (float_of_Z x)) x) pixel_values = true)
  by (vm_cast_no_check (eq_refl true)).
rewrite forallb_forall in H; apply H, pixel_values_complete, Hx.
Qed.

Theorem pixel_injective x y :
  0 <= x <= 255 -> 0 <= y <= 255 -> float_of_Z x = float_of_Z y -> x = y.
Proof.
intros Hx Hy Hxy; rewrite <- (pixel_exact x Hx), <- (pixel_exact y Hy), Hxy; reflexivity.
Qed.

(* Centring pixel x by the mean S / N, in binary64. *)
Definition centred_float (N S x : Z) : spec_float :=
  fsub (float_of_Z x) (fdiv (float_of_Z S) (float_of_Z N)).

(* [antisymmetric N S x]: negating all images negates the centred pixel. *)
Definition antisymmetric (N S x : Z) : Prop :=
  centred_float N (255 * N - S) (255 - x) = fopp (centred_float N S x).

Theorem centring_not_antisymmetric_3 : ~ antisymmetric 3 494 19.
Proof. unfold antisymmetric; vm_compute; discriminate. Qed.

Theorem centring_not_antisymmetric_5 : ~ antisymmetric 5 978 254.
Proof. unfold antisymmetric; vm_compute; discriminate. Qed.

Theorem centring_not_antisymmetric_7 : ~ antisymmetric 7 1766 254.
Proof. unfold antisymmetric; vm_compute; discriminate. Qed.

Theorem centring_not_antisymmetric_10 : ~ antisymmetric 10 146 54.
Proof. unfold antisymmetric; vm_compute; discriminate. Qed.

(* The sum 494 is attained by three pixels, one of them x = 19 itself. *)
Theorem centring_counterexample_attained :
  exists a b c, 0 <= a <= 255 /\ 0 <= b <= 255 /\ 0 <= c <= 255 /\
    a = 19 /\ a + b + c = 494.
Proof. exists 19, 255, 220; lia. Qed.

(* ------------------------------------------------------------------------- *)
(* Integer numerators of the exact scaler                                    *)
(* ------------------------------------------------------------------------- *)

Definition sum (xs : list Z) : Z := fold_right Z.add 0 xs.
Definition count (xs : list Z) : Z := Z.of_nat (length xs).
Definition square (x : Z) : Z := x * x.
Definition negative (level x : Z) : Z := level - x.

(* N x - S, and N sum(x^2) - S^2, over the training values xs. *)
Definition deviation_numerator (xs : list Z) (x : Z) : Z := count xs * x - sum xs.
Definition variance_numerator (xs : list Z) : Z :=
  count xs * sum (map square xs) - square (sum xs).

Lemma count_negative level xs : count (map (negative level) xs) = count xs.
Proof. unfold count; rewrite map_length; reflexivity. Qed.

Lemma count_cons x xs : count (x :: xs) = 1 + count xs.
Proof. unfold count; simpl length; lia. Qed.

Lemma sum_negative level xs :
  sum (map (negative level) xs) = level * count xs - sum xs.
Proof.
induction xs as [|x xs IH]; [unfold count; simpl; lia|].
rewrite count_cons; simpl map; simpl sum; rewrite IH; unfold negative; lia.
Qed.

Lemma sum_square_negative level xs :
  sum (map square (map (negative level) xs))
  = level * level * count xs - 2 * level * sum xs + sum (map square xs).
Proof.
induction xs as [|x xs IH]; [unfold count; simpl; lia|].
rewrite count_cons; simpl map; simpl sum; rewrite IH; unfold negative, square; lia.
Qed.

Theorem deviation_numerator_negative level xs x :
  deviation_numerator (map (negative level) xs) (negative level x)
  = - deviation_numerator xs x.
Proof.
unfold deviation_numerator; rewrite count_negative, sum_negative.
unfold negative; lia.
Qed.

Theorem variance_numerator_negative level xs :
  variance_numerator (map (negative level) xs) = variance_numerator xs.
Proof.
unfold variance_numerator; rewrite count_negative, sum_negative, sum_square_negative.
unfold square; ring.
Qed.

(* --- 64-bit integers hold them ------------------------------------------- *)

Definition within (L x : Z) : Prop := - L <= x <= L.

Lemma sum_bounds L xs :
  Forall (within L) xs -> - (L * count xs) <= sum xs <= L * count xs.
Proof.
induction 1 as [|x xs Hx Hxs IH]; [unfold count; simpl; lia|].
unfold within in Hx; rewrite count_cons; simpl sum; lia.
Qed.

Lemma sum_square_bounds L xs :
  Forall (within L) xs -> 0 <= sum (map square xs) <= L * L * count xs.
Proof.
induction 1 as [|x xs Hx Hxs IH]; [unfold count; simpl; lia|].
assert (square x <= L * L) by (unfold within, square in *; nia).
assert (0 <= square x) by (unfold square; nia).
rewrite count_cons; simpl map; simpl sum; lia.
Qed.

Definition in_int64 (z : Z) : Prop := - 2 ^ 63 <= z < 2 ^ 63.

(* Training pixels of magnitude at most L, N of them with N^2 L^2 < 2^63: the *)
(* sum, the products, their difference fit in 64 bits.                       *)
Theorem variance_numerator_in_int64 L xs :
  0 <= L -> Forall (within L) xs -> square (count xs * L) < 2 ^ 63 ->
  in_int64 (sum xs) /\
  in_int64 (sum (map square xs)) /\
  in_int64 (count xs * sum (map square xs)) /\
  in_int64 (square (sum xs)) /\
  in_int64 (variance_numerator xs).
Proof.
intros HL Hxs HN.
pose proof (sum_bounds L xs Hxs) as HS.
pose proof (sum_square_bounds L xs Hxs) as HQ.
assert (HN0 : 0 <= count xs) by (unfold count; lia).
unfold variance_numerator.
set (n := count xs) in *; set (s := sum xs) in *.
set (q := sum (map square xs)) in *; clearbody n s q; clear Hxs xs.
unfold in_int64, square in *.
change (2 ^ 63) with 9223372036854775808 in *.
assert (Hnq0 : 0 <= n * q) by (apply Z.mul_nonneg_nonneg; lia).
assert (Hnq : n * q <= n * L * (n * L)).
{ replace (n * L * (n * L)) with (n * (L * L * n)) by ring.
  apply Z.mul_le_mono_nonneg_l; lia. }
assert (Hss0 : 0 <= s * s) by apply Z.square_nonneg.
assert (Hss : s * s <= n * L * (n * L)).
{ rewrite <- Z.abs_square, <- (Z.abs_square (n * L)).
  apply Z.square_le_mono_nonneg; lia. }
assert (Hq : q <= n * q \/ n = 0) by nia.
assert (Hs : - (s * s) <= s <= s * s) by nia.
destruct Hq as [Hq|Hq]; [|subst n]; lia.
Qed.

(* For 8-bit images: any N up to ten million. *)
Theorem exact_scaler_bound N : 0 <= N <= 10000000 -> square (N * 255) < 2 ^ 63.
Proof.
intros HN; change (2 ^ 63) with 9223372036854775808; unfold square.
pose proof (Z.square_le_mono_nonneg (N * 255) 2550000000); lia.
Qed.

(* Numerators of queries, which may be as large as 16 bits: below 2^53, hence *)
(* no overflow and no rounding.                                              *)
Theorem deviation_numerator_below_2_53 L xs x :
  1 <= L -> Forall (within L) xs -> square (count xs * L) < 2 ^ 63 ->
  within 65535 x -> Z.abs (deviation_numerator xs x) < 2 ^ 53.
Proof.
intros HL Hxs HN Hx; pose proof (sum_bounds L xs Hxs) as HS.
assert (HN0 : 0 <= count xs) by (unfold count; lia).
unfold deviation_numerator, within, square in *.
change (2 ^ 63) with 9223372036854775808 in *.
change (2 ^ 53) with 9007199254740992.
set (n := count xs) in *; set (s := sum xs) in *; clearbody n s; clear Hxs xs.
assert (HnL : n * L <= 3037000500).
{ destruct (Z.le_gt_cases (n * L) 3037000500) as [|Hgt]; [assumption|].
  pose proof (Z.square_le_mono_nonneg 3037000500 (n * L)); lia. }
assert (Hn : n <= n * L) by nia.
assert (Hnx : - (65535 * n) <= n * x <= 65535 * n) by nia.
lia.
Qed.

(* --- binary64 holds them ------------------------------------------------- *)

Lemma digits2_pos_lower p : 2 ^ (Zpos (digits2_pos p) - 1) <= Zpos p.
Proof.
induction p as [p IH|p IH|]; simpl digits2_pos; [| |simpl; lia];
  rewrite Pos2Z.inj_succ;
  replace (Z.succ _ - 1) with (Z.succ (Zpos (digits2_pos p) - 1)) by lia;
  rewrite Z.pow_succ_r by lia; lia.
Qed.

Lemma shift_pos_value d p : Zpos (shift_pos d p) = Zpos p * 2 ^ Zpos d.
Proof.
unfold shift_pos; induction d as [|d IH] using Pos.peano_ind; [simpl; lia|].
rewrite Pos.iter_succ, Pos2Z.inj_succ, Z.pow_succ_r by lia.
rewrite Pos2Z.inj_xO, IH; ring.
Qed.

Lemma digits2_pos_shift d p :
  Zpos (digits2_pos (shift_pos d p)) = Zpos (digits2_pos p) + Zpos d.
Proof.
unfold shift_pos; induction d as [|d IH] using Pos.peano_ind; [simpl; lia|].
rewrite Pos.iter_succ; simpl digits2_pos; rewrite !Pos2Z.inj_succ, IH; lia.
Qed.

(* A mantissa of 53 binary digits is not rounded. *)
Lemma binary_round_aux_exact s p e :
  Zpos (digits2_pos p) = 53 -> - 1000 <= e <= 0 ->
  binary_round_aux precision exponent_max s (Zpos p) e loc_Exact
  = S754_finite s p e.
Proof.
intros Hp He.
assert (Hfexp : fexp precision exponent_max (Zpos (digits2_pos p) + e) - e = 0).
{ rewrite Hp; unfold fexp, emin, precision, exponent_max; lia. }
unfold binary_round_aux, shr_fexp.
change (Zdigits2 (Zpos p)) with (Zpos (digits2_pos p)); rewrite Hfexp.
cbn [shr shr_record_of_loc loc_of_shr_record shr_m shr_r shr_s round_nearest_even].
change (Zdigits2 (Zpos p)) with (Zpos (digits2_pos p)); rewrite Hfexp.
cbn [shr shr_record_of_loc shr_m].
replace (Z.leb e (exponent_max - precision)) with true; [reflexivity|].
symmetry; apply Z.leb_le; unfold exponent_max, precision; lia.
Qed.

(* Integers below 2^53 become binary64 numbers m 2^e without rounding. *)
Theorem float_of_Z_exact z :
  z <> 0 -> Z.abs z < 2 ^ 53 ->
  exists m e, float_of_Z z = S754_finite (z <? 0) m e /\
              e <= 0 /\ Zpos m = Z.abs z * 2 ^ (- e).
Proof.
intros Hz0 Hz.
assert (Hround : forall s p, Zpos p < 2 ^ 53 ->
  exists m e, binary_round precision exponent_max s p 0 = S754_finite s m e /\
              e <= 0 /\ Zpos m = Zpos p * 2 ^ (- e)).
{ clear z Hz0 Hz; intros s p Hp.
  assert (Hd : Zpos (digits2_pos p) <= 53).
  { destruct (Z.le_gt_cases (Zpos (digits2_pos p)) 53) as [|Hgt]; [assumption|].
    pose proof (digits2_pos_lower p).
    pose proof (Z.pow_le_mono_r 2 53 (Zpos (digits2_pos p) - 1)); lia. }
  unfold binary_round, shl_align.
  replace (fexp precision exponent_max _ - 0) with (Zpos (digits2_pos p) - 53)
    by (unfold fexp, emin, precision, exponent_max; lia).
  destruct (Zpos (digits2_pos p) - 53) as [|d|d] eqn:Ed; [| lia |].
  - exists p, 0; rewrite binary_round_aux_exact by lia.
    repeat split; [lia | simpl; lia].
  - replace (fexp precision exponent_max _) with (Zneg d)
      by (unfold fexp, emin, precision, exponent_max; lia).
    exists (shift_pos d p), (Zneg d); rewrite binary_round_aux_exact.
    + repeat split; [lia | apply shift_pos_value].
    + rewrite digits2_pos_shift; lia.
    + pose proof (Pos2Z.is_pos (digits2_pos p)); lia. }
unfold float_of_Z, binary_normalize.
destruct z as [|p|p]; [contradiction | apply Hround, Hz | apply Hround, Hz].
Qed.

(* --- rounding does not look at the sign ---------------------------------- *)

Lemma binary_round_aux_opp s m e l :
  binary_round_aux precision exponent_max (negb s) m e l
  = fopp (binary_round_aux precision exponent_max s m e l).
Proof.
unfold binary_round_aux.
destruct (shr_fexp _ _ m e l) as [mrs e1].
destruct (shr_fexp _ _ _ e1 loc_Exact) as [mrs' e2].
destruct (shr_m mrs'); [reflexivity | destruct (Z.leb _ _); reflexivity | reflexivity].
Qed.

Theorem float_of_Z_opp z : z <> 0 -> float_of_Z (- z) = fopp (float_of_Z z).
Proof.
intros Hz; unfold float_of_Z, binary_normalize, binary_round.
destruct z as [|p|p]; [contradiction | |]; simpl Z.opp; cbv iota beta;
  destruct (shl_align p 0 _) as [m e].
- exact (binary_round_aux_opp false (Zpos m) e loc_Exact).
- exact (binary_round_aux_opp true (Zpos m) e loc_Exact).
Qed.

Theorem fdiv_opp a b : fdiv (fopp a) b = fopp (fdiv a b).
Proof.
destruct a as [s|s| |s m e]; destruct b as [t|t| |t m' e'];
  try reflexivity; try (destruct s, t; reflexivity).
unfold fdiv; simpl.
destruct (SFdiv_core_binary _ _ _ _ _ _) as [[q eq] l].
replace (xorb (negb s) t) with (negb (xorb s t)) by (destruct s, t; reflexivity).
apply binary_round_aux_opp.
Qed.

(* The exact scaler in binary64: numerator over a divisor that is computed, in *)
(* any way, from N and the variance numerator.                               *)
Definition exact_zscore (divisor : Z -> Z -> spec_float) (xs : list Z) (x : Z) :=
  fdiv (float_of_Z (deviation_numerator xs x))
       (divisor (count xs) (variance_numerator xs)).

(* Bit for bit: the sign flips and nothing else; +0 stays +0. *)
Theorem exact_zscore_antisymmetric divisor level xs x :
  exact_zscore divisor (map (negative level) xs) (negative level x)
  = if Z.eqb (deviation_numerator xs x) 0 then exact_zscore divisor xs x
    else fopp (exact_zscore divisor xs x).
Proof.
unfold exact_zscore.
rewrite deviation_numerator_negative, variance_numerator_negative, count_negative.
destruct (Z.eqb_spec (deviation_numerator xs x) 0) as [->|Hne]; [reflexivity|].
rewrite float_of_Z_opp by assumption; apply fdiv_opp.
Qed.
