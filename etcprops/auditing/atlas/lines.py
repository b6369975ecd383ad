"""A line of the atlas: the rows of all keys and seeds of one estimator, judged together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from etcprops.auditing.atlas.rows import AtlasRow
from etcprops.auditing.verdict import VERDICTS, AuditOutcome

SEVERITY: Final = (
    AuditOutcome.BITWISE_IDENTICAL,
    AuditOutcome.IDENTICAL_DECISIONS,
    AuditOutcome.SAME_DECISIONS_HERE,
    AuditOutcome.EQUAL_IN_DISTRIBUTION,
    AuditOutcome.DIFFERENT,
    AuditOutcome.NOT_APPLICABLE,
)


@dataclass(frozen=True)
class Line:
    """One line of the atlas: an estimator after one preprocessing under some steps, over all keys.

    Attributes
    ----------
    rows : tuple of AtlasRow
        Of each key and seed.
    outcome : str
        The worst of them; a cell that timed out or crashed is told by `status`.
    """

    rows: tuple[AtlasRow, ...]

    @property
    def estimator(self) -> str:
        """Name of the estimator."""
        return self.rows[0].cell.estimator

    @property
    def preprocessing(self) -> str:
        """Name of the preprocessing."""
        return self.rows[0].cell.preprocessing

    @property
    def steps(self) -> tuple[str, ...]:
        """Steps of the key; empty for all that the images have."""
        return self.rows[0].cell.steps

    @property
    def outcome(self) -> str:
        """The worst outcome over the keys."""
        tested = any(row.distribution_tested for row in self.rows)
        outcomes = [row.outcome for row in self.rows]
        if tested and AuditOutcome.EQUAL_IN_DISTRIBUTION in outcomes:
            # The test is over many keys: that another one differs path by path is no news.
            outcomes = [
                AuditOutcome.EQUAL_IN_DISTRIBUTION if o is AuditOutcome.DIFFERENT else o
                for o in outcomes
            ]
        return str(max(outcomes, key=SEVERITY.index))

    @property
    def main(self) -> AtlasRow:
        """The row that says most: against theory, with a cause, or the first."""
        wrong = [row for row in self.rows if row.agrees is False] if self.agrees is False else []
        rows = wrong or self.rows
        return next((row for row in rows if row.cause), rows[0])

    @property
    def against(self) -> str:
        """What theory says and what was found instead, in words."""
        row = self.main
        found = str(row.outcome)
        if row.outcome is row.predicted:
            found += " with values that differ by more than rounding"
        return f"theory says {row.predicted}, found {found}"

    @property
    def status(self) -> str:
        """What went wrong with a cell, or "done"."""
        return next((row.status for row in self.rows if row.status != "done"), "done")

    @property
    def agrees(self) -> bool | None:
        """Whether all keys agree with theory; None if a cell gave no answer."""
        found = [row.agrees for row in self.rows]
        if self.outcome == AuditOutcome.EQUAL_IN_DISTRIBUTION:
            # The rows of other keys were not tested for a distribution of their own.
            found = [row.agrees for row in self.rows if row.distribution_tested]
        return None if None in found else all(found)

    @property
    def confirmed(self) -> bool:
        """Whether some key shows what theory predicts; otherwise none contradicts it."""
        if self.outcome == AuditOutcome.EQUAL_IN_DISTRIBUTION != self.main.predicted:
            return False
        shown = [row.confirmed for row in self.rows]
        identical = self.main.predicted == AuditOutcome.IDENTICAL_DECISIONS
        # One key suffices to show a difference; identity has to hold for each.
        return bool(self.agrees) and (all(shown) if identical else any(shown))

    @property
    def verdict(self) -> str:
        """What to say of theory: one of `VERDICTS`."""
        if self.agrees is None:
            return VERDICTS[3]
        return VERDICTS[0 if self.agrees is False else 2 if self.confirmed else 1]

    @property
    def steps_in_words(self) -> str:
        """Steps of the key in words."""
        return ", ".join(self.steps) or "all steps"

    @property
    def remedy(self) -> str:
        """The remedy in words, empty if there is none."""
        remedy = self.main.remedy
        return "" if remedy is None else f"{remedy.change} ({remedy.outcome})"
