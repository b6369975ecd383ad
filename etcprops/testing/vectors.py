"""Somebody's encryption held against the test vectors, and the mistake in it named.

Each invalid test has what a known mistake would give. So an implementation that is wrong is not
only failed: what it answers is looked up among the answers of the mistakes.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from etcprops._validation import as_choice, describe, reject
from etcprops.testing._vector_answers import (
    STEPS,
    Answer,
    Asking,
    image_answer,
    key_answer,
    picture_answer,
)
from etcprops.vectors import load_vectors

Encrypt = Callable[[NDArray[np.uint8], dict[str, Any]], Any]
Derive = Callable[[bytes, dict[str, int]], Any]


@dataclass(frozen=True)
class VectorFailure:
    """A test that an implementation failed.

    Attributes
    ----------
    file : str
        One of `etcprops.vectors.FILES`.
    number : int
        The test's ``tcId`` in that file.
    comment : str
        What the test is there for.
    flags : tuple of str
        Its flags.
    detail : str
        What was answered instead.
    """

    file: str
    number: int
    comment: str
    flags: tuple[str, ...]
    detail: str

    def __str__(self) -> str:
        return f"{self.file} {self.number} ({self.comment}): {self.detail}"


@dataclass(frozen=True)
class VectorMistake:
    """A known mistake that answers as the implementation did.

    Attributes
    ----------
    flag : str
        Its name in the vectors.
    description, effect : str
        What such an implementation does, and what comes of it.
    matched, shown : int
        On how many inputs the implementation gave the mistake's answer, of how many on which that
        is wrong.
    """

    flag: str
    description: str
    effect: str
    matched: int
    shown: int

    @property
    def whole(self) -> bool:
        """Whether the implementation answered as the mistake wherever it shows."""
        return self.matched == self.shown

    def __str__(self) -> str:
        share = f"all {self.shown}" if self.whole else f"{self.matched} of {self.shown}"
        return (
            f"{self.flag}, on {share} inputs that show it:\n  {self.description}\n  {self.effect}"
        )


@dataclass(frozen=True)
class VectorsReport:
    """What became of an implementation.

    Attributes
    ----------
    tests : mapping of str to int
        How many tests there were, by file.
    failures : tuple of VectorFailure
        The tests that failed, in their order.
    mistakes : tuple of VectorMistake
        Known mistakes that together answer as the implementation did, the likeliest first.
    unexplained : int
        On how many inputs it was wrong as none of these is, where it can be told.
    """

    tests: Mapping[str, int]
    failures: tuple[VectorFailure, ...] = ()
    mistakes: tuple[VectorMistake, ...] = ()
    unexplained: int = 0

    @property
    def ok(self) -> bool:
        """Whether no test failed."""
        return not self.failures

    @property
    def shared_flags(self) -> list[str]:
        """The flags that all failed tests have in common: what breaks the implementation."""
        common = set.intersection(*({*f.flags} for f in self.failures)) if self.failures else set()
        return sorted(common)

    def __str__(self) -> str:
        total = sum(self.tests.values())
        if self.ok:
            return f"{total} tests passed: {', '.join(self.tests)}."
        lines = [f"{len(self.failures)} of {total} tests failed: {', '.join(self.tests)}."]
        lines += [str(mistake) for mistake in self.mistakes]
        if self.unexplained:
            lines.append(f"On {self.unexplained} inputs no known mistake gives what came.")
        if self.shared_flags:
            lines.append(f"All that failed is flagged {', '.join(self.shared_flags)}.")
        return "\n".join(lines + [f"First: {failure}" for failure in self.failures[:3]])


def check_vectors(
    encrypt: Encrypt | None = None,
    *,
    decrypt: Encrypt | None = None,
    derive: Derive | None = None,
    grayscale: Encrypt | None = None,
    on_fail: Literal["raise", "return"] = "raise",
) -> VectorsReport:
    """Hold an implementation of the EtC scheme against the test vectors, and name its mistakes.

    Parameters
    ----------
    encrypt : callable, optional
        ``encrypt(image, key)``. The image is a uint8 array of shape (H, W) or (H, W, 3); the key is
        a dictionary of ``height``, ``width``, ``channels``, ``block``, ``permutation``,
        ``transforms``, ``negatives`` and ``components``, lists of int or None, as the header of
        ``etc_encryption`` describes them. Malformed input must raise, or give None; where bytes
        do not fill the image, the image is a flat array of them.
    decrypt : callable, optional
        ``decrypt(image, key)``, which undoes it.
    derive : callable, optional
        ``derive(secret, sizes)`` takes bytes and a dictionary of the four sizes, and returns the
        four sequences, as a mapping or as attributes.
    grayscale : callable, optional
        ``grayscale(picture, key)``, the scheme that encrypts a colour picture of shape (H, W, 3) as
        one grey image. The key's sizes are those of the grey image, and it has ``sampling``.
    on_fail : {"raise", "return"}, default="raise"
        Whether to raise if a test fails; otherwise the report says so.

    Returns
    -------
    VectorsReport
        Its text names the mistakes: ``print(report)``.

    Raises
    ------
    AssertionError
        With ``on_fail="raise"``, if a test fails; the message is the report.
    InvalidParameterError
        If nothing is given to check, or what is given cannot be called.

    Examples
    --------
    >>> from etcprops import BlockGeometry, EtCKey, encrypt
    >>> def correct(image, key):
    ...     sizes = {name: key.pop(name) for name in ("height", "width", "channels", "block")}
    ...     return encrypt(image, EtCKey(BlockGeometry(**sizes), **key))
    >>> check_vectors(correct).ok
    True
    >>> def forgetful(image, key):
    ...     return correct(image, key | {"negatives": None})
    >>> check_vectors(forgetful, on_fail="return").mistakes[0].description
    'Never negates: K3 is not used.'
    """
    caller = "check_vectors"
    as_choice(on_fail, ("raise", "return"), "on_fail", caller)
    given = {"encrypt": encrypt, "decrypt": decrypt, "derive": derive, "grayscale": grayscale}
    for name, function in given.items():
        if function is not None and not callable(function):
            reject(name, caller, "be a function", describe(function))
    if not any(given.values()):
        reject("encrypt", caller, "be given, or decrypt, derive or grayscale", "None.")
    # By file: what is asked, the fields that are given and that which is to come out.
    asked: dict[str, tuple[Callable[..., Any] | None, Asking, tuple[str, ...]]] = {
        "etc_encryption": (encrypt, image_answer("msg"), ("ct",)),
        "etc_malformed": (encrypt, image_answer("msg"), ("ct",)),
        "etc_decryption": (decrypt, image_answer("ct"), ("msg",)),
        "etc_key_derivation": (derive, key_answer, STEPS),
        "etc_grayscale": (grayscale, picture_answer, ("ct",)),
    }
    marks = _Marks()
    for file, (function, ask, wanted) in asked.items():
        if function is not None:
            marks.add(file, function, ask, wanted)
    report = marks.report()
    if on_fail == "raise" and not report.ok:
        raise AssertionError(str(report))
    return report


# --- Marks


@dataclass
class _Input:
    """What was given once: what came, and the wrong answers that are known."""

    answer: Answer
    failed: bool = False
    wrong: dict[str, Any] = field(default_factory=dict)

    def matches(self) -> list[str]:
        """Return the mistakes that give what came."""
        came = self.answer.value
        return [flag for flag, value in self.wrong.items() if came is not None and value == came]


class _Marks:
    """Collects what becomes of the tests."""

    def __init__(self) -> None:
        self.tests: dict[str, int] = {}
        self.failures: list[VectorFailure] = []
        self.inputs: list[_Input] = []
        self.notes: dict[str, dict[str, str]] = {}

    def add(
        self, file: str, function: Callable[..., Any], ask: Asking, wanted: tuple[str, ...]
    ) -> None:
        """Ask for the answers of a file's tests, once for each input."""
        document = load_vectors(file)
        self.notes |= document["notes"]
        self.tests[file] = document["numberOfTests"]
        for group in document["testGroups"]:
            shared = {name: value for name, value in group.items() if name != "tests"}
            seen: dict[str, _Input] = {}
            for test in group["tests"]:
                given = {k: v for k, v in test.items() if k not in wanted}
                name = repr([v for k, v in given.items() if k not in {*_LABELS}])
                if name not in seen:
                    seen[name] = _Input(ask(function, shared | given))
                self._mark(file, test, seen[name], wanted)
            self.inputs += seen.values()

    def _mark(
        self, file: str, test: dict[str, Any], asked: _Input, wanted: tuple[str, ...]
    ) -> None:
        """Mark one test."""
        value = test[wanted[0]] if len(wanted) == 1 else {name: test[name] for name in wanted}
        answer, valid = asked.answer, test["result"] == "valid"
        equal = answer.value is not None and answer.value == value
        if test["result"] == "invalid":
            asked.wrong |= dict.fromkeys(test["flags"], value)
            passed = answer.refused if file == "etc_malformed" else not equal
        else:
            passed = equal or (not valid and answer.refused)
        if not passed:
            asked.failed = True
            flags = tuple(test["flags"])
            detail = answer.told if answer.value is None else _difference(answer.value, value)
            self.failures.append(VectorFailure(file, test["tcId"], test["comment"], flags, detail))

    def report(self) -> VectorsReport:
        """Return what became of all."""
        told = [x for x in self.inputs if x.failed and x.wrong]
        shown: dict[str, int] = defaultdict(int)
        for asked in self.inputs:
            for flag in asked.wrong:
                shown[flag] += 1
        mistakes, left = [], told
        matched = _counts(told)
        while counts := _counts(left):
            flag = max(counts, key=lambda f: (matched[f] == shown[f], counts[f]))
            note = self.notes[flag]
            texts = note["description"], note["effect"]
            mistakes.append(VectorMistake(flag, *texts, matched[flag], shown[flag]))
            left = [asked for asked in left if flag not in asked.matches()]
        return VectorsReport(self.tests, tuple(self.failures), tuple(mistakes), len(left))


_LABELS: Final = ("tcId", "comment", "flags", "result")


def _counts(inputs: list[_Input]) -> dict[str, int]:
    """Return on how many inputs each mistake gives what came."""
    counts: dict[str, int] = {}
    for asked in inputs:
        for flag in asked.matches():
            counts[flag] = counts.get(flag, 0) + 1
    return counts


def _difference(came: Any, value: Any) -> str:
    """Say how an answer differs from that of a test."""
    if came == value:
        return "what the mistake gives"
    if isinstance(came, dict):
        wrong = [step for step in came if came[step] != value[step]]
        return f"{', '.join(wrong)} differ"
    a, b = bytes.fromhex(came), bytes.fromhex(value)
    if len(a) != len(b):
        return f"{len(a)} bytes instead of {len(b)}"
    places = [i for i, (x, y) in enumerate(zip(a, b, strict=True)) if x != y]
    first = places[0]
    return (
        f"{len(places)} of {len(a)} bytes differ, the first at {first}: {a[first]}, not {b[first]}"
    )
