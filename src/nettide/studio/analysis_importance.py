"""Section Importance of page Analysis: what a model depends on, measured by exchanging its inputs."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import streamlit as st

from nettide.errors import NettideError
from nettide.panel import Panel
from nettide.studio.analysis_answers import answered
from nettide.studio.analysis_charts import importance_figure
from nettide.studio.analysis_remarks import show_remarks
from nettide.studio.forecast_command import command, show_command
from nettide.studio.forecast_model import InUse, pair
from nettide.studio.remembered import kept
from nettide.studio.session import look_key
from nettide.studio.words import plain
from nettide.studio.workspace import DataSet
from nettide.tasks.backtest import TestPart
from nettide.tasks.importance import MOST_SERIES, ImportancePlan, ImportanceResult, held_out, importance_of
from nettide.tasks.importance_words import COLUMNS, importance_rows, importance_sentences


def show_importance(chosen: InUse, data: DataSet, panel: Panel, row: int) -> None:
    """Show the section."""
    st.caption(
        "Each input in turn is taken from another time, all others stay, and the loss over held-out windows is "
        "measured again: what makes no difference is not needed."
    )
    first, second, third, fourth = st.columns(4, vertical_alignment="bottom")
    windows = first.number_input(
        "Held-out windows", 3, 1000, key=kept("importance.windows", 60), help="More take longer and tell more surely."
    )
    repeats = second.number_input(
        "Exchanges of each input", 1, 100, key=kept("importance.repeats", 5), help="Their spread is shown."
    )
    parts = third.toggle(
        "Parts of the past too", key=kept("importance.parts", False),
        help="Exchanges the last hour, day and week one by one; runs the model once a window.",
    )  # fmt: skip
    alone = True
    if 1 < len(panel.series) <= MOST_SERIES:
        alone = fourth.toggle("This series only", key=kept("importance.alone", False))
    plan = ImportancePlan(TestPart(), int(windows), int(repeats), bool(parts))
    shown = panel.select([row]) if alone else panel
    options = ["--windows", str(plan.windows), "--repeats", str(plan.repeats)]
    options += ["--parts", ""] if parts else []
    options += ["--series", panel.ids[row]] if alone and len(panel.series) > 1 else []
    asked = st.button("Measure importance", type="primary", icon=":material/play_arrow:", key="importance.ask")
    bar = st.empty()
    key = (chosen.key, look_key(data), str(plan), panel.ids[row] if alone else "")

    def told(name: str, place: int, count: int) -> None:
        bar.progress((place - 1) / count, text=plain(f"exchanging {name}, {place} of {count}"))

    def work() -> ImportanceResult:
        both = pair(chosen, data, panel)
        first_step, said = held_out(shown, plan.test, both.record, horizon=both.horizon)
        done = importance_of(
            both.model, shown, name=both.name, first=first_step, horizon=both.horizon, plan=plan, told=told
        )
        return replace(done, notes=(said, *done.notes) if said else done.notes)

    try:
        done = answered(ImportanceResult, key, asked=asked, work=work, waiting="Measuring …")
    except NettideError as error:
        bar.empty()
        st.error(plain(str(error)), icon=":material/error:")
        done = None
    else:
        bar.empty()
        if done is None:
            st.info("Press the button to measure what this model depends on.", icon=":material/info:")
    if done is not None:
        _show(done)
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
