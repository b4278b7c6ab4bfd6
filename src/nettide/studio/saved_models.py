"""Saved models of page Training: keep the model of a run under a name, list, use and delete them."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from nettide.errors import NettideError
from nettide.store.models import Stored
from nettide.studio.remembered import kept
from nettide.studio.runs import Run
from nettide.studio.session import workspace
from nettide.studio.words import plain
from nettide.units import step_text

_SAID, _FAILED = "saved.said", "saved.failed"


def saved_models(done: Sequence[Run]) -> None:
    """Show them.

    Args:
        done: runs whose model can be saved.
    """
    if failed := st.session_state.pop(_FAILED, None):
        st.error(plain(failed), icon=":material/error:")
    if said := st.session_state.pop(_SAID, None):
        st.success(plain(said), icon=":material/check:")
    if done:
        _save_form([one.name for one in done])
    stored = workspace().models()
    if not stored:
        st.info("No model is saved yet: " + ("save one above." if done else "train one first."), icon=":material/info:")
        return
    st.dataframe(pd.DataFrame(_row(one) for one in stored), hide_index=True, key="saved.table")
    first, second, third = st.columns([2, 1, 1], vertical_alignment="bottom")
    names = [one.name for one in stored]
    name = first.selectbox("Model", names, **kept("saved.name", names[0], among=names))
    second.button(
        "Use it", key="saved.use", icon=":material/check:", on_click=_use, args=(name,), width="stretch",
        help="The pages Forecast and Analysis work with it.",
    )  # fmt: skip
    with third.popover("Delete", icon=":material/delete:", width="stretch"):
        st.text(f"Delete {name}? It cannot be brought back.")
        st.button("Yes, delete it", key="saved.delete", on_click=_delete, args=(name,))


def _save_form(runs: list[str]) -> None:
    with st.container(border=True):
        first, second, third = st.columns([2, 2, 1], vertical_alignment="bottom")
        run = first.selectbox("Model of run", runs, **kept("save.run", runs[0], among=runs))
        name = second.text_input(
            "Name",
            **kept("save.name", ""),
            placeholder="uplinks",
            help="Small letters, digits, dots, dashes and underscores.",
        )
        if third.button("Save", type="primary", icon=":material/save:", key="save.ask", width="stretch"):
            _save(run, name.strip())


def _save(run: str, name: str) -> None:
    try:
        workspace().save_model(workspace().runs_folder / run / "model", name)
    except NettideError as error:
        st.session_state[_FAILED] = str(error)
    else:
        st.session_state[_SAID] = f"saved as {name}"
    st.rerun()


def _use(name: str) -> None:
    workspace().use_model("model", name, label=name)
    st.session_state[_SAID] = f"{name} is in use"


def _delete(name: str) -> None:
    try:
        workspace().delete_model(name)
    except NettideError as error:
        st.session_state[_FAILED] = str(error)
    else:
        st.session_state[_SAID] = f"{name} is deleted"


def _row(one: Stored) -> dict[str, str]:
    record = one.record
    if record is None:
        return {"name": one.name, "model": "damaged", "fitted on": one.damage}
    own = record.scores.get(record.model)
    relative = own.get("rel_mae") if isinstance(own, dict) else None
    return {
        "name": one.name,
        "model": record.model,
        "fitted on": f"{record.data.origin}: {record.data.series:,} series, {record.data.steps:,} steps",
        "horizon": f"{record.horizon} x {step_text(record.data.step_seconds)}",
        "relative MAE": "–" if relative is None else f"{relative:.3f}",
        "parameters": f"{record.training.parameters:,}",
        "fitted (UTC)": record.created.strftime("%Y-%m-%d %H:%M"),
    }
