"""How long exact coding takes and how large its files are, next to Pillow's in the same run.

In seconds of the processor, of the fastest of many turns. Pillow makes Huffman codes for the file
too, and has the same tables. Run as the other benchmarks.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from jpegs import by_pillow, grey, photographs
from numpy.typing import NDArray

from etcprops import encode_jpeg_exactly
from etcprops.formats.quantization import exact_table

pytest.importorskip("jpeglib", reason="needs jpeglib: pip install 'etcprops[formats]'")


def fastest(functions: list[Callable[[], object]], rounds: int = 20) -> list[float]:
    """Return the least seconds of each, by turns."""
    times = []
    for _ in range(rounds):
        for function in functions:
            start = time.process_time()
            function()
            times.append(time.process_time() - start)
    return [min(times[number :: len(functions)]) for number in range(len(functions))]


@pytest.mark.parametrize("quality", [50, 75, 95])
@pytest.mark.parametrize("colour", [False, True])
def test_exact_coding_takes_at_most_four_times_as_long(
    benchmark: Any, quality: int, *, colour: bool
) -> None:
    image: NDArray[np.uint8] = np.tile(photographs()["china"], (2, 2, 1))
    image = image if colour else grey(image)
    tables = [exact_table(quality), exact_table(quality, "chrominance")][: 1 + colour]
    options = {"subsampling": 0} if colour else {}

    def ours() -> bytes:
        return encode_jpeg_exactly(image, quality=quality)

    def theirs() -> bytes:
        return by_pillow(image, *tables, optimize=True, **options)

    exact, pillow = fastest([ours, theirs])
    benchmark.pedantic(ours, rounds=3)
    ratio, size = exact / pillow, len(ours()) / len(theirs())
    benchmark.extra_info.update(ratio=ratio, target_ratio=4, size=size, target_size=1.005)
    assert ratio <= 4
    assert size <= 1.005
