"""What synthetic traffic is asked for."""

from __future__ import annotations

import math
from dataclasses import dataclass
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from nettide.errors import OptionError
from nettide.synthetic.parameters import chosen

MOST_VALUES = 2_000_000_000
LAST_SECOND = 9_214_646_400
"""2262-01-01: tables hold times in nanoseconds, which end soon after."""


@dataclass(frozen=True, slots=True)
class SynthConfig:
    """Synthetic traffic, wholly determined by these values.

    Series i stays the same when more series or more parameters are asked for, and its clean signal
    stays the same when noise, events or gaps change.

    Args:
        series: number of links.
        points: number of steps.
        step_seconds: length of a step.
        start: epoch second of the first step.
        zone: IANA time zone whose clock the cycles follow.
        parameters: how many of the fifteen parameters, throughput first.
        noise: standard deviation of the logarithm of measured over expected traffic; 0 is none.
        trend: growth in a year, 0.2 for 20 %.
        cycles: whether traffic follows the hour and the weekday.
        holidays: whether 1 January, 1 May and 24-26 and 31 December are like Sundays.
        events_per_month: mean number of peaks, surges and outages in 30 days of a series.
        shifts: lasting changes of level in each series.
        gaps: share of the steps that were not measured.
        seed: not negative.

    Raises:
        OptionError: a value is out of its range.
    """

    series: int = 10
    points: int = 8760
    step_seconds: int = 3600
    start: int = 1_767_225_600
    zone: str = "UTC"
    parameters: int = 1
    noise: float = 0.05
    trend: float = 0.2
    cycles: bool = True
    holidays: bool = True
    events_per_month: float = 1.0
    shifts: int = 0
    gaps: float = 0.0
    seed: int = 0

    def __post_init__(self) -> None:
        chosen(self.parameters)
        for name, low, high in (
            ("series", 1, 10_000_000),
            ("points", 2, 100_000_000),
            ("step_seconds", 1, 31 * 86400),
            ("noise", 0, 2),
            ("trend", -0.9, 10),
            ("events_per_month", 0, 100),
            ("shifts", 0, self.points // 4),
            ("gaps", 0, 0.9),
            ("seed", 0, 2**63),
            ("start", -LAST_SECOND, LAST_SECOND),
        ):
            value = getattr(self, name)
            if not (math.isfinite(value) and low <= value <= high):
                raise OptionError(f"{name} {value:g} must be from {low:g} to {high:g}")
        if self.series * self.points * self.parameters > MOST_VALUES:
            raise OptionError(
                f"{self.series} series x {self.points} points x {self.parameters} parameters are more than "
                f"{MOST_VALUES:,} values; ask for less"
            )
        if self.start + self.points * self.step_seconds > LAST_SECOND:
            raise OptionError(f"{self.points:,} points of {self.step_seconds:,} s end after the year 2261")
        try:
            ZoneInfo(self.zone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise OptionError(f"time zone {self.zone!r} does not exist; write for example Europe/Prague") from None
