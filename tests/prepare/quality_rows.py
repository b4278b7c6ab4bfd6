"""Readings for the tests of the quality verdict: clean synthetic traffic to plant faults in."""

from __future__ import annotations

from typing import Any

import numpy as np

from nettide.arrays import Floats, Ints
from nettide.panel import Panel
from nettide.prepare.judgement import Finding
from nettide.prepare.quality import SeriesVerdict, examine
from nettide.prepare.rows import Rows
from nettide.synthetic.config import SynthConfig
from nettide.synthetic.traffic import generate

MONDAY = 1_767_571_200  # 2026-01-05T00:00Z


def rows_of(values: Floats, *, step: int = 3600, start: int = MONDAY) -> Rows:
    """One series of readings on a regular grid."""
    return timed_rows(start + step * np.arange(len(values)), values)


def timed_rows(seconds: Ints, values: Floats, ids: tuple[str, ...] = ("link",), series: Ints | None = None) -> Rows:
    """Readings at given times."""
    return Rows(
        origin="made",
        ids=ids,
        series=np.zeros(len(seconds), dtype=np.int64) if series is None else series,
        times=np.asarray(seconds * 1000, dtype=np.int64).view("datetime64[ms]"),
        channels=("y",),
        values=np.asarray(values, dtype=np.float64).reshape(-1, 1),
        lines=np.arange(1, len(seconds) + 1),
    )


def panel_rows(panel: Panel) -> Rows:
    """All series of a panel; gaps are rows with an empty cell."""
    count, steps = panel.target.shape
    return timed_rows(
        np.tile(panel.seconds, count), panel.target.reshape(-1), panel.ids, np.repeat(np.arange(count), steps)
    )


def made(**choices: Any) -> Rows:
    """Synthetic traffic, by default three months of one link without events."""
    config = SynthConfig(**{"series": 1, "points": 24 * 91, "events_per_month": 0, "start": MONDAY, **choices})
    return panel_rows(generate(config).panel)


def traffic(days: int = 91, **choices: Any) -> Floats:
    """Values of one link, shape (hour,)."""
    return made(points=24 * days, **choices).values[:, 0].copy()


def only(rows: Rows, **choices: Any) -> SeriesVerdict:
    """Examine one series."""
    (verdict,) = examine(rows, **choices).series
    return verdict


def found(verdict: SeriesVerdict, kind: str) -> Finding:
    """The finding of a kind."""
    (finding,) = [one for one in verdict.findings if one.kind == kind]
    return finding


def kinds(verdict: SeriesVerdict) -> list[str]:
    """Kinds of all findings, gravest first."""
    return [one.kind for one in verdict.findings]
