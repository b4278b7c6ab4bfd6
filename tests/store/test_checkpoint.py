"""The state of a training that may be killed."""

from __future__ import annotations

from pathlib import Path

import pytest
from records import assert_same, record, state

from nettide.errors import DamagedError
from nettide.models.contract import Checkpoint
from nettide.store.checkpoint import FileCheckpoint
from nettide.store.models import load_model, save_model


def test_nothing_is_loaded_before_something_is_saved(tmp_path: Path) -> None:
    assert FileCheckpoint(tmp_path).load() is None
    assert FileCheckpoint(tmp_path / "missing").load() is None


def test_the_last_state_comes_back(tmp_path: Path) -> None:
    checkpoint: Checkpoint = FileCheckpoint(tmp_path)
    for fill in (1.0, 2.0):
        checkpoint.save(state(fill))
    found = FileCheckpoint(tmp_path).load()
    assert found is not None
    assert_same(found, state(2.0))
    assert len(list(tmp_path.iterdir())) == 2


def test_clearing_leaves_the_model_beside_it(tmp_path: Path) -> None:
    folder = tmp_path / "m"
    save_model(folder, record(), overwrite=False)
    FileCheckpoint(folder).save(state(2.0))
    FileCheckpoint(folder).clear()
    FileCheckpoint(folder).clear()
    assert FileCheckpoint(folder).load() is None
    assert len(list(folder.iterdir())) == 2
    load_model(folder)


def test_a_damaged_checkpoint_is_said(tmp_path: Path) -> None:
    FileCheckpoint(tmp_path).save(state())
    next(tmp_path.glob("*.safetensors")).write_bytes(b"")
    with pytest.raises(DamagedError, match=r"checkpoint-[0-9a-f]{12}\.safetensors has 0 bytes"):
        FileCheckpoint(tmp_path).load()
