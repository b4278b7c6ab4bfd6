"""What if: the forecast of a changed history beside that of the history as it is.

The answer is the model's, learned from what went together in the past. Where a channel only accompanies the
target, without driving it, the real answer to such a change would be another.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from nettide.arrays import Floats
from nettide.errors import OptionError
from nettide.forecast import Forecast
from nettide.insight.what_if_changes import (
    AddOccasion,
    Change,
    RemoveOccasions,
    ValueChange,
    change_text,
    changed_panel,
    channel_place,
)
from nettide.models.contract import Model, last_cutoff
from nettide.panel import Panel

Effect = Literal["moves", "too small", "not used"]
"""The forecast moves; it does not, though it depends on the input; the model does not look at the input at all."""
_SMALL = 1e-5  # of the forecast: what float32 rounds away


@dataclass(frozen=True, slots=True)
class ChangeEffect:
    """What one change does by itself.

    Args:
        text: the change in words.
        effect: on the forecast.
        sentence: what is to be said of it; empty where the forecast moves.
    """

    text: str
    effect: Effect
    sentence: str


@dataclass(frozen=True, slots=True, eq=False)
class Difference:
    """After less before, in the target's unit.

    Args:
        point: of the medians, or of the points of a model without quantiles.
        low: least difference of the same quantile, over all levels; NaN without quantiles.
        high: the largest one. Where both futures meet the same luck - whatever makes the one high within its band
            makes the other as high in its own - the difference lies in ``low`` ... ``high`` as often as a value lies
            between the outermost quantiles, usually 80 %.
        least: lowest quantile after less highest before.
        most: highest quantile after less lowest before. Whatever the luck of the two has to do with one another, the
            difference lies in ``least`` ... ``most`` with at least twice that share less one, usually 60 %.
    """

    point: Floats
    low: Floats
    high: Floats
    least: Floats
    most: Floats


@dataclass(frozen=True, slots=True, eq=False)
class WhatIf:
    """Two forecasts of the same model and what lies between them.

    Args:
        before: forecast of the history as it is, one cutoff.
        after: forecast of the changed history, of the same series, cutoff and levels.
        changed: the changed history.
        effects: what each change does by itself, in the order given.
    """

    before: Forecast
    after: Forecast
    changed: Panel
    effects: tuple[ChangeEffect, ...]

    @property
    def by_step(self) -> Difference:
        """The difference at each step, shape (series, horizon)."""
        return _difference(
            self.before.point[:, 0], self.before.quantiles[:, 0], self.after.point[:, 0], self.after.quantiles[:, 0]
        )

    @property
    def mean(self) -> Difference:
        """The difference of the mean over the horizon, with the same luck at all steps, shape (series,)."""
        return _difference(
            *(part[:, 0].mean(axis=1) for one in (self.before, self.after) for part in (one.point, one.quantiles))
        )


def what_if(
    model: Model,
    panel: Panel,
    changes: Sequence[Change],
    *,
    horizon: int | None = None,
    told: Callable[[int, int], None] | None = None,
) -> WhatIf:
    """Forecast from the end of a history as it is and as it would be.

    Args:
        model: fitted.
        panel: the history.
        changes: made one after the other.
        horizon: steps ahead; None takes all that the model gives.
        told: is told before each forecast: which it is, from 1, of how many.

    Raises:
        OptionError: there is no change, or one cannot be made.
        PanelError: an added occasion concerns a series that is not there.
        MismatchError: the panel does not fit the model.
    """
    if not changes:
        raise OptionError("no change is given; there is nothing to compare")
    changed = changed_panel(panel, changes)
    alone = [changed] if len(changes) == 1 else _one_by_one(panel, changes)
    count = 2 + sum(shown is not changed for shown in alone)

    def forecast(history: Panel, place: int) -> Forecast:
        if told is not None:
            told(place, count)
        return _forecast(model, history, horizon)

    before, after = forecast(panel, 1), forecast(changed, 2)
    effects = []
    for place, (change, shown) in enumerate(zip(changes, alone, strict=True), start=3):
        found = after if shown is changed else forecast(shown, place)
        effects.append(_effect(model, panel, change, before, found))
    return WhatIf(before, after, changed, tuple(effects))


def _one_by_one(panel: Panel, changes: Sequence[Change]) -> list[Panel]:
    """Make each change by itself; one that undoes an earlier one is made on top of those before it."""
    found = []
    for place, change in enumerate(changes):
        try:
            found.append(changed_panel(panel, [change]))
        except OptionError:
            found.append(changed_panel(panel, changes[: place + 1]))
    return found


def _forecast(model: Model, panel: Panel, horizon: int | None) -> Forecast:
    made = model.predict(panel, last_cutoff(panel))
    return made if horizon is None else made.first_steps(horizon)


def _effect(model: Model, panel: Panel, change: Change, before: Forecast, after: Forecast) -> ChangeEffect:
    text = change_text(change, target=panel.channels[0].name)
    if _apart(before, after) > _SMALL:
        return ChangeEffect(text, "moves", "")
    if isinstance(change, AddOccasion | RemoveOccasions):
        sentence = (
            f"{text}: the forecast stays as it is: it spans none of these, or the model never learned what they do"
        )
        return ChangeEffect(text, "too small", sentence)
    if not _looks_at(model, panel, change, before):
        name = change.channel or panel.channels[0].name
        sentence = f"{text}: the forecast stays as it is, because the model does not use {name!r} at all"
        return ChangeEffect(text, "not used", sentence)
    sentence = (
        f"{text}: the forecast stays as it is, though the model uses this input: the change lies further back than it "
        "looks, or covers all that it looks at, which is scaled by itself; change only the last steps"
    )
    return ChangeEffect(text, "too small", sentence)


def _apart(before: Forecast, after: Forecast) -> float:
    """Give the largest change of any value in shares of the largest forecast of its series; 0 where none is known."""
    values_before, values_after = (
        np.concatenate([one.point[..., None], one.quantiles], axis=-1).reshape(len(one.ids), -1)
        for one in (before, after)
    )
    known = ~np.isnan(values_before)
    if (known == np.isnan(values_after)).any():
        return np.inf
    largest = np.maximum(values_before, values_after).max(axis=1, initial=0.0, where=known)
    change = np.abs(values_after - values_before).max(axis=1, initial=0.0, where=known)
    return float(np.divide(change, largest, out=np.zeros_like(change), where=largest > 0).max(initial=0.0))


def _looks_at(model: Model, panel: Panel, change: ValueChange, before: Forecast) -> bool:
    """Say whether the forecast depends on a channel at all: it is shown quite another past of it."""
    place = channel_place(panel, change.channel)
    values = panel.values.copy()
    past = values[:, :, place]
    known = ~np.isnan(past)
    size = float(np.abs(past).max(initial=0.0, where=known)) or 1.0
    saw = np.arange(panel.steps) * 0.6180339887498949 % 1.0  # evenly spread and never periodic
    values[:, :, place] = np.where(known, size * saw, np.nan)
    shown = _forecast(model, replace(panel, values=values), before.horizon)
    same = np.array_equal(before.point, shown.point, equal_nan=True)
    return not (same and np.array_equal(before.quantiles, shown.quantiles, equal_nan=True))


def _difference(before: Floats, bands_before: Floats, after: Floats, bands_after: Floats) -> Difference:
    """Compare points of shape (...) and quantiles of shape (..., level)."""
    point = after - before
    if not bands_before.shape[-1]:
        unknown = np.full(point.shape, np.nan)
        return Difference(point, unknown, unknown, unknown, unknown)
    moved = bands_after - bands_before
    return Difference(
        point=point,
        low=moved.min(axis=-1),
        high=moved.max(axis=-1),
        least=bands_after[..., 0] - bands_before[..., -1],
        most=bands_after[..., -1] - bands_before[..., 0],
    )
