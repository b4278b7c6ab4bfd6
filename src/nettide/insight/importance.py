"""Permutation importance: how much worse forecasts get when one input is taken from another time.

Over the held-out windows each input in turn is exchanged between whole windows of the same series, all others
stay, and the loss is measured again (L. Breiman, Random forests, Machine Learning 45, 2001; A. Fisher, C. Rudin
and F. Dominici, All models are wrong, but many are useful, JMLR 20, 2019). Windows are exchanged by rotating an
input in time, so that its own memory stays whole but for one seam.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import pairwise
from typing import Literal

import numpy as np

from nettide.arrays import Floats, Ints
from nettide.errors import HistoryError, OptionError
from nettide.insight.importance_shifts import exchanged_part, other_windows, rotated_occasions, shifts_of
from nettide.metrics import pinball_losses
from nettide.models.contract import Model
from nettide.occasions import KINDS
from nettide.panel import Panel
from nettide.prepare.calendar import DAY_SECONDS, WEEK_SECONDS

InputKind = Literal["history", "part", "channel", "calendar", "occasion"]
"""All of the target's past, a part of it, another channel's past, hour and weekday, or a kind of occasion."""
LEAST_WINDOWS = 3
_REACH_WEEKS = 5  # how far back seasonal lags look: four weeks before the one that ends at the cutoff


@dataclass(frozen=True, slots=True, eq=False)
class InputRise:
    """What exchanging one input did.

    Args:
        name: of the input, as people call it.
        kind: what it is.
        pinball: rise of the pinball loss, mean over levels, steps and series, NaN for a point model or where
            nothing is known, shape (repeat, cutoff).
        mae: rise of the absolute error likewise, shape (repeat, cutoff).
        moved: mean absolute change of the point forecast; exactly 0 where the model does not look at the input.
    """

    name: str
    kind: InputKind
    pinball: Floats
    mae: Floats
    moved: float

    @property
    def used(self) -> bool:
        """Whether any forecast changed at all."""
        return self.moved > 0


@dataclass(frozen=True, slots=True, eq=False)
class Importance:
    """How much a model depends on each of its inputs.

    All losses are in shares of the mean absolute target of each series over the held-out steps, mean over series, so
    that large links do not drown the small.

    Args:
        pinball: loss of the forecasts as they are, shape (cutoff,); NaN for a point model.
        mae: their absolute error, shape (cutoff,).
        cutoffs: index of the last step that each forecast saw, shape (cutoff,).
        inputs: what exchanging each did, in the order of the panel.
        left_out: name of an input -> why it could not be exchanged.
    """

    pinball: Floats
    mae: Floats
    cutoffs: Ints
    inputs: tuple[InputRise, ...]
    left_out: dict[str, str]


Told = Callable[[str, int, int], None]
"""Is told before each run of the model: which input, which run (from 1), of how many."""


def permutation_importance(
    model: Model,
    panel: Panel,
    cutoffs: Ints,
    *,
    horizon: int | None = None,
    repeats: int = 5,
    parts: bool = False,
    seed: int = 0,
    told: Told | None = None,
) -> Importance:
    """Exchange each input between the windows of a held-out part and measure what that costs.

    A channel or the target is rotated by a multiple of the distance between cutoffs, the calendar by any hours
    within a week, occasions by whole days. The recent errors by which models adapt their bands are those of the
    exchanged inputs too. Only what ends at a cutoff is ever shown, but the window that stands in for another may
    come from after it: it is an input that does not belong there, not a forecast to be used.

    Args:
        model: fitted.
        panel: the data, of which the model may use all or some channels.
        cutoffs: index of the last step that each forecast sees, evenly spaced, ascending, shape (cutoff,).
        horizon: steps ahead that are scored; None takes all that the model gives.
        repeats: how many exchanges of each input are measured; fewer where there are not as many.
        parts: whether the last day, the week before it and what is older of the target's past are exchanged one by
            one too, which runs the model once a window.
        seed: of the exchanges.
        told: see ``Told``.

    Raises:
        OptionError: repeats are below 1, or cutoffs are not evenly spaced.
        HistoryError: there are fewer than three cutoffs, or no truth after them to score.
        MismatchError: the panel does not fit the model.
    """
    if repeats < 1:
        raise OptionError(f"repeats {repeats} must be at least 1")
    if len(cutoffs) < LEAST_WINDOWS:
        raise HistoryError(
            f"{len(cutoffs)} held-out windows are too few to exchange inputs between; give a longer held-out part, or "
            "a shorter horizon"
        )
    stride = int(cutoffs[1] - cutoffs[0])
    if stride < 1 or (np.diff(cutoffs) != stride).any():
        raise OptionError("cutoffs are not evenly spaced in ascending order; windows could not be exchanged")
    seen = panel.until(int(cutoffs[-1]) + 1)
    scorer = _Scorer.of(model, panel, seen, cutoffs, horizon=horizon)
    generator = np.random.default_rng(seed)
    plans, left_out = _plans(model, seen, cutoffs, horizon=scorer.horizon, repeats=repeats, parts=parts, rng=generator)
    total, done = sum(len(plan.runs) for plan in plans), 0
    found = []
    for plan in plans:
        rises = []
        for run in plan.runs:
            done += 1
            if told:
                told(plan.name, done, total)
            rises.append(scorer.rise(*run()))
        found.append(
            InputRise(
                plan.name,
                plan.kind,
                np.stack([one.pinball for one in rises]),
                np.stack([one.mae for one in rises]),
                float(np.mean([one.moved for one in rises])),
            )
        )
    return Importance(scorer.pinball, scorer.mae, cutoffs, tuple(found), left_out)


Predicted = tuple[Floats, Floats]
"""Point forecasts, shape (series, cutoff, horizon), and quantiles, shape (series, cutoff, horizon, level)."""


@dataclass(frozen=True, slots=True)
class _Plan:
    """An input and the forecasts that are to be made with it exchanged, one a repeat."""

    name: str
    kind: InputKind
    runs: Sequence[Callable[[], Predicted]]


def _plans(
    model: Model, panel: Panel, cutoffs: Ints, *, horizon: int, repeats: int, parts: bool, rng: np.random.Generator
) -> tuple[list[_Plan], dict[str, str]]:
    """Say what is to be run for each input, and which inputs cannot be exchanged."""
    plans: list[_Plan] = []
    left_out: dict[str, str] = {}
    stride = int(cutoffs[1] - cutoffs[0])
    reach = max(model.context, _REACH_WEEKS * panel.steps_per(WEEK_SECONDS))
    begin = max(0, int(cutoffs[0]) + 1 - reach)
    length = (panel.steps - begin) // stride * stride  # so that each window gets the input of another window
    begin = panel.steps - length
    apart = -(-horizon // stride)
    turns = stride * shifts_of(length // stride, repeats, apart=apart, generator=rng)

    def whole(changed: Callable[[int], Panel], shift: int) -> Predicted:
        return _predicted(model, changed(int(shift)), cutoffs)

    def rotated(place: int, shift: int) -> Panel:
        values = panel.values.copy()
        values[:, begin:, place] = np.roll(values[:, begin:, place], shift, axis=1)
        return replace(panel, values=values)

    def calendar(shift: int) -> Panel:
        """Tell another time of the same values; occasions stay with the values."""
        by = panel.step_seconds * shift
        moved = tuple(replace(one, start=one.start + by, end=one.end + by) for one in panel.occasions)
        return replace(panel, start=panel.start + by, occasions=moved)

    for place, channel in enumerate(panel.channels):
        if not len(turns):
            left_out[channel.name] = "there are too few windows far enough apart"
            continue
        name = f"past of {channel.name}" if place == 0 else channel.name
        runs = [partial(whole, partial(rotated, place), shift) for shift in turns]
        plans.append(_Plan(name, "history" if place == 0 else "channel", runs))
        if place == 0 and parts:
            plans += _part_plans(model, panel, cutoffs, repeats=repeats, apart=apart, rng=rng)
    week = panel.steps_per(WEEK_SECONDS)
    if week > 1:
        shifts = shifts_of(week, repeats, apart=1, generator=rng)
        plans.append(_Plan("calendar", "calendar", [partial(whole, calendar, shift) for shift in shifts]))
    else:
        left_out["calendar"] = "steps of a week or more have no hour and no weekday"
    first, after = int(panel.seconds[begin]), int(panel.seconds[-1]) + panel.step_seconds * (horizon + 1)
    for kind in KINDS:
        there = [one for one in panel.occasions if one.kind == kind and one.touches(first, after)]
        days = (after - first) // DAY_SECONDS
        if not there:
            continue
        if days < LEAST_WINDOWS:
            left_out[kind] = "the held-out part is shorter than three days"
            continue
        moved = partial(rotated_occasions, panel, kind, first=first, days=days)
        shifts = shifts_of(days, repeats, apart=1, generator=rng)
        plans.append(_Plan(kind, "occasion", [partial(whole, moved, shift) for shift in shifts]))
    return plans, left_out


def _part_plans(
    model: Model, panel: Panel, cutoffs: Ints, *, repeats: int, apart: int, rng: np.random.Generator
) -> Iterator[_Plan]:
    """Plan the exchange of parts of the target's past, window by window."""
    turns = shifts_of(len(cutoffs), repeats, apart=apart, generator=rng)
    day, week = panel.steps_per(DAY_SECONDS), panel.steps_per(WEEK_SECONDS)
    edges = sorted({0, panel.steps_per(3600), day, week} - {1}) if day > 1 else [0, 1, week]
    spans = [*pairwise(edges), (edges[-1], panel.steps)]

    def window_by_window(newest: int, oldest: int, turn: int) -> Predicted:
        made = []
        for cutoff, other in other_windows(cutoffs, turn):
            shown = exchanged_part(panel, cutoff, other, newest=newest, oldest=oldest)
            made.append(_predicted(model, shown, np.array([cutoff], dtype=np.int64)))
        return np.concatenate([one[0] for one in made], axis=1), np.concatenate([one[1] for one in made], axis=1)

    for newest, oldest in spans:
        if newest >= int(cutoffs[-1]) + 1 or oldest <= newest:
            continue
        name = f"{_part_text(panel, newest, oldest)} of {panel.channels[0].name}"
        yield _Plan(name, "part", [partial(window_by_window, newest, oldest, int(turn)) for turn in turns])


