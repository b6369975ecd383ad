"""A canary: what a command or function was given as key is in nothing that it leaves.

Searched is whatever was written: stdout and stderr, files, caches, temporary files, logs, warnings,
errors with all that hangs on them, and the repr of what holds keys. Files that hold a key because
the user asked for them by name are exempt, and only their owner can read them.
"""

from __future__ import annotations

import base64
import importlib
import inspect
import json
import logging
import os
import pkgutil
import stat
import sys
import tempfile
import traceback
import warnings
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import product
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import pytest
from helpers import Run, command_line
from PIL import Image
from sklearn.dummy import DummyClassifier
from sklearn.pipeline import make_pipeline
from sklearn.utils import estimator_html_repr

import etcprops
from etcprops import BlockGeometry, EtCEncryptor, EtCKey, SignedPermutation, attack, encrypt, probe
from etcprops._files import user_cache
from etcprops.auditing.atlas.cells import AtlasCell
from etcprops.auditing.atlas.rows import AtlasRow, run_cell
from etcprops.claims.implementation import Implementation
from etcprops.datasets.synthetic_faces import make_synthetic_faces
from etcprops.formats import _sharing
from etcprops.formats.files import FileSettings
from etcprops.formats.folders import run_files
from etcprops.formats.schemes import ImageScheme
from etcprops.theory.coq_report import CoqUnavailableError

pytest_plugins = "pytester"

WORD = "canary-3b1f7c"
SECRET = bytes(range(101, 133))
DIGITS = EtCKey.from_secret(BlockGeometry(8, 8, block=2), WORD)
FACES = make_synthetic_faces(people=2, lights=16, height=48, width=32)
KEY = EtCKey.from_secret(FACES.geometry, WORD)
FILES = ImageScheme("colour").key(32, 64, SECRET)


def forms_of(sequence: Any) -> Iterator[bytes]:
    """Yield how a permutation, or signs, may have been written."""
    array = np.asarray(sequence)
    for separator in (", ", ",", " ", "\n"):
        yield separator.join(map(str, array[:12].tolist())).encode()
    for dtype in (np.uint8, np.int16, np.int32, np.int64):
        yield array[:12].astype(dtype).tobytes()


def needles() -> dict[str, bytes]:
    """Return all that must not be found."""
    found: dict[str, bytes] = {}
    for secret in (WORD.encode(), SECRET):
        texts = [secret.hex(), base64.b64encode(secret).decode().rstrip("=")[:-1]]
        texts += [base64.b32encode(secret).decode().rstrip("=")[:-1], repr(secret)[2:-1]]
        for form in [secret, *(text.encode() for text in texts), texts[0].upper().encode()]:
            found[f"secret {form!r}"] = form
    for key in (DIGITS, KEY, FILES):
        signed = SignedPermutation.from_key(key)
        parts = {"K1": key.permutation, "K2": key.transforms, "map": signed.source}
        for name, part in parts.items():
            for form in forms_of(part):
                found[f"{name} {form!r}"] = form
    return found


NEEDLES = needles()


def leaks(content: bytes | str) -> list[str]:
    octets = content.encode("utf-8", "surrogateescape") if isinstance(content, str) else content
    return [name for name, form in NEEDLES.items() if form in octets]


