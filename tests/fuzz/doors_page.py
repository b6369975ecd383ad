"""Fuzz every door, and write the table: ``doors_page.py --examples 40 > docs/reference/doors.md``.

``--examples N`` is how many calls of each door are tried. The exit status is 1 if a door does what
it must not; the table then says so.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from typing import Any

from attempts import Attempt, attempts, folder_of_files
from doors import NOT_FUZZED, doors
from found import FOUND_SO, GUIDED, MENDED, RUNS
from hypothesis import HealthCheck, Phase, given, seed, settings
from threadpoolctl import threadpool_limits

COMMAND = "python tests/fuzz/doors_page.py --examples {examples} > docs/reference/doors.md"

OPENING = """\
# Doors

<!-- Written by `{command}`; do not edit. -->

Every public function, class and method is called with arguments that are nearly right: one or two
of a right call are replaced by something that is chosen by their kind. Arrays of any shape, dtype,
order and subclass, with NaN, infinities and huge numbers, empty, masked, mapped from a file, as
lists, tables of data and images of Pillow; integers that are negative, huge, booleans, NumPy's or
floats; any text, JSON and bytes, near to right ones; names of files that are missing, folders,
loops or none; functions that raise or return anything; objects that cannot be shown or compared.

A call must return, or raise `InvalidParameterError` or an error that the docstring names, in one
line of at most 2,000 characters. What it was given stays as it was, to the byte. It takes less than
20 s of processor time and 1 GiB of memory, and nothing warns but scikit-learn of names of features.
Right calls start from tests/fuzz/right_calls.py; `pytest` tries a few calls of each door, and many
with `--hypothesis-profile=deep`. Any words on the command line end in a status and without a
traceback (tests/fuzz/test_command_words.py), and readers of others' files are fuzzed guided by
coverage (`nox -s fuzz`), with a corpus that `pytest` replays. Errors of user's functions, which may
come through, are named UsersError.

{doors} doors, {calls} calls in {seconds:.0f} s of processor time; {verdict}.

| door | calls | returned | errors | found, and mended |
|---|---|---|---|---|
"""


def fuzz(name: str, examples: int) -> tuple[Counter[str], str]:
    """Return how calls of a door ended, and the first that ended as none may; "" if none did."""
    ended: Counter[str] = Counter()

    @seed(0)
    @settings(
        max_examples=examples,
        database=None,
        deadline=None,
        phases=(Phase.generate,),
        report_multiple_bugs=False,
        suppress_health_check=[*HealthCheck],
    )
    @given(attempts(name))
    def calls(attempt: Attempt) -> None:
        ended[attempt.run()] += 1

    try:
        calls()
    except AssertionError as error:
        return ended, " ".join(str(error).split())[:300]
    return ended, ""


def line(name: str, ended: Counter[str], broken: str) -> str:
    """Return a row of the table."""
    errors = [f"{error} {count}" for error, count in sorted(ended.items()) if error != "returned"]
    found = f"**{broken}**" if broken else "; ".join(MENDED.get(name, ()))
    cells = (f"`{name}`", ended.total(), ended["returned"], ", ".join(errors), found)
    return "| " + " | ".join(str(cell).replace("|", "\\|") for cell in cells) + " |\n"


def main(arguments: list[str] | None = None) -> int:
    """Fuzz, and write the page to stdout."""
    parser = argparse.ArgumentParser(prog="python tests/fuzz/doors_page.py")
    parser.add_argument("--examples", type=int, default=200, metavar="N")
    examples = parser.parse_args(arguments).examples
    names = [name for name in doors() if name not in NOT_FUZZED]
    start = time.process_time()
    with folder_of_files(), threadpool_limits(1):
        results = {name: fuzz(name, examples) for name in names}
    broken = sum(bool(text) for _, text in results.values())
    about: dict[str, Any] = {
        "command": COMMAND.format(examples=examples),
        "doors": len(names),
        "calls": sum(ended.total() for ended, _ in results.values()),
        "seconds": time.process_time() - start,
        "verdict": f"{broken} doors NOT as they must be" if broken else "all as they must be",
    }
    rows = "".join(line(name, *result) for name, result in results.items())
    sys.stdout.write(OPENING.format(**about) + rows)
    sys.stdout.write("\nNot fuzzed:\n\n| door | why |\n|---|---|\n")
    sys.stdout.writelines(f"| `{name}` | {reason} |\n" for name, reason in NOT_FUZZED.items())
    sys.stdout.write(RUNS + "".join(guided(*row) for row in GUIDED.items()) + FOUND_SO)
    return 1 if broken else 0


def guided(name: str, figures: tuple[int, int, int]) -> str:
    """Return a row of the table of readers."""
    inputs, seconds, files = figures
    return f"| {name} | {inputs} | {seconds} | {inputs // seconds} | {files} |\n"


if __name__ == "__main__":
    sys.exit(main())
