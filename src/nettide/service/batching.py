"""Requests for one model that wait are forecast together: what one of them costs alone, sixteen cost nearly."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Hashable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Protocol

from nettide.errors import NettideError
from nettide.forecast import Forecast
from nettide.panel import Panel
from nettide.service.problems import overloaded


class Predicts(Protocol):
    """What forecasts panels: alone, or several that have one key in one run."""

    def key(self, panel: Panel, horizon: int) -> Hashable | None:
        """Say what panels must share to be forecast in one run; None where this one must be alone."""
        ...

    def predict(self, panels: Sequence[Panel], horizon: int) -> list[Forecast]:
        """Forecast panels of one key, each as if it were alone.

        Raises:
            NettideError: a panel cannot be forecast; with several of them, nobody is told which.
        """
        ...


@dataclass(slots=True, eq=False)
class _Asked:
    panel: Panel
    horizon: int
    key: Hashable | None
    until: float
    answer: Forecast | NettideError | None = None
    is_taken: bool = field(default=False)


class Batcher:
    """One thread that forecasts with one model whatever waits, up to a limit; it never waits for more to come.

    The thread ends when nobody holds the batcher any more.

    Args:
        model: used by this thread alone.
        most: requests in one run.
        waiting: requests that may wait; further ones are refused at once.
        name: of the thread.
    """

    def __init__(self, model: Predicts, *, most: int, waiting: int, name: str) -> None:
        self._model, self._most, self._limit = model, most, waiting
        self._queue: deque[_Asked] = deque()
        self._lock = threading.Lock()
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix=f"forecast-{name}")

    @property
    def waiting(self) -> int:
        """Requests that wait now."""
        return len(self._queue)

    def forecast(self, panel: Panel, horizon: int, *, seconds: float) -> Forecast:
        """Forecast from the end of a panel, together with others that wait.

        Args:
            panel: of one or many series; many have a run of their own.
            horizon: steps ahead.
            seconds: how long the answer may take.

        Raises:
            NettideError: the panel cannot be forecast.
            ProblemError: 503, if too many wait already or the time is over.
        """
        asked = _Asked(panel, horizon, self._model.key(panel, horizon), time.monotonic() + seconds)
        with self._lock:
            if len(self._queue) >= self._limit:
                raise overloaded("too many requests wait for this model; try again")
            self._queue.append(asked)
            ran: Future[None] = self._thread.submit(self._run, asked)
        try:
            ran.result(timeout=seconds)
        except TimeoutError:
            self._forget(asked)
            raise overloaded(f"the forecast took longer than {seconds:g} s; send less at a time, or later") from None
        if isinstance(asked.answer, NettideError):
            raise asked.answer
        assert asked.answer is not None
        return asked.answer

    def _forget(self, asked: _Asked) -> None:
        with self._lock:
            if asked in self._queue:
                self._queue.remove(asked)

    def _run(self, asked: _Asked) -> None:
        """Answer a request, and those that can share its run, unless an earlier run has answered it."""
        if asked.is_taken:
            return
        batch = self._take(asked)
        if not batch:
            return
        try:
            for one, answer in zip(
                batch, self._model.predict([one.panel for one in batch], asked.horizon), strict=True
            ):
                one.answer = answer
        except NettideError as error:
            if len(batch) == 1:
                asked.answer = error
                return
            for one in batch:  # only who is to blame is refused
                try:
                    [one.answer] = self._model.predict([one.panel], one.horizon)
                except NettideError as own:
                    one.answer = own
        finally:
            self._put_back([one for one in batch if one.answer is None and one is not asked])

    def _put_back(self, unanswered: list[_Asked]) -> None:
        """Leave requests to their own runs, where a fault in ours ended the run they shared."""
        with self._lock:
            for one in unanswered:
                one.is_taken = False
                self._queue.append(one)

    def _take(self, asked: _Asked) -> list[_Asked]:
        """Give what waits and may share a run with a request, itself first; nothing if its client has given up."""
        now = time.monotonic()
        with self._lock:
            if asked not in self._queue:
                return []
            batch = [asked]
            if asked.key is not None:
                others = (one for one in self._queue if one is not asked and one.key == asked.key and one.until > now)
                batch += [one for one, _ in zip(others, range(self._most - 1), strict=False)]
            for one in batch:
                one.is_taken = True
                self._queue.remove(one)
        return batch
