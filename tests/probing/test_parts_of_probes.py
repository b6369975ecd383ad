"""Parts of the probe on their own: what is expected to be asked, counted, described and tested."""

# ruff: noqa: SLF001  # parts, each alone

from __future__ import annotations

import os
import time
from collections.abc import Callable
from itertools import product
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from oracles import BYTES, asked, grid, rng

from etcprops import SignedPermutation, probe
from etcprops.probing import (
    MapKind,
    PixelMap,
    infer_structure,
    key_audit,
    linearity,
    residuals,
    verdicts,
)
from etcprops.probing.bits import _triples
from etcprops.probing.budget import FULL, QUICK, Budget
from etcprops.probing.classification import SURVEYED, _Classifier
from etcprops.probing.compression import _sampling_by_lines
from etcprops.probing.dependence import _hangs_on_statistics
from etcprops.probing.draws import Draw, DrawKind, codes, permutation
from etcprops.probing.extraction import chosen_calls, confirming_count
from etcprops.probing.keys import Keys, written
from etcprops.probing.model import Notes
from etcprops.probing.oracle import Oracle
from etcprops.probing.sandbox import Forked, Isolation, Reply, open_sandbox
from etcprops.probing.shifts import shifts
from etcprops.probing.witnesses import same_residue
from etcprops.probing.wording import piece_name

Array = NDArray[Any]


# --- How many calls are expected


class Entered(Exception):  # noqa: N818  # ends a stage at its beginning
    """What a stage says of its calls."""


def expected_calls(stage: Callable[..., Any], *arguments: Any, size: int = 1000) -> int:
    """Return how many calls a stage of the classification says are to come."""

    def enter(_stage: str, calls: int = 0) -> None:
        raise Entered(calls)

    oracle = SimpleNamespace(size=size, scale=BYTES)
    classifier: Any = SimpleNamespace(oracle=oracle, effort=FULL, _enter=enter)
    with pytest.raises(Entered) as entered:
        stage(classifier, *arguments)
    return int(entered.value.args[0])


def test_stages_say_how_many_calls_they_take() -> None:
    size, bits = 1000, 10
    confirmed = confirming_count(size, FULL)
    of_pixels = 256 + 6 * bits + confirmed + FULL.witness
    assert expected_calls(_Classifier._by_pixels) == of_pixels
    assert expected_calls(_Classifier._by_sums) == 20 * FULL.instances + FULL.witness
    assert expected_calls(_Classifier._by_bits) == 16 * FULL.instances + 2 * bits + confirmed
    for columns, pixels in ((FULL.columns, FULL.columns), (0, FULL.columns + 1)):
        found = expected_calls(_Classifier._affine, MapKind.AFFINE, size=pixels)
        assert found == columns + confirming_count(pixels, FULL) + FULL.witness


@pytest.mark.parametrize("effort", [FULL, QUICK])
def test_looks_at_keys_say_how_many_calls_they_take(effort: Any) -> None:
    keys: Any = SimpleNamespace(
        oracle=SimpleNamespace(size=1000, scale=BYTES), keys=[1, 2, 3], effort=effort
    )
    chosen = chosen_calls(1000, BYTES)
    planned = 3 * (chosen + 1) + confirming_count(1000, effort) + 3 * chosen
    found = Keys._planned(keys)
    assert found == planned + SURVEYED * chosen * effort.shapes
    assert isinstance(found, int)


def test_batches_take_half_a_second() -> None:
    budget = Budget(1e9)
    assert budget.batch(100) == 1
    for seconds, images in ((1.0, 5), (100.0, 1), (0.01, 64)):
        budget.calls, budget.spent = 10, seconds
        assert budget.batch(64) == images


def test_dark_bright_and_any_images_are_asked_in_all_combinations() -> None:
    found = [*_triples(asked(lambda image: image, (40, 50)), rng(), FULL)]
    ranges = (0, 255), (0, 63), (192, 255)
    stated = [*product(ranges, repeat=3)][: 4 * FULL.instances]
    seen = [tuple((int(v.min()), int(v.max())) for v in triple) for triple in found]
    assert seen[: len(stated)] == stated


