"""The first part of page Data: synthetic, uploaded or named data, and how it is read."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any, Literal

import streamlit as st

from nettide.errors import NettideError, OptionError
from nettide.prepare.grid import GridChoice
from nettide.sources.contract import Layout
from nettide.sources.location import existing
from nettide.sources.registry import SUFFIXES
from nettide.studio.remembered import begin_with, forget
from nettide.studio.runs import list_runs
from nettide.studio.session import workspace
from nettide.studio.settings import current_settings
from nettide.studio.words import plain
from nettide.studio.workspace import DataSet
from nettide.synthetic.config import SynthConfig
from nettide.tasks.load import Reading
from nettide.tasks.occasions import OccasionChoice
from nettide.tasks.synth import config_of, parameter_units, write_synthetic
from nettide.units import parse_quantity, parse_step, si_text, step_text

_KINDS = ("Synthetic", "Upload", "Path")
_STEPS = ("1min", "5min", "15min", "30min", "1h", "1d")
_SYNTHETIC: Mapping[str, Any] = {
    "points": 1000, "step": "1h", "series": 1, "parameters": 10, "noisy": True, "noise": 5.0, "cycles": True,
    "holidays": True, "peaks": True, "events_per_month": 2.0, "trend": 20.0, "shifts": 0, "gaps": 0.0, "seed": 0,
    "start": date(2026, 1, 1), "zone": "UTC",
}  # fmt: skip
_AGGREGATES: tuple[Literal["mean", "max", "sum", "last"], ...] = ("mean", "max", "sum", "last")
_MISSING: tuple[Literal["gap", "zero"], ...] = ("gap", "zero")
_INVALID: tuple[Literal["error", "gap"], ...] = ("error", "gap")
_DUPLICATES: tuple[Literal["error", "first", "last", "mean"], ...] = ("error", "first", "last", "mean")
_UPLOAD_NUMBER = "data.upload-number"


def choose_data() -> None:
    """Show the ways to data, and take what was chosen."""
    st.title("Data", anchor=False)
    kinds = _KINDS if current_settings().paths else _KINDS[:2]
    chosen = st.segmented_control(
        "Where the data comes from",
        kinds,
        key=begin_with("data.kind", _usual_kind(kinds)),
        label_visibility="collapsed",
    )
    try:
        if chosen == "Upload":
            _upload()
        elif chosen == "Path":
            _path()
        else:
            _synthetic()
    except NettideError as error:
        st.error(plain(str(error)), icon=":material/error:")
    _say_flash()


def _usual_kind(kinds: tuple[str, ...]) -> str:
    data = workspace().data()
    return next((one for one in kinds if data is not None and one.lower() == data.kind), "Synthetic")


def _use(chosen: DataSet) -> None:
    workspace().use_data(chosen)
    workspace().drop_unused_data(one.data.location for one in list_runs(workspace()))
    forget("model.")
    forget("view.")
    forget("reading.")
    st.rerun()


def _say_flash() -> None:
    said = st.session_state.pop("data.said", None)
    if said:
        st.toast(plain(said), icon=":material/check:")


def _synthetic() -> None:
    st.caption(
        "Traffic of links with daily and weekly cycles, growth, events and gaps, whose truth is known. "
        "Same seed, same traffic."
    )
    with st.form("synthetic", border=True):
        first, second, third, fourth = st.columns(4)
        values = {name: begin_with(f"synth.{name}", usual) for name, usual in _SYNTHETIC.items()}
        points = first.number_input("Points", 100, 200_000, step=100, key=values["points"], help="Number of steps.")
        step = first.selectbox("Step", _STEPS, key=values["step"], help="Time from one point to the next.")
        series = first.number_input("Links", 1, 200, key=values["series"], help="Number of series.")
        parameters = second.slider(
            "Parameters", 1, 15, key=values["parameters"],
            help="How many of the fifteen: throughput first, then packets, latency, loss and so on.",
        )  # fmt: skip
        noisy = second.toggle("Noise", key=values["noisy"], help="Off gives the clean signal.")
        noise = second.slider(
            "Noise level (%)", 0.0, 50.0, step=0.5, format="%g", key=values["noise"], help="Relative noise."
        )
        cycles = third.toggle("Daily and weekly pattern", key=values["cycles"], help="Follow the hour and the weekday.")
        holidays = third.toggle("Holidays", key=values["holidays"], help="Some dates are like Sundays.")
        peaks = third.toggle("Random peaks", key=values["peaks"], help="Peaks, surges and outages.")
        events = third.slider(
            "Events a month",
            0.0,
            20.0,
            step=0.5,
            format="%g",
            key=values["events_per_month"],
            help="Of each link, on average.",
        )
        trend = fourth.slider(
            "Growth a year (%)", -50.0, 200.0, step=5.0, format="%g", key=values["trend"], help="Trend."
        )
        shifts = fourth.number_input("Level shifts", 0, 20, key=values["shifts"], help="Lasting changes of level.")
        gaps = fourth.slider(
            "Gaps (%)", 0.0, 50.0, step=0.5, format="%g", key=values["gaps"], help="Share of steps not measured."
        )
        first, second, third, fourth = st.columns(4, vertical_alignment="bottom")
        seed = first.number_input("Seed", 0, 2**32 - 1, key=values["seed"], help="Same seed, same traffic.")
        start = second.date_input("First day", key=values["start"], help="On the clock of the zone.")
        zone = third.text_input("Time zone", key=values["zone"], help="The cycles follow its clock, as Europe/Prague.")
        if not fourth.form_submit_button("Make traffic", type="primary", icon=":material/play_arrow:", width="stretch"):
            return
    chosen = {
        "points": points, "step": step, "start": str(start), "zone": zone, "series": series, "parameters": parameters,
        "noise": noise / 100 if noisy else 0.0, "trend": trend / 100, "cycles": cycles, "holidays": holidays,
        "events_per_month": events if peaks else 0.0, "shifts": shifts, "gaps": gaps / 100, "seed": seed,
    }  # fmt: skip
    config = _config(chosen)
    folder = workspace().new_folder(workspace().data_folder, "synthetic")
    with st.spinner("Making traffic …"):
        write_synthetic(config, folder / "traffic.parquet", truth=folder / "truth")
    st.session_state["data.said"] = "Traffic is made."
    _use(
        DataSet(
            name=f"synthetic {points:,} x {step}, {series} x {parameters}, seed {seed}",
            location=str(folder / "traffic.parquet"),
            reading=Reading(
                layout=Layout(zone=None if zone == "UTC" else zone),
                grid=GridChoice(step_seconds=config.step_seconds),
                unit="bit/s",
                zone=zone,
            ),
            kind="synthetic",
            units=tuple(parameter_units(config).items()),
            command=synth_command(chosen, out=str(folder / "traffic.parquet")),
        )
    )


def _config(chosen: Mapping[str, Any]) -> SynthConfig:
    return config_of(days=None, **chosen)


def synth_command(chosen: Mapping[str, Any], *, out: str) -> str:
    """Give the ``nettide synth`` command that makes the same file."""
    words = [f"nettide synth {shlex.quote(out)}"]
    for name, value in chosen.items():
        if name in ("cycles", "holidays"):
            words.append(f"--{name}" if value else f"--no-{name}")
        else:
            shown = f"{value:g}" if isinstance(value, float) else str(value)
            words.append(f"--{name.replace('_', '-')} {shlex.quote(shown)}")
    return " ".join(words)


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
    _use(DataSet(name=uploaded.name, location=str(path), reading=Reading(), kind="upload"))


def _path() -> None:
    with st.form("path", border=False):
        first, second = st.columns([5, 1], vertical_alignment="bottom")
        location = first.text_input(
            "File or folder on this machine", key=begin_with("data.path", ""),
            placeholder="/srv/traffic/uplinks.parquet",
            help="A CSV or Parquet file, or a folder of them.",
        )  # fmt: skip
        wanted = second.form_submit_button("Read it", type="primary", width="stretch")
    if not wanted:
        return
    if not location.strip():
        raise OptionError("no path is given; write one such as /srv/traffic/uplinks.parquet")
    path = existing(location.strip()).absolute()
    _use(DataSet(name=path.name, location=str(path), reading=Reading(), kind="path"))


def reading_form(data: DataSet, *, expanded: bool) -> None:
    """Show how the data is read, and take changes."""
    layout, grid, occasions = data.reading.layout, data.reading.grid, data.reading.occasions
    begin = {
        "time": layout.time or "", "id": layout.id or "", "target": layout.target or "",
        "zone": data.reading.zone if layout.zone is None else layout.zone, "unit": data.reading.unit,
        "step": "" if grid.step_seconds is None else step_text(grid.step_seconds), "aggregate": grid.aggregate,
        "missing": grid.missing, "invalid": grid.invalid, "duplicates": grid.duplicates,
        "counter": "no" if data.reading.counter_bits is None else str(data.reading.counter_bits),
        "capacity": "" if data.reading.capacity is None else si_text(data.reading.capacity, digits=6),
        "country": occasions.country or "",
    }  # fmt: skip
    keys = {name: begin_with(f"reading.{name}", value) for name, value in begin.items()}
    with st.expander("How it is read", expanded=expanded, icon=":material/settings:"), st.form("reading", border=False):
        first, second, third, fourth = st.columns(4)
        time = first.text_input("Time column", key=keys["time"], placeholder="found", help="Guessed if clear.")
        id = first.text_input(
            "Series column", key=keys["id"], placeholder="found", help="Which column names the series."
        )
        target = first.text_input(
            "Target column", key=keys["target"], placeholder="found",
            help="The column to forecast; * takes each column as a series.",
        )  # fmt: skip
        zone = second.text_input("Time zone", key=keys["zone"], help="Of the place; times without a zone are in it.")
        unit = second.text_input(
            "Unit of the target", key=keys["unit"], placeholder="bit/s", help="Shown on every axis."
        )
        capacity = second.text_input(
            "Capacity", key=keys["capacity"], placeholder="10G", help="Most a link can carry; counters need it."
        )
        step = third.text_input("Step", key=keys["step"], placeholder="found", help="As 5min, 1h, 1d.")
        aggregate = third.selectbox(
            "Readings within a step", _AGGREGATES, key=keys["aggregate"], help="How they become one."
        )
        counter = third.selectbox(
            "Octet counter", ("no", "32", "64"), key=keys["counter"], help="Turn a counter of so many bits into bit/s."
        )
        missing = fourth.selectbox(
            "A missing row is", _MISSING, key=keys["missing"], help="Unknown, or no traffic (flow counts)."
        )
        invalid = fourth.selectbox(
            "Negative or infinite values",
            _INVALID,
            key=keys["invalid"],
            help="Refuse them, or make them unknown.",
        )
        duplicates = fourth.selectbox("Repeated times", _DUPLICATES, key=keys["duplicates"], help="Which value counts.")
        country = fourth.text_input("Holidays of", key=keys["country"], placeholder="CZ, DE-BY", help="Known ahead.")
        if not st.form_submit_button("Read it so", type="primary"):
            return
    try:
        changed = replace(
            data.reading,
            layout=replace(
                layout, time=time or None, id=id or None, target=target or None, zone=None if zone == "UTC" else zone
            ),
            grid=GridChoice(parse_step(step) if step else None, aggregate, missing, invalid, duplicates),
            unit=unit,
            zone=zone or "UTC",
            capacity=parse_quantity(capacity) if capacity else None,
            counter_bits=None if counter == "no" else (32 if counter == "32" else 64),
            occasions=OccasionChoice(country or None, occasions.holidays, occasions.events),
        )
    except NettideError as error:
        st.error(plain(str(error)), icon=":material/error:")
        return
    _use(replace(data, reading=changed))
