"""``nettide forecast`` at the command line."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from command_line import LSTM, TINY, refuse, succeed

QUANTILES = [f"q0.{one}" for one in range(1, 10)]


def test_the_table_has_a_line_a_series(fitted: Path, links: Path) -> None:
    lines = succeed("forecast", fitted, links, "--unit", "bit/s").out.splitlines()
    assert lines[0] == "2026-01-31 00:00 to 2026-01-31 05:00 UTC, lstm"
    assert lines[1].split() == ["series", "last", "next", "mean", "peak", "peak", "of", "q0.9"]
    assert [line.split()[0] for line in lines[2:]] == ["link-00001", "link-00002", "link-00003"]
    assert "bit/s" in lines[2]


def test_one_series_is_shown_step_by_step(fitted: Path, links: Path) -> None:
    lines = succeed("forecast", fitted, links, "--series", "link-00002", "--horizon", 3).out.splitlines()
    assert lines[0] == "link-00002, lstm"
    assert lines[1].split() == ["time", "(UTC)", "q0.1", "median", "q0.9"]
    assert [line[:16] for line in lines[2:]] == ["2026-01-31 00:00", "2026-01-31 01:00", "2026-01-31 02:00"]


def test_json_is_one_line_a_step_and_nothing_else(fitted: Path, links: Path) -> None:
    rows = [json.loads(line) for line in succeed("forecast", fitted, links, "--json").out.splitlines()]
    assert len(rows) == 3 * 6
    assert list(rows[0]) == ["unique_id", "cutoff", "ds", "step", "y_hat", *QUANTILES]
    assert (rows[0]["cutoff"], rows[0]["ds"], rows[0]["step"]) == ("2026-01-30T23:00:00Z", "2026-01-31T00:00:00Z", 1)
    assert rows[0]["y_hat"] == rows[0]["q0.5"]


def test_csv_and_parquet_hold_the_same_forecast(fitted: Path, links: Path, tmp_path: Path) -> None:
    for name in ("f.csv", "f.parquet"):
        assert f"wrote {tmp_path / name}" in succeed("forecast", fitted, links, "--out", tmp_path / name).err
    table = pq.read_table(tmp_path / "f.parquet")
    assert table.column_names == ["unique_id", "cutoff", "ds", "step", "y_hat", *QUANTILES]
    rows = list(csv.DictReader((tmp_path / "f.csv").read_text().splitlines()))
    assert rows[0]["ds"] == "2026-01-31 00:00:00Z"
    assert [float(row["q0.9"]) for row in rows] == table.column("q0.9").to_pylist()


def test_a_written_forecast_can_be_read_as_traffic_again(fitted: Path, links: Path, tmp_path: Path) -> None:
    succeed("forecast", fitted, links, "--out", tmp_path / "f.csv")
    assert "3 series, 18 rows" in succeed("check", tmp_path / "f.csv", "--time", "ds", "--target", "y_hat").out


def test_series_that_the_model_never_saw_are_forecast_too(fitted: Path, links: Path, tmp_path: Path) -> None:
    renamed = tmp_path / "new.csv"
    renamed.write_text(links.read_text().replace("link-", "site-"))
    assert "site-00003" in succeed("forecast", fitted, renamed).out


def test_a_series_without_a_reading_has_an_empty_forecast(fitted: Path, links: Path, tmp_path: Path) -> None:
    path = tmp_path / "silent.csv"
    path.write_text(links.read_text() + '"silent",2026-01-30 23:00:00Z,,,\n')
    ran = succeed("forecast", fitted, path, "--json")
    assert "1 of 4 series have no reading at all: 'silent'" in ran.err
    rows = [json.loads(line) for line in ran.out.splitlines()]
    assert {row["y_hat"] for row in rows if row["unique_id"] == "silent"} == {None}
    assert all(row["y_hat"] > 0 for row in rows if row["unique_id"] != "silent")


def test_a_file_that_exists_is_kept_unless_overwritten(fitted: Path, links: Path, tmp_path: Path) -> None:
    path = tmp_path / "f.csv"
    path.write_text("mine")
    sentence = refuse("forecast", fitted, links, "--out", path)
    assert sentence == f"{path} already exists; choose another name or allow overwriting (--overwrite)"
    assert path.read_text() == "mine"
    succeed("forecast", fitted, links, "--out", path, "--overwrite")
    assert path.read_text().startswith('"unique_id"')


def test_an_ending_that_cannot_be_written_is_refused_before_anything_is_read(tmp_path: Path) -> None:
    sentence = refuse("forecast", tmp_path / "no", tmp_path / "no.csv", "--out", tmp_path / "f.xlsx")
    assert sentence == f"{tmp_path}/f.xlsx: the ending '.xlsx' is of no known kind; write .csv or .parquet"


def test_an_unknown_series_names_the_nearest(fitted: Path, links: Path) -> None:
    sentence = refuse("forecast", fitted, links, "--series", "link-0003")
    assert sentence.startswith("unknown series 'link-0003'; did you mean 'link-00003'?")


def test_a_horizon_beyond_the_model_is_refused(fitted: Path, links: Path) -> None:
    sentence = refuse("forecast", fitted, links, "--horizon", 7)
    assert sentence == "horizon 7 is outside the model's 1 ... 6 steps; fit one with that horizon"


def test_data_of_another_step_is_refused(fitted: Path, links: Path) -> None:
    sentence = refuse("forecast", fitted, links, "--step", "3h")
    assert sentence == ("model was fitted on steps of 1h, the data has 3h; bring the data to 1h or fit a model on 3h")


def test_data_of_another_target_is_refused(fitted: Path, links: Path) -> None:
    sentence = refuse("forecast", fitted, links, "--target", "latency")
    assert sentence == "model forecasts 'y', the target of the data is 'latency'; choose 'y' as target"


def test_data_without_the_channels_of_the_model_is_refused(links: Path, tmp_path: Path) -> None:
    model = tmp_path / "m"
    shape = ("--horizon", 6, "--context", 48, "--set", "channels=all")
    succeed("fit", links, *LSTM, "--out", model, *shape, *TINY)
    succeed("forecast", model, links)
    bare = tmp_path / "bare.csv"
    bare.write_text("".join(",".join(line.split(",")[:3]) + "\n" for line in links.read_text().splitlines()))
    sentence = refuse("forecast", model, bare)
    assert sentence.startswith("model needs channel 'packet_count', 'latency', which the data lacks; it has y")


@pytest.mark.parametrize("horizon", [0, -1])
def test_a_horizon_of_nothing_is_refused(fitted: Path, links: Path, horizon: int) -> None:
    assert "is outside the model's 1 ... 6 steps" in refuse("forecast", fitted, links, "--horizon", horizon)
