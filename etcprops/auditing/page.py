"""The atlas and single verdicts as self-contained HTML pages."""

from __future__ import annotations

import re
from collections import Counter
from html import escape
from typing import TYPE_CHECKING

from etcprops import __version__
from etcprops._pages import enlarged, render_page
from etcprops.auditing.verdict import VERDICTS, AuditOutcome

if TYPE_CHECKING:
    from etcprops.auditing.atlas.grid import Atlas
    from etcprops.auditing.verdict import Verdict

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


def render_verdict(verdict: Verdict) -> str:
    """Return one verdict as a page: outcome, cause, remedy, and the pixels that show it.

    Parameters
    ----------
    verdict : Verdict
        What to show.

    Returns
    -------
    str
        HTML that needs nothing else: style and pictures are inside.
    """
    return render_page(
        "etcprops.auditing",
        "verdict.html",
        verdict=verdict,
        meaning=MEANINGS[verdict.outcome],
        pictures=_pictures(verdict),
        version=__version__,
    )


def fragment(verdict: Verdict) -> str:
    """Return what a verdict says, with its witness, without a page around it."""
    figures = "".join(
        f'<figure><img src="{uri}" alt="{escape(caption)}">'
        f"<figcaption>{escape(caption)}</figcaption></figure>"
        for caption, uri in _pictures(verdict)
    )
    row = f'<div style="display: flex; flex-wrap: wrap; gap: 1.25rem">{figures}</div>'
    return f"<pre>{escape(str(verdict))}</pre>{row if figures else ''}"


def _pictures(verdict: Verdict) -> list[tuple[str, str]]:
    """Return captions and pictures of the query that is answered differently."""
    witness = verdict.witness
    if witness is None:
        return []
    return [
        (f"Query {witness.query}, plain: {witness.plain_answer}.", enlarged(witness.image)),
        (f"The same, encrypted: {witness.encrypted_answer}.", enlarged(witness.encrypted)),
    ]
