"""The page on trust has the mutants that the tests have."""

from __future__ import annotations

import controls


def test_the_page_has_the_mutants_of_the_tests() -> None:
    page = controls.PAGE.read_text(encoding="utf-8")
    assert page == controls.with_section(page), "write it again: python tests/controls.py"
