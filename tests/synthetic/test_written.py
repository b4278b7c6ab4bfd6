"""Synthetic traffic as files: formats, truth beside it, and nothing half written."""

from __future__ import annotations

import csv
import gzip
import json
import resource
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from nettide.errors import OptionError, StoreError, UnitError
from nettide.panel import Panel
from nettide.synthetic.config import SynthConfig
from nettide.synthetic.traffic import generate
from nettide.tasks.synth import config_of, write_synthetic, written_json, written_text

CONFIG = SynthConfig(series=3, points=200, parameters=4, gaps=0.1, events_per_month=10)


def test_parquet_restores_the_panel_whole(tmp_path: Path) -> None:
    path = tmp_path / "traffic.parquet"
    written = write_synthetic(CONFIG, path)
    panel, made = Panel.from_frame(pq.read_table(path)), generate(CONFIG).panel
    np.testing.assert_array_equal(panel.values, made.values)
    assert (panel.series, panel.channels, panel.step_seconds, panel.start) == (
        made.series,
        made.channels,
        made.step_seconds,
        made.start,
    )
    assert (written.rows, written.missing) == (600, pytest.approx(0.1))


@pytest.mark.parametrize("name", ["traffic.csv", "traffic.csv.gz"])
def test_csv_holds_the_same_numbers(tmp_path: Path, name: str) -> None:
    write_synthetic(CONFIG, tmp_path / name)
    frame = pd.read_csv(tmp_path / name, parse_dates=["ds"])
    made = generate(CONFIG).panel
    assert list(frame.columns) == ["unique_id", "ds", "y", "packet_count", "latency", "packet_size"]
    np.testing.assert_allclose(frame["y"].to_numpy().reshape(3, 200), made.target, rtol=1e-15)
    np.testing.assert_allclose(frame["latency"].to_numpy().reshape(3, 200), made.values[:, :, 2], rtol=1e-15)
    assert frame["ds"].iloc[1] == pd.Timestamp("2026-01-01T01:00Z")


def test_gaps_are_empty_cells_and_counts_have_no_point(tmp_path: Path) -> None:
    write_synthetic(CONFIG, tmp_path / "traffic.csv")
    lines = (tmp_path / "traffic.csv").read_text().splitlines()
    assert sum(line.endswith("Z,,,,") for line in lines) == 60
    assert all(line.split(",")[2].isdigit() for line in lines[1:] if not line.endswith(",,"))


@pytest.mark.parametrize("name", ["traffic.parquet", "traffic.csv", "traffic.csv.gz"])
def test_the_same_seed_writes_the_same_file(tmp_path: Path, name: str) -> None:
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        write_synthetic(CONFIG, tmp_path / folder / name)
    assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


def test_the_truth_is_the_clean_signal_the_events_and_the_config(tmp_path: Path) -> None:
    truth = tmp_path / "truth"
    written = write_synthetic(CONFIG, tmp_path / "traffic.csv.gz", truth=truth)
    made = generate(CONFIG)
    assert written.truth == (truth / "clean.csv.gz", truth / "events.csv", truth / "synth.json")
    with gzip.open(truth / "clean.csv.gz", "rt") as stream:
        clean = pd.read_csv(stream)
    np.testing.assert_allclose(clean["y"].to_numpy().reshape(3, 200), made.clean.target, rtol=1e-15)
    with (truth / "events.csv").open() as stream:
        events = list(csv.DictReader(stream))
    assert [(one["unique_id"], one["kind"]) for one in events] == [(one.series, one.kind) for one in made.events]
    assert [one["start"] for one in events] == [f"{np.datetime64(one.start, 's')}Z" for one in made.events]
    assert all((one["size"] == "") == (one["kind"] == "gap") for one in events)
    assert SynthConfig(**json.loads((truth / "synth.json").read_text())) == CONFIG
    assert sum(written.events.values()) == len(events)


def test_a_file_that_exists_is_kept_unless_overwrite_is_said(tmp_path: Path) -> None:
    path = tmp_path / "traffic.csv"
    path.write_text("mine")
    with pytest.raises(StoreError, match=r"traffic\.csv already exists; choose another name or allow overwriting"):
        write_synthetic(CONFIG, path)
    assert path.read_text() == "mine"
    write_synthetic(CONFIG, path, overwrite=True)
    assert path.read_text().startswith('"unique_id"')


def test_a_truth_that_exists_is_kept_too(tmp_path: Path) -> None:
    (tmp_path / "events.csv").write_text("mine")
    with pytest.raises(StoreError, match=r"events\.csv already exists"):
        write_synthetic(CONFIG, tmp_path / "traffic.csv", truth=tmp_path)
    assert not (tmp_path / "traffic.csv").exists()


