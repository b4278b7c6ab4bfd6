"""Whatever is wrong with a file, one sentence says what, where and how to go on."""

from __future__ import annotations

import gzip
import os
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from nettide.errors import NettideError, PanelError, SourceError
from nettide.panel import Panel
from nettide.prepare.grid import GridChoice, to_panel
from nettide.prepare.rows import Rows
from nettide.sources import Layout, read_rows

HEADER = "ds,unique_id,y\n"
GOOD = HEADER + "2026-03-01T10:00Z,r1,5\n2026-03-01T10:05Z,r1,6\n2026-03-01T10:10Z,r1,7\n"


def read(folder: Path, content: str | bytes, name: str = "traffic.csv", **layout: object) -> Rows:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_rows(str(path), Layout(**layout))


def panel(folder: Path, content: str, **choice: object) -> tuple[Panel, tuple[str, ...]]:
    return to_panel(read(folder, content), GridChoice(**choice))


@contextmanager
def refused(sentence: str, kind: type[NettideError] = SourceError) -> Iterator[None]:
    with pytest.raises(kind, match=re.escape(sentence)) as caught:
        yield
    assert "\n" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_a_good_file_is_read_without_complaint(tmp_path: Path) -> None:
    assert panel(tmp_path, GOOD)[1] == ()


# --- the file itself


def test_a_missing_file(tmp_path: Path) -> None:
    (tmp_path / "traffic.csv").write_text(GOOD)
    with refused(f"{tmp_path}/trafic.csv: no such file or folder; did you mean '{tmp_path}/traffic.csv'?"):
        read_rows(str(tmp_path / "trafic.csv"), Layout())


def test_a_path_through_a_file(tmp_path: Path) -> None:
    (tmp_path / "traffic.csv").write_text(GOOD)
    with refused("traffic.csv/b.csv: no such file or folder"):
        read_rows(str(tmp_path / "traffic.csv" / "b.csv"), Layout())


def test_a_name_with_a_zero_byte() -> None:
    with refused("no such file or folder"):
        read_rows("traffic\0.csv", Layout())


def test_a_name_that_is_too_long() -> None:
    with refused("cannot be read: File name too long"):
        read_rows("x" * 5000 + ".csv", Layout())


@pytest.mark.parametrize("content", [b"", b"\n\n", b"\xef\xbb\xbf", b"  \n"])
def test_an_empty_file(tmp_path: Path, content: bytes) -> None:
    with refused("traffic.csv: is empty"):
        read(tmp_path, content)


def test_an_empty_compressed_file(tmp_path: Path) -> None:
    with refused("traffic.csv.gz: is empty"):
        read(tmp_path, gzip.compress(b""), "traffic.csv.gz")


def test_an_empty_parquet_file(tmp_path: Path) -> None:
    with refused("traffic.parquet: is empty"):
        read(tmp_path, b"", "traffic.parquet")


@pytest.mark.parametrize("content", [HEADER, HEADER.strip(), HEADER + "\n\r\n"])
def test_a_header_alone(tmp_path: Path, content: str) -> None:
    with refused("traffic.csv: has a header but no rows"):
        read(tmp_path, content)


def test_a_parquet_file_without_rows(tmp_path: Path) -> None:
    times = pa.array([], pa.timestamp("ms"))
    pq.write_table(pa.table({"ds": times, "y": pa.array([], pa.float64())}), tmp_path / "t.parquet")
    with refused("t.parquet: has a header but no rows"):
        read_rows(str(tmp_path / "t.parquet"), Layout())


def test_readings_without_a_header(tmp_path: Path) -> None:
    with refused("traffic.csv line 1: looks like readings, not like the names of columns; add a header such as ds,y"):
        read(tmp_path, "2026-03-01T10:00Z,r1,5\n2026-03-01T10:05Z,r1,6\n")


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"PAR1....PAR1", "is not CSV text but Parquet; name it .parquet"),
        (gzip.compress(b"ds,y", mtime=0), "is not CSV text but gzip; name it .csv.gz"),
        (pa.Codec("zstd").compress(b"ds,y", asbytes=True), "is not CSV text but Zstandard; name it .csv.zst"),
        (b"PK\x03\x04rest", "is not CSV text but a ZIP archive or a spreadsheet; export it as CSV"),
        ("ds,y\n".encode("utf-16"), "is not CSV text but UTF-16 text; save it as UTF-8"),
        (b"ds,y\n\x7fELF\0\0", "line 2: is not CSV text but binary (it holds a zero byte)"),
    ],
)
def test_a_binary_file_named_csv(tmp_path: Path, content: bytes, kind: str) -> None:
    with refused(kind):
        read(tmp_path, content)


