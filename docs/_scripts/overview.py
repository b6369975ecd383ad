"""Draw the picture of the README: a photograph, the four steps, and the same SVM on both sides.

``python docs/_scripts/overview.py`` writes ``docs/_static/overview.svg``. The photograph is one of
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
WIDTH, HEIGHT = 740, 412
SIDE = (220, 147)  # of each of six cells, three in a row
STEPS = (
    "photograph",
    "K1: blocks move",
    "K2: blocks turn",
    "K3: some are negated",
    "K4: colours move",
)
INK, LINE = "#1f2933", "#c6ced6"
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


def text(x: float, y: float, words: str, size: int = 17) -> str:
    """Return a line of text, centred."""
    return (
        f'<text x="{x:.0f}" y="{y:.0f}" font-size="{size}" fill="{INK}" '
        f'text-anchor="middle">{words}</text>'
    )


def corner(cell: int) -> tuple[int, int]:
    """Return where a cell begins, from the left and from the top."""
    return 16 + cell % 3 * 244, 16 + cell // 3 * 200


def steps() -> list[str]:
    """Return the photograph, and what each step makes of it."""
    width, height = SIDE
    parts = []
    for cell, ((_, picture, _), words) in enumerate(zip(step_pictures(), STEPS, strict=False)):
        left, top = corner(cell)
        parts.append(
            f'<image x="{left}" y="{top}" width="{width}" height="{height}" '
            f'href="{embedded(picture)}"/>'
        )
        parts.append(text(left + width / 2, top + height + 24, words))
    return parts


def bars(top: float, values: np.ndarray, colour: str, words: str) -> list[str]:
    """Return decision values as bars up and down, with what was trained above them."""
    left, middle, unit = corner(5)[0], top + 46, 27 / np.abs(values).max()
    parts = [text(left + SIDE[0] / 2, top + 12, words, 15)]
    parts.append(f'<path d="M{left} {middle} h{SIDE[0]}" stroke="{LINE}"/>')
    for i, value in enumerate(values):
        height = abs(value) * unit
        y = middle - height if value > 0 else middle
        x = left + 4 + i * 13.5
        parts.append(
            f'<rect x="{x:.1f}" y="{y:.1f}" width="9" height="{height:.1f}" fill="{colour}"/>'
        )
    return parts


def picture() -> str:
    """Return the whole as SVG, on a ground of its own: it is read in the light and in the dark."""
    plain, encrypted = decision_values()
    left, top = corner(5)
    parts = [
        *steps(),
        *bars(top - 6, plain, PLAIN, "SVM trained on plain images"),
        *bars(top + 74, encrypted, ENCRYPTED, "SVM trained on encrypted"),
        text(left + SIDE[0] / 2, top + SIDE[1] + 24, "the same, to the last bit"),
    ]
    opening = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
        f'width="{WIDTH}" height="{HEIGHT}" role="img" '
        'font-family="system-ui, -apple-system, Segoe UI, Roboto, DejaVu Sans, sans-serif">'
    )
    title = "A photograph, the four steps of its encryption, and two SVMs that say the same"
    ground = f'<rect width="{WIDTH}" height="{HEIGHT}" rx="14" fill="#f7f9fb" stroke="#d4dbe2"/>'
    return "\n".join([opening, f"<title>{title}</title>", ground, *parts, "</svg>\n"])


if __name__ == "__main__":
    TARGET.write_text(picture(), encoding="utf-8")
