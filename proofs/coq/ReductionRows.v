(******************************************************************************)
(* Rows of a reduction: which matrices commute with the encryption, and how   *)
(* many rows they have                                                        *)
(*                                                                            *)
(* What is proved. A reduction is a matrix A that is applied to images of     *)
(* N = R S blocks. It commutes with a key if A Q = E A, where Q is the key's  *)
(* signed permutation and E a permutation of the rows with factors, none 0:   *)
(* the lines that the rows span are permuted.                                 *)
(*  - If A commutes with block scramble and negation, a row that sees s of    *)
(*    the N blocks has at least C(N, s) 2^(s-1) rows in its orbit.            *)
(*  - So if A has fewer rows than each of these for s from 2 to N (with 6     *)
(*    blocks or more: fewer than N (N - 1)), and no zero rows, every row sees *)
(*    one block, every block is seen by equally many rows, on the same lines, *)
(*    and N divides the number of rows. Of 480 blocks there are not 1536.     *)
(*  - Without "no zero rows" this is false: zero rows may be added at will.   *)
(*  - For such A, necessary and sufficient for commuting with all keys whose  *)
(*    motions (transform and order of components) are in a given set: A is,   *)
(*    up to order and factors of rows, the same q functions w_1, ..., w_q in  *)
(*    each block, and each motion of the set permutes their lines.            *)
(*  - The mean over a block of one component of several does not commute: the *)
(*    component shuffle moves its line to another.                            *)
(*  - If the rows have equal lengths the factors are signs, and the z-scored  *)
(*    Gram matrices after the reduction are equal.                            *)
(*                                                                            *)
(* What is not said: that equal z-scored Gram matrices for all data sets need *)
(* that lines are permuted; that is theorem 1 of linear_reductions.py.        *)
(*                                                                            *)
(* Why one would believe it. Blocks go anywhere and signs are free, so a row  *)
(* that sees s blocks goes to a different line for each s-element set of      *)
(* blocks and each choice of signs, but for one sign of all.                  *)
(*                                                                            *)
(* Definitions: commutes, row_pixel, motion_place, sees, scramble, rows_of,   *)
(*   by_blocks, lines_move, one_component, squared_length.                    *)
(******************************************************************************)

From mathcomp Require Import all_ssreflect all_algebra fingroup perm.
From EtC Require Import SignedPermutation Blocks Normalization Reductions.

Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.

Import GRing.Theory Num.Theory.
Local Open Scope ring_scope.

(* ------------------------------------------------------------------------- *)
(* Sets of equal size, and how many signed sets there are                    *)
(* ------------------------------------------------------------------------- *)

Lemma choose_each (T : finType) U (P : T -> U -> Prop) :
  (forall x, exists u, P x u) -> exists f : T -> U, forall x, P x (f x).
Proof. exact: (@fin_all_exists T (fun=> U) P). Qed.

Lemma perm_onto (T : finType) (X Y : {set T}) : #|X| = #|Y| -> exists p : {perm T}, p @: X = Y.
Proof.
move: {2}#|X :\: Y| (leqnn #|X :\: Y|) => d; elim: d X => [|d IH] X le_d eq_card.
  exists 1%g; rewrite (eq_imset X (@perm1 T)) imset_id; apply/eqP.
  by rewrite eqEcard eq_card leqnn andbT -setD_eq0 -cards_eq0 -leqn0.
have [X_Y|] := set_0Vmem (X :\: Y).
  by apply: IH eq_card; rewrite X_Y cards0.
case=> x x_in; have [Y_X|[y y_in]] := set_0Vmem (Y :\: X).
  have sub : Y \subset X by rewrite -setD_eq0 Y_X.
  have eqXY : Y = X by apply/eqP; rewrite eqEcard sub eq_card leqnn.
  by move: x_in; rewrite eqXY setDv inE.
move: x_in y_in; rewrite !inE => /andP[x_Y x_X] /andP[y_X y_Y].
pose X' := tperm x y @: X.
have X'_card : #|X'| = #|X| by rewrite card_imset //; apply: perm_inj.
have X'E z : (z \in X') = (tperm x y z \in X).
  by rewrite -{1}[z](tpermK x y) mem_imset //; apply: perm_inj.
