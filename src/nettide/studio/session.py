"""The session of a browser: its key, its workspace, and the panels it looks at."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import streamlit as st

from nettide.panel import Channel, Panel
from nettide.studio.session_cookie import COOKIE, new_key, valid_key
from nettide.studio.settings import current_settings
from nettide.studio.workspace import DataSet, Workspace
from nettide.tasks.load import Reading
from nettide.tasks.look import Look, look
from nettide.tasks.reading_document import reading_document, reading_from

SESSION_KEY = "nettide.session"
_KEPT_LOOKS = 6


def workspace() -> Workspace:
    """Give the workspace of the browser that asks: by its cookie, or where it takes none for as long as the page."""
    key = valid_key(st.session_state.get(SESSION_KEY)) or valid_key(st.context.cookies.get(COOKIE)) or new_key()
    st.session_state[SESSION_KEY] = key
    return Workspace.of(current_settings().workspace, key)


def look_at(data: DataSet) -> Look:
    """Read data and give what is to be known of it; read once for all tabs and pages.

    Raises:
        NettideError: it cannot be read as traffic.
    """
    seen = _look(data.location, _stamps(data), json.dumps(reading_document(data.reading)))
    return replace(seen, panel=None if seen.panel is None else with_units(seen.panel, data))


def look_key(data: DataSet) -> str:
    """Give a text that is another where the data or its reading is: for caches."""
    return json.dumps([data.location, _stamps(data), reading_document(data.reading)])


def panel_of(data: DataSet) -> Panel:
    """Give the panel of data, with the units that are known of its channels.

    Raises:
        NettideError: it cannot be read, or put on a grid.
    """
    from nettide.errors import PanelError

    seen = look_at(data)
    if seen.panel is None:
        raise PanelError(seen.trouble)
    return seen.panel


def with_units(panel: Panel, data: DataSet) -> Panel:
    """Give the panel with units where the file told none."""
    units = dict(data.units)
    channels = tuple(Channel(one.name, one.unit or units.get(one.name, "")) for one in panel.channels)
    return replace(panel, channels=channels)


@st.cache_resource(max_entries=_KEPT_LOOKS, show_spinner="Reading the data …")
def _look(location: str, stamps: tuple[tuple[int, int], ...], reading: str) -> Look:
    del stamps  # part of the key: a file that was changed is read again
    how: Reading = reading_from(json.loads(reading))
    return look(location, how)


def _stamps(data: DataSet) -> tuple[tuple[int, int], ...]:
    return tuple(_stamp(Path(one)) for one in data.files)


def _stamp(path: Path) -> tuple[int, int]:
    try:
        found = path.stat()
    except OSError:
        return (0, 0)
    return (found.st_mtime_ns, found.st_size)
