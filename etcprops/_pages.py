"""HTML pages from the templates of the package; what a page shows, its own module says.

Each extends ``etcprops/templates/base.html``, which has the palette, the dark one and print.
"""

from __future__ import annotations

import base64
import io
from typing import TYPE_CHECKING, Any, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PIL import Image

SIDE: Final = 256
"""Images are enlarged, or thinned out, to about this many screen pixels."""


def render_page(package: str, template: str, **content: Any) -> str:
    """Return a page made from a template; text is escaped.

    Parameters
    ----------
    package : str
        The package with a folder ``templates``, for instance "etcprops.claims".
    template : str
        Name of the file in it.
    **content
        All that the template refers to; a name that is missing is an error.

    Returns
    -------
    str
    """
    from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined, select_autoescape

    environment = Environment(
        loader=ChoiceLoader([PackageLoader(package), PackageLoader("etcprops")]),
        autoescape=select_autoescape(),
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
    return environment.get_template(template).render(**content)


def data_uri(picture: Image.Image | bytes) -> str:
    """Return a picture, or the content of a PNG file, as a PNG in a data URI.

    Examples
    --------
    >>> data_uri(b"PNG")
    'data:image/png;base64,UE5H'
    """
    if not isinstance(picture, bytes):
        buffer = io.BytesIO()
        picture.save(buffer, "PNG", optimize=True)
        picture = buffer.getvalue()
    return "data:image/png;base64," + base64.b64encode(picture).decode("ascii")


def enlarged(image: NDArray[Any]) -> str:
    """Return an image as a data URI, of a size to be looked at; floats from least to largest.

    Parameters
    ----------
    image : ndarray, shape (H, W) or (H, W, 3)
        uint8, or floats.

    Examples
    --------
    >>> enlarged(np.eye(2))[:22]
    'data:image/png;base64,'
    """
    from PIL import Image

    if image.dtype != np.uint8:
        low, high = image.min(), image.max()
        image = ((image - low) / max(high - low, 1e-12) * 255).astype(np.uint8)
    factor = max(1, SIDE // max(image.shape[:2]))
    step = -(-max(image.shape[:2]) // (2 * SIDE))
    large = image[::step, ::step].repeat(factor, axis=0).repeat(factor, axis=1)
    return data_uri(Image.fromarray(large))
