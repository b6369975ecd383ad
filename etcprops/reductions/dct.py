"""Coefficients of a block-wise discrete cosine transform, in integers.

A set of coefficients that holds (v, u) with every (u, v) is equivariant: a quarter turn
exchanges rows and columns, a mirror changes the sign of the odd cosines, negation of all. The
transform is that of Ahmed, Natarajan and Rao (1974), the integers that stand for its cosines are
chosen as in video coding.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from scipy.sparse import csr_array

from etcprops._validation import as_choice, as_integer, describe, reject
from etcprops.reductions.linear import LinearReduction

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from etcprops.scheme.geometry import BlockGeometry

SCALE = 64
"""What a cosine of amplitude 1 is multiplied by before it is rounded."""


class BlockDCT(LinearReduction):
    """Some coefficients of the DCT of every block and component, computed in integers.

    Parameters
    ----------
    geometry : BlockGeometry
        Image and block size.
    coefficients : int or sequence of (int, int), default=3
        How many a block, taken by rising frequency so that (u, v) and (v, u) go together; or the
        pairs themselves, ``u`` down and ``v`` to the right, from 0 to ``B - 1``, each once.
    components : {"separate", "sum"}, default="separate"
        Whether each component of a colour image has its coefficients, or their sum: the shuffle of
        components changes nothing then.

    Raises
    ------
    InvalidParameterError
        In `fit` and `matrix`: if a parameter is none of these.

    Notes
    -----
    The cosines are rounded to integers after multiplication by 64 (91 for ``u > 0``, as in the
    orthonormal transform), so they are even or odd about the middle of the block exactly, and the
    coefficients of 8-bit images are integers: no order of summation matters, and encryption changes
    the places and signs of coefficients, to the last bit. The rows are those of the orthonormal DCT
    times 4096 B, to within one part in a hundred; a z-score takes the factor away.

    A set without (v, u) for some (u, v) does not commute with quarter turns. Of each size from 1 to
    ``B^2`` there is a set that does.

    Features are in the order of the blocks, within one in that of the coefficients, within one in
    that of the components.

    References
    ----------
    N. Ahmed, T. Natarajan, K. R. Rao, "Discrete cosine transform", IEEE Transactions on Computers
    C-23, 90-93 (1974).

    Examples
    --------
    >>> import numpy as np
    >>> from etcprops import BlockGeometry, EtCKey, encrypt
    >>> geometry = BlockGeometry(16, 8)
    >>> images = np.random.default_rng(0).integers(0, 256, (5, 16, 8), dtype=np.uint8)
    >>> key = EtCKey.from_secret(geometry, "an example")
    >>> reduction = BlockDCT(geometry, 6).fit(images.reshape(5, 128))
    >>> reduction.pairs()
    [(0, 0), (0, 1), (1, 0), (1, 1), (0, 2), (2, 0)]
    >>> plain = reduction.transform(images.reshape(5, 128))
    >>> encrypted = reduction.transform(encrypt(images, key).reshape(5, 128))
    >>> plain.shape, np.array_equal(encrypted, reduction.induced(key).apply(plain))
    ((5, 12), True)
    >>> bool(BlockDCT(geometry, [(0, 0), (0, 1)]).is_equivariant("transforms"))
    False
    """

    def __init__(
        self,
        geometry: BlockGeometry,
        coefficients: int | Sequence[tuple[int, int]] = 3,
        *,
        components: Literal["separate", "sum"] = "separate",
    ) -> None:
        self.geometry = geometry
        self.coefficients = coefficients
        self.components = components

    def pairs(self) -> list[tuple[int, int]]:
        """Return the coefficients that are kept of every block, as pairs (u, v)."""
        side, caller = self.geometry.block, "BlockDCT"
        wanted = f"be a number from 1 to {side**2} or different pairs (u, v) below {side}"
        chosen: Any = self.coefficients
        if isinstance(chosen, (int, np.integer)):
            return symmetric_pairs(side, as_integer(chosen, "coefficients", caller, 1, side**2))
        try:
            pairs = [(int(u), int(v)) for u, v in chosen]
        except (TypeError, ValueError):
            reject("coefficients", caller, wanted, describe(chosen))
        inside = all(0 <= w < side for pair in pairs for w in pair)
        if not pairs or not inside or len(set(pairs)) != len(pairs):
            reject("coefficients", caller, wanted, describe(chosen))
        return pairs

    def _build(self) -> csr_array:
        geometry, pairs = self.geometry, np.array(self.pairs())
        as_choice(self.components, ("separate", "sum"), "components", "BlockDCT")
        side, blocks, channels = geometry.block, geometry.n_blocks, geometry.channels
        cosines = integer_cosines(side)
        # One row for each block, coefficient and component (or sum), one entry for each pixel.
        block, channel, row, column = np.ogrid[:blocks, :channels, :side, :side]
        summed = channels if self.components == "sum" else 1
        indices = geometry.flat_index(block, row, column, channel)
        indices = indices.reshape(blocks, 1, channels // summed, -1)
        values = cosines[pairs[:, 0], None, :, None] * cosines[pairs[:, 1], None, None, :]
        values = np.broadcast_to(values, (len(pairs), summed, side, side))
        values = values.reshape(1, len(pairs), 1, -1)
        shape = blocks, len(pairs), channels // summed, summed * side**2
        columns = np.broadcast_to(indices, shape).ravel()
        starts = np.arange(0, columns.size + 1, shape[-1])
        entries = np.broadcast_to(values, shape).ravel()
        return csr_array((entries, columns, starts), shape=(len(starts) - 1, geometry.n_pixels))


def integer_cosines(side: int) -> NDArray[np.int64]:
    """Return the DCT's cosines as integers, one frequency a row.

    Parameters
    ----------
    side : int
        Number of pixels B.

    Returns
    -------
    ndarray of int64, shape (B, B)
        Row ``u`` is even about the middle for even ``u``, odd for odd ``u``.

    Examples
    --------
    >>> integer_cosines(4)
    array([[ 64,  64,  64,  64],
           [ 84,  35, -35, -84],
           [ 64, -64, -64,  64],
           [ 35, -84,  84, -35]])
    """
    u, i = np.ogrid[:side, :side]
    amplitude = np.where(u > 0, np.sqrt(2.0), 1.0) * SCALE
    cosines: NDArray[np.int64] = np.rint(
        amplitude * np.cos(np.pi * u * (2 * i + 1) / (2 * side))
    ).astype(np.int64)
    # Mirrored, not computed twice: the symmetry is exact, whatever the library's cosine. In the
    # middle of an odd side odd cosines are zero, to far less than what is rounded.
    half = side // 2
    cosines[:, side - half :] = cosines[:, half - 1 :: -1][:, :half] * np.where(u % 2, -1, 1)
    return cosines


def symmetric_pairs(side: int, count: int) -> list[tuple[int, int]]:
    """Return `count` pairs (u, v) of low frequency, with every pair the exchanged one.

    Ordered by ``u + v``, then by ``|u - v|``. Where one place is left but two are needed, the next
    pair (u, u) is taken.

    Examples
    --------
    >>> symmetric_pairs(8, 2), symmetric_pairs(8, 3)
    ([(0, 0), (1, 1)], [(0, 0), (0, 1), (1, 0)])
    """
    order = [(u, v) for u in range(side) for v in range(u, side)]
    order.sort(key=lambda pair: (sum(pair), pair[1] - pair[0]))
    chosen: list[tuple[int, int]] = []
    for u, v in order:
        if len(chosen) + 1 + (u != v) <= count:
            chosen += [(u, v)] if u == v else [(u, v), (v, u)]
    return chosen
