"""Sessions of the tutorial are replayed by ``nox -s docs``; here, that replaying sees differences.

The whole takes half a minute, so it is no test. What stands in for it is a page of two commands.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

SCRIPT = Path(__file__).parents[1] / "docs" / "_scripts" / "session.py"
SPOKEN = "$ cat told.py | tail -1\nprint('forty')  # {}\n$ false\n$ echo $?\n1\n"
PAGE = """Save this as `told.py`:

```python
import sys
print('forty')  # 0.6 s, 62 % of the work
```

```console
{}```
"""


@pytest.fixture(scope="module")
def session() -> ModuleType:
    spec = importlib.util.spec_from_file_location("session", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_a_session_is_replayed_with_the_files_of_its_page(
    session: ModuleType, tmp_path: Path
) -> None:
    page = PAGE.format(SPOKEN.format("written long ago"))
    ((then, now),) = session.replayed(page, tmp_path)
    assert then == SPOKEN.format("written long ago")
    assert now == SPOKEN.format("0.6 s, 62 % of the work")


@pytest.mark.parametrize(
    ("written", "same"),
    [
        ("0.6 s, 62 % of the work", True),
        ("12.3 s, 7 % of the work", True),
        ("0.6 s, 62 % of the blocks", False),
        ("0.6 m, 62 % of the work", False),
    ],
)
def test_only_what_varies_may_differ(
    session: ModuleType,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    written: str,
    *,
    same: bool,
) -> None:
    page = tmp_path / "page.md"
    page.write_text(PAGE.format(SPOKEN.format(written)), encoding="utf-8")
    monkeypatch.setattr(session, "PAGE", page)
    assert session.main(check=True) == (0 if same else 1)
    assert page.read_text("utf-8") == PAGE.format(SPOKEN.format(written))
    assert session.main(check=False) == 0
    assert session.main(check=True) == 0


def test_progress_is_no_part_of_what_a_command_says(session: ModuleType) -> None:
    said = "28: looking for the cause\n3 of 40, about 20 s left: fitting\n240 done, in 0.5 s.\n"
    assert session.PROGRESS.sub("", said) == "240 done, in 0.5 s.\n"


def test_the_tutorial_has_sessions_to_replay(session: ModuleType) -> None:
    blocks = session.BLOCK.findall(session.PAGE.read_text("utf-8"))
    assert sum("$ " in told for _, _, told in blocks) > 5
    assert {file for file, _, _ in blocks if file} == {"tiles.py", "models.py"}
