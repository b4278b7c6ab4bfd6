"""The automatic forecaster: a mixture of challengers and naive forecasts, weighed for each series."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any, ClassVar, Self

import numpy as np

from nettide.arrays import Bools, Floats, Ints
from nettide.errors import HistoryError, MismatchError, ModelError
from nettide.forecast import LEVELS, Forecast
from nettide.models import accepts, make_model
from nettide.models.auto.breaks import level_breaks
from nettide.models.auto.by_hour import origins_by_hour, widths_by_hour
from nettide.models.auto.carry import TOLD_BY, carried, lately_missed
from nettide.models.auto.choosing import choose
from nettide.models.auto.config import AutoConfig
from nettide.models.auto.days_off import holiday_shares, knowledge_of, weights_on_days_off
from nettide.models.auto.kept import KeptFits
from nettide.models.auto.mixture import guarded_weights
from nettide.models.auto.side_by_side import Singles, known_mean, losses_of, mixed, with_bands
from nettide.models.auto.stored import FittedMixture
from nettide.models.auto.trials import STATISTICAL, Clock
from nettide.models.auto.weighing import Verdict
from nettide.models.calibration import ORIGINS, adjust, origins_of, recent_adjustment, signed_errors
from nettide.models.contract import Checkpoint, Model, Monitor, Silent, State, Training
from nettide.models.fitted import Fitted, check_cutoffs
from nettide.models.outcome import quantile_forecast
from nettide.models.silence import fallen_silent, silenced
from nettide.models.unchanged import keep_unchanged, unchanged_values
from nettide.panel import Panel
from nettide.prepare.calendar import DAY_SECONDS
from nettide.prepare.periods import measured_periods

_LEVELS = np.array(LEVELS)
_MIDDLE = LEVELS.index(0.5)
_LEAST_CUTOFFS, _MOST_VALUES = 8, 4_000_000  # forecast at a time: a member looks back anew at each turn
_FORECASTS, _MOST_ORIGINS = 700, 28  # (series x origins) that bands are judged by, and how far a few series look back
_HALF_TRUSTED_WIDTH = 20.0  # forecasts
_STRETCH = 1.03  # of bands: what was calibrated on the past holds a little less of the future


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
        self._found: FittedMixture | None = None

    @property
    def horizon(self) -> int:
        """Steps ahead."""
        return self.config.horizon

    @property
    def context(self) -> int:
        """Most steps of a window among the members; 0 before ``fit``."""
        return max((one.context for one in self._found.chosen.members.values()), default=0) if self._found else 0

    @property
    def members(self) -> tuple[str, ...]:
        """Names of the members."""
        return tuple(self._found.chosen.members) if self._found else ()

    @property
    def ids(self) -> tuple[str, ...]:
        """Ids of the series it was fitted on, which have weights of their own."""
        return self._found.ids if self._found else ()

    @property
    def pooled(self) -> Floats:
        """Weight of each member for a series that was not seen, shape (member,)."""
        return self._found.chosen.pooled if self._found else np.empty(0)

    @property
    def notes(self) -> Mapping[str, str]:
        """Name -> why it is no member, or not fitted again; ``auto`` -> of the whole."""
        return self._found.chosen.notes if self._found else {}

    @property
    def verdict(self) -> Verdict | None:
        """How the challengers did on the validation part; None where there was none."""
        return self._found.chosen.verdict if self._found else None

    def weights_of(self, ids: Sequence[str]) -> Floats:
        """Give the weights of each member for each series, before the guard, shape (member, series)."""
        place = {one: at for at, one in enumerate(self.ids)}
        own = self._found.chosen.weights if self._found else np.empty((0, 0))
        columns = [own[:, place[one]] if one in place else self.pooled for one in ids]
        return np.stack(columns, axis=1) if columns else np.empty((len(self.members), 0))

    def carry_of(self, ids: Sequence[str]) -> Floats:
        """Give what share of the last misses of each series is carried over to its next forecast, shape (series,)."""
        if self._found is None or not self.config.carry:
            return np.zeros(len(ids))
        carry = self._found.chosen.carry
        place = {one: at for at, one in enumerate(self.ids)}
        return np.array([carry.own[place[one]] if one in place else carry.pooled for one in ids], dtype=np.float64)

    def fit(self, panel: Panel, *, monitor: Monitor | None = None, checkpoint: Checkpoint | None = None) -> Training:
        """Try the challengers, weigh them, and fit those that count on the whole history.

        Raises:
            HistoryError: no target is known.
            OptionError: the budget is too small for one challenger.
        """
        started = time.perf_counter()
        self._found = None
        if np.isnan(panel.target).all():
            raise HistoryError(f"no value of {panel.channels[0].name!r} is known; there is nothing to fit")
        kept = KeptFits(checkpoint, panel, asdict(self.config))
        budget = Clock(max(self.config.budget_seconds - kept.spent, 0.0), monitor or Silent())
        chosen = choose(panel, self.config, self.make, clock=budget, kept=kept)
        clock = measured_periods(panel).clock
        self._found = FittedMixture(
            chosen=chosen,
            fitted=Fitted.of(panel.only_target()),
            ids=panel.ids,
            knowledge=knowledge_of(tuple(chosen.members), panel, clock=clock),
            clock=clock,
            until=panel.start + panel.steps * panel.step_seconds,
        )
        return Training(
            ending=budget.ending,
            seconds=time.perf_counter() - started,
            parameters=sum(value.size for value in self.state().tensors.values()),
        )

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
        self._mixture.fitted.check(panel)
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
        """Forecast from some cutoffs, shape (series, cutoff, horizon, level), with bands for each hour of the day."""
        if not self.config.adapt:
            return self._adapted(panel, cutoffs, speaking=cutoffs)[0]
        origins = origins_by_hour(
            cutoffs, series=len(panel.series), horizon=self.horizon, step_seconds=panel.step_seconds
        )
        origins = np.where(origins >= self._fitted_steps(panel) - 1, origins, -1)
        if not (origins >= 0).any():
            return self._adapted(panel, cutoffs, speaking=cutoffs)[0]
        at = np.unique(origins[origins >= 0])
        if any(name in STATISTICAL for name in self.members):
            values, _ = self._adapted(panel, cutoffs, speaking=cutoffs)
            past, usual = self._adapted(panel, at, speaking=at[:0])
        else:  # one run for all: most origins are cutoffs too
            every = np.union1d(at, cutoffs)
            both, usual = self._adapted(panel, every, speaking=cutoffs)
            values, earlier = both[:, np.searchsorted(every, cutoffs)], np.searchsorted(every, at)
            past, usual = both[:, earlier], usual[:, earlier]
        past[~usual] = np.nan
        return adjust(values, widths_by_hour(panel, cutoffs, origins, at, past), middle=_MIDDLE)

    def _adapted(self, panel: Panel, cutoffs: Ints, *, speaking: Ints) -> tuple[Floats, Bools]:
        """Mix the members at some cutoffs; what needs a fit or a forecast anew is done at those ``speaking`` alone.

        Returns:
            shape (series, cutoff, horizon, level), with bands that what came of the last forecasts moved; and where a
            forecast tells of bands, as its series neither has left its level nor stands still, shape (series, cutoff).
        """
        horizon = self.horizon
        weights, carry = self.weights_of(panel.ids), self.carry_of(panel.ids)
        judged = self._judged(panel)
        origins = self._origins(panel, cutoffs, count=judged + (TOLD_BY if carry.any() else 0))  # (cutoff, origin)
        every = np.union1d(origins[origins >= 0], cutoffs)
        members, before = self._member_quantiles(panel, speaking, every)  # (member, series, every, horizon, level)
        steps = every[:, None] + np.arange(1, horizon + 1)
        seen = steps < panel.steps
        truth = np.where(seen, panel.target[:, np.minimum(steps, panel.steps - 1)], np.nan)
        off = holiday_shares(panel, ahead=horizon, clock=self._mixture.clock)  # (series, time)
        losses = known_mean(losses_of(truth, before), axis=3)  # (member, series, every)
        # what only speaks at the cutoffs has not missed anything, so that its part is not corrected
        anew = [name in STATISTICAL and len(speaking) > 0 for name in self.members]
        told_before = 1.0 - weights[anew].sum(axis=0)  # (series,)
        values = np.empty((len(panel.series), len(cutoffs), horizon, len(LEVELS)))
        usual, aloud = np.ones(values.shape[:2], dtype=np.bool_), set(speaking.tolist())
        day_steps = panel.steps_per(DAY_SECONDS)
        for place, cutoff in enumerate(cutoffs):
            past = np.searchsorted(every, origins[place][origins[place] >= 0])
            last = past[:ORIGINS]
            guarded = guarded_weights(weights, losses[:, :, last], strength=self.config.guard)
            now = int(np.searchsorted(every, cutoff))
            at_once, at_first = guarded, guarded
            if (share := off[:, steps[[*past, now]]]).any():  # (series, origin, horizon)
                by_step = weights_on_days_off(guarded, self._mixture.knowledge, share)
                at_once, at_first = by_step[:, :, -1], by_step[:, :, :-1]
            mixture = mixed(at_once, members[:, :, now])
            earlier = mixed(at_first, before[:, :, past])  # (series, origin, horizon, level)
            errors = signed_errors(truth[:, past], earlier, middle=_MIDDLE)
            breaks = level_breaks(earlier[:, : len(last), :, _MIDDLE], truth[:, last]) if self.config.guard else None
            if len(lasting := np.flatnonzero(carry)) and len(past):
                missed = carry[lasting, None] * lately_missed(errors[lasting])  # (series, 1 + origin)
                missed[:, 0] *= told_before[lasting]
                mixture[lasting] = carried(mixture[lasting, None], missed[:, :1])[:, 0]
                earlier = carried(earlier[lasting], missed[:, 1:])
                errors[lasting] = signed_errors(truth[np.ix_(lasting, past)], earlier, middle=_MIDDLE)
            if breaks is not None and len(rows := breaks.rows):
                if int(cutoff) in aloud:
                    mended, at = breaks.mended(panel, int(cutoff)), np.array([cutoff])
                    again, _ = self._member_quantiles(mended, at[:0], at)  # the statistical ones would be fitted anew
                    mixture[rows] = mixed(at_once[:, rows], again[:, :, 0])
                errors[rows, 0] = np.nan  # is explained
                usual[rows, place] = False
            silent = fallen_silent(panel.target[:, : cutoff + 1], day_steps=day_steps)
            constant = np.isfinite(unchanged_values(panel.target[:, : cutoff + 1], day_steps=day_steps))
            still = silent | constant  # goes on as it is, and tells nothing of bands
            errors[still], usual[still, place] = np.nan, False
            if self.config.adapt and len(past):
                told = errors[:, None, :judged]
                adjustment = recent_adjustment(told, level=LEVELS[0], half_trusted_width=_HALF_TRUSTED_WIDTH)
                mixture = adjust(mixture[:, None], adjustment.stretched(_STRETCH), middle=_MIDDLE)[:, 0]
            if self.config.guard:
                mixture[silent] = silenced(mixture[silent], _LEVELS)
            values[:, place] = mixture
        if self.config.guard:
            keep_unchanged(panel, cutoffs, values, middle=_MIDDLE)
        return values, usual

    def _judged(self, panel: Panel) -> int:
        """Give how many earlier forecasts judge the bands: of a few series more, to have as many errors as of many."""
        return int(np.clip(-(-_FORECASTS // max(len(panel.series), 1)), ORIGINS, _MOST_ORIGINS))

    def _origins(self, panel: Panel, cutoffs: Ints, *, count: int) -> Ints:
        """Give the earlier cutoffs that each looks back on, newest first; negative where there is none.

        Those further back than usual are not in what members were fitted on, where errors are smaller than later.

        Returns:
            shape (cutoff, origin).
        """
        found = origins_of(cutoffs, horizon=self.horizon, count=count)
        found[:, ORIGINS:] = np.where(found[:, ORIGINS:] >= self._fitted_steps(panel) - 1, found[:, ORIGINS:], -1)
        return found

    def _fitted_steps(self, panel: Panel) -> int:
        """Give how many steps of the panel are before the end of what was fitted on."""
        return (self._mixture.until - panel.start) // panel.step_seconds

    def _member_quantiles(self, panel: Panel, speaking: Ints, every: Ints) -> tuple[Singles, Singles]:
        """Let every member forecast; the statistical ones at some cutoffs alone, since each forecast is a fit.

        Returns:
            what they say, and what a later cutoff hears of it, each of shape (member, series, every, horizon, level): a
            forecast must be the same whichever others are asked for, so what is not always said is not heard.
        """
        points: list[Floats] = []
        quantiles: list[Singles] = []
        for name, model in self._mixture.chosen.members.items():
            at = speaking if name in STATISTICAL else every
            made = model.predict(panel, at)
            point = np.full((len(panel.series), len(every), self.horizon), np.nan)
            bands = np.full((*point.shape, len(made.levels)), np.nan, dtype=np.float32)
            places = np.searchsorted(every, at)
            point[:, places], bands[:, places] = made.point, made.quantiles
            points.append(point)
            quantiles.append(bands)
        said = with_bands(points, quantiles)
        silent = [place for place, name in enumerate(self.members) if name in STATISTICAL]
        if not (silent and len(speaking)):
            return said, said
        for place in silent:
            points[place][:], quantiles[place][:] = np.nan, np.nan
        return said, with_bands(points, quantiles)

    def state(self) -> State:
        """Give members and weights.

        Raises:
            MismatchError: the model is not fitted.
        """
        return self._mixture.state(self.config)

    @classmethod
    def restore(cls, state: State) -> Self:
        """Make a fitted model of what ``state`` gave.

        Raises:
            DamagedError: a part is missing or does not fit the others.
        """
        config, found = FittedMixture.restored(state)
        model = cls(config)
        model._found = found
        return model

    @property
    def _mixture(self) -> FittedMixture:
        if self._found is None:
            raise MismatchError("model is not fitted; call fit or load a fitted one")
        return self._found


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
