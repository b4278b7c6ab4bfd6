"""Findings about values: odd ones, counters, stuck meters, and nothing where nothing is wrong."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from quality_rows import found, kinds, made, only, rows_of, traffic

from nettide.arrays import Floats
from nettide.errors import PanelError
from nettide.prepare.quality import examine


@pytest.mark.parametrize(
    "choices",
    [
        {},
        {"noise": 0.3},
        {"events_per_month": 3},
        {"trend": 2.0},
        {"points": 365 * 24, "holidays": True},
        {"points": 288 * 90, "step_seconds": 300, "series": 8},
        {"zone": "America/New_York"},
        {"seed": 7, "zone": "Europe/Prague", "points": 8760},
    ],
)
def test_clean_traffic_raises_no_alarm(choices: dict[str, object]) -> None:
    verdict = examine(made(**{"series": 40, **choices}))
    assert {one.judgement for one in verdict.series} == {"fit to forecast"}
    assert [kinds(one) for one in verdict.series if kinds(one)] == []


def test_negative_and_infinite_values_are_counted_and_left_out() -> None:
    values = traffic()
    values[[5, 50]] = -1
    values[[100, 200, 300]] = np.inf
    verdict = only(rows_of(values))
    assert verdict.judgement == "with care"
    assert found(verdict, "negative").text == "2 negative values: add --invalid gap"
    assert found(verdict, "infinite").text == "3 infinite values: add --invalid gap"
    assert (verdict.figures.negative, verdict.figures.infinite) == (2, 3)
    assert found(verdict, "missing").text == "0.2% missing in 5 gaps, the longest 1 h"
    assert verdict.figures.least >= 0


def test_minus_infinity_is_infinite_once() -> None:
    values = traffic()
    values[3] = -np.inf
    assert (only(rows_of(values)).figures.negative, only(rows_of(values)).figures.infinite) == (0, 1)


def test_values_above_the_capacity_are_named_in_the_unit() -> None:
    values = traffic()
    values[7] = 3e12
    verdict = only(rows_of(values), capacity=1e12, unit="bit/s")
    assert found(verdict, "above-capacity").text.startswith("1 value above the capacity of 1 Tbit/s, up to 3 Tbit/s")
    assert verdict.figures.above_capacity == 1


@pytest.mark.parametrize(("value", "text"), [(0.0, "always zero"), (5e6, "never changes from 5 Mbit/s")])
def test_a_constant_series_is_not_fit(value: float, text: str) -> None:
    verdict = only(rows_of(np.full(24 * 60, value)), unit="bit/s")
    assert verdict.judgement == "not"
    assert found(verdict, "constant").text == text
    assert "stuck" not in kinds(verdict)
    assert "weak-cycles" not in kinds(verdict)


def test_an_empty_series_is_not_fit() -> None:
    verdict = only(rows_of(np.full(50, np.nan)))
    assert (verdict.judgement, kinds(verdict)) == ("not", ["empty"])
    assert found(verdict, "empty").text == "no usable reading in 50 rows"
    assert (verdict.figures.first, verdict.figures.last, verdict.figures.known) == ("", "", 0)


@pytest.mark.parametrize("count", [1, 2, 3])
def test_a_few_readings_get_a_verdict_too(count: int) -> None:
    verdict = only(rows_of(np.arange(1.0, count + 1)))
    assert verdict.judgement == "not"
    assert "history" in kinds(verdict)


def test_no_rows_are_refused() -> None:
    with pytest.raises(PanelError, match="made: no rows"):
        examine(rows_of(np.zeros(0)))


def octets(rates: Floats, *, bits: int = 64, begin: float = 1e15) -> Floats:
    """Give the readings of a counter of octets at a given rate in bits per second and hourly readings."""
    return np.mod(begin + np.cumsum(rates * 3600 / 8), 2.0**bits)


def test_a_raw_counter_is_recognised() -> None:
    verdict = only(rows_of(octets(traffic())))
    assert verdict.judgement == "not"
    assert found(verdict, "counter").text == (
        "looks like a counter, it never falls: turn it into a rate with --counter 64 --capacity SPEED"
    )


def test_a_counter_that_restarts_is_recognised() -> None:
    counter = octets(traffic())
    counter[700:] -= counter[699]
    counter[1500:] -= counter[1499]
    assert "it falls only 2 times (0 wraps, 2 restarts)" in found(only(rows_of(counter)), "counter").text


def test_a_32_bit_counter_that_wraps_is_recognised() -> None:
    counter = octets(traffic(noise=0) / traffic(noise=0).max() * 3e5, bits=32, begin=0)
    verdict = only(rows_of(counter))
    text = found(verdict, "counter").text
    assert "--counter 32" in text
    assert verdict.figures.wraps_32 == verdict.figures.falls > 5


def test_an_idle_counter_is_recognised() -> None:
    rates = traffic()
    rates[np.arange(len(rates)) % 24 < 8] = 0  # nothing at night: the counter stands still
    assert "counter" in kinds(only(rows_of(octets(rates))))


def test_steady_growth_is_no_counter() -> None:
    assert "counter" not in kinds(only(rows_of(traffic(days=364, trend=9.0))))


@pytest.mark.parametrize("factor", [1, 8])
def test_a_restart_taken_for_a_64_bit_wrap_is_recognised_in_rates(factor: int) -> None:
    values = traffic()
    values[400] = factor * (2.0**64 - 1e15) / 3600
    assert found(only(rows_of(values)), "wraps").text.startswith("1 value as large as a counter restart")


def test_a_stuck_meter_is_found_with_its_length() -> None:
    values = traffic()
    values[500:536] = values[500]
    verdict = only(rows_of(values))
    assert verdict.judgement == "with care"
    assert found(verdict, "stuck").text == "stuck at one value for 36 h; 1.6% of the readings are in such runs"


def test_a_meter_that_is_mostly_stuck_is_not_fit() -> None:
    verdict = only(rows_of(np.repeat(traffic()[::24], 24)))
    assert verdict.judgement == "not"
    assert found(verdict, "stuck").severity == "stop"


def test_zeros_at_night_are_not_stuck() -> None:
    values = traffic()
    values[np.arange(len(values)) % 24 < 16] = 0
    assert "stuck" not in kinds(only(rows_of(values)))


@settings(max_examples=20, derandomize=True, deadline=None)
@given(seed=st.integers(0, 1000), mean=st.floats(0.3, 20))
def test_small_counts_are_not_stuck(seed: int, mean: float) -> None:
    values = np.random.default_rng(seed).poisson(mean, 2000).astype(float)
    assert "stuck" not in kinds(only(rows_of(values)))


@settings(max_examples=20, derandomize=True, deadline=None)
@given(
    values=st.lists(
        st.one_of(st.floats(allow_nan=True, allow_infinity=True), st.just(0.0), st.just(1.0)), min_size=1, max_size=80
    ),
    step=st.sampled_from([1, 7, 300, 3600, 25_000, 86400, 604_800]),
)
def test_any_values_get_a_verdict(values: list[float], step: int) -> None:
    verdict = examine(rows_of(np.array(values), step=step), capacity=1.0)
    assert sum(verdict.counts().values()) == 1
    assert "NaN" not in verdict.to_json()
