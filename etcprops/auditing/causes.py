"""Why answers differ, found by experiment: one thing is changed at a time, and compared again.

No table of estimators is asked here. Each step of the encryption is tried alone; the model is fed
with features that were moved or negated only; then changes that might mend it are tried, from the
smallest to the largest.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from etcprops.auditing import mends
from etcprops.auditing.answers import Answers, ModelError, is_random
from etcprops.auditing.bench import Bench, Candidate
from etcprops.auditing.comparison import compare
from etcprops.auditing.verdict import Comparison, Mend, Outcome, Trial
from etcprops.keys import EtCKey, Step
from etcprops.signed_permutation import SignedPermutation

STEP_NAMES: Final = {
    Step.PERMUTATION: "block scramble",
    Step.TRANSFORMS: "rotation and inversion",
    Step.NEGATIVES: "negative-positive transform",
    Step.COMPONENTS: "component shuffle",
}
DITHER: Final = 1e-3
"""Noise against ties, in units of a feature's spread."""

ROUNDING: Final = 1e-14
ROUNDING_TRIAL: Final = "plain features, no two values equal, with noise of 1e-14 of their spread"


@dataclass
class Search:
    """The experiments on one candidate that answered differently.

    Attributes
    ----------
    bench : Bench
        Where to try.
    candidate : Candidate
        What answered differently.
    budget : float
        Seconds, after which no further experiment is started.
    thorough : bool
        Whether to try every preprocessing even where a smaller mend was found.
    """

    bench: Bench
    candidate: Candidate
    budget: float
    thorough: bool
    trials: list[Trial] = field(default_factory=list)
    cut_short: bool = False
    _started: float = field(default_factory=time.perf_counter)
    _seed_matters: bool | None = None
    _cost: float = 0.0

    def run(self) -> tuple[str, Mend | None]:
        """Make the experiments; return the cause as a sentence, and the mend if one was found."""
        self._cost = self.bench.plain_answers(self.candidate).seconds
        breaking = self._steps_alone()
        features = self._features()
        mend, kind = self._mend()
        about = _sensitivity(features, seed_matters=self.seed_matters())
        found = _Findings(breaking, features, about, mend, kind)
        return _explain(self.candidate, found), mend

    def seed_matters(self) -> bool:
        """Whether another seed gives other answers on plain images."""
        if self._seed_matters is None:
            self._seed_matters = False
            if is_random(self.candidate.final):
                before = self.bench.plain_answers(self.candidate)
                rows = self.bench.plain_vectors
                with contextlib.suppress(ModelError):
                    after = self.bench.answers(self.candidate, rows, seed=self.bench.seed + 1)
                    self._seed_matters = not compare(before, after, tolerance=0.0).bitwise
        return self._seed_matters

    # --- Experiments

    def _note(self, name: str, comparison: Comparison) -> bool:
        identical = comparison.identical(self.bench.tolerance)
        self.trials.append(Trial(name, identical, str(comparison)))
        return identical

    def _over(self, fits: int = 2) -> bool:
        """Whether the time does not suffice for so many more fits."""
        expected = fits * self._cost
        over = time.perf_counter() - self._started + expected > self.budget
        self.cut_short |= over
        return over

    def _steps_alone(self) -> tuple[Step, ...]:
        """Try each step of the key alone; return those under which answers differ."""
        key = self.bench.key
        if len(key.steps) < 2:
            return key.steps
        breaking = []
        for step in key.steps:
            if self._over():
                break
            alone = EtCKey(key.geometry, **{str(step): getattr(key, step)})
            comparison = self.bench.compare(self.candidate, alone)
            if not self._note(f"{STEP_NAMES[step]} alone", comparison):
                breaking.append(step)
        return tuple(breaking)

    def _features(self) -> dict[str, bool]:
        """Feed the model with plain features that were moved, negated, or both; no offset."""
        rows = self._plain_features()
        if rows is None:
            return {}
        movement = SignedPermutation.from_key(self.bench.key)
        moved, sign = movement.source, movement.sign.astype(np.float64)
        changed: dict[str, Callable[[NDArray[np.float64]], NDArray[np.float64]]] = {
            "features moved and negated": lambda z: z[:, moved] * sign,
            "features moved": lambda z: z[:, moved],
            "features negated": lambda z: z * sign,
        }
        model = self.candidate.with_front()
        found: dict[str, bool] = {}
        plain = self._try_answers(model, rows)
        rng = np.random.default_rng(self.bench.seed)
        noise = rng.uniform(-1.0, 1.0, rows.shape)
        for name, change in changed.items():
            trivial = np.array_equal(change(rows), rows)
            if plain is not None and not trivial and not self._over():
                found[name] = self._compare_with(plain, model, change(rows), name)
        wrong = [n for n in ("features moved", "features negated") if found.get(n) is False]
        if not wrong or self._over():
            return found
        # Ties vanish if no two values are equal: noise that moves with the features.
        dithered = rows + DITHER * np.maximum(np.ptp(rows, axis=0), 1e-3) * noise
        plain = self._try_answers(model, dithered)
        if plain is not None and not self._over():
            slightly = dithered + ROUNDING * np.ptp(rows) * noise
            found["rounding"] = self._compare_with(plain, model, slightly, ROUNDING_TRIAL)
        for name in wrong:
            if plain is not None and not self._over():
                label = f"{name}, no two values equal"
                found[label] = self._compare_with(plain, model, changed[name](dithered), label)
        return found

    def _plain_features(self) -> NDArray[np.float64] | None:
        """Return what the model gets to see of all plain images; None if that is no pixel's own."""
        if not self.candidate.front:
            return self.bench.plain_vectors
        front = self.candidate.with_front(*self.candidate.front[:-1])
        pipeline = Candidate(front.front, self.candidate.front[-1]).build(self.bench.seed)
        training = self.bench.folds[0][0]
        rows = self.bench.plain_vectors
        targets = None if self.bench.targets is None else self.bench.targets[training]
        try:
            with np.errstate(all="ignore"):
                pipeline.fit(rows[training], targets)
                features = np.asarray(pipeline.transform(rows), dtype=np.float64)
        except (TypeError, ValueError):
            return None
        return features if features.shape == rows.shape else None

    def _try_answers(self, model: Candidate, rows: NDArray[np.float64]) -> Answers | None:
        try:
            return self.bench.answers(model, rows, seed=self.bench.seed)
        except ModelError:
            return None

    def _compare_with(
        self, plain: Answers, model: Candidate, rows: NDArray[np.float64], name: str
    ) -> bool:
        other = self._try_answers(model, rows)
        if other is None:
            self.trials.append(Trial(name, False, "the model cannot be fitted"))
            return False
        return self._note(name, compare(plain, other, tolerance=self.bench.tolerance))

    def _mend(self) -> tuple[Mend | None, str]:
        """Try changes from the smallest to the largest; return the first that helps."""
        best: Mend | None = None
        best_kind = ""
        for kind, changes in self._changes():
            if best is not None and not (self.thorough and kind == "preprocessing"):
                continue
            for change in changes:
                if self._over(20 if kind == "convergence" else 2):
                    break
                started = time.perf_counter()
                mend = self._try_change(change)
                if kind == "convergence":
                    # What the milder one took says what the tighter one will, and more.
                    self._cost = max(self._cost, (time.perf_counter() - started) / 2)
                if mend is not None and best is None:
                    best, best_kind = mend, kind
                if best is not None and not (self.thorough and kind == "preprocessing"):
                    break
        return best, best_kind

    def _changes(self) -> Iterable[tuple[str, Iterable[mends.Change]]]:
        c = self.candidate
        return (
            ("gamma", mends.frozen_gammas(c, self._gamma())),
            ("solver", mends.direct_solvers(c)),
            ("preprocessing", mends.preprocessings(c)),
            ("convergence", mends.tighter(c)),
            ("draws", mends.all_features(c)),
            ("arithmetic", mends.exact_arithmetic(c)),
            ("normal form", mends.normal_forms(c)),
        )

    def _gamma(self) -> float | None:
        """Return the number that ``gamma="scale"`` is on plain training images."""
        rows = self._plain_features()
        if rows is None:
            return None
        spread = float(rows[self.bench.folds[0][0]].var())
        return 1.0 / (rows.shape[1] * spread) if spread else 1.0

    def _try_change(self, change: mends.Change) -> Mend | None:
        try:
            comparison = self.bench.compare(change.apply(self.candidate))
        except (ModelError, TypeError, ValueError) as error:
            self.trials.append(Trial(change.name, None, f"cannot be fitted so: {error}"))
            return None
        if not self._note(change.name, comparison):
            return None
        bitwise = comparison.bitwise
        outcome = Outcome.BITWISE_IDENTICAL if bitwise else Outcome.IDENTICAL_DECISIONS
        return Mend(change.name, outcome, str(comparison))


