(******************************************************************************)
(* Centring by the mean in floating point: exactly the powers of two          *)
(*                                                                            *)
(* What is proved, in Coq's own model of binary64 (SpecFloat, nothing         *)
(* assumed), for 8-bit pixels; S is the sum of the N training pixels:         *)
(*  - for N = 2^k, k = 0 to 45, nothing is rounded: the computed x - S / N is *)
(*    the double (2^k x - S) / 2^k, whose mantissa is that integer            *)
(*    (centring_exact), for every S and x of less than 53 bits of which       *)
(*    2^k x - S has less than 53 as well, so for 16-bit pixels up to k = 37;  *)
(*  - hence x -> 255 - x changes its sign and no other bit, but that a zero   *)
(*    stays the same zero (centring_negates);                                 *)
(*  - for every other N up to 2^45 it fails, with one and the same            *)
(*    counterexample: one pixel is 1, all others are 0, and x = 0             *)
(*    (centring_negates_iff);                                                 *)
(*  - the same counterexample, evaluated, refutes it for N = 2^k from k = 46  *)
(*    to 64, where the double 255 - 1 / N is 255 (centring_large_powers).     *)
(*                                                                            *)
(* Why one would believe it. Dividing by 2^k moves the exponent only, and the *)
(* difference of two multiples of 2^-k below 256 is one, of 8 + k bits. If N  *)
(* is no power of two then 1 / N has infinitely many binary digits, of which  *)
(* the plain side keeps 53; the negated side computes 255 - (255 - 1 / N),    *)
(* where the inner difference is rounded to a multiple of 2^-45: a multiple   *)
(* of 2^-45 that is within 2^-53 / N of 1 / N would be 1 / N.                 *)
(*                                                                            *)
(* The bound 2^45 is not that of the statement, but of what integers can be   *)
(* read off exactly: 255 N is less than 2^53.                                 *)
(*                                                                            *)
(* Definitions: digits, dyadic, exact_record, small, form, negates,           *)
(*   second_half, no_power_of_two.                                            *)
(******************************************************************************)

From Coq Require Import ZArith List Lia Bool Floats.SpecFloat.
From EtC Require Import FloatingPoint.
Import ListNotations.
Local Open Scope Z_scope.
Unset Lia Cache.
Unset Nia Cache.

Definition digits (p : positive) : Z := Zpos (digits2_pos p).

(* The double z / 2^k. *)
Definition dyadic (z k : Z) : spec_float :=
  binary_normalize precision exponent_max z (- k) false.

(* --- digits --------------------------------------------------------------- *)

Lemma digits_lower p : 2 ^ (digits p - 1) <= Zpos p.
Proof. apply digits2_pos_lower. Qed.

Lemma digits_upper p : Zpos p < 2 ^ digits p.
Proof.
unfold digits; induction p as [p IH|p IH|]; simpl digits2_pos; [| |simpl; lia];
  rewrite Pos2Z.inj_succ, Z.pow_succ_r by lia; lia.
Qed.

Lemma digits_unique p d : 2 ^ (d - 1) <= Zpos p < 2 ^ d -> digits p = d.
Proof.
intros [L U]; pose proof (digits_lower p) as L'; pose proof (digits_upper p) as U'.
destruct (Z.lt_trichotomy (digits p) d) as [H|[H|H]]; [exfalso|assumption|exfalso].
- pose proof (Z.pow_le_mono_r 2 (digits p) (d - 1)); lia.
- pose proof (Z.pow_le_mono_r 2 d (digits p - 1)); lia.
Qed.

Lemma digits_53 p : digits p = 53 <-> 2 ^ 52 <= Zpos p < 2 ^ 53.
Proof.
split; [intros H|apply (digits_unique p 53)].
pose proof (digits_lower p) as L; pose proof (digits_upper p) as U.
rewrite H in L, U; exact (conj L U).
Qed.

Lemma digits_scaled p q j : 0 <= j -> Zpos p = Zpos q * 2 ^ j -> digits p = digits q + j.
Proof.
intros Hj E; unfold digits; destruct j as [|j|j]; [| |lia].
- rewrite Z.mul_1_r in E; injection E as ->; lia.
- rewrite <- shift_pos_value in E; injection E as ->; apply digits2_pos_shift.
Qed.

Lemma digits_at_most_53 p : Zpos p < 2 ^ 53 -> 1 <= digits p <= 53.
Proof.
intros Hp; split; [unfold digits; lia|].
pose proof (digits_lower p) as L.
destruct (Z.le_gt_cases (digits p) 53) as [|G]; [assumption|].
pose proof (Z.pow_le_mono_r 2 53 (digits p - 1)); lia.
Qed.

Lemma fexp_normal d : - 1021 <= d -> fexp precision exponent_max d = d - 53.
Proof. unfold fexp, emin, precision, exponent_max; lia. Qed.

(* --- rounding what needs no rounding ---------------------------------------- *)

Definition exact_record (m : Z) : shr_record :=
  {| shr_m := m; shr_r := false; shr_s := false |}.

Lemma shift_out_zero q : 0 < q -> shr_1 (exact_record (q * 2)) = exact_record q.
Proof. destruct q as [|q|q]; try lia; intros _; rewrite Z.mul_comm; reflexivity. Qed.

Lemma shift_out_zeros n : forall q, 0 < q ->
  iter_pos shr_1 n (exact_record (q * 2 ^ Zpos n)) = exact_record q.
Proof.
assert (scaled : forall q n, 0 < q -> 0 < q * 2 ^ Zpos n)
  by (intros; apply Z.mul_pos_pos; [assumption|apply Z.pow_pos_nonneg; lia]).
induction n as [n IH|n IH|]; intros q Hq; cbn [iter_pos].
- replace (q * 2 ^ Zpos n~1) with (q * 2 ^ Zpos n * 2 ^ Zpos n * 2).
  2: { replace (Zpos n~1) with (Zpos n + Zpos n + 1) by lia.
       rewrite !Z.pow_add_r, Z.pow_1_r by lia; ring. }
  rewrite shift_out_zero, IH by auto; apply IH, Hq.
