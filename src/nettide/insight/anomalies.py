"""Anomalies: points outside calibrated bands of rolling forecasts, gaps and stuck readings, joined into incidents."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np

from nettide.errors import HistoryError, OptionError
from nettide.insight.anomalies_breaks import find_gaps, find_stuck
from nettide.insight.anomalies_incidents import incidents_of
from nettide.insight.anomalies_rolling import Told, groups_by_span, pace_for, rolling_forecasts, usual_reach
from nettide.insight.anomalies_types import Anomalies, AnomalyConfig, Incident, Points
from nettide.insight.anomalies_watch import watch
from nettide.models.contract import Model
from nettide.panel import Panel
from nettide.prepare.calendar import DAY_SECONDS

__all__ = ["Anomalies", "AnomalyConfig", "Incident", "Points", "find_anomalies", "score_points", "usual_reach"]

_LEARN_DAYS, _LEAST_LEARN, _MOST_LEARN = 14, 336, 2016
_LEAST_WARM, _MOST_WARM, _DAILY_WARM = 24, 288, 14
_ARRAYS = ("value", "expected", "low", "high", "alarm_low", "alarm_high", "score", "chance")


def find_anomalies(
    model: Model,
    panel: Panel,
    *,
    config: AnomalyConfig | None = None,
    since: int | None = None,
    told: Told | None = None,
) -> Anomalies:
    """Score every point of a panel by what came before it alone, and join odd ones into incidents.

    Each point is compared with a forecast from the latest of the cutoffs that lie every few steps, in half-widths of
    its 80 % band; how rare such a distance is is learned from the series' earlier distances. While traffic is odd,
    the forecast from before it stands as far as it reaches. Series are forecast together, many cutoffs at a time.

    Args:
        model: fitted; a horizon of ``usual_reach`` steps is best, more is not used.
        panel: one or thousands of series.
        config: what counts as an anomaly.
        since: index of the first step that is judged; what comes before is learned from, as far as it is recent.
            None judges all, once a day's worth of points is known.
        told: is told before each run of the model how much is done, 0 to 1.

    Raises:
        HistoryError: no value is known.
        OptionError: ``since`` is no step of the panel, or too many false alarms are allowed.
        MismatchError: the model does not fit the panel.
    """
    config = config or AnomalyConfig()
    chance = config.chance(panel.step_seconds)
    if not np.isfinite(panel.target).any():
        raise HistoryError(f"no value of {panel.channels[0].name!r} is known; there is nothing to judge")
    if since is not None and not 0 <= since < panel.steps:
        raise OptionError(f"since lies at step {since}, outside the {panel.steps} steps of the data")
    warm, pace = warm_steps(panel), pace_for(panel.step_seconds, model.horizon)
    begin = 0 if since is None else max(0, since - _learn_steps(panel))
    shape = panel.target.shape
    arrays = {name: np.full(shape, np.nan) for name in _ARRAYS}
    arrays["value"] = panel.target.copy()
    flag, accepted = np.zeros(shape, dtype=np.bool_), np.zeros(shape, dtype=np.bool_)
    groups = [one for one in groups_by_span(panel) if one[2] > begin]
    cells = [len(rows) * (end - max(begin, start)) for rows, start, end in groups]
    for place, (rows, start, end) in enumerate(groups):
        done, own = sum(cells[:place]) / sum(cells), cells[place] / sum(cells)
        shown = replace(panel.select(rows), values=panel.values[rows, start:end], start=int(panel.seconds[start]))
        rolling = rolling_forecasts(
            model, shown, first=max(0, begin - start), pace=pace,
            told=None if told is None else partial(_told_of_part, told, done, own),
        )  # fmt: skip
        seen = watch(shown.target, rolling, chance=chance, warm=warm)
        for name in _ARRAYS[1:]:
            arrays[name][rows, start:end] = getattr(seen, name)
        flag[rows, start:end], accepted[rows, start:end] = seen.flag, seen.accepted
    first = since or 0
    flag[:, :first] = False
    gaps = [one for one in find_gaps(panel.target, least=config.least_gap_steps) if one.end > first]
    stuck = [one for one in find_stuck(panel.target, least=config.least_stuck_steps, warm=warm) if one.end > first]
    incidents = incidents_of(panel, Points(**arrays, flag=flag), accepted, gaps=gaps, stuck=stuck)
    for one in stuck:
        flag[one.row, max(first, one.noticed) : one.end] = True
    return Anomalies(
        ids=panel.ids,
        units=panel.units,
        seconds=panel.seconds,
        step_seconds=panel.step_seconds,
        points=Points(**arrays, flag=flag),
        incidents=incidents,
        chance_allowed=chance,
    )


def _told_of_part(told: Told, done: float, own: float, share: float) -> None:
    told(done + own * share)


def score_points(model: Model, panel: Panel, *, new_steps: int, config: AnomalyConfig | None = None) -> Anomalies:
    """Judge the newest points of a panel, as ``find_anomalies`` does, and give them alone.

    Args:
        model: fitted.
        panel: the history, and the new points at its end.
        new_steps: how many points are new.
        config: what counts as an anomaly.

    Returns:
        The last ``new_steps`` steps, and the incidents that reach into them.

    Raises:
        HistoryError: no value is known.
        OptionError: there are not so many steps, or too many false alarms are allowed.
        MismatchError: the model does not fit the panel.
    """
    if not 1 <= new_steps <= panel.steps:
        raise OptionError(f"{new_steps} new steps are not 1 ... {panel.steps}, the steps of the data")
    first = panel.steps - new_steps
    return find_anomalies(model, panel, config=config, since=first).after(first)


def warm_steps(panel: Panel) -> int:
    """Give the known points of a series before its first alarm: a day of them, two weeks of days."""
    if panel.step_seconds >= DAY_SECONDS:
        return _DAILY_WARM
    return min(_MOST_WARM, max(_LEAST_WARM, panel.steps_per(DAY_SECONDS)))


def _learn_steps(panel: Panel) -> int:
    return min(_MOST_LEARN, max(_LEAST_LEARN, _LEARN_DAYS * panel.steps_per(DAY_SECONDS)))
