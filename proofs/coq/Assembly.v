(******************************************************************************)
(* Blocks put together by seams: when the whole key is recovered              *)
(*                                                                            *)
(* A seam says that one block lies in a certain pose as another block sees    *)
(* it: next to which of its sides, turned or inverted how, negated or not,    *)
(* with its colour components in which order. The assembly takes candidates   *)
(* in a given order, and joins two components of blocks along a seam unless   *)
(* they then do not fit: two blocks in one place, or blocks beyond the frame. *)
(*                                                                            *)
(* What is proved, for any group of poses, any number of blocks, any rule     *)
(* which of two components moves:                                             *)
(*  - two ways to lay blocks that agree with the same seams, and these        *)
(*    connect all blocks, differ by one motion of the whole;                  *)
(*  - where all blocks were joined, their poses are the true ones, up to one  *)
(*    motion, if and only if each seam that was joined is true;               *)
(*  - no false seam is joined if before each come true ones that link its     *)
(*    blocks, for any rule of refusal that lets pass what lies as in truth;   *)
(*  - in the order of anything, such as cost: if true candidates that come    *)
(*    before each false one link its blocks;                                  *)
(*  - in the order of the ratio of a candidate's cost to that of its cheapest *)
(*    rival: if each true candidate costs less than its rivals, and each      *)
(*    false one has a true rival, or costs no less than some rival, or true   *)
(*    candidates of less ratio link its blocks.                               *)
(* For an image of R x C blocks, each turned or inverted (one of 8), negated  *)
(* or not, its components in any order, and that rule of refusal: if at each  *)
(* side with a true neighbour the true gluing costs less than every false     *)
(* one, if the cheapest gluing of each side is a candidate, and if false      *)
(* gluings of two sides at the border of the image (or of one such to the     *)
(* neighbour of its own block) are not the best for both, or come late as     *)
(* above, then places, turns, signs and orders are recovered up to one motion *)
(* of the plane, one sign and one order. Laid into the frame, 8 motions are   *)
(* left, 4 if it is no square.                                                *)
(*                                                                            *)
(* What is not said: how likely the margin is, which is a subject of          *)
(* docs/explanation/recovery.md; anything about blocks that are put again     *)
(* where a false seam was joined.                                             *)
(*                                                                            *)
(* Why one would believe it. Where a true seam is joined, poses within the    *)
(* component stay right relative to each other. A true seam and its rivals    *)
(* divide each other's costs: the true one's ratio is below 1, theirs above.  *)
(* So all true seams come first, and once they have joined everything there   *)
(* is nothing left to be joined.                                              *)
(*                                                                            *)
(* Reference: Kruskal, Proc. AMS 7, 1956; Gallagher, CVPR 2012 (refusals);    *)
(* Pomeranz, Shemesh, Ben-Shahar, CVPR 2011 (the best for both); Paikin, Tal, *)
(* CVPR 2015 (ratio to the second best).                                      *)
(*                                                                            *)
(* Definitions: pose_group, seam, reversed, agrees, between, linked, state,   *)
(*   start, moved, join, assemble, coherent, right_so_far, true_first, ratio, *)
(*   planar, planar_compose, planar_still, planar_back, planar_poses, home,   *)
(*   truth, apart, within, in_frame, framed, neighbours, joins, recovered,    *)
(*   side, meets, rivals.                                                     *)
(******************************************************************************)

From Coq Require Import Lia List Relations.
From mathcomp Require Import all_ssreflect all_algebra fingroup perm.
From mathcomp.zify Require Import zify.
From EtC Require Import SignedPermutation.

Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.

Import Order.Theory GRing.Theory Num.Theory.

(* ------------------------------------------------------------------------- *)
(* Poses                                                                     *)
(* ------------------------------------------------------------------------- *)

(* Places, turns, signs and orders of components compose: a group. *)
Record pose_group := PoseGroup {
  pose :> Type;
  compose : pose -> pose -> pose;
  still : pose;
  back : pose -> pose;
  composeA : associative compose;
  still_compose : left_id still compose;
  back_compose : left_inverse still back compose
}.

Infix "**" := (@compose _) (at level 40, left associativity).
Notation "p ^~" := (back p) (at level 3, format "p ^~").

Section PoseAlgebra.

Variable G : pose_group.
Implicit Types p q r : G.

Lemma compose_back p : p ** p^~ = still G.
Proof.
rewrite -[LHS]still_compose -{1}(back_compose p^~) -(composeA p^~^~) (composeA p^~).
by rewrite back_compose still_compose back_compose.
Qed.

Lemma compose_still p : p ** still G = p.
Proof. by rewrite -(back_compose p) composeA compose_back still_compose. Qed.

Lemma composeK p q : p ** q ** q^~ = p.
Proof. by rewrite -composeA compose_back compose_still. Qed.

Lemma composeVK p q : p ** q^~ ** q = p.
Proof. by rewrite -composeA back_compose compose_still. Qed.

Lemma composeKl p q : p^~ ** (p ** q) = q.
Proof. by rewrite composeA back_compose still_compose. Qed.

Lemma compose_injl p q r : p ** q = p ** r -> q = r.
Proof. by move=> e; rewrite -(composeKl p q) e composeKl. Qed.

Lemma compose_injr p q r : q ** p = r ** p -> q = r.
Proof. by move=> e; rewrite -(composeK q p) e composeK. Qed.

End PoseAlgebra.

(* ------------------------------------------------------------------------- *)
(* Seams                                                                     *)
(* ------------------------------------------------------------------------- *)

Section Assembly.

Variables (G : pose_group) (V : finType).

(* Says that block [to] is in the pose [step], seen from block [from]. *)
Record seam := Seam { from : V; to : V; step : G }.

Definition reversed s := Seam (to s) (from s) (step s)^~.

(* A seam agrees with poses of all blocks. *)
Definition agrees (p : V -> G) s : Prop := p (to s) = p (from s) ** step s.

Lemma agrees_reversed p s : agrees p s -> agrees p (reversed s).
Proof. by rewrite /agrees /= => ->; rewrite composeK. Qed.

Definition between (p : V -> G) u v := Seam u v ((p u)^~ ** p v).

Lemma agrees_between p u v : agrees p (between p u v).
Proof. by rewrite /agrees /= composeA compose_back still_compose. Qed.

(* Two blocks are linked by seams of a list that have a property. *)
Definition linked (P : seam -> Prop) (l : list seam) : V -> V -> Prop :=
  clos_refl_sym_trans V (fun u v => exists2 s, In s l & [/\ P s, from s = u & to s = v]).

Lemma linked_sub (P Q : seam -> Prop) l m u v :
  (forall s, In s l -> P s -> In s m /\ Q s) -> linked P l u v -> linked Q m u v.
Proof.
move=> sub; elim=> {u v} [u v [s /sub E [/E[sm Qs] su sv]]|u|u v _|u v w _ uv _ vw].
- by apply: rst_step; exists s.
- exact: rst_refl.
- exact: rst_sym.
exact: rst_trans vw.
Qed.

(* An equivalence that holds for the seams holds for what they link. *)
Lemma linked_in (T : Type) (f : V -> T) (P : seam -> Prop) l u v :
  (forall s, In s l -> P s -> f (from s) = f (to s)) -> linked P l u v -> f u = f v.
Proof.
by move=> fP; elim=> {u v} [u v [s /fP E [/E e <- <-]]|u|u v _|u v w _ uv _ vw] //; rewrite uv.
Qed.

(* Two ways to lay blocks that agree with the same seams differ, on what the *)
(* seams link, by one motion of the plane.                                   *)
Theorem poses_from_seams (p q : V -> G) l u v :
  linked (fun s => agrees p s /\ agrees q s) l u v -> q u ** (p u)^~ = q v ** (p v)^~.
Proof.
apply: linked_in (fun v => q v ** (p v)^~) _ _ _ _ _ => s _ [ps qs] /=.
by apply: (@compose_injr _ (p (to s))); rewrite composeVK ps composeA composeVK.
Qed.

Theorem one_motion (p q : V -> G) l : (forall s, In s l -> agrees p s /\ agrees q s) ->
  (forall u v, linked (fun => True) l u v) ->
  exists h, forall v, q v = h ** p v.
Proof.
move=> pq all_linked; have [v0 _|none] := pickP V; last first.
  by exists (still G) => v; have := none v.
exists (q v0 ** (p v0)^~) => v; rewrite (@poses_from_seams p q l v0 v) ?composeVK //.
by apply: linked_sub (all_linked v0 v) => s /[dup] /pq.
Qed.

(* ------------------------------------------------------------------------- *)
(* The assembly: Kruskal's spanning tree in a plane                          *)
(* ------------------------------------------------------------------------- *)

Record state := State { component : V -> V; posed : V -> G; joined : list seam }.

Definition start := State id (fun => still G) nil.

(* What lies with [to s] is moved as one, so that the seam fits. *)
Definition moved st s : state :=
  let h := posed st (from s) ** step s ** (posed st (to s))^~ in
  let moves v := component st v == component st (to s) in
  State (fun v => if moves v then component st (from s) else component st v)
        (fun v => if moves v then h ** posed st v else posed st v)
        (s :: joined st).

(* Which of two components moves, and what is refused: any rules. *)
Variable swaps : state -> seam -> bool.
Variable fits : (V -> bool) -> (V -> G) -> bool.

Definition join st s : state :=
  if component st (from s) == component st (to s) then st else
  let s' := if swaps st s then reversed s else s in
  let st' := moved st s' in
  if fits (fun v => component st' v == component st' (from s')) (posed st') then st' else st.

Definition assemble (l : list seam) : state := foldl join start l.

(* One may stop where everything is joined. *)
Lemma join_whole st s : (forall u v, component st u = component st v) -> join st s = st.
Proof. by move=> whole; rewrite /join (whole (from s) (to s)) eqxx. Qed.

(* --- what holds for all seams, true or false ------------------------------ *)

(* Components are what the joined seams link, and the poses agree with them. *)
Definition coherent st : Prop :=
  [/\ forall s, In s (joined st) -> agrees (posed st) s,
      forall s, In s (joined st) -> component st (from s) = component st (to s)
    & forall u v, component st u = component st v -> linked (fun => True) (joined st) u v].

Lemma moved_coherent st s : component st (from s) <> component st (to s) ->
  coherent st -> coherent (moved st s).
Proof.
move=> /eqP/negbTE differ [agree same link].
split=> [s' /= [<-|s'_in]|s' /= [<-|s'_in]|u v /=].
- by rewrite /agrees /= eqxx differ composeVK.
- have := agree _ s'_in; rewrite /agrees /= (same _ s'_in).
  by case: ifP => // _ ->; rewrite !composeA.
