(******************************************************************************)
(* Random reductions: equal in law                                            *)
(*                                                                            *)
(* What is proved. A reduction that is drawn at random, alike for all signed  *)
(* permutations of the pixels, gives z-scored Gram matrices of the same law   *)
(* for plain and for encrypted images:                                        *)
(*  - a random set of pixels, where the chance of a set does not depend on    *)
(*    how pixels are numbered (uniform sets of m pixels are an instance);     *)
(*  - a random matrix R, one of finitely many, where R Q is as likely as R    *)
(*    (signs and places drawn alike are an instance).                         *)
(* For one draw they differ: see Refutations.v.                               *)
(*                                                                            *)
(* Why one would believe it. The pixels that were drawn have moved to places  *)
(* that are as likely to be drawn.                                            *)
(*                                                                            *)
(* Definitions: gram_of_pixels.                                               *)
(******************************************************************************)

From mathcomp Require Import all_ssreflect all_algebra fingroup perm.
From EtC Require Import SignedPermutation Normalization Reductions Forest.

Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.

Import GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Section RandomReductions.

Variables (F : realFieldType) (n : nat) (f : signed_perm n) (c : 'cV[F]_n).
Variables (N M1 M2 : nat) (T : 'M[F]_(N, n)) (X : 'M[F]_(M1, n)) (Y : 'M[F]_(M2, n)).
Variable divisor : F -> F.
Hypothesis N_gt0 : (0 < N)%N.

Notation Q := (sp_matrix F f).
Notation E := (encrypt_rows Q c).
Notation p := (source f).

(* --- random pixels --------------------------------------------------------- *)

Variable draw : {set 'I_n} -> F.
Hypothesis draw_symmetric : forall (s : 'S_n) (A : {set 'I_n}), draw (s @: A) = draw A.

(* Inner products over the pixels of A only. *)
Definition gram_of_pixels (A : {set 'I_n}) (U : 'M[F]_(M1, n)) (V : 'M[F]_(M2, n)) :
    'M[F]_(M1, M2) :=
  \matrix_(i, j) \sum_(k in A) U i k * V j k.

Lemma gram_of_pixels_turn A (U : 'M[F]_(M1, n)) (V : 'M[F]_(M2, n)) :
  gram_of_pixels A (U *m Q^T) (V *m Q^T) = gram_of_pixels (p @: A) U V.
Proof.
apply/matrixP => i j; rewrite [LHS]mxE [RHS]mxE big_imset /=; last by move=> k l _ _; apply: perm_inj.
by apply: eq_bigr => k _; rewrite !mul_sp_matrix_trE mulrACA -expr2 sqrr_sign mul1r.
Qed.

Theorem random_pixels_same_law (h : 'M[F]_(M1, M2) -> F) :
  expectation (law_of_weights draw)
    (fun A => h (gram_of_pixels A (zscore divisor (E T) (E X)) (zscore divisor (E T) (E Y))))
  = expectation (law_of_weights draw)
    (fun A => h (gram_of_pixels A (zscore divisor T X) (zscore divisor T Y))).
Proof.
rewrite !expectation_weights [RHS](reindex_inj (imset_inj (@perm_inj _ p))).
apply: eq_bigr => A _.
by rewrite !zscore_encrypt // gram_of_pixels_turn draw_symmetric.
Qed.

(* --- random matrices -------------------------------------------------------- *)

Variables (m : nat) (I : finType) (R : I -> 'M[F]_(m, n)) (weight : I -> F).
Variable move : {perm I}.
Hypothesis R_move : forall i, R (move i) = R i *m Q.
Hypothesis weight_move : forall i, weight (move i) = weight i.

Notation reduce i U := (U *m (R i)^T).

(* An offset of every image does not change the z-score. *)
Lemma zscore_offset k K (d : 'cV[F]_k) (S : 'M[F]_(N, k)) (U : 'M[F]_(K, k)) :
  zscore divisor (S + \matrix_(i, j) d j 0) (U + \matrix_(i, j) d j 0) = zscore divisor S U.
Proof.
have one L (V : 'M[F]_(L, k)) :
    V + \matrix_(i, j) d j 0 = encrypt_rows (sp_matrix F (sp_one k)) d V.
  by rewrite /encrypt_rows sp_matrix_one trmx1 mulmx1.
by rewrite !one zscore_encrypt // sp_matrix_one trmx1 mulmx1.
Qed.

Lemma reduce_encrypt i K (U : 'M[F]_(K, n)) :
  reduce i (E U) = reduce (move i) U + \matrix_(a, b) (R i *m c) b 0.
Proof.
rewrite R_move /encrypt_rows mulmxDl (trmx_mul _ Q) -[in LHS]mulmxA; congr (_ + _).
by apply/matrixP => a b; rewrite !mxE; apply: eq_bigr => k _; rewrite !mxE mulrC.
Qed.

Theorem random_matrix_same_law (h : 'M[F]_(M1, M2) -> F) :
  expectation (law_of_weights weight)
    (fun i => h (gram (zscore divisor (reduce i (E T)) (reduce i (E X)))
                      (zscore divisor (reduce i (E T)) (reduce i (E Y)))))
  = expectation (law_of_weights weight)
    (fun i => h (gram (zscore divisor (reduce i T) (reduce i X))
                      (zscore divisor (reduce i T) (reduce i Y)))).
Proof.
rewrite !expectation_weights [RHS](reindex_inj (@perm_inj _ move)).
by apply: eq_bigr => i _; rewrite !reduce_encrypt !zscore_offset weight_move.
Qed.

End RandomReductions.
