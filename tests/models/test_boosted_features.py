"""What boosted trees are told: in the scale of the window, of the past alone, and always as many numbers."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from conformance import daily_traffic, gappy_panel, panel_of

from nettide.models.boosted_bands import TAUGHT, all_levels, band_factors
from nettide.models.boosted_features import feature_count, rows_of
from nettide.models.windows import Windows
from nettide.panel import Panel


def described(panel: Panel, *, context: int, horizon: int, day: int, cutoffs: list[int]) -> torch.Tensor:
    windows = Windows(panel, context=context, horizon=horizon, channels=False)
    series = torch.zeros(len(cutoffs), dtype=torch.int64)
    return rows_of(windows.batch(series, torch.tensor(cutoffs)), day=day).features


@pytest.mark.parametrize("context", [1, 2, 5, 24, 30, 168, 400])
@pytest.mark.parametrize(("day", "horizon"), [(1, 1), (1, 30), (24, 24), (24, 60), (288, 12)])
def test_there_are_as_many_features_as_was_said(context: int, day: int, horizon: int) -> None:
    found = described(gappy_panel(), context=context, horizon=horizon, day=day, cutoffs=[0, 3, 500, 839])
    assert found.shape == (4, horizon, feature_count(context=context, day=day))
    assert not torch.isinf(found).any()


@pytest.mark.parametrize("factor", [1e12, 1e-12])
def test_the_same_traffic_in_another_unit_is_described_alike(factor: float) -> None:
    target = daily_traffic(1, 600)
    cutoffs = list(range(200, 560, 7))
    ours = described(panel_of(target), context=168, horizon=24, day=24, cutoffs=cutoffs)
    theirs = described(panel_of(target * factor), context=168, horizon=24, day=24, cutoffs=cutoffs)
    assert torch.equal(torch.isnan(ours), torch.isnan(theirs))
    assert torch.nan_to_num(ours - theirs).abs().max() <= 2 / 4096


def test_nothing_after_the_cutoff_is_told() -> None:
    target = daily_traffic(1, 600)
    other = target.copy()
    other[:, 301:] = -1.0
    ours, theirs = (described(panel_of(one), context=168, horizon=60, day=24, cutoffs=[300]) for one in (target, other))
    assert torch.equal(torch.nan_to_num(ours), torch.nan_to_num(theirs))


def test_a_series_without_a_season_is_expected_at_its_mean() -> None:
    target = np.full((1, 10), 3.0)
    windows = Windows(panel_of(target), context=5, horizon=4, channels=False)
    found = rows_of(windows.batch(torch.tensor([0]), torch.tensor([9])), day=24)
    assert found.scale.invert(found.base).tolist() == [[3.0] * 4]


# ------------------------------------------------------------------ bands

NORMAL = np.array([-1.2816, -0.8416, -0.5244, -0.2533, 0.0, 0.2533, 0.5244, 0.8416, 1.2816])


def test_the_levels_between_follow_the_normal_distribution() -> None:
    taught = NORMAL[[round(10 * level) - 1 for level in TAUGHT]]
    assert all_levels(taught[None], np.ones(9))[0] == pytest.approx(NORMAL, abs=1e-3)


def test_factors_make_each_level_hold_on_the_rows_that_they_come_from() -> None:
    truth = np.random.default_rng(0).standard_t(3, 20_000)
    narrow = np.broadcast_to(0.6 * NORMAL[[round(10 * level) - 1 for level in TAUGHT]], (len(truth), len(TAUGHT)))
    factors = band_factors(truth, all_levels(narrow, np.ones(9)))
    held = all_levels(narrow, factors)
    shares = (truth[:, None] < held).mean(axis=0)
    assert shares == pytest.approx(np.arange(1, 10) / 10, abs=0.01)
    assert (held[:, 4] == 0).all()
    assert (np.diff(held, axis=1) >= 0).all()


def test_a_band_without_width_is_left_as_it_is() -> None:
    assert band_factors(np.arange(5.0), np.zeros((5, 9))).tolist() == [1.0] * 9
