"""`audit`: one model or pipeline on plain and on encrypted images, with a verdict and its cause.

A metamorphic test (Chen, Cheung and Yiu 1998): the relation is that encryption with one key leaves
answers as they are, so that no true answer has to be known.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from etcprops._validation import (
    as_function,
    as_integer,
    as_number,
    describe,
    reject,
)
from etcprops.attacks.exposure import can_be_attacked, expose
from etcprops.auditing.causes import Search
from etcprops.auditing.certificates import certified_decisions
from etcprops.auditing.comparison import compare, row_distances
from etcprops.auditing.conditions import conditions_of, incomparable
from etcprops.auditing.harness import Candidate, Encryption, Harness, Watch, vectors
from etcprops.auditing.inputs import as_folds, as_images, as_targets
from etcprops.auditing.predictions import ModelError, Predictions, check_estimator, kind_of
from etcprops.auditing.preprocessing import make_preprocessing
from etcprops.auditing.two_sample import two_sample_test, two_sample_test_of_values
from etcprops.auditing.verdict import AuditOutcome, Comparison, TwoSampleTest, Verdict
from etcprops.auditing.witness import smallest_witness
from etcprops.scheme import pixels
from etcprops.scheme._pixels_given import Pixels
from etcprops.scheme.keys import EtCKey, check_key

TOLERANCE: Final = 1e-6
FEW: Final = 100
"""Queries of a transformer whose distances are compared in distribution."""


def audit(
    estimator: Any,
    images: Pixels,
    labels: ArrayLike | None,
    key: EtCKey,
    *,
    preprocessing: Any = None,
    cv: Any = None,
    seed: int = 0,
    runs: int = 20,
    level: float = 0.01,
    explain: bool = True,
    thorough: bool = True,
    protection: bool = True,
    budget: float = 60.0,
    tolerance: float = TOLERANCE,
    encrypt: Encryption = pixels.encrypt,
    progress: Callable[[int, int | None, str], None] | None = None,
) -> Verdict:
    """Fit a model on plain and on encrypted images, compare its answers, and find out why.

    Both fits are of fresh clones with the same seeds, on the same images in the same order; the
    global states of `random` and `numpy.random` are seeded for them and put back. Where the answers
    are not the same, experiments look for the cause and for the smallest change that makes them the
    same; where the model draws random numbers, a two-sample test over many seeds and keys says
    whether answers are equal in distribution.

    Parameters
    ----------
    estimator : estimator
        A classifier, regressor, clusterer, outlier detector, transformer or density model, or a
        pipeline that ends in one. It sees vectors of doubles with grey levels 0 to 255.
    images : array_like of uint8, shape (N, H, W) or (N, H, W, 3)
        For training and queries; also a list of Pillow's images, as `encrypt` takes them.
    labels : array_like of shape (N,) or (N, outputs), or None
        What to learn; None for models that learn without.
    key : EtCKey
        The common key, of the images' geometry.
    preprocessing : str, transformer or None, optional
        What comes before the model: a name of `PREPROCESSINGS` ("none", "z-score", "mid-grey",
        "standard-scaler", "per-image z-score", "min-max") or a transformer. None is "none": a
        pipeline has its own.
    cv : int, splitter or None, optional
        Folds as in scikit-learn; each image of a test fold is a query. By default one half of
        each class is for training and the other half are the queries.
    seed : int, default=0
        For the division into halves and for every ``random_state`` that is None.
    runs : int, default=20
        Seeds on each side for the two-sample test; 0 leaves it out.
    level : float, default=0.01
        Of that test: the chance of calling equal distributions different; at least 0.00001. That
        of calling different ones equal does not depend on it.
    explain : bool, default=True
        Whether to look for cause, remedy and witness.
    thorough : bool, default=True
        Whether to try every preprocessing, also after a remedy was found.
    protection : bool, default=True
        Whether to attack the encrypted images, too, and say what they alone give away.
    budget : float, default=60
        Seconds after which no further experiment is started, and as much for the witness and for
        the two-sample test each.
    tolerance : float, default=1e-6
        How far decision values, predictions of a regressor or rows of a transformer may differ,
        in units of their spread, and still count as the same but for rounding.
    encrypt : callable, optional
        The encryption; by default that of `etcprops`.
    progress : callable, optional
        Called before each fit with the number of fits made, None and what it is for.

    Returns
    -------
    Verdict

    Raises
    ------
    InvalidParameterError
        If the estimator can be neither fitted nor asked, images are not 8-bit, labels do not match
        or are all of one class, the key is for other images, or another parameter is wrong.
    InterruptedAuditError
        A KeyboardInterrupt, with the verdict as far as it came.

    Notes
    -----
    ``equal-in-distribution`` is said where the two-sample test did not reject and two differences
    are excluded by equivalence tests, each of size 0.1 whatever `level` is: that 5 % of the queries
    are always answered otherwise, and that 25 % of the runs answer otherwise. Where one is not,
    equality is neither shown nor contradicted, and the conditions say so.

    ``bitwise-identical`` and ``identical-decisions`` are what came out for these images and this
    key. Where decision values differ by more than rounding while all decisions agree, that is luck:
    it is ``same-decisions-here``, and its cause is looked for, since other images may be decided
    differently.

    Examples
    --------
    >>> from sklearn.svm import SVC
    >>> from etcprops import EtCKey
    >>> from etcprops.datasets import load_digits_images
    >>> digits = load_digits_images()
    >>> key = EtCKey.from_secret(digits.geometry, "an example")
    >>> images, labels = digits.images[:600], digits.labels[:600]
    >>> print(audit(SVC(), images, labels, key, preprocessing="z-score").outcome)
    identical-decisions
    >>> verdict = audit(SVC(), images, labels, key)  # raw pixels: gamma="scale" is not invariant
    >>> verdict.outcome, verdict.remedy.change, verdict.cause[:26]  # doctest: +ELLIPSIS
    (<AuditOutcome.DIFFERENT: 'different'>, 'gamma=...', "gamma='scale' uses X.var()")
    """
    caller = "audit"
    started = time.perf_counter()
    model = check_estimator(estimator, caller)
    name, transformer = make_preprocessing(preprocessing, caller)
    seed, runs = as_integer(seed, "seed", caller, 0), as_integer(runs, "runs", caller, 0)
    level = as_number(
        level, "level", caller, 1e-5, math.nextafter(1, 0), "be a number from 0.00001 to below 1"
    )
    budget = as_number(budget, "budget", caller, 0, math.inf)
    tolerance = as_number(tolerance, "tolerance", caller, 0, math.inf)
    check_key(key, caller)
    pictures = as_images(images, key, caller)
    targets = as_targets(model, labels, len(pictures), caller)
    folds = as_folds(targets, len(pictures), cv, seed=seed, by_class=kind_of(model) == "classifier")
    if not callable(encrypt):
        reject("encrypt", caller, "be a function of images and a key", describe(encrypt))
    watch = Watch(as_function(progress, "progress", caller) or (lambda _done, _total, _stage: None))
    harness = Harness(pictures, targets, folds, key, seed, tolerance, encrypt, watch)
    candidate = Candidate.of(model, transformer)
    text = " ".join(repr(model).split())
    effort = _Effort(runs, level, explain, thorough, budget)
    exposure = None
    try:
        verdict = _examine(
            text if name == "none" else f"{text} after {name}", harness, candidate, effort
        )
        if protection and can_be_attacked(key):
            watch.enter("attacking the encrypted images")
            exposure = expose(pictures, key, encrypt=encrypt)
    except KeyboardInterrupt:
        raise InterruptedAuditError(watch.verdict) from None
    return replace(
        verdict,
        exposure=exposure,
        seconds=time.perf_counter() - started,
        model_seconds=harness.model_seconds,
    )


class InterruptedAuditError(KeyboardInterrupt):
    """Raised for Ctrl-C in the middle of an audit, with what was found until then.

    Attributes
    ----------
    verdict : Verdict or None
        Without what was not looked for; None if plain and encrypted were not compared yet.
    """

    def __init__(self, verdict: Verdict | None) -> None:
        super().__init__("the audit was interrupted")
        self.verdict = verdict


@dataclass(frozen=True)
class _Effort:
    """How much to do about answers that differ."""

    runs: int
    level: float
    explain: bool
    thorough: bool
    budget: float


def _examine(text: str, harness: Harness, candidate: Candidate, effort: _Effort) -> Verdict:
    """Compare a candidate on plain and on encrypted images, and explain what differs."""
    try:
        plain = harness.plain_predictions(candidate)
    except ModelError as error:
        reason = f"cannot be fitted on plain images: {error}"
        return Verdict(text, AuditOutcome.NOT_APPLICABLE, conditions=(reason,))
    try:
        harness.watch.enter("fitting on encrypted images")
        encrypted = harness.fit_and_predict(
            candidate, harness.encrypted_vectors(harness.key), seed=harness.seed
        )
    except ModelError as error:
        cause = f"the model can be fitted on plain images; on encrypted ones it raises {error}"
        comparison = harness.compare(candidate)
        return Verdict(text, AuditOutcome.DIFFERENT, comparison=comparison, cause=cause)
    comparison = compare(plain, encrypted, tolerance=harness.tolerance)
    reason = incomparable(plain, encrypted, harness) if comparison.decisions_identical else ""
    verdict = Verdict(
        text,
        AuditOutcome.NOT_APPLICABLE if reason else _outcome(comparison, harness.tolerance),
        comparison=comparison,
        certified=certified_decisions(harness, plain, encrypted),
        conditions=(
            *([reason] if reason else []),
            *conditions_of(comparison, plain, encrypted, harness),
        ),
    )
    harness.watch.verdict = verdict
    if reason or not effort.explain:
        return verdict
    if not comparison.identical(harness.tolerance):
        return _explained(verdict, harness, candidate, (plain, encrypted), effort)
    if comparison.bitwise:
        return verdict
    cause = (
        "rounding alone: sums are added in another order, and values differ by "
        f"{comparison.relative_difference:.1e} of their spread"
    )
    return replace(verdict, cause=cause)


def _explained(
    verdict: Verdict,
    harness: Harness,
    candidate: Candidate,
    answers: tuple[Predictions, Predictions],
    effort: _Effort,
) -> Verdict:
    """Look for cause, remedy, witness and distribution of answers that differ."""
    difference = verdict.comparison or compare(*answers, tolerance=harness.tolerance)
    watch, most = harness.watch, f", at most {effort.budget:g} s"
    watch.enter(f"looking for the cause{most}")
    search = Search(harness, candidate, difference, effort.budget, effort.thorough)
    cause, remedy = search.run()
    watch.verdict = replace(
        verdict, cause=cause, remedy=remedy, experiments=tuple(search.experiments)
    )
    conditions = verdict.conditions
    if search.cut_short:
        conditions += (f"the search for the cause was cut short after {effort.budget:g} s",)
    plain, encrypted = answers
    watch.enter(f"looking for the smallest witness{most}")
    witness = smallest_witness(harness, candidate, plain, encrypted, budget=effort.budget)
    test = None
    if effort.runs and search.seed_matters():
        watch.enter(f"comparing distributions over {effort.runs} seeds and keys")
        test = _test_distributions(harness, candidate.with_open_seeds(), plain.seconds, effort)
    if test is not None and (fixed := candidate.fixed_seeds()):
        conditions += (
            f"the distribution is over seeds instead of {fixed}, with which both fits were made",
        )
    if test is not None and not test.convincing:
        found = ", ".join(str(one) for one in test.excluded if not one.enough)
        unclear = "equality in distribution is not contradicted, but not shown either"
        conditions += (f"{unclear}: only {found} is excluded; more runs would tell",)
    outcome = verdict.outcome
    if test is not None and test.equal and outcome is AuditOutcome.DIFFERENT:
        outcome = AuditOutcome.EQUAL_IN_DISTRIBUTION
    return replace(
        verdict,
        outcome=outcome,
        cause=cause,
        remedy=remedy,
        witness=witness,
        two_sample_test=test,
        experiments=tuple(search.experiments),
        conditions=conditions,
    )


def _outcome(comparison: Comparison, tolerance: float) -> AuditOutcome:
    if not comparison.decisions_identical:
        return AuditOutcome.DIFFERENT
    if not comparison.identical(tolerance):
        return AuditOutcome.SAME_DECISIONS_HERE
    return (
        AuditOutcome.BITWISE_IDENTICAL if comparison.bitwise else AuditOutcome.IDENTICAL_DECISIONS
    )


def _test_distributions(
    harness: Harness, candidate: Candidate, seconds: float, effort: _Effort
) -> TwoSampleTest | None:
    """Fit with many seeds and keys, and test; None if the time does not suffice.

    One fit takes so many `seconds`.
    """
    runs = effort.runs
    if 2 * runs * seconds > effort.budget:
        return None
    end = time.perf_counter() + 2 * effort.budget
    geometry, steps = harness.key.geometry, harness.key.steps
    plain, encrypted = [], []
    for run in range(runs):
        if time.perf_counter() > end:
            return None
        seed = harness.seed + 1 + run
        key = EtCKey.from_secret(geometry, f"etcprops audit, law {seed}", steps=steps)
        rows = vectors(harness.encrypt(harness.images, key))
        try:
            one = harness.fit_and_predict(candidate, harness.plain_vectors, seed=seed)
            other = harness.fit_and_predict(candidate, rows, seed=seed + runs)
        except ModelError:
            return None
        plain.append(_said(one))
        encrypted.append(_said(other))
    if len({run.shape for run in (*plain, *encrypted)}) != 1:
        return None  # seeds decide how many columns there are
    sides = np.stack(plain), np.stack(encrypted)
    of_side = two_sample_test if one.decisions is not None else two_sample_test_of_values
    if one.decisions is None and not np.isfinite(sides).all():
        return None
    return of_side(*sides, level=effort.level, seed=harness.seed)


def _said(answers: Predictions) -> NDArray[Any]:
    """Return the answers of a run for the test: decisions as a vector, or values as rows.

    Clusters are numbered as they appear, having no names. Of transformers, whose columns may change
    order and sign, rows are the distances of a query from the others.
    """
    if answers.decisions is None:
        values = np.asarray(answers.values)
        rows = values.reshape(len(values), -1)
        return row_distances(rows[:FEW]) if answers.kind == "transformer" else rows
    decisions = np.asarray(answers.decisions).ravel()
    if answers.kind != "clusterer":
        return decisions
    _, first, codes = np.unique(decisions, return_index=True, return_inverse=True)
    return np.asarray(np.argsort(np.argsort(first))[codes])
