"""Small parts of the probe: what is asked of compression, statistics, matrices and curves."""

# ruff: noqa: SLF001  # parts, each alone

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from oracles import DOUBLES, asked, rng

from etcprops.formats.traces import JpegTraces
from etcprops.probing import (
    PixelMap,
    compression,
    dependence,
    linearity,
    local,
    residuals,
    witnesses,
)
from etcprops.probing.budget import QUICK
from etcprops.probing.linearity import Sums
from etcprops.probing.reading import Reader

Array = NDArray[Any]


# --- Compression


def one_of_two(image: Array, axis: int) -> Array:
    """Return an image with every two neighbouring lines averaged."""
    lines = np.moveaxis(image.astype(np.int64), axis, 0)
    mean = (lines[::2] + lines[1::2]) // 2
    return np.moveaxis(mean.repeat(2, axis=0), 0, axis).astype(np.uint8)


@pytest.mark.parametrize(
    ("function", "sampling"),
    [
        (lambda image: one_of_two(image, 0), "4:4:0"),
        (lambda image: one_of_two(image, 1), "4:2:2"),
        (lambda image: one_of_two(one_of_two(image, 0), 1), "4:2:0"),
        (lambda image: 64 + image // 2, None),
    ],
)
def test_lines_tell_of_which_axis_half_is_kept(
    function: Callable[[Array], Array], sampling: str | None
) -> None:
    assert compression._sampling_by_lines(asked(function, (16, 24, 3))) == sampling


def test_hues_alternate_from_line_to_line() -> None:
    seen: list[Array] = []

    def watched(image: Array) -> Array:
        seen.append(image)
        return image

    compression._sampling_by_lines(asked(watched, (2, 4, 3)))
    dark, bright = [28, 179, 128], [228, 77, 128]
    assert seen[1].tolist() == [[dark] * 4, [bright] * 4]
    assert seen[2].tolist() == [[dark, bright] * 2] * 2


@pytest.mark.parametrize(
    ("share", "sampling"),
    [(1, "4:2:0"), (2, None), (5, None), (6, "4:4:4")],
)
def test_a_tenth_of_the_hues_is_lost_and_six_tenths_are_kept(
    monkeypatch: pytest.MonkeyPatch, share: int, sampling: str | None
) -> None:
    contrasts = iter([share, 10] * 2)
    monkeypatch.setattr(compression, "_hue_contrast", lambda _image: next(contrasts))
    oracle = asked(lambda image: image, (2, 2, 3))
    assert compression._sampling_by_lines(oracle) == sampling


def test_the_contrast_of_hues_is_that_of_neighbouring_components_over_all_pixels() -> None:
    image = np.zeros((2, 2, 4), np.uint8)
    image[:, 0, 2:] = 2
    # Of the four differences two are 0 throughout, and two are 2 in one of two columns.
    assert compression._hue_contrast(image) == 2.0


@pytest.mark.parametrize(
    ("function", "shape", "qualities", "noise"),
    [
        (lambda image: image, (8, 8, 3), (90,), ["grey", "coloured"]),
        (lambda image: image[..., 0], (8, 8, 3), (90,), ["grey"]),
        (lambda image: image[..., None].repeat(3, axis=2), (8, 8), (90,), ["grey"]),
        (lambda image: image, (8, 8, 3), (), ["grey"]),
        (lambda image: image / 2, (8, 8, 3), (90,), []),
    ],
)
def test_sampling_is_looked_for_where_colours_stay_colours(
    monkeypatch: pytest.MonkeyPatch,
    function: Callable[[Array], Array],
    shape: tuple[int, ...],
    qualities: tuple[int, ...],
    noise: list[str],
) -> None:
    seen: list[str] = []

    def of_noise(*_: Any, coloured: bool) -> Array:
        seen.append("coloured" if coloured else "grey")
        return np.zeros(shape)

    traces = JpegTraces(qualities, "4:2:2", np.ones((8, 8), np.int64), turned=False, evidence=99)
    monkeypatch.setattr(compression, "_of_noise", of_noise)
    monkeypatch.setattr(compression, "find_jpeg", lambda _outputs: traces)
    found = compression.find_compression(asked(function, shape), rng())
    assert seen == noise
    assert (found is not None) is bool(noise)
    assert found is None or found.sampling == "4:2:2"


# --- Statistics


def plus_sum(image: Array) -> Array:
    return np.asarray((image.astype(np.int64) + image.sum()).astype(np.uint8))


def failing_at(*numbers: int) -> Callable[[Array], Array | None]:
    """Return `plus_sum` without an answer to some calls, of which 0 is the first."""
    calls = iter(range(1000))

    def function(image: Array) -> Array | None:
        return None if next(calls) in numbers else plus_sum(image)

    return function


def test_swaps_that_change_nothing_or_fail_are_left_out() -> None:
    draws = rng()
    steps = iter([np.zeros(64, np.int64)] + [draws.integers(0, 256, 64) for _ in range(5)])
    flat_first: Any = SimpleNamespace(integers=lambda *_: next(steps), choice=draws.choice)
    for random, function in ((flat_first, plus_sum), (rng(), failing_at(1))):
        found = dependence._hangs_on_statistics(asked(function, (8, 8)), random)
        assert found.startswith("swapping two pixels changes at most 2 pixels of the result")


def test_pixels_are_swapped_with_others() -> None:
    oracle = asked(lambda image: image, (4, 4), DOUBLES)
    for seed in range(20):
        dependence._hangs_on_statistics(oracle, rng(seed))
    assert oracle.queries == 1 + 20 * 3 * dependence.SWAPS


def test_dark_bright_and_all_grey_levels_are_asked() -> None:
    oracle = asked(lambda image: image, (60, 60))
    seen = [(int(v.min()), int(v.max())) for v in dependence._skewed(oracle, rng())]
    assert seen[-3:] == [(0, 63), (192, 255), (0, 255)]


def test_one_image_that_keeps_its_grey_levels_is_a_sign() -> None:
    calls = iter(range(1000))
    once = asked(lambda image: image if next(calls) < 2 else None)
    assert dependence.signature(once, rng(), None).startswith("a permutation that the content")
    calls = iter(range(1000))
    never = asked(lambda image: image if next(calls) < 1 else None)
    assert not dependence.signature(never, rng(), None)


@pytest.mark.parametrize(("right", "told"), [((0, 3), ""), ((1, 3), "1 of 3"), ((3, 3), "")])
def test_maps_that_explain_some_images_alone_are_data_dependent(
    monkeypatch: pytest.MonkeyPatch, right: tuple[int, int], told: str
) -> None:
    explained = np.arange(right[1]) < right[0]
    monkeypatch.setattr(dependence, "_explained", lambda *_: explained)
    found: Any = SimpleNamespace()
    reason = dependence.signature(asked(lambda image: image.repeat(2, 1)), rng(), found)
    assert bool(reason) is bool(told)
    assert f"explains {told} other images" in reason or not told


def test_sums_that_are_off_by_six_at_most_are_rounded() -> None:
    cases = {
        (6, 0, 120): True, (6, 0, 119): False, (7, 0, 255): False, (6, -100, 100): True,
        (6, 100, 200): False, (1, 0, 19): False, (1, 0, 20): True,
    }  # fmt: skip
    for (residual, lowest, highest), rounded in cases.items():
        sums = Sums(residual, 1, lowest, highest, whole=True, tried=3)
        oracle = asked(lambda image: image)
        text = residuals.how_non_linear(oracle, rng(), sums, QUICK)
        assert text.endswith(": affine but for rounding.") is rounded


@pytest.mark.parametrize(
    ("function", "stays"),
    [
        (lambda image: image[..., 0], True),
        (lambda image: image[..., ::-1], True),
        (lambda image: image * 0, False),
        (lambda image: image.repeat(2, axis=0), False),
    ],
)
def test_colours_that_change_one_colour_stay_in_their_pixel(
    function: Callable[[Array], Array], *, stays: bool
) -> None:
    assert residuals._stays_in_its_pixel(asked(function, (4, 4, 3)), rng()) is stays


def test_pixels_are_changed_on_grounds_of_half_the_grey_levels() -> None:
    seen: list[Array] = []

    def watched(image: Array) -> Array:
        seen.append(image)
        return image

    residuals._changed(asked(watched, (40, 50)), rng())
    assert (seen[1].min(), seen[1].max()) == (64, 191)


# --- Matrices


def read(function: Callable[[Array], Array], sums: Sums, random: Any, **kind: Any) -> Any:
    oracle = asked(function, **{"shape": (1, 2)} | kind)
    return linearity.find_matrix(oracle, random, sums, QUICK, None)


def of(lowest: float, highest: float, *, whole: bool = False, modulus: int = 0) -> Sums:
    return Sums(float(modulus), modulus, lowest, highest, whole=whole, tried=3)


def test_matrices_of_small_floats_are_read() -> None:
    found = read(lambda image: image * 1e-10, of(0, 1e-10), rng(), scale=DOUBLES)
    assert np.allclose(found.matrix.toarray(), 1e-10 * np.eye(2), rtol=1e-6, atol=0)


def test_rounding_of_large_offsets_is_no_entry() -> None:
    def noisy(image: Array) -> Array:
        result = 1000 + image * 1e-4
        result[0, 1] += 5e-13 * (image[0, 0] > 0.5)
        return result

    found = read(noisy, of(1000, 1000.1), rng(), scale=DOUBLES)
    assert [*zip(*found.matrix.nonzero(), strict=True)] == [(0, 0), (1, 1)]


@pytest.mark.parametrize(("offset", "kept"), [(2.0**-33, 0.0), (2.0**-32, 2.0**-32)])
def test_offsets_of_64_roundings_of_the_largest_result_are_none(offset: float, kept: float) -> None:
    ones: Any = SimpleNamespace(random=np.ones)

    def shifted(image: Array) -> Array:
        return np.array([[image[0, 0] + offset, 1024.0]])

    found = read(shifted, of(0, 1024), ones, scale=DOUBLES)
    assert found.offset.tolist() == [kept, 1024]


def test_residues_from_one_on_are_read_with_what_is_added() -> None:
    sums = of(1, 16, whole=True, modulus=16)
    found = read(lambda image: image % 16 + 1, sums, rng())
    assert (found.modulus, found.lowest) == (16, 1)
    assert found.apply(np.array([15, 16])).tolist() == [16, 1]


@pytest.mark.parametrize("seed", [0, 2, 15])
def test_offsets_of_large_integers_are_exact(seed: int) -> None:
    weights = 2 * rng(seed).integers(2**43, 2**44, 16) + 1
    brightest: Any = SimpleNamespace(random=np.ones)
    found = read(
        lambda image: (weights @ image.ravel().astype(np.int64)).reshape(1, 1),
        of(0, 2.0**60, whole=True),
        brightest,
        shape=(4, 4),
    )
    assert found.matrix.toarray().tolist() == [weights.tolist()]
    assert found.offset.tolist() == [0]


def test_samples_change_one_pixel_to_the_other_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(linearity, "from_differences", lambda plain, *_, **__: plain)
    for steps, other in ((2**15 - 1, 2**16 - 1), (2**15, 2**16 - 1), (2**15 + 1, 0)):

        def integers(_low: int, high: int = 0, size: int = 0, steps: int = steps, **_: Any) -> Any:
            return np.full(size, steps) if high else 0

        random: Any = SimpleNamespace(integers=integers)
        plain: Any = linearity.kept_in_samples(asked(lambda i: i, (1, 2), DOUBLES), random)
        assert [v.tolist() for v in plain] == [[steps / 2**16] * 2] * 4 + [
            [other / 2**16, steps / 2**16]
        ]


# --- Curves and numberings


@pytest.mark.parametrize(("most", "looked_at"), [(5, 5), (11, 11), (12, 12), (13, 12)])
def test_curves_of_different_pixels_are_read(
    monkeypatch: pytest.MonkeyPatch, most: int, looked_at: int
) -> None:
    monkeypatch.setattr(local, "TABLE_PIXELS", most)
    found = local.tabulate(asked(lambda image: image // 2), np.arange(12), rng(), QUICK)
    assert found is not None
    assert len(set(found.indices.tolist())) == found.indices.size == looked_at


def test_levels_run_from_any_on_and_no_pixel_is_chosen_where_all_are_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen: list[Array] = []

    def watched(image: Array) -> Array:
        seen.append(image)
        return image

    monkeypatch.setattr(local, "TABLE_PIXELS", 12)
    monkeypatch.setattr(local, "confirming_vectors", lambda *_: [])
    random: Any = SimpleNamespace(integers=rng().integers)  # it can choose nothing
    local.tabulate(asked(watched), np.arange(12), random, QUICK)
    assert seen[1].ravel().tolist() == rng().integers(0, 256, 12).tolist()


def test_functions_of_noise_are_asked_in_another_numbering() -> None:
    oracle = asked(lambda image: image)
    assert Reader(oracle, rng())._encrypts_any(0)
    assert oracle.queries == 2
    assert Reader(oracle, rng())._encrypts_any(1)
    assert oracle.queries == 2
    nothing = asked(lambda image: None if image.any() else image)
    assert not Reader(nothing, rng())._encrypts_any(0)
    assert nothing.queries == 4


# --- Witnesses


def test_a_pixel_is_lost_if_two_images_are_encrypted_alike() -> None:
    found = PixelMap(np.array([1, 1]), np.ones(2, np.int8), 2, 255)
    assert witnesses.lost_pixel(asked(lambda image: image, (1, 2)), found) is None
    witness = witnesses.lost_pixel(asked(lambda image: image[:, [1, 1]], (1, 2)), found)
    assert witness is not None
    assert witness.second.tolist() == [[255, 0]]


def test_the_largest_residue_has_a_witness_in_the_first_pixel() -> None:
    witness = witnesses.same_residue(asked(lambda image: image % 255, (1, 2)), 255)
    assert witness is not None
    assert witness.second.tolist() == [[255, 0]]
    assert witnesses.same_residue(asked(lambda image: image * 0), 256) is None
