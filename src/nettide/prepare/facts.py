"""What can be counted in the readings of each series: order, repeats, step, gaps and odd values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from nettide.arrays import Bools, Floats, Ints
from nettide.prepare.calendar import DAY_SECONDS
from nettide.prepare.order import milliseconds, sorting
from nettide.prepare.rows import Rows
from nettide.prepare.slots import Slots, slots_of, wall_clock
from nettide.prepare.spacing import find_spacing

STUCK_STEPS = 12
_MILLISECONDS = 1000
_BLOCK = 200_000
_BITS_32, _BITS_64 = 2.0**32, 2.0**64


@dataclass(frozen=True, slots=True, eq=False)
class Readings:
    """The target of all series, series by series, in order of time, one reading a time.

    Args:
        series: index of the series of each reading, shape (reading,).
        times: milliseconds since the epoch, shape (reading,).
        target: NaN where empty; negative and infinite values as they came, shape (reading,).
        out_of_order: rows earlier than the row before them, shape (series,).
        equal: rows that repeat another with the same values, shape (series,).
        different: rows at the time of another with other values, shape (series,).
    """

    series: Ints
    times: Ints
    target: Floats
    out_of_order: Ints
    equal: Ints
    different: Ints


def sort_readings(rows: Rows) -> Readings:
    """Sort rows by series and time, count what was out of order or repeated, and keep the first of repeats."""
    count = len(rows.ids)
    series, times = rows.series, milliseconds(rows)
    order, late = sorting(rows)
    out_of_order = _late_rows(rows) if late else np.zeros(count, dtype=np.int64)
    if order is not None:
        series, times = series[order], times[order]
    same = series[1:] == series[:-1]
    target = rows.values[:, 0] if order is None else rows.values[order, 0]
    repeats = 1 + np.flatnonzero(same & (times[1:] == times[:-1]))
    equal = different = np.zeros(count, dtype=np.int64)
    if len(repeats):
        here, before = (places if order is None else order[places] for places in (repeats, repeats - 1))
        one, other = rows.values[here], rows.values[before]
        alike = ((one == other) | (np.isnan(one) & np.isnan(other))).all(axis=1)
        equal = np.bincount(series[repeats[alike]], minlength=count)
        different = np.bincount(series[repeats[~alike]], minlength=count)
        keep = np.ones(len(series), dtype=np.bool_)
        keep[repeats] = False
        series, times, target = series[keep], times[keep], target[keep]
    return Readings(series, times, np.ascontiguousarray(target), out_of_order, equal, different)


def _late_rows(rows: Rows) -> Ints:
    """Count the rows earlier than the row before them, shape (series,)."""
    order = np.argsort(rows.series, kind="stable")
    series, times = rows.series[order], milliseconds(rows)[order]
    late = (series[1:] == series[:-1]) & (times[1:] < times[:-1])
    return np.bincount(series[1:][late], minlength=len(rows.ids))


@dataclass(frozen=True, slots=True, eq=False)
class Facts:
    """What was counted, one value a series each, shape (series,).

    Args:
        rows: rows, repeats included.
        negative: readings below zero.
        infinite: readings that are infinite.
        above_capacity: readings above the capacity; 0 where none is known.
        known: steps with a usable reading.
        first: epoch second of the first usable reading.
        last: epoch second of the last usable reading.
        own_step: most frequent distance of readings, in milliseconds; 0 with fewer than two.
        irregular: share of distances of readings that are no multiple of the commonest one.
        missing: share of the steps from first to last without a usable reading.
        gaps: how many runs of missing steps there are.
        longest_gap: steps of the longest.
        stuck_longest: steps of the longest run of one value other than zero.
        stuck_share: share of the known steps in runs too long to be chance.
        rising: share of changes from step to step that are rises.
        falls: how often the value falls.
        wraps_32: falls from just under 2^32.
        wraps_64: falls from just under 2^64.
        wrapped_rates: values that a restart of a counter gives when it is taken for a wrap at 2^64.
        peak: largest usable reading.
        least: smallest usable reading.
        step_seconds: the step that all of them are measured in, the same for all series.
    """

    rows: Ints
    negative: Ints
    infinite: Ints
    above_capacity: Ints
    known: Ints
    first: Ints
    last: Ints
    own_step: Ints
    irregular: Floats
    missing: Floats
    gaps: Ints
    longest_gap: Ints
    stuck_longest: Ints
    stuck_share: Floats
    rising: Floats
    falls: Ints
    wraps_32: Ints
    wraps_64: Ints
    wrapped_rates: Ints
    peak: Floats
    least: Floats
    step_seconds: int


def count_facts(
    readings: Readings,
    rows: Rows,
    *,
    step_seconds: int | None,
    missing: Literal["gap", "zero"],
    capacity: float | None,
    zone: str = "UTC",
) -> Facts:
    """Count everything, many series at once but no more than the caches of a processor hold.

    Steps begin where those of the grid do, so that a step is missing here if it is unknown there.

    Args:
        readings: sorted.
        rows: as they came, at least one.
        step_seconds: the step; the most frequent one when absent.
        missing: whether a step without a row is unknown or zero.
        capacity: most the target can be.
        zone: IANA name of the place: its days of 23 and 25 hours are even.
    """
    series = len(rows.ids)
    spacing = find_spacing(readings.series, readings.times, series=series)
    if zone != "UTC" and spacing.step_seconds % DAY_SECONDS == 0 and spacing.irregular.any():
        local = find_spacing(readings.series, wall_clock(readings.times, zone), series=series)
        spacing = min(spacing, local, key=lambda one: float(one.irregular.sum()))
    slots = slots_of(rows, step_seconds or spacing.step_seconds, zone=zone)
    ends = np.cumsum(np.bincount(readings.series, minlength=series))
    parts: dict[str, list[Ints | Floats]] = {}
    first = 0
    while first < series:
        begin = int(ends[first - 1]) if first else 0
        after = max(first + 1, int(np.searchsorted(ends, begin + _BLOCK, side="right")))
        part = slice(begin, int(ends[after - 1]))
        counted = _count(readings, part, slots, series=range(first, after), missing=missing, capacity=capacity)
        for name, values in counted.items():
            parts.setdefault(name, []).append(values)
        first = after
    together: dict[str, Any] = {name: np.concatenate(values) for name, values in parts.items()}
    return Facts(
        **together,
        rows=np.diff(ends, prepend=0) + readings.equal + readings.different,
        own_step=spacing.own_ms,
        irregular=spacing.irregular,
        step_seconds=slots.step_seconds,
    )


def _count(
    readings: Readings,
    part: slice,
    slots: Slots,
    *,
    series: range,
    missing: Literal["gap", "zero"],
    capacity: float | None,
) -> dict[str, Any]:
    """Count what does not concern the spacing, for some series, whose readings are a part of all."""
    code, times, target = readings.series[part] - series.start, readings.times[part], readings.target[part]
    count = len(series)
    infinite, negative = np.isinf(target), target < 0
    usable = np.isfinite(target) & ~negative
    values = target[usable]
    spans = _Spans(code[usable], slots.at(times[usable]), times[usable], count)

    def often(which: Bools, owner: Ints = spans.code) -> Ints:
        return np.bincount(owner[which], minlength=count)

    gap_lengths = spans.jumps - 1 if missing == "gap" else _refused_before(usable, infinite | negative)
    gap_lengths = np.where(spans.within, gap_lengths, 0)
    gaps, longest = _runs_of(spans.code, gap_lengths, count)
    lost = np.bincount(spans.code, gap_lengths, minlength=count)
    stuck_longest, stuck_share = _stuck(spans, values, count)
    before = np.concatenate([values[:1], values[:-1]])
    falls, rises = spans.within & (values < before), spans.within & (values > before)
    peak, least = np.full(count, np.nan), np.full(count, np.nan)
    begins = np.flatnonzero(~spans.within)
    if len(begins):
        peak[spans.code[begins]] = np.maximum.reduceat(values, begins)
        least[spans.code[begins]] = np.minimum.reduceat(values, begins)
    return {
        "negative": often(negative & ~infinite, code),
        "infinite": often(infinite, code),
        "above_capacity": often(values > (np.inf if capacity is None else capacity)),
        "known": spans.count,
        "first": spans.first // _MILLISECONDS,
        "last": spans.last // _MILLISECONDS,
        "missing": _share(lost, lost + spans.count),
        "gaps": gaps,
        "longest_gap": longest,
        "stuck_longest": stuck_longest,
        "stuck_share": stuck_share,
        "rising": _share(often(rises), spans.count - 1),
        "falls": often(falls),
        "wraps_32": often(falls & (before > 0.9 * _BITS_32) & (before < _BITS_32)),
        "wraps_64": often(falls & (before > 0.9 * _BITS_64) & (before <= _BITS_64)),
        "wrapped_rates": often(_wrapped_rates(values, slots.step_seconds)),
        "peak": peak,
        "least": least,
    }


def _share(part: Ints | Floats, whole: Ints | Floats) -> Floats:
    shares: Floats = part / np.maximum(whole, 1)
    return shares


class _Spans:
    """Usable readings, one a step: where each series begins and ends, and the jumps between them."""

    def __init__(self, code: Ints, steps: Ints, times: Ints, series: int) -> None:
        self.code = code
        self.within: Bools = np.zeros(len(code), dtype=np.bool_)
        self.within[1:] = code[1:] == code[:-1]
        self.jumps: Ints = np.zeros(len(code), dtype=np.int64)
        self.jumps[1:] = np.diff(steps)
        self.jumps = np.where(self.within, np.maximum(self.jumps, 1), 0)
        moved = ~self.within
        moved[1:] |= np.diff(steps) != 0
        self.count = np.bincount(code[moved], minlength=series)
        self.first = np.zeros(series, dtype=np.int64)
        self.last = np.zeros(series, dtype=np.int64)
        self.first[code[~self.within]] = times[~self.within]
        ends = np.ones(len(code), dtype=np.bool_)
        ends[:-1] = code[1:] != code[:-1]
        self.last[code[ends]] = times[ends]


def _refused_before(usable: Bools, refused: Bools) -> Ints:
    """Give how many refused readings stand between each usable one and the usable one before; empty ones are zero."""
    together = np.cumsum(refused)[usable]
    between: Ints = np.diff(together, prepend=together[:1])
    return between


def _runs_of(code: Ints, lengths: Ints, series: int) -> tuple[Ints, Ints]:
    """Give how many lengths above zero each series has, and the longest."""
    some = lengths > 0
    longest = np.zeros(series, dtype=np.int64)
    np.maximum.at(longest, code[some], lengths[some])
    return np.bincount(code[some], minlength=series), longest


def _stuck(spans: _Spans, values: Floats, series: int) -> tuple[Ints, Floats]:
    """Give the longest run of one value other than zero, and the share of steps in runs too long to be chance.

    Where neighbours are often equal anyway (small counts), a run must be three times as long as the longest that
    independent draws of that chance would give, which is log(n) / log(1 / chance).
    """
    same = spans.within & (spans.jumps == 1) & (values != 0)
    same[1:] &= values[1:] == values[:-1]
    begins = np.flatnonzero(~same)
    lengths = np.diff(np.concatenate([begins, [len(values)]]))
    owner = spans.code[begins]
    longest = np.zeros(series, dtype=np.int64)
    nonzero = values[begins] != 0
    np.maximum.at(longest, owner[nonzero], lengths[nonzero])
    short = lengths < STUCK_STEPS
    equal = np.bincount(owner[short], lengths[short] - 1, minlength=series)
    chance = np.clip(_share(equal, np.bincount(owner[short], lengths[short], minlength=series)), 1e-9, 0.99)
    bound = 3 * np.log(np.maximum(spans.count, 2)) / np.log(1 / chance)
    long = lengths >= np.maximum(STUCK_STEPS, bound)[owner]
    longest = np.where(longest >= np.maximum(STUCK_STEPS, bound), longest, 0)
    return longest, _share(np.bincount(owner[long], lengths[long], minlength=series), spans.count)


def _wrapped_rates(values: Floats, step_seconds: int) -> Bools:
    """Tell which values are what a restart gives when it is taken for a wrap at 2^64, as octets or bits a second."""
    amount = values * step_seconds
    near: Bools = np.zeros(len(values), dtype=np.bool_)
    for whole in (_BITS_64, 8 * _BITS_64):
        near |= (amount > 0.99 * whole) & (amount < 1.01 * whole)
    return near
