(******************************************************************************)
(* Blocks: the encrypted image is one signed permutation of the flat image    *)
(*                                                                            *)
(* What is proved, for images of R x S blocks of B x B pixels with C channels *)
(* (any R, S, B, C, so height H = R B and width W = S B):                     *)
(*  - raster order is a bijection: the flat index (row W + col) C + channel    *)
(*    and the coordinates (block, place in the block, channel) determine each *)
(*    other, and block numbers are (row / B) S + col / B;                     *)
(*  - the eight block transforms (quarter turns counter-clockwise, then a     *)
(*    left-right mirror) are bijections of the block, closed under            *)
(*    composition with the multiplication table given below, each with an     *)
(*    inverse, and pairwise different as soon as B >= 2;                      *)
(*  - each of the four encryption steps, applied to the image as a picture,   *)
(*    is a signed permutation of the flattened image, and so is the whole of  *)
(*    block permutation, block transform, negative-positive transform and     *)
(*    component permutation, with the source pixel and the sign given         *)
(*    explicitly: the theorem that the matrices are right;                    *)
(*  - keys form a group: encrypting twice is encrypting once with the product *)
(*    of the keys (whose four parts are given), and an inverse key decrypts.  *)
(*                                                                            *)
(* Why one would believe it. Writing an index as quotient and remainder loses *)
(* nothing, so every pixel has exactly one address. Each step only says which *)
(* address is read, and at most replaces x by level - x.  A rule that reads   *)
(* every address once is a permutation, and permutations compose.             *)
(*                                                                            *)
(* Steps are indexed by the *output* block; order: K1, K2, K3, K4.            *)
(*                                                                            *)
(* Definitions: pair_ord, quotient, remainder, rot90, fliplr,                 *)
(*   block_transform, rot90_place, fliplr_place, d4_place, d4_code_mul,       *)
(*   d4_code_inv, d4_mul, d4_inv, d4_one, address, image, flat_index,         *)
(*   flat_row, flat_col, flat_channel, block_of, pixel_row, pixel_col,        *)
(*   flat_of_address, address_of_flat, flat_block, in_block, from_blocks,     *)
(*   permute_blocks, transform_blocks, negate_blocks, permute_components,     *)
(*   key, encrypt_image, flat_map, flat_perm, K1_address, K2_address,         *)
(*   K4_address, K1_signed_perm, K2_signed_perm, K3_signed_perm,              *)
(*   K4_signed_perm, key_signed_perm, key_mul, key_inv, flatten_image.        *)
(******************************************************************************)

From mathcomp Require Import all_ssreflect all_algebra fingroup perm.
From EtC Require Import SignedPermutation.

Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.

(* ------------------------------------------------------------------------- *)
(* Quotient and remainder as a bijection of ordinals                         *)
(* ------------------------------------------------------------------------- *)

Lemma pair_ord_proof m n (i : 'I_m) (j : 'I_n) : i * n + j < m * n.
Proof.
apply: leq_trans (_ : i * n + n <= _); first by rewrite ltn_add2l.
by rewrite -mulSnr leq_mul2r ltn_ord orbT.
Qed.

