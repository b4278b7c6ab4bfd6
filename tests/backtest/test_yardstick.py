"""The yardstick against pandas and by example."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from made_backtests import made_panel
from nettide.arrays import Ints
from nettide.backtest.origin import rolling_cutoffs
from nettide.backtest.yardstick import yardstick, yardstick_name, yardstick_season


def test_it_repeats_the_value_a_week_before_even_beyond_a_week() -> None:
    panel = made_panel(series=2, steps=24 * 7 * 4, holes=0)
    forecast = yardstick(panel, np.array([24 * 7 * 3 - 1]), horizon=170)
    week = panel.target[:, 24 * 7 * 2 : 24 * 7 * 3]
    np.testing.assert_array_equal(forecast[:, 0], np.concatenate([week, week[:, :2]], axis=1))


def test_unknown_values_are_carried_forward_from_before() -> None:
    panel = made_panel(series=1, steps=24 * 7 * 4, holes=0)
    panel.values[0, 24 * 7 * 2 + 5] = np.nan
    forecast = yardstick(panel, np.array([24 * 7 * 3 - 1]), horizon=24)
    assert forecast[0, 0, 5] == panel.target[0, 24 * 7 * 2 + 4]


@pytest.mark.parametrize(
    ("step_seconds", "first_cutoff", "steps"),
    [
        (3600, 335, 168),
        (3600, 334, 24),
        (86_400, 13, 7),
        (86_400, 12, 1),
        (300, 4031, 2016),
        (604_800, 5, 1),
        (2_592_000, 5, 1),
    ],
)
def test_the_season_is_a_week_where_two_weeks_are_seen_and_else_a_day(
    step_seconds: int, first_cutoff: int, steps: int
) -> None:
    assert yardstick_season(made_panel(series=1, steps=5, step_seconds=step_seconds), first_cutoff) == steps


def test_its_name_says_its_season() -> None:
    panel = made_panel(series=1, steps=5)
    names = [yardstick_name(panel, season) for season in (168, 24, 5)]
    assert names == ["weekly naive forecast", "daily naive forecast", "naive forecast"]


def test_before_the_first_season_it_is_unknown_rather_than_from_the_end() -> None:
    panel = made_panel(series=1, steps=40, holes=0)
    forecast = yardstick(panel, np.array([9]), horizon=24)[0, 0]
    assert np.isnan(forecast[:14]).all()
    np.testing.assert_array_equal(forecast[14:], panel.target[0, :10])


@pytest.mark.parametrize(
    ("steps", "horizon", "stride"), [(24 * 7 * 4, 24, 7), (24 * 7 * 6, 200, 50), (24 * 10, 12, 12)]
)
def test_it_equals_a_forward_fill_and_lookup_in_pandas(steps: int, horizon: int, stride: int) -> None:
    panel = made_panel(series=4, steps=steps, holes=0.3)
    cutoffs: Ints = rolling_cutoffs(steps, test_start=steps // 2, horizon=horizon, stride=stride)
    wide = pd.DataFrame(panel.target.T, index=pd.DatetimeIndex(panel.times)).ffill()
    season = pd.Timedelta(7 if cutoffs[0] + 1 >= 336 else 1, "D")
    ours = yardstick(panel, cutoffs, horizon=horizon)
    for place, cutoff in enumerate(cutoffs):
        at = wide.index[cutoff]
        for step in range(1, horizon + 1):
            source = at + pd.Timedelta(step, "h")
            while source > at:
                source -= season
            np.testing.assert_array_equal(ours[:, place, step - 1], wide.loc[source].to_numpy())


def test_nothing_after_a_cutoff_moves_it() -> None:
    panel = made_panel(series=2, steps=24 * 7 * 4)
    cutoffs = np.array([400, 500])
    before = yardstick(panel, cutoffs, horizon=200)
    panel.values[:, 501:] = 7.0
    np.testing.assert_array_equal(yardstick(panel, cutoffs, horizon=200), before)
