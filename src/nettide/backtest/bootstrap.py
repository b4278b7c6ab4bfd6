"""Intervals of what a backtest measured: the circular block bootstrap over its cutoffs.

Errors of neighbouring cutoffs are alike, and so are those of several series at one time, so that the usual
intervals for independent points are far too narrow. Here whole blocks of successive cutoffs are drawn again
with replacement, every series with them, which keeps both kinds of likeness (H. Künsch, The jackknife and the
bootstrap for general stationary observations, Annals of Statistics 17, 1989; D. Politis and J. Romano, A
circular block-resampling procedure for stationary data, in: Exploring the Limits of Bootstrap, 1992). Only
time is drawn again: an interval speaks of these series, not of others.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from nettide.arrays import Floats, Ints
from nettide.backtest.evaluate import Backtest
from nettide.errors import OptionError
from nettide.prepare.calendar import WEEK_SECONDS

REPLICATES = 1000
CONFIDENCE = 0.95
LEAST_BLOCKS = 4
"""Fewer blocks give no interval: nothing could be said of how much they vary."""
_MOST_CELLS = 2000
"""More cutoffs than these are drawn in cells of several, which saves memory and changes little."""


@dataclass(frozen=True, slots=True, eq=False)
class Resamples:
    """How often each cell of successive cutoffs was drawn in each replicate.

    Args:
        cells: number of the cell that each cutoff belongs to, ascending from 0, shape (cutoff,).
        weights: shape (replicate, cell); every row sums to the number of cells.
        blocks: how many blocks fit into the cutoffs.
    """

    cells: Ints
    weights: Floats
    blocks: float


def block_length(cutoffs: int, *, week: int, overlap: int) -> int:
    """Give the cutoffs in a block: a week if eight weeks fit, else an eighth of the cutoffs, or more than that.

    A block is never shorter than the square root of the number of cutoffs or than the cutoffs whose forecasts
    share target steps, but four must fit.

    Args:
        cutoffs: how many there are.
        week: cutoffs in a week.
        overlap: cutoffs whose forecasts reach a common step: the horizon over the stride, rounded up.
    """
    wanted = max(overlap, round(math.sqrt(cutoffs)), min(week, cutoffs // 8))
    return max(1, min(wanted, cutoffs // LEAST_BLOCKS))


def backtest_block(backtest: Backtest) -> int:
    """Give the cutoffs in a block for the intervals of a backtest."""
    stride_seconds = backtest.stride * backtest.panel.step_seconds
    return block_length(
        len(backtest.cutoffs),
        week=WEEK_SECONDS // stride_seconds,
        overlap=-(-backtest.horizon // backtest.stride),
    )


def resample(cutoffs: int, *, block: int, seed: int, replicates: int = REPLICATES) -> Resamples:
    """Draw blocks of successive cutoffs with replacement, the first cutoff following the last.

    Args:
        cutoffs: how many there are.
        block: cutoffs in a block.
        seed: the same one gives the same draws.
        replicates: how many times all cutoffs are drawn.

    Raises:
        OptionError: a block is empty or longer than all cutoffs.
    """
    if not 1 <= block <= cutoffs:
        raise OptionError(f"a block of {block} cutoffs must be 1 ... {cutoffs}, the number of cutoffs")
    size = -(-cutoffs // _MOST_CELLS)
    count = -(-cutoffs // size)
    length = min(count, max(1, round(block / size)))
    starts = np.random.default_rng(seed).integers(count, size=(replicates, -(-count // length)))
    drawn = (starts[:, :, None] + np.arange(length)).reshape(replicates, -1)[:, :count] % count
    flat = drawn + count * np.arange(replicates)[:, None]
    weights = np.bincount(flat.reshape(-1), minlength=replicates * count).reshape(replicates, count)
    return Resamples(np.arange(cutoffs) // size, weights.astype(np.float64), count / length)


def share_intervals(hits: Floats, points: Floats, resamples: Resamples) -> tuple[Floats, Floats]:
    """Give the 95 % interval of each share of points that hit.

    Where all points hit, or none, no resample can tell how far the share is known; the interval then is the
    exact one for as many independent trials as there are cells with points.

    Args:
        hits: points that hit, by one or several measures, shape (cell, group, measure).
        points: all points, shape (cell, group).
        resamples: of the cutoffs behind the cells.

    Returns:
        Lower and upper ends, each of shape (group, measure); NaN where fewer than four cells or blocks have points.
    """
    filled = (points > 0).sum(axis=0)[:, None]
    total, hit = points.sum(axis=0)[:, None], hits.sum(axis=0)
    drawn = resamples.weights @ points
    with np.errstate(invalid="ignore"):  # 0 / 0 where a replicate drew no point of a rare group
        estimate = hit / total
        replicates = np.tensordot(resamples.weights, hits, 1) / drawn[:, :, None]  # (replicate, group, measure)
    low, high = expanded_interval(estimate, replicates, blocks=np.minimum(resamples.blocks, filled))
    known = ~np.isnan(low)
    bound = ((1 - CONFIDENCE) / 2) ** (1 / np.maximum(filled, 1))
    low = np.where(known & (hit == total), bound, np.clip(low, 0.0, 1.0))
    high = np.where(known & (hit == 0), 1 - bound, np.clip(high, 0.0, 1.0))
    return low, high


def expanded_interval(estimate: Floats, replicates: Floats, *, blocks: Floats) -> tuple[Floats, Floats]:
    """Give the 95 % percentile interval of a statistic, expanded for a small number of blocks.

    The replicates vary about ``(blocks - 1) / blocks`` as much as they should, and their spread is itself an estimate:
    their distances from the estimate grow by ``sqrt(blocks / (blocks - 1))`` and by Student's t over the
    normal quantile (T. Hesterberg, What teachers should know about the bootstrap, The American Statistician 69, 2015).

    Args:
        estimate: from all cutoffs, of any shape; may be infinite.
        replicates: shape (replicate, ...) with the shape of the estimate; NaN where a replicate has none.
        blocks: how many blocks each is made of, in a shape that broadcasts to the estimate's.

    Returns:
        Lower and upper ends in the shape of the estimate; NaN where there are fewer than four blocks or no estimate.
    """
    tail = (1 - CONFIDENCE) / 2
    enough = (blocks >= LEAST_BLOCKS) & ~np.isnan(estimate) & ~np.isnan(replicates).all(axis=0)
    safe = np.maximum(blocks, LEAST_BLOCKS)
    normal = NormalDist().inv_cdf(1 - tail)
    factor = np.sqrt(safe / (safe - 1)) * _student(normal, safe - 1) / normal
    ordered = np.sort(replicates, axis=0)  # NaN goes last
    known = (~np.isnan(replicates)).sum(axis=0)
    ends = []
    for level in (tail, 1 - tail):
        # an order statistic, since between a finite and an infinite one there is nothing to interpolate
        place = np.clip(np.ceil(level * known) - 1, 0, None).astype(np.int64)
        quantile = np.take_along_axis(ordered, place[None], axis=0)[0]
        apart = np.subtract(quantile, estimate, out=np.zeros_like(estimate), where=quantile != estimate)
        ends.append(np.where(enough, estimate + factor * apart, np.nan))
    return ends[0], ends[1]


def _student(normal: float, freedom: Floats) -> Floats:
    """Give the quantile of Student's t from the normal one (Abramowitz and Stegun 26.7.5), good to 1 % from 3 on."""
    z, n = normal, freedom
    first = (z**3 + z) / (4 * n)
    second = (5 * z**5 + 16 * z**3 + 3 * z) / (96 * n**2)
    third = (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / (384 * n**3)
    return np.asarray(z + first + second + third, dtype=np.float64)
