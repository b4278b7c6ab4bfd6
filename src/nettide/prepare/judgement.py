"""From what was counted and measured of one series to findings in words and a verdict."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np

from nettide.units import si_text, step_text

Severity = Literal["note", "care", "stop"]
Judgement = Literal["fit to forecast", "with care", "not"]
JUDGEMENTS: tuple[Judgement, ...] = ("fit to forecast", "with care", "not")
_DAY = 86400
_HORIZONS = (("hour", 3600), ("day", _DAY), ("week", 7 * _DAY))
LEAST_READINGS_OF_COUNTER = 24
_WEAK_CYCLE = 0.1


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that a forecaster should know.

    Args:
        kind: a word for machines, such as ``missing`` or ``counter``.
        severity: note (harmless), care (look before you trust a forecast) or stop (do not forecast).
        text: what and where, and the remedy where there is one.
    """

    kind: str
    severity: Severity
    text: str


@dataclass(frozen=True, slots=True)
class Need:
    """How much history forecasts so far ahead need.

    Two weeks, in which every hour of the week is seen twice, and ten times the horizon to learn from and test on.

    Args:
        horizon: ``hour``, ``day``, ``week``, or ``step`` where the step is longer than a week.
        need_days: days of known steps that are needed.
        enough: whether they are there.
    """

    horizon: str
    need_days: float
    enough: bool


@dataclass(frozen=True, slots=True)
class LevelShift:
    """A lasting change of level.

    Args:
        date: first day (UTC) of the new level.
        ratio: new level over old level.
        days_ago: days from it to the last usable reading.
    """

    date: str
    ratio: float
    days_ago: int


@dataclass(frozen=True, slots=True)
class Figures:
    """All that is known of one series, and nothing about what it means.

    Args:
        rows: rows, repeats included.
        first: UTC time of the first usable reading, empty without any.
        last: UTC time of the last usable reading, empty without any.
        step_seconds: step of the grid.
        step_given: whether the user said it.
        own_step_seconds: most frequent distance of its readings; NaN with fewer than two.
        irregular: share of distances of readings that are no multiple of the commonest one of the file.
        known: steps with a usable reading.
        missing: share of the steps from first to last without one.
        gaps: runs of missing steps.
        longest_gap: steps of the longest.
        out_of_order: rows earlier than the row before them.
        duplicates_equal: rows that repeat another.
        duplicates_different: rows at the time of another with other values.
        negative: readings below zero.
        infinite: infinite readings.
        above_capacity: readings above the capacity.
        least: smallest usable reading.
        peak: largest usable reading.
        rising: share of changes from reading to reading that are rises.
        falls: how often the value falls.
        wraps_32: falls from just under 2^32.
        wraps_64: falls from just under 2^64.
        wrapped_rates: values that a restart of a counter gives when it is taken for a wrap at 2^64.
        stuck_longest: steps of the longest run of one value, other than zero, that is too long to be chance.
        stuck_share: share of the known steps in such runs.
        daily_strength: strength of the daily cycle, 0 to 1; NaN where it cannot be told.
        weekly_strength: the same of the weekly cycle.
        measured_day_steps: steps in which the daily cycle repeats; NaN where it cannot be told.
        shifts: lasting changes of level.
        ends_before_seconds: how long before the last usable reading of the whole file it ends.
    """

    rows: int
    first: str
    last: str
    step_seconds: int
    step_given: bool
    own_step_seconds: float
    irregular: float
    known: int
    missing: float
    gaps: int
    longest_gap: int
    out_of_order: int
    duplicates_equal: int
    duplicates_different: int
    negative: int
    infinite: int
    above_capacity: int
    least: float
    peak: float
    rising: float
    falls: int
    wraps_32: int
    wraps_64: int
    wrapped_rates: int
    stuck_longest: int
    stuck_share: float
    daily_strength: float
    weekly_strength: float
    measured_day_steps: float
    shifts: tuple[LevelShift, ...]
    ends_before_seconds: int

    @property
    def history_days(self) -> float:
        """Days that the known steps make together."""
        return self.known * self.step_seconds / _DAY


def needs(figures: Figures) -> tuple[Need, ...]:
    """Give how much history each horizon needs, for horizons of at least one step."""
    possible = [one for one in _HORIZONS if one[1] >= figures.step_seconds] or [("step", figures.step_seconds)]
    found = []
    for name, seconds in possible:
        days = _needed_days(seconds)
        found.append(Need(name, round(days, 2), figures.history_days >= days))
    return tuple(found)


