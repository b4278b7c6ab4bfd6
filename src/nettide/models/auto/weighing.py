"""Weighing: what each challenger is worth, over all series and for each, by its trial."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nettide.arrays import Floats
from nettide.forecast import LEVELS
from nettide.models.auto.carry import Carry, carry_that_pays
from nettide.models.auto.config import NAIVE_MEMBERS
from nettide.models.auto.mixture import pooled_weights, preferences, series_weights
from nettide.models.auto.side_by_side import Singles, known_mean, losses_of, mixed, with_bands
from nettide.models.auto.trials import STATISTICAL, Trial, TrialPart
from nettide.panel import Panel

PRIOR = {**dict.fromkeys(NAIVE_MEMBERS, 0.03), **dict.fromkeys(STATISTICAL, 0.05), "base": 0.5, "similar-day": 0.1}
"""Weights before anything is known, as parts of a trained challenger's."""
_LEVELS = np.array(LEVELS)
_MIDDLE = LEVELS.index(0.5)
_WORTH = 0.02  # least weight, over all series, for which a challenger is kept
_STATISTICAL_WORTH = 0.1
_LEAST_EXACT, _ALL_BUT = 3, 0.999  # forecasts that are exact by no luck; some weight is left for when it cannot tell
_SINGLE = float(np.finfo(np.float32).eps)  # of the largest value: forecasts of members are kept in single precision


@dataclass(frozen=True, slots=True, eq=False)
class Verdict:
    """How the challengers did on the validation part.

    Args:
        members: names, naive ones included.
        ids: of the series.
        errors: mean absolute error of each member and, last, of the mixture, NaN where unknown, shape
            (member + 1, series, cutoff).
        losses: pinball loss likewise, shape (member + 1, series, cutoff).
    """

    members: tuple[str, ...]
    ids: tuple[str, ...]
    errors: Floats
    losses: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Weighed:
    """The members of a mixture.

    Args:
        trials: of those that are worth it, naive ones included.
        left_out: name -> why, of the others.
        pooled: weights over all series, sum 1, shape (member,).
        weights: for each series, shape (member, series).
        carry: what of the misses of the mixture persists.
        verdict: how they did.
    """

    trials: tuple[Trial, ...]
    left_out: dict[str, str]
    pooled: Floats
    weights: Floats
    carry: Carry
    verdict: Verdict


def weigh(panel: Panel, part: TrialPart, trials: list[Trial]) -> Weighed:
    """Weigh challengers over all series, then for each; leave out those that are not worth it.

    Args:
        panel: the whole history.
        part: where they were compared.
        trials: of those that have a model, at least one of which tells bands.
    """
    horizon = trials[0].point.shape[2]
    truth = panel.target[:, part.cutoffs[:, None] + np.arange(1, horizon + 1)]
    prior = np.array([PRIOR.get(one.name, 1.0) for one in trials])
    quantiles = with_bands([one.point for one in trials], [one.quantiles for one in trials])
    sizes = _sizes(truth, quantiles)
    pooled = _over_all_series([one.name for one in trials], truth, quantiles, sizes, prior / prior.sum())
    stay = [
        place
        for place, one in enumerate(trials)
        if pooled[place] >= (_STATISTICAL_WORTH if one.name in STATISTICAL else _WORTH) or one.name in NAIVE_MEMBERS
    ]
    if not any(tells_bands(trials[place]) for place in stay):  # whose spread the naive members take
        banded = [place for place, one in enumerate(trials) if tells_bands(one)]
        stay = sorted([*stay, max(banded, key=lambda place: pooled[place])])
    left_out = {
        one.name: f"left out: {pooled[place]:.1%} of the mixture, not worth its time"
        for place, one in enumerate(trials)
        if place not in stay
    }
    chosen = quantiles[stay]
    by_cutoff = known_mean(losses_of(truth, chosen), axis=3)  # (member, series, cutoff)
    shares = pooled[stay] / pooled[stay].sum()
    seen = np.isfinite(by_cutoff).any(axis=0).sum(axis=1).astype(np.float64)
    weights = series_weights(shares, known_mean(by_cutoff, axis=2), seen)
    kept = tuple(trials[place] for place in stay)
    errors = _errors(truth, chosen[..., _MIDDLE])
    weights = _for_the_exact(weights, truth, errors, [one.name for one in kept])
    mixture = mixed(weights, chosen)
    verdict = Verdict(
        tuple(one.name for one in kept),
        panel.ids,
        np.concatenate([errors, _errors(truth, mixture[None, ..., _MIDDLE])]),
        np.concatenate([by_cutoff, known_mean(losses_of(truth, mixture[None]), axis=3)]),
    )
    consecutive = (np.diff(part.cutoffs) == horizon).all()
    carry = carry_that_pays(truth, mixture, sizes) if consecutive else Carry.none(len(truth))
    return Weighed(kept, left_out, shares, weights, carry, verdict)


