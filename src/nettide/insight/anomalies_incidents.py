"""Incidents: flagged points that belong together, gaps, silences and stuck readings, each with its sentence."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from nettide.arrays import Bools
from nettide.insight.anomalies_breaks import Break
from nettide.insight.anomalies_types import Incident, Kind, Points, Severity
from nettide.insight.anomalies_words import Facts, incident_text
from nettide.panel import Panel
from nettide.prepare.calendar import DAY_SECONDS

_MAJOR, _CRITICAL = 2.0, 5.0  # times the distance at which an alarm begins
_MAJOR_FALL, _CRITICAL_FALL = 0.5, 0.9  # of what was expected
_HOUR_SECONDS = 3600


@dataclass(frozen=True, slots=True)
class _Run:
    """Steps of one series that are odd in one way."""

    row: int
    kind: Kind
    start: int
    end: int
    noticed: int
    points: int
    accepted: bool = False


def join_steps(step_seconds: int) -> int:
    """Give how many steps that are not odd may lie within one incident."""
    return 1 if step_seconds >= DAY_SECONDS else 6 if step_seconds < _HOUR_SECONDS else 3


def incidents_of(
    panel: Panel, points: Points, accepted: Bools, *, gaps: Iterable[Break], stuck: Iterable[Break]
) -> tuple[Incident, ...]:
    """Join points and breaks into incidents, in order of time.

    Args:
        panel: what was searched.
        points: with the flags of odd traffic, and without those of stuck readings.
        accepted: where lasting oddness was taken as normal, shape (series, time).
        gaps: steps without a reading.
        stuck: steps with equal readings; a run that holds traffic incidents takes their place.
    """
    by_row: dict[int, list[_Run]] = {row: [] for row in np.flatnonzero(points.flag.any(axis=1)).tolist()}
    for row in by_row:
        by_row[row] += _traffic_runs(panel, points, accepted, row)
    for one in stuck:
        silent = bool(panel.target[one.row, one.start] == 0)
        by_row[one.row] = _with_stuck(by_row.get(one.row, []), one, silent=silent)
    for one in gaps:
        run = _Run(one.row, "gap", one.start, one.end, one.noticed, one.end - one.start)
        by_row.setdefault(one.row, []).append(run)
    found = [_incident(panel, points, run) for runs in by_row.values() for run in runs]
    return tuple(sorted(found, key=lambda one: (one.start, one.series, one.kind)))


def _traffic_runs(panel: Panel, points: Points, accepted: Bools, row: int) -> Iterator[_Run]:
    join = join_steps(panel.step_seconds)
    values, expected = panel.target[row], points.expected[row]
    places = np.flatnonzero(points.flag[row])
    above = values[places] >= expected[places]
    cuts = np.flatnonzero((np.diff(places) > join + 1) | np.diff(above)) + 1
    for part in np.split(places, cuts):
        start, end = int(part[0]), int(part[-1]) + 1
        kind: Kind = "above" if values[start] >= expected[start] else "silent" if not values[part].any() else "below"
        lasted = bool(accepted[row, end : end + join + 1].any())
        yield _Run(row, kind, start, end, start, len(part), lasted)


def _with_stuck(runs: list[_Run], found: Break, *, silent: bool) -> list[_Run]:
    """Add a run of equal readings; what lies within it is part of it."""
    within = [one for one in runs if found.start - 1 <= one.start and one.end <= found.end + 1]
    start, end = (
        min([found.start, *(one.start for one in within)]),
        max([found.end, *(one.end for one in within)]),
    )
    noticed = min([found.noticed, *(one.noticed for one in within)])
    run = _Run(found.row, "silent" if silent else "stuck", start, end, noticed, found.end - found.noticed)
    return [*(one for one in runs if one not in within), run]


def _incident(panel: Panel, points: Points, run: _Run) -> Incident:
    row, span = run.row, slice(run.start, run.end)
    scores = points.score[row, span]
    scored = bool(np.isfinite(scores).any()) and run.kind != "gap"
    odd_values = scored and run.kind in ("above", "below")  # others are as odd at their start, where more was expected
    peak = run.start + (int(np.nanargmax(scores)) if odd_values else 0)
    value = float(panel.target[row, peak])
    expected, low, high = (
        float(one[row, peak]) if run.kind != "gap" else float("nan")
        for one in (points.expected, points.low, points.high)
    )
    seconds = (run.end - run.start) * panel.step_seconds
    start = int(panel.seconds[run.start])
    ongoing = run.end == panel.steps
    facts = Facts(
        kind=run.kind, value=value, expected=expected, low=low, high=high, unit=panel.units[row],
        zone=panel.series[row].zone, peak=int(panel.seconds[peak]), start=start, seconds=seconds,
        step_seconds=panel.step_seconds, accepted=run.accepted, ongoing=ongoing and not run.accepted,
    )  # fmt: skip
    return Incident(
        series=panel.ids[row],
        kind=run.kind,
        severity=_severity(points, run, peak, seconds),
        start=start,
        end=start + seconds,
        peak=facts.peak,
        noticed=int(panel.seconds[run.noticed]),
        value=value,
        expected=expected,
        low=low,
        high=high,
        score=float(np.nanmax(scores)) if scored else float("nan"),
        chance=float(np.nanmin(points.chance[row, span])) if scored else float("nan"),
        points=run.points,
        accepted=run.accepted,
        ongoing=ongoing,
        text=incident_text(facts),
    )


def _severity(points: Points, run: _Run, peak: int, seconds: int) -> Severity:
    """Judge by length where nothing is measured, else by how many times the alarm's distance the peak lies out.

    Traffic cannot fall by more than all of it, so that a fall counts by its share, too.
    """
    if run.kind in ("gap", "silent"):
        return "critical" if seconds >= DAY_SECONDS else "major" if seconds >= _HOUR_SECONDS else "minor"
    if run.kind == "stuck":
        return "major" if seconds >= DAY_SECONDS else "minor"
    row = run.row
    value, expected = points.value[row, peak], points.expected[row, peak]
    limit = (points.alarm_high if value >= expected else points.alarm_low)[row, peak]
    size = abs(value - expected) / max(abs(limit - expected), np.finfo(np.float64).tiny)
    fall = 1 - value / expected if expected > 0 else 0.0
    if size >= _CRITICAL or fall >= _CRITICAL_FALL:
        return "critical"
    return "major" if size >= _MAJOR or fall >= _MAJOR_FALL else "minor"
