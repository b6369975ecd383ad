"""HTML pages from the templates of the package; what a page shows, its own module says."""

from __future__ import annotations

from typing import Any


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
    from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

    environment = Environment(
        loader=PackageLoader(package),
        autoescape=select_autoescape(),
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
    return environment.get_template(template).render(**content)
