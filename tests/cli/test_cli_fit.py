"""``nettide fit`` at the command line."""

from __future__ import annotations

import json
import signal
from dataclasses import dataclass
from pathlib import Path

import pytest
from command_line import LSTM, TINY, lines_in, nettide, refuse, start, succeed, wait_until

from nettide.store.models import load_model

SHAPE = ("--horizon", "6", "--context", "48")


def test_a_model_is_kept_and_said(links: Path, tmp_path: Path) -> None:
    folder = tmp_path / "models" / "uplinks"
    ran = succeed("fit", links, *LSTM, "--out", folder, *SHAPE, *TINY)
    lines = ran.out.splitlines()
    assert lines[0].startswith("lstm with ")
    assert "fitted on 3 series x 720 steps of 1h in" in lines[0]
    assert "(all epochs done)" in lines[1]
    assert lines[-1] == f"saved in {folder}"
    record = load_model(folder)
    assert (record.model, record.horizon, record.context) == ("lstm", 6, 48)
    assert record.data.origin == "links.csv"


def test_the_data_is_explained_on_stderr_alone(links: Path, tmp_path: Path) -> None:
    ran = succeed("fit", links, "--out", tmp_path / "m", "--model", "naive", "--horizon", 6)
    assert "time column 'ds', id column 'unique_id', target 'y' (guessed" in ran.err
    assert "guessed" not in ran.out


def test_the_log_has_one_json_line_an_epoch_and_grows(links: Path, tmp_path: Path) -> None:
    log = tmp_path / "train.jsonl"
    for name in ("a", "b"):
        succeed("fit", links, *LSTM, "--out", tmp_path / name, *SHAPE, *TINY[:-1], 2, "--log", log)
    reports = [json.loads(line) for line in log.read_text().splitlines()]
    assert [one["epoch"] for one in reports] == [1, 2, 1, 2]
    assert {one["model"] for one in reports} == {"lstm"}
    assert {"loss", "validation_loss", "best_epoch", "seconds_left"} <= set(reports[0])
    assert [one["loss"] for one in reports[:2]] == [one["loss"] for one in reports[2:]]


def test_a_log_that_cannot_be_written_ends_the_run_before_training(links: Path, tmp_path: Path) -> None:
    sentence = refuse("fit", links, *LSTM, "--out", tmp_path / "m", *SHAPE, *TINY, "--log", tmp_path / "no" / "log")
    assert sentence == f"cannot write the log {tmp_path}/no/log: it does not exist"
    assert not (tmp_path / "m").exists()


def test_a_full_disk_under_the_log_is_said_and_the_training_can_go_on(links: Path, tmp_path: Path) -> None:
    folder = tmp_path / "m"
    sentence = refuse("fit", links, *LSTM, "--out", folder, *SHAPE, *TINY, "--log", "/dev/full")
    assert sentence == "cannot write the log /dev/full: the disk is full"
    assert succeed("fit", links, *LSTM, "--out", folder, *SHAPE, *TINY, "--resume").status == 0


def test_same_seed_same_weights_another_seed_others(links: Path, tmp_path: Path) -> None:
    for name, seed in (("a", 3), ("b", 3), ("c", 4)):
        succeed("fit", links, *LSTM, "--out", tmp_path / name, *SHAPE, *TINY, "--seed", seed)
    weights = {name: next((tmp_path / name).glob("weights-*")).name for name in "abc"}
    assert weights["a"] == weights["b"] != weights["c"]


def test_a_model_that_exists_is_kept_unless_overwritten(links: Path, fitted: Path) -> None:
    before = {path.name: path.read_bytes() for path in fitted.iterdir()}
    sentence = refuse("fit", links, "--out", fitted, "--model", "naive", "--horizon", 6)
    assert sentence == f"{fitted} already holds a model; choose another name or allow overwriting (--overwrite)"
    assert {path.name: path.read_bytes() for path in fitted.iterdir()} == before
    succeed("fit", links, "--out", fitted, "--model", "naive", "--horizon", 6, "--overwrite")
    assert load_model(fitted).model == "naive"


