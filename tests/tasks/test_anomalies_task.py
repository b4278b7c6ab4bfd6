"""The task: labels from a column or a file, the scores beside the baselines, notes, and what is written."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from nettide.errors import HistoryError, OptionError, SourceError
from nettide.insight.anomalies_baselines import BASELINES
from nettide.sources.contract import Layout
from nettide.tasks.anomalies import OURS, anomalies, write_points
from nettide.tasks.forecaster import Forecaster
from nettide.tasks.load import Reading

HOURS, ODD = 24 * 21, range(400, 404)
START = np.datetime64("2026-01-05T00:00", "s")


@pytest.fixture(scope="module")
def labelled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two links, three weeks, hourly; four odd hours on one of them, marked in a column."""
    path = tmp_path_factory.mktemp("labelled") / "links.csv"
    random = np.random.default_rng(0)
    with path.open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["time", "link", "bits", "odd"])
        for link in ("north", "south"):
            for hour in range(HOURS):
                odd = link == "north" and hour in ODD
                value = 1e9 * (2 + np.sin(2 * np.pi * hour / 24)) * random.normal(1, 0.05) * (4 if odd else 1)
                rows.writerow([f"{START + hour * 3600}Z", link, f"{value:.0f}", int(odd)])
    return path


READING = Reading(layout=Layout(target="bits"))


def windows(folder: Path, *rows: str, header: str = "start,end,series") -> str:
    path = folder / "windows.csv"
    path.write_text("\n".join([header, *rows]) + "\n")
    return str(path)


def test_a_column_of_labels_scores_ours_and_the_baselines_by_series_and_together(labelled: Path) -> None:
    done = anomalies(None, str(labelled), READING, labels="odd")
    assert [(one.series, one.method) for one in done.scores] == [
        (series, method) for series in ("north", "south", "") for method in (OURS, *BASELINES)
    ]
    ours = done.scores[0].score
    assert (ours.windows, ours.windows_found, ours.points, ours.recall) == (1, 1, 4, 1.0)
    assert done.scores[6].score == done.scores[0].score + done.scores[3].score
    assert [channel.name for channel in done.panel.channels] == ["bits"]


def test_a_file_of_windows_says_the_same_as_the_column(labelled: Path, tmp_path: Path) -> None:
    rows = f"{START + 400 * 3600}Z,{START + 404 * 3600}Z,north"
    one = anomalies(None, str(labelled), READING, labels=windows(tmp_path, rows))
    other = anomalies(None, str(labelled), READING, labels="odd")
    assert one.scores == other.scores


def test_a_window_without_a_series_concerns_all_and_one_outside_the_data_is_told(
    labelled: Path, tmp_path: Path
) -> None:
    rows = (f"{START + 400 * 3600}Z,{START + 404 * 3600}Z", "2030-01-01T00:00Z,2030-01-02T00:00Z")
    done = anomalies(None, str(labelled), READING, labels=windows(tmp_path, *rows, header="start,end"))
    assert done.scores[6].score.windows == 2
    assert "windows.csv line 3: the window lies outside the data" in done.notes


@pytest.mark.parametrize(
    ("header", "row", "message"),
    [
        ("start,stop", "2026-01-06T00:00Z,2026-01-07T00:00Z", "has no column 'end' but start, stop; windows need"),
        ("start,end", "2026-01-07T00:00Z,2026-01-06T00:00Z", "csv line 2: its end does not come after its start"),
        ("start,end,series", "2026-01-06,2026-01-07,nort", "line 2: unknown series 'nort'; did you mean 'north'"),
    ],
)
def test_windows_that_make_no_sense_are_refused(
    labelled: Path, tmp_path: Path, header: str, row: str, message: str
) -> None:
    with pytest.raises(SourceError, match=message):
        anomalies(None, str(labelled), READING, labels=windows(tmp_path, row, header=header))


def test_labels_that_do_not_exist_or_are_the_traffic_are_refused(labelled: Path, tmp_path: Path) -> None:
    with pytest.raises(OptionError, match=r"unknown column 'od'; did you mean 'odd'\? .*, or a CSV file of windows"):
        anomalies(None, str(labelled), READING, labels="od")
    with pytest.raises(OptionError, match="column 'bits' holds the traffic itself"):
        anomalies(None, str(labelled), READING, labels="bits")
    table = tmp_path / "windows.parquet"
    table.write_bytes(b"")
    with pytest.raises(SourceError, match="windows are read from CSV with the columns start and end"):
        anomalies(None, str(labelled), READING, labels=str(table))


def test_one_series_and_a_time_limit_what_is_judged(labelled: Path) -> None:
    since = START + np.timedelta64(410, "h")
    done = anomalies(None, str(labelled), READING, series="north", since=since)
    assert done.found.ids == ("north",)
    assert done.found.seconds[0] == since.astype("int64")
    assert all(one.end > since.astype("int64") for one in done.found.incidents)
    with pytest.raises(OptionError, match="unknown series 'nord'; did you mean 'north'"):
        anomalies(None, str(labelled), READING, series="nord")
    with pytest.raises(HistoryError, match="2030-01-01T00:00:00Z lies after the last step of the data"):
        anomalies(None, str(labelled), READING, since=np.datetime64("2030-01-01", "s"))


def test_a_saved_model_is_used_and_told_of_where_it_was_fitted_on_what_is_judged(
    labelled: Path, tmp_path: Path
) -> None:
    saved = Forecaster("seasonal-naive", horizon=24)
    panel = anomalies(None, str(labelled), READING).panel
    saved.fit(panel)
    saved.save(tmp_path / "weekly")
    done = anomalies(tmp_path / "weekly", str(labelled), READING)
    assert done.model == "seasonal-naive"
    assert any("was fitted on part of what is judged" in note for note in done.notes)
    assert any(one.series == "north" and one.kind == "above" for one in done.found.incidents)


def test_series_too_short_for_an_alarm_are_named(tmp_path: Path) -> None:
    path = tmp_path / "short.csv"
    path.write_text("time,y\n" + "".join(f"2026-01-05T{hour:02d}:00Z,{5 + hour % 3}\n" for hour in range(20)))
    done = anomalies(None, str(path), Reading())
    assert any("at most 24 readings, too few to know what is usual" in note for note in done.notes)
    assert done.found.incidents == ()


def test_points_are_written_with_empty_cells_where_nothing_is_known(labelled: Path, tmp_path: Path) -> None:
    done = anomalies(None, str(labelled), READING)
    write_points(done, tmp_path / "points.csv", overwrite=False)
    write_points(done, tmp_path / "points.parquet", overwrite=False)
    rows = list(csv.DictReader((tmp_path / "points.csv").read_text().splitlines()))
    assert len(rows) == 2 * HOURS == pq.read_table(tmp_path / "points.parquet").num_rows
    assert rows[0]["expected"] == ""
    assert rows[401]["anomaly"] == "true"
    assert float(rows[401]["y"]) > float(rows[401]["alarm_high"])


@pytest.mark.data
def test_the_labelled_series_of_nab_are_searched_better_than_by_the_median_of_the_time_of_day(data: Path) -> None:
    from nettide.prepare.grid import GridChoice

    reading = Reading(layout=Layout(target="y"), grid=GridChoice(step_seconds=300))
    done = anomalies(None, str(data / "nab_aws_network_5min.parquet"), reading, labels="anomaly_window")
    total = {one.method: one.score for one in done.scores if not one.series}
    assert total[OURS].f1 > total["seasonal median"].f1  # the rolling z-score is ahead there: docs/anomalies.md
    assert total[OURS].point_precision > max(total[name].point_precision for name in BASELINES)
