"""Section Capacity of page Analysis: the day on which a link is full, with its chance."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import streamlit as st

from nettide.arrays import Ints
from nettide.errors import NettideError
from nettide.insight.capacity import FAN_LEVELS, Outlook
from nettide.insight.capacity_choice import MOST_HORIZON_DAYS, THRESHOLDS, CapacityChoice
from nettide.insight.capacity_days import WATCHED
from nettide.insight.capacity_words import now_text, outlook_text, percent, short_text, watched_text, why_not
from nettide.panel import Panel
from nettide.studio.analysis_answers import answered
from nettide.studio.analysis_remarks import show_remarks
from nettide.studio.charts import Band, Line, time_figure
from nettide.studio.forecast_command import command, show_command
from nettide.studio.remembered import kept
from nettide.studio.session import look_key
from nettide.studio.theme import LINES
from nettide.studio.words import plain
from nettide.studio.workspace import DataSet
from nettide.tasks.capacity import CapacityResult, capacity
from nettide.units import parse_quantity, si_text

_ACTUAL = "#8592a3"
_EDGES = ((0, 6, "90 % band"), (1, 5, "80 % band"), (2, 4, "50 % band"))
_MOST_ROWS = 200


def show_capacity(data: DataSet, panel: Panel, row: int) -> None:
    """Show the section."""
    st.caption("When each link reaches a share of its capacity to stay, by the trend of its days; no model is needed.")
    first, second, third, fourth = st.columns(4, vertical_alignment="bottom")
    known = panel.series[row].capacity or data.reading.capacity
    written = first.text_input(
        "Capacity", **kept("capacity.size", "" if known is None else si_text(known, digits=6).replace(" ", "")),
        placeholder="10G", help="Most that the link carries, in the unit of the data, as 10G; of all series.",
    ).strip()  # fmt: skip
    watched = second.selectbox("Watched of each day", WATCHED, **kept("capacity.watched", WATCHED[0], among=WATCHED))
    days = third.number_input("Days ahead", 1, MOST_HORIZON_DAYS, **kept("capacity.days", 180))
    thresholds = fourth.multiselect(
        "Thresholds (%)", [50.0, 60.0, 70.0, 80.0, 85.0, 90.0, 95.0, 100.0], format_func=lambda one: f"{one:g}",
        **kept("capacity.thresholds", list(THRESHOLDS)),
    )  # fmt: skip
    alone = len(panel.series) > 1 and st.toggle(plain(f"Only {panel.ids[row]}"), **kept("capacity.alone", True))
    asked = st.button("When is it full?", type="primary", icon=":material/play_arrow:", key="capacity.ask")
    if not written:
        st.info("Say how much the link carries, such as 10G, to see when it is full.", icon=":material/info:")
        return
    try:
        size = parse_quantity(written)
        choice = CapacityChoice(tuple(sorted(thresholds)), watched, int(days))
        series = panel.ids[row] if alone else None
        reading = replace(data.reading, capacity=size)
        done = answered(
            CapacityResult, (look_key(data), str(choice), str(size), str(series)), asked=asked,
            work=lambda _: capacity(data.location, reading, choice, series=series),
            waiting="Simulating the days to come",
        )  # fmt: skip
    except NettideError as error:
        st.error(plain(str(error)), icon=":material/error:")
        return
    if done.answer is not None:
        _show(done.answer, panel.ids[row])
    elif not done.going:
        st.info("Press the button to see when it is full.", icon=":material/info:")
    options = [word for one in choice.thresholds for word in ("--threshold", f"{one:g}")]
    options += ["--watch", watched, "--horizon", str(choice.horizon_days)]
    options += ["--series", panel.ids[row]] if alone else []
    show_command(command("capacity", replace(data, reading=reading), options))


def _show(done: CapacityResult, id: str) -> None:
    own = next((one for one in done.outlooks if one.id == id), None)
    if own is None:
        st.warning(plain(f"Nothing is known of the capacity of {id}."), icon=":material/warning:")
    else:
        st.markdown(f"**{plain(outlook_text(own, done.choice))}**")
        _fan(own, done.choice)
    rows = [_row(one) for one in done.outlooks[:_MOST_ROWS]]
    st.dataframe(pd.DataFrame(rows).fillna("–"), hide_index=True, key="capacity.table")
    st.caption(plain(f"Watched is {watched_text(done.choice)}. In brackets the chance within the days ahead."))
    show_remarks(done.notes)


def _row(one: Outlook) -> dict[str, str]:
    growth = "–" if np.isnan(one.growth_a_year) else f"{one.growth_a_year:+.0%} a year"
    told = {f"{crossing.threshold:g} %": short_text(crossing) for crossing in one.crossings}
    return {
        "series": one.id,
        "now": now_text(one),
        "used": percent(one.used),
        "growth": growth,
        **(told if one.state == "told" else {"why not": why_not(one)}),
    }


def _fan(one: Outlook, choice: CapacityChoice) -> None:
    fan = one.fan
    if fan is None:
        return
    past = _days(fan.first_day, len(fan.past))
    ahead = _days(fan.ahead_from, len(fan.ahead))
    bands = [Band(name, ahead, fan.ahead[:, low], fan.ahead[:, high], LINES[0]) for low, high, name in _EDGES]
    middle = FAN_LEVELS.index(0.5)
    lines = [Line("each day", past, fan.past, _ACTUAL), Line("median", ahead, fan.ahead[:, middle], LINES[0])]
    whole = np.array([past[0], ahead[-1]], dtype=np.int64)
    for crossing in one.crossings:
        level = np.full(2, crossing.level)
        lines.append(Line(f"{crossing.threshold:g} %", whole, level, LINES[4], "dash"))
    figure = time_figure(
        lines, unit=one.unit, name=choice.watched, zone="UTC", bands=bands, marks=[(int(ahead[0]), "now")]
    )
    figure.update_traces(mode="lines", selector={"line.dash": "dash"})  # no dots at the ends of thresholds
    figure.update_xaxes(title_text="day", tickformat="%Y-%m-%d")
    st.plotly_chart(figure, key="capacity.chart")


def _days(first: date, count: int) -> Ints:
    begin = int(np.datetime64(first, "D").astype("datetime64[s]").astype(np.int64))
    return begin + 86_400 * np.arange(count, dtype=np.int64)
