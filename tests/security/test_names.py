"""Names that others gave, of files, estimators and errors: shown everywhere, obeyed nowhere.

In pages they add no element and no attribute, on terminals no line, colour or escape code.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import jinja2
import numpy as np
import pytest
from helpers import Run, command_line
from sklearn.dummy import DummyClassifier

import etcprops
from etcprops import BlockGeometry, EtCKey, InvalidParameterError, attack, audit, probe
from etcprops._about import versions
from etcprops._validation import printable
from etcprops.auditing.atlas.cells import AtlasCell
from etcprops.auditing.atlas.grid import Atlas
from etcprops.auditing.atlas.rows import AtlasRow
from etcprops.claims.runner import verify
from etcprops.cli._progress import progress_bar
from etcprops.cli.common import terminal

PACKAGE = Path(etcprops.__file__).parent
KEY = EtCKey.from_secret(BlockGeometry(8, 8, block=4), "an example")
HARM = "<script>alert(1)</script>\"'&<img src=x onerror=alert(1)>javascript:alert(1)</td></main>"
TURNING = "\u202e\u2066\u200f\x9b\x00\x7f"
ESCAPES = "\x1b]0;owned\x07\x1b[31mred\x9b2J\u202egnp.exe\u2066\nAll is well.\r\x08\ud800[/b]"


# --- Pages


class Skeleton(HTMLParser):
    """What a page is made of: its elements, with the names of their attributes."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[tuple[str, ...]] = []
        self.links: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.parts.append((tag, *(name for name, _ in attrs)))
        self.links += [value or "" for name, value in attrs if name in {"href", "src", "action"}]

    def handle_endtag(self, tag: str) -> None:
        self.parts.append((f"/{tag}",))


class Named(DummyClassifier):  # type: ignore[misc]  # scikit-learn has no types
    """An estimator with a name of its own."""

    name = ""

    def __repr__(self, N_CHAR_MAX: int = 700) -> str:
        return self.name


def audited(name: str) -> tuple[str, str]:
    images = np.random.default_rng(0).integers(0, 256, (8, 8, 8), dtype=np.uint8)
    model = type("Model", (Named,), {"name": name})()
    verdict = audit(model, images, np.arange(8) % 2, KEY)
    return verdict.to_html(), verdict._repr_html_()


def probed(name: str) -> tuple[str, str]:
    def encrypt(_image: Any, _key: Any) -> Any:
        raise RuntimeError(name)

    return probe(encrypt, (4, 4), keys=[1], isolation="none").to_html(name), ""


def attacked(name: str) -> tuple[str, str]:
    report = attack(np.zeros((2, 16, 16), np.uint8))
    return report.to_html(name), report._repr_html_()


def gridded(name: str) -> tuple[str, str]:
    cell = AtlasCell("SVC", data=name)
    row = AtlasRow.without_answer(cell, "crashed", name)
    about: dict[str, Any] = dict.fromkeys(versions(), name)
    about |= {
        "data": name,
        "seconds": 1,
        "images": 4,
        "seeds": 1,
        "preprocessings": [name],
        "law_level": 0.01,
    }
    found = Atlas([row], about)
    return found.to_html(), found._repr_html_()


def ledger_of(name: str) -> tuple[str, str]:
    found = verify(BlockGeometry(8, 8, block=4), claims=["int8-products"])
    for row in found.rows:
        for evidence in row.evidence:
            object.__setattr__(evidence, "detail", name)
    return found.to_html(), found._repr_html_()


PAGES: dict[str, Callable[[str], tuple[str, str]]] = {
    "audit": audited,
    "probe": probed,
    "attack": attacked,
    "atlas": gridded,
    "verify": ledger_of,
}


