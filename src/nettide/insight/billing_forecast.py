"""What the month that runs will be billed at its end: its samples so far, and the rest simulated many times."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np

from nettide.arrays import Bools, Floats, Ints
from nettide.errors import OptionError
from nettide.insight.billing import (
    BilledLink,
    Policy,
    Tariff,
    billed,
    month_bounds,
    month_of,
    percentile_95,
    steps_between,
)
from nettide.insight.capacity_paths import simulate
from nettide.insight.capacity_trend import LEAST_DAYS, Trends, fit_trends
from nettide.prepare.calendar import DAY_SECONDS
from nettide.prepare.cycles import row_median

LEVELS = (0.1, 0.5, 0.9)
_WEEKS = 8
"""How many weeks back the shape of a day is taken from."""
_LEAST_KNOWN = 0.75
_PATHS = 400
_CELLS = 6_000_000


@dataclass(frozen=True, slots=True)
class MonthEnd:
    """What a month that runs is likely to be billed.

    Args:
        first: first day of the month.
        passed: share of the month that has passed.
        to_date: 95th percentile of its samples so far; NaN without any.
        quantiles: chance -> billed traffic at the end of the month that is not exceeded with it.
        over: probability that it is above the commit.
        costs: chance -> cost that is not exceeded with it; NaN without a price.
        expected_cost: mean cost; NaN without a price.
        reason: why there is no forecast; empty otherwise.
    """

    first: date
    passed: float
    to_date: float
    quantiles: Mapping[float, float]
    over: float
    costs: Mapping[float, float]
    expected_cost: float
    reason: str = ""


def month_end(
    link: BilledLink, policy: Policy, tariff: Tariff, *, start: int, step_seconds: int, seed: int = 0
) -> MonthEnd:
    """Forecast what the month after the last sample will be billed.

    The days that are left take the level of simulated days (trend, week, noise) and the shape of a past day of the same
    weekday; both directions are drawn together.

    Args:
        link: its samples up to now.
        policy: how directions are put together.
        tariff: commit and price.
        start: epoch second of the first sample.
        step_seconds: from one to the next, dividing a day.
        seed: same seed, same answer.

    Raises:
        OptionError: the steps do not divide a day.
    """
    if DAY_SECONDS % step_seconds:
        raise OptionError(f"steps of {step_seconds} seconds do not divide a day; choose another with --step 5min")
    known = np.flatnonzero(np.isfinite(link.samples).any(axis=0))
    steps = int(known[-1]) + 1 if len(known) else link.samples.shape[1]
    samples = link.samples[:, :steps]
    first = month_of(start + steps * step_seconds, link.zone)
    begin, end = month_bounds(first, link.zone)
    span = steps_between(begin, end, start=start, step_seconds=step_seconds)
    so_far = samples[:, max(0, span.start) : steps]
    left = span.stop - steps
    passed = 1 - left / len(span)
    to_date = float(billed(so_far, policy)) if so_far.size else float("nan")
    source = _past_days(samples, step_seconds=step_seconds)
    if source is None:
        nothing = dict.fromkeys(LEVELS, float("nan"))
        reason = f"under {LEAST_DAYS} days with traffic are known: the end of the month cannot be forecast"
        return MonthEnd(first, passed, to_date, nothing, float("nan"), nothing, float("nan"), reason)
    generator_seed = [seed, zlib.crc32(link.name.encode())]
    ends = []
    paths = max(1, min(_PATHS, _CELLS // (max(1, left + so_far.shape[1]) * len(samples))))
    for part in range(0, _PATHS, paths):
        count = min(paths, _PATHS - part)
        ahead = _simulated(source, left, count, [*generator_seed, part])
        whole = np.concatenate(
            [np.broadcast_to(so_far[:, None], (len(samples), count, so_far.shape[1])), ahead], axis=2
        )
        ends.append(billed(whole, policy))
    drawn = np.concatenate(ends)
    cost = tariff.cost(drawn)
    quantile, cost_quantile = np.quantile(drawn, LEVELS), np.quantile(cost, LEVELS)
    return MonthEnd(
        first=first,
        passed=passed,
        to_date=to_date,
        quantiles=dict(zip(LEVELS, quantile.tolist(), strict=True)),
        over=float((drawn > tariff.commit).mean()),
        costs=dict(zip(LEVELS, cost_quantile.tolist(), strict=True)),
        expected_cost=float(cost.mean()),
    )


@dataclass(frozen=True, slots=True, eq=False)
class _PastDays:
    """Spans of 24 hours up to now, the latest last.

    Args:
        trends: of their 95th percentiles, one a direction.
        shapes: samples over the 95th percentile of their day, shape (direction, day, step).
        usable: whether a day is known well enough in all directions, shape (day,).
    """

    trends: Trends
    shapes: Floats
    usable: Bools


def _past_days(samples: Floats, *, step_seconds: int) -> _PastDays | None:
    """Cut the past into days that end now; None where too few are known or most are silent."""
    width = DAY_SECONDS // step_seconds
    days = samples.shape[1] // width
    cut = samples[:, samples.shape[1] - days * width :].reshape(len(samples), days, width)
    enough = np.isfinite(cut).sum(axis=2) >= _LEAST_KNOWN * width
    level = np.where(enough, percentile_95(cut), np.nan)
    for one in level:
        known = one[np.isfinite(one)]
        if len(known) < LEAST_DAYS or not np.median(known) > 0:
            return None
    with np.errstate(invalid="ignore", divide="ignore"):
        shapes = cut / level[..., None]
    usable: Bools = np.all(np.isfinite(level) & (level > 0), axis=0)
    return _PastDays(fit_trends(level), shapes, usable)


def _simulated(past: _PastDays, steps: int, paths: int, seed: list[int]) -> Floats:
    """Draw the steps to come, shape (direction, path, step)."""
    count, _, width = past.shapes.shape
    ahead = -(-steps // width)
    if not ahead:
        return np.empty((count, paths, 0))
    generator = np.random.default_rng(np.random.SeedSequence(seed))
    chosen = np.stack([_shape_days(past.usable, place, paths, generator) for place in range(ahead)], axis=1)
    drawn = np.empty((count, paths, ahead * width))
    for row in range(count):  # the same chance for both directions: what moves one moves the other
        chance = np.random.default_rng(np.random.SeedSequence([*seed, 1]))
        level = simulate(past.trends, row, days=ahead, paths=paths, generator=chance)
        shape = past.shapes[row][chosen]  # (path, day, step)
        gaps = np.isnan(shape)
        if gaps.any():
            usual = row_median(past.shapes[row][past.usable].T)
            shape = np.where(gaps, np.where(np.isfinite(usual), usual, 0.0), shape)
        drawn[row] = (level[..., None] * shape).reshape(paths, -1)
    return drawn[..., :steps]


def _shape_days(usable: Bools, place: int, paths: int, generator: np.random.Generator) -> Ints:
    """Draw past days of the weekday of a day to come; any recent ones where there are none, shape (path,)."""
    days = len(usable)
    newest = days - 7 + place % 7  # the last day of the same weekday
    same = np.array([day for day in range(newest, newest - 7 * _WEEKS, -7) if day >= 0 and usable[day]], dtype=np.int64)
    if not len(same):
        same = np.flatnonzero(usable)[-7 * _WEEKS :].astype(np.int64)
    return generator.choice(same, size=paths)
