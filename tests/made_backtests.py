"""Made traffic and small models that keep the contract, for the tests of backtests and reports."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from nettide.arrays import Floats, Ints
from nettide.backtest.evaluate import Backtest, Contender, backtest
from nettide.errors import HistoryError, MismatchError
from nettide.forecast import LEVELS, Forecast
from nettide.models.contract import Checkpoint, Epoch, Monitor, State, Training
from nettide.panel import Channel, Panel, Series

HOUR = 3600


def made_panel(
    *,
    series: int = 3,
    steps: int = 24 * 7 * 6,
    step_seconds: int = HOUR,
    seed: int = 0,
    holes: float = 0.02,
    unit: str = "bit/s",
    ids: Sequence[str] | None = None,
) -> Panel:
    """Make daily and weekly cycles with noise, growth and holes; one series in four is sparse."""
    generator = np.random.default_rng(seed)
    days = np.arange(steps) * step_seconds / 86_400
    size = 10.0 ** generator.uniform(6, 9, (series, 1))
    phase = generator.uniform(0, 1, (series, 1))
    values = 1 + 0.5 * np.sin(2 * np.pi * (days + phase)) + 0.25 * np.sin(2 * np.pi * days / 7) + 0.002 * days
    values = size * np.maximum(0.0, values + generator.normal(0, 0.12, values.shape))
    values[3::4][generator.random(values[3::4].shape) < 0.4] = 0.0
    values[generator.random(values.shape) < holes] = np.nan
    names = ids if ids is not None else [f"link-{place:03d}" for place in range(series)]
    return Panel(
        values[:, :, None],
        1_709_251_200,  # 2024-03-01
        step_seconds,
        tuple(Series(name, unit=unit) for name in names),
        (Channel("y"),),
    )


def forecast_of(panel: Panel, cutoffs: Ints, quantiles: Floats, levels: tuple[float, ...], point: Floats) -> Forecast:
    """Wrap arrays as a forecast of the panel's series."""
    units = tuple(one.unit for one in panel.series)
    return Forecast(panel.ids, units, panel.seconds[cutoffs], panel.step_seconds, point, levels, quantiles)


@dataclass
class Profile:
    """The mean of the last weeks at the same time, with a band as wide as its past errors.

    Args:
        horizon: steps ahead.
        weeks: how many weeks are averaged.
        levels: none makes it a point model.
        width: factor on the band; 1 is calibrated.
        epochs: invented reports of training.
    """

    horizon: int
    weeks: int = 3
    levels: tuple[float, ...] = LEVELS
    width: float = 1.0
    epochs: int = 0

    def __post_init__(self) -> None:
        self._errors: Floats | None = None

    @property
    def context(self) -> int:
        return self.weeks * 168

    def fit(self, panel: Panel, *, monitor: Monitor | None = None, checkpoint: Checkpoint | None = None) -> Training:
        places = np.arange(panel.steps // 2, panel.steps - 1)
        errors = panel.target[:, places + 1] - self._means(panel, places)[:, :, 0]
        known = np.where(np.isnan(errors).all(axis=1, keepdims=True), 0.0, errors)
        self._errors = np.nanquantile(known, LEVELS, axis=1).T
        reports = []
        for epoch in range(1, self.epochs + 1):
            losses = 0.3 + 0.6 / epoch, 0.35 + 0.5 / epoch + 0.004 * epoch
            reports.append(Epoch(epoch, self.epochs, *losses, 1e-3, min(epoch, 11), 5000, 0.4, 0.0))
            if monitor:
                monitor.on_epoch(reports[-1])
        return Training(tuple(reports), min(self.epochs, 11), "finished", 1.0, 5000, 1234 * bool(self.epochs))

    def predict(self, panel: Panel, cutoffs: Ints) -> Forecast:
        if self._errors is None:
            raise MismatchError("not fitted")
        point = self._means(panel, cutoffs)
        quantiles = point[..., None] + self.width * self._errors[:, None, None, :]
        quantiles = np.maximum(0.0, quantiles)[..., : len(self.levels)]
        return forecast_of(panel, cutoffs, quantiles, self.levels, point)

    def state(self) -> State:
        return State({})

    def _means(self, panel: Panel, cutoffs: Ints) -> Floats:
        week = panel.steps_per(7 * 86_400)
        ahead = np.arange(1, self.horizon + 1)
        weeks = -(-ahead // week) + np.arange(self.weeks)[:, None]
        source = cutoffs[:, None, None] + ahead - week * weeks
        values = np.where(source >= 0, panel.target[:, np.maximum(source, 0)], np.nan)
        known = ~np.isnan(values)
        total = np.where(known, values, 0.0).sum(axis=2)
        return np.where(known.any(axis=2), total / np.maximum(known.sum(axis=2), 1), np.nan)


class Cheat(Profile):
    """Gives the truth of the future, where it is known."""

    def predict(self, panel: Panel, cutoffs: Ints) -> Forecast:
        source = np.minimum(cutoffs[:, None] + np.arange(1, self.horizon + 1), panel.steps - 1)
        return forecast_of(panel, cutoffs, np.empty((*panel.target[:, source].shape, 0)), (), panel.target[:, source])


class Refuses(Profile):
    """Cannot be fitted."""

    def fit(self, panel: Panel, *, monitor: Monitor | None = None, checkpoint: Checkpoint | None = None) -> Training:
        raise HistoryError("series 'link-000' has too little history; give at least 9 weeks")


def contenders(horizon: int) -> list[Contender]:
    """Give two models with bands, one of them trained and too narrow, and a point model."""
    return [
        Contender("profile", lambda: Profile(horizon, weeks=4, epochs=30)),
        Contender("narrow", lambda: Profile(horizon, weeks=2, width=0.5, epochs=20)),
        Contender("point", lambda: Profile(horizon, weeks=1, levels=())),
    ]


def made_backtest(*, horizon: int = 24, stride: int = 24, test: float = 0.2, **choices: object) -> Backtest:
    """Run the contenders over made traffic."""
    panel = made_panel(**choices)  # type: ignore[arg-type]
    start = round((1 - test) * panel.steps)
    return backtest(panel, contenders(horizon), test_start=start, horizon=horizon, stride=stride)
