"""The atlas and single verdicts as self-contained HTML pages."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from etcprops._pages import render_page
from etcprops.auditing.verdict import Outcome

if TYPE_CHECKING:
    from etcprops.auditing.atlas import Atlas

MEANINGS = {
    Outcome.BITWISE_IDENTICAL: "every number the same, to the last bit",
    Outcome.IDENTICAL_DECISIONS: "every query answered the same; values differ by rounding",
    Outcome.EQUAL_IN_DISTRIBUTION: "a test over many seeds and keys did not tell them apart",
    Outcome.DIFFERENT: "some query is answered differently",
    Outcome.NOT_APPLICABLE: "cannot be tried so; the reason is given",
}


def render(atlas: Atlas) -> str:
    """Return the atlas as one page with a table that can be sorted and filtered.

    Parameters
    ----------
    atlas : Atlas
        What to show.

    Returns
    -------
    str
        HTML that needs nothing else: style and script are inside.
    """
    lines = atlas.lines
    return render_page(
        "etcprops.auditing",
        "atlas.html",
        atlas=atlas,
        lines=lines,
        confirmed=sum(line.confirmed for line in lines),
        counts=Counter(line.outcome for line in lines),
        meanings={str(outcome): text for outcome, text in MEANINGS.items()},
        severity={str(outcome): rank for rank, outcome in enumerate(MEANINGS)},
        reference=_reference(lines),
    )


def _reference(lines: list[Any]) -> dict[str, bool]:
    """Say which columns are worth their width: those that differ between lines."""
    return {
        "preprocessing": len({line["preprocessing"] for line in lines}) > 1,
        "steps": len({tuple(line["steps"]) for line in lines}) > 1,
    }
