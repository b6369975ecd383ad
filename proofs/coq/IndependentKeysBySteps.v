(******************************************************************************)
(* Independent keys, by steps: inner products under keys of some of the steps *)
(*                                                                            *)
(* What is proved. IndependentKeys.v has the law under keys with all four     *)
(* steps. Here any subset of the steps is drawn, each part of the key alike   *)
(* and independent of the others; what is not drawn does nothing. Let x and y *)
(* be images of m blocks, u and v the same centred on mid-grey, and for       *)
(* blocks b of u and b' of v, with the mean over the drawn motions (the       *)
(* transforms and the orders of the components, or those of them that are     *)
(* among the steps),                                                          *)
(*    A b b' = mean of <u_b, g v_b'>,   W b b' = mean of <u_b, g v_b'>^2.     *)
(* Let "over pairs" be the sum over all pairs of blocks divided by m where    *)
(* blocks are permuted, and the sum over the pairs (b, b) where they are not. *)
(*  - With the negative-positive step the mean of the inner product is 0, and *)
(*    its variance is W over pairs.                                           *)
(*  - Without it the mean is A over pairs, and the variance W - A^2 over      *)
(*    pairs; and where blocks are permuted, plus the sum over all pairs of    *)
(*    d^2 / (m - 1), where d is A less its means of rows and columns.         *)
(*  - Where blocks are permuted these sums are inner products of second       *)
(*    moments: of S_u with the mean over g of S_v moved by g; of S_u with     *)
(*    S_w for w the mean over g of v moved by g; and the same of u and w less *)
(*    their mean blocks.                                                      *)
(*  - Two independent keys, one an image, have the same law as one.           *)
(*                                                                            *)
(* What is not said: anything about keys that come from a generator, or about *)
(* the scores of a machine. Motions that are the same map of a block (of one  *)
(* pixel, say) are counted as often as they have codes.                       *)
(*                                                                            *)
(* Why one would believe it. Given the permutation, the blocks' terms are     *)
(* independent. The permutation's part of the variance is that of the         *)
(* combinatorial central limit theorem: W. Hoeffding, 1951, Annals of         *)
(* Mathematical Statistics 22, theorem 2.                                     *)
(*                                                                            *)
(* Definitions: row_mean, column_mean, grand_mean, interaction, steps,        *)
(*   drawn_permutation, drawn_motion, drawn, keys_of_steps, exchange_drawn,   *)
(*   pair_mean, pair_square, pair_variance, over_pairs, key_mean_by_steps,    *)
(*   permutation_part, key_variance_by_steps, moment, moved_mean, less_mean.  *)
(******************************************************************************)

From mathcomp Require Import all_ssreflect all_algebra fingroup perm.
From mathcomp.algebra_tactics Require Import ring.
From EtC Require Import SignedPermutation Blocks Normalization Forest IndependentKeys.

Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.

Import GRing.Theory Num.Theory.
Local Open Scope ring_scope.

(* ------------------------------------------------------------------------- *)
(* Independent values and random permutations                                *)
(* ------------------------------------------------------------------------- *)

Section Independence.

Variable F : realFieldType.
Notation mean := (@mean F _).

Lemma mean_add (I : finType) (h h' : I -> F) :
  mean (fun i => h i + h' i) = mean h + mean h'.
Proof. by rewrite !meanE big_split mulrDl. Qed.

Lemma mean_sub (I : finType) (h h' : I -> F) :
  mean (fun i => h i - h' i) = mean h - mean h'.
Proof. by rewrite !meanE sumrB mulrBl. Qed.

Lemma variance_moments (I : finType) (h : I -> F) : (0 < #|I|)%N ->
  variance h = mean (fun i => h i ^+ 2) - mean h ^+ 2.
Proof.
move=> I_gt0; rewrite /variance; set mu := mean h.
rewrite (eq_mean (h' := fun i => h i ^+ 2 - (2%:R * mu) * h i + mu ^+ 2)); last by move=> i; ring.
by rewrite mean_add mean_sub mean_const // mean_scale -/mu; ring.
Qed.

(* Two values of a uniform function are independent. *)
Lemma mean_two_values (I J : finType) (i i' : I) (h h' : J -> F) : i != i' ->
  mean (fun f : {ffun I -> J} => h (f i) * h' (f i')) = mean h * mean h'.
Proof.
move=> i_neq; case: (pickP J) => [j0 _|J0]; last first.
  by rewrite !meanE !big1 ?mul0r // => [j|j|f] _; [have := J0 j|have := J0 j|have := J0 (f i)].
have J_gt0 : (0 < #|J|)%N by apply/card_gt0P; exists j0.
pose swap (fj : {ffun I -> J} * J) : {ffun I -> J} * J :=
  ([ffun l => if l == i then fj.2 else fj.1 l], fj.1 i).
have swapK : involutive swap.
  move=> [f j]; rewrite /swap /= ffunE eqxx; congr (_, _).
  by apply/ffunP => l; rewrite !ffunE; case: eqP => [->|].
transitivity (mean (fun fj : {ffun I -> J} * J => h (fj.1 i) * h' (fj.1 i'))).
  by rewrite mean_pair; apply: eq_mean => f /=; rewrite mean_const.
transitivity (mean (fun fj : {ffun I -> J} * J => h fj.2 * h' (fj.1 i'))).
  rewrite -(mean_reindex _ (inv_inj swapK)) /=; apply: eq_mean => fj.
  by rewrite !ffunE eqxx eq_sym (negPf i_neq).
rewrite mean_pair /=.
under eq_mean => f do under eq_mean => j do rewrite mulrC.
under eq_mean => f do rewrite mean_scale mulrC.
by rewrite mean_scale (mean_value i' h').
Qed.

(* The square of a sum of independent values. *)
Lemma mean_square_of_values (I J : finType) (h : I -> J -> F) :
  mean (fun f : {ffun I -> J} => (\sum_i h i (f i)) ^+ 2)
  = \sum_i (mean (fun j => h i j ^+ 2) - mean (h i) ^+ 2) + (\sum_i mean (h i)) ^+ 2.
Proof.
under eq_mean do rewrite expr2 big_distrlr /=.
rewrite mean_sum [X in _ + X]expr2 big_distrlr -big_split; apply: eq_bigr => i _ /=.
rewrite mean_sum [LHS](bigD1 i) //= [in RHS](bigD1 i) //= addrA; congr (_ + _).
  by rewrite (mean_value i (fun j => h i j * h i j)) -expr2 subrK.
by apply: eq_bigr => i' i'_neq; rewrite (mean_two_values (h i) (h i')) // eq_sym.
Qed.

Section RandomPermutation.

Variables (m : nat) (a : 'I_m -> 'I_m -> F).

Definition row_mean i : F := mean (a i).
Definition column_mean j : F := mean (a^~ j).
Definition grand_mean : F := mean row_mean.

(* What is left without the means of rows and columns. *)
Definition interaction i j : F := a i j - row_mean i - column_mean j + grand_mean.

Lemma grand_mean_columns : mean column_mean = grand_mean.
Proof. by rewrite /grand_mean /row_mean /column_mean mean_exchange. Qed.

Lemma mean_to_sum (h : 'I_m -> F) : \sum_i h i = m%:R * mean h.
Proof.
case: (pickP 'I_m) => [i _|none]; last first.
  by rewrite meanE !big1 ?(mul0r, mulr0) // => i; have := none i.
rewrite meanE card_ord mulrC divfK // pnatr_eq0 -lt0n.
exact: leq_ltn_trans (leq0n i) (ltn_ord i).
Qed.

Lemma interaction_row i : \sum_j interaction i j = 0.
Proof.
have m_gt0 : (0 < #|'I_m|)%N by apply/card_gt0P; exists i.
rewrite mean_to_sum.
rewrite mean_add !mean_sub !mean_const // grand_mean_columns.
by rewrite subrr sub0r addNr mulr0.
Qed.

Lemma interaction_column j : \sum_i interaction i j = 0.
Proof.
have m_gt0 : (0 < #|'I_m|)%N by apply/card_gt0P; exists j.
rewrite mean_to_sum.
rewrite mean_add !mean_sub !mean_const // -/(column_mean j) -/grand_mean.
by rewrite addrAC subrK subrr mulr0.
Qed.

Lemma sum_places (p : 'S_m) (h : 'I_m -> F) : \sum_i h (p i) = \sum_i h i.
Proof. by rewrite [RHS](reindex_inj (@perm_inj _ p)). Qed.

Lemma sum_interaction (p : 'S_m) :
  \sum_i interaction i (p i) = \sum_i a i (p i) - m%:R * grand_mean.
Proof.
rewrite !big_split /= !sumrN (sum_places p column_mean) sumr_const card_ord -mulr_natl.
by rewrite (mean_to_sum row_mean) (mean_to_sum column_mean) grand_mean_columns -/grand_mean; ring.
Qed.

(* The places of two blocks under a random permutation: nearly independent. *)
Lemma mean_two_places i i' : i != i' ->
  mean (fun p : 'S_m => interaction i (p i) * interaction i' (p i')) * (m.-1)%:R
  = - mean (fun j => interaction i j * interaction i' j).
Proof.
move=> i_neq.
pose at_place j := mean (fun p : 'S_m => interaction i (p i) * interaction i' (p j)).
have same j : j != i -> at_place j = at_place i'.
  move=> j_neq; rewrite /at_place.
  rewrite -(mean_reindex _ (@mulgI _ (tperm i' j))); apply: eq_mean => p.
  by rewrite !permM tpermR tpermD // eq_sym.
have all_places : \sum_j at_place j = 0.
  rewrite -mean_sum meanE big1 ?mul0r // => p _.
  by rewrite -mulr_sumr (sum_places p (interaction i')) interaction_row mulr0.
have at_i : at_place i = mean (fun j => interaction i j * interaction i' j).
  exact: (mean_place i (fun j => interaction i j * interaction i' j)).
move: all_places; rewrite (bigD1 i) //= (eq_bigr (fun=> at_place i')) //.
rewrite sumr_const cardC1 card_ord at_i -/(at_place i') -[_ *+ _]mulr_natr => /eqP.
by rewrite addrC addr_eq0 => /eqP.
Qed.

(* Hoeffding's variance of a sum over the places of a random permutation. *)
Theorem permutation_mean : mean (fun p : 'S_m => \sum_i a i (p i)) = (\sum_i \sum_j a i j) / m%:R.
Proof.
rewrite mean_sum mulr_suml; apply: eq_bigr => i _.
by rewrite (mean_place i (a i)) meanE card_ord.
Qed.

Theorem permutation_variance :
  mean (fun p : 'S_m => (\sum_i a i (p i)) ^+ 2)
    - mean (fun p : 'S_m => \sum_i a i (p i)) ^+ 2
  = (\sum_i \sum_j interaction i j ^+ 2) / (m.-1)%:R.
Proof.
have p_gt0 : (0 < #|{perm 'I_m}|)%N by apply/card_gt0P; exists 1%g.
have meanP : mean (fun p : 'S_m => \sum_i a i (p i)) = m%:R * grand_mean.
  rewrite permutation_mean -mean_to_sum mulr_suml.
  by apply: eq_bigr => i _; rewrite /row_mean meanE card_ord.
rewrite -variance_moments // /variance meanP.
under eq_mean => p do rewrite -sum_interaction expr2 big_distrlr /=.
rewrite mean_sum mulr_suml.
have [m_le1|m_gt1] := leqP m 1.
  have zero (k : 'I_m) : val k = 0%N.
    by apply/eqP; rewrite -leqn0 -ltnS; apply: leq_trans (ltn_ord k) m_le1.
  have sums0 i j : interaction i j = 0.
    rewrite -(interaction_row i) (bigD1 j) //= big1 ?addr0 // => j' /eqP[].
    by apply: val_inj; rewrite (zero j) (zero j').
  rewrite !big1 // => i _; rewrite ?mul0r //.
    by rewrite big1 ?mul0r // => j _; rewrite sums0 expr0n.
  by rewrite mean_sum big1 // => j _; rewrite meanE big1 ?mul0r // => p _; rewrite sums0 mul0r.
have m1_neq0 : (m.-1)%:R != 0 :> F by rewrite pnatr_eq0; case: m m_gt1 => [|[]].
apply: eq_bigr => i _; apply: (mulIf m1_neq0); rewrite divfK //.
rewrite mean_sum [LHS](_ : _ = \sum_i' mean (fun p : 'S_m => interaction i (p i)
  * interaction i' (p i')) * (m.-1)%:R); last by rewrite mulr_suml.
rewrite (bigD1 i) //= [X in _ + X](_ : _ = \sum_(i' | i' != i)
  - mean (fun j => interaction i j * interaction i' j)); last first.
  by apply: eq_bigr => i' i'_neq; rewrite mean_two_places // eq_sym.
have all_columns : \sum_i' mean (fun j => interaction i j * interaction i' j) = 0.
  rewrite -mean_sum meanE big1 ?mul0r // => j _.
  by rewrite -mulr_sumr interaction_column mulr0.
move: all_columns; rewrite (bigD1 i) //= sumrN => /eqP; rewrite addrC addr_eq0 => /eqP ->.
rewrite opprK (mean_place i (fun j => interaction i j * interaction i j)).
rewrite -{2}[mean _]mulr1 -mulrDr -[1]/(1%:R) -natrD addn1 prednK; last exact: ltnW.
by rewrite mulrC -mean_to_sum; apply: eq_bigr => j _; rewrite expr2.
Qed.

End RandomPermutation.

End Independence.

(* ------------------------------------------------------------------------- *)
(* Keys of some of the steps                                                 *)
(* ------------------------------------------------------------------------- *)

Record steps := Steps { permutes : bool; transforms : bool; negates : bool; shuffles : bool }.

Section KeysBySteps.

Variables (F : realFieldType) (level : F) (R S B C : nat) (st : steps).
Notation mean := (@mean F _).

Notation m := (R * S)%N.
Notation n := (R * B * (S * B) * C)%N.
Notation block := 'I_(R * S).
Notation place := ('I_B * 'I_B * 'I_C)%type.
Notation motion := ('I_8 * 'S_C)%type.
Notation finite_key := ('S_(R * S) * {ffun block -> motion} * {ffun block -> bool})%type.
Notation Q k := (sp_matrix F (key_signed_perm B (key_of k))).
Implicit Types (u v : 'cV[F]_n) (k : finite_key) (g : motion).

(* What the steps that are drawn leave of a key: the others do nothing. *)
Definition drawn_permutation (p : 'S_(R * S)) : 'S_(R * S) := if permutes st then p else 1%g.
Definition drawn_motion g : motion :=
  (if transforms st then g.1 else d4_one, if shuffles st then g.2 else 1%g).
Definition drawn k : finite_key :=
  (drawn_permutation k.1.1, [ffun b => drawn_motion (k.1.2 b)],
   [ffun b => negates st && k.2 b]).

(* The keys of these steps. *)
Definition keys_of_steps : {set finite_key} := [set k | drawn k == k].

Lemma drawn_idempotent k : drawn (drawn k) = drawn k.
Proof.
rewrite /drawn /drawn_permutation /=; congr (_, _, _); first by case: (permutes st).
  by apply/ffunP => b; rewrite !ffunE /drawn_motion; case: (transforms st); case: (shuffles st).
by apply/ffunP => b; rewrite !ffunE andbA andbb.
Qed.

(* The drawn parts of one key, the others of another. *)
Definition exchange_drawn (k k' : finite_key) : finite_key :=
  (if permutes st then k.1.1 else k'.1.1,
   [ffun b => (if transforms st then (k.1.2 b).1 else (k'.1.2 b).1,
               if shuffles st then (k.1.2 b).2 else (k'.1.2 b).2)],
   [ffun b => if negates st then k.2 b else k'.2 b]).

Lemma drawn_exchange k k' : drawn (exchange_drawn k k') = drawn k.
Proof.
rewrite /drawn /exchange_drawn /drawn_permutation /=; congr (_, _, _); first by case: (permutes st).
  by apply/ffunP => b; rewrite !ffunE /drawn_motion; case: (transforms st); case: (shuffles st).
by apply/ffunP => b; rewrite !ffunE; case: (negates st).
Qed.

Lemma exchange_exchange k k' k'' :
  exchange_drawn k (exchange_drawn k' k'') = exchange_drawn k k''.
Proof.
rewrite /exchange_drawn /=; congr (_, _, _); first by case: (permutes st).
  by apply/ffunP => b; rewrite !ffunE; congr (_, _); [case: (transforms st)|case: (shuffles st)].
by apply/ffunP => b; rewrite !ffunE; case: (negates st).
Qed.

Lemma exchange_own k k' : drawn k = drawn k' -> exchange_drawn k k' = k'.
Proof.
case: k k' => [[p g] s] [[p' g'] s']; rewrite /drawn /drawn_permutation /exchange_drawn /=.
move=> [eq_p /ffunP eq_g /ffunP eq_s]; congr (_, _, _); first by case: (permutes st) eq_p.
  apply/ffunP => b; rewrite ffunE [RHS]surjective_pairing.
  have := eq_g b; rewrite !ffunE => -[eq1 eq2].
  by congr (_, _); [case: (transforms st) eq1|case: (shuffles st) eq2].
by apply/ffunP => b; rewrite ffunE; have := eq_s b; rewrite !ffunE; case: (negates st).
Qed.

(* A uniform key of all steps, with the others left out, is a uniform key of *)
(* these steps: each of them is drawn alike.                                  *)
Theorem drawn_is_uniform (h : finite_key -> F) :
  mean (fun k => h (drawn k)) = expectation (uniform F keys_of_steps) h.
Proof.
pose fibre k0 := [set k | drawn k == k0].
pose one : finite_key := drawn (1%g, [ffun=> (d4_one, 1%g)], [ffun=> false]).
have fibre_card k0 : drawn k0 == k0 -> #|fibre k0| = #|fibre one|.
  have le k1 k2 : drawn k1 = k1 -> drawn k2 = k2 -> (#|fibre k1| <= #|fibre k2|)%N.
    move=> own1 own2; rewrite -(@card_in_imset _ _ (exchange_drawn k2) (fibre k1)).
      apply: subset_leq_card; apply/subsetP => _ /imsetP[k _ ->].
      by rewrite inE drawn_exchange own2.
    move=> k k'; rewrite !inE => /eqP k_in /eqP k'_in.
    move/(congr1 (exchange_drawn k1)); rewrite !exchange_exchange.
    by rewrite !exchange_own ?own1.
  by move=> /eqP own; apply/eqP; rewrite eqn_leq !le // drawn_idempotent.
have fibre_gt0 : (0 < #|fibre one|)%N.
  by apply/card_gt0P; exists one; rewrite inE drawn_idempotent.
have by_fibre (h' : finite_key -> F) :
    \sum_k h' (drawn k) = #|fibre one|%:R * \sum_(k in keys_of_steps) h' k.
  rewrite (partition_big drawn (mem keys_of_steps)) /=; last first.
    by move=> k _; rewrite inE drawn_idempotent.
  rewrite mulr_sumr; apply: eq_bigr => k0; rewrite inE => own.
  rewrite (eq_bigr (fun=> h' k0)) => [|k /eqP -> //].
  rewrite sumr_const -(fibre_card _ own) mulr_natl; congr (_ *+ _).
  by apply: eq_card => k; rewrite [RHS]inE.
have total : #|{: finite_key}|%:R = #|fibre one|%:R * #|keys_of_steps|%:R :> F.
  by have := by_fibre (fun=> 1); rewrite !sumr_const.
rewrite meanE by_fibre expectation_uniform total.
by rewrite -mulf_div divff ?mul1r // pnatr_eq0 -lt0n.
Qed.

(* --- one block with another ------------------------------------------------- *)

(* Mean, mean square and variance of <u_b, g v_b'> over the drawn motions g. *)
Definition pair_mean u v (b b' : block) : F :=
  mean (fun g => block_product u v b b' (drawn_motion g)).
Definition pair_square u v (b b' : block) : F :=
  mean (fun g => block_product u v b b' (drawn_motion g) ^+ 2).
Definition pair_variance u v (b b' : block) : F :=
  pair_square u v b b' - pair_mean u v b b' ^+ 2.

(* All pairs alike where blocks are permuted, else each block with its own. *)
Definition over_pairs (h : block -> block -> F) : F :=
  if permutes st then (\sum_b \sum_b' h b b') / m%:R else \sum_b h b b.

Definition key_mean_by_steps u v : F :=
  if negates st then 0 else over_pairs (pair_mean u v).

Definition permutation_part u v : F :=
  if permutes st then (\sum_b \sum_b' interaction (pair_mean u v) b b' ^+ 2) / (m.-1)%:R else 0.

Definition key_variance_by_steps u v : F :=
  if negates st then over_pairs (pair_square u v)
  else over_pairs (pair_variance u v) + permutation_part u v.

Notation product u v k := (inner_product u (Q (drawn k) *m v)).

Lemma inner_product_drawn u v k :
  product u v k = \sum_b (-1) ^+ (negates st && k.2 b)
    * block_product u v b (drawn_permutation k.1.1 b) (drawn_motion (k.1.2 b)).
Proof. by rewrite inner_product_key; apply: eq_bigr => b _; rewrite !ffunE. Qed.

Lemma mean_over_pairs (h : block -> block -> F) :
  mean (fun p : 'S_(R * S) => \sum_b h b (drawn_permutation p b)) = over_pairs h.
Proof.
have p_gt0 : (0 < #|{perm block}|)%N by apply/card_gt0P; exists 1%g.
rewrite /over_pairs /drawn_permutation; case: (permutes st); first exact: permutation_mean.
by rewrite mean_const //; apply: eq_bigr => b _; rewrite perm1.
Qed.

Lemma signs_gt0 : (0 < #|{ffun block -> bool}|)%N.
Proof. by apply/card_gt0P; exists [ffun=> true]. Qed.

Lemma unsigned u v (h : F -> F) : negates st = false ->
  mean (fun k => h (product u v k))
  = mean (fun p => mean (fun g : {ffun block -> motion} =>
      h (\sum_b block_product u v b (drawn_permutation p b) (drawn_motion (g b))))).
Proof.
move=> unnegated; rewrite mean_pair mean_pair; apply: eq_mean => p; apply: eq_mean => g.
rewrite -[RHS](mean_const _ signs_gt0); apply: eq_mean => s.
by rewrite inner_product_drawn unnegated; under eq_bigr do rewrite mul1r.
Qed.

Theorem steps_mean u v : mean (fun k => product u v k) = key_mean_by_steps u v.
Proof.
rewrite /key_mean_by_steps; case: ifP => [negated|unnegated].
  under eq_mean do rewrite inner_product_drawn negated /=.
  rewrite mean_pair; under eq_mean => pg do rewrite /= signs_mean.
  by rewrite meanE big1 ?mul0r.
rewrite (unsigned u v id) // -mean_over_pairs; apply: eq_mean => p /=.
rewrite mean_sum; apply: eq_bigr => b _.
exact: (mean_value b (fun g => block_product u v b (drawn_permutation p b) (drawn_motion g))).
Qed.

Theorem steps_variance u v :
  variance (fun k => product u v k) = key_variance_by_steps u v.
Proof.
have key_gt0 : (0 < #|{: finite_key}|)%N.
  by apply/card_gt0P; exists (1%g, [ffun=> (d4_one, 1%g)], [ffun=> false]).
rewrite variance_moments // steps_mean /key_mean_by_steps /key_variance_by_steps.
case: ifP => [negated|unnegated].
  rewrite expr0n subr0.
  under eq_mean do rewrite inner_product_drawn negated /=.
  rewrite mean_pair; under eq_mean => pg do rewrite /= signs_mean_square.
  rewrite mean_pair /= -mean_over_pairs; apply: eq_mean => p.
  rewrite mean_sum; apply: eq_bigr => b _.
  pose square g := block_product u v b (drawn_permutation p b) (drawn_motion g) ^+ 2.
  exact: (mean_value b square).
rewrite (unsigned u v (fun z => z ^+ 2)) //.
pose at_place p b g := block_product u v b (drawn_permutation p b) (drawn_motion g).
under eq_mean => p do rewrite (mean_square_of_values (at_place p)).
rewrite mean_add -addrA; congr (_ + _).
  exact: (mean_over_pairs (pair_variance u v)).
rewrite /permutation_part /over_pairs /at_place /drawn_permutation.
case: (permutes st); last first.
  rewrite mean_const; last by apply/card_gt0P; exists 1%g.
  by rewrite -[RHS](subrr ((\sum_b pair_mean u v b b) ^+ 2)); under eq_bigr do rewrite perm1.
rewrite -[(\sum_b _) / _]permutation_mean.
exact: (permutation_variance (pair_mean u v)).
Qed.

(* --- images, and two keys ----------------------------------------------------- *)

Notation encrypted k x := (encrypt_image (fun a => level - a) (key_of (drawn k)) x).
Notation centred x := (midgrey_centred level (flatten_image x)).
Implicit Types x y : image R S B C F.

Theorem independent_key_by_steps_mean x y :
  mean (fun k => inner_product (centred x) (centred (encrypted k y)))
  = key_mean_by_steps (centred x) (centred y).
Proof. by under eq_mean do rewrite centred_encrypted; apply: steps_mean. Qed.

Theorem independent_key_by_steps_variance x y :
  variance (fun k => inner_product (centred x) (centred (encrypted k y)))
  = key_variance_by_steps (centred x) (centred y).
Proof.
rewrite /variance independent_key_by_steps_mean -steps_variance /variance steps_mean.
by apply: eq_mean => k; rewrite centred_encrypted.
Qed.

(* Keys of these steps are closed under products and inverses. *)
Lemma drawn_mul_left (P k : finite_key) :
  mul_left (key_inv (key_of (drawn P))) (drawn k)
  = drawn (mul_left (key_inv (key_of (drawn P))) k).
Proof.
rewrite /drawn /mul_left /drawn_permutation /drawn_motion /=; congr (_, _, _).
- by case: (permutes st); rewrite // invg1 mul1g.
- apply/ffunP => b; rewrite !ffunE /=; congr (_, _).
    by case: (transforms st); [|apply: val_inj].
  by case: (shuffles st); rewrite ?invg1 ?mul1g.
by apply/ffunP => b; rewrite !ffunE; case: (negates st).
Qed.

(* A key for each image: the whole law is that of one key. *)
Theorem two_keys_by_steps_same_law x y (h : F -> F) :
  mean (fun PQ => h (inner_product (centred (encrypted PQ.1 x)) (centred (encrypted PQ.2 y))))
  = mean (fun k => h (inner_product (centred x) (centred (encrypted k y)))).
Proof.
have key_gt0 : (0 < #|{: finite_key}|)%N.
  by apply/card_gt0P; exists (1%g, [ffun=> (d4_one, 1%g)], [ffun=> false]).
rewrite mean_pair -[RHS](mean_const _ key_gt0); apply: eq_mean => P.
rewrite -[RHS](mean_reindex _ (@mul_left_inj R S C (key_inv (key_of (drawn P))))).
by apply: eq_mean => k; rewrite /= !centred_encrypted two_keys_one_key drawn_mul_left.
Qed.

Theorem independent_keys_by_steps_mean x y :
  mean (fun PQ => inner_product (centred (encrypted PQ.1 x)) (centred (encrypted PQ.2 y)))
  = key_mean_by_steps (centred x) (centred y).
Proof. by rewrite (two_keys_by_steps_same_law x y id) independent_key_by_steps_mean. Qed.

Theorem independent_keys_by_steps_variance x y :
  variance (fun PQ => inner_product (centred (encrypted PQ.1 x)) (centred (encrypted PQ.2 y)))
  = key_variance_by_steps (centred x) (centred y).
Proof.
rewrite /variance independent_keys_by_steps_mean.
set mu := key_mean_by_steps _ _; rewrite (two_keys_by_steps_same_law x y (fun a => (a - mu) ^+ 2)).
by rewrite -independent_key_by_steps_variance /variance independent_key_by_steps_mean.
Qed.

(* --- second moments: what the sums over all pairs of blocks come to ------------ *)

Implicit Types U V : block -> place -> F.

Definition moment U (e e' : place) : F := \sum_b U b e * U b e'.

Lemma sum_of_squares U V :
  \sum_b \sum_b' (\sum_e U b e * V b' e) ^+ 2 = \sum_e \sum_e' moment U e e' * moment V e e'.
Proof.
under [RHS]eq_bigr => e _ do under eq_bigr => e' _ do rewrite big_distrlr pair_bigA.
rewrite [LHS]pair_bigA [RHS]pair_bigA exchange_big /=; apply: eq_bigr => bb _.
rewrite expr2 big_distrlr pair_bigA; apply: eq_bigr => ee _ /=.
exact: mulrACA.
Qed.

(* The mean over the drawn motions of a block of v. *)
Definition moved_mean v (b : block) (e : place) : F :=
  mean (fun g => block_pixel v b (move (drawn_motion g) e)).

(* A block without the mean of all blocks. *)
Definition less_mean U (b : block) (e : place) : F := U b e - mean (U^~ e).

Lemma pair_meanE u v b b' :
  pair_mean u v b b' = \sum_e block_pixel u b e * moved_mean v b' e.
Proof. by rewrite /pair_mean mean_sum; apply: eq_bigr => e _; rewrite mean_scale. Qed.

Lemma interactionE u v b b' :
  interaction (pair_mean u v) b b'
  = \sum_e less_mean (block_pixel u) b e * less_mean (moved_mean v) b' e.
Proof.
pose U := block_pixel u; pose V := moved_mean v.
have row c : row_mean (pair_mean u v) c = \sum_e U c e * mean (V^~ e).
  rewrite /row_mean; under eq_mean do rewrite pair_meanE.
  by rewrite mean_sum; apply: eq_bigr => e _; rewrite mean_scale.
have column c : column_mean (pair_mean u v) c = \sum_e mean (U^~ e) * V c e.
  rewrite /column_mean; under eq_mean do rewrite pair_meanE.
  rewrite mean_sum; apply: eq_bigr => e _.
  by under eq_mean do rewrite mulrC; rewrite mean_scale mulrC.
have grand : grand_mean (pair_mean u v) = \sum_e mean (U^~ e) * mean (V^~ e).
  rewrite /grand_mean; under eq_mean do rewrite row.
  rewrite mean_sum; apply: eq_bigr => e _.
  by under eq_mean do rewrite mulrC; rewrite mean_scale mulrC.
rewrite /interaction pair_meanE row column grand -!sumrB -big_split /=.
by apply: eq_bigr => e _; rewrite /less_mean -/U -/V mulrBl !mulrBr opprB addrA addrAC.
Qed.

Theorem sum_pair_squares u v :
  \sum_b \sum_b' pair_square u v b b'
  = \sum_e \sum_e' second_moment u e e'
      * mean (fun g => second_moment v (move (drawn_motion g) e) (move (drawn_motion g) e')).
Proof.
under eq_bigr => b _ do rewrite -mean_sum.
rewrite -mean_sum; under eq_mean => g do rewrite block_product_squares.
by rewrite mean_sum; apply: eq_bigr => e _; rewrite mean_sum;
  apply: eq_bigr => e' _; rewrite mean_scale.
Qed.

Theorem sum_pair_means_squared u v :
  \sum_b \sum_b' pair_mean u v b b' ^+ 2
  = \sum_e \sum_e' second_moment u e e' * moment (moved_mean v) e e'.
Proof.
rewrite -sum_of_squares; apply: eq_bigr => b _; apply: eq_bigr => b' _.
by rewrite pair_meanE.
Qed.

Theorem sum_interactions_squared u v :
  \sum_b \sum_b' interaction (pair_mean u v) b b' ^+ 2
  = \sum_e \sum_e' moment (less_mean (block_pixel u)) e e'
      * moment (less_mean (moved_mean v)) e e'.
Proof.
rewrite -sum_of_squares; apply: eq_bigr => b _; apply: eq_bigr => b' _.
by rewrite interactionE.
Qed.

Theorem sum_pair_means u v :
  \sum_b \sum_b' pair_mean u v b b'
  = \sum_e (\sum_b block_pixel u b e) * (\sum_b moved_mean v b e).
Proof.
under eq_bigr => b _ do (under eq_bigr => b' _ do rewrite pair_meanE).
under eq_bigr => b _ do rewrite exchange_big.
rewrite exchange_big; apply: eq_bigr => e _ /=.
by rewrite big_distrlr.
Qed.

End KeysBySteps.

(* All four steps: the law of IndependentKeys.v. *)
Theorem all_steps_variance (F : realFieldType) R S B C
    (u v : 'cV[F]_(R * B * (S * B) * C)) :
  key_variance_by_steps (S := S) (Steps true true true true) u v = inner_product_variance u v.
Proof.
rewrite /key_variance_by_steps /= /over_pairs /= sum_pair_squares.
by congr (_ / _); apply: eq_bigr => e _; apply: eq_bigr => e' _; congr (_ * _);
  apply: eq_mean => -[].
Qed.

(* Negatives alone: each block with its own, squared. *)
Theorem negatives_alone_variance (F : realFieldType) R S B C
    (u v : 'cV[F]_(R * B * (S * B) * C)) :
  key_variance_by_steps (S := S) (Steps false false true false) u v
  = \sum_b (\sum_e block_pixel u b e * block_pixel v b e) ^+ 2.
Proof.
rewrite /key_variance_by_steps /= /over_pairs /=; apply: eq_bigr => b _.
rewrite /pair_square (eq_mean (h' := fun=> block_product u v b b (d4_one, 1%g) ^+ 2)) //.
rewrite mean_const; last by apply/card_gt0P; exists (d4_one, 1%g).
congr (_ ^+ 2); apply: eq_bigr => -[[i j] c] _.
by rewrite /move /= d4_place_one perm1.
Qed.

(* No steps: the inner product is what it is. *)
Theorem no_steps_law (F : realFieldType) R S B C (u v : 'cV[F]_(R * B * (S * B) * C)) :
  key_mean_by_steps (S := S) (Steps false false false false) u v = inner_product u v
  /\ key_variance_by_steps (S := S) (Steps false false false false) u v = 0.
Proof.
have g_gt0 : (0 < #|[finType of 'I_8 * 'S_C]|)%N by apply/card_gt0P; exists (d4_one, 1%g).
split.
  rewrite /key_mean_by_steps /= /over_pairs /= inner_product_blocks; apply: eq_bigr => b _.
  rewrite /pair_mean (eq_mean (h' := fun=> block_product u v b b (d4_one, 1%g))) //.
  rewrite mean_const //; apply: eq_bigr => -[[i j] c] _.
  by rewrite /move /= d4_place_one perm1.
rewrite /key_variance_by_steps /= /over_pairs /permutation_part /= addr0 big1 // => b _.
rewrite /pair_variance /pair_square /pair_mean.
rewrite (eq_mean (h' := fun=> block_product u v b b (d4_one, 1%g) ^+ 2)) //.
rewrite [X in _ - X ^+ 2](eq_mean (h' := fun=> block_product u v b b (d4_one, 1%g))) //.
by rewrite !mean_const // subrr.
Qed.