@pytest.mark.parametrize(
    ("hung", "number", "left", "hopeless"),
    [(1, 1, 9, False), (2, 2, 9, True), (2, 5, 9, True), (1, 5, 9, False), (0, 5, 0, True)],
)
def test_keys_are_given_up_when_two_hung_or_the_time_is_over(
    hung: int,
    number: int,
    left: int,
    hopeless: bool,  # noqa: FBT001
) -> None:
    missed: list[str] = []
    budget = SimpleNamespace(left=left, miss=missed.append)
    found = [SimpleNamespace(reason="did not return within 1 s")] * hung
    keys: Any = SimpleNamespace(found=found, oracles=[SimpleNamespace(budget=budget)])
    assert Keys._hopeless(keys, number) is hopeless
    assert missed == [f"keys from number {number} on"] * hopeless


def test_residues_have_a_witness_where_they_are_encrypted_alike() -> None:
    assert same_residue(asked(lambda image: image), 16) is None
    witness = same_residue(asked(lambda image: image % 16), 16)
    assert witness is not None
    assert "0 and 16 at (0, 0)" in witness.detail


def test_a_map_without_a_candidate_is_undecided_when_time_is_over() -> None:
    classifier: Any = SimpleNamespace(
        reached=None, reader=SimpleNamespace(candidate=None), right=True, excluded=["not affine"],
        oracle=SimpleNamespace(queries=3, budget=SimpleNamespace(ending="The time was over")),
    )  # fmt: skip
    verdict = _Classifier.partial(classifier)
    assert verdict.kind is MapKind.UNDECIDED
    assert "after 3 calls" in verdict.reason
    assert "so far: not affine" in verdict.reason


def test_calls_and_their_seconds_are_added_up() -> None:
    sandbox = open_sandbox(lambda image: image, [0], 5, Isolation.NONE)
    oracle = Oracle(sandbox, (3, 4), BYTES, Notes())
    assert (oracle.queries, oracle.seconds) == (0, 0.0)
    reply = Reply(value=np.zeros((3, 4), np.uint8), seconds=0.75)
    for _ in range(2):
        oracle._checked(reply, np.zeros(12, np.uint8))
    assert (oracle.queries, oracle.seconds) == (2, 1.5)


def test_own_seconds_are_part_of_all() -> None:
    started = time.perf_counter()
    report = probe(lambda image, _key: 255 - image, (2, 2), keys=[0], quick=True, isolation="none")
    assert 0 <= report.own_seconds <= report.seconds <= time.perf_counter() - started


def test_only_small_numbers_are_shown_of_keys() -> None:
    for key, shown in ((2**32 - 1, True), (1 - 2**32, True), (2**32, False), (b"secret", False)):
        assert (written(key, 3) == str(key)) is shown


# --- What is found


def test_constant_pixels_are_found_in_images_that_take_several_questions() -> None:
    def painted(image: Array, _key: Any) -> Array:
        out = image[::-1].copy()
        out[0, 0] = 7
        return out

    report = probe(painted, (16, 16), keys=[0], quick=True, isolation="none")
    assert report.verdict.kind is MapKind.COPY_MAP
    assert isinstance(report.verdict.map, PixelMap)
    assert np.flatnonzero(report.verdict.map.source < 0).tolist() == [0]


def test_hues_of_lines_are_seen_in_pictures_of_any_shape() -> None:
    assert _sampling_by_lines(asked(lambda image: image, (16, 24, 3))) == "4:4:4"


def test_images_of_which_pixels_are_swapped_have_every_level() -> None:
    seen: list[Array] = []

    def watched(image: Array) -> Array:
        seen.append(image)
        return image

    oracle = asked(watched, (32, 32))
    seen.clear()
    assert not _hangs_on_statistics(oracle, rng())
    levels = np.unique(np.stack(seen))
    assert levels.tolist() == list(range(256))


def test_integers_that_are_off_by_one_are_a_departure_however_large() -> None:
    matrix, expected = np.eye(4, dtype=np.int64), np.full(4, 2e12)
    for off, departs in ((0.0, False), (1.0, True)):
        oracle: Any = SimpleNamespace(
            size=4, scale=BYTES, rounding=0.0,
            answered=lambda vectors, off=off: ((v, expected + off) for v in vectors),
        )  # fmt: skip
        found: Any = SimpleNamespace(matrix=matrix, apply=lambda _: expected)
        departure = linearity.affine_departure(oracle, rng(), found, QUICK)
        assert (departure is not None) is departs


