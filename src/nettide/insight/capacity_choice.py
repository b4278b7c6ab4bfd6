"""What is asked about the capacity of links."""

from __future__ import annotations

from dataclasses import dataclass

from nettide.errors import OptionError
from nettide.insight.capacity_days import WATCHED, Watched

MOST_HORIZON_DAYS = 1830
THRESHOLDS = (70.0, 85.0, 100.0)
"""Percent of the capacity."""


@dataclass(frozen=True, slots=True)
class CapacityChoice:
    """What is asked about the capacity.

    Args:
        thresholds: in percent of the capacity, ascending, each in (0, 100].
        watched: the figure of a day that is compared with them.
        horizon_days: how far ahead.
        full_days: a threshold is reached from the first day on of which this many ...
        of_days: ... among this many days, the first included, are at or above it.
        paths: simulated ways a series may go.
        seed: same seed, same answer; a series' answer does not depend on the others.

    Raises:
        OptionError: a value is out of its range.
    """

    thresholds: tuple[float, ...] = THRESHOLDS
    watched: Watched = "p95"
    horizon_days: int = 180
    full_days: int = 3
    of_days: int = 7
    paths: int = 1000
    seed: int = 0

    def __post_init__(self) -> None:
        if not self.thresholds:
            raise OptionError("no threshold is given; give one in percent of the capacity, as 85")
        for one in self.thresholds:
            if not 0 < one <= 100:
                raise OptionError(f"threshold {one:g} must be above 0 and at most 100 (percent of the capacity)")
        if list(self.thresholds) != sorted(set(self.thresholds)):
            raise OptionError(f"thresholds {', '.join(f'{one:g}' for one in self.thresholds)} must ascend")
        if self.watched not in WATCHED:
            raise OptionError(f"what is watched, {self.watched!r}, must be one of {', '.join(WATCHED)}")
        for name, value, low, high in (
            ("horizon_days", self.horizon_days, 1, MOST_HORIZON_DAYS),
            ("of_days", self.of_days, 1, 28),
            ("full_days", self.full_days, 1, self.of_days),
            ("paths", self.paths, 100, 100_000),
            ("seed", self.seed, 0, 2**63),
        ):
            if not low <= value <= high:
                raise OptionError(f"{name} {value} must be from {low} to {high}")
