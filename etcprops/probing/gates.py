"""Whether a function is what somebody expects: names of classes, and what is against them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from etcprops._validation import describe, nearest_name, reject
from etcprops.probing.model import MapKind

if TYPE_CHECKING:
    from etcprops.probing.report import ProbeReport


def named_kinds(names: str | Iterable[str], parameter: str, caller: str) -> tuple[MapKind, ...]:
    """Return the classes of some names, whatever their case, number and hyphens.

    Parameters
    ----------
    names : str or iterable of str
        Such as `MapKind` has, several in one text with commas.
    parameter, caller : str
        For the message.

    Raises
    ------
    InvalidParameterError
        If a name is that of no class.

    Examples
    --------
    >>> [str(kind) for kind in named_kinds("Signed-Permutations, identity", "kinds", "expect")]
    ['signed permutation', 'identity']
    >>> [str(kind) for kind in named_kinds("non-linear, pixel-local", "kinds", "expect")]
    ['non-linear, pixel-local']
    """
    known = {_plain(kind): kind for kind in MapKind} | {"pixellocal": MapKind.PIXEL_LOCAL}
    texts = [names] if isinstance(names, str) else list(names)
    found: list[MapKind] = []
    for text in texts:
        if not isinstance(text, str):
            reject(parameter, caller, "be names of classes", describe(text))
        parts = [part.strip() for part in text.split(",") if part.strip()]
        while parts:
            # One name has a comma itself.
            taken = next((n for n in (2, 1) if _plain(",".join(parts[:n])) in known), 0)
            if not taken:
                wanted = f"be of {'; '.join(MapKind)}, or several with commas"
                hint = nearest_name(parts[0].lower(), MapKind)
                reject(parameter, caller, wanted, describe(parts[0]) + hint)
            found.append(known[_plain(",".join(parts[:taken]))])
            del parts[:taken]
    if not found:
        reject(parameter, caller, "name at least one class", describe(names))
    return tuple(dict.fromkeys(found))


def _plain(name: str) -> str:
    """Return a name without what people write in several ways."""
    singular = re.sub(r"ies\b", "y", name.lower().replace("ized", "ised"))
    return re.sub(r"[^a-z0-9]", "", re.sub(r"(?<=[a-z])s\b", "", singular))


def unexpected(report: ProbeReport, kinds: Sequence[MapKind]) -> str:
    """Return what a report found that is of none of some classes, or "".

    Every key's map must be of one of them, and every image must have an encryption, unless
    ``MapKind.NOT_IMAGE`` is expected. Under a key that negates no pixel a signed permutation is a
    permutation, which is no surprise.
    """
    if report.kind not in kinds:
        return report.headline
    also = {MapKind.PERMUTATION} if MapKind.SIGNED_PERMUTATION in kinds else set()
    for verdict in report.key_verdicts:
        if verdict.kind not in {*kinds, *also}:
            return f"{verdict.kind} under key {verdict.key}: {first_sentence(verdict.reason)[0]}"
    if report.failures and MapKind.NOT_IMAGE not in kinds:
        return f"no image {report.failures[0]}"
    return ""


def first_sentence(text: str) -> tuple[str, str]:
    """Return the first sentence of a text, and the rest.

    Examples
    --------
    >>> first_sentence("It is 0.5 of it. The rest is not.")
    ('It is 0.5 of it.', 'The rest is not.')
    """
    parts = re.split(r"(?<=[.!?]) (?=[A-Z])", text, maxsplit=1)
    return parts[0], parts[1] if len(parts) > 1 else ""
