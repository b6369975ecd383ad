"""What is put under test: somebody's encryption of images, seen from the outside."""

from __future__ import annotations

import unittest
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from etcprops._validation import as_integer, describe, reject

Images = NDArray[np.uint8]


class Picture(NamedTuple):
    """An image that shows why a check failed.

    Attributes
    ----------
    caption : str
        What it is.
    pixels : ndarray of uint8, shape (H, W) or (H, W, 3)
        The image.
    place : tuple of int
        The pixel to look at; empty for none.
    """

    caption: str
    pixels: Images
    place: tuple[int, ...] = ()


class CounterexampleError(AssertionError):
    """A check failed.

    Parameters
    ----------
    message : str
        Why.
    *pictures : Picture
        Images that show it.
    """

    def __init__(self, message: str, *pictures: Picture) -> None:
        super().__init__(message)
        self.pictures = pictures


@dataclass(frozen=True)
class Scheme:
    """An encryption of 8-bit images of one shape, under keys of any kind.

    Parameters
    ----------
    name : str
        For reports.
    encrypt : callable
        ``encrypt(image, key)`` takes a uint8 array of shape `shape` and returns another.
    shape : tuple of int
        ``(H, W)`` or ``(H, W, 3)``.
    keys : sequence
        At least one key, of whatever type `encrypt` takes; with two or more, it is also checked
        that the key is used. Failures show small numbers, and name other keys by their place.
    decrypt : callable, optional
        ``decrypt(image, key)``; if given, it must undo `encrypt`.
    block : int, optional
        Side of the blocks, if the scheme claims to work block by block.
    seed : int, default=0
        Of the test images.

    Raises
    ------
    InvalidParameterError
        If a parameter is of another kind.

    Examples
    --------
    >>> def negate(image, key):
    ...     return 255 - image if key else image
    >>> Scheme("negation", negate, shape=(2, 2), keys=[0, 1])
    Scheme('negation', negate, shape=(2, 2), keys=[0, 1])
    """

    name: str
    encrypt: Callable[[Images, Any], Any]
    shape: tuple[int, ...]
    keys: Sequence[Any]
    decrypt: Callable[[Images, Any], Any] | None = None
    block: int | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ("encrypt", "decrypt"):
            function = getattr(self, name)
            if not callable(function) and not (name == "decrypt" and function is None):
                reject(name, "Scheme", "be a function of an image and a key", describe(function))
        shape: Any = self.shape
        if not isinstance(shape, tuple) or len(shape) not in {2, 3}:
            reject("shape", "Scheme", "be (H, W) or (H, W, 3)", describe(shape))
        if [as_integer(size, "shape", "Scheme") for size in shape][2:] not in ([], [3]):
            reject("shape", "Scheme", "be (H, W) or (H, W, 3)", describe(shape))
        keys: Any = self.keys
        if isinstance(keys, (str, bytes)) or not isinstance(keys, Sequence) or not keys:
            reject("keys", "Scheme", "be a sequence of at least one key", describe(keys))
        if self.block is not None:
            side = as_integer(self.block, "block", "Scheme")
            if shape[0] % side or shape[1] % side:
                reject("block", "Scheme", f"divide height and width of {shape}", describe(side))
        as_integer(self.seed, "seed", "Scheme", 0, 2**64 - 1)

    def __repr__(self) -> str:
        function = getattr(self.encrypt, "__qualname__", repr(self.encrypt))
        keys = ", ".join(map(self.shown, self.keys))
        text = f"Scheme({self.name!r}, {function}, shape={self.shape}, keys=[{keys}]"
        if self.decrypt is not None:
            text += f", decrypt={getattr(self.decrypt, '__qualname__', repr(self.decrypt))}"
        if self.block is not None:
            text += f", block={self.block}"
        return f"{text}, seed={self.seed})" if self.seed else f"{text})"

    def shown(self, key: Any) -> str:
        """Return a small number as it is, and any other key by its place: it may be a secret.

        Examples
        --------
        >>> scheme = Scheme("none", lambda image, _key: image, (2, 2), keys=[7, b"secret"])
        >>> [scheme.shown(key) for key in scheme.keys]
        ['7', 'key 2 (bytes)']
        """
        from etcprops.probing.keys import written

        number = next((n for n, known in enumerate(self.keys) if known is key), 0)
        return written(key, number)

    def under(self, key: Any) -> str:
        """Say under which key something happened."""
        return f"under key {self.shown(key).removeprefix('key ')}"

    def images(self) -> Images:
        """Return eight images: noise, twice, gradient, black, white, two levels, dark, bright.

        Returns
        -------
        ndarray of uint8, shape (8, H, W[, C])
        """
        rng = np.random.default_rng(self.seed)
        gradient = np.arange(np.prod(self.shape)).reshape(self.shape) % 256
        pictures = [
            rng.integers(0, 256, self.shape),
            rng.integers(0, 256, self.shape),
            gradient,
            np.zeros(self.shape),
            np.full(self.shape, 255),
            255 * rng.integers(0, 2, self.shape),
            rng.integers(0, 64, self.shape),
            rng.integers(192, 256, self.shape),
        ]
        return np.stack(pictures).astype(np.uint8)

    def encrypted(self, images: Images, key: Any) -> Images:
        """Encrypt images one by one.

        Parameters
        ----------
        images : ndarray of uint8, shape (N, H, W[, C])
            Each is handed over as a copy.
        key : object
            One of the keys.

        Returns
        -------
        ndarray of uint8, shape (N, H, W[, C])

        Raises
        ------
        AssertionError
            If the function raises, or returns what is no image of `shape`.
        InvalidParameterError
            If `images` are none of `shape`.
        """
        return self._apply(self.encrypt, "encrypt", images, key)

    def decrypted(self, images: Images, key: Any) -> Images:
        """Decrypt images one by one, as `encrypted`; not applicable without `decrypt`.

        Raises
        ------
        AssertionError, InvalidParameterError
            As `encrypted`.
        """
        if self.decrypt is None:
            raise unittest.SkipTest("the scheme has no 'decrypt'")
        return self._apply(self.decrypt, "decrypt", images, key)

    def _taken(self, result: Any, call: str) -> Images:
        """Return what was returned as an image of 8 bits and of the scheme's shape."""
        from etcprops.probing.returns import NoArrayError, as_image

        try:
            array, taken = as_image(result, self.shape)
        except NoArrayError as error:
            raise AssertionError(f"{call} {error}") from None
        # Lists and tensors have no 8 bits: what matters is that their numbers do.
        if taken and array.dtype.kind in "iu" and array.min() >= 0 and array.max() <= 255:
            array = array.astype(np.uint8)
        if array.shape != self.shape or array.dtype != np.uint8:
            raise AssertionError(
                f"{call} of an image of dtype uint8 and shape {self.shape} gave {describe(array)}"
            )
        return array

    def _apply(
        self, function: Callable[[Images, Any], Any], name: str, images: Images, key: Any
    ) -> Images:
        """Call `function` on each image."""
        if not isinstance(images, np.ndarray) or not images.size or images.shape[1:] != self.shape:
            wanted = f"be at least one image, shape (N, {', '.join(map(str, self.shape))})"
            reject("images", f"Scheme.{name}ed", wanted, describe(images))
        results = []
        call = f"{name}(image, {self.shown(key)})"
        for image in images:
            with failing(call):
                result = function(image.copy(), key)
                getattr(result, "shape", None)  # what a scheme gives may raise when looked at
            result = self._taken(result, call)
            results.append(result)
        return np.stack(results)


@contextmanager
def failing(call: str) -> Iterator[None]:
    """Turn whatever somebody's `call` raises into a failure, also what would end the caller."""
    try:
        yield
    except (KeyboardInterrupt, GeneratorExit):
        raise
    except BaseException as error:  # SystemExit, and pytest's own outcomes
        raise AssertionError(f"{call} raised {type(error).__name__}: {error}") from error
