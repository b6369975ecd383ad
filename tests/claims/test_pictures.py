"""The pictures on the ledger's page."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from etcprops.claims import CLAIMS
from etcprops.claims.implementation import Implementation
from etcprops.claims.model import Evidence, Exhibit, Ledger, Row
from etcprops.claims.pictures import drawn, example_key, step_pictures
from etcprops.claims.runner import run
from etcprops.claims.terms import EvidenceKind, Finding, Outcome, PaperSays
from etcprops.scheme.keys import STEP_NAMES
from etcprops.scheme.matrices import step_matrices

PICTURES = step_pictures()


def differ(first: Image.Image, second: Image.Image) -> bool:
    return not np.array_equal(np.asarray(first), np.asarray(second))


@pytest.mark.parametrize("number", range(1, len(PICTURES)))
def test_each_step_is_seen_to_do_something(number: int) -> None:
    _, plain, identity = PICTURES[0]
    _, before, _ = PICTURES[number - 1]
    name, after, matrix = PICTURES[number]
    assert differ(matrix, identity), name
    assert differ(after, plain), name
    assert differ(after, before) or name == "all steps"


def test_the_steps_are_named_in_order() -> None:
    names = [name.partition(" ")[2] for name, *_ in PICTURES[1:-1]]
    assert names == list(STEP_NAMES.values())
    assert PICTURES[0][0] == "the photograph"


def test_no_step_of_the_example_leaves_a_block_as_it_is() -> None:
    for step, matrix in step_matrices(example_key()).items():
        moved = (matrix.diagonal() != 1).reshape(2, 2, 2, 2, 3).any(axis=(1, 3, 4))
        assert moved.all() or step == "negatives", step


def shown(*exhibits: Exhibit) -> list[str]:
    """Return the captions of the pictures of an evidence with these exhibits."""
    ledger = Ledger((Row(CLAIMS[0], (evidence(*exhibits),)),), run(Implementation(), ()).about)
    return re.findall("<figcaption>(.*?)</figcaption>", ledger.to_html())[len(PICTURES) :]


def evidence(*exhibits: Exhibit) -> Evidence:
    return Evidence(
        "look", "Looks.", EvidenceKind.EXACT, Finding.SUPPORTS, "seen", exhibits=exhibits
    )


def test_what_became_of_an_image_stands_beside_it_with_the_difference_framed() -> None:
    black, white = np.zeros((2, 2), np.uint8), np.eye(2, dtype=np.uint8)
    names = ("image 0", "image 1", "encrypted 0", "encrypted 1")
    exhibits = map(Exhibit, names, (black, black, white, black))
    assert shown(*exhibits) == [
        "image 0",
        "encrypted 0. 2 of 4 pixels differ, first row 0, column 0 (framed): 0 and 1",
        "image 1",
        "encrypted 1",
    ]
    framed, plain = drawn(white, (0, 0)), drawn(white)
    assert framed is not None
    assert plain is not None
    assert framed.size != plain.size


def test_exhibits_without_a_counterpart_are_shown_as_they_come() -> None:
    values = [np.zeros((1, n), np.uint8) for n in (3, 1, 2)]
    assert shown(*map(Exhibit, "abc", values)) == ["a", "b", "c"]
    assert shown(*map(Exhibit, "ab", values[:2])) == ["a", "b"]
    assert shown(Exhibit("too long", np.zeros((1, 99), np.uint8))) == []


@pytest.mark.sampled(3)
@pytest.mark.parametrize(
    ("paper", "badge"),
    [(PaperSays.STATED, "fails"), (PaperSays.SILENT, "aside"), (PaperSays.CONTRARY, "aside")],
)
def test_what_fails_is_marked_if_the_paper_says_it(paper: PaperSays, badge: str) -> None:
    # Of another name, whose evidence is not on record.
    claim = replace(CLAIMS[0], name="made-up", paper=paper, expected=Outcome.FAILS)
    refuted = replace(evidence(), finding=Finding.REFUTES)
    page = Ledger((Row(claim, (refuted,)),), run(Implementation(), ()).about).to_html()
    assert page.count(f'<span class="badge {badge}">fails</span>') == 2
