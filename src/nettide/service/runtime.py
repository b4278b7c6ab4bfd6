"""What the handlers of one worker share."""

from __future__ import annotations

import time
from dataclasses import dataclass

from flask import current_app, g, request

from nettide.service.access import Gate
from nettide.service.bands import Bands
from nettide.service.follow import Follower
from nettide.service.judge import Judge
from nettide.service.metrics import Metrics
from nettide.service.shelf import Shelf
from nettide.settings import Settings
from nettide.store.sql.engine import Store
from nettide.store.sql.keys import KeyRecord, Scope

EXTENSION = "nettide"
WAITED = "nettide.waited_seconds"
"""In the WSGI environment: how long a request lay in the worker before a thread took it."""


@dataclass(frozen=True, slots=True)
class Runtime:
    """What the handlers of one worker share.

    Args:
        settings: of the service.
        store: keys, jobs, results.
        shelf: models in memory.
        gate: who may do what.
        metrics: counters.
        bands: earlier forecasts, to compare posted values with.
        follower: does what admins told other workers.
        judge: the thread that looks for anomalies, so that no forecast waits for it.
    """

    settings: Settings
    store: Store
    shelf: Shelf
    gate: Gate
    metrics: Metrics
    bands: Bands
    follower: Follower
    judge: Judge

    def close(self) -> None:
        """End the threads and connections."""
        self.follower.stop()
        self.bands.close()
        self.store.close()


def runtime() -> Runtime:
    """Give what the application of this request shares."""
    found = current_app.extensions[EXTENSION]
    assert isinstance(found, Runtime)
    return found


def begin_request() -> None:
    """Note when the request came, and that nobody is known to have sent it."""
    g.started = time.perf_counter() - float(request.environ.get(WAITED, 0.0))
    g.key = None


def caller() -> KeyRecord:
    """Give the key of this request, which the gate has admitted."""
    assert isinstance(g.key, KeyRecord)
    return g.key


def owner() -> str | None:
    """Give whose jobs and files this request may see: None for everyone's, which an admin may."""
    return None if Scope.admin in caller().scopes else caller().id


def seconds_left() -> float:
    """Give how long the answer may still take; little, but never nothing."""
    return max(0.05, runtime().settings.limits.request_seconds - (time.perf_counter() - float(g.started)))
