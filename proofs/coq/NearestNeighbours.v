(******************************************************************************)
(* Nearest neighbours, in whatever order they are visited                     *)
(*                                                                            *)
(* What is proved. A search returns k neighbours of a query: k different      *)
(* training images such that no other is nearer than one of them. Which, if   *)
(* several are equally far, depends on the search: the smallest index, the    *)
(* first found, the first in a tree whose splits depend on the order of the   *)
(* features. There is no tie that matters if k images are nearer than all     *)
(* others.                                                                    *)
(*  - If so, all searches return the same k images; if not, there are two     *)
(*    answers that differ.                                                    *)
(*  - If so, any vote that does not depend on the order in which neighbours   *)
(*    are given is the same for plain and for encrypted images, raw or        *)
(*    z-scored, whatever search is used on either side, also when the         *)
(*    training images are visited in another order.                           *)
(*  - The rule "smallest index" (Algorithms.v) is one such search.            *)
(*  - With a tie this is false: a search that visits the training images in   *)
(*    the order of their first pixel gives another neighbour, of another      *)
(*    class, after two pixels are exchanged.                                  *)
(*                                                                            *)
(* What is not said: anything about rounded distances. Equal distances, and   *)
(* distances that rounding can exchange, are ties.                            *)
(*                                                                            *)
(* Why one would believe it. Distances are equal, and k images are the k      *)
(* nearest in one way only.                                                   *)
(*                                                                            *)
(* Definitions: nearest, apart, no_tie, answers, voted, first_pixel_search,   *)
(*   tied, query.                                                             *)
(******************************************************************************)

From mathcomp Require Import all_ssreflect all_algebra fingroup perm.
From EtC Require Import SignedPermutation Normalization Kernels Algorithms Refutations.

Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.

Import Order.Theory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Section Neighbours.

Variables (F : realDomainType) (N k : nat).
Implicit Types (d : 'rV[F]_N) (X Y : {set 'I_N}).