@pytest.mark.parametrize(("share", "departs"), [(1.0, False), (1.001, True)])
def test_results_may_be_off_by_the_tolerance_itself(share: float, departs: bool) -> None:  # noqa: FBT001
    expected = np.full(4, 0.5)
    oracle: Any = SimpleNamespace(
        size=4, scale=BYTES, rounding=2.0**-20,
        answered=lambda vectors: ((v, expected + share * 2.0**-11) for v in vectors),
    )  # fmt: skip
    found: Any = SimpleNamespace(matrix=np.eye(4), apply=lambda _: expected)
    assert (linearity.affine_departure(oracle, rng(), found, QUICK) is not None) is departs


def test_integers_may_be_off_where_results_are_rounded() -> None:
    expected = np.zeros(4)
    for off, departs in ((0.9, False), (1.5, True)):
        oracle: Any = SimpleNamespace(
            size=4, scale=BYTES, rounding=2.0**-20,
            answered=lambda vectors, off=off: ((v, expected + off * 2.0**-10) for v in vectors),
        )  # fmt: skip
        found: Any = SimpleNamespace(matrix=np.eye(4, dtype=np.int64), apply=lambda _: expected)
        assert (linearity.affine_departure(oracle, rng(), found, QUICK) is not None) is departs


def test_residues_say_how_many_levels_are_told_apart() -> None:
    sums: Any = SimpleNamespace(modulus=16, tried=3)
    verdict = verdicts.affine(MapKind.AFFINE_RESIDUE, None, sums, None, 255)
    assert "of 256, no more than 16 are told apart" in verdict.reason


