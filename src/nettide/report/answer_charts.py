"""Charts of what a model depends on, and of a forecast beside that of a changed history."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from nettide.arrays import Floats
from nettide.forecast import Forecast
from nettide.panel import Panel
from nettide.prepare.shown_times import clock_sentence, shown_seconds
from nettide.report.drawing import (
    Figure,
    Trace,
    axis,
    colour,
    guide,
    label,
    layout,
    line,
    numbers,
    outlined,
    shortened,
    times,
)

_BAR = 34  # pixels
_FEWEST_PAST_STEPS = 72


def importance_figure(names: Sequence[str], rises: Floats, low: Floats, high: Floats) -> Figure:
    """Draw the rise of the loss for each input, with its interval, the largest on top.

    Args:
        names: of the inputs, the largest rise first.
        rises: in shares of the loss as it is, shape (input,).
        low: lower end of each interval, NaN where there is none.
        high: upper end.
    """
    order = slice(None, None, -1)
    bars: Trace = {
        "type": "bar",
        "orientation": "h",
        "x": numbers(100 * rises[order]),
        "y": [label(shortened(name, 40)) for name in names][::-1],
        "marker": {"color": colour(0, 0.8)},
        "error_x": {
            "type": "data",
            "symmetric": False,
            "array": numbers(100 * (high - rises)[order]),
            "arrayminus": numbers(100 * (rises - low)[order]),
            "color": "--ink",
            "thickness": 1.5,
        },
        "hovertemplate": "%{y}: %{x:.1f} %<extra></extra>",
        "showlegend": False,
    }
    return Figure(
        "importance",
        "What the forecast depends on",
        "Rise of the loss when the input is taken from another time, with its 95 % interval; near zero the model does "
        "without it.",
        [bars],
        layout(
            x=axis("rise of the loss", ticksuffix=" %"),
            y=axis(type="category"),
            height=110 + _BAR * len(names),
            shapes=[guide(x0=0, x1=0, y0=0, y1=1, yref="paper")],
        ),
    )


def what_if_figures(
    panel: Panel,
    changed: Panel,
    before: Forecast,
    after: Forecast,
    *,
    difference: tuple[Floats, Floats, Floats],
    row: int,
) -> tuple[Figure, Figure]:
    """Draw both forecasts of a series after its history, and their difference.

    Args:
        panel: the history as it is.
        changed: the changed history.
        before: forecast of the former, from its end.
        after: forecast of the latter.
        difference: its point, lower and upper end, each of shape (series, horizon).
        row: which series.
    """
    past = min(panel.steps, max(_FEWEST_PAST_STEPS, 3 * before.horizon))
    seconds = np.concatenate([panel.seconds[-past:], before.seconds[0]])
    unit, id = before.units[row], before.ids[row]

    def ahead(values: Floats) -> Floats:
        return np.concatenate([np.full(past, np.nan), values])

    traces: list[Trace] = []
    for place, (name, shown, made) in enumerate((("as it is", panel, before), ("changed", changed, after))):
        history = shown.target[row, -past:]
        if place and np.array_equal(history, panel.target[row, -past:], equal_nan=True):
            history = np.full(past, np.nan)
        if made.levels:
            at, edge = outlined(ahead(made.quantiles[row, 0, :, 0]), ahead(made.quantiles[row, 0, :, -1]))
            traces.append(_area(at, edge, place))
        traces.append(
            {
                "type": "scatter",
                "mode": "lines",
                "name": f"history, {name}",
                "y": numbers(np.concatenate([history, np.full(made.horizon, np.nan)])),
                "line": {"color": "--ink", "width": 1.3} if place == 0 else line(place, width=1.3, dash="dot"),
                "showlegend": not np.isnan(history).all(),
            }
        )
        traces.append(
            {
                "type": "scatter",
                "mode": "lines",
                "name": f"forecast, {name}",
                "y": numbers(ahead(made.point[row, 0])),
                "line": line(place),
            }
        )
    drawn = times(shown_seconds(seconds, panel))
    now = guide(x0=drawn[past - 1], x1=drawn[past - 1], y0=0, y1=1, yref="paper")
    both = Figure(
        f"forecasts-{row}",
        shortened(id),
        "Forecast of the history as it is and of the changed one"
        + ("; shaded between the outermost quantiles." if before.levels else ".")
        + f" {clock_sentence(panel)}",
        traces,
        layout(
            x=axis(type="date"),
            y=axis(label(unit), tickformat="~s"),
            height=400,
            hovermode="x unified",
            shapes=[now],
            legend={"orientation": "h", "y": -0.14, "yanchor": "top", "x": 0},
        ),
        drawn,
    )
    return both, _difference_figure(drawn[past:], difference, unit, row)


def _difference_figure(drawn: list[str], difference: tuple[Floats, Floats, Floats], unit: str, row: int) -> Figure:
    point, low, high = (one[row] for one in difference)
    traces: list[Trace] = []
    if not np.isnan(low).all():
        at, edge = outlined(low, high)
        traces.append(_area(at, edge, 2))
    dots = "lines+markers" if len(drawn) <= 48 else "lines"
    traces.append(
        {
            "type": "scatter",
            "mode": dots,
            "name": "difference",
            "y": numbers(point),
            "line": line(2),
            "showlegend": False,
        }
    )
    return Figure(
        f"difference-{row}",
        "Changed less as it is",
        "Difference of the two forecasts; shaded where it lies if both futures meet the same luck, as often as a value "
        "lies in the band of its forecast.",
        traces,
        layout(
            x=axis(type="date"),
            y=axis(label(unit), tickformat="~s", zeroline=True, zerolinecolor="--muted"),
            height=280,
            hovermode="x unified",
        ),
        drawn,
    )


def _area(at: list[int | None], edge: list[float | None], place: int) -> Trace:
    return {
        "type": "scatter",
        "mode": "lines",
        "at": at,
        "y": edge,
        "fill": "toself",
        "fillcolor": colour(place, 0.18),
        "line": {"width": 0},
        "hoverinfo": "skip",
        "showlegend": False,
    }
