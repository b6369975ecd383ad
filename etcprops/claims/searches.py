"""The report on all searches: what was tried, what was found with the hypotheses and without each.

``python -m etcprops.claims.searches --examples 2000 > docs/reference/searches.md`` writes the page;
with ``--json FILE`` the same as a document besides. The exit status is 1 if a search did not come
out as it must: it found something against a claim, or nothing without one of its hypotheses.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from threadpoolctl import threadpool_limits

from etcprops import _documents
from etcprops._about import versions
from etcprops._files import write_whole
from etcprops.claims.catalogue import CLAIMS
from etcprops.claims.implementation import DEEP_EXAMPLES, Implementation
from etcprops.claims.model import Claim
from etcprops.claims.search import UNTIL_FOUND, Statement, search
from etcprops.claims.statements import STATEMENTS, UNSEARCHED
from etcprops.claims.terms import Outcome

COMMAND = "python -m etcprops.claims.searches --examples {examples} > docs/reference/searches.md"

OPENING = """\
# Searches

<!-- Written by `{command}`; do not edit. -->

Every claim is a function of a small case, and Hypothesis searches for a case in which it is false:
{examples} cases under all its hypotheses, and without each of them until one is found. A claim is
well stated if nothing is found with its hypotheses and something without any one of them. What is
found is shrunk: the counterexamples are the smallest that the search can reach.

{total} cases in {seconds:.0f} s of processor time; {verdict}.

| claim | without | cases | geometries | counterexample |
|---|---|---|---|---|
"""


@dataclass(frozen=True)
class Line:
    """What came of one search for a claim.

    Attributes
    ----------
    claim, without : str
        Name of the claim, and the hypothesis that was dropped; None if all were kept.
    cases, geometries : int
        Cases tried, those of shrinking included, and distinct geometries among them.
    counterexample : str or None
        What was found.
    expected : bool
        Whether something must be found.
    """

    claim: str
    without: str | None
    cases: int
    geometries: int
    counterexample: str | None
    expected: bool

    @property
    def ok(self) -> bool:
        """Whether what came out is what must."""
        return (self.counterexample is not None) is self.expected

    @property
    def result(self) -> str:
        """What was found, in a sentence if it is not what must be."""
        if self.ok:
            return self.counterexample or "none"
        if self.counterexample is not None:
            return f"**FALSE AS STATED**: {self.counterexample}"
        return "**none: the claim is not false**" if self.without is None else "**SUPERFLUOUS**"


def lines_of(
    claim: Claim, statement: Statement, implementation: Implementation, examples: int
) -> Iterator[Line]:
    """Search for counterexamples to a claim under its hypotheses, and without each.

    Parameters
    ----------
    claim : Claim
        Its hypotheses and its expectation are used.
    statement : callable
        What it says of a `Case`.
    implementation : Implementation
        The implementation under test.
    examples : int
        Cases to try.

    Yields
    ------
    Line
    """
    for without in (None, *claim.hypotheses):
        expected = without is not None or claim.expected is Outcome.FAILS
        limit = max(examples, UNTIL_FOUND) if expected else examples
        found = search(statement, implementation, examples=limit, without=without)
        yield Line(
            claim.name, without, found.cases, len(found.geometries), found.counterexample, expected
        )


@dataclass(frozen=True)
class Searches:
    """The report.

    Attributes
    ----------
    lines : tuple of Line
        One a claim, and one for each of its hypotheses.
    examples : int
        Cases of each search.
    seconds : float
        Time of the processor.
    """

    lines: tuple[Line, ...]
    examples: int
    seconds: float

    @property
    def ok(self) -> bool:
        """Whether every search found what it must."""
        return all(line.ok for line in self.lines)

    def to_json(self) -> str:
        """Return the report as JSON text."""
        rows = [asdict(line) | {"ok": line.ok} for line in self.lines]
        content = {
            "ok": self.ok,
            "about": {**versions("hypothesis"), "seconds": round(self.seconds, 1)},
            "examples": self.examples,
            "unsearched": UNSEARCHED,
            "rows": rows,
        }
        return _documents.write("etcprops.Searches", content)

    def to_markdown(self) -> str:
        """Return the report as a page."""
        bad = sum(not line.ok for line in self.lines)
        opening = OPENING.format(
            command=COMMAND.format(examples=self.examples),
            examples=self.examples,
            total=sum(line.cases for line in self.lines),
            seconds=self.seconds,
            verdict=f"{bad} of {len(self.lines)} searches NOT as they must be"
            if bad
            else f"all {len(self.lines)} searches found what they must",
        )
        rows = "".join(
            f"| {line.claim if line.without is None else ''} | {line.without or ''} | {line.cases} "
            f"| {line.geometries} | {_cell(line.result)} |\n"
            for line in self.lines
        )
        reasons = "".join(f"- {name}: {reason}.\n" for name, reason in UNSEARCHED.items())
        return f"{opening}{rows}\nNot searched:\n\n{reasons}"


def report(
    examples: int,
    *,
    statements: Mapping[str, Statement] = STATEMENTS,
    implementation: Implementation | None = None,
) -> Searches:
    """Search for counterexamples to all claims that have a statement.

    Parameters
    ----------
    examples : int
        Cases of each search.
    statements : mapping of str to callable, optional
        By the name of the claim; by default all.
    implementation : Implementation, optional
        The implementation under test; by default the package's own.

    Returns
    -------
    Searches
    """
    under_test = Implementation() if implementation is None else implementation
    start = time.process_time()
    lines: list[Line] = []
    with threadpool_limits(1):
        for claim in CLAIMS:
            if claim.name in statements:
                lines += lines_of(claim, statements[claim.name], under_test, examples)
    return Searches(tuple(lines), examples, time.process_time() - start)


def _cell(text: str) -> str:
    """Return text that stays in one cell."""
    return " ".join(text.replace("|", "\\|").split())


def main(arguments: list[str] | None = None) -> int:
    """Search, and write the page to stdout."""
    parser = argparse.ArgumentParser(prog="python -m etcprops.claims.searches")
    parser.add_argument("--examples", type=int, default=DEEP_EXAMPLES, metavar="N")
    parser.add_argument("--json", type=Path, metavar="FILE")
    options = parser.parse_args(arguments)
    found = report(options.examples)
    sys.stdout.write(found.to_markdown())
    if options.json is not None:
        write_whole(options.json, found.to_json())
    return 0 if found.ok else 1


if __name__ == "__main__":
    sys.exit(main())
