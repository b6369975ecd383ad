"""The report of a probe as one self-contained HTML page, and as a part of a notebook."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from etcprops import __version__
from etcprops._pages import render_page, visible
from etcprops._pictures import data_uri, gallery
from etcprops.claims.formulas import FORMULAS
from etcprops.probing import pictures
from etcprops.probing.model import PixelMap
from etcprops.scheme.signed_permutation import SignedPermutation

if TYPE_CHECKING:
    from etcprops.probing.report import ProbeReport


def render(report: ProbeReport, name: str) -> str:
    """Return the page.

    Parameters
    ----------
    report : ProbeReport
        What to show.
    name : str
        Of the function, for the heading.

    Returns
    -------
    str
        HTML that needs nothing else: style and pictures are inside.
    """
    witness, white = _witness_pictures(report)
    conditions = {c.condition for c in report.consequences}
    return render_page(
        "etcprops.probing",
        "probe.html",
        report=report,
        name=name,
        version=__version__,
        formulas=FORMULAS,
        pictures=_map_pictures(report),
        witness=witness,
        white=white,
        same=conditions.pop() if len(conditions) == 1 else "",
    )


def fragment(report: ProbeReport) -> str:
    """Return what a probe found, with its pictures, without a page around them."""
    witness, _ = _witness_pictures(report)
    shown = gallery(witness or _map_pictures(report), pairs=bool(witness))
    return visible(f"<pre>{escape(str(report))}</pre>{shown}")


def _witness_pictures(report: ProbeReport) -> tuple[list[tuple[str, str]], float]:
    """Return captions and pictures of the witness, if there is one, and what is white in them."""
    shown, white = ([], 1.0) if report.witness is None else pictures.witness(report.witness)
    return [(caption, data_uri(image)) for caption, image in shown], white


def _map_pictures(report: ProbeReport) -> list[tuple[str, str]]:
    """Return captions and pictures of a map that shows one input pixel in each output pixel."""
    found = report.map
    if not isinstance(found, (SignedPermutation, PixelMap)):
        return []
    planes = "; components side by side" if len(report.shape) == 3 else ""
    result = [
        (f"The image, each place in a colour of its own{planes}.", pictures.places(report.shape)),
        (
            "The result, each pixel in the colour of the place that it shows.",
            pictures.origins(found, report.shape, report.out_shape),
        ),
    ]
    if (found.sign != 1).any():
        caption = "Negated pixels of the result: dark ones are."
        result.append((caption, pictures.signs(found, report.out_shape)))
    if isinstance(found, PixelMap):
        caption = (
            f"Pixels of the image: {found.lost.size} of {found.size} are lost (red), "
            f"{found.duplicated.size} shown twice or more (blue), the rest once."
        )
        result.append((caption, pictures.uses(found, report.shape)))
    return [(caption, data_uri(image)) for caption, image in result]
