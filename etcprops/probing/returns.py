"""What came back from somebody's function, taken for an image where it is one.

Encryptions return arrays, tensors with components first, PIL images, lists, an image together with
a key, or the bytes of a PNG. What was taken for the image is said; where nothing can be, how to
wrap the function so that it can.
"""

from __future__ import annotations

import base64
import binascii
import io
import os
import re
from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

_SIGNATURE = "lambda image, key: encrypt(image, key)"

_KEYS = ". It may want keys of another type: pass keys=[...] such as it takes"
_TENSOR = (
    ". It may want a tensor: wrap it, lambda image, key: encrypt(torch.from_numpy(image), key)"
)
_PICTURE = (
    ". It may want a PIL image: wrap it, lambda image, key: encrypt(Image.fromarray(image), key)"
)
_OF_TENSORS = (
    *("clone", "cpu", "detach", "device", "dim", "float", "long", "numel", "permute", "to"),
    "unsqueeze",
)
_OF_PICTURES = (
    *("convert", "crop", "filename", "getbands", "getdata", "getpixel", "height", "load", "mode"),
    *("paste", "putpixel", "read", "save", "seek", "split", "tobitmap", "width"),
)
_HINTS = (
    (
        r"missing \d+ required .*argument",
        ". Wrap it in a function of an image and a key that passes the rest",
    ),
    (r"'int' object (is not (iterable|subscriptable)|has no attribute)|'int' has no len", _KEYS),
    (r"type 'int' has no len|not '?int'?(eger)?\b|got '?int|buffer API|not int", _KEYS),
    (rf"ndarray.* attribute '({'|'.join(_OF_TENSORS)})'|must be Tensor", _TENSOR),
    (
        rf"ndarray.* attribute '({'|'.join(_OF_PICTURES)})'|not ndarray|PathLike|embedded nul",
        _PICTURE,
    ),
)
"""What messages of errors tell of what a function wants."""


class NoArrayError(Exception):
    """What was returned cannot be taken for an image; the message says what it is instead."""


def as_image(value: Any, shape: tuple[int, ...]) -> tuple[Array, str]:
    """Return what was returned for an image of `shape` as a numeric array, and how it was taken.

    Parameters
    ----------
    value : object
        Whatever a function returned.
    shape : tuple of int
        Of the image that it was given, ``(H, W)`` or ``(H, W, C)``.

    Returns
    -------
    array : ndarray
        A copy; with components last if it had `shape` with components first.
    taken : str
        In words what was taken; empty for an array of numbers.

    Raises
    ------
    NoArrayError
        If there is no image in it.

    Examples
    --------
    >>> array, taken = as_image(([[1, 2], [3, 4]], "the key"), (2, 2))
    >>> array.tolist(), taken
    ([[1, 2], [3, 4]], 'item [0] of a tuple: a list')
    """
    array, taken = _numbers(value, shape)
    if array.dtype.kind == "c":
        array = np.stack([array.real, array.imag], axis=-1)
        taken.append("real and imaginary parts as two components")
    if array.dtype.kind not in "biuf" or not array.size or not array.ndim:
        raise NoArrayError(f"returned an array of dtype {array.dtype} and shape {array.shape}")
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        raise NoArrayError("returned values that are infinite or not a number")
    array = _components_last(array, shape, taken)
    if array.dtype.kind == "b":
        array = array.astype(np.uint8)
    return array, ": ".join(taken)


def hint(error: BaseException) -> str:
    """Return how to wrap a function that raised because it wants something else, or ""."""
    text = f"{type(error).__name__}: {error}"
    for pattern, advice in _HINTS:
        if re.search(pattern, text):
            return advice
    return ""


# --- Numbers in it


