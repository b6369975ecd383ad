"""HTML pages from the templates of the package; what a page shows, its own module says.

Each extends ``etcprops/templates/base.html``, which has the palette, the dark one and print.
Pictures are made in `etcprops._pictures`; formulas become MathML here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from html import escape
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final
from xml.etree import ElementTree as ET

if TYPE_CHECKING:
    from markupsafe import Markup

NAMESPACE: Final = ' xmlns="http://www.w3.org/1998/Math/MathML"'
"""What HTML knows without being told."""
UNSEEN: Final = "display: none"
"""Of signs for browsers without style sheets, which show text alone."""
TIMES, MINUS = "\u00a0\u00d7\u00a0", "\u2212"
_OBEYED: Final = {
    number: f"\\u{number:04x}"
    for numbers in (
        (*range(9), 0xB, 0xC, *range(0xE, 0x20), *range(0x7F, 0xA0)),
        (0x61C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)),
    )
    for number in numbers
}
"""Controls of terminals and of the direction of writing, all but tabs and line ends."""
PROSE: Final = (
    r"(?P<code>`[^`]+`)",
    r"(?P<name>\*[a-z0-9-]+\*)",
    r"(?P<times>(?<=\d) x (?=\d))",
    r"(?<=[\w)])(?P<power>\^\d+)",
    r"(?<![\w.=+-])(?P<number>\d(?:\.\d+)?e[+-]\d+)(?![\w.])",
)
"""What is set in prose; ``gamma=1e-3`` is code and stays as it is."""


def render_page(package: str, template: str, **content: Any) -> str:
    """Return a page made from a template; text is escaped.

    Parameters
    ----------
    package : str
        The package with a folder ``templates``, for instance "etcprops.claims".
    template : str
        Name of the file in it. The filter ``typeset`` is there for prose with numbers.
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
    environment.filters["typeset"] = typeset
    return visible(environment.get_template(template).render(**content))


def visible(page: str) -> str:
    r"""Return HTML in which characters that turn the direction of writing are shown, not obeyed.

    In a name they reorder what is read around them; so do other control characters nothing good.

    Examples
    --------
    >>> visible("<p>photo\u202egnp.exe</p>") == r"<p>photo\u202egnp.exe</p>"
    True
    """
    return page.translate(_OBEYED)


def table(heads: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """Return a table for a notebook, which would set its text to the right.

    Parameters
    ----------
    heads : iterable of str
        Of the columns.
    rows : iterable of iterables of str
        Cells, as HTML.

    Examples
    --------
    >>> table(["a"], [["b"]])[-60:]
    '<tr><td style="text-align: left">b</td></tr></tbody></table>'
    """
    left = 'style="text-align: left"'
    head = "".join(f'<th scope="col" {left}>{name}</th>' for name in heads)
    body = "".join(
        f"<tr>{''.join(f'<td {left}>{cell}</td>' for cell in cells)}</tr>" for cells in rows
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def typeset(text: object, formulas: Mapping[str, str] | None = None) -> Markup:
    """Return prose as HTML: formulas as MathML, powers raised, names in backquotes as code.

    Parameters
    ----------
    text : object
        Its ``str`` is taken, and escaped.
    formulas : mapping of str to str, optional
        LaTeX of formulas by how they stand in plain text.

    Examples
    --------
    >>> typeset("up to 2.1e-01 of <spread>")
    Markup('up to 0.21 of &lt;spread&gt;')
    >>> "<math" in typeset("if Q^T Q = I", {"Q^T Q = I": "Q^T Q = I"}), "<sup" in typeset("4e-15")
    (True, True)
    """
    from markupsafe import Markup

    known = formulas or {}
    names = "|".join(map(re.escape, sorted(known, key=len, reverse=True)))
    patterns = [rf"(?<!\w)(?P<formula>{names})(?!\w)"] if names else []
    found = re.compile("|".join([*patterns, *PROSE]))
    parts: list[str] = []
    end = 0
    for match in found.finditer(str(text)):
        parts += [escape(str(text)[end : match.start()]), _set(match, known)]
        end = match.end()
    return Markup("".join([*parts, escape(str(text)[end:])]))  # noqa: S704  # each part is escaped


def _set(match: re.Match[str], formulas: Mapping[str, str]) -> str:
    """Return what was found as HTML."""
    found = match[0]
    how: dict[str | None, Callable[[], str]] = {
        "formula": lambda: mathml(formulas[found]),
        "code": lambda: f"<code>{escape(found[1:-1])}</code>",
        "name": lambda: f"<em>{escape(found[1:-1])}</em>",
        "times": lambda: TIMES,
        "power": lambda: _raised(found[1:]),
        "number": lambda: _number(found),
    }
    return how[match.lastgroup]()


def _number(text: str) -> str:
    """Return a number that has an exponent: without it where that is short."""
    digits, exponent = text.split("e")
    if abs(int(exponent)) < 4:
        return f"{float(text):g}"
    power = f"10{_raised(str(int(exponent)).replace('-', MINUS))}"
    return power if digits == "1" else f"{digits}{TIMES}{power}"


def _raised(text: str) -> str:
    """Return an exponent; browsers without style sheets write its ``^`` themselves."""
    return f'<sup style="line-height: 0">{text}</sup>'


@cache
def mathml(latex: str) -> str:
    r"""Return a formula as MathML that can be read as text, too.

    Scripts and fractions have the sign with which they are written on a line, which browsers that
    know MathML do not show.

    Parameters
    ----------
    latex : str
        The formula.

    Examples
    --------
    >>> from xml.etree import ElementTree
    >>> "".join(ElementTree.fromstring(mathml(r"Q^T Q = I")).itertext())
    'Q^T Q = I'
    """
    from latex2mathml.converter import convert

    formula = ET.fromstring(convert(latex).replace(NAMESPACE, ""))  # noqa: S314  # ours
    for element in list(formula.iter()):
        for child, following in pairwise(element):
            first = child is element[0] and child.tag == "mo"
            joined = (
                first
                or str(child.text)[-1:] == "\u00a0"
                or child.text in {"(", "\u27e8"}
                or following.text in {*"(),\u2032\u27e9"}
            )
            child.tail = "" if joined else " "
        sign = {"msup": "^", "msub": "_", "mfrac": " / "}.get(element.tag)
        if sign and element[1].text != "\u2032":
            element[0].tail = ""
            row = ET.Element("mrow")
            ET.SubElement(row, "mo", {"style": UNSEEN}).text = sign
            row.append(element[1])
            element[1] = row
    return ET.tostring(formula, encoding="unicode")
