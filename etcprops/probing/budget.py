"""How many seconds and calls a probe may take, and what it does in them.

Calls of somebody's function may take seconds each. Whatever they are spent on is asked in the order
of what it is worth, and what was not asked when the budget ended is named in the report.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

DEFAULT_SECONDS = 300.0
"""The budget of a probe unless another is given."""


class BudgetSpentError(Exception):
    """The time is over."""


@dataclass(frozen=True)
class Progress:
    """Where a probe is.

    Attributes
    ----------
    stage : str
        What it is doing.
    calls : int
        Calls so far.
    planned : int
        Calls in all, as far as is known.
    left : float
        Seconds left of the budget.
    expected : float
        Seconds that it will take at this pace if nothing comes up, at most those left.
    """

    stage: str
    calls: int
    planned: int
    left: float
    expected: float


@dataclass(frozen=True)
class Effort:
    """How much is asked for each purpose.

    Attributes
    ----------
    noise : int
        Images of uniform noise that confirm a map.
    extremes : int
        Images among the extreme ones that confirm it, all 8 or fewer.
    sweep : bool
        Whether every pixel is shown every grey level.
    instances : int
        Random instances of each relation.
    witness : int
        Calls for a small witness.
    columns : int
        Up to this many pixels the whole matrix of an affine map is found.
    again : int
        Chosen images that are asked again.
    shapes : bool
        Whether other shapes are tried.
    """

    noise: int = 64
    extremes: int = 8
    sweep: bool = True
    instances: int = 6
    witness: int = 400
    columns: int = 1 << 12
    again: int = 64
    shapes: bool = True


FULL = Effort()
QUICK = Effort(1, 1, False, 3, 40, 128, 1, False)
"""For functions that take seconds a call: the class, believed after few images."""

BRIEF = Effort(1, 0, False, 3, 0, 128, 0, False)
"""For further keys: a map read off its chosen images, and right on one of noise."""


@dataclass
class Budget:
    """What is left, what was spent, and on what.

    Attributes
    ----------
    seconds : float
        In all.
    tell : callable, optional
        Called with a `Progress` after every call.
    interrupted : bool
        Whether somebody wants it to end now.
    """

    seconds: float = DEFAULT_SECONDS
    tell: Callable[[Progress], None] | None = None
    calls: int = 0
    spent: float = 0.0
    stage: str = ""
    bought: dict[str, int] = field(default_factory=dict)
    missed: dict[str, None] = field(default_factory=dict)
    start: float = field(default_factory=time.perf_counter)
    planned: int = 0
    interrupted: bool = False

    @property
    def left(self) -> float:
        """Seconds left."""
        return 0.0 if self.interrupted else self.seconds - (time.perf_counter() - self.start)

    @property
    def expected(self) -> float:
        """Seconds that what is planned will take."""
        pace = (time.perf_counter() - self.start) / max(self.calls, 1)
        # Beyond the plan nobody knows: as if a tenth of all were to come.
        more = max(self.planned - self.calls, self.calls / 9)
        return min(more * pace, max(0.0, self.left))

    @property
    def ending(self) -> str:
        """Why there is nothing left."""
        return "It was interrupted" if self.interrupted else "The budget ended"

    def enter(self, stage: str) -> None:
        """Say what the next calls are for."""
        self.stage = stage

    def plan(self, calls: int) -> None:
        """Say how many calls are still to come, as far as is known."""
        self.planned = self.calls + calls

    def interrupt(self) -> None:
        """Let nothing be left."""
        self.interrupted = True

    def check(self) -> None:
        """Raise BudgetSpentError if nothing is left."""
        if self.left <= 0:
            raise BudgetSpentError

    def count(self, seconds: float) -> None:
        """Count a call that took some seconds."""
        self.calls += 1
        self.spent += seconds
        self.bought[self.stage] = self.bought.get(self.stage, 0) + 1
        if self.tell is not None:
            left = max(0.0, self.left)
            self.tell(Progress(self.stage, self.calls, self.planned, left, self.expected))

    def batch(self, most: int) -> int:
        """Return how many images to send at once: about half a second's, up to `most`."""
        if not self.calls:
            return 1
        return int(max(1, min(most, 0.5 * self.calls / max(self.spent, 1e-9))))

    def miss(self, what: str) -> None:
        """Remember what was not looked at."""
        self.missed.setdefault(what)
