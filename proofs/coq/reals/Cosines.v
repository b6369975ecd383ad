(******************************************************************************)
(* Cosines: the DCT over the real numbers has the parity of its frequencies   *)
(*                                                                            *)
(* THIS FILE ASSUMES AXIOMS: those of Coq's real numbers, which are listed    *)
(* in AXIOMS beside it, and no other.                                         *)
(*                                                                            *)
(* CosineTransform.v has the DCT in any field with a root of unity, and       *)
(* assumes nothing. Here are the cosines of analysis, for all N:              *)
(*  - function u of the DCT-II, cos (pi (2 i + 1) u / 2 N), is even or odd as *)
(*    u is, under i |-> N - 1 - i (real_parity);                              *)
(*  - the N functions are orthogonal (real_orthogonal);                       *)
(*  - a mirror and a quarter turn of a block, which generate D4, multiply its *)
(*    coefficients by (-1)^v, and by (-1)^u after transposition               *)
(*    (real_mirror, real_quarter_turn).                                       *)
(*                                                                            *)
(* Why one would believe it. cos (pi u - t) = (-1)^u cos t; and cosines of    *)
(* odd multiples of t, times 2 sin t, telescope to sin (2 N t).               *)
(******************************************************************************)

From Coq Require Import Reals Lra Lia.
Local Open Scope R_scope.

Section Cosines.

Variable N : nat.
Hypothesis N_gt0 : (0 < N)%nat.

Definition angle (u i : nat) : R := PI * (2 * INR i + 1) * INR u / (2 * INR N).
Definition real_function (u i : nat) : R := cos (angle u i).

Lemma INR_N_gt0 : 0 < INR N.
Proof. now apply lt_0_INR. Qed.

Lemma cos_minus_multiple (u : nat) (t : R) : cos (INR u * PI - t) = (-1) ^ u * cos t.
Proof.
induction u as [|u IH].
- simpl; rewrite Rmult_0_l, Rmult_1_l; unfold Rminus; rewrite Rplus_0_l; apply cos_neg.
- rewrite S_INR; replace ((INR u + 1) * PI - t) with (INR u * PI - t + PI) by ring.
  rewrite neg_cos, IH; simpl; ring.
Qed.

Theorem real_parity (u i : nat) : (i < N)%nat ->
  real_function u (N - 1 - i) = (-1) ^ u * real_function u i.
Proof.
intros lt_iN; unfold real_function, angle; rewrite <- cos_minus_multiple; f_equal.
replace (INR (N - 1 - i)) with (INR N - 1 - INR i)
  by (rewrite !minus_INR by lia; reflexivity).
pose proof INR_N_gt0; field; lra.
Qed.

(* --- sums backwards ------------------------------------------------------- *)

Fixpoint sum (n : nat) (f : nat -> R) : R :=
  match n with O => 0 | S m => sum m f + f m end.

Lemma eq_sum n f g : (forall i, (i < n)%nat -> f i = g i) -> sum n f = sum n g.
Proof.
induction n as [|n IH]; intros fg; [reflexivity|].
simpl; rewrite (fg n) by lia; f_equal; apply IH; intros; apply fg; lia.
Qed.

Lemma sum_first n f : sum (S n) f = f 0%nat + sum n (fun i => f (S i)).
Proof.
induction n as [|n IH]; [simpl; ring|].
change (sum (S (S n)) f) with (sum (S n) f + f (S n)); rewrite IH; simpl; ring.
Qed.

Lemma sum_backwards n f : sum n (fun i => f (n - 1 - i)%nat) = sum n f.
Proof.
revert f; induction n as [|n IH]; intros f; [reflexivity|].
rewrite (sum_first n f), <- IH; simpl.
rewrite Rplus_comm; f_equal; [f_equal; lia|].
apply eq_sum; intros; f_equal; lia.
Qed.

Lemma sum_scale n c f : sum n (fun i => c * f i) = c * sum n f.
Proof. induction n as [|n IH]; simpl; [ring | rewrite IH; ring]. Qed.

Lemma sum_exchange m n (f : nat -> nat -> R) :
  sum m (fun i => sum n (f i)) = sum n (fun j => sum m (fun i => f i j)).
Proof.
assert (sum_add : forall k (g h : nat -> R), sum k (fun i => g i + h i) = sum k g + sum k h).
{ induction k as [|k IHk]; intros; simpl; [ring | rewrite IHk; ring]. }
induction m as [|m IH]; simpl.
- induction n as [|n IHn]; simpl; [reflexivity | rewrite <- IHn; ring].
- now rewrite IH, sum_add.
Qed.

(* --- orthogonality -------------------------------------------------------- *)

Lemma sum_cosines (m : nat) : (0 < m < 2 * N)%nat ->
  sum N (fun i => cos (PI * (2 * INR i + 1) * INR m / (2 * INR N))) = 0.
Proof.
intros small; pose proof INR_N_gt0 as N0; pose proof PI_RGT_0 as pi0.
set (t := PI * INR m / (2 * INR N)).
assert (t_small : 0 < t < PI).
{ assert (0 < INR m) by (apply lt_0_INR; lia).
  assert (INR m < 2 * INR N) by (change 2 with (INR 2); rewrite <- mult_INR; apply lt_INR; lia).
  unfold t; split.
  - apply Rdiv_lt_0_compat; nra.
  - apply Rmult_lt_reg_r with (2 * INR N); [lra|].
    unfold Rdiv; rewrite Rmult_assoc, Rinv_l by lra; nra. }
assert (telescope : forall n, 2 * sin t
    * sum n (fun i => cos (PI * (2 * INR i + 1) * INR m / (2 * INR N)))
  = sin (2 * INR n * t)).
{ induction n as [|n IH].
  - simpl; rewrite !Rmult_0_r, Rmult_0_l, sin_0; reflexivity.
  - cbn [sum]; rewrite Rmult_plus_distr_l, IH, S_INR.
    replace (PI * (2 * INR n + 1) * INR m / (2 * INR N)) with (2 * INR n * t + t)
      by (unfold t; field; lra).
    replace (2 * (INR n + 1) * t) with (2 * INR n * t + t + t) by ring.
    set (y := 2 * INR n * t + t).
    replace (2 * INR n * t) with (y - t) by (unfold y; ring).
    rewrite sin_minus, sin_plus; ring. }
apply Rmult_eq_reg_l with (2 * sin t).
- rewrite telescope, Rmult_0_r.
  replace (2 * INR N * t) with (INR m * PI) by (unfold t; field; lra).
  apply sin_eq_0_1; exists (Z.of_nat m); now rewrite <- INR_IZR_INZ.
- pose proof (sin_gt_0 t (proj1 t_small) (proj2 t_small)); lra.
Qed.

Theorem real_orthogonal (u v : nat) : (v < u < N)%nat ->
  sum N (fun i => real_function u i * real_function v i) = 0.
Proof.
intros lt_vu; pose proof INR_N_gt0.
transitivity (sum N (fun i => / 2 * cos (PI * (2 * INR i + 1) * INR (u + v) / (2 * INR N)))
  + sum N (fun i => / 2 * cos (PI * (2 * INR i + 1) * INR (u - v) / (2 * INR N)))).
- assert (two_sums : forall n f g h, (forall i, f i = g i + h i) ->
    sum n f = sum n g + sum n h).
  { induction n as [|n IHn]; intros f g h fgh; simpl; [ring|].
    rewrite (IHn f g h fgh), fgh; ring. }
  apply two_sums; intros i; unfold real_function, angle.
  rewrite plus_INR, minus_INR by lia.
  set (a := PI * (2 * INR i + 1) * INR u / (2 * INR N)).
  set (b := PI * (2 * INR i + 1) * INR v / (2 * INR N)).
  replace (PI * (2 * INR i + 1) * (INR u + INR v) / (2 * INR N)) with (a + b)
    by (unfold a, b; field; lra).
  replace (PI * (2 * INR i + 1) * (INR u - INR v) / (2 * INR N)) with (a - b)
    by (unfold a, b; field; lra).
  rewrite cos_plus, cos_minus; field.
- rewrite !sum_scale, !sum_cosines by lia; ring.
Qed.

(* --- coefficients of blocks ----------------------------------------------- *)

(* But for the factors, which are alike for (u, v) and (v, u). *)
Definition real_coefficient (A : nat -> nat -> R) (u v : nat) : R :=
  sum N (fun i => sum N (fun j => real_function u i * real_function v j * A i j)).

Theorem real_mirror A u v :
  real_coefficient (fun i j => A i (N - 1 - j)%nat) u v = (-1) ^ v * real_coefficient A u v.
Proof.
unfold real_coefficient; rewrite <- sum_scale; apply eq_sum; intros i _.
rewrite <- sum_scale, <- sum_backwards; apply eq_sum; intros j lt_j.
replace (N - 1 - (N - 1 - j))%nat with j by lia; rewrite real_parity by assumption; ring.
Qed.

Theorem real_quarter_turn A u v :
  real_coefficient (fun i j => A j (N - 1 - i)%nat) u v = (-1) ^ u * real_coefficient A v u.
Proof.
unfold real_coefficient; rewrite sum_exchange, <- sum_scale; apply eq_sum; intros j _.
rewrite <- sum_scale, <- sum_backwards; apply eq_sum; intros i lt_i.
replace (N - 1 - (N - 1 - i))%nat with i by lia; rewrite real_parity by assumption; ring.
Qed.

End Cosines.
