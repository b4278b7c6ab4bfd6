"""Synthetic traffic: seeds, spans, cycles, noise and the truth about events."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nettide.errors import OptionError
from nettide.synthetic.config import SynthConfig
from nettide.synthetic.traffic import describe, generate, generate_parts

MONTH = SynthConfig(series=4, points=720, events_per_month=0, holidays=False)


def test_the_same_seed_gives_the_same_bytes() -> None:
    config = replace(MONTH, parameters=15, gaps=0.1, shifts=1, events_per_month=3)
    one, two = generate(config), generate(config)
    assert one.panel.values.tobytes() == two.panel.values.tobytes()
    assert one.clean.values.tobytes() == two.clean.values.tobytes()
    assert repr(one.events) == repr(two.events)


def test_another_seed_gives_other_traffic() -> None:
    assert not np.isclose(generate(MONTH).panel.target, generate(replace(MONTH, seed=1)).panel.target).all(axis=1).any()


@settings(max_examples=15, derandomize=True, deadline=None)
@given(series=st.integers(1, 5), parameters=st.integers(1, 15), seed=st.integers(0, 99))
def test_a_series_is_the_same_however_many_series_and_parameters_are_asked_for(
    series: int, parameters: int, seed: int
) -> None:
    many = generate(SynthConfig(series=5, points=60, parameters=15, gaps=0.1, seed=seed))
    few = generate(SynthConfig(series=series, points=60, parameters=parameters, gaps=0.1, seed=seed))
    np.testing.assert_array_equal(few.panel.values, many.panel.values[:series, :, :parameters])
    assert few.panel.series == many.panel.series[:series]


def test_parts_together_are_the_whole() -> None:
    config = replace(MONTH, series=7, gaps=0.2)
    whole = generate(config)
    parts = [generate(config, first=first, count=min(3, 7 - first)) for first in (0, 3, 6)]
    np.testing.assert_array_equal(np.concatenate([one.panel.values for one in parts]), whole.panel.values)
    assert [repr(event) for one in parts for event in one.events] == [repr(event) for event in whole.events]
    np.testing.assert_array_equal(
        np.concatenate([one.panel.values for one in generate_parts(config)]), whole.panel.values
    )
    assert describe(config) == whole.panel.series


@pytest.mark.parametrize(("first", "count"), [(-1, 1), (4, 1), (3, 2), (0, 0)])
def test_series_that_do_not_exist_are_refused(first: int, count: int) -> None:
    with pytest.raises(OptionError, match="do not exist; there are 4"):
        generate(MONTH, first=first, count=count)


def test_the_target_comes_first_and_every_channel_has_its_unit() -> None:
    panel = generate(replace(MONTH, parameters=3)).panel
    assert [(one.name, one.unit) for one in panel.channels] == [
        ("y", "bit/s"),
        ("packet_count", "packets"),
        ("latency", "ms"),
    ]
    assert {one.unit for one in panel.series} == {"bit/s"}


def test_noise_off_measures_the_clean_signal() -> None:
    made = generate(replace(MONTH, noise=0, parameters=15))
    np.testing.assert_array_equal(made.panel.values, made.clean.values)


def test_the_clean_signal_does_not_depend_on_noise_events_or_gaps() -> None:
    calm = generate(replace(MONTH, noise=0))
    wild = generate(replace(MONTH, noise=0.5, events_per_month=9, gaps=0.3))
    np.testing.assert_array_equal(calm.clean.values, wild.clean.values)


@settings(max_examples=8, derandomize=True, deadline=None)
@given(noise=st.floats(0.01, 0.2), step=st.sampled_from([300, 3600, 86400]))
def test_measured_over_clean_spreads_as_the_noise_says(noise: float, step: int) -> None:
    made = generate(SynthConfig(series=6, points=4000, step_seconds=step, noise=noise, events_per_month=0, trend=0))
    ratio = made.panel.target / made.clean.target
    quiet = made.clean.target < 0.5 * np.array([[one.capacity] for one in made.panel.series])
    assert np.log(ratio[quiet]).std() == pytest.approx(noise, rel=0.15)
    assert ratio[quiet].mean() == pytest.approx(1, abs=0.3 * noise)


def test_traffic_grows_by_the_trend_in_a_year() -> None:
    config = SynthConfig(series=8, points=366, step_seconds=86400, trend=0.5, noise=0, events_per_month=0, cycles=False)
    target = generate(config).panel.target
    idle = target[:, -1] < 0.4 * np.array([one.capacity for one in generate(config).panel.series])
    assert idle.any()
    np.testing.assert_allclose(target[idle, 365] / target[idle, 0], 1.5, rtol=0.01)


def test_days_repeat_and_weekends_differ() -> None:
    clean = generate(replace(MONTH, trend=0, start=1_767_571_200)).clean.target  # Monday 2026-01-05
    weeks = clean[:, :672].reshape(4, 4, 168)
    np.testing.assert_allclose(weeks, np.broadcast_to(weeks[:, :1], weeks.shape), rtol=1e-5)
    assert (clean[:, :24].max(axis=1) > 1.2 * clean[:, :24].min(axis=1)).all()


def test_weekends_are_those_of_the_country_of_the_zone() -> None:
    config = replace(MONTH, trend=0, start=1_767_571_200)  # Monday 2026-01-05 in UTC
    usual = generate(config).clean.target
    start = config.start - 86_400 - 3 * 3600  # Sunday 2026-01-04 there, the first working day after Friday and Saturday
    there = generate(replace(config, start=start, zone="Asia/Riyadh")).clean.target
    np.testing.assert_allclose(there, usual, rtol=1e-5)


def test_without_cycles_the_clean_signal_only_grows() -> None:
    clean = generate(replace(MONTH, cycles=False)).clean.target
    assert (np.diff(clean) >= 0).all()


def test_cycles_follow_the_clock_of_the_zone_through_the_change_to_summer_time() -> None:
    start = 1_774_224_000  # Monday 2026-03-23 in UTC; Prague changes its clock on the 29th
    config = SynthConfig(
        series=3, points=24 * 14, start=start, noise=0, trend=0, events_per_month=0, zone="Europe/Prague"
    )
    clean = generate(config).clean.target
    np.testing.assert_allclose(clean[:, 24 + 168 - 1 : 48 + 168 - 1], clean[:, 24:48], rtol=1e-6)


def test_a_holiday_is_like_a_sunday() -> None:
    config = SynthConfig(series=3, points=24 * 7, start=1_777_248_000, noise=0, trend=0, events_per_month=0)
    days = generate(config).clean.target.reshape(3, 7, 24)  # 2026-04-27 is a Monday, 1 May a Friday
    np.testing.assert_allclose(days[:, 4, 1:23], days[:, 6, 1:23], rtol=1e-9)
    assert not np.allclose(generate(replace(config, holidays=False)).clean.target.reshape(3, 7, 24)[:, 4], days[:, 4])


def test_a_daily_step_is_the_mean_of_its_hours() -> None:
    common = {"series": 3, "noise": 0, "trend": 0, "events_per_month": 0}
    hours = generate(SynthConfig(points=240, **common)).clean.target.reshape(3, 10, 24).mean(axis=2)
    days = generate(SynthConfig(points=10, step_seconds=86400, **common)).clean.target
    np.testing.assert_allclose(days, hours, rtol=0.02)


@settings(max_examples=12, derandomize=True, deadline=None)
@given(share=st.floats(0, 0.9), points=st.integers(10, 2000))
def test_the_share_of_gaps_is_the_one_asked_for(share: float, points: int) -> None:
    made = generate(SynthConfig(series=2, points=points, gaps=share, parameters=2))
    missing = np.isnan(made.panel.values)
    assert (missing[:, :, 0].sum(axis=1) == round(share * points)).all()
    np.testing.assert_array_equal(missing[:, :, 0], missing[:, :, 1])
    listed = sum((one.end - one.start) // 3600 for one in made.events if one.kind == "gap")
    assert listed == missing[:, :, 0].sum()
    assert not np.isnan(made.clean.values).any()


def test_every_event_of_the_truth_is_visible_and_nothing_else_is() -> None:
    config = SynthConfig(series=20, points=8760, events_per_month=3, noise=0.02, trend=0)
    made = generate(config)
    ratio = made.panel.target / made.clean.target
    row = {id: place for place, id in enumerate(made.panel.ids)}
    outside = np.ones_like(ratio, dtype=bool)
    for one in made.events:
        steps = slice((one.start - config.start) // 3600, (one.end - config.start) // 3600)
        outside[row[one.series], steps] = False
        first, used = ratio[row[one.series], steps][0], made.clean.target[row[one.series], steps][0]
        full = used * max(one.size, 1) > 0.7 * made.panel.series[row[one.series]].capacity
        if one.kind == "outage":
            assert first < 0.35
        elif not full:
            assert first == pytest.approx(one.size, rel=0.12)
    assert {one.kind for one in made.events} == {"peak", "surge", "outage"}
    assert 0.6 < len(made.events) / (3 * 20 * 8760 / 720) < 1.2
    assert np.abs(np.log(ratio[outside])).max() < 0.15


def test_a_shift_moves_the_clean_signal_for_good() -> None:
    config = replace(MONTH, shifts=1, cycles=False, trend=0)
    made, level = generate(config), generate(replace(config, shifts=0))
    for row, one in enumerate(made.events):
        step = (one.start - config.start) // 3600
        factor = made.clean.target[row] / level.clean.target[row]
        np.testing.assert_allclose(factor[:step], 1)
        np.testing.assert_allclose(factor[step:], one.size, rtol=1e-3)
        assert one.kind == "shift"


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"parameters": 16}, "parameters 16 must be from 1 to 15"),
        ({"parameters": 0}, "parameters 0 must be from 1 to 15"),
        ({"series": 0}, "series 0 must be from 1 to"),
        ({"points": 1}, "points 1 must be from 2 to"),
        ({"step_seconds": 0}, "step_seconds 0 must be from 1 to"),
        ({"noise": -0.1}, "noise -0.1 must be from 0 to 2"),
        ({"noise": float("nan")}, "noise nan must be from 0 to 2"),
        ({"trend": -1}, "trend -1 must be from -0.9"),
        ({"gaps": 1}, "gaps 1 must be from 0 to 0.9"),
        ({"events_per_month": float("inf")}, "events_per_month inf must be from 0"),
        ({"points": 8, "shifts": 3}, "shifts 3 must be from 0 to 2"),
        ({"start": 10**11}, "start 1e\\+11 must be from"),
        ({"seed": -1}, "seed -1 must be from 0"),
        ({"zone": "Mars/Olympus"}, "time zone 'Mars/Olympus' does not exist"),
        ({"series": 100_000, "points": 10_000_000}, "are more than 2,000,000,000 values; ask for less"),
        ({"points": 100_000, "step_seconds": 2_000_000}, "100,000 points of 2,000,000 s end after the year 2261"),
    ],
)
def test_a_value_out_of_its_range_is_named(wrong: dict[str, float], message: str) -> None:
    with pytest.raises(OptionError, match=message):
        SynthConfig(**wrong)
