(******************************************************************************)
(* Signed permutations: the algebra of block-wise image encryption            *)
(*                                                                            *)
(* What is proved. Over any commutative ring and for vectors of any length n, *)
(* permutation matrices, diagonal sign matrices and their products are        *)
(* orthogonal; the products and inverses of signed permutations are signed    *)
(* permutations; a linear map Q with Q^T Q = 1 preserves inner products,      *)
(* squared distances and Gram matrices; the encryption x |-> Q x + c decrypts *)
(* with y |-> Q^T (y - c) and preserves squared distances whatever c is.      *)
(*                                                                            *)
(* Why one would believe it. Moving pixels about reorders the terms of a sum. *)
(* Negating a pixel in both vectors puts two minus signs into one term.  The  *)
(* offset c cancels in every difference.  The negative-positive transform     *)
(* x |-> level - x is its own inverse, so two keys compose to one key.        *)
(*                                                                            *)
(* A signed permutation f reads y_k = level - x_(p k) where f negates k, and  *)
(* y_k = x_(p k) elsewhere; in matrix form y = s * x[p] + c with c = level    *)
(* where s = -1 and c = 0 where s = +1.  For 8-bit images level = 255.        *)
(* An image is a column vector; a data set is a matrix whose rows are images. *)
(*                                                                            *)
(* Definitions: inner_product, squared_distance, sample, gram, distances,     *)
(*   orthogonal, encrypt, encrypt_rows, decrypt, sign_mx, signed_perm,        *)
(*   sp_one, sp_mul, sp_inv, sp_apply, sp_matrix, sp_offset.                  *)
(******************************************************************************)

From mathcomp Require Import all_ssreflect all_algebra fingroup perm.
From mathcomp.algebra_tactics Require Import ring.

Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.

Import GRing.Theory.
Local Open Scope ring_scope.

(* ------------------------------------------------------------------------- *)
(* Inner product, squared distance, Gram matrix                              *)
(* ------------------------------------------------------------------------- *)

Section Geometry.

Variable R : comRingType.

