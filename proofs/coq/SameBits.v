(******************************************************************************)
(* The same bits: from z-scores to whatever is computed of the kernel matrix  *)
(*                                                                            *)
(* What is proved, in Coq's own model of binary64 (SpecFloat, nothing         *)
(* assumed). An encryption permutes the features and adds c_k to a feature or *)
(* subtracts it from c_k; for images c_k = 255 where it negates, else 0       *)
(* (moved_images_encrypt: this is the encryption of SignedPermutation.v); for *)
(* reduced images c_k may be anything.                                        *)
(*  - Every integer z-score of the encrypted images, with statistics of the   *)
(*    encrypted images, is the z-score of the plain images at the source of   *)
(*    its feature, with the sign changed where the key negates and no other   *)
(*    bit; the zero of a pixel that is its mean stays +0 (z_scores_encrypt).  *)
(*    The same holds for pixels minus mid-grey (mid_greys_encrypt).           *)
(*  - same_bits: if the computed Gram matrix is invariant, that is, if it     *)
(*    depends neither on the order nor on the signs of features, then the     *)
(*    computed kernel matrices are the same doubles, and so is whatever is    *)
(*    computed from them: a classifier as trained, its decision values, its   *)
(*    decisions. The kernel may be any function of <u,u>, <u,v>, <v,v> and of *)
(*    a parameter that is computed from the training features and does not    *)
(*    depend on their order and signs either (the width "scale").             *)
(*  - entrywise_invariant: a Gram matrix whose entries are one function of    *)
(*    the list of pairs (u_k, v_k) is invariant if that function is invariant *)
(*    under permutations of the list and under negating both members of       *)
(*    pairs, a zero of either sign being negated or not.                      *)
(*                                                                            *)
(* What it does not say: that a computed Gram matrix is invariant. An exact   *)
(* one is; a product by BLAS, which adds in the order of the features, is     *)
(* not. And that what is computed from equal matrices is computed in the same *)
(* way twice: one machine, one library, one number of threads.                *)
(*                                                                            *)
(* Why one would believe it. Each z-score is made of its own feature alone,   *)
(* by operations that do not look at the sign.                                *)
(*                                                                            *)
(* Definitions: column, z_scores, mid_greys, turned_rows, moved_images,       *)
(*   image_offset, pixels, gram_function, invariant, float_kernel,            *)
(*   float_kernel_matrix, invariant_parameter, of_kernels, pairs, entrywise,  *)
(*   turned_pair, in_order.                                                   *)
(******************************************************************************)

From EtC Require Import FloatingPoint FloatCentring IntegerZScore.
From Coq Require Import ZArith Permutation Floats.SpecFloat.
From mathcomp Require Import all_ssreflect all_algebra fingroup perm ssrZ.
From EtC Require Import SignedPermutation.

Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.

Import GRing.Theory.
Local Open Scope ring_scope.

Notation integers := ZInstances.Z_comRingType.

(* ------------------------------------------------------------------------- *)
(* Features of encrypted images                                              *)
(* ------------------------------------------------------------------------- *)

