"""Mixtures: weights of members from their errors, before and after the fact.

Quantiles are averaged level by level (Vincentization), which keeps them in order.

Source: Lichtendahl, Grushka-Cockayne and Winkler, Is it better to average probabilities or quantiles?, Management
Science 59, 2013; exponentiated gradient, Kivinen and Warmuth, Information and Computation 132, 1997; weights by
discounted losses as in Cesa-Bianchi and Lugosi, Prediction, Learning, and Games, 2006.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from nettide.arrays import Bools, Floats

_ROUNDS, _RATE = 300, 0.2
_MOST_POINTS = 100_000
_PREFERENCE = 4.0
_CONVINCING = 0.05  # gain over the prior at which it is given up
_LEAST = 0.02  # of the whole; what weighs less is left out
_HALF_TRUSTED_FORECASTS = 50.0  # over all series: one series at a dozen cutoffs is chance
_HALF_TRUSTED = 6.0  # cutoffs at which a series' own errors count half
_SHARPNESS = 6.0  # of own errors on the validation part
_FADING = 0.7  # what an error counts one horizon later
_OWN, _SHARED = 6.0, 4.0  # of recent errors: of the series, of all series
_MOST_RATIO = 5.0
_FAILED = 2.0  # times the least loss of a member: the mixture did so badly that it is no measure


def pinball(truth: Floats, quantiles: Floats, levels: Floats) -> Floats:
    """Give the pinball loss, mean over the levels.

    Args:
        truth: NaN where unknown, shape (...).
        quantiles: shape (..., level).
        levels: shape (level,).

    Returns:
        shape (...), NaN where truth or forecast is unknown.
    """
    error = truth[..., None] - quantiles
    loss: Floats = np.maximum(levels * error, (levels - 1) * error).mean(axis=-1)
    return loss


def preferences(losses: Floats) -> Floats:
    """Give how much each member is preferred for its loss alone: its inverse, to a power, 1 for the best.

    Args:
        losses: mean loss of each member, NaN where unknown, shape (member,).

    Returns:
        shape (member,), each in 0 ... 1; 1 for all where none has a loss, or the best has none left.
    """
    known = np.isfinite(losses)
    best = losses[known].min() if known.any() else 0.0
    if best <= 0:
        return np.where(known & (losses > 0), 0.0, 1.0) if known.any() else np.ones(len(losses))
    found: Floats = np.where(known, np.where(known, losses, best) / best, np.inf) ** -_PREFERENCE
    return found


def pooled_weights(
    truth: Floats,
    quantiles: Floats | NDArray[np.float32],
    levels: Floats,
    sizes: Floats,
    prior: Floats,
    *,
    forecasts: float = math.inf,
) -> Floats:
    """Give weights with little pinball loss of the mixture over all series, each in its own size.

    Found by exponentiated gradient from the prior, and moved towards it again unless they gain much over it: a
    validation part without a holiday or a level shift does not know what each member is worth there, nor do few
    forecasts.

    Args:
        truth: NaN where unknown, shape (series, point).
        quantiles: of the members, NaN where unknown, shape (member, series, point, level).
        levels: shape (level,).
        sizes: what an error of each series is measured in, positive, shape (series,).
        prior: positive, sum 1, shape (member,).
        forecasts: how many are compared (series x cutoffs); of 50, half is believed.

    Returns:
        shape (member,), sum 1.
    """
    known = np.isfinite(truth)
    for one in quantiles:
        known &= np.isfinite(one).all(axis=-1)
    rows, columns = np.nonzero(known)
    if not len(rows):
        return prior
    if len(rows) > _MOST_POINTS:  # evenly over series and times: weights of a handful of members need no more
        drawn = np.linspace(0, len(rows) - 1, _MOST_POINTS).round().astype(np.int64)
        rows, columns = rows[drawn], columns[drawn]
    size = sizes[rows]
    y = truth[rows, columns] / size  # (point,)
    members = np.stack([one[rows, columns].astype(np.float64) / size[:, None] for one in quantiles])
    weights = prior.copy()
    total = np.zeros_like(weights)
    for turn in range(_ROUNDS):
        mixed = np.tensordot(weights, members, axes=1)
        slope = np.where(y[:, None] > mixed, -levels, 1 - levels)  # of the loss, by the mixture
        gradient = (members * slope).mean(axis=(1, 2))
        spread = max(float(np.abs(gradient - weights @ gradient).max()), 1e-12)
        weights = weights * np.exp(-_RATE / np.sqrt(1 + turn) * (gradient - gradient.min()) / spread)
        weights /= weights.sum()
        total += weights
    found = total / _ROUNDS
    before, after = (float(pinball(y, np.tensordot(one, members, axes=1), levels).mean()) for one in (prior, found))
    gain = 1 - after / before if before > 0 else 0.0
    trust = 1 / (1 + _HALF_TRUSTED_FORECASTS / forecasts)
    moved: Floats = prior + trust * min(1.0, max(0.0, gain) / _CONVINCING) * (found - prior)
    return moved


def series_weights(pooled: Floats, losses: Floats, cutoffs: Floats) -> Floats:
    """Tilt pooled weights to the members that did better on each series, the more it was seen.

    Args:
        pooled: shape (member,).
        losses: mean loss of each member, NaN where unknown, shape (member, series).
        cutoffs: how many forecasts each series was seen at, shape (series,).

    Returns:
        shape (member, series), each series sums to 1.
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        middle = np.nansum(pooled[:, None] * losses, axis=0)
        ratio = np.clip(losses / middle, 0.0, _MOST_RATIO)
    ratio = np.where(np.isfinite(ratio), ratio, 1.0)
    trust = cutoffs / (cutoffs + _HALF_TRUSTED)
    tilted = pooled[:, None] * np.exp(-_SHARPNESS * trust * (ratio - 1))
    tilted = np.where(tilted < _LEAST * tilted.sum(axis=0), 0.0, tilted)
    found: Floats = tilted / tilted.sum(axis=0)
    return found


