"""Rate and distortion of encrypted pictures: bits a pixel, PSNR, MS-SSIM, Bjontegaard delta rate.

``python -m etcprops.formats.rates FOLDER --csv FILE`` measures the pictures of a folder as the
literature does (Kurihara et al. 2015; Chuman et al. 2019): encrypted, coded, decoded and decrypted,
against coded and decoded alone, for three schemes and several sizes of blocks and codecs.

The schemes: grey pictures; colour, all components alike; and grayscale-based, which encrypts Y, Cb
and Cr side by side as one grey picture, so that blocks are smaller and there are more.
"""

from __future__ import annotations

import argparse
import csv
import math
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import astuple, dataclass, fields
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from etcprops._files import write_whole
from etcprops._validation import InvalidParameterError, as_integer, describe, printable, reject
from etcprops.datasets.pictures import Conversion, read_picture
from etcprops.formats.codecs import Codec
from etcprops.formats.schemes import ImageScheme
from etcprops.formats.similarity import ms_ssim, psnr
from etcprops.scheme.keys import EtCKey
from etcprops.scheme.pixels import decrypt, encrypt

Pixels = NDArray[np.uint8]

PLAIN: Final = 0
"""The size of block that stands for no encryption."""
BLOCKS: Final = (8, 16, 32)
SETTINGS: Final[dict[str, tuple[int, ...]]] = {
    "jpeg": (30, 50, 70, 85, 95),
    "webp": (30, 50, 70, 85, 95),
    "jp2": (28, 32, 36, 40, 44),
}
"""Of each codec, from coarse to fine: qualities, for JPEG 2000 the PSNR to reach in decibels."""
VARIANTS: Final[dict[str, tuple[tuple[str, str], ...]]] = {
    "grey": (("jpeg", ""), ("webp", ""), ("jp2", "")),
    "colour": (("jpeg", "4:4:4"), ("jpeg", "4:2:0"), ("webp", ""), ("jp2", "")),
    "grayscale": (("jpeg", "4:4:4"), ("jpeg", "4:2:0"), ("webp", ""), ("jp2", "")),
}
"""Codecs and sub-samplings of chroma, by scheme."""
SEVERAL: Final = 64
"""Pictures are cut to multiples of so many pixels, that all blocks divide, also of half planes."""
LEAST: Final = 192
LEAST_OVERLAP: Final = 0.25
"""Share of the qualities of two curves that both must reach for an average over these."""


@dataclass(frozen=True)
class RatePoint:
    """What one picture costs and keeps at one setting of a codec.

    Attributes
    ----------
    picture : str
        Its name.
    scheme : {"grey", "colour", "grayscale"}
        How it is encrypted.
    block : int
        Side of the blocks; 0 if it is not encrypted.
    codec : str
        One of `SETTINGS`.
    sampling : str
        Of chroma, for JPEG of coloured pictures; else "".
    setting : int
        Of the codec.
    bits : float
        Of the file, by pixel of the picture.
    psnr : float
        In decibels, over all components, after decryption.
    ms_ssim : float
        Of luma.
    """

    picture: str
    scheme: str
    block: int
    codec: str
    sampling: str
    setting: int
    bits: float
    psnr: float
    ms_ssim: float


@dataclass(frozen=True)
class DeltaRate:
    """How many more bits encryption costs at the same quality, averaged over qualities.

    Attributes
    ----------
    picture, scheme, block, codec, sampling
        As of `RatePoint`.
    by_psnr, by_ms_ssim : float
        In per cent of the bits of the plain picture; not a number if both reach too few qualities.
    """

    picture: str
    scheme: str
    block: int
    codec: str
    sampling: str
    by_psnr: float
    by_ms_ssim: float


