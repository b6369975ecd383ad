"""Search for counterexamples to claims: under all their hypotheses, and without any one of them.

A *statement* is a claim as a function of a `Case`: it draws what it speaks of and raises
AssertionError where it is false. Where it asks whether a hypothesis is to be kept and it is not, it
draws from the wider domain. So one function serves the search that must find nothing and those that
must find something; a hypothesis without which nothing is found is superfluous. The statements are
metamorphic relations (Chen et al. 1998), searched by Hypothesis, which shrinks what it finds
(MacIver and Donaldson 2020).

`statements` has the statements, `searches` the report on all of them.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from etcprops.claims.case import LARGEST, Case, shown
from etcprops.claims.implementation import Implementation
from etcprops.claims.model import Check, Claim, Exhibit, Observation
from etcprops.claims.terms import EvidenceKind, Outcome, Sense

if TYPE_CHECKING:
    from etcprops.scheme.geometry import BlockGeometry

Statement = Callable[[Case], None]

UNTIL_FOUND = 400
"""Cases at most until a counterexample that must be there, which one case in twenty is at least."""

TINY = 4
"""Pixels of the images that are searched first, so that counterexamples are small at once."""

LARGEST_EXHIBIT = 64
"""Pixels of the largest image that is shown as a picture."""


class _SmallEnough(BaseException):
    """Ends a search; Hypothesis lets it through."""


@dataclass(frozen=True)
class Found:
    """What one search found.

    Attributes
    ----------
    cases : int
        Cases tried, those of shrinking included.
    counterexample : str or None
        The smallest counterexample: what is wrong, and what was drawn.
    exhibits : tuple of Exhibit
        Its images, if they are small.
    geometries : frozenset of BlockGeometry
        The geometries that were drawn.
    asked : frozenset of str
        The hypotheses that the statement asked about.
    """

    cases: int
    counterexample: str | None
    exhibits: tuple[Exhibit, ...]
    geometries: frozenset[BlockGeometry]
    asked: frozenset[str]


def search(
    statement: Statement,
    implementation: Implementation,
    *,
    examples: int,
    shrinks: int | None = None,
    without: str | None = None,
) -> Found:
    """Search for a case in which a statement is false.

    Parameters
    ----------
    statement : callable
        Takes a `Case`; raises AssertionError where it is false.
    implementation : Implementation
        The implementation under test.
    examples : int
        Cases to try, after an eighth as many of images of up to `TINY` pixels; fewer are tried if a
        counterexample is found.
    shrinks : int, optional
        Cases after which a counterexample is small enough; by default Hypothesis decides.
    without : str, optional
        The hypothesis to drop.

    Returns
    -------
    Found

    Examples
    --------
    >>> def is_dark(case):
    ...     image = case.images(case.geometry(), 1)
    ...     assert image.max() < 200, f"a pixel is {image.max()}"
    >>> found = search(is_dark, Implementation(), examples=100)
    >>> found.counterexample
    'a pixel is 255. geometry: 1x1/1; images: [[[255]]]'
    """
    arguments = statement, implementation, shrinks, without
    tiny = _search(*arguments, examples=max(examples // 8, 8), largest=TINY)
    if tiny.counterexample is not None:
        return tiny
    larger = _search(*arguments, examples=examples, largest=LARGEST)
    return replace(
        larger,
        cases=tiny.cases + larger.cases,
        geometries=tiny.geometries | larger.geometries,
        asked=tiny.asked | larger.asked,
    )


def _search(
    statement: Statement,
    implementation: Implementation,
    shrinks: int | None,
    without: str | None,
    *,
    examples: int,
    largest: int,
) -> Found:
    """Search among images of up to `largest` pixels."""
    from hypothesis import HealthCheck, Phase, given, settings
    from hypothesis import strategies as st
    from hypothesis.errors import Flaky

    cases, end = 0, math.inf
    geometries: set[BlockGeometry] = set()
    asked: set[str] = set()
    last: tuple[str, Case] | None = None

    @settings(
        max_examples=examples,
        derandomize=True,
        database=None,
        deadline=None,
        report_multiple_bugs=False,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=tuple(HealthCheck),
    )
    @given(st.data())
    def run(data: st.DataObject) -> None:
        nonlocal cases, end, last
        if cases >= end:
            raise _SmallEnough
        cases += 1
        case = Case(data, implementation, without, largest)
        try:
            statement(case)
        except AssertionError as error:
            if last is None and shrinks is not None:
                end = cases + shrinks
            last = str(error), case
            raise
        finally:
            if "geometry" in case.drawn:
                geometries.add(case.drawn["geometry"])
            asked.update(case.asked)

    try:
        run()
    except (AssertionError, Flaky, _SmallEnough):
        if last is None:
            raise
    found = frozenset(geometries), frozenset(asked)
    if last is None:
        return Found(cases, None, (), *found)
    return Found(cases, _described(*last), _pictures(last[1]), *found)


def _described(message: str, case: Case) -> str:
    """Return what is wrong with what was drawn, for a replay."""
    drawn = "; ".join(f"{name}: {shown(value)}" for name, value in case.drawn.items())
    return f"{message.splitlines()[0].rstrip('.')}. {drawn}"


def _pictures(case: Case) -> tuple[Exhibit, ...]:
    """Return the images and what became of them one by one, if they are few and small."""
    batches = {
        name: value
        for name, value in (case.drawn | case.results).items()
        if isinstance(value, np.ndarray) and value.dtype == np.uint8 and value.ndim == 3
    }
    if sum(batch.size for batch in batches.values()) > LARGEST_EXHIBIT:
        return ()
    return tuple(
        Exhibit(f"{name.replace('images', 'image')} {number}", image)
        for name, batch in batches.items()
        for number, image in enumerate(batch)
    )


def same(found: NDArray[Any], expected: NDArray[Any], message: str) -> None:
    """Assert that two arrays are equal, and name the first place where they are not."""
    assert found.shape == expected.shape, f"{message}: shapes {found.shape}, {expected.shape}"
    indices = np.argwhere(found != expected)
    if indices.size:
        first = tuple(int(index) for index in indices[0])
        raise AssertionError(f"{message}, first at {first}: {found[first]}, not {expected[first]}")


# --- As checks of the ledger


def with_search(claim: Claim, statement: Statement | None) -> Claim:
    """Return the claim with the searches of its statement after its own checks.

    There is one under all hypotheses, which supports the claim if it finds nothing, and one without
    each hypothesis, which is there to find a counterexample; so is the only one of a false claim.

    Parameters
    ----------
    claim : Claim
        Any.
    statement : callable or None
        What it says, as a function of a `Case`; None: the claim is returned as it is.

    Returns
    -------
    Claim
    """
    if statement is None:
        return claim
    fails = claim.expected is Outcome.FAILS
    senses = {check.sense for check in claim.checks if check.without is None}
    sense = Sense.DISTRIBUTION if Sense.DISTRIBUTION in senses else Sense.PATH
    searches = [
        Check(
            _as_check(claim, statement, hypothesis),
            EvidenceKind.REFUTATION if fails or hypothesis else EvidenceKind.FUZZED,
            hypothesis,
            sense=sense,
        )
        for hypothesis in (None, *claim.hypotheses)
    ]
    return replace(claim, checks=(*claim.checks, *searches))


def _as_check(
    claim: Claim, statement: Statement, hypothesis: str | None
) -> Callable[[Implementation], Observation]:
    """Return a search under all hypotheses or without one, named after the claim."""
    must_find = hypothesis is not None or claim.expected is Outcome.FAILS

    def observe(implementation: Implementation) -> Observation:
        examples = implementation.examples
        found = search(
            statement,
            implementation,
            examples=max(examples, UNTIL_FOUND) if must_find else examples,
            shrinks=examples,
            without=hypothesis,
        )
        if found.counterexample is not None:
            return Observation(False, found.counterexample, found.exhibits)
        return Observation(True, f"{found.cases} cases, no counterexample")

    name = f"check_search_of_{claim.name.replace('-', '_')}"
    if hypothesis is None:

        def check(implementation: Implementation) -> Observation:
            """Search small cases for a counterexample."""
            return observe(implementation)

    else:
        name += f"_without_hypothesis_{1 + claim.hypotheses.index(hypothesis)}"

        def check(implementation: Implementation) -> Observation:
            """Search small cases for a counterexample, with one hypothesis dropped."""
            return observe(implementation)

    check.__name__ = name
    return check
