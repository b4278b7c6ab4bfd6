"""The character of a synthetic link: size, place, users and equipment."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nettide.arrays import Floats
from nettide.panel import Series
from nettide.synthetic.clock import WEEK_HOURS

_CAPACITIES = (1e8, 1e9, 1e10, 4e10, 1e11)
_KINDS = ("office", "home", "transit", "datacentre")


@dataclass(frozen=True, slots=True, eq=False)
class Link:
    """What does not change about a link.

    Args:
        id: its name, ``link-00001`` for the first.
        kind: who uses it: office, home, transit or datacentre.
        capacity_bps: bits per second.
        load: mean offered load at the start, as a share of the capacity.
        week: shape of an average week, one value an hour from Monday midnight, mean 1, shape (168,).
        burstiness: load of the busy moments within a step over the mean of the step.
        packet_bytes: mean packet size at mean load.
        distance_ms: latency of the empty link.
        buffer_ms: latency that a full buffer adds.
        buffer_packets: packets in a full buffer.
        connections: open connections at full load.
        loss_percent: loss that has nothing to do with load.
        error_percent: frames with a bad checksum.
        cpu_percent: processor use when idle.
        memory_percent: memory use when idle.
    """

    id: str
    kind: str
    capacity_bps: float
    load: float
    week: Floats
    burstiness: float
    packet_bytes: float
    distance_ms: float
    buffer_ms: float
    buffer_packets: float
    connections: float
    loss_percent: float
    error_percent: float
    cpu_percent: float
    memory_percent: float

    def series(self, zone: str) -> Series:
        """Describe the link as a series of a panel."""
        return Series(self.id, "bit/s", zone, self.capacity_bps, {"kind": self.kind})


def draw_link(index: int, generator: np.random.Generator) -> Link:
    """Draw the character of the link with the given index, from 0."""
    kind = str(generator.choice(_KINDS, p=(0.3, 0.3, 0.25, 0.15)))
    capacity = float(generator.choice(_CAPACITIES, p=(0.15, 0.35, 0.3, 0.1, 0.1)))
    return Link(
        id=f"link-{index + 1:05d}",
        kind=kind,
        capacity_bps=capacity,
        load=generator.uniform(0.04, 0.30),
        week=_week(kind, generator),
        burstiness=generator.uniform(1.2, 1.6),
        packet_bytes=generator.uniform(450, 950),
        distance_ms=_between(generator, 0.5, 60),
        buffer_ms=_between(generator, 15, 120),
        buffer_packets=float(generator.choice((256, 512, 1024, 4096))),
        connections=capacity / _between(generator, 2e5, 2e6),
        loss_percent=_between(generator, 2e-4, 5e-3),
        error_percent=_between(generator, 1e-5, 1e-3),
        cpu_percent=generator.uniform(4, 15),
        memory_percent=generator.uniform(25, 55),
    )


def _between(generator: np.random.Generator, low: float, high: float) -> float:
    """Draw a number whose logarithm is uniform."""
    return float(np.exp(generator.uniform(np.log(low), np.log(high))))


def _bump(hours: Floats, centre: float, width: float) -> Floats:
    distance: Floats = np.abs((hours - centre + 12) % 24 - 12)
    bump: Floats = np.exp(-0.5 * (distance / width) ** 2)
    return bump


def _week(kind: str, generator: np.random.Generator) -> Floats:
    """Draw the shape of a week: weekdays and weekends of a kind, moved and scaled a little."""
    hours: Floats = (np.arange(24, dtype=np.float64) + 0.5 - generator.uniform(-1, 1)) % 24
    depth = generator.uniform(0.8, 1.2)
    if kind == "office":
        weekday = 0.25 + depth * (_bump(hours, 10.5, 1.9) + _bump(hours, 15, 2.0))
        weekend = 0.25 + 0.15 * depth * _bump(hours, 14, 4)
    elif kind == "home":
        weekday = 0.3 + depth * (0.35 * _bump(hours, 8.5, 1.8) + 0.5 * _bump(hours, 15, 3.5) + _bump(hours, 20.5, 2.3))
        weekend = 0.35 + depth * (0.75 * _bump(hours, 14, 3.8) + _bump(hours, 20.5, 2.5))
    elif kind == "transit":
        weekday = 0.5 + 0.6 * depth * (_bump(hours, 14, 4.5) + 0.7 * _bump(hours, 20.5, 2.5))
        weekend = 0.88 * (0.5 + 0.6 * depth * (0.85 * _bump(hours, 15, 4.5) + 0.75 * _bump(hours, 20.5, 2.6)))
    else:
        weekday = 0.8 + depth * (0.25 * _bump(hours, 13, 4) + 0.7 * _bump(hours, 2, 1.1))
        weekend = 0.75 + depth * (0.1 * _bump(hours, 14, 4) + 0.9 * _bump(hours, 2, 1.4))
    friday = weekday * generator.uniform(0.85, 1.0)
    sunday = weekend * generator.uniform(0.85, 1.05)
    week = np.concatenate([weekday, weekday, weekday, weekday, friday, weekend, sunday])
    assert week.shape == (WEEK_HOURS,)
    shape: Floats = week / week.mean()
    return shape
