"""Weighing: weights are shares whatever is exactly right, unknown or tried on a sample; exact means exact."""

from __future__ import annotations

import numpy as np
import pytest
from conformance import daily_traffic, panel_of
from hypothesis import given, settings
from hypothesis import strategies as st
from made_challengers import Challenger

from nettide.arrays import Floats
from nettide.forecast import LEVELS
from nettide.models.auto.config import NAIVE_MEMBERS
from nettide.models.auto.trials import Trial, TrialPart, trial_part
from nettide.models.auto.weighing import Weighed, weigh
from nettide.panel import Panel

HORIZON = 6
NAMES = (*NAIVE_MEMBERS, "lstm", "base", "theta", "auto-ets")


def part_of(panel: Panel) -> TrialPart:
    part = trial_part(panel, horizon=HORIZON, share=0.25)
    assert part is not None
    return part


def truth_of(panel: Panel) -> Floats:
    return panel.target[:, part_of(panel).cutoffs[:, None] + np.arange(1, HORIZON + 1)]


def trial_that_says(name: str, point: Floats, *, width: float = 0.1) -> Trial:
    """A trial with bands of some width about its points; naive members have none."""
    bands = np.maximum(point[..., None] * (1 + width * (np.array(LEVELS) - 0.5)), 0.0)
    quantiles = bands[..., :0] if name in NAIVE_MEMBERS else bands
    return Trial(name, Challenger(HORIZON), point, quantiles, 1.0)


def assert_shares(found: Weighed) -> None:
    for weights in (found.pooled, found.weights):
        assert np.isfinite(weights).all()
        assert (weights >= 0).all()
        assert weights.sum(axis=0) == pytest.approx(np.ones(weights.shape[1:]))
    assert not any("nan" in one for one in found.left_out.values())


def test_a_costly_member_that_is_exactly_right_does_not_take_the_weights_of_the_others() -> None:
    """Beside a loss of nothing all others are preferred by nothing, though it may be left out itself."""
    panel = panel_of(np.ones((1, 100)), channels=("y",))
    truth = truth_of(panel)
    trials = [trial_that_says(name, truth * 1.1) for name in NAMES[:-2]]
    assert_shares(weigh(panel, part_of(panel), [*trials, trial_that_says("theta", truth, width=0.0)]))


KINDS = st.lists(
    st.sampled_from(["exact", "sharp", "off", "unknown", "zero"]), min_size=len(NAMES), max_size=len(NAMES)
)


@settings(derandomize=True, deadline=None, max_examples=60)
@given(kinds=KINDS, flat=st.lists(st.sampled_from(["zero", "constant", "moving", "unknown"]), min_size=1, max_size=3))
def test_weights_are_shares_whatever_is_exact_or_unknown(kinds: list[str], flat: list[str]) -> None:
    target = daily_traffic(len(flat) + 1, 96)
    for row, kind in enumerate(flat):
        if kind != "moving":
            target[row] = {"zero": 0.0, "constant": 7.3, "unknown": np.nan}[kind]
    panel = panel_of(target, channels=("y",))
    filled = np.nan_to_num(truth_of(panel))
    says = {"exact": filled, "sharp": filled, "off": filled + 1, "unknown": filled * np.nan, "zero": filled * 0}
    trials = [
        trial_that_says(name, says[kind], width=0.0 if kind == "sharp" else 0.1)
        for name, kind in zip(NAMES, kinds, strict=True)
    ]
    assert_shares(weigh(panel, part_of(panel), trials))


def test_a_forecast_that_only_single_precision_keeps_from_being_exact_has_no_error() -> None:
    panel = panel_of(daily_traffic(2, 24 * 20), channels=("y",))
    truth = truth_of(panel)
    assert (truth.astype(np.float32) != truth).any(axis=(1, 2)).all()
    trials = [trial_that_says(name, truth * (1.1 if name != "naive" else 1.0)) for name in NAMES[:-2]]
    trials[0].point[1, 0, 0] *= 1.001
    errors = weigh(panel, part_of(panel), trials).verdict.errors
    assert (errors[0, 0] == 0).all()
    assert (errors[0, 1] > 0).all()  # once wrong, it is not exact anywhere
    assert (errors[1:-1, 0] > 0).all()


def test_a_series_that_a_naive_member_forecasts_exactly_is_left_to_it() -> None:
    target = daily_traffic(3, 24 * 20)
    target[1] = target[1, np.arange(24 * 20) % 24]  # every day like the first
    target[2] = 7.0
    panel = panel_of(target, channels=("y",))
    truth = truth_of(panel)
    trials = [trial_that_says(name, truth * (1.5 if name in NAIVE_MEMBERS else 1.0005)) for name in NAMES[:-2]]
    place = NAMES.index("seasonal-naive-day")
    trials[place].point[1:] = truth[1:]
    found = weigh(panel, part_of(panel), trials)
    assert_shares(found)
    names = [one.name for one in found.trials]
    member = names.index("seasonal-naive-day")
    assert found.weights[member, 1] > 0.998
    assert (found.weights[:, 1] > 0).sum() > 1  # who says something where it cannot
    assert found.weights[member, [0, 2]].max() < 0.9  # off, and at rest
    trials[place].point[1, 0, 0] *= 1.001
    assert weigh(panel, part_of(panel), trials).weights[member, 1] < 0.998
