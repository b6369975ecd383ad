(******************************************************************************)
(* Sums of products that no order, no parentheses and no fusing can change    *)
(*                                                                            *)
(* What is proved, in Coq's own binary64 (SpecFloat, as in FloatingPoint.v;   *)
(* nothing is assumed): on a grid, the integers times a power of two 2^e,     *)
(*  - sums, products and fused multiply-adds of doubles are exact as long as  *)
(*    the integers stay below 2^53 in magnitude and the grid lies within the  *)
(*    doubles (e from -1074 to 971): add_exact, mul_exact, fma_exact;         *)
(*  - if the sums of squares ("energies") of the integers a_f and of the b_f  *)
(*    are below 2^53, then every way to add the products a_f b_f - any order, *)
(*    any parentheses, any of them fused into an addition, any zeros added -  *)
(*    computes the exact sum: computed_exact; and two ways compute the same   *)
(*    double, but for the sign of a zero: any_order;                          *)
(*  - read as integers, the sums are the same: any_order_whole.               *)
(*                                                                            *)
(* Why one would believe it. Every subset of the products has a sum of at     *)
(* most sqrt(energy a * energy b) in magnitude (Cauchy and Schwarz), below    *)
(* 2^53, so every intermediate result is a double, and rounding to nearest    *)
(* returns a double as it is. BLAS may choose the order, the blocks, the      *)
(* number of threads, and whether it fuses; that it only adds products is     *)
(* what is asked of it.                                                       *)
(*                                                                            *)
(* The idea is from K. Ozaki, T. Ogita, S. Oishi, S. M. Rump, Numerical       *)
(* Algorithms 59, 95-118 (2012).                                              *)
(*                                                                            *)
(* Definitions: fadd, fmul, ffma, float_at, last_digit, mantissa, in_range,   *)
(*   magnitude, represents, dot, energy, way, pairs, computed, light, whole.  *)
(******************************************************************************)

From Coq Require Import ZArith List Lia Permutation Floats.SpecFloat.
From EtC Require Import FloatingPoint.
Import ListNotations.
Local Open Scope Z_scope.
Unset Lia Cache.
Unset Nia Cache.

Definition fadd := SFadd precision exponent_max.
Definition fmul := SFmul precision exponent_max.