Definition inner_product n (x y : 'cV[R]_n) : R := \sum_k x k 0 * y k 0.

Definition squared_distance n (x y : 'cV[R]_n) : R :=
  \sum_k (x k 0 - y k 0) ^+ 2.

(* Sample i of a data set, as a column vector. *)
Definition sample N n (X : 'M[R]_(N, n)) (i : 'I_N) : 'cV[R]_n := (row i X)^T.

(* All inner products between the samples of X and those of Y. *)
Definition gram M N n (X : 'M[R]_(M, n)) (Y : 'M[R]_(N, n)) : 'M[R]_(M, N) :=
  X *m Y^T.

(* All squared distances between the samples of X and those of Y. *)
Definition distances M N n (X : 'M[R]_(M, n)) (Y : 'M[R]_(N, n)) :
    'M[R]_(M, N) :=
  \matrix_(i, j) squared_distance (sample X i) (sample Y j).

Definition orthogonal n (Q : 'M[R]_n) : Prop := Q^T *m Q = 1%:M.

(* Encryption of one image, of a data set, and decryption of one image. *)
Definition encrypt n (Q : 'M[R]_n) (c x : 'cV[R]_n) : 'cV[R]_n := Q *m x + c.

Definition encrypt_rows N n (Q : 'M[R]_n) (c : 'cV[R]_n) (X : 'M[R]_(N, n)) :
    'M[R]_(N, n) :=
  X *m Q^T + \matrix_(i, k) c k 0.

Definition decrypt n (Q : 'M[R]_n) (c y : 'cV[R]_n) : 'cV[R]_n :=
  Q^T *m (y - c).

Lemma inner_productE n (x y : 'cV[R]_n) : inner_product x y = (x^T *m y) 0 0.
Proof. by rewrite mxE; apply: eq_bigr => k _; rewrite mxE. Qed.

Lemma squared_distanceE n (x y : 'cV[R]_n) :
  squared_distance x y = inner_product (x - y) (x - y).
Proof. by apply: eq_bigr => k _; rewrite !mxE expr2. Qed.

Lemma squared_distance_inner n (x y : 'cV[R]_n) :
  squared_distance x y
  = inner_product x x - 2%:R * inner_product x y + inner_product y y.
Proof.
rewrite /squared_distance /inner_product mulr_sumr -sumrB -big_split /=.
by apply: eq_bigr => k _; ring.
Qed.

Lemma gramE M N n (X : 'M[R]_(M, n)) (Y : 'M[R]_(N, n)) i j :
  gram X Y i j = inner_product (sample X i) (sample Y j).
Proof. by rewrite mxE; apply: eq_bigr => k _; rewrite !mxE. Qed.

Lemma distancesE M N n (X : 'M[R]_(M, n)) (Y : 'M[R]_(N, n)) i j :
  distances X Y i j = squared_distance (sample X i) (sample Y j).
Proof. by rewrite mxE. Qed.

Lemma sample_encrypt_rows N n (Q : 'M[R]_n) c (X : 'M[R]_(N, n)) i :
  sample (encrypt_rows Q c X) i = encrypt Q c (sample X i).
Proof.
apply/matrixP => k j; rewrite [j]ord1 !mxE; congr (_ + _).
by apply: eq_bigr => l _; rewrite !mxE mulrC.
Qed.

Lemma encrypt_rows0 N n (Q : 'M[R]_n) (X : 'M[R]_(N, n)) :
  encrypt_rows Q 0 X = X *m Q^T.
Proof. by apply/matrixP => i k; rewrite /encrypt_rows [LHS]mxE !mxE addr0. Qed.

Lemma sample_mulmx_tr N n (Q : 'M[R]_n) (X : 'M[R]_(N, n)) i :
  sample (X *m Q^T) i = Q *m sample X i.
Proof.
apply/matrixP => k j; rewrite [j]ord1 !mxE.
by apply: eq_bigr => l _; rewrite !mxE mulrC.
Qed.

(* --- orthogonal matrices ------------------------------------------------- *)

Theorem orthogonal_tr n (Q : 'M[R]_n) : orthogonal Q -> orthogonal Q^T.
Proof. by rewrite /orthogonal trmxK => /mulmx1C. Qed.

Theorem orthogonal_mul n (P Q : 'M[R]_n) :
  orthogonal P -> orthogonal Q -> orthogonal (P *m Q).
Proof.
rewrite /orthogonal => oP oQ.
by rewrite trmx_mul mulmxA -(mulmxA _ _ P) oP mulmx1 oQ.
Qed.

Theorem orthogonal_one n : orthogonal (1%:M : 'M[R]_n).
Proof. by rewrite /orthogonal trmx1 mulmx1. Qed.

Section OrthogonalMap.

Variables (n : nat) (Q : 'M[R]_n).
Hypothesis Q_orthogonal : orthogonal Q.

Lemma orthogonal_mulV : Q *m Q^T = 1%:M.
Proof. exact: mulmx1C. Qed.

Theorem orthogonal_inner_product (x y : 'cV[R]_n) :
  inner_product (Q *m x) (Q *m y) = inner_product x y.
Proof.
by rewrite !inner_productE trmx_mul mulmxA -(mulmxA _ _ Q) Q_orthogonal mulmx1.
Qed.

Theorem orthogonal_squared_distance (x y : 'cV[R]_n) :
  squared_distance (Q *m x) (Q *m y) = squared_distance x y.
Proof. by rewrite !squared_distanceE -mulmxBr orthogonal_inner_product. Qed.

Theorem orthogonal_gram M N (X : 'M[R]_(M, n)) (Y : 'M[R]_(N, n)) :
  gram (X *m Q^T) (Y *m Q^T) = gram X Y.
Proof.
by rewrite /gram trmx_mul trmxK mulmxA -(mulmxA X) Q_orthogonal mulmx1.
Qed.

(* Distance needs no normalization: the offset cancels, negation included. *)
Theorem encrypt_squared_distance (c x y : 'cV[R]_n) :
  squared_distance (encrypt Q c x) (encrypt Q c y) = squared_distance x y.
Proof.
rewrite -[RHS]orthogonal_squared_distance !squared_distanceE /encrypt.
by rewrite opprD addrACA subrr addr0.
Qed.

Theorem encrypt_distances (c : 'cV[R]_n) M N (X : 'M[R]_(M, n))
    (Y : 'M[R]_(N, n)) :
  distances (encrypt_rows Q c X) (encrypt_rows Q c Y) = distances X Y.
Proof.
apply/matrixP => i j; rewrite !distancesE !sample_encrypt_rows.
exact: encrypt_squared_distance.
Qed.

Theorem decryptK (c x : 'cV[R]_n) : decrypt Q c (encrypt Q c x) = x.
Proof. by rewrite /decrypt /encrypt addrK mulmxA Q_orthogonal mul1mx. Qed.

Theorem encryptK (c y : 'cV[R]_n) : encrypt Q c (decrypt Q c y) = y.
Proof. by rewrite /decrypt /encrypt mulmxA orthogonal_mulV mul1mx subrK. Qed.

End OrthogonalMap.

(* Two affine orthogonal encryptions are one. *)
Theorem encrypt_encrypt n (P Q : 'M[R]_n) (c d x : 'cV[R]_n) :
  encrypt P d (encrypt Q c x) = encrypt (P *m Q) (P *m c + d) x.
Proof. by rewrite /encrypt mulmxDr mulmxA addrA. Qed.

(* --- permutation matrices and sign matrices ------------------------------ *)

Theorem perm_mx_orthogonal n (p : 'S_n) : orthogonal (perm_mx p : 'M[R]_n).
Proof. by rewrite /orthogonal tr_perm_mx -perm_mxM mulVg perm_mx1. Qed.

Theorem perm_mx_inner_product n (p : 'S_n) (x y : 'cV[R]_n) :
  inner_product (perm_mx p *m x) (perm_mx p *m y) = inner_product x y.
Proof. exact/orthogonal_inner_product/perm_mx_orthogonal. Qed.

Theorem perm_mx_squared_distance n (p : 'S_n) (x y : 'cV[R]_n) :
  squared_distance (perm_mx p *m x) (perm_mx p *m y) = squared_distance x y.
Proof. exact/orthogonal_squared_distance/perm_mx_orthogonal. Qed.

(* The diagonal of the negative-positive transform: -1 where the bit is set. *)
Definition sign_mx n (s : 'I_n -> bool) : 'M[R]_n :=
  diag_mx (\row_k (-1) ^+ s k).

Theorem sign_mx_orthogonal n (s : 'I_n -> bool) : orthogonal (sign_mx s).
Proof.
rewrite /orthogonal /sign_mx tr_diag_mx mulmx_diag.
apply/matrixP => i j; rewrite !mxE; congr (_ *+ _).
by rewrite -expr2 sqrr_sign.
Qed.

End Geometry.

(* ------------------------------------------------------------------------- *)
(* Signed permutations                                                       *)
(* ------------------------------------------------------------------------- *)

(* Output k reads input [source f k], negated where [negated f k]. *)
Record signed_perm n := SignedPerm {
  source : 'S_n;
  negated : {ffun 'I_n -> bool}
}.

Definition sp_one n : signed_perm n := SignedPerm 1%g [ffun=> false].

(* [sp_mul f g] applies g first, then f. *)
Definition sp_mul n (f g : signed_perm n) : signed_perm n :=
  SignedPerm (source f * source g)%g
             [ffun k => negated f k (+) negated g (source f k)].

Definition sp_inv n (f : signed_perm n) : signed_perm n :=
  SignedPerm (source f)^-1%g [ffun k => negated f ((source f)^-1%g k)].

Lemma signed_perm_ext n (f g : signed_perm n) :
  source f =1 source g -> negated f =1 negated g -> f = g.
Proof.
case: f g => [p s] [q t] /= pq st.
have -> : p = q by apply/permP.
by have -> : s = t by apply/ffunP.
Qed.

(* Signed permutations form a group. *)
Theorem sp_mulA n (f g h : signed_perm n) :
  sp_mul f (sp_mul g h) = sp_mul (sp_mul f g) h.
Proof.
by apply: signed_perm_ext => k /=; rewrite ?mulgA // !ffunE permM addbA.
Qed.

Theorem sp_mul1f n (f : signed_perm n) : sp_mul (sp_one n) f = f.
Proof. by apply: signed_perm_ext => k /=; rewrite ?mul1g // !ffunE perm1. Qed.

Theorem sp_mulVf n (f : signed_perm n) : sp_mul (sp_inv f) f = sp_one n.
Proof.
by apply: signed_perm_ext => k /=; rewrite ?mulVg // !ffunE addbb.
Qed.

Theorem sp_mulf1 n (f : signed_perm n) : sp_mul f (sp_one n) = f.
Proof. by apply: signed_perm_ext => k /=; rewrite ?mulg1 // !ffunE addbF. Qed.

Theorem sp_mulfV n (f : signed_perm n) : sp_mul f (sp_inv f) = sp_one n.
Proof.
by apply: signed_perm_ext => k /=; rewrite ?mulgV // !ffunE permK addbb.
Qed.

Section SignedPermutation.

Variables (R : comRingType) (level : R) (n : nat).
Implicit Types (f g : signed_perm n) (x y : 'cV[R]_n).

(* The encryption, pixel by pixel. *)
Definition sp_apply f x : 'cV[R]_n :=
  \col_k (if negated f k then level - x (source f k) 0 else x (source f k) 0).

Definition sp_matrix f : 'M[R]_n :=
  sign_mx R (negated f) *m perm_mx (source f).

Definition sp_offset f : 'cV[R]_n := \col_k (if negated f k then level else 0).

Lemma sp_matrix_entry f k j :
  sp_matrix f k j = (-1) ^+ negated f k *+ (source f k == j).
Proof.
rewrite /sp_matrix /sign_mx mul_diag_mx !mxE.
by case: eqP; rewrite ?mulr1 ?mulr0.
Qed.

Lemma sp_matrix_mulE f m (A : 'M[R]_(n, m)) k j :
  (sp_matrix f *m A) k j = (-1) ^+ negated f k * A (source f k) j.
Proof.
by rewrite /sp_matrix /sign_mx -mulmxA -row_permE mul_diag_mx !mxE.
Qed.

(* X Q^T, entry by entry: what encryption does to a data set of rows. *)
Lemma mul_sp_matrix_trE f m (A : 'M[R]_(m, n)) i k :
  (A *m (sp_matrix f)^T) i k = (-1) ^+ negated f k * A i (source f k).
Proof.
have -> : A *m (sp_matrix f)^T = (sp_matrix f *m A^T)^T.
  by rewrite trmx_mul trmxK.
by rewrite [LHS]mxE sp_matrix_mulE mxE.
Qed.

(* Every pixel of the encrypted image is s_k x_(p k) + c_k. *)
Theorem sp_apply_pixel f x k :
  sp_apply f x k 0
  = (-1) ^+ negated f k * x (source f k) 0 + (if negated f k then level else 0).
Proof. by rewrite mxE; case: (negated f k) => /=; ring. Qed.

(* The pixel-wise encryption is the affine map of its matrix and offset. *)
Theorem sp_apply_affine f x :
  sp_apply f x = encrypt (sp_matrix f) (sp_offset f) x.
Proof.
apply/matrixP => k j; rewrite [j]ord1 sp_apply_pixel /encrypt.
by rewrite [RHS]mxE sp_matrix_mulE [sp_offset _ _ _]mxE.
Qed.

Lemma sp_encrypt_rowsE f N (X : 'M[R]_(N, n)) i k :
  encrypt_rows (sp_matrix f) (sp_offset f) X i k
  = (-1) ^+ negated f k * X i (source f k) + (if negated f k then level else 0).
Proof. by rewrite /encrypt_rows [LHS]mxE mul_sp_matrix_trE !mxE. Qed.

Theorem sp_matrix_orthogonal f : orthogonal (sp_matrix f).
Proof.
apply: orthogonal_mul; first exact: sign_mx_orthogonal.
exact: perm_mx_orthogonal.
Qed.

Theorem sp_matrix_mul f g :
  sp_matrix (sp_mul f g) = sp_matrix f *m sp_matrix g.
Proof.
apply/matrixP => k j; rewrite sp_matrix_mulE !sp_matrix_entry /= ffunE permM.
by rewrite signr_addb mulrnAr.
Qed.

Theorem sp_matrix_one : sp_matrix (sp_one n) = 1%:M.
Proof. by apply/matrixP => k j; rewrite sp_matrix_entry /= ffunE perm1 !mxE. Qed.

Theorem sp_matrix_inv f : sp_matrix (sp_inv f) = (sp_matrix f)^T.
Proof.
have VQ : sp_matrix (sp_inv f) *m sp_matrix f = 1%:M.
  by rewrite -sp_matrix_mul sp_mulVf sp_matrix_one.
rewrite -[LHS]mulmx1 -(orthogonal_mulV (sp_matrix_orthogonal f)) mulmxA VQ.
by rewrite mul1mx.
Qed.

(* Encrypting with g and then with f is encrypting once, with [sp_mul f g]. *)
Theorem sp_apply_mul f g x :
  sp_apply (sp_mul f g) x = sp_apply f (sp_apply g x).
Proof.
apply/matrixP => k j; rewrite [j]ord1 !mxE /= !ffunE permM.
by case: (negated f k); case: (negated g _) => //=; ring.
Qed.

Theorem sp_apply_one x : sp_apply (sp_one n) x = x.
Proof. by apply/matrixP => k j; rewrite [j]ord1 mxE /= ffunE perm1. Qed.

(* The inverse key decrypts, and every cipher image is the image of one. *)
Theorem sp_applyK f x : sp_apply (sp_inv f) (sp_apply f x) = x.
Proof. by rewrite -sp_apply_mul sp_mulVf sp_apply_one. Qed.

Theorem sp_applyVK f x : sp_apply f (sp_apply (sp_inv f) x) = x.
Proof. by rewrite -sp_apply_mul sp_mulfV sp_apply_one. Qed.

(* Squared distance survives every step, negation included, on raw pixels. *)
Theorem sp_squared_distance f x y :
  squared_distance (sp_apply f x) (sp_apply f y) = squared_distance x y.
Proof.
rewrite !sp_apply_affine; apply: encrypt_squared_distance.
exact: sp_matrix_orthogonal.
Qed.

(* Without negation the raw inner product survives too. *)
Theorem sp_inner_product_unnegated f x y :
  (forall k, negated f k = false) ->
  inner_product (sp_apply f x) (sp_apply f y) = inner_product x y.
Proof.
move=> fP; rewrite !sp_apply_affine /encrypt.
have -> : sp_offset f = 0 by apply/matrixP => k j; rewrite !mxE fP.
by rewrite !addr0; apply/orthogonal_inner_product/sp_matrix_orthogonal.
Qed.

(* What a flip does to the raw inner product: the exact defect. *)
Theorem sp_inner_product_defect f x y :
  inner_product (sp_apply f x) (sp_apply f y)
  = inner_product x y
    + \sum_(k | negated f k)
        level * (level - x (source f k) 0 - y (source f k) 0).
Proof.
have -> : inner_product x y = \sum_k x (source f k) 0 * y (source f k) 0.
  by rewrite /inner_product (reindex_inj (@perm_inj _ (source f))).
rewrite (big_mkcond (fun k => negated f k)) -big_split /=.
by apply: eq_bigr => k _; rewrite !mxE; case: (negated f k) => /=; ring.
Qed.

End SignedPermutation.
