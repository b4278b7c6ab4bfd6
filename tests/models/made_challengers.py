"""Challengers that do what a test asks of them: right, wrong, slow, diverging, prying; and auto with quick ones."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from conformance import quick_model

from nettide.arrays import Floats, Ints
from nettide.errors import NettideError
from nettide.forecast import LEVELS, Forecast
from nettide.models.auto.model import AutoModel
from nettide.models.contract import Checkpoint, Ending, Model, Monitor, State, Training
from nettide.panel import Panel

Say = Callable[[Panel, int, int], Floats]
"""Panel, cutoff, horizon -> point forecasts, shape (series, horizon)."""


def last_value(panel: Panel, cutoff: int, horizon: int) -> Floats:
    """The last known value, 0 where there is none."""
    seen = panel.target[:, : cutoff + 1]
    known = np.where(np.isfinite(seen), np.arange(cutoff + 1), -1).max(axis=1)
    values = np.where(known < 0, 0.0, seen[np.arange(len(seen)), np.maximum(known, 0)])
    return np.repeat(values[:, None], horizon, axis=1)


def far_off(panel: Panel, cutoff: int, horizon: int) -> Floats:
    """A thousand times the last value."""
    return 1e3 * last_value(panel, cutoff, horizon)


def prying(panel: Panel, cutoff: int, horizon: int) -> Floats:
    """What comes, where the panel goes on: no forecaster may."""
    steps = np.minimum(cutoff + 1 + np.arange(horizon), panel.steps - 1)
    return np.nan_to_num(panel.target[:, steps])


@dataclass(slots=True)
class Challenger:
    """A model that says what it is told to say, with bands of a tenth on either side.

    Args:
        horizon: steps ahead.
        say: its point forecasts.
        error: raised by ``fit``.
        batches: asks that often whether to go on, and reports each.
        each: called after every batch; a fake clock may move on.
        ending: what its training says of its end.
    """

    horizon: int
    say: Say = last_value
    error: BaseException | None = None
    batches: int = 0
    each: Callable[[], None] = lambda: None
    ending: Ending = "finished"
    context: int = field(init=False, default=1)
    fits: int = field(init=False, default=0)

    def fit(self, panel: Panel, *, monitor: Monitor | None = None, checkpoint: Checkpoint | None = None) -> Training:
        self.fits += 1
        if self.error is not None:
            raise self.error
        for batch in range(1, self.batches + 1):
            self.each()
            assert monitor is not None
            monitor.on_batch(epoch=1, epochs=1, batch=batch, batches=self.batches, loss=1.0)
            if monitor.stop_requested():
                return Training(ending="requested")
        return Training(ending=self.ending)

    def predict(self, panel: Panel, cutoffs: Ints) -> Forecast:
        point = np.empty((len(panel.series), len(cutoffs), self.horizon))
        for place, one in enumerate(cutoffs):
            point[:, place] = self.say(panel, int(one), self.horizon)
        bands = point[..., None] * (1 + 0.25 * (np.array(LEVELS) - 0.5))
        return Forecast(
            ids=panel.ids,
            units=panel.units,
            cutoffs=panel.seconds[cutoffs],
            step_seconds=panel.step_seconds,
            point=point,
            levels=LEVELS,
            quantiles=bands,
        )

    def state(self) -> State:
        return State({})


class QuickAuto(AutoModel):
    """Auto whose members are quick to fit; some names stand for made challengers."""

    made: dict[str, Callable[[], Challenger]]

    def make(self, name: str) -> Model:
        made: dict[str, Callable[[], Challenger]] = getattr(self, "made", {})
        if name in made:
            return made[name]()
        return quick_model(name, horizon=self.horizon, seed=self.config.seed, adapt="false")


def failing(error: NettideError) -> Callable[[], Challenger]:
    """A challenger whose fit fails."""
    return lambda: Challenger(24, error=error)
