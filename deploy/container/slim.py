"""Remove from an installed environment what only a compiler, or a library's own tests, would read."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

# Headers and static libraries of torch and pyarrow; tests that packages ship and nothing imports.
UNREAD = (
    "torch/include",
    "torch/share",
    "torch/test",
    "pyarrow/include",
    "pyarrow/tests",
    "numpy/*/tests",
    "pandas/tests",
    "scipy/*/tests",
    "scipy/*/*/tests",
    "sklearn/*/tests",
    "sklearn/tests",
    "statsmodels/*/tests",
    "statsmodels/*/*/tests",
    "numba/tests",
    "sympy/*/tests",
    "sympy/*/*/tests",
    "networkx/*/tests",
    "networkx/*/*/tests",
)


def slim(environment: Path) -> int:
    """Remove them and give the bytes that were freed.

    Raises:
        FileNotFoundError: ``environment`` holds no packages.
    """
    packages = next(iter(environment.glob("lib/python3*/site-packages")), None)
    if packages is None:
        raise FileNotFoundError(f"{environment} holds no lib/python3*/site-packages")
    freed = 0
    for pattern in UNREAD:
        for folder in sorted(packages.glob(pattern)):
            if folder.is_dir():
                freed += sum(file.lstat().st_size for file in folder.rglob("*") if file.is_file())
                shutil.rmtree(folder)
    for library in packages.glob("torch/lib/*.a"):
        freed += library.lstat().st_size
        library.unlink()
    return freed


if __name__ == "__main__":
    print(f"{slim(Path(sys.argv[1])) / 1e6:.0f} MB removed")
