"""The ledger as one self-contained HTML page with pictures."""

from __future__ import annotations

from collections import Counter
from html import escape
from typing import TYPE_CHECKING

from etcprops._pages import data_uri, render_page
from etcprops.claims.pictures import drawn, step_pictures

if TYPE_CHECKING:
    from etcprops.claims.model import Evidence, Ledger


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
        counts=Counter(str(row.outcome) for row in ledger.rows),
        pictures=_pictures,
        steps=steps,
    )


def fragment(ledger: Ledger) -> str:
    """Return claims and outcomes as a table, and the summary, without a page around them."""
    rows = "".join(
        f"<tr><td><code>{escape(row.claim.name)}</code></td>"
        f'<td style="text-align: left">{escape(row.claim.statement)}</td>'
        f"<td>{row.outcome if row.ok else f'<strong>{row.outcome}, not as expected</strong>'}</td>"
        f"<td>{row.claim.paper}</td></tr>"
        for row in ledger.rows
    )
    head = "<tr><th>claim</th><th>statement</th><th>outcome</th><th>the paper</th></tr>"
    lines = "<br>".join(map(escape, ledger.summary.lines))
    return f"<table>{head}{rows}</table><p>{lines}</p>"


def _pictures(evidence: Evidence) -> list[tuple[str, str]]:
    """Return label and data URI of each exhibit of which there is a picture."""
    pictures = [(exhibit.label, drawn(exhibit.values)) for exhibit in evidence.exhibits]
    return [(label, data_uri(picture)) for label, picture in pictures if picture is not None]
