"""Remarks on the data of a forecast: a clock that is wrong, series that never change."""

from __future__ import annotations

import numpy as np
import pytest

from nettide import Channel, Panel, Series
from nettide.arrays import Floats
from nettide.tasks.load import Reading, load
from nettide.tasks.remarks import remarks_on


def panel_of(target: Floats, *, step: int = 3600) -> Panel:
    series = tuple(Series(f"link-{row}", "", "UTC") for row in range(len(target)))
    return Panel(target[..., None], 1_772_323_200, step, series, (Channel("y"),))


def wave(day: float, *, steps: int, series: int = 3) -> Floats:
    noise = np.random.default_rng(0).lognormal(0, 0.05, (series, steps))
    return (2 + np.sin(2 * np.pi * np.arange(steps) / day)) * noise


def test_ordinary_traffic_needs_no_remark() -> None:
    assert list(remarks_on(panel_of(wave(24, steps=24 * 30)))) == []


def test_a_day_of_another_length_is_said_in_steps() -> None:
    (said,) = remarks_on(panel_of(wave(283, steps=288 * 35), step=300))
    assert said.startswith("the day of the data has 283 steps, not 288: rows are missing, or its clock is wrong; ")


def test_where_a_day_is_rounded_to_the_same_steps_its_share_is_said() -> None:
    (said,) = remarks_on(panel_of(wave(24.3, steps=24 * 60)))
    assert said.startswith("the day of the data is 1.3% longer than that of its clock: ")


def test_series_that_never_change_are_counted_and_named() -> None:
    target = np.concatenate([wave(24, steps=240, series=1), np.full((5, 240), 3.0), np.full((1, 240), np.nan)])
    target[1, :200] = np.nan
    *_, said = remarks_on(panel_of(target))
    assert said == "5 of 7 series never change: 'link-1', 'link-2', 'link-3' and 2 more; a forecast goes on as it was"


def test_counters_are_named_and_growing_traffic_is_none() -> None:
    octets = np.cumsum(wave(24, steps=24 * 30, series=2), axis=1)
    octets[1, 100:] -= octets[1, 99]  # a restart
    grown = wave(24, steps=24 * 30, series=1) * np.linspace(1, 3, 24 * 30)
    said = [one for one in remarks_on(panel_of(np.concatenate([octets, grown]))) if "--counter" in one]
    assert said == [
        "2 of 3 series almost never fall: 'link-0', 'link-1'; if they count octets, forecast their rates, with "
        "--counter 64 --capacity SPEED (nettide check tells more)"
    ]
    assert not [one for one in remarks_on(panel_of(octets[:, :40])) if "--counter" in one]


def test_one_known_value_is_not_called_constant() -> None:
    said = list(remarks_on(panel_of(np.array([[np.nan, 3.0, np.nan]]))))
    assert not [one for one in said if "change" in one]


def test_series_that_end_early_or_are_short_are_named() -> None:
    target = wave(24, steps=24 * 30, series=4)
    target[1, -24 * 14 :] = np.nan
    target[2, : -24 * 5] = np.nan
    target[3, -24:] = np.nan  # a day late is not gone
    assert list(remarks_on(panel_of(target))) == [
        "1 of 4 series ends 14 d before the others: 'link-1'; a forecast begins where all data end",
        "1 of 4 series has at most 5 d of history: 'link-2'; too little to stand on, so a forecast is little more than "
        "a guess",
    ]
    target[0, -24 * 3 :] = np.nan
    target[3, -24 * 3 :] = np.nan
    assert next(remarks_on(panel_of(target))) == (
        "3 of 4 series end up to 14 d before the others: 'link-0', 'link-1', 'link-3'; a forecast begins where all "
        "data end"
    )


@pytest.mark.parametrize(
    ("step", "steps", "short"), [(3600, 173, False), (3600, 172, True), (86400, 12, False), (86400, 11, True)]
)
def test_too_short_is_what_check_calls_unfit(step: int, steps: int, short: bool) -> None:
    said = list(remarks_on(panel_of(wave(24, steps=steps), step=step)))
    assert any("too little to stand on" in one for one in said) == short


def test_nothing_at_all_needs_no_remark() -> None:
    assert list(remarks_on(panel_of(np.empty((0, 5))))) == []
    assert list(remarks_on(panel_of(np.empty((2, 0))))) == []


@pytest.mark.data
def test_the_wrong_clock_of_real_measurements_is_noticed(data: object) -> None:
    panel, _ = load(f"{data}/isp_eu_5min.parquet", Reading())
    assert any(" of the data has 283 steps, not 288" in one for one in remarks_on(panel))
