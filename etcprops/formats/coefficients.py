"""Quantized coefficients of JPEG files, and encryption as what it does to them.

The elements of the dihedral group D4 act on a block's coefficients by transposition and by the
signs ``(-1)^u`` and ``(-1)^v``; negation by a sign, and in luminance, which JPEG counts from 128
and not from the middle 127.5, by ``-8 / step`` at the constant coefficient. So whoever holds a file
can encrypt it without decoding it, and the file is that of the encrypted picture (`exact_jpeg`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from etcprops._validation import describe, reject
from etcprops.formats.quantization import DC_STEPS, SIDE, as_table
from etcprops.scheme._immutable import Immutable, freeze
from etcprops.scheme.keys import N_TRANSFORMS, EtCKey, check_key

LARGEST: Final = 1 << 14
"""Of quantized coefficients, so that the negative of each has 16 bits too."""

_ALTERNATING: Final = np.array([1, -1] * (SIDE // 2), dtype=np.int8)


class JpegCoefficients(Immutable):
    """The quantized coefficients of a picture: one plane in grey, Y, Cb and Cr in colour.

    Immutable, comparable.

    Parameters
    ----------
    planes : sequence of ndarray of int16, shape (block rows, block columns, 8, 8)
        One, or three of which the latter two may have half the rows and columns (4:2:0); of
        magnitude up to 2^14.
    tables : sequence of array_like of int, shape (8, 8)
        The steps of each plane, from 1 to 255.

    Attributes
    ----------
    planes, tables : tuple of ndarray
        Read-only.

    Raises
    ------
    InvalidParameterError
        If planes or tables are no such arrays.

    Examples
    --------
    >>> grey = JpegCoefficients([np.zeros((2, 3, 8, 8), np.int16)], [np.full((8, 8), 4)])
    >>> grey
    JpegCoefficients(16 x 24, grey)
    """

    __slots__ = ("planes", "tables")

    planes: tuple[NDArray[np.int16], ...]
    tables: tuple[NDArray[np.int64], ...]

    def __init__(self, planes: Sequence[Any], tables: Sequence[Any]) -> None:
        caller = "JpegCoefficients"
        for name, value in (("planes", planes), ("tables", tables)):
            if not isinstance(value, Sequence):
                reject(name, caller, "be a sequence of arrays", describe(value))
        copies = tuple(_as_plane(plane, caller) for plane in planes)
        if len(copies) not in {1, 3}:
            reject("planes", caller, "be 1 (grey) or 3 (colour)", f"{len(copies)}.")
        (rows, columns), *others = (plane.shape[:2] for plane in copies)
        if set(others) - {(rows, columns), (rows / 2, columns / 2)} or len(set(others)) > 1:
            reject("planes", caller, "be 4:4:4 or 4:2:0", ", ".join(str(p.shape) for p in copies))
        steps = tuple(as_table(table, "tables", caller) for table in tables)
        if len(steps) != len(copies):
            reject("tables", caller, f"be {len(copies)}", f"{len(steps)}.")
        _hold(self, copies, steps)

    @classmethod
    def trusted(
        cls, planes: Sequence[NDArray[np.int16]], tables: Sequence[NDArray[np.int64]]
    ) -> JpegCoefficients:
        """Wrap arrays that are right by construction, without a copy or a look at them."""
        result = cls.__new__(cls)
        _hold(result, planes, tables)
        return result

    def __repr__(self) -> str:
        kind = "grey" if len(self.planes) == 1 else "4:2:0" if self.subsampled else "4:4:4"
        height, width = self.size
        return f"JpegCoefficients({height} x {width}, {kind})"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, JpegCoefficients):
            return NotImplemented
        mine, theirs = self._arrays(), other._arrays()
        return len(mine) == len(theirs) and all(
            np.array_equal(one, another) for one, another in zip(mine, theirs, strict=True)
        )

    def __hash__(self) -> int:
        return hash(tuple(array.tobytes() for array in self._arrays()))

    def _arrays(self) -> tuple[NDArray[Any], ...]:
        """Return planes and tables."""
        return (*self.planes, *self.tables)

    @property
    def size(self) -> tuple[int, int]:
        """Height and width of the picture in pixels."""
        rows, columns = self.planes[0].shape[:2]
        return rows * SIDE, columns * SIDE

    @property
    def subsampled(self) -> bool:
        """Whether Cb and Cr have half the rows and columns."""
        return self.planes[0].shape != self.planes[-1].shape

    @property
    def exact(self) -> bool:
        """Whether coding with these tables commutes with every encryption, bit by bit."""
        return self.tables[0][0, 0] in DC_STEPS and all(_symmetric(table) for table in self.tables)

    def row(self) -> NDArray[np.int32]:
        """Return the coefficients as one row of integers on which encryption is linear.

        Each is a multiple of its step, of the orthonormal transform of the picture less its
        mid-grey; all of Y, then Cb, then Cr. Encryption changes places and signs, nothing else, so
        inner products of two rows are the same integers for plain and for encrypted pictures.

        Returns
        -------
        ndarray of int32, shape (n,)

        Examples
        --------
        >>> white = JpegCoefficients([np.full((1, 1, 8, 8), 3, np.int16)], [np.full((8, 8), 2)])
        >>> white.row()[:3]
        array([10,  6,  6], dtype=int32)
        """
        parts = [
            plane * table.astype(np.int32)
            for plane, table in zip(self.planes, self.tables, strict=True)
        ]
        parts[0][..., 0, 0] += 4  # from 128 to 127.5, times 8
        return np.concatenate([part.ravel() for part in parts])


def _hold(
    instance: JpegCoefficients,
    planes: Sequence[NDArray[np.int16]],
    tables: Sequence[NDArray[np.int64]],
) -> None:
    """Set the fields of a new `instance`."""
    arrays: tuple[NDArray[Any], ...] = (*planes, *tables)
    for array in arrays:
        array.flags.writeable = False
    freeze(instance, planes=tuple(planes), tables=tuple(tables))


def encrypt_coefficients(coefficients: JpegCoefficients, key: EtCKey) -> JpegCoefficients:
    """Encrypt a coded picture without decoding it.

    Parameters
    ----------
    coefficients : JpegCoefficients
        Of a picture of the key's size.
    key : EtCKey
        With blocks of a multiple of 8 pixels, 16 where Cb and Cr are sub-sampled, and without the
        component shuffle, which takes Y, Cb and Cr to neither sums nor places of each other.

    Returns
    -------
    JpegCoefficients
        With the same tables: the coefficients of the encrypted picture, if the coding is exact.

    Raises
    ------
    InvalidParameterError
        If the key is for another size, blocks or components; if it turns blocks and a table is not
        symmetric; or if it negates and the DC step of Y does not divide 8.

    Examples
    --------
    >>> from etcprops import BlockGeometry, EtCKey
    >>> coded = JpegCoefficients([np.ones((1, 2, 8, 8), np.int16)], [np.full((8, 8), 4)])
    >>> key = EtCKey(BlockGeometry(8, 16), permutation=[1, 0], negatives=[0, 1])
    >>> encrypt_coefficients(coded, key).planes[0][0, :, 0, :2]
    array([[ 1,  1],
           [-3, -1]], dtype=int16)
    """
    caller = "encrypt_coefficients"
    _check(coefficients, key, caller)
    return _moved(coefficients, key, lambda plane, route: route.sign * plane.ravel()[route.source])


def decrypt_coefficients(coefficients: JpegCoefficients, key: EtCKey) -> JpegCoefficients:
    """Undo `encrypt_coefficients` under the same key: nothing of the coded picture is lost.

    Parameters
    ----------
    coefficients : JpegCoefficients
        Encrypted.
    key : EtCKey
        The key that encrypted them.

    Returns
    -------
    JpegCoefficients

    Raises
    ------
    InvalidParameterError
        As `encrypt_coefficients`.

    Examples
    --------
    >>> from etcprops import BlockGeometry, EtCKey
    >>> coded = JpegCoefficients([np.ones((1, 2, 8, 8), np.int16)], [np.full((8, 8), 4)])
    >>> key = EtCKey.from_secret(BlockGeometry(8, 16), "an example")
    >>> decrypt_coefficients(encrypt_coefficients(coded, key), key) == coded
    True
    """
    caller = "decrypt_coefficients"
    _check(coefficients, key, caller)

    def undone(plane: NDArray[Any], route: Route) -> NDArray[Any]:
        found = np.empty_like(plane).ravel()
        found[route.source] = route.sign * plane.ravel()
        return found

    return _moved(coefficients, key, undone)


class Route(NamedTuple):
    """Where each coefficient of a row comes from, and its sign; flat."""

    source: NDArray[np.int64]
    sign: NDArray[np.int8]


def row_map(key: EtCKey, *, subsampled: bool = False) -> Route:
    """Return encryption as a signed permutation of the rows of `JpegCoefficients.row`.

    Parameters
    ----------
    key : EtCKey
        As for `encrypt_coefficients`.
    subsampled : bool, default=False
        Whether Cb and Cr have half the rows and columns; colour only.

    Returns
    -------
    Route
        ``source`` and ``sign``, such that encryption takes ``row`` to ``sign * row[source]``.

    Raises
    ------
    InvalidParameterError
        If the key's blocks or steps do not fit.

    Examples
    --------
    >>> from etcprops import BlockGeometry, EtCKey
    >>> key = EtCKey(BlockGeometry(8, 8), transforms=[4])  # left and right exchanged
    >>> row_map(key).sign[:4]
    array([ 1, -1,  1, -1], dtype=int8)
    """
    _check_key(key, "row_map", subsampled=subsampled)
    colour = key.geometry.channels == 3
    routes = [_route(key, SIDE), *[_route(key, SIDE * (1 + subsampled))] * (2 * colour)]
    starts = np.cumsum([0, *(route.source.size for route in routes)])
    source = [route.source + start for route, start in zip(routes, starts[:-1], strict=True)]
    return Route(np.concatenate(source), np.concatenate([route.sign for route in routes]))


def _as_plane(value: Any, caller: str) -> NDArray[np.int16]:
    """Return a copy of `value` if it is a plane of blocks."""
    wanted = "be arrays of int16 and shape (rows, columns, 8, 8)"
    if not isinstance(value, np.ndarray) or value.dtype != np.int16:
        reject("planes", caller, wanted, describe(value))
    if value.ndim != 4 or value.shape[2:] != (SIDE, SIDE) or not value.size:
        reject("planes", caller, wanted, describe(value))
    largest = max(-int(value.min()), int(value.max()))
    if largest > LARGEST:
        reject("planes", caller, f"be of magnitude up to {LARGEST}", f"{largest}.")
    return value.copy()


def _symmetric(table: NDArray[np.int64]) -> bool:
    """Tell whether turns of a block leave its steps as they are."""
    return np.array_equal(table, table.T)


def _check(coefficients: Any, key: Any, caller: str) -> None:
    """Refuse a key that does not fit the coded picture."""
    if not isinstance(coefficients, JpegCoefficients):
        reject("coefficients", caller, "be JpegCoefficients", describe(coefficients))
    _check_key(key, caller, subsampled=coefficients.subsampled)
    geometry = key.geometry
    size = (*coefficients.size, len(coefficients.planes))
    if (geometry.height, geometry.width, geometry.channels) != size:
        reject("key", caller, "be for {} x {} pixels of {}".format(*size), describe(geometry))
    if key.transforms is not None and not all(map(_symmetric, coefficients.tables)):
        reject("key", caller, "have no transforms where a table is not symmetric", describe(key))
    step = coefficients.tables[0][0, 0]
    if key.negatives is not None and 8 % step:
        wanted = "have no negatives where the DC step of Y does not divide 8"
        reject("key", caller, wanted, f"the step {step}.")


def _check_key(key: Any, caller: str, *, subsampled: bool) -> None:
    """Refuse a key whose blocks are none of the file's, or which shuffles components."""
    side = SIDE * (1 + subsampled)
    if check_key(key, caller).geometry.block % side:
        reject("key", caller, f"have blocks of a multiple of {side} pixels", describe(key))
    if key.components is not None:
        reject("key", caller, "have no component shuffle", describe(key))
    if subsampled and key.geometry.channels == 1:
        reject("subsampled", caller, "be False for a grey geometry", "True.")


