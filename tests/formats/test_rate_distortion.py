"""Rate and distortion: sizes and distances are those of the files, deltas those of the curves."""

from __future__ import annotations

import csv
import math
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from etcprops import BlockGeometry, EtCKey, InvalidParameterError, decrypt, encrypt
from etcprops.formats import rates
from etcprops.formats.rates import (
    VARIANTS,
    DeltaRate,
    RatePoint,
    delta_rates,
    main,
    rate_points,
    summary,
)
from etcprops.formats.similarity import psnr

Pixels = NDArray[np.uint8]


def picture(*shape: int) -> Pixels:
    """Smooth hues and some texture, in integers."""
    row, column = np.mgrid[: shape[0], : shape[1]]
    grey = 60 + row // 3 + column // 4 + (row * column // 7 % 23)
    if len(shape) == 3:
        grey = np.stack([grey, 220 - grey, 90 + row // 4], axis=-1)
    return np.asarray(grey.clip(0, 255), dtype=np.uint8)


COLOURED = picture(192, 192, 3)


@pytest.fixture(scope="module")
def points() -> list[RatePoint]:
    ends = {codec: (settings[1], settings[-2]) for codec, settings in rates.SETTINGS.items()}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rates, "SETTINGS", ends)
        return list(rate_points(COLOURED, "coloured", blocks=[16]))


def test_each_scheme_and_variant_is_measured_plain_and_encrypted(points: list[RatePoint]) -> None:
    found = {(p.scheme, p.block, p.codec, p.sampling) for p in points}
    expected = {
        (scheme, block, *variant)
        for scheme, variants in VARIANTS.items()
        for variant in variants
        for block in (0, 16)
        if (scheme, block) != ("grayscale", 0)
    }
    assert found == expected
    assert len(points) == 2 * len(expected)


@pytest.mark.parametrize("block", [0, 16])
def test_a_point_is_what_its_file_is(points: list[RatePoint], block: int) -> None:
    key = EtCKey.from_secret(BlockGeometry(192, 192, channels=3, block=16), "rate and distortion")
    file = BytesIO()
    sent = encrypt(COLOURED, key) if block else COLOURED
    Image.fromarray(sent).save(file, "jpeg", quality=85, subsampling="4:2:0", optimize=True)
    got = np.asarray(Image.open(BytesIO(file.getvalue())))
    (point,) = (
        p
        for p in points
        if (p.scheme, p.block, p.sampling, p.setting) == ("colour", block, "4:2:0", 85)
    )
    assert point.bits == 8 * len(file.getvalue()) / 192**2
    assert point.psnr == psnr(COLOURED, decrypt(got, key) if block else got)


def test_finer_settings_cost_more_and_keep_more(points: list[RatePoint]) -> None:
    for scheme, codec in (("grey", "jpeg"), ("colour", "jp2"), ("grayscale", "webp")):
        curve = [p for p in points if (p.scheme, p.codec, p.sampling) == (scheme, codec, "")]
        for block in {p.block for p in curve}:
            one = [p for p in curve if p.block == block]
            assert np.all(np.diff([p.bits for p in one]) > 0)
            assert np.all(np.diff([p.psnr for p in one]) > 0)


def test_a_grey_picture_has_the_grey_scheme_alone() -> None:
    found = list(rate_points(picture(200, 193), blocks=[]))
    assert {(p.scheme, p.block) for p in found} == {("grey", 0)}


CURVE = [
    RatePoint("p", "grey", 0, "jpeg", "", setting, bits, quality, 1 - 10 ** (-quality / 20))
    for setting, bits, quality in ((30, 0.5, 28.0), (50, 1.0, 32.0), (70, 2.0, 37.0), (95, 4.0, 41))
]


@pytest.mark.parametrize("factor", [0.8, 1.0, 1.25])
def test_the_delta_rate_of_a_scaled_curve_is_the_scale(factor: float) -> None:
    other = [replace(point, block=8, bits=factor * point.bits) for point in CURVE]
    (delta,) = delta_rates([*CURVE, *other])
    assert delta.by_psnr == pytest.approx(100 * (factor - 1), abs=1e-9)
    assert delta.by_ms_ssim == pytest.approx(100 * (factor - 1), abs=1e-9)


def test_curves_of_other_qualities_are_not_compared() -> None:
    other = [replace(point, block=8, psnr=point.psnr - 12) for point in CURVE]
    (delta,) = delta_rates([*CURVE, *other])
    assert math.isnan(delta.by_psnr)
    assert delta.by_ms_ssim == pytest.approx(0)
    assert summary([delta]).splitlines()[-1] == "| grey | jpeg | 8 | not comparable | +0.0 % |"


def test_grayscale_based_points_are_held_against_colour() -> None:
    coloured = [replace(point, scheme="colour") for point in CURVE]
    laid = [replace(point, scheme="grayscale", block=8, bits=2 * point.bits) for point in CURVE]
    (delta,) = delta_rates([*coloured, *laid])
    assert delta.by_psnr == pytest.approx(100)


def test_points_without_plain_ones_are_refused() -> None:
    with pytest.raises(InvalidParameterError, match="'points' parameter of delta_rates"):
        delta_rates([replace(point, block=8) for point in CURVE])


def test_the_summary_says_how_many_could_be_compared() -> None:
    deltas = [DeltaRate(str(i), "grey", 8, "webp", "", v, 1.0) for i, v in enumerate((4, math.nan))]
    assert "| +4.0 % (1 of 2) | +1.0 % |" in summary(deltas)


@pytest.mark.parametrize(
    ("image", "options", "parameter"),
    [
        (COLOURED.astype(np.float64), {}, "image"),
        (COLOURED[:191], {}, "image"),
        (COLOURED[..., :2], {}, "image"),
        (COLOURED, {"blocks": [12]}, "blocks"),
        (COLOURED, {"blocks": [0]}, "blocks"),
    ],
)
def test_bad_parameters(image: Any, options: dict[str, Any], parameter: str) -> None:
    with pytest.raises(InvalidParameterError, match=f"'{parameter}' parameter of rate_points"):
        next(rate_points(image, **options))


@pytest.mark.thorough
def test_a_folder_is_measured_and_what_cannot_be_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, out = tmp_path / "pictures", tmp_path / "points.csv"
    folder.mkdir()
    Image.fromarray(picture(192, 192)).save(folder / "good.png")
    assert main([str(folder), "--csv", str(out), "--blocks", "16"]) == 0
    assert "| grey | jpeg | 16 |" in capsys.readouterr().out
    rows = list(csv.DictReader(out.read_text().splitlines()))
    assert len(rows) == 30
    assert {row["picture"] for row in rows} == {"good.png"}

    (folder / "broken.jpg").write_bytes((folder / "good.png").read_bytes()[:200])
    (folder / "notes.txt").write_text("no picture")
    Image.fromarray(picture(64, 64)).save(folder / "small.png")
    assert main([str(folder), "--blocks", "16"]) == 1
    said = capsys.readouterr().err.splitlines()
    assert [line.partition(":")[0] for line in said] == [
        "broken.jpg", "good.png", "notes.txt", "small.png",
    ]  # fmt: skip
    assert "at least 192" in said[-1]


def test_a_folder_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="2"):
        main([str(tmp_path / "nowhere")])
