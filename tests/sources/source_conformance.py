"""What every source must do: one class of tests, and the ways in which known traffic is written for each source.

A new source adds a ``Writer`` to ``WRITERS``; all tests of the class then run on it.
"""

from __future__ import annotations

import gzip
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as arrow_csv
import pyarrow.parquet as pq
import pytest

from nettide.errors import SourceError
from nettide.prepare.grid import GridChoice, to_panel
from nettide.prepare.rows import Rows
from nettide.sources import Layout, open_source

START = 1_772_355_600  # 2026-03-01T09:00:00Z


@dataclass(frozen=True)
class Traffic:
    """Known traffic: values of shape (series, time) every five minutes from START, NaN where a cell is empty."""

    ids: tuple[str, ...] = ("fra-1", "ams-2")
    values: np.ndarray | None = None
    time_style: str = "utc"

    def target(self) -> np.ndarray:
        if self.values is not None:
            return self.values
        return np.random.default_rng(7).integers(1, 10**9, (len(self.ids), 12)).astype(float)

    def seconds(self) -> np.ndarray:
        return START + 300 * np.arange(self.target().shape[1])

    def times(self) -> pa.Array:
        seconds = self.seconds()
        if self.time_style == "seconds":
            return pa.array(seconds)
        if self.time_style == "milliseconds":
            return pa.array(seconds * 1000)
        if self.time_style == "fractions":
            return pa.array(seconds.astype(float))
        stamps = seconds.astype("datetime64[s]").astype(object)
        texts = {
            "utc": [f"{one:%Y-%m-%dT%H:%M:%SZ}" for one in stamps],
            "spaced": [f"{one:%Y-%m-%d %H:%M:%S}+00:00" for one in stamps],
            "naive": [f"{one:%Y-%m-%d %H:%M}" for one in stamps],
            "offset": [f"{np.datetime64(int(s) + 5400, 's')}+01:30" for s in seconds],
            "prague": [f"{np.datetime64(int(s) + 3600, 's')}" for s in seconds],
        }
        return pa.array(texts[self.time_style])

    def long(self) -> pa.Table:
        values = self.target()
        return pa.table(
            {
                "unique_id": np.repeat(self.ids, values.shape[1]),
                "ds": pa.concat_arrays([self.times()] * len(self.ids)),
                "y": pa.array(values.reshape(-1), from_pandas=True),
                "packets": values.reshape(-1) * 2,
            }
        )

    def channels(self) -> np.ndarray:
        values = self.target()
        return np.stack([values, values * 2], axis=2)


@dataclass(frozen=True)
class Writer:
    """Writes traffic so that a source can read it."""

    source: str
    write: Callable[[Path, Traffic], Path]


def csv_bytes(table: pa.Table, delimiter: str = ",") -> bytes:
    sink = pa.BufferOutputStream()
    arrow_csv.write_csv(table, sink, arrow_csv.WriteOptions(delimiter=delimiter))
    return sink.getvalue().to_pybytes()


