"""The attack: encrypted images in, a report out."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from etcprops._validation import as_function, as_integer, describe, reject
from etcprops.attacks.assembly import assemble
from etcprops.attacks.confidence import BY_CHANCE, chance, confidences, images_needed
from etcprops.attacks.frame import framed, solve
from etcprops.attacks.lattice import candidates, find_lattice
from etcprops.attacks.poses import INVERSE, Poses
from etcprops.attacks.report import RECOVERED, AttackOutcome, AttackReport
from etcprops.attacks.seams import LARGEST, ROUNDING, Borders, cut, find_seams
from etcprops.attacks.verification import brightness, fitting, in_order
from etcprops.scheme._pixels_given import Pixels, as_pixels
from etcprops.scheme.geometry import BlockGeometry
from etcprops.scheme.keys import EtCKey
from etcprops.scheme.pixels import decrypt
from etcprops.scheme.signed_permutation import SignedPermutation

if TYPE_CHECKING:
    from numpy.typing import NDArray

Progress = Callable[[int, int | None, str], None]

CALLER: Final = "attack"
FEWEST_BLOCKS: Final = 9
"""Below, loops are too few to be evidence."""
SMOOTH: Final = 0.2
"""Share of the variance within blocks that must be predictable: below it is noise."""


def attack(
    images: Pixels,
    *,
    block: int | None = None,
    planes: int | None = None,
    most: int = 64,
    progress: Progress | None = None,
) -> AttackReport:
    """Reconstruct encrypted images from nothing but themselves, if they share one key.

    The arrangement of blocks, their orientations, relative signs and orders of colour components
    are recovered from how well sides of blocks continue each other in all images at once. It shows
    what a common key gives away, before the first image leaves the client.

    Parameters
    ----------
    images : array_like, shape (N, H, W) or (N, H, W, 3), or one image without N
        Encrypted images under one key: uint8, or floats up to 1e15 such as z-scores of pixels,
        which keep the arrangement readable. Images of Pillow as `encrypt` takes them.
    block : int, optional
        Side of the blocks, at least 2; by default it is found from the images.
    planes : {1, 3}, optional
        3 for the grayscale-based scheme, which encrypts three planes side by side as one grey
        image: each is put together by itself, up to its own turn or reflection and sign. By default
        it is tried where one plane is not recovered.
    most : int, default=64
        How many images are looked at, evenly chosen; all are reconstructed.
    progress : callable, optional
        Called with the percent done of a step, None for those of a step of unknown length, and
        what the step is.

    Returns
    -------
    AttackReport
        With the reconstruction and its key, up to one turn or reflection of the whole.

    Raises
    ------
    InvalidParameterError
        If `images` are of several sizes or no images, or a block does not fit.

    Notes
    -----
    Needs time proportional to the square of the number of blocks times pixels of a side, memory in
    proportion to the pixels looked at.

    Examples
    --------
    >>> from etcprops import BlockGeometry, EtCKey, decrypt, encrypt
    >>> from etcprops.datasets import make_synthetic_faces
    >>> faces = make_synthetic_faces(people=3, lights=16, height=64, width=48)
    >>> key = EtCKey.from_secret(faces.geometry, "an example")
    >>> report = attack(encrypt(faces.images, key))
    >>> report.recovered, report.block
    (True, 8)
    >>> np.array_equal(decrypt(encrypt(faces.images, key), report.key), report.images)
    True
    """
    start = time.perf_counter()
    encrypted = _as_images(images)
    as_integer(most, "most", CALLER)
    _check_planes(planes, encrypted)
    chosen = evenly(encrypted, most)
    tell = as_function(progress, "progress", CALLER) or (lambda _done, _total, _step: None)
    tell(0, None, "looking for blocks")
    size, sure = _block_size(chosen, block)
    if size is None:
        found = _without_blocks(encrypted, chosen)
    else:
        height, width, *rest = encrypted.shape[1:]
        geometry = BlockGeometry(height, width, channels=3 if rest else 1, block=size)
        found = _solved(encrypted, chosen, geometry, planes or 1, tell)
        if planes is None and found.key is None and not rest and width % (3 * size) == 0:
            other = _solved(encrypted, chosen, geometry, 3, tell)
            found = other if other.confidence.mean() > found.confidence.mean() else found
    return AttackReport(
        **found._asdict(),
        encrypted=encrypted,
        block=size,
        block_confidence=sure,
        seconds=time.perf_counter() - start,
    )


class _Found(NamedTuple):
    """What an attack puts into its report."""

    outcome: AttackOutcome
    reason: str
    images: NDArray[Any]
    key: EtCKey | None
    confidence: NDArray[np.float64]
    places: NDArray[np.int64]
    fitting: NDArray[np.bool_]
    sign_known: bool = False
    images_needed: int | None = None


def _as_images(images: Any) -> NDArray[Any]:
    """Return a batch of grey or colour images, uint8 or float64; refuse the rest."""
    wanted = "be images of one size, N x H x W or N x H x W x 3, uint8 or floats"
    array = as_pixels(images, "images", CALLER, wanted)
    if array.ndim == 2 or (array.ndim == 3 and array.shape[2] == 3):
        array = array[None]
    if array.dtype != np.uint8 and array.dtype.kind != "f":
        reject("images", CALLER, wanted, describe(array))
    if array.ndim not in {3, 4} or array.shape[3:] not in {(), (3,)} or 0 in array.shape:
        reject("images", CALLER, wanted, describe(array))
    if array.dtype.kind == "f" and not (largest := float(np.abs(array).max())) <= LARGEST:
        reject("images", CALLER, f"be finite, up to {LARGEST:g} at most", f"{largest:g}.")
    return array


def _check_planes(planes: int | None, images: NDArray[Any]) -> None:
    """Refuse planes that are not one, or three of a grey image."""
    wanted = "be 1, or 3 for the grayscale-based scheme"
    if planes is not None and as_integer(planes, "planes", CALLER, 1, 3, wanted) == 2:
        reject("planes", CALLER, wanted, describe(planes))
    if planes == 3 and (images.ndim == 4 or images.shape[2] % 6):
        wanted = "be 1 unless images are grey and three planes wide"
        reject("planes", CALLER, wanted, f"{planes} with {describe(images)}")


def evenly(images: NDArray[Any], most: int) -> NDArray[Any]:
    """Return so many images, evenly chosen."""
    if len(images) <= most:
        return images
    return images[np.linspace(0, len(images) - 1, most).round().astype(np.int64)]


def _block_size(images: NDArray[Any], block: int | None) -> tuple[int | None, float]:
    """Return the side of blocks, None if there are none, and how sure it is."""
    height, width = images.shape[1:3]
    fitting = candidates(height, width)
    if block is not None:
        size = as_integer(block, "block", CALLER, least=2)
        if size not in fitting:
            wanted = f"divide {height} and {width} into two blocks or more"
            reject("block", CALLER, wanted, describe(size))
        return size, 1.0
    if not fitting:
        wanted = "have sides with a common divisor of at least 2, or come with block"
        reject("images", CALLER, wanted, describe(images))
    return find_lattice(images)


def _without_blocks(encrypted: NDArray[Any], images: NDArray[Any]) -> _Found:
    """Say what images without a lattice of lines look like."""
    if np.ptp(images.reshape(len(images), -1), axis=1).max() == 0:
        return _nothing(encrypted, "The images are constant.")
    if Borders(cut(images, _whole(images))).smoothness > SMOOTH:
        reason = "no lattice of lines interrupts the images, and neighbouring pixels are alike."
        return _nothing(encrypted, reason)._replace(outcome=AttackOutcome.PLAIN)
    return _nothing(encrypted, "Neighbouring pixels say nothing of each other: noise.")


def _whole(images: NDArray[Any]) -> BlockGeometry:
    """Return a geometry of blocks as large as can be."""
    height, width, *rest = images.shape[1:]
    size = candidates(height, width)[-1]
    return BlockGeometry(height, width, channels=3 if rest else 1, block=size)


def _nothing(encrypted: NDArray[Any], reason: str, n: int = 0) -> _Found:
    """Return what is found where nothing is."""
    fitting = np.zeros(len(encrypted), dtype=np.bool_)
    return _Found(
        AttackOutcome.NOTHING, reason, encrypted, None, np.zeros(n), np.arange(n), fitting
    )


def _solved(
    encrypted: NDArray[Any],
    chosen: NDArray[Any],
    geometry: BlockGeometry,
    planes: int,
    tell: Progress,
    *,
    again: bool = False,
) -> _Found:
    """Attack images whose blocks are known."""
    n = geometry.n_blocks
    if geometry.grid[1] % planes:
        wanted = f"divide the width of each of {planes} planes"
        reject("block", CALLER, wanted, f"{geometry.block}.")
    if n < FEWEST_BLOCKS * planes:
        few = f"{n} blocks are too few to tell a right arrangement from a wrong one."
        return _nothing(encrypted, few, n)
    blocks = cut(chosen, geometry)
    if np.ptp(blocks, axis=(-2, -1)).max() == 0:
        return _nothing(encrypted, "Every block is constant: no side says what continues it.", n)
    borders = Borders(blocks, ROUNDING if chosen.dtype == np.uint8 else 1e-5)
    del blocks
    what = f"{n} blocks of {geometry.block} x {geometry.block}"
    step = f"comparing sides of {what}"
    seams = find_seams(borders, progress=lambda share: tell(int(100 * share), 100, step))
    tell(0, None, f"joining {what}")
    frame = (geometry.grid[0], geometry.grid[1] // planes)
    tree = assemble(seams, frame)
    layout = framed(tree.poses, tree.largest()[0], frame)
    if chance(layout, tree.joined, tree.poses, seams, borders.orders) > BY_CHANCE:
        return _too_little(encrypted, borders, len(chosen))
    layout = solve(tree, geometry.grid, borders, seams, planes)
    confidence = np.empty(n)
    for part in np.split(layout, planes, axis=1):
        confidence[part.ravel()] = confidences(part, tree.poses, seams).ravel()
    key = key_of(tree.poses, geometry)
    fits = fitting(chosen, _decrypted(chosen, key), geometry)
    if not again and fits.any() and not fits.all():
        return _solved(encrypted, chosen[fits], geometry, planes, tell, again=True)
    needed = None if confidence.mean() >= RECOVERED else _more(borders, len(chosen))
    return _reported(encrypted, key, confidence, needed, planes)


def _more(borders: Borders, images: int) -> int | None:
    """Return how many images are needed, more than there were."""
    needed = images_needed(borders)
    return None if needed is None else max(needed, images + 1)


def _too_little(encrypted: NDArray[Any], borders: Borders, images: int) -> _Found:
    """Say why no arrangement was found."""
    n, needed = borders.n, images_needed(borders)
    if borders.smoothness < SMOOTH or needed is None:
        reason = (
            "Neighbouring pixels say nothing of each other within blocks: noise, or other blocks."
        )
        return _nothing(encrypted, reason, n)
    if needed < images:
        reason = (
            f"No arrangement continues the images, though some {needed} like these would do: the "
            f"{images} are not under one key, or their blocks are of another size."
        )
        return _nothing(encrypted, reason, n)
    reason = f"{_count(images)} too few to tell neighbours from all other blocks."
    return _nothing(encrypted, reason, n)._replace(images_needed=max(needed, images + 1))


def _count(images: int) -> str:
    return "One image is" if images == 1 else f"{images} images are"


def _reported(
    encrypted: NDArray[Any],
    key: EtCKey,
    confidence: NDArray[np.float64],
    needed: int | None,
    planes: int,
) -> _Found:
    """Return key and reconstruction, with the sign that brightness says."""
    share, size = float(confidence.mean()), key.geometry.block
    images = _decrypted(encrypted, key)
    fits = fitting(encrypted, images, key.geometry)
    shown = images[fits] if fits.any() else images
    sign, known = brightness(shown) if planes == 1 else (1, False)
    if sign < 0:
        key = _negated(key)
        images = _decrypted(encrypted, key)
    places = key.permutation if key.permutation is not None else np.arange(confidence.size)
    blocks = f"{confidence.size} blocks of {size} x {size}"
    blocks += " in three planes" if planes == 3 else ""
    whole = share >= RECOVERED
    reason = f"about {share:.1%} of {blocks} lie where they were, as they were."
    if whole and in_order(key):
        reason = f"the {blocks} lie in order: these images are not scrambled."
    outcome = AttackOutcome.RECOVERED if whole else AttackOutcome.PARTLY
    return _Found(
        outcome, reason, images, key if whole else None, confidence, places, fits, known, needed
    )


def _negated(key: EtCKey) -> EtCKey:
    """Return the key that decrypts to negatives of what this one does."""
    steps = {str(step): getattr(key, step) for step in key.steps}
    return EtCKey(key.geometry, **(steps | {"negatives": ~steps["negatives"]}))


def key_of(poses: Poses, geometry: BlockGeometry) -> EtCKey:
    """Return the key whose decryption gives each block its pose."""
    return EtCKey(
        geometry,
        permutation=poses.place @ (geometry.grid[1], 1),
        transforms=4 * poses.mirrored + (-poses.turns) % 4,
        negatives=poses.sign < 0,
        components=None if geometry.channels == 1 else INVERSE[poses.order],
    )


def _decrypted(images: NDArray[Any], key: EtCKey) -> NDArray[Any]:
    """Decrypt uint8 images, or floats about zero."""
    if images.dtype == np.uint8:
        return decrypt(images, key)
    there = SignedPermutation.from_key(key)
    vectors = images.reshape(len(images), -1)
    restored = np.empty_like(vectors)
    restored[:, there.source] = vectors * there.sign
    return restored.reshape(images.shape)
