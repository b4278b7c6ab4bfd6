"""Recent errors move and widen bands: what a whole panel did in the last days says what its bands miss now.

A level shift or a holiday week that no validation part warned of shows in the errors of the last few
forecasts, over all series together. Each cutoff looks only at forecasts that had come true by then.

Source: the idea of adaptive conformal inference, Gibbs and Candès, NeurIPS 2021, with residuals measured in
widths of the band, pooled over series and shrunk towards no change where they are few.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from nettide.arrays import Floats, Ints
from nettide.panel import Panel

ORIGINS = 7
"""Earlier forecasts that a cutoff looks back on, one a horizon."""
POOL_SERIES = 256
"""Most series whose errors are pooled; more would say the same."""
SHIFT = 0.6  # how far to follow the median error
NARROWER, WIDER = 0.7, 1.0  # how far to follow a width that is asked for, as powers of its factor
HALF_TRUSTED_SHIFT, HALF_TRUSTED_WIDTH = 20.0, 150.0  # forecasts (series x origins) at which half of that is done
PARTS, HALF_TRUSTED_PART = 6, 400.0  # of the horizon, each with errors of its own, trusted later
MOST_SHIFT, MOST_WIDTH = 1.0, 4.0
_FAR = 100.0
_ADJUST_BATCH = 32  # cutoffs whose errors are copied at a time


@dataclass(frozen=True, slots=True)
class Adjustment:
    """What to do with the bands from each cutoff.

    Args:
        shift: of all quantiles, in widths of the band on that side of the median, shape (cutoff, horizon), or
            (series, cutoff, horizon) where each series is judged by itself.
        below: factor on the widths below the median, of the same shape.
        above: factor on the widths above it, of the same shape.
    """

    shift: Floats
    below: Floats
    above: Floats

    def stretched(self, factor: float) -> Adjustment:
        """Give the adjustment with all widths times a factor."""
        return Adjustment(self.shift, self.below * factor, self.above * factor)


def origins_of(cutoffs: Ints, *, horizon: int, count: int = ORIGINS) -> Ints:
    """Give the earlier cutoffs that each cutoff looks back on, one a horizon; negative where there is none.

    Returns:
        shape (cutoff, origin).
    """
    return cutoffs[:, None] - horizon * np.arange(1, count + 1, dtype=np.int64)


def _widths(quantiles: Floats, middle: int) -> tuple[Floats, Floats, Floats]:
    """Give median, lower and upper width of the band, positive, each shape (...)."""
    median = quantiles[..., middle]
    least = np.maximum(1e-6 * np.abs(median), np.finfo(np.float64).tiny)
    below = np.maximum(median - quantiles[..., 0], least)
    return median, below, np.maximum(quantiles[..., -1] - median, least)


def signed_errors(truth: Floats, quantiles: Floats, *, middle: int) -> Floats:
    """Give errors in widths of the band: -1 is on its lower edge, 0 on the median, 1 on its upper edge.

    A value that a band without width foretold is unknown: that silence goes on says nothing of how wide bands must be.

    Args:
        truth: NaN where unknown, shape (...).
        quantiles: ascending, shape (..., level).
        middle: which level is the median.

    Returns:
        shape (...), NaN where unknown.
    """
    median, below, above = _widths(quantiles, middle)
    error = truth - median
    with np.errstate(over="ignore"):  # beyond a band of no width, by any amount, is far enough
        found = np.clip(error / np.where(error < 0, below, above), -_FAR, _FAR)
    found[(error == 0) & (quantiles[..., -1] <= quantiles[..., 0])] = np.nan
    return found


def recent_adjustment(errors: Floats, *, level: float, half_trusted_width: float = HALF_TRUSTED_WIDTH) -> Adjustment:
    """Judge the errors of each cutoff's earlier forecasts: all together, and each part of the horizon by itself.

    What a part says moves what all say the more, the more forecasts there are. Widths follow all forecasts that are
    given, the shift only the last ``ORIGINS``: a band is learned from many errors, and a level is gone soon.

    Args:
        errors: signed errors, newest first, NaN where unknown, shape (series, cutoff, origin, horizon).
        level: nominal share below the lower edge of the band, as above the upper one.
        half_trusted_width: forecasts (series x origins) at which widths do half of what they are asked for.
    """
    count, horizon = errors.shape[1], errors.shape[3]
    shift, below, above = (np.zeros((count, horizon)) for _ in range(3))
    parts = np.array_split(np.arange(horizon), min(PARTS, horizon))
    for place in range(count):
        whole = _asked(errors[:, place], level=level, half_trusted=half_trusted_width)
        if whole is None:
            continue
        values = np.repeat(np.array(whole.moves)[:, None], horizon, axis=1)  # (move, horizon)
        for steps in parts if len(parts) > 1 else ():
            part = _asked(errors[:, place][:, :, steps], level=level, half_trusted=half_trusted_width)
            if part is not None:
                trust = part.forecasts / (part.forecasts + HALF_TRUSTED_PART)
                values[:, steps] += trust * (np.array(part.moves) - np.array(whole.moves))[:, None]
        shift[place], below[place], above[place] = values
    return Adjustment(shift, np.exp(below), np.exp(above))


@dataclass(frozen=True, slots=True)
class _Asked:
    """What errors ask for: the forecasts they come from; shift, and the logs of both factors."""

    forecasts: int
    moves: tuple[float, float, float]


def _asked(errors: Floats, *, level: float, half_trusted: float) -> _Asked | None:
    """Judge errors of shape (series, origin, step); None where none is known."""
    known = ~np.isnan(errors)
    if not known.any():
        return None
    newest, lately = errors[:, :ORIGINS], known[:, :ORIGINS]
    recent = int(lately.any(axis=-1).sum())
    middle = np.median(newest[lately]) if recent else 0.0
    shift = float(np.clip(SHIFT * recent / (recent + HALF_TRUSTED_SHIFT) * middle, -MOST_SHIFT, MOST_SHIFT))
    forecasts = int(known.any(axis=-1).sum())
    trust = forecasts / (forecasts + half_trusted)
    low, high = np.quantile(errors[known], [level, 1 - level])
    logs = []
    for found in (shift - low, high - shift):
        log = float(np.log(np.clip(found, 1 / MOST_WIDTH, MOST_WIDTH)))
        logs.append(trust * log * (WIDER if log > 0 else NARROWER))
    return _Asked(forecasts, (shift, logs[0], logs[1]))


def adjust(quantiles: Floats, adjustment: Adjustment, *, middle: int) -> Floats:
    """Move and widen quantiles; they stay ascending and never fall below zero.

    A quantile at zero stays there: where silence is likely it stays likely.

    Args:
        quantiles: ascending, not negative, shape (series, cutoff, horizon, level).
        adjustment: one a cutoff and step.
        middle: which level is the median.
    """
    median, below, above = (part[..., None] for part in _widths(quantiles, middle))
    shift = adjustment.shift[..., None]
    moved = median + shift * np.where(shift < 0, below, above)
    offset = quantiles - median
    factor = np.where(offset < 0, adjustment.below[..., None], adjustment.above[..., None])
    adjusted = np.where(quantiles == 0, 0.0, np.maximum(moved + factor * offset, 0.0))
    # held upwards alone: a quantile kept at zero is below all others
    return np.maximum.accumulate(adjusted, axis=-1)


QuantilesOf = Callable[[Ints, Ints], Floats]
"""Rows of series and cutoffs -> quantiles of a model as they are, shape (row, cutoff, horizon, level)."""


def adapted_quantiles(
    panel: Panel,
    cutoffs: Ints,
    quantiles: QuantilesOf,
    *,
    horizon: int,
    levels: tuple[float, ...],
    judge: Callable[..., Adjustment] = recent_adjustment,
    pooled: bool = True,
) -> Floats:
    """Let a model forecast from each cutoff and from those before it, and adjust by what came of the latter.

    Args:
        panel: what is known; only steps up to each cutoff are used.
        cutoffs: index of the last seen step, shape (cutoff,).
        quantiles: of the model; it is asked at once for as much as can be.
        horizon: steps ahead.
        levels: ascending and symmetric, the median among them.
        judge: makes an adjustment of errors.
        pooled: whether a share of the series may tell for all, where they are many.

    Returns:
        shape (series, cutoff, horizon, level).
    """
    middle = levels.index(0.5)
    origins = origins_of(cutoffs, horizon=horizon)  # (cutoff, origin)
    earlier = np.unique(origins[origins >= 0])
    rows = np.arange(len(panel.series))
    by_id = np.array(sorted(rows, key=panel.ids.__getitem__))  # the order of series must not matter
    pool = np.sort(by_id[:: -(-len(rows) // POOL_SERIES) if pooled else 1])
    if len(pool) == len(rows):  # one run for all: most origins are cutoffs too
        every = np.union1d(earlier, cutoffs)
        both = quantiles(rows, every)
        values, past = both[:, np.searchsorted(every, cutoffs)], both[:, np.searchsorted(every, earlier)]
    else:
        values, past = quantiles(rows, cutoffs), quantiles(pool, earlier)
    if not len(earlier):
        return values
    steps = earlier[:, None] + np.arange(1, horizon + 1)
    truth = panel.target[pool][:, np.minimum(steps, panel.steps - 1)]
    errors = signed_errors(truth, past, middle=middle)  # (series, origin, horizon)
    place = np.searchsorted(earlier, np.maximum(origins, earlier[0]))
    for start in range(0, len(cutoffs), _ADJUST_BATCH):
        part = slice(start, start + _ADJUST_BATCH)
        chosen = np.where((origins[part] >= 0)[None, :, :, None], errors[:, place[part]], np.nan)
        values[:, part] = adjust(values[:, part], judge(chosen, level=levels[0]), middle=middle)
    return values
