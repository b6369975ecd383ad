"""Keys of the EtC scheme: the four random sequences K1 to K4, how they are drawn and stored.

A key is data with a geometry: what the steps do to pixels stands in `pixels` and, independently,
in `matrices`. Draws are unbiased (rejection, never modulo), from SHAKE-256 (FIPS 202) with a
separate domain for each step, or from the operating system.
"""

from __future__ import annotations

import math
import secrets
from collections.abc import Callable, Iterable
from contextlib import suppress
from enum import StrEnum
from os import PathLike
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from etcprops import _documents
from etcprops._validation import (
    InvalidParameterError,
    as_bits,
    as_codes,
    as_permutation,
    describe,
    nearest_name,
    reject,
)
from etcprops.scheme import _key_files
from etcprops.scheme._drawing import Shake256Stream, draw_below, draw_permutation
from etcprops.scheme._immutable import Immutable, freeze
from etcprops.scheme.geometry import BlockGeometry, check_geometry


class Step(StrEnum):
    """The four steps, in their order; the values are fields of `EtCKey`; ``Step("K1")`` is one."""

    PERMUTATION = "permutation"
    TRANSFORMS = "transforms"
    NEGATIVES = "negatives"
    COMPONENTS = "components"

    @classmethod
    def _missing_(cls, value: object) -> Step | None:
        """Return the step of K1, K2, K3 or K4."""
        codes = {f"K{number}": step for number, step in enumerate(cls, 1)}
        return codes.get(value.upper()) if isinstance(value, str) else None


STEP_NAMES: Final = {
    Step.PERMUTATION: "block scramble",
    Step.TRANSFORMS: "rotation and inversion",
    Step.NEGATIVES: "negative-positive transform",
    Step.COMPONENTS: "component shuffle",
}
"""The steps in words, for reports."""

ALL: Final = frozenset(Step)
"""Every step that the geometry has: grey images have no component shuffle."""

COMPONENT_ORDERS: Final = ((0, 1, 2), (0, 2, 1), (1, 0, 2), (1, 2, 0), (2, 0, 1), (2, 1, 0))
"""K4's codes: output component ``c`` is input component ``COMPONENT_ORDERS[code][c]``."""

N_TRANSFORMS: Final = 8
"""K2's codes: ``code % 4`` quarter turns counter-clockwise, then a mirror left-right if >= 4."""

_FORMAT: Final = "etcprops.EtCKey"
_DRAWING: Final = f"{_FORMAT}/v1"  # of how keys are drawn, whatever version their text has