@pytest.mark.parametrize("content", [b"ds,y\n1,2\n", b"PAR1" + b"\0" * 50 + b"PAR1", bytes(range(7, 207))])
def test_a_file_named_parquet_that_is_none(tmp_path: Path, content: bytes) -> None:
    with refused("traffic.parquet: is no Parquet file or is damaged: "):
        read(tmp_path, content, "traffic.parquet")


def test_a_truncated_parquet_file(tmp_path: Path) -> None:
    pq.write_table(pa.table({"ds": pa.array([0, 300]), "y": [1.0, 2.0]}), tmp_path / "whole.parquet")
    whole = (tmp_path / "whole.parquet").read_bytes()
    with refused("traffic.parquet: is no Parquet file or is damaged: "):
        read(tmp_path, whole[:-20], "traffic.parquet")


def test_a_parquet_file_with_damaged_pages(tmp_path: Path) -> None:
    table = pa.table({"ds": pa.array(range(10**9, 10**9 + 3000)), "y": pa.array(range(3000), pa.float64())})
    pq.write_table(table, tmp_path / "whole.parquet", compression="gzip")
    content = bytearray((tmp_path / "whole.parquet").read_bytes())
    content[40:4000] = b"\xff" * 3960
    with refused("traffic.parquet: is no Parquet file or is damaged: "):
        read(tmp_path, bytes(content), "traffic.parquet")


def test_text_that_is_not_utf8(tmp_path: Path) -> None:
    sentence = (
        "traffic.csv line 3: byte 0xe9 is not UTF-8; convert the file, for example with: iconv -f latin1 -t utf-8"
    )
    with refused(sentence):
        read(tmp_path, "ds,unique_id,y\n2026-03-01,a,1\n2026-03-01,é,1\n".encode("latin1"))


def test_text_that_ends_within_a_letter(tmp_path: Path) -> None:
    with refused("traffic.csv line 2: byte 0xc3 is not UTF-8"):
        read(tmp_path, b"ds,unique_id,y\n2026-03-01,\xc3")


def test_a_file_that_must_not_be_read(tmp_path: Path) -> None:
    path = tmp_path / "traffic.csv"
    path.write_text(GOOD)
    path.chmod(0)
    privileged = os.geteuid() == 0
    try:
        if privileged:  # the administrator may read everything
            os.seteuid(65534)
        with refused("cannot be read: Permission denied"):
            read_rows(str(path), Layout())
    finally:
        if privileged:
            os.seteuid(0)


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "traffic.csv")
    with refused("is no regular file"):
        read_rows(str(tmp_path / "traffic.csv"), Layout())


# --- compression


@pytest.mark.parametrize("cut", [12, -4, -9])
def test_a_truncated_gzip(tmp_path: Path, cut: int) -> None:
    with refused("traffic.csv.gz: is truncated or damaged, or is not gzip: "):
        read(tmp_path, gzip.compress(GOOD.encode())[:cut], "traffic.csv.gz")


@pytest.mark.parametrize("name", ["traffic.csv.gz", "traffic.csv.zst"])
def test_plain_text_named_as_compressed(tmp_path: Path, name: str) -> None:
    with refused("is truncated or damaged, or is not"):
        read(tmp_path, GOOD, name)


def test_a_bit_flip_in_a_gzip_is_noticed(tmp_path: Path) -> None:
    packed = bytearray(gzip.compress(GOOD.encode() * 50))
    packed[-6] ^= 1
    with refused("is truncated or damaged"):
        read(tmp_path, bytes(packed), "traffic.csv.gz")


