"""Statistical models: histories, transforms, seasons, fits, worker processes."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import psutil
import pytest
from conformance import daily_traffic, panel_of
from hypothesis import given, settings
from hypothesis import strategies as st

from nettide.arrays import Floats
from nettide.backtest.causality import assert_causal
from nettide.errors import OptionError, TrainingError
from nettide.forecast import LEVELS
from nettide.models import make_model
from nettide.models.contract import last_cutoff
from nettide.models.statistical.config import StatisticalConfig, TransformName, chosen_context, chosen_seasons
from nettide.models.statistical.fits import FitPlan, fit_one, naive_quantiles, ordered
from nettide.models.statistical.history import Transform, filled
from nettide.models.statistical.model import StatisticalModel, check_failures
from nettide.models.statistical.runner import ask, fit_all, history_of, run_fits
from nettide.models.statistical.seasons import adjust, seen_seasons
from nettide.prepare.periods import Periods

NAN = np.nan
MIDDLE = LEVELS.index(0.5)
PLAN = FitPlan(method="theta", seasons=(24,), steady=True, transform="log", horizon=24)
HOURLY = Periods(24, 168)
traffic_values = st.lists(st.floats(0, 1e9), min_size=2, max_size=40).map(np.array)


def test_a_gap_takes_the_value_a_longest_season_ago_then_a_shorter_one_then_the_one_before() -> None:
    values = np.array([NAN, 1.0, 2.0, NAN, NAN, 5.0, NAN, NAN])
    assert filled(values, (2, 4)).tolist() == [1.0, 2.0, 1.0, 2.0, 5.0, 2.0, 1.0]
    assert filled(np.array([3.0, NAN, NAN]), ()).tolist() == [3.0, 3.0, 3.0]


def test_nothing_known_is_nothing_filled() -> None:
    assert len(filled(np.full(5, NAN), (2,))) == 0


@given(values=st.lists(st.one_of(st.just(NAN), st.floats(0, 9)), min_size=1, max_size=30), cut=st.integers(0, 30))
@settings(derandomize=True)
def test_what_is_filled_never_depends_on_what_comes_later(values: list[float], cut: int) -> None:
    series = np.array(values)
    whole, part = filled(series, (3, 7)), filled(series[:cut], (3, 7))
    assert whole[: len(part)].tolist() == part.tolist()
    assert np.isfinite(whole).all()


@pytest.mark.parametrize("kind", ["log", "asinh", "none"])
@given(values=traffic_values)
@settings(derandomize=True)
def test_a_transform_and_back_is_the_same_traffic(kind: TransformName, values: Floats) -> None:
    transform = Transform.of(values, kind)
    back = transform.back(transform.apply(values))
    assert back == pytest.approx(values, rel=1e-6, abs=1e-6 * max(values.max(), 1e-300))


@pytest.mark.parametrize("kind", ["log", "asinh", "none"])
def test_the_way_back_is_neither_negative_nor_beyond_ten_times_what_was_seen(kind: TransformName) -> None:
    transform = Transform.of(np.array([0.0, 1.0, 7.0]), kind)
    assert transform.back(np.array([-1e3, 1e3])).tolist() == [0.0, 70.0]


def test_the_same_traffic_in_another_unit_is_fitted_bit_for_bit() -> None:
    values = daily_traffic(1, 100)[0]
    for factor in (1e3, 1e-12):
        ours = Transform.of(factor * values, "log").apply(factor * values)
        assert ours == pytest.approx(Transform.of(values, "log").apply(values), abs=1.1e-9)


def test_a_season_counts_where_the_history_holds_two() -> None:
    assert seen_seasons(335, (24, 168)) == (24,)
    assert seen_seasons(336, (24, 168)) == (24, 168)


@pytest.mark.parametrize("steady", [True, False])
def test_seasons_are_taken_out_and_go_on_beyond_their_length(steady: bool) -> None:
    steps = np.arange(336 + 200)
    wave = np.sin(2 * np.pi * steps / 24) + np.where(steps // 24 % 7 < 5, 0.0, -1.0)
    found = adjust(wave[:336], (24, 168), horizon=200, steady=steady)
    level = wave[336:] - found.ahead
    assert np.ptp(found.values) < 0.25 * np.ptp(wave)
    assert np.ptp(level) < 0.25 * np.ptp(wave)


def test_a_season_may_be_left_to_the_method() -> None:
    steps = np.arange(504)
    day, week = np.sin(2 * np.pi * steps / 24), np.where(steps // 24 % 7 < 5, 0.0, -3.0)
    found = adjust(day + week, (24, 168), horizon=24, steady=True, kept=24)
    assert np.ptp(found.values) == pytest.approx(2, rel=0.3)
    assert np.corrcoef(found.values, day)[0, 1] > 0.95
    assert adjust(day, (24,), horizon=3, steady=True, kept=24).values.tolist() == day.tolist()


def test_no_seasons_change_nothing() -> None:
    found = adjust(np.arange(5.0), (), horizon=3, steady=True)
    assert found.values.tolist() == [0, 1, 2, 3, 4]
    assert found.ahead.tolist() == [0, 0, 0]


@given(values=st.lists(st.floats(-9, 9), min_size=9, max_size=9))
@settings(derandomize=True)
def test_ordered_quantiles_ascend_and_keep_their_median(values: list[float]) -> None:
    found = ordered(np.array(values))
    assert (np.diff(found) >= 0).all()
    assert found[MIDDLE] == values[MIDDLE]


def test_a_naive_forecast_repeats_the_season_with_a_band_that_grows() -> None:
    values = np.array([1.0, 5.0, 2.0, 6.0, 3.0, 7.0])
    found = naive_quantiles(values, (2,), horizon=4)
    assert found[:, MIDDLE].tolist() == [3, 7, 3, 7]
    widths = found[:, -1] - found[:, 0]
    assert widths[0] == pytest.approx(widths[1])
    assert widths[2] == pytest.approx(np.sqrt(2) * widths[0])
    assert naive_quantiles(np.array([4.0]), (), horizon=2).tolist() == [[4.0] * 9] * 2


def test_a_constant_series_goes_on_without_a_fit() -> None:
    def explode(values: Floats, seasons: tuple[int, ...], plan: FitPlan) -> Floats:
        raise AssertionError("fitted")

    for level in (0.0, 5.0):
        fit = fit_one(np.full(100, level), PLAN, quantiles_of=explode)
        assert (fit.quantiles == level).all()
        assert not fit.failed
    fit_one(np.array([1.0, 2.0, 3.0]), PLAN, quantiles_of=explode)


def test_what_was_filled_is_no_evidence_that_forecasts_are_sure() -> None:
    """Half of each history is a gap before its end; a fit of what fills it finds no errors there."""
    inside = []
    for seed in range(30):
        hours = np.arange(24 * 29)
        noise = np.random.default_rng(seed).lognormal(0, 0.2, len(hours))
        values = 1e6 * (1 + 0.5 * np.sin(2 * np.pi * hours / 24)) * noise
        history = values[: 24 * 28].copy()
        history[24 * 14 :] = np.nan
        found = fit_one(history, replace(PLAN, method="theta", horizon=24)).quantiles
        truth = values[24 * 28 :]
        inside.append(((truth >= found[:, 0]) & (truth <= found[:, -1])).mean())
    assert 0.7 < np.mean(inside) < 0.9  # .6 before


def test_gaps_between_readings_that_come_less_often_widen_nothing() -> None:
    history = daily_traffic(1, 24 * 28)[0]
    sparse = np.where(np.arange(len(history)) % 3 == 0, history, np.nan)

    def band(values: Floats, seasons: tuple[int, ...], plan: FitPlan) -> Floats:
        return np.full((plan.horizon, len(LEVELS)), values[-1]) + np.linspace(-0.1, 0.1, len(LEVELS))

    made = [fit_one(one[:-2], PLAN, quantiles_of=band).quantiles[0] for one in (history, sparse)]  # end in a reading
    dense, rare = (one[-1] - one[0] for one in made)
    assert rare == pytest.approx(dense, rel=0.05)


@pytest.mark.parametrize("method", ["theta", "ets", "mstl"])
def test_a_few_readings_before_a_long_gap_have_the_spread_of_those_readings(method: str) -> None:
    history = np.full(24 * 40, np.nan)
    history[:3] = 1e6, 3e6, 2e6
    found = fit_one(history, replace(PLAN, method=method)).quantiles
    assert found[0, -1] - found[0, 0] > 5e5


@pytest.mark.parametrize("error", [Exception("no model able to be fitted"), ZeroDivisionError(), np.linalg.LinAlgError])
def test_where_the_library_gives_up_a_seasonal_naive_forecast_stands_in(error: Exception) -> None:
    def refuse(values: Floats, seasons: tuple[int, ...], plan: FitPlan) -> Floats:
        raise error

    history = daily_traffic(1, 100)[0]
    fit = fit_one(history, PLAN, quantiles_of=refuse)
    assert fit.failed
    assert fit.quantiles[:, MIDDLE] == pytest.approx(history[-24:], rel=1e-6)


def test_a_forecast_that_is_not_finite_is_a_failure_too() -> None:
    fit = fit_one(daily_traffic(1, 100)[0], PLAN, quantiles_of=lambda values, seasons, plan: np.full((24, 9), np.inf))
    assert fit.failed
    assert np.isfinite(fit.quantiles).all()


def test_our_own_faults_do_not_hide_as_failed_fits() -> None:
    def wrong(values: Floats, seasons: tuple[int, ...], plan: FitPlan) -> Floats:
        raise TypeError("ours")

    with pytest.raises(TypeError, match="ours"):
        fit_one(daily_traffic(1, 100)[0], PLAN, quantiles_of=wrong)


def test_a_method_that_fails_on_everything_says_so() -> None:
    with pytest.raises(TrainingError, match=r"^arima failed on all 10 fits; try another model$"):
        check_failures(np.ones(10, dtype=np.bool_), method="arima")
    check_failures(np.ones(9, dtype=np.bool_), method="arima")
    check_failures(np.arange(10) > 0, method="arima")


@pytest.mark.parametrize("method", ["ets", "theta", "mstl", "arima"])
def test_a_method_follows_the_day_closer_than_the_last_value(method: str) -> None:
    values = daily_traffic(1, 400, seed=3)[0]
    fit = fit_one(values[:360], replace(PLAN, method=method, horizon=40))
    truth = values[360:]
    assert not fit.failed
    assert np.abs(fit.quantiles[:, MIDDLE] - truth).mean() < 0.5 * np.abs(values[359] - truth).mean()
    inside = (fit.quantiles[:, 0] <= truth) & (truth <= fit.quantiles[:, -1])
    assert 0.5 <= inside.mean() <= 1


def test_a_day_of_many_steps_is_taken_out_first() -> None:
    values = daily_traffic(1, 3 * 288 + 12, step=300)[0]
    fit = fit_one(values[: 3 * 288], replace(PLAN, method="ets", seasons=(288,), horizon=12))
    assert fit.quantiles[:, MIDDLE] == pytest.approx(values[3 * 288 :], rel=0.5)


def test_seasons_without_noise_leave_nothing_to_fit() -> None:
    values = np.resize(np.arange(24.0), 240)
    fit = fit_one(values, replace(PLAN, method="mstl", horizon=30))
    assert not fit.failed
    assert fit.quantiles[:, MIDDLE] == pytest.approx(np.resize(np.arange(24.0), 30), abs=0.1)


@pytest.mark.parametrize(
    ("periods", "steps"),
    [(HOURLY, 1344), (Periods(288, 2016), 2016), (Periods(1, 7), 365), (Periods(1440, 10_080), 4320),
     (Periods(86_400, 604_800), 10_080), (Periods(1, 1), 365)],
)  # fmt: skip
def test_the_history_is_chosen_by_the_step(periods: Periods, steps: int) -> None:
    assert chosen_context(None, periods) == steps
    assert chosen_context(77, periods) == 77


def test_seasons_are_chosen_by_step_and_wish() -> None:
    config = StatisticalConfig(horizon=1)
    assert chosen_seasons(config, HOURLY) == (24, 168)
    assert chosen_seasons(config, Periods(1, 7)) == (7,)
    assert chosen_seasons(replace(config, season="week"), HOURLY) == (168,)
    assert chosen_seasons(replace(config, season="day"), HOURLY) == (24,)
    assert chosen_seasons(replace(config, season="day"), Periods(1, 7)) == ()
    assert chosen_seasons(replace(config, season="none"), HOURLY) == ()
    assert chosen_seasons(config, Periods(1, 1)) == ()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"workers": "0"}, r"^workers 0 is outside 1 ... 1024$"),
        ({"method": "sarima"}, r"^model 'auto-ets': option method=sarima: known: ets, arima, theta, mstl, prophet$"),
        ({"season": "year"}, r"option season=year: known: auto, none, day, week$"),
        ({"transform": "boxcox"}, r"option transform=boxcox: known: log, asinh, none$"),
    ],
)
def test_bad_options_are_refused(options: dict[str, str], message: str) -> None:
    with pytest.raises(OptionError, match=message):
        make_model("auto-ets", horizon=1, options=options)
    with pytest.raises(OptionError, match=r"^context 0 is outside 1 ... 100000$"):
        make_model("auto-ets", horizon=1, context=0)


def test_a_history_ends_at_its_cutoff_and_is_never_empty() -> None:
    values = np.array([1.0, 2.0, NAN, NAN, NAN, 6.0])
    assert history_of(values, 1, context=9).tolist() == [1, 2]
    assert history_of(values, 4, context=2).tolist() == [2]
    assert history_of(values, 5, context=1).tolist() == [6]


def test_worker_processes_give_bit_for_bit_what_this_process_gives() -> None:
    target = daily_traffic(3, 300)
    target[1, :150] = NAN
    rows, cutoffs = np.array([2, 0, 1, 2, 0]), np.array([299, 150, 250, 100, 298])
    ours, failed = fit_all(target, rows, cutoffs, plan=PLAN, context=96)
    theirs, theirs_failed = run_fits(target, rows, cutoffs, plan=PLAN, context=96, workers=2)
    assert np.array_equal(ours, theirs)
    assert np.array_equal(failed, theirs_failed)


def test_a_worker_that_dies_is_an_error_of_one_sentence() -> None:
    with pytest.raises(
        TrainingError, match=r"^a worker process of ets ended with status 1 \(.*JSON.*\); try again with"
    ):
        ask([b"nonsense\n"], method="ets")


def test_ctrl_c_ends_the_workers_too(tmp_path: Path) -> None:
    script = tmp_path / "script.py"  # no guard of __main__, as people write them
    script.write_text(
        "import numpy as np\n"
        "from nettide.models.statistical.fits import FitPlan\n"
        "from nettide.models.statistical.runner import run_fits\n"
        "plan = FitPlan(method='arima', seasons=(24,), steady=True, transform='log', horizon=24)\n"
        "target = np.random.default_rng(0).lognormal(0, 1, (1, 2000))\n"
        "run_fits(target, np.zeros(10_000, int), np.full(10_000, 1999), plan=plan, context=1344, workers=2)\n"
    )
    parent = psutil.Popen([sys.executable, str(script)], stderr=subprocess.PIPE)
    try:
        until = time.monotonic() + 60
        while len(workers := parent.children()) < 2:
            assert time.monotonic() < until
            assert parent.poll() is None
            time.sleep(0.05)
        parent.send_signal(signal.SIGINT)
        _, said = parent.communicate(timeout=60)
        assert b"KeyboardInterrupt" in said
        _, alive = psutil.wait_procs(workers, timeout=30)
        assert not alive
    finally:
        if parent.poll() is None:
            parent.kill()
            parent.communicate()


def test_a_model_takes_the_periods_that_are_measured() -> None:
    steps = np.arange(round(45 * 283.2))
    shape = (1.5 + np.sin(2 * np.pi * steps / 283.2)) * np.where(steps // 283.2 % 7 < 5, 1.0, 0.7)
    panel = panel_of(shape * np.random.default_rng(0).lognormal(0, 0.05, (2, len(steps))), step=300)
    model = make_model("mstl", horizon=12, options={"workers": 1})
    model.fit(panel)
    assert model.context == 7 * 283
    assert model.state().document["periods"]["day"] == 283


def test_a_model_counts_its_failures_and_keeps_no_secret_of_the_future() -> None:
    panel = panel_of(daily_traffic(2, 400))
    model = make_model("theta", horizon=12, context=96, options={"workers": 1})
    assert isinstance(model, StatisticalModel)
    model.fit(panel)
    assert_causal(model, panel, np.array([200, 300]))
    model.predict(panel, last_cutoff(panel))
    assert model.fallbacks is None


def test_the_library_is_imported_only_where_forecasts_are_made() -> None:
    code = (
        "import sys; from nettide.models import make_model; make_model('auto-ets', horizon=1);"
        "print(*[one for one in ('statsforecast', 'prophet', 'torch', 'pandas', 'scipy') if one in sys.modules])"
    )
    ran = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert ran.stdout.strip() == ""


@pytest.mark.data
def test_arima_beats_last_week_on_mobile_cells(data: Path) -> None:
    import pandas as pd

    table = pd.read_parquet(data / "milan_cells_hourly.parquet")
    wide = table.pivot(index="ds", columns="unique_id", values="y").dropna(axis=1).iloc[:, ::40]
    panel = panel_of(wide.to_numpy(dtype=np.float64).T, channels=("y",))
    train = panel.until(1040)
    cutoffs = np.array([1063, 1111])  # of the validation part
    truth = panel.target[:, cutoffs[:, None] + 1 + np.arange(24)]
    errors = {}
    for name in ("auto-arima", "seasonal-naive"):
        model = make_model(name, horizon=24)
        model.fit(train)
        errors[name] = np.abs(model.predict(panel, cutoffs).point - truth).mean(axis=(1, 2))
    assert np.exp(np.log(errors["auto-arima"] / errors["seasonal-naive"]).mean()) < 0.95
