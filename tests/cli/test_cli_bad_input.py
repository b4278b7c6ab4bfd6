"""Whatever is wrong with what is given, the command line says it in one sentence, and nothing is lost or left over."""

from __future__ import annotations

import gzip
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from command_line import LSTM, TINY, nettide, refuse, start, succeed

SHAPE = ("--horizon", 6, "--context", 24)
HOURS = [f"2026-03-{1 + hour // 24:02d}T{hour % 24:02d}:00Z" for hour in range(24 * 20)]


def rows(*, change: Callable[[list[str]], None] | None = None, header: str = "ds,unique_id,y") -> str:
    """Twenty good days of one link, hourly, as CSV; the lines after the header may be changed."""
    lines = [f"{time},r1,{100 + place % 24}" for place, time in enumerate(HOURS)]
    if change is not None:
        change(lines)
    return "\n".join([header, *lines]) + "\n"


def at(place: int, line: str) -> Callable[[list[str]], None]:
    """Replace one line."""

    def change(lines: list[str]) -> None:
        lines[place] = line

    return change


def also(line: str) -> Callable[[list[str]], None]:
    """Add a line at the end."""
    return lambda lines: lines.append(line)


def keep(choose: Callable[[int], bool]) -> Callable[[list[str]], None]:
    """Keep some of the lines."""

    def change(lines: list[str]) -> None:
        lines[:] = [line for place, line in enumerate(lines) if choose(place)]

    return change


def written_as(form: str) -> Callable[[list[str]], None]:
    """Write all values in another form."""

    def change(lines: list[str]) -> None:
        lines[:] = [f"{start},{form.format(value)}" for start, _, value in (line.rpartition(",") for line in lines)]

    return change


def without_values(lines: list[str]) -> None:
    lines[:] = [line.rpartition(",")[0] + "," for line in lines]


FILES: dict[str, tuple[str | bytes, str]] = {
    "an empty file": ("", "traffic.csv: is empty"),
    "a header alone": ("ds,unique_id,y\n", "traffic.csv: has a header but no rows"),
    "no header": (rows(header=HOURS[0] + ",r1,5"), "traffic.csv line 1: looks like readings, not like the names of"),
    "a binary file": (b"\x7fELF\x02\0\0\1" * 40, "traffic.csv line 1: is not CSV text but binary"),
    "a Parquet file": (b"PAR1....PAR1", "traffic.csv: is not CSV text but Parquet; name it .parquet"),
    "a compressed file": (gzip.compress(b"ds,y"), "traffic.csv: is not CSV text but gzip; name it .csv.gz"),
    "an unparsable time": (
        rows(change=at(7, "soon,r1,5")),
        "traffic.csv line 9: time 'soon' is not ISO 8601 such as 2026-03-01T10:00:00Z",
    ),
    "mixed zones": (
        rows(change=at(7, "2026-03-01T07:00,r1,5")),
        "traffic.csv line 9: time '2026-03-01T07:00' has no zone, while traffic.csv line 2 has one; write all",
    ),
    "a value that is no number": (
        rows(change=at(3, HOURS[3] + ",r1,much")),
        "traffic.csv line 5: 'much' in column 'y' is not a number; correct it or leave it empty",
    ),
    "a decimal comma": (
        rows(change=at(3, HOURS[3] + ',r1,"142,05"')),
        "traffic.csv line 5: '142,05' in column 'y' is not a number; write decimals with a point",
    ),
    "decimal commas throughout": (
        rows(change=written_as('"{},05"')),
        "traffic.csv line 2: '100,05' in column 'y' is not a number; write decimals with a point",
    ),
    "decimal commas that part the cells": (
        rows(change=written_as("{},05")),
        "traffic.csv line 2: has 4 cells, but the header names 3 columns; if '100,05' is one number, write decimals",
    ),
    "units in the cells": (
        rows(change=written_as("{}.3 Mbps")),
        "traffic.csv line 2: '100.3 Mbps' in column 'y' is not a number; strip the unit, which must be one for all "
        "cells, and name it with --unit Mbps",
    ),
    "too few cells": (rows(change=at(3, HOURS[3] + ",r1")), "traffic.csv line 5: has 2 cells, but the header names 3"),
    "two values at one time": (rows(change=also(HOURS[0] + ",r1,7")), "--duplicates"),
    "irregular steps": (
        rows(change=keep(lambda place: place % 7 not in (1, 2) or place > 400)).replace(":00Z", ":13Z", 60),
        "--step",
    ),
    "an infinite value": (
        rows(change=at(5, HOURS[5] + ",r1,inf")),
        "traffic.csv line 7: series 'r1' at 2026-03-01T05:00:00Z: 'y' is inf, which is infinite; correct it, or leave "
        "such values unknown with --invalid gap",
    ),
    "a negative value": (
        rows(change=at(5, HOURS[5] + ",r1,-3")),
        "traffic.csv line 7: series 'r1' at 2026-03-01T05:00:00Z: 'y' is -3, which is below zero; correct it, or leave "
        "such values unknown with --invalid gap",
    ),
    "no value at all": (rows(change=without_values), "traffic.csv: 'y' is empty in all 480 rows"),
    "fewer points than context and horizon": (rows(change=keep(lambda place: place < 27)), " steps, "),
}


