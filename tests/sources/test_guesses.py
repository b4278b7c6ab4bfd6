"""Which column is what: guessed where one answer fits, asked for where several do, and said."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from nettide.errors import SourceError
from nettide.prepare.grid import GridChoice, to_panel
from nettide.prepare.rows import Rows
from nettide.sources import Layout, read_rows


def read(folder: Path, content: str, **layout: object) -> Rows:
    (folder / "traffic.csv").write_text(content)
    return read_rows(str(folder / "traffic.csv"), Layout(**layout))


def refused(folder: Path, content: str, sentence: str, **layout: object) -> None:
    with pytest.raises(SourceError) as caught:
        read(folder, content, **layout)
    assert sentence in str(caught.value)


def test_other_names_are_guessed_and_said_in_one_sentence(tmp_path: Path) -> None:
    rows = read(tmp_path, "timestamp,host,bytes\n2026-03-01T10:00Z,a,1\n2026-03-01T10:00Z,b,2\n")
    assert (rows.ids, rows.channels) == (("a", "b"), ("bytes",))
    said = "traffic.csv: time column 'timestamp', id column 'host', target 'bytes' (guessed; set with --time, --id, "
    assert rows.notes == (said + "--target)",)


def test_only_what_was_guessed_is_said_to_be(tmp_path: Path) -> None:
    rows = read(tmp_path, "timestamp,host,bytes\n2026-03-01T10:00Z,a,1\n", time="timestamp", target="bytes")
    assert rows.notes == ("traffic.csv: id column 'host' (guessed; set with --id)",)


def test_the_only_times_are_the_time_whatever_their_name(tmp_path: Path) -> None:
    assert len(read(tmp_path, "when,y\n2026-03-01T10:00Z,1\n")) == 1


def test_a_known_name_decides_between_several_times(tmp_path: Path) -> None:
    rows = read(tmp_path, "created,ds,y\n2020-01-01T00:00Z,2026-03-01T10:00Z,1\n")
    assert str(rows.times[0]).startswith("2026")


def test_several_times_are_asked_for(tmp_path: Path) -> None:
    content = "start_time,end_time,y\n2026-03-01,2026-03-02,1\n"
    refused(tmp_path, content, "several columns could be the time: 'start_time', 'end_time'; choose one with --time")


def test_no_times_are_asked_for(tmp_path: Path) -> None:
    refused(tmp_path, "a,b\n1,2\n", "no column looks like times; name it with --time (columns: 'a', 'b')")


def test_dates_and_times_of_day_apart_are_not_taken_for_days_or_ids(tmp_path: Path) -> None:
    content = "date,time,y\n2026-03-01,10:00,1\n2026-03-01,10:05,2\n"
    refused(tmp_path, content, "dates in 'date' and times of day in 'time' stand apart; join them in one column")


def test_epoch_numbers_are_times_only_by_name(tmp_path: Path) -> None:
    assert read(tmp_path, "ts,y\n1772355600,1\n1772355900,2\n").channels == ("y",)
    refused(tmp_path, "tick,y\n1772355600,1\n1772355900,2\n", "no column looks like times")


def test_running_numbers_are_no_channel_and_that_is_said(tmp_path: Path) -> None:
    rows = read(tmp_path, ",id_time,ds,y\n0,5,2026-03-01,1\n1,6,2026-03-02,1\n2,7,2026-03-03,1\n")
    assert rows.channels == ("y",)
    assert "traffic.csv: columns left out: '' (a running number), 'id_time' (a running number)" in rows.notes


def test_a_growing_channel_is_no_running_number(tmp_path: Path) -> None:
    assert read(tmp_path, "ds,y,users\n2026-03-01,9,1\n2026-03-02,9,2\n2026-03-03,9,3\n").channels == ("y", "users")


def test_a_key_of_the_rows_is_no_id(tmp_path: Path) -> None:
    rows = read(tmp_path, "id,ds,y\n3,2026-03-01,1\n7,2026-03-02,2\n")
    assert rows.ids == ("series",)


def test_numbers_that_come_back_are_ids(tmp_path: Path) -> None:
    rows = read(tmp_path, "cell,ds,y\n007,2026-03-01,1\n12,2026-03-01,2\n007,2026-03-02,3\n12,2026-03-02,3\n")
    assert rows.ids == ("007", "12")


def test_several_ids_are_asked_for(tmp_path: Path) -> None:
    content = "ds,host,interface,y\n2026-03-01,a,eth0,1\n"
    sentence = "several columns could be the id: 'host', 'interface'; choose one with --id, or --id '' for a single"
    refused(tmp_path, content, sentence)


def test_a_text_that_may_be_a_remark_is_asked_for(tmp_path: Path) -> None:
    content = "ds,y,state\n2026-03-01,1,up\n2026-03-02,2,down\n"
    refused(tmp_path, content, "text column 'state' may name the series or be a remark; say --id state, or --id ''")
    rows = read(tmp_path, content, id="")
    assert rows.ids == ("series",)
    assert "traffic.csv: columns left out: 'state'" in rows.notes


def test_a_text_that_tells_equal_times_apart_is_the_id(tmp_path: Path) -> None:
    assert read(tmp_path, "ds,y,where\n2026-03-01,1,fra\n2026-03-01,2,ams\n").ids == ("fra", "ams")


def test_several_targets_are_asked_for(tmp_path: Path) -> None:
    content = "ds,bytes,packets\n2026-03-01,1,2\n2026-03-02,1,2\n"
    sentence = (
        "several columns could be the target: 'bytes', 'packets'; choose one with --target or, where each column is a "
        "series, with --target '*'"
    )
    refused(tmp_path, content, sentence)
    refused(tmp_path, "unique_id," + content.replace("\n2026", "\na,2026"), "'bytes', 'packets'; choose one with --t")


def test_the_target_comes_first_and_the_other_numbers_follow(tmp_path: Path) -> None:
    content = "ds,bytes,packets,errors\n2026-03-01,1,2,3\n2026-03-02,1,2,3\n"
    assert read(tmp_path, content, target="packets").channels == ("packets", "bytes", "errors")
    assert read(tmp_path, content, target="packets", channels=("errors",)).channels == ("packets", "errors")
    assert read(tmp_path, content, target="packets", channels=()).channels == ("packets",)


def test_channels_without_a_target_leave_one_number_to_be_it(tmp_path: Path) -> None:
    content = "ds,fra,ams,lon\n2026-03-01,1,2,3\n"
    assert read(tmp_path, content, channels=("fra", "ams")).channels == ("lon", "fra", "ams")
    refused(tmp_path, content, "name the target of the channels with --target", channels=("fra",))


def test_an_empty_column_is_left_out_and_said(tmp_path: Path) -> None:
    rows = read(tmp_path, "ds,y,spare\n2026-03-01,1,\n2026-03-02,2,\n")
    assert rows.channels == ("y",)
    assert "traffic.csv: left out column 'spare', which is empty" in rows.notes


def test_no_numbers_are_asked_for(tmp_path: Path) -> None:
    refused(tmp_path, "ds,kind\n2026-03-01,a\n", "no column looks like the target; name it with --target")


# --- wide tables

WIDE = "time,fra-1,ams-2,lon-3\n2026-03-01T10:00Z,1,2,3\n2026-03-01T10:05Z,4,,6\n"


def test_columns_named_after_places_are_series_and_that_is_said(tmp_path: Path) -> None:
    rows = read(tmp_path, WIDE)
    said = "time column 'time', each of 3 columns a series (fra-1, ams-2, lon-3) (guessed; set with --time, --target)"
    assert rows.notes == (f"traffic.csv: {said}",)
    panel, _ = to_panel(rows, GridChoice())
    assert panel.ids == ("fra-1", "ams-2", "lon-3")
    np.testing.assert_array_equal(panel.target, [[1, 4], [2, np.nan], [3, 6]])
    assert panel.channels[0].name == "y"


def test_columns_named_after_quantities_are_series_only_when_told(tmp_path: Path) -> None:
    content = "time,fra_in,fra_out\n2026-03-01,1,2\n"
    refused(tmp_path, content, "several columns could be the target")
    assert read(tmp_path, content, target="*").ids == ("fra_in", "fra_out")


def test_some_columns_of_a_wide_table_can_be_chosen(tmp_path: Path) -> None:
    assert read(tmp_path, WIDE, target="*", channels=("lon-3", "fra-1")).ids == ("lon-3", "fra-1")


def test_a_wide_table_and_an_id_column_exclude_each_other(tmp_path: Path) -> None:
    refused(tmp_path, WIDE, "--target '*' takes each column as a series, so --id fra-1 cannot", target="*", id="fra-1")


def test_a_wide_table_without_numbers_is_refused(tmp_path: Path) -> None:
    refused(tmp_path, "time,kind\n2026-03-01,a\n", "no column holds numbers besides 'time'", target="*")


def test_a_bad_cell_of_a_wide_table_is_named_with_its_line(tmp_path: Path) -> None:
    refused(tmp_path, WIDE + "2026-03-01T10:10Z,7,x,9\n", "traffic.csv line 4: 'x' in column 'ams-2' is not a number")


def test_a_wide_and_a_long_table_of_the_same_readings_give_the_same_panel(tmp_path: Path) -> None:
    long = "unique_id,ds,y\n" + "".join(
        f"{place},2026-03-01T10:{minute}Z,{value}\n"
        for place, minute, value in [
            ("fra-1", "00", 1), ("ams-2", "00", 2), ("lon-3", "00", 3), ("fra-1", "05", 4), ("lon-3", "05", 6),
        ]
    )  # fmt: skip
    one, other = (to_panel(read(tmp_path, content), GridChoice())[0] for content in (WIDE, long))
    assert one.ids == other.ids
    np.testing.assert_array_equal(one.values, other.values)


# --- Parquet has types


def parquet(folder: Path, **columns: object) -> Rows:
    pq.write_table(pa.table(columns), folder / "t.parquet")
    return read_rows(str(folder / "t.parquet"), Layout())


def test_typed_columns_are_guessed_by_type(tmp_path: Path) -> None:
    days = pa.array([20000, 20001], pa.date32())
    rows = parquet(tmp_path, day=days, where=pa.array(["a", "a"]), octets=pa.array([5, None], pa.uint64()))
    assert (rows.ids, rows.channels, rows.line_name) == (("a",), ("octets",), "row")
    assert "t.parquet: times have no zone and are taken as UTC (set with --zone)" in rows.notes
    np.testing.assert_array_equal(rows.values, [[5], [np.nan]])


def test_text_is_no_number_in_a_typed_file_unless_named(tmp_path: Path) -> None:
    columns = {"ds": [10**9, 10**9 + 300], "tag": ["7", "7"], "y": ["1.5", ""], "z": [1.0, 2.0]}
    rows = parquet(tmp_path, **{name: columns[name] for name in ("ds", "tag", "z")})
    assert (rows.ids, rows.channels) == (("7",), ("z",))
    pq.write_table(pa.table(columns), tmp_path / "t.parquet")
    named = read_rows(str(tmp_path / "t.parquet"), Layout(target="y", channels=()))
    np.testing.assert_array_equal(named.values, [[1.5], [np.nan]])


@pytest.mark.parametrize("kind", [pa.decimal128(12, 3), pa.float32(), pa.float16(), pa.int8()])
def test_numbers_of_every_type_are_read(tmp_path: Path, kind: pa.DataType) -> None:
    values = pa.array([1.0, 2.0, None]).cast(kind)
    np.testing.assert_array_equal(
        parquet(tmp_path, ds=[10**9, 10**9 + 1, 10**9 + 2], y=values).values[:, 0], [1, 2, np.nan]
    )


def test_names_with_points_are_plain_names(tmp_path: Path) -> None:
    columns = {"@timestamp": [10**9, 10**9], "host.name": ["a", "b"], "host.bytes": [1.0, 2.0]}
    pq.write_table(pa.table(columns), tmp_path / "t.parquet")
    rows = read_rows(str(tmp_path / "t.parquet"), Layout(id="host.name"))
    assert (rows.ids, rows.channels) == (("a", "b"), ("host.bytes",))


def test_columns_of_lists_and_flags_are_left_out_and_said(tmp_path: Path) -> None:
    rows = parquet(tmp_path, ds=[10**9, 10**9 + 1], y=[1.0, 2.0], up=[True, False], path=[[1], [2]])
    assert rows.channels == ("y",)
    assert "t.parquet: columns left out: 'up', 'path'" in rows.notes


# --- the real thing


@pytest.mark.data
def test_the_institution_file_reads_as_it_is(data: Path) -> None:
    rows = read_rows(str(data / "cesnet_institution_daily.csv"), Layout(target="n_bytes"))
    panel, notes = to_panel(rows, GridChoice())
    assert (panel.ids, panel.steps, panel.step_seconds) == (("series",), 280, 86400)
    assert panel.target[0, 0] == 1937481519695
    assert len(panel.channels) == 18
    assert "id_time" not in rows.channels
    assert rows.notes == (
        "cesnet_institution_daily.csv: time column 'time' (guessed; set with --time)",
        "cesnet_institution_daily.csv: columns left out: 'id_time' (a running number)",
    )
    assert notes == ()


@pytest.mark.data
def test_the_institution_file_asks_for_its_target(data: Path) -> None:
    with pytest.raises(SourceError, match="several columns could be the target: 'n_flows', 'n_packets', 'n_bytes'"):
        read_rows(str(data / "cesnet_institution_daily.csv"), Layout())
