"""The network that a plan trains: its parts, its parameters, and the windows it learns from."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from nettide.errors import NettideError
from nettide.models.outline import Outline
from nettide.panel import Panel
from nettide.tasks.architecture import architecture
from nettide.tasks.plan import Plan

_KEPT = 50


def outline_of(plan: Plan, panel: Panel, *, data_key: str) -> Outline | None:
    """Give what a plan trains on a panel, worked out once; None where the model has no such parts, or cannot be made.

    Args:
        plan: what to train.
        panel: whole data.
        data_key: stands for the panel.
    """
    try:
        return _outline(plan, panel, data_key)
    except NettideError:  # the page says why elsewhere
        return None


def show_outline(outline: Outline) -> None:
    """Show parts, parameters and windows."""
    table = pd.DataFrame(
        {"part": one.name, "what it is": one.about, "parameters": f"{one.parameters:,}"} for one in outline.parts
    )
    st.dataframe(table, hide_index=True)
    inputs = f"{outline.inputs} number{'s' if outline.inputs > 1 else ''} at each of {outline.context:,} steps"
    st.text(f"{outline.parameters:,} parameters; sees {inputs}, whether known among them")
    if outline.validation:
        st.text(f"{outline.training:,} training windows, {outline.validation:,} for validation")
    else:
        st.text(f"{outline.training:,} training windows; history is too short to keep some for validation")
    st.text(f"at most {outline.epochs:,} epochs in batches of {outline.batch_size:,}")


@st.cache_resource(max_entries=_KEPT, show_spinner=False)
def _outline(plan: Plan, _panel: Panel, data_key: str) -> Outline | None:
    del data_key  # part of the key
    return architecture(plan, _panel)