@pytest.mark.parametrize("name", ["bomb.csv.gz", "bomb.csv.zst"])
def test_a_bomb_is_not_unpacked_beyond_the_limit(tmp_path: Path, name: str) -> None:
    piece = b"2026-03-01T10:00Z,r1,5\n" * (1 << 16)
    packed = gzip.compress(piece) if name.endswith("gz") else pa.Codec("zstd").compress(piece, asbytes=True)
    content = packed * 4000  # six gigabytes
    before, start = pa.total_allocated_bytes(), time.monotonic()
    with refused(f"{name}: unpacks to more than 4 MiB, the limit"):
        read(tmp_path, content, name, limit_bytes=4 << 20)
    assert time.monotonic() - start < 5
    assert pa.total_allocated_bytes() - before < 64 << 20


def test_a_bomb_of_zeros_is_given_up_at_once(tmp_path: Path) -> None:
    content = gzip.compress(bytes(1 << 20)) * 4000
    with refused("bomb.csv.gz line 1: is not CSV text but binary"):
        read(tmp_path, content, "bomb.csv.gz")


def test_a_parquet_bomb_is_not_unpacked(tmp_path: Path) -> None:
    count = 1_000_000
    table = pa.table({"ds": pa.array([0] * count), "y": pa.array([1.0] * count)})
    pq.write_table(table, tmp_path / "bomb.parquet")
    assert (tmp_path / "bomb.parquet").stat().st_size < 10_000
    with refused("bomb.parquet: unpacks to more than 4 MiB, the limit (1,000,000 rows of 2 columns)"):
        read_rows(str(tmp_path / "bomb.parquet"), Layout(time="ds", limit_bytes=4 << 20))


# --- columns


def test_an_unknown_column(tmp_path: Path) -> None:
    with refused("traffic.csv: unknown column 'time'; known: ds, unique_id, y"):
        read(tmp_path, GOOD, time="time")
    with refused("traffic.csv: unknown column 'unique-id'; did you mean 'unique_id'? known: ds, unique_id, y"):
        read(tmp_path, GOOD, id="unique-id")


def test_an_unknown_column_among_very_many(tmp_path: Path) -> None:
    header = "ds," + ",".join(f"link{i:05d}" for i in range(5000))
    with pytest.raises(SourceError, match=r"did you mean 'link04711'\?.*5001 in all") as caught:
        read(tmp_path, header + "\n2026-03-01" + ",1" * 5000 + "\n", target="link_04711")
    assert len(str(caught.value)) < 600


def test_a_column_name_that_stands_twice(tmp_path: Path) -> None:
    with refused("traffic.csv: column 'y' stands twice in the header; rename one of them"):
        read(tmp_path, "ds,y,y\n2026-03-01,1,2\n")


def test_a_column_with_two_roles(tmp_path: Path) -> None:
    with refused("traffic.csv: column 'ds' is named as time and as target"):
        read(tmp_path, GOOD, time="ds", target="ds")


@pytest.mark.parametrize(("row", "cells"), [("2026-03-01T10:05Z,r1", 2), ("2026-03-01T10:05Z,r1,6,7", 4), ("x", 1)])
def test_a_record_with_another_number_of_cells(tmp_path: Path, row: str, cells: int) -> None:
    with refused(f"traffic.csv line 3: has {cells} cells, but the header names 3 columns"):
        read(tmp_path, HEADER + f"2026-03-01T10:00Z,r1,5\n{row}\n2026-03-01T10:10Z,r1,7\n")


def test_lines_are_counted_through_blank_lines_and_quoted_line_ends(tmp_path: Path) -> None:
    start = '\nds,unique_id,y\n\n2026-03-01T10:00Z,"r\n\n1",5\n\r\n2026-03-01T10:05Z,"r""2",6\n'
    with refused("traffic.csv line 9: 'x' in column 'y' is not a number"):
        read(tmp_path, start + "2026-03-01T10:05Z,r1,x\n")
    with refused("traffic.csv line 9: has 1 cells"):
        read(tmp_path, start + "oops\n")
    assert read(tmp_path, start).lines.tolist() == [4, 8]


def test_a_quote_that_is_never_closed(tmp_path: Path) -> None:
    with refused("traffic.csv line 3: "):
        read(tmp_path, HEADER + '2026-03-01T10:00Z,r1,5\n2026-03-01T10:05Z,"r1,6\n' + "2026-03-01T10:10Z,r1,7\n" * 50)


