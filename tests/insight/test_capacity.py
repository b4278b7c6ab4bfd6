"""Run-out dates on made days whose truth is known."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest

from nettide.errors import OptionError
from nettide.insight.capacity import Outlook, outlooks
from nettide.insight.capacity_choice import CapacityChoice
from nettide.insight.capacity_paths import simulate
from nettide.insight.capacity_trend import fit_trends
from nettide.insight.capacity_words import why_not
from nettide.panel import Channel, Panel, Series

MONDAY = 1_767_571_200
WEEK = np.array([1.0, 1.03, 1.02, 1.02, 0.97, 0.6, 0.62])


def days_of(growth: np.ndarray, *, noise: float = 0.03, seed: int = 0, week: np.ndarray = WEEK) -> np.ndarray:
    """Daily figures that follow a curve, with a week and noise, shape (day,)."""
    chance = np.random.default_rng(seed).standard_normal(len(growth))
    return 1e9 * growth * np.resize(week, len(growth)) * np.exp(noise * chance)


def panel_of(*rows: np.ndarray, capacity: float | None = 2e9) -> Panel:
    series = tuple(Series(f"s{place}", "bit/s", capacity=capacity) for place in range(len(rows)))
    return Panel(np.stack(rows)[..., None], MONDAY, 86400, series, (Channel("y"),))


def told(*rows: np.ndarray, capacity: float = 2e9, **changes: object) -> tuple[Outlook, ...]:
    return outlooks(panel_of(*rows, capacity=capacity), replace(CapacityChoice(), **changes))  # type: ignore[arg-type]


def true_day(growth: np.ndarray, level: float) -> int:
    """The first day whose weekdays reach a level."""
    return int(np.argmax(1e9 * growth * 1.02 >= level))


@pytest.mark.parametrize("kind", ["linear", "percentage"])
def test_the_true_date_of_steady_growth_lies_between_p10_and_p90(kind: str) -> None:
    years = np.arange(800) / 365.25
    growth = 1 + 0.8 * years if kind == "linear" else 1.5**years
    rows = [days_of(growth[:400], seed=seed) for seed in range(6)]
    level = 1e9 * growth[480]
    found = told(*rows, capacity=level / 0.85, thresholds=(85.0,))
    inside = 0
    for one in found:
        crossing = one.crossings[0]
        assert crossing.since is None
        assert crossing.probability > 0.8
        middle = crossing.dates[0.5]
        truth = date(2026, 1, 5) + timedelta(days=true_day(growth, level))
        assert middle is not None
        assert abs((middle - truth).days) < 45
        low, high = crossing.dates[0.1] or date.max, crossing.dates[0.9] or date.max
        inside += low <= truth <= high
    assert inside >= 4


def test_flat_traffic_far_below_its_capacity_is_not_full_within_the_horizon() -> None:
    (one,) = told(days_of(np.ones(365)), capacity=3e9)
    for crossing in one.crossings:
        assert crossing.probability < 0.03
        assert set(crossing.dates.values()) == {None}
    assert abs(one.growth_a_year) < 0.1


def test_growth_that_saturates_is_not_extended_as_a_line() -> None:
    days = np.arange(400)
    growth = 1 + 1 / (1 + np.exp(-(days - 200) / 25))
    slope, level = np.polyfit(days - 399, growth, 1)
    assert level + 150 * slope > 2.5  # the line of least squares is there within the horizon
    (one,) = told(days_of(growth), capacity=2.5e9, thresholds=(100.0,))
    assert one.crossings[0].probability < 0.5


def test_a_lasting_step_is_no_trend() -> None:
    growth = np.where(np.arange(365) < 250, 1.0, 1.8)
    (one,) = told(days_of(growth), capacity=2.6e9, thresholds=(100.0,))
    assert one.crossings[0].probability < 0.1
    assert abs(one.growth_a_year) < 0.25


def test_outages_and_unknown_weeks_move_the_dates_little() -> None:
    growth = 1.6 ** (np.arange(400) / 365.25)
    clean = days_of(growth)
    hurt = clean.copy()
    hurt[300:303], hurt[350:357], hurt[398] = 0.0, np.nan, 0.0
    whole, holed = told(clean, hurt, capacity=2.2e9, thresholds=(90.0,))
    first, second = whole.crossings[0].dates[0.5], holed.crossings[0].dates[0.5]
    assert first is not None
    assert second is not None
    assert abs((first - second).days) < 20


def test_already_above_is_said_with_its_first_day() -> None:
    growth = np.where(np.arange(200) < 150, 1.0, 1.5)
    (one,) = told(days_of(growth, noise=0.01, week=np.ones(7)), capacity=2e9, thresholds=(70.0, 100.0))
    assert one.crossings[0].since == date(2026, 1, 5) + timedelta(days=150)
    assert one.crossings[1].since is None
    assert one.used == pytest.approx(0.75, rel=0.03)
    assert one.headroom == pytest.approx(0.5e9, rel=0.1)


def test_a_threshold_further_up_is_reached_no_sooner_and_no_likelier() -> None:
    for one in told(*(days_of(1.8 ** (np.arange(300) / 365), seed=seed) for seed in range(4))):
        chances = [crossing.probability for crossing in one.crossings]
        assert chances == sorted(chances, reverse=True)
        middles = [crossing.dates[0.5] or date.max for crossing in one.crossings]
        assert middles == sorted(middles)
        for crossing in one.crossings:
            dates = [crossing.dates[chance] or date.max for chance in (0.1, 0.5, 0.9)]
            assert dates == sorted(dates)


def test_a_short_history_is_said_and_four_weeks_are_enough() -> None:
    short, enough = told(np.concatenate([np.full(20, np.nan), days_of(np.ones(27))]), days_of(np.ones(47)))
    assert short.state == "short"
    assert short.known_days == 27
    assert short.crossings == ()
    assert enough.state == "told"
    assert told(days_of(np.ones(28)))[0].state == "told"


def test_series_that_are_silent_or_unknown_have_no_date() -> None:
    silent, unknown = told(np.zeros(100), np.full(100, np.nan))
    assert (silent.state, silent.now) == ("silent", 0.0)
    assert unknown.state == "short"
    assert unknown.last_day is None
    assert math.isnan(unknown.used)


@pytest.mark.parametrize(
    ("known_days", "most"),
    [(28, 7), (70, 7), (150, 15), (365, 28), (730, 28)],
)
def test_readings_that_ended_long_before_the_data_date_nothing(known_days: int, most: int) -> None:
    for unseen, state in ((most, "told"), (most + 1, "ended")):
        row = np.concatenate([days_of(np.full(known_days, 1.9)), np.full(unseen, np.nan)])
        last = date(2026, 1, 5) + timedelta(days=known_days - 1)
        for rows in ([row], [row, days_of(np.ones(len(row)))]):
            one = told(*rows, paths=100)[0]
            assert (one.state, one.unseen_days) == (state, unseen)
            assert (one.last_day, one.last_reading) == (last, last)
            assert bool(one.crossings) == math.isfinite(one.now) == (state == "told")


def test_a_short_history_that_ended_is_said_to_have_ended() -> None:
    (one,) = told(np.concatenate([days_of(np.ones(9)), np.full(20, np.nan)]))
    assert (one.state, why_not(one)) == ("ended", "no readings since 2026-01-13")


def test_days_of_too_few_readings_are_not_said_to_have_none() -> None:
    hours = np.repeat(days_of(np.ones(60)), 24)
    hours[40 * 24 :] = np.where(np.arange(20 * 24) % 2, np.nan, hours[40 * 24 :])
    panel = replace(panel_of(hours), step_seconds=3600)
    (one,) = outlooks(panel, CapacityChoice(paths=100))
    assert (one.last_day, one.last_reading) == (date(2026, 2, 13), date(2026, 3, 5))
    assert why_not(one) == "too few readings a day since 2026-02-13"


def test_a_last_day_that_has_just_begun_is_not_unseen() -> None:
    panel = replace(panel_of(np.repeat(days_of(np.ones(60)), 24)[: 59 * 24 + 9]), step_seconds=3600)
    (one,) = outlooks(panel, CapacityChoice(paths=100))
    assert (one.unseen_days, one.known_days, one.last_reading) == (0, 59, date(2026, 3, 5))


def test_constant_traffic_has_an_answer() -> None:
    (one,) = told(np.full(100, 1e9), capacity=1e9)
    assert one.crossings[2].since == date(2026, 1, 5)
    (one,) = told(np.full(100, 1e9), capacity=4e9)
    assert one.crossings[2].probability < 0.01


def test_the_same_seed_gives_the_same_dates_whatever_other_series_there_are() -> None:
    rows = [days_of(1.5 ** (np.arange(200) / 365), seed=seed) for seed in range(3)]
    panel = panel_of(*rows)
    together, again = outlooks(panel, CapacityChoice()), outlooks(panel, CapacityChoice())
    alone = outlooks(panel.select([1]), CapacityChoice())
    assert [one.crossings for one in together] == [one.crossings for one in again]
    assert together[1].crossings == alone[0].crossings
    assert outlooks(panel, CapacityChoice(seed=1))[1].crossings != together[1].crossings


def test_nothing_after_the_end_of_the_history_is_looked_at() -> None:
    row = days_of(1.5 ** (np.arange(300) / 365))
    changed = row.copy()
    changed[200:] = 17e9
    first, second = (outlooks(panel_of(one).until(200), CapacityChoice())[0] for one in (row, changed))
    assert first.crossings == second.crossings
    assert first.fan is not None
    assert second.fan is not None
    assert np.array_equal(first.fan.ahead, second.fan.ahead)


def test_days_scale_with_their_unit() -> None:
    row = days_of(1.5 ** (np.arange(200) / 365))
    one, other = told(row, capacity=2e9)[0], told(row / 1e6, capacity=2e3)[0]
    assert [c.dates for c in one.crossings] == [c.dates for c in other.crossings]
    assert other.headroom == pytest.approx(one.headroom / 1e6)


def test_simulated_days_keep_the_week_and_are_never_negative() -> None:
    trends = fit_trends(days_of(np.ones(210))[None])
    paths = simulate(trends, 0, days=28, paths=500, generator=np.random.default_rng(0))
    assert paths.shape == (500, 28)
    assert paths.min() >= 0
    middle = np.median(paths, axis=0)
    assert middle[5] / middle[1] == pytest.approx(0.6 / 1.03, rel=0.08)
    assert trends.weights.sum() == pytest.approx(1)
    bursty = np.random.default_rng(1).pareto(1.1, (1, 100)) + 0.01
    assert np.isfinite(simulate(fit_trends(bursty), 0, days=900, paths=200, generator=np.random.default_rng(0))).all()


def test_in_and_out_series_are_told_apart() -> None:
    panel = panel_of(days_of(np.ones(60)), days_of(np.ones(60)))
    named = tuple(replace(one, id=id) for one, id in zip(panel.series, ("core-in", "core-out"), strict=True))
    found = outlooks(replace(panel, series=named), CapacityChoice())
    assert [(one.link, one.direction) for one in found] == [("core", "in"), ("core", "out")]


def test_a_series_without_a_capacity_is_refused() -> None:
    with pytest.raises(OptionError, match=r"series 's0' has no capacity: add --capacity 10G or --capacities FILE"):
        outlooks(panel_of(days_of(np.ones(60)), capacity=None), CapacityChoice())


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"thresholds": ()}, "no threshold is given; give one in percent of the capacity, as 85"),
        ({"thresholds": (0.0,)}, r"threshold 0 must be above 0 and at most 100 \(percent of the capacity\)"),
        ({"thresholds": (120.0,)}, "threshold 120 must be above 0 and at most 100"),
        ({"thresholds": (float("nan"),)}, "threshold nan must be above 0 and at most 100"),
        ({"thresholds": (85.0, 70.0)}, "thresholds 85, 70 must ascend"),
        ({"watched": "mean"}, "what is watched, 'mean', must be one of p95, busy-hour, peak"),
        ({"horizon_days": 0}, "horizon_days 0 must be from 1 to 1830"),
        ({"full_days": 8}, "full_days 8 must be from 1 to 7"),
        ({"of_days": 29}, "of_days 29 must be from 1 to 28"),
        ({"paths": 1}, "paths 1 must be from 100 to 100000"),
        ({"seed": -1}, "seed -1 must be from 0"),
    ],
)
def test_a_choice_out_of_range_is_refused(changes: dict[str, object], message: str) -> None:
    with pytest.raises(OptionError, match=message):
        CapacityChoice(**changes)  # type: ignore[arg-type]
