"""What encrypted images gave away, held against the plain ones by those who have both."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from etcprops._validation import as_integer
from etcprops.attacks.attacker import attack, evenly
from etcprops.attacks.comparison import compare
from etcprops.scheme import pixels

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray

    from etcprops.scheme.keys import EtCKey

MOST: Final = 32
"""Images under one key that are attacked: more make it no harder."""
BY_CHANCE: Final = 0.1
"""Share of blocks that may look right where nothing was found, as where images are flat."""


@dataclass(frozen=True)
class Exposure:
    """What an attack on encrypted images alone recovered.

    Attributes
    ----------
    images : int
        How many images under one key were attacked.
    recovered : bool
        Whether the attack says that it recovered the whole.
    right : float
        Share of blocks that are in their place and orientation in truth, from 0 to 1.
    """

    images: int
    recovered: bool
    right: float

    def __str__(self) -> str:
        what = f"{self.images} encrypted image{'s' if self.images > 1 else ''} alone"
        found = f"{100 * self.right:.3g} % of the blocks are found"
        if self.recovered:
            return f"{what} give their key away: {found}"
        if self.right > BY_CHANCE:
            return f"{what} give part of their key away: {found}"
        return f"etcprops attack found no key from {what}, which is no proof that nobody can"


def can_be_attacked(key: EtCKey) -> bool:
    """Tell whether there are sides of blocks to compare: two blocks of 2 x 2 or more."""
    return key.geometry.block > 1 and key.geometry.n_blocks > 1


def expose(
    images: NDArray[np.uint8],
    key: EtCKey,
    *,
    most: int = MOST,
    encrypt: Callable[[NDArray[np.uint8], EtCKey], NDArray[np.uint8]] = pixels.encrypt,
) -> Exposure:
    """Encrypt images under one key, attack them, and compare what is found with the truth.

    Parameters
    ----------
    images : ndarray of uint8, shape (N, H, W) or (N, H, W, 3)
        Plain images, of which `most` are taken, evenly chosen.
    key : EtCKey
        Their common key, of two blocks or more whose side is at least 2.
    most : int, default=32
        How many images are attacked.
    encrypt : callable, optional
        The encryption; by default that of `etcprops`.

    Returns
    -------
    Exposure

    Raises
    ------
    InvalidParameterError
        If images and key do not fit each other, or blocks are too large or small for an attack.

    Examples
    --------
    >>> from etcprops import EtCKey
    >>> from etcprops.datasets import make_synthetic_faces
    >>> faces = make_synthetic_faces(people=3, lights=16, height=64, width=48)
    >>> print(expose(faces.images, EtCKey.from_secret(faces.geometry, "an example")))
    32 encrypted images alone give their key away: 100 % of the blocks are found
    """
    plain = evenly(images, as_integer(most, "most", "expose", least=1))
    found = attack(encrypt(plain, key), block=key.geometry.block)
    return Exposure(len(plain), found.recovered, compare(found.images, plain, key.geometry).direct)
