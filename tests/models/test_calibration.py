"""Calibration: bands that missed of late are moved and widened towards their nominal coverage, and no further."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from conformance import daily_traffic, panel_of, quick_model
from hypothesis import given, settings
from hypothesis import strategies as st

from nettide.arrays import Floats
from nettide.forecast import LEVELS
from nettide.models.calibration import ORIGINS, Adjustment, adjust, origins_of, recent_adjustment, signed_errors

MIDDLE = LEVELS.index(0.5)
NORMAL = np.array([-1.2816, -0.8416, -0.5244, -0.2533, 0.0, 0.2533, 0.5244, 0.8416, 1.2816])
"""Quantiles of a normal distribution at ``LEVELS``."""
quick = settings(max_examples=80, deadline=None, derandomize=True)


def forecasts(*shape: int, size: float = 10.0, at: float = 1000.0) -> Floats:
    """Bands that are right for normal errors of a size, shape (*shape, level)."""
    return np.broadcast_to(at + size * NORMAL, (*shape, len(LEVELS))).copy()


def adjustment_for(errors_of: Floats, *, series: int) -> Adjustment:
    """What errors of earlier forecasts, shape (series, origin, horizon), say."""
    errors = signed_errors(1000 + errors_of, forecasts(*errors_of.shape), middle=MIDDLE)
    assert errors.shape[0] == series
    return recent_adjustment(errors[:, None], level=LEVELS[0])


def coverage(errors: Floats, bands: Floats) -> tuple[float, float, float]:
    """Share of truths below the band, within it, and below the median."""
    truth = 1000 + errors
    inside = ((truth >= bands[..., 0]) & (truth <= bands[..., -1])).mean()
    return float((truth < bands[..., 0]).mean()), float(inside), float((truth < bands[..., MIDDLE]).mean())


PLANTED = {
    "calibrated": (1.0, 0.0),
    "too narrow": (2.0, 0.0),
    "far too narrow": (3.5, 0.0),
    "too wide": (0.5, 0.0),
    "shifted up": (1.0, 8.0),
    "shifted down": (1.0, -8.0),
    "narrow and shifted": (1.8, 10.0),
}


@pytest.mark.parametrize("case", PLANTED)
def test_adjusted_bands_come_nearer_to_their_nominal_coverage(case: str) -> None:
    factor, shift = PLANTED[case]
    generator = np.random.default_rng(1)
    past = generator.normal(shift, 10 * factor, (200, ORIGINS, 24))
    ahead = generator.normal(shift, 10 * factor, (200, 1, 24))
    bands = forecasts(200, 1, 24)
    before = coverage(ahead, bands)
    adjusted = adjust(bands, adjustment_for(past, series=200), middle=MIDDLE)
    below, inside, under_median = coverage(ahead, adjusted)
    assert abs(inside - 0.8) <= max(0.02, 0.55 * abs(before[1] - 0.8))
    assert abs(below - 0.1) <= max(0.03, 0.6 * abs(before[0] - 0.1))
    assert abs(under_median - 0.5) <= max(0.02, 0.6 * abs(before[2] - 0.5))


def test_calibrated_bands_are_left_almost_alone() -> None:
    past = np.random.default_rng(2).normal(0, 10, (256, ORIGINS, 24))
    found = adjustment_for(past, series=256)
    assert found.shift[0] == pytest.approx(np.zeros(24), abs=0.02)
    assert found.below[0] == pytest.approx(np.ones(24), abs=0.05)
    assert found.above[0] == pytest.approx(np.ones(24), abs=0.05)


def test_without_known_errors_nothing_changes_by_a_bit() -> None:
    found = recent_adjustment(np.full((3, 2, ORIGINS, 24), np.nan), level=0.1)
    assert found.shift.shape == (2, 24)
    assert not found.shift.any()
    assert (found.below == 1).all()
    assert (found.above == 1).all()
    bands = forecasts(3, 2, 24)
    assert np.array_equal(adjust(bands, found, middle=MIDDLE), bands)


def test_each_cutoff_is_judged_by_its_own_earlier_forecasts() -> None:
    errors = np.full((50, 3, ORIGINS, 24), np.nan)
    errors[:, 1] = np.random.default_rng(3).normal(0, 3, (50, ORIGINS, 24))
    errors[:, 2] = np.random.default_rng(4).normal(2, 1, (50, ORIGINS, 24))
    found = recent_adjustment(errors, level=0.1)
    assert not found.shift[0].any()
    assert (np.abs(found.shift[1]) < 0.2).all()
    assert (found.shift[2] > 0.5).all()
    alone = recent_adjustment(errors[:, 2:], level=0.1)
    for one, other in ((alone.shift, found.shift), (alone.below, found.below), (alone.above, found.above)):
        assert np.array_equal(one[0], other[2])


def test_a_part_of_the_horizon_that_errs_by_itself_is_moved_by_itself_where_there_are_many_forecasts() -> None:
    generator = np.random.default_rng(5)
    errors = generator.normal(0, 0.8, (300, 1, ORIGINS, 24))
    errors[..., 8:12] = generator.normal(2, 0.8, (300, 1, ORIGINS, 4))  # a third of the day runs high
    many, few = recent_adjustment(errors, level=0.1), recent_adjustment(errors[:3], level=0.1)
    apart = [float(one.shift[0, 8:12].mean() - np.delete(one.shift[0], slice(8, 12)).mean()) for one in (many, few)]
    assert apart[0] > 0.5
    assert abs(apart[1]) < 0.05


def test_few_forecasts_are_trusted_less_than_many() -> None:
    pattern = np.tile(np.tile([-2.0, 0.6, 0.6, 3.0], 6), (1, 1, 1, 1))  # shape (series, cutoff, origin, horizon)
    found = [recent_adjustment(np.tile(pattern, (many, 1, 1, 1)), level=0.1) for many in (1, 5, 20, 1500)]
    for values in ([one.shift[0].mean() for one in found], [one.above[0].mean() for one in found]):
        assert values == sorted(values)
    assert found[2].shift[0] == pytest.approx(0.6 * 0.6 / 2, rel=0.03)  # twenty are half trusted


def test_widths_follow_all_forecasts_and_the_shift_the_last_ones_alone() -> None:
    generator = np.random.default_rng(6)
    errors = generator.normal(0, 1.5, (20, 1, 4 * ORIGINS, 24))
    lately = recent_adjustment(errors[:, :, :ORIGINS], level=0.1)
    moved = errors.copy()
    moved[:, :, ORIGINS:] *= 0.2  # long ago bands were far too wide, and all too low
    moved[:, :, ORIGINS:] += 0.5
    found = recent_adjustment(moved, level=0.1)
    assert found.shift[0] == pytest.approx(lately.shift[0], abs=0.1)
    assert (found.below < 0.8 * lately.below).all()
    assert found.stretched(1.5).below == pytest.approx(1.5 * found.below)


def test_widths_do_more_of_what_is_asked_for_where_few_forecasts_are_trusted() -> None:
    errors = np.random.default_rng(7).normal(0, 0.3, (1, 1, ORIGINS, 24))
    wary, bold = (recent_adjustment(errors, level=0.1, half_trusted_width=one) for one in (150.0, 20.0))
    assert (bold.below < wary.below).all()
    assert np.array_equal(bold.shift, wary.shift)


def test_forecasts_that_are_half_known_count_and_unknown_ones_do_not() -> None:
    errors = np.full((1, 1, ORIGINS, 24), 3.0)
    one = errors.copy()
    one[:, :, 1:] = np.nan
    one[:, :, 0, 5:] = np.nan
    some, all_ = recent_adjustment(one, level=0.1).shift[0], recent_adjustment(errors, level=0.1).shift[0]
    assert (some > 0).all()
    assert (some < all_).all()


@pytest.mark.parametrize("error", [1e300, -1e300, 50.0, -50.0])
def test_errors_of_any_size_move_and_widen_by_a_bounded_amount(error: float) -> None:
    bands = forecasts(100, 1, 24)
    errors = signed_errors(np.full((100, 1, 24), 1000 + error), bands, middle=MIDDLE)
    found = recent_adjustment(errors[:, :, None], level=0.1)
    assert (np.abs(found.shift) <= 1).all()
    for widths in (found.below, found.above):
        assert ((widths >= 0.25) & (widths <= 4)).all()
    assert np.isfinite(adjust(bands, found, middle=MIDDLE)).all()


def test_signed_errors_are_in_widths_of_the_band_on_their_side() -> None:
    bands = np.array([[90.0, 100.0, 140.0]] * 6)
    truth = np.array([100.0, 90.0, 80.0, 140.0, 120.0, np.nan])
    assert signed_errors(truth, bands, middle=1)[:5].tolist() == [0, -1, -2, 1, 0.5]
    assert np.isnan(signed_errors(truth, bands, middle=1)[5])


def test_a_band_without_width_has_finite_errors() -> None:
    bands = np.array([[5.0, 5.0, 5.0], [0.0, 0.0, 0.0]])
    found = signed_errors(np.array([6.0, 1e300]), bands, middle=1)
    assert found.tolist() == [100.0, 100.0]


@st.composite
def any_bands(draw: st.DrawFn) -> tuple[Floats, Adjustment]:
    """Ascending bands from zero upwards, some of them of no width, and any adjustment."""
    seed, size = draw(st.integers(0, 10_000)), draw(st.sampled_from([1e-12, 1.0, 1e12]))
    generator = np.random.default_rng(seed)
    widths = np.where(generator.random((3, 2, 4, 9)) < 0.3, 0.0, generator.lognormal(0, 1, (3, 2, 4, 9)))
    silent = generator.integers(0, 10, (3, 2, 4, 1))  # so many of the lowest quantiles are zero
    widths[np.arange(9) < silent] = 0.0
    bands = np.cumsum(widths, axis=-1) * size
    shift = generator.uniform(-1, 1, (2, 4))
    below, above = generator.uniform(0.25, 4, (2, 2, 4))
    return bands, Adjustment(shift, below, above)


@quick
@given(case=any_bands())
def test_adjusted_quantiles_ascend_are_never_negative_and_keep_their_zeros(case: tuple[Floats, Adjustment]) -> None:
    bands, adjustment = case
    found = adjust(bands, adjustment, middle=MIDDLE)
    assert (np.diff(found, axis=-1) >= 0).all()
    assert (found >= 0).all()
    assert (found[bands == 0] == 0).all()
    assert np.isfinite(found).all()


@quick
@given(case=any_bands(), factor=st.sampled_from([1e-6, 1e6]))
def test_bands_in_another_unit_are_adjusted_alike(case: tuple[Floats, Adjustment], factor: float) -> None:
    bands, adjustment = case
    np.testing.assert_allclose(
        adjust(bands * factor, adjustment, middle=MIDDLE), adjust(bands, adjustment, middle=MIDDLE) * factor, rtol=1e-9
    )


def test_unknown_forecasts_stay_unknown() -> None:
    bands = np.full((1, 1, 2, 9), np.nan)
    assert np.isnan(adjust(bands, Adjustment(np.ones((1, 2)), np.ones((1, 2)), np.ones((1, 2))), middle=MIDDLE)).all()


def test_the_shift_is_in_widths_of_the_side_to_which_it_goes() -> None:
    bands = np.array([90.0, 100.0, 140.0]).reshape(1, 1, 1, 3)
    up = adjust(bands, Adjustment(np.array([[0.5]]), np.ones((1, 1)), np.ones((1, 1))), middle=1)
    down = adjust(bands, Adjustment(np.array([[-0.5]]), np.ones((1, 1)), np.ones((1, 1))), middle=1)
    wide = adjust(bands, Adjustment(np.zeros((1, 1)), np.array([[2.0]]), np.array([[3.0]])), middle=1)
    assert up.ravel().tolist() == [110, 120, 160]
    assert down.ravel().tolist() == [85, 95, 135]
    assert wide.ravel().tolist() == [80, 100, 220]


def test_earlier_cutoffs_lie_one_horizon_apart_and_their_targets_have_come_true() -> None:
    found = origins_of(np.array([30, 1000]), horizon=24)
    assert found.shape == (2, ORIGINS)
    assert found[1].tolist() == [1000 - 24 * back for back in range(1, ORIGINS + 1)]
    assert found[0].tolist()[:2] == [6, -18]
    assert (found + 24 <= np.array([[30], [1000]])).all()


# ------------------------------------------------------------------ within a model


def test_a_model_narrows_bands_that_were_too_wide_of_late() -> None:
    panel = panel_of(daily_traffic(200, 1000))
    truth = panel.target[:, 976:1000]
    inside = {}
    for adapt in ("true", "false"):
        model = quick_model("lstm", adapt=adapt)  # trained for two batches: its bands are far too wide
        model.fit(panel.until(800))
        bands = model.predict(panel, np.array([975])).quantiles[:, 0]
        inside[adapt] = float(((bands[..., 0] <= truth) & (truth <= bands[..., -1])).mean())
    assert 0.8 <= inside["true"] < inside["false"] - 0.03


@pytest.mark.parametrize("series", [3, 300])
def test_adaptation_only_uses_errors_that_had_come_true(series: int) -> None:
    """A planted leak: an enormous burst after a cutoff must not move a bit, and before it must."""
    panel = panel_of(daily_traffic(series, 700))
    model = quick_model("gru", horizon=12)
    model.fit(panel.until(600))
    cutoffs = np.array([640, 652, 664])
    honest = model.predict(panel, cutoffs)
    values = panel.values.copy()
    values[:, 653:] *= 1e6
    seen = model.predict(replace(panel, values=values), cutoffs)
    assert np.array_equal(seen.quantiles[:, :2], honest.quantiles[:, :2])
    assert not np.array_equal(seen.quantiles[:, 2], honest.quantiles[:, 2])

    unknown = panel.values.copy()
    unknown[:, 653:] = np.nan
    assert np.array_equal(
        model.predict(replace(panel, values=unknown), cutoffs).quantiles[:, :2], honest.quantiles[:, :2]
    )