(* One feature of all images of a set. *)
Definition column N n (T : 'M[Z]_(N, n)) (k : 'I_n) : seq Z := [seq T i k | i <- enum 'I_N].

(* The z-scores of the images X with the statistics of T, in binary64. *)
Definition z_scores N M n (T : 'M[Z]_(N, n)) (X : 'M[Z]_(M, n)) : 'M[spec_float]_(M, n) :=
  \matrix_(i, k) feature_z_score (column T k) (X i k).

Definition mid_greys M n (X : 'M[Z]_(M, n)) : 'M[spec_float]_(M, n) :=
  \matrix_(i, k) mid_grey (X i k).

(* Features in another order, each turned by the sign of its place. *)
Definition turned_rows n (f : signed_perm n) M (U V : 'M[spec_float]_(M, n)) : Prop :=
  forall i k, turned (negated f k) (U i (source f k)) (V i k).

Section Encryption.

Variables (n : nat) (f : signed_perm n) (c : 'I_n -> Z).

Definition moved_images M (X : 'M[Z]_(M, n)) : 'M[Z]_(M, n) :=
  \matrix_(i, k) moved (negated f k) (c k) (X i (source f k)).

Lemma column_moved N (T : 'M[Z]_(N, n)) k :
  column (moved_images T) k
  = List.map (moved (negated f k) (c k)) (column T (source f k)).
Proof. by rewrite /column -[RHS]map_comp; apply: eq_map => i; rewrite mxE. Qed.

(* Bit for bit. *)
Theorem z_scores_encrypt N M (T : 'M[Z]_(N, n)) (X : 'M[Z]_(M, n)) i k :
  z_scores (moved_images T) (moved_images X) i k
  = if negated f k
       && ~~ Z.eqb (deviation_numerator (column T (source f k)) (X i (source f k))) Z0
    then fopp (z_scores T X i (source f k)) else z_scores T X i (source f k).
Proof. by rewrite mxE [X in fopp X]mxE [in RHS]mxE column_moved mxE feature_z_score_moved. Qed.

Theorem z_scores_turned N M (T : 'M[Z]_(N, n)) (X : 'M[Z]_(M, n)) :
  turned_rows f (z_scores T X) (z_scores (moved_images T) (moved_images X)).
Proof. by move=> i k; rewrite !mxE column_moved; apply: feature_z_score_turned. Qed.

End Encryption.

(* For images, the encryption of SignedPermutation.v. *)
Definition image_offset (level : Z) n (f : signed_perm n) (k : 'I_n) : Z :=
  if negated f k then level else Z0.

Theorem moved_images_encrypt level n (f : signed_perm n) M (X : 'M[Z]_(M, n)) :
  moved_images f (image_offset level f) X
  = encrypt_rows (sp_matrix integers f) (sp_offset level f) X.
Proof.
apply/matrixP => i k; rewrite sp_encrypt_rowsE mxE /moved /image_offset.
case: (negated f k); rewrite /= ?expr0 ?expr1 ?mul1r ?mulN1r; last by [].
by rewrite addrC.
Qed.

Definition pixels M n (X : 'M[Z]_(M, n)) : Prop :=
  forall i k, Z.le Z0 (X i k) /\ Z.le (X i k) white.

Theorem mid_greys_encrypt n (f : signed_perm n) M (X : 'M[Z]_(M, n)) i k : pixels X ->
  mid_greys (moved_images f (image_offset white f) X) i k
  = if negated f k then fopp (mid_greys X i (source f k)) else mid_greys X i (source f k).
Proof. by move=> HX; rewrite !mxE mid_grey_moved. Qed.

Corollary mid_greys_turned n (f : signed_perm n) M (X : 'M[Z]_(M, n)) : pixels X ->
  turned_rows f (mid_greys X) (mid_greys (moved_images f (image_offset white f) X)).
Proof. by move=> HX i k; left; rewrite mid_greys_encrypt. Qed.

(* ------------------------------------------------------------------------- *)
(* From features to kernel matrices and beyond                               *)
(* ------------------------------------------------------------------------- *)

Section SameBits.

Variable n : nat.

(* A computed Gram matrix, of any two sets of feature vectors. *)
Definition gram_function : Type :=
  forall M1 M2, 'M[spec_float]_(M1, n) -> 'M[spec_float]_(M2, n) -> 'M[spec_float]_(M1, M2).

Definition invariant (gram : gram_function) : Prop :=
  forall (f : signed_perm n) M1 M2 (U U' : 'M_(M1, n)) (V V' : 'M_(M2, n)),
  turned_rows f U U' -> turned_rows f V V' -> gram _ _ U' V' = gram _ _ U V.

(* A kernel is any function of a parameter, <u,u>, <u,v> and <v,v>. *)
Definition float_kernel (A : Type) : Type :=
  A -> spec_float -> spec_float -> spec_float -> spec_float.

Definition float_kernel_matrix A (gram : gram_function) (kernel : float_kernel A) (a : A)
    M1 M2 (U : 'M_(M1, n)) (V : 'M_(M2, n)) : 'M[spec_float]_(M1, M2) :=
  \matrix_(i, j) kernel a (gram _ _ U U i i) (gram _ _ U V i j) (gram _ _ V V j j).

(* A parameter that is computed from the training features, as the width is. *)
Definition invariant_parameter A (parameter : forall N, 'M[spec_float]_(N, n) -> A) : Prop :=
  forall (f : signed_perm n) N (U U' : 'M_(N, n)),
  turned_rows f U U' -> parameter _ U' = parameter _ U.

Section Kernel.

Variables (gram : gram_function) (A B : Type) (kernel : float_kernel A).
Variable parameter : forall N, 'M[spec_float]_(N, n) -> A.
Hypothesis gram_invariant : invariant gram.
Hypothesis parameter_invariant : invariant_parameter parameter.

(* What a machine with a kernel looks at: the kernel of the training features *)
(* with themselves, and of the queries with them.                            *)
Definition of_kernels N M (F : 'M[spec_float]_N -> 'M[spec_float]_(M, N) -> B)
    (U : 'M[spec_float]_(N, n)) (V : 'M[spec_float]_(M, n)) : B :=
  F (float_kernel_matrix gram kernel (parameter U) U U)
    (float_kernel_matrix gram kernel (parameter U) V U).

Lemma float_kernel_matrix_invariant f a M1 M2 (U U' : 'M_(M1, n)) (V V' : 'M_(M2, n)) :
  turned_rows f U U' -> turned_rows f V V' ->
  float_kernel_matrix gram kernel a U' V' = float_kernel_matrix gram kernel a U V.
Proof.
move=> HU HV; apply/matrixP => i j; rewrite !mxE.
by rewrite !(gram_invariant HU HU) !(gram_invariant HU HV) !(gram_invariant HV HV).
Qed.

Lemma of_kernels_invariant f N M F (U U' : 'M_(N, n)) (V V' : 'M_(M, n)) :
  turned_rows f U U' -> turned_rows f V V' -> of_kernels F U' V' = of_kernels F U V.
Proof.
move=> HU HV; rewrite /of_kernels (parameter_invariant HU).
by rewrite (float_kernel_matrix_invariant _ HU HU) (float_kernel_matrix_invariant _ HV HU).
Qed.

(* z-scores, Gram matrix, kernel, whatever follows: the same to the last bit. *)
Theorem same_bits f c N M (F : 'M_N -> 'M_(M, N) -> B) (T : 'M[Z]_(N, n)) (X : 'M[Z]_(M, n)) :
  of_kernels F (z_scores (moved_images f c T) (moved_images f c T))
               (z_scores (moved_images f c T) (moved_images f c X))
  = of_kernels F (z_scores T T) (z_scores T X).
Proof. by apply: of_kernels_invariant; apply: z_scores_turned. Qed.

Corollary same_bits_images level f N M (F : 'M_N -> 'M_(M, N) -> B)
    (T : 'M[Z]_(N, n)) (X : 'M[Z]_(M, n)) :
  let E := fun K (X : 'M[Z]_(K, n)) => encrypt_rows (sp_matrix integers f) (sp_offset level f) X in
  of_kernels F (z_scores (E _ T) (E _ T)) (z_scores (E _ T) (E _ X))
  = of_kernels F (z_scores T T) (z_scores T X).
Proof. by rewrite /= -!moved_images_encrypt same_bits. Qed.

Theorem same_bits_mid_grey f N M (F : 'M_N -> 'M_(M, N) -> B)
    (T : 'M[Z]_(N, n)) (X : 'M[Z]_(M, n)) : pixels T -> pixels X ->
  let E := fun K (X : 'M[Z]_(K, n)) => encrypt_rows (sp_matrix integers f) (sp_offset white f) X in
  of_kernels F (mid_greys (E _ T)) (mid_greys (E _ X)) = of_kernels F (mid_greys T) (mid_greys X).
Proof.
move=> HT HX /=; rewrite -!moved_images_encrypt.
by apply: of_kernels_invariant; apply: mid_greys_turned.
Qed.

End Kernel.

(* ------------------------------------------------------------------------- *)
(* Gram matrices that are computed entry by entry                            *)
(* ------------------------------------------------------------------------- *)

Definition pairs M1 M2 (U : 'M[spec_float]_(M1, n)) (V : 'M[spec_float]_(M2, n)) i j :
    seq (spec_float * spec_float) := [seq (U i k, V j k) | k <- enum 'I_n].

Definition entrywise (g : seq (spec_float * spec_float) -> spec_float) : gram_function :=
  fun M1 M2 U V => \matrix_(i, j) g (pairs U V i j).

Definition turned_pair (p q : spec_float * spec_float) : Prop :=
  exists b, turned b p.1 q.1 /\ turned b p.2 q.2.

Lemma perm_eq_Permutation (T : eqType) (s t : seq T) : perm_eq s t -> Permutation s t.
Proof.
move=> st; apply: (catCA_perm_ind (P := Permutation s)) st (Permutation_refl s) => s1 s2 s3 H.
apply: (Permutation_trans H); rewrite !catA; apply: Permutation_app_tail.
exact: Permutation_app_comm.
Qed.

Lemma enum_source (f : signed_perm n) :
  Permutation [seq source f k | k <- enum 'I_n] (enum 'I_n).
Proof.
apply: perm_eq_Permutation; apply: uniq_perm; rewrite ?enum_uniq //.
  by rewrite map_inj_uniq ?enum_uniq //; apply: perm_inj.
move=> k; rewrite mem_enum; apply/mapP; exists ((source f)^-1%g k); rewrite ?mem_enum //.
by rewrite permKV.
Qed.

Theorem entrywise_invariant g :
  (forall ps qs, Permutation ps qs -> g ps = g qs) ->
  (forall ps qs, List.Forall2 turned_pair ps qs -> g ps = g qs) ->
  invariant (entrywise g).
Proof.
move=> order signs f M1 M2 U U' V V' HU HV; apply/matrixP => i j; rewrite !mxE.
rewrite -(order _ _ (Permutation_map (fun k => (U i k, V j k)) (enum_source f))).
symmetry; apply: signs; rewrite /pairs -[List.map _ _]map_comp.
elim: (enum 'I_n) => [|k s IH] /=; constructor=> //.
by exists (negated f k); split; [apply: HU | apply: HV].
Qed.

End SameBits.

(* Sums in the order of the features are not: 1 + 2^53 - 2^53 is 0, but       *)
(* 2^53 - 2^53 + 1 is 1.                                                     *)
Definition in_order (ps : seq (spec_float * spec_float)) : spec_float :=
  foldl (fun s p => SFadd precision exponent_max s (SFmul precision exponent_max p.1 p.2))
        (S754_zero false) ps.

Theorem in_order_depends_on_order :
  exists ps qs, Permutation ps qs /\ in_order ps <> in_order qs.
Proof.
pose one := float_of_Z (Zpos 1); pose large := float_of_Z (Z.pow (Zpos 2) (Zpos 53)).
exists [:: (one, one); (large, one); (fopp large, one)].
exists [:: (large, one); (fopp large, one); (one, one)]; split; last by vm_compute.
by apply: (Permutation_cons_append [:: (large, one); (fopp large, one)]).
Qed.
