"""The atlas on a real dask cluster whose workers are processes, one of them killed half-way.

Slow, so not part of ``pytest -q``:
``pytest --distributed tests/auditing/test_audit_distributed.py``.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from etcprops import InvalidParameterError
from etcprops.auditing.atlas.grid import atlas

NAMES = ("KNeighborsClassifier", "GaussianNB", "Ridge", "PCA", "KMeans", "DummyClassifier")
OPTIONS: dict[str, Any] = {"keys": 2, "images": 80}


@pytest.fixture
def cluster(request: pytest.FixtureRequest) -> Iterator[Any]:
    """Start two worker processes with their nannies, which replace a worker that dies."""
    if not request.config.getoption("--distributed"):
        pytest.skip(
            "slow, starts a cluster: pytest --distributed, with pip install -e '.[distributed]'"
        )
    distributed = pytest.importorskip("distributed", reason="needs pip install -e '.[distributed]'")
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None
    ) as cluster:
        yield cluster


@pytest.mark.filterwarnings("ignore")  # dask's own, of a worker that is killed
def test_a_killed_worker_loses_nothing_and_doubles_nothing(cluster: Any, tmp_path: Path) -> None:
    from distributed import Client

    address = cluster.scheduler_address
    with Client(address, set_as_default=False) as client:
        pids = list(client.run(os.getpid).values())
    assert len(set(pids)) == 2
    assert os.getpid() not in pids
    killed: list[int] = []

    def kill_one_half_way(done: int, total: int, _name: str) -> None:
        if done >= total // 3 and not killed:
            killed.append(pids[0])
            os.kill(pids[0], signal.SIGKILL)

    output = tmp_path / "rows.jsonl"
    found = atlas(
        NAMES,
        backend="dask",
        scheduler=address,
        output=output,
        progress=kill_one_half_way,
        **OPTIONS,
    )
    assert killed
    names = [row.name for row in found.rows]
    assert len(names) == len(set(names)) == len(NAMES) * 2
    assert all(row.status == "done" for row in found.rows)
    assert output.read_bytes().count(b"\n") == 1 + len(names)
    # The same rows as from this machine's own processes.
    alone = atlas(NAMES, jobs=2, **OPTIONS)
    for one, other in zip(found.rows, alone.rows, strict=True):
        assert replace(one, seconds=0.0, model_seconds=0.0) == replace(
            other, seconds=0.0, model_seconds=0.0
        )
    # A file from a cluster goes on anywhere: nothing is left to do.
    again = atlas(NAMES, output=output, resume=True, **OPTIONS)
    assert [row.name for row in again.rows] == names


def test_a_scheduler_that_is_not_there_is_told(
    request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    if not request.config.getoption("--distributed"):
        pytest.skip("waits for a connection: pytest --distributed")
    pytest.importorskip("distributed", reason="needs pip install -e '.[distributed]'")
    output = tmp_path / "rows.jsonl"
    with pytest.raises(InvalidParameterError, match="must be the address of a dask scheduler"):
        atlas(NAMES, backend="dask", scheduler="tcp://127.0.0.1:9", output=output, **OPTIONS)
    assert output.read_bytes().count(b"\n") == 1  # what was there is kept, and goes on
    assert len(atlas(NAMES[-1:], keys=1, images=40).rows) == 1


def test_dask_that_is_not_installed_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(InvalidParameterError, match=r"pip install 'etcprops\[distributed\]'"):
        atlas(NAMES, backend="dask", scheduler="tcp://127.0.0.1:9", **OPTIONS)