- by rewrite /= eqxx differ.
- by rewrite /= (same _ s'_in).
have old x y : component st x = component st y -> linked (fun => True) (s :: joined st) x y.
  by move/link; apply: linked_sub => t t_in; split=> //; right.
have new : linked (fun => True) (s :: joined st) (from s) (to s).
  by apply: rst_step; exists s => //; left.
case: eqP => u_to; case: eqP => v_to //.
- by move=> _; apply: old; rewrite u_to.
- move=> v_from; apply: rst_trans (old _ _ v_from); apply: rst_trans (old u _ u_to) _.
  exact: rst_sym.
- move=> u_from; apply: rst_trans (old _ _ u_from) _; apply: rst_trans new _.
  by apply: old.
exact: old.
Qed.

Lemma join_cases st s : join st s = st \/
  exists2 s', s' = s \/ s' = reversed s
  & component st (from s') <> component st (to s') /\ join st s = moved st s'.
Proof.
rewrite /join; case: eqP => [_|differ]; first by left.
case: (swaps st s) => /=; case: fits; [right|by left|right|by left].
  by exists (reversed s); [right | split=> //=; apply: nesym].
by exists s; [left | split].
Qed.

Lemma join_coherent st s : coherent st -> coherent (join st s).
Proof.
by have [->//|[s' _ [differ ->]]] := join_cases st s; apply: moved_coherent.
Qed.

Lemma start_coherent : coherent start.
Proof. by split=> // u v /= ->; apply: rst_refl. Qed.

Theorem assemble_coherent l : coherent (assemble l).
Proof.
rewrite /assemble; elim: l start start_coherent => //= s l IHl st st_coherent.
exact/IHl/join_coherent.
Qed.

(* In one component, poses are right, up to one motion of the plane, exactly *)
(* where every seam that was joined is true.                                 *)
Theorem recovered_iff (t : V -> G) l :
  let st := assemble l in
  (forall u v, component st u = component st v) ->
  (exists h, forall v, posed st v = h ** t v) <-> (forall s, In s (joined st) -> agrees t s).
Proof.
move=> st whole; have [agree _ link] := assemble_coherent l.
split=> [[h posed_t] s s_in|t_agree].
  have := agree s s_in; rewrite /agrees -/st !posed_t -composeA; exact: compose_injl.
apply: one_motion (joined st) _ _ => [s s_in|u v]; first by split; [apply: t_agree|apply: agree].
exact/link/whole.
Qed.

(* --- true seams ------------------------------------------------------------ *)

Variable t : V -> G.

(* What is laid as in truth, anywhere in the plane, is not refused. *)
Hypothesis truth_fits : forall (members : V -> bool) p h,
  (forall v, members v -> p v = h ** t v) -> fits members p.

(* Each component lies as in truth, up to a motion; true seams were joined. *)
Definition right_so_far l st : Prop :=
  [/\ forall s, In s (joined st) -> agrees t s,
      forall u v, component st u = component st v -> posed st u ** (t u)^~ = posed st v ** (t v)^~
    & forall s, In s l -> agrees t s -> component st (from s) = component st (to s)].

Lemma linked_together l st u v :
  right_so_far l st -> linked (agrees t) l u v -> component st u = component st v.
Proof. by move=> [_ _ together]; apply: linked_in. Qed.

Lemma moved_right st s u v : agrees t s ->
  (forall u v, component st u = component st v -> posed st u ** (t u)^~ = posed st v ** (t v)^~) ->
  component (moved st s) u = component (moved st s) v ->
  posed (moved st s) u ** (t u)^~ = posed (moved st s) v ** (t v)^~.
Proof.
move=> ts right; pose h := posed st (from s) ** (t (from s))^~.
have moves w : component st w = component st (to s) ->
    posed st (from s) ** step s ** (posed st (to s))^~ ** posed st w ** (t w)^~ = h.
  move=> /right w_to; rewrite -[LHS]composeA w_to composeA composeVK.
  by apply: (@compose_injr _ (t (to s))); rewrite composeVK ts composeA composeVK.
rewrite /=; case: eqP => u_to; case: eqP => v_to.
- by rewrite !moves.
- by rewrite moves // /h => /right.
- by rewrite moves // /h => /right.
exact: right.
Qed.

Lemma moved_together st s u v :
  component st u = component st v -> component (moved st s) u = component (moved st s) v.
Proof. by move=> /= ->. Qed.

Lemma moved_joins st s : component (moved st s) (from s) = component (moved st s) (to s).
Proof. by rewrite /= eqxx; case: ifP. Qed.

Lemma join_true st s : agrees t s ->
  (forall u v, component st u = component st v -> posed st u ** (t u)^~ = posed st v ** (t v)^~) ->
  component st (from s) <> component st (to s) ->
  exists2 s', agrees t s' & join st s = moved st s'
    /\ component (moved st s') (from s) = component (moved st s') (to s).
Proof.
move=> ts right /eqP/negbTE differ; rewrite /join differ.
set s' := if swaps st s then _ else _.
have ts' : agrees t s' by rewrite /s'; case: swaps => //; apply: agrees_reversed.
exists s' => //; rewrite (@truth_fits _ _ (posed (moved st s') (from s') ** (t (from s'))^~)).
  split=> //; have := moved_joins st s'.
  by rewrite /s'; case: swaps.
