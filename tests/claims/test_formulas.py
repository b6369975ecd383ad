"""Formulas of the ledger: each is there, each is set, and reads as the plain text does."""

from __future__ import annotations

import re
from html import unescape

import pytest

from etcprops._pages import mathml, typeset
from etcprops.claims import CLAIMS
from etcprops.claims.formulas import FORMULAS

STATEMENTS = {claim.name: claim.statement for claim in CLAIMS}
SIGNS = re.compile(r"(?:->|\^| = | [-+/] )")
"""What stands in formulas, and not in prose."""
SAME = {
    "\u2212": "-",
    "\u21a6": "->",
    "\u2211 x^2": "sum(x^2)",
    "\u27e8": "<",
    "\u27e9": ">",
    "\u2032": "'",
}


@pytest.mark.parametrize("name", STATEMENTS)
def test_no_formula_of_a_statement_is_left_as_text(name: str) -> None:
    prose = re.sub(r"<math.*?</math>", "", typeset(STATEMENTS[name], FORMULAS))
    assert SIGNS.search(unescape(prose)) is None, f"add the formula to FORMULAS: {prose}"


def test_a_formula_that_is_not_known_is_noticed() -> None:
    assert SIGNS.search("inner products a + b stay") is not None
    assert SIGNS.search("k-nearest neighbours, K1 and z-scores") is None


@pytest.mark.parametrize("plain", FORMULAS)
def test_a_formula_reads_as_it_stands_in_plain_text(plain: str) -> None:
    text = unescape(re.sub("<[^>]*>", "", mathml(FORMULAS[plain])))
    for shown, written in SAME.items():
        text = text.replace(shown, written)

    def bare(formula: str) -> str:
        return re.sub(r"\s", "", formula.replace("(number of blocks)", "number of blocks"))

    assert bare(text) == bare(plain)
