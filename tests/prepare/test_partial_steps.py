"""A part of a step is not taken for a whole one."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pytest
from slot_rows import DAY, HOUR, epoch, rows_at, texts

from nettide.prepare.grid import GridChoice, to_panel


def test_a_last_day_of_six_hours_is_left_out_and_said() -> None:
    begin = epoch("2026-02-02T00:00")
    rows = rows_at([begin + HOUR * one for one in range(24 * 10 + 6)])
    panel, notes = to_panel(rows, GridChoice(step_seconds=DAY, aggregate="sum"))
    assert panel.target[0].tolist() == [24.0] * 10
    assert notes[0] == ("traffic.csv: left out the last step of 1d, 2026-02-12: it has 6 of the usual 24 readings")


def test_a_first_hour_of_a_few_readings_is_left_out_and_said() -> None:
    begin = epoch("2026-02-02T00:40")
    panel, notes = to_panel(rows_at([begin + 300 * one for one in range(100)]), GridChoice(step_seconds=HOUR))
    assert texts(panel.seconds)[0] == "2026-02-02T01:00:00"
    assert notes[0] == (
        "traffic.csv: left out the first step of 1h, 2026-02-02T00:00:00Z: it has 4 of the usual 12 readings"
    )


@pytest.mark.parametrize(("seconds", "steps"), [(0, 4), (1, 3), (20, 4)])
def test_polls_at_no_fixed_times_fill_the_last_hour(seconds: int, steps: int) -> None:
    """Jitter of the last poll is no missing one; the whole of 300 s is."""
    begin, jitter = epoch("2026-02-02T00:00"), [0, 7, 12, 3, 19, 5, 11, 2, 16, 9, 4, 14]
    polls = [begin + 300 * one + jitter[one % 12] for one in range(48)]
    polls = polls[:-1] if seconds == 1 else [*polls[:-1], polls[-1] - seconds]
    panel, notes = to_panel(rows_at(polls), GridChoice(step_seconds=HOUR))
    assert panel.steps == steps
    assert any("left out the last" in one for one in notes) == (steps == 3)


def test_readings_as_long_as_steps_are_all_whole() -> None:
    begin = epoch("2026-02-02T00:10")
    panel, notes = to_panel(rows_at([begin + HOUR * one + one for one in range(9)]), GridChoice(step_seconds=HOUR))
    assert (panel.steps, notes) == (9, ())


@pytest.mark.parametrize("late", [0, 60, 299])
def test_an_hour_with_all_of_its_polls_is_whole_wherever_they_stand(late: int) -> None:
    begin = epoch("2026-02-02T00:00") + late
    panel, notes = to_panel(rows_at([begin + 300 * one for one in range(48)]), GridChoice(step_seconds=HOUR))
    assert panel.steps == 4
    assert not any("left out" in one for one in notes)


def test_days_of_office_hours_are_whole() -> None:
    begin = epoch("2026-02-02T00:00")
    rows = rows_at([begin + DAY * day + 900 * one for day in range(10) for one in range(32, 72)])
    panel, notes = to_panel(rows, GridChoice(step_seconds=DAY, aggregate="sum"))
    assert panel.target[0].tolist() == [40.0] * 10
    assert not any("left out" in one for one in notes)


@pytest.mark.parametrize("missing", ["gap", "zero"])
def test_empty_cells_at_the_ends_are_no_readings(missing: Literal["gap", "zero"]) -> None:
    begin = epoch("2026-02-02T00:00")
    values = [np.nan] * 10 + [1.0] * (24 * 9) + [np.nan] * 14
    rows = rows_at([begin + HOUR * one for one in range(240)], values)
    panel, notes = to_panel(rows, GridChoice(step_seconds=DAY, aggregate="sum", missing=missing))
    assert panel.target[0].tolist() == [24.0] * 8
    assert sum("left out the" in one for one in notes) == 2


def test_a_series_that_ends_in_the_midst_of_a_day_loses_that_day_alone() -> None:
    begin = epoch("2026-02-02T00:00")
    hours = [float(begin + HOUR * one) for one in range(240)]
    rows = rows_at([*hours, *hours[:-18], *hours[::24]], series=[0] * 240 + [1] * 222 + [2] * 10)
    panel, notes = to_panel(rows, GridChoice(step_seconds=DAY, aggregate="sum"))
    assert panel.target[0].tolist() == [24.0] * 10
    assert panel.target[1, :-1].tolist() == [24.0] * 9
    assert np.isnan(panel.target[1, -1])
    assert panel.target[2].tolist() == [1.0] * 10  # a reading a day is a whole day
    assert notes[0] == (
        "traffic.csv: left out the last step of 1d of 1 of 3 series, as of 'link-1', 2026-02-11: it has 6 of the usual "
        "24 readings"
    )


def test_no_event_is_no_traffic_where_that_is_said() -> None:
    """Events come when they come: only the end of all data says that a day is not over."""
    begin, draw = epoch("2026-02-02T00:00"), np.random.default_rng(2)
    busy = np.sort(draw.integers(0, 10 * DAY - 9 * HOUR, 3000))
    quiet = np.sort(draw.integers(0, 9 * DAY - 6 * HOUR, 40))
    rows = rows_at([*(begin + busy), *(begin + quiet)], series=[0] * 3000 + [1] * 40)
    panel, notes = to_panel(rows, GridChoice(step_seconds=DAY, aggregate="sum", missing="zero", duplicates="first"))
    assert panel.steps == 9
    assert np.nansum(panel.target[1]) == 40
    assert notes[0].endswith(
        "left out the last step of 1d of 1 of 2 series, as of 'link-0', 2026-02-11: the data end in its midst"
    )


def test_what_is_known_only_in_parts_of_steps_is_kept() -> None:
    begin = epoch("2026-02-02T00:30")
    values = [1.0] * 6 + [np.nan] * 30
    panel, _ = to_panel(rows_at([begin + 300 * one for one in range(36)], values), GridChoice(step_seconds=HOUR))
    assert panel.target[0].tolist() == [1.0]
