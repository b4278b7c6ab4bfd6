"""Diverse traffic: panels drawn from very different habits, to teach a network what traffic can look like.

Unlike ``traffic`` it follows no configured link: habits, noise, holidays, shifts, bursts, outages and gaps are
themselves drawn, so that no two panels are alike. Series of a panel share habits, days off and shocks to a drawn
degree. Levels are in logs until the end, so that everything multiplies.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nettide.arrays import Bools, Floats, Ints
from nettide.occasions import Occasion
from nettide.panel import Channel, Panel, Series
from nettide.prepare.calendar import DAY_SECONDS

_MONDAY = 4 * DAY_SECONDS + 2800 * 7 * DAY_SECONDS  # a Monday in 2023
_KINDS = ("people", "waves", "mixed", "none")


@dataclass(frozen=True, slots=True)
class _Days:
    """What the days of a panel share.

    Args:
        weekday: 0 is Monday, shape (day,).
        off: days off, shape (day,).
        shock: log level, shape (day,).
        quiet: log level of days off.
    """

    weekday: Ints
    off: Bools
    shock: Floats
    quiet: float


def diverse_panel(generator: np.random.Generator, *, series: int, days: int, day_steps: int) -> Panel:
    """Draw a panel of traffic.

    Days off are among its occasions, as holidays, in half of the panels; in the others they come unannounced.

    Args:
        generator: of everything random.
        series: how many.
        days: how long.
        day_steps: steps a day, a divisor of 86,400.

    Returns:
        A panel that starts on a random weekday; its target has no unit and any scale.
    """
    shared = _draw_days(generator, days)
    kind = _KINDS[generator.choice(4, p=[0.5, 0.2, 0.2, 0.1])]
    workday, restday = (_profile(generator, day_steps, kind) for _ in range(2))
    hour = day_steps / 24
    memory = np.exp(-1 / (hour * generator.uniform(1, 12))) if day_steps > 1 else generator.uniform(0, 0.8)
    shock = autoregressive(generator, days * day_steps, memory, generator.choice([0, 0.02, 0.05, 0.12]))
    noise = generator.choice([0.05, 0.1, 0.2, 0.35, 0.6, 1.0])
    trend = generator.normal(0, 0.1) * generator.random()
    values = np.empty((series, days * day_steps))
    for row in range(series):
        levels = _levels(generator, shared, trend=trend, flat=kind == "none")
        season = _season(generator, shared, (workday, restday), kind=kind, days=days)
        y = _logs(generator, levels, season, noise=noise, hour=hour)
        y = np.exp(np.clip(y + shock * generator.uniform(0.5, 1.5), -12, 9))
        values[row] = _ended(generator, _disturbed(generator, y, shared, day_steps))
    if generator.random() < 0.5:
        _leave_gaps(generator, values, day_steps)
    start = _MONDAY + int(shared.weekday[0]) * DAY_SECONDS
    occasions: tuple[Occasion, ...] = ()
    if generator.random() < 0.7:
        begins = [start + int(day) * DAY_SECONDS for day in np.flatnonzero(shared.off)]
        occasions = tuple(Occasion("holiday", begin, begin + DAY_SECONDS) for begin in begins)
    return Panel(
        values[:, :, None] * np.exp(generator.normal(0, 3)),
        start,
        DAY_SECONDS // day_steps,
        tuple(Series(str(row)) for row in range(series)),
        (Channel("y"),),
        occasions,
    )


def _ended(generator: np.random.Generator, y: Floats) -> Floats:
    """Let some links fall silent for good, or move to another level for good."""
    drawn, steps = generator.random(), len(y)
    at = int(generator.integers(steps // 4, steps))
    if drawn < 0.02:
        y[at:] = 0.0
    elif drawn < 0.12:
        y[at:] *= np.exp(generator.normal(0, 0.8))
    return y


def autoregressive(generator: np.random.Generator, steps: int, memory: float, deviation: float) -> Floats:
    """Give noise of order one with a standard deviation, shape (step,).

    Args:
        generator: of the noise.
        steps: how many.
        memory: share kept from step to step, 0 to below 1.
        deviation: of the noise once it has settled.
    """
    drawn = generator.normal(0, 1, steps) * deviation * np.sqrt(max(1e-6, 1 - memory**2))
    noise, chunk = np.empty(steps), 256
    powers = memory ** np.arange(chunk + 1)
    kernel = np.tril(memory ** np.abs(np.subtract.outer(np.arange(chunk), np.arange(chunk))))
    carried = 0.0
    for start in range(0, steps, chunk):  # a filter in blocks: no loop over steps
        part = drawn[start : start + chunk]
        noise[start : start + chunk] = kernel[: len(part), : len(part)] @ part + powers[1 : len(part) + 1] * carried
        carried = float(noise[start + len(part) - 1])
    return noise


def _draw_days(generator: np.random.Generator, days: int) -> _Days:
    off = np.zeros(days, dtype=np.bool_)
    for _ in range(generator.poisson(days / generator.choice([20, 40, 80]))):
        first = generator.integers(days)
        off[first : first + generator.choice([1, 1, 1, 2, 3, 5, 10])] = True
    if generator.random() < 0.25:
        off[:] = False
    shock = autoregressive(generator, days, generator.uniform(0, 0.9), generator.choice([0, 0.03, 0.08, 0.15]))
    weekday = (np.arange(days) + generator.integers(7)) % 7
    return _Days(weekday, off, shock, generator.normal(-0.2, 0.4))


def _profile(generator: np.random.Generator, day_steps: int, kind: str) -> Floats:
    """Give a habit over a day, mean 0 and deviation 1, shape (day_steps,)."""
    if kind == "mixed":
        kind = generator.choice(["people", "waves", "none"])
    if day_steps < 4 or kind == "none":
        return np.zeros(day_steps)
    hours = np.arange(day_steps) / day_steps * 24
    habit = np.zeros(day_steps)
    if kind == "waves":
        for harmonic in range(1, 7):
            size = generator.normal() / harmonic ** generator.uniform(0.7, 1.8)
            habit += size * np.cos(2 * np.pi * (harmonic * hours / 24 - generator.uniform()))
    else:
        for _ in range(generator.integers(1, 4)):
            middle, width = generator.uniform(6, 24), generator.uniform(1, 5)
            habit += generator.uniform(0.3, 1) * np.exp(-0.5 * (((hours - middle + 12) % 24 - 12) / width) ** 2)
        if generator.random() < 0.4:  # office hours
            opens, closes = generator.uniform(6, 10), generator.uniform(15, 22)
            inside = 1 / (1 + np.exp(2 * (opens - hours))) / (1 + np.exp(2 * (hours - closes)))
            habit += generator.uniform(0.3, 1.5) * inside
    centred: Floats = (habit - habit.mean()) / (habit.std() + 1e-9)
    return centred


def _levels(generator: np.random.Generator, shared: _Days, *, trend: float, flat: bool) -> tuple[Floats, Floats]:
    """Give the log level of each day, and what changes slowly in it, each of shape (day,)."""
    days = len(shared.off)
    week = np.zeros(7)
    if generator.random() < 0.75:
        week[5:] = generator.normal(-0.4, 0.4) + generator.normal(0, 0.1, 2)
    if generator.random() < 0.6:
        week += generator.normal(0, 0.08, 7)
    off = shared.off * (generator.random() < 0.75)
    own = autoregressive(generator, days, generator.uniform(0, 0.9), generator.choice([0, 0.03, 0.08, 0.2]))
    level = week[shared.weekday] * (1 - 0.7 * off) + off * (shared.quiet + generator.normal(0, 0.1))
    level = (level + shared.shock * generator.uniform(0.3, 1.5) + own) * (generator.random() if flat else 1.0)
    slow = (trend + generator.normal(0, 0.15) * generator.random()) * np.arange(days) / 30
    if generator.random() < 0.4:
        slow = slow + np.cumsum(generator.normal(0, generator.choice([0.01, 0.03, 0.06]), days))
    for _ in range(generator.poisson(days / generator.choice([50, 100, 400]))):
        slow[generator.integers(days) :] += generator.normal(0, 0.6)
    return level, slow


def _season(
    generator: np.random.Generator, shared: _Days, habits: tuple[Floats, Floats], *, kind: str, days: int
) -> Floats:
    """Give the log of the daily habit at each step, shape (step,)."""
    day_steps = len(habits[0])
    size = abs(generator.normal(0.5, 0.35)) if kind != "none" else 0.0
    mix, alike = generator.uniform(0.3, 1), generator.uniform(0.2, 1)
    workday = mix * habits[0] + (1 - mix) * _profile(generator, day_steps, kind)
    restday = mix * habits[1] + (1 - mix) * _profile(generator, day_steps, kind)
    restday = (alike * workday + (1 - alike) * restday) * generator.uniform(0.4, 1.1)
    rests = shared.off.copy()
    if generator.random() < 0.6:
        rests |= shared.weekday >= 5
    season: Floats = size * np.where(rests[:, None], restday, workday).reshape(days * day_steps)
    return season


def _logs(
    generator: np.random.Generator, levels: tuple[Floats, Floats], season: Floats, *, noise: float, hour: float
) -> Floats:
    """Give level, habit and noise together, in logs, shape (step,)."""
    steps, days = len(season), len(levels[0])
    day_steps = steps // days
    level = np.repeat(levels[0] + levels[1], day_steps)
    if generator.random() < 0.3:  # days that change gradually
        level = np.interp(np.arange(steps) / day_steps, np.arange(days) + 0.5, levels[0] + levels[1])
    memory = np.exp(-1 / (hour * generator.uniform(0.2, 8))) if day_steps > 1 else generator.uniform(0, 0.8)
    size, share = noise * generator.uniform(0.5, 1.5), generator.uniform(0, 1)
    lasting = autoregressive(generator, steps, memory, size * share)
    sudden = generator.normal(0, 1, steps) * size * (1 - share) * generator.uniform(0.3, 1)
    if generator.random() < 0.3:  # noisier when quiet
        sudden = sudden + generator.normal(0, 0.3, steps) * np.clip(-season, 0, None)
    logs: Floats = level + season + lasting + sudden
    return logs


def _disturbed(generator: np.random.Generator, y: Floats, shared: _Days, day_steps: int) -> Floats:
    """Add bursts, nightly jobs, a floor, counting, outages and saturation, each to some series."""
    steps = len(y)
    slot, day = np.arange(steps) % day_steps, np.arange(steps) // day_steps
    if generator.random() < 0.35:
        burst = generator.random(steps) < generator.choice([1 / 400, 1 / 150, 1 / 40])
        y = y * (1 + burst * np.minimum(generator.pareto(1.5, steps), 50) * generator.uniform(0.5, 3))
    if generator.random() < 0.3 and day_steps > 1:
        length = max(1, int(day_steps / 24 * generator.choice([0.25, 1, 2])))
        runs = generator.random(len(shared.off)) < generator.choice([0.3, 0.9, 1])
        if generator.random() < 0.3:
            runs &= shared.weekday == generator.integers(7)
        y = y + ((slot - generator.integers(day_steps)) % day_steps < length) * runs[day] * generator.uniform(0.3, 4)
    if generator.random() < 0.2:
        y = y + generator.uniform(0.2, 3)
    if generator.random() < 0.25:
        mean = generator.choice([0.3, 1, 3, 10])
        counts = generator.poisson(np.clip(y / y.mean() * mean, 0, 1e4))
        y = counts * generator.lognormal(0, generator.choice([0, 0.3, 0.8]), steps)
    if generator.random() < 0.15:
        for _ in range(generator.integers(1, 4)):
            first = generator.integers(steps)
            y[first : first + generator.integers(1, day_steps + 2)] = 0
    if generator.random() < 0.15:
        y = np.minimum(y, np.quantile(y, generator.uniform(0.8, 0.99)))
    return y


def _leave_gaps(generator: np.random.Generator, values: Floats, day_steps: int) -> None:
    steps = values.shape[1]
    for row in values:
        if generator.random() < 0.5:
            for _ in range(generator.integers(1, 5)):
                first = generator.integers(steps)
                row[first : first + generator.integers(1, max(2, 2 * day_steps))] = np.nan
        if generator.random() < 0.3:
            row[generator.random(steps) < generator.choice([0.01, 0.05, 0.3])] = np.nan