@pytest.mark.parametrize("verb", ["fit", "backtest"])
@pytest.mark.parametrize("case", FILES)
def test_a_bad_file_is_refused_in_one_sentence(tmp_path: Path, verb: str, case: str) -> None:
    content, sentence = FILES[case]
    path = tmp_path / "traffic.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    before = path.read_bytes()
    named = ("--target", "y") if case == "no value at all" else ()
    said = refuse(verb, path, "--model", "gru", *SHAPE, *TINY, *named, "--out", tmp_path / "out")
    assert sentence in said
    assert path.read_bytes() == before
    assert not [one for one in (tmp_path / "out").rglob("*") if one.is_file()]


def test_a_good_file_is_taken(tmp_path: Path) -> None:
    (tmp_path / "traffic.csv").write_text(rows())
    succeed("fit", tmp_path / "traffic.csv", "--model", "gru", *SHAPE, *TINY, "--out", tmp_path / "m")


@pytest.mark.parametrize("verb", ["check", "fit", "backtest", "forecast"])
def test_a_missing_file_names_the_nearest(tmp_path: Path, links: Path, fitted: Path, verb: str) -> None:
    (tmp_path / "traffic.csv").write_text(rows())
    absent = tmp_path / "trafic.csv"
    arguments: dict[str, tuple[object, ...]] = {
        "check": (absent,),
        "fit": (absent, *SHAPE, "--out", tmp_path / "m"),
        "backtest": (absent, *SHAPE, "--model", "naive", "--out", tmp_path / "m"),
        "forecast": (fitted, absent),
    }
    sentence = f"{absent}: no such file or folder; did you mean '{tmp_path / 'traffic.csv'}'?"
    assert refuse(verb, *arguments[verb]) == sentence


def test_an_unknown_column_names_the_nearest(links: Path, tmp_path: Path) -> None:
    said = refuse("fit", links, "--target", "latencyy", *SHAPE, "--out", tmp_path / "m")
    assert said.startswith("links.csv: unknown column 'latencyy'; did you mean 'latency'? known: ")


def test_several_possible_targets_ask_for_a_choice(tmp_path: Path) -> None:
    path = tmp_path / "traffic.csv"
    path.write_text("time,in_bytes,out_bytes\n2026-03-01T00:00Z,1,2\n2026-03-01T01:00Z,3,4\n")
    said = refuse("fit", path, *SHAPE, "--out", tmp_path / "m")
    assert "choose one with --target" in said


def test_rows_that_are_repeated_or_unsorted_are_used_and_said(tmp_path: Path) -> None:
    def change(lines: list[str]) -> None:
        lines.append(lines[0])
        lines[4], lines[9] = lines[9], lines[4]

    path = tmp_path / "traffic.csv"
    path.write_text(rows(change=change))
    ran = succeed("fit", path, "--model", "naive", *SHAPE, "--out", tmp_path / "m")
    assert "sorted" in ran.err
    assert "1 row" in ran.err


def test_a_series_without_readings_is_said_and_the_others_are_fitted(tmp_path: Path) -> None:
    path = tmp_path / "traffic.csv"
    path.write_text(rows(change=also(HOURS[0] + ",silent,")))
    ran = succeed("fit", path, "--model", "gru", *SHAPE, *TINY, "--out", tmp_path / "m")
    assert "1 of 2 series have no reading at all: 'silent'" in ran.err


def test_a_file_that_unpacks_to_too_much_is_given_up(tmp_path: Path) -> None:
    path = tmp_path / "bomb.csv.gz"
    piece = gzip.compress((HOURS[0] + ",r1,5\n").encode() * 50_000)
    path.write_bytes(gzip.compress(b"ds,unique_id,y\n") + piece * 400)
    said = refuse("fit", path, *SHAPE, "--limit", "10M", "--out", tmp_path / "m")
    assert said.startswith("bomb.csv.gz: unpacks to more than 9.53674 MiB, the limit")
    assert said.endswith("or allow more with --limit")


def test_an_unknown_model_names_the_nearest(links: Path, tmp_path: Path) -> None:
    said = refuse("fit", links, "--model", "ltsm", *SHAPE, "--out", tmp_path / "m")
    assert said.startswith("unknown model 'ltsm'; did you mean 'lstm'? known: ")


# --- model folders


def truncate(folder: Path) -> None:
    weights = next(folder.glob("weights-*"))
    weights.write_bytes(weights.read_bytes()[:-100])


