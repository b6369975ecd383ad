(******************************************************************************)
(* Program: the encryption for images of full size, proved to be the same     *)
(*                                                                            *)
(* [fast_encrypt] cuts an image into blocks, and turns, mirrors and joins     *)
(* them as lists, so its time grows with the number of pixels; [etc_encrypt]  *)
(* of Executable.v looks each pixel up in a list, so its time grows with the  *)
(* square. What is proved: on all arguments, invalid ones included, both      *)
(* return the same. Hence all that is proved of [etc_encrypt] holds of it.    *)
(*                                                                            *)
(* Why one would believe it. Cutting and joining write a flat index as        *)
(* nested quotients and remainders; a quarter turn is a transposition with    *)
(* the order of rows reversed.                                                *)
(*                                                                            *)
(* It is written to be extracted (../extraction): sizes, keys and pixels are  *)
(* binary numbers, blocks are found in a search tree, and what recurs without *)
(* being tail recursive does so once a row of blocks at the most.             *)
(*                                                                            *)
(* Definitions: each_of_size, chunk, zip_cons, transpose, turn, turns,        *)
(*   transform, square, block, component, box, cut_band, cut, join_band,      *)
(*   join, strips, plant, permute_blocks, encrypt_pixel, encrypt_block,       *)
(*   encrypt_blocks, encrypt_by_blocks, is_nil, divides,                      *)
(*   fast_valid_permutation, fast_valid_codes, fast_valid_input,              *)
(*   fast_encrypt.                                                            *)
(******************************************************************************)

From Coq Require Import ZArith.
From mathcomp Require Import all_ssreflect ssrZ.
From EtC Require Import Executable Certificate.

Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.

(* ------------------------------------------------------------------------- *)
(* Lists of lists                                                            *)
(* ------------------------------------------------------------------------- *)

Definition each_of_size T k (ss : seq (seq T)) : bool := all (fun s => size s == k) ss.

Lemma nth_size T k (ss : seq (seq T)) i :
  each_of_size k ss -> i < size ss -> size (nth [::] ss i) = k.
Proof. by move=> /(all_nthP [::]) ss_k i_lt; apply/eqP/ss_k. Qed.

(* m pieces of k elements. *)
Fixpoint chunk T m k (s : seq T) : seq (seq T) :=
  if m is m'.+1 then take k s :: chunk m' k (drop k s) else [::].

Fixpoint zip_cons T (row : seq T) (columns : seq (seq T)) : seq (seq T) :=
  match row, columns with
  | x :: row', column :: columns' => (x :: column) :: zip_cons row' columns'
  | _, _ => [::]
  end.

(* The n columns of rows of n elements. *)
Definition transpose T n (rows : seq (seq T)) : seq (seq T) :=
  foldr (@zip_cons T) (nseq n [::]) rows.

Lemma pair_lt m k i j : i < m -> j < k -> i * k + j < m * k.
Proof.
move=> i_lt j_lt; apply: leq_trans (_ : i * k + k <= _); first by rewrite ltn_add2l.
by rewrite -mulSnr leq_mul2r i_lt orbT.
Qed.

Lemma size_chunk T m k (s : seq T) : size (chunk m k s) = m.
Proof. by elim: m s => //= m IH s; rewrite IH. Qed.

Lemma nth_chunk T (x0 : T) m k (s : seq T) i j :
  i < m -> j < k -> nth x0 (nth [::] (chunk m k s) i) j = nth x0 s (i * k + j).
Proof.
elim: m s i => // m IH s [|i] /= i_lt j_lt; first by rewrite nth_take.
by rewrite IH // nth_drop mulSn addnA.
Qed.

Lemma chunk_sizes T m k (s : seq T) : size s = m * k -> each_of_size k (chunk m k s).
Proof.
elim: m s => //= m IH s; rewrite mulSn => ss.
by rewrite IH ?size_drop ?ss ?addKn // size_takel ?eqxx // ss leq_addr.
Qed.

Lemma nth_flatten_sizes T (x0 : T) k (ss : seq (seq T)) i j :
  each_of_size k ss -> j < k -> nth x0 (flatten ss) (i * k + j) = nth x0 (nth [::] ss i) j.
Proof.
elim: ss i => [|s ss IH] [|i] /=; rewrite ?nth_nil // => /andP[/eqP sk ssk] j_lt.
  by rewrite nth_cat sk mul0n add0n j_lt.
by rewrite nth_cat sk mulSn -addnA ltnNge leq_addr /= addKn IH.
Qed.

Lemma size_flatten_sizes T k (ss : seq (seq T)) :
  each_of_size k ss -> size (flatten ss) = size ss * k.
Proof. by elim: ss => //= s ss IH /andP[/eqP sk /IH e]; rewrite size_cat sk e mulSn. Qed.

Lemma size_zip_cons T (row : seq T) columns :
  size row = size columns -> size (zip_cons row columns) = size columns.
Proof. by elim: row columns => [|x row IH] [|c columns] //= [/IH->]. Qed.

Lemma nth_zip_cons T (x0 : T) row columns j : size row = size columns -> j < size row ->
  nth [::] (zip_cons row columns) j = nth x0 row j :: nth [::] columns j.
