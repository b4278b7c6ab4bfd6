"""Live coverage: values that are posted later are compared with the bands of forecasts that were given for them.

The forecasts of all workers on a machine are kept in a scratch file, written by a thread of each worker, so that no
request waits for it. What it forgets when the machine stops is only statistics.
"""

from __future__ import annotations

import contextlib
import queue
import sqlite3
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from nettide.arrays import Floats
from nettide.forecast import Forecast
from nettide.panel import Panel
from nettide.store.sql.write_ahead import set_log

_LOW, _HIGH = 0.1, 0.9
_MOST_WAITING = 2000
_PAUSE_SECONDS, _PATIENCE_SECONDS = 0.2, 30.0
_MOST_SERIES = 64  # of one request that are looked at
_KEPT_OF_SERIES = 4  # forecasts
_MOST_KEPT = 50_000
_TABLES = """
create table if not exists bands (
    whose text, model text, series text, step integer, cutoff integer, compared integer, low blob, high blob,
    primary key (whose, model, series, step, cutoff)
) without rowid
"""


@dataclass(frozen=True, slots=True, eq=False)
class _Posted:
    whose: str
    model: str
    panel: Panel
    forecast: Forecast | None


class Bands:
    """Compares posted histories with earlier forecasts, and keeps new ones, in a thread of its own.

    Args:
        path: the scratch file, shared by workers.
        count: is told of each comparison: model, values that had a band, values within it.
    """

    def __init__(self, path: Path, count: Callable[[str, int, int], None]) -> None:
        self._path, self._count = path, count
        self._queue: queue.Queue[_Posted | None] = queue.Queue(maxsize=_MOST_WAITING)
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()

    def seen(self, whose: str, model: str, panel: Panel, forecast: Forecast | None) -> None:
        """Note a history and what was forecast from it; forgotten where too many wait.

        Args:
            whose: the key that posted it; nobody else's values are compared with its bands.
            model: that forecast.
            panel: the history, at times that the client named.
            forecast: from its end; None where nothing was forecast.
        """
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="bands", daemon=True)
                self._thread.start()
        with contextlib.suppress(queue.Full):
            self._queue.put_nowait(_Posted(whose, model, panel, forecast))

    def close(self) -> None:
        """Finish what waits and end."""
        if self._thread is not None:
            self._queue.put(None)
            self._thread.join(timeout=10)

    def _work(self) -> None:
        with contextlib.closing(
            sqlite3.connect(self._path, timeout=_PATIENCE_SECONDS, isolation_level=None)
        ) as connection:
            set_log(connection, patience=_PATIENCE_SECONDS)
            connection.execute("pragma synchronous = off")
            connection.execute(_TABLES)
            while (first := self._queue.get()) is not None:
                time.sleep(_PAUSE_SECONDS)  # one transaction for what comes meanwhile
                waiting = [first]
                is_last = False
                while len(waiting) < _MOST_WAITING:
                    try:
                        following = self._queue.get_nowait()
                    except queue.Empty:
                        break
                    if following is None:
                        is_last = True
                        break
                    waiting.append(following)
                with contextlib.suppress(sqlite3.OperationalError):  # busy or full: these are statistics
                    self._take(connection, waiting)
                if is_last:
                    return

    def _take(self, connection: sqlite3.Connection, waiting: list[_Posted]) -> None:
        connection.execute("begin immediate")
        try:
            for posted in waiting:
                for row in range(min(len(posted.panel.series), _MOST_SERIES)):
                    self._compare(connection, posted, row)
                    if posted.forecast is not None:
                        self._keep(connection, posted, row)
            connection.execute(
                "delete from bands where (select count(*) from bands) > ? and cutoff < "
                "(select cutoff from bands order by cutoff desc limit 1 offset ?)",
                (_MOST_KEPT, _MOST_KEPT // 2),
            )
            connection.execute("commit")
        except sqlite3.Error:
            if connection.in_transaction:
                connection.execute("rollback")
            raise

    def _compare(self, connection: sqlite3.Connection, posted: _Posted, row: int) -> None:
        """Count the values of a series that an earlier forecast had a band for, each forecast's steps once."""
        panel, step = posted.panel, posted.panel.step_seconds
        end = panel.start + step * (panel.steps - 1)
        mine = (posted.whose, posted.model, panel.ids[row], step)
        found = connection.execute(
            "select cutoff, compared, low, high from bands where whose = ? and model = ? and series = ? and step = ? "
            "and cutoff < ?",
            (*mine, end),
        ).fetchall()
        observed = held = 0
        for cutoff, compared, low_bytes, high_bytes in found:
            if (panel.start - cutoff) % step:
                continue
            low, high = np.frombuffer(low_bytes), np.frombuffer(high_bytes)
            first = compared + 1  # steps after the cutoff, from 1
            last = min(len(low), (end - cutoff) // step)
            ahead = np.arange(first, last + 1)
            places = (cutoff + ahead * step - panel.start) // step
            ahead, places = ahead[places >= 0], places[places >= 0]
            truth = panel.target[row, places]
            known = ~np.isnan(truth)
            observed += int(known.sum())
            within = (truth >= low[ahead - 1]) & (truth <= high[ahead - 1])
            held += int((within & known).sum())
            if last >= len(low):
                connection.execute(
                    "delete from bands where whose = ? and model = ? and series = ? and step = ? and cutoff = ?",
                    (*mine, cutoff),
                )
            elif last > compared:
                connection.execute(
                    "update bands set compared = ? where whose = ? and model = ? and series = ? and step = ? "
                    "and cutoff = ?",
                    (last, *mine, cutoff),
                )
        if observed:
            self._count(posted.model, observed, held)

    def _keep(self, connection: sqlite3.Connection, posted: _Posted, row: int) -> None:
        assert posted.forecast is not None
        band = _band(posted.forecast, row)
        if band is None:
            return
        panel = posted.panel
        mine = (posted.whose, posted.model, panel.ids[row], panel.step_seconds)
        cutoff = int(posted.forecast.cutoffs[0])
        connection.execute(
            "insert or ignore into bands values (?, ?, ?, ?, ?, 0, ?, ?)",
            (*mine, cutoff, band[0].tobytes(), band[1].tobytes()),
        )
        connection.execute(
            "delete from bands where whose = ? and model = ? and series = ? and step = ? and cutoff < "
            "(select cutoff from bands where whose = ? and model = ? and series = ? and step = ? "
            "order by cutoff desc limit 1 offset ?)",
            (*mine, *mine, _KEPT_OF_SERIES - 1),
        )


def _band(forecast: Forecast, row: int) -> tuple[Floats, Floats] | None:
    """Give the 10 and 90 % quantiles of a series; None where the model has none, or knew nothing."""
    if _LOW not in forecast.levels or _HIGH not in forecast.levels:
        return None
    low, high = (forecast.quantiles[row, 0, :, forecast.levels.index(level)] for level in (_LOW, _HIGH))
    return None if np.isnan(low).any() else (np.ascontiguousarray(low), np.ascontiguousarray(high))
