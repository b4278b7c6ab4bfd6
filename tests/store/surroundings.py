"""Other Python processes and disks that turn read-only."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path


def make_read_only(disk: Path) -> None:
    """Turn a mounted disk read-only."""
    subprocess.run(["mount", "-o", "remount,ro", disk], check=True)


class Child:
    """Another Python process that runs a script and talks in lines.

    Args:
        script: its source; ``records`` of this folder can be imported.
        arguments: for ``sys.argv``.
    """

    def __init__(self, script: str, *arguments: object) -> None:
        environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parent), "OPENBLAS_NUM_THREADS": "1"}
        self.process = subprocess.Popen(
            [sys.executable, "-c", script, *map(str, arguments)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
        )

    def ask(self, text: str = "") -> str:
        """Send a line and give the line that comes back."""
        assert self.process.stdin is not None
        self.process.stdin.write(text + "\n")
        self.process.stdin.flush()
        return self.hear()

    def hear(self) -> str:
        """Give the next line."""
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def end(self) -> None:
        """Kill it and wait until it is gone."""
        self.process.kill()
        self.process.communicate()
