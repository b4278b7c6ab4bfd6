"""First passage: the day from which a level is reached to stay."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from nettide.insight.capacity_choice import CapacityChoice
from nettide.insight.capacity_passage import crossing, first_passage, reached_since

CHOICE = CapacityChoice(horizon_days=10)
DAYS = arrays(np.float64, st.tuples(st.just(4), st.integers(1, 30)), elements=st.floats(0, 10))


def day(place: int) -> date:
    return date(2026, 1, 1) + timedelta(days=place)


def passage(*above: int, days: int = 20) -> int:
    values = np.zeros((1, days))
    values[0, list(above)] = 1
    return int(first_passage(values, 1.0, CHOICE)[0])


def test_a_single_burst_is_no_passage() -> None:
    assert passage(4) == 20
    assert passage(4, 5) == 20


def test_three_of_seven_days_are_a_passage_that_dates_from_the_first_of_them() -> None:
    assert passage(2, 7, 9, 12) == 7
    assert passage(4, 5, 6) == 4
    assert passage(4, 10, 11) == 20  # the third is the eighth day


def test_days_too_near_the_end_to_be_judged_do_not_open_a_passage() -> None:
    assert passage(17, 18, 19) == 20
    assert passage(13, 18, 19) == 13


def brute_first(days: np.ndarray, level: float) -> int:
    for first in range(len(days) - 6):
        if days[first] >= level and (days[first : first + 7] >= level).sum() >= 3:
            return first
    return len(days)


@settings(derandomize=True, max_examples=60)
@given(days=DAYS, level=st.floats(0.1, 10))
def test_first_passage_is_what_its_words_say(days: np.ndarray, level: float) -> None:
    assert first_passage(days, level, CHOICE).tolist() == [brute_first(one, level) for one in days]


@settings(derandomize=True, max_examples=60)
@given(days=DAYS, level=st.floats(0.1, 9), more=st.floats(0, 1))
def test_a_higher_level_is_never_reached_earlier(days: np.ndarray, level: float, more: float) -> None:
    assert (first_passage(days, level, CHOICE) <= first_passage(days, level + more, CHOICE)).all()


def test_reached_since_is_the_first_day_of_the_stretch_that_lasts() -> None:
    past = np.zeros(40)
    past[3:12] = 1
    past[25:] = 1
    past[30:33] = 0  # a weekend and a holiday do not end it
    assert reached_since(past, 1.0, CHOICE) == 25
    past[20:25] = np.nan
    assert reached_since(past, 1.0, CHOICE) == 25


def test_a_level_that_the_last_week_does_not_reach_is_not_reached() -> None:
    past = np.ones(40)
    past[-7:] = [1, 1, 0, 0, 0, 0, 0]
    assert reached_since(past, 1.0, CHOICE) is None
    assert reached_since(past[:-1], 1.0, CHOICE) == 0
    assert reached_since(np.ones(6), 1.0, CHOICE) is None


def test_dates_are_quantiles_of_the_passages_and_none_beyond_the_horizon() -> None:
    paths = np.zeros((10, CHOICE.horizon_days + CHOICE.of_days - 1))
    for row in range(6):  # six of ten pass, on the days 0, 1 ... 5
        paths[row, row:] = 90
    found = crossing(np.zeros(30), paths, threshold=90, capacity=100, choice=CHOICE, day=day)
    assert found.since is None
    assert found.level == 90
    assert found.probability == 0.6
    assert found.dates == {0.1: day(30), 0.5: day(34), 0.9: None}


def test_a_passage_on_the_last_day_of_the_horizon_counts_and_the_day_after_does_not() -> None:
    for first, probability in ((9, 1.0), (10, 0.0)):
        paths = np.zeros((100, 16))
        paths[:, first:] = 90
        found = crossing(np.zeros(30), paths, threshold=90, capacity=100, choice=CHOICE, day=day)
        assert found.probability == probability


def test_what_began_in_the_past_and_is_sure_only_later_counts_from_the_first_day_to_come() -> None:
    past = np.zeros(30)
    past[-2:] = 95
    found = crossing(past, np.full((100, 16), 95.0), threshold=90, capacity=100, choice=CHOICE, day=day)
    assert found.since is None
    assert set(found.dates.values()) == {day(30)}


def test_what_is_reached_now_has_no_chance_but_a_day() -> None:
    found = crossing(np.full(30, 95.0), np.zeros((100, 16)), threshold=90, capacity=100, choice=CHOICE, day=day)
    assert found.since == day(0)
    assert found.probability == 1.0


def test_days_may_be_judged_one_by_one() -> None:
    single = CapacityChoice(horizon_days=5, full_days=1, of_days=1)
    paths = np.array([[0, 0, 95.0, 0, 0]] * 100)
    found = crossing(np.zeros(30), paths, threshold=90, capacity=100, choice=single, day=day)
    assert found.dates[0.5] == day(32)
