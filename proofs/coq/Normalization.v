(******************************************************************************)
(* Normalization: what makes the encryption linear                            *)
(*                                                                            *)
(* What is proved, for any number N > 0 of training images, any number M of   *)
(* query images, any dimension n and any signed permutation with offset:      *)
(*  - the per-pixel z-score fitted on the encrypted training images is        *)
(*    Z' = Z Q^T, where Z is the z-score of the plain images; queries are     *)
(*    normalised with the statistics of the training images, as in practice;  *)
(*  - hence the centred and the z-scored Gram matrices are equal;             *)
(*  - the divisor may be any function of the sum of squared deviations of its *)
(*    pixel: population or sample deviation, with or without an epsilon, with *)
(*    any convention for a pixel that never varies; the population deviation  *)
(*    "0 becomes 1" in a real closed field (where square roots exist) is      *)
(*    spelled out as an instance;                                             *)
(*  - centring on mid-grey, level / 2, gives U' = U Q^T with no statistics at *)
(*    all, so the inner product of mid-grey-centred images is preserved;      *)
(*  - the integer numerators N x - S and N sum x^2 - S^2 (S the sum over the  *)
(*    training images) are negated and unchanged: the exact scaler.           *)
(*                                                                            *)
(* Why one would believe it. If every image has a pixel replaced by level - x *)
(* then its mean becomes level - mean, so the deviation from the mean changes *)
(* its sign, and the squared deviation does not change.                       *)
(*                                                                            *)
(* Definitions: mean, sum_squared_deviations, centred, zscore,                *)
(*   midgrey_centred, midgrey_centred_rows, standard_deviation, sum_pixel,    *)
(*   deviation_numerator, variance_numerator.                                 *)
(******************************************************************************)

From mathcomp Require Import all_ssreflect all_algebra fingroup perm.
From mathcomp.algebra_tactics Require Import ring.
From EtC Require Import SignedPermutation.

Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.

Import GRing.Theory Num.Theory.
Local Open Scope ring_scope.

(* ------------------------------------------------------------------------- *)
(* The z-score                                                               *)
(* ------------------------------------------------------------------------- *)

Section ZScore.

Variable F : numFieldType.

(* Mean of every pixel over the N images of T. *)
Definition mean N n (T : 'M[F]_(N, n)) (k : 'I_n) : F := (\sum_i T i k) / N%:R.

Definition sum_squared_deviations N n (T : 'M[F]_(N, n)) (k : 'I_n) : F :=
  \sum_i (T i k - mean T k) ^+ 2.

(* The images X minus the mean of the training images T. *)
Definition centred N M n (T : 'M[F]_(N, n)) (X : 'M[F]_(M, n)) : 'M[F]_(M, n) :=
  \matrix_(i, k) (X i k - mean T k).

(* The z-score of X with the statistics of T. *)
Definition zscore (divisor : F -> F) N M n (T : 'M[F]_(N, n)) (X : 'M[F]_(M, n)) :
    'M[F]_(M, n) :=
  \matrix_(i, k) ((X i k - mean T k) / divisor (sum_squared_deviations T k)).

(* The deviations of the training images sum to zero in every pixel. *)
Lemma sum_deviations N n (T : 'M[F]_(N, n)) k :
  (0 < N)%N -> \sum_i (T i k - mean T k) = 0.
Proof.
move=> N_gt0; rewrite sumrB sumr_const card_ord -[mean T k *+ N]mulr_natr /mean.
by rewrite mulfVK ?subrr // pnatr_eq0 -lt0n.
Qed.

(* From here on f is any signed permutation, Q its matrix and c any offset. *)
(* Encryption has c = level where f negates and 0 elsewhere; an image that   *)
(* was reduced in dimension first has other offsets (see Reductions.v).      *)

Section EncryptedZScore.

Variables (n : nat) (f : signed_perm n) (c : 'cV[F]_n).

Notation Q := (sp_matrix F f).
Notation E := (encrypt_rows Q c).

Variables (N : nat) (T : 'M[F]_(N, n)).
Hypothesis N_gt0 : (0 < N)%N.

Lemma encrypt_rows_pixel M (X : 'M[F]_(M, n)) i k :
  E X i k = (-1) ^+ negated f k * X i (source f k) + c k 0.
Proof. by rewrite /encrypt_rows [LHS]mxE mul_sp_matrix_trE [X in _ + X]mxE. Qed.

Lemma mean_encrypt k :
  mean (E T) k = (-1) ^+ negated f k * mean T (source f k) + c k 0.
Proof.
have N_neq0 : N%:R != 0 :> F by rewrite pnatr_eq0 -lt0n.
apply: (mulIf N_neq0); rewrite /mean mulfVK // mulrDl -mulrA mulfVK //.
under eq_bigr do rewrite encrypt_rows_pixel.
by rewrite big_split /= -mulr_sumr sumr_const card_ord mulr_natr.
Qed.

Lemma deviation_encrypt M (X : 'M[F]_(M, n)) i k :
  E X i k - mean (E T) k
  = (-1) ^+ negated f k * (X i (source f k) - mean T (source f k)).
Proof. by rewrite encrypt_rows_pixel mean_encrypt opprD addrACA subrr addr0 mulrBr. Qed.

Lemma sum_squared_deviations_encrypt k :
  sum_squared_deviations (E T) k = sum_squared_deviations T (source f k).
Proof.
apply: eq_bigr => i _.
by rewrite deviation_encrypt // exprMn sqrr_sign mul1r.
Qed.

(* Centring with the training mean: X'c = Xc Q^T. *)
Theorem centred_encrypt M (X : 'M[F]_(M, n)) :
  centred (E T) (E X) = centred T X *m Q^T.
Proof.
apply/matrixP => i k.
by rewrite [LHS]mxE deviation_encrypt // mul_sp_matrix_trE [centred _ _ _ _]mxE.
Qed.

(* The z-score turns x |-> Q x + c into z |-> Q z. *)
Theorem zscore_encrypt (divisor : F -> F) M (X : 'M[F]_(M, n)) :
  zscore divisor (E T) (E X) = zscore divisor T X *m Q^T.
Proof.
apply/matrixP => i k.
rewrite [LHS]mxE deviation_encrypt // sum_squared_deviations_encrypt.
by rewrite mul_sp_matrix_trE [zscore _ _ _ _ _]mxE mulrA.
Qed.

Theorem centred_gram M1 M2 (X : 'M[F]_(M1, n)) (Y : 'M[F]_(M2, n)) :
  gram (centred (E T) (E X)) (centred (E T) (E Y))
  = gram (centred T X) (centred T Y).
Proof. by rewrite !centred_encrypt orthogonal_gram //; apply: sp_matrix_orthogonal. Qed.

Theorem zscore_gram (divisor : F -> F) M1 M2 (X : 'M[F]_(M1, n)) (Y : 'M[F]_(M2, n)) :
  gram (zscore divisor (E T) (E X)) (zscore divisor (E T) (E Y))
  = gram (zscore divisor T X) (zscore divisor T Y).
Proof. by rewrite !zscore_encrypt orthogonal_gram //; apply: sp_matrix_orthogonal. Qed.

Theorem zscore_distances (divisor : F -> F) M1 M2 (X : 'M[F]_(M1, n))
    (Y : 'M[F]_(M2, n)) :
  distances (zscore divisor (E T) (E X)) (zscore divisor (E T) (E Y))
  = distances (zscore divisor T X) (zscore divisor T Y).
Proof.
rewrite !zscore_encrypt; apply/matrixP => i j.
rewrite !distancesE !sample_mulmx_tr.
exact/orthogonal_squared_distance/sp_matrix_orthogonal.
Qed.

End EncryptedZScore.

(* ------------------------------------------------------------------------- *)
(* Mid-grey: no statistics needed                                            *)
(* ------------------------------------------------------------------------- *)

Section MidGrey.

Variables (level : F) (n : nat) (f : signed_perm n).

Notation Q := (sp_matrix F f).
Notation c := (sp_offset level f).

Definition midgrey_centred (x : 'cV[F]_n) : 'cV[F]_n :=
  \col_k (x k 0 - level / 2%:R).

Definition midgrey_centred_rows M (X : 'M[F]_(M, n)) : 'M[F]_(M, n) :=
  \matrix_(i, k) (X i k - level / 2%:R).

Let half_level : level - level / 2%:R = level / 2%:R.
Proof. by rewrite {1}[level]splitr addrK. Qed.

(* In pixels centred on mid-grey every step of the encryption is linear. *)
Theorem midgrey_encrypt (x : 'cV[F]_n) :
  midgrey_centred (encrypt Q c x) = Q *m midgrey_centred x.
Proof.
apply/matrixP => k j; rewrite [j]ord1 sp_matrix_mulE -sp_apply_affine !mxE.
case: (negated f k); rewrite /= ?mul1r // expr1 mulN1r opprB.
by rewrite addrAC half_level.
Qed.

Theorem midgrey_inner_product (x y : 'cV[F]_n) :
  inner_product (midgrey_centred (encrypt Q c x)) (midgrey_centred (encrypt Q c y))
  = inner_product (midgrey_centred x) (midgrey_centred y).
Proof. by rewrite !midgrey_encrypt orthogonal_inner_product //; apply: sp_matrix_orthogonal. Qed.

Lemma midgrey_sample M (X : 'M[F]_(M, n)) i :
  sample (midgrey_centred_rows X) i = midgrey_centred (sample X i).
Proof. by apply/matrixP => k j; rewrite !mxE. Qed.

Theorem midgrey_gram M1 M2 (X : 'M[F]_(M1, n)) (Y : 'M[F]_(M2, n)) :
  gram (midgrey_centred_rows (encrypt_rows Q c X))
       (midgrey_centred_rows (encrypt_rows Q c Y))
  = gram (midgrey_centred_rows X) (midgrey_centred_rows Y).
Proof.
apply/matrixP => i j.
by rewrite !gramE !midgrey_sample !sample_encrypt_rows midgrey_inner_product.
Qed.

End MidGrey.

End ZScore.

(* ------------------------------------------------------------------------- *)
(* The usual standard deviation                                              *)
(* ------------------------------------------------------------------------- *)

Section StandardDeviation.

Variables (F : rcfType) (level : F) (n N : nat) (f : signed_perm n).
Hypothesis N_gt0 : (0 < N)%N.

Notation E := (encrypt_rows (sp_matrix F f) (sp_offset level f)).

(* Population standard deviation of N samples; a constant pixel divides by 1. *)
Definition standard_deviation (s : F) : F :=
  if s == 0 then 1 else Num.sqrt (s / N%:R).

Theorem standard_scaler_encrypt M (T : 'M[F]_(N, n)) (X : 'M[F]_(M, n)) :
  zscore standard_deviation (E T) (E X)
  = zscore standard_deviation T X *m (sp_matrix F f)^T.
Proof. exact: zscore_encrypt. Qed.

Theorem standard_scaler_gram M1 M2 (T : 'M[F]_(N, n)) (X : 'M[F]_(M1, n))
    (Y : 'M[F]_(M2, n)) :
  gram (zscore standard_deviation (E T) (E X))
       (zscore standard_deviation (E T) (E Y))
  = gram (zscore standard_deviation T X) (zscore standard_deviation T Y).
Proof. exact: zscore_gram. Qed.

End StandardDeviation.

(* ------------------------------------------------------------------------- *)
(* Integer numerators                                                        *)
(* ------------------------------------------------------------------------- *)

Section ExactScaler.

Variables (R : comRingType) (level : R) (n N : nat) (f : signed_perm n).

Notation E := (encrypt_rows (sp_matrix R f) (sp_offset level f)).

Definition sum_pixel (T : 'M[R]_(N, n)) k : R := \sum_i T i k.

Definition deviation_numerator M (T : 'M[R]_(N, n)) (X : 'M[R]_(M, n)) i k : R :=
  N%:R * X i k - sum_pixel T k.

Definition variance_numerator (T : 'M[R]_(N, n)) k : R :=
  N%:R * (\sum_i T i k ^+ 2) - sum_pixel T k ^+ 2.

Lemma sum_pixel_encrypt (T : 'M[R]_(N, n)) k :
  sum_pixel (E T) k
  = (-1) ^+ negated f k * sum_pixel T (source f k)
    + N%:R * (if negated f k then level else 0).
Proof.
rewrite /sum_pixel; under eq_bigr do rewrite sp_encrypt_rowsE.
by rewrite big_split /= -mulr_sumr sumr_const card_ord mulr_natl.
Qed.

Theorem deviation_numerator_encrypt M (T : 'M[R]_(N, n)) (X : 'M[R]_(M, n)) i k :
  deviation_numerator (E T) (E X) i k
  = (-1) ^+ negated f k * deviation_numerator T X i (source f k).
Proof.
rewrite /deviation_numerator sum_pixel_encrypt sp_encrypt_rowsE.
by case: (negated f k) => /=; ring.
Qed.

Theorem variance_numerator_encrypt (T : 'M[R]_(N, n)) k :
  variance_numerator (E T) k = variance_numerator T (source f k).
Proof.
rewrite /variance_numerator sum_pixel_encrypt.
under eq_bigr do rewrite sp_encrypt_rowsE.
case: (negated f k) => /=; last first.
  rewrite expr0 mul1r mulr0 addr0; congr (_ * _ - _).
  by apply: eq_bigr => i _; rewrite mul1r addr0.
rewrite expr1.
have -> : \sum_i (-1 * T i (source f k) + level) ^+ 2
        = \sum_i T i (source f k) ^+ 2
          - 2%:R * level * sum_pixel T (source f k) + N%:R * level ^+ 2.
  have -> : N%:R * level ^+ 2 = \sum_(i < N) level ^+ 2.
    by rewrite sumr_const card_ord mulr_natl.
  rewrite /sum_pixel mulr_sumr -sumrB.
  by rewrite -big_split /=; apply: eq_bigr => i _; ring.
by move: (\sum_i _) (sum_pixel _ _) => a b; ring.
Qed.

End ExactScaler.
