"""Holidays and events that are known ahead, on page Data: of a country, or from files of one's own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import BinaryIO, Literal

import streamlit as st

from nettide.errors import NettideError, OptionError
from nettide.panel import Panel
from nettide.studio.data_use import use
from nettide.studio.remembered import kept
from nettide.studio.session import workspace
from nettide.studio.settings import current_settings
from nettide.studio.words import plain
from nettide.studio.workspace import DataSet
from nettide.tasks.occasions import OccasionChoice, with_occasions
from nettide.units import si_text

Which = Literal["holidays", "events"]
_TITLES: dict[Which, str] = {"holidays": "File of holidays", "events": "File of events and maintenance"}
_HELP: dict[Which, str] = {
    "holidays": "CSV with a day a row, as 2026-12-25, and if you like its name. Columns: date, name.",
    "events": "CSV with the columns start, end and kind (event, maintenance or holiday), and if you like series, name.",
}
_MOST_BYTES = 50_000_000
_NUMBER = "occasions.upload-number"


def occasions_form(data: DataSet, panel: Panel | None, *, expanded: bool = False) -> None:
    """Show where holidays and events come from, and take changes.

    Args:
        data: in use.
        panel: made of it, which files are tried on before they are used; None where there is none.
        expanded: whether it begins unfolded.
    """
    with st.expander("Holidays and events", expanded=expanded, icon=":material/event:"):
        st.caption("Known ahead, so that forecasts heed them: models learn from past ones what the next will do.")
        _form(data, panel)


@st.fragment
def _form(data: DataSet, panel: Panel | None) -> None:
    chosen = data.reading.occasions
    try:
        _country(data, panel)
        first, second = st.columns(2)
        with first:
            _file(data, panel, "holidays", chosen.holidays)
        with second:
            _file(data, panel, "events", chosen.events)
    except NettideError as error:
        st.error(plain(str(error)), icon=":material/error:")


def _country(data: DataSet, panel: Panel | None) -> None:
    before = data.reading.occasions.country or ""
    first, second, _ = st.columns([2, 1, 3], vertical_alignment="bottom")
    country = first.text_input(
        "Public holidays of", **kept("occasions.country", before), placeholder="by the time zone of the place",
        help="A country, or a part of one, as CZ or DE-BY; none for no holidays. Empty takes the country of the time "
        "zone, or the days off that most countries have in common.",
    ).strip()  # fmt: skip
    asked = second.button("Use them", key="occasions.use-country", width="stretch", disabled=country == before)
    if asked:
        _take(data, panel, replace(data.reading.occasions, country=country or None))


def _file(data: DataSet, panel: Panel | None, which: Which, location: str | None) -> None:
    """Ask for a file, or show which is used."""
    with_file: Callable[[str | None], OccasionChoice] = partial(_with_file, data.reading.occasions, which)
    if location is not None:
        st.text(f"{_TITLES[which]}: {Path(location).name}")
        if st.button("Do without it", key=f"occasions.drop-{which}", icon=":material/close:"):
            _take(data, panel, with_file(None))
        return
    number = st.session_state.setdefault(_NUMBER, 0)
    uploaded = st.file_uploader(
        _TITLES[which], type=["csv", "tsv", "txt", "gz", "zst"], key=f"{_NUMBER}.{which}.{number}", help=_HELP[which],
        max_upload_size=_MOST_BYTES >> 20,
    )  # fmt: skip
    if uploaded is not None:
        st.session_state[_NUMBER] = number + 1  # a new widget: the server lets go of its copy in memory
        _take(data, panel, with_file(_received(uploaded, uploaded.name, uploaded.size)))
    if current_settings().paths:
        first, second = st.columns([3, 1], vertical_alignment="bottom")
        path = first.text_input(
            "or its path on this machine", **kept(f"occasions.path-{which}", ""), placeholder=f"/srv/{which}.csv"
        ).strip()
        asked = second.button("Use it", key=f"occasions.use-{which}", width="stretch", disabled=not path)
        if asked:
            _take(data, panel, with_file(str(Path(path).absolute())))


def _received(file: BinaryIO, name: str, size: int) -> str:
    """Keep an uploaded file and give its path."""
    if size > _MOST_BYTES:
        raise OptionError(f"{name} has {si_text(size, 'B')}, more than the {si_text(_MOST_BYTES, 'B')} of such a list")
    folder = workspace().new_folder(workspace().data_folder, "occasions")
    return str(workspace().receive(folder, name, file))


def _with_file(chosen: OccasionChoice, which: Which, location: str | None) -> OccasionChoice:
    if which == "holidays":
        return replace(chosen, holidays=location)
    return replace(chosen, events=location)


def _take(data: DataSet, panel: Panel | None, chosen: OccasionChoice) -> None:
    """Try a choice, then read the data anew with it.

    Raises:
        NettideError: the country is unknown, or a file cannot be read as holidays or events.
    """
    chosen.check()
    if panel is not None:
        with_occasions(panel, chosen, zone=data.reading.layout.zone)
    use(replace(data, reading=replace(data.reading, occasions=chosen)), said="Holidays and events are taken over.")
