"""The first part of page Data: synthetic, uploaded or named data."""

from __future__ import annotations

import streamlit as st

from nettide.errors import NettideError, OptionError
from nettide.sources.location import existing
from nettide.sources.registry import SUFFIXES
from nettide.studio.data_synthetic import synthetic_choice
from nettide.studio.data_use import say_it_is_used, use
from nettide.studio.remembered import kept
from nettide.studio.session import workspace
from nettide.studio.settings import current_settings
from nettide.studio.words import plain
from nettide.studio.workspace import DataSet
from nettide.tasks.load import Reading
from nettide.units import si_text

_KINDS = ("Synthetic", "Upload", "Path")
_UPLOAD_NUMBER = "data.upload-number"


def choose_data() -> None:
    """Show the ways to data, and take what was chosen."""
    st.title("Data", anchor=False)
    kinds = _KINDS if current_settings().paths else _KINDS[:2]
    chosen = st.segmented_control(
        "Where the data comes from",
        kinds,
        required=True,
        **kept("data.kind", _usual_kind(kinds), among=kinds),
        label_visibility="collapsed",
    )
    try:
        if chosen == "Upload":
            _upload()
        elif chosen == "Path":
            _path()
        else:
            synthetic_choice()
    except NettideError as error:
        st.error(plain(str(error)), icon=":material/error:")
    say_it_is_used()


def _usual_kind(kinds: tuple[str, ...]) -> str:
    data = workspace().data()
    return next((one for one in kinds if data is not None and one.lower() == data.kind), "Synthetic")


def _upload() -> None:
    limit = current_settings().upload_limit_bytes
    number = st.session_state.setdefault(_UPLOAD_NUMBER, 0)
    uploaded = st.file_uploader(
        "A CSV or Parquet file",
        type=sorted({one.rpartition(".")[2] for one in SUFFIXES}),
        key=f"data.upload.{number}",
        max_upload_size=-(-limit // (1 << 20)),
        help="A long table (time, series, values) or a wide one (time, a column a series).",
    )
    if uploaded is None:
        st.caption(f"Up to {si_text(limit, 'B')}. It stays on this machine, and only this browser sees it.")
        return
    st.session_state[_UPLOAD_NUMBER] = number + 1  # a new widget: the server lets go of its copy in memory
    if uploaded.size > limit:
        raise OptionError(
            f"{uploaded.name} has {si_text(uploaded.size, 'B')}, more than the {si_text(limit, 'B')} that "
            "nettide studio --upload-limit allows"
        )
    with st.spinner("Keeping the file …"):
        folder = workspace().new_folder(workspace().data_folder, "upload")
        path = workspace().receive(folder, uploaded.name, uploaded)
    use(DataSet(name=uploaded.name, location=str(path), reading=Reading(), kind="upload"))


def _path() -> None:
    with st.form("path", border=False):
        first, second = st.columns([5, 1], vertical_alignment="bottom")
        location = first.text_input(
            "File or folder on this machine", **kept("data.path", ""),
            placeholder="/srv/traffic/uplinks.parquet",
            help="A CSV or Parquet file, or a folder of them.",
        )  # fmt: skip
        wanted = second.form_submit_button("Read it", type="primary", width="stretch")
    if not wanted:
        return
    if not location.strip():
        raise OptionError("no path is given; write one such as /srv/traffic/uplinks.parquet")
    path = existing(location.strip()).absolute()
    use(DataSet(name=path.name, location=str(path), reading=Reading(), kind="path"))