def test_curves_that_copy_or_negate_are_counted_as_such() -> None:
    levels = np.arange(256)
    found: Any = SimpleNamespace(
        table=np.stack([levels, 255 - levels, levels // 2]), indices=np.arange(3)
    )
    oracle: Any = SimpleNamespace(out_shape=(1, 3))
    assert "; 1 of 3 neither copy nor negate it" in verdicts.curves(found, oracle).reason


def test_compression_is_looked_for_in_large_bytes_and_by_a_full_look_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    looked: list[int] = []
    monkeypatch.setattr(residuals, "find_compression", lambda oracle, _: looked.append(oracle.size))
    monkeypatch.setattr(residuals, "_looks_like_jpeg", lambda *_: False)
    sums: Any = SimpleNamespace(tried=1, residual=99, lowest=0, highest=255, whole=True)
    for shape in ((15, 17), (16, 16)):
        for effort in (FULL, QUICK):
            oracle = asked(lambda image: image, shape)
            residuals.how_non_linear(oracle, rng(), sums, effort)
    assert looked == [256]


# --- What it is called


def test_small_images_have_structures() -> None:
    for size, shape in ((1, (1, 1)), (3, (3, 1)), (3, (1, 3))):
        found = infer_structure(SignedPermutation.identity(size), shape)
        assert found is not None
    places = grid(3, 1)
    assert [name for name, _ in shifts(places // 1, places * 0)][:1] == ["one cyclic shift"]


def test_blocks_that_are_given_may_be_scrambled_inside() -> None:
    source = np.empty((8, 8), dtype=np.int64)
    places = grid(8, 8)
    for number in range(4):
        corner = np.s_[number // 2 * 4 :, number % 2 * 4 :]
        inside = places[corner][:4, :4].ravel()
        source[corner][:4, :4] = rng(number).permutation(inside).reshape(4, 4)
    sign = np.where(np.arange(64) % 3, 1, -1).astype(np.int8)
    scrambled = SignedPermutation(source.ravel(), sign)
    found = infer_structure(scrambled, (8, 8), block=4)
    assert found is not None
    assert found.unit == (4, 4)
    assert not found.tiles.explained
    assert any("negation per value: 22 of 64" in words for words in found.statements)


def test_pieces_of_two_pixels_have_maps_inside() -> None:
    source = grid(2, 8).reshape(2, 4, 2)[:, rng(3).permutation(4)]
    source[0, :2] = source[0, :2, ::-1]
    found = infer_structure(SignedPermutation(source.ravel(), np.ones(16, np.int8)), (2, 8))
    assert found is not None
    assert found.unit == (1, 2)
    assert any("different maps inside" in words for words in found.statements)


@pytest.mark.parametrize("kind", list(MapKind))
def test_only_what_is_no_image_is_said_to_be_none(kind: MapKind) -> None:
    witness = SimpleNamespace(detail="returned None")
    found = [SimpleNamespace(kind=kind, witness=witness)] * 5
    keys: Any = SimpleNamespace(found=found, keys=[0, 1, 2, 3, 4])
    why = " (it returned None)" if kind is MapKind.NOT_IMAGE else ""
    assert Keys._under(keys, kind) == f"{kind} under 0, 1, 2, 3 and 1 more{why}"


def test_pieces_are_called_what_they_are() -> None:
    names = {
        (1, 1): "single pixels", (4, 6): "whole image", (1, 6): "rows", (4, 1): "columns",
        (2, 2): "blocks of 2 x 2", (1, 2): "pieces of 1 x 2", (2, 1): "pieces of 2 x 1",
    }  # fmt: skip
    assert {unit: piece_name(unit, (4, 6)) for unit in names} == names
    assert piece_name((3, 1), (1, 6)) == "pieces of 3 x 1"


# --- Draws


def bits_of(monkeypatch: pytest.MonkeyPatch, *draws: Callable[[int], Draw]) -> Any:
    """Test draws under eight keys."""
    monkeypatch.setattr(key_audit, "scramble_bits", lambda _: 0.0)
    structures: Any = [
        SimpleNamespace(
            block=1,
            unit=(1, 1),
            layout="axes",
            arrangement="axes",
            size=(1, 64, 1),
            draws=[draw(key) for draw in draws],
        )
        for key in range(8)
    ]
    return key_audit._test_draws(structures)


def order(key: int) -> Draw:
    return permutation("order", rng(key).permutation(64))


def inverse(key: int) -> Draw:
    return permutation("other order", np.argsort(rng(key).permutation(64)))


def still(_key: int) -> Draw:
    return codes("still", np.arange(9) % 5, 8)


def neutral(_key: int) -> Draw:
    return Draw("nothing", DrawKind.CODES, np.zeros(9, np.int64), 8, neutral=True)


def whole(key: int) -> Draw:
    return Draw("numbers", DrawKind.WHOLE, rng(100 + key).integers(0, 8, 5), 8, neutral=False)


def test_what_is_scrambled_inside_is_told_under_a_single_key(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(key_audit, "scramble_bits", lambda _: 1.0)
    for unit, piece in (((1, 1), "pixel"), ((2, 2), "block")):
        structures: Any = [SimpleNamespace(block=2, unit=unit, draws=[])]
        (finding,) = key_audit._test_draws(structures).findings
        assert f"inside the {piece}s" in finding


def test_draws_are_tested_whatever_came_before(monkeypatch: pytest.MonkeyPatch) -> None:
    alone = bits_of(monkeypatch, whole).bits
    assert alone == 15.0
    assert bits_of(monkeypatch, whole, whole, whole).bits == 45.0
    for before in (neutral, still):
        assert bits_of(monkeypatch, before, whole).bits == alone
    once = bits_of(monkeypatch, order)
    again = bits_of(monkeypatch, order, inverse, whole)
    assert again.bits == once.bits + alone
    assert any("is the inverse of" in finding for finding in again.findings)


def test_orders_that_step_around_are_coherent() -> None:
    for step in (1, 9, 15):
        orders = np.array([np.arange(16) * step % 16])
        assert key_audit._coherence(orders) == 1.0


# --- Processes


@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes are forked")
def test_how_a_process_ended_is_told() -> None:
    def ending(_image: Array, key: int) -> Array:
        os._exit(3) if key else os.kill(os.getpid(), 9)
        raise AssertionError

    image = np.zeros((1, 1), np.uint8)
    with open_sandbox(ending, [0, 1], 5, Isolation.PROCESS) as sandbox:
        assert isinstance(sandbox, Forked)
        sandbox.close()  # there is none yet
        ((killed,), (left,)) = (list(sandbox.calls([image], number)) for number in (0, 1))
    assert killed.problem == "ended the process by signal 9 (Killed)"
    assert left.problem == "ended the process with status 3"
