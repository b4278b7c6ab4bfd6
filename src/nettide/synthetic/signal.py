"""Offered load over time: growth, shifts, events, noise and gaps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from nettide.arrays import Bools, Floats

YEAR_SECONDS = 31_556_952  # of the Gregorian calendar, on average
_MONTH_SECONDS = 30 * 86400
_NOISE_SECONDS = 7200
Kind = Literal["peak", "surge", "outage", "shift", "gap"]


@dataclass(frozen=True, slots=True)
class Episode:
    """Something that happens to one series, in steps of its grid.

    Args:
        kind: peak (sudden, then dies away), surge (a plateau), outage, shift (lasting) or gap (not measured).
        first: its first step.
        end: the step after its last.
        size: factor on the expected traffic where it is strongest; NaN for a gap.
    """

    kind: Kind
    first: int
    end: int
    size: float


def growth(points: int, *, step_seconds: int, trend: float) -> Floats:
    """Give the factor of steady growth, 1 at the first step, shape (points,)."""
    years: Floats = step_seconds / YEAR_SECONDS * np.arange(points, dtype=np.float64)
    factors: Floats = (1 + trend) ** years
    return factors


def draw_shifts(generator: np.random.Generator, *, points: int, shifts: int) -> list[Episode]:
    """Draw lasting changes of level, one in the middle of each equal part of the span."""
    part = points / max(shifts, 1)
    found = []
    for place in range(shifts):
        first = int(part * (place + generator.uniform(0.3, 0.7)))
        up = generator.uniform() < 0.5
        size = generator.uniform(1.6, 2.4)
        found.append(Episode("shift", max(first, 1), points, float(size if up else 1 / size)))
    return found


def draw_events(
    generator: np.random.Generator, *, points: int, step_seconds: int, events_per_month: float
) -> list[Episode]:
    """Draw peaks, surges and outages that do not overlap, in order of time."""
    wanted = generator.poisson(events_per_month * points * step_seconds / _MONTH_SECONDS)
    if not wanted:
        return []
    firsts = np.sort(generator.integers(0, points, wanted))
    kinds = generator.choice(("peak", "surge", "outage"), size=wanted, p=(0.5, 0.25, 0.25))
    where, how_long = generator.uniform(size=wanted), generator.uniform(size=wanted)
    found: list[Episode] = []
    for first, kind, size, length in zip(
        firsts.tolist(), kinds.tolist(), where.tolist(), how_long.tolist(), strict=True
    ):
        if found and first <= found[-1].end:
            continue
        if kind == "peak":
            factor, hours = 1.8 + 2.2 * size, 1 * 6**length
        elif kind == "surge":
            factor, hours = 1.5 + 0.7 * size, 4 * 6**length
        else:
            factor, hours = 0.3 * size, 0.5 * 12**length
        steps = max(1, round(hours * 3600 / step_seconds))
        found.append(Episode(kind, first, min(first + steps, points), factor))
    return found


def draw_gaps(generator: np.random.Generator, *, points: int, share: float) -> list[Episode]:
    """Draw runs of steps that were not measured, together the given share of all steps."""
    wanted = round(share * points)
    lengths: list[int] = []
    while (rest := wanted - sum(lengths)) > 0:
        lengths.append(min(rest, int(np.ceil(generator.lognormal(1.5, 1.0)))))
    if not lengths:
        return []
    before = np.sort(generator.integers(0, points - wanted + 1, len(lengths)))
    firsts = before + np.concatenate([[0], np.cumsum(lengths)[:-1]])
    runs: list[list[int]] = []
    for first, length in zip(firsts.tolist(), lengths, strict=True):
        if runs and runs[-1][1] == first:
            runs[-1][1] = first + length
        else:
            runs.append([first, first + length])
    return [Episode("gap", first, end, float("nan")) for first, end in runs]


def factors(episodes: list[Episode], points: int) -> Floats:
    """Give the factor that shifts and events put on the traffic, shape (points,)."""
    total = np.ones(points)
    for one in episodes:
        if one.kind == "peak":
            place = np.arange(one.end - one.first)
            total[one.first : one.end] *= 1 + (one.size - 1) * np.exp(-3 * place / len(place))
        elif one.kind != "gap":
            total[one.first : one.end] *= one.size
    return total


def unmeasured(episodes: list[Episode], points: int) -> Bools:
    """Tell which steps lie in a gap, shape (points,)."""
    mask = np.zeros(points, dtype=np.bool_)
    for one in episodes:
        if one.kind == "gap":
            mask[one.first : one.end] = True
    return mask


def recursive(values: Floats, *, keep: float) -> Floats:
    """Give ``s[t] = keep * s[t-1] + x[t]``, shape (points,).

    Factors 1 / (1 - keep B) into (1 + keep B)(1 + keep^2 B^2)(1 + keep^4 B^4)..., so no step waits for
    the one before.
    """
    sums = values.copy()
    lag, factor = 1, keep
    while lag < len(sums) and factor > 1e-12:
        sums[lag:] += factor * sums[:-lag]
        lag, factor = 2 * lag, factor * factor
    return sums


def smoothed(values: Floats, *, keep: float) -> Floats:
    """Give the exponential mean ``s[t] = keep * s[t-1] + (1 - keep) * x[t]`` that begins at the first value."""
    mean: Floats = recursive((values - values[0]) * (1 - keep), keep=keep) + values[0]
    return mean


def draw_noise(generator: np.random.Generator, *, points: int, step_seconds: int, noise: float) -> Floats:
    """Draw a factor of mean 1 around the expected traffic, shape (points,).

    Half of its variance is forgotten from step to step, half within about two hours.
    """
    if noise == 0:
        return np.ones(points)
    keep = float(np.exp(-step_seconds / _NOISE_SECONDS))
    drawn = generator.standard_normal((2, points))
    drawn[0, 1:] *= np.sqrt(1 - keep**2)
    both = recursive(drawn[0], keep=keep) + drawn[1]
    factor: Floats = np.exp(noise * np.sqrt(0.5) * both - noise**2 / 2)
    return factor
