"""How the benchmarks run programs, know the machine, print tables and keep results; standard library alone."""

from __future__ import annotations

import contextlib
import json
import os
import platform
import resource
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any, NoReturn

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "benchmarks" / "results"
SKIPPED = 77
"""Exit status of a benchmark that cannot run here, as automake has it."""


@dataclass(frozen=True, slots=True)
class Ran:
    """A program that ran to its end.

    Args:
        seconds: wall time from its start to its exit.
        processor_seconds: processor time of it and of what it started, in its code and the system's.
        peak_mb: most memory it had at once, in 10^6 bytes.
        output: what it wrote to stdout.
    """

    seconds: float
    processor_seconds: float
    peak_mb: float
    output: str


def skip(reason: str) -> NoReturn:
    """End this benchmark with a reason; ``run.py`` goes on with the next."""
    print(f"skipped: {reason}", file=sys.stderr)
    raise SystemExit(SKIPPED)


def data_folder(given: Path | None) -> Path:
    """Give the folder of the real data sets: as given, or NETTIDE_DATA, or ../shared/data beside the project."""
    folder = given or Path(os.environ.get("NETTIDE_DATA", ROOT.parent / "shared" / "data"))
    if not folder.is_dir():
        skip(f"the real data sets are not at {folder}; set NETTIDE_DATA or --data to their folder")
    return folder


def nettide_command() -> str:
    """Give the path of the ``nettide`` command of this Python's environment."""
    command = Path(sys.executable).parent / "nettide"
    if not command.exists():
        skip(f"{command} does not exist; install the project first: pip install -e .")
    return str(command)


class TooLongError(SystemExit):
    """A program was ended because its time was up; uncaught, it ends the benchmark as any failure does."""


def run(
    command: Sequence[str | Path], *, threads: int = 2, passive: bool = False, most_seconds: float | None = None
) -> Ran:
    """Run a program; what it says on stderr is shown only when it fails.

    Its peak memory is at least this process's own (Linux counts what the parent had when it forked), so a
    benchmark that reports peaks stays small itself.

    Args:
        command: program and arguments.
        threads: how many threads its numerical libraries may use.
        passive: as ``thread_environment``.
        most_seconds: after which it is ended, with all that it started; None waits as long as it takes.

    Raises:
        TooLongError: its time was up.
        SystemExit: the program failed.
    """
    texts, environment = [str(part) for part in command], thread_environment(threads, passive=passive)
    with tempfile.TemporaryFile("w+") as output, tempfile.TemporaryFile("w+") as errors:
        started = time.perf_counter()
        process = subprocess.Popen(
            texts, stdout=output, stderr=errors, text=True, env=environment, start_new_session=True
        )
        late = threading.Event()

        def end() -> None:
            late.set()
            with contextlib.suppress(ProcessLookupError):  # it ended this very moment
                os.killpg(process.pid, signal.SIGKILL)

        timer = threading.Timer(most_seconds or 0.0, end)
        if most_seconds is not None:
            timer.start()
        try:
            _, status, usage = os.wait4(process.pid, 0)  # not wait(): only wait4 tells the peak of this one child
        except BaseException:
            os.killpg(process.pid, signal.SIGKILL)
            raise
        finally:
            timer.cancel()
        seconds = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        errors.seek(0)
        if late.is_set():
            raise TooLongError(f"ended after {most_seconds:.0f} s, which is all it was given")
        if process.returncode:
            raise SystemExit(f"{' '.join(texts)} failed with status {process.returncode}:\n{errors.read()[-4000:]}")
        return Ran(seconds, usage.ru_utime + usage.ru_stime, _megabytes(usage.ru_maxrss), output.read())


def thread_environment(threads: int, *, passive: bool = False) -> dict[str, str]:
    """Give this process's environment with a number of threads for PyTorch and the libraries under it.

    Args:
        threads: how many.
        passive: whether OpenMP threads sleep while they wait for each other; by default they spin, which is fast on an
            idle machine and up to ten times slower on a busy one.
    """
    settings = {name: str(threads) for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")}
    return {**os.environ, **settings, **({"OMP_WAIT_POLICY": "passive"} if passive else {})}


def peak_mb() -> float:
    """Give the most memory this process had at once, in 10^6 bytes.

    ``ru_maxrss`` would count what the parent had when it forked; the kernel's VmHWM begins anew with the program.
    """
    status = Path("/proc/self/status")
    if status.exists():
        for line in status.read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024 / 1e6
    return _megabytes(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)


def _megabytes(maxrss: int) -> float:
    return maxrss * (1 if sys.platform == "darwin" else 1024) / 1e6


def machine() -> dict[str, Any]:
    """Describe the machine and how busy it is."""
    model = platform.processor()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        named = [line.partition(":")[2].strip() for line in cpuinfo.read_text().splitlines() if "model name" in line]
        model = named[0] if named else model
    return {
        "processor": model,
        "cores": os.cpu_count(),
        "load": [round(one, 2) for one in os.getloadavg()],
        "python": platform.python_version(),
        "system": platform.platform(terse=True),
    }


def versions(*names: str) -> dict[str, str]:
    """Give the versions of installed packages; of those that are not installed, nothing."""
    found = {}
    for name in names:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found


def markdown(rows: Sequence[Mapping[str, Any]]) -> str:
    """Give a Markdown table of rows with the same keys; floats as they come are shown to four digits."""
    names = list(rows[0])
    lines = ["| " + " | ".join(names) + " |", "|" + "|".join("---" for _ in names) + "|"]
    lines += ["| " + " | ".join(_text(row[name]) for name in names) + " |" for row in rows]
    return "\n".join(lines)


def _text(value: Any) -> str:
    if value is None:
        return ""
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def keep(name: str, document: Mapping[str, Any]) -> Path:
    """Write a result beside the machine it is of, as ``benchmarks/results/NAME.json``."""
    RESULTS.mkdir(parents=True, exist_ok=True)
    path = RESULTS / f"{name}.json"
    made = {"made": datetime.now(UTC).isoformat(timespec="seconds"), "machine": machine(), **document}
    path.write_text(json.dumps(made, indent=2) + "\n")
    print(f"\nwritten: {path.relative_to(ROOT)}")
    return path
