"""From a black box to a verdict: the cascade of tests, the simplest relation first.

The tests are metamorphic relations (Chen et al. 1998). Each is tried only when the ones before have
failed, and none is believed before it was right on images that it was not read from. That the
function gives the same answer twice is asked before any other verdict is given, and again at the
end. An image that has no encryption is a finding; only a function that has none for any is no
function of images.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from etcprops.probing import bits, extraction, linearity, local, verdicts
from etcprops.probing.budget import FULL, BudgetSpentError, Effort
from etcprops.probing.dependence import signature
from etcprops.probing.isometry import decide
from etcprops.probing.model import (
    Array,
    Confirmation,
    MapKind,
    MapVerdict,
    MapWitness,
    PixelMap,
    count,
)
from etcprops.probing.oracle import NoImageError, Oracle
from etcprops.probing.reading import Reader
from etcprops.probing.residuals import how_non_linear
from etcprops.probing.witnesses import find_witness, lost_pixel, same_residue, two_calls

LOCAL_LIMIT = 1 << 20
"""Beyond this many pixels sources are not traced: a group test asks 2 log2(n) images, thrice."""

MODULUS = 256
"""Of sums that wrap around in a byte."""

SURVEYED = 5
"""Other shapes that are tried afterwards, at most, unless there is no image."""


class _NotTheSameTwiceError(Exception):
    """The function gave two results for one image."""

    def __init__(self, vector: Array, outputs: tuple[Array, Array]) -> None:
        super().__init__("not the same result twice")
        self.vector = vector
        self.outputs = outputs


def classify(oracle: Oracle, seed: int, effort: Effort = FULL) -> MapVerdict:
    """Return what the function behind an oracle does.

    Parameters
    ----------
    oracle : Oracle
        The function under one key.
    seed : int
        Of the random images. The verdict's kind does not hang on it, up to the probability that
        the confirmation states.
    effort : Effort
        How much is asked.

    Returns
    -------
    MapVerdict
        "not decided" if the budget ended first, or Ctrl-C ended it.
    """
    classifier = _Classifier(oracle, np.random.default_rng(seed), effort)
    try:
        return classifier.verdict()
    except NoImageError as error:
        return _no_image(oracle, error)
    except BudgetSpentError:
        return classifier.partial()
    except KeyboardInterrupt:
        oracle.budget.interrupt()
        return classifier.partial()
    except _NotTheSameTwiceError as error:
        witness = two_calls(oracle, error.vector, error.outputs)
        reason = (
            "The same image and key gave two different results: it draws at random, or remembers "
            "earlier calls."
        )
        return MapVerdict(MapKind.RANDOMISED, reason, witness=witness)


def _no_image(oracle: Oracle, error: NoImageError) -> MapVerdict:
    """Return the verdict on a function that encrypts no image, shown by black if possible."""
    if "did not return" not in error.reason:
        try:
            oracle.one(np.zeros(oracle.size, dtype=oracle.scale.dtype))
        except NoImageError as smaller:
            error = smaller
    image = np.asarray(error.image)
    what = "black" if not image.any() else f"an image with pixels up to {image.max():g}"
    reason = f"For {what} of shape {oracle.shape} and type {oracle.scale.dtype}, it {error.reason}."
    witness = MapWitness("every image has an encryption", image, image, None, (), error.reason)
    return MapVerdict(MapKind.NOT_IMAGE, reason, witness=witness)


class _Classifier:
    """The cascade for one function."""

    def __init__(self, oracle: Oracle, rng: np.random.Generator, effort: Effort) -> None:
        self.oracle = oracle
        self.rng = rng
        self.effort = effort
        swept = effort.sweep and oracle.size <= extraction.SWEEP_LIMIT
        self.effort = replace(effort, sweep=swept and oracle.scale.dtype.kind == "u")
        self.reader = Reader(oracle, rng)
        self.excluded: list[str] = []
        self.right = self.right_on_noise = 0
        self.source: Array | None = None
        self.reached: MapVerdict | None = None

    def verdict(self) -> MapVerdict:
        """Return the verdict."""
        self._enter("to read the map off")
        self.reader.read()
        candidate, departure = self.reader.candidate, None
        if candidate is not None:
            departure = self._confirm(candidate)
        self._ask_again()
        if candidate is not None and departure is None and self.right:
            return self._pixel_map(candidate)
        if departure is not None:
            self._same_twice(*departure)
        # A pixel whose answers name none, or the wrong one, may be constant.
        constants = self._with_constants()
        if constants is not None:
            return constants
        self.excluded.append("no signed permutation and no copy map")
        verdict = self._by_sums() or self._by_bits() or self._modular() or self._by_pixels()
        if verdict is None:
            self._enter("to see why it is not linear")
            reason = signature(self.oracle, self.rng, candidate)
            if reason:
                verdict = MapVerdict(MapKind.DATA_DEPENDENT, reason[0].upper() + reason[1:] + ".")
            else:
                text = how_non_linear(self.oracle, self.rng, self.sums, self.effort)
                verdict = MapVerdict(MapKind.NON_LINEAR, text)
        self._ask_again()
        self.reached = verdict
        self._enter("to find a small witness", self.effort.witness)
        starts = [v for v, _ in (departure,) if v is not None] if departure is not None else []
        witness = find_witness(self.oracle, self.rng, starts, self.effort.witness)
        return replace(verdict, witness=verdict.witness or witness)

    def partial(self) -> MapVerdict:
        """Return what is known when the budget ends."""
        if self.reached is not None:
            self.oracle.budget.miss("a small witness")
            return self.reached
        if self.reader.candidate is not None and self.right:
            self.oracle.budget.miss("some of the images that confirm a map")
            return self._pixel_map(self.reader.candidate)
        known = f"; so far: {', '.join(self.excluded)}" if self.excluded else ""
        calls = count(self.oracle.queries, "call")
        reason = (
            f"{self.oracle.budget.ending} after {calls} under this key, before its class was "
            f"known{known}."
        )
        return MapVerdict(MapKind.UNDECIDED, reason)

    def _enter(self, stage: str, calls: int = 0) -> None:
        """Say what the next calls are for, and about how many there are to come."""
        self.oracle.budget.enter(stage)
        if calls and self.effort.shapes:  # one of several short looks says nothing of the whole
            self.oracle.budget.plan(calls)

    # --- Signed permutations and copy maps

    def _confirm(self, found: PixelMap) -> tuple[Array, Array] | None:
        """Return the first image, with its output, on which a map is not right."""
        oracle, noise = self.oracle, extraction.uniform_count(self.oracle.size, self.effort)
        self.right = self.right_on_noise = 0
        vectors = extraction.confirming_vectors(oracle.size, oracle.scale, self.rng, self.effort)
        chosen = (2 + SURVEYED) * len(self.reader.outputs)
        confirmed = extraction.confirming_count(oracle.size, self.effort)
        self._enter("to confirm it", confirmed + chosen)
        for number, (vector, got) in enumerate(oracle.answered(vectors)):
            expected = extraction.predict(found, vector, oracle.scale)
            if extraction.wrong_pixels(expected, got, oracle.scale).size:
                return vector, got
            self.right += 1
            self.right_on_noise += number < noise
        return None

    def _ask_again(self) -> None:
        """Ask for the chosen images once more, the last of them twice in a row."""
        if not self.effort.again:
            return
        self._enter("to see whether it answers alike twice")
        pairs = list(zip(self.reader.chosen(), self.reader.outputs, strict=False))
        for vector, before in pairs[-self.effort.again :]:
            self._same_twice(vector, before)
        if self.effort.again > 1 and pairs:
            self._same_twice(*pairs[-1])

    def _same_twice(self, vector: Array, before: Array) -> None:
        again = self.oracle.one(vector)
        if not np.array_equal(again, before):
            raise _NotTheSameTwiceError(vector, (before, again))

    def _confirmed(self) -> Confirmation:
        swept = self.effort.sweep and self.right >= 256
        return Confirmation(self.right, self.right_on_noise, swept, self.oracle.queries)

    def _pixel_map(self, found: PixelMap) -> MapVerdict:
        """Return the verdict on a map that was right on every image."""
        if found.source.size != self.oracle.size or found.lost.size:
            return self._copy_map(found)
        return verdicts.bijective(found, len(self.reader.outputs), self._confirmed())

    def _copy_map(self, found: PixelMap) -> MapVerdict:
        kept = decide(found.matrix(), found.offset)
        self._enter("to find a small witness")
        try:
            witness = lost_pixel(self.oracle, found) or find_witness(
                self.oracle, self.rng, [], self.effort.witness
            )
        except BudgetSpentError:
            witness = None
        return verdicts.copy_map(found, kept, witness, self._confirmed())

    def _with_constants(self) -> MapVerdict | None:
        """Return the verdict on a map some of whose output pixels are constant, or None."""
        oracle, scale = self.oracle, self.oracle.scale
        if not self.reader.outputs:
            return None
        first = self.reader.outputs[0]
        constant = np.ones(first.size, dtype=np.bool_)
        for output in self.reader.outputs[1:]:
            constant &= output == first
        # A pixel changes between an image and its negative, and between most images of noise.
        self._enter("to find constant pixels")
        noise = [scale.draw(self.rng, oracle.size) for _ in range(2 if self.effort.sweep else 1)]
        negatives = [np.asarray(scale.level - v).astype(v.dtype) for v in noise]
        for _, output in oracle.answered([*noise, *negatives]):
            constant &= output == first
            if not constant.any():
                return None
        read = [np.where(constant, 0, v) for v in self.reader.outputs]
        found = extraction.read_pixel_map(read, oracle.size, scale, self.reader.start)
        if found is None:
            return None
        found = PixelMap(
            np.where(constant, -1, found.source),
            np.where(constant, np.int8(0), found.sign),
            oracle.size,
            found.level,
            np.where(constant, first, 0).astype(np.float64),
        )
        if self._confirm(found) is not None or not self.right:
            return None
        self._ask_again()
        return self._copy_map(found)

    # --- Affine maps

    def _by_sums(self) -> MapVerdict | None:
        """Return the verdict if sums of images are kept."""
        instances, witness = self.effort.instances, self.effort.witness
        self._enter("to see whether sums of images are kept", 20 * instances + witness)
        self.sums = linearity.sums_of_images(self.oracle, self.rng, self.effort.instances)
        if not self.sums.affine:
            self.excluded.append("not affine")
            return None
        return self._affine(MapKind.AFFINE)

    def _modular(self) -> MapVerdict | None:
        """Return the verdict if sums of images are kept modulo a number."""
        if not self.sums.modular:
            return None
        if self.oracle.scale.dtype.kind != "u":
            self.oracle.notes.add(f"Sums of images are kept modulo {self.sums.modulus}.")
            return None
        if self.sums.modulus == MODULUS:
            return self._affine(MapKind.AFFINE_MODULAR)
        return self._affine(MapKind.AFFINE_RESIDUE)

    def _affine(self, kind: MapKind) -> MapVerdict | None:
        """Return the verdict on a map that passed as affine, unless its matrix contradicts."""
        oracle = self.oracle
        columns = oracle.size if oracle.size <= self.effort.columns else 0
        confirmed = extraction.confirming_count(oracle.size, self.effort)
        self._enter("to read its matrix", columns + confirmed + self.effort.witness)
        try:
            source = self._sources()
            found = linearity.find_matrix(oracle, self.rng, self.sums, self.effort, source)
        except NoImageError as error:
            oracle.fail(error)
            found = None
        except BudgetSpentError:
            oracle.budget.miss("the whole matrix")
            found = None
        if (
            found is not None
            and linearity.affine_departure(oracle, self.rng, found, self.effort) is not None
        ):
            return None
        kept = None
        if kind is MapKind.AFFINE:
            kept = (
                linearity.kept_in_samples(oracle, self.rng)
                if found is None
                else decide(found.matrix, found.offset, rounding=oracle.rounding)
            )
        verdict = verdicts.affine(kind, found, self.sums, kept, oracle.scale.level)
        if kind is not MapKind.AFFINE_RESIDUE:
            return verdict
        return replace(verdict, witness=same_residue(oracle, self.sums.modulus))

    def _sources(self) -> Array | None:
        """Return the only input pixel that each output pixel follows, or None if there is more."""
        oracle = self.oracle
        if oracle.size > LOCAL_LIMIT:
            return None
        if self.source is None:
            rounds = local.ROUNDS if self.effort.sweep else local.FEW_ROUNDS
            try:
                source, mixed = local.influences(oracle, self.rng, rounds)
            except NoImageError as error:
                oracle.fail(error)
                return None
            self.source = np.zeros(0, dtype=np.int64) if mixed.size else source
        return self.source if self.source.size else None

    def _by_bits(self) -> MapVerdict | None:
        """Return the verdict if XORs of images are kept."""
        oracle = self.oracle
        confirmed = extraction.confirming_count(oracle.size, self.effort)
        tried = 16 * self.effort.instances + 2 * oracle.size.bit_length()
        self._enter("to see whether XORs of images are kept", tried + confirmed)
        if not bits.keeps_xor(oracle, self.rng, self.effort):
            self.excluded.append("not affine over GF(2)")
            return None
        found = bits.find_bits(oracle, self.rng, self.effort)
        if found is not None:
            return verdicts.over_bits(found)
        source = self._sources()
        if source is not None and self.effort.sweep:
            curves = local.tabulate(oracle, source, self.rng, self.effort)
            if curves is not None and local.kind_of_curves(curves) is MapKind.PIXEL_LOCAL:
                return None
        lost = bits.lost_bits(oracle, self.rng) if self.effort.sweep else None
        return verdicts.over_combined_bits(lost, 8 * oracle.size, modular=self.sums.modular)

    def _by_pixels(self) -> MapVerdict | None:
        """Return the verdict if every output pixel follows one input pixel, else None."""
        confirmed = extraction.confirming_count(self.oracle.size, self.effort)
        tried = 6 * self.oracle.size.bit_length() + confirmed + self.effort.witness
        self._enter("to see whether pixels are changed one by one", 256 + tried)
        source = self._sources()
        if source is None or self.oracle.scale.dtype != np.uint8:
            return None
        if not self.effort.sweep:
            return verdicts.seen_local()
        try:
            found = local.tabulate(self.oracle, source, self.rng, self.effort)
        except NoImageError as error:
            self.oracle.fail(error)
            return None
        return None if found is None else verdicts.curves(found, self.oracle)
