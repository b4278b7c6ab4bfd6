"""The naive forecasts, by hand and against the yardstick of the relative errors."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from nettide.arrays import Floats, Ints
from nettide.errors import DamagedError, HistoryError, MismatchError, OptionError
from nettide.models import make_model
from nettide.models.contract import State
from nettide.models.naive import NaiveModel, WindowMeanModel
from nettide.panel import Channel, Panel, Series

HOUR, DAY = 3600, 86_400


def panel(values: list[float] | Floats, *, step: int = HOUR) -> Panel:
    """One series, or several as rows."""
    rows = np.atleast_2d(np.asarray(values, dtype=np.float64))
    series = tuple(Series(f"s{place}", "bit/s") for place in range(len(rows)))
    return Panel(rows[:, :, None].copy(), 1_700_000_000 // step * step, step, series, (Channel("y"),))


def point(name: str, shown: Panel, cutoffs: list[int], *, horizon: int, context: int | None = None) -> Floats:
    model = make_model(name, horizon=horizon, context=context)
    model.fit(shown)
    return model.predict(shown, np.array(cutoffs, dtype=np.int64)).point


def yardstick(values: Floats, cutoffs: Ints, horizon: int, *, step: int) -> Floats:
    """The definition of the relative errors, written with pandas, shape (series, cutoff, horizon)."""
    filled = pd.DataFrame(values.T).ffill().to_numpy().T
    week, day = 7 * DAY // step, max(1, DAY // step)
    season = max(1, week) if cutoffs.min() + 1 >= 2 * week else day
    ahead = np.arange(1, horizon + 1)
    target = cutoffs[:, None] + ahead
    return filled[:, target - season * np.ceil(ahead / season).astype(int)]


def test_naive_repeats_the_last_known_value() -> None:
    assert point("naive", panel([1, 2, np.nan]), [0, 1, 2], horizon=2).tolist() == [[[1, 1], [2, 2], [2, 2]]]


def test_seasonal_naive_day_repeats_the_same_hour_of_the_day_before() -> None:
    shown = panel(np.arange(48.0))
    assert point("seasonal-naive-day", shown, [47], horizon=3).tolist() == [[[24, 25, 26]]]


def test_a_horizon_beyond_the_season_steps_back_whole_seasons() -> None:
    shown = panel(np.arange(48.0))
    assert point("seasonal-naive-day", shown, [40], horizon=49)[0, 0].tolist() == [*range(17, 41), *range(17, 41), 17]


def test_seasonal_naive_looks_a_week_back_with_two_weeks_of_history() -> None:
    shown = panel(np.arange(336.0))
    assert point("seasonal-naive", shown, [335], horizon=2).tolist() == [[[168, 169]]]


def test_seasonal_naive_looks_a_day_back_with_less_than_two_weeks() -> None:
    shown = panel(np.arange(335.0))
    assert point("seasonal-naive", shown, [334], horizon=2).tolist() == [[[311, 312]]]


def test_daily_data_have_a_week_of_seven_steps() -> None:
    shown = panel(np.arange(14.0), step=DAY)
    assert point("seasonal-naive", shown, [13], horizon=8)[0, 0].tolist() == [7, 8, 9, 10, 11, 12, 13, 7]


@pytest.mark.parametrize(
    ("step", "cutoffs"),
    [
        (HOUR, [335, 336, 395]),
        (HOUR, [334, 335, 395]),
        (HOUR, [30, 31]),
        (300, [4031, 4100]),
        (300, [4030, 4100]),
        (DAY, [13, 14, 30]),
        (DAY, [12, 14]),
        (7 * 60, [2879, 2900]),
        (7 * 60, [2878, 2900]),
        (14 * DAY, [1, 5]),
    ],
)
@pytest.mark.parametrize("horizon", [1, 24, 336])
def test_seasonal_naive_is_the_yardstick_on_gappy_series(step: int, cutoffs: list[int], horizon: int) -> None:
    generator = np.random.default_rng(step)
    values = generator.random((4, cutoffs[-1] + 1))
    values[generator.random(values.shape) < 0.3] = np.nan
    values[0, cutoffs[0] // 3 : cutoffs[0]] = np.nan
    values[:, 0] = 0.5
    model = make_model("seasonal-naive", horizon=horizon)
    shown = panel(values, step=step)
    model.fit(shown.until(cutoffs[0] + 1))
    expected = yardstick(values, np.array(cutoffs), horizon, step=step)
    assert model.predict(shown, np.array(cutoffs)).point.tobytes() == expected.tobytes()


@pytest.mark.data
def test_seasonal_naive_is_the_yardstick_on_a_backbone_with_gaps(data: Path) -> None:
    table = pd.read_parquet(data / "abilene_nodes_5min.parquet")
    wide = table.pivot_table(index="ds", columns="unique_id", values="y").resample("1h").mean()
    values = np.ascontiguousarray(wide.to_numpy().T, dtype=np.float64)
    assert np.isnan(values).any()
    cutoffs = np.arange(int(len(wide) * 0.8) - 1, len(wide) - 24, 24)
    model = make_model("seasonal-naive", horizon=24)
    shown = panel(values)
    model.fit(shown.until(int(cutoffs[0]) + 1))
    expected = np.maximum(yardstick(values, cutoffs, 24, step=HOUR), 0)
    assert model.predict(shown, cutoffs).point.tobytes() == expected.tobytes()


def test_a_series_without_a_value_a_season_ago_gets_its_last_known_one() -> None:
    late = np.full(336, np.nan)
    late[300:] = 7.0
    assert point("seasonal-naive", panel(late), [335, 310], horizon=1).tolist() == [[[7], [7]]]


def test_a_history_shorter_than_the_season_gives_the_last_value_and_never_the_future() -> None:
    model = make_model("seasonal-naive", horizon=3)
    model.fit(panel(np.arange(400.0)))
    assert model.predict(panel([5.0, 6.0, 9.0, 9.0]), np.array([1])).point.tolist() == [[[6, 6, 6]]]


def test_nothing_known_gives_nan() -> None:
    shown = panel([[np.nan, np.nan, 3.0], [1.0, 1.0, 1.0]])
    for name in ("naive", "seasonal-naive", "window-mean"):
        found = point(name, shown, [1, 2], horizon=2)
        assert np.isnan(found).tolist() == [[[True, True], [False, False]], [[False, False], [False, False]]]


def test_window_mean_is_the_mean_of_the_known_values_of_the_context() -> None:
    shown = panel([100.0, 1.0, np.nan, 5.0])
    assert point("window-mean", shown, [3, 0], horizon=2, context=3).tolist() == [[[3, 3], [100, 100]]]


def test_window_mean_takes_a_week_when_no_context_is_given() -> None:
    values = np.r_[1e9, np.ones(168)]
    assert point("window-mean", panel(values), [168], horizon=1).item() == 1.0


def test_window_mean_of_an_unknown_window_is_the_last_known_value() -> None:
    assert point("window-mean", panel([4.0, np.nan, np.nan]), [2], horizon=1, context=2).item() == 4.0


def test_window_mean_forgets_a_huge_spike_exactly() -> None:
    values = np.r_[1e300, np.full(20, 0.1)]
    assert point("window-mean", panel(values), [20], horizon=1, context=20).item() == pytest.approx(0.1, rel=1e-15)


def test_negative_readings_give_a_forecast_of_zero() -> None:
    for name in ("naive", "seasonal-naive", "window-mean"):
        assert point(name, panel([3.0, -10.0]), [1], horizon=1, context=1).item() == 0.0


def test_units_cutoffs_and_ids_are_those_of_the_panel() -> None:
    shown = panel([[1.0, 2.0], [3.0, 4.0]])
    model = make_model("naive", horizon=2)
    model.fit(shown)
    found = model.predict(shown, np.array([1]))
    assert (found.ids, found.units, found.levels) == (("s0", "s1"), ("bit/s", "bit/s"), ())
    assert found.cutoffs.tolist() == [shown.start + HOUR]


@pytest.mark.parametrize(("name", "steps"), [("naive", 1), ("seasonal-naive-day", 24), ("seasonal-naive", 168)])
def test_context_is_how_far_back_it_looks(name: str, steps: int) -> None:
    model = make_model(name, horizon=24)
    model.fit(panel(np.arange(400.0)))
    assert model.context == steps


@pytest.mark.parametrize("name", ["naive", "window-mean"])
def test_an_unfitted_model_says_so(name: str) -> None:
    model = make_model(name, horizon=1)
    assert model.context == 0
    for use in (lambda: model.predict(panel([1.0]), np.array([0])), model.state):
        with pytest.raises(MismatchError, match="model is not fitted; call fit first"):
            use()


@pytest.mark.parametrize("name", ["naive", "window-mean"])
def test_a_cutoff_outside_the_data_is_refused(name: str) -> None:
    model = make_model(name, horizon=1)
    model.fit(panel([1.0, 2.0]))
    for cutoff in (-1, 2):
        with pytest.raises(MismatchError, match=rf"cutoff {cutoff} lies outside the 2 steps of the data"):
            model.predict(panel([1.0, 2.0]), np.array([cutoff]))


@pytest.mark.parametrize("values", [[], [np.nan, np.nan]])
def test_a_panel_without_a_known_value_cannot_be_fitted(values: list[float]) -> None:
    with pytest.raises(HistoryError, match="no value of 'y' is known; there is nothing to fit"):
        make_model("naive", horizon=1).fit(panel(values))


@pytest.mark.parametrize("name", ["naive", "window-mean"])
@pytest.mark.parametrize("horizon", [0, -1, 337])
def test_the_horizon_is_1_to_336(name: str, horizon: int) -> None:
    with pytest.raises(OptionError, match=rf"^horizon {horizon} is outside 1 ... 336$"):
        make_model(name, horizon=horizon)


def test_the_context_of_a_window_is_at_least_one_step() -> None:
    with pytest.raises(OptionError, match=r"^context 0 is outside 1 ... 1000000000$"):
        make_model("window-mean", horizon=1, context=0)


@pytest.mark.parametrize(("name", "kind"), [("naive", NaiveModel), ("window-mean", WindowMeanModel)])
@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"config": None}, "the stored model has no config"),
        ({"config": {"horizon": 0}}, "no usable config: horizon 0 is outside 1 ... 336"),
        ({"config": {"horizon": "x"}}, "no usable config: .*horizon=x: is not a whole number"),
        ({"config": {"depth": 1}}, "no usable config: .*unknown option 'depth'"),
        ({"config": {}}, "no usable config: .*horizon"),
        ({"fitted": None}, "does not say which step"),
        ({"season_steps": -1, "window_steps": 0}, "has no usable (season|window)_steps: (-1|0)"),
        ({"season_steps": True, "window_steps": 1.5}, "has no usable (season|window)_steps: (True|1.5)"),
    ],
)
def test_a_state_of_another_kind_is_damaged(
    name: str, kind: type[NaiveModel | WindowMeanModel], change: dict[str, object], message: str
) -> None:
    model = make_model(name, horizon=1)
    model.fit(panel([1.0, 2.0]))
    with pytest.raises(DamagedError, match=message):
        kind.restore(State({**model.state().document, **change}))