@dataclass(frozen=True)
class _Findings:
    """What the experiments showed.

    Attributes
    ----------
    breaking : tuple of Step
        Steps that change answers alone.
    features : dict
        Names of experiments on features, and whether answers were identical.
    about : str
        On what of the features the model depends.
    mend, kind : Mend or None, str
        What helped, and which kind of change it is.
    """

    breaking: tuple[Step, ...]
    features: dict[str, bool]
    about: str
    mend: Mend | None
    kind: str


def _explain(candidate: Candidate, found: _Findings) -> str:
    """Put what the experiments showed into one sentence."""
    features, mend, kind = found.features, found.mend, found.kind
    breaking, about = found.breaking, found.about
    steps = " and ".join(STEP_NAMES[step] for step in breaking) or "the steps together, none alone,"
    verb = "changes" if len(breaking) == 1 else "change"
    evidence = f"; with {mend.change} the answers are identical" if mend else ""
    moved, negated = features.get("features moved"), features.get("features negated")
    both = features.get("features moved and negated", moved if negated is None else negated)
    if kind == "gamma":
        return f"gamma='scale' uses X.var(), which {steps} {verb}{evidence}"
    if both and candidate.front:
        front = " and ".join(_name(transformer) for transformer in candidate.front)
        return (
            f"{front} does not turn {steps} into moved and negated features, on which the model "
            f"is identical{evidence}"
        )
    if both:
        return (
            f"{steps} {verb} pixels by more than order and sign, namely the offset of "
            f"x -> 255 - x, to which the model is not indifferent{evidence}"
        )
    if features.get("rounding") is False:
        return (
            "the model makes rounding large: noise of 1e-14 of their spread in plain features "
            f"changes its answers as well; {steps} {verb} the order of sums{evidence}"
        )
    if kind == "convergence":
        return f"the solver stops before it converges, at a point that depends on {about}{evidence}"
    return f"the model depends on {about}: {steps} {verb} its answers{evidence}"


def _name(transformer: Any) -> str:
    """Return what a transformer is called: a function by its own name."""
    function = getattr(transformer, "func", None)
    return type(transformer).__name__ if function is None else str(function.__name__)


def _sensitivity(features: dict[str, bool], *, seed_matters: bool) -> str:
    """Say on what of the features the model depends."""
    parts = []
    if features.get("features moved") is False:
        part = "the order of the features"
        if features.get("features moved, no two values equal"):
            part += " (ties: without equal values it does not)"
        elif seed_matters:
            part += " (it draws by index, with one seed)"
        parts.append(part)
    if features.get("features negated") is False:
        part = "the signs of the features"
        if features.get("features negated, no two values equal"):
            part += " (values on a threshold: without equal values it does not)"
        parts.append(part)
    return " and on ".join(parts) or "the features in a way that no experiment isolated"
