"""Charts over time: actual against predicted, and the forecast beyond the data."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from nettide.arrays import Floats, Ints
from nettide.backtest.evaluate import Backtest, Outcome
from nettide.backtest.leaderboard import BAND, relative_mae_by_series
from nettide.backtest.yardstick import yardstick_name
from nettide.errors import ForecastError
from nettide.forecast import Forecast
from nettide.prepare.shown_times import clock_sentence, shown_seconds
from nettide.report.content import Future
from nettide.report.drawing import (
    Figure,
    Thinning,
    Trace,
    axis,
    colour,
    label,
    layout,
    line,
    numbers,
    outlined,
    times,
)
from nettide.report.words import is_yardstick

MOST_FUTURES = 12
"""Series whose future is drawn; with more, the largest."""
_INNER = (0.3, 0.7)
_RANGES = ((1, "day", "1 d"), (7, "day", "1 w"), (14, "day", "2 w"), (1, "month", "1 mo"), (3, "month", "3 mo"))
_RANGE_SECONDS = {"1 d": 86_400, "1 w": 604_800, "2 w": 1_209_600, "1 mo": 2_678_400, "3 mo": 7_948_800}
_SHOWN_STEPS = 340
_FEWEST_PAST_STEPS = 90


def apart(cutoffs: Ints, horizon: int) -> Ints:
    """Give the places of cutoffs whose forecasts do not overlap, from the first on, shape (cutoff,)."""
    kept = [0]
    for place in range(1, len(cutoffs)):
        if cutoffs[place] >= cutoffs[kept[-1]] + horizon:
            kept.append(place)
    return np.array(kept, dtype=np.int64)


def best_and_worst(backtest: Backtest, point: Floats) -> tuple[tuple[int, str], ...]:
    """Give the series to look at, best and worst by relative error, as (place, what it is)."""
    ratios = relative_mae_by_series(backtest, point)
    points = backtest.counted(point).sum(axis=(1, 2))
    known = np.flatnonzero(~np.isnan(ratios) & (points >= points.max(initial=0) / 2))  # not one that ends early
    if not known.size:
        some = np.flatnonzero(backtest.counted(point).any(axis=(1, 2)))
        return ((int(some[0]) if some.size else 0, ""),)
    best, worst = int(known[ratios[known].argmin()]), int(known[ratios[known].argmax()])
    if best == worst:
        return ((best, f"relative error {ratios[best]:.2f}"),)
    return (
        (best, f"best series, relative error {ratios[best]:.2f}"),
        (worst, f"worst series, relative error {ratios[worst]:.2f}"),
    )


def predicted_figures(backtest: Backtest, outcomes: Sequence[Outcome]) -> tuple[Figure, ...]:
    """Draw actual and predicted values of the best model's best and worst series.

    Args:
        backtest: what was run.
        outcomes: of its models, best first.
    """
    if not outcomes:
        return ()
    picked = best_and_worst(backtest, outcomes[0].forecast.point)
    return tuple(_predicted(backtest, outcomes, place, what, number) for number, (place, what) in enumerate(picked))


def _predicted(backtest: Backtest, outcomes: Sequence[Outcome], place: int, what: str, number: int) -> Figure:
    panel = backtest.panel
    kept = apart(backtest.cutoffs, backtest.horizon)
    steps = (backtest.cutoffs[kept, None] + np.arange(1, backtest.horizon + 1)).reshape(-1)
    first, length = int(steps[0]), int(steps[-1] - steps[0] + 1)
    thinning = Thinning(length, whole_tail=_SHOWN_STEPS)

    def whole(values: Floats) -> Floats:
        """Lay values of the kept cutoffs on the steps from the first to the last; what lies between is unknown."""
        spread: Floats = np.full(length, np.nan)
        spread[steps - first] = values[place, kept].reshape(-1)
        return spread

    unit = panel.series[place].unit or panel.channels[0].unit
    common = {"type": "scatter", "mode": "lines", "hovertemplate": _hover(unit)}
    traces: list[Trace] = []
    for rank, one in reversed(list(enumerate(outcomes))):
        shown = True if rank == 0 else "legendonly"
        band = _band(one.forecast, BAND)
        if band is not None:
            edges = thinning.lowest(whole(band[0])), thinning.highest(whole(band[1]))
            traces.append(_area(*edges, fill=colour(rank, 0.22), group=f"model-{rank}", visible=shown))
        traces.append(
            {
                **common,
                "name": label(one.name),
                "legendgroup": f"model-{rank}",
                "visible": shown,
                "y": numbers(thinning.values(whole(one.forecast.point))),
                "line": line(rank),
            }
        )
    if not any(is_yardstick(backtest, one.name) for one in outcomes):
        naive = {
            "name": yardstick_name(panel, backtest.season),
            "visible": "legendonly",
            "y": numbers(thinning.values(whole(backtest.yardstick))),
            "line": {"color": "--muted", "width": 1.5, "dash": "dash"},
        }
        traces.insert(0, {**common, **naive})
    actual = numbers(thinning.values(panel.target[place, first : first + length]))
    traces.append({**common, "name": "actual", "y": actual, "line": {"color": "--ink", "width": 1.3}})
    drawn = shown_seconds(panel.seconds[first + thinning.positions()], panel)
    shade = "; the shade is the 80 % band" if any(_band(one.forecast, BAND) for one in outcomes) else ""
    thinned = " Older parts of the lines are thinned for drawing; peaks and troughs are kept." if thinning.thins else ""
    return Figure(
        f"predicted-{number}",
        f"{panel.ids[place]}{f' – {what}' if what else ''}",
        f"Forecasts that do not overlap, one after the other, each made at its cutoff{shade}. "
        f"Click a model in the legend to show or hide it. {clock_sentence(panel)}{thinned}",
        traces,
        layout(
            x=_time_axis(drawn, panel.step_seconds),
            y=axis(label(unit), tickformat="~s", rangemode="tozero"),
            height=400,
            hovermode="x unified",
            legend={"orientation": "h", "y": -0.14, "yanchor": "top", "x": 0, "traceorder": "reversed"},
        ),
        times(drawn),
    )


def future_figures(future: Future) -> tuple[Figure, ...]:
    """Draw the forecast beyond the data, one chart a series, the largest series first."""
    history, forecast = future.history, future.forecast
    rows = {id: row for row, id in enumerate(history.ids)}
    # two weeks of five minutes would dwarf an hour's forecast, two weeks of days say little
    weeks = min(2 * history.steps_per(604_800), max(history.steps_per(2 * 86_400), 14 * forecast.horizon))
    until = min(history.steps, (int(forecast.cutoffs[-1]) - history.start) // history.step_seconds + 1)
    since = max(0, until - max(weeks, 4 * forecast.horizon, _FEWEST_PAST_STEPS))
    tails = {id: history.target[row, since:until] for id, row in rows.items()}
    sizes = [float(np.nansum(tails[id])) if id in tails else -1.0 for id in forecast.ids]
    largest = sorted(range(len(sizes)), key=lambda place: (-sizes[place], place))[:MOST_FUTURES]
    return tuple(
        _future(future, place, tails.get(forecast.ids[place], np.empty(0)), number)
        for number, place in enumerate(largest)
    )


def _future(future: Future, place: int, tail: Floats, number: int) -> Figure:
    forecast = future.forecast
    now = int(forecast.cutoffs[-1])
    past = now - future.history.step_seconds * np.arange(len(tail) - 1, -1, -1, dtype=np.int64)
    ahead = forecast.seconds[-1]
    thinning = Thinning(len(past))
    drawn = np.concatenate([past[thinning.positions()], ahead]) if len(past) else ahead
    gap: Floats = np.full(len(drawn) - len(ahead), np.nan)
    if len(tail):
        gap[-1] = tail[-1]  # the forecast starts from the last measured value, where that is known
    unit = forecast.units[place]
    traces: list[Trace] = []
    for levels, opacity in ((BAND, 0.18), (_INNER, 0.28)):
        band = _band(forecast, levels)
        if band is not None:
            low, high = (np.concatenate([gap, edge[place, -1]]) for edge in band)
            name = f"{round(100 * (levels[1] - levels[0]))} % band"
            traces.append({**_area(low, high, fill=colour(0, opacity)), "name": name, "showlegend": True})
    traces.append(
        {
            "type": "scatter",
            "mode": "lines" if forecast.horizon > 1 else "lines+markers",
            "name": f"forecast by {label(future.model)}",
            "y": numbers(np.concatenate([gap, forecast.point[place, -1]])),
            "line": line(0),
            "marker": {"color": colour(0), "size": 9},
            "hovertemplate": _hover(unit),
        }
    )
    if len(past):
        traces.append(
            {
                "type": "scatter",
                "mode": "lines",
                "name": "measured",
                "y": numbers(np.concatenate([thinning.values(tail), np.full(len(ahead), np.nan)])),
                "line": {"color": "--ink", "width": 1.3},
                "hovertemplate": _hover(unit),
            }
        )
    at = times(shown_seconds(np.array([now], dtype=np.int64), future.history))[0]
    mark = {"x": at, "y": 1, "yref": "paper", "yanchor": "top", "xanchor": "right", "text": "now", "showarrow": False}
    return Figure(
        f"future-{number}",
        forecast.ids[place],
        f"What comes after the data, by {future.model}; the line marks the last measured step. "
        f"{clock_sentence(future.history)}",
        traces,
        layout(
            x=axis(type="date"),
            y=axis(label(unit), tickformat="~s", rangemode="tozero"),
            height=380,
            hovermode="x unified",
            margin={"l": 10, "r": 16, "t": 26, "b": 10},
            legend={"orientation": "h", "y": -0.14, "yanchor": "top", "x": 0},
            shapes=[
                {"type": "line", "x0": at, "x1": at, "y0": 0, "y1": 1, "yref": "paper", "line": {"color": "--accent"}}
            ],
            annotations=[{**mark, "font": {"color": "--accent"}}],
        ),
        times(shown_seconds(drawn, future.history)),
    )


def _band(forecast: Forecast, levels: tuple[float, float]) -> tuple[Floats, Floats] | None:
    try:
        return forecast.quantile(levels[0]), forecast.quantile(levels[1])
    except ForecastError:
        return None


def _area(low: Floats, high: Floats, *, fill: str, group: str = "", visible: bool | str = True) -> Trace:
    at, values = outlined(low, high)
    return {
        "type": "scatter",
        "mode": "lines",
        "fill": "toself",
        "fillcolor": fill,
        "line": {"width": 0},
        "at": at,
        "y": values,
        "legendgroup": group,
        "showlegend": False,
        "visible": visible,
        "hoverinfo": "skip",
    }


def _hover(unit: str) -> str:
    return f"%{{y:.4s}}{label(unit)}"


def _time_axis(seconds: Ints, step_seconds: int) -> dict[str, object]:
    """Give a time axis that first shows the last few hundred steps, with buttons for other spans."""
    span = int(seconds[-1] - seconds[0])
    buttons = [
        {"count": count, "step": step, "label": text, "stepmode": "backward"}
        for count, step, text in _RANGES
        if 12 * step_seconds <= _RANGE_SECONDS[text] < span
    ]
    shown = min(span, _SHOWN_STEPS * step_seconds)
    first_and_last = times(np.array([seconds[-1] - shown, seconds[-1]], dtype=np.int64))
    selector: dict[str, object] = {
        "buttons": [*buttons, {"step": "all", "label": "all"}],
        "bgcolor": "--panel",
        "activecolor": "--line",
        "bordercolor": "--line",
        "borderwidth": 1,
        "x": 0,
        "y": 1.02,
    }
    found = axis(type="date", range=first_and_last)
    return {**found, "rangeselector": selector} if buttons else found