def rate_points(
    image: Pixels, name: str = "picture", *, blocks: Sequence[int] = BLOCKS
) -> Iterator[RatePoint]:
    """Measure one picture plain and encrypted, with all schemes, codecs and settings.

    Parameters
    ----------
    image : ndarray of uint8, shape (H, W) or (H, W, 3)
        At least 192 pixels a side; what is beyond a multiple of 64 is cut off. Of a grey picture
        only the grey scheme is measured, of a coloured one its luma stands for that.
    name : str
        For the points.
    blocks : sequence of int
        Sides of blocks, which divide 64.

    Yields
    ------
    RatePoint
        Scheme by scheme, plain first; the grayscale-based scheme has no plain points of its own,
        for it is compared with coloured ones.

    Raises
    ------
    InvalidParameterError
        If the picture is too small or no such array, or a block does not divide 64.

    Notes
    -----
    A picture that had gone through JPEG on the same grid of blocks, such as many that are
    distributed, costs less plain than one that had not: its coefficients lie on steps already
    (`etcprops.formats.traces.find_jpeg`). Cut a few rows and columns off before.

    Examples
    --------
    >>> image = np.add.outer(np.arange(192), np.arange(192)).astype(np.uint8)
    >>> points = list(rate_points(image, blocks=[16]))
    >>> len(points), points[0].block, points[-1].codec
    (30, 0, 'jp2')
    """
    caller = "rate_points"
    picture = _cut(image, caller)
    for block in blocks:
        if as_integer(block, "blocks", caller) not in {1, 2, 4, 8, 16, 32, 64}:
            reject("blocks", caller, f"divide {SEVERAL}", f"{block}.")
    for scheme in VARIANTS if picture.ndim == 3 else ("grey",):
        shown = _luma(picture) if scheme == "grey" and picture.ndim == 3 else picture
        sides = (PLAIN, *blocks) if scheme != "grayscale" else tuple(blocks)
        for name_of_codec, sampling in VARIANTS[scheme]:
            laid = sampling if scheme == "grayscale" and sampling else "4:4:4"
            chroma = sampling if scheme == "colour" and sampling else "4:4:4"
            for block in sides:
                arrangement = ImageScheme(scheme, block or 1, sampling=laid)
                for setting in SETTINGS[name_of_codec]:
                    codec = Codec(name_of_codec, setting, chroma)
                    size, seen = _through(shown, arrangement, block, codec)
                    bits = 8 * size / (shown.shape[0] * shown.shape[1])
                    likeness = psnr(shown, seen), ms_ssim(shown, seen)
                    kind = (name, scheme, block, name_of_codec, sampling, setting)
                    yield RatePoint(*kind, bits, *likeness)


def delta_rates(points: Iterable[RatePoint]) -> list[DeltaRate]:
    """Compare encrypted pictures with plain ones over all settings (Bjontegaard 2001).

    Parameters
    ----------
    points : iterable of RatePoint
        Of one or more pictures, as `rate_points` yields them. The grayscale-based scheme is
        compared with the plain picture in colour.

    Returns
    -------
    list of DeltaRate
        For each picture, scheme, block and variant.

    Raises
    ------
    InvalidParameterError
        If encrypted points have no plain ones to compare with.
    ModuleNotFoundError
        Without the extra ``formats``.

    References
    ----------
    G. Bjontegaard, "Calculation of average PSNR differences between RD-curves", VCEG-M33, 2001;
    C. Herglotz, M. Kränzler, R. Mons, A. Kaup, "Beyond Bjøntegaard: limits of video compression
    performance comparisons", ICIP 2022, whose interpolation (Akima) is used.

    Examples
    --------
    >>> curve = [(1, 30, 0.9), (2, 34, 0.95), (4, 38, 0.97), (8, 42, 0.99)]
    >>> points = [
    ...     RatePoint("p", "grey", block, "jpeg", "", 0, bits * (1 + block / 80), *quality)
    ...     for block in (0, 8)
    ...     for bits, *quality in curve
    ... ]
    >>> round(delta_rates(points)[0].by_psnr, 6)
    10.0
    """
    curves: dict[tuple[str, str, int, str, str], list[RatePoint]] = {}
    for point in points:
        kind = (point.picture, point.scheme, point.block, point.codec, point.sampling)
        curves.setdefault(kind, []).append(point)
    found = []
    for kind, curve in curves.items():
        picture, scheme, block, codec, sampling = kind
        if block == PLAIN:
            continue
        reference = "colour" if scheme == "grayscale" else scheme
        plain = curves.get((picture, reference, PLAIN, codec, sampling))
        if plain is None:
            got = f"none for {picture}, {scheme}, {codec} {sampling}."
            reject("points", "delta_rates", "hold plain points for encrypted ones", got)
        found.append(DeltaRate(*kind, _delta(plain, curve, _psnr), _delta(plain, curve, _decibels)))
    return found


