"""Keys that are drawn evenly are accused no more often than stated, whatever moves together.

``pytest --hypothesis-profile=deep tests/probing/test_even_schedules.py`` tries 10,000 schedules.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import settings
from numpy.typing import NDArray
from scipy.stats import binom

from etcprops import BlockGeometry, EtCKey, SignedPermutation
from etcprops.probing.description import Structure
from etcprops.probing.key_audit import KeyAudit, audit_keys, digest
from etcprops.probing.region import describe
from etcprops.probing.uniformity import FAMILY_ERROR

Order = NDArray[np.int64]
Draw = Callable[[np.random.Generator], SignedPermutation]
GREY, COLOUR, PIECES = (12, 16), (8, 8, 3), (16, 24)


def grid(shape: tuple[int, ...]) -> Order:
    return np.arange(int(np.prod(shape))).reshape(shape)


def moved(order: Order) -> SignedPermutation:
    return SignedPermutation(order.reshape(-1), np.ones(order.size))


def values(rng: np.random.Generator) -> SignedPermutation:
    size = int(np.prod(GREY))
    return SignedPermutation(rng.permutation(size), rng.choice([-1, 1], size))


def whole_pixels(rng: np.random.Generator) -> SignedPermutation:
    return moved(grid(COLOUR).reshape(-1, 3)[rng.permutation(64)])


def blocks(rng: np.random.Generator) -> SignedPermutation:
    geometry = BlockGeometry(16, 16, channels=3, block=4)
    return SignedPermutation.from_key(EtCKey.from_secret(geometry, str(rng.integers(1 << 62))))


def negated_components(rng: np.random.Generator) -> SignedPermutation:
    """Move blocks of 4 x 4 whole, and negate each of their components on its own."""
    tiles = grid((16, 16, 3)).reshape(4, 4, 4, 4, 3).swapaxes(1, 2).reshape(16, 16, 3)
    signs = np.broadcast_to(rng.choice([-1, 1], (16, 1, 3)), tiles.shape)
    source, sign = (
        part.reshape(4, 4, 4, 4, 3).swapaxes(1, 2).reshape(-1)
        for part in (tiles[rng.permutation(16)], signs)
    )
    return SignedPermutation(source, sign)


def negated_values(rng: np.random.Generator) -> SignedPermutation:
    return SignedPermutation(np.arange(192), rng.choice([-1, 1], 192))


def negated_and_recoloured(rng: np.random.Generator) -> SignedPermutation:
    source = rng.permuted(grid((64, 3)), axis=1)
    return SignedPermutation(source.reshape(-1), rng.choice([-1, 1], source.size))


def rows(rng: np.random.Generator) -> SignedPermutation:
    return moved(grid(GREY)[rng.permutation(GREY[0])])


def rows_and_columns(rng: np.random.Generator) -> SignedPermutation:
    return moved(grid(GREY)[rng.permutation(GREY[0])][:, rng.permutation(GREY[1])])


def pieces(rng: np.random.Generator) -> SignedPermutation:
    """Move pieces of 4 x 6 and turn them by half a turn."""
    tiles = grid(PIECES).reshape(4, 4, 4, 6).swapaxes(1, 2).reshape(16, 4, 6)
    tiles = tiles[rng.permutation(16)]
    turned = np.where(rng.integers(0, 2, 16)[:, None, None], tiles[:, ::-1, ::-1], tiles)
    flipped = np.where(rng.integers(0, 2, 16)[:, None, None], turned[:, ::-1], turned)
    return moved(flipped.reshape(4, 4, 4, 6).swapaxes(1, 2))


def shifted_rows(rng: np.random.Generator) -> SignedPermutation:
    shifts = rng.integers(0, GREY[1], GREY[0])
    return moved(np.stack([np.roll(r, s) for r, s in zip(grid(GREY), shifts, strict=True)]))


def rubik(rng: np.random.Generator) -> SignedPermutation:
    image = grid(GREY)
    image = np.stack([np.roll(r, rng.integers(GREY[1])) for r in image])
    return moved(np.stack([np.roll(c, rng.integers(GREY[0])) for c in image.T]).T)


def three_turns(rng: np.random.Generator) -> SignedPermutation:
    image = grid(GREY)
    for turn in range(3):
        image = image.T if turn % 2 else image
        image = np.stack([np.roll(r, rng.integers(r.size)) for r in image])
        image = image.T if turn % 2 else image
    return moved(image)


def each_component(rng: np.random.Generator) -> SignedPermutation:
    planes = np.moveaxis(grid(COLOUR), -1, 0).reshape(3, -1)
    return moved(np.stack([p[rng.permutation(64)] for p in planes], axis=-1))


def within_rows(rng: np.random.Generator) -> SignedPermutation:
    return moved(np.stack([r[rng.permutation(GREY[1])] for r in grid(GREY)]))


def within_blocks(rng: np.random.Generator) -> SignedPermutation:
    """Shuffle the pixels of each block of 4 x 4; no block moves."""
    return shuffled_inside(rng, np.arange(16))


def moved_and_within(rng: np.random.Generator) -> SignedPermutation:
    return shuffled_inside(rng, rng.permutation(16))


def one_order_within(rng: np.random.Generator) -> SignedPermutation:
    """Shuffle the pixels of all blocks of 4 x 4 in one and the same order."""
    tiles = grid((16, 16)).reshape(4, 4, 4, 4).swapaxes(1, 2).reshape(16, 16)
    return moved(tiles[:, rng.permutation(16)].reshape(4, 4, 4, 4).swapaxes(1, 2))


def one_order_turned(rng: np.random.Generator) -> SignedPermutation:
    """Shuffle the pixels of all rows in one order, each shifted by its own number of places."""
    order, shifts = rng.permutation(16), rng.integers(0, 16, (16, 1))
    places = (np.arange(16) + shifts) % 16
    return moved(np.take_along_axis(grid((16, 16)), order[places], axis=1))


def rows_as_columns(rng: np.random.Generator) -> SignedPermutation:
    order = rng.permutation(16)
    return moved(grid((16, 16))[order][:, order])


def rows_against_columns(rng: np.random.Generator) -> SignedPermutation:
    order = rng.permutation(16)
    return moved(grid((16, 16))[order][:, np.argsort(order)])


def shuffled_inside(rng: np.random.Generator, order: Order) -> SignedPermutation:
    tiles = grid((16, 16, 3)).reshape(4, 4, 4, 4, 3).swapaxes(1, 2).reshape(16, 16, 3)[order]
    inside = rng.permuted(np.tile(np.arange(16), (16, 1)), axis=1)
    shuffled = np.take_along_axis(tiles, inside[..., None], axis=1)
    return moved(shuffled.reshape(4, 4, 4, 4, 3).swapaxes(1, 2))


def border_left(rng: np.random.Generator) -> SignedPermutation:
    """Move whole blocks of 4 x 4 of an image that they do not divide."""
    order = grid((18, 19))
    tiles = order[:16, :16].reshape(4, 4, 4, 4).swapaxes(1, 2).reshape(16, 4, 4)
    tiles = tiles[rng.permutation(16)]
    order[:16, :16] = tiles.reshape(4, 4, 4, 4).swapaxes(1, 2).reshape(16, 16)
    return moved(order)


def some_rows(rng: np.random.Generator) -> SignedPermutation:
    order = grid((16, 16))
    order[4:12] = order[4 + rng.permutation(8)]
    return moved(order)


def one_component(rng: np.random.Generator) -> SignedPermutation:
    order = grid(COLOUR)
    order[..., 1] = order[..., 1].reshape(-1)[rng.permutation(64)].reshape(COLOUR[:2])
    return moved(order)


def one_shift(rng: np.random.Generator) -> SignedPermutation:
    down, right = (int(rng.integers(side)) for side in GREY)
    return moved(np.roll(grid(GREY), (down, right), (0, 1)))


def flips(rng: np.random.Generator) -> SignedPermutation:
    image = grid((8, 8))
    image = np.rot90(image, int(rng.integers(4)))
    return moved(image[:, ::-1] if rng.integers(2) else image)


KINDS: dict[str, tuple[Draw, tuple[int, ...], float]] = {
    "values": (values, GREY, 0),
    "whole pixels": (whole_pixels, COLOUR, 295.99),
    "blocks": (blocks, (16, 16, 3), 0),
    "components of blocks negated": (negated_components, (16, 16, 3), 44.25 + 48),
    "values negated": (negated_values, COLOUR, 192),
    "values negated, components in any order": (negated_and_recoloured, COLOUR, 192 + 165.437),
    "rows": (rows, GREY, 28.835),
    "rows and columns": (rows_and_columns, GREY, 28.835 + 44.25),
    "pieces": (pieces, PIECES, 44.25 + 32),
    "shifted rows": (shifted_rows, GREY, 48),
    "rows shifted, then columns": (rubik, GREY, 48 + 16 * 3.585),
    "rows shifted, then columns, then rows": (three_turns, GREY, 2 * 48 - 4 + 16 * 3.585),
    "each component": (each_component, COLOUR, 3 * 295.99),
    "within rows": (within_rows, GREY, 12 * 44.25),
    "within blocks": (within_blocks, (16, 16, 3), 16 * 44.25),
    "blocks, and within them": (moved_and_within, (16, 16, 3), 17 * 44.25),
    "one order within rows, turned": (one_order_turned, (16, 16), 44.25 + 15 * 4),
    "one order within blocks": (one_order_within, (16, 16), 44.25),
    "rows and columns in one order": (rows_as_columns, (16, 16), 44.25),
    "rows and columns, inverse": (rows_against_columns, (16, 16), 44.25),
    "blocks of a part": (border_left, (18, 19), 44.25),
    "rows of a part": (some_rows, (16, 16), 15.299),
    "one component": (one_component, COLOUR, 295.995),
    "one shift": (one_shift, GREY, 0),
    "flips": (flips, (8, 8), 0),
}
ACCUSES = ("Not uniform", "not depend", "for every", "Exactly half", "not used")


def audited(draw: Draw, shape: tuple[int, ...], keys: int, seed: int) -> tuple[KeyAudit, Structure]:
    rng = np.random.default_rng([seed, keys])
    maps = [draw(rng) for _ in range(keys)]
    structures = describe(maps, shape, shape)
    names = {n: digest([m.source, m.sign]) for n, m in enumerate(maps)}
    return audit_keys(names, structures), structures[0]


def accused(audit: KeyAudit) -> bool:
    return any(word in finding for finding in audit.findings for word in ACCUSES)


@pytest.mark.sampled(5)
@pytest.mark.parametrize("kind", KINDS)
def test_even_schedules_are_not_accused(kind: str) -> None:
    draw, shape, _ = KINDS[kind]
    examples = settings().max_examples
    # 10 schedules a kind by default, 1,000 in the profile "deep".
    cases = 10 if examples <= 60 else 1000
    found = 0
    for seed in range(cases):
        keys = (2, 3, 4, 8, 24)[seed % 5]
        found += accused(audited(draw, shape, keys, seed)[0])
    # One in ten thousand runs of a true level is beyond this.
    assert found <= binom.ppf(1 - 1e-4, cases, FAMILY_ERROR)


@pytest.mark.parametrize("kind", [k for k, v in KINDS.items() if v[2]])
def test_the_smallest_description_is_found(kind: str) -> None:
    draw, shape, bits = KINDS[kind]
    audit, structure = audited(draw, shape, 8, 1)
    assert audit.claimed_bits == pytest.approx(bits, abs=0.02)
    assert audit.effective_bits == pytest.approx(bits, abs=0.02)
    assert "bits" in structure.chosen
    assert structure.chosen in structure.statements


def test_two_identities_are_no_proof_that_the_key_goes_unused() -> None:
    """Of eight maps two keys draw the same one often."""
    found = {}
    for keys in (2, 30):
        audit, _ = audited(lambda _: moved(grid((8, 8))), (8, 8), keys, 0)
        found[keys] = audit.findings[0]
        assert accused(audit) == (keys == 30)
    assert found[2].startswith("The key may go unused: 2 keys give one and the same map")
    assert found[30] == "The key is not used: 30 keys give one and the same map."


def test_the_direction_of_rows_and_columns_is_told() -> None:
    for name, words in (("rows", "12 rows"), ("shifted rows", "one for each row")):
        draw, shape, _ = KINDS[name]
        _, structure = audited(draw, shape, 6, 0)
        assert any(words in statement for statement in structure.statements)


def biased(rng: np.random.Generator, count: int) -> Order:
    order = np.arange(count)
    for index in range(count):
        other = int(rng.integers(count))
        order[[index, other]] = order[[other, index]]
    return order


@pytest.mark.thorough
def test_uneven_rows_are_still_accused() -> None:
    audit, _ = audited(lambda rng: moved(grid(GREY)[biased(rng, 12)]), GREY, 800, 0)
    assert any("Not uniform: source of each" in finding for finding in audit.findings)


def uneven_inside(rng: np.random.Generator) -> SignedPermutation:
    """Shuffle the pixels of each block of 4 x 4, each swapped with any."""
    tiles = grid((16, 16)).reshape(4, 4, 4, 4).swapaxes(1, 2).reshape(16, 16)
    shuffled = np.stack([tile[biased(rng, 16)] for tile in tiles])
    return moved(shuffled.reshape(4, 4, 4, 4).swapaxes(1, 2))


def test_uneven_orders_within_blocks_are_accused() -> None:
    audit, structure = audited(uneven_inside, (16, 16), 60, 0)
    assert any("Not uniform: source of each" in finding for finding in audit.findings)
    assert structure.arrangement == "within blocks of 4 x 4, which stay"


def test_blocks_within_which_pixels_move_are_told() -> None:
    for name, says in (("within blocks", "stay"), ("blocks, and within them", "move")):
        draw, shape, _ = KINDS[name]
        audit, structure = audited(draw, shape, 6, 0)
        words = f"arranged by permutations within blocks of 4 x 4, one for each, which {says}"
        assert words in structure.statements
        assert "256 single pixels; " in structure.statements[0]
        assert audit.tests


def test_draws_that_are_one_are_told() -> None:
    says = {
        "one order within blocks": "of 16, it is one and the same under every key.",
        "rows and columns in one order": "is the same as the order of the rows",
        "rows and columns, inverse": "is the inverse of the order of the rows",
    }
    for name, words in says.items():
        draw, shape, _ = KINDS[name]
        audit, _ = audited(draw, shape, 3, 0)
        assert any(words in finding for finding in audit.findings)
    # Two orders under one key, or two that differ under one of many, say nothing.
    assert audited(rows_as_columns, (16, 16), 1, 0)[0].claimed_bits == pytest.approx(88.5, abs=0.02)

    def mostly(rng: np.random.Generator) -> SignedPermutation:
        order = rng.permutation(16)
        other = order if rng.integers(8) else rng.permutation(16)
        return moved(grid((16, 16))[order][:, other])

    audit, _ = audited(mostly, (16, 16), 40, 0)
    assert audit.claimed_bits == pytest.approx(88.5, abs=0.02)
    assert not audit.findings


@pytest.mark.thorough
def test_uneven_draws_that_are_one_are_accused() -> None:
    def alike(rng: np.random.Generator) -> SignedPermutation:
        order = biased(rng, 16)
        return moved(grid((16, 16))[order][:, order])

    audit, _ = audited(alike, (16, 16), 800, 0)
    assert all("order of the rows" in test.name for test in audit.tests)
    assert any("Not uniform: source of each" in finding for finding in audit.findings)


def test_a_key_that_moves_nothing_is_named_and_left_out() -> None:
    still = iter([True, False, False])

    def shuffled(rng: np.random.Generator) -> SignedPermutation:
        return moved(grid(COLOUR)) if next(still) else whole_pixels(rng)

    audit, _ = audited(shuffled, COLOUR, 3, 0)
    assert audit.tests
    (finding,) = audit.findings
    assert finding.startswith("Under 1 of 3 keys the permutation of the single pixels moves noth")


@pytest.mark.thorough
def test_bits_of_an_uneven_draw_are_an_upper_bound() -> None:
    """All shift along one curve: the maps commute, and 192 places are 192 maps."""
    curve = np.random.default_rng(7).permutation(192)

    def along(rng: np.random.Generator) -> SignedPermutation:
        order = np.empty(192, dtype=np.int64)
        order[curve] = np.roll(curve, rng.integers(192))
        return moved(order)

    audit, _ = audited(along, GREY, 8, 0)
    assert audit.distinct_maps == 8
    assert audit.effective_bits == pytest.approx(np.log2(192))
    assert any(f.endswith("such are at most 2^7.6.") for f in audit.findings)
    audit, _ = audited(lambda rng: moved(grid(GREY)[biased(rng, 12)]), GREY, 800, 0)
    assert "Of what is drawn unevenly, 28.8 bits are left at most." in audit.findings


def test_what_has_no_test_is_said() -> None:
    """All values of a block in one order: no pixel keeps its components."""

    def values_inside(rng: np.random.Generator) -> SignedPermutation:
        tiles = grid((8, 8, 3)).reshape(2, 4, 2, 4, 3).swapaxes(1, 2).reshape(4, 48)
        shuffled = rng.permuted(tiles, axis=1)
        return moved(shuffled.reshape(2, 2, 4, 4, 3).swapaxes(1, 2))

    audit, _ = audited(values_inside, (8, 8, 3), 24, 0)
    assert not audit.tests
    says = "Whether what happens inside the blocks is drawn evenly was not tested."
    assert says in audit.findings


def test_in_block_scrambles_have_the_bits_of_what_each_block_chooses() -> None:
    """One order for all blocks, one of two for each, or one of its own for each."""
    tiles = grid((8, 8, 3)).reshape(2, 4, 2, 4, 3).swapaxes(1, 2).reshape(4, 48)
    inside = 202.95  # log2(48!)

    def scrambled(number: int) -> Draw:
        def drawn(rng: np.random.Generator) -> SignedPermutation:
            orders = rng.permuted(np.tile(np.arange(48), (number, 1)), axis=1)
            chosen = np.arange(4) % number
            mixed = np.take_along_axis(tiles[rng.permutation(4)], orders[chosen], axis=1)
            return moved(mixed.reshape(2, 2, 4, 4, 3).swapaxes(1, 2))

        return drawn

    for number, bits in ((1, inside), (2, 2 * inside + 4), (4, 4 * inside)):
        audit, _ = audited(scrambled(number), (8, 8, 3), 8, 0)
        assert audit.claimed_bits == pytest.approx(np.log2(24) + bits, abs=0.02)


def test_numbers_that_no_key_changes_are_no_bits() -> None:
    """A cat map with two numbers of a key: its matrix has a third, which these tell."""
    y, x = np.mgrid[:16, :16]

    def cat(rng: np.random.Generator) -> SignedPermutation:
        a, b = rng.integers(1, 16, 2)
        order = np.empty((16, 16), dtype=np.int64)
        order[(y + b * x) % 16, (a * y + (a * b + 1) * x) % 16] = grid((16, 16))
        return moved(order)

    audit, structure = audited(cat, (16, 16), 12, 0)
    assert structure.arrangement == "a linear map of the places"
    assert audit.claimed_bits == 24
    assert audit.effective_bits == 12
    says = "Of the 6 numbers in the matrix of the places, 3 never change with the key."
    assert says in audit.findings


def test_a_part_that_changes_is_the_image() -> None:
    audit, structure = audited(border_left, (18, 19), 4, 0)
    assert structure.statements[0] == "16 blocks of 4 x 4; 15 change their place"
    assert structure.statements[1] == "only rows 0 to 15 and columns 0 to 15 change under any key"
    assert structure.key is None, "blocks of 4 x 4 do not divide the image"
    assert audit.claimed_bits == pytest.approx(44.25, abs=0.02)
    # That one row of 16 stays, or one pixel of a corner, is chance.
    chance, whole = audited(
        lambda rng: moved(grid((16, 16))[[*rng.permutation(15).tolist(), 15]]), (16, 16), 1, 0
    )
    assert chance.claimed_bits == pytest.approx(44.25, abs=0.02)
    assert not any("change under any key" in statement for statement in whole.statements)


def test_a_key_of_the_whole_image_is_found_though_only_a_part_changes() -> None:
    geometry = BlockGeometry(32, 32, block=4)
    key = EtCKey(geometry, negatives=np.arange(64) == 9, transforms=3 * (np.arange(64) == 10))
    _, structure = audited(lambda _: SignedPermutation.from_key(key), (32, 32), 2, 0)
    assert "only rows 4 to 7 and columns 4 to 11 change under any key" in structure.statements
    assert structure.key is not None
    assert SignedPermutation.from_key(structure.key) == SignedPermutation.from_key(key)


def test_orders_that_move_nothing_are_no_draws() -> None:
    audit, _ = audited(one_component, COLOUR, 8, 0)
    assert any("of 3, 2 move nothing under any key." in finding for finding in audit.findings)
    assert audit.tests


def test_what_leaves_most_in_place_is_said_to() -> None:
    def swaps(rng: np.random.Generator) -> SignedPermutation:
        order = np.arange(192)
        for _ in range(40):
            pair = rng.integers(0, 192, 2)
            order[pair] = order[pair[::-1]]
        return moved(order)

    audit, _ = audited(swaps, GREY, 8, 0)
    (finding,) = audit.findings
    assert "in place, of which an even draw leaves one on average; whether it is" in finding


def test_one_piece_that_leaves_its_block_is_another_description() -> None:
    def strays(rng: np.random.Generator) -> SignedPermutation:
        source = within_blocks(rng).source.reshape(-1, 3).copy()
        source[[0, -1]] = source[[-1, 0]]
        return moved(source)

    assert audited(strays, (16, 16, 3), 6, 0)[1].arrangement == "free"


def test_pieces_that_never_move_are_said_not_to() -> None:
    """Negation per value, and an order of the components per pixel: no pixel moves."""

    def recoloured(rng: np.random.Generator) -> SignedPermutation:
        source = rng.permuted(grid((256, 3)), axis=1)
        return SignedPermutation(source.reshape(-1), rng.choice([-1, 1], source.size))

    _, structure = audited(recoloured, (16, 16, 3), 24, 0)
    assert structure.statements[0] == "256 single pixels; 0 change their place"
    assert not any("arranged by" in statement for statement in structure.statements)


def logistic(value: float) -> float:
    return 3.999999999999 * value * (1 - value)


def skewed_tent(value: float) -> float:
    return value / 0.37 if value < 0.37 else (1 - value) / 0.63


def sine(value: float) -> float:
    return float(0.99 * np.sin(np.pi * value))


Step = Callable[[float], float]


def sorted_orbit(step: Step, rng: np.random.Generator, count: int) -> Order:
    """Return the order that sorts an orbit, as many scramblers have it."""
    value, orbit = float(rng.uniform(0.1, 0.9)), []
    for _ in range(100 + count):
        value = step(value)
        orbit.append(value)
    return np.argsort(orbit[100:])


@pytest.mark.parametrize("step", [logistic, skewed_tent, sine])
@pytest.mark.parametrize("inverse", [False, True])
def test_sorted_orbits_are_accused(step: Step, *, inverse: bool) -> None:
    def drawn(rng: np.random.Generator) -> SignedPermutation:
        order = sorted_orbit(step, rng, 768)
        return moved(np.argsort(order) if inverse else order)

    audit, _ = audited(drawn, (24, 32), 2, 0)
    what = "sources" if inverse else "places"
    assert any(f"order of three neighbouring {what}" in f for f in audit.findings)


@pytest.mark.parametrize(
    ("axes", "how"),
    [
        ((0, 1, 2), ", pixel by pixel"),
        ((2, 0, 1), ", component by component"),
        ((0, 2, 1), ""),
    ],
)
def test_sorted_orbits_are_accused_however_values_are_read(axes: tuple[int, ...], how: str) -> None:
    """Components are looked at side by side, where neighbours in the image are none."""
    reading = grid((16, 16, 3)).transpose(axes).reshape(-1)

    def drawn(rng: np.random.Generator) -> SignedPermutation:
        source = np.empty(768, dtype=np.int64)
        source[reading] = reading[sorted_orbit(logistic, rng, 768)]
        return moved(source)

    audit, structure = audited(drawn, (16, 16, 3), 2, 0)
    assert structure.beside == 3
    assert any(f"neighbouring places{how}, perm" in f for f in audit.findings)


def test_orbits_that_run_down_the_columns_are_accused() -> None:
    reading = grid((24, 32)).T.reshape(-1)

    def drawn(rng: np.random.Generator) -> SignedPermutation:
        source = np.empty(768, dtype=np.int64)
        source[reading] = reading[sorted_orbit(logistic, rng, 768)]
        return moved(source)

    audit, _ = audited(drawn, (24, 32), 2, 0)
    assert any("neighbouring places, down the columns" in f for f in audit.findings)


def turned_rows(rng: np.random.Generator) -> SignedPermutation:
    """Shuffle all rows in one order, each from another place on: as one package's md5 does."""
    order = rng.permutation(16)
    places = (order[:, None] + np.arange(16)) % 16
    return moved(np.take_along_axis(grid((16, 16)), order[places], axis=1))


