"""Try mutants in a copy of the repository, in processes of their own; for ``.ci/mutation``.

What is known of a module's mutants is in a file beside these, which mutmut makes and reads: the
exit code of the tests of each, by its name.
"""

from __future__ import annotations

import gc
import json
import os
import resource
import signal
import sys
import time
from collections.abc import Iterable, Iterator
from functools import cache, partial
from hashlib import sha256
from itertools import accumulate
from math import ceil
from pathlib import Path
from typing import Any, NamedTuple

# ruff: noqa: INP001, T201  # a program

# What is logic: not the words of a message, nor which arguments a call is given.
LOGIC = {
    "operator_number",
    "operator_name",
    "operator_remove_unary_ops",
    "operator_augmented_assignment",
    "operator_keywords",
    "operator_swap_op",
    "operator_match",
    "operator_if_exp",
}
MEMORY = 8 << 30  # bytes of addresses a mutant may have
# Tests that take t seconds have 5 (t + 3) of CPU under a mutant, and 20 (t + 3) by the clock.
SLOWER, SECONDS_MORE, BY_THE_CLOCK = 2.5, 3.0, 8
MOST_SECONDS = 30.0  # of tests for each mutant: what only slower ones would notice survives
NO_TESTS = 33  # mutmut's code
SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Trial(NamedTuple):
    """A mutant to be tried: its tests, the fastest first, and the seconds that they take."""

    name: str
    tests: list[str]
    seconds: float


class Reached(set[str]):
    """Names of the functions that a test reaches, also in processes forked from its own."""

    def __init__(self, file: Path) -> None:
        super().__init__()
        self.file, self.owner = file, os.getpid()
        self.clear()

    def add(self, name: str) -> None:
        """Add a name, for the owner to find."""
        if os.getpid() != self.owner and name not in self:
            with self.file.open("a", encoding="utf-8") as file:
                file.write(f"{name}\n")
        super().add(name)

    def __iter__(self) -> Iterator[str]:
        """Yield what all of them added."""
        yield from {*super().__iter__(), *self.file.read_text("utf-8").split()}

    def clear(self) -> None:
        """Forget everything."""
        super().clear()
        self.file.write_text("", "utf-8")


def meta_path(mutants: Path) -> Path:
    """Say where what is known of a module's mutants is."""
    return mutants.with_name(f"{mutants.name}.meta")


def meta_of(mutants: Path) -> dict[str, Any]:
    """Read what mutmut knows of a module; nothing, where its mutants are newer."""
    path = meta_path(mutants)
    try:
        found: dict[str, Any] = json.loads(path.read_bytes())
        stale = mutants.stat().st_mtime > path.stat().st_mtime
    except (FileNotFoundError, json.JSONDecodeError):
        return {}
    return {} if stale else found


def replace(path: Path, text: str) -> None:
    """Write a file that is whole or as it was."""
    new = path.with_name(f"{path.name}.new")
    new.write_text(text, "utf-8")
    new.replace(path)


def outcome(code: int | None) -> str:
    """Tell a code in a word; whatever ends the tests otherwise than well is a kill."""
    if code is None:
        return "not tried"
    return "survived" if code in {0, NO_TESTS} else "killed"


def codes_of(place: Path, modules: Iterable[str], sample: int | None) -> dict[str, dict[str, Any]]:
    """Read the exit codes of mutants' tests, by module: of all, or of a sample's."""
    codes = {module: meta_of(place / module).get("exit_code_by_key", {}) for module in modules}
    names = [name for theirs in codes.values() for name in theirs]
    chosen = set(sorted(names, key=lambda name: sha256(name.encode()).digest())[:sample])
    return {
        module: {name: code for name, code in theirs.items() if name in chosen}
        for module, theirs in codes.items()
    }


def _stop(*_: object) -> None:
    for number in SIGNALS:
        signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt


