"""The pages of the studio in their order; one line each."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import streamlit as st
from streamlit.navigation.page import Page

FOLDER = Path(__file__).parent / "pages"


@dataclass(frozen=True, slots=True)
class PageEntry:
    """One page.

    Args:
        file: in the folder ``pages``.
        title: in the navigation.
        icon: a Material symbol.
    """

    file: str
    title: str
    icon: str


PAGES = (
    PageEntry("data.py", "Data", ":material/database:"),
    PageEntry("model.py", "Model", ":material/tune:"),
    PageEntry("training.py", "Training", ":material/model_training:"),
    PageEntry("forecast.py", "Forecast", ":material/trending_up:"),
    PageEntry("analysis.py", "Analysis", ":material/troubleshoot:"),
)


def path_of(file: str) -> str:
    """Give what ``st.switch_page`` and ``st.page_link`` take for a page of the table."""
    return str(FOLDER / file)


def chosen_page() -> Page:
    """Show the navigation and give the chosen page, to be run when the frame around it is drawn."""
    pages = [
        st.Page(path_of(one.file), title=one.title, icon=one.icon, url_path=one.title.lower(), default=not place)
        for place, one in enumerate(PAGES)
    ]
    return st.navigation(pages)
