"""Charts of page Analysis: errors by step and hour, histogram, importance, and models beside each other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from nettide.arrays import Floats
from nettide.insight.residuals import Autocorrelation, ErrorParts, Histogram
from nettide.studio.charts import autocorrelation_figure, axis_of, fixed_margin, text
from nettide.studio.theme import LINES
from nettide.units import step_text

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

_GREY = "rgba(128,136,150,0.9)"
_BAR = 34
_GROWING = {"l": 10, "r": 10, "t": 30, "b": 10}
"""Margins that grow with names of unknown length."""


def step_figure(parts: ErrorParts, *, step_seconds: int, unit: str, height: int = 300) -> Figure:
    """Draw errors by step ahead."""
    from plotly.graph_objects import Figure, Scatter

    axis = axis_of([parts.mae, parts.rmse, np.abs(parts.bias)], unit, "error")
    steps = np.arange(1, len(parts.mae) + 1)
    figure = Figure()
    for number, (name, values) in enumerate((("MAE", parts.mae), ("RMSE", parts.rmse), ("mean error", parts.bias))):
        figure.add_trace(
            Scatter(
                x=steps,
                y=values / axis.factor,
                name=name,
                mode="lines+markers" if len(steps) <= 60 else "lines",
                line={"width": 1.6, "color": LINES[number], "dash": "solid" if number < 2 else "dot"},
                marker={"size": 4},
                hovertemplate=f"step %{{x}}<br>%{{y:.4~g}} {axis.unit}<extra>{name}</extra>",
            )
        )
    layout = _layout(f"steps of {step_text(step_seconds)} ahead", axis.title, height, legend=True)
    figure.update_layout(**layout)
    figure.update_xaxes(tickformat="d")
    return figure


def hour_figure(parts: ErrorParts, *, unit: str, zone: str, height: int = 300) -> Figure:
    """Draw the mean absolute error of each hour of the day."""
    from plotly.graph_objects import Bar, Figure

    axis = axis_of(parts.mae, unit, "MAE")
    hours = [f"{hour:02d}" for hour in range(24)]
    figure = Figure(
        Bar(
            x=hours,
            y=parts.mae / axis.factor,
            customdata=parts.count,
            marker={"color": LINES[0]},
            hovertemplate=f"%{{x}}:00<br>%{{y:.4~g}} {axis.unit}<br>%{{customdata:,}} values<extra></extra>",
        )
    )
    figure.update_layout(**_layout(f"hour of the day ({zone})", axis.title, height))
    figure.update_xaxes(type="category")
    return figure


def histogram_figure(found: Histogram, *, unit: str, height: int = 300) -> Figure:
    """Draw the histogram of the errors beside the normal distribution of the same mean and deviation."""
    from plotly.graph_objects import Bar, Figure, Scatter

    axis = axis_of(found.edges, unit, "actual less predicted")
    middle = (found.edges[1:] + found.edges[:-1]) / 2 / axis.factor
    figure = Figure(
        Bar(
            x=middle,
            y=found.counts,
            name="errors",
            marker={"color": LINES[0], "line": {"width": 0}},
            opacity=0.75,
            hovertemplate=f"%{{x:.4~g}} {axis.unit}: %{{y:,}}<extra></extra>",
        )
    )
    if not np.isnan(found.normal).all():
        figure.add_trace(
            Scatter(
                x=middle,
                y=found.normal,
                name="normal",
                mode="lines",
                line={"color": LINES[1], "width": 2, "shape": "spline"},
                hovertemplate="%{y:,.1f} if normal<extra></extra>",
            )
        )
    figure.update_layout(**_layout(axis.title, "values", height, legend=True), bargap=0.02)
    figure.add_shape(type="line", x0=0, x1=0, y0=0, y1=1, yref="paper", line={"dash": "dot", "color": _GREY})
    return figure


def memory_figure(
    found: Autocorrelation, *, step_seconds: int, marks: Sequence[tuple[int, str]], height: int = 300
) -> Figure:
    """Draw the autocorrelation of errors, and where it lies if they remember nothing."""
    figure = autocorrelation_figure(
        np.concatenate([[1.0], found.values]), step_seconds=step_seconds, marks=marks, height=height
    )
    for bound in (found.bound, -found.bound):
        if np.isfinite(bound):
            figure.add_hline(y=bound, line={"dash": "dash", "width": 1, "color": _GREY})
    return figure


def importance_figure(names: Sequence[str], rises: Floats, low: Floats, high: Floats) -> Figure:
    """Draw the rise of the loss by input with its interval, the largest on top.

    Args:
        names: of the inputs, the largest rise first.
        rises: in shares, shape (input,).
        low: lower ends, NaN where unknown.
        high: upper ends.
    """
    from plotly.graph_objects import Bar, Figure

    shown = slice(None, None, -1)
    figure = Figure(
        Bar(
            orientation="h",
            x=100 * rises[shown],
            y=[text(one) for one in names][shown],
            marker={"color": LINES[0]},
            error_x={
                "type": "data",
                "symmetric": False,
                "array": 100 * np.nan_to_num(high - rises)[shown],
                "arrayminus": 100 * np.nan_to_num(rises - low)[shown],
                "color": _GREY,
                "thickness": 1.5,
            },
            hovertemplate="%{y}: %{x:+.1f} %<extra></extra>",
        )
    )
    layout = _layout("rise of the loss when exchanged (%)", "", 90 + _BAR * len(names))
    figure.update_layout(**{**layout, "margin": _GROWING})
    figure.update_yaxes(type="category", automargin=True)
    figure.add_shape(type="line", x0=0, x1=0, y0=0, y1=1, yref="paper", line={"color": _GREY, "width": 1})
    return figure


def ranking_figure(names: Sequence[str], errors: Floats, trained: Sequence[bool]) -> Figure:
    """Draw the relative MAE of models, the best on top, beside the naive forecast that they are measured by.

    Args:
        names: the best first.
        errors: relative MAE of each, shape (model,).
        trained: whether each was trained, rather than being a baseline.
    """
    from plotly.graph_objects import Bar, Figure

    shown = slice(None, None, -1)
    figure = Figure(
        Bar(
            orientation="h",
            x=errors[shown],
            y=[text(one) for one in names][shown],
            marker={"color": [LINES[0] if one else LINES[7] for one in trained][shown]},
            text=[f"{one:.3f}" for one in errors][shown],
            textposition="auto",
            hovertemplate="%{y}: %{x:.3f}<extra></extra>",
        )
    )
    layout = _layout("relative MAE: below 1 is better than naive", "", 90 + _BAR * len(names))
    figure.update_layout(**{**layout, "margin": _GROWING})
    figure.update_yaxes(type="category", automargin=True)
    figure.add_shape(type="line", x0=1, x1=1, y0=0, y1=1, yref="paper", line={"dash": "dot", "color": _GREY})
    return figure


def _layout(x: str, y: str, height: int, *, legend: bool = False) -> dict[str, Any]:
    return {
        "height": height,
        "margin": fixed_margin(t=30),
        "legend": {"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0},
        "showlegend": legend,
        "xaxis": {"title": {"text": x}},
        "yaxis": {"title": {"text": y}},
    }
