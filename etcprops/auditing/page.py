"""The atlas and single verdicts as self-contained HTML pages."""

from __future__ import annotations

import re
from collections import Counter
from html import escape
from typing import TYPE_CHECKING

from etcprops import __version__
from etcprops._pages import render_page, table, typeset, visible
from etcprops._pictures import Difference, close_ups, gallery
from etcprops.auditing.verdict import VERDICTS, AuditOutcome

if TYPE_CHECKING:
    from etcprops.auditing.atlas.grid import Atlas
    from etcprops.auditing.verdict import Verdict

MEANINGS = {
    AuditOutcome.BITWISE_IDENTICAL: "every number the same, to the last bit",
    AuditOutcome.IDENTICAL_DECISIONS: (
        "every query answered the same; decision values, where there are any, differ by no more "
        "than the tolerance, 1e-6 of their spread unless set otherwise"
    ),
    AuditOutcome.SAME_DECISIONS_HERE: (
        "every one of these queries answered the same, by luck: decision values differ by more "
        "than the tolerance, 1e-6 of their spread unless set otherwise"
    ),
    AuditOutcome.EQUAL_IN_DISTRIBUTION: (
        "answers differ from seed to seed and key to key, plain or encrypted; over many of them, "
        "the differences of distribution that are stated are excluded"
    ),
    AuditOutcome.DIFFERENT: "some query answered differently, or an error on one side alone",
    AuditOutcome.NOT_APPLICABLE: "no answer to compare; the reason is given",
}
"""What each outcome says, of every row that has it."""


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
        apart=None
        if verdict.witness is None
        else Difference.between(verdict.witness.image, verdict.witness.encrypted),
        version=__version__,
    )


def atlas_fragment(atlas: Atlas) -> str:
    """Return estimators and outcomes as a table, without a page around it."""
    rows = [
        [
            f"<code>{escape(line.estimator)}</code>",
            *map(escape, (line.preprocessing, line.steps_in_words, line.outcome)),
            f"<strong>{line.verdict}</strong>" if line.agrees is False else line.verdict,
            typeset(line.main.cause),
        ]
        for line in atlas.lines
    ]
    counts = Counter(line.outcome for line in atlas.lines)
    summary = ", ".join(f"{counts[o]} {o}" for o in MEANINGS if counts[o])
    heads = ("estimator", "preprocessing", "steps", "measured", "theory", "cause")
    return visible(f"<p>{escape(summary)}</p>{table(heads, rows)}")


def fragment(verdict: Verdict) -> str:
    """Return what a verdict says, with its witness, without a page around it."""
    return visible(f"<pre>{escape(str(verdict))}</pre>{gallery(_pictures(verdict), pairs=True)}")


def _pictures(verdict: Verdict) -> list[tuple[str, str]]:
    """Return captions and pictures of the query that is answered differently."""
    witness = verdict.witness
    if witness is None:
        return []
    plain = f"Image {witness.query}, plain: {witness.plain_answer}"
    encrypted = f"The same, encrypted: {witness.encrypted_answer}"
    apart = Difference.between(witness.image, witness.encrypted)
    mark = None if apart is None else apart.mark
    shown = close_ups(witness.image, mark, plain), close_ups(witness.encrypted, mark, encrypted)
    return [picture for pair in zip(*shown, strict=True) for picture in pair]
