"""Runs: trainings in processes of their own, each in a folder that tells all about it, now and after a restart."""

from __future__ import annotations

import contextlib
import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from nettide.errors import BusyError, DamagedError
from nettide.store.files import one_sentence
from nettide.store.models import check_name
from nettide.store.record import ModelRecord
from nettide.studio.processes import is_running, kill_process, last_words, start_process
from nettide.studio.run_monitor import EPOCHS, NOW, STOP
from nettide.studio.worker import MODEL, ORDER, RESULT, STATUS
from nettide.studio.workspace import DataSet, Workspace, read_document, write_document
from nettide.tasks.plan import Plan, plan_document, plan_from
from nettide.tasks.reading_document import reading_document, reading_from

RunState = Literal["running", "done", "failed", "killed"]
_MODULE = "nettide.studio.worker"


@dataclass(frozen=True, slots=True)
class Run:
    """One training with its test.

    Args:
        name: of its folder.
        folder: where everything about it is.
        data: what it was trained on; its units and kind are not kept.
        plan: what was asked for.
        created: when it was started.
        state: running, done, failed (with an error) or killed (its process ended without a word).
        error: why it failed.
        seconds: how long it took; 0 while it runs.
        best: the best of the compared models, by relative MAE; empty unless done.
        ending: why training ended, as ``Training.ending`` says.
        parameters: trained numbers.
        windows: training windows that there were.
        sentences: on the data.
        scores: fields of ``Score`` of each compared model, best first; None for one that does not exist.
    """

    name: str
    folder: Path
    data: DataSet
    plan: Plan
    created: datetime
    state: RunState
    error: str = ""
    seconds: float = 0.0
    best: str = ""
    ending: str = ""
    parameters: int = 0
    windows: int = 0
    sentences: tuple[str, ...] = ()
    scores: tuple[Mapping[str, Any], ...] = ()

    @property
    def result(self) -> Path:
        """Folder of ``forecasts.parquet``, ``leaderboard.csv``, ``calibration.csv`` and ``report.html``."""
        return self.folder / RESULT

    @property
    def score(self) -> Mapping[str, Any]:
        """The scores of the model that was trained; empty unless done."""
        return next((one for one in self.scores if one["model"] == self.plan.model), {})

    @property
    def model(self) -> Path:
        """Folder of the model, for ``Forecaster.load``; it knows nothing of the test part."""
        return self.folder / MODEL


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a run is.

    Args:
        now: what ``RunMonitor`` wrote last; empty before the first batch.
        epochs: the reports of all epochs so far, as ``EpochLog`` writes them.
        stopping: whether it was asked to stop.
    """

    now: Mapping[str, Any]
    epochs: tuple[Mapping[str, Any], ...]
    stopping: bool


def start_run(workspace: Workspace, data: DataSet, plan: Plan, *, most: int) -> Run:
    """Start a training in a process of its own.

    Raises:
        BusyError: as many runs of the session are going as may.
        StoreError: the disk is full or read-only.
    """
    going = [one.name for one in list_runs(workspace) if one.state == "running"]
    if len(going) >= most:
        raise BusyError(f"{', '.join(going)} still run, and at most {most} may at once; stop one or wait for it")
    folder = order_run(workspace, data, plan)
    with one_sentence(f"cannot start {folder.name}"):
        start_process(folder, _MODULE)
    return _run(folder)


def order_run(workspace: Workspace, data: DataSet, plan: Plan) -> Path:
    """Make the folder of a run with its order, for ``worker.work``; nothing is started.

    Raises:
        StoreError: the disk is full or read-only.
    """
    folder = workspace.new_folder(workspace.runs_folder, plan.model)
    created = datetime.now(UTC)
    write_document(
        folder / ORDER,
        {
            "name": data.name,
            "location": data.location,
            "reading": reading_document(data.reading),
            "plan": plan_document(plan),
            "created": created.isoformat(),
            "kind": data.kind,
            "units": [list(one) for one in data.units],
            "command": data.command,
        },
    )
    return folder


def list_runs(workspace: Workspace) -> list[Run]:
    """List the runs, newest first; a folder that is no run is left out."""
    runs = []
    for folder in workspace.runs_folder.iterdir():
        with contextlib.suppress(DamagedError):
            runs.append(_run(folder))
    return sorted(runs, key=lambda one: one.created, reverse=True)


def find_run(workspace: Workspace, name: str) -> Run:
    """Give a run by its name.

    Raises:
        OptionError: the name is none.
        DamagedError: there is no such run.
    """
    return _run(workspace.runs_folder / check_name(name))


def progress_of(run: Run) -> Progress:
    """Read where a run is."""
    epochs: list[Mapping[str, Any]] = []
    with contextlib.suppress(FileNotFoundError), (run.folder / EPOCHS).open() as file:
        epochs = [json.loads(line) for line in file if line.endswith("\n")]  # the last may be half written
    return Progress(read_document(run.folder / NOW) or {}, tuple(epochs), (run.folder / STOP).exists())


def record_of(run: Run) -> ModelRecord:
    """Read what is kept about the model of a run that is done.

    Raises:
        StoreError: it cannot be read.
    """
    from nettide.store.models import load_model

    return load_model(run.model)


def stop_run(run: Run) -> None:
    """Ask a training to end; it keeps its best weights, and is then tested as if it had ended by itself."""
    with one_sentence(f"cannot stop {run.name}"):
        (run.folder / STOP).touch()


def kill_run(run: Run) -> None:
    """End the process of a run at once; nothing of it is kept but its progress."""
    kill_process(run.folder)


def delete_run(run: Run) -> None:
    """Delete a run with its model and results.

    Raises:
        BusyError: it is running.
        StoreError: it cannot be deleted.
    """
    if is_running(run.folder):
        raise BusyError(f"{run.name} is running; stop it first")
    with one_sentence(f"cannot delete {run.name}"):
        shutil.rmtree(run.folder)


def _run(folder: Path) -> Run:
    running = is_running(folder)  # before the status: it may end between the two looks
    order = read_document(folder / ORDER)
    if order is None:
        raise DamagedError(f"{folder} holds no run")
    try:
        data = DataSet(
            name=str(order["name"]),
            location=str(order["location"]),
            reading=reading_from(order["reading"]),
            kind=str(order["kind"]),
            units=tuple((str(name), str(unit)) for name, unit in order["units"]),
            command=str(order["command"]),
        )
        plan, created = plan_from(order["plan"]), datetime.fromisoformat(str(order["created"]))
    except (KeyError, TypeError, ValueError) as error:
        raise DamagedError(f"{folder} holds no run: {error}") from None
    status = read_document(folder / STATUS) or {}
    state: RunState
    if running:  # also in the moment between its last word and its end, when it cannot be deleted yet
        state, why = "running", ""
    elif status.get("state") == "done":
        state, why = "done", ""
    elif status.get("state") == "failed":
        state, why = "failed", str(status.get("error"))
    else:
        state, why = "killed", last_words(folder)
    return Run(
        name=folder.name,
        folder=folder,
        data=data,
        plan=plan,
        created=created,
        state=state,
        error=why,
        seconds=float(status.get("seconds", 0.0)),
        best=str(status.get("best", "")),
        ending=str(status.get("ending", "")),
        parameters=int(status.get("parameters", 0)),
        windows=int(status.get("windows", 0)),
        sentences=tuple(map(str, status.get("sentences", ()))),
        scores=tuple(status.get("scores", ())),
    )
