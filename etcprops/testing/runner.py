"""Two doors to the checks: a pytest decorator, and one call that returns what came out."""

from __future__ import annotations

import unittest
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final, Literal

from etcprops._validation import as_choice, as_iterator, describe, reject
from etcprops.testing.checks import CHECKS
from etcprops.testing.scheme import Scheme

if TYPE_CHECKING:
    import pytest

ExpectedFailures = Mapping[str, str]

FIRST: Final = next(iter(CHECKS))
"""The check without which no other one can say anything: is there an image?"""


class Status(StrEnum):
    """What became of one check."""

    PASSED = "passed"
    FAILED = "failed"
    EXPECTED_FAILURE = "expected-failure"
    UNEXPECTED_PASS = "unexpected-pass"  # noqa: S105
    NOT_APPLICABLE = "not-applicable"
    SKIPPED = "skipped"


@dataclass(frozen=True)
class CheckResult:
    """One check of one scheme.

    Attributes
    ----------
    check : str
        Its name, as in `CHECKS`.
    status : Status
        What became of it.
    detail : str
        The counterexample, or why the check does not apply or was skipped; empty if it passed.
    """

    check: str
    status: Status
    detail: str = ""

    @property
    def ok(self) -> bool:
        """Whether nothing has to be done: neither a failure nor an expectation out of date."""
        return self.status not in {Status.FAILED, Status.UNEXPECTED_PASS}


def check_scheme(
    scheme: Scheme,
    *,
    expected_failures: ExpectedFailures | None = None,
    on_fail: Literal["raise", "return"] = "raise",
) -> list[CheckResult]:
    """Run every check on a scheme; if the first one fails, the others are skipped.

    Parameters
    ----------
    scheme : Scheme
        The encryption under test.
    expected_failures : mapping of str to str, optional
        Names of checks that are known to fail, each with the reason. One that passes nevertheless
        is a failure, too: the expectation is out of date.
    on_fail : {"raise", "return"}, default="raise"
        Whether to raise if a result is not ok; otherwise the results say so.

    Returns
    -------
    list of CheckResult
        One a check, in the order of `CHECKS`.

    Raises
    ------
    AssertionError
        With ``on_fail="raise"``, if a result is not ok; the message has all of these.
    InvalidParameterError
        If `scheme` is none, or an expected failure is no check or has no reason.

    Examples
    --------
    >>> def brighten(image, key):
    ...     return image // 2 + key
    >>> results = check_scheme(Scheme("b", brighten, (4, 4), keys=[1, 2]), on_fail="return")
    >>> [result.check for result in results if result.status == "passed"][:3]
    ['keeps_shape_and_dtype', 'leaves_its_input_alone', 'is_deterministic']
    >>> {result.check: result.status.value for result in results}["preserves_distances"]
    'failed'
    """
    caller = "check_scheme"
    if not isinstance(scheme, Scheme):
        reject("scheme", caller, "be a Scheme", describe(scheme))
    as_choice(on_fail, ("raise", "return"), "on_fail", caller)
    expected = _check_expected(expected_failures, caller)
    results = [_run(FIRST, scheme, expected)]
    because = "" if results[0].status is Status.PASSED else unusable(scheme)
    for name in CHECKS:
        if name != FIRST:
            skipped = CheckResult(name, Status.SKIPPED, because)
            results.append(skipped if because else _run(name, scheme, expected))
    bad = [result for result in results if not result.ok]
    if bad and on_fail == "raise":
        lines = "\n".join(f"{r.check}: {r.status}. {r.detail}" for r in bad)
        raise AssertionError(f"{len(bad)} of {len(results)} checks of {scheme.name!r}:\n{lines}")
    return results


