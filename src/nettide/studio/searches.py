"""Searches for better options of a model, each a process and a folder that tells all about it."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from nettide.errors import BusyError, DamagedError
from nettide.store.files import one_sentence
from nettide.studio.processes import interrupt_process, is_running, kill_process, last_words, start_process
from nettide.studio.run_monitor import NOW, STOP
from nettide.studio.search_worker import ORDER, RESULT, STATUS, TRIALS
from nettide.studio.workspace import DataSet, Workspace, read_document, write_document
from nettide.tasks.plan import Plan, plan_document, plan_from
from nettide.tasks.plan_text import tune_command
from nettide.tasks.reading_document import reading_document, reading_from

SearchState = Literal["running", "done", "failed", "killed"]
_MODULE = "nettide.studio.search_worker"


@dataclass(frozen=True, slots=True)
class Search:
    """One search.

    Args:
        folder: where everything about it is.
        data_name: of what it searches on.
        plan: whose options are searched; those that it gives are not tried.
        trials: asked for.
        budget_seconds: for trials, in all.
        command: does the same.
        files: that it reads.
        state: as of a run.
        error: why it failed or was killed.
        told: trials done and asked for, the best score and seconds left, as the watcher writes them; empty at first.
        now: where its trial is.
        stopping: whether it was asked to end.
        outcome: what the worker set down in the end; empty before.
    """

    folder: Path
    data_name: str
    plan: Plan
    trials: int
    budget_seconds: float
    command: str
    files: tuple[str, ...]
    state: SearchState
    error: str
    told: Mapping[str, Any]
    now: Mapping[str, Any]
    stopping: bool
    outcome: Mapping[str, Any]

    @property
    def page(self) -> Path:
        """The HTML page about it; there when it is done."""
        return self.folder / RESULT / "tune.html"


def start_search(workspace: Workspace, data: DataSet, plan: Plan, *, trials: int, budget_seconds: float) -> Search:
    """Begin a search; the one before it is deleted.

    Raises:
        BusyError: one is going.
        StoreError: the disk is full or read-only.
    """
    before = last_search(workspace)
    if before is not None:
        delete_search(before)
    folder = workspace.new_folder(workspace.searches_folder, "search")
    document = {
        "name": data.name,
        "location": data.location,
        "reading": reading_document(data.reading),
        "files": list(data.files),
        "plan": plan_document(plan),
        "trials": trials,
        "budget_seconds": budget_seconds,
        "command": tune_command(data.location, data.reading, plan, trials=trials, budget_seconds=budget_seconds),
    }
    write_document(folder / ORDER, document)
    _start(folder)
    return read_search(folder)


def go_on(search: Search, *, trials: int, budget_seconds: float) -> None:
    """Go on with a search that ended or was killed; both limits count what was done before.

    Raises:
        BusyError: it is going.
        StoreError: the disk is full or read-only.
    """
    if is_running(search.folder):
        raise BusyError(f"{search.folder.name} is going; wait for it or stop it first")
    order = read_document(search.folder / ORDER) or {}
    reading, location = reading_from(order["reading"]), str(order["location"])
    command = tune_command(location, reading, search.plan, trials=trials, budget_seconds=budget_seconds)
    changed = {"trials": trials, "budget_seconds": budget_seconds, "command": command}
    write_document(search.folder / ORDER, {**order, **changed})
    for name in (STATUS, STOP, NOW):
        (search.folder / name).unlink(missing_ok=True)
    _start(search.folder)


def stop_search(search: Search) -> None:
    """Ask a search to end; it tells the best so far."""
    with one_sentence(f"cannot stop {search.folder.name}"):
        (search.folder / STOP).touch()
    interrupt_process(search.folder)


def kill_search(search: Search) -> None:
    """End its process at once; the trials that are done are kept, and it can go on."""
    kill_process(search.folder)


def delete_search(search: Search) -> None:
    """Delete it.

    Raises:
        BusyError: it is going.
        StoreError: it cannot be deleted.
    """
    if is_running(search.folder):
        raise BusyError(f"{search.folder.name} is going; wait for it or stop it first")
    with one_sentence(f"cannot delete {search.folder.name}"):
        shutil.rmtree(search.folder)


def last_search(workspace: Workspace) -> Search | None:
    """Give the search of a session; None where there is none."""
    for folder in workspace.searches_folder.iterdir():
        with contextlib.suppress(DamagedError):
            return read_search(folder)
    return None


def read_search(folder: Path) -> Search:
    """Read what a folder tells.

    Raises:
        DamagedError: it holds no search.
    """
    running = is_running(folder)  # before the status: it may end between the two looks
    order, outcome = read_document(folder / ORDER), read_document(folder / STATUS) or {}
    if order is None:
        raise DamagedError(f"{folder} holds no search")
    state: SearchState
    if running:
        state, why = "running", ""
    elif outcome.get("state") == "done":
        state, why = "done", ""
    elif outcome.get("state") == "failed":
        state, why = "failed", str(outcome.get("error"))
    else:
        state, why = "killed", last_words(folder)
    try:
        return Search(
            folder=folder,
            data_name=str(order["name"]),
            plan=plan_from(order["plan"]),
            trials=int(order["trials"]),
            budget_seconds=float(order["budget_seconds"]),
            command=str(order["command"]),
            files=tuple(map(str, order["files"])),
            state=state,
            error=why,
            told=read_document(folder / TRIALS) or {},
            now=read_document(folder / NOW) or {},
            stopping=(folder / STOP).exists(),
            outcome=outcome if state == "done" else {},
        )
    except (KeyError, TypeError, ValueError) as error:
        raise DamagedError(f"{folder} holds no search: {error}") from None


def _start(folder: Path) -> None:
    with one_sentence(f"cannot start {folder.name}"):
        start_process(folder, _MODULE)
