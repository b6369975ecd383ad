(******************************************************************************)
(* Certificate: the checker of signed permutations, proved                    *)
(*                                                                            *)
(* [check_certificate] decides whether the two lists of a certificate,        *)
(* 'source' and 'sign', are those of a signed permutation. What is proved:    *)
(*  - it accepts exactly the lists of signed permutations, the encryptions of *)
(*    the theorems;                                                           *)
(*  - for lists of one length it accepts exactly those whose matrix, over the *)
(*    integers, has Q^T Q = 1;                                                *)
(*  - its search tree holds what was put into it.                             *)
(*                                                                            *)
(* Why one would believe it. Of n numbers from 0 to n - 1 that all differ     *)
(* none is missing. A row of the matrix whose source is out of range is zero, *)
(* and two rows with one source are multiples of each other: neither can      *)
(* happen where Q Q^T = 1, and then the square of each sign is 1.             *)
(*                                                                            *)
(* It is written to be extracted (../extraction): numbers are binary, the     *)
(* tree is searched bit by bit, and what walks along the lists is tail        *)
(* recursive, so three million pixels take seconds.                           *)
(*                                                                            *)
(* Definitions: tree, find, put, length_of, is_sign, distinct_below,          *)
(*   check_written, check_permutation, check_certificate, in_range, sign_of,  *)
(*   writes, certificate_matrix.                                              *)
(******************************************************************************)

From Coq Require Import ZArith Lia.
From mathcomp Require Import all_ssreflect all_algebra fingroup perm ssrZ.
From EtC Require Import SignedPermutation.

Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.

(* ------------------------------------------------------------------------- *)
(* A search tree: the bits of a number lead to what is kept under it         *)
(* ------------------------------------------------------------------------- *)

Inductive tree T := Leaf | Node (low : tree T) (here : option T) (high : tree T).
Arguments Leaf {T}.

Fixpoint find T (t : tree T) (p : positive) : option T :=
  if t is Node low here high then
    match p with xH => here | xO q => find low q | xI q => find high q end
  else None.

Fixpoint put T (t : tree T) (p : positive) (x : T) : tree T :=
  match t with
  | Leaf =>
      match p with
      | xH => Node Leaf (Some x) Leaf
      | xO q => Node (put Leaf q x) None Leaf
      | xI q => Node Leaf None (put Leaf q x)
      end
  | Node low here high =>
      match p with
      | xH => Node low (Some x) high
      | xO q => Node (put low q x) here high
      | xI q => Node low here (put high q x)
      end
  end.

Lemma find_leaf T (p : positive) : find (@Leaf T) p = None.
Proof. by case: p. Qed.

Theorem find_put_same T (t : tree T) p x : find (put t p x) p = Some x.
Proof. by elim: p t => [p IH|p IH|] [|low here high] /=. Qed.

Theorem find_put_other T (t : tree T) p q x : p <> q -> find (put t p x) q = find t q.
Proof.
elim: p q t => [p IH|p IH|] [q|q|] [|low here high] //= pq;
  rewrite ?IH ?find_leaf //; by move=> e; apply: pq; rewrite e.
Qed.

(* ------------------------------------------------------------------------- *)
(* Numbers that are in range and differ                                      *)
(* ------------------------------------------------------------------------- *)

(* The number of elements in binary. *)
Definition length_of T (l : seq T) : N := foldl (fun n _ => N.succ n) N0 l.

Definition is_sign (s : Z) : bool := Z.eqb (Z.abs s) (Zpos xH).

Section Written.

(* Numbers as somebody writes them, and what they are: the extracted program *)
(* reads machine integers, and makes binary numbers of them one at a time.   *)
Variables (T : Type) (value : T -> Z).

(* Whether all are from 0 to n - 1 and none is in the tree or comes twice. *)
Fixpoint distinct_below (n : N) (seen : tree unit) (l : seq T) : bool :=
  if l is x :: l' then
    let z := value x in
    if Z.leb Z0 z && Z.ltb z (Z.of_N n) then
      let p := N.succ_pos (Z.to_N z) in
      if find seen p is Some _ then false else distinct_below n (put seen p tt) l'
    else false
  else true.

