"""Anomalies: what is found in made traffic with known oddities, and that nothing later moves what is said."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from nettide.arrays import Floats
from nettide.errors import HistoryError, MismatchError, OptionError
from nettide.insight.anomalies import Anomalies, AnomalyConfig, find_anomalies, score_points, usual_reach
from nettide.insight.anomalies_words import text_on_clock
from nettide.models import make_model
from nettide.models.contract import Model
from nettide.panel import Channel, Panel, Series

HOUR, DAYS = 3600, 28
START = 1_767_571_200  # Monday 2026-01-05


def traffic(series: int = 1, *, days: int = DAYS, seed: int = 0) -> Floats:
    """Days that look alike with noise of 5 %, in bit/s, shape (series, time)."""
    hours = np.arange(24 * days)
    day = 1.0 + 0.5 * np.sin(2 * np.pi * hours / 24)
    noise = np.random.default_rng(seed).normal(1.0, 0.05, (series, len(hours)))
    return 1e9 * day * noise


def panel_of(values: Floats, *, zone: str = "UTC", step_seconds: int = HOUR) -> Panel:
    names = tuple(Series(f"link-{row}", unit="bit/s", zone=zone) for row in range(len(values)))
    return Panel(values[:, :, None].copy(), START, step_seconds, names, (Channel("y"),))


def fitted(panel: Panel, name: str = "base") -> Model:
    model = make_model(name, horizon=usual_reach(panel.step_seconds))
    model.fit(panel)
    return model


def search(values: Floats, name: str = "base", *, config: AnomalyConfig | None = None) -> Anomalies:
    panel = panel_of(values)
    return find_anomalies(fitted(panel, name), panel, config=config)


def test_a_spike_is_found_where_it_is_and_said_in_words() -> None:
    values = traffic()
    values[0, 24 * 22 + 3] *= 4
    found = search(values)
    (one,) = [one for one in found.incidents if one.severity == "critical"]
    assert (one.kind, one.start, one.end) == ("above", START + (24 * 22 + 3) * HOUR, START + (24 * 22 + 4) * HOUR)
    assert one.text.startswith("4.")
    assert "times the usual for Tuesday 03:00, 5." in one.text
    assert "expected 1." in one.text
    assert one.text.endswith("Gbit/s")
    assert one.low < one.expected < one.high < one.value
    assert found.points.flag[0, 24 * 22 + 3]


def test_the_words_tell_the_time_of_the_place() -> None:
    values = traffic()
    values[0, 24 * 22 + 3] *= 4
    panel = panel_of(values, zone="Europe/Prague")
    found = find_anomalies(fitted(panel), panel)
    assert any("Tuesday 04:00" in one.text for one in found.incidents)


def test_a_dip_is_below_and_a_dead_link_is_silent() -> None:
    values = traffic(2)
    values[0, 500:506] *= 0.4
    values[1, 500:510] = 0.0
    found = search(values)
    dip = next(one for one in found.incidents if one.series == "link-0" and one.severity != "minor")
    dead = next(one for one in found.incidents if one.series == "link-1" and one.kind == "silent")
    assert dip.kind == "below"
    assert "below the usual for" in dip.text
    assert (dead.start, dead.end) == (START + 500 * HOUR, START + 510 * HOUR)
    assert dead.text.startswith("no traffic for 10 h from ")
    assert ", expected " in dead.text


def test_an_anomaly_that_goes_on_does_not_teach_the_model_that_it_is_normal() -> None:
    values = traffic()
    values[0, 500:518] *= 3
    found = search(values)
    assert found.points.flag[0, 500:518].all()
    one = next(one for one in found.incidents if one.start == START + 500 * HOUR)
    assert one.points == 18
    assert one.text.endswith("; for 18 h")
    assert not one.accepted


def test_a_level_that_lasts_is_accepted_after_a_while_and_that_is_said() -> None:
    values = traffic()
    values[0, 450:] *= 2.5
    found = search(values)
    first = next(one for one in found.incidents if one.start == START + 450 * HOUR)
    assert first.end - first.start >= 24 * HOUR
    assert found.points.flag[0, 600:].mean() < 0.02
    assert any(one.accepted and one.text.endswith("then taken as the new level") for one in found.incidents)


def test_a_gap_is_told_when_it_has_lasted_and_not_where_gaps_are_usual() -> None:
    values = traffic(2)
    values[0, 400:408] = np.nan
    values[1, 100:600:20] = np.nan
    values[1, 101:601:20] = np.nan
    values[1, 102:602:20] = np.nan
    found = search(values)
    gaps = [one for one in found.incidents if one.kind == "gap"]
    assert [(one.series, one.start, one.end) for one in gaps if one.series == "link-0"] == [
        ("link-0", START + 400 * HOUR, START + 408 * HOUR)
    ]
    (gap,) = [one for one in gaps if one.series == "link-0"]
    assert gap.noticed == START + 402 * HOUR
    assert gap.text == "no readings for 8 h from Wednesday 16:00"
    assert np.isnan([gap.value, gap.expected, gap.score]).all()
    assert len([one for one in gaps if one.series == "link-1"]) == 3  # the first ones; then they are usual


def test_a_series_that_ends_early_is_a_gap_to_the_end() -> None:
    values = traffic(2)
    values[1, 600:] = np.nan
    gap = next(one for one in search(values).incidents if one.kind == "gap")
    assert (gap.series, gap.ongoing, gap.end) == ("link-1", True, START + 24 * DAYS * HOUR)
    assert gap.text.endswith(", to the end of the data")


def test_a_reading_that_does_not_change_any_more_is_stuck() -> None:
    values = traffic()
    values[0, 500:540] = values[0, 500]
    found = search(values)
    stuck = next(one for one in found.incidents if one.kind == "stuck")
    assert (stuck.start, stuck.end) == (START + 500 * HOUR, START + 540 * HOUR)
    assert stuck.noticed == START + 511 * HOUR or stuck.noticed < START + 511 * HOUR
    assert "the same reading, " in stuck.text
    assert found.points.flag[0, 511:540].all()


def test_a_series_that_never_changes_is_not_stuck() -> None:
    found = search(np.full((1, 24 * DAYS), 7.0))
    assert found.incidents == ()
    assert not found.points.flag.any()


@pytest.mark.parametrize("name", ["base", "seasonal-naive"])
def test_nothing_that_comes_later_moves_what_is_said_of_a_point(name: str) -> None:
    values = traffic(2)
    values[0, 500:506] *= 3
    panel = panel_of(values)
    model = fitted(panel, name)
    honest = find_anomalies(model, panel)
    for cut in (450, 503, 600):
        changed = panel.values.copy()
        changed[:, cut:] = changed[:, cut:][:, ::-1] * 3 + 1
        other = find_anomalies(model, replace(panel, values=changed))
        for field in ("expected", "low", "high", "alarm_low", "alarm_high", "score", "chance", "flag"):
            before, after = getattr(honest.points, field)[:, :cut], getattr(other.points, field)[:, :cut]
            np.testing.assert_array_equal(before, after, err_msg=f"{field} before step {cut}")


def test_normal_traffic_causes_about_as_few_alarms_as_are_allowed() -> None:
    values = traffic(20, days=42, seed=3)
    found = search(values, config=AnomalyConfig(false_alarms_per_week=1.0))
    weeks = 20 * (42 - 7) / 7
    assert found.points.flag[:, 24 * 7 :].sum() <= 2.0 * weeks
    assert found.false_alarms_per_week == pytest.approx(1.0)


def test_more_allowed_false_alarms_flag_no_point_less_in_the_tail() -> None:
    values = traffic(4, seed=1)
    values[:, 500:503] *= 1.6
    few, many = (search(values, config=AnomalyConfig(false_alarms_per_week=rate)) for rate in (0.05, 3.0))
    assert many.points.flag.sum() > few.points.flag.sum()
    assert (few.points.alarm_high[:, 400] > many.points.alarm_high[:, 400]).all()


def test_the_band_holds_four_fifths_of_normal_points() -> None:
    points = search(traffic(10, days=42, seed=4)).points
    late = np.s_[:, 24 * 14 :]
    inside = (points.value[late] >= points.low[late]) & (points.value[late] <= points.high[late])
    assert 0.72 <= inside.mean() <= 0.88
    np.testing.assert_array_equal(inside, points.score[late] <= 1.0)


def test_scores_do_not_depend_on_the_unit() -> None:
    values = traffic(2)
    values[0, 500:506] *= 3
    one, other = search(values), search(values / 1e9)
    np.testing.assert_array_equal(one.points.flag, other.points.flag)
    assert [each.kind for each in one.incidents] == [each.kind for each in other.incidents]


def test_a_point_model_has_bands_of_its_own_earlier_errors() -> None:
    values = traffic(seed=2)
    values[0, 500] *= 3
    found = search(values, "seasonal-naive")
    assert found.points.flag[0, 500]
    assert np.isfinite(found.points.low[0, 24 * 14 :]).all()


def test_the_same_point_is_expected_to_be_the_same_when_only_new_points_are_asked_for() -> None:
    values = traffic(2)
    values[1, -2] *= 4
    panel = panel_of(values)
    model = fitted(panel)
    whole, new = find_anomalies(model, panel), score_points(model, panel, new_steps=5)
    assert new.points.value.shape == (2, 5)
    np.testing.assert_array_equal(new.seconds, panel.seconds[-5:])
    np.testing.assert_allclose(new.points.expected, whole.points.expected[:, -5:], rtol=1e-4)
    np.testing.assert_array_equal(new.points.flag, [[False] * 5, [False, False, False, True, False]])
    (one,) = new.incidents
    assert (one.series, one.kind, one.start) == ("link-1", "above", int(panel.seconds[-2]))


def test_only_points_since_a_step_are_judged() -> None:
    values = traffic()
    values[0, [500, 600]] *= 4
    panel = panel_of(values)
    found = find_anomalies(fitted(panel), panel, since=550)
    assert not found.points.flag[:, :550].any()
    assert found.points.flag[0, 600]
    assert all(one.start >= START + 550 * HOUR for one in found.incidents)


def test_there_is_no_alarm_before_a_day_of_points_is_known() -> None:
    values = traffic()
    values[0, :100] = np.nan
    values[0, 110] *= 50
    assert not search(values).points.flag[0, : 100 + 24].any()


def test_series_of_other_times_are_searched_as_if_alone() -> None:
    values = np.full((2, 24 * 90), np.nan)
    values[0, : 24 * DAYS] = traffic()[0]
    values[1, -24 * DAYS :] = traffic(seed=1)[0]
    values[1, -100] *= 4
    found = search(values)
    assert found.points.flag[1, -100]
    assert np.isnan(found.points.expected[0, 24 * DAYS + 1 :]).all()


def test_days_are_named_without_a_time() -> None:
    values = 1e9 * np.random.default_rng(0).normal(1.0, 0.05, (1, 120))
    values[0, 100] *= 4
    panel = panel_of(values, step_seconds=86_400)
    found = find_anomalies(fitted(panel), panel)
    one = next(one for one in found.incidents if one.start == int(panel.seconds[100]))
    assert "times the usual for Wednesday, " in one.text


def test_the_table_has_a_row_a_point() -> None:
    found = search(traffic(2, days=14))
    frame = found.to_frame("pyarrow")
    assert frame.num_rows == 2 * 24 * 14
    assert frame.column_names == [
        "unique_id", "ds", "y", "expected", "low", "high", "alarm_low", "alarm_high", "score", "chance", "anomaly",
    ]  # fmt: skip


@pytest.mark.parametrize("rate", [0.0, -1.0, float("inf"), float("nan")])
def test_impossible_false_alarms_are_refused(rate: float) -> None:
    with pytest.raises(OptionError, match=r"false alarms per week .* must be a number above 0; write for example 0.5"):
        AnomalyConfig(rate)


def test_more_false_alarms_than_a_tenth_of_all_points_are_refused() -> None:
    with pytest.raises(OptionError, match=r"30 false alarms per week are 18% of all points .* allow at most 16.8"):
        search(traffic(days=7), config=AnomalyConfig(30.0))


@pytest.mark.parametrize("name", ["gap", "stuck"])
def test_runs_of_no_steps_are_refused(name: str) -> None:
    with pytest.raises(OptionError, match=f"least_{name}_steps 0 must be at least 1"):
        AnomalyConfig(**{f"least_{name}_steps": 0})


def test_data_without_a_value_and_steps_outside_it_are_refused() -> None:
    panel = panel_of(traffic(days=7))
    model = fitted(panel)
    nothing = replace(panel, values=np.full_like(panel.values, np.nan))
    with pytest.raises(HistoryError, match="no value of 'y' is known; there is nothing to judge"):
        find_anomalies(model, nothing)
    with pytest.raises(OptionError, match="since lies at step 168, outside the 168 steps"):
        find_anomalies(model, panel, since=168)
    with pytest.raises(OptionError, match=r"0 new steps are not 1 \.\.\. 168"):
        score_points(model, panel, new_steps=0)
    with pytest.raises(MismatchError, match="model was fitted on steps of 1h"):
        find_anomalies(model, replace(panel, step_seconds=1800))


def test_how_much_is_done_is_told_before_each_run_of_the_model() -> None:
    values = traffic(2)
    values[1, : values.shape[1] // 2] = np.nan  # known at another time, and so in a group of its own
    panel, told = panel_of(values), list[float]()
    find_anomalies(fitted(panel), panel, told=told.append)
    assert told[0] == 0
    assert len(told) >= 2
    assert told == sorted(told)
    assert told[-1] < 1


def test_the_words_can_be_told_by_another_clock() -> None:
    values = traffic()
    values[0, -50] *= 9
    found = search(values)
    spike = next(one for one in found.incidents if one.kind == "above")
    shared = {"unit": found.units[0], "step_seconds": found.step_seconds}
    assert text_on_clock(spike, zone="UTC", **shared) == spike.text
    assert text_on_clock(spike, zone="Asia/Tokyo", **shared) != spike.text
