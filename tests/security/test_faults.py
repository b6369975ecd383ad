"""Faults in the middle of work: for each command that writes, what is left and how it goes on.

The table of `docs/reference/faults.md` is `table()`; each of its cells is tested, and a test says
so (`holds`). A command runs in a forked process, so that it may be killed; what takes it long and
writes nothing is a stub. Workers are real processes, and are really killed.
After each fault: what was there before is there, whole, or the new file is; nothing else is left
that the next run does not take away; and the next run does the rest.
"""

from __future__ import annotations

import errno
import fcntl
import importlib
import json
import os
import re
import resource
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import partial
from itertools import product
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple, NoReturn

import numpy as np
import pytest
from helpers import all_commands
from PIL import Image
from sklearn.neighbors import KNeighborsClassifier
from typer.testing import CliRunner

from etcprops import (
    AttackReport,
    BlockGeometry,
    EtCKey,
    ProbeReport,
    Verdict,
    _files,
    attack,
    audit,
    cli,
    encrypt,
)
from etcprops._about import versions
from etcprops.auditing.atlas import grid as grid_of
from etcprops.claims.model import Ledger
from etcprops.datasets.synthetic_faces import make_synthetic_faces
from etcprops.experiments.resumable import run_tasks
from etcprops.formats.codecs import Codec
from etcprops.formats.files import FileSettings
from etcprops.formats.folders import run_files

if not hasattr(os, "fork"):
    pytest.skip("processes are forked", allow_module_level=True)

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "faults.md"
FACES = make_synthetic_faces(people=2, lights=4, height=32, width=32)
KEY = EtCKey.from_secret(BlockGeometry(32, 32), "faults")
FUNCTIONS = """
from sklearn.dummy import DummyClassifier
import os, signal
model = DummyClassifier()
def turned(image, key): return image[::-1]
def dying(image, key): os.kill(os.getpid(), signal.SIGKILL)
"""


# --- Commands, small


class Command(NamedTuple):
    """A command: what it is given, its exit status, and what it writes."""

    arguments: tuple[str, ...]
    status: int
    outputs: tuple[str, ...]
    resumes: bool = False  # it is interrupted between parts, and goes on after them


REPORTS = ("--json", "o.json", "--html", "o.html")
SECRET = ("--secret-file", "secret")
COMMANDS = {
    "keygen": Command(("keygen", "new"), 0, ("new",)),
    "encrypt": Command(
        ("encrypt", "photos", "--out", "out", *SECRET, "--json", "o.json"),
        0, ("out/a.png", "out/b.png", "o.json"), resumes=True,
    ),
    "decrypt": Command(
        ("decrypt", "encrypted", "--out", "back", *SECRET, "--json", "o.json"),
        0, ("back/a.png", "back/b.png", "o.json"), resumes=True,
    ),
    "verify": Command(("verify", *REPORTS), 0, ("o.json", "o.html")),
    "probe": Command(
        ("probe", "faulty:turned", "--shape", "4", "4", "--isolation", "none", "--keys", "1,2",
         *REPORTS, "--certificate", "o.cert"),
        0, ("o.json", "o.html", "o.cert"),
    ),
    "attack": Command(
        ("attack", "images.npy", "--block", "8", *REPORTS, "--key", "o.key"),
        1, ("o.json", "o.html"),
    ),
    "audit": Command(
        ("audit", "faulty:model", "--images", "40", "--budget", "1", *REPORTS),
        0, ("o.json", "o.html"),
    ),
    "atlas": Command(
        ("atlas", "SVC", "PCA", "Ridge", "--keys", "1", "--images", "40", *REPORTS,
         "--output", "rows.jsonl", "--resume"),
        1, ("rows.jsonl", "o.json", "o.html"), resumes=True,  # 1: stubs give no answer
    ),
    "fingerprint": Command(("fingerprint", "--json", "o.json"), 0, ("o.json",)),
    "reproduce": Command(
        ("reproduce", "--out", "run"),
        0, ("run/report.html", "run/parts/a.json", "run/parts/b.json"), resumes=True,
    ),
}  # fmt: skip


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the current folder, with what commands are given."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / "faulty.py").write_text(FUNCTIONS)
    (tmp_path / "dying.py").write_text(DYING)
    _files.write_whole(tmp_path / "secret", bytes(range(32)), secret=True)
    (tmp_path / "photos").mkdir()
    for name, image in zip("ab", FACES.images, strict=False):
        Image.fromarray(image).save(tmp_path / "photos" / f"{name}.png")
    np.save(tmp_path / "images.npy", encrypt(FACES.images, KEY))
    return tmp_path