Proof. by elim: row columns j => [|x row IH] [|c columns] [|j] //= [/IH e]; apply: e. Qed.

Lemma size_transpose T n (rows : seq (seq T)) :
  each_of_size n rows -> size (transpose n rows) = n.
Proof.
elim: rows => [|row rows IH] /=; first by rewrite size_nseq.
by move=> /andP[/eqP rn /IH e]; rewrite size_zip_cons e.
Qed.

Lemma nth_transpose T (x0 : T) n (rows : seq (seq T)) i j : each_of_size n rows -> j < n ->
  nth x0 (nth [::] (transpose n rows) j) i = nth x0 (nth [::] rows i) j.
Proof.
move=> all_n j_lt; elim: rows i all_n => [|row rows IH] i /=.
  by rewrite nth_nseq if_same !nth_nil.
move=> /andP[/eqP rn rows_n]; rewrite (nth_zip_cons x0) ?size_transpose ?rn //.
by case: i => //= i; apply: IH.
Qed.

Lemma transpose_sizes T n (rows : seq (seq T)) :
  each_of_size n rows -> each_of_size (size rows) (transpose n rows).
Proof.
move=> all_n; apply/(all_nthP [::]) => j; rewrite size_transpose // => j_lt; apply/eqP.
elim: rows all_n => [|row rows IH] /=; first by rewrite nth_nseq if_same.
move=> /andP[/eqP rn rows_n].
case: row rn => [|x row] rn; first by rewrite -rn in j_lt.
by rewrite (nth_zip_cons x) ?size_transpose ?rn //= IH.
Qed.

Lemma all_transpose T (P : pred T) n (rows : seq (seq T)) :
  all (all P) rows -> all (all P) (transpose n rows).
Proof.
elim: rows => [|row rows IH] /=; first by rewrite all_nseq orbT.
move=> /andP[Prow /IH]; elim: row (transpose n rows) Prow => [|x row IHrow] [|c cs] //=.
by move=> /andP[-> Prow] /andP[-> Pcs]; rewrite IHrow.
Qed.

(* ------------------------------------------------------------------------- *)
(* Blocks                                                                    *)
(* ------------------------------------------------------------------------- *)

(* A quarter turn counter-clockwise. *)
Definition turn T B (rows : seq (seq T)) : seq (seq T) := rev (transpose B rows).

Fixpoint turns T B k (rows : seq (seq T)) : seq (seq T) :=
  if k is k'.+1 then turn B (turns B k' rows) else rows.

Definition transform T B t (rows : seq (seq T)) : seq (seq T) :=
  if t is k.+4 then [seq rev row | row <- turns B k rows] else turns B t rows.

Section Square.

Variables (T : Type) (x0 : T) (B : nat).
Implicit Type rows : seq (seq T).

Definition square rows : bool := (size rows == B) && each_of_size B rows.

Lemma turn_square rows : square rows -> square (turn B rows).
Proof.
case/andP=> /eqP sB rB; rewrite /square size_rev size_transpose // eqxx.
by rewrite /each_of_size all_rev; have := transpose_sizes rB; rewrite sB.
Qed.

Lemma turns_square k rows : square rows -> square (turns B k rows).
Proof. by move=> sq; elim: k => //= k; apply: turn_square. Qed.

Notation quarter := (fun q : nat * nat => (q.2, B - q.1.+1)).

Lemma turns_place k rows i j : square rows -> i < B -> j < B ->
  let q := iter k quarter (i, j) in
  nth x0 (nth [::] (turns B k rows) i) j = nth x0 (nth [::] rows q.1) q.2.
Proof.
move=> sq; elim: k i j => // k IH i j i_lt j_lt; rewrite iterSr /=.
have /andP[_ rB] := turns_square k sq.
have r_lt : B - i.+1 < B by rewrite -subn_gt0 subKn.
by rewrite -IH // /turn nth_rev size_transpose // nth_transpose.
Qed.

Lemma transform_square t rows : square rows -> square (transform B t rows).
Proof.
move=> sq; case: t => [|[|[|[|k]]]]; rewrite /transform ?turns_square //.
have /andP[/eqP sB rB] := turns_square k sq.
rewrite /square size_map sB eqxx /each_of_size all_map.
by apply: sub_all rB => row; rewrite /= size_rev.
Qed.

Lemma transform_place t rows i j : t < 8 -> square rows -> i < B -> j < B ->
  let q := source_place B t i j in
  nth x0 (nth [::] (transform B t rows) i) j = nth x0 (nth [::] rows q.1) q.2.
Proof.
move=> t_lt sq i_lt j_lt; case: (ltnP t 4) => t4.
  by case: t t_lt t4 => [|[|[|[|]]]] // _ _; rewrite /source_place -turns_place.
have [k tk k4] : exists2 k, t = k.+4 & k < 4.
  by case: t t_lt t4 => [|[|[|[|k]]]] // k_lt _; exists k.
have r_lt : B - j.+1 < B by rewrite -subn_gt0 subKn.
rewrite /source_place tk /= -[k.+4]/(4 + k) modnDl modn_small // -turns_place //.
have /andP[/eqP sB rB] := turns_square k sq.
rewrite (nth_map [::]) ?sB // nth_rev.
  by rewrite (nth_size rB) ?sB.
