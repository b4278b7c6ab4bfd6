"""One service for the tests that leave it as it is."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from made_service import Service, save_model, service


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service with two fitted models beside the pretrained one."""
    for name in list(os.environ):
        if name.startswith("NETTIDE_") and name != "NETTIDE_DATA":
            del os.environ[name]
    folder = tmp_path_factory.mktemp("service")
    save_model(folder / "models", "uplinks")
    save_model(folder / "models", "yesterday", kind="seasonal-naive")
    with service(folder) as found:
        yield found