def least_history_seconds(step_seconds: int) -> float:
    """Give the history under which a series is not fit to forecast even the nearest horizon: half of what it needs."""
    seconds = next((one for _, one in _HORIZONS if one >= step_seconds), step_seconds)
    return _DAY * _needed_days(seconds) / 2


def _needed_days(horizon_seconds: float) -> float:
    return 14 + 10 * horizon_seconds / _DAY


def judge(figures: Figures, *, unit: str, capacity: float | None) -> tuple[Judgement, tuple[Finding, ...]]:
    """Give the verdict, which is that of the gravest finding, and the findings, gravest first."""
    found = list(_findings(figures, unit, capacity))
    order = {"stop": 0, "care": 1, "note": 2}
    found.sort(key=lambda one: order[one.severity])
    worst = found[0].severity if found else "note"
    return {"stop": JUDGEMENTS[2], "care": JUDGEMENTS[1], "note": JUDGEMENTS[0]}[worst], tuple(found)


def duration_text(seconds: float) -> str:
    """Write a duration in its two largest units: ``18 d``, ``3 d 4 h``, ``36 h``, ``25 min``, ``40 s``."""
    whole = round(seconds)
    if whole >= 10 * _DAY:
        return f"{round(whole / _DAY)} d"
    if whole >= 2 * _DAY:
        days, rest = divmod(round(whole / 3600), 24)
        return f"{days} d {rest} h" if rest else f"{days} d"
    if whole >= 3600:
        hours, rest = divmod(round(whole / 60), 60)
        return f"{hours} h {rest} min" if rest else f"{hours} h"
    if whole >= 60:
        return f"{round(whole / 60)} min"
    return f"{whole} s"


def _findings(figures: Figures, unit: str, capacity: float | None) -> Iterator[Finding]:
    yield from _bad_values(figures, unit, capacity)
    yield from _bad_times(figures)
    if not figures.known:
        yield Finding("empty", "stop", f"no usable reading in {_count(figures.rows, 'row')}")
        return
    if figures.least == figures.peak:
        what = "always zero" if figures.peak == 0 else f"never changes from {si_text(figures.peak, unit)}"
        yield Finding("constant", "stop", what)
    elif _looks_like_counter(figures):
        yield _counter(figures)
        return  # nothing else means much before it is turned into a rate
    else:
        yield from _stuck(figures)
        yield from _shape(figures)
    yield from _missing(figures)
    yield from _ending(figures)
    yield from _history(figures)


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def _bad_values(figures: Figures, unit: str, capacity: float | None) -> Iterator[Finding]:
    if figures.negative:
        yield Finding("negative", "care", f"{_count(figures.negative, 'negative value')}: add --invalid gap")
    if figures.infinite:
        yield Finding("infinite", "care", f"{_count(figures.infinite, 'infinite value')}: add --invalid gap")
    if figures.above_capacity and capacity is not None:
        text = (
            f"{_count(figures.above_capacity, 'value')} above the capacity of {si_text(capacity, unit)}, up to "
            f"{si_text(figures.peak, unit)}: wrong interface speed or a counter that restarted?"
        )
        yield Finding("above-capacity", "care", text)
    if figures.wrapped_rates and not _looks_like_counter(figures):
        text = (
            f"{_count(figures.wrapped_rates, 'value')} as large as a counter restart taken for a 64-bit wrap gives: "
            "read the raw counter with --counter 64"
        )
        yield Finding("wraps", "care", text)


def _bad_times(figures: Figures) -> Iterator[Finding]:
    if figures.duplicates_different:
        text = (
            f"{_count(figures.duplicates_different, 'row')} at the time of another with other values: add "
            "--duplicates first, last or mean"
        )
        yield Finding("duplicates", "care", text)
    if figures.duplicates_equal:
        yield Finding("repeats", "note", f"{_count(figures.duplicates_equal, 'row')} repeated with the same values")
    if figures.out_of_order:
        yield Finding("order", "note", f"{_count(figures.out_of_order, 'row')} earlier than the row before")
    step = step_text(figures.step_seconds)
    if figures.irregular > 0:
        remedy = "" if figures.step_given else f": say the step, --step {step}"
        severity: Severity = "care" if remedy or figures.irregular > 0.2 else "note"
        text = f"{_percent(figures.irregular)} of the distances between readings are uneven{remedy}"
        yield Finding("irregular", severity, text)
    elif figures.own_step_seconds > 1.5 * figures.step_seconds:
        own = step_text(max(1, round(figures.own_step_seconds)))
        yield Finding("other-step", "care", f"readings come every {own}, not every {step}: add --step {own}")


