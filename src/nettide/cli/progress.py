"""Progress of training on stderr: bars where a person looks, a line a model of a backtest where a file does."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, Task, TextColumn
from rich.table import Column
from rich.text import Text

from nettide.backtest.evaluate import Outcome
from nettide.cli.words import outcome_text, say
from nettide.models.contract import Epoch, Monitor, Purpose
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
        self._progress, self._model = progress, model
        self._task = progress.add_task(model, total=None, losses="")
        self._losses = self._stage = ""

    def on_stage(self, *, name: str, purpose: Purpose, place: int, count: int) -> None:
        """Say which challenger is fitted: in the bar, or in a line where nobody sees bars."""
        doing = "trying" if purpose == "trial" else "fitting"
        self._stage, self._losses = f"{doing} {name} ({place}/{count}) ", ""
        self._progress.reset(self._task, total=None)
        self._progress.update(self._task, losses=self._stage)
        if self._progress.disable:
            say(f"{self._model}: {doing} {name} ({place} of {count})")

    def on_batch(self, *, epoch: int, epochs: int, batch: int, batches: int, loss: float) -> None:
        """Move the bar."""
        self._progress.update(
            self._task,
            total=epochs * batches,
            completed=(epoch - 1) * batches + batch,
            losses=f"{self._stage}epoch {epoch}/{epochs} loss {loss:.4f}{self._losses}",
        )

    def on_epoch(self, report: Epoch) -> None:
        """Show the validation loss."""
        if report.validation_loss is not None:
            self._losses = f" validation {report.validation_loss:.4f} (best: epoch {report.best_epoch})"
        self._progress.update(
            self._task,
            losses=f"{self._stage}epoch {report.epoch}/{report.epochs} loss {report.loss:.4f}{self._losses}",
        )

    def stop_requested(self) -> bool:
        """Never; Ctrl-C is caught by the training itself."""
        return False

    def end(self, text: str) -> None:
        """Fill the bar and say how it ended."""
        self._progress.update(self._task, total=1, completed=1, losses=text)


class Screen:
    """Where the progress of a run is drawn.

    Args:
        progress: the bars.
        log: also write one JSON line an epoch to this file.
        close_later: what is entered here is closed with the screen.
    """

    def __init__(self, progress: Progress, log: Path | None, close_later: contextlib.ExitStack) -> None:
        self._progress, self._log, self._close_later = progress, log, close_later
        self._bars: dict[str, TrainingBar] = {}

    def monitor(self, model: str) -> Monitor:
        """Give the monitor of a model, a bar of its own."""
        bar = self._bars[model] = TrainingBar(self._progress, model)
        if self._log is None:
            return bar
        log = EpochLog(self._log, model=model)
        self._close_later.callback(log.close)
        return Several([bar, log])

    def finished(self, model: str, outcome: Outcome | str) -> None:
        """Say how a model of a backtest did: beside its bar, or in a line where nobody sees bars."""
        if isinstance(outcome, str):  # the reason is said once the bars are gone
            self._bars[model].end("failed")
            return
        text = outcome_text(outcome)
        if self._progress.disable:
            say(f"{model}: {text}")
        self._bars[model].end(text)


@contextlib.contextmanager
def training_progress(*, log: Path | None = None) -> Iterator[Screen]:
    """Give a screen that is drawn while the block runs.

    Args:
        log: also write one JSON line an epoch to this file.
    """
    columns = (
        TextColumn("{task.description}", markup=False, table_column=Column(no_wrap=True, min_width=14)),
        BarColumn(bar_width=12),
        TextColumn("{task.fields[losses]}", markup=False, table_column=Column(no_wrap=True, overflow="ellipsis")),
        _TimeLeft(),
    )
    console = Console(stderr=True)
    with (
        contextlib.ExitStack() as stack,
        Progress(*columns, console=console, disable=not console.is_terminal) as progress,
    ):
        yield Screen(progress, log, stack)
