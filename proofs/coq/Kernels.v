(******************************************************************************)
(* Kernels: equal on plain and on encrypted images                            *)
(*                                                                            *)
(* What is proved. A kernel that is any function of <u,u>, <u,v> and <v,v>    *)
(* takes the same values before and after an orthogonal map, hence between    *)
(* z-scored plain and z-scored encrypted images: linear, polynomial, sigmoid  *)
(* and RBF kernels with any constants are instances (the exponential and the  *)
(* hyperbolic tangent may be any functions: nothing about them is used).      *)
(* A kernel that is any function of the distance needs no normalization: it   *)
(* is equal on raw pixels, negation included.  The width "scale", one over    *)
(* the number of features times the variance of all entries, is the same on   *)
(* z-scored data; Refutations.v shows that it is not on raw pixels.           *)
(*                                                                            *)
(* Why one would believe it. Encryption moves the cloud of images rigidly: a  *)
(* kernel that looks only at lengths and angles cannot notice.                *)
(*                                                                            *)
(* Definitions: kernel_function, kernel_value, kernel_matrix, linear_kernel,  *)
(*   polynomial_kernel, sigmoid_kernel, rbf_kernel, distance_kernel_matrix,   *)
(*   overall_mean, overall_variance, gamma_scale.                             *)
(******************************************************************************)

From mathcomp Require Import all_ssreflect all_algebra fingroup perm.
From mathcomp.algebra_tactics Require Import ring.
From EtC Require Import SignedPermutation Normalization.

Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.

Import GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Section Kernels.

Variable R : comRingType.

(* A kernel in terms of <u,u>, <u,v>, <v,v>, in this order. *)
Definition kernel_function := R -> R -> R -> R.

