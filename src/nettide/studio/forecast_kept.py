"""Widgets that keep their value while another page, or another section of theirs, is shown.

Streamlit forgets the value of a widget that a run of the script did not show.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st

_SHADOW = "kept:"


def kept(key: str, first: Any, *, among: Sequence[Any] | None = None) -> str:
    """Give a widget the value that it had last, or its first; gives the key back.

    Args:
        key: of the widget.
        first: its value where it had none yet, or none that is still among the choices.
        among: what can be chosen; None for a widget without choices.
    """
    shadow = _SHADOW + key
    value = st.session_state.get(key, st.session_state.get(shadow, first))
    if among is not None and value not in among:
        value = first
    if key not in st.session_state or st.session_state[key] != value:
        st.session_state[key] = value
    st.session_state[shadow] = value
    return key


def forget_if_other(what: str, *, prefixes: Sequence[str]) -> None:
    """Let widgets begin anew where they are about something else than in the last run of the script.

    Args:
        what: tells what they are about, such as the data.
        prefixes: of their keys.
    """
    about = f"{_SHADOW}about {' '.join(prefixes)}"
    if st.session_state.get(about, what) != what:
        for key in list(st.session_state):
            if str(key).removeprefix(_SHADOW).startswith(tuple(prefixes)):
                del st.session_state[key]
    st.session_state[about] = what
