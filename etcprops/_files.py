"""Atomic writes, a file as a whole or not at all, and where the user's cache is."""

from __future__ import annotations

import signal
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def user_cache() -> Path:
    """Return this package's folder in the user's cache; it need not exist yet.

    On Linux ``etcprops`` in ``$XDG_CACHE_HOME`` or else in ``~/.cache``, elsewhere in its place.
    """
    from platformdirs import user_cache_path

    return user_cache_path("etcprops", appauthor=False)


def write_whole(path: Path, text: str) -> None:
    """Write the whole file or nothing (atomic write); others may read it as any new file.

    Nothing is left beside it, also if the writing fails; an interruption waits until it is done.
    """
    with _undisturbed():
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=path.parent, prefix=path.name) as folder:
            file = Path(folder) / path.name
            file.write_text(text, encoding="utf-8")
            file.replace(path)


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Let SIGINT wait: between making a folder and knowing of it, it would leave the folder."""
    main = threading.current_thread() is threading.main_thread()  # signals come there alone
    if not main or signal.getsignal(signal.SIGINT) is None:  # None: not set from Python
        yield
        return
    waiting: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, _frame: waiting.append(number))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
        if waiting:
            signal.raise_signal(signal.SIGINT)
