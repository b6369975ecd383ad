(******************************************************************************)
(* What a Gram matrix gives away: the data, up to an orthogonal map           *)
(*                                                                            *)
(* What is proved, for any number of images of any dimension, over any        *)
(* ordered field (no square root is needed), rows being images:               *)
(*  - two data sets have the same Gram matrix if and only if one orthogonal   *)
(*    map takes each image of the first to that of the second;                *)
(*  - two data sets have the same squared distances, or the same Gram matrix  *)
(*    after each is centred on its mean, if and only if one orthogonal map    *)
(*    and one offset do so: if and only if one is an affine orthogonal        *)
(*    encryption of the other;                                                *)
(*  - where the images span all pixels there is no other matrix, orthogonal   *)
(*    or not; elsewhere two such maps differ by one that leaves every image   *)
(*    as it is;                                                               *)
(*  - a function that keeps inner products on a set that spans is one         *)
(*    orthogonal map there, and one that keeps squared distances on a set     *)
(*    whose differences span is one affine orthogonal map there, though       *)
(*    neither was assumed linear;                                             *)
(*  - inner products with training images that span fix the queries too; with *)
(*    others, what of the queries lies in their span;                         *)
(*  - hence the Gram matrix tells distances, duplicates, opposites, rank and  *)
(*    all linear dependencies; and what it tells are those functions of the   *)
(*    data that no orthogonal map changes, no less and no more: nobody gets   *)
(*    the images back from it, for the images after an orthogonal map give    *)
(*    the same matrix.                                                        *)
(*                                                                            *)
(* Why one would believe it. Suppose that the first images are right in       *)
(* place, and that the next has become x instead of y. Both have one length,  *)
(* and one inner product with each image in place. So the mirror half-way     *)
(* between them, orthogonal to y - x, takes x to y and leaves the others.     *)
(*                                                                            *)
(* Reference: Witt's extension theorem for a form without isotropic vectors;  *)
(* E. Artin, Geometric Algebra, 1957, chapter III; the mirrors are those of   *)
(* Householder, J. ACM 5, 1958.                                               *)
(*                                                                            *)
(* Definitions: mirror, spans, invariant, seen.                               *)
(******************************************************************************)

From mathcomp Require Import all_ssreflect all_algebra fingroup perm.
From mathcomp.algebra_tactics Require Import ring.
From EtC Require Import SignedPermutation Normalization.

Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.

Import GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Section Gram.

Variable F : realFieldType.

(* ------------------------------------------------------------------------- *)
(* Nothing but zero is orthogonal to itself                                  *)
(* ------------------------------------------------------------------------- *)

Lemma gram_diagonal M n (X : 'M[F]_(M, n)) i : gram X X i i = \sum_k X i k ^+ 2.
Proof. by rewrite mxE; apply: eq_bigr => k _; rewrite mxE expr2. Qed.

Theorem gram_eq0 M n (X : 'M[F]_(M, n)) : gram X X = 0 <-> X = 0.
Proof.
split=> [X0|->]; last by rewrite /gram mul0mx.
apply/matrixP => i k; have /eqP := gram_diagonal X i.
rewrite X0 !mxE eq_sym psumr_eq0 => [/allP/(_ k)|l _]; last exact: sqr_ge0.
by rewrite mem_index_enum sqrf_eq0 => /(_ isT)/eqP.
Qed.

Lemma gram_mulmx M N n (A : 'M[F]_(M, N)) (X : 'M[F]_(N, n)) :
  gram (A *m X) (A *m X) = A *m gram X X *m A^T.
Proof. by rewrite /gram trmx_mul !mulmxA. Qed.

(* ------------------------------------------------------------------------- *)
(* Mirrors                                                                   *)
(* ------------------------------------------------------------------------- *)

(* The mirror orthogonal to v. *)
Definition mirror n (v : 'rV[F]_n) : 'M[F]_n := 1%:M - (2%:R / (v *m v^T) 0 0) *: (v^T *m v).

Lemma mirror_tr n (v : 'rV[F]_n) : (mirror v)^T = mirror v.
Proof. by rewrite /mirror linearB linearZ /= trmx1 trmx_mul trmxK. Qed.

Lemma mul_mirror n (x v : 'rV[F]_n) :
  x *m mirror v = x - (2%:R * (x *m v^T) 0 0 / (v *m v^T) 0 0) *: v.
Proof.
rewrite /mirror mulmxBr mulmx1 -scalemxAr mulmxA [x *m v^T]mx11_scalar mul_scalar_mx scalerA.
by rewrite !mxE eqxx mulr1n mulrAC.
Qed.

Lemma row_norm_neq0 n (v : 'rV[F]_n) : v != 0 -> (v *m v^T) 0 0 != 0.
Proof.
apply: contra_neq => v0; apply/gram_eq0.
by apply/matrixP => i j; rewrite [i]ord1 [j]ord1 /gram v0 mxE.
Qed.

Lemma mirror_self n (v : 'rV[F]_n) : v != 0 -> v *m mirror v = - v.
Proof.
move=> /row_norm_neq0 v_neq0; rewrite mul_mirror -mulrA mulfV // mulr1.
by rewrite scaler_nat mulr2n opprD addrA subrr add0r.
Qed.

Lemma mirror_orthogonal n (v : 'rV[F]_n) : v != 0 -> orthogonal (mirror v).
Proof.
move=> v_neq0; rewrite /orthogonal mirror_tr {1}/mirror mulmxBl mul1mx -scalemxAl -mulmxA.
by rewrite mirror_self // mulmxN scalerN opprK subrK.
Qed.

Lemma mirror_fixes n (x v : 'rV[F]_n) : x *m v^T = 0 -> x *m mirror v = x.
Proof. by move=> xv; rewrite mul_mirror xv mxE mulr0 mul0r scale0r subr0. Qed.

(* The mirror half-way between two vectors of one length exchanges them. *)
Lemma mirror_exchanges n (x y : 'rV[F]_n) :
  x != y -> x *m x^T = y *m y^T -> x *m mirror (x - y) = y.
Proof.
move=> x_neq_y xx_yy; have /row_norm_neq0 d_neq0 : x - y != 0 by rewrite subr_eq0.
have -> : x *m mirror (x - y) = x - 1 *: (x - y); last by rewrite scale1r opprB addrC subrK.
rewrite mul_mirror; congr (_ - _ *: _); apply: (mulIf d_neq0); rewrite mulfVK // mul1r.
have xy : y *m x^T = x *m y^T.
  by apply/matrixP => i j; rewrite [i]ord1 [j]ord1 -[y *m _]trmxK trmx_mul trmxK mxE.
rewrite linearB /= !mulmxBr !mulmxBl xy xx_yy.
by move: (y *m y^T) (x *m y^T) => a b; rewrite !mxE; ring.
Qed.

(* ------------------------------------------------------------------------- *)
(* Gram matrices are equal where an orthogonal map takes one to the other    *)
(* ------------------------------------------------------------------------- *)

Section Extension.

Variables (N n : nat).
Implicit Types X Y : 'M[F]_(N, n).

Lemma gram_rows X Y : gram X X = gram Y Y ->
  forall i j, row i X *m (row j X)^T = row i Y *m (row j Y)^T.
Proof.
move=> XY i j; apply/matrixP => k l; have /matrixP/(_ i j) := XY.
by rewrite !mxE => e; transitivity (\sum_k X i k * X^T k j);
  [|rewrite e]; apply: eq_bigr => ? _; rewrite !mxE.
Qed.

Lemma place_first X Y k : gram X X = gram Y Y -> (k <= N)%N ->
  exists2 Q : 'M[F]_n, orthogonal Q & forall i : 'I_N, (i < k)%N -> row i X *m Q^T = row i Y.
Proof.
move=> XY; elim: k => [|k IHk] k_N; first by exists 1%:M => //; apply: orthogonal_one.
have [Q oQ Q_places] := IHk (ltnW k_N); pose next := Ordinal k_N.
pose x := row next X *m Q^T; pose y := row next Y.
have at_next (i : 'I_N) : (i < k.+1)%N -> (i < k)%N \/ i = next.
  by rewrite ltnS leq_eqVlt => /orP[/eqP ik|]; [right; apply: val_inj|left].
have [xy|x_neq_y] := eqVneq x y.
  by exists Q => // i /at_next[/Q_places//|->].
pose H := mirror (x - y); have oH : orthogonal H by apply/mirror_orthogonal; rewrite subr_eq0.
have keeps (u v : 'rV[F]_n) : (u *m Q^T) *m (v *m Q^T)^T = u *m v^T.
  exact: (orthogonal_gram oQ u v).
exists (H *m Q); first exact: orthogonal_mul.
move=> i i_k; rewrite trmx_mul mulmxA mirror_tr.
have [i_lt_k|->] := at_next i i_k; last first.
  by apply: mirror_exchanges => //; rewrite keeps (gram_rows XY).
rewrite Q_places //; apply: mirror_fixes.
by rewrite linearB /= mulmxBr -[in X in X - _](Q_places i) // keeps (gram_rows XY) subrr.
Qed.

Theorem gram_eq_iff X Y :
  gram X X = gram Y Y <-> exists2 Q : 'M[F]_n, orthogonal Q & Y = X *m Q^T.
Proof.
split=> [XY|[Q oQ ->]]; last by rewrite orthogonal_gram.
have [Q oQ Q_places] := place_first XY (leqnn N); exists Q => //.
by apply/row_matrixP => i; rewrite row_mul Q_places.
Qed.

End Extension.

(* Images that span: a left inverse. *)
Lemma row_full_cancel N n m (X : 'M[F]_(N, n)) (A : 'M[F]_(n, m)) :
  row_full X -> X *m A = 0 -> A = 0.
Proof. by move=> /row_fullP[B BX] XA; rewrite -[A]mul1mx -BX -mulmxA XA mulmx0. Qed.

Lemma orthogonal_cancel n m (Q : 'M[F]_n) (A : 'M[F]_(n, m)) :
  orthogonal Q -> Q^T *m A = 0 -> A = 0.
Proof. by move=> oQ QA; rewrite -[A]mul1mx -(orthogonal_mulV oQ) -mulmxA QA mulmx0. Qed.

(* Where the images span, there is one matrix, and it is orthogonal. *)
Theorem gram_eq_unique N n (X Y : 'M[F]_(N, n)) : row_full X -> gram X X = gram Y Y ->
  exists Q, [/\ orthogonal Q, Y = X *m Q^T & forall A, Y = X *m A -> A = Q^T].
Proof.
move=> X_full /gram_eq_iff[Q oQ YQ]; exists Q; split=> // A YA.
by apply/eqP; rewrite -subr_eq0; apply/eqP/(row_full_cancel X_full); rewrite mulmxBr -YA -YQ subrr.
Qed.

(* In general two of them differ by one that leaves the images as they are. *)
Theorem gram_eq_stabilizer N n (X : 'M[F]_(N, n)) (P Q : 'M[F]_n) : orthogonal Q ->
  (X *m P^T = X *m Q^T <-> X *m (P^T *m Q) = X).
Proof.
move=> oQ; rewrite mulmxA; split=> [->|XPQ]; first by rewrite -mulmxA oQ mulmx1.
by rewrite -[in RHS]XPQ -mulmxA (orthogonal_mulV oQ) mulmx1.
Qed.

(* Data with more features: by a map that keeps lengths. *)
Theorem gram_eq_more_features N n k (X : 'M[F]_(N, n)) (Y : 'M[F]_(N, n + k)) :
  gram X X = gram Y Y <-> exists2 W : 'M[F]_(n + k, n), W^T *m W = 1%:M & Y = X *m W^T.
Proof.
split=> [XY|[W oW ->]]; last by rewrite /gram trmx_mul trmxK mulmxA -(mulmxA X) oW mulmx1.
have: gram (row_mx X 0 : 'M[F]_(N, n + k)) (row_mx X 0) = gram Y Y.
  by rewrite -XY /gram tr_row_mx mul_row_col mul0mx addr0.
move=> /gram_eq_iff[Q oQ ->]; exists (lsubmx Q); last first.
  by rewrite -[in LHS](vsubmxK Q^T) mul_row_col mul0mx addr0 trmx_lsub.
have := congr1 (fun A => ulsubmx A) oQ; rewrite -[in LHS](hsubmxK Q) tr_row_mx mul_col_row.
by rewrite block_mxKul => ->; rewrite scalar_mx_block block_mxKul.
Qed.

(* ------------------------------------------------------------------------- *)
(* Centred images, and distances                                             *)
(* ------------------------------------------------------------------------- *)

Section Affine.

Variable n : nat.
Notation ones := (const_mx 1).

Lemma encrypt_rowsE N (Q : 'M[F]_n) (c : 'cV[F]_n) (X : 'M[F]_(N, n)) :
  encrypt_rows Q c X = X *m Q^T + (ones : 'cV_N) *m c^T.
Proof.
by apply/matrixP => i k; rewrite !mxE big_ord1 !mxE mul1r; congr (_ + _); apply: eq_bigr.
Qed.

Lemma centredE M N (T : 'M[F]_(N, n)) (X : 'M[F]_(M, n)) :
  centred T X = X - (ones : 'cV_M) *m ((const_mx N%:R^-1 : 'rV_N) *m T).
Proof.
apply/matrixP => i k; rewrite !mxE big_ord1 !mxE mul1r /mean mulr_suml; congr (_ - _).
by apply: eq_bigr => j _; rewrite mxE mulrC.
Qed.

(* Centring takes the offset away, whatever the matrix. *)
Theorem centred_affine M N (Q : 'M[F]_n) c (T : 'M[F]_(N, n)) (X : 'M[F]_(M, n)) : (0 < N)%N ->
  centred (encrypt_rows Q c T) (encrypt_rows Q c X) = centred T X *m Q^T.
Proof.
move=> N_gt0; rewrite !centredE !encrypt_rowsE mulmxBl !mulmxDr !mulmxA.
have -> : (ones : 'cV_M) *m (const_mx N%:R^-1 : 'rV[F]_N) *m (ones : 'cV_N) = ones :> 'cV_M.
  apply/matrixP => i k; rewrite !mxE; under eq_bigr do rewrite !mxE big_ord1 !mxE mul1r mulr1.
  by rewrite sumr_const card_ord -[_ *+ N]mulr_natr mulVf // pnatr_eq0 -lt0n.
by rewrite opprD addrACA subrr addr0.
Qed.

Variable N : nat.
Implicit Types X Y : 'M[F]_(N, n).

Theorem centred_gram_eq_iff X Y : (0 < N)%N ->
  gram (centred X X) (centred X X) = gram (centred Y Y) (centred Y Y)
  <-> exists Q c, orthogonal Q /\ Y = encrypt_rows Q c X.
Proof.
move=> N_gt0; split=> [/gram_eq_iff[Q oQ]|[Q [c [oQ ->]]]]; last first.
  by rewrite centred_affine // orthogonal_gram.
rewrite !centredE; set u := (const_mx N%:R^-1 : 'rV_N) => YQ.
exists Q, (u *m Y - u *m X *m Q^T)^T; split=> //.
move/(canRL (subrK _)): YQ => {1}->.
by rewrite encrypt_rowsE trmxK mulmxBr mulmxBl !mulmxA addrAC -addrA.
Qed.

Lemma polarization (o x y : 'cV[F]_n) :
  inner_product (x - o) (y - o) *+ 2
  = squared_distance x o + squared_distance y o - squared_distance x y.
Proof.
rewrite /inner_product /squared_distance -sumrMnl -big_split -sumrB /=.
by apply: eq_bigr => k _; rewrite !mxE; move: (o k 0) (x k 0) (y k 0) => a b c; ring.
Qed.

Theorem distances_eq_iff X Y :
  distances X X = distances Y Y <-> exists Q c, orthogonal Q /\ Y = encrypt_rows Q c X.
Proof.
split=> [XY|[Q [c [oQ ->]]]]; last by rewrite encrypt_distances.
case: N X Y XY => [|N'] X' Y' XY.
  by exists 1%:M, 0; split; [apply: orthogonal_one | rewrite [LHS]flatmx0 [RHS]flatmx0].
pose from (Z : 'M[F]_(N'.+1, n)) := Z - ones *m row 0 Z.
have sample_from Z i : sample (from Z) i = sample Z i - sample Z 0.
  by apply/matrixP => k l; rewrite !mxE big_ord1 !mxE mul1r.
have gram_from Z i j : gram (from Z) (from Z) i j *+ 2
    = distances Z Z i 0 + distances Z Z j 0 - distances Z Z i j.
  by rewrite gramE !sample_from polarization !distancesE.
have /gram_eq_iff[Q oQ YQ] : gram (from X') (from X') = gram (from Y') (from Y').
  by apply/matrixP => i j; apply: (pmulrnI (isT : 0 < 2)%N); rewrite /= !gram_from XY.
exists Q, (row 0 Y' - row 0 X' *m Q^T)^T; split=> //.
move/(canRL (subrK _)): YQ => {1}->.
by rewrite encrypt_rowsE trmxK mulmxBr mulmxBl !mulmxA addrAC -addrA.
Qed.

End Affine.

(* ------------------------------------------------------------------------- *)
(* Functions that were not assumed linear                                    *)
(* ------------------------------------------------------------------------- *)

Section Functions.

Variable n : nat.
Implicit Types (S : 'cV[F]_n -> Prop) (f : 'cV[F]_n -> 'cV[F]_n).

(* Some of its elements, as rows, span the space. *)
Definition spans S : Prop := exists N (X : 'M[F]_(N, n)), row_full X /\ forall i, S (sample X i).

Theorem keeps_inner_products S f : spans S ->
  (forall x y, S x -> S y -> inner_product (f x) (f y) = inner_product x y) ->
  exists Q : 'M[F]_n, [/\ orthogonal Q, forall x, S x -> f x = Q *m x
    & forall A : 'M_n, (forall x, S x -> f x = A *m x) -> A = Q].
Proof.
move=> [N [X [X_full XS]]] f_keeps; pose Y : 'M_(N, n) := \matrix_i (f (sample X i))^T.
have sampleY i : sample Y i = f (sample X i) by rewrite /sample rowK trmxK.
have YX : gram X X = gram Y Y by apply/matrixP => i j; rewrite !gramE !sampleY f_keeps.
have [Q [oQ YQ Q_only]] := gram_eq_unique X_full YX; exists Q; split=> // [x Sx|A fA].
  have mulE (Z : 'M[F]_(N, n)) (y : 'cV[F]_n) i : (Z *m y) i 0 = inner_product (sample Z i) y.
    by rewrite mxE; apply: eq_bigr => k _; rewrite !mxE.
  have Yf : Y *m f x = X *m x.
    by apply/colP => i; rewrite !mulE sampleY f_keeps.
  apply/eqP; rewrite -subr_eq0; apply/eqP/(orthogonal_cancel oQ)/(row_full_cancel X_full).
  by rewrite mulmxA -YQ mulmxBr Yf YQ -(mulmxA X) (mulmxA Q^T) oQ mul1mx subrr.
apply: trmx_inj; apply: Q_only; apply/row_matrixP => i; apply: trmx_inj.
by rewrite -[LHS]/(sample Y i) sampleY fA // -sample_mulmx_tr.
Qed.

(* A matrix that keeps inner products on a set that spans is orthogonal. *)
Theorem matrix_keeps_inner_products S (A : 'M[F]_n) : spans S ->
  (forall x y, S x -> S y -> inner_product (A *m x) (A *m y) = inner_product x y) ->
  orthogonal A.
Proof.
move=> S_spans A_keeps; have [Q [oQ _ Q_only]] := keeps_inner_products S_spans A_keeps.
by rewrite (Q_only A).
Qed.

Theorem keeps_distances S f o : S o -> spans (fun d => S (d + o)) ->
  (forall x y, S x -> S y -> squared_distance (f x) (f y) = squared_distance x y) ->
  exists Q c, [/\ orthogonal Q, forall x, S x -> f x = encrypt Q c x
    & forall A b, (forall x, S x -> f x = encrypt A b x) -> A = Q /\ b = c].
Proof.
move=> So S_spans f_keeps; pose g d := f (d + o) - f o.
have [|Q [oQ gQ Q_only]] := @keeps_inner_products _ g S_spans.
  move=> x y Sx Sy; apply: (pmulrnI (isT : 0 < 2)%N); rewrite /= polarization !f_keeps //.
  by rewrite -polarization !addrK.
exists Q, (f o - Q *m o); split=> // [x Sx|A b fA].
  have /gQ : S (x - o + o) by rewrite subrK.
  by rewrite /g subrK /encrypt mulmxBr => /(canRL (subrK _)) ->; rewrite addrAC addrA.
have AQ : A = Q.
  by apply: Q_only => d Sd; rewrite /g !fA // /encrypt mulmxDr -addrA addrK.
by split=> //; rewrite -AQ fA // /encrypt addrAC subrr add0r.
Qed.

End Functions.

(* ------------------------------------------------------------------------- *)
(* Queries                                                                   *)
(* ------------------------------------------------------------------------- *)

(* Of queries the inner products with training images give what lies in the  *)
(* span of these: the rest, X' - X Q^T, is orthogonal to them.               *)
Theorem gram_with_training N M n (T T' : 'M[F]_(N, n)) (X X' : 'M[F]_(M, n)) :
  gram T T = gram T' T' -> gram X T = gram X' T' ->
  exists Q, [/\ orthogonal Q, T' = T *m Q^T & gram (X' - X *m Q^T) T' = 0].
Proof.
move=> /gram_eq_iff[Q oQ TQ] XT; exists Q; split=> //.
by rewrite /gram mulmxBl -[X' *m _]/(gram X' T') -XT TQ -/(gram _ _) orthogonal_gram // subrr.
Qed.

Theorem gram_with_training_that_spans N M n (T T' : 'M[F]_(N, n)) (X X' : 'M[F]_(M, n)) :
  row_full T -> gram T T = gram T' T' -> gram X T = gram X' T' ->
  exists Q, [/\ orthogonal Q, T' = T *m Q^T & X' = X *m Q^T].
Proof.
move=> T_full /gram_with_training E /E[Q [oQ TQ XT]]; exists Q; split=> //.
apply/eqP; rewrite -subr_eq0; apply/eqP/trmx_inj; rewrite trmx0.
apply: (orthogonal_cancel oQ); apply: (row_full_cancel T_full).
by rewrite mulmxA -TQ -[LHS]trmxK trmx_mul trmxK -/(gram _ _) XT trmx0.
Qed.

(* ------------------------------------------------------------------------- *)
(* What the Gram matrix tells                                                *)
(* ------------------------------------------------------------------------- *)

Section Tells.

Variables (N n : nat).
Implicit Types X Y : 'M[F]_(N, n).

Theorem gram_tells_distances M X (Y : 'M[F]_(M, n)) i j :
  distances X Y i j = gram X X i i - 2%:R * gram X Y i j + gram Y Y j j.
Proof. by rewrite distancesE squared_distance_inner !gramE. Qed.

(* Of one data set or of two under one key. *)
Theorem gram_tells_duplicates M X (Y : 'M[F]_(M, n)) i j :
  row i X = row j Y <-> gram X X i i = gram X Y i j /\ gram Y Y j j = gram X Y i j.
Proof.
split=> [ij|[ii jj]].
  by rewrite !gramE /sample ij.
have /eqP := gram_tells_distances X Y i j; rewrite ii jj mulr_natl mulr2n opprD addrA subrr add0r.
rewrite addrC subrr distancesE => /eqP d0; apply/eqP; rewrite -subr_eq0; apply/eqP/gram_eq0.
apply/matrixP => k l; rewrite [k]ord1 [l]ord1 gram_diagonal [RHS]mxE -[RHS]d0.
by apply: eq_bigr => m _; rewrite !mxE.
Qed.

Theorem gram_tells_dependencies M (A : 'M[F]_(M, N)) X : A *m X = 0 <-> A *m gram X X = 0.
Proof.
split=> [AX|AG]; first by rewrite /gram mulmxA AX mul0mx.
by apply/gram_eq0; rewrite gram_mulmx AG mul0mx.
Qed.

Theorem gram_tells_equal_rows X i j : row i X = row j X <-> row i (gram X X) = row j (gram X X).
Proof.
have eq_rows m (Z : 'M[F]_(N, m)) :
    row i Z = row j Z <-> (delta_mx 0 i - delta_mx 0 j) *m Z = 0 :> 'rV_m.
  by rewrite mulmxBl -!rowE; split=> [->|/eqP]; rewrite ?subrr // subr_eq0 => /eqP.
by rewrite !eq_rows; apply: gram_tells_dependencies.
Qed.

Theorem gram_tells_opposite_rows X i j :
  row i X = - row j X <-> row i (gram X X) = - row j (gram X X).
Proof.
have eq_rows m (Z : 'M[F]_(N, m)) :
    row i Z = - row j Z <-> (delta_mx 0 i + delta_mx 0 j) *m Z = 0 :> 'rV_m.
  by rewrite mulmxDl -!rowE; split=> [->|/eqP]; rewrite ?addNr // addr_eq0 => /eqP.
by rewrite !eq_rows; apply: gram_tells_dependencies.
Qed.

Theorem gram_tells_rank X : \rank (gram X X) = \rank X.
Proof.
have sub m (Z : 'M[F]_(N, m)) : \rank Z = (N - \rank (kermx Z))%N.
  by rewrite mxrank_ker subKn // rank_leq_row.
rewrite (sub _ (gram X X)) (sub _ X); congr (_ - _)%N; apply/eqmx_rank/andP.
by split; apply/sub_kermxP/gram_tells_dependencies; apply: mulmx_ker.
Qed.

(* What no orthogonal map changes, and what depends on the Gram matrix alone. *)
Definition invariant (T : Type) (h : 'M[F]_(N, n) -> T) : Prop :=
  forall Q X, orthogonal Q -> h (X *m Q^T) = h X.
Definition seen (T : Type) (h : 'M[F]_(N, n) -> T) : Prop :=
  forall X Y, gram X X = gram Y Y -> h X = h Y.

Theorem seen_iff_invariant (T : Type) (h : 'M[F]_(N, n) -> T) : seen h <-> invariant h.
Proof.
split=> [h_seen Q X oQ|h_invariant X Y /gram_eq_iff[Q oQ ->]]; last by rewrite h_invariant.
by apply: h_seen; rewrite orthogonal_gram.
Qed.

(* No function of the Gram matrix is right about both X and X Q^T. *)
Theorem gram_does_not_tell (T : Type) (g : 'M[F]_N -> T) (h : 'M[F]_(N, n) -> T) Q X :
  orthogonal Q -> h (X *m Q^T) <> h X ->
  ~ (g (gram X X) = h X /\ g (gram (X *m Q^T) (X *m Q^T)) = h (X *m Q^T)).
Proof. by move=> oQ neq [gX]; rewrite orthogonal_gram // gX => /esym. Qed.

(* Nothing gets every data set back. *)
Theorem no_reconstruction (g : 'M[F]_N -> 'M[F]_(N, n)) :
  (0 < N)%N -> (0 < n)%N -> ~ (forall X, g (gram X X) = X).
Proof.
move=> N_gt0 n_gt0 g_right; pose X : 'M[F]_(N, n) := const_mx 1.
have XN : gram (- X) (- X) = gram X X by rewrite /gram linearN /= mulmxN mulNmx opprK.
have := g_right (- X); rewrite XN g_right => /matrixP/(_ (Ordinal N_gt0) (Ordinal n_gt0))/eqP.
by rewrite !mxE -addr_eq0 -mulr2n mulrn_eq0 oner_eq0.
Qed.

End Tells.

(* What agrees with the z-scores of encrypted images: plain z-scores, after  *)
(* any orthogonal map.                                                       *)
Theorem agrees_with_encrypted n (f : signed_perm n) (c : 'cV[F]_n) N M (T : 'M[F]_(N, n))
    (X Y : 'M[F]_(M, n)) (divisor : F -> F) : (0 < N)%N ->
  let E K (A : 'M[F]_(K, n)) := encrypt_rows (sp_matrix F f) c A in
  gram Y Y = gram (zscore divisor (E N T) (E M X)) (zscore divisor (E N T) (E M X))
  <-> exists2 Q : 'M[F]_n, orthogonal Q & Y = zscore divisor T X *m Q^T.
Proof.
by move=> N_gt0 E; rewrite -gram_eq_iff /E zscore_gram //; split=> ->.
Qed.

End Gram.
