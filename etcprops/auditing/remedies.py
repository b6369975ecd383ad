"""Changes that may make a model's answers identical, from the smallest to the largest.

Each is a function from a candidate to another candidate with one thing changed. Whether it helps
is not known here: `causes` tries.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from etcprops.auditing.harness import Candidate
from etcprops.auditing.preprocessing import PREPROCESSINGS
from etcprops.auditing.wording import name_of

DIRECT_SOLVERS: Final[dict[str, tuple[Any, ...]]] = {
    "svd_solver": ("full",),
    "svd_method": ("lapack",),
    "eigen_solver": ("dense", "eigen"),
    "algorithm": ("brute", "arpack"),
    "solver": ("svd", "lbfgs"),
    "dual": (True,),
    "method": ("exact",),
}
"""Values of solver parameters that do not start from random or ordered features."""

GRIDS: Final = frozenset({"param_grid", "param_distributions"})
KERNELS: Final = ("linear", "rbf", "poly", "sigmoid")


@dataclass(frozen=True)
class Change:
    """One change, in words and as a function."""

    name: str
    apply: Callable[[Candidate], Candidate]


def _parameters(name: str, **parameters: Any) -> Change:
    return Change(name, lambda candidate: candidate.with_parameters(**parameters))


def frozen_gammas(candidate: Candidate, gamma: float | None) -> Iterator[Change]:
    """Yield the change of each ``gamma="scale"`` to the number it has on plain images."""
    for name, value in candidate.estimator.get_params(deep=True).items():
        last = name.rpartition("__")[2]
        if last == "gamma" and isinstance(value, str) and value == "scale":
            if gamma is not None:
                yield _parameters(f"{name}={gamma:.4g}", **{name: gamma})
            yield _parameters(f"{name}='auto'", **{name: "auto"})
        elif last in GRIDS and gamma is not None:
            frozen = _without_scale(value, gamma)
            if frozen != value:
                yield _parameters(f"gamma={gamma:.4g} for 'scale' in {name}", **{name: frozen})


def _without_scale(grid: Any, gamma: float) -> Any:
    """Return a grid of parameters in which "scale" is a number among the values of gamma."""
    if isinstance(grid, dict):
        return {
            name: [gamma if isinstance(v, str) and v == "scale" else v for v in values]
            if name.rpartition("__")[2] == "gamma" and isinstance(values, (list, tuple))
            else values
            for name, values in grid.items()
        }
    return [_without_scale(part, gamma) for part in grid] if isinstance(grid, list) else grid


def newton(candidate: Candidate) -> Iterator[Change]:
    """Yield the change to Newton's steps, which converge where others stop early."""
    if candidate.estimator.get_params(deep=False).get("solver") in {"lbfgs", "newton-cg"}:
        yield _parameters("solver='newton-cholesky'", solver="newton-cholesky")


def tighter(candidate: Candidate) -> Iterator[Change]:
    """Yield the changes to a tighter tolerance with more iterations, the milder one first."""
    parameters = candidate.estimator.get_params(deep=True)
    if "early_stopping" in parameters:
        return  # more iterations are another model there
    for tolerance, fewest in ((1e-7, 0), (1e-10, 20_000)):
        changes: dict[str, Any] = {}
        for name, value in parameters.items():
            last = name.rpartition("__")[2]
            if isinstance(value, bool) or not isinstance(value, (int, float)):
                continue
            if last.endswith("tol") and value > tolerance:
                changes[name] = tolerance
            elif last == "max_iter" and 0 < value <= 100_000:
                changes[name] = max(20 * int(value), fewest)
        if any(name.endswith("tol") for name in changes):
            text = ", ".join(f"{name}={value:g}" for name, value in changes.items())
            yield _parameters(text, **changes)


def all_features(candidate: Candidate) -> Iterator[Change]:
    """Yield the change to models that look at all features instead of a random subset."""
    for name, value in candidate.estimator.get_params(deep=True).items():
        if name.rpartition("__")[2] == "max_features" and isinstance(value, str):
            yield _parameters(f"{name}=None", **{name: None})


def direct_solvers(candidate: Candidate) -> Iterator[Change]:
    """Yield the change to solvers that do not depend on an order or a random start."""
    parameters = candidate.estimator.get_params(deep=False)
    for name, values in DIRECT_SOLVERS.items():
        if name in parameters:
            for value in values:
                if parameters[name] != value:
                    yield _parameters(f"{name}={value!r}", **{name: value})


def exact_arithmetic(candidate: Candidate) -> Iterator[Change]:
    """Yield the change to kernels whose sums do not depend on the order of the features."""
    from sklearn.svm import SVC, SVR, NuSVC, NuSVR, OneClassSVM

    from etcprops.exact.kernels import ExactKernel

    parameters = candidate.estimator.get_params(deep=False)
    svms = (SVC, NuSVC, SVR, NuSVR, OneClassSVM)
    kernel = parameters.get("kernel")
    if isinstance(candidate.estimator, svms) and isinstance(kernel, str) and kernel in KERNELS:
        options = {n: parameters[n] for n in ("gamma", "degree", "coef0") if n in parameters}
        exact = ExactKernel(kernel, slices=3, **options)  # type: ignore[arg-type]  # one of KERNELS
        yield Change(
            f"kernel=ExactKernel({kernel!r}) after the exact z-score",
            lambda c: c.with_parameters(kernel=exact).with_named_preprocessing("z-score"),
        )


def preprocessings(candidate: Candidate) -> Iterator[Change]:
    """Yield the change to each other named preprocessing, linearising ones first."""
    now = candidate.preprocessing
    replaced = f" instead of {' and '.join(map(name_of, now))}" if now else ""
    for name in ("mid-grey", "z-score", "none", "min-max", "per-image z-score"):
        fresh = PREPROCESSINGS[name]()
        if (fresh is None and not now) or (len(now) == 1 and repr(now[0]) == repr(fresh)):
            continue
        yield Change(
            f"preprocessing {name!r}{replaced}",
            lambda c, name=name: c.with_named_preprocessing(name),  # type: ignore[misc]
        )


def normal_forms(candidate: Candidate) -> Iterator[Change]:
    """Yield the changes to features that the encryption cannot change, before any model."""
    from etcprops.reductions import CanonicalFeatures, GramPCA

    if not any(isinstance(step, (GramPCA, CanonicalFeatures)) for step in candidate.preprocessing):
        # Canonical features are made of pixels: they replace the preprocessing.
        yield Change(
            "CanonicalFeatures() on pixels", lambda c: c.with_preprocessing(CanonicalFeatures())
        )
        yield Change(
            "GramPCA() before the model",
            lambda c: c.with_preprocessing(*c.preprocessing, GramPCA()),
        )
        yield Change("GramPCA() on pixels", lambda c: c.with_preprocessing(GramPCA()))