def written(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def _parquet(folder: Path, traffic: Traffic) -> Path:
    pq.write_table(traffic.long(), folder / "traffic.parquet")
    return folder / "traffic.parquet"


def _typed_parquet(folder: Path, traffic: Traffic) -> Path:
    table = traffic.long()
    if traffic.time_style == "utc":
        times = table["ds"].cast(pa.timestamp("ns", tz="UTC")).cast(pa.timestamp("ns", tz="America/Lima"))
        table = table.set_column(1, "ds", times)
    table = table.set_column(0, "unique_id", table["unique_id"].dictionary_encode())
    pq.write_table(table, folder / "typed.parquet", row_group_size=7)
    return folder / "typed.parquet"


def _folder(folder: Path, traffic: Traffic) -> Path:
    inside = folder / "links"
    inside.mkdir(exist_ok=True)
    table = traffic.long()
    half = len(table) // 2 + 1
    written(inside / "1.csv", csv_bytes(table.slice(0, half)))
    pq.write_table(table.slice(half), inside / "2.parquet")
    return inside


def _packed(table: pa.Table) -> bytes:
    return bytes(pa.Codec("zstd").compress(csv_bytes(table), asbytes=True))


WRITERS = {
    "csv": Writer("csv", lambda f, t: written(f / "traffic.csv", csv_bytes(t.long()))),
    "csv-semicolon": Writer("csv", lambda f, t: written(f / "traffic.txt", csv_bytes(t.long(), ";"))),
    "csv-tab": Writer("csv", lambda f, t: written(f / "traffic.tsv", csv_bytes(t.long(), "\t"))),
    "csv-gzip": Writer("csv", lambda f, t: written(f / "traffic.csv.gz", gzip.compress(csv_bytes(t.long())))),
    "csv-zstd": Writer("csv", lambda f, t: written(f / "traffic.csv.zst", _packed(t.long()))),
    "csv-windows": Writer(
        "csv",
        lambda f, t: written(f / "t.csv", b"\xef\xbb\xbf" + csv_bytes(t.long()).replace(b"\n", b"\r\n")),
    ),
    "parquet": Writer("parquet", _parquet),
    "parquet-typed": Writer("parquet", _typed_parquet),
    "folder": Writer("folder", _folder),
}


class SourceConformance:
    """Runs on every writer."""

    def read(self, writer: Writer, folder: Path, traffic: Traffic, layout: Layout | None = None) -> Rows:
        return open_source(writer.source).read(str(writer.write(folder, traffic)), layout or Layout())

    def test_the_panel_is_the_traffic_that_was_written(self, writer: Writer, tmp_path: Path) -> None:
        panel, notes = to_panel(self.read(writer, tmp_path, Traffic()), GridChoice())
        assert panel.ids == Traffic().ids
        assert (panel.start, panel.step_seconds) == (START, 300)
        assert [channel.name for channel in panel.channels] == ["y", "packets"]
        np.testing.assert_array_equal(panel.values, Traffic().channels())
        assert notes == ()

    @pytest.mark.parametrize(
        ("style", "zone"),
        [
            ("seconds", None),
            ("milliseconds", None),
            ("fractions", None),
            ("spaced", None),
            ("offset", None),
            ("naive", None),
            ("naive", "UTC"),
            ("prague", "Europe/Prague"),
        ],
    )
    def test_times_are_the_same_instants_however_they_are_written(
        self, writer: Writer, tmp_path: Path, style: str, zone: str | None
    ) -> None:
        rows = self.read(writer, tmp_path, Traffic(time_style=style), Layout(zone=zone))
        wanted = np.tile(Traffic().seconds().astype("datetime64[s]"), 2)
        np.testing.assert_array_equal(rows.times, wanted)
        assert rows.times.dtype == np.dtype("datetime64[ms]")
        assert any("no zone" in note for note in rows.notes) == (style == "naive" and zone is None)

    def test_ids_are_kept_to_the_letter(self, writer: Writer, tmp_path: Path) -> None:
        ids = ("007", "<script>alert(1)</script>", "Žižkov–北京", " padded ", "NA", 'a "quoted", id', "1e5")
        rows = self.read(writer, tmp_path, Traffic(ids=ids))
        assert rows.ids == ids
        np.testing.assert_array_equal(rows.series, np.repeat(np.arange(7), 12))

    def test_empty_cells_are_unknown_and_infinite_ones_stay(self, writer: Writer, tmp_path: Path) -> None:
        values = np.array([[1.0, np.nan, np.inf], [-np.inf, -5.0, 0.0]])
        rows = self.read(writer, tmp_path, Traffic(values=values))
        np.testing.assert_array_equal(rows.values[:, 0], values.reshape(-1))

    def test_rows_keep_their_order_and_know_their_place(self, writer: Writer, tmp_path: Path) -> None:
        rows = self.read(writer, tmp_path, Traffic())
        np.testing.assert_array_equal(rows.values[:, 0], Traffic().target().reshape(-1))
        first = int(rows.lines[0])
        assert first == {"line": 2, "row": 1, "record": 2}[rows.line_name]
        assert rows.place(3).endswith(f" {rows.line_name} {first + 3}")

    def test_guesses_are_said(self, writer: Writer, tmp_path: Path) -> None:
        rows = self.read(writer, tmp_path, Traffic())
        expected = (
            f"{rows.origin}: time column 'ds', id column 'unique_id', target 'y' "
            "(guessed; set with --time, --id, --target)"
        )
        assert expected in rows.notes

    def test_what_is_told_is_not_guessed(self, writer: Writer, tmp_path: Path) -> None:
        layout = Layout(time="ds", id="unique_id", target="packets", channels=())
        rows = self.read(writer, tmp_path, Traffic(), layout)
        assert rows.channels == ("packets",)
        assert not any("guessed" in note for note in rows.notes)

    def test_an_unknown_column_is_refused_with_the_nearest_one(self, writer: Writer, tmp_path: Path) -> None:
        with pytest.raises(SourceError, match=r"unknown column 'packet'; did you mean 'packets'\?"):
            self.read(writer, tmp_path, Traffic(), Layout(target="packet"))

    def test_an_unknown_zone_is_refused(self, writer: Writer, tmp_path: Path) -> None:
        with pytest.raises(SourceError, match="time zone 'Europe/Pragu' does not exist"):
            self.read(writer, tmp_path, Traffic(time_style="naive"), Layout(zone="Europe/Pragu"))

    def test_a_location_that_is_not_there_is_refused(self, writer: Writer, tmp_path: Path) -> None:
        path = writer.write(tmp_path, Traffic())
        missing = path.with_name("x" + path.name)
        with pytest.raises(SourceError, match=r"no such file or folder; did you mean "):
            open_source(writer.source).read(str(missing), Layout())

    def test_reading_twice_gives_the_same_and_changes_nothing(self, writer: Writer, tmp_path: Path) -> None:
        path = writer.write(tmp_path, Traffic())
        files = [path] if path.is_file() else sorted(path.iterdir())
        before = [file.read_bytes() for file in files]
        one, two = (open_source(writer.source).read(str(path), Layout()) for _ in range(2))
        assert [file.read_bytes() for file in files] == before
        np.testing.assert_array_equal(one.values, two.values)
        assert (one.ids, one.notes) == (two.ids, two.notes)
