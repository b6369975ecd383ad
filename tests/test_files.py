"""Files are whole or not there, also if the writing is interrupted."""

from __future__ import annotations

from pathlib import Path

import pytest

from etcprops._files import write_whole


@pytest.mark.parametrize("moment", ["write_text", "replace"])
def test_an_interrupted_write_leaves_what_was_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    path = tmp_path / "new folder" / "part.json"
    write_whole(path, "before")

    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Path, moment, interrupted)
        with pytest.raises(KeyboardInterrupt):
            write_whole(path, "after")
    assert list(path.parent.iterdir()) == [path]
    assert path.read_text(encoding="utf-8") == "before"
    write_whole(path, "after")
    assert path.read_text(encoding="utf-8") == "after"
