"""Write the vectors' files, or with ``--check`` fail if they are not what would be written."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from etcprops._files import write_whole
from etcprops.vectors import FILES
from etcprops.vectors.writing import document, written


def main(arguments: Sequence[str] | None = None) -> int:
    """Write or check the files in a folder, and return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m etcprops.vectors", description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=Path(__file__).parent)
    parser.add_argument("--check", action="store_true", help="write nothing")
    options = parser.parse_args(arguments)
    status = 0
    for name in FILES:
        whole = document(name)
        text, path = written(whole), options.folder / f"{name}.json"
        if not options.check:
            write_whole(path, text)
        elif not path.is_file() or path.read_bytes() != text.encode():
            status = 1
            print(f"{path} is not what python -m etcprops.vectors writes")  # noqa: T201
            continue
        print(f"{path}: {whole['numberOfTests']} tests, {len(text.encode())} bytes")  # noqa: T201
    return status


if __name__ == "__main__":
    sys.exit(main())
