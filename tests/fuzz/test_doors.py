"""Every public door, given what is nearly right: documented errors only, and nothing changed.

A door's arguments are those of a right call, of which one or two are replaced (`values`); what must
be true however the call ends is in `attempts`. `doors_page.py` writes the table of
`docs/reference/doors.md`. What was found is mended, and stays as an example in `test_found`.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from attempts import Attempt, attempts, folder_of_files, fuzzed
from doors import NOT_FUZZED, Door, doors
from hypothesis import given
from hypothesis import strategies as st
from right_calls import RIGHT
from values import NoTruth

from etcprops._validation import reject

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "doors.md"
FUZZED = [name for name in doors() if name not in NOT_FUZZED]


@pytest.fixture(autouse=True)  # for each door: some write over what others read
def _folder() -> Iterator[None]:
    with folder_of_files():
        yield


@pytest.mark.parametrize("name", FUZZED)
@fuzzed(15, 3)
@given(data=st.data())
def test_a_door_takes_what_it_is_given_or_refuses_it(name: str, data: st.DataObject) -> None:
    data.draw(attempts(name), label="call").run()


@pytest.mark.parametrize("name", [name for name in FUZZED if name in RIGHT])
def test_right_calls_are_right(name: str) -> None:
    expected = {"testing.parametrize_with_checks": "returned"}.get(name, "returned")
    if name != "datasets.load_extended_yale_b":  # there is no such folder here
        assert Attempt(doors()[name], RIGHT[name](), ()).run() == expected


def test_the_tables_have_every_door_and_no_other() -> None:
    page = PAGE.read_text("utf-8")
    assert re.findall(r"(?m)^\| `(.*?)` \|", page) == [*FUZZED, *NOT_FUZZED]
    assert "all as they must be" in page
    assert "**" not in page  # what doors_page says of a door that is not


def test_doors_have_right_calls() -> None:
    without = [n for n, door in doors().items() if door.parameters and n not in RIGHT]
    assert sorted(without) == sorted(n for n in NOT_FUZZED if doors()[n].parameters)
    assert not RIGHT.keys() - doors().keys()


# --- The control: what the oracle must see


@dataclass
class Bad:
    """Functions with a mistake each."""

    def raises(self, x: Any) -> Any:
        return [][len(str(x))]

    def changes(self, x: Any) -> None:
        x[0] += 1

    def warns(self, x: Any) -> None:
        warnings.warn(f"{x}", DeprecationWarning, stacklevel=1)

    def asks_for_memory(self, x: Any) -> Any:
        return np.ones((len(x), 1 << 32))

    def refuses(self, x: Any) -> None:
        reject("x", "refuses", "be something else", f"{x}.")

    def hangs(self, x: Any) -> None:
        while x is not None:
            pass


@pytest.mark.parametrize(
    ("method", "seen"),
    [
        ("raises", "raised IndexError"),
        ("changes", "changed what it was given"),
        ("warns", "warned: DeprecationWarning"),
        ("asks_for_memory", "raised _ArrayMemoryError|raised MemoryError"),
        ("hangs", "raised HungError"),
    ],
)
def test_the_oracle_sees_a_mistake(method: str, seen: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("attempts.SECONDS", 0.05)
    call = getattr(Bad(), method)
    with pytest.raises(AssertionError, match=seen):
        Attempt(Door(method, call), {"x": np.arange(3)}, ("x",)).run()


def test_the_oracle_lets_refusals_pass() -> None:
    attempt = Attempt(Door("refuses", Bad().refuses), {"x": NoTruth()}, ("x",))
    assert attempt.run() == "InvalidParameterError"
