"""The statistical models as ``models.contract.Model``: fitting notes the periods, forecasting fits each series."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import ClassVar

import numpy as np

from nettide.arrays import Bools, Ints
from nettide.errors import DamagedError, HistoryError, MismatchError, OptionError, TrainingError
from nettide.forecast import LEVELS, Forecast
from nettide.models.contract import Checkpoint, Fallbacks, Monitor, State, Training
from nettide.models.fitted import Fitted, check_cutoffs, stored_periods
from nettide.models.options import build_config
from nettide.models.outcome import quantile_forecast
from nettide.models.statistical.config import StatisticalConfig, chosen_context, chosen_seasons
from nettide.models.statistical.fits import FitPlan
from nettide.models.statistical.prophet_fit import require_prophet
from nettide.models.statistical.runner import Known, run_fits
from nettide.occasions import KINDS
from nettide.panel import Panel
from nettide.prepare.occasions import occasion_features, occasion_groups
from nettide.prepare.periods import Periods, measured_periods, told_seconds

_TELLING = 10  # fits: where as many fail and none succeeds, the method is at fault and not a series


class StatisticalModel:
    """ETS, ARIMA, Theta, MSTL or Prophet, fitted to each series at each cutoff on what lies before it.

    Where the method fails on a series, a seasonal naive forecast with the spread of its changes stands in for it;
    ``fallbacks`` tells of these. Prophet alone knows holidays and other occasions. A series without any known value
    up to a cutoff gets NaN.

    Args:
        config: method, history and seasons.
    """

    Config: ClassVar[type[StatisticalConfig]] = StatisticalConfig

    def __init__(self, config: StatisticalConfig) -> None:
        self.config = config
        self.fallbacks: Fallbacks | None = None
        self._fitted: Fitted | None = None
        self._periods = Periods(1, 1)

    @property
    def horizon(self) -> int:
        """Steps ahead it forecasts."""
        return self.config.horizon

    @property
    def context(self) -> int:
        """Most steps that a fit uses, cutoff included; 0 before ``fit`` where it was left to it."""
        return chosen_context(self.config.context, self._periods) if self._fitted else self.config.context or 0

    def fit(self, panel: Panel, *, monitor: Monitor | None = None, checkpoint: Checkpoint | None = None) -> Training:
        """Note the step and measure the day and week; the fits are made where forecasts are asked for.

        Raises:
            HistoryError: no target value is known.
            MissingExtraError: the method is prophet, which is not installed.
        """
        del monitor, checkpoint
        self._require_library()
        if not np.isfinite(panel.target).any():
            raise HistoryError(f"no value of {panel.channels[0].name!r} is known; there is nothing to fit")
        self._fitted = Fitted.of(panel.only_target())
        self._periods = measured_periods(panel)
        return Training()

    def predict(self, panel: Panel, cutoffs: Ints) -> Forecast:
        """Fit each series at each cutoff and forecast; NaN where a series has no known value up to the cutoff.

        Args:
            panel: what is known; only steps up to each cutoff are used.
            cutoffs: index of the last seen step, each in 0 ... steps - 1, shape (cutoff,).

        Raises:
            MismatchError: not fitted, another step, target or unit, or a cutoff outside the panel.
            MissingExtraError: the method is prophet, which is not installed.
            TrainingError: ten or more fits failed and none succeeded, or a worker process died.
        """
        if self._fitted is None:
            raise MismatchError("model is not fitted; call fit first")
        self._require_library()
        self._fitted.check(panel)
        check_cutoffs(panel, cutoffs)
        different, places = np.unique(np.asarray(cutoffs, dtype=np.int64), return_inverse=True)
        begun = np.isfinite(panel.target).cumsum(axis=1)[:, different] > 0  # (series, cutoff)
        rows, columns = np.nonzero(begun)
        found, failed = run_fits(
            panel.target,
            rows,
            different[columns],
            plan=self._plan(),
            context=self.context,
            workers=self.config.workers,
            known=self._known(panel),
        )
        self.fallbacks = fallbacks_of(failed, [panel.ids[row] for row in rows[failed]], series=len(panel.series))
        check_failures(failed, method=self.config.method)
        quantiles = np.full((*begun.shape, self.horizon, len(LEVELS)), np.nan)
        quantiles[rows, columns] = found
        quantiles = quantiles[:, places.reshape(-1)]
        return quantile_forecast(panel, cutoffs, quantiles)

    def state(self) -> State:
        """Give what ``restore`` needs.

        Raises:
            MismatchError: not fitted.
        """
        if self._fitted is None:
            raise MismatchError("model is not fitted; call fit first")
        fitted = self._fitted.to_document()
        return State({"config": asdict(self.config), "fitted": fitted, "periods": asdict(self._periods)})

    @classmethod
    def restore(cls, state: State) -> StatisticalModel:
        """Make a fitted model from its state.

        Raises:
            DamagedError: the state is not one of this model.
        """
        stored = state.document.get("config")
        if not isinstance(stored, dict):
            raise DamagedError("the stored model has no config")
        try:
            model = cls(build_config(StatisticalConfig, stored, what="the stored model"))
        except (OptionError, TypeError) as error:
            raise DamagedError(f"the stored model has no usable config: {error}") from None
        model._fitted = Fitted.from_document(state.document.get("fitted"))
        model._periods = stored_periods(state.document.get("periods"))
        return model

    def _plan(self) -> FitPlan:
        config = self.config
        return FitPlan(
            method=config.method,
            seasons=chosen_seasons(config, self._periods),
            steady=self._periods.clock == 1.0,
            transform=config.transform,
            horizon=config.horizon,
        )

    def _known(self, panel: Panel) -> Known | None:
        """Give the occasions of a panel to the one method that uses them."""
        if self.config.method != "prophet" or not panel.occasions:
            return None
        clock = self._periods.clock
        starts = told_seconds(panel, np.arange(panel.steps + self.horizon, dtype=np.int64), clock=clock)
        groups, places = occasion_groups(panel)
        shares = occasion_features(starts, groups, seconds=round(panel.step_seconds / clock))
        return Known(shares[..., : len(KINDS)], places)

    def _require_library(self) -> None:
        if self.config.method == "prophet":
            require_prophet()


def fallbacks_of(failed: Bools, ids: Sequence[str], *, series: int) -> Fallbacks | None:
    """Tell of the fits that failed; None where none did.

    Args:
        failed: shape (fit,).
        ids: of the series of each that did, repeated where it failed at several cutoffs.
        series: how many there are.
    """
    return Fallbacks(tuple(dict.fromkeys(ids)), series, int(failed.sum()), len(failed)) if failed.any() else None


def check_failures(failed: Bools, *, method: str) -> None:
    """Refuse forecasts that are all stand-ins.

    Raises:
        TrainingError: ten or more fits failed and none succeeded, shape (fit,).
    """
    if len(failed) >= _TELLING and failed.all():
        raise TrainingError(f"{method} failed on all {len(failed)} fits; try another model")
