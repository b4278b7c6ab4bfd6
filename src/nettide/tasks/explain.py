"""Explain the choice of ``auto``: which model has which weight for which series, and what that is worth."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from nettide.arrays import Bools, Floats
from nettide.backtest.bootstrap import block_length
from nettide.backtest.skill import UNKNOWN, Skill, skill_interval
from nettide.errors import MismatchError, OptionError, unknown
from nettide.models.auto.config import NAIVE_MEMBERS
from nettide.models.auto.model import AutoModel
from nettide.models.contract import Model
from nettide.prepare.calendar import WEEK_SECONDS
from nettide.tasks.forecaster import Forecaster

_SEED = 0


@dataclass(frozen=True, slots=True)
class Part:
    """A model and its part of the mixture.

    Args:
        model: its name.
        weight: share of the forecast, for a series that was not seen or for the one that is explained; 0 for a
            challenger that was left out.
        skill: what it saves of the best naive forecast's error on the validation part; unknown where it was not tried.
        note: why it was left out, or what is to be said; may be empty.
    """

    model: str
    weight: float
    skill: Skill
    note: str


@dataclass(frozen=True, slots=True)
class NaiveBest:
    """Series for which no challenger had a smaller loss on the validation part than a naive forecast.

    Where a naive forecast is never wrong nothing beats it, whatever the band around it costs.

    Args:
        compared: how many series something is known of to compare with; those are all there could be.
        series: how many there are.
        rivals: how many series each naive forecast is best for, most first.
        weight: mean share of naive forecasts in the mixture of those series; NaN where there are none.
        ids: of these series.
    """

    compared: int
    series: int
    rivals: tuple[tuple[str, int], ...]
    weight: float
    ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why the mixture is as it is.

    Args:
        series: how many series were compared.
        cutoffs: how many forecasts of each, at most.
        naive: the best naive forecast, which others are compared with; empty where nothing was compared.
        parts: members by weight, then challengers that were left out.
        mixture: skill of the mixture against the best naive forecast, on the part that also chose the weights.
        naive_best: where naive forecasts are best.
        exact: ids of those of them that some naive forecast hits exactly; no skill counts them, as there is no error
            that a model could save.
        carry: what share of the last misses of a series is carried over to its next forecast; of all together, of each
            that has one.
        note: what is to be said of the whole; may be empty.
        id: the series that is explained; None for all together.
    """

    series: int
    cutoffs: int
    naive: str
    parts: tuple[Part, ...]
    mixture: Skill
    naive_best: NaiveBest
    exact: tuple[str, ...]
    carry: Mapping[str, float]
    note: str
    id: str | None = None


def explain_choice(folder: Path, *, series: str | None = None) -> Explanation:
    """Explain the choice of a saved model.

    Args:
        folder: of a model ``auto``.
        series: one that it was fitted on; None explains all of them together.

    Raises:
        StoreError: the model cannot be read.
        MismatchError: it is of another kind.
        OptionError: it was not fitted on such a series.
    """
    forecaster = Forecaster.load(folder)
    if not isinstance(forecaster.model, AutoModel):
        raise MismatchError(f"{folder} holds a model of kind {forecaster.model_name!r}; only auto chooses among models")
    assert forecaster.record is not None
    return explained(forecaster.model, step_seconds=forecaster.record.data.step_seconds, series=series)


