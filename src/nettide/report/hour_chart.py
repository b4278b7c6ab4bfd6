"""The chart of coverage by hour of day."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from nettide.backtest.coverage import BAND_SHARE, LEAST_POINTS, Coverage, band_rows
from nettide.backtest.evaluate import Outcome
from nettide.report.drawing import Figure, Trace, axis, colour, guide, height, label, layout, line, numbers, shortened

_FEWEST_HOURS = 12


def hour_figure(coverages: Sequence[Coverage], outcomes: Sequence[Outcome]) -> Figure | None:
    """Draw the coverage of the 80 % band by local hour of day; None where few hours have enough points.

    Args:
        coverages: of all models.
        outcomes: in the order of their colours.
    """
    traces: list[Trace] = []
    lowest, shaded = 0.5, ""
    for place, one in enumerate(outcomes):
        hours = [row for row in band_rows(coverages, model=one.name, kind="hour") if row.points >= LEAST_POINTS]
        if len(hours) < _FEWEST_HOURS:
            continue
        at = {int(row.group): row for row in hours}
        shares = np.array([at[hour].coverage if hour in at else np.nan for hour in range(24)])
        lowest = min(lowest, float(np.nanmin(shares)))
        if not traces and not np.isnan([row.low for row in hours]).any():
            traces.append(_hour_band(at, place))
            lowest = min(lowest, *(row.low for row in hours))
            shaded = f" The shade is the 95 % interval of {shortened(one.name)}."
        traces.append(
            {
                "type": "scatter",
                "mode": "lines+markers",
                "name": label(one.name),
                "legendgroup": f"model-{place}",
                "x": list(range(24)),
                "y": numbers(100 * shares),
                "line": line(place),
                "marker": {"size": 6, "color": colour(place)},
                "hovertemplate": "%{y:.1f} %",
            }
        )
    if not traces:
        return None
    return Figure(
        "hours",
        "80 % band by hour of day",
        f"Share of values inside the 80 % band by local hour; a band that holds stays at the dashed line.{shaded}",
        traces,
        layout(
            x=axis("local hour of day", dtick=3, range=[-0.5, 23.5]),
            y=axis("values inside", ticksuffix=" %", range=[max(0.0, 100 * lowest - 5), 101]),
            height=height(len(outcomes)),
            hovermode="x unified",
            shapes=[guide(x0=0, x1=1, xref="paper", y0=100 * BAND_SHARE, y1=100 * BAND_SHARE)],
        ),
    )


def _hour_band(at: Mapping[int, Coverage], place: int) -> Trace:
    """Draw the intervals of a model's coverage as an area: forth along its top, back along its bottom."""
    hours = sorted(at)
    return {
        "type": "scatter",
        "mode": "lines",
        "fill": "toself",
        "fillcolor": colour(place, 0.15),
        "line": {"width": 0},
        "x": [*hours, *hours[::-1]],
        "y": numbers(100 * np.array([*(at[hour].high for hour in hours), *(at[hour].low for hour in hours[::-1])])),
        "legendgroup": f"model-{place}",
        "showlegend": False,
        "hoverinfo": "skip",
    }