def try_mutants(modules: list[str], sample: int | None, jobs: int) -> None:
    """Make the mutants, and try those of `modules` that were not, in a copy of the repository."""
    from mutmut import __main__ as program
    from mutmut.mutation import file_mutation
    from mutmut.state import state
    from mutmut.utils.format_utils import mangled_name_from_mutant_name
    from mutmut.workers import isolation

    for number in SIGNALS:
        signal.signal(number, _stop)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    register = isolation.register_timeout
    isolation.register_timeout = lambda pid, timeout_s: register(pid, BY_THE_CLOCK * timeout_s)
    warm_up = isolation.PytestRunner.warm_up
    isolation.PytestRunner.warm_up = lambda self: (warm_up(self), gc.freeze())
    run_stats = isolation.PytestRunner.run_stats

    def run_stats_of_all_processes(runner: Any, *, tests: Iterable[str]) -> int:
        state()._stats = Reached(Path("reached").resolve())  # noqa: SLF001
        return int(run_stats(runner, tests=tests))

    isolation.PytestRunner.run_stats = run_stats_of_all_processes
    operators = file_mutation.mutation_operators
    operators[:] = [entry for entry in operators if entry[1].__name__ in LOGIC]

    program.print_status = cache(partial(print, file=sys.__stdout__, flush=True))
    program.set_mutant_under_test("mutant_generation")
    mutants = Path("mutants")
    mutants.mkdir(exist_ok=True)
    with program.CatchOutput(spinner_title="Making mutants"):
        program.copy_src_dir()
        program.copy_also_copy_files()
        program.setup_source_paths()
        program.create_mutants(jobs)
    place = {
        name: mutants / module
        for module, codes in codes_of(mutants, modules, sample).items()
        for name, code in codes.items()
        if code is None
    }
    if not place:
        return
    runner = program.get_mutant_runner(jobs)
    program.collect_or_load_stats(runner, apply_config_invalidation=True)
    seconds = state().duration_by_test
    trials = []
    for name in place:
        reaching = state().tests_by_mangled_function_name[mangled_name_from_mutant_name(name)]
        # The examples of a docstring are in each mutant of its function once more.
        own = (t for t in reaching if "__mutmut_" not in t or t.endswith("__mutmut_orig"))
        tests = _fastest(own, seconds)
        trials.append(Trial(name, tests, sum(map(seconds.__getitem__, tests))))
    runner.startup()
    try:
        for name, code in _results_of(runner, trials):
            meta = meta_of(place[name])
            meta["exit_code_by_key"][name] = code
            replace(meta_path(place[name]), json.dumps(meta))
    except KeyboardInterrupt:
        runner.stop_all_workers()
        sys.exit("interrupted")
    finally:
        runner.shutdown()


def _fastest(tests: Iterable[str], seconds: dict[str, float]) -> list[str]:
    """Return the tests that take `MOST_SECONDS` together, the fastest first; one in any case."""
    ordered = sorted(tests, key=seconds.__getitem__)
    until = accumulate(seconds[test] for test in ordered)
    return [
        t for i, (t, s) in enumerate(zip(ordered, until, strict=True)) if s < MOST_SECONDS or not i
    ]


def _results_of(runner: Any, trials: list[Trial]) -> Iterator[tuple[str, int]]:
    """Run the tests of all mutants without any, then those of each; the fast ones first."""
    everything = sorted({test for trial in trials for test in trial.tests})
    print(f"  {len(everything)} tests, without a mutant", flush=True)
    runner.submit("none", everything, 3600, 0.0)
    if runner.wait_for_result().exit_code and everything:
        sys.exit("  these fail: run them in the folder 'mutants' to see why")
    print(f"  {len(trials)} mutants", flush=True)
    left = sum(trial.seconds + 1 for trial in trials)
    whole, started, told = left, time.monotonic(), 0.0
    by_name = {trial.name: trial for trial in trials}
    waiting = sorted(trials, key=lambda trial: -trial.seconds)
    survived = 0
    while by_name:
        while waiting and runner.has_capacity():
            trial = waiting.pop()
            limit = ceil(2 * SLOWER * (trial.seconds + SECONDS_MORE))
            runner.submit(trial.name, trial.tests, limit, trial.seconds)
        result = runner.wait_for_result()
        left -= by_name.pop(result.mutant_name).seconds + 1
        survived += outcome(result.exit_code) == "survived"
        yield result.mutant_name, result.exit_code
        gone = time.monotonic() - started
        if gone > told + 30 or not by_name:
            minutes = gone / (whole - left) * left / 60
            told = gone
            print(f"  {len(by_name)} left, {minutes:.0f} min; {survived} survive", flush=True)


if __name__ == "__main__":
    try_mutants(**json.loads(sys.argv[1]))
