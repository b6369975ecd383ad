(******************************************************************************)
(* Forest: random forests agree in law, not path by path                      *)
(*                                                                            *)
(* What is proved. Trees are grown on N training images by the usual rule: at *)
(* each node a random set of features is drawn; among all splits of the node  *)
(* by these features (x_k <= threshold, the threshold half-way between two    *)
(* neighbouring values) one of the best is taken at random, ties alike; then  *)
(* both sides are grown in the same way, up to a depth. A forest is any       *)
(* number of independent such trees, each on a random resample, and a vote.   *)
(* Then the joint law of the predictions for all queries is the same for      *)
(* plain and for encrypted images (any signed permutation with any offset, so *)
(* z-scored images too), if                                                   *)
(*  - features are drawn alike: the law of the drawn set does not depend on   *)
(*    how features are numbered (uniform sets of m features are an instance;  *)
(*    the law may depend on which features can split the node at all);        *)
(*  - the quality of a split does not depend on which side is called left;    *)
(*  - stopping and leaf values depend on the training images in the node, not *)
(*    on their pixels;                                                        *)
(*  - no query sits exactly half-way between two training values.             *)
(* Laws are finite: lists of outcomes with weights. Weights are elements of   *)
(* an ordered field; that they sum to 1 is proved where the draws' do.        *)
(*                                                                            *)
(* What is not said: that one seed gives the same forest. It does not, and    *)
(* ties that go to the first feature, or a query on a threshold, change even  *)
(* the law: see Refutations.v. Among equal splits of one feature scikit-learn *)
(* takes the smallest threshold, which is not alike for a negated feature.    *)
(*                                                                            *)
(* Why one would believe it. A feature that moves is drawn as often as        *)
(* before, and a negated feature splits a node into the same two parts with   *)
(* left and right exchanged.                                                  *)
(*                                                                            *)
(* Definitions: law, expectation, probability, law_return, law_bind,          *)
(*   law_of_weights, uniform, tree, predict, splits, threshold, candidate,    *)
(*   best, splittable, grow, turn, turn_back, agree, uniform_draw, tree_law,  *)
(*   forest_law, decisions.                                                   *)
(******************************************************************************)

From mathcomp Require Import all_ssreflect all_algebra fingroup perm.
From EtC Require Import SignedPermutation Normalization.

Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.

Import Order.Theory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

(* ------------------------------------------------------------------------- *)
(* Finite laws                                                               *)
(* ------------------------------------------------------------------------- *)

Section Law.

Variable F : realFieldType.

(* Outcomes with their weights. *)
Definition law (T : Type) := seq (F * T).

Definition expectation T (l : law T) (h : T -> F) : F := \sum_(x <- l) x.1 * h x.2.

Definition probability T (l : law T) (event : T -> bool) : F :=
  expectation l (fun t => (event t)%:R).

Definition law_return T (t : T) : law T := [:: (1, t)].

Definition law_bind T U (l : law T) (k : T -> law U) : law U :=
  flatten [seq [seq (x.1 * y.1, y.2) | y <- k x.2] | x <- l].

Definition law_of_weights (I : finType) (w : I -> F) : law I :=
  [seq (w i, i) | i <- enum I].

(* One of a nonempty finite set, each alike. *)
Definition uniform (I : finType) (A : {set I}) : law I :=
  [seq (#|A|%:R^-1, i) | i <- enum A].

Lemma eq_expectation T (l : law T) h h' : h =1 h' -> expectation l h = expectation l h'.
Proof. by move=> hh'; apply: eq_bigr => x _; rewrite hh'. Qed.

Lemma expectation_return T (t : T) h : expectation (law_return t) h = h t.
Proof. by rewrite /expectation big_seq1 mul1r. Qed.

Lemma expectation_bind T U (l : law T) (k : T -> law U) h :
  expectation (law_bind l k) h = expectation l (fun t => expectation (k t) h).
Proof.
rewrite /expectation /law_bind big_flatten big_map; apply: eq_bigr => x _.
by rewrite big_map mulr_sumr; apply: eq_bigr => y _; rewrite mulrA.
Qed.

Lemma expectation_weights (I : finType) (w : I -> F) h :
  expectation (law_of_weights w) h = \sum_i w i * h i.
Proof. by rewrite /expectation big_map big_enum. Qed.

Lemma expectation_uniform (I : finType) (A : {set I}) h :
  expectation (uniform A) h = (\sum_(i in A) h i) / #|A|%:R.
Proof.
rewrite /expectation big_map big_enum mulr_suml.
by apply: eq_bigr => i _; rewrite mulrC.
Qed.

(* The order of independent draws does not matter. *)
Lemma expectation_exchange T U (l : law T) (m : law U) h :
  expectation l (fun t => expectation m (h t))
  = expectation m (fun u => expectation l (h^~ u)).
Proof.
rewrite /expectation; under eq_bigr do rewrite mulr_sumr.
rewrite exchange_big; apply: eq_bigr => x _.
by rewrite mulr_sumr; apply: eq_bigr => y _; rewrite mulrCA.
Qed.

End Law.

(* ------------------------------------------------------------------------- *)
(* Growing trees                                                             *)
(* ------------------------------------------------------------------------- *)

Section Trees.

Variables (F : realFieldType) (N n : nat) (Label : Type).

Inductive tree :=
  | Leaf of Label
  | Node of 'I_n & F & tree & tree.

Fixpoint predict (t : tree) (q : 'I_n -> F) : Label :=
  match t with
  | Leaf label => label
  | Node k threshold low high =>
      if q k <= threshold then predict low q else predict high q
  end.

Implicit Types (X : 'M[F]_(N, n)) (S L : {set 'I_N}) (k : 'I_n) (A : {set 'I_n})
  (kL : 'I_n * {set 'I_N}).

(* Feature k splits the node S into L, below, and the rest of S, above. *)
Definition splits X S k L : bool :=
  [&& L \proper S, L != set0 & [forall a in L, forall b in S :\: L, X a k < X b k]].

(* Half-way between the largest value below and the smallest value above. *)
Definition threshold X S k L : F :=
  if [pick ab : 'I_N * 'I_N |
        [&& ab.1 \in L, ab.2 \in S :\: L,
            [forall a in L, X a k <= X ab.1 k]
          & [forall b in S :\: L, X ab.2 k <= X b k]]] is Some ab
  then (X ab.1 k + X ab.2 k) / 2%:R else 0.

Variable score : {set 'I_N} -> {set 'I_N} -> F.
Variable draw : {set 'I_n} -> {set 'I_n} -> F.
Variable stop : {set 'I_N} -> bool.
Variable leaf : {set 'I_N} -> Label.

Definition candidate X S A (kL : 'I_n * {set 'I_N}) : bool :=
  (kL.1 \in A) && splits X S kL.1 kL.2.

(* The splits of least score (impurity) among those by features of A. *)
Definition best X S A : {set 'I_n * {set 'I_N}} :=
  [set kL | candidate X S A kL &&
     [forall kL', candidate X S A kL' ==>
        (score kL.2 (S :\: kL.2) <= score kL'.2 (S :\: kL'.2))]].

