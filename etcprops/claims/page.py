"""The ledger as one self-contained HTML page with pictures."""

from __future__ import annotations

from collections import Counter
from html import escape
from typing import TYPE_CHECKING

from etcprops._pages import render_page, table, typeset
from etcprops._pictures import Difference, data_uri
from etcprops.claims.formulas import FORMULAS
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
        formulas=FORMULAS,
        pictures=_pictures,
        rows=sorted(ledger.rows, key=lambda row: (not row.claim.section, row.claim.section)),
        steps=steps,
    )


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
    return f"{table(('claim', 'statement', 'outcome', 'the paper'), rows)}<p>{lines}</p>"


def _pictures(evidence: Evidence) -> list[tuple[str, str]]:
    """Return caption and data URI of each exhibit of which there is a picture.

    Where the second half of them is what became of the first, the first difference is framed.
    """
    exhibits = evidence.exhibits
    half = len(exhibits) // 2
    apart: list[Difference | None] = [None] * len(exhibits)
    if len(exhibits) == 2 * half:
        pairs = zip(exhibits[:half], exhibits[half:], strict=True)
        apart = [Difference.between(a.values, b.values) for a, b in pairs] * 2
    shown = []
    for number, (exhibit, found) in enumerate(zip(exhibits, apart, strict=True)):
        picture = drawn(exhibit.values, None if found is None else found.mark)
        told = f". {found}" if found is not None and number >= half else ""
        if picture is not None:
            shown.append((f"{exhibit.label}{told}", data_uri(picture)))
    return shown
