"""Prophet: quantiles, holidays, silence, and what is said where it is not installed."""

from __future__ import annotations

import logging
import sys

import numpy as np
import pytest
from conformance import daily_traffic, panel_of

from nettide.arrays import Floats
from nettide.errors import MissingExtraError
from nettide.forecast import LEVELS
from nettide.models import make_model
from nettide.models.statistical.fits import FitPlan, fit_one
from nettide.occasions import Occasion
from nettide.prepare.calendar import DAY_SECONDS
from nettide.prepare.occasions import Shares

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


def on_days_off(days: tuple[int, ...], *, of: int, drop: float = 0.2) -> tuple[Floats, Shares]:
    """Three series of so many days that fall on days off, and the shares of each step in holidays."""
    holiday = np.isin(np.arange(24 * of) // 24, days)
    values = daily_traffic(3, 24 * of) * np.where(holiday, drop, 1.0)
    return values, np.stack([holiday, np.zeros(len(holiday)), np.zeros(len(holiday))], axis=1).astype(np.float32)


def test_it_learns_what_holidays_do_and_expects_it_of_one_that_comes() -> None:
    pytest.importorskip("prophet")
    values, shares = on_days_off((3, 8, 12, 15), of=16)
    middle = LEVELS.index(0.5)
    unaware = fit_one(values[0, : 24 * 15], PLAN).quantiles[:, middle]
    aware = fit_one(values[0, : 24 * 15], PLAN, occasions=shares).quantiles[:, middle]
    truth = values[0, 24 * 15 :]
    assert np.abs(aware - truth).mean() < 0.3 * np.abs(unaware - truth).mean()


def test_a_kind_that_its_history_never_shows_has_no_effect() -> None:
    pytest.importorskip("prophet")
    values, shares = on_days_off((15,), of=16)
    history = values[0, : 24 * 15]
    assert np.array_equal(fit_one(history, PLAN, occasions=shares).quantiles, fit_one(history, PLAN).quantiles)


def test_the_occasions_of_a_history_that_begins_late_are_those_of_its_steps() -> None:
    pytest.importorskip("prophet")
    values, shares = on_days_off((6, 11, 15), of=16)
    history = values[0, : 24 * 15].copy()
    history[: 24 * 5] = np.nan
    late = fit_one(history, PLAN, occasions=shares)
    assert np.array_equal(late.quantiles, fit_one(history[24 * 5 :], PLAN, occasions=shares[24 * 5 :]).quantiles)


def test_a_model_gives_it_the_occasions_of_each_series_in_worker_processes_too() -> None:
    pytest.importorskip("prophet")
    days = (3, 8, 12, 15)
    values, _ = on_days_off(days, of=16)
    values[1] /= np.where(np.isin(np.arange(24 * 16) // 24, days), 0.2, 1.0)  # they do not concern it
    panel = panel_of(values)
    spans = [(panel.start + DAY_SECONDS * day, panel.start + DAY_SECONDS * (day + 1)) for day in days]
    told = panel.with_occasions(Occasion("holiday", *span, "", ("link-0", "link-2")) for span in spans)
    found = {}
    for workers in (1, 2):
        model = make_model("prophet", horizon=24, options={"workers": workers})
        model.fit(told)
        found[workers] = model.predict(told, np.array([24 * 15 - 1]))
    assert np.array_equal(found[1].quantiles, found[2].quantiles)
    model = make_model("prophet", horizon=24, options={"workers": 1})
    model.fit(panel)
    unaware = model.predict(panel, np.array([24 * 15 - 1]))
    assert np.array_equal(unaware.point[1], found[1].point[1])
    errors = [np.abs(one.point[:, 0] - values[:, 24 * 15 :]).mean(axis=1) for one in (found[1], unaware)]
    assert (errors[0][[0, 2]] < 0.3 * errors[1][[0, 2]]).all()