Definition splittable X S : {set 'I_n} := [set k | [exists L, splits X S k L]].

Fixpoint grow X (depth : nat) S : law F tree :=
  if depth is depth'.+1 then
    if stop S then law_return F (Leaf (leaf S)) else
    law_bind (law_of_weights (draw (splittable X S))) (fun A =>
      if best X S A == set0 then law_return F (Leaf (leaf S)) else
      law_bind (uniform F (best X S A)) (fun kL =>
        law_bind (grow X depth' kL.2) (fun low =>
          law_bind (grow X depth' (S :\: kL.2)) (fun high =>
            law_return F (Node kL.1 (threshold X S kL.1 kL.2) low high)))))
  else law_return F (Leaf (leaf S)).

(* The threshold is what it should be. *)
Lemma thresholdE X S k L a b :
  a \in L -> b \in S :\: L ->
  (forall a', a' \in L -> X a' k <= X a k) ->
  (forall b', b' \in S :\: L -> X b k <= X b' k) ->
  threshold X S k L = (X a k + X b k) / 2%:R.
Proof.
move=> aL bS a_max b_min; rewrite /threshold.
case: pickP => [[a' b'] /and4P[/= a'L b'S /forall_inP a'_max /forall_inP b'_min]|/(_ (a, b))].
  congr ((_ + _) / _); apply: le_anti; apply/andP; split; auto.
move/negbT/negP; case; apply/and4P; split=> //=; exact/forall_inP.
Qed.

Lemma extremes X S k L :
  splits X S k L -> exists a b,
  [/\ a \in L, b \in S :\: L, forall a', a' \in L -> X a' k <= X a k
    & forall b', b' \in S :\: L -> X b k <= X b' k].
Proof.
case/and3P => LS /set0Pn[a0 a0L] _.
have [b0 b0S] : exists b0, b0 \in S :\: L.
  by case/properP: LS => _ [b bS bL]; exists b; rewrite inE bL.
case: (Order.TotalTheory.arg_maxP (fun a => X a k) a0L) => a aL a_max.
case: (Order.TotalTheory.arg_minP (fun b => X b k) b0S) => b bS b_min.
by exists a, b.
Qed.

(* --- total weight 1 ------------------------------------------------------ *)

Theorem grow_total X depth S :
  (forall V, \sum_A draw V A = 1) -> expectation (grow X depth S) (fun=> 1) = 1.
Proof.
move=> draw_total; elim: depth S => [|depth IH] S /=; first by rewrite expectation_return.
case: ifP => _; first by rewrite expectation_return.
rewrite expectation_bind expectation_weights -(draw_total (splittable X S)).
apply: eq_bigr => A _; rewrite -[RHS]mulr1; congr (_ * _).
case: ifP => [_|/negbT best_neq0]; first by rewrite expectation_return.
rewrite expectation_bind expectation_uniform.
under eq_bigr do rewrite expectation_bind.
rewrite (eq_bigr (fun=> 1)) => [|kL _].
  by rewrite sumr_const divff // pnatr_eq0 cards_eq0.
rewrite -[RHS](IH kL.2); apply: eq_expectation => low.
rewrite expectation_bind -[RHS](IH (S :\: kL.2)); apply: eq_expectation => high.
by rewrite expectation_return.
Qed.

(* ------------------------------------------------------------------------- *)
(* Plain against encrypted                                                   *)
(* ------------------------------------------------------------------------- *)

Hypothesis score_symmetric : forall L L', score L L' = score L' L.
Hypothesis draw_symmetric :
  forall (p : 'S_n) (V A : {set 'I_n}), draw (p @: V) (p @: A) = draw V A.

Variables (f : signed_perm n) (c : 'cV[F]_n) (M : nat).
Variables (X : 'M[F]_(N, n)) (Y : 'M[F]_(M, n)).

Hypothesis no_query_on_threshold :
  forall i k a b, X a k < X b k -> Y i k != (X a k + X b k) / 2%:R.

Notation p := (source f).
Notation E := (encrypt_rows (sp_matrix F f) c).
Notation X' := (E X).

Let EE K (Z : 'M[F]_(K, n)) i k :
  E Z i k = (-1) ^+ negated f k * Z i (p k) + c k 0 := encrypt_rows_pixel f c Z i k.

(* An encrypted split, seen in the plain images; and back. *)
Definition turn S (kL : 'I_n * {set 'I_N}) : 'I_n * {set 'I_N} :=
  (p kL.1, if negated f kL.1 then S :\: kL.2 else kL.2).
Definition turn_back S (kL : 'I_n * {set 'I_N}) : 'I_n * {set 'I_N} :=
  let k := (p^-1)%g kL.1 in (k, if negated f k then S :\: kL.2 else kL.2).

Lemma setDD_sub S L : L \subset S -> S :\: (S :\: L) = L.
Proof. by move=> LS; rewrite setDDr setDv set0U; apply/setIidPr. Qed.

Lemma turnK S k L : L \subset S -> turn_back S (turn S (k, L)) = (k, L).
Proof.
by move=> LS; rewrite /turn_back /turn /= permK; case: (negated f k); rewrite ?setDD_sub.
Qed.

Lemma turn_backK S k L : L \subset S -> turn S (turn_back S (k, L)) = (k, L).
Proof.
by move=> LS; rewrite /turn_back /turn /= permKV; case: (negated _ _); rewrite ?setDD_sub.
Qed.

Lemma splits_turn S k L : L \subset S ->
  splits X' S k L = splits X S (turn S (k, L)).1 (turn S (k, L)).2.
Proof.
move=> LS; rewrite /splits /turn /=; case neg: (negated f k); last first.
  congr [&& _, _ & _]; apply: eq_forallb_in => a _; apply: eq_forallb_in => b _.
  by rewrite !EE neg !mul1r ltr_add2r.
have -> : L \proper S = (S :\: L != set0) by rewrite properE LS setD_eq0.
have -> : S :\: L \proper S = (L != set0).
  by rewrite properE subsetDl subsetD fintype.subxx -setI_eq0 (setIidPr LS).
rewrite setDD_sub // andbCA; congr [&& _, _ & _].
have lt' a b : (X' a k < X' b k) = (X b (p k) < X a (p k)).
  by rewrite !EE neg !mulN1r ltr_add2r ltr_opp2.
apply/forall_inP/forall_inP => lt a aS; apply/forall_inP => b bS.
  by have /forall_inP/(_ a aS) := lt b bS; rewrite lt'.
by rewrite lt'; have /forall_inP/(_ a aS) := lt b bS.
Qed.

Lemma candidate_turn S A kL :
  candidate X' S A kL = candidate X S (p @: A) (turn S kL) && (kL.2 \subset S).
Proof.
case: kL => k L; rewrite /candidate /= mem_imset; last exact: perm_inj.
case LS: (L \subset S); first by rewrite andbT splits_turn.
by rewrite andbF /splits properE LS andbF.
Qed.

Lemma candidate_sub Z S A kL : candidate Z S A kL -> kL.2 \subset S.
Proof. by case/andP => _ /and3P[/proper_sub]. Qed.

Lemma score_turn S kL : kL.2 \subset S ->
  score (turn S kL).2 (S :\: (turn S kL).2) = score kL.2 (S :\: kL.2).
Proof.
by case: kL => k L /= LS; rewrite /turn /=; case: ifP => _ //; rewrite setDD_sub // score_symmetric.
Qed.

Lemma best_turn S A kL :
  (kL \in best X' S A) = (turn S kL \in best X S (p @: A)) && (kL.2 \subset S).
Proof.
rewrite !inE candidate_turn; case LS: (kL.2 \subset S); rewrite ?andbT ?andbF //.
congr (_ && _); apply/forall_inP/forall_inP => least kL' cand'.
  have L'S := candidate_sub cand'; case: kL' => k' L' /= in L'S cand' *.
  have back_sub : (turn_back S (k', L')).2 \subset S.
    by rewrite /turn_back /=; case: ifP => _ //; rewrite subsetDl.
  have := least (turn_back S (k', L')).
  rewrite candidate_turn turn_backK // cand' back_sub => /(_ isT).
  by rewrite -(score_turn back_sub) turn_backK // score_turn.
move: cand'; rewrite candidate_turn => /andP[cand' L'S].
by have := least _ cand'; rewrite !score_turn.
Qed.

Lemma best_sub Z S A kL : kL \in best Z S A -> kL.2 \subset S.
Proof. by rewrite inE => /andP[/candidate_sub]. Qed.

(* Sums over the best splits of both sides. *)
Lemma sum_best_turn S A (h : 'I_n * {set 'I_N} -> F) :
  \sum_(kL in best X S (p @: A)) h kL = \sum_(kL in best X' S A) h (turn S kL).
Proof.
rewrite (reindex_onto (turn S) (turn_back S)) /=; last first.
  by move=> [k L] /best_sub LS; rewrite turn_backK.
apply: eq_bigl => -[k L]; rewrite best_turn.
apply/andP/andP => -[in_best]; last by move=> LS; rewrite turnK.
move/eqP; rewrite /turn_back /turn /= permK => -[eqL]; split=> //.
move: (best_sub in_best) eqL; rewrite /turn /=.
by case: (negated f k) => // _ <-; apply: subsetDl.
Qed.

Lemma card_best_turn S A : #|best X S (p @: A)| = #|best X' S A|.
Proof.
have := sum_best_turn S A (fun=> 1); rewrite !sumr_const => /eqP.
by rewrite eqr_nat => /eqP.
Qed.

Lemma splittable_turn S : splittable X S = p @: splittable X' S.
Proof.
apply/setP => k; rewrite -[k](permKV p) mem_imset; last exact: perm_inj.
set k' := (p^-1)%g k; rewrite !inE; apply/existsP/existsP => -[L split].
  have /and3P[/proper_sub LS _ _] := split.
  exists (if negated f k' then S :\: L else L); rewrite splits_turn /turn /=.
    by case: (negated f k'); rewrite ?setDD_sub.
  by case: ifP => _ //; apply: subsetDl.
have /and3P[/proper_sub LS _ _] := split.
by exists (turn S (k', L)).2; rewrite -splits_turn.
Qed.

Lemma threshold_turn S k L : splits X' S k L ->
  threshold X' S k L
  = (-1) ^+ negated f k * threshold X S (p k) (turn S (k, L)).2 + c k 0.
Proof.
move=> split'; have /and3P[/proper_sub LS _ _] := split'.
have [a [b [aL bS a_max b_min]]] := extremes split'.
rewrite (thresholdE aL bS a_max b_min) !EE.
have half : c k 0 = (c k 0 + c k 0) / 2%:R by rewrite mulrDl -splitr.
case neg: (negated f k); rewrite /turn /= neg.
  have max' b' : b' \in S :\: L -> X b' (p k) <= X b (p k).
    by move=> /b_min; rewrite !EE neg !mulN1r ler_add2r ler_opp2.
  have min' a' : a' \in S :\: (S :\: L) -> X a (p k) <= X a' (p k).
    by rewrite setDD_sub // => /a_max; rewrite !EE neg !mulN1r ler_add2r ler_opp2.
  have aL' : a \in S :\: (S :\: L) by rewrite setDD_sub.
  rewrite (thresholdE bS aL' max' min') [in RHS]half mulrA -mulrDl; congr (_ / _).
  by rewrite mulrDr addrACA [X in X + _ = _]addrC.
have max' a' : a' \in L -> X a' (p k) <= X a (p k).
  by move=> /a_max; rewrite !EE neg !mul1r ler_add2r.
have min' b' : b' \in S :\: L -> X b (p k) <= X b' (p k).
  by move=> /b_min; rewrite !EE neg !mul1r ler_add2r.
rewrite (thresholdE aL bS max' min') [in RHS]half mulrA -mulrDl; congr (_ / _).
by rewrite !mul1r addrACA.
Qed.

(* A query goes to the corresponding side. *)
Lemma side_turn S k L i : splits X' S k L ->
  (E Y i k <= threshold X' S k L)
  = (negated f k) (+) (Y i (p k) <= threshold X S (p k) (turn S (k, L)).2).
Proof.
move=> split'; rewrite threshold_turn // EE ler_add2r.
have /and3P[/proper_sub LS _ _] := split'.
have split := split'; rewrite splits_turn //= in split.
have [a [b [aL bS a_max b_min]]] := extremes split.
have tE := thresholdE aL bS a_max b_min; rewrite tE.
have lt_ab : X a (p k) < X b (p k).
  by case/and3P: split => _ _ /forall_inP/(_ a aL)/forall_inP/(_ b bS).
have := no_query_on_threshold i lt_ab.
case: (negated f k); rewrite ?mul1r //= !mulN1r ler_opp2.
by case: ltgtP.
Qed.

(* Two trees, one for encrypted and one for plain queries, that agree. *)
Definition agree (t' t : tree) : Prop :=
  forall i, predict t' (E Y i) = predict t (Y i).

Lemma agree_node S k L low' high' low high : splits X' S k L ->
  agree low' low -> agree high' high ->
  agree (Node k (threshold X' S k L) low' high')
        (if negated f k
         then Node (p k) (threshold X S (p k) (turn S (k, L)).2) high low
         else Node (p k) (threshold X S (p k) (turn S (k, L)).2) low high).
Proof.
move=> split' agree_low agree_high i; rewrite [LHS]/= side_turn //.
move: (threshold X S _ _) => t; rewrite agree_low agree_high.
by case: (negated f k) => /=; case: (Y i (p k) <= t).
Qed.

Lemma grow_turn depth S (h' h : tree -> F) :
  (forall t' t, agree t' t -> h' t' = h t) ->
  expectation (grow X' depth S) h' = expectation (grow X depth S) h.
Proof.
elim: depth S h' h => [|depth IH] S h' h same /=.
  by rewrite !expectation_return; apply: same.
case: ifP => _; first by rewrite !expectation_return; apply: same.
rewrite !expectation_bind !expectation_weights.
rewrite [RHS](reindex_inj (imset_inj (@perm_inj _ p))) /=.
apply: eq_bigr => A _; rewrite splittable_turn draw_symmetric; congr (_ * _).
rewrite -!cards_eq0 card_best_turn; case: ifP => _.
  by rewrite !expectation_return; apply: same.
rewrite !expectation_bind !expectation_uniform card_best_turn sum_best_turn.
congr (_ / _); apply: eq_bigr => -[k L] in_best.
have LS := best_sub in_best.
have split' : splits X' S k L by move: in_best; rewrite inE => /andP[/andP[]].
rewrite /turn /=.
pose plain low high :=
  h (if negated f k
     then Node (p k) (threshold X S (p k) (turn S (k, L)).2) high low
     else Node (p k) (threshold X S (p k) (turn S (k, L)).2) low high).
transitivity (expectation (grow X depth L) (fun low =>
                expectation (grow X depth (S :\: L)) (plain low))).
  rewrite expectation_bind; apply: (IH) => low' low agree_low.
  rewrite expectation_bind; apply: (IH) => high' high agree_high.
  by rewrite expectation_return; apply/same/agree_node.
rewrite expectation_bind /plain /turn /=; case: (negated f k) => /=.
  rewrite expectation_exchange setDD_sub //; apply: eq_expectation => low.
  by rewrite expectation_bind; apply: eq_expectation => high; rewrite expectation_return.
apply: eq_expectation => low.
by rewrite expectation_bind; apply: eq_expectation => high; rewrite expectation_return.
Qed.

End Trees.

(* ------------------------------------------------------------------------- *)
(* Forests                                                                   *)
(* ------------------------------------------------------------------------- *)

(* The usual draw: a set of m of the n features, each alike. *)
Definition uniform_draw (F : realFieldType) n m (V A : {set 'I_n}) : F :=
  (#|A| == m)%:R / 'C(n, m)%:R.

Theorem uniform_draw_symmetric (F : realFieldType) n m (p : 'S_n)
    (V A : {set 'I_n}) :
  uniform_draw F m (p @: V) (p @: A) = uniform_draw F m V A.
Proof. by rewrite /uniform_draw card_imset //; apply: perm_inj. Qed.

Theorem uniform_draw_total (F : realFieldType) n m (V : {set 'I_n}) :
  (m <= n)%N -> \sum_(A : {set 'I_n}) uniform_draw F m V A = 1.
Proof.
move=> m_le_n; rewrite -mulr_suml; under eq_bigr do rewrite mulrb.
rewrite -big_mkcond sumr_const -cardsE card_draws card_ord.
by rewrite divff // pnatr_eq0 -lt0n bin_gt0.
Qed.

Section Forest.

Variables (F : realFieldType) (N n : nat) (Label : Type).

(* A resample (bootstrap) w has a weight, the images in it, and a say in the *)
(* score, the stopping rule and the leaves.                                  *)
Variables (Resample : finType) (weight : Resample -> F) (images : Resample -> {set 'I_N}).
Variable score : Resample -> {set 'I_N} -> {set 'I_N} -> F.
Variable stop : Resample -> {set 'I_N} -> bool.
Variable leaf : Resample -> {set 'I_N} -> Label.
Variable draw : {set 'I_n} -> {set 'I_n} -> F.
Variable depth : nat.

Notation tree := (tree F n Label).

Definition tree_law (X : 'M[F]_(N, n)) : law F tree :=
  law_bind (law_of_weights weight) (fun w =>
    grow (score w) draw (stop w) (leaf w) X depth (images w)).

Fixpoint forest_law (X : 'M[F]_(N, n)) (trees : nat) : law F (seq tree) :=
  if trees is trees'.+1 then
    law_bind (tree_law X) (fun t =>
      law_bind (forest_law X trees') (fun ts => law_return F (t :: ts)))
  else law_return F [::].

Variables (Decision : Type) (vote : seq Label -> Decision).

(* The decisions of a forest for all queries. *)
Definition decisions M (Y : 'M[F]_(M, n)) (ts : seq tree) : {ffun 'I_M -> Decision} :=
  [ffun i => vote [seq predict t (Y i) | t <- ts]].

Hypothesis score_symmetric : forall w L L', score w L L' = score w L' L.
Hypothesis draw_symmetric :
  forall (p : 'S_n) (V A : {set 'I_n}), draw (p @: V) (p @: A) = draw V A.

Section SameLaw.

Variables (f : signed_perm n) (c : 'cV[F]_n) (M : nat).
Variables (X : 'M[F]_(N, n)) (Y : 'M[F]_(M, n)).

Hypothesis no_query_on_threshold :
  forall i k a b, X a k < X b k -> Y i k != (X a k + X b k) / 2%:R.

Notation E := (encrypt_rows (sp_matrix F f) c).

Lemma tree_law_turn (h' h : tree -> F) :
  (forall t' t, agree f c Y t' t -> h' t' = h t) ->
  expectation (tree_law (E X)) h' = expectation (tree_law X) h.
Proof.
move=> same; rewrite !expectation_bind; apply: eq_expectation => w.
exact: (grow_turn _ _ (score_symmetric w) draw_symmetric no_query_on_threshold).
Qed.

Lemma forest_law_turn trees (h' h : seq tree -> F) :
  (forall ts' ts, (forall i, [seq predict t (E Y i) | t <- ts']
                           = [seq predict t (Y i) | t <- ts]) -> h' ts' = h ts) ->
  expectation (forest_law (E X) trees) h' = expectation (forest_law X trees) h.
Proof.
elim: trees h' h => [|trees IH] h' h same /=.
  by rewrite !expectation_return; apply: same.
rewrite [LHS]expectation_bind [RHS]expectation_bind.
apply: tree_law_turn => t' t agree_t; rewrite !expectation_bind.
apply: IH => ts' ts agree_ts.
by rewrite !expectation_return; apply: same => i /=; rewrite agree_t agree_ts.
Qed.

(* The joint law of all decisions is the same: every event, same probability. *)
Theorem forest_same_law trees (event : {ffun 'I_M -> Decision} -> bool) :
  probability (forest_law (E X) trees) (fun ts => event (decisions (E Y) ts))
  = probability (forest_law X trees) (fun ts => event (decisions Y ts)).
Proof.
apply: forest_law_turn => ts' ts agree_ts; congr ((event _)%:R).
by apply/ffunP => i; rewrite !ffunE agree_ts.
Qed.

End SameLaw.

(* With the z-score fitted on the training images in front. *)
Theorem forest_zscore_same_law (level : F) (f : signed_perm n) (divisor : F -> F) M
    (T : 'M[F]_(N, n)) (Q : 'M[F]_(M, n)) trees event :
  (0 < N)%N ->
  let Z K := @zscore F divisor N K n T in
  let E K := @encrypt_rows F K n (sp_matrix F f) (sp_offset level f) in
  let Z' K := @zscore F divisor N K n (E N T) in
  (forall i k a b, Z N T a k < Z N T b k ->
     Z M Q i k != (Z N T a k + Z N T b k) / 2%:R) ->
  probability (forest_law (Z' N (E N T)) trees)
              (fun ts => event (decisions (Z' M (E M Q)) ts))
  = probability (forest_law (Z N T) trees) (fun ts => event (decisions (Z M Q) ts)).
Proof.
move=> N_gt0 Z E Z' no_query.
by rewrite /Z' !zscore_encrypt // -!encrypt_rows0 forest_same_law.
Qed.

(* The weights are probabilities: they sum to 1 when those of the draws do. *)
Theorem forest_total X trees :
  \sum_w weight w = 1 -> (forall V, \sum_A draw V A = 1) ->
  expectation (forest_law X trees) (fun=> 1) = 1.
Proof.
move=> weight_total draw_total; elim: trees => [|trees IH] /=.
  by rewrite expectation_return.
rewrite !expectation_bind expectation_weights -[RHS]weight_total.
apply: eq_bigr => w _; rewrite -[RHS]mulr1; congr (_ * _).
rewrite -[RHS](grow_total (score w) (stop w) (leaf w) X depth (images w) draw_total).
apply: eq_expectation => t; rewrite expectation_bind -[RHS]IH.
by apply: eq_expectation => ts; rewrite expectation_return.
Qed.

End Forest.
