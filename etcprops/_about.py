"""What a report says of its making: the versions of Python, of this package, and of libraries."""

from __future__ import annotations

import platform
from importlib.metadata import version
from typing import Final

from etcprops import __version__

LIBRARIES: Final = ("numpy", "scipy", "scikit-learn")
"""On which every figure depends."""


def versions(*more: str) -> dict[str, str]:
    """Return versions by name: this package, Python, `LIBRARIES` and more distributions.

    Examples
    --------
    >>> list(versions("sympy"))
    ['etcprops', 'python', 'numpy', 'scipy', 'scikit-learn', 'sympy']
    """
    libraries = {name: version(name) for name in (*LIBRARIES, *more)}
    return {"etcprops": __version__, "python": platform.python_version(), **libraries}
