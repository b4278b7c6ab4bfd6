"""Remarks: what is odd about the data that a forecast is made of, and is to be said beside it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from nettide.panel import Panel
from nettide.prepare.calendar import DAY_SECONDS
from nettide.prepare.judgement import LEAST_READINGS_OF_COUNTER, duration_text, least_history_seconds
from nettide.prepare.periods import measured_periods, nominal_periods

_MOST_NAMED = 3


def remarks_on(panel: Panel, *, enough: int | None = None) -> Iterator[str]:
    """Say where the measured day is not that of the clock, which series end early, are short, or never change.

    Args:
        panel: the history.
        enough: steps of history that a fitted model needs, where that is less than what a fit does.
    """
    yield from _counters(panel)
    yield from _clock(panel)
    yield from _ends(panel, enough)
    with np.errstate(invalid="ignore"):
        known = np.isfinite(panel.target)
        least = np.where(known, panel.target, np.inf).min(axis=1, initial=np.inf)
        most = np.where(known, panel.target, -np.inf).max(axis=1, initial=-np.inf)
    constant = np.flatnonzero((least == most) & (known.sum(axis=1) > 1))
    if len(constant):
        named = listed([panel.ids[place] for place in constant])
        yield (
            f"{len(constant):,} of {len(panel.series):,} series never {'changes' if len(constant) == 1 else 'change'}: "
            f"{named}; a forecast goes on as it was"
        )


def listed(names: Sequence[str]) -> str:
    """Name the first few, and say how many more there are."""
    more = len(names) - _MOST_NAMED
    return ", ".join(map(repr, names[:_MOST_NAMED])) + (f" and {more:,} more" if more > 0 else "")


def _counters(panel: Panel) -> Iterator[str]:
    """Name series that hardly ever fall: traffic does so half of the time, a counter where it wraps or restarts."""
    found, least = [], max(LEAST_READINGS_OF_COUNTER, 2 * panel.steps_per(DAY_SECONDS))  # a morning rises, too
    for one, values in zip(panel.ids, panel.target, strict=True):
        changes = np.diff(values[np.isfinite(values)])
        falls = int((changes < 0).sum())
        if len(changes) >= least and (changes > 0).mean() >= 0.5 and falls <= 0.02 * len(changes):
            found.append(one)
    if found:
        fall = "falls" if len(found) == 1 else "fall"
        yield (
            f"{len(found):,} of {len(panel.series):,} series almost never {fall}: {listed(found)}; if they count "
            "octets, forecast their rates, with --counter 64 --capacity SPEED (nettide check tells more)"
        )


def _ends(panel: Panel, enough: int | None) -> Iterator[str]:
    """Name series that ``nettide check`` calls unfit: ended before the others, or with less than half the history."""
    if not panel.steps:
        return
    known = np.isfinite(panel.target)
    some = known.any(axis=1)
    first, after = known.argmax(axis=1), panel.steps - known[:, ::-1].argmax(axis=1)
    early = (panel.steps - after) * panel.step_seconds
    gone = np.flatnonzero(some & (early > max(DAY_SECONDS, 2 * panel.step_seconds)))
    if len(gone):
        names = listed([panel.ids[place] for place in gone])
        by = duration_text(float(early[gone].max())) if len(gone) == 1 else f"up to {duration_text(early[gone].max())}"
        yield (
            f"{len(gone):,} of {len(panel.series):,} series {'ends' if len(gone) == 1 else 'end'} {by} before the "
            f"others: {names}; a forecast begins where all data end"
        )
    span = (after - first) * panel.step_seconds
    least = least_history_seconds(panel.step_seconds)
    if enough is not None:
        least = min(least, enough * panel.step_seconds)
    short = np.flatnonzero(some & (span < least))
    if len(short):
        names, longest = listed([panel.ids[place] for place in short]), duration_text(span[short].max())
        yield (
            f"{len(short):,} of {len(panel.series):,} series {'has' if len(short) == 1 else 'have'} at most {longest} "
            f"of history: {names}; too little to stand on, so a forecast is little more than a guess"
        )


def _clock(panel: Panel) -> Iterator[str]:
    nominal, measured = nominal_periods(panel), measured_periods(panel)
    if measured.clock == 1.0:
        return
    if measured.day != nominal.day:
        days = f"the day of the data has {measured.day:,} steps, not {nominal.day:,}"
    else:
        off = measured.clock - 1
        days = f"the day of the data is {abs(off):.1%} {'longer' if off > 0 else 'shorter'} than that of its clock"
    yield (
        f"{days}: rows are missing, or its clock is wrong; forecasts, holidays and events follow the measured day from "
        "the first step on, but the times of forecasts are those of the clock"
    )
