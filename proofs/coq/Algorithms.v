(******************************************************************************)
(* Algorithms: what is learnt from encrypted images is the same               *)
(*                                                                            *)
(* What is proved, for training images T and queries X (rows), any numbers of *)
(* images and pixels, and data that encryption turns by an orthogonal Q, as   *)
(* it does after z-score or mid-grey centring:                                *)
(*  - any algorithm that sees the data only through the Gram matrix of the    *)
(*    training images, their inner products with the queries and the squared  *)
(*    norms of the queries gives the same result; any that sees only          *)
(*    distances does so on raw pixels, negation included;                     *)
(*  - soft-margin support vector machines: same dual objective, same optimal  *)
(*    multipliers, same Karush-Kuhn-Tucker conditions, same decision values,  *)
(*    same predicted signs, for every kernel of inner products;               *)
(*  - nearest neighbours, ties going to the smaller index: same neighbours;   *)
(*  - linear models with any loss and a penalty that Q leaves alone (ridge,   *)
(*    logistic, multinomial, linear SVM; L1 too since Q is a signed           *)
(*    permutation): W is a minimiser on plain data iff Q W is one on          *)
(*    encrypted data, and both predict the same;                              *)
(*  - gradient descent from zero: W' = Q W and same predictions at each step; *)
(*  - principal components: V are principal axes of the plain data iff Q V    *)
(*    are those of the encrypted data, with equal scores; where a component   *)
(*    is unique, scores agree up to its sign whatever each side computed;     *)
(*  - Gaussian processes and kernel ridge; linear discriminants.              *)
(*                                                                            *)
(* What is not said: that an optimum is unique. An optimum of one side is an  *)
(* optimum of the other; that a solver picks the same one, when there are     *)
(* several, is a property of the solver (it does if it sees only the Gram     *)
(* matrix). Equal eigenvalues leave a choice of axes in the same way.         *)
(*                                                                            *)
(* Why one would believe it. These algorithms look at lengths and angles, or  *)
(* search a space that Q merely turns: what is best stays best.               *)
(*                                                                            *)
(* Definitions: gram_view, distance_view, gram_only, distance_only,           *)
(*   kernel_view, dual_objective, dual_feasible, dual_optimal,                *)
(*   decision_value, kkt, same_svm, nearer, neighbours, knn, scores,          *)
(*   linear_objective, minimiser, squared_error, l2_penalty, l1_penalty,      *)
(*   gradient_descent, scatter, principal_axes, gp_mean, gp_variance,         *)
(*   lda_covariance, lda_scores.                                              *)
(******************************************************************************)

From mathcomp Require Import all_ssreflect all_algebra fingroup perm.
From mathcomp.algebra_tactics Require Import ring.
From EtC Require Import SignedPermutation Normalization Kernels.

Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.

Import Order.Theory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

(* ------------------------------------------------------------------------- *)
(* Algorithms that see only inner products, or only distances                *)
(* ------------------------------------------------------------------------- *)

Section Views.

Variable R : comRingType.

(* Inner products among training images, of queries with them, and squared   *)
(* norms of the queries.                                                     *)
Definition gram_view N M n (T : 'M[R]_(N, n)) (X : 'M[R]_(M, n)) :
    'M[R]_N * 'M[R]_(M, N) * 'cV[R]_M :=
  (gram T T, gram X T, \col_i gram X X i i).

Definition distance_view N M n (T : 'M[R]_(N, n)) (X : 'M[R]_(M, n)) :
    'M[R]_N * 'M[R]_(M, N) :=
  (distances T T, distances X T).

Section Algorithm.

Variables (N M n : nat) (Result : Type).
Variable algorithm : 'M[R]_(N, n) -> 'M[R]_(M, n) -> Result.

Definition gram_only : Prop := forall T T' X X',
  gram_view T X = gram_view T' X' -> algorithm T X = algorithm T' X'.

Definition distance_only : Prop := forall T T' X X',
  distance_view T X = distance_view T' X' -> algorithm T X = algorithm T' X'.

Lemma squared_distance_gram (T : 'M[R]_(N, n)) (X : 'M[R]_(M, n)) i j :
  distances X T i j = gram X X i i - 2%:R * gram X T i j + gram T T j j.
Proof. by rewrite distancesE squared_distance_inner !gramE. Qed.

Variables (Q : 'M[R]_n) (T : 'M[R]_(N, n)) (X : 'M[R]_(M, n)).
Hypothesis Q_orthogonal : orthogonal Q.

Theorem gram_view_orthogonal : gram_view (T *m Q^T) (X *m Q^T) = gram_view T X.
Proof. by rewrite /gram_view !orthogonal_gram. Qed.

Theorem gram_only_orthogonal :
  gram_only -> algorithm (T *m Q^T) (X *m Q^T) = algorithm T X.
Proof. by move=> alg; apply/alg/gram_view_orthogonal. Qed.

(* Distances need no normalization. *)
Theorem distance_only_raw (c : 'cV[R]_n) :
  distance_only ->
  algorithm (encrypt_rows Q c T) (encrypt_rows Q c X) = algorithm T X.
Proof. by move=> alg; apply: alg; rewrite /distance_view !encrypt_distances. Qed.

(* Nor do inner products when no pixel is negated. *)
Theorem gram_only_unnegated :
  gram_only -> algorithm (encrypt_rows Q 0 T) (encrypt_rows Q 0 X) = algorithm T X.
Proof.
by move=> alg; rewrite !encrypt_rows0 gram_only_orthogonal.
Qed.

End Algorithm.

(* Kernel matrices are functions of the view: kernel methods are gram-only.  *)
Definition kernel_view (kernel : kernel_function R) N M n
    (T : 'M[R]_(N, n)) (X : 'M[R]_(M, n)) : 'M[R]_N * 'M[R]_(M, N) * 'cV[R]_M :=
  (kernel_matrix kernel T T, kernel_matrix kernel X T,
   \col_i kernel_value kernel (sample X i) (sample X i)).

Theorem kernel_method_gram_only kernel N M n Result
    (method : 'M[R]_N * 'M[R]_(M, N) * 'cV[R]_M -> Result) :
  @gram_only N M n Result (fun T X => method (kernel_view kernel T X)).
Proof.
move=> T T' X X' [/matrixP TT /matrixP XT /matrixP XX]; congr (method (_, _, _)).
- by apply/matrixP => i j; rewrite !mxE /kernel_value -!gramE !TT.
- apply/matrixP => i j; rewrite !mxE /kernel_value -!gramE !TT XT.
  by move: (XX i 0); rewrite !mxE => ->.
- apply/matrixP => i j; rewrite !mxE /kernel_value -!gramE.
  by move: (XX i 0); rewrite !mxE => ->.
Qed.

End Views.

(* The two normalizations under which encryption is such a Q. *)
Section NormalizedViews.

Variables (F : numFieldType) (level : F) (n N M : nat) (f : signed_perm n).
Variables (T : 'M[F]_(N, n)) (X : 'M[F]_(M, n)).
Hypothesis N_gt0 : (0 < N)%N.
Variables (Result : Type) (algorithm : 'M[F]_(N, n) -> 'M[F]_(M, n) -> Result).
Hypothesis algorithm_gram_only : gram_only algorithm.

Notation E := (encrypt_rows (sp_matrix F f) (sp_offset level f)).

Theorem gram_only_zscore (divisor : F -> F) :
  algorithm (zscore divisor (E T) (E T)) (zscore divisor (E T) (E X))
  = algorithm (zscore divisor T T) (zscore divisor T X).
Proof.
by rewrite !zscore_encrypt // gram_only_orthogonal //; apply: sp_matrix_orthogonal.
Qed.

Theorem gram_only_centred :
  algorithm (centred (E T) (E T)) (centred (E T) (E X))
  = algorithm (centred T T) (centred T X).
Proof.
by rewrite !centred_encrypt // gram_only_orthogonal //; apply: sp_matrix_orthogonal.
Qed.

Theorem gram_only_midgrey :
  algorithm (midgrey_centred_rows level (E T)) (midgrey_centred_rows level (E X))
  = algorithm (midgrey_centred_rows level T) (midgrey_centred_rows level X).
Proof.
apply: algorithm_gram_only; rewrite /gram_view !midgrey_gram.
by congr (_, _, _); apply/matrixP => i j; rewrite !mxE -!gramE midgrey_gram.
Qed.

End NormalizedViews.

(* ------------------------------------------------------------------------- *)
(* Support vector machines                                                   *)
(* ------------------------------------------------------------------------- *)

Section SupportVectorMachine.

Variables (F : realFieldType) (N : nat) (y : 'I_N -> F) (C : F).
Implicit Types (K : 'M[F]_N) (a : 'I_N -> F).

Definition dual_objective K a : F :=
  \sum_i a i - 2%:R^-1 * \sum_i \sum_j a i * a j * y i * y j * K i j.

Definition dual_feasible a : Prop :=
  (forall i, 0 <= a i <= C) /\ \sum_i a i * y i = 0.

Definition dual_optimal K a : Prop :=
  dual_feasible a
  /\ forall a', dual_feasible a' -> dual_objective K a' <= dual_objective K a.

(* Decision value from the kernels of one query with the training images. *)
Definition decision_value (k : 'I_N -> F) a (b : F) : F :=
  \sum_i a i * y i * k i + b.

(* Karush-Kuhn-Tucker: margins y f(x) of training images, by multiplier. *)
Definition kkt K a (b : F) : Prop :=
  forall i, let margin := y i * decision_value (K i) a b in
  [/\ a i = 0 -> 1 <= margin, 0 < a i < C -> margin = 1 & a i = C -> margin <= 1].

Variables (n M : nat) (kernel : kernel_function F).

(* All that a support vector machine is and does, on training images T and   *)
(* queries X: (objective, whether a is optimal, KKT, decision values, signs). *)
Definition same_svm (T T' : 'M[F]_(N, n)) (X X' : 'M[F]_(M, n)) : Prop :=
  let K := kernel_matrix kernel T T in
  let K' := kernel_matrix kernel T' T' in
  let k i := kernel_matrix kernel X T i in
  let k' i := kernel_matrix kernel X' T' i in
  [/\ forall a, dual_objective K' a = dual_objective K a,
      forall a, dual_optimal K' a <-> dual_optimal K a,
      forall a b, kkt K' a b <-> kkt K a b,
      forall a b i, decision_value (k' i) a b = decision_value (k i) a b &
      forall a b i, Num.sg (decision_value (k' i) a b)
                  = Num.sg (decision_value (k i) a b)].

Lemma same_kernels_same_svm T T' X X' :
  kernel_matrix kernel T' T' = kernel_matrix kernel T T ->
  kernel_matrix kernel X' T' = kernel_matrix kernel X T -> same_svm T T' X X'.
Proof. by rewrite /same_svm => -> ->. Qed.

Variables (level : F) (f : signed_perm n) (T : 'M[F]_(N, n)) (X : 'M[F]_(M, n)).

Notation E := (encrypt_rows (sp_matrix F f) (sp_offset level f)).

Theorem svm_zscore (divisor : F -> F) : (0 < N)%N ->
  same_svm (zscore divisor T T) (zscore divisor (E T) (E T))
           (zscore divisor T X) (zscore divisor (E T) (E X)).
Proof. by move=> N_gt0; apply: same_kernels_same_svm; apply: zscore_kernel_matrix. Qed.

Theorem svm_midgrey :
  same_svm (midgrey_centred_rows level T) (midgrey_centred_rows level (E T))
           (midgrey_centred_rows level X) (midgrey_centred_rows level (E X)).
Proof. by apply: same_kernels_same_svm; apply: midgrey_kernel_matrix. Qed.

End SupportVectorMachine.

(* On raw pixels, with a kernel of the distance: RBF with a fixed gamma. *)
Theorem svm_raw_rbf (F : realFieldType) N (y : 'I_N -> F) C n M
    (exp : F -> F) (gamma level : F) (f : signed_perm n) (T : 'M_(N, n)) (X : 'M_(M, n)) :
  same_svm y C (rbf_kernel exp gamma)
    T (encrypt_rows (sp_matrix F f) (sp_offset level f) T)
    X (encrypt_rows (sp_matrix F f) (sp_offset level f) X).
Proof. by apply: same_kernels_same_svm; apply: raw_rbf_kernel. Qed.

(* ------------------------------------------------------------------------- *)
(* Nearest neighbours                                                        *)
(* ------------------------------------------------------------------------- *)

Section NearestNeighbours.

Variables (F : realDomainType) (N : nat).
Implicit Types (d : 'rV[F]_N) (k : nat).

(* Nearer, or as near and of smaller index. *)
Definition nearer d (i j : 'I_N) : bool :=
  (d 0 i < d 0 j) || ((d 0 i == d 0 j) && (i <= j)%N).

(* The k nearest training images, nearest first. *)
Definition neighbours k d : seq 'I_N := take k (sort (nearer d) (enum 'I_N)).

Lemma nearer_total d : total (nearer d).
Proof. by move=> i j; rewrite /nearer; case: ltgtP => //=; rewrite leq_total. Qed.

Lemma nearer_trans d : transitive (nearer d).
Proof.
move=> j i l; rewrite /nearer.
case: (ltgtP (d 0 i) (d 0 j)) => //= [ij _|->].
  by case: (ltgtP (d 0 j) (d 0 l)) => //= [/(lt_trans ij) ->|<-]; rewrite ?ij.
by move=> ij; case: (ltgtP (d 0 j) (d 0 l)) => //= _; apply: leq_trans.
Qed.

(* The definition says what it should: k of them (or all N), and nobody left *)
(* out is nearer than one of them.                                           *)
Theorem size_neighbours k d : size (neighbours k d) = minn k N.
Proof. by rewrite size_take size_sort size_enum_ord; case: ltngtP. Qed.

Theorem neighbours_nearest k d i j :
  i \in neighbours k d -> j \notin neighbours k d -> nearer d i j.
Proof.
rewrite /neighbours; set s := sort _ _ => i_in j_out.
have s_sorted : sorted (nearer d) s by apply/sort_sorted/nearer_total.
have: j \in s by rewrite mem_sort mem_enum.
rewrite -[s in j \in s](cat_take_drop k) mem_cat (negPf j_out) /= => j_in.
move: s_sorted; rewrite -(cat_take_drop k s) sorted_pairwise; last exact: nearer_trans.
by rewrite pairwise_cat => /and3P[/allrelP/(_ i j i_in j_in)].
Qed.

(* A prediction by any vote over the neighbours and their distances. *)
Definition knn Label (vote : seq ('I_N * F) -> Label) k d : Label :=
  vote [seq (i, d 0 i) | i <- neighbours k d].

Variables (n M : nat) (level : F) (f : signed_perm n).
Variables (Label : Type) (vote : seq ('I_N * F) -> Label).

(* On raw pixels: same neighbours, same vote, for every query. *)
Theorem knn_raw k (T : 'M[F]_(N, n)) (X : 'M[F]_(M, n)) i :
  let E K := @encrypt_rows F K n (sp_matrix F f) (sp_offset level f) in
  neighbours k (row i (distances (E M X) (E N T))) = neighbours k (row i (distances X T))
  /\ knn vote k (row i (distances (E M X) (E N T))) = knn vote k (row i (distances X T)).
Proof. by move=> E; rewrite encrypt_distances //; apply: sp_matrix_orthogonal. Qed.

End NearestNeighbours.

Theorem knn_zscore (F : realFieldType) N n M (level : F) (f : signed_perm n)
    (divisor : F -> F) Label (vote : seq ('I_N * F) -> Label) k
    (T : 'M[F]_(N, n)) (X : 'M[F]_(M, n)) i : (0 < N)%N ->
  let E K := @encrypt_rows F K n (sp_matrix F f) (sp_offset level f) in
  knn vote k (row i (distances (zscore divisor (E N T) (E M X))
                               (zscore divisor (E N T) (E N T))))
  = knn vote k (row i (distances (zscore divisor T X) (zscore divisor T T))).
Proof. by move=> N_gt0 E; rewrite zscore_distances. Qed.

(* ------------------------------------------------------------------------- *)
(* Linear models                                                             *)
(* ------------------------------------------------------------------------- *)

Section LinearModels.

Variables (F : realFieldType) (n m : nat).
Implicit Types (W : 'M[F]_(n, m)) (b : 'rV[F]_m).

(* m outputs: one for regression or two classes, one a class otherwise. *)
Definition scores N (X : 'M[F]_(N, n)) W b : 'M[F]_(N, m) :=
  X *m W + \matrix_(i, j) b 0 j.

(* The loss is any function of the scores (and of labels, fixed inside it).   *)
Definition linear_objective N (loss : 'M[F]_(N, m) -> F) (penalty : 'M[F]_(n, m) -> F)
    (X : 'M[F]_(N, n)) W b : F :=
  loss (scores X W b) + penalty W.

Definition minimiser N loss penalty (X : 'M[F]_(N, n)) W b : Prop :=
  forall W' b', linear_objective loss penalty X W b
                <= linear_objective loss penalty X W' b'.

(* Ridge regression as a linear model. *)
Definition squared_error N (Y S : 'M[F]_(N, m)) : F := \sum_i \sum_j (Y i j - S i j) ^+ 2.
Definition l2_penalty (lambda : F) W : F := lambda * \sum_k \sum_j W k j ^+ 2.
Definition l1_penalty (lambda : F) W : F := lambda * \sum_k \sum_j `|W k j|.

Section Orthogonal.

Variable Q : 'M[F]_n.
Hypothesis Q_orthogonal : orthogonal Q.

(* Q W predicts on turned data what W predicts. *)
Theorem scores_orthogonal N (X : 'M[F]_(N, n)) W b :
  scores (X *m Q^T) (Q *m W) b = scores X W b.
Proof. by rewrite /scores mulmxA -(mulmxA X) Q_orthogonal mulmx1. Qed.

Variable penalty : 'M[F]_(n, m) -> F.
Hypothesis penalty_invariant : forall W, penalty (Q *m W) = penalty W.

Theorem linear_objective_orthogonal N loss (X : 'M[F]_(N, n)) W b :
  linear_objective loss penalty (X *m Q^T) (Q *m W) b
  = linear_objective loss penalty X W b.
Proof. by rewrite /linear_objective scores_orthogonal penalty_invariant. Qed.

(* Minimisers correspond: W on plain data, Q W on turned data. *)
Theorem minimiser_orthogonal N loss (X : 'M[F]_(N, n)) W b :
  minimiser loss penalty (X *m Q^T) (Q *m W) b <-> minimiser loss penalty X W b.
Proof.
split=> minW W' b'.
  by have := minW (Q *m W') b'; rewrite !linear_objective_orthogonal.
have -> : W' = Q *m (Q^T *m W') by rewrite mulmxA orthogonal_mulV // mul1mx.
by rewrite !linear_objective_orthogonal.
Qed.

(* Every minimiser on turned data is of this form. *)
Theorem minimiser_orthogonal_all N loss (X : 'M[F]_(N, n)) W' b :
  minimiser loss penalty (X *m Q^T) W' b ->
  exists W, W' = Q *m W /\ minimiser loss penalty X W b.
Proof.
move=> minW'; exists (Q^T *m W').
have eqW' : W' = Q *m (Q^T *m W') by rewrite mulmxA orthogonal_mulV // mul1mx.
by split=> //; rewrite -minimiser_orthogonal -eqW'.
Qed.

End Orthogonal.

(* Any function of the products W^T W is such a penalty; the squared norm is. *)
Theorem gram_penalty_orthogonal (Q : 'M[F]_n) (rho : 'M[F]_m -> F) W :
  orthogonal Q -> rho ((Q *m W)^T *m (Q *m W)) = rho (W^T *m W).
Proof. by move=> oQ; rewrite trmx_mul mulmxA -(mulmxA _ Q^T) oQ mulmx1. Qed.

Theorem l2_penalty_orthogonal (Q : 'M[F]_n) lambda W :
  orthogonal Q -> l2_penalty lambda (Q *m W) = l2_penalty lambda W.
Proof.
have l2E V : l2_penalty lambda V = lambda * \tr (V^T *m V).
  rewrite /l2_penalty /mxtrace exchange_big; congr (_ * _).
  by apply: eq_bigr => j _; rewrite !mxE; apply: eq_bigr => k _; rewrite !mxE expr2.
by move=> oQ; rewrite !l2E (gram_penalty_orthogonal (fun G => lambda * \tr G)).
Qed.

(* The L1 norm survives signed permutations (not every orthogonal map). *)
Theorem l1_penalty_signed_permutation (f : signed_perm n) lambda W :
  l1_penalty lambda (sp_matrix F f *m W) = l1_penalty lambda W.
Proof.
rewrite /l1_penalty; congr (_ * _).
rewrite [RHS](reindex_inj (@perm_inj _ (source f))) /=.
apply: eq_bigr => k _; apply: eq_bigr => j _.
by rewrite sp_matrix_mulE normrM normr_sign mul1r.
Qed.

(* Gradient descent on such a model, the residual being the derivative of the *)
(* loss (which may change from step to step, as with mini-batches).          *)
Fixpoint gradient_descent N (residual : nat -> 'M[F]_(N, m) -> 'M[F]_(N, m))
    (rate decay : nat -> F) (X : 'M[F]_(N, n)) (t : nat) : 'M[F]_(n, m) * 'rV[F]_m :=
  if t is t'.+1 then
    let: (W, b) := gradient_descent residual rate decay X t' in
    let r := residual t' (scores X W b) in
    (W - rate t' *: (X^T *m r + decay t' *: W), b - rate t' *: \row_j \sum_i r i j)
  else (0, 0).

Theorem gradient_descent_orthogonal (Q : 'M[F]_n) N residual rate decay
    (X : 'M[F]_(N, n)) t :
  orthogonal Q ->
  let: (W, b) := gradient_descent residual rate decay X t in
  gradient_descent residual rate decay (X *m Q^T) t = (Q *m W, b).
Proof.
move=> oQ; elim: t => [|t] /=; first by rewrite mulmx0.
case: (gradient_descent _ _ _ X t) => W b ->; rewrite scores_orthogonal //.
by rewrite trmx_mul trmxK mulmxBr -!scalemxAr mulmxDr -scalemxAr mulmxA.
Qed.

(* Same predictions on queries after every step. *)
Theorem gradient_descent_scores (Q : 'M[F]_n) N M residual rate decay
    (X : 'M[F]_(N, n)) (Y : 'M[F]_(M, n)) t :
  orthogonal Q ->
  let: (W, b) := gradient_descent residual rate decay X t in
  let: (W', b') := gradient_descent residual rate decay (X *m Q^T) t in
  scores (Y *m Q^T) W' b' = scores Y W b.
Proof.
move=> oQ; have := gradient_descent_orthogonal residual rate decay X t oQ.
case: (gradient_descent _ _ _ X t) => W b ->; exact: scores_orthogonal.
Qed.

(* The pipeline: z-score fitted on the training images, then the model. *)
Section Pipeline.

Variables (level : F) (f : signed_perm n) (divisor : F -> F).
Variables (N M : nat) (T : 'M[F]_(N, n)) (X : 'M[F]_(M, n)).
Hypothesis N_gt0 : (0 < N)%N.

Notation Q := (sp_matrix F f).
Notation E := (encrypt_rows Q (sp_offset level f)).
Notation Z := (zscore divisor T).
Notation Z' := (zscore divisor (E T)).

Theorem linear_model_zscore loss (penalty : 'M[F]_(n, m) -> F) W b :
  (forall W, penalty (Q *m W) = penalty W) ->
  (minimiser loss penalty (Z' (E T)) (Q *m W) b <-> minimiser loss penalty (Z T) W b)
  /\ scores (Z' (E X)) (Q *m W) b = scores (Z X) W b.
Proof.
move=> pQ; rewrite !zscore_encrypt //; have oQ := sp_matrix_orthogonal F f.
by split; [apply: minimiser_orthogonal | apply: scores_orthogonal].
Qed.

Theorem ridge_zscore (Y : 'M[F]_(N, m)) lambda W b :
  (minimiser (squared_error Y) (l2_penalty lambda) (Z' (E T)) (Q *m W) b
   <-> minimiser (squared_error Y) (l2_penalty lambda) (Z T) W b)
  /\ scores (Z' (E X)) (Q *m W) b = scores (Z X) W b.
Proof.
apply: linear_model_zscore => V.
exact/l2_penalty_orthogonal/sp_matrix_orthogonal.
Qed.

Theorem gradient_descent_zscore residual rate decay t :
  let: (W, b) := gradient_descent residual rate decay (Z T) t in
  gradient_descent residual rate decay (Z' (E T)) t = (Q *m W, b)
  /\ scores (Z' (E X)) (Q *m W) b = scores (Z X) W b.
Proof.
rewrite !zscore_encrypt //; have oQ := sp_matrix_orthogonal F f.
have := gradient_descent_orthogonal residual rate decay (Z T) t oQ.
by case: (gradient_descent _ _ _ (Z T) t) => W b ->; rewrite scores_orthogonal.
Qed.

End Pipeline.

End LinearModels.

(* ------------------------------------------------------------------------- *)
(* Principal components                                                      *)
(* ------------------------------------------------------------------------- *)

Section PrincipalComponents.

Variables (F : realFieldType) (N n p : nat).
Implicit Types (Z : 'M[F]_(N, n)) (V : 'M[F]_(n, p)) (D : 'rV[F]_p).

(* N times the covariance matrix of centred data. *)
Definition scatter Z : 'M[F]_n := Z^T *m Z.

(* Columns of V: p orthonormal eigenvectors with values D, largest first, and *)
(* no direction orthogonal to them has more variance.                        *)
Definition principal_axes Z V D : Prop :=
  [/\ V^T *m V = 1%:M,
      scatter Z *m V = V *m diag_mx D,
      forall i j : 'I_p, (i <= j)%N -> D 0 j <= D 0 i &
      forall (u : 'cV[F]_n) i, V^T *m u = 0 ->
        inner_product u (scatter Z *m u) <= D 0 i * inner_product u u].

Variable Q : 'M[F]_n.
Hypothesis Q_orthogonal : orthogonal Q.

Lemma scatter_orthogonal Z : scatter (Z *m Q^T) = Q *m scatter Z *m Q^T.
Proof. by rewrite /scatter trmx_mul trmxK !mulmxA. Qed.

Lemma scatter_turn Z m (A : 'M[F]_(n, m)) :
  scatter (Z *m Q^T) *m (Q *m A) = Q *m (scatter Z *m A).
Proof. by rewrite scatter_orthogonal -!mulmxA (mulmxA Q^T) Q_orthogonal mul1mx. Qed.

Lemma inner_product_scale (a : F) (u : 'cV[F]_n) :
  inner_product (a *: u) (a *: u) = a ^+ 2 * inner_product u u.
Proof.
by rewrite /inner_product mulr_sumr; apply: eq_bigr => k _; rewrite !mxE mulrACA.
Qed.

Let QQT m (A : 'M[F]_(n, m)) : Q *m (Q^T *m A) = A.
Proof. by rewrite mulmxA orthogonal_mulV // mul1mx. Qed.

Let QTQ m (A : 'M[F]_(n, m)) : Q^T *m (Q *m A) = A.
Proof. by rewrite mulmxA Q_orthogonal mul1mx. Qed.

(* Axes correspond, with the same variances. *)
Theorem principal_axes_orthogonal Z V D :
  principal_axes (Z *m Q^T) (Q *m V) D <-> principal_axes Z V D.
Proof.
have VV : (Q *m V)^T *m (Q *m V) = V^T *m V by rewrite trmx_mul -mulmxA QTQ.
have eig : scatter (Z *m Q^T) *m (Q *m V) = (Q *m V) *m diag_mx D
       <-> scatter Z *m V = V *m diag_mx D.
  rewrite scatter_turn -mulmxA; split=> [|-> //].
  by move=> /(congr1 (mulmx Q^T)); rewrite !QTQ.
have turn u i :
  ((Q *m V)^T *m (Q *m u) = 0 ->
   inner_product (Q *m u) (scatter (Z *m Q^T) *m (Q *m u))
   <= D 0 i * inner_product (Q *m u) (Q *m u))
  <-> (V^T *m u = 0 -> inner_product u (scatter Z *m u) <= D 0 i * inner_product u u).
  by rewrite scatter_turn !orthogonal_inner_product // trmx_mul -mulmxA QTQ.
split=> -[V1 V2 V3 V4]; split=> //.
- by rewrite -VV.
- exact/eig.
- by move=> u i; apply/turn/V4.
- by rewrite VV.
- exact/eig.
- by move=> u i; rewrite -[u]QQT; apply/turn/V4.
Qed.

(* Every choice of axes on turned data is of this form. *)
Theorem principal_axes_orthogonal_all Z V' D :
  principal_axes (Z *m Q^T) V' D ->
  exists V, V' = Q *m V /\ principal_axes Z V D.
Proof.
move=> pV'; exists (Q^T *m V'); split; first by rewrite QQT.
by rewrite -principal_axes_orthogonal QQT.
Qed.

(* With corresponding axes the scores of all images are equal. *)
Theorem principal_scores M (X : 'M[F]_(M, n)) V :
  (X *m Q^T) *m (Q *m V) = X *m V.
Proof. by rewrite -mulmxA QTQ. Qed.

(* Where the component of variance d is unique up to sign, whatever unit axis *)
(* each side has computed, scores are equal, or all of opposite sign.        *)
Theorem principal_scores_up_to_sign Z M (X : 'M[F]_(M, n)) (v v' : 'cV[F]_n) d :
  (forall u : 'cV[F]_n, scatter Z *m u = d *: u -> exists a, u = a *: v) ->
  inner_product v v = 1 -> inner_product v' v' = 1 ->
  scatter (Z *m Q^T) *m v' = d *: v' ->
  (X *m Q^T) *m v' = X *m v \/ (X *m Q^T) *m v' = - (X *m v).
Proof.
move=> unique vv v'v' eig'.
have [a av] : exists a, Q^T *m v' = a *: v.
  apply: unique; apply: (can_inj (@QTQ 1)).
  by rewrite -scatter_turn QQT eig' -scalemxAr QQT.
have v'E : v' = a *: (Q *m v) by rewrite scalemxAr -av QQT.
have a2 : a ^+ 2 = 1.
  by move: v'v'; rewrite v'E inner_product_scale orthogonal_inner_product // vv mulr1.
rewrite v'E -scalemxAr -mulmxA QTQ.
move/eqP: a2; rewrite sqrf_eq1 => /orP[]/eqP->; rewrite ?scale1r ?scaleN1r.
  by left.
by right.
Qed.

End PrincipalComponents.

(* On images: principal components of centred training images. *)
Theorem pca_images (F : realFieldType) N M n p (level : F) (f : signed_perm n)
    (T : 'M[F]_(N, n)) (X : 'M[F]_(M, n)) (V : 'M[F]_(n, p)) D : (0 < N)%N ->
  let Q := sp_matrix F f in
  let E K := @encrypt_rows F K n Q (sp_offset level f) in
  (principal_axes (centred (E N T) (E N T)) (Q *m V) D
   <-> principal_axes (centred T T) V D)
  /\ centred (E N T) (E M X) *m (Q *m V) = centred T X *m V.
Proof.
move=> N_gt0 Q E; have oQ : orthogonal Q by apply: sp_matrix_orthogonal.
rewrite !centred_encrypt //; split; last exact: principal_scores.
exact: principal_axes_orthogonal.
Qed.

(* ------------------------------------------------------------------------- *)
(* Gaussian processes and kernel ridge                                       *)
(* ------------------------------------------------------------------------- *)

Section GaussianProcess.

Variables (F : realFieldType) (N M n m : nat).
Variables (kernel : kernel_function F) (noise : F) (Y : 'M[F]_(N, m)).

(* The mean is also what kernel ridge regression predicts. *)
Definition gp_mean (T : 'M[F]_(N, n)) (X : 'M[F]_(M, n)) : 'M[F]_(M, m) :=
  kernel_matrix kernel X T *m invmx (kernel_matrix kernel T T + noise%:M) *m Y.

Definition gp_variance (T : 'M[F]_(N, n)) (X : 'M[F]_(M, n)) : 'cV[F]_M :=
  \col_i (kernel_value kernel (sample X i) (sample X i)
          - (kernel_matrix kernel X T *m invmx (kernel_matrix kernel T T + noise%:M)
             *m (kernel_matrix kernel X T)^T) i i).

Theorem gp_gram_only : gram_only (fun T X => (gp_mean T X, gp_variance T X)).
Proof.
pose predict (v : 'M[F]_N * 'M[F]_(M, N) * 'cV[F]_M) :=
  let: (K, k, kk) := v in let S := invmx (K + noise%:M) in
  (k *m S *m Y, \col_i (kk i 0 - (k *m S *m k^T) i i)).
have predictE T X :
    (gp_mean T X, gp_variance T X) = predict (kernel_view kernel T X).
  by congr (_, _); apply/matrixP => i j; rewrite [in RHS]mxE !mxE.
by move=> T T' X X' eq_view; rewrite !predictE; apply: kernel_method_gram_only.
Qed.

End GaussianProcess.

(* ------------------------------------------------------------------------- *)
(* Linear discriminants                                                      *)
(* ------------------------------------------------------------------------- *)

Section LinearDiscriminant.

Variables (F : realFieldType) (N M n m : nat).

(* Class means are A T and the within-class scatter is T^T B T, where A and B *)
(* depend on the labels only; the shrinkage may depend on the total variance. *)
Variables (A : 'M[F]_(m, N)) (B : 'M[F]_N) (weight : F) (shrinkage : F -> F).
Variable prior : 'rV[F]_m.

Definition lda_covariance (T : 'M[F]_(N, n)) : 'M[F]_n :=
  let S := T^T *m B *m T in weight *: S + (shrinkage (\tr S))%:M.

Definition lda_scores (T : 'M[F]_(N, n)) (X : 'M[F]_(M, n)) : 'M[F]_(M, m) :=
  let P := invmx (lda_covariance T) in
  \matrix_(i, j) ((X *m P *m (A *m T)^T) i j
                  - (A *m T *m P *m (A *m T)^T) j j / 2%:R + prior 0 j).

Variable Q : 'M[F]_n.
Hypothesis Q_orthogonal : orthogonal Q.

Lemma lda_covariance_orthogonal T :
  lda_covariance (T *m Q^T) = Q *m lda_covariance T *m Q^T.
Proof.
rewrite /lda_covariance trmx_mul trmxK.
have -> : Q *m T^T *m B *m (T *m Q^T) = Q *m (T^T *m B *m T) *m Q^T.
  by rewrite !mulmxA.
set S := T^T *m B *m T.
have -> : \tr (Q *m S *m Q^T) = \tr S by rewrite mxtrace_mulC mulmxA Q_orthogonal mul1mx.
rewrite mulmxDr mulmxDl.
by rewrite -scalemxAr -scalemxAl mul_mx_scalar -scalemxAl orthogonal_mulV // scalemx1.
Qed.

Theorem lda_orthogonal T X :
  lda_covariance T \in unitmx ->
  lda_scores (T *m Q^T) (X *m Q^T) = lda_scores T X.
Proof.
move=> unitS.
have Sinv : invmx (lda_covariance (T *m Q^T)) = Q *m invmx (lda_covariance T) *m Q^T.
  have prod1 : lda_covariance (T *m Q^T) *m (Q *m invmx (lda_covariance T) *m Q^T) = 1%:M.
    rewrite lda_covariance_orthogonal -!mulmxA (mulmxA Q^T) Q_orthogonal mul1mx.
    by rewrite (mulmxA _ _ Q^T) mulmxV // mul1mx orthogonal_mulV.
  have [unitS' _] := mulmx1_unit prod1.
  by rewrite -[LHS]mulmx1 -prod1 mulKmx.
have turn K (L : 'M[F]_(K, n)) :
    L *m Q^T *m (Q *m invmx (lda_covariance T) *m Q^T) *m (A *m T *m Q^T)^T
    = L *m invmx (lda_covariance T) *m (A *m T)^T.
  by rewrite (trmx_mul _ Q^T) trmxK -!mulmxA !(mulmxA Q^T Q) Q_orthogonal !mul1mx.
by apply/matrixP => i j; rewrite [LHS]mxE [RHS]mxE Sinv (mulmxA A T) !turn.
Qed.

End LinearDiscriminant.
