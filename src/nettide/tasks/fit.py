"""Fit a model on a file and keep it in a folder."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from nettide.errors import StoreError
from nettide.models.contract import Monitor, Training
from nettide.panel import Panel
from nettide.store.checkpoint import FileCheckpoint
from nettide.store.lock import claim
from nettide.store.models import check_folder
from nettide.tasks.choice import Choice, make_chosen
from nettide.tasks.forecaster import Forecaster
from nettide.tasks.load import Reading, load


@dataclass(frozen=True, slots=True, eq=False)
class FitResult:
    """A fit that was kept.

    Args:
        folder: where the model is.
        training: how it went.
        panel: what it was fitted on.
        notes: sentences about the data.
    """

    folder: Path
    training: Training
    panel: Panel
    notes: tuple[str, ...]


def fit(
    location: str,
    reading: Reading,
    *,
    model: str,
    choice: Choice,
    folder: Path,
    monitor: Monitor | None = None,
    resume: bool = False,
    overwrite: bool = False,
) -> FitResult:
    """Fit a model and save it; the folder is claimed from the start, so that no training is lost to a rival.

    While it trains, a checkpoint in the folder keeps what a killed training needs.

    Args:
        location: file or folder with the data.
        reading: how it becomes a panel.
        model: a name of the table of models.
        choice: horizon and options.
        folder: where the model goes; its last part is its name.
        monitor: is told of each epoch and may stop the training.
        resume: go on from the checkpoint of a killed training; options and data must be the same.
        overwrite: whether a model that is there may be replaced.

    Raises:
        NettideError: any of the tree, by what is wrong with the data, options or folder.
    """
    made = make_chosen(choice, [model])[model]
    check_folder(folder, overwrite=overwrite)
    panel, notes = load(location, reading)
    with claim(folder):
        checkpoint = FileCheckpoint(folder)
        if not resume:
            if (folder / "checkpoint.json").exists():
                notes = (*notes, f"{folder}: began anew; the training that was stopped there can no longer be resumed")
            checkpoint.clear()
        elif checkpoint.load() is None:
            raise StoreError(f"{folder} holds no checkpoint to resume; start without --resume")
        forecaster = Forecaster.of(model, made)
        training = forecaster.fit(panel, monitor=monitor, checkpoint=checkpoint, origin=Path(location).name)
        forecaster.save(folder, overwrite=overwrite)
        checkpoint.clear()
    return FitResult(folder, training, panel, notes)
