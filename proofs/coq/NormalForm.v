(******************************************************************************)
(* Normal form: features that encryption cannot change, for any estimator     *)
(*                                                                            *)
(* What is proved. Turn every feature so that its lowest training value       *)
(* becomes 0, in the direction in which its training values come first in     *)
(* some fixed order; where both directions give the same (a constant feature) *)
(* take the magnitude of a query's value. Then sort the features by their     *)
(* training values, and a query's values with them. The result is the same    *)
(* for plain and for encrypted images, whatever signed permutation with       *)
(* offset the key is. So any algorithm at all, with any seed, gives the same  *)
(* answers behind it: a random forest, too.                                   *)
(*                                                                            *)
(* Why one would believe it. Sorting forgets where a feature came from, and   *)
(* choosing the smaller of the two directions forgets whether it was negated. *)
(*                                                                            *)
(* Definitions: lowest, highest, upward, downward, normal_feature,            *)
(*   normal_form.                                                             *)
(******************************************************************************)

From mathcomp Require Import all_ssreflect all_algebra fingroup perm.
From EtC Require Import SignedPermutation Normalization.

Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.

Import Order.Theory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Section NormalForm.

Variables (F : realFieldType) (m n : nat).

(* N = m + 1 training images; the values of one feature are a column. *)
Notation N := m.+1.
Notation column := ('I_N -> F).

(* --- lowest and highest training value ----------------------------------- *)

Definition lowest (x : column) : F := x [arg min_(i < ord0) x i]%O.
Definition highest (x : column) : F := x [arg max_(i > ord0) x i]%O.

Lemma lowestP x : (forall i, lowest x <= x i) /\ exists i, lowest x = x i.
Proof.
rewrite /lowest; case: (@Order.TotalTheory.arg_minP _ _ _ ord0 xpredT x isT) => i _ low.
by split; [move=> j; apply: low|exists i].
Qed.

Lemma highestP x : (forall i, x i <= highest x) /\ exists i, highest x = x i.
Proof.
rewrite /highest; case: (@Order.TotalTheory.arg_maxP _ _ _ ord0 xpredT x isT) => i _ high.
by split; [move=> j; apply: high|exists i].
Qed.

Lemma lowest_unique x a : (forall i, a <= x i) -> (exists i, a = x i) -> lowest x = a.
Proof.
move=> low [i ai]; have [low' [j lj]] := lowestP x.
by apply: le_anti; rewrite {1}ai low' lj low.
Qed.

Lemma highest_unique x a : (forall i, x i <= a) -> (exists i, a = x i) -> highest x = a.
Proof.
move=> high [i ai]; have [high' [j hj]] := highestP x.
by apply: le_anti; rewrite {2}ai high' hj high.
Qed.

Lemma lowest_shift x c : lowest (fun i => x i + c) = lowest x + c.
Proof.
have [low [i li]] := lowestP x.
by apply: lowest_unique => [j|]; [rewrite ler_add2r|exists i; rewrite li].
Qed.

Lemma highest_shift x c : highest (fun i => x i + c) = highest x + c.
Proof.
have [high [i hi]] := highestP x.
by apply: highest_unique => [j|]; [rewrite ler_add2r|exists i; rewrite hi].
Qed.

Lemma lowest_negative x c : lowest (fun i => - x i + c) = - highest x + c.
Proof.
have [high [i hi]] := highestP x.
by apply: lowest_unique => [j|]; [rewrite ler_add2r ler_opp2|exists i; rewrite hi].
Qed.

Lemma highest_negative x c : highest (fun i => - x i + c) = - lowest x + c.
Proof.
have [low [i li]] := lowestP x.
by apply: highest_unique => [j|]; [rewrite ler_add2r ler_opp2|exists i; rewrite li].
Qed.

(* --- one feature ---------------------------------------------------------- *)

(* Any total orders of training values and of features with a query's value;  *)
(* lexicographic order is one.                                               *)
Variables (first : rel (seq F)) (before : rel (seq F * F)).
Hypothesis first_total : total first.
Hypothesis first_antisymmetric : antisymmetric first.
Hypothesis before_total : total before.
Hypothesis before_transitive : transitive before.
Hypothesis before_antisymmetric : antisymmetric before.

Definition upward (x : column) : seq F := [seq x i - lowest x | i <- enum 'I_N].
Definition downward (x : column) : seq F := [seq highest x - x i | i <- enum 'I_N].

(* The feature with training values x and a query's value q. *)
Definition normal_feature (x : column) (q : F) : seq F * F :=
  if upward x == downward x then (upward x, `|q - lowest x|)
  else if first (upward x) (downward x) then (upward x, q - lowest x)
  else (downward x, highest x - q).

Lemma nth_values (g : column) (i : 'I_N) : nth 0 [seq g a | a <- enum 'I_N] i = g i.
Proof. by rewrite (nth_map i) ?size_enum_ord // nth_ord_enum. Qed.

Lemma both_directions_constant x : upward x = downward x -> lowest x = highest x.
Proof.
move=> ud; have ends i : x i - lowest x = highest x - x i.
  have := congr1 (nth 0 ^~ (i : nat)) ud.
  by rewrite !nth_values.
have [_ [i li]] := lowestP x; have := ends i.
rewrite -li subrr => /esym/eqP.
by rewrite subr_eq0 => /eqP.
Qed.

Lemma eq_normal_feature x x' q : x =1 x' -> normal_feature x q = normal_feature x' q.
Proof.
move=> xx'; have low : lowest x = lowest x'.
  have [l [i li]] := lowestP x'.
  by apply: lowest_unique => [j|]; [rewrite xx'|exists i; rewrite xx'].
have high : highest x = highest x'.
  have [h [i hi]] := highestP x'.
  by apply: highest_unique => [j|]; [rewrite xx'|exists i; rewrite xx'].
rewrite /normal_feature /upward /downward low high.
have -> : [seq x i - lowest x' | i <- enum 'I_N] = [seq x' i - lowest x' | i <- enum 'I_N].
  by apply: eq_map => i; rewrite xx'.
have -> // : [seq highest x' - x i | i <- enum 'I_N] = [seq highest x' - x' i | i <- enum 'I_N].
by apply: eq_map => i; rewrite xx'.
Qed.

(* Neither an offset nor a negation changes it. *)
Theorem normal_feature_signed (negate : bool) c x q :
  normal_feature (fun i => (-1) ^+ negate * x i + c) ((-1) ^+ negate * q + c)
  = normal_feature x q.
Proof.
case: negate; last first.
  rewrite expr0 mul1r (@eq_normal_feature _ (fun i => x i + c)) => [|i]; last by rewrite mul1r.
  rewrite /normal_feature /upward /downward lowest_shift highest_shift.
  have -> : [seq x i + c - (lowest x + c) | i <- enum 'I_N] = upward x.
    by apply: eq_map => i; rewrite opprD addrACA subrr addr0.
  have -> : [seq highest x + c - (x i + c) | i <- enum 'I_N] = downward x.
    by apply: eq_map => i; rewrite opprD addrACA subrr addr0.
  by rewrite !opprD !(addrACA _ c) !subrr !addr0.
rewrite expr1 mulN1r (@eq_normal_feature _ (fun i => - x i + c)) => [|i]; last by rewrite mulN1r.
rewrite /normal_feature /upward /downward lowest_negative highest_negative.
have -> : [seq - x i + c - (- highest x + c) | i <- enum 'I_N] = downward x.
  by apply: eq_map => i; rewrite opprD addrACA subrr addr0 opprK addrC.
have -> : [seq - lowest x + c - (- x i + c) | i <- enum 'I_N] = upward x.
  by apply: eq_map => i; rewrite opprD addrACA subrr addr0 opprK addrC.
have -> : - q + c - (- highest x + c) = highest x - q.
  by rewrite opprD addrACA subrr addr0 opprK addrC.
have -> : - lowest x + c - (- q + c) = q - lowest x.
  by rewrite opprD addrACA subrr addr0 opprK addrC.
rewrite -/(upward x) -/(downward x) [downward x == _]eq_sym.
case: eqP => [ud|/eqP ud].
  by rewrite -ud (both_directions_constant ud) distrC.
have := first_total (upward x) (downward x).
case up: (first (upward x) _); case down: (first (downward x) _) => //= _.
by move/eqP: ud; case; apply: first_antisymmetric; rewrite up down.
Qed.

(* --- all features --------------------------------------------------------- *)

(* The normal form of a query, given the training images. *)
Definition normal_form (T : 'M[F]_(N, n)) (q : 'I_n -> F) : seq (seq F * F) :=
  sort before [seq normal_feature (T^~ k) (q k) | k <- enum 'I_n].

Variables (f : signed_perm n) (c : 'cV[F]_n).

Notation E := (encrypt_rows (sp_matrix F f) c).

Theorem normal_form_encrypt M (T : 'M[F]_(N, n)) (X : 'M[F]_(M, n)) i :
  normal_form (E T) (E X i) = normal_form T (X i).
Proof.
rewrite /normal_form; apply/(perm_sortP before_total before_transitive before_antisymmetric).
rewrite (@eq_map _ _ _ ((fun k => normal_feature (T^~ k) (X i k)) \o source f)) => [|k]; last first.
  rewrite encrypt_rows_pixel /= -[RHS](normal_feature_signed (negated f k) (c k 0)).
  by apply: eq_normal_feature => j; rewrite encrypt_rows_pixel.
rewrite map_comp perm_map //; apply: uniq_perm; rewrite ?enum_uniq //.
  by rewrite map_inj_uniq ?enum_uniq //; apply: perm_inj.
move=> k; rewrite mem_enum; apply/mapP.
by exists ((source f)^-1%g k); rewrite ?mem_enum ?permKV.
Qed.

(* Whatever is learnt from normal forms and said of them is the same. *)
Theorem normal_form_any_algorithm M Result (T : 'M[F]_(N, n)) (X : 'M[F]_(M, n))
    (algorithm : seq (seq (seq F * F)) -> seq (seq (seq F * F)) -> Result) :
  let forms K (Y : 'M[F]_(K, n)) (S : 'M[F]_(N, n)) := [seq normal_form S (Y i) | i <- enum 'I_K] in
  algorithm (forms N (E T) (E T)) (forms M (E X) (E T))
  = algorithm (forms N T T) (forms M X T).
Proof. by move=> forms; congr (algorithm _ _); apply: eq_map => i; rewrite normal_form_encrypt. Qed.

End NormalForm.
