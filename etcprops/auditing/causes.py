"""Why answers differ, found by experiment: one thing is changed at a time, and compared again.

No table of estimators is asked here. The model is fitted again on the same images; each step of the
encryption is tried alone; the model is fed with features that were permuted or negated only;
then possible remedies are tried, from the smallest to the largest. What the experiments show is
put into a sentence by `etcprops.auditing.wording`.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from etcprops.auditing import remedies
from etcprops.auditing.comparison import compare
from etcprops.auditing.harness import Candidate, Harness
from etcprops.auditing.predictions import ModelError, Predictions
from etcprops.auditing.verdict import AuditOutcome, Comparison, Experiment, Remedy
from etcprops.auditing.wording import UNREPEATABLE, Findings, explain, name_of
from etcprops.scheme.keys import STEP_NAMES, EtCKey, Step
from etcprops.scheme.signed_permutation import SignedPermutation

DITHER: Final = 1e-3
"""Noise against ties, in units of a feature's spread."""

OTHER_SEED: Final = 1_000_003
"""Added to the seed to see whether it matters."""

SMALL: Final = 0.1
"""Share of the difference to be explained, up to which an experiment counts as making none."""

ROUNDING: Final = 1e-14
ROUNDING_DRAWS: Final = 4
"""Of such noise, at most: one may happen to change little where the next changes much."""

ROUNDING_EXPERIMENT: Final = (
    "plain features, no two values equal, with noise of 1e-14 of their spread"
)