- replace (q * 2 ^ Zpos n~0) with (q * 2 ^ Zpos n * 2 ^ Zpos n).
  2: { replace (Zpos n~0) with (Zpos n + Zpos n) by lia.
       rewrite Z.pow_add_r by lia; ring. }
  rewrite IH by auto; apply IH, Hq.
- rewrite Z.pow_1_r; apply shift_out_zero, Hq.
Qed.

Lemma shr_fexp_exact p q e j :
  0 <= j -> Zpos p = Zpos q * 2 ^ j -> digits q = 53 -> - 1000 <= e ->
  shr_fexp precision exponent_max (Zpos p) e loc_Exact = (exact_record (Zpos q), e + j).
Proof.
intros Hj E Hq He; pose proof (digits_scaled p q j Hj E) as D; unfold shr_fexp.
change (Zdigits2 (Zpos p)) with (digits p); rewrite D, Hq, fexp_normal by lia.
replace (53 + j + e - 53 - e) with j by lia.
change (shr_record_of_loc (Zpos p) loc_Exact) with (exact_record (Zpos p)).
destruct j as [|j|j]; [|clear Hj|lia].
- rewrite Z.mul_1_r in E; rewrite E, Z.add_0_r; reflexivity.
- unfold shr; rewrite E, (shift_out_zeros j (Zpos q)) by lia; reflexivity.
Qed.

Lemma round_aux_exact s p q e j :
  0 <= j -> Zpos p = Zpos q * 2 ^ j -> digits q = 53 -> - 1000 <= e -> e + j <= 900 ->
  binary_round_aux precision exponent_max s (Zpos p) e loc_Exact = S754_finite s q (e + j).
Proof.
intros Hj E Hq He Hr; unfold binary_round_aux.
rewrite (shr_fexp_exact p q e j Hj E Hq He); cbv iota beta zeta.
cbn [exact_record shr_m shr_r shr_s loc_of_shr_record round_nearest_even].
rewrite (shr_fexp_exact q q (e + j) 0) by lia; rewrite Z.add_0_r.
cbn [exact_record shr_m]; replace (e + j <=? exponent_max - precision) with true; [reflexivity|].
symmetry; apply Z.leb_le; unfold exponent_max, precision; lia.
Qed.

(* r 2^t, written as p 2^e in any way, is one double: the one with 53 digits. *)
Lemma round_form s p r e t :
  Zpos r < 2 ^ 53 -> - 400 <= e <= t -> t <= 0 -> Zpos p = Zpos r * 2 ^ (t - e) ->
  exists q, digits q = 53 /\ Zpos q = Zpos r * 2 ^ (53 - digits r) /\
    binary_round precision exponent_max s p e = S754_finite s q (digits r + t - 53).
Proof.
intros Hr He Ht E; pose proof (digits_at_most_53 r Hr) as Dr.
pose proof (digits_scaled p r (t - e) ltac:(lia) E) as Dp.
set (d := digits r) in *.
assert (Q : exists q, Zpos q = Zpos r * 2 ^ (53 - d)).
{ pose proof (Z.pow_pos_nonneg 2 (53 - d) ltac:(lia) ltac:(lia)).
  exists (Z.to_pos (Zpos r * 2 ^ (53 - d))); apply Z2Pos.id; nia. }
