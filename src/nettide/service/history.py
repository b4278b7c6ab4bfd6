"""From posted values to a panel: arrays and times, with no table in between."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import UTC, datetime
from http import HTTPStatus

import numpy as np

from nettide.arrays import Floats
from nettide.panel import Channel, Panel, Series
from nettide.service.given import GivenHistory, GivenSeries, GivenSteps
from nettide.service.problems import ProblemError
from nettide.service.values import MOST_VALUE
from nettide.settings import Limits
from nettide.units import parse_step

_EARLIEST, _LATEST = -(2**33), 2**34  # epoch seconds: the years 1697 to 2514


def panel_of(given: GivenHistory, *, target: str, unit: str, limits: Limits) -> Panel:
    """Put posted series on one grid.

    Args:
        given: as the client sent it.
        target: what the model calls its target.
        unit: of the model, for series that say none.
        limits: the most that may be sent.

    Raises:
        ProblemError: 413 for too much, 422 for what forms no panel.
        UnitError: the step is not understood.
        PanelError: ids repeat, or a time zone does not exist.
    """
    count, steps = len(given.series), max(len(one.values) for one in given.series)
    names = sorted({name for one in given.series for name in one.channels})
    if count > limits.series:
        raise _too_much(f"{count} series", limits.series)
    if count * steps * (1 + len(names)) > limits.points:
        raise _too_much(f"{count} series x {steps} steps x {1 + len(names)} channels", limits.points)
    step_seconds = parse_step(given.step)
    values = np.full((count, steps, 1 + len(names)), np.nan)
    for row, one in enumerate(given.series):
        values[row, steps - len(one.values) :, 0] = _numbers(one.values)
        for place, name in enumerate(names, start=1):
            values[row, steps - len(one.values) :, place] = _channel(one, name)
    _refuse_impossible(values, given.series)
    if given.start is not None:
        start = epoch(given.start, at="start")
    else:
        start = last_step(given.end, step_seconds) - (steps - 1) * step_seconds
    if not (start >= _EARLIEST and start + (steps + 400) * step_seconds <= _LATEST):
        raise wrong("series", f"{steps} steps of {given.step} reach beyond the years that have a calendar")
    described = tuple(Series(one.id, unit=one.unit or unit, zone=one.zone) for one in given.series)
    channels = (Channel(target, unit), *(Channel(name) for name in names))
    return Panel(values, start, step_seconds, described, channels)


def panel_of_steps(given: GivenSteps, *, target: str, unit: str, limits: Limits) -> Panel:
    """Put the last steps of one series on a grid; raises as ``panel_of``."""
    one = GivenSeries.model_construct(id="series", values=given.values, unit="", zone="UTC", channels={})
    history = GivenHistory.model_construct(model=given.model, step=given.step, start=None, end=given.end, series=[one])
    return panel_of(history, target=target, unit=unit, limits=limits)


def last_step(end: str | None, step_seconds: int) -> int:
    """Give the epoch second of the last value: as said, or the beginning of the last whole step before now."""
    if end is not None:
        return epoch(end, at="end")
    return (int(time.time()) // step_seconds - 1) * step_seconds


def time_texts(first: int, step_seconds: int, count: int) -> list[str]:
    """Write the times of steps, in UTC."""
    seconds = first + step_seconds * np.arange(count, dtype=np.int64)
    return [f"{text}Z" for text in np.datetime_as_string(seconds.astype("datetime64[s]"))]


def epoch(text: str, *, at: str) -> int:
    """Give the epoch second of a time; UTC if it says no zone.

    Raises:
        ProblemError: there is no such time.
    """
    try:
        moment = datetime.fromisoformat(text)
        return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())
    except (ValueError, OverflowError):
        raise wrong(at, f"{text!r} is no time that exists; write for example 2026-03-01T00:00:00Z") from None


def _numbers(values: Sequence[float | None]) -> Floats:
    return np.array(values, dtype=np.float64)  # null becomes NaN


def _channel(one: GivenSeries, name: str) -> Floats | float:
    if name not in one.channels:
        return np.nan
    values = one.channels[name]
    if len(values) != len(one.values):
        raise wrong(
            "series", f"series {one.id!r} has {len(values)} values of {name!r} and {len(one.values)} of its own"
        )
    return _numbers(values)


def _refuse_impossible(values: Floats, series: Sequence[GivenSeries]) -> None:
    """Refuse traffic below zero, and numbers that nothing can be computed with."""
    if max(np.fmax.reduce(values, None, initial=0.0), -np.fmin.reduce(values, None, initial=0.0)) >= MOST_VALUE:
        row, step, channel = np.argwhere(np.abs(values) >= MOST_VALUE)[0]
        raise wrong(
            f"series.{row}",
            f"{values[row, step, channel]:g} is too large (limit {MOST_VALUE:g}); give it in a larger unit",
        )
    if (values[:, :, 0] < 0).any():
        row, step = np.argwhere(values[:, :, 0] < 0)[0]
        place = int(step) - values.shape[1] + len(series[row].values)
        raise wrong(
            f"series.{row}.values.{place}",
            f"{values[row, step, 0]:g} is below zero, which traffic never is; mend it, or write null if it is unknown",
        )


def _too_much(what: str, most: int) -> ProblemError:
    return ProblemError(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"{what} are more than this service takes ({most:,}); send fewer at a time"
    )


def wrong(at: str, message: str) -> ProblemError:
    """Give the problem of one place in a request."""
    return ProblemError(HTTPStatus.UNPROCESSABLE_ENTITY, f"{at}: {message}", faults=({"at": at, "message": message},))
