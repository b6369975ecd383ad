"""How much of the time that files take is spent by codecs, and how fast encryption itself is.

In seconds of the processor, which a busy machine stretches less than those of the clock. Run as the
other benchmarks: ``pytest tests/benchmarks --benchmark-only -o addopts=""``.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from etcprops import decrypt, encrypt
from etcprops._files import parts_folder
from etcprops.datasets.pictures import picture_of
from etcprops.formats.codecs import Codec
from etcprops.formats.files import FileOutcome, FileSettings, encrypt_file
from etcprops.formats.schemes import ImageScheme

SIDE = 1024
SECRET = bytes(32)


def photograph() -> NDArray[np.uint8]:
    """Return colours whose spectrum falls as that of photographs does: 1/f, sums of components."""
    rng = np.random.default_rng(0)
    radius = np.hypot(np.fft.fftfreq(SIDE)[:, None], np.fft.rfftfreq(SIDE)[None])
    radius[0, 0] = np.inf
    planes = []
    for share in (1.0, 0.3, 0.3):
        noise = np.fft.rfft2(rng.standard_normal((SIDE, SIDE))) / radius
        plane = np.fft.irfft2(noise)
        planes.append(share * plane / plane.std())
    mixed = np.stack([planes[0], planes[0] + planes[1], planes[0] + planes[2]], axis=-1)
    levels: NDArray[np.uint8] = np.clip(128 + 50 * mixed, 0, 255).astype(np.uint8)
    return levels


def cpu_seconds(function: Callable[[], object], *, rounds: int) -> float:
    """Return the least seconds of the processor, in all threads, after a round to warm up."""
    function()
    times = []
    for _ in range(rounds):
        start = time.process_time()
        function()
        times.append(time.process_time() - start)
    return min(times)


@pytest.mark.parametrize("function", [encrypt, decrypt])
@pytest.mark.parametrize("block", [8, 16, 32])
def test_60_large_colour_images_a_second_and_core(
    benchmark: Any, function: Callable[..., NDArray[np.uint8]], block: int
) -> None:
    image, key = photograph(), ImageScheme("colour", block).key(SIDE, SIDE, SECRET)
    a_second = 1 / cpu_seconds(lambda: function(image, key), rounds=20)
    benchmark.extra_info.update(a_second=a_second, target=60)
    benchmark.pedantic(function, args=(image, key), rounds=5)
    assert a_second >= 60


@pytest.mark.parametrize(
    ("scheme", "codec", "least"),
    [
        ("colour", Codec("png"), 0.8),
        ("colour", Codec("webp"), 0.8),
        ("colour", Codec("jp2"), 0.8),
        # libjpeg-turbo takes some 20 ms there and back, the gather of three million bytes 5.
        ("colour", Codec("jpeg", 95), 0.6),
        ("colour", Codec("jpeg", 75), 0.5),
        ("grayscale", Codec("png"), 0.8),
        ("grayscale", Codec("jpeg", 95), 0.5),
    ],
    ids=lambda value: str(value) if not isinstance(value, Codec) else value.format,
)
def test_share_of_codecs(
    benchmark: Any, tmp_path: Path, scheme: str, codec: Codec, least: float
) -> None:
    """The same file as input and output: decode and encode against all that a file takes."""
    image = photograph()
    source, settings = (
        tmp_path / f"in{codec.suffix}",
        FileSettings(SECRET, codec, scheme, force=True),
    )
    source.write_bytes(codec.encode(image))
    chosen = settings.scheme_of(scheme)
    encrypted = chosen.encrypt(image, chosen.key(SIDE, SIDE, SECRET))
    target_file = tmp_path / f"out{codec.suffix}"
    with parts_folder(tmp_path) as parts:

        def whole() -> None:
            result = encrypt_file(source, target_file, settings, parts)
            assert result.outcome is FileOutcome.DONE, result.message

        total = cpu_seconds(whole, rounds=5)
        decoding = cpu_seconds(lambda: picture_of(source.read_bytes()), rounds=5)
        encoding = cpu_seconds(lambda: codec.encode(encrypted), rounds=5)
        benchmark.pedantic(whole, rounds=2)
    share = (decoding + encoding) / total
    benchmark.extra_info.update(
        share=share,
        target_share=0.8,
        least_share=least,
        decode_ms=1e3 * decoding,
        encode_ms=1e3 * encoding,
        whole_ms=1e3 * total,
    )
    assert share >= least