Definition check_written (source sign : seq T) : bool :=
  [&& N.eqb (length_of source) (length_of sign), all (fun s => is_sign (value s)) sign
    & distinct_below (length_of source) Leaf source].

End Written.

Definition check_permutation (l : seq Z) : bool := distinct_below id (length_of l) Leaf l.

Definition check_certificate (source sign : seq Z) : bool := check_written id source sign.

Lemma length_ofE T (l : seq T) : length_of l = N.of_nat (size l).
Proof.
rewrite /length_of -[RHS]N.add_0_l; elim: l N0 => [|x l IH] n /=; first by rewrite N.add_0_r.
by rewrite IH; lia.
Qed.

Definition in_range (n : N) (x : Z) : bool := Z.leb Z0 x && Z.ltb x (Z.of_N n).

Lemma in_range_bounds n x :
  in_range (N.of_nat n) x <-> Z.le Z0 x /\ Z.lt x (Z.of_nat n).
Proof. by rewrite -nat_N_Z /in_range -Z.leb_le -Z.ltb_lt; split=> /andP. Qed.

Lemma succ_pos_inj m n : N.succ_pos m = N.succ_pos n -> m = n.
Proof. by move=> e; apply: N.succ_inj; rewrite -!N.succ_pos_spec e. Qed.

Lemma distinct_belowE n (seen : tree unit) (l : seq Z) :
  distinct_below id n seen l
  = [&& all (in_range n) l, uniq l
      & all (fun x => ~~ find seen (N.succ_pos (Z.to_N x))) l].
Proof.
elim: l seen => //= x l IH seen; rewrite -/(in_range n x).
case rx: (in_range n x) => //=.
case fx: (find seen _) => [u|] /=; first by rewrite !andbF.
rewrite IH; case rl: (all (in_range n) l) => //=.
have -> : all (fun y => ~~ find (put seen (N.succ_pos (Z.to_N x)) tt) (N.succ_pos (Z.to_N y))) l
        = (x \notin l) && all (fun y => ~~ find seen (N.succ_pos (Z.to_N y))) l.
  have <- : all (predC1 x) l = (x \notin l) by rewrite all_predC has_pred1.
  rewrite -all_predI; apply: eq_in_all => y yl /=.
  have ry := allP rl y yl; move: rx ry => /andP[/Z.leb_le x0 _] /andP[/Z.leb_le y0 _].
  case: (eqVneq y x) => [->|ne]; first by rewrite find_put_same.
  by rewrite find_put_other // => /succ_pos_inj e; case/eqP: ne; lia.
by rewrite andbCA andbA.
Qed.

(* The permutations of 0, ..., n - 1, written as binary numbers. *)
Theorem check_permutationE (l : seq Z) :
  check_permutation l = all (in_range (N.of_nat (size l))) l && uniq l.
Proof.
rewrite /check_permutation distinct_belowE length_ofE; congr (_ && _).
by rewrite (eq_all (a2 := predT)) ?all_predT ?andbT // => x; rewrite find_leaf.
Qed.

(* It does not matter how the numbers are written. *)
Theorem check_writtenE T (value : T -> Z) (source sign : seq T) :
  check_written value source sign
  = check_certificate [seq value x | x <- source] [seq value s | s <- sign].
Proof.
rewrite /check_certificate /check_written !length_ofE !size_map all_map.
congr [&& _, _ & _]; elim: source (N.of_nat _) Leaf => //= x l IH n seen.
by case: ifP => // _; case: (find _ _).
Qed.

(* ------------------------------------------------------------------------- *)
(* What is accepted                                                          *)
(* ------------------------------------------------------------------------- *)

Definition sign_of (negated : bool) : Z := if negated then Zneg xH else Zpos xH.

