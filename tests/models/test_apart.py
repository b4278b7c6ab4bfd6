"""Series forecast in one run, each as if it were alone."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nettide.models import make_model
from nettide.models.apart import ForecastsApart, own_adjustment
from nettide.models.calibration import recent_adjustment
from nettide.models.contract import Model, last_cutoff
from nettide.models.pretrained.model import PretrainedModel
from nettide.panel import Channel, Panel, Series


def traffic(count: int, steps: int, *, seed: int = 0) -> Panel:
    generator = np.random.default_rng(seed)
    daily = 1.5 + np.sin(2 * np.pi * np.arange(steps) / 24)
    sizes = 10.0 ** generator.uniform(3, 9, count)
    values = sizes[:, None] * daily * generator.lognormal(0, 0.2, (count, steps))
    values[generator.random((count, steps)) < 0.03] = np.nan
    series = tuple(Series(f"link-{place}") for place in range(count))
    return Panel(values[:, :, None], 1_772_323_200, 3600, series, (Channel("y"),))


def fitted(name: str) -> Model:
    model = make_model(name, horizon=12, options={} if name == "base" else {"epochs": 1, "hidden": 8})
    model.fit(traffic(3, 24 * 21))
    return model


@pytest.mark.parametrize("name", ["lstm", "base"])
@pytest.mark.parametrize("steps", [24, 168, 24 * 30])
def test_a_series_is_forecast_as_if_it_were_alone(name: str, steps: int) -> None:
    model, panel = fitted(name), traffic(4, steps, seed=1)
    assert isinstance(model, ForecastsApart)
    together = model.predict_apart(panel, last_cutoff(panel))
    for row in range(4):
        alone = model.predict(panel.select([row]), last_cutoff(panel))
        np.testing.assert_allclose(together.quantiles[row], alone.quantiles[0], rtol=1e-4)


@pytest.mark.parametrize("name", ["lstm", "base"])
def test_a_history_that_begins_later_is_as_one_that_is_shorter(name: str) -> None:
    model, panel = fitted(name), traffic(2, 24 * 20, seed=2)
    short = replace(panel, values=panel.values[1:, 300:], start=panel.start + 300 * 3600, series=panel.series[1:])
    values = panel.values.copy()
    values[1, :300] = np.nan
    together = model.predict_apart(replace(panel, values=values), last_cutoff(panel))  # type: ignore[attr-defined]
    alone = model.predict(short, last_cutoff(short))
    np.testing.assert_allclose(together.quantiles[1], alone.quantiles[0], rtol=1e-4)


@settings(derandomize=True, deadline=None, max_examples=40)
@given(st.integers(0, 10_000), st.integers(1, 5), st.integers(1, 30), st.floats(0, 1))
def test_each_series_is_judged_as_a_panel_of_its_own_is(seed: int, count: int, horizon: int, unknown: float) -> None:
    generator = np.random.default_rng(seed)
    errors = generator.standard_t(2, (count, 2, 7, horizon))
    errors[generator.random(errors.shape) < unknown] = np.nan
    own = own_adjustment(errors, level=0.1)
    for row in range(count):
        alone = recent_adjustment(errors[row : row + 1], level=0.1)
        for name in ("shift", "below", "above"):
            np.testing.assert_allclose(getattr(own, name)[row], getattr(alone, name), rtol=1e-9, atol=1e-12)


def test_a_pretrained_network_is_shown_another_panel_without_a_copy_of_its_weights() -> None:
    model, panel = fitted("base"), traffic(1, 24 * 9)
    assert isinstance(model, PretrainedModel)
    fine = replace(panel, step_seconds=300)
    shown = model.shown(fine, horizon=5)
    anew = make_model("base", horizon=5)
    anew.fit(fine)
    np.testing.assert_array_equal(
        shown.predict(fine, last_cutoff(fine)).quantiles, anew.predict(fine, last_cutoff(fine)).quantiles
    )
    assert shown.network is model.network
    assert model.horizon == 12
