"""What an ``encrypt()`` really does: black-box analysis of somebody else's encryption.

`sandbox` calls the function, `oracle` counts what is asked; `reading` and `extraction`, `local`,
`linearity` and `dependence` test one family of metamorphic relations each, `classification` puts
them in order, `witnesses` shrinks what breaks them. `structure` finds blocks and keys, `key_audit`
compares keys by the tests of `uniformity`, `consequences` says what follows. `runner` makes the one
call, `report` holds what it found, `gates` says whether it is what was expected; `checker` stands
on its own.
"""

from etcprops.probing.description import Structure
from etcprops.probing.key_audit import KeyAudit
from etcprops.probing.model import (
    AffineMap,
    BitMap,
    Confirmation,
    LocalMap,
    MapKind,
    MapWitness,
    PixelMap,
)
from etcprops.probing.report import ProbeReport
from etcprops.probing.runner import probe
from etcprops.probing.structure import infer_structure

__all__ = [
    "AffineMap",
    "BitMap",
    "Confirmation",
    "KeyAudit",
    "LocalMap",
    "MapKind",
    "MapWitness",
    "PixelMap",
    "ProbeReport",
    "Structure",
    "infer_structure",
    "probe",
]
