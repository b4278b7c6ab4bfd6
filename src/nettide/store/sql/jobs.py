"""Background jobs: a queue that loses nothing when a worker, or the machine, dies."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, delete, func, insert, or_, select, update

from nettide.errors import LimitError, OptionError, StoreError
from nettide.store.sql.database import Database
from nettide.store.sql.job_record import OPEN, JobRecord, JobState, sources
from nettide.store.sql.keys import is_key_id
from nettide.store.sql.tables import jobs, keys, results
from nettide.store.sql.words import checked, is_id, new_id

MOST_REQUEST_BYTES = 2**20
MOST_TEXT = 4000
_MOST_LEASE_SECONDS = 86_400
_FIELDS = tuple(field.name for field in dataclasses.fields(JobRecord))
_COLUMNS = tuple(jobs.c[name] for name in _FIELDS)


@dataclass(frozen=True, slots=True)
class Jobs:
    """The jobs of a store.

    A worker claims a job for a lease, and must be heard of before it ends; otherwise another worker gets the job.
    Leases are measured by the clocks of the workers' machines, which should agree within a fraction of a lease.

    Args:
        database: where they are.
        most_attempts: how many workers may vanish with a job before it counts as failed.
    """

    database: Database
    most_attempts: int = 3

    def submit(self, kind: str, request: Mapping[str, Any], key_id: str, *, most_open: int | None = None) -> JobRecord:
        """Put a job in the queue; when this returns it is on disk.

        Args:
            kind: what is to be done, 1 to 50 printable characters.
            request: with what; a JSON object of at most 1 MiB. Larger data belongs in the results, named here.
            key_id: the key that asks.
            most_open: most jobs of this key that may wait or run, with this one.

        Raises:
            OptionError: the kind cannot be used.
            LimitError: the key already has that many.
            StoreError: the request is no JSON or too large, there is no such key, or the database cannot be used.
        """
        checked("job kind", kind, most=50)
        _check_request(request)
        job_id, now = new_id(), self.database.clock()
        with self.database.write() as connection:
            # the lock makes PostgreSQL count for one caller at a time; SQLite has one writer anyway
            held = select(keys.c.id).where(keys.c.id == key_id).with_for_update()
            if not is_key_id(key_id) or connection.execute(held).one_or_none() is None:
                raise StoreError("the key that asks for the job does not exist")
            if most_open is not None and (there := _count_open(connection, key_id)) >= most_open:
                raise LimitError(f"{there} jobs of this key wait or run, {most_open} are the most; wait for one to end")
            values = {
                "id": job_id,
                "kind": kind,
                "request": dict(request),
                "key_id": key_id,
                "state": JobState.queued,
                "attempts": 0,
                "cancel_requested": False,
                "progress": 0.0,
                "note": "",
                "created": now,
            }
            connection.execute(insert(jobs).values(values))
            return _found(connection, job_id)

    def claim(self, worker: str, lease_seconds: float) -> JobRecord | None:
        """Take the job that has waited longest; no two workers ever get the same one.

        A job whose lease ran out stands where it stood before; after ``most_attempts`` it fails instead, and it is
        cancelled if that was asked for.

        Args:
            worker: who takes it, unique among processes and threads, 1 to 200 printable characters.
            lease_seconds: how long it is kept for this worker unless ``heartbeat`` is called; up to a day.

        Returns:
            The job, now running; None if none waits.

        Raises:
            OptionError: the worker or the lease cannot be used.
            BusyError: other writers did not let it through in time.
            StoreError: the database cannot be used.
        """
        checked("worker", worker, most=200)
        if not 0 < lease_seconds <= _MOST_LEASE_SECONDS:
            raise OptionError(f"lease of {lease_seconds} s must be above 0 and at most {_MOST_LEASE_SECONDS} s")
        now, lease = self.database.clock(), timedelta(seconds=lease_seconds)
        expired = (jobs.c.state == JobState.running) & (jobs.c.lease_until < now)
        waiting = or_(jobs.c.state.in_(sources(JobState.running)), expired)
        with self.database.read() as connection:  # workers that poll an empty queue take no write lock
            if connection.execute(select(jobs.c.number).where(waiting).limit(1)).first() is None:
                return None
        first = select(*_COLUMNS).where(waiting).order_by(jobs.c.number).limit(1)
        with self.database.write() as connection:
            while row := connection.execute(first.with_for_update(skip_locked=True)).one_or_none():
                if row.state == JobState.running and not self._return(connection, _record(row), now):
                    continue
                _move(
                    connection,
                    row.id,
                    JobState.running,
                    attempts=jobs.c.attempts + 1,
                    worker=worker,
                    lease_microseconds=lease // timedelta(microseconds=1),
                    lease_until=now + lease,
                    started=now,
                    progress=0.0,
                    note="",
                )
                return _found(connection, row.id)
        return None

    def heartbeat(self, id: str, worker: str, progress: float, *, note: str = "") -> bool:
        """Say that a worker is still at its job, which renews the lease.

        Args:
            id: the job.
            worker: who has it.
            progress: 0 to 1.
            note: what the worker is at; its first 4,000 characters are kept.

        Returns:
            False if the job is no longer this worker's, which should stop.

        Raises:
            OptionError: the progress is not between 0 and 1.
            StoreError: the database cannot be used.
        """
        if not 0.0 <= progress <= 1.0:
            raise OptionError(f"progress {progress} of job {id[:20]!r} is not between 0 and 1")
        if not is_id(id):
            return False
        now = self.database.clock()
        with self.database.write() as connection:
            own = (jobs.c.id == id) & (jobs.c.state == JobState.running) & (jobs.c.worker == worker)
            lease = connection.execute(select(jobs.c.lease_microseconds).where(own).with_for_update()).scalar()
            if lease is None:
                return False
            until = now + timedelta(microseconds=lease)
            values = {"lease_until": until, "progress": float(progress), "note": note[:MOST_TEXT]}
            connection.execute(update(jobs).where(own).values(values))
        return True

    def finish(self, id: str, worker: str, result_id: str | None) -> bool:
        """End a job as done; saying so twice is the same as once.

        Args:
            id: the job.
            worker: who has it.
            result_id: what it gave, which ``Results.put`` has kept; None if it gives nothing.

        Returns:
            False if the job is no longer this worker's: its result is not taken.

        Raises:
            StoreError: there is no such result, or the database cannot be used.
        """
        if result_id is not None:
            if not is_id(result_id):
                raise StoreError(f"result {result_id[:20]!r} does not exist; keep it before the job ends")
            with self.database.read() as connection:
                if connection.execute(select(results.c.id).where(results.c.id == result_id)).first() is None:
                    raise StoreError(f"result {result_id!r} does not exist; keep it before the job ends")
        return self._end(id, worker, JobState.done, result_id=result_id, progress=1.0)

    def fail(self, id: str, worker: str, message: str) -> bool:
        """End a job as failed; it is not tried again.

        Args:
            id: the job.
            worker: who has it.
            message: why, for whoever asked; its first 4,000 characters are kept.

        Returns:
            False if the job is no longer this worker's.

        Raises:
            StoreError: the database cannot be used.
        """
        return self._end(id, worker, JobState.failed, message=message[:MOST_TEXT])

    def stop(self, id: str, worker: str) -> bool:
        """End a job as cancelled, as ``request_cancel`` asked its worker to.

        Returns:
            False if the job is no longer this worker's, or nobody asked.

        Raises:
            StoreError: the database cannot be used.
        """
        return self._end(id, worker, JobState.cancelled, only=jobs.c.cancel_requested)

    def release(self, id: str, worker: str) -> bool:
        """Give a job back to the queue, as when a worker is shut down; the attempt does not count.

        Returns:
            False if the job is no longer this worker's.

        Raises:
            StoreError: the database cannot be used.
        """
        if not is_id(id):
            return False
        with self.database.write() as connection:
            where = (jobs.c.id == id) & (jobs.c.worker == worker) & (jobs.c.state == JobState.running)
            row = connection.execute(select(jobs.c.cancel_requested).where(where).with_for_update()).one_or_none()
            if row is None:
                return False
            if row.cancel_requested:
                _move(connection, id, JobState.cancelled, finished=self.database.clock())
            else:
                _move(connection, id, JobState.queued, attempts=jobs.c.attempts - 1, worker=None, progress=0.0, note="")
        return True

    def request_cancel(self, id: str, key_id: str | None = None) -> JobRecord | None:
        """Cancel a job that waits, ask the worker of one that runs to stop, and leave one that ended as it is.

        Args:
            id: the job.
            key_id: whose it must be; None for anyone's.

        Returns:
            The job as it is now; None if there is none.

        Raises:
            StoreError: the database cannot be used.
        """
        if not is_id(id):
            return None
        with self.database.write() as connection:
            row = connection.execute(select(*_COLUMNS).where(_is(id, key_id)).with_for_update()).one_or_none()
            if row is None:
                return None
            if row.state == JobState.queued:
                _move(connection, id, JobState.cancelled, cancel_requested=True, finished=self.database.clock())
            elif row.state in OPEN:
                connection.execute(update(jobs).where(jobs.c.id == id).values(cancel_requested=True))
            return _found(connection, id)

    def cancelled(self, id: str) -> bool:
        """Say whether a job has been, or shall be, cancelled: its worker asks now and then.

        Raises:
            StoreError: the database cannot be used.
        """
        if not is_id(id):
            return False
        with self.database.read() as connection:
            asked = select(jobs.c.id).where(jobs.c.id == id, jobs.c.cancel_requested)
            return connection.execute(asked).first() is not None

    def get(self, id: str, key_id: str | None) -> JobRecord | None:
        """Give a job.

        Args:
            id: the job.
            key_id: whose it must be; None for anyone's.

        Returns:
            None if there is none, or it is another key's.

        Raises:
            StoreError: the database cannot be used.
        """
        if not is_id(id):
            return None
        with self.database.read() as connection:
            row = connection.execute(select(*_COLUMNS).where(_is(id, key_id))).one_or_none()
        return None if row is None else _record(row)

    def list(self, key_id: str | None, limit: int, after: str | None = None) -> list[JobRecord]:
        """Give jobs, the newest first.

        Args:
            key_id: whose; None for all.
            limit: at most so many, 1 to 1,000.
            after: the last job of the page before; None begins with the newest.

        Raises:
            OptionError: the limit cannot be used, or there is no job ``after`` among these.
            StoreError: the database cannot be used.
        """
        if not 1 <= limit <= 1000:
            raise OptionError(f"limit {limit} is not between 1 and 1,000")
        query = select(*_COLUMNS).order_by(jobs.c.number.desc()).limit(limit)
        if key_id is not None:
            query = query.where(jobs.c.key_id == key_id)
        with self.database.read() as connection:
            if after is not None:
                last = select(jobs.c.number).where(_is(after, key_id))
                number = connection.execute(last).scalar() if is_id(after) else None
                if number is None:
                    raise OptionError(f"there is no job {after[:20]!r} to go on after")
                query = query.where(jobs.c.number < number)
            return [_record(row) for row in connection.execute(query)]

    def count_open(self, key_id: str | None) -> int:
        """Count the jobs of a key (None: of all) that wait or run.

        Raises:
            StoreError: the database cannot be used.
        """
        with self.database.read() as connection:
            return _count_open(connection, key_id)

    def counts(self) -> dict[JobState, int]:
        """Count the jobs in each state.

        Raises:
            StoreError: the database cannot be used.
        """
        with self.database.read() as connection:
            rows = connection.execute(select(jobs.c.state, func.count()).group_by(jobs.c.state)).all()
        return dict.fromkeys(JobState, 0) | {JobState(state): count for state, count in rows}

    def purge(self, before: datetime) -> int:
        """Remove jobs that ended before a time; ``Results.purge`` removes what they gave.

        Returns:
            How many.

        Raises:
            StoreError: the database cannot be used.
        """
        with self.database.write() as connection:
            ended = jobs.c.state.not_in(OPEN) & (jobs.c.finished < before)
            return connection.execute(delete(jobs).where(ended)).rowcount

    def _end(
        self, id: str, worker: str, state: JobState, *, only: ColumnElement[bool] | None = None, **values: object
    ) -> bool:
        if not is_id(id):
            return False
        own = jobs.c.worker == worker if only is None else (jobs.c.worker == worker) & only
        with self.database.write() as connection:
            if _move(connection, id, state, only=own, finished=self.database.clock(), **values):
                return True
            now = connection.execute(select(jobs.c.state, jobs.c.result_id).where(jobs.c.id == id, own)).one_or_none()
        return now is not None and now.state == state and now.result_id == values.get("result_id")

    def _return(self, connection: Connection, job: JobRecord, now: datetime) -> bool:
        """Take a job from a worker that was not heard of in time; say whether it is to be tried again."""
        if job.cancel_requested:
            _move(connection, job.id, JobState.cancelled, finished=now)
        elif job.attempts >= self.most_attempts:
            message = f"given up: {job.attempts} workers took it and were not heard of again, the last {job.worker}"
            _move(connection, job.id, JobState.failed, finished=now, message=message)
        else:
            return _move(connection, job.id, JobState.queued)
        return False


def _move(
    connection: Connection, id: str, state: JobState, *, only: ColumnElement[bool] | None = None, **values: object
) -> bool:
    """Bring a job to a state if the table of transitions allows it; it has no lease unless one is given."""
    where = (jobs.c.id == id) & jobs.c.state.in_(sources(state))
    if only is not None:
        where &= only
    kept = {"state": state, "lease_until": None, "lease_microseconds": None, **values}
    return connection.execute(update(jobs).where(where).values(kept)).rowcount == 1


def _is(id: str, key_id: str | None) -> ColumnElement[bool]:
    return jobs.c.id == id if key_id is None else (jobs.c.id == id) & (jobs.c.key_id == key_id)


def _count_open(connection: Connection, key_id: str | None) -> int:
    query = select(func.count()).select_from(jobs).where(jobs.c.state.in_(OPEN))
    return connection.execute(query if key_id is None else query.where(jobs.c.key_id == key_id)).scalar_one()


def _found(connection: Connection, id: str) -> JobRecord:
    return _record(connection.execute(select(*_COLUMNS).where(jobs.c.id == id)).one())


def _record(row: Row[Any]) -> JobRecord:
    values = dict(row._mapping)
    return JobRecord(**{**values, "state": JobState(values["state"])})


def _check_request(request: Mapping[str, Any]) -> None:
    try:
        size = len(json.dumps(dict(request), allow_nan=False, separators=(",", ":")))
    except (TypeError, ValueError, RecursionError) as error:
        raise StoreError(f"JSON cannot hold the request of the job: {error}") from error
    if size > MOST_REQUEST_BYTES:
        raise StoreError(
            f"the request of the job has {size:,} bytes, {MOST_REQUEST_BYTES:,} are the most; "
            "keep its data as a result and name that"
        )
