(******************************************************************************)
(* CosineTransform: the cosines of the DCT, of any size, in any field         *)
(*                                                                            *)
(* What is proved, in any field that has a primitive root z of unity of order *)
(* 4 N, where cos (pi k / 2 N) is (z^k + z^-k) / 2:                           *)
(*  - parity: function u of the DCT is even or odd as u is, under              *)
(*    i |-> N - 1 - i. What Reductions.v asks of its basis is no hypothesis   *)
(*    for cosines;                                                            *)
(*  - the N functions are orthogonal, and with the usual factors orthonormal: *)
(*    D D^T = 1 and D^T D = 1, for the DCT-II of Ahmed, Natarajan and Rao     *)
(*    (1974). So every array of coefficients is that of some block;           *)
(*  - a constant block has a DC coefficient, and no other;                    *)
(*  - the coefficients of a rotated or inverted block are those of the block, *)
(*    with signs (-1)^u and (-1)^v, transposed where the code is odd.         *)
(* A field of 97 elements has such a root for N = 8, the size of JPEG: the    *)
(* hypothesis is met. So do the complex numbers, for every N; that the        *)
(* cosines of real numbers have this parity is in reals/Cosines.v.            *)
(*                                                                            *)
(* Why one would believe it. cos (pi u - t) is (-1)^u cos t, because z^(2 N)  *)
(* is -1. Products of cosines are sums of cosines, and the sum of             *)
(* cos ((2 i + 1) t) over i, times sin t, telescopes.                         *)
(*                                                                            *)
(* Definitions: cosine, dct_function, dct_matrix, dct, dct_zero.              *)
(******************************************************************************)

From mathcomp Require Import all_ssreflect all_algebra fingroup perm.
From mathcomp.algebra_tactics Require Import ring.
From mathcomp.zify Require Import zify.
From EtC Require Import SignedPermutation Blocks Normalization Reductions.

Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.

Import GRing.Theory.
Local Open Scope ring_scope.

(* ------------------------------------------------------------------------- *)
(* Parity and orthogonality                                                  *)
(* ------------------------------------------------------------------------- *)

Section Cosines.

Variables (F : fieldType) (N : nat) (z : F).
Hypothesis z_root : (4 * N).-primitive_root z.

(* The cosine of pi k / (2 N). *)
Definition cosine (k : nat) : F := (z ^+ k + z ^- k) / 2%:R.

