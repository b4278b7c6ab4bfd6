"""Readings at times of our choice, for the tests of the grid."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np

from nettide.prepare.rows import Rows

DAY, HOUR, MINUTE = 86_400, 3600, 60


def rows_at(seconds: list[float], values: list[float] | None = None, series: list[int] | None = None) -> Rows:
    numbers = np.zeros(len(seconds), dtype=np.int64) if series is None else np.array(series)
    return Rows(
        origin="traffic.csv",
        ids=tuple(f"link-{one}" for one in range(int(numbers.max()) + 1)),
        series=numbers,
        times=np.round(1000 * np.array(seconds)).astype(np.int64).view("datetime64[ms]"),
        channels=("y",),
        values=np.array(values or [1.0] * len(seconds), dtype=np.float64)[:, None],
        lines=np.arange(2, len(seconds) + 2),
    )


def epoch(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


def midnights(first: date, days: int, zone: str) -> list[float]:
    dates = [first + timedelta(days=one) for one in range(days)]
    return [datetime(one.year, one.month, one.day, tzinfo=ZoneInfo(zone)).timestamp() for one in dates]


def texts(seconds: np.ndarray) -> list[str]:
    return [str(one.astype("datetime64[s]")) for one in seconds]
