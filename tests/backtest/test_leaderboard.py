"""The scores against an independent reference in pandas, and what they do at the edges."""

from __future__ import annotations

import math
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from made_backtests import Profile, contenders, made_backtest, made_panel
from nettide.arrays import Ints
from nettide.backtest.breakdown import calibration, error_by_step
from nettide.backtest.evaluate import Backtest, Contender, backtest
from nettide.backtest.leaderboard import Score, relative_mae_by_series, score, score_yardstick
from nettide.backtest.tables import forecasts_table
from nettide.forecast import LEVELS, Forecast
from nettide.panel import Panel

QUANTILES = [f"q{level}" for level in LEVELS]


class HalfSilent(Profile):
    """Says nothing of the first series, and nothing of one step in five."""

    def predict(self, panel: Panel, cutoffs: Ints) -> Forecast:
        whole = super().predict(panel, cutoffs)
        point, quantiles = whole.point.copy(), whole.quantiles.copy()
        for values in (point, quantiles):
            values[0] = np.nan
            values[:, :, ::5] = np.nan
        return replace(whole, point=point, quantiles=quantiles)


def reference(result: Backtest, table: pd.DataFrame) -> dict[str, Any]:
    """Score one model's rows of the forecasts table, in pandas and from the definitions."""
    panel = result.panel
    wide = pd.DataFrame(panel.target.T, index=pd.DatetimeIndex(panel.times, tz="UTC"), columns=list(panel.ids))
    week = pd.Timedelta("7D") // pd.Timedelta(panel.step_seconds, "s")
    first = wide.index.get_loc(table.cutoff.min())
    season = week if first + 1 >= 2 * week else max(1, week // 7)
    filled = wide.ffill()
    at, step = wide.index.get_indexer(table.cutoff), table.step.to_numpy()
    source = at + step - season * ((step + season - 1) // season)
    table = table.assign(
        naive=filled.to_numpy()[source, wide.columns.get_indexer(table.unique_id)],
        y=wide.to_numpy()[at + step, wide.columns.get_indexer(table.unique_id)],
    ).dropna(subset=["y", "y_hat", "naive"])
    error = (table.y - table.y_hat).abs()
    some = table.y != 0
    train = wide.iloc[: first + 1]
    scale = (train - train.shift(season)).abs().mean()
    mase = error.groupby(table.unique_id).mean() / scale
    ratio = error.groupby(table.unique_id).mean() / (table.y - table.naive).abs().groupby(table.unique_id).mean()
    out = {
        "points": len(table),
        "mae": error.mean(),
        "mse": (error**2).mean(),
        "rmse": math.sqrt((error**2).mean()),
        "mape": (error[some] / table.y[some]).mean(),
        "smape": (error / (table.y + table.y_hat).where(lambda size: size > 0)).fillna(0.0).mean(),
        "wape": error.sum() / table.y.sum(),
        "mase": mase[scale > 0].mean(),
        "rel_mae": math.exp(np.log(ratio).mean()),
        "rmse_minmax": math.sqrt((error**2).mean()) / (wide.max().max() - wide.min().min()),
    }
    if table[QUANTILES].notna().all(axis=None):
        pinball = sum(
            np.maximum(level * (table.y - table[name]), (level - 1) * (table.y - table[name]))
            for level, name in zip(LEVELS, QUANTILES, strict=True)
        )
        naive = 9 * 0.5 * (table.y - table.naive).abs()
        by_series = pinball.groupby(table.unique_id).sum() / naive.groupby(table.unique_id).sum()
        out["rel_wql"] = math.exp(np.log(by_series).mean())
        out["coverage_80"] = table.y.between(table["q0.1"], table["q0.9"]).mean()
    return out


def check(result: Backtest) -> None:
    table = forecasts_table(result).to_pandas()
    for one in score(result):
        expected = reference(result, table[table.model == one.model])
        for name, value in expected.items():
            assert getattr(one, name) == pytest.approx(value, rel=1e-9), (one.model, name)
        if "rel_wql" not in expected:
            assert math.isnan(one.rel_wql)
            assert math.isnan(one.coverage_80)


@pytest.mark.parametrize(
    "choices",
    [
        {"series": 5, "holes": 0.1},
        {"series": 1, "steps": 24 * 7 * 2, "stride": 7, "horizon": 9},
        {"series": 2, "steps": 280, "step_seconds": 86_400, "horizon": 1, "stride": 1},
        {"series": 3, "horizon": 180, "stride": 24},
        {"series": 2, "steps": 288 * 18, "step_seconds": 300, "horizon": 12, "stride": 12},
    ],
)
def test_scores_equal_an_independent_reference(choices: dict[str, Any]) -> None:
    check(made_backtest(**choices))


def test_scores_of_a_model_that_leaves_rows_out_equal_the_reference() -> None:
    panel = made_panel(series=4)
    models = [Contender("half", lambda: HalfSilent(24)), Contender("point", lambda: HalfSilent(24, levels=()))]
    result = backtest(panel, models, test_start=24 * 7 * 5, horizon=24, stride=24)
    check(result)
    half = score(result)[0]
    assert 0 < half.points < 0.7 * result.counted(result.yardstick).sum()
    assert not math.isnan(half.rel_wql)


@pytest.mark.parametrize("choices", [{"series": 3, "holes": 0.05}, {"series": 1, "steps": 24 * 7 * 2, "stride": 5}])
def test_scores_agree_with_the_independent_scorer(data: Path, tmp_path: Path, choices: dict[str, Any]) -> None:
    scorer = data.parent / "score.py"
    if not scorer.is_file():
        pytest.skip(f"no independent scorer at {scorer}")
    result = made_backtest(**choices)
    result = replace_values(result, scale=1e-9)
    result.panel.to_frame().to_parquet(tmp_path / "data.parquet")
    forecasts_table(result).to_pandas().to_parquet(tmp_path / "forecasts.parquet")
    done = subprocess.run(
        [sys.executable, str(scorer), str(tmp_path / "data.parquet"), str(tmp_path / "forecasts.parquet"), "--step=1h"],
        capture_output=True,
        text=True,
        check=True,
    )
    lines = dict(line.split(" ", 1) for line in done.stdout.splitlines())
    for one in score(result):
        for name, value in eval(lines[one.model]).items():  # the scorer prints a dict of plain numbers
            if name != "answered":
                assert getattr(one, name) == pytest.approx(value, abs=1e-6), (one.model, name)


def replace_values(result: Backtest, *, scale: float) -> Backtest:
    """Run the same contenders on scaled traffic, so that six decimals of the scorer say something."""
    panel = replace(result.panel, values=result.panel.values * scale)
    return backtest(
        panel,
        contenders(result.horizon),
        test_start=result.test_start,
        horizon=result.horizon,
        stride=result.stride,
    )


def test_the_best_comes_first_and_what_cannot_be_compared_last() -> None:
    class Silent(Profile):
        def predict(self, panel: Panel, cutoffs: Ints) -> Forecast:
            whole = super().predict(panel, cutoffs)
            return replace(whole, point=np.full_like(whole.point, np.nan))

    panel = made_panel()
    models = [Contender("silent", lambda: Silent(24)), *contenders(24)]
    scores = score(backtest(panel, models, test_start=24 * 7 * 5, horizon=24, stride=24))
    assert [one.model for one in scores] == ["profile", "narrow", "point", "silent"]
    assert scores[0].rel_mae < scores[1].rel_mae < scores[2].rel_mae
    assert scores[-1].points == 0
    assert all(math.isnan(getattr(scores[-1], name)) for name in ("mae", "mase", "rel_mae", "rel_wql", "coverage_80"))


def test_scores_do_not_depend_on_the_unit() -> None:
    small, large = (score(replace_values(made_backtest(), scale=scale)) for scale in (1e-12, 1e12))
    for one, other in zip(small, large, strict=True):
        assert one.rel_mae == pytest.approx(other.rel_mae, rel=1e-9)
        assert one.rmse_minmax == pytest.approx(other.rmse_minmax, rel=1e-9)
        assert one.mae * 1e24 == pytest.approx(other.mae, rel=1e-9)


def test_the_yardstick_scores_one() -> None:
    row = score_yardstick(made_backtest(), name="weekly")
    assert row.rel_mae == 1.0
    assert row.model == "weekly"
    assert math.isnan(row.rel_wql)


def test_a_series_whose_yardstick_is_never_wrong_has_no_part_in_relative_scores() -> None:
    panel = made_panel(series=3, holes=0)
    flat = replace(panel, values=panel.values.copy())
    flat.values[1] = 5.0
    relative, whole = (
        score(backtest(one, contenders(24), test_start=840, horizon=24, stride=24))
        for one in (flat.select([0, 2]), flat)
    )
    for one, other in zip(relative, whole, strict=True):
        assert one.rel_mae == pytest.approx(other.rel_mae)
        assert one.rel_wql == pytest.approx(other.rel_wql, nan_ok=True)
        assert one.mase == pytest.approx(other.mase)
    result = backtest(flat, contenders(24), test_start=840, horizon=24, stride=24)
    ratios = relative_mae_by_series(result, result.outcomes[0].forecast.point)
    assert np.isnan(ratios).tolist() == [False, True, False]


def test_traffic_that_never_changes_has_no_relative_score_at_all() -> None:
    panel = made_panel(series=2)
    still = replace(panel, values=np.full_like(panel.values, 3.0))
    scores = score(backtest(still, contenders(24), test_start=840, horizon=24, stride=24))
    for one in scores:
        assert one.mae == 0
        assert all(math.isnan(value) for value in (one.rel_mae, one.mase, one.rel_wql, one.rmse_minmax))


def test_a_truth_that_is_nowhere_known_counts_no_point() -> None:
    panel = made_panel(series=2)
    panel.values[:, 840:] = np.nan
    scores = score(backtest(panel, contenders(24), test_start=840, horizon=24, stride=24))
    assert [one.points for one in scores] == [0, 0, 0]
    assert all(math.isnan(one.mae) for one in scores)


def test_other_levels_than_those_of_the_scores_give_no_relative_quantile_score() -> None:
    models = [Contender("three", lambda: Profile(24, levels=(0.1, 0.5, 0.9)))]
    result = backtest(made_panel(), models, test_start=840, horizon=24, stride=24)
    (one,) = score(result)
    assert math.isnan(one.rel_wql)
    levels, observed = calibration(result, result.outcomes[0].forecast)
    assert levels.tolist() == [0.1, 0.5, 0.9]
    assert (np.diff(observed) > 0).all()


def test_the_error_by_step_of_one_series_averages_to_its_relative_error() -> None:
    result = made_backtest(series=1, holes=0)
    point = result.outcomes[0].forecast.point
    by_step = error_by_step(result, point)
    assert by_step.shape == (24,)
    assert by_step.mean() == pytest.approx(relative_mae_by_series(result, point)[0])
    assert error_by_step(result, result.yardstick).mean() == pytest.approx(1.0)


def test_the_error_by_step_is_unknown_where_nothing_counts() -> None:
    result = made_backtest(series=2)
    point = result.outcomes[0].forecast.point.copy()
    point[:, :, 3] = np.nan
    assert np.isnan(error_by_step(result, point)).tolist() == [step == 3 for step in range(24)]


def test_the_calibration_of_a_model_with_wide_enough_bands_lies_near_the_diagonal() -> None:
    result = made_backtest(series=3, steps=24 * 7 * 12)
    levels, observed = calibration(result, result.outcomes[0].forecast)
    assert np.abs(observed - levels).max() < 0.12
    assert calibration(result, result.outcomes[2].forecast)[0].size == 0


def test_score_has_the_columns_of_the_leaderboard() -> None:
    assert list(Score.__dataclass_fields__) == [
        "model",
        "points",
        "mae",
        "rmse",
        "mse",
        "mape",
        "smape",
        "wape",
        "mase",
        "rel_mae",
        "rel_wql",
        "coverage_80",
        "rmse_minmax",
        "fit_seconds",
        "predict_seconds",
        "parameters",
    ]
