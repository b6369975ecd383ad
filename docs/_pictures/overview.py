"""Draw the picture of the README: a photograph, the four steps, and the same SVM on both sides.

``python docs/_pictures/overview.py`` writes ``docs/_static/overview.svg``. The photograph is one of
scikit-learn's samples and shows no people; decision values are computed, not drawn by hand: an SVM
is trained on digits, and another on the same digits encrypted. The script stops if they differ.
"""

from __future__ import annotations

import base64
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image
from sklearn.pipeline import make_pipeline
from sklearn.svm import SVC

from etcprops import EtCKey, ExactKernel, ExactStandardScaler, encrypt
from etcprops.claims.pictures import step_pictures
from etcprops.datasets import load_digits_images

TARGET = Path(__file__).parents[1] / "_static" / "overview.svg"
WIDTH, HEIGHT = 1000, 372
STEPS = ("photograph", "blocks change places", "turned, mirrored", "negated", "colours change places")
INK, SOFT, LINE = "#1f2933", "#56616d", "#c6ced6"
PLAIN, ENCRYPTED = "#1f6feb", "#b35309"


def decision_values() -> tuple[np.ndarray, np.ndarray]:
    """Return what an SVM says of 16 digits, and one that has seen encrypted images alone."""
    digits = load_digits_images(block=2)
    chosen = np.isin(digits.labels, (3, 8))
    images, labels = digits.images[chosen], digits.labels[chosen]
    key = EtCKey.from_secret(digits.geometry, "the picture of the README")
    values = []
    for seen in (images, encrypt(images, key)):
        rows = seen.reshape(len(seen), -1)
        svm = make_pipeline(ExactStandardScaler(), SVC(kernel=ExactKernel("rbf")))
        values.append(svm.fit(rows[:200], labels[:200]).decision_function(rows[200:216]))
    plain, encrypted = values
    assert np.array_equal(plain, encrypted)
    return plain, encrypted


def embedded(picture: Image.Image) -> str:
    """Return a picture as an address that holds it."""
    file = BytesIO()
    small = picture.resize((258, 172), Image.Resampling.LANCZOS)
    small.save(file, "JPEG", quality=72, optimize=True)
    return "data:image/jpeg;base64," + base64.b64encode(file.getvalue()).decode()


def text(x: float, y: float, words: str, size: int, colour: str = INK, extra: str = "") -> str:
    """Return a line of text, centred."""
    return (
        f'<text x="{x:.0f}" y="{y:.0f}" font-size="{size}" fill="{colour}" '
        f'text-anchor="middle" {extra}>{words}</text>'
    )


def steps() -> list[str]:
    """Return the upper row: the photograph after each step."""
    width, height, top = 172, 115, 24
    parts = []
    for i, ((_, picture, _), words) in enumerate(zip(step_pictures(), STEPS, strict=False)):
        left = 20 + i * 197
        parts.append(
            f'<image x="{left}" y="{top}" width="{width}" height="{height}" '
            f'href="{embedded(picture)}"/>'
        )
        label = f"K{i}: {words}" if i else words
        parts.append(text(left + width / 2, top + height + 20, label, 14))
        if i:
            x, y = left - 21, top + height / 2
            parts.append(f'<path d="M{x} {y} h14 m-5 -5 l5 5 l-5 5" class="arrow"/>')
    return parts


def bars(left: float, values: np.ndarray, colour: str, words: str) -> list[str]:
    """Return decision values as bars up and down, with what was trained above them."""
    middle, unit = 272, 44 / np.abs(values).max()
    parts = [text(left + 150, 208, words, 15, INK, 'font-weight="600"')]
    parts.append(f'<path d="M{left} {middle} h300" stroke="{LINE}"/>')
    for i, value in enumerate(values):
        height = abs(value) * unit
        y = middle - height if value > 0 else middle
        x = left + 4 + i * 18.5
        parts.append(
            f'<rect x="{x:.1f}" y="{y:.1f}" width="12" height="{height:.1f}" fill="{colour}"/>'
        )
    parts.append(text(left + 150, 342, f"f(first query) = {float(values[0])!r}", 14, SOFT, MONOSPACE))
    return parts


MONOSPACE = 'font-family="ui-monospace, Consolas, DejaVu Sans Mono, monospace"'


def picture() -> str:
    """Return the whole as SVG, on a ground of its own: it is read in the light and in the dark."""
    plain, encrypted = (values.astype(float).tolist() for values in decision_values())
    parts = [
        *steps(),
        *bars(70, np.array(plain), PLAIN, "SVM trained on plain images"),
        *bars(630, np.array(encrypted), ENCRYPTED, "SVM trained on encrypted images"),
        text(500, 268, "=", 54, INK),
        text(500, 296, "the same SVM,", 15, INK),
        text(500, 316, "to the last bit", 15, INK),
    ]
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
            f'width="{WIDTH}" height="{HEIGHT}" role="img" '
            'font-family="system-ui, -apple-system, Segoe UI, Roboto, DejaVu Sans, sans-serif">',
            "<title>A photograph, the four steps of its encryption, and two SVMs with the same "
            "decision values</title>",
            "<style>.arrow { fill: none; stroke: #56616d; stroke-width: 2 }</style>",
            f'<rect width="{WIDTH}" height="{HEIGHT}" rx="14" fill="#f7f9fb" stroke="#d4dbe2"/>',
            *parts,
            "</svg>\n",
        ]
    )


if __name__ == "__main__":
    TARGET.write_text(picture(), encoding="utf-8")