def explained(model: Model, *, step_seconds: int, series: str | None = None) -> Explanation:
    """Explain the choice of a fitted ``auto``.

    Args:
        model: the model.
        step_seconds: length of a step of its data.
        series: one that it was fitted on; None explains all of them together.

    Raises:
        MismatchError: the model is of another kind.
        OptionError: it was not fitted on such a series.
    """
    if not isinstance(model, AutoModel):
        raise MismatchError("only auto chooses among models")
    ids = model.ids
    if series is not None and series not in ids:
        raise OptionError(unknown("series", series, ids))
    weights = model.pooled if series is None else model.weights_of([series])[:, 0]
    verdict, skills, mixture, naive, cutoffs = model.verdict, dict.fromkeys(model.members, UNKNOWN), UNKNOWN, "", 0
    exact: tuple[str, ...] = ()
    if verdict is not None:
        rows = slice(None) if series is None else slice(ids.index(series), ids.index(series) + 1)
        errors, cutoffs = verdict.errors[:, rows], verdict.errors.shape[2]
        hit = _exact(verdict.members, errors).any(axis=0)  # (series,)
        exact = tuple(ids[at] for at in np.arange(len(ids))[rows][hit])
        others = errors[:, ~hit]
        naive = _best_naive(verdict.members, others if np.isfinite(others).any() else errors)
        rival = others[verdict.members.index(naive)]
        block = block_length(cutoffs, week=max(1, WEEK_SECONDS // (step_seconds * model.horizon)), overlap=1)
        found = [skill_interval(one, rival, block=block, seed=_SEED) for one in others]
        skills |= dict(zip(verdict.members, found, strict=False))
        mixture = found[-1]
    order = np.argsort(-weights, kind="stable")
    members = [
        Part(model.members[at], float(weights[at]), skills[model.members[at]], model.notes.get(model.members[at], ""))
        for at in order
    ]
    absent = [
        Part(name, 0.0, UNKNOWN, note)
        for name, note in model.notes.items()
        if name not in model.members and name != "auto"
    ]
    return Explanation(
        series=len(ids) if series is None else 1,
        cutoffs=cutoffs,
        naive=naive,
        parts=(*members, *absent),
        mixture=mixture,
        naive_best=_naive_best(model, [series] if series is not None else ids),
        exact=exact,
        carry=_carry(model, [series] if series is not None else ids),
        note=model.notes.get("auto", ""),
        id=series,
    )


def _carry(model: AutoModel, ids: Sequence[str]) -> dict[str, float]:
    return {one: float(share) for one, share in zip(ids, model.carry_of(ids), strict=True) if share}


def _best_naive(members: Sequence[str], errors: Floats) -> str:
    """Give the naive member with the smallest error, geometric mean over series, shape (member + 1, series, cutoff)."""
    naive = [place for place, name in enumerate(members) if name in NAIVE_MEMBERS]
    ours = errors[naive]
    known = np.isfinite(ours).all(axis=0)  # (series, cutoff)
    sums = np.where(known, ours, 0.0).sum(axis=2)
    useful = (sums > 0).all(axis=0)
    logs = np.log(sums[:, useful]).mean(axis=1) if useful.any() else sums.sum(axis=1)
    return members[naive[int(np.argmin(logs))]]


def _exact(members: Sequence[str], errors: Floats) -> Bools:
    """Say which naive members are never wrong, from errors of shape (member + 1, series, cutoff).

    Returns:
        shape (naive member, series); false where nothing is known.
    """
    ours = errors[[place for place, name in enumerate(members) if name in NAIVE_MEMBERS]]
    known = np.isfinite(ours)
    never: Bools = np.logical_or.reduce(known, axis=2) & ~np.logical_or.reduce(known & (ours > 0), axis=2)
    return never


def _naive_best(model: AutoModel, ids: Sequence[str]) -> NaiveBest:
    verdict = model.verdict
    if verdict is None:
        return NaiveBest(0, 0, (), math.nan, ())
    place = {one: at for at, one in enumerate(verdict.ids)}
    losses = verdict.losses[:-1, [place[one] for one in ids]]  # (member, series, cutoff)
    naive = np.array([name in NAIVE_MEMBERS for name in verdict.members])
    exact = _exact(verdict.members, verdict.errors[:, [place[one] for one in ids]])  # (naive member, series)
    hit = exact.any(axis=0)
    of_naive = _sums(losses[naive], np.isfinite(losses[naive]).all(axis=0))
    best = np.flatnonzero(naive)[np.where(hit, exact.argmax(axis=0), of_naive.argmin(axis=0))]  # (series,)
    rival = losses[best, np.arange(len(ids))]  # (series, cutoff)
    compared = np.isfinite(losses[~naive]) & np.isfinite(rival)  # a costly member was tried on a sample of the points
    beaten = _sums(losses[~naive], compared) < _sums(np.broadcast_to(rival, compared.shape), compared)
    known: Bools = np.isfinite(rival).any(axis=1)
    there: Bools = known & (hit | ~beaten.any(axis=0))  # a band around what is exact may lose to another's
    share = model.weights_of(ids)[naive].sum(axis=0)
    return NaiveBest(
        compared=int(known.sum()),
        series=int(there.sum()),
        rivals=tuple(Counter(verdict.members[at] for at in best[there]).most_common()),
        weight=float(share[there].mean()) if there.any() else math.nan,
        ids=tuple(one for one, is_best in zip(ids, there, strict=True) if is_best),
    )


def _sums(losses: Floats, known: Bools) -> Floats:
    """Sum over the cutoffs that are known, shape (member, series)."""
    sums: Floats = np.where(known, losses, 0.0).sum(axis=2)
    return sums