Definition kernel_value (kernel : kernel_function) n (u v : 'cV[R]_n) : R :=
  kernel (inner_product u u) (inner_product u v) (inner_product v v).

Definition kernel_matrix (kernel : kernel_function) M N n
    (X : 'M[R]_(M, n)) (Y : 'M[R]_(N, n)) : 'M[R]_(M, N) :=
  \matrix_(i, j) kernel_value kernel (sample X i) (sample Y j).

Definition linear_kernel : kernel_function := fun _ uv _ => uv.
Definition polynomial_kernel (gamma coef0 : R) (degree : nat) : kernel_function :=
  fun _ uv _ => (gamma * uv + coef0) ^+ degree.
Definition sigmoid_kernel (tanh : R -> R) (gamma coef0 : R) : kernel_function :=
  fun _ uv _ => tanh (gamma * uv + coef0).
Definition rbf_kernel (exp : R -> R) (gamma : R) : kernel_function :=
  fun uu uv vv => exp (- gamma * (uu - 2%:R * uv + vv)).

Lemma rbf_kernelE exp gamma n (u v : 'cV[R]_n) :
  kernel_value (rbf_kernel exp gamma) u v
  = exp (- gamma * squared_distance u v).
Proof. by rewrite squared_distance_inner. Qed.

Lemma linear_kernelE M N n (X : 'M[R]_(M, n)) (Y : 'M[R]_(N, n)) :
  kernel_matrix linear_kernel X Y = gram X Y.
Proof. by apply/matrixP => i j; rewrite mxE gramE. Qed.

Theorem orthogonal_kernel_value n (Q : 'M[R]_n) kernel (u v : 'cV[R]_n) :
  orthogonal Q -> kernel_value kernel (Q *m u) (Q *m v) = kernel_value kernel u v.
Proof. by move=> oQ; rewrite /kernel_value !orthogonal_inner_product. Qed.

Theorem orthogonal_kernel_matrix n (Q : 'M[R]_n) kernel M N
    (X : 'M[R]_(M, n)) (Y : 'M[R]_(N, n)) :
  orthogonal Q ->
  kernel_matrix kernel (X *m Q^T) (Y *m Q^T) = kernel_matrix kernel X Y.
Proof.
move=> oQ; apply/matrixP => i j.
by rewrite !mxE !sample_mulmx_tr orthogonal_kernel_value.
Qed.

(* Kernels of the distance alone, such as RBF with a fixed gamma. *)
Definition distance_kernel_matrix (h : R -> R) M N n
    (X : 'M[R]_(M, n)) (Y : 'M[R]_(N, n)) : 'M[R]_(M, N) :=
  \matrix_(i, j) h (squared_distance (sample X i) (sample Y j)).

(* On raw pixels, offset and negation included. *)
Theorem raw_distance_kernel (level : R) n (f : signed_perm n) (h : R -> R) M N
    (X : 'M[R]_(M, n)) (Y : 'M[R]_(N, n)) :
  let E K := @encrypt_rows R K n (sp_matrix R f) (sp_offset level f) in
  distance_kernel_matrix h (E M X) (E N Y) = distance_kernel_matrix h X Y.
Proof.
move=> E; apply/matrixP => i j; rewrite !mxE !sample_encrypt_rows.
by rewrite encrypt_squared_distance //; apply: sp_matrix_orthogonal.
Qed.

Theorem raw_rbf_kernel (level : R) n (f : signed_perm n) (exp : R -> R) (gamma : R)
    M N (X : 'M[R]_(M, n)) (Y : 'M[R]_(N, n)) :
  let E K := @encrypt_rows R K n (sp_matrix R f) (sp_offset level f) in
  kernel_matrix (rbf_kernel exp gamma) (E M X) (E N Y)
  = kernel_matrix (rbf_kernel exp gamma) X Y.
Proof.
move=> E; apply/matrixP => i j; rewrite !mxE !rbf_kernelE !sample_encrypt_rows.
by rewrite encrypt_squared_distance //; apply: sp_matrix_orthogonal.
Qed.

End Kernels.

Section ZScoredKernels.

Variables (F : numFieldType) (level : F) (n N : nat) (f : signed_perm n).
Variables (divisor : F -> F) (T : 'M[F]_(N, n)).
Hypothesis N_gt0 : (0 < N)%N.

Notation Q := (sp_matrix F f).
Notation E := (encrypt_rows Q (sp_offset level f)).

(* Every such kernel agrees after the z-score fitted on the training images. *)
Theorem zscore_kernel_matrix (kernel : kernel_function F) M1 M2
    (X : 'M[F]_(M1, n)) (Y : 'M[F]_(M2, n)) :
  kernel_matrix kernel (zscore divisor (E T) (E X)) (zscore divisor (E T) (E Y))
  = kernel_matrix kernel (zscore divisor T X) (zscore divisor T Y).
Proof.
by rewrite !zscore_encrypt // orthogonal_kernel_matrix //; apply: sp_matrix_orthogonal.
Qed.

(* And after centring on mid-grey, with no statistics. *)
Theorem midgrey_kernel_matrix (kernel : kernel_function F) M1 M2
    (X : 'M[F]_(M1, n)) (Y : 'M[F]_(M2, n)) :
  kernel_matrix kernel (midgrey_centred_rows level (E X))
                       (midgrey_centred_rows level (E Y))
  = kernel_matrix kernel (midgrey_centred_rows level X)
                         (midgrey_centred_rows level Y).
Proof.
apply/matrixP => i j; rewrite !mxE !midgrey_sample !sample_encrypt_rows.
by rewrite !midgrey_encrypt orthogonal_kernel_value //; apply: sp_matrix_orthogonal.
Qed.

(* Variance of all entries of a matrix together, and the width "scale". *)
Definition overall_mean M (X : 'M[F]_(M, n)) : F :=
  (\sum_i \sum_k X i k) / (M * n)%:R.
Definition overall_variance M (X : 'M[F]_(M, n)) : F :=
  (\sum_i \sum_k (X i k - overall_mean X) ^+ 2) / (M * n)%:R.
Definition gamma_scale M (X : 'M[F]_(M, n)) : F :=
  (n%:R * overall_variance X)^-1.

Lemma overall_mean_zscore : overall_mean (zscore divisor T T) = 0.
Proof.
rewrite /overall_mean exchange_big big1 ?mul0r // => k _.
under eq_bigr do rewrite mxE.
by rewrite -mulr_suml sum_deviations // mul0r.
Qed.

End ZScoredKernels.

Section GammaScale.

Variables (F : numFieldType) (level : F) (n N : nat) (f : signed_perm n).
Variables (divisor : F -> F) (T : 'M[F]_(N, n)).
Hypothesis N_gt0 : (0 < N)%N.

Notation Q := (sp_matrix F f).
Notation E := (encrypt_rows Q (sp_offset level f)).

Theorem zscore_gamma_scale :
  gamma_scale (zscore divisor (E T) (E T)) = gamma_scale (zscore divisor T T).
Proof.
rewrite /gamma_scale /overall_variance !overall_mean_zscore //.
congr (_ * (_ / _))^-1; apply: eq_bigr => i _.
rewrite [RHS](reindex_inj (@perm_inj _ (source f))) /=; apply: eq_bigr => k _.
by rewrite zscore_encrypt // mul_sp_matrix_trE !subr0 exprMn sqrr_sign mul1r.
Qed.

End GammaScale.