by rewrite (nth_size rB) ?sB.
Qed.

Lemma source_place_lt t i j : i < B -> j < B ->
  (source_place B t i j).1 < B /\ (source_place B t i j).2 < B.
Proof.
move=> i_lt j_lt.
have r_lt l : l < B -> B - l.+1 < B by move=> l_lt; rewrite -subn_gt0 subKn.
rewrite /source_place; elim: (t %% 4) => [|k [IH1 IH2]] /=; last by split; rewrite ?r_lt.
by case: ifP => _ /=; split; rewrite ?r_lt.
Qed.

End Square.

(* ------------------------------------------------------------------------- *)
(* Cutting an image into its blocks, and joining them                        *)
(* ------------------------------------------------------------------------- *)

Section Image.

Variables (T : Type) (x0 : T) (R S B C : nat).
Implicit Types band pixels : seq T.

(* A block is a list of rows, of pixels, of components. *)
Definition block := seq (seq (seq T)).

Definition component (A : block) i j c : T := nth x0 (nth [::] (nth [::] A i) j) c.

Definition box (A : block) : bool := square B A && all (each_of_size C) A.

Definition cut_band (band : seq T) : seq block :=
  transpose S [seq [seq chunk B C strip | strip <- chunk S (B * C) row]
              | row <- chunk B (S * (B * C)) band].

Definition cut (pixels : seq T) : seq block :=
  flatten [seq cut_band band | band <- chunk R (B * (S * (B * C))) pixels].

Definition join_band (blocks : seq block) : seq T :=
  flatten [seq flatten [seq flatten strip | strip <- row] | row <- transpose B blocks].

Definition join (blocks : seq block) : seq T :=
  flatten [seq join_band band | band <- chunk R S blocks].

Lemma cut_rows_sizes band :
  each_of_size S [seq [seq chunk B C strip | strip <- chunk S (B * C) row]
                 | row <- chunk B (S * (B * C)) band].
Proof.
by rewrite /each_of_size all_map; apply/(all_nthP [::]) => i _ /=; rewrite size_map size_chunk.
Qed.

Lemma size_cut_band band : size (cut_band band) = S.
Proof. exact/size_transpose/cut_rows_sizes. Qed.

Lemma cut_sizes pixels :
  each_of_size S [seq cut_band band | band <- chunk R (B * (S * (B * C))) pixels].
Proof.
by rewrite /each_of_size all_map; apply/(all_nthP [::]) => i _ /=; rewrite size_cut_band.
Qed.

Lemma size_cut pixels : size (cut pixels) = R * S.
Proof. by rewrite (size_flatten_sizes (cut_sizes _)) size_map size_chunk. Qed.

Lemma cut_component pixels I J i j c : I < R -> J < S -> i < B -> j < B -> c < C ->
  component (nth [::] (cut pixels) (I * S + J)) i j c
  = nth x0 pixels (((I * B + i) * (S * B) + (J * B + j)) * C + c).
Proof.
move=> I_lt J_lt i_lt j_lt c_lt.
rewrite /component (nth_flatten_sizes _ _ (cut_sizes _)) // (nth_map [::]) ?size_chunk //.
rewrite nth_transpose ?cut_rows_sizes // (nth_map [::]) ?size_chunk //.
rewrite (nth_map [::]) ?size_chunk // !nth_chunk ?pair_lt //; congr (nth _ _ _).
by rewrite !mulnDl !mulnA !addnA.
Qed.

Lemma cut_box pixels b : size pixels = R * (B * (S * (B * C))) -> b < R * S ->
  box (nth [::] (cut pixels) b).
Proof.
move=> sp b_lt; have S_gt0 : 0 < S by case: (S) b_lt; rewrite ?muln0.
have I_lt : b %/ S < R by rewrite ltn_divLR.
have J_lt : b %% S < S by rewrite ltn_mod.
rewrite (divn_eq b S) (nth_flatten_sizes _ _ (cut_sizes _)) // (nth_map [::]) ?size_chunk //.
set band := nth _ (chunk _ _ _) _.
have sband : size band = B * (S * (B * C)).
  by rewrite /band (nth_size (chunk_sizes sp)) ?size_chunk.
rewrite /box /square; set rows := [seq [seq chunk B C strip | strip <- chunk S (B * C) row]
                                 | row <- chunk B (S * (B * C)) band].
have srows : size rows = B by rewrite size_map size_chunk.
have -> : size (nth [::] (cut_band band) (b %% S)) == B.
  have rows_S : each_of_size S rows by apply: cut_rows_sizes.
  by rewrite (nth_size (transpose_sizes rows_S)) ?size_cut_band ?srows.
have good : all (all (predI (fun strip => size strip == B) (each_of_size C))) rows.
  rewrite all_map; apply/(all_nthP [::]) => i; rewrite size_chunk => i_lt.
  rewrite /= all_map; apply/(all_nthP [::]) => J; rewrite size_chunk => JS.
  rewrite /= size_chunk eqxx /=; apply: chunk_sizes.
  by rewrite (nth_size (chunk_sizes _)) ?size_chunk // (nth_size (chunk_sizes sband)) ?size_chunk.
