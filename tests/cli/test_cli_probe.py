"""The commands probe and check: exit statuses, messages, files."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from helpers import Run, command_line

from etcprops import SignedPermutation
from etcprops.probing import MapKind, checker
from etcprops.probing.budget import Progress

SCHEMES = """
import numpy as np

print("a module that prints")
KEYS = [5, 6]
NUMBER = 3


def flip(image, key):
    print("a function that prints")
    order = np.random.default_rng(key).permutation(image.size)
    pixels = image.ravel()[order].copy()
    pixels[::2] = 255 - pixels[::2]
    return pixels.reshape(image.shape)


def swap(image):
    import late_helper
    return late_helper.swap(image)


def lossy(image, key):
    result = image.copy()
    result[0] = image[1]
    return result


def drifting(image, key):
    order = np.random.default_rng(key + 1).permutation(image.size)
    return image.ravel()[order].reshape(image.shape)


def gone(image, key):
    raise ImportError("moved to another module")


def slow(image, key):
    import time
    time.sleep(0.02)
    return image[::-1]


def dark(image, key):
    if not image.any():
        raise ZeroDivisionError("nothing to see")
    return image[::-1]


def some_keys(image, key):
    return image if key < 2 else image[::-1]


def seeds():
    return range(2)


def broken_seeds():
    raise OSError("no seeds today")
