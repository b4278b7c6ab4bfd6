"""Every example runs, is short, and does not warn."""

from __future__ import annotations

import os
import runpy
import subprocess
import sys
import warnings
from pathlib import Path

import pytest

EXAMPLES = sorted((Path(__file__).parents[1] / "examples").glob("*.py"))


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_runs(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", [str(path)])
    with warnings.catch_warnings():  # as a person would be warned, but as an error
        warnings.resetwarnings()
        warnings.simplefilter("ignore")
        warnings.filterwarnings("error", category=UserWarning)
        warnings.filterwarnings("error", category=FutureWarning)
        warnings.filterwarnings("error", category=RuntimeWarning)
        warnings.filterwarnings("error", category=DeprecationWarning, module="__main__")
        runpy.run_path(str(path), run_name="__main__")
    out, err = capfd.readouterr()
    assert err == ""
    assert out.strip()


def test_an_example_runs_as_a_process_of_its_own(tmp_path: Path) -> None:
    (path,) = (one for one in EXAMPLES if one.stem == "forecast_a_frame")
    ran = subprocess.run(
        [sys.executable, "-W", "error::UserWarning", path],
        capture_output=True, text=True, cwd=tmp_path, check=False, timeout=100,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    assert ran.stderr == ""
    assert ran.stdout.strip()


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_is_short(path: Path) -> None:
    assert len(path.read_text().splitlines()) < 40


def test_there_are_examples() -> None:
    assert len(EXAMPLES) >= 3
