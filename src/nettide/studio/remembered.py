"""Choices that stay while another page, or another section of a page, is shown.

Streamlit forgets the value of a widget that a run of the script did not show. So each value has a shadow, which is
no widget's. A widget that is given its value as an argument would jump back when that value changes.
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
        among: what can be chosen; of several values those that still can are kept. None for a widget without choices.
    """
    shadow = _SHADOW + key
    value = st.session_state.get(key, st.session_state.get(shadow, first))
    if among is not None:
        if isinstance(first, list):
            still = [one for one in value if one in among]
            value = still if still or not value else first
        elif value not in among:
            value = first
    if key not in st.session_state or st.session_state[key] != value:
        st.session_state[key] = value
    st.session_state[shadow] = value
    return key


def forget(*prefixes: str) -> None:
    """Let all widgets whose key begins so begin anew."""
    for key in list(st.session_state):
        if str(key).removeprefix(_SHADOW).startswith(prefixes):
            del st.session_state[key]


def forget_if_other(what: str, *, prefixes: Sequence[str]) -> None:
    """Let widgets begin anew where they are about something else than in the last run of the script.

    Args:
        what: tells what they are about, such as the data.
        prefixes: of their keys.
    """
    about = f"nettide.about {' '.join(prefixes)}"
    if st.session_state.get(about, what) != what:
        forget(*prefixes)
    st.session_state[about] = what
