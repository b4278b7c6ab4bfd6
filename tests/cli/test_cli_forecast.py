"""``nettide forecast`` at the command line."""

from __future__ import annotations

import csv
import json
import math
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from command_line import LSTM, TINY, nettide, refuse, succeed

from nettide.tasks.forecast import usual_horizon

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


# --- without a model, with the pretrained network


def series_of(path: Path, *, steps: int, minutes: int) -> Path:
    """A file of one link with a daily pattern."""
    first = datetime(2026, 3, 2, tzinfo=UTC)
    lines = ["ds,unique_id,y"]
    for step in range(steps):
        moment = first + timedelta(minutes=minutes * step)
        level = 2 + math.sin(2 * math.pi * (step * minutes % 1440) / 1440) + 0.1 * (step % 7)
        lines.append(f"{moment.isoformat()},r1,{1e6 * level}")
    path.write_text("\n".join(lines) + "\n")
    return path


def test_a_file_alone_is_forecast_at_once_and_what_did_it_is_said(links: Path) -> None:
    ran = succeed("forecast", links, "--unit", "bit/s")
    assert ran.out.splitlines()[0] == "2026-01-31 00:00 to 2026-01-31 23:00 UTC, base"
    assert (
        "forecast by the pretrained network, not fitted on this data; for better ones: "
        f"nettide fit {links} --unit bit/s --horizon 24 --out models/NAME\n" in ran.err
    )
    assert "never shown" not in ran.err
    assert "24 steps of 1h ahead; --horizon says otherwise, up to 336\n" in ran.err


@pytest.mark.parametrize(("minutes", "step"), [(1, "1min"), (7 * 1440, "1w")])
def test_steps_that_the_pretrained_network_was_never_shown_are_remarked(
    tmp_path: Path, minutes: int, step: str
) -> None:
    path = series_of(tmp_path / "odd.csv", steps=120, minutes=minutes)
    said = f"the pretrained network was never shown steps of {step}, only from 5min to 1d: compare it with naive"
    assert said in succeed("forecast", path).err
    assert said in succeed("backtest", path, "--model", "base", "--horizon", 4, "--out", tmp_path / "tested").err


def test_a_horizon_for_the_pretrained_network_is_taken_and_not_remarked(links: Path) -> None:
    ran = succeed("forecast", links, "--horizon", 3, "--json")
    assert len(ran.out.splitlines()) == 3 * 3
    assert "steps of 1h ahead" not in ran.err
    assert refuse("forecast", links, "--horizon", 337) == "horizon 337 is outside 1 ... 336"


@pytest.mark.parametrize(
    ("minutes", "steps", "horizon", "text"),
    [(1, 3000, 60, "1min"), (5, 600, 12, "5min"), (15, 400, 96, "15min"), (60, 200, 24, "1h"), (1440, 40, 7, "1d")],
)
def test_how_far_ahead_follows_the_step(tmp_path: Path, minutes: int, steps: int, horizon: int, text: str) -> None:
    ran = succeed("forecast", series_of(tmp_path / "one.csv", steps=steps, minutes=minutes), "--json")
    assert len(ran.out.splitlines()) == horizon
    assert f"{horizon} steps of {text} ahead" in ran.err


def test_the_horizon_of_any_step_is_one_that_models_have() -> None:
    assert [usual_horizon(step) for step in (1, 10, 899, 900, 86_399, 86_400, 604_800)] == [336, 336, 5, 96, 2, 7, 7]


def test_a_model_without_a_file_asks_for_one(fitted: Path) -> None:
    sentence = refuse("forecast", fitted)
    assert sentence == f"{fitted} is a model; name the data to forecast too: nettide forecast {fitted} FILE"


def test_more_than_a_model_and_a_file_is_wrong_usage(fitted: Path, links: Path) -> None:
    for places in ((), (fitted, links, links)):
        ran = nettide("forecast", *places)
        assert (ran.status, ran.out) == (2, "")
        assert "[MODEL] FILE" in ran.err


def test_the_unit_is_that_of_the_model_where_none_is_given(links: Path, tmp_path: Path) -> None:
    succeed("fit", links, "--model", "naive", "--horizon", 6, "--unit", "kbit/s", "--out", tmp_path / "m")
    told = succeed("forecast", tmp_path / "m", links).out
    bits = succeed("forecast", links, "--horizon", 6, "--unit", "bit/s").out
    assert "Tbit/s" in told  # thousands of what are Gbit/s where values are bits
    assert "Gbit/s" in bits
    said = refuse("forecast", tmp_path / "m", links, "--unit", "bit/s")
    assert said.startswith("model was fitted on 'y' in kbit/s, series 'link-00001' is in bit/s")