def flip(folder: Path) -> None:
    weights = next(folder.glob("weights-*"))
    content = bytearray(weights.read_bytes())
    content[len(content) // 2] ^= 1
    weights.write_bytes(bytes(content))


def edit(folder: Path) -> None:
    description = folder / "model.json"
    description.write_text(description.read_text().replace('"horizon": 6', '"horizon": 9', 1))


DAMAGE: dict[str, tuple[Callable[[Path], object], str]] = {
    "no description": (lambda folder: (folder / "model.json").unlink(), "model.json is missing"),
    "no weights": (lambda folder: next(folder.glob("weights-*")).unlink(), ".safetensors is missing; restore it"),
    "truncated weights": (truncate, "it is truncated"),
    "flipped weights": (flip, "is damaged or belongs to another model: its SHA-256 begins"),
    "an edited description": (edit, "model.json was altered after it was saved"),
    "an empty description": (lambda folder: (folder / "model.json").write_text(""), "model.json is truncated"),
    "a foreign file": (lambda folder: (folder / "notes.txt").write_text("x"), "holds 'notes.txt', which nettide did"),
    "no folder": (shutil.rmtree, "no model at "),
}


@pytest.mark.parametrize("case", DAMAGE)
def test_a_damaged_model_is_refused_and_left_as_it_is(fitted: Path, links: Path, tmp_path: Path, case: str) -> None:
    damage, sentence = DAMAGE[case]
    damage(fitted)
    before = {path: path.read_bytes() for path in fitted.parent.rglob("*") if path.is_file()}
    said = refuse("forecast", fitted, links, "--out", tmp_path / "f.csv")
    assert sentence in said
    assert {path: path.read_bytes() for path in fitted.parent.rglob("*") if path.is_file()} == before
    assert not (tmp_path / "f.csv").exists()


# --- places that cannot be written


def test_a_full_disk_while_a_model_is_saved(small_disk: Path, links: Path) -> None:
    (small_disk / "filling").write_bytes(bytes(12_000))
    said = refuse("fit", links, *LSTM, *SHAPE, "--epochs", 1, "--out", small_disk / "m")
    assert said.startswith("cannot write ")
    assert said.endswith(": the disk is full")
    assert not list(small_disk.rglob("*.tmp"))


def test_a_full_disk_leaves_the_model_that_was_there(small_disk: Path, links: Path) -> None:
    succeed("fit", links, "--model", "naive", *SHAPE, "--out", small_disk / "m")
    before = (small_disk / "m" / "model.json").read_bytes()
    said = refuse("fit", links, *LSTM, *SHAPE, "--epochs", 1, "--out", small_disk / "m", "--overwrite")
    assert "the disk is full" in said
    assert (small_disk / "m" / "model.json").read_bytes() == before
    assert "naive" in succeed("forecast", small_disk / "m", links).out


@pytest.mark.parametrize("verb", ["fit", "backtest", "forecast"])
def test_a_read_only_folder(small_disk: Path, links: Path, fitted: Path, verb: str) -> None:
    subprocess.run(["mount", "-o", "remount,ro", small_disk], check=True)
    arguments: dict[str, tuple[object, ...]] = {
        "fit": (links, *LSTM, *SHAPE, *TINY, "--out", small_disk / "m"),
        "backtest": (links, *SHAPE, "--model", "naive", "--out", small_disk),
        "forecast": (fitted, links, "--out", small_disk / "f.csv"),
    }
    assert "the file system is read-only" in refuse(verb, *arguments[verb])


def listed(stdout: int, unbuffered: str) -> subprocess.CompletedProcess[str]:
    """Print a table to somewhere that may refuse it, at once or when Python ends."""
    return subprocess.run(
        [sys.executable, "-c", "from nettide.cli import main; main()", "models", "--known"],
        stdout=stdout, stderr=subprocess.PIPE, text=True, check=False,
        env={**os.environ, "PYTHONUNBUFFERED": unbuffered},
    )  # fmt: skip


@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="the system has no /dev/full")
def test_output_that_cannot_be_printed_ends_in_one_sentence(unbuffered: str) -> None:
    with Path("/dev/full").open("w") as full:
        ran = listed(full.fileno(), unbuffered)
    assert ran.returncode == 1
    assert ran.stderr.startswith("nettide: ")
    assert ran.stderr.count("\n") == 1


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_reader_that_has_seen_enough_is_no_error(unbuffered: str) -> None:
    read, write = os.pipe()
    os.close(read)
    ran = listed(write, unbuffered)
    os.close(write)
    assert ran.stderr == ""


def test_who_closes_our_output_wants_none() -> None:
    command = f"exec '{sys.executable}' -c 'from nettide.cli import main; main()' models --known >&-"
    ran = subprocess.run(["sh", "-c", command], stderr=subprocess.PIPE, text=True, check=False)
    assert (ran.returncode, ran.stderr) == (0, "")


def test_warnings_of_libraries_do_not_reach_the_user(links: Path, tmp_path: Path) -> None:
    process = start("fit", links, "--model", "gru-fcn", *SHAPE, *TINY, "--out", tmp_path / "m")
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0
    assert "Warning" not in out + err
    assert all(line.startswith(("links.csv: ", "days off in most countries: ")) for line in err.splitlines())


@pytest.mark.parametrize("arguments", [["fit"], ["fit", "x.csv", "--horizon", "many"], ["fitt"], ["--nothing"]])
def test_wrong_usage_has_status_2(arguments: list[str]) -> None:
    ran = nettide(*arguments)
    assert ran.status == 2
    assert ran.out == ""
    assert "Traceback" not in ran.err