Lemma is_signP s : reflect (exists negated, s = sign_of negated) (is_sign s).
Proof.
apply: (iffP (Z.eqb_spec _ _)) => [|[[] -> //]].
by case: s => [|[]|[]] // _; [exists false | exists true].
Qed.

Section Accepted.

Variables (source sign : seq Z).
Notation n := (size source).

(* Output k shows input [nth source k], times [nth sign k]. *)
Definition writes (f : signed_perm n) : Prop :=
  forall k : 'I_n, nth Z0 source k = Z.of_nat (SignedPermutation.source f k)
                   /\ nth Z0 sign k = sign_of (negated f k).

Lemma check_certificateE :
  check_certificate source sign
  = [&& size sign == n, all is_sign sign, all (in_range (N.of_nat n)) source & uniq source].
Proof.
rewrite /check_certificate /check_written -/(check_permutation source).
rewrite check_permutationE !length_ofE; congr (_ && _).
by apply/N.eqb_spec/eqP => [/Nnat.Nat2N.inj->|->].
Qed.

Lemma in_rangeP (k : 'I_n) :
  all (in_range (N.of_nat n)) source -> Z.to_nat (nth Z0 source k) < n.
Proof.
move=> /allP/(_ _ (mem_nth Z0 (ltn_ord k)))/in_range_bounds[ge0 lt_n].
by apply/ltP/Nat2Z.inj_lt; rewrite Z2Nat.id.
Qed.

(* Accepted is what writes a signed permutation, and nothing else. *)
Theorem check_certificate_correct :
  check_certificate source sign <-> size sign = n /\ exists f, writes f.
Proof.
rewrite check_certificateE; split=> [/and4P[/eqP same signs range un]|[same [f w]]].
  split=> //; pose p := [ffun k : 'I_n => Ordinal (in_rangeP k range)].
  have pE (k : 'I_n) : nth Z0 source k = Z.of_nat (p k).
    rewrite ffunE /= Z2Nat.id //.
    by have /in_range_bounds[] := allP range _ (mem_nth Z0 (ltn_ord k)).
  have p_inj : injective p.
    move=> k l e; apply/val_inj/eqP; rewrite -(nth_uniq Z0 (ltn_ord k) (ltn_ord l) un) !pE e.
    by [].
  exists (SignedPerm (perm p_inj) [ffun k : 'I_n => Z.eqb (nth Z0 sign k) (Zneg xH)]) => k /=.
  rewrite permE pE [X in sign_of X]ffunE; split=> //.
  have: is_sign (nth Z0 sign k) by apply: (allP signs); rewrite mem_nth ?same.
  by move=> /is_signP[[] ->].
rewrite same eqxx /=; apply/and3P; split.
- apply/(all_nthP Z0) => k; rewrite same => k_lt.
  by have [_ ->] := w (Ordinal k_lt); apply/is_signP; exists (negated f (Ordinal k_lt)).
- apply/(all_nthP Z0) => k k_lt; have [-> _] := w (Ordinal k_lt).
  have /ltP := ltn_ord (SignedPermutation.source f (Ordinal k_lt)).
  by move=> lt_n; apply/in_range_bounds; split; [apply: Nat2Z.is_nonneg | apply/Nat2Z.inj_lt].
- apply/(uniqP Z0) => k l k_lt l_lt; rewrite !inE in k_lt l_lt.
  have [-> _] := w (Ordinal k_lt); have [-> _] := w (Ordinal l_lt).
  by move=> /Nat2Z.inj/val_inj/perm_inj[].
Qed.

(* The matrix of any two lists: row k has the sign in the column of the source. *)
Definition certificate_matrix : 'M[Z]_n :=
  (\matrix_(k < n, j < n)
    if Z.eqb (nth Z0 source k) (Z.of_nat j) then nth Z0 sign k else Z0)%R.

Notation Q := (certificate_matrix : 'M[[comRingType of Z]]_n).

Lemma certificate_matrix_writes f :
  writes f -> Q = sp_matrix [comRingType of Z] f.
Proof.
move=> w; apply/matrixP => k j; rewrite sp_matrix_entry mxE; have [-> ->] := w k.
case: eqP => [->|ne]; first by rewrite Z.eqb_refl; case: (negated f k).
case: Z.eqb_spec => [/Nat2Z.inj/val_inj e|]; first by case: ne.
by rewrite GRing.mulr0n.
Qed.

Lemma row_product k l :
  ((Q *m Q^T) k l
   = if Z.eqb (nth Z0 source k) (nth Z0 source l) && in_range (N.of_nat n) (nth Z0 source k)
     then (nth Z0 sign k * nth Z0 sign l)%R else 0)%R.
Proof.
rewrite mxE; case r: (in_range _ _); last first.
  rewrite andbF big1 // => j _; rewrite !mxE.
  case: Z.eqb_spec => [e|]; last by rewrite GRing.mul0r.
  move/negP: r; case; rewrite e; apply/in_range_bounds.
  by split; [apply: Nat2Z.is_nonneg | apply/Nat2Z.inj_lt/ltP/ltn_ord].
move: r => /in_range_bounds[ge0 lt_n].
have j_lt : Z.to_nat (nth Z0 source k) < n by apply/ltP/Nat2Z.inj_lt; rewrite Z2Nat.id.
rewrite (bigD1 (Ordinal j_lt)) //= big1 => [|j ne]; last first.
  rewrite !mxE; case: Z.eqb_spec => [e|_]; last by rewrite GRing.mul0r.
  by case/eqP: ne; apply: val_inj; rewrite /= e Nat2Z.id.
rewrite !mxE /= Z2Nat.id // Z.eqb_refl GRing.addr0 andbT Z.eqb_sym.
by case: ifP => // _; rewrite GRing.mulr0.
Qed.

(* Where there is a sign for each output, accepted is what is orthogonal. *)
Theorem check_certificate_orthogonal :
  size sign = n -> check_certificate source sign <-> orthogonal Q.
Proof.
move=> same; split=> [/check_certificate_correct[_ [f w]]|o].
  by rewrite (certificate_matrix_writes w); apply: sp_matrix_orthogonal.
have oV : (Q *m Q^T = 1%:M)%R := orthogonal_mulV o.
have entry k l := row_product k l; rewrite oV in entry.
rewrite check_certificateE same eqxx /=.
have diagonal (k : 'I_n) : in_range (N.of_nat n) (nth Z0 source k) /\ is_sign (nth Z0 sign k).
  have := entry k k; rewrite mxE eqxx Z.eqb_refl /=.
  case: ifP => // _ e; split=> //; apply/Z.eqb_spec.
  have : Z.mul (nth Z0 sign k) (nth Z0 sign k) = Zpos xH by [].
  by move=> /Z.eq_mul_1; lia.
apply/and3P; split.
- by apply/(all_nthP Z0) => k; rewrite same => k_lt; have [] := diagonal (Ordinal k_lt).
- by apply/(all_nthP Z0) => k k_lt; have [] := diagonal (Ordinal k_lt).
- apply/(uniqP Z0) => k l k_lt l_lt; rewrite !inE in k_lt l_lt => e.
  have [r /is_signP[s sk]] := diagonal (Ordinal k_lt).
  have [_ /is_signP[t tl]] := diagonal (Ordinal l_lt).
  have := entry (Ordinal k_lt) (Ordinal l_lt); rewrite mxE /= in sk tl r *.
  rewrite -e Z.eqb_refl r sk tl; case: eqP => [[]//|_]; by case: s t {sk tl} => [] [].
Qed.

End Accepted.

(* Every signed permutation has a certificate, and it is accepted. *)
Theorem every_signed_permutation_is_accepted n (f : signed_perm n) :
  check_certificate [seq Z.of_nat (SignedPermutation.source f k) | k <- enum 'I_n]
                    [seq sign_of (negated f k) | k <- enum 'I_n].
Proof.
rewrite check_certificateE 2!size_map size_enum_ord eqxx /=; apply/and3P; split.
- by apply/allP => _ /mapP[k _ ->]; apply/is_signP; exists (negated f k).
- apply/allP => _ /mapP[k _ ->]; have /ltP := ltn_ord (SignedPermutation.source f k).
  by move=> lt_n; apply/in_range_bounds; split; [apply: Nat2Z.is_nonneg | apply/Nat2Z.inj_lt].
- by rewrite map_inj_uniq ?enum_uniq // => k l /Nat2Z.inj/val_inj/perm_inj.
Qed.
