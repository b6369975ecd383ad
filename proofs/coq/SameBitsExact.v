(******************************************************************************)
(* The same bits with exact_gram: no hypothesis is left                       *)
(*                                                                            *)
(* What is proved, in Coq's own model of binary64 (SpecFloat, nothing         *)
(* assumed): the Gram matrix of ExactGram.v meets the hypothesis of           *)
(* SameBits.v (exact_gram_invariant), so integer z-scores, exact Gram matrix, *)
(* any kernel of its entries, and whatever is computed from that, are the     *)
(* same doubles for plain and for encrypted images (exact_same_bits,          *)
(* exact_same_bits_images; exact_same_bits_mid_grey for pixels minus          *)
(* mid-grey).                                                                 *)
(* Two runs may multiply by BLAS in any blocks and orders: every matrix that  *)
(* may be returned is that one (returned_gram_unique, returned_same_bits).    *)
(*                                                                            *)
(* The width "scale", as ScaleGamma.v has it, is a parameter that may be used *)
(* (scale_gamma_invariant), so the default of a support vector machine is one *)
(* case (exact_same_bits_scale).                                              *)
(*                                                                            *)
(* What it does not say: that the functions that follow, the kernel and what  *)
(* is computed of it, give the same result for the same doubles on two        *)
(* machines.                                                                  *)
(*                                                                            *)
(* Why one would believe it. exact_gram turns features into integers; the     *)
(* sign of a zero is lost there, and a sum of integers has no order.          *)
(*                                                                            *)
(* Definitions: value_pair, exact_entry, exact_gram_matrix, row_of,           *)
(*   returned_gram, features, scale_gamma.                                    *)
(******************************************************************************)

From EtC Require Import ExactSums ExactGram FloatingPoint IntegerZScore ScaleGamma.
From Coq Require Import ZArith Permutation List Floats.SpecFloat.
From mathcomp Require Import all_ssreflect all_algebra fingroup perm ssrZ.
From EtC Require Import SignedPermutation SameBits.

Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.

Import GRing.Theory.
Local Open Scope ring_scope.

(* The integers of a list of pairs of doubles, and the entry of two rows. *)
Definition value_pair (p : spec_float * spec_float) : Z * Z := (value p.1, value p.2).

Definition exact_entry (s : nat) (ps : seq (spec_float * spec_float)) : spec_float :=
  gram_entry s (List.map value_pair ps).

(* The Gram matrix that exact_gram computes with s slices. *)
Definition exact_gram_matrix (s n : nat) : gram_function n := entrywise (exact_entry s).

Lemma value_turned b v w :
  turned b v w -> value w = if b then Z.opp (value v) else value v.
Proof.
case=> [-> | [zero ->]]; first by case: b => //; case: v => //= -[] m e; rewrite ?Z.opp_involutive.
by case: v zero => //= -[]; case: b.
Qed.

Lemma value_turned_pairs ps qs : List.Forall2 turned_pair ps qs ->
  List.Forall2 (fun f g => g = f \/ g = opposite f)
               (List.map value_pair ps) (List.map value_pair qs).
Proof.
elim=> [|p q {}ps {}qs [b [H1 H2]] _ IH] /=; constructor=> //.
rewrite /value_pair (value_turned H1) (value_turned H2).
by case: b {H1 H2}; [right | left].
Qed.

Theorem exact_gram_invariant s n : (1 <= s)%coq_nat -> invariant (@exact_gram_matrix s n).
Proof.
move=> s_pos; apply: entrywise_invariant => ps qs H; apply: gram_entry_moved => //.
  exists (List.map value_pair ps); split; last exact: Permutation_map.
  by elim: (List.map value_pair ps) => [|p l IH]; constructor=> //; left.
by exists (List.map value_pair qs); split; [apply: value_turned_pairs | apply: Permutation_refl].
Qed.

