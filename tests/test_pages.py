"""The pages: one base with one palette, nothing from elsewhere, and text that is escaped."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from PIL import Image

import etcprops
from etcprops._pages import data_uri, render_page

PACKAGE = Path(etcprops.__file__).parent
BASE = PACKAGE / "templates" / "base.html"
PAGES = sorted(path for path in PACKAGE.rglob("templates/*.html") if path != BASE)
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


def test_pictures_and_files_give_the_same_uri(tmp_path: Path) -> None:
    picture, file = Image.new("L", (2, 2)), tmp_path / "picture.png"
    picture.save(file, optimize=True)
    assert data_uri(picture) == data_uri(file.read_bytes())
    assert data_uri(picture).startswith("data:image/png;base64,iVBORw0KGgo")
