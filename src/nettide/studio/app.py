"""The script that Streamlit runs for every browser: frame, side bar, then the chosen page."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from nettide.studio.navigation import navigation
from nettide.studio.side_bar import side_bar

st.set_page_config(page_title="nettide studio", page_icon=str(Path(__file__).with_name("icon.svg")), layout="wide")
side_bar()
navigation()
