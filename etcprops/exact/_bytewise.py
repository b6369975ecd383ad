"""Exact products of 8-bit pixels by onnxruntime, where it is installed.

Many processors multiply bytes and add to integers of 32 bits in one instruction, which BLAS has no
use for: VNNI on x86-64, the dot products of arm64. onnxruntime's ``MatMulInteger`` takes them. Both
factors are unsigned here: of mixed signs, some of its code for older processors saturates.
"""

from __future__ import annotations

import time
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from etcprops.exact import _threads

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Multiply = Callable[[NDArray[np.uint8], NDArray[np.uint8]], NDArray[np.int32]]

FEATURES = 2**12  # features at a time: 255**2 * 2**12 < 2**28
WORTH = 2**32  # products of pixels that take about as long as to load the library and to check it
UINT8, INT32 = 2, 6  # ONNX's numbers for types
# Levels at even and at odd places of a row: the largest sums of all, of pairs of places, and of
# neither; on both sides of where a byte that has a sign turns negative.
LEVELS = [(255, 255)] * 5 + [(0, 0), (255, 0), (0, 255), (127, 127), (128, 128)]
EACH = 5  # rows of the same levels, for code that takes some at a time


def multiplier(operands: list[NDArray[Any]]) -> Multiply | None:
    """Return what multiplies these rows, None where they are too few or nothing better is there."""
    work = len(operands[0]) * len(operands[-1]) * operands[0].shape[1]
    if work < WORTH or any(operand.dtype != np.uint8 for operand in operands):
        return None
    return _checked_multiplier()


@cache
def _checked_multiplier() -> Multiply | None:
    """Return onnxruntime's ``X @ Y.T``, None where it is missing, errs, or is slower than BLAS."""
    multiply, rows = installed(), extreme_rows()
    if multiply is None or not is_exact(multiply, rows) or not _is_faster(multiply, rows):
        return None
    return multiply


def installed() -> Multiply | None:
    """Return onnxruntime's ``X @ Y.T`` of unsigned bytes, in the thread that calls it, if it is."""
    try:
        import onnxruntime
    except ImportError:
        return None
    onnxruntime.disable_telemetry_events()
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1  # `_threads` shares out
    options.enable_cpu_mem_arena = False  # else it keeps what it once needed
    options.log_severity_level = 3  # errors alone
    session = onnxruntime.InferenceSession(_model(), options, providers=["CPUExecutionProvider"])

    def multiply(X: NDArray[np.uint8], Y: NDArray[np.uint8]) -> NDArray[np.int32]:
        product: NDArray[np.int32] = session.run(None, {"X": X, "Y": Y})[0]
        return product

    return multiply


def _model() -> bytes:
    """Return ``MatMulInteger(X, Transpose(Y))`` as ONNX writes it, a message of protobuf."""

    def message(number: int, content: bytes) -> bytes:
        return bytes([number << 3 | 2, len(content)]) + content

    def value(name: bytes, dtype: int) -> bytes:
        return message(1, name) + message(2, message(1, bytes([1 << 3, dtype])))

    transpose = message(1, b"Y") + message(2, b"T") + message(4, b"Transpose")
    product = message(1, b"X") + message(1, b"T") + message(2, b"G") + message(4, b"MatMulInteger")
    graph = message(1, transpose) + message(1, product) + message(2, b"products of bytes")
    graph += message(11, value(b"X", UINT8)) + message(11, value(b"Y", UINT8))
    graph += message(12, value(b"G", INT32))
    version_of_format, version_of_operators = bytes([1 << 3, 8]), bytes([2 << 3, 10])
    return version_of_format + message(7, graph) + message(8, version_of_operators)


def extreme_rows() -> NDArray[np.uint8]:
    """Return rows of as many features as are added at once, of `LEVELS` and then of chance."""
    levels = np.repeat(np.array(LEVELS, dtype=np.uint8), EACH, axis=0)
    chance = np.random.default_rng(0).bytes(len(levels) * FEATURES)
    rows = np.tile(levels, FEATURES // levels.shape[1])
    return np.concatenate([rows, np.frombuffer(chance, np.uint8).reshape(rows.shape)])


def is_exact(multiply: Multiply, rows: NDArray[np.uint8]) -> bool:
    """Return whether products of the rows, and of a part of their features, are the true ones."""
    for part in (rows, np.ascontiguousarray(rows[:, :61])):
        doubles = part.astype(np.float64)  # whose sums stay below 2**53
        if not np.array_equal(multiply(part, part[::-1].copy()), doubles @ doubles[::-1].T):
            return False
    return True


def _is_faster(multiply: Multiply, rows: NDArray[np.uint8]) -> bool:
    """Return whether it is faster than single precision, by the best of some turns."""

    def by_blas() -> object:
        centred = np.subtract(rows, 128, dtype=np.float32)
        return centred @ np.flipud(centred).T  # as much work as for other rows

    works: list[Callable[[], object]] = [by_blas, lambda: multiply(rows, rows)]
    best = [np.inf, np.inf]
    with _threads.shared_out(worth_it=True):  # BLAS has one thread
        for _ in range(5):
            for k, work in enumerate(works):
                start = time.perf_counter()
                work()
                best[k] = min(best[k], time.perf_counter() - start)
    return best[1] < best[0]
