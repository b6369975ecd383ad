"""From a black box to a verdict: the cascade of tests, the simplest relation first.

The tests are metamorphic relations (Chen et al. 1998). Each is tried only when the ones before have
failed, and none is believed before it was right on images that it was not read from. That the
function gives the same answer twice is asked before any other verdict is given, and again at the
end.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import islice

import numpy as np

from etcprops.probing import extraction, linearity, local
from etcprops.probing.compression import find_compression
from etcprops.probing.dependence import signature
from etcprops.probing.model import (
    Array,
    BitMap,
    Confirmation,
    LocalMap,
    MapKind,
    MapVerdict,
    MapWitness,
    PixelMap,
)
from etcprops.probing.oracle import NoImageError, Oracle
from etcprops.probing.witnesses import find_witness, lost_pixel, two_calls
from etcprops.scheme.signed_permutation import SignedPermutation

LOCAL_LIMIT = 1 << 20
"""Beyond this many pixels sources are not traced: a group test asks 2 log2(n) images, thrice."""


class _NotTheSameTwiceError(Exception):
    """The function gave two results for one image."""

    def __init__(self, vector: Array, outputs: tuple[Array, Array]) -> None:
        super().__init__("not the same result twice")
        self.vector = vector
        self.outputs = outputs


def classify(oracle: Oracle, seed: int) -> MapVerdict:
    """Return what the function behind an oracle does.

    Parameters
    ----------
    oracle : Oracle
        The function under one key; not asked before.
    seed : int
        Of the random images. The verdict's kind does not hang on it, up to the probability that
        the confirmation states.

    Returns
    -------
    MapVerdict
    """
    try:
        return _Classifier(oracle, np.random.default_rng(seed)).verdict()
    except NoImageError as error:
        error = _for_black(oracle, error)
        image = np.asarray(error.image)
        what = "black" if not image.any() else "an image with pixels up to " + f"{image.max():g}"
        reason = f"For {what} of shape {oracle.shape} and type {oracle.scale.dtype}, it "
        witness = MapWitness("every image has an encryption", image, image, None, (), error.reason)
        return MapVerdict(MapKind.NOT_IMAGE, reason + error.reason + ".", witness=witness)
    except _NotTheSameTwiceError as error:
        witness = two_calls(oracle, error.vector, error.outputs)
        reason = (
            "The same image and key gave two different results: it draws at random, or remembers "
            "earlier calls."
        )
        return MapVerdict(MapKind.RANDOMISED, reason, witness=witness)


def _for_black(oracle: Oracle, error: NoImageError) -> NoImageError:
    """Return the error for black if there is one, for that is the smallest image."""
    try:
        oracle.one(np.zeros(oracle.size, dtype=oracle.scale.dtype))
    except NoImageError as smaller:
        return smaller
    return error


class _Classifier:
    """The cascade for one function."""

    def __init__(self, oracle: Oracle, rng: np.random.Generator) -> None:
        self.oracle = oracle
        self.rng = rng
        self.sweep = oracle.size <= extraction.SWEEP_LIMIT and oracle.scale.dtype.kind == "u"
        # The chosen images are made again when they are needed, for they are large.
        *digits, black = oracle.ask(self._chosen())
        self.outputs = [black, *digits]
        self._find_output_scale()

    def _chosen(self) -> Iterator[Array]:
        """Yield the chosen images, black last.

        A function that changes after its first call may make the same of black before and after;
        the digits of the places tell the pixels apart.
        """
        size, scale = self.oracle.size, self.oracle.scale
        yield from islice(extraction.chosen_vectors(size, scale), 1, None)
        yield np.zeros(size, dtype=scale.dtype)

    def _find_output_scale(self) -> None:
        """Take floats of an integer image that are multiples of 1 / level for what they are."""
        oracle, level = self.oracle, self.oracle.scale.level
        if oracle.out_dtype is None or oracle.out_dtype.kind != "f" or level == 1:
            return
        white = oracle.one(oracle.scale.pixels(np.full(oracle.size, level)))
        seen = [*self.outputs, white]
        if max(float(np.abs(v).max()) for v in seen) > 1:
            return
        if all(np.abs(v * level - np.rint(v * level)).max() < 1e-3 for v in seen):
            oracle.output_factor = level
            self.outputs = [np.rint(v * level) for v in self.outputs]
            oracle.notes.add(f"The result is divided by {level}; here it is multiplied by it.")

    def verdict(self) -> MapVerdict:
        """Return the verdict."""
        oracle, scale = self.oracle, self.oracle.scale
        candidate = extraction.read_pixel_map(self.outputs, oracle.size, scale)
        departure = None
        if candidate is not None:
            vectors = extraction.confirming_vectors(oracle.size, scale, self.rng, sweep=self.sweep)
            departure = extraction.first_departure(oracle, candidate, vectors)
        self._ask_again()
        if candidate is not None and departure is None:
            return self._pixel_map(candidate)
        if departure is not None:
            self._same_twice(departure[1], departure[2])
        if candidate is not None:
            verdict = self._with_constants(candidate)
            if verdict is not None:
                return verdict
        verdict = self._by_pixels() or self._by_relations()
        if verdict is None:
            reason = signature(oracle, self.rng, candidate)
            if reason:
                verdict = MapVerdict(MapKind.DATA_DEPENDENT, reason[0].upper() + reason[1:] + ".")
            else:
                verdict = MapVerdict(MapKind.NON_LINEAR, self._how_non_linear())
        self._ask_again()
        return self._with_witness(verdict, None if departure is None else departure[1])

    def _ask_again(self) -> None:
        """Ask for the chosen images once more, the last of them, black, twice in a row."""
        black, *digits = self.outputs
        for vector, before in zip(self._chosen(), [*digits, black], strict=True):
            self._same_twice(vector, before)
        self._same_twice(np.zeros(self.oracle.size, dtype=self.oracle.scale.dtype), black)

    def _same_twice(self, vector: Array, before: Array) -> None:
        again = self.oracle.one(vector)
        if not np.array_equal(again, before):
            raise _NotTheSameTwiceError(vector, (before, again))

    def _confirmed(self) -> Confirmation:
        images = extraction.confirmation_count(sweep=self.sweep)
        uniform = extraction.uniform_count(sweep=self.sweep)
        return Confirmation(images, uniform, self.sweep, self.oracle.queries)

    def _pixel_map(self, found: PixelMap) -> MapVerdict:
        """Return the verdict on a map that was right on every image."""
        oracle = self.oracle
        confirmed = self._confirmed()
        if found.source.size != oracle.size or found.lost.size:
            return self._copy_map(found, confirmed)
        # n pixels reached from n places, none of them lost: a bijection.
        bijection = SignedPermutation._trusted(found.source, found.sign, found.level)  # noqa: SLF001
        negated = int(np.count_nonzero(found.sign < 0))
        calls = len(self.outputs)
        how = f"read off {calls} chosen images, bijective, and right on {confirmed.images} more"
        if negated:
            kind = MapKind.SIGNED_PERMUTATION
            reason = f"Every pixel is shown once, {negated} of {oracle.size} negated: {how}."
        elif np.array_equal(found.source, np.arange(oracle.size)):
            kind, reason = MapKind.IDENTITY, f"Every pixel stays where it is: {how}."
        else:
            kind, reason = MapKind.PERMUTATION, f"Every pixel is shown once, as it is: {how}."
        return MapVerdict(kind, reason, bijection, confirmation=confirmed)

    def _copy_map(self, found: PixelMap, confirmed: Confirmation) -> MapVerdict:
        lost, twice = found.lost.size, found.duplicated.size
        constant = int(np.count_nonzero(found.source < 0))
        reason = (
            f"Every pixel of the result shows one input pixel{', or is constant' * bool(constant)}"
            f": {lost} of {found.size} inputs are lost, {twice} are shown more than once"
            f"{f', {constant} pixels of the result are constant' if constant else ''}."
        )
        witness = lost_pixel(self.oracle, found) or find_witness(self.oracle, self.rng, [])
        return MapVerdict(MapKind.COPY_MAP, reason, found, witness, confirmed)

    def _with_constants(self, candidate: PixelMap) -> MapVerdict | None:
        """Return the verdict on a map some of whose output pixels are constant, or None.

        Black and digits alone take a constant for the first pixel, whose digits are all 0.
        """
        oracle = self.oracle
        constant = candidate.source == 0
        tests = [
            oracle.scale.draw(self.rng, oracle.size)
            for _ in range(extraction.uniform_count(sweep=self.sweep))
        ]
        for output in oracle.ask(tests):
            constant &= output == self.outputs[0]
        if not constant.any():
            return None
        found = PixelMap(
            np.where(constant, -1, candidate.source),
            np.where(constant, np.int8(0), candidate.sign),
            oracle.size,
            candidate.level,
            np.where(constant, self.outputs[0], 0).astype(np.float64),
        )
        vectors = extraction.confirming_vectors(
            oracle.size, oracle.scale, self.rng, sweep=self.sweep
        )
        if extraction.first_departure(oracle, found, vectors) is not None:
            return None
        self._ask_again()
        return self._copy_map(found, self._confirmed())

    def _by_pixels(self) -> MapVerdict | None:
        """Return the verdict if every output pixel follows one input pixel, else None."""
        oracle = self.oracle
        if oracle.size > LOCAL_LIMIT:
            return None
        source, mixed = local.influences(oracle, self.rng)
        if mixed.size:
            return None
        found = local.tabulate(oracle, source, self.rng)
        if found is None:
            return None
        return self._curves(found, local.kind_of_curves(found))

    def _curves(self, found: LocalMap, kind: MapKind) -> MapVerdict | None:
        """Return the verdict on tone curves."""
        oracle = self.oracle
        sampled = (
            f" Sampled: {found.indices.size} of {np.prod(oracle.out_shape)} pixels."
            if found.indices.size < np.prod(oracle.out_shape)
            else ""
        )
        if kind is MapKind.AFFINE:
            return None  # the matrix is found from unit images
        if kind is MapKind.GF2_AFFINE:
            verdict = self._bits(linearity.find_bits(oracle, self.rng))
            return replace(verdict, reason=verdict.reason + sampled)
        levels = np.arange(256, dtype=np.int64)
        wide = found.table.astype(np.int64)
        simple = np.all(wide == levels, axis=1) | np.all(wide == 255 - levels, axis=1)
        rest = int(np.count_nonzero(~simple))
        reason = (
            f"Every pixel of the result depends on one input pixel alone; {rest} of {simple.size} "
            f"neither copy nor negate it, but follow another curve.{sampled}"
        )
        return MapVerdict(MapKind.PIXEL_LOCAL, reason, found)

    def _bits(self, bits: BitMap | None) -> MapVerdict:
        """Return the verdict on a function that is affine over GF(2)."""
        relation = "f(a ^ b ^ c) = f(a) ^ f(b) ^ f(c) for all images that were tried"
        if bits is None:
            reason = f"{relation[0].upper()}{relation[1:]}; its bits are mixed, so none are listed."
            return MapVerdict(MapKind.GF2_AFFINE, f"Sampled. {reason}")
        if bits.pixels_stay_whole:
            what = "Pixels stay whole and are XORed with a mask that is not only 0 and 255"
        elif bits.halves_stay_whole:
            what = "Halves of bytes (nibbles) move on their own, and are XORed with a mask"
        else:
            what = "Bits move on their own, and are XORed with a mask"
        lost = 8 * self.oracle.size - np.unique(bits.source).size
        loss = f"{lost} of {8 * self.oracle.size} bits are lost" if lost else "no bit is lost"
        return MapVerdict(
            MapKind.GF2_AFFINE, f"{what}: linear over bits, not over grey levels; {loss}.", bits
        )

    def _by_relations(self) -> MapVerdict | None:
        """Return the verdict if the function is affine, over the integers or over bits."""
        oracle = self.oracle
        residual, _ = linearity.quadruple_residual(oracle, self.rng)
        if residual == 0:
            found = linearity.find_matrix(oracle, self.rng)
            if found is not None:
                entries = found.matrix.nnz
                whole = found.matrix.data.dtype.kind == "i"
                numbers = "integers" if whole else "real numbers, not integers"
                known = (
                    f"a matrix with {entries} entries, {numbers}"
                    if found.columns is None
                    else f"sampled: {found.columns.size} of {oracle.size} columns, entries are "
                    f"{numbers}"
                )
                return MapVerdict(
                    MapKind.AFFINE, f"Sums of images are kept: y = A x + c, {known}.", found
                )
        if linearity.xor_departure(oracle, self.rng) is None:
            return self._bits(linearity.find_bits(oracle, self.rng))
        self.residual = residual
        return None

    def _how_non_linear(self) -> str:
        """Return how far the function is from an affine one, and what that looks like."""
        oracle, residual = self.oracle, self.residual
        text = (
            f"Sums are not kept: |f(a) + f(b) - f(c) - f(d)| reaches {residual:g} where "
            "a + b = c + d"
        )
        if oracle.size < 64 * 4 or oracle.scale.base != 256:
            return text + "."
        compression = find_compression(oracle, self.rng)
        if compression is not None:
            oracle.notes.add(
                f"{compression} stands in it: the DCT coefficients of what it makes of noise are "
                "multiples of quantization steps."
            )
            return text + "."
        if residual <= 6:
            oracle.notes.add(
                "It is affine up to rounding: a colour conversion such as YCbCr, or an average, "
                "stands in it; distances change by that much."
            )
            return f"{text}: affine but for rounding."
        flat, _ = linearity.quadruple_residual(oracle, self.rng, flat=8)
        if flat <= max(8.0, residual / 4):
            oracle.notes.add(
                f"On images that are flat in 8 x 8 tiles the residual is {flat:g} only: lossy "
                "compression such as JPEG stands in it."
            )
        return f"{text}."

    def _with_witness(self, verdict: MapVerdict, departure: Array | None) -> MapVerdict:
        """Return the verdict with the smallest pair of images that breaks the relation."""
        starts = [] if departure is None else [(np.zeros_like(departure), departure)]
        return replace(verdict, witness=find_witness(self.oracle, self.rng, starts))
