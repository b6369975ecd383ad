"""Processes that work for another: interruption passes them by, and they end with it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from etcprops import cli
from etcprops._workers import Processes, as_done, deaf_to_interruption, end_processes
from etcprops.auditing.atlas.cells import AtlasCell
from etcprops.auditing.atlas.isolation import Worker
from etcprops.probing.sandbox import Isolation, open_sandbox

pytestmark = pytest.mark.skipif(
    not hasattr(signal, "pthread_sigmask"), reason="signals cannot be blocked"
)


def interrupted(number: int) -> tuple[int, int, bool]:
    """Interrupt this process; return a number, who did it, and whether SIGINT is blocked."""
    os.kill(os.getpid(), signal.SIGINT)
    return number, os.getpid(), signal.SIGINT in signal.pthread_sigmask(signal.SIG_BLOCK, ())


@pytest.mark.thorough
def test_interruption_passes_workers_by_from_their_start() -> None:
    """It is blocked, which nobody does in a worker: this one was born so; also one more."""
    for jobs in (2, 3):
        found = list(as_done(interrupted, [(n,) for n in range(2 * jobs)], jobs))
        assert sorted(number for number, _, _ in found) == list(range(2 * jobs))
        assert os.getpid() not in {process for _, process, _ in found}
        assert all(blocked for _, _, blocked in found)


def test_one_at_a_time_works_in_place() -> None:
    assert list(as_done(os.getpid, [(), ()], 1)) == [os.getpid()] * 2


def test_nobody_works_any_more_once_it_is_left() -> None:
    """What threads still wrote would come into a folder that is being removed."""
    begun, ended = [], []

    def work(number: int) -> int:
        begun.append(number)
        time.sleep(0.2 * (number > 0))
        ended.append(number)
        return number

    with closing(as_done(work, [(n,) for n in range(50)], 2, threads=True)) as done:
        assert next(done) == 0
    assert sorted(begun) == sorted(ended)
    assert len(ended) < 50


def test_this_process_hears_of_it_afterwards() -> None:
    heard: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, _: heard.append(number))
    try:
        with deaf_to_interruption():
            signal.pthread_kill(threading.get_ident(), signal.SIGINT)
            assert not heard
        assert heard == [signal.SIGINT]
    finally:
        signal.signal(signal.SIGINT, before)


TELLS = """
import signal, sys
print(flush=True)
sys.exit(7 if signal.SIGINT in signal.pthread_sigmask(signal.SIG_BLOCK, ()) else 8)
"""


def test_a_worker_of_the_atlas_is_deaf() -> None:
    worker = Worker([sys.executable, "-I", "-c", TELLS])
    assert "exit status 7" in worker.run(AtlasCell("SVC"), limit=30).conditions[0]
    worker.stop()


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere none is forked")
def test_a_function_that_is_probed_is_deaf() -> None:
    def numbered(_image: Any, _key: Any) -> Any:
        return np.full((1, 1), interrupted(1)[2], np.uint8)

    sandbox = open_sandbox(numbered, [1], 30, Isolation.PROCESS)
    try:
        (reply,) = sandbox.calls([np.zeros((1, 1), np.uint8)], 0)
    finally:
        sandbox.close()
    assert reply.value is not None, reply
    assert reply.value.item() == 1


WATCHING = """
import os, subprocess, sys
child = "import os, time; from etcprops import cli; from etcprops._workers import follow; "
child += "follow(os.getppid()); print('watching', flush=True); time.sleep(60)"
subprocess.run([sys.executable, "-c", child])
"""


def test_processes_end_with_their_parent() -> None:
    command = [sys.executable, "-c", WATCHING]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603
        assert process.stdout is not None
        assert process.stdout.readline() == "watching\n"
        process.send_signal(signal.SIGKILL)
        assert process.stdout.read() == ""  # comes to its end when the child has ended


SLEEPING = [sys.executable, "-ISc", "import time; time.sleep(60)"]


def test_programs_for_which_threads_wait_are_ended_and_no_other_begins() -> None:
    processes = Processes()
    with ThreadPoolExecutor(1) as pool:
        running, waiting = (pool.submit(processes.run, SLEEPING) for _ in range(2))
        while not processes._running:  # noqa: SLF001  # once it has begun
            time.sleep(0.01)
        end_processes()
        assert running.result(30).returncode == -signal.SIGKILL
        with pytest.raises(RuntimeError, match="was not begun"):
            waiting.result(30)


def test_a_command_ends_programs_for_which_its_threads_wait(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Or it would end when they do: Python waits for threads."""
    processes = Processes()
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(processes.run, SLEEPING)

        def interrupted_command() -> None:
            while not processes._running:  # noqa: SLF001  # once it has begun
                time.sleep(0.01)
            raise KeyboardInterrupt

        monkeypatch.setattr(cli, "app", interrupted_command)
        with pytest.raises(KeyboardInterrupt):
            cli.main()
        assert running.result(30).returncode == -signal.SIGKILL


def test_a_program_that_takes_too_long_is_ended() -> None:
    processes = Processes()
    with pytest.raises(subprocess.TimeoutExpired):
        processes.run(SLEEPING, seconds=0.05)
    assert not processes._running  # noqa: SLF001


def test_a_program_is_deaf_and_has_its_variables_and_folder(tmp_path: Path) -> None:
    tells = "import os, signal; print(os.environ['A'], os.getcwd(), "
    tells += "signal.SIGINT in signal.pthread_sigmask(signal.SIG_BLOCK, ()))"
    command = [sys.executable, "-Ic", tells]
    done = Processes().run(command, folder=tmp_path, variables={"A": "a"})
    assert done.stdout.split() == ["a", str(tmp_path.resolve()), "True"], done
