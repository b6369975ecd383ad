"""Decision values of support vector machines with 60 digits, from their definition."""

from __future__ import annotations

from decimal import Decimal, localcontext
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float64]


def exact_decisions(svm: Any, Q: Matrix) -> list[list[Decimal]]:
    """Return decision values with 60 digits: the features, coefficients and gamma as they are."""
    ends = np.cumsum(svm.n_support_)
    starts = ends - svm.n_support_
    gamma, coef0 = Fraction(float(svm._gamma)), Fraction(float(svm.coef0))  # noqa: SLF001
    rows = [[Fraction(v) for v in row] for row in svm.support_vectors_.tolist()]
    values = []
    with localcontext() as context:
        context.prec = 60

        def decimal(value: Fraction) -> Decimal:
            return Decimal(value.numerator) / Decimal(value.denominator)

        def kernel(x: list[Fraction], y: list[Fraction]) -> Decimal:
            product = sum((a * b for a, b in zip(x, y, strict=True)), Fraction(0))
            if svm.kernel == "linear":
                return decimal(product)
            if svm.kernel == "poly":
                return decimal((gamma * product + coef0) ** svm.degree)
            if svm.kernel == "rbf":
                squares = ((a - b) ** 2 for a, b in zip(x, y, strict=True))
                return decimal(-gamma * sum(squares, Fraction(0))).exp()
            grown = (2 * decimal(gamma * product + coef0)).exp()
            return (grown - 1) / (grown + 1)

        for query in Q.tolist():
            K = [kernel([Fraction(v) for v in query], row) for row in rows]
            pairs = []
            classes = len(svm.classes_)
            numbers = [(i, j) for i in range(classes) for j in range(i + 1, classes)]
            for pair, (i, j) in enumerate(numbers):
                total = Decimal(float(svm.intercept_[pair]))
                for one, row in ((i, j - 1), (j, i)):
                    for s in range(starts[one], ends[one]):
                        total += Decimal(float(svm.dual_coef_[row, s])) * K[s]
                pairs.append(total)
            values.append(pairs)
    return values
