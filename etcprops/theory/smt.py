"""Proofs with z3: for all 8-bit values, or all doubles that a pixel can become.

Each function takes the operation that it is about, applies it to symbols, and asks z3 for a value
for which the statement is false. A value that z3 finds is decoded, put through the same operation
in numpy, and only believed if the statement is false there too. A question that z3 does not answer
in time is unknown, not proved.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

import numpy as np

EFFORT = 100_000_000
"""How much z3 may do for one question, in units of its own counter: some ten million a second.

Unlike a limit of time it gives the same answer on a busy machine.
"""

Negate = Callable[[Any], Any]
"""The negative-positive transform of one pixel: of a symbol as of a number."""

Centre = Callable[[Any, Any, int], Any]
"""From a pixel, the sum over the images and their number to the deviation from the mean."""


class SpuriousCounterexampleError(Exception):
    """What z3 found does not contradict the statement in numpy: one of them is wrong."""


@dataclass(frozen=True)
class Answer:
    """What z3 says of a statement.

    Parameters
    ----------
    statement : str
        What was asked, in words.
    proved : bool or None
        Whether it is true for all values; None if z3 gave up.
    counterexample : dict of str to int
        Values for which it is false, re-checked; empty if there are none.
    detail : str
        What came out for the counterexample, or why z3 gave up.
    seconds : float
        How long it took.
    """

    statement: str
    proved: bool | None
    counterexample: dict[str, int]
    detail: str
    seconds: float

    def __str__(self) -> str:
        """Return the answer in a sentence."""
        if self.proved:
            return f"{self.statement}: proved"
        if self.proved is None:
            return f"{self.statement}: unknown, {self.detail}"
        values = ", ".join(f"{name} = {value}" for name, value in self.counterexample.items())
        return f"{self.statement}: false for {values}: {self.detail}"


def available() -> bool:
    """Return whether z3 is installed."""
    return find_spec("z3") is not None


def _negate(x: Any) -> Any:
    return 255 - x


def _centre(x: Any, total: Any, count: int) -> Any:
    return x - total / count


def _number(operation: Callable[..., Any], dtype: type[np.generic], *values: int) -> Any:
    """Apply an operation to numbers of a dtype and return the number that comes out."""
    arrays = [np.full(1, value).astype(dtype) for value in values]
    with np.errstate(over="ignore"):
        return np.asarray(operation(*arrays))[0].item()


def prove_xor(negate: Negate = _negate, *, effort: int = EFFORT) -> Answer:
    """Prove for all 256 grey levels that negation is XOR with 255 and undoes itself.

    In 8 bits, and in 64 bits, where the result is again a grey level: nothing wraps.

    Parameters
    ----------
    negate : callable
        The operation under proof.
    effort : int
        How much z3 may do for each part.

    Returns
    -------
    Answer

    Examples
    --------
    >>> print(prove_xor())
    255 - x is x XOR 255, undoes itself and does not wrap, in 8 and 64 bits: proved
    >>> print(prove_xor(lambda x: x ^ 254).counterexample)
    {'x': 0}
    """
    import z3

    x = z3.BitVec("x", 8)
    wide = z3.ZeroExt(56, x)
    claims = [
        negate(x) == x ^ 255,
        negate(negate(x)) == x,
        negate(wide) == z3.ZeroExt(56, x ^ 255),
        z3.ULE(negate(wide), 255),
    ]

    def confirm(x: int) -> tuple[bool, str]:
        short, long = (_number(negate, dtype, x) for dtype in (np.uint8, np.int64))
        twice = _number(lambda v: negate(negate(v)), np.uint8, x)
        held = short == long == x ^ 255 and twice == x
        return held, f"{short} in 8 bits, {long} in 64, {twice} when done twice"

    statement = "255 - x is x XOR 255, undoes itself and does not wrap, in 8 and 64 bits"
    return _ask(statement, claims, {"x": x}, confirm, effort)


def prove_squared_difference(negate: Negate = _negate, *, effort: int = EFFORT) -> Answer:
    """Prove for all pairs of grey levels that negating both leaves the squared difference.

    In 64-bit integers, which the package computes distances in, and in which nothing wraps: a
    difference lies within -255 and 255, so its square is at most 65,025.

    Parameters
    ----------
    negate, effort
        As for `prove_xor`.

    Returns
    -------
    Answer

    Examples
    --------
    >>> prove_squared_difference().proved
    True
    """
    import z3

    x, y = z3.BitVecs("x y", 8)
    a, b = z3.ZeroExt(56, x), z3.ZeroExt(56, y)
    d = z3.Int("d")
    difference = negate(a) - negate(b)
    claims = [
        difference * difference == (a - b) * (a - b),
        difference >= -255,
        difference <= 255,
        z3.Implies(z3.And(d >= -255, d <= 255), z3.And(d * d >= 0, d * d <= 65025)),
    ]

    def confirm(x: int, y: int) -> tuple[bool, str]:
        after = _number(negate, np.int64, x) - _number(negate, np.int64, y)
        return after**2 == (x - y) ** 2 and abs(after) <= 255, f"{(x - y) ** 2} and {after**2}"

    statement = "(x - y)^2 stays the same in 64-bit integers and is at most 65,025"
    return _ask(statement, claims, {"x": x, "y": y}, confirm, effort)


def prove_deviations(
    negate: Negate = _negate, counts: Iterable[int] = (1, 2, 3, 1024), *, effort: int = EFFORT
) -> Answer:
    """Prove for given numbers N of images that ``N x - S`` changes its sign when all are negated.

    Parameters
    ----------
    negate, effort
        As for `prove_xor`.
    counts : iterable of int
        Numbers of images; a thousand take no longer than one.

    Returns
    -------
    Answer

    Examples
    --------
    >>> prove_deviations(counts=[5]).proved
    True
    """
    import z3

    counts = list(counts)
    xs = [z3.Int(f"x{i}") for i in range(max(counts))]
    parts = []
    for count in counts:
        total, negated = z3.Sum(xs[:count]), z3.Sum([negate(x) for x in xs[:count]])
        parts.append(count * negate(xs[0]) - negated == -(count * xs[0] - total))

    def confirm(**pixels: int) -> tuple[bool, str]:
        values = list(pixels.values())
        held, detail = True, ""
        for count in counts:
            column = values[:count]
            after = [_number(negate, np.int64, v) for v in column]
            before = count * column[0] - sum(column)
            changed = count * after[0] - sum(after)
            if changed != -before:
                held, detail = False, f"N = {count}: {before} plain, {changed} negated"
        return held, detail

    statement = f"N x - S changes its sign for N = {', '.join(map(str, counts))}"
    return _ask(statement, parts, {str(x): x for x in xs}, confirm, effort)


def prove_numerators(negate: Negate = _negate, *, effort: int = EFFORT) -> Answer:
    """Prove for every number N of images that ``N x - S`` is negated and ``N Q - S^2`` is not.

    S is the sum of a pixel over the images and Q the sum of its squares. By induction over N: one
    more image keeps ``S' = 255 N - S`` and ``Q' = 255^2 N - 510 S + Q``, and with these the
    numerators are what is claimed.

    Parameters
    ----------
    negate, effort
        As for `prove_xor`.

    Returns
    -------
    Answer

    Examples
    --------
    >>> prove_numerators().proved
    True
    """
    import z3

    N, S, Q, x = z3.Ints("N S Q x")
    total, squares = 255 * N - S, 65025 * N - 510 * S + Q
    after = negate(x)
    identities = [
        (total + after, 255 * (N + 1) - (S + x)),
        (squares + after * after, 65025 * (N + 1) - 510 * (S + x) + (Q + x * x)),
        (N * after - total, -(N * x - S)),
        (N * squares - total * total, N * Q - S * S),
    ]
    # As sums of monomials identities are seen at once; z3 would search for products first.
    claims = [z3.simplify(left - right, som=True) == 0 for left, right in identities]

    def confirm(x: int) -> tuple[bool, str]:
        after = _number(negate, np.int64, x)
        return after == 255 - x, f"{x} becomes {after}"

    statement = "N x - S changes its sign and N Q - S^2 does not change, for every N"
    return _ask(statement, claims, {"x": x}, confirm, effort)


def prove_float_negation(negate: Negate = _negate, *, effort: int = EFFORT) -> Answer:
    """Prove for all 256 grey levels that ``255 - x`` is exact in float64.

    Parameters
    ----------
    negate, effort
        As for `prove_xor`.

    Returns
    -------
    Answer

    Examples
    --------
    >>> prove_float_negation().proved
    True
    """
    import z3

    x = z3.BitVec("x", 8)
    claim = z3.fpEQ(negate(_double(x)), _double(255 - x))

    def confirm(x: int) -> tuple[bool, str]:
        after = _number(negate, np.float64, x)
        return after == 255 - x, repr(after)

    return _ask("fl(255 - x) is exact in float64", [claim], {"x": x}, confirm, effort)


def prove_centring(
    count: int,
    total: int | None = None,
    *,
    negate: Negate = _negate,
    centre: Centre = _centre,
    effort: int = EFFORT,
) -> Answer:
    """Ask whether centring by the mean in float64 changes its sign when all images are negated.

    Parameters
    ----------
    count : int
        The number of images.
    total : int, optional
        The sum of the pixel over them; by default every sum, which takes up to a minute.
    negate, centre : callable
        The operations under proof.
    effort : int
        How much z3 may do.

    Returns
    -------
    Answer

    Examples
    --------
    >>> answer = prove_centring(3, 494)
    >>> answer.proved, sorted(answer.counterexample)
    (False, ['S', 'x'])
    """
    import z3

    x, s = z3.BitVec("x", 16), z3.BitVec("S", 16) if total is None else z3.BitVecVal(total, 16)
    allowed = z3.And(z3.ULE(x, 255), z3.ULE(s, 255 * count))
    plain = centre(_double(x), _double(s), count)
    negated = centre(negate(_double(x)), _double(255 * count - s), count)
    claim = z3.Implies(allowed, z3.fpEQ(negated, -plain))
    symbols = {"S": s, "x": x}

    def confirm(S: int, x: int) -> tuple[bool, str]:
        plain = _number(lambda v, t: centre(v, t, count), np.float64, x, S)
        negated = _number(lambda v, t: centre(negate(v), t, count), np.float64, x, 255 * count - S)
        return negated == -plain, f"{plain!r} plain, {negated!r} negated"

    sums = "every sum" if total is None else f"sum {total}"
    statement = f"x - S / N changes its sign in float64 for N = {count}, {sums} and every x"
    return _ask(statement, [claim], symbols, confirm, effort)


def _double(value: Any) -> Any:
    """Return the float64 of an unsigned bit-vector, or of the number that it simplifies to."""
    import z3

    return z3.simplify(z3.fpUnsignedToFP(z3.RNE(), value, z3.Float64()))


def _ask(
    statement: str,
    claims: list[Any],
    symbols: dict[str, Any],
    confirm: Callable[..., tuple[bool, str]],
    effort: int,
) -> Answer:
    """Ask z3 for values that make a claim false, one after the other, and confirm in numpy."""
    import z3

    start = time.perf_counter()
    for claim in claims:
        solver = z3.Solver()
        solver.set("rlimit", effort)
        solver.add(z3.Not(claim))
        verdict = solver.check()
        if verdict != z3.unsat:
            break
    took = time.perf_counter() - start
    if verdict == z3.unsat:
        return Answer(statement, True, {}, "", took)
    if verdict == z3.unknown:
        return Answer(statement, None, {}, f"{solver.reason_unknown()} after {took:.1f} s", took)
    model = solver.model()
    values = {
        name: model.eval(symbol, model_completion=True).as_long()
        for name, symbol in symbols.items()
    }
    held, detail = confirm(**values)
    if held:
        raise SpuriousCounterexampleError(f"{statement}: z3 says not for {values}; numpy: {detail}")
    return Answer(statement, False, values, detail, took)