class EtCKey(Immutable):
    """One key: K1 to K4 for a geometry. Immutable, comparable, hashable.

    Parameters
    ----------
    geometry : BlockGeometry
        What the key is for.
    permutation : array_like of int, shape (n_blocks,), optional
        K1: output block ``b`` is input block ``permutation[b]``.
    transforms : array_like of int in [0, 8), shape (n_blocks,), optional
        K2: the element of the dihedral group D4 for each output block; ``t % 4`` quarter turns
        counter-clockwise, followed by a left-right mirror where ``t >= 4``.
    negatives : array_like of bool, shape (n_blocks,), optional
        K3: the output blocks in which ``x`` becomes ``255 - x``.
    components : array_like of int in [0, 6), shape (n_blocks,), optional
        K4: index into `COMPONENT_ORDERS` for each output block; colour geometries only.

    A sequence that is not given is a step that is not part of the scheme: the attribute is
    ``None`` and the step does nothing.

    Raises
    ------
    InvalidParameterError
        If a sequence has the wrong length, type or range, K1 is no permutation, or K4 comes with
        a grey geometry.

    Notes
    -----
    `repr` shows the geometry and the steps, never the secret sequences.

    Examples
    --------
    >>> key = EtCKey(BlockGeometry(4, 4, block=2), permutation=[3, 0, 1, 2], negatives=[0, 1, 0, 0])
    >>> key
    EtCKey(BlockGeometry(height=4, width=4, channels=1, block=2), steps=permutation+negatives)
    >>> EtCKey.from_json(key.to_json()) == key
    True
    """

    __slots__ = ("__weakref__", "components", "geometry", "negatives", "permutation", "transforms")

    geometry: BlockGeometry
    permutation: NDArray[np.int64] | None
    transforms: NDArray[np.int64] | None
    negatives: NDArray[np.bool_] | None
    components: NDArray[np.int64] | None

    def __init__(
        self,
        geometry: BlockGeometry,
        *,
        permutation: ArrayLike | None = None,
        transforms: ArrayLike | None = None,
        negatives: ArrayLike | None = None,
        components: ArrayLike | None = None,
    ) -> None:
        caller = "EtCKey"
        size = check_geometry(geometry, caller).n_blocks
        if components is not None and geometry.channels == 1:
            got = f"{type(components).__name__}."  # the sequence itself is secret
            reject("components", caller, "be None for a grey geometry", got)
        freeze(
            self,
            geometry=geometry,
            permutation=None
            if permutation is None
            else as_permutation(permutation, size, "permutation", caller),
            transforms=None
            if transforms is None
            else as_codes(transforms, size, N_TRANSFORMS, "transforms", caller),
            negatives=None if negatives is None else as_bits(negatives, size, "negatives", caller),
            components=None
            if components is None
            else as_codes(components, size, len(COMPONENT_ORDERS), "components", caller),
        )

    def __reduce__(self) -> tuple[Callable[[str], EtCKey], tuple[str]]:
        return EtCKey.from_json, (self.to_json(),)

    def __repr__(self) -> str:
        steps = "+".join(self.steps) or "none"
        return f"EtCKey({self.geometry!r}, steps={steps})"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, EtCKey):
            return NotImplemented
        return self.geometry == other.geometry and all(
            (mine is None) == (theirs is None) and (mine is None or np.array_equal(mine, theirs))
            for mine, theirs in ((getattr(self, s), getattr(other, s)) for s in Step)
        )

    def __hash__(self) -> int:
        sequences = (getattr(self, step) for step in Step)
        return hash((self.geometry, *(None if s is None else s.tobytes() for s in sequences)))

    @property
    def steps(self) -> tuple[Step, ...]:
        """The steps that the key has, in the order in which they are applied."""
        return tuple(step for step in Step if getattr(self, step) is not None)

    @classmethod
    def generate(cls, geometry: BlockGeometry, *, steps: Iterable[str] = ALL) -> EtCKey:
        """Draw a key from the operating system's randomness.

        Parameters
        ----------
        geometry : BlockGeometry
            What the key is for.
        steps : iterable of str, default=ALL
            The steps to draw; see `Step`. `ALL` means every step that the geometry has.

        Examples
        --------
        >>> [str(step) for step in EtCKey.generate(BlockGeometry(16, 16)).steps]
        ['permutation', 'transforms', 'negatives']
        """
        caller = "EtCKey.generate"
        chosen = check_steps(steps, check_geometry(geometry, caller), caller)
        return cls._draw(geometry, chosen, lambda _step: secrets.token_bytes)

    @classmethod
    def from_secret(
        cls, geometry: BlockGeometry, secret: bytes | str, *, steps: Iterable[str] = ALL
    ) -> EtCKey:
        """Derive a key from a secret: the same secret and geometry always give the same key.

        Every step reads its own SHAKE-256 stream, separated by the step's name and by the
        geometry, so a subset of the steps agrees with the full key, and one secret gives
        unrelated keys for two geometries.

        Parameters
        ----------
        geometry : BlockGeometry
            What the key is for.
        secret : bytes or str
            Not empty; a str is encoded as UTF-8. The key is no harder to guess than this: use 32
            random bytes, not a password.
        steps : iterable of str, default=ALL
            The steps to draw; see `Step`. `ALL` means every step that the geometry has.

        References
        ----------
        NIST FIPS 202, SHA-3 Standard: Permutation-Based Hash and Extendable-Output Functions, 2015.

        Examples
        --------
        >>> geometry = BlockGeometry(4, 4, block=2)
        >>> EtCKey.from_secret(geometry, "an example").permutation.tolist()
        [3, 1, 2, 0]
        """
        caller = "EtCKey.from_secret"
        chosen = check_steps(steps, check_geometry(geometry, caller), caller)
        if not isinstance(secret, (bytes, str)) or not secret:
            # The value itself is a secret: only its type may show.
            reject("secret", caller, "be bytes or str and not empty", f"{type(secret).__name__}.")
        octets = None
        with suppress(UnicodeEncodeError):  # which carries the secret: never a context of ours
            octets = secret.encode() if isinstance(secret, str) else secret
        if octets is None:
            reject("secret", caller, "be encodable as UTF-8", "a str with lone surrogates.")
        sizes = ",".join(f"{name}={size}" for name, size in geometry.to_dict().items())

        def reader(step: Step) -> Callable[[int], bytes]:
            domain = f"{_DRAWING}/{sizes}/{step}\0".encode()
            return Shake256Stream(domain + octets).read

        return cls._draw(geometry, chosen, reader)

    @classmethod
    def _draw(
        cls,
        geometry: BlockGeometry,
        steps: frozenset[Step],
        reader: Callable[[Step], Callable[[int], bytes]],
    ) -> EtCKey:
        """Draw each of `steps` from the source of bytes that `reader` gives for it."""
        size = geometry.n_blocks
        bounds = {Step.TRANSFORMS: N_TRANSFORMS, Step.NEGATIVES: 2, Step.COMPONENTS: 6}
        sequences: dict[str, NDArray[np.int64]] = {
            str(step): draw_permutation(reader(step), size)
            if step is Step.PERMUTATION
            else draw_below(reader(step), bounds[step], size)
            for step in steps
        }
        return cls(geometry, **sequences)

    def key_space_size(self) -> int:
        """Return the exact number of nominal keys with this geometry and these steps.

        The product over the steps of ``n_blocks!`` (K1), ``8 ** n_blocks`` (K2),
        ``2 ** n_blocks`` (K3) and ``6 ** n_blocks`` (K4). Nominal: two keys may give one map
        when ``B = 1``, where the 8 transforms are all the identity.

        Examples
        --------
        >>> EtCKey.from_secret(BlockGeometry(2, 4, block=2), "s").key_space_size()
        512
        """
        size = self.geometry.n_blocks
        codes = {Step.TRANSFORMS: N_TRANSFORMS, Step.NEGATIVES: 2, Step.COMPONENTS: 6}
        orders = math.factorial(size) if Step.PERMUTATION in self.steps else 1
        per_block: int = math.prod(codes.get(step, 1) for step in self.steps)
        return int(orders * per_block**size)

    def key_space_bits(self) -> float:
        """Return log2 of the nominal key space, ``log2(n_blocks!) + n_blocks * (3 + 1 + log2 6)``.

        The terms are those of the steps that the key has, in the order K1, K2, K3, K4;
        `key_space_size` is the exact number. This counts keys, not work for an attacker: one
        chosen image under the key recovers it.

        Examples
        --------
        >>> EtCKey.from_secret(BlockGeometry(2, 4, block=2), "s").key_space_bits()
        9.0
        """
        size = self.geometry.n_blocks
        per_block = {Step.TRANSFORMS: 3.0, Step.NEGATIVES: 1.0, Step.COMPONENTS: math.log2(6)}
        bits = size * sum(per_block.get(step, 0.0) for step in self.steps)
        if Step.PERMUTATION in self.steps:
            bits += math.lgamma(size + 1) / math.log(2)
        return bits

    def to_json(self) -> str:
        """Return the key as JSON text with format name, version and geometry."""
        sequences = {str(step): getattr(self, step) for step in Step}
        content: dict[str, Any] = {"geometry": self.geometry.to_dict()}
        for name, sequence in sequences.items():
            content[name] = None if sequence is None else sequence.astype(np.int64).tolist()
        return _documents.write(_FORMAT, content)

    @classmethod
    def from_json(cls, text: str) -> EtCKey:
        """Read a key that `to_json` wrote.

        Raises
        ------
        InvalidParameterError
            If the text is no JSON (truncated, say), of another format or version, or does not
            describe a valid key.
        """
        caller = "EtCKey.from_json"
        document = _documents.read(text, _FORMAT, caller)
        fields = {"format", "version", "geometry", *Step}
        if set(document) != fields:
            wrong = ", ".join(sorted(set(document) ^ fields))
            reject("text", caller, f"have the fields {', '.join(sorted(fields))}", f"{wrong}.")
        sizes = document["geometry"]
        if not isinstance(sizes, dict) or set(sizes) != {"height", "width", "channels", "block"}:
            wanted = "have height, width, channels and block as its geometry"
            reject("text", caller, wanted, f"{type(sizes).__name__}.")
        return cls(BlockGeometry(**sizes), **{str(step): document[step] for step in Step})

    def save(self, path: str | PathLike[str], *, overwrite: bool = False) -> None:
        """Write the key to a file that only its owner can read (mode 0600), whole or not at all.

        Parameters
        ----------
        path : str or PathLike
            The file; its text is that of `to_json`.
        overwrite : bool, default=False
            Whether a file that is there is lost, and with it what only its key decrypts.

        Raises
        ------
        InvalidParameterError
            If the file is there, or cannot be written.

        Examples
        --------
        >>> from tempfile import TemporaryDirectory
        >>> key = EtCKey.generate(BlockGeometry(16, 16))
        >>> with TemporaryDirectory() as folder:
        ...     key.save(f"{folder}/key.json")
        ...     EtCKey.load(f"{folder}/key.json") == key
        True
        """
        _key_files.save(self.to_json(), path, "EtCKey.save", overwrite=overwrite)

    @classmethod
    def load(cls, path: str | PathLike[str]) -> EtCKey:
        """Read a key that `save` wrote.

        Raises
        ------
        InvalidParameterError
            If the file cannot be read, or holds no key.
        """
        caller = "EtCKey.load"
        file = _key_files.as_path(path, caller)
        text = _key_files.load(file, caller)
        try:
            return cls.from_json(text)
        except InvalidParameterError as error:
            reject("path", caller, _key_files.HOLDS_A_KEY, f"{str(file)!r}: {error}")