def prepared(name: str, here: Path) -> None:
    if name == "decrypt":
        settings = FileSettings(bytes(range(32)))
        assert run_files("encrypt", [here / "photos"], here / "encrypted", settings, jobs=1).ok


def stubs() -> None:
    """Replace what takes long and writes nothing; in a forked process, for its own good."""
    import etcprops.claims
    from etcprops import reproducibility
    from etcprops.auditing.atlas import grid
    from etcprops.auditing.atlas.rows import AtlasRow
    from etcprops.experiments import page, reproduction, uploads

    put: Callable[[Any, str, Any], None] = setattr
    put(etcprops.claims, "verify", lambda *_, **__: Ledger(rows=(), about={"seconds": 0}))
    put(Ledger, "to_html", lambda _: made["verify"])
    put(reproducibility, "fingerprint", lambda **_: made["fingerprint"])
    put(sys.modules["etcprops.auditing.auditor"], "audit", lambda *_, **__: made["audit"])
    put(sys.modules["etcprops.attacks"], "attack", lambda *_, **__: made["attack"])
    for report in (AttackReport, Verdict, ProbeReport):
        put(report, "to_html", lambda *_: made["verify"])
    put(sys.modules["typer.main"], "get_command", lambda _: made["commands"])

    def rows(cells: Any, *_: Any) -> Iterator[Any]:
        for cell in cells:
            calls.write(f"{cell.estimator}\n".encode())
            yield AtlasRow.without_answer(cell, "crashed", "a stub")

    put(grid, "_run", rows)

    def parts(*_: Any, folder: Path, progress: Any, **__: Any) -> Any:
        tasks = {"a.json": (-1,), "b.json": (-2,)}
        work, jobs = made.get("dying", (counted, 1))
        return run_tasks(
            work, tasks, dump=str, load=as_it_is, label=str, folder=folder, progress=progress,
            jobs=jobs,
        )  # fmt: skip

    class Result(SimpleNamespace):
        ok = True

        def write(self, out: Path) -> list[Path]:
            return _files.write_all(out, {"report.html": b"<html>" + bytes(1000), "eer.csv": b"a"})

    put(reproduction, "run", parts)
    put(uploads, "run_attacks", parts)
    put(page, "Reproduction", lambda *_: Result())
    command = sys.modules["etcprops.cli.reproduce"]
    put(command, "_print", lambda *_: None)
    put(command, "load_faces", lambda *_, **__: FACES)


made: dict[str, Any] = {}
"""Results of work that takes long, made once."""

RUN = grid_of._run  # noqa: SLF001  # what the stub replaces
calls: Any = None  # where stubs note what they did, in a forked process


def counted(number: int) -> int:
    calls.write(f"{number}\n".encode())
    return number


def as_it_is(text: str, number: int) -> int:
    if int(text) != number:
        raise ValueError(text)
    return number


@pytest.fixture(scope="module", autouse=True)
def _loaded() -> None:
    """Import what commands import, so that forked processes need not, each for itself."""
    for module in (
        "attacks.page", "auditing.auditor", "auditing.page", "auditing.atlas.grid", "claims.page",
        "cli.ledger", "experiments.page", "experiments.uploads", "formats.folders",
        "probing.page", "probing.runner", "reproducibility",
    ):  # fmt: skip
        importlib.import_module(f"etcprops.{module}")
    for module in ("jinja2", "joblib", "sklearn.dummy", "scipy.ndimage", "matplotlib.pyplot"):
        importlib.import_module(module)
    Image.init()
    about: dict[str, Any] = dict.fromkeys(("data", "sympy"), "") | versions()
    about |= {"seconds": 0, "geometry": BlockGeometry(8, 8).to_dict()}
    made["commands"] = all_commands()
    CliRunner().invoke(cli.app, ["check", "nothing"])  # what the command line loads when it reads
    made["verify"] = Ledger(rows=(), about=about).to_html()
    made["audit"] = audit(
        KNeighborsClassifier(1),
        FACES.images,
        FACES.labels,
        KEY,
        runs=0,
        protection=False,
        budget=0.1,
    )
    made["attack"] = replace(attack(encrypt(FACES.images, KEY), block=8), key=KEY)
    made["fingerprint"] = importlib.import_module("etcprops.reproducibility").shipped_fingerprint()


