"""A sum of which readings are missing is completed, or unknown, and never too small in silence."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

import numpy as np
import pytest
from slot_rows import DAY, HOUR, epoch, midnights, rows_at

from nettide.panel import Panel
from nettide.prepare.grid import GridChoice, to_panel

BEGIN = epoch("2026-02-02T00:00")


def days_of(hours: Iterable[int], values: list[float] | None = None, **changes: Any) -> tuple[Panel, tuple[str, ...]]:
    """Sums of a day, of readings of one at some hours."""
    rows = rows_at([BEGIN + HOUR * one for one in hours], values)
    return to_panel(rows, GridChoice(step_seconds=DAY, aggregate="sum", **changes))


def hours_without(lost: Iterable[int], days: int = 10) -> list[int]:
    gone = set(lost)
    return [one for one in range(24 * days) if one not in gone]


def test_a_day_that_lacks_hours_is_unknown_and_said() -> None:
    panel, notes = days_of(hours_without(range(78, 84)))
    np.testing.assert_array_equal(panel.target[0], [24, 24, 24, np.nan, 24, 24, 24, 24, 24, 24])
    assert notes[0] == (
        "traffic.csv: 1 sum over 1d unknown, since more than a tenth of the usual readings are missing; "
        "the first: 'link-0', 2026-02-05, 18 of 24"
    )
    assert notes[-1].endswith("1 of 10 steps (10.0%) have no reading, or too few for a sum, and stay unknown")


def test_a_day_that_lacks_an_hour_is_completed_by_the_mean_of_the_others_and_said() -> None:
    values = [2.0] * 239
    panel, notes = days_of(hours_without([80]), values)
    np.testing.assert_allclose(panel.target[0], [48.0] * 10)
    assert notes[0] == (
        "traffic.csv: 1 sum over 1d of a few readings less than usual, brought to that of all by their mean; "
        "the first: 'link-0', 2026-02-05, 23 of 24"
    )


@pytest.mark.parametrize("how", ["mean", "max", "last"])
def test_other_aggregates_of_a_day_that_lacks_hours_are_as_they_were(how: str) -> None:
    panel, notes = to_panel(
        rows_at([float(BEGIN + HOUR * one) for one in hours_without(range(78, 84))]),
        GridChoice(step_seconds=DAY, aggregate=how),  # type: ignore[arg-type]
    )
    assert (panel.target == 1).all()
    assert not any("usual" in one for one in notes)


def test_three_days_of_ten_that_lack_hours_are_all_found() -> None:
    panel, notes = days_of(hours_without([*range(30, 36), *range(78, 84), *range(150, 156)]))
    assert np.flatnonzero(np.isnan(panel.target[0])).tolist() == [1, 3, 6]
    assert notes[0].startswith("traffic.csv: 3 sums over 1d unknown")


def test_a_gap_over_several_days_leaves_its_two_edges_unknown_and_other_series_as_they_are() -> None:
    hours = hours_without(
        range(24 * 3 + 20, 24 * 6 + 3)
    )  # from the evening of the fourth day to the night of the seventh
    times = [float(BEGIN + HOUR * one) for one in [*hours, *range(240)]]
    rows = rows_at(times, series=[0] * len(hours) + [1] * 240)
    panel, notes = to_panel(rows, GridChoice(step_seconds=DAY, aggregate="sum"))
    assert np.flatnonzero(np.isnan(panel.target[0])).tolist() == [3, 4, 5, 6]
    assert (panel.target[1] == 24).all()
    assert notes[0].endswith("the first: 'link-0', 2026-02-05, 20 of 24")


def test_the_first_is_named_by_time() -> None:
    times = [float(BEGIN + HOUR * one) for lost in (range(200, 206), range(50, 56)) for one in hours_without(lost)]
    rows = rows_at(times, series=[0] * 234 + [1] * 234)
    _, notes = to_panel(rows, GridChoice(step_seconds=DAY, aggregate="sum"))
    assert notes[0].startswith("traffic.csv: 2 sums over 1d unknown")
    assert notes[0].endswith("the first: 'link-1', 2026-02-04, 18 of 24")


def test_equal_rows_are_one_reading() -> None:
    hours = sorted([*hours_without(range(78, 84)), *range(72, 78)])
    panel, _ = days_of(hours, duplicates="first")
    assert np.flatnonzero(np.isnan(panel.target[0])).tolist() == [3]


def test_a_value_that_was_refused_is_a_reading_that_is_missing_within_and_at_the_end() -> None:
    values = [1.0] * 240
    values[100:106] = [-1.0] * 6
    values[-6:] = [-1.0] * 6
    panel, notes = days_of(range(240), values, invalid="gap")
    assert np.flatnonzero(np.isnan(panel.target[0])).tolist() == [4]
    assert panel.steps == 9
    assert any("left out the last step of 1d" in one for one in notes)
    assert any("18 of 24" in one for one in notes)


@pytest.mark.parametrize("share", [0.01, 0.05, 0.1])
def test_polls_lost_at_random_leave_no_sum_too_small(share: float) -> None:
    generator = np.random.default_rng(0)
    times = [float(BEGIN + 300 * one) for one in range(12 * 24 * 10) if generator.random() >= share]
    panel, _ = to_panel(rows_at(times), GridChoice(step_seconds=HOUR, aggregate="sum"))
    known = panel.target[0][~np.isnan(panel.target[0])]
    assert len(known) > 0.3 * panel.steps
    np.testing.assert_allclose(known, 12.0)


def test_polls_that_cross_the_border_of_an_hour_are_no_missing_ones() -> None:
    """Eleven in one hour and thirteen in the next, but none left out."""
    generator = np.random.default_rng(0)
    polls = sorted(float(BEGIN + 300 * one + int(generator.integers(-100, 100))) for one in range(24 * 12))
    panel, notes = to_panel(rows_at(polls), GridChoice(step_seconds=HOUR, aggregate="sum"))
    assert {11.0, 12.0, 13.0} <= set(panel.target[0].tolist())
    assert panel.target[0].sum() == panel.target[0].round().sum()
    assert not any("usual" in one for one in notes)


def test_office_hours_are_whole_and_one_that_lacks_a_reading_is_completed() -> None:
    times = [
        float(BEGIN + DAY * day + 900 * one) for day in range(10) for one in range(32, 72) if (day, one) != (4, 50)
    ]
    panel, notes = to_panel(rows_at(times), GridChoice(step_seconds=DAY, aggregate="sum"))
    np.testing.assert_allclose(panel.target[0], [40.0] * 10)
    assert "39 of 40" in notes[0]


def test_days_of_23_and_25_hours_are_whole_and_lack_what_they_lack() -> None:
    zone = "Europe/Prague"
    begin, end = (int(midnights(one, 1, zone)[0]) for one in (date(2026, 3, 20), date(2026, 4, 5)))
    quarters = list(range(begin, end, 900))
    whole, notes = to_panel(
        rows_at([float(one) for one in quarters]), GridChoice(step_seconds=DAY, aggregate="sum"), zone=zone
    )
    assert whole.target[0].tolist() == [96.0] * 9 + [92.0] + [96.0] * 6
    assert not any("usual" in one for one in notes)
    jump = epoch("2026-03-29T01:00")
    for lost in (jump - 900, jump, jump + 5 * HOUR):
        panel, _ = to_panel(
            rows_at([float(one) for one in quarters if one != lost]),
            GridChoice(step_seconds=DAY, aggregate="sum"),
            zone=zone,
        )
        np.testing.assert_allclose(panel.target[0], whole.target[0], rtol=0.001)


def test_sums_of_events_and_of_readings_at_any_times_are_left_as_they_are() -> None:
    events, _ = days_of(hours_without(range(80, 90)), missing="zero")
    assert events.target[0, 3] == 14.0
    generator = np.random.default_rng(0)
    odd = sorted(generator.choice(86_400 * 10, 200, replace=False).tolist())
    panel, notes = to_panel(rows_at([BEGIN + float(one) for one in odd]), GridChoice(step_seconds=DAY, aggregate="sum"))
    assert not any("usual" in one for one in notes)
    assert panel.target[0].sum() == panel.target[0].round().sum()


@pytest.mark.parametrize("slow", [0.1, 0.5, 0.9])
def test_a_pace_of_polls_that_changes_for_good_is_no_missing_reading(slow: float) -> None:
    """Bytes since the last poll: ten minutes hold twice those of five."""
    change = BEGIN + 300 * 12 * 24 * round(20 * (1 - slow))
    end = BEGIN + 300 * 12 * 24 * 20
    times = [*range(BEGIN, change, 300), *range(change, end, 600)]
    values = [300.0 if one < change else 600.0 for one in times]
    rows = rows_at([float(one) for one in times], values)
    panel, notes = to_panel(rows, GridChoice(step_seconds=HOUR, aggregate="sum"))
    assert panel.target[0].tolist() == [3600.0] * 480
    assert not any("usual" in one for one in notes)
