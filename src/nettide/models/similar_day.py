"""The similar-day forecast: what days of the same kind brought, working days or days off, at today's level."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np
import torch

from nettide.arrays import Ints
from nettide.forecast import Forecast
from nettide.models.contract import Checkpoint, Monitor, State, Training
from nettide.models.fitted import Fitted, stored_periods
from nettide.models.lags import Lags
from nettide.models.naive import (
    check_shown,
    fitted_to,
    last_known,
    point_forecast,
    require_fitted,
    stored_config,
    values_at,
)
from nettide.models.options import HORIZONS, check_ranges
from nettide.panel import Panel
from nettide.prepare.periods import Periods, measured_periods

_ROWS = 1 << 15  # forecasts that are looked up at a time


@dataclass(frozen=True, slots=True)
class SimilarDayConfig:
    """What one can choose.

    Args:
        horizon: steps ahead, 1 to 336.
        context: ignored; days fade by and by, the last ten or so count.

    Raises:
        OptionError: the horizon is out of range.
    """

    horizon: int
    context: int | None = None

    def __post_init__(self) -> None:
        check_ranges(self, horizon=HORIZONS)


class SimilarDayModel:
    """Says what the time of day usually brings on days of its kind, and nothing is trained.

    Days are of two kinds: working days, and weekends and holidays. See ``Habits`` for how days are averaged. A
    time of which no such day is known gets the last known value of its series.
    """

    Config = SimilarDayConfig

    def __init__(self, config: SimilarDayConfig) -> None:
        self._config = config
        self._fitted: Fitted | None = None
        self._periods: Periods | None = None

    @property
    def horizon(self) -> int:
        """Steps ahead it forecasts."""
        return self._config.horizon

    @property
    def context(self) -> int:
        """Steps of a week, over which the level is measured; 0 before ``fit``. Days before it count less and less."""
        return self._periods.week if self._periods else 0

    def fit(self, panel: Panel, *, monitor: Monitor | None = None, checkpoint: Checkpoint | None = None) -> Training:
        """Note the step and the periods; nothing is trained, nobody is told.

        Raises:
            HistoryError: no target value is known.
        """
        del monitor, checkpoint
        self._fitted, self._periods = fitted_to(panel), measured_periods(panel.only_target())
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
        assert self._periods is not None
        cutoffs = np.asarray(cutoffs, dtype=np.int64)
        lags = Lags(panel.only_target(), self._periods, horizon=self.horizon)
        ahead = torch.arange(1, self.horizon + 1)
        series = torch.arange(len(panel.series)).repeat_interleave(len(cutoffs))
        cutoff = torch.from_numpy(cutoffs).repeat(len(panel.series))
        found = torch.empty(len(series), self.horizon)
        size = max(1, _ROWS * 24 // self.horizon)
        for start in range(0, len(series), size):
            part = slice(start, start + size)
            found[part] = lags.similar(series[part], cutoff[part, None] + ahead, cutoff[part])
        point = found.numpy().astype(np.float64).reshape(len(panel.series), len(cutoffs), self.horizon)
        newest = values_at(panel, last_known(panel, cutoffs)[:, cutoffs])[:, :, None]
        return point_forecast(panel, cutoffs, np.where(np.isnan(point), newest, point))

    def state(self) -> State:
        """Give what ``restore`` needs.

        Raises:
            MismatchError: not fitted.
        """
        fitted = require_fitted(self._fitted)
        assert self._periods is not None
        document = {"config": asdict(self._config), "fitted": fitted.to_document(), "periods": asdict(self._periods)}
        return State(document)

    @classmethod
    def restore(cls, state: State) -> SimilarDayModel:
        """Make a fitted model from its state.

        Raises:
            DamagedError: the state is not one of this model.
        """
        model = cls(stored_config(SimilarDayConfig, state.document))
        model._fitted = Fitted.from_document(state.document.get("fitted"))
        model._periods = stored_periods(state.document.get("periods"))
        return model
