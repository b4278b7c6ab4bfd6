"""The second part of page Data: verdict, preview, statistics and charts of the data in use."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import streamlit as st

from nettide.arrays import Floats
from nettide.errors import NettideError
from nettide.panel import Panel
from nettide.prepare.periods import nominal_periods
from nettide.prepare.quality import Verdict
from nettide.studio.charts import Line, autocorrelation_figure, local_times, time_figure, week_figure
from nettide.studio.data_occasions import occasions_form
from nettide.studio.data_reading import reading_form
from nettide.studio.forecast_command import command, show_command
from nettide.studio.remembered import kept, kept_tab
from nettide.studio.session import look_at, look_key, workspace
from nettide.studio.side_bar import chart_zone
from nettide.studio.theme import JUDGEMENT_COLOURS
from nettide.studio.words import plain, value_text
from nettide.studio.workspace import DataSet
from nettide.tasks.describe import Statistics, autocorrelation, statistics, usual_week
from nettide.tasks.look import Look
from nettide.units import step_text

_ROWS_SHOWN, _SERIES_SHOWN = 500, 200
_SPANS = {"All": None, "90 d": 90, "30 d": 30, "7 d": 7, "1 d": 1}
_DAY, _KEPT = 86_400, 200
_BOXES = {"fit to forecast": st.success, "with care": st.warning, "not": st.error}
_JUDGED = {"fit to forecast": "fit to forecast", "with care": "with care", "not": "not fit to forecast"}
_ICONS = {"fit to forecast": ":material/check_circle:", "with care": ":material/warning:", "not": ":material/block:"}


def show_data() -> None:
    """Show the data in use, or what to do where there is none."""
    data = workspace().data()
    if data is None:
        st.info("There is no data yet: make some traffic, or bring your own.", icon=":material/info:")
        return
    st.divider()
    st.subheader(plain(data.name), anchor=False)
    try:
        seen = look_at(data)
    except NettideError as error:
        st.error(plain(str(error)), icon=":material/error:")
        if data.kind != "synthetic":
            reading_form(data, expanded=True)
        occasions_form(data, None, expanded=len(data.files) > 1)  # it may be such a file that cannot be read
        return
    _verdict(seen.verdict)
    if data.kind != "synthetic":
        reading_form(data, expanded=bool(seen.trouble))
    occasions_form(data, seen.panel)
    if seen.panel is None:
        st.error(plain(seen.trouble), icon=":material/error:")
        return
    _notes(seen)
    _series(data, seen.panel)


def _verdict(verdict: Verdict) -> None:
    counts = {name: count for name, count in verdict.counts().items() if count}
    worst = next(name for name in ("not", "with care", "fit to forecast") if name in counts)
    words = ", ".join(f"{count:,} {_JUDGED[name]}" for name, count in counts.items())
    what = f"{len(verdict.series):,} series" if len(verdict.series) > 1 else "1 series"
    _BOXES[worst](
        plain(f"{what}, {verdict.rows:,} rows, step {step_text(verdict.step_seconds)}: {words}"), icon=_ICONS[worst]
    )
    shown = verdict.worst_first()[:_SERIES_SHOWN]
    table = pd.DataFrame(
        {
            "series": [one.id for one in shown],
            "verdict": [_JUDGED[one.judgement] for one in shown],
            "from": [one.figures.first[:10] for one in shown],
            "to": [one.figures.last[:10] for one in shown],
            "missing": [f"{one.figures.missing:.1%}" for one in shown],
            "daily cycle": [_strength(one.figures.daily_strength) for one in shown],
            "weekly cycle": [_strength(one.figures.weekly_strength) for one in shown],
            "why": ["; ".join(found.text for found in one.findings) or "nothing to remark" for one in shown],
        }
    )
    styled = table.style.map(lambda word: f"color: {_css(word)}; font-weight: 600", subset=["verdict"])
    st.dataframe(styled, hide_index=True, height=min(36 * len(shown) + 38, 260), key="view.verdict")
    if len(verdict.series) > len(shown):
        st.caption(f"The {len(shown)} worst of {len(verdict.series):,} series.")


def _css(judged: str) -> str:
    judgement = next(name for name, words in _JUDGED.items() if words == judged)
    return JUDGEMENT_COLOURS[judgement]


def _strength(value: float) -> str:
    return "–" if np.isnan(value) else f"{value:.2f}"


def _notes(seen: Look) -> None:
    if seen.notes:
        with st.expander(f"{len(seen.notes)} remarks on reading it", icon=":material/notes:"):
            for note in seen.notes:
                st.text(note)


def _series(data: DataSet, panel: Panel) -> None:
    zone, key = chart_zone(), look_key(data)
    first, second, third = st.columns([2, 3, 3], vertical_alignment="bottom")
    row = first.selectbox(
        "Series",
        range(len(panel.series)),
        format_func=panel.ids.__getitem__,
        **kept("view.series", 0, among=range(len(panel.series))),
    )
    names = [one.name for one in panel.channels]
    channels = second.multiselect("Channels", names, **kept("view.channels", names[:1], among=names))
    days = panel.steps * panel.step_seconds / _DAY
    spans = [name for name, most in _SPANS.items() if most is None or most < days]
    span = third.segmented_control(
        "Last", spans, required=True, **kept("view.span", "All", among=spans), help="Draws this part in full detail."
    )
    _plots(panel, row, channels, zone, _SPANS[span or "All"])
    left, right = st.columns(2)
    channel = names.index(channels[0]) if channels else 0
    unit, name = _unit(panel, row, channel), names[channel]
    with left:
        st.markdown(f"**The usual week** of {plain(name)}")
        means = _week(key, row, channel, zone, panel)
        st.plotly_chart(week_figure(means, unit=unit, name=name, zone=zone), key="view.week")
    with right:
        st.markdown(f"**Autocorrelation** of {plain(name)}", help="How alike the values are so long apart.")
        periods = nominal_periods(panel)
        most = min(panel.steps - 1, 2 * periods.week if periods.day > 1 else 60)
        lags = _lags(key, row, channel, most, panel)
        marks = [(periods.day, "day"), (periods.week, "week")] if periods.day > 1 else [(periods.week, "week")]
        figure = autocorrelation_figure(lags, step_seconds=panel.step_seconds, marks=marks)
        st.plotly_chart(figure, key="view.lags")
    _tables(key, panel, row, zone)
    lines = ["# makes the same traffic", data.command, ""] if data.command else []
    show_command("\n".join([*lines, "# tells its quality", command("check", data)]))


def _unit(panel: Panel, row: int, channel: int) -> str:
    return panel.units[row] if channel == 0 else panel.channels[channel].unit


def _plots(panel: Panel, row: int, channels: Sequence[str], zone: str, last_days: int | None) -> None:
    if not channels:
        st.info("Choose a channel to draw.", icon=":material/info:")
        return
    names = [one.name for one in panel.channels]
    begin = 0 if last_days is None else max(0, panel.steps - last_days * _DAY // panel.step_seconds)
    seconds = panel.seconds[begin:]
    by_unit: dict[str, list[int]] = {}
    for channel in channels:
        by_unit.setdefault(_unit(panel, row, names.index(channel)), []).append(names.index(channel))
    for unit, places in by_unit.items():
        lines = [Line(names[place], seconds, panel.values[row, begin:, place]) for place in places]
        name = names[places[0]] if len(places) == 1 else "value"
        figure = time_figure(lines, unit=unit, name=name, zone=zone, height=400 if len(by_unit) == 1 else 300)
        st.plotly_chart(figure, key=f"view.time.{unit}")


def _tables(key: str, panel: Panel, row: int, zone: str) -> None:
    names = ["Statistics", "Preview"]
    first, second = st.tabs(names, key=kept_tab("view.tab", names), on_change="rerun")
    with first:
        table = pd.DataFrame(
            {
                "channel": one.channel,
                "known": f"{one.known:,}",
                "missing": f"{one.missing:.1%}",
                **{words: value_text(value, one.unit) for words, value in _figures(one)},
            }
            for one in _statistics(key, row, panel)
        )
        st.dataframe(table, hide_index=True, key="view.statistics")
    with second:
        shown = min(panel.steps, _ROWS_SHOWN)
        values = {one.name: panel.values[row, :shown, place] for place, one in enumerate(panel.channels)}
        times = local_times(panel.seconds[:shown], zone)
        st.dataframe(pd.DataFrame({f"time ({zone})": times, **values}), hide_index=True, height=300, key="view.preview")
        if shown < panel.steps:
            st.caption(f"The first {shown:,} of {panel.steps:,} steps.")


@st.cache_resource(max_entries=_KEPT, show_spinner=False)
def _statistics(key: str, row: int, _panel: Panel) -> tuple[Statistics, ...]:
    del key  # stands for the panel, which is not hashed
    return statistics(_panel, row)


@st.cache_resource(max_entries=_KEPT, show_spinner=False)
def _week(key: str, row: int, channel: int, zone: str, _panel: Panel) -> Floats:
    del key
    return usual_week(_panel, row, channel=channel, zone=zone)


@st.cache_resource(max_entries=_KEPT, show_spinner=False)
def _lags(key: str, row: int, channel: int, most_lag: int, _panel: Panel) -> Floats:
    del key
    return autocorrelation(_panel.values[row, :, channel], most_lag=most_lag)


def _figures(one: Statistics) -> tuple[tuple[str, float], ...]:
    return (
        ("mean", one.mean),
        ("std. deviation", one.deviation),
        ("smallest", one.least),
        ("median", one.median),
        ("95 % below", one.high),
        ("largest", one.most),
    )
