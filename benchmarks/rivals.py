"""Installs the library that training_speed.py compares with, in an environment of its own: ``.benchvenv``."""

from __future__ import annotations

import argparse
import subprocess
import sys
import venv
from pathlib import Path

from measuring import ROOT

ENVIRONMENT = ROOT / ".benchvenv"
_TORCH = "torch>=2.6,<2.14"
"""What nettide itself asks for, so that both train on the same PyTorch."""


def rival_python() -> Path | None:
    """Give the Python that has neuralforecast, None where it is not installed."""
    python = ENVIRONMENT / "bin" / "python"
    found = sorted(ENVIRONMENT.glob("lib/python*/site-packages/neuralforecast"))
    return python if python.exists() and found else None


def install(release: str | None) -> None:
    """Make the environment and install neuralforecast; PyTorch first, so that no other release of it is chosen.

    Args:
        release: of neuralforecast; None takes the newest.
    """
    venv.create(ENVIRONMENT, with_pip=True)
    python = ENVIRONMENT / "bin" / "python"
    wanted = f"neuralforecast=={release}" if release else "neuralforecast"
    for packages in ([_TORCH], [_TORCH, wanted]):
        subprocess.run([python, "-m", "pip", "install", "--quiet", *packages], check=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--release", help="release of neuralforecast; the newest if absent")
    parser.add_argument("--again", action="store_true", help="install even where it is installed")
    given = parser.parse_args()
    if rival_python() is None or given.again:
        install(given.release)
    python = rival_python()
    if python is None:
        sys.exit(f"neuralforecast did not come to be in {ENVIRONMENT}")
    subprocess.run([python, "-m", "pip", "list"], check=True)


if __name__ == "__main__":
    main()