move=> v /eqP v_in; apply: (@compose_injr _ (t v)^~); rewrite composeK.
exact: (moved_right ts' right v_in).
Qed.

Lemma join_right l st s : right_so_far l st ->
  agrees t s \/ linked (agrees t) l (from s) (to s) ->
  right_so_far (l ++ s :: nil) (join st s).
Proof.
move=> right_st true_or_linked; have [true_joined right together] := right_st.
have [same|/eqP differ] := boolP (component st (from s) == component st (to s)).
  rewrite /join same; split=> // x x_in tx.
  by have [/together->|[<-|]] := in_app_or _ _ _ x_in; last by []; last exact/eqP.
case: true_or_linked => [ts|/(linked_together right_st)//].
have [s' ts' [-> joins]] := join_true ts right differ.
split=> [x /= [<-|/true_joined]|u v|x] //; first exact: moved_right.
move=> x_in tx; have [x_l|[<-|]] := in_app_or _ _ _ x_in; last by [].
  exact/moved_together/together.
by [].
Qed.

(* The margin: before each false seam come true ones that link its blocks.   *)
Definition true_first (l : list seam) : Prop := forall before s after,
  l = before ++ s :: after -> agrees t s \/ linked (agrees t) before (from s) (to s).

Lemma assemble_right l : true_first l -> right_so_far l (assemble l).
Proof.
elim/last_ind: l => [|l s IHl] first; first by split=> // u v /= ->.
rewrite -cats1 /assemble foldl_cat /=; apply: join_right; last first.
  by apply: (first l s nil); rewrite -cats1.
apply: IHl => before x after l_x; apply: (first before x (rcons after s)).
by rewrite l_x rcons_cat.
Qed.

(* Every true neighbour wins: no false seam is joined, all that true seams   *)
(* link lies as in truth.                                                    *)
Theorem only_true_seams l s : true_first l -> In s (joined (assemble l)) -> agrees t s.
Proof. by move=> /assemble_right[+ _ _]; apply. Qed.

Theorem what_true_seams_link l u v : true_first l -> linked (agrees t) l u v ->
  posed (assemble l) u ** (t u)^~ = posed (assemble l) v ** (t v)^~.
Proof.
move=> /assemble_right right_l u_v; have [_ right _] := right_l.
exact/right/(linked_together right_l).
Qed.

Theorem whole_key l : true_first l -> (forall u v, linked (agrees t) l u v) ->
  exists h, forall v, posed (assemble l) v = h ** t v.
Proof.
move=> first all_linked; have [true_joined _ _] := assemble_right first.
apply/recovered_iff => // u v; exact/(linked_together (assemble_right first))/all_linked.
Qed.

(* Conversely, a false seam that is joined is there to stay.                 *)
Theorem false_seam_stays l s : In s (joined (assemble l)) -> ~ agrees t s ->
  ~ exists h, forall v, posed (assemble l) v = h ** t v.
Proof.
move=> s_in not_ts [h posed_t]; have [agree _ _] := assemble_coherent l; apply: not_ts.
by have := agree s s_in; rewrite /agrees !posed_t -composeA; apply: compose_injl.
Qed.

(* ------------------------------------------------------------------------- *)
(* Margins                                                                   *)
(* ------------------------------------------------------------------------- *)

Section Margins.

Local Open Scope ring_scope.

Variable F : realFieldType.

Lemma all_In (a : pred seam) l s : all a l -> In s l -> a s.
Proof. by elim: l => //= x l IHl /andP[ax /IHl all_l] [<-|/all_l]. Qed.

(* In order of anything, such as cost: that is less for true seams which     *)
(* link the blocks of a false one.                                           *)
Theorem true_first_sorted (key : seam -> F) l :
  sorted (relpre key <=%O) l ->
  (forall s, In s l ->
     agrees t s \/ linked (fun g => agrees t g /\ key g < key s) l (from s) (to s)) ->
  true_first l.
Proof.
move=> l_sorted margin before s after l_s.
have [|ts|less] := margin s; [by rewrite l_s; apply/in_or_app; right; left|by left|right].
apply: linked_sub less => g g_in [tg less]; split=> //; move: g_in; rewrite l_s => g_in.
have [//|[s_g|g_after]] := in_app_or _ _ _ g_in; first by rewrite s_g ltxx in less.
move: l_sorted; rewrite l_s => /cat_sorted2[_ /= /order_path_min after_s].
have /all_In/(_ g_after) /= : all (relpre key <=%O s) after.
  by apply: after_s => x y z /=; apply: le_trans.
by rewrite leNgt less.
Qed.

(* The cost of a seam over that of its cheapest rival. *)
Variables (cost : seam -> F) (rival : seam -> seam -> Prop) (cheapest : seam -> seam).
Hypothesis cost_gt0 : forall s, 0 < cost s.
Hypothesis rival_sym : forall s s', rival s s' -> rival s' s.

Variable l : list seam.
Hypothesis cheapest_rival : forall s, In s l -> rival s (cheapest s).
Hypothesis cheapest_least : forall s s', rival s s' -> cost (cheapest s) <= cost s'.

Definition ratio s : F := cost s / cost (cheapest s).

Lemma ratio_lt1 s : In s l -> ratio s < 1 <-> forall s', rival s s' -> cost s < cost s'.
Proof.
move=> s_in; rewrite /ratio ltr_pdivr_mulr // mul1r; split=> [less s' /cheapest_least|]; last first.
  by apply; apply: cheapest_rival.
exact: lt_le_trans.
Qed.

(* Each true seam costs less than its rivals; false seams without a true     *)
(* rival come after true ones that link their blocks.                        *)
Hypothesis margin : forall s s', In s l -> agrees t s -> rival s s' -> cost s < cost s'.
Hypothesis all_linked : forall u v, linked (agrees t) l u v.

Lemma not_less_than_true s : 1 <= ratio s ->
  linked (fun g => agrees t g /\ ratio g < ratio s) l (from s) (to s).
Proof.
move=> ge1; apply: linked_sub (all_linked (from s) (to s)) => g g_in tg; split=> //; split=> //.
by apply: lt_le_trans ge1; apply/(ratio_lt1 g_in) => s'; apply: margin.
Qed.

(* A seam that is not the best for both is late enough. *)
Lemma worse_than_a_rival s s' : In s l -> rival s s' -> cost s' <= cost s ->
  linked (fun g => agrees t g /\ ratio g < ratio s) l (from s) (to s).
Proof.
move=> s_in ss' le_s; apply: not_less_than_true; rewrite leNgt; apply/negP.
by move/(ratio_lt1 s_in)/(_ s' ss'); rewrite ltNge le_s.
Qed.

Theorem true_first_by_ratio :
  sorted (relpre ratio <=%O) l ->
  (forall s, In s l -> [\/ agrees t s, exists g, [/\ In g l, agrees t g & rival g s]
     | linked (fun g => agrees t g /\ ratio g < ratio s) l (from s) (to s)]) ->
  true_first l.
Proof.
move=> l_sorted rest; apply: true_first_sorted l_sorted _ => s s_in.
have [|[g [g_in tg g_s]]|] := rest s s_in; [by left|right|by right].
by apply: (worse_than_a_rival s_in (rival_sym g_s)); apply/ltW/margin.
Qed.

End Margins.

End Assembly.

(* ------------------------------------------------------------------------- *)
(* Blocks of an image                                                        *)
(* ------------------------------------------------------------------------- *)

Section Grid.

Local Open Scope ring_scope.

(* Where a block lies, how it is turned or inverted (one of the 8 signed     *)
(* permutations of the two coordinates), whether it is negated, and in which *)
(* order its colour components are.                                          *)
Record planar := Planar {
  at_place : 'cV[int]_2;
  turned : signed_perm 2;
  negative : bool;
  components : 'S_3
}.

Definition planar_compose p q := Planar
  (at_place p + sp_matrix _ (turned p) *m at_place q) (sp_mul (turned p) (turned q))
  (negative p (+) negative q) (components p * components q)%g.

Definition planar_still := Planar 0 (sp_one 2) false 1%g.

Definition planar_back p := Planar
  (- ((sp_matrix _ (turned p))^T *m at_place p)) (sp_inv (turned p))
  (negative p) (components p)^-1%g.

Lemma planar_composeA : associative planar_compose.
Proof.
move=> [v f b o] [w g c q] [x h d r]; rewrite /planar_compose /=.
by rewrite mulmxDr mulmxA -sp_matrix_mul addrA sp_mulA addbA mulgA.
Qed.

Lemma planar_still_compose : left_id planar_still planar_compose.
Proof.
move=> [v f b o]; rewrite /planar_compose /=.
by rewrite sp_matrix_one mul1mx add0r sp_mul1f mul1g.
Qed.

Lemma planar_back_compose : left_inverse planar_still planar_back planar_compose.
Proof.
move=> [v f b o]; rewrite /planar_compose /planar_back /planar_still /=.
by rewrite sp_matrix_inv addNr sp_mulVf addbb mulVg.
Qed.

Definition planar_poses : pose_group :=
  PoseGroup planar_composeA planar_still_compose planar_back_compose.

Variables R C : nat.

(* Blocks are named by their true places; that names are shuffled changes    *)
(* nothing, for the assembly does not look at them.                          *)
Notation block := ('I_R * 'I_C)%type.

Definition home (v : block) : 'cV[int]_2 := \col_k (if k == 0 then v.1%:Z else v.2%:Z).

(* The key: how each block was turned, negated, coloured. *)
Variables (turns : block -> signed_perm 2) (negatives : block -> bool) (orders : block -> 'S_3).

Definition truth (v : block) : planar_poses := Planar (home v) (turns v) (negatives v) (orders v).

(* No two blocks in one place, and none beyond a frame, upright or lying.    *)
Definition apart (members : block -> bool) (p : block -> planar_poses) : bool :=
  [forall u, forall v, [&& members u, members v & at_place (p u) == at_place (p v)] ==> (u == v)].

Definition within (height width : nat) (members : block -> bool) (p : block -> planar_poses) :
    bool :=
  [forall u, forall v, members u && members v ==>
    (`|at_place (p u) 0 0 - at_place (p v) 0 0| < height%:Z)
    && (`|at_place (p u) 1 0 - at_place (p v) 1 0| < width%:Z)].

Definition in_frame members p : bool :=
  apart members p && (within R C members p || within C R members p).

Lemma home_inj : injective home.
Proof.
move=> [i j] [i' j'] /matrixP e; have := e 0 0; have := e 1 0; rewrite !mxE /= => - [jj] [ii].
by congr (_, _); apply: val_inj.
Qed.

Lemma place_after (h : planar_poses) v k : at_place (h ** truth v) k 0
  = at_place h k 0 + (-1) ^+ negated (turned h) k * home v (source (turned h) k) 0.
Proof. by rewrite /= mxE sp_matrix_mulE. Qed.

Lemma second_index (k : 'I_2) : k != 0 -> k = 1.
Proof. by case: k => [[|[|k]]] // k_lt _; apply: val_inj. Qed.

Lemma transposed (f : signed_perm 2) : source f 0 <> 0 -> source f 0 = 1 /\ source f 1 = 0.
Proof.
move=> /eqP/second_index s0; split=> //; apply: contraTeq isT => /second_index s1.
by have /perm_inj : source f 0 = source f 1 by rewrite s0 s1.
Qed.

Lemma upright (f : signed_perm 2) : source f 0 = 0 -> source f 1 = 1.
Proof. by move=> s0; apply: second_index; rewrite -s0 (inj_eq perm_inj). Qed.

Lemma truth_in_frame (members : block -> bool) p h :
  (forall v, members v -> p v = h ** truth v) -> in_frame members p.
Proof.
move=> p_true; pose M : 'M[int]_2 := sp_matrix _ (turned h).
have placed v : members v -> at_place (p v) = at_place h + M *m home v by move/p_true ->.
have oM : M^T *m M = 1%:M by apply: sp_matrix_orthogonal.
apply/andP; split.
  apply/'forall_forallP => u v; apply/implyP => /and3P[/placed-> /placed-> /eqP/addrI].
  by move=> /(congr1 (mulmx M^T)); rewrite !(mulmxA M^T M) oM !mul1mx => /home_inj ->.
have entry u v k : members u -> members v -> `|at_place (p u) k 0 - at_place (p v) k 0|
    = `|home u (source (turned h) k) 0 - home v (source (turned h) k) 0|.
  move=> /p_true-> /p_true->; rewrite !place_after.
  by rewrite opprD addrACA subrr add0r -mulrBr normrMsign.
have near0 (u v : block) : `|home u 0 0 - home v 0 0| < R%:Z.
  by rewrite !mxE /=; have := ltn_ord u.1; have := ltn_ord v.1; lia.
have near1 (u v : block) : `|home u 1 0 - home v 1 0| < C%:Z.
  by rewrite !mxE /=; have := ltn_ord u.2; have := ltn_ord v.2; lia.
have [s0|/eqP/transposed[s0 s1]] := eqVneq (source (turned h) 0) 0; apply/orP; [left|right];
  apply/'forall_forallP => u v; apply/implyP => /andP[mu mv]; rewrite !entry //.
  by rewrite s0 (upright s0) near0 near1.
by rewrite s0 s1 near0 near1.
Qed.

(* In a frame whose corner is the origin, a motion is one of few: its place  *)
(* follows from its turn, and only a square frame can be transposed. So 8    *)
(* readings are left, or 4, times 2 signs, times the orders of components.   *)
Definition framed (p : block -> planar_poses) : Prop := forall v,
  (0 <= at_place (p v) 0 0 < R%:Z) /\ (0 <= at_place (p v) 1 0 < C%:Z).

Theorem readings (h : planar_poses) : (0 < R)%N -> (0 < C)%N ->
  framed (fun v => h ** truth v) ->
  at_place h = \col_k (if negated (turned h) k then (if k == 0 then R else C)%:Z - 1 else 0)
  /\ (R <> C -> source (turned h) 0 = 0).
Proof.
move=> R_gt0 C_gt0 h_framed.
have R_last : (R.-1 < R)%N by rewrite prednK.
have C_last : (C.-1 < C)%N by rewrite prednK.
have [] := h_framed (Ordinal R_last, Ordinal C_last).
have [] := h_framed (Ordinal R_gt0, Ordinal C_gt0).
have homeE v k : home v k 0 = if k == 0 then v.1%:Z else v.2%:Z by rewrite mxE.
have colE (a : 'cV[int]_2) b : a 0 0 = b 0 -> a 1 0 = b 1 -> a = \col_k b k.
  move=> a0 a1; apply/matrixP => k l; rewrite [l]ord1 mxE.
  by have [->|/second_index->] := eqVneq k 0.
rewrite !place_after !homeE /=; set n := negated (turned h).
have [s0|/eqP/transposed[s0 s1]] := eqVneq (source (turned h) 0) 0.
  rewrite s0 (upright s0) /= => b0 b1 b2 b3; split=> //.
  by apply: colE => /=; case: (n 0) b0 b1 b2 b3; case: (n 1) => /=; lia.
rewrite s0 s1 /= => b0 b1 b2 b3; have RC : R = C.
  by case: (n 0) b0 b1 b2 b3; case: (n 1) => /=; lia.
by split=> //; apply: colE => /=; case: (n 0) b0 b1 b2 b3; case: (n 1) => /=; lia.
Qed.

(* Neighbours in the image. *)
Definition neighbours (u v : block) : bool :=
  ((u.1 == v.1) && (v.2 == u.2.+1 :> nat)) || ((u.2 == v.2) && (v.1 == u.1.+1 :> nat)).

Notation planar_seam := (seam planar_poses [finType of block]).

Definition joins (s : planar_seam) (u v : block) : Prop :=
  (from s = u /\ to s = v) \/ (from s = v /\ to s = u).

Theorem grid_linked (l : list planar_seam) :
  (forall u v, neighbours u v -> exists s, [/\ In s l, agrees truth s & joins s u v]) ->
  forall u v, linked (agrees truth) l u v.
Proof.
move=> seams; have step (u v : block) : neighbours u v -> linked (agrees truth) l u v.
  move=> /seams[s [s_in ts [[su sv]|[sv su]]]]; first by apply: rst_step; exists s.
  by apply: rst_sym; apply: rst_step; exists s.
have to_corner n (u v : block) : (u.1 + u.2 = n)%N -> v.1 = 0%N :> nat -> v.2 = 0%N :> nat ->
    linked (agrees truth) l v u.
  elim: n u => [|n IHn] [[i i_R] [j j_C]] /= ij v1 v2.
    have -> : v = (Ordinal i_R, Ordinal j_C) by
      case: v v1 v2 => a b /= v1 v2; congr (_, _); apply: val_inj => /=; lia.
    exact: rst_refl.
  case: j j_C ij => [|j] j_C ij; last first.
    have j_C' := ltnW j_C; apply: rst_trans (IHn (Ordinal i_R, Ordinal j_C') _ v1 v2) _.
      by rewrite /=; lia.
    by apply: step; rewrite /neighbours /= !eqxx.
  case: i i_R ij => [|i] i_R ij; first by lia.
  have i_R' := ltnW i_R; apply: rst_trans (IHn (Ordinal i_R', Ordinal j_C) _ v1 v2) _.
    by rewrite /=; lia.
  by apply: step; rewrite /neighbours /= !eqxx orbT.
move=> u v; have R_gt0 : (0 < R)%N by apply: leq_ltn_trans (ltn_ord u.1).
have C_gt0 : (0 < C)%N by apply: leq_ltn_trans (ltn_ord u.2).
apply: rst_trans (to_corner _ v (Ordinal R_gt0, Ordinal C_gt0) erefl erefl erefl).
by apply: rst_sym; apply: to_corner.
Qed.

(* What it means that the key is recovered, up to one motion of the whole. *)
Definition recovered (p : block -> planar_poses) : Prop := exists h : planar_poses, forall v,
  [/\ at_place (p v) = at_place h + sp_matrix _ (turned h) *m home v,
      turned (p v) = sp_mul (turned h) (turns v),
      negative (p v) = negative h (+) negatives v
    & components (p v) = (components h * orders v)%g].

Variable F : realFieldType.
Variable swaps : state planar_poses [finType of block] -> planar_seam -> bool.
Variable candidates : list planar_seam.

Lemma grid_recovered : true_first truth candidates ->
  (forall u v, linked (agrees truth) candidates u v) ->
  recovered (posed (assemble swaps in_frame candidates)).
Proof.
move=> first all_linked; have [h posed_h] := whole_key swaps truth_in_frame first all_linked.
by exists h => v; rewrite posed_h.
Qed.

(* In order of anything, such as cost, that is less for all true candidates. *)
Theorem key_recovered_in_order (key : planar_seam -> F) :
  sorted (relpre key <=%O) candidates ->
  (forall s, In s candidates -> agrees truth s \/
    forall g, In g candidates -> agrees truth g -> key g < key s) ->
  (forall u v, neighbours u v -> exists s, [/\ In s candidates, agrees truth s & joins s u v]) ->
  recovered (posed (assemble swaps in_frame candidates)).
Proof.
move=> by_key margin /grid_linked all_linked; apply: grid_recovered => //.
apply: true_first_sorted by_key _ => s s_in; have [|less] := margin s s_in; [by left|right].
apply: linked_sub (all_linked (from s) (to s)) => g g_in tg; split=> //; split=> //.
exact: less.
Qed.

(* One of the four sides of a block, as a step from its middle. *)
Definition side (d : 'cV[int]_2) : bool := \sum_k `|d k 0| == 1.

Lemma side_after (f : signed_perm 2) d : side (sp_matrix _ f *m d) = side d.
Proof.
rewrite /side [in RHS](reindex_inj (@perm_inj _ (source f))); congr (_ == _).
by apply: eq_bigr => k _; rewrite sp_matrix_mulE normrMsign.
Qed.

Lemma side_towards_neighbour u v : neighbours u v ->
  side (at_place (step (between truth u v))).
Proof.
rewrite /= -sp_matrix_inv addrC -mulmxBr side_after /side !big_ord_recl big_ord0 !mxE /=.
by case/orP=> /andP[/eqP-> /eqP->]; rewrite subrr normr0; lia.
Qed.

(* Side d of block u, as the block sees it, joined to block v. *)
Definition meets (s : planar_seam) (u : block) (d : 'cV[int]_2) (v : block) : Prop :=
  let other := reversed s in
  [/\ from s = u, at_place (step s) = d & to s = v]
  \/ [/\ from other = u, at_place (step other) = d & to other = v].

(* Two gluings of one side to different blocks. *)
Definition rivals (s s' : planar_seam) : Prop :=
  exists u d v v', [/\ side d, meets s u d v, meets s' u d v' & v <> v'].

Lemma rivals_sym s s' : rivals s s' -> rivals s' s.
Proof. by move=> [u [d [v [v' [side_d su s'u /nesym vv']]]]]; exists u, d, v', v. Qed.

Lemma planar_eq_dec (p q : planar) : p = q \/ p <> q.
Proof.
case: p q => [v f b o] [w g c q].
have [->|ne] := eqVneq v w; last by right=> -[e]; rewrite e eqxx in ne.
have [->|ne] := eqVneq b c; last by right=> /(congr1 negative)/= e; rewrite e eqxx in ne.
have [->|ne] := eqVneq o q; last by right=> /(congr1 components)/= e; rewrite e eqxx in ne.
have [fg|ne] := eqVneq (source f) (source g); last first.
  by right=> /(congr1 (fun x => source (turned x)))/= e; rewrite e eqxx in ne.
have [nfg|ne] := eqVneq (negated f) (negated g); last first.
  by right=> /(congr1 (fun x => negated (turned x)))/= e; rewrite e eqxx in ne.
by left; case: f g fg nfg => [? ?] [? ?] /= -> ->.
Qed.

(* Beyond a side there is one place, and one block in it. *)
Lemma true_at_side s s' u d v v' : agrees truth s -> agrees truth s' ->
  meets s u d v -> meets s' u d v' -> v = v'.
Proof.
have beyond x : agrees truth x -> meets x u d v \/ meets x u d v' -> forall w, meets x u d w ->
    home w = home u + sp_matrix _ (turns u) *m d.
  move=> tx _ w [[<- <- <-]|[<- <- <-]]; last move/agrees_reversed in tx.
    by move/(congr1 at_place): tx.
  by move/(congr1 at_place): tx.
move=> ts ts' su s'u; apply: home_inj; rewrite (beyond s ts (or_introl su) v su).
by rewrite (beyond s' ts' (or_intror s'u) v' s'u).
Qed.

Variables (cost : planar_seam -> F) (cheapest : planar_seam -> planar_seam).
Hypothesis cost_gt0 : forall s, 0 < cost s.
Hypothesis cheapest_least : forall s s', rivals s s' -> cost (cheapest s) <= cost s'.
Hypothesis cheapest_rival : forall s, In s candidates -> rivals s (cheapest s).

Hypothesis by_ratio : sorted (relpre (ratio cost cheapest) <=%O) candidates.

(* The cheapest gluing of each side is a candidate. *)
Hypothesis listed : forall s u d v, side d -> meets s u d v ->
  exists s' v', [/\ In s' candidates, meets s' u d v' & cost s' <= cost s].

(* Every true neighbour wins: at its side every false gluing costs more.     *)
Hypothesis margin : forall s s' u d v v',
  side d -> agrees truth s -> meets s u d v -> meets s' u d v' -> ~ agrees truth s' ->
  cost s < cost s'.

(* A false candidate without a true rival joins two sides at the border of   *)
(* the image, or one such to the neighbour of its own block: true candidates *)
(* of less ratio link its blocks. So it is, by worse_than_a_rival, if it is  *)
(* not the best for both.                                                    *)
Hypothesis border : forall s, In s candidates -> [\/ agrees truth s,
  exists g, [/\ In g candidates, agrees truth g & rivals g s]
  | linked (fun g => agrees truth g /\ ratio cost cheapest g < ratio cost cheapest s)
      candidates (from s) (to s)].

Lemma true_is_listed u v : neighbours u v ->
  exists s, [/\ In s candidates, agrees truth s & joins s u v].
Proof.
move=> /side_towards_neighbour side_d; pose s := between truth u v.
have ts : agrees truth s := agrees_between truth u v.
have su : meets s u (at_place (step s)) v by left.
have [s' [v' [s'_in s'u le_s]]] := listed side_d su; exists s'.
have ts' : agrees truth s'.
  have [//|false_s'] := planar_eq_dec (truth (to s')) (truth (from s') ** step s').
  by have := margin side_d ts su s'u false_s'; rewrite ltNge le_s.
split=> //; rewrite (true_at_side ts ts' su s'u).
by case: s'u => -[]; [left|right].
Qed.

Lemma true_beats_rivals s s' : agrees truth s -> rivals s s' -> cost s < cost s'.
Proof.
move=> ts [u [d [v [v' [side_d su s'u vv']]]]]; apply: (margin side_d ts su s'u) => ts'.
exact/vv'/(true_at_side ts ts' su s'u).
Qed.

Lemma assembly_true_first : true_first truth candidates.
Proof.
apply: (true_first_by_ratio cost_gt0 rivals_sym cheapest_rival cheapest_least) by_ratio border.
  by move=> s s' _; apply: true_beats_rivals.
exact/grid_linked/true_is_listed.
Qed.

Theorem assembly_joins_true_seams s :
  In s (joined (assemble swaps in_frame candidates)) -> agrees truth s.
Proof. apply: only_true_seams assembly_true_first; exact: truth_in_frame. Qed.

Theorem key_recovered : recovered (posed (assemble swaps in_frame candidates)).
Proof. apply: (grid_recovered assembly_true_first); exact/grid_linked/true_is_listed. Qed.

End Grid.
