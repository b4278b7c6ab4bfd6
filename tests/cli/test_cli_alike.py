"""A stored model is asked of data that is read as the data of its fit was: zone, aggregate, counters, country."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from command_line import refuse, succeed

START = datetime(2026, 3, 1, tzinfo=UTC)


def written(path: Path, values: np.ndarray, *, minutes: int, zone: str = "Z") -> Path:
    times = (START + timedelta(minutes=minutes * step) for step in range(len(values)))
    rows = [f"{time:%Y-%m-%dT%H:%M:%S}{zone},r1,{value:.0f}" for time, value in zip(times, values, strict=True)]
    path.write_text("\n".join(["ds,unique_id,y", *rows]) + "\n")
    return path


def rates(steps: int, *, minutes: int) -> np.ndarray:
    """Bits a second."""
    hours = np.arange(steps) * minutes / 60
    return 1e8 * (2 + np.sin(2 * np.pi * hours / 24))


@pytest.fixture(scope="module")
def counted(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A file of a 64-bit counter of octets every five minutes, and a model fitted on its rates."""
    folder = tmp_path_factory.mktemp("counted")
    octets = np.cumsum(rates(12 * 24 * 9, minutes=5) * 300 / 8)
    path, model = written(folder / "octets.csv", octets, minutes=5), folder / "model"
    counter = ("--counter", 64, "--capacity", "10G")
    succeed("fit", path, "--horizon", 12, "--model", "seasonal-naive-day", *counter, "--out", model)
    return path, model


@pytest.mark.parametrize("verb", ["forecast", "anomalies", "what-if"])
def test_octets_are_not_taken_for_the_bits_that_a_model_learned(verb: str, counted: tuple[Path, Path]) -> None:
    path, model = counted
    change = ("--scale", 1.2) if verb == "what-if" else ()
    said = refuse(verb, model, path, *change)
    assert "the model was fitted on rates of a 64-bit counter; if" in said
    assert "add --counter 64 and the --capacity of the links; if it holds rates, add --unit bit/s" in said


def test_a_counter_that_is_named_is_forecast_in_bits(counted: tuple[Path, Path], tmp_path: Path) -> None:
    path, model = counted
    ran = succeed("forecast", model, path, "--counter", 64, "--capacity", "10G", "--json")
    assert max(json.loads(line)["y_hat"] for line in ran.out.splitlines()) < 4e8
    rate = written(tmp_path / "rates.csv", rates(12 * 24 * 9, minutes=5), minutes=5)
    ran = succeed("forecast", model, rate, "--unit", "bit/s", "--json")
    assert 1e8 <= min(json.loads(line)["y_hat"] for line in ran.out.splitlines()) < 4e8


def test_zone_sum_and_country_of_the_fit_hold_until_others_are_named(tmp_path: Path) -> None:
    path = written(tmp_path / "local.csv", rates(24 * 27, minutes=60), minutes=60, zone="")
    reading = ("--zone", "Europe/Prague", "--step", "6h", "--aggregate", "sum", "--missing", "zero", "--country", "DE")
    model = tmp_path / "model"
    succeed("fit", path, "--horizon", 4, "--model", "base", *reading, "--out", model)
    alike = succeed("forecast", model, path, "--step", "6h", "--json")
    said = "read as for the fit of the model: --zone Europe/Prague --country DE --aggregate sum --missing zero"
    assert said in alike.err
    named = succeed("forecast", model, path, *reading, "--json")
    assert "read as for the fit" not in named.err
    assert alike.out == named.out
    other = succeed("forecast", model, path, "--step", "6h", "--zone", "Asia/Tokyo", "--country", "JP", "--json")
    assert "read as for the fit of the model: --aggregate sum --missing zero" in other.err
    assert other.out != named.out


@pytest.mark.parametrize(
    ("of_fit", "named"),
    [(("--aggregate", "max"), ("--aggregate", "mean")), (("--missing", "zero"), ("--missing", "gap"))],
)
def test_what_is_usual_holds_against_the_fit_where_it_is_named(
    of_fit: tuple[str, str], named: tuple[str, str], tmp_path: Path
) -> None:
    path = written(tmp_path / "gaps.csv", rates(4 * 24 * 20, minutes=15), minutes=15)
    header, *rows = path.read_text().splitlines()
    hours = (rows[place : place + 4] for place in range(0, len(rows) - 4, 4))
    kept = [row for hour, four in enumerate(hours) if hour % 7 for row in four]
    path.write_text("\n".join([header, *kept, *rows[-4:]]) + "\n")
    model, step = tmp_path / "model", ("--step", "1h")
    succeed("fit", path, "--horizon", 24, "--model", "window-mean", *step, *of_fit, "--out", model)
    alike = succeed("forecast", model, path, *step, "--json")
    assert f"read as for the fit of the model: {' '.join(of_fit)}" in alike.err
    usual = succeed("forecast", model, path, *step, *named, "--json")
    assert "read as for the fit" not in usual.err
    succeed("fit", path, "--horizon", 24, "--model", "window-mean", *step, "--out", tmp_path / "plain")
    assert usual.out == succeed("forecast", tmp_path / "plain", path, *step, "--json").out
    assert usual.out != alike.out


def test_a_model_that_was_read_as_nobody_says_needs_no_word(tmp_path: Path) -> None:
    path = written(tmp_path / "plain.csv", rates(24 * 30, minutes=60), minutes=60)
    succeed("fit", path, "--horizon", 4, "--model", "naive", "--out", tmp_path / "model")
    assert "read as for" not in succeed("forecast", tmp_path / "model", path).err


def test_the_fit_that_is_recommended_reads_the_data_alike(counted: tuple[Path, Path]) -> None:
    path, _ = counted
    said = succeed("forecast", path, "--counter", 64, "--capacity", "10G", "--zone", "Europe/Prague").err
    reading = "--zone Europe/Prague --counter 64 --capacity 10000000000"
    assert f"for better ones: nettide fit {path} {reading} --horizon 12 --out models/NAME\n" in said
