"""Occasions as numbers: what a slow reading of each step gives, over changes of the clock too."""

from __future__ import annotations

import time
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nettide.arrays import Ints
from nettide.occasions import KINDS, Occasion
from nettide.panel import Channel, Panel, Series
from nettide.prepare.holidays import holiday
from nettide.prepare.occasions import (
    OCCASION_FEATURES,
    OccasionGroup,
    Shares,
    occasion_features,
    occasion_groups,
)

HOUR, DAY = 3600, 86_400
START = 1_711_670_400  # Friday 2024-03-29 00:00 UTC, two days before clocks change in Prague
PRAGUE = "Europe/Prague"


def features(starts: Ints, *occasions: Occasion, zone: str = "UTC", seconds: int = HOUR) -> Shares:
    return occasion_features(starts, [OccasionGroup(zone, occasions)], seconds=seconds)[0]


def named(found: Shares, name: str) -> list[float]:
    return [float(one) for one in found[:, OCCASION_FEATURES.index(name)]]


def hours(count: int, *, start: int = START) -> Ints:
    return start + HOUR * np.arange(count)


@given(
    st.lists(st.tuples(st.sampled_from(KINDS), st.integers(-300, 700), st.integers(1, 200)), max_size=6),
    st.sampled_from([60, HOUR, 7200, DAY]),
)
@settings(derandomize=True, max_examples=60, deadline=None)
def test_shares_are_those_of_counting_each_minute(spans: list[tuple[str, int, int]], seconds: int) -> None:
    starts = START + seconds * np.arange(5)
    occasions = [
        Occasion(kind, START + 60 * begin, START + 60 * (begin + length))  # type: ignore[arg-type]  # of KINDS
        for kind, begin, length in spans
    ]
    found = features(starts, *occasions, seconds=seconds)

    def share(start: int, kinds: tuple[str, ...]) -> float:
        minutes = range(start, start + seconds, 60)
        inside = [any(one.kind in kinds and one.start <= minute < one.end for one in occasions) for minute in minutes]
        return sum(inside) / len(inside)

    for row, start in enumerate(starts.tolist()):
        slow = [*(share(start, (kind,)) for kind in KINDS), share(start + DAY, ("holiday",))]
        np.testing.assert_allclose(found[row], slow, atol=1e-6)


def test_a_holiday_is_a_day_of_its_zone_and_the_day_before_knows() -> None:
    easter = holiday(date(2024, 4, 1), PRAGUE, name="Easter Monday")
    starts = hours(24 * 14)
    found = features(starts, easter, zone=PRAGUE)
    days = [datetime.fromtimestamp(one, ZoneInfo(PRAGUE)).date() for one in starts.tolist()]
    away = {name: [day == easter_day for day in days] for name, easter_day in (
        ("holiday", date(2024, 4, 1)), ("holiday_tomorrow", date(2024, 3, 31)),
    )}  # fmt: skip
    for name, expected in away.items():
        assert named(found, name) == [float(one) for one in expected], name
    assert sum(away["holiday_tomorrow"]) == 23  # clocks went forward on that day


def test_a_step_that_is_longer_than_an_occasion_tells_its_share() -> None:
    night = Occasion("maintenance", START + 6 * HOUR, START + 9 * HOUR)
    assert named(features(np.array([START]), night, seconds=DAY), "maintenance") == [0.125]


def test_overlapping_and_touching_occasions_count_once() -> None:
    spans = ((0, 3), (1, 2), (2, 5), (5, 6), (5, 6))
    occasions = [Occasion("event", START + a * HOUR, START + b * HOUR) for a, b in spans]
    assert named(features(hours(8), *occasions), "event") == [1.0] * 6 + [0.0] * 2


def test_without_occasions_all_is_zero() -> None:
    assert not features(hours(30)).any()
    far = Occasion("holiday", START + 1000 * DAY, START + 1001 * DAY)
    assert not features(hours(30), far).any()
    assert features(hours(0), far).shape == (0, len(OCCASION_FEATURES))


def test_an_occasion_that_never_ends_is_no_trouble() -> None:
    forever = Occasion("event", -(2**45), 2**45)
    found = features(hours(5), forever, zone=PRAGUE)
    assert named(found, "event") == [1.0] * 5


def panel_of(*series: Series, occasions: tuple[Occasion, ...]) -> Panel:
    return Panel(np.ones((len(series), 4, 1)), START, HOUR, series, (Channel("y"),), occasions)


def test_series_are_grouped_by_zone_and_by_what_concerns_them() -> None:
    shared = Occasion("holiday", 0, 9)
    own = Occasion("maintenance", 3, 5, series=("b", "d", "b"))
    gone = Occasion("maintenance", 3, 5, series=("of another panel",))
    series = (Series("a"), Series("b"), Series("c", zone=PRAGUE), Series("d"), Series("e"))
    groups, places = occasion_groups(panel_of(*series, occasions=(own, shared, gone)))
    assert groups == (
        OccasionGroup("UTC", (shared,)), OccasionGroup("UTC", (own, shared)), OccasionGroup(PRAGUE, (shared,)),
    )  # fmt: skip
    assert places.tolist() == [0, 1, 2, 1, 0]


def test_a_panel_without_series_has_no_groups() -> None:
    groups, places = occasion_groups(panel_of(occasions=(Occasion("holiday", 0, 9),)))
    assert (groups, places.tolist()) == ((), [])


@pytest.mark.parametrize("own", [False, True])
def test_occasions_of_a_thousand_series_take_a_moment(own: bool) -> None:
    ids = [f"link-{place}" for place in range(1000)]
    first = datetime.fromtimestamp(START, UTC).date()
    days = [holiday(first + timedelta(days=place), PRAGUE, name="") for place in range(0, 60, 5)]
    nights = [Occasion("maintenance", START + 60 * place, START + 60 * place + HOUR, series=(id,))
              for place, id in enumerate(ids)]  # fmt: skip
    panel = panel_of(*(Series(one, zone=PRAGUE) for one in ids), occasions=(*days, *(nights if own else ())))
    began = time.process_time()
    groups, _ = occasion_groups(panel)
    occasion_features(hours(1500), groups, seconds=HOUR)
    assert len(groups) == (1000 if own else 1)
    assert time.process_time() - began < (3 if own else 0.1)
