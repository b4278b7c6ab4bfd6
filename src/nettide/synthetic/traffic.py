"""Seeded synthetic traffic, its clean signal and the list of what happened."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from nettide.arrays import Floats
from nettide.errors import OptionError
from nettide.panel import Channel, Panel, Series
from nettide.synthetic.clock import WeekShape
from nettide.synthetic.config import SynthConfig
from nettide.synthetic.link import Link, draw_link
from nettide.synthetic.measure import measure
from nettide.synthetic.parameters import PARAMETERS, Parameter, chosen
from nettide.synthetic.signal import (
    Episode,
    Kind,
    draw_events,
    draw_gaps,
    draw_noise,
    draw_shifts,
    factors,
    growth,
    unmeasured,
)

_LINK, _SHIFTS, _EVENTS, _NOISE, _GAPS, _METERS = range(6)
_CHUNK_VALUES = 4_000_000


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to one series.

    Args:
        series: its id.
        kind: peak, surge, outage, shift or gap.
        start: epoch second at which its first step begins.
        end: epoch second at which its last step ends.
        size: factor on the expected traffic where it is strongest; NaN for a gap.
    """

    series: str
    kind: Kind
    start: int
    end: int
    size: float


@dataclass(frozen=True, slots=True, eq=False)
class Synthetic:
    """Synthetic traffic and the truth about it.

    Args:
        panel: what was measured; NaN in the gaps.
        clean: what was to be expected: cycles, growth and shifts, without noise, events and gaps.
        events: all that happened, series by series in order of time.
    """

    panel: Panel
    clean: Panel
    events: tuple[Event, ...]


def channel_of(parameter: Parameter) -> Channel:
    """Give the channel of a parameter; the target is named ``y``."""
    return Channel("y" if parameter is PARAMETERS[0] else parameter.name, parameter.unit)


def generate(config: SynthConfig, *, first: int = 0, count: int | None = None) -> Synthetic:
    """Make synthetic traffic.

    Args:
        config: what is asked for.
        first: index of the first series to make, from 0.
        count: how many series to make; all that follow when absent. Series do not depend on it.

    Raises:
        OptionError: the config has no such series.
    """
    count = config.series - first if count is None else count
    if first < 0 or count < 1 or first + count > config.series:
        raise OptionError(f"series {first} to {first + count - 1} do not exist; there are {config.series}")
    parameters = chosen(config.parameters)
    shape = (count, config.points, len(parameters))
    measured, clean = np.empty(shape), np.empty(shape)
    week = WeekShape(
        start=config.start,
        points=config.points,
        step_seconds=config.step_seconds,
        zone=config.zone,
        holidays=config.holidays,
    )
    trend = growth(config.points, step_seconds=config.step_seconds, trend=config.trend)
    series: list[Series] = []
    events: list[Event] = []
    for place in range(count):
        link, episodes = _make(config, first + place, week, trend, out=(measured[place], clean[place]))
        series.append(link.series(config.zone))
        events.extend(_event(link, one, config) for one in episodes)
    channels = tuple(channel_of(one) for one in parameters)
    return Synthetic(
        panel=Panel(measured, config.start, config.step_seconds, tuple(series), channels),
        clean=Panel(clean, config.start, config.step_seconds, tuple(series), channels),
        events=tuple(events),
    )


def generate_parts(config: SynthConfig) -> Iterator[Synthetic]:
    """Make the same traffic a few series at a time, for more than fits into memory at once."""
    size = max(1, _CHUNK_VALUES // (config.points * config.parameters))
    for first in range(0, config.series, size):
        yield generate(config, first=first, count=min(size, config.series - first))


def describe(config: SynthConfig) -> tuple[Series, ...]:
    """Describe all series without making their traffic."""
    return tuple(_link(config, index).series(config.zone) for index in range(config.series))


def _stream(config: SynthConfig, index: int, *purpose: int) -> np.random.Generator:
    return np.random.default_rng(np.random.SeedSequence(config.seed, spawn_key=(index, *purpose)))


def _link(config: SynthConfig, index: int) -> Link:
    return draw_link(index, _stream(config, index, _LINK))


def _make(
    config: SynthConfig, index: int, week: WeekShape, trend: Floats, *, out: tuple[Floats, Floats]
) -> tuple[Link, list[Episode]]:
    """Fill in what is measured of one series and its clean signal, each of shape (points, parameter)."""
    measured, clean = out
    link, points, step = _link(config, index), config.points, config.step_seconds
    parameters = chosen(config.parameters)
    expected = link.load * trend
    if config.cycles:
        expected = expected * week.over(link.week)
    shifts = draw_shifts(_stream(config, index, _SHIFTS), points=points, shifts=config.shifts)
    expected = expected * factors(shifts, points)
    events = draw_events(
        _stream(config, index, _EVENTS), points=points, step_seconds=step, events_per_month=config.events_per_month
    )
    gaps = draw_gaps(_stream(config, index, _GAPS), points=points, share=config.gaps)
    noise = draw_noise(_stream(config, index, _NOISE), points=points, step_seconds=step, noise=config.noise)

    def quiet(_name: str) -> Floats:
        return np.zeros(points)

    def noisy(name: str) -> Floats:
        place = _PLACES[name]
        return config.noise * _stream(config, index, _METERS, place).standard_normal(points)

    clean[:] = measure(link, expected, parameters, step_seconds=step, draw=quiet)
    load = expected * factors(events, points) * noise
    measured[:] = measure(link, load, parameters, step_seconds=step, draw=noisy if config.noise else quiet)
    measured[unmeasured(gaps, points)] = np.nan
    return link, sorted([*shifts, *events, *gaps], key=lambda one: (one.first, one.kind))


_PLACES = {one.name: place for place, one in enumerate(PARAMETERS)}


def _event(link: Link, episode: Episode, config: SynthConfig) -> Event:
    start = config.start + episode.first * config.step_seconds
    return Event(link.id, episode.kind, start, config.start + episode.end * config.step_seconds, episode.size)