def _looks_like_counter(figures: Figures) -> bool:
    changes = figures.known - 1
    return (
        changes >= LEAST_READINGS_OF_COUNTER
        and figures.rising >= 0.5
        and figures.falls <= max(0.02 * changes, 1)
        and figures.peak > figures.least
    )


def _counter(figures: Figures) -> Finding:
    bits = 32 if figures.peak < 2**32 and (figures.wraps_32 or not figures.falls) and figures.peak > 2**31 else 64
    if not figures.falls:
        falls = "it never falls"
    else:
        wraps = figures.wraps_32 if bits == 32 else figures.wraps_64
        falls = (
            f"it falls only {_count(figures.falls, 'time')} ({_count(wraps, 'wrap')}, "
            f"{_count(figures.falls - wraps, 'restart')})"
        )
    text = f"looks like a counter, {falls}: turn it into a rate with --counter {bits} --capacity SPEED"
    return Finding("counter", "stop", text)


def _missing(figures: Figures) -> Iterator[Finding]:
    if not figures.gaps:
        return
    seconds = figures.longest_gap * figures.step_seconds
    text = f"{_percent(figures.missing)} missing in {_count(figures.gaps, 'gap')}, the longest {duration_text(seconds)}"
    severity: Severity = "note"
    if figures.missing > 0.5:
        severity = "stop"
    elif figures.missing > 0.05 or (seconds >= _DAY and figures.longest_gap > 1 and figures.missing > 0.01):
        severity = "care"
    yield Finding("missing", severity, text)


def _percent(share: float) -> str:
    return "<0.1%" if share < 0.001 else f"{share:.1%}"


def _stuck(figures: Figures) -> Iterator[Finding]:
    if not figures.stuck_longest:
        return
    seconds = figures.stuck_longest * figures.step_seconds
    text = (
        f"stuck at one value for {duration_text(seconds)}; {_percent(figures.stuck_share)} of the readings are in such "
        "runs"
    )
    if figures.stuck_share > 0.5:
        yield Finding("stuck", "stop", text)
    else:
        yield Finding("stuck", "care" if figures.stuck_share > 0.05 or seconds >= _DAY else "note", text)


def _ending(figures: Figures) -> Iterator[Finding]:
    early = figures.ends_before_seconds
    if early > max(_DAY, 2 * figures.step_seconds):
        severity: Severity = "stop" if early > max(7 * _DAY, 4 * figures.step_seconds) else "care"
        yield Finding("ended", severity, f"ends {duration_text(early)} before the rest of the data")


def _shape(figures: Figures) -> Iterator[Finding]:
    for one in figures.shifts:
        recent = one.days_ago < 28
        text = f"level {_ratio_text(one.ratio)} since {one.date}"
        yield Finding("level-shift", "care" if recent else "note", text)
    nominal = _DAY / figures.step_seconds
    if np.isfinite(figures.measured_day_steps) and figures.measured_day_steps != nominal:
        text = (
            f"the daily cycle repeats every {figures.measured_day_steps:.1f} steps, not {nominal:g}: check the clock, "
            "or rows may be lost"
        )
        yield Finding("clock", "care", text)
        return
    strengths = {"daily": figures.daily_strength, "weekly": figures.weekly_strength}
    told = {name: one for name, one in strengths.items() if np.isfinite(one)}
    if told and max(told.values()) < _WEAK_CYCLE and figures.history_days >= 14:
        text = f"no {' or '.join(told)} cycle stands out: expect wide bands"
        yield Finding("weak-cycles", "care", text)


def _ratio_text(ratio: float) -> str:
    """Write a change of level: ``+45%``, ``x 6.6``, ``-38%``, ``/ 46``."""
    if 0.1 <= ratio < 2:
        return f"{ratio - 1:+.0%}"
    factor = ratio if ratio > 1 else 1 / ratio
    return f"{'x' if ratio > 1 else '/'} {factor:.2g}" if factor < 100 else f"{'x' if ratio > 1 else '/'} {factor:,.0f}"


def _days_text(days: float) -> str:
    return f"{days:.1f}".removesuffix(".0") + " d"


def _history(figures: Figures) -> Iterator[Finding]:
    wanted = needs(figures)
    short = [one for one in wanted if not one.enough]
    if not short:
        return
    text = f"{_days_text(figures.history_days)} of history; " + ", ".join(
        f"{'an' if one.horizon == 'hour' else 'a'} {one.horizon} ahead needs {_days_text(one.need_days)}"
        for one in short
    )
    severity: Severity = "note"
    if not wanted[0].enough:
        too_short = figures.history_days * _DAY < least_history_seconds(figures.step_seconds)
        severity = "stop" if too_short else "care"
    yield Finding("history", severity, text)
