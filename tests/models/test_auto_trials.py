"""Trials: where challengers are compared, and that none takes more than its share of the budget."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from conformance import Listener, daily_traffic, panel_of
from hypothesis import given, settings
from hypothesis import strategies as st
from made_challengers import Challenger, prying

from nettide.errors import TrainingError
from nettide.models.auto.kept import KeptFits
from nettide.models.auto.trials import Clock, Deadline, Trial, refitted, run_trial, trial_part
from nettide.models.contract import Silent
from nettide.panel import Panel

PANEL = panel_of(daily_traffic(3, 24 * 35), channels=("y",))


@dataclass
class Watch:
    """A clock that only moves when told to."""

    seconds: float = 100.0

    def now(self) -> float:
        return self.seconds

    def pass_by(self, seconds: float) -> None:
        self.seconds += seconds


def trial_of(
    challenger: Challenger, *, budget: float, watch: Watch, panel: Panel = PANEL, name: str = "rnn"
) -> tuple[Trial, Clock]:
    clock = Clock(budget, Silent(), now=watch.now)
    part = trial_part(panel, horizon=24, share=0.125)
    assert part is not None
    return run_trial(name, lambda: challenger, panel, part, clock=clock, kept=KeptFits(None, panel, {})), clock


# ------------------------------------------------------------------ where they are compared


@settings(derandomize=True, deadline=None, max_examples=80)
@given(steps=st.integers(1, 400), horizon=st.integers(1, 60), share=st.floats(0.01, 0.5), series=st.integers(1, 40))
def test_every_forecast_of_a_trial_begins_after_half_of_the_history_and_ends_within_it(
    steps: int, horizon: int, share: float, series: int
) -> None:
    part = trial_part(panel_of(np.ones((series, steps))), horizon=horizon, share=share)
    if part is None:
        assert steps < 4 * horizon + 4
        return
    assert steps // 2 <= part.end < steps
    assert (part.cutoffs >= part.end - 1).all()
    assert (part.cutoffs + horizon < steps).all()
    assert len(part.cutoffs) >= 1
    assert len(set(part.sample.tolist())) == len(part.sample) <= min(24, series)


@pytest.mark.parametrize(
    ("series", "steps", "horizon", "kept"),
    [
        (50, 700, 24, 7 * 24),
        (50, 4000, 24, 500),  # an eighth
        (50, 400, 24, 100),  # a quarter has no room for seven horizons
        (10, 4000, 24, 500),  # five forecasts of each series are in it
        (2, 4000, 24, 25 * 24),  # fifty forecasts
        (1, 4000, 24, 1000),  # or a quarter
        (1, 228, 1, 50),
        (1, 171, 1, 42),
        (1, 120, 1, 20),  # a hundred steps to learn from
        (1, 100, 1, 12),
    ],
)
def test_a_share_of_the_history_seven_horizons_or_fifty_forecasts_are_kept_for_it(
    series: int, steps: int, horizon: int, kept: int
) -> None:
    part = trial_part(panel_of(np.ones((series, steps))), horizon=horizon, share=0.125)
    assert part is not None
    assert steps - part.end == kept
    assert part.cutoffs.tolist() == list(range(part.end - 1, steps - horizon, horizon))


def test_many_series_are_tried_at_fewer_cutoffs_spread_over_the_whole_part(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nettide.models.auto.trials._MOST_POINTS", 3 * 24 * 9 * 4)
    part = trial_part(PANEL, horizon=24, share=0.4)
    assert part is not None
    assert len(part.cutoffs) == 4
    assert part.cutoffs[0] == part.end - 1
    assert part.cutoffs[-1] + 24 < PANEL.steps <= part.cutoffs[-1] + 49


@pytest.mark.parametrize("unknown", [slice(0, 672), slice(630, None)], ids=["before", "after"])
def test_nothing_is_tried_where_one_side_is_unknown(unknown: slice) -> None:
    target = daily_traffic(2, 840)
    target[:, unknown] = np.nan
    assert trial_part(panel_of(target), horizon=24, share=0.2) is None


def test_the_sample_does_not_depend_on_the_order_of_series() -> None:
    panel = panel_of(np.ones((100, 400)))
    order = np.random.default_rng(0).permutation(100).tolist()
    chosen = []
    for one in (panel, panel.select(order)):
        part = trial_part(one, horizon=24, share=0.125)
        assert part is not None
        chosen.append({one.ids[row] for row in part.sample})
    assert chosen[0] == chosen[1]


# ------------------------------------------------------------------ the budget


def test_a_clock_runs_down() -> None:
    watch = Watch()
    clock = Clock(60.0, Silent(), now=watch.now)
    watch.pass_by(45)
    assert clock.left == pytest.approx(15)
    watch.pass_by(30)
    assert clock.left == pytest.approx(-15)


def test_a_challenger_gets_a_share_of_what_is_left_and_is_said_to_be_short_of_time() -> None:
    watch = Watch()
    slow = Challenger(24, say=prying, batches=100, each=lambda: watch.pass_by(1.0))
    trial, _ = trial_of(slow, budget=50.0, watch=watch)
    assert trial.model is None
    assert trial.seconds == pytest.approx(21)  # 40 % of 50 s, and the batch that went on
    assert trial.why == "left out: 50 s are too short for it, it needs about 250 s"


def test_one_that_got_a_third_of_the_way_is_taken_as_it_is() -> None:
    watch = Watch()
    slow = Challenger(24, say=prying, batches=50, each=lambda: watch.pass_by(1.0))
    trial, _ = trial_of(slow, budget=50.0, watch=watch)
    assert trial.model is slow
    assert trial.why == "ended early, its time was up"
    assert np.isfinite(trial.point).all()


def test_one_with_time_enough_is_not_disturbed() -> None:
    watch = Watch()
    quick = Challenger(24, say=prying, batches=20, each=lambda: watch.pass_by(1.0))
    trial, clock = trial_of(quick, budget=100.0, watch=watch)
    assert (trial.model, trial.why, trial.seconds) == (quick, "", pytest.approx(20))
    assert clock.left == pytest.approx(80)
    assert clock.ending == "none"


def test_a_deadline_passes_on_what_it_hears_and_how_far_a_training_is() -> None:
    watch, listener = Watch(), Listener()
    deadline = Deadline(Clock(60.0, listener, now=watch.now), 10.0)
    watch.pass_by(2.0)
    deadline.on_batch(epoch=2, epochs=4, batch=5, batches=10, loss=1.0)
    assert deadline.done == pytest.approx(0.375)
    assert deadline.needed == pytest.approx(2 / 0.375)
    assert not deadline.stop_requested()
    watch.pass_by(9.0)
    assert not deadline.stop_requested()  # one report is too few to say what it would need
    for batch in range(6, 10):
        deadline.on_batch(epoch=2, epochs=4, batch=batch, batches=10, loss=1.0)
    assert deadline.stop_requested()
    assert deadline.late
    assert deadline.clock.ending == "none"  # its time is up, nobody wants to end all


def test_what_a_training_needs_is_not_judged_by_its_slow_first_batches() -> None:
    watch = Watch()
    deadline = Deadline(Clock(60.0, Listener(), now=watch.now), 0.5)
    batch = 0
    while not deadline.stop_requested():
        batch += 1
        watch.pass_by(4.0 if batch == 1 else 0.1)
        deadline.on_batch(epoch=1, epochs=1, batch=batch, batches=1000, loss=1.0)
    assert batch == 5
    assert deadline.needed == pytest.approx(4.0 + 999 * 0.1)


def test_a_watcher_that_wants_to_end_ends_everything() -> None:
    clock = Clock(60.0, Listener(stop=True))
    assert Deadline(clock, 10.0).stop_requested()
    assert clock.stopped()
    assert clock.ending == "requested"


# ------------------------------------------------------------------ costly challengers and second fits


def test_one_that_is_fitted_at_each_cutoff_is_tried_on_a_sample_at_three_cutoffs() -> None:
    panel = panel_of(daily_traffic(60, 500))
    trial, _ = trial_of(Challenger(24, say=prying), budget=60.0, watch=Watch(), panel=panel, name="theta")
    known = np.isfinite(trial.point).all(axis=2)
    assert known.any(axis=1).sum() <= 24
    assert set(known.sum(axis=1)) == {0, 3}
    assert np.isfinite(trial.quantiles).all(axis=(2, 3)).sum() == known.sum()


@pytest.mark.parametrize(
    ("again", "left", "why"),
    [
        (Challenger(24, error=TrainingError("training diverged")), 60.0, "not fitted again: training diverged"),
        (Challenger(24, batches=9), 2.0, "not fitted again: the budget is spent"),
    ],
    ids=["diverged", "late"],
)
def test_a_second_fit_that_fails_leaves_the_first(again: Challenger, left: float, why: str) -> None:
    watch = Watch()
    first, clock = trial_of(Challenger(24, say=prying), budget=60.0, watch=watch)
    watch.pass_by(60.0 - left)
    again.each = lambda: watch.pass_by(1.0)
    model, said = refitted(first, lambda: again, PANEL, clock=clock, kept=KeptFits(None, PANEL, {}))
    assert model is first.model
    assert said == why


def test_a_second_fit_that_is_nearly_done_when_time_is_up_is_taken() -> None:
    watch = Watch()
    first, clock = trial_of(Challenger(24, say=prying), budget=60.0, watch=watch)
    watch.pass_by(50.0)
    again = Challenger(24, batches=12, each=lambda: watch.pass_by(1.0))
    model, _ = refitted(first, lambda: again, PANEL, clock=clock, kept=KeptFits(None, PANEL, {}))
    assert model is again
