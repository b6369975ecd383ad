"""The pages: one base with one palette, nothing from elsewhere, and text that is escaped."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path

import pytest

import etcprops
from etcprops._pages import mathml, render_page, typeset

PACKAGE = Path(etcprops.__file__).parent
BASE = PACKAGE / "templates" / "base.html"
SHARED = sorted(BASE.parent.glob("*.html"))
PAGES = sorted(path for path in PACKAGE.rglob("templates/*.html") if path not in SHARED)
COLOUR = re.compile(r"#[0-9a-fA-F]{3,6}\b")


def test_there_are_pages_and_one_base() -> None:
    assert {page.name for page in PAGES} >= {
        "atlas.html",
        "ledger.html",
        "probe.html",
        "reproduction.html",
    }
    assert COLOUR.search(BASE.read_text("utf-8"))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_page_extends_the_base_and_has_no_colour_of_its_own(page: Path) -> None:
    text = page.read_text("utf-8")
    assert text.startswith('{% extends "base.html" %}')
    assert not COLOUR.findall(text)
    assert "prefers-color-scheme" not in text


@pytest.mark.parametrize("page", [BASE, *PAGES], ids=lambda page: page.stem)
def test_every_variable_of_the_style_is_in_the_palette(page: Path) -> None:
    known = set(re.findall(r"(--[a-z]+):", BASE.read_text("utf-8")))
    assert set(re.findall(r"var\((--[a-z]+)\)", page.read_text("utf-8"))) <= known


def test_the_dark_palette_names_what_the_light_one_has() -> None:
    root = re.compile(r":root \{ color-scheme: (?:light|dark);(.*?)\}", re.DOTALL)
    palettes = root.findall(BASE.read_text("utf-8"))
    light, dark = (set(re.findall(r"(--[a-z]+):", palette)) for palette in palettes)
    assert dark < light


def test_a_page_is_escaped_and_needs_what_it_names(tmp_path: Path) -> None:
    from jinja2 import UndefinedError

    package = tmp_path / "paged"
    (package / "templates").mkdir(parents=True)
    (package / "__init__.py").touch()
    template = '{% extends "base.html" %}{% block title %}{{ title }}{% endblock %}'
    template += "{% block main %}<p>{{ text }}</p>{% endblock %}"
    (package / "templates" / "page.html").write_text(template, "utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(tmp_path))
        page = render_page("paged", "page.html", title="T", text="<script>")
        with pytest.raises(UndefinedError, match="'text' is undefined"):
            render_page("paged", "page.html", title="T")
    assert page.startswith("<!DOCTYPE html>\n<html")
    assert "<title>T</title>" in page
    assert "<p>&lt;script&gt;</p>" in page
    assert page.endswith("</html>")


# --- Text


def as_text(html: str) -> str:
    """Return what a browser shows that knows neither style sheets nor MathML."""
    return unescape(re.sub("<[^>]*>", "", str(html).replace("<sup", "^<sup")))


@pytest.mark.parametrize(
    ("plain", "shown"),
    [
        ("values by 2.1e-01 of their spread", "values by 0.21 of their spread"),
        ("up to 4.2e-15, 1e+06", "up to 4.2\u00a0\u00d7\u00a010^\u221215, 10^6"),
        ("gamma=1.7e-06 and f(1e-6)", "gamma=1.7e-06 and f(10^\u22126)"),
        ("blocks of 8 x 8, not 2 x", "blocks of 8\u00a0\u00d7\u00a08, not 2 x"),
        ("(1 - p)^64 < 2^53", "(1 - p)^64 < 2^53"),
        ("`a_b < c` of *same-bits*", "a_b < c of same-bits"),
    ],
)
def test_prose_is_set_and_can_be_read_as_text(plain: str, shown: str) -> None:
    assert as_text(typeset(plain)) == shown


def test_text_is_escaped_wherever_it_stands() -> None:
    html = typeset("<b> `<i>` y = x <u> 1e-9 <s>", {"y = x": "y = x"})
    assert re.findall("<[bius]>", html) == []
    assert html.count("<math") == html.count("<code") == html.count("<sup") == 1


def test_the_longest_formula_is_taken_and_only_as_a_word() -> None:
    html = typeset("Q x, Q, and Qx", {"Q": "Q", "Q x": "Q x"})
    assert html.count("<math") == 2
    assert html.endswith("and Qx")


@pytest.mark.parametrize(
    ("latex", "text"),
    [
        ("y = Q x + c", "y = Q x + c"),
        ("Q^T Q = I", "Q^T Q = I"),
        (r"\operatorname{fl}(255 - x)", "fl(255 \u2212 x)"),
        (r"\frac{S_u}{2}", "S_u / 2"),
        (r"T^\prime", "T\u2032"),
        (r"-\text{DC} - 8", "\u2212DC \u2212 8"),
    ],
)
def test_a_formula_can_be_read_as_text(latex: str, text: str) -> None:
    assert as_text(mathml(latex)) == text
    assert mathml(latex).startswith("<math ")
    assert "http" not in mathml(latex)
