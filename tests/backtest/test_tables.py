"""The tables that become ``forecasts.parquet``, ``leaderboard.csv`` and ``calibration.csv``."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv

from made_backtests import contenders, made_backtest, made_panel
from nettide.backtest.coverage import coverages
from nettide.backtest.evaluate import backtest
from nettide.backtest.leaderboard import score
from nettide.backtest.tables import (
    CALIBRATION_SCHEMA,
    LEADERBOARD_SCHEMA,
    calibration_table,
    forecast_tables,
    forecasts_table,
    leaderboard_table,
)
from nettide.forecast import LEVELS, Forecast

RESULT = made_backtest(holes=0.1)
TABLE = forecasts_table(RESULT)


def test_the_forecasts_have_the_columns_that_other_tools_read() -> None:
    assert TABLE.column_names == ["model", "unique_id", "cutoff", "ds", "step", "y", "y_hat"] + [
        f"q{level}" for level in LEVELS
    ]
    assert TABLE.schema.field("ds").type == TABLE.schema.field("cutoff").type == pa.timestamp("ns", tz="UTC")


def test_the_documentation_defines_every_column() -> None:
    text = (Path(__file__).parents[2] / "docs" / "metrics.md").read_text(encoding="utf-8")
    assert [name for name in LEADERBOARD_SCHEMA.names + CALIBRATION_SCHEMA.names if f"`{name}`" not in text] == []


def test_each_model_series_cutoff_and_step_has_one_row_with_its_truth() -> None:
    frame = TABLE.to_pandas()
    assert len(frame) == 3 * RESULT.truth.size
    assert not frame.duplicated(["model", "unique_id", "cutoff", "ds"]).any()
    assert (frame.ds - frame.cutoff == frame.step * pd.Timedelta("1h")).all()
    truth = RESULT.panel.to_frame().rename(columns={"y": "known"})
    joined = frame.merge(truth, on=["unique_id", "ds"], how="left", validate="many_to_one")
    np.testing.assert_array_equal(joined.y, joined.known)
    assert joined.y.isna().any()


def test_the_rows_of_one_model_read_back_as_its_forecast() -> None:
    first = next(forecast_tables(RESULT)).drop_columns(["model", "y"])
    back, outcome = Forecast.from_frame(first, units=["bit/s"] * 3), RESULT.outcomes[0]
    np.testing.assert_array_equal(back.point, outcome.forecast.point)
    np.testing.assert_array_equal(back.quantiles, outcome.forecast.quantiles)
    np.testing.assert_array_equal(back.cutoffs, outcome.forecast.cutoffs)


def test_a_point_model_leaves_its_quantiles_empty() -> None:
    point = TABLE.filter(pa.compute.equal(TABLE["model"], "point"))
    assert all(point[f"q{level}"].null_count == point.num_rows for level in LEVELS)
    assert point["y_hat"].null_count == 0


def test_an_unknown_truth_and_an_unanswered_row_are_nan() -> None:
    assert TABLE["y"].null_count == 0
    assert np.isnan(TABLE["y"].to_numpy()).any()
    panel = made_panel(series=2)
    panel.values[0, :840] = np.nan
    silent = forecasts_table(backtest(panel, contenders(24), test_start=840, horizon=24, stride=24)).to_pandas()
    first = silent[(silent.unique_id == "link-000") & (silent.cutoff == silent.cutoff.min())]
    assert len(first) == 3 * 24
    assert first.y_hat.isna().all()


def test_without_a_model_that_succeeded_the_tables_are_empty_but_there() -> None:
    panel = made_panel(steps=24 * 7 * 5)
    nothing = backtest(panel, contenders(12), test_start=24 * 7 * 4, horizon=24, stride=24)
    assert forecasts_table(nothing).num_rows == 0
    assert forecasts_table(nothing).column_names == TABLE.column_names
    assert leaderboard_table(score(nothing)).column_names == LEADERBOARD_SCHEMA.names


def test_the_leaderboard_has_one_row_a_model_and_empty_cells_for_what_does_not_exist() -> None:
    buffer = io.BytesIO()
    pa.csv.write_csv(leaderboard_table(score(RESULT)), buffer)
    lines = buffer.getvalue().decode().splitlines()
    assert lines[0].replace('"', "") == (
        "model,points,mae,rmse,mse,mape,smape,wape,mase,rel_mae,rel_wql,coverage_80,rmse_minmax,"
        "fit_seconds,predict_seconds,parameters"
    )
    point = next(line for line in lines if line.startswith('"point"')).split(",")
    assert point[10] == point[11] == ""
    assert "nan" not in buffer.getvalue().decode().lower()
    back = pd.read_csv(io.BytesIO(buffer.getvalue()))
    assert back.rel_mae.tolist() == [one.rel_mae for one in score(RESULT)]


def test_the_calibration_has_one_row_a_group_and_empty_cells_where_there_is_no_interval() -> None:
    rows = coverages(RESULT)
    table = calibration_table(rows)
    assert table.column_names == ["model", "measure", "kind", "group", "nominal", "coverage", "low", "high", "points"]
    frame = table.to_pandas()
    assert not frame.duplicated(["model", "measure", "kind", "group"]).any()
    assert frame.model.unique().tolist() == ["profile", "narrow"]
    assert frame.points.tolist() == [one.points for one in rows]
    unknown = sum(np.isnan(one.low) for one in rows)
    assert 0 < table["low"].null_count == table["high"].null_count == unknown
    assert calibration_table(()).column_names == CALIBRATION_SCHEMA.names
