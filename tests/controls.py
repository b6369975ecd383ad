"""Which mutants the checks reject, as the page on trust shows it.

``python tests/controls.py`` writes it there. The tables of mutants are those of the tests.
"""

from __future__ import annotations

import importlib.util
import inspect
from collections import Counter
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from types import ModuleType
from typing import Any, Final

META: Final = Path(__file__).parent / "meta"
PAGE: Final = META.parents[1] / "docs" / "explanation" / "how-far-to-trust.md"
HEADING: Final = "## What each check rejects\n"
OPENING: Final = """\
Each of the {} checks of the ledger is given an implementation that is wrong in one way. Those
that support a claim must find the counterexample; those that refute one, or one of its hypotheses,
must find none where the claim is true.

| wrong in this way | checks that notice it |
|---|--:|"""
SCHEMES: Final = """
The checks of schemes, `etcprops.testing`:

| check | mutants that it rejects |
|---|---|"""
UNNAMED: Final = {
    "<lambda>": "other arithmetic or another result, for this check alone",
    "partial": "the exact products of this package in the place of BLAS's",
}


def tables(name: str) -> ModuleType:
    """Return a module of tests, which has tables of mutants."""
    spec = importlib.util.spec_from_file_location(f"controls_{name}", META / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def changed(mutant: Any, sound: Any) -> Iterator[Any]:
    """Yield the functions of an implementation that are not those of the sound one."""
    for field in fields(mutant):
        value, usual = getattr(mutant, field.name), getattr(sound, field.name)
        if field.name == "arithmetic":
            yield from changed(value, usual)
        elif value is not usual and callable(value):
            yield value


def described(function: Any) -> str:
    """Return what a mutant does: the first line of its docstring, or its name in words."""
    name = getattr(function, "__name__", type(function).__name__)
    told = "" if name in UNNAMED else (inspect.getdoc(function) or "").partition("\n")[0]
    return told.partition(";")[0].rstrip(".") or UNNAMED.get(name, name.replace("_", " "))


def section() -> str:
    """Return the section of the page."""
    ledger, schemes = tables("test_ledger_mutants"), tables("test_scheme_mutants")
    noticed = Counter(
        "; ".join(dict.fromkeys(map(described, changed(mutant, ledger.SOUND))))
        for mutant in ledger.MUTANTS.values()
    )
    rows = [f"| {what} | {count} |" for what, count in noticed.most_common()]
    of_schemes = [
        f"| `{name}` | {', '.join(map(of_scheme, mutants))} |"
        for name, mutants in schemes.MUTANTS.items()
    ]
    lines = [HEADING, OPENING.format(len(ledger.MUTANTS)), *rows, SCHEMES, *of_schemes]
    return "\n".join([*lines, ""])


def of_scheme(mutant: Any) -> str:
    """Return the name of what is wrong in a scheme, in words."""
    name: str = (mutant.decrypt or mutant.encrypt).__name__
    return name.replace("_", " ")


def with_section(page: str) -> str:
    """Return the page with the section as it should be, at its end if there was none."""
    before, _, after = page.partition(HEADING)
    rest = after.partition("\n## ")[2]
    return before.rstrip("\n") + "\n\n" + section() + (f"\n## {rest}" if rest else "")


if __name__ == "__main__":
    PAGE.write_text(with_section(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
