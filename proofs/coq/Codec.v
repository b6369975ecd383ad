(******************************************************************************)
(* Codec: which steps of the encryption commute with a lossy codec            *)
(*                                                                            *)
(* What is proved.                                                            *)
(*  - Block permutation commutes with every codec that codes blocks alone and *)
(*    alike, whatever it does in them; cells that tile the blocks, such as    *)
(*    JPEG's 8 x 8 in blocks of 16, are such a codec. If the codec commutes   *)
(*    with the other steps block by block, it commutes with the encryption.   *)
(*  - Levels of the DCT, quantized by a table and a rounding with             *)
(*    r (-x) = - r x, commute with a rotation or an inversion, up to signs,   *)
(*    if and only if the table is the same where the coefficients come from:  *)
(*    always for mirrors and half turns, for the transposing codes where the  *)
(*    table is symmetric.                                                     *)
(*  - Negation sends DC to - DC - N, N = 8 for JPEG, since pixels less 128    *)
(*    are -1 short of their negatives; other coefficients change their sign.  *)
(*    Reconstructed DC coefficients follow only where the step divides N; and *)
(*    where it does they follow under every rounding to nearest, unless DC is *)
(*    half-way between two levels. With halves away from zero such a DC       *)
(*    follows, too, outside of (- N, 0), and does not inside.                 *)
(*  - With no quantizer do they follow always, unless twice the step divides  *)
(*    N: a block of mean 127.5 is its own negative. If it does, rounding      *)
(*    about that mean makes negation exact for every block. So all 16         *)
(*    operations on a block are exact on levels, and the whole encryption is. *)
(*  - No rounding of decoded pixels to integers commutes with negation:       *)
(*    127.5 again.                                                            *)
(* None of it is about a program; libjpeg's arithmetic is measured instead.   *)
(*                                                                            *)
(* Why one would believe it. A signed permutation commutes with whatever acts *)
(* on coefficients one by one, alike where it exchanges them, and oddly where *)
(* it changes signs.                                                          *)
(*                                                                            *)
(* Definitions: code_blocks, encrypt_block, code_components, code_cells,      *)
(*   level, invariant_table, shifted, negated_block, exact_level,             *)
(*   exact_levels, dc_follows.                                                *)
(******************************************************************************)

From mathcomp Require Import all_ssreflect all_algebra fingroup perm.
From mathcomp.algebra_tactics Require Import ring.
From mathcomp.zify Require Import zify.
From EtC Require Import SignedPermutation Blocks Normalization Reductions CosineTransform.

Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.

Import Order.TTheory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

(* ------------------------------------------------------------------------- *)
(* Codecs that code blocks alone                                             *)
(* ------------------------------------------------------------------------- *)

Section Blockwise.

Variables (T U : Type) (R S B P C : nat).

(* What is made of a block: it depends on the block's pixels.                *)
Variable code : ('I_B -> 'I_B -> 'I_C -> T) -> 'I_P -> 'I_P -> 'I_C -> U.
Hypothesis code_pixels : forall A A', (forall i j c, A i j c = A' i j c) ->
  forall u v c, code A u v c = code A' u v c.

Definition code_blocks (img : image R S B C T) : image R S P C U :=
  from_blocks (fun b => code (in_block img b)).

Theorem code_permute_blocks (K : 'S_(R * S)) (img : image R S B C T) b u v c :
  in_block (code_blocks (permute_blocks K img)) b u v c
  = in_block (permute_blocks K (code_blocks img)) b u v c.
Proof.
by rewrite !in_from_blocks /= in_from_blocks; apply: code_pixels => i j d; rewrite in_from_blocks.
Qed.

Variables (negative : T -> T).

(* A block of an encrypted image, from a block of the image. *)
Definition encrypt_block (t : 'I_8) (negate : bool) (s : 'S_C) (A : 'I_B -> 'I_B -> 'I_C -> T) :=
  fun i j c => let x := A (d4_place t (i, j)).1 (d4_place t (i, j)).2 (s c) in
               if negate then negative x else x.

(* What a codec does to encrypted blocks, as an operation on coded blocks.   *)
Variable operate : 'I_8 -> bool -> 'S_C -> ('I_P -> 'I_P -> 'I_C -> U) -> 'I_P -> 'I_P -> 'I_C -> U.

Theorem code_encrypt_image (k : key R S C) (img : image R S B C T) :
  (forall b A u v c, code (encrypt_block (K2 k b) (K3 k b) (K4 k b) A) u v c
                     = operate (K2 k b) (K3 k b) (K4 k b) (code A) u v c) ->
  forall b u v c, in_block (code_blocks (encrypt_image negative k img)) b u v c
    = operate (K2 k b) (K3 k b) (K4 k b) (code (in_block img (K1 k b))) u v c.
Proof.
move=> commute b u v c; rewrite in_from_blocks -commute; apply: code_pixels => i j d.
by rewrite encrypt_image_pixel.
Qed.

End Blockwise.

(* Components coded alone and alike: their shuffle commutes, too.            *)
Section Components.

Variables (T U : Type) (R S B P C : nat) (code : ('I_B -> 'I_B -> T) -> 'I_P -> 'I_P -> U).
Hypothesis code_pixels : forall A A', (forall i j, A i j = A' i j) ->
  forall u v, code A u v = code A' u v.

Definition code_components (A : 'I_B -> 'I_B -> 'I_C -> T) u v c : U :=
  code (fun i j => A i j c) u v.

Theorem code_permute_components (K : 'I_(R * S) -> 'S_C) (img : image R S B C T) b u v c :
  in_block (code_blocks code_components (permute_components K img)) b u v c
  = in_block (permute_components K (code_blocks code_components img)) b u v c.
Proof.
rewrite !in_from_blocks /code_components.
by apply: code_pixels => i j; rewrite in_from_blocks.
Qed.

End Components.

(* Cells of p x p pixels, coded alone, in blocks of b p x b p pixels. *)
Section Cells.

Variables (T : Type) (R S b p C : nat).
Variable code : ('I_p -> 'I_p -> 'I_C -> T) -> 'I_p -> 'I_p -> 'I_C -> T.
Hypothesis code_pixels : forall A A', (forall i j c, A i j c = A' i j c) ->
  forall u v c, code A u v c = code A' u v c.

Definition code_cells (A : 'I_(b * p) -> 'I_(b * p) -> 'I_C -> T) (i j : 'I_(b * p)) (c : 'I_C) :=
  code (fun u v d => A (pair_ord (quotient i) u) (pair_ord (quotient j) v) d)
       (remainder i) (remainder j) c.

Corollary cells_permute_blocks (K : 'S_(R * S)) (img : image R S (b * p) C T) blk i j c :
  in_block (code_blocks code_cells (permute_blocks K img)) blk i j c
  = in_block (permute_blocks K (code_blocks code_cells img)) blk i j c.
Proof.
apply: code_permute_blocks => A A' AA' u v d.
by apply: code_pixels => *; apply: AA'.
Qed.

End Cells.

(* ------------------------------------------------------------------------- *)
(* Quantization of a symmetric range                                         *)
(* ------------------------------------------------------------------------- *)

Lemma half_steps s n : (0 < s)%N -> (2 * s %| n)%N -> (n %/ s = 2 * (n %/ (2 * s)))%N.
Proof.
by move=> s_gt0 /dvdnP[m ->]; rewrite mulnK ?muln_gt0 // mulnA mulnK // mulnC.
Qed.

Section Levels.

Variables (F : numFieldType) (N : nat) (z : F).
Hypothesis z_root : (4 * N).-primitive_root z.
Variable factor : 'I_N -> F.
Hypothesis factor_square : forall u,
  factor u ^+ 2 * N%:R = if u == 0%N :> nat then 1 else 2%:R.

Notation dct := (dct z factor).
Notation zero := (dct_zero z_root).
Notation sign t uv := ((-1) ^+ coefficient_sign (fun u : 'I_N => odd u) t uv).
Notation place t uv := (coefficient_place t uv).

(* Steps, integers as JPEG has them, and a rounding to integers. *)
Variables (step : 'I_N -> 'I_N -> nat) (r : F -> int).
Hypothesis step_gt0 : forall u v, (0 < step u v)%N.
Hypothesis r_odd : forall x, r (- x) = - r x.

Definition level (A : 'I_N -> 'I_N -> F) u v : int := r (dct A u v / (step u v)%:R).

Lemma round_sign (b : bool) x : r ((-1) ^+ b * x) = (-1) ^+ b * r x.
Proof. by case: b; rewrite ?expr1 ?expr0 ?mulN1r ?mul1r. Qed.

Definition invariant_table t := forall u v,
  step (place t (u, v)).1 (place t (u, v)).2 = step u v.

Lemma invariant_even (t : 'I_8) : ~~ odd t -> invariant_table t.
Proof. by rewrite /invariant_table /coefficient_place => /negPf-> u v. Qed.

Lemma invariant_odd (t : 'I_8) : odd t ->
  invariant_table t <-> forall u v, step v u = step u v.
Proof. by rewrite /invariant_table /coefficient_place => ->. Qed.

Theorem level_transform t A u v : invariant_table t ->
  level (block_transform t A) u v
  = sign t (u, v) * level A (place t (u, v)).1 (place t (u, v)).2.
Proof.
by move=> invariant; rewrite /level (dct_transform z_root) -mulrA round_sign invariant.
Qed.

Hypothesis r_nat : forall n : nat, r n%:R = n.

Theorem level_transform_iff t :
  (forall A u v, level (block_transform t A) u v
     = sign t (u, v) * level A (place t (u, v)).1 (place t (u, v)).2)
  <-> invariant_table t.
Proof.
split=> [commute u v | invariant A u v]; last exact: level_transform.
set u' := _.1; set v' := _.2.
have [A AE] := dct_surjective z_root factor_square
  (fun _ _ => (step u v)%:R * (step u' v')%:R).
have := commute A u v.
rewrite /level (dct_transform z_root) -/u' -/v' !AE -[in LHS]mulrA round_sign.
move/(mulfI _); rewrite signr_eq0 => /(_ isT).
have step_neq0 w x : (step w x)%:R != 0 :> F by rewrite pnatr_eq0 -lt0n.
by rewrite [X in _ = r X]mulfK // [X in X / _]mulrC mulfK // !r_nat => -[].
Qed.

(* Negation changes the sign of every level but the first.                   *)
Variable half : F.

Definition shifted (A : 'I_N -> 'I_N -> F) i j := A i j - half.
Definition negated_block (A : 'I_N -> 'I_N -> F) i j := 2%:R * half - 1 - A i j.

Theorem ac_level_negative A u v : (u != zero) || (v != zero) ->
  level (shifted (negated_block A)) u v = - level (shifted A) u v.
Proof.
rewrite -negb_and => /negPf ac.
by rewrite /level (dct_negative z_root factor_square) ac subr0 mulNr r_odd.
Qed.

Theorem dc_negative A :
  dct (shifted (negated_block A)) zero zero = - dct (shifted A) zero zero - N%:R.
Proof. by rewrite (dct_negative z_root factor_square) eqxx. Qed.

(* --- an encoder on which all 16 operations are exact ---------------------- *)

(* DC is rounded about the mean that negation keeps.                         *)
Definition exact_level A u v : int :=
  if (u == zero) && (v == zero)
  then r ((dct A zero zero + N%:R / 2%:R) / (step zero zero)%:R) - (N %/ (2 * step zero zero))%:Z
  else level A u v.

Lemma place_zero t u v :
  ((place t (u, v)).1 == zero) && ((place t (u, v)).2 == zero) = (u == zero) && (v == zero).
Proof. by rewrite /coefficient_place; case: (odd t); rewrite // andbC. Qed.

Lemma sign_zero t : coefficient_sign (fun u : 'I_N => odd u) t (zero, zero) = false.
Proof. by rewrite /coefficient_sign /=; do !case: ifP. Qed.

Lemma shifted_transform t A u v :
  dct (shifted (block_transform t A)) u v = dct (block_transform t (shifted A)) u v.
Proof.
by rewrite /dct; apply: eq_coefficient => i j; rewrite /shifted !block_transformE.
Qed.

Theorem exact_level_operations (t : 'I_8) (negate : bool) A u v :
  invariant_table t -> (2 * step zero zero %| N)%N ->
  let B := block_transform t A in
  exact_level (shifted (if negate then negated_block B else B)) u v
  = (-1) ^+ negate * sign t (u, v)
      * exact_level (shifted A) (place t (u, v)).1 (place t (u, v)).2
    - (if negate && ((u == zero) && (v == zero)) then N %/ step zero zero else 0)%N%:Z.
Proof.
move=> invariant divides B.
have exact_transform : exact_level (shifted B) u v
    = sign t (u, v) * exact_level (shifted A) (place t (u, v)).1 (place t (u, v)).2.
  rewrite /exact_level place_zero; case: ifP => [/andP[/eqP-> /eqP->] | _].
    rewrite sign_zero mul1r /B shifted_transform (dct_transform z_root) sign_zero mul1r.
    by rewrite /coefficient_place; case: (odd t).
  by rewrite /level /B shifted_transform (dct_transform z_root) -mulrA round_sign invariant.
case: negate => /=; last by rewrite subr0 mul1r.
rewrite mulN1r mulNr -exact_transform.
rewrite {1}/exact_level; case: ifP => [/andP[/eqP-> /eqP->] | ac]; last first.
  by rewrite subr0 ac_level_negative /exact_level ?ac // -negb_and ac.
rewrite dc_negative /exact_level !eqxx /=.
have -> : - dct (shifted B) zero zero - N%:R + N%:R / 2%:R
    = - (dct (shifted B) zero zero + N%:R / 2%:R).
  by have two : 2%:R != 0 :> F by [rewrite pnatr_eq0]; field.
by rewrite mulNr r_odd (half_steps (step_gt0 _ _) divides) PoszM; ring.
Qed.

(* Levels of an image whose components have one table. *)
Definition exact_levels C : ('I_N -> 'I_N -> 'I_C -> F) -> 'I_N -> 'I_N -> 'I_C -> int :=
  code_components (fun A => exact_level (shifted A)).

Lemma eq_exact_level A A' u v : (forall i j, A i j = A' i j) ->
  exact_level A u v = exact_level A' u v.
Proof.
move=> AA'; have dctE w x : dct A w x = dct A' w x by apply: eq_coefficient.
by rewrite /exact_level /level !dctE.
Qed.

(* The whole encryption, for all images and keys.                            *)
Theorem exact_levels_encrypt_image R S C (k : key R S C) (img : image R S N C F) b u v c :
  (forall b, invariant_table (K2 k b)) -> (2 * step zero zero %| N)%N ->
  in_block (code_blocks (@exact_levels C)
              (encrypt_image (fun x => 2%:R * half - 1 - x) k img)) b u v c
  = (-1) ^+ K3 k b * sign (K2 k b) (u, v)
      * in_block (code_blocks (@exact_levels C) img) (K1 k b)
          (place (K2 k b) (u, v)).1 (place (K2 k b) (u, v)).2 (K4 k b c)
    - (if K3 k b && ((u == zero) && (v == zero)) then N %/ step zero zero else 0)%N%:Z.
Proof.
move=> invariant divides; rewrite !in_from_blocks /exact_levels /code_components.
rewrite -exact_level_operations //; apply: eq_exact_level => i j; rewrite /shifted.
by rewrite encrypt_image_pixel /negated_block /=; case: (K3 k b); rewrite block_transformE.
Qed.

End Levels.

(* ------------------------------------------------------------------------- *)
(* The DC coefficient under negation                                         *)
(* ------------------------------------------------------------------------- *)

Section DC.

Variables (F : realFieldType) (N s : nat).
Hypothesis s_gt0 : (0 < s)%N.

(* Reconstructed from its level, the DC coefficient of a negated block is    *)
(* what negation makes of the reconstructed one.                             *)
Definition dc_follows (l : F -> int) D :=
  s%:Z * l (- D - N%:R) = - (s%:Z * l D) - N%:Z.

Lemma dvdz_nat (m n : nat) (a : int) : m%:Z * a = n%:Z -> (m %| n)%N.
Proof.
by move=> ma; rewrite -[(m %| n)%N]/(m%:Z %| n%:Z)%Z; apply/dvdzP; exists a; rewrite mulrC.
Qed.

Lemma twice_step : (2 * s %| N)%N -> N%:Z = 2 * s%:Z * (N %/ (2 * s))%:Z.
Proof. by move=> divides; rewrite -[2]/(2%:Z) -!PoszM mulnC divnK. Qed.

(* One coefficient is enough, whatever the quantizer. *)
Theorem dc_step_divides (l : F -> int) D : dc_follows l D -> (s %| N)%N.
Proof.
rewrite /dc_follows => follows; apply: (@dvdz_nat s N (- l D - l (- D - N%:R))).
by rewrite mulrBr mulrN follows; ring.
Qed.

(* A block whose mean is half of the largest level is its own negative. *)
Theorem dc_own_negative (l : F -> int) : dc_follows l (- (N%:R / 2%:R)) -> (2 * s %| N)%N.
Proof.
have two : 2%:R != 0 :> F by rewrite pnatr_eq0.
have own : - - (N%:R / 2%:R) - N%:R = - (N%:R / 2%:R) :> F by field.
rewrite /dc_follows own => follows.
apply: (@dvdz_nat _ N (- l (- (N%:R / 2%:R)))); move: follows; move: (l _) => L follows.
have -> : (2 * s)%:Z * - L = - (s%:Z * L + s%:Z * L) by rewrite PoszM; ring.
by rewrite {1}follows; ring.
Qed.

Theorem dc_quantizer_iff : (exists l : F -> int, forall D, dc_follows l D) <-> (2 * s %| N)%N.
Proof.
split=> [[l follows] | divides]; first exact: (dc_own_negative (follows _)).
exists (fun _ => - (N %/ (2 * s))%:Z) => D; rewrite /dc_follows.
by rewrite (twice_step divides); ring.
Qed.

(* Rounding about that mean. *)
Theorem dc_about_mean (r : F -> int) D : (forall x, r (- x) = - r x) -> (2 * s %| N)%N ->
  dc_follows (fun D => r ((D + N%:R / 2%:R) / s%:R) - (N %/ (2 * s))%:Z) D.
Proof.
move=> r_odd divides; have two : 2%:R != 0 :> F by rewrite pnatr_eq0.
have -> : D = D + N%:R / 2%:R - N%:R / 2%:R by ring.
set E := D + _; rewrite /dc_follows.
have -> : - (E - N%:R / 2%:R) - N%:R + N%:R / 2%:R = - E by field.
rewrite subrK mulNr r_odd.
by rewrite (twice_step divides); ring.
Qed.

(* Rounding to the nearest level, whichever of two that are as near. *)
Theorem dc_off_ties (r : F -> int) D :
  (forall x, `|x - (r x)%:~R| <= 2%:R^-1) -> (s %| N)%N ->
  (forall m : int, `|D / s%:R - m%:~R| != 2%:R^-1) ->
  dc_follows (fun D => r (D / s%:R)) D.
Proof.
move=> nearest /dvdnP[k NE] off.
have s_neq0 : s%:R != 0 :> F by rewrite pnatr_eq0 -lt0n.
rewrite /dc_follows; set x := D / s%:R.
have -> : (- D - N%:R) / s%:R = - x - k%:R by rewrite /x NE natrM; field.
suff -> : r (- x - k%:R) = - r x - k%:Z by rewrite NE PoszM; ring.
have strict : `|x - (r x)%:~R| < 2%:R^-1 by rewrite lt_neqAle off nearest.
have close : `|(r (- x - k%:R) - (- r x - k%:Z))%:~R| < 1 :> F.
  have -> : (r (- x - k%:R) - (- r x - k%:Z))%:~R
      = - (- x - k%:R - (r (- x - k%:R))%:~R) - (x - (r x)%:~R) :> F.
    by rewrite !(rmorphB, rmorphN, rmorphD) /= -[(k%:Z)%:~R]/(k%:R); ring.
  apply: (le_lt_trans (ler_norm_sub _ _)); rewrite normrN.
  have half2 : 2%:R^-1 + 2%:R^-1 = 1 :> F by rewrite [RHS]splitr mul1r.
  by rewrite -[X in _ < X]half2 ler_lt_add ?nearest.
by apply/eqP; rewrite -subr_eq0; move: close; rewrite -intr_norm -[1]/(1%:~R) ltr_int; lia.
Qed.

(* Halves rounded away from zero, as encoders do: they follow outside of     *)
(* (- N, 0), and inside they do not.                                         *)
Variable away : F -> int.
Hypothesis away_odd : forall x, away (- x) = - away x.
Hypothesis away_half : forall m : nat, away (m%:R + 2%:R^-1) = m.+1%:Z.

Notation tie m := (s%:R * (m%:R + 2%:R^-1)).

Lemma tie_level m : away (tie m / s%:R) = m.+1%:Z.
Proof. by rewrite [X in X / _]mulrC mulfK ?away_half // pnatr_eq0 -lt0n. Qed.

Theorem dc_tie_above (m : nat) : (s %| N)%N -> dc_follows (fun D => away (D / s%:R)) (tie m).
Proof.
case/dvdnP=> k NE; rewrite /dc_follows /= tie_level.
have -> : - tie m - N%:R = - tie (m + k)%N :> F by rewrite NE natrM natrD; ring.
by rewrite mulNr away_odd tie_level NE -addSn PoszD PoszM; ring.
Qed.

Theorem dc_tie_below_iff (m : nat) : (s %| N)%N ->
  dc_follows (fun D => away (D / s%:R)) (- tie m) <-> (N <= s * m)%N.
Proof.
case/dvdnP=> k NE; rewrite /dc_follows /=.
have two : 2%:R != 0 :> F by rewrite pnatr_eq0.
have [le_km | lt_mk] := leqP k m.
  have -> : - - tie m - N%:R = tie (m - k)%N :> F by rewrite NE natrM natrB //; ring.
  rewrite mulNr away_odd !tie_level.
  split=> _; first by rewrite NE mulnC leq_mul2l le_km orbT.
  have -> : m.+1%:Z = (m - k).+1%:Z + k%:Z by rewrite -PoszD addSn subnK.
  by rewrite NE PoszM; ring.
have -> : - - tie m - N%:R = - tie (k - m.+1)%N :> F.
  by rewrite NE natrM natrB // -addn1 natrD; field.
rewrite !mulNr !away_odd !tie_level.
have -> : (k - m.+1).+1%:Z = k%:Z - m%:Z by rewrite -subSn // subSS subzn // ltnW.
split=> [follows | ]; last first.
  by rewrite NE mulnC leq_mul2l leqNgt lt_mk orbF -leqn0 leqNgt s_gt0.
have : s%:Z = (- (s%:Z * - m.+1%:Z) - N%:Z) - s%:Z * - (k%:Z - m%:Z).
  by rewrite NE PoszM -[m.+1]addn1 PoszD; ring.
by rewrite -follows subrr => s0; move: s_gt0; rewrite -ltz_nat s0.
Qed.

End DC.

(* Decoded pixels less the half level are rounded to integers; no rounding    *)
(* takes the negative of one to the negative of its integer where it is       *)
(* -1/2, a grey level of 127.5.                                              *)
Theorem no_pixel_rounding (F : realFieldType) (r : F -> int) :
  r (- (- 2%:R^-1) - 1) <> - r (- 2%:R^-1) - 1.
Proof.
have -> : - - 2%:R^-1 - 1 = - 2%:R^-1 :> F.
  by have two : 2%:R != 0 :> F by [rewrite pnatr_eq0]; field.
by move=> fixed; lia.
Qed.

(* The numbers of JPEG: 8, 16 and 3. *)
Corollary jpeg_dc_steps s : (0 < s)%N ->
  ((s %| 8)%N = (s \in [:: 1; 2; 4; 8]%N)) * ((2 * s %| 8)%N = (s \in [:: 1; 2; 4]%N)).
Proof.
move=> s_gt0; have [s_le8 | s_gt8] := leqP s 8.
  by move: s s_gt0 s_le8; do 9?case=> //.
by rewrite !gtnNdvd ?inE //; [split; do !case: eqP => //; lia | lia].
Qed.
