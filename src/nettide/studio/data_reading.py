"""How the data of a file is read, on page Data."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import streamlit as st

from nettide.errors import NettideError
from nettide.prepare.grid import AGGREGATE, MISSING, Aggregate, GridChoice, Missing
from nettide.studio.data_use import use
from nettide.studio.remembered import kept
from nettide.studio.words import plain
from nettide.studio.workspace import DataSet
from nettide.units import parse_quantity, parse_step, si_text, step_text

_AGGREGATES: tuple[Aggregate, ...] = ("mean", "max", "sum", "last")
_MISSING: tuple[Missing, ...] = ("gap", "zero")
_INVALID: tuple[Literal["error", "gap"], ...] = ("error", "gap")
_DUPLICATES: tuple[Literal["error", "first", "last", "mean"], ...] = ("error", "first", "last", "mean")


def reading_form(data: DataSet, *, expanded: bool) -> None:
    """Show how the data is read, and take changes when they are asked for.

    Args:
        data: in use.
        expanded: whether it begins unfolded.
    """
    with st.expander("How it is read", expanded=expanded, icon=":material/settings:"):
        _form(data)


@st.fragment
def _form(data: DataSet) -> None:
    layout, grid = data.reading.layout, data.reading.grid
    begin = {
        "time": layout.time or "", "id": layout.id or "", "target": layout.target or "",
        "zone": data.reading.zone if layout.zone is None else layout.zone, "unit": data.reading.unit,
        "step": "" if grid.step_seconds is None else step_text(grid.step_seconds), "aggregate": grid.combined_by,
        "missing": grid.absent_as, "invalid": grid.invalid, "duplicates": grid.duplicates,
        "counter": "no" if data.reading.counter_bits is None else str(data.reading.counter_bits),
        "capacity": "" if data.reading.capacity is None else si_text(data.reading.capacity, digits=6),
    }  # fmt: skip
    keeps = {name: kept(f"reading.{name}", value) for name, value in begin.items()}
    first, second, third, fourth = st.columns(4)
    time = first.text_input("Time column", **keeps["time"], placeholder="found", help="Guessed if clear.")
    id = first.text_input("Series column", **keeps["id"], placeholder="found", help="Which column names the series.")
    target = first.text_input(
        "Target column", **keeps["target"], placeholder="found",
        help="The column to forecast; * takes each column as a series.",
    )  # fmt: skip
    zone = second.text_input("Time zone", **keeps["zone"], help="Of the place; times without a zone are in it.")
    unit = second.text_input("Unit of the target", **keeps["unit"], placeholder="bit/s", help="Shown on every axis.")
    capacity = second.text_input(
        "Capacity", **keeps["capacity"], placeholder="10G", help="Most a link can carry; counters need it."
    )
    step = third.text_input("Step", **keeps["step"], placeholder="found", help="As 5min, 1h, 1d.")
    aggregate = third.selectbox(
        "Readings within a step", _AGGREGATES, **keeps["aggregate"], help="How they become one."
    )
    counter = third.selectbox(
        "Octet counter", ("no", "32", "64"), **keeps["counter"], help="Turn a counter of so many bits into bit/s."
    )
    missing = fourth.selectbox(
        "A missing row is", _MISSING, **keeps["missing"], help="Unknown, or no traffic (flow counts)."
    )
    invalid = fourth.selectbox(
        "Negative or infinite values", _INVALID, **keeps["invalid"], help="Refuse them, or make them unknown."
    )
    duplicates = fourth.selectbox("Repeated times", _DUPLICATES, **keeps["duplicates"], help="Which value counts.")
    first, second = st.columns([1, 3], vertical_alignment="center")
    asked = first.button("Read it so", type="primary", key="reading.read", width="stretch")
    if any(st.session_state[keeps[name]["key"]] != value for name, value in begin.items()):
        second.caption("Changed, and not read so yet.")
    if not asked:
        return
    try:
        changed = replace(
            data.reading,
            layout=replace(
                layout, time=time or None, id=id or None, target=target or None, zone=None if zone == "UTC" else zone
            ),
            grid=GridChoice(
                parse_step(step) if step else None,
                None if aggregate == AGGREGATE else aggregate,  # what the form begins with was not asked for
                None if missing == MISSING else missing,
                invalid,
                duplicates,
            ),
            unit=unit,
            zone=zone or "UTC",
            capacity=parse_quantity(capacity) if capacity else None,
            counter_bits=None if counter == "no" else (32 if counter == "32" else 64),
        )
        use(replace(data, reading=changed))
    except NettideError as error:
        st.error(plain(str(error)), icon=":material/error:")
