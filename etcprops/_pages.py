"""HTML pages from the templates of the package; what a page shows, its own module says.

Each extends ``etcprops/templates/base.html``, which has the palette, the dark one and print.
"""

from __future__ import annotations

import base64
import io
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from PIL import Image


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
