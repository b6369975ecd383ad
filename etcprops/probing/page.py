"""The report of a probe as one self-contained HTML page with pictures."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PIL import Image

from etcprops import __version__
from etcprops._pages import data_uri, render_page
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
    shown, white = ([], 1.0) if report.witness is None else pictures.witness(report.witness)
    return render_page(
        "etcprops.probing",
        "probe.html",
        report=report,
        name=name,
        version=__version__,
        pictures=[(caption, data_uri(image)) for caption, image in _map_pictures(report)],
        witness=[(caption, data_uri(image)) for caption, image in shown],
        white=white,
    )


def _map_pictures(report: ProbeReport) -> list[tuple[str, Image.Image]]:
    """Return captions and pictures of a map that shows one input pixel in each output pixel."""
    found = report.map
    if not isinstance(found, (SignedPermutation, PixelMap)):
        return []
    result = [
        ("The image, each place in a colour of its own.", pictures.places(report.shape)),
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
    return result
