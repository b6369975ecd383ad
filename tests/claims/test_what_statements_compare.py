"""What statements of the ledger compare, and how nearly: on numbers that are given."""

# ruff: noqa: SLF001  # parts, each alone

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace
from fractions import Fraction
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from experiments import Bytes
from numpy.typing import NDArray
from scipy.sparse import csr_array, eye_array

from etcprops import BlockGeometry, EtCKey
from etcprops.claims import Implementation, runner
from etcprops.claims.case import Case
from etcprops.claims.implementation import Arithmetic
from etcprops.claims.pictures import pattern
from etcprops.claims.statements import certificates, coefficients, estimators, models, statistics

Images = NDArray[Any]
Patch = pytest.MonkeyPatch


def same(images: Images, _: EtCKey) -> Images:
    return images


def case(number: int = 0, encrypt: Callable[..., Images] = same, **arithmetic: Any) -> Case:
    implementation = Implementation(encrypt=encrypt, arithmetic=Arithmetic(**arithmetic))
    return Case(Bytes(number, 160), implementation)  # type: ignore[arg-type]


def false_if(wrong: bool, match: str | None = None) -> Any:  # noqa: FBT001
    return pytest.raises(AssertionError, match=match) if wrong else nullcontext()


def assuming(hypotheses: bool) -> Any:  # noqa: FBT001
    return SimpleNamespace(assumes=lambda _: hypotheses)


# --- Nearest neighbours, of one feature: plain ones lie at these distances from the query, 0

FAR = 1e9


def neighbours(distances: list[float], labels: list[int], *, assumed: bool = True) -> None:
    """Compare what the three nearest have as labels; of encrypted images they are the first."""
    sides = [
        np.append(np.array(d, float), 0.0)[:, None] for d in (distances, range(1, 1 + len(labels)))
    ]
    models._compare_neighbours(assuming(assumed), sides, np.array(labels))


@pytest.mark.parametrize(
    ("distances", "asked"),
    [
        ([3, 4, 1, 2], True),
        ([1e-3, 1e-3 + 1.5e-9, 1e-4, 2e-4], True),
        ([FAR, FAR + 0.5, 1, 2], False),  # for numbers of this size the two are next to each other
        ([1e3, 1e3 + 1e-8, 1, 2], False),
        ([2, 2, 1, 1], False),
    ],
)
def test_queries_are_asked_about_if_the_third_is_nearer_than_the_fourth(
    distances: list[float], *, asked: bool
) -> None:
    with false_if(asked, "query 0: nearest neighbours decide otherwise"):
        neighbours(distances, [1, 1, 0, 0])
    with false_if(True):
        neighbours(distances, [1, 1, 0, 0], assumed=False)


def test_images_beyond_the_fourth_do_not_matter() -> None:
    with false_if(True):
        neighbours([0.3, 0.4, 0.1, 0.2, FAR], [1, 1, 0, 0, 0])


def test_a_gap_of_just_as_much_is_not_asked_about() -> None:
    gap = 1e-9
    for _ in range(9):
        gap = 1e-9 * (1 + gap)
    assert gap == 1e-9 * (1 + gap)
    neighbours([0, gap, 0, 0], [1, 1, 0, 0])


# --- Support vector machines


def svms(
    monkeypatch: Patch, before: float, after: float, *, margin: float = 0.1, assumed: bool = True
) -> None:
    values = iter([(np.array([v]), np.array([margin])) for v in (before, after)])
    monkeypatch.setattr(models, "_svm", lambda *_: next(values))
    models._compare_svms(assuming(assumed), [np.zeros((1, 1))] * 2, None, "linear", 1)


@pytest.mark.parametrize(
    ("before", "after", "wrong"),
    [(0.2, -0.2, True), (-0.2, 0.2, True), (0.1, -0.1, False), (-0.2, 0.0, False)],
)
def test_decisions_whose_values_exceed_the_margin_are_compared(
    monkeypatch: Patch, before: float, after: float, *, wrong: bool
) -> None:
    with false_if(wrong):
        svms(monkeypatch, before, after)


def test_without_the_margin_all_decisions_are_compared(monkeypatch: Patch) -> None:
    with false_if(True):
        svms(monkeypatch, 0.05, -0.05, assumed=False)
    svms(monkeypatch, 0.0, -0.05, assumed=False)


