"""Page Forecast: actual against predicted over the test part and beyond the data, scores, and tables to download."""

from __future__ import annotations

import numpy as np
import pandas as pd
import streamlit as st

from nettide.errors import NettideError
from nettide.panel import Panel
from nettide.prepare.judgement import duration_text
from nettide.studio.analysis_answers import Job, answered
from nettide.studio.analysis_remarks import show_remarks
from nettide.studio.charts import Band, Line, axis_of, local_times, time_figure
from nettide.studio.empty import data_or_stop
from nettide.studio.forecast_command import command, show_command
from nettide.studio.forecast_download import downloads
from nettide.studio.forecast_model import (
    Future,
    InUse,
    choose_model,
    choose_series,
    fresh_future,
    future_of,
    is_quick,
    panel_or_stop,
    same_data,
)
from nettide.studio.forecast_results import TestedSeries, edges, joined, tested_series
from nettide.studio.forecast_scores import show_scores
from nettide.studio.remembered import kept
from nettide.studio.session import look_key
from nettide.studio.side_bar import chart_zone
from nettide.studio.theme import LINES
from nettide.studio.words import plain, value_text
from nettide.studio.workspace import DataSet
from nettide.tasks.plan_text import backtest_command

ACTUAL = "#8592a3"
"""Colour of what was measured, on either ground."""
_DAY = 86_400
_SPANS = {"1 d": 1, "3 d": 3, "7 d": 7, "30 d": 30, "90 d": 90}
_ALL, _TEST = "All", "Test part"
_LEAST_HORIZONS = 5
_ROWS_SHOWN = 1000


def show_forecast() -> None:
    """Show the page."""
    st.title("Forecast", anchor=False)
    data = data_or_stop()
    panel = panel_or_stop(data)
    if panel.steps < 2:
        st.info("The data has a single step; there is nothing to forecast from.", icon=":material/info:")
        return
    first, second = st.columns(2)
    with first:
        chosen = choose_model(data)
    with second:
        row = choose_series(panel)
    tested = _tested(chosen, data, panel, row)
    future = _future(chosen, data, panel)
    _chart(chosen, panel, row, tested, future)
    if tested is not None and chosen.run is not None:
        show_scores(chosen.run, tested, series=panel.ids[row], unit=panel.units[row], alone=len(panel.series) == 1)
    if tested is not None or future is not None:
        _table(chosen, panel, row, tested, future)
    _commands(chosen, data, panel)


def _tested(chosen: InUse, data: DataSet, panel: Panel, row: int) -> TestedSeries | None:
    """Give the test part of the model, or say why there is none."""
    if chosen.run is None:
        st.info(
            "This model has no test part here: train and test one on page Model to see how good it is on this data.",
            icon=":material/info:",
        )
        return None
    if not same_data(chosen.run, data):
        st.info(
            plain(f"{chosen.run.name} was tested on {chosen.run.data.name}, not on {data.name}: how good it is here ")
            + "is not known. Train one on this data on page Model.",
            icon=":material/info:",
        )
        return None
    try:
        return tested_series(chosen.run, panel.ids[row])
    except NettideError as error:
        st.error(plain(str(error)), icon=":material/error:")
        return None


def _future(chosen: InUse, data: DataSet, panel: Panel) -> Future | None:
    try:
        if is_quick(chosen, panel):
            return future_of(chosen, data, panel)
        label = f"Forecast all {len(panel.series):,} series"
        asked = st.button(label, type="primary", icon=":material/play_arrow:", key="forecast.ask")

        def work(_: Job) -> Future:
            return fresh_future(chosen, data, panel)

        found = answered(Future, (chosen.key, look_key(data)), asked=asked, work=work, waiting="Forecasting")
    except NettideError as error:
        st.error(plain(str(error)), icon=":material/error:")
        return None
    if found.answer is None and not found.going:
        st.caption("This model takes a while for so many series; it goes on while you look at other pages.")
    return found.answer


