"""Windows: what is gathered is what a slow and obvious reading of the panel gives, and nothing of it lies ahead."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import fields, replace

import numpy as np
import pytest
import torch
from conformance import daily_traffic, panel_of
from hypothesis import given, settings
from hypothesis import strategies as st
from slow_days import mean_root, ratio, similar_days, weekend
from torch import Tensor

from nettide.arrays import Floats
from nettide.errors import HistoryError
from nettide.models.lags import ANCHORS
from nettide.models.windows import Batch, Windows, window_ranges
from nettide.panel import Channel, Panel, Series
from nettide.prepare.calendar import calendar_features

HOUR, DAY = 3600, 86_400


def gappy(series: int, steps: int, *, step: int = HOUR) -> Floats:
    """Traffic with single gaps, long gaps, silence at first, zeros and a level shift."""
    target = daily_traffic(series, steps, step=step)
    target[np.random.default_rng(5).random(target.shape) < 0.1] = np.nan
    target[0, : steps // 3] = np.nan
    target[-1, steps // 2 : steps // 2 + steps // 4] = np.nan
    target[-1, steps // 4 : steps // 3] = 0.0
    target[0, steps * 3 // 4 :] *= 20.0
    return target


# ------------------------------------------------------------------ the slow, obvious reading of one series


def known_at(values: Floats, step: int) -> float:
    return float(values[step]) if 0 <= step < len(values) else math.nan


def last_known(values: Floats, step: int) -> float:
    while step >= 0:
        if not math.isnan(values[step]):
            return float(values[step])
        step -= 1
    return math.nan


def mean_of_known(values: Floats) -> float:
    known = values[~np.isnan(values)]
    return float(known.mean()) if len(known) else math.nan


def adjusted(values: Floats, step: int, cutoff: int, week: int) -> float:
    """A past value at the level of the week that ends at the cutoff."""
    whole_weeks = (cutoff - step) // week  # the value lies in the week that ended so many weeks before the cutoff
    now, then = mean_root(values, cutoff, week), mean_root(values, cutoff - whole_weeks * week, week)
    return known_at(values, step) * ratio(now, then)


def slow_anchors(
    values: Floats,
    cutoff: int,
    *,
    context: int,
    steps_ahead: Sequence[int],
    day: int,
    week: int,
    free: Callable[[int], bool],
) -> Floats:
    """Shape (step ahead, anchor), in the order of ``ANCHORS``."""
    rows = []
    for ahead in steps_ahead:
        target = cutoff + ahead
        days, weeks = math.ceil(ahead / day), math.ceil(ahead / week)  # the least that end up at or before the cutoff
        past_weeks = [adjusted(values, target - week * (weeks + k), cutoff, week) for k in range(4)]
        past_days = [known_at(values, target - day * (days + k)) for k in range(7)]
        known_weeks = [one for one in past_weeks if not math.isnan(one)]
        rows.append(
            {
                "last": last_known(values, cutoff),
                "day": last_known(values, target - day * days),
                "week": last_known(values, target - week * weeks),
                "weeks": float(np.median(known_weeks)) if known_weeks else math.nan,
                "days": mean_of_known(np.array(past_days)),
                "mean": mean_of_known(values[max(0, cutoff - context + 1) : cutoff + 1]),
                "similar": similar_days(values, target, cutoff, day=day, week=week, free=free),
            }
        )
    return np.array([[row[name] for name in ANCHORS] for row in rows])


def padded(values: Floats, first: int, count: int) -> Floats:
    return np.array([known_at(values, step) for step in range(first, first + count)])


def batch_of(windows: Windows, pairs: list[tuple[int, int]]) -> Batch:
    series, cutoffs = zip(*pairs, strict=True)
    return windows.batch(torch.tensor(series), torch.tensor(cutoffs))


CASES = {
    "hourly": (HOUR, 900, 168, 24),
    "hourly, longer than a week": (HOUR, 1200, 48, 336),
    "daily, a month ahead": (DAY, 200, 28, 30),
    "daily, one step": (DAY, 100, 14, 1),
    "5 minutes": (300, 2400, 288, 12),
    "5 minutes, beyond a day": (300, 2400, 24, 300),
    "weekly": (7 * DAY, 60, 8, 4),
}


def steps_compared(horizon: int, *, day: int, week: int) -> list[int]:
    """All steps of a short horizon; of a long one those about a day and a week, and some between them."""
    if horizon <= 30:
        return list(range(1, horizon + 1))
    edges = {step for length in (day, week) for step in (length - 1, length, length + 1)}
    between = set(np.linspace(1, horizon, 15).round().astype(int).tolist())
    return sorted(step for step in edges | between if 1 <= step <= horizon)


@pytest.mark.parametrize("case", CASES)
def test_anchors_are_those_of_a_slow_reading(case: str) -> None:
    step, steps, context, horizon = CASES[case]
    panel = panel_of(gappy(3, steps, step=step), step=step)
    windows = Windows(panel, context=context, horizon=horizon, channels=False)
    chosen = (0, 1, context - 1, context, steps // 3, steps // 2 + 3, steps * 3 // 4 + 5, steps - 2, steps - 1)
    pairs = [(series, cutoff) for series in range(3) for cutoff in chosen]
    found = batch_of(windows, pairs).anchors.numpy()
    day, week, free = panel.steps_per(DAY), panel.steps_per(7 * DAY), weekend(panel)
    ahead = steps_compared(horizon, day=day, week=week)
    for (series, cutoff), anchors in zip(pairs, found, strict=True):
        values = panel.target[series]
        slow = slow_anchors(values, cutoff, context=context, steps_ahead=ahead, day=day, week=week, free=free)
        for place, name in enumerate(ANCHORS):
            np.testing.assert_allclose(
                anchors[np.array(ahead) - 1, place],
                slow[:, place],
                rtol=2e-5,
                err_msg=f"{name} of series {series} from {cutoff}",
            )


def test_context_truth_last_and_recent_lags_are_those_of_a_slow_reading() -> None:
    panel = panel_of(gappy(3, 700), channels=("y", "flows", "packets"))
    windows = Windows(panel, context=50, horizon=24, channels=True)
    pairs = [(series, cutoff) for series in range(3) for cutoff in (0, 1, 49, 50, 233, 234, 500, 698, 699)]
    batch = batch_of(windows, pairs)
    assert batch.series.tolist() == [series for series, _ in pairs]
    for place, (series, cutoff) in enumerate(pairs):
        values = panel.target[series]
        same(batch.past[place], padded(values, cutoff - 49, 50))
        same(batch.truth[place], padded(values, cutoff + 1, 24))
        same(batch.last[place, 0], last_known(values, cutoff))
        for channel in (1, 2):
            same(batch.channels[place, :, channel - 1], padded(panel.values[series, :, channel], cutoff - 49, 50))
        for back in range(24):
            step = cutoff - back
            same(batch.recent[place, back, 0], known_at(values, step))
            same(batch.recent[place, back, 1], last_known(values, step - 168))
            same(batch.recent[place, back, 2], last_known(values, step - 24))


def same(found: Tensor, expected: Floats | float) -> None:
    np.testing.assert_array_equal(found.numpy(), np.asarray(expected, dtype=np.float32))


def test_the_last_day_is_seen_at_no_more_than_24_steps() -> None:
    panel = panel_of(daily_traffic(1, 3000, step=300), step=300)
    recent = Windows(panel, context=12, horizon=1, channels=False).batch(torch.tensor([0]), torch.tensor([2900])).recent
    steps = 2900 - 12 * np.arange(24)
    np.testing.assert_array_equal(recent[0, :, 0], panel.target[0, steps].astype(np.float32))
    np.testing.assert_array_equal(recent[0, :, 2], panel.target[0, steps - 288].astype(np.float32))


def test_the_calendar_is_that_of_each_step_in_the_zone_of_its_series() -> None:
    zones = ("Europe/Prague", "America/St_Johns", "Asia/Kolkata", "Europe/Prague")
    panel = panel_of(daily_traffic(4, 400))
    panel = replace(panel, series=tuple(Series(f"s{place}", zone=zone) for place, zone in enumerate(zones)))
    windows = Windows(panel, context=30, horizon=24, channels=False)
    batch = batch_of(windows, [(0, 5), (1, 200), (2, 399), (3, 388)])
    for place, (zone, cutoff) in enumerate(zip(zones, (5, 200, 399, 388), strict=True)):
        steps = panel.start + HOUR * np.arange(cutoff - 29, cutoff + 25)
        expected = calendar_features(steps, zone).astype(np.float32)
        np.testing.assert_array_equal(batch.past_calendar[place, :, :9], expected[:30])
        np.testing.assert_array_equal(batch.next_calendar[place, :, :9], expected[30:])
        assert not batch.past_calendar[place, :, 9:].any()  # no occasion is known
        assert not batch.next_calendar[place, :, 9:].any()


def test_windows_are_views_that_copy_nothing() -> None:
    panel = panel_of(daily_traffic(5, 1000), channels=("y", "flows"))
    windows = Windows(panel, context=168, horizon=24, channels=True)
    for view, size in ((windows._past, 1000 + 168 + 24), (windows._truth, 1000 + 24), (windows._others, 1192)):
        assert view is not None
        assert view.untyped_storage().nbytes() <= 4 * 5 * (1000 + 168 + 24)  # float32, once
        assert view[0, 1].data_ptr() - view[0, 0].data_ptr() == 4  # the next window begins one number later
        assert view.numel() > 20 * 5 * size


def test_nothing_of_a_window_but_its_truth_lies_after_its_cutoff() -> None:
    panel = panel_of(gappy(3, 900), channels=("y", "flows"))
    pairs = [(series, cutoff) for series in range(3) for cutoff in (10, 300, 449, 450)]
    honest = batch_of(Windows(panel, context=168, horizon=336, channels=True), pairs)
    for cutoff in (10, 300, 450):
        for change in (np.nan, 0.0, 1e9):
            values = panel.values.copy()
            values[:, cutoff + 1 :] = change
            changed = Windows(replace(panel, values=values), context=168, horizon=336, channels=True)
            rows = [place for place, (_, one) in enumerate(pairs) if one <= cutoff]
            seen = batch_of(changed, [pairs[place] for place in rows])
            for part in fields(Batch):
                if part.name != "truth":
                    before, after = getattr(honest, part.name)[rows].numpy(), getattr(seen, part.name).numpy()
                    np.testing.assert_array_equal(before, after, err_msg=part.name)


def test_the_level_is_no_worse_for_a_burst_long_ago() -> None:
    values = np.ones((1, 2000))
    values[0, 5] = 1e12
    windows = Windows(panel_of(values), context=24, horizon=24, channels=False)
    anchors = windows.batch(torch.tensor([0]), torch.tensor([1900])).anchors
    habits = ANCHORS.index("similar")  # they forget by and by
    assert anchors[..., :habits].numpy() == pytest.approx(1.0, rel=1e-3)


def test_values_too_large_for_a_network_are_refused_with_their_place() -> None:
    panel = panel_of(daily_traffic(3, 50), channels=("y", "flows"))
    panel.values[2, 7, 1] = 1e200
    Windows(panel, context=4, horizon=1, channels=False)
    with pytest.raises(
        HistoryError,
        match=r"^series 'link-2' holds 1e\+200 in 'flows' at 2023-11-14T07:00:00Z, too large for a network "
        r"\(limit 1e\+30\); give it in a larger unit$",
    ):
        Windows(panel, context=4, horizon=1, channels=True)
    panel.values[:] = np.nan
    Windows(panel, context=4, horizon=1, channels=True)


def test_a_panel_of_one_step_has_windows() -> None:
    panel = Panel(np.ones((1, 1, 1)), 0, HOUR, (Series("a"),), (Channel("y"),))
    batch = Windows(panel, context=3, horizon=2, channels=False).batch(torch.tensor([0]), torch.tensor([0]))
    np.testing.assert_array_equal(batch.past, [[np.nan, np.nan, 1.0]])
    assert torch.isnan(batch.truth).all()
    assert (batch.anchors[..., ANCHORS.index("last")] == 1).all()


spans = st.lists(st.tuples(st.integers(0, 40), st.integers(-5, 60)), min_size=1, max_size=12)


@settings(max_examples=100, deadline=None, derandomize=True)
@given(spans=spans)
def test_numbers_and_pairs_are_one_to_one(spans: list[tuple[int, int]]) -> None:
    first, last = np.array(spans).T
    ranges = window_ranges(first, last)
    expected = [(series, cutoff) for series, (low, high) in enumerate(spans) for cutoff in range(low, high + 1)]
    assert ranges.count == len(expected)
    series, cutoffs = ranges.pairs(torch.arange(ranges.count))
    assert list(zip(series.tolist(), cutoffs.tolist(), strict=True)) == expected


@settings(max_examples=100, deadline=None, derandomize=True)
@given(spans=spans, most=st.integers(1, 200))
def test_thinned_ranges_keep_about_as_many_as_wished_spread_over_all(spans: list[tuple[int, int]], most: int) -> None:
    first, last = np.array(spans).T
    every = window_ranges(first, last)
    kept = window_ranges(first, last, most=most)
    pairs = [tuple(one.tolist() for one in kept.pairs(torch.tensor([number]))) for number in range(kept.count)]
    assert len(set(map(str, pairs))) == kept.count
    assert all(first[series[0]] <= cutoff[0] <= last[series[0]] for series, cutoff in pairs)
    if every.count <= most:
        assert kept.count == every.count
    else:
        assert min(1, every.count) <= kept.count <= most + len(spans)


def test_many_series_are_thinned_to_about_as_many_windows_as_wished_at_many_cutoffs() -> None:
    first, last = np.full(10_000, 1000), np.full(10_000, 1144)
    kept = window_ranges(first, last, most=2048)
    series, cutoffs = kept.pairs(torch.arange(kept.count))
    assert 1500 < kept.count <= 2048
    assert len(series.unique()) == kept.count
    assert len(cutoffs.unique()) > 100


def test_no_windows_are_none() -> None:
    assert window_ranges(np.array([5]), np.array([4])).count == 0
    assert window_ranges(np.array([], dtype=np.int64), np.array([], dtype=np.int64)).count == 0
