"""Fit models before the test part, forecast from every cutoff in it, and keep the forecasts beside the truth."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from nettide.arrays import Bools, Floats, Ints
from nettide.backtest.origin import rolling_cutoffs
from nettide.backtest.yardstick import yardstick, yardstick_season
from nettide.errors import ForecastError, MismatchError, NettideError, OptionError
from nettide.forecast import Forecast
from nettide.models.contract import Model, Monitor, Training
from nettide.panel import Panel


@dataclass(frozen=True, slots=True)
class Contender:
    """A model that takes part.

    Args:
        name: its name in every result.
        make: gives it unfitted.
    """

    name: str
    make: Callable[[], Model]


@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
    """What a contender did.

    Args:
        name: of the contender.
        forecast: from every cutoff, as many steps as the backtest's horizon.
        training: how its fit went.
        fit_seconds: wall time of making and fitting it.
        predict_seconds: wall time of all its forecasts.
        parameters: trained numbers in it.
    """

    name: str
    forecast: Forecast
    training: Training
    fit_seconds: float
    predict_seconds: float
    parameters: int


@dataclass(frozen=True, slots=True, eq=False)
class Backtest:
    """A rolling-origin evaluation: forecasts of several models, the truth and the yardstick beside them.

    Args:
        panel: the whole data.
        test_start: index of the first step of the test part; models were fitted on what is before it.
        cutoffs: index of the last step that each forecast saw, shape (cutoff,).
        horizon: steps ahead.
        stride: steps from one cutoff to the next.
        truth: shape (series, cutoff, horizon), in the target's unit; NaN where unknown.
        yardstick: the seasonal naive forecast, in the same shape.
        season: steps after which the yardstick repeats.
        outcomes: one a contender that succeeded, in the order given.
        failures: name of a contender that failed -> why, in one sentence.
    """

    panel: Panel
    test_start: int
    cutoffs: Ints
    horizon: int
    stride: int
    truth: Floats
    yardstick: Floats
    season: int
    outcomes: tuple[Outcome, ...]
    failures: Mapping[str, str]

    def counted(self, point: Floats) -> Bools:
        """Say which points a score counts: truth, yardstick and forecast are known, shape (series, cutoff, horizon)."""
        return ~(np.isnan(self.truth) | np.isnan(self.yardstick) | np.isnan(point))


def backtest(
    panel: Panel,
    contenders: Sequence[Contender],
    *,
    test_start: int,
    horizon: int,
    stride: int,
    monitor: Callable[[str], Monitor] | None = None,
    finished: Callable[[str, Outcome | str], None] | None = None,
    clock: Callable[[], float] = time.perf_counter,
) -> Backtest:
    """Fit each contender on what is before the test part and let it forecast from every cutoff, all in one call.

    A contender that fails with an error of nettide's is set down in ``failures``, and the others go on.

    Args:
        panel: the whole data.
        contenders: the models, each with a name of its own.
        test_start: index of the first step of the test part.
        horizon: steps ahead; a model made for more is cut to it.
        stride: steps from one cutoff to the next.
        monitor: gives whoever watches the training of the named contender.
        finished: is told of each contender when it is done: its name, and what it did or why it failed.
        clock: seconds from any origin.

    Raises:
        OptionError: no contender, a name given twice, or a horizon, stride or test start that is impossible.
        HistoryError: the test part is shorter than the horizon.
    """
    names = [one.name for one in contenders]
    if not names:
        raise OptionError("a backtest needs at least one model")
    if again := [name for name in names if names.count(name) > 1]:
        raise OptionError(f"model {again[0]!r} is given more than once")
    cutoffs = rolling_cutoffs(panel.steps, test_start=test_start, horizon=horizon, stride=stride)
    outcomes: list[Outcome] = []
    failures: dict[str, str] = {}
    for contender in contenders:
        watch = monitor(contender.name) if monitor else None
        try:
            outcome: Outcome | str = _run(contender, panel, cutoffs, horizon=horizon, monitor=watch, clock=clock)
        except NettideError as error:
            outcome = str(error)
        if isinstance(outcome, str):
            failures[contender.name] = outcome
        else:
            outcomes.append(outcome)
        if finished:
            finished(contender.name, outcome)
    return Backtest(
        panel=panel,
        test_start=test_start,
        cutoffs=cutoffs,
        horizon=horizon,
        stride=stride,
        truth=panel.target[:, cutoffs[:, None] + np.arange(1, horizon + 1)],
        yardstick=yardstick(panel, cutoffs, horizon=horizon),
        season=yardstick_season(panel, int(cutoffs[0])),
        outcomes=tuple(outcomes),
        failures=failures,
    )


def _run(
    contender: Contender,
    panel: Panel,
    cutoffs: Ints,
    *,
    horizon: int,
    monitor: Monitor | None,
    clock: Callable[[], float],
) -> Outcome:
    began = clock()
    model = contender.make()
    if model.horizon < horizon:
        raise MismatchError(f"model {contender.name!r} forecasts {model.horizon} steps ahead, fewer than {horizon}")
    training = model.fit(panel.until(int(cutoffs[0]) + 1), monitor=monitor)
    fitted = clock()
    forecast = model.predict(panel, cutoffs).first_steps(horizon)
    done = clock()
    expected = (len(panel.series), len(cutoffs), horizon)
    if forecast.point.shape != expected:
        raise ForecastError(f"model {contender.name!r} gave forecasts of shape {forecast.point.shape}, not {expected}")
    if forecast.ids != panel.ids or not np.array_equal(forecast.cutoffs, panel.seconds[cutoffs]):
        raise ForecastError(f"model {contender.name!r} gave forecasts of other series or cutoffs than it was asked for")
    return Outcome(contender.name, forecast, training, fitted - began, done - fitted, training.parameters)
