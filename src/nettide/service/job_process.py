"""The process that runs jobs: it takes them from the store one by one, beside the workers that answer."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import re
import secrets
import signal
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from types import FrameType
from typing import Any

from nettide.errors import NettideError, StoreError
from nettide.models.contract import Epoch, Purpose
from nettide.service.given import GivenFit, GivenJob
from nettide.service.job_fit import data_name, fit_document
from nettide.service.job_request import checked_request
from nettide.service.logs import log
from nettide.service.uploads import RESULT_TYPE, UPLOADS
from nettide.settings import Settings
from nettide.store.files import one_sentence
from nettide.store.sql.engine import Store, open_store
from nettide.store.sql.job_record import JobRecord

_LEASE_SECONDS = 20.0  # so long a job waits whose process was killed
_BEAT_SECONDS = 1.0
_PATIENCE_SECONDS = 20.0  # for a job that was told to stop
_POLL_SECONDS = 0.5
_PURGE_SECONDS = 3600.0
_MEDIA = {
    ".html": "text/html; charset=utf-8",
    ".csv": "text/csv; charset=utf-8",
    ".parquet": "application/octet-stream",
}


class StoppedError(Exception):
    """The job shall not go on: it was cancelled, took too long, or the process shall end."""


@dataclass(slots=True, eq=False)
class Watch:
    """Tells the store how far a job is, and the training whether to go on. It is a monitor of trainings.

    Args:
        store: told every few seconds.
        job: that runs.
        worker: who runs it.
        deadline: monotonic second after which it must end.
        ending: set when the process shall end.
    """

    store: Store
    job: JobRecord
    worker: str
    deadline: float
    ending: threading.Event
    progress: float = 0.0
    note: str = "reading the data"
    why: str = ""
    _over: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def __enter__(self) -> Watch:
        self._thread = threading.Thread(target=self._beat, name="heartbeat", daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        assert self._thread is not None
        self._thread.join(timeout=30)

    def _beat(self) -> None:
        while not self.why and not self._over.wait(_BEAT_SECONDS):
            try:
                if not self.store.jobs.heartbeat(self.job.id, self.worker, self.progress, note=self.note):
                    self.why = "lost"
                elif self.store.jobs.cancelled(self.job.id):
                    self.why = "cancelled"
            except StoreError as error:  # the lease outlasts a store that is busy for a while
                log(logging.WARNING, "heartbeat failed", job=self.job.id, why=str(error))
            if time.monotonic() > self.deadline:
                self.why = "late"
            if self.ending.is_set():
                self.why = "ending"
        if not self._over.wait(_PATIENCE_SECONDS):  # deep in a library, which nothing but this ends
            settle(self.store, self.job, self.worker, self.why)
            log(logging.ERROR, "job did not stop, so its process ends", job=self.job.id, why=self.why)
            os._exit(1)

    def check(self) -> None:
        """Raise where the job shall not go on.

        Raises:
            StoppedError: it shall not.
        """
        if self.why:
            raise StoppedError(self.why)

    def on_stage(self, *, name: str, purpose: Purpose, place: int, count: int) -> None:
        """Note which of several models is fitted."""
        doing = "trying" if purpose == "trial" else "fitting"
        self.note = f"{doing} {name} ({place} of {count})"
        if purpose == "trial":
            self.progress = max(self.progress, 0.9 * (place - 1) / count)

    def on_batch(self, *, epoch: int, epochs: int, batch: int, batches: int, loss: float) -> None:
        """Stop where the job shall not go on."""
        del epoch, epochs, batch, batches, loss
        self.check()

    def on_epoch(self, report: Epoch) -> None:
        """Note the epoch."""
        if not self.note.startswith(("trying", "fitting")):
            self.progress = max(self.progress, 0.9 * report.epoch / report.epochs)

    def stop_requested(self) -> bool:
        """Raise where the job shall not go on: what is half trained is not kept."""
        self.check()
        return False


def run_jobs(settings: Settings, *, ending: threading.Event, until_empty: bool = False) -> None:
    """Take jobs and do them until told to end.

    Args:
        settings: of the service.
        ending: set when the process shall end; a job that runs goes back to the queue.
        until_empty: return once no job waits.

    Raises:
        StoreError: the store cannot be opened.
    """
    store = open_store(settings.database.get_secret_value())
    worker = f"{socket.gethostname()[:60]}-{os.getpid()}-{secrets.token_hex(3)}"
    purged = 0.0
    try:
        while not ending.is_set():
            try:
                if time.monotonic() - purged > _PURGE_SECONDS:
                    purge_old(store, settings)
                    purged = time.monotonic()
                job = store.jobs.claim(worker, _LEASE_SECONDS)
                if job is not None:
                    _do(store, settings, job, worker, ending)
                elif until_empty:
                    return
            except StoreError as error:
                log(logging.ERROR, "store failed", why=str(error))
                job = None
            if job is None:
                ending.wait(_POLL_SECONDS)
    finally:
        store.close()


def _do(store: Store, settings: Settings, job: JobRecord, worker: str, ending: threading.Event) -> None:
    """Do one job and say how it ended."""
    log(logging.INFO, "job started", job=job.id, kind=job.kind, attempt=job.attempts)
    started = time.monotonic()
    watch = Watch(store, job, worker, started + settings.limits.job_seconds, ending)
    state = "done"
    try:
        with watch, tempfile.TemporaryDirectory(prefix="nettide-job-") as folder:
            document = _run(store, settings, job, Path(folder), watch)
        watch.check()
        kept = store.results.put(json.dumps(document, allow_nan=False).encode(), RESULT_TYPE, job.key_id)
        if not store.jobs.finish(job.id, worker, kept.id):
            state = "lost"
    except StoppedError as stopped:
        state = str(stopped)
        settle(store, job, worker, state)
    except NettideError as error:
        state = "failed"
        store.jobs.fail(job.id, worker, _without_folders(str(error), settings).replace(data_name(job), "data"))
    log(logging.INFO, "job ended", job=job.id, state=state, seconds=round(time.monotonic() - started, 3))


def settle(store: Store, job: JobRecord, worker: str, why: str) -> None:
    """Tell the store of a job that was stopped.

    Args:
        store: that keeps it.
        job: that was stopped.
        worker: who had it.
        why: ``cancelled``, ``late`` or ``ending``; otherwise it is no longer this worker's.
    """
    if why == "cancelled":
        store.jobs.stop(job.id, worker)
    elif why == "late":
        store.jobs.fail(job.id, worker, "it took longer than a job may here; ask for less")
    elif why == "ending":
        store.jobs.release(job.id, worker)


def _without_folders(sentence: str, settings: Settings) -> str:
    """Leave out where the files of the service are."""
    return re.sub(r"\S*/nettide-job-[^/\s]*/", "", sentence).replace(f"{settings.models}/", "")


def _run(store: Store, settings: Settings, job: JobRecord, folder: Path, watch: Watch) -> dict[str, Any]:
    """Do the work of a job; gives the document of its result.

    Raises:
        NettideError: it cannot be done.
        StoppedError: it shall not go on.
    """
    from pydantic import ValidationError

    try:
        given = GivenJob.model_validate(job.request).root
    except ValidationError:
        raise StoreError("the job was asked for from another version of nettide; submit it again") from None
    models, choice, reading = checked_request(given)
    found = store.results.get(given.file, job.key_id)
    if found is None:
        raise StoreError(f"file {given.file} is no longer kept; upload it again")
    record, content = found
    data = folder / f"{data_name(job)}{UPLOADS[record.media_type]}"
    with one_sentence("cannot write the file of the job"):
        data.write_bytes(content)
    del content
    watch.check()
    if isinstance(given, GivenFit):
        watch.note = f"fitting {models[0]}"
        return fit_document(settings.models, job, given, data, watch)
    from nettide.backtest.evaluate import Outcome
    from nettide.backtest.tables import leaderboard_table
    from nettide.report.words import headline
    from nettide.tasks.backtest import TestPart, run_backtest

    done: list[str] = []

    def finished(name: str, outcome: Outcome | str) -> None:
        del outcome
        done.append(name)
        watch.progress = len(done) / (len(models) + 1)
        watch.check()

    def monitor(name: str) -> Watch:
        watch.note = f"model {name} ({len(done) + 1} of {len(models)})"
        return watch

    out = folder / "out"
    result = run_backtest(
        str(data),
        reading,
        models=models,
        choice=choice,
        test=TestPart(fraction=given.test_fraction),
        out=out,
        monitor=monitor,
        finished=finished,
    )
    watch.check()
    return {
        "kind": given.kind,
        "sentences": [*result.sentences, *(f"{name} failed: {why}" for name, why in result.backtest.failures.items())],
        "headline": headline(result.backtest, result.scores),
        "table": [_plain(row) for row in leaderboard_table(result.scores).to_pylist()],
        "files": dict(_kept_files(store, job, out)),
        "model": None,
    }


def _kept_files(store: Store, job: JobRecord, out: Path) -> Iterator[tuple[str, str]]:
    for path in sorted(out.iterdir()):
        if path.suffix in _MEDIA:
            yield path.name, store.results.put(path.read_bytes(), _MEDIA[path.suffix], job.key_id).id


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    """Give JSON values: what is not finite becomes None."""
    return {name: None if isinstance(value, float) and value != value else value for name, value in row.items()}  # noqa: PLR0124 NaN alone differs from itself


def purge_old(store: Store, settings: Settings) -> None:
    """Remove jobs, results and uploads that are older than the settings keep them.

    Raises:
        StoreError: the database cannot be used.
    """
    before = store.database.clock() - timedelta(days=settings.limits.keep_days)
    jobs, results = store.jobs.purge(before), store.results.purge(before)
    if jobs or results:
        log(logging.INFO, "old jobs and results removed", jobs=jobs, results=results)


def main() -> None:
    """Run as a process of its own; on its standard input it is told the settings' file and what goes before it."""
    from logging.config import dictConfig

    from nettide.service.logs import configuration
    from nettide.settings import read_settings

    ending = threading.Event()

    def end(number: int, frame: FrameType | None) -> None:
        del number, frame
        ending.set()

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
    parent = os.getppid()
    told = json.loads(sys.stdin.read() or "{}")
    file = told.get("file")
    settings = read_settings(None if file is None else Path(file), overrides=told.get("overrides"))
    dictConfig(configuration(settings.service.log_level))
    with contextlib.suppress(OSError):
        os.nice(5)  # forecasts that somebody waits for go first

    def watch_parent() -> None:
        while os.getppid() == parent and not ending.is_set():
            time.sleep(1)
        ending.set()

    threading.Thread(target=watch_parent, name="parent", daemon=True).start()
    try:
        run_jobs(settings, ending=ending)
    except NettideError as error:
        log(logging.ERROR, "jobs cannot run", why=str(error))
        sys.exit(1)


if __name__ == "__main__":
    main()
