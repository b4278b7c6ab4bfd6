"""The automatic forecaster: a mixture of challengers and naive forecasts, weighed for each series."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from functools import partial
from typing import Any, ClassVar, Self

import numpy as np

from nettide.arrays import Bools, Floats, Ints, Weights
from nettide.errors import DamagedError, HistoryError, MismatchError, ModelError, OptionError, UnknownModelError
from nettide.forecast import LEVELS, Forecast
from nettide.models import accepts, make_model
from nettide.models.auto.breaks import level_breaks
from nettide.models.auto.config import NAIVE_MEMBERS, UNTRAINED, AutoConfig
from nettide.models.auto.days_off import holiday_shares, knowledge_of, weights_on_days_off
from nettide.models.auto.kept import KeptFits, joined_states, parted_models
from nettide.models.auto.mixture import guarded_weights
from nettide.models.auto.side_by_side import Singles, known_mean, losses_of, mixed, with_bands
from nettide.models.auto.trials import STATISTICAL, Clock, Trial, TrialPart, refitted, run_trial, trial_part
from nettide.models.auto.weighing import PRIOR, Verdict, tells_bands, weigh
from nettide.models.calibration import ORIGINS, adjust, origins_of, recent_adjustment, signed_errors
from nettide.models.contract import Checkpoint, Model, Monitor, Silent, State, Training, tell_stage
from nettide.models.fitted import Fitted, check_cutoffs
from nettide.models.options import build_config, option_names
from nettide.models.outcome import quantile_forecast
from nettide.models.silence import fallen_silent, silenced
from nettide.models.unchanged import keep_unchanged
from nettide.panel import Panel
from nettide.prepare.calendar import DAY_SECONDS
from nettide.prepare.periods import measured_periods

_LEVELS = np.array(LEVELS)
_MIDDLE = LEVELS.index(0.5)
_LEAST_CUTOFFS, _MOST_VALUES = 8, 4_000_000  # forecast at a time: a member looks back anew at each turn
_FORECASTS, _MOST_ORIGINS = 700, 28  # (series x origins) that bands are judged by, and how far a few series look back
_HALF_TRUSTED_WIDTH = 20.0  # forecasts
_STRETCH = 1.03  # of bands: what was calibrated on the past holds a little less of the future
_NOT_FITTED = "model is not fitted; call fit or load a fitted one"


class AutoModel:
    """Tries challengers on the last part of the history, and mixes those that are worth it, for each series.

    Naive forecasts always take part. At each cutoff, what came of the last forecasts moves the weights (the
    guard) and the bands.

    Args:
        config: challengers and budget.
    """

    Config: ClassVar[type[AutoConfig]] = AutoConfig

    def __init__(self, config: AutoConfig) -> None:
        self.config = config
        self._fitted: Fitted | None = None
        self._members: dict[str, Model] = {}
        self._weights: Floats = np.empty((0, 0))
        self._ids: tuple[str, ...] = ()
        self._pooled: Floats = np.empty(0)
        self._knowledge: Floats = np.empty(0)
        self._clock = 1.0
        self._until = 0
        self.notes: dict[str, str] = {}
        self.verdict: Verdict | None = None

    @property
    def horizon(self) -> int:
        """Steps ahead."""
        return self.config.horizon

    @property
    def context(self) -> int:
        """Most steps of a window among the members; 0 before ``fit``."""
        return max((one.context for one in self._members.values()), default=0)

    @property
    def members(self) -> tuple[str, ...]:
        """Names of the members."""
        return tuple(self._members)

    @property
    def ids(self) -> tuple[str, ...]:
        """Ids of the series it was fitted on, which have weights of their own."""
        return self._ids

    @property
    def pooled(self) -> Floats:
        """Weight of each member for a series that was not seen, shape (member,)."""
        return self._pooled

    def weights_of(self, ids: Sequence[str]) -> Floats:
        """Give the weights of each member for each series, before the guard, shape (member, series)."""
        place = {one: at for at, one in enumerate(self._ids)}
        columns = [self._weights[:, place[one]] if one in place else self._pooled for one in ids]
        return np.stack(columns, axis=1) if columns else np.empty((len(self._members), 0))

    def fit(self, panel: Panel, *, monitor: Monitor | None = None, checkpoint: Checkpoint | None = None) -> Training:
        """Try the challengers, weigh them, and fit those that count on the whole history.

        Raises:
            HistoryError: no target is known.
            OptionError: the budget is too small for one challenger.
        """
        started = time.perf_counter()
        self._members, self._fitted, self.notes, self.verdict = {}, None, {}, None
        if np.isnan(panel.target).all():
            raise HistoryError(f"no value of {panel.channels[0].name!r} is known; there is nothing to fit")
        kept = KeptFits(checkpoint, panel, asdict(self.config))
        clock = Clock(max(self.config.budget_seconds - kept.spent, 0.0), monitor or Silent())
        part = trial_part(panel, horizon=self.horizon, share=self.config.validation_share)
        if part is None:
            self._take_untried(panel, why="history is too short to compare challengers on")
        else:
            trials = self._try(panel, part, clock, kept)
            if self._weigh(panel, part, trials) and self.config.refit:
                self._fit_again(panel, {one.name: one for one in trials}, clock, kept)
        self._fitted = Fitted.of(panel.only_target())
        self._ids = panel.ids
        self._clock = measured_periods(panel).clock
        self._until = panel.start + panel.steps * panel.step_seconds
        self._knowledge = knowledge_of(self.members, panel, clock=self._clock)
        return Training(
            ending=clock.ending,
            seconds=time.perf_counter() - started,
            parameters=sum(value.size for value in self.state().tensors.values()),
        )

    def _take_untried(self, panel: Panel, *, why: str) -> None:
        """Take what needs no trial, for the reason that the notes give."""
        self.notes["auto"] = f"{why}: the pretrained network as it is, similar days and naive forecasts"
        names = (*UNTRAINED, *NAIVE_MEMBERS)
        self._members = {name: self.make(name) for name in names}
        for model in self._members.values():
            model.fit(panel)
        prior = np.array([PRIOR[name] for name in names])
        self._pooled = prior / prior.sum()
        self._weights = np.repeat(self._pooled[:, None], len(panel.series), axis=1)

    def _try(self, panel: Panel, part: TrialPart, clock: Clock, kept: KeptFits) -> list[Trial]:
        trials = [
            run_trial(name, partial(self.make, name), panel, part, clock=clock, kept=kept) for name in NAIVE_MEMBERS
        ]
        challengers = self.config.names
        for place, name in enumerate(challengers, start=1):
            # the first is tried whatever the budget, to say what it would need
            spent = sum(one.seconds for one in trials if one.model) if self.config.refit else 0.0
            costs = name not in UNTRAINED
            if clock.stopped() or (clock.left <= spent and place > 1 and costs):
                spent_all = "the budget is spent" if clock.left <= 0 else "the rest of the budget is for final fits"
                self.notes[name] = "not tried: " + ("ended early" if clock.stopped() else spent_all)
                continue
            tell_stage(clock.monitor, name=name, purpose="trial", place=place, count=len(challengers))
            try:
                trial = run_trial(name, partial(self.make, name), panel, part, clock=clock, kept=kept)
            except KeyboardInterrupt:  # outside a training, which would have ended and kept what it has
                clock.ending = "interrupted"
                self.notes[name] = "left out: ended early"
                continue
            trials.append(trial)
            if trial.why:
                self.notes[name] = trial.why
        tried = [one for one in trials if one.name not in NAIVE_MEMBERS]
        if not clock.stopped() and tried and not any(one.model for one in tried if one.name not in UNTRAINED):
            short = [f"{one.name} was {one.why}" for one in tried if "too short for it" in one.why]
            if short:
                raise OptionError(f"budget {self.config.budget} is too small for one challenger: {short[0]}")
        if not any(tells_bands(one) for one in trials):  # those of the naive members come from some challenger
            base = run_trial("base", partial(self.make, "base"), panel, part, clock=clock, kept=kept)
            if base.model is None:
                raise HistoryError(base.why.removeprefix("left out: "))
            trials.append(base)
        return [one for one in trials if one.model]

    def _weigh(self, panel: Panel, part: TrialPart, trials: list[Trial]) -> bool:
        """Take the members that are worth it; say whether the trials gave weights at all."""
        found = weigh(panel, part, trials)
        if not (np.isfinite(found.pooled).all() and np.isfinite(found.weights).all()):  # never kept in silence
            unused = [one.name for one in trials if one.name not in (*NAIVE_MEMBERS, *UNTRAINED)]
            self.notes |= dict.fromkeys(unused, "left out: its trial gave no weight")
            self._take_untried(panel, why="the trials gave no weights")
            return False
        self.notes |= found.left_out
        self._pooled, self._weights, self.verdict = found.pooled, found.weights, found.verdict
        self._members = {one.name: _model(one) for one in found.trials}
        return True

    def _fit_again(self, panel: Panel, trials: Mapping[str, Trial], clock: Clock, kept: KeptFits) -> None:
        """Fit the members again on the whole history, the weightiest first."""
        order = sorted(range(len(self._pooled)), key=lambda place: -self._pooled[place])
        names = list(self._members)
        last = [names[place] for place in order if names[place] not in NAIVE_MEMBERS]
        for name in (names[place] for place in order):
            costs = name not in (*NAIVE_MEMBERS, *UNTRAINED)
            if costs and (clock.stopped() or clock.left < 0.3 * trials[name].seconds):
                self.notes[name] = "not fitted again on the whole history: " + (
                    "ended early" if clock.stopped() else "the budget is spent"
                )
                continue
            if name in last:
                tell_stage(clock.monitor, name=name, purpose="final", place=last.index(name) + 1, count=len(last))
            try:
                model, why = refitted(trials[name], partial(self.make, name), panel, clock=clock, kept=kept)
            except KeyboardInterrupt:
                clock.ending, model, why = "interrupted", self._members[name], "not fitted again: ended early"
            self._members[name] = model
            if why:
                self.notes[name] = why

    def make(self, name: str) -> Model:
        """Make an unfitted member."""
        config = self.config
        options: dict[str, Any] = {"adapt": False} if accepts(name, "adapt") else {}
        return make_model(name, horizon=config.horizon, context=config.context, seed=config.seed, options=options)

    def predict(self, panel: Panel, cutoffs: Ints) -> Forecast:
        """Forecast each series from each cutoff; NaN where a series has no known value up to the cutoff.

        Raises:
            MismatchError: not fitted, another step, target or unit, or a cutoff outside the panel.
            ModelError: the mixture has no value though the series has a history.
        """
        if self._fitted is None:
            raise MismatchError(_NOT_FITTED)
        self._fitted.check(panel)
        check_cutoffs(panel, cutoffs)
        cutoffs = np.asarray(cutoffs, dtype=np.int64)
        values = np.empty((len(panel.series), len(cutoffs), self.horizon, len(LEVELS)))
        many = max(_LEAST_CUTOFFS, _MOST_VALUES // max(1, len(panel.series) * self.horizon * len(LEVELS)))
        for start in range(0, len(cutoffs), many):
            part = slice(start, start + many)
            if panel.series:
                values[:, part] = self._quantiles(panel, cutoffs[part])
        _check_told(panel, cutoffs, values)
        return quantile_forecast(panel, cutoffs, values)

    def _quantiles(self, panel: Panel, cutoffs: Ints) -> Floats:
        """Mix the members at some cutoffs, shape (series, cutoff, horizon, level)."""
        horizon = self.horizon
        origins = self._origins(panel, cutoffs)  # (cutoff, origin)
        every = np.union1d(origins[origins >= 0], cutoffs)
        members = self._member_quantiles(panel, cutoffs, every)  # (member, series, every, horizon, level)
        steps = every[:, None] + np.arange(1, horizon + 1)
        seen = steps < panel.steps
        truth = np.where(seen, panel.target[:, np.minimum(steps, panel.steps - 1)], np.nan)
        weights = self.weights_of(panel.ids)
        off = holiday_shares(panel, ahead=horizon, clock=self._clock)  # (series, time)
        losses = known_mean(losses_of(truth, members), axis=3)  # (member, series, every)
        values = np.empty((len(panel.series), len(cutoffs), horizon, len(LEVELS)))
        for place, cutoff in enumerate(cutoffs):
            before = origins[place][origins[place] >= 0]
            past = np.searchsorted(every, before)
            last = past[:ORIGINS]
            guarded = guarded_weights(weights, losses[:, :, last], strength=self.config.guard)
            now = int(np.searchsorted(every, cutoff))
            at_once, at_first = guarded, guarded
            if (share := off[:, steps[[*past, now]]]).any():  # (series, origin, horizon)
                by_step = weights_on_days_off(guarded, self._knowledge, share)
                at_once, at_first = by_step[:, :, -1], by_step[:, :, :-1]
            mixture = mixed(at_once, members[:, :, now])
            earlier = mixed(at_first, members[:, :, past])  # (series, origin, horizon, level)
            errors = signed_errors(truth[:, past], earlier, middle=_MIDDLE)
            if self.config.guard:
                breaks = level_breaks(earlier[:, : len(last), :, _MIDDLE], truth[:, last])
                if len(rows := breaks.rows):
                    mended, at = breaks.mended(panel, int(cutoff)), np.array([cutoff])
                    again = self._member_quantiles(mended, at[:0], at)  # the statistical ones would be fitted anew
                    mixture[rows] = mixed(at_once[:, rows], again[:, :, 0])
                    errors[rows, 0] = np.nan  # is explained
            if self.config.adapt and len(past):
                adjustment = recent_adjustment(errors[:, None], level=LEVELS[0], half_trusted_width=_HALF_TRUSTED_WIDTH)
                mixture = adjust(mixture[:, None], adjustment.stretched(_STRETCH), middle=_MIDDLE)[:, 0]
            if self.config.guard:
                silent = fallen_silent(panel.target[:, : cutoff + 1], day_steps=panel.steps_per(DAY_SECONDS))
                mixture[silent] = silenced(mixture[silent], _LEVELS)
            values[:, place] = mixture
        if self.config.guard:
            keep_unchanged(panel, cutoffs, values, middle=_MIDDLE)
        return values

    def _origins(self, panel: Panel, cutoffs: Ints) -> Ints:
        """Give the earlier cutoffs that each looks back on, newest first; negative where there is none.

        A few series look further back, as their bands need as many errors as those of many; but not into what members
        were fitted on, where errors are smaller than they will be.

        Returns:
            shape (cutoff, origin).
        """
        count = int(np.clip(-(-_FORECASTS // max(len(panel.series), 1)), ORIGINS, _MOST_ORIGINS))
        found = origins_of(cutoffs, horizon=self.horizon, count=count)
        fitted_steps = (self._until - panel.start) // panel.step_seconds
        found[:, ORIGINS:] = np.where(found[:, ORIGINS:] >= fitted_steps - 1, found[:, ORIGINS:], -1)
        return found

    def _member_quantiles(self, panel: Panel, cutoffs: Ints, every: Ints) -> Singles:
        """Let every member forecast; the statistical ones at the cutoffs alone, since each forecast is a fit."""
        points: list[Floats] = []
        quantiles: list[Singles] = []
        for name, model in self._members.items():
            at = cutoffs if name in STATISTICAL else every
            made = model.predict(panel, at)
            point = np.full((len(panel.series), len(every), self.horizon), np.nan)
            bands = np.full((*point.shape, len(made.levels)), np.nan, dtype=np.float32)
            places = np.searchsorted(every, at)
            point[:, places], bands[:, places] = made.point, made.quantiles
            points.append(point)
            quantiles.append(bands)
        return with_bands(points, quantiles)

    def state(self) -> State:
        """Give members and weights.

        Raises:
            MismatchError: the model is not fitted.
        """
        if not self._members:
            raise MismatchError(_NOT_FITTED)
        joined = joined_states(self._members)
        verdict = self.verdict
        document = {
            "config": asdict(self.config),
            "fitted": self._fitted.to_document() if self._fitted else {},
            "members": dict(joined.document),
            "ids": list(self._ids),
            "notes": dict(self.notes),
            "knowledge": self._knowledge.tolist(),
            "clock": self._clock,
            "until": self._until,
            "verdict": None if verdict is None else {"members": list(verdict.members), "ids": list(verdict.ids)},
        }
        own: dict[str, Weights] = {"weights": self._weights, "pooled": self._pooled}
        if verdict is not None:
            own |= {"errors": verdict.errors.astype(np.float32), "losses": verdict.losses.astype(np.float32)}
        return State(document, {**joined.tensors, **own})

    @classmethod
    def restore(cls, state: State) -> Self:
        """Make a fitted model of what ``state`` gave.

        Raises:
            DamagedError: a part is missing or does not fit the others.
        """
        document, tensors = state.document, state.tensors
        try:
            config = {name: document["config"][name] for name in option_names(AutoConfig)}
            model = cls(build_config(AutoConfig, config, what="stored model"))
            model._fitted = Fitted.from_document(document["fitted"])
            model._members = parted_models(document["members"], tensors)
            model._ids = tuple(document["ids"])
            model.notes = dict(document["notes"])
            model._knowledge = np.array(document["knowledge"], dtype=np.float64)
            model._clock = float(document["clock"])
            model._until = int(document["until"])
            model._weights = np.array(tensors["weights"], dtype=np.float64)
            model._pooled = np.array(tensors["pooled"], dtype=np.float64)
            if (told := document["verdict"]) is not None:
                errors, losses = (np.array(tensors[name], dtype=np.float64) for name in ("errors", "losses"))
                model.verdict = Verdict(tuple(told["members"]), tuple(told["ids"]), errors, losses)
        except (KeyError, TypeError, ValueError, AttributeError, OptionError, UnknownModelError) as error:
            raise DamagedError(f"the stored mixture does not fit its description: {error}") from None
        shape = (len(model._members), len(model._ids))
        if (
            model._weights.shape != shape
            or len(model._knowledge) != shape[0]
            or model._pooled.shape != shape[:1]
            or not model._members
        ):
            raise DamagedError(f"the stored mixture has weights of shape {model._weights.shape}, expected {shape}")
        if not (np.isfinite(model._weights).all() and np.isfinite(model._pooled).all()):
            raise DamagedError("the stored mixture has weights that are no numbers; fit it again")
        told_of = model.verdict
        if told_of is not None:
            expected = (len(told_of.members) + 1, len(told_of.ids), *told_of.errors.shape[2:3])
            if not told_of.errors.shape == told_of.losses.shape == expected:
                raise DamagedError("the stored mixture has a verdict that does not fit its members and series")
        return model


def _check_told(panel: Panel, cutoffs: Ints, values: Floats) -> None:
    """Refuse a forecast without a value, shape (series, cutoff, horizon, level), where a series has a history."""
    silent: Bools = np.logical_or.reduce(~np.isfinite(values), axis=(2, 3))  # (series, cutoff)
    for row in np.flatnonzero(np.logical_or.reduce(silent, axis=1)):
        known = np.flatnonzero(np.isfinite(panel.target[row]))
        lost = cutoffs[silent[row]]
        lost = lost[lost >= known[0]] if len(known) else lost[:0]
        if len(lost):
            seen = np.datetime64(int(panel.seconds[lost[0]]), "s")
            raise ModelError(
                f"series {panel.ids[row]!r} has no forecast from {seen}: "
                "no member of the mixture that has a say gave a value; fit it again"
            )


def _model(trial: Trial) -> Model:
    assert trial.model is not None
    return trial.model
