"""The page on all schemes and models under test, as ``pytest --etcprops-html`` writes it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING

from etcprops import __version__
from etcprops._pages import render_page

if TYPE_CHECKING:
    from etcprops.testing.session import Row


def render(rows: Iterable[Row]) -> str:
    """Return checks and audits as one page: those that failed in full, by scheme and by model.

    Parameters
    ----------
    rows : iterable of Row
        In any order of subjects.

    Returns
    -------
    str
        HTML that needs nothing else: style and pictures are inside.

    Examples
    --------
    >>> "Nothing was under test" in render([])
    True
    """
    subjects: dict[str, list[Row]] = {}
    for row in rows:
        subjects.setdefault(row["subject"], []).append(row)
    return render_page(
        "etcprops.testing",
        "tests.html",
        subjects=subjects,
        counts={name: Counter(row["outcome"] for row in found) for name, found in subjects.items()},
        wrong=sum(not row["ok"] for found in subjects.values() for row in found),
        version=__version__,
    )
