"""Findings about shape: strength of cycles, wrong clocks and level shifts."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from quality_rows import found, kinds, made, only, panel_rows, rows_of, timed_rows, traffic

from nettide.prepare.cycles import compressed, cycle_strength, measured_day, moving_mean, row_median
from nettide.prepare.quality import examine
from nettide.prepare.shifts import find_shifts
from nettide.synthetic.config import SynthConfig
from nettide.synthetic.traffic import generate


def gaps_in(values: np.ndarray, share: float, seed: int = 0) -> np.ndarray:
    return np.where(np.random.default_rng(seed).uniform(size=values.shape) < share, np.nan, values)


@settings(max_examples=30, derandomize=True, deadline=None)
@given(seed=st.integers(0, 999), width=st.integers(1, 9), share=st.floats(0, 1))
def test_row_median_is_the_median_of_the_known(seed: int, width: int, share: float) -> None:
    values = gaps_in(np.random.default_rng(seed).normal(size=(6, width)), share, seed)
    for row, median in zip(values, row_median(values), strict=True):
        known = row[np.isfinite(row)]
        np.testing.assert_equal(median, np.median(known) if len(known) else np.nan)


@pytest.mark.parametrize("period", [2, 3, 7, 24])
def test_moving_mean_is_the_centred_mean_and_keeps_a_line(period: int) -> None:
    line = np.arange(60.0)[None]
    mean = moving_mean(line, period)[0]
    half = period // 2
    np.testing.assert_allclose(mean[half:-half], line[0, half:-half])
    assert np.isnan(mean[:half]).all()
    assert np.isnan(mean[-half:]).all()


def test_strength_is_one_for_a_pure_cycle_and_near_zero_for_noise() -> None:
    generator = np.random.default_rng(0)
    wave = np.tile(np.sin(np.arange(24) / 24 * 2 * np.pi), 30)
    noise = generator.normal(size=(200, 720))
    both = cycle_strength(np.stack([wave, wave + noise[0] * np.sqrt(0.5)]), 24)
    assert both[0] == pytest.approx(1)
    assert both[1] == pytest.approx(0.5, abs=0.1)  # equal variances
    assert cycle_strength(noise, 24).mean() < 0.03
    assert cycle_strength(noise[:, :72], 24).mean() < 0.15


def test_strength_agrees_with_a_plain_computation() -> None:
    values = np.random.default_rng(1).gamma(2, size=24 * 20) + np.tile(np.arange(24.0), 20)
    kernel = np.r_[0.5, np.ones(23), 0.5] / 24
    rest = values[12:-12] - np.convolve(values, kernel, mode="valid")
    slot = np.arange(12, len(values) - 12) % 24
    cycle = np.array([rest[slot == one].mean() for one in range(24)])
    remainder = rest - cycle[slot]
    corrected = (remainder**2).sum() * len(rest) / (len(rest) - 24)
    expected = 1 - corrected / ((rest - rest.mean()) ** 2).sum()
    assert cycle_strength(values[None], 24)[0] == pytest.approx(expected)


def test_strength_needs_three_periods() -> None:
    values = np.random.default_rng(0).normal(size=(1, 48))
    assert np.isnan(cycle_strength(values, 24)).all()


def test_strength_survives_gaps_and_bursts() -> None:
    values = traffic()[None]
    whole = cycle_strength(compressed(values), 24)[0]
    assert cycle_strength(compressed(gaps_in(values, 0.3)), 24)[0] == pytest.approx(whole, abs=0.05)
    burst = values.copy()
    burst[0, 1000] *= 500
    assert cycle_strength(compressed(burst), 24)[0] > whole - 0.2


def test_cycles_off_is_said() -> None:
    verdict = only(made(cycles=False, noise=0.2, trend=0))
    assert verdict.judgement == "with care"
    assert found(verdict, "weak-cycles").text == "no daily or weekly cycle stands out: expect wide bands"


@settings(max_examples=12, derandomize=True, deadline=None)
@given(lost=st.floats(0.012, 0.08), seed=st.integers(0, 30))
def test_a_clock_that_runs_wrong_is_measured(lost: float, seed: int) -> None:
    # samples really come every 5 min / (1 - lost), and the file says 5 min
    true = generate(
        SynthConfig(series=1, points=288 * 60, step_seconds=300, events_per_month=0, seed=seed, holidays=False)
    ).panel.target[0]
    seen = np.interp(np.arange(0, len(true) - 1, 1 / (1 - lost)), np.arange(len(true)), true)
    verdict = only(rows_of(seen, step=300))
    assert verdict.figures.measured_day_steps == pytest.approx(288 * (1 - lost), rel=0.003)
    assert found(verdict, "clock").text.startswith("the daily cycle repeats every 2")
    assert "not 288: check the clock" in found(verdict, "clock").text


def test_summer_time_is_no_wrong_clock() -> None:
    verdict = only(made(points=8760, zone="America/New_York"))
    assert verdict.figures.measured_day_steps == 24


def test_noise_has_no_clock() -> None:
    noise = np.random.default_rng(0).gamma(2, size=(100, 24 * 60))
    assert (measured_day(noise, 24) == 1).all()


@pytest.mark.parametrize("shifts", [1, 3])
def test_planted_shifts_are_found_with_day_and_size(shifts: int) -> None:
    config = SynthConfig(series=40, points=8760, shifts=shifts, events_per_month=1)
    traffic = generate(config)
    seen = {one.id: one.figures.shifts for one in examine(panel_rows(traffic.panel)).series}
    truth = [one for one in traffic.events if one.kind == "shift"]
    right = 0
    for one in truth:
        day = np.datetime64(one.start, "s").astype("datetime64[D]")
        near = [other for other in seen[one.series] if abs((np.datetime64(other.date) - day).astype(int)) <= 2]
        right += any(other.ratio == pytest.approx(one.size, rel=0.15) for other in near)
    assert right >= 0.95 * len(truth)
    assert sum(map(len, seen.values())) <= 1.03 * len(truth)


def test_a_shift_is_graver_when_it_is_recent() -> None:
    values = traffic()
    values[24 * 40 :] *= 1.8
    old = found(only(rows_of(values)), "level-shift")
    assert (old.severity, old.text) == ("note", old.text)
    assert old.text.endswith("since 2026-02-14")
    assert old.text.startswith("level +")
    values = traffic()
    values[24 * 80 :] /= 20
    recent = found(only(rows_of(values)), "level-shift")
    assert recent.severity == "care"
    assert recent.text.startswith(("level / 19", "level / 20", "level / 21"))


def test_one_holiday_week_is_no_shift() -> None:
    values = traffic()
    values[24 * 35 : 24 * 42] *= 0.4
    assert "level-shift" not in kinds(only(rows_of(values)))


def test_a_shift_is_found_on_daily_steps() -> None:
    values = made(points=120, step_seconds=86400).values[:, 0].copy()
    values[60:] *= 3
    (shift,) = only(rows_of(values, step=86400)).figures.shifts
    assert (shift.date, shift.days_ago) == ("2026-03-06", 59)
    assert shift.ratio == pytest.approx(3, rel=0.1)


@settings(max_examples=20, derandomize=True, deadline=None)
@given(seed=st.integers(0, 999), days=st.integers(1, 60), share=st.floats(0, 1))
def test_shifts_of_any_days_are_found_or_not_but_never_fail(seed: int, days: int, share: float) -> None:
    daily = gaps_in(np.random.default_rng(seed).gamma(0.3, size=(4, days)), share, seed)
    for shifts in find_shifts(daily):
        assert all(np.isfinite(one.ratio) and 0 < one.day < days for one in shifts)
        assert len({one.day for one in shifts}) == len(shifts)


def test_steps_that_do_not_divide_a_day_get_no_strength() -> None:
    figures = only(timed_rows(7 * 3600 * np.arange(400), traffic()[:400])).figures
    assert np.isnan([figures.daily_strength, figures.weekly_strength, figures.measured_day_steps]).all()
