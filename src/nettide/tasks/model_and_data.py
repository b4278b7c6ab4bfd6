"""Bring a saved model, or the pretrained network as it is, together with the data it is asked about."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from nettide.errors import MismatchError, OptionError
from nettide.models.contract import Model
from nettide.panel import Panel
from nettide.store.models import looks_like_model
from nettide.store.record import ModelRecord
from nettide.tasks.alike import read_alike
from nettide.tasks.forecast import PRETRAINED, usual_horizon
from nettide.tasks.forecaster import Forecaster, check_traffic
from nettide.tasks.load import Reading, load
from nettide.tasks.remarks import remarks_on


@dataclass(frozen=True, slots=True, eq=False)
class ModelAndData:
    """A fitted model and a panel that it can forecast.

    Args:
        model: fitted.
        name: in the table of models.
        panel: the data.
        horizon: steps ahead that are asked for.
        record: how the model came about; None for the pretrained network as it is.
        notes: sentences about the data.
    """

    model: Model
    name: str
    panel: Panel
    horizon: int
    record: ModelRecord | None
    notes: tuple[str, ...]


def model_and_data(folder: Path | None, location: str, reading: Reading, *, horizon: int | None = None) -> ModelAndData:
    """Load both; what the reading leaves unsaid is read as for the fit of the model.

    Args:
        folder: of a saved model; None takes the pretrained network as it is.
        location: file or folder with the data.
        reading: how it becomes a panel.
        horizon: steps ahead, at most the model's; None takes all of them, or what ``usual_horizon`` says.

    Raises:
        StoreError: the model cannot be read.
        DataError: the data cannot be read.
        OptionError: a model is given in place of a file.
        MismatchError: the horizon is beyond the model's, or it learned from counters and these are none.
    """
    if looks_like_model(Path(location)):
        raise OptionError(f"{location} is a model; name the data too, after it")
    saved = None if folder is None else Forecaster.load(folder)
    record = None if saved is None else saved.record
    alike: tuple[str, ...] = ()
    if record is not None:
        reading, alike = read_alike(reading, record, location=location)
    panel, notes = load(location, reading)
    check_traffic(panel)
    notes = (*alike, *notes, *remarks_on(panel))
    if saved is None:
        saved = Forecaster(PRETRAINED, horizon=usual_horizon(panel.step_seconds) if horizon is None else horizon)
        saved.fit(panel)
        notes = (*notes, "asked of the pretrained network as it is; fit a model and name it first to ask that")
    most = saved.model.horizon
    if horizon is not None and not 1 <= horizon <= most:
        raise MismatchError(f"horizon {horizon} is outside the model's 1 ... {most} steps; fit one with that horizon")
    return ModelAndData(saved.model, saved.model_name, panel, horizon or most, record, notes)
