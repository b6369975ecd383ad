"""What several test modules share: images, vectors, steps, and the command line in this process."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import cache
from itertools import chain, combinations
from typing import Any, NamedTuple

import numpy as np
import pytest
from numpy.typing import NDArray

from etcprops import BlockGeometry, Step, cli


def noise(geometry: BlockGeometry, *count: int, seed: int = 0) -> NDArray[np.uint8]:
    """Return uniform noise, shape (*count, H, W[, 3])."""
    rng = np.random.default_rng(seed)
    return rng.integers(0, 256, (*count, *geometry.shape), dtype=np.uint8)


def flat(images: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return a batch of images as vectors, shape (N, n)."""
    return images.reshape(len(images), -1)


def permuted(X: NDArray[Any], seed: int) -> NDArray[Any]:
    """Return rows with features in another order and some signs changed."""
    rng = np.random.default_rng(seed)
    return np.asarray((X * rng.choice([-1.0, 1.0], X.shape[1]))[:, rng.permutation(X.shape[1])])


def possible_steps(geometry: BlockGeometry) -> list[Step]:
    """Return the steps that images of this geometry can have."""
    return [s for s in Step if geometry.channels == 3 or s is not Step.COMPONENTS]


def subsets_of_steps(geometry: BlockGeometry) -> list[tuple[Step, ...]]:
    """Return every set of steps that images of this geometry can have."""
    possible = possible_steps(geometry)
    sizes = range(len(possible) + 1)
    return list(chain.from_iterable(combinations(possible, size) for size in sizes))


class Result(NamedTuple):
    """What a command leaves."""

    status: int
    out: str
    err: str


Run = Callable[..., Result]


@cache
def all_commands() -> Any:
    """Return what typer makes of the commands, again at each call, from their annotations."""
    from typer.main import get_command

    return get_command(cli.app)


def command_line(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Return a function that runs ``etcprops`` in this process, as wide as a wide terminal."""

    commands = all_commands()
    monkeypatch.setattr("typer.main.get_command", lambda _app: commands)

    def run(*arguments: str) -> Result:
        monkeypatch.setattr(sys, "argv", ["etcprops", *arguments])
        monkeypatch.setenv("COLUMNS", "200")
        before = list(sys.path)
        with pytest.raises(SystemExit) as stop:
            cli.main()
        assert sys.path == before
        out, err = capsys.readouterr()
        code = stop.value.code
        return Result(code if isinstance(code, int) else 0, out, err)

    return run


def returning(*values: Any) -> Callable[..., Any]:
    """Return a function that returns these values, one a call, whatever it is given."""
    left = iter(values)
    return lambda *_, **__: next(left)