def tells_bands(trial: Trial) -> bool:
    """Say whether a challenger has bands at every cutoff; one that is fitted anew at each has none for the past."""
    return trial.model is not None and trial.quantiles.shape[-1] > 0 and trial.name not in STATISTICAL


def _over_all_series(names: list[str], truth: Floats, quantiles: Singles, sizes: Floats, prior: Floats) -> Floats:
    """Weigh over all series; a member that was tried on a sample alone is weighed against the rest there."""
    points = truth.reshape(len(truth), -1)
    flat = quantiles.reshape(*quantiles.shape[:2], -1, len(LEVELS))
    costly = np.array([name in STATISTICAL for name in names])
    scaled = losses_of(points, flat) / sizes[:, None]
    # among themselves: beside a costly one that has no loss at all none of them would be preferred
    rest = prior[~costly] * preferences(known_mean(scaled[~costly], axis=(1, 2)))
    forecasts = float(np.isfinite(truth).any(axis=2).sum())
    weights = pooled_weights(points, flat[~costly], _LEVELS, sizes, rest / rest.sum(), forecasts=forecasts)
    pooled = np.zeros(len(names))
    pooled[~costly] = weights
    if costly.any():
        tried = np.isfinite(flat).all(axis=(0, 3))  # where all members were
        sampled = forecasts * tried.mean()
        on_sample = pooled_weights(points, flat, _LEVELS, sizes, prior, forecasts=max(sampled, 1.0))
        alone = known_mean(np.where(tried, scaled, np.nan), axis=(1, 2))
        rival = np.where(costly | np.isnan(alone), np.inf, alone).min()
        kept = costly & (on_sample >= _STATISTICAL_WORTH) & (alone <= rival)
        pooled = pooled * max(0.0, 1 - on_sample[kept].sum())
        pooled[kept] = on_sample[kept]
    return pooled


def _for_the_exact(weights: Floats, truth: Floats, errors: Floats, names: list[str]) -> Floats:
    """Give a series that moves and that a naive member forecasts exactly to that member, all but a thousandth.

    Nothing can beat it there. A series that does not move is forecast to go on so by whoever has its weight.

    Args:
        weights: shape (member, series).
        truth: NaN where unknown, shape (series, cutoff, horizon).
        errors: as ``_errors`` gives them, shape (member, series, cutoff).
        names: of the members.

    Returns:
        shape (member, series), each series sums to 1.
    """
    known = np.isfinite(truth)
    moves = np.where(known, truth, -np.inf).max(axis=(1, 2)) > np.where(known, truth, np.inf).min(axis=(1, 2))
    often = known.any(axis=2).sum(axis=1) >= _LEAST_EXACT
    found = weights.copy()
    for member, name in reversed(list(enumerate(names))):  # the first of several
        if name in NAIVE_MEMBERS:
            exact = moves & often & ((errors[member] == 0) | ~known.any(axis=2)).all(axis=1)
            found[:, exact] = _ALL_BUT * (np.arange(len(names)) == member)[:, None] + (1 - _ALL_BUT) * weights[:, exact]
    return found


def _errors(truth: Floats, medians: Floats | Singles) -> Floats:
    """Give the mean absolute error of each forecast; 0 all over a series that it misses by single precision alone.

    Args:
        truth: NaN where unknown, shape (series, cutoff, horizon).
        medians: shape (member, series, cutoff, horizon).

    Returns:
        shape (member, series, cutoff), NaN where truth or forecast is unknown.
    """
    errors = np.abs(truth - medians)
    known = np.isfinite(errors)
    peaks = np.where(np.isfinite(truth), np.abs(truth), 0.0).max(axis=(1, 2), initial=0.0)  # (series,)
    exact = np.where(known, errors, 0.0).max(axis=(2, 3), initial=0.0) <= _SINGLE * peaks  # (member, series)
    return known_mean(np.where(known & exact[..., None, None], 0.0, errors), axis=3)


def _sizes(truth: Floats, quantiles: Singles) -> Floats:
    """Give what the errors of each series are measured in: the mean error of all members, or 1, shape (series,)."""
    errors = np.abs(truth - quantiles[..., _MIDDLE])
    sizes = known_mean(errors.reshape(len(errors), len(truth), -1), axis=(0, 2))
    return np.where(np.isfinite(sizes) & (sizes > 0), sizes, 1.0)
