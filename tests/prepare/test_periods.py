from __future__ import annotations

import numpy as np

from nettide.panel import Channel, Panel, Series
from nettide.prepare.periods import Periods, measured_periods, nominal_periods, told_seconds


def panel(day_steps: float, *, step: int = 300, days: int = 30, series: int = 3, weekly: float = 0.7) -> Panel:
    steps = np.arange(round(days * day_steps))
    week = np.where((steps // day_steps) % 7 < 5, 1.0, weekly)
    shape = (1.5 + np.sin(2 * np.pi * steps / day_steps)) * week
    noise = np.random.default_rng(0).lognormal(0, 0.05, (series, len(steps)))
    return Panel(
        (shape * noise)[:, :, None],
        1_700_000_000 // 86_400 * 86_400,
        step,
        tuple(Series(f"link-{place}") for place in range(series)),
        (Channel("y"),),
    )


def test_a_right_clock_gives_the_nominal_day_and_week() -> None:
    assert measured_periods(panel(288)) == Periods(288, 2016)


def test_a_drifting_clock_gives_the_day_that_is_measured() -> None:
    found = measured_periods(panel(283.2, days=45))
    assert abs(found.clock - 283.2 / 288) < 0.001
    assert found.day == 283
    assert abs(found.week - 7 * 283.2) < 2


def test_one_odd_series_does_not_make_the_clock_of_a_panel_wrong() -> None:
    right, odd = panel(288, series=3, days=40), panel(283.2, series=1, days=41).target[:, : 40 * 288]
    values = np.concatenate([right.values, odd[:, :, None]])
    mixed = Panel(values, right.start, 300, (*right.series, Series("odd")), right.channels)
    assert measured_periods(mixed) == nominal_periods(mixed)


def test_a_daily_step_has_a_week_and_no_day() -> None:
    assert measured_periods(panel(1, step=86_400, days=100)) == Periods(1, 7)
    assert Periods(1, 7).seasons == (7,)


def test_noise_has_the_nominal_periods() -> None:
    noise = panel(288)
    values = np.random.default_rng(1).lognormal(0, 1, noise.values.shape)
    assert measured_periods(Panel(values, noise.start, 300, noise.series, noise.channels)).clock == 1.0


def test_less_than_a_day_has_the_nominal_periods() -> None:
    short = panel(24, step=3600)
    assert measured_periods(Panel(short.values[:, :5], short.start, 3600, short.series, short.channels)) == Periods(
        24, 168
    )


def test_steps_are_told_by_the_day_of_the_traffic_from_the_first_on() -> None:
    traffic = panel(288, days=2)
    places = np.array([-283, 0, 1, 283, 40 * 283])
    assert told_seconds(traffic, places, clock=1.0).tolist() == (traffic.start + 300 * places).tolist()
    told = told_seconds(traffic, places, clock=283 / 288) - traffic.start
    assert told.tolist() == [-86_400, 0, 305, 86_400, 40 * 86_400]
