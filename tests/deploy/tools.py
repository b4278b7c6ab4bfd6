"""Tools from outside that check the deployment's files; where one is absent its test is skipped, unless forbidden."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest


def tool(name: str, *, package: str) -> str:
    """Give the path of a tool.

    Skips the test where it is absent; with ``DEPLOY_TOOLS=required`` fails it, so that no check is lost in silence.
    """
    beside = Path(sys.executable).with_name(name)  # of the environment the tests run in
    found = str(beside) if beside.is_file() else shutil.which(name)
    if found is None:
        say = f"{name} is not installed; get it with: {package}"
        if os.environ.get("DEPLOY_TOOLS") == "required":
            pytest.fail(say)
        pytest.skip(say)
    return found


def checked(*command: str, folder: Path) -> str:
    """Run a tool, fail with what it said, and give its output."""
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
