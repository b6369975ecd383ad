"""Tests of uniformity of what keys draw: chi-square, binomial, and Holm's rule over all of them.

All tests of one audit together accuse a sound scheme with probability `FAMILY_ERROR` at most, by
Holm's rule (Holm 1979): ordered by p-value, test ``i`` of ``m`` (from 0) is rejected while its
p-value is below ``level / (m - i)``; the level leaves what `FACT_ERROR` takes. Tests with fewer
than `LEAST_EXPECTED` expected cases a cell are not made.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

FAMILY_ERROR: Final = 1e-3
"""Probability that all tests of one audit together accuse a scheme whose keys are uniform."""

FACT_ERROR: Final = 1e-5
"""What chance does with a smaller probability is said without a test: `FACTS` times at most."""

FACTS: Final = 16

LEAST_EXPECTED: Final = 5


@dataclass(frozen=True)
class UniformityTest:
    """One test of uniformity.

    Attributes
    ----------
    name : str
        What should be uniform.
    counts : tuple of int
        How often each case occurred.
    p_value : float
        Probability of counts at least as uneven, were it uniform.
    rejected : bool
        Whether it is, by Holm's rule over all tests of the audit.
    """

    name: str
    counts: tuple[int, ...]
    p_value: float
    rejected: bool = False

    @property
    def accusation(self) -> str:
        """What is uneven, in words.

        Examples
        --------
        >>> UniformityTest("component order", (30, 0, 0), 1e-9).accusation.partition("; ")[2]
        'only 1 of 3 are ever drawn.'
        """
        counts = np.array(self.counts)
        drawn = np.count_nonzero(counts)
        shares = counts / counts.sum()
        text = (
            f"Not uniform: {self.name}: from {shares.min():.3g} to {shares.max():.3g} where "
            f"{1 / counts.size:.3g} is uniform (p = {self.p_value:.1e})"
        )
        if drawn < counts.size <= 8:
            text += f"; only {drawn} of {counts.size} are ever drawn"
        return text + "."

    def to_dict(self) -> dict[str, Any]:
        """Return the test ready for JSON."""
        return vars(self) | {"counts": list(self.counts)}


def code_uniformity(name: str, codes: NDArray[np.int64], bound: int) -> UniformityTest:
    """Test codes from 0 to ``bound - 1``: chi-square with ``bound - 1`` degrees of freedom.

    Examples
    --------
    >>> code_uniformity("faces of a die", np.arange(60) % 6, 6).p_value
    1.0
    """
    counts = np.bincount(codes.ravel(), minlength=bound)
    expected = counts.sum() / bound
    return _chi_square(name, counts, float(((counts - expected) ** 2 / expected).sum()), bound - 1)


def source_uniformity(name: str, permutations: NDArray[np.int64], groups: int) -> UniformityTest:
    """Test permutations, shape (keys, pieces): from which group of blocks each group is filled.

    The entries of a random permutation matrix vary by ``n / (n - 1)`` more than independent draws;
    scaled by that, the statistic is chi-square with ``(groups - 1)**2`` degrees of freedom.
    """
    keys, count = permutations.shape
    label = np.arange(count) * groups // count
    sizes = np.bincount(label)
    table = np.zeros((groups, groups), dtype=np.int64)
    np.add.at(table, (np.broadcast_to(label, permutations.shape), label[permutations]), 1)
    expected = keys * np.outer(sizes, sizes) / count
    statistic = (count - 1) / count * float(((table - expected) ** 2 / expected).sum())
    name = f"source of each position, {name} ({groups} x {groups} groups)"
    return _chi_square(name, table.ravel(), statistic, (groups - 1) ** 2)


def bit_uniformity(name: str, bits: NDArray[np.bool_]) -> UniformityTest:
    """Test independent bits: two-sided binomial test with probability 1/2.

    Examples
    --------
    >>> round(bit_uniformity("coin", np.arange(10) < 9).p_value, 4)  # 2 (1 + 10) / 2^10
    0.0215
    """
    from scipy.special import bdtr

    ones = int(np.count_nonzero(bits))
    rarer = min(ones, bits.size - ones)
    p_value = min(1.0, 2 * float(bdtr(rarer, bits.size, 0.5)))
    return UniformityTest(name, (bits.size - ones, ones), p_value)


def _chi_square(
    name: str, counts: NDArray[np.int64], statistic: float, freedom: int
) -> UniformityTest:
    from scipy.special import chdtrc

    return UniformityTest(name, tuple(counts.tolist()), float(chdtrc(freedom, statistic)))


def holm(tests: list[UniformityTest]) -> list[UniformityTest]:
    """Return the tests, marked where Holm's rule rejects uniformity.

    Examples
    --------
    >>> tests = [UniformityTest(str(p), (), p) for p in (0.2, 1e-4, 6e-4)]
    >>> [test.rejected for test in holm(tests)]
    [False, True, False]
    """
    marked = list(tests)
    order = sorted(range(len(tests)), key=lambda i: tests[i].p_value)
    for rank, i in enumerate(order):
        if tests[i].p_value > (FAMILY_ERROR - FACTS * FACT_ERROR) / (len(tests) - rank):
            break
        marked[i] = replace(tests[i], rejected=True)
    return marked
