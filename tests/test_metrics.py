"""The metrics against scikit-learn, utilsforecast, and what must hold for any input."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
import sklearn.metrics as reference
import utilsforecast.losses as losses
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from nettide import metrics
from nettide.arrays import Floats
from nettide.errors import ForecastError
from nettide.forecast import LEVELS

POINT_METRICS = (metrics.mae, metrics.mse, metrics.rmse, metrics.mape, metrics.smape, metrics.wape)
properties = settings(derandomize=True, max_examples=40, deadline=None)
traffic = arrays(np.float64, st.integers(1, 30), elements=st.one_of(st.just(0.0), st.floats(1e-3, 1e9)))


def made(seed: int = 0, size: int = 500) -> tuple[Floats, Floats]:
    generator = np.random.default_rng(seed)
    y = generator.gamma(2.0, 1e6, size)
    y[::17] = 0.0
    return y, np.maximum(0.0, y + generator.normal(0, 3e5, size))


def close(value: float, other: float) -> bool:
    return value == pytest.approx(other, rel=1e-9, abs=0)


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (metrics.mae, reference.mean_absolute_error),
        (metrics.mse, reference.mean_squared_error),
        (metrics.rmse, reference.root_mean_squared_error),
    ],
)
def test_point_errors_equal_those_of_scikit_learn(
    ours: Callable[[Floats, Floats], float], theirs: Callable[[Floats, Floats], float]
) -> None:
    y, y_hat = made()
    assert close(ours(y, y_hat), theirs(y, y_hat))


def test_the_percentage_error_without_zeros_equals_that_of_scikit_learn() -> None:
    y, y_hat = made()
    some = y != 0
    assert close(metrics.mape(y, y_hat), reference.mean_absolute_percentage_error(y[some], y_hat[some]))


@pytest.mark.parametrize("level", LEVELS)
def test_the_pinball_loss_equals_that_of_scikit_learn(level: float) -> None:
    y, y_hat = made()
    assert close(metrics.pinball(y, y_hat, level=level), reference.mean_pinball_loss(y, y_hat, alpha=level))


@pytest.mark.parametrize("name", ["mae", "mse", "rmse", "mape", "smape", "wape"])
def test_point_errors_equal_those_of_utilsforecast(name: str) -> None:
    y, y_hat = made()
    frame = pd.DataFrame({"unique_id": "a", "ds": np.arange(len(y)), "y": y, "model": y_hat})
    theirs = getattr(losses, name)(frame, models=["model"])["model"].iloc[0]
    assert close(getattr(metrics, name)(y, y_hat), theirs)


@pytest.mark.parametrize("level", LEVELS)
def test_the_quantile_loss_and_the_share_below_equal_those_of_utilsforecast(level: float) -> None:
    y, y_hat = made()
    frame = pd.DataFrame({"unique_id": "a", "ds": np.arange(len(y)), "y": y, "q": y_hat})
    theirs = losses.quantile_loss(frame, models={"model": "q"}, q=level)["model"].iloc[0]
    assert close(metrics.pinball(y, y_hat, level=level), theirs)
    assert close(metrics.share_below(y, y_hat), losses.calibration(frame, models={"model": "q"})["model"].iloc[0])


def test_coverage_equals_that_of_utilsforecast() -> None:
    y, y_hat = made()
    frame = pd.DataFrame({"unique_id": "a", "ds": np.arange(len(y)), "y": y, "m-lo-80": y_hat * 0.9, "m-hi-80": y_hat})
    assert close(metrics.coverage(y, y_hat * 0.9, y_hat), losses.coverage(frame, models=["m"], level=80)["m"].iloc[0])


@pytest.mark.parametrize("season", [1, 7, 24])
def test_the_scaled_error_equals_that_of_utilsforecast(season: int) -> None:
    history, _ = made(1, 400)
    y, y_hat = made(2, 60)
    train = pd.DataFrame({"unique_id": "a", "ds": np.arange(400), "y": history})
    frame = pd.DataFrame({"unique_id": "a", "ds": 400 + np.arange(60), "y": y, "model": y_hat})
    theirs = losses.mase(frame, models=["model"], seasonality=season, train_df=train)["model"].iloc[0]
    scale = float(metrics.seasonal_scale(history, season=season))
    assert close(metrics.mase(y, y_hat, scale=scale), theirs)


def test_the_weighted_quantile_loss_equals_that_of_utilsforecast() -> None:
    y, y_hat = made()
    quantiles = np.stack([y_hat * (0.5 + level) for level in LEVELS], axis=-1)
    frame = pd.DataFrame({"unique_id": "a", "ds": np.arange(len(y)), "y": y})
    names = [f"q{level}" for level in LEVELS]
    frame[names] = quantiles
    theirs = losses.scaled_crps(frame, models={"model": names}, quantiles=np.array(LEVELS))["model"].iloc[0]
    # they add the machine epsilon to the divisor, which the tolerance swallows
    assert close(metrics.wql(y, quantiles, levels=LEVELS), theirs)


@pytest.mark.parametrize("metric", POINT_METRICS)
def test_points_with_unknown_truth_or_forecast_are_left_out(metric: Callable[[Floats, Floats], float]) -> None:
    y, y_hat = made(size=50)
    holed_y, holed_hat = np.append(y, [np.nan, 3.0]), np.append(y_hat, [5.0, np.nan])
    assert metric(holed_y, holed_hat) == metric(y, y_hat)


def test_bands_with_an_unknown_edge_are_left_out() -> None:
    y, low, high = np.array([1.0, 2.0, 3.0]), np.array([0.0, np.nan, 4.0]), np.array([2.0, 9.0, 5.0])
    assert metrics.coverage(y, low, high) == 0.5


def test_the_edges_of_a_band_belong_to_it() -> None:
    assert metrics.coverage(np.array([1.0, 2.0]), np.array([1.0, 1.0]), np.array([2.0, 2.0])) == 1.0


@pytest.mark.parametrize("metric", POINT_METRICS)
def test_without_a_known_point_every_metric_is_nan(metric: Callable[[Floats, Floats], float]) -> None:
    assert np.isnan(metric(np.array([np.nan]), np.array([1.0])))
    assert np.isnan(metric(np.array([]), np.array([])))


def test_without_a_level_the_weighted_quantile_loss_is_nan() -> None:
    assert np.isnan(metrics.wql(np.array([1.0]), np.empty((1, 0)), levels=()))


def test_zero_truth_has_no_percentage_error() -> None:
    assert metrics.mape(np.array([0.0, 10.0]), np.array([7.0, 9.0])) == pytest.approx(0.1)
    assert np.isnan(metrics.mape(np.zeros(2), np.ones(2)))
    assert np.isnan(metrics.wape(np.zeros(2), np.ones(2)))


def test_zero_forecast_as_zero_is_no_symmetric_error() -> None:
    assert metrics.smape(np.array([0.0, 0.0]), np.array([0.0, 4.0])) == 0.5


def test_shapes_that_differ_are_refused_rather_than_broadcast() -> None:
    with pytest.raises(ForecastError, match=r"the truth has shape \(3,\), the forecast \(3, 1\)"):
        metrics.mae(np.zeros(3), np.zeros((3, 1)))
    with pytest.raises(ForecastError, match=r"quantiles have shape \(3, 2\), expected \(3, 1\)"):
        metrics.wql(np.zeros(3), np.zeros((3, 2)), levels=[0.5])


def test_the_scale_counts_only_pairs_of_known_values() -> None:
    history = np.array([[1.0, np.nan, 4.0, 6.0], [np.nan, np.nan, np.nan, 1.0]])
    assert metrics.seasonal_scale(history, season=1)[0] == 2.0
    assert np.isnan(metrics.seasonal_scale(history, season=1)[1])
    assert np.isnan(metrics.seasonal_scale(history, season=9)).all()


def test_a_scale_or_range_of_zero_gives_no_number() -> None:
    y, y_hat = made()
    assert np.isnan(metrics.mase(y, y_hat, scale=0.0))
    assert np.isnan(metrics.rmse_minmax(y, y_hat, value_range=0.0))
    assert metrics.rmse_minmax(y, y_hat, value_range=2.0) == metrics.rmse(y, y_hat) / 2


def test_relative_errors_leave_out_a_yardstick_without_error() -> None:
    ratios = metrics.relative_errors(np.array([1.0, 1.0, 1.0, 0.0]), np.array([2.0, 0.0, np.nan, 1.0]))
    np.testing.assert_array_equal(ratios, [0.5, np.nan, np.nan, 0.0])


def test_half_and_double_cancel_out_in_the_geometric_mean() -> None:
    assert metrics.geometric_mean(np.array([0.5, 2.0, np.nan])) == pytest.approx(1.0)
    assert metrics.geometric_mean(np.array([0.0, 2.0])) == 0.0
    assert np.isnan(metrics.geometric_mean(np.array([np.nan])))


@properties
@given(y=traffic)
def test_a_perfect_forecast_has_no_error(y: Floats) -> None:
    assert all(metric(y, y) in (0.0,) or np.isnan(metric(y, y)) for metric in POINT_METRICS)
    assert metrics.mae(y, y) == metrics.pinball(y, y, level=0.3) == 0.0
    assert metrics.coverage(y, y, y) == metrics.share_below(y, y) == 1.0


@properties
@given(y=traffic, factor=st.floats(1e-6, 1e6), seed=st.integers(0, 99))
def test_errors_scale_with_the_unit_and_shares_do_not(y: Floats, factor: float, seed: int) -> None:
    y_hat = np.random.default_rng(seed).permutation(y) * 1.1
    for metric, power in ((metrics.mae, 1), (metrics.rmse, 1), (metrics.mse, 2)):
        assert metric(y * factor, y_hat * factor) == pytest.approx(metric(y, y_hat) * factor**power, rel=1e-6)
    for metric in (metrics.mape, metrics.smape, metrics.wape):
        assert metric(y * factor, y_hat * factor) == pytest.approx(metric(y, y_hat), rel=1e-6, nan_ok=True)


@properties
@given(y=traffic, seed=st.integers(0, 99))
def test_the_pinball_loss_of_the_median_is_half_the_absolute_error(y: Floats, seed: int) -> None:
    y_hat = np.random.default_rng(seed).permutation(y)
    assert metrics.pinball(y, y_hat, level=0.5) == pytest.approx(metrics.mae(y, y_hat) / 2, rel=1e-12)


@properties
@given(y=traffic, seed=st.integers(0, 99))
def test_quantiles_that_all_equal_the_point_have_the_weighted_error_of_the_point(y: Floats, seed: int) -> None:
    y_hat = np.random.default_rng(seed).permutation(y)
    quantiles = np.repeat(y_hat[:, None], len(LEVELS), axis=1)
    assert metrics.wql(y, quantiles, levels=LEVELS) == pytest.approx(metrics.wape(y, y_hat), rel=1e-9, nan_ok=True)


@properties
@given(y=traffic, seed=st.integers(0, 99))
def test_the_symmetric_error_lies_between_zero_and_one(y: Floats, seed: int) -> None:
    assert 0 <= metrics.smape(y, np.random.default_rng(seed).permutation(y)) <= 1
