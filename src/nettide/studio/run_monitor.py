"""What a training tells the pages while it runs: one small file that is replaced, and a stop file that it heeds."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from nettide.models.contract import Epoch, Purpose
from nettide.studio.workspace import write_document

NOW, STOP, EPOCHS = "now.json", "stop", "epochs.jsonl"
_WRITE_SECONDS, _LOOK_SECONDS = 0.4, 0.1


class RunMonitor:
    """Writes where a training is to ``now.json``, a few times a second at most, and stops where ``stop`` appears.

    Args:
        folder: of the run.
        model: which of its models is trained.
        clock: seconds from any origin.
    """

    def __init__(self, folder: Path, *, model: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._folder, self._clock = folder, clock
        self._begun = clock()
        self._wrote = self._looked = -1e9
        self._stopped = False
        self._told: dict[str, str | int | float] = {"model": model}

    def on_stage(self, *, name: str, purpose: Purpose, place: int, count: int) -> None:
        """Tell which challenger is fitted."""
        self._told = {
            "model": self._told["model"], "challenger": name, "purpose": purpose, "place": place, "count": count,
        }  # fmt: skip
        self._write()

    def on_batch(self, *, epoch: int, epochs: int, batch: int, batches: int, loss: float) -> None:
        """Tell the batch, unless something was told just now."""
        self._told |= {"epoch": epoch, "epochs": epochs, "batch": batch, "batches": batches, "loss": loss}
        if self._clock() - self._wrote >= _WRITE_SECONDS:
            self._write()

    def on_epoch(self, report: Epoch) -> None:
        """Tell nothing; epochs have a log of their own."""

    def stop_requested(self) -> bool:
        """Say whether the stop file is there."""
        if not self._stopped and self._clock() - self._looked >= _LOOK_SECONDS:
            self._looked = self._clock()
            self._stopped = (self._folder / STOP).exists()
        return self._stopped

    def _write(self) -> None:
        self._wrote = self._clock()
        write_document(self._folder / NOW, {**self._told, "elapsed": self._wrote - self._begun})