def test_nothing_to_resume_is_said(links: Path, tmp_path: Path) -> None:
    sentence = refuse("fit", links, *LSTM, "--out", tmp_path / "m", *SHAPE, *TINY, "--resume")
    assert sentence == f"{tmp_path}/m holds no checkpoint to resume; start without --resume"
    assert not (tmp_path / "m").exists()


@pytest.mark.slow
def test_a_killed_training_that_is_resumed_ends_with_the_weights_of_one_that_was_not(
    links: Path, tmp_path: Path
) -> None:
    log = tmp_path / "log"
    options = (*SHAPE, "--model", "gru", "--set", "hidden=8", "--set", "windows_per_epoch=256", "--set", "patience=0")
    options = (*options, "--epochs", 40)
    killed = start("fit", links, "--out", tmp_path / "killed", *options, "--log", log)
    wait_until(lambda: lines_in(log) >= 3, killed)
    killed.kill()
    killed.communicate()
    assert "holds a training that has not ended" in refuse("forecast", tmp_path / "killed", links)
    for name, how in (("killed", ["--resume", "--log", log]), ("whole", [])):
        succeed("fit", links, "--out", tmp_path / name, *options, *how)
    resumed, whole = (load_model(tmp_path / name) for name in ("killed", "whole"))
    assert lines_in(log) < 2 * 40
    assert {name: value.tobytes() for name, value in resumed.state.tensors.items()} == {
        name: value.tobytes() for name, value in whole.state.tensors.items()
    }
    assert not list((tmp_path / "killed").glob("checkpoint*"))


def test_beginning_anew_over_a_killed_training_is_said(links: Path, tmp_path: Path) -> None:
    folder = tmp_path / "m"
    refuse("fit", links, *LSTM, "--out", folder, *SHAPE, *TINY, "--log", "/dev/full")
    ran = succeed("fit", links, *LSTM, "--out", folder, *SHAPE, *TINY)
    assert "began anew; the training that was stopped there can no longer be resumed" in ran.err


def test_resuming_with_other_options_is_refused(links: Path, tmp_path: Path) -> None:
    folder = tmp_path / "m"
    refuse("fit", links, *LSTM, "--out", folder, *SHAPE, *TINY, "--log", "/dev/full")
    sentence = refuse("fit", links, *LSTM, "--out", folder, *SHAPE, *TINY, "--set", "layers=2", "--resume")
    assert "the checkpoint is of another training: " in sentence


@dataclass(frozen=True)
class Interrupted:
    """A process that fitted to a folder until Ctrl-C, and what a second fit to that folder was told meanwhile."""

    folder: Path
    pid: int
    status: int
    out: str
    err: str
    second: str


@pytest.fixture(scope="module")
def interrupted(links: Path, tmp_path_factory: pytest.TempPathFactory) -> Interrupted:
    """A training without an end that is stopped after some epochs."""
    made = tmp_path_factory.mktemp("interrupted")
    folder, log = made / "m", made / "log"
    process = start("fit", links, *LSTM, "--out", folder, *SHAPE, *TINY[:-1], 9999, "--set", "patience=0", "--log", log)
    wait_until(lambda: lines_in(log) >= 2, process)
    second = refuse("fit", links, *LSTM, "--out", folder, *SHAPE, *TINY)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    return Interrupted(folder, process.pid, process.returncode, out, err, second)


def test_ctrl_c_keeps_the_best_weights_so_far(links: Path, interrupted: Interrupted) -> None:
    assert interrupted.status == 0
    assert "(stopped by Ctrl-C)" in interrupted.out
    assert f"saved in {interrupted.folder}" in interrupted.out
    assert "Traceback" not in interrupted.err
    assert load_model(interrupted.folder).training.ending == "interrupted"
    assert nettide("forecast", interrupted.folder, links).status == 0


def test_two_processes_do_not_fit_to_one_name(interrupted: Interrupted) -> None:
    assert interrupted.second == (
        f"{interrupted.folder} is in use by another nettide process (pid {interrupted.pid}); "
        "choose another name or wait"
    )
    assert interrupted.status == 0  # the first one did not notice
    assert load_model(interrupted.folder).training.ending == "interrupted"