def unusable(scheme: Scheme) -> str:
    """Return why no other check can say anything of a scheme, or "" if the first one passes.

    Examples
    --------
    >>> unusable(Scheme("s", lambda image, key: 1 // 0, (4, 4), keys=[1]))
    'because the scheme raises: see keeps_shape_and_dtype'
    """
    result = _run(FIRST, scheme, {})
    if result.status is Status.PASSED:
        return ""
    what = "raises" if ") raised " in result.detail else "returns no such images"
    return f"because the scheme {what}: see {FIRST}"


def _run(name: str, scheme: Scheme, expected: ExpectedFailures) -> CheckResult:
    """Run one check."""
    try:
        CHECKS[name](scheme)
    except unittest.SkipTest as reason:
        return CheckResult(name, Status.NOT_APPLICABLE, str(reason))
    except Exception as error:  # noqa: BLE001  # what a scheme gives may raise when it is looked at
        told = "" if isinstance(error, AssertionError) else f"{type(error).__name__}: "
        if name in expected:
            return CheckResult(name, Status.EXPECTED_FAILURE, f"{expected[name]}: {told}{error}")
        return CheckResult(name, Status.FAILED, f"{told}{error}")
    if name in expected:
        detail = f"it does not fail any more, so take it out of expected_failures: {expected[name]}"
        return CheckResult(name, Status.UNEXPECTED_PASS, detail)
    return CheckResult(name, Status.PASSED)


def parametrize_with_checks(
    schemes: Iterable[Scheme],
    *,
    expected_failures: ExpectedFailures | Callable[[Scheme], ExpectedFailures] | None = None,
) -> pytest.MarkDecorator:
    """Give a test function every check of every scheme, as parameters ``scheme`` and ``check``.

    Parameters
    ----------
    schemes : iterable of Scheme
        At least one.
    expected_failures : mapping of str to str, or callable, optional
        Names of checks that are known to fail, each with the reason: for all schemes, or as a
        function of the scheme. They become strict expected failures: one that passes is reported.

    Returns
    -------
    pytest.MarkDecorator
        For a test that calls ``check(scheme)``.

    Raises
    ------
    InvalidParameterError
        If there is no scheme, one is none, or an expected failure is no check or has no reason.

    Examples
    --------
    >>> from etcprops import BlockGeometry, EtCKey, encrypt
    >>> geometry = BlockGeometry(16, 16, block=4)
    >>> keys = [EtCKey.from_secret(geometry, secret) for secret in ("a", "b")]
    >>> @parametrize_with_checks([Scheme("EtC", encrypt, (16, 16), keys=keys, block=4)])
    ... def test_etc(scheme, check):
    ...     check(scheme)
    """
    import pytest

    caller = "parametrize_with_checks"
    wanted = "hold at least one Scheme, and nothing else"
    chosen: list[Any] = list(as_iterator(schemes, "schemes", caller, wanted))
    if not chosen or not all(isinstance(scheme, Scheme) for scheme in chosen):
        reject("schemes", caller, wanted, describe(schemes))
    parameters = []
    for scheme in chosen:
        given = expected_failures(scheme) if callable(expected_failures) else expected_failures
        expected = _check_expected(given, caller)
        for name, check in CHECKS.items():
            marks = (
                [pytest.mark.xfail(strict=True, reason=expected[name])] if name in expected else []
            )
            parameters.append(pytest.param(scheme, check, marks=marks, id=f"{scheme.name}-{name}"))
    return pytest.mark.parametrize(("scheme", "check"), parameters)


def _check_expected(value: Any, caller: str) -> ExpectedFailures:
    """Return expected failures with known names and reasons."""
    expected: Any = {} if value is None else value
    wanted = f"map names of checks to reasons; the names are {', '.join(CHECKS)}"
    if not isinstance(expected, Mapping):
        reject("expected_failures", caller, wanted, describe(expected))
    for name, reason in expected.items():
        if name not in CHECKS:
            reject("expected_failures", caller, wanted, describe(name))
        if not isinstance(reason, str) or not reason.strip():
            got = f"{describe(reason)[:-1]} for {name!r}."
            reject("expected_failures", caller, "give a reason for each", got)
    return dict(expected)
