"""Charts of the studio: lines over local time with bands, heat map, bars; units with SI prefixes on every axis."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from nettide.arrays import Floats, Ints
from nettide.prepare.calendar import local_seconds
from nettide.studio.theme import LINES
from nettide.studio.thinning import thinned
from nettide.studio.words import BARE_UNITS, prefixed

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

PREFIXES = ((1e18, "E"), (1e15, "P"), (1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"), (1.0, ""))
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_GREY = "rgba(128,136,150,0.9)"


@dataclass(frozen=True, slots=True)
class Axis:
    """How values are written on an axis.

    Args:
        title: what they are, with prefix and unit.
        factor: what values are divided by.
        unit: prefix and unit alone.
    """

    title: str
    factor: float
    unit: str


@dataclass(frozen=True, slots=True, eq=False)
class Line:
    """One line over time; NaN breaks it.

    Args:
        name: in the legend, shown as text whatever it holds.
        seconds: epoch seconds, ascending, shape (time,).
        values: in the unit of the chart, shape (time,).
        colour: any CSS colour; None takes the next of the theme.
        dash: solid, dot or dash.
    """

    name: str
    seconds: Ints
    values: Floats
    colour: str | None = None
    dash: str = "solid"


@dataclass(frozen=True, slots=True, eq=False)
class Band:
    """An area over time.

    Args:
        name: in the legend.
        seconds: epoch seconds, ascending, shape (time,).
        low: shape (time,).
        high: shape (time,).
        colour: of the line it belongs to, as ``#rrggbb``.
    """

    name: str
    seconds: Ints
    low: Floats
    high: Floats
    colour: str = LINES[0]


def text(name: str) -> str:
    """Give a name as Plotly shows it to the letter: it takes some HTML for markup."""
    return name.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def axis_of(values: Floats | Sequence[Floats], unit: str, name: str) -> Axis:
    """Choose the prefix in which the largest of the values has one to three digits before the point.

    Args:
        values: all that will be drawn; NaN where unknown.
        unit: of the values; empty when unknown. Of ``%`` and what has a prefix already none is made.
        name: what the values are.
    """
    parts = [values] if isinstance(values, np.ndarray) else list(values)
    largest = max((float(np.nanmax(np.abs(one))) for one in parts if one.size and not np.isnan(one).all()), default=0)
    factor, prefix = 1.0, ""
    if unit not in BARE_UNITS and largest >= 1000:
        factor, prefix = next(one for one in PREFIXES if largest >= one[0])
    whole = prefixed(prefix, unit)
    return Axis(text(f"{name} ({whole})" if whole else name), factor, text(whole))


def local_times(seconds: Ints, zone: str) -> np.ndarray:
    """Give wall-clock times of a zone as Plotly draws them, datetime64[ms]."""
    return local_seconds(seconds, zone).astype("datetime64[s]").astype("datetime64[ms]")


def fixed_margin(*, r: int = 10, t: int = 20, b: int = 45) -> dict[str, int | bool]:
    """Give margins for Plotly to keep to: those that it finds by itself it finds by drawing everything twice."""
    return {"l": 64, "r": r, "t": t, "b": b, "autoexpand": False}


def time_figure(
    lines: Sequence[Line],
    *,
    unit: str,
    name: str,
    zone: str,
    bands: Sequence[Band] = (),
    marks: Sequence[tuple[int, str]] = (),
    height: int = 420,
    slider: bool = True,
) -> Figure:
    """Draw lines and bands over time, thinned for drawing.

    Args:
        lines: drawn in order, above the bands.
        unit: of all values; empty when unknown.
        name: what the values are.
        zone: IANA zone whose clock is on the axis.
        bands: areas below the lines.
        marks: epoch seconds and words of vertical lines, such as where the test part begins or ``now``.
        height: in pixels.
        slider: whether there is a range slider below, which draws everything once more.
    """
    from plotly.graph_objects import Figure, Scatter

    axis = axis_of([*(one.values for one in lines), *(one.high for one in bands)], unit, name)
    figure = Figure()
    for band in bands:
        _add_band(figure, band, axis, zone)
    for number, line in enumerate(lines):
        places = thinned(line.values)
        figure.add_trace(
            Scatter(
                x=local_times(line.seconds[places], zone),
                y=line.values[places] / axis.factor,
                name=text(line.name),
                mode="lines+markers" if len(places) <= 60 else "lines",
                line={"width": 1.5, "color": line.colour or LINES[number % len(LINES)], "dash": line.dash},
                marker={"size": 4},
                connectgaps=False,
                hovertemplate=f"%{{x|%a %Y-%m-%d %H:%M}}<br>%{{y:.4~g}} {axis.unit}<extra>{text(line.name)}</extra>",
            )
        )
    several = len(lines) + len(bands) > 1
    for second, words in marks:
        when = str(local_times(np.array([second]), zone)[0])
        figure.add_shape(type="line", x0=when, x1=when, y0=0, y1=1, yref="paper", line={"dash": "dot", "color": _GREY})
        figure.add_annotation(
            x=when, y=1, yref="paper", text=text(words), showarrow=False, xanchor="left", yanchor="top"
        )
    figure.update_layout(
        height=height,
        margin={"l": 10, "r": 10, "t": 30, "b": 40} if several else fixed_margin(b=110 if slider else 60),
        hovermode="closest",
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0},
        showlegend=several,
        xaxis={
            "title": {"text": f"time ({zone})"},
            "rangeslider": {"visible": slider, "thickness": 0.08},
            "type": "date",
        },
        yaxis={"title": {"text": axis.title}, "rangemode": "tozero"},
        uirevision="kept",
    )
    return figure


def week_figure(means: Floats, *, unit: str, name: str, zone: str, height: int = 300) -> Figure:
    """Draw the usual week as a heat map: days down, hours across.

    Args:
        means: shape (7, slot), as ``tasks.describe.usual_week`` gives them.
        unit: of the values.
        name: what they are.
        zone: whose clock counts.
        height: in pixels.
    """
    from plotly.graph_objects import Figure, Heatmap

    axis, slots = axis_of(means, unit, name), means.shape[1]
    hours = [f"{int(slot * 24 / slots):02d}" for slot in range(slots)]
    figure = Figure(
        Heatmap(
            z=means / axis.factor,
            x=hours,
            y=list(_DAYS),
            colorscale="Viridis",
            colorbar={"title": {"text": axis.unit or axis.title}, "thickness": 12},
            hoverongaps=False,
            hovertemplate=f"%{{y}} %{{x}}:00<br>%{{z:.4~g}} {axis.unit}<extra></extra>",
        )
    )
    figure.update_layout(
        height=height,
        margin=fixed_margin(r=80),
        xaxis={"title": {"text": f"hour of the day ({zone})"}, "type": "category"},
        yaxis={"autorange": "reversed"},
    )
    return figure


def autocorrelation_figure(
    values: Floats, *, step_seconds: int, marks: Sequence[tuple[int, str]] = (), height: int = 300
) -> Figure:
    """Draw correlation against lag.

    Args:
        values: by lag from 0, shape (lag,).
        step_seconds: length of a step.
        marks: lags in steps to name, such as the day.
        height: in pixels.
    """
    from plotly.graph_objects import Figure, Scatter

    hours = np.arange(len(values)) * step_seconds / 3600
    in_days = hours[-1] > 72 if len(hours) else False
    lags = hours / 24 if in_days else hours
    figure = Figure(
        Scatter(
            x=lags,
            y=values,
            mode="lines",
            fill="tozeroy",
            line={"width": 1.5, "color": LINES[0]},
            fillcolor="rgba(31,111,235,0.18)",
            hovertemplate=f"%{{x:.3~g}} {'days' if in_days else 'hours'} before: %{{y:.2f}}<extra></extra>",
        )
    )
    for lag, words in marks:
        if 0 < lag < len(values):
            x = lag * step_seconds / 3600 / (24 if in_days else 1)
            figure.add_shape(type="line", x0=x, x1=x, y0=0, y1=1, yref="paper", line={"dash": "dot", "color": _GREY})
            figure.add_annotation(x=x, y=1, yref="paper", text=words, showarrow=False, xanchor="left", yanchor="top")
    figure.update_layout(
        height=height,
        margin=fixed_margin(),
        xaxis={"title": {"text": f"lag ({'days' if in_days else 'hours'})"}},
        yaxis={"title": {"text": "correlation"}, "range": [min(-0.3, _least(values)), 1.02]},
    )
    return figure


def loss_figure(curves: Sequence[tuple[str, Sequence[float], Sequence[float | None]]], *, height: int = 320) -> Figure:
    """Draw loss and validation loss by epoch.

    Args:
        curves: name, loss and validation loss of each training, an entry an epoch; None where there is no validation.
        height: in pixels.
    """
    from plotly.graph_objects import Figure, Scatter

    most = max((len(losses) for _, losses, _ in curves), default=0)
    dtick = 1 if most <= 10 else None  # left to itself it names half epochs, rounded
    figure = Figure()
    for number, (name, losses, validations) in enumerate(curves):
        colour = LINES[number % len(LINES)]
        epochs = list(range(1, len(losses) + 1))
        mode = "lines+markers" if len(epochs) < 40 else "lines"
        label = f"{text(name)}: " if len(curves) > 1 else ""
        for words, values, dash in (("training loss", losses, "dot"), ("validation loss", validations, "solid")):
            if any(one is not None for one in values):
                figure.add_trace(
                    Scatter(
                        x=epochs,
                        y=list(values),
                        name=f"{label}{words}",
                        mode=mode,
                        line={"color": colour, "dash": dash, "width": 1.8},
                        marker={"size": 5},
                        hovertemplate=f"epoch %{{x}}: %{{y:.4f}}<extra>{label}{words}</extra>",
                    )
                )
    figure.update_layout(
        height=height,
        margin={"l": 10, "r": 10, "t": 30, "b": 10},
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0},
        showlegend=True,
        xaxis={"title": {"text": "epoch"}, "rangemode": "nonnegative", "tickformat": "d", "dtick": dtick},
        yaxis={"title": {"text": "loss (scaled units)"}},
        uirevision="kept",
    )
    return figure


def _add_band(figure: Figure, band: Band, axis: Axis, zone: str) -> None:
    from plotly.graph_objects import Scatter

    places = np.union1d(thinned(band.low), thinned(band.high))
    times = local_times(band.seconds[places], zone)
    red, green, blue = (int(band.colour[at : at + 2], 16) for at in (1, 3, 5))
    shared = {"x": times, "mode": "lines", "line": {"width": 0}, "hoverinfo": "skip", "legendgroup": text(band.name)}
    figure.add_trace(Scatter(y=band.low[places] / axis.factor, showlegend=False, **shared))
    figure.add_trace(
        Scatter(
            y=band.high[places] / axis.factor,
            fill="tonexty",
            fillcolor=f"rgba({red},{green},{blue},0.22)",
            name=text(band.name),
            **shared,
        )
    )


def _least(values: Floats) -> float:
    known = values[~np.isnan(values)]
    least = float(known.min()) if len(known) else 0.0
    return least - 0.05 if math.isfinite(least) else 0.0
