"""Where cells run: threads of this machine (joblib), or the workers of a dask cluster.

Either way a cell runs in a process of its own (`isolation`), and rows come as they are ready.
"""

from __future__ import annotations

import contextlib
from collections.abc import Generator, Iterator, Sequence
from typing import Any

from etcprops._validation import InvalidParameterError, reject
from etcprops.auditing.atlas.cells import AtlasCell
from etcprops.auditing.atlas.isolation import run_isolated, stop_workers
from etcprops.auditing.atlas.rows import AtlasRow


def run_with_joblib(cells: Sequence[AtlasCell], *, jobs: int, limit: float) -> Iterator[AtlasRow]:
    """Yield the rows of cells from `jobs` processes, in the order in which they are ready.

    Parameters
    ----------
    cells : sequence of AtlasCell
        What to run.
    jobs : int
        How many at a time; -1 for one a core.
    limit : float
        Seconds for a cell.
    """
    from joblib import Parallel, delayed

    parallel = Parallel(
        n_jobs=jobs, backend="threading", return_as="generator_unordered", pre_dispatch="1*n_jobs"
    )
    rows: Generator[AtlasRow] = parallel(delayed(run_isolated)(c.to_dict(), limit) for c in cells)
    try:
        yield from rows
    finally:
        # After an interruption: stop processes first, so that the threads come to an end.
        stop_workers()
        rows.close()


def run_with_dask(
    cells: Sequence[AtlasCell], *, scheduler: str, limit: float
) -> Iterator[AtlasRow]:
    """Yield the rows of cells from a dask cluster, in the order in which they are ready.

    Cells of a worker that dies are run by another.

    Parameters
    ----------
    cells : sequence of AtlasCell
        What to run.
    scheduler : str
        Address, for instance "tcp://10.0.0.1:8786".
    limit : float
        Seconds for a cell.

    Raises
    ------
    InvalidParameterError
        If dask.distributed is not installed, or no scheduler answers.
    """
    try:
        from distributed import Client, as_completed
    except ImportError:
        got = "'dask', and dask.distributed is not installed: pip install 'etcprops[distributed]'."
        reject("--backend", "etcprops atlas", "be one that is installed", got)
    try:
        client: Any = Client(scheduler, timeout=10, set_as_default=False)
    except (OSError, ValueError, TypeError) as error:
        reason = " ".join(str(error).split())
        raise InvalidParameterError(
            f"The '--scheduler' parameter of etcprops atlas must be the address of a dask "
            f"scheduler that is running. Got {scheduler!r}: {reason}"
        ) from None
    with contextlib.closing(client):
        futures = {
            client.submit(run_isolated, c.to_dict(), limit, key=f"etcprops {c.name}", retries=3): c
            for c in cells
        }
        for future in as_completed(list(futures), loop=client.loop):
            cell = futures.pop(future)
            yield _result(future, cell)
            future.release()


def _result(future: Any, cell: AtlasCell) -> AtlasRow:
    """Return the row of a future; one that failed for good costs its own row only."""
    try:
        row: AtlasRow = future.result()
    except Exception as error:  # noqa: BLE001  # a worker of the cluster may raise anything
        return AtlasRow.without_answer(cell, "crashed", f"{type(error).__name__}: {error}")
    return row