# --- Processes


class Outcome(NamedTuple):
    """How a process ended: its status, or less a signal; what it said; what stubs did."""

    status: int
    said: str
    done: list[str]


def in_child(arguments: tuple[str, ...], fault: Callable[[], object] = lambda: None) -> Outcome:
    """Run a command in a forked process, with a fault in it."""
    here, there = os.pipe()
    child = os.fork()
    if child == 0:
        _be_the_command(arguments, fault, there)
    os.close(there)
    with os.fdopen(here, "rb") as pipe:
        said = pipe.read().decode()
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    notes = Path("calls")
    done = notes.read_text().split() if notes.exists() else []
    notes.unlink(missing_ok=True)
    assert "Traceback" not in said, said
    return Outcome(status, said, done)


def _be_the_command(
    arguments: tuple[str, ...], fault: Callable[[], object], there: int
) -> NoReturn:
    global calls  # noqa: PLW0603  # this process is the command's alone
    status = 99
    try:
        for number in (1, 2):
            os.dup2(there, number)
        sys.stdout, sys.stderr = (open(n, "w", closefd=False) for n in (1, 2))  # noqa: SIM115
        sys.argv = ["etcprops", *arguments]
        signal.signal(signal.SIGINT, signal.default_int_handler)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        calls = Path("calls").open("ab", buffering=0)  # noqa: SIM115
        stubs()
        fault()
        cli.main()
        status = 0
    except SystemExit as stop:
        status = stop.code if isinstance(stop.code, int) else int(stop.code is not None)
    except BaseException:  # noqa: BLE001
        import traceback

        traceback.print_exc()
    finally:
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        os._exit(status)


# --- Faults


def at_the_write(number: int, act: Callable[[], object]) -> None:
    """Let something happen when a file is to reach the disk, the one of this number."""
    usual, seen = os.fsync, [0]

    def fsync(descriptor: Any) -> None:
        seen[0] += 1
        if seen[0] == number:
            act()
        usual(descriptor)

    put: Callable[[Any, str, Any], None] = setattr
    put(os, "fsync", fsync)


def raise_signal(which: int) -> Callable[[], None]:
    return lambda: os.kill(os.getpid(), which)


def fill_the_disk() -> None:
    """Let no file grow beyond ten bytes, as the system does it: what is written fails half-way.

    Programs that are started then cannot write down what of them was reached either.
    """
    os.environ.pop("COVERAGE_PROCESS_CONFIG", None)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10, resource.RLIM_INFINITY))


def no_space() -> NoReturn:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


DYING = """
import os, signal, time

def after(path):
    deadline = time.monotonic() + 30
    while not os.path.exists(path) and time.monotonic() < deadline:
        time.sleep(0.01)
    os.kill(os.getpid(), signal.SIGKILL)

def part(number):
    if number == -2:
        after("run/parts/a.json")
    return number

def encrypt(source, target, settings, parts):
    from etcprops.formats.files import encrypt_file
    if source.stem == "b":
        after("out/a.jp2")
    return encrypt_file(source, target, settings, parts)

def decrypt(source, target, settings, parts):
    from etcprops.formats.files import decrypt_file
    if source.stem == "b":
        after("back/a.jp2")
    return decrypt_file(source, target, settings, parts)
"""
"""Work of which one process is killed, once the other has written its part."""


def kill_a_worker() -> None:
    from etcprops.formats import folders

    dying = importlib.import_module("dying")
    put: Callable[[Any, str, Any], None] = setattr
    put(folders, "encrypt_file", dying.encrypt)
    put(folders, "decrypt_file", dying.decrypt)
    made["dying"] = dying.part, 2


def kill_workers_of_the_atlas() -> None:
    """Let the real grid run, with processes that are killed at their first cell."""
    from etcprops.auditing.atlas import grid
    from etcprops.auditing.atlas.isolation import Worker

    killed = "import os, sys; print(flush=True); sys.stdin.readline(); os.kill(os.getpid(), 9)"
    usual: Callable[..., None] = Worker.__init__
    put: Callable[[Any, str, Any], None] = setattr
    put(Worker, "__init__", lambda worker: usual(worker, [sys.executable, "-ISc", killed]))
    put(grid, "_run", RUN)


