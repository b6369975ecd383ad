"""Formal verification and property testing of machine learning on block-wise encrypted images.

The names below are the public interface; each is imported when it is first used, so that
``import etcprops`` stays light.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from etcprops._validation import InvalidParameterError
    from etcprops.attacks import AttackReport, attack, recover_from_pairs
    from etcprops.auditing import EtCEncryptor, Verdict, audit
    from etcprops.claims import Ledger, verify
    from etcprops.datasets.pictures import read_image
    from etcprops.exact.decisions import CertainDecisions, certain_decisions
    from etcprops.exact.distances import exact_squared_distances
    from etcprops.exact.gram import (
        exact_gram,
        gram_error_bound,
        integer_gram,
        integer_squared_distances,
    )
    from etcprops.exact.kernels import ExactKernel, scale_gamma
    from etcprops.exact.margins import certified, decision_error_bound, standard_scaler_error_bound
    from etcprops.exact.scaler import ExactStandardScaler
    from etcprops.exact.standardized import standardized_gram, standardized_squared_distances
    from etcprops.exact.statistics import PixelStatistics, centre_mid_grey
    from etcprops.formats.coefficients import (
        JpegCoefficients,
        decrypt_coefficients,
        encrypt_coefficients,
    )
    from etcprops.formats.exact_jpeg import (
        coefficient_rows,
        encode_jpeg_exactly,
        read_coefficients,
        write_coefficients,
    )
    from etcprops.probing import ProbeReport, probe
    from etcprops.reductions import GramPCA
    from etcprops.reproducibility import Fingerprint, fingerprint
    from etcprops.scheme.fitting import Padding, crop_to_blocks, pad_to_blocks
    from etcprops.scheme.geometry import BlockGeometry
    from etcprops.scheme.keys import ALL, COMPONENT_ORDERS, EtCKey, Step
    from etcprops.scheme.matrices import (
        block_permutation_matrix,
        block_transform_matrix,
        component_permutation_matrix,
        encryption_matrix,
        encryption_offset,
        negative_positive_matrix,
    )
    from etcprops.scheme.pixels import decrypt, encrypt
    from etcprops.scheme.signed_permutation import SignedPermutation

__version__ = "0.2.0"

_HOMES = {
    "_validation": ("InvalidParameterError",),
    "attacks": ("AttackReport", "attack", "recover_from_pairs"),
    "auditing": ("EtCEncryptor", "Verdict", "audit"),
    "claims": ("Ledger", "verify"),
    "datasets.pictures": ("read_image",),
    "formats.coefficients": (
        "JpegCoefficients",
        "decrypt_coefficients",
        "encrypt_coefficients",
    ),
    "formats.exact_jpeg": (
        "coefficient_rows",
        "encode_jpeg_exactly",
        "read_coefficients",
        "write_coefficients",
    ),
    "scheme.fitting": ("Padding", "crop_to_blocks", "pad_to_blocks"),
    "scheme.geometry": ("BlockGeometry",),
    "exact.gram": ("exact_gram", "gram_error_bound", "integer_gram", "integer_squared_distances"),
    "exact.distances": ("exact_squared_distances",),
    "exact.kernels": ("ExactKernel", "scale_gamma"),
    "scheme.keys": ("ALL", "COMPONENT_ORDERS", "EtCKey", "Step"),
    "exact.decisions": ("CertainDecisions", "certain_decisions"),
    "exact.margins": ("certified", "decision_error_bound", "standard_scaler_error_bound"),
    "scheme.matrices": (
        "block_permutation_matrix",
        "block_transform_matrix",
        "component_permutation_matrix",
        "encryption_matrix",
        "encryption_offset",
        "negative_positive_matrix",
    ),
    "exact.standardized": ("standardized_gram", "standardized_squared_distances"),
    "exact.statistics": ("PixelStatistics", "centre_mid_grey"),
    "scheme.pixels": ("decrypt", "encrypt"),
    "probing": ("ProbeReport", "probe"),
    "reductions": ("GramPCA",),
    "reproducibility": ("Fingerprint", "fingerprint"),
    "exact.scaler": ("ExactStandardScaler",),
    "scheme.signed_permutation": ("SignedPermutation",),
}
_HOME_OF = {name: module for module, names in _HOMES.items() for name in names}

__all__ = [
    "ALL",
    "COMPONENT_ORDERS",
    "AttackReport",
    "BlockGeometry",
    "CertainDecisions",
    "EtCEncryptor",
    "EtCKey",
    "ExactKernel",
    "ExactStandardScaler",
    "Fingerprint",
    "GramPCA",
    "InvalidParameterError",
    "JpegCoefficients",
    "Ledger",
    "Padding",
    "PixelStatistics",
    "ProbeReport",
    "SignedPermutation",
    "Step",
    "Verdict",
    "attack",
    "audit",
    "block_permutation_matrix",
    "block_transform_matrix",
    "centre_mid_grey",
    "certain_decisions",
    "certified",
    "coefficient_rows",
    "component_permutation_matrix",
    "crop_to_blocks",
    "decision_error_bound",
    "decrypt",
    "decrypt_coefficients",
    "encode_jpeg_exactly",
    "encrypt",
    "encrypt_coefficients",
    "encryption_matrix",
    "encryption_offset",
    "exact_gram",
    "exact_squared_distances",
    "fingerprint",
    "gram_error_bound",
    "integer_gram",
    "integer_squared_distances",
    "negative_positive_matrix",
    "pad_to_blocks",
    "probe",
    "read_coefficients",
    "read_image",
    "recover_from_pairs",
    "scale_gamma",
    "standard_scaler_error_bound",
    "standardized_gram",
    "standardized_squared_distances",
    "verify",
    "write_coefficients",
]


def __getattr__(name: str) -> Any:
    """Import a public name from its module at first use (PEP 562)."""
    if name not in _HOME_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_HOME_OF[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """List the public names, imported or not."""
    return sorted({*globals(), *__all__})
