"""Files that visitors upload."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd


def traffic_csv(path: Path, *, ids: Sequence[str] = ("uplink", "peering"), hours: int = 600) -> Path:
    """Write hourly traffic with a daily cycle, a series an id, each ten times the one before."""
    times = pd.date_range("2026-01-01", periods=hours, freq="h")
    noise = np.random.default_rng(0).normal(0, 2e5, (len(ids), hours))
    cycle = 3e6 + 2e6 * np.sin(2 * np.pi * np.arange(hours) / 24)
    parts = [
        pd.DataFrame({"unique_id": id, "ds": times, "y": (10**place * (cycle + noise[place])).round()})
        for place, id in enumerate(ids)
    ]
    pd.concat(parts).to_csv(path, index=False)
    return path
