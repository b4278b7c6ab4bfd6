"""Section Errors of page Analysis: where and when forecasts of the test part err, and what the errors look like."""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
import pandas as pd
import streamlit as st

from nettide.arrays import Floats
from nettide.errors import NettideError
from nettide.insight.residuals import (
    Autocorrelation,
    ErrorParts,
    Histogram,
    Moments,
    autocorrelation,
    error_by_hour,
    error_by_step,
    histogram,
    moments,
    rolling_mse,
)
from nettide.panel import Panel
from nettide.prepare.calendar import DAY_SECONDS, WEEK_SECONDS
from nettide.prepare.periods import nominal_periods
from nettide.studio.analysis_charts import histogram_figure, hour_figure, memory_figure, step_figure
from nettide.studio.charts import PREFIXES, Line, time_figure
from nettide.studio.forecast_command import show_command
from nettide.studio.forecast_model import InUse, same_data
from nettide.studio.forecast_results import Joined, joined, tested_series
from nettide.studio.forecast_scores import squared_text
from nettide.studio.navigation import path_of
from nettide.studio.remembered import kept
from nettide.studio.side_bar import chart_zone
from nettide.studio.theme import LINES
from nettide.studio.words import BARE_UNITS, plain, prefixed, value_text
from nettide.studio.workspace import DataSet
from nettide.tasks.plan_text import backtest_command

_MOST_LAGS, _FEW = 600, 60
_WINDOWS = {"1 day": DAY_SECONDS, "1 week": WEEK_SECONDS}
_UNSURE = 0.05
_KEPT = 40
_LEVELS = (0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99)


@dataclass(frozen=True, slots=True, eq=False)
class Errors:
    """What is shown of the errors of a model on one series.

    Args:
        joined: forecasts one after the other.
        shape: moments of the errors.
        bars: their histogram.
        by_step: errors of each step ahead.
        by_hour: errors of each hour of the local day.
        memory: their autocorrelation; None with too few.
        rolling: mean square of the last ``window`` steps, shape (time,).
        window: steps.
    """

    joined: Joined
    shape: Moments
    bars: Histogram
    by_step: ErrorParts
    by_hour: ErrorParts
    memory: Autocorrelation | None
    rolling: Floats
    window: int


def show_errors(chosen: InUse, data: DataSet, panel: Panel, row: int) -> None:
    """Show the section."""
    run = chosen.run
    if run is None or not same_data(run, data):
        st.info(
            "Errors are those of a test part, and this model was not tested on this data. Train and test one, or "
            "choose the model of a run on this data above.",
            icon=":material/info:",
        )
        st.page_link(path_of("model.py"), label="Choose a model to train", icon=":material/tune:")
        return
    try:
        names = list(tested_series(run, panel.ids[row]).forecasts)
    except NettideError as error:
        st.error(plain(str(error)), icon=":material/error:")
        return
    own = run.plan.model if run.plan.model in names else names[0]
    first, second = st.columns(2, vertical_alignment="bottom")
    model = first.segmented_control("Errors of", names, required=True, **kept("errors.model", own, among=names))
    windows = _windows(panel)
    name = second.segmented_control(
        "Rolling over",
        list(windows),
        required=True,
        **kept("errors.window", next(iter(windows)), among=list(windows)),
    )
    zone, unit = chart_zone(), panel.units[row]
    stamp = (run.result / "forecasts.parquet").stat().st_mtime_ns
    found = _errors(
        f"{run.folder} {stamp}", panel.ids[row], model or own, windows[name or next(iter(windows))], zone, run
    )
    if not found.shape.count:
        st.info("Nothing is known of this series in the test part, so nothing can be compared.", icon=":material/info:")
        return
    _words(found, unit, model or own)
    _draw(found, panel, unit=unit, zone=zone)
    _statistics(found, unit)
    show_command(
        "# writes forecasts.parquet with truth and forecast of each step\n"
        + backtest_command(data.location, data.reading, run.plan, out="result")
    )


def _windows(panel: Panel) -> dict[str, int]:
    found = {name: panel.steps_per(seconds) for name, seconds in _WINDOWS.items()}
    return {name: steps for name, steps in found.items() if 1 < steps < panel.steps} or {"10 steps": 10}


