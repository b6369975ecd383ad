"""What an audit finds: the outcome, its witness, its cause and the remedy.

Plain data that goes to JSON and comes back; nothing is fitted or compared here.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields, is_dataclass
from enum import StrEnum
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from etcprops import _documents
from etcprops.attacks.exposure import Exposure


class AuditOutcome(StrEnum):
    """How the answers of a model on plain and on encrypted images compare."""

    BITWISE_IDENTICAL = "bitwise-identical"
    IDENTICAL_DECISIONS = "identical-decisions"
    SAME_DECISIONS_HERE = "same-decisions-here"
    EQUAL_IN_DISTRIBUTION = "equal-in-distribution"
    DIFFERENT = "different"
    NOT_APPLICABLE = "not-applicable"


LUCK: Final = (
    "values differ by more than rounding: that all decisions agree is luck with these queries, and "
    "others may be decided differently"
)
"""What `AuditOutcome.SAME_DECISIONS_HERE` means."""

DEGENERATE: Final = "every answer is the same one: that they agree says little"
UNCHANGED: Final = (
    "the encryption leaves these images as they are, so nothing is compared: take a key that "
    "changes them"
)
NO_NUMBER: Final = "no answer is a number, so nothing is compared: see what the model returns"
"""Why answers cannot differ, whatever the encryption does."""

VERDICTS: Final = ("against theory", "not contradicted", "as predicted", "no answer")
"""How what was measured stands to theory, the most remarkable first."""


@dataclass(frozen=True)
class Comparison:
    """Answers on plain and on encrypted queries, side by side.

    Attributes
    ----------
    n_queries, n_different : int
        Number of queries, and of those that were answered differently.
    bitwise : bool
        Whether every number of both answers has the same bits, under `relation`.
    largest_difference : float
        Between decision values, plain and encrypted; NaN for models that have none.
    spread : float
        Largest less smallest decision value, plain: what the difference is measured by.
    relation : str
        Under which the answers are compared: "equal", or for instance "up to the signs of the
        columns" for a transformer.
    first_different : int
        Position of a query that was answered differently, of those the one with the smallest
        margin; -1 if there is none.
    failure : str
        What the model raised on one side only; empty if it did not.
    """

    n_queries: int
    n_different: int
    bitwise: bool
    largest_difference: float
    spread: float
    relation: str = "equal"
    first_different: int = -1
    failure: str = ""

    @property
    def decisions_identical(self) -> bool:
        """Whether every query is answered the same."""
        return self.n_different == 0 and not self.failure

    @property
    def relative_difference(self) -> float:
        """The largest difference of decision values in units of their spread."""
        return self.largest_difference / self.spread if self.spread else 0.0

    def identical(self, tolerance: float) -> bool:
        """Whether the answers are the same and decision values too, up to `tolerance` x spread."""
        if not self.decisions_identical:
            return False
        return math.isnan(self.largest_difference) or self.relative_difference <= tolerance

    def __str__(self) -> str:
        if self.failure:
            return self.failure
        text = f"{self.n_different} of {self.n_queries} answers differ"
        if self.bitwise:
            text = "the same to the last bit"
        elif not math.isnan(self.largest_difference):
            text += f", values by up to {self.relative_difference:.1e} of their spread"
        return text if self.relation == "equal" else f"{text} ({self.relation})"


@dataclass(frozen=True)
class AuditWitness:
    """One query that is answered differently, with as few training images as were found to do.

    Attributes
    ----------
    query : int
        Which of the images it is.
    image, encrypted : ndarray of uint8, shape (H, W) or (H, W, 3)
        The query.
    plain_answer, encrypted_answer : str
        The two answers.
    margin : float
        By how much the plain answer was won (difference of the two largest decision values, or
        magnitude of the only one); NaN for models without decision values.
    training : tuple of int
        Training images with which the query is still answered differently.
    """

    query: int
    image: NDArray[np.uint8]
    encrypted: NDArray[np.uint8]
    plain_answer: str
    encrypted_answer: str
    margin: float
    training: tuple[int, ...]

    def __str__(self) -> str:
        margin = "" if math.isnan(self.margin) else f", margin {self.margin:.2g}"
        return (
            f"image {self.query}: {self.plain_answer} plain, {self.encrypted_answer} encrypted"
            f"{margin}, with {len(self.training)} training images"
        )


@dataclass(frozen=True)
class Experiment:
    """One experiment of the search for the cause.

    Attributes
    ----------
    name : str
        What was changed, for instance "negatives alone" or "gamma=0.0123".
    identical : bool or None
        Whether plain and encrypted agree then; None if the model could not be fitted so.
    detail : str
        The figures.
    """

    name: str
    identical: bool | None
    detail: str


@dataclass(frozen=True)
class Remedy:
    """The smallest change found that makes plain and encrypted agree, tried and confirmed."""

    change: str
    outcome: AuditOutcome
    detail: str


@dataclass(frozen=True)
class Excluded:
    """A way for two samples to differ, and from which share on it is excluded.

    Attributes
    ----------
    difference : str
        Of what the share is, and what is otherwise there.
    share : float
        The smallest that would have brought samples further apart than they are with a probability
        of 0.9 at least; infinity if none would.
    margin : float
        The largest that may have escaped for samples to be called equal.
    """

    difference: str
    share: float
    margin: float

    @property
    def enough(self) -> bool:
        """Whether the share is at most the margin."""
        return self.share <= self.margin

    def __str__(self) -> str:
        share = f"{100 * self.share:.2g} %" if math.isfinite(self.share) else "no share"
        return f"{share} of the {self.difference} (margin {100 * self.margin:.2g} %)"


@dataclass(frozen=True)
class TwoSampleTest:
    """Whether answers have one distribution on plain and on encrypted images.

    Two errors, controlled apart: equal distributions are called different with a chance of `level`
    at most, and those that differ in one of the stated ways by its margin equal with one of 0.1.

    Attributes
    ----------
    runs : int
        Fits on each side, each with its own seed, the encrypted ones with its own key too.
    p_value : float
        Of the permutation test of equality.
    level : float
        Chance of calling two equal distributions different.
    excluded : tuple of Excluded
        What the equivalence tests exclude; see `etcprops.auditing.equivalence`.
    """

    runs: int
    p_value: float
    level: float
    excluded: tuple[Excluded, ...]

    @property
    def different(self) -> bool:
        """Whether the test of equality rejected."""
        return self.p_value <= self.level

    @property
    def equal(self) -> bool:
        """Whether it did not, and every stated difference is excluded at its margin."""
        return not self.different and all(excluded.enough for excluded in self.excluded)

    @property
    def convincing(self) -> bool:
        """Whether it shows one or the other."""
        return self.different or self.equal

    def __str__(self) -> str:
        return (
            f"{self.runs} seeds plain against {self.runs} seeds and keys encrypted: p = "
            f"{self.p_value:.2g} at level {self.level:.2g}; found with power 0.9: "
            f"{', '.join(str(excluded) for excluded in self.excluded)}"
        )


@dataclass(frozen=True)
class Verdict:
    """What an audit found.

    Attributes
    ----------
    estimator : str
        What was audited, with its preprocessing.
    outcome : AuditOutcome
        How plain and encrypted compare.
    comparison : Comparison or None
        The figures; None if nothing could be compared.
    certified : int or None
        How many decisions are proved the same by the error bound of
        `etcprops.exact.margins.decision_error_bound`; None where the bound does not apply.
    cause : str
        One sentence with the evidence, empty if nothing had to be explained.
    remedy : Remedy or None
        The smallest change that makes the answers identical.
    witness : AuditWitness or None
        A query that is answered differently.
    two_sample_test : TwoSampleTest or None
        The two-sample test, where one was made.
    experiments : tuple of Experiment
        Every experiment made.
    conditions : tuple of str
        What the outcome depends on, and what to know about it.
    exposure : Exposure or None
        What the encrypted images alone gave away to an attack; None if none was made.
    seconds, model_seconds : float
        The whole audit, and the part that the models themselves took.
    """

    estimator: str
    outcome: AuditOutcome
    comparison: Comparison | None = None
    certified: int | None = None
    cause: str = ""
    remedy: Remedy | None = None
    witness: AuditWitness | None = None
    two_sample_test: TwoSampleTest | None = None
    experiments: tuple[Experiment, ...] = ()
    conditions: tuple[str, ...] = ()
    exposure: Exposure | None = None
    seconds: float = 0.0
    model_seconds: float = 0.0

    @property
    def identical(self) -> bool:
        """Whether every query was answered the same, and not by luck."""
        return self.outcome in {AuditOutcome.BITWISE_IDENTICAL, AuditOutcome.IDENTICAL_DECISIONS}

    @property
    def largest_difference(self) -> float:
        """Largest difference between decision values; NaN where there are none."""
        return math.nan if self.comparison is None else self.comparison.largest_difference

    def to_dict(self) -> dict[str, Any]:
        """Return everything as a dictionary ready for JSON; NaN and infinities become None."""
        return {field.name: _plain(getattr(self, field.name)) for field in fields(self)}

    def to_json(self) -> str:
        """Return the verdict as JSON text."""
        return _documents.write("etcprops.Verdict", self.to_dict())

    def to_html(self) -> str:
        """Return the verdict as one HTML page that needs nothing else, with the witness drawn."""
        from etcprops.auditing.page import render_verdict

        return render_verdict(self)

    def _repr_html_(self) -> str:
        """Show the verdict in a notebook."""
        from etcprops.auditing.page import fragment

        return fragment(self)

    @property
    def degenerate(self) -> bool:
        """Whether every answer is the same one, so that agreement says little."""
        return DEGENERATE in self.conditions

    def __str__(self) -> str:
        lines = [f"{self.estimator}: {self.outcome}"]
        if self.outcome is AuditOutcome.SAME_DECISIONS_HERE:
            lines.append(f"  {LUCK}")
        if self.comparison is not None:
            lines.append(f"  {self.comparison}")
        if self.certified is not None and self.comparison is not None:
            count = self.comparison.n_queries
            lines.append(f"  {self.certified} of {count} decisions are proved the same")
        if self.two_sample_test is not None:
            lines.append(f"  two-sample test: {self.two_sample_test}")
        if self.witness is not None:
            lines.append(f"  witness: {self.witness}")
        if self.cause:
            lines.append(f"  cause: {self.cause}")
        if self.remedy is not None:
            remedy = self.remedy
            lines.append(f"  remedy: {remedy.change} ({remedy.outcome}: {remedy.detail})")
        lines += [f"  {condition}" for condition in self.conditions]
        if self.exposure is not None:
            lines.append(f"  protection: {self.exposure}")
        return "\n".join(lines)


def _plain(value: Any) -> Any:
    """Return `value` made of what JSON has."""
    if is_dataclass(value):
        return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, tuple):
        return [_plain(entry) for entry in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return str(value) if isinstance(value, AuditOutcome) else value
