"""Run the checks of the claims and put the ledger together."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path

from threadpoolctl import threadpool_limits

from etcprops._about import versions
from etcprops._validation import as_function, as_iterator, describe, nearest_name, reject
from etcprops.claims.catalogue import CLAIMS
from etcprops.claims.implementation import (
    DEEP_EXAMPLES,
    DEFAULT_GEOMETRY,
    DEFAULT_SECRET,
    EXAMPLES,
    Implementation,
)
from etcprops.claims.model import Check, Claim, Evidence, Ledger, Observation, Row
from etcprops.claims.terms import Finding
from etcprops.datasets import ImageSet, load_images
from etcprops.scheme.geometry import BlockGeometry, check_geometry
from etcprops.theory.coq import check_proofs

RENAMED = {
    "jpeg": "jpeg-block-permutation",
    "mended-forest": "forest-with-remedy",
    "random-forest-in-law": "random-forest-in-distribution",
    "reductions-in-law": "reductions-in-distribution",
}
"""Names that claims had in 0.1.0."""

Progress = Callable[[int, int, str], None]
"""Called with the number of checks done, of all checks, and the name of the next."""


class InterruptedRunError(KeyboardInterrupt):
    """Raised for Ctrl-C in the middle of a run, with what was found until then.

    Attributes
    ----------
    ledger : Ledger
        The claims that were tested.
    left : tuple of str
        Names of those that were not.
    """

    def __init__(self, ledger: Ledger, left: tuple[str, ...]) -> None:
        super().__init__(f"{len(ledger.rows)} claims were tested, {len(left)} were not")
        self.ledger, self.left = ledger, left


def verify(
    geometry: BlockGeometry | None = None,
    *,
    claims: Iterable[str] | None = None,
    secret: bytes | str | None = None,
    data: str | Path | ImageSet | None = None,
    deep: bool = False,
    fresh: bool = False,
    progress: Progress | None = None,
) -> Ledger:
    """Test every claim of the ledger, here and now.

    Parameters
    ----------
    geometry : BlockGeometry, optional
        Size of the images for the checks at full size; by default 192 x 160 in colour with 8 x 8
        blocks.
    claims : iterable of str, optional
        Names of claims to test; by default all.
    secret : bytes or str, optional
        The key at full size is derived from it; by default a public one, so that runs repeat.
    data : str, Path or ImageSet, optional
        Real images for the end-to-end checks: what `load_images` takes, or an `ImageSet`. By
        default only scikit-learn's digits.
    deep : bool, default=False
        Whether to ask the solver what takes it minutes, too, and to search for counterexamples
        among thousands of cases.
    fresh : bool, default=False
        Whether to compile the proofs now in any case, and to have Coq's checker go through all
        libraries, which takes minutes.
    progress : callable, optional
        Called before each check with the number done, the number of all, and the check's name.

    Returns
    -------
    Ledger
        ``.rows`` with outcome and evidence, ``.ok`` if everything came out as expected.

    Raises
    ------
    InvalidParameterError
        If a claim is unknown, the geometry is none, the secret empty, or the data unreadable.
    InterruptedRunError
        A KeyboardInterrupt, with the ledger as far as it came.

    Examples
    --------
    >>> ledger = verify(BlockGeometry(8, 8, block=4), claims=["raw-inner-products"])
    >>> print(ledger.rows[0].outcome, "-", ledger.rows[0].evidence[0].detail.split(",")[0])
    fails - inner products differ
    """
    chosen = _choose(claims)
    as_function(progress, "progress", "verify")
    images = load_images(data) if isinstance(data, (str, Path)) else data
    if images is not None and not isinstance(images, ImageSet):
        reject("data", "verify", "be a str, a Path, an ImageSet or None", describe(images))
    implementation = Implementation(
        DEFAULT_GEOMETRY if geometry is None else check_geometry(geometry, "verify"),
        DEFAULT_SECRET if secret is None else secret,
        images,
        deep=deep,
        examples=DEEP_EXAMPLES if deep else EXAMPLES,
        prove=partial(check_proofs, fresh=fresh),
    )
    # What is wrong with secret or images is an error here, not in every check.
    _ = implementation.key, implementation.given
    return run(implementation, chosen, progress=progress)


def run(
    implementation: Implementation,
    claims: tuple[Claim, ...] = CLAIMS,
    *,
    progress: Progress | None = None,
) -> Ledger:
    """Run the checks of some claims on an implementation.

    Parameters
    ----------
    implementation : Implementation
        The implementation under test, and what it is tested on.
    claims : tuple of Claim
        By default all.
    progress : callable, optional
        As for `verify`.

    Returns
    -------
    Ledger
    """
    start = time.perf_counter()
    rows: list[Row] = []

    def ledger() -> Ledger:
        about = {
            "geometry": implementation.geometry.to_dict(),
            "data": None if implementation.data is None else implementation.data.name,
            **versions("sympy"),
            "seconds": round(time.perf_counter() - start, 1),
        }
        return Ledger(tuple(rows), about)

    try:
        rows.extend(_rows(implementation, claims, progress or (lambda *_: None)))
    except KeyboardInterrupt:
        left = tuple(claim.name for claim in claims[len(rows) :])
        raise InterruptedRunError(ledger(), left) from None
    return ledger()


def _rows(
    implementation: Implementation, claims: tuple[Claim, ...], progress: Progress
) -> Iterator[Row]:
    """Run the checks of each claim in turn."""
    total = sum(len(claim.checks) for claim in claims)
    done = 0
    # One thread, of BLAS and of OpenMP: several would mostly wait for one another, on small arrays
    # and in libsvm's long dot products, and the more so the busier the machine is.
    with threadpool_limits(1):
        for check in (check for claim in claims for check in claim.checks):
            if check.ahead is not None:
                check.ahead(implementation)
        for claim in claims:
            evidence = []
            for check in claim.checks:
                progress(done, total, f"{claim.name}: {check.name}")
                evidence.append(examine(check, implementation))
                done += 1
            yield Row(claim, tuple(evidence))
    progress(done, total, "done")


def examine(check: Check, implementation: Implementation) -> Evidence:
    """Run one check and record what it found; an exception is a finding, too."""
    start = time.perf_counter()
    try:
        observation = check.run(implementation)
        findings = {None: observation.otherwise, True: Finding.SUPPORTS, False: Finding.REFUTES}
        finding = findings[observation.agrees]
    except Exception as error:  # noqa: BLE001  # the encryption under test may do anything
        finding = Finding.RAISED
        observation = Observation(None, f"{type(error).__name__}: {error}")
    return Evidence(
        check.name,
        check.summary,
        check.kind,
        finding,
        observation.detail,
        without=check.without,
        sense=check.sense,
        exhibits=observation.exhibits,
        seconds=time.perf_counter() - start,
        axioms=observation.axioms,
        authority=observation.authority,
        needs=observation.needs,
    )


def _choose(names: Iterable[str] | None) -> tuple[Claim, ...]:
    """Return the claims with these names, in the order of the ledger."""
    if names is None:
        return CLAIMS
    known = [claim.name for claim in CLAIMS]
    given = list(as_iterator(names, "claims", "verify", "be a collection of names"))
    wanted = [RENAMED.get(name, name) if isinstance(name, str) else name for name in given]
    unknown = [name for name in wanted if not isinstance(name, str) or name not in known]
    if unknown or not wanted:
        got = " ".join(describe(name) for name in unknown) or "none."
        near = "".join(nearest_name(name, known) for name in unknown[:1])
        reject("claims", "verify", f"hold names of claims: {', '.join(known)}", got + near)
    return tuple(claim for claim in CLAIMS if claim.name in wanted)
