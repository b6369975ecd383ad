"""The report of an attack as one self-contained HTML page, and as a part of a notebook."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Final

import numpy as np

from etcprops import __version__
from etcprops._pages import render_page, visible
from etcprops._pictures import enlarged, gallery

if TYPE_CHECKING:
    from etcprops.attacks.report import AttackReport

SHOWN: Final = 4
"""Images that are shown at most."""


def render(report: AttackReport, name: str) -> str:
    """Return the page.

    Parameters
    ----------
    report : AttackReport
        What to show.
    name : str
        Of the images, for the heading.

    Returns
    -------
    str
        HTML that needs nothing else: style and pictures are inside.
    """
    return render_page(
        "etcprops.attacks",
        "attack.html",
        report=report,
        name=name,
        version=__version__,
        pictures=_pictures(report),
    )


def fragment(report: AttackReport) -> str:
    """Return outcome and pictures without a page around them."""
    said = f"<p><strong>{report.outcome}</strong>: {escape(report.reason)}</p>"
    return visible(said + gallery(_pictures(report)))


def _pictures(report: AttackReport) -> list[tuple[str, str]]:
    """Return captions and pictures: encrypted images, what was made of them, how sure it is."""
    found = []
    for i in range(min(SHOWN, len(report.images))):
        found.append((f"Image {i + 1}, encrypted.", enlarged(report.encrypted[i])))
        if report.confidence.any():
            found.append((f"Image {i + 1}, reconstructed.", enlarged(report.images[i])))
    if report.confidence.any():
        levels = np.rint(255 * report.confidence_map).astype(np.uint8)
        caption = "Confidence of each block of the reconstruction: white is 1, black 0."
        found.append((caption, enlarged(levels)))
    return found