have [|p pX'] := IH X' _ (etrans X'_card eq_card).
  rewrite -ltnS (leq_trans _ le_d) //; apply: proper_card; apply/properP; split.
    apply/subsetP => z; rewrite !inE X'E => /andP[z_Y].
    case: tpermP => [zx|zy|_ _ ->]; last by rewrite z_Y.
      by rewrite (negPf y_X).
    by move: z_Y; rewrite zy y_Y.
  by exists x; rewrite !inE x_Y //= X'E tpermL.
by exists (tperm x y * p)%g; rewrite (eq_imset X (permM _ _)) imset_comp.
Qed.

(* With 6 blocks or more, pairs of blocks have the least orbits. *)
Lemma least_orbit N s : (6 <= N)%N -> (2 <= s <= N)%N ->
  (N * N.-1 <= 'C(N, s) * 2 ^ s.-1)%N.
Proof.
move=> /subnK <-; elim: (N - 6)%N s => [|d IH] s.
  by rewrite add0n; case: s => [|[|[|[|[|[|[|s]]]]]]] //=.
case: s => [|[|[|s]]] // => [_|]; first by rewrite (bin_ffact _ 2) ffactnS ffactn1.
rewrite addSn => /andP[_]; rewrite ltnS => s_le.
set M := (d + 6)%N in IH s_le *; have M_ge3 : (3 <= M)%N by rewrite /M addnC.
have low := IH s.+2 s_le; rewrite /= in low.
rewrite binS mulnDl; apply: leq_trans (leq_addl _ _).
rewrite -[s.+3.-1]/(s.+2) expnS mulnCA; apply: leq_trans (_ : 2 * (M * M.-1) <= _)%N; last first.
  by rewrite leq_mul2l.
rewrite mulnCA mulnC leq_mul2l; apply/orP; right.
by case: M M_ge3 {IH s_le low} => [|[|[|M]]] // _; rewrite mul2n -addnn /= !addSn !addnS !ltnS;
  apply: leq_addr.
Qed.

(* ------------------------------------------------------------------------- *)
(* Matrices that commute with keys up to order and factors of their rows     *)
(* ------------------------------------------------------------------------- *)

Section Rows.

Variables (F : numFieldType) (R S B C : nat).

Notation N := (R * S)%N.
Notation n := (R * B * (S * B) * C)%N.
Notation block := 'I_(R * S).
Notation place := ('I_B * 'I_B * 'I_C)%type.
Notation motion := ('I_8 * 'S_C)%type.
Notation Q k := (sp_matrix F (key_signed_perm B k)).
Implicit Types (k : key R S C) (g : motion) (b : block) (e : place).

(* E A, for the permutation s of rows with the factors a. *)
Definition commutes r (A : 'M[F]_(r, n)) k : Prop := exists (s : 'S_r) (a : 'rV[F]_r),
  (forall i, a 0 i != 0) /\ A *m Q k = diag_mx a *m (perm_mx s *m A).

Lemma factored_rowE r z (s : 'S_r) (a : 'rV[F]_r) (A : 'M[F]_(r, z)) i l :
  (diag_mx a *m (perm_mx s *m A)) i l = a 0 i * A (s i) l.
Proof. by rewrite mul_diag_mx mxE -row_permE mxE. Qed.

(* Row i of A at place e of block b. *)
Definition row_pixel r (A : 'M[F]_(r, n)) i b e : F := A i (flat_of_address (b, e.1, e.2)).

(* The place that a motion reads. *)
Definition motion_place g e : place := (d4_place g.1 e.1, g.2 e.2).

Lemma motion_place_bij g : bijective (motion_place g).
Proof.
exists (motion_place (d4_inv g.1, g.2^-1%g)) => -[q c]; rewrite /motion_place /=.
  by rewrite d4_placeK permK.
by rewrite d4_placeVK permKV.
Qed.

Lemma row_pixel_ext r (A A' : 'M[F]_(r, n)) :
  (forall i b e, row_pixel A i b e = row_pixel A' i b e) -> A = A'.
Proof.
move=> eqA; apply/matrixP => i l; rewrite -[l]address_of_flatK.
by case: (address_of_flat l) => [[b q] c]; apply: (eqA i b (q, c)).
Qed.

(* Times Q, a row is moved against the key. *)
Lemma row_pixel_key r (A : 'M[F]_(r, n)) k i b e :
  row_pixel (A *m Q k) i (K1 k b) (motion_place (K2 k b, K4 k b) e)
  = (-1) ^+ K3 k b * row_pixel A i b e.
Proof.
transitivity ((A *m Q k) i (source (key_signed_perm B k) (flat_of_address (b, e.1, e.2)))).
  by rewrite key_signed_perm_source.
rewrite [LHS]mxE (bigD1 (flat_of_address (b, e.1, e.2))) //= big1 ?addr0 => [|l l_neq].
  by rewrite sp_matrix_entry eqxx key_signed_perm_negated mulrC.
by rewrite sp_matrix_entry (inj_eq (@perm_inj _ _)) (negPf l_neq) mulr0.
Qed.

Lemma commutesP r (A : 'M[F]_(r, n)) k : commutes A k <->
  exists (s : 'S_r) (a : 'rV[F]_r), (forall i, a 0 i != 0) /\ forall i b e,
    (-1) ^+ K3 k b * row_pixel A i b e
    = a 0 i * row_pixel A (s i) (K1 k b) (motion_place (K2 k b, K4 k b) e).
Proof.
have EA s a i b e : row_pixel (diag_mx a *m (perm_mx s *m A)) i b e = a 0 i * row_pixel A (s i) b e.
  exact: factored_rowE.
split=> -[s [a [a_neq0 eqA]]]; exists s, a; split=> //.
  by move=> i b e; rewrite -row_pixel_key eqA EA.
apply: row_pixel_ext => i b' e'; rewrite EA -[b'](permKV (K1 k)).
set b := (K1 k)^-1%g b'; have [back _ backK] := motion_place_bij (K2 k b, K4 k b).
by rewrite -[e']backK row_pixel_key eqA.
Qed.

(* The blocks that a row sees. *)
Definition sees r (A : 'M[F]_(r, n)) i : {set block} :=
  [set b | [exists e, row_pixel A i b e != 0]].

Lemma sees_moved r (A : 'M[F]_(r, n)) k i j (c : F) : c != 0 ->
  (forall b e, (-1) ^+ K3 k b * row_pixel A i b e
    = c * row_pixel A j (K1 k b) (motion_place (K2 k b, K4 k b) e)) ->
  sees A j = K1 k @: sees A i.
Proof.
move=> c_neq0 eqA; apply/setP => b'; rewrite -[b'](permKV (K1 k)).
set b := _ b'; rewrite mem_imset ?inE; last exact: perm_inj.
have same e : (row_pixel A i b e != 0)
    = (row_pixel A j (K1 k b) (motion_place (K2 k b, K4 k b) e) != 0).
  have := congr1 (fun z => z != 0) (eqA b e).
  by rewrite !mulf_eq0 signr_eq0 (negPf c_neq0).
have [back _ backK] := motion_place_bij (K2 k b, K4 k b).
apply/existsP/existsP => -[e e_in]; last by exists (motion_place (K2 k b, K4 k b) e); rewrite -same.
by exists (back e); rewrite same backK.
Qed.

Lemma sees_some r (A : 'M[F]_(r, n)) i : row i A != 0 -> exists b, b \in sees A i.
Proof.
move=> row_neq0; apply/set0Pn; apply: contraNneq row_neq0 => none; apply/eqP/matrixP => z l.
rewrite !mxE -[l]address_of_flatK; case: (address_of_flat l) => [[b q] c].
apply: contraTeq isT => A_neq0; have : b \in sees A i by rewrite inE; apply/existsP; exists (q, c).
by rewrite none inE.
Qed.

(* Keys of block scramble and negation alone. *)
Definition scramble (p : 'S_(R * S)) (D : {set block}) : key R S C :=
  Key p (fun=> d4_one) (mem D) (fun=> 1%g).

Lemma scramble_place e : motion_place (d4_one, 1%g) e = e.
Proof. by case: e => q c; rewrite /motion_place /= d4_place_one perm1. Qed.

(* ------------------------------------------------------------------------- *)
(* How many rows                                                             *)
(* ------------------------------------------------------------------------- *)

Section Scrambled.

Variables (r : nat) (A : 'M[F]_(r, n)).
Hypothesis A_commutes : forall p D, commutes A (scramble p D).

(* Row i moved is a multiple of row j. *)
Lemma moved_row i : exists f : 'S_(R * S) * {set block} -> 'I_r, forall pD, exists2 c : F,
  c != 0 & forall b e, (-1) ^+ (b \in (pD.2 : {set block})) * row_pixel A i b e
    = c * row_pixel A (f pD) (pD.1 b) e.
Proof.
apply: (choose_each (T := [finType of 'S_(R * S) * {set block}])
  (P := fun pD j => exists2 c : F, c != 0 & forall b e,
    (-1) ^+ (b \in (pD.2 : {set block})) * row_pixel A i b e
    = c * row_pixel A j (pD.1 b) e)) => -[p D].
have /commutesP[s [a [a_neq0 eqA]]] := A_commutes p D.
by exists (s i), (a 0 i) => // b e; have := eqA i b e; rewrite scramble_place.
Qed.

Theorem orbit_of_several_blocks i : row i A != 0 ->
  ('C(N, #|sees A i|) * 2 ^ #|sees A i|.-1 <= r)%N.
Proof.
move=> /sees_some[b0 b0_in]; set X := sees A i; set s := #|X|.
have [f fP] := moved_row i.
have [p pP] : exists p : {set block} -> 'S_(R * S),
    forall Y : {set block}, #|Y| = s -> p Y @: X = Y.
  apply: (choose_each (T := [finType of {set block}])
    (P := fun (Y : {set block}) (p : 'S_(R * S)) => #|Y| = s -> p @: X = Y)) => Y.
  have [Y_s|/eqP Y_s] := eqVneq #|Y| s; last by exists 1%g => /Y_s.
  by have [q qX] := perm_onto (esym Y_s); exists q.
pose signed := setX [set Y : {set block} | #|Y| == s] (powerset (X :\ b0)).
pose phi (YD : {set block} * {set block}) := f (p YD.1, YD.2).
have sees_phi (YD : {set block} * {set block}) : #|YD.1| = s -> sees A (phi YD) = YD.1.
  move=> Y_s; have [c c_neq0 eqA] := fP (p YD.1, YD.2).
  rewrite -[RHS](pP _ Y_s) -/X; apply: (sees_moved (k := scramble (p YD.1) YD.2) c_neq0) => b e.
  by rewrite scramble_place; apply: eqA.
have phi_inj : {in signed &, injective phi}.
  move=> [Y D] [Y' D']; rewrite !in_setX !inE /= => /andP[/eqP Y_s D_sub].
  move=> /andP[/eqP Y'_s D'_sub] eq_phi.
  have eqY : Y = Y' by rewrite -[LHS](sees_phi (Y, D) Y_s) eq_phi (sees_phi (Y', D') Y'_s).
  move: eq_phi; rewrite -{Y' Y'_s}eqY /phi /= => eq_f.
  have [c c_neq0 eqA] := fP (p Y, D); have [c' c'_neq0 eqA'] := fP (p Y, D').
  rewrite /= eq_f in eqA; rewrite /= in eqA'.
  have not_b0 (Z : {set block}) : Z \subset X :\ b0 -> b0 \in Z = false.
    by move=> /subsetP sub; apply/negP => /sub; rewrite !inE eqxx.
  have eq_c : c = c'.
    move: b0_in; rewrite inE => /existsP[e e_neq0].
    have := eqA b0 e; have := eqA' b0 e; rewrite !not_b0 // !mul1r => -> eq_cc.
    apply/esym/(mulIf _ eq_cc); apply: contraNneq e_neq0 => y0.
    by have := eqA b0 e; rewrite not_b0 // mul1r y0 mulr0 => ->.
  congr (_, _); apply/setP => b; have [b_in|b_out] := boolP (b \in X); last first.
    have out (Z : {set block}) : Z \subset X :\ b0 -> b \in Z = false.
      by move=> /subsetP sub; apply: contraNF b_out => /sub; rewrite !inE => /andP[].
    by rewrite !out.
  move: b_in; rewrite inE => /existsP[e e_neq0].
  have := eqA b e; rewrite eq_c -eqA' => /(mulIf e_neq0).
  exact: signr_inj.
have := subset_leq_card (subsetT (phi @: signed)); rewrite card_in_imset // cardsT card_ord.
rewrite cardsX card_draws card_ord card_powerset.
by have -> : #|X :\ b0| = s.-1 by rewrite /s (cardsD1 b0 X) b0_in.
Qed.

Hypothesis no_zero_rows : forall i, row i A != 0.
Hypothesis few_rows : forall s, (2 <= s <= N)%N -> (r < 'C(N, s) * 2 ^ s.-1)%N.

Theorem rows_see_one_block i : exists b, sees A i = [set b].
Proof.
apply/cards1P; have := orbit_of_several_blocks (no_zero_rows i).
have [b b_in] := sees_some (no_zero_rows i).
have s_gt0 : (0 < #|sees A i|)%N by apply/card_gt0P; exists b.
have s_le : (#|sees A i| <= N)%N by have := max_card (mem (sees A i)); rewrite card_ord.
case: #|sees A i| s_gt0 s_le => [|[|s]] // _ s_le.
by rewrite leqNgt few_rows.
Qed.

Definition rows_of b : {set 'I_r} := [set i | sees A i == [set b]].

(* The same lines in every block: a permutation of the rows takes those of   *)
(* block b to those of block b'.                                             *)
Theorem same_lines b b' : exists2 s : 'S_r, s @: rows_of b = rows_of b' &
  forall i, exists2 c : F, c != 0 & forall e, row_pixel A i b e = c * row_pixel A (s i) b' e.
Proof.
have /commutesP[s [a [a_neq0 eqA]]] := A_commutes (tperm b b') set0.
have sees_s i : sees A (s i) = tperm b b' @: sees A i.
  apply: (sees_moved (k := scramble (tperm b b') set0) (a_neq0 i)) => c e.
  exact: eqA.
exists s => [|i]; last first.
  exists (a 0 i) => // e; have := eqA i b e.
  by rewrite /= inE mul1r scramble_place tpermL.
apply/setP => j; rewrite -[j](permKV s); set i := _ j.
rewrite mem_imset; last exact: perm_inj.
rewrite !inE sees_s -(inj_eq (imset_inj (@perm_inj _ (tperm b b')))) imset_set1 tpermL.
by [].
Qed.

Theorem rows_come_by_blocks b : r = (N * #|rows_of b|)%N.
Proof.
have card_same b' : #|rows_of b'| = #|rows_of b|.
  by have [s <- _] := same_lines b b'; rewrite card_imset //; apply: perm_inj.
transitivity (\sum_(i < r) 1)%N; first by rewrite sum1_card card_ord.
have [at_block atP] : exists f : 'I_r -> block, forall i, sees A i = [set f i].
  exact: choose_each rows_see_one_block.
rewrite (partition_big at_block predT) //=.
rewrite (eq_bigr (fun=> #|rows_of b|)) => [|b' _]; first by rewrite sum_nat_const card_ord.
rewrite sum1_card -(card_same b'); apply: eq_card => i; rewrite !inE atP.
by rewrite (inj_eq set1_inj).
Qed.

End Scrambled.

(* With 6 blocks or more. *)
Theorem few_rows_divide r (A : 'M[F]_(r, n)) :
  (forall p D, commutes A (scramble p D)) -> (forall i, row i A != 0) ->
  (6 <= N)%N -> (r < N * N.-1)%N -> (N %| r)%N.
Proof.
move=> A_commutes no_zero_rows N_ge6 r_lt.
have b : block by apply: (@Ordinal _ 0); apply: leq_trans N_ge6.
apply/dvdnP; exists #|rows_of A b|; rewrite mulnC; apply: rows_come_by_blocks => // s s_in.
exact: leq_trans r_lt (least_orbit N_ge6 s_in).
Qed.

(* Zero rows may be added to every matrix that commutes. *)
Theorem zero_rows_commute r z (A : 'M[F]_(r, n)) k :
  commutes A k -> commutes (col_mx A (0 : 'M_(z, n))) k.
Proof.
move=> [s [a [a_neq0 eqA]]].
pose t (i : 'I_(r + z)) := match split i with inl j => lshift z (s j) | inr j => rshift r j end.
have tl j : t (lshift z j) = lshift z (s j) by rewrite /t (unsplitK (inl j)).
have tr j : t (rshift r j) = rshift r j by rewrite /t (unsplitK (inr j)).
have t_inj : injective t.
  move=> i j; case: (split_ordP i) => i' ->; case: (split_ordP j) => j' ->; rewrite ?tl ?tr => /eqP.
  - by rewrite eq_lshift => /eqP/perm_inj ->.
  - by rewrite eq_lrshift.
  - by rewrite eq_rlshift.
  by rewrite eq_rshift => /eqP ->.
exists (perm t_inj), (row_mx a (const_mx 1)); split=> [i|].
  by case: (split_ordP i) => j ->; rewrite ?row_mxEl ?row_mxEr // mxE oner_eq0.
rewrite mul_col_mx mul0mx eqA; apply/matrixP => i l; rewrite [RHS]factored_rowE permE.
case: (split_ordP i) => j ->; rewrite ?tl ?tr.
  by rewrite !col_mxEu row_mxEl factored_rowE.
by rewrite !col_mxEd !mxE mulr0.
Qed.

(* ------------------------------------------------------------------------- *)
(* The same functions in every block                                         *)
(* ------------------------------------------------------------------------- *)

Section ByBlocks.

Variables (q : nat) (w : 'I_q -> place -> F).

(* Row (b, i) is function i on block b. *)
Definition by_blocks : 'M[F]_(R * S * q, n) := \matrix_(j, l)
  let: (b, e, c) := address_of_flat l in
  if quotient j == b then w (remainder j) (e, c) else 0.

(* A motion permutes the lines of the functions. *)
Definition lines_move g : Prop := exists (s : 'S_q) (a : 'I_q -> F),
  (forall i, a i != 0) /\ forall i e, w i e = a i * w (s i) (motion_place g e).

Lemma by_blocksE b i b' e :
  row_pixel by_blocks (pair_ord b i) b' e = if b == b' then w i e else 0.
Proof.
rewrite /row_pixel mxE flat_of_addressK quotient_pair remainder_pair.
by case: e.
Qed.

(* Enough for all keys, whatever the set of motions. *)
Theorem by_blocks_commute k : (forall b, lines_move (K2 k b, K4 k b)) -> commutes by_blocks k.
Proof.
move=> moves; have [s sP] := choose_each moves; have [a aP] := choose_each sP.
pose t (j : 'I_(R * S * q)) := pair_ord (K1 k (quotient j)) (s (quotient j) (remainder j)).
have t_inj : injective t.
  move=> j j' eq_t; rewrite -[j]pair_ordK -[j']pair_ordK.
  have := congr1 quotient eq_t; rewrite !quotient_pair => /perm_inj eq_b.
  have := congr1 remainder eq_t; rewrite !remainder_pair eq_b => /perm_inj ->.
  by [].
apply/commutesP; exists (perm t_inj).
exists (\row_j ((-1) ^+ K3 k (quotient j) * a (quotient j) (remainder j))).
split=> [j|j b e].
  by rewrite mxE mulf_neq0 ?signr_eq0 //; have [] := aP (quotient j).
rewrite permE mxE -{1}[j]pair_ordK by_blocksE /t by_blocksE (inj_eq (@perm_inj _ _)).
have [<-|_] := eqVneq (quotient j) b; last by rewrite !mulr0.
by have [_ ->] := aP (quotient j); rewrite mulrA.
Qed.

(* And necessary, when no function is 0. *)
Theorem by_blocks_commute_only_if g : (0 < N)%N -> (forall i, exists e, w i e != 0) ->
  commutes by_blocks (Key 1%g (fun=> g.1) (fun=> false) (fun=> g.2)) -> lines_move g.
Proof.
move=> N_gt0 w_neq0 /commutesP[s [a [a_neq0 eqA]]]; pose b : block := Ordinal N_gt0.
have stays i : quotient (s (pair_ord b i)) = b.
  have [e e_neq0] := w_neq0 i; have := eqA (pair_ord b i) b e.
  rewrite /= mul1r perm1 -surjective_pairing by_blocksE eqxx -[s _]pair_ordK by_blocksE.
  rewrite quotient_pair; case: eqP => // _ /eqP.
  by rewrite mulr0 (negPf e_neq0).
pose t i := remainder (s (pair_ord b i)).
have t_inj : injective t.
  move=> i i' eq_t; have := congr1 remainder (_ : pair_ord b i = pair_ord b i').
  rewrite !remainder_pair; apply; apply: (@perm_inj _ s).
  by rewrite -[LHS]pair_ordK -[RHS]pair_ordK !stays -/(t i) eq_t.
exists (perm t_inj), (fun i => a 0 (pair_ord b i)); split=> // i e.
have := eqA (pair_ord b i) b e.
rewrite /= mul1r perm1 -surjective_pairing by_blocksE eqxx -[s _]pair_ordK by_blocksE.
by rewrite stays eqxx permE.
Qed.

(* Necessary and sufficient, for the keys whose motions are in a set: all for *)
(* the whole scheme, transforms alone, orders of the components alone, ...    *)
Theorem by_blocks_commute_iff (G : pred motion) : (0 < N)%N -> (forall i, exists e, w i e != 0) ->
  (forall k, (forall b, G (K2 k b, K4 k b)) -> commutes by_blocks k)
  <-> (forall g, G g -> lines_move g).
Proof.
move=> N_gt0 w_neq0; split=> [all_keys g g_in|moves k k_in].
  by apply: by_blocks_commute_only_if => //; apply: all_keys => b; rewrite -surjective_pairing.
by apply: by_blocks_commute => b; apply: moves.
Qed.

End ByBlocks.

(* ------------------------------------------------------------------------- *)
(* Few rows are of this form                                                 *)
(* ------------------------------------------------------------------------- *)

(* Rows in another order and with other factors commute as well. *)
Lemma commutes_lines r r' (A : 'M[F]_(r, n)) (W : 'M[F]_(r', n)) (t : 'I_r' -> 'I_r)
    (c : 'I_r' -> F) k :
  bijective t -> (forall j, c j != 0) -> (forall j l, A (t j) l = c j * W j l) ->
  commutes W k -> commutes A k.
Proof.
move=> [back tK backK] c_neq0 eqA [s [a [a_neq0 eqW]]].
pose u i := t (s (back i)).
have u_inj : injective u.
  by move=> i i' /(can_inj tK)/perm_inj; apply: (can_inj backK).
exists (perm u_inj), (\row_i (c (back i) * a 0 (back i) / c (s (back i)))); split=> [i|].
  by rewrite mxE !mulf_neq0 ?invr_eq0.
apply/matrixP => i l; rewrite factored_rowE permE [X in _ = X * _]mxE.
rewrite /u eqA mulrA divfK // -mulrA -factored_rowE -eqW !mxE mulr_sumr; apply: eq_bigr => l' _.
by rewrite mulrA -eqA backK.
Qed.

Section FewRows.

Variables (r : nat) (A : 'M[F]_(r, n)).
Hypothesis A_commutes : forall p D, commutes A (scramble p D).
Hypothesis no_zero_rows : forall i, row i A != 0.
Hypothesis few_rows : forall s, (2 <= s <= N)%N -> (r < 'C(N, s) * 2 ^ s.-1)%N.

Theorem few_rows_are_by_blocks b :
  let q := #|rows_of A b| in exists (w : 'I_q -> place -> F) (t : 'I_(R * S * q) -> 'I_r) c,
  [/\ bijective t, forall j, c j != 0, forall j l, A (t j) l = c j * by_blocks w j l
    & forall i, exists e, w i e != 0].
Proof.
move=> q; have [s sP] : exists s : block -> 'S_r, forall b', s b' @: rows_of A b = rows_of A b'
    /\ forall i, exists2 c : F, c != 0
      & forall e, row_pixel A i b e = c * row_pixel A (s b' i) b' e.
  apply: (choose_each (P := fun b' (s : 'S_r) => s @: rows_of A b = rows_of A b' /\ forall i,
    exists2 c : F, c != 0 & forall e, row_pixel A i b e = c * row_pixel A (s i) b' e)) => b'.
  by have [s s_rows s_lines] := same_lines A_commutes b b'; exists s.
pose w (i : 'I_q) e := row_pixel A (enum_val i) b e.
pose t (j : 'I_(R * S * q)) := s (quotient j) (enum_val (remainder j)).
have sees_t j : sees A (t j) = [set quotient j].
  have : t j \in rows_of A (quotient j).
    by have [<- _] := sP (quotient j); apply: imset_f; apply: enum_valP.
  by rewrite inE => /eqP.
have t_inj : injective t.
  move=> j j' eq_t; rewrite -[j]pair_ordK -[j']pair_ordK.
  have /set1_inj eq_b : [set quotient j] = [set quotient j'] by rewrite -!sees_t eq_t.
  by move: eq_t; rewrite /t eq_b => /perm_inj/enum_val_inj ->.
have [c cP] : exists c : 'I_(R * S * q) -> F, forall j, c j != 0 /\
    forall e, row_pixel A (t j) (quotient j) e = c j * w (remainder j) e.
  apply: (choose_each (P := fun j (c : F) => c != 0 /\ forall e,
    row_pixel A (t j) (quotient j) e = c * w (remainder j) e)) => j.
  have [_ /(_ (enum_val (remainder j)))[c c_neq0 eqA]] := sP (quotient j).
  by exists c^-1; rewrite invr_eq0; split=> // e; rewrite /w eqA mulKf.
exists w, t, c; split=> [|j|j l|i].
- apply: inj_card_bij => //; rewrite !card_ord.
  by rewrite [X in (X <= _)%N](rows_come_by_blocks A_commutes no_zero_rows few_rows b).
- by have [] := cP j.
- rewrite -[l]address_of_flatK; case: (address_of_flat l) => [[b' pl] ch].
  rewrite -[LHS]/(row_pixel A (t j) b' (pl, ch)).
  rewrite -[by_blocks w j _]/(row_pixel (by_blocks w) j b' (pl, ch)).
  rewrite -{3}[j]pair_ordK by_blocksE.
  have [<-|b'_neq] := eqVneq (quotient j) b'; first by have [_ ->] := cP j.
  rewrite mulr0; apply: contraNeq b'_neq => A_neq0.
  have : b' \in sees A (t j) by rewrite inE; apply/existsP; exists (pl, ch).
  by rewrite sees_t inE eq_sym.
have : b \in sees A (enum_val i).
  by have := enum_valP i; rewrite inE => /eqP ->; rewrite inE.
by rewrite inE => /existsP.
Qed.

(* All of it: what a reduction of few rows is, and which motions it allows. *)
Theorem few_rows_commute_iff (b : block) : exists q (w : 'I_q -> place -> F),
  r = (N * q)%N /\ forall G : pred motion,
    (forall k, (forall b, G (K2 k b, K4 k b)) -> commutes A k)
    <-> (forall g, G g -> lines_move w g).
Proof.
have [w [t [c [t_bij c_neq0 eqA w_neq0]]]] := few_rows_are_by_blocks b.
exists #|rows_of A b|, w; split=> [|G]; first exact: rows_come_by_blocks.
have N_gt0 : (0 < N)%N by apply: leq_ltn_trans (leq0n b) (ltn_ord b).
have to_A k : commutes (by_blocks w) k -> commutes A k by apply: commutes_lines eqA.
have to_W k : commutes A k -> commutes (by_blocks w) k.
  have [back tK backK] := t_bij.
  apply: (commutes_lines (t := back) (c := fun i => (c (back i))^-1)).
  - by exists t.
  - by move=> i; rewrite invr_eq0.
  by move=> i l; rewrite -{3}[i]backK eqA mulKf.
split=> [all_keys|moves k k_in].
  apply/(by_blocks_commute_iff _ N_gt0 w_neq0) => k k_in.
  by apply: to_W; apply: all_keys.
by apply: to_A; apply: by_blocks_commute => b'; apply: moves.
Qed.

End FewRows.

(* The mean over a block of one component, up to a factor. *)
Definition one_component (c : 'I_C) (i : 'I_1) (e : place) : F := (e.2 == c)%:R.

Theorem one_component_does_not_commute c c' : c != c' -> (0 < N)%N -> (0 < B)%N ->
  ~ commutes (by_blocks (one_component c))
      (Key 1%g (fun=> d4_one) (fun=> false) (fun=> tperm c c')).
Proof.
move=> c_neq N_gt0 B_gt0.
have w_neq0 (i : 'I_1) : exists e : place, one_component c i e != 0.
  by exists (Ordinal B_gt0, Ordinal B_gt0, c); rewrite /one_component eqxx oner_eq0.
move=> /(by_blocks_commute_only_if (g := (d4_one, tperm c c')) N_gt0 w_neq0).
move=> [s [a [_ /(_ 0 (Ordinal B_gt0, Ordinal B_gt0, c))/eqP]]].
rewrite /one_component /= eqxx tpermL [c' == c]eq_sym (negPf c_neq) mulr0.
by rewrite oner_eq0.
Qed.

(* ------------------------------------------------------------------------- *)
(* Rows of equal length: signs, and the z-score                              *)
(* ------------------------------------------------------------------------- *)

Definition squared_length r (A : 'M[F]_(r, n)) i : F := \sum_l A i l ^+ 2.

Theorem equal_lengths_signs r (A : 'M[F]_(r, n)) k (d : F) :
  d != 0 -> (forall i, squared_length A i = d) -> commutes A k ->
  exists g : signed_perm r, A *m Q k = sp_matrix F g *m A.
Proof.
move=> d_neq0 lengths [s [a [a_neq0 eqA]]].
have moved i : squared_length (A *m Q k) i = squared_length A i.
  have sq (X : 'M[F]_(r, n)) : squared_length X i = (X *m X^T) i i.
    by rewrite mxE; apply: eq_bigr => l _; rewrite !mxE expr2.
  rewrite !sq trmx_mul mulmxA -[A *m Q k *m _]mulmxA orthogonal_mulV ?mulmx1 //.
  exact: sp_matrix_orthogonal.
have a_sign i : a 0 i ^+ 2 = 1.
  apply: (mulIf d_neq0); rewrite mul1r -{1}(lengths (s i)) -(lengths i) -(moved i) eqA.
  rewrite /squared_length mulr_sumr; apply: eq_bigr => l _.
  by rewrite factored_rowE exprMn.
exists (SignedPerm s [ffun i => a 0 i != 1]); rewrite eqA; apply/matrixP => i l.
rewrite factored_rowE sp_matrix_mulE ffunE; congr (_ * _).
have /eqP := a_sign i; rewrite sqrf_eq1 => /orP[] /eqP ->.
  by rewrite eqxx.
by rewrite eq_sym -addr_eq0 (pnatr_eq0 _ 2) expr1.
Qed.

Theorem equal_lengths_zscore_gram r (A : 'M[F]_(r, n)) k (d : F) (divisor : F -> F)
    (c : 'cV[F]_n) M M1 M2 (T : 'M[F]_(M, n)) (X : 'M[F]_(M1, n)) (Y : 'M[F]_(M2, n)) :
  d != 0 -> (forall i, squared_length A i = d) -> commutes A k -> (0 < M)%N ->
  let E K := @encrypt_rows F K n (Q k) c in
  gram (zscore divisor (E M T *m A^T) (E M1 X *m A^T))
       (zscore divisor (E M T *m A^T) (E M2 Y *m A^T))
  = gram (zscore divisor (T *m A^T) (X *m A^T)) (zscore divisor (T *m A^T) (Y *m A^T)).
Proof.
move=> d_neq0 lengths A_commutes M_gt0 E.
have [g eqA] := equal_lengths_signs d_neq0 lengths A_commutes.
exact: (reduction_zscore_gram c eqA).
Qed.

End Rows.

(* The paper's images have 480 blocks: no reduction without zero rows has 1536 *)
(* rows, or 768, 512 or 384.                                                   *)
Theorem rows_of_480_blocks (F : numFieldType) B C r (A : 'M[F]_(r, 24 * B * (20 * B) * C)) :
  (forall p D, commutes (R := 24) (S := 20) A (scramble C p D)) -> (forall i, row i A != 0) ->
  r \notin [:: 1536; 768; 512; 384]%N.
Proof.
move=> A_commutes no_zero_rows; apply/negP => r_in.
have r_lt : (r < (24 * 20) * (24 * 20).-1)%N.
  by move: r_in; rewrite !inE => /or4P[] /eqP ->.
have := few_rows_divide A_commutes no_zero_rows _ r_lt => /(_ isT).
by move: r_in; rewrite !inE => /or4P[] /eqP ->.
Qed.
