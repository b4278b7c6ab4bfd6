"""Sums over steps in the midst of a series that have not all of their readings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from nettide.arrays import Floats, Ints
from nettide.prepare.laid import Laid, laid_out, usual_gap
from nettide.prepare.rows import Rows
from nettide.prepare.slots import Slots
from nettide.units import step_text

_MISSING = 1.75  # times the usual gap: a reading is missing, not late by jitter
_REGULAR = 0.8  # of the gaps are about the usual one
_USUAL = 0.9  # quantile of the readings that steps have
_LEAST = 0.001  # of a step
_MOST_COMPLETED = 0.1  # of a step's readings: an hour of a day has twice the mean, seldom more


@dataclass(frozen=True, slots=True, eq=False)
class PartialSums:
    """Steps of which some readings are missing.

    Args:
        series: of each, shape (step,).
        numbers: their slots.
        factors: what makes a sum of the readings that are there one of all; NaN where too few are there.
        readings: how many are there.
        usual: how many usually are.
    """

    series: Ints
    numbers: Ints
    factors: Floats
    readings: Ints
    usual: Ints

    def notes(self, rows: Rows, slots: Slots, channel: int) -> tuple[str, ...]:
        """Say how many sums were completed, and how many stay unknown."""
        completed = np.isfinite(self.factors)
        whose = "" if not channel else f" of {rows.channels[channel]!r}"
        over = f"{whose} over {step_text(slots.step_seconds)}"
        return tuple(
            f"{rows.origin}: {len(some):,} sum{'s' if len(some) > 1 else ''}{over} {said}; "
            f"the first: {self._text(rows, slots, some)}"
            for some, said in (
                (np.flatnonzero(completed), "of a few readings less than usual, brought to that of all by their mean"),
                (np.flatnonzero(~completed), "unknown, since more than a tenth of the usual readings are missing"),
            )
            if len(some)
        )

    def _text(self, rows: Rows, slots: Slots, some: Ints) -> str:
        one = some[np.argmin(self.numbers[some])]
        when = slots.begin_text(int(self.numbers[one]))
        return f"{rows.ids[self.series[one]]!r}, {when}, {self.readings[one]:,} of {self.usual[one]:,}"


def partial_sums(rows: Rows, slots: Slots, *, order: Ints | None, channel: int) -> PartialSums | None:
    """Find the steps whose sum is too small, since readings are missing in their midst; None where there is none.

    A step is partial if it has fewer readings than nine tenths of the steps of its series have at most, and more time
    than usual went by unread: 1.75 usual gaps without a reading. Polls that jitter across the border of a step, office
    hours, days of 23 hours and a pace of polls that changes for good are no missing readings. Series without a usual
    gap are left as they are. Where up to a tenth of the readings are missing, the sum of the others is completed by
    their mean.

    Args:
        rows: readings that are to be summed.
        slots: the steps they are put in.
        order: positions that put rows in order of series and time; None when they stand so.
        channel: place of the channel that is summed.
    """
    laid = laid_out(rows, slots, order=order, channel=channel)
    if laid is None:
        return None
    found = [one for begin, end in laid.spans() for one in _of_series(laid, begin, end, 1000 * slots.step_seconds)]
    if not found:
        return None
    places, lost, usual = (np.concatenate(parts) for parts in zip(*found, strict=True))
    factors = np.where(lost <= _MOST_COMPLETED, 1 / (1 - np.minimum(lost, _MOST_COMPLETED)), np.nan)
    return PartialSums(laid.owners[places], laid.numbers[places], factors, laid.counts[places], usual)


def _of_series(laid: Laid, begin: int, end: int, length: int) -> Sequence[tuple[Ints, Floats, Ints]]:
    """Give the cells of one series that are partial, which share of their readings is lost, and the usual number."""
    counts, own = laid.counts[begin:end], laid.readings(begin, end)
    usual = int(np.quantile(counts, _USUAL, method="inverted_cdf"))
    if counts.min() >= usual:
        return ()
    moments = laid.moments[own]
    gap, gaps = usual_gap(moments), np.diff(moments)
    if (np.abs(gaps / gap - 1) < _MISSING - 1).mean() < _REGULAR:
        return ()
    unread = _unread(laid.within[own], moments, laid.numbers[begin:end], length, gap=gap)
    between = unread[1:-1] if len(unread) > 2 else unread  # nights before the first and after the last are not seen
    always = float(np.quantile(between, 1 - _USUAL, method="inverted_cdf"))
    lost = (unread - always) / (1 - always)
    long = np.add.reduceat(np.append(gaps > _MISSING * gap, False), laid.cells[begin:end] - own.start)
    slower = np.pad(2 * long > counts, 1)
    slower = slower[1:-1] & (slower[2:] | slower[:-2])  # polled at another pace, which misses nothing
    partial = np.flatnonzero((counts < usual) & (lost > _LEAST) & ~slower)
    return ((begin + partial, lost[partial], np.full(len(partial), usual)),) if len(partial) else ()


def _unread(within: Ints, moments: Ints, numbers: Ints, length: int, *, gap: float) -> Floats:
    """Give the share of some steps that went by unread, after the time that a reading usually stands for.

    Args:
        within: times of the readings of one series, as the steps count them, in milliseconds.
        moments: the same in epoch milliseconds: where the wall clock is moved, no time goes by.
        numbers: of the steps that have a reading, ascending, shape (step,).
        length: of a step.
        gap: the usual one.

    Returns:
        shape (step,).
    """
    gaps = np.diff(moments)
    before = np.flatnonzero(gaps > _MISSING * gap)
    start, end = within[before] + gap, within[before + 1].astype(np.float64)
    end = np.clip(end, start, start + gaps[before] - gap)
    first, last = start // length, np.maximum(start // length, np.ceil(end / length) - 1)
    lost = np.zeros(len(numbers))
    for step, there in ((first, np.ones(len(first), np.bool_)), (last, last != first)):  # between is no reading at all
        since, until = np.maximum(start, step * length), np.minimum(end, (step + 1) * length)
        place = np.minimum(np.searchsorted(numbers, step), len(numbers) - 1)
        counted = there & (numbers[place] == step)
        np.add.at(lost, place[counted], (until - since)[counted])
    return lost / length
