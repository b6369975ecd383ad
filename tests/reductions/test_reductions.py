"""Reductions as transformers: what they compute, and what encryption does to it, bit for bit."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import pytest
from helpers import flat
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.pipeline import make_pipeline

from etcprops import BlockGeometry, EtCKey, InvalidParameterError, Step, encrypt
from etcprops.exact.scaler import ExactStandardScaler
from etcprops.reductions import (
    PAPER_RATIOS,
    BlockDCT,
    BlockMean,
    EquivarianceKind,
    GaussianProjection,
    GridSampling,
    LinearReduction,
    MeanPooling,
    RandomPixels,
    SparseProjection,
    equivariance,
    exact_dimensions,
    gram_deviation,
    induced_map,
    nearest_exact,
    reductions_to,
)
from etcprops.reductions.dct import integer_cosines, symmetric_pairs

GREY = BlockGeometry(16, 24, block=4)
COLOUR = BlockGeometry(8, 12, channels=3, block=4)
PAPER = BlockGeometry(192, 160)


def batch(geometry: BlockGeometry, count: int = 12) -> NDArray[np.uint8]:
    rng = np.random.default_rng(5)
    return rng.integers(0, 256, (count, *geometry.shape), dtype=np.uint8)


def exact(geometry: BlockGeometry) -> list[LinearReduction]:
    return [
        BlockMean(geometry, 1),
        BlockMean(geometry, 2),
        BlockMean(geometry, geometry.block),
        *(BlockDCT(geometry, count) for count in range(1, geometry.block**2 + 1)),
        BlockDCT(geometry, [(2, 1), (1, 2)]),
        BlockDCT(geometry, 5, components="sum"),
    ]


def inexact(geometry: BlockGeometry) -> list[LinearReduction]:
    return [
        BlockDCT(geometry, [(0, 0), (0, 1)]),
        BlockDCT(geometry, [(1, 2), (0, 0)]),
        MeanPooling(geometry, (2, 3)),
        MeanPooling(geometry, (4, 6)),
        GridSampling(geometry, (2, 2)),
        RandomPixels(geometry, 9),
        GaussianProjection(geometry, 9),
        SparseProjection(geometry, 9),
    ]


def steps_of(geometry: BlockGeometry) -> list[Step]:
    return [s for s in Step if geometry.channels == 3 or s is not Step.COMPONENTS]


@pytest.mark.sampled(2)
@pytest.mark.parametrize("geometry", [GREY, COLOUR], ids=["grey", "colour"])
def test_exact_reductions_are_equivariant_and_pass_encryption_on(geometry: BlockGeometry) -> None:
    images = batch(geometry)
    for reduction in exact(geometry):
        assert all(reduction.is_equivariant(step) for step in steps_of(geometry)), reduction
        for secret in ("one", "two"):
            key = EtCKey.from_secret(geometry, secret)
            plain = reduction.fit(flat(images)).transform(flat(images))
            encrypted = reduction.transform(flat(encrypt(images, key)))
            assert plain.dtype == np.int64
            induced = reduction.induced(key)
            assert np.array_equal(encrypted, induced.apply(plain)), reduction
            # A bijection of features with signs: nothing lost, nothing doubled.
            assert sorted(induced.source) == list(range(reduction.dimension))
            assert set(induced.factor.tolist()) <= {-1, 1}


@pytest.mark.sampled(2)
@pytest.mark.parametrize("geometry", [GREY, COLOUR], ids=["grey", "colour"])
def test_z_scores_after_exact_reductions_have_the_same_bits(geometry: BlockGeometry) -> None:
    images, key = batch(geometry), EtCKey.from_secret(geometry, "bits")
    for reduction in exact(geometry):
        pipeline = make_pipeline(clone(reduction), ExactStandardScaler())
        plain = pipeline.fit_transform(flat(images))
        encrypted = clone(pipeline).fit_transform(flat(encrypt(images, key)))
        induced = reduction.induced(key)
        assert np.array_equal(encrypted, plain[:, induced.source] * induced.factor), reduction


@pytest.mark.parametrize("geometry", [GREY, COLOUR], ids=["grey", "colour"])
def test_other_reductions_are_not_equivariant_and_the_counterexample_is_one(
    geometry: BlockGeometry,
) -> None:
    for reduction in inexact(geometry):
        answers = [reduction.is_equivariant(step) for step in steps_of(geometry)]
        assert not all(answers), reduction
        for answer in answers:
            if answer:
                assert answer.counterexample is None
                continue
            witness = answer.counterexample
            assert witness is not None
            assert witness.key.steps == (answer.step,)
            # The pixels say so too: no feature, of either sign, is the encrypted one.
            images = batch(geometry, 40)
            vectors = flat(images).astype(float) - 127.5
            encrypted_vectors = flat(encrypt(images, witness.key)).astype(float) - 127.5
            R: Any = reduction.matrix()
            plain, encrypted = vectors @ R.T, encrypted_vectors @ R.T
            found = encrypted[:, [witness.row]]
            assert np.allclose(found, vectors @ witness.image.T.toarray())
            assert min(abs(plain - sign * found).max(axis=0).min() for sign in (1, -1)) > 1


def test_under_which_steps_the_others_are_equivariant() -> None:
    kinds = {
        "grid": GridSampling(GREY, (2, 2)),
        "pixels": RandomPixels(GREY, 9),
        "odd set": BlockDCT(GREY, [(0, 0), (0, 1)]),
        "pooling": MeanPooling(GREY, (2, 3)),
    }
    found = {
        name: [bool(reduction.is_equivariant(step)) for step in steps_of(GREY)]
        for name, reduction in kinds.items()
    }
    assert found == {
        "grid": [True, False, True],  # every block is sampled alike, but not symmetrically
        "pixels": [False, False, True],
        "odd set": [True, False, True],
        "pooling": [False, False, False],
    }


def test_kinds_between_exact_and_none() -> None:
    geometry = BlockGeometry(2, 2, block=2)
    # An orthogonal basis of the block that is not symmetric: features mix.
    rotated = np.array([[3, 4, 0, 0], [-4, 3, 0, 0], [0, 0, 5, 0], [0, 0, 0, 5]])
    assert equivariance(rotated, geometry, "transforms").kind is EquivarianceKind.ORTHOGONAL
    # Two mirrored features of different size.
    scaled = np.array([[1, 1, -1, -1], [2, -2, 2, -2]])
    assert equivariance(scaled, geometry, "transforms").kind is EquivarianceKind.SCALED
    key = EtCKey(geometry, transforms=[1])
    assert induced_map(scaled, key).factor.tolist() == [-0.5, 2]
    assert equivariance(scaled[:1], geometry, "transforms").kind is EquivarianceKind.NONE


def test_duplicated_rows_count() -> None:
    geometry = BlockGeometry(1, 2, block=1)
    both, more = np.array([[1, 0], [0, 1]]), np.array([[1, 0], [1, 0], [0, 1]])
    assert equivariance(both, geometry, "permutation")
    assert not equivariance(more, geometry, "permutation")
    assert equivariance(np.repeat(both, 2, axis=0), geometry, "permutation")


def test_sums_are_those_of_the_pictures() -> None:
    images = batch(COLOUR)
    sums = BlockMean(COLOUR, 2).fit_transform(flat(images))
    expected = images.reshape(12, 4, 2, 6, 2, 3).sum(axis=(2, 4), dtype=np.int64)
    assert np.array_equal(sums.reshape(12, 4, 6, 3), expected)
    pooled = MeanPooling(COLOUR, (4, 3)).fit_transform(flat(images))
    expected = images.reshape(12, 2, 4, 4, 3, 3).sum(axis=(2, 4), dtype=np.int64)
    assert np.array_equal(pooled.reshape(12, 2, 4, 3), expected)
    kept = GridSampling(COLOUR, (3, 5)).fit_transform(flat(images))
    assert np.array_equal(kept.reshape(12, 3, 3, 3), images[:, ::3, ::5])


def test_a_block_has_three_coefficients_unless_told_otherwise() -> None:
    assert BlockDCT(GREY).pairs() == [(0, 0), (0, 1), (1, 0)]


def test_sum_of_components() -> None:
    images = flat(batch(COLOUR))
    separate = BlockDCT(COLOUR, 6).fit_transform(images).reshape(12, 6, 6, 3)
    summed = BlockDCT(COLOUR, 6, components="sum").fit_transform(images).reshape(12, 6, 6)
    assert np.array_equal(summed, separate.sum(axis=3))


def test_integer_dct_is_close_to_that_of_scipy() -> None:
    from scipy.fft import dctn

    images = batch(BlockGeometry(8, 16)).astype(float)
    coefficients = BlockDCT(BlockGeometry(8, 16), 64)
    found = coefficients.fit_transform(images.reshape(12, -1)).reshape(12, 2, 64) / (64**2 * 8)
    for block in range(2):
        expected = dctn(images[:, :, 8 * block : 8 * block + 8], axes=(1, 2), norm="ortho")
        for index, (u, v) in enumerate(coefficients.pairs()):
            error = abs(found[:, block, index] - expected[:, u, v]).max()
            assert error < 0.01 * 255 * 8


@pytest.mark.parametrize("side", range(1, 17))
def test_cosines_are_even_or_odd_and_sets_closed(side: int) -> None:
    cosines = integer_cosines(side)
    signs = np.where(np.arange(side) % 2, -1, 1)[:, None]
    assert np.array_equal(cosines[:, ::-1], signs * cosines)
    assert np.linalg.matrix_rank(cosines) == side
    for count in range(1, side**2 + 1):
        pairs = symmetric_pairs(side, count)
        assert len(set(pairs)) == len(pairs) == count
        assert {(v, u) for u, v in pairs} == set(pairs)


def test_errors_of_the_librarys_cosine_do_not_break_the_symmetry(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    cosine = np.cos
    monkeypatch.setattr(np, "cos", lambda x: cosine(x) + np.linspace(0, 2.0**-8, x.shape[1]))
    for side in range(1, 17):
        cosines = integer_cosines(side)
        signs = np.where(np.arange(side) % 2, -1, 1)[:, None]
        assert np.array_equal(cosines[:, ::-1], signs * cosines)


def test_the_papers_dimensions_have_no_exact_linear_reduction() -> None:
    dimensions = [PAPER.n_pixels // ratio for ratio in PAPER_RATIOS]
    assert dimensions == [1536, 768, 512, 384]
    assert not set(dimensions) & set(exact_dimensions(PAPER))
    assert [nearest_exact(PAPER, ratio).dimension for ratio in PAPER_RATIOS] == [
        1440,
        960,
        480,
        480,
    ]
    for dimension in dimensions:
        reductions = reductions_to(PAPER, dimension)
        assert {"random-pixels", "grid-sampling", "mean-pooling"} <= set(reductions)
        for name in ("random-pixels", "grid-sampling", "mean-pooling"):
            linear = reductions[name]
            assert isinstance(linear, LinearReduction)
            assert linear.dimension == dimension


def test_every_exact_dimension_is_reached() -> None:
    for geometry in (GREY, COLOUR):
        for dimension in exact_dimensions(geometry):
            assert nearest_exact(geometry, geometry.n_pixels / dimension).dimension == dimension


def test_gram_deviation_tells_exact_from_inexact() -> None:
    images = batch(GREY, 20)
    encrypted = encrypt(images, EtCKey.from_secret(GREY, "deviation"))
    preprocessings: tuple[Literal["z-score", "mid-grey"], ...] = "z-score", "mid-grey"
    for how in preprocessings:
        for reduction in (BlockMean(GREY), BlockDCT(GREY, 4)):
            assert gram_deviation(reduction, images, encrypted, preprocessing=how) < 1e-13
        for reduction in (MeanPooling(GREY, (2, 3)), GridSampling(GREY), RandomPixels(GREY, 30)):
            assert gram_deviation(reduction, images, encrypted, preprocessing=how) > 0.1
    with pytest.raises(InvalidParameterError, match="be one of z-score, mid-grey"):
        gram_deviation(BlockMean(GREY), images, encrypted, preprocessing="none")  # type: ignore[arg-type]
    with pytest.raises(InvalidParameterError, match="'images' parameter of gram_deviation"):
        gram_deviation(BlockMean(GREY), images[0], encrypted[0])
    with pytest.raises(InvalidParameterError, match="as many as 'images'"):
        gram_deviation(BlockMean(GREY), images, encrypted[1:])


def test_random_reductions_follow_their_seed() -> None:
    for kind in (RandomPixels, GaussianProjection, SparseProjection):
        one, same, other = (kind(GREY, 20, seed=seed).matrix() for seed in (1, 1, 2))
        difference: Any = one - same
        assert abs(difference).max() == 0
        difference = one - other
        assert abs(difference).max() > 0


def test_transformers_keep_scikit_learns_manners() -> None:
    images = flat(batch(GREY))
    for reduction in [*exact(GREY)[:4], *inexact(GREY)]:
        copy = clone(reduction)
        assert copy.get_params() == reduction.get_params()
        reduced = copy.fit_transform(images)
        assert reduced.shape == (12, copy.dimension)
        assert len(copy.get_feature_names_out()) == copy.dimension
        as_floats = copy.transform(images.astype(float))
        assert np.array_equal(as_floats, copy.transform(images.astype(np.int64)))


@pytest.mark.parametrize("kind", [np.uint8, np.uint16, np.int16, np.int32, np.int64])
@pytest.mark.parametrize("margin", [-1, 0, 1])
def test_sums_are_exact_on_both_sides_of_single_precision(kind: Any, margin: int) -> None:
    """Integers whose sums reach 2^24 and beyond, where float32 would round odd ones."""
    rng = np.random.default_rng(6)
    wide = BlockGeometry(128, 128, block=64)
    for reduction in (
        BlockMean(wide, cell=64),
        SparseProjection(wide, 5),
    ):  # multiples of no power of two
        R: Any = reduction.matrix()
        signs = np.sign(R.toarray()).astype(np.int64)
        weight = int(np.abs(signs).sum(axis=1).max())
        top = min(int(np.iinfo(kind).max), 2**24 // weight + margin)
        rows = rng.integers(top - 1, top, (2, wide.n_pixels), dtype=kind, endpoint=True)
        sums = signs @ rows.T.astype(np.int64)
        assert np.abs(sums).max() > top
        unit = 1 if R.dtype.kind == "i" else np.abs(R.data).max()
        assert np.array_equal(reduction.fit(rows).transform(rows), (sums * unit).T)


BAD = [
    pytest.param(BlockMean(GREY, 3), "'cell' parameter of BlockMean must divide the", id="cell"),
    pytest.param(BlockMean(GREY, 5), "must be an integer from 1 to 4. Got 5", id="large cell"),
    pytest.param(MeanPooling(GREY, (5, 4)), "must tile the image of 16 x 24", id="no tiling"),
    pytest.param(MeanPooling(GREY, (5,)), "must be two integers", id="one number"),  # type: ignore[arg-type]
    pytest.param(GridSampling(GREY, (0, 1)), "from 1 to 16. Got 0", id="no stride"),
    pytest.param(BlockDCT(GREY, 17), "from 1 to 16. Got 17", id="too many coefficients"),
    pytest.param(
        BlockDCT(GREY, [(0, 4)]), "from 1 to 16 or different pairs (u, v) below 4", id="frequency"
    ),
    pytest.param(BlockDCT(GREY, [(0, 1), (0, 1)]), "different pairs", id="twice"),
    pytest.param(BlockDCT(GREY, []), "different pairs", id="no pairs"),
    pytest.param(BlockDCT(GREY, "all"), "different pairs", id="text"),  # type: ignore[arg-type]
    pytest.param(BlockDCT(GREY, components="rgb"), "must be one of separate, sum", id="components"),  # type: ignore[arg-type]
    pytest.param(RandomPixels(GREY, 385), "from 1 to 384. Got 385", id="too many pixels"),
    pytest.param(RandomPixels(GREY, 5, seed=-1), "'seed' parameter of RandomPixels", id="seed"),
    pytest.param(GaussianProjection(GREY, True), "n_components", id="boolean"),
    pytest.param(SparseProjection(GREY, 5, seed=2**32), "from 0 to 2^32 - 1", id="large seed"),
    pytest.param(BlockMean("16x24"), "must be a BlockGeometry. Got '16x24'", id="geometry"),  # type: ignore[arg-type]
]


@pytest.mark.parametrize(("reduction", "message"), BAD)
def test_bad_parameters(reduction: LinearReduction, message: str) -> None:
    for use in (reduction.matrix, lambda: reduction.fit(flat(batch(GREY)))):
        with pytest.raises(InvalidParameterError) as caught:
            use()
        assert message in str(caught.value)


def test_bad_images_and_steps() -> None:
    reduction = BlockMean(GREY)
    with pytest.raises(InvalidParameterError, match="have the 384 features of its geometry"):
        reduction.fit(np.zeros((2, 10)))
    with pytest.raises(InvalidParameterError, match="parameter of BlockMean"):
        reduction.is_equivariant("components")
    fitted = reduction.fit(flat(batch(GREY)))
    with pytest.raises(InvalidParameterError, match="hold integers of magnitude at most"):
        fitted.transform(np.full((1, 384), 2**62))
    with pytest.raises(InvalidParameterError, match="must be equivariant under the key"):
        MeanPooling(GREY, (2, 3)).induced(EtCKey.from_secret(GREY, "no"))
    with pytest.raises(InvalidParameterError, match="with 384 columns"):
        equivariance(np.ones((2, 5)), GREY, "negatives")
    with pytest.raises(InvalidParameterError, match="be finite"):
        equivariance(np.full((2, 384), np.nan), GREY, "negatives")


@pytest.mark.parametrize(("code", "step"), [*zip(("K1", "K2", "K3", "k4"), Step, strict=True)])
def test_steps_have_codes_and_near_names(code: str, step: Step) -> None:
    colour = BlockGeometry(4, 4, channels=3, block=2)
    everything = np.eye(colour.n_pixels, dtype=np.int64)
    assert equivariance(everything, colour, code) == equivariance(everything, colour, step)
    with pytest.raises(InvalidParameterError, match=f"or K1 to K4. .*Did you mean '{step}'"):
        equivariance(everything, colour, f"{step}x")
    with pytest.raises(InvalidParameterError, match=r"or K1 to K3\. Got 'K4'"):
        equivariance(np.eye(16, dtype=np.int64), BlockGeometry(4, 4, block=2), "K4")
