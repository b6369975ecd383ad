"""The public strategies: what they can draw, how small it shrinks, and what they refuse."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np
import pytest
from hypothesis import Phase, find, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from etcprops import BlockGeometry, EtCKey, InvalidParameterError, SignedPermutation, Step
from etcprops.strategies import geometries, images, keys, signed_permutations

T = TypeVar("T")
GREY = BlockGeometry(4, 6, block=2)
COLOUR = BlockGeometry(4, 6, channels=3, block=2)
SEARCH = settings(
    max_examples=2000,
    derandomize=True,
    database=None,
    deadline=None,
    phases=(Phase.generate, Phase.shrink),
)


def drawn(strategy: st.SearchStrategy[T], condition: Callable[[T], object]) -> T:
    """Search for an example of `condition`, of whatever size; fails if none is found."""
    search = settings(SEARCH, phases=[Phase.generate])
    return find(strategy, lambda value: bool(condition(value)), settings=search)


def smallest(strategy: st.SearchStrategy[T], condition: Callable[[T], object]) -> T:
    """Search for an example of `condition` and shrink it; fails if none is found."""
    return find(strategy, lambda value: bool(condition(value)), settings=SEARCH)


# --- Geometries


@given(geometries())
def test_geometries_stay_within_their_bounds(geometry: BlockGeometry) -> None:
    assert isinstance(geometry, BlockGeometry)
    assert 1 <= geometry.block <= 4
    assert 1 <= geometry.n_blocks <= 16
    assert geometry.channels in {1, 3}


@given(geometries(channels=st.just(3), max_side=2, max_blocks=3))
def test_geometries_as_asked_for(geometry: BlockGeometry) -> None:
    assert geometry.channels == 3
    assert geometry.block <= 2
    assert geometry.n_blocks <= 3


@pytest.mark.parametrize(
    "condition",
    [
        pytest.param(lambda g: g.height < g.width, id="landscape"),
        pytest.param(lambda g: g.height > g.width, id="portrait"),
        pytest.param(lambda g: g.height == g.width and g.n_blocks > 1, id="square"),
        pytest.param(lambda g: g.block == 1, id="blocks of one pixel"),
        pytest.param(lambda g: g.block == 4 and g.channels == 3, id="largest colour blocks"),
        pytest.param(lambda g: g.n_blocks == 1, id="one block"),
        pytest.param(lambda g: g.n_blocks == 16, id="most blocks"),
        pytest.param(lambda g: min(g.grid) > 1 and g.grid[0] != g.grid[1], id="uneven grid"),
    ],
)
def test_geometries_of_every_kind(condition: Callable[[BlockGeometry], bool]) -> None:
    assert condition(drawn(geometries(), condition))


def test_geometries_shrink_to_one_pixel() -> None:
    assert smallest(geometries(), lambda _: True) == BlockGeometry(1, 1, block=1)
    assert smallest(geometries(), lambda g: g.n_blocks > 3).n_blocks == 4
    assert smallest(geometries(), lambda g: g.channels == 3) == BlockGeometry(
        1, 1, channels=3, block=1
    )


# --- Keys


@given(st.data())
def test_keys_have_the_geometry_they_were_given(data: st.DataObject) -> None:
    assert data.draw(keys(COLOUR)).geometry == COLOUR
    geometry = data.draw(keys(geometries(channels=st.just(1)))).geometry
    assert geometry.channels == 1
    assert isinstance(data.draw(keys()), EtCKey)


@pytest.mark.sampled(2)
@pytest.mark.parametrize(
    ("geometry", "n_subsets"), [(GREY, 8), (COLOUR, 16)], ids=["grey", "colour"]
)
def test_half_of_the_keys_have_all_steps_and_the_others_any_subset(
    geometry: BlockGeometry, n_subsets: int
) -> None:
    counts: Counter[frozenset[Step]] = Counter()

    @settings(SEARCH, max_examples=400, phases=[Phase.generate])
    @given(keys(geometry))
    def count(key: EtCKey) -> None:
        counts[frozenset(key.steps)] += 1

    count()
    full = max(counts, key=len)
    assert len(full) == n_subsets.bit_length() - 1
    assert counts[full] > 140
    assert len(counts) == n_subsets
    # None of the others takes the place of the rest.
    assert max(counts[steps] for steps in counts if steps != full) < 100


@given(keys(COLOUR, steps=st.just(frozenset({Step.NEGATIVES}))))
def test_keys_with_the_steps_asked_for(key: EtCKey) -> None:
    assert key.steps == (Step.NEGATIVES,)


def test_keys_reach_every_code() -> None:
    one = BlockGeometry(2, 2, channels=3, block=2)
    codes = {Step.TRANSFORMS: 8, Step.NEGATIVES: 2, Step.COMPONENTS: 6}
    for step, bound in codes.items():
        alone = keys(one, steps=st.just(frozenset({step})))
        for code in range(bound):

            def has_code(key: EtCKey, step: Step = step, code: int = code) -> bool:
                return bool(getattr(key, step)[0] == code)

            assert has_code(drawn(alone, has_code))


def test_keys_shrink_to_a_few_pixels() -> None:
    # Not always to one: with the geometry the draws of a seed change, too.
    def negates(key: EtCKey) -> bool:
        return key.negatives is not None and bool(key.negatives.any())

    assert smallest(keys(), negates).geometry.n_pixels <= 4


# --- Images


@pytest.mark.parametrize("geometry", [GREY, COLOUR], ids=["grey", "colour"])
@pytest.mark.parametrize(("count", "leading"), [(None, ()), (0, (0,)), (3, (3,))])
def test_images_have_the_shape_asked_for(
    geometry: BlockGeometry, count: int | None, leading: tuple[int, ...]
) -> None:
    batch = drawn(images(geometry, count=count), lambda _: True)
    assert batch.shape == (*leading, *geometry.shape)
    assert batch.dtype == np.uint8


@given(images(GREY, count=st.integers(2, 3)))
def test_images_in_a_number_that_is_drawn(batch: NDArray[np.uint8]) -> None:
    assert batch.shape in {(2, 4, 6), (3, 4, 6)}


def _is_gradient(image: NDArray[np.uint8]) -> bool:
    return bool((np.diff(image.ravel()) == 1).all())


@pytest.mark.parametrize(
    "condition",
    [
        pytest.param(lambda x: len(np.unique(x)) > 12 and not _is_gradient(x), id="noise"),
        pytest.param(lambda x: len(np.unique(x)) == 1, id="constant"),
        pytest.param(lambda x: np.unique(x).tolist() == [0, 255], id="black and white"),
        pytest.param(_is_gradient, id="gradient"),
        pytest.param(lambda x: _is_gradient(x) and x[0, 0] > x[-1, -1], id="gradient that wraps"),
        pytest.param(lambda x: x.min() == 0, id="black pixel"),
        pytest.param(lambda x: x.max() == 255, id="white pixel"),
    ],
)
def test_images_of_every_kind(condition: Callable[[NDArray[np.uint8]], bool]) -> None:
    assert condition(drawn(images(GREY), condition))


def test_images_are_repeatable_from_what_hypothesis_prints() -> None:
    first = smallest(images(COLOUR), lambda x: x.max() > 200)
    assert np.array_equal(first, smallest(images(COLOUR), lambda x: x.max() > 200))


# --- Signed permutations


@given(signed_permutations())
def test_signed_permutations_are_bijective(flip: SignedPermutation) -> None:
    assert flip.is_orthogonal()
    assert 1 <= len(flip) <= 64
    assert flip.level == 255


@given(signed_permutations(st.integers(3, 4), level=65535))
def test_signed_permutations_as_asked_for(flip: SignedPermutation) -> None:
    assert len(flip) in {3, 4}
    assert flip.level == 65535


def test_all_signed_permutations_of_two_are_drawn() -> None:
    for source in ([0, 1], [1, 0]):
        for sign in ([-1, -1], [-1, 1], [1, -1], [1, 1]):
            wanted = SignedPermutation(source, sign)
            assert drawn(signed_permutations(2), wanted.__eq__) == wanted


def test_signed_permutations_shrink_to_one_pixel() -> None:
    assert len(smallest(signed_permutations(), lambda flip: flip.negated.any())) == 1


# --- What is refused


@pytest.mark.parametrize(
    ("strategy", "message"),
    [
        pytest.param(
            lambda: geometries(max_side=0),
            "The 'max_side' parameter of geometries must be a positive integer. Got 0 (int).",
            id="no side",
        ),
        pytest.param(
            lambda: geometries(max_blocks=2.5),  # type: ignore[arg-type]
            "The 'max_blocks' parameter of geometries must be a positive integer. Got 2.5 (float).",
            id="fractional number of blocks",
        ),
        pytest.param(
            lambda: geometries(channels=st.just(2)),
            "The 'channels' parameter of BlockGeometry must be 1 (grey) or 3 (colour). "
            "Got 2 (int).",
            id="two channels",
        ),
        pytest.param(
            lambda: keys((4, 6)),  # type: ignore[arg-type]
            "The 'geometry' parameter of keys must be a BlockGeometry. Got (4, 6) (tuple).",
            id="shape for a geometry",
        ),
        pytest.param(
            lambda: keys(st.just(7)),  # type: ignore[arg-type]
            "The 'geometry' parameter of keys must be a BlockGeometry. Got 7 (int).",
            id="strategy of something else",
        ),
        pytest.param(
            lambda: keys(GREY, steps=st.just(frozenset({Step.COMPONENTS}))),
            "The 'steps' parameter of EtCKey.from_secret must fit the geometry. "
            "Got components for a grey geometry.",
            id="component shuffle of grey images",
        ),
        pytest.param(
            lambda: images((4, 6)),  # type: ignore[arg-type]
            "The 'geometry' parameter of images must be a BlockGeometry. Got (4, 6) (tuple).",
            id="shape for images",
        ),
        pytest.param(
            lambda: images(GREY, count=-1),
            "The 'count' parameter of images must be an integer of at least 0. Got -1 (int).",
            id="negative count",
        ),
        pytest.param(
            lambda: images(GREY, count=True),
            "The 'count' parameter of images must be an integer of at least 0. Got True (bool).",
            id="true images",
        ),
        pytest.param(
            lambda: images(GREY, count=st.just(1.5)),  # type: ignore[arg-type]
            "The 'count' parameter of images must be an integer of at least 0. Got 1.5 (float).",
            id="one and a half images",
        ),
        pytest.param(
            lambda: signed_permutations(0),
            "The 'n' parameter of signed_permutations must be a positive integer. Got 0 (int).",
            id="no pixels",
        ),
        pytest.param(
            lambda: signed_permutations(st.just("3")),  # type: ignore[arg-type]
            "The 'n' parameter of signed_permutations must be a positive integer. Got '3' (str).",
            id="text for a number",
        ),
        pytest.param(
            lambda: signed_permutations(2, level=0),
            "The 'level' parameter of SignedPermutation must be a positive integer. Got 0 (int).",
            id="level 0",
        ),
    ],
)
def test_bad_arguments(strategy: Callable[[], st.SearchStrategy[Any]], message: str) -> None:
    with pytest.raises(InvalidParameterError) as caught:
        drawn(strategy(), lambda _: True)
    assert str(caught.value) == message
