"""Permutation importance: it finds what was planted, and nothing where there is nothing."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from made_driver import TRAINED, driven, learned
from nettide.errors import HistoryError, OptionError
from nettide.insight.importance import Importance, InputRise, permutation_importance
from nettide.insight.importance_shifts import exchanged_part, other_windows, rotated_occasions, shifts_of
from nettide.models import make_model
from nettide.models.contract import Model
from nettide.occasions import Occasion
from nettide.panel import Panel

DAY = 86_400
CUTOFFS = np.arange(TRAINED - 1, 1998, 6)


def share(found: Importance, name: str) -> float:
    """The mean rise in shares of the loss as it is."""
    return float(np.nanmean(one(found, name).pinball) / np.nanmean(found.pinball))


def one(found: Importance, name: str) -> InputRise:
    return next(rise for rise in found.inputs if rise.name == name)


def fitted(name: str, panel: Panel, **options: object) -> Model:
    model = make_model(name, horizon=2, options=options)
    model.fit(panel)
    return model


@pytest.fixture(scope="module")
def found() -> Importance:
    return permutation_importance(learned(), driven(), CUTOFFS, repeats=4)


def test_the_planted_driver_is_found_and_the_bystander_is_not(found: Importance) -> None:
    assert share(found, "driver") > 2.0
    assert abs(share(found, "bystander")) < 0.1
    assert abs(share(found, "calendar")) < 0.3
    assert share(found, "driver") > 20 * abs(share(found, "bystander"))


def test_every_repeat_and_window_is_told(found: Importance) -> None:
    assert [rise.name for rise in found.inputs] == ["past of y", "driver", "bystander", "calendar"]
    assert [rise.kind for rise in found.inputs] == ["history", "channel", "channel", "calendar"]
    for rise in found.inputs:
        assert rise.pinball.shape == rise.mae.shape == (4, len(CUTOFFS))
        assert rise.used
    spread = one(found, "driver").pinball.mean(axis=1).std()
    assert 0 < spread < one(found, "driver").pinball.mean()


def test_the_baseline_is_the_loss_of_the_forecasts_as_they_are(found: Importance) -> None:
    made = learned().predict(driven(), CUTOFFS)
    truth = driven().target[:, CUTOFFS[:, None] + np.arange(1, 3)]
    assert found.mae.mean() == pytest.approx(np.abs(truth - made.point).mean() / np.abs(truth).mean())


def test_same_seed_same_exchanges(found: Importance) -> None:
    again = permutation_importance(learned(), driven(), CUTOFFS, repeats=4)
    other = permutation_importance(learned(), driven(), CUTOFFS, repeats=4, seed=1)
    np.testing.assert_array_equal(one(again, "driver").pinball, one(found, "driver").pinball)
    assert not np.array_equal(one(other, "driver").pinball, one(found, "driver").pinball)


def test_parts_of_the_past_are_told_apart() -> None:
    found = permutation_importance(learned(), driven(), CUTOFFS[::4], repeats=2, parts=True)
    parts = [rise.name for rise in found.inputs if rise.kind == "part"]
    assert parts == ["last day of y", "rest of the last week of y", "all before the last week of y"]
    assert share(found, "last day of y") > 10 * abs(share(found, "all before the last week of y"))


@pytest.mark.parametrize("name", ["naive", "base", "lightgbm"])
def test_channels_that_a_model_does_not_look_at_change_nothing_bit_for_bit(name: str) -> None:
    options = {"trees": 5} if name == "lightgbm" else {}
    found = permutation_importance(fitted(name, driven().until(TRAINED), **options), driven(), CUTOFFS[::4], repeats=2)
    for channel in ("driver", "bystander"):
        assert not one(found, channel).used
        assert one(found, channel).moved == 0
        assert (one(found, channel).mae == 0).all()
    assert one(found, "past of y").used
    assert one(found, "calendar").used == (name != "naive")
    if name == "naive":
        assert np.isnan(found.pinball).all()  # a point model has no quantiles
        assert one(found, "past of y").mae.mean() > 0


def test_occasions_are_exchanged_by_days_and_only_where_there_are_any() -> None:
    panel = driven()
    end = panel.start + panel.steps * panel.step_seconds
    holidays = tuple(Occasion("holiday", end - day * DAY, end - (day - 1) * DAY, "a day") for day in (2, 5))
    model = fitted("base", panel.until(TRAINED))
    found = permutation_importance(model, panel.with_occasions(holidays), CUTOFFS, repeats=3)
    assert one(found, "holiday").used
    assert "event" not in {rise.name for rise in found.inputs}
    long_ago = Occasion("holiday", panel.start, panel.start + DAY)
    assert "holiday" not in {
        rise.name for rise in permutation_importance(model, panel.with_occasions([long_ago]), CUTOFFS).inputs
    }


def test_gaps_in_channel_and_target_do_no_harm() -> None:
    values = driven().values.copy()
    values[:, 1850:1880, 0] = np.nan
    values[:, 1900:1950, 1] = np.nan
    found = permutation_importance(learned(), replace(driven(), values=values), CUTOFFS, repeats=2)
    assert share(found, "driver") > 1.0 > 5 * abs(share(found, "bystander"))
    assert np.isfinite(found.pinball).sum() < len(CUTOFFS)  # windows without truth count nowhere


def test_a_channel_is_never_taken_from_another_series() -> None:
    values = np.concatenate([driven().values, driven().values * [1.0, 1.0, 0.0]])
    two = replace(driven(), values=values, series=(*driven().series, replace(driven().series[0], id="other")))
    seen: list[Panel] = []

    class Watched:
        horizon, context = 2, 24

        def predict(self, panel: Panel, cutoffs: np.ndarray) -> object:
            seen.append(panel)
            return learned().predict(panel, cutoffs)

    permutation_importance(Watched(), two, CUTOFFS, repeats=2)  # type: ignore[arg-type]  # it needs no more
    assert len(seen) == 1 + 2 * 4
    assert all((panel.values[1, :, 2] == 0).all() for panel in seen)
    for panel in seen:
        np.testing.assert_array_equal(np.sort(panel.values[0, :, 1]), np.sort(two.values[0, : panel.steps, 1]))


def test_progress_counts_every_run() -> None:
    told: list[tuple[str, int, int]] = []
    permutation_importance(
        fitted("naive", driven()), driven(), CUTOFFS, repeats=2, told=lambda *told_of: told.append(told_of)
    )
    assert [place for _, place, _ in told] == list(range(1, 9))
    assert {count for _, _, count in told} == {8}


def test_what_cannot_be_measured_is_refused() -> None:
    model = fitted("naive", driven())
    with pytest.raises(HistoryError, match="2 held-out windows are too few to exchange inputs between"):
        permutation_importance(model, driven(), CUTOFFS[:2])
    with pytest.raises(OptionError, match="repeats 0 must be at least 1"):
        permutation_importance(model, driven(), CUTOFFS, repeats=0)
    with pytest.raises(OptionError, match="cutoffs are not evenly spaced in ascending order"):
        permutation_importance(model, driven(), np.array([100, 110, 130]))
    silent = replace(driven(), values=np.where(np.arange(2000)[:, None] >= TRAINED, 0.0, driven().values))
    with pytest.raises(HistoryError, match="no held-out step has a known value above zero"):
        permutation_importance(model, silent, CUTOFFS)


@settings(derandomize=True, max_examples=60, deadline=None)
@given(count=st.integers(1, 60), repeats=st.integers(1, 9), apart=st.integers(1, 8))
def test_no_window_stands_in_for_itself_or_a_near_one(count: int, repeats: int, apart: int) -> None:
    shifts = shifts_of(count, repeats, apart=apart, generator=np.random.default_rng(0))
    assert len(set(shifts.tolist())) == len(shifts) == min(repeats, max(0, count - 2 * apart + 1))
    assert all(apart <= shift <= count - apart for shift in shifts)


def test_a_part_of_the_past_is_that_before_another_cutoff_and_nothing_else_moves() -> None:
    panel = driven()
    shown = exchanged_part(panel, 500, 300, newest=24, oldest=48)
    assert shown.steps == 501
    np.testing.assert_array_equal(shown.target[0, 453:477], panel.target[0, 253:277])
    kept = np.r_[0:453, 477:501]
    np.testing.assert_array_equal(shown.values[0, kept], panel.values[0, kept])
    np.testing.assert_array_equal(shown.values[0, :, 1:], panel.values[0, :501, 1:])
    early = exchanged_part(panel, 500, 10, newest=24, oldest=48)  # the other has no such past
    np.testing.assert_array_equal(early.values, panel.values[:, :501])
    assert list(other_windows(np.array([1, 2, 3]), 1)) == [(1, 3), (2, 1), (3, 2)]


def test_occasions_go_round_in_a_circle_of_days() -> None:
    first = 1_767_225_600
    occasions = (
        Occasion("holiday", first - 9 * DAY, first - 8 * DAY),
        Occasion("holiday", first, first + DAY),
        Occasion("event", first + DAY, first + 2 * DAY),
        Occasion("holiday", first + 9 * DAY, first + 10 * DAY, "last"),
    )
    moved = rotated_occasions(replace(driven(), occasions=occasions), "holiday", 3, first=first, days=10).occasions
    days = [(one.kind, (one.start - first) // DAY, (one.end - one.start) // DAY) for one in moved]
    assert days == [("holiday", -9, 1), ("event", 1, 1), ("holiday", 2, 1), ("holiday", 3, 1)]
