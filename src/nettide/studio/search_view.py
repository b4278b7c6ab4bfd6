"""Search for better options on page Model: begin it, watch it, and take what it found."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pandas as pd
import streamlit as st

from nettide.errors import NettideError, OptionError
from nettide.models.search_space import SPACES
from nettide.studio.remembered import forget, kept
from nettide.studio.run_words import STATE_COLOURS
from nettide.studio.search_worker import with_options
from nettide.studio.searches import (
    Search,
    delete_search,
    go_on,
    kill_search,
    last_search,
    start_search,
    stop_search,
)
from nettide.studio.session import workspace
from nettide.studio.words import plain, seconds_text
from nettide.studio.workspace import DataSet
from nettide.tasks.plan import Plan
from nettide.tasks.plan_text import tune_command
from nettide.units import parse_duration

_REFRESH_SECONDS = 1.0
_MOST_TRIALS = 2000
_FAILED, _RUNNING = "search.failed", "search.running"


def show_search(data: DataSet, plan: Plan, wrong: tuple[str, ...]) -> None:
    """Show the search of the session, or how to begin one.

    Args:
        data: in use.
        plan: what it gives is not tried; the rest is.
        wrong: why the plan cannot be trained.
    """
    search = last_search(workspace())
    label = "Search for better options"
    with st.expander(label, expanded=search is not None, icon=":material/travel_explore:"):
        if failed := st.session_state.pop(_FAILED, None):
            st.error(plain(failed), icon=":material/error:")
        if plan.model in SPACES:
            _begin(data, plan, wrong, search)
        else:
            names = ", ".join(sorted(SPACES))
            st.info(f"{plan.model} has nothing to search for; models that have: {names}.", icon=":material/info:")
        if search is None:
            return
        st.divider()
        if search.state == "running":
            st.session_state[_RUNNING] = True
            st.fragment(_live, run_every=_REFRESH_SECONDS)()
        else:
            st.session_state.pop(_RUNNING, None)
            _ended(search)


def _begin(data: DataSet, plan: Plan, wrong: tuple[str, ...], search: Search | None) -> None:
    st.caption(
        f"Tries options of {plan.model} on a part before the test part, which stays unseen. What was set above is "
        "kept; what was left as it is, is tried. It goes on when the page is closed."
    )
    first, second, third = st.columns([1, 1, 1], vertical_alignment="bottom")
    trials = first.number_input(
        "Sets of options", 1, _MOST_TRIALS, **kept("search.trials", 30), help="Trials in all; poor ones end early."
    )
    budget = second.text_input("Time", **kept("search.budget", "10m"), help="At most, as 90s, 10m or 2h.").strip()
    try:
        seconds = parse_duration(budget) if budget else 0.0
        if not seconds > 0:
            raise OptionError("no time is given for the search; write for example 10m")
    except NettideError as error:
        st.error(plain(str(error)), icon=":material/error:")
        return
    asked = third.button(
        "Search" if search is None else "Search anew", key="search.ask", icon=":material/play_arrow:", width="stretch",
        disabled=bool(wrong) or (search is not None and search.state == "running"),
        help="Begins a search. The one before it is deleted.",
    )  # fmt: skip
    if asked:
        _act(lambda: start_search(workspace(), data, plan, trials=int(trials), budget_seconds=float(seconds)))
        st.rerun()
    text = tune_command(data.location, data.reading, plan, trials=int(trials), budget_seconds=float(seconds))
    st.code(text, language="bash", wrap_lines=True)


def _live() -> None:
    """Show a search that goes; drawn again every second in its place."""
    search = last_search(workspace())
    if search is None or search.state != "running":
        if st.session_state.pop(_RUNNING, None):
            st.rerun()
        return
    told, now = search.told, search.now
    done, trials = int(told.get("done") or 0), int(told.get("trials") or search.trials)
    doing = "Reading the data" if not told and not now else f"Trial {done + 1} of {trials}"
    if search.stopping:
        doing = "Stopping; then the best so far is told"
    elif now.get("epoch"):
        doing += f", epoch {now['epoch']} of {now['epochs']}"
    if told.get("best") is not None:
        doing += f"; best so far {float(told['best']):.3f} of the naive error"
    left = told.get("seconds_left")
    if isinstance(left, int | float) and math.isfinite(left) and not search.stopping:
        doing += f", about {seconds_text(max(0.0, float(left)))} left"
    first, second, third = st.columns([3, 1, 1], vertical_alignment="center")
    first.progress(min(1.0, done / max(1, trials)), text=doing)
    second.button(
        "Stop", key="search.stop", icon=":material/stop:", width="stretch", disabled=search.stopping,
        on_click=_act, args=(lambda: stop_search(search),), help="Ends it and tells the best so far.",
    )  # fmt: skip
    third.button(
        "End at once", key="search.kill", icon=":material/dangerous:", width="stretch", on_click=_act,
        args=(lambda: kill_search(search),), help="Ends the process; trials that are done are kept, and it can go on.",
    )  # fmt: skip


def _ended(search: Search) -> None:
    st.badge(search.state, color=STATE_COLOURS[search.state])  # type: ignore[arg-type]  # one of its colours
    st.text(f"{search.plan.model} on {search.data_name}, {search.plan.horizon} steps ahead")
    if search.error:
        st.error(plain(search.error), icon=":material/error:")
    found = search.outcome
    if found:
        headline, *rest = map(str, found["words"])
        st.markdown(f"**{plain(headline)}**")
        for one in rest:
            st.text(one)
        st.dataframe(_table(found), hide_index=True, key="search.table")
    first, second, third, fourth = st.columns(4)
    options = {str(name): str(value) for name, value in found.get("options", {}).items()}
    if options:
        first.button(
            "Take these options", key="search.take", type="primary", icon=":material/check:", width="stretch",
            on_click=_take, args=(search, options), help="Puts them into the choices above.",
        )  # fmt: skip
    if search.page.is_file():
        second.download_button(
            "Report", search.page.read_bytes(), "tune.html", "text/html", key="search.report", width="stretch",
            icon=":material/download:", on_click="ignore",
        )  # fmt: skip
    third.button(
        "Go on", key="search.go-on", icon=":material/resume:", width="stretch", on_click=_go_on, args=(search,),
        help="Goes on with this search, until there are as many trials or as much time in all as is written above.",
    )  # fmt: skip
    with fourth.popover("Delete", icon=":material/delete:", width="stretch"):
        st.text("Delete this search with its trials?")
        st.button(
            "Yes, delete it", key="search.delete", on_click=_act, args=(lambda: delete_search(search),)
        )  # fmt: skip


def _table(found: Any) -> pd.DataFrame:
    """List the best trials; options that are the same in all are left out."""
    trials = found["best"]
    names = [name for name in trials[0]["options"] if len({one["options"].get(name) for one in trials}) > 1]
    rows = [
        {
            "trial": "as it comes" if one["defaults"] else f"{place}.",
            str(found["score_name"]): f"{one['score']:.4f}",
            "took": seconds_text(one["seconds"]),
            **{name: str(one["options"].get(name, "–")) for name in names},
        }
        for place, one in enumerate(trials, start=1)
    ]
    return pd.DataFrame(rows)


def _take(search: Search, options: dict[str, str]) -> None:
    workspace().keep_plan(with_options(search.plan, options))
    forget("model.")


def _go_on(search: Search) -> None:
    trials = int(st.session_state.get("search.trials", search.trials))
    written = str(st.session_state.get("search.budget", ""))
    _act(
        lambda: go_on(
            search, trials=trials, budget_seconds=float(parse_duration(written)) if written else search.budget_seconds
        )
    )


def _act(action: Callable[[], object]) -> None:
    """Do something; what stands in its way is said when the page is drawn."""
    try:
        action()
    except NettideError as error:
        st.session_state[_FAILED] = str(error)
