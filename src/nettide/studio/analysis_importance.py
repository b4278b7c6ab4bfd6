"""Section Importance of page Analysis: what a model depends on, measured by exchanging its inputs."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import streamlit as st

from nettide.errors import NettideError
from nettide.panel import Panel
from nettide.studio.analysis_answers import Asked, Job, answered
from nettide.studio.analysis_charts import importance_figure
from nettide.studio.analysis_remarks import show_remarks
from nettide.studio.forecast_command import command, show_command
from nettide.studio.forecast_model import InUse, fresh_pair
from nettide.studio.remembered import kept
from nettide.studio.session import look_key
from nettide.studio.words import plain
from nettide.studio.workspace import DataSet
from nettide.tasks.backtest import TestPart
from nettide.tasks.importance import (
    MOST_SERIES,
    ImportancePlan,
    ImportanceResult,
    chosen_note,
    held_out,
    importance_of,
    spread_series,
)
from nettide.tasks.importance_words import COLUMNS, importance_rows, importance_sentences

_MOST_ASKED = 1000
_PARTS = {
    "new to the model": None, "the last 30 %": 0.3, "the last 50 %": 0.5, "the last 70 %": 0.7,
}  # fmt: skip


def show_importance(chosen: InUse, data: DataSet, panel: Panel, row: int) -> None:
    """Show the section."""
    st.caption(
        "Each input in turn is taken from another time, all others stay, and the loss over held-out windows is "
        "measured again: what makes no difference is not needed."
    )
    first, second, third, fourth = st.columns(4, vertical_alignment="bottom")
    held = first.selectbox(
        "Held-out part", list(_PARTS), **kept("importance.part", next(iter(_PARTS)), among=list(_PARTS)),
        help="Where the model is judged: on what comes after its training; the last 20 % where there is nothing.",
    )  # fmt: skip
    windows = second.number_input(
        "Held-out windows", 3, 1000, **kept("importance.windows", 60), help="More take longer and tell more surely."
    )
    repeats = third.number_input(
        "Exchanges of each input", 1, 100, **kept("importance.repeats", 5), help="Their spread is shown."
    )
    parts = fourth.toggle(
        "Parts of the past too", **kept("importance.parts", False),
        help="Exchanges the last hour, day and week one by one; runs the model once a window.",
    )  # fmt: skip
    alone, most = False, MOST_SERIES
    if len(panel.series) > 1:
        alone = st.toggle(plain(f"Only {panel.ids[row]}"), **kept("importance.alone", False))
    if len(panel.series) > MOST_SERIES and not alone:
        largest = min(len(panel.series), _MOST_ASKED)  # of other data it was another
        asked_most = st.number_input(  # a slider begins anew when its largest value changes
            "Series", 1, largest, **kept("importance.series", MOST_SERIES, among=range(1, largest + 1)),
            help="So many are taken, evenly chosen by id; time and memory grow with them.",
        )  # fmt: skip
        most = int(asked_most)
    plan = ImportancePlan(TestPart(fraction=_PARTS[held]), int(windows), int(repeats), bool(parts), most_series=most)
    rows = np.array([row]) if alone else spread_series(panel, most=most)
    shown = panel if len(rows) == len(panel.series) else panel.select(rows)
    options = ["--windows", str(plan.windows), "--repeats", str(plan.repeats)]
    options += ["--parts", ""] if parts else []
    options += ["--test-fraction", f"{_PARTS[held]:g}"] if _PARTS[held] else []
    options += ["--series", panel.ids[row]] if alone and len(panel.series) > 1 else []
    options += ["--most-series", str(most)] if most != MOST_SERIES else []
    asked = st.button("Measure importance", type="primary", icon=":material/play_arrow:", key="importance.ask")

    def work(job: Job) -> ImportanceResult:
        both = fresh_pair(chosen, shown)
        first_step, said = held_out(shown, plan.test, both.record, horizon=both.horizon)
        done = importance_of(
            both.model, shown, name=both.name, first=first_step, horizon=both.horizon, plan=plan,
            told=lambda name, place, count: job.tell(f"Exchanging {name}, {place} of {count}", (place - 1) / count),
        )  # fmt: skip
        return replace(done, notes=(said, *done.notes) if said else done.notes)

    found: Asked[ImportanceResult] = Asked(None, going=False)
    try:
        key = (chosen.key, look_key(data), str(plan), panel.ids[row] if alone else "")
        found = answered(ImportanceResult, key, asked=asked, work=work, waiting="Measuring")
    except NettideError as error:
        st.error(plain(str(error)), icon=":material/error:")
    else:
        if found.answer is None and not found.going:
            st.info("Press the button to measure what this model depends on.", icon=":material/info:")
    if found.answer is not None:
        _show(found.answer)
        if 1 < len(shown.series) < len(panel.series):
            with st.expander(plain(chosen_note(shown, panel)[:1].upper() + chosen_note(shown, panel)[1:])):
                st.dataframe(pd.DataFrame({"series": shown.ids}), hide_index=True, key="importance.used")
    show_command(command("importance", data, options, model=chosen))


def _show(done: ImportanceResult) -> None:
    headline, *rest = importance_sentences(done)
    st.markdown(f"**{plain(headline)}**")
    rises, low, high = (np.array([getattr(one, name) for one in done.inputs]) for name in ("rise", "low", "high"))
    figure = importance_figure([one.name for one in done.inputs], rises, low, high)
    st.plotly_chart(figure, key="importance.chart")
    st.dataframe(pd.DataFrame(importance_rows(done), columns=list(COLUMNS)), hide_index=True, key="importance.table")
    for sentence in rest:
        st.caption(plain(sentence))
    show_remarks(done.notes)
