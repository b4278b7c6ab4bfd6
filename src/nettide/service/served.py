"""One model that is served: what it says of itself, and one run for many requests."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from nettide.errors import HistoryError, MismatchError
from nettide.forecast import Forecast
from nettide.models import make_model, restore_model
from nettide.models.apart import ForecastsApart
from nettide.models.contract import Model, last_cutoff
from nettide.models.options import MOST_HORIZON
from nettide.models.pretrained.model import PretrainedModel
from nettide.panel import Channel, Panel, Series
from nettide.prepare.periods import measured_periods
from nettide.store.record import ModelRecord
from nettide.tasks.forecast import usual_horizon
from nettide.units import step_text

BASE = "base"
_LONGER = 2  # times the shortest history of a run: beyond that, filling up costs more than runs


@dataclass(frozen=True, slots=True)
class Described:
    """What a model can be asked.

    Args:
        target: what it calls its target.
        unit: of the target; empty where any will do.
        horizon: most steps ahead.
        step_seconds: the only step it knows; None where any will do.
        context: steps of history that it needs; None where nobody fitted it.
    """

    target: str
    unit: str
    horizon: int
    step_seconds: int | None
    context: int | None


class PretrainedServed:
    """The pretrained network, which needs no fit: it takes step and periods from each history."""

    def __init__(self) -> None:
        model = make_model(BASE, horizon=MOST_HORIZON)
        some = Panel(np.ones((1, 1, 1)), 0, 3600, (Series("some"),), (Channel("y"),))
        model.fit(some)
        assert isinstance(model, PretrainedModel)
        self._model = model
        self.described = Described("y", "", MOST_HORIZON, None, None)

    def another(self, panel: Panel) -> Model:
        """Give a model for a panel that other threads may use beside this one; it forecasts a usual horizon."""
        return self._model.shown(panel, horizon=usual_horizon(panel.step_seconds))

    def key(self, panel: Panel, horizon: int) -> Hashable | None:
        """Say what histories must share: step, end, horizon, periods, occasions, and about the length."""
        if len(panel.series) > 1:
            return None
        return (_end(panel), panel.step_seconds, _size(panel), horizon, measured_periods(panel), panel.occasions)

    def predict(self, panels: Sequence[Panel], horizon: int) -> list[Forecast]:
        """Forecast histories, each as if it were alone.

        Raises:
            HistoryError: none of a history is known, or a value is too large.
        """
        for panel in panels:
            _refuse_unknown(panel)
        if len(panels) == 1:
            made = self._model.shown(panels[0], horizon=horizon).predict(panels[0], last_cutoff(panels[0]))
            return [made]
        joined = joined_panel(panels)
        shown = self._model.shown(joined, horizon=horizon, periods=measured_periods(panels[0]))
        return separated(shown.predict_apart(joined, last_cutoff(joined)), panels)


class FittedServed:
    """A model that was fitted and stored.

    Args:
        record: the stored model.

    Raises:
        DamagedError: the model cannot be restored.
    """

    def __init__(self, record: ModelRecord) -> None:
        self._record = record
        self._model: Model = restore_model(record.model, record.state)
        facts = record.data
        self.described = Described(
            facts.channels[0], facts.unit, record.horizon, facts.step_seconds, self._model.context
        )

    def another(self, panel: Panel) -> Model:
        """Give a model of the same weights that other threads may use beside this one.

        Raises:
            DamagedError: the model cannot be restored.
        """
        del panel
        return restore_model(self._record.model, self._record.state)

    def key(self, panel: Panel, horizon: int) -> Hashable | None:
        """Say what histories must share: step, end, channels, occasions, about the length; not the horizon."""
        del horizon
        if len(panel.series) > 1 or not isinstance(self._model, ForecastsApart):
            return None
        return (_end(panel), panel.step_seconds, _size(panel), panel.channels, panel.occasions)

    def predict(self, panels: Sequence[Panel], horizon: int) -> list[Forecast]:
        """Forecast histories, each as if it were alone; as far as the model can, whatever was asked.

        Raises:
            MismatchError: step, channels or units are not those of the model.
            HistoryError: none of a history is known, or a value is too large.
        """
        del horizon
        for panel in panels:
            _refuse_unknown(panel)
        if len(panels) == 1:
            return [self._model.predict(panels[0], last_cutoff(panels[0]))]
        assert isinstance(self._model, ForecastsApart)
        joined = joined_panel(panels)
        return separated(self._model.predict_apart(joined, last_cutoff(joined)), panels)


def check_asked(described: Described, *, model: str, step_seconds: int, horizon: int | None) -> None:
    """Refuse early what a model cannot do.

    Raises:
        MismatchError: another step, or a horizon beyond the model's.
    """
    if described.step_seconds is not None and described.step_seconds != step_seconds:
        raise MismatchError(
            f"model {model!r} was fitted on steps of {step_text(described.step_seconds)}, the history has "
            f"{step_text(step_seconds)}; send it in steps of {step_text(described.step_seconds)}"
        )
    if horizon is not None and horizon > described.horizon:
        raise MismatchError(f"horizon {horizon} is beyond the {described.horizon} steps of model {model!r}")


def joined_panel(panels: Sequence[Panel]) -> Panel:
    """Put histories of one series each, of one step, end and occasions, into one panel; shorter ones begin unknown."""
    steps = max(panel.steps for panel in panels)
    first = panels[0]
    values = np.full((len(panels), steps, len(first.channels)), np.nan)
    for row, panel in enumerate(panels):
        values[row, steps - panel.steps :] = panel.values[0]
    series = tuple(replace(panel.series[0], id=str(row)) for row, panel in enumerate(panels))
    start = _end(first) - steps * first.step_seconds
    return Panel(values, start, first.step_seconds, series, first.channels, first.occasions)


def separated(forecast: Forecast, panels: Sequence[Panel]) -> list[Forecast]:
    """Give each panel its part of the forecast of ``joined_panel``."""
    return [
        replace(
            forecast,
            ids=panel.ids,
            units=panel.units,
            point=forecast.point[row : row + 1],
            quantiles=forecast.quantiles[row : row + 1],
        )
        for row, panel in enumerate(panels)
    ]


def _refuse_unknown(panel: Panel) -> None:
    if np.isnan(panel.target).all():
        raise HistoryError("no value of the history is known, so there is nothing to forecast from")


def _end(panel: Panel) -> int:
    return panel.start + panel.steps * panel.step_seconds


def _size(panel: Panel) -> int:
    """Give a class of length: histories of one class differ at most by the factor ``_LONGER``."""
    return int(np.log2(panel.steps) / np.log2(_LONGER))
