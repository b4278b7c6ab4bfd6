"""What if: the planted effect is found, what has none is said, and the changes are exact."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from made_driver import COEFFICIENT, driven, learned
from nettide.errors import OptionError, PanelError
from nettide.insight.what_if import what_if
from nettide.insight.what_if_changes import (
    MONTH_SECONDS,
    AddOccasion,
    RemoveOccasions,
    ValueChange,
    change_text,
    changed_panel,
)
from nettide.models import make_model
from nettide.models.contract import Model
from nettide.occasions import Occasion
from nettide.panel import Channel, Panel, Series

HOUR, DAY = 3600, 86_400


def second(panel: Panel, step: int) -> int:
    return int(panel.seconds[step])


def fitted(name: str, panel: Panel, horizon: int = 2) -> Model:
    model = make_model(name, horizon=horizon)
    model.fit(panel)
    return model


def small(*values: float) -> Panel:
    """A panel of two series and a channel; the second series has ten times the traffic."""
    target = np.array(values, dtype=np.float64)
    both = np.stack([np.stack([target, target + 1], -1), np.stack([10 * target, target], -1)])
    return Panel(both, 0, HOUR, (Series("a", "bit/s"), Series("b", "bit/s")), (Channel("y"), Channel("users")))


def test_the_forecast_moves_by_the_planted_coefficient() -> None:
    moves = []
    for step in range(1900, 1990, 3):
        panel = driven().until(step)
        found = what_if(learned(), panel, [ValueChange("scale", 1.2, "driver", since=second(panel, step - 2))])
        expected = COEFFICIENT * 0.2 * panel.values[0, -2:, 1]  # the last two hours drive the next two
        moves.append(found.by_step.point[0] / expected)
        assert [one.effect for one in found.effects] == ["moves"]
    np.testing.assert_allclose(np.mean(moves, axis=0), 1.0, atol=0.15)


def test_a_shift_of_the_bystander_moves_next_to_nothing() -> None:
    driver, bystander = (
        what_if(learned(), driven(), [ValueChange("shift", 3.0, name, since=second(driven(), 1998))])
        for name in ("driver", "bystander")
    )
    assert abs(driver.mean.point[0]) > 0.5 * COEFFICIENT * 3
    assert abs(bystander.mean.point[0]) < 0.1 * abs(driver.mean.point[0])


def test_traffic_times_two_is_a_forecast_times_two_with_its_bands() -> None:
    panel = small(*(10 + 5 * np.sin(np.arange(400) * 2 * np.pi / 24)))
    found = what_if(fitted("base", panel, 6), panel, [ValueChange("scale", 2.0)])
    np.testing.assert_allclose(found.after.point, 2 * found.before.point, rtol=1e-3)
    difference = found.by_step
    np.testing.assert_allclose(difference.point, found.before.point[:, 0], rtol=1e-3)
    np.testing.assert_allclose(difference.low, found.before.quantiles[:, 0, :, 0], rtol=1e-3)
    np.testing.assert_allclose(difference.high, found.before.quantiles[:, 0, :, -1], rtol=1e-3)


def test_bands_of_the_difference_hold_one_another_and_the_point() -> None:
    found = what_if(learned(), driven(), [ValueChange("scale", 0.5, since=second(driven(), 1990))])
    for one in (found.by_step, found.mean):
        assert (one.least <= one.low).all()
        assert (one.low <= one.point).all()
        assert (one.point <= one.high).all()
        assert (one.high <= one.most).all()
    assert found.by_step.point.shape == (1, 2)
    assert found.mean.point.shape == (1,)


def test_the_band_with_the_same_luck_holds_as_often_as_it_says() -> None:
    found = what_if(learned(), driven(), [ValueChange("scale", 1.3, "driver", since=second(driven(), 1998))])
    luck = np.random.default_rng(0).uniform(0, 1, 4000)
    levels = found.before.levels
    inside = (luck > levels[0]) & (luck < levels[-1])
    for step in range(2):
        drawn = [np.interp(luck, levels, made.quantiles[0, 0, step]) for made in (found.after, found.before)]
        difference = drawn[0] - drawn[1]
        held = (difference >= found.by_step.low[0, step] - 1e-9) & (difference <= found.by_step.high[0, step] + 1e-9)
        assert held[inside].all()


def test_a_channel_that_the_model_does_not_use_is_said_plainly() -> None:
    found = what_if(fitted("base", driven()), driven(), [ValueChange("scale", 2.0, "driver")])
    assert found.effects[0].effect == "not used"
    assert found.effects[0].sentence == (
        "driver x 2: the forecast stays as it is, because the model does not use 'driver' at all"
    )
    np.testing.assert_array_equal(found.before.quantiles, found.after.quantiles)


def test_a_change_too_far_back_is_told_from_an_input_that_is_not_used() -> None:
    early = ValueChange("scale", 2.0, "driver", until=second(driven(), 100))
    whole = ValueChange("scale", 2.0, "driver")
    late = ValueChange("scale", 2.0, "driver", since=second(driven(), 1998))
    found = what_if(learned(), driven(), [early, late])
    assert [one.effect for one in found.effects] == ["too small", "moves"]
    assert "though the model uses this input: the change lies further back than it looks" in found.effects[0].sentence
    assert what_if(learned(), driven(), [whole]).effects[0].effect == "too small"  # windows are scaled by themselves


def test_a_holiday_moves_a_model_that_knows_holidays_and_removing_it_undoes_that() -> None:
    days = np.arange(24 * 70)
    panel = small(*(100 + 80 * np.sin((days % 24 - 6) * np.pi / 12) * (days // 24 % 7 < 5)))
    end = panel.start + panel.steps * HOUR
    holiday = Occasion("holiday", end, end + DAY, "Founders' Day")
    model = fitted("base", panel, 24)
    added = what_if(model, panel, [AddOccasion(holiday)])
    assert added.effects[0].effect == "moves"
    known = panel.with_occasions([holiday])
    for what in ("holiday", "founders' day"):
        removed = what_if(model, known, [RemoveOccasions(what)])
        np.testing.assert_array_equal(removed.after.quantiles, added.before.quantiles)
    far = what_if(model, panel, [AddOccasion(replace(holiday, start=end + 40 * DAY, end=end + 41 * DAY))])
    assert far.effects[0].sentence.endswith("it spans none of these, or the model never learned what they do")


def test_growth_is_compounded_from_its_begin_and_keeps_its_level_after_its_end() -> None:
    panel = Panel(np.ones((1, 40, 1)), 0, DAY, (Series("a"),), (Channel("y"),))
    grown = changed_panel(panel, [ValueChange("growth", 10.0)]).target[0]
    np.testing.assert_allclose(grown, 1.1 ** (np.arange(40) * DAY / MONTH_SECONDS))
    half = changed_panel(panel, [ValueChange("growth", 10.0, since=10 * DAY, until=20 * DAY)]).target[0]
    assert (half[:11] == 1).all()
    np.testing.assert_allclose(half[20:], 1.1 ** (10 * DAY / MONTH_SECONDS))


def test_only_the_span_the_channel_and_the_series_change_and_gaps_stay() -> None:
    panel = small(1, 2, np.nan, 4, 5)
    shifted = changed_panel(panel, [ValueChange("shift", 7.0, "users", HOUR, 4 * HOUR, ("b",))])
    assert shifted.values[1, :, 1].tolist()[:2] == [1, 9]
    assert np.isnan(shifted.values[1, 2, 1])
    assert shifted.values[1, 3:, 1].tolist() == [11, 5]
    np.testing.assert_array_equal(shifted.values[0], panel.values[0])
    np.testing.assert_array_equal(shifted.values[..., 0], panel.values[..., 0])
    assert panel.values[1, 1, 1] == 2  # what was given is left as it was


@settings(derandomize=True, max_examples=50, deadline=None)
@given(factor=st.floats(0.1, 10), amount=st.floats(0, 100), since=st.integers(0, 4))
def test_a_change_and_its_opposite_leave_the_history_as_it_was(factor: float, amount: float, since: int) -> None:
    panel = small(1, 2, 3, 4, 5)
    there = [ValueChange("scale", factor, since=since * HOUR), ValueChange("shift", amount, since=since * HOUR)]
    back = [ValueChange("shift", -amount, since=since * HOUR), ValueChange("scale", 1 / factor, since=since * HOUR)]
    assert (changed_panel(panel, there).target >= 0).all()
    with_room = changed_panel(panel, [*there, ValueChange("shift", 1e-9)])
    np.testing.assert_allclose(changed_panel(with_room, back).values, panel.values, atol=1e-6)


def test_one_change_after_another_may_build_on_it() -> None:
    panel = small(1, 2, 3).with_occasions([Occasion("event", 0, HOUR, "show")])
    changes = [RemoveOccasions("event"), AddOccasion(Occasion("event", 0, HOUR, "show"))]
    found = what_if(fitted("naive", panel), panel, changes)
    assert found.changed.occasions == panel.occasions
    assert {one.effect for one in found.effects} == {"too small"}
    assert np.isnan(found.by_step.low).all()  # a point model has no bands


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (ValueChange("scale", 2, "user"), "unknown channel 'user'; did you mean 'users'"),
        (ValueChange("scale", 2, series=("aa",)), "unknown series 'aa'"),
        (ValueChange("scale", 2, since=5 * HOUR), r"no known value of 'y' lies in the span .* to 1970-01-01T02:00Z"),
        (ValueChange("shift", -2), r"y - 2 would make series 'a' negative at 1970-01-01T00:00Z, and traffic never is"),
        (ValueChange("scale", 1e308), "y x 1e\\+308 would make values infinite"),
        (RemoveOccasions("event"), "no 'event' lies in the span of the change; there is nothing to remove"),
        (RemoveOccasions("Chritsmas"), "unknown occasion 'Chritsmas'; did you mean 'Christmas'"),
        (AddOccasion(Occasion("holiday", 0, DAY, "Christmas")), "holiday 'Christmas' at 1970-01-01T00:00Z is known"),
    ],
)
def test_a_change_that_cannot_be_made_is_refused(change: ValueChange, message: str) -> None:
    panel = small(1, 200, 3).with_occasions([Occasion("holiday", 0, DAY, "Christmas")])
    with pytest.raises(OptionError, match=message):
        changed_panel(panel, [change])


def test_an_occasion_of_a_strange_series_and_removal_of_nothing_are_refused() -> None:
    with pytest.raises(PanelError, match="event 'x' concerns unknown series 'c'"):
        changed_panel(small(1, 2), [AddOccasion(Occasion("event", 0, 1, "x", ("c",)))])
    with pytest.raises(OptionError, match="there is no 'show' to remove: no holidays and no events are known"):
        changed_panel(small(1, 2), [RemoveOccasions("show")])
    with pytest.raises(OptionError, match="no change is given"):
        what_if(fitted("naive", small(1, 2, 3)), small(1, 2, 3), [])


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (("add", 1.0), "unknown change 'add'"),
        (("scale", np.nan), "scale by nan is not a finite number"),
        (("scale", -1.0), "scale by -1 would turn the sign"),
        (("growth", -100.0), "growth of -100 % a month leaves nothing"),
        (
            ("scale", 1.0, None, 60, 60),
            "the change ends at 1970-01-01T00:01Z, not after it begins at 1970-01-01T00:01Z",
        ),
    ],
)
def test_a_change_that_cannot_be_meant_is_refused(given: tuple[object, ...], message: str) -> None:
    with pytest.raises(OptionError, match=message):
        ValueChange(*given)  # type: ignore[arg-type]  # that is what is tested


def test_changes_are_said_in_words() -> None:
    texts = [
        change_text(one, target="y")
        for one in (
            ValueChange("shift", -5e6, since=90),
            ValueChange("growth", 10, "users", until=DAY, series=("a", "b")),
            RemoveOccasions("holiday"),
            AddOccasion(Occasion("event", 0, 5, "show")),
        )
    ]
    assert texts == [
        "y - 5e+06 since 1970-01-01T00:01:30Z",
        "users growing by 10 % a month until 1970-01-02T00:00Z in 2 series",
        "without holiday",
        "with event 'show' at 1970-01-01T00:00Z",
    ]


def test_each_forecast_is_told_before_it_is_made() -> None:
    panel = driven()
    told: list[tuple[int, int]] = []
    changes = [ValueChange("scale", 2.0), ValueChange("scale", 0.9)]
    what_if(fitted("seasonal-naive", panel), panel, changes, told=lambda place, count: told.append((place, count)))
    assert told == [(1, 4), (2, 4), (3, 4), (4, 4)]
