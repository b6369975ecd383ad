"""Other kinds of machines, as far as this one can stand in for them.

A library chooses its code by the processor: OpenBLAS its kernels, NumPy its SIMD loops, the C
library its functions. Each can be told by a variable to take the code of a lesser processor.
"""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import Final

from etcprops._workers import Processes
from etcprops.reproducibility.fingerprints import Fingerprint, processor_features

BLAS_KERNELS: Final = {
    "Nehalem": {"SSE42", "X86_V2"},
    "Sandybridge": {"AVX", "X86_V3"},
    "Haswell": {"AVX2", "X86_V3"},
    "Zen": {"AVX2", "X86_V3"},
    "SkylakeX": {"AVX512_SKX", "X86_V4"},
}
"""OpenBLAS's kernels for x86-64, each with features one of which says that a processor runs it."""


@dataclass(frozen=True)
class Machine:
    """A kind of machine that this one can stand in for.

    Parameters
    ----------
    name : str
        What it is.
    variables : mapping of str to str
        The environment variables under which this machine computes as that one does.
    threads : int, default=1
        How many threads BLAS has.
    """

    name: str
    variables: Mapping[str, str] = field(default_factory=dict)
    threads: int = 1

    def fingerprint(self) -> Fingerprint:
        """Return the fingerprint that a new process has under these variables.

        Raises
        ------
        RuntimeError
            If that process fails.
        """
        return _fingerprint(Processes(), self)


_COMPANION: Final = """
import sys
from etcprops import _workers, cli
_workers.follow(int(sys.argv.pop(1)))
cli.main()
"""
"""The command line, in a process that ends with the one that started it."""


def _fingerprint(processes: Processes, kind: Machine) -> Fingerprint:
    command = [sys.executable, "-c", _COMPANION, str(os.getpid()), "fingerprint"]
    command += ["--json", "-", "--threads", str(kind.threads)]
    done = processes.run(command, variables=kind.variables)
    if done.returncode not in {0, 1} or not done.stdout:
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        raise RuntimeError(f"{kind.name}: status {done.returncode}, {last}")
    return Fingerprint.from_json(done.stdout)


def fingerprints_of(
    kinds: Iterable[Machine],
    progress: Callable[[int, int, str], None] | None = None,
    *,
    spare: int = 0,
    taken: dict[str, Fingerprint] | None = None,
) -> dict[str, Fingerprint]:
    """Return the fingerprints of several machines by name, one at once for each core not spared.

    Those of `taken` come first; new ones join it one by one, so that they are there for whoever
    interrupts the rest, whose processes are ended.
    """
    kinds = list(kinds)
    taken = {} if taken is None else taken
    processes = Processes()
    with ThreadPoolExecutor(max(1, (os.cpu_count() or 1) - spare)) as pool:
        try:
            for done, (kind, there) in enumerate(
                zip(kinds, pool.map(partial(_fingerprint, processes), kinds), strict=True), start=1
            ):
                taken[kind.name] = there
                if progress is not None:
                    progress(done, len(kinds), kind.name)
        finally:
            processes.end()  # and the threads that wait for them
    return taken


def machines() -> tuple[Machine, ...]:
    """Return all kinds of machines that this one can stand in for, itself first.

    Examples
    --------
    >>> machines()[0]
    Machine(name='this machine', variables={}, threads=1)
    """
    kernels = [
        Machine(f"BLAS kernels for {name}", {"OPENBLAS_CORETYPE": name}) for name in _blas_kernels()
    ]
    levels = [
        Machine(name, {"NPY_DISABLE_CPU_FEATURES": off}) for name, off in _simd_levels().items()
    ]
    libc = [Machine("C library without AVX2 and FMA", _plain_libc())] if _plain_libc() else []
    threads = Machine("two BLAS threads", {"OPENBLAS_NUM_THREADS": "2"}, threads=2)
    return (Machine("this machine"), *kernels, *levels, *libc, threads, oldest_machine())


def oldest_machine() -> Machine:
    """Return the machine that is most unlike this one: the least of everything at once.

    Examples
    --------
    >>> oldest_machine().variables["OPENBLAS_NUM_THREADS"]
    '1'
    """
    variables = {"OPENBLAS_NUM_THREADS": "1", **_plain_libc()}
    for kernels in _blas_kernels()[:1]:
        variables["OPENBLAS_CORETYPE"] = kernels
    for off in [*_simd_levels().values()][-1:]:
        variables["NPY_DISABLE_CPU_FEATURES"] = off
    return Machine("oldest machine", variables)


def _is_x86() -> bool:
    return platform.machine().lower() in {"x86_64", "amd64"}


def _blas_kernels() -> list[str]:
    """Return OpenBLAS's kernels that this processor runs, the oldest first; none for others."""
    from threadpoolctl import threadpool_info

    chosen = any(pool.get("architecture") for pool in threadpool_info())
    if not chosen or not _is_x86():
        return []
    baseline, found = processor_features()
    return [name for name, needs in BLAS_KERNELS.items() if needs & {*baseline, *found}]


def _simd_levels() -> dict[str, str]:
    """Return what NumPy is to leave out, by the name of the level, the highest first."""
    _, found = processor_features()
    wide = [name for name in found if name.startswith(("AVX512", "X86_V4"))]
    levels = {"NumPy without AVX-512": wide, "NumPy's baseline": found}
    return {name: " ".join(off) for name, off in levels.items() if off}


def _plain_libc() -> dict[str, str]:
    """Return the variable that takes AVX2 and FMA from the C library's functions, if it has one."""
    if not _is_x86() or platform.libc_ver()[0] != "glibc":
        return {}
    return {"GLIBC_TUNABLES": "glibc.cpu.hwcaps=-AVX512F,-AVX2,-FMA,-FMA4"}
