"""Mistakes that implementations make, each as a class that makes it.

A mistake's name is a flag of the vectors, and its documentation the diagnosis: what such an
implementation does. `blocks` and `steps` are about encryption, `decryption` about the way back,
`acceptance` about what is to be refused, `secrets` about drawing keys, `colours` about pictures
that are encrypted as grey images.
"""

from __future__ import annotations

from typing import Final

from etcprops.vectors.arrangement import Arrangement
from etcprops.vectors.cipher import Cipher
from etcprops.vectors.derivation import Derivation
from etcprops.vectors.mistakes import acceptance, blocks, colours, decryption, secrets, steps
from etcprops.vectors.mistakes.kinds import defined_in

ENCRYPTION: Final[tuple[type[Cipher], ...]] = defined_in(blocks, Cipher) + defined_in(steps, Cipher)
DECRYPTION: Final[tuple[type[Cipher], ...]] = defined_in(decryption, Cipher)
ACCEPTANCE: Final[tuple[type[Cipher], ...]] = defined_in(acceptance, Cipher)
DERIVATION: Final[tuple[type[Derivation], ...]] = defined_in(secrets, Derivation)
ARRANGEMENT: Final[tuple[type[Arrangement], ...]] = defined_in(colours, Arrangement)

__all__ = ["ACCEPTANCE", "ARRANGEMENT", "DECRYPTION", "DERIVATION", "ENCRYPTION"]
