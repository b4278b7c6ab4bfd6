"""``nettide anomalies``: tables, JSON, files and refusals."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path

import pytest
from command_line import nettide, refuse, succeed


@pytest.fixture(scope="module")
def odd(tmp_path_factory: pytest.TempPathFactory, links: Path) -> Path:
    """The made links with three hours of the first ten times too high."""
    lines = links.read_text().splitlines()
    place = lines[0].replace('"', "").split(",").index("y")
    for row in range(500, 503):
        cells = lines[row].split(",")
        cells[place] = str(float(cells[place] or 1e8) * 10)
        lines[row] = ",".join(cells)
    path = tmp_path_factory.mktemp("odd") / "links.csv"
    path.write_text("\n".join(lines) + "\n")
    return path


def test_incidents_are_a_table_with_a_sentence_each(odd: Path) -> None:
    ran = succeed("anomalies", odd, "--unit", "bit/s")
    first, header, *rows = ran.out.splitlines()
    assert " in 3 series x 720 steps of 1h: " in first
    assert "0.34 false alarms a week and series allowed" in first
    assert header.split() == ["from", "(UTC)", "series", "kind", "severity", "score", "what"]
    assert any(" critical " in row and " times the usual for " in row for row in rows)
    assert "pretrained network" in ran.err


def test_json_has_incidents_with_times_and_nulls(odd: Path) -> None:
    document = json.loads(succeed("anomalies", odd, "--json", "--false-alarms", 0.5).out)
    assert document["model"] == "base"
    assert document["false_alarms_per_week"] == pytest.approx(0.5)
    one = max(document["incidents"], key=lambda each: each["score"] or 0)
    assert one["kind"] == "above"
    assert one["start"].endswith(":00:00Z")
    assert one["start"] <= one["peak"] < one["end"]
    assert all(each["score"] is None for each in document["incidents"] if each["kind"] == "gap")
    assert "NaN" not in json.dumps(document)


def test_points_are_written_and_not_over_another_file(odd: Path, tmp_path: Path) -> None:
    out = tmp_path / "points.parquet"
    assert f"wrote {out}" in succeed("anomalies", odd, "--out", out).err
    assert out.exists()
    assert "points.parquet" in refuse("anomalies", odd, "--out", out)
    succeed("anomalies", odd, "--out", out, "--overwrite", "--since", "2026-01-20")


def test_labels_bring_the_scores_of_all_methods(odd: Path, tmp_path: Path) -> None:
    incident = json.loads(succeed("anomalies", odd, "--json").out)["incidents"][0]
    windows = tmp_path / "windows.csv"
    windows.write_text(f"start,end,series\n{incident['start']},{incident['end']},{incident['series']}\n")
    ran = succeed("anomalies", odd, "--labels", windows)
    assert "rolling z-score" in ran.out
    assert "seasonal median" in ran.out
    scores = json.loads(succeed("anomalies", odd, "--labels", windows, "--json").out)["scores"]
    assert {"series", "method", "precision", "recall", "f1", "point_f1", "windows_found"} <= set(scores[0])


def test_a_saved_model_may_come_first(fitted: Path, odd: Path) -> None:
    assert "; expected by lstm, " in succeed("anomalies", fitted, odd).out


def test_a_quiet_series_says_that_nothing_is_odd(tmp_path: Path) -> None:
    path = tmp_path / "flat.csv"
    path.write_text(
        "time,y\n" + "".join(f"2026-01-{1 + hour // 24:02d}T{hour % 24:02d}:00Z,7\n" for hour in range(240))
    )
    assert succeed("anomalies", path).out.startswith("0 incidents in 1 series x 240 steps of 1h: nothing odd;")


def test_what_cannot_be_done_is_refused_in_a_sentence(odd: Path, tmp_path: Path) -> None:
    assert "must be a number above 0" in refuse("anomalies", odd, "--false-alarms", 0)
    assert "allow at most 16.8" in refuse("anomalies", odd, "--false-alarms", 50)
    assert "time 'soon' is not understood" in refuse("anomalies", odd, "--since", "soon")
    assert "of no known kind" in refuse("anomalies", odd, "--out", tmp_path / "points.txt")
    assert "unknown series 'x'" in refuse("anomalies", odd, "--series", "x")
    assert nettide("anomalies", odd, odd, odd).status == 2


def test_a_day_named_in_the_zone_of_the_data_is_judged(tmp_path: Path) -> None:
    days = [date(2025, 10, 1) + timedelta(days=one) for one in range(150)]
    value = {day: 100 + day.toordinal() % 7 for day in days} | {date(2026, 2, 11): 400}
    path = tmp_path / "days.csv"
    path.write_text("ds,y\n" + "".join(f"{day},{value[day]}\n" for day in days))
    for since, found in (("2026-02-11", True), ("2026-02-12", False)):
        ran = succeed("anomalies", path, "--zone", "Europe/Prague", "--since", since)
        assert ("\n2026-02-11 " in ran.out) == found
    assert "from (Europe/Prague)" in succeed("anomalies", path, "--zone", "Europe/Prague").out
