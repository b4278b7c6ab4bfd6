"""Breaks: a series that has just left its level, or fallen silent, is followed at once.

A mixture learns from forecasts that have come true; after a break there is one at most. So a break is looked for in
the series itself, and believed only where the series was calm before: real traffic mostly returns from bursts.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from nettide.arrays import Bools, Floats, Ints
from nettide.panel import Panel

_BEYOND = 4.0  # times the usual error of the level
_LEAST = 0.35  # of the log: less is no break
_CALM = 0.45  # usual error of the level, of the log, of a series that a break is believed of
_TIGHT = 2.0  # times the spread of the errors within the last horizon
_SAME_SIDE = 0.9  # of these errors
_MOST_DOWN, _MOST_UP = 5.0, 2.5
_SMALL = 1e-3  # of the usual level: below it, zero is as good


@dataclass(frozen=True, slots=True)
class Breaks:
    """Series that have just left their level.

    Args:
        rows: which, ascending, shape (break,).
        logs: of the factor between the level after and before, shape (break,).
        since: steps that have been seen of the new level, shape (break,).
    """

    rows: Ints
    logs: Floats
    since: Ints

    def mended(self, panel: Panel, cutoff: int) -> Panel:
        """Give these series up to a cutoff as if their level had always been the new one."""
        found = panel.until(cutoff + 1).select(self.rows)
        values = found.values.copy()
        for place, (log, since) in enumerate(zip(self.logs, self.since, strict=True)):
            values[place, : cutoff + 1 - since, 0] *= np.exp(log)
        return replace(found, values=values)


def level_breaks(earlier: Floats, truth: Floats) -> Breaks:
    """Find the series whose last forecast missed the level by so much that a break is believed.

    The error of a level is the median over the horizon of log(truth / forecast). That of the last forecast is a break
    if it is far beyond those before, all of its steps agree, and the series was calm. It began where a step from no
    error to that of the level explains the last two forecasts best.

    Args:
        earlier: medians of the last forecasts, newest first, shape (series, origin, horizon).
        truth: what came, NaN where unknown, of the same shape.
    """
    _, origins, horizon = earlier.shape
    if origins < 4 or horizon < 4:
        return Breaks(np.empty(0, np.int64), np.empty(0), np.empty(0, np.int64))
    known = np.isfinite(earlier) & np.isfinite(truth)
    with np.errstate(invalid="ignore", divide="ignore"):
        sizes = np.where(known, np.abs(earlier), 0.0).sum(axis=(1, 2)) / np.maximum(known.sum(axis=(1, 2)), 1)
        small = (_SMALL * sizes + np.finfo(np.float64).tiny)[:, None, None]
        errors = np.where(known, np.log(truth + small) - np.log(earlier + small), np.nan)
    levels = _median(errors)  # (series, origin)
    newest = levels[:, 0]
    usual = np.sqrt(_median(levels[:, 1:] ** 2))
    spread = _median(np.abs(errors[:, 0] - newest[:, None]))
    seen = known[:, 0].sum(axis=1)
    agree = (known[:, 0] & (np.sign(errors[:, 0]) == np.sign(newest)[:, None])).sum(axis=1)
    with np.errstate(invalid="ignore"):
        size = np.abs(newest)
        broken: Bools = (
            (size > _LEAST)
            & (size > _BEYOND * usual)
            & (usual < _CALM)
            & (size > _TIGHT * spread)
            & (agree >= _SAME_SIDE * seen)
            & (2 * seen > horizon)
        )
    rows = np.flatnonzero(broken)
    logs = np.clip(newest[rows], -_MOST_DOWN, _MOST_UP)
    two = np.nan_to_num(np.concatenate([errors[rows, 1], errors[rows, 0]], axis=1))  # (break, step), in time
    before = np.cumsum(np.abs(two), axis=1)  # cost of the steps up to each, if all are before the break
    after = np.cumsum(np.abs(two - newest[rows, None]), axis=1)
    began = np.argmin(before - after, axis=1) + 1
    return Breaks(rows, logs, 2 * horizon - began)


def _median(values: Floats) -> Floats:
    """Give the median of the known values along the last axis, NaN where there are none."""
    known = np.isfinite(values).sum(axis=-1)
    ordered = np.sort(np.where(np.isfinite(values), values, np.nan), axis=-1)  # NaN last
    low = np.take_along_axis(ordered, (np.maximum(known - 1, 0) // 2)[..., None], axis=-1)[..., 0]
    high = np.take_along_axis(ordered, np.minimum(known // 2, values.shape[-1] - 1)[..., None], axis=-1)[..., 0]
    middle: Floats = np.where(known > 0, 0.5 * (low + high), np.nan)
    return middle