# --- cells


@pytest.mark.parametrize(
    "bad", ["yesterday", "2026-02-30", "2026-03-01T25:00Z", "01.03.2026 10:00", "12:00", "2026-3-1"]
)
def test_a_time_that_is_none(tmp_path: Path, bad: str) -> None:
    sentence = f"traffic.csv line 4: time '{bad}' is not ISO 8601 such as 2026-03-01T10:00:00Z, nor epoch seconds"
    with refused(sentence):
        read(tmp_path, HEADER + f"2026-03-01T10:00Z,r1,5\n2026-03-01T10:05Z,r1,5\n{bad},r1,6\n2026-03-01T10:10Z,r1,5\n")


def test_the_first_time_that_is_none(tmp_path: Path) -> None:
    with refused("traffic.csv line 2: time 'soon' is not ISO 8601"):
        read(tmp_path, "time,y\nsoon,1\nlater,2\n")


def test_a_time_that_is_none_far_down_a_long_file(tmp_path: Path) -> None:
    lines = [f"2026-03-01T10:00:{i % 60:02d}Z,{i}" for i in range(300_000)]
    lines[271_828] = "2026-03-01 10:00:61Z,1"
    with refused("traffic.csv line 271830: time '2026-03-01 10:00:61Z' is not ISO 8601"):
        read(tmp_path, "ds,y\n" + "\n".join(lines))


@pytest.mark.parametrize("cell", ["", " "])
def test_an_empty_time(tmp_path: Path, cell: str) -> None:
    with refused("traffic.csv line 3: the time in column 'ds' is empty"):
        read(tmp_path, HEADER + f"2026-03-01T10:00Z,r1,5\n{cell},r1,6\n")


def test_an_epoch_among_which_is_a_word(tmp_path: Path) -> None:
    with refused("traffic.csv line 3: time 'now' is no epoch number as on traffic.csv line 2"):
        read(tmp_path, "time,y\n1772355600,1\nnow,2\n1772356200,2\n")


def test_seconds_among_milliseconds(tmp_path: Path) -> None:
    with refused("traffic.csv line 3: time '1772355900' looks like seconds, but traffic.csv line 2 like milliseconds"):
        read(tmp_path, "time,y\n1772355600000,1\n1772355900,2\n", time="time")


def test_numbers_that_may_be_dates(tmp_path: Path) -> None:
    with refused("traffic.csv line 2: time '20260301' may be a date or epoch seconds; write dates as 2026-03-01"):
        read(tmp_path, "time,y\n20260301,1\n20260302,2\n", time="time")


def test_a_running_number_is_not_taken_for_the_time(tmp_path: Path) -> None:
    with refused("traffic.csv: column 'time' holds numbers that are no epoch times of the years 1973 to 2128"):
        read(tmp_path, "time,y\n0,1\n1,2\n2,2\n")


@pytest.mark.parametrize(
    ("one", "other", "said"),
    [
        ("2026-03-01T10:00Z", "2026-03-01T10:05", "has no zone, while traffic.csv line 2 has one"),
        ("2026-03-01T10:00", "2026-03-01T10:05+01:00", "has a zone, while traffic.csv line 2 has none"),
    ],
)
def test_times_with_and_without_a_zone(tmp_path: Path, one: str, other: str, said: str) -> None:
    sentence = f"traffic.csv line 4: time '{other}' {said}; write all times with a zone or all without"
    with refused(sentence):
        read(tmp_path, HEADER + f"{one},r1,5\n{one},r2,5\n{other},r1,6\n")


def test_a_local_time_that_never_was(tmp_path: Path) -> None:
    sentence = (
        "traffic.csv line 3: local time '2026-03-29 02:30' never was in Europe/Prague (clocks went forward); "
        "write times in UTC or with their offset"
    )
    with refused(sentence):
        read(tmp_path, "ds,y\n2026-03-29 01:30,1\n2026-03-29 02:30,2\n2026-03-29 03:30,2\n", zone="Europe/Prague")