def kill_a_machine() -> None:
    from etcprops import reproducibility

    put: Callable[[Any, str, Any], None] = setattr
    machine = reproducibility.machines()[0]
    killed = f"import os; os.kill(os.getpid(), {int(signal.SIGKILL)})"
    put(reproducibility, "machines", lambda: [machine, machine])
    put(subprocess, "Popen", lambda *_, _popen=subprocess.Popen, **options: _popen(
        [sys.executable, "-ISc", killed], **options))  # fmt: skip


def turn_the_clock() -> None:
    """Let it jump, a year to and fro."""
    usual, year = time.time, 365 * 86400
    state = [0]

    def jumping() -> float:
        state[0] += 1
        return usual() + (year if state[0] % 2 else -year)

    time.time = jumping


def snapshot(folder: Path) -> dict[str, bytes]:
    """Return all files below a folder but what it was given, and notes."""
    given = {"secret", "faulty.py", "dying.py", "images.npy", "calls"}
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
        and path.name not in given
        and path.relative_to(folder).parts[0] not in {"photos", "encrypted", "__pycache__"}
    }


def leftovers(folder: Path) -> list[str]:
    return [str(path) for path in folder.rglob("*") if ".etcprops-part" in path.name]


OLD = b"what was there"


def old_outputs(name: str, here: Path) -> None:
    """Put something in the place of files that are written over."""
    for output in COMMANDS[name].outputs:
        if output.startswith("o."):
            (here / output).write_bytes(OLD)


def assert_whole(name: str, here: Path) -> None:
    """Each output is not there, as it was, or whole."""
    for output in COMMANDS[name].outputs:
        path = here / output
        if not path.exists() or (content := path.read_bytes()) == OLD:
            continue
        if path.suffix == ".json" and path.parent == here:
            json.loads(content)
        elif path.suffix == ".html":
            assert content[:6].lower() in {b"<!doct", b"<html>"}
            assert len(content) > 1000
        elif path.suffix == ".png":
            Image.open(path).load()
        elif output == "new":
            assert len(content) == 32


def assert_goes_on(name: str, here: Path, done_before: list[str]) -> None:
    """The same command does the rest, and nothing twice; nothing else is left."""
    command = COMMANDS[name]
    if name == "keygen" and (here / "new").exists():
        assert in_child(command.arguments).status == 2  # whole, and never overwritten
        return
    again = in_child(command.arguments)
    assert again.status == command.status, again.said
    assert not set(again.done) & set(done_before), "done twice"
    assert_whole(name, here)
    for output in command.outputs:
        assert (here / output).read_bytes() != OLD, output
    assert not leftovers(here)


MEANINGS = {
    "waits": "what is being written is finished first, some milliseconds; then the command ends "
    "with status 130 of SIGINT, 143 of SIGTERM",
    "whole": "each file is as it was before or whole; the next run takes away what else is left",
    "goes on": "the same, and the next run does only what is missing",
    "refused": "status 2, and a line that names the option, the file and the reason; what was "
    "there is as before, nothing else is left, and the next run does all of it",
    "refused, goes on": "status 2 as well, and the next run does only what is missing",
    "its line": "status 1, and a line for each file; the next run does it",
    "needs --force": "status 1, and a line for each file; with `--force` it is written anew",
    "is a verdict": "status 1: the verdict says of which signal the function died",
    "is a row": "status 1: the rows of the models say of which signal their process died",
    "does not matter": "the result is the same",
    "nothing twice": "the same, and what is done is known by its contents, and not done again",
    "one, whole": "each writes it whole, the later stays",
    "second refused": "status 2 for the second run, by a lock that the system gives back however "
    "the first ends; of keygen, because the file is there",
    "anew": "it is written anew",
    "that part anew": "only that part is",
    "stays": "keygen never writes over a file",
    "-": "there are no workers",
}
"""What the words of the table mean."""

FAULTS = (
    "SIGINT while it writes", "SIGTERM while it writes", "kill -9 while it writes", "full disk",
    "folder in which nothing can be written", "clock that jumps", "two runs on one output",
    "worker that dies or is killed for memory", "truncated file of an earlier run",
)  # fmt: skip
FILES = ("encrypt", "decrypt")
PARTS = (*FILES, "atlas", "reproduce")
"""Commands that do their work part by part."""