destruct Q as [q Q]; exists q.
pose proof (digits_scaled q r (53 - d) ltac:(lia) Q) as Dq; fold d in Dq.
assert (Dq' : digits q = 53) by lia.
split; [exact Dq'|split; [exact Q|]].
unfold binary_round, shl_align; change (Zpos (digits2_pos p)) with (digits p).
rewrite Dp, fexp_normal by lia; replace (d + (t - e) + e - 53) with (d + t - 53) by lia.
destruct (d + t - 53 - e) as [|j|j] eqn:J.
- rewrite (round_aux_exact s p q e 0); [f_equal; lia|lia| |exact Dq'|lia|lia].
  rewrite E, Q; replace (53 - d) with (t - e) by lia; lia.
- rewrite (round_aux_exact s p q e (Zpos j)); [f_equal; lia|lia| |exact Dq'|lia|lia].
  rewrite E, Q, <- Z.mul_assoc, <- Z.pow_add_r by lia; f_equal; f_equal; lia.
- assert (S : Zpos (shift_pos j p) = Zpos q).
  { rewrite shift_pos_value, E, Q, <- Z.mul_assoc, <- Z.pow_add_r by lia; f_equal; f_equal; lia. }
  rewrite S, (round_aux_exact s q q (d + t - 53) 0) by lia; f_equal; lia.
Qed.

(* --- the doubles z / 2^k ----------------------------------------------------- *)

Definition small (z : Z) : Prop := Z.abs z < 2 ^ 53.

(* What z / 2^k looks like: its mantissa is the integer z, shifted. *)
Definition form (z k : Z) (m : positive) (e : Z) : Prop :=
  digits m = 53 /\ - 52 - k <= e <= - k /\ Zpos m = Z.abs z * 2 ^ (- k - e).

Lemma dyadic_form z k : z <> 0 -> small z -> 0 <= k <= 60 ->
  exists m e, dyadic z k = S754_finite (z <? 0) m e /\ form z k m e.
Proof.
intros Hz Hb Hk; unfold dyadic, binary_normalize, form, small in *.
destruct z as [|r|r]; [lia| |]; simpl Z.abs in *; pose proof (digits_at_most_53 r Hb).
- destruct (round_form false r r (- k) (- k)) as [q [D [Q ->]]]; try lia.
  { replace (- k - - k) with 0 by lia; lia. }
  exists q, (digits r + - k - 53); repeat split; try lia; rewrite Q; f_equal; f_equal; lia.
- destruct (round_form true r r (- k) (- k)) as [q [D [Q ->]]]; try lia.
  { replace (- k - - k) with 0 by lia; lia. }
  exists q, (digits r + - k - 53); repeat split; try lia; rewrite Q; f_equal; f_equal; lia.
Qed.

Lemma form_unique z k m e m' e' : z <> 0 -> form z k m e -> form z k m' e' -> m = m' /\ e = e'.
Proof.
intros Hz [D [E M]] [D' [E' M']].
assert (forall m m' e e', digits m = 53 -> digits m' = 53 -> e < e' <= - k ->
  Zpos m = Z.abs z * 2 ^ (- k - e) -> Zpos m' = Z.abs z * 2 ^ (- k - e') -> False) as W.
{ clear; intros m m' e e' D D' H M M'.
  replace (- k - e) with (- k - e' + (e' - e)) in M by lia.
  rewrite Z.pow_add_r, Z.mul_assoc, <- M' in M by lia.
  pose proof (digits_scaled m m' (e' - e) ltac:(lia) M); lia. }
assert (e = e') as <-.
{ destruct (Z.lt_trichotomy e e') as [H|[H|H]]; [exfalso|assumption|exfalso].
  - apply (W m m' e e'); lia.
  - apply (W m' m e' e); lia. }
split; [|reflexivity]; rewrite <- M' in M; injection M as ->; reflexivity.
Qed.

Lemma form_dyadic z k m e s : z <> 0 -> small z -> 0 <= k <= 60 -> form z k m e ->
  s = (z <? 0) -> S754_finite s m e = dyadic z k.
Proof.
intros Hz Hb Hk F ->; destruct (dyadic_form z k Hz Hb Hk) as [m' [e' [-> F']]].
destruct (form_unique z k m e m' e' Hz F F') as [-> ->]; reflexivity.
Qed.

Lemma dyadic_normalize z k e : small z -> 0 <= k <= 60 -> - 400 <= e <= - k ->
  binary_normalize precision exponent_max (z * 2 ^ (- k - e)) e false = dyadic z k.
Proof.
intros Hb Hk He; pose proof (Z.pow_pos_nonneg 2 (- k - e) ltac:(lia) ltac:(lia)) as P.
destruct (Z.eq_dec z 0) as [->|Hz]; [reflexivity|].
unfold dyadic, binary_normalize, small in *; destruct z as [|r|r]; [lia| |]; simpl Z.abs in *.
- destruct (Zpos r * 2 ^ (- k - e)) as [|p|p] eqn:E; [nia| |nia].
  destruct (round_form false p r e (- k)) as [q [_ [Q ->]]]; [lia|lia|lia|lia|].
  destruct (round_form false r r (- k) (- k)) as [q' [_ [Q' ->]]]; try lia.
  { replace (- k - - k) with 0 by lia; lia. }
  rewrite <- Q' in Q; injection Q as ->; reflexivity.
- destruct (Zneg r * 2 ^ (- k - e)) as [|p|p] eqn:E; [nia|nia|].
  destruct (round_form true p r e (- k)) as [q [_ [Q ->]]]; [lia|lia|lia|lia|].
  destruct (round_form true r r (- k) (- k)) as [q' [_ [Q' ->]]]; try lia.
  { replace (- k - - k) with 0 by lia; lia. }
  rewrite <- Q' in Q; injection Q as ->; reflexivity.
Qed.

Lemma dyadic_opp z k : z <> 0 -> small z -> 0 <= k <= 60 -> dyadic (- z) k = fopp (dyadic z k).
Proof.
intros Hz Hb Hk; destruct (dyadic_form z k Hz Hb Hk) as [m [e [-> F]]]; simpl fopp.
symmetry; apply form_dyadic; unfold small in *; try lia.
unfold form in *; rewrite Z.abs_opp; exact F.
Qed.

(* --- division ---------------------------------------------------------------- *)

Lemma divide_mantissas m e m' e' : digits m = 53 -> digits m' = 53 -> - 900 <= e - e' <= 900 ->
  SFdiv_core_binary precision exponent_max (Zpos m) e (Zpos m') e'
  = (Zpos m * 2 ^ 53 / Zpos m', e - e' - 53,
     new_location (Zpos m') (Zpos m * 2 ^ 53 mod Zpos m')).
Proof.
intros D D' He; unfold SFdiv_core_binary; cbv zeta.
change (Zdigits2 (Zpos m)) with (digits m); change (Zdigits2 (Zpos m')) with (digits m').
rewrite D, D', fexp_normal by lia.
replace (Z.min (53 + e - (53 + e') - 53) (e - e')) with (e - e' - 53) by lia.
replace (e - e' - (e - e' - 53)) with 53 by lia; rewrite Z.shiftl_mul_pow2 by lia.
unfold Z.div, Z.modulo; destruct (Z.div_eucl _ _); reflexivity.
Qed.

Lemma new_location_exact n : new_location n 0 = loc_Exact.
Proof. unfold new_location; destruct (Z.even n); reflexivity. Qed.

Lemma power_form k m e : 0 <= k <= 52 -> form (2 ^ k) 0 m e -> Zpos m = 2 ^ 52 /\ e = k - 52.
Proof.
intros Hk [D [E M]].
pose proof (Z.pow_pos_nonneg 2 k ltac:(lia) ltac:(lia)).
rewrite Z.abs_eq, <- Z.pow_add_r in M by lia.
rewrite digits_53, M in D; destruct D as [L U].
apply Z.pow_le_mono_r_iff in L; [|lia|lia]; apply Z.pow_lt_mono_r_iff in U; [|lia|lia].
assert (e = k - 52) as -> by lia; split; [|reflexivity].
rewrite M; f_equal; lia.
Qed.

Lemma small_power k : 0 <= k <= 52 -> small (2 ^ k).
Proof.
intros Hk; unfold small; rewrite Z.abs_eq by (apply Z.pow_nonneg; lia).
apply Z.pow_lt_mono_r; lia.
Qed.

(* The mean of 2^k pixels is exact. *)
Theorem mean_exact k S : 0 <= k <= 52 -> small S ->
  fdiv (float_of_Z S) (float_of_Z (2 ^ k)) = dyadic S k.
Proof.
intros Hk HS; change float_of_Z with (fun z => dyadic z 0); cbv beta.
pose proof (Z.pow_pos_nonneg 2 k ltac:(lia) ltac:(lia)) as P.
destruct (dyadic_form (2 ^ k) 0) as [m' [e' [-> F']]]; [lia|apply small_power, Hk|lia|].
replace (2 ^ k <? 0) with false by (symmetry; apply Z.ltb_ge; lia).
destruct (Z.eq_dec S 0) as [->|NS]; [reflexivity|].
destruct (dyadic_form S 0) as [m [e [-> F]]]; [lia|exact HS|lia|].
destruct (power_form k m' e' Hk F') as [M' E']; destruct F' as [D' _].
pose proof F as [D [E M]]; unfold fdiv, SFdiv; rewrite divide_mantissas by lia.
rewrite M'; replace (Zpos m * 2 ^ 53) with (Zpos m * 2 * 2 ^ 52) by lia.
rewrite Z.mod_mul, Z.div_mul, new_location_exact, xorb_false_r by lia.
change (Zpos m * 2) with (Zpos (m * 2)); rewrite (round_aux_exact _ _ m _ 1) by lia.
apply form_dyadic; try assumption; try lia.
repeat split; try lia; rewrite M; f_equal; f_equal; lia.
Qed.

(* --- subtraction ------------------------------------------------------------- *)

Lemma align_value m e ez : ez <= e -> Zpos (fst (shl_align m e ez)) = Zpos m * 2 ^ (e - ez).
Proof.
intros H; unfold shl_align; destruct (ez - e) as [|d|d] eqn:D; simpl fst.
- replace (e - ez) with 0 by lia; lia.
- lia.
- rewrite shift_pos_value; f_equal; f_equal; lia.
Qed.

Lemma subtract_exact a b k : 0 <= k <= 52 -> small a -> small b -> small (a * 2 ^ k - b) ->
  fsub (dyadic a 0) (dyadic b k) = dyadic (a * 2 ^ k - b) k.
Proof.
intros Hk Ha Hb Hd.
destruct (Z.eq_dec a 0) as [->|Na].
{ destruct (Z.eq_dec b 0) as [->|Nb]; [reflexivity|].
  rewrite Z.mul_0_l, Z.sub_0_l, dyadic_opp by (assumption || lia).
  destruct (dyadic_form b k) as [m [e [-> _]]]; [assumption|assumption|lia|reflexivity]. }
destruct (dyadic_form a 0) as [m [e [-> [D [E M]]]]]; [assumption|assumption|lia|].
assert (A : forall z j x ex ez, ez <= ex <= - j -> Zpos x = Z.abs z * 2 ^ (- j - ex) ->
  cond_Zopp (z <? 0) (Zpos (fst (shl_align x ex ez))) = z * 2 ^ (- j - ez)).
{ clear; intros z j x ex ez H X; rewrite align_value, X by lia.
  rewrite <- Z.mul_assoc, <- Z.pow_add_r by lia.
  replace (- j - ex + (ex - ez)) with (- j - ez) by lia.
  unfold cond_Zopp; destruct (Z.ltb_spec z 0); nia. }
destruct (Z.eq_dec b 0) as [->|Nb].
- rewrite Z.sub_0_r in *; change (fsub _ _) with (S754_finite (a <? 0) m e).
  pose proof (Z.pow_pos_nonneg 2 k ltac:(lia) ltac:(lia)).
  assert (Hak : a * 2 ^ k <> 0) by nia.
  apply form_dyadic; try assumption; try lia.
  apply digits_53 in D as B; unfold small in Hd; rewrite Z.abs_mul, (Z.abs_eq (2 ^ k)) in Hd by lia.
  assert (e <= - k).
  { destruct (Z.le_gt_cases e (- k)) as [|G]; [assumption|exfalso].
    pose proof (Z.pow_le_mono_r 2 (- 0 - e + 1) k ltac:(lia) ltac:(lia)) as L.
    rewrite Z.pow_add_r in L by lia; nia. }
  repeat split; try lia.
  rewrite M, Z.abs_mul, (Z.abs_eq (2 ^ k)), <- Z.mul_assoc, <- Z.pow_add_r by lia.
  f_equal; f_equal; lia.
- destruct (dyadic_form b k) as [m' [e' [-> [D' [E' M']]]]]; [assumption|assumption|lia|].
  unfold fsub, SFsub; cbv zeta; set (ez := Z.min e e').
  rewrite (A a 0), (A b k) by (assumption || (unfold ez; lia)).
  rewrite <- dyadic_normalize with (e := ez) by (assumption || (unfold ez; lia)).
  f_equal; replace (- 0 - ez) with (k + (- k - ez)) by lia.
  rewrite Z.pow_add_r by (unfold ez; lia); ring.
Qed.

(* ------------------------------------------------------------------------- *)
(* Powers of two                                                             *)
(* ------------------------------------------------------------------------- *)

(* Nothing is rounded: the computed x - S / 2^k is the double of that number. *)
Theorem centring_exact k S x :
  0 <= k <= 52 -> small S -> small x -> small (x * 2 ^ k - S) ->
  centred_float (2 ^ k) S x = dyadic (x * 2 ^ k - S) k.
Proof.
intros Hk HS Hx Hd; unfold centred_float; rewrite mean_exact by assumption.
apply (subtract_exact x S k); assumption.
Qed.

(* [dyadic z k] is z / 2^k, whatever that may look like: m 2^e = |z| 2^-k. *)
Theorem dyadic_value z k : z <> 0 -> small z -> 0 <= k <= 60 ->
  exists m e, dyadic z k = S754_finite (z <? 0) m e /\ e <= - k /\
              Zpos m = Z.abs z * 2 ^ (- k - e).
Proof.
intros Hz Hb Hk; destruct (dyadic_form z k Hz Hb Hk) as [m [e [F [_ [E M]]]]].
exists m, e; repeat split; [exact F|lia|exact M].
Qed.

(* For 8-bit pixels up to 2^45 images, for 16-bit pixels up to 2^37. *)
Lemma pixels_small level k S x : 0 <= k <= 52 -> 0 <= level -> level * 2 ^ k < 2 ^ 53 ->
  0 <= S <= level * 2 ^ k -> 0 <= x <= level -> small S /\ small x /\ small (x * 2 ^ k - S).
Proof.
intros Hk Hl HL HS Hx; pose proof (Z.pow_pos_nonneg 2 k ltac:(lia) ltac:(lia)).
unfold small; repeat split; nia.
Qed.

(* The sign changes and no other bit; the zero stays the same zero. *)
Theorem centring_negates level k S x :
  0 <= k <= 52 -> level * 2 ^ k < 2 ^ 53 -> 0 <= S <= level * 2 ^ k -> 0 <= x <= level ->
  centred_float (2 ^ k) (level * 2 ^ k - S) (level - x)
  = if x * 2 ^ k =? S then centred_float (2 ^ k) S x else fopp (centred_float (2 ^ k) S x).
Proof.
intros Hk HL HS Hx.
destruct (pixels_small level k S x) as [S1 [S2 S3]]; try assumption; [lia|].
destruct (pixels_small level k (level * 2 ^ k - S) (level - x)) as [T1 [T2 T3]];
  try assumption; try lia.
rewrite !centring_exact by assumption.
replace ((level - x) * 2 ^ k - (level * 2 ^ k - S)) with (- (x * 2 ^ k - S)) by ring.
destruct (Z.eqb_spec (x * 2 ^ k) S) as [->|N]; [rewrite Z.sub_diag; reflexivity|].
apply dyadic_opp; try assumption; lia.
Qed.

(* ------------------------------------------------------------------------- *)
(* All other numbers                                                         *)
(* ------------------------------------------------------------------------- *)

(* Equal as numbers, as == has it: +0 is -0. *)
Definition negates (N S x : Z) : Prop :=
  SFeqb (centred_float N (255 * N - S) (255 - x)) (fopp (centred_float N S x)) = true.

Lemma equal_finite s m e t m' e' :
  SFeqb (S754_finite s m e) (S754_finite t m' e') = true -> s = t /\ m = m' /\ e = e'.
Proof.
unfold SFeqb, SFcompare; destruct s, t; try discriminate;
  destruct (Z.compare_spec e e') as [->|?|?]; try discriminate;
  change (Pos.compare_cont Eq m m') with (Pos.compare m m');
  destruct (Pos.compare_spec m m') as [->|?|?]; try discriminate; auto.
Qed.

Lemma equal_itself f : f <> S754_nan -> SFeqb f f = true.
Proof.
destruct f as [s|s| |s m e]; intros H; try contradiction; try (destruct s; reflexivity).
unfold SFeqb, SFcompare; change (Pos.compare_cont Eq m m) with (Pos.compare m m).
rewrite Z.compare_refl, Pos.compare_refl; destruct s; reflexivity.
Qed.

Lemma power_negates k S x :
  0 <= k <= 45 -> 0 <= S <= 255 * 2 ^ k -> 0 <= x <= 255 -> negates (2 ^ k) S x.
Proof.
intros Hk HS Hx; unfold negates.
assert (HL : 255 * 2 ^ k < 2 ^ 53).
{ pose proof (Z.pow_le_mono_r 2 k 45); change (2 ^ 53) with (2 ^ 8 * 2 ^ 45); lia. }
rewrite (centring_negates 255 k S x) by lia.
destruct (pixels_small 255 k S x) as [S1 [S2 S3]]; try assumption; try lia.
rewrite centring_exact by (assumption || lia).
destruct (Z.eqb_spec (x * 2 ^ k) S) as [->|N]; [rewrite Z.sub_diag; reflexivity|].
apply equal_itself; destruct (dyadic_form (x * 2 ^ k - S) k) as [m [e [-> _]]];
  [lia|assumption|lia|discriminate].
Qed.

(* --- a rounded mantissa is the number's floor or the integer above it --------- *)

Lemma round_up_or_down q l : round_nearest_even q l = q \/ round_nearest_even q l = q + 1.
Proof. destruct l as [|[]]; simpl; try (destruct (Z.even q)); auto. Qed.

(* What binary_round_aux does after the mantissa has been rounded to m. *)
Definition second_half (s : bool) (m e : Z) : spec_float :=
  let '(mrs, e') := shr_fexp precision exponent_max m e loc_Exact in
  match shr_m mrs with
  | Z0 => S754_zero s
  | Zpos m => if Z.leb e' (exponent_max - precision) then S754_finite s m e'
              else S754_infinity s
  | _ => S754_nan
  end.

Lemma after_rounding s q e : 2 ^ 52 <= Zpos q <= 2 ^ 53 -> - 900 <= e <= 800 ->
  exists m E, 0 <= E - e /\ digits m = 53 /\ Zpos q = Zpos m * 2 ^ (E - e) /\
    second_half s (Zpos q) e = S754_finite s m E.
Proof.
intros Hq He.
assert (F : forall m j, 0 <= j <= 1 -> digits m = 53 -> Zpos q = Zpos m * 2 ^ j ->
  exists m E, 0 <= E - e /\ digits m = 53 /\ Zpos q = Zpos m * 2 ^ (E - e) /\
    second_half s (Zpos q) e = S754_finite s m E).
{ intros m j Hj D Q; exists m, (e + j); replace (e + j - e) with j by lia.
  split; [lia|split; [exact D|split; [exact Q|]]].
  unfold second_half; rewrite (shr_fexp_exact q m e j) by lia; cbn [exact_record shr_m].
  replace (e + j <=? exponent_max - precision) with true; [reflexivity|].
  symmetry; apply Z.leb_le; unfold exponent_max, precision; lia. }
destruct (Z.eq_dec (Zpos q) (2 ^ 53)) as [E|NE].
- apply (F 4503599627370496%positive 1); [lia|reflexivity|rewrite E; reflexivity].
- apply (F q 0); [lia|apply digits_53; lia|lia].
Qed.

Lemma round_53_digits s q e l : digits q = 53 -> - 900 <= e <= 800 ->
  exists m E w, binary_round_aux precision exponent_max s (Zpos q) e l = S754_finite s m E /\
    digits m = 53 /\ 0 <= E - e /\ w = Zpos m * 2 ^ (E - e) /\ (w = Zpos q \/ w = Zpos q + 1).
Proof.
intros D He; unfold binary_round_aux, shr_fexp at 1.
change (Zdigits2 (Zpos q)) with (digits q); rewrite D, fexp_normal by lia.
replace (53 + e - 53 - e) with 0 by lia; unfold shr at 1; cbv iota beta zeta.
replace (loc_of_shr_record (shr_record_of_loc (Zpos q) l)) with l
  by (destruct l as [|[]]; reflexivity).
replace (shr_m (shr_record_of_loc (Zpos q) l)) with (Zpos q)
  by (destruct l as [|[]]; reflexivity).
pose proof (round_up_or_down (Zpos q) l) as R; apply digits_53 in D.
destruct (round_nearest_even (Zpos q) l) as [|r|r]; [lia| |lia].
destruct (after_rounding s r e) as [m [E [HE [Dm [Q F]]]]]; [lia|lia|].
exists m, E, (Zpos r); repeat split; assumption || lia.
Qed.

Lemma round_54_digits s q e l : digits q = 54 -> - 900 <= e <= 799 ->
  exists m E w, binary_round_aux precision exponent_max s (Zpos q) e l = S754_finite s m E /\
    digits m = 53 /\ 0 <= E - (e + 1) /\ w = Zpos m * 2 ^ (E - (e + 1)) /\
    (w = Zpos q / 2 \/ w = Zpos q / 2 + 1).
Proof.
intros D He; unfold binary_round_aux, shr_fexp at 1.
change (Zdigits2 (Zpos q)) with (digits q); rewrite D, fexp_normal by lia.
replace (54 + e - 53 - e) with 1 by lia; unfold shr at 1; cbn [iter_pos]; cbv iota beta zeta.
set (mrs := shr_1 _).
assert (H : shr_m mrs = Zpos q / 2).
{ rewrite <- Z.div2_div; unfold mrs; destruct l as [|[]], q; reflexivity. }
rewrite H; pose proof (round_up_or_down (Zpos q / 2) (loc_of_shr_record mrs)) as R.
assert (B : 2 ^ 52 <= Zpos q / 2 < 2 ^ 53).
{ pose proof (digits_lower q) as L; pose proof (digits_upper q) as U; rewrite D in L, U.
  split; [apply Z.div_le_lower_bound|apply Z.div_lt_upper_bound]; lia. }
destruct (round_nearest_even _ _) as [|r|r]; [lia| |lia].
destruct (after_rounding s r (e + 1)) as [m [E [HE [Dm [Q F]]]]]; [lia|lia|].
exists m, E, (Zpos r); repeat split; assumption || lia.
Qed.

(* --- the two sides ------------------------------------------------------------ *)

Lemma divisor_of_power n : forall a b, 0 < a -> a * b = 2 ^ Z.of_nat n ->
  exists k, 0 <= k /\ a = 2 ^ k.
Proof.
induction n as [|n IH]; intros a b Ha E.
- exists 0; change (2 ^ 0) with 1; change (2 ^ Z.of_nat 0) with 1 in E.
  assert (0 < b) by nia; split; [lia|nia].
- rewrite Nat2Z.inj_succ, Z.pow_succ_r in E by lia.
  destruct (Z.Even_or_Odd a) as [[a' ->]|Oa].
  + destruct (IH a' b) as [k [Hk ->]]; [lia|nia|].
    exists (Z.succ k); rewrite Z.pow_succ_r; lia.
  + destruct (Z.Even_or_Odd b) as [[b' ->]|Ob].
    * apply (IH a b'); [assumption|nia].
    * destruct Oa as [x ->], Ob as [y ->]; exfalso.
      replace ((2 * x + 1) * (2 * y + 1)) with (2 * (2 * x * y + x + y) + 1) in E by ring.
      lia.
Qed.

Definition no_power_of_two (N : Z) : Prop := forall k, 0 <= k -> N <> 2 ^ k.

Lemma no_divisor_of_power N v k : 0 < N -> no_power_of_two N -> 0 <= k -> N * v <> 2 ^ k.
Proof.
intros HN H Hk E; rewrite <- (Z2Nat.id k Hk) in E.
destruct (divisor_of_power _ N v HN E) as [j [Hj E']]; exact (H j Hj E').
Qed.

(* N as a double: N 2^i, of 53 digits. *)
Lemma count_form N : 1 <= N < 2 ^ 53 -> exists m i,
  float_of_Z N = S754_finite false m (- i) /\ digits m = 53 /\ 0 <= i <= 52 /\
  Zpos m = N * 2 ^ i.
Proof.
intros HN; change float_of_Z with (fun z => dyadic z 0); cbv beta.
destruct (dyadic_form N 0) as [m [e [F [D [E M]]]]]; [lia|unfold small; lia|lia|].
exists m, (- e); rewrite F, Z.opp_involutive; replace (- e) with (- 0 - e) by lia.
replace (N <? 0) with false by (symmetry; apply Z.ltb_ge; lia).
rewrite M, Z.abs_eq by lia; repeat split; lia || assumption.
Qed.

(* The plain side: 1 / N, rounded to 53 digits. *)
Lemma reciprocal_rounded N : 1 <= N <= 2 ^ 45 -> no_power_of_two N ->
  exists m E i w, centred_float N 1 0 = S754_finite true m E /\ digits m = 53 /\
    0 <= i <= 52 /\ N * 2 ^ i < 2 ^ 53 /\ 0 <= E + 105 - i /\
    w = Zpos m * 2 ^ (E + 105 - i) /\ Z.abs (w * (N * 2 ^ i) - 2 ^ 105) <= N * 2 ^ i.
Proof.
intros HN HP; destruct (count_form N) as [m' [i [F [D' [Hi M']]]]]; [lia|].
pose proof D' as B; apply digits_53 in B.
assert (NE : Zpos m' <> 2 ^ 52) by (rewrite M'; apply no_divisor_of_power; lia || assumption).
pose proof (Z.div_mod (2 ^ 105) (Zpos m') ltac:(lia)) as DM.
pose proof (Z.mod_pos_bound (2 ^ 105) (Zpos m') ltac:(lia)) as MB.
set (q := 2 ^ 105 / Zpos m') in *.
assert (Q : 2 ^ 52 <= q < 2 ^ 53).
{ split; [apply Z.div_le_lower_bound|apply Z.div_lt_upper_bound]; lia. }
destruct q as [|p|p] eqn:EQ; [lia| |lia].
destruct (round_53_digits (xorb false false) p (-52 - - i - 53)
  (new_location (Zpos m') (2 ^ 105 mod Zpos m')))
  as [m [E [w [R [D [HE [W C]]]]]]]; [apply digits_53; lia|lia|].
exists m, E, i, w; unfold centred_float; rewrite F.
change (float_of_Z 1) with (S754_finite false 4503599627370496%positive (-52)).
unfold fdiv, SFdiv; rewrite divide_mantissas by (reflexivity || assumption || lia).
change (Zpos 4503599627370496%positive * 2 ^ 53) with (2 ^ 105).
fold q; rewrite EQ, R; repeat split; try lia; try assumption; try reflexivity.
rewrite W; f_equal; f_equal; lia.
Qed.

(* The negated side: a multiple of 2^-45. *)
Lemma negated_rounded N : 1 <= N <= 2 ^ 45 ->
  exists v, 0 <= v <= 2 ^ 45 /\ centred_float N (255 * N - 1) 255 = dyadic v 45.
Proof.
intros HN; destruct (count_form N) as [m2 [i2 [F2 [D2 [Hi2 M2]]]]]; [lia|].
destruct (count_form (255 * N - 1)) as [m1 [i1 [F1 [D1 [Hi1 M1]]]]]; [lia|].
assert (R : exists m E w, fdiv (float_of_Z (255 * N - 1)) (float_of_Z N) = S754_finite false m E /\
  digits m = 53 /\ 0 <= E + 45 /\ w = Zpos m * 2 ^ (E + 45) /\ 254 * 2 ^ 45 <= w <= 255 * 2 ^ 45).
{ rewrite F1, F2; unfold fdiv, SFdiv; rewrite divide_mantissas by (assumption || lia).
  pose proof (Z.div_mod (Zpos m1 * 2 ^ 53) (Zpos m2) ltac:(lia)) as DM.
  pose proof (Z.mod_pos_bound (Zpos m1 * 2 ^ 53) (Zpos m2) ltac:(lia)) as MB.
  apply digits_53 in D1; apply digits_53 in D2.
  pose proof (Z.pow_pos_nonneg 2 i1 ltac:(lia) ltac:(lia)) as P1.
  pose proof (Z.pow_pos_nonneg 2 i2 ltac:(lia) ltac:(lia)) as P2.
  set (q := Zpos m1 * 2 ^ 53 / Zpos m2) in *.
  assert (I : i2 = i1 + 7 \/ i2 = i1 + 8).
  { destruct (Z.le_gt_cases i2 (i1 + 6)) as [L|G]; [exfalso|].
    - pose proof (Z.pow_le_mono_r 2 i2 (i1 + 6) ltac:(lia) L) as L'.
      rewrite Z.pow_add_r in L' by lia; nia.
    - destruct (Z.le_gt_cases (i1 + 9) i2) as [L|G']; [exfalso|lia].
      pose proof (Z.pow_le_mono_r 2 (i1 + 9) i2 ltac:(lia) L) as L'.
      rewrite Z.pow_add_r in L' by lia; nia. }
  set (u := N * 2 ^ i1) in *; assert (U : 2 ^ i1 <= u) by (unfold u; nia).
  replace (Zpos m1) with (255 * u - 2 ^ i1) in * by (rewrite M1; unfold u; ring).
  destruct I as [-> | ->]; rewrite Z.pow_add_r in M2 by lia;
    [replace (Zpos m2) with (128 * u) in * by (rewrite M2; unfold u; ring)
    |replace (Zpos m2) with (256 * u) in * by (rewrite M2; unfold u; ring)];
    clearbody q; clear M1 M2 F1 F2; clearbody u.
  - assert (Q : 254 * 2 ^ 46 <= q < 255 * 2 ^ 46) by nia.
    destruct q as [|p|p]; [lia| |lia].
    destruct (round_54_digits (xorb false false) p (- i1 - - (i1 + 7) - 53)
      (new_location (128 * u) ((255 * u - 2 ^ i1) * 2 ^ 53 mod (128 * u))))
      as [m [E [w [R [D [HE [W C]]]]]]]; [apply (digits_unique p 54); lia|lia|].
    exists m, E, w; repeat split; try assumption; try lia.
    + rewrite W; f_equal; f_equal; lia.
    + pose proof (Z.div_mod (Zpos p) 2); pose proof (Z.mod_pos_bound (Zpos p) 2); lia.
    + pose proof (Z.div_mod (Zpos p) 2); pose proof (Z.mod_pos_bound (Zpos p) 2); lia.
  - assert (Q : 254 * 2 ^ 45 <= q < 255 * 2 ^ 45) by nia.
    destruct q as [|p|p]; [lia| |lia].
    destruct (round_53_digits (xorb false false) p (- i1 - - (i1 + 8) - 53)
      (new_location (256 * u) ((255 * u - 2 ^ i1) * 2 ^ 53 mod (256 * u))))
      as [m [E [w [R [D [HE [W C]]]]]]]; [apply digits_53; lia|lia|].
    exists m, E, w; repeat split; try assumption; try lia.
    rewrite W; f_equal; f_equal; lia. }
destruct R as [m [E [w [R [D [HE [W B]]]]]]].
assert (E = -45) as ->.
{ destruct (Z.le_gt_cases (E + 45) 0) as [|G]; [lia|exfalso].
  pose proof (Z.pow_le_mono_r 2 1 (E + 45) ltac:(lia) ltac:(lia)).
  apply digits_53 in D; nia. }
exists (255 * 2 ^ 45 - w); split; [lia|].
unfold centred_float; rewrite R, (form_dyadic w 45 m (-45) false).
- apply (subtract_exact 255 w 45); unfold small; lia.
- lia.
- unfold small; lia.
- lia.
- repeat split; try lia; try assumption.
- symmetry; apply Z.ltb_ge; lia.
Qed.

(* Whatever N is no power of two: one pixel is 1, all others are 0. *)
Theorem centring_fails N : 1 <= N <= 2 ^ 45 -> no_power_of_two N -> ~ negates N 1 0.
Proof.
intros HN HP; unfold negates; rewrite Z.sub_0_r.
destruct (negated_rounded N HN) as [v [Hv ->]].
destruct (reciprocal_rounded N HN HP) as [m [E [i [w [-> [D [Hi [HB [HE [W A]]]]]]]]]].
simpl fopp; intros Eq; destruct (Z.eq_dec v 0) as [->|Nv]; [discriminate Eq|].
destruct (dyadic_form v 45) as [m' [e' [F [D' [E' M']]]]]; [assumption|unfold small; lia|lia|].
rewrite F in Eq; apply equal_finite in Eq; destruct Eq as [_ [-> ->]].
rewrite M', Z.abs_eq, <- Z.mul_assoc, <- Z.pow_add_r in W by lia.
replace (- (45) - E + (E + 105 - i)) with (60 - i) in W by lia.
assert (W' : w * (N * 2 ^ i) = N * v * 2 ^ 60).
{ replace (2 ^ 60) with (2 ^ (60 - i) * 2 ^ i) by (rewrite <- Z.pow_add_r by lia; f_equal; lia).
  rewrite W; ring. }
rewrite W' in A; pose proof (no_divisor_of_power N v 45 ltac:(lia) HP ltac:(lia)) as NE.
change (2 ^ 105) with (2 ^ 45 * 2 ^ 60) in A; lia.
Qed.

(* Some images have that sum and a pixel that is 0. *)
Theorem counterexample_attained N : 2 <= N -> exists xs,
  Forall (fun x => 0 <= x <= 255) xs /\ count xs = N /\ sum xs = 1 /\ In 0 xs.
Proof.
intros HN; exists (1 :: repeat 0 (Z.to_nat (N - 1))).
assert (R : forall n, sum (repeat 0 n) = 0) by (induction n; simpl; lia).
split; [constructor; [lia|apply Forall_forall; intros x H; apply repeat_spec in H; lia]|].
split; [rewrite count_cons; unfold count; rewrite repeat_length; lia|].
split; [simpl sum; rewrite R; lia|].
right; destruct (Z.to_nat (N - 1)) as [|n] eqn:En; [lia|left; reflexivity].
Qed.

(* Up to 2^45 images, centring negates exactly for the powers of two. *)
Theorem centring_negates_iff N : 1 <= N <= 2 ^ 45 ->
  (forall S x, 0 <= S <= 255 * N -> 0 <= x <= 255 -> negates N S x)
  <-> exists k, 0 <= k /\ N = 2 ^ k.
Proof.
intros HN; split.
- intros H; destruct (Z.eq_dec N (2 ^ Z.log2 N)) as [E|NE].
  { exists (Z.log2 N); split; [apply Z.log2_nonneg|exact E]. }
  exfalso; apply (centring_fails N HN); [|apply H; lia].
  intros k Hk ->; apply NE; rewrite Z.log2_pow2; lia.
- intros [k [Hk ->]] S x HS Hx; apply power_negates; try assumption.
  split; [exact Hk|]; apply (Z.pow_le_mono_r_iff 2); lia.
Qed.

(* Beyond, no power of two does. *)
Theorem centring_large_powers k : 46 <= k <= 64 -> ~ negates (2 ^ k) 1 0.
Proof.
intros Hk; unfold negates.
assert (H : forallb (fun k => negb (SFeqb (centred_float (2 ^ k) (255 * 2 ^ k - 1) (255 - 0))
                                          (fopp (centred_float (2 ^ k) 1 0))))
                    (map (fun n => 46 + Z.of_nat n) (seq 0 19)) = true)
  by (vm_cast_no_check (eq_refl true)).
rewrite forallb_forall in H; apply not_true_iff_false, negb_true_iff, (H k).
replace k with (46 + Z.of_nat (Z.to_nat (k - 46))) by lia.
apply (in_map (fun n => 46 + Z.of_nat n)), in_seq; lia.
Qed.

(* The smallest number that fails and the smallest power of two that does: for
   N = 3 the last 8 bits of 1 / 3 are lost, for N = 2^46 all of 2^-46 is.     *)
Example centring_fails_3_evaluated :
  centred_float 3 1 0 = S754_finite true 6004799503160661 (-54) /\
  centred_float 3 (255 * 3 - 1) 255 = S754_finite false 6004799503160832 (-54).
Proof. vm_compute; split; reflexivity. Qed.

Example centring_fails_2_46_evaluated :
  centred_float (2 ^ 46) 1 0 = S754_finite true 4503599627370496 (-98) /\
  centred_float (2 ^ 46) (255 * 2 ^ 46 - 1) 255 = S754_zero false.
Proof. vm_compute; split; reflexivity. Qed.
