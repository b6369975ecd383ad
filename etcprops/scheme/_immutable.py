"""Objects whose fields are set once and then neither set again, deleted nor written into.

For classes with arrays, which a frozen dataclass would leave open to ``x.array[0] = 1``.
"""

from __future__ import annotations

import numpy as np


class Immutable:
    """Base of classes whose constructors set their fields with `freeze`."""

    __slots__ = ()

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"{type(self).__name__} is immutable: cannot set {name!r}")

    def __delattr__(self, name: str) -> None:
        raise AttributeError(f"{type(self).__name__} is immutable: cannot delete {name!r}")


def freeze(instance: Immutable, **fields: object) -> None:
    """Set the fields of a new `instance`; arrays become read-only, so hand over your own."""
    for name, value in fields.items():
        if isinstance(value, np.ndarray):
            value.flags.writeable = False
        object.__setattr__(instance, name, value)