@dataclass
class Search:
    """The experiments on one candidate that answered differently.

    Attributes
    ----------
    harness : Harness
        Where to try.
    candidate : Candidate
        What answered differently.
    difference : Comparison
        How differently.
    budget : float
        Seconds, after which no further experiment is started.
    thorough : bool
        Whether to try every preprocessing even where a smaller remedy was found.
    """

    harness: Harness
    candidate: Candidate
    difference: Comparison
    budget: float
    thorough: bool
    experiments: list[Experiment] = field(default_factory=list)
    cut_short: bool = False
    _started: float = field(default_factory=time.perf_counter)
    _seed_matters: bool | None = None
    _cost: float = 0.0

    def run(self) -> tuple[str, Remedy | None]:
        """Make the experiments; return the cause as a sentence, and the remedy if one was found."""
        self._cost = self.harness.plain_predictions(self.candidate).seconds
        if not self._repeats():
            return UNREPEATABLE, None
        breaking = self._steps_alone()
        features, preprocessing = self._features()
        remedy, kind = self._remedy()
        seed = self.seed_matters()
        found = Findings(breaking, features, preprocessing, remedy, kind, seed_matters=seed)
        return explain(found), remedy

    def seed_matters(self) -> bool:
        """Whether another seed, also for what has a fixed one, gives other answers."""
        if self._seed_matters is None:
            self._seed_matters = False
            before = self.harness.plain_predictions(self.candidate)
            rows, seed = self.harness.plain_vectors, self.harness.seed + OTHER_SEED
            with contextlib.suppress(ModelError):
                after = self.harness.fit_and_predict(
                    self.candidate.with_open_seeds(), rows, seed=seed
                )
                self._seed_matters = not compare(before, after, tolerance=0.0).bitwise
        return self._seed_matters

    # --- Experiments

    def _repeats(self) -> bool:
        """Whether a second fit on the same plain images, with the same seed, answers the same."""
        before, rows = self.harness.plain_predictions(self.candidate), self.harness.plain_vectors
        again = self.harness.fit_and_predict(self.candidate, rows, seed=self.harness.seed)
        found = compare(before, again, tolerance=self.harness.tolerance)
        if not found.identical(self.harness.tolerance):
            self.experiments.append(
                Experiment("a second fit on the same plain images", False, str(found))
            )
            return False
        return True

    def _small(self, comparison: Comparison) -> bool:
        """Whether a comparison shows next to nothing of the difference that is to be explained."""
        if comparison.identical(self.harness.tolerance):
            return True
        whole = self.difference
        return not comparison.failure and (
            comparison.n_different <= SMALL * whole.n_different
            and comparison.relative_difference <= SMALL * whole.relative_difference
        )

    def _note(self, name: str, comparison: Comparison) -> bool:
        identical = comparison.identical(self.harness.tolerance)
        self.experiments.append(Experiment(name, identical, str(comparison)))
        return identical

    def _over(self, fits: int = 2) -> bool:
        """Whether the time does not suffice for so many more fits."""
        expected = fits * self._cost
        over = time.perf_counter() - self._started + expected > self.budget
        self.cut_short |= over
        return over

    def _steps_alone(self) -> tuple[Step, ...]:
        """Try each step of the key alone; return those under which answers differ, by as much."""
        key = self.harness.key
        if len(key.steps) < 2:
            return key.steps
        breaking: list[Step] = []
        slightly: list[Step] = []
        for step in key.steps:
            if self._over():
                break
            alone = EtCKey(key.geometry, **{str(step): getattr(key, step)})
            comparison = self.harness.compare(self.candidate, alone)
            if not self._note(f"{STEP_NAMES[step]} alone", comparison):
                (slightly if self._small(comparison) else breaking).append(step)
        return tuple(breaking or slightly)

    def _features(self) -> tuple[dict[str, bool], tuple[Any, ...]]:
        """Feed the model with plain features that were permuted, negated, or both; no offset.

        Features are those after as few transformers as make the rest of the pipeline answer the
        same; these transformers are returned as well.
        """
        found: dict[str, bool] = {}
        blamed: tuple[Any, ...] = self.candidate.preprocessing
        for rows, before, after in self._stages():
            if self._over():
                break
            found, blamed = self._feed(rows, after, _after(before, self.candidate)), before
            if found.get("features permuted and negated", True):
                break
        return found, blamed

    def _feed(
        self, rows: NDArray[np.float64], model: Candidate, where: str
    ) -> dict[str, bool]:  # fmt: skip
        """Compare a model on features with itself on the same permuted, negated, and both."""
        movement = SignedPermutation.from_key(self.harness.key)
        permutation, sign = movement.source, movement.sign.astype(np.float64)
        changed: dict[str, Callable[[NDArray[np.float64]], NDArray[np.float64]]] = {
            "features permuted and negated": lambda z: z[:, permutation] * sign,
            "features permuted": lambda z: z[:, permutation],
            "features negated": lambda z: z * sign,
        }
        found: dict[str, bool] = {}
        plain = self._try_predictions(model, rows)
        rng = np.random.default_rng(self.harness.seed)
        noise = rng.uniform(-1.0, 1.0, rows.shape)
        for name, change in changed.items():
            trivial = np.array_equal(change(rows), rows)
            if plain is not None and not trivial and not self._over():
                found[name] = self._compare_with(plain, model, change(rows), name + where)
        wrong = [n for n in ("features permuted", "features negated") if found.get(n) is False]
        if not wrong or self._over():
            return found
        # Ties vanish if no two values are equal: noise that is permuted with the features.
        dithered = rows + DITHER * np.maximum(np.ptp(rows, axis=0), 1e-3) * noise
        plain = self._try_predictions(model, dithered)
        for _ in range(ROUNDING_DRAWS):
            if plain is None or found.get("rounding") is False or self._over():
                break
            slightly = dithered + ROUNDING * np.ptp(rows) * rng.uniform(-1.0, 1.0, rows.shape)
            found["rounding"] = self._compare_with(plain, model, slightly, ROUNDING_EXPERIMENT)
        for name in wrong:
            if plain is not None and not self._over():
                label = f"{name}, no two values equal"
                found[label] = self._compare_with(
                    plain, model, changed[name](dithered), label + where
                )
        return found

    def _stages(self) -> Iterator[tuple[NDArray[np.float64], tuple[Any, ...], Candidate]]:
        """Yield features of all plain images after the first transformers, these, and the rest.

        Only where each feature may be one pixel's own: as many as there are pixels.
        """
        preprocessing, rows = self.candidate.preprocessing, self.harness.plain_vectors
        first = self._features_after(preprocessing[:1])
        if first is None or first.shape != rows.shape or not preprocessing:
            yield rows, (), self.candidate
            return
        for count in range(1, len(preprocessing) + 1):
            features = self._features_after(preprocessing[:count])
            if features is None or features.shape != rows.shape:
                return
            yield (
                features,
                preprocessing[:count],
                self.candidate.with_preprocessing(*preprocessing[count:]),
            )

    def _features_after(self, preprocessing: tuple[Any, ...]) -> NDArray[np.float64] | None:
        """Return what the transformers make of all plain images; None if they cannot."""
        rows = self.harness.plain_vectors
        if not preprocessing:
            return rows
        pipeline = Candidate(preprocessing[:-1], preprocessing[-1]).build(self.harness.seed)
        training = self.harness.folds[0][0]
        targets = None if self.harness.targets is None else self.harness.targets[training]
        try:
            with np.errstate(all="ignore"):
                pipeline.fit(rows[training], targets)
                return np.asarray(pipeline.transform(rows), dtype=np.float64)
        except (TypeError, ValueError):
            return None

    def _try_predictions(self, model: Candidate, rows: NDArray[np.float64]) -> Predictions | None:
        try:
            return self.harness.fit_and_predict(model, rows, seed=self.harness.seed)
        except ModelError:
            return None

    def _compare_with(
        self, plain: Predictions, model: Candidate, rows: NDArray[np.float64], name: str
    ) -> bool:
        other = self._try_predictions(model, rows)
        if other is None:
            self.experiments.append(Experiment(name, False, "the model cannot be fitted"))
            return False
        found = compare(plain, other, tolerance=self.harness.tolerance)
        self._note(name, found)
        return self._small(found)

    def _remedy(self) -> tuple[Remedy | None, str]:
        """Try changes from the smallest to the largest; return the first that helps."""
        best: Remedy | None = None
        best_kind, cost = "", self._cost
        for kind, changes in self._changes():
            self._cost = cost
            if best is not None and not (self.thorough and kind == "preprocessing"):
                continue
            for change in changes:
                if self._over(20 if kind == "convergence" else 2):
                    break
                started = time.perf_counter()
                remedy = self._try_change(change)
                if kind == "convergence":
                    # What the milder one took says what the tighter one will, and more.
                    self._cost = max(self._cost, (time.perf_counter() - started) / 2)
                if remedy is not None and best is None:
                    best, best_kind = remedy, kind
                if best is not None and not (self.thorough and kind == "preprocessing"):
                    break
        return best, best_kind

    def _changes(self) -> Iterable[tuple[str, Iterable[remedies.Change]]]:
        c = self.candidate
        return (
            ("gamma", remedies.frozen_gammas(c, self._gamma())),
            ("solver", remedies.direct_solvers(c)),
            ("newton", remedies.newton(c)),
            ("preprocessing", remedies.preprocessings(c)),
            ("convergence", remedies.tighter(c)),
            ("draws", remedies.all_features(c)),
            ("arithmetic", remedies.exact_arithmetic(c)),
            ("normal form", remedies.normal_forms(c)),
        )

    def _gamma(self) -> float | None:
        """Return the number that ``gamma="scale"`` is on plain training images."""
        rows = self._features_after(self.candidate.preprocessing)
        if rows is None:
            return None
        spread = float(rows[self.harness.folds[0][0]].var())
        return 1.0 / (rows.shape[1] * spread) if spread else 1.0

    def _try_change(self, change: remedies.Change) -> Remedy | None:
        try:
            changed = change.apply(self.candidate)
            comparison = self.harness.compare(changed)
        except (ModelError, TypeError, ValueError) as error:
            if type(error.__cause__).__name__ == "InvalidParameterError":
                return None  # no value of that parameter
            self.experiments.append(Experiment(change.name, None, f"cannot be fitted so: {error}"))
            return None
        if not self._note(change.name, comparison):
            return None
        if self.harness.plain_predictions(changed).empty:
            return None
        bitwise = comparison.bitwise
        outcome = AuditOutcome.BITWISE_IDENTICAL if bitwise else AuditOutcome.IDENTICAL_DECISIONS
        return Remedy(change.name, outcome, str(comparison))


def _after(preprocessing: tuple[Any, ...], candidate: Candidate) -> str:
    """Say after which transformers features are taken, unless after all."""
    if not preprocessing or len(candidate.preprocessing) < 2:
        return ""
    return f" after {' and '.join(name_of(transformer) for transformer in preprocessing)}"