def _part_text(panel: Panel, newest: int, oldest: int) -> str:
    names = {panel.steps_per(3600): "hour", panel.steps_per(DAY_SECONDS): "day", panel.steps_per(WEEK_SECONDS): "week"}
    if newest == 0:
        return f"last {names[oldest]}" if oldest > 1 or panel.step_seconds >= DAY_SECONDS else "last step"
    if oldest == panel.steps:
        return f"all before the last {names[newest]}"
    return f"rest of the last {names[oldest]}"


def _predicted(model: Model, panel: Panel, cutoffs: Ints) -> Predicted:
    made = model.predict(panel, cutoffs)
    return made.point, made.quantiles


@dataclass(frozen=True, slots=True, eq=False)
class _Rise:
    pinball: Floats
    mae: Floats
    moved: float


@dataclass(frozen=True, slots=True, eq=False)
class _Scorer:
    """The truth and the forecasts as they are, to compare others with.

    Args:
        truth: shape (series, cutoff, horizon).
        size: mean absolute truth of each series, NaN where zero or unknown, shape (series, 1, 1).
        point: shape (series, cutoff, horizon).
        errors: absolute errors of the point in shares of the size, likewise.
        losses: pinball losses likewise, mean over levels; NaN without quantiles.
        levels: quantile levels.
    """

    truth: Floats
    size: Floats
    point: Floats
    errors: Floats
    losses: Floats
    levels: tuple[float, ...]

    @staticmethod
    def of(model: Model, panel: Panel, seen: Panel, cutoffs: Ints, *, horizon: int | None) -> _Scorer:
        made = model.predict(seen, cutoffs)
        made = made if horizon is None else made.first_steps(horizon)
        steps = cutoffs[:, None] + np.arange(1, made.horizon + 1)
        known = steps < panel.steps
        truth = np.where(known, panel.target[:, np.minimum(steps, panel.steps - 1)], np.nan)
        counted = ~np.isnan(truth) & ~np.isnan(made.point)
        count = counted.sum(axis=(1, 2), keepdims=True)
        size = np.where(counted, np.abs(truth), 0.0).sum(axis=(1, 2), keepdims=True)
        if not ((size > 0) & (count > 0)).any():
            raise HistoryError("no held-out step has a known value above zero that was forecast; nothing can be scored")
        size = np.where(size > 0, size / np.maximum(count, 1), np.nan)
        errors, losses = _losses(truth, made.point, made.quantiles, made.levels, size)
        return _Scorer(truth, size, made.point, errors, losses, made.levels)

    @property
    def horizon(self) -> int:
        return int(self.point.shape[2])

    @property
    def pinball(self) -> Floats:
        return _by_cutoff(self.losses)

    @property
    def mae(self) -> Floats:
        return _by_cutoff(self.errors)

    def rise(self, point: Floats, quantiles: Floats) -> _Rise:
        """Compare forecasts with those as they are, at the points where both are known."""
        point, quantiles = point[:, :, : self.horizon], quantiles[:, :, : self.horizon]
        errors, losses = _losses(self.truth, point, quantiles, self.levels, self.size)
        change = np.abs(point - self.point) / self.size
        known = ~np.isnan(change)
        moved = float(change[known].mean()) if known.any() else 0.0
        return _Rise(_by_cutoff(losses - self.losses), _by_cutoff(errors - self.errors), moved)


def _losses(
    truth: Floats, point: Floats, quantiles: Floats, levels: Sequence[float], size: Floats
) -> tuple[Floats, Floats]:
    """Give absolute errors and pinball losses in shares of the size, shape (series, cutoff, horizon)."""
    errors = np.abs(truth - point) / size
    if not levels:
        return errors, np.full(truth.shape, np.nan)
    losses = [pinball_losses(truth, quantiles[..., place], level=level) for place, level in enumerate(levels)]
    return errors, np.mean(losses, axis=0) / size


def _by_cutoff(losses: Floats) -> Floats:
    """Give the mean over steps, then over series, shape (cutoff,); NaN where nothing is known."""
    for axis in (2, 0):
        known = ~np.isnan(losses)
        count = known.sum(axis=axis)
        total = np.where(known, losses, 0.0).sum(axis=axis)
        losses = np.where(count > 0, total / np.maximum(count, 1), np.nan)
    return losses
