"""Write traffic, its forecast and its anomalies into the tables that Grafana's dashboard reads.

Example: python deploy/grafana/publish.py traffic.csv --database postgresql://nettide@localhost/nettide --every 300
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
import psycopg

from nettide.arrays import Floats
from nettide.errors import NettideError
from nettide.insight.anomalies import Anomalies, find_anomalies
from nettide.tasks.forecast import ForecastResult, forecast
from nettide.tasks.forecaster import Forecaster
from nettide.tasks.load import Reading

_LOW, _HIGH = 0.1, 0.9
_POINTS = "COPY grafana.points (series, unit, time, value, expected, low, high, anomaly) FROM STDIN"
_FORECAST = "COPY grafana.forecast (series, unit, time, expected, low, high, made) FROM STDIN"
_INCIDENTS = "COPY grafana.incidents (series, kind, severity, started, ended, text) FROM STDIN"


@dataclass(frozen=True, slots=True)
class Published:
    """How much was written."""

    series: int
    points: int
    ahead: int
    incidents: int


def publish(location: str, database: str, *, reading: Reading, now: datetime) -> Published:
    """Forecast ``location`` from its end, judge its past, and replace what the dashboard shows.

    Raises:
        NettideError: the history cannot be read or is too short.
        psycopg.Error: the database does not answer, or tables.sql was never run there.
    """
    made = forecast(None, location, reading, levels=(_LOW, 0.5, _HIGH))
    judge = Forecaster("base", horizon=made.forecast.horizon)
    judge.fit(made.panel)
    odd = find_anomalies(judge.model, made.panel)
    rows = list(_points(odd))
    ahead = list(_ahead(made, now))
    with psycopg.connect(database, connect_timeout=10) as connection, connection.cursor() as cursor:
        cursor.execute("DELETE FROM grafana.points")
        cursor.execute("DELETE FROM grafana.forecast")
        cursor.execute("DELETE FROM grafana.incidents")
        for statement, written in ((_POINTS, rows), (_FORECAST, ahead), (_INCIDENTS, list(_incidents(odd)))):
            with cursor.copy(statement) as copy:
                for row in written:
                    copy.write_row(row)
    return Published(len(odd.ids), len(rows), len(ahead), len(odd.incidents))


def _points(odd: Anomalies) -> Iterator[tuple[object, ...]]:
    times = [_time(second) for second in odd.seconds]
    points = odd.points
    for row, (series, unit) in enumerate(zip(odd.ids, odd.units, strict=True)):
        for step, time in enumerate(times):
            measured = tuple(_known(one[row, step]) for one in (points.value, points.expected, points.low, points.high))
            yield (series, unit, time, *measured, bool(points.flag[row, step]))


def _ahead(made: ForecastResult, now: datetime) -> Iterator[tuple[object, ...]]:
    told = made.forecast
    for row, (series, unit) in enumerate(zip(told.ids, told.units, strict=True)):
        for step in range(told.horizon):
            low, middle, high = (_known(value) for value in told.quantiles[row, 0, step])
            time = _time(int(told.cutoffs[0]) + (step + 1) * told.step_seconds)
            yield (series, unit, time, middle, low, high, now)


def _incidents(odd: Anomalies) -> Iterator[tuple[object, ...]]:
    for one in odd.incidents:
        yield (one.series, str(one.kind), str(one.severity), _time(one.start), _time(one.end), one.text)


def _time(second: int | np.int64) -> datetime:
    return datetime.fromtimestamp(int(second), UTC)


def _known(value: Floats | float) -> float | None:
    return None if np.isnan(value) else float(value)


def main(arguments: list[str] | None = None) -> int:
    """Read the command line, publish once or again and again, and give the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("location", help="file or folder with the history")
    parser.add_argument("--database", help="URL of PostgreSQL; DATABASE_URL if absent")
    parser.add_argument("--unit", default="bit/s", help="unit of the traffic; bit/s if absent")
    parser.add_argument("--every", type=float, help="seconds between two; once if absent")
    given = parser.parse_args(arguments)
    database = given.database or os.environ.get("DATABASE_URL")
    if not database:
        parser.error("name the database: --database or DATABASE_URL")
    if given.every is not None and not given.every > 0:
        parser.error("--every must be above 0 seconds")
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):  # the first process of a container hears them only so
        signal.signal(number, lambda *_: stop.set())
    while True:
        try:
            told = publish(given.location, database, reading=Reading(unit=given.unit), now=datetime.now(UTC))
        except (NettideError, psycopg.Error) as error:
            print(f"not published: {' '.join(str(error).split())}", file=sys.stderr, flush=True)
            if given.every is None:
                return 1
        else:
            print(
                f"published {told.series} series: {told.points} points, {told.ahead} ahead, {told.incidents} incidents",
                flush=True,
            )
        if given.every is None or stop.wait(given.every):
            return 0


if __name__ == "__main__":
    sys.exit(main())
