"""Residuals: their shape, memory and place, against scipy and plain definitions."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from nettide.errors import OptionError
from nettide.insight.residuals import (
    autocorrelation,
    chi_square_tail,
    error_by_hour,
    error_by_step,
    histogram,
    moments,
    rolling_mse,
)

RESIDUALS = np.random.default_rng(1).gamma(2.0, 3.0, 2000) - 5


def with_gaps(values: np.ndarray) -> np.ndarray:
    gappy = values.copy()
    gappy[::7] = np.nan
    return gappy


def test_moments_are_those_of_scipy_and_gaps_do_not_count() -> None:
    found, known = moments(with_gaps(RESIDUALS)), with_gaps(RESIDUALS)
    known = known[~np.isnan(known)]
    assert found.count == len(known)
    assert found.bias == pytest.approx(known.mean())
    assert found.deviation == pytest.approx(known.std(ddof=1))
    assert found.skew == pytest.approx(stats.skew(known))
    assert found.excess_kurtosis == pytest.approx(stats.kurtosis(known))
    np.testing.assert_allclose(found.normal, stats.norm(known.mean(), known.std(ddof=1)).ppf(found.levels))
    np.testing.assert_allclose(found.quantiles, np.quantile(known, found.levels))


def test_moments_of_nothing_and_of_a_constant_are_unknown_rather_than_zero() -> None:
    nothing, constant = moments(np.full(3, np.nan)), moments(np.full(3, 2.0))
    assert nothing.count == 0
    assert np.isnan([nothing.bias, nothing.skew]).all()
    assert np.isnan(nothing.quantiles).all()
    assert (constant.bias, constant.deviation) == (2.0, 0.0)
    assert np.isnan(constant.skew)


def test_a_histogram_counts_every_residual_and_expects_as_many() -> None:
    found = histogram(np.append(with_gaps(RESIDUALS), 1e6), bars=20)
    assert found.counts.sum() == np.isfinite(with_gaps(RESIDUALS)).sum() + 1
    assert found.normal.sum() == pytest.approx(found.counts.sum())
    assert found.counts[-1] == 1
    assert histogram(np.full(4, 3.0)).counts.sum() == 4
    assert histogram(np.array([np.nan])).counts.sum() == 0


def test_a_histogram_of_residuals_that_end_soon_has_no_tail_of_the_normal_one_in_its_last_bar() -> None:
    residuals = np.append(np.zeros(300), np.full(100, -4.0))  # nothing lies more than 0.6 deviations above the mean
    found = histogram(residuals)
    assert found.counts.sum() == 400
    assert found.normal[-1] < 0.01 * found.normal.max()
    assert found.normal.sum() == pytest.approx(400)


def test_a_histogram_of_normal_residuals_is_near_the_normal_one() -> None:
    found = histogram(np.random.default_rng(2).normal(3, 2, 100_000), bars=15)
    assert np.abs(found.counts - found.normal).max() < 5 * np.sqrt(found.normal.max())


@settings(derandomize=True, max_examples=60, deadline=None)
@given(value=st.floats(0, 3000), freedom=st.integers(1, 500))
def test_the_tail_of_chi_square_is_that_of_scipy(value: float, freedom: int) -> None:
    assert chi_square_tail(value, freedom=freedom) == pytest.approx(stats.chi2.sf(value, freedom), rel=1e-8, abs=1e-13)


def test_independent_residuals_stay_within_the_bound_and_pass_ljung_and_box() -> None:
    found = autocorrelation(np.random.default_rng(3).normal(size=5000), lags=40)
    assert (np.abs(found.values) <= found.bound).mean() > 0.85
    assert found.p_values[-1] > 0.05
    assert found.bound == pytest.approx(1.96 / np.sqrt(5000), rel=1e-3)


def test_residuals_with_memory_are_found_out_with_gaps_too() -> None:
    noise, values = np.random.default_rng(4).normal(size=4000), np.zeros(4000)
    for step in range(1, 4000):
        values[step] = 0.6 * values[step - 1] + noise[step]
    for shown in (values, with_gaps(values)):
        found = autocorrelation(shown, lags=5)
        np.testing.assert_allclose(found.values, 0.6 ** np.arange(1, 6), atol=0.07)
        assert found.p_values[0] < 1e-6


def test_autocorrelation_without_gaps_is_the_textbook_estimate() -> None:
    values = RESIDUALS[:200]
    centred = values - values.mean()
    expected = [(centred[lag:] * centred[:-lag]).sum() / (centred**2).sum() for lag in (1, 2, 3)]
    found = autocorrelation(values, lags=3)
    np.testing.assert_allclose(found.values, expected)
    expected_q = 200 * 202 * np.cumsum(np.array(expected) ** 2 / (200 - np.arange(1, 4)))
    np.testing.assert_allclose(found.ljung_box, expected_q)


def test_autocorrelation_of_what_never_varies_is_unknown() -> None:
    assert np.isnan(autocorrelation(np.ones(9), lags=3).p_values).all()


@pytest.mark.parametrize("lags", [0, 5])
def test_lags_that_cannot_be_are_refused(lags: int) -> None:
    with pytest.raises(OptionError, match=rf"lags {lags} must be 1 \.\.\. 4: there are 5 residuals"):
        autocorrelation(np.arange(5.0), lags=lags)
    with pytest.raises(OptionError, match="are not those of one series"):
        autocorrelation(np.ones((2, 5)), lags=1)


def test_errors_by_step_are_those_of_each_step() -> None:
    residuals = np.array([[1.0, -2.0, np.nan], [3.0, 2.0, np.nan]])
    found = error_by_step(residuals)
    np.testing.assert_allclose(found.bias, [2.0, 0.0, np.nan])
    np.testing.assert_allclose(found.mae, [2.0, 2.0, np.nan])
    np.testing.assert_allclose(found.rmse, [np.sqrt(5), 2.0, np.nan])
    assert found.count.tolist() == [2, 2, 0]


def test_errors_by_hour_follow_the_clock_of_the_place_over_a_change_of_it() -> None:
    seconds = (
        np.arange("2026-03-28T00", "2026-03-30T00", dtype="datetime64[h]").astype("datetime64[s]").astype(np.int64)
    )
    found = error_by_hour(np.ones((3, 48)), seconds, zone="Europe/Prague")
    assert found.count.sum() == 3 * 48
    assert found.count[2] == 3 * 1  # on the 29th two o'clock does not exist
    assert found.count[1] == 3 * 3  # from one o'clock on the 28th to one o'clock on the 30th
    backwards = error_by_hour(np.ones((3, 48)), seconds[::-1].copy(), zone="Europe/Prague")
    assert backwards.count.tolist() == found.count.tolist()


def test_times_that_do_not_fit_are_refused() -> None:
    with pytest.raises(OptionError, match=r"residuals of shape \(3,\) do not end with the shape of their times \(4,\)"):
        error_by_hour(np.ones(3), np.arange(4), zone="UTC")


def test_the_rolling_error_is_the_mean_over_the_window_alone() -> None:
    residuals = np.array([1.0, 3.0, np.nan, 1e8, np.nan, np.nan, 2.0])
    found = rolling_mse(residuals, window=2)
    np.testing.assert_allclose(found, [1, 5, 9, 1e16, 1e16, np.nan, 4.0])
    assert rolling_mse(np.ones((2, 5)), window=9).tolist() == [[1.0] * 5] * 2
    with pytest.raises(OptionError, match="a window of 0 steps holds nothing"):
        rolling_mse(residuals, window=0)


def test_a_histogram_without_bars_is_refused() -> None:
    with pytest.raises(OptionError, match="a histogram of 0 bars shows nothing"):
        histogram(RESIDUALS, bars=0)
