"""Section What if of page Analysis: the forecast of a changed history beside that of the history as it is."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from nettide.arrays import Floats
from nettide.errors import NettideError, OptionError
from nettide.insight.what_if import what_if
from nettide.occasions import KINDS
from nettide.panel import Panel
from nettide.studio.analysis_answers import Job, answered
from nettide.studio.charts import Band, Line, time_figure
from nettide.studio.forecast_command import command, show_command
from nettide.studio.forecast_model import InUse, fresh_pair
from nettide.studio.forecast_results import edges
from nettide.studio.remembered import kept
from nettide.studio.session import look_key
from nettide.studio.side_bar import chart_zone
from nettide.studio.theme import LINES
from nettide.studio.words import plain
from nettide.studio.workspace import DataSet
from nettide.tasks.what_if import WhatIfResult, answers
from nettide.tasks.what_if_text import parse_changes
from nettide.tasks.what_if_words import COLUMNS, answer_row, what_if_sentences

_KINDS = {
    "scale": "Multiply a channel",
    "shift": "Add to a channel",
    "growth": "Let a channel grow",
    "remove": "Remove a holiday or event",
    "add": "Add a holiday or event",
}
_AMOUNTS = {"scale": ("Factor", "1.5"), "shift": ("Amount", "-5M"), "growth": ("Percent a month", "10%")}
_CHANGES = "what-if.changes"
_MOST_ROWS = 200
_FEWEST_PAST = 72
_ACTUAL = "#8592a3"


def show_what_if(chosen: InUse, data: DataSet, panel: Panel, row: int) -> None:
    """Show the section."""
    changes: list[tuple[str, str]] = st.session_state.setdefault(_CHANGES, [])
    with st.container(border=True):
        _new_change(panel, data)
        for place, (kind, text) in enumerate(changes):
            first, second = st.columns([6, 1], vertical_alignment="center")
            first.text(f"{_KINDS[kind]}: {text}")
            second.button(
                "Drop",
                key=f"what-if.drop.{place}",
                on_click=_drop,
                args=(place,),
                icon=":material/close:",
                width="stretch",
            )
    since, until, alone = _span(panel, row)
    if not changes:
        st.info(
            "Add a change, such as a channel times 1.5 in the last day, to see what the model would forecast then.",
            icon=":material/info:",
        )
        return
    asked = st.button("Compare the forecasts", type="primary", icon=":material/play_arrow:", key="what-if.ask")
    options = [word for kind, text in changes for word in (f"--{kind}", text)]
    options += ["--since", since] if since else []
    options += ["--until", until] if until else []
    options += ["--series", panel.ids[row]] if alone else []
    series = (panel.ids[row],) if alone else ()

    def work(job: Job) -> WhatIfResult:
        texts = {name: [text for kind, text in changes if kind == name] for name in _KINDS}
        meant = parse_changes(**texts, since=since or None, until=until or None, series=series, zone=data.reading.zone)
        both = fresh_pair(chosen, panel)
        found = what_if(
            both.model, panel, meant, horizon=both.horizon,
            told=lambda place, count: job.tell(f"Making forecast {place} of {count}", (place - 1) / count),
        )  # fmt: skip
        return WhatIfResult(found, panel, both.name, tuple(one.sentence for one in found.effects if one.sentence))

    try:
        key = (chosen.key, look_key(data), *options)
        done = answered(WhatIfResult, key, asked=asked, work=work, waiting="Forecasting both")
    except NettideError as error:
        st.error(plain(str(error)), icon=":material/error:")
        return
    if done.answer is not None:
        _show(done.answer, row)
    elif not done.going:
        st.info("Press the button to compare both forecasts.", icon=":material/info:")
    show_command(command("what-if", data, options, model=chosen))


def _new_change(panel: Panel, data: DataSet) -> None:
    first, second, third, fourth = st.columns([2, 2, 2, 1], vertical_alignment="bottom")
    kind = first.selectbox("Change", list(_KINDS), format_func=_KINDS.__getitem__, **kept("what-if.kind", "scale"))
    text = ""
    if kind in _AMOUNTS:
        names = [one.name for one in panel.channels]
        channel = second.selectbox("Channel", names, **kept("what-if.channel", names[0], among=names))
        label, example = _AMOUNTS[kind]
        amount = third.text_input(label, **kept(f"what-if.{kind}", example))
        text = f"{channel}={amount.strip()}"
    elif kind == "remove":
        known = sorted({one.kind for one in panel.occasions} | {one.name for one in panel.occasions if one.name})
        if known:
            text = str(second.selectbox("Holiday or event", known, **kept("what-if.remove", known[0], among=known)))
        else:
            second.caption("No holidays and no events are known of this data.")
    else:
        text = _occasion(panel, second, third)
    fourth.button(
        "Add", key="what-if.add", icon=":material/add:", width="stretch", disabled=not text, on_click=_add,
        args=(kind, text, data.reading.zone),
    )  # fmt: skip
    if failed := st.session_state.pop("what-if.failed", None):
        st.error(plain(failed), icon=":material/error:")


def _occasion(panel: Panel, where: DeltaGenerator, beside: DeltaGenerator) -> str:
    """Ask for an occasion; the first step after the data is where a forecast shows what it does."""
    kind = where.selectbox("Kind", KINDS, **kept("what-if.add-kind", KINDS[0], among=KINDS))
    zone = ZoneInfo(chart_zone())
    begins = datetime.fromtimestamp(int(panel.seconds[-1]) + panel.step_seconds, zone).replace(tzinfo=None)
    least, most = _bounds(panel)
    if kind == "holiday":
        day = beside.date_input(
            "Day", None, **kept("what-if.day", begins.date()), min_value=least.date(), max_value=most.date()
        )
        return f"holiday={day.isoformat()}" if isinstance(day, date) else ""
    begins = begins.replace(second=0, microsecond=0)
    start = beside.datetime_input(
        f"From ({zone.key})", None, **kept("what-if.from", begins), min_value=least, max_value=most
    )
    hours = beside.number_input("Hours", 0.25, 24.0 * 31, step=1.0, **kept("what-if.hours", 4.0))
    if start is None:
        return ""
    end = start + timedelta(hours=hours)
    return f"{kind}={_utc(start, zone)}/{_utc(end, zone)}"


def _add(kind: str, text: str, zone: str) -> None:
    changes: list[tuple[str, str]] = st.session_state.setdefault(_CHANGES, [])
    try:
        if (kind, text) in changes:
            raise OptionError(f"{text} is among the changes already")
        parse_changes(**{kind: [text]}, zone=zone)  # type: ignore[arg-type]  # the kinds are its names
    except NettideError as error:
        st.session_state["what-if.failed"] = str(error)
    else:
        changes.append((kind, text))


def _drop(place: int) -> None:
    st.session_state[_CHANGES].pop(place)


def _span(panel: Panel, row: int) -> tuple[str, str, bool]:
    """Ask what part of the history is changed; gives times in UTC as the command line takes them, empty for none."""
    zone = ZoneInfo(chart_zone())
    first, last = (datetime.fromtimestamp(int(panel.seconds[place]), zone) for place in (0, -1))
    begins = max(first, last - timedelta(seconds=max(86_400, 24 * panel.step_seconds))).replace(tzinfo=None)
    columns = st.columns(3, vertical_alignment="bottom")
    least, most = _bounds(panel)
    since = columns[0].datetime_input(
        f"Changed from ({zone.key})", None, **kept("what-if.since", begins.replace(second=0)), min_value=least,
        max_value=most,
        help="Of a window that is changed as a whole the model sees nothing new: it scales each by itself.",
    )  # fmt: skip
    until = columns[1].datetime_input(
        f"up to ({zone.key})", value=None, **kept("what-if.until", None), min_value=least, max_value=most,
        help="Empty for the end of the data.",
    )  # fmt: skip
    alone = False
    if len(panel.series) > 1:
        alone = columns[2].toggle(plain(f"Only {panel.ids[row]}"), **kept("what-if.alone", False))
    texts = [_utc(one, zone) if isinstance(one, datetime) else "" for one in (since, until)]
    return texts[0], texts[1], alone


def _bounds(panel: Panel) -> tuple[datetime, datetime]:
    """Give the wall-clock times between which a choice lies, whatever the zone."""
    first, last = (datetime.fromtimestamp(int(panel.seconds[place]), UTC) for place in (0, -1))
    least, most = (datetime.combine(one.date(), time()) for one in (first, last))
    return least - timedelta(days=2), most + timedelta(days=400)


def _utc(wall: datetime, zone: ZoneInfo) -> str:
    moment = wall.replace(tzinfo=zone).astimezone(UTC)
    return moment.strftime("%Y-%m-%dT%H:%MZ" if not moment.second else "%Y-%m-%dT%H:%M:%SZ")


def _show(done: WhatIfResult, row: int) -> None:
    headline, *rest = what_if_sentences(done)
    st.markdown(f"**{plain(headline)}**")
    for note in done.notes:
        st.warning(plain(note), icon=":material/warning:")
    found, panel, zone = done.found, done.panel, chart_zone()
    before, after, unit = found.before, found.after, found.before.units[row]
    past = min(panel.steps, max(_FEWEST_PAST, 3 * before.horizon))
    seconds, ahead = panel.seconds[-past:], before.seconds[0]
    lines = [Line("history", seconds, panel.target[row, -past:], _ACTUAL)]
    changed = found.changed.target[row, -past:]
    same = (changed == panel.target[row, -past:]) | np.isnan(changed)
    if not same.all():
        lines.append(Line("history, changed", seconds, np.where(same, np.nan, changed), LINES[1], "dot"))
    bands = []
    for number, (name, made) in enumerate((("as it is", before), ("changed", after))):
        low, high = edges(made)
        lines.append(Line(f"forecast, {name}", ahead, made.point[row, 0], LINES[number]))
        if not np.isnan(low[row]).all():
            bands.append(Band(f"80 % band, {name}", ahead, low[row, 0], high[row, 0], LINES[number]))
    marks = [(int(seconds[-1]) + panel.step_seconds // 2, "now")]
    name = panel.channels[0].name
    figure = time_figure(lines, unit=unit, name=name, zone=zone, bands=bands, marks=marks)
    st.plotly_chart(figure, key="what-if.chart")
    st.markdown("**Difference**: changed less as it is")
    by_step = found.by_step
    parts: list[Floats] = [by_step.point[row], by_step.low[row], by_step.high[row]]
    around = [] if np.isnan(parts[1]).all() else [Band("with the same luck", ahead, parts[1], parts[2], LINES[2])]
    figure = time_figure(
        [Line("difference", ahead, parts[0], LINES[2])],
        unit=unit,
        name="difference",
        zone=zone,
        bands=around,
        height=280,
        slider=False,
    )
    st.plotly_chart(figure, key="what-if.difference")
    moved = sorted(answers(found), key=lambda one: -np.nan_to_num(abs(one.difference), nan=-1.0))
    rows = [answer_row(one) for one in moved[:_MOST_ROWS]]
    st.dataframe(pd.DataFrame(rows, columns=list(COLUMNS)), hide_index=True, key="what-if.table")
    for sentence in rest:
        st.caption(plain(sentence))
