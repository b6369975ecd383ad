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
(*                                                                            *)
(* Definitions: data_set, block_mean, coefficient_place, coefficient_sign,    *)
(*   coefficient, block_coefficients, coefficient_address,                    *)
(*   coefficient_signed_perm, coefficient_offset.                             *)
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
rewrite !flatten_imageE encrypt_image_pixel /block_mean !in_from_blocks /=.
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
  by apply: eq_bigr => q _; rewrite d4_place_pair -surjective_pairing.
rewrite -[in RHS]turned; case neg: (K3 k blk).
  rewrite (eq_bigr _ (fun q _ => encrypt_image_pixel _ _ _ _ _ _ _)) /= neg.
  rewrite sumrB sumr_const card_prod card_ord mulrBl; congr (_ - _).
  by rewrite -[level *+ _]mulr_natr mulfK.
by congr (_ / _); apply: eq_bigr => q _; rewrite encrypt_image_pixel /= neg.
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

(* ------------------------------------------------------------------------- *)
(* Coefficients of every block in a basis of even and odd functions          *)
(* ------------------------------------------------------------------------- *)

(* The place and the sign of the coefficient that coefficient (u, v) of a     *)
(* transformed block is; [odd_function u] says that function u is odd.       *)
Definition coefficient_place P (t : 'I_8) (uv : 'I_P * 'I_P) : 'I_P * 'I_P :=
  if odd t then (uv.2, uv.1) else uv.

Definition coefficient_sign P (odd_function : 'I_P -> bool) (t : 'I_8)
    (uv : 'I_P * 'I_P) : bool :=
  (if (t %% 4 == 1)%N || (t %% 4 == 2)%N then odd_function uv.1 else false)
  (+) (if (2 <= t %% 4)%N then odd_function uv.2 else false)
  (+) (if (4 <= t)%N then odd_function uv.2 else false).

Lemma coefficient_place_inj P t : injective (@coefficient_place P t).
Proof.
by rewrite /coefficient_place; case: (odd t) => -[u v] [u' v'] // [<- <-].
Qed.

Section BlockCoefficients.

Variables (F : numFieldType) (level : F) (R S B P C : nat).

Notation negative := (fun x : F => level - x).

(* P functions on 0, ..., B - 1, each even or odd under i |-> B - 1 - i, such  *)
(* as cos (pi (2 i + 1) u / (2 B)), even or odd as u is; and a weight for each *)
(* pair of them, 0 for coefficients that are dropped.                        *)
Variables (basis : 'I_P -> 'I_B -> F) (odd_function : 'I_P -> bool).
Variable weight : 'I_P -> 'I_P -> F.
Hypothesis basis_parity : forall u i,
  basis u (rev_ord i) = (-1) ^+ odd_function u * basis u i.
Hypothesis weight_symmetric : forall u v, weight u v = weight v u.

Definition coefficient (A : 'I_B -> 'I_B -> F) (u v : 'I_P) : F :=
  weight u v * \sum_i \sum_j basis u i * basis v j * A i j.

(* Every block of B x B pixels becomes a block of P x P coefficients. *)
Definition block_coefficients (img : image R S B C F) : image R S P C F :=
  from_blocks (fun blk u v c => coefficient (fun i j => in_block img blk i j c) u v).

Lemma eq_coefficient A A' u v : (forall i j, A i j = A' i j) ->
  coefficient A u v = coefficient A' u v.
Proof.
by move=> AA'; congr (_ * _); apply: eq_bigr => i _; apply: eq_bigr => j _; rewrite AA'.
Qed.

Lemma coefficient_rot90 A u v :
  coefficient (rot90 A) u v = (-1) ^+ odd_function u * coefficient A v u.
Proof.
rewrite /coefficient weight_symmetric mulrCA; congr (_ * _).
rewrite exchange_big mulr_sumr; apply: eq_bigr => j _.
rewrite mulr_sumr [LHS](reindex_inj rev_ord_inj); apply: eq_bigr => i _.
by rewrite /rot90 rev_ordK basis_parity; ring.
Qed.

Lemma coefficient_fliplr A u v :
  coefficient (fliplr A) u v = (-1) ^+ odd_function v * coefficient A u v.
Proof.
rewrite /coefficient mulrCA; congr (_ * _); rewrite mulr_sumr; apply: eq_bigr => i _.
rewrite mulr_sumr [LHS](reindex_inj rev_ord_inj); apply: eq_bigr => j _.
by rewrite /fliplr rev_ordK basis_parity; ring.
Qed.

Lemma coefficient_transform (t : 'I_8) A u v :
  coefficient (block_transform t A) u v
  = (-1) ^+ coefficient_sign odd_function t (u, v)
    * coefficient A (coefficient_place t (u, v)).1 (coefficient_place t (u, v)).2.
Proof.
elim/ord8_ind: t; rewrite /block_transform /coefficient_sign /coefficient_place
  !inordK //= ?coefficient_fliplr ?coefficient_rot90 ?coefficient_fliplr;
  by case: (odd_function u); case: (odd_function v);
     rewrite /= ?(expr0, expr1, mul1r, mulN1r, opprK).
Qed.

Lemma coefficient_negative A u v :
  coefficient (fun i j => level - A i j) u v
  = coefficient (fun _ _ => level) u v - coefficient A u v.
Proof.
rewrite /coefficient -mulrBr -sumrB; congr (_ * _); apply: eq_bigr => i _.
by rewrite -sumrB; apply: eq_bigr => j _; rewrite mulrBr.
Qed.

Variable k : key R S C.

Definition coefficient_address (a : address R S P C) : address R S P C :=
  let: (b, uv, c) := a in (K1 k b, coefficient_place (K2 k b) uv, K4 k b c).

Lemma coefficient_address_inj : injective coefficient_address.
Proof.
move=> [[b uv] c] [[b' uv'] c'] [/perm_inj <-].
by move=> /coefficient_place_inj <- /perm_inj <-.
Qed.

(* The signed permutation of coefficients, and their offsets. *)
Definition coefficient_signed_perm : signed_perm (R * P * (S * P) * C) :=
  SignedPerm (flat_perm coefficient_address_inj)
    [ffun l => let a := address_of_flat l in
       K3 k a.1.1 (+) coefficient_sign odd_function (K2 k a.1.1) a.1.2].

Definition coefficient_offset : 'cV[F]_(R * P * (S * P) * C) :=
  \col_l let a := address_of_flat l in
    if K3 k a.1.1 then coefficient (fun _ _ => level) a.1.2.1 a.1.2.2 else 0.

Lemma coefficient_signed_permE b uv c :
  let l := flat_of_address (b, uv, c) in
  [/\ source coefficient_signed_perm l
      = flat_of_address (K1 k b, coefficient_place (K2 k b) uv, K4 k b c),
      negated coefficient_signed_perm l
      = K3 k b (+) coefficient_sign odd_function (K2 k b) uv
    & coefficient_offset l 0
      = if K3 k b then coefficient (fun _ _ => level) uv.1 uv.2 else 0].
Proof. by split; rewrite ?flat_permE ?ffunE ?mxE flat_of_addressK. Qed.

Theorem block_coefficients_encrypt (img : image R S B C F) :
  flatten_image (block_coefficients (encrypt_image negative k img))
  = encrypt (sp_matrix F coefficient_signed_perm) coefficient_offset
      (flatten_image (block_coefficients img)).
Proof.
apply: flat_image_ext => b u v c l; rewrite {}/l.
rewrite flatten_imageE /block_coefficients in_from_blocks /encrypt [RHS]mxE sp_matrix_mulE.
rewrite /=.
have [-> -> ->] := coefficient_signed_permE b (u, v) c.
set A := fun i j => in_block img (K1 k b) i j (K4 k b c).
have -> : flatten_image (from_blocks (fun blk u v c =>
              coefficient (fun i j => in_block img blk i j c) u v))
            (flat_of_address (K1 k b, coefficient_place (K2 k b) (u, v), K4 k b c)) 0
        = coefficient A (coefficient_place (K2 k b) (u, v)).1
                        (coefficient_place (K2 k b) (u, v)).2.
  by case: (coefficient_place _ _) => u' v'; rewrite flatten_imageE in_from_blocks.
have pixelE i j : in_block (encrypt_image negative k img) b i j c
    = if K3 k b then level - block_transform (K2 k b) A i j
      else block_transform (K2 k b) A i j.
  by rewrite encrypt_image_pixel /= block_transformE.
rewrite (eq_coefficient _ _ pixelE) signr_addb; case: (K3 k b).
  by rewrite coefficient_negative coefficient_transform expr1 mulN1r mulNr addrC.
by rewrite coefficient_transform expr0 mul1r addr0.
Qed.

(* Hence equal z-scored Gram matrices of block coefficients. *)
Theorem block_coefficients_zscore_gram (divisor : F -> F) N M1 M2
    (T : 'I_N -> image R S B C F) (X : 'I_M1 -> image R S B C F)
    (Y : 'I_M2 -> image R S B C F) :
  (0 < N)%N ->
  let r K (imgs : 'I_K -> image R S B C F) :=
    data_set (fun i => block_coefficients (imgs i)) in
  let e K (imgs : 'I_K -> image R S B C F) i := encrypt_image negative k (imgs i) in
  gram (zscore divisor (r N (e N T)) (r M1 (e M1 X)))
       (zscore divisor (r N (e N T)) (r M2 (e M2 Y)))
  = gram (zscore divisor (r N T) (r M1 X)) (zscore divisor (r N T) (r M2 Y)).
Proof.
move=> N_gt0 r e.
have rE K (imgs : 'I_K -> image R S B C F) :
    r K (e K imgs) = encrypt_rows (sp_matrix F coefficient_signed_perm)
                       coefficient_offset (r K imgs).
  by apply: data_set_encrypt => i; apply: block_coefficients_encrypt.
by rewrite !rE zscore_gram.
Qed.

End BlockCoefficients.