def test_the_margin_of_images_that_do_not_vary_is_of_scale_one() -> None:
    rows = np.array([[1.0, 1.0]] * 4 + [[3.0, 4.0]])
    margins = models._svm(rows, [0, 1, 0, 1], "poly", "scale")[1]
    assert margins == pytest.approx([models.MARGIN * (1 + 25**1.5)])


def certified(
    monkeypatch: Patch, bound: float, encrypt: Callable[..., Images] = same
) -> tuple[Images, Case]:
    """Let this be the bound; return the queries that it was asked for, and the case."""
    seen: list[Any] = []

    def bounded(_svm: Any, queries: Any, **_: Any) -> NDArray[np.float64]:
        seen.append(queries)
        return np.full(len(queries), bound)

    monkeypatch.setattr("etcprops.exact.margins.decision_error_bound", bounded)
    for number in range(99):
        tried = case(number, encrypt)
        certificates.certified_margins(tried)  # returns where all images are of one class
        if seen:
            return seen[0], tried
    raise RuntimeError


def other(images: Images, _: EtCKey) -> Images:
    """Return images that have nothing to do with these."""
    return np.random.default_rng(0).integers(0, 256, images.shape).astype(np.uint8)


def test_decision_values_may_reach_the_bound(monkeypatch: Patch) -> None:
    certified(monkeypatch, 0.0)
    with false_if(True, "decision values"):
        certified(monkeypatch, 0.0, other)


def test_bounds_are_of_plain_queries(monkeypatch: Patch) -> None:
    queries, tried = certified(monkeypatch, np.inf, other)
    training = tried.drawn["training images"]
    rows = tried.drawn["images"].reshape(training + 2, -1).astype(float)
    deviation = rows[:training].std(axis=0)
    z = (rows - rows[:training].mean(axis=0)) / np.where(deviation > 0, deviation, 1)
    np.testing.assert_allclose(queries, z[training:])


def test_decision_values_of_either_side_are_shown(monkeypatch: Patch) -> None:
    with pytest.raises(AssertionError) as told:
        certified(monkeypatch, -1.0, other)
    said = str(told.value).partition("\n")[0]  # pytest may add more
    plain, encrypted = said.partition("decision values ")[2].split(" plain, ")
    assert plain != encrypted.removesuffix(" encrypted")


# --- Lasso and principal components


def test_targets_of_an_intercept_have_mean_zero(monkeypatch: Patch) -> None:
    ways = set()
    for number in range(12):
        targets: list[Any] = []
        lassos = estimators.lassos

        def noting(rows: Any, given: Any, lassos: Any = lassos, targets: Any = targets) -> Any:
            targets.append(given)
            return lassos(rows, given)

        tried = case(number)
        with monkeypatch.context() as patch:
            patch.setattr(estimators, "lassos", noting)
            estimators.l1_penalties(tried)
        labels = tried.drawn["labels"].tolist()
        mean = Fraction(sum(labels), len(labels))
        ways.add(way := tried.drawn["normalization"])
        wanted = [label - mean if way == "intercept" else Fraction(label) for label in labels]
        assert targets[0] == wanted
    assert ways == {"intercept", "mid-grey"}


VECTORS = np.array([[3, 1, 0, 0], [-3, 1, 0, 0], [0, -1, 2, 1], [0, -1, -2, -1], [6, 0, 0, 0]])
"""Training images of mean 0, and a query: the greatest of all is 6, of the first pixel."""


def components(
    monkeypatch: Patch, off: float, variances: tuple[float, ...] = (-9.0, -5.0, 0.0, 1.0)
) -> None:
    """Let components be the pixels, and the first one of encrypted images be off by so much."""
    axes = [np.eye(4), np.diag([1 + off / 6, 1, 1, 1])].__iter__()
    monkeypatch.setattr(estimators, "both", lambda *_: (VECTORS, VECTORS))
    monkeypatch.setattr(np.linalg, "eigvalsh", lambda _: np.array(variances))
    estimators.principal_components(case(eigenvectors=lambda _: next(axes)))


