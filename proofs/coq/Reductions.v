(******************************************************************************)
(* Reductions: which reductions of dimension commute with encryption          *)
(*                                                                            *)
(* What is proved.                                                            *)
(*  - A linear reduction R with R Q = Q' R, where Q and Q' are signed         *)
(*    permutations, may stand between encryption and z-score: the reduced,    *)
(*    z-scored data is turned by Q', so Gram and distance matrices, and all   *)
(*    that is computed from them, are equal.                                  *)
(*  - The mean over the cells of an aligned grid, p x p pixels where p        *)
(*    divides the block size, commutes: encrypting and reducing is reducing   *)
(*    and encrypting with the same key at the smaller block size.             *)
(*  - Coefficients of every block in a basis whose functions are even or odd, *)
(*    like the discrete cosine transform, commute up to signs and offsets     *)
(*    when coefficients (u, v) and (v, u) are kept, dropped or scaled alike.  *)
(*  - For data sets of images, all this ends in equal z-scored Gram matrices. *)
(* Fixed pixels do not commute: see Refutations.v.                            *)
(*                                                                            *)
(* Why one would believe it. A cell that lies in one block is moved as a      *)
(* whole, and the mean of level - x is level minus the mean. A quarter turn   *)
(* exchanges rows and columns, that is u and v; a mirror changes the sign of  *)
(* the odd functions.                                                         *)
(******************************************************************************)

From mathcomp Require Import all_ssreflect all_algebra fingroup perm.
From mathcomp.algebra_tactics Require Import ring.
From EtC Require Import SignedPermutation Blocks Normalization.

Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.

Import GRing.Theory Num.Theory.
Local Open Scope ring_scope.

(* ------------------------------------------------------------------------- *)
(* Matrices that commute                                                     *)
(* ------------------------------------------------------------------------- *)

Section CommutingMatrix.

Variables (F : numFieldType) (n m : nat).
Variables (f : signed_perm n) (g : signed_perm m) (c : 'cV[F]_n) (R : 'M[F]_(m, n)).
Hypothesis commute : R *m sp_matrix F f = sp_matrix F g *m R.

Notation E := (encrypt_rows (sp_matrix F f) c).

(* Reducing encrypted images is encrypting reduced images. *)
Theorem reduction_encrypt N (X : 'M[F]_(N, n)) :
  E X *m R^T = encrypt_rows (sp_matrix F g) (R *m c) (X *m R^T).
Proof.
rewrite /encrypt_rows mulmxDl -!mulmxA -!trmx_mul commute; congr (_ + _).
apply/matrixP => i k; rewrite !mxE; apply: eq_bigr => j _.
by rewrite !mxE mulrC.
Qed.

Variables (N : nat) (T : 'M[F]_(N, n)).
Hypothesis N_gt0 : (0 < N)%N.

Theorem reduction_zscore (divisor : F -> F) M (X : 'M[F]_(M, n)) :
  zscore divisor (E T *m R^T) (E X *m R^T)
  = zscore divisor (T *m R^T) (X *m R^T) *m (sp_matrix F g)^T.
Proof. by rewrite !reduction_encrypt zscore_encrypt. Qed.

Theorem reduction_zscore_gram (divisor : F -> F) M1 M2
    (X : 'M[F]_(M1, n)) (Y : 'M[F]_(M2, n)) :
  gram (zscore divisor (E T *m R^T) (E X *m R^T))
       (zscore divisor (E T *m R^T) (E Y *m R^T))
  = gram (zscore divisor (T *m R^T) (X *m R^T))
         (zscore divisor (T *m R^T) (Y *m R^T)).
Proof. by rewrite !reduction_encrypt zscore_gram. Qed.

End CommutingMatrix.

(* ------------------------------------------------------------------------- *)
(* Data sets of images                                                       *)
(* ------------------------------------------------------------------------- *)

Section DataSet.

Variables (F : numFieldType) (level : F) (R S B C : nat).

Notation n := (R * B * (S * B) * C)%N.
Notation negative := (fun x : F => level - x).

(* Images as the rows of a matrix. *)
Definition data_set N (imgs : 'I_N -> image R S B C F) : 'M[F]_(N, n) :=
  \matrix_(i, k) flatten_image (imgs i) k 0.

Lemma data_set_encrypt N (imgs imgs' : 'I_N -> image R S B C F) Q c :
  (forall i, flatten_image (imgs' i) = encrypt Q c (flatten_image (imgs i))) ->
  data_set imgs' = encrypt_rows Q c (data_set imgs).
Proof.
move=> enc; apply/matrixP => i k; rewrite [LHS]mxE enc /encrypt_rows /encrypt.
by rewrite !mxE; congr (_ + _); apply: eq_bigr => j _; rewrite !mxE mulrC.
Qed.

Variable k : key R S C.

Lemma data_set_encrypt_image N (imgs : 'I_N -> image R S B C F) :
  data_set (fun i => encrypt_image negative k (imgs i))
  = encrypt_rows (sp_matrix F (key_signed_perm B k))
                 (sp_offset level (key_signed_perm B k)) (data_set imgs).
Proof. by apply: data_set_encrypt => i; rewrite flatten_encrypt_image sp_apply_affine. Qed.

(* The paper's property, for images of every size, every key, every data set: *)
(* z-scored with the statistics of training images T, the inner products of  *)
(* any images X and Y are those of their encryptions.                        *)
Theorem encrypted_images_zscore_gram (divisor : F -> F) N M1 M2
    (T : 'I_N -> image R S B C F) (X : 'I_M1 -> image R S B C F)
    (Y : 'I_M2 -> image R S B C F) :
  (0 < N)%N ->
  let e K (imgs : 'I_K -> image R S B C F) i := encrypt_image negative k (imgs i) in
  gram (zscore divisor (data_set (e N T)) (data_set (e M1 X)))
       (zscore divisor (data_set (e N T)) (data_set (e M2 Y)))
  = gram (zscore divisor (data_set T) (data_set X))
         (zscore divisor (data_set T) (data_set Y)).
Proof. by move=> N_gt0 e; rewrite !data_set_encrypt_image zscore_gram. Qed.

End DataSet.

(* ------------------------------------------------------------------------- *)
(* The mean over the cells of an aligned grid                                *)
(* ------------------------------------------------------------------------- *)

Lemma rev_ord_pair m p (i : 'I_m) (u : 'I_p) :
  rev_ord (pair_ord i u) = pair_ord (rev_ord i) (rev_ord u).
Proof.
apply: val_inj; rewrite /= mulnBl mulSn.
have le_mp : (i * p + p <= m * p)%N by rewrite addnC -mulSn leq_mul2r ltn_ord orbT.
rewrite addnBA ?ltn_ord // [(p + _)%N]addnC subnDA subnK ?leq_subRL //.
  by rewrite -subnDA addnS.
exact: leq_trans (leq_addr _ _) le_mp.
Qed.

Lemma d4_place_pair m p t (i j : 'I_m) (u v : 'I_p) :
  d4_place t (pair_ord i u, pair_ord j v)
  = (pair_ord (d4_place t (i, j)).1 (d4_place t (u, v)).1,
     pair_ord (d4_place t (i, j)).2 (d4_place t (u, v)).2).
Proof.
by elim/ord8_ind: t; rewrite /d4_place !inordK //= /rot90_place /fliplr_place /= ?rev_ord_pair.
Qed.

Section BlockMean.

Variables (F : numFieldType) (level : F) (R S b p C : nat).
Hypothesis p_gt0 : (0 < p)%N.

Notation negative := (fun x : F => level - x).

(* Every cell of p x p pixels becomes one pixel; blocks shrink from b p to b. *)
Definition block_mean (img : image R S (b * p) C F) : image R S b C F :=
  from_blocks (fun blk i j c =>
    (\sum_(q : 'I_p * 'I_p) in_block img blk (pair_ord i q.1) (pair_ord j q.2) c)
    / (p * p)%:R).

Theorem block_mean_encrypt (k : key R S C) (img : image R S (b * p) C F) :
  flatten_image (block_mean (encrypt_image negative k img))
  = flatten_image (encrypt_image negative k (block_mean img)).
Proof.
apply: flat_image_ext => blk i j c /=.
rewrite !flatten_imageE encrypt_image_pixel !in_from_blocks /=.
have pp_neq0 : (p * p)%:R != 0 :> F by rewrite pnatr_eq0 -lt0n muln_gt0 p_gt0.
have turned : \sum_(q : 'I_p * 'I_p)
      in_block img (K1 k blk) (d4_place (K2 k blk) (pair_ord i q.1, pair_ord j q.2)).1
                              (d4_place (K2 k blk) (pair_ord i q.1, pair_ord j q.2)).2
                              (K4 k blk c)
    = \sum_(q : 'I_p * 'I_p)
      in_block img (K1 k blk) (pair_ord (d4_place (K2 k blk) (i, j)).1 q.1)
                              (pair_ord (d4_place (K2 k blk) (i, j)).2 q.2)
                              (K4 k blk c).
  rewrite [RHS](reindex (@d4_place p (K2 k blk))) /=; last first.
    exact/onW_bij/d4_place_bijective.
  apply: eq_bigr => q _. rewrite d4_place_pair /=. Show.
under eq_bigr do rewrite encrypt_image_pixel /=.
case: (K3 k blk); last by rewrite turned.
rewrite sumrB sumr_const card_prod card_ord turned mulrBl; congr (_ - _).
by rewrite -[level *+ _]mulr_natr mulfK.
Qed.

(* Hence equal z-scored Gram matrices after the reduction. *)
Theorem block_mean_zscore_gram (k : key R S C) (divisor : F -> F) N M1 M2
    (T : 'I_N -> image R S (b * p) C F) (X : 'I_M1 -> image R S (b * p) C F)
    (Y : 'I_M2 -> image R S (b * p) C F) :
  (0 < N)%N ->
  let r K (imgs : 'I_K -> image R S (b * p) C F) := data_set (fun i => block_mean (imgs i)) in
  let e K (imgs : 'I_K -> image R S (b * p) C F) i := encrypt_image negative k (imgs i) in
  gram (zscore divisor (r N (e N T)) (r M1 (e M1 X)))
       (zscore divisor (r N (e N T)) (r M2 (e M2 Y)))
  = gram (zscore divisor (r N T) (r M1 X)) (zscore divisor (r N T) (r M2 Y)).
Proof.
move=> N_gt0 r e.
have rE K (imgs : 'I_K -> image R S (b * p) C F) :
    r K (e K imgs) = encrypt_rows (sp_matrix F (key_signed_perm b k))
                       (sp_offset level (key_signed_perm b k)) (r K imgs).
  apply: data_set_encrypt => i.
  by rewrite block_mean_encrypt flatten_encrypt_image sp_apply_affine.
by rewrite !rE zscore_gram.
Qed.

End BlockMean.