(* x y + z, rounded once. SpecFloat has none; a product that is not finite and   *)
(* not zero needs no rounding, so that the others are sums of products.          *)
Definition ffma (x y z : spec_float) : spec_float :=
  match x, y, z with
  | S754_finite s m e, S754_finite s' m' e', S754_finite s'' m'' e'' =>
      let lower := Z.min (e + e') e'' in
      binary_normalize precision exponent_max
        (cond_Zopp (xorb s s') (Zpos (fst (shl_align (m * m') (e + e') lower)))
         + cond_Zopp s'' (Zpos (fst (shl_align m'' e'' lower)))) lower false
  | S754_finite s m e, S754_finite s' m' e', S754_zero _ =>
      binary_round precision exponent_max (xorb s s') (m * m') (e + e')
  | S754_finite _ _ _, S754_finite _ _ _, _ => z
  | _, _, _ => fadd (fmul x y) z
  end.

(* The double z 2^e. *)
Definition float_at (z e : Z) : spec_float :=
  binary_normalize precision exponent_max z e false.

(* --- shifting out zeros loses nothing ------------------------------------- *)

Lemma shr_1_even q : 0 < q ->
  shr_1 {| shr_m := q * 2; shr_r := false; shr_s := false |}
  = {| shr_m := q; shr_r := false; shr_s := false |}.
Proof. destruct q as [|q|q]; try lia; intros _; rewrite Z.mul_comm; reflexivity. Qed.

Lemma scaled_pos q n : 0 < q -> 0 <= n -> 0 < q * 2 ^ n.
Proof. intros H Hn; apply Z.mul_pos_pos; [exact H|apply Z.pow_pos_nonneg; lia]. Qed.

Lemma iter_shr n : forall q, 0 < q ->
  iter_pos shr_1 n {| shr_m := q * 2 ^ Zpos n; shr_r := false; shr_s := false |}
  = {| shr_m := q; shr_r := false; shr_s := false |}.
Proof.
assert (P : forall q m, 0 < q -> 0 < q * 2 ^ Zpos m) by (intros; apply scaled_pos; lia).
induction n as [n IH|n IH|]; intros q Hq; cbn [iter_pos].
- replace (q * 2 ^ Zpos n~1) with (q * 2 ^ Zpos n * 2 ^ Zpos n * 2).
  2: { replace (Zpos n~1) with (Zpos n + Zpos n + 1) by lia.
       rewrite !Z.pow_add_r, Z.pow_1_r by lia; ring. }
  pose proof (P q n Hq) as H1; pose proof (P _ n H1) as H2.
  rewrite (shr_1_even _ H2), (IH _ H1); exact (IH q Hq).
- replace (q * 2 ^ Zpos n~0) with (q * 2 ^ Zpos n * 2 ^ Zpos n).
  2: { replace (Zpos n~0) with (Zpos n + Zpos n) by lia.
       rewrite Z.pow_add_r by lia; ring. }
  rewrite (IH _ (P q n Hq)); exact (IH q Hq).
- rewrite Z.pow_1_r; apply shr_1_even, Hq.
Qed.

Lemma digits_times p q j : 0 <= j -> Zpos p = Zpos q * 2 ^ j ->
  Zpos (digits2_pos p) = Zpos (digits2_pos q) + j.
Proof.
intros Hj; destruct j as [|j|j]; [| |lia]; intros E.
- rewrite Z.mul_1_r in E; injection E as ->; lia.
- rewrite <- shift_pos_value in E; injection E as ->; apply digits2_pos_shift.
Qed.

Lemma digits_upper p : Zpos p < 2 ^ Zpos (digits2_pos p).
Proof.
induction p as [p IH|p IH|]; simpl digits2_pos; [| |simpl; lia];
  rewrite Pos2Z.inj_succ, Z.pow_succ_r by lia; lia.
Qed.

Lemma digits_le p d : 0 <= d -> Zpos p < 2 ^ d -> Zpos (digits2_pos p) <= d.
Proof.
intros Hd Hp; destruct (Z.le_gt_cases (Zpos (digits2_pos p)) d) as [|G]; [assumption|].
pose proof (digits2_pos_lower p).
pose proof (Z.pow_le_mono_r 2 d (Zpos (digits2_pos p) - 1)); lia.
Qed.

Lemma digits_ge p d : 0 <= d -> 2 ^ d <= Zpos p -> d + 1 <= Zpos (digits2_pos p).
Proof.
intros Hd Hp; destruct (Z.le_gt_cases (d + 1) (Zpos (digits2_pos p))) as [|G]; [assumption|].
pose proof (digits_upper p).
pose proof (Z.pow_le_mono_r 2 (Zpos (digits2_pos p)) d); lia.
Qed.

(* --- the one form of a double that is z 2^g ------------------------------- *)

(* The exponent of the last digit of a double of magnitude r 2^g. *)
Definition last_digit (r : positive) (g : Z) : Z :=
  Z.max (Zpos (digits2_pos r) + g - 53) (-1074).
Definition mantissa (r : positive) (g : Z) : positive :=
  Z.to_pos (Zpos r * 2 ^ (g - last_digit r g)).

Definition in_range (g : Z) : Prop := -1074 <= g <= 971.

Lemma last_digit_le r g : Zpos r < 2 ^ 53 -> in_range g -> last_digit r g <= g.
Proof.
unfold in_range, last_digit; intros Hr Hg; pose proof (digits_le r 53 ltac:(lia) Hr); lia.
Qed.

Lemma mantissa_value r g : Zpos r < 2 ^ 53 -> in_range g ->
  Zpos (mantissa r g) = Zpos r * 2 ^ (g - last_digit r g).
Proof.
intros Hr Hg; pose proof (last_digit_le r g Hr Hg).
unfold mantissa; apply Z2Pos.id, scaled_pos; lia.
Qed.

Lemma fexp_value d : fexp precision exponent_max d = Z.max (d - 53) (-1074).
Proof. reflexivity. Qed.

Lemma shr_fexp_exact p m e t : e <= t -> Zpos p = Zpos m * 2 ^ (t - e) ->
  fexp precision exponent_max (Zpos (digits2_pos p) + e) = t ->
  shr_fexp precision exponent_max (Zpos p) e loc_Exact
  = ({| shr_m := Zpos m; shr_r := false; shr_s := false |}, t).
Proof.
intros Ht E F; unfold shr_fexp.
change (Zdigits2 (Zpos p)) with (Zpos (digits2_pos p)); rewrite F.
change (shr_record_of_loc (Zpos p) loc_Exact)
  with {| shr_m := Zpos p; shr_r := false; shr_s := false |}.
destruct (t - e) as [|j|j] eqn:J; [| |lia].
- rewrite Z.mul_1_r in E; rewrite E; simpl; f_equal; lia.
- unfold shr; rewrite E, (iter_shr j (Zpos m)) by lia; f_equal; lia.
Qed.

Lemma round_aux_exact s p m e t : e <= t <= 971 -> Zpos p = Zpos m * 2 ^ (t - e) ->
  fexp precision exponent_max (Zpos (digits2_pos p) + e) = t ->
  binary_round_aux precision exponent_max s (Zpos p) e loc_Exact = S754_finite s m t.
Proof.
intros Ht E F; pose proof (digits_times p m (t - e) ltac:(lia) E) as D.
unfold binary_round_aux; rewrite (shr_fexp_exact p m e t) by (try exact E; lia).
cbn [loc_of_shr_record shr_m shr_r shr_s round_nearest_even].
rewrite (shr_fexp_exact m m t t); [|lia|rewrite Z.sub_diag; lia|rewrite <- F; f_equal; lia].
cbn [shr_m]; replace (Z.leb t (exponent_max - precision)) with true; [reflexivity|].
symmetry; apply Z.leb_le; unfold exponent_max, precision; lia.
Qed.

(* Whatever mantissa and exponent r 2^g comes with, rounding finds its one form. *)
Lemma round_exact s p e r g : Zpos r < 2 ^ 53 -> in_range g -> e <= g ->
  Zpos p = Zpos r * 2 ^ (g - e) ->
  binary_round precision exponent_max s p e = S754_finite s (mantissa r g) (last_digit r g).
Proof.
intros Hr Hg He E; pose proof (last_digit_le r g Hr Hg) as T.
pose proof (mantissa_value r g Hr Hg) as M.
pose proof (digits_times p r (g - e) ltac:(lia) E) as D.
assert (F : fexp precision exponent_max (Zpos (digits2_pos p) + e) = last_digit r g)
  by (rewrite fexp_value; unfold last_digit; lia).
unfold in_range in Hg; unfold binary_round, shl_align; rewrite F.
destruct (last_digit r g - e) as [|j|j] eqn:J.
- apply round_aux_exact; [lia| |exact F].
  rewrite E, M; replace e with (last_digit r g) by lia.
  rewrite Z.sub_diag; lia.
- apply round_aux_exact; [lia| |exact F].
  rewrite E, M, <- Z.mul_assoc, <- Z.pow_add_r by lia; f_equal; f_equal; lia.
- assert (S : Zpos (shift_pos j p) = Zpos (mantissa r g)).
  { rewrite shift_pos_value, E, M, <- Z.mul_assoc, <- Z.pow_add_r by lia; f_equal; f_equal; lia. }
  apply round_aux_exact; [lia|rewrite Z.sub_diag, S; lia|].
  pose proof (digits_times _ p (Zpos j) ltac:(lia) (shift_pos_value j p)) as D'.
  rewrite <- F, !fexp_value, D'; unfold last_digit in *; lia.
Qed.

Lemma normalize_exact z g e : z <> 0 -> Z.abs z < 2 ^ 53 -> in_range g -> e <= g ->
  binary_normalize precision exponent_max (z * 2 ^ (g - e)) e false = float_at z g.
Proof.
intros Hz Hb Hg He; pose proof (Z.pow_pos_nonneg 2 (g - e) ltac:(lia) ltac:(lia)) as P.
unfold float_at, binary_normalize; destruct z as [|r|r]; [lia| |].
- destruct (Zpos r * 2 ^ (g - e)) as [|p|p] eqn:E; [nia| |nia].
  rewrite (round_exact false p e r g), (round_exact false r g r g);
    [reflexivity|lia|exact Hg|lia|rewrite Z.sub_diag; lia|lia|exact Hg|lia|lia].
- destruct (Zneg r * 2 ^ (g - e)) as [|p|p] eqn:E; [nia|nia|].
  rewrite (round_exact true p e r g), (round_exact true r g r g);
    [reflexivity|lia|exact Hg|lia|rewrite Z.sub_diag; lia|lia|exact Hg|lia|nia].
Qed.

Definition magnitude (z : Z) : positive := Z.to_pos (Z.abs z).

Lemma float_at_form z g : z <> 0 -> Z.abs z < 2 ^ 53 -> in_range g ->
  float_at z g = S754_finite (z <? 0) (mantissa (magnitude z) g) (last_digit (magnitude z) g).
Proof.
intros Hz Hb Hg; unfold float_at, binary_normalize, magnitude; destruct z as [|r|r]; [lia| |];
  simpl Z.abs; simpl Z.to_pos; simpl Z.ltb; apply round_exact;
  try exact Hg; try lia; rewrite Z.sub_diag; lia.
Qed.

(* The same, as values. *)
Lemma float_at_value z g : z <> 0 -> Z.abs z < 2 ^ 53 -> in_range g ->
  exists m t, float_at z g = S754_finite (z <? 0) m t /\ -1074 <= t <= g /\
    Zpos m = Z.abs z * 2 ^ (g - t) /\ (t = -1074 \/ Zpos (digits2_pos m) = 53).
Proof.
intros Hz Hb Hg; assert (R : Zpos (magnitude z) = Z.abs z) by (apply Z2Pos.id; lia).
assert (Hr : Zpos (magnitude z) < 2 ^ 53) by lia.
exists (mantissa (magnitude z) g), (last_digit (magnitude z) g).
pose proof (last_digit_le _ _ Hr Hg); pose proof (mantissa_value _ _ Hr Hg) as M.
rewrite R in M; repeat split; [apply float_at_form; assumption|unfold last_digit; lia|lia|exact M|].
rewrite <- R in M.
pose proof (digits_times _ _ (g - last_digit (magnitude z) g) ltac:(lia) M) as D.
unfold last_digit in *; lia.
Qed.

(* --- sums, products and fused multiply-adds ------------------------------- *)

(* f is z 2^g; a zero may have either sign. *)
Definition represents (f : spec_float) (z g : Z) : Prop :=
  (z = 0 /\ exists s, f = S754_zero s) \/ (z <> 0 /\ f = float_at z g).

Lemma float_at_represents z g : represents (float_at z g) z g.
Proof.
destruct (Z.eq_dec z 0) as [->|N]; [left; split; [reflexivity|exists false; reflexivity]|].
right; split; [exact N|reflexivity].
Qed.

Lemma represents_float f z g : z <> 0 -> represents f z g -> f = float_at z g.
Proof. intros N [[E _]|[_ E]]; [contradiction|exact E]. Qed.

Lemma align_value m e lower : lower <= e ->
  Zpos (fst (shl_align m e lower)) = Zpos m * 2 ^ (e - lower).
Proof.
intros H; unfold shl_align; destruct (lower - e) as [|d|d] eqn:D; simpl fst.
- replace (e - lower) with 0 by lia; lia.
- lia.
- rewrite shift_pos_value; f_equal; f_equal; lia.
Qed.

Lemma aligned z m t g lower : Zpos m = Z.abs z * 2 ^ (g - t) -> lower <= t <= g ->
  cond_Zopp (z <? 0) (Zpos (fst (shl_align m t lower))) = z * 2 ^ (g - lower).
Proof.
intros M L; rewrite (align_value m t lower), M, <- Z.mul_assoc, <- Z.pow_add_r by lia.
replace (g - t + (t - lower)) with (g - lower) by lia.
unfold cond_Zopp; destruct (Z.ltb_spec z 0); nia.
Qed.

Lemma normalize_represents z g e : Z.abs z < 2 ^ 53 -> in_range g -> e <= g ->
  represents (binary_normalize precision exponent_max (z * 2 ^ (g - e)) e false) z g.
Proof.
intros Hb Hg He; destruct (Z.eq_dec z 0) as [->|N].
- left; split; [reflexivity|exists false; reflexivity].
- right; split; [exact N|apply normalize_exact; assumption].
Qed.

Theorem add_exact a b g x y : in_range g ->
  Z.abs a < 2 ^ 53 -> Z.abs b < 2 ^ 53 -> Z.abs (a + b) < 2 ^ 53 ->
  represents x a g -> represents y b g -> represents (fadd x y) (a + b) g.
Proof.
intros Hg Ha Hb Hab [[-> [s ->]]|[Na ->]] [[-> [s' ->]]|[Nb ->]].
- left; split; [reflexivity|]; destruct s, s'; eexists; reflexivity.
- right; split; [exact Nb|]; simpl Z.add.
  destruct (float_at_value b g Nb Hb Hg) as [m [t [-> _]]]; reflexivity.
- right; split; [lia|]; rewrite Z.add_0_r.
  destruct (float_at_value a g Na Ha Hg) as [m [t [-> _]]]; reflexivity.
- destruct (float_at_value a g Na Ha Hg) as [m [t [-> [T [M _]]]]].
  destruct (float_at_value b g Nb Hb Hg) as [m' [t' [-> [T' [M' _]]]]].
  unfold fadd, SFadd; cbv zeta.
  rewrite (aligned a m t g (Z.min t t') M), (aligned b m' t' g (Z.min t t') M'),
    <- Z.mul_add_distr_r by lia.
  apply normalize_represents; [exact Hab|exact Hg|lia].
Qed.

Lemma product_sign a b : a <> 0 -> b <> 0 -> xorb (a <? 0) (b <? 0) = (a * b <? 0).
Proof.
intros; destruct (Z.ltb_spec a 0), (Z.ltb_spec b 0), (Z.ltb_spec (a * b) 0); simpl; nia.
Qed.

Lemma product_value a b m m' g g' t t' :
  Zpos m = Z.abs a * 2 ^ (g - t) -> Zpos m' = Z.abs b * 2 ^ (g' - t') -> t <= g -> t' <= g' ->
  Zpos (m * m') = Z.abs (a * b) * 2 ^ (g + g' - (t + t')).
Proof.
intros M M' T T'; rewrite Pos2Z.inj_mul, M, M', Z.abs_mul.
replace (g + g' - (t + t')) with (g - t + (g' - t')) by lia.
rewrite Z.pow_add_r by lia; ring.
Qed.

(* A product of mantissas has enough digits, or lies below the last double. *)
Lemma product_digits m m' t t' : -1074 <= t -> -1074 <= t' ->
  (t = -1074 \/ Zpos (digits2_pos m) = 53) -> (t' = -1074 \/ Zpos (digits2_pos m') = 53) ->
  t + t' <= Z.max (Zpos (digits2_pos (m * m')) + (t + t') - 53) (-1074).
Proof.
intros T T' D D'.
assert (G : forall p q, Zpos (digits2_pos p) = 53 -> 53 <= Zpos (digits2_pos (p * q))).
{ intros p q Dp; apply (digits_ge (p * q) 52); [lia|].
  pose proof (digits2_pos_lower p) as L; rewrite Dp in L; change (53 - 1) with 52 in L.
  rewrite Pos2Z.inj_mul; nia. }
destruct D as [->|D]; [|pose proof (G m m' D); lia].
destruct D' as [->|D']; [lia|].
pose proof (G m' m D') as H; rewrite Pos.mul_comm in H; lia.
Qed.

Theorem mul_exact a b g g' x y : in_range g -> in_range g' -> in_range (g + g') ->
  Z.abs a < 2 ^ 53 -> Z.abs b < 2 ^ 53 -> Z.abs (a * b) < 2 ^ 53 ->
  represents x a g -> represents y b g' -> represents (fmul x y) (a * b) (g + g').
Proof.
intros Hg Hg' Hgg Ha Hb Hab [[-> [s ->]]|[Na ->]] [[-> [s' ->]]|[Nb ->]].
- left; split; [reflexivity|]; eexists; reflexivity.
- left; split; [reflexivity|].
  destruct (float_at_value b g' Nb Hb Hg') as [m [t [-> _]]]; eexists; reflexivity.
- left; split; [lia|].
  destruct (float_at_value a g Na Ha Hg) as [m [t [-> _]]]; eexists; reflexivity.
- assert (N : a * b <> 0) by nia; right; split; [exact N|].
  destruct (float_at_value a g Na Ha Hg) as [m [t [-> [T [M D]]]]].
  destruct (float_at_value b g' Nb Hb Hg') as [m' [t' [-> [T' [M' D']]]]].
  rewrite (float_at_form _ _ N Hab Hgg); unfold fmul, SFmul.
  rewrite product_sign by assumption.
  pose proof (product_value a b m m' g g' t t' M M' ltac:(lia) ltac:(lia)) as P.
  pose proof (product_digits m m' t t' ltac:(lia) ltac:(lia) D D') as Q.
  assert (R : Zpos (magnitude (a * b)) = Z.abs (a * b)) by (apply Z2Pos.id; lia).
  rewrite <- R in P; set (r := magnitude (a * b)) in *.
  assert (Hr : Zpos r < 2 ^ 53) by lia.
  pose proof (digits_times _ _ (g + g' - (t + t')) ltac:(lia) P) as Dp.
  pose proof (last_digit_le r _ Hr Hgg) as L; pose proof (mantissa_value r _ Hr Hgg) as V.
  unfold in_range in *; apply round_aux_exact.
  + unfold last_digit in *; lia.
  + rewrite P, V, <- Z.mul_assoc, <- Z.pow_add_r by (unfold last_digit in *; lia).
    f_equal; f_equal; lia.
  + rewrite fexp_value; unfold last_digit; lia.
Qed.

Theorem fma_exact a b c g g' x y z : in_range g -> in_range g' -> in_range (g + g') ->
  Z.abs a < 2 ^ 53 -> Z.abs b < 2 ^ 53 -> Z.abs c < 2 ^ 53 ->
  Z.abs (a * b) < 2 ^ 53 -> Z.abs (a * b + c) < 2 ^ 53 ->
  represents x a g -> represents y b g' -> represents z c (g + g') ->
  represents (ffma x y z) (a * b + c) (g + g').
Proof.
intros Hg Hg' Hgg Ha Hb Hc Hab Habc Rx Ry Rz.
assert (Separate : represents (fadd (fmul x y) z) (a * b + c) (g + g')).
{ apply add_exact; try assumption; apply mul_exact; assumption. }
destruct Rx as [[-> [s ->]]|[Na ->]]; [exact Separate|].
destruct (float_at_value a g Na Ha Hg) as [m [t [Fa [T [M _]]]]]; rewrite Fa in *.
destruct Ry as [[-> [s ->]]|[Nb ->]]; [exact Separate|].
destruct (float_at_value b g' Nb Hb Hg') as [m' [t' [Fb [T' [M' _]]]]]; rewrite Fb in *.
clear Separate; pose proof (product_value a b m m' g g' t t' M M' ltac:(lia) ltac:(lia)) as P.
unfold ffma; destruct Rz as [[-> [s ->]]|[Nc ->]].
- assert (N : a * b <> 0) by nia; right; split; [lia|]; rewrite Z.add_0_r.
  rewrite (float_at_form _ _ N Hab Hgg), product_sign by assumption.
  assert (R : Zpos (magnitude (a * b)) = Z.abs (a * b)) by (apply Z2Pos.id; lia).
  apply round_exact; [lia|exact Hgg|lia|rewrite R; exact P].
- destruct (float_at_value c _ Nc Hc Hgg) as [m'' [t'' [-> [T'' [M'' _]]]]]; cbv zeta.
  rewrite product_sign by assumption.
  rewrite (aligned (a * b) _ _ (g + g') (Z.min (t + t') t'') P),
    (aligned c _ _ (g + g') (Z.min (t + t') t'') M''), <- Z.mul_add_distr_r by lia.
  apply normalize_represents; [exact Habc|exact Hgg|lia].
Qed.

(* --- energies bound every partial sum ------------------------------------- *)

Definition dot (ps : list (Z * Z)) : Z := sum (map (fun p => fst p * snd p) ps).
Definition energy (xs : list Z) : Z := sum (map square xs).

Lemma sum_app a b : sum (a ++ b) = sum a + sum b.
Proof. induction a as [|x a IH]; simpl; [reflexivity|rewrite IH; lia]. Qed.
Lemma sum_perm a b : Permutation a b -> sum a = sum b.
Proof. induction 1; simpl; lia. Qed.
Lemma dot_app a b : dot (a ++ b) = dot a + dot b.
Proof. unfold dot; rewrite map_app; apply sum_app. Qed.
Lemma dot_perm a b : Permutation a b -> dot a = dot b.
Proof. intros P; apply sum_perm, Permutation_map, P. Qed.
Lemma energy_app a b : energy (a ++ b) = energy a + energy b.
Proof. unfold energy; rewrite map_app; apply sum_app. Qed.
Lemma energy_perm a b : Permutation a b -> energy a = energy b.
Proof. intros P; apply sum_perm, Permutation_map, P. Qed.
Lemma energy_pos xs : 0 <= energy xs.
Proof. unfold energy, square; induction xs as [|x xs IH]; simpl; [lia|nia]. Qed.

Lemma cauchy_schwarz ps : dot ps * dot ps <= energy (map fst ps) * energy (map snd ps).
Proof.
induction ps as [|[a b] ps IH]; [reflexivity|].
unfold dot, energy, square in *; simpl.
pose proof (energy_pos (map fst ps)) as HA; pose proof (energy_pos (map snd ps)) as HB.
unfold energy, square in HA, HB.
set (D := sum (map (fun p : Z * Z => fst p * snd p) ps)) in *.
set (A := sum (map (fun x : Z => x * x) (map fst ps))) in *.
set (E := sum (map (fun x : Z => x * x) (map snd ps))) in *.
assert (H : 2 * (a * b) * D <= a * a * E + b * b * A).
{ assert (4 * (a * a * (b * b)) * (D * D) <= 4 * (a * a * (b * b)) * (A * E))
    by (apply Z.mul_le_mono_nonneg_l; [nia|exact IH]).
  assert (0 <= (a * a * E - b * b * A) * (a * a * E - b * b * A)) by apply Z.square_nonneg.
  assert ((2 * (a * b) * D) * (2 * (a * b) * D)
          <= (a * a * E + b * b * A) * (a * a * E + b * b * A)) by nia.
  assert (0 <= a * a * E + b * b * A) by nia; nia. }
nia.
Qed.

Lemma dot_small ps : energy (map fst ps) < 2 ^ 53 -> energy (map snd ps) < 2 ^ 53 ->
  Z.abs (dot ps) < 2 ^ 53.
Proof.
intros HA HB; pose proof (cauchy_schwarz ps) as CS.
pose proof (energy_pos (map fst ps)); pose proof (energy_pos (map snd ps)).
destruct (Z.lt_ge_cases (Z.abs (dot ps)) (2 ^ 53)) as [|G]; [assumption|exfalso].
assert (2 ^ 53 * 2 ^ 53 <= Z.abs (dot ps) * Z.abs (dot ps)) by (apply Z.mul_le_mono_nonneg; lia).
rewrite Z.abs_square in *; assert (0 < 2 ^ 53) by reflexivity; nia.
Qed.

(* --- any order, any parentheses, any fusing ------------------------------- *)

(* A way to add products a b of integers: what a BLAS may do. *)
Inductive way : Type :=
  | Nothing
  | Product (a b : Z)
  | Plus (l r : way)
  | Fused (a b : Z) (rest : way).

Fixpoint pairs (w : way) : list (Z * Z) :=
  match w with
  | Nothing => []
  | Product a b => [(a, b)]
  | Plus l r => pairs l ++ pairs r
  | Fused a b rest => (a, b) :: pairs rest
  end.

(* The operands are doubles on the grids 2^g and 2^g'. *)
Fixpoint computed (g g' : Z) (w : way) : spec_float :=
  match w with
  | Nothing => S754_zero false
  | Product a b => fmul (float_at a g) (float_at b g')
  | Plus l r => fadd (computed g g' l) (computed g g' r)
  | Fused a b rest => ffma (float_at a g) (float_at b g') (computed g g' rest)
  end.

Definition light (ps : list (Z * Z)) : Prop :=
  energy (map fst ps) < 2 ^ 53 /\ energy (map snd ps) < 2 ^ 53.

Lemma light_app a b : light (a ++ b) -> light a /\ light b.
Proof.
unfold light; rewrite !map_app, !energy_app.
pose proof (energy_pos (map fst a)); pose proof (energy_pos (map fst b)).
pose proof (energy_pos (map snd a)); pose proof (energy_pos (map snd b)); lia.
Qed.

Lemma light_perm a b : Permutation a b -> light a -> light b.
Proof.
unfold light; intros P.
rewrite (energy_perm _ _ (Permutation_map fst P)), (energy_perm _ _ (Permutation_map snd P)).
trivial.
Qed.

Lemma light_one a b : light [(a, b)] ->
  Z.abs a < 2 ^ 53 /\ Z.abs b < 2 ^ 53 /\ Z.abs (a * b) < 2 ^ 53.
Proof.
intros [HA HB]; pose proof (dot_small _ HA HB) as D.
unfold dot, energy, square in *; simpl in HA, HB, D; rewrite Z.add_0_r in D.
repeat split; [nia|nia|exact D].
Qed.

Theorem computed_exact g g' w : in_range g -> in_range g' -> in_range (g + g') ->
  light (pairs w) -> represents (computed g g' w) (dot (pairs w)) (g + g').
Proof.
intros Hg Hg' Hgg; induction w as [|a b|l IHl r IHr|a b w IH]; intros L; simpl computed.
- left; split; [reflexivity|exists false; reflexivity].
- pose proof (light_one a b L) as [Ha [Hb Hab]].
  replace (dot (pairs (Product a b))) with (a * b) by (unfold dot; simpl; lia).
  apply mul_exact; try assumption; apply float_at_represents.
- simpl pairs in *; pose proof (dot_small _ (proj1 L) (proj2 L)) as S.
  rewrite dot_app in *; destruct (light_app _ _ L) as [Ll Lr].
  apply add_exact; try assumption; try (apply IHl; assumption); try (apply IHr; assumption);
    apply dot_small; first [apply Ll | apply Lr].
- simpl pairs in *; pose proof (dot_small _ (proj1 L) (proj2 L)) as S.
  change ((a, b) :: pairs w) with ([(a, b)] ++ pairs w) in *.
  rewrite dot_app in *; destruct (light_app _ _ L) as [L1 Lw].
  pose proof (light_one a b L1) as [Ha [Hb Hab]].
  replace (dot [(a, b)]) with (a * b) in * by (unfold dot; simpl; lia).
  apply fma_exact; try assumption; try apply float_at_represents;
    [apply dot_small; apply Lw|apply IH, Lw].
Qed.

(* Two sums of the same products: the same double, which is the exact sum. *)
Theorem any_order g g' w w' : in_range g -> in_range g' -> in_range (g + g') ->
  Permutation (pairs w) (pairs w') -> light (pairs w) ->
  let exact := dot (pairs w) in
  if exact =? 0 then exists s s', computed g g' w = S754_zero s /\ computed g g' w' = S754_zero s'
  else computed g g' w = float_at exact (g + g') /\ computed g g' w' = float_at exact (g + g').
Proof.
intros Hg Hg' Hgg P L; cbv zeta.
pose proof (computed_exact g g' w Hg Hg' Hgg L) as R.
pose proof (computed_exact g g' w' Hg Hg' Hgg (light_perm _ _ P L)) as R'.
rewrite <- (dot_perm _ _ P) in R'; destruct (Z.eqb_spec (dot (pairs w)) 0) as [E|N].
- destruct R as [[_ [s ->]]|[N _]]; [|contradiction].
  destruct R' as [[_ [s' ->]]|[N _]]; [|contradiction]; exists s, s'; split; reflexivity.
- split; apply represents_float; assumption.
Qed.

(* --- read as integers ----------------------------------------------------- *)

(* What conversion to an integer type returns of a double that is an integer. *)
Definition whole (f : spec_float) : Z :=
  match f with
  | S754_finite s m e => cond_Zopp s (Z.shiftl (Zpos m) e)
  | _ => 0
  end.

Lemma whole_exact f z : Z.abs z < 2 ^ 53 -> represents f z 0 -> whole f = z.
Proof.
intros Hb [[-> [s ->]]|[N ->]]; [reflexivity|].
destruct (float_at_value z 0 N Hb ltac:(unfold in_range; lia)) as [m [t [-> [T [M _]]]]].
unfold whole; rewrite M, <- (Z.opp_involutive t), Z.shiftl_opp_r, Z.shiftr_div_pow2 by lia.
rewrite Z.opp_involutive; replace (0 - t) with (- t) by lia; rewrite Z.div_mul.
- unfold cond_Zopp; destruct (Z.ltb_spec z 0); lia.
- apply Z.pow_nonzero; lia.
Qed.

Theorem any_order_whole w : light (pairs w) -> whole (computed 0 0 w) = dot (pairs w).
Proof.
intros L; apply whole_exact; [apply dot_small; apply L|].
apply (computed_exact 0 0 w); try assumption; unfold in_range; lia.
Qed.
