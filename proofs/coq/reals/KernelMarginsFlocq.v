(******************************************************************************)
(* Margins of kernel machines: decisions that no order of additions can       *)
(* change, with RBF and polynomial kernels                                    *)
(*                                                                            *)
(* THIS FILE ASSUMES AXIOMS: those of Coq's real numbers, as MarginsFlocq.v   *)
(* does (AXIOMS lists them), and no other.                                    *)
(*                                                                            *)
(* What is proved, for two machines in binary64 that share support vectors,   *)
(* weights and intercept, each with an order of its own:                      *)
(*  - if each computed kernel is within a given amount of the exact one, and  *)
(*    the exact decision value exceeds decision_bound, which counts the       *)
(*    kernels' errors and the rounding of the sum, then both decide alike     *)
(*    (certified_kernel); so they do if one computed decision value exceeds   *)
(*    it twice (certified_computed_kernel);                                   *)
(*  - exact inner products and squared distances of encrypted features are    *)
(*    those of the plain ones (encrypted_inner_product, encrypted_distance),  *)
(*    and a distance by way of inner products is off by what distance_error   *)
(*    says;                                                                   *)
(*  - RBF and polynomial kernels on two machines with exponentials and powers *)
(*    of their own, under the HYPOTHESIS that these are within k units in the *)
(*    last place of the true value (certified_rbf, certified_polynomial).     *)
(*                                                                            *)
(* What it does not say: that a library's exp or pow is so accurate; that two *)
(* trainings end with the same weights; and anything about results that       *)
(* overflow.                                                                  *)
(*                                                                            *)
(* Why one would believe it. An error d of the exponent is a factor exp(d) of *)
(* the exponential; an error e of the base t moves t^p no further than from   *)
(* |t|^p to (|t| + e)^p.                                                      *)
(******************************************************************************)

From Coq Require Import ZArith Reals List Permutation Lra Lia Psatz.
From Flocq Require Import Core Relative.
From EtC Require Import MarginsFlocq.
Import ListNotations.
Local Open Scope R_scope.

(* ------------------------------------------------------------------------- *)
(* Kernel machines                                                           *)
(* ------------------------------------------------------------------------- *)

(* A support vector: its weight, the exact kernel, the computed kernel, and a *)
(* bound of their difference.                                                *)
Record support := Support { weight : R; kernel : R; value : R; error : R }.

Definition accurate (c : support) : Prop := Rabs (value c - kernel c) <= error c.

(* What two machines share, and what one of them adds up. *)
Definition exact_part (c : support) : R * R * R := (weight c, kernel c, error c).
Definition value_terms (b : R) (cs : list support) : list R :=
  b :: map (fun c => weight c * value c) cs.

Definition exact_decision (b : R) (cs : list (R * R * R)) : R :=
  b + total (map (fun '(a, k, e) => a * k) cs).

(* Kernels that are off, and the rounding of the sum. *)
Definition decision_bound (b : R) (cs : list (R * R * R)) : R :=
  total (map (fun '(a, k, e) => Rabs a * e) cs)
  + bound (S (length cs)) (Rabs b + total (map (fun '(a, k, e) => Rabs a * (Rabs k + e)) cs)).

Lemma bound_le n x y : x <= y -> bound n x <= bound n y.
Proof.
intros H; unfold bound; pose proof (growth_ge_1 n).
apply Rplus_le_compat_r, Rmult_le_compat_l; lra.
Qed.

Lemma values_near cs : Forall accurate cs ->
  Rabs (total (map (fun c => weight c * value c) cs)
        - total (map (fun '(a, k, e) => a * k) (map exact_part cs)))
  <= total (map (fun '(a, k, e) => Rabs a * e) (map exact_part cs)).
Proof.
induction 1 as [|c cs Hc _ IH]; simpl; [rewrite Rminus_diag_eq, Rabs_R0 by reflexivity; lra|].
set (A := total (map (fun c => _) cs)) in *.
set (B := total (map (fun '(a, k, e) => a * k) _)) in *.
replace (weight c * value c + A - (weight c * kernel c + B))
  with (weight c * (value c - kernel c) + (A - B)) by ring.
eapply Rle_trans; [apply Rabs_triang|]; apply Rplus_le_compat; [|exact IH].
rewrite Rabs_mult; apply Rmult_le_compat_l; [apply Rabs_pos|exact Hc].
Qed.

Lemma values_size cs : Forall accurate cs ->
  magnitude (map (fun c => weight c * value c) cs)
  <= total (map (fun '(a, k, e) => Rabs a * (Rabs k + e)) (map exact_part cs)).
Proof.
unfold magnitude; induction 1 as [|c cs Hc _ IH]; simpl; [lra|].
apply Rplus_le_compat; [|exact IH].
rewrite Rabs_mult; apply Rmult_le_compat_l; [apply Rabs_pos|].
replace (value c) with (kernel c + (value c - kernel c)) by ring.
eapply Rle_trans; [apply Rabs_triang|unfold accurate in Hc; lra].
Qed.

Theorem kernel_decision_error b cs t : in_format t -> Forall accurate cs ->
  Permutation (value_terms b cs) (terms t) ->
  Rabs (computed t - exact_decision b (map exact_part cs))
  <= decision_bound b (map exact_part cs).
Proof.
intros F H P; pose proof (any_order_error t F) as E.
rewrite <- (total_perm _ _ P), <- (bound_of_perm _ _ P) in E.
pose proof (values_near cs H) as V; pose proof (values_size cs H) as Z.
unfold exact_decision, decision_bound, bound_of, value_terms in *; simpl total in E.
rewrite map_length; simpl length in E; rewrite map_length in E.
assert (B : bound (S (length cs)) (magnitude (b :: map (fun c => weight c * value c) cs))
  <= bound (S (length cs))
       (Rabs b + total (map (fun '(a, k, e) => Rabs a * (Rabs k + e)) (map exact_part cs)))).
{ apply bound_le; unfold magnitude in *; simpl; lra. }
set (A := total (map (fun c => weight c * value c) cs)) in *.
set (K := total (map (fun '(a, k, e) => a * k) _)) in *.
replace (computed t - (b + K)) with ((computed t - (b + A)) + (A - K)) by ring.
eapply Rle_trans; [apply Rabs_triang|lra].
Qed.

Lemma exact_decision_perm b cs ds : Permutation cs ds ->
  exact_decision b cs = exact_decision b ds.
Proof.
intros P; unfold exact_decision; f_equal; apply total_perm, Permutation_map, P.
Qed.

Lemma decision_bound_perm b cs ds : Permutation cs ds ->
  decision_bound b cs = decision_bound b ds.
Proof.
intros P; unfold decision_bound; rewrite (Permutation_length P).
f_equal; [|f_equal; f_equal]; apply total_perm, Permutation_map, P.
Qed.

(* Two machines with the same weights and exact kernels, in any orders. *)
Theorem certified_kernel b cs ds s t : in_format s -> in_format t ->
  Forall accurate cs -> Forall accurate ds ->
  Permutation (map exact_part cs) (map exact_part ds) ->
  Permutation (value_terms b cs) (terms s) -> Permutation (value_terms b ds) (terms t) ->
  decision_bound b (map exact_part cs) < Rabs (exact_decision b (map exact_part cs)) ->
  same_sign (computed s) (computed t).
Proof.
intros Fs Ft Hc Hd P Ps Pt M.
apply (same_sign_trans _ (exact_decision b (map exact_part cs))).
- apply (sign_of_near _ _ (decision_bound b (map exact_part cs))); [|exact M].
  apply kernel_decision_error; assumption.
- rewrite (exact_decision_perm b _ _ P), (decision_bound_perm b _ _ P) in *.
  apply same_sign_sym, (sign_of_near _ _ (decision_bound b (map exact_part ds))); [|exact M].
  apply kernel_decision_error; assumption.
Qed.

(* The same from what one machine has computed: twice the bound. *)
Theorem certified_computed_kernel b cs ds s t : in_format s -> in_format t ->
  Forall accurate cs -> Forall accurate ds ->
  Permutation (map exact_part cs) (map exact_part ds) ->
  Permutation (value_terms b cs) (terms s) -> Permutation (value_terms b ds) (terms t) ->
  2 * decision_bound b (map exact_part cs) < Rabs (computed s) ->
  same_sign (computed s) (computed t).
Proof.
intros Fs Ft Hc Hd P Ps Pt M.
pose proof (kernel_decision_error b cs s Fs Hc Ps) as Es.
pose proof (kernel_decision_error b ds t Ft Hd Pt) as Et.
rewrite <- (exact_decision_perm b _ _ P), <- (decision_bound_perm b _ _ P) in Et.
set (e := decision_bound b _) in *; set (x := exact_decision b _) in *.
apply same_sign_sym, (sign_of_near _ _ (2 * e)); [|exact M].
replace (computed t - computed s) with ((computed t - x) - (computed s - x)) by ring.
unfold Rminus at 1; eapply Rle_trans; [apply Rabs_triang|rewrite Rabs_Ropp; lra].
Qed.

(* The exact inner products and distances of encrypted features are the plain *)
(* ones'.                                                                    *)
Definition distance_of (ps : list (R * R)) : R := total (map (fun p => (fst p - snd p) ^ 2) ps).

Theorem encrypted_inner_product ps qs : encrypted_pairs ps qs ->
  total (products_of ps) = total (products_of qs).
Proof. intros E; apply total_perm, encrypted_products, E. Qed.

Theorem encrypted_distance ps qs : encrypted_pairs ps qs -> distance_of ps = distance_of qs.
Proof.
intros [rs [P H]]; unfold distance_of; rewrite (total_perm _ _ (Permutation_map _ P)); clear P.
induction H as [|r q rs qs [-> | ->] H IH]; simpl in *; [reflexivity| |]; rewrite IH; ring.
Qed.

(* ------------------------------------------------------------------------- *)
(* Kernels that are computed with functions of a library                     *)
(* ------------------------------------------------------------------------- *)

(* The hypothesis: the library's value is within k units in the last place. *)
Definition unit_in_last_place (y : R) : R := ulp radix2 (FLT_exp (-1074) 53) y.

Definition within_ulps (k : R) (computed_value exact_value : R) : Prop :=
  Rabs (computed_value - exact_value) <= k * unit_in_last_place exact_value.

Lemma unit_bound y : unit_in_last_place y <= 2 * u * Rabs y + 2 * tiny.
Proof.
assert (D : forall e, bpow radix2 (e + 1) = 2 * bpow radix2 e)
  by (intros e; rewrite <- (half_bpow e); field).
pose proof (D (-53)%Z : bpow radix2 (1 - 53) = 2 * u) as U2.
pose proof (D (-1075)%Z : bpow radix2 (-1074) = 2 * tiny) as T2.
pose proof u_positive; pose proof tiny_positive; pose proof (Rabs_pos y).
destruct (Rle_or_lt (bpow radix2 (-1074 + 53 - 1)) (Rabs y)) as [L|L].
- pose proof (ulp_FLT_le radix2 (-1074) 53 y L) as E; rewrite U2 in E.
  unfold unit_in_last_place; nra.
- unfold unit_in_last_place; rewrite ulp_FLT_small, T2; [nra|exact precision_positive|].
  eapply Rlt_trans; [exact L|apply bpow_lt; reflexivity].
Qed.

Lemma within_ulps_error k v w : 0 <= k -> within_ulps k v w ->
  Rabs (v - w) <= 2 * k * u * Rabs w + 2 * k * tiny.
Proof.
intros Hk H; eapply Rle_trans; [exact H|].
pose proof (Rmult_le_compat_l k _ _ Hk (unit_bound w)); lra.
Qed.

(* A squared distance by way of inner products, xx + yy - 2 xy. *)
Theorem distance_error X Y D x y d eX eY eD :
  Rabs (X - x) <= eX -> Rabs (Y - y) <= eY -> Rabs (D - d) <= eD ->
  Rabs (rounded (rounded (X + Y) - 2 * D) - (x + y - 2 * d))
  <= (1 + u) * ((1 + u) * (eX + eY) + u * (Rabs x + Rabs y) + tiny + 2 * eD)
     + u * Rabs (x + y - 2 * d) + tiny.
Proof.
intros HX HY HD.
apply (node_error _ (rounded (X + Y) - 2 * D)); [apply rounded_error| |lra].
assert (Rabs (rounded (X + Y) - (x + y)) <= (1 + u) * (eX + eY) + u * (Rabs x + Rabs y) + tiny).
{ apply (node_error _ (X + Y)); [apply rounded_error| |apply Rabs_triang].
  replace (X + Y - (x + y)) with ((X - x) + (Y - y)) by ring.
  eapply Rle_trans; [apply Rabs_triang|lra]. }
replace (rounded (X + Y) - 2 * D - (x + y - 2 * d))
  with ((rounded (X + Y) - (x + y)) + - (2 * (D - d))) by ring.
eapply Rle_trans; [apply Rabs_triang|rewrite Rabs_Ropp, Rabs_mult, (Rabs_pos_eq 2) by lra; lra].
Qed.

(* RBF: exp(- gamma s), with s off by d, one product and one exponential. *)
Definition exponent_error (gamma s d : R) : R := gamma * d + u * (gamma * (s + d)) + tiny.

Definition rbf_error (k gamma s d : R) : R :=
  exp (- gamma * s) * (exp (exponent_error gamma s d) * (1 + 2 * k * u) - 1) + 2 * k * tiny.

Lemma exp_near a b d : Rabs (a - b) <= d -> Rabs (exp a - exp b) <= exp b * (exp d - 1).
Proof.
intros H; assert (D : 0 <= d) by (eapply Rle_trans; [apply Rabs_pos|exact H]).
apply Rabs_le_inv in H; replace a with (b + (a - b)) by ring; rewrite exp_plus.
pose proof (exp_pos b) as P.
replace (exp b * exp (a - b) - exp b) with (exp b * (exp (a - b) - 1)) by ring.
rewrite Rabs_mult, Rabs_pos_eq by lra; apply Rmult_le_compat_l; [lra|].
assert (M : forall x y, x <= y -> exp x <= exp y)
  by (intros x y [L| ->]; [left; apply exp_increasing, L|right; reflexivity]).
pose proof (M (a - b) d ltac:(lra)); pose proof (M (- d) (a - b) ltac:(lra)) as L.
assert (1 <= exp d) by (rewrite <- exp_0; apply M, D).
apply Rabs_le; split; [|lra].
assert (exp d * exp (- d) = 1) by (rewrite <- exp_plus, Rplus_opp_r; apply exp_0).
pose proof (exp_pos (- d)); nra.
Qed.

Theorem rbf_accurate library_exp k gamma s computed_s d :
  0 <= k -> 0 <= gamma -> 0 <= s -> Rabs (computed_s - s) <= d ->
  within_ulps k (library_exp (rounded (- gamma * computed_s)))
                (exp (rounded (- gamma * computed_s))) ->
  Rabs (library_exp (rounded (- gamma * computed_s)) - exp (- gamma * s)) <= rbf_error k gamma s d.
Proof.
intros Hk Hg Hs Hd W; pose proof u_positive as U; pose proof tiny_positive as T.
set (a := rounded (- gamma * computed_s)) in *.
assert (E : Rabs (a - - gamma * s) <= exponent_error gamma s d).
{ pose proof (node_error a (- gamma * computed_s) (- gamma * s) (gamma * s) (gamma * d) tiny) as N.
  unfold exponent_error; eapply Rle_trans; [apply N|]; [apply rounded_error| | |].
  - replace (- gamma * computed_s - - gamma * s) with (- (gamma * (computed_s - s))) by ring.
    rewrite Rabs_Ropp, Rabs_mult, Rabs_pos_eq by lra; apply Rmult_le_compat_l; lra.
  - replace (- gamma * s) with (- (gamma * s)) by ring.
    rewrite Rabs_Ropp, Rabs_pos_eq by (apply Rmult_le_pos; lra); lra.
  - lra. }
apply exp_near in E; apply within_ulps_error in W; [|exact Hk].
pose proof (exp_pos (- gamma * s)) as P; pose proof (exp_pos a) as Pa.
rewrite (Rabs_pos_eq (exp a)) in W by lra.
set (g := exp (exponent_error gamma s d)) in *; set (b := exp (- gamma * s)) in *.
assert (A : exp a <= b * g) by (apply Rabs_le_inv in E; lra).
replace (library_exp a - b) with ((library_exp a - exp a) + (exp a - b)) by ring.
unfold rbf_error; fold g b; eapply Rle_trans; [apply Rabs_triang|].
assert (2 * k * u * exp a <= 2 * k * u * (b * g))
  by (apply Rmult_le_compat_l; [apply Rmult_le_pos; lra|exact A]).
lra.
Qed.

(* Polynomial: (gamma <x,y> + c)^p, with <x,y> off by e. *)
Definition base_error (gamma c d e : R) : R :=
  (1 + u) * ((1 + u) * (gamma * e) + u * (gamma * Rabs d) + tiny)
  + u * (gamma * Rabs d + Rabs c) + tiny.

Definition polynomial_error (k gamma c : R) (p : nat) (d e : R) : R :=
  (1 + 2 * k * u) * (Rabs (gamma * d + c) + base_error gamma c d e) ^ p
  - Rabs (gamma * d + c) ^ p + 2 * k * tiny.

Lemma power_near p a b e : Rabs (a - b) <= e ->
  Rabs (a ^ p - b ^ p) <= (Rabs b + e) ^ p - Rabs b ^ p.
Proof.
intros H; assert (E : 0 <= e) by (eapply Rle_trans; [apply Rabs_pos|exact H]).
assert (A : Rabs a <= Rabs b + e).
{ replace a with (b + (a - b)) by ring; eapply Rle_trans; [apply Rabs_triang|lra]. }
induction p as [|p IH]; simpl; [rewrite Rminus_diag_eq, Rabs_R0 by reflexivity; lra|].
replace (a * a ^ p - b * b ^ p) with (a * (a ^ p - b ^ p) + (a - b) * b ^ p) by ring.
eapply Rle_trans; [apply Rabs_triang|]; rewrite !Rabs_mult, <- RPow_abs.
pose proof (pow_le (Rabs b) p (Rabs_pos b)).
assert (Rabs a * Rabs (a ^ p - b ^ p) <= (Rabs b + e) * ((Rabs b + e) ^ p - Rabs b ^ p))
  by (apply Rmult_le_compat; auto using Rabs_pos).
assert (Rabs (a - b) * Rabs b ^ p <= e * Rabs b ^ p) by (apply Rmult_le_compat_r; lra).
lra.
Qed.

Theorem polynomial_accurate library_power k gamma c p d computed_d e :
  0 <= k -> 0 <= gamma -> Rabs (computed_d - d) <= e ->
  let base := rounded (rounded (gamma * computed_d) + c) in
  within_ulps k (library_power base) (base ^ p) ->
  Rabs (library_power base - (gamma * d + c) ^ p) <= polynomial_error k gamma c p d e.
Proof.
intros Hk Hg He base W; pose proof u_positive as U; pose proof tiny_positive as T.
assert (S : Rabs (gamma * d) = gamma * Rabs d) by (rewrite Rabs_mult, Rabs_pos_eq; lra).
assert (I : Rabs (rounded (gamma * computed_d) - gamma * d)
            <= (1 + u) * (gamma * e) + u * (gamma * Rabs d) + tiny).
{ apply (node_error _ (gamma * computed_d)); [apply rounded_error| |lra].
  replace (gamma * computed_d - gamma * d) with (gamma * (computed_d - d)) by ring.
  rewrite Rabs_mult, Rabs_pos_eq by lra; apply Rmult_le_compat_l; lra. }
assert (B : Rabs (base - (gamma * d + c)) <= base_error gamma c d e).
{ apply (node_error _ (rounded (gamma * computed_d) + c)); [apply rounded_error| |].
  - replace (rounded (gamma * computed_d) + c - (gamma * d + c))
      with (rounded (gamma * computed_d) - gamma * d) by ring; exact I.
  - rewrite <- S; apply Rabs_triang. }
assert (A : Rabs base <= Rabs (gamma * d + c) + base_error gamma c d e).
{ replace base with ((gamma * d + c) + (base - (gamma * d + c))) by ring.
  eapply Rle_trans; [apply Rabs_triang|lra]. }
apply within_ulps_error in W; [|exact Hk]; apply (power_near p) in B.
rewrite <- RPow_abs in W; apply (fun H => pow_incr _ _ p (conj (Rabs_pos base) H)) in A.
unfold polynomial_error; set (g := (Rabs (gamma * d + c) + base_error gamma c d e) ^ p) in *.
replace (library_power base - (gamma * d + c) ^ p)
  with ((library_power base - base ^ p) + (base ^ p - (gamma * d + c) ^ p)) by ring.
eapply Rle_trans; [apply Rabs_triang|].
assert (2 * k * u * Rabs base ^ p <= 2 * k * u * g)
  by (apply Rmult_le_compat_l; [apply Rmult_le_pos; lra|exact A]).
lra.
Qed.

(* --- whole decisions ------------------------------------------------------- *)

(* A support vector seen from a query: its weight, the exact distance or inner *)
(* product, how far off the computed one may be, and the computed one.       *)
Record sighting := Sighting { seen_weight : R; seen : R; off : R; seen_as : R }.

Definition near (m : sighting) : Prop := Rabs (seen_as m - seen m) <= off m.
Definition shared (m : sighting) : R * R * R := (seen_weight m, seen m, off m).

Definition rbf_part (k gamma : R) (m : R * R * R) : R * R * R :=
  let '(a, s, d) := m in (a, exp (- gamma * s), rbf_error k gamma s d).

Definition rbf_support (library_exp : R -> R) (k gamma : R) (m : sighting) : support :=
  Support (seen_weight m) (exp (- gamma * seen m))
          (library_exp (rounded (- gamma * seen_as m))) (rbf_error k gamma (seen m) (off m)).

Definition polynomial_part (k gamma c : R) (p : nat) (m : R * R * R) : R * R * R :=
  let '(a, d, e) := m in (a, (gamma * d + c) ^ p, polynomial_error k gamma c p d e).

Definition polynomial_support (library_power : R -> R) (k gamma c : R) (p : nat) (m : sighting) :
    support :=
  Support (seen_weight m) ((gamma * seen m + c) ^ p)
          (library_power (rounded (rounded (gamma * seen_as m) + c)))
          (polynomial_error k gamma c p (seen m) (off m)).

(* Two machines, each with its own order, its own distances and its own       *)
(* exponential, that have the same support vectors.                          *)
Theorem certified_rbf b k gamma exp1 exp2 ms ns s t :
  0 <= k -> 0 <= gamma ->
  (forall x, format x -> within_ulps k (exp1 x) (exp x)) ->
  (forall x, format x -> within_ulps k (exp2 x) (exp x)) ->
  Forall near ms -> Forall near ns -> Forall (fun m => 0 <= seen m) ms ->
  Permutation (map shared ms) (map shared ns) -> in_format s -> in_format t ->
  Permutation (value_terms b (map (rbf_support exp1 k gamma) ms)) (terms s) ->
  Permutation (value_terms b (map (rbf_support exp2 k gamma) ns)) (terms t) ->
  let parts := map (rbf_part k gamma) (map shared ms) in
  decision_bound b parts < Rabs (exact_decision b parts) -> same_sign (computed s) (computed t).
Proof.
intros Hk Hg E1 E2 Hm Hn Hs P Fs Ft Ps Pt parts M.
assert (X : forall e l, map exact_part (map (rbf_support e k gamma) l)
                        = map (rbf_part k gamma) (map shared l))
  by (intros; rewrite !map_map; reflexivity).
assert (Hs' : Forall (fun m => 0 <= seen m) ns).
{ apply Forall_forall; intros n Hn'.
  apply (in_map shared) in Hn'; apply (Permutation_in _ (Permutation_sym P)) in Hn'.
  apply in_map_iff in Hn'; destruct Hn' as [m [E Hm']].
  rewrite Forall_forall in Hs; specialize (Hs m Hm').
  injection E as _ E _; rewrite <- E; exact Hs. }
assert (A : forall e l, (forall x, format x -> within_ulps k (e x) (exp x)) -> Forall near l ->
            Forall (fun m => 0 <= seen m) l -> Forall accurate (map (rbf_support e k gamma) l)).
{ intros e l E H1 H2; apply Forall_map; apply Forall_forall; intros m I.
  rewrite Forall_forall in H1, H2; apply rbf_accurate; auto.
  - apply H1, I.
  - apply E, format_rounded. }
apply (certified_kernel b (map (rbf_support exp1 k gamma) ms) (map (rbf_support exp2 k gamma) ns));
  auto; rewrite ?X; [apply Permutation_map, P|exact M].
Qed.

Theorem certified_polynomial b k gamma c p power1 power2 ms ns s t :
  0 <= k -> 0 <= gamma ->
  (forall x, format x -> within_ulps k (power1 x) (x ^ p)) ->
  (forall x, format x -> within_ulps k (power2 x) (x ^ p)) ->
  Forall near ms -> Forall near ns ->
  Permutation (map shared ms) (map shared ns) -> in_format s -> in_format t ->
  Permutation (value_terms b (map (polynomial_support power1 k gamma c p) ms)) (terms s) ->
  Permutation (value_terms b (map (polynomial_support power2 k gamma c p) ns)) (terms t) ->
  let parts := map (polynomial_part k gamma c p) (map shared ms) in
  decision_bound b parts < Rabs (exact_decision b parts) -> same_sign (computed s) (computed t).
Proof.
intros Hk Hg E1 E2 Hm Hn P Fs Ft Ps Pt parts M.
assert (X : forall e l, map exact_part (map (polynomial_support e k gamma c p) l)
                        = map (polynomial_part k gamma c p) (map shared l))
  by (intros; rewrite !map_map; reflexivity).
assert (A : forall e l, (forall x, format x -> within_ulps k (e x) (x ^ p)) -> Forall near l ->
            Forall accurate (map (polynomial_support e k gamma c p) l)).
{ intros e l E H; apply Forall_map; apply Forall_forall; intros m I.
  rewrite Forall_forall in H; apply polynomial_accurate; auto.
  - apply H, I.
  - apply E, format_rounded. }
apply (certified_kernel b (map (polynomial_support power1 k gamma c p) ms)
                          (map (polynomial_support power2 k gamma c p) ns));
  auto; rewrite ?X; [apply Permutation_map, P|exact M].
Qed.
