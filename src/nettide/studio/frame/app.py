"""The script that Streamlit runs for every browser: frame, side bar, then the chosen page.

It has a folder of its own: beside a folder ``pages`` Streamlit would run the pages alone, without the frame.
"""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from nettide.studio.navigation import chosen_page
from nettide.studio.side_bar import side_bar

st.set_page_config(page_title="nettide studio", page_icon=str(Path(__file__).parents[1] / "icon.svg"), layout="wide")
page = chosen_page()
side_bar()
page.run()
