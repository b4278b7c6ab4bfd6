"""Choices that stay while another page, or another section of a page, is shown.

Streamlit keeps the value of a widget that a run of the script did not show where the widget asks for that. It then
also tells a browser the value that has not heard of it yet: one who uses a page while it is drawn for the first time
begins a new run, and what the old one drew and did not send yet is lost, first values with it. A widget that is given
its value as an argument would jump back when that value changes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, TypedDict

import streamlit as st

_SHADOW = "kept:"


class Kept(TypedDict):
    """Arguments of a widget whose value is kept; a dict, as they are passed with ``**``."""

    key: str
    persist_state: Literal["session"]


def kept(key: str, first: Any, *, among: Sequence[Any] | None = None) -> Kept:
    """Give a widget the value that it had last, or its first; gives the arguments that keep it.

    Args:
        key: of the widget.
        first: its value where it had none yet, or none that is still among the choices.
        among: what can be chosen; of several values those that still can are kept. None for a widget without choices.
    """
    value = st.session_state.get(key, first)
    if among is not None:
        if isinstance(first, list):
            still = [one for one in value if one in among]
            value = still if still or not value else first
        elif value not in among:
            value = first
    if key not in st.session_state or st.session_state[key] != value:
        st.session_state[key] = value
    return {"key": key, "persist_state": "session"}


def kept_tab(key: str, names: Sequence[str]) -> str:
    """Open the tab that was open last, or the first; gives the key back.

    Streamlit does not keep tabs, so the choice has a shadow, which is no widget's. A run tells which tab is open
    in any case.

    Args:
        key: of the tabs.
        names: of the tabs, which are always the same.
    """
    shadow = _SHADOW + key
    st.session_state[shadow] = st.session_state.get(key, st.session_state.get(shadow, names[0]))
    if key not in st.session_state:
        st.session_state[key] = st.session_state[shadow]
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
