"""Processes that work outside the server, each for a folder: they outlive closed pages and restarts of the server."""

from __future__ import annotations

import contextlib
import fcntl
import os
import signal
import subprocess
import sys
from pathlib import Path

from nettide.studio.workspace import read_document, write_document

_PATIENT = 5
"""Niceness added: a training takes two cores or more, and pages that somebody looks at go first."""
_LOCK, _LOG, _PROCESS = "lock", "worker.log", "process.json"
_children: list[subprocess.Popen[bytes]] = []  # so that those that have ended do not linger as zombies


def start_process(folder: Path, module: str) -> None:
    """Run ``python -m MODULE FOLDER`` behind what else wants a core; it holds the lock of the folder until it ends.

    Raises:
        OSError: it cannot be started, or one works for this folder already.
    """
    _children[:] = [one for one in _children if one.poll() is None]
    lock = os.open(folder / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        with (folder / _LOG).open("wb") as log:
            child = subprocess.Popen(  # noqa: S603  # our own interpreter and module
                [sys.executable, "-P", "-m", module, str(folder)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                pass_fds=(lock,),  # whoever holds a copy of it holds the lock, and the kernel lets go when none is left
                start_new_session=True,  # Ctrl-C at the server is not meant for it
            )
    finally:
        os.close(lock)
    with contextlib.suppress(OSError):  # it may have ended
        os.setpriority(os.PRIO_PROCESS, child.pid, os.getpriority(os.PRIO_PROCESS, 0) + _PATIENT)
        # Linux may share cores between sessions first, and heeds niceness only within each: see sched(7), autogroup
        Path(f"/proc/{child.pid}/autogroup").write_text(str(_PATIENT))
    _children.append(child)
    write_document(folder / _PROCESS, {"pid": child.pid})


def is_running(folder: Path) -> bool:
    """Say whether a process works for a folder."""
    try:
        descriptor = os.open(folder / _LOCK, os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def kill_process(folder: Path) -> None:
    """End the process of a folder, and those that it started, at once."""
    pid = _pid_of(folder)
    if pid is not None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(pid, signal.SIGKILL)


def interrupt_process(folder: Path) -> None:
    """Ask the process of a folder to end, as Ctrl-C does."""
    pid = _pid_of(folder)
    if pid is not None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGINT)


def last_words(folder: Path) -> str:
    """Say in a few words why the process of a folder ended without a word of its own."""
    try:
        lines = (folder / _LOG).read_text(errors="replace").strip().splitlines()
    except OSError:
        lines = []
    why = f": {lines[-1]}" if lines else "; it was killed, or the machine ran out of memory"
    return f"the process of {folder.name} ended before it was done{why}"


def _pid_of(folder: Path) -> int | None:
    """Give the number of the process; it holds the lock, so the number is still its own."""
    pid = (read_document(folder / _PROCESS) or {}).get("pid")
    return pid if isinstance(pid, int) and is_running(folder) else None
