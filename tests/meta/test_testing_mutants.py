"""Mutation testing: whatever `etcprops.testing` offers rejects something that is wrong.

What it offers is read from the package and from its plugin. test_scheme_mutants has those of each
check of a scheme, test_vector_mutants those of the vectors.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from sklearn.neighbors import KNeighborsClassifier

from etcprops import _pytest_plugin, testing
from etcprops.testing import Scheme, Status, check_scheme, check_vectors
from etcprops.vectors import FILES

PLAIN = np.array([[0, 10], [10, 0], [200, 100], [210, 90], [20, 5], [190, 80]], dtype=np.uint8)
LOST = PLAIN[:, :1] * np.uint8(0)
LABELS = [0, 0, 1, 1, 0, 1]


def halved(image: Any, key: int) -> Any:
    return image // 2 + key


def first_rejection(scheme: Scheme) -> None:
    """Call the checks that the decorator gives, as pytest does."""
    for parameters in testing.parametrize_with_checks([scheme]).args[1]:
        _, check = parameters.values
        check(scheme)


SCHEME = Scheme("s", halved, (4, 4), keys=[0, 1])
ASSERTING: dict[str, Callable[[], object]] = {
    "assert_bitwise_equal": lambda: testing.assert_bitwise_equal([0.5, 0.0], [0.5, -0.0]),
    "assert_isometry": lambda: testing.assert_isometry(PLAIN, LOST),
    "assert_orthogonal": lambda: testing.assert_orthogonal([[0, 1], [0, 1]]),
    "assert_same_decisions": lambda: testing.assert_same_decisions(
        KNeighborsClassifier(1), PLAIN, LOST, LABELS, [0, 1, 2, 3]
    ),
    "check_scheme": lambda: check_scheme(SCHEME),
    "check_vectors": lambda: check_vectors(derive=lambda _secret, _sizes: {}),
    "parametrize_with_checks": lambda: first_rejection(SCHEME),
}
MEASURING: dict[str, Callable[[], Any]] = {
    "different_decisions": lambda: testing.different_decisions(
        KNeighborsClassifier(1), PLAIN, LOST, LABELS, [0, 1, 2, 3]
    ),
    "distance_defect": lambda: testing.distance_defect(PLAIN, LOST),
    "orthogonality_defect": lambda: testing.orthogonality_defect([[0, 1], [0, 1]]).toarray(),
}
DOORS = {name for name in testing.__all__ if inspect.isfunction(getattr(testing, name))}


def test_every_function_has_a_mutant() -> None:
    assert {*ASSERTING, *MEASURING} == DOORS


@pytest.mark.parametrize("name", ASSERTING)
def test_the_assertion_rejects_its_mutant(name: str) -> None:
    with pytest.raises(AssertionError):
        ASSERTING[name]()


@pytest.mark.parametrize("name", MEASURING)
def test_the_measurer_sees_its_mutant(name: str) -> None:
    assert np.any(MEASURING[name]())


def test_every_fixture_of_the_plugin_has_a_mutant() -> None:
    """Test_pytest_plugin has that of this one, a tree, and one that has a single answer."""
    fixtures = {
        name
        for name, value in vars(_pytest_plugin).items()
        # As pytest tells them apart, from 8.4 on and before.
        if "FixtureFunction" in repr(type(value)) or hasattr(value, "_pytestfixturefunction")
    }
    assert fixtures == {"etcprops_audit"}


# --- Vectors, by file

ANSWERS: dict[str, Callable[..., Any]] = {
    "encrypt": lambda image, _key: image,
    "decrypt": lambda image, _key: image,
    "derive": lambda _secret, sizes: dict.fromkeys(
        ("permutation", "transforms", "negatives", "components"), [0] * sizes["height"]
    ),
    "grayscale": lambda picture, _key: picture[..., 0],
}


def test_every_door_to_the_vectors_has_a_mutant_and_every_file_a_failure() -> None:
    doors = [name for name in inspect.signature(check_vectors).parameters if name != "on_fail"]
    assert list(ANSWERS) == doors
    report = check_vectors(**ANSWERS, on_fail="return")
    assert {failure.file for failure in report.failures} == set(FILES)


# --- What becomes of a check


def fixed(image: Any, _key: int) -> Any:
    return image[::-1]


def raising(_image: Any, _key: int) -> Any:
    raise KeyError("no such block")


KNOWN = {"uses_its_key": "it has one key by design"}
STATUSES: dict[Status, tuple[Scheme, dict[str, str]]] = {
    Status.PASSED: (Scheme("s", fixed, (4, 4), keys=[0]), {}),
    Status.FAILED: (Scheme("s", fixed, (4, 4), keys=[0, 1]), {}),
    Status.EXPECTED_FAILURE: (Scheme("s", fixed, (4, 4), keys=[0, 1]), KNOWN),
    Status.UNEXPECTED_PASS: (
        Scheme("s", lambda image, key: 255 - image if key else image, (4, 4), keys=[0, 1]),
        KNOWN,
    ),
    Status.NOT_APPLICABLE: (Scheme("s", fixed, (4, 4), keys=[0]), {}),
    Status.SKIPPED: (Scheme("s", raising, (4, 4), keys=[0]), {}),
}


@pytest.mark.sampled(3)
@pytest.mark.parametrize("status", Status)
def test_each_status_is_given(status: Status) -> None:
    scheme, expected = STATUSES[status]
    results = check_scheme(scheme, expected_failures=expected, on_fail="return")
    assert status in {result.status for result in results}
