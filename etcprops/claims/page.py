"""The ledger as one self-contained HTML page with pictures."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from html import escape
from typing import TYPE_CHECKING

from etcprops._pages import render_page, table, typeset, visible
from etcprops._pictures import Difference, data_uri
from etcprops.claims.formulas import FORMULAS
from etcprops.claims.pictures import drawn, step_pictures
from etcprops.claims.terms import Outcome, PaperSays

if TYPE_CHECKING:
    from etcprops.claims.model import Evidence, Exhibit, Ledger, Row


def render(ledger: Ledger) -> str:
    """Return the page.

    Parameters
    ----------
    ledger : Ledger
        What to show.

    Returns
    -------
    str
        HTML that needs nothing else: style and pictures are inside.
    """
    steps = [(name, data_uri(after), data_uri(matrix)) for name, after, matrix in step_pictures()]
    return render_page(
        "etcprops.claims",
        "ledger.html",
        ledger=ledger,
        badge_of=_badge,
        counts=Counter(map(_badge, ledger.rows)),
        formulas=FORMULAS,
        pictures=_pictures,
        rows=sorted(ledger.rows, key=lambda row: (not row.claim.section, row.claim.section)),
        steps=steps,
    )


def _badge(row: Row) -> str:
    """Return how an outcome is marked: what fails and is not the paper's is no mark against it."""
    if not row.ok:
        return "unexpected"
    if row.outcome is Outcome.FAILS and row.claim.paper in {PaperSays.SILENT, PaperSays.CONTRARY}:
        return "aside"
    return str(row.outcome)


def fragment(ledger: Ledger) -> str:
    """Return claims and outcomes as a table, and the summary, without a page around them."""
    rows = [
        [
            f"<code>{row.claim.name}</code>",
            typeset(row.claim.statement, FORMULAS),
            str(row.outcome) if row.ok else f"<strong>{row.outcome}, not as expected</strong>",
            str(row.claim.paper),
        ]
        for row in ledger.rows
    ]
    lines = "<br>".join(map(escape, ledger.summary.lines))
    return visible(f"{table(('claim', 'statement', 'outcome', 'the paper'), rows)}<p>{lines}</p>")


def _pictures(evidence: Evidence) -> list[tuple[str, str]]:
    """Return caption and data URI of each exhibit of which there is a picture.

    Where the second half of them is what became of the first, each stands beside its own, and the
    first difference is framed.
    """
    exhibits = evidence.exhibits
    half = len(exhibits) // 2
    if not half or len(exhibits) != 2 * half:
        return _drawn([(exhibit.label, exhibit, None) for exhibit in exhibits])
    shown = []
    for before, after in zip(exhibits[:half], exhibits[half:], strict=True):
        apart = Difference.between(before.values, after.values)
        told = after.label if apart is None else f"{after.label}. {apart}"
        shown += [(before.label, before, apart), (told, after, apart)]
    return _drawn(shown)


def _drawn(shown: Iterable[tuple[str, Exhibit, Difference | None]]) -> list[tuple[str, str]]:
    """Return caption and data URI of what can be drawn, with the difference framed."""
    pictures = (
        (caption, drawn(exhibit.values, None if apart is None else apart.mark))
        for caption, exhibit, apart in shown
    )
    return [(caption, data_uri(picture)) for caption, picture in pictures if picture is not None]