@pytest.mark.parametrize(
    ("zone", "first"),
    [("America/Santiago", "2025-09-05"), ("America/Havana", "2026-10-30"), ("Africa/Cairo", "2026-04-22")],
)
def test_dates_whose_midnight_never_was_or_was_twice_are_days(tmp_path: Path, zone: str, first: str) -> None:
    begin = date.fromisoformat(first)
    days = [begin + timedelta(days=one) for one in range(6)]
    rows = read(tmp_path, "ds,y\n" + "".join(f"{day},{day.day}\n" for day in days), zone=zone)
    found, _ = to_panel(rows, GridChoice(), zone=zone)
    assert (found.step_seconds, found.target[0].tolist()) == (86_400, [day.day for day in days])


def test_a_local_time_that_was_twice(tmp_path: Path) -> None:
    sentence = "traffic.csv line 3: local time '2026-10-25 02:30' was twice in Europe/Prague (clocks went back)"
    with refused(sentence):
        read(tmp_path, "ds,y\n2026-10-25 01:30,1\n2026-10-25 02:30,2\n2026-10-25 03:30,2\n", zone="Europe/Prague")


def test_a_number_that_is_none(tmp_path: Path) -> None:
    with refused("traffic.csv line 3: 'n/a?' in column 'y' is not a number; correct it or leave it empty"):
        read(tmp_path, "ds,y\n2026-03-01,1\n2026-03-02,n/a?\n")


def test_a_decimal_comma(tmp_path: Path) -> None:
    with refused("traffic.csv line 3: '1,5' in column 'y' is not a number; write decimals with a point"):
        read(tmp_path, "ds;y\n2026-03-01;1\n2026-03-02;1,5\n2026-03-03;2\n")


def test_a_cell_that_is_very_long_is_shortened_in_the_message(tmp_path: Path) -> None:
    with pytest.raises(SourceError) as caught:
        read(tmp_path, "ds,y\n2026-03-01,1\n2026-03-02," + "x" * 5000 + "\n")
    assert len(str(caught.value)) < 200


def test_an_empty_id(tmp_path: Path) -> None:
    with refused("traffic.csv line 3: the id in column 'unique_id' is empty"):
        read(tmp_path, HEADER + "2026-03-01T10:00Z,r1,5\n2026-03-01T10:05Z,,6\n")


def test_an_empty_id_in_parquet(tmp_path: Path) -> None:
    table = pa.table({"ds": [10**9, 10**9 + 300], "unique_id": ["r1", None], "y": [1.0, 2.0]})
    pq.write_table(table, tmp_path / "t.parquet")
    with refused("t.parquet row 2: the id in column 'unique_id' is empty"):
        read_rows(str(tmp_path / "t.parquet"), Layout())


def test_fractions_as_ids(tmp_path: Path) -> None:
    pq.write_table(pa.table({"ds": [10**9], "unique_id": [1.5], "y": [1.0]}), tmp_path / "t.parquet")
    with refused("t.parquet row 1: id column 'unique_id' holds double; ids must be texts or whole numbers"):
        read_rows(str(tmp_path / "t.parquet"), Layout())


def test_a_channel_that_is_not_all_numbers_is_left_out_and_said(tmp_path: Path) -> None:
    rows = read(tmp_path, "ds,y,state\n2026-03-01,1,1\n2026-03-02,2,2\n2026-03-03,3,down\n")
    assert rows.channels == ("y",)
    assert rows.values.shape == (3, 1)
    said = "left out column 'state', which is not all numbers (traffic.csv line 4: 'down' in column 'state'"
    assert any(said in note for note in rows.notes)
    with refused("traffic.csv line 4: 'down' in column 'state' is not a number"):
        read(tmp_path, "ds,y,state\n2026-03-01,1,1\n2026-03-02,2,2\n2026-03-03,3,down\n", channels=("state",))


# --- readings that form no grid


def test_equal_duplicates_are_dropped_and_said(tmp_path: Path) -> None:
    found, notes = panel(tmp_path, GOOD + "2026-03-01T10:05Z,r1,6\n")
    assert found.target.tolist() == [[5, 6, 7]]
    assert "traffic.csv: dropped 1 rows that repeat another" in notes


def test_differing_duplicates_are_refused_with_both_lines(tmp_path: Path) -> None:
    sentence = (
        "traffic.csv line 3 and line 5: series 'r1' has 2026-03-01T10:05:00Z twice, with 'y' 6 and 60; "
        "choose with --duplicates first, last or mean"
    )
    with refused(sentence, PanelError):
        panel(tmp_path, GOOD + "2026-03-01T10:05Z,r1,60\n")


