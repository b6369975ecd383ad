"""Synthetic faces under 64 lights: the embedded stand-in for Extended Yale B, no real person in it.

Each subject is a surface with an albedo, drawn from a seed. Images follow the model of Georghiades,
Belhumeur and Kriegman (2001): a Lambertian surface under one distant light, with attached shadows
(where the normal turns away) and cast ones (where the surface stands in the light's way), so the
images of a subject lie in an illumination cone. Lights stand on rings about the camera's axis, out
to the side of the subject, much as in the database's five subsets.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from etcprops._validation import as_integer, describe, reject
from etcprops.datasets.image_set import ImageSet
from etcprops.scheme.geometry import BlockGeometry

if TYPE_CHECKING:
    from numpy.typing import NDArray

RINGS: Final = ((0, 1), (11, 8), (23, 12), (41, 14), (61, 15), (83, 14))
"""Degrees from the camera's axis, and how many of the 64 lights stand there."""

EXTENT: Final = (1.2, 1.0)
"""Half of the height and of the width of the picture, in units of half a face's width."""

MOST_SHADOW_STEPS: Final = 36

MOST_PIXELS: Final = 1 << 30
"""Of all images of a set; the paper's have 75 million."""


def light_directions(count: int = 64) -> NDArray[np.float64]:
    """Return unit vectors to the lights: right, up, to the camera.

    Parameters
    ----------
    count : int, default=64
        Fewer are taken evenly from the 64.

    Returns
    -------
    ndarray of float64, shape (count, 3)

    Examples
    --------
    >>> lights = light_directions()
    >>> lights.shape, lights[0].tolist()
    ((64, 3), [0.0, 0.0, 1.0])
    """
    directions = []
    for degrees, number in RINGS:
        # Half a step more on each ring, so that no two rings line up; never from far below.
        angles = (np.arange(number) + 0.5 * (degrees % 2)) / number * 2 * np.pi
        tilt = np.full(number, np.deg2rad(degrees))
        right, up = np.sin(tilt) * np.cos(angles), np.sin(tilt) * np.sin(angles)
        directions.append(np.stack([right, np.where(up < -0.5, 0.6 * up, up), np.cos(tilt)], 1))
    lights = np.concatenate(directions)
    lights /= np.linalg.norm(lights, axis=1, keepdims=True)
    return lights[np.linspace(0, len(lights) - 1, count).round().astype(np.int64)]


def make_synthetic_faces(
    *,
    people: int = 38,
    lights: int = 64,
    height: int = 192,
    width: int = 160,
    block: int = 8,
    seed: int = 0,
) -> ImageSet:
    """Return images of synthetic faces under many lights.

    Parameters
    ----------
    people : int, default=38
        How many subjects.
    lights : int, default=64
        Images of each, from 2 to 64.
    height, width : int
        Size; by default that of the paper.
    block : int, default=8
        Block size for encryption.
    seed : int, default=0
        Subjects, and the small shifts and noise of each picture, follow from it.

    Returns
    -------
    ImageSet
        Images of shape ``(people * lights, height, width)``; labels from 1.

    Raises
    ------
    InvalidParameterError
        If a parameter is out of range.

    References
    ----------
    A. Georghiades, P. Belhumeur, D. Kriegman, "From few to many: illumination cone models for face
    recognition under variable lighting and pose", IEEE PAMI 23(6), 2001.

    Examples
    --------
    >>> faces = make_synthetic_faces(people=2, lights=4, height=48, width=40)
    >>> faces.images.shape, faces.images.dtype, faces.labels.tolist()
    ((8, 48, 40), dtype('uint8'), [1, 1, 1, 1, 2, 2, 2, 2])
    """
    caller = "make_synthetic_faces"
    number = as_integer(people, "people", caller)
    lights = as_integer(lights, "lights", caller, 2, 64)
    geometry = BlockGeometry(height, width, block=block)
    if min(geometry.height, geometry.width) < 2:
        reject("height", caller, "be at least 2, as the width", f"{height} x {width}.")
    pixels = number * lights * geometry.n_pixels
    if pixels > MOST_PIXELS:
        reject("people", caller, f"make at most {MOST_PIXELS} pixels in all", describe(people))
    rng = np.random.default_rng(as_integer(seed, "seed", caller, least=0))
    directions = light_directions(lights)
    images = np.empty((number, lights, height, width), dtype=np.uint8)
    for subject in images:
        depth, albedo = _draw_face(rng, height, width)
        _render(subject, depth, albedo, directions, rng)
    labels = np.repeat(np.arange(1, number + 1), lights)
    return ImageSet("synthetic faces", images.reshape(-1, height, width), labels, geometry)


