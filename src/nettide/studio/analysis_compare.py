"""Section Compare of page Analysis: all trained models of the session, and the baselines, by data and horizon."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from nettide.studio.analysis_charts import ranking_figure
from nettide.studio.forecast_command import show_command
from nettide.studio.forecast_scores import figures
from nettide.studio.run_words import options_text
from nettide.studio.runs import Run, list_runs
from nettide.studio.session import workspace
from nettide.studio.words import plain, seconds_text
from nettide.studio.workspace import DataSet
from nettide.tasks.plan import COMPARED
from nettide.tasks.plan_text import backtest_command
from nettide.units import step_text


@dataclass(frozen=True, slots=True)
class Entry:
    """One model of one run.

    Args:
        name: as shown.
        run: that tested it.
        score: fields of ``Score``.
        trained: whether the run is about it, rather than comparing with it.
    """

    name: str
    run: Run
    score: Mapping[str, Any]
    trained: bool

    @property
    def relative(self) -> float:
        """Relative MAE; NaN where it does not exist."""
        value = self.score.get("rel_mae")
        return float("nan") if value is None else float(value)


def show_compare(data: DataSet) -> None:
    """Show the section."""
    done = [one for one in list_runs(workspace()) if one.state == "done" and one.scores]
    if not done:
        st.info("Models are compared here once some were trained and tested.", icon=":material/info:")
        return
    groups: dict[tuple[str, str, int, float], list[Run]] = {}
    for run in done:
        key = (run.data.location, str(run.data.reading), run.plan.horizon, run.plan.test_fraction)
        groups.setdefault(key, []).append(run)
    own_first = sorted(groups.values(), key=lambda runs: runs[0].data.location != data.location)
    for number, runs in enumerate(own_first):
        _group(number, runs)
    st.caption(
        "Models are compared where data, horizon and test part are the same. Baselines are listed once; the weekly or "
        "daily naive forecast that relative figures are measured by has 1."
    )
    if len(done) > 1:
        texts = [
            backtest_command(one.data.location, one.data.reading, one.plan, out=one.name) for one in reversed(done)
        ]
        show_command("\n\n".join(texts))


def entries(runs: list[Run]) -> list[Entry]:
    """Give the models of runs of the same test, each baseline once, the best first."""
    found = [Entry(f"{one.plan.model} ({one.name})", one, one.score, True) for one in runs if one.score]
    trained = {one.plan.model for one in runs}
    for name in COMPARED:
        if name in trained:
            continue
        scored = [(run, one) for run in runs for one in run.scores if one["model"] == name]
        found += [Entry(name, run, one, False) for run, one in scored[:1]]
    return sorted(found, key=lambda one: (np.isnan(one.relative), one.relative))


def _group(number: int, runs: list[Run]) -> None:
    first, found = runs[0], entries(runs)
    plan, unit = first.plan, first.data.reading.unit
    step = first.data.reading.grid.step_seconds
    ahead = f"{plan.horizon} steps" + (f" of {step_text(step)}" if step else "") + " ahead"
    st.markdown(f"**{plain(first.data.name)}**: {ahead}, the last {plan.test_fraction:.0%} tested")
    best, baselines = found[0], [one for one in found if not one.trained]
    if not best.trained:
        st.warning(
            plain(f"{best.name} is better here than all that was trained: use it."), icon=":material/thumb_down:"
        )
    elif baselines and not np.isnan(best.relative):
        less = 1 - best.relative / baselines[0].relative if baselines[0].relative > 0 else float("nan")
        words = f"{best.name} is best" + (f": {less:.0%} less error than {baselines[0].name}." if less > 0 else ".")
        st.success(plain(words), icon=":material/thumb_up:")
    known = [one for one in found if not np.isnan(one.relative)]
    if known:
        figure = ranking_figure(
            [one.name for one in known], np.array([one.relative for one in known]), [one.trained for one in known]
        )
        st.plotly_chart(figure, key=f"compare.chart.{number}")
    rows = [
        {
            "model": one.name,
            **figures(one.score, unit),
            "options": options_text(one.run) if one.trained else "–",
            "fit": seconds_text(float(one.score.get("fit_seconds") or 0.0)),
            "parameters": f"{one.score.get('parameters', 0):,}",
        }
        for one in found
    ]
    st.dataframe(pd.DataFrame(rows), hide_index=True, key=f"compare.all.{number}")
