"""Rolling forecasts: what a model expected of each step, from the cutoffs every few steps before it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nettide.arrays import Floats, Ints
from nettide.forecast import Forecast
from nettide.models.contract import Model
from nettide.panel import Panel
from nettide.prepare.calendar import DAY_SECONDS

_FINE_SECONDS = 900
_STRIDE = 12  # with 3 or 6 fewer planted anomalies were found: the latest values draw the forecast along
_LOW, _HIGH = 0.1, 0.9
_PREDICT_NUMBERS = 20_000_000  # quantiles that are held at a time
_MOST_GROWTH = 1.25  # of cells, where series of different spans are forecast together
Told = Callable[[float], None]
"""Is told before each run of the model how much is done, 0 to 1."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How forecasts roll.

    Args:
        stride: steps from one cutoff to the next.
        reach: steps ahead of each forecast, a multiple of the stride; so long a forecast stands while the traffic
            is odd.
    """

    stride: int
    reach: int


@dataclass(frozen=True, slots=True, eq=False)
class Rolling:
    """Forecasts from every cutoff, lean: float32, and three numbers a step.

    Args:
        cutoffs: index of the last seen step, ascending, shape (cutoff,).
        pace: how they roll.
        middle: the median, shape (series, cutoff, reach).
        below: from the lower edge of the 80 % band to the median; NaN for a model without quantiles.
        above: from the median to the upper edge.
    """

    cutoffs: Ints
    pace: Pace
    middle: NDArray[np.float32]
    below: NDArray[np.float32]
    above: NDArray[np.float32]


def usual_reach(step_seconds: int) -> int:
    """Give the steps ahead that a model for finding anomalies needs: three hours, two days, or a week, by the step.

    Longer at fine steps held a forecast that was out of step itself: false alarms went on and on.
    """
    if step_seconds >= DAY_SECONDS:
        return 7
    return 36 if step_seconds < _FINE_SECONDS else 48


def pace_for(step_seconds: int, horizon: int) -> Pace:
    """Give the pace for a model of some horizon."""
    reach = min(horizon, usual_reach(step_seconds))
    stride = 1 if step_seconds >= DAY_SECONDS else max(1, min(_STRIDE, reach // 2))
    return Pace(stride, reach - reach % stride)


def rolling_forecasts(model: Model, panel: Panel, *, first: int, pace: Pace, told: Told | None = None) -> Rolling:
    """Forecast every series of a panel from every cutoff, many at a time.

    Cutoffs lie at whole multiples of the stride since the epoch, so that a point is expected to be the same
    wherever the panel begins.

    Args:
        model: fitted; its horizon is at least the reach.
        panel: what is known; a forecast sees what comes up to its cutoff alone.
        first: index of the first cutoff that is wanted.
        pace: how to roll.
        told: see ``Told``.

    Raises:
        MismatchError: the model does not fit the panel.
    """
    offset = -(panel.start // panel.step_seconds + first) % pace.stride
    cutoffs = np.arange(first + offset, panel.steps - 1, pace.stride, dtype=np.int64)
    shape = (len(panel.series), len(cutoffs), pace.reach)
    middle, below, above = (np.full(shape, np.nan, dtype=np.float32) for _ in range(3))
    size = max(1, _PREDICT_NUMBERS // max(1, shape[0] * model.horizon * 9))
    for start in range(0, len(cutoffs), size):
        if told is not None:
            told(start / len(cutoffs))
        part = slice(start, start + size)
        made = model.predict(panel, cutoffs[part]).first_steps(pace.reach)
        middle[:, part], below[:, part], above[:, part] = _band(made)
    return Rolling(cutoffs, pace, middle, below, above)


def _band(made: Forecast) -> tuple[Floats, Floats, Floats]:
    """Give median and both half-widths of the 80 % band, each shape (series, cutoff, horizon)."""
    if len(made.levels) < 2:
        unknown = np.full(made.point.shape, np.nan)
        return made.point, unknown, unknown
    band = made if {_LOW, _HIGH} <= set(made.levels) else made.at_levels((_LOW, _HIGH))
    middle = made.point
    return middle, np.maximum(middle - band.quantile(_LOW), 0), np.maximum(band.quantile(_HIGH) - middle, 0)


def groups_by_span(panel: Panel) -> Iterator[tuple[list[int], int, int]]:
    """Group series that are known at about the same time: forecasting where nothing is known would be for nothing.

    Yields:
        Rows, first and one past the last step of the group; a series without any known value is in none.
    """
    known = np.isfinite(panel.target)
    rows = np.flatnonzero(known.any(axis=1))
    firsts = known.argmax(axis=1)
    ends = panel.steps - known[:, ::-1].argmax(axis=1)
    group: list[int] = []
    own = start = end = 0
    for row in sorted(rows.tolist(), key=lambda one: (firsts[one], ends[one])):
        first, last = int(firsts[row]), int(ends[row])
        grown = (max(end, last) - min(start, first)) * (len(group) + 1)
        if group and grown > _MOST_GROWTH * (own + last - first):
            yield group, start, end
            group, own = [], 0
        start, end = (min(start, first), max(end, last)) if group else (first, last)
        group.append(row)
        own += last - first
    if group:
        yield group, start, end
