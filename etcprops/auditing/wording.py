"""What the experiments on a model show, put into one sentence with its evidence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from etcprops.auditing.verdict import Remedy
from etcprops.scheme.keys import STEP_NAMES, Step

UNREPEATABLE: Final = (
    "the model answers otherwise each time it is fitted, on the same plain images with the same "
    "seeds: it draws numbers that neither random_state nor the global states of random and "
    "numpy.random govern, so that one fit a side says nothing about the encryption"
)


@dataclass(frozen=True)
class Findings:
    """What the experiments showed.

    Attributes
    ----------
    breaking : tuple of Step
        Steps that change answers alone.
    features : dict
        Names of experiments on features, and whether answers were the same.
    preprocessing : tuple of transformers
        After which features were permuted and negated.
    remedy, kind : Remedy or None, str
        What helped, and which kind of change it is.
    seed_matters : bool
        Whether another seed gives other answers.
    """

    breaking: tuple[Step, ...]
    features: dict[str, bool]
    preprocessing: tuple[Any, ...]
    remedy: Remedy | None
    kind: str
    seed_matters: bool


def explain(found: Findings) -> str:
    """Put what the experiments showed into one sentence."""
    features, remedy = found.features, found.remedy
    steps = _listed([STEP_NAMES[step] for step in found.breaking])
    steps = steps or "the steps together, none alone,"
    verb = "changes" if len(found.breaking) == 1 else "change"
    evidence = f"; with {remedy.change} the answers are identical" if remedy else ""
    permuted, negated = features.get("features permuted"), features.get("features negated")
    both = features.get("features permuted and negated", permuted if negated is None else negated)
    about = _sensitivity(features, seed_matters=found.seed_matters)
    rounding = features.get("rounding") is False
    if found.kind == "gamma":
        return f"gamma='scale' uses X.var(), which {steps} {verb}{evidence}"
    if found.kind in {"convergence", "newton"}:
        point = f"depends on {'the offset of x -> 255 - x' if both else about}"
        if rounding:
            noise = "noise of 1e-14 of their spread in plain features moves it as far"
            point = f"rounding chooses ({noise})"
        return f"the solver stops before it converges, at a point that {point}{evidence}"
    if both and found.preprocessing:
        preprocessing = _listed([name_of(transformer) for transformer in found.preprocessing])
        return (
            f"{preprocessing} {'does' if len(found.preprocessing) == 1 else 'do'} not turn {steps} "
            f"into permuted and negated features, on which the model answers the same{evidence}"
        )
    if both:
        return (
            f"{steps} {verb} pixels by more than order and sign, namely the offset of "
            f"x -> 255 - x, to which the model is not indifferent{evidence}"
        )
    if rounding:
        return (
            "the model makes rounding large: noise of 1e-14 of their spread in plain features "
            f"changes its answers as well; {steps} {verb} the order of sums{evidence}"
        )
    return f"the model depends on {about}: {steps} {verb} its answers{evidence}"


def name_of(transformer: Any) -> str:
    """Return what a transformer is called: a function by its own name.

    Examples
    --------
    >>> from sklearn.preprocessing import FunctionTransformer, StandardScaler
    >>> name_of(StandardScaler()), name_of(FunctionTransformer(abs))
    ('StandardScaler', 'abs')
    """
    function = getattr(transformer, "func", None)
    return str(getattr(function, "__name__", type(transformer).__name__))


def _listed(names: list[str]) -> str:
    """Return names with commas and a last "and"."""
    return " and ".join([", ".join(names[:-1]), names[-1]]) if len(names) > 1 else "".join(names)


def _sensitivity(features: dict[str, bool], *, seed_matters: bool) -> str:
    """Say on what of the features the model depends."""
    parts = []
    draws = " (it draws by index, with one seed)" if seed_matters else ""
    if features.get("features permuted") is False:
        part = "the order of the features"
        ties = features.get("features permuted, no two values equal")
        parts.append(part + (" (ties: without equal values it does not)" if ties else draws))
    if features.get("features negated") is False:
        part = "the signs of the features"
        if features.get("features negated, no two values equal"):
            part += " (values on a threshold: without equal values it does not)"
        elif not parts:
            part += draws
        parts.append(part)
    return " and on ".join(parts) or "the features in a way that no experiment isolated"
