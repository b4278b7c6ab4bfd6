"""What all tests share: where the real data is, and one thread for small networks."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

DATA = Path(os.environ.get("NETTIDE_DATA", Path(__file__).parents[2] / "shared" / "data"))


def pytest_configure() -> None:
    """Hear Ctrl-C also where a script runs the tests in its background, which ignores it; so do programs they start."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def data() -> Path:
    """The folder of real data sets; skips the test where it is absent."""
    if not DATA.is_dir():
        pytest.skip(f"real data sets are not at {DATA}; set NETTIDE_DATA to their folder")
    return DATA


@pytest.fixture(scope="session", autouse=True)
def _one_thread() -> None:
    import torch

    torch.set_num_threads(1)