# --- quantile levels


def test_levels_replace_the_nine(fitted: Path, links: Path, tmp_path: Path) -> None:
    rows = [
        json.loads(one)
        for one in succeed("forecast", fitted, links, "--levels", "0.05, .5,0.95", "--json").out.splitlines()
    ]
    assert list(rows[0]) == ["unique_id", "cutoff", "ds", "step", "y_hat", "q0.05", "q0.5", "q0.95"]
    usual = [json.loads(one) for one in succeed("forecast", fitted, links, "--json").out.splitlines()]
    assert all(
        new["q0.05"] <= old["q0.1"] and new["q0.95"] >= old["q0.9"] for new, old in zip(rows, usual, strict=True)
    )
    assert [row["q0.5"] for row in rows] == [row["y_hat"] for row in usual]
    succeed("forecast", fitted, links, "--levels", "0.99", "--out", tmp_path / "f.parquet")
    assert pq.read_table(tmp_path / "f.parquet").column_names[-2:] == ["y_hat", "q0.99"]


def test_every_level_that_was_asked_for_is_shown(fitted: Path, links: Path) -> None:
    command = ("forecast", fitted, links, "--levels", "0.01,0.25,0.75,0.99")
    lines = succeed(*command, "--series", "link-00001").out.splitlines()
    assert lines[1].split() == ["time", "(UTC)", "q0.01", "q0.25", "median", "q0.75", "q0.99"]
    assert succeed(*command).out.splitlines()[1].endswith("peak of q0.99")
    low = succeed("forecast", fitted, links, "--levels", "0.1").out.splitlines()
    assert low[1].split() == ["series", "last", "next", "mean", "peak"]


@pytest.mark.parametrize(
    ("levels", "sentence"),
    [
        ("0,0.5", "quantile level 0 is outside (0, 1); write for example 0.05,0.5,0.95"),
        ("5,50,95", "quantile level 5 is outside (0, 1); write for example 0.05,0.5,0.95"),
        ("0.9,0.1", "quantile level 0.1 comes after 0.9; write them in ascending order"),
        ("0.5,0.5", "quantile level 0.5 is given more than once"),
        ("low", "quantile level 'low' is not a number; write for example 0.05,0.5,0.95"),
        ("0.1,,0.9", "quantile level '' is not a number; write for example 0.05,0.5,0.95"),
        ("nan", "quantile level nan is outside (0, 1); write for example 0.05,0.5,0.95"),
    ],
)
def test_levels_that_cannot_be_are_refused(fitted: Path, links: Path, levels: str, sentence: str) -> None:
    assert refuse("forecast", fitted, links, "--levels", levels) == sentence


def test_a_model_without_quantiles_has_no_levels(links: Path, tmp_path: Path) -> None:
    succeed("fit", links, "--model", "naive", "--horizon", 6, "--out", tmp_path / "m")
    said = refuse("forecast", tmp_path / "m", links, "--levels", "0.5")
    assert said == "model 'naive' forecasts one value without quantiles; leave --levels out"


def test_days_of_a_zone_are_shown_as_its_dates(tmp_path: Path) -> None:
    path = tmp_path / "days.csv"
    days = [date(2026, 1, 5) + timedelta(days=one) for one in range(120)]
    path.write_text("ds,y\n" + "".join(f"{day},{60 if day.weekday() >= 5 else 120}\n" for day in days))
    ran = succeed("forecast", path, "--zone", "Europe/Prague")
    assert ran.out.splitlines()[0].strip() == "2026-05-05 to 2026-05-11 Europe/Prague, base"
    lines = succeed("forecast", path, "--zone", "Europe/Prague", "--series", "series").out.splitlines()[2:]
    shown = {line.split()[0]: float(line.split()[2]) for line in lines if line.strip()}
    assert list(shown) == [str(date(2026, 5, 5) + timedelta(days=one)) for one in range(7)]
    assert {day for day, value in shown.items() if value < 90} == {"2026-05-09", "2026-05-10"}  # a weekend
    succeed("forecast", path, "--zone", "Europe/Prague", "--out", tmp_path / "f.csv")
    assert (tmp_path / "f.csv").read_text().splitlines()[1].split(",")[2] == "2026-05-04 23:00:00Z"