def _draw_face(
    rng: np.random.Generator, height: int, width: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return depth towards the camera and albedo of a new subject, each of shape (H, W)."""
    x = np.linspace(-EXTENT[1], EXTENT[1], width)
    y = np.linspace(EXTENT[0], -EXTENT[0], height)[:, None]

    def vary(mean: float, share: float) -> float:
        return float(mean * (1 + share * rng.uniform(-1, 1)))

    def bump(at: tuple[float, float], size: tuple[float, float]) -> NDArray[np.float64]:
        return np.exp(-(((x - at[0]) / size[0]) ** 2) - ((y - at[1]) / size[1]) ** 2)

    def smooth(scale: int) -> NDArray[np.float64]:
        coarse = rng.standard_normal((2 + height // scale, 2 + width // scale))
        return _enlarge(coarse, (height, width))

    # A head is an ellipsoid that stands upright; what is beside it is neck, hair and background.
    inside = 1 - (x / vary(1.05, 0.1)) ** 2 - (y / vary(1.35, 0.08)) ** 2
    depth = vary(0.85, 0.15) * np.sqrt(np.maximum(inside, 0.0) + 0.02)
    eyes, brows, mouth = vary(0.30, 0.25), vary(0.52, 0.15), vary(-0.55, 0.12)
    apart, tip = vary(0.42, 0.12), vary(-0.15, 0.4)
    nose = vary(0.16, 0.25)
    bridge = np.exp(-((x / nose) ** 2)) / (1 + np.exp(-(y - tip) / 0.035))
    slope = np.clip((eyes + 0.15 - y) / (eyes + 0.15 - tip), 0, 1)
    depth += vary(0.34, 0.25) * bridge * slope
    for side in (-1, 1):
        depth -= vary(0.12, 0.35) * bump((side * apart, eyes), (0.22, 0.13))
        depth += vary(0.07, 0.6) * bump((side * apart, brows), (0.28, 0.08))
        depth += vary(0.10, 0.7) * bump((side * vary(0.55, 0.1), -0.1), (0.25, 0.25))
    depth += vary(0.07, 0.4) * bump((0, mouth), (vary(0.3, 0.2), 0.09))
    depth -= vary(0.05, 0.4) * bump((0, mouth), (0.3, 0.02))
    depth += vary(0.12, 0.5) * bump((0, -0.95), (0.28, 0.16))
    depth += 0.02 * smooth(30) + 0.0015 * smooth(6)

    albedo = vary(0.62, 0.3) + 0.07 * smooth(30) + 0.02 * smooth(5)
    skin = albedo.mean()
    for side in (-1, 1):
        albedo -= skin * vary(0.55, 0.4) * bump((side * apart, brows + 0.03), (0.26, 0.045))
        albedo -= skin * vary(0.45, 0.3) * bump((side * apart, eyes), (0.11, 0.05))
    albedo -= skin * vary(0.3, 0.5) * bump((0, mouth), (0.26, 0.06))
    beard = max(0.0, rng.uniform(-0.5, 0.5)) * bump((0, -0.75), (0.6, 0.3))
    hairline = vary(0.98, 0.1)
    hair = 1 / (1 + np.exp(-(y - hairline + 0.25 * x**2) / 0.03))
    albedo = albedo * (1 - beard) * (1 - hair) + rng.uniform(0.08, 0.5) * hair
    return depth, np.clip(albedo, 0.03, 1.0)


def _render(
    out: NDArray[np.uint8],
    depth: NDArray[np.float64],
    albedo: NDArray[np.float64],
    lights: NDArray[np.float64],
    rng: np.random.Generator,
) -> None:
    """Draw a subject under each light into `out`, shape (lights, H, W)."""
    height, width = depth.shape
    step = 2 * EXTENT[1] / width
    down, right = np.gradient(depth, 2 * EXTENT[0] / height, step)
    normals = np.stack([-right, down, np.ones_like(depth)])
    normals /= np.linalg.norm(normals, axis=0)
    for picture, light in zip(out, lights, strict=True):
        shading = np.maximum(np.tensordot(light, normals, axes=1), 0.0)
        shading *= _lit(depth, light, step)
        # Exposures differ, and hardly any light comes back from the room.
        grey = rng.uniform(210, 310) * albedo * (shading + 0.02)
        shift = rng.integers(-1, 2, 2) * (height >= 96)
        rows = np.clip(np.arange(height) + shift[0], 0, height - 1)
        columns = np.clip(np.arange(width) + shift[1], 0, width - 1)
        grey = grey[rows[:, None], columns] + rng.normal(0, 1.5, grey.shape)
        picture[:] = np.clip(np.rint(grey), 0, 255)


def _lit(
    depth: NDArray[np.float64], light: NDArray[np.float64], step: float
) -> NDArray[np.float64]:
    """Return the share of light that reaches each pixel past the rest of the surface."""
    across = float(np.hypot(light[0], light[1]))
    if across < 0.2:
        return np.ones_like(depth)
    # March towards the light on every second pixel: how far does the surface stand above the ray?
    coarse = depth[::2, ::2]
    rise = light[2] / across
    above = np.full(coarse.shape, -1.0)
    reach = min(MOST_SHADOW_STEPS, max(coarse.shape) // 2)
    for pace in np.arange(2, reach, 1 + reach // 24):
        rows, columns = round(-pace * light[1] / across), round(pace * light[0] / across)
        there = _shifted(coarse, rows, columns)
        np.maximum(above, there - coarse - pace * 2 * step * rise, out=above)
    soft = np.clip(0.5 - above / (4 * step), 0.0, 1.0)
    return _enlarge(soft, depth.shape)


def _shifted(values: NDArray[np.float64], rows: int, columns: int) -> NDArray[np.float64]:
    """Return what stands so many rows and columns further on; beyond the edge there is nothing."""
    out = np.full(values.shape, -10.0)
    height, width = values.shape
    if abs(rows) < height and abs(columns) < width:
        to = (slice(max(0, -rows), height - max(0, rows)),
              slice(max(0, -columns), width - max(0, columns)))  # fmt: skip
        of = (slice(max(0, rows), height - max(0, -rows)),
              slice(max(0, columns), width - max(0, -columns)))  # fmt: skip
        out[to] = values[of]
    return out


def _enlarge(values: NDArray[np.float64], shape: tuple[int, ...]) -> NDArray[np.float64]:
    """Interpolate linearly to another shape."""
    for axis, size in enumerate(shape):
        position = np.linspace(0, values.shape[axis] - 1, size)
        low = np.minimum(position.astype(np.int64), values.shape[axis] - 2)
        share = (position - low)[:, None] if axis == 0 else position - low
        before, after = values.take(low, axis), values.take(low + 1, axis)
        values = before * (1 - share) + after * share
    return values