(* Function u of the DCT at place i. *)
Definition dct_function (u i : 'I_N) : F := cosine ((2 * i + 1) * u).

Lemma N_gt0 : (0 < N)%N.
Proof. by have := prim_order_gt0 z_root; rewrite muln_gt0. Qed.

Lemma z_neq0 : z != 0.
Proof.
apply/eqP => z0; have := prim_expr_order z_root.
rewrite z0 expr0n muln_eq0 /= eqn0Ngt N_gt0 => /eqP.
by rewrite eq_sym oner_eq0.
Qed.

Lemma z_neq1 k : (0 < k < 4 * N)%N -> z ^+ k != 1.
Proof.
by case/andP=> k_gt0 k_lt; rewrite -(prim_order_dvd z_root) gtnNdvd.
Qed.

Lemma z_half : z ^+ (2 * N) = -1.
Proof.
have: (z ^+ (2 * N)) ^+ 2 == 1.
  by rewrite -exprM (_ : (2 * N * 2 = 4 * N)%N) ?(prim_expr_order z_root) //; lia.
rewrite sqrf_eq1 (negPf (z_neq1 _)) /=; first by move/eqP.
by have := N_gt0; lia.
Qed.

Lemma two_neq0 : 2%:R != 0 :> F.
Proof.
have: z ^+ (2 * N) != 1 by apply: z_neq1; have := N_gt0; lia.
by rewrite z_half; apply: contraNneq => two0; rewrite eq_sym -subr_eq0 opprK -(natrD _ 1 1) two0.
Qed.

Lemma cosine0 : cosine 0 = 1.
Proof. by rewrite /cosine !expr0 invr1 -(natrD _ 1 1) divff ?two_neq0. Qed.

Lemma cosine_reflect u k : (k <= 2 * N * u)%N ->
  cosine (2 * N * u - k) = (-1) ^+ u * cosine k.
Proof.
move=> le_k; have zk_neq0 : z ^+ k != 0 by rewrite expf_neq0 ?z_neq0.
have -> : cosine (2 * N * u - k) = ((-1) ^+ u / z ^+ k + (-1) ^+ u * z ^+ k) / 2%:R.
  rewrite /cosine (_ : z ^+ (2 * N * u - k) = (-1) ^+ u / z ^+ k).
    by rewrite invfM invrK invr_sign.
  by apply: (canRL (mulfK zk_neq0)); rewrite -exprD subnK // exprM z_half.
by rewrite -mulrDr addrC -mulrA.
Qed.

Theorem dct_parity (u i : 'I_N) : dct_function u (rev_ord i) = (-1) ^+ odd u * dct_function u i.
Proof.
rewrite signr_odd /dct_function /=.
have -> : ((2 * (N - i.+1) + 1) * u = 2 * N * u - (2 * i + 1) * u)%N.
  by rewrite -mulnBl; congr (_ * _)%N; have := ltn_ord i; lia.
by rewrite cosine_reflect // leq_mul2r; have := ltn_ord i; lia.
Qed.

Lemma cosine_mul a b : (b <= a)%N ->
  cosine a * cosine b = (cosine (a + b) + cosine (a - b)) / 2%:R.
Proof.
move=> le_ba; have [za zb] : z ^+ a != 0 /\ z ^+ b != 0 by rewrite !expf_neq0 ?z_neq0.
have zBE : z ^+ (a - b) = z ^+ a / z ^+ b.
  by apply: (canRL (mulfK zb)); rewrite -exprD subnK.
have two := two_neq0.
by rewrite /cosine zBE exprD; field; rewrite two za zb.
Qed.

(* Times w - 1/w, which is twice the sine of m, the sum telescopes. *)
Lemma sum_cosine m : (0 < m < 2 * N)%N -> \sum_(i < N) cosine ((2 * i + 1) * m) = 0.
Proof.
move=> m_small; pose w := z ^+ m.
have w0 : w != 0 by rewrite expf_neq0 ?z_neq0.
have two := two_neq0.
have telescope n : (\sum_(i < n) cosine ((2 * i + 1) * m)) * (w - w^-1)
    = (w ^+ (2 * n) - w ^- (2 * n)) / 2%:R.
  elim: n => [|n IHn]; first by rewrite big_ord0 mul0r expr0 invr1 subrr mul0r.
  rewrite big_ord_recr /= [LHS]mulrDl IHn {IHn}.
  have -> : (2 * n.+1 = 2 * n + 2)%N by lia.
  rewrite /cosine [((2 * n + 1) * m)%N]mulnC [z ^+ (m * _)]exprM -/w !exprD expr1 expr2.
  by field; rewrite two w0 expf_neq0.
have w_neqV : w - w^-1 != 0.
  rewrite subr_eq0; apply/eqP => /(congr1 (fun x => x * w)).
  rewrite mulVf // -expr2 -exprM => /eqP.
  by apply/negP/z_neq1; lia.
apply: (mulIf w_neqV); rewrite telescope mul0r.
have -> : w ^+ (2 * N) = (-1) ^+ m by rewrite -exprM mulnC exprM z_half.
by rewrite invr_sign subrr mul0r.
Qed.

Lemma sum_dct_functions (u v : 'I_N) : (v <= u)%N ->
  \sum_i dct_function u i * dct_function v i
  = if u == v then if u == 0%N :> nat then N%:R else N%:R / 2%:R else 0.
Proof.
move=> le_vu; have two := two_neq0.
have productE i : dct_function u i * dct_function v i
    = (cosine ((2 * i + 1) * (u + v)) + cosine ((2 * i + 1) * (u - v))) / 2%:R.
  by rewrite /dct_function cosine_mul ?leq_mul2l ?le_vu ?orbT // mulnDr mulnBr.
rewrite (eq_bigr _ (fun i _ => productE i)) -mulr_suml big_split /=.
have ones : \sum_(i < N) cosine ((2 * i + 1) * 0) = N%:R.
  by rewrite (eq_bigr (fun _ => 1)) ?sumr_const ?card_ord // => i _; rewrite muln0 cosine0.
have [uv | neq_uv] := eqVneq u v.
  rewrite -uv subnn ones; case: eqP => [u0 | /eqP u_neq0].
    by rewrite u0 ones -mulr2n -mulr_natr mulfK.
  by rewrite sum_cosine ?add0r //; have := ltn_ord u; lia.
have neq : u <> v :> nat by move/val_inj/eqP; rewrite (negPf neq_uv).
by rewrite !sum_cosine ?addr0 ?mul0r //; have := ltn_ord u; lia.
Qed.

Theorem dct_orthogonal (u v : 'I_N) :
  \sum_i dct_function u i * dct_function v i
  = if u == v then if u == 0%N :> nat then N%:R else N%:R / 2%:R else 0.
Proof.
have [le_vu | /ltnW le_uv] := leqP v u; first exact: sum_dct_functions.
rewrite (eq_bigr (fun i => dct_function v i * dct_function u i)) => [|i _]; last exact: mulrC.
by rewrite sum_dct_functions // eq_sym; case: eqP => [->|].
Qed.

(* ------------------------------------------------------------------------- *)
(* The orthonormal DCT-II as a matrix                                        *)
(* ------------------------------------------------------------------------- *)

(* The square roots of 1/N and 2/N. *)
Variable factor : 'I_N -> F.
Hypothesis factor_square : forall u, factor u ^+ 2 * N%:R = if u == 0%N :> nat then 1 else 2%:R.

Definition dct_matrix : 'M[F]_N := \matrix_(u, i) (factor u * dct_function u i).

Theorem dct_orthonormal : dct_matrix *m dct_matrix^T = 1%:M.
Proof.
apply/matrixP => u v; rewrite !mxE.
rewrite (eq_bigr (fun i => factor u * factor v * (dct_function u i * dct_function v i))).
  rewrite -mulr_sumr dct_orthogonal; case: eqP => [<-|_]; last by rewrite mulr0.
  rewrite -expr2; have := factor_square u; case: ifP => _ // square.
  by rewrite mulrA square divff ?two_neq0.
by move=> i _; rewrite !mxE mulrACA.
Qed.

Theorem dct_orthonormal_tr : dct_matrix^T *m dct_matrix = 1%:M.
Proof. exact: mulmx1C dct_orthonormal. Qed.

End Cosines.

(* ------------------------------------------------------------------------- *)
(* Such a field, for blocks of 8 x 8 pixels                                  *)
(* ------------------------------------------------------------------------- *)

(* 28 is a root of order 32 modulo 97. *)
Example root_modulo_97 : (4 * 8).-primitive_root (inZp 28 : 'F_97).
Proof.
pose w : 'F_97 := inZp 28; have half : w ^+ 16 = -1 by apply/eqP; vm_compute.
have whole : w ^+ (16 * 2) = 1 by rewrite exprM half sqrrN expr1n.
have neq1 : (-1 : 'F_97) != 1 by vm_compute.
rewrite -/w; clearbody w.
have [m root_m m_dvd] := @prim_order_exists _ (16 * 2) w isT whole.
have not_16 : ~~ (m %| 16)%N by rewrite (prim_order_dvd root_m) half.
have /(dvdn_pfactor m 5 (isT : prime 2))[e le_e5 mE] : (m %| 2 ^ 5)%N by [].
suff <- : m = (4 * 8)%N by [].
by move: le_e5 not_16; rewrite mE; case: e {mE} => [|[|[|[|[|[|e]]]]]].
Qed.

(* ------------------------------------------------------------------------- *)
(* The coefficients of blocks                                                *)
(* ------------------------------------------------------------------------- *)

Section Coefficients.

Variables (F : numFieldType) (N : nat) (z : F).
Hypothesis z_root : (4 * N).-primitive_root z.
Variable factor : 'I_N -> F.
Hypothesis factor_square : forall u,
  factor u ^+ 2 * N%:R = if u == 0%N :> nat then 1 else 2%:R.

(* Coefficient (u, v) of the orthonormal DCT-II of a block. *)
Definition dct (A : 'I_N -> 'I_N -> F) (u v : 'I_N) : F :=
  coefficient (dct_function z) (fun u v => factor u * factor v) A u v.

Lemma dct_matrixE A u v :
  dct A u v = (dct_matrix z factor *m (\matrix_(i, j) A i j) *m (dct_matrix z factor)^T) u v.
Proof.
rewrite /dct /coefficient exchange_big mxE mulr_sumr; apply: eq_bigr => j _ /=.
rewrite [RHS]mulrC !mxE !mulr_sumr; apply: eq_bigr => i _.
by rewrite !mxE; ring.
Qed.

(* Every array of coefficients is that of some block. *)
Theorem dct_surjective (X : 'I_N -> 'I_N -> F) : exists A, forall u v, dct A u v = X u v.
Proof.
pose D := dct_matrix z factor; pose M := \matrix_(u, v) X u v.
exists (fun i j => (D^T *m M *m D) i j) => u v; rewrite dct_matrixE.
have -> : \matrix_(i, j) (D^T *m M *m D) i j = D^T *m M *m D.
  by apply/matrixP => i j; rewrite mxE.
have ortho : D *m D^T = 1%:M by apply: dct_orthonormal.
by rewrite !mulmxA ortho mul1mx -mulmxA ortho mulmx1 mxE.
Qed.

Definition dct_zero : 'I_N := Ordinal (N_gt0 z_root).

Lemma dct_function_zero i : dct_function z dct_zero i = 1.
Proof. by rewrite /dct_function muln0 (cosine0 z_root). Qed.

Lemma sum_dct_function (u : 'I_N) :
  \sum_i dct_function z u i = if u == dct_zero then N%:R else 0.
Proof.
rewrite -(eq_bigr _ (fun i _ => mulr1 (dct_function z u i))).
rewrite (eq_bigr (fun i => dct_function z u i * dct_function z dct_zero i)) => [|i _].
  by rewrite (dct_orthogonal z_root); case: eqP => [->|].
by rewrite dct_function_zero.
Qed.

Theorem dct_constant a u v :
  dct (fun _ _ => a) u v = if (u == dct_zero) && (v == dct_zero) then N%:R * a else 0.
Proof.
have -> : dct (fun _ _ => a) u v = factor u * factor v * a
    * ((\sum_i dct_function z u i) * (\sum_j dct_function z v j)).
  rewrite /dct /coefficient big_distrlr /= !mulr_sumr; apply: eq_bigr => i _.
  by rewrite !mulr_sumr; apply: eq_bigr => j _; ring.
rewrite !sum_dct_function; case: eqP => [-> | _] /=; last by rewrite mul0r mulr0.
case: eqP => [-> | _] /=; last by rewrite !mulr0.
have square := factor_square dct_zero; rewrite /= in square.
transitivity (factor dct_zero ^+ 2 * N%:R * (N%:R * a)); first by ring.
by rewrite square mul1r.
Qed.

(* JPEG transforms pixels less half of the number of levels: 128 for 8 bits,  *)
(* of which the largest is 255. Negation then adds the half level twice: the *)
(* DC coefficient goes to -DC - N, and all others to their negatives.         *)
Theorem dct_negative (half : F) A u v :
  dct (fun i j => (2%:R * half - 1 - A i j) - half) u v
  = - dct (fun i j => A i j - half) u v
    - (if (u == dct_zero) && (v == dct_zero) then N%:R else 0).
Proof.
have -> : dct (fun i j => 2%:R * half - 1 - A i j - half) u v
    = dct (fun i j => (- 1) - (A i j - half)) u v.
  by rewrite /dct; apply: eq_coefficient => i j; ring.
rewrite /dct coefficient_negative -/(dct _ u v) dct_constant addrC; congr (_ + _).
by case: ifP => _; rewrite ?mulrN1 ?oppr0.
Qed.

(* Rotation and inversion: signs (-1)^u and (-1)^v, and transposition. *)
Theorem dct_transform (t : 'I_8) A u v :
  dct (block_transform t A) u v
  = (-1) ^+ coefficient_sign (fun u : 'I_N => odd u) t (u, v)
    * dct A (coefficient_place t (u, v)).1 (coefficient_place t (u, v)).2.
Proof.
apply: coefficient_transform => [w i | w x]; first exact: dct_parity.
exact: mulrC.
Qed.

End Coefficients.

(* ------------------------------------------------------------------------- *)
(* Reductions by cosines                                                     *)
(* ------------------------------------------------------------------------- *)

(* The theorem of Reductions.v with cosines in place of functions of which it *)
(* is assumed that they are even or odd. Weights drop coefficients, or scale  *)
(* them.                                                                      *)
Theorem block_dct_zscore_gram (F : numFieldType) (level z : F) (R S B C : nat)
    (weight : 'I_B -> 'I_B -> F) (k : key R S C) (divisor : F -> F) N M1 M2
    (T : 'I_N -> image R S B C F) (X : 'I_M1 -> image R S B C F)
    (Y : 'I_M2 -> image R S B C F) :
  (4 * B).-primitive_root z -> (forall u v, weight u v = weight v u) -> (0 < N)%N ->
  let r K (imgs : 'I_K -> image R S B C F) :=
    data_set (fun i => block_coefficients (dct_function z) weight (imgs i)) in
  let e K (imgs : 'I_K -> image R S B C F) i := encrypt_image (fun x => level - x) k (imgs i) in
  gram (zscore divisor (r N (e N T)) (r M1 (e M1 X)))
       (zscore divisor (r N (e N T)) (r M2 (e M2 Y)))
  = gram (zscore divisor (r N T) (r M1 X)) (zscore divisor (r N T) (r M2 Y)).
Proof.
move=> z_root symmetric N_gt0 r e.
exact: (block_coefficients_zscore_gram level (dct_parity z_root) symmetric).
Qed.
