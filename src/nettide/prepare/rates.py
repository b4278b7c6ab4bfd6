"""From counters that only count up to rates."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from nettide.arrays import Bools, Floats, Ints
from nettide.errors import PanelError
from nettide.prepare.order import Duplicates, in_order, milliseconds, same_series, sorted_note, without_duplicates
from nettide.prepare.rows import Rows
from nettide.units import si_text

_SLACK = 1.1
"""Polls come late and agents cache: a full link may seem to carry a tenth more than it can."""


@dataclass(frozen=True, slots=True, eq=False)
class _Counts:
    """What was counted in intervals: counts of shape (interval,), and which of them are wraps or cannot be known."""

    counts: Floats
    wraps: Bools
    unknown: Bools


def counter_rates(times: Floats, octets: Floats | Ints, *, capacity_bps: float, counter_bits: int = 64) -> Floats:
    """Give the mean bit rate of each interval between two counter readings.

    A reading below the one before is a wrap if the link could have carried that much, and otherwise a
    restart, whose interval is unknown. So is an interval that seems to carry more than the link can
    (a tenth is allowed for late polls), and one so long that the counter may have wrapped more than once.

    Args:
        times: seconds since the epoch, strictly increasing, shape (n,).
        octets: counter readings, shape (n,); whole numbers are subtracted exactly, floats to 53 bits. NaN is unknown.
        capacity_bps: most the link can carry, in bits per second.
        counter_bits: width of the counter, 32 or 64 (RFC 2863 3.1.6: ifInOctets, ifHCInOctets).

    Returns:
        Bits per second, shape (n - 1,); NaN over a restart.

    Raises:
        PanelError: times do not strictly increase, the capacity is not positive, or a reading does not fit the width.
    """
    if not capacity_bps > 0:
        raise PanelError(f"capacity {capacity_bps} must be positive")
    seconds = np.diff(times)
    if not (seconds > 0).all():
        place = int(np.argmin(seconds > 0))
        raise PanelError(f"counter times must strictly increase: {times[place + 1]} follows {times[place]}")
    if (bad := _no_counts(octets, counter_bits)).any():
        raise PanelError(f"{octets[bad][0]} is no reading of a {counter_bits} bit counter")
    found = _counts(octets, seconds, most_per_second=capacity_bps / 8, counter_bits=counter_bits)
    return 8 * found.counts / seconds


def rows_as_rates(
    rows: Rows,
    *,
    capacity_bps: float,
    counter_bits: Literal[32, 64],
    octets: bool,
    duplicates: Duplicates = "error",
) -> Rows:
    """Turn a target that counts up into its rate in each interval between two readings.

    A row then describes the interval that ended with its reading: it moves to the start of that interval, with
    its other channels, and the first row of each series disappears. Rules as in ``counter_rates``.

    Args:
        rows: readings in any order, the counter first among the channels.
        capacity_bps: most the link can carry, in bits per second.
        counter_bits: width of the counter.
        octets: the counter counts octets, and rates are bits per second; otherwise rates are counts per second, and
            the capacity is one too.
        duplicates: what to do when a series has several values at one time.

    Returns:
        Rates in order of series and time; NaN over a restart; notes say how many wraps and restarts there were.

    Raises:
        PanelError: a reading is no count of this width, one (id, time) has several values, or readings are so far
            apart that the counter may wrap unseen between most of them.
    """
    if not capacity_bps > 0:
        raise PanelError(f"capacity {capacity_bps} must be positive")
    ordered, late = in_order(rows)
    kept, notes = without_duplicates(ordered, duplicates)
    counter = kept.values[:, 0]
    if (bad := _no_counts(counter, counter_bits)).any():
        row = int(np.argmax(bad))
        remedy = "; the counter is wider: --counter 64" if counter_bits == 32 and counter[row] >= 2**32 else ""
        raise PanelError(
            f"{kept.place(row)}: {kept.channels[0]!r} is {counter[row]:.12g}, no reading of a {counter_bits} bit "
            f"counter{remedy}"
        )
    seconds = np.diff(milliseconds(kept)) / 1000.0
    inside = same_series(kept)
    if not inside.any():
        raise PanelError(f"{rows.origin}: no series has two readings of the counter, so there is no rate")
    factor = 8 if octets else 1
    seconds[~inside] = 1.0  # between two series: left out below
    _refuse_unseen_wraps(kept, seconds[inside], capacity_bps / factor, counter_bits, factor=factor)
    found = _counts(counter, seconds, most_per_second=capacity_bps / factor, counter_bits=counter_bits)
    rates = kept.take(np.flatnonzero(inside) + 1)
    values = rates.values.copy()
    values[:, 0] = factor * found.counts[inside] / seconds[inside]
    said = _said(kept, wraps=int(found.wraps[inside].sum()), unknown=int(found.unknown[inside].sum()))
    return replace(
        rates,
        times=kept.times[:-1][inside],
        values=values,
        notes=(*rows.notes, *sorted_note(rows, late), *notes, *said),
    )


def _no_counts(readings: Floats | Ints, counter_bits: int) -> Bools:
    """Say which readings a counter of this width cannot show; NaN is not among them."""
    exact = readings.dtype.kind in "iu" or counter_bits < 64  # as a float the highest 64 bit reading is 2**64
    bad: Bools = (readings < 0) | (readings > (2**counter_bits - 1 if exact else 2.0**counter_bits))
    return bad


def _counts(octets: Floats | Ints, seconds: Floats, *, most_per_second: float, counter_bits: int) -> _Counts:
    """Count what was carried between readings.

    Args:
        octets: readings, shape (n,).
        seconds: between readings, positive, shape (n - 1,).
        most_per_second: most that can be counted in a second.
        counter_bits: width of the counter.
    """
    wraps = octets[1:] < octets[:-1]
    if octets.dtype.kind in "iu":  # differences of whole numbers, modulo 2**64, lose no digit
        whole = octets.astype(np.uint64)
        counts = (whole[1:] - whole[:-1]).astype(np.float64)
        if counter_bits < 64:
            counts = ((whole[1:] - whole[:-1]) % np.uint64(2**counter_bits)).astype(np.float64)
    else:
        counts = np.diff(octets)
        counts[wraps] += 2.0**counter_bits
    beyond = counts > _SLACK * most_per_second * seconds
    unseen = ~np.isnan(counts) & (most_per_second * seconds >= 2.0**counter_bits)
    unknown = beyond | unseen
    return _Counts(np.where(unknown, np.nan, counts), wraps & ~unknown, unknown)


def _refuse_unseen_wraps(
    rows: Rows, seconds: Floats, most_per_second: float, counter_bits: int, *, factor: int
) -> None:
    usual = float(np.median(seconds))
    if most_per_second * usual >= 2.0**counter_bits:
        most = 2.0**counter_bits / usual * factor
        unit = "bit/s" if factor == 8 else "/s"
        raise PanelError(
            f"{rows.origin}: a {counter_bits} bit counter can wrap unseen within {usual:g} s at "
            f"{si_text(most_per_second * factor, unit)}; use a 64 bit counter, read it more often, or give a "
            f"--capacity below {si_text(most, unit)} if the link never carries more"
        )


def _said(rows: Rows, *, wraps: int, unknown: int) -> tuple[str, ...]:
    if not wraps and not unknown:
        return ()
    return (
        f"{rows.origin}: the counter {rows.channels[0]!r} wrapped {wraps:,} times; {unknown:,} intervals are unknown "
        "(a restart, more than the capacity, or too long to tell)",
    )
