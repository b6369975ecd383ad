"""Orders that are the same, each other's inverse, or shifts of each other, under every key.

Those that leave all in place are no draws; those that repeat are one draw; of one that is a cyclic
shift of another a key chooses the shift.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from etcprops.probing.draws import Draw, DrawKind
from etcprops.probing.uniformity import FACT_ERROR


@dataclass(frozen=True)
class OwnOrders:
    """Which of the orders of a draw are not those of another one.

    Attributes
    ----------
    kept : ndarray of bool, shape (m,)
        All, but for those that come earlier under every key, or move nothing under any.
    finding : str
        What repeats, in words; "" if nothing does.
    extra : float
        How many orders have the bits of those that are shifts of others.
    """

    kept: NDArray[np.bool_]
    finding: str = ""
    extra: float = 0.0

    @property
    def share(self) -> float:
        """How many of the orders a key chooses."""
        return float((self.kept.sum() + self.extra) / self.kept.size)


def own_orders(draws: Sequence[Sequence[Draw]]) -> list[OwnOrders]:
    """Return which orders of each draw repeat no earlier one, beyond chance.

    Parameters
    ----------
    draws : sequence of sequences of Draw
        One sequence a draw, one of its elements a key.

    Returns
    -------
    list of OwnOrders
        One a draw; of draws that are no permutations all is kept.

    Examples
    --------
    >>> from etcprops.probing.draws import permutation
    >>> orders = [np.random.default_rng(key).permutation(9) for key in range(3)]
    >>> rows = [permutation("order of the rows", order) for order in orders]
    >>> columns = [permutation("order of the columns", np.argsort(order)) for order in orders]
    >>> own_orders([rows, columns])[1].finding
    'The order of the columns is the inverse of the order of the rows under every key: one draw.'
    """
    total = sum(each[0].values.shape[0] for each in draws if _ordered(each))
    # Any two of them may be equal by chance, or inverse.
    needed = math.log2(max(1, total) ** 2 / FACT_ERROR)
    seen: dict[bytes, tuple[str, bytes]] = {}
    found = []
    for each in draws:
        if not _ordered(each) or len(each) * _log2_orders(each[0]) <= needed:
            found.append(OwnOrders(np.ones(1, dtype=np.bool_)))
            continue
        own, shift = _own(each, seen), math.log2(each[0].values.shape[-1])
        beyond_chance = len(each) * (_log2_orders(each[0]) - shift) > needed + 1
        found.append(_unshifted(each, own) if beyond_chance else own)
    return found


def _own(draws: Sequence[Draw], seen: dict[bytes, tuple[str, bytes]]) -> OwnOrders:
    """Return the own orders of one draw, and add them to those that were seen."""
    name = draws[0].name
    orders = np.stack([d.values for d in draws], axis=1)
    inverses = np.empty_like(orders)
    np.put_along_axis(inverses, orders, np.arange(orders.shape[-1])[None, None], axis=-1)
    kept = np.ones(len(orders), dtype=np.bool_)
    earlier, same = "", True
    still = (orders == np.arange(orders.shape[-1])).all(axis=(1, 2))
    for number, (order, inverse) in enumerate(zip(orders, inverses, strict=True)):
        if still[number]:
            kept[number] = False
            continue
        as_bytes = order.tobytes()
        either = min(as_bytes, inverse.tobytes())
        if either in seen:
            earlier, first = seen[either]
            same = first == as_bytes
            kept[number] = False
        seen.setdefault(either, (name, as_bytes))
    stay = int(still.sum())
    none = f"The {name}: of {kept.size}, {stay} move nothing under any key." if stay else ""
    if not earlier:
        return OwnOrders(kept, none)
    if earlier == name:
        own = int(kept.sum())
        differ = "it is one and the same" if own == 1 else f"{own} are different"
        text = f"The {name}: of {kept.size - stay}, {differ} under every key."
    else:
        how = "the same as" if same else "the inverse of"
        text = f"The {name} is {how} the {earlier} under every key: one draw."
    return OwnOrders(kept, f"{none} {text}".strip())


def _unshifted(draws: Sequence[Draw], own: OwnOrders) -> OwnOrders:
    """Return the own orders of one draw less those that are cyclic shifts of earlier ones."""
    orders = np.stack([d.values for d in draws], axis=1)
    count = orders.shape[-1]
    kept = own.kept.copy()
    seen: set[tuple[str, bytes]] = set()
    for number in np.flatnonzero(own.kept) if kept.size > 1 else []:
        order = orders[number]
        turned = (np.argmin(order, axis=-1)[:, None] + np.arange(count)) % count
        forms = {
            ("places", np.take_along_axis(order, turned, axis=-1).tobytes()),
            ("sources", ((order - order[:, :1]) % count).tobytes()),
        }
        kept[number] = not forms & seen
        seen |= forms
    shifted = int(own.kept.sum() - kept.sum())
    if not shifted:
        return own
    text = (
        f"The {draws[0].name}: of {kept.size}, {shifted} are cyclic shifts of others under every "
        "key; whether the shifts are drawn evenly was not tested."
    )
    extra = shifted * math.log2(count) / _log2_orders(draws[0])
    return OwnOrders(kept, f"{own.finding} {text}".strip(), extra)


def _ordered(draws: Sequence[Draw]) -> bool:
    """Tell whether several keys draw orders that are not still under all of them."""
    permuted = draws[0].kind is DrawKind.PERMUTATION
    return permuted and len(draws) > 1 and not all(d.neutral for d in draws)


def _log2_orders(draw: Draw) -> float:
    return math.lgamma(draw.values.shape[-1] + 1) / math.log(2)
