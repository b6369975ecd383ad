"""Files that are there as a whole or not at all."""

from __future__ import annotations

import tempfile
from pathlib import Path


def write_whole(path: Path, text: str) -> None:
    """Write the whole file or nothing; others may read it as they may any new file.

    Nothing is left beside it, also if the writing is interrupted.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=path.name) as folder:
        file = Path(folder) / path.name
        file.write_text(text, encoding="utf-8")
        file.replace(path)
