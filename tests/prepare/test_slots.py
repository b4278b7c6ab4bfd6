"""Steps stand where readings stand, and days are local days."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from slot_rows import DAY, HOUR, MINUTE, epoch, midnights, rows_at, texts

from nettide.errors import PanelError
from nettide.prepare.calendar import local_seconds
from nettide.prepare.grid import GridChoice, find_step, to_panel

# --- the clock of the readings


@pytest.mark.parametrize("step", [7 * MINUTE, 5 * MINUTE, HOUR, 7 * DAY])
@pytest.mark.parametrize("late", [0, 1, 130])
def test_regular_readings_keep_their_times(step: int, late: int) -> None:
    begin = epoch("2026-02-02T00:00") + late  # a Monday; weeks since the epoch begin on Thursdays
    seconds = [begin + step * one for one in (0, 1, 2, 4, 5)]
    panel, notes = to_panel(rows_at(seconds, [1, 2, 3, 4, 5]), GridChoice())
    stands = late if step < DAY else 0  # a day is a date
    assert (panel.start, panel.step_seconds, panel.steps) == (begin - late + stands, step, 6)
    assert (~np.isnan(panel.target[0])).tolist() == [True, True, True, False, True, True]
    assert [one for one in notes if "left out" in one] == []


def test_series_that_stand_apart_within_a_step_share_full_steps() -> None:
    panel, _ = to_panel(rows_at([0, 300, 600, 120, 420, 720], series=[0, 0, 0, 1, 1, 1]), GridChoice())
    assert (panel.start, panel.step_seconds, panel.steps) == (0, 300, 3)


@pytest.mark.parametrize(
    ("zone", "step", "local"),
    [
        ("UTC", HOUR, {"00:00"}),
        ("Europe/Prague", HOUR, {"00:00"}),
        ("Asia/Kolkata", HOUR, {"00:00"}),
        ("Asia/Kathmandu", HOUR, {"00:00"}),
        ("Europe/Prague", 6 * HOUR, {"00:00", "06:00", "12:00", "18:00"}),
    ],
)
def test_full_hours_are_those_of_the_zone(zone: str, step: int, local: set[str]) -> None:
    begin = epoch("2026-01-10T00:00")
    panel, _ = to_panel(rows_at([begin + 300 * one for one in range(600)]), GridChoice(step_seconds=step), zone=zone)
    clock = {one[11:16] for one in texts(local_seconds(panel.seconds, zone))}
    assert clock == local if step > HOUR else {one[3:] for one in clock} == {"00"}


# --- local days


@pytest.mark.parametrize(
    "zone",
    ["Europe/Prague", "America/New_York", "Asia/Kolkata", "Europe/Dublin", "Pacific/Auckland", "America/Santiago"],
)
@pytest.mark.parametrize("first", [date(2026, 1, 5), date(2026, 8, 3)])
def test_local_dates_stay_dates_across_clock_changes(zone: str, first: date) -> None:
    seconds = midnights(first, 120, zone)
    values = [float(one) for one in range(1, 121)]
    panel, _ = to_panel(rows_at(seconds, values), GridChoice(), zone=zone)
    assert panel.step_seconds == DAY
    assert panel.target[0].tolist() == values
    dates = [one[:10] for one in texts(local_seconds(panel.seconds, zone))]
    assert dates == [str(first + timedelta(days=one)) for one in range(120)]


def test_hours_become_days_of_the_zone() -> None:
    begin, zone = int(midnights(date(2026, 3, 20), 1, "Europe/Prague")[0]), "Europe/Prague"
    end = int(midnights(date(2026, 4, 5), 1, zone)[0])
    rows = rows_at([float(one) for one in range(begin, end, HOUR)])
    panel, notes = to_panel(rows, GridChoice(step_seconds=DAY, aggregate="sum"), zone=zone)
    assert panel.target[0].tolist() == [24.0] * 9 + [23.0] + [24.0] * 6  # 29 March has 23 hours
    assert notes == ("traffic.csv: 383 readings became 16 steps of 1d by sum",)


def test_weeks_of_finer_readings_begin_on_mondays() -> None:
    begin = epoch("2026-02-02T00:00")
    rows = rows_at([begin + HOUR * one for one in range(3 * 168)])
    panel, _ = to_panel(rows, GridChoice(step_seconds=7 * DAY, aggregate="sum"))
    assert (texts(panel.seconds)[0], panel.target[0].tolist()) == ("2026-02-02T00:00:00", [168.0] * 3)


def test_days_with_a_change_of_the_clock_are_named_where_no_zone_is_given() -> None:
    rows = rows_at(midnights(date(2026, 1, 5), 120, "America/New_York"))
    expected = (
        r"traffic.csv line 65: 82800 s after the reading before, while readings mostly come every 1d \(99.2% on "
        r"multiples of it\); choose the grid with --step, such as --step 1d, or name the --zone that has days of 23 "
        r"and 25 hours"
    )
    with pytest.raises(PanelError, match=expected):
        to_panel(rows, GridChoice())
    assert find_step(rows, zone="America/New_York").regular


@pytest.mark.parametrize("stray", [-62_000_000_000, 200_000_000_000])
def test_stray_times_far_from_any_clock_are_refused_as_such(stray: int) -> None:
    rows = rows_at([stray, *midnights(date(2026, 1, 5), 10, "Europe/Prague")])
    with pytest.raises(PanelError, match=r"correct or remove the stray times|cells, more than"):
        to_panel(rows, GridChoice(step_seconds=DAY), zone="Europe/Prague")


@pytest.mark.parametrize("zone", ["Europe/Prague", "America/New_York"])
def test_readings_late_in_the_evening_keep_their_date_in_summer(zone: str) -> None:
    for days in (1, 7):
        dates = [date(2026, 2, 1) + timedelta(days=one) for one in range(0, 120, days)]
        seconds = [datetime(one.year, one.month, one.day, 23, 50, tzinfo=ZoneInfo(zone)).timestamp() for one in dates]
        panel, _ = to_panel(rows_at(seconds), GridChoice(step_seconds=days * DAY), zone=zone)
        assert [one[:10] for one in texts(local_seconds(panel.seconds, zone))] == [str(one) for one in dates]


def test_days_of_summer_are_dates_beyond_the_change_in_autumn() -> None:
    zone = "Europe/Prague"
    panel, _ = to_panel(rows_at(midnights(date(2026, 7, 1), 100, zone)), GridChoice(), zone=zone)
    ahead = panel.start + DAY * np.arange(panel.steps + 60, dtype=np.int64)
    dates = [one[:10] for one in texts(local_seconds(ahead, zone))]
    assert dates == [str(date(2026, 7, 1) + timedelta(days=one)) for one in range(160)]


@pytest.mark.parametrize("zone", ["America/New_York", "Asia/Kolkata", "Europe/Prague"])
def test_midnights_of_utc_are_the_dates_they_name(zone: str) -> None:
    seconds = midnights(date(2026, 2, 1), 120, "UTC")
    panel, _ = to_panel(rows_at(seconds), GridChoice(), zone=zone)
    dates = [one[:10] for one in texts(local_seconds(panel.seconds, zone))]
    assert dates == [str(date(2026, 2, 1) + timedelta(days=one)) for one in range(120)]


# --- readings at no fixed times


@pytest.mark.parametrize("about", [0, 130, 298])
@pytest.mark.parametrize("width", [5, 40])
def test_polls_that_jitter_about_a_time_each_have_a_step(about: int, width: int) -> None:
    jitter = np.random.default_rng(width).uniform(-width, width, 400)
    begin = epoch("2026-02-02T00:00")
    rows = rows_at([float(one) for one in begin + 300 * np.arange(400) + about + jitter])
    panel, notes = to_panel(rows, GridChoice(step_seconds=300, aggregate="sum"))
    assert panel.target[0].tolist() == [1.0] * 400
    assert notes == ()
    assert panel.start - begin in {0: {0}, 130: {120, 135}, 298: {0, 300}}[about]


def test_polls_that_drift_or_come_at_random_are_on_full_steps() -> None:
    begin = epoch("2026-02-02T00:00")
    for seconds in (begin + 303 * np.arange(400), begin + np.sort(np.random.default_rng(0).integers(0, 120_000, 400))):
        panel, _ = to_panel(rows_at([float(one) for one in seconds]), GridChoice(step_seconds=300, duplicates="first"))
        assert panel.start % 300 == 0


@pytest.mark.parametrize(("every", "near"), [(300, "5min"), (3600, "1h"), (10, "10s")])
def test_a_usual_step_is_advised_for_polls_with_jitter(every: int, near: str) -> None:
    jitter = np.random.default_rng(1).integers(-every // 15, every // 15 + 1, size=200)
    rows = rows_at([float(one) for one in epoch("2026-02-02T00:00") + every * np.arange(200) + jitter])
    with pytest.raises(PanelError, match=rf"readings come about every {near} at no fixed times; .*--step {near}$"):
        to_panel(rows, GridChoice())


def test_one_odd_reading_of_thousands_is_not_all_of_them() -> None:
    seconds = [300.0 * one for one in range(4000)]
    seconds[2000] += 60
    with pytest.raises(PanelError, match=r"mostly come every 5min \(nearly all on multiples of it\)"):
        to_panel(rows_at(seconds), GridChoice())
