"""How much better than a naive forecast, with an interval and a plain word."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from nettide import metrics
from nettide.arrays import Bools, Floats
from nettide.backtest.bootstrap import Resamples, backtest_block, expanded_interval, resample
from nettide.backtest.evaluate import Backtest, Outcome
from nettide.backtest.leaderboard import level_quantiles, relative_mae_by_series
from nettide.backtest.yardstick import yardstick_name
from nettide.errors import ForecastError
from nettide.forecast import LEVELS
from nettide.models import MODELS

Verdict = Literal["better than naive", "worse than naive", "not distinguishable", "unknown"]
_SEED = 0
_MOST_REPLICATED = 4_000_000
"""Replicates x series that are held at once."""


@dataclass(frozen=True, slots=True)
class Skill:
    """The share of a naive forecast's error that a model saves; negative where it adds to it.

    Args:
        value: 1 minus the geometric mean over series of the model's error over the naive one's; NaN without any.
        low: lower end of its 95 % interval; NaN where there are too few cutoffs for one.
        high: upper end.
        verdict: what the interval says; ``unknown`` where there is none.
    """

    value: float
    low: float
    high: float
    verdict: Verdict


UNKNOWN = Skill(np.nan, np.nan, np.nan, "unknown")


@dataclass(frozen=True, slots=True)
class Comparison:
    """A model against a naive forecast, on the points that both of them and the yardstick answer.

    Args:
        model: its name.
        rival: name of the naive forecast.
        error: skill in the mean absolute error: 1 - relMAE.
        band: skill in the pinball loss summed over 0.1 ... 0.9: 1 - relWQL; unknown for a model without them.
    """

    model: str
    rival: str
    error: Skill
    band: Skill


def skill_interval(
    errors_model: Floats, errors_naive: Floats, *, block: int, seed: int, points: Floats | None = None
) -> Skill:
    """Give the skill of a model against a naive forecast, with its 95 % interval from a block bootstrap over cutoffs.

    A series' error is the mean over its cutoffs; the ratios of model to naive are combined over series by the
    geometric mean, as in the leaderboard. A series whose naive error is zero has no part.

    Args:
        errors_model: mean absolute error (or any loss) of each cutoff, shape (series, cutoff); NaN where unknown.
        errors_naive: that of the naive forecast on the same points, in the same shape and unit.
        block: cutoffs in a block, as ``bootstrap.block_length`` gives.
        seed: the same one gives the same interval.
        points: how many points each mean is of, in the same shape; None weighs all cutoffs alike.

    Raises:
        ForecastError: the shapes differ.
        OptionError: a block is empty or longer than all cutoffs.
    """
    weights = np.ones(errors_model.shape) if points is None else points
    if not errors_model.shape == errors_naive.shape == weights.shape:
        raise ForecastError(
            f"errors of the model have shape {errors_model.shape}, those of the naive forecast {errors_naive.shape} "
            f"and their points {weights.shape}; they must be equal"
        )
    resamples = resample(errors_model.shape[1], block=block, seed=seed)
    known = ~(np.isnan(errors_model) | np.isnan(errors_naive))
    model, naive = (np.where(known, one * weights, 0.0) for one in (errors_model, errors_naive))
    return _skill(model, naive, resamples)


def compare_with_naive(backtest: Backtest) -> tuple[Comparison, ...]:
    """Compare each model with the yardstick and, where it is another, with the best naive model of the run.

    The best naive model is chosen on the test part itself, which favours it a little.

    Returns:
        Outcomes in their order, each with one comparison a rival, the yardstick first; a model is not
        compared with itself.
    """
    if not backtest.outcomes:
        return ()
    resamples = resample(len(backtest.cutoffs), block=backtest_block(backtest), seed=_SEED)
    yardstick = np.abs(backtest.truth - backtest.yardstick)
    rivals = [(yardstick_name(backtest.panel, backtest.season), yardstick, yardstick * (len(LEVELS) / 2))]
    best = best_naive(backtest)
    if best is not None:
        errors, losses = _losses(backtest, best)
        rivals.append((best.name, errors, errors * (len(LEVELS) / 2) if losses is None else losses))
    compared = []
    for one in backtest.outcomes:
        errors, losses = _losses(backtest, one)
        for name, rival_errors, rival_losses in rivals:
            if name == one.name:
                continue
            known = ~(np.isnan(errors) | np.isnan(rival_errors) | np.isnan(yardstick))
            error = _skill(_cutoff_sums(errors, known), _cutoff_sums(rival_errors, known), resamples)
            band = UNKNOWN
            if losses is not None and not (np.isnan(losses) & known).any():
                band = _skill(_cutoff_sums(losses, known), _cutoff_sums(rival_losses, known), resamples)
            compared.append(Comparison(one.name, name, error, band))
    return tuple(compared)


def best_naive(backtest: Backtest) -> Outcome | None:
    """Give the naive model of the run with the smallest relMAE; None where none is better than the yardstick."""
    best, least = None, 1.0
    for one in backtest.outcomes:
        if one.name in MODELS and MODELS[one.name].path.startswith("nettide.models.naive:"):
            relative = metrics.geometric_mean(relative_mae_by_series(backtest, one.forecast.point))
            if relative < least:
                best, least = one, relative
    return best


def _losses(backtest: Backtest, outcome: Outcome) -> tuple[Floats, Floats | None]:
    """Give absolute errors and pinball losses summed over the levels, shape (series, cutoff, horizon)."""
    errors = np.abs(backtest.truth - outcome.forecast.point)
    quantiles = level_quantiles(outcome.forecast)
    if quantiles is None:
        return errors, None
    losses = np.zeros(errors.shape)
    for level, one in zip(LEVELS, quantiles, strict=True):
        losses += metrics.pinball_losses(backtest.truth, one, level=level)
    return errors, losses


def _cutoff_sums(values: Floats, known: Bools) -> Floats:
    return np.asarray(np.where(known, values, 0.0).sum(axis=2), dtype=np.float64)  # (series, cutoff)


def _skill(model: Floats, naive: Floats, resamples: Resamples) -> Skill:
    """Give the skill from sums of errors over the same points, shape (series, cutoff)."""
    useful = naive.sum(axis=1) > 0
    if not useful.any():
        return UNKNOWN
    starts = np.flatnonzero(np.diff(resamples.cells, prepend=-1))
    model, naive = (np.add.reduceat(one[useful], starts, axis=1) for one in (model, naive))  # (series, cell)
    with np.errstate(divide="ignore"):  # a model that is never wrong has a logarithm of -inf, and a skill of 1
        estimate = np.log(model.sum(axis=1) / naive.sum(axis=1)).mean()
    replicates = len(resamples.weights)
    total, count = np.zeros(replicates), np.zeros(replicates)
    together = max(1, _MOST_REPLICATED // replicates)
    for first in range(0, len(model), together):
        part = slice(first, first + together)
        ours, theirs = (resamples.weights @ one[part].T for one in (model, naive))  # (replicate, series)
        drawn = theirs > 0
        ratio = np.divide(ours, theirs, out=np.ones_like(ours), where=drawn)
        with np.errstate(divide="ignore"):
            total += np.log(ratio).sum(axis=1)
        count += drawn.sum(axis=1)
    logs = np.divide(total, count, out=np.full(replicates, np.nan), where=count > 0)
    blocks = np.array([min(resamples.blocks, int((naive > 0).any(axis=0).sum()))])
    least, most = expanded_interval(np.array([estimate]), logs[:, None], blocks=blocks)
    value, low, high = (1 - float(np.exp(one)) for one in (estimate, most[0], least[0]))
    return Skill(value, low, high, _verdict(low, high))


def _verdict(low: float, high: float) -> Verdict:
    if np.isnan(low):
        return "unknown"
    return "better than naive" if low > 0 else "worse than naive" if high < 0 else "not distinguishable"
