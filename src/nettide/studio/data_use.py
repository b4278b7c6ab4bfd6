"""Take data into use: what was about other data is forgotten, files that nothing needs any more are deleted."""

from __future__ import annotations

import streamlit as st

from nettide.studio.remembered import forget
from nettide.studio.runs import list_runs
from nettide.studio.searches import last_search
from nettide.studio.session import workspace
from nettide.studio.words import plain
from nettide.studio.workspace import DataSet

_SAID = "data.said"


def use(chosen: DataSet, *, said: str = "") -> None:
    """Work on this data from now on, and draw the page anew.

    Args:
        chosen: the data.
        said: is told in passing when the page stands.

    Raises:
        StoreError: the disk is full or read-only.
    """
    workspace().use_data(chosen)
    used = [location for one in list_runs(workspace()) for location in one.data.files]
    searched = last_search(workspace())
    workspace().drop_unused_data([*used, *(searched.files if searched else ())])
    forget("model.", "view.", "reading.", "occasions.")
    if said:
        st.session_state[_SAID] = said
    st.rerun()


def say_it_is_used() -> None:
    """Tell in passing what was done when data was taken into use."""
    if said := st.session_state.pop(_SAID, None):
        st.toast(plain(said), icon=":material/check:")
