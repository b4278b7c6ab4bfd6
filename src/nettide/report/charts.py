"""Charts of the scores: learning, error by step ahead, calibration, skill per series."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from nettide.arrays import Floats
from nettide.backtest.breakdown import calibration, error_by_step
from nettide.backtest.evaluate import Backtest, Outcome
from nettide.backtest.leaderboard import relative_mae_by_series
from nettide.backtest.yardstick import yardstick_name
from nettide.report.drawing import Figure, Trace, axis, colour, guide, height, label, layout, line, numbers, shortened
from nettide.report.words import is_yardstick
from nettide.units import step_text

MOST_BARS = 40
"""More series than these are drawn as a histogram."""
_BINS = 30


def loss_figure(outcomes: Sequence[Outcome]) -> Figure | None:
    """Draw training and validation loss by epoch; None where no model was trained.

    Args:
        outcomes: in the order of their colours.
    """
    traces: list[Trace] = []
    for place, one in enumerate(outcomes):
        epochs = one.training.epochs
        if not epochs:
            continue
        validation = np.array(
            [np.nan if report.validation_loss is None else report.validation_loss for report in epochs]
        )
        validated = not np.isnan(validation).all()
        common = {
            "type": "scatter",
            "mode": "lines" if len(epochs) > 1 else "markers",
            "legendgroup": f"model-{place}",
            "x": [report.epoch for report in epochs],
            "marker": {"color": colour(place)},
        }
        traces.append(
            {
                **common,
                "name": f"{label(one.name)}, training",
                "y": numbers(np.array([report.loss for report in epochs])),
                "line": line(place, dash="dot", width=1.5),
                "showlegend": not validated,
            }
        )
        if not validated:
            continue
        traces.append({**common, "name": label(one.name), "y": numbers(validation), "line": line(place)})
        kept = [row for row, report in enumerate(epochs) if report.epoch == one.training.best_epoch]
        dot = {"x": [epochs[row].epoch for row in kept], "y": numbers(validation[kept]), "hoverinfo": "skip"}
        marker = {"size": 10, "color": colour(place)}
        traces.append({**common, **dot, "mode": "markers", "marker": marker, "showlegend": False})
    if not traces:
        return None
    return Figure(
        "losses",
        "How the networks learned",
        "Loss by epoch, in scaled units: dotted on the training windows, solid on the validation windows. "
        "The dot marks the epoch whose weights were kept.",
        traces,
        layout(
            x=axis("epoch", rangemode="tozero"),
            y=axis("loss", hoverformat=".4f"),
            height=height(len(outcomes)),
            hovermode="x unified",
        ),
    )


def step_figure(backtest: Backtest, outcomes: Sequence[Outcome]) -> Figure | None:
    """Draw the error of the typical series by step ahead, the yardstick beside the models; None for a single step."""
    horizon = backtest.horizon
    if horizon == 1 or not outcomes:
        return None
    x = list(range(1, horizon + 1))
    mode = "lines+markers" if horizon <= 48 else "lines"
    naive = yardstick_name(backtest.panel, backtest.season)
    traces: list[Trace] = []
    if not any(is_yardstick(backtest, one.name) for one in outcomes):
        traces.append(
            {
                "type": "scatter",
                "mode": mode,
                "name": naive,
                "x": x,
                "y": numbers(error_by_step(backtest, backtest.yardstick)),
                "line": {"color": "--muted", "dash": "dash", "width": 1.5},
                "marker": {"size": 4, "color": "--muted"},
            }
        )
    for place, one in enumerate(outcomes):
        traces.append(
            {
                "type": "scatter",
                "mode": mode,
                "name": label(one.name),
                "x": x,
                "y": numbers(error_by_step(backtest, one.forecast.point)),
                "line": line(place),
                "marker": {"size": 5, "color": colour(place)},
            }
        )
    who = "the series" if len(backtest.panel.series) == 1 else "the typical (median) series"
    return Figure(
        "steps",
        "Error by step ahead",
        f"Mean absolute error of {who} at each step ahead; 1 is the mean error of the {naive} over all steps.",
        traces,
        layout(
            x=axis(f"steps ahead, each {step_text(backtest.panel.step_seconds)}"),
            y=axis("relative error", rangemode="tozero", hoverformat=".3f"),
            height=height(len(outcomes) + 1),
            hovermode="x unified",
        ),
    )


def calibration_figure(backtest: Backtest, outcomes: Sequence[Outcome]) -> Figure | None:
    """Draw nominal against observed share of values below each quantile; None where no model gives quantiles."""
    traces: list[Trace] = []
    for place, one in enumerate(outcomes):
        levels, observed = calibration(backtest, one.forecast)
        if not levels.size or np.isnan(observed).all():
            continue
        traces.append(
            {
                "type": "scatter",
                "mode": "lines+markers",
                "name": label(one.name),
                "x": numbers(100 * levels),
                "y": numbers(100 * observed),
                "line": line(place),
                "marker": {"size": 7, "color": colour(place)},
                "hovertemplate": "%{fullData.name}: %{y:.1f} % at or below the %{x:.0f} % quantile<extra></extra>",
            }
        )
    if not traces:
        return None
    ticks = {"range": [0, 100], "dtick": 20, "ticksuffix": " %"}
    return Figure(
        "calibration",
        "Values below each quantile",
        "Share of values that lay at or below each forecast quantile. On the dashed diagonal a band holds what it "
        "says; a line flatter than it means too narrow a band, a steeper one too wide.",
        traces,
        layout(
            x=axis("quantile", **ticks),
            y=axis("values at or below it", **ticks),
            height=height(len(outcomes)),
            shapes=[guide(x0=0, y0=0, x1=100, y1=100)],
            margin={"l": 10, "r": 36, "t": 10, "b": 10},
        ),
    )


def skill_figure(backtest: Backtest, outcomes: Sequence[Outcome]) -> Figure | None:
    """Draw the relative error of every series: dots for up to 40, else a histogram; None where fewer than two are."""
    ratios = [relative_mae_by_series(backtest, one.forecast.point) for one in outcomes]
    if not ratios or (~np.isnan(ratios[0])).sum() < 2:
        return None
    draw = _dots if len(backtest.panel.series) <= MOST_BARS else _histogram
    naive = yardstick_name(backtest.panel, backtest.season)
    hardest = [place for place in np.argsort(-ratios[0]) if not np.isnan(ratios[0][place])][:3]
    listed = ", ".join(f"{shortened(backtest.panel.ids[place], 40)} ({ratios[0][place]:.2f})" for place in hardest)
    return draw(
        backtest,
        outcomes,
        ratios,
        f"Mean absolute error of each series over that of the {naive}; left of the dashed line is better. "
        f"Hardest for {outcomes[0].name}: {listed}.",
    )


def _dots(backtest: Backtest, outcomes: Sequence[Outcome], ratios: Sequence[Floats], caption: str) -> Figure:
    ids = backtest.panel.ids
    order = np.argsort(np.where(np.isnan(ratios[0]), np.inf, ratios[0]))[::-1]
    y = list(range(len(ids)))
    traces: list[Trace] = [
        {
            "type": "scatter",
            "mode": "markers",
            "name": label(one.name),
            "x": numbers(ratios[place][order]),
            "y": y,
            "marker": {"size": 12 if place == 0 else 8, "color": colour(place), "symbol": "circle"},
            "hovertext": [label(ids[row]) for row in order],
            "hovertemplate": "%{hovertext}<br>%{fullData.name}: %{x:.3f}<extra></extra>",
        }
        for place, one in enumerate(outcomes)
    ]
    names = [label(shortened(ids[row], 24)) for row in order]
    return Figure(
        "skill",
        "Skill by series",
        caption,
        traces[::-1],  # the best is drawn last, above the others
        layout(
            x=axis("relative error", **_ratio_range(ratios)),
            y=axis(tickvals=y, ticktext=names, range=[-0.7, len(ids) - 0.3]),
            height=max(220, 110 + 22 * len(ids)) + height(len(outcomes)) - height(0),
            shapes=[guide(x0=1, x1=1, y0=0, y1=1, yref="paper")],
            legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0, "traceorder": "reversed"},
        ),
    )


def _histogram(backtest: Backtest, outcomes: Sequence[Outcome], ratios: Sequence[Floats], caption: str) -> Figure:
    del backtest
    known = np.concatenate([one[~np.isnan(one)] for one in ratios])
    low, high = min(0.5, float(np.quantile(known, 0.02))), max(1.5, float(np.quantile(known, 0.98)))
    edges = np.linspace(low, min(high, 4.0), _BINS + 1)
    middle = (edges[1:] + edges[:-1]) / 2
    traces: list[Trace] = [
        {
            "type": "bar",
            "name": label(one.name),
            "x": numbers(middle),
            "y": np.histogram(np.clip(ratio[~np.isnan(ratio)], edges[0], edges[-1]), edges)[0].tolist(),
            "marker": {"color": colour(place, 0.75), "line": {"width": 0}},
            "hovertemplate": "%{fullData.name}: %{y} series near %{x:.2f}<extra></extra>",
            "visible": True if place == 0 else "legendonly",
        }
        for place, (one, ratio) in enumerate(zip(outcomes, ratios, strict=True))
    ]
    return Figure(
        "skill",
        "Skill by series",
        f"{caption} The first and last bar count what lies beyond them, too. Click a model in the legend to add it.",
        traces,
        layout(
            x=axis("relative error"),
            y=axis("series", rangemode="tozero"),
            height=height(len(outcomes)),
            barmode="overlay",
            bargap=0.05,
            showlegend=True,
            shapes=[guide(x0=1, x1=1, y0=0, y1=1, yref="paper")],
        ),
    )


def _ratio_range(ratios: Sequence[Floats]) -> dict[str, object]:
    """Give a linear axis from zero, or a logarithmic one where the largest would hide the rest."""
    known = np.concatenate([one[~np.isnan(one)] for one in ratios])
    if known.min() > 0 and known.max() > 8:
        return {"type": "log", "dtick": 1}
    return {"range": [0, 1.08 * max(1.0, float(known.max()))]}
