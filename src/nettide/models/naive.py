"""Naive forecasts: the last value, the same time a season ago, the mean of a window; the yardsticks of the rest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np

from nettide.arrays import Floats, Ints
from nettide.errors import DamagedError, HistoryError, MismatchError, OptionError
from nettide.forecast import Forecast
from nettide.models.contract import Checkpoint, Monitor, State, Training
from nettide.models.fitted import Fitted, check_cutoffs
from nettide.models.options import HORIZONS, build_config, check_ranges
from nettide.models.outcome import quantile_forecast
from nettide.panel import Panel
from nettide.prepare.calendar import DAY_SECONDS, WEEK_SECONDS


@dataclass(frozen=True, slots=True)
class NaiveConfig:
    """Which known value is repeated.

    Args:
        horizon: steps ahead, 1 to 336.
        context: ignored; the season alone decides how far back the model looks.
        season: ``none`` repeats the last known value, ``day`` and ``week`` the same time a day or week ago, ``auto``
            the same time a week ago where the fitted panel spans two weeks and a day ago elsewhere.

    Raises:
        OptionError: the horizon is out of range.
    """

    horizon: int
    context: int | None = None
    season: Literal["auto", "day", "week", "none"] = "auto"

    def __post_init__(self) -> None:
        check_ranges(self, horizon=HORIZONS)


class NaiveModel:
    """Repeats a known value: the last one, or the one a day or week before the target step.

    Unknown values are carried forward from the last known one, however old. Where the horizon is longer than the
    season, as many whole seasons are stepped back as it needs. A series without any value a season ago gets its last
    known value. With season ``auto`` and two weeks of history these are the forecasts all relative errors are
    measured against.

    Source: Hyndman and Athanasopoulos, Forecasting: Principles and Practice, 3rd edition, 5.2.
    """

    Config = NaiveConfig

    def __init__(self, config: NaiveConfig) -> None:
        self._config = config
        self._fitted: Fitted | None = None
        self._season = 0  # steps; 0 repeats the last value

    @property
    def horizon(self) -> int:
        """Steps ahead it forecasts."""
        return self._config.horizon

    @property
    def context(self) -> int:
        """Steps it looks back, 0 before ``fit``; where the value there is unknown, an older one is carried forward."""
        return max(1, self._season) if self._fitted else 0

    def fit(self, panel: Panel, *, monitor: Monitor | None = None, checkpoint: Checkpoint | None = None) -> Training:
        """Note the step and choose the season; nothing is trained, nobody is told.

        Raises:
            HistoryError: no target value is known.
        """
        del monitor, checkpoint
        self._fitted = fitted_to(panel)
        day, week = max(1, DAY_SECONDS // panel.step_seconds), max(1, WEEK_SECONDS // panel.step_seconds)
        auto = week if panel.steps >= 2 * week else day
        self._season = {"none": 0, "day": day, "week": week, "auto": auto}[self._config.season]
        return Training()

    def predict(self, panel: Panel, cutoffs: Ints) -> Forecast:
        """Forecast each series from each cutoff; NaN where a series has no known value up to the cutoff.

        Args:
            panel: what is known; only steps up to each cutoff are used.
            cutoffs: index of the last seen step, each in 0 ... steps - 1, shape (cutoff,).

        Raises:
            MismatchError: not fitted, another step, target or unit, or a cutoff outside the panel.
        """
        check_shown(self._fitted, panel, cutoffs)
        last = last_known(panel, cutoffs)
        newest = last[:, cutoffs][:, :, None]  # (series, cutoff, 1)
        sources = cutoffs[:, None] + _steps_back(self.horizon, self._season)  # (cutoff, horizon)
        found = np.where(sources < 0, -1, last[:, np.maximum(sources, 0)])  # (series, cutoff, horizon)
        return point_forecast(panel, cutoffs, values_at(panel, np.where(found < 0, newest, found)))

    def state(self) -> State:
        """Give what ``restore`` needs.

        Raises:
            MismatchError: not fitted.
        """
        fitted = require_fitted(self._fitted)
        return State({"config": asdict(self._config), "fitted": fitted.to_document(), "season_steps": self._season})

    @classmethod
    def restore(cls, state: State) -> NaiveModel:
        """Make a fitted model from its state.

        Raises:
            DamagedError: the state is not one of this model.
        """
        model = cls(stored_config(NaiveConfig, state.document))
        model._fitted = Fitted.from_document(state.document.get("fitted"))
        model._season = _stored_steps(state.document, "season_steps", at_least=0)
        return model


@dataclass(frozen=True, slots=True)
class WindowMeanConfig:
    """The window whose mean is repeated.

    Args:
        horizon: steps ahead, 1 to 336.
        context: steps of the window, cutoff included; None takes a week of steps.

    Raises:
        OptionError: the horizon or context is out of range.
    """

    horizon: int
    context: int | None = None

    def __post_init__(self) -> None:
        check_ranges(self, horizon=HORIZONS, context=(1, 10**9))


class WindowMeanModel:
    """Repeats the mean of the known values of the last steps; the last known value where the window has none."""

    Config = WindowMeanConfig

    def __init__(self, config: WindowMeanConfig) -> None:
        self._config = config
        self._fitted: Fitted | None = None
        self._window = config.context or 0

    @property
    def horizon(self) -> int:
        """Steps ahead it forecasts."""
        return self._config.horizon

    @property
    def context(self) -> int:
        """Steps of its window, cutoff included; 0 before ``fit`` where a week was left to it."""
        return self._window

    def fit(self, panel: Panel, *, monitor: Monitor | None = None, checkpoint: Checkpoint | None = None) -> Training:
        """Note the step; nothing is trained, nobody is told.

        Raises:
            HistoryError: no target value is known.
        """
        del monitor, checkpoint
        self._fitted = fitted_to(panel)
        self._window = self._config.context or max(1, WEEK_SECONDS // panel.step_seconds)
        return Training()

    def predict(self, panel: Panel, cutoffs: Ints) -> Forecast:
        """Forecast each series from each cutoff; NaN where a series has no known value up to the cutoff.

        Args:
            panel: what is known; only steps up to each cutoff are used.
            cutoffs: index of the last seen step, each in 0 ... steps - 1, shape (cutoff,).

        Raises:
            MismatchError: not fitted, another step, target or unit, or a cutoff outside the panel.
        """
        check_shown(self._fitted, panel, cutoffs)
        newest = values_at(panel, last_known(panel, cutoffs)[:, cutoffs])
        means = np.empty_like(newest)  # (series, cutoff)
        for place, cutoff in enumerate(cutoffs):  # running sums would be faster, and wrong after a large spike
            window = np.ascontiguousarray(panel.target[:, max(0, cutoff + 1 - self._window) : cutoff + 1])
            known = np.isfinite(window)
            total = np.where(known, window, 0.0).sum(axis=1)
            means[:, place] = total / np.maximum(known.sum(axis=1), 1)
            means[~known.any(axis=1), place] = np.nan
        point = np.where(np.isnan(means), newest, means)[:, :, None]
        return point_forecast(panel, cutoffs, np.repeat(point, self.horizon, axis=2))

    def state(self) -> State:
        """Give what ``restore`` needs.

        Raises:
            MismatchError: not fitted.
        """
        fitted = require_fitted(self._fitted)
        return State({"config": asdict(self._config), "fitted": fitted.to_document(), "window_steps": self._window})

    @classmethod
    def restore(cls, state: State) -> WindowMeanModel:
        """Make a fitted model from its state.

        Raises:
            DamagedError: the state is not one of this model.
        """
        model = cls(stored_config(WindowMeanConfig, state.document))
        model._fitted = Fitted.from_document(state.document.get("fitted"))
        model._window = _stored_steps(state.document, "window_steps", at_least=1)
        return model


def fitted_to(panel: Panel) -> Fitted:
    """Note the facts of a panel to which nothing but them is fitted.

    Raises:
        HistoryError: no target value is known.
    """
    if not np.isfinite(panel.target).any():
        raise HistoryError(f"no value of {panel.channels[0].name!r} is known; there is nothing to fit")
    return Fitted.of(panel.only_target())


def require_fitted(fitted: Fitted | None) -> Fitted:
    """Give the facts of the fitted panel.

    Raises:
        MismatchError: there are none.
    """
    if fitted is None:
        raise MismatchError("model is not fitted; call fit first")
    return fitted


def check_shown(fitted: Fitted | None, panel: Panel, cutoffs: Ints) -> None:
    """Refuse to forecast before ``fit``, another kind of panel, and cutoffs outside it.

    Raises:
        MismatchError: one of these.
    """
    require_fitted(fitted).check(panel)
    check_cutoffs(panel, cutoffs)


def _steps_back(horizon: int, season: int) -> Ints:
    """Give the step that is repeated for each step ahead, relative to the cutoff, shape (horizon,)."""
    ahead = np.arange(1, horizon + 1, dtype=np.int64)
    return ahead - season * np.ceil(ahead / season).astype(np.int64) if season else np.zeros_like(ahead)


def last_known(panel: Panel, cutoffs: Ints) -> Ints:
    """Give the index of the newest known value at or before each step up to the last cutoff; -1 without one.

    Returns:
        Shape (series, time).
    """
    end = int(cutoffs.max(initial=-1)) + 1
    places = np.where(np.isfinite(panel.target[:, :end]), np.arange(end), -1)
    return np.maximum.accumulate(places, axis=1)


def values_at(panel: Panel, places: Ints) -> Floats:
    """Give the target at the places, shape (series, ...); NaN where a place is -1."""
    rows = np.arange(len(places)).reshape(-1, *[1] * (places.ndim - 1))
    return np.where(places < 0, np.nan, panel.target[rows, places])


def point_forecast(panel: Panel, cutoffs: Ints, point: Floats) -> Forecast:
    """Make a forecast without bands of what each series brings from each cutoff, shape (series, cutoff, horizon)."""
    above = np.maximum(point, 0.0)  # traffic is never negative, whatever was measured
    return quantile_forecast(panel, cutoffs, above[..., None], levels=())


def stored_config(config: type[Any], document: Mapping[str, Any]) -> Any:
    """Read the config of a stored model.

    Raises:
        DamagedError: there is none, or it has a bad value.
    """
    stored = document.get("config")
    if not isinstance(stored, dict):
        raise DamagedError("the stored model has no config")
    try:
        return build_config(config, stored, what="the stored model")
    except (OptionError, TypeError) as error:
        raise DamagedError(f"the stored model has no usable config: {error}") from None


def _stored_steps(document: Mapping[str, Any], name: str, *, at_least: int) -> int:
    steps = document.get(name)
    if type(steps) is not int or steps < at_least:
        raise DamagedError(f"the stored model has no usable {name}: {steps}")
    return steps
