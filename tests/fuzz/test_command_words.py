"""Any words on the command line: a status, a line that says why, no traceback, nothing else.

Commands, options and their kinds are those of the application itself. Words are right ones, right
ones with a mistake, and any text that a shell can hand over, also bytes that are no UTF-8. Where
the work would begin, after all that is looked at, a stub ends the command.
"""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Iterator
from contextlib import ExitStack, redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any, Final, NoReturn
from unittest import mock

import numpy as np
import pytest
import typer
from attempts import examples, folder_of_files, fuzzed, limits
from hypothesis import example, given, settings
from hypothesis import strategies as st

from etcprops import cli
from etcprops._validation import InvalidParameterError
from etcprops.cli.atlas import atlas  # noqa: F401  # so that the modules are there to be patched

COMMANDS: Final[dict[str, Any]] = typer.main.get_command(cli.app).commands  # type: ignore[attr-defined]

BASES: Final[dict[str, tuple[str, ...]]] = {
    "verify": ("--claims", "int8-products", "--geometry", "8x8/4"),
    "audit": ("door_functions:model", "--images", "40"),
    "atlas": ("SVC", "--images", "40"),
    "reproduce": ("--out", "run"),
    "probe": ("door_functions:turned", "--shape", "4", "4"),
    "attack": ("images.npy",),
    "keygen": ("new-secret",),
    "encrypt": ("photo.png", "--out", "encrypted", "--secret-file", "secret"),
    "decrypt": ("photo.png", "--out", "decrypted", "--secret-file", "secret"),
    "check": ("certificate.json",),
    "fingerprint": (),
}
"""Right words of each command."""

WORK: Final = (
    "etcprops.claims.runner.run",
    "etcprops.auditing.auditor._examine",
    "etcprops.auditing.atlas.grid._run",
    "etcprops.experiments.reproduction.run",
    "etcprops.experiments.uploads.run_attacks",
    "etcprops.datasets.synthetic_faces.make_synthetic_faces",
    "etcprops.probing.runner.open_sandbox",
    "etcprops.probing.drift.open_sandbox",
    "etcprops.attacks.attacker.evenly",
    "etcprops.reproducibility.fingerprints.fingerprint_of_some",
)
"""Where the work of commands begins."""

FUNCTIONS: Final = """
from sklearn.dummy import DummyClassifier
model = DummyClassifier()
keys = [1, 2]
def turned(image, key): return image[::-1]
"""

VALUES: Final = (
    "0", "1", "2", "-1", "8", "16", "75", "100", "101", "1e3", "1e400", "nan", "inf", "-inf",
    "0x10", "9" * 30, "9" * 5000, "1_0", "8.0", "٣", "八", "True", "none", "8x8", "8x8/4",
    "8x8x3/4", "0x8", "8x", "9" * 400 + "x8", "8x8/0", "7x7/2", "192x160x3/8", "a,b", ",",
    "z-score", "mid-grey", "png", "jpeg", "webp", "grey", "colour", "grayscale", "4:2:0",
    "int8-products", "SVC", "svc", "digits", "images.npy", "images.npz", "photo.png", "pictures",
    "nothing", "garbage", "empty", "key.json", "secret", "certificate.json", "loop", "dangling",
    "nowhere", "nowhere/x.json", ".", "-", "--", "", " ", "~", "new.json",
    "door_functions:turned", "door_functions:model", "door_functions:keys",
    "door_functions:nothing", "door_functions", "door_functions.py:turned", "nowhere.py:f", ":",
    "::", "a:b", "numpy:flipud", "1,2,3", "1..3", "dask", "process", "alarm", "a" * 5000,
    "\x1b[31mred", "a\nb", "\udcff\udcfe", "\u202egnp.exe", "[bold]", "%s", "{}",
)  # fmt: skip
"""Words that are right for some option, or nearly."""

TEXT: Final = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0/") | st.just("\udc80"),
    max_size=12,
).filter(lambda text: ".." not in text)
"""Any word of which the shell makes no path to somewhere else."""


