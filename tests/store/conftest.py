"""Disks that are small or read-only, and other Python processes."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from surroundings import Child


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 1 MiB; skips where mounting is not permitted."""
    disk = tmp_path / "disk"
    disk.mkdir()
    if shutil.which("mount") is None:
        pytest.skip("there is no mount command to make a small disk with")
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", disk], check=False, capture_output=True, text=True
    )
    if mounted.returncode:
        pytest.skip(f"mounting a small disk is not permitted here: {mounted.stderr.strip()}")
    yield disk
    subprocess.run(["umount", "-l", disk], check=True)


@pytest.fixture
def child() -> Iterator[type[Child]]:
    """A maker of other processes, which end with the test."""
    made: list[Child] = []

    class Kept(Child):
        def __init__(self, script: str, *arguments: object) -> None:
            super().__init__(script, *arguments)
            made.append(self)

    yield Kept
    for one in made:
        one.end()
