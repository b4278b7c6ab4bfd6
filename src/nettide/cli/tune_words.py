"""What a search says at the command line: progress on stderr, the best trials, the command that fits them."""

from __future__ import annotations

import contextlib
import shlex
from collections.abc import Callable, Iterator, Mapping, Sequence

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn
from rich.table import Column, Table

from nettide.cli.words import say
from nettide.models.contract import Epoch, Monitor
from nettide.report.tuning_content import Trial
from nettide.tasks.tune import TuneResult

_SHOWN = 5
_OF_TUNE_ALONE = ("--out", "--trials", "--budget", "--study", "--test-fraction", "--validation-fraction", "--repeats")


class SearchScreen:
    """A bar of trials on a terminal, a line a trial elsewhere.

    Args:
        progress: where it is drawn.
        model: whose options are searched.
    """

    def __init__(self, progress: Progress, model: str) -> None:
        self._progress, self._standing = progress, ""
        self._task = progress.add_task(f"{model}", total=None, standing="")

    def monitor(self, trial: int) -> Monitor:
        """Give what shows the epochs of a trial beside the bar."""
        return _EpochText(self._progress, self._task, lambda text: f"{self._standing}trial {trial}, {text}")

    def on_trial(self, trial: Trial, *, done: int, trials: int, best: float | None, seconds_left: float | None) -> None:
        """Move the bar, or write a line."""
        left = "" if seconds_left is None else f"{int(seconds_left) // 60}:{int(seconds_left) % 60:02d} left"
        self._standing = f"best {best:.4f}, {left}; " if best is not None else ""
        self._progress.update(self._task, total=trials, completed=done, standing=self._standing)
        if self._progress.disable:
            which = f"trial {trial.number} ({done} of {trials})"
            say(f"{which}: {_outcome(trial)} in {trial.seconds:.1f} s; {self._standing.rstrip('; ')}")


class _EpochText:
    def __init__(self, progress: Progress, task: TaskID, say: Callable[[str], str]) -> None:
        self._progress, self._task, self._say = progress, task, say

    def on_batch(self, *, epoch: int, epochs: int, batch: int, batches: int, loss: float) -> None:
        """Say which epoch it is."""
        del batch, batches
        text = self._say(f"epoch {epoch}/{epochs} loss {loss:.4f}")
        self._progress.update(self._task, standing=text)

    def on_epoch(self, report: Epoch) -> None:
        """Nothing more than the batches said."""

    def stop_requested(self) -> bool:
        """Never; Ctrl-C is caught by the training itself."""
        return False


def _outcome(trial: Trial) -> str:
    if trial.score is not None:
        return f"{trial.score:.4f}{' (defaults)' if trial.defaults else ''}"
    return f"failed ({trial.reason})" if trial.state == "failed" else "ended early"


@contextlib.contextmanager
def tuning_progress(model: str) -> Iterator[SearchScreen]:
    """Give a screen that is drawn while the block runs."""
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=12),
        TextColumn("{task.completed:.0f}/{task.total}", markup=False),
        TextColumn("{task.fields[standing]}", markup=False, table_column=Column(no_wrap=True, overflow="ellipsis")),
    )
    console = Console(stderr=True)
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        yield SearchScreen(progress, model)


def trial_table(result: TuneResult) -> Table:
    """List the best trials, best first, and the defaults among them; options that are the same in all are left out."""
    scored = sorted((one for one in result.trials if one.score is not None), key=lambda one: one.score or 0.0)
    shown = [one for place, one in enumerate(scored) if place < _SHOWN or one.defaults]
    names = [name for name in result.defaults.options if len({one.options[name] for one in shown}) > 1]
    table = Table(box=None, pad_edge=False)
    for place, name in enumerate(("trial", result.score_name, "seconds", *names)):
        table.add_column(name, justify="left" if place == 0 else "right", no_wrap=True)
    for one in shown:
        name = f"{one.number}{' (defaults)' if one.defaults else ''}"
        table.add_row(name, f"{one.score:.4f}", f"{one.seconds:.1f}", *(one.options[option] for option in names))
    return table


def fit_command(arguments: Sequence[str], options: Mapping[str, str], *, model: str) -> str:
    """Give the ``nettide fit`` that takes the options a search found.

    Args:
        arguments: of the search, the program first: what is not of the search alone is kept.
        options: option -> text; ``context`` has an option of its own.
        model: whose options were searched; it also names the folder of the fitted model.
    """
    kept: list[str] = []
    words = iter(arguments[2:])
    for word in words:
        name, equals, _ = word.partition("=")
        if name not in _OF_TUNE_ALONE:
            kept.append(word)
        elif not equals:
            next(words, None)  # its value
    if not any(word.partition("=")[0] == "--model" for word in kept):
        kept += ["--model", model]
    for name, text in options.items():
        kept += ["--context", text] if name == "context" else ["--set", f"{name}={text}"]
    return shlex.join(["nettide", "fit", *kept, "--out", f"models/{model}-tuned"])