@pytest.mark.parametrize(("times", "wrong"), [(0.5, False), (6.5, False), (7.5, True)])
def test_components_differ_where_they_are_off_by_more_than_the_tolerance(
    monkeypatch: Patch, times: float, *, wrong: bool
) -> None:
    with false_if(wrong, "unsigned scores differ"):
        components(monkeypatch, times * estimators.TOLERANCE)


@pytest.mark.parametrize(("times", "asked"), [(2.5, True), (2.0, False), (1.0, False)])
def test_components_are_asked_about_if_their_variances_are_apart(
    monkeypatch: Patch, times: float, *, asked: bool
) -> None:
    variances = (0.0, times * estimators.TOLERANCE, 0.5, 1.0)
    with false_if(asked):
        components(monkeypatch, 1.0, variances)


# --- JPEG, kernels, pictures and the runner


def block_of(total: int, first: int = 128) -> Images:
    """Return a block whose pixels add up to 64 * 128 and so much."""
    block = np.full((8, 8), 128)
    block[0, 0] = first
    rest = total + 128 - first
    block.flat[1:] += rest // 63
    block.flat[1 : 1 + rest % 63] += 1
    assert block.sum() == 64 * 128 + total
    return block.astype(np.uint8)


@pytest.mark.parametrize(
    ("total", "step", "tied"),
    [
        (-4, 1, True),
        (-60, 1, True),
        (-32, 8, True),
        (-64, 16, False),
        (-68, 1, False),
        (4, 1, False),
    ],
)
def test_sums_on_halves_between_minus_64_and_0_are_ties(
    total: int, step: int, *, tied: bool
) -> None:
    assert coefficients._tied(block_of(total), step).tolist() == [[tied]]


def test_ties_are_avoided_by_one_pixel_that_is_darker_by_one(monkeypatch: Patch) -> None:
    blocks = block_of(-4), block_of(-4, first=0), block_of(-5), block_of(-12, first=255)
    image = np.hstack(blocks)
    geometry = BlockGeometry(8, 32, block=8)
    seen: list[Images] = []
    chosen: Any = SimpleNamespace(
        assumes=lambda _: True,
        choose=lambda _name, options: options[0],
        integer=lambda _name, low, _high: low,
        key=lambda *_: EtCKey(geometry),
        images=lambda *_: image[None].copy(),
    )
    monkeypatch.setattr(coefficients, "_geometry", lambda _: geometry)
    monkeypatch.setattr(coefficients, "_in_both_orders", lambda _c, image, *_: seen.append(image))
    coefficients.jpeg_negative_positive(chosen)
    changed = seen[0].astype(int) - image
    assert changed[0, ::8].tolist() == [-1, 1, 0, -1]
    assert np.count_nonzero(changed) == 3


class Squares(Case):
    """Squares of products and one."""

    def integer(self, name: str, low: int, high: int) -> int:
        super().integer(name, low, high)
        return {"degree": 2, "coef0": 1}.get(name, high)


def test_products_whose_squares_are_alike_less_one_differ() -> None:
    """0 and 2 do: so 1 is to be added to them."""

    def bright(images: Images, _: EtCKey) -> Images:
        changed = np.zeros_like(images)
        changed.reshape(len(images), -1)[:, :2] = 1
        return changed

    tried = Squares(Bytes(0, 160), Implementation(encrypt=bright))  # type: ignore[arg-type]
    black = np.zeros((2, 2, 2), np.uint8)
    tried.geometry = lambda **_: BlockGeometry(2, 2, block=1)  # type: ignore[method-assign]
    tried.images = lambda *_, **__: black  # type: ignore[method-assign]
    with pytest.raises(AssertionError, match="both kernels differ"):
        statistics.linear_and_polynomial_on_raw_pixels(tried)


def test_patterns_are_of_192_pixels_a_side() -> None:
    assert pattern(csr_array(eye_array(8))).size == (192, 192)


def test_checks_are_run_by_one_thread(monkeypatch: Patch) -> None:
    used: list[int] = []

    def limits(threads: int) -> Any:
        used.append(threads)
        return nullcontext()

    monkeypatch.setattr(runner, "threadpool_limits", limits)
    runner.run(replace(Implementation(), geometry=BlockGeometry(8, 8, block=4)), ())
    assert used == [1]
