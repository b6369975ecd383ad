"""Write the index of definitions into the header comment of each Coq file, or check it.

``python proofs/index_definitions.py`` writes it; with ``--check`` it names the files whose header
does not list what they define, in the order of the file, and fails.
"""

from __future__ import annotations

import argparse
import re
import sys
import textwrap
from pathlib import Path

SOURCES = Path(__file__).parent / "coq"
BORDER = f"({'*' * 78})\n"
EMPTY = f"(*{' ' * 76}*)\n"
HEADER = re.compile(rf"{re.escape(BORDER)}.*?{re.escape(BORDER)}", re.DOTALL)
INDEX = re.compile(
    rf"(?:{re.escape(EMPTY)})?\(\* Definitions: .*?(?={re.escape(BORDER)})", re.DOTALL
)
DEFINITION = re.compile(r"^(?:Definition|Fixpoint|Inductive|Record)\s+([\w']+)", re.MULTILINE)


def index(text: str) -> str:
    """Return the lines of the header that list the definitions of a file; none if it has none."""
    names = DEFINITION.findall(text)
    if not names:
        return ""
    listed = f"Definitions: {', '.join(names)}."
    lines = textwrap.wrap(listed, 74, subsequent_indent="  ", break_on_hyphens=False)
    return EMPTY + "".join(f"(* {line:<74} *)\n" for line in lines)


def indexed(text: str) -> str:
    """Return a Coq file with the index at the end of its header."""
    header = HEADER.match(text)
    if header is None:
        raise ValueError("a Coq file begins with a header between two lines of asterisks")
    body = INDEX.sub("", header[0])[: -len(BORDER)]
    return body + index(text) + BORDER + text[header.end() :]


def main() -> int:
    """Write the indexes, or compare them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=SOURCES)
    parser.add_argument("--check", action="store_true", help="write nothing")
    given = parser.parse_args()
    old = [path for path in sorted(given.folder.glob("*.v")) if _differs(path)]
    if given.check:
        for path in old:
            print(f"{path.name}: the index is out of date: python proofs/index_definitions.py")
        return int(bool(old))
    for path in old:
        path.write_text(indexed(path.read_text(encoding="utf-8")), encoding="utf-8")
    return 0


def _differs(path: Path) -> bool:
    text = path.read_text(encoding="utf-8")
    return indexed(text) != text


if __name__ == "__main__":
    sys.exit(main())
