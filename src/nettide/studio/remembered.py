"""Widgets that begin with a value once and then belong to the user, also after a visit to another page."""

from __future__ import annotations

from typing import Any

import streamlit as st


def begin_with(key: str, value: Any) -> str:
    """Give a widget its first value; gives the key back.

    A widget that is given its value as an argument would jump back when that value changes.
    """
    if key not in st.session_state:
        st.session_state[key] = value
    return key


def forget(prefix: str) -> None:
    """Let all widgets whose key begins so begin anew."""
    for key in list(st.session_state):
        if str(key).startswith(prefix):
            del st.session_state[key]
