"""Test vectors of the encryption, for implementations in any language, after Wycheproof's pattern.

The files lie in this folder: what must come out (valid), and what programs with a known mistake
give (invalid), with a flag for each mistake. `cases` says which keys and images there are,
`mistakes` which mistakes; ``python -m etcprops.vectors`` writes the files.
`etcprops.testing.check_vectors` holds a Python function against them.

References
----------
Project Wycheproof, github.com/C2SP/wycheproof, doc/formats.md: groups, notes and flags.
"""

from __future__ import annotations

from importlib.resources import files
from typing import Any, Final

from etcprops import _documents
from etcprops._validation import as_choice

FILES: Final = (
    "etc_encryption",
    "etc_decryption",
    "etc_malformed",
    "etc_key_derivation",
    "etc_grayscale",
)
"""The files, by their names without ``.json``."""


def vectors_text(name: str) -> str:
    """Return the text of a file.

    Parameters
    ----------
    name : str
        One of `FILES`.

    Raises
    ------
    InvalidParameterError
        If there is no such file.

    Examples
    --------
    >>> vectors_text("etc_decryption").splitlines()[1]
    ' "format": "etcprops.Vectors",'
    """
    as_choice(name, FILES, "name", "vectors_text")
    return files(__package__).joinpath(f"{name}.json").read_text("utf-8")


def load_vectors(name: str) -> dict[str, Any]:
    """Return the document of a file: ``header``, ``notes`` and ``testGroups`` with their ``tests``.

    Parameters
    ----------
    name : str
        One of `FILES`.

    Returns
    -------
    dict
        As ``schemas/Vectors.schema.json`` describes it.

    Raises
    ------
    InvalidParameterError
        If there is no such file.

    Examples
    --------
    >>> group = load_vectors("etc_encryption")["testGroups"][0]
    >>> group["type"], group["tests"][0]["result"]
    ('EtcEncryption', 'valid')
    """
    as_choice(name, FILES, "name", "load_vectors")
    return _documents.read(vectors_text(name), "etcprops.Vectors", "load_vectors")
