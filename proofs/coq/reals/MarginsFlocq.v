(******************************************************************************)
(* Margins: decisions that no order of additions can change                   *)
(*                                                                            *)
(* THIS FILE ASSUMES AXIOMS: those four of Coq's real numbers on which Flocq, *)
(* its library of floating point, stands (AXIOMS, beside this file, lists     *)
(* them), and no other. The files of the folder above assume nothing, and     *)
(* none of them imports this one.                                             *)
(*                                                                            *)
(* What is proved, with u = 2^-53, tiny = 2^-1075 (half the least double):    *)
(*  - a sum of numbers and products, added in any order with any parentheses, *)
(*    products fused or not, is computed with an error of at most             *)
(*    ((1 + u)^height - 1) sum |x| + products tiny (1 + u)^height; without    *)
(*    products the second part is absent (tree_error, sum_error);             *)
(*  - so any order of n terms is off by bound_of at most, which looks at the  *)
(*    terms alone (any_order_error); for inner products that is Higham's      *)
(*    gamma_n |x| |y|, and what underflows (inner_product_error);             *)
(*  - two machines that add the same terms in two orders, plain and encrypted *)
(*    features for instance, get the same sign if the exact sum exceeds       *)
(*    bound_of in magnitude, or if the sum that one of them computed exceeds  *)
(*    it twice (certified_sum, certified_computed_sum, certified_linear);     *)
(*  - the model of rounding is binary64: if the result of a tree of Flocq's   *)
(*    operations is finite, nothing on the way overflowed and it is what the  *)
(*    model says (evaluate_computed, evaluate_error,                          *)
(*    certified_linear_doubles); these operations are those of SpecFloat, in  *)
(*    which the files above compute (add_is_SFadd, mul_is_SFmul; SpecFloat    *)
(*    has no fused one).                                                      *)
(* KernelMarginsFlocq.v goes on to kernel machines.                           *)
(*                                                                            *)
(* What it does not say: anything about results that overflow, or about two   *)
(* trainings: the terms are the same, the weights among them.                 *)
(*                                                                            *)
(* Why one would believe it. Each rounding is off by a factor 1 + u at most,  *)
(* and a term passes through no more roundings than the tree is high. An      *)
(* addition never underflows: a sum of two doubles below the least normal one *)
(* is a multiple of the least double, hence a double.                         *)
(*                                                                            *)
(* After N. J. Higham, "Accuracy and Stability of Numerical Algorithms", 2nd  *)
(* edition, SIAM 2002, chapters 3 and 4; for the library S. Boldo and         *)
(* G. Melquiond, "Computer Arithmetic and Formal Proofs", ISTE 2017.          *)
(******************************************************************************)

From Coq Require Import ZArith Reals List Permutation Lra Lia Psatz Floats.SpecFloat.
From Flocq Require Import Core Relative Plus_error BinarySingleNaN.
Import ListNotations.
Local Open Scope R_scope.

(* ------------------------------------------------------------------------- *)
(* Rounding to binary64, gradual underflow included, overflow left aside     *)
(* ------------------------------------------------------------------------- *)

Definition format (x : R) : Prop := generic_format radix2 (FLT_exp (-1074) 53) x.
Definition rounded (x : R) : R := round radix2 (FLT_exp (-1074) 53) ZnearestE x.

(* Half a unit in the last place of 1, and half the smallest number. *)
Definition u : R := bpow radix2 (-53).
Definition tiny : R := bpow radix2 (-1075).

#[local] Instance precision_positive : Prec_gt_0 53.
Proof. reflexivity. Qed.

Lemma u_positive : 0 < u.
Proof. apply bpow_gt_0. Qed.

Lemma tiny_positive : 0 < tiny.
Proof. apply bpow_gt_0. Qed.

Lemma half_bpow e : / 2 * bpow radix2 (e + 1) = bpow radix2 e.
Proof. rewrite bpow_plus; change (bpow radix2 1) with 2; field. Qed.

Lemma format_rounded x : format (rounded x).
Proof. apply generic_format_round; typeclasses eauto. Qed.

Lemma rounded_error x : Rabs (rounded x - x) <= u * Rabs x + tiny.
Proof.
destruct (error_N_FLT radix2 (-1074) 53 eq_refl (fun n => negb (Z.even n)) x)
  as [eps [eta [He [Ht [_ E]]]]].
unfold rounded; rewrite E; replace (x * (1 + eps) + eta - x) with (eps * x + eta) by ring.
eapply Rle_trans; [apply Rabs_triang|rewrite Rabs_mult].
assert (Rabs eps <= u) by (unfold u; rewrite <- (half_bpow (-53)); exact He).
assert (Rabs eta <= tiny) by (unfold tiny; rewrite <- (half_bpow (-1075)); exact Ht).
apply Rplus_le_compat; [apply Rmult_le_compat_r; [apply Rabs_pos|assumption]|assumption].
Qed.

(* A sum of two numbers does not underflow. *)
Lemma rounded_sum_error x y : format x -> format y ->
  Rabs (rounded (x + y) - (x + y)) <= u * Rabs (x + y).
Proof.
intros Fx Fy.
destruct (FLT_plus_error_N_ex radix2 (-1074) 53 (fun n => negb (Z.even n)) x y Fx Fy)
  as [eps [He E]].
unfold rounded; rewrite E; replace ((x + y) * (1 + eps) - (x + y)) with (eps * (x + y)) by ring.
rewrite Rabs_mult; apply Rmult_le_compat_r; [apply Rabs_pos|].
eapply Rle_trans; [exact He|]; unfold u; rewrite <- (half_bpow (-53)).
apply u_rod1pu_ro_le_u_ro.
Qed.

(* ------------------------------------------------------------------------- *)
(* Trees of additions                                                        *)
(* ------------------------------------------------------------------------- *)

(* A sum of numbers and of products, with any parentheses; Fused a b t is     *)
(* a b + t with one rounding.                                                *)
Inductive tree : Type :=
| Number (x : R)
| Product (a b : R)
| Plus (l r : tree)
| Fused (a b : R) (t : tree).

Fixpoint computed (t : tree) : R :=
  match t with
  | Number x => x
  | Product a b => rounded (a * b)
  | Plus l r => rounded (computed l + computed r)
  | Fused a b t => rounded (a * b + computed t)
  end.

Fixpoint terms (t : tree) : list R :=
  match t with
  | Number x => [x]
  | Product a b => [a * b]
  | Plus l r => terms l ++ terms r
  | Fused a b t => a * b :: terms t
  end.

Definition total (xs : list R) : R := fold_right Rplus 0 xs.
Definition magnitude (xs : list R) : R := total (map Rabs xs).

Fixpoint height (t : tree) : nat :=
  match t with
  | Number _ => 0
  | Product _ _ => 1
  | Plus l r => S (Nat.max (height l) (height r))
  | Fused _ _ t => S (height t)
  end.

Fixpoint products (t : tree) : nat :=
  match t with
  | Number _ => 0
  | Product _ _ => 1
  | Plus l r => products l + products r
  | Fused _ _ t => S (products t)
  end.

(* Numbers that are added are doubles; nothing is asked of factors. *)
Fixpoint in_format (t : tree) : Prop :=
  match t with
  | Number x => format x
  | Product _ _ => True
  | Plus l r => in_format l /\ in_format r
  | Fused _ _ t => in_format t
  end.

Lemma format_computed t : in_format t -> format (computed t).
Proof. destruct t; simpl; intros H; [exact H| | |]; apply format_rounded. Qed.

Lemma total_app xs ys : total (xs ++ ys) = total xs + total ys.
Proof. induction xs as [|x xs IH]; simpl; [ring|rewrite IH; ring]. Qed.

Lemma magnitude_app xs ys : magnitude (xs ++ ys) = magnitude xs + magnitude ys.
Proof. unfold magnitude; rewrite map_app; apply total_app. Qed.

Lemma total_magnitude xs : Rabs (total xs) <= magnitude xs.
Proof.
unfold magnitude; induction xs as [|x xs IH]; simpl; [rewrite Rabs_R0; lra|].
eapply Rle_trans; [apply Rabs_triang|lra].
Qed.

Lemma magnitude_nonneg xs : 0 <= magnitude xs.
Proof. eapply Rle_trans; [apply Rabs_pos|apply total_magnitude]. Qed.

Lemma total_perm xs ys : Permutation xs ys -> total xs = total ys.
Proof. induction 1; simpl; lra. Qed.

Lemma magnitude_perm xs ys : Permutation xs ys -> magnitude xs = magnitude ys.
Proof. intros P; apply total_perm, Permutation_map, P. Qed.

(* The growth of h roundings. *)
Definition growth (h : nat) : R := (1 + u) ^ h.

Lemma growth_ge_1 h : 1 <= growth h.
Proof. apply pow_R1_Rle; pose proof u_positive; lra. Qed.

Lemma growth_le h k : (h <= k)%nat -> growth h <= growth k.
Proof. intros H; apply Rle_pow; [pose proof u_positive; lra|exact H]. Qed.

Lemma growth_S h : growth (S h) = (1 + u) * growth h.
Proof. reflexivity. Qed.

(* One node: the error of its arguments grows by 1 + u, and it adds its own. *)
Lemma node_error result argument truth size error own :
  Rabs (result - argument) <= u * Rabs argument + own ->
  Rabs (argument - truth) <= error -> Rabs truth <= size ->
  Rabs (result - truth) <= (1 + u) * error + u * size + own.
Proof.
intros H1 H2 H3; pose proof u_positive as U.
assert (Rabs argument <= error + size).
{ replace argument with ((argument - truth) + truth) by ring.
  eapply Rle_trans; [apply Rabs_triang|lra]. }
replace (result - truth) with ((result - argument) + (argument - truth)) by ring.
eapply Rle_trans; [apply Rabs_triang|].
assert (u * Rabs argument <= u * (error + size)) by (apply Rmult_le_compat_l; lra).
lra.
Qed.

(* |fl(sum) - sum| <= ((1 + u)^height - 1) sum |x|, and what underflows. *)
Theorem tree_error t : in_format t ->
  Rabs (computed t - total (terms t))
  <= (growth (height t) - 1) * magnitude (terms t) + INR (products t) * tiny * growth (height t).
Proof.
pose proof u_positive as U; pose proof tiny_positive as T.
induction t as [x|a b|l IHl r IHr|a b t IH]; intros F; simpl computed; simpl terms; simpl height;
  simpl products; simpl in F.
- unfold magnitude, growth; simpl; replace (x - (x + 0)) with 0 by ring; rewrite Rabs_R0; lra.
- unfold magnitude, growth; simpl; rewrite !Rplus_0_r.
  pose proof (rounded_error (a * b)); pose proof (Rabs_pos (a * b)); nra.
- destruct F as [Fl Fr]; specialize (IHl Fl); specialize (IHr Fr).
  rewrite total_app, magnitude_app, plus_INR, growth_S.
  set (h := Nat.max (height l) (height r)).
  pose proof (growth_le (height l) h (Nat.le_max_l _ _)).
  pose proof (growth_le (height r) h (Nat.le_max_r _ _)).
  pose proof (growth_ge_1 h).
  pose proof (magnitude_nonneg (terms l)); pose proof (magnitude_nonneg (terms r)).
  pose proof (pos_INR (products l)); pose proof (pos_INR (products r)).
  set (ml := magnitude (terms l)) in *; set (mr := magnitude (terms r)) in *.
  set (pl := INR (products l)) in *; set (pr := INR (products r)) in *.
  set (gl := growth (height l)) in *; set (gr := growth (height r)) in *; set (g := growth h) in *.
  assert (B : Rabs (computed l + computed r - (total (terms l) + total (terms r)))
              <= (g - 1) * (ml + mr) + (pl + pr) * tiny * g).
  { replace (computed l + computed r - (total (terms l) + total (terms r)))
      with ((computed l - total (terms l)) + (computed r - total (terms r))) by ring.
    eapply Rle_trans; [apply Rabs_triang|].
    assert ((gl - 1) * ml <= (g - 1) * ml) by (apply Rmult_le_compat_r; lra).
    assert ((gr - 1) * mr <= (g - 1) * mr) by (apply Rmult_le_compat_r; lra).
    assert (pl * tiny * gl <= pl * tiny * g) by (apply Rmult_le_compat_l; nra).
    assert (pr * tiny * gr <= pr * tiny * g) by (apply Rmult_le_compat_l; nra).
    lra. }
  assert (S : Rabs (total (terms l) + total (terms r)) <= ml + mr).
  { eapply Rle_trans; [apply Rabs_triang|].
    pose proof (total_magnitude (terms l)); pose proof (total_magnitude (terms r)).
    unfold ml, mr; lra. }
  pose proof (rounded_sum_error _ _ (format_computed l Fl) (format_computed r Fr)) as E.
  rewrite <- (Rplus_0_r (u * _)) in E.
  eapply Rle_trans; [apply (node_error _ _ _ _ _ _ E B S)|]; apply Req_le; ring.
- specialize (IH F); rewrite growth_S, S_INR.
  replace (magnitude (a * b :: terms t)) with (Rabs (a * b) + magnitude (terms t)) by reflexivity.
  replace (total (a * b :: terms t)) with (a * b + total (terms t)) by reflexivity.
  pose proof (growth_ge_1 (height t)) as G; pose proof (total_magnitude (terms t)) as M.
  pose proof (pos_INR (products t)) as P; pose proof (Rabs_pos (a * b)) as A.
  set (m := magnitude (terms t)) in *; set (p := INR (products t)) in *.
  set (g := growth (height t)) in *.
  assert (B : Rabs (a * b + computed t - (a * b + total (terms t))) <= (g - 1) * m + p * tiny * g).
  { replace (a * b + computed t - (a * b + total (terms t)))
      with (computed t - total (terms t)) by ring; exact IH. }
  assert (S : Rabs (a * b + total (terms t)) <= Rabs (a * b) + m)
    by (eapply Rle_trans; [apply Rabs_triang|lra]).
  eapply Rle_trans; [apply (node_error _ _ _ _ _ _ (rounded_error _) B S)|].
  assert (0 <= (g - 1) * Rabs (a * b)) by (apply Rmult_le_pos; lra).
  assert (0 <= u * ((g - 1) * Rabs (a * b))) by (apply Rmult_le_pos; lra).
  assert (0 <= tiny * (g - 1)) by (apply Rmult_le_pos; lra).
  assert (0 <= u * (tiny * g)) by (apply Rmult_le_pos; [lra|apply Rmult_le_pos; lra]).
  nra.
Qed.

(* Additions alone do not underflow. *)
Corollary sum_error t : in_format t -> products t = 0%nat ->
  Rabs (computed t - total (terms t)) <= ((1 + u) ^ height t - 1) * magnitude (terms t).
Proof.
intros F P; pose proof (tree_error t F) as E; rewrite P in E; unfold growth in E; simpl in E; lra.
Qed.

(* ------------------------------------------------------------------------- *)
(* Any order                                                                 *)
(* ------------------------------------------------------------------------- *)

(* A bound that looks at the terms, not at the tree. *)
Definition bound (n : nat) (size : R) : R := (growth n - 1) * size + INR n * tiny * growth n.

Definition bound_of (xs : list R) : R := bound (length xs) (magnitude xs).

Lemma height_at_most_terms t : (height t <= length (terms t) /\ 1 <= length (terms t))%nat.
Proof.
induction t as [x|a b|l IHl r IHr|a b t IH]; simpl; try rewrite app_length; lia.
Qed.

Lemma products_at_most_terms t : (products t <= length (terms t))%nat.
Proof. induction t as [x|a b|l IHl r IHr|a b t IH]; simpl; try rewrite app_length; lia. Qed.

Lemma bound_nonneg n size : 0 <= size -> 0 <= bound n size.
Proof.
intros H; unfold bound; pose proof (growth_ge_1 n); pose proof (pos_INR n).
pose proof tiny_positive; apply Rplus_le_le_0_compat; [apply Rmult_le_pos; lra|].
apply Rmult_le_pos; [apply Rmult_le_pos|]; lra.
Qed.

(* Whatever the order, the parentheses and the fusions. *)
Theorem any_order_error t : in_format t ->
  Rabs (computed t - total (terms t)) <= bound_of (terms t).
Proof.
intros F; eapply Rle_trans; [apply tree_error, F|]; unfold bound_of, bound.
destruct (height_at_most_terms t) as [H _]; pose proof (products_at_most_terms t) as P.
apply growth_le in H; apply le_INR in P; pose proof (growth_ge_1 (height t)).
pose proof (magnitude_nonneg (terms t)); pose proof tiny_positive.
pose proof (pos_INR (products t)).
apply Rplus_le_compat; [apply Rmult_le_compat_r; lra|].
apply Rmult_le_compat; try lra; [apply Rmult_le_pos; lra|apply Rmult_le_compat_r; lra].
Qed.

Lemma bound_of_perm xs ys : Permutation xs ys -> bound_of xs = bound_of ys.
Proof.
intros P; unfold bound_of; rewrite (Permutation_length P), (magnitude_perm _ _ P); reflexivity.
Qed.

(* Both positive or both negative. *)
Definition same_sign (x y : R) : Prop := (0 < x /\ 0 < y) \/ (x < 0 /\ y < 0).

Lemma sign_of_near x y e : Rabs (x - y) <= e -> e < Rabs y -> same_sign x y.
Proof.
intros H1 H2; apply Rabs_le_inv in H1; unfold same_sign.
destruct (Rle_or_lt 0 y); [rewrite Rabs_pos_eq in H2 by lra; left; lra|].
rewrite Rabs_left in H2 by lra; right; lra.
Qed.

Lemma same_sign_sym x y : same_sign x y -> same_sign y x.
Proof. unfold same_sign; tauto. Qed.

Lemma same_sign_trans x y z : same_sign x y -> same_sign y z -> same_sign x z.
Proof. unfold same_sign; intros [[]|[]] [[]|[]]; lra. Qed.

(* Two machines that add the same terms: the exact sum beyond the bound. *)
Theorem certified_sum s t : in_format s -> in_format t -> Permutation (terms s) (terms t) ->
  bound_of (terms s) < Rabs (total (terms s)) -> same_sign (computed s) (computed t).
Proof.
intros Fs Ft P H; apply (same_sign_trans _ (total (terms s))).
- apply (sign_of_near _ _ (bound_of (terms s))); [apply any_order_error, Fs|exact H].
- apply same_sign_sym; rewrite (total_perm _ _ P), (bound_of_perm _ _ P) in *.
  apply (sign_of_near _ _ (bound_of (terms t))); [apply any_order_error, Ft|exact H].
Qed.

(* The same from what one machine has computed: twice the bound. *)
Theorem certified_computed_sum s t :
  in_format s -> in_format t -> Permutation (terms s) (terms t) ->
  2 * bound_of (terms s) < Rabs (computed s) -> same_sign (computed s) (computed t).
Proof.
intros Fs Ft P H; pose proof (any_order_error s Fs) as Es; pose proof (any_order_error t Ft) as Et.
rewrite <- (total_perm _ _ P), <- (bound_of_perm _ _ P) in Et.
apply same_sign_sym, (sign_of_near _ _ (2 * bound_of (terms s))); [|exact H].
replace (computed t - computed s)
  with ((computed t - total (terms s)) - (computed s - total (terms s))) by ring.
unfold Rminus at 1; eapply Rle_trans; [apply Rabs_triang|rewrite Rabs_Ropp; lra].
Qed.

(* ------------------------------------------------------------------------- *)
(* Linear decisions                                                          *)
(* ------------------------------------------------------------------------- *)

(* Encrypted pairs of feature and weight: permuted, some negated, both members *)
(* at a time. (A list of pairs is the data of one inner product.)            *)
Definition flip_pair (p q : R * R) : Prop :=
  q = p \/ q = (- fst p, - snd p).

Definition encrypted_pairs (ps qs : list (R * R)) : Prop :=
  exists rs, Permutation ps rs /\ Forall2 flip_pair rs qs.

Definition products_of (ps : list (R * R)) : list R := map (fun p => fst p * snd p) ps.

Lemma encrypted_products ps qs : encrypted_pairs ps qs ->
  Permutation (products_of ps) (products_of qs).
Proof.
intros [rs [P H]]; apply (Permutation_trans (Permutation_map _ P)); clear P.
unfold products_of; induction H as [|r q rs qs [-> | ->] H IH]; simpl; [constructor| |].
- constructor; exact IH.
- replace (- fst r * - snd r) with (fst r * snd r) by ring; constructor; exact IH.
Qed.

(* w x + b, computed on plain and on encrypted features in any two orders. *)
Theorem certified_linear ps qs b s t : encrypted_pairs ps qs -> in_format s -> in_format t ->
  Permutation (b :: products_of ps) (terms s) -> Permutation (b :: products_of qs) (terms t) ->
  bound_of (b :: products_of ps) < Rabs (total (b :: products_of ps)) ->
  same_sign (computed s) (computed t) /\ same_sign (computed s) (total (b :: products_of ps)).
Proof.
intros E Fs Ft Ps Pt H; rewrite (bound_of_perm _ _ Ps), (total_perm _ _ Ps) in H.
rewrite (total_perm _ _ Ps); split.
- apply certified_sum; try assumption; apply (Permutation_trans (Permutation_sym Ps)).
  apply (Permutation_trans (l' := b :: products_of qs)); [|exact Pt].
  constructor; apply encrypted_products, E.
- apply (sign_of_near _ _ (bound_of (terms s))); [apply any_order_error, Fs|exact H].
Qed.

(* ------------------------------------------------------------------------- *)
(* The doubles                                                               *)
(* ------------------------------------------------------------------------- *)

Definition emax_positive : (53 < 1024)%Z := eq_refl.
#[local] Instance precision_below : Prec_lt_emax 53 1024 := emax_positive.

Definition double : Type := binary_float 53 1024.
Definition add : double -> double -> double := Bplus mode_NE.
Definition mul : double -> double -> double := Bmult mode_NE.
Definition fma : double -> double -> double -> double := Bfma mode_NE.

(* These are the operations of SpecFloat, in which the other files compute. *)
Lemma round_nearest_even_is s m l : round_nearest_even m l = choice_mode mode_NE s m l.
Proof. destruct l as [|[]]; try reflexivity; simpl; destruct (Z.even m); reflexivity. Qed.

Lemma binary_round_aux_is s m e l :
  SpecFloat.binary_round_aux 53 1024 s m e l
  = BinarySingleNaN.binary_round_aux 53 1024 mode_NE s m e l.
Proof.
unfold SpecFloat.binary_round_aux, BinarySingleNaN.binary_round_aux.
destruct (shr_fexp _ _ _ _ _) as [mrs e']; rewrite (round_nearest_even_is s); reflexivity.
Qed.

Lemma binary_round_is s m e :
  SpecFloat.binary_round 53 1024 s m e = BinarySingleNaN.binary_round 53 1024 mode_NE s m e.
Proof.
unfold SpecFloat.binary_round, BinarySingleNaN.binary_round, shl_align_fexp.
destruct (shl_align _ _ _) as [m' e']; apply binary_round_aux_is.
Qed.

Lemma binary_normalize_is m e s :
  SpecFloat.binary_normalize 53 1024 m e s
  = B2SF (BinarySingleNaN.binary_normalize
            53 1024 precision_positive precision_below mode_NE m e s).
Proof.
destruct m as [|p|p]; [reflexivity| |];
  unfold BinarySingleNaN.binary_normalize, SpecFloat.binary_normalize;
  rewrite B2SF_SF2B; apply binary_round_is.
Qed.

Theorem add_is_SFadd x y : B2SF (add x y) = SFadd 53 1024 (B2SF x) (B2SF y).
Proof.
destruct x as [sx|sx| |sx mx ex Bx], y as [sy|sy| |sy my ey By]; try reflexivity;
  try (simpl; destruct (Bool.eqb _ _); reflexivity).
symmetry; apply binary_normalize_is.
Qed.

Theorem mul_is_SFmul x y : B2SF (mul x y) = SFmul 53 1024 (B2SF x) (B2SF y).
Proof.
destruct x as [sx|sx| |sx mx ex Bx], y as [sy|sy| |sy my ey By]; try reflexivity.
unfold mul, Bmult; rewrite B2SF_SF2B; symmetry; apply binary_round_aux_is.
Qed.

(* A tree of operations on doubles. *)
Inductive double_tree : Type :=
| DNumber (x : double)
| DProduct (a b : double)
| DPlus (l r : double_tree)
| DFused (a b : double) (t : double_tree).

Fixpoint evaluate (t : double_tree) : double :=
  match t with
  | DNumber x => x
  | DProduct a b => mul a b
  | DPlus l r => add (evaluate l) (evaluate r)
  | DFused a b t => fma a b (evaluate t)
  end.

Fixpoint tree_of (t : double_tree) : tree :=
  match t with
  | DNumber x => Number (B2R x)
  | DProduct a b => Product (B2R a) (B2R b)
  | DPlus l r => Plus (tree_of l) (tree_of r)
  | DFused a b t => Fused (B2R a) (B2R b) (tree_of t)
  end.

Lemma format_double (x : double) : format (B2R x).
Proof. apply (generic_format_B2R 53 1024 x). Qed.

Lemma tree_of_in_format t : in_format (tree_of t).
Proof. induction t; simpl; auto using format_double. Qed.

(* If the result is finite then nothing on the way overflowed, and it is what *)
(* the model of rounding says.                                               *)
Lemma add_finite x y : is_finite (add x y) = true ->
  is_finite x = true /\ is_finite y = true /\ B2R (add x y) = rounded (B2R x + B2R y).
Proof.
intros H.
assert (F : is_finite x = true /\ is_finite y = true).
{ destruct x as [|sx| |], y as [|sy| |]; try discriminate H; try (split; reflexivity);
    simpl in H; destruct (Bool.eqb _ _); discriminate H. }
destruct F as [Fx Fy]; split; [exact Fx|split; [exact Fy|]].
pose proof (Bplus_correct 53 1024 precision_positive precision_below mode_NE x y Fx Fy) as C.
destruct (Rlt_bool _ _); [exact (proj1 C)|].
destruct C as [C _]; exfalso; unfold add in H; destruct (Bplus mode_NE x y); discriminate.
Qed.

Lemma mul_finite x y : is_finite (mul x y) = true -> B2R (mul x y) = rounded (B2R x * B2R y).
Proof.
intros H.
pose proof (Bmult_correct 53 1024 precision_positive precision_below mode_NE x y) as C.
destruct (Rlt_bool _ _); [exact (proj1 C)|].
exfalso; unfold mul in H; destruct (Bmult mode_NE x y); discriminate.
Qed.

Lemma fma_finite x y z : is_finite (fma x y z) = true ->
  is_finite z = true /\ B2R (fma x y z) = rounded (B2R x * B2R y + B2R z).
Proof.
intros H.
assert (F : is_finite x = true /\ is_finite y = true /\ is_finite z = true).
{ destruct x as [|sx| |], y as [|sy| |], z as [|sz| |]; try discriminate H;
    try (repeat split; reflexivity); simpl in H;
    try (destruct (Bool.eqb _ _)); discriminate H. }
destruct F as [Fx [Fy Fz]]; split; [exact Fz|].
pose proof (Bfma_correct 53 1024 precision_positive precision_below mode_NE x y z Fx Fy Fz) as C.
cbv zeta in C; destruct (Rlt_bool _ _); [exact (proj1 C)|].
exfalso; unfold fma in H; destruct (Bfma mode_NE x y z); discriminate.
Qed.

Theorem evaluate_computed t : is_finite (evaluate t) = true ->
  B2R (evaluate t) = computed (tree_of t).
Proof.
induction t as [x|a b|l IHl r IHr|a b t IH]; simpl; intros H.
- reflexivity.
- apply mul_finite, H.
- destruct (add_finite _ _ H) as [Fl [Fr E]]; rewrite E, IHl, IHr by assumption; reflexivity.
- destruct (fma_finite _ _ _ H) as [Ft E]; rewrite E, IH by assumption; reflexivity.
Qed.

(* The error of any sum of doubles and of products of doubles, in binary64. *)
Theorem evaluate_error t : is_finite (evaluate t) = true ->
  Rabs (B2R (evaluate t) - total (terms (tree_of t)))
  <= (growth (height (tree_of t)) - 1) * magnitude (terms (tree_of t))
     + INR (products (tree_of t)) * tiny * growth (height (tree_of t)).
Proof.
intros H; rewrite (evaluate_computed t H); apply tree_error, tree_of_in_format.
Qed.

(* The decision w x + b in binary64: on plain features in the order of s, on  *)
(* encrypted ones in the order of t.                                         *)
Theorem certified_linear_doubles ps qs b s t :
  is_finite (evaluate s) = true -> is_finite (evaluate t) = true -> encrypted_pairs ps qs ->
  Permutation (b :: products_of ps) (terms (tree_of s)) ->
  Permutation (b :: products_of qs) (terms (tree_of t)) ->
  bound_of (b :: products_of ps) < Rabs (total (b :: products_of ps)) ->
  same_sign (B2R (evaluate s)) (B2R (evaluate t)) /\
  same_sign (B2R (evaluate s)) (total (b :: products_of ps)).
Proof.
intros Fs Ft E Ps Pt H; rewrite !evaluate_computed by assumption.
apply (certified_linear ps qs b); auto using tree_of_in_format.
Qed.

(* ------------------------------------------------------------------------- *)
(* The bounds as they are computed: gamma_n and norms                        *)
(* ------------------------------------------------------------------------- *)

Definition gamma_n (n : nat) : R := INR n * u / (1 - INR n * u).
Definition norm (xs : list R) : R := sqrt (total (map (fun x => x ^ 2) xs)).

Lemma growth_times n : growth n * (1 - INR n * u) <= 1.
Proof.
pose proof u_positive as U; unfold growth; induction n as [|n IH]; [simpl; lra|].
rewrite S_INR; simpl pow; pose proof (pos_INR n) as N.
pose proof (growth_ge_1 n) as G; unfold growth in G.
replace ((1 + u) * (1 + u) ^ n * (1 - (INR n + 1) * u))
  with ((1 + u) ^ n * (1 - INR n * u) - (1 + u) ^ n * ((INR n + 1) * (u * u))) by ring.
assert (0 <= (1 + u) ^ n * ((INR n + 1) * (u * u)))
  by (apply Rmult_le_pos; [lra|apply Rmult_le_pos; nra]).
lra.
Qed.

Theorem growth_below_gamma n : INR n * u < 1 -> growth n - 1 <= gamma_n n.
Proof.
intros H; pose proof (growth_times n); unfold gamma_n.
apply (Rmult_le_reg_r (1 - INR n * u)); [lra|].
replace (INR n * u / (1 - INR n * u) * (1 - INR n * u)) with (INR n * u) by (field; lra); lra.
Qed.

Lemma squares_nonneg xs : 0 <= total (map (fun x => x ^ 2) xs).
Proof. induction xs as [|x xs IH]; simpl in *; nra. Qed.

Lemma magnitude_below_norms ps :
  magnitude (products_of ps) <= norm (map fst ps) * norm (map snd ps).
Proof.
unfold norm; rewrite <- sqrt_mult by apply squares_nonneg.
apply Rsqr_incr_0_var; [|apply sqrt_pos].
rewrite Rsqr_sqrt by (apply Rmult_le_pos; apply squares_nonneg); unfold Rsqr.
induction ps as [|[a b] ps IH]; [unfold magnitude; simpl; lra|].
pose proof (squares_nonneg (map fst ps)) as A; pose proof (squares_nonneg (map snd ps)) as B.
pose proof (magnitude_nonneg (products_of ps)) as M.
set (m := magnitude (products_of ps)) in *; set (x := total (map _ (map fst ps))) in *.
set (y := total (map _ (map snd ps))) in *.
change (magnitude (products_of ((a, b) :: ps))) with (Rabs (a * b) + m).
change (total (map (fun x => x ^ 2) (map fst ((a, b) :: ps)))) with (a ^ 2 + x).
change (total (map (fun x => x ^ 2) (map snd ((a, b) :: ps)))) with (b ^ 2 + y).
rewrite Rabs_mult, <- (pow2_abs a), <- (pow2_abs b).
pose proof (Rabs_pos a); pose proof (Rabs_pos b).
set (p := Rabs a) in *; set (q := Rabs b) in *.
assert (H2 : 2 * (p * q) * m <= p ^ 2 * y + q ^ 2 * x).
{ apply Rsqr_incr_0_var; [unfold Rsqr|nra].
  assert (4 * (p * q * (p * q)) * (m * m) <= 4 * (p * q * (p * q)) * (x * y))
    by (apply Rmult_le_compat_l; [nra|exact IH]).
  pose proof (Rle_0_sqr (p ^ 2 * y - q ^ 2 * x)) as Q; unfold Rsqr in Q; nra. }
nra.
Qed.

(* Higham's bound: |fl(x y) - x y| <= gamma_n |x| |y|, besides underflow. *)
Theorem inner_product_error ps t : in_format t -> Permutation (products_of ps) (terms t) ->
  let n := length ps in INR n * u < 1 ->
  Rabs (computed t - total (products_of ps))
  <= gamma_n n * (norm (map fst ps) * norm (map snd ps)) + INR n * tiny * (1 + gamma_n n).
Proof.
intros F P n Hn; pose proof (any_order_error t F) as E.
rewrite <- (total_perm _ _ P), <- (bound_of_perm _ _ P) in E.
eapply Rle_trans; [exact E|]; unfold bound_of, bound.
replace (length (products_of ps)) with n by (unfold products_of; rewrite map_length; reflexivity).
pose proof (growth_below_gamma n Hn); pose proof (growth_ge_1 n).
pose proof (magnitude_below_norms ps); pose proof (magnitude_nonneg (products_of ps)).
pose proof (pos_INR n); pose proof tiny_positive.
apply Rplus_le_compat; [apply Rmult_le_compat; lra|].
apply Rmult_le_compat_l; [apply Rmult_le_pos|]; lra.
Qed.

(* Without the margin signs can differ: 1 + 2^53 - 2^53 - 1/2, in two orders. *)
Example signs_differ_without_margin :
  let plus := SFadd 53 1024 in
  let one := S754_finite false 4503599627370496 (-52) in
  let large := S754_finite false 4503599627370496 1 in
  let half := S754_finite false 4503599627370496 (-53) in
  let zero := S754_zero false in
  SFltb (plus (plus (plus one large) (SFopp large)) (SFopp half)) zero = true /\
  SFltb zero (plus (plus (plus large (SFopp large)) one) (SFopp half)) = true.
Proof. vm_compute; split; reflexivity. Qed.
