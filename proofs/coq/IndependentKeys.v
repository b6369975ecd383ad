(******************************************************************************)
(* Independent keys: what is left of inner products                           *)
(*                                                                            *)
(* What is proved. Let x and y be images of m = R S blocks of B x B pixels    *)
(* with C channels, u and v the same centred on mid-grey, and Q a uniform     *)
(* key: every block permutation, and for each block every transform, sign and *)
(* order of the components, alike. Over all keys                              *)
(*  - the inner product <u, Q v> has mean 0;                                  *)
(*  - its variance is <S_u, mean over g of S_v moved by g>_F / m, where S_u    *)
(*    is the sum over the blocks of u_b u_b^T, and g runs through the 8       *)
(*    transforms and the C! orders of the components;                         *)
(*  - the law of <P u, Q v> under two independent uniform keys is the same.    *)
(* Without the negative-positive step the mean need not be 0: two white       *)
(* images have the same inner product, not 0, under every key.                *)
(*                                                                            *)
(* What is not said: anything about keys that come from a generator, or about *)
(* the scores of a machine.                                                   *)
(*                                                                            *)
(* Why one would believe it. The signs are independent and as often +1 as -1, *)
(* so in the square only a block with itself remains. Its partner is any      *)
(* block alike, moved by any g alike. P^T Q is as uniform as Q.               *)
(*                                                                            *)
(* Definitions: mean, variance, key_of, move, block_pixel, second_moment,     *)
(*   inner_product_variance, block_product, mul_left.                         *)
(******************************************************************************)

From mathcomp Require Import all_ssreflect all_algebra fingroup perm.
From EtC Require Import SignedPermutation Blocks Normalization Forest.

Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.

Import GRing.Theory Num.Theory.
Local Open Scope ring_scope.

(* ------------------------------------------------------------------------- *)
(* Means over a finite set                                                   *)
(* ------------------------------------------------------------------------- *)

Section Mean.

Variable F : realFieldType.

(* The mean over all elements, each alike. *)
Definition mean (I : finType) (h : I -> F) : F := expectation (uniform F [set: I]) h.

Definition variance (I : finType) (h : I -> F) : F := mean (fun i => (h i - mean h) ^+ 2).

Lemma meanE (I : finType) (h : I -> F) : mean h = (\sum_i h i) / #|I|%:R.
Proof.
rewrite /mean expectation_uniform cardsT; congr (_ / _).
by apply: eq_bigl => i; rewrite inE.
Qed.

Lemma eq_mean (I : finType) (h h' : I -> F) : (forall i, h i = h' i) -> mean h = mean h'.
Proof. exact: eq_expectation. Qed.

Lemma mean_sum (I J : finType) (h : I -> J -> F) :
  mean (fun i => \sum_j h i j) = \sum_j mean (h^~ j).
Proof.
by rewrite meanE exchange_big mulr_suml; apply: eq_bigr => j _; rewrite meanE.
Qed.

Lemma mean_scale (I : finType) (a : F) (h : I -> F) : mean (fun i => a * h i) = a * mean h.
Proof. by rewrite !meanE -mulr_sumr mulrA. Qed.

Lemma mean_exchange (I J : finType) (h : I -> J -> F) :
  mean (fun i => mean (h i)) = mean (fun j => mean (h^~ j)).
Proof. exact: expectation_exchange. Qed.

Lemma mean_pair (I J : finType) (h : I * J -> F) :
  mean h = mean (fun i => mean (fun j => h (i, j))).
Proof.
rewrite !meanE card_prod natrM invfM mulrCA mulrC.
under [in RHS]eq_bigr do rewrite meanE.
rewrite -mulr_suml pair_bigA /=; congr (_ * _ * _).
by apply: eq_bigr => -[].
Qed.

