"""Steps, quantities and their texts."""

from __future__ import annotations

import math
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nettide.errors import UnitError
from nettide.units import parse_duration, parse_quantity, parse_step, si_text, step_text


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("30s", 30),
        ("5min", 300),
        ("5m", 300),
        ("1h", 3600),
        ("h", 3600),
        (" 2 H ", 7200),
        ("1d", 86_400),
        ("1D", 86_400),
        ("1w", 604_800),
        ("366d", 366 * 86_400),
    ],
)
def test_steps_are_read(text: str, seconds: int) -> None:
    assert parse_step(text) == seconds


@pytest.mark.parametrize(
    "text", ["", "5", "1.5h", "-1h", "1 hour", "5 min utes", "x", "1M", "M", "٣h", "9" * 5000 + "s"]
)
def test_other_steps_are_refused(text: str) -> None:
    expected = re.escape(f"step {text!r} is not understood; write for example 30s, 5min, 1h, 1d or 1w")
    with pytest.raises(UnitError, match=expected):
        parse_step(text)


def test_a_step_of_nothing_is_refused() -> None:
    with pytest.raises(UnitError, match=r"step '0s' must be longer than zero"):
        parse_step("0s")


@pytest.mark.parametrize("text", ["53w", "367d", "999999999999w"])
def test_a_step_of_more_than_a_year_is_refused(text: str) -> None:
    with pytest.raises(UnitError, match=rf"step '{text}' must not be longer than a year"):
        parse_step(text)


@pytest.mark.parametrize(
    ("seconds", "text"), [(1, "1s"), (90, "90s"), (300, "5min"), (5400, "90min"), (86_400, "1d"), (1_209_600, "2w")]
)
def test_steps_are_written_in_their_largest_whole_unit(seconds: int, text: str) -> None:
    assert step_text(seconds) == text


@settings(derandomize=True, max_examples=200)
@given(st.integers(1, 366 * 86_400))
def test_a_written_step_is_read_back(seconds: int) -> None:
    assert parse_step(step_text(seconds)) == seconds


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("0", 0.0),
        ("100M", 1e8),
        ("10G", 1e10),
        ("2.5e9", 2.5e9),
        ("2.5 Mbit/s", 2.5e6),
        ("10Gbps", 1e10),
        (" 1 kb/s ", 1e3),
        ("1E", 1e18),
        ("1E3", 1e3),
    ],
)
def test_quantities_are_read(text: str, number: float) -> None:
    assert parse_quantity(text) == number


@pytest.mark.parametrize(
    "text", ["", "G", "-1G", "1.2.3", "1e999", "nan", "inf", "10 GiB", "10g", "1,5G", ".", "1 MB/s"]
)
def test_other_quantities_are_refused(text: str) -> None:
    expected = re.escape(f"quantity {text!r} is not understood; write for example 100M, 10G or 2.5e9")
    with pytest.raises(UnitError, match=expected):
        parse_quantity(text)


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (1.94e12, "bit/s", "1.94 Tbit/s"),
        (1.94e12, "", "1.94 T"),
        (0.0, "bit/s", "0 bit/s"),
        (-0.0, "", "0"),
        (999.4, "bit/s", "999 bit/s"),
        (999.6, "bit/s", "1 kbit/s"),
        (-2.5e6, "B/s", "-2.5 MB/s"),
        (0.0125, "s", "12.5 ms"),
        (1e-9, "s", "1 ns"),
        (1e21, "bit/s", "1000 Ebit/s"),
        (math.nan, "bit/s", "–"),
        (math.inf, "bit/s", "–"),
    ],
)
def test_values_are_written_with_prefix_and_unit(value: float, unit: str, text: str) -> None:
    assert si_text(value, unit) == text


def test_more_digits_may_be_asked_for() -> None:
    assert si_text(123_456.0, "bit/s", digits=5) == "123.46 kbit/s"


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (4_790.0, "Mbit/s", "4.79 Gbit/s"),
        (0.911, "Gbit/s", "911 Mbit/s"),
        (1.5, "kB/s", "1.5 kB/s"),
        (12.0, "min", "12 min"),
        (12e3, "Mice", "12 kMice"),
        (1500.0, "pps", "1.5 kpps"),
    ],
)
def test_a_unit_that_has_a_prefix_gets_no_second_one(value: float, unit: str, text: str) -> None:
    assert si_text(value, unit) == text


@settings(derandomize=True, max_examples=300)
@given(st.floats(1.0, 1e20))
def test_a_written_value_is_read_back_to_three_digits(value: float) -> None:
    assert parse_quantity(si_text(value, "bit/s")) == pytest.approx(value, rel=0.005)


@settings(derandomize=True, max_examples=300)
@given(st.floats(allow_nan=False, allow_infinity=False, allow_subnormal=False), st.integers(1, 12))
def test_any_number_is_written_with_one_to_three_digits_before_the_point(value: float, digits: int) -> None:
    text = si_text(value, digits=digits)
    number = float(text.split()[0])
    if 1e-18 <= abs(value) < 9e20:
        assert 1 <= abs(number) <= 1000
    assert math.copysign(1, number) == math.copysign(1, value) or number == 0


@pytest.mark.parametrize(
    ("text", "seconds"), [("90s", 90), ("10m", 600), ("10min", 600), (" 1.5 h ", 5400), ("1d", 86_400)]
)
def test_a_duration_is_a_number_and_a_unit(text: str, seconds: float) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize("text", ["", "10", "m", "-1m", "1e3s", "ten minutes", "10M", "inf s"])
def test_a_duration_that_is_not_understood_is_refused(text: str) -> None:
    with pytest.raises(UnitError, match=re.escape(f"time {text!r} is not understood; write for example 90s, 10m or")):
        parse_duration(text)


def test_a_duration_of_zero_is_refused() -> None:
    with pytest.raises(UnitError, match="time '0s' must be longer than zero"):
        parse_duration("0s")
