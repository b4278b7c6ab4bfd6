"""What a backtest says, in plain sentences."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from nettide.arrays import Floats
from nettide.backtest.evaluate import Backtest
from nettide.backtest.leaderboard import Score, relative_mae_by_series
from nettide.backtest.yardstick import yardstick_name
from nettide.prepare.shown_times import shown_texts, shown_zone, span_text
from nettide.report.drawing import same
from nettide.units import step_text

TIE = 0.005
"""Relative errors nearer than this are taken as equal."""
_NARROW, _WIDE = 0.72, 0.88
_FEW_CUTOFFS = 5


def headline(backtest: Backtest, scores: Sequence[Score]) -> str:
    """Say in one sentence which model to use, the yardstick if none beats it.

    Args:
        backtest: what was run.
        scores: its scores, best first.
    """
    naive = yardstick_name(backtest.panel, backtest.season)
    if not scores:
        return "No model could be evaluated."
    best = scores[0]
    if math.isnan(best.rel_mae):
        known = [one for one in scores if not math.isnan(one.mae)]
        if not known:
            return "No forecast could be compared with a known value."
        smallest = min(known, key=lambda one: one.mae)
        return f"{smallest.model} has the smallest error; the {naive} is never wrong here, so nothing can beat it."
    if best.rel_mae > 1 - TIE:
        return " ".join([f"The {naive} is best here: use it.", *_nearest(scores)])
    covered = f"; its 80 % band covered {_percent(best.coverage_80)}" if not math.isnan(best.coverage_80) else ""
    return f"{best.model} is best: {_percent(1 - best.rel_mae)} lower error than the {naive}{covered}."


def remarks(backtest: Backtest, scores: Sequence[Score]) -> tuple[str, ...]:
    """Give what else is worth knowing before the headline is trusted."""
    said = []
    naive = yardstick_name(backtest.panel, backtest.season)
    best = next(iter(_rivals(scores)), None)
    if best is not None:
        tied = [one.model for one in _rivals(scores)[1:] if one.rel_mae - best.rel_mae < TIE]
        if tied:
            said.append(
                f"{_listed(tied)} {'is' if len(tied) == 1 else 'are'} as good: the difference is below {TIE:g}."
            )
        if len(backtest.panel.series) > 1:
            ratios = relative_mae_by_series(backtest, point_of(backtest, best.model))
            compared = int((~np.isnan(ratios)).sum())
            said.append(f"{best.model} beats the {naive} on {int((ratios < 1).sum())} of {compared} series.")
        if best.coverage_80 < _NARROW:
            said.append(f"The band of {best.model} is too narrow: expect more values outside it than it says.")
        elif best.coverage_80 > _WIDE:
            said.append(f"The band of {best.model} is wider than it needs to be.")
    if scores and len(backtest.cutoffs) < _FEW_CUTOFFS:
        count = len(backtest.cutoffs)
        said.append(f"Only {count} {'cutoff was' if count == 1 else 'cutoffs were'} tested: luck may decide the order.")
    due = int(backtest.counted(backtest.yardstick).sum())
    if silent := [f"{one.model} {due - one.points:,}" for one in scores if one.points < due]:
        whose = "its scores are" if len(silent) == 1 else "their scores are"
        said.append(f"Of {due:,} points, {_listed(silent)} left unanswered; {whose} of the rest.")
    if backtest.failures:
        said.append(f"{_listed(list(backtest.failures))} failed; the reason is below.")
    return tuple(said)


def facts(backtest: Backtest) -> tuple[tuple[str, str], ...]:
    """Give the data and the test in short, as pairs of a name and its value."""
    panel = backtest.panel
    step = step_text(panel.step_seconds)
    [begin] = shown_texts(panel.seconds[[backtest.test_start]], panel)
    missing = float(np.isnan(panel.target).mean()) if panel.target.size else math.nan
    cutoffs = len(backtest.cutoffs)
    stride, horizon = (step_text(steps * panel.step_seconds) for steps in (backtest.stride, backtest.horizon))
    return (
        ("Series", f"{len(panel.series):,}"),
        ("Span", span_text(int(panel.seconds[0]), int(panel.seconds[-1]), panel)),
        ("Steps", f"{panel.steps:,} of {step}"),
        ("Unknown values", _percent(missing, digits=1) if missing else "none"),
        ("Unit", unit_of(backtest) or ("as in the data" if not any(one.unit for one in panel.series) else "differs")),
        ("Fitted on", f"the first {backtest.test_start:,} steps"),
        ("Test part from", f"{begin} {shown_zone(panel)}"),
        (
            "Forecasts",
            f"{cutoffs:,} {'cutoff' if cutoffs == 1 else 'cutoffs'}, one every {stride}, each {horizon} ahead",
        ),
    )


def unit_of(backtest: Backtest) -> str:
    """Give the unit of the target; empty where unknown or not the same in all series."""
    channel = backtest.panel.channels[0].unit
    return same(one.unit or channel for one in backtest.panel.series)


def point_of(backtest: Backtest, model: str) -> Floats:
    """Give the point forecasts of a model by its name, shape (series, cutoff, horizon)."""
    return next(one.forecast.point for one in backtest.outcomes if one.name == model)


def is_yardstick(backtest: Backtest, model: str) -> bool:
    """Say whether a model forecasts just what the yardstick does, wherever that is scored."""
    point = point_of(backtest, model)
    counted = backtest.counted(point)
    everywhere = bool(counted.any()) and np.array_equal(counted, backtest.counted(backtest.yardstick))
    return everywhere and np.array_equal(point[counted], backtest.yardstick[counted])


def _rivals(scores: Sequence[Score]) -> list[Score]:
    """Give the scores of models that can be compared with the yardstick and are not the yardstick itself."""
    return [one for one in scores if not math.isnan(one.rel_mae) and one.rel_mae != 1]


def _nearest(scores: Sequence[Score]) -> tuple[str, ...]:
    for best in _rivals(scores)[:1]:
        if abs(best.rel_mae - 1) <= TIE:
            return (f"{best.model} is only as good.",)
        return (f"The nearest model, {best.model}, has {_percent(best.rel_mae - 1)} higher error.",)
    return ()


def _percent(share: float, *, digits: int = 0) -> str:
    if share and round(100 * share, digits) == 0:
        return f"under {10**-digits:g} %"
    return f"{100 * share:.{digits}f} %"


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