Lemma quotient_proof m n (k : 'I_(m * n)) : k %/ n < m.
Proof.
by case: n k => [|n] [k /=]; rewrite ?muln0 // ltn_divLR.
Qed.

Lemma remainder_proof m n (k : 'I_(m * n)) : k %% n < n.
Proof. by case: n k => [|n] [k /=]; rewrite ?muln0 // ltn_mod. Qed.

Definition pair_ord m n (i : 'I_m) (j : 'I_n) : 'I_(m * n) :=
  Ordinal (pair_ord_proof i j).
Definition quotient m n (k : 'I_(m * n)) : 'I_m := Ordinal (quotient_proof k).
Definition remainder m n (k : 'I_(m * n)) : 'I_n := Ordinal (remainder_proof k).
Arguments quotient {m n} k.
Arguments remainder {m n} k.

Lemma pair_ordK m n (k : 'I_(m * n)) : pair_ord (quotient k) (remainder k) = k.
Proof. by apply: val_inj; rewrite /= -divn_eq. Qed.

Lemma quotient_pair m n (i : 'I_m) (j : 'I_n) : quotient (pair_ord i j) = i.
Proof.
apply: val_inj => /=; have n_gt0 : 0 < n := leq_ltn_trans (leq0n j) (ltn_ord j).
by rewrite divnMDl // divn_small ?addn0.
Qed.

Lemma remainder_pair m n (i : 'I_m) (j : 'I_n) : remainder (pair_ord i j) = j.
Proof. by apply: val_inj; rewrite /= modnMDl modn_small. Qed.

(* ------------------------------------------------------------------------- *)
(* The eight block transforms                                                *)
(* ------------------------------------------------------------------------- *)

Section BlockTransform.

Variables (T : Type) (B : nat).
Implicit Types (A : 'I_B -> 'I_B -> T).

(* One quarter turn counter-clockwise; rev_ord i is B - 1 - i. *)
Definition rot90 A := fun i j : 'I_B => A j (rev_ord i).

(* Left-right mirror. *)
Definition fliplr A := fun i j : 'I_B => A i (rev_ord j).

(* Transform t: (t mod 4) quarter turns, then a mirror when t >= 4. *)
Definition block_transform (t : 'I_8) A : 'I_B -> 'I_B -> T :=
  if 4 <= t then fliplr (iter (t %% 4) rot90 A) else iter (t %% 4) rot90 A.

End BlockTransform.

(* The place that an output place reads. *)
Definition rot90_place B (q : 'I_B * 'I_B) : 'I_B * 'I_B := (q.2, rev_ord q.1).
Definition fliplr_place B (q : 'I_B * 'I_B) : 'I_B * 'I_B := (q.1, rev_ord q.2).
Definition d4_place B (t : 'I_8) (q : 'I_B * 'I_B) : 'I_B * 'I_B :=
  iter (t %% 4) (@rot90_place B) (if 4 <= t then fliplr_place q else q).

(* Codes of products: [d4_code_mul s t] is "t first, then s". *)
Definition d4_code_mul (s t : nat) : nat :=
  (if 4 <= t then t + (4 - s %% 4) else t + s %% 4) %% 4
  + (if (4 <= s) (+) (4 <= t) then 4 else 0).

Definition d4_code_inv (t : nat) : nat :=
  if 4 <= t then t else (4 - t) %% 4.

Lemma d4_code_mul_lt8 s t : d4_code_mul s t < 8.
Proof.
rewrite /d4_code_mul; set r := _ %% 4; have r4 : r < 4 by rewrite ltn_mod.
case: (_ (+) _); first by rewrite (ltn_add2r 4 r 4).
by rewrite addn0 (ltn_trans r4).
Qed.

Lemma d4_code_inv_lt8 (t : 'I_8) : d4_code_inv t < 8.
Proof. by move: t; do 8?case=> // [[|]]. Qed.

Definition d4_mul (s t : 'I_8) : 'I_8 := Ordinal (d4_code_mul_lt8 s t).
Definition d4_inv (t : 'I_8) : 'I_8 := Ordinal (d4_code_inv_lt8 t).
Definition d4_one : 'I_8 := ord0.

(* A half turn is both mirrors, so turns and mirrors chosen apart count twice. *)
Theorem half_turn_is_two_mirrors T B (A : 'I_B -> 'I_B -> T) i j :
  iter 2 (@rot90 T B) A i j = A (rev_ord i) (rev_ord j).
Proof. by []. Qed.

(* Row s, column t: the code of "t first, then s". *)
Theorem d4_multiplication_table :
  [seq [seq d4_code_mul s t | t <- iota 0 8] | s <- iota 0 8]
  = [:: [:: 0; 1; 2; 3; 4; 5; 6; 7];
        [:: 1; 2; 3; 0; 7; 4; 5; 6];
        [:: 2; 3; 0; 1; 6; 7; 4; 5];
        [:: 3; 0; 1; 2; 5; 6; 7; 4];
        [:: 4; 5; 6; 7; 0; 1; 2; 3];
        [:: 5; 6; 7; 4; 3; 0; 1; 2];
        [:: 6; 7; 4; 5; 2; 3; 0; 1];
        [:: 7; 4; 5; 6; 1; 2; 3; 0]].
Proof. by []. Qed.

(* Eight cases for an element of 'I_8. *)
Lemma ord8_ind (P : 'I_8 -> Prop) :
  P (inord 0) -> P (inord 1) -> P (inord 2) -> P (inord 3) ->
  P (inord 4) -> P (inord 5) -> P (inord 6) -> P (inord 7) -> forall t, P t.
Proof.
move=> P0 P1 P2 P3 P4 P5 P6 P7 t; rewrite -(inord_val t).
by case: t => [[|[|[|[|[|[|[|[|t]]]]]]]] /=].
Qed.

Section D4.

Variable B : nat.
Implicit Types (s t : 'I_8) (q : 'I_B * 'I_B).

Lemma block_transformE T t (A : 'I_B -> 'I_B -> T) i j :
  block_transform t A i j = A (d4_place t (i, j)).1 (d4_place t (i, j)).2.
Proof.
by elim/ord8_ind: t; rewrite /block_transform /d4_place !inordK.
Qed.

Lemma d4_place_mul s t q : d4_place (d4_mul s t) q = d4_place t (d4_place s q).
Proof.
case: q => i j; elim/ord8_ind: s; elim/ord8_ind: t;
  rewrite /d4_place /d4_mul /= /d4_code_mul !inordK //=;
  by rewrite /rot90_place /fliplr_place /= ?rev_ordK.
Qed.

Lemma d4_place_one q : d4_place d4_one q = q.
Proof. by []. Qed.

Lemma d4_mul_invl t : d4_mul (d4_inv t) t = d4_one.
Proof.
by elim/ord8_ind: t; apply: val_inj; rewrite /= /d4_code_inv !inordK.
Qed.

Lemma d4_mul_invr t : d4_mul t (d4_inv t) = d4_one.
Proof.
by elim/ord8_ind: t; apply: val_inj; rewrite /= /d4_code_inv !inordK.
Qed.

Lemma d4_placeK t : cancel (@d4_place B t) (d4_place (d4_inv t)).
Proof. by move=> q; rewrite -d4_place_mul d4_mul_invr d4_place_one. Qed.

Lemma d4_placeVK t : cancel (d4_place (d4_inv t)) (@d4_place B t).
Proof. by move=> q; rewrite -d4_place_mul d4_mul_invl d4_place_one. Qed.

(* Every block transform is a bijection of the places of the block. *)
Theorem d4_place_bijective t : bijective (@d4_place B t).
Proof. by exists (d4_place (d4_inv t)); [apply: d4_placeK|apply: d4_placeVK]. Qed.

(* Closed: two transforms in a row are one of the eight. *)
Theorem block_transform_mul T s t (A : 'I_B -> 'I_B -> T) i j :
  block_transform s (block_transform t A) i j
  = block_transform (d4_mul s t) A i j.
Proof. by rewrite !block_transformE d4_place_mul -surjective_pairing. Qed.

Theorem block_transform_inv T t (A : 'I_B -> 'I_B -> T) i j :
  block_transform (d4_inv t) (block_transform t A) i j = A i j.
Proof. by rewrite block_transform_mul d4_mul_invl. Qed.

End D4.

(* The eight maps are pairwise different when blocks are at least 2 x 2. *)
Theorem d4_place_injective B (s t : 'I_8) :
  1 < B -> @d4_place B s =1 @d4_place B t -> s = t.
Proof.
case: B => [|[|B]] // _ st.
have := congr1 (fun q => (val q.1, val q.2)) (st (ord0, ord0)).
have := congr1 (fun q => (val q.1, val q.2)) (st (ord0, ord_max)).
by elim/ord8_ind: s {st}; elim/ord8_ind: t;
  rewrite /d4_place !inordK //= /rot90_place /fliplr_place /=
          ?rev_ordK /= ?subSS ?subn0 ?subnn.
Qed.

(* ------------------------------------------------------------------------- *)
(* Images, blocks and raster order                                           *)
(* ------------------------------------------------------------------------- *)

Section Image.

Variables (R S B C : nat).

Notation H := (R * B).
Notation W := (S * B).
Notation block := 'I_(R * S).
Notation flat := 'I_(R * B * (S * B) * C).

(* (block, (row, column) in the block, channel) *)
Definition address : Type := (block * ('I_B * 'I_B) * 'I_C)%type.

Definition image (T : Type) : Type := 'I_H -> 'I_W -> 'I_C -> T.

(* Raster order of pixels and of blocks. *)
Definition flat_index (row : 'I_H) (col : 'I_W) (c : 'I_C) : flat :=
  pair_ord (pair_ord row col) c.
Definition flat_row (k : flat) : 'I_H := quotient (quotient k).
Definition flat_col (k : flat) : 'I_W := remainder (quotient k).
Definition flat_channel (k : flat) : 'I_C := remainder k.

Definition block_of (row : 'I_H) (col : 'I_W) : block :=
  pair_ord (quotient row) (quotient col).
Definition pixel_row (b : block) (i : 'I_B) : 'I_H := pair_ord (quotient b) i.
Definition pixel_col (b : block) (j : 'I_B) : 'I_W := pair_ord (remainder b) j.

Definition flat_of_address (a : address) : flat :=
  let: (b, (i, j), c) := a in flat_index (pixel_row b i) (pixel_col b j) c.

Definition address_of_flat (k : flat) : address :=
  (block_of (flat_row k) (flat_col k),
   (remainder (flat_row k), remainder (flat_col k)),
   flat_channel k).

(* The conventions in numbers. *)
Theorem flat_index_value row col c :
  flat_index row col c = (row * W + col) * C + c :> nat.
Proof. by []. Qed.

Theorem block_of_value row col : block_of row col = row %/ B * S + col %/ B :> nat.
Proof. by []. Qed.

Theorem place_in_block_value (row : 'I_H) : remainder row = row %% B :> nat.
Proof. by []. Qed.

Lemma flat_row_index row col c : flat_row (flat_index row col c) = row.
Proof. by rewrite /flat_row /flat_index !quotient_pair. Qed.

Lemma flat_col_index row col c : flat_col (flat_index row col c) = col.
Proof. by rewrite /flat_col /flat_index quotient_pair remainder_pair. Qed.

Lemma flat_channel_index row col c : flat_channel (flat_index row col c) = c.
Proof. by rewrite /flat_channel /flat_index remainder_pair. Qed.

Lemma flat_indexK k : flat_index (flat_row k) (flat_col k) (flat_channel k) = k.
Proof. by rewrite /flat_index !pair_ordK. Qed.

Lemma block_of_pixel b i j : block_of (pixel_row b i) (pixel_col b j) = b.
Proof. by rewrite /block_of !quotient_pair pair_ordK. Qed.

Lemma pixel_row_block row col :
  pixel_row (block_of row col) (remainder row) = row.
Proof. by rewrite /pixel_row /block_of quotient_pair pair_ordK. Qed.

Lemma pixel_col_block row col :
  pixel_col (block_of row col) (remainder col) = col.
Proof. by rewrite /pixel_col /block_of remainder_pair pair_ordK. Qed.

Theorem flat_of_addressK : cancel flat_of_address address_of_flat.
Proof.
case=> [[b [i j]] c]; rewrite /address_of_flat /=.
rewrite flat_row_index flat_col_index flat_channel_index block_of_pixel.
by rewrite /pixel_row /pixel_col !remainder_pair.
Qed.

Theorem address_of_flatK : cancel address_of_flat flat_of_address.
Proof.
by move=> k; rewrite /= pixel_row_block pixel_col_block flat_indexK.
Qed.

Arguments flat_of_address : simpl never.
Arguments address_of_flat : simpl never.

(* The block that a flat index belongs to. *)
Definition flat_block (k : flat) : block := (address_of_flat k).1.1.
Arguments flat_block : simpl never.

Lemma flat_blockE a : flat_block (flat_of_address a) = a.1.1.
Proof. by rewrite /flat_block flat_of_addressK. Qed.

(* Pixel addresses and flat indices are in bijection, for all sizes. *)
Theorem raster_order_bijective : bijective flat_of_address.
Proof. by exists address_of_flat; [apply: flat_of_addressK|apply: address_of_flatK]. Qed.

(* --- the four steps, on pictures ----------------------------------------- *)

Section Steps.

Variable T : Type.
Implicit Types (img : image T).

Definition in_block img (b : block) (i j : 'I_B) (c : 'I_C) : T :=
  img (pixel_row b i) (pixel_col b j) c.

Definition from_blocks (f : block -> 'I_B -> 'I_B -> 'I_C -> T) : image T :=
  fun row col c => f (block_of row col) (remainder row) (remainder col) c.

(* K1: output block b is input block K1 b. *)
Definition permute_blocks (K1 : 'S_(R * S)) img : image T :=
  from_blocks (in_block img \o K1).

(* K2: block b undergoes the transform K2 b, in every channel. *)
Definition transform_blocks (K2 : block -> 'I_8) img : image T :=
  from_blocks (fun b i j c =>
    block_transform (K2 b) (fun i' j' => in_block img b i' j' c) i j).

(* K3: every pixel of block b is replaced by its negative when K3 b. *)
Definition negate_blocks (negative : T -> T) (K3 : block -> bool) img : image T :=
  from_blocks (fun b i j c =>
    if K3 b then negative (in_block img b i j c) else in_block img b i j c).

(* K4: output channel c of block b is its input channel K4 b c. *)
Definition permute_components (K4 : block -> 'S_C) img : image T :=
  from_blocks (fun b i j c => in_block img b i j (K4 b c)).

End Steps.

Record key := Key {
  K1 : 'S_(R * S);
  K2 : block -> 'I_8;
  K3 : block -> bool;
  K4 : block -> 'S_C
}.

Definition encrypt_image T (negative : T -> T) (k : key) (img : image T) : image T :=
  permute_components (K4 k)
    (negate_blocks negative (K3 k)
      (transform_blocks (K2 k)
        (permute_blocks (K1 k) img))).

Lemma in_from_blocks T (f : block -> 'I_B -> 'I_B -> 'I_C -> T) b i j c :
  in_block (from_blocks f) b i j c = f b i j c.
Proof.
rewrite /in_block /from_blocks block_of_pixel.
by rewrite /pixel_row /pixel_col !remainder_pair.
Qed.

(* The whole encryption, pixel by pixel. *)
Theorem encrypt_image_pixel T (negative : T -> T) k (img : image T) b i j c :
  in_block (encrypt_image negative k img) b i j c
  = let q := d4_place (K2 k b) (i, j) in
    let x := in_block img (K1 k b) q.1 q.2 (K4 k b c) in
    if K3 k b then negative x else x.
Proof. by rewrite !in_from_blocks /= block_transformE !in_from_blocks. Qed.

(* --- the same steps, as signed permutations of the flat image ------------ *)

Section FlatPermutation.

Variable g : address -> address.
Hypothesis g_inj : injective g.

Definition flat_map (k : flat) : flat := flat_of_address (g (address_of_flat k)).

Lemma flat_map_inj : injective flat_map.
Proof.
move=> k l /(can_inj flat_of_addressK)/g_inj.
exact: (can_inj address_of_flatK).
Qed.

Definition flat_perm : {perm flat} := perm flat_map_inj.

Lemma flat_permE k : flat_perm k = flat_of_address (g (address_of_flat k)).
Proof. by rewrite permE. Qed.

End FlatPermutation.

Definition K1_address (K1 : 'S_(R * S)) (a : address) : address :=
  let: (b, q, c) := a in (K1 b, q, c).
Definition K2_address (K2 : block -> 'I_8) (a : address) : address :=
  let: (b, q, c) := a in (b, d4_place (K2 b) q, c).
Definition K4_address (K4 : block -> 'S_C) (a : address) : address :=
  let: (b, q, c) := a in (b, q, K4 b c).

Lemma K1_address_inj K : injective (K1_address K).
Proof. by move=> [[b q] c] [[b' q'] c'] [/perm_inj -> -> ->]. Qed.

Lemma K2_address_inj K : injective (K2_address K).
Proof.
move=> [[b q] c] [[b' q'] c'] [<-] eq_q <-.
by rewrite (bij_inj (d4_place_bijective B (K b)) eq_q).
Qed.

Lemma K4_address_inj K : injective (K4_address K).
Proof. by move=> [[b q] c] [[b' q'] c'] [<- <-] /perm_inj ->. Qed.

Notation n := (R * B * (S * B) * C).
Notation no_negation := [ffun=> false].

Definition K1_signed_perm K : signed_perm n :=
  SignedPerm (flat_perm (@K1_address_inj K)) no_negation.
Definition K2_signed_perm K : signed_perm n :=
  SignedPerm (flat_perm (@K2_address_inj K)) no_negation.
Definition K3_signed_perm (K : block -> bool) : signed_perm n :=
  SignedPerm 1%g [ffun k => K (flat_block k)].
Definition K4_signed_perm K : signed_perm n :=
  SignedPerm (flat_perm (@K4_address_inj K)) no_negation.

(* The whole key, as one signed permutation. *)
Definition key_signed_perm (k : key) : signed_perm n :=
  sp_mul (K4_signed_perm (K4 k))
    (sp_mul (K3_signed_perm (K3 k))
      (sp_mul (K2_signed_perm (K2 k)) (K1_signed_perm (K1 k)))).

(* Where the encrypted pixel at address (b, place, channel) comes from. *)
Theorem key_signed_perm_source k b q c :
  source (key_signed_perm k) (flat_of_address (b, q, c))
  = flat_of_address (K1 k b, d4_place (K2 k b) q, K4 k b c).
Proof.
by rewrite /= !permM perm1 !flat_permE !flat_of_addressK.
Qed.

Theorem key_signed_perm_negated k b q c :
  negated (key_signed_perm k) (flat_of_address (b, q, c)) = K3 k b.
Proof.
rewrite /=; do 4?rewrite ?(ffunE, perm1, flat_permE, flat_of_addressK, flat_blockE) /=.
by rewrite ?addbF.
Qed.

(* --- keys form a group --------------------------------------------------- *)

(* [key_mul k' k] encrypts with k first, then with k'. *)
Definition key_mul (k' k : key) : key := Key
  (K1 k' * K1 k)%g
  (fun b => d4_mul (K2 k' b) (K2 k (K1 k' b)))
  (fun b => K3 k' b (+) K3 k (K1 k' b))
  (fun b => K4 k' b * K4 k (K1 k' b))%g.

Definition key_inv (k : key) : key := Key
  (K1 k)^-1%g
  (fun b => d4_inv (K2 k ((K1 k)^-1%g b)))
  (fun b => K3 k ((K1 k)^-1%g b))
  (fun b => (K4 k ((K1 k)^-1%g b))^-1)%g.

Theorem key_signed_perm_mul k' k :
  key_signed_perm (key_mul k' k)
  = sp_mul (key_signed_perm k') (key_signed_perm k).
Proof.
apply: signed_perm_ext => l; rewrite -[l]address_of_flatK;
  case: (address_of_flat l) => [[b q] c].
  by rewrite [RHS]permM !key_signed_perm_source /= !permM d4_place_mul.
by rewrite [RHS]ffunE key_signed_perm_source !key_signed_perm_negated.
Qed.

Theorem key_signed_perm_inv k :
  key_signed_perm (key_inv k) = sp_inv (key_signed_perm k).
Proof.
have kk : sp_mul (key_signed_perm (key_inv k)) (key_signed_perm k) = sp_one n.
  rewrite -key_signed_perm_mul; apply: signed_perm_ext => l;
    rewrite -[l]address_of_flatK; case: (address_of_flat l) => [[b q] c].
    by rewrite key_signed_perm_source /= d4_mul_invl !mulVg !perm1.
  by rewrite key_signed_perm_negated /= ffunE addbb.
by rewrite -[LHS]sp_mulf1 -(sp_mulfV (key_signed_perm k)) sp_mulA kk sp_mul1f.
Qed.

Section Flatten.

Import GRing.Theory.
Local Open Scope ring_scope.

Variables (F : comRingType) (level : F).
Implicit Types (img : image F).

(* The image in raster order, as a column vector. *)
Definition flatten_image img : 'cV[F]_n :=
  \col_k img (flat_row k) (flat_col k) (flat_channel k).

Let negative (x : F) : F := level - x.

Lemma flatten_imageE img b i j c :
  flatten_image img (flat_of_address (b, (i, j), c)) 0 = in_block img b i j c.
Proof. by rewrite mxE /flat_of_address flat_row_index flat_col_index flat_channel_index. Qed.

Lemma flatten_image_address img k :
  flatten_image img k 0
  = let: (b, (i, j), c) := address_of_flat k in in_block img b i j c.
Proof.
rewrite -{1}[k]address_of_flatK.
by case: (address_of_flat k) => [[b [i j]] c]; rewrite flatten_imageE.
Qed.

(* Two flat images are equal when they agree at all addresses. *)
Lemma flat_image_ext (x y : 'cV[F]_n) :
  (forall b i j c, let k := flat_of_address (b, (i, j), c) in x k 0 = y k 0) ->
  x = y.
Proof.
move=> xy; apply/matrixP => k z; rewrite [z]ord1 -[k]address_of_flatK.
by case: (address_of_flat k) => [[b [i j]] c]; apply: xy.
Qed.

(* Each step is the signed permutation of its name. *)
Theorem flatten_permute_blocks K img :
  flatten_image (permute_blocks K img)
  = sp_apply level (K1_signed_perm K) (flatten_image img).
Proof.
apply: flat_image_ext => b i j c /=.
rewrite flatten_imageE in_from_blocks mxE /= ffunE flat_permE flat_of_addressK.
by rewrite flatten_imageE.
Qed.

Theorem flatten_transform_blocks K img :
  flatten_image (transform_blocks K img)
  = sp_apply level (K2_signed_perm K) (flatten_image img).
Proof.
apply: flat_image_ext => b i j c /=.
rewrite flatten_imageE in_from_blocks block_transformE.
rewrite mxE /= ffunE flat_permE flat_of_addressK /=.
by case: (d4_place _ _) => i' j'; rewrite flatten_imageE.
Qed.

Theorem flatten_negate_blocks K img :
  flatten_image (negate_blocks negative K img)
  = sp_apply level (K3_signed_perm K) (flatten_image img).
Proof.
apply: flat_image_ext => b i j c /=.
rewrite flatten_imageE in_from_blocks [RHS]mxE /= ffunE perm1 flatten_imageE.
by rewrite flat_blockE.
Qed.

Theorem flatten_permute_components K img :
  flatten_image (permute_components K img)
  = sp_apply level (K4_signed_perm K) (flatten_image img).
Proof.
apply: flat_image_ext => b i j c /=.
rewrite flatten_imageE in_from_blocks mxE /= ffunE flat_permE flat_of_addressK.
by rewrite flatten_imageE.
Qed.

(* The encrypted picture, flattened, is one signed permutation of the       *)
(* flattened picture.                                                       *)
Theorem flatten_encrypt_image k img :
  flatten_image (encrypt_image negative k img)
  = sp_apply level (key_signed_perm k) (flatten_image img).
Proof.
rewrite /encrypt_image /key_signed_perm !sp_apply_mul.
by rewrite flatten_permute_components flatten_negate_blocks
           flatten_transform_blocks flatten_permute_blocks.
Qed.

(* The same with the matrix and the offset: y = Q x + c, Q orthogonal. *)
Theorem encryption_matrix_correct k img :
  let Q := sp_matrix F (key_signed_perm k) in
  let c := sp_offset level (key_signed_perm k) in
  flatten_image (encrypt_image negative k img)
    = Q *m flatten_image img + c
  /\ orthogonal Q.
Proof.
split; last exact: sp_matrix_orthogonal.
by rewrite flatten_encrypt_image sp_apply_affine.
Qed.

(* Encrypting twice is encrypting once with the product of the keys. *)
Theorem flatten_encrypt_twice k' k img :
  flatten_image (encrypt_image negative k' (encrypt_image negative k img))
  = flatten_image (encrypt_image negative (key_mul k' k) img).
Proof. by rewrite !flatten_encrypt_image key_signed_perm_mul sp_apply_mul. Qed.

(* The inverse key decrypts. *)
Theorem flatten_decrypt k img :
  flatten_image (encrypt_image negative (key_inv k) (encrypt_image negative k img))
  = flatten_image img.
Proof. by rewrite !flatten_encrypt_image key_signed_perm_inv sp_applyK. Qed.

(* Q is the product of one matrix per step, the last step leftmost. *)
Theorem encryption_matrix_product k :
  sp_matrix F (key_signed_perm k)
  = sp_matrix F (K4_signed_perm (K4 k)) *m (sp_matrix F (K3_signed_perm (K3 k))
    *m (sp_matrix F (K2_signed_perm (K2 k))
    *m sp_matrix F (K1_signed_perm (K1 k)))).
Proof. by rewrite /key_signed_perm !sp_matrix_mul. Qed.

(* Steps without negation are plain permutation matrices. *)
Theorem unnegated_step_matrix (p : 'S_n) :
  sp_matrix F (SignedPerm p no_negation) = perm_mx p.
Proof. by apply/matrixP => i j; rewrite sp_matrix_entry /= ffunE !mxE. Qed.

(* Negation alone is a diagonal matrix of signs. *)
Theorem negation_step_matrix K :
  sp_matrix F (K3_signed_perm K) = sign_mx F (negated (K3_signed_perm K)).
Proof. by rewrite /sp_matrix /= perm_mx1 mulmx1. Qed.

(* Squared distances of raw images survive the whole encryption. *)
Theorem encrypt_image_squared_distance k img img' :
  squared_distance (flatten_image (encrypt_image negative k img))
                   (flatten_image (encrypt_image negative k img'))
  = squared_distance (flatten_image img) (flatten_image img').
Proof. by rewrite !flatten_encrypt_image sp_squared_distance. Qed.

End Flatten.

End Image.
