"""Forecaster: fit, predict, save and load in Python."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

import numpy as np

from nettide.arrays import Ints
from nettide.errors import DamagedError, MismatchError, PanelError
from nettide.forecast import Forecast
from nettide.frames import Frame
from nettide.models import make_model, restore_model
from nettide.models.contract import Checkpoint, Model, Monitor, Training, last_cutoff
from nettide.panel import Panel
from nettide.store.models import load_model, save_model
from nettide.store.record import DataFacts, ModelRecord, library_versions
from nettide.tasks.occasions import usual_holidays


class Forecaster:
    """A forecaster for one or thousands of series.

    Example:
        >>> forecaster = Forecaster(horizon=24)
        >>> forecaster.fit(frame)                       # unique_id, ds, y, ...
        >>> forecaster.predict(frame).to_frame()        # unique_id, cutoff, ds, step, y_hat, q0.1 ... q0.9

    Args:
        model: a name of ``nettide.models.MODELS``.
        horizon: steps ahead, 1 to 336.
        context: steps of history in a window; None lets the model choose by the step.
        seed: of everything random.
        options: further options of the model, such as ``budget="60s"`` or, for a network, ``hidden=128``.

    Raises:
        UnknownModelError: there is no such model.
        OptionError: an option does not exist for this model or has a bad value.
    """

    def __init__(
        self, model: str = "auto", *, horizon: int = 24, context: int | None = None, seed: int = 0, **options: Any
    ) -> None:
        self.model_name = model
        self.model = make_model(model, horizon=horizon, context=context, seed=seed, options=options)
        self.record: ModelRecord | None = None

    def fit(
        self,
        data: Panel | Frame,
        *,
        monitor: Monitor | None = None,
        checkpoint: Checkpoint | None = None,
        origin: str = "a panel in memory",
        reading: Mapping[str, str] | None = None,
    ) -> Training:
        """Learn from a panel, or from a long frame ``unique_id, ds, y, ...`` of any library.

        A frame without holidays of its own knows those of the country of its zone, or the days that most countries
        have in common; a panel knows what it holds.

        Args:
            data: the last part of its time is used for validation where the model needs one.
            monitor: is told of each epoch and may stop the training.
            checkpoint: keeps what a killed training needs, and is resumed from when it holds something.
            origin: where the data came from; kept with the model.
            reading: options that decided what its values mean, kept with the model, too; None for a panel in memory.

        Raises:
            PanelError: the frame does not form series on one grid, or holds negative or infinite targets.
            HistoryError: history is too short.
            TrainingError: training diverged.
        """
        panel = _as_panel(data)
        training = self.model.fit(panel, monitor=monitor, checkpoint=checkpoint)
        self.record = ModelRecord(
            model=self.model_name,
            state=self.model.state(),
            created=datetime.now(UTC),
            horizon=self.model.horizon,
            context=self.model.context,
            data=DataFacts.of(panel, origin=origin, reading=reading),
            training=training,
            versions=library_versions(),
            scores={},
        )
        return training

    def predict(self, data: Panel | Frame, *, horizon: int | None = None, cutoffs: Ints | None = None) -> Forecast:
        """Forecast each series.

        Args:
            data: history, of the same step and channels as the training data; other series are welcome.
            horizon: steps ahead, at most the model's; None takes all.
            cutoffs: indices of the last seen step, shape (cutoff,); None forecasts from the end.

        Raises:
            MismatchError: not fitted, another step, a channel is missing, the horizon is beyond the model's, or
                cutoffs are no whole numbers in a row.
        """
        panel = _as_panel(data)
        if horizon is not None and (isinstance(horizon, bool) or not isinstance(horizon, int | np.integer)):
            raise MismatchError(f"horizon {horizon!r} is not a whole number of steps")
        if horizon is not None and not 1 <= horizon <= self.model.horizon:
            raise MismatchError(
                f"horizon {horizon} is outside the model's 1 ... {self.model.horizon} steps; fit one with that horizon"
            )
        forecast = self.model.predict(panel, last_cutoff(panel) if cutoffs is None else _whole(cutoffs))
        return forecast if horizon is None else forecast.first_steps(horizon)

    def save(self, folder: str | Path, *, overwrite: bool = False) -> None:
        """Save to a folder, whole or not at all; its last part is the name of the model.

        Raises:
            MismatchError: the model is not fitted.
            OptionError: the name cannot be used.
            StoreError: the folder holds a model already, is in use, full or read-only.
        """
        if self.record is None:
            raise MismatchError("model is not fitted; call fit or load a fitted one")
        save_model(Path(folder), self.record, overwrite=overwrite)

    @classmethod
    def load(cls, folder: str | Path) -> Self:
        """Load from a folder; every hash is checked first and nothing is unpickled.

        Raises:
            StoreError: there is no model, or a newer nettide wrote it.
            DamagedError: a file is missing, truncated, altered or foreign.
        """
        record = load_model(Path(folder))
        try:
            forecaster = cls.of(record.model, restore_model(record.model, record.state))
        except DamagedError as error:
            raise DamagedError(f"{folder}: {error}") from None
        forecaster.record = record
        return forecaster

    @classmethod
    def of(cls, name: str, model: Model) -> Self:
        """Make a forecaster of a model that the caller made."""
        forecaster = cls.__new__(cls)
        forecaster.model_name, forecaster.model, forecaster.record = name, model, None
        return forecaster


def _whole(cutoffs: Ints) -> Ints:
    given = np.asarray(cutoffs)
    if given.ndim != 1 or (given.size and not np.issubdtype(given.dtype, np.integer)):
        raise MismatchError(
            f"cutoffs {cutoffs!r} are no whole numbers in a row; give indices of steps, such as [335, 359]"
        )
    return given.astype(np.int64)


def _as_panel(data: Panel | Frame) -> Panel:
    panel = data if isinstance(data, Panel) else _with_holidays(Panel.from_frame(data))
    check_traffic(panel)
    return panel


def _with_holidays(panel: Panel) -> Panel:
    if any(one.kind == "holiday" for one in panel.occasions):
        return panel
    return panel.with_occasions(usual_holidays(panel)[0])


def check_traffic(panel: Panel) -> None:
    """Refuse negative targets: traffic never is.

    Raises:
        PanelError: a target is negative.
    """
    with np.errstate(invalid="ignore"):
        negative = np.argwhere(panel.target < 0)
    if len(negative):
        series, step = negative[0]
        raise PanelError(
            f"series {panel.ids[series]!r} holds {panel.target[series, step]:g} at {panel.times[step]}Z; traffic is "
            "never negative: mend the value or make it unknown (NaN)"
        )