have := all_transpose S good; move=> /(all_nthP [::])/(_ (b %% S)).
by rewrite -/(cut_band band) size_cut_band => /(_ J_lt); rewrite all_predI.
Qed.

Definition strips (row : seq (seq (seq T))) : bool :=
  all (predI (fun strip => size strip == B) (each_of_size C)) row.

Lemma strip_sizes row : strips row -> each_of_size (B * C) [seq flatten strip | strip <- row].
Proof.
rewrite /each_of_size all_map; apply: sub_all => strip /andP[/eqP sB sC].
by rewrite /= (size_flatten_sizes sC) sB.
Qed.

Lemma row_sizes rows : each_of_size S rows -> all strips rows ->
  each_of_size (S * (B * C)) [seq flatten [seq flatten strip | strip <- row] | row <- rows].
Proof.
move=> rS /(all_nthP [::]) rC; apply/(all_nthP [::]) => k; rewrite size_map => k_lt.
rewrite (nth_map [::]) // (size_flatten_sizes (strip_sizes (rC k k_lt))) size_map.
by rewrite (nth_size rS).
Qed.

Section Join.

Variable blocks : seq block.
Hypotheses (size_blocks : size blocks = R * S) (boxes : all box blocks).
Notation bands := (chunk R S blocks).

Lemma in_band I J : I < R -> J < S -> box (nth [::] (nth [::] bands I) J).
Proof.
move=> I_lt J_lt; rewrite nth_chunk //; apply: (all_nthP [::] boxes).
by rewrite size_blocks pair_lt.
Qed.

Lemma band_rows I : I < R -> let rows := transpose B (nth [::] bands I) in
  [/\ each_of_size B (nth [::] bands I), size rows = B, each_of_size S rows & all strips rows].
Proof.
move=> I_lt rows; set band := nth _ _ I.
have band_S : each_of_size S bands by apply: chunk_sizes.
have sband : size band = S by rewrite /band (nth_size band_S) ?size_chunk.
have band_B : each_of_size B band.
  apply/(all_nthP [::]) => J; rewrite sband => J_lt.
  by have /andP[/andP[]] := in_band I_lt J_lt.
split=> //; first exact: size_transpose.
  by rewrite -[X in each_of_size X]sband transpose_sizes.
apply: all_transpose; apply/(all_nthP [::]) => J; rewrite sband => J_lt.
by have /andP[/andP[_ rB] rC] := in_band I_lt J_lt; rewrite all_predI rC andbT.
Qed.

Lemma band_sizes : each_of_size (B * (S * (B * C))) [seq join_band band | band <- bands].
Proof.
apply/(all_nthP [::]) => I; rewrite size_map size_chunk => I_lt.
have [_ sr rS rC] := band_rows I_lt.
by rewrite (nth_map [::]) ?size_chunk // (size_flatten_sizes (row_sizes rS rC)) size_map sr.
Qed.

(* Joined blocks have the pixels of the blocks, in raster order. *)
Lemma join_component I J i j c : I < R -> J < S -> i < B -> j < B -> c < C ->
  nth x0 (join blocks) (((I * B + i) * (S * B) + (J * B + j)) * C + c)
  = component (nth [::] blocks (I * S + J)) i j c.
Proof.
move=> I_lt J_lt i_lt j_lt c_lt.
have -> : ((I * B + i) * (S * B) + (J * B + j)) * C + c
        = I * (B * (S * (B * C))) + (i * (S * (B * C)) + (J * (B * C) + (j * C + c))).
  by rewrite !mulnDl !mulnA !addnA.
rewrite (nth_flatten_sizes _ _ band_sizes) ?pair_lt // (nth_map [::]) ?size_chunk //.
have [band_B sr rS rC] := band_rows I_lt.
rewrite (nth_flatten_sizes _ _ (row_sizes rS rC)) ?pair_lt // (nth_map [::]) ?sr //.
have rCi : strips (nth [::] (transpose B (nth [::] bands I)) i).
  by apply: (all_nthP [::] rC); rewrite sr.
rewrite (nth_flatten_sizes _ _ (strip_sizes rCi)) ?pair_lt //.
rewrite (nth_map [::]) ?(nth_size rS) ?sr // nth_transpose // nth_chunk //.
have /andP[/andP[/eqP sA _] /(all_nthP [::])/(_ i)] := in_band I_lt J_lt.
rewrite sA nth_chunk // => /(_ i_lt) AC.
by rewrite (nth_flatten_sizes _ _ AC).
Qed.

Lemma size_join : size (join blocks) = R * B * (S * B) * C.
Proof. by rewrite (size_flatten_sizes band_sizes) size_map size_chunk !mulnA. Qed.

End Join.
End Image.

(* ------------------------------------------------------------------------- *)
(* The four steps                                                            *)
(* ------------------------------------------------------------------------- *)

(* The elements of a list under their places, counted from one. *)
Fixpoint plant T (t : tree T) (p : positive) (s : seq T) : tree T :=
  if s is x :: s' then plant (put t p x) (Pos.succ p) s' else t.

