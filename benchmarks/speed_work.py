"""What both sides of training_speed.py do alike: measure fits of different lengths, then train once and forecast.

Each side runs this in a process of its own, with its own Python; standard library and NumPy alone.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from measuring import peak_mb


class Side(Protocol):
    """A library under measurement, with its data loaded and its imports done."""

    def fit(self, batches: int) -> None:
        """Train a new network for so many batches, and keep it."""

    def forecast(self, cutoffs: list[int]) -> np.ndarray:
        """Give the quantiles 0.1 ... 0.9 of the kept network, shape (series, cutoff, horizon, level)."""
        ...


def throughput(side: Side, *, seconds: float, short: int, batch_size: int) -> dict[str, float]:
    """Give the training throughput without set-up: what a long fit takes beyond a short one.

    After a short fit to warm up, a longer one tells how many batches take about ``seconds``.

    Args:
        side: what is measured.
        seconds: about how long the difference shall be.
        short: batches of the short fit.
        batch_size: windows a batch.
    """
    _timed(side, short)
    first, _ = _timed(side, short)
    probe, _ = _timed(side, 3 * short)
    each = max((probe - first) / (2 * short), probe / (12 * short))  # on a busy machine the difference may be nothing
    long = short * max(3, 1 + math.ceil(seconds / each / short))
    long_wall, long_processor = _timed(side, long)
    second, processor = _timed(side, short)
    wall = long_wall - min(first, second)
    windows = (long - short) * batch_size
    return {
        "windows_per_second": windows / wall,
        "windows_per_processor_second": windows / (long_processor - processor),
        "batches": long - short,
        "seconds": wall,
        "set_up_seconds": max(0.0, min(first, second) - short * wall / (long - short)),
        "peak_mb": peak_mb(),
    }


def _timed(side: Side, batches: int) -> tuple[float, float]:
    """Give wall and processor seconds of a fit."""
    wall, processor = time.perf_counter(), time.process_time()
    side.fit(batches)
    return time.perf_counter() - wall, time.process_time() - processor


def training(side: Side, *, batches: int, cutoffs: list[int], out: Path) -> dict[str, float]:
    """Train once to the end, forecast from every cutoff and keep the quantiles."""
    started = time.perf_counter()
    side.fit(batches)
    fitted = time.perf_counter()
    quantiles = side.forecast(cutoffs)
    np.save(out, quantiles)
    return {
        "fit_seconds": fitted - started,
        "forecast_seconds": time.perf_counter() - fitted,
        "peak_mb": peak_mb(),
    }


def work(make: Callable[[np.ndarray, dict[str, Any]], Side]) -> None:
    """Do one task, described in JSON, and write the result as JSON.

    Args:
        make: gives the side, from the values (series, time, channel) up to the end of the data, and the task.
    """
    parser = argparse.ArgumentParser(description="One measurement; started by training_speed.py.")
    parser.add_argument("task", help="JSON")
    parser.add_argument("result", type=Path)
    given = parser.parse_args()
    task = json.loads(given.task)
    side = make(np.load(task["data"]), task)
    loaded_mb = peak_mb()
    if task["what"] == "throughput":
        result = throughput(side, seconds=task["seconds"], short=task["short"], batch_size=task["batch_size"])
    else:
        result = training(side, batches=task["batches"], cutoffs=task["cutoffs"], out=Path(task["out"]))
    given.result.write_text(json.dumps({**result, "loaded_mb": loaded_mb, "threads": os.environ["OMP_NUM_THREADS"]}))
