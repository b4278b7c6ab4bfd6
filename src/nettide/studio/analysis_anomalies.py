"""Section Anomalies of page Analysis: what lies outside the calibrated bands, how odd it is, and what labels say."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import streamlit as st

from nettide.arrays import Bools
from nettide.errors import NettideError
from nettide.insight.anomalies_scores import runs
from nettide.insight.anomalies_types import Anomalies, AnomalyConfig, Incident
from nettide.insight.anomalies_words import text_on_clock
from nettide.panel import Panel
from nettide.studio.analysis_answers import Job, answered
from nettide.studio.analysis_remarks import show_remarks
from nettide.studio.charts import Axis, Band, Line, axis_of, local_times, text, time_figure
from nettide.studio.forecast_command import command, show_command
from nettide.studio.forecast_model import InUse, fresh_pair, same_data
from nettide.studio.forecast_results import tested_series
from nettide.studio.remembered import kept
from nettide.studio.session import look_key
from nettide.studio.side_bar import chart_zone
from nettide.studio.theme import LINES
from nettide.studio.words import plain
from nettide.studio.workspace import DataSet
from nettide.tasks.anomalies import AnomalyResult, MethodScore, anomalies_of
from nettide.tasks.times import parse_time

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

_ACTUAL = "#8592a3"
_SEVERITY = ("critical", "major", "minor")
_ALL, _TEST = "all of the data", "the test part alone"
_NONE = "none"
_MOST_MARKED, _MOST_ROWS, _MOST_WINDOWS = 2000, 500, 100
_FIGURES = (("precision", "precision"), ("recall", "recall"), ("F1", "f1"))


def show_anomalies(chosen: InUse, data: DataSet, panel: Panel, row: int) -> None:
    """Show the section."""
    st.caption("Each step is compared with a forecast that was made before it; odd is what lies so far out as is rare.")
    first, second, third, fourth = st.columns(4, vertical_alignment="bottom")
    allowed = first.number_input(
        "False alarms a week", 0.0, 1000.0, None, 0.5, placeholder="1, fewer at long steps",
        **kept("anomalies.allowed", None), help="So many steps of normal traffic of a series may be called odd.",
    )  # fmt: skip
    parts = [_ALL]
    if chosen.run is not None and same_data(chosen.run, data):
        parts.append(_TEST)
    part = second.selectbox(
        "Judged", parts, **kept("anomalies.part", parts[-1], among=parts),
        help="What a model was trained on it may take for usual.",
    )  # fmt: skip
    columns = label_channels(panel)
    others = [one.name for one in panel.channels[1:]]
    label = third.selectbox(
        "Labels", [_NONE, *others],
        **kept("anomalies.labels", columns[0] if columns else _NONE, among=[_NONE, *others]),
        help="A channel that is above zero where something was odd: precision and recall are told by it.",
    )  # fmt: skip
    alone = len(panel.series) > 1 and fourth.toggle(plain(f"Only {panel.ids[row]}"), **kept("anomalies.alone", True))
    asked = st.button("Find anomalies", type="primary", icon=":material/play_arrow:", key="anomalies.ask")
    try:
        config = AnomalyConfig(allowed)
        since = _test_begin(chosen, panel, row) if part == _TEST else None
        options = [] if allowed is None else ["--false-alarms", f"{allowed:g}"]
        options += ["--since", since] if since else []
        options += ["--series", panel.ids[row]] if alone else []
        options += ["--labels", label] if label != _NONE else []

        def work(job: Job) -> AnomalyResult:
            return anomalies_of(
                fresh_pair(chosen, panel), config=config, since=None if since is None else parse_time(since),
                series=panel.ids[row] if alone else None, labels=None if label == _NONE else label,
                told=lambda share: job.tell("Forecasting every few steps", share),
            )  # fmt: skip

        key = (chosen.key, look_key(data), *options)
        done = answered(AnomalyResult, key, asked=asked, work=work, waiting="Forecasting every few steps")
    except NettideError as error:
        st.error(plain(str(error)), icon=":material/error:")
        return
    if done.answer is not None:
        _show(done.answer, panel, panel.ids[row], None if label == _NONE else label)
    elif not done.going:
        st.info("Press the button to look for what is odd.", icon=":material/info:")
    show_command(command("anomalies", data, options, model=chosen))


def label_channels(panel: Panel) -> list[str]:
    """Name the channels that look like labels: nothing but 0 and 1 in them, those that are called so first."""
    found = []
    for place, channel in enumerate(panel.channels[1:], start=1):
        values = panel.values[:, :, place]
        known = values[~np.isnan(values)]
        if known.size and known.any() and ((known == 0) | (known == 1)).all():
            found.append(channel.name)
    return sorted(found, key=lambda one: not any(word in one.lower() for word in ("anomal", "label", "odd", "attack")))


def _test_begin(chosen: InUse, panel: Panel, row: int) -> str:
    assert chosen.run is not None
    return f"{np.datetime64(tested_series(chosen.run, panel.ids[row]).first, 's')}Z"


def _show(done: AnomalyResult, panel: Panel, id: str, label: str | None) -> None:
    found = done.found
    kinds = Counter(one.kind for one in found.incidents)
    told = ", ".join(f"{count:,} {kind}" for kind, count in kinds.most_common()) or "nothing odd"
    count = len(found.incidents)
    allowed = f"{found.false_alarms_per_week:.2g}"
    alarms = f"{allowed} false alarm{'' if allowed == '1' else 's'} a week and series allowed"
    many = f"{count:,} incident{'' if count == 1 else 's'} in {len(found.ids):,} series x {len(found.seconds):,} steps"
    st.text(f"{many}: {told}; {alarms}.")
    if id in found.ids:
        _chart(found, panel, id, label)
    _incidents(found)
    if done.scores:
        _scores(done.scores)
    elif label is None:
        st.caption("Where a channel marks what was odd, choose it under Labels to see precision and recall.")
    show_remarks(done.notes)


def _chart(found: Anomalies, panel: Panel, id: str, label: str | None) -> None:
    from plotly.graph_objects import Scatter

    row, points, zone = found.ids.index(id), found.points, chart_zone()
    known = np.flatnonzero(~np.isnan(points.value[row]))
    if not len(known):
        return
    part = slice(int(known[0]), int(known[-1]) + 1)  # series of one file may be known at different times
    seconds, value, flag = found.seconds[part], points.value[row, part], points.flag[row, part]
    low, high, score = points.low[row, part], points.high[row, part], points.score[row, part]
    lines = [Line("actual", seconds, value, _ACTUAL)]
    lines.append(Line("expected", seconds, points.expected[row, part], LINES[0], "dot"))
    bands = [] if np.isnan(low).all() else [Band("80 % band", seconds, low, high, LINES[0])]
    unit, name = found.units[row], panel.channels[0].name
    figure = time_figure(lines, unit=unit, name=name, zone=zone, bands=bands, height=440)
    axis: Axis = axis_of([*(one.values for one in lines), *(one.high for one in bands)], unit, name)
    flagged = np.flatnonzero(flag & ~np.isnan(value))
    shown = np.sort(flagged[np.argsort(-np.nan_to_num(score[flagged]))[:_MOST_MARKED]])
    figure.add_trace(
        Scatter(
            x=local_times(seconds[shown], zone),
            y=value[shown] / axis.factor,
            customdata=score[shown],
            name="anomaly",
            mode="markers",
            marker={"size": 7, "color": LINES[4], "symbol": "circle-open", "line": {"width": 2}},
            hovertemplate=f"%{{x|%a %Y-%m-%d %H:%M}}<br>%{{y:.4~g}} {text(axis.unit)}, score %{{customdata:.1f}}"
            "<extra>anomaly</extra>",
        )
    )
    if label is not None:
        place = [one.name for one in panel.channels].index(label)
        marks = np.nan_to_num(panel.values[panel.ids.index(id), :, place]) > 0
        _shade(figure, panel, marks & (panel.seconds >= seconds[0]) & (panel.seconds <= seconds[-1]), zone=zone)
    figure.update_layout(showlegend=True)
    st.plotly_chart(figure, key="anomalies.chart")


def _shade(figure: Figure, panel: Panel, marks: Bools, *, zone: str) -> None:
    """Shade where labels say that something was odd."""
    for start, end in runs(marks, join=0)[:_MOST_WINDOWS]:
        bounds = np.array([panel.seconds[start], panel.seconds[end - 1] + panel.step_seconds])
        first, last = local_times(bounds, zone)
        figure.add_shape(
            type="rect", x0=str(first), x1=str(last), y0=0, y1=1, yref="paper", layer="below", line={"width": 0},
            fillcolor="rgba(209,87,10,0.18)",
        )  # fmt: skip


def _incidents(found: Anomalies) -> None:
    if not found.incidents:
        return
    zone, alone = chart_zone(), len(found.ids) == 1
    worst = sorted(found.incidents, key=lambda one: (_SEVERITY.index(one.severity), -_known(one.score)))[:_MOST_ROWS]
    starts = local_times(np.sort(np.array([one.start for one in worst], dtype=np.int64)), zone)
    by_start = dict(zip(sorted(one.start for one in worst), starts, strict=True))
    units = dict(zip(found.ids, found.units, strict=True))
    texts = [text_on_clock(one, unit=units[one.series], zone=zone, step_seconds=found.step_seconds) for one in worst]
    rows = [_row(one, by_start[one.start], zone, said, alone=alone) for one, said in zip(worst, texts, strict=True)]
    st.text(f"The worst: {texts[0]}")
    widths = {"kind": "small", "severity": "small", "score": "small", "what": "large"}
    config = {name: st.column_config.TextColumn(width=width) for name, width in widths.items()}  # type: ignore[arg-type]  # one of its widths
    height = min(36 * len(rows) + 38, 330)
    st.dataframe(pd.DataFrame(rows), hide_index=True, height=height, key="anomalies.table", column_config=config)
    st.caption("The worst first. A score of 1 is on the edge of the calibrated 80 % band.")


def _row(one: Incident, start: np.datetime64, zone: str, said: str, *, alone: bool) -> dict[str, str]:
    series = {} if alone else {"series": one.series}
    score = "–" if np.isnan(one.score) else f"{one.score:,.3g}" if one.score < 1000 else f"{one.score:,.0f}"
    return {
        f"from ({zone})": str(start)[:16].replace("T", " "),
        **series,
        "kind": one.kind,
        "severity": one.severity,
        "score": score,
        "what": said,
    }


def _scores(scores: Sequence[MethodScore]) -> None:
    st.markdown("**Against the labels**, beside methods without a model")
    alone = len({one.series for one in scores}) == 1
    rows = [
        {
            **({} if alone else {"series": one.series or "all"}),
            "method": one.method,
            "windows found": f"{one.score.windows_found} of {one.score.windows}",
            "alarms right": f"{one.score.alarms_right} of {one.score.alarms}",
            **{words: _figure(getattr(one.score, name)) for words, name in _FIGURES},
            **{f"{words} by points": _figure(getattr(one.score, f"point_{name}")) for words, name in _FIGURES},
        }
        for one in scores
    ]
    st.dataframe(pd.DataFrame(rows), hide_index=True, key="anomalies.scores")


def _known(value: float) -> float:
    return 0.0 if np.isnan(value) else value


def _figure(value: float) -> str:
    return "–" if np.isnan(value) else f"{value:.2f}"
