"""Made traffic with known truth to which something happens: the scenarios of stress.py."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from nettide.occasions import Occasion
from nettide.panel import Channel, Panel, Series
from nettide.synthetic.config import SynthConfig
from nettide.synthetic.diverse import diverse_panel
from nettide.synthetic.traffic import generate

DAY, WEEK = 24, 168
START = 1_767_571_200
"""A Monday: 2026-01-05."""
HORIZON = 24
_FIT = 8 * WEEK
_STEPS = _FIT + 2 * WEEK
_OF_A_HABIT = 20  # series of a diverse panel, which share their habits
_CONFIGURED_SEED, _DIVERSE_SEED = 101, 202


@dataclass(frozen=True, slots=True, eq=False)
class Scenario:
    """Traffic to which something happens.

    Args:
        name: as shown.
        about: what happens, in a few words.
        history: what ``auto`` is fitted on.
        shown: what it forecasts from; NaN where nothing was measured.
        truth: what it is scored against, known everywhere, shape (series, time).
        cutoffs: index of the last step seen, shape (cutoff,).
        horizon: steps ahead.
    """

    name: str
    about: str
    history: Panel
    shown: Panel
    truth: np.ndarray
    cutoffs: np.ndarray
    horizon: int = HORIZON


def traffic(series: int, *, steps: int = _STEPS, step_seconds: int = 3600, others: bool = False) -> Panel:
    """Make complete traffic: half of the series of configured links, half of diverse habits, twenty series each.

    Args:
        series: how many.
        steps: how many; scenarios that ask for equally many get the same traffic, so that one fit serves them all.
        step_seconds: length of a step; where it is no hour, all series are of configured links.
        others: other series than without.
    """
    configured = series // 2 if step_seconds == 3600 else series
    config = SynthConfig(
        series=configured,
        points=steps,
        step_seconds=step_seconds,
        start=START,
        noise=0.15,
        holidays=False,
        events_per_month=0.5,
        seed=_CONFIGURED_SEED + others,
    )
    parts = [generate(config).panel.target]
    generator = np.random.default_rng(_DIVERSE_SEED + others)
    for first in range(configured, series, _OF_A_HABIT):
        count = min(_OF_A_HABIT, series - first)
        days = -(-steps // DAY) + 7
        made = diverse_panel(generator, series=count, days=days, day_steps=DAY)
        skipped = (-(made.start - START) // 86_400) % 7 * DAY  # to its first Monday
        known = made.target[:, skipped : skipped + steps]
        parts.append(np.where(np.isnan(known), np.nanmean(known, axis=1, keepdims=True), known))
    return panel_of(np.concatenate(parts), step_seconds=step_seconds)


def panel_of(values: np.ndarray, *, prefix: str = "link", step_seconds: int = 3600) -> Panel:
    """Give values of shape (series, time) as a panel."""
    series = tuple(Series(f"{prefix}-{place:03}") for place in range(len(values)))
    return Panel(np.ascontiguousarray(values)[:, :, None], START, step_seconds, series, (Channel("y"),))


def _daily(first: int, count: int) -> np.ndarray:
    """Give cutoffs a day apart; ``first`` is the index of the first step that the first forecast does not see."""
    return np.arange(first, first + count * DAY, DAY, dtype=np.int64) - 1


def growth(series: int) -> Scenario:
    """Traffic doubles within three days, after the fit, and stays there."""
    base = traffic(series)
    ramp = np.clip((np.arange(base.steps) - _FIT) / (3 * DAY), 0, 1)
    truth = base.target * (1 + ramp)
    about = "doubles within 3 days; cutoffs on the 10 days from their second on"
    return Scenario("growth", about, base.until(_FIT), panel_of(truth), truth, _daily(_FIT + DAY, 10))


def level_shift(series: int) -> Scenario:
    """The level changes by a factor, one day before the only cutoff."""
    base = traffic(series)
    generator = np.random.default_rng(1)
    factor = np.where(
        generator.random(series) < 0.5, generator.uniform(0.3, 0.6, series), generator.uniform(1.7, 3, series)
    )
    truth = base.target.copy()
    shift = _FIT + 3 * DAY
    truth[:, shift:] *= factor[:, None]
    about = "level x 0.3 ... 0.6 or x 1.7 ... 3 one day before the cutoff"
    return Scenario("level shift", about, base.until(_FIT), panel_of(truth), truth, _daily(shift + DAY, 1))


def dead_link(series: int) -> Scenario:
    """Each link falls silent, and is measured as zero."""
    base = traffic(series)
    truth = base.target.copy()
    truth[:, _FIT + DAY :] = 0.0
    about = "zero from a day after the fit on; cutoffs 1 ... 7 days later"
    return Scenario("dead link", about, base.until(_FIT), panel_of(truth), truth, _daily(_FIT + 2 * DAY, 7))


def new_link(series: int) -> Scenario:
    """Links that began three days ago, forecast by a model that was fitted on others."""
    old, new = traffic(series), traffic(series, others=True)
    values = new.target.copy()
    first = _FIT + DAY
    values[:, :first] = np.nan
    about = "3 days of history; fitted on other links"
    shown = panel_of(values, prefix="new")
    return Scenario("new link", about, old.until(_FIT), shown, new.target, _daily(first + 3 * DAY, 1))


def missing(series: int) -> Scenario:
    """Three in ten values were not measured, half of them in runs of 6 hours; scored against all of them."""
    base = traffic(series)
    generator = np.random.default_rng(2)
    single = generator.random((series, base.steps)) < 0.16
    runs = np.repeat(generator.random((series, -(-base.steps // 6))) < 0.165, 6, axis=1)[:, : base.steps]
    values = np.where(single | runs, np.nan, base.target)
    shown = panel_of(values)
    return Scenario(
        "30 % missing", "half alone, half in 6-hour runs", shown.until(_FIT), shown, base.target, _daily(_FIT, 6)
    )


def holiday(series: int, *, known: bool = False) -> Scenario:
    """A week a year is quiet; the history holds it once, and it comes again.

    Args:
        series: how many.
        known: whether the days are announced as holidays.
    """
    first, year = 2 * WEEK, 52 * WEEK  # the same weekdays each year
    base = traffic(series, steps=first + year + 3 * WEEK)
    truth = base.target.copy()
    generator = np.random.default_rng(3)
    quiet = generator.uniform(0.3, 0.7, series)[:, None]
    for begin in (first, first + year):
        truth[:, begin : begin + WEEK] *= quiet
    shown = panel_of(truth)
    if known:
        starts = [START + 3600 * (begin + day * DAY) for begin in (first, first + year) for day in range(7)]
        shown = replace(shown, occasions=tuple(Occasion("holiday", one, one + 86_400) for one in starts))
    history = shown.until(first + year - 2 * DAY)
    about = (
        f"a week x 0.3 ... 0.7, {'announced' if known else 'unannounced'}; 13 months; cutoffs a day before to 6 after"
    )
    name = "holiday week, announced" if known else "holiday week"
    return Scenario(name, about, history, shown, truth, _daily(first + year - DAY, 14))


def drifting_clock(series: int) -> Scenario:
    """Readings 305 s apart are stamped as 300 s: a week has 1,983 rows, not 2,016. An hour ahead."""
    fit, rows = 4 * 2016, 4 * 2016 + 600
    true = traffic(series, steps=rows, step_seconds=305)
    shown = panel_of(true.target, step_seconds=300)
    cutoffs = np.arange(fit, rows - 12, 29, dtype=np.int64) - 1
    about = "steps of 5.083 min stamped 5 min; 1 hour ahead"
    return Scenario("drifting clock", about, shown.until(fit), shown, true.target, cutoffs, horizon=12)


SCENARIOS: dict[str, Callable[[int], Scenario]] = {
    "growth": growth,
    "holiday": holiday,
    "holiday-known": lambda series: holiday(series, known=True),
    "level-shift": level_shift,
    "dead-link": dead_link,
    "new-link": new_link,
    "drifting-clock": drifting_clock,
    "missing": missing,
}
