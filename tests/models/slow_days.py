"""Similar days as a slow and obvious loop over one series reads them."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import datetime
from zoneinfo import ZoneInfo

from nettide.arrays import Floats
from nettide.panel import Panel

KEPT_WORKING, KEPT_FREE = 0.90, 0.83


def root(value: float) -> float:
    """The fourth root, with the sign of the value."""
    return math.copysign(abs(value) ** 0.25, value)


def mean_root(values: Floats, step: int, length: int) -> float:
    """The mean root of the known values among the last ``length``, NaN without any."""
    if step < 0:
        return math.nan
    known = [root(float(one)) for one in values[max(0, step - length + 1) : step + 1] if not math.isnan(one)]
    return sum(known) / len(known) if known else math.nan


def ratio(now: float, then: float) -> float:
    """From a rooted level of then to one of now, as a factor on values; at most 4."""
    if math.isnan(now) or math.isnan(then) or (now == 0 and then == 0):
        return 1.0
    return min(max((now / then) ** 4, 0.25), 4.0) if then > 0 else 1.0


def weekend(panel: Panel) -> Callable[[int], bool]:
    """Whether a step of a panel begins on a Saturday or Sunday, where its first series is."""
    zone = ZoneInfo(panel.series[0].zone)
    return lambda step: datetime.fromtimestamp(panel.start + step * panel.step_seconds, zone).weekday() >= 5


def smoothed(values: Floats, step: int, reach: int) -> float:
    """The mean root around a step, the nearer ones weighing more; NaN where the step itself is unknown."""
    if math.isnan(values[step]):
        return math.nan
    near = [(1 + reach - abs(one), step + one) for one in range(-reach, reach + 1)]
    known = [(weight, root(float(values[at]))) for weight, at in near if 0 <= at < len(values)]
    known = [(weight, one) for weight, one in known if not math.isnan(one)]
    return sum(weight * one for weight, one in known) / sum(weight for weight, _ in known)


def similar_days(
    values: Floats, target: int, cutoff: int, *, day: int, week: int, free: Callable[[int], bool]
) -> float:
    """What days of the kind of the target step brought at its time, at the level of the cutoff."""
    reach = max(1, day // 48) if day >= 24 else 0
    newest = target - day
    while newest + reach > cutoff:
        newest -= day
    seen = values[: cutoff + 1]
    kept = KEPT_FREE if free(target) else KEPT_WORKING
    habit = level = weight = usual = 0.0
    for step in range(target % day, newest + 1, day):
        value, at = smoothed(seen, step, reach), mean_root(seen, step, week)
        if free(step) != free(target) or math.isnan(value):
            continue
        expected = habit * (at / level if level > 0 else 1.0)
        most = max(3.0 * usual, 0.1 * at) if weight > 3.0 else math.inf
        error = abs(value - expected)
        value = min(max(value, expected - most), expected + most)
        usual = usual + 0.2 * (min(error, 2 * most) - usual) if weight else 0.0
        weight = kept * weight + 1
        habit, level = habit + (value - habit) / weight, level + (at - level) / weight
    if not weight:
        return math.nan
    found = math.copysign(habit**4, habit)
    return found * ratio(mean_root(seen, cutoff, week), level)