Lemma find_plant T (x0 : T) t m (s : seq T) i :
  find (plant t (Pos.of_succ_nat m) s) (Pos.of_succ_nat i)
  = if m <= i < m + size s then Some (nth x0 s (i - m)) else find t (Pos.of_succ_nat i).
Proof.
elim: s t m => [|x s IH] t m /=; first by rewrite addn0; case: ltngtP.
have /= -> := IH (put t (Pos.of_succ_nat m) x) m.+1.
have other : m <> i -> Pos.of_succ_nat m <> Pos.of_succ_nat i.
  by move=> ne /SuccNat2Pos.inj.
rewrite addSnnS; case: (ltngtP m i) => [lt_i|gt_i|<-] /=.
- have ne : m <> i by move=> e; rewrite e ltnn in lt_i.
  rewrite find_put_other; last exact: other.
  by case: ifP => // _; rewrite -(prednK (_ : 0 < i - m)) ?subn_gt0 // -subnS.
- by rewrite find_put_other //; apply: other => e; rewrite e ltnn in gt_i.
- by rewrite find_put_same addnS ltnS leq_addr subnn.
Qed.

Lemma succ_pos_of_nat i : N.succ_pos (N.of_nat i) = Pos.of_succ_nat i.
Proof. by case: i. Qed.

Definition permute_blocks T (k1 : seq N) (blocks : seq (seq T)) : seq (seq T) :=
  if k1 is [::] then blocks else
  let found := plant Leaf xH blocks in
  [seq odflt [::] (find found (N.succ_pos b)) | b <- k1].

