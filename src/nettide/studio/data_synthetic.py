"""Synthetic traffic on page Data: all its knobs, and the command that makes the same."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from datetime import date
from typing import Any

import streamlit as st

from nettide.errors import NettideError
from nettide.prepare.grid import GridChoice
from nettide.sources.contract import Layout
from nettide.studio.data_use import use
from nettide.studio.remembered import kept
from nettide.studio.session import workspace
from nettide.studio.words import plain
from nettide.studio.workspace import DataSet
from nettide.tasks.load import Reading
from nettide.tasks.synth import config_of, parameter_units, write_synthetic

_STEPS = ("1min", "5min", "15min", "30min", "1h", "1d")
_SYNTHETIC: Mapping[str, Any] = {
    "points": 1000, "step": "1h", "series": 1, "parameters": 10, "noisy": True, "noise": 5.0, "cycles": True,
    "holidays": True, "peaks": True, "events_per_month": 2.0, "trend": 20.0, "shifts": 0, "gaps": 0.0, "seed": 0,
    "start": date(2026, 1, 1), "zone": "UTC",
}  # fmt: skip


@st.fragment
def synthetic_choice() -> None:
    """Show the knobs of synthetic traffic, and make it; a knob that is turned draws nothing but this part anew."""
    st.caption(
        "Traffic of links with daily and weekly cycles, growth, events and gaps, whose truth is known. "
        "Same seed, same traffic."
    )
    with st.container(border=True):
        first, second, third, fourth = st.columns(4)
        keeps = {name: kept(f"synth.{name}", usual) for name, usual in _SYNTHETIC.items()}
        points = first.number_input("Points", 100, 200_000, step=100, **keeps["points"], help="Number of steps.")
        step = first.selectbox("Step", _STEPS, **keeps["step"], help="Time from one point to the next.")
        series = first.number_input("Links", 1, 200, **keeps["series"], help="Number of series.")
        parameters = second.slider(
            "Parameters", 1, 15, **keeps["parameters"],
            help="How many of the fifteen: throughput first, then packets, latency, loss and so on.",
        )  # fmt: skip
        noisy = second.toggle("Noise", **keeps["noisy"], help="Off gives the clean signal.")
        noise = second.slider(
            "Noise level (%)", 0.0, 50.0, step=0.5, format="%g", **keeps["noise"], help="Relative noise."
        )
        cycles = third.toggle("Daily and weekly pattern", **keeps["cycles"], help="Follow the hour and the weekday.")
        holidays = third.toggle("Holidays", **keeps["holidays"], help="Some dates are like Sundays.")
        peaks = third.toggle("Random peaks", **keeps["peaks"], help="Peaks, surges and outages.")
        events = third.slider(
            "Events a month",
            0.0,
            20.0,
            step=0.5,
            format="%g",
            **keeps["events_per_month"],
            help="Of each link, on average.",
        )
        trend = fourth.slider("Growth a year (%)", -50.0, 200.0, step=5.0, format="%g", **keeps["trend"], help="Trend.")
        shifts = fourth.number_input("Level shifts", 0, 20, **keeps["shifts"], help="Lasting changes of level.")
        gaps = fourth.slider(
            "Gaps (%)", 0.0, 50.0, step=0.5, format="%g", **keeps["gaps"], help="Share of steps not measured."
        )
        first, second, third, fourth = st.columns(4, vertical_alignment="bottom")
        seed = first.number_input("Seed", 0, 2**32 - 1, **keeps["seed"], help="Same seed, same traffic.")
        start = second.date_input("First day", **keeps["start"], help="On the clock of the zone.")
        zone = third.text_input("Time zone", **keeps["zone"], help="The cycles follow its clock, as Europe/Prague.")
        if not fourth.button(
            "Make traffic", type="primary", icon=":material/play_arrow:", width="stretch", key="synth.make"
        ):
            return
    chosen = {
        "points": points, "step": step, "start": str(start), "zone": zone, "series": series, "parameters": parameters,
        "noise": noise / 100 if noisy else 0.0, "trend": trend / 100, "cycles": cycles, "holidays": holidays,
        "events_per_month": events if peaks else 0.0, "shifts": shifts, "gaps": gaps / 100, "seed": seed,
    }  # fmt: skip
    try:
        _make(chosen)
    except NettideError as error:
        st.error(plain(str(error)), icon=":material/error:")


def _make(chosen: Mapping[str, Any]) -> None:
    config = config_of(days=None, **chosen)
    zone = chosen["zone"]
    folder = workspace().new_folder(workspace().data_folder, "synthetic")
    with st.spinner("Making traffic …"):
        write_synthetic(config, folder / "traffic.parquet", truth=folder / "truth")
    size = f"{chosen['points']:,} x {chosen['step']}, {chosen['series']} x {chosen['parameters']}"
    use(
        DataSet(
            name=f"synthetic {size}, seed {chosen['seed']}",
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
        ),
        said="Traffic is made.",
    )


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
