"""The side bar: the data in use, runs that go, and the time zone of all charts."""

from __future__ import annotations

from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

import streamlit as st

from nettide.errors import NettideError
from nettide.studio.runs import list_runs
from nettide.studio.session import workspace
from nettide.studio.words import plain

_ZONE, _ZONE_WIDGET = "nettide.zone", "side.zone"


def chart_zone() -> str:
    """Give the IANA zone whose clock is on the charts: what was chosen, else that of the data or the browser."""
    chosen = st.session_state.get(_ZONE)
    return str(chosen) if chosen else _usual_zone()


def side_bar() -> None:
    """Show it."""
    with st.sidebar:
        try:
            data = workspace().data()
            runs = list_runs(workspace())
        except NettideError as error:
            st.error(plain(str(error)))
            return
        running = [one for one in runs if one.state == "running"]
        any_done = any(one.state == "done" for one in runs)
        active = workspace().active_model()
        st.caption("Data in use")
        st.text(data.name if data else "none yet")
        st.caption("Model in use")
        st.text(active.label if active else "the newest run" if any_done else "the pretrained network")
        if running:
            st.caption("Training now")
            st.text(", ".join(one.name for one in running))
        st.divider()
        zones = sorted(available_timezones())
        shown = chart_zone()
        st.session_state[_ZONE_WIDGET] = shown if shown in zones else "UTC"
        st.selectbox(
            "Time zone of charts",
            zones,
            key=_ZONE_WIDGET,
            help="Times on every chart are on the clock of this zone. Data and forecasts stay in UTC.",
            on_change=_choose_zone,
        )


def _choose_zone() -> None:
    st.session_state[_ZONE] = st.session_state[_ZONE_WIDGET]


def _usual_zone() -> str:
    try:
        data = workspace().data()
    except NettideError:
        data = None
    of_data = None if data is None or data.reading.zone == "UTC" else data.reading.zone
    return next((one for one in (of_data, st.context.timezone) if one and _exists(one)), "UTC")


def _exists(zone: str) -> bool:
    """Say whether a zone can be used; a browser may tell of one that is not known here, such as Etc/Unknown."""
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True