Lemma nth_permute_blocks T k1 (blocks : seq (seq T)) b :
  let k1' := [seq N.to_nat b' | b' <- k1] in
  size k1 = size blocks -> all (fun b' => b' < size blocks) k1' -> b < size blocks ->
  nth [::] (permute_blocks k1 blocks) b = nth [::] blocks (nth b k1' b).
Proof.
move=> k1' sk k1_lt b_lt; case e: k1 => [|b0 s]; first by rewrite /k1' e nth_nil.
rewrite /permute_blocks -e.
rewrite (nth_map N0) ?sk // /k1' (nth_map N0) ?sk // -{1}(Nnat.N2Nat.id (nth N0 k1 b)).
rewrite succ_pos_of_nat (find_plant [::] Leaf 0) subn0 add0n leq0n /=.
have -> // : N.to_nat (nth N0 k1 b) < size blocks.
by move/(all_nthP 0): k1_lt => /(_ b); rewrite size_map sk (nth_map N0) ?sk //; apply.
Qed.

Section Steps.

Variables (T : Type) (x0 : T) (negative : T -> T) (B C : nat).

(* Components in an order, and negated or not. *)
Definition encrypt_pixel (negated : nat) (order : seq nat) (pixel : seq T) : seq T :=
  [seq let x := nth x0 pixel c in if negated is 0 then x else negative x | c <- take C order].

Definition encrypt_block (t negated code : nat) (A : block T) : block T :=
  let order := nth [::] component_orders code in
  [seq [seq encrypt_pixel negated order pixel | pixel <- row] | row <- transform B t A].

Fixpoint encrypt_blocks (k2 k3 k4 : seq nat) (blocks : seq (block T)) : seq (block T) :=
  if blocks is A :: blocks' then
    encrypt_block (head 0 k2) (head 0 k3) (head 0 k4) A
    :: encrypt_blocks (behead k2) (behead k3) (behead k4) blocks'
  else [::].

Lemma size_encrypt_blocks k2 k3 k4 blocks : size (encrypt_blocks k2 k3 k4 blocks) = size blocks.
Proof. by elim: blocks k2 k3 k4 => //= A blocks IH k2 k3 k4; rewrite IH. Qed.

Lemma nth_encrypt_blocks k2 k3 k4 blocks b : b < size blocks ->
  nth [::] (encrypt_blocks k2 k3 k4 blocks) b
  = encrypt_block (nth 0 k2 b) (nth 0 k3 b) (nth 0 k4 b) (nth [::] blocks b).
Proof.
elim: blocks k2 k3 k4 b => // A blocks IH k2 k3 k4 [|b] /= b_lt; first by rewrite !nth0.
by rewrite IH // !nth_behead.
Qed.

Lemma order_size code : code < 6 -> C <= 3 -> size (take C (nth [::] component_orders code)) = C.
Proof.
by move=> code_lt C_le; rewrite size_takel //; do 6?case: code code_lt => [|code] // code_lt.
Qed.

Lemma encrypt_block_box t negated code A : code < 6 -> C <= 3 ->
  box B C A -> box B C (encrypt_block t negated code A).
Proof.
move=> code_lt C_le /andP[sq _].
have /andP[/eqP sB rB] := transform_square t sq.
apply/andP; split.
  rewrite /square size_map sB eqxx /each_of_size all_map.
  by apply: sub_all rB => row; rewrite /= size_map.
rewrite all_map; apply/(all_nthP [::]) => i _; rewrite /= /each_of_size all_map.
by apply/(all_nthP [::]) => j _; rewrite /= size_map order_size.
Qed.

Lemma encrypt_block_component t negated code A i j c :
  t < 8 -> code < 6 -> C <= 3 -> box B C A -> i < B -> j < B -> c < C ->
  let q := source_place B t i j in
  let x := component x0 A q.1 q.2 (nth c (nth [::] component_orders code) c) in
  component x0 (encrypt_block t negated code A) i j c
  = if negated != 0 then negative x else x.
Proof.
move=> t_lt code_lt C_le /andP[sq _] i_lt j_lt c_lt q x.
have /andP[/eqP sB rB] := transform_square t sq.
rewrite /component (nth_map [::]) ?sB // (nth_map [::]) ?(nth_size rB) ?sB //.
rewrite (nth_map c) ?order_size // nth_take // transform_place // -/q -/(component _ _ _ _ _) -/x.
by case: negated.
Qed.

End Steps.

(* ------------------------------------------------------------------------- *)
(* The encryption of valid input                                             *)
(* ------------------------------------------------------------------------- *)

Lemma nth_valid_codes m bound l b : 0 < bound -> valid_codes m bound l -> nth 0 l b < bound.
Proof.
move=> bound_gt0 /orP[/eqP->|/andP[_ /(all_nthP 0) l_lt]]; first by rewrite nth_nil.
by case: (ltnP b (size l)) => [|ge]; [apply: l_lt | rewrite nth_default].
Qed.

Section Encryption.

Variables (T : Type) (x0 : T) (negative : T -> T) (R S B C : nat).
Variables (k1 : seq N) (k2 k3 k4 : seq nat).

Definition encrypt_by_blocks (pixels : seq T) : seq T :=
  join R S B (encrypt_blocks x0 negative B C k2 k3 k4 (permute_blocks k1 (cut R S B C pixels))).

Notation k1' := [seq N.to_nat b | b <- k1].
Hypothesis grey_or_colour : (C == 1) || (C == 3).
Hypothesis valid : valid_key (R * S) C k1' k2 k3 k4.

Lemma nth_valid_permutation b : b < R * S -> nth b k1' b < R * S.
Proof.
move=> b_lt; case/and4P: valid => /orP[/eqP->|pk] _ _ _; first by rewrite nth_nil.
have := mem_nth b (_ : b < size k1'); rewrite (perm_mem pk) mem_iota (perm_size pk) size_iota.
exact.
Qed.

Lemma size_permute_blocks (blocks : seq (block T)) :
  size blocks = R * S -> size (permute_blocks k1 blocks) = R * S.
Proof.
move=> sb; case/and4P: valid => + _ _ _; rewrite /permute_blocks /valid_permutation.
case: k1 => [//|b0 s] /= /perm_size; rewrite /= size_iota => e.
by rewrite !size_map in e *.
Qed.

Lemma nth_permuted (blocks : seq (block T)) b : size blocks = R * S -> b < R * S ->
  nth [::] (permute_blocks k1 blocks) b = nth [::] blocks (nth b k1' b).
Proof.
move=> sb b_lt; case/and4P: valid => /orP[/eqP e|pk] _ _ _.
  by move: e; rewrite /permute_blocks; case: k1 => //; rewrite nth_nil.
rewrite nth_permute_blocks ?sb //; last first.
  by apply/allP => x; rewrite (perm_mem pk) mem_iota add0n.
by have := perm_size pk; rewrite size_map size_iota.
Qed.

Lemma component_order_lt b c : c < C -> nth c (nth [::] component_orders (nth 0 k4 b)) c < C.
Proof.
case/and4P: valid => _ _ _; case/orP: grey_or_colour => /eqP-> /=.
  by move=> /eqP->; rewrite nth_nil; case: c.
move=> /(nth_valid_codes b (isT : 0 < 6)).
by move: (nth 0 k4 b) => code; do 6?[case: code => [|code]] => // _; case: c => [|[|[|]]].
Qed.

Theorem encrypt_by_blocksE pixels : size pixels = R * B * (S * B) * C ->
  encrypt_by_blocks pixels = encrypt_pixels x0 negative (R * B) (S * B) C B k1' k2 k3 k4 pixels.
Proof.
move=> sp; have C_le3 : C <= 3 by case/orP: grey_or_colour => /eqP->.
have sp' : size pixels = R * (B * (S * (B * C))) by rewrite sp !mulnA.
have code2 b : nth 0 k2 b < 8.
  by case/and4P: valid => _ v _ _; apply: nth_valid_codes v.
have code4 b : nth 0 k4 b < 6.
  case/and4P: valid => _ _ _; case: ifP => _; last by move=> /eqP->; rewrite nth_nil.
  exact: nth_valid_codes.
set blocks := cut R S B C pixels; set permuted := permute_blocks k1 blocks.
have sb : size blocks = R * S by apply: size_cut.
have sper : size permuted = R * S by apply: size_permute_blocks.
have boxes b : b < R * S -> box B C (nth [::] permuted b).
  by move=> b_lt; rewrite nth_permuted // cut_box // nth_valid_permutation.
set encrypted := encrypt_blocks x0 negative B C k2 k3 k4 permuted.
have senc : size encrypted = R * S by rewrite size_encrypt_blocks.
have boxes' : all (box B C) encrypted.
  apply/(all_nthP [::]) => b; rewrite senc => b_lt.
  by rewrite nth_encrypt_blocks ?sper // encrypt_block_box ?boxes.
apply: (@eq_from_nth _ x0) => [|l].
  by rewrite (size_join senc boxes') size_map size_iota.
rewrite (size_join senc boxes') => l_lt.
rewrite (nth_map 0) ?size_iota // nth_iota // add0n.
have C_gt0 : 0 < C by case/orP: grey_or_colour => /eqP->.
have W_gt0 : 0 < S * B by case: (S * B) l_lt => //; rewrite muln0 mul0n.
have [S_gt0 B_gt0] : 0 < S /\ 0 < B by apply/andP; rewrite -muln_gt0.
pose row := l %/ C %/ (S * B); pose col := l %/ C %% (S * B); pose c := l %% C.
have row_lt : row < R * B by rewrite !ltn_divLR.
have col_lt : col < S * B by rewrite ltn_mod.
have lE : l = ((row %/ B * B + row %% B) * (S * B) + (col %/ B * B + col %% B)) * C + c.
  by rewrite -!divn_eq.
rewrite {1}lE -/row -/col -/c (join_component x0 senc boxes') ?ltn_divLR ?ltn_mod //.
set b := row %/ B * S + col %/ B.
have b_lt : b < R * S by rewrite pair_lt ?ltn_divLR.
rewrite nth_encrypt_blocks ?sper //.
rewrite (encrypt_block_component _ _ _ (code2 b) (code4 b)) ?boxes ?ltn_mod //.
rewrite nth_permuted //.
set b' := nth b k1' b; have b'_lt : b' < R * S by apply: nth_valid_permutation.
set q := source_place _ _ _ _; set c' := nth c _ c.
have [q1_lt q2_lt] : q.1 < B /\ q.2 < B by apply: source_place_lt; rewrite ltn_mod.
have c'_lt : c' < C.
  by apply: component_order_lt => //; rewrite ltn_mod.
by rewrite {1 2}(divn_eq b' S) cut_component ?ltn_divLR ?ltn_mod // mulnK.
Qed.

End Encryption.

(* ------------------------------------------------------------------------- *)
(* All input                                                                 *)
(* ------------------------------------------------------------------------- *)

Definition is_nil T (l : seq T) : bool := if l is [::] then true else false.

Definition divides (d n : N) : bool := N.eqb (N.modulo n d) N0.

Definition fast_valid_permutation (m : N) (l : seq N) : bool :=
  is_nil l || (N.eqb (length_of l) m && check_permutation [seq Z.of_N b | b <- l]).

Definition fast_valid_codes (m bound : N) (l : seq N) : bool :=
  is_nil l || (N.eqb (length_of l) m && all (fun code => N.ltb code bound) l).

Definition fast_valid_input (height width channels B : N) (k1 k2 k3 k4 : seq N)
    (pixels : seq Z) : bool :=
  let m := N.mul (N.div height B) (N.div width B) in
  [&& N.ltb N0 B, N.ltb N0 height, N.ltb N0 width, divides B height, divides B width,
      N.eqb channels 1 || N.eqb channels 3,
      fast_valid_permutation m k1, fast_valid_codes m 8 k2, fast_valid_codes m 2 k3,
      if N.eqb channels 3 then fast_valid_codes m 6 k4 else is_nil k4,
      N.eqb (length_of pixels) (N.mul (N.mul height width) channels)
    & all (fun x => Z.leb Z0 x && Z.leb x white) pixels].

Definition fast_encrypt (height width channels B : N) (k1 k2 k3 k4 : seq N)
    (pixels : seq Z) : option (seq Z) :=
  if fast_valid_input height width channels B k1 k2 k3 k4 pixels then
    Some (encrypt_by_blocks Z0 (Z.sub white)
      (N.to_nat (N.div height B)) (N.to_nat (N.div width B)) (N.to_nat B) (N.to_nat channels)
      k1 [seq N.to_nat code | code <- k2] [seq N.to_nat code | code <- k3]
      [seq N.to_nat code | code <- k4] pixels)
  else None.

Lemma is_nilE (U : Type) (T : eqType) (f : U -> T) l : is_nil l = ([seq f x | x <- l] == [::]).
Proof. by case: l. Qed.

Lemma to_nat_eqb m n : N.eqb m n = (N.to_nat m == N.to_nat n).
Proof. by apply/N.eqb_spec/eqP => [->//|/Nnat.N2Nat.inj]. Qed.

Lemma to_nat_ltb m n : N.ltb m n = (N.to_nat m < N.to_nat n).
Proof. by apply/N.ltb_spec0/ltP; rewrite /N.lt Nnat.N2Nat.inj_compare Nat.compare_lt_iff. Qed.

Lemma to_nat_mul m n : N.to_nat (N.mul m n) = N.to_nat m * N.to_nat n.
Proof. by rewrite Nnat.N2Nat.inj_mul. Qed.

Lemma to_nat_length T (l : seq T) : N.to_nat (length_of l) = size l.
Proof. by rewrite length_ofE Nnat.Nat2N.id. Qed.

Lemma to_nat_div d n : 0 < N.to_nat d -> N.to_nat (N.div n d) = N.to_nat n %/ N.to_nat d.
Proof.
move=> d_gt0; have d0 : d <> N0 by move=> e; rewrite e in d_gt0.
have e := N.div_mod n d d0; have lt := N.mod_lt n d d0.
have {}lt : N.to_nat (N.modulo n d) < N.to_nat d by rewrite -to_nat_ltb; apply/N.ltb_spec0.
rewrite [in RHS]e Nnat.N2Nat.inj_add to_nat_mul plusE mulnC divnMDl //.
by rewrite divn_small // addn0.
Qed.

Lemma dividesE d n : 0 < N.to_nat d -> divides d n = (N.to_nat d %| N.to_nat n).
Proof.
move=> d_gt0; have d0 : d <> N0 by move=> e; rewrite e in d_gt0.
have e := N.div_mod n d d0; have lt := N.mod_lt n d d0.
have {}lt : N.to_nat (N.modulo n d) < N.to_nat d by rewrite -to_nat_ltb; apply/N.ltb_spec0.
rewrite /divides to_nat_eqb /dvdn [in RHS]e Nnat.N2Nat.inj_add to_nat_mul plusE mulnC.
by rewrite modnMDl modn_small.
Qed.

Lemma fast_valid_codesE m bound l :
  fast_valid_codes m bound l
  = valid_codes (N.to_nat m) (N.to_nat bound) [seq N.to_nat code | code <- l].
Proof.
rewrite /fast_valid_codes /valid_codes -is_nilE to_nat_eqb to_nat_length size_map all_map.
by congr (_ || _ && _); apply: eq_all => code; rewrite to_nat_ltb.
Qed.

Lemma fast_valid_permutationE m l :
  fast_valid_permutation m l = valid_permutation (N.to_nat m) [seq N.to_nat b | b <- l].
Proof.
rewrite /fast_valid_permutation /valid_permutation -is_nilE to_nat_eqb to_nat_length.
congr (_ || _); rewrite check_permutationE size_map all_map.
have -> : uniq [seq Z.of_N b | b <- l] = uniq [seq N.to_nat b | b <- l].
  rewrite (map_inj_uniq (f := Z.of_N)) ?(map_inj_uniq (f := N.to_nat)) //.
    exact: Nnat.N2Nat.inj.
  exact: N2Z.inj.
have -> : all (preim Z.of_N (in_range (N.of_nat (size l)))) l
        = all (fun b => b < size l) [seq N.to_nat b | b <- l].
  rewrite all_map; apply: eq_all => b /=; apply/idP/idP => [/in_range_bounds[_]|b_lt].
    by rewrite -N_nat_Z => /Nat2Z.inj_lt/ltP.
  apply/in_range_bounds; split; first exact: N2Z.is_nonneg.
  by rewrite -N_nat_Z; apply/Nat2Z.inj_lt/ltP.
set l' := [seq N.to_nat b | b <- l]; have -> : size l = size l' by rewrite size_map.
apply/andP/idP => [[/eqP sl /andP[/allP l_lt ul]]|pl].
  have sub : {subset l' <= iota 0 (N.to_nat m)}.
    by move=> b /l_lt; rewrite mem_iota add0n sl.
  have [_ mem] := uniq_min_size ul sub (eq_leq (etrans (size_iota _ _) (esym sl))).
  by apply: uniq_perm; rewrite ?iota_uniq.
have sl : size l' = N.to_nat m by rewrite (perm_size pl) size_iota.
rewrite sl eqxx (perm_uniq pl) iota_uniq andbT; split=> //.
by apply/allP => b; rewrite (perm_mem pl) mem_iota add0n.
Qed.

Section FastEncryption.

Variables (height width channels B : N) (k1 k2 k3 k4 : seq N) (pixels : seq Z).
Notation nats := (map N.to_nat).

Lemma fast_valid_inputE :
  fast_valid_input height width channels B k1 k2 k3 k4 pixels
  = valid_input (N.to_nat height) (N.to_nat width) (N.to_nat channels) (N.to_nat B)
      (nats k1) (nats k2) (nats k3) (nats k4) pixels.
Proof.
rewrite /fast_valid_input /valid_input /valid_geometry /valid_key /valid_pixels.
rewrite !to_nat_ltb; case: (ltnP 0 (N.to_nat B)) => // B_gt0.
rewrite !dividesE // fast_valid_permutationE !fast_valid_codesE !to_nat_eqb !to_nat_mul.
by rewrite !to_nat_div // to_nat_length -is_nilE -!andbA.
Qed.

(* Both programs return the same. *)
Theorem fast_encryptE :
  fast_encrypt height width channels B k1 k2 k3 k4 pixels
  = etc_encrypt (N.to_nat height) (N.to_nat width) (N.to_nat channels) (N.to_nat B)
      (nats k1) (nats k2) (nats k3) (nats k4) pixels.
Proof.
rewrite /fast_encrypt /etc_encrypt fast_valid_inputE; case: ifP => // /and3P[].
case/and5P=> B_gt0 _ _ Bh /andP[Bw C13] valid /andP[/eqP sp _]; congr Some.
have hE := divnK Bh; have wE := divnK Bw.
rewrite encrypt_by_blocksE ?to_nat_div //; first by rewrite hE wE.
by rewrite hE wE sp.
Qed.

End FastEncryption.
