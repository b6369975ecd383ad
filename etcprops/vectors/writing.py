"""The files: documents of the cases, and their text, a line a test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final

from etcprops import _documents
from etcprops.vectors.cases.common import Case, Group
from etcprops.vectors.cases.encryption import decryption_groups, encryption_groups
from etcprops.vectors.cases.malformed import malformed_groups
from etcprops.vectors.cases.pictures import picture_groups
from etcprops.vectors.cases.secrets import secret_groups
from etcprops.vectors.notes import ALGORITHMS, HEADERS, notes

GROUPS: Final[dict[str, Callable[[], Iterator[Group]]]] = {
    "etc_encryption": encryption_groups,
    "etc_decryption": decryption_groups,
    "etc_malformed": malformed_groups,
    "etc_key_derivation": secret_groups,
    "etc_grayscale": picture_groups,
}

SOURCE: Final = {"name": "etcprops", "version": "1"}
"""Where the tests are from, and which generation of them, as Wycheproof asks of each group."""


def document(name: str) -> dict[str, Any]:
    """Return the document of a file: header, notes of the flags that occur, groups of tests.

    Examples
    --------
    >>> document("etc_key_derivation")["algorithm"]
    'EtC key derivation from a secret'
    """
    groups, number = [], 0
    for group in GROUPS[name]():
        tests = [_test(number + place, case) for place, case in enumerate(group.cases, 1)]
        number += len(tests)
        groups.append({"type": group.type, "source": SOURCE, **group.fields, "tests": tests})
    used = {flag for group in groups for test in group["tests"] for flag in test["flags"]}
    content = {
        "algorithm": ALGORITHMS[name],
        "schema": "Vectors.schema.json",
        "numberOfTests": number,
        "header": HEADERS[name].splitlines(),
        "notes": {flag: note for flag, note in notes().items() if flag in used},
        "testGroups": groups,
    }
    return _documents.document("etcprops.Vectors", content)


def _test(number: int, case: Case) -> dict[str, Any]:
    """Return a case as JSON has it."""
    flags = [*dict.fromkeys(case.flags)]
    head = {"tcId": number, "comment": case.comment, "flags": flags}
    return {**head, **case.fields, "result": case.result}


def written(whole: dict[str, Any]) -> str:
    """Return the text of a document: a line for each test, line of the header, note and group."""
    line = _documents.line
    head = [f"{line(k)}: {line(v)}" for k, v in whole.items() if not isinstance(v, (list, dict))]
    header = ",\n  ".join(map(line, whole["header"]))
    told = ",\n  ".join(f"{line(flag)}: {line(note)}" for flag, note in whole["notes"].items())
    groups = ",\n  ".join(map(_written_group, whole["testGroups"]))
    parts = [f'"header": [\n  {header}\n ]', f'"notes": {{\n  {told}\n }}']
    parts.append(f'"testGroups": [\n  {groups}\n ]')
    return "{\n " + ",\n ".join(head + parts) + "\n}\n"


def _written_group(group: dict[str, Any]) -> str:
    """Return the text of a group."""
    fields = {name: value for name, value in group.items() if name != "tests"}
    tests = ",\n    ".join(map(_documents.line, group["tests"]))
    return f'{_documents.line(fields)[:-1]},\n   "tests": [\n    {tests}\n   ]}}'
