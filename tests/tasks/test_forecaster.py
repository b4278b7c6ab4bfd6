"""The Python face: fit, predict, save and load on frames and panels."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nettide import Channel, Forecaster, Panel, Series
from nettide.errors import DamagedError, MismatchError, OptionError, PanelError, StoreError, UnknownModelError
from nettide.synthetic.config import SynthConfig
from nettide.synthetic.traffic import generate
from nettide.tasks.occasions import usual_holidays

TINY = {"hidden": 4, "epochs": 1, "windows_per_epoch": 64}


@pytest.fixture(scope="module")
def panel() -> Panel:
    made = generate(SynthConfig(series=2, points=24 * 21, seed=2)).panel
    return made.with_occasions(usual_holidays(made)[0])  # as a frame has them unasked


@pytest.fixture(scope="module")
def fitted(panel: Panel) -> Forecaster:
    forecaster = Forecaster("gru", horizon=6, context=24, **TINY)
    forecaster.fit(panel)
    return forecaster


@pytest.mark.parametrize("backend", ["pandas", "polars", "pyarrow"])
def test_a_frame_of_any_library_gives_the_forecast_of_its_panel(panel: Panel, fitted: Forecaster, backend: str) -> None:
    frame = panel.to_frame(backend)  # type: ignore[arg-type]
    assert np.array_equal(fitted.predict(frame).quantiles, fitted.predict(panel).quantiles)
    other = Forecaster("gru", horizon=6, context=24, **TINY)
    other.fit(frame)
    assert np.array_equal(other.predict(panel).quantiles, fitted.predict(panel).quantiles)


def test_what_is_loaded_forecasts_what_was_saved(panel: Panel, fitted: Forecaster, tmp_path: Path) -> None:
    fitted.save(tmp_path / "deep" / "m")
    loaded = Forecaster.load(str(tmp_path / "deep" / "m"))
    assert loaded.model_name == "gru"
    assert np.array_equal(loaded.predict(panel).quantiles, fitted.predict(panel).quantiles)
    loaded.save(tmp_path / "copy")
    assert np.array_equal(Forecaster.load(tmp_path / "copy").predict(panel).point, fitted.predict(panel).point)


def test_a_saved_model_is_kept_unless_overwriting_is_allowed(fitted: Forecaster, tmp_path: Path) -> None:
    fitted.save(tmp_path / "m")
    with pytest.raises(StoreError, match="already holds a model"):
        fitted.save(tmp_path / "m")
    fitted.save(tmp_path / "m", overwrite=True)


def test_what_is_not_fitted_neither_forecasts_nor_is_saved(panel: Panel, tmp_path: Path) -> None:
    for model in ("gru", "naive"):
        with pytest.raises(MismatchError, match="not fitted"):
            Forecaster(model, horizon=6).predict(panel)
        with pytest.raises(MismatchError, match="not fitted"):
            Forecaster(model, horizon=6).save(tmp_path / "m")
    assert not (tmp_path / "m").exists()


def test_a_shorter_horizon_is_the_beginning_of_the_whole(panel: Panel, fitted: Forecaster) -> None:
    whole = fitted.predict(panel)
    assert np.array_equal(fitted.predict(panel, horizon=2).quantiles, whole.quantiles[:, :, :2])
    with pytest.raises(MismatchError, match=r"horizon 7 is outside the model's 1 \.\.\. 6 steps"):
        fitted.predict(panel, horizon=7)


def test_a_forecast_begins_at_the_end_of_the_data_or_at_chosen_cutoffs(panel: Panel, fitted: Forecaster) -> None:
    assert list(fitted.predict(panel).cutoffs) == [panel.seconds[-1]]
    earlier = fitted.predict(panel, cutoffs=np.array([100, 200]))
    assert list(earlier.cutoffs) == [panel.seconds[100], panel.seconds[200]]
    assert np.array_equal(earlier.quantiles[:, 1], fitted.predict(panel.until(201)).quantiles[:, 0])


@pytest.mark.parametrize("cutoffs", [5, [[100]], [100.5], ["100"]])
def test_cutoffs_that_are_no_steps_are_refused(cutoffs: Any, panel: Panel, fitted: Forecaster) -> None:
    with pytest.raises(MismatchError, match=r"^cutoffs .* are no whole numbers in a row; give indices of steps"):
        fitted.predict(panel, cutoffs=cutoffs)


@pytest.mark.parametrize("horizon", ["3", 1.5, True])
def test_a_horizon_that_is_no_number_of_steps_is_refused(horizon: Any, panel: Panel, fitted: Forecaster) -> None:
    with pytest.raises(MismatchError, match=r"^horizon .* is not a whole number of steps$"):
        fitted.predict(panel, horizon=horizon)


def test_y_is_the_target_wherever_a_merge_has_put_it(panel: Panel) -> None:
    frame = panel.to_frame("pandas").rename(columns={panel.channels[0].name: "y"})[["unique_id", "ds", "y"]]
    frame.insert(2, "users", 7.0)
    made = Forecaster("naive", horizon=2)
    made.fit(frame)
    found = made.predict(frame).to_frame("pandas")
    assert (found["y_hat"] != 7.0).all()
    assert [one.name for one in Panel.from_frame(frame).channels] == ["y", "users"]


def test_negative_traffic_is_refused_with_its_place() -> None:
    values = np.ones((1, 300, 1))
    values[0, 7, 0] = -2.5
    panel = Panel(values, 0, 3600, (Series("r1"),), (Channel("y"),))
    with pytest.raises(PanelError, match=r"series 'r1' holds -2\.5 at 1970-01-01T07:00:00Z; traffic is never negative"):
        Forecaster("naive", horizon=6).fit(panel)


def test_unknown_models_and_options_are_refused_before_anything_is_fitted() -> None:
    with pytest.raises(UnknownModelError, match="did you mean 'lstm'"):
        Forecaster("ltsm", horizon=6)
    with pytest.raises(OptionError, match="did you mean 'hidden'"):
        Forecaster("lstm", horizon=6, hiden=8)


def test_a_model_that_the_description_contradicts_is_damaged(fitted: Forecaster, panel: Panel, tmp_path: Path) -> None:
    from dataclasses import replace

    from nettide.store.models import save_model

    assert fitted.record is not None
    save_model(tmp_path / "m", replace(fitted.record, model="naive"), overwrite=False)
    with pytest.raises(DamagedError, match=str(tmp_path / "m")):
        Forecaster.load(tmp_path / "m")


def test_the_record_says_how_the_model_came_about(fitted: Forecaster, panel: Panel) -> None:
    record = fitted.record
    assert record is not None
    assert (record.model, record.horizon, record.context) == ("gru", 6, 24)
    assert (record.data.series, record.data.steps, record.data.origin) == (2, panel.steps, "a panel in memory")
    assert {"python", "numpy", "torch"} <= set(record.versions)
