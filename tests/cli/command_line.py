"""Run the command line: in this process where that is enough, as a process of its own where it is not."""

from __future__ import annotations

import contextlib
import io
import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

from nettide.cli import main

LSTM = ("--model", "lstm")
TINY = ("--set", "hidden=8", "--set", "windows_per_epoch=64", "--epochs", "1")
"""Options for a network that is trained in a moment."""


@dataclass(frozen=True)
class Ran:
    """How a command ended.

    Args:
        status: its exit status.
        out: what it wrote on stdout.
        err: what it wrote on stderr.
    """

    status: int
    out: str
    err: str


def nettide(*arguments: object) -> Ran:
    """Run the command line as the entry point does; warnings of libraries stay errors, as in every test."""
    out, err, status = io.StringIO(), io.StringIO(), 0
    command = ["nettide", *map(str, arguments)]
    with (
        mock.patch.object(sys, "argv", command),
        mock.patch.object(sys, "warnoptions", ["error"]),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
    ):
        try:
            main()
        except SystemExit as ended:
            status = ended.code if isinstance(ended.code, int) else 0 if ended.code is None else 1
    return Ran(status, out.getvalue(), err.getvalue())


def succeed(*arguments: object) -> Ran:
    """Run a command that must end well."""
    ran = nettide(*arguments)
    assert ran.status == 0, ran.err
    return ran


def refuse(*arguments: object) -> str:
    """Run a command that must end with one sentence on stderr, and give the sentence."""
    ran = nettide(*arguments)
    assert ran.status == 1, (ran.status, ran.out, ran.err)
    assert ran.out == ""
    assert ran.err.startswith("nettide: ")
    assert ran.err.count("\n") == 1, ran.err
    return ran.err.removeprefix("nettide: ").strip()


def start(*arguments: object) -> subprocess.Popen[str]:
    """Start a command as a process of its own, with one thread."""
    return subprocess.Popen(
        [sys.executable, "-c", "from nettide.cli import main; main()", *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )


def wait_until(condition: Callable[[], bool], process: subprocess.Popen[str], *, seconds: float = 60) -> None:
    """Wait for a condition that a running process brings about."""
    deadline = time.monotonic() + seconds
    while not condition():
        if process.poll() is not None or time.monotonic() > deadline:
            process.kill()
            raise AssertionError(process.communicate())
        time.sleep(0.01)


def lines_in(path: Path) -> int:
    """Count the lines of a file that may not exist yet."""
    return path.read_text().count("\n") if path.exists() else 0
