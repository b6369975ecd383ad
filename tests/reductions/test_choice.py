"""Which dimensions there are, and which reductions reach them, by trying all."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from helpers import flat
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from etcprops import BlockGeometry, InvalidParameterError
from etcprops.reductions import (
    BlockDCT,
    BlockMean,
    GridSampling,
    LinearReduction,
    MeanPooling,
    RandomPixels,
    exact_dimensions,
    gram_deviation,
    nearest_exact,
    reductions_to,
)

GEOMETRIES = [
    BlockGeometry(3, 4, block=1),
    BlockGeometry(6, 9, block=3),
    BlockGeometry(8, 4, channels=3, block=4),
]


@pytest.mark.parametrize("geometry", GEOMETRIES, ids=str)
def test_exact_dimensions_are_those_of_all_exact_reductions(geometry: BlockGeometry) -> None:
    side = geometry.block
    reductions: list[LinearReduction] = [
        BlockMean(geometry, cell) for cell in range(1, side + 1) if side % cell == 0
    ]
    for count in range(1, side**2 + 1):
        reductions += [BlockDCT(geometry, count), BlockDCT(geometry, count, components="sum")]
    assert exact_dimensions(geometry) == sorted({r.dimension for r in reductions})


@pytest.mark.parametrize("geometry", GEOMETRIES, ids=str)
def test_block_means_are_taken_where_their_cells_give_the_dimension(
    geometry: BlockGeometry,
) -> None:
    means = {
        BlockMean(geometry, cell).dimension: cell
        for cell in range(1, geometry.block + 1)
        if geometry.block % cell == 0
    }
    for dimension in exact_dimensions(geometry):
        found = nearest_exact(geometry, geometry.n_pixels / dimension)
        assert found.dimension == dimension
        assert getattr(found, "cell", None) == means.get(dimension)


@pytest.mark.parametrize(
    ("geometry", "dimension", "cell"),
    [
        (BlockGeometry(4, 6, block=2), 24, (1, 1)),
        (BlockGeometry(4, 6, block=2), 12, (1, 2)),  # the lower of two
        (BlockGeometry(4, 6, block=2), 4, (2, 3)),  # 1 x 6 have the same area
        (BlockGeometry(4, 6, block=2), 3, (4, 2)),
        (BlockGeometry(4, 6, block=2), 2, (4, 3)),  # 2 x 6 are longer
        (BlockGeometry(4, 6, block=2), 1, (4, 6)),
        (BlockGeometry(4, 6, block=2), 5, None),
        (BlockGeometry(4, 6, block=2), 9, None),
        (BlockGeometry(4, 2, channels=3, block=2), 6, (2, 2)),
        (BlockGeometry(4, 2, channels=3, block=2), 8, None),
        (BlockGeometry(60, 60, block=2), 600, (2, 3)),
    ],
)
def test_cells_are_as_quadratic_as_they_can_be(
    geometry: BlockGeometry, dimension: int, cell: tuple[int, int] | None
) -> None:
    found: dict[str, Any] = reductions_to(geometry, dimension)
    assert {"gram-pca", "random-pixels", "gaussian-projection", "sparse-projection"} <= set(found)
    assert ("mean-pooling" in found) == ("grid-sampling" in found) == (cell is not None)
    if cell:
        pooling, sampling = found["mean-pooling"], found["grid-sampling"]
        assert isinstance(pooling, MeanPooling)
        assert isinstance(sampling, GridSampling)
        assert pooling.cell == sampling.strides == cell
        assert pooling.dimension == sampling.dimension == dimension


def test_random_reductions_have_the_seed_0_or_the_given_one() -> None:
    for options, seed in (({}, 0), ({"seed": 3}, 3)):
        found = reductions_to(GEOMETRIES[0], 5, **options)
        pixels = found["random-pixels"]
        assert isinstance(pixels, RandomPixels)
        assert pixels.seed == seed
    assert RandomPixels(GEOMETRIES[0], 5).seed == 0


IMAGES = np.array([[0, 7, 9], [1, 7, 200], [0, 7, 30], [1, 7, 4]], dtype=np.uint8)[:, None]
ENCRYPTED = 255 - IMAGES[:, :, [2, 1, 0]]
ENCRYPTED[0, 0, 0] += 1


@pytest.mark.parametrize("preprocessing", ["z-score", "mid-grey"])
def test_gram_deviation_is_that_of_its_formula(preprocessing: Any) -> None:
    # One feature is constant, one has a deviation below 1.
    rows = [flat(batch).astype(np.float64) - 127.5 for batch in (IMAGES, ENCRYPTED)]
    if preprocessing == "z-score":
        rows = [StandardScaler().fit_transform(batch) for batch in rows]
        assert not rows[0][:, 1].any()
    before, after = (batch @ batch.T for batch in rows)
    expected = np.linalg.norm(after - before) / np.linalg.norm(before)
    found = gram_deviation(FunctionTransformer(), IMAGES, ENCRYPTED, preprocessing=preprocessing)
    assert found == pytest.approx(expected, rel=1e-9)
    assert found > 1e-3


def test_gram_deviation_takes_two_images_and_not_one() -> None:
    assert gram_deviation(FunctionTransformer(), IMAGES[:2], IMAGES[:2]) == 0
    with pytest.raises(InvalidParameterError, match="at least two images"):
        gram_deviation(FunctionTransformer(), IMAGES[:1], IMAGES[:1])


@pytest.mark.parametrize(
    "bad", [IMAGES.tolist(), IMAGES.astype(np.int64), flat(IMAGES)], ids=["list", "int64", "rows"]
)
def test_gram_deviation_takes_batches_of_8_bit_images(bad: Any) -> None:
    with pytest.raises(InvalidParameterError, match=r"'images' .* uint8 images of shape"):
        gram_deviation(FunctionTransformer(), bad, IMAGES)
    with pytest.raises(InvalidParameterError, match=r"'encrypted' .* uint8 images of shape"):
        gram_deviation(FunctionTransformer(), IMAGES, bad)