def _chart(chosen: InUse, panel: Panel, row: int, tested: TestedSeries | None, future: Future | None) -> None:
    first, second = st.columns(2, vertical_alignment="bottom")
    spans = _spans(panel, tested)
    horizon = 1 if future is None else future.forecast.horizon
    with first:
        span = st.segmented_control(
            "Show the last", list(spans), required=True,
            **kept("forecast.span", _usual_span(panel, spans, horizon), among=list(spans)),
            help="Draws this part of the data in full detail, and what comes after it.",
        )  # fmt: skip
    shown: list[str] = []
    model = "" if chosen.run is None else chosen.run.plan.model
    if tested is not None:
        others = [name for name in tested.forecasts if name != model]
        with second:
            shown = st.multiselect(
                "Beside it",
                others,
                **kept("forecast.beside", others[:1], among=others),
                help="Naive forecasts of the test part.",
            )
    begin = int(panel.seconds[-1]) + panel.step_seconds - spans[span or _ALL]
    first_shown = int(np.searchsorted(panel.seconds, begin))
    lines = [Line("actual", panel.seconds[first_shown:], panel.target[row, first_shown:], ACTUAL)]
    bands: list[Band] = []
    marks = [(int(panel.seconds[-1]) + panel.step_seconds // 2, "now")]
    if tested is not None:
        for number, name in enumerate(shown):
            one = joined(tested, name).since(begin)
            lines.append(Line(name, one.seconds, one.point, LINES[1 + number % (len(LINES) - 1)], "dot"))
        if model in tested.forecasts:
            one = joined(tested, model).since(begin)
            lines.append(Line(f"{model}, test part", one.seconds, one.point, LINES[0]))
            bands += _band("80 % band", one.seconds, one.low, one.high, LINES[0])
        if tested.first > begin:
            marks.append((tested.first - panel.step_seconds // 2, "test part"))
    if future is not None:
        made = future.forecast
        low, high = edges(made)
        lines.append(Line("forecast beyond the data", made.seconds[0], made.point[row, 0], LINES[2]))
        bands += _band("80 % band beyond", made.seconds[0], low[row, 0], high[row, 0], LINES[2])
    unit, zone = panel.units[row], chart_zone()
    name = panel.channels[0].name
    figure = time_figure(lines, unit=unit, name=name, zone=zone, bands=bands, marks=marks, height=480)
    st.plotly_chart(figure, key="forecast.chart")
    if future is not None:
        _said(future, panel, row)


def _spans(panel: Panel, tested: TestedSeries | None) -> dict[str, int]:
    """Give names of spans -> seconds before the end of the data."""
    whole = panel.steps * panel.step_seconds
    spans = {name: days * _DAY for name, days in _SPANS.items() if 2 * panel.step_seconds < days * _DAY < whole}
    if tested is not None:
        spans[_TEST] = int(panel.seconds[-1]) + panel.step_seconds - tested.first
    return {**spans, _ALL: whole}


def _usual_span(panel: Panel, spans: dict[str, int], horizon: int) -> str:
    """Give the shortest span beside which the forecast still is a good part of the chart."""
    least = _LEAST_HORIZONS * horizon * panel.step_seconds
    return next((name for name, seconds in spans.items() if seconds >= least and name != _TEST), _ALL)


def _band(name: str, seconds: np.ndarray, low: np.ndarray, high: np.ndarray, colour: str) -> list[Band]:
    return [] if np.isnan(low).all() else [Band(name, seconds, low, high, colour)]


def _said(future: Future, panel: Panel, row: int) -> None:
    made = future.forecast
    point = made.point[row, 0]
    if np.isnan(point).all():
        st.warning("Nothing can be forecast of this series: no value of it is known.", icon=":material/warning:")
    else:
        unit = panel.units[row]
        top = int(np.nanargmax(point))
        when = str(local_times(made.seconds[0, top : top + 1], chart_zone())[0])[:16].replace("T", " ")
        _, high = edges(made)
        most = "" if np.isnan(high[row, 0, top]) else f", under {value_text(high[row, 0, top], unit)} in 9 of 10 cases"
        st.text(
            f"{duration_text(made.horizon * made.step_seconds)} ahead: {value_text(float(np.nanmean(point)), unit)} on "
            f"average, most at {when} ({value_text(point[top], unit)}{most})"
        )
    show_remarks(future.notes)


def _table(chosen: InUse, panel: Panel, row: int, tested: TestedSeries | None, future: Future | None) -> None:
    st.subheader("Results", anchor=False)
    zone, unit = chart_zone(), panel.units[row]
    parts = []
    if future is not None:
        made = future.forecast
        low, high = edges(made)
        times = made.seconds[0]
        parts.append(
            ("beyond the data", times, np.full(len(times), np.nan), made.point[row, 0], low[row, 0], high[row, 0])
        )
    if tested is not None and chosen.run is not None and chosen.run.plan.model in tested.forecasts:
        one = joined(tested, chosen.run.plan.model)
        parts.append(("test part", one.seconds, one.truth, one.point, one.low, one.high))
    names = {"beyond the data": "Beyond the data", "test part": "Test part"}
    which = st.segmented_control(
        "Part", [names[one[0]] for one in parts], required=True, label_visibility="collapsed",
        **kept("forecast.part", names[parts[0][0]], among=[names[one[0]] for one in parts]),
    )  # fmt: skip
    _, seconds, truth, point, low_, high_ = next(one for one in parts if names[one[0]] == which)
    shown = slice(0, _ROWS_SHOWN)
    axis = axis_of([truth[shown], point[shown], high_[shown]], unit, "value")
    found = {"actual": truth, "predicted": point, "10 % lie below": low_, "90 % lie below": high_}
    found = {name: values for name, values in found.items() if not np.isnan(values).all()}
    if "actual" in found:
        found["error"] = truth - point
    suffix = f" ({axis.unit})" if axis.unit else ""
    columns = {f"{name}{suffix}": values[shown] / axis.factor for name, values in found.items()}
    config = dict.fromkeys(columns, st.column_config.NumberColumn(format="%.4g"))
    times = {f"time ({zone})": local_times(seconds[shown], zone)}
    table = pd.DataFrame({**times, **columns})
    st.dataframe(table, hide_index=True, height=300, key="forecast.table", column_config=config)
    more = f"The first {_ROWS_SHOWN:,} of {len(seconds):,} steps. " if len(seconds) > _ROWS_SHOWN else ""
    st.caption(f"{more}Downloads hold all series, in the unit of the data, times in UTC.")
    downloads(chosen, future if future is None else future.forecast, tested=tested is not None)


def _commands(chosen: InUse, data: DataSet, panel: Panel) -> None:
    options = ["--out", "forecast.csv"]
    if chosen.folder is None:
        from nettide.tasks.forecast import usual_horizon

        options = ["--horizon", str(usual_horizon(panel.step_seconds)), *options]
    lines = ["# forecasts all series beyond the data"]
    lines.append(command("forecast", data, options, model=chosen))
    if chosen.run is not None and same_data(chosen.run, data):
        lines += ["", "# trains and tests as the run did"]
        lines.append(backtest_command(data.location, data.reading, chosen.run.plan, out="result"))
    show_command("\n".join(lines))
