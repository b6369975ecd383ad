(******************************************************************************)
(* Random reductions whose columns are exchangeable and symmetric             *)
(*                                                                            *)
(* What is proved. RandomReductions.v assumes that R Q is as likely as R, for *)
(* each signed permutation Q of pixels. Here the hypotheses are on the law of *)
(* the columns of R, for functions that do not see the order and the signs of *)
(* R's rows:                                                                  *)
(*  - exchangeable: R with its columns in any other order has the same law;   *)
(*  - symmetric: R with the signs of any columns changed has the same law.    *)
(* Then z-scored Gram matrices after R have the same law for plain and for    *)
(* encrypted images. Instances:                                               *)
(*  - matrices whose entries are independent signs;                           *)
(*  - m different pixels, drawn in turn.                                      *)
(* It is not enough that every pixel is drawn equally often: inner products   *)
(* over two neighbouring pixels of four, cyclically, with a uniform start,    *)
(* have another law after two pixels are exchanged.                           *)
(*                                                                            *)
(* What is not said: anything about infinitely many matrices (normal entries),*)
(* or about one draw.                                                         *)
(*                                                                            *)
(* Why one would believe it. Q is an order of the columns with signs; what is *)
(* left to the rows the z-score and the inner products do not see.            *)
(*                                                                            *)
(* Definitions: blind, mean_of, exchangeable, symmetric, reduced_gram,        *)
(*   sign_matrix, alike, pick_matrix, different, window, even_pixels,         *)
(*   middle_exchange, window_square.                                          *)
(******************************************************************************)

From mathcomp Require Import all_ssreflect all_algebra fingroup perm.
From EtC Require Import SignedPermutation Normalization Reductions Forest RandomReductions.

Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.

Import GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Section Exchangeable.

Variables (F : realFieldType) (n m : nat).
Implicit Types (h : 'M[F]_(m, n) -> F) (A : 'M[F]_(m, n)).

(* A random matrix: one of finitely many, with weights. *)
Variables (I : finType) (R : I -> 'M[F]_(m, n)) (weight : I -> F).

(* Does not see the order and the signs of the rows. *)
Definition blind h : Prop := forall (g : signed_perm m) A, h (sp_matrix F g *m A) = h A.

Definition mean_of h : F := expectation (law_of_weights weight) (fun i => h (R i)).

Definition exchangeable : Prop := forall (s : 'S_n) h, blind h ->
  mean_of (fun A => h (A *m perm_mx s)) = mean_of h.

Definition symmetric : Prop := forall (b : 'I_n -> bool) h, blind h ->
  mean_of (fun A => h (A *m sign_mx F b)) = mean_of h.

Hypotheses (columns_exchangeable : exchangeable) (columns_symmetric : symmetric).

Lemma blind_mul h (Q : 'M[F]_n) : blind h -> blind (fun A => h (A *m Q)).
Proof. by move=> h_blind g A; rewrite -mulmxA h_blind. Qed.

Lemma signed_permutation_same_law (f : signed_perm n) h : blind h ->
  mean_of (fun A => h (A *m sp_matrix F f)) = mean_of h.
Proof.
move=> h_blind; rewrite /sp_matrix.
rewrite -[RHS](columns_exchangeable (source f)) //.
rewrite -[RHS](columns_symmetric (negated f)); last exact: blind_mul.
by apply: eq_expectation => i; rewrite mulmxA.
Qed.

Variables (f : signed_perm n) (c : 'cV[F]_n).
Variables (N M1 M2 : nat) (T : 'M[F]_(N, n)) (X : 'M[F]_(M1, n)) (Y : 'M[F]_(M2, n)).
Variable divisor : F -> F.
Hypothesis N_gt0 : (0 < N)%N.

Notation E := (encrypt_rows (sp_matrix F f) c).

Definition reduced_gram (T' : 'M[F]_(N, n)) (X' : 'M[F]_(M1, n)) (Y' : 'M[F]_(M2, n)) A :
    'M[F]_(M1, M2) :=
  gram (zscore divisor (T' *m A^T) (X' *m A^T)) (zscore divisor (T' *m A^T) (Y' *m A^T)).

(* The z-scored Gram matrix does not see order and signs of the rows. *)
Lemma reduced_gram_blind g A : reduced_gram T X Y (sp_matrix F g *m A) = reduced_gram T X Y A.
Proof.
have enc K (U : 'M[F]_(K, n)) :
    U *m (sp_matrix F g *m A)^T = encrypt_rows (sp_matrix F g) 0 (U *m A^T).
  by rewrite encrypt_rows0 (trmx_mul (sp_matrix F g)) mulmxA.
by rewrite /reduced_gram !enc zscore_gram.
Qed.

Lemma reduced_gram_encrypt A :
  reduced_gram (E T) (E X) (E Y) A = reduced_gram T X Y (A *m sp_matrix F f).
Proof.
have enc K (U : 'M[F]_(K, n)) : E U *m A^T
    = U *m (A *m sp_matrix F f)^T + \matrix_(i, j) (A *m c) j 0.
  rewrite /encrypt_rows mulmxDl (trmx_mul A) -[in LHS]mulmxA; congr (_ + _).
  by apply/matrixP => i j; rewrite !mxE; apply: eq_bigr => k _; rewrite !mxE mulrC.
by rewrite /reduced_gram !enc !zscore_offset.
Qed.

Theorem exchangeable_matrix_same_law (h : 'M[F]_(M1, M2) -> F) :
  mean_of (fun A => h (reduced_gram (E T) (E X) (E Y) A))
  = mean_of (fun A => h (reduced_gram T X Y A)).
Proof.
rewrite -[RHS](signed_permutation_same_law f); last by move=> g A; rewrite /= reduced_gram_blind.
by apply: eq_expectation => i; rewrite reduced_gram_encrypt.
Qed.

End Exchangeable.

(* ------------------------------------------------------------------------- *)
(* Instances                                                                 *)
(* ------------------------------------------------------------------------- *)

Section Instances.

Variables (F : realFieldType) (n m : nat).

Lemma uniform_reindex (I : finType) (R : I -> 'M[F]_(m, n)) (weight : I -> F) (t : I -> I)
    (Q : 'M[F]_n) (h : 'M[F]_(m, n) -> F) :
  injective t -> (forall i, weight (t i) = weight i) ->
  (forall i, h (R (t i)) = h (R i *m Q)) ->
  mean_of R weight (fun A => h (A *m Q)) = mean_of R weight h.
Proof.
move=> t_inj weight_t R_t; rewrite /mean_of !expectation_weights [RHS](reindex_inj t_inj).
by apply: eq_bigr => i _; rewrite weight_t R_t.
Qed.

Lemma mul_perm_col (p : 'S_n) (A : 'M[F]_(m, n)) : A *m perm_mx p = col_perm p^-1 A.
Proof. by rewrite col_permE invgK. Qed.

(* Independent signs, each alike. *)
Definition sign_matrix (s : {ffun 'I_m * 'I_n -> bool}) : 'M[F]_(m, n) :=
  \matrix_(i, j) (-1) ^+ s (i, j).
Definition alike (I : finType) (i : I) : F := #|I|%:R^-1.

Theorem sign_matrices_exchangeable : exchangeable sign_matrix (@alike _).
Proof.
move=> p h _; pose t (s : {ffun 'I_m * 'I_n -> bool}) := [ffun ij => s (ij.1, (p^-1)%g ij.2)].
apply: (uniform_reindex (t := t)) => // [s s' /ffunP eq_t|s].
  by apply/ffunP => -[i j]; have := eq_t (i, p j); rewrite !ffunE /= permK.
congr h; rewrite mul_perm_col; apply/matrixP => i j; rewrite !mxE ffunE /=; congr (_ ^+ s (_, _)).
Qed.

Theorem sign_matrices_symmetric : symmetric sign_matrix (@alike _).
Proof.
move=> b h _; pose t (s : {ffun 'I_m * 'I_n -> bool}) := [ffun ij => s ij (+) b ij.2].
apply: (uniform_reindex (t := t)) => // [s s' /ffunP eq_t|s].
  by apply/ffunP => ij; have := eq_t ij; rewrite !ffunE => /addIb.
congr h; apply/matrixP => i j; rewrite /sign_mx mul_mx_diag !mxE ffunE /=.
exact: signr_addb.
Qed.

(* m different pixels, drawn in turn: row i is pixel s i. *)
Definition pick_matrix (s : {ffun 'I_m -> 'I_n}) : 'M[F]_(m, n) := \matrix_(i, j) (s i == j)%:R.
Definition different (w : F) (s : {ffun 'I_m -> 'I_n}) : F := if injectiveb s then w else 0.

Theorem picks_exchangeable w : exchangeable pick_matrix (different w).
Proof.
move=> p h _; pose t (s : {ffun 'I_m -> 'I_n}) := [ffun i => p (s i)].
apply: (uniform_reindex (t := t)) => [s s' /ffunP eq_t|s|s].
- by apply/ffunP => i; have := eq_t i; rewrite !ffunE => /perm_inj.
- rewrite /different; congr (if _ then _ else _); apply/injectiveP/injectiveP => s_inj i i' eq_i.
    by apply: s_inj; rewrite !ffunE eq_i.
  by have := s_inj i i'; rewrite !ffunE in eq_i *; move/perm_inj in eq_i; apply.
congr h; rewrite mul_perm_col; apply/matrixP => i j; rewrite !mxE ffunE.
by rewrite -(inj_eq (@perm_inj _ p^-1)) permK.
Qed.

(* A sign of a pixel is a sign of the row that shows it. *)
Theorem picks_symmetric w : symmetric pick_matrix (different w).
Proof.
move=> b h h_blind; apply: (uniform_reindex (t := id)) => // s.
rewrite -(h_blind (SignedPerm 1%g [ffun i => b (s i)])); congr h.
apply/matrixP => i j; rewrite sp_matrix_mulE /sign_mx mul_mx_diag !mxE /= perm1 ffunE.
by rewrite mulrC; case: eqP => [->//|_]; rewrite !mul0r.
Qed.

End Instances.

(* ------------------------------------------------------------------------- *)
(* Cyclic windows                                                            *)
(* ------------------------------------------------------------------------- *)

Section Windows.

Variable F : realFieldType.

(* Pixels a and a + 1 of four, cyclically. *)
Definition window (a : 'I_4) : {set 'I_4} := [set a; inord ((a + 1) %% 4)].

(* Every pixel is in two of the four windows. *)
Theorem windows_draw_alike (k : 'I_4) : #|[set a | k \in window a]| = 2%N.
Proof.
rewrite -sum1_card big_mkcond !big_ord_recl big_ord0 /= !inE.
by case: k => [[|[|[|[|k]]]]] // ?; rewrite -!val_eqE /= !inordK.
Qed.

(* Pixels 0 and 2 are 1, the others 0; and pixels 1 and 2 are exchanged. *)
Definition even_pixels : 'M[F]_(1, 4) := \row_k (~~ odd k)%:R.
Definition middle_exchange : signed_perm 4 :=
  SignedPerm (tperm (inord 1) (inord 2)) [ffun=> false].

Definition window_square (X : 'M[F]_(1, 4)) (a : 'I_4) : F :=
  gram_of_pixels (window a) X X 0 0.

Lemma window_squareE X a :
  window_square X a = X 0 a ^+ 2 + X 0 (inord ((a + 1) %% 4)) ^+ 2.
Proof.
rewrite /window_square mxE /window big_setU1 /= ?big_set1 ?expr2 //.
by rewrite inE; case: a => [[|[|[|[|a]]]]] // ?; rewrite -val_eqE /= inordK.
Qed.

(* Always 1, and after the exchange 2, 1, 0 or 1: another law. *)
Theorem windows_have_another_law (a : 'I_4) :
  let E := @encrypt_rows F 1 4 (sp_matrix F middle_exchange) 0 in
  window_square even_pixels a = 1
  /\ window_square (E even_pixels) a = (nth 0%N [:: 2; 1; 0; 1]%N a)%:R.
Proof.
move=> E; have E_pixel k : E even_pixels 0 k = (k < 2)%N%:R.
  rewrite /E encrypt_rows0 mul_sp_matrix_trE /= ffunE mul1r mxE.
  case: tpermP => [->|->|/eqP + /eqP]; rewrite ?inordK //.
  by case: k => [[|[|[|[|k]]]]] // ?; rewrite -!val_eqE /= !inordK.
rewrite !window_squareE !E_pixel !mxE.
by case: a => [[|[|[|[|a]]]]] // ?; rewrite /= !inordK //= ?expr1n ?expr0n ?(addr0, add0r).
Qed.

End Windows.
