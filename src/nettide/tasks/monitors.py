"""Monitors that need no screen: a log of epochs, and several monitors as one."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TextIO

from nettide.models.contract import Epoch, Monitor, Purpose, tell_stage
from nettide.store.files import one_sentence


class EpochLog:
    """Appends one JSON line an epoch to a file, each written through at once.

    Args:
        path: the file; it is created if need be.
        model: kept in each line.

    Raises:
        StoreError: the file cannot be written.
    """

    def __init__(self, path: Path, *, model: str) -> None:
        self._failed = f"cannot write the log {path}"
        with one_sentence(self._failed):
            self._file: TextIO = path.open("a", encoding="utf-8", buffering=1)
        self._model = model
        self._stage: dict[str, str | int] = {}

    def on_stage(self, *, name: str, purpose: Purpose, place: int, count: int) -> None:
        """Keep the challenger for the lines to come."""
        self._stage = {"challenger": name, "purpose": purpose, "place": place, "count": count}

    def on_batch(self, *, epoch: int, epochs: int, batch: int, batches: int, loss: float) -> None:
        """Log nothing."""

    def on_epoch(self, report: Epoch) -> None:
        """Log the epoch.

        Raises:
            StoreError: the disk is full.
        """
        with one_sentence(self._failed):
            self._file.write(json.dumps({"model": self._model, **self._stage, **asdict(report)}) + "\n")

    def stop_requested(self) -> bool:
        """Never."""
        return False

    def close(self) -> None:
        """Close the file; what a full disk did not take was told before."""
        with contextlib.suppress(OSError):
            self._file.close()


class Several:
    """Several monitors as one; any of them may stop the training.

    Args:
        monitors: told in this order.
    """

    def __init__(self, monitors: Sequence[Monitor]) -> None:
        self._monitors = tuple(monitors)

    def on_stage(self, *, name: str, purpose: Purpose, place: int, count: int) -> None:
        """Tell all that want to know."""
        for one in self._monitors:
            tell_stage(one, name=name, purpose=purpose, place=place, count=count)

    def on_batch(self, *, epoch: int, epochs: int, batch: int, batches: int, loss: float) -> None:
        """Tell all."""
        for one in self._monitors:
            one.on_batch(epoch=epoch, epochs=epochs, batch=batch, batches=batches, loss=loss)

    def on_epoch(self, report: Epoch) -> None:
        """Tell all."""
        for one in self._monitors:
            one.on_epoch(report)

    def stop_requested(self) -> bool:
        """Ask all."""
        return any(one.stop_requested() for one in self._monitors)
