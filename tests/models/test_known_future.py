"""Known future in windows and networks: what each window is told, and that what was never shown has no effect."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import date

import numpy as np
import pytest
import torch
from conformance import daily_traffic, panel_of, quick_model

from nettide.arrays import Ints
from nettide.backtest.causality import assert_causal
from nettide.errors import TrainingError
from nettide.models.contract import Model, State, last_cutoff
from nettide.models.known_future import KNOWN_FEATURES, KnownFuture
from nettide.models.windows import Windows
from nettide.occasions import Occasion
from nettide.panel import Panel, Series
from nettide.prepare.calendar import calendar_features
from nettide.prepare.holidays import holiday
from nettide.prepare.occasions import OCCASION_FEATURES, OccasionGroup, occasion_features
from nettide.prepare.periods import measured_periods

HOUR, DAY = 3600, 86_400
START = 1_699_920_000  # 2023-11-14, as the panels of the suite begin


def night(step: int, hours: int = 3, *series: str) -> Occasion:
    return Occasion("maintenance", START + step * HOUR, START + (step + hours) * HOUR, series=series)


def told() -> Panel:
    zones = ("Europe/Prague", "America/St_Johns", "Europe/Prague")
    panel = panel_of(daily_traffic(3, 400))
    panel = replace(panel, series=tuple(Series(f"s{place}", zone=zone) for place, zone in enumerate(zones)))
    return panel.with_occasions([
        holiday(date(2023, 11, 17), "Europe/Prague", name=""), night(100, 3, "s2"), night(395, 20, "s1", "s2"),
        Occasion("event", START + 401 * HOUR, START + 402 * HOUR),
    ])  # fmt: skip


@pytest.mark.parametrize("patch", [1, 6])
def test_windows_are_told_the_calendar_of_each_step_and_the_occasions_of_each_patch(patch: int) -> None:
    panel = told()
    known = Windows(panel, context=48, horizon=24, channels=False, patch=patch)
    pairs = [(series, cutoff) for series in range(3) for cutoff in (0, 80, 120, 399)]
    series, cutoffs = (torch.tensor(one) for one in zip(*pairs, strict=True))
    batch = known.batch(series, cutoffs)
    for place, (row, cutoff) in enumerate(pairs):
        id, zone = panel.series[row].id, panel.series[row].zone
        concerned = tuple(one for one in panel.occasions if not one.series or id in one.series)
        group = [OccasionGroup(zone, concerned)]

        def steps(first: int, last: int, stride: int = 1) -> Ints:
            return panel.start + HOUR * np.arange(first, last + 1, stride)

        ahead = steps(cutoff + 1, cutoff + 24)
        expected = [calendar_features(ahead, zone), occasion_features(ahead, group, seconds=HOUR)[0]]
        np.testing.assert_allclose(batch.next_calendar[place], np.concatenate(expected, axis=1), atol=1e-3)
        lasts, begins = (steps(cutoff - 48 + one, cutoff, patch) for one in (patch, 1))
        expected = [calendar_features(lasts, zone), occasion_features(begins, group, seconds=patch * HOUR)[0]]
        np.testing.assert_allclose(batch.past_calendar[place], np.concatenate(expected, axis=1), atol=1e-3)
    assert batch.next_calendar[..., 9:].any()
    assert batch.past_calendar[..., 9:].any()


def test_a_window_knows_what_lies_ahead_of_the_end_of_the_data() -> None:
    batch = Windows(told(), context=24, horizon=24, channels=False).batch(torch.tensor([0]), torch.tensor([399]))
    place = KNOWN_FEATURES.index("event")
    assert batch.next_calendar[0, :, place].tolist() == [0.0, 1.0, *[0.0] * 22]


@pytest.mark.parametrize("patch", [1, 12])
def test_where_the_day_of_the_data_is_shorter_a_holiday_begins_at_the_midnight_of_the_traffic(patch: int) -> None:
    day, days, off = 283, 42, (8, 30, 42)  # rows that the clock takes for five minutes each: 288 were a day
    rows = np.arange(days * day)
    noise = np.random.default_rng(0).lognormal(0, 0.05, (3, len(rows)))
    traffic = (2 - np.cos(2 * np.pi * rows / day)) * np.where(np.isin(rows // day, off), 0.1, 1.0) * noise
    panel = replace(panel_of(traffic, step=300, channels=("y",)), series=tuple(Series(f"s{one}") for one in range(3)))
    panel = with_holidays(panel, *off)
    periods = measured_periods(panel)
    assert periods.day == day
    told = Windows(panel, context=12, horizon=1, channels=False, patch=patch, periods=periods)
    before = torch.arange(len(rows)) - 1  # so that each row is the one ahead
    ahead = told.batch(torch.zeros_like(before), before).next_calendar[:, 0]
    holiday, cosine = ahead[:, KNOWN_FEATURES.index("holiday")], ahead[:, KNOWN_FEATURES.index("day_cos")]
    for one in off[:2]:  # to a few of the rows by which the measured day may be off
        inside = np.flatnonzero(holiday[(one - 3) * day : (one + 3) * day].numpy() > 0.5) + (one - 3) * day
        assert abs(inside[0] - one * day) <= 8
        assert abs(len(inside) - day) <= 1
        assert (traffic[0, inside] < 0.5).mean() > 0.94
        assert cosine[inside[0]] > 0.999
    newest = told.batch(torch.zeros_like(before), before + 1).past_calendar[:, -1, KNOWN_FEATURES.index("holiday")]
    assert torch.equal(newest, holiday) if patch == 1 else abs(int((newest > 0.5).sum()) - 2 * day) <= 2


def test_the_holidays_of_a_right_clock_are_where_its_clock_says() -> None:
    panel = with_holidays(panel_of(np.ones((1, 240)), channels=("y",)), 3)
    told = Windows(panel, context=24, horizon=240, channels=False).batch(torch.tensor([0]), torch.tensor([-1]))
    assert np.flatnonzero(told.next_calendar[0, :, KNOWN_FEATURES.index("holiday")]).tolist() == [*range(72, 96)]


def with_holidays(panel: Panel, *days: int) -> Panel:
    return panel.with_occasions(Occasion("holiday", START + day * DAY, START + (day + 1) * DAY) for day in days)


@pytest.mark.parametrize("name", ["lstm", "gru-fcn"])
def test_what_training_never_showed_has_no_effect(name: str) -> None:
    panel = panel_of(daily_traffic(3, 600))
    model = quick_model(name, epochs="2", adapt="false")
    model.fit(panel)
    plain = model.predict(panel, last_cutoff(panel))
    days = [(START + day * DAY, START + (day + 1) * DAY) for day in (24, 25, 26)]
    strange = panel.with_occasions(Occasion(kind, *day) for kind in ("maintenance", "event") for day in days)
    seen = model.predict(strange, last_cutoff(panel))
    np.testing.assert_array_equal(plain.quantiles, seen.quantiles)


def test_a_holiday_that_training_never_showed_is_drawn_towards_a_weekend() -> None:
    week = np.r_[np.full(24 * 5, 100.0), np.full(24 * 2, 30.0)]
    noise = np.random.default_rng(0).lognormal(0, 0.05, (4, 24 * 35))
    panel = panel_of(np.tile(week, 5) * noise)
    panel = replace(panel, start=4 * DAY, series=tuple(replace(one, zone="UTC") for one in panel.series))
    model = quick_model("lstm", epochs="3", adapt="false")
    model.fit(panel)
    monday = int(panel.start + panel.steps * HOUR)
    off = panel.with_occasions([Occasion("holiday", monday, monday + DAY)])
    usual, lower = (model.predict(one, last_cutoff(panel)).point[:, 0, 2:20] for one in (panel, off))
    assert (lower < usual).mean() > 0.9


def silent_on_holidays(days: tuple[int, ...]) -> Panel:
    """Traffic that falls to a tenth on the days, of which the panel is told."""
    panel = with_holidays(panel_of(daily_traffic(8, 24 * 60)), *days)
    values = panel.values.copy()
    for day in days:
        values[:, day * 24 : (day + 1) * 24] *= 0.1
    return replace(panel, values=values)


@pytest.fixture(scope="module")
def learned() -> Model:
    model = quick_model(
        "lstm", hidden="16", epochs="8", windows_per_epoch="4096", batch_size="64", validation_share="0"
    )
    model.fit(silent_on_holidays((11, 19, 23, 31, 36, 41, 45, 50, 54)).until(24 * 57))
    return model


def test_a_network_learns_what_holidays_do_and_runs_without_them(learned: Model) -> None:
    panel = silent_on_holidays((11, 19, 23, 31, 36, 41, 45, 50, 54))
    ahead = with_holidays(panel, 58)
    cutoff = np.array([58 * 24 - 1])
    usual = learned.predict(panel, cutoff).point
    lower = learned.predict(ahead, cutoff).point
    assert (lower[:, 0, 8:20] < 0.6 * usual[:, 0, 8:20]).mean() > 0.9
    assert np.isfinite(learned.predict(replace(panel, occasions=()), cutoff).point).all()


def test_occasions_are_known_future_and_no_look_ahead(learned: Model) -> None:
    assert_causal(learned, silent_on_holidays((11, 19, 58)), np.array([1000, 24 * 58 - 1]))


def test_a_training_is_resumed_only_with_the_same_occasions() -> None:
    class Kept:
        kept: State | None = None

        def load(self) -> State | None:
            return self.kept

        def save(self, state: State) -> None:
            self.kept = state

    panel, kept = panel_of(daily_traffic(2, 600)), Kept()
    quick_model("lstm").fit(panel, checkpoint=kept)
    with pytest.raises(TrainingError, match="data"):
        quick_model("lstm").fit(with_holidays(panel, 3), checkpoint=kept)


def test_thousands_of_series_with_windows_of_their_own_take_little_room() -> None:
    panel = panel_of(np.ones((2000, 300)), channels=("y",))
    panel = panel.with_occasions(night(place % 300, 2, one) for place, one in enumerate(panel.ids))
    began = time.process_time()
    known = KnownFuture(panel, context=48, horizon=24, patch=24)
    assert time.process_time() - began < 3
    size = known._next_occasions.untyped_storage().nbytes() + known._past_occasions.untyped_storage().nbytes()
    assert size <= 2 * 2 * len(OCCASION_FEATURES) * 2000 * (300 + 48 + 24)
    assert len(set(known._group.tolist())) == 2000


def test_series_that_share_everything_share_one_calendar() -> None:
    panel = with_holidays(panel_of(np.ones((2000, 300)), channels=("y",)), 3)
    known = KnownFuture(panel, context=48, horizon=24, patch=24)
    assert known._next_occasions.shape[0] == known._next_calendar.shape[0] == 1
