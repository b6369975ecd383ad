(******************************************************************************)
(* Reductions whose Gram matrices agree: the condition is necessary           *)
(*                                                                            *)
(* Reductions.v has that a linear reduction A with A Q = E A may stand        *)
(* between encryption and learning. Here is the converse, for Gram matrices   *)
(* of reduced images, over any ordered field. For any matrix A of m rows and  *)
(* n columns, any square matrix Q and any offset c these say the same:        *)
(*  - for all data sets, the Gram matrices of reduced plain images and of     *)
(*    reduced encrypted ones are equal, without offset;                       *)
(*  - the same with the offset, after both are centred on their means;        *)
(*  - A Q = E A for an orthogonal E;                                          *)
(*  - Q^T (A^T A) Q = A^T A: the key leaves A^T A as it is.                   *)
(* So for rows of unit length, orthogonal to each other, the space that they  *)
(* span must be one that the key maps to itself. Two images, and their        *)
(* opposites, are a counterexample wherever the condition fails.              *)
(*                                                                            *)
(* What is not said: that E is a signed permutation. It need not be, as long  *)
(* as nothing is divided by deviations: with the z-score after the reduction, *)
(* or with whatever looks at single features, more is needed (Reductions.v).  *)
(*                                                                            *)
(* Why one would believe it. Reduced unit vectors have the inner products     *)
(* A^T A, so equal Gram matrices are two lists of n vectors, the columns of A *)
(* and of A Q, with equal inner products: one orthogonal map takes each of    *)
(* the first to that of the second (GramDetermines.v).                        *)
(*                                                                            *)
(* Definitions: keeps_square, equivariant.                                    *)
(******************************************************************************)

From mathcomp Require Import all_ssreflect all_algebra fingroup perm.
From EtC Require Import SignedPermutation Normalization GramDetermines.

Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.

Import GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Section OnlyIf.

Variables (F : realFieldType) (n m : nat) (A : 'M[F]_(m, n)) (Q : 'M[F]_n) (c : 'cV[F]_n).

Definition keeps_square : Prop := Q^T *m (A^T *m A) *m Q = A^T *m A.
Definition equivariant : Prop := exists2 E : 'M[F]_m, orthogonal E & A *m Q = E *m A.

Lemma gram_columns : gram A^T A^T = gram (A *m Q)^T (A *m Q)^T <-> keeps_square.
Proof. by rewrite /gram !trmxK trmx_mul !mulmxA /keeps_square mulmxA; split=> ->. Qed.

Theorem equivariant_iff_square : equivariant <-> keeps_square.
Proof.
rewrite -gram_columns gram_eq_iff; split=> -[E oE AQ]; exists E => //.
  by rewrite AQ trmx_mul.
by apply: trmx_inj; rewrite AQ trmx_mul.
Qed.

(* Without offset: images about mid-grey, say. *)
Theorem reduced_gram_iff :
  (forall M N (X : 'M[F]_(M, n)) (Y : 'M[F]_(N, n)),
     gram (X *m Q^T *m A^T) (Y *m Q^T *m A^T) = gram (X *m A^T) (Y *m A^T))
  <-> equivariant.
Proof.
split=> [same|[E oE AQ] M N X Y].
  apply/equivariant_iff_square/gram_columns.
  by have := same _ _ 1%:M 1%:M; rewrite !mul1mx trmx_mul.
have turn K (Z : 'M[F]_(K, n)) : Z *m Q^T *m A^T = Z *m A^T *m E^T.
  by rewrite -!mulmxA -!trmx_mul AQ.
by rewrite !turn orthogonal_gram.
Qed.

(* With the offset, centred on the mean of the reduced images. *)
Lemma centred_reduced N (X : 'M[F]_(N, n)) : (0 < N)%N ->
  centred (encrypt_rows Q c X *m A^T) (encrypt_rows Q c X *m A^T)
  = centred X X *m Q^T *m A^T.
Proof.
by move=> N_gt0; rewrite -(centred_affine Q c X X N_gt0) !centredE mulmxBl !mulmxA.
Qed.

Lemma centred_plain N (X : 'M[F]_(N, n)) : centred (X *m A^T) (X *m A^T) = centred X X *m A^T.
Proof. by rewrite !centredE mulmxBl !mulmxA. Qed.

Theorem reduced_centred_gram_iff :
  (forall N (X : 'M[F]_(N, n)), (0 < N)%N ->
     let Y := encrypt_rows Q c X *m A^T in
     gram (centred Y Y) (centred Y Y) = gram (centred (X *m A^T) (X *m A^T))
                                             (centred (X *m A^T) (X *m A^T)))
  <-> equivariant.
Proof.
split=> [same|/reduced_gram_iff same N X N_gt0 Y]; last first.
  by rewrite /Y centred_reduced // centred_plain same.
apply/equivariant_iff_square/gram_columns.
have [n0|n_gt0] := posnP n.
  by apply/matrixP => i; have := ltn_ord i; rewrite {2}n0.
pose X : 'M[F]_(n + n, n) := col_mx 1%:M (- 1%:M).
have X_centred : centred X X = X.
  rewrite centredE; suff -> : const_mx (n + n)%:R^-1 *m X = 0 :> 'rV_n by rewrite mulmx0 subr0.
  have -> : const_mx (n + n)%:R^-1 = row_mx (const_mx (n + n)%:R^-1) (const_mx (n + n)%:R^-1)
    :> 'rV[F]_(n + n) by rewrite row_mx_const.
  by rewrite mul_row_col mulmxN mulmx1 subrr.
have /= := same _ X (ltn_addr _ n_gt0).
rewrite centred_reduced ?ltn_addr // centred_plain X_centred.
have top (B : 'M[F]_(n, m)) : ulsubmx (gram (X *m B) (X *m B)) = gram B B.
  by rewrite /X mul_col_mx !mul1mx /gram tr_col_mx mul_col_row block_mxKul.
by rewrite -mulmxA => /(congr1 ulsubmx); rewrite !top trmx_mul.
Qed.

End OnlyIf.
