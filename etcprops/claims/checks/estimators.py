"""Claims about estimators that see images through inner products, or through an L1 norm."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from etcprops.claims.checks.properties import fuzz, penalties_and_answers_preserved
from etcprops.claims.implementation import Implementation, flat
from etcprops.claims.model import Check, Claim, EvidenceKind, Exhibit, Observation, Outcome
from etcprops.claims.references import NG_2004
from etcprops.datasets import load_digits_images
from etcprops.exact.statistics import PixelStatistics
from etcprops.scheme.geometry import BlockGeometry
from etcprops.scheme.keys import EtCKey

NORMALIZED = "pixels are normalized, or an intercept that is not penalised takes up the offset"
SIGNED = "for L1 penalties: the encryption is a signed permutation, as all EtC keys are"

TOLERANCE = 1e-6
"""Of iterative solvers; closed forms agree to 1e-9."""

Model = Callable[[], Any]
Answers = Callable[[Any, NDArray[np.float64]], NDArray[np.float64]]


def _models() -> dict[str, tuple[Model, Answers]]:
    """Return estimators by name, each with the numbers that are compared."""
    from sklearn.decomposition import PCA
    from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
    from sklearn.gaussian_process import GaussianProcessRegressor
    from sklearn.gaussian_process.kernels import RBF, WhiteKernel
    from sklearn.linear_model import Lasso, LogisticRegression, Ridge

    def predictions(model: Any, X: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray(model.predict(X))

    def decision_values(model: Any, X: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray(model.decision_function(X))

    def scores(model: Any, X: NDArray[np.float64]) -> NDArray[np.float64]:
        # Each component has an arbitrary sign.
        return np.asarray(abs(model.transform(X)))

    def process() -> Any:
        kernel = RBF(8.0) + WhiteKernel(0.1)
        return GaussianProcessRegressor(kernel, optimizer=None)

    return {
        "PCA scores": (lambda: PCA(10, svd_solver="full"), scores),
        "ridge": (lambda: Ridge(alpha=1.0), predictions),
        "L2 logistic": (lambda: LogisticRegression(C=0.1, tol=1e-9), decision_values),
        "LDA": (lambda: LinearDiscriminantAnalysis(shrinkage=0.1, solver="lsqr"), decision_values),
        "Gaussian process": (process, predictions),
        "lasso": (lambda: Lasso(alpha=0.05, tol=1e-12, max_iter=20000), predictions),
    }


def check_estimators_on_digits(implementation: Implementation) -> Observation:
    """Train six estimators on z-scores of plain and of encrypted digits; compare their values."""
    digits = load_digits_images()
    few = np.flatnonzero(digits.labels < 4)[:160]
    pictures, labels = digits.images[few], digits.labels[few]
    key = EtCKey.from_secret(digits.geometry, implementation.secret)
    train, query = slice(0, 100), slice(100, 160)
    scores = []
    for images in (pictures, implementation.encrypt(pictures, key)):
        vectors = flat(images)
        z = PixelStatistics(vectors[train]).z_score(vectors)
        # Constant in training: nothing is learnt from them, and their queries are not z-scored.
        scores.append(np.where(np.ptp(vectors[train], axis=0) > 0, z, 0.0))
    parts, worst = [], 0.0
    for name, (model, answers) in _models().items():
        plain, encrypted = (answers(model().fit(z[train], labels[train]), z[query]) for z in scores)
        difference = float(abs(plain - encrypted).max() / abs(plain).max())
        parts.append(f"{name} {difference:.0e}")
        worst = max(worst, difference)
    detail = f"60 queries, greatest relative difference: {', '.join(parts)}"
    return Observation(worst < TOLERANCE, detail)


def check_ridge_and_gaussian_process_in_fractions(implementation: Implementation) -> Observation:
    """Solve ridge regression and a Gaussian process with rational numbers for 128 keys."""
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
                # From mid-grey, doubled, so that everything is an integer.
                rows = 2 * flat(implementation.encrypt(images, key)) - 255
                K = sp.Matrix((rows[:3] @ rows[:3].T).tolist())
                cross = sp.Matrix((rows[3:] @ rows[:3].T).tolist())
                # Ridge in dual form, and the mean of a process with a quadratic kernel.
                answers = [
                    (cross * (K + 1000 * sp.eye(3)).LUsolve(targets))[0],
                    (_squared(cross) * (_squared(K) + sp.eye(3)).LUsolve(targets))[0],
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
    return Observation(True, f"{cases} keys of two blocks, 2 rational answers each")


def _squared(matrix: Any) -> Any:
    """Return the quadratic kernel of a matrix of inner products."""
    return (matrix / 65025).applyfunc(lambda product: (1 + product) ** 2)


def check_l1_norms_on_random_keys(implementation: Implementation) -> Observation:
    """Search for a key under which weights, encrypted as images are, change L1 norm or answers."""
    return fuzz(penalties_and_answers_preserved, implementation, count=3)


def check_ridge_without_intercept_on_one_raw_pixel(implementation: Implementation) -> Observation:
    """Search for the smallest raw pixels on which ridge regression without intercept changes."""
    key = EtCKey(BlockGeometry(1, 1, block=1), negatives=[1])
    for levels in itertools.product(range(3), repeat=2):
        images = np.array(levels, dtype=np.uint8).reshape(2, 1, 1)
        pictures = images, implementation.encrypt(images, key)
        # One training pixel x with target 1, penalty 1: a query q is answered x q / (x^2 + 1).
        answers = [
            int(v[0, 0]) * int(v[1, 0]) / (int(v[0, 0]) ** 2 + 1) for v in map(flat, pictures)
        ]
        if answers[0] != answers[1]:
            detail = (
                f"one pixel, training {levels[0]} -> 1, query {levels[1]}: {answers[0]:.4g} plain, "
                f"{answers[1]:.4g} encrypted"
            )
            return Observation(False, detail, (Exhibit("training, query", images.reshape(1, -1)),))
    return Observation(True, "one training and one query pixel with levels 0 to 2")


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
        "PCA scores (up to sign), ridge and L2 logistic regression, LDA and Gaussian processes are "
        "the same; so are L1 penalties, though not for a general orthogonal map.",
        "section 3.2: 'typical machine learning algorithms with the kernel trick'",
        Outcome.HOLDS_IF,
        hypotheses=(NORMALIZED, SIGNED),
        checks=(
            Check(check_estimators_on_digits, EvidenceKind.END_TO_END),
            Check(check_ridge_and_gaussian_process_in_fractions, EvidenceKind.EXACT),
            Check(check_l1_norms_on_random_keys, EvidenceKind.FUZZED),
            Check(
                check_ridge_without_intercept_on_one_raw_pixel,
                EvidenceKind.REFUTATION,
                without=NORMALIZED,
            ),
            Check(check_lasso_under_a_rotation, EvidenceKind.REFUTATION, without=SIGNED),
        ),
        note="In exact arithmetic; solvers round in an order that depends on the features, and "
        "coordinate descent visits them in another one. A lasso has one solution if the training "
        "images are in general position: then it is found, permuted and with its signs.",
        references=(NG_2004,),
    ),
)
