"""What is given to doors in the place of a right argument: disguised, broken, or something else.

Which, is drawn by the parameter's annotation and by the right argument itself: most of what is
wrong is nearly right, and so gets far. Arrays are small; sizes that are asked for are not.
"""

from __future__ import annotations

import inspect
import json
import math
import re
import warnings
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final, NoReturn

import numpy as np
import pandas as pd
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy
from numpy.typing import NDArray
from PIL import Image
from right_calls import COLOUR, COLOUR_KEY, GREY, KEY, negate
from scipy.sparse import csr_array

import etcprops as ep

Values = SearchStrategy[Any]
Array = NDArray[Any]


# --- Objects that behave badly


class UsersError(Exception):
    """What a function of a user raises; it may come through."""


class NoText:
    """An object of a class with a mistake: it cannot be shown."""

    def __repr__(self) -> NoReturn:
        raise UsersError("no text")


class NoTruth:
    """An object as arrays and tables of data are: neither true nor false, equal to nothing."""

    def __bool__(self) -> NoReturn:
        raise ValueError("neither true nor false")

    __hash__ = object.__hash__

    def __eq__(self, other: object) -> Any:
        return self


class NoArray:
    """An object that numpy asks for an array in vain."""

    def __init__(self, given: object) -> None:
        self.given = given

    def __array__(self, *_: Any, **__: Any) -> Any:
        if isinstance(self.given, Exception):
            raise self.given
        return self.given


class Subclass(np.ndarray[Any, Any]):
    """An array of a class of its own."""


class Text(str):
    """A text of a class of its own."""

    __slots__ = ()


