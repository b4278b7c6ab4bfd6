"""``nettide backtest`` at the command line: its files are a contract that other tools rely on."""

from __future__ import annotations

import csv
import json
import re
import signal
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from command_line import TINY, lines_in, refuse, start, succeed, wait_until

FORECAST_COLUMNS = ["model", "unique_id", "cutoff", "ds", "step", "y", "y_hat", *(f"q0.{one}" for one in range(1, 10))]
SCORE_COLUMNS = [
    *("model", "points", "mae", "rmse", "mse", "mape", "smape", "wape", "mase", "rel_mae", "rel_wql", "coverage_80"),
    *("rmse_minmax", "fit_seconds", "predict_seconds", "parameters"),
]
START = np.datetime64("2026-01-01T00:00", "s")


@pytest.fixture(scope="module")
def result(links: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a backtest of two models left."""
    out = tmp_path_factory.mktemp("backtest") / "deep" / "result"
    models = ("--model", "naive", "--model", "lstm")
    succeed("backtest", links, *models, "--horizon", 12, "--context", 48, "--test-size", 100, *TINY, "--out", out)
    return out


def forecasts(out: Path) -> pa.Table:
    return pq.read_table(out / "forecasts.parquet")


def scores(out: Path) -> list[dict[str, str]]:
    return list(csv.DictReader((out / "leaderboard.csv").read_text().splitlines()))


def cutoff_hours(out: Path) -> list[int]:
    """The cutoffs as hours since the first step."""
    cutoffs = np.unique(forecasts(out).column("cutoff").to_numpy())
    return [int(one) for one in (cutoffs.astype("datetime64[s]") - START) // np.timedelta64(1, "h")]


def test_it_leaves_four_files_and_nothing_else(result: Path) -> None:
    names = ["calibration.csv", "forecasts.parquet", "leaderboard.csv", "report.html"]
    assert sorted(path.name for path in result.iterdir()) == names


def test_the_calibration_says_what_the_band_covered_group_by_group(result: Path) -> None:
    rows = list(csv.DictReader((result / "calibration.csv").read_text().splitlines()))
    assert list(rows[0]) == [
        *("model", "measure", "kind", "group", "nominal", "coverage", "low", "high", "points"),
    ]
    assert {row["model"] for row in rows} == {"lstm"}
    assert {row["kind"] for row in rows} == {"all", "steps", "step", "hours", "hour", "day", "level"}
    whole = next(row for row in rows if (row["measure"], row["kind"]) == ("80 % band", "all"))
    covered = next(row["coverage_80"] for row in scores(result) if row["model"] == "lstm")
    assert float(whole["coverage"]) == pytest.approx(float(covered))
    assert float(whole["low"]) <= float(covered) <= float(whole["high"])


def test_forecasts_keep_the_contract(result: Path) -> None:
    table = forecasts(result)
    assert table.column_names == FORECAST_COLUMNS
    cutoff, ds = (table.column(name) for name in ("cutoff", "ds"))
    assert cutoff.type.tz == ds.type.tz == "UTC"
    hours = (ds.to_numpy() - cutoff.to_numpy()) / np.timedelta64(1, "h")
    assert (hours == table.column("step").to_numpy()).all()
    assert set(table.column("step").to_pylist()) == set(range(1, 13))
    rows = len(cutoff_hours(result)) * 12 * 3
    assert {name: table.column("model").to_pylist().count(name) for name in ("naive", "lstm")} == {
        "naive": rows,
        "lstm": rows,
    }


def test_the_value_is_the_median_and_point_models_leave_quantiles_empty(result: Path) -> None:
    table = forecasts(result)
    is_naive = np.array(table.column("model").to_pylist()) == "naive"
    lstm, naive = table.filter(pa.array(~is_naive)), table.filter(pa.array(is_naive))
    assert np.array_equal(lstm.column("y_hat").to_numpy(), lstm.column("q0.5").to_numpy())
    bands = np.stack([lstm.column(name).to_numpy() for name in FORECAST_COLUMNS[-9:]])
    assert (np.diff(bands, axis=0) >= 0).all()
    assert all(naive.column(name).null_count == len(naive) for name in FORECAST_COLUMNS[-9:])
    assert not np.isnan(naive.column("y_hat").to_numpy()).any()


def test_the_leaderboard_keeps_the_contract_and_is_sorted(result: Path) -> None:
    rows = scores(result)
    assert list(rows[0]) == SCORE_COLUMNS
    assert {row["model"] for row in rows} == {"naive", "lstm"}
    assert [float(row["rel_mae"]) for row in rows] == sorted(float(row["rel_mae"]) for row in rows)
    naive = next(row for row in rows if row["model"] == "naive")
    assert naive["rel_wql"] == naive["coverage_80"] == ""
    table = forecasts(result)
    is_naive = np.array(table.column("model").to_pylist()) == "naive"
    errors = np.abs(table.column("y").to_numpy() - table.column("y_hat").to_numpy())[is_naive]
    assert float(naive["mae"]) == pytest.approx(np.nanmean(errors), rel=1e-9)


def test_the_report_is_one_file_that_needs_no_network(result: Path) -> None:
    page = (result / "report.html").read_text()
    assert not re.search(r"<(script|link|img)[^>]+(src|href)=[\"']?(https?:)?//", page)
    assert "lower error than" in page or "is best here" in page


def test_the_run_is_said_with_the_leaderboard_a_headline_and_the_report(links: Path, tmp_path: Path) -> None:
    ran = succeed(
        "backtest", links, "--model", "naive", "--model", "seasonal-naive", "--horizon", 24, "--unit", "bit/s",
        "--out", tmp_path / "result",
    )  # fmt: skip
    lines = ran.out.splitlines()
    assert lines[0].split()[:3] == ["model", "relMAE", "relWQL"]
    assert re.search(r" skill \(95 %\) ", lines[0])
    assert re.match(r"seasonal-naive .* 0\.0 % \(0\.0 to 0\.0\) ", lines[1])
    assert lines[1].startswith("seasonal-naive ")
    assert "bit/s" in lines[1]
    assert "The weekly naive forecast is best here: use it." in lines[-2]
    assert lines[-1] == f"report: {tmp_path}/result/report.html"
    assert "naive: forecasts in" in ran.err
    assert "verdict on 3 series:" in ran.err


@pytest.mark.parametrize(
    ("options", "first"),
    [
        (["--test-size", 100], 720 - 100 - 1),
        (["--test-fraction", 0.2], 576 - 1),
        ([], 576 - 1),
        (["--test-start", "2026-01-26"], 25 * 24 - 1),
        (["--test-start", "2026-01-26T00:30Z"], 25 * 24),
        (["--test-start", "2026-01-26T02:30+02:00"], 25 * 24),
    ],
)
def test_cutoffs_begin_before_the_test_part_and_roll_by_the_horizon(
    links: Path, tmp_path: Path, options: list[object], first: int
) -> None:
    succeed("backtest", links, "--model", "naive", "--horizon", 24, *options, "--out", tmp_path)
    assert cutoff_hours(tmp_path) == list(range(first, 720 - 24, 24))


def test_the_stride_may_differ_from_the_horizon(links: Path, tmp_path: Path) -> None:
    options = ("--horizon", 24, "--test-size", 50, "--stride", 5)
    succeed("backtest", links, "--model", "naive", *options, "--out", tmp_path)
    assert cutoff_hours(tmp_path) == list(range(669, 696, 5))


def test_same_seed_same_forecasts(links: Path, result: Path, tmp_path: Path) -> None:
    common = ("--horizon", 12, "--context", 48, "--test-size", 100, *TINY)
    succeed("backtest", links, "--model", "lstm", "--model", "naive", *common, "--out", tmp_path / "same")
    succeed("backtest", links, "--model", "lstm", *common, "--seed", 1, "--out", tmp_path / "other")

    def lstm(out: Path) -> pa.Table:
        table = forecasts(out)
        return table.filter(pa.array(np.array(table.column("model").to_pylist()) == "lstm"))

    assert lstm(tmp_path / "same").equals(lstm(result))
    assert not lstm(tmp_path / "other").equals(lstm(result))


def test_same_run_same_file(links: Path, tmp_path: Path) -> None:
    for name in "ab":
        succeed("backtest", links, "--model", "window-mean", "--horizon", 24, "--out", tmp_path / name)
    assert len({(tmp_path / name / "forecasts.parquet").read_bytes() for name in "ab"}) == 1


def test_an_option_for_one_model_leaves_the_others_alone(links: Path, tmp_path: Path) -> None:
    common = ("--horizon", 6, "--context", 24, "--epochs", 1, "--set", "windows_per_epoch=64")
    models = ("--model", "rnn", "--model", "gru")
    succeed(
        "backtest", links, *models, *common, "--set", "gru.hidden=4", "--set", "hidden=8", "--out", tmp_path / "a"
    )  # fmt: skip
    succeed("backtest", links, *models, *common, "--set", "hidden=8", "--out", tmp_path / "b")
    sizes = [{row["model"]: int(row["parameters"]) for row in scores(tmp_path / name)} for name in "ab"]
    assert sizes[0]["rnn"] == sizes[1]["rnn"]
    assert sizes[0]["gru"] < sizes[1]["gru"]


def test_a_model_that_fails_is_named_and_the_others_go_on(links: Path, tmp_path: Path) -> None:
    options = ("--horizon", 24, "--context", 700, "--epochs", 1)
    ran = succeed("backtest", links, "--model", "lstm", "--model", "naive", *options, "--out", tmp_path)
    assert "lstm failed: " in ran.err
    assert {row["model"] for row in scores(tmp_path)} == {"naive"}


def test_a_run_in_which_every_model_fails_says_why_and_leaves_nothing(links: Path, tmp_path: Path) -> None:
    out = tmp_path / "result"
    sentence = refuse("backtest", links, "--model", "lstm", "--horizon", 24, "--context", 700, "--out", out)
    assert sentence.startswith("lstm: ")
    assert list(out.iterdir()) == []


def test_results_that_were_there_are_replaced(links: Path, tmp_path: Path) -> None:
    for model in ("naive", "window-mean"):
        succeed("backtest", links, "--model", model, "--horizon", 24, "--out", tmp_path)
    assert set(forecasts(tmp_path).column("model").to_pylist()) == {"window-mean"}


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--test-size", 50, "--test-fraction", 0.1], "needs exactly one of test start, test size and test fraction"),
        (["--test-start", "yesterday"], "time 'yesterday' is not understood; write for example 2026-03-01"),
        (["--test-start", "2031-01-01"], "lies after the last step of the data"),
        (["--test-size", 5], "the test part has 5 steps, fewer than the horizon of 24"),
        (["--stride", 0], "stride 0 must be at least 1"),
        (["--model", "naive"], "--model naive is given more than once"),
        (["--model", "lsmt"], "unknown model 'lsmt'; did you mean 'lstm'?"),
        (["--seed", -1], "seed -1 must be 0 ... 4294967295"),
    ],
)
def test_an_impossible_test_is_refused(links: Path, tmp_path: Path, options: list[object], sentence: str) -> None:
    said = refuse("backtest", links, "--model", "naive", "--horizon", 24, *options, "--out", tmp_path / "result")
    assert sentence in said
    assert not list(tmp_path.rglob("*.parquet"))


def test_ctrl_c_ends_one_training_and_the_next_model_goes_on(links: Path, tmp_path: Path) -> None:
    log = tmp_path / "log"
    process = start(
        "backtest", links, "--model", "lstm", "--model", "gru", "--horizon", 6, "--context", 24, *TINY[:-2],
        "--set", "lstm.epochs=9999", "--set", "gru.epochs=2", "--set", "patience=0", "--log", log,
        "--out", tmp_path / "result",
    )  # fmt: skip
    wait_until(lambda: lines_in(log) >= 2, process)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    assert re.search(r"lstm: fitted in .* \(stopped by Ctrl-C\)", err)
    assert [json.loads(one)["model"] for one in log.read_text().splitlines()][-2:] == ["gru", "gru"]
    assert "report: " in out
    assert set(forecasts(tmp_path / "result").column("model").to_pylist()) == {"lstm", "gru"}
