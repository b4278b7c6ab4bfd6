"""Fit a model on a file and keep it in a folder."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from nettide.errors import MismatchError, OptionError, StoppedError, StoreError
from nettide.models.contract import Model, Monitor, Training
from nettide.panel import Panel
from nettide.store.checkpoint import FileCheckpoint
from nettide.store.lock import claim
from nettide.store.models import check_folder, looks_like_model
from nettide.tasks.alike import told_of
from nettide.tasks.choice import DEFAULT_MODEL, Choice, make_chosen
from nettide.tasks.explain import Explanation, explained
from nettide.tasks.forecaster import Forecaster
from nettide.tasks.load import Reading, load
from nettide.tasks.model_remarks import training_remarks, unheeded_occasions
from nettide.tasks.remarks import remarks_on
from nettide.units import step_text

PRETRAINED, TUNED = "base", "base-tuned"


@dataclass(frozen=True, slots=True, eq=False)
class FitResult:
    """A fit that was kept.

    Args:
        folder: where the model is.
        model: its name in the table of models.
        fitted: the model itself.
        training: how it went.
        panel: what it was fitted on.
        notes: sentences about the data, and what was decided on the way.
        explanation: how ``auto`` chose; None for another model.
    """

    folder: Path
    model: str
    fitted: Model
    training: Training
    panel: Panel
    notes: tuple[str, ...]
    explanation: Explanation | None = None


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
    start: Path | None = None,
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
        start: folder of a model whose weights the training begins with; the model is then ``base-tuned``.

    Raises:
        StoppedError: it was ended before the model had learned anything; a model that was there stays.
        NettideError: any other of the tree, by what is wrong with the data, options or folder.
    """
    made = make_chosen(choice, [model])[model]
    check_folder(folder, overwrite=overwrite)
    begun = None if start is None else Forecaster.load(start)
    panel, notes = load(location, reading)
    notes = (*notes, *remarks_on(panel), *unheeded_occasions([model], reading.occasions))
    if begun is not None:
        made = _started(made, begun, start=str(start), panel=panel)
    with claim(folder):
        checkpoint = FileCheckpoint(folder)
        if not resume:
            if (folder / "checkpoint.json").exists():
                notes = (*notes, f"{folder}: began anew; the training that was stopped there can no longer be resumed")
            checkpoint.clear()
        elif checkpoint.load() is None:
            raise StoreError(f"{folder} holds no checkpoint to resume; start without --resume")
        forecaster = Forecaster.of(model, made)
        try:
            training = forecaster.fit(
                panel, monitor=monitor, checkpoint=checkpoint, origin=Path(location).name, reading=told_of(reading)
            )
        except OptionError:  # a budget too small: nothing was fitted that is worth keeping, unless before a kill
            if not resume:
                checkpoint.clear()
            raise
        if _learned_nothing(model, training):
            if not resume:  # what a killed training left is still to be resumed
                checkpoint.clear()
            kept = f"; {folder} is as it was" if overwrite and looks_like_model(folder) else ""
            raise StoppedError(f"stopped before {model} had learned anything: nothing is saved{kept}")
        forecaster.save(folder, overwrite=overwrite)
        checkpoint.clear()
    notes = (*notes, *training_remarks(model, training))
    explanation = explained(made, step_seconds=panel.step_seconds) if model == DEFAULT_MODEL else None
    return FitResult(folder, model, made, training, panel, notes, explanation)


_NEVER_EMPTY = (DEFAULT_MODEL, TUNED)  # they begin with what others have learned


def _learned_nothing(model: str, training: Training) -> bool:
    """Say whether a training was ended with nothing but random weights; a mixture and a tuned model have others."""
    return training.ending in ("interrupted", "requested") and not training.epochs and model not in _NEVER_EMPTY


def started_from(start: str | None, model: str | None) -> tuple[str, Path | None]:
    """Give the model to fit, and the folder whose weights it begins with, of what was typed.

    Args:
        start: ``base``, a folder, or None.
        model: a name of the table of models, or None where none was typed.

    Raises:
        OptionError: another model than the pretrained network is to start from something.
    """
    if start is None:
        return model or DEFAULT_MODEL, None
    if model not in (None, TUNED):
        raise OptionError(f"--from tunes the pretrained network ({TUNED}), not {model}; leave --model or --from out")
    return TUNED, None if start == PRETRAINED else Path(start)


def _started(made: Model, begun: Forecaster, *, start: str, panel: Panel) -> Model:
    """Give an unfitted model that begins with the weights of another.

    Raises:
        OptionError: one of them is not of the pretrained kind.
        MismatchError: the other was fitted on another step.
    """
    from nettide.models.pretrained.model import PretrainedModel

    if not isinstance(made, PretrainedModel):
        raise OptionError(f"only {TUNED} can start from {start}")
    if not isinstance(begun.model, PretrainedModel):
        raise OptionError(
            f"{start} holds a model of kind {begun.model_name!r}, which cannot be tuned further; "
            f"give base, or a folder of a model {TUNED!r}"
        )
    assert begun.record is not None
    if begun.record.data.step_seconds != panel.step_seconds:
        ours, theirs = step_text(begun.record.data.step_seconds), step_text(panel.step_seconds)
        raise MismatchError(
            f"{start} was tuned on steps of {ours}, the data has {theirs}; "
            f"bring the data to {ours} (--step {ours}), or start with --from base, which knows any step"
        )
    return PretrainedModel(made.config, begun.model.as_start())
