"""`probe`: one call from a foreign function to a report."""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from etcprops._validation import SMALLEST, as_choice, as_integer, as_number, describe, reject
from etcprops.probing.classification import classify
from etcprops.probing.extraction import chosen_calls
from etcprops.probing.key_audit import KeyAudit, audit_keys
from etcprops.probing.model import BIJECTIVE, Encrypt, MapKind, Notes
from etcprops.probing.oracle import Oracle, Scale
from etcprops.probing.report import ProbeReport
from etcprops.probing.sandbox import Isolation, best_isolation, open_sandbox
from etcprops.probing.shapes import survey_shapes
from etcprops.probing.structure import infer_structure
from etcprops.scheme.signed_permutation import SignedPermutation

DEFAULT_KEYS = (0, 1, 2, 3)


def probe(
    encrypt: Encrypt,
    shape: Sequence[int],
    *,
    dtype: DTypeLike = np.uint8,
    keys: Iterable[Any] | int | None = None,
    seed: int = 0,
    time_limit: float = 10.0,
    isolation: str | None = None,
) -> ProbeReport:
    """Find out what somebody's encryption does to images, from the outside.

    The function is asked for chosen and random images, never read. It may have any output shape
    or type, raise, print, hang or write into its input: all of this becomes part of the report.

    Parameters
    ----------
    encrypt : callable
        ``encrypt(image, key)``, or ``encrypt(image)``. Called in a process of its own where the
        platform can fork, and killed at the time limit.
    shape : sequence of int
        ``(H, W)`` or ``(H, W, C)`` with 1 to 4 channels.
    dtype : dtype, default=uint8
        uint8, uint16, or floats, taken to be in [0, 1].
    keys : iterable, or int, optional
        What to hand over as the key, by default 0, 1, 2 and 3; a number K means 0 to K - 1. The
        map is extracted for the first; the others are for the audit of the keys.
    seed : int, default=0
        Of the random images.
    time_limit : float, default=10
        Seconds that one call may take.
    isolation : {"process", "alarm", "none"}, optional
        What stands between the function and the caller; by default the best there is. Use
        "alarm" for a function whose threads do not survive a fork.

    Returns
    -------
    ProbeReport

    Raises
    ------
    InvalidParameterError
        If a parameter is of another kind. What the function does never raises.

    Notes
    -----
    ``1 + ceil(log256 n)`` chosen images name source and sign of every pixel of a signed
    permutation. This is a chosen-plaintext attack: whoever gets so few images encrypted knows the
    key. Under a common key no outsider may choose an image, nor learn one.

    Examples
    --------
    >>> from etcprops import BlockGeometry, EtCKey, encrypt
    >>> geometry = BlockGeometry(16, 16, block=4)
    >>> keys = [EtCKey.from_secret(geometry, secret) for secret in ("a", "b")]
    >>> report = probe(encrypt, (16, 16), keys=keys)
    >>> str(report.kind), report.key == keys[0], report.key_audit.keys_used
    ('signed permutation', True, True)
    >>> str(probe(lambda image, key: image // 3, (16, 16)).kind)
    'non-linear, pixel-local'
    """
    size, scale, chosen_keys = _check(encrypt, shape, dtype, keys)
    seed = as_integer(seed, "seed", "probe", 0)
    limit = as_number(
        time_limit, "time_limit", "probe", SMALLEST, math.inf, "be a positive number of seconds"
    )
    if isolation is None:
        kind = best_isolation()
    else:
        kind = Isolation(as_choice(isolation, Isolation, "isolation", "probe"))
    start = time.perf_counter()
    notes = Notes()
    with open_sandbox(encrypt, chosen_keys, limit, kind) as sandbox:
        if not sandbox.keyed:
            notes.add("It takes no key.")
        oracle = Oracle(sandbox, size, scale, notes)
        verdict = classify(oracle, int(seed))
        structure = first = None
        if verdict.kind in BIJECTIVE and isinstance(verdict.map, SignedPermutation):
            first = verdict.map
            structure = infer_structure(first, size, oracle.out_shape)
        oracles = [Oracle(sandbox, size, scale, notes, key) for key in range(len(chosen_keys))]
        key_audit: KeyAudit | None = None
        if verdict.kind is not MapKind.NOT_IMAGE:
            for other in oracles:
                other.output_factor = oracle.output_factor
                other.out_shape = oracle.out_shape
            key_audit = audit_keys(oracles, verdict.kind, int(seed), structure, first)
        shapes = survey_shapes(sandbox, size, scale, verdict.kind, oracle.queries)
    seconds = sum(o.seconds for o in (oracle, *oracles)) + sum(s.seconds for s in shapes)
    if kind is Isolation.NONE:
        notes.add("It was called without a time limit: this platform or thread has none.")
    total = time.perf_counter() - start
    return ProbeReport(
        replace(verdict, findings=tuple(notes.entries)),
        shape=size,
        dtype=str(scale.dtype),
        out_shape=oracle.out_shape,
        out_dtype="" if oracle.out_dtype is None else str(oracle.out_dtype),
        chosen=chosen_calls(oracle.size, scale),
        queries=oracle.queries,
        key_audit=key_audit,
        structure=structure,
        shapes=shapes,
        isolation=kind,
        seconds=total,
        own_seconds=total - seconds,
    )


def _check(
    encrypt: Any, shape: Any, dtype: Any, keys: Any
) -> tuple[tuple[int, ...], Scale, list[Any]]:
    """Return shape, grey levels and keys, or raise the error that names what is wrong."""
    if not callable(encrypt):
        reject("encrypt", "probe", "be a function of an image and a key", describe(encrypt))
    wanted = "be (H, W) or (H, W, C) with 1 to 4 channels"
    if isinstance(shape, (str, bytes)) or not isinstance(shape, Sequence):
        reject("shape", "probe", wanted, describe(shape))
    size = tuple(as_integer(side, "shape", "probe") for side in shape)
    if len(size) not in {2, 3} or (len(size) == 3 and size[2] > 4):
        reject("shape", "probe", wanted, describe(shape))
    wanted = "be uint8, uint16, float16, float32 or float64"
    try:
        kind = np.dtype(dtype)
    except TypeError:
        reject("dtype", "probe", wanted, describe(dtype))
    if kind.name not in {"uint8", "uint16", "float16", "float32", "float64"}:
        reject("dtype", "probe", wanted, f"{kind}.")
    return size, Scale(kind), _check_keys(keys)


def _check_keys(keys: Any) -> list[Any]:
    """Return the keys to hand over."""
    if keys is None:
        return list(DEFAULT_KEYS)
    if isinstance(keys, (int, np.integer)):
        return list(range(as_integer(keys, "keys", "probe")))
    wanted = "be a number of keys, or an iterable of at least one key"
    if isinstance(keys, (str, bytes)) or not isinstance(keys, Iterable):
        reject("keys", "probe", wanted, describe(keys))
    given = list(keys)
    if not given:
        reject("keys", "probe", wanted, "an empty one.")
    return given
