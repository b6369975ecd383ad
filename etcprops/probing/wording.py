"""Descriptions of maps in words, a statement for each step."""

from __future__ import annotations

import numpy as np

from etcprops.probing.model import count as counted
from etcprops.probing.tiles import Tiles, transforms_of


def piece_name(unit: tuple[int, int], size: tuple[int, int]) -> str:
    """Return what pieces of a size are called, in the plural."""
    if unit == (1, 1):
        return "single pixels"
    if unit == size:
        return "whole image"
    if unit[0] == 1 and unit[1] == size[1]:
        return "rows"
    if unit[1] == 1 and unit[0] == size[0]:
        return "columns"
    return f"{'blocks' if unit[0] == unit[1] else 'pieces'} of {unit[0]} x {unit[1]}"


def in_words(
    layout: str, tiles: Tiles, size: tuple[int, int, int], arrangement: str
) -> tuple[str, ...]:
    """Return what pieces do, a statement for each step."""
    height, width, channels = size
    count, unit = tiles.permutation.size, tiles.unit
    pixels = unit[0] * unit[1]
    where = " of the components side by side" if layout == "planes" else ""
    displaced = int(np.count_nonzero(tiles.permutation != np.arange(count)))
    piece = piece_name(unit, (height, width))
    moved = f"{displaced} change their place"
    words = [f"{piece}{where}" if count == 1 else f"{count} {piece}{where}; {moved}"]
    turned = layout == "transposed"
    if turned and count > 1:
        words.append(f"then all is transposed: {height} x {width} becomes {width} x {height}")
    if arrangement != "free":
        words.append(f"arranged by {_arranged(arrangement)}")
    elif pixels == 1 and displaced and layout != "axes":
        words.append(
            "no smaller form fits: no order of rows and columns or of axes, no cyclic shifts of "
            "rows and columns in up to three turns, no linear map of the places"
        )
    if (tiles.codes < 0).any():
        words.append("in-block scramble, not D4")
    elif count == 1 and (turned or tiles.codes.any()):
        words.append(_TURNED[_after(int(tiles.codes[0]), transposed=turned)])
    elif pixels > 1 and tiles.codes.any():
        turns = len(transforms_of(unit))
        words.append(
            f"each is rotated or mirrored by an element of D4, {np.unique(tiles.codes).size} of "
            f"{turns} occur"
        )
    elif pixels > 1:
        words.append("none is rotated or mirrored")
    per_piece = bool((tiles.negatives >= 0).all())
    total = count if per_piece else count * pixels * channels
    negated = int(tiles.negatives.sum()) if per_piece else tiles.negated_pixels
    half = ", exactly half" if 2 * negated == total and total > 1 else ""
    each = ("block" if unit[0] == unit[1] else "piece") if pixels > 1 else "pixel"
    words.append(
        f"negation per {each if per_piece else 'value'}: {negated} of {total}{half}"
        if negated
        else STILL
    )
    if channels == 3:
        words.append(
            f"components in one order a {each}, {np.unique(tiles.orders).size} of 6 occur"
            if (tiles.orders >= 0).all()
            else f"components are not in one order a {each}"
        )
    if pixels > 1 and count > 1:
        maps = tiles.in_block_maps
        words.append(f"{counted(maps, 'different map')} inside {count} {piece}")
    return tuple(words)


STILL = "nothing is negated"

_TURNED = {
    0: "neither turned nor mirrored",
    1: "turned by a quarter, counter-clockwise",
    2: "turned by half",
    3: "turned by a quarter, clockwise",
    4: "mirrored, left and right exchanged",
    5: "mirrored at the diagonal from bottom left to top right",
    6: "mirrored, top and bottom exchanged",
    7: "transposed: mirrored at the diagonal from top left to bottom right",
}


def _after(code: int, *, transposed: bool) -> int:
    """Return the element of D4 that one of those that keep the shape is, once it is transposed."""
    return {0: 7, 2: 5, 4: 1, 6: 3}[code] if transposed else code


def _arranged(arrangement: str) -> str:
    """Return an arrangement in words, with that of the blocks within which pieces move."""
    if not arrangement.startswith("within "):
        return _ARRANGED.get(arrangement, arrangement)
    blocks, _, moves = arrangement.partition(", ")
    how, colon, outer = moves.partition(": ")
    return f"permutations {blocks}, one for each, {how}{colon}{_arranged(outer)}"


_ARRANGED = {
    "one cyclic shift": "one cyclic shift of all",
    "each row shifted": "cyclic shifts, one for each row",
    "each column shifted": "cyclic shifts, one for each column",
    "rows shifted, then columns": "cyclic shifts of each row, then of each column",
    "columns shifted, then rows": "cyclic shifts of each column, then of each row",
    "rows shifted, then columns, then rows": "cyclic shifts of rows, columns and rows again",
    "columns shifted, then rows, then columns": "cyclic shifts of columns, rows and columns again",
    "rows and columns": "one order of the rows and one of the columns",
    "a linear map of the places": "a linear map of the places modulo the side (as Arnold's)",
}
