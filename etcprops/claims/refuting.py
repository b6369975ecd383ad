"""What would refute each claim: a line that somebody who doubts it can act on.

Of a claim that fails it says what would show its counterexample to be none.
"""

from __future__ import annotations

from typing import Final

REFUTED_BY: Final[dict[str, str]] = {
    "matrices-are-the-encryption": "a key and an image for which `encryption_matrix(key) @ x + "
    "encryption_offset(key)` and `encrypt(image, key)` differ in one pixel",
    "decryption-inverts": "a key and an image that `decrypt(encrypt(image, key), key)` does not "
    "give back",
    "permuting-steps": "a key without negatives, and two images whose inner product or distance "
    "changes",
    "distances": "a key and two images whose squared distance, in int64, changes",
    "raw-inner-products": "0 x 0 and 255 x 255 being equal",
    "mid-grey": "a key and two images for which the sum of (2x - 255)(2y - 255) changes",
    "eight-transforms": "a block of 2 x 2 or more that two of the 8 codes treat alike whatever its "
    "pixels, or a ninth map that turns and mirrors can make",
    "sixteen-codes": "a block that a half turn and two mirrors, across and down, treat differently",
    "int8-products": "an int8 product of [[127]] and 257 ones that is not 127 x 257 modulo 256",
    "z-score": "training images and a query under one key, of which a feature's z-score, in "
    "fractions, is not that of its source with the block's sign",
    "kernels-after-z-score": "z-scored training images, plain and encrypted, with an entry of "
    "two kernel matrices that differs by more than rounding",
    "rbf-on-raw-pixels": "a key, a number for gamma, and two images whose RBF kernel changes",
    "linear-and-polynomial-on-raw-pixels": "a black and a white pixel having the same square",
    "pooled-z-score": "the two images of one client that the check shows, if their inner product "
    "in fractions stayed",
    "common-key-scores": "one decision value that differs in the last bit between plain and "
    "encrypted images, after an equivariant reduction, exact z-scores and exact kernels",
    "independent-keys": "two small images whose mean or variance over all keys, enumerated, is not "
    "that of `etcprops.theory.independent_keys`",
    "key-per-client": "a rerun of the check in which others with a stolen key are let in no "
    "oftener than strangers where nothing is encrypted",
    "query-under-another-key": "small images and a linear machine whose mean score over all keys, "
    "enumerated, is not its intercept",
    "svm-and-k-nn": "images without ties and with margins above the bound, of which one is decided "
    "otherwise under a key",
    "random-forest": "the check's few images with a forest that decides alike on both sides, by "
    "scikit-learn's own code",
    "random-forest-in-distribution": "small images, and a tree that is drawn with another "
    "probability plain than encrypted, counted over all draws as `theory.forests` does",
    "forest-with-remedy": "a key, and images on which a forest in one job with a fixed seed, after "
    "`CanonicalFeatures` or `GramPCA`, differs in one prediction",
    "named-classifiers": "a dataset without ties and small margins, and a key, for which one of "
    "the three decides otherwise with scikit-learn's defaults: `etcprops audit` finds it",
    "other-estimators": "small integer data for which ridge, LDA or a Gaussian process, "
    "solved in fractions, give other answers encrypted",
    "principal-components": "centred integer images with simple eigenvalues, of which a score of "
    "the exact components, but for its sign, changes under a key",
    "l1-penalties": "small data for which an L1-penalised model, solved in fractions, answers "
    "otherwise under a key",
    "reductions": "a matrix that meets the five hypotheses, and a key under which an inner product "
    "of reduced z-scores, in fractions, changes",
    "reduction-ratios": "a matrix of one of these numbers of rows, none zero, that "
    "`is_equivariant` accepts for all steps",
    "reductions-in-distribution": "small images, and an inner product whose distribution over all "
    "draws, enumerated, changes under a key",
    "float-negation": "one of 256 pixels for which 255.0 - x is not 255 - x",
    "float-centring": "2, 4, 8 ... images, and a pixel, for which fl(x - mean) and the centred "
    "negative do not add up to zero",
    "standard-scaler": "three pixels, for which StandardScaler on x and on 255 - x gives exact "
    "negatives whatever the numbers",
    "integer-z-score": "training pixels and a query for which the doubles of "
    "`ExactStandardScaler` on x and 255 - x are not negatives of one another",
    "blas-gram": "a machine on which no order of the features changes a bit of `X @ X.T`: run the "
    "check there",
    "same-bits": "a dataset and a key for which `make_pipeline(ExactStandardScaler(), "
    "SVC(kernel=ExactKernel(...)))` gives two different doubles, in one thread on one machine",
    "exact-gram": "rows of doubles, and an order of features or a number of threads, for which "
    "`exact_gram` differs in a bit, or misses the fraction by more than its bound",
    "gram-alone": "an estimator after `GramPCA`, seeded and in one thread, that differs in a bit",
    "same-on-every-machine": "a machine on which `etcprops fingerprint` ends with status 1",
    "certified-margins": "a query whose decision value exceeds `decision_error_bound`, and which "
    "is decided otherwise under a key",
    "jpeg-block-permutation": "an image and a key of block scramble alone, 8 x 8 blocks, colour "
    "not sub-sampled, of which compressing before and after scrambling gives other pixels",
    "jpeg-component-shuffle": "an image stored as red, green and blue with one table, and a "
    "shuffle of its components, of which compressing before and after gives other pixels",
    "jpeg-pixels": "a rerun of the check in which no pixel differs",
    "jpeg-size": "a grey photograph, aligned blocks, and a quality at which its encrypted file is "
    "more than a tenth larger",
    "jpeg-block-transforms": "a block of 64 integers and one of the 8 codes, of which a "
    "coefficient is not that of the block but for its sign and the exchange of u and v",
    "jpeg-negative-positive": "a block whose DC coefficient is no tie, a step that divides 8, and "
    "a reconstructed coefficient of its negative that is not -DC - 8",
    "exact-jpeg": "a picture and a key without component shuffle, of which `code_exactly` after "
    "`encrypt` is not `encrypt_coefficients` after `code_exactly`",
    "learning-through-exact-jpeg": "pictures, a key without component shuffle, and an exact "
    "kernel whose value for two exact files is another for those of the encrypted pictures",
    "what-exact-learning-tells": "two sets of images with the same inner products that no "
    "orthogonal map takes to each other",
    "margins-recover-the-key": "encrypted images of which the assembly puts a block wrong, "
    "though at each side the true neighbour costs least and what no true seam contradicts is late",
    "protects-visual-information": "a rerun of the check in which the reconstruction shows "
    "nothing of the faces",
    "ciphertext-only-one-image": "one image of 192 x 160 pixels in blocks of 8 x 8, a key of its "
    "own, of which `attack` recovers more than a twentieth",
    "ciphertext-only-common-key": "a rerun of the check in which the key that was found decrypts "
    "nothing",
    "ciphertext-only-key-per-client": "a rerun of the check in which no client's key is found",
    "key-space-counts": "a rerun of the check in which the attack leaves more than the symmetries",
    "known-plaintext": "an image of noise and its encryption that two keys explain",
    "chosen-plaintext": "a key of which black and the digits of the places, encrypted, do not show "
    "every source and sign",
}
"""By the name of the claim."""
