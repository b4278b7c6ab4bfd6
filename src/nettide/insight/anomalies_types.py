"""What a search for anomalies is asked and what it finds: points with bands and scores, and incidents."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from nettide.arrays import Bools, Floats, Ints
from nettide.errors import OptionError
from nettide.frames import Backend, Frame, make_table, repeated_texts, to_backend, utc_times
from nettide.prepare.calendar import WEEK_SECONDS

Kind = Literal["above", "below", "silent", "stuck", "gap"]
"""More traffic than expected, less, none at all, a value that does not change any more, no readings."""
Severity = Literal["minor", "major", "critical"]

_MOST_CHANCE = 0.1
_RARE = 1 / 500  # where nobody says: at coarse steps one false alarm a week would be every few points


@dataclass(frozen=True, slots=True)
class AnomalyConfig:
    """What counts as an anomaly.

    Args:
        false_alarms_per_week: points of normal traffic, of each series, that may be called an anomaly in a week;
            None takes one, and fewer where that would be more than one point in 500.
        least_gap_steps: steps without a reading that are an incident.
        least_stuck_steps: equal readings in a row that are one, where such runs were shorter before.

    Raises:
        OptionError: a value is outside its range.
    """

    false_alarms_per_week: float | None = None
    least_gap_steps: int = 3
    least_stuck_steps: int = 12

    def __post_init__(self) -> None:
        rate = self.false_alarms_per_week
        if rate is not None and not (rate > 0 and np.isfinite(rate)):
            raise OptionError(f"false alarms per week {rate:g} must be a number above 0; write for example 0.5")
        for name, value in (("gap", self.least_gap_steps), ("stuck", self.least_stuck_steps)):
            if value < 1:
                raise OptionError(f"least_{name}_steps {value} must be at least 1")

    def chance(self, step_seconds: int) -> float:
        """Give how probable an alarm may be at a normal point.

        Raises:
            OptionError: more false alarms are allowed than a tenth of all points.
        """
        each = step_seconds / WEEK_SECONDS
        if self.false_alarms_per_week is None:
            return min(each, _RARE)
        chance = self.false_alarms_per_week * each
        if chance > _MOST_CHANCE:
            raise OptionError(
                f"{self.false_alarms_per_week:g} false alarms per week are {chance:.0%} of all points at this step; "
                f"allow at most {_MOST_CHANCE / each:.3g}"
            )
        return chance


@dataclass(frozen=True, slots=True, eq=False)
class Points:
    """What was expected of every point and how odd it is; all of shape (series, time), NaN where nothing can be said.

    Args:
        value: as measured, NaN where unknown.
        expected: the forecast's median; made from what came before the point alone, like everything here.
        low: lower edge of the calibrated 80 % band.
        high: its upper edge.
        alarm_low: below it a point is an anomaly; zero where nothing can be too little.
        alarm_high: above it a point is one.
        score: distance from what was expected, in half-widths of the calibrated band: 1 is on its edge.
        chance: how probable so much oddness is at a normal point; comparable over series.
        flag: whether the point is an anomaly: of traffic, or a reading that is stuck.
    """

    value: Floats
    expected: Floats
    low: Floats
    high: Floats
    alarm_low: Floats
    alarm_high: Floats
    score: Floats
    chance: Floats
    flag: Bools


@dataclass(frozen=True, slots=True)
class Incident:
    """Odd points of one series that belong together.

    Args:
        series: its id.
        kind: in which way they are odd.
        severity: how far out the oddest is, or how long a gap or silence is.
        start: epoch second of the first step.
        end: epoch second at which the last step ends.
        peak: epoch second of the oddest step; the start where no value is odd by itself.
        noticed: epoch second of the first step that tells of it; after ``start`` for what shows by lasting.
        value: at the peak; NaN in a gap.
        expected: at the peak; NaN where nothing was.
        low: lower edge of the calibrated 80 % band at the peak.
        high: its upper edge.
        score: largest score; NaN where there is none.
        chance: smallest chance; NaN where there is none.
        points: steps that are flagged, or without a reading.
        accepted: whether it lasted so long that it was taken as the new normal.
        ongoing: whether it reaches the end of the data.
        text: one sentence about it.
    """

    series: str
    kind: Kind
    severity: Severity
    start: int
    end: int
    peak: int
    noticed: int
    value: float
    expected: float
    low: float
    high: float
    score: float
    chance: float
    points: int
    accepted: bool
    ongoing: bool
    text: str


@dataclass(frozen=True, slots=True, eq=False)
class Anomalies:
    """Every point of a panel with its score, and the incidents.

    Args:
        ids: of the series.
        units: of each series' target.
        seconds: epoch second of each step, shape (time,).
        step_seconds: length of a step.
        points: all points.
        incidents: in order of time.
        chance_allowed: of an alarm at a normal point.
    """

    ids: tuple[str, ...]
    units: tuple[str, ...]
    seconds: Ints
    step_seconds: int
    points: Points
    incidents: tuple[Incident, ...]
    chance_allowed: float

    @property
    def false_alarms_per_week(self) -> float:
        """Normal points of each series that may be flagged in a week."""
        return self.chance_allowed * WEEK_SECONDS / self.step_seconds

    def after(self, first: int) -> Anomalies:
        """Give the points from a step on, and all incidents."""
        points = {name: getattr(self.points, name)[:, first:] for name in Points.__dataclass_fields__}
        return replace(self, seconds=self.seconds[first:], points=Points(**points))

    def to_frame(self, backend: Backend = "pandas") -> Frame:
        """Give the long table ``unique_id, ds, y, expected, low, high, alarm_low, alarm_high, score, chance, anomaly``.

        Raises:
            MissingExtraError: the library is not installed.
            PanelError: a time is beyond the years 1678 to 2261.
        """
        points, (count, steps) = self.points, self.points.value.shape
        columns = {
            "unique_id": repeated_texts(self.ids, np.repeat(np.arange(count), steps)),
            "ds": utc_times(np.tile(self.seconds, count)),
            "y": points.value.reshape(-1),
        }
        for name in ("expected", "low", "high", "alarm_low", "alarm_high", "score", "chance"):
            columns[name] = getattr(points, name).reshape(-1)
        columns["anomaly"] = points.flag.reshape(-1)
        document = {"step_seconds": self.step_seconds, "units": dict(zip(self.ids, self.units, strict=True))}
        return to_backend(make_table(columns, document), backend)
