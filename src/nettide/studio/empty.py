"""Empty states: what is missing, and the page where it is found."""

from __future__ import annotations

import streamlit as st

from nettide.studio.navigation import path_of
from nettide.studio.session import workspace
from nettide.studio.workspace import DataSet


def data_or_stop() -> DataSet:
    """Give the data in use; where there is none, say where to get some and end the page."""
    data = workspace().data()
    if data is None:
        nothing_yet("There is no data yet.", "Make, upload or name some", "data.py", icon=":material/database:")
    assert data is not None
    return data


def nothing_yet(what: str, remedy: str, file: str, *, icon: str) -> None:
    """Say what is missing, link to the page that helps, and end the page."""
    st.info(what, icon=":material/info:")
    st.page_link(path_of(file), label=remedy, icon=icon)
    st.stop()
