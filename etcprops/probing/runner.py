"""`probe`: one call from a foreign function to a report."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any, Final

import numpy as np
from numpy.typing import DTypeLike

from etcprops._validation import (
    SMALLEST,
    as_choice,
    as_function,
    as_integer,
    as_iterator,
    as_number,
    describe,
    reject,
)
from etcprops.probing.budget import (
    DEFAULT_SECONDS,
    FULL,
    QUICK,
    Budget,
    BudgetSpentError,
    Progress,
)
from etcprops.probing.extraction import chosen_calls
from etcprops.probing.keys import Keys, default_keys
from etcprops.probing.model import Encrypt, Notes, count
from etcprops.probing.oracle import Oracle, Scale
from etcprops.probing.report import ProbeReport
from etcprops.probing.sandbox import Isolation, best_isolation, open_sandbox
from etcprops.probing.shapes import ShapeOutcome, survey_shapes
from etcprops.scheme.geometry import MOST_PIXELS


class InterruptedProbeError(KeyboardInterrupt):
    """Raised for Ctrl-C in the middle of a probe, with what was found until then.

    Attributes
    ----------
    report : ProbeReport
        It says what was not looked at.
    """

    def __init__(self, report: ProbeReport) -> None:
        super().__init__(f"interrupted after {count(report.calls, 'call')}")
        self.report = report


MOST_KEYS: Final = 1_000_000
"""More are not made from a number; each costs calls."""


def probe(
    encrypt: Encrypt,
    shape: Sequence[int],
    *,
    dtype: DTypeLike = np.uint8,
    keys: Iterable[Any] | int | None = None,
    seed: int = 0,
    time_limit: float = 10.0,
    budget: float = DEFAULT_SECONDS,
    quick: bool = False,
    isolation: str | None = None,
    progress: Callable[[Progress], None] | None = None,
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
        ``(H, W)`` or ``(H, W, C)`` with 1 to 4 channels, of at most 2^32 pixels.
    dtype : dtype, default=uint8
        uint8, uint16, or floats, taken to be in [0, 1].
    keys : iterable, or int, optional
        What to hand over as the key, by default 77, 46, 151 and 212; a number K means 0 to K - 1.
        The function is classified under each, and described under the first that gives images.
    seed : int, default=0
        Of the random images.
    time_limit : float, default=10
        Seconds that one call may take.
    budget : float, default=300
        Seconds that all of it may take. What was not looked at then is said in the report.
    quick : bool, default=False
        Whether to believe the class after few images, without looking for rare departures, small
        witnesses, and other shapes.
    isolation : {"process", "alarm", "none"}, optional
        What stands between the function and the caller; by default the best there is. Use
        "alarm" for a function whose threads do not survive a fork.
    progress : callable, optional
        Called with a `Progress` after every call of the function.

    Returns
    -------
    ProbeReport

    Raises
    ------
    InvalidParameterError
        If a parameter is of another kind. What the function does never raises.
    InterruptedProbeError
        A KeyboardInterrupt, with the report as far as it came.

    Notes
    -----
    ``ceil(log256 2n)`` chosen images name source and sign of every pixel of a signed permutation,
    and one of noise shows that they are right. This is a chosen-plaintext attack: whoever gets so
    few images encrypted knows the key. Under a common key no outsider may choose an image, nor
    learn one.

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
    seconds = "be a positive number of seconds"
    limit = as_number(time_limit, "time_limit", "probe", SMALLEST, math.inf, seconds)
    total = as_number(budget, "budget", "probe", SMALLEST, math.inf, seconds)
    as_function(progress, "progress", "probe")
    if isolation is None:
        kind = best_isolation()
    else:
        kind = Isolation(as_choice(isolation, Isolation, "isolation", "probe"))
    purse = Budget(total, progress)
    notes = Notes()
    with open_sandbox(encrypt, chosen_keys, limit, kind) as sandbox:
        if sandbox.calling.note:
            notes.add(sandbox.calling.note)
        if not sandbox.calling.keyed:
            notes.add("It takes no key.")
            chosen_keys = chosen_keys[:1]
        oracles = [
            Oracle(sandbox, size, scale, notes if not n else Notes(), n, purse)
            for n in range(len(chosen_keys))
        ]
        looked = Keys(oracles, chosen_keys, int(seed), QUICK if quick else FULL)
        looked.look()
        shapes = _shapes(looked, purse, wanted=not quick)
        verdict, oracle = looked.verdict, looked.oracle
        if kind is Isolation.PROCESS and "did not return" in verdict.reason:
            notes.add(
                "If it does return when it is called by hand, it may wait for threads that were "
                "started before the fork: try isolation='alarm' (--isolation alarm)."
            )
        keyed = sandbox.calling.keyed
    if kind is Isolation.NONE:
        notes.add("It was called without a time limit: this platform or thread has none.")
    findings = dict.fromkeys((*notes.entries, *oracle.notes.entries))
    spent = time.perf_counter() - purse.start
    report = ProbeReport(
        replace(verdict, findings=tuple(findings)),
        shape=size,
        dtype=str(scale.dtype),
        out_shape=oracle.out_shape,
        out_dtype="" if oracle.out_dtype is None else str(oracle.out_dtype),
        taken=oracle.taken,
        chosen=chosen_calls(oracle.size, scale),
        queries=oracle.queries,
        calls=purse.calls,
        failures=looked.failures(keyed=keyed),
        bought=dict(purse.bought),
        key_verdicts=tuple(looked.verdicts) if keyed else (),
        keys_given=tuple(chosen_keys) if keyed else (),
        key_audit=looked.audit() if keyed else None,
        structure=looked.structure,
        shapes=shapes,
        isolation=kind,
        quick=quick,
        budget=total,
        not_looked_at=tuple(purse.missed),
        seconds=spent,
        own_seconds=max(0.0, spent - purse.spent),
    )
    if purse.interrupted:
        raise InterruptedProbeError(report)
    return report


def _shapes(looked: Keys, purse: Budget, *, wanted: bool) -> tuple[ShapeOutcome, ...]:
    """Return what becomes of images of other shapes, while there is time."""
    if not wanted:
        purse.miss("departures that few images show, small witnesses, and other shapes")
        return ()
    purse.enter("on other shapes")
    try:
        return survey_shapes(looked.oracle, looked.verdict.kind)
    except KeyboardInterrupt:
        purse.interrupt()
    except BudgetSpentError:
        pass
    purse.miss("images of other shapes")
    return ()


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
    if math.prod(size) > MOST_PIXELS:
        reject("shape", "probe", f"be that of at most {MOST_PIXELS} pixels", describe(shape))
    wanted = "be uint8, uint16, float16, float32 or float64"
    try:
        kind = np.dtype(dtype)
    except (TypeError, ValueError):
        reject("dtype", "probe", wanted, describe(dtype))
    if kind.name not in {"uint8", "uint16", "float16", "float32", "float64"}:
        reject("dtype", "probe", wanted, f"{kind}.")
    return size, Scale(kind), _check_keys(keys)


def _check_keys(keys: Any) -> list[Any]:
    """Return the keys to hand over."""
    if keys is None:
        return default_keys()
    if isinstance(keys, (int, np.integer)):
        return list(range(as_integer(keys, "keys", "probe", 1, MOST_KEYS)))
    wanted = "be a number of keys, or an iterable of at least one key"
    given = list(as_iterator(keys, "keys", "probe", wanted))
    if not given:
        reject("keys", "probe", wanted, "an empty one.")
    return given
