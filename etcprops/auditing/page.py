"""The atlas and single verdicts as self-contained HTML pages."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

from etcprops._pages import render_page
from etcprops.auditing.verdict import VERDICTS, AuditOutcome

if TYPE_CHECKING:
    from etcprops.auditing.atlas.grid import Atlas

MEANINGS = {
    AuditOutcome.BITWISE_IDENTICAL: "every number the same, to the last bit",
    AuditOutcome.IDENTICAL_DECISIONS: "every query answered the same; values differ by rounding",
    AuditOutcome.SAME_DECISIONS_HERE: "so were these, by luck: values differ more",
    AuditOutcome.EQUAL_IN_DISTRIBUTION: "over many seeds and keys, stated differences are excluded",
    AuditOutcome.DIFFERENT: "some query is answered differently",
    AuditOutcome.NOT_APPLICABLE: "cannot be tried so; the reason is given",
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
    counts = Counter(line.outcome for line in lines)
    choices = {
        "measured": [str(outcome) for outcome in MEANINGS if counts[outcome]],
        "theory": [verdict for verdict in VERDICTS if any(verdict == n.verdict for n in lines)],
        "preprocessing": list(dict.fromkeys(line.preprocessing for line in lines)),
        "steps": list(dict.fromkeys(line.steps_in_words for line in lines)),
    }
    filters = {name: values for name, values in choices.items() if len(values) > 1}
    return render_page(
        "etcprops.auditing",
        "atlas.html",
        atlas=atlas,
        lines=lines,
        confirmed=sum(line.confirmed for line in lines),
        counts=counts,
        meanings={str(outcome): text for outcome, text in MEANINGS.items()},
        severity={str(outcome): rank for rank, outcome in enumerate(MEANINGS)},
        verdicts=VERDICTS,
        names={line.estimator: _breakable(line.estimator) for line in lines},
        filters=filters,
        steps=choices["steps"],
    )


def _breakable(name: str) -> str:
    """Return a name as HTML that may be broken between its words."""
    from markupsafe import Markup

    return Markup("<wbr>").join(re.split(r"(?<=[a-z])(?=[A-Z])", name))