def row(usual: str, **others: str) -> dict[str, str]:
    """Return what each command does: the usual, but for some."""
    return dict.fromkeys(COMMANDS, usual) | others


CELLS = {
    FAULTS[0]: row("waits"),
    FAULTS[1]: row("waits"),
    FAULTS[2]: row("whole", **dict.fromkeys(PARTS, "goes on")),
    FAULTS[3]: row(
        "refused", **dict.fromkeys(PARTS, "refused, goes on") | dict.fromkeys(FILES, "its line")
    ),
    FAULTS[4]: row("refused"),
    FAULTS[5]: row("does not matter", **dict.fromkeys(PARTS, "nothing twice")),
    FAULTS[6]: row("one, whole", **dict.fromkeys(("keygen", *PARTS), "second refused")),
    FAULTS[7]: row(
        "-",
        probe="is a verdict",
        atlas="is a row",
        fingerprint="refused",
        **dict.fromkeys((*FILES, "reproduce"), "refused, goes on"),
    ),
    FAULTS[8]: row(
        "anew",
        keygen="stays",
        **dict.fromkeys(PARTS, "that part anew") | dict.fromkeys(FILES, "needs --force"),
    ),
}


def table() -> str:
    """Return the table as Markdown, and what its words mean: a line a fault, a column a command."""
    lines = [f"| | {' | '.join(COMMANDS)} |", "|---" * (len(COMMANDS) + 1) + "|"]
    for fault, cells in CELLS.items():
        lines.append(f"| {fault} | {' | '.join(cells[name] for name in COMMANDS)} |")
    return "\n".join([*lines, "", *(f"- *{word}*: {text}." for word, text in MEANINGS.items())])


TESTED: set[tuple[str, str]] = set()


def holds(*faults: str, names: Iterable[str] = COMMANDS) -> pytest.MarkDecorator:
    """Say which cells of the table a test is about: all of a line, or those of some commands."""
    names = list(names)
    TESTED.update(product(faults, names))
    return pytest.mark.parametrize("name", names)


def test_the_table_is_on_the_page_and_all_of_it_is_tested() -> None:
    assert table() in PAGE.read_text("utf-8")
    assert {word for cells in CELLS.values() for word in cells.values()} == set(MEANINGS)
    cells = {(fault, n) for fault, line in CELLS.items() for n, word in line.items() if word != "-"}
    assert cells == TESTED


def status_of(fault: str, name: str) -> int:
    """Return the exit status of a cell, from what its word means."""
    found = re.search(r"status (\d)", MEANINGS[CELLS[fault][name]])
    return COMMANDS[name].status if found is None else int(found[1])


@pytest.mark.sampled(3)
@holds(FAULTS[0], FAULTS[1])
@pytest.mark.parametrize("which", [signal.SIGINT, signal.SIGTERM], ids=["SIGINT", "SIGTERM"])
def test_a_signal_waits_for_the_write(here: Path, name: str, which: signal.Signals) -> None:
    prepared(name, here)
    old_outputs(name, here)
    outcome = in_child(COMMANDS[name].arguments, lambda: at_the_write(1, raise_signal(which)))
    assert outcome.status == 128 + which, outcome
    assert f"{outcome.status} of {which.name}" in MEANINGS[CELLS[FAULTS[0]][name]]
    assert_whole(name, here)
    assert not leftovers(here)
    if COMMANDS[name].resumes:  # the others begin anew, as after the next two faults
        assert_goes_on(name, here, outcome.done[:1])


@pytest.mark.sampled(3)
@holds(FAULTS[2])
def test_kill_9_leaves_whole_files(here: Path, name: str) -> None:
    prepared(name, here)
    old_outputs(name, here)
    kill = raise_signal(signal.SIGKILL)
    number = 2 if COMMANDS[name].resumes else 1
    outcome = in_child(COMMANDS[name].arguments, lambda: at_the_write(number, kill))
    assert outcome.status == -signal.SIGKILL, outcome
    assert_whole(name, here)
    assert_goes_on(name, here, outcome.done[:1] if name == "reproduce" else [])