"""
HELPER = "def swap(image):\n    return image[::-1].copy()\n"


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Run:
    """Run ``etcprops`` in this process, in a folder with schemes of a user."""
    (tmp_path / "foreign_schemes.py").write_text(SCHEMES)
    (tmp_path / "late_helper.py").write_text(HELPER)
    (tmp_path / "exits.py").write_text("import sys\nsys.exit(3)\n")
    monkeypatch.chdir(tmp_path)
    for module in ("foreign_schemes", "late_helper", "exits"):
        monkeypatch.delitem(sys.modules, module, raising=False)
    return command_line(monkeypatch, capsys)


PROBE = ("probe", "foreign_schemes:flip", "--shape", "6", "6")


def test_probe_says_what_a_function_is_and_what_follows(run: Run) -> None:
    result = run(*PROBE)
    assert result.status == 0
    first, *rest = result.out.splitlines()
    assert first.startswith("signed permutation: Every pixel is shown once, 18 of 36 negated")
    learning = [line for line in rest if line.startswith("Learning")]
    assert [line.split(":")[0].split(" (")[0] for line in learning] == [
        "Learning keeps exactly",
        "Learning loses",
    ]
    assert "z-scores" in learning[0]
    assert "random forest" in learning[1]
    assert "chosen images name" in rest[-1]
    assert "that prints" not in result.out
    result = run(*PROBE, "-v")
    assert "Exactly preserved: if " in result.out
    assert "Not preserved: " in result.out


def test_a_verdict_against_the_function_is_status_0_too(run: Run) -> None:
    result = run("probe", "--shape", "6", "6", "3", "foreign_schemes:lossy", "--json", "-")
    document = json.loads(result.out)
    assert result.status == 0
    assert (document["kind"], document["shape"]) == ("copy map", [6, 6, 3])
    assert document["map"]["lost"] == 18
    assert "copy map: " in result.err


def test_modules_of_the_current_folder_are_found_when_called(run: Run) -> None:
    result = run("probe", "foreign_schemes:swap", "--shape", "4x4")
    assert result.status == 0
    assert result.out.startswith("permutation: ")


@pytest.mark.sampled(3)
@pytest.mark.parametrize(
    ("text", "number"),
    [("3", 3), ("7,", 1), ("a, b,c", 3), ("foreign_schemes:KEYS", 2), ("foreign_schemes:seeds", 2)],
)
def test_keys(run: Run, text: str, number: int) -> None:
    function = "foreign_schemes:lossy" if "a" in text else "foreign_schemes:flip"
    result = run("probe", function, "--shape", "4", "4", "--keys", text, "--json", "-")
    assert json.loads(result.out)["key_audit"]["n_keys"] == number


def test_files_are_written_whole_and_the_certificate_is_checked(run: Run, tmp_path: Path) -> None:
    files = [tmp_path / name for name in ("report.json", "report.html", "map.json")]
    files[0].write_text("old")
    options = zip(("--json", "--html", "--certificate"), map(str, files), strict=True)
    assert run(*PROBE, *(part for option in options for part in option)).status == 0
    assert json.loads(files[0].read_text())["kind"] == "signed permutation"
    page = files[1].read_text(encoding="utf-8")
    assert page.startswith("<!DOCTYPE html>")
    assert "http" not in page, "the page must need nothing from elsewhere"
    assert "foreign_schemes:flip" in page
    result = run("check", str(files[2]))
    assert (result.status, result.out) == (
        0,
        "Orthogonal: 36 pixels, each shown once, 18 negated; witness hash confirmed.\n",
    )


def test_no_certificate_of_a_function_that_loses_pixels(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "map.json"
    result = run("probe", "foreign_schemes:lossy", "--shape", "6", "6", "--certificate", str(path))
    assert result.status == 1
    assert "No certificate" in result.out
    assert not path.exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("no_such_module:f", "--shape", "4", "4"), "No module named 'no_such_module'"),
        (("foreign_schemes:nothing", "--shape", "4", "4"), "has no attribute 'nothing'"),
        (("foreign_schemes", "--shape", "4", "4"), "must be module:object"),
        (("foreign_schemes:NUMBER", "--shape", "4", "4"), "must name a function. Got 3 (int)"),
        (("exits:f", "--shape", "4", "4"), "SystemExit: 3"),
        (("foreign_schemes:flip", "--shape", "4"), "32x32x3. Got '4': 1 number."),
        (("foreign_schemes:flip", "--shape", "4", "4", "3", "2"), "Got '4 4 3 2': 4 numbers."),
        (("foreign_schemes:flip", "--shape", "4", "0"), "all positive. Got '4 0'."),
        (("foreign_schemes:flip", "--shape", "-4", "4"), "all positive. Got '-4 4'."),
        (("foreign_schemes:flip", "--shape", "3,32,32"), "Did you mean 32 32 3?"),
        (("foreign_schemes:flip", "--shape", "32x32x5"), "1 to 4 components C. Got '32x32x5'."),
        (("foreign_schemes:flip", "--shape", "wide"), "must be H W or H W C, such as 32 32 3"),
        (("foreign_schemes:flip", "--shape", "4.5,4"), "Got '4.5,4'."),
        (("foreign_schemes:flip",), "Missing option '--shape'"),
        (("foreign_schemes:flip", "--shape", "4", "4", "--keys", "x"), "a list with commas"),
        (("foreign_schemes:flip", "--shape", "4", "4", "--keys", "0"), "an integer from 1 to"),
        (
            ("foreign_schemes:flip", "--shape", "4", "4", "--keys", "foreign_schemes:NUMBER"),
            "iterable. Got 3 (int)",
        ),
        (
            ("foreign_schemes:flip", "--shape", "4", "4", "--keys", "foreign_schemes:broken_seeds"),
            "OSError: no seeds today",
        ),
        (("foreign_schemes:flip", "--shape", "4", "4", "--dtype", "int8"), "'--dtype'"),
        (("foreign_schemes:flip", "--shape", "4", "4", "--isolation", "x"), "'--isolation'"),
        (
            ("foreign_schemes:flip", "--shape", "4", "4", "--expect", "permutaton"),
            "'--expect' parameter of etcprops probe must be of identity; permutation; signed",
        ),
        (("foreign_schemes:flip", "--shape", "4", "4", "--expect", "randomly"), "Got 'randomly'"),
        (("foreign_schemes:flip", "--shape", "4", "4", "--expect", ","), "at least one class"),
        (("foreign_schemes:flip", "--shape", "4", "4", "--html", "."), "which is a folder"),
    ],
)
def test_bad_input_is_a_message_and_status_2(
    run: Run, arguments: tuple[str, ...], message: str
) -> None:
    result = run("probe", *arguments)
    assert result.status == 2
    assert message in " ".join(result.err.replace("\u2502", " ").split())
    assert "Traceback" not in result.err
    assert not result.out


@pytest.mark.sampled(3)
@pytest.mark.parametrize(
    "shape",
    [
        ("6", "6", "3"),
        ("6x6x3",),
        ("6,6,3",),
        ("6,", "6,", "3"),
        ("(6, 6, 3)",),
        ("[6,6,3]",),
        ("6X6X3",),
    ],
)
def test_shapes_as_people_write_them(run: Run, shape: tuple[str, ...]) -> None:
    options = ("--quick", "--json", "-")
    result = run("probe", "foreign_schemes:flip", "--shape", *shape, *options)
    assert json.loads(result.out)["shape"] == [6, 6, 3]
    joined = run("probe", "foreign_schemes:flip", f"--shape={shape[0]}", *shape[1:], *options)
    assert json.loads(joined.out)["shape"] == [6, 6, 3]


# --- Exit statuses


@pytest.mark.sampled(3)
@pytest.mark.parametrize(
    ("function", "expected", "status", "first"),
    [
        ("flip", None, 0, "signed permutation: "),
        ("lossy", None, 0, "copy map: "),
        ("flip", "signed permutation", 0, "As expected, signed permutation: "),
        ("flip", "Signed-Permutations", 0, "As expected, signed permutation: "),
        ("flip", "copy maps,signed_permutation", 0, "As expected, signed permutation: "),
        ("flip", "permutation", 1, "Expected permutation, found signed permutation: "),
        ("lossy", "signed permutation", 1, "Expected signed permutation, found copy map: "),
        ("lossy", "identity,permutation", 1, "Expected identity or permutation, found copy map: "),
        ("gone", None, 1, "not image-to-image: Under none of 4 keys: for black of shape (6, 6) "),
        ("gone", "permutation", 1, "Expected permutation, found not image-to-image: Under none"),
        ("gone", "not image to image", 0, "As expected, not image-to-image: "),
        ("dark", None, 1, "No image under key 77: for black, it raised ZeroDivisionError: nothing"),
        ("dark", "permutation", 1, "Expected permutation, found no image under key 77: for black"),
        ("some_keys --keys 1,2", None, 0, "permutation: The verdict is not the same for all keys"),
        (
            "some_keys --keys 1,2",
            "permutation",
            1,
            "Expected permutation, found identity under key",
        ),
        ("some_keys --keys 1,2", "identity, permutation", 0, "As expected, permutation: "),
    ],
)
def test_exit_statuses_and_the_first_line(
    run: Run, function: str, expected: str | None, status: int, first: str
) -> None:
    name, *keys = function.split()
    gate = () if expected is None else ("--expect", expected)
    result = run("probe", f"foreign_schemes:{name}", "--shape", "6,6", *keys, *gate)
    assert result.status == status
    assert result.out.startswith(first)
    assert all(len(line) < 400 for line in result.out.splitlines()[:1])


def test_a_gate_writes_its_report_as_ever(run: Run) -> None:
    result = run(*PROBE, "--quick", "--expect", "identity", "--json", "-")
    assert result.status == 1
    assert json.loads(result.out)["headline"].startswith("signed permutation: ")
    assert "\nExpected identity, found signed permutation: " in result.err


def test_help_names_every_class_and_every_exit_status(run: Run) -> None:
    shown = run("probe", "--help").out.replace("\u2502", " ")
    text = " ".join(shown.split())
    assert all(str(kind) in text for kind in MapKind)
    for part in ("Exit status 0 ", "1 if it is not", "2 for a mistake", "130 for Ctrl-C"):
        assert part in text


# --- Progress and Ctrl-C


def test_ctrl_c_prints_what_was_found_and_how_to_go_on(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(progress: Progress) -> None:
        if progress.calls > 60:
            raise KeyboardInterrupt

    @contextlib.contextmanager
    def stopping() -> Iterator[Callable[[Progress], None]]:
        yield stop

    monkeypatch.setattr(sys.modules["etcprops.cli.probe"], "shown_progress", stopping)
    result = run(*PROBE, "--html", "report.html")
    assert result.status == 130
    assert result.out.startswith("signed permutation: ")
    assert "not looked at: images of other shapes" in result.out
    assert "no file is written. The same command starts again; with --quick" in result.err
    assert not Path("report.html").exists()


def test_progress_is_a_plain_line_now_and_then(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("etcprops.cli._progress.EVERY", 0.0)
    command = sys.modules["etcprops.cli.probe"]
    with command.shown_progress() as tell:
        tell(Progress("to confirm it", 50, 200, 100.0, 30.0))
        tell(Progress("to find a small witness", 300, 200, 100.0, 12.0))
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "50 of 200, about 30 s left: calls to confirm it"
    assert lines[1].startswith("300, about ")
    assert lines[1].endswith("left: calls to find a small witness")


# --- Budget


@pytest.mark.thorough
@pytest.mark.thorough
def test_a_budget_ends_it_and_says_what_was_not_looked_at(run: Run) -> None:
    size = ("--shape", "64", "64", "--keys", "5,6", "--budget", "3")  # for a busy machine, too
    result = run("probe", "foreign_schemes:slow", *size, "--json", "-")
    document = json.loads(result.out)
    assert result.status == 0
    assert document["kind"] == "permutation"
    assert document["not_looked_at"]
    assert document["seconds"] < 9
    assert "not looked at: " in result.err


def test_a_quick_probe_needs_few_calls(run: Run) -> None:
    result = run(*PROBE, "--quick", "--json", "-")
    document = json.loads(result.out)
    assert document["kind"] == "signed permutation"
    # The signs and places of 36 pixels, noise, an extreme image, one again; two for each other key.
    assert document["queries"] == {"chosen": 1, "described_key": 4, "all": 4 + 3 * 2}
    assert sum(document["bought"].values()) == document["queries"]["all"]


# --- Drift


@pytest.mark.sampled(3)
@pytest.mark.parametrize(
    ("function", "options", "status", "said"),
    [
        ("flip", (), 0, "The function still is this map: the same on 5 images."),
        ("flip", ("--shape", "6", "6", "--key", "77"), 0, "still is this map"),
        ("flip", ("--key", "78"), 1, "It is another map now"),
        ("flip", ("--shape", "4", "9"), 0, "still is this map"),
        ("drifting", (), 1, "It is another map now"),
        ("lossy", (), 1, "It is another map now"),
        ("gone", (), 1, "It gives no image now: it raised ImportError"),
        ("flip", ("--shape", "6", "7"), 2, "have the map's 36 pixels"),
        ("NUMBER", (), 2, "must name a function"),
    ],
)
def test_drift(run: Run, function: str, options: tuple[str, ...], status: int, said: str) -> None:
    assert run(*PROBE, "--quick", "--certificate", "map.json").status == 0
    result = run("check", "map.json", f"foreign_schemes:{function}", *options)
    assert result.status == status
    assert said in " ".join((result.out + result.err).split())


# --- Certificates


def certificate(source: list[int], sign: list[int]) -> dict[str, object]:
    return SignedPermutation(source, sign).to_certificate()


@pytest.mark.parametrize(
    ("changes", "status", "said"),
    [
        ({}, 0, "Orthogonal: 3 pixels, each shown once, 1 negated"),
        ({"source": [0, 0, 2]}, 1, "input 0 is shown by output 0 and by output 1"),
        ({"source": [0, 1, 3]}, 1, "output 2 shows input 3, which is none of 0 to 2"),
        ({"sign": [1, 0, 1]}, 1, "output 1 has sign 0, not -1 or +1"),
        ({"sign": [1, 1, 1]}, 1, "the map does not make what 'witness' says"),
        ({"witness": "0" * 64}, 1, "the map does not make what 'witness' says"),
        ({"witness": None}, 2, "'witness' must be text in version 2"),
        ({"version": 3}, 2, "version 1 or 2"),
        ({"sign": [1, 1]}, 2, "must be as long"),
        ({"source": [0, 1.5, 2]}, 2, "must hold integers"),
        ({"source": []}, 2, "must be lists that are not empty"),
    ],
)
def test_check(
    run: Run, tmp_path: Path, changes: dict[str, object], status: int, said: str
) -> None:
    path = tmp_path / "cert.json"
    path.write_text(json.dumps(certificate([1, 0, 2], [1, -1, 1]) | changes))
    result = run("check", str(path))
    assert result.status == status
    assert said in (result.err if status == 2 else result.out)


def test_check_reads_version_1(run: Run, tmp_path: Path) -> None:
    old = certificate([1, 0], [1, 1]) | {"version": 1}
    del old["witness"]
    (tmp_path / "old.json").write_text(json.dumps(old))
    result = run("check", "old.json")
    assert (result.status, result.out) == (
        0,
        "Orthogonal: 2 pixels, each shown once, 0 negated.\n",
    )


@pytest.mark.parametrize("content", ["", "[]", "{", "\x00", "[" * 100_000])
def test_check_of_what_is_no_certificate(run: Run, tmp_path: Path, content: str) -> None:
    (tmp_path / "cert.json").write_text(content)
    result = run("check", "cert.json")
    assert result.status == 2
    assert result.err.startswith("Error: ")
    assert run("check", "no such file").status == 2


def test_the_checker_stands_alone(tmp_path: Path) -> None:
    path = tmp_path / "cert.json"
    path.write_text(json.dumps(certificate([1, 0], [1, -1])))
    script = str(checker.__file__)
    assert len(Path(script).read_text(encoding="utf-8").splitlines()) < 100
    for name, status in ((str(path), 0), (str(tmp_path), 2)):
        command = [sys.executable, "-I", "-S", script, name]
        done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
        assert done.returncode == status
        assert not done.stderr