def options_of(name: str) -> list[str]:
    """Return the options of a command, and one that it does not have."""
    found = [option for p in COMMANDS[name].params for option in (*p.opts, *p.secondary_opts)]
    return [option for option in found if option.startswith("-")] + ["--no-such-option", "-x"]


@st.composite
def words(draw: st.DrawFn, name: str) -> list[str]:
    """Draw the words after a command: right ones, changed in one to three places."""
    line = [*BASES[name]]
    word = st.sampled_from(VALUES) | TEXT
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, len(line)))
        match draw(st.integers(0, 5)):
            case 0:
                line[at:at] = [draw(word)]
            case 1:
                line[at : at + 1] = [draw(word)]
            case 2:
                del line[at : at + 1]
            case 3:
                option = draw(st.sampled_from(options_of(name)))
                line.append(f"{option}={draw(word)}")
            case _:
                line += [draw(st.sampled_from(options_of(name))), draw(word)]
    return line


class BegunError(InvalidParameterError):
    """The work would begin."""


def _begin(*_: Any, **__: Any) -> NoReturn:
    raise BegunError("the work begins")


@pytest.fixture(scope="module", autouse=True)
def _folder() -> Iterator[None]:
    with folder_of_files() as folder, ExitStack() as stubs:
        (folder / "door_functions.py").write_text(FUNCTIONS)
        (folder / "secret").chmod(0o600)
        np.save(folder / "images.npy", np.zeros((2, 16, 16), np.uint8))
        for work in WORK:
            module, _, function = work.rpartition(".")
            __import__(module)
            stubs.enter_context(mock.patch.object(sys.modules[module], function, _begin))
        yield
        sys.modules.pop("door_functions", None)


def run(line: list[str]) -> tuple[int, str, str]:
    """Run a command in this process, with streams that are as Python opens a terminal's."""
    handlers = ("strict", "backslashreplace")  # of stdout and of stderr
    streams = [io.TextIOWrapper(io.BytesIO(), "utf-8", errors) for errors in handlers]
    with (
        mock.patch.object(sys, "argv", ["etcprops", *line]),
        redirect_stdout(streams[0]),
        redirect_stderr(streams[1]),
        limits(),
        pytest.raises(SystemExit) as stop,
    ):
        cli.main()
    texts = []
    for stream in streams:
        stream.flush()
        texts.append(stream.buffer.getvalue().decode())
    code = stop.value.code
    return (0 if code is None else code if isinstance(code, int) else 1), *texts  # type: ignore[return-value]


@pytest.mark.sampled(3)
@pytest.mark.parametrize("name", sorted(COMMANDS))
@fuzzed(10, 4)
@given(data=st.data())
def test_any_words_end_in_a_status(name: str, data: st.DataObject) -> None:
    line = data.draw(words(name), label="words")
    status, out, err = run([name, *line])
    assert status in {0, 1, 2, 130}
    assert "Traceback" not in out + err
    assert status != 2 or err
    assert [path.name for path in Path.cwd().parent.iterdir()] == ["inner"]


@settings(max_examples=examples(6, 6))
@given(st.lists(TEXT | st.sampled_from(["--help", "-h", "--version", *COMMANDS]), max_size=4))
@example([])
@example(["\udcff"])
def test_any_words_instead_of_a_command_end_in_a_status(line: list[str]) -> None:
    status, out, err = run(line)
    assert status in {0, 1, 2, 130}
    assert "Traceback" not in out + err


def test_every_command_has_right_words() -> None:
    assert BASES.keys() == COMMANDS.keys()
    for name, base in BASES.items():
        status, _, err = run([name, *base])
        begun = "the work begins" in err
        assert begun or status in {0, 1}, (name, status, err)


def test_a_document_on_the_standard_output_is_one() -> None:
    status, out, _ = run(["encrypt", "photo.png", "--out", "o", "--secret-file", "secret",
                          "--json", "-"])  # fmt: skip
    assert status in {0, 1}
    assert json.loads(out)["format"] == "etcprops.Files"
