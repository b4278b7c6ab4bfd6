"""Made traffic, a fitted model and small disks for the tests of the command line."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from command_line import LSTM, TINY, succeed

from nettide.synthetic.config import SynthConfig
from nettide.tasks.synth import write_synthetic


@pytest.fixture(scope="session")
def links(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three links, 30 days, hourly, three parameters; tests only read it."""
    path = tmp_path_factory.mktemp("made") / "links.csv"
    write_synthetic(SynthConfig(series=3, points=24 * 30, parameters=3, gaps=0.01, seed=5), path)
    return path


@pytest.fixture(scope="session")
def short(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One series of twelve days, hourly, with a day and noise; tests only read it."""
    path, hours = tmp_path_factory.mktemp("short") / "short.csv", np.arange(24 * 12)
    times = np.datetime64("2026-03-01T00:00", "s") + hours * np.timedelta64(3600, "s")
    values = 1e6 * (2 + np.sin(2 * np.pi * hours / 24)) * np.random.default_rng(1).lognormal(0, 0.1, len(hours))
    lines = [f"{time}Z,r0,{value}" for time, value in zip(times, values, strict=True)]
    path.write_text("\n".join(["ds,unique_id,y", *lines]) + "\n")
    return path


@pytest.fixture(scope="session")
def _fitted_once(tmp_path_factory: pytest.TempPathFactory, links: Path) -> Path:
    folder = tmp_path_factory.mktemp("models") / "uplinks"
    succeed("fit", links, *LSTM, "--out", folder, "--horizon", 6, "--context", 48, *TINY)
    return folder


@pytest.fixture
def fitted(tmp_path: Path, _fitted_once: Path) -> Path:
    """A folder of a tiny fitted LSTM of horizon 6, the test's own."""
    return Path(shutil.copytree(_fitted_once, tmp_path / "models" / "uplinks"))


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 16 KiB, too small for any network; skips where mounting is not permitted."""
    disk = tmp_path / "disk"
    disk.mkdir()
    if shutil.which("mount") is None:
        pytest.skip("there is no mount command to make a small disk with")
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=16k", "tmpfs", disk], check=False, capture_output=True, text=True
    )
    if mounted.returncode:
        pytest.skip(f"mounting a small disk is not permitted here: {mounted.stderr.strip()}")
    yield disk
    subprocess.run(["umount", "-l", disk], check=True)
