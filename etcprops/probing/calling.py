"""How somebody's function is called: whether it takes a key, by which parameter, and what else."""

from __future__ import annotations

import inspect
import re
from dataclasses import dataclass
from typing import Any

from etcprops.probing.model import Array, Encrypt

_KEY = re.compile(
    r"_*(k|s|p|.*key.*|.*seed.*|.*secret.*|pass.*|pwd|.*salt.*|.*token|pin|nonce|iv|r|rng|"
    r"random_state|random)_*\d*|_+",
    re.IGNORECASE,
)
_NOT_KEY = re.compile(
    r"_*(n_?)?(iter.*|.*iterations?|.*rounds?|.*block.*|.*size|size|width|height|h|w|n|m|mode|"
    r"steps?|times|shape|alpha|beta|gamma|quality|strength|level|axis|dtype|verbose|channels?|"
    r"inplace|copy|show|path|filename|out(put)?.*)\d*",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Calling:
    """How a function takes the key.

    Attributes
    ----------
    keyed : bool
        Whether it takes one.
    keyword : str
        The parameter by whose name it is passed; "" for the second position.
    note : str
        What should be known about this; "" if nothing.
    """

    keyed: bool = True
    keyword: str = ""
    note: str = ""

    def call(self, encrypt: Encrypt, image: Array, key: Any) -> Any:
        """Call the function on an image under a key."""
        if not self.keyed:
            return encrypt(image)
        return encrypt(image, **{self.keyword: key}) if self.keyword else encrypt(image, key)


def how_to_call(encrypt: Encrypt) -> Calling:  # noqa: PLR0911  # a return for each kind
    """Return how a function takes the key, by its signature.

    A parameter whose name is one for keys gets it, wherever it stands; one with a default and a
    name for something else keeps its default.

    Examples
    --------
    >>> def scramble(image, block_size=8, *, key): ...
    >>> how_to_call(scramble).keyword
    'key'
    >>> how_to_call(lambda image, iterations=3: image).keyed
    False
    """
    try:
        parameters = list(inspect.signature(encrypt).parameters.values())
    except (TypeError, ValueError):  # built in: it says nothing
        return Calling()
    if any(p.kind is p.VAR_POSITIONAL for p in parameters[:2]):
        return Calling()
    rest = parameters[1:]
    positional = [p for p in rest if p.kind in {p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD}]
    named = [p for p in rest if p.kind is not p.POSITIONAL_ONLY and _KEY.fullmatch(p.name)]
    second = positional[0] if positional else None
    required = second is not None and second.default is second.empty
    if second is not None and (
        _KEY.fullmatch(second.name) or (required and not _NOT_KEY.fullmatch(second.name))
    ):
        return Calling()
    if named:
        note = ""
        if second is not None and second is not named[0]:
            note = f"The key is passed as '{named[0].name}', not as its second parameter."
        return Calling(keyword=named[0].name, note=note)
    if second is None:
        return _without_second(rest)
    if required:
        note = (
            f"Its second parameter is called '{second.name}' and is given the key. If that is "
            f"none, wrap it: lambda image, key: encrypt(image, {second.name}=...)."
        )
        return Calling(note=note)
    if _NOT_KEY.fullmatch(second.name) or not isinstance(second.default, (str, bytes, type(None))):
        return Calling(keyed=False, note=_left(second))
    return Calling()


def _without_second(rest: list[inspect.Parameter]) -> Calling:
    """Return how to call a function that takes nothing but the image by position."""
    demanded = [p for p in rest if p.kind is p.KEYWORD_ONLY and p.default is p.empty]
    if len(demanded) == 1:
        return Calling(keyword=demanded[0].name)
    if any(p.kind is p.VAR_KEYWORD for p in rest):
        return Calling(keyword="key")
    return Calling(keyed=False)


def _left(parameter: inspect.Parameter) -> str:
    return f"Its second parameter, '{parameter.name}', is left at {parameter.default!r}."
