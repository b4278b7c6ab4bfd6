"""Prophet: quantiles, silence, and what is said where it is not installed."""

from __future__ import annotations

import logging
import sys

import numpy as np
import pytest
from conformance import daily_traffic, panel_of

from nettide.errors import MissingExtraError
from nettide.forecast import LEVELS
from nettide.models import make_model
from nettide.models.statistical.fits import FitPlan, fit_one

PLAN = FitPlan(method="prophet", seasons=(24,), steady=True, transform="log", horizon=24)


def test_without_the_extra_fitting_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "prophet", None)
    model = make_model("prophet", horizon=24)
    with pytest.raises(MissingExtraError, match=r"^model 'prophet' needs: pip install 'nettide\[prophet\]'$"):
        model.fit(panel_of(daily_traffic(1, 200)))


def test_it_follows_the_day_with_bands_that_ascend() -> None:
    pytest.importorskip("prophet")
    values = daily_traffic(1, 264)[0]
    fit = fit_one(values[:240], PLAN)
    middle = fit.quantiles[:, LEVELS.index(0.5)]
    assert not fit.failed
    assert np.abs(middle - values[240:]).mean() < 0.3 * np.abs(values[239] - values[240:]).mean()
    assert (np.diff(fit.quantiles, axis=-1) >= 0).all()
    assert (fit.quantiles[:, -1] > fit.quantiles[:, 0]).all()


def test_it_logs_nothing_and_leaves_loggers_and_random_numbers_as_they_were(
    caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("prophet")
    before = np.random.get_state()[1].copy()  # noqa: NPY002 - it is what must not move
    with caplog.at_level(logging.DEBUG):
        fits = [fit_one(daily_traffic(1, 120)[0], PLAN) for _ in range(2)]
    assert np.array_equal(fits[0].quantiles, fits[1].quantiles)
    assert np.array_equal(np.random.get_state()[1], before)  # noqa: NPY002
    assert not logging.getLogger("cmdstanpy").disabled
    assert not [one for one in caplog.records if one.name.startswith(("cmdstanpy", "prophet"))]
    assert capfd.readouterr() == ("", "")
