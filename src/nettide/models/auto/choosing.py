"""Choosing: challengers are tried within the budget, weighed, and those that count fitted on the whole history."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial

import numpy as np

from nettide.arrays import Floats
from nettide.errors import HistoryError, OptionError
from nettide.models.auto.carry import Carry
from nettide.models.auto.config import NAIVE_MEMBERS, UNTRAINED, AutoConfig
from nettide.models.auto.kept import KeptFits
from nettide.models.auto.trials import Clock, Trial, TrialPart, refitted, run_trial, trial_part
from nettide.models.auto.weighing import PRIOR, Verdict, tells_bands, weigh
from nettide.models.contract import Model, tell_stage
from nettide.panel import Panel


@dataclass(frozen=True, slots=True, eq=False)
class Chosen:
    """The members of a mixture and what each weighs.

    Args:
        members: name -> fitted model.
        pooled: weight of each member for a series that was not seen, sum 1, shape (member,).
        weights: for each series, shape (member, series).
        carry: what of the misses of the mixture persists.
        notes: name -> why it is not there, or not fitted again; ``auto`` -> of the whole.
        verdict: how the challengers did; None where there was no trial, or none gave weights.
    """

    members: Mapping[str, Model]
    pooled: Floats
    weights: Floats
    carry: Carry
    notes: Mapping[str, str]
    verdict: Verdict | None


def choose(panel: Panel, config: AutoConfig, make: Callable[[str], Model], *, clock: Clock, kept: KeptFits) -> Chosen:
    """Try the challengers on the last part of a history, weigh them, and fit those that count on all of it.

    Args:
        panel: the history; some target is known.
        config: challengers, and what is done with them.
        make: gives an unfitted member by its name.
        clock: of the budget.
        kept: fits that are done already.

    Raises:
        OptionError: the budget is too small for one challenger.
        HistoryError: the history is too short for any.
    """
    return _Choosing(panel, config, make, clock, kept).run()


@dataclass(slots=True, eq=False)
class _Choosing:
    panel: Panel
    config: AutoConfig
    make: Callable[[str], Model]
    clock: Clock
    kept: KeptFits
    notes: dict[str, str] = field(default_factory=dict)

    def run(self) -> Chosen:
        part = trial_part(self.panel, horizon=self.config.horizon, share=self.config.validation_share)
        if part is None:
            return self._untried("history is too short to compare challengers on")
        trials = self._try(part)
        found = weigh(self.panel, part, trials)
        if not (np.isfinite(found.pooled).all() and np.isfinite(found.weights).all()):  # never kept in silence
            unused = [one.name for one in trials if one.name not in (*NAIVE_MEMBERS, *UNTRAINED)]
            self.notes |= dict.fromkeys(unused, "left out: its trial gave no weight")
            return self._untried("the trials gave no weights")
        self.notes |= found.left_out
        members = {one.name: _model(one) for one in found.trials}
        if self.config.refit:
            members = self._fitted_again(members, found.pooled, {one.name: one for one in trials})
        return Chosen(members, found.pooled, found.weights, found.carry, self.notes, found.verdict)

    def _untried(self, why: str) -> Chosen:
        """Take what needs no trial, for the reason that the notes give."""
        self.notes["auto"] = f"{why}: the pretrained network as it is, similar days and naive forecasts"
        names = (*UNTRAINED, *NAIVE_MEMBERS)
        members = {name: self.make(name) for name in names}
        for model in members.values():
            model.fit(self.panel)
        prior = np.array([PRIOR[name] for name in names])
        pooled = prior / prior.sum()
        series = len(self.panel.series)
        weights = np.repeat(pooled[:, None], series, axis=1)
        return Chosen(members, pooled, weights, Carry.none(series), self.notes, None)

    def _trial(self, name: str, part: TrialPart) -> Trial:
        return run_trial(name, partial(self.make, name), self.panel, part, clock=self.clock, kept=self.kept)

    def _try(self, part: TrialPart) -> list[Trial]:
        clock, config = self.clock, self.config
        trials = [self._trial(name, part) for name in NAIVE_MEMBERS]
        challengers = config.names
        for place, name in enumerate(challengers, start=1):
            # the first is tried whatever the budget, to say what it would need
            spent = sum(one.seconds for one in trials if one.model) if config.refit else 0.0
            costs = name not in UNTRAINED
            if clock.stopped() or (clock.left <= spent and place > 1 and costs):
                spent_all = "the budget is spent" if clock.left <= 0 else "the rest of the budget is for final fits"
                self.notes[name] = "not tried: " + ("ended early" if clock.stopped() else spent_all)
                continue
            tell_stage(clock.monitor, name=name, purpose="trial", place=place, count=len(challengers))
            try:
                trial = self._trial(name, part)
            except KeyboardInterrupt:  # outside a training, which would have ended and kept what it has
                clock.ending = "interrupted"
                self.notes[name] = "left out: ended early"
                continue
            trials.append(trial)
            if trial.why:
                self.notes[name] = trial.why
        self._check_tried([one for one in trials if one.name not in NAIVE_MEMBERS])
        if not any(tells_bands(one) for one in trials):  # those of the naive members come from some challenger
            base = self._trial("base", part)
            if base.model is None:
                raise HistoryError(base.why.removeprefix("left out: "))
            trials.append(base)
        return [one for one in trials if one.model]

    def _check_tried(self, tried: list[Trial]) -> None:
        """Refuse a budget that was too small for every challenger, with what the first would need."""
        if self.clock.stopped() or not tried or any(one.model for one in tried if one.name not in UNTRAINED):
            return
        if short := [f"{one.name} was {one.why}" for one in tried if "too short for it" in one.why]:
            raise OptionError(f"budget {self.config.budget} is too small for one challenger: {short[0]}")

    def _fitted_again(
        self, members: Mapping[str, Model], pooled: Floats, trials: Mapping[str, Trial]
    ) -> dict[str, Model]:
        """Give the members fitted again on the whole history, the weightiest first, in the order they had."""
        clock, names, again = self.clock, list(members), dict(members)
        order = [names[place] for place in sorted(range(len(names)), key=lambda place: -pooled[place])]
        last = [name for name in order if name not in NAIVE_MEMBERS]
        for name in order:
            costs = name not in (*NAIVE_MEMBERS, *UNTRAINED)
            if costs and (clock.stopped() or clock.left < 0.3 * trials[name].seconds):
                self.notes[name] = "not fitted again on the whole history: " + (
                    "ended early" if clock.stopped() else "the budget is spent"
                )
                continue
            if name in last:
                tell_stage(clock.monitor, name=name, purpose="final", place=last.index(name) + 1, count=len(last))
            try:
                make = partial(self.make, name)
                again[name], why = refitted(trials[name], make, self.panel, clock=clock, kept=self.kept)
            except KeyboardInterrupt:
                clock.ending, why = "interrupted", "not fitted again: ended early"
            if why:
                self.notes[name] = why
        return again


def _model(trial: Trial) -> Model:
    assert trial.model is not None
    return trial.model