def test_traffic_and_truth_cannot_share_a_file(tmp_path: Path) -> None:
    with pytest.raises(OptionError, match="would hold both the traffic and the truth"):
        write_synthetic(CONFIG, tmp_path / "clean.csv", truth=tmp_path)


@pytest.mark.parametrize("name", ["traffic.txt", "traffic", ".csv", "traffic.gz"])
def test_another_ending_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(OptionError, match=r"must end in \.parquet, \.csv or \.csv\.gz"):
        write_synthetic(CONFIG, tmp_path / name)


def test_a_place_that_is_no_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match=r"cannot make folder .*file: "):
        write_synthetic(CONFIG, tmp_path / "traffic.csv", truth=tmp_path / "file")
    with pytest.raises(StoreError, match=r"cannot write .*traffic\.csv: folder .*file does not exist"):
        write_synthetic(CONFIG, tmp_path / "file" / "traffic.csv")


@contextmanager
def files_of_at_most(size: int) -> Iterator[None]:
    """Let every write beyond a size fail, as on a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, ignored)


@pytest.mark.parametrize("name", ["traffic.parquet", "traffic.csv", "traffic.csv.gz"])
def test_a_full_disk_leaves_what_was_there(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("mine")
    large = SynthConfig(series=3, points=20_000)
    with (
        files_of_at_most(30_000),
        pytest.raises(StoreError, match=r"cannot write .*traffic.*: the file would be larger"),
    ):
        write_synthetic(large, tmp_path / name, truth=tmp_path / "truth", overwrite=True)
    assert [one.name for one in tmp_path.rglob("*") if one.is_file()] == [name]
    assert (tmp_path / name).read_text() == "mine"


def test_the_start_is_on_the_clock_of_the_zone() -> None:
    config = config_of(days=2, points=None, step="15min", start="2026-07-01", zone="Europe/Prague")
    assert np.datetime64(config.start, "s") == np.datetime64("2026-06-30T22:00")
    assert (config.points, config.step_seconds) == (192, 900)
    assert config_of(days=None, points=None, step="1h", start="2026-07-01T00:00Z", zone="Europe/Prague").points == 8760


@pytest.mark.parametrize(
    ("wrong", "error", "message"),
    [
        ({"days": 1, "points": 5}, OptionError, "--days and --points both say how long; give one of them"),
        ({"start": "yesterday"}, OptionError, "start 'yesterday' is no time; write for example 2026-01-01"),
        ({"start": "9999-01-01"}, OptionError, "start '9999-01-01' must be between the years 1678 and 2261"),
        ({"zone": "Mars"}, OptionError, "time zone 'Mars' does not exist"),
        ({"zone": ""}, OptionError, "time zone '' does not exist; write for example Europe/Prague"),
        ({"zone": "/x"}, OptionError, "time zone '/x' does not exist"),
        ({"zone": "a\0b"}, OptionError, r"time zone 'a\\x00b' does not exist"),
        ({"zone": ".."}, OptionError, r"time zone '\.\.' does not exist"),
        ({"zone": "Europe"}, OptionError, "time zone 'Europe' does not exist"),
        ({"zone": "", "start": "2026-01-01T00:00Z"}, OptionError, "time zone '' does not exist"),
        ({"step": "soon"}, UnitError, "step 'soon' is not understood"),
        ({"days": float("nan")}, OptionError, "days nan must be a positive number"),
        ({"days": 0.01}, OptionError, "points 0 must be from 2 to"),
    ],
)
def test_a_span_that_makes_no_sense_is_refused(wrong: dict[str, object], error: type[Exception], message: str) -> None:
    values = {"days": None, "points": None, "step": "1h", "start": "2026-01-01", "zone": "UTC", **wrong}
    with pytest.raises(error, match=message):
        config_of(**values)


def test_what_was_written_is_said_with_units(tmp_path: Path) -> None:
    written = write_synthetic(CONFIG, tmp_path / "traffic.csv")
    text = written_text(CONFIG, written)
    assert "3 series x 200 steps of 1h from 2026-01-01T00:00:00Z, 10.0% missing" in text
    assert "y [bit/s], packet_count [packets], latency [ms], packet_size [bytes]" in text
    document = json.loads(written_json(CONFIG, written))
    assert document["rows"] == 600
    assert document["units"]["latency"] == "ms"
    assert document["config"]["seed"] == 0
