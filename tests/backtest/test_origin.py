"""Where the test part begins and where forecasts start."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from made_backtests import made_panel
from nettide.backtest.origin import first_test_step, rolling_cutoffs
from nettide.errors import HistoryError, OptionError

PANEL = made_panel(series=1, steps=100)


@pytest.mark.parametrize(
    ("text", "index"),
    [("2024-03-01T01", 1), ("2024-03-01T01:30", 2), ("2024-03-02", 24), ("2024-03-05T03:00:00.000", 99)],
)
def test_the_test_part_begins_at_the_first_step_at_or_after_the_time(text: str, index: int) -> None:
    assert first_test_step(PANEL, test_start=np.datetime64(text)) == index


def test_a_size_counts_from_the_end() -> None:
    assert first_test_step(PANEL, test_size=52) == 48


@pytest.mark.parametrize(
    ("steps", "fraction", "index"), [(100, 0.2, 80), (10, 0.3, 7), (10, 0.7, 3), (1488, 0.2, 1191), (3, 0.5, 2)]
)
def test_a_fraction_never_gives_a_larger_test_part(steps: int, fraction: float, index: int) -> None:
    assert first_test_step(made_panel(series=1, steps=steps), test_fraction=fraction) == index


def test_exactly_one_way_is_given() -> None:
    with pytest.raises(OptionError, match="exactly one of test start, test size and test fraction; 0 are given"):
        first_test_step(PANEL)
    with pytest.raises(OptionError, match="2 are given"):
        first_test_step(PANEL, test_size=3, test_fraction=0.2)


@pytest.mark.parametrize("size", [0, -1, 100, 101])
def test_a_size_outside_the_data_is_refused(size: int) -> None:
    with pytest.raises(OptionError, match=r"test size -?\d+ must be 1 \.\.\. 99: the data has 100 steps of 1h"):
        first_test_step(PANEL, test_size=size)


@pytest.mark.parametrize("fraction", [0.0, 1.0, -0.5, float("nan")])
def test_a_fraction_that_is_none_is_refused(fraction: float) -> None:
    with pytest.raises(OptionError, match=r"must lie between 0 and 1; write for example 0\.2"):
        first_test_step(PANEL, test_fraction=fraction)


def test_a_fraction_of_too_few_steps_is_refused() -> None:
    with pytest.raises(HistoryError, match=r"test fraction 0.2 of 2 steps leaves no step to test on"):
        first_test_step(made_panel(series=1, steps=2), test_fraction=0.2)
    with pytest.raises(HistoryError, match=r"test fraction 0.8 of 0 steps leaves no step to test on"):
        first_test_step(PANEL.until(0), test_fraction=0.8)


def test_a_time_outside_the_data_is_refused_with_what_the_data_has() -> None:
    with pytest.raises(HistoryError, match="2025-01-01Z lies after the last step of the data, 2024-03-05T03:00:00Z"):
        first_test_step(PANEL, test_start=np.datetime64("2025-01-01"))
    with pytest.raises(HistoryError, match="2024-03-01Z leaves nothing to fit on: the data runs from 2024-03-01T00"):
        first_test_step(PANEL, test_start=np.datetime64("2024-03-01"))
    with pytest.raises(OptionError, match="test start is no time"):
        first_test_step(PANEL, test_start=np.datetime64("NaT"))
    with pytest.raises(HistoryError, match="the data has no steps"):
        first_test_step(PANEL.until(0), test_start=np.datetime64("2024-03-01"))


def test_the_institution_protocol_forecasts_each_of_its_last_52_days() -> None:
    cutoffs = rolling_cutoffs(280, test_start=280 - 52, horizon=1, stride=1)
    assert len(cutoffs) == 52
    assert cutoffs[[0, -1]].tolist() == [227, 278]


@settings(derandomize=True, max_examples=200)
@given(steps=st.integers(2, 300), data=st.data(), stride=st.integers(1, 60))
def test_cutoffs_are_all_those_that_leave_room_for_the_horizon(steps: int, data: st.DataObject, stride: int) -> None:
    start = data.draw(st.integers(1, steps - 1))
    horizon = data.draw(st.integers(1, steps - start))
    cutoffs = rolling_cutoffs(steps, test_start=start, horizon=horizon, stride=stride)
    expected = [at for at in range(start - 1, steps) if (at - start + 1) % stride == 0 and at + horizon < steps]
    assert cutoffs.tolist() == expected


@pytest.mark.parametrize(("horizon", "stride", "name"), [(0, 1, "horizon"), (1, 0, "stride")])
def test_a_horizon_or_stride_below_one_is_refused(horizon: int, stride: int, name: str) -> None:
    with pytest.raises(OptionError, match=f"{name} 0 must be at least 1"):
        rolling_cutoffs(10, test_start=5, horizon=horizon, stride=stride)


def test_a_test_part_shorter_than_the_horizon_is_refused() -> None:
    with pytest.raises(HistoryError, match="the test part has 5 steps, fewer than the horizon of 6; begin it earlier"):
        rolling_cutoffs(10, test_start=5, horizon=6, stride=1)


@pytest.mark.parametrize("start", [0, 10, -3])
def test_a_test_part_outside_the_data_is_refused(start: int) -> None:
    with pytest.raises(OptionError, match=r"must be 1 \.\.\. 9: the data has 10 steps"):
        rolling_cutoffs(10, test_start=start, horizon=1, stride=1)
