"""What a run of pytest knows of the schemes and models under test; the plugin's other half."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, Final, TypedDict

import pytest

from etcprops._pictures import enlarged
from etcprops.testing.checks import CHECKS, SchemeCheck, pictures_of
from etcprops.testing.runner import FIRST, Status, unusable
from etcprops.testing.scheme import Picture, Scheme

if TYPE_CHECKING:
    from etcprops.auditing import Verdict

VERDICTS: pytest.StashKey[list[Verdict]] = pytest.StashKey()
ACCEPTED: Final = ("bitwise-identical", "identical-decisions")


class Row(TypedDict):
    """A check of a scheme, or an audit of a model, in what other processes can send.

    Attributes
    ----------
    subject : str
        The scheme or the model.
    check : str
        Name of the check; of audits that of the test.
    does : str
        What the check asks for.
    outcome : str
        A `Status`, or an outcome of `audit`.
    ok : bool
        Whether the test passed, or failed as expected.
    detail : str
        The counterexample, or why there is no answer.
    seconds : float
        What the test took.
    pictures : list of (str, str)
        Captions and data URIs.
    """

    subject: str
    check: str
    does: str
    outcome: str
    ok: bool
    detail: str
    seconds: float
    pictures: list[tuple[str, str]]


class Session:
    """The checks of schemes among some tests.

    Parameters
    ----------
    items : sequence of pytest.Item
        All that are to run.
    """

    def __init__(self, items: Sequence[pytest.Item]) -> None:
        under_test = [found for item in items if (found := _under_test(item))]
        # Whether a scheme can be used is said by its first check, and by no other if that runs.
        self._first = {id(scheme) for scheme, name, _ in under_test if name == FIRST}
        self._unusable: dict[int, str] = {}

    def before(self, item: pytest.Item) -> None:
        """Name scheme and check in JUnit's properties, and skip what can say nothing."""
        if (found := _under_test(item)) is None:
            return
        scheme, name, _ = found
        item.user_properties += [("etcprops_scheme", scheme.name), ("etcprops_check", name)]
        if name != FIRST and id(scheme) in self._first:
            if id(scheme) not in self._unusable:
                self._unusable[id(scheme)] = unusable(scheme)
            if because := self._unusable[id(scheme)]:
                pytest.skip(because)

    def rows(
        self,
        item: pytest.Item,
        call: pytest.CallInfo[None],
        report: pytest.TestReport,
        *,
        draw: bool,
    ) -> list[Row]:
        """Return what the page shows of a test, and give JUnit what a check found."""
        if report.when != "call":
            return []
        error = None if call.excinfo is None else call.excinfo.value
        told = _without_repetition(str(error or ""))
        found = _under_test(item)
        if found is None:
            return [self._audit(item, report, v, draw=draw) for v in item.stash.get(VERDICTS, [])]
        scheme, name, check = found
        if told:
            item.user_properties.append(("etcprops_witness", told))
        outcome, ok = _outcome(report, told)
        return [
            Row(
                subject=scheme.name,
                check=name,
                does=(inspect.getdoc(check) or "").partition("\n")[0].replace("``", ""),
                outcome=outcome,
                ok=ok,
                detail=told,
                seconds=call.duration,
                pictures=[(p.caption, _drawn(p)) for p in pictures_of(error) if draw],
            )
        ]

    @staticmethod
    def _audit(
        item: pytest.Item, report: pytest.TestReport, verdict: Verdict, *, draw: bool
    ) -> Row:
        """Return what the page shows of an audit."""
        return Row(
            subject=verdict.estimator,
            check=item.name,
            does="Require the same answers on plain and on encrypted images.",
            outcome=str(verdict.outcome),
            ok=report.outcome == "passed",
            detail=str(verdict),
            seconds=verdict.seconds,
            pictures=_witness(verdict) if draw else [],
        )


def audited(item: pytest.Item) -> Callable[..., Verdict]:
    """Return a function that audits a model, as a part of a test.

    Parameters
    ----------
    item : pytest.Item
        The test.
    """

    def audit(
        estimator: Any,
        images: Any,
        labels: Any,
        key: Any,
        *,
        accept: Iterable[str] = (),
        **options: Any,
    ) -> Verdict:
        from etcprops.auditing import audit as audit_one

        accept = {str(outcome) for outcome in accept}
        verdict = audit_one(estimator, images, labels, key, **options)
        item.stash.setdefault(VERDICTS, []).append(verdict)
        item.user_properties += [
            ("etcprops_model", verdict.estimator),
            ("etcprops_outcome", str(verdict.outcome)),
        ]
        if str(verdict.outcome) not in accept.union(ACCEPTED):
            pytest.fail(str(verdict), pytrace=False)
        if verdict.degenerate and str(verdict.outcome) not in accept:
            remedy = f"Take other images or labels, or accept={[str(verdict.outcome)]}."
            pytest.fail(f"{verdict}\n{remedy}", pytrace=False)
        return verdict

    return audit


def _under_test(item: pytest.Item) -> tuple[Scheme, str, SchemeCheck] | None:
    """Return scheme and check of a test that has them as parameters."""
    parameters = getattr(getattr(item, "callspec", None), "params", {})
    scheme, check = parameters.get("scheme"), parameters.get("check")
    names = {function: name for name, function in CHECKS.items()}
    if not isinstance(scheme, Scheme) or not callable(check) or check not in names:
        return None
    return scheme, names[check], check


def _outcome(report: pytest.TestReport, told: str) -> tuple[str, bool]:
    """Return what became of a check, and whether nothing has to be done."""
    if hasattr(report, "wasxfail"):
        return str(Status.EXPECTED_FAILURE), True
    if report.outcome == "passed":
        return str(Status.PASSED), True
    if report.outcome == "skipped":
        skipped = Status.SKIPPED if told.startswith("because") else Status.NOT_APPLICABLE
        return str(skipped), True
    return str(Status.FAILED if told else Status.UNEXPECTED_PASS), False


def _without_repetition(text: str) -> str:
    """Return what a check found without the line that repeats it."""
    return text.partition("\nTo repeat: ")[0]


def _drawn(picture: Picture) -> str:
    """Return a picture as a data URI, enlarged, with a frame around the pixel in question."""
    return enlarged(picture.pixels, picture.place or None)


def _witness(verdict: Verdict) -> list[tuple[str, str]]:
    """Return captions and pictures of a query that is answered differently."""
    found = verdict.witness
    if found is None:
        return []
    shown = [
        Picture(f"Query {found.query}, plain: {found.plain_answer}", found.image),
        Picture(f"The same, encrypted: {found.encrypted_answer}", found.encrypted),
    ]
    return [(picture.caption, _drawn(picture)) for picture in shown]
