"""``nettide tune`` at the command line: killed and gone on with, the command it prints, what it refuses."""

from __future__ import annotations

import contextlib
import json
import re
import shlex
import sqlite3
import threading
from pathlib import Path

import pytest
from command_line import refuse, start, succeed, wait_until

from nettide.store.lock import claim
from nettide.store.models import load_model

SHAPE = ("--horizon", 6, "--context", 24, "--set", "windows_per_epoch=64", "--set", "layers=1", "--set", "hidden=8")
TINY = (*SHAPE, "--epochs", 4)


def states(study: Path) -> list[str]:
    """The states of the trials in a study, read while another process writes it."""
    if not study.exists():
        return []
    with contextlib.closing(sqlite3.connect(f"{study.as_uri()}?mode=ro", uri=True)) as connection:
        try:
            return [row[0] for row in connection.execute("SELECT state FROM trials ORDER BY number")]
        except sqlite3.OperationalError:  # locked for a moment
            return []


def outcomes(folder: Path) -> list[tuple[dict[str, str], str, float | None]]:
    trials = json.loads((folder / "best.json").read_text())["trials"]
    return [(one["options"], one["state"], one["score"]) for one in trials if one["state"] != "unfinished"]


def test_a_search_that_is_killed_goes_on_and_ends_as_if_it_had_not_been(links: Path, tmp_path: Path) -> None:
    killed, whole = tmp_path / "killed", tmp_path / "whole"
    search = ("tune", links, *SHAPE, "--epochs", 15, "--trials", 4, "--repeats", 0, "--set", "patience=0")
    process = start(*search, "--out", killed)
    study = killed / "study.sqlite"
    wait_until(lambda: states(study)[-1:] == ["RUNNING"] and len(states(study)) == 2, process)
    process.kill()
    process.communicate()
    assert "RUNNING" in states(study)
    assert not (killed / "best.json").exists()
    ran = succeed(*search, "--out", killed)
    assert " (2 of 4): " in ran.err
    assert " (1 of 4): " not in ran.err
    assert states(study).count("FAIL") == 1
    assert len(states(study)) == 5
    succeed(*search, "--out", whole)
    assert outcomes(killed) == outcomes(whole)
    assert len(outcomes(killed)) == 4
    assert {one.name for one in killed.iterdir()} == {"best.json", "tune.html", "study.sqlite"}


@pytest.fixture(scope="module")
def tuned(links: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str, Path]:
    """What a search of four trials said on stdout and stderr, and its folder."""
    out = tmp_path_factory.mktemp("tuned") / "t"
    ran = succeed("tune", links, *TINY, "--trials", 4, "--out", out, "--unit=bit/s", "--budget", "10m")
    return ran.out, ran.err, out


def test_what_was_found_is_said_on_stdout(tuned: tuple[str, str, Path]) -> None:
    out, err, folder = tuned
    lines = out.splitlines()
    assert lines[0].startswith("trial ")
    assert "0 (defaults)" in out
    assert "The last 144 of 720 steps were not looked at, so a backtest on them stays honest." in out
    assert lines[-2] == f"report: {folder}/tune.html"
    assert re.search(r"^trial 3 \(4 of 4\): .* in \d+\.\d s; best \d\.\d{4}, 0:00 left$", err, flags=re.MULTILINE)


def test_the_command_that_is_printed_fits_the_best(
    tuned: tuple[str, str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out, _, folder = tuned
    command = out.splitlines()[-1].removeprefix("fit it on all of the data: ")
    document = json.loads((folder / "best.json").read_text())
    assert document["command"] == command
    assert "--trials" not in command
    assert "--unit=bit/s" in command
    monkeypatch.chdir(tmp_path)
    succeed(*shlex.split(command)[1:])
    config = load_model(Path("models/lstm-tuned")).state.document["config"]
    assert config["hidden"] == 8
    for text in document["set"]:
        name, _, value = text.partition("=")
        assert str(config[name]) == value or float(config[name]) == float(value)


def test_the_folder_holds_the_best_and_a_page(tuned: tuple[str, str, Path]) -> None:
    folder = tuned[2]
    document = json.loads((folder / "best.json").read_text())
    assert document["score_name"] == "relWQL"
    assert document["best"]["score"] <= document["defaults"]["score"]
    assert document["steps_not_looked_at"] == 144
    page = (folder / "tune.html").read_text()
    assert document["command"].replace("&", "&amp;") in page
    assert "Score by trial" in page


def test_another_search_in_the_same_study_is_refused(links: Path, tuned: tuple[str, str, Path]) -> None:
    sentence = refuse("tune", links, *TINY, "--seed", 5, "--out", tuned[2])
    assert sentence == (
        f"study {tuned[2]}/study.sqlite is of another search: seed was 0, now 5; "
        "choose another file with --study, or remove it to begin anew"
    )


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--trials", 0), "trials 0 must be at least 1"),
        (("--budget", "soon"), "time 'soon' is not understood; write for example 90s, 10m or 1.5h"),
        (("--model", "seasonal-naive"), "model 'seasonal-naive' has nothing to tune; models that have: gru, gru-fcn,"),
        (("--set", "hiden=8"), "--set hiden: unknown option 'hiden'; did you mean 'hidden'?"),
        (("--test-fraction", 2), "test fraction 2.0 must be 0 or more and below 1"),
        (("--context", 700), "history is too short to tune on: it has 720 steps, of which 432 train and 144 validate"),
        (("--out", "/proc/tuned"), "cannot write in /proc/tuned: "),
        (("--study", "/proc/study.sqlite"), "cannot write in /proc: "),
    ],
)
def test_what_cannot_be_is_said_in_one_sentence(
    links: Path, tmp_path: Path, words: tuple[object, ...], sentence: str
) -> None:
    assert refuse("tune", links, "--horizon", 6, "--out", tmp_path / "t", *words).startswith(sentence)


def test_a_study_that_is_no_sqlite_file_is_said(links: Path, tmp_path: Path) -> None:
    study = tmp_path / "notes.txt"
    study.write_text("my notes")
    sentence = refuse("tune", links, *TINY, "--out", tmp_path / "t", "--study", study)
    assert sentence == f"study {study} is no SQLite file; choose another file with --study"
    assert study.read_text() == "my notes"


def test_a_full_disk_under_the_study_is_said(links: Path, tmp_path: Path, small_disk: Path) -> None:
    study = small_disk / "study.sqlite"
    assert refuse("tune", links, *TINY, "--out", tmp_path / "t", "--study", study).startswith("cannot ")


def test_a_study_in_use_is_refused(links: Path, tmp_path: Path) -> None:
    held, done = threading.Event(), threading.Event()

    def hold() -> None:
        with claim(tmp_path / ".s.sqlite.lock"):
            held.set()
            done.wait(60)

    other = threading.Thread(target=hold)
    other.start()
    held.wait(60)
    sentence = refuse("tune", links, *TINY, "--out", tmp_path / "t", "--study", tmp_path / "s.sqlite")
    done.set()
    other.join()
    assert "s.sqlite.lock is in use by another nettide process" in sentence
