(******************************************************************************)
(* Executable: the encryption as a program, proved to be that of the theorems *)
(*                                                                            *)
(* [etc_encrypt] encrypts a list of pixels with the four lists of a key. Coq  *)
(* itself evaluates it, so the Python code can be tested against the very     *)
(* object that the theorems speak of. What is proved: wherever it returns     *)
(* [Some out], out is the flattened encryption [encrypt_image] of Blocks.v of *)
(* the image with these pixels, hence Q x + c with the matrix Q and offset c  *)
(* of the key; it returns [None] exactly on invalid input; and every key of   *)
(* the theorems is written by such lists.                                     *)
(*                                                                            *)
(* Why one would believe it. The program says for every output index which    *)
(* input index it reads, in quotients and remainders of natural numbers: the  *)
(* formulas of Blocks.v without the bounds in the types.                      *)
(*                                                                            *)
(* How to call it. In a file compiled with  coqc -Q <this folder> EtC :       *)
(*                                                                            *)
(*   From Coq Require Import ZArith.                                          *)
(*   From mathcomp Require Import all_ssreflect.                              *)
(*   From EtC Require Import Executable.                                      *)
(*   Local Open Scope Z_scope.                                                *)
(*   Compute etc_encrypt 2 4 1 2 [:: 1; 0]%N [:: 5; 0]%N [:: 0; 1]%N [::]     *)
(*     [:: 0; 1; 2; 3; 4; 5; 6; 7].                                           *)
(*                                                                            *)
(* prints  = Some [:: 7; 3; 255; 254; 6; 2; 251; 250] : option (seq Z), over  *)
(* several lines when long; integers are then read off after "Some".          *)
(* Arguments: height, width, channels (1 or 3), block size; K1 as a           *)
(* permutation of the block numbers (output block b is input block K1[b]);    *)
(* K2 as codes below 8 (code mod 4 quarter turns counter-clockwise, then a    *)
(* left-right mirror from 4 on); K3 as bits 0 or 1; K4 as codes below 6 into  *)
(* [component_orders]; all indexed by the output block; pixels 0 to 255 in    *)
(* row-major order (row, column, channel). A step that the key does not have  *)
(* is the empty list. Invalid input gives [None].                             *)
(*                                                                            *)
(* Definitions: component_orders, source_place, encrypt_pixels,               *)
(*   valid_geometry, valid_permutation, valid_codes, valid_key, valid_pixels, *)
(*   valid_input, white, etc_encrypt, function_of_seq, perm_of_seq,           *)
(*   key_of_lists, image_of_pixels, pixels_of_image.                          *)
(******************************************************************************)

From Coq Require Import ZArith.
From mathcomp Require Import all_ssreflect.

Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.

(* ------------------------------------------------------------------------- *)
(* The program                                                               *)
(* ------------------------------------------------------------------------- *)

