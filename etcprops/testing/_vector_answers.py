"""How somebody's function is asked for what a test vector wants, and what it answers is read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from etcprops._validation import describe

SIZES: Final = ("height", "width", "channels", "block")
STEPS: Final = ("permutation", "transforms", "negatives", "components")


@dataclass(frozen=True)
class Answer:
    """What an implementation answered: a value to compare, None if it refused; and in words."""

    value: Any
    told: str
    refused: bool = False


Asking = Callable[[Callable[..., Any], dict[str, Any]], Answer]


def image_answer(given: str) -> Asking:
    """Return what asks for the image of the one in a field."""

    def ask(function: Callable[..., Any], test: dict[str, Any]) -> Answer:
        image = np.frombuffer(bytes.fromhex(test[given]), np.uint8).copy()
        shape = (test["height"], test["width"], test["channels"])[
            : 2 if test["channels"] == 1 else 3
        ]
        if np.prod(shape) == image.size:
            image = image.reshape(shape)
        key = _key_of(test)
        return _asked(lambda: function(image, key), lambda value: _as_hex(value, image.shape))

    return ask


def picture_answer(function: Callable[..., Any], test: dict[str, Any]) -> Answer:
    """Ask for the encryption of a colour picture as a grey image."""
    pixels = np.frombuffer(bytes.fromhex(test["msg"]), np.uint8).copy()
    picture = pixels.reshape(test["pictureHeight"], test["pictureWidth"], 3)
    key = _key_of(test) | {"sampling": test["sampling"]}
    shape = test["height"], test["width"]
    return _asked(lambda: function(picture, key), lambda value: _as_hex(value, shape))


def _key_of(test: dict[str, Any]) -> dict[str, Any]:
    """Return the sizes and sequences of a test, for a function that may change them."""
    key = {name: test[name] for name in (*SIZES, *STEPS)}
    return {k: [*v] if isinstance(v, list) else v for k, v in key.items()}


def key_answer(function: Callable[..., Any], test: dict[str, Any]) -> Answer:
    """Ask for the key of a secret."""
    sizes = {name: test[name] for name in SIZES}

    def sequences(value: Any) -> tuple[Any, str]:
        mapped = isinstance(value, Mapping)
        found = {s: value.get(s) if mapped else getattr(value, s, None) for s in STEPS}
        return {s: None if v is None else [int(c) for c in v] for s, v in found.items()}, ""

    return _asked(lambda: function(bytes.fromhex(test["secret"]), sizes), sequences)


def _asked(call: Callable[[], Any], read: Callable[[Any], tuple[Any, str]]) -> Answer:
    """Call somebody's function, and read what it returns."""
    try:
        returned = call()
    except Exception as error:  # noqa: BLE001  # to raise is to refuse, whatever is raised
        return Answer(None, f"raised {type(error).__name__}: {error}", refused=True)
    if returned is None:
        return Answer(None, "returned None", refused=True)
    try:
        value, told = read(returned)
    except Exception as error:  # noqa: BLE001  # what somebody returns may raise when it is read
        return Answer(None, f"returned {type(returned).__name__}, which is no answer: {error}")
    return Answer(value, told)


def _as_hex(value: Any, shape: tuple[int, ...]) -> tuple[str | None, str]:
    """Return an image as hexadecimal digits, None if it is none of 8 bits, and how it was taken."""
    from etcprops.probing.returns import as_image

    array, taken = as_image(value, shape)
    whole = array.dtype.kind in "iu" or (array == np.trunc(array)).all()
    if not whole or array.min() < 0 or array.max() > 255:
        return None, f"returned {describe(array)[:-1]} with values that are no bytes"
    return array.astype(np.uint8).tobytes().hex(), taken
