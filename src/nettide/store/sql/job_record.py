"""A job as it is kept: its states, which may follow which, and its record."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any


class JobState(StrEnum):
    """Where a job is."""

    queued = "queued"
    running = "running"
    done = "done"
    failed = "failed"
    cancelled = "cancelled"


TRANSITIONS: Mapping[JobState, frozenset[JobState]] = {
    JobState.queued: frozenset({JobState.running, JobState.cancelled}),
    JobState.running: frozenset({JobState.done, JobState.failed, JobState.cancelled, JobState.queued}),
    JobState.done: frozenset(),
    JobState.failed: frozenset(),
    JobState.cancelled: frozenset(),
}
"""State -> states that may follow; no statement moves a job otherwise. ``running`` is followed by ``queued`` when the
lease of a worker ran out, or when it gave the job back."""

OPEN = frozenset(state for state, following in TRANSITIONS.items() if following)
"""States of a job that has not ended."""


def sources(state: JobState) -> frozenset[JobState]:
    """Give the states from which a job may come to a state."""
    return frozenset(before for before, following in TRANSITIONS.items() if state in following)


@dataclass(frozen=True, slots=True)
class JobRecord:
    """What is kept about a job.

    Args:
        id: 20 hexadecimal digits.
        kind: what is to be done, as ``backtest``.
        request: with what; a JSON object.
        key_id: the key that asked.
        state: where it is.
        attempts: how often a worker took it.
        worker: who has it, or ended it.
        lease_until: when it returns to the queue unless the worker is heard of.
        cancel_requested: whether its worker has been asked to stop.
        progress: 0 to 1.
        note: what the worker is at, as ``fitting lstm``.
        message: why it failed; None otherwise.
        result_id: what it gave, in the results.
        created: when it was asked for.
        started: when a worker took it last.
        finished: when it ended.
    """

    id: str
    kind: str
    request: dict[str, Any]
    key_id: str
    state: JobState
    attempts: int
    worker: str | None
    lease_until: datetime | None
    cancel_requested: bool
    progress: float
    note: str
    message: str | None
    result_id: str | None
    created: datetime
    started: datetime | None
    finished: datetime | None