(* K4's codes: output component c is input component (order c). *)
Definition component_orders : seq (seq nat) :=
  [:: [:: 0; 1; 2]; [:: 0; 2; 1]; [:: 1; 0; 2];
      [:: 1; 2; 0]; [:: 2; 0; 1]; [:: 2; 1; 0]].

(* The place in a B x B block that place (i, j) of its transform t reads. *)
Definition source_place (B t i j : nat) : nat * nat :=
  iter (t %% 4) (fun q => (q.2, B - q.1.+1)) (if 4 <= t then (i, B - j.+1) else (i, j)).

Definition encrypt_pixels T (x0 : T) (negative : T -> T) (height width channels B : nat)
    (k1 k2 k3 k4 : seq nat) (pixels : seq T) : seq T :=
  let S := width %/ B in
  [seq let c := l %% channels in
       let row := l %/ channels %/ width in
       let col := l %/ channels %% width in
       let b := row %/ B * S + col %/ B in
       let q := source_place B (nth 0 k2 b) (row %% B) (col %% B) in
       let b' := nth b k1 b in
       let c' := nth c (nth [::] component_orders (nth 0 k4 b)) c in
       let x := nth x0 pixels
         (((b' %/ S * B + q.1) * width + (b' %% S * B + q.2)) * channels + c') in
       if nth 0 k3 b != 0 then negative x else x
  | l <- iota 0 (height * width * channels)].

(* --- validity ------------------------------------------------------------ *)

Definition valid_geometry (height width channels B : nat) : bool :=
  [&& 0 < B, 0 < height, 0 < width, B %| height, B %| width
    & (channels == 1) || (channels == 3)].

Definition valid_permutation (m : nat) (l : seq nat) : bool :=
  (l == [::]) || perm_eq l (iota 0 m).

Definition valid_codes (m bound : nat) (l : seq nat) : bool :=
  (l == [::]) || (size l == m) && all (fun code => code < bound) l.

(* A key of m blocks; grey images have no component shuffle. *)
Definition valid_key (m channels : nat) (k1 k2 k3 k4 : seq nat) : bool :=
  [&& valid_permutation m k1, valid_codes m 8 k2, valid_codes m 2 k3
    & if channels == 3 then valid_codes m 6 k4 else k4 == [::]].

Definition valid_pixels (count : nat) (pixels : seq Z) : bool :=
  (size pixels == count) && all (fun x => Z.leb 0 x && Z.leb x 255) pixels.

Definition valid_input (height width channels B : nat) (k1 k2 k3 k4 : seq nat)
    (pixels : seq Z) : bool :=
  [&& valid_geometry height width channels B,
      valid_key (height %/ B * (width %/ B)) channels k1 k2 k3 k4
    & valid_pixels (height * width * channels) pixels].

Definition white : Z := 255%Z.

Definition etc_encrypt (height width channels B : nat) (k1 k2 k3 k4 : seq nat)
    (pixels : seq Z) : option (seq Z) :=
  if valid_input height width channels B k1 k2 k3 k4 pixels then
    Some (encrypt_pixels 0%Z (Z.sub white) height width channels B k1 k2 k3 k4 pixels)
  else None.

(* Two blocks of 2 x 2: swapped, the first turned and mirrored, the second   *)
(* negated.                                                                  *)
Example etc_encrypt_example :
  etc_encrypt 2 4 1 2 [:: 1; 0] [:: 5; 0] [:: 0; 1] [::]
    [:: 0; 1; 2; 3; 4; 5; 6; 7]%Z
  = Some [:: 7; 3; 255; 254; 6; 2; 251; 250]%Z.
Proof. by vm_compute. Qed.

(* ------------------------------------------------------------------------- *)
(* From lists to the keys and images of the theorems                         *)
(* ------------------------------------------------------------------------- *)

From mathcomp Require Import all_algebra fingroup perm ssrZ.
From EtC Require Import SignedPermutation Blocks.

(* The permutation of 0, ..., m - 1 that a list writes (the identity, where it *)
(* writes none).                                                             *)
Definition function_of_seq m (l : seq nat) : {ffun 'I_m -> 'I_m} :=
  [ffun b : 'I_m => insubd b (nth (b : nat) l b)].

Definition perm_of_seq m (l : seq nat) : 'S_m :=
  if injectiveP (function_of_seq m l) is ReflectT inj then perm inj else 1%g.

Lemma perm_of_seqE m l (b : 'I_m) :
  valid_permutation m l -> perm_of_seq m l b = nth (b : nat) l b :> nat.
Proof.
move=> valid; have bound (a : 'I_m) : nth (a : nat) l a < m.
  case/orP: valid => [/eqP->|pl]; first by rewrite nth_nil.
  have sl : size l = m by rewrite (perm_size pl) size_iota.
  by have := mem_nth (a : nat) (_ : a < size l); rewrite (perm_mem pl) mem_iota sl; apply.
have fE a : function_of_seq m l a = nth (a : nat) l a :> nat.
  by rewrite ffunE val_insubd bound.
have inj : injective (function_of_seq m l).
  move=> a a' /(congr1 (@nat_of_ord m)); rewrite !fE.
  case/orP: valid => [/eqP->|pl]; first by rewrite !nth_nil => /val_inj.
  have sl : size l = m by rewrite (perm_size pl) size_iota.
  have ul : uniq l by rewrite (perm_uniq pl) iota_uniq.
  rewrite (set_nth_default (a' : nat)) ?sl // => /eqP.
  by rewrite nth_uniq ?sl // => /eqP/val_inj.
by rewrite /perm_of_seq; case: injectiveP => // inj'; rewrite permE fE.
Qed.

Lemma nth_seq_of_ord m T (x0 : T) (g : 'I_m -> T) (b : 'I_m) :
  nth x0 [seq g a | a <- enum 'I_m] b = g b.
Proof. by rewrite (nth_map b) ?size_enum_ord // nth_ord_enum. Qed.

Section Bridge.

Variables (R S B C : nat).
Hypothesis grey_or_colour : (C == 1) || (C == 3).

Notation n := (R * B * (S * B) * C).

Definition key_of_lists (k1 k2 k3 k4 : seq nat) : key R S C := Key
  (perm_of_seq (R * S) k1)
  (fun b => inord (nth 0 k2 b))
  (fun b => nth 0 k3 b != 0)
  (fun b => perm_of_seq C (take C (nth [::] component_orders (nth 0 k4 b)))).

Definition image_of_pixels T (x0 : T) (pixels : seq T) : image R S B C T :=
  fun row col c => nth x0 pixels (flat_index row col c).

Definition pixels_of_image T (img : image R S B C T) : seq T :=
  [seq img (flat_row k) (flat_col k) (flat_channel k) | k <- enum 'I_n].

Lemma size_pixels_of_image T (img : image R S B C T) : size (pixels_of_image img) = n.
Proof. by rewrite size_map size_enum_ord. Qed.

(* Lists of n pixels and images are the same thing. *)
Theorem pixels_of_imageK T (x0 : T) (pixels : seq T) :
  size pixels = n -> pixels_of_image (image_of_pixels x0 pixels) = pixels.
Proof.
move=> size_pixels; apply: (@eq_from_nth _ x0) => [|l].
  by rewrite size_pixels_of_image.
rewrite size_pixels_of_image => l_lt.
rewrite (nth_map (Ordinal l_lt)) ?size_enum_ord // /image_of_pixels flat_indexK.
by rewrite nth_enum_ord.
Qed.

Lemma source_placeE (t : 'I_8) (i j : 'I_B) :
  source_place B t i j = (val (d4_place t (i, j)).1, val (d4_place t (i, j)).2).
Proof. by elim/ord8_ind: t; rewrite /source_place /d4_place !inordK. Qed.

Section Key.

Variables (k1 k2 k3 k4 : seq nat).
Hypothesis valid : valid_key (R * S) C k1 k2 k3 k4.

Lemma valid_transform b : nth 0 k2 b < 8.
Proof.
case/and4P: valid => _ /orP[/eqP->|/andP[_ /allP k2_lt8]] _ _; first by rewrite nth_nil.
case: (ltnP b (size k2)) => [|b_ge]; last by rewrite nth_default.
by move=> /(mem_nth 0)/k2_lt8.
Qed.

Lemma valid_component_order b :
  valid_permutation C (take C (nth [::] component_orders (nth 0 k4 b))).
Proof.
case/and4P: valid => _ _ _; case/orP: grey_or_colour => /eqP-> /=.
  by move=> /eqP->; rewrite nth_nil.
have codes c : c < 6 -> valid_permutation 3 (take 3 (nth [::] component_orders c)).
  by do 6?case: c => [|c] //.
case/orP=> [/eqP->|/andP[_ /allP k4_lt6]]; first by rewrite nth_nil; apply: codes.
apply: codes; case: (ltnP b (size k4)) => [|b_ge]; last by rewrite nth_default.
by move=> /(mem_nth 0)/k4_lt6.
Qed.

(* The program computes the encryption of the theorems. *)
Theorem encrypt_pixels_correct T (x0 : T) (negative : T -> T) (pixels : seq T) :
  encrypt_pixels x0 negative (R * B) (S * B) C B k1 k2 k3 k4 pixels
  = pixels_of_image
      (encrypt_image negative (key_of_lists k1 k2 k3 k4) (image_of_pixels x0 pixels)).
Proof.
rewrite /encrypt_pixels /pixels_of_image -val_enum_ord -map_comp.
apply: eq_map => l /=.
set row := flat_row l; set col := flat_col l; set c := flat_channel l.
have B_gt0 : 0 < B := leq_ltn_trans (leq0n _) (ltn_ord (remainder row)).
rewrite mulnK //.
set img := image_of_pixels x0 pixels; set key := key_of_lists k1 k2 k3 k4.
set b := block_of row col.
have -> : encrypt_image negative key img row col c
        = in_block (encrypt_image negative key img) b (remainder row) (remainder col) c.
  by rewrite /in_block pixel_row_block pixel_col_block.
rewrite encrypt_image_pixel /=.
case/and4P: valid => valid1 _ _ _.
have bE : l %/ C %/ (S * B) %/ B * S + l %/ C %% (S * B) %/ B = b by [].
have qE := source_placeE (inord (nth 0 k2 b)) (remainder row) (remainder col).
rewrite inordK ?valid_transform //= in qE.
rewrite bE /row /col /= in qE *; rewrite qE /=.
rewrite -(perm_of_seqE b valid1).
have cE := perm_of_seqE c (valid_component_order b).
rewrite nth_take ?ltn_ord // in cE; rewrite -cE.
by [].
Qed.

End Key.
End Bridge.

(* ------------------------------------------------------------------------- *)
(* What [etc_encrypt] returns                                                *)
(* ------------------------------------------------------------------------- *)

Theorem etc_encrypt_defined height width channels B k1 k2 k3 k4 pixels :
  isSome (etc_encrypt height width channels B k1 k2 k3 k4 pixels)
  = valid_input height width channels B k1 k2 k3 k4 pixels.
Proof. by rewrite /etc_encrypt; case: ifP. Qed.

(* Valid input is an image of whole blocks. *)
Theorem etc_encrypt_geometry height width channels B k1 k2 k3 k4 pixels out :
  etc_encrypt height width channels B k1 k2 k3 k4 pixels = Some out ->
  [/\ height = height %/ B * B, width = width %/ B * B,
      (channels == 1) || (channels == 3),
      size pixels = height * width * channels & size out = height * width * channels].
Proof.
rewrite /etc_encrypt; case: ifP => // /and3P[/and5P[_ _ _ Bh /andP[Bw C13]] _ /andP[/eqP sp _]].
move=> [<-]; split=> //; rewrite ?divnK //.
by rewrite size_map size_iota.
Qed.

Section Result.

Variables (R S B C : nat) (k1 k2 k3 k4 : seq nat) (pixels out : seq Z).
Hypothesis returned :
  etc_encrypt (R * B) (S * B) C B k1 k2 k3 k4 pixels = Some out.

Notation image_of l := (@image_of_pixels R S B C Z Z0 l).
Notation k := (key_of_lists R S C k1 k2 k3 k4).
Notation n := (R * B * (S * B) * C).

(* The output is the flattened encryption of the image with these pixels. *)
Theorem etc_encrypt_correct :
  out = pixels_of_image (encrypt_image (Z.sub white) k (image_of pixels)).
Proof.
move: returned; rewrite /etc_encrypt; case: ifP => // /and3P[].
case/and5P=> B_gt0 _ _ _ /andP[_ C13]; rewrite !mulnK // => valid _ [<-].
exact: encrypt_pixels_correct.
Qed.

(* As a column, it is Q x + c with the orthogonal matrix Q of the key. *)
Theorem etc_encrypt_matrix :
  let column l : 'cV[Z]_n := (\col_(i < n) nth Z0 l i)%R in
  let Q := sp_matrix [comRingType of Z] (key_signed_perm B k) in
  let c := sp_offset (white : [comRingType of Z]) (key_signed_perm B k) in
  column out = (Q *m column pixels + c)%R /\ orthogonal Q.
Proof.
move=> column Q c.
have column_image (img : image R S B C Z) :
    column (pixels_of_image img) = flatten_image (F := [comRingType of Z]) img.
  by apply/matrixP => i j; rewrite !mxE nth_seq_of_ord.
have column_pixels : column pixels = flatten_image (F := [comRingType of Z]) (image_of pixels).
  by apply/matrixP => i j; rewrite !mxE /image_of_pixels flat_indexK.
rewrite etc_encrypt_correct column_image column_pixels.
exact: (encryption_matrix_correct (white : [comRingType of Z]) k (image_of pixels)).
Qed.

End Result.

(* ------------------------------------------------------------------------- *)
(* Every key is written by lists                                             *)
(* ------------------------------------------------------------------------- *)

Lemma seq_of_perm m (s : 'S_m) : perm_eq [seq val (s b) | b <- enum 'I_m] (iota 0 m).
Proof.
rewrite -val_enum_ord [X in perm_eq X _](map_comp val s); apply/perm_map/uniq_perm.
- by rewrite map_inj_uniq ?enum_uniq //; apply: perm_inj.
- exact: enum_uniq.
- by move=> b; rewrite mem_enum; apply/mapP; exists (s^-1%g b); rewrite ?mem_enum ?permKV.
Qed.

Lemma perm_of_seqK m (s : 'S_m) : perm_of_seq m [seq val (s b) | b <- enum 'I_m] = s.
Proof.
apply/permP => b; apply: val_inj; rewrite /= perm_of_seqE.
  exact: nth_seq_of_ord.
by rewrite /valid_permutation seq_of_perm orbT.
Qed.

Lemma valid_codes_of_ord m bound (g : 'I_m -> nat) :
  (forall b, g b < bound) -> valid_codes m bound [seq g b | b <- enum 'I_m].
Proof.
move=> g_lt; rewrite /valid_codes size_map size_enum_ord eqxx /=.
by apply/orP; right; apply/allP => _ /mapP[b _ ->].
Qed.

Lemma component_code (s : 'S_3) :
  [seq val (s c) | c <- enum 'I_3] \in component_orders.
Proof.
have -> : component_orders =i permutations (iota 0 3) by apply: perm_mem.
by rewrite mem_permutations seq_of_perm.
Qed.

Lemma component_codes m C (K : 'I_m -> 'S_C) : (C == 1) || (C == 3) ->
  exists k4, (if C == 3 then valid_codes m 6 k4 else k4 == [::])
  /\ forall b : 'I_m,
       perm_of_seq C (take C (nth [::] component_orders (nth 0 k4 b))) = K b.
Proof.
case/orP=> /eqP eqC; rewrite {}eqC in K *.
  by exists [::]; split=> // b; apply/permP => c; rewrite [LHS]ord1 [RHS]ord1.
pose code (s : 'S_3) := index [seq val (s c) | c <- enum 'I_3] component_orders.
exists [seq code (K b) | b <- enum 'I_m]; split=> [|b].
  by apply: valid_codes_of_ord => b; rewrite /code index_mem component_code.
rewrite nth_seq_of_ord /code nth_index ?component_code //.
by rewrite take_oversize ?perm_of_seqK // size_map size_enum_ord.
Qed.

(* The lists cover all keys of the theorems, for grey and for colour images. *)
Theorem every_key_has_lists R S C (k : key R S C) : (C == 1) || (C == 3) ->
  exists k1 k2 k3 k4, valid_key (R * S) C k1 k2 k3 k4
  /\ let k' := key_of_lists R S C k1 k2 k3 k4 in
     [/\ K1 k' = K1 k, K2 k' =1 K2 k, K3 k' =1 K3 k & K4 k' =1 K4 k].
Proof.
move=> C13; have [k4 [valid4 k4E]] := component_codes (K4 k) C13.
exists [seq val (K1 k b) | b <- enum 'I_(R * S)], [seq val (K2 k b) | b <- enum 'I_(R * S)].
exists [seq nat_of_bool (K3 k b) | b <- enum 'I_(R * S)], k4; split.
  rewrite /valid_key valid4 /valid_permutation seq_of_perm orbT /= andbT.
  apply/andP; split; apply: valid_codes_of_ord => b //; by case: (K3 k b).
split=> [|b|b|b] /=; rewrite ?perm_of_seqK ?nth_seq_of_ord ?k4E //.
  exact: inord_val.
by case: (K3 k b).
Qed.
