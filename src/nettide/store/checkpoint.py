"""The state of a training that may be killed, kept beside the model that it will become."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from nettide.models.contract import State
from nettide.store.bundle import read_bundle, remove_bundle, write_bundle


@dataclass(frozen=True, slots=True)
class FileCheckpoint:
    """A ``models.contract.Checkpoint`` in a folder, which the caller has claimed.

    Args:
        folder: an existing folder.
    """

    folder: Path

    def load(self) -> State | None:
        """Give what was saved last, or None.

        Raises:
            DamagedError: it is truncated or altered.
            StoreError: a newer nettide wrote it, or it cannot be read.
        """
        return read_bundle(self.folder, "checkpoint") if (self.folder / "checkpoint.json").exists() else None

    def save(self, state: State) -> None:
        """Keep the state; a kill at any instant leaves the one before or this one.

        Raises:
            StoreError: the state holds what JSON or safetensors cannot, or the disk is full or read-only.
        """
        write_bundle(self.folder, "checkpoint", state)

    def clear(self) -> None:
        """Forget what was saved.

        Raises:
            StoreError: the folder cannot be written.
        """
        remove_bundle(self.folder, "checkpoint")
