"""From a location and how to read it to a panel, for every verb alike."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest

from nettide.errors import OptionError, SourceError
from nettide.prepare.grid import GridChoice
from nettide.sources.contract import Layout
from nettide.tasks.backtest import check_out_folder
from nettide.tasks.load import Reading, load
from nettide.tasks.times import parse_time


@pytest.fixture
def counters(tmp_path: Path) -> str:
    path = tmp_path / "counters.csv"
    lines = [f"2026-03-01T{hour:02d}:00Z,{hour * 450_000_000}" for hour in range(24)]
    path.write_text("time,octets\n" + "\n".join(lines) + "\n")
    return str(path)


def test_counters_become_bits_per_second(counters: str) -> None:
    panel, notes = load(counters, Reading(counter_bits=64, capacity=1e9))
    assert panel.units == ("bit/s",)
    assert np.allclose(panel.target[0, :23], 1e6)
    assert notes


def test_counters_need_a_capacity(counters: str) -> None:
    with pytest.raises(OptionError, match="add --capacity 10G"):
        load(counters, Reading(counter_bits=64))


def test_counters_know_no_silence(counters: str) -> None:
    with pytest.raises(OptionError, match="counters cannot be read with --missing zero"):
        load(counters, Reading(counter_bits=64, capacity=1e9, grid=GridChoice(missing="zero")))


def test_what_is_said_of_the_place_is_kept(counters: str) -> None:
    panel, _ = load(counters, Reading(unit="bytes", zone="Europe/Prague", capacity=5e9))
    assert (panel.series[0].unit, panel.series[0].zone, panel.series[0].capacity) == ("bytes", "Europe/Prague", 5e9)


def test_the_limit_of_unpacking_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "big.csv.gz"
    path.write_bytes(gzip.compress(b"ds,y\n" + b"2026-03-01T10:00Z,5\n" * 100_000))
    with pytest.raises(SourceError, match="unpacks to more than 1 MiB, the limit"):
        load(str(path), Reading(layout=Layout(limit_bytes=1 << 20)))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-03-01", "2026-03-01T00:00:00"),
        ("2026-03-01T06:00", "2026-03-01T06:00:00"),
        ("2026-03-01T06:00Z", "2026-03-01T06:00:00"),
        ("2026-03-01T06:00+02:00", "2026-03-01T04:00:00"),
    ],
)
def test_a_time_without_a_zone_is_utc(text: str, expected: str) -> None:
    assert str(parse_time(text)) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-03-01", "2026-02-28T23:00:00"),
        ("2026-07-01T06:00", "2026-07-01T04:00:00"),
        ("2026-07-01T06:00Z", "2026-07-01T06:00:00"),
    ],
)
def test_a_time_without_an_offset_is_of_the_zone_where_there_is_one(text: str, expected: str) -> None:
    assert str(parse_time(text, zone="Europe/Prague")) == expected


def test_a_time_in_no_zone_is_refused() -> None:
    with pytest.raises(OptionError, match="time zone 'Mars/Olympus' does not exist"):
        parse_time("2026-03-01", zone="Mars/Olympus")


@pytest.mark.parametrize("text", ["", "noon", "2026-13-01", "5", "9999-12-31T23:59-05:00", "0001-01-01T00:00+05:00"])
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(OptionError, match="is not understood; write for example 2026-03-01"):
        parse_time(text)


def test_an_out_folder_is_created_and_left_empty(tmp_path: Path) -> None:
    check_out_folder(tmp_path / "a" / "b")
    assert list((tmp_path / "a" / "b").iterdir()) == []
