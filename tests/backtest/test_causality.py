"""The planted leak: a model that looks past a cutoff is caught, an honest one passes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from made_backtests import Cheat, Profile, made_panel
from nettide.arrays import Ints
from nettide.backtest.causality import assert_causal
from nettide.errors import ForecastError
from nettide.forecast import Forecast
from nettide.models.contract import Model
from nettide.panel import Panel

PANEL = made_panel(steps=24 * 7 * 5)
CUTOFFS = np.array([600, 700, 750])


def fitted(model: Profile) -> Model:
    model.fit(PANEL.until(600))
    return model


class ScaleOfAll(Profile):
    """Scales with the mean of the whole data, the usual leak."""

    def predict(self, panel: Panel, cutoffs: Ints) -> Forecast:
        honest = super().predict(panel, cutoffs)
        return replace(honest, point=honest.point + 1e-9 * np.nanmean(panel.target))


class CountsTheUnknown(Profile):
    """Sees only whether later values are known."""

    def predict(self, panel: Panel, cutoffs: Ints) -> Forecast:
        honest = super().predict(panel, cutoffs)
        return replace(honest, quantiles=honest.quantiles + np.isnan(panel.target).sum())


class NextStepOnly(Profile):
    """Is off by one: sees the step after the cutoff."""

    def predict(self, panel: Panel, cutoffs: Ints) -> Forecast:
        return replace(super().predict(panel, cutoffs + 1), cutoffs=panel.seconds[cutoffs])


def test_an_honest_model_passes() -> None:
    assert_causal(fitted(Profile(24)), PANEL, CUTOFFS)


@pytest.mark.parametrize("model", [Cheat(24), ScaleOfAll(24), CountsTheUnknown(24), NextStepOnly(170)])
def test_a_model_that_sees_the_future_is_caught(model: Profile) -> None:
    with pytest.raises(ForecastError, match=r"the model sees the future: its forecast of series 'link-00\d' from step"):
        assert_causal(fitted(model), PANEL, CUTOFFS)