def _moved(
    coefficients: JpegCoefficients,
    key: EtCKey,
    move: Callable[[NDArray[Any], Route], NDArray[Any]],
) -> JpegCoefficients:
    """Move every plane, the luminance less its mid-grey so that negation is a sign."""
    middle = 4 / coefficients.tables[0][0, 0]
    rows = coefficients.size[0]
    planes = []
    for index, plane in enumerate(coefficients.planes):
        route = _route(key, rows // plane.shape[0])
        halves = 2 * plane.astype(np.int32)  # the middle may be half a step
        halves[..., 0, 0] += round(2 * middle) if index == 0 else 0
        halves = move(halves, route).reshape(plane.shape)
        halves[..., 0, 0] -= round(2 * middle) if index == 0 else 0
        planes.append((halves // 2).astype(np.int16))
    return JpegCoefficients.trusted(planes, coefficients.tables)


def _route(key: EtCKey, side: int) -> Route:
    """Encrypt the picture of places of a plane whose 8 x 8 blocks show `side` pixels squared."""
    geometry = key.geometry
    rows, columns = geometry.grid
    inner = geometry.block // side  # coded blocks along a block of the key
    shape = (rows, inner, columns, inner, SIDE, SIDE)
    places = np.arange(np.prod(shape)).reshape(shape)
    places = places.swapaxes(1, 2).reshape(-1, inner, inner, SIDE, SIDE)
    if key.permutation is not None:
        places = places[key.permutation]
    signs = np.ones(places.shape, dtype=np.int8)
    if key.transforms is not None:
        for code in range(N_TRANSFORMS):
            chosen = key.transforms == code
            places[chosen], signs[chosen] = _transformed(places[chosen], signs[chosen], code)
    if key.negatives is not None:
        signs[key.negatives] *= -1

    def joined(part: NDArray[Any]) -> NDArray[Any]:
        tiles = part.reshape(rows, columns, inner, inner, SIDE, SIDE)
        return tiles.swapaxes(1, 2).ravel()

    return Route(joined(places), joined(signs))


def _transformed(
    places: NDArray[np.int64], signs: NDArray[np.int8], code: int
) -> tuple[NDArray[np.int64], NDArray[np.int8]]:
    """Transform blocks of coded blocks: quarter turns counter-clockwise, then a mirror."""
    for _ in range(code % 4):
        # A turn is a transposition and a mirror up-down.
        places = np.rot90(places, axes=(1, 2)).swapaxes(3, 4)
        signs = np.rot90(signs, axes=(1, 2)).swapaxes(3, 4) * _ALTERNATING[:, None]
    if code >= 4:
        places, signs = np.flip(places, axis=2), np.flip(signs, axis=2) * _ALTERNATING
    return places, signs
