"""The function under one key as a black box on vectors: questions, answers, and their count.

An answer that is no image of the shape and type of the first one is a `NoImageError`, which
carries the reason to the verdict. Side effects are written down as findings.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from itertools import islice
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from etcprops.probing.budget import Budget
from etcprops.probing.model import Array, Notes
from etcprops.probing.sandbox import Reply, Sandbox

BATCH_PIXELS = 1 << 20


class NoImageError(Exception):
    """The function did not give an image; `image` is what it was asked."""

    def __init__(self, reason: str, image: Array) -> None:
        super().__init__(reason)
        self.reason = reason
        self.image = image


class Scale:
    """The grey levels of an input type: which exist, and what negation is.

    Attributes
    ----------
    level : int
        The greatest: 255 for uint8, 65535 for uint16, 1 for floats.
    base : int
        Levels that chosen images use.
    unit : int or float
        The step between these: 1, or ``1 / base`` for floats.
    """

    def __init__(self, dtype: np.dtype[Any]) -> None:
        self.dtype = dtype
        if dtype.kind == "u":
            self.level = int(np.iinfo(dtype).max)
            self.base, self.unit = self.level + 1, 1.0
        else:
            self.level = 1
            self.base = 1 << min(16, np.finfo(dtype).nmant)
            self.unit = 1 / self.base

    def pixels(self, steps: Array) -> Array:
        """Return pixels of the type from whole numbers of units in ``[0, base)``."""
        if self.dtype.kind == "u":
            return np.asarray(steps).astype(self.dtype, copy=False)
        return (np.asarray(steps) * self.unit).astype(self.dtype)

    def draw(
        self, rng: np.random.Generator, size: int, low: int = 0, high: int | None = None
    ) -> Array:
        """Return random pixels of `low` units to less than `high`, by default all."""
        narrow = np.uint8 if self.base <= 256 else np.uint16
        steps = rng.integers(low, self.base if high is None else high, size, dtype=narrow)
        return self.pixels(steps)

    @property
    def tolerance(self) -> float:
        """How far a float may be from where it should be: 8 roundings; 0 for integers."""
        return 0.0 if self.dtype.kind == "u" else 8 * float(np.finfo(self.dtype).eps)


class Oracle:
    """Asks the function under one key.

    Parameters
    ----------
    sandbox : Sandbox
        Where it is called.
    shape : tuple of int
        Of the images.
    scale : Scale
        Their type.
    notes : Notes
        Where side effects are written down.
    key : int, default=0
        Index of the key.
    budget : Budget, optional
        What counts the calls, and ends them.
    """

    def __init__(  # noqa: PLR0917
        self,
        sandbox: Sandbox,
        shape: tuple[int, ...],
        scale: Scale,
        notes: Notes,
        key: int = 0,
        budget: Budget | None = None,
    ) -> None:
        self.sandbox, self.shape, self.scale, self.notes, self.key = (
            sandbox,
            shape,
            scale,
            notes,
            key,
        )
        self.budget = Budget(math.inf) if budget is None else budget
        self.size = prod(shape)
        self.queries = 0
        self.seconds = 0.0
        self.out_shape: tuple[int, ...] = ()
        self.out_dtype: np.dtype[Any] | None = None
        self.output_factor = 1
        self.taken = ""
        self.failed = ""

    @property
    def rounding(self) -> float:
        """How far results may be off for rounding, relative to the largest of them."""
        kinds = [self.scale.dtype, self.out_dtype]
        eps = [float(np.finfo(k).eps) for k in kinds if k is not None and k.kind == "f"]
        return 8 * max(eps) if eps and self.output_factor == 1 else 0.0

    def ask(self, vectors: Iterable[Array]) -> Iterator[Array]:
        """Yield the flat output for each flat input, in order.

        Raises
        ------
        NoImageError
            At the first that has none.
        BudgetSpentError
            When the time is over.
        """
        waiting = iter(vectors)
        most = max(1, BATCH_PIXELS // self.size)
        while batch := list(islice(waiting, self.budget.batch(most))):
            self.budget.check()
            images = [vector.reshape(self.shape) for vector in batch]
            replies = self.sandbox.calls(images, self.key)
            for image, reply in zip(images, replies, strict=False):
                yield self._checked(reply, image)

    def answered(self, vectors: Iterable[Array]) -> Iterator[tuple[Array, Array]]:
        """Yield each flat input that has an encryption, with it; note those that have none."""
        waiting = iter(vectors)
        most = max(1, BATCH_PIXELS // self.size)
        while batch := list(islice(waiting, self.budget.batch(most))):
            self.budget.check()
            while batch:
                outputs: list[Array] = []
                failed = 0
                try:
                    # Before any is handed on: whoever gets it may ask for other images.
                    outputs.extend(self.ask(batch))
                except NoImageError as error:
                    self.fail(error)
                    failed = 1
                yield from zip(batch, outputs, strict=False)
                batch = batch[len(outputs) + failed :]

    def fail(self, error: NoImageError) -> None:
        """Note that an image has no encryption, the first of them in words."""
        if not self.failed:
            low, high = error.image.min(), error.image.max()
            what = "black" if not high else f"an image with pixels from {low:g} to {high:g}"
            self.failed = f"for {what}, it {error.reason}"
            self.notes.add(f"Not every image is encrypted: {self.failed}.")

    def one(self, vector: Array) -> Array:
        """Return the flat output for one input."""
        return next(self.ask([vector]))

    def _checked(self, reply: Reply, image: Array) -> Array:
        """Return the flat output, count the call and note what it did besides."""
        self.queries += 1
        self.seconds += reply.seconds
        self.budget.count(reply.seconds)
        if reply.modified:
            self.notes.add("It modifies its input: pass it a copy.")
        if reply.printed:
            self.notes.add("It prints.")
        if reply.value is None:
            raise NoImageError(reply.problem, image)
        value = reply.value
        if self.out_dtype is None:
            self._first(reply, value)
        if (value.shape, value.dtype) != (self.out_shape, self.out_dtype):
            raise NoImageError(
                f"returned {value.dtype} of shape {value.shape} for one image and "
                f"{self.out_dtype} of shape {self.out_shape} for another",
                image,
            )
        flat = value.reshape(-1)
        return np.rint(flat * self.output_factor) if self.output_factor > 1 else flat

    def _first(self, reply: Reply, value: Array) -> None:
        """Learn the output's shape and type."""
        if value.ndim < 2 and value.size != self.size:
            raise NoImageError(f"returned a vector of shape {value.shape}", np.zeros(self.shape))
        self.out_shape, self.out_dtype, self.taken = value.shape, value.dtype, reply.taken
        if value.shape != self.shape:
            self.notes.add(f"Images of shape {self.shape} become images of shape {value.shape}.")
        if value.dtype != self.scale.dtype:
            self.notes.add(f"Images of type {self.scale.dtype} become images of {value.dtype}.")


def whole_numbers(*arrays: Array) -> list[NDArray[np.int64]] | None:
    """Return arrays of whole numbers as int64, whatever their type; None if one has others.

    Examples
    --------
    >>> whole_numbers(np.array([1.0, -2.0]))
    [array([ 1, -2])]
    >>> whole_numbers(np.array([0.5])) is None
    True
    """
    result = []
    for array in arrays:
        if array.dtype.kind == "f":
            wide = array.astype(np.float64)
            if np.abs(wide).max() >= 2.0**53 or not np.array_equal(wide, np.rint(wide)):
                return None
        if array.dtype == np.uint64 and array.max() >> np.uint64(62):
            return None
        result.append(array.astype(np.int64))
    return result
