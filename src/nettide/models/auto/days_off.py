"""Days off: steps of a holiday are left to the members that know what a holiday does."""

from __future__ import annotations

import numpy as np

from nettide.arrays import Bools, Floats
from nettide.models import MODELS
from nettide.models.auto.config import NAIVE_MEMBERS
from nettide.models.auto.trials import STATISTICAL
from nettide.panel import Panel
from nettide.prepare.calendar import DAY_SECONDS
from nettide.prepare.occasions import OCCASION_FEATURES, occasion_features, occasion_groups
from nettide.prepare.periods import told_seconds

_PRETRAINED = ("base", "base-tuned")
"""What taught them had days off in it."""
_ENOUGH_DAYS = 3.0  # days off in its history, from which a network or trees can have learned something
_ENOUGH_WEIGHT = 0.25  # of the members that know: from here on they alone forecast a day off
_HOLIDAY = OCCASION_FEATURES.index("holiday")


def knowing_members(names: tuple[str, ...], panel: Panel, *, clock: float) -> Bools:
    """Say which members know what a day off does after they were fitted on a panel, shape (member,)."""
    share = holiday_shares(panel, ahead=0, clock=clock)
    days = float(share.sum(axis=1).max(initial=0.0)) * panel.step_seconds / DAY_SECONDS
    blind = (*NAIVE_MEMBERS, *(one for one in STATISTICAL if not MODELS[one].occasions))
    return np.array(
        [one in _PRETRAINED or (one not in blind and days >= _ENOUGH_DAYS) for one in names], dtype=np.bool_
    )


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


def weights_on_days_off(weights: Floats, knowing: Bools, share: Floats) -> Floats:
    """Take weight from the members that do not know days off, as far as the others have a say at all.

    Args:
        weights: shape (member, series).
        knowing: shape (member,).
        share: of holiday in each step, shape (series, ..., step).

    Returns:
        shape (member, series, ..., step); each step sums to what ``weights`` does.
    """
    wide = weights.reshape(*weights.shape, *[1] * (share.ndim - 1))
    total, known = weights.sum(axis=0), weights[knowing].sum(axis=0)
    trust = np.minimum(known / np.maximum(total, 1e-12) / _ENOUGH_WEIGHT, 1.0)
    kept = 1.0 - share * trust.reshape(-1, *[1] * (share.ndim - 1))  # what the others keep
    blind = wide * kept
    scale = (total - known).reshape(kept.shape[0], *[1] * (share.ndim - 1)) * (1.0 - kept)
    more = 1.0 + scale / np.maximum(known, 1e-12).reshape(-1, *[1] * (share.ndim - 1))
    found: Floats = np.where(knowing.reshape(-1, *[1] * share.ndim), wide * more, blind)
    return found