def _numbers(  # noqa: PLR0911  # a return for each kind of thing
    value: Any, shape: tuple[int, ...]
) -> tuple[Array, list[str]]:
    """Return the array in what was returned, and the steps in which it was found."""
    returned = type(value).__name__
    if value is None:
        raise NoArrayError(
            "returned None. Let it return the image that it makes. If it changes the one that it "
            "is given, wrap it: lambda image, key: encrypt(image, key) or image"
        )
    if isinstance(value, np.ndarray) and value.dtype.kind != "O":
        return np.array(value), []
    if isinstance(value, (bytes, bytearray, memoryview, io.BytesIO)):
        return _from_bytes(value, shape)
    if isinstance(value, (str, os.PathLike)):
        return _from_text(value)
    if isinstance(value, (list, tuple, Mapping)):
        return _from_container(value, shape)
    if isinstance(value, Iterator):
        # No more than one value after the other, if it never ends.
        return _from_container(list(islice(value, prod(shape) + 1)), shape, _a(returned))
    if hasattr(value, "getbands") and hasattr(value, "convert"):
        return _from_picture(value)
    array = _converted(value)
    if array is None and isinstance(getattr(value, "__dict__", None), dict) and vars(value):
        return _from_container(vars(value), shape, _a(returned))
    if array is None:
        raise NoArrayError(
            f"returned {_a(returned)}, of which no array can be made. Wrap it so that it returns "
            f"an array: {_SIGNATURE}.to_array(), or what its class calls that"
        )
    return array, [_a(returned)]


def _converted(value: Any) -> Array | None:
    """Return an array of something that is array-like, or None."""
    for name in ("detach", "cpu"):
        method = getattr(value, name, None)
        if callable(method):
            value = method()
    ways: tuple[Callable[[], Array | None], ...] = (
        lambda: np.array(value) if _array_like(value) else None,
        lambda: np.array(np.from_dlpack(value)) if hasattr(value, "__dlpack__") else None,
        lambda: np.array(value.tolist()) if hasattr(value, "tolist") else None,
    )
    for way in ways:
        try:
            array = way()
        except Exception:  # noqa: BLE001, S112  # whatever somebody's class does
            continue
        if array is not None:
            return _plain(array)
    return None


def _array_like(value: Any) -> bool:
    names = ("__array__", "__array_interface__", "__array_struct__", "__buffer__")
    return any(hasattr(value, name) for name in names)


def _plain(array: Array) -> Array | None:
    """Return an array of Python's numbers as one of NumPy's; None if it holds others."""
    if array.dtype.kind != "O":
        return array
    for kind in (np.int64, np.float64):
        try:
            narrow = array.astype(kind)
        except (TypeError, ValueError, OverflowError):
            continue
        if np.array_equal(narrow, array):
            return np.asarray(narrow)
    return None


def _from_picture(picture: Any) -> tuple[Array, list[str]]:
    """Return the pixels of a PIL image."""
    step = f"a PIL image of mode {picture.mode}"
    other = {"P": "RGB", "1": "L"}.get(picture.mode)
    if other is not None:
        picture = picture.convert(other)
        step += f", as {other}"
    return np.array(picture), [step]


def _from_bytes(value: Any, shape: tuple[int, ...]) -> tuple[Array, list[str]]:
    """Return the pixels in the bytes of an image file, or bytes that are as many as the pixels."""
    returned = type(value).__name__
    raw = value.getvalue() if isinstance(value, io.BytesIO) else bytes(value)
    try:
        picture = _opened(raw)
    except OSError:
        if len(raw) == prod(shape):
            pixels = np.frombuffer(raw, dtype=np.uint8).reshape(shape).copy()
            return pixels, [f"{returned}, a byte a pixel"]
        raise NoArrayError(
            f"returned {len(raw)} bytes that are no image file and not the {prod(shape)} pixels. "
            "Wrap it so that it returns the pixels as an array"
        ) from None
    array, steps = _from_picture(picture)
    return array, [f"{returned} of a {picture.format} file", *steps]