@pytest.mark.sampled(4)
@holds(FAULTS[3])
def test_on_a_full_disk_nothing_is_lost(here: Path, name: str) -> None:
    prepared(name, here)
    old_outputs(name, here)
    before = snapshot(here)
    file_by_file = name in FILES
    full = (lambda: at_the_write(1, no_space)) if file_by_file else fill_the_disk
    outcome = in_child(COMMANDS[name].arguments, full)
    assert outcome.status == status_of(FAULTS[3], name), outcome
    assert ("No space left on device" if file_by_file else "File too large") in outcome.said
    after = snapshot(here)
    for path, content in before.items():
        assert after[path] == content or (file_by_file and path == "o.json"), path
    assert not leftovers(here)
    assert_whole(name, here)
    assert_goes_on(name, here, [])


@pytest.mark.sampled(3)
@holds(FAULTS[4])
def test_a_folder_that_cannot_be_written_is_refused(here: Path, name: str) -> None:
    prepared(name, here)
    (here / "file").write_text("in the way")
    before = snapshot(here)
    places = {output.split("/")[0] for output in COMMANDS[name].outputs}
    arguments = tuple(f"file/{a}" if a in places else a for a in COMMANDS[name].arguments)
    outcome = in_child(arguments)
    assert outcome.status == 2, outcome
    assert "parameter of etcprops" in outcome.said
    assert snapshot(here) == before


@pytest.mark.sampled(5)
@holds(FAULTS[5])
def test_the_clock_does_not_matter(here: Path, name: str) -> None:
    prepared(name, here)
    command = COMMANDS[name]
    first = in_child(command.arguments, turn_the_clock)
    assert first.status == command.status, first
    for output in command.outputs:
        os.utime(here / output, (0, 0))
    if name != "keygen":
        again = in_child(command.arguments, turn_the_clock)
        assert again.status == command.status, again
        assert not again.done
        if name in FILES:
            assert "2 skipped" in again.said


@pytest.mark.sampled(4)
@holds(FAULTS[6])
def test_two_runs_on_one_output(here: Path, name: str) -> None:
    prepared(name, here)
    command = COMMANDS[name]
    assert in_child(command.arguments).status == command.status
    place = {"encrypt": "out/.etcprops-parts", "decrypt": "back/.etcprops-parts", "atlas":
             "rows.jsonl", "reproduce": "run"}.get(name, ".etcprops-part-0123")  # fmt: skip
    if name in FILES:
        (here / place).mkdir()
    elif "part" in place:
        (here / place).touch()
    before = snapshot(here)
    held = os.open(here / place, os.O_RDONLY)  # as another run does
    try:
        fcntl.flock(held, fcntl.LOCK_EX)
        outcome = in_child(command.arguments)
    finally:
        os.close(held)
    refused = CELLS[FAULTS[6]][name] == "second refused"
    assert outcome.status == status_of(FAULTS[6], name), outcome
    if refused:
        assert snapshot(here) == before
    else:
        assert (here / place).exists(), "what another run writes is not taken away"
    assert_whole(name, here)


@pytest.mark.sampled(3)
@holds(FAULTS[7], names=(*FILES, "reproduce"))
def test_when_a_worker_dies_the_next_run_goes_on(here: Path, name: str) -> None:
    """JPEG 2000, since its codec is what files need processes for."""
    if name == "decrypt":
        settings = FileSettings(bytes(range(32)), codec=Codec("jp2"))
        assert run_files("encrypt", [here / "photos"], here / "encrypted", settings, jobs=1).ok
    arguments = COMMANDS[name].arguments
    if name in FILES:
        arguments = (*arguments, "--format", "jp2")
    outcome = in_child((*arguments, "--jobs", "2"), kill_a_worker)
    assert outcome.status == status_of(FAULTS[7], name), outcome
    assert "one was killed: is there too little memory?" in outcome.said
    before = snapshot(here)
    (kept,) = (path for path in before if "/" in path)
    assert kept.partition("/")[2] in {"a.jp2", "parts/a.json"}
    again = in_child((*arguments, "--jobs", "1"))
    assert again.status == 0, again
    assert "1 skipped" in again.said or again.done == ["-2"]
    assert snapshot(here)[kept] == before[kept]
    assert not leftovers(here)


