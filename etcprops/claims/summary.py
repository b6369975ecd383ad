"""What a run of the ledger comes to: outcomes, how they stand to the paper, what was skipped."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from etcprops.claims.terms import Finding, Needs, Outcome, PaperSays

if TYPE_CHECKING:
    from etcprops.claims.model import Row

REMEDIES: Final = {
    Needs.DATA: "--data PATH of your own images",
    Needs.DEEP: "--deep, which takes minutes",
    Needs.SOLVER: "z3: pip install 'etcprops[smt]'",
    Needs.COQ: "Coq 8.16 with mathcomp: CONTRIBUTING.md",
    Needs.JPEGLIB: "jpeglib: pip install 'etcprops[formats]'",
}
"""What to do about evidence that was skipped."""

VERBS: Final = {
    PaperSays.STATED: "states {}",
    PaperSays.IMPLIED: "implies {}",
    PaperSays.LITERAL: "says {} literally",
    PaperSays.CONTRARY: "denies {}",
    PaperSays.SILENT: "omits {}",
}
"""What the paper does about a number of statements."""


@dataclass(frozen=True)
class Summary:
    """Counts over the rows of a ledger.

    Attributes
    ----------
    outcomes : dict of str to int
        Claims by outcome.
    paper : dict of str to dict of str to int
        Claims by how the paper stands to them, then by outcome.
    checks : int
        Checks that looked.
    skipped : dict of str to int
        Checks that did not, by what they need; shown elsewhere by record, or not at all.
    unexpected : int
        Claims that did not come out as expected.
    authorities : tuple of str
        Who says what checks do not say themselves: Coq, of the proofs.
    """

    outcomes: dict[str, int]
    paper: dict[str, dict[str, int]]
    checks: int
    skipped: dict[str, int]
    unexpected: int
    authorities: tuple[str, ...]

    @classmethod
    def of(cls, rows: tuple[Row, ...]) -> Summary:
        r"""Count.

        Examples
        --------
        >>> from etcprops.claims import verify
        >>> from etcprops import BlockGeometry
        >>> names = ["raw-inner-products", "sixteen-codes"]
        >>> rows = verify(BlockGeometry(8, 8, block=4), claims=names).rows
        >>> print(*Summary.of(rows).lines[:2], sep="\n")
        2 claims: 2 fails. All as expected.
        Of the fails the paper omits 1, denies 1.
        """
        evidence = [e for row in rows for e in row.evidence]
        says = {p: [str(r.outcome) for r in rows if r.claim.paper is p] for p in PaperSays}
        return cls(
            _counted([str(row.outcome) for row in rows], [str(o) for o in Outcome]),
            {str(p): _counted(found, [str(o) for o in Outcome]) for p, found in says.items()},
            sum(e.needs is None and e.finding is not Finding.NOT_APPLICABLE for e in evidence),
            _counted([str(e.needs) for e in evidence if e.needs], [str(n) for n in Needs]),
            sum(not row.ok for row in rows),
            tuple(dict.fromkeys(e.authority for e in evidence if e.authority)),
        )

    @property
    def lines(self) -> tuple[str, ...]:
        """What came out, what the paper says of what fails, and what was looked at."""
        outcomes = ", ".join(f"{count} {outcome}" for outcome, count in self.outcomes.items())
        verdict = f"{self.unexpected} NOT as expected" if self.unexpected else "All as expected"
        total = sum(self.outcomes.values())
        fails = {says: found.get("fails", 0) for says, found in self.paper.items()}
        told = ", ".join(VERBS[PaperSays(says)].format(n) for says, n in fails.items() if n)
        checks = f"{self.checks} check{'s' if self.checks != 1 else ''} run"
        if self.skipped:
            needs = ", ".join(
                f"{n} need{'s' if n == 1 else ''} {what}" for what, n in self.skipped.items()
            )
            checks += f", {sum(self.skipped.values())} skipped: {needs}"
        return (
            f"{total} claim{'s' if total != 1 else ''}: {outcomes}. {verdict}.",
            *([f"Of the fails the paper {told}."] if told else []),
            f"{checks}.",
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the summary ready for JSON."""
        return {**vars(self), "authorities": list(self.authorities)}


def _counted(found: list[str], order: list[str]) -> dict[str, int]:
    """Return how often each is there, in an order, without what is not."""
    counts = Counter(found)
    return {name: counts[name] for name in order if counts[name]}