class Theirs:
    """A function of a user, whose errors are the user's."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function = function

    def __call__(self, *arguments: Any, **options: Any) -> Any:
        try:
            return self.function(*arguments, **options)
        except Exception as error:  # noqa: BLE001  # whatever it is, it is theirs
            raise UsersError(str(error)) from None


def _raise(*_: Any, **__: Any) -> NoReturn:
    raise KeyError("a")


OBJECTS: Final[tuple[Callable[[], Any], ...]] = (
    lambda: None, lambda: True, lambda: "", lambda: b"", tuple, list, dict, set, object,
    lambda: ..., lambda: NotImplemented, lambda: math.nan, lambda: 1j, lambda: "text",
    lambda: -1, lambda: 10**12, lambda: Path("photo.png"), lambda: {"a": [1]}, lambda: [None],
    lambda: GREY, lambda: COLOUR, lambda: KEY, lambda: COLOUR_KEY, lambda: ep.EtCKey(GREY),
    lambda: ep.SignedPermutation.identity(3), lambda: ep.ExactKernel("rbf"),
    lambda: int, lambda: ep.BlockGeometry, lambda: negate, lambda: np, lambda: range(3),
    lambda: (n for n in "K1"), lambda: iter([1]), lambda: np.float64(0.5), lambda: np.array(7),
    lambda: np.array([1, 2]), lambda: [np.array([1, 2])], lambda: np.array([None, {}]),
    lambda: SimpleNamespace(shape=(2, 2), dtype="uint8"), lambda: Text("K1"), lambda: "\ud800",
    lambda: "\x1b[31m\n", lambda: b"\xff\xfe", lambda: slice(3), lambda: Fraction(1, 3),
    lambda: pd.DataFrame({"a": [1, 2]}), lambda: ["K1", "K1"], lambda: [["K1"]],
    lambda: {"permutation": 1}, lambda: frozenset({"K2"}), lambda: memoryview(b"abc"),
    NoText, NoTruth, lambda: NoArray(None), lambda: NoArray(ValueError("no")),
    lambda: [NoText()], lambda: 10**5000,
)  # fmt: skip

INTEGERS: Final[tuple[Callable[[], Any], ...]] = (
    lambda: 0, lambda: 1, lambda: -1, lambda: 2, lambda: 3, lambda: 7, lambda: 8, lambda: 16,
    lambda: 100, lambda: 101, lambda: 255, lambda: 256, lambda: 65_535, lambda: 65_536,
    lambda: 2**31, lambda: 2**63 - 1, lambda: 2**63, lambda: 2**64, lambda: 10**12,
    lambda: -(10**12), lambda: 10**30, lambda: 10**400, lambda: 10**5000, lambda: True,
    lambda: np.int8(4), lambda: np.uint64(2**63 + 1), lambda: np.uint8(2), lambda: np.bool_(True),
    lambda: 2.0, lambda: 2.5, lambda: math.nan, lambda: math.inf, lambda: -0.0, lambda: "4",
    lambda: np.array(4), lambda: np.array([4]), lambda: [4], lambda: (2, 2), lambda: b"4",
    lambda: Decimal(4), lambda: Fraction(4), lambda: 4j, lambda: None,
)  # fmt: skip

NUMBERS: Final[tuple[Callable[[], Any], ...]] = (
    lambda: 0.0, lambda: -0.0, lambda: 1.0, lambda: -1.0, lambda: 0.5, lambda: 2.5,
    lambda: 5e-324, lambda: 1e-300, lambda: 1e300, lambda: -1e300, lambda: math.nan,
    lambda: math.inf, lambda: -math.inf, lambda: np.float16(0.1), lambda: np.float32(1e38),
    lambda: np.longdouble(1) / 3, lambda: 10**400, lambda: "0.5", lambda: np.array(0.5),
    lambda: np.array([0.5]), *INTEGERS,
)  # fmt: skip

FLAGS: Final = tuple(one for one in OBJECTS[:25] if one() is not NotImplemented)

PATHS: Final[tuple[Any, ...]] = (
    "nowhere", "nothing", "pictures", "garbage", "empty", "photo.png", "photo.jpg", "key.json",
    "certificate.json", "images.npz", "images.npy", "secret", "loop", "dangling", "", ".", "..",
    "/dev/null", "nowhere/inside", "photo.png/inside", "a" * 300, "a\0b", "\ud800", "~", "new",
    " ", "\x1b[31m", *map(Path, ("photo.png", "nowhere", "nothing", "pictures", "images.npz", "")),
    b"photo.png", 3.5, None, ["photo.png"],
)  # fmt: skip

FUNCTIONS: Final[tuple[Callable[[], Any], ...]] = (
    *(lambda function=function: Theirs(function) for function in (
        _raise, lambda *_, **__: None, lambda *_, **__: "garbage",
        lambda *a, **_: a[0] if a else None, lambda: 0, len, int, np.add,
        lambda *_, **__: np.full((2, 2), np.nan), lambda *_, **__: np.zeros((0, 3)),
        lambda *_, **__: NoText(), lambda *_, **__: NoTruth(), lambda *_, **__: 10**5000,
        lambda image, *_: image[..., None], lambda image, *_: image.astype(object),
        lambda image, *_: image.astype(np.float32) / 3, lambda image, *_: image[:1],
    )),
    lambda: "text", lambda: None, lambda: 1, lambda: SimpleNamespace(__call__=1), lambda: [len],
)  # fmt: skip


def made(factories: tuple[Callable[[], Any], ...]) -> Values:
    """Draw one of some factories, and return what it makes."""
    return st.sampled_from(factories).map(lambda make: make())


# --- Arrays

DTYPES: Final = (
    "u1", "i1", "u2", "i4", "i8", "u8", "f8", "f4", "f2", "g", "c16", "?", "O", "U3", "S3",
    "M8[s]", "m8[s]", ">i4", "V3", [("a", "u1"), ("b", "f8")],
)  # fmt: skip
SPECIAL: Final = (
    None, math.nan, math.inf, -math.inf, -1, 256, 1e300, 5e-324, 2**53 + 1, 2**63, None,
)  # fmt: skip


def array_of(dtype: Any, shape: tuple[int, ...], seed: int, special: Any) -> Array:
    """Return an array of small numbers, whatever a dtype makes of them, with one that is not."""
    plain = np.random.default_rng(seed).integers(0, 4 + 63 * seed, shape)
    with np.errstate(all="ignore"):
        kind = np.dtype(dtype)
        array = plain.astype("i8").view("M8[s]") if kind.kind == "M" else plain
        array = np.zeros(shape, kind) if kind.kind == "V" else array.astype(kind)
    return _with(array, special)


def _with(array: Array, special: Any) -> Array:
    """Return an array with a special number in the middle of it, if it can hold that."""
    if special is not None and array.size:
        array = array.copy()
        try:
            with np.errstate(all="ignore"):
                array.flat[array.size // 2] = special
        except (TypeError, ValueError, OverflowError):
            return array
    return array


ARRAYS: Final = st.builds(
    array_of,
    st.sampled_from(DTYPES),
    st.lists(st.sampled_from((4, 1, 2, 8, 0, 3, 5)), max_size=4).map(tuple),
    st.integers(0, 4),
    st.sampled_from(SPECIAL),
)

LISTS: Final[tuple[Callable[[], Any], ...]] = (
    list, lambda: [[]], lambda: [1, 2], lambda: [[1, 2], [3]], lambda: [[1, "a"]],
    lambda: [[1, None]], lambda: [["a", "b"]], lambda: [1, [2, [3]]], lambda: [[2**70, 1]],
    lambda: [[math.nan, 1.0]], lambda: range(8), lambda: {"a": [1]}, lambda: "12345678",
    lambda: b"12345678", lambda: memoryview(bytes(64)).cast("B", (8, 8)), lambda: [[True, False]],
    lambda: [NoText()], lambda: iter([1]), lambda: [[1j]], lambda: [{1}, {2}],
    lambda: [[10**5000]],
    *(lambda mode=mode: Image.new(mode, (8, 8)) for mode in ("L", "RGB", "P", "RGBA", "1", "I;16",
                                                           "F", "CMYK", "LA", "I")),
    lambda: [Image.new("L", (8, 8)), Image.new("RGB", (8, 8))], lambda: Image.new("L", (0, 8)),
    lambda: ["photo.png"], lambda: Path("photo.png"),
)  # fmt: skip


def _memmap(array: Array) -> Any:
    mapped = np.memmap("mapped", array.dtype, "w+", shape=array.shape)
    mapped[...] = array
    return mapped


def _read_only(array: Array) -> Array:
    array = array.copy()
    array.flags.writeable = False
    return array


def _strided(array: Array) -> Array:
    return np.repeat(array, 2, axis=-1)[..., ::2]


DISGUISES: Final[tuple[Callable[[Array], Any], ...]] = (
    np.asfortranarray, _strided, _read_only, lambda a: a.view(Subclass), _memmap,
    lambda a: a[::-1, ...][::-1, ...], lambda a: a.tolist(), tuple, list,
    np.ma.masked_array, lambda a: np.ma.masked_array(a, mask=True),
    lambda a: pd.DataFrame(a.reshape(len(a), -1)), lambda a: pd.Series(a.ravel()),
    lambda a: csr_array(a.reshape(len(a), -1)), lambda a: np.asmatrix(a.reshape(len(a), -1)),
    NoArray, lambda a: a.astype(a.dtype.newbyteorder(">")),
    *(lambda a, dtype=dtype: a.astype(dtype) for dtype in DTYPES[:15]),
    lambda a: a.T, lambda a: a[:0], lambda a: a[:1], lambda a: a[..., :0], lambda a: a[..., :-1],
    lambda a: a[0], lambda a: a[None], lambda a: a[..., None], lambda a: np.concatenate([a, a]),
    lambda a: a[::-1], np.zeros_like, lambda a: np.full_like(a, a.flat[0]),
    lambda a: -a, lambda a: a * 1e300, lambda a: a * 1e-300, lambda a: a.astype(float) + 0.5,
    *(lambda a, special=special: _with(a.astype(float), special) for special in SPECIAL[1:-1]),
    *(lambda a, special=special: _with(a, special) for special in (-1, 1, 255, 256)),
    lambda a: np.broadcast_to(a[:1], a.shape), lambda a: a.reshape(-1), lambda a: np.array(a[0, 0]),
    lambda a: [Image.fromarray(one) for one in a], lambda a: Image.fromarray(a[0]),
)  # fmt: skip


def disguised(value: Any) -> Values:
    """Draw the same array in other clothes, or with something of it changed."""
    array = np.asarray(value)

    def dress(disguise: Callable[[Array], Any]) -> Any:
        try:
            with np.errstate(all="ignore"), warnings.catch_warnings(action="ignore"):
                return disguise(array)  # which warns of matrices
        except (TypeError, ValueError, IndexError):  # it does not fit: the array as it is
            return array

    return st.sampled_from(DISGUISES).map(dress)


# --- Texts, bytes and JSON

TEXTS: Final = st.one_of(
    st.sampled_from(
        ["", "a" * 10_000, "K1", "\0", "\x1b[31m", "../..", "[", "{}", "null", "1e999"]
    ),
    st.text(st.characters(exclude_categories=()), max_size=20),
)
ANY_JSON: Final = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 300) | st.text(max_size=5)
    | st.sampled_from([2**64, 10**400, 0.5, -1e300]),
    lambda inner: st.lists(inner, max_size=4)
    | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)  # fmt: skip


@st.composite
def near_json(draw: st.DrawFn, value: Any) -> Any:
    """Draw a JSON value that differs from another in one place, at any depth."""
    how = draw(st.integers(0, 9))
    if isinstance(value, dict) and value and how:
        name = draw(st.sampled_from(sorted(value)))
        if how == 1:
            return {**value, draw(st.text(max_size=5)): draw(ANY_JSON)}
        rest = {key: entry for key, entry in value.items() if key != name}
        return rest if how == 2 else {**rest, name: draw(near_json(value[name]))}
    if isinstance(value, list) and value and how > 2:
        at = draw(st.integers(0, min(len(value) - 1, 8)))
        middle = {3: [], 4: value[at : at + 1] * 2}.get(how)
        instead_of_it = [draw(near_json(value[at]))] if middle is None else middle
        return [*value[:at], *instead_of_it, *value[at + 1 :]]
    return draw(ANY_JSON)


@st.composite
def near_bytes(draw: st.DrawFn, content: bytes) -> bytes:
    """Draw bytes that differ from others in a few places."""
    changed = bytearray(content)
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, max(len(changed) - 1, 0)))
        end = at + draw(st.sampled_from((1, 0, 2, 4, 16, len(content))))
        changed[at:end] = draw(st.binary(max_size=4))
    return bytes(changed)


@st.composite
def near_text(draw: st.DrawFn, text: str) -> str:
    """Draw a text near to another: as JSON, if it is that, or as characters."""
    if text[:1] in {"{", "["} and draw(st.integers(0, 3)):
        return json.dumps(draw(near_json(json.loads(text))))
    at = draw(st.integers(0, len(text)))
    end = at + draw(st.integers(0, 3))
    return text[:at] + draw(TEXTS) + text[end:]


# --- By parameter

CALLABLE: Final = r"Callable|Encrypt|Progress|Derive|estimator|model"
KINDS: Final = {
    r"ArrayLike|NDArray|Pixels|Images|Array|matrix": st.one_of(ARRAYS, made(LISTS)),
    r"\bint\b": made(INTEGERS),
    r"float|tolerance": made(NUMBERS),
    r"Path|path|sources?:|image:": st.sampled_from(PATHS),
    r"\bstr\b|Literal|Kind": TEXTS,
    r"bytes": st.binary(max_size=40),
    CALLABLE: made(FUNCTIONS),
}
"""What is wrong in a way that fits a parameter, by what its name and annotation hold."""


def instead(parameter: inspect.Parameter, right: Any) -> Values:
    """Return what may be given for a parameter, in the place of what is right."""
    said = f"{parameter.name}: {parameter.annotation}"
    if parameter.annotation == "bool":  # a flag is whatever Python takes for true or false
        return made(FLAGS)
    if parameter.name in SLOW:
        most = math.inf if parameter.name == "rounds" else 65_536
        return made(tuple(one for one in INTEGERS if not 99 < _size(one()) <= most))
    fitting = [values for words, values in KINDS.items() if re.search(words, said)]
    if isinstance(right, np.ndarray) or (isinstance(right, list) and right and _numeric(right)):
        fitting += [disguised(right)] * 3
    if isinstance(right, str):
        fitting += [near_text(right)] * 3
    if isinstance(right, bytes):
        fitting += [near_bytes(right)] * 3
    if isinstance(right, dict):
        fitting += [near_json(right)] * 3
    if isinstance(right, (list, tuple)) and right and not _numeric([*right]):
        fitting += [ARRAYS.map(lambda array: [array]), made(OBJECTS).map(lambda one: [one])]
    if isinstance(right, tuple) and right and _numeric([*right]):
        fitting += [st.lists(made(INTEGERS), max_size=4).map(tuple)] * 2
    others = made(OBJECTS)
    if re.search(CALLABLE, said):
        others = others.map(lambda one: Theirs(one) if callable(one) else one)
    return st.one_of(*fitting, others)


SLOW: Final = {"people", "lights", "runs", "rounds", "most"}
"""Numbers of which some hundreds are right, and take long."""


def _size(value: Any) -> float:
    return abs(value) if isinstance(value, (int, float)) else 0


def _numeric(entries: list[Any]) -> bool:
    return isinstance(entries[0], (int, float)) and not isinstance(entries[0], str)
