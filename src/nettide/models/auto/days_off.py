"""Days off: steps of a holiday are left to the members that know what a holiday does."""

from __future__ import annotations

import numpy as np

from nettide.arrays import Floats
from nettide.models import MODELS
from nettide.models.auto.config import NAIVE_MEMBERS
from nettide.models.auto.trials import STATISTICAL
from nettide.panel import Panel
from nettide.prepare.calendar import DAY_SECONDS
from nettide.prepare.occasions import OCCASION_FEATURES, occasion_features, occasion_groups
from nettide.prepare.periods import told_seconds

_TUNED_WITHOUT = 0.5  # what a pretrained network still knows of days off once it was tuned on a history without
_ENOUGH_DAYS = 3.0  # days off in its history, from which a network or trees can have learned something
_ENOUGH_WEIGHT = 0.25  # of the members that know: from here on they alone forecast a day off
_HOLIDAY = OCCASION_FEATURES.index("holiday")


def knowledge_of(names: tuple[str, ...], panel: Panel, *, clock: float) -> Floats:
    """Say how well members know what a day off does after they were fitted on a panel, 0 ... 1, shape (member,)."""
    share = holiday_shares(panel, ahead=0, clock=clock)
    days = float(share.sum(axis=1).max(initial=0.0)) * panel.step_seconds / DAY_SECONDS
    seen = 1.0 if days >= _ENOUGH_DAYS else 0.0
    blind = [one for one in (*NAIVE_MEMBERS, *STATISTICAL) if not MODELS[one].occasions]
    known = {**dict.fromkeys(blind, 0.0), "base": 1.0, "similar-day": 1.0, "base-tuned": max(seen, _TUNED_WITHOUT)}
    return np.array([known.get(one, seen) for one in names])


def holiday_shares(panel: Panel, *, ahead: int, clock: float) -> Floats:
    """Give what share of each step is a holiday, to some steps after the end.

    Args:
        panel: the traffic, with its occasions.
        ahead: steps after the end.
        clock: measured length of a day over its nominal length.

    Returns:
        shape (series, time + ahead).
    """
    groups, places = occasion_groups(panel)
    starts = told_seconds(panel, np.arange(panel.steps + ahead, dtype=np.int64), clock=clock)
    shares = occasion_features(starts, groups, seconds=round(panel.step_seconds / clock))[..., _HOLIDAY]
    found: Floats = shares.astype(np.float64)[places]
    return found


def weights_on_days_off(weights: Floats, knowledge: Floats, share: Floats) -> Floats:
    """Give weight of the members that do not know days off to those that do, if those have a say at all.

    Args:
        weights: shape (member, series).
        knowledge: 0 ... 1, shape (member,).
        share: of holiday in each step, shape (series, ..., step).

    Returns:
        shape (member, series, ..., step); each step sums to what ``weights`` does.
    """
    after = [1] * (share.ndim - 1)
    wide = weights.reshape(*weights.shape, *after)
    total, known = weights.sum(axis=0), (weights * knowledge[:, None]).sum(axis=0)
    trust = np.minimum(known / np.maximum(total, 1e-12) / _ENOUGH_WEIGHT, 1.0).reshape(-1, *after)
    unknowing = (1.0 - knowledge).reshape(-1, *[1] * share.ndim)
    lost = wide * unknowing * share * trust
    gains = (weights * knowledge[:, None] / np.maximum(known, 1e-12)).reshape(wide.shape)
    found: Floats = wide - lost + gains * lost.sum(axis=0)
    return found
