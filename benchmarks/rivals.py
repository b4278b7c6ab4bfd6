"""Installs the libraries that nettide is compared with, each in an environment of its own: ``.benchvenv...``."""

from __future__ import annotations

import argparse
import subprocess
import sys
import venv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from measuring import ROOT

_TORCH = "torch>=2.6,<2.14"
"""What nettide itself asks for, so that all train on the same PyTorch."""


@dataclass(frozen=True, slots=True)
class Environment:
    """The environment of a rival.

    Args:
        folder: its place in the project's folder.
        module: what is imported; found there, it counts as installed.
        packages: what is installed; PyTorch comes before, where it is among them.
        shown: distributions whose versions are kept beside results.
    """

    folder: str
    module: str
    packages: tuple[str, ...]
    shown: tuple[str, ...]

    @property
    def path(self) -> Path:
        """Where it is."""
        return ROOT / self.folder


ENVIRONMENTS = {
    "neuralforecast": Environment(
        ".benchvenv",
        "neuralforecast",
        (_TORCH, "neuralforecast"),
        ("neuralforecast", "pytorch-lightning", "torch", "numpy", "pandas"),
    ),
    "darts": Environment(
        ".benchvenv-darts",
        "darts",
        (_TORCH, "darts", "pytorch-lightning"),
        ("darts", "pytorch-lightning", "torch", "numpy"),
    ),
    "statsforecast": Environment(
        ".benchvenv-statsforecast",
        "statsforecast",
        ("statsforecast", "mlforecast", "lightgbm", "pyarrow"),
        ("statsforecast", "mlforecast", "lightgbm", "numpy", "pandas"),
    ),
    "fracast": Environment(
        ".benchvenv-fracast",
        "fracast",
        (_TORCH, "fracast", "pandas"),
        ("fracast", "torch", "numpy"),
    ),
}


def rival_python(name: str = "neuralforecast") -> Path | None:
    """Give the Python that has a rival, None where it is not installed."""
    environment = ENVIRONMENTS[name]
    python = environment.path / "bin" / "python"
    found = sorted(environment.path.glob(f"lib/python*/site-packages/{environment.module}"))
    return python if python.exists() and found else None


def rival_versions(name: str) -> dict[str, str]:
    """Say what is installed in a rival's environment; of what is not, nothing."""
    found = {}
    for package in ENVIRONMENTS[name].shown:
        stem = package.replace("-", "_")
        for folder in ENVIRONMENTS[name].path.glob(f"lib/python*/site-packages/{stem}-*.dist-info"):
            found[package] = folder.name.removeprefix(f"{stem}-").removesuffix(".dist-info")
    return found


def install(name: str, releases: Sequence[str] = ()) -> None:
    """Make an environment and install its packages; PyTorch first, so that no other release of it is chosen.

    Args:
        name: of the rival.
        releases: requirements such as neuralforecast==3.3.0 that replace the newest.
    """
    environment = ENVIRONMENTS[name]
    venv.create(environment.path, with_pip=True)
    python = environment.path / "bin" / "python"
    for packages in ([_TORCH] if _TORCH in environment.packages else [], [*environment.packages, *releases]):
        if packages:
            subprocess.run([python, "-m", "pip", "install", "--quiet", *packages], check=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "names", nargs="*", metavar="NAME", help=f"which; all if absent: {', '.join(ENVIRONMENTS)}", default=[]
    )
    parser.add_argument("--release", nargs="+", default=[], help="such as neuralforecast==3.3.0; the newest if absent")
    parser.add_argument("--again", action="store_true", help="install even where it is installed")
    given = parser.parse_args()
    if unknown := [name for name in given.names if name not in ENVIRONMENTS]:
        parser.error(f"unknown rival {unknown[0]!r}; known: {', '.join(ENVIRONMENTS)}")
    names = given.names or list(ENVIRONMENTS)
    if given.release and len(names) > 1:
        parser.error("--release goes with one NAME")
    for name in names:
        if rival_python(name) is None or given.again:
            install(name, given.release)
        if rival_python(name) is None:
            sys.exit(f"{name} did not come to be in {ENVIRONMENTS[name].path}")
        print(f"{name}: {', '.join(' '.join(one) for one in rival_versions(name).items())}", flush=True)


if __name__ == "__main__":
    main()
