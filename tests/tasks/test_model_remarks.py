"""Remarks on models: fits that failed, occasions that have no effect, what was decided while training."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nettide.arrays import Floats
from nettide.models import MODELS, make_model
from nettide.models.contract import Fallbacks, Training
from nettide.models.statistical.model import StatisticalModel, fallbacks_of
from nettide.sources.contract import Layout
from nettide.tasks.backtest import TestPart as Part
from nettide.tasks.backtest import run_backtest
from nettide.tasks.choice import Choice
from nettide.tasks.fit import fit
from nettide.tasks.forecast import forecast
from nettide.tasks.load import Reading
from nettide.tasks.model_remarks import fallback_remarks, training_remarks, unheeded_occasions
from nettide.tasks.occasions import OccasionChoice

PRAGUE = Reading(layout=Layout(zone="Europe/Prague"), zone="Europe/Prague")
TOLD = replace(PRAGUE, occasions=OccasionChoice("CZ"))
DEAF = "make no use of holidays and events: those that were given have no effect there"


def ets(fallbacks: Fallbacks | None) -> StatisticalModel:
    model = make_model("auto-ets", horizon=6)
    assert isinstance(model, StatisticalModel)
    model.fallbacks = fallbacks
    return model


def test_series_of_failed_fits_are_counted_and_the_first_named() -> None:
    failed = np.array([True, False, True, True, True, False, True])
    told = fallbacks_of(failed, ["a", "c", "d", "e", "f"], series=200)
    assert told == Fallbacks(("a", "c", "d", "e", "f"), 200, 5, 7)
    assert list(fallback_remarks("auto-ets", ets(told))) == [
        "auto-ets: 5 of 200 series fell back to the seasonal naive forecast: 'a', 'c', 'd' and 2 more"
    ]


def test_of_many_cutoffs_the_fits_are_counted_too() -> None:
    told = fallbacks_of(np.arange(4000) < 3, ["a", "a", "b"], series=2)
    assert list(fallback_remarks("theta", ets(told))) == [
        "theta: 2 of 2 series fell back to the seasonal naive forecast in 3 of 4,000 fits: 'a', 'b'"
    ]


def test_where_nothing_failed_nothing_is_said() -> None:
    assert fallbacks_of(np.zeros(5, dtype=np.bool_), [], series=5) is None
    assert list(fallback_remarks("auto-ets", ets(None))) == []
    assert list(fallback_remarks("naive", make_model("naive", horizon=6))) == []


def test_what_was_decided_while_training_is_said_with_the_name() -> None:
    assert list(training_remarks("lstm", Training(notes=("precision float32: slow",)))) == [
        "lstm: precision float32: slow"
    ]


def test_models_that_make_no_use_of_occasions_say_so_where_some_were_asked_for() -> None:
    for choice in (OccasionChoice("CZ"), OccasionChoice(holidays="days.csv"), OccasionChoice(events="events.csv")):
        assert list(unheeded_occasions(["auto", "mstl", "auto-arima"], choice)) == [f"mstl, auto-arima {DEAF}"]
        assert list(unheeded_occasions(["mstl"], choice)) == [f"mstl {DEAF.replace('make', 'makes')}"]


@pytest.mark.parametrize("choice", [OccasionChoice(), OccasionChoice("none")])
def test_of_holidays_that_nobody_asked_for_nothing_is_said(choice: OccasionChoice) -> None:
    assert list(unheeded_occasions(list(MODELS), choice)) == []


def test_networks_trees_prophet_and_naive_forecasts_need_no_remark() -> None:
    silent = [name for name in MODELS if not list(unheeded_occasions([name], OccasionChoice("CZ")))]
    assert set(MODELS) - set(silent) == {"auto-ets", "auto-arima", "theta", "mstl"}


@pytest.fixture
def traffic(tmp_path: Path) -> str:
    """Two links, hourly, 24 days from 2025-12-20; the second one begins twelve days later."""
    path = tmp_path / "traffic.csv"
    days = [f"2025-12-{day}" for day in range(20, 32)] + [f"2026-01-{day:02d}" for day in range(1, 13)]
    rows = [
        f"{day}T{hour:02d}:00Z,{link},{(hour - 12) ** 2 + place % 5 + 3}"
        for link in ("old", "new")
        for place, day in enumerate(days)
        for hour in range(24)
        if link == "old" or place >= 12
    ]
    path.write_text("ds,unique_id,y\n" + "\n".join(rows) + "\n")
    return str(path)


@pytest.fixture
def picky(monkeypatch: pytest.MonkeyPatch) -> None:
    """A library that gives up short series, in its own way."""
    from statsforecast.models import AutoETS

    original = AutoETS.forecast

    def forecast_long(self: Any, y: Floats, h: int, **more: Any) -> Any:
        if len(y) < 24 * 14:
            raise Exception("no model able to be fitted")  # as the library does
        return original(self, y=y, h=h, **more)

    monkeypatch.setattr(AutoETS, "forecast", forecast_long)


@pytest.mark.usefixtures("picky")
def test_forecast_and_backtest_name_the_series_that_fell_back(traffic: str, tmp_path: Path) -> None:
    folder = tmp_path / "ets"
    assert not any("fell back" in note for note in fit(traffic, PRAGUE, model="auto-ets", choice=Choice(6),
                                                       folder=folder).notes)  # fmt: skip
    said = forecast(folder, traffic, PRAGUE).notes
    assert "auto-ets: 1 of 2 series fell back to the seasonal naive forecast: 'new'" in said
    done = run_backtest(
        traffic, PRAGUE, models=["auto-ets", "naive"], choice=Choice(24), test=Part(size=72), out=tmp_path / "out"
    )
    expected = "auto-ets: 1 of 2 series fell back to the seasonal naive forecast in 3 of 6 fits: 'new'"
    assert expected in done.sentences
    assert expected.replace("'", "&#39;") in done.report.read_text()


def test_every_verb_says_that_holidays_have_no_effect(traffic: str, tmp_path: Path) -> None:
    said = f"theta {DEAF.replace('make', 'makes')}"
    done = fit(traffic, TOLD, model="theta", choice=Choice(6), folder=tmp_path / "theta")
    assert said in done.notes
    assert said in forecast(tmp_path / "theta", traffic, TOLD).notes
    assert said not in forecast(tmp_path / "theta", traffic, PRAGUE).notes
    tested = run_backtest(
        traffic, TOLD, models=["theta", "naive"], choice=Choice(24), test=Part(size=48), out=tmp_path / "out"
    )
    assert said in tested.sentences


def test_a_fit_says_which_precision_timed_batches_chose(traffic: str, tmp_path: Path) -> None:
    options = {"hidden": "8", "windows_per_epoch": "64", "epochs": "1", "precision": "auto"}
    done = fit(traffic, PRAGUE, model="lstm", choice=Choice(6, 48, options=options), folder=tmp_path / "lstm")
    (said,) = [note for note in done.notes if "precision" in note]
    assert said.startswith("lstm: precision ")
    assert (f"lstm: {done.training.notes[0]}",) == (said,)


def test_prophet_forecasts_by_the_occasions_of_the_history_it_is_shown(traffic: str, tmp_path: Path) -> None:
    pytest.importorskip("prophet")
    fit(
        traffic,
        replace(Reading(), occasions=OccasionChoice("none")),
        model="prophet",
        choice=Choice(6),
        folder=tmp_path / "p",
    )
    days = tmp_path / "days.csv"
    days.write_text("date\n2025-12-25\n2026-01-01\n2026-01-13\n")
    told = replace(Reading(), occasions=OccasionChoice("none", holidays=str(days)))
    said = forecast(tmp_path / "p", traffic, told).notes
    assert not any("never saw" in note for note in said)
    days.write_text("date\n2026-01-13\n")
    assert any("holiday, which the model never saw" in note for note in forecast(tmp_path / "p", traffic, told).notes)
