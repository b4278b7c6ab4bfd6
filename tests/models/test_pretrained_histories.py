"""Histories: what the pretrained network sees is what a slow reading gives, and nothing of it lies ahead."""

from __future__ import annotations

import math
from dataclasses import fields, replace

import numpy as np
import pytest
import torch
from conformance import daily_traffic, panel_of

from nettide.arrays import Floats
from nettide.errors import HistoryError
from nettide.models.lags import ANCHORS
from nettide.models.pretrained.histories import (
    FINE,
    HISTORY_ANCHORS,
    META_FEATURES,
    PLACE_FEATURES,
    SLOTS,
    Histories,
    History,
    companion_changes,
)
from nettide.panel import Panel, Series
from nettide.prepare.periods import Periods, nominal_periods

HOUR, DAY = 3600, 86_400
STEPS = {"5 minutes": (300, 4600), "15 minutes": (900, 2000), "hourly": (HOUR, 700), "6 hours": (6 * HOUR, 200),
         "daily": (DAY, 80), "weekly": (7 * DAY, 30)}  # fmt: skip


def gappy(step: int, steps: int, *, series: int = 3) -> Panel:
    """Traffic with single gaps, a long one and silence at first."""
    target = daily_traffic(series, steps, step=step)
    target[np.random.default_rng(5).random(target.shape) < 0.1] = np.nan
    target[0, : steps // 4] = np.nan
    target[-1, steps // 2 : steps // 2 + steps // 8] = np.nan
    return panel_of(target, step=step)


def histories_of(panel: Panel, *, horizon: int = 12) -> Histories:
    return Histories(panel, horizon=horizon, periods=nominal_periods(panel))


def one_history(panel: Panel, series: int, cutoff: int, ahead: list[int]) -> History:
    histories = histories_of(panel, horizon=max(ahead))
    return histories.batch(torch.tensor([series]), torch.tensor([cutoff]), torch.tensor(ahead))


def known_at(values: Floats, step: int) -> float:
    return float(values[step]) if 0 <= step < len(values) else math.nan


def last_known(values: Floats, step: int) -> float:
    while step >= 0 and math.isnan(values[step]):
        step -= 1
    return float(values[step]) if step >= 0 else math.nan


def mean_until(values: Floats, step: int, length: int) -> float:
    if step < 0:
        return math.nan
    part = values[max(0, step - length + 1) : step + 1]
    known = part[~np.isnan(part)]
    return float(known.mean()) if len(known) else math.nan


def assert_close(found: torch.Tensor, expected: list[float], *, size: float) -> None:
    np.testing.assert_allclose(found.numpy(), np.array(expected), rtol=1e-4, atol=1e-6 * size)


# ------------------------------------------------------------------ against plain loops


@pytest.mark.parametrize("kind", STEPS)
def test_the_coarse_and_the_fine_past_are_those_of_a_slow_reading(kind: str) -> None:
    step, steps = STEPS[kind]
    panel = gappy(step, steps)
    periods = nominal_periods(panel)
    slot = max(1, round(periods.day / 24))
    for series in range(3):
        values = panel.target[series]
        size = np.nanmax(values)
        for cutoff in (0, steps // 3, steps - 1):
            found = one_history(panel, series, cutoff, [1, 12])
            coarse = [mean_until(values, cutoff - back * slot, slot) for back in range(167, -1, -1)]
            newest = [cutoff - back for back in range(FINE - 1, -1, -1)]
            assert_close(found.coarse[0], coarse, size=size)
            assert_close(found.fine[0], [known_at(values, one) for one in newest], size=size)
            assert_close(found.fine_week[0], [last_known(values, one - periods.week) for one in newest], size=size)
            assert_close(found.fine_day[0], [last_known(values, one - periods.day) for one in newest], size=size)
            assert_close(found.last[0], [last_known(values, cutoff)], size=size)
            assert_close(found.truth[0], [known_at(values, cutoff + one) for one in (1, 12)], size=size)


@pytest.mark.parametrize("kind", STEPS)
def test_the_last_anchors_are_the_week_and_the_day_ago_moved_by_what_changed(kind: str) -> None:
    step, steps = STEPS[kind]
    panel = gappy(step, steps)
    periods = nominal_periods(panel)
    smooth = max(2, round(periods.day / 24))
    assert (*ANCHORS, "week_moved", "day_moved", "similar_moved") == HISTORY_ANCHORS
    for series in range(3):
        values = panel.target[series]
        found = one_history(panel, series, steps - 3, [1, 9]).anchors[0].numpy()
        assert found.shape == (2, len(HISTORY_ANCHORS))
        for row, ahead in zip(found, (1, 9), strict=True):
            for place, period in ((-3, periods.week), (-2, periods.day)):
                back, cutoff = period * math.ceil(ahead / period), steps - 3
                change = mean_until(values, cutoff, smooth) - mean_until(values, cutoff - back, smooth)
                expected = np.maximum(last_known(values, cutoff + ahead - back) + change, 0.0)
                assert row[place] == pytest.approx(expected, rel=1e-4, abs=1e-6 * np.nanmax(values), nan_ok=True)


def slow_companion_changes(panel: Panel, periods: Periods, slot: int) -> list[float]:
    """One series and one step at a time; the first stands before the first step."""
    found = [math.nan]
    for step in range(panel.steps):
        distances = []
        for values in panel.target:
            if step < periods.week:
                continue
            carried = np.array([last_known(values, one) for one in range(max(0, step - periods.week - slot), step + 1)])
            first = max(0, step - periods.week - slot)
            now = mean_until(carried, step - first, slot)
            then = mean_until(carried, step - periods.week - first, slot)
            off = [abs(values[one] - mean_until(values, one, periods.week)) for one in range(step + 1)]
            spread = mean_until(np.array(off), step, periods.week)
            least = 1e-6 * mean_until(np.abs(values), step, periods.week)
            if spread > least and not math.isnan(now - then):
                distances.append(math.asinh(min(max((now - then) / spread, -50.0), 50.0)))
        found.append(float(np.median(distances)) if distances else math.nan)
    return found


@pytest.mark.parametrize(("step", "steps", "slot"), [(6 * HOUR, 75, 1), (DAY, 40, 1), (3 * HOUR, 90, 3)])
def test_companion_changes_are_the_median_distance_from_the_week_before(step: int, steps: int, slot: int) -> None:
    panel = gappy(step, steps, series=4)
    periods = nominal_periods(panel)
    found = companion_changes(panel, periods, slot)
    np.testing.assert_allclose(found, slow_companion_changes(panel, periods, slot), rtol=1e-6, atol=1e-9)


def test_a_holiday_of_all_links_shows_in_the_companions_of_each() -> None:
    target = daily_traffic(12, 24 * 21)
    target[:, 24 * 20 :] *= 0.3
    found = companion_changes(panel_of(target), Periods(24, 168), 1)
    usual, holiday = found[24 * 14 + 1 : 24 * 20], found[24 * 20 + 1 :]
    assert np.abs(usual).max() < np.abs(holiday[6:18]).min()
    assert (holiday[6:18] < -0.5).all()


def test_an_odd_series_alone_does_not_move_the_companions() -> None:
    target = daily_traffic(9, 24 * 21)
    odd = target.copy()
    odd[4, 24 * 20 :] *= 100
    ours, theirs = (companion_changes(panel_of(one), Periods(24, 168), 1) for one in (target, odd))
    assert np.nanmax(np.abs(ours - theirs)) < 0.2


@pytest.mark.parametrize("series", [0, 1, 300])
def test_companions_are_unknown_within_the_first_week_and_known_after_it(series: int) -> None:
    found = companion_changes(panel_of(daily_traffic(series, 200)), Periods(24, 168), 1)
    assert found.shape == (201,)
    assert np.isnan(found[:169]).all()
    assert np.isfinite(found[169:]).all() == (series > 0)


def test_a_panel_of_constants_has_no_companions_to_tell_of() -> None:
    assert np.isnan(companion_changes(panel_of(np.full((3, 400), 7.3e9)), Periods(24, 168), 1)).all()


def test_the_order_of_series_does_not_move_companions_even_where_they_are_sampled() -> None:
    panel = panel_of(daily_traffic(600, 200))
    order = np.random.default_rng(0).permutation(600).tolist()
    ours, theirs = (companion_changes(one, Periods(24, 168), 1) for one in (panel, panel.select(order)))
    assert np.array_equal(ours, theirs, equal_nan=True)


# ------------------------------------------------------------------ what else is told


def test_the_length_of_a_day_and_of_the_history_are_told() -> None:
    hourly, daily = panel_of(daily_traffic(1, 24 * 21)), panel_of(daily_traffic(1, 60, step=DAY), step=DAY)
    first = one_history(hourly, 0, 24 * 14, [1]).meta[0]
    assert first.tolist() == pytest.approx([math.log(24) / math.log(288), 0.0, 0.4])
    assert one_history(daily, 0, 59, [1]).meta[0].tolist() == pytest.approx([0.0, 1.0, 1.0])
    assert len(first) == META_FEATURES


def test_how_far_ahead_a_step_lies_is_told_in_steps_and_days() -> None:
    found = one_history(panel_of(daily_traffic(1, 400)), 0, 300, [1, 24, 168]).place
    assert found.shape == (3, PLACE_FEATURES)
    assert found[:, 1].tolist() == pytest.approx([1, 1 / 24, 1 / 168])
    assert found[:, 6].tolist() == pytest.approx([1 / 168, 1 / 7, 1])
    assert found[:, 7].tolist() == [1, 0, 0]


def test_the_same_traffic_in_hours_and_in_5_minutes_has_nearly_the_same_coarse_past() -> None:
    hours = daily_traffic(1, 24 * 20)
    fine = np.repeat(hours, 12, axis=1)
    hourly = one_history(panel_of(hours), 0, 24 * 20 - 1, [1])
    minutes = one_history(panel_of(fine, step=300), 0, 12 * 24 * 20 - 1, [1])
    assert minutes.coarse.numpy() == pytest.approx(hourly.coarse.numpy(), rel=1e-5)
    assert minutes.companions.shape == hourly.companions.shape == (1, SLOTS)


# ------------------------------------------------------------------ edges


def test_nothing_but_the_truth_lies_after_the_cutoff() -> None:
    panel, cutoff = gappy(HOUR, 500), 399
    values = panel.values.copy()
    values[:, cutoff + 1 :] = np.where(np.isnan(values[:, cutoff + 1 :]), 1e7, np.nan)
    at = torch.arange(3), torch.full((3,), cutoff), torch.arange(1, 49)
    ours = histories_of(panel, horizon=48).batch(*at)
    theirs = histories_of(replace(panel, values=values), horizon=48).batch(*at)
    for field in fields(History):
        one, other = getattr(ours, field.name), getattr(theirs, field.name)
        assert torch.equal(one.nan_to_num(-1.0), other.nan_to_num(-1.0)) == (field.name != "truth")


@pytest.mark.parametrize("steps", [1, 2, 30])
def test_a_short_history_is_known_as_far_as_it_goes(steps: int) -> None:
    panel = panel_of(daily_traffic(2, steps))
    found = one_history(panel, 1, steps - 1, [1, 24])
    assert int((~found.coarse.isnan()).sum()) == steps
    assert int((~found.fine.isnan()).sum()) == min(steps, FINE)
    assert found.truth.isnan().all()
    assert found.companions.isnan().all()


def test_a_series_that_is_never_known_is_unknown_in_all_that_is_told() -> None:
    target = daily_traffic(2, 400)
    target[1] = np.nan
    found = one_history(panel_of(target), 1, 399, [1, 24])
    for part in (
        found.coarse,
        found.fine,
        found.fine_week,
        found.fine_day,
        found.fine_similar,
        found.last,
        found.anchors,
        found.recent,
    ):
        assert part.isnan().all()
    assert found.meta[0, 2] == 0
    assert found.companions.isfinite().all()


def test_a_panel_without_series_has_histories() -> None:
    empty = replace(panel_of(daily_traffic(1, 400)), values=np.empty((0, 400, 2)), series=())
    none = torch.empty(0, dtype=torch.int64)
    found = histories_of(empty).batch(none, none, torch.arange(1, 13))
    assert found.coarse.shape == (0, 168)
    assert found.anchors.shape == (0, 12, len(HISTORY_ANCHORS))


def test_other_channels_are_not_looked_at() -> None:
    panel = gappy(HOUR, 400)
    values = panel.values.copy()
    values[:, :, 1] = 1e20
    at = torch.arange(3), torch.full((3,), 399), torch.arange(1, 13)
    ours, theirs = (histories_of(one).batch(*at) for one in (panel, replace(panel, values=values)))
    assert torch.equal(ours.coarse.nan_to_num(-1), theirs.coarse.nan_to_num(-1))


def test_values_too_large_for_a_network_are_refused_with_their_place() -> None:
    target = daily_traffic(2, 100)
    target[1, 40] = 1e31
    with pytest.raises(HistoryError, match=r"^series 'link-1' holds 1e\+31 in 'y' at .*; give it in a larger unit$"):
        histories_of(panel_of(target))


def test_zones_are_each_told_by_their_own_clock() -> None:
    target = daily_traffic(2, 400)
    panel = replace(panel_of(target), series=(Series("a", zone="UTC"), Series("b", zone="Asia/Tokyo")))
    found = histories_of(panel).batch(torch.tensor([0, 1]), torch.tensor([399, 399]), torch.arange(1, 13))
    assert not torch.equal(found.next_known[0], found.next_known[1])
