"""Claims about estimators that see images through inner products, or through an L1 norm.

Three rows, since each family needs something else: an offset that nothing penalises, components
that are told apart by their variance, an optimum that is the only one.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from etcprops.claims.implementation import Implementation, flat
from etcprops.claims.model import Check, Claim, Exhibit, Observation
from etcprops.claims.references import NG_2004
from etcprops.claims.terms import EvidenceKind, Outcome, PaperSays, Scope
from etcprops.datasets import load_digits_images
from etcprops.exact.statistics import PixelStatistics
from etcprops.scheme.geometry import BlockGeometry
from etcprops.scheme.keys import EtCKey

OFFSET = (
    "pixels are z-scored per feature or centred at mid-grey, or nothing penalises an offset: there "
    "is an intercept that is not penalised, or the estimator sees differences alone"
)
ISOTROPIC = "no feature is treated otherwise than another: a kernel has one length scale for all"
SIMPLE = "each component that is asked for has a variance that no other has"
SIGNED = "the encryption is a signed permutation, as all EtC keys are"
ONE_OPTIMUM = "the optimum is the only one, as it is for training images in general position"

TOLERANCE = 1e-6
"""Of iterative solvers; closed forms agree to 1e-9."""

TWO_PIXELS = BlockGeometry(1, 2, block=1)

Model = Callable[[], Any]
Answers = Callable[[Any, NDArray[np.float64]], NDArray[np.float64]]


def _predictions(model: Any, X: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(model.predict(X))


def _decision_values(model: Any, X: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(model.decision_function(X))


def _probabilities(model: Any, X: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return probabilities: what an offset adds to the values of all classes drops out of them."""
    return np.asarray(model.predict_proba(X))


