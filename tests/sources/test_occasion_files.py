"""Files of holidays and of events: what they may look like, and what is refused with its line."""

from __future__ import annotations

import gzip
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from nettide.errors import SourceError
from nettide.occasions import Occasion
from nettide.sources.occasion_files import Listing, read_events, read_holidays

IDS = ("core-1", "core-2")


def written(folder: Path, text: str, name: str = "list.csv") -> str:
    path = folder / name
    path.write_text(text)
    return str(path)


def holidays(folder: Path, text: str, *, zone: str = "UTC") -> Listing:
    return read_holidays(written(folder, text), zone=zone)


def events(folder: Path, text: str, *, zone: str | None = "UTC") -> Listing:
    return read_events(written(folder, text), zone=zone, ids=IDS)


def days(listing: Listing) -> list[date]:
    return [datetime.fromtimestamp(one.start, UTC).date() for one in listing.occasions]


def second(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


@pytest.mark.parametrize(
    "text",
    [
        "date\n2026-12-25\n2026-12-26\n",
        "Date,Type,Name\n2026-12-25,Public holiday,Christmas\n2026-12-26,,\n",
        "number;DAY;holiday\n1;2026-12-25;Christmas\n2;2026-12-26;Boxing Day\n",
        "when,note\n2026-12-25,a\n2026-12-26,b\n",
        "date\n2026-12-25T00:00:00\n\n 2026-12-26 \n",
    ],
)
def test_a_file_of_days_is_read_whatever_its_form(tmp_path: Path, text: str) -> None:
    found = holidays(tmp_path, text)
    assert days(found) == [date(2026, 12, 25), date(2026, 12, 26)]
    assert {one.kind for one in found.occasions} == {"holiday"}
    assert found.notes == ()
    assert found.last == date(2026, 12, 26)


def test_days_are_those_of_the_zone_and_keep_their_names(tmp_path: Path) -> None:
    found = holidays(tmp_path, "date,name\n2026-12-25,Christmas\n", zone="Europe/Prague").occasions
    assert found == (Occasion("holiday", second("2026-12-24T23:00"), second("2026-12-25T23:00"), "Christmas"),)


def test_weekends_are_left_out_and_said(tmp_path: Path) -> None:
    found = holidays(tmp_path, "Date,Type\n2026-12-25,Holiday\n2026-12-26,Weekend\n2026-12-27,weekend\n")
    assert days(found) == [date(2026, 12, 25)]
    assert found.notes == ("list.csv: left out 2 rows of type weekend, which the calendar knows already",)
    assert found.last == date(2026, 12, 27)


def test_rows_that_repeat_are_left_out_and_said(tmp_path: Path) -> None:
    found = holidays(tmp_path, "date,name\n2026-12-25,a\n2026-12-25,a\n2026-12-25,b\n")
    assert [one.name for one in found.occasions] == ["a", "b"]
    assert found.notes == ("list.csv: left out 1 row that repeats another",)


def test_a_compressed_file_is_read(tmp_path: Path) -> None:
    path = tmp_path / "days.csv.gz"
    path.write_bytes(gzip.compress(b"date\n2026-12-25\n"))
    assert days(read_holidays(str(path), zone="UTC")) == [date(2026, 12, 25)]


@pytest.mark.data
def test_the_holidays_of_a_published_data_set_are_read(data: Path) -> None:
    found = read_holidays(str(data / "cesnet_holidays.csv"), zone="Europe/Prague")
    assert len(found.occasions) == 9
    assert found.notes == ("cesnet_holidays.csv: left out 82 rows of type weekend, which the calendar knows already",)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", r"list.csv: is empty"),
        ("date\n", r"list.csv: has a header but no rows"),
        (
            "2026-12-25\n2026-12-26\n",
            r"list.csv line 1: looks like readings, not like the names of columns",
        ),
        ("city,visitors\nBrno,3\n", r"list.csv: has no column of dates; name the column of the holidays 'date'"),
        ("from,until\n2026-12-25,2026-12-26\n", r"columns 'from' and 'until' both hold dates; name the column of the"),
        (
            "date\n2026-12-25\n25.12.2026\n",
            r"list.csv line 3: date '25.12.2026' is not understood; write dates",
        ),
        ("date\n2026-12-25\n2026-02-30\n", r"list.csv line 3: date '2026-02-30' is not understood"),
        ("date,name\n2026-12-25,a\n,b\n", r"list.csv line 3: the date in column 'date' is empty"),
        ("date\n2026-12-25 08:00\n", r"list.csv line 2: '2026-12-25 08:00' is no whole day; write .* among the events"),
        ("date\n2026-12-25T00:00Z\n", r"list.csv line 2: '2026-12-25T00:00Z' is no whole day"),
        ("date\n0001-01-01\n", r"list.csv line 2: date '0001-01-01' is not within the years 1700 to 2259"),
        ("date,type\n2026-12-25,Working day\n", r"line 2: type 'Working day' is neither holiday nor weekend; correct"),
        ("date,name\n2026-12-25,a,b\n", r"list.csv line 2: has 3 cells, but the header names 2 columns"),
        (
            "date,Date\n2026-12-25,2026-12-25\n",
            r"list.csv: column 'date' stands twice in the header; rename",
        ),
    ],
)
def test_a_file_of_days_that_cannot_be_read_is_refused(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(SourceError, match=message):
        holidays(tmp_path, text)


@pytest.mark.parametrize("read", [read_holidays, lambda location, zone: read_events(location, zone=zone, ids=IDS)])
def test_a_file_that_is_not_there_or_no_csv_is_refused(tmp_path: Path, read: Any) -> None:
    written(tmp_path, "date\n")
    with pytest.raises(SourceError, match=r"lst.csv: no such file or folder; did you mean .*list.csv"):
        read(str(tmp_path / "lst.csv"), zone="UTC")
    with pytest.raises(SourceError, match="is no regular file"):
        read(str(tmp_path), zone="UTC")
    with pytest.raises(SourceError, match=r"days.parquet: holidays and events are read from CSV; export it as CSV"):
        read(written(tmp_path, "PAR1", "days.parquet"), zone="UTC")


def test_events_have_a_time_and_concern_one_series_or_all(tmp_path: Path) -> None:
    found = events(
        tmp_path,
        "name,Start,END,kind,series\n"
        "upgrade,2026-03-01 22:00,2026-03-02 02:00,Maintenance,core-1\n"
        "match,2026-03-03 18:00,2026-03-03 20:30,event,\n",
        zone="Europe/Prague",
    )
    assert found.occasions == (
        Occasion("maintenance", second("2026-03-01T21:00"), second("2026-03-02T01:00"), "upgrade", ("core-1",)),
        Occasion("event", second("2026-03-03T17:00"), second("2026-03-03T19:30"), "match"),
    )
    assert found.notes == ()


def test_times_of_events_may_be_instants_epoch_seconds_or_days(tmp_path: Path) -> None:
    for start, end in (
        ("2026-03-01T00:00Z", "2026-03-02T00:00Z"), ("2026-03-01", "2026-03-02"),
        (second("2026-03-01"), second("2026-03-02")), ("2026-03-01T00:00:00.400Z", "2026-03-01T23:59:59.300Z"),
    ):  # fmt: skip
        (found,) = events(tmp_path, f"start,end,kind\n{start},{end},event\n").occasions
        assert (found.start, found.end) == (second("2026-03-01"), second("2026-03-02"))


def test_times_without_a_zone_are_utc_and_it_is_said_once(tmp_path: Path) -> None:
    found = events(tmp_path, "start,end,kind\n2026-03-01,2026-03-02,event\n2026-03-01,2026-03-02,event\n", zone=None)
    assert found.notes == (
        "list.csv: times have no zone and are taken as UTC (set with --zone)",
        "list.csv: left out 1 row that repeats another",
    )


HEAD = "start,end,kind,series\n"
GOOD = "2026-03-01T10:00,2026-03-01T12:00,event,\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("start,end\n2026-03-01,2026-03-02\n", r"list.csv: has no column 'kind' but start, end; events need"),
        (HEAD, r"list.csv: has a header but no rows"),
        (HEAD + GOOD + "2026-03-01T10:00,2026-03-01T12:00,maintenence,\n",
         r"list.csv line 3: unknown kind 'maintenence'; did you mean 'maintenance'\? known: event"),
        (HEAD + GOOD + "2026-03-01T10:00,2026-03-01T12:00,,\n", r"list.csv line 3: unknown kind ''; known: event, hol"),
        (HEAD + GOOD + "2026-03-01T12:00,2026-03-01T10:00,event,\n",
         r"line 3: end 2026-03-01T10:00 does not come after start 2026-03-01T12:00; correct one of them"),
        (HEAD + GOOD + "2026-03-01T12:00,2026-03-01T12:00,event,\n", r"line 3: end 2026-03-01T12:00 does not come"),
        (HEAD + GOOD + "2026-03-01T10:00,2026-03-01T12:00,event,core-3\n",
         r"list.csv line 3: unknown series 'core-3'; did you mean 'core-\d'\?"),
        (HEAD + GOOD + "2026-03-01T10:00,2026-03-01T12:00,event,x\n", r"line 3: unknown series 'x'; there are 2"),
        (HEAD + GOOD + "yesterday,2026-03-01T12:00,event,\n", r"list.csv line 3: time 'yesterday' is not ISO 8601"),
        (HEAD + GOOD + "2026-03-01T10:00,,event,\n", r"list.csv line 3: the time in column 'end' is empty"),
        (HEAD + GOOD + "2026-03-29T02:30,2026-03-29T04:00,event,\n", r"line 3: local time .* never was in Europe"),
    ],
)  # fmt: skip
def test_a_file_of_events_that_cannot_be_read_is_refused(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(SourceError, match=message):
        events(tmp_path, text, zone="Europe/Prague")
