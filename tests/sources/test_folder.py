"""Folders of files: one layout, ids from the files where they name none, everything else said."""

from __future__ import annotations

import gzip
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from nettide.errors import PanelError, SourceError
from nettide.prepare.grid import GridChoice, to_panel
from nettide.sources import Layout, read_rows

LINK = "ds,y\n2026-03-01T10:00Z,{}\n2026-03-01T10:05Z,{}\n"


def folder_of(tmp_path: Path, **files: str | bytes) -> str:
    folder = tmp_path / "links"
    folder.mkdir()
    for name, content in files.items():
        path = folder / name.replace("__", ".")
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return str(folder)


def test_each_file_without_ids_is_a_series_named_after_it(tmp_path: Path) -> None:
    packed = gzip.compress(LINK.format(3, 4).encode())
    location = folder_of(tmp_path, fra__1__csv=LINK.format(1, 2), ams__csv__gz=packed)
    rows = read_rows(location, Layout())
    assert rows.ids == ("ams", "fra.1")
    assert to_panel(rows, GridChoice())[0].target.tolist() == [[3, 4], [1, 2]]
    assert rows.notes == (
        "links: time column 'ds', target 'y' (guessed; set with --time, --target)",
        "links: each of 2 files is a series, named after it",
    )


def test_one_series_may_go_on_from_file_to_file(tmp_path: Path) -> None:
    head = "unique_id,ds,y\n"
    location = folder_of(
        tmp_path, a__csv=head + "r1,2026-03-01,1\nr2,2026-03-01,5\n", b__csv=head + "r2,2026-03-02,6\nr1,2026-03-02,2\n"
    )
    rows = read_rows(location, Layout(zone="UTC"))
    assert rows.ids == ("r1", "r2")
    assert to_panel(rows, GridChoice())[0].target.tolist() == [[1, 2], [5, 6]]
    assert "links: read 2 files" in rows.notes


def test_a_conflict_between_files_names_both(tmp_path: Path) -> None:
    head = "unique_id,ds,y\n"
    location = folder_of(tmp_path, a__csv=head + "r1,2026-03-01,1\n", b__csv=head + "r1,2026-03-01,2\n")
    with pytest.raises(PanelError, match=r"links/a.csv line 2 and links/b.csv line 2: series 'r1' has 2026-03-01"):
        to_panel(read_rows(location, Layout(zone="UTC")), GridChoice(step_seconds=60))


def test_other_files_and_folders_are_passed_over_and_said_hidden_ones_are_not(tmp_path: Path) -> None:
    location = folder_of(tmp_path, a__csv=LINK.format(1, 2), README__md="hello", __hidden__csv="x")
    (tmp_path / "links" / "old").mkdir()
    assert (tmp_path / "links" / ".hidden.csv").exists()
    rows = read_rows(location, Layout())
    assert rows.ids == ("a",)
    assert rows.notes[-1] == "links: not read, being no data files: README.md, old"


def test_a_folder_without_data_files_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"links: the folder holds no data files \(known: .csv, .tsv"):
        read_rows(folder_of(tmp_path, README__md="hello"), Layout())


def test_a_folder_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="no such file or folder"):
        read_rows(str(tmp_path / "nowhere"), Layout())


def test_a_file_with_other_columns_is_refused_by_name(tmp_path: Path) -> None:
    location = folder_of(tmp_path, a__csv=LINK.format(1, 2), b__csv="ds,bytes\n2026-03-01,1\n")
    sentence = (
        r"links/b.csv: its columns differ from those of links/a.csv \(it lacks 'y' and has 'bytes' besides\); "
        "the files of a folder need the same columns"
    )
    with pytest.raises(SourceError, match=sentence):
        read_rows(location, Layout())


def test_columns_may_stand_in_another_order(tmp_path: Path) -> None:
    location = folder_of(tmp_path, a__csv=LINK.format(1, 2), b__csv="y,ds\n7,2026-03-01T10:00Z\n")
    assert read_rows(location, Layout()).values[:, 0].tolist() == [1, 2, 7]


def test_two_files_of_one_name_are_refused(tmp_path: Path) -> None:
    location = folder_of(tmp_path, a__csv=LINK.format(1, 2), a__tsv=LINK.format(1, 2).replace(",", "\t"))
    with pytest.raises(SourceError, match=r"links: a.csv and a.tsv would both be series 'a'; rename or remove one"):
        read_rows(location, Layout())


def test_a_bad_file_is_named_with_its_line(tmp_path: Path) -> None:
    location = folder_of(tmp_path, a__csv=LINK.format(1, 2), b__csv=LINK.format(1, "x"))
    with pytest.raises(SourceError, match=r"links/b.csv line 3: 'x' in column 'y' is not a number"):
        read_rows(location, Layout())


def test_an_empty_file_among_others_is_named(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"links/b.csv: is empty"):
        read_rows(folder_of(tmp_path, a__csv=LINK.format(1, 2), b__csv=""), Layout())


def test_a_channel_that_one_file_left_empty_is_unknown_there(tmp_path: Path) -> None:
    head = "ds,y,errors\n"
    location = folder_of(tmp_path, a__csv=head + "2026-03-01,1,2\n", b__csv=head + "2026-03-01,3,\n")
    rows = read_rows(location, Layout(zone="UTC"))
    assert rows.channels == ("y", "errors")
    assert str(rows.values.tolist()) == "[[1.0, 2.0], [3.0, nan]]"
    assert "links/b.csv: left out column 'errors', which is empty" in rows.notes


def test_csv_and_parquet_may_lie_side_by_side(tmp_path: Path) -> None:
    location = folder_of(tmp_path, a__csv="ds,y\n1772355600,1\n")
    pq.write_table(pa.table({"ds": [1772355600], "y": [2.0]}), Path(location) / "b.parquet")
    rows = read_rows(location, Layout())
    assert (rows.ids, rows.place(0), rows.place(1)) == (("a", "b"), "links/a.csv record 2", "links/b.parquet record 1")


def test_wide_files_of_the_same_columns_are_joined_by_series(tmp_path: Path) -> None:
    head = "ds,fra,ams\n"
    location = folder_of(tmp_path, jan__csv=head + "2026-01-31,1,2\n", feb__csv=head + "2026-02-01,3,4\n")
    panel, _ = to_panel(read_rows(location, Layout(zone="UTC")), GridChoice())
    assert (panel.ids, panel.target.tolist()) == (("fra", "ams"), [[1, 3], [2, 4]])