def renamed_rows(rng: np.random.Generator) -> SignedPermutation:
    order, shifts = rng.permutation(16), rng.integers(0, 16, (16, 1))
    return moved(np.take_along_axis(grid((16, 16)), (order + shifts) % 16, axis=1))


@pytest.mark.parametrize("draw", [turned_rows, renamed_rows])
def test_orders_that_are_shifts_of_each_other_are_one_and_shifts(draw: Draw) -> None:
    audit, structure = audited(draw, (16, 16), 8, 0)
    assert "permutations within rows" in structure.statements[1]
    assert any("of 16, 15 are cyclic shifts of others" in f for f in audit.findings)
    assert audit.claimed_bits == pytest.approx(44.25 + 15 * 4, abs=0.02)
    assert audit.effective_bits == pytest.approx(44.25 + 15 * 4, abs=0.02)
    assert not accused(audit)
    # Any two orders of three are shifts of each other, or of the inverse of the other.
    few, _ = audited(lambda rng: moved(rng.permuted(grid((2, 3)), axis=1)), (2, 3), 2, 0)
    assert not any("cyclic" in f for f in few.findings)


def test_uneven_shifts_are_still_accused() -> None:
    def few(rng: np.random.Generator) -> SignedPermutation:
        shifts = rng.integers(0, 4, GREY[0])
        return moved(np.stack([np.roll(r, s) for r, s in zip(grid(GREY), shifts, strict=True)]))

    audit, _ = audited(few, GREY, 30, 0)
    assert any("Not uniform: shift of each row" in finding for finding in audit.findings)
    assert audit.effective_bits == pytest.approx(12 * 2)
