from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from studio_pages import KEY, OTHER_KEY, finished_run, made_data

from nettide.errors import BusyError, DamagedError
from nettide.store.models import load_model
from nettide.studio.run_monitor import NOW, STOP, RunMonitor
from nettide.studio.run_words import ending_text, options_text, seconds_left, share_done
from nettide.studio.runs import (
    Progress,
    Run,
    delete_run,
    find_run,
    kill_run,
    list_runs,
    order_run,
    progress_of,
    start_run,
    stop_run,
)
from nettide.studio.worker import work
from nettide.studio.workspace import DataSet, Workspace
from nettide.tasks.load import Reading
from nettide.tasks.plan import Plan


def wait(condition: Callable[[], bool], *, seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)


LONG = Plan("lstm", 6, context=24, epochs=100_000, options=(("hidden", "8"), ("patience", "0")))


def test_a_run_outlives_its_starter_is_stopped_with_its_best_weights_and_only_its_session_sees_it(
    root: Path, workspace: Workspace
) -> None:
    data = made_data(workspace)
    started = start_run(workspace, data, LONG, most=1)
    assert started.state == "running"
    assert [one.name for one in list_runs(Workspace.of(root, KEY))] == [started.name]  # as after a restart
    assert list_runs(Workspace.of(root, OTHER_KEY)) == []
    with pytest.raises(BusyError, match="lstm-1 still run, and at most 1 may at once; stop one or wait for it"):
        start_run(workspace, data, LONG, most=1)
    with pytest.raises(BusyError, match="lstm-1 is running; stop it first"):
        delete_run(started)
    wait(lambda: len(progress_of(started).epochs) > 1)
    wait(lambda: share_done(progress_of(started)) is not None)
    assert (seconds_left(progress_of(started)) or 0) > 0
    stop_run(started)
    assert progress_of(started).stopping
    wait(lambda: find_run(workspace, started.name).state != "running")
    done = find_run(workspace, started.name)
    assert (done.state, done.ending) == ("done", "requested"), done.error
    assert ending_text(done) == "stopped; the best weights are kept"
    assert load_model(done.model).training.best_epoch >= 1
    assert {one["model"] for one in done.scores} == {"lstm", "seasonal-naive", "naive"}
    assert (done.result / "report.html").is_file()
    delete_run(done)
    assert list_runs(workspace) == []


def test_a_process_that_is_killed_is_told_from_one_that_runs(workspace: Workspace) -> None:
    run = start_run(workspace, made_data(workspace), LONG, most=2)
    kill_run(run)
    wait(lambda: find_run(workspace, run.name).state == "killed")
    assert "the process of lstm-1 ended before it was done" in find_run(workspace, run.name).error
    kill_run(run)  # nobody else's process is hit when it is gone


def test_what_fails_is_kept_as_one_sentence(workspace: Workspace) -> None:
    run = finished_run(workspace, DataSet("gone", "/nowhere/a.csv", Reading(), "path"), Plan("naive", 6))
    assert (run.state, run.scores) == ("failed", ())
    assert run.error == "/nowhere/a.csv: no such file or folder"


def test_a_model_that_fails_beside_naive_ones_that_do_not_is_a_failed_run(workspace: Workspace) -> None:
    run = finished_run(workspace, made_data(workspace), Plan("lstm", 6, context=390))
    assert run.state == "failed"
    assert "history is too short to train on" in run.error


def test_a_process_that_ends_without_a_word_leaves_its_last_one(workspace: Workspace) -> None:
    folder = order_run(workspace, made_data(workspace), Plan("naive", 6))
    (folder / "worker.log").write_text("Traceback\nMemoryError: out of it\n")
    run = find_run(workspace, folder.name)
    assert run.state == "killed"
    assert run.error == f"the process of {folder.name} ended before it was done: MemoryError: out of it"


def test_a_run_tells_all_about_itself(worked: Path) -> None:
    workspace = Workspace.of(worked, KEY)
    run = find_run(workspace, "lstm-1")
    assert (run.state, run.plan.horizon, run.data.name) == ("done", 6, "made")
    assert options_text(run) == "window=24 hidden=8 epochs=2"
    assert options_text(find_run(workspace, "window-mean-1")) == "as usual"
    assert run.parameters == load_model(run.model).training.parameters
    assert run.score["model"] == "lstm"
    assert [one["epoch"] for one in progress_of(run).epochs] == [1, 2]
    assert {one.name for one in list_runs(workspace)} == {"lstm-1", "window-mean-1"}


def test_folders_that_are_no_runs_are_left_out(workspace: Workspace) -> None:
    (workspace.runs_folder / "empty").mkdir()
    (workspace.runs_folder / "bad").mkdir()
    (workspace.runs_folder / "bad" / "order.json").write_text('{"plan": 1}')
    assert list_runs(workspace) == []
    with pytest.raises(DamagedError, match="bad holds no run"):
        find_run(workspace, "bad")


def test_a_line_that_is_half_written_is_not_read(workspace: Workspace) -> None:
    folder = order_run(workspace, made_data(workspace), Plan("naive", 6))
    (folder / "epochs.jsonl").write_text('{"epoch": 1}\n{"epo')
    assert [dict(one) for one in progress_of(find_run(workspace, folder.name)).epochs] == [{"epoch": 1}]


def test_the_monitor_writes_seldom_and_heeds_the_stop_file(tmp_path: Path) -> None:
    now = [0.0]
    monitor = RunMonitor(tmp_path, model="lstm", clock=lambda: now[0])
    for batch in range(1, 9):
        now[0] += 0.1
        monitor.on_batch(epoch=1, epochs=2, batch=batch, batches=10, loss=0.5)
    told = json.loads((tmp_path / NOW).read_text())
    assert told["batch"] == 5
    assert told["elapsed"] == pytest.approx(0.5)
    assert not monitor.stop_requested()
    (tmp_path / STOP).touch()
    assert not monitor.stop_requested()  # it looked just now
    now[0] += 1
    assert monitor.stop_requested()
    monitor.on_stage(name="theta", purpose="trial", place=2, count=6)
    told = json.loads((tmp_path / NOW).read_text())
    assert (told["challenger"], told["place"]) == ("theta", 2)
    assert "epoch" not in told


def test_before_the_first_batch_nothing_is_estimated() -> None:
    assert share_done(Progress({}, (), False)) is None
    assert seconds_left(Progress({}, (), False)) is None
    going = Progress({"epoch": 2, "epochs": 4, "batch": 5, "batches": 10, "elapsed": 30.0}, (), False)
    assert share_done(going) == pytest.approx(0.375)
    assert seconds_left(going) == pytest.approx(50.0)


def test_the_worker_needs_no_streamlit() -> None:
    import subprocess
    import sys

    script = "import sys, nettide.studio.worker; print('streamlit' in sys.modules)"
    ran = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True)
    assert ran.stdout.strip() == "False"


def test_a_run_of_the_same_plan_gives_the_same_forecasts(worked: Path) -> None:
    workspace = Workspace.of(worked, KEY)
    run: Run = find_run(workspace, "window-mean-1")
    folder = order_run(workspace, run.data, run.plan)
    work(folder)
    again = (folder / "result" / "forecasts.parquet").read_bytes()
    assert again == (run.result / "forecasts.parquet").read_bytes()
    assert os.access(folder / "model" / "model.json", os.R_OK)