@st.cache_resource(max_entries=_KEPT, show_spinner="Looking at the errors …")
def _errors(key: str, id: str, model: str, window: int, zone: str, _run: object) -> Errors:
    del key
    tested = tested_series(_run, id)  # type: ignore[arg-type]  # a Run, which is no part of the key
    one = joined(tested, model)
    residuals = one.residuals
    forecast = tested.forecasts[model]
    each = tested.truth - forecast.point[0]  # (cutoff, horizon)
    day = max(1, DAY_SECONDS // forecast.step_seconds)
    lags = min(len(residuals) - 1, _MOST_LAGS, max(2 * day, day + forecast.horizon, _FEW))
    return Errors(
        joined=one,
        shape=moments(residuals),
        bars=histogram(residuals),
        by_step=error_by_step(each),
        by_hour=error_by_hour(residuals, one.seconds, zone=zone),
        memory=autocorrelation(residuals, lags=lags) if lags >= 1 else None,
        rolling=rolling_mse(residuals, window=window),
        window=window,
    )


def _words(found: Errors, unit: str, model: str) -> None:
    """Say in a few sentences what the errors tell."""
    shape, said = found.shape, []
    known = found.joined.residuals[~np.isnan(found.joined.residuals)]
    if shape.count > 1 and shape.deviation > 0:
        sure = 1.96 * shape.deviation / math.sqrt(shape.count)
        if abs(shape.bias) > max(sure, 0.1 * float(np.abs(known).mean())):
            low = "low" if shape.bias > 0 else "high"
            said.append(f"{model} forecasts too {low}, by {value_text(abs(shape.bias), unit)} on average.")
        else:
            said.append(f"{model} is neither too high nor too low on average.")
        if shape.excess_kurtosis > 1:
            said.append("Large errors are more common than a normal distribution has them.")
    if found.memory is not None:
        said.append(memory_words(found.memory, count=shape.count, horizon=int(found.joined.step.max())))
    st.text(" ".join(said))


def memory_words(memory: Autocorrelation, *, count: int, horizon: int) -> str:
    """Say whether errors go together that are a horizon or more apart; empty where nothing can be said.

    Errors of one forecast go together by nature, so only those of different forecasts tell of something left to
    learn. Their correlations vary by Bartlett's formula; the limit is for all lags that are looked at together.
    """
    near, far = memory.values[: horizon - 1], memory.values[horizon - 1 :]
    if not np.isfinite(far).any():
        return ""
    spread = math.sqrt((1 + 2 * float(np.nansum(near**2))) / count)
    limit = NormalDist().inv_cdf(1 - _UNSURE / (2 * int(np.isfinite(far).sum()))) * spread
    place = int(np.nanargmax(np.abs(far)))
    if abs(far[place]) <= limit:
        return "Errors of different forecasts do not go together: nothing more can be learned from them."
    return (
        f"Errors {horizon + place:,} steps apart go together (correlation {far[place]:+.2f}), though of different "
        "forecasts: there is something left to learn."
    )


def _draw(found: Errors, panel: Panel, *, unit: str, zone: str) -> None:
    one, step = found.joined, panel.step_seconds
    st.markdown("**Errors over time**: actual less predicted; above zero the forecast was too low")
    line = Line("error", one.seconds, one.residuals)
    figure = time_figure([line], unit=unit, name="error", zone=zone, height=340, slider=False)
    st.plotly_chart(figure, key="errors.time")
    left, right = st.columns(2)
    with left:
        st.markdown("**By step ahead**")
        st.plotly_chart(step_figure(found.by_step, step_seconds=step, unit=unit), key="errors.step")
        st.markdown("**Histogram**, beside a normal distribution")
        st.plotly_chart(histogram_figure(found.bars, unit=unit), key="errors.histogram")
    with right:
        st.markdown("**By hour of the day**")
        if step < DAY_SECONDS:
            st.plotly_chart(hour_figure(found.by_hour, unit=unit, zone=zone), key="errors.hour")
        else:
            st.caption("Steps of a day have no hours.")
        st.markdown("**Autocorrelation**; between the dashed lines errors remember nothing")
        if found.memory is not None:
            periods = nominal_periods(panel)
            marks = [(lag, name) for lag, name in ((periods.day, "day"), (periods.week, "week")) if lag > 1]
            st.plotly_chart(memory_figure(found.memory, step_seconds=step, marks=marks), key="errors.memory")
    st.markdown(f"**Rolling MSE** over {found.window:,} steps")
    values, squared = squared_axis(found.rolling, unit)
    line = Line("rolling MSE", one.seconds, values, LINES[3])
    figure = time_figure([line], unit=squared, name="MSE", zone=zone, height=280, slider=False)
    st.plotly_chart(figure, key="errors.rolling")


def _statistics(found: Errors, unit: str) -> None:
    shape = found.shape
    mse = float(np.nanmean(found.joined.residuals**2))
    st.markdown("**Statistics of the errors**")
    left, right = st.columns(2)
    rows = [
        ("known errors", f"{shape.count:,}"),
        ("mean (bias)", value_text(shape.bias, unit)),
        ("standard deviation", value_text(shape.deviation, unit)),
        ("mean square (MSE)", squared_text(mse, unit)),
        ("skewness (0 if normal)", _number(shape.skew)),
        ("excess kurtosis (0 if normal)", _number(shape.excess_kurtosis)),
    ]
    left.dataframe(pd.DataFrame(rows, columns=["figure", "value"]), hide_index=True, key="errors.moments")
    shown = [place for place, level in enumerate(shape.levels) if level in _LEVELS]
    right.dataframe(
        pd.DataFrame(
            {
                "below it": [f"{100 * shape.levels[place]:g} %" for place in shown],
                "error": [value_text(shape.quantiles[place], unit) for place in shown],
                "if normal": [value_text(shape.normal[place], unit) for place in shown],
            }
        ),
        hide_index=True,
        key="errors.quantiles",
    )


def squared_axis(values: Floats, unit: str) -> tuple[Floats, str]:
    """Give mean squares in the square of a prefixed unit, such as ``(Mbit/s)²``, so that an axis needs no other."""
    most = float(np.nanmax(values)) if values.size and not np.isnan(values).all() else 0.0
    factor, prefix = 1.0, ""
    if unit not in BARE_UNITS:
        factor, prefix = next(((size, sign) for size, sign in PREFIXES if math.sqrt(1000 * most) >= size), (1.0, ""))
    whole = prefixed(prefix, unit)
    return values / factor**2, f"({whole})²" if whole else ""


def _number(value: float) -> str:
    return "–" if math.isnan(value) else f"{value:+.2f}"
