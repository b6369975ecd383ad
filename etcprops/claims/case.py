"""One small case of a claim, drawn by Hypothesis as far as the claim's statement asks for it.

What is drawn keeps to the corners in which statements fail: images of one pixel, blocks of one
pixel, one block, one image, one class, constant and equal images, few grey levels and so ties,
every subset of the steps. Simple cases come first, so that Hypothesis shrinks to them.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from itertools import combinations, product
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from etcprops.claims.implementation import Implementation
from etcprops.scheme.geometry import BlockGeometry
from etcprops.scheme.keys import ALL, EtCKey, Step

if TYPE_CHECKING:
    from hypothesis import strategies as st

Option = TypeVar("Option")

LARGEST = 192
"""Pixels of the largest image."""

ENTRIES_DRAWN, BLOCKS_DRAWN = 48, 16
"""Arrays of at most so many entries are drawn entry by entry, larger ones grow from a seed."""

CHUNK = 160
"""Bytes that are drawn at once."""

LEVELS = ((0, 1), (0, 255), (0, 1, 2), tuple(range(256)))
"""Sets of grey levels: the first ones leave many pixels equal."""

ARRANGEMENTS = ("any", "constant images", "equal images", "constant pixels")


@cache
def small_geometries() -> tuple[BlockGeometry, ...]:
    """Return the geometries of up to `LARGEST` pixels and 4 x 4 blocks of 4 x 4, smallest first."""
    sizes = product(range(1, 5), range(1, 5), range(1, 5), (1, 3))
    found = [
        BlockGeometry(rows * side, columns * side, channels=channels, block=side)
        for side, rows, columns, channels in sizes
        if rows * columns * side**2 * channels <= LARGEST
    ]
    return tuple(sorted(found, key=lambda g: (g.n_pixels, g.channels, g.block, g.height)))


@cache
def subsets(steps: frozenset[Step]) -> tuple[frozenset[Step], ...]:
    """Return the subsets of some steps, the empty one first; half of the entries are all steps."""
    ordered = [step for step in Step if step in steps]
    found = [frozenset(c) for n in range(len(ordered) + 1) for c in combinations(ordered, n)]
    return (*found, *([steps] * (len(found) - 1)))


class Case:
    """What a statement is tried on.

    Parameters
    ----------
    data : DataObject of Hypothesis
        What draws.
    implementation : Implementation
        The implementation under test.
    without : str, optional
        The hypothesis that is dropped.
    largest : int, default=LARGEST
        Pixels of the largest image.

    Attributes
    ----------
    drawn : dict
        What was drawn, by name: with the implementation, all that is needed to replay the case.
    results : dict
        Encrypted images, by name.
    asked : set of str
        The hypotheses that the statement asked about.
    """

    def __init__(
        self,
        data: st.DataObject,
        implementation: Implementation,
        without: str | None = None,
        largest: int = LARGEST,
    ) -> None:
        self.implementation = implementation
        self.without = without
        self.largest = largest
        self.drawn: dict[str, Any] = {}
        self.results: dict[str, Any] = {}
        self.asked: set[str] = set()
        self._data = data
        self._left = b""

    def assumes(self, hypothesis: str) -> bool:
        """Return whether a hypothesis is to be kept; where not, the wider domain is drawn from."""
        self.asked.add(hypothesis)
        return hypothesis != self.without

    def integer(self, name: str, low: int, high: int) -> int:
        """Draw an integer of an inclusive range; the lowest is the simplest."""
        return self._note(name, low + self._index(high - low + 1))

    def choose(self, name: str, options: Sequence[Option]) -> Option:
        """Draw one of some options; the first is the simplest."""
        return self._note(name, options[self._index(len(options))])

    def bits(self, name: str, count: int) -> NDArray[np.bool_]:
        """Draw an array of booleans, shape (count,)."""
        return self._note(name, self._numbers(count, 2).astype(np.bool_))

    def geometry(self, *, largest: int = LARGEST, channels: int | None = None) -> BlockGeometry:
        """Draw a geometry of up to `largest` pixels, grey or colour unless `channels` says."""
        return self._note("geometry", self._of(_geometries(min(largest, self.largest), channels)))

    def key(
        self, geometry: BlockGeometry, steps: frozenset[Step] = ALL, *, name: str = "key"
    ) -> EtCKey:
        """Draw a key with any subset of some steps."""
        if geometry.channels == 1:
            steps -= {Step.COMPONENTS}
        chosen = self._of(subsets(steps))
        blocks = geometry.n_blocks
        # Steps that are not chosen are drawn, too: so nothing else changes when one is dropped.
        arrays = {
            Step.NEGATIVES: self._numbers(blocks, 2),
            Step.TRANSFORMS: self._numbers(blocks, 8),
            Step.COMPONENTS: self._numbers(blocks, 6),
            Step.PERMUTATION: self._order(blocks),
        }
        return self._note(name, EtCKey(geometry, **{step: arrays[step] for step in chosen}))

    def images(
        self, geometry: BlockGeometry, count: int, *, name: str = "images"
    ) -> NDArray[np.uint8]:
        """Draw images: of few grey levels or all, constant, equal, or of constant pixels.

        Returns
        -------
        ndarray of uint8, shape (count, H, W[, 3])
        """
        pixels = self._pixels(count, geometry.n_pixels)
        return self._note(name, pixels.astype(np.uint8).reshape(count, *geometry.shape))

    def encrypted(self, images: NDArray[np.uint8], key: EtCKey) -> NDArray[np.uint8]:
        """Return the images as the implementation encrypts them, remembered for a picture."""
        found = self.implementation.encrypt(images, key)
        self.results[f"encrypted {len(self.results) + 1}" if self.results else "encrypted"] = found
        return found

    def labels(self, count: int, classes: int = 2) -> NDArray[np.int64]:
        """Draw labels, shape (count,), of up to so many classes; one class is among the cases."""
        return self._note("labels", self._numbers(count, classes))

    def rows(self, count: int, length: int, *, name: str = "rows") -> NDArray[np.float64]:
        """Draw floating-point rows of either sign.

        They are integers, fractions, of magnitudes from 2^-60 to 2^60, or such that sums cancel.

        Returns
        -------
        ndarray of float64, shape (count, length)
        """
        rows = self._pixels(count, length) - float(self._index(2) * 128)
        kind = self._of(("integers", "fractions", "magnitudes", "cancelling"))
        if kind != "integers":
            rng = np.random.default_rng(self._index(2**16))
            rows = rows * (1 + rng.random(rows.shape))
            if kind == "magnitudes":
                rows = np.ldexp(rows, rng.integers(-60, 61, rows.shape))
            if kind == "cancelling":
                half = length // 2
                rows[:, half : 2 * half] = -rows[:, :half]
        return self._note(name, np.asarray(rows, dtype=np.float64))

    def order(self, count: int, *, name: str = "order") -> NDArray[np.int64]:
        """Draw an order of so many things, shape (count,); as they are is the simplest."""
        return self._note(name, self._order(count))

    def note(self, name: str, value: Any) -> None:
        """Add to what is shown of the case something that follows from what was drawn."""
        self._note(name, value)

    def _order(self, count: int) -> NDArray[np.int64]:
        seed, kept = self._index(2**16), np.arange(count)
        return np.random.default_rng(seed).permutation(kept) if seed else kept

    def _pixels(self, count: int, length: int) -> NDArray[np.int64]:
        """Draw grey levels, shape (count, length)."""
        levels = np.array(self._of(LEVELS))
        arrangement = self._of(ARRANGEMENTS)
        rows = 1 if arrangement == "equal images" else count
        columns = 1 if arrangement == "constant images" else length
        numbers = self._numbers(rows * columns, len(levels), ENTRIES_DRAWN).reshape(rows, columns)
        pixels = np.broadcast_to(levels[numbers], (count, length)).copy()
        if arrangement == "constant pixels":
            pixels[:, ::2] = pixels[:1, ::2]
        return pixels

    def _numbers(self, count: int, high: int, drawn: int = BLOCKS_DRAWN) -> NDArray[np.int64]:
        """Draw integers from 0 to ``high - 1``, shape (count,), up to `drawn` of them one by one.

        As many bytes are drawn whatever `count` is, so that nothing else changes with the geometry.
        """
        drawn = min(drawn, 3 * self.largest)
        # Backwards: shrinking moves what cannot be 0 to the end, and so to the first things.
        entries = np.frombuffer(self._bytes(drawn), dtype=np.uint8)[::-1]
        if count > drawn:
            return np.random.default_rng(entries).integers(0, high, count)
        return entries[:count].astype(np.int64) * high // 256

    def _of(self, options: Sequence[Option]) -> Option:
        return options[self._index(len(options))]

    def _index(self, count: int) -> int:
        """Draw an integer from 0 to ``count - 1``, evenly, and monotone in its bytes."""
        size = 1 if count <= 2**6 else 2 if count <= 2**16 else 8
        return int.from_bytes(self._bytes(size), "big") * count >> 8 * size

    def _bytes(self, count: int) -> bytes:
        """Draw bytes, many at once.

        Hypothesis likes to repeat the values of small draws, so that most cases would be alike.
        """
        while len(self._left) < count:
            self._left += self._data.draw(
                _chunk(CHUNK if self.largest > ENTRIES_DRAWN else CHUNK // 4)
            )
        drawn, self._left = self._left[:count], self._left[count:]
        return drawn

    def _note(self, name: str, value: Option) -> Option:
        """Remember what was drawn, under a name that is not yet taken, and return it."""
        number = 2
        free = name
        while free in self.drawn:
            free, number = f"{name} {number}", number + 1
        self.drawn[free] = value
        return value


@cache
def _geometries(largest: int, channels: int | None) -> tuple[BlockGeometry, ...]:
    return tuple(
        geometry
        for geometry in small_geometries()
        if geometry.n_pixels <= largest and channels in {None, geometry.channels}
    )


@cache
def _chunk(size: int) -> st.SearchStrategy[bytes]:
    from hypothesis import strategies as st

    return st.binary(min_size=size, max_size=size)


def shown(value: Any) -> str:
    """Return something drawn as text that can be typed in again."""
    if isinstance(value, BlockGeometry):
        depth = "" if value.channels == 1 else f"x{value.channels}"
        return f"{value.height}x{value.width}{depth}/{value.block}"
    if isinstance(value, EtCKey):
        steps = (f"{step}={getattr(value, step).tolist()}" for step in value.steps)
        return f"EtCKey({', '.join(['geometry', *steps])})"
    if isinstance(value, np.ndarray):
        return str(value.tolist())
    return str(value)
