"""Progress of training on stderr: a bar where a person looks, nothing where a file does."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, Task, TextColumn
from rich.text import Text

from nettide.models.contract import Epoch, Monitor
from nettide.tasks.monitors import EpochLog, Several


class _TimeLeft(ProgressColumn):
    def render(self, task: Task) -> Text:
        """Show the time left as the training estimates it."""
        seconds = task.time_remaining
        return Text("" if seconds is None else f"{int(seconds) // 60}:{int(seconds) % 60:02d} left", style="cyan")


class TrainingBar:
    """One bar a model: epoch, loss, validation loss, time left.

    Args:
        progress: where it is drawn.
        model: its name.
    """

    def __init__(self, progress: Progress, model: str) -> None:
        self._progress = progress
        self._task = progress.add_task(model, total=None, losses="")
        self._losses = ""

    def on_batch(self, *, epoch: int, epochs: int, batch: int, batches: int, loss: float) -> None:
        """Move the bar."""
        self._progress.update(
            self._task,
            total=epochs * batches,
            completed=(epoch - 1) * batches + batch,
            losses=f"epoch {epoch}/{epochs} loss {loss:.4f}{self._losses}",
        )

    def on_epoch(self, report: Epoch) -> None:
        """Show the validation loss."""
        if report.validation_loss is not None:
            self._losses = f" validation {report.validation_loss:.4f} (best: epoch {report.best_epoch})"
        self._progress.update(
            self._task, losses=f"epoch {report.epoch}/{report.epochs} loss {report.loss:.4f}{self._losses}"
        )

    def stop_requested(self) -> bool:
        """Never; Ctrl-C is caught by the training itself."""
        return False


@contextlib.contextmanager
def training_progress(*, log: Path | None = None) -> Iterator[Callable[[str], Monitor]]:
    """Give a maker of monitors, one a model, drawn together while the block runs.

    Args:
        log: also write one JSON line an epoch to this file.
    """
    columns = (
        TextColumn("{task.description:>12}"),
        BarColumn(bar_width=24),
        TextColumn("{task.fields[losses]}"),
        _TimeLeft(),
    )
    console = Console(stderr=True)
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:

        def monitor(model: str) -> Monitor:
            bar = TrainingBar(progress, model)
            return bar if log is None else Several([bar, EpochLog(log, model=model)])

        yield monitor