def check_steps(steps: Iterable[str], geometry: BlockGeometry, caller: str) -> frozenset[Step]:
    """Return `steps` as a set of `Step`; `ALL` loses the component shuffle for grey images."""
    wanted = f"hold names from {', '.join(Step)}, or K1 to K4"
    if isinstance(steps, str):
        reject("steps", caller, f"be a collection, and {wanted}", describe(steps))
    names = [*steps] if np.iterable(steps) else [steps]
    try:
        chosen = frozenset(Step(step) for step in names)
    except (TypeError, ValueError):
        near = (
            nearest_name(name, Step)
            for name in names
            if isinstance(name, str) and name not in [*Step]
        )
        reject("steps", caller, wanted, describe(steps) + next(filter(None, near), ""))
    if geometry.channels == 1 and Step.COMPONENTS in chosen:
        if chosen != ALL:
            got = "components for a grey geometry."
            reject("steps", caller, "fit the geometry", got)
        chosen -= {Step.COMPONENTS}
    return chosen


def check_key(value: Any, caller: str) -> EtCKey:
    """Return `value` if it is an `EtCKey`, else raise the error that names `caller`."""
    if not isinstance(value, EtCKey):
        # Its type alone: somebody may have taken a secret for a key.
        reject("key", caller, "be an EtCKey", f"{type(value).__name__}.")
    return value
