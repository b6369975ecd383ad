(******************************************************************************)
(* Refutations: what is false, each by the smallest counterexample known      *)
(*                                                                            *)
(* What is proved, for pixels 0 to level with any level other than 0:         *)
(*  - the raw inner product does not survive the negative-positive transform: *)
(*    one pixel, both images black, 0 against level^2 (65025 for 255);        *)
(*  - the z-score of each image on its own does not help: two pixels, the     *)
(*    first negated; the image (0, level) becomes constant;                   *)
(*  - the overall variance of raw pixels changes, so the width "scale" of an  *)
(*    RBF kernel on raw pixels does;                                          *)
(*  - trees: trained on 0 (class 0) and 2 (class 1), a query of 1 sits on the *)
(*    threshold, and `<=` sends it to class 0 on plain and to class 1 on      *)
(*    negated pixels; and where equally good features are taken by their      *)
(*    number, exchanging two pixels changes the prediction;                   *)
(*  - keeping a fixed pixel is a linear reduction that does not commute: no   *)
(*    orthogonal map repairs it, and the Gram matrix changes after z-score;   *)
(*  - key condition 2: with a z-score pooled over two clients with different  *)
(*    keys, the inner product of a client's own image with itself changes, be *)
(*    it by negation or by permutation only;                                  *)
(*  - the L1 norm does not survive every orthogonal map.                      *)
(*                                                                            *)
(* Why one would believe it. Each is a calculation with at most two images of *)
(* at most two pixels.                                                        *)
(*                                                                            *)
(* Definitions: pixel, pixels, two_images, negate_all, negate_first,          *)
(*   exchange, image_mean, image_zscore, stump, first_feature_stump,          *)
(*   keep_first, first_norm, rotation.                                        *)
(******************************************************************************)

From mathcomp Require Import all_ssreflect all_algebra fingroup perm.
From mathcomp.algebra_tactics Require Import ring.
From EtC Require Import SignedPermutation Normalization Kernels Algorithms.

Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.

Import Order.Theory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Section Refutations.

Variables (F : realFieldType) (level : F).
Hypothesis level_neq0 : level != 0.

(* Images of one or two pixels, two images of one or two pixels. *)
Definition pixel (a : F) : 'cV[F]_1 := \col_k a.
Definition pixels (a b : F) : 'cV[F]_2 := \col_k (if k == 0 then a else b).
Definition two_images n (x y : 'cV[F]_n) : 'M[F]_(2, n) :=
  \matrix_(i, k) (if i == 0 then x k 0 else y k 0).

(* All pixels negated; the first of two negated; two exchanged. *)
Definition negate_all n : signed_perm n := SignedPerm 1%g [ffun=> true].
Definition negate_first : signed_perm 2 := SignedPerm 1%g [ffun k => k == 0].
Definition exchange : signed_perm 2 := SignedPerm (tperm 0 1) [ffun=> false].

Lemma apply_negate_all (a : F) :
  sp_apply level (negate_all 1) (pixel a) = pixel (level - a).
Proof. by apply/matrixP => i j; rewrite !mxE ffunE. Qed.

Lemma apply_negate_first (a b : F) :
  sp_apply level negate_first (pixels a b) = pixels (level - a) b.
Proof.
apply/matrixP => i j; rewrite !mxE ffunE perm1.
by case: i => [[|[|i]] lt_i2].
Qed.

Lemma apply_exchange (a b : F) : sp_apply level exchange (pixels a b) = pixels b a.
Proof.
apply/matrixP => i j; rewrite !mxE ffunE; case: tpermP => [->|->|] //.
by case: i => [[|[|i]] lt_i2] // /eqP + /eqP.
Qed.

Lemma encrypt_two_images n (f : signed_perm n) (x y : 'cV[F]_n) :
  encrypt_rows (sp_matrix F f) (sp_offset level f) (two_images x y)
  = two_images (sp_apply level f x) (sp_apply level f y).
Proof.
apply/matrixP => i k; rewrite sp_encrypt_rowsE [RHS]mxE [two_images _ _ _ _]mxE.
by rewrite !sp_apply_pixel; case: ifP.
Qed.

Lemma half_level : level - level / 2%:R = level / 2%:R.
Proof. by rewrite {1}[level]splitr addrK. Qed.

Lemma half_level_neq0 : level / 2%:R != 0.
Proof. by rewrite mulf_neq0 // invr_eq0 pnatr_eq0. Qed.

(* --- raw inner product --------------------------------------------------- *)

Theorem raw_inner_product_changes :
  let x := pixel 0 in
  let y := sp_apply level (negate_all 1) x in
  [/\ inner_product x x = 0, inner_product y y = level ^+ 2
    & inner_product y y != inner_product x x].
Proof.
move=> x y; rewrite {}/y apply_negate_all /inner_product !big_ord1 !mxE subr0 mul0r -expr2.
by split=> //; rewrite sqrf_eq0.
Qed.

(* --- z-score of each image on its own ------------------------------------ *)

Definition image_mean n (x : 'cV[F]_n) : F := (\sum_k x k 0) / n%:R.
Definition image_zscore (divisor : F -> F) n (x : 'cV[F]_n) : 'cV[F]_n :=
  \col_k ((x k 0 - image_mean x) / divisor (\sum_j (x j 0 - image_mean x) ^+ 2)).

Theorem per_image_zscore_changes (divisor : F -> F) :
  (forall s, s != 0 -> divisor s != 0) ->
  let z := @image_zscore divisor 2 in
  let x := pixels 0 level in
  let y := sp_apply level negate_first x in
  inner_product (z x) (z x) != 0 /\ inner_product (z y) (z y) = 0.
Proof.
move=> divisor_neq0 z x y; rewrite {}/y {}/x apply_negate_first subr0.
have meanE a b : image_mean (pixels a b) = (a + b) / 2%:R.
  by rewrite /image_mean !big_ord_recl big_ord0 !mxE addr0.
have mean_level : image_mean (pixels level level) = level.
  by rewrite meanE mulrDl -splitr.
have mean_half : image_mean (pixels 0 level) = level / 2%:R by rewrite meanE add0r.
split; last first.
  rewrite /inner_product big1 // => k _.
  by rewrite !mxE mean_level if_same subrr !mul0r.
rewrite /inner_product /z /image_zscore mean_half !big_ord_recl !big_ord0 !mxE /=.
rewrite !addr0 sub0r half_level mulNr mulrNN -mulr2n sqrrN -mulr2n.
rewrite mulrn_eq0 /= mulf_neq0 // mulf_neq0 ?half_level_neq0 // invr_eq0.
all: by apply: divisor_neq0; rewrite mulrn_eq0 /= sqrf_eq0 half_level_neq0.
Qed.

(* --- the width "scale" on raw pixels ------------------------------------- *)

Theorem raw_overall_variance_changes :
  let X := (pixels 0 level)^T in
  let Y := encrypt_rows (sp_matrix F negate_first) (sp_offset level negate_first) X in
  overall_variance X != 0 /\ overall_variance Y = 0.
Proof.
move=> X Y.
have YE : Y = (pixels level level)^T.
  have -> : Y = (sp_apply level negate_first (pixels 0 level))^T.
    apply/matrixP => i k; rewrite sp_encrypt_rowsE [i]ord1 [RHS]mxE sp_apply_pixel.
    by rewrite /X mxE.
  by rewrite apply_negate_first subr0.
have meanE a b : overall_mean (pixels a b)^T = (a + b) / 2%:R.
  by rewrite /overall_mean !big_ord_recl !big_ord0 !mxE /= !addr0.
have varE a b : overall_variance (pixels a b)^T
              = ((a - (a + b) / 2%:R) ^+ 2 + (b - (a + b) / 2%:R) ^+ 2) / 2%:R.
  by rewrite /overall_variance meanE !big_ord_recl !big_ord0 !mxE /= !addr0.
rewrite YE !varE; split; last first.
  have -> : (level + level) / 2%:R = level by rewrite mulrDl -splitr.
  by rewrite subrr expr0n addr0 mul0r.
rewrite !add0r half_level sqrrN -mulr2n.
by rewrite mulf_neq0 ?invr_eq0 ?pnatr_eq0 // mulrn_eq0 /= sqrf_eq0 half_level_neq0.
Qed.

(* --- trees --------------------------------------------------------------- *)

(* A tree of one split, trained on values x0 of class 0 and x1 of class 1:   *)
(* threshold half-way; false is class 0.                                     *)
Definition stump (x0 x1 q : F) : bool :=
  if q <= (x0 + x1) / 2%:R then x1 < x0 else x0 < x1.

Theorem stump_threshold_changes :
  stump 0 2%:R 1 = false
  /\ stump (level - 0) (level - 2%:R) (level - 1) = true.
Proof.
have two_gt0 : 0 < 2%:R :> F by rewrite ltr0n.
rewrite /stump add0r divff ?lt0r_neq0 // lexx; split.
  by apply/negbTE; rewrite -leNgt ltW.
have -> : (level - 0 + (level - 2%:R)) / 2%:R = level - 1.
  apply: (mulIf (lt0r_neq0 two_gt0)); rewrite divfK ?lt0r_neq0 //; ring.
by rewrite lexx ltr_add2l ltr_opp2.
Qed.

(* Of two features, take the first that separates the two training images.   *)
Definition first_feature_stump (x0 x1 q : 'cV[F]_2) : bool :=
  let k : 'I_2 := if x0 0 0 != x1 0 0 :> F then 0 else 1 in
  stump (x0 k 0) (x1 k 0) (q k 0).

Lemma first_feature_stump_pixels a0 a1 b0 b1 q0 q1 :
  first_feature_stump (pixels a0 a1) (pixels b0 b1) (pixels q0 q1)
  = if a0 != b0 then stump a0 b0 q0 else stump a1 b1 q1.
Proof. by rewrite /first_feature_stump ![pixels _ _ _ _]mxE /=; case: (a0 != b0). Qed.

Theorem first_feature_changes :
  let e := sp_apply level exchange in
  let x0 := pixels 0 level in
  let x1 := pixels level 0 in
  let q := pixels 0 0 in
  first_feature_stump (e x0) (e x1) (e q) = ~~ first_feature_stump x0 x1 q.
Proof.
rewrite /= !apply_exchange !first_feature_stump_pixels [0 == _]eq_sym level_neq0 /stump.
rewrite addr0 add0r.
have either : (0 < level) = ~~ (level < 0) by case: (ltgtP level 0) level_neq0.
by case: ifP => _; rewrite either ?negbK.
Qed.

(* --- a reduction that does not commute ----------------------------------- *)

(* Keep the first of two pixels. *)
Definition keep_first : 'M[F]_(1, 2) := \row_k (k == 0)%:R.

Lemma keep_first_pixels a b : keep_first *m pixels a b = pixel a.
Proof.
apply/matrixP => i j; rewrite !mxE !big_ord_recl big_ord0 !mxE /=.
by rewrite mul1r mul0r !addr0.
Qed.

Theorem sampling_does_not_commute (Q' : 'M[F]_1) :
  orthogonal Q' -> keep_first *m sp_matrix F exchange <> Q' *m keep_first.
Proof.
move=> oQ' commute.
have /(congr1 (fun v => inner_product v v)) :
    keep_first *m sp_matrix F exchange *m pixels 1 0 = Q' *m keep_first *m pixels 1 0.
  by rewrite commute.
have -> : keep_first *m sp_matrix F exchange *m pixels 1 0 = pixel 0.
  rewrite -mulmxA -(keep_first_pixels 0 1) -(apply_exchange 1 0) sp_apply_affine.
  have -> : sp_offset level exchange = 0 by apply/matrixP => k j; rewrite !mxE ffunE.
  by rewrite /encrypt addr0.
rewrite -mulmxA keep_first_pixels orthogonal_inner_product //.
rewrite /inner_product !big_ord1 !mxE mul0r mul1r => /eqP.
by rewrite eq_sym oner_eq0.
Qed.

(* The squared norm of the first of two images after z-score. *)
Definition first_norm (divisor : F -> F) n (X : 'M[F]_(2, n)) : F :=
  gram (zscore divisor X X) (zscore divisor X X) 0 0.

Lemma first_norm_pixel (divisor : F -> F) a b :
  first_norm divisor (two_images (pixel a) (pixel b))
  = ((a - b) / 2%:R / divisor ((a - b) ^+ 2 / 2%:R)) ^+ 2.
Proof.
set T := two_images _ _; have mE k : mean T k = (a + b) / 2%:R.
  by rewrite /mean !big_ord_recl big_ord0 !mxE addr0.
have two_neq0 : 2%:R != 0 :> F by rewrite pnatr_eq0.
have aE : a - (a + b) / 2%:R = (a - b) / 2%:R.
  by rewrite {1}[a]splitr; move: (2%:R^-1) => h; ring.
have bE : b - (a + b) / 2%:R = - ((a - b) / 2%:R).
  by rewrite {1}[b]splitr; move: (2%:R^-1) => h; ring.
have sE k : sum_squared_deviations T k = (a - b) ^+ 2 / 2%:R.
  rewrite /sum_squared_deviations !big_ord_recl big_ord0 !mxE /= !mE aE bE.
  rewrite sqrrN addr0 -mulr2n -mulr_natr expr_div_n -mulrA; congr (_ * _).
  by rewrite [2%:R ^+ 2]expr2 invfM -mulrA mulVf // mulr1.
by rewrite /first_norm mxE big_ord1 !mxE /= sE mE aE expr2.
Qed.

Lemma first_norm_pixel_neq0 (divisor : F -> F) a b :
  (forall s, s != 0 -> divisor s != 0) -> a != b ->
  first_norm divisor (two_images (pixel a) (pixel b)) != 0.
Proof.
move=> divisor_neq0; rewrite -subr_eq0 => ab; rewrite first_norm_pixel.
have two_neq0 : 2%:R^-1 != 0 :> F by rewrite invr_eq0 pnatr_eq0.
rewrite sqrf_eq0 !mulf_neq0 // invr_eq0; apply: divisor_neq0.
by rewrite mulf_neq0 // sqrf_eq0.
Qed.

Lemma first_norm_equal (divisor : F -> F) n (x : 'cV[F]_n) :
  first_norm divisor (two_images x x) = 0.
Proof.
rewrite /first_norm mxE big1 // => k _; rewrite !mxE.
suff -> : mean (two_images x x) k = x k 0 by rewrite subrr !mul0r.
by rewrite /mean !big_ord_recl big_ord0 !mxE addr0 mulrDl -splitr.
Qed.

(* Reduced by [keep_first] after encryption, two images that differ become   *)
(* equal, and the z-scored Gram matrix shows it.                             *)
Theorem sampling_zscore_gram_changes (divisor : F -> F) :
  (forall s, s != 0 -> divisor s != 0) ->
  let T := two_images (pixels 0 0) (pixels level 0) in
  let reduced X := X *m keep_first^T in
  let E := encrypt_rows (sp_matrix F exchange) (sp_offset level exchange) in
  first_norm divisor (reduced T) != 0 /\ first_norm divisor (reduced (E T)) = 0.
Proof.
move=> divisor_neq0 T reduced E.
have reducedE a b c d : reduced (two_images (pixels a b) (pixels c d))
                      = two_images (pixel a) (pixel c).
  apply/matrixP => i k; rewrite !mxE !big_ord_recl big_ord0 !mxE /=.
  by case: ifP => _; rewrite mulr1 mulr0 !addr0.
rewrite /E encrypt_two_images !apply_exchange !reducedE first_norm_equal; split=> //.
by apply: first_norm_pixel_neq0; rewrite // eq_sym.
Qed.

(* --- one key for each client --------------------------------------------- *)

(* Image 0 belongs to a client whose key does nothing, image 1 to another one. *)
(* The z-score is fitted on both.  Entry (0, 0) of the Gram matrix involves the *)
(* first client's own image only, which its key has not changed.             *)
Theorem two_keys_negation_changes (divisor : F -> F) :
  (forall s, s != 0 -> divisor s != 0) ->
  let x := pixel 0 in
  let T := two_images x x in
  let T' := two_images (sp_apply level (sp_one 1) x) (sp_apply level (negate_all 1) x) in
  first_norm divisor T = 0 /\ first_norm divisor T' != 0.
Proof.
move=> divisor_neq0 x T T'; split; first exact: first_norm_equal.
rewrite /T' sp_apply_one /x apply_negate_all subr0.
by apply: first_norm_pixel_neq0; rewrite // eq_sym.
Qed.

Theorem two_keys_permutation_changes (divisor : F -> F) :
  (forall s, s != 0 -> divisor s != 0) ->
  let x := pixels 0 level in
  let T := two_images x x in
  let T' := two_images (sp_apply level (sp_one 2) x) (sp_apply level exchange x) in
  first_norm divisor T = 0 /\ first_norm divisor T' != 0.
Proof.
move=> divisor_neq0 x T T'; split; first exact: first_norm_equal.
rewrite /T' sp_apply_one /x apply_exchange.
have -> : first_norm divisor (two_images (pixels 0 level) (pixels level 0))
        = first_norm divisor (two_images (pixel 0) (pixel level))
          + first_norm divisor (two_images (pixel level) (pixel 0)).
  rewrite /first_norm !mxE !big_ord_recl !big_ord0 !addr0 !mxE.
  by rewrite /sum_squared_deviations /mean !big_ord_recl !big_ord0 !mxE.
have sq_gt0 a b : a != b -> 0 < first_norm divisor (two_images (pixel a) (pixel b)).
  move=> ab; rewrite lt0r first_norm_pixel_neq0 //= first_norm_pixel; exact: sqr_ge0.
by rewrite lt0r_neq0 // addr_gt0 // sq_gt0 // eq_sym.
Qed.

(* --- L1 under other orthogonal maps -------------------------------------- *)

(* The rotation by the angle with cosine 3/5 and sine 4/5. *)
Definition rotation : 'M[F]_2 :=
  \matrix_(i, k) ((if i == k then 3%:R else if i == 0 then - 4%:R else 4%:R) / 5%:R).

Theorem l1_rotation_changes :
  let w := pixels 1 0 in
  [/\ orthogonal rotation, l1_penalty 1 w = 1
    & l1_penalty 1 (rotation *m w) = 7%:R / 5%:R].
Proof.
have five_neq0 : 5%:R != 0 :> F by rewrite pnatr_eq0.
split.
- apply/matrixP => i j; rewrite !mxE !big_ord_recl big_ord0 !mxE.
  by case: i j => [[|[|//]] lt_i2] [[|[|//]] lt_j2] /=; field.
- by rewrite /l1_penalty !big_ord_recl !big_ord0 !mxE /= normr1 normr0 !addr0 mulr1.
- rewrite /l1_penalty !big_ord_recl !big_ord0 !mxE !big_ord_recl !big_ord0 !mxE /=.
  by rewrite !mulr0 !mulr1 !addr0 mul1r !normf_div !normr_nat -mulrDl -natrD.
Qed.

End Refutations.
