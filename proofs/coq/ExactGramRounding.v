(******************************************************************************)
(* exact_gram: its rounding is within 2^-52 (1 + 2^-12)                       *)
(*                                                                            *)
(* What is proved, of Coq's own SpecFloat and with integers alone:            *)
(*  - an integer times 2^g, in whatever form it comes, is rounded to an       *)
(*    integer times 2^g that is off by 2^-53 of it at most, and not at all    *)
(*    below 2^53 (normalize_near), if g is -1074 or more and nothing          *)
(*    overflows; so is the sum of two doubles (add_near);                     *)
(*  - the double made of the digits, carried, is within 2^-52 (1 + 2^-12) of  *)
(*    the number they stand for (summed_near); so for the function in         *)
(*    ExactGram.v, before its result is scaled by a power of two              *)
(*    (exact_gram_rounding), if the first digit is below 2^63.                *)
(* Scaling is exact unless the result is below the normal doubles or above    *)
(* all of them; that is not stated here.                                      *)
(*                                                                            *)
(* Why one would believe it. 53 digits are kept; the first digit dropped, and *)
(* whether any other was not zero, tell which neighbour is nearest. Carried   *)
(* digits are half a unit of the digit before at most, so the first that is   *)
(* not zero outweighs all that follow: what was rounded before it counts for  *)
(* half of it at most, and is rounded by 2^-53 of that.                       *)
(*                                                                            *)
(* Definitions: shifted, denotes, signed, close, fine, step.                  *)
(******************************************************************************)

From Coq Require Import ZArith List Lia Permutation Floats.SpecFloat.
From EtC Require Import FloatingPoint ExactSums ExactGram ExactGramBound.
Import ListNotations.
Local Open Scope Z_scope.
Unset Lia Cache.
Unset Nia Cache.

(* --- rounding to nearest is off by half a digit at most -------------------- *)

(* A record after n shifts of p: its integer, and whether half a unit is left.   *)
Definition shifted (p n : Z) (r : shr_record) : Prop :=
  0 <= n /\ 0 <= shr_m r /\
  exists left, p = shr_m r * 2 ^ n + left /\ 0 <= left < 2 ^ n /\
    (if shr_r r then 2 ^ n <= 2 * left else 2 * left <= 2 ^ n) /\
    (shr_s r = false -> 2 * left = if shr_r r then 2 ^ n else 0).

Lemma shifted_step p n r : shifted p n r -> shifted p (n + 1) (shr_1 r).
Proof.
intros [Hn [Hm [left [E [B [_ S]]]]]]; destruct r as [m r s]; cbn [shr_m shr_r shr_s] in *.
pose proof (power_pos n Hn) as P; assert (E2 : 2 ^ (n + 1) = 2 * 2 ^ n)
  by (rewrite Z.pow_add_r by lia; lia).
assert (Zero : orb r s = false -> left = 0).
{ destruct r, s; try discriminate; intros _; specialize (S eq_refl); lia. }
unfold shifted; rewrite E2; split; [lia|].
destruct m as [|[m|m|]|m]; [| | | |lia]; cbn [shr_1 shr_m shr_r shr_s].
- split; [lia|]; exists left; repeat split; try nia; intros O; specialize (Zero O); lia.
- split; [lia|]; exists (2 ^ n + left); repeat split; try nia; intros O; specialize (Zero O); lia.
- split; [lia|]; exists left; repeat split; try nia; intros O; specialize (Zero O); lia.
- split; [lia|]; exists (2 ^ n + left); repeat split; try nia; intros O; specialize (Zero O); lia.
Qed.

Lemma shifted_iter p k : forall n r, shifted p n r -> shifted p (n + Zpos k) (iter_pos shr_1 k r).
Proof.
induction k as [k IH|k IH|]; intros n r H; cbn [iter_pos].
- replace (n + Zpos k~1) with (n + 1 + Zpos k + Zpos k) by lia.
  apply IH, IH, shifted_step, H.
- replace (n + Zpos k~0) with (n + Zpos k + Zpos k) by lia; apply IH, IH, H.
- apply shifted_step, H.
Qed.

Lemma nearest_even_near p n r : shifted p n r ->
  let q := round_nearest_even (shr_m r) (loc_of_shr_record r) in
  shr_m r <= q <= shr_m r + 1 /\ 2 * Z.abs (q * 2 ^ n - p) <= 2 ^ n.
Proof.
intros [Hn [Hm [left [E [B [H L]]]]]]; destruct r as [m [|] [|]];
  cbn [shr_m shr_r shr_s loc_of_shr_record round_nearest_even] in *; cbv zeta; try (split; nia).
specialize (L eq_refl); destruct (Z.even m); split; nia.
Qed.

(* f is v 2^e.                                                                   *)
Definition denotes (f : spec_float) (v e : Z) : Prop :=
  exists q j, v = q * 2 ^ j /\ 0 <= j /\ Z.abs q < 2 ^ 53 /\ in_range (e + j) /\
    represents f q (e + j).

Lemma denotes_finer f v e k : 0 <= k -> denotes f v e -> denotes f (v * 2 ^ k) (e - k).
Proof.
intros Hk [q [j [-> [Hj [Hq [R D]]]]]]; exists q, (j + k).
replace (e - k + (j + k)) with (e + j) by lia.
repeat split; try assumption; try apply R; [|lia].
rewrite Z.pow_add_r by lia; ring.
Qed.

Lemma denotes_small f v e : Z.abs v < 2 ^ 53 -> in_range e -> represents f v e -> denotes f v e.
Proof.
intros Hv He R; exists v, 0; rewrite Z.add_0_r; repeat split; try assumption; try apply He; lia.
Qed.

Definition signed (s : bool) (m : Z) : Z := if s then - m else m.

Lemma finite_represents s q t : Zpos (digits2_pos q) = 53 -> in_range t ->
  represents (S754_finite s q t) (signed s (Zpos q)) t.
Proof.
intros D R; pose proof (digits_upper q) as U; rewrite D in U.
right; split; [destruct s; simpl; lia|].
rewrite float_at_form by (try exact R; destruct s; simpl; lia).
assert (M : magnitude (signed s (Zpos q)) = q) by (destruct s; reflexivity).
rewrite M; f_equal; [destruct s; reflexivity| |].
- assert (E : Zpos (mantissa q t) = Zpos q); [|congruence].
  rewrite mantissa_value by assumption; unfold last_digit; rewrite D.
  unfold in_range in R; replace (t - Z.max (53 + t - 53) (-1074)) with 0 by lia; lia.
- unfold last_digit; rewrite D; unfold in_range in R; lia.
Qed.

Lemma round_aux_near s p e t : Zpos (digits2_pos p) + e - 53 = t -> e < t -> -1074 <= t <= 970 ->
  exists q j, binary_round_aux precision exponent_max s (Zpos p) e loc_Exact
    = S754_finite s q (t + j) /\ 0 <= j <= 1 /\ Zpos (digits2_pos q) = 53 /\
    2 * Z.abs (Zpos q * 2 ^ j * 2 ^ (t - e) - Zpos p) <= 2 ^ (t - e).
Proof.
intros T He Ht; destruct (t - e) as [|n|n] eqn:N; [lia| |lia].
assert (F : shr_fexp precision exponent_max (Zpos p) e loc_Exact
  = (iter_pos shr_1 n {| shr_m := Zpos p; shr_r := false; shr_s := false |}, t)).
{ unfold shr_fexp; change (Zdigits2 (Zpos p)) with (Zpos (digits2_pos p)).
  replace (fexp precision exponent_max (Zpos (digits2_pos p) + e) - e) with (Zpos n)
    by (rewrite fexp_value; lia).
  unfold shr; f_equal; lia. }
unfold binary_round_aux; rewrite F; clear F; cbv beta iota zeta.
assert (S0 : shifted (Zpos p) 0 {| shr_m := Zpos p; shr_r := false; shr_s := false |}).
{ split; [lia|split; [simpl; lia|]]; exists 0; cbn [shr_m shr_r shr_s]; lia. }
pose proof (shifted_iter _ n _ _ S0) as S1; rewrite Z.add_0_l in S1.
pose proof (nearest_even_near _ _ _ S1) as [Q Near].
destruct S1 as [_ [M0 [left [E [L _]]]]].
set (r := iter_pos shr_1 n _) in *; clearbody r.
set (q := round_nearest_even (shr_m r) (loc_of_shr_record r)) in *; clearbody q.
pose proof (digits2_pos_lower p) as Lo; pose proof (digits_upper p) as Up.
replace (Zpos (digits2_pos p)) with (53 + Zpos n) in Lo, Up by lia.
replace (53 + Zpos n - 1) with (52 + Zpos n) in Lo by lia.
rewrite Z.pow_add_r in Lo, Up by lia.
pose proof (power_pos (Zpos n) ltac:(lia)) as Pn.
assert (B : 2 ^ 52 <= shr_m r < 2 ^ 53) by (set (k := 2 ^ Zpos n) in *; clearbody k; nia).
destruct q as [|q|q]; [lia| |lia].
destruct (Z.eq_dec (Zpos q) (2 ^ 53)) as [Eq|Nq].
- injection Eq as ->; exists 4503599627370496%positive, 1; split; [|split; [lia|split;
    [reflexivity|]]].
  + unfold shr_fexp; change (Zdigits2 _) with 54.
    replace (fexp precision exponent_max (54 + t) - t) with 1 by (rewrite fexp_value; lia).
    cbn [shr shr_record_of_loc iter_pos shr_1 shr_m orb].
    replace (Z.leb (t + 1) (exponent_max - precision)) with true; [reflexivity|].
    symmetry; apply Z.leb_le; unfold exponent_max, precision; lia.
  + change (Zpos 4503599627370496 * 2 ^ 1) with 9007199254740992; exact Near.
- exists q, 0; rewrite Z.add_0_r.
  assert (D : Zpos (digits2_pos q) = 53).
  { pose proof (digits_le q 53 ltac:(lia) ltac:(lia)).
    pose proof (digits_ge q 52 ltac:(lia) ltac:(lia)); lia. }
  split; [|split; [lia|split; [exact D|]]].
  + unfold shr_fexp; change (Zdigits2 (Zpos q)) with (Zpos (digits2_pos q)); rewrite D.
    replace (fexp precision exponent_max (53 + t) - t) with 0 by (rewrite fexp_value; lia).
    cbn [shr shr_record_of_loc shr_m].
    replace (Z.leb t (exponent_max - precision)) with true; [reflexivity|].
    symmetry; apply Z.leb_le; unfold exponent_max, precision; lia.
  + rewrite Z.pow_0_r, Z.mul_1_r; exact Near.
Qed.

(* Whatever form r 2^g comes in: the result is off by 2^-53 of it at most.        *)
Lemma round_near s p e r g : -1074 <= g -> e <= g -> Zpos p = Zpos r * 2 ^ (g - e) ->
  Zpos (digits2_pos r) + g <= 1023 -> g <= 971 ->
  exists u, denotes (binary_round precision exponent_max s p e) (signed s u) g /\
    2 ^ 53 * Z.abs (u - Zpos r) <= Zpos r /\ (Zpos r < 2 ^ 53 -> u = Zpos r).
Proof.
intros Hg He E Hr Hg'; destruct (Z.lt_ge_cases (Zpos r) (2 ^ 53)) as [Small|Large].
{ exists (Zpos r); split; [|split; [rewrite Z.sub_diag; lia|reflexivity]].
  apply denotes_small; [destruct s; simpl; lia|unfold in_range; lia|].
  rewrite (round_exact s p e r g) by (try assumption; unfold in_range; lia).
  right; split; [destruct s; simpl; lia|].
  rewrite float_at_form by (unfold in_range; destruct s; simpl; lia).
  destruct s; reflexivity. }
pose proof (digits_ge r 53 ltac:(lia) Large) as D54.
pose proof (digits_times p r (g - e) ltac:(lia) E) as D.
set (t := Zpos (digits2_pos r) + g - 53).
assert (Same : shl_align p e (fexp precision exponent_max (Zpos (digits2_pos p) + e)) = (p, e)).
{ unfold shl_align; rewrite fexp_value.
  destruct (Z.max (Zpos (digits2_pos p) + e - 53) (-1074) - e) eqn:X;
    [reflexivity|reflexivity|lia]. }
unfold binary_round; rewrite Same.
destruct (round_aux_near s p e t) as [q [j [-> [Hj [Dq Near]]]]]; [unfold t; lia..|].
pose proof (digits_upper q) as Uq; rewrite Dq in Uq.
exists (Zpos q * 2 ^ (t + j - g)); split; [|split; [|lia]].
- exists (signed s (Zpos q)), (t + j - g); replace (g + (t + j - g)) with (t + j) by lia.
  repeat split; [unfold signed; destruct s; ring|unfold t; lia|unfold signed; destruct s;
    lia|unfold t; lia|
    unfold t; lia|]; apply finite_represents; [exact Dq|unfold in_range, t; lia].
- assert (Pe : 0 < 2 ^ (g - e)) by (apply power_pos; lia).
  assert (S1 : Zpos q * 2 ^ j * 2 ^ (t - e) = Zpos q * 2 ^ (t + j - g) * 2 ^ (g - e)).
  { rewrite <- !Z.mul_assoc, <- !Z.pow_add_r by (unfold t; lia); do 2 f_equal; lia. }
  assert (S2 : 2 ^ (t - e) = 2 ^ (t - g) * 2 ^ (g - e)).
  { rewrite <- Z.pow_add_r by (unfold t; lia); f_equal; lia. }
  rewrite S1, S2, E in Near.
  assert (N2 : 2 * Z.abs (Zpos q * 2 ^ (t + j - g) - Zpos r) <= 2 ^ (t - g)).
  { rewrite <- Z.mul_sub_distr_r, Z.abs_mul, (Z.abs_eq (2 ^ (g - e))) in Near by lia.
    rewrite Z.mul_assoc in Near; apply Z.mul_le_mono_pos_r in Near; assumption. }
  pose proof (digits2_pos_lower r) as Lo.
  replace (Zpos (digits2_pos r) - 1) with (52 + (t - g)) in Lo by (unfold t; lia).
  rewrite Z.pow_add_r in Lo by (unfold t; lia); lia.
Qed.

Lemma normalize_near z e v g : -1074 <= g <= 971 -> e <= g -> z = v * 2 ^ (g - e) ->
  Z.abs v < 2 ^ (1023 - g) ->
  exists u, denotes (binary_normalize precision exponent_max z e false) u g /\
    2 ^ 53 * Z.abs (u - v) <= Z.abs v /\ (Z.abs v < 2 ^ 53 -> u = v).
Proof.
intros Hg He E Hv; pose proof (power_pos (g - e) ltac:(lia)) as P.
assert (D : forall r, Z.abs v = Zpos r -> Zpos (digits2_pos r) + g <= 1023).
{ intros r Er; rewrite Er in Hv; pose proof (digits_le r (1023 - g) ltac:(lia) Hv); lia. }
destruct v as [|r|r].
- exists 0; subst z; repeat split; [|simpl; lia].
  apply denotes_small; [simpl; lia|exact Hg|left; split; [reflexivity|exists false; reflexivity]].
- destruct z as [|p|p]; [nia| |nia]; unfold binary_normalize.
  destruct (round_near false p e r g) as [u [H [N S]]]; try lia; [apply D; reflexivity|].
  exists u; repeat split; [exact H|simpl Z.abs at 2; exact N|simpl; intros; apply S; lia].
- destruct z as [|p|p]; [nia|nia|]; unfold binary_normalize.
  destruct (round_near true p e r g) as [u [H [N S]]]; try lia; [apply D; reflexivity|].
  exists (- u); repeat split; [exact H|lia|intros; rewrite S by lia; reflexivity].
Qed.

(* A rounded sum.                                                                *)
Theorem add_near f h v w g : -1074 <= g <= 971 -> Z.abs (v + w) < 2 ^ (1023 - g) ->
  denotes f v g -> denotes h w g ->
  exists u, denotes (fadd f h) u g /\ 2 ^ 53 * Z.abs (u - (v + w)) <= Z.abs (v + w) /\
    (w = 0 -> u = v).
Proof.
intros Hg Hs Df Dh.
pose proof Df as [a [i [Ev [Hi [Ha [Ri [[Za [s ->]]|[Na Fa]]]]]]]];
  pose proof Dh as [b [j [Ew [Hj [Hb [Rj [[Zb [s' ->]]|[Nb Fb]]]]]]]].
- exists 0; subst; split; [|split; simpl; lia].
  apply denotes_small; [simpl; lia|exact Hg|left; split; [reflexivity|]].
  destruct s, s'; eexists; reflexivity.
- exists w; subst a v; rewrite Z.mul_0_l, Z.add_0_l, Z.sub_diag; split; [|split; [simpl; lia|lia]].
  subst h; destruct (float_at_value b _ Nb Hb Rj) as [m [t [Fb _]]]; rewrite Fb in *; exact Dh.
- exists v; subst b w; rewrite Z.mul_0_l, Z.add_0_r, Z.sub_diag; split; [|split; [simpl; lia|lia]].
  subst f; destruct (float_at_value a _ Na Ha Ri) as [m [t [Fa _]]]; rewrite Fa in *; exact Df.
- destruct (float_at_value a _ Na Ha Ri) as [m [t [Fa' [T [M _]]]]].
  destruct (float_at_value b _ Nb Hb Rj) as [m' [t' [Fb' [T' [M' _]]]]].
  assert (Nw : w <> 0) by (subst w; pose proof (power_pos j Hj); nia).
  rewrite Fa, Fb, Fa', Fb'; unfold fadd, SFadd; cbv zeta.
  set (l := Z.min t t').
  rewrite (aligned a m t (g + i) l M), (aligned b m' t' (g + j) l M') by (unfold l; lia).
  destruct (Z.le_gt_cases l g) as [C|C].
  + destruct (normalize_near (a * 2 ^ (g + i - l) + b * 2 ^ (g + j - l)) l (v + w) g)
      as [u [H [N _]]]; try lia.
    { subst v w; replace (g + i - l) with (i + (g - l)) by lia.
      replace (g + j - l) with (j + (g - l)) by lia; rewrite !Z.pow_add_r by lia; ring. }
    exists u; repeat split; [exact H|exact N|contradiction].
  + set (z := a * 2 ^ (g + i - l) + b * 2 ^ (g + j - l)).
    assert (Z1 : v + w = z * 2 ^ (l - g)).
    { unfold z; rewrite Z.mul_add_distr_r, <- !Z.mul_assoc, <- !Z.pow_add_r by (unfold l; lia).
      subst v w; do 2 f_equal; f_equal; lia. }
    pose proof (power_pos (l - g) ltac:(lia)) as P.
    destruct (normalize_near z l z l) as [u [H [N _]]].
    * unfold in_range, l in *; lia.
    * lia.
    * rewrite Z.sub_diag; lia.
    * rewrite Z1 in Hs; replace (1023 - g) with (1023 - l + (l - g)) in Hs by lia.
      rewrite Z.abs_mul, (Z.abs_eq (2 ^ (l - g))), Z.pow_add_r in Hs by (unfold in_range, l in *;
    lia).
      apply Z.mul_lt_mono_pos_r in Hs; assumption.
    * exists (u * 2 ^ (l - g)); split; [|split; [|contradiction]].
      { replace g with (l - (l - g)) by lia; replace (l - (l - (l - g))) with (l - g) by lia.
        apply denotes_finer; [lia|exact H]. }
      { rewrite Z1, <- Z.mul_sub_distr_r, !Z.abs_mul, (Z.abs_eq (2 ^ (l - g))), Z.mul_assoc by lia.
        apply Z.mul_le_mono_nonneg_r; [lia|exact N]. }
Qed.

(* --- from the digits to the double -------------------------------------------- *)

(* n: the digits so far; v: what they were rounded to; next: the unit of the next.  *)
Definition close (v n : Z) : Prop := 2 ^ 64 * Z.abs (v - n) <= (2 ^ 12 + 1) * Z.abs n.
Definition fine (v n next : Z) : Prop :=
  close v n /\ 2 ^ 68 * Z.abs (v - n) <= (2 ^ 14 + 1) * next
  /\ 2 ^ 16 * Z.abs n <= (2 ^ 15 + 1) * next.

Lemma close_step v n next d u : 0 < next -> fine v n next -> (d = 0 \/ next <= Z.abs d) ->
  2 ^ 53 * Z.abs (u - (v + d)) <= Z.abs (v + d) -> (d = 0 -> u = v) -> close u (n + d).
Proof.
unfold fine, close; intros P [C [F B]] [->|D] N Z; [rewrite Z.add_0_r, Z by reflexivity; exact C|].
clear Z C; lia.
Qed.

Lemma fine_step v n next d u more : 0 < next -> fine v n next -> (d = 0 \/ next <= Z.abs d) ->
  2 ^ 53 * Z.abs (u - (v + d)) <= Z.abs (v + d) -> (d = 0 -> u = v) ->
  2 ^ 16 * next <= more -> 2 * Z.abs d <= more -> fine u (n + d) more.
Proof.
intros P F D N Z M S; split; [apply (close_step v n next); assumption|].
destruct F as [_ [F B]]; clear D Z; split; lia.
Qed.

Lemma close_large v n next d w u : 0 < next -> fine v n next -> 2 ^ 53 * next <= Z.abs d ->
  2 ^ 53 * Z.abs (w - d) <= Z.abs d ->
  2 ^ 53 * Z.abs (u - (v + w)) <= Z.abs (v + w) -> close u (n + d).
Proof.
unfold fine, close; intros P [_ [F B]] D W N.
assert (T1 : Z.abs (u - (n + d)) <= Z.abs (u - (v + w)) + Z.abs (v - n) + Z.abs (w - d))
  by (clear; lia).
assert (T2 : Z.abs (v + w) <= Z.abs (v - n) + Z.abs n + Z.abs (w - d) + Z.abs d) by (clear; lia).
assert (T3 : Z.abs d <= Z.abs (n + d) + Z.abs n) by (clear; lia).
pose proof (Z.abs_nonneg n); pose proof (Z.abs_nonneg (v - n)).
generalize dependent (Z.abs (u - (n + d))); generalize dependent (Z.abs (u - (v + w))).
generalize dependent (Z.abs (v + w)); generalize dependent (Z.abs (w - d)).
generalize dependent (Z.abs (v - n)); generalize dependent (Z.abs (n + d)).
generalize dependent (Z.abs n); generalize dependent (Z.abs d); clear; intros; lia.
Qed.

Lemma scale_down f v g b : 0 <= b <= 21 -> -400 <= g <= 0 -> denotes f v g ->
  denotes (fmul f (float_at 1 (- b))) v (g - b).
Proof.
intros Hb Hg [q [j [-> [Hj [Hq [R D]]]]]]; exists q, j.
unfold in_range in *; repeat split; try assumption; try lia.
pose proof (mul_exact q 1 (g + j) (- b) f (float_at 1 (- b))) as M.
rewrite Z.mul_1_r in M; replace (g - b + j) with (g + j + - b) by lia.
apply M; try assumption; try (unfold in_range; lia); apply float_at_represents.
Qed.

Definition step (b : Z) (v : spec_float) (d : Z) : spec_float :=
  fadd (fmul v (float_at 1 (- b))) (float_of_Z d).

Lemma step_near b g f v n d : 16 <= b <= 21 -> -350 <= g <= 0 ->
  denotes f v g -> fine v n (2 ^ (b - g)) -> Z.abs d < 2 ^ 63 ->
  exists u, denotes (step b f d) u (g - b) /\ close u (n + d * 2 ^ (b - g)) /\
    (2 * Z.abs d <= 2 ^ b -> fine u (n + d * 2 ^ (b - g)) (2 ^ (b + b - g))).
Proof.
intros Hb Hg Df F Hd; pose proof (power_pos (b - g) ltac:(lia)) as P.
pose proof (scale_down f v g b ltac:(lia) ltac:(lia) Df) as Ds.
destruct (normalize_near d 0 d 0 ltac:(lia) ltac:(lia) ltac:(rewrite Z.mul_1_r; reflexivity))
  as [w [Dw [Nw Sw]]].
{ pose proof (Z.pow_le_mono_r 2 63 (1023 - 0)); lia. }
pose proof (denotes_finer _ _ _ (b - g) ltac:(lia) Dw) as Dw'.
replace (0 - (b - g)) with (g - b) in Dw' by lia; fold (float_of_Z d) in Dw'.
assert (T : 2 ^ (1023 - (g - b)) = 2 ^ 1023 * 2 ^ (b - g))
  by (rewrite <- Z.pow_add_r by lia; f_equal; lia).
assert (E2 : 2 ^ (b + b - g) = 2 ^ b * 2 ^ (b - g))
  by (rewrite <- Z.pow_add_r by lia; f_equal; lia).
pose proof (Z.pow_le_mono_r 2 16 b ltac:(lia) ltac:(lia)) as B16.
pose proof (Z.pow_le_mono_r 2 100 1023 ltac:(lia) ltac:(lia)) as Big.
set (next := 2 ^ (b - g)) in *; clearbody next; set (huge := 2 ^ 1023) in *; clearbody huge.
assert (Vb : Z.abs v <= 4 * next) by (destruct F as [_ [F B]]; lia).
assert (Wb : Z.abs (w * next) <= 2 ^ 64 * next) 
  by (rewrite Z.abs_mul, (Z.abs_eq next) by (clear - P; lia);
      apply Z.mul_le_mono_nonneg_r; [clear - P; lia|clear - Nw Hd; lia]).
assert (Hn : 2 ^ 100 * next <= huge * next) by (apply Z.mul_le_mono_nonneg_r; lia).
destruct (add_near (fmul f (float_at 1 (- b))) (float_of_Z d) v (w * next) (g - b))
  as [u [Du [Nu Zu]]]; [lia|rewrite T; lia|exact Ds|exact Dw'|].
exists u; split; [exact Du|].
destruct (Z.lt_ge_cases (Z.abs d) (2 ^ 53)) as [Small|Large].
- rewrite (Sw Small) in *; clear Nw Sw.
  assert (D : d * next = 0 \/ next <= Z.abs (d * next)).
  { rewrite Z.abs_mul, (Z.abs_eq next) by lia.
    destruct (Z.eq_dec d 0) as [->|N]; [left; lia|right].
    assert (1 <= Z.abs d) by (clear - N; lia).
    rewrite <- (Z.mul_1_l next) at 1; apply Z.mul_le_mono_nonneg_r; [clear - P; lia|assumption]. }
  split; [apply (close_step v n next); assumption|intros H2].
  apply (fine_step v n next); try assumption; rewrite E2;
    [apply Z.mul_le_mono_nonneg_r; [clear - P; lia|exact B16]|].
  rewrite Z.abs_mul, (Z.abs_eq next), Z.mul_assoc by (clear - P; lia).
  apply Z.mul_le_mono_nonneg_r; [clear - P; lia|exact H2].
- assert (D : 2 ^ 53 * next <= Z.abs (d * next))
    by (rewrite Z.abs_mul, (Z.abs_eq next) by lia; apply Z.mul_le_mono_nonneg_r; lia).
  assert (W : 2 ^ 53 * Z.abs (w * next - d * next) <= Z.abs (d * next)).
  { rewrite <- Z.mul_sub_distr_r, !Z.abs_mul, (Z.abs_eq next), Z.mul_assoc by lia.
    apply Z.mul_le_mono_nonneg_r; [lia|exact Nw]. }
  split; [apply (close_large v n next (d * next) (w * next)); assumption|intros H2; exfalso].
  pose proof (Z.pow_le_mono_r 2 b 21 ltac:(clear; lia) ltac:(clear - Hb; lia)) as B21.
  clear - B21 H2 Large; lia.
Qed.

(* What is carried leaves half a unit of the next digit at most.                    *)
Lemma carried_small b x : 1 <= b -> 2 * Z.abs (x - (x + 2 ^ (b - 1)) / 2 ^ b * 2 ^ b) <= 2 ^ b.
Proof.
intros Hb; pose proof (power_pos b ltac:(lia)) as P.
assert (E : 2 ^ b = 2 * 2 ^ (b - 1)) by (rewrite <- Z.pow_succ_r by lia; f_equal; lia).
pose proof (Z.div_mod (x + 2 ^ (b - 1)) (2 ^ b) ltac:(lia)).
pose proof (Z.mod_pos_bound (x + 2 ^ (b - 1)) (2 ^ b) P); lia.
Qed.

Lemma fold_near b ds : 16 <= b <= 21 -> forall carry g f v n, ds <> [] ->
  -350 <= g <= 0 -> -350 <= g - (Z.of_nat (length ds) - 1) * b ->
  denotes f v g -> fine v n (2 ^ (b - g)) ->
  Z.abs (last (carried b carry ds) 0) < 2 ^ 63 ->
  exists u, let low := g - Z.of_nat (length ds) * b in
    denotes (fold_left (step b) (carried b carry ds) f) u low /\
    close u (n + number b (carried b carry ds) * 2 ^ (b - g)).
Proof.
intros Hb; induction ds as [|d [|d' ds] IH]; intros carry g f v n N Hg Hl Df F L; [contradiction|
    |].
- cbn [carried last] in *; destruct (step_near b g f v n (d + carry) Hb Hg Df F L) as [u [Du [C
    _]]].
  exists u; cbn [fold_left number length]; rewrite Z.mul_0_r, Z.add_0_r.
  change (Z.of_nat 1) with 1; rewrite Z.mul_1_l; split; assumption.
- set (next := (d + carry + 2 ^ (b - 1)) / 2 ^ b) in *.
  change (carried b carry (d :: d' :: ds))
    with (d + carry - next * 2 ^ b :: carried b next (d' :: ds)) in *.
  set (rest := carried b next (d' :: ds)) in *.
  assert (R : rest <> []) by (unfold rest; destruct ds; discriminate).
  assert (L' : Z.abs (last rest 0) < 2 ^ 63) by (destruct rest; [contradiction|exact L]).
  pose proof (carried_small b (d + carry) ltac:(lia)) as S; fold next in S.
  set (e := d + carry - next * 2 ^ b) in *.
  assert (He : Z.abs e < 2 ^ 63) by (pose proof (Z.pow_le_mono_r 2 b 21 ltac:(lia) ltac:(lia));
    lia).
  cbn [length] in Hl; rewrite !Nat2Z.inj_succ in Hl.
  destruct (step_near b g f v n e Hb Hg Df F He) as [u [Du [_ F']]]; specialize (F' S).
  replace (b + b - g) with (b - (g - b)) in F' by lia.
  destruct (IH next (g - b) _ u _ ltac:(discriminate) ltac:(nia)
    ltac:(cbn [length]; rewrite !Nat2Z.inj_succ; nia) Du F' L') as [u' [Du' C']].
  fold rest in Du', C'; exists u'; cbv zeta in *; cbn [fold_left number].
  replace (g - Z.of_nat (length (d :: d' :: ds)) * b)
    with (g - b - Z.of_nat (length (d' :: ds)) * b) by (cbn [length]; lia).
  split; [exact Du'|].
  replace (n + (e + 2 ^ b * number b rest) * 2 ^ (b - g))
    with (n + e * 2 ^ (b - g) + number b rest * 2 ^ (b - (g - b))); [exact C'|].
  replace (b - (g - b)) with (b + (b - g)) by lia; rewrite Z.pow_add_r by lia; ring.
Qed.

(* The double is within 2^-52 (1 + 2^-12) of the number that the digits stand for.   *)
Theorem summed_near b ds : 16 <= b <= 21 -> ds <> [] -> (Z.of_nat (length ds) - 1) * b <= 350 ->
  Z.abs (last (carried b 0 ds) 0) < 2 ^ 63 ->
  exists u, denotes (summed b (carried b 0 ds)) u (- ((Z.of_nat (length ds) - 1) * b)) /\
    2 ^ 64 * Z.abs (u - number b ds) <= (2 ^ 12 + 1) * Z.abs (number b ds).
Proof.
intros Hb N Hl L; rewrite <- (Z.add_0_r (number b ds)), <- (carried_number b ds 0 N).
destruct ds as [|d [|d' ds]]; [contradiction| |].
- cbn [carried last summed fold_left number length] in *; change (Z.of_nat 1 - 1) with 0.
  rewrite Z.mul_0_r, Z.mul_0_l, Z.add_0_r in *.
  destruct (normalize_near d 0 d 0 ltac:(lia) ltac:(lia) ltac:(rewrite Z.mul_1_r; reflexivity))
    as [u [Du [Nu _]]]; [pose proof (Z.pow_le_mono_r 2 63 (1023 - 0)); lia|].
  exists u; split; [exact Du|lia].
- set (next := (d + 0 + 2 ^ (b - 1)) / 2 ^ b) in *.
  change (carried b 0 (d :: d' :: ds))
    with (d + 0 - next * 2 ^ b :: carried b next (d' :: ds)) in *.
  set (rest := carried b next (d' :: ds)) in *.
  assert (R : rest <> []) by (unfold rest; destruct ds; discriminate).
  assert (L' : Z.abs (last rest 0) < 2 ^ 63) by (destruct rest; [contradiction|exact L]).
  pose proof (carried_small b (d + 0) ltac:(lia)) as S; fold next in S.
  set (e := d + 0 - next * 2 ^ b) in *.
  pose proof (Z.pow_le_mono_r 2 b 21 ltac:(lia) ltac:(lia)) as B21.
  assert (De : denotes (float_of_Z e) e 0).
  { apply denotes_small; [lia|unfold in_range; lia|apply float_at_represents]. }
  assert (Fe : fine e e (2 ^ (b - 0))) by (rewrite Z.sub_0_r; unfold fine, close; lia).
  cbn [length] in Hl; rewrite !Nat2Z.inj_succ in Hl.
  destruct (fold_near b (d' :: ds) Hb next 0 (float_of_Z e) e e ltac:(discriminate) ltac:(lia)
    ltac:(cbn [length]; rewrite !Nat2Z.inj_succ; lia) De Fe L') as [u [Du C]].
  fold rest in Du, C; exists u; cbv zeta in *; cbn [summed number].
  replace (- ((Z.of_nat (length (d :: d' :: ds)) - 1) * b))
    with (0 - Z.of_nat (length (d' :: ds)) * b) by (cbn [length]; lia).
  split; [exact Du|]; rewrite Z.sub_0_r in C.
  replace (e + 2 ^ b * number b rest) with (e + number b rest * 2 ^ b) by ring; exact C.
Qed.

Lemma digits_length s total : length (digits s total) = S (order s).
Proof. unfold digits; rewrite map_length, rev_length, seq_length; reflexivity. Qed.

Lemma order_least s : (1 <= s <= 16)%nat -> (order s <= 15)%nat.
Proof. intros H; destruct s as [|[|[|s]]]; simpl; lia. Qed.

(* The entry is a double v, scaled by a power of two: v stands for the sum of the    *)
(* products of slices within 2^-52 (1 + 2^-12) of it, if the first digit lies within *)
(* 64 bits.                                                                          *)
Theorem exact_gram_rounding s fs : (1 <= s <= 16)%nat ->
  let x := map fst fs in
  let y := map snd fs in
  let bits := slice_bits (count x) in
  let kx := exponent x + depth in
  let ky := exponent y + depth in
  let ds := digits s (total_of (product_of bits kx ky fs)) in
  1 <= count x < 2 ^ 28 ->
  Z.abs (last (carried bits 0 ds) 0) < 2 ^ 63 ->
  exists v u, gram_entry s fs = fldexp v (exponent x + exponent y) /\
    denotes v u (- (Z.of_nat (order s) * bits)) /\
    2 ^ 64 * Z.abs (u * weight bits kx ky (order s) - kept s bits kx ky fs)
    <= (2 ^ 12 + 1) * Z.abs (kept s bits kx ky fs).
Proof.
intros Hs x y bits kx ky ds Hn L.
pose proof (slice_bits_least _ Hn) as B16; pose proof (slice_bits_most (count x)) as B21.
fold bits in B16, B21; pose proof (order_least s Hs) as O.
assert (Len : Z.of_nat (length ds) - 1 = Z.of_nat (order s))
  by (unfold ds; rewrite digits_length; lia).
assert (N : ds <> []) by (intros E; rewrite E in Len; simpl in Len; lia).
destruct (summed_near bits ds ltac:(lia) N ltac:(rewrite Len; nia) L) as [u [D E]].
rewrite Len in D; exists (summed bits (carried bits 0 ds)), u; split; [|split; [exact D|]].
- apply gram_entry_rounds_kept; lia.
- unfold kept; fold ds; rewrite (carried_number bits ds 0 N), Z.add_0_r.
  assert (P : 0 <= weight bits kx ky (order s)) by (apply Z.pow_nonneg; lia).
  set (w := weight bits kx ky (order s)) in *; clearbody w.
  rewrite <- Z.mul_sub_distr_r, !Z.abs_mul, (Z.abs_eq w), !Z.mul_assoc by exact P.
  apply Z.mul_le_mono_nonneg_r; [exact P|exact E].
Qed.
