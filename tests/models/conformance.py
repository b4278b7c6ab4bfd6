"""What every model promises: a suite that each name of the table runs through.

A module that uses it gives a module-scoped fixture ``subject`` and subclasses ``ModelConformance``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nettide.arrays import Floats, Ints
from nettide.errors import DamagedError, HistoryError, MismatchError, NettideError, OptionError, TrainingError
from nettide.forecast import Forecast
from nettide.models import accepts, make_model, restore_model
from nettide.models.contract import Epoch, Model, State, Training, last_cutoff
from nettide.panel import Channel, Panel, Series
from nettide.store.models import load_model, save_model
from nettide.store.record import DataFacts, ModelRecord

HOUR, DAY = 3600, 86_400
HORIZON = 24
CUTOFFS = np.array([400, 401, 555, 700, 811])
QUICK = {
    "hidden": "8", "epochs": "1", "windows_per_epoch": "128", "batch_size": "64", "filters": "8,8",
    "trees": "8", "rows": "4000", "leaves": "8",
}  # fmt: skip
"""Options that make a fit quick; a model gets those that it has."""
QUICK_OF = {
    "base-tuned": {"batches": "4", "batch_size": "512", "average": "2"},  # an epoch is five batches here
    "auto": {"challengers": "base", "budget": "1h"},
}
"""More of them for one model. The budget is never spent, so that its fits are repeatable."""
PANEL_WIDE = ("auto", "base", "base-tuned")
"""Models that look at what all series of a panel do together: a series alone is another question to them."""


FIT_STEPS = 120


def quick_options(name: str, **more: Any) -> dict[str, Any]:
    """The quick options of a model, as texts, with more of them."""
    quick = {**QUICK, **QUICK_OF.get(name, {}), **more}
    options = {option: text for option, text in quick.items() if accepts(name, option)}
    if "filters" in options:
        options["kernels"] = "3,3"
    return options


def quick_model(name: str, *, horizon: int = HORIZON, seed: int = 0, **more: Any) -> Model:
    """A model of the table that is quick to fit; one that is fitted at each cutoff sees five days of hours."""
    context = FIT_STEPS if accepts(name, "workers") else None
    return make_model(name, horizon=horizon, context=context, seed=seed, options=quick_options(name, **more))


def is_trained(name: str) -> bool:
    """Whether a model is trained in epochs or rounds, which someone can watch and stop."""
    return accepts(name, "epochs") or accepts(name, "trees") or name == "base-tuned"


def is_random(name: str) -> bool:
    """Whether a model has a seed; one without must be exact where others may round."""
    return accepts(name, "seed")


def daily_traffic(series: int, steps: int, *, step: int = HOUR, seed: int = 0) -> Floats:
    """Traffic with a day, a week and noise, shape (series, time)."""
    generator = np.random.default_rng(seed)
    hours = np.arange(steps) * step / HOUR
    day = 1 + 0.6 * np.sin(2 * np.pi * (hours - 9) / 24)
    week = np.where((hours // 24) % 7 < 5, 1.0, 0.6)
    sizes = 10.0 ** np.linspace(2, 8, series)[:, None]
    return sizes * day * week * generator.lognormal(0, 0.1, (series, steps))


def panel_of(target: Floats, *, step: int = HOUR, channels: tuple[str, ...] = ("y", "flows")) -> Panel:
    """A panel of the given targets; each further channel follows the target loosely."""
    generator = np.random.default_rng(1)
    others = [np.sqrt(np.abs(target)) * generator.uniform(0.9, 1.1, target.shape) for _ in channels[1:]]
    values = np.stack([target, *others], axis=-1)
    series = tuple(Series(f"link-{place}", "bit/s", "Europe/Prague") for place in range(len(target)))
    return Panel(values, 1_699_920_000, step, series, tuple(Channel(one) for one in channels))


def gappy_panel() -> Panel:
    """Five weeks of four hourly series with gaps, one of them silent at first and one at the end."""
    target = daily_traffic(4, 840)
    target[np.random.default_rng(2).random(target.shape) < 0.05] = np.nan
    target[0, :300] = np.nan
    target[1, 200:420] = np.nan
    target[2, 500:520] = 0.0
    return panel_of(target)


EXTREMES: dict[str, Floats] = {
    "flat": np.full(600, 5.0),
    "zero": np.zeros(600),
    "one spike": np.r_[np.zeros(400), 1e9, np.zeros(199)],
    "sparse": np.where(np.arange(600) % 97 == 0, 7.0, np.nan),
    "mostly zero": np.where(np.random.default_rng(3).random(600) < 0.03, 1e6, 0.0),
    "one known value": np.r_[np.full(300, np.nan), 3.0, np.full(299, np.nan)],
    "large": daily_traffic(1, 600)[0] * 1e12,
    "small": daily_traffic(1, 600)[0] * 1e-12,
    "growing": np.exp(np.linspace(0, 20, 600)),
    "all unknown": np.full(600, np.nan),
    "too short": np.arange(1.0, 6.0),
    "one step": np.ones(1),
    "no step": np.empty(0),
}


def assert_sound(found: Forecast, panel: Panel, cutoffs: Ints) -> None:
    """Finite wherever something is known up to the cutoff, NaN elsewhere; never negative; the point in the band."""
    seen = np.array([np.isfinite(panel.target[:, : cutoff + 1]).any(axis=1) for cutoff in cutoffs]).T
    assert np.isfinite(found.point[seen]).all()
    assert np.isfinite(found.quantiles[seen]).all()
    assert np.isnan(found.point[~seen]).all()
    assert np.isnan(found.quantiles[~seen]).all()
    assert not (found.point < 0).any()
    assert not (found.quantiles < 0).any()
    if found.levels:
        assert (found.quantiles[seen][..., 0] <= found.point[seen]).all()
        assert (found.point[seen] <= found.quantiles[seen][..., -1]).all()


def assert_equal(found: Forecast, expected: Forecast, *, exact: bool, rtol: float = 1e-4) -> None:
    """The same forecast: bit for bit, or to the rounding of networks."""
    for ours, theirs in ((found.point, expected.point), (found.quantiles, expected.quantiles)):
        if exact:
            assert np.array_equal(ours, theirs, equal_nan=True)
        else:
            size = np.nanmax(np.abs(theirs), axis=tuple(range(1, theirs.ndim)), keepdims=True, initial=0.0)
            assert ours.shape == theirs.shape
            assert np.array_equal(np.isnan(ours), np.isnan(theirs))
            assert (np.abs(np.nan_to_num(ours - theirs)) <= rtol * size).all()


class Listener:
    """A monitor that remembers what it is told, and asks to stop when it is told to."""

    def __init__(self, *, stop: bool = False) -> None:
        self.epochs: list[Epoch] = []
        self.stop = stop

    def on_batch(self, *, epoch: int, epochs: int, batch: int, batches: int, loss: float) -> None:
        assert 1 <= batch <= batches
        assert 1 <= epoch <= epochs

    def on_epoch(self, report: Epoch) -> None:
        self.epochs.append(report)

    def stop_requested(self) -> bool:
        return self.stop


@dataclass(frozen=True, slots=True)
class Subject:
    """A fitted model that many tests share, with its options, and what it said of the panel it was fitted on."""

    name: str
    options: dict[str, str]
    panel: Panel
    model: Model
    training: Training
    forecast: Forecast
    _alone: dict[int, Forecast] = field(default_factory=dict)

    def alone(self, cutoff: int) -> Forecast:
        """What it says of the panel from one cutoff asked for alone; the same each time it is asked."""
        if cutoff not in self._alone:
            self._alone[cutoff] = self.model.predict(self.panel, np.array([cutoff]))
        return self._alone[cutoff]

    @staticmethod
    def of(name: str, **options: str) -> Subject:
        panel = gappy_panel()
        panel.values.setflags(write=False)
        model = quick_model(name, **options)
        training = model.fit(panel)
        return Subject(name, options, panel, model, training, model.predict(panel, CUTOFFS))


def record_of(subject: Subject) -> ModelRecord:
    """What a fit would keep."""
    return ModelRecord(
        model=subject.name,
        state=subject.model.state(),
        created=datetime(2026, 3, 1, tzinfo=UTC),
        horizon=subject.model.horizon,
        context=subject.model.context,
        data=DataFacts.of(subject.panel, origin="a panel in memory"),
        training=subject.training,
        versions={},
        scores={},
    )


class ModelConformance:
    """The promises of ``models.contract.Model``; fitted models are shared and must not change in use."""

    @pytest.fixture
    def name(self, subject: Subject) -> str:
        return subject.name

    @pytest.fixture
    def make(self, subject: Subject) -> Callable[..., Model]:
        return lambda **more: quick_model(subject.name, **{**subject.options, **more})

    @pytest.fixture
    def panel(self, subject: Subject) -> Panel:
        return subject.panel

    @pytest.fixture
    def model(self, subject: Subject) -> Model:
        return subject.model

    @pytest.fixture
    def forecast(self, subject: Subject) -> Forecast:
        return subject.forecast

    def test_a_forecast_has_the_shape_ids_and_times_of_the_panel(
        self, model: Model, forecast: Forecast, panel: Panel
    ) -> None:
        assert forecast.ids == panel.ids
        assert forecast.units == ("bit/s",) * 4
        assert forecast.point.shape == (4, len(CUTOFFS), HORIZON)
        assert forecast.quantiles.shape == (4, len(CUTOFFS), HORIZON, len(forecast.levels))
        assert forecast.cutoffs.tolist() == panel.seconds[CUTOFFS].tolist()
        assert (forecast.step_seconds, forecast.horizon, model.horizon) == (HOUR, HORIZON, HORIZON)
        assert model.context >= 1

    def test_it_is_finite_where_anything_is_known_and_lies_in_its_band(self, forecast: Forecast, panel: Panel) -> None:
        assert_sound(forecast, panel, CUTOFFS)

    def test_it_is_of_the_size_of_the_traffic(self, forecast: Forecast, panel: Panel) -> None:
        largest = np.nanmax(panel.target, axis=1)[:, None, None]
        assert (forecast.point <= 10 * largest).all()
        assert (forecast.point.mean(axis=(1, 2)) >= 0.01 * np.nanmean(panel.target, axis=1)).all()

    def test_cutoffs_in_one_batch_equal_one_at_a_time(self, subject: Subject, name: str, forecast: Forecast) -> None:
        for place, cutoff in enumerate(CUTOFFS.tolist()):
            assert_equal(subject.alone(cutoff), _cutoff(forecast, [place]), exact=not is_random(name))

    def test_cutoffs_may_come_in_any_order_and_repeat(
        self, name: str, model: Model, forecast: Forecast, panel: Panel
    ) -> None:
        order = [3, 0, 3, 4]
        found = model.predict(panel, CUTOFFS[order])
        assert_equal(found, _cutoff(forecast, order), exact=not is_random(name))

    def test_no_cutoffs_give_no_forecasts(self, model: Model, panel: Panel) -> None:
        assert model.predict(panel, CUTOFFS[:0]).point.shape == (4, 0, HORIZON)

    @pytest.mark.parametrize(
        "change",
        [
            lambda after: np.full_like(after, np.nan),
            np.zeros_like,
            lambda after: after * 1e6 + 1.0,
            lambda after: np.random.default_rng(4).lognormal(3, 3, after.shape),
        ],
        ids=["unknown", "zero", "huge", "other"],
    )
    def test_nothing_after_the_cutoff_moves_a_bit(
        self, subject: Subject, model: Model, panel: Panel, change: Callable[[Floats], Floats]
    ) -> None:
        for cutoff in (400, 700):
            values = panel.values.copy()
            values[:, cutoff + 1 :] = change(values[:, cutoff + 1 :])
            found = model.predict(replace(panel, values=values), np.array([cutoff]))
            assert_equal(found, subject.alone(cutoff), exact=True)

    def test_steps_after_the_cutoff_need_not_exist(self, subject: Subject, model: Model, panel: Panel) -> None:
        for cutoff in (400, 700):
            found = model.predict(panel.until(cutoff + 1), np.array([cutoff]))
            assert_equal(found, subject.alone(cutoff), exact=True)

    def test_predicting_again_gives_the_same(self, model: Model, forecast: Forecast, panel: Panel) -> None:
        assert_equal(model.predict(panel, CUTOFFS), forecast, exact=True)

    def test_it_forecasts_the_same_after_a_trip_to_the_disk(
        self, subject: Subject, model: Model, forecast: Forecast, panel: Panel, tmp_path: Path
    ) -> None:
        save_model(tmp_path / "m", record_of(subject), overwrite=False)
        loaded = load_model(tmp_path / "m")
        again = restore_model(loaded.model, loaded.state)
        assert_equal(again.predict(panel, CUTOFFS), forecast, exact=True)
        assert (again.horizon, again.context) == (model.horizon, model.context)
        assert loaded.training == subject.training

    def test_a_restored_model_has_the_same_state(self, name: str, model: Model) -> None:
        _assert_same_state(restore_model(name, model.state()).state(), model.state())

    def test_a_state_without_one_of_its_parts_is_damaged(self, name: str, model: Model) -> None:
        state = model.state()
        for key in state.document:
            document = {kept: value for kept, value in state.document.items() if kept != key}
            with pytest.raises(DamagedError):
                restore_model(name, State(document, state.tensors))
            with pytest.raises(DamagedError):
                restore_model(name, State({**state.document, key: "nonsense"}, state.tensors))
        for key, value in state.tensors.items():
            for other in ({}, {key: np.zeros((*value.shape, 3), dtype=np.float32)}):
                tensors = {kept: one for kept, one in state.tensors.items() if kept != key} | other
                with pytest.raises(DamagedError):
                    restore_model(name, State(state.document, tensors))

    def test_the_order_of_series_does_not_matter(
        self, name: str, model: Model, forecast: Forecast, panel: Panel
    ) -> None:
        order = [2, 0, 3, 1]
        found = model.predict(panel.select(order), CUTOFFS)
        assert found.ids == tuple(panel.ids[place] for place in order)
        assert_equal(found, _series(forecast, order), exact=not is_random(name))

    def test_a_series_is_forecast_alone_as_among_others(
        self, make: Callable[..., Model], name: str, model: Model, forecast: Forecast, panel: Panel
    ) -> None:
        if name in PANEL_WIDE:
            pytest.skip("the model looks at what all series of a panel do together")
        among = forecast
        if accepts(name, "adapt"):
            model = make(adapt="false")  # adapting pools the recent errors of all series
            model.fit(panel)
            among = model.predict(panel, CUTOFFS)
        alone = model.predict(panel.select([1]), CUTOFFS)
        assert_equal(alone, _series(among, [1]), exact=not is_random(name))

    @pytest.mark.parametrize("factor", [1e3, 1e12, 1e-12])
    def test_traffic_in_another_unit_is_forecast_in_that_unit(
        self, model: Model, forecast: Forecast, panel: Panel, factor: float
    ) -> None:
        found = model.predict(replace(panel, values=panel.values * factor), CUTOFFS[::2])
        expected = _cutoff(forecast, [0, 2, 4])
        scaled = replace(expected, point=expected.point * factor, quantiles=expected.quantiles * factor)
        assert_equal(found, scaled, exact=False, rtol=1e-3)

    @pytest.mark.parametrize("steps", [1, 2, 5, 30, 100])
    def test_a_short_history_is_forecast(self, model: Model, steps: int) -> None:
        shown = panel_of(daily_traffic(2, steps))
        cutoffs = np.unique([0, steps // 2, steps - 1])
        assert_sound(model.predict(shown, cutoffs), shown, cutoffs)

    def test_gaps_of_any_kind_are_forecast_over(self, model: Model) -> None:
        target = daily_traffic(5, 840)
        target[0, 10:] = np.nan  # silent for longer than any context
        target[1, :-1] = np.nan  # only the last step is known
        target[2, 3::7] = np.nan
        target[3] = np.nan
        shown = panel_of(target)
        shown.values[4, :, 1] = np.nan
        cutoffs = np.array([9, 400, 838, 839])
        assert_sound(model.predict(shown, cutoffs), shown, cutoffs)

    @pytest.mark.parametrize("case", EXTREMES)
    def test_extreme_series_are_forecast_by_a_fitted_model(self, model: Model, case: str) -> None:
        shown = panel_of(EXTREMES[case][None])
        if shown.steps:
            assert_sound(model.predict(shown, last_cutoff(shown)), shown, last_cutoff(shown))

    @pytest.mark.parametrize("case", EXTREMES)
    def test_extreme_series_are_fitted_or_refused_with_a_typed_error(
        self, make: Callable[..., Model], case: str
    ) -> None:
        shown = panel_of(EXTREMES[case][None])
        model = make(horizon=7)
        try:
            model.fit(shown)
        except (HistoryError, TrainingError):
            assert case not in ("flat", "zero", "one spike", "large", "small")
            return
        found = model.predict(shown, last_cutoff(shown))
        assert_sound(found, shown, last_cutoff(shown))
        if case == "zero":
            assert (found.point < 1).all()
        if case == "flat":
            assert found.point == pytest.approx(5.0, rel=0.5)

    def test_extreme_series_among_others_are_fitted_and_forecast(self, make: Callable[..., Model]) -> None:
        cases = [case for case, values in EXTREMES.items() if len(values) == 600]
        shown = panel_of(np.concatenate([np.stack([EXTREMES[case] for case in cases]), daily_traffic(2, 600)]))
        model = make()
        model.fit(shown)
        cutoffs = np.array([399, 400, 599])
        assert_sound(model.predict(shown, cutoffs), shown, cutoffs)

    @pytest.mark.parametrize("horizon", [1, 30])
    def test_other_horizons(self, make: Callable[..., Model], panel: Panel, horizon: int) -> None:
        model = make(horizon=horizon)
        model.fit(panel)
        found = model.predict(panel, CUTOFFS[::2])
        assert found.point.shape == (4, 3, horizon)
        assert_sound(found, panel, CUTOFFS[::2])

    @pytest.mark.parametrize(("step", "steps", "horizon"), [(DAY, 200, 7), (300, 1200, 12), (7 * DAY, 60, 2)])
    def test_other_steps(self, make: Callable[..., Model], step: int, steps: int, horizon: int) -> None:
        shown = panel_of(daily_traffic(2, steps, step=step), step=step)
        model = make(horizon=horizon)
        model.fit(shown)
        cutoffs = np.array([steps // 2, steps - 1])
        assert_sound(model.predict(shown, cutoffs), shown, cutoffs)

    @pytest.mark.parametrize("horizon", [0, -3, 337])
    def test_a_horizon_out_of_range_is_refused(self, make: Callable[..., Model], horizon: int) -> None:
        with pytest.raises(OptionError, match=rf"horizon {horizon} "):
            make(horizon=horizon)

    def test_an_unfitted_model_does_not_forecast(self, make: Callable[..., Model], panel: Panel) -> None:
        with pytest.raises(MismatchError, match="model is not fitted"):
            make().predict(panel, CUTOFFS)

    def test_data_of_another_step_target_or_unit_are_refused(self, model: Model, panel: Panel) -> None:
        with pytest.raises(MismatchError, match="fitted on steps of 1h, the data has 5min"):
            model.predict(replace(panel, step_seconds=300), CUTOFFS)
        with pytest.raises(MismatchError, match="'y', which the data lacks"):
            model.predict(replace(panel, channels=(Channel("load"), Channel("flows"))), CUTOFFS)
        with pytest.raises(MismatchError, match="in bit/s, series 'link-0' is in B/s"):
            model.predict(replace(panel, series=tuple(replace(one, unit="B/s") for one in panel.series)), CUTOFFS)

    def test_cutoffs_outside_the_data_are_refused(self, model: Model, panel: Panel) -> None:
        for cutoff in (-1, panel.steps):
            with pytest.raises(MismatchError, match=rf"cutoff {cutoff} "):
                model.predict(panel, np.array([400, cutoff]))

    def test_channels_that_it_was_fitted_on_must_be_there(
        self, subject: Subject, make: Callable[..., Model], name: str, panel: Panel
    ) -> None:
        if accepts(name, "channels"):
            model = make(channels="all")
            model.fit(panel)
            assert_sound(model.predict(panel, CUTOFFS), panel, CUTOFFS)
            with pytest.raises(MismatchError, match="needs channel 'flows', which the data lacks"):
                model.predict(panel.only_target(), CUTOFFS)
        else:  # the shared one was fitted on all channels
            assert_equal(subject.model.predict(panel.only_target(), CUTOFFS), subject.forecast, exact=True)

    def test_nothing_after_the_cutoff_of_other_channels_moves_a_bit(
        self, make: Callable[..., Model], name: str, model: Model, panel: Panel
    ) -> None:
        if accepts(name, "channels"):
            model = make(channels="all")
            model.fit(panel)
        values = panel.values.copy()
        values[:, 701:, 1] *= 1e6
        at = np.array([700])
        assert_equal(model.predict(replace(panel, values=values), at), model.predict(panel, at), exact=True)

    def test_the_unit_of_the_target_is_that_of_series_without_one(self, model: Model, panel: Panel) -> None:
        bare = tuple(replace(one, unit="") for one in panel.series)
        by_channel = replace(panel, series=bare, channels=(Channel("y", "bit/s"), Channel("flows")))
        assert model.predict(by_channel, CUTOFFS[:1]).units == ("bit/s",) * 4

    def test_other_series_than_the_fitted_ones_are_forecast(self, model: Model) -> None:
        shown = panel_of(daily_traffic(3, 500, seed=9))
        renamed = replace(shown, series=tuple(Series(f"new-{place}") for place in range(3)))
        assert_sound(model.predict(renamed, last_cutoff(renamed)), renamed, last_cutoff(renamed))

    def test_the_same_seed_gives_the_same_weights(self, make: Callable[..., Model], model: Model, panel: Panel) -> None:
        again = make()
        again.fit(panel)
        _assert_same_state(again.state(), model.state())

    def test_another_seed_gives_other_weights(
        self, make: Callable[..., Model], name: str, model: Model, panel: Panel
    ) -> None:
        if not is_random(name) or name in ("auto", "base"):  # auto is as random as its challengers, here base alone
            pytest.skip("the model is not random")
        other = make(seed=1)
        other.fit(panel)
        ours, theirs = model.state().tensors, other.state().tensors
        assert any(not np.array_equal(ours[key], theirs[key]) for key in ours)

    def test_fitting_leaves_the_state_of_random_generators_alone(
        self, make: Callable[..., Model], panel: Panel
    ) -> None:
        import torch

        before = np.random.get_state()[1].copy(), torch.get_rng_state()  # noqa: NPY002 - it is what must not move
        make().fit(panel)
        assert np.array_equal(np.random.get_state()[1], before[0])  # noqa: NPY002
        assert torch.equal(torch.get_rng_state(), before[1])

    def test_a_monitor_hears_each_epoch(self, make: Callable[..., Model], name: str, panel: Panel) -> None:
        listener = Listener()
        training = make(epochs="2").fit(panel, monitor=listener)
        assert tuple(listener.epochs) == training.epochs or name == "auto"  # which tells of its members' epochs
        assert training.ending == ("finished" if is_trained(name) else "none")
        assert 0 <= training.best_epoch <= len(training.epochs)
        assert all(np.isfinite(one.loss) for one in training.epochs)

    def test_a_stop_request_ends_training_with_a_model_that_forecasts(
        self, make: Callable[..., Model], name: str, panel: Panel
    ) -> None:
        model = make(epochs="1000")
        training = model.fit(panel, monitor=Listener(stop=True))
        assert training.ending == ("requested" if is_trained(name) or name == "auto" else "none")
        assert_sound(model.predict(panel, CUTOFFS[::2]), panel, CUTOFFS[::2])

    def test_a_panel_without_a_known_target_cannot_be_fitted(self, make: Callable[..., Model]) -> None:
        with pytest.raises(HistoryError, match=r"known"):
            make().fit(panel_of(np.full((2, 600), np.nan)))

    def test_unknown_options_are_refused_by_name(self, name: str) -> None:
        with pytest.raises(OptionError, match=rf"model '{name}': unknown option 'horizn'; did you mean 'horizon'\?"):
            make_model(name, horizon=1, options={"horizn": 2})

    def test_errors_are_ours(self, make: Callable[..., Model]) -> None:
        with pytest.raises(NettideError):
            make().fit(panel_of(np.empty((1, 0))))


def _cutoff(forecast: Forecast, places: list[int]) -> Forecast:
    return replace(
        forecast,
        cutoffs=forecast.cutoffs[places],
        point=forecast.point[:, places],
        quantiles=forecast.quantiles[:, places],
    )


def _series(forecast: Forecast, places: list[int]) -> Forecast:
    return replace(
        forecast,
        ids=tuple(forecast.ids[place] for place in places),
        units=tuple(forecast.units[place] for place in places),
        point=forecast.point[places],
        quantiles=forecast.quantiles[places],
    )


def _assert_same_state(one: State, other: State) -> None:
    assert dict(one.document) == dict(other.document)
    assert one.tensors.keys() == other.tensors.keys()
    for key, value in one.tensors.items():
        assert value.dtype == other.tensors[key].dtype
        assert np.array_equal(value, other.tensors[key], equal_nan=True)
