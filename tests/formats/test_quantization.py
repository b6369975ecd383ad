"""Quantization tables, against the files of Pillow's libjpeg."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
from jpegs import by_pillow
from PIL import Image

from etcprops import InvalidParameterError
from etcprops.formats.quantization import exact_table, standard_table, symmetrised

QUALITIES = range(1, 101)


@pytest.mark.parametrize(("component", "kind"), [(0, "luminance"), (1, "chrominance")])
def test_standard_tables_are_libjpegs_at_every_quality(component: int, kind: str) -> None:
    image = np.zeros((8, 8, 3), dtype=np.uint8)
    for quality in QUALITIES:
        with Image.open(io.BytesIO(by_pillow(image, quality=quality))) as picture:
            theirs = picture.quantization[component]  # type: ignore[attr-defined]
        assert standard_table(quality, kind).ravel().tolist() == list(theirs)


def test_standard_luminance_is_symmetric_at_no_quality_that_is_used() -> None:
    symmetric = [q for q in QUALITIES if np.array_equal(standard_table(q), standard_table(q).T)]
    assert symmetric == [1, 100]  # where all steps are 255, or 1


def test_exact_tables_are_symmetric_and_their_dc_step_divides_4() -> None:
    for quality in QUALITIES:
        for kind in ("luminance", "chrominance"):
            table = exact_table(quality, kind)
            assert np.array_equal(table, table.T)
            standard = standard_table(quality, kind)
            changed = symmetrised(standard) != table
            changed[0, 0] = False
            assert not changed.any()
        assert 4 % exact_table(quality)[0, 0] == 0
        assert exact_table(quality)[0, 0] <= max(4, standard_table(quality)[0, 0])


def test_symmetrised_rounds_up() -> None:
    table = np.full((8, 8), 3)
    table[0, 1] = 4
    assert symmetrised(table)[0, 1] == symmetrised(table)[1, 0] == 4


@pytest.mark.parametrize(
    ("call", "parameter"),
    [
        (lambda: standard_table(0), "quality"),
        (lambda: standard_table(101), "quality"),
        (lambda: standard_table(75.0), "quality"),  # type: ignore[arg-type]
        (lambda: standard_table(75, "colour"), "kind"),
        (lambda: exact_table(75, "colour"), "kind"),
        (lambda: symmetrised(np.ones((8, 7), dtype=int)), "table"),
        (lambda: symmetrised(np.ones((8, 8))), "table"),
        (lambda: symmetrised(np.zeros((8, 8), dtype=int)), "table"),
        (lambda: symmetrised(np.full((8, 8), 256)), "table"),
        (lambda: symmetrised([[1, 2], [3]]), "table"),
    ],
)
def test_bad_input_is_refused(call: Any, parameter: str) -> None:
    with pytest.raises(InvalidParameterError, match=f"^The '{parameter}' parameter of "):
        call()