@holds(FAULTS[7], names=("probe",))
def test_a_function_that_is_killed_is_the_verdict(here: Path, name: str) -> None:
    arguments = (name, "faulty:dying", "--shape", "4", "4", "--keys", "1", "--json", "o.json")
    outcome = in_child(arguments)
    assert outcome.status == status_of(FAULTS[7], name), outcome
    assert "by signal 9" in json.loads((here / "o.json").read_text())["reason"]


@holds(FAULTS[7], names=("atlas",))
def test_a_process_of_the_atlas_that_is_killed_costs_its_row(here: Path, name: str) -> None:
    outcome = in_child((*COMMANDS[name].arguments, "--jobs", "2"), kill_workers_of_the_atlas)
    assert outcome.status == status_of(FAULTS[7], name), outcome
    lines = (here / "rows.jsonl").read_text().splitlines()
    assert len(lines) == 1 + 3
    assert all(f"ended with signal {signal.SIGKILL:d}" in line for line in lines[1:])
    assert_whole(name, here)


@holds(FAULTS[7], names=("fingerprint",))
def test_a_machine_that_dies_is_named(here: Path, name: str) -> None:
    outcome = in_child((*COMMANDS[name].arguments, "--machines"), kill_a_machine)
    assert outcome.status == status_of(FAULTS[7], name), outcome
    assert "status -9" in outcome.said
    assert not (here / "o.json").exists()


SLEEPING = "import time; time.sleep(60)"


def interrupted_with_a_machine_at_work(which: signal.Signals) -> None:
    """Let machines be processes that sleep, and this process alone hear of it while one does.

    A moment after it begins: Python misses a signal just before it waits, until it has waited.
    """
    from etcprops import reproducibility

    put: Callable[[Any, str, Any], None] = setattr
    machine = reproducibility.machines()[0]
    put(reproducibility, "machines", lambda: [machine] * 4)
    popen, begun = subprocess.Popen, iter([True])

    def begin(*_: Any, **options: Any) -> Any:
        process: Any = popen([sys.executable, "-ISc", SLEEPING], **options)
        if next(begun, False):
            threading.Timer(0.1, os.kill, (os.getpid(), which)).start()
        return process

    put(subprocess, "Popen", begin)


@pytest.mark.parametrize("which", [signal.SIGINT, signal.SIGTERM], ids=["SIGINT", "SIGTERM"])
def test_a_machine_at_work_is_not_waited_for(here: Path, which: signal.Signals) -> None:
    """As a terminal interrupts all processes of a command, so may somebody one alone."""
    start = time.monotonic()
    fault = partial(interrupted_with_a_machine_at_work, which)
    outcome = in_child((*COMMANDS["fingerprint"].arguments, "--machines"), fault)
    assert outcome.status == 128 + which, outcome
    assert time.monotonic() - start < 30  # it would take a minute
    assert not (here / "o.json").exists()


@pytest.mark.sampled(4)
@holds(FAULTS[8])
def test_what_was_cut_off_is_done_again(here: Path, name: str) -> None:
    prepared(name, here)
    command = COMMANDS[name]
    assert in_child(command.arguments).status == command.status
    for output in command.outputs:
        content = (here / output).read_bytes()
        (here / output).write_bytes(content[: len(content) * 3 // 4 or 1])
    again = in_child(command.arguments)
    assert again.status == status_of(FAULTS[8], name) or name == "keygen"
    if name == "keygen":
        assert again.status == 2
        return
    if name in FILES:
        assert "--force overwrites it" in again.said
        again = in_child((*command.arguments, "--force"))
    assert again.status == command.status, again
    assert_whole(name, here)
    if name == "atlas":
        assert len((here / "rows.jsonl").read_text().splitlines()) == 4
        assert len(again.done) < 3


def test_writing_in_place_would_be_found_out(here: Path) -> None:
    """The control: a writer that is not whole loses what was there on a full disk."""

    def in_place() -> None:
        module: Any = sys.modules["etcprops.cli.common"]
        module.write_whole = lambda path, text, **_: path.write_text(text, "utf-8")
        fill_the_disk()

    old_outputs("fingerprint", here)
    assert in_child(COMMANDS["fingerprint"].arguments, in_place).status == 2
    assert (here / "o.json").read_bytes() != OLD
    with pytest.raises(ValueError, match=r"Expecting|Unterminated"):
        assert_whole("fingerprint", here)
