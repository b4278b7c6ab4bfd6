"""Remarks: what else is to be known of an answer, folded away."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st


def show_remarks(notes: Sequence[str]) -> None:
    """Show sentences to the letter; nothing where there is none."""
    if notes:
        count = len(notes)
        with st.expander(f"{count} remark{'' if count == 1 else 's'}", icon=":material/notes:"):
            for note in notes:
                st.text(note)