@pytest.mark.sampled(3)
@pytest.mark.parametrize("make", PAGES.values(), ids=PAGES)
def test_names_add_nothing_to_a_page(
    make: Callable[[str], tuple[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever the template shows is poisoned, besides the names that the caller gives."""
    suffix = ""

    def poisoned(value: object) -> object:
        return f"{value}{suffix}" if type(value) is str else value

    usual = jinja2.Environment.__init__

    def with_poison(self: Any, **options: Any) -> None:
        usual(self, **options, finalize=poisoned)

    monkeypatch.setattr(jinja2.Environment, "__init__", with_poison)
    benign = make("name")
    suffix = HARM + TURNING
    harmful = make(suffix)
    for before, after in zip(benign, harmful, strict=True):
        assert Skeleton(after).parts == Skeleton(before).parts
        assert HARM not in after
        for link in Skeleton(after).links:
            assert link.startswith(("#", "data:image/png;base64,")), link
        assert not set(after) & set(TURNING)
    assert "&lt;script&gt;" in harmful[0]
    assert "\\u202e" in harmful[0]


TEMPLATES = sorted(PACKAGE.rglob("templates/*.html"))


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.stem)
def test_templates_show_values_only_where_they_are_escaped(template: Path) -> None:
    text = template.read_text("utf-8")
    shown = re.sub(r'"[^"{}]*"\s*\|\s*safe', "", text)  # a text of the template itself
    assert not re.search(r"\|\s*safe|autoescape|Markup", shown)
    for script in re.findall(r"<(?:script|style)\b.*?</(?:script|style)>", text, re.DOTALL):
        for value in re.findall(r"\{\{(.*?)\}\}", script):
            assert not value.strip(), f"{value} in a script or a style"
    for attribute, value in re.findall(r"""([\w-]+)=("[^"]*"|[^\s">]*\{\{[^>]*)""", text):
        if "{{" in value:
            assert value.startswith('"'), f"{attribute}={value} is not quoted"
            assert not attribute.lower().startswith("on"), attribute
            if attribute in {"href", "src", "action"}:
                # Pictures are made here; `test_names_add_nothing_to_a_page` looks at the results.
                pictures = r'"\{\{ (uri|matrix|picture|pictures\[name\]) \}\}"'
                assert value.startswith('"#') or re.fullmatch(pictures, value), value


def test_the_parser_sees_what_it_should() -> None:
    assert Skeleton("<p>a</p>").parts != Skeleton(f"<p>{HARM}</p>").parts
    assert Skeleton('<a href="javascript:x">').links == ["javascript:x"]


# --- Terminals


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    return command_line(monkeypatch, capsys)


def assert_harmless(text: str) -> None:
    for line in text.split("\n"):
        assert line.isprintable(), repr(line)
        assert not line.startswith("All is well")


def test_printable_text_is_one_line_and_says_all() -> None:
    shown = printable(ESCAPES)
    assert shown.isprintable()
    assert shown.encode("utf-8").decode("unicode_escape").encode("utf-16", "surrogatepass") == (
        ESCAPES.encode("utf-16", "surrogatepass")
    )
    assert printable("Größe, 画像.png") == "Größe, 画像.png"


def test_every_error_is_a_line() -> None:
    error = InvalidParameterError(f"The file {ESCAPES}")
    assert str(error).isprintable()
    with pytest.raises(InvalidParameterError) as caught:
        EtCKey.load(ESCAPES.replace("\ud800", ""))
    assert_harmless(str(caught.value))


@pytest.mark.parametrize("width", [20, 200])
def test_consoles_show_names_without_obeying_them(width: int) -> None:
    console = terminal()
    console.file = io.StringIO()
    console.width = width
    console.print(ESCAPES.replace("\nAll", " All"), style="bold")
    assert_harmless(console.file.getvalue())


def test_a_name_with_markup_does_not_stop_the_bar(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    with progress_bar() as bar:
        bar(1, 2, "photo[/b][red].png")
    assert "photo[/b][red].png" in capsys.readouterr().err


def test_names_of_files_reach_the_terminal_as_they_are_written(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run("keygen", "secret").status == 0
    name = ESCAPES.replace("\ud800", "\udcff").replace("/", "|")  # a byte that is no UTF-8
    (tmp_path / name).mkdir()
    (tmp_path / name / f"{name}.png").write_bytes(b"no image")
    for arguments in (
        ("encrypt", name, "--out", "out", "--secret-file", "secret"),
        ("encrypt", name, "--out", "out", "--secret-file", name),
        ("attack", name),
        ("attack", f"{name}.npy"),
        ("audit", "json:loads", "--data", name),
        ("audit", f"{name}:x"),
        ("audit", "json:loads", "--key", name),
        ("check", name),
        ("probe", f"{name}:f", "--shape", "4", "4"),
        ("keygen", f"{name}/x/y"),
        ("keygen", f"{name}/secret"),
        ("verify", "--claims", name),
        ("verify", "--json", f"{name}/x/y"),
        ("reproduce", "--data", name, "--out", "o"),
        ("atlas", name),
    ):
        result = run(*arguments)
        assert result.status in {0, 1, 2}, arguments
        assert_harmless(result.out)
        assert_harmless(result.err)


def test_a_certificate_cannot_write_to_the_terminal(run: Run, tmp_path: Path) -> None:
    text = '{"format": "\\u001b[31m\\n", "version": 1}'
    (tmp_path / "x.json").write_text(text)
    result = run("check", str(tmp_path / "x.json"))
    assert result.status == 2
    assert_harmless(result.err)


def test_errors_of_functions_cannot_write_to_the_terminal(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    said = ESCAPES.encode("unicode_escape").decode()
    text = f"def f(image, key):\n    raise RuntimeError('{said}')\nmodel = {{}}['{said}']\n"
    (tmp_path / "shouting.py").write_text(text, "utf-8")
    (tmp_path / "whispering.py").write_text(text.partition("model")[0], "utf-8")
    for arguments in (
        ("probe", "whispering:f", "--shape", "4", "4", "--isolation", "none"),
        ("probe", "shouting:f", "--shape", "4", "4"),
        ("audit", "shouting:model"),
    ):
        result = run(*arguments)
        assert_harmless(result.out)
        assert_harmless(result.err)
