"""Page Analysis: one section at a time, each with the command that does the same."""

from __future__ import annotations

import streamlit as st

from nettide.studio.empty import data_or_stop
from nettide.studio.forecast_model import choose_model, choose_series, panel_or_stop
from nettide.studio.remembered import forget_if_other, kept
from nettide.studio.session import look_key

SECTIONS = ("Errors", "Importance", "What if", "Anomalies", "Capacity", "Compare")


def show_analysis() -> None:
    """Show the page; only the chosen section is worked out."""
    st.title("Analysis", anchor=False)
    data = data_or_stop()
    panel = panel_or_stop(data)
    forget_if_other(look_key(data), prefixes=("what-if.", "capacity.", "anomalies."))  # times and sizes of other data
    first, second = st.columns(2)
    with first:
        chosen = choose_model(data)
    with second:
        row = choose_series(panel)
    section = st.segmented_control(
        "Section", SECTIONS, required=True, label_visibility="collapsed",
        **kept("analysis.section", SECTIONS[0], among=SECTIONS),
    )  # fmt: skip
    # each section is imported when it is shown: Plotly and the models they ask are slow to load
    if section == "Importance":
        from nettide.studio.analysis_importance import show_importance

        show_importance(chosen, data, panel, row)
    elif section == "What if":
        from nettide.studio.analysis_what_if import show_what_if

        show_what_if(chosen, data, panel, row)
    elif section == "Anomalies":
        from nettide.studio.analysis_anomalies import show_anomalies

        show_anomalies(chosen, data, panel, row)
    elif section == "Capacity":
        from nettide.studio.analysis_capacity import show_capacity

        show_capacity(data, panel, row)
    elif section == "Compare":
        from nettide.studio.analysis_compare import show_compare

        show_compare(data)
    else:
        from nettide.studio.analysis_errors import show_errors

        show_errors(chosen, data, panel, row)
