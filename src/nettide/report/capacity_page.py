"""The page of capacities: when each link is full, with its fan chart; one HTML file that needs no network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from nettide.arrays import Floats
from nettide.insight.capacity import FAN_LEVELS, Outlook
from nettide.insight.capacity_choice import CapacityChoice
from nettide.insight.capacity_words import crossing_text, now_text, percent, short_text, watched_text, why_not
from nettide.report.drawing import Figure, Trace, axis, colour, guide, label, layout, line, numbers, outlined
from nettide.report.page import fill
from nettide.units import si_text

MOST_FANS = 12
"""Series whose days are drawn, the most urgent ones."""
_BANDS = ((0, 6, 0.14), (1, 5, 0.18), (2, 4, 0.24))
_MIDDLE = 3


def render_capacity(
    outlooks: Sequence[Outlook],
    *,
    choice: CapacityChoice,
    title: str,
    notes: Sequence[str] = (),
    command: str = "",
    versions: Mapping[str, str] | None = None,
    made: str = "",
) -> str:
    """Give the page as one self-contained HTML text, under the same policy as the report of a backtest.

    Args:
        outlooks: in the order to show.
        choice: what was asked.
        title: usually the name of the data.
        notes: sentences about the data.
        command: how to repeat it.
        versions: name -> version of what took part.
        made: when the page was made.
    """
    drawn = [one for one in outlooks if one.fan is not None][:MOST_FANS]
    return fill(
        "capacity.html",
        title=title,
        headline=headline(outlooks, choice),
        remarks=[f"Watched is {watched_text(choice)}.", *notes],
        thresholds=[f"{one:g} %" for one in choice.thresholds],
        horizon=choice.horizon_days,
        rows=[_row(one, choice) for one in outlooks],
        figures=[fan_figure(one, choice, number=place) for place, one in enumerate(drawn)],
        command=command,
        versions=versions or {},
        made=made,
    )


def headline(outlooks: Sequence[Outlook], choice: CapacityChoice) -> str:
    """Say how many series are full, or likely to be within the horizon."""
    told = [one for one in outlooks if one.state == "told"]
    if not told:
        why = "every series is too short, silent or without recent readings"
        return f"No run-out date can be told: {why}.{_short_and_full(outlooks, choice)}"
    full = sum(one.crossings[-1].since is not None for one in told)
    likely = sum(one.crossings[-1].since is None and one.crossings[-1].probability >= 0.5 for one in told)
    return (
        f"{choice.thresholds[-1]:g} % of the capacity: {full:,} of {len(told):,} series {'is' if full == 1 else 'are'} "
        f"there already, {likely:,} more {'is' if likely == 1 else 'are'} likely to be within "
        f"{choice.horizon_days:,} days.{_short_and_full(outlooks, choice)}"
    )


def _short_and_full(outlooks: Sequence[Outlook], choice: CapacityChoice) -> str:
    """Name what is above the last threshold though its history is too short for a date."""
    full = [one.id for one in outlooks if one.state == "short" and 100 * one.used >= choice.thresholds[-1]]
    if not full:
        return ""
    more = f" and {len(full) - 3:,} more" if len(full) > 3 else ""
    are, their = ("is", "its") if len(full) == 1 else ("are", "their")
    return f" {', '.join(full[:3])}{more} {are} above it, too, though {their} history is too short for dates."


def _row(outlook: Outlook, choice: CapacityChoice) -> tuple[str, ...]:
    """Give the cells of a series."""
    front = (
        outlook.id,
        si_text(outlook.capacity, outlook.unit),
        percent(outlook.used),
        si_text(outlook.headroom, outlook.unit),
        f"{outlook.growth_a_year:+.0%}" if np.isfinite(outlook.growth_a_year) else "–",
    )
    if outlook.state != "told":
        return (*front, why_not(outlook), *[""] * (len(choice.thresholds) - 1))
    return (*front, *(short_text(one) for one in outlook.crossings))


def fan_figure(outlook: Outlook, choice: CapacityChoice, *, number: int) -> Figure:
    """Draw the days of a series, the fan of the days to come, and the thresholds.

    Args:
        outlook: with a fan.
        choice: what was asked.
        number: makes the figure's name in the page.
    """
    fan = outlook.fan
    assert fan is not None
    days = [fan.first_day.toordinal() + place for place in range(len(fan.past) + len(fan.ahead))]
    unknown: Floats = np.full(len(fan.past), np.nan)
    traces: list[Trace] = []
    for low, high, opacity in _BANDS:
        edges = (np.concatenate([unknown, fan.ahead[:, one]]) for one in (low, high))
        at, values = outlined(*edges)
        share = round(100 * (FAN_LEVELS[high] - FAN_LEVELS[low]))
        traces.append(
            {
                "type": "scatter",
                "mode": "lines",
                "fill": "toself",
                "fillcolor": colour(0, opacity),
                "line": {"width": 0},
                "at": at,
                "y": values,
                "name": f"{share} % of days inside",
                "hoverinfo": "skip",
            }
        )
    hover = f"%{{y:.4s}}{label(outlook.unit)}"
    middle = np.concatenate([unknown, fan.ahead[:, _MIDDLE]])
    past = np.concatenate([fan.past, np.full(len(fan.ahead), np.nan)])
    common = {"type": "scatter", "mode": "lines", "hovertemplate": hover}
    traces.append({**common, "name": "median", "y": numbers(middle), "line": line(0)})
    traces.append({**common, "name": "measured", "y": numbers(past), "line": {"color": "--ink", "width": 1.3}})
    now = fan.ahead_from.isoformat()
    marks = [_mark(now, 1, "now", yref="paper", xref="x")]
    shapes = [{"type": "line", "x0": now, "x1": now, "y0": 0, "y1": 1, "yref": "paper", "line": {"color": "--accent"}}]
    for crossing in outlook.crossings:
        shapes.append(guide(x0=0, x1=1, xref="paper", y0=crossing.level, y1=crossing.level))
        marks.append(_mark(0, crossing.level, f"{crossing.threshold:g} %", yref="y", xref="paper"))
    told = " ".join(
        f"{one.threshold:g} %: {crossing_text(one, horizon_days=choice.horizon_days)}." for one in outlook.crossings
    )
    top = max([outlook.crossings[-1].level, *past[np.isfinite(past)], float(fan.ahead[:, -2].max(initial=0.0))])
    return Figure(
        f"fan-{number}",
        outlook.id,
        f"{now_text(outlook)}. {told}",
        traces,
        layout(
            x=axis(type="date"),
            y=axis(label(outlook.unit), tickformat="~s", range=[0, 1.05 * top]),
            height=400,
            hovermode="x unified",
            margin={"l": 10, "r": 16, "t": 26, "b": 10},
            legend={"orientation": "h", "y": -0.14, "yanchor": "top", "x": 0},
            shapes=shapes,
            annotations=marks,
        ),
        [str(np.datetime64(day - _EPOCH, "D")) for day in days],
    )


_EPOCH = 719_163  # ordinal of 1970-01-01


def _mark(x: str | int, y: float, text: str, **refers: str) -> dict[str, object]:
    return {
        "x": x,
        "y": y,
        "text": text,
        "showarrow": False,
        "xanchor": "right" if refers["xref"] == "x" else "left",
        "yanchor": "top" if refers["yref"] == "paper" else "bottom",
        "font": {"color": "--accent" if refers["xref"] == "x" else "--muted"},
        **refers,
    }