def _opened(raw: bytes) -> Any:
    """Return the PIL image in the bytes of a file; OSError if there is none."""
    from PIL import Image

    with io.BytesIO(raw) as file:
        picture = Image.open(file)
        picture.load()
    return picture


def _from_text(value: Any) -> tuple[Array, list[str]]:
    """Return the pixels of the image whose file is named, or that is written in base64."""
    returned = type(value).__name__
    text = os.fspath(value)
    try:
        path = Path(text)
        if path.is_file():
            array, steps = _from_picture(_opened(path.read_bytes()))
            return array, [f"the file that {_a(returned)} names", *steps]
        if isinstance(text, str):
            raw = base64.b64decode(text.rpartition(",")[2], validate=True)
            array, steps = _from_picture(_opened(raw))
            return array, [f"{_a(returned)} in base64", *steps]
    except (OSError, ValueError, TypeError, binascii.Error):
        pass
    raise NoArrayError(
        f"returned {_a(returned)}, no image. If it names a file that was written, wrap it: "
        "lambda image, key: np.asarray(Image.open(encrypt(image, key)))"
    )


def _from_container(
    value: Any, shape: tuple[int, ...], holder: str = ""
) -> tuple[Array, list[str]]:
    """Return the one image in a list, a tuple, a dictionary or the attributes of an object.

    Of nested lists the numbers.
    """
    returned = holder or _a(type(value).__name__)
    items = list(value.items()) if isinstance(value, Mapping) else list(enumerate(value))
    if not isinstance(value, Mapping):
        numbers = _nested(value)
        # Of several arrays in a tuple none is the image; of rows, or of planes, all are.
        if numbers is not None and (numbers.shape[1:] != shape or len(items) == 1):
            planes = numbers.ndim == 3 and isinstance(value, list) and _array_like(value[0])
            return numbers, ["a list of planes" if planes else returned]
    images = []
    for name, item in items:
        try:
            array, steps = _numbers(item, shape)
        except NoArrayError:
            continue
        if array.dtype.kind in "biufc" and (array.ndim > 1 or array.size == prod(shape)):
            images.append((name, array, steps))
    exact = [i for i in images if i[1].shape == shape]
    chosen = images if len(images) == 1 else exact
    if len(chosen) == 1:
        name, array, steps = chosen[0]
        return array, [f"item [{name!r}] of {returned}", *steps]
    found = f"{len(images)} images" if images else "no image"
    wrap = f"; choose one: {_SIGNATURE}[{images[0][0]!r}]" if images else ""
    raise NoArrayError(f"returned {returned} with {found} in it{wrap}")


def _nested(value: Any) -> Array | None:
    """Return nested lists of numbers, or rows, as an array; None if they are none."""
    try:
        array = np.array(value)
    except (TypeError, ValueError, RuntimeError):
        return None
    plain = _plain(array)
    return plain if plain is not None and plain.dtype.kind in "biufc" and plain.ndim else None


# --- Its axes


def _components_last(array: Array, shape: tuple[int, ...], taken: list[str]) -> Array:
    """Return the array with the axes of `shape`, if it has its sides in another order."""
    if array.shape == shape:
        return array
    if array.ndim > len(shape) and array.shape[0] == 1:
        array = array[0]
        taken.append("a batch of one image")
        return _components_last(array, shape, taken)
    if len(shape) == 3 and array.shape == (shape[2], *shape[:2]):
        taken.append("components first")
        return np.ascontiguousarray(np.moveaxis(array, 0, -1))
    if array.shape == (*shape, 1):
        taken.append("without the last axis, of length 1")
        return array[..., 0]
    if array.ndim == 1 and array.size == prod(shape):
        taken.append("a vector, its pixels row by row")
        return array.reshape(shape)
    return array


def _a(noun: str) -> str:
    """Return a noun with its article."""
    return f"{'an' if noun[:1].lower() in 'aeiou' or noun[:2] == 'nd' else 'a'} {noun}"