Lemma mean_const (I : finType) (a : F) : (0 < #|I|)%N -> mean (fun _ : I => a) = a.
Proof.
move=> I_gt0; rewrite meanE sumr_const -[_ *+ _]mulr_natr mulfK //.
by rewrite pnatr_eq0 -lt0n.
Qed.

Lemma mean_reindex (I : finType) (t : I -> I) (h : I -> F) :
  injective t -> mean (fun i => h (t i)) = mean h.
Proof. by move=> t_inj; rewrite !meanE [in RHS](reindex_inj t_inj). Qed.

(* One value of a uniform function is uniform. *)
Lemma mean_value (I J : finType) (i : I) (h : J -> F) :
  mean (fun f : {ffun I -> J} => h (f i)) = mean h.
Proof.
case: (pickP J) => [j0 _|J0]; last first.
  by rewrite !meanE !big1 ?mul0r // => [j|f] _; [have := J0 j|have := J0 (f i)].
have J_gt0 : (0 < #|J|)%N by apply/card_gt0P; exists j0.
have f_gt0 : (0 < #|{ffun I -> J}|)%N by apply/card_gt0P; exists [ffun=> j0].
pose swap (fj : {ffun I -> J} * J) : {ffun I -> J} * J :=
  ([ffun i' => if i' == i then fj.2 else fj.1 i'], fj.1 i).
have swapK : involutive swap.
  move=> [f j]; rewrite /swap /= ffunE eqxx; congr (_, _).
  by apply/ffunP => i'; rewrite !ffunE; case: eqP => [->|].
transitivity (mean (fun fj : {ffun I -> J} * J => h (fj.1 i))).
  by rewrite mean_pair; apply: eq_mean => f /=; rewrite mean_const.
transitivity (mean (fun fj : {ffun I -> J} * J => h fj.2)).
  by rewrite -(mean_reindex _ (inv_inj swapK)) /=; apply: eq_mean => fj; rewrite ffunE eqxx.
by rewrite mean_pair /= mean_const.
Qed.

(* Where a uniform permutation sends one place is uniform. *)
Lemma mean_place m (b : 'I_m) (h : 'I_m -> F) : mean (fun p : 'S_m => h (p b)) = mean h.
Proof.
have m_gt0 : (0 < #|'I_m|)%N by apply/card_gt0P; exists b.
have p_gt0 : (0 < #|{perm 'I_m}|)%N by apply/card_gt0P; exists 1%g.
have same b' : mean (fun p : 'S_m => h (p b)) = mean (fun p : 'S_m => h (p b')).
  rewrite -(mean_reindex (fun p : 'S_m => h (p b')) (@mulgI _ (tperm b b'))).
  by apply: eq_mean => p; rewrite permM tpermR.
rewrite -[LHS](mean_const _ m_gt0) (eq_mean same) mean_exchange.
rewrite -[RHS](mean_const _ p_gt0); apply: eq_mean => p.
exact: (mean_reindex h (@perm_inj _ p)).
Qed.

(* --- random signs ---------------------------------------------------------- *)

Lemma mean_sign (I : finType) (b : I) : mean (fun s : {ffun I -> bool} => (-1) ^+ s b) = 0.
Proof. by rewrite (mean_value b (fun s : bool => (-1) ^+ s)) meanE big_bool /= addNr mul0r. Qed.

Lemma mean_two_signs (I : finType) (b b' : I) :
  mean (fun s : {ffun I -> bool} => (-1) ^+ s b * (-1) ^+ s b') = (b == b')%:R.
Proof.
have [<-|b_neq] := eqVneq b b'.
  rewrite -[RHS](@mean_const [finType of {ffun I -> bool}]) ?mulr1n //; last first.
    by apply/card_gt0P; exists [ffun=> true].
  by apply: eq_mean => s; rewrite -expr2 sqrr_sign.
pose flip (s : {ffun I -> bool}) := [ffun i => (i == b) (+) s i].
have flipK : involutive flip by move=> s; apply/ffunP => i; rewrite !ffunE addbA addbb.
set h := fun s => _; have : mean h = - mean h.
  rewrite -mulN1r -mean_scale -(mean_reindex h (inv_inj flipK)); apply: eq_mean => s.
  rewrite /h !ffunE eqxx [b' == b]eq_sym (negPf b_neq) addFb addTb signrN.
  by rewrite mulN1r mulNr.
by move/eqP; rewrite eq_sym eqNr => /eqP.
Qed.

(* Uniform signs before given numbers: mean 0, and the squares remain. *)
Theorem signs_mean (I : finType) (a : I -> F) :
  mean (fun s : {ffun I -> bool} => \sum_b (-1) ^+ s b * a b) = 0.
Proof.
rewrite mean_sum big1 // => b _.
by under eq_mean do rewrite mulrC; rewrite mean_scale mean_sign mulr0.
Qed.

Theorem signs_mean_square (I : finType) (a : I -> F) :
  mean (fun s : {ffun I -> bool} => (\sum_b (-1) ^+ s b * a b) ^+ 2) = \sum_b a b ^+ 2.
Proof.
under eq_mean do rewrite expr2 big_distrlr /=.
rewrite mean_sum; apply: eq_bigr => b _; rewrite mean_sum.
rewrite (bigD1 b) //= big1 ?addr0 => [|b' b'_neq];
  under eq_mean do rewrite mulrACA mulrC; rewrite mean_scale mean_two_signs.
  by rewrite eqxx mulr1.
by rewrite eq_sym (negPf b'_neq) mulr0.
Qed.

End Mean.

(* ------------------------------------------------------------------------- *)
(* Uniform keys                                                              *)
(* ------------------------------------------------------------------------- *)

Section UniformKeys.

Variables (F : realFieldType) (level : F) (R S B C : nat).

Notation m := (R * S)%N.
Notation n := (R * B * (S * B) * C)%N.
Notation block := 'I_(R * S).
Notation place := ('I_B * 'I_B * 'I_C)%type.
Notation motion := ('I_8 * 'S_C)%type.

(* Keys as a finite set: permutation, transforms with orders, signs. *)
Notation finite_key := ('S_(R * S) * {ffun block -> motion} * {ffun block -> bool})%type.

Definition key_of (k : finite_key) : key R S C :=
  Key k.1.1 (fun b => (k.1.2 b).1) k.2 (fun b => (k.1.2 b).2).

(* Every key of the scheme is in the set. *)
Theorem every_key_is_drawn (k : key R S C) : exists k' : finite_key,
  [/\ K1 (key_of k') = K1 k, K2 (key_of k') =1 K2 k, K3 (key_of k') =1 K3 k
    & K4 (key_of k') =1 K4 k].
Proof.
exists (K1 k, [ffun b => (K2 k b, K4 k b)], [ffun b => K3 k b]).
by split=> [//|b|b|b] /=; rewrite ffunE.
Qed.

(* And only once. *)
Theorem no_key_is_drawn_twice (k k' : finite_key) :
  K1 (key_of k) = K1 (key_of k') -> K2 (key_of k) =1 K2 (key_of k') ->
  K3 (key_of k) =1 K3 (key_of k') -> K4 (key_of k) =1 K4 (key_of k') -> k = k'.
Proof.
case: k k' => [[p g] s] [[p' g'] s'] /= -> eq2 eq3 eq4.
have -> : s = s' by apply/ffunP.
congr (_, _, _); apply/ffunP => b.
by rewrite [LHS]surjective_pairing eq2 eq4 -surjective_pairing.
Qed.

(* Where the pixel at place e of a block comes from under transform and order. *)
Definition move (g : motion) (e : place) : place := (d4_place g.1 e.1, g.2 e.2).

Definition block_pixel (u : 'cV[F]_n) (b : block) (e : place) : F :=
  u (flat_of_address (b, e.1, e.2)) 0.

(* The sum over the blocks of u_b u_b^T. *)
Definition second_moment (u : 'cV[F]_n) (e e' : place) : F :=
  \sum_b block_pixel u b e * block_pixel u b e'.

(* <S_u, mean over g of S_v moved by g>_F / m *)
Definition inner_product_variance (u v : 'cV[F]_n) : F :=
  (\sum_e \sum_e' second_moment u e e'
     * mean (fun g : motion => second_moment v (move g e) (move g e'))) / m%:R.

Definition block_product (u v : 'cV[F]_n) (b b' : block) (g : motion) : F :=
  \sum_e block_pixel u b e * block_pixel v b' (move g e).

Notation Q k := (sp_matrix F (key_signed_perm B (key_of k))).

Lemma inner_product_blocks (u v : 'cV[F]_n) :
  inner_product u v = \sum_b \sum_e block_pixel u b e * block_pixel v b e.
Proof.
rewrite pair_bigA /inner_product /=.
pose at_address (be : block * place) := flat_of_address (be.1, be.2.1, be.2.2).
rewrite (reindex at_address) //=.
exists (fun l : 'I_n => let: (b, q, c) := address_of_flat l in (b, (q, c))).
  by move=> [b [q c]] _; rewrite /at_address flat_of_addressK.
move=> l _; rewrite /at_address -[RHS]address_of_flatK.
by case: (address_of_flat l) => [[b q] c].
Qed.

Lemma block_pixel_key k (v : 'cV[F]_n) b e :
  block_pixel (Q k *m v) b e = (-1) ^+ k.2 b * block_pixel v (k.1.1 b) (move (k.1.2 b) e).
Proof.
by rewrite /block_pixel sp_matrix_mulE key_signed_perm_negated key_signed_perm_source.
Qed.

Lemma inner_product_key k (u v : 'cV[F]_n) :
  inner_product u (Q k *m v)
  = \sum_b (-1) ^+ k.2 b * block_product u v b (k.1.1 b) (k.1.2 b).
Proof.
rewrite inner_product_blocks; apply: eq_bigr => b _; rewrite mulr_sumr.
by apply: eq_bigr => e _; rewrite block_pixel_key mulrCA.
Qed.

Theorem key_mean (u v : 'cV[F]_n) : mean (fun k => inner_product u (Q k *m v)) = 0.
Proof.
under eq_mean do rewrite inner_product_key.
rewrite mean_pair; under eq_mean => pg do rewrite /= signs_mean.
by rewrite meanE big1 ?mul0r.
Qed.

Lemma block_product_squares (u v : 'cV[F]_n) g :
  \sum_b \sum_b' block_product u v b b' g ^+ 2
  = \sum_e \sum_e' second_moment u e e' * second_moment v (move g e) (move g e').
Proof.
under [RHS]eq_bigr => e _ do under eq_bigr => e' _ do rewrite big_distrlr pair_bigA.
rewrite [LHS]pair_bigA [RHS]pair_bigA exchange_big /=; apply: eq_bigr => bb _.
rewrite expr2 big_distrlr pair_bigA; apply: eq_bigr => ee _ /=.
exact: mulrACA.
Qed.

Theorem key_mean_square (u v : 'cV[F]_n) :
  mean (fun k => inner_product u (Q k *m v) ^+ 2) = inner_product_variance u v.
Proof.
under eq_mean do rewrite inner_product_key.
rewrite mean_pair; under eq_mean => pg do rewrite /= signs_mean_square.
rewrite mean_pair /=.
under eq_mean => p do rewrite mean_sum.
rewrite mean_sum /inner_product_variance.
transitivity (\sum_b mean (fun b' => mean (fun g : motion => block_product u v b b' g ^+ 2))).
  apply: eq_bigr => b _.
  rewrite -(mean_place b); apply: eq_mean => p.
  exact: (mean_value b (fun g => block_product u v b (p b) g ^+ 2)).
under eq_bigr => b _ do rewrite mean_exchange.
rewrite -mean_sum; under eq_mean => g.
  under eq_bigr => b _ do rewrite meanE card_ord.
  rewrite -mulr_suml block_product_squares mulrC.
  over.
rewrite mean_scale mulrC mean_sum; congr (_ / _); apply: eq_bigr => e _.
by rewrite mean_sum; apply: eq_bigr => e' _; rewrite mean_scale.
Qed.

(* --- two keys --------------------------------------------------------------- *)

Lemma d4_mul_inj (s : 'I_8) : injective (d4_mul s).
Proof.
apply: (can_inj (g := d4_mul (d4_inv s))) => t; apply: val_inj.
by elim/ord8_ind: s; elim/ord8_ind: t; rewrite /= /d4_code_mul /d4_code_inv !inordK.
Qed.

(* [mul_left P k] encrypts with k first, then with P. *)
Definition mul_left (P : key R S C) (k : finite_key) : finite_key :=
  ((K1 P * k.1.1)%g,
   [ffun b => (d4_mul (K2 P b) (k.1.2 (K1 P b)).1, (K4 P b * (k.1.2 (K1 P b)).2)%g)],
   [ffun b => K3 P b (+) k.2 (K1 P b)]).

Lemma mul_left_inj P : injective (mul_left P).
Proof.
move=> [[p g] s] [[p' g'] s'] [/mulgI -> /ffunP eq_g /ffunP eq_s].
congr (_, _, _); apply/ffunP => b; rewrite -[b](permKV (K1 P)).
  have := eq_g ((K1 P)^-1%g b); rewrite !ffunE => eq12.
  rewrite [LHS]surjective_pairing [RHS]surjective_pairing.
  have /d4_mul_inj -> := congr1 (@fst _ _) eq12.
  by have /mulgI -> := congr1 (@snd _ _) eq12.
by have := eq_s ((K1 P)^-1%g b); rewrite !ffunE => /addbI.
Qed.

Lemma mul_left_signed_perm P k :
  key_signed_perm B (key_of (mul_left P k))
  = sp_mul (key_signed_perm B P) (key_signed_perm B (key_of k)).
Proof.
rewrite -key_signed_perm_mul; apply: signed_perm_ext => l; rewrite -[l]address_of_flatK;
  case: (address_of_flat l) => [[b q] c].
  by rewrite !key_signed_perm_source /= !ffunE.
by rewrite !key_signed_perm_negated /= !ffunE.
Qed.

Lemma two_keys_one_key P k (u v : 'cV[F]_n) :
  inner_product (Q P *m u) (Q k *m v)
  = inner_product u (Q (mul_left (key_inv (key_of P)) k) *m v).
Proof.
rewrite mul_left_signed_perm sp_matrix_mul key_signed_perm_inv sp_matrix_inv -mulmxA.
rewrite -[LHS](@orthogonal_inner_product _ _ (Q P)^T); last first.
  exact/orthogonal_tr/sp_matrix_orthogonal.
by rewrite mulmxA [_ *m Q P]sp_matrix_orthogonal mul1mx.
Qed.

(* --- images ----------------------------------------------------------------- *)

Notation encrypted k x := (encrypt_image (fun a => level - a) (key_of k) x).
Notation centred x := (midgrey_centred level (flatten_image x)).
Implicit Types x y : image R S B C F.

Lemma centred_encrypted k x : centred (encrypted k x) = Q k *m centred x.
Proof. by rewrite flatten_encrypt_image sp_apply_affine midgrey_encrypt. Qed.

Theorem independent_key_mean x y :
  mean (fun k => inner_product (centred x) (centred (encrypted k y))) = 0.
Proof. by under eq_mean do rewrite centred_encrypted; apply: key_mean. Qed.

Theorem independent_key_variance x y :
  variance (fun k => inner_product (centred x) (centred (encrypted k y)))
  = inner_product_variance (centred x) (centred y).
Proof.
rewrite /variance independent_key_mean.
by under eq_mean do rewrite subr0 centred_encrypted; apply: key_mean_square.
Qed.

(* A key for each image: the whole law is that of one key. *)
Theorem two_keys_same_law x y (h : F -> F) :
  mean (fun PQ => h (inner_product (centred (encrypted PQ.1 x)) (centred (encrypted PQ.2 y))))
  = mean (fun k => h (inner_product (centred x) (centred (encrypted k y)))).
Proof.
have key_gt0 : (0 < #|{: finite_key}|)%N.
  by apply/card_gt0P; exists (1%g, [ffun=> (d4_one, 1%g)], [ffun=> false]).
rewrite mean_pair -[RHS](mean_const _ key_gt0); apply: eq_mean => P.
rewrite -[RHS](mean_reindex _ (@mul_left_inj (key_inv (key_of P)))).
by apply: eq_mean => k; rewrite /= !centred_encrypted two_keys_one_key.
Qed.

Theorem independent_keys_mean x y :
  mean (fun PQ => inner_product (centred (encrypted PQ.1 x)) (centred (encrypted PQ.2 y))) = 0.
Proof. by rewrite (two_keys_same_law x y id) independent_key_mean. Qed.

Theorem independent_keys_variance x y :
  variance (fun PQ => inner_product (centred (encrypted PQ.1 x)) (centred (encrypted PQ.2 y)))
  = inner_product_variance (centred x) (centred y).
Proof.
rewrite /variance independent_keys_mean (two_keys_same_law x y (fun a => (a - 0) ^+ 2)).
by rewrite -independent_key_variance /variance independent_key_mean.
Qed.

(* --- without the negative-positive step -------------------------------------- *)

(* Under every key without negation, so in the mean too. *)
Theorem white_unnegated_inner_product (k : finite_key) :
  let white : image R S B C F := fun _ _ _ => level in
  k.2 =1 (fun=> false) -> level != 0 -> (0 < n)%N ->
  inner_product (centred white) (centred (encrypted k white)) = (level / 2%:R) ^+ 2 *+ n
  /\ (level / 2%:R) ^+ 2 *+ n != 0.
Proof.
move=> white unnegated level_neq0 n_gt0; split; last first.
  by rewrite mulrn_eq0 negb_or -lt0n n_gt0 expf_neq0 // mulf_neq0 // invr_eq0 pnatr_eq0.
have half : level - level / 2%:R = level / 2%:R by rewrite {1}[level]splitr addrK.
transitivity (\sum_(l : 'I_n) (level / 2%:R) ^+ 2); last by rewrite sumr_const card_ord.
apply: eq_bigr => l _.
rewrite centred_encrypted sp_matrix_mulE -[l]address_of_flatK.
case: (address_of_flat l) => [[b q] c]; rewrite key_signed_perm_negated /= unnegated.
by rewrite !mxE half mul1r expr2.
Qed.

End UniformKeys.