def test_the_search_finds_what_is_there() -> None:
    assert leaks(f"key of {WORD}")
    assert leaks(SECRET.hex())
    assert leaks(base64.b64encode(b"x" * 3 + SECRET)[4:])
    assert leaks(KEY.to_json())
    assert leaks(json.dumps(SignedPermutation.from_key(DIGITS).to_certificate()))
    assert leaks(np.asarray(FILES.permutation).tobytes())
    assert not leaks(EtCKey.from_secret(FACES.geometry, "another").to_json())


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    return command_line(monkeypatch, capsys)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the current folder, below which all is that a command can write anywhere."""
    for name in ("work", "tmp", "home"):  # the cache, with compiled proofs, is that of all tests
        (tmp_path / name).mkdir()
    monkeypatch.chdir(tmp_path / "work")
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "tmp"))
    monkeypatch.setenv("TMPDIR", str(tmp_path / "tmp"))
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    work = tmp_path / "work"
    functions = "from sklearn.dummy import DummyClassifier\nmodel = DummyClassifier()\n"
    functions += "def turned(image, key):\n    return image[::-1] if key else image\n"
    functions += "def loud(image, key):\n    raise RuntimeError('no')\n"
    functions += "from etcprops import BlockGeometry, EtCKey, encrypt\n"
    functions += "def etc(image, key):\n"
    functions += (
        "    return encrypt(image, EtCKey.from_secret(BlockGeometry(8, 8, block=2), key))\n"
    )
    functions += f"keys = [{SECRET!r}, {WORD!r}, ({WORD!r}, 1)]\n"
    (work / "canary_functions.py").write_text(functions)
    KEY.save(work / "key.json")
    DIGITS.save(work / "digits.json")
    (work / "secret").write_bytes(SECRET)
    (work / "secret").chmod(0o600)
    (work / "photos").mkdir()
    pixels = np.random.default_rng(0).integers(0, 256, (32, 64, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(work / "photos" / "a.png")
    (work / "photos" / "b.png").write_bytes(b"no image")
    np.save(work / "encrypted.npy", encrypt(FACES.images, KEY))
    return work


ASKED = "asked.cert"
"""Holds a map, since it was asked for by name; nothing else does."""
ENCRYPT = ("encrypt", "photos", "--out", "out", "--secret-file", "secret")
COMMANDS: dict[str, list[tuple[str, ...]]] = {
    "encrypt and decrypt": [
        (*ENCRYPT, "--json", "e.json", "--check"),
        (*ENCRYPT, "--json", "-"),
        (*ENCRYPT, "--block", "7"),
        (*ENCRYPT, "--scheme", "grey", "--force"),
        ("decrypt", "out", "--out", "back", "--secret-file", "secret", "--json", "d.json"),
        ("decrypt", "photos", "--out", "b2", "--secret-file", "secret", "--scheme", "colour"),
        ("encrypt", "photos", "--out", "o3", "--secret-file", "key.json"),
        ("encrypt", "secret", "--out", "o4", "--secret-file", "secret"),
        ("keygen", "secret"),
    ],
    "keys given for something else": [
        ("check", "key.json"),
        ("check", "secret"),
        ("attack", "key.json"),
        ("attack", "secret"),
        ("audit", "canary_functions:model", "--key", "secret", "--images", "60"),
        ("audit", "canary_functions:model", "--key", "key.json", "--images", "60"),
        ("audit", "canary_functions:model", "--data", "key.json"),
    ],
    "audit": [
        ("audit", "canary_functions:model", "--key", "digits.json", "--images", "60", "--html",
         "a.html", "--json", "a.json", "--budget", "1"),
        ("audit", "canary_functions:model", "--secret", WORD, "--images", "60", "--json", "-",
         "--budget", "1"),
    ],
    "attack": [
        ("attack", "encrypted.npy", "--json", "t.json", "--html", "t.html", "--block", "8"),
    ],
    "probe": [
        ("probe", "canary_functions:turned", "--shape", "4", "4", "--keys",
         "canary_functions:keys", "--json", "p.json", "--html", "p.html"),
        ("probe", "canary_functions:etc", "--shape", "8", "8", "--keys", f"{WORD},b", "--json",
         "p2.json", "--html", "p2.html", "--certificate", ASKED),
        ("check", ASKED),
        ("probe", "canary_functions:loud", "--shape", "4", "4", "--keys", f"{WORD},b"),
    ],
    "verify": [
        ("verify", "--secret", WORD, "--geometry", "16x16/4", "--claims",
         "decryption-inverts", "--json", "v.json", "--html", "v.html", "-v"),
    ],
}  # fmt: skip


@pytest.mark.parametrize("commands", COMMANDS.values(), ids=COMMANDS)
def test_no_command_leaves_key_material(
    run: Run,
    here: Path,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
    commands: list[tuple[str, ...]],
) -> None:
    def absent(*_: object, **__: object) -> NoReturn:
        raise CoqUnavailableError("not asked here: it takes long, and gets no key")

    monkeypatch.setattr("etcprops.theory.coq._once", absent)
    monkeypatch.setattr("sys.dont_write_bytecode", True)  # of the file that has the secret
    caplog.set_level(logging.DEBUG)
    given = {path: path.read_bytes() for path in here.rglob("*") if path.is_file()}
    for arguments in commands:
        result = run(*arguments)
        assert not leaks(result.out), (arguments, leaks(result.out))
        assert not leaks(result.err), (arguments, leaks(result.err))
        sys.modules.pop("canary_functions", None)
    assert not leaks(caplog.text)
    assert not (here / ASKED).exists() or leaks((here / ASKED).read_bytes())
    cached = [path for path in user_cache().rglob("*") if "coq-" not in str(path)]
    for path in [*here.parent.rglob("*"), *cached]:
        assert not leaks(str(path))
        if (
            path.is_file()
            and path.name != ASKED
            and given.get(path) != (content := path.read_bytes())
        ):
            assert not leaks(content), (path, leaks(content))


def test_no_other_command_is_given_a_key() -> None:
    from typer.main import get_command

    from etcprops.cli import app

    commands: Any = get_command(app)
    searched = {arguments[0] for group in COMMANDS.values() for arguments in group} | {"atlas"}
    for name in commands.commands.keys() - searched:
        options = {option for p in commands.commands[name].params for option in p.opts}
        assert not options & {"--secret", "--secret-file", "--key", "--keys"}, name


def test_rows_of_the_atlas_show_a_digest(
    run: Run, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def in_place(fields: dict[str, Any], _limit: float) -> AtlasRow:
        return run_cell(AtlasCell.from_dict(fields))

    monkeypatch.setattr("etcprops.auditing.atlas.backends.run_isolated", in_place)
    arguments = ("atlas", "DummyClassifier", "--secret", WORD, "--keys", "1", "--images", "40")
    options = ("--output", "rows.jsonl", "--json", "a.json", "--html", "a.html", "--budget", "1")
    for resume in ((), ("--resume",)):  # it is known again by the digest
        result = run(*arguments, *options, *resume)
        assert result.status == 0, result
        assert not leaks(result.out + result.err)
    for name in ("rows.jsonl", "a.json", "a.html"):
        assert not leaks((here / name).read_bytes()), name
    assert len((here / "rows.jsonl").read_text().splitlines()) == 2
    assert run(*arguments[:3], "another", *arguments[4:], *options, "--resume").status == 2


@pytest.mark.skipif(os.name != "posix", reason="modes of files are POSIX's")
def test_what_was_asked_for_by_name_is_its_owners_alone(run: Run, here: Path) -> None:
    before = os.umask(0)
    try:
        assert run("attack", "encrypted.npy", "--block", "8", "--key", "found.json").status == 1
        run("keygen", "new")
        KEY.save(here / "saved.json")
    finally:
        os.umask(before)
    assert EtCKey.load("found.json").geometry == KEY.geometry
    for name in ("found.json", "new", "saved.json"):
        assert stat.S_IMODE((here / name).stat().st_mode) == 0o600, name


def test_a_recovered_key_is_in_a_report_that_was_asked_for_it_alone() -> None:
    report = attack(encrypt(FACES.images, KEY), block=8)
    assert report.key is not None
    assert json.loads(report.to_json())["key"] is None
    assert json.loads(report.to_json(with_key=True))["key"] == json.loads(report.key.to_json())
    assert "EtCKey(" not in str(report) + repr(report)


def test_no_command_takes_a_files_secret_as_an_argument() -> None:
    """Other users see arguments in the list of processes: `--secret` is a word for tests alone."""
    from typer.main import get_command

    from etcprops.cli import app

    commands: Any = get_command(app)
    options = {
        name: {option for p in command.params for option in p.opts}
        for name, command in commands.commands.items()
    }
    assert {name for name, known in options.items() if "--secret" in known} == {
        "atlas",
        "audit",
        "verify",
    }
    assert {n for n, known in options.items() if "--secret-file" in known} == {"encrypt", "decrypt"}


# --- Errors


def spoiled(**fields: Any) -> str:
    return json.dumps(json.loads(KEY.to_json()) | fields)


K1 = [] if KEY.permutation is None else KEY.permutation.tolist()
K2 = [] if KEY.transforms is None else KEY.transforms.tolist()
IMAGE = np.zeros(KEY.geometry.shape, np.uint8)
MISTAKES: dict[str, Callable[[], object]] = {
    "a secret with a lone surrogate": lambda: EtCKey.from_secret(KEY.geometry, f"{WORD}\ud800"),
    "a secret that is a list": lambda: EtCKey.from_secret(KEY.geometry, [WORD]),  # type: ignore[arg-type]
    "a secret for a key": lambda: encrypt(IMAGE, SECRET),  # type: ignore[arg-type]
    "a word for a key": lambda: encrypt(IMAGE, WORD),  # type: ignore[arg-type]
    "a list for a key": lambda: encrypt(IMAGE, K1),  # type: ignore[arg-type]
    "a key for another size": lambda: encrypt(IMAGE[:8], KEY),
    "truncated": lambda: EtCKey.from_json(KEY.to_json()[:-40]),
    "a field twice": lambda: EtCKey.from_json(KEY.to_json()[:-1] + ', "format": ""}'),
    "no UTF-8": lambda: EtCKey.load(_file(KEY.to_json().encode() + b"\xff")),
    "truncated in a file": lambda: EtCKey.load(_file(KEY.to_json()[:-40].encode())),
    "ragged": lambda: EtCKey.from_json(spoiled(permutation=[*K1[:-1], [1]])),
    "ragged, as lists": lambda: EtCKey(KEY.geometry, permutation=[*K1[:-1], [1]]),
    "K1 in two places": lambda: EtCKey.from_json(spoiled(geometry=K1)),
    "K1 as text": lambda: EtCKey.from_json(spoiled(permutation=str(K1))),
    "K2 too long": lambda: EtCKey.from_json(spoiled(transforms=[*K2, 1])),
    "K4 for grey images": lambda: EtCKey.from_json(spoiled(components=K2)),
    "K4, as a list": lambda: EtCKey(KEY.geometry, components=K2),
    "another format": lambda: EtCKey.from_json(spoiled(format="etcprops.Files")),
    "a secret of another length": lambda: FileSettings(SECRET[:-1]),
    "a secret that is text": lambda: FileSettings(SECRET.decode("latin-1")),  # type: ignore[arg-type]
    "a step that is none": lambda: EtCKey.from_secret(KEY.geometry, WORD, steps=["K9"]),
    "a key that cannot be written": lambda: KEY.save("/dev/full/key"),
    "an estimator's key": lambda: EtCEncryptor(WORD).fit(np.zeros((2, 4), np.uint8)),  # type: ignore[arg-type]
    "attributes": lambda: setattr(KEY, "permutation", K1),
}


def _file(content: bytes) -> Path:
    with tempfile.NamedTemporaryFile(delete=False) as file:
        file.write(content)
    return Path(file.name)


def hanging_on(error: BaseException) -> Iterator[object]:
    """Yield all that hangs on an error: what it was made of, its notes, its causes, itself."""
    seen: list[BaseException] = [error]
    for one in seen:
        yield from (str(one), repr(one), *one.args, *getattr(one, "__notes__", ()))
        yield from vars(one).values()
        # Attributes of decoders' errors, which hold the whole text.
        yield from (getattr(one, name, "") for name in ("doc", "object", "msg", "filename"))
        seen += [e for e in (one.__cause__, one.__context__) if e is not None]
    yield "".join(traceback.format_exception(error))


@pytest.mark.parametrize("mistake", MISTAKES.values(), ids=MISTAKES)
def test_no_error_carries_key_material(
    mistake: Callable[[], object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    # One entry that is wrong is told; not the others.
    with pytest.raises(Exception) as caught:  # noqa: PT011  # each of them
        mistake()
    assert not isinstance(caught.value, AssertionError)
    source = traceback.format_exception(caught.value)
    for part in hanging_on(caught.value):
        text = part if isinstance(part, (str, bytes)) else repr(part)
        if part != "".join(source):  # the lines of this file are in it
            assert not leaks(text), (leaks(text), text[:200])


SAFE_ARGUMENTS: dict[str, Any] = {
    "geometry": KEY.geometry, "images": FACES.images, "image": IMAGE, "labels": FACES.labels,
    "shape": (8, 8), "size": (32, 64), "estimator": DummyClassifier(),
}  # fmt: skip
FORMS: list[Any] = [[WORD], {WORD: SECRET}, (SECRET, K1), {"permutation": K1}, SECRET, WORD]


def public_functions_with_keys() -> dict[str, Callable[..., object]]:
    """Return every public function and class of the package that is given a key, by its name."""
    found: dict[str, Callable[..., object]] = {}
    for module in pkgutil.walk_packages(etcprops.__path__, "etcprops."):
        if any(part.startswith("_") for part in module.name.split(".")) or ".cli" in module.name:
            continue
        loaded = importlib.import_module(module.name)
        for name, value in vars(loaded).items():
            if name.startswith("_") or getattr(value, "__module__", "") != module.name:
                continue
            methods = vars(value) if inspect.isclass(value) else {}
            for method in ("", *(m for m in methods if not m.startswith("_"))):
                function = getattr(value, method) if method else value
                with suppress(TypeError, ValueError):
                    if set(inspect.signature(function).parameters) & GIVEN_KEYS:
                        found[f"{module.name}.{name}.{method}".rstrip(".")] = function
    return found


GIVEN_KEYS = {"key", "keys", "secret"}


OTHERS: tuple[dict[str, Any], ...] = ({}, SAFE_ARGUMENTS)


def with_for_a_key(
    function: Callable[..., object], form: object, others: dict[str, Any]
) -> dict[str, Any] | None:
    """Return arguments for a function, something in the place of a key; None if it may be right."""
    parameters = inspect.signature(function).parameters
    needed = [n for n, p in parameters.items() if p.default is p.empty and p.kind.name[:3] != "VAR"]
    given = {name: others.get(name, object()) for name in needed}
    if not given.keys() - GIVEN_KEYS and isinstance(form, (str, bytes)):
        return None
    return given | dict.fromkeys(parameters.keys() & GIVEN_KEYS, form)


def test_no_public_function_shows_what_is_given_for_a_key(
    caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    functions = public_functions_with_keys()
    assert len(functions) > 30
    caplog.set_level(logging.DEBUG)
    raised, shown = 0, {}
    with warnings.catch_warnings(record=True) as warned:
        for (name, function), form, others in product(functions.items(), FORMS, OTHERS):
            arguments = with_for_a_key(function, form, others)
            if arguments is None:
                continue
            try:
                function(**arguments)
            except Exception as error:  # noqa: BLE001  # each is looked at
                raised += 1
                if leaks("".join(map(str, (error, repr(error), error.args)))):
                    shown[name] = str(error)
    assert not shown
    assert raised > 5 * len(functions)
    assert not any(leaks(str(one.message)) for one in warned)
    captured = capsys.readouterr()
    assert not leaks(captured.out + captured.err + caplog.text)


# --- What pytest shows

SCHEMES = """
from pathlib import Path
from etcprops.testing import Scheme, parametrize_with_checks
def ignores(image, key): return image
def halves(image, key): return image // 2
KEYS = FROM
FUNCTIONS = ignores, halves
SCHEMES = [Scheme(f.__name__, f, (4, 4), keys=k) for f in FUNCTIONS for k in (KEYS, KEYS[:1])]
@parametrize_with_checks(SCHEMES)
def test_scheme(scheme, check):
    check(scheme)