def guarded_weights(weights: Floats, recent: Floats, *, strength: float) -> Floats:
    """Move weights by what came of the last forecasts; a member that has just failed loses its say.

    Args:
        weights: shape (member, series).
        recent: losses of the last forecasts, newest first, NaN where unknown, shape (member, series, origin).
        strength: 0 moves nothing, 1 is what was measured to be best.

    Returns:
        shape (member, series), each series sums to 1.
    """
    if not strength or not recent.shape[2]:
        return weights
    tells = np.asarray(np.isfinite(recent).any(axis=(1, 2)))  # a member that has no past forecasts keeps its weight
    if not tells.any():
        return weights
    heard: Bools = np.logical_and.reduce(np.isfinite(recent[tells]), axis=0)
    count: Floats = np.where(heard, _FADING ** np.arange(recent.shape[2]), 0.0)  # (series, origin)
    seen = np.asarray(count.sum(axis=1), dtype=np.float64)
    losses = (np.nan_to_num(recent) * count).sum(axis=2) / np.maximum(seen, 1e-12)
    told = np.where(tells[:, None], weights, 0.0)
    usual = (told * losses).sum(axis=0) / np.maximum(told.sum(axis=0), 1e-12)
    # where all that had a say failed, they are measured by one that did not, or they would seem as good as usual
    usual = np.minimum(usual, _FAILED * losses[tells].min(axis=0))
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio = np.where(tells[:, None] & (seen > 0), np.clip(losses / usual, 0.0, _MOST_RATIO), 1.0)
    ratio = np.where(np.isfinite(ratio), ratio, 1.0)
    own = seen / (seen + 1.0)
    there = np.asarray(seen > 0)
    shared = np.median(ratio[:, there], axis=1) if there.any() else np.ones(len(weights))
    many = there.sum() / (there.sum() + 20.0)
    exponent = _OWN * own * (ratio - 1) + _SHARED * many * (shared[:, None] - 1)
    exponent = exponent - exponent[tells].min(axis=0)  # or all would underflow at a great strength
    moved = np.maximum(weights, 1e-4) * np.exp(-strength * exponent)
    moved[~tells] = 0.0
    silent = np.where(tells[:, None], 0.0, weights)  # the others share what is left
    found: Floats = silent + moved * (np.maximum(1 - silent.sum(axis=0), 0.0) / moved.sum(axis=0))
    return found
