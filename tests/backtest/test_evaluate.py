"""Models are fitted before the test part, forecast from every cutoff, and fail alone."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest

from made_backtests import Cheat, Profile, Refuses, contenders, made_backtest, made_panel
from nettide.arrays import Ints
from nettide.backtest.evaluate import Backtest, Contender, backtest
from nettide.errors import HistoryError, OptionError
from nettide.forecast import Forecast
from nettide.models.contract import Checkpoint, Epoch, Monitor, Silent, Training
from nettide.panel import Panel

PANEL = made_panel(steps=24 * 7 * 5)
START = 24 * 7 * 4


def run(*models: Contender, panel: Panel = PANEL, horizon: int = 24, stride: int = 24) -> Backtest:
    return backtest(panel, models, test_start=START, horizon=horizon, stride=stride)


def test_every_model_forecasts_every_cutoff_beside_the_truth() -> None:
    result = run(*contenders(24))
    assert [one.name for one in result.outcomes] == ["profile", "narrow", "point"]
    assert result.cutoffs.tolist() == list(range(START - 1, 24 * 7 * 5 - 24, 24))
    for one in result.outcomes:
        assert one.forecast.point.shape == result.truth.shape == result.yardstick.shape == (3, 7, 24)
        np.testing.assert_array_equal(one.forecast.cutoffs, PANEL.seconds[result.cutoffs])
    np.testing.assert_array_equal(result.truth[1, 2, 5], PANEL.target[1, result.cutoffs[2] + 6])
    assert result.outcomes[0].parameters == result.outcomes[0].training.parameters == 1234
    assert not result.failures


def test_a_model_is_fitted_on_nothing_but_what_is_before_the_test_part() -> None:
    seen: list[Panel] = []

    class Curious(Profile):
        def fit(
            self, panel: Panel, *, monitor: Monitor | None = None, checkpoint: Checkpoint | None = None
        ) -> Training:
            seen.append(panel)
            return super().fit(panel, monitor=monitor, checkpoint=checkpoint)

    run(Contender("curious", lambda: Curious(24)))
    assert [one.steps for one in seen] == [START]


def test_values_of_the_test_part_do_not_move_a_fit() -> None:
    altered = replace(PANEL, values=PANEL.values.copy())
    altered.values[:, START:] *= 2
    for one, other in zip(run(*contenders(24)).outcomes, run(*contenders(24), panel=altered).outcomes, strict=True):
        np.testing.assert_array_equal(one.forecast.point[:, 0], other.forecast.point[:, 0])
        np.testing.assert_array_equal(one.forecast.quantiles[:, 0], other.forecast.quantiles[:, 0])


def test_a_model_that_fails_is_set_down_and_the_others_go_on() -> None:
    result = run(Contender("bad", lambda: Refuses(24)), *contenders(24))
    assert result.failures == {"bad": "series 'link-000' has too little history; give at least 9 weeks"}
    assert len(result.outcomes) == 3


def test_an_interrupt_is_no_failure_of_a_model() -> None:
    class Interrupted(Profile):
        def predict(self, panel: Panel, cutoffs: Ints) -> Forecast:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(Contender("long", lambda: Interrupted(24)))


def test_a_fault_of_ours_is_not_hidden_as_a_failure_of_a_model() -> None:
    with pytest.raises(ZeroDivisionError):
        run(Contender("faulty", lambda: Profile(1 // 0)))


def test_a_model_made_for_more_steps_is_cut_to_the_horizon() -> None:
    long, short = run(Contender("long", lambda: Profile(48)), Contender("short", lambda: Profile(24))).outcomes
    np.testing.assert_array_equal(long.forecast.point, short.forecast.point)
    np.testing.assert_array_equal(long.forecast.quantiles, short.forecast.quantiles)


def test_a_model_made_for_fewer_steps_fails() -> None:
    failures = run(Contender("short", lambda: Profile(12))).failures
    assert failures == {"short": "model 'short' forecasts 12 steps ahead, fewer than 24"}


def test_a_model_that_answers_something_else_fails() -> None:
    class Fewer(Profile):
        def predict(self, panel: Panel, cutoffs: Ints) -> Forecast:
            return super().predict(panel, cutoffs[1:])

    class Later(Profile):
        def predict(self, panel: Panel, cutoffs: Ints) -> Forecast:
            return super().predict(panel, cutoffs - 1)

    failures = run(Contender("fewer", lambda: Fewer(24)), Contender("later", lambda: Later(24))).failures
    assert failures["fewer"] == "model 'fewer' gave forecasts of shape (3, 6, 24), not (3, 7, 24)"
    assert failures["later"] == "model 'later' gave forecasts of other series or cutoffs than it was asked for"


def test_each_model_is_watched_and_timed() -> None:
    reports: dict[str, list[int]] = {}

    class Watch(Silent):
        def __init__(self, name: str) -> None:
            self.name = name

        def on_epoch(self, report: Epoch) -> None:
            reports.setdefault(self.name, []).append(report.epoch)

    ticks = itertools.count()
    result = backtest(
        PANEL,
        contenders(24),
        test_start=START,
        horizon=24,
        stride=24,
        monitor=Watch,
        clock=lambda: float(next(ticks) ** 2),
    )
    assert {name: len(epochs) for name, epochs in reports.items()} == {"profile": 30, "narrow": 20}
    assert [(one.fit_seconds, one.predict_seconds) for one in result.outcomes] == [(1, 3), (7, 9), (13, 15)]


def test_names_must_be_there_and_differ() -> None:
    with pytest.raises(OptionError, match="a backtest needs at least one model"):
        run()
    with pytest.raises(OptionError, match="model 'a' is given more than once"):
        run(Contender("a", lambda: Profile(24)), Contender("a", lambda: Profile(24)))


def test_a_test_part_without_room_ends_the_run_before_any_fit() -> None:
    with pytest.raises(HistoryError, match="fewer than the horizon of 169"):
        run(Contender("bad", lambda: Refuses(200)), horizon=169)


def test_a_point_counts_where_truth_yardstick_and_forecast_are_known() -> None:
    result = made_backtest(holes=0.1)
    point = result.outcomes[0].forecast.point.copy()
    point[0, 0, :3] = np.nan
    counted = result.counted(point)
    assert not counted[0, 0, :3].any()
    assert not counted[np.isnan(result.truth)].any()
    assert counted.sum() == (~np.isnan(result.truth) & ~np.isnan(point)).sum()


def test_a_cheat_is_as_good_as_the_truth_and_so_shows_in_the_scores() -> None:
    result = run(Contender("cheat", lambda: Cheat(24)))
    assert np.nanmax(np.abs(result.outcomes[0].forecast.point - result.truth)) == 0