"""


def test_pytest_shows_no_key_of_a_scheme(pytester: pytest.Pytester) -> None:
    (pytester.path / "keys.bin").write_bytes(SECRET + WORD.encode())
    read = "(lambda octets: [octets[:32], octets[32:].decode()])(Path('keys.bin').read_bytes())"
    pytester.makepyfile(SCHEMES.replace("FROM", read))
    chosen = "uses_its_key or loses_no_pixel or leaves_its_input or keeps_shape"
    options = ("-k", chosen, "--showlocals", "-vv", "-p", "no:randomly")
    files = ("--junitxml", "junit.xml", "--etcprops-html", "page.html")
    result = pytester.runpytest_inprocess(*options, *files)
    assert result.parseoutcomes()["failed"] == 5
    shown = result.stdout.str()
    assert "key 2 (str)" in shown
    assert not leaks(shown), leaks(shown)
    for name in ("junit.xml", "page.html"):
        assert not leaks((pytester.path / name).read_bytes()), name


# --- What holds keys


def test_nothing_that_holds_a_key_shows_it(tmp_path: Path) -> None:
    settings = FileSettings(SECRET)
    picture = tmp_path / "a.png"
    Image.new("RGB", (64, 32), "teal").save(picture)
    files = run_files("encrypt", [picture], tmp_path / "out", settings, jobs=1)
    pipeline = make_pipeline(EtCEncryptor(KEY), DummyClassifier())
    report = probe(lambda image, _key: image[::-1], (4, 4), keys=[SECRET, WORD], isolation="none")
    implementation = Implementation(BlockGeometry(8, 8, block=4), secret=WORD)
    cell = AtlasCell("SVC", secret=WORD)
    holders: list[Any] = [
        KEY, [KEY], SignedPermutation.from_key(KEY), settings, files, files.to_json(), pipeline,
        report, str(report), report.to_json(), report.to_html(), report.key_verdicts,
        implementation, cell, cell.name, _sharing.keys, vars(_sharing.keys), vars(_sharing),
        attack(np.zeros((2, 16, 16), np.uint8)), estimator_html_repr(pipeline),
    ]  # fmt: skip
    for holder in holders:
        for text in (str(holder), repr(holder), f"{holder}"):
            assert not leaks(text), leaks(text)