def test_unsorted_rows_are_sorted_and_said(tmp_path: Path) -> None:
    found, notes = panel(tmp_path, GOOD + "2026-03-01T09:55Z,r1,4\n")
    assert found.target.tolist() == [[4, 5, 6, 7]]
    assert "traffic.csv: sorted by time, 1 rows came after a later one" in notes


def test_irregular_steps_are_refused_with_what_was_found(tmp_path: Path) -> None:
    sentence = (
        "traffic.csv line 5: 137 s after the reading before, while readings mostly come every 5min "
        "(66.7% on multiples of it); choose the grid with --step, such as --step 5min"
    )
    with refused(sentence, PanelError):
        panel(tmp_path, GOOD + "2026-03-01T10:12:17Z,r1,8\n")


def test_a_single_reading_has_no_step(tmp_path: Path) -> None:
    with refused("traffic.csv: no series has readings at two times, so no step can be found", PanelError):
        panel(tmp_path, HEADER + "2026-03-01T10:00Z,r1,5\n2026-03-01T10:00Z,r2,5\n")


@pytest.mark.parametrize(("cell", "what"), [("-5", "-5, which is below zero"), ("inf", "inf, which is infinite")])
def test_negative_and_infinite_values_are_refused_or_become_unknown(tmp_path: Path, cell: str, what: str) -> None:
    content = GOOD + f"2026-03-01T10:15Z,r1,{cell}\n2026-03-01T10:20Z,r1,8\n"
    sentence = (
        f"traffic.csv line 5: series 'r1' at 2026-03-01T10:15:00Z: 'y' is {what}; correct it, or leave such values "
        "unknown with --invalid gap"
    )
    with refused(sentence, PanelError):
        panel(tmp_path, content)
    found, notes = panel(tmp_path, content, invalid="gap")
    assert str(found.target.tolist()) == "[[5.0, 6.0, 7.0, nan, 8.0]]"
    assert any("1 negative or infinite values became unknown; the first: traffic.csv line 5" in note for note in notes)


def test_an_empty_series_is_kept_and_said(tmp_path: Path) -> None:
    found, notes = panel(tmp_path, GOOD + "2026-03-01T10:05Z,r2,\n2026-03-01T10:10Z,r2,NaN\n")
    assert found.ids == ("r1", "r2")
    assert "traffic.csv: 1 of 2 series have no reading at all: 'r2'" in notes


def test_nothing_but_empty_series_is_refused(tmp_path: Path) -> None:
    with refused("traffic.csv: 'y' is empty in all 2 rows", PanelError):
        panel(tmp_path, HEADER + "2026-03-01T10:05Z,r2,\n2026-03-01T10:10Z,r2,NaN\n")


@pytest.mark.parametrize("stray", ["1970-01-01T00:00Z", "2262-04-11T00:00Z"])
def test_a_stray_year_is_refused_with_its_line(tmp_path: Path, stray: str) -> None:
    with pytest.raises(PanelError, match=r"\(traffic.csv line 5\).*, with none for \d+ years in between; correct or"):
        panel(tmp_path, GOOD + f"{stray},r1,8\n")


def test_a_grid_beyond_memory_is_refused_with_its_ends(tmp_path: Path) -> None:
    content = HEADER + "1970-01-01T00:00Z,r1,5\n2026-03-01T10:05Z,r1,6\n"
    sentence = "a grid from 1970-01-01T00:00:00Z (traffic.csv line 2) to 2026-03-01T10:05:00Z (traffic.csv line 3) in "
    with refused(sentence, PanelError):
        panel(tmp_path, content, step_seconds=1)


def test_a_time_out_of_all_bounds_is_refused(tmp_path: Path) -> None:
    pq.write_table(pa.table({"ds": pa.array([2**62], pa.timestamp("ms")), "y": [1.0]}), tmp_path / "t.parquet")
    with pytest.raises(SourceError, match=r"t.parquet row 1: time .* is not within the years 1 to 9999"):
        read_rows(str(tmp_path / "t.parquet"), Layout())
