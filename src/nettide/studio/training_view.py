"""Page Training: the chosen run as it goes, all runs beside each other, and saved models."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd
import streamlit as st

from nettide.errors import NettideError
from nettide.models import MODELS
from nettide.models.outline import Outline
from nettide.studio.architecture_view import outline_of, show_outline
from nettide.studio.charts import loss_figure
from nettide.studio.empty import nothing_yet
from nettide.studio.remembered import kept, kept_tab
from nettide.studio.run_words import STATE_COLOURS, ending_text, options_text, seconds_left, share_done
from nettide.studio.runs import Progress, Run, delete_run, find_run, kill_run, list_runs, progress_of, stop_run
from nettide.studio.saved_models import saved_models
from nettide.studio.session import look_key, panel_of, workspace
from nettide.studio.theme import LINES
from nettide.studio.words import plain, seconds_text, value_text

if TYPE_CHECKING:
    from streamlit.elements.lib.color_util import Color

_CHOSEN, _WIDGET, _COMPARED = "training.run", "training.run-widget", "training.compared"
_REFRESH_SECONDS = 1.0
_MOST_COMPARED = 6
_FAILED, _RUNNING = "training.failed", "training.running"


def show_training() -> None:
    """Show the page."""
    st.title("Training", anchor=False)
    runs = list_runs(workspace())
    if not runs and not workspace().models():
        nothing_yet("Nothing was trained yet.", "Choose a model", "model.py", icon=":material/tune:")
    names = ["Run", "Compare", "Saved models"]
    now, compare, saved = st.tabs(names, key=kept_tab("training.tab", names), on_change="rerun")
    with now:
        if runs:
            _one(runs)
        else:
            st.info("There is no run; saved models are beside.", icon=":material/info:")
    with compare:
        _compare(runs)
    with saved:
        saved_models([one for one in runs if one.state == "done"])


def _one(runs: list[Run]) -> None:
    names = [one.name for one in runs]
    wanted = st.session_state.get(_CHOSEN)
    st.session_state[_WIDGET] = wanted if wanted in names else names[0]
    name = st.selectbox(
        "Run", names, key=_WIDGET, on_change=_choose, format_func=lambda one: _label(one, runs), width=480
    )
    run = next(one for one in runs if one.name == name)
    if run.state == "running":
        st.session_state[_RUNNING] = name
        st.fragment(_live, run_every=_REFRESH_SECONDS)(name)
    else:
        st.session_state.pop(_RUNNING, None)
        _live(name)


def _choose() -> None:
    st.session_state[_CHOSEN] = st.session_state[_WIDGET]


def _label(name: str, runs: list[Run]) -> str:
    run = next(one for one in runs if one.name == name)
    return f"{name} on {run.data.name} ({run.state})"


def _live(name: str) -> None:
    """Show a run; drawn again every second while it goes, in its place."""
    try:
        run = find_run(workspace(), name)
        progress = progress_of(run)
    except NettideError as error:
        st.error(plain(str(error)), icon=":material/error:")
        return
    if run.state != "running" and st.session_state.pop(_RUNNING, None) == name:
        st.rerun()  # the rest of the page learns of it too
    first, second, third = st.columns([3, 1, 1], vertical_alignment="center")
    with first:
        st.badge(run.state, color=STATE_COLOURS[run.state])  # type: ignore[arg-type]  # one of its colours
        _words(run, progress)
    if run.state == "running":
        second.button(
            "Stop", key="run.stop", icon=":material/stop:", on_click=_act, args=(stop_run, run), width="stretch",
            disabled=progress.stopping, help="Ends training, keeps the best weights, and tests them.",
        )  # fmt: skip
        third.button(
            "End at once", key="run.kill", icon=":material/dangerous:", on_click=_act, args=(kill_run, run),
            width="stretch", help="Ends the process; nothing but its progress is kept.",
        )  # fmt: skip
    if run.state in ("failed", "killed"):
        st.error(plain(run.error), icon=":material/error:")
    if failed := st.session_state.pop(_FAILED, None):
        st.error(plain(failed), icon=":material/error:")
    _losses(run, progress)
    _facts(run)
    if run.state == "done":
        _scores(run)
    if run.state != "running":
        _buttons(run)


def _words(run: Run, progress: Progress) -> None:
    """One line on where the run is, and a bar of the same height whatever it says."""
    now, share = progress.now, share_done(progress)
    if run.state == "running":
        doing = "Reading the data and making the model"
        if progress.stopping:
            doing = "Stopping after this batch; then the test"
        elif "challenger" in now:
            verb = "Trying" if now["purpose"] == "trial" else "Fitting"
            doing = f"{verb} {now['challenger']} ({now['place']} of {now['count']})"
        elif share is not None:
            left = seconds_left(progress)
            doing = f"Epoch {now['epoch']} of {now['epochs']}, loss {now['loss']:.4f}"
            doing += "" if left is None else f", about {seconds_text(left)} left"
        if share == 1.0 and "challenger" not in now:
            doing = "Testing"
        st.progress(share or 0.0, text=doing)
    elif run.state == "done":
        ended = ending_text(run)
        st.progress(1.0, text=f"Done in {seconds_text(run.seconds)}" + (f"; {ended}" if ended else ""))
    else:
        st.progress(share or 0.0, text="Ended without a model")


def _losses(run: Run, progress: Progress) -> None:
    epochs = [one for one in progress.epochs if one["model"] == run.plan.model and "challenger" not in one]
    if epochs:
        curve = ([one["loss"] for one in epochs], [one["validation_loss"] for one in epochs])
        if run.state == "running":  # Streamlit would make a Plotly chart anew each second, hidden at first: it flickers
            _live_losses(*curve)
            return
        figure = loss_figure([(run.name, *curve)])
        best = epochs[-1]["best_epoch"]
        if best:
            figure.add_vline(x=best, line={"dash": "dot", "color": "rgba(128,136,150,0.9)"})
            figure.add_annotation(
                x=best, y=1, yref="paper", text="best", showarrow=False, xanchor="left", yanchor="top"
            )
        st.plotly_chart(figure, key="run.losses")
    elif run.state == "running":
        st.container(height=320, border=True).caption("The loss is drawn here after the first epoch.")
    else:
        st.caption(f"{run.plan.model} has no epochs to draw: {MODELS[run.plan.model].about}.")


def _live_losses(losses: Sequence[float], validations: Sequence[float | None]) -> None:
    """Draw the loss of a run that goes on, in the place, size and colours of the chart that comes in the end."""
    table = pd.DataFrame({"training loss": losses, "validation loss": validations}, dtype=float)
    table.index = pd.RangeIndex(1, len(table) + 1, name="epoch")
    table = table.dropna(axis="columns", how="all")
    colours: list[Color] = ["#8592a3", LINES[0]]
    st.line_chart(table, x_label="epoch", y_label="loss (scaled units)", color=colours[: table.shape[1]], height=320)


def _facts(run: Run) -> None:
    left, right = st.columns(2)
    with left.container(border=True, height="stretch"):
        st.markdown("**Model**")
        plan = run.plan
        st.text(f"{plan.model}: {MODELS[plan.model].about}" if plan.model in MODELS else plan.model)
        st.text(f"{plan.horizon} steps ahead; {options_text(run)}")
        outline = _outline(run)
        if outline is not None:
            show_outline(outline)
        elif run.state == "done":
            st.text(f"{run.parameters:,} parameters")
    with right.container(border=True, height="stretch"):
        st.markdown("**Data**")
        st.text(run.data.name)
        st.text(f"the last {run.plan.test_fraction:.0%} of the steps are the test part")
        for sentence in run.sentences[:4]:
            st.text(sentence)


def _outline(run: Run) -> Outline | None:
    try:
        return outline_of(run.plan, panel_of(run.data), data_key=look_key(run.data))
    except NettideError:  # the data is gone or was changed: what is kept of the run is shown without it
        return None


def _scores(run: Run) -> None:
    st.markdown("**Test part**, beside the naive forecasts")
    unit = run.data.reading.unit
    table = pd.DataFrame({"model": one["model"], **_figures(one, unit)} for one in run.scores)
    st.dataframe(table, hide_index=True, key="run.scores")
    own = run.score.get("rel_mae")
    if run.best != run.plan.model:
        st.warning(f"{run.best} is better here: use it.", icon=":material/thumb_down:")
    elif own is not None and own < 1:
        st.success(
            f"{run.plan.model} errs {1 - own:.0%} less than the seasonal naive forecast.", icon=":material/thumb_up:"
        )


def _buttons(run: Run) -> None:
    first, second, third, _ = st.columns([1, 1, 1, 2])
    if run.state == "done":
        label = f"{run.plan.model} ({run.name})"
        first.button(
            "Use this model", key="run.use", icon=":material/check:", width="stretch", on_click=_use, args=(run, label),
            help="The pages Forecast and Analysis work with it.",
        )  # fmt: skip
        report = run.result / "report.html"
        if report.is_file():
            second.download_button(
                "Report", report.read_bytes(), f"{run.name}.html", "text/html", key="run.report", width="stretch",
                icon=":material/download:", on_click="ignore",
            )  # fmt: skip
    with third.popover("Delete", icon=":material/delete:", width="stretch"):
        st.text(f"Delete {run.name} with its model? Saved models stay.")
        st.button("Yes, delete it", key="run.delete", on_click=_act, args=(delete_run, run))


def _use(run: Run, label: str) -> None:
    workspace().use_model("run", run.name, label=label)


def _act(action: Callable[[Run], None], run: Run) -> None:
    """Do something to a run; what stands in its way is said when the page is drawn."""
    try:
        action(run)
    except NettideError as error:
        st.session_state[_FAILED] = str(error)


def _figures(score: Mapping[str, Any], unit: str) -> dict[str, str]:
    def number(name: str, digits: int = 3) -> str:
        value = score.get(name)
        return "–" if value is None else f"{value:.{digits}f}"

    def share(name: str) -> str:
        value = score.get(name)
        return "–" if value is None else f"{value:.1%}"

    return {
        "relative MAE": number("rel_mae"),
        "relative WQL": number("rel_wql"),
        "MAE": value_text(_float(score.get("mae")), unit),
        "RMSE": value_text(_float(score.get("rmse")), unit),
        "WAPE": share("wape"),
        "80 % band holds": share("coverage_80"),
        "fit": seconds_text(_float(score.get("fit_seconds"))),
        "parameters": f"{score.get('parameters', 0):,}",
    }


def _float(value: float | None) -> float:
    return math.nan if value is None else float(value)


def _compare(runs: list[Run]) -> None:
    if not runs:
        st.info("Runs are compared here once there are some.", icon=":material/info:")
        return
    rows = [
        {
            "run": one.name,
            "state": one.state,
            "data": one.data.name,
            "horizon": one.plan.horizon,
            "options": options_text(one),
            "best of its test": one.best or "–",
            **(_figures(one.score, one.data.reading.unit) if one.score else {}),
        }
        for one in runs
    ]
    st.dataframe(pd.DataFrame(rows).fillna("–"), hide_index=True, key="compare.table")
    trained = [one.name for one in runs if progress_of(one).epochs]
    if not trained:
        return
    chosen = st.multiselect(
        "Loss curves of", trained, **kept(_COMPARED, trained[:3], among=trained), max_selections=_MOST_COMPARED
    )
    curves = []
    for name in chosen:
        run = next(one for one in runs if one.name == name)
        epochs = [one for one in progress_of(run).epochs if one["model"] == run.plan.model]
        curves.append((name, [one["loss"] for one in epochs], [one["validation_loss"] for one in epochs]))
    if curves:
        st.plotly_chart(loss_figure(curves), key="compare.losses")
    st.caption("Relative figures compare across data; losses compare only where scaling and horizon are the same.")
