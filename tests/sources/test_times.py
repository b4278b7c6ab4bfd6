"""Times of every form as instants, against Python's own calendar and zones."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nettide.sources.local_times import to_instants
from nettide.sources.times import TimeColumn, instants

QUICK = settings(derandomize=True, max_examples=60, deadline=None)


def column(cells: pa.Array | list[object]) -> TimeColumn:
    return TimeColumn(pa.chunked_array([cells]), "ds", "traffic.csv", lambda row: f"traffic.csv line {row + 2}")


def milliseconds(cells: pa.Array | list[object], zone: str | None = None) -> list[int]:
    return instants(column(cells), zone=zone)[0].astype(np.int64).tolist()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-03-01", "2026-03-01T00:00:00.000"),
        ("2026-03-01T10", "2026-03-01T10:00:00.000"),
        (" 2026-03-01 10:05 ", "2026-03-01T10:05:00.000"),
        ("2026-03-01T10:05:06.7899", "2026-03-01T10:05:06.789"),
        ("2026-03-01T10:05:06.123456789", "2026-03-01T10:05:06.123"),
        ("2026-03-01T10:05:06Z", "2026-03-01T10:05:06.000"),
        ("2026-03-01 10:05:06z", "2026-03-01T10:05:06.000"),
        ("2026-03-01 10:05:06 UTC", "2026-03-01T10:05:06.000"),
        ("2026-03-01T10:05:06+02", "2026-03-01T08:05:06.000"),
        ("2026-03-01T10:05:06+0530", "2026-03-01T04:35:06.000"),
        ("2026-03-01T10:05:06 -05:30", "2026-03-01T15:35:06.000"),
        ("1969-12-31T23:59:59.9999", "1969-12-31T23:59:59.999"),
        ("9999-12-31T23:59:59", "9999-12-31T23:59:59.000"),
        ("1772355600", "2026-03-01T09:00:00.000"),
        ("1772355600.25", "2026-03-01T09:00:00.250"),
        ("1.7723556e9", "2026-03-01T09:00:00.000"),
        ("1772355600000", "2026-03-01T09:00:00.000"),
        ("1772355600000000", "2026-03-01T09:00:00.000"),
        ("1772355600000000000", "2026-03-01T09:00:00.000"),
        ("-86400", "1969-12-31T00:00:00.000"),
    ],
)
def test_a_text_is_read_as_its_instant(text: str, expected: str) -> None:
    found, _ = instants(column([text]), zone=None)
    assert str(found[0]) == expected


def test_different_offsets_are_instants_all_the_same() -> None:
    assert len(set(milliseconds(["2026-03-01T10:00Z", "2026-03-01T11:00+01:00", "2026-03-01T04:30-05:30"]))) == 1


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
@pytest.mark.parametrize("zone", [None, "UTC", "Asia/Kolkata"])
def test_typed_times_of_every_unit_and_zone_are_instants(unit: str, zone: str | None) -> None:
    count = {"s": 1, "ms": 1000, "us": 10**6, "ns": 10**9}[unit]
    cells = pa.array([1772355600 * count, -1 * count], pa.timestamp(unit, tz=zone))
    assert milliseconds(cells) == [1772355600000, -1000]


def test_parts_of_a_millisecond_are_cut_off_below() -> None:
    assert milliseconds(pa.array([-1, 1999], pa.timestamp("us"))) == [-1, 1]


@pytest.mark.parametrize("kind", [pa.date32(), pa.date64()])
def test_dates_are_midnights_of_the_zone(kind: pa.DataType) -> None:
    cells = pa.array([datetime(2026, 3, 1).date()]).cast(kind)
    assert milliseconds(cells, "Europe/Prague") == [1772319600000]


def test_typed_times_without_a_zone_are_local_to_the_one_given() -> None:
    assert milliseconds(pa.array([1772355600], pa.timestamp("s")), "Asia/Kolkata") == [1772335800000]


def test_texts_in_a_dictionary_are_read_too() -> None:
    assert milliseconds(pa.array(["2026-03-01T09:00Z"] * 2).dictionary_encode()) == [1772355600000] * 2


def test_a_zone_is_not_applied_to_times_that_have_one() -> None:
    assert milliseconds(["2026-03-01T09:00Z"], "Asia/Kolkata") == [1772355600000]


@QUICK
@given(st.lists(st.datetimes(datetime(1700, 1, 1), datetime(2250, 1, 1)), min_size=1, max_size=20))
def test_what_python_writes_is_read_back(stamps: list[datetime]) -> None:
    expected = [(one - datetime(1970, 1, 1)) // timedelta(milliseconds=1) for one in stamps]
    assert milliseconds([one.isoformat(timespec="microseconds") for one in stamps]) == expected
    assert milliseconds([one.isoformat(" ", "microseconds") + "+00:00" for one in stamps]) == expected


@pytest.mark.parametrize(
    "zone",
    ["Europe/Prague", "America/New_York", "Australia/Lord_Howe", "America/Sao_Paulo", "Asia/Kathmandu", "Africa/Cairo"],
)
def test_local_times_are_the_instants_that_python_finds(zone: str) -> None:
    known = ZoneInfo(zone)
    start, hour = datetime(2016, 1, 1), timedelta(minutes=15)
    local = [start + i * hour for i in range(0, 4 * 24 * 365 * 3, 7)]
    found, absent, twice = to_instants(
        np.array([(one - datetime(1970, 1, 1)) // timedelta(milliseconds=1) for one in local]), known
    )
    for one, instant, never, again in zip(local, found.tolist(), absent.tolist(), twice.tolist(), strict=True):
        back = datetime.fromtimestamp(instant / 1000, UTC).astimezone(known).replace(tzinfo=None, fold=0)
        offsets = {one.replace(tzinfo=known, fold=fold).utcoffset() for fold in (0, 1)}
        assert never == (back != one)
        assert again == (len(offsets) > 1 and not never)


def test_a_year_at_the_end_of_the_calendar_has_local_times() -> None:
    milliseconds(["9999-12-30T00:00", "0001-01-02T00:00"], "Europe/Prague")