def _psnr(point: RatePoint) -> float:
    return point.psnr


def _decibels(point: RatePoint) -> float:
    """Return MS-SSIM on the scale of PSNR, on which curves are nearly straight."""
    return -10 * math.log10(max(1e-12, 1 - point.ms_ssim))


def _delta(plain: list[RatePoint], other: list[RatePoint], quality: Any) -> float:
    """Return the delta rate in per cent; not a number where both reach too few."""
    from bjontegaard import bd_rate

    columns: list[list[float]] = []
    for curve in (plain, other):
        rising: list[RatePoint] = []
        for point in sorted(curve, key=lambda p: p.bits):
            if not rising or quality(point) > quality(rising[-1]):
                rising.append(point)
        columns += [[point.bits for point in rising], [quality(point) for point in rising]]
    low, high = max(columns[1][0], columns[3][0]), min(columns[1][-1], columns[3][-1])
    whole = max(columns[1][-1], columns[3][-1]) - min(columns[1][0], columns[3][0])
    if high - low <= LEAST_OVERLAP * whole or min(len(column) for column in columns) < 3:
        return math.nan
    return float(bd_rate(*columns, "akima", require_matching_points=False, min_overlap=0))


def _cut(image: Any, caller: str) -> Pixels:
    """Return the picture cut to multiples of 64, or refuse it."""
    wanted = f"be an array of uint8, shape (H, W[, 3]), with sides of at least {LEAST}"
    if not isinstance(image, np.ndarray) or image.dtype != np.uint8:
        reject("image", caller, wanted, describe(image))
    if image.shape[2:] not in {(), (3,)} or min(image.shape[:2], default=0) < LEAST:
        reject("image", caller, wanted, describe(image))
    rows, columns = (size // SEVERAL * SEVERAL for size in image.shape[:2])
    return image[:rows, :columns]


def _through(
    picture: Pixels, arrangement: ImageScheme, block: int, codec: Codec
) -> tuple[int, Pixels]:
    """Return the size of the file in bytes, and the picture that comes back."""
    from PIL import Image

    laid = arrangement.arranged(picture)
    key = None
    if block != PLAIN:
        geometry = arrangement.geometry(*picture.shape[:2])
        key = EtCKey.from_secret(geometry, "rate and distortion")
    content = codec.encode(laid if key is None else encrypt(laid, key))
    with Image.open(BytesIO(content)) as opened:
        decoded = np.asarray(opened.convert("RGB" if laid.ndim == 3 else "L"))
    return len(content), arrangement.restored(decoded if key is None else decrypt(decoded, key))


def _luma(picture: Pixels) -> Pixels:
    from PIL import Image

    return np.asarray(Image.fromarray(picture).convert("L"))


def to_csv(rows: Sequence[Any]) -> str:
    """Return dataclasses of one kind as CSV with a header, numbers to six digits."""
    stream = StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    if rows:
        writer.writerow([field.name for field in fields(rows[0])])
    for row in rows:
        cells = (f"{v:.6g}" if isinstance(v, float) else _cell(v) for v in astuple(row))
        writer.writerow([*cells])
    return stream.getvalue()


_FORMULA: Final = (*"=+-@\t\r",)
"""With what a spreadsheet's formulas begin."""


def _cell(value: Any) -> Any:
    """Return a value that no spreadsheet takes for a formula, as which names may begin."""
    return f"'{value}" if isinstance(value, str) and value[:1] in _FORMULA else value


def points_from_csv(text: str) -> list[RatePoint]:
    """Return the points that `to_csv` wrote.

    Raises
    ------
    InvalidParameterError
        If the text is no such table.

    Examples
    --------
    >>> point = RatePoint("p", "grey", 8, "jpeg", "", 75, 1.5, 36.25, 0.98)
    >>> points_from_csv(to_csv([point])) == [point]
    True
    """
    kinds: dict[str, Any] = {**dict.fromkeys(("block", "setting"), int)}
    kinds |= dict.fromkeys(("bits", "psnr", "ms_ssim"), float)
    try:
        rows = [*csv.DictReader(StringIO(text))]
        return [RatePoint(**{k: kinds.get(k, _text)(v) for k, v in row.items()}) for row in rows]
    except (csv.Error, TypeError, ValueError) as error:
        reject("text", "points_from_csv", "be a table as to_csv writes it", f"{error}.")


def _text(cell: str) -> str:
    return cell[1:] if cell[:1] == "'" and cell[1:2] in _FORMULA else cell


def summary(deltas: Iterable[DeltaRate]) -> str:
    """Return medians of the delta rates over pictures, as a table in Markdown."""
    groups: dict[tuple[str, str, int], list[DeltaRate]] = {}
    for delta in deltas:
        variant = f"{delta.codec} {delta.sampling}".strip()
        groups.setdefault((delta.scheme, variant, delta.block), []).append(delta)
    lines = ["| scheme | codec | block | by PSNR | by MS-SSIM |", "|---|---|---|---|---|"]
    for (scheme, variant, block), members in groups.items():
        cells = [_median([getattr(m, name) for m in members]) for name in ("by_psnr", "by_ms_ssim")]
        lines.append(f"| {scheme} | {variant} | {block} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _median(values: list[float]) -> str:
    """Return the median of what could be compared, and how many that were if not all."""
    known = [value for value in values if not math.isnan(value)]
    if not known:
        return "not comparable"
    of = "" if len(known) == len(values) else f" ({len(known)} of {len(values)})"
    return f"{float(np.median(known)):+.1f} %{of}"


def pictures_of(folder: Path) -> Iterator[tuple[str, Pixels | str]]:
    """Yield name and pixels of each picture of a folder, or why it cannot be measured."""
    kept = Conversion(background=(255, 255, 255), eight_bits=True)
    for path in sorted(p for p in folder.iterdir() if p.is_file()):
        try:
            yield path.name, _cut(read_picture(path, kept).pixels, "rates")
        except InvalidParameterError as error:
            yield path.name, str(error)


def main(arguments: list[str] | None = None) -> int:
    """Measure the pictures of a folder; exit status 1 if one could not be read."""
    parser = argparse.ArgumentParser(prog="python -m etcprops.formats.rates", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--csv", type=Path, metavar="FILE", help="where to write all points")
    parser.add_argument("--blocks", type=int, nargs="+", default=list(BLOCKS), metavar="B")
    options = parser.parse_args(arguments)
    if not options.folder.is_dir():
        parser.error(f"{options.folder} is no folder")
    points: list[RatePoint] = []
    failed = False
    for name, picture in pictures_of(options.folder):
        if isinstance(picture, str):
            failed = True
            sys.stderr.write(f"{printable(name)}: {picture}\n")
            continue
        sys.stderr.write(f"{printable(name)}: {picture.shape}\n")
        points += rate_points(picture, name, blocks=options.blocks)
    if options.csv is not None:
        write_whole(options.csv, to_csv(points))
    sys.stdout.write(summary(delta_rates(points)))
    return int(failed or not points)


if __name__ == "__main__":
    sys.exit(main())