(* k images, none of the others nearer than one of them. *)
Definition nearest d X : bool :=
  (#|X| == k) && [forall i in X, forall j in ~: X, d 0 i <= d 0 j].

(* k images, nearer than all the others: no tie that matters. *)
Definition apart d X : bool :=
  (#|X| == k) && [forall i in X, forall j in ~: X, d 0 i < d 0 j].

Definition no_tie d : Prop := exists X, apart d X.

Lemma nearestP d X :
  reflect (#|X| = k /\ forall i j, i \in X -> j \notin X -> d 0 i <= d 0 j) (nearest d X).
Proof.
apply: (iffP andP) => -[X_k near]; split; try exact/eqP.
  move=> i j i_in j_out; move/forall_inP: near => /(_ i i_in)/forall_inP; apply.
  by rewrite inE.
apply/forall_inP => i i_in; apply/forall_inP => j; rewrite inE; exact: near.
Qed.

Lemma apartP d X :
  reflect (#|X| = k /\ forall i j, i \in X -> j \notin X -> d 0 i < d 0 j) (apart d X).
Proof.
apply: (iffP andP) => -[X_k near]; split; try exact/eqP.
  move=> i j i_in j_out; move/forall_inP: near => /(_ i i_in)/forall_inP; apply.
  by rewrite inE.
apply/forall_inP => i i_in; apply/forall_inP => j; rewrite inE; exact: near.
Qed.

Lemma apart_nearest d X : apart d X -> nearest d X.
Proof.
move=> /apartP[X_k near]; apply/nearestP; split=> // i j i_in j_out.
exact/ltW/near.
Qed.

(* One answer. *)
Theorem nearest_unique d X Y : apart d X -> nearest d Y -> Y = X.
Proof.
move=> /apartP[X_k apart_X] /nearestP[Y_k near_Y]; apply/eqP.
rewrite eqEcard X_k Y_k leqnn andbT; apply/subsetP => j j_Y; apply: contraT => j_X.
have [i i_X i_Y] : exists2 i, i \in X & i \notin Y.
  apply/subsetPn; apply: contra j_X => X_Y.
  by rewrite (_ : X = Y) //; apply/eqP; rewrite eqEcard X_Y X_k Y_k leqnn.
by have := near_Y j i j_Y i_Y; rewrite leNgt apart_X.
Qed.

(* And two, if there is a tie: the condition is necessary. *)
Theorem tie_two_answers d X : nearest d X -> ~ no_tie d ->
  exists2 Y, nearest d Y & Y != X.
Proof.
move=> X_near tie; have /nearestP[X_k near_X] := X_near.
have [i i_X [j j_X eq_d]] : exists2 i, i \in X & exists2 j, j \notin X & d 0 i = d 0 j.
  have : ~~ apart d X by apply/negP => X_apart; apply: tie; exists X.
  rewrite /apart X_k eqxx /= => /forall_inPn[i i_X /forall_inPn[j]].
  rewrite inE -leNgt => j_X le_ji; exists i => //; exists j => //.
  by apply/eqP; rewrite eq_le le_ji near_X.
have i_neq_j : i != j by apply: contraNneq j_X => <-.
exists (j |: (X :\ i)); last first.
  by apply: contraNneq j_X => <-; rewrite setU11.
apply/nearestP; split=> [|i' j'].
  rewrite cardsU1 !inE (negPf j_X) andbF add1n.
  by rewrite -X_k (cardsD1 i X) i_X.
rewrite !inE negb_or negb_and negbK => i'_in /andP[j'_j j'_in].
have low l : l \in X -> d 0 l <= d 0 i by move=> l_X; rewrite eq_d near_X.
have high l : l \notin X -> d 0 i <= d 0 l by move=> l_X; rewrite near_X.
apply: (@le_trans _ _ (d 0 i)).
  by case/orP: i'_in => [/eqP ->|/andP[_ /low //]]; rewrite eq_d.
by case/orP: j'_in => [/eqP -> //|/high].
Qed.

(* --- searches ---------------------------------------------------------------- *)

(* The neighbours that a search lists, in any order. *)
Definition answers d (s : seq 'I_N) : bool := uniq s && nearest d [set i in s].

Theorem searches_agree d s s' : no_tie d -> answers d s -> answers d s' -> perm_eq s s'.
Proof.
move=> [X X_apart] /andP[s_uniq s_near] /andP[s'_uniq s'_near].
apply: uniq_perm => // i; have := nearest_unique X_apart s_near.
rewrite -(nearest_unique X_apart s'_near) => /setP/(_ i).
by rewrite !inE.
Qed.

Lemma smallest_index_answers d : (k <= N)%N -> answers d (neighbours k d).
Proof.
move=> k_le; have s_uniq : uniq (neighbours k d).
  by rewrite take_uniq // sort_uniq enum_uniq.
rewrite /answers s_uniq; apply/nearestP; split=> [|i j].
  by rewrite cardsE (card_uniqP s_uniq) size_neighbours; apply/minn_idPl.
rewrite !inE => i_in j_out; have := neighbours_nearest i_in j_out.
by rewrite /nearer => /orP[/ltW|/andP[/eqP -> _]].
Qed.

(* --- votes --------------------------------------------------------------------- *)

Variables (Label : Type) (vote : seq ('I_N * F) -> Label).
Hypothesis vote_unordered : forall s s', perm_eq s s' -> vote s = vote s'.

Definition voted d (s : seq 'I_N) : Label := vote [seq (i, d 0 i) | i <- s].

Theorem votes_agree d s s' : no_tie d -> answers d s -> answers d s' -> voted d s = voted d s'.
Proof.
move=> tie s_in s'_in; apply: vote_unordered; apply: perm_map.
exact: searches_agree tie s_in s'_in.
Qed.

(* In another order of the training images, p i first where i was. *)
Lemma answers_reordered (p : 'S_N) d s :
  answers (\row_i d 0 (p i)) s = answers d [seq p i | i <- s].
Proof.
rewrite /answers map_inj_uniq; last exact: perm_inj.
congr (_ && _); have same : [set i in [seq p i | i <- s]] = p @: [set i in s].
  apply/setP => i; rewrite -[i](permKV p) (mem_imset _ _ (@perm_inj _ p)) !inE.
  exact: (mem_map (@perm_inj _ p)).
rewrite same; apply/nearestP/nearestP => -[s_k near].
  split=> [|_ j /imsetP[i i_in ->]]; first by rewrite card_imset //; apply: perm_inj.
  rewrite -[j](permKV p) mem_imset; last exact: perm_inj.
  by move=> j_out; have := near _ _ i_in j_out; rewrite !mxE.
split=> [|i j i_in j_out]; first by rewrite -s_k card_imset //; apply: perm_inj.
by rewrite !mxE; apply: near; rewrite mem_imset //; apply: perm_inj.
Qed.

Theorem votes_agree_reordered (p : 'S_N) d s s' :
  no_tie d -> answers d s -> answers (\row_i d 0 (p i)) s' ->
  voted d s = voted d [seq p i | i <- s'].
Proof. by move=> tie s_in; rewrite answers_reordered => s'_in; apply: votes_agree. Qed.

(* --- encrypted images ------------------------------------------------------------ *)

Variables (n M : nat) (level : F) (f : signed_perm n).
Notation E K := (@encrypt_rows F K n (sp_matrix F f) (sp_offset level f)).

(* Whatever search is used on either side. *)
Theorem knn_raw_any_search (T : 'M[F]_(N, n)) (X : 'M[F]_(M, n)) i s s' :
  let d := row i (distances X T) in let d' := row i (distances (E M X) (E N T)) in
  no_tie d -> answers d s -> answers d' s' -> voted d s = voted d' s'.
Proof.
move=> d d'; have -> : d' = d.
  by rewrite /d' encrypt_distances //; apply: sp_matrix_orthogonal.
exact: votes_agree.
Qed.

End Neighbours.

Theorem knn_zscore_any_search (F : realFieldType) N k Label (vote : seq ('I_N * F) -> Label)
    n M (level : F) (f : signed_perm n) (divisor : F -> F) (T : 'M[F]_(N, n)) (X : 'M[F]_(M, n))
    i s s' :
  let E K := @encrypt_rows F K n (sp_matrix F f) (sp_offset level f) in
  let d := row i (distances (zscore divisor T X) (zscore divisor T T)) in
  let d' := row i (distances (zscore divisor (E N T) (E M X)) (zscore divisor (E N T) (E N T))) in
  (0 < N)%N -> (forall s s', perm_eq s s' -> vote s = vote s') ->
  no_tie k d -> answers k d s -> answers k d' s' -> voted vote d s = voted vote d' s'.
Proof.
move=> E d d' N_gt0 unordered; have -> : d' = d by rewrite /d' zscore_distances.
exact: votes_agree.
Qed.

(* ------------------------------------------------------------------------- *)
(* With a tie                                                                *)
(* ------------------------------------------------------------------------- *)

Section Tie.

Variables (F : realFieldType) (level : F).

(* The nearer of two training images; of two equally near the one whose first *)
(* pixel is smaller, as in a tree that is split by the first pixel.           *)
Definition first_pixel_search (T : 'M[F]_(2, 2)) (d : 'rV[F]_2) : 'I_2 :=
  if (d 0 0 < d 0 1) || ((d 0 0 == d 0 1) && (T 0 0 <= T 1 0)) then 0 else 1.

Lemma first_pixel_search_answers T d : answers 1 d [:: first_pixel_search T d].
Proof.
rewrite /answers /=; apply/nearestP; split=> [|i j].
  by rewrite (_ : [set i in _] = [set first_pixel_search T d]) ?cards1 //;
    apply/setP => i; rewrite !inE.
rewrite !inE => /eqP -> j_neq; rewrite /first_pixel_search in j_neq *.
have two (l : 'I_2) : l = 0 \/ l = 1 by case: l => [[|[|l]]] // ?; [left|right]; apply: val_inj.
case: ifPn j_neq => [/orP[lt01|/andP[/eqP eq01 _]]|neg]; case: (two j) => -> //= _.
- exact: ltW.
- by rewrite eq01.
by move: neg; rewrite negb_or -leNgt => /andP[].
Qed.

(* Training images (0, 1) and (1, 0), query (0, 0). *)
Definition tied : 'M[F]_(2, 2) := two_images (pixels 0 1) (pixels 1 0).
Definition query : 'M[F]_(1, 2) := 0.

Theorem tied_neighbour_changes :
  let E K := @encrypt_rows F K 2 (sp_matrix F (exchange)) (sp_offset level exchange) in
  let d := row 0 (distances query tied) in
  let d' := row 0 (distances (E 1%N query) (E 2%N tied)) in
  [/\ d = d', ~ no_tie 1 d, first_pixel_search tied d = 0
    & first_pixel_search (E 2%N tied) d' = 1].
Proof.
move=> E d d'; have eq_d : d = d'.
  by rewrite /d' encrypt_distances //; apply: sp_matrix_orthogonal.
have d1 j : d 0 j = 1.
  rewrite 2!mxE /squared_distance !big_ord_recl big_ord0 !mxE.
  case: j => [[|[|j]]] // ?; rewrite /= ?mxE /=.
    by rewrite ?(subrr, sub0r, sqrrN, expr0n, expr1n, addr0, add0r).
  by rewrite ?(subrr, sub0r, sqrrN, expr0n, expr1n, addr0, add0r).
have E_tied : E 2%N tied = two_images (pixels 1 0) (pixels 0 1).
  by rewrite /E /tied encrypt_two_images !apply_exchange.
split=> //; last first.
- by rewrite -eq_d /first_pixel_search !d1 ltxx eqxx E_tied !mxE /= ler10.
- by rewrite /first_pixel_search !d1 ltxx eqxx !mxE /= ler01.
move=> [X /apartP[X_1 near]]; have /cards1P[i X_i] : #|X| == 1%N by apply/eqP.
have := near i (rev_ord i); rewrite X_i !inE eqxx !d1 ltxx => /(_ isT) far.
suff : false by []; apply: far.
by case: i {X_i near} => [[|[|i]]].
Qed.

End Tie.
