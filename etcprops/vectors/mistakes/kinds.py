"""What mistakes amount to, and how they are found."""

from __future__ import annotations

from types import ModuleType
from typing import Any, Final

from etcprops.vectors.cipher import Kind

_ELSEWHERE = "what other implementations encrypt, it does not decrypt."

OTHER_MAP: Final = Kind(
    "MODIFIED_PARAMETER",
    "Another encryption of the same kind: distances are kept, and so is what is learnt, but "
    + _ELSEWHERE,
)
FEWER_KEYS: Final = Kind(
    "CONFIDENTIALITY",
    "Distances are kept, but there are fewer encryptions than keys, and " + _ELSEWHERE,
)
MISSING_STEP: Final = Kind(
    "MISSING_STEP",
    "Distances are kept, but a part of the key does nothing, and " + _ELSEWHERE,
)
UNENCRYPTED: Final = Kind("CONFIDENTIALITY", "The image, or a part of it, is not encrypted.")
DISTORTS: Final = Kind(
    "FUNCTIONALITY", "Distances between images change, and with them what is learnt."
)
LOSES: Final = Kind(
    "FUNCTIONALITY",
    "Pixels or grey levels are lost: nobody can decrypt the image, and distances change.",
)
OTHER_COLOURS: Final = Kind(
    "MODIFIED_PARAMETER",
    "Other grey levels, or other places, are encrypted than elsewhere: other implementations "
    "decrypt wrong colours.",
)
NOT_RESTORED: Final = Kind("FUNCTIONALITY", "Encrypted images do not come back as they were.")
ACCEPTS: Final = Kind(
    "EDGE_CASE",
    "Something else than was asked for is encrypted, and nobody is told.",
)
OTHER_KEY: Final = Kind(
    "MODIFIED_PARAMETER", "The same secret gives other keys than elsewhere: " + _ELSEWHERE
)
ONE_KEY_FOR_MANY: Final = Kind(
    "CONFIDENTIALITY",
    "Different secrets, sizes or steps share what is drawn: there is less to guess.",
)
BIASED: Final = Kind("CONFIDENTIALITY", "Some keys are likelier than others.")


def defined_in(module: ModuleType, base: type[Any]) -> tuple[type[Any], ...]:
    """Return the classes of a module that are made of another, in the order of its text."""
    return tuple(
        value
        for value in vars(module).values()
        if isinstance(value, type)
        and issubclass(value, base)
        and value is not base
        and not value.__name__.startswith("_")
    )