(* It is exact_gram of two rows, entry by entry. *)
Definition row_of M n (U : 'M[spec_float]_(M, n)) i : seq spec_float :=
  [seq U i k | k <- enum 'I_n].

Theorem exact_gram_matrixE s n M1 M2 (U : 'M_(M1, n)) (V : 'M_(M2, n)) i j :
  exact_gram_matrix s U V i j = exact_gram s (row_of U i) (row_of V j).
Proof.
rewrite mxE /exact_entry /exact_gram /pairs /row_of; congr gram_entry.
by elim: (enum 'I_n) => [|k l IH] //=; rewrite IH.
Qed.

(* What a run may return: each entry a possible result of the program. *)
Definition returned_gram s n M1 M2 (U : 'M_(M1, n)) (V : 'M_(M2, n))
    (G : 'M[spec_float]_(M1, M2)) : Prop :=
  forall i j, returned s (List.map value_pair (pairs U V i j)) (G i j).

Theorem returned_gram_unique s n M1 M2 (U : 'M_(M1, n)) (V : 'M_(M2, n)) G :
  (1 <= s)%coq_nat -> returned_gram s U V G -> G = exact_gram_matrix s U V.
Proof. by move=> s_pos R; apply/matrixP => i j; rewrite mxE; apply: returned_unique. Qed.

(* Two runs, on plain and on encrypted images. *)
Theorem returned_same_bits s n (f : signed_perm n) c N M
    (T : 'M[Z]_(N, n)) (X : 'M[Z]_(M, n)) G G' :
  (1 <= s)%coq_nat ->
  returned_gram s (z_scores T X) (z_scores T T) G ->
  returned_gram s (z_scores (moved_images f c T) (moved_images f c X))
                  (z_scores (moved_images f c T) (moved_images f c T)) G' ->
  G' = G.
Proof.
move=> s_pos /(returned_gram_unique s_pos) -> /(returned_gram_unique s_pos) ->.
by apply: (exact_gram_invariant (n := n) s_pos); apply: z_scores_turned.
Qed.

(* The width "scale" is a parameter of the kernel that is invariant. *)
Definition features N n (U : 'M[spec_float]_(N, n)) : seq (seq spec_float) :=
  [seq [seq U i k | i <- enum 'I_N] | k <- enum 'I_n].

Definition scale_gamma A (ratio : Z -> Z -> A) inverse fsum n N
    (U : 'M[spec_float]_(N, n)) : A :=
  width A ratio inverse fsum (Z.of_nat N) (features U).

Theorem scale_gamma_invariant A (ratio : Z -> Z -> A) inverse fsum n :
  (forall xs ys, Permutation xs ys -> fsum xs = fsum ys) ->
  invariant_parameter (@scale_gamma A ratio inverse fsum n).
Proof.
move=> order f N U U' HU; rewrite /scale_gamma.
pose feature := fun k => [seq U i k | i <- enum 'I_N].
rewrite -(width_order A ratio inverse fsum order (Z.of_nat N) _ _
            (Permutation_map feature (enum_source f))).
symmetry; apply: width_turned; rewrite -[List.map _ _]map_comp /features.
elim: (enum 'I_n) => [|k ks IH] /=; constructor=> //; exists (negated f k).
by rewrite /feature; elim: (enum 'I_N) => [|i s IHs] /=; constructor=> //; apply: HU.
Qed.

Section ExactSameBits.

Variables (s n : nat) (A B : Type) (kernel : float_kernel A).
Variable parameter : forall N, 'M[spec_float]_(N, n) -> A.
Hypothesis s_pos : (1 <= s)%coq_nat.
Hypothesis parameter_invariant : invariant_parameter parameter.

Notation of_exact_kernels := (of_kernels (@exact_gram_matrix s n) kernel parameter).

Theorem exact_same_bits f c N M (F : 'M_N -> 'M_(M, N) -> B)
    (T : 'M[Z]_(N, n)) (X : 'M[Z]_(M, n)) :
  of_exact_kernels F (z_scores (moved_images f c T) (moved_images f c T))
                     (z_scores (moved_images f c T) (moved_images f c X))
  = of_exact_kernels F (z_scores T T) (z_scores T X).
Proof. by apply: same_bits => //; apply: exact_gram_invariant. Qed.

Corollary exact_same_bits_images level f N M (F : 'M_N -> 'M_(M, N) -> B)
    (T : 'M[Z]_(N, n)) (X : 'M[Z]_(M, n)) :
  let E := fun K (X : 'M[Z]_(K, n)) =>
    encrypt_rows (sp_matrix integers f) (sp_offset level f) X in
  of_exact_kernels F (z_scores (E _ T) (E _ T)) (z_scores (E _ T) (E _ X))
  = of_exact_kernels F (z_scores T T) (z_scores T X).
Proof. by apply: same_bits_images => //; apply: exact_gram_invariant. Qed.

Theorem exact_same_bits_mid_grey f N M (F : 'M_N -> 'M_(M, N) -> B)
    (T : 'M[Z]_(N, n)) (X : 'M[Z]_(M, n)) : pixels T -> pixels X ->
  let E := fun K (X : 'M[Z]_(K, n)) =>
    encrypt_rows (sp_matrix integers f) (sp_offset white f) X in
  of_exact_kernels F (mid_greys (E _ T)) (mid_greys (E _ X))
  = of_exact_kernels F (mid_greys T) (mid_greys X).
Proof. by apply: same_bits_mid_grey => //; apply: exact_gram_invariant. Qed.

End ExactSameBits.

(* All of it for scikit-learn's default width: what is assumed is that the    *)
(* sum of the variances, which rounds once, does not depend on their order.  *)
Corollary exact_same_bits_scale s n A B (ratio : Z -> Z -> A) inverse fsum
    (kernel : float_kernel A) level (f : signed_perm n) N M (F : 'M_N -> 'M_(M, N) -> B)
    (T : 'M[Z]_(N, n)) (X : 'M[Z]_(M, n)) :
  (1 <= s)%coq_nat -> (forall xs ys, Permutation xs ys -> fsum xs = fsum ys) ->
  let E := fun K (X : 'M[Z]_(K, n)) =>
    encrypt_rows (sp_matrix integers f) (sp_offset level f) X in
  let run := of_kernels (@exact_gram_matrix s n) kernel
                        (scale_gamma ratio inverse fsum (n := n)) F in
  run (z_scores (E _ T) (E _ T)) (z_scores (E _ T) (E _ X))
  = run (z_scores T T) (z_scores T X).
Proof.
by move=> s_pos order; apply: exact_same_bits_images => //; apply: scale_gamma_invariant.
Qed.