def _magnitudes(model: Any, X: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return scores without their signs: each component has an arbitrary one."""
    return np.asarray(abs(model.transform(X)))


def _models() -> dict[str, tuple[Model, Answers]]:
    """Return estimators by name, each with the numbers that are compared."""
    from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
    from sklearn.gaussian_process import GaussianProcessRegressor
    from sklearn.gaussian_process.kernels import RBF, WhiteKernel
    from sklearn.linear_model import LogisticRegression, Ridge

    def process() -> Any:
        kernel = RBF(8.0) + WhiteKernel(0.1)
        return GaussianProcessRegressor(kernel, optimizer=None)

    def logistic() -> Any:
        return LogisticRegression(C=0.1, tol=1e-9, solver="newton-cg")

    return {
        "ridge": (lambda: Ridge(alpha=1.0), _predictions),
        "L2 logistic": (logistic, _decision_values),
        "LDA": (lambda: LinearDiscriminantAnalysis(shrinkage=0.1, solver="lsqr"), _probabilities),
        "Gaussian process": (process, _predictions),
    }


def _lasso() -> dict[str, tuple[Model, Answers]]:
    from sklearn.linear_model import Lasso

    return {"lasso": (lambda: Lasso(alpha=0.05, tol=1e-12, max_iter=20000), _predictions)}


def _compare(
    implementation: Implementation, models: Mapping[str, tuple[Model, Answers]], *, normalize: bool
) -> Observation:
    """Train models on 100 plain and encrypted digits, and compare what they answer to 60 others."""
    digits = load_digits_images()
    few = np.flatnonzero(digits.labels < 4)[:160]
    pictures, labels = digits.images[few], digits.labels[few]
    key = EtCKey.from_secret(digits.geometry, implementation.secret)
    train, query = slice(0, 100), slice(100, 160)
    rows = []
    for images in (pictures, implementation.encrypt(pictures, key)):
        vectors = flat(images)
        z = PixelStatistics(vectors[train]).z_score(vectors)
        # Constant in training: nothing is learnt from them, and their queries are not z-scored.
        varied = np.where(np.ptp(vectors[train], axis=0) > 0, z, 0.0)
        rows.append(varied if normalize else vectors / 64)
    parts, worst = [], 0.0
    for name, (model, answers) in models.items():
        plain, encrypted = (answers(model().fit(X[train], labels[train]), X[query]) for X in rows)
        difference = float(abs(plain - encrypted).max() / abs(plain).max())
        parts.append(f"{name} {difference:.0e}")
        worst = max(worst, difference)
    detail = f"60 queries, greatest relative difference: {', '.join(parts)}"
    return Observation(worst < TOLERANCE, detail)


def check_estimators_on_digits(implementation: Implementation) -> Observation:
    """Train four estimators on z-scores of plain and of encrypted digits; compare their values."""
    return _compare(implementation, _models(), normalize=True)


def check_estimators_on_raw_digits(implementation: Implementation) -> Observation:
    """Train them on raw digits, where intercepts and differences take up what negation adds."""
    return _compare(implementation, _models(), normalize=False)


def check_principal_components_of_digits(implementation: Implementation) -> Observation:
    """Compare scores of ten principal components of plain and of encrypted digits, unsigned."""
    from sklearn.decomposition import PCA

    model = {"PCA scores": (lambda: PCA(10, svd_solver="full"), _magnitudes)}
    return _compare(implementation, model, normalize=False)


def check_lasso_on_digits(implementation: Implementation) -> Observation:
    """Train a lasso on z-scores of plain and of encrypted digits; compare its predictions."""
    return _compare(implementation, _lasso(), normalize=True)


def check_ridge_and_gaussian_process_in_fractions(implementation: Implementation) -> Observation:
    """Solve ridge regression, with and without intercept, and a Gaussian process for 128 keys.

    In rational numbers: without intercept from mid-grey, with one that is not penalised on raw
    pixels.
    """
    import sympy as sp

    geometry = BlockGeometry(4, 2, block=2)
    rng = np.random.default_rng(2)
    images = rng.integers(0, 256, (4, *geometry.shape)).astype(np.uint8)
    targets = sp.Matrix([1, 0, 2])
    expected: list[Any] | None = None
    cases = 0
    for order in ([0, 1], [1, 0]):
        for bits in itertools.product((0, 1), repeat=2):
            for codes in itertools.product((0, 1, 4, 6), repeat=2):
                key = EtCKey(geometry, permutation=order, transforms=codes, negatives=bits)
                raw = flat(implementation.encrypt(images, key))
                # From mid-grey, doubled, so that everything is an integer.
                rows = 2 * raw - 255
                K = sp.Matrix((rows[:3] @ rows[:3].T).tolist())
                cross = sp.Matrix((rows[3:] @ rows[:3].T).tolist())
                # Ridge in dual form, and the mean of a process with a quadratic kernel.
                answers = [
                    (cross * (K + 1000 * sp.eye(3)).LUsolve(targets))[0],
                    (_squared(cross) * (_squared(K) + sp.eye(3)).LUsolve(targets))[0],
                    _with_intercept(raw, targets),
                ]
                cases += 1
                if expected is None:
                    expected = answers
                elif answers != expected:
                    shown = [
                        f"{float(a):.6g} not {float(b):.6g}"
                        for a, b in zip(answers, expected, strict=True)
                    ]
                    return Observation(False, f"answers {', '.join(shown)} for {key.to_json()}")
    return Observation(True, f"{cases} keys of two blocks, 3 rational answers each")


def _with_intercept(rows: NDArray[np.int64], targets: Any) -> Any:
    """Return what ridge regression with an intercept that is not penalised answers to a query.

    Its dual: weights of the training rows that add up to 0, and the intercept.
    """
    import sympy as sp

    K = sp.Matrix((rows[:3] @ rows[:3].T).tolist()) + 1000 * sp.eye(3)
    ones = sp.ones(3, 1)
    system = sp.Matrix.vstack(K.row_join(ones), ones.T.row_join(sp.zeros(1, 1)))
    solution = system.LUsolve(targets.col_join(sp.zeros(1, 1)))
    cross = sp.Matrix((rows[3:] @ rows[:3].T).tolist()).row_join(sp.ones(1, 1))
    return (cross * solution)[0]


def _squared(matrix: Any) -> Any:
    """Return the quadratic kernel of a matrix of inner products."""
    return (matrix / 65025).applyfunc(lambda product: (1 + product) ** 2)


def _search_one_pixel(
    implementation: Implementation, models: dict[str, Callable[[int, int], Fraction]]
) -> Observation:
    """Search for a raw training pixel with target 1 and a query on which every model changes."""
    key = EtCKey(BlockGeometry(1, 1, block=1), negatives=[1])
    for levels in itertools.product(range(3), repeat=2):
        images = np.array(levels, dtype=np.uint8).reshape(2, 1, 1)
        pairs = [
            [int(v) for v in flat(pictures).ravel()]
            for pictures in (images, implementation.encrypt(images, key))
        ]
        answers = {name: [answer(x, q) for x, q in pairs] for name, answer in models.items()}
        if all(plain != encrypted for plain, encrypted in answers.values()):
            shown = "; ".join(
                f"{name}: {float(plain):.4g} plain, {float(encrypted):.4g} encrypted"
                for name, (plain, encrypted) in answers.items()
            )
            detail = f"one pixel, training {levels[0]} -> 1, query {levels[1]}. {shown}"
            return Observation(False, detail, (Exhibit("training, query", images.reshape(1, -1)),))
    return Observation(True, "one training and one query pixel with levels 0 to 2")


def check_ridge_on_one_raw_pixel(implementation: Implementation) -> Observation:
    """Search for raw pixels on which ridge regression changes, its intercept none or penalised."""
    models: dict[str, Callable[[int, int], Fraction]] = {
        "no intercept": lambda x, q: Fraction(x * q, x * x + 1),
        # An intercept with a penalty is a feature that is always 1.
        "a penalised one": lambda x, q: Fraction(x * q + 1, x * x + 2),
    }
    return _search_one_pixel(implementation, models)


def check_lasso_on_one_raw_pixel(implementation: Implementation) -> Observation:
    """Search for raw pixels on which a lasso without intercept changes."""

    def lasso(x: int, q: int) -> Fraction:
        # Minimises (1 - x w)^2 / 2 + |w| / 2.
        return Fraction(q * max(2 * x - 1, 0), 2 * x * x) if x else Fraction(0)

    return _search_one_pixel(implementation, {"no intercept": lasso})


def check_kernel_with_a_scale_for_each_feature(implementation: Implementation) -> Observation:
    """Exchange two pixels, of which a kernel takes the first for twice as far apart."""
    key = EtCKey(TWO_PIXELS, permutation=[1, 0])
    for levels in itertools.product(range(3), repeat=2):
        images = np.array([[[0, 0]], [levels]], dtype=np.uint8)
        # The exponent of an RBF kernel with length scales 1/2 and 1, times -2.
        exponents = [
            4 * int(v[1, 0] - v[0, 0]) ** 2 + int(v[1, 1] - v[0, 1]) ** 2
            for v in map(flat, (images, implementation.encrypt(images, key)))
        ]
        if exponents[0] != exponents[1]:
            detail = (
                f"training [0, 0], query {list(levels)}, pixels exchanged, length scales 1/2 and "
                f"1: kernel exp(-{exponents[0]}/2) plain, exp(-{exponents[1]}/2) encrypted"
            )
            return Observation(False, detail, (Exhibit("training, query", flat(images)),))
    return Observation(True, "all queries of two pixels with levels 0 to 2")


def check_components_of_equal_variance(implementation: Implementation) -> Observation:
    """Take the scores of four images whose two components have one variance, pixels exchanged."""
    images = np.array([[[254, 127]], [[0, 127]], [[127, 254]], [[127, 0]]], dtype=np.uint8)
    key = EtCKey(TWO_PIXELS, permutation=[1, 0])
    scores = []
    for vectors in map(flat, (images, implementation.encrypt(images, key))):
        centred = vectors - 127  # their mean
        # The same multiple of the identity for both: whatever computes axes from it computes the
        # same for both.
        axes = implementation.arithmetic.eigenvectors((centred.T @ centred).astype(np.float64))
        scores.append(abs(centred @ axes[:, -1]))
    detail = (
        f"unsigned scores of the first component {scores[0].tolist()} plain, "
        f"{scores[1].tolist()} encrypted"
    )
    same = bool(abs(scores[0] - scores[1]).max() < TOLERANCE)
    return Observation(same, detail, (Exhibit("images", flat(images)),))


def check_lasso_with_two_equal_pixels(implementation: Implementation) -> Observation:
    """Fit a lasso to images whose two pixels are equal, exchange them, and ask where they are not.

    Any share of the weight on either pixel is an optimum: coordinate descent puts it on the first.
    """
    from sklearn.linear_model import Lasso

    images = np.array([[[0, 0]], [[255, 255]], [[255, 0]]], dtype=np.uint8)
    key = EtCKey(TWO_PIXELS, permutation=[1, 0])
    answers = []
    for vectors in map(flat, (images, implementation.encrypt(images, key))):
        centred = vectors / 127.5 - 1
        answers.append(Lasso(alpha=0.1).fit(centred[:2], [-1, 1]).predict(centred[2:])[0])
    detail = (
        "training [0, 0] -> -1 and [255, 255] -> 1, query [255, 0], pixels exchanged: "
        f"{answers[0]:.4g} plain, {answers[1]:.4g} encrypted"
    )
    exhibit = Exhibit("training, training, query", flat(images))
    return Observation(bool(abs(answers[0] - answers[1]) < TOLERANCE), detail, (exhibit,))


def check_lasso_under_a_rotation(implementation: Implementation) -> Observation:
    """Turn two centred pixels by the orthogonal matrix of 3, 4, 5 instead, and fit a lasso."""
    from sklearn.linear_model import Lasso

    geometry = BlockGeometry(1, 2, block=1)
    images = np.array([[[255, 0]], [[0, 0]], [[255, 255]], [[0, 255]]], dtype=np.uint8)
    key = EtCKey(geometry, permutation=[0, 1])
    centred = (flat(implementation.encrypt(images, key)) - 127.5) / 127.5
    rotation = np.array([[3, -4], [4, 3]]) / 5
    answers = [
        Lasso(alpha=0.1, tol=1e-12).fit(X, [1, -1, 1, -1]).predict(X)
        for X in (centred, centred @ rotation.T)
    ]
    difference = float(abs(answers[0] - answers[1]).max())
    shown = [np.round(a, 4).tolist() for a in answers]
    detail = f"4 images of two pixels, targets 1, -1, 1, -1: answers {shown[0]}, rotated {shown[1]}"
    return Observation(difference < TOLERANCE, detail)


ESTIMATOR_CLAIMS = (
    Claim(
        "other-estimators",
        "Ridge and L2 logistic regression, linear discriminants (LDA) and Gaussian processes with "
        "kernels of inner products or distances answer the same: predictions, or the probabilities "
        "of classes.",
        "section 3.2: 'typical machine learning algorithms with the kernel trick'",
        Outcome.HOLDS_IF,
        paper=PaperSays.IMPLIED,
        scope=Scope.EXACT,
        hypotheses=(OFFSET, ISOTROPIC),
        checks=(
            Check(check_estimators_on_digits, EvidenceKind.END_TO_END),
            Check(check_estimators_on_raw_digits, EvidenceKind.END_TO_END),
            Check(check_ridge_and_gaussian_process_in_fractions, EvidenceKind.EXACT),
            Check(check_ridge_on_one_raw_pixel, EvidenceKind.REFUTATION, without=OFFSET),
            Check(
                check_kernel_with_a_scale_for_each_feature,
                EvidenceKind.REFUTATION,
                without=ISOTROPIC,
            ),
        ),
        note="In exact arithmetic; solvers round in an order that depends on the features. The "
        "theorems are about z-scores and mid-grey; intercepts on raw pixels are solved in "
        "fractions.",
    ),
    Claim(
        "principal-components",
        "Scores of principal components (PCA), of training images and queries, are the same up to "
        "the sign of each component.",
        "section 3.1: 'perform dimensionality reduction in the encrypted domain'",
        Outcome.HOLDS_IF,
        paper=PaperSays.IMPLIED,
        scope=Scope.EXACT,
        hypotheses=(SIMPLE,),
        checks=(
            Check(check_principal_components_of_digits, EvidenceKind.END_TO_END),
            Check(check_components_of_equal_variance, EvidenceKind.REFUTATION, without=SIMPLE),
        ),
        note="In exact arithmetic. PCA subtracts the mean itself, so that raw pixels do. GramPCA "
        "takes the scores of the Gram matrix, where components of equal variance are no exception.",
    ),
    Claim(
        "l1-penalties",
        "Models with an L1 penalty, such as a lasso, answer the same.",
        "not in the paper: what an orthogonal map does not keep, and a signed permutation does",
        Outcome.HOLDS_IF,
        paper=PaperSays.SILENT,
        scope=Scope.EXACT,
        hypotheses=(OFFSET, SIGNED, ONE_OPTIMUM),
        checks=(
            Check(check_lasso_on_digits, EvidenceKind.END_TO_END),
            Check(check_lasso_on_one_raw_pixel, EvidenceKind.REFUTATION, without=OFFSET),
            Check(check_lasso_under_a_rotation, EvidenceKind.REFUTATION, without=SIGNED),
            Check(check_lasso_with_two_equal_pixels, EvidenceKind.REFUTATION, without=ONE_OPTIMUM),
        ),
        note="In exact arithmetic. Coordinate descent visits features in another order: where "
        "there is one optimum it arrives there, permuted and with its signs.",
        references=(NG_2004,),
    ),
)
