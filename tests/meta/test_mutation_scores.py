"""What pages say of mutation testing is what its last run found: ``.ci/mutation --json``."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
ROOMS: dict[str, dict[str, Any]] = json.loads(
    (DOCS / "explanation" / "mutation.json").read_text("utf-8")
)
SURVIVORS = tomllib.loads((ROOT / "tests" / "meta" / "survivors.toml").read_text("utf-8"))


def score(room: dict[str, Any]) -> str:
    """Return which share is killed of what was tried and a test can tell."""
    told = room["tried"] - room["equivalent"]
    return f"{100 * room['killed'] / told:.1f} %" if told else "not yet run"


def line(name: str) -> str:
    """Return a room's line in the table."""
    room = ROOMS[name]
    figures = (room[key] for key in ("mutants", "tried", "killed", "equivalent", "survived"))
    cells = (f"`{name}`", *figures, score(room), room["date"], room["commit"])
    return f"| {' | '.join(map(str, cells))} |"


@pytest.mark.parametrize("name", ROOMS)
def test_the_page_has_the_figures_of_the_last_run(name: str) -> None:
    page = (DOCS / "explanation" / "how-far-to-trust.md").read_text("utf-8")
    assert line(name) in page


def test_the_first_page_has_their_sum() -> None:
    killed, tried, equivalent, mutants = (
        sum(room[key] for room in ROOMS.values())
        for key in ("killed", "tried", "equivalent", "mutants")
    )
    last = max(ROOMS.values(), key=lambda room: room["date"])
    sentence = (
        f"{tried:,} of {mutants:,} mutants of the logic were tried: the tests notice {killed:,}, "
        f"and {equivalent} cannot be told from the original ({last['date']}, `{last['commit']}`)"
    )
    assert sentence in (DOCS / "index.md").read_text("utf-8")


@pytest.mark.parametrize("name", ROOMS)
def test_figures_add_up(name: str) -> None:
    room = ROOMS[name]
    assert room["tried"] == room["killed"] + room["equivalent"] + room["survived"]
    assert room["tried"] <= room["mutants"]
    assert len(room["survivors"]) == room["survived"]


def test_rooms_that_are_complete_have_no_other_survivor() -> None:
    for name in SURVIVORS["complete"]:
        assert ROOMS[name]["tried"] == ROOMS[name]["mutants"]
        assert not ROOMS[name]["survivors"]


def test_each_listed_survivor_has_a_reason() -> None:
    keys = {"function", "line", "mutant", "reason"}
    assert all(entry.keys() == keys and all(entry.values()) for entry in SURVIVORS["survivor"])
