"""The ledger as one self-contained HTML page with pictures."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from jinja2 import Environment, PackageLoader, select_autoescape

from etcprops.claims.pictures import LARGEST_TILED, data_uri, step_pictures, tiles

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
    environment = Environment(
        loader=PackageLoader("etcprops.claims"),
        autoescape=select_autoescape(),
        trim_blocks=True,
        lstrip_blocks=True,
    )
    steps = [(name, data_uri(after), data_uri(matrix)) for name, after, matrix in step_pictures()]
    return environment.get_template("ledger.html").render(
        ledger=ledger,
        counts=Counter(str(row.outcome) for row in ledger.rows),
        pictures=_pictures,
        steps=steps,
    )


def _pictures(evidence: Evidence) -> list[tuple[str, str]]:
    """Return label and data URI of each exhibit that is small enough to be drawn with numbers."""
    return [
        (exhibit.label, data_uri(tiles(exhibit.values)))
        for exhibit in evidence.exhibits
        if max(exhibit.values.shape) <= LARGEST_TILED
    ]
