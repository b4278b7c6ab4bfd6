"""``nettide check`` at the command line."""

from __future__ import annotations

import json
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from command_line import refuse, succeed
from typer.testing import CliRunner, Result

from nettide.cli.app import app
from nettide.errors import OptionError, SourceError
from nettide.synthetic.config import SynthConfig
from nettide.synthetic.traffic import generate
from nettide.tasks.synth import write_synthetic


def run(*arguments: str) -> Result:
    result = CliRunner().invoke(app, ["check", *arguments], catch_exceptions=False)
    assert result.exit_code == 0
    return result


@pytest.fixture
def clean(tmp_path: Path) -> str:
    path = tmp_path / "clean.parquet"
    write_synthetic(SynthConfig(series=25, points=24 * 91, events_per_month=0), path)
    return str(path)


@pytest.fixture
def bad(tmp_path: Path) -> str:
    """A file that every other verb refuses: negative, infinite, repeated with another value, out of order."""
    values = generate(SynthConfig(series=1, points=24 * 91, events_per_month=0)).panel.target[0]
    times = np.datetime64("2026-01-01T00:00", "s") + np.arange(len(values)) * np.timedelta64(1, "h")
    lines = [f"{time}Z,{value:.0f}" for time, value in zip(times, values, strict=True)]
    lines[5], lines[9] = f"{times[5]}Z,-3", f"{times[9]}Z,inf"
    lines[20], lines[21] = lines[21], lines[20]
    lines += [f"{times[40]}Z,77", lines[41]]
    path = tmp_path / "bad.csv"
    path.write_text("time,bits\n" + "\n".join(lines) + "\n")
    return str(path)


def test_the_verdict_is_a_table_on_stdout_and_notes_are_on_stderr(clean: str) -> None:
    result = run(clean)
    assert result.stdout.splitlines()[0] == (
        "clean.parquet: 25 series, 54,600 rows, target y, step 1h: 25 fit to forecast"
    )
    assert "nothing to remark" in result.stdout
    assert result.stderr.startswith("note: clean.parquet: time column 'ds'")


def test_twenty_series_are_shown_unless_all_are_asked_for(clean: str) -> None:
    some, every = run(clean).stdout, run(clean, "--all").stdout
    assert some.count("link-") == 20
    assert "and 5 more (--all shows every series); findings by series: none" in some
    assert every.count("link-") == 25
    assert "more" not in every


def test_data_that_other_verbs_refuse_get_a_verdict(bad: str) -> None:
    text = run(bad).stdout
    assert "1 with care" in text
    for finding in (
        "1 negative value: add --invalid gap",
        "1 infinite value: add --invalid gap",
        "1 row at the time of another with other values: add --duplicates first, last or mean",
        "1 row repeated with the same values",
        "2 rows earlier than the row before",
    ):
        assert finding in text


def test_json_is_one_document_with_nothing_else_on_stdout(bad: str) -> None:
    document = json.loads(run(bad, "--json").stdout)
    assert document["counts"] == {"fit to forecast": 0, "with care": 1, "not": 0}
    assert document["series"][0]["figures"]["negative"] == 1


def test_reading_options_take_effect(bad: str) -> None:
    document = json.loads(run(bad, "--step", "1d", "--capacity", "1k", "--unit", "bit/s", "--json").stdout)
    assert document["step_seconds"] == 86400
    assert document["series"][0]["figures"]["known"] == 91
    assert document["series"][0]["figures"]["above_capacity"] > 2000


def test_a_counter_becomes_fit_once_it_is_read_as_one(tmp_path: Path) -> None:
    rates = generate(SynthConfig(series=1, points=24 * 91, events_per_month=0)).panel.target[0]
    times = np.datetime64("2026-01-01T00:00", "s") + np.arange(len(rates)) * np.timedelta64(1, "h")
    octets = np.cumsum(rates * 3600 / 8).astype(np.int64)
    path = tmp_path / "counter.csv"
    path.write_text("time,octets\n" + "".join(f"{one}Z,{two}\n" for one, two in zip(times, octets, strict=True)))
    assert "looks like a counter, it never falls" in run(str(path)).stdout
    assert "1 fit to forecast" in run(str(path), "--counter", "64", "--capacity", "1T").stdout


def test_a_file_that_is_no_traffic_ends_the_run(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="no such file or folder"):
        run(str(tmp_path / "absent.csv"))


def test_a_counter_without_a_capacity_ends_the_run(bad: str) -> None:
    with pytest.raises(OptionError, match="add --capacity 10G"):
        run(bad, "--counter", "64")


def test_help_has_an_example() -> None:
    assert "Example: nettide check traffic.csv" in run("--help").stdout


def test_days_are_those_of_the_zone(tmp_path: Path) -> None:
    path = tmp_path / "days.csv"
    path.write_text("ds,y\n" + "".join(f"2026-01-{day:02d},{day}\n" for day in range(5, 31)))
    assert "2026-01-05  2026-01-30" in succeed("check", path, "--zone", "Europe/Prague").out


def test_a_local_day_of_23_hours_is_even(tmp_path: Path) -> None:
    path = tmp_path / "days.csv"
    days = [date(2026, 3, 1) + timedelta(days=one) for one in range(90)]
    path.write_text("ds,y\n" + "".join(f"{day},{60 + day.weekday()}\n" for day in days))
    assert "uneven" not in succeed("check", path, "--zone", "Europe/Prague").out
    instants = tmp_path / "instants.csv"
    prague = ZoneInfo("Europe/Prague")
    lines = [f"{datetime(day.year, day.month, day.day, tzinfo=prague).isoformat()},5{day.weekday()}\n" for day in days]
    instants.write_text("ds,y\n" + "".join(lines))
    assert "uneven" not in succeed("check", instants, "--zone", "Europe/Prague").out
    assert "uneven" in succeed("check", instants).out


def test_a_zone_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "hours.csv"
    path.write_text("ds,y\n" + "".join(f"2026-01-05T{hour:02d}:00Z,1\n" for hour in range(24)))
    assert "Mars/Olympus" in refuse("check", path, "--zone", "Mars/Olympus")
