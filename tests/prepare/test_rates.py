"""Counters as rates: exact, wraps undone, restarts unknown."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nettide.errors import PanelError
from nettide.prepare.grid import GridChoice, to_panel
from nettide.prepare.rates import counter_rates, rows_as_rates
from nettide.prepare.rows import Rows

QUICK = settings(derandomize=True, max_examples=60, deadline=None)


def readings(*octets: float, step: float = 300.0) -> tuple[np.ndarray, np.ndarray]:
    return step * np.arange(len(octets)), np.array(octets)


def counted(ids: list[str], seconds: list[int], octets: list[float], **changes: object) -> Rows:
    names = tuple(dict.fromkeys(ids))
    return Rows(
        origin="counters.csv",
        ids=names,
        series=np.array([names.index(one) for one in ids]),
        times=np.array(seconds, dtype="datetime64[s]").astype("datetime64[ms]"),
        channels=("octets", "load"),
        values=np.stack([np.array(octets, float), np.arange(len(ids), dtype=float)], axis=1),
        lines=np.arange(2, len(ids) + 2),
        **changes,
    )


def test_a_steady_counter_is_a_steady_rate() -> None:
    assert counter_rates(*readings(0, 3000, 6000), capacity_bps=1e9).tolist() == [80, 80]


def test_one_reading_has_no_rate() -> None:
    assert counter_rates(*readings(5), capacity_bps=1e9).shape == (0,)


def test_a_restart_is_unknown_rather_than_a_spike() -> None:
    assert np.isnan(counter_rates(*readings(5000, 40), capacity_bps=1e9)).all()


def test_a_wrap_of_32_bits_is_undone() -> None:
    rates = counter_rates(*readings(2**32 - 1000, 2000), capacity_bps=1e8, counter_bits=32)
    assert rates.tolist() == [3000 * 8 / 300]


def test_a_wrap_of_64_bits_is_undone_exactly_in_whole_numbers() -> None:
    times = np.array([0.0, 300.0])
    octets = np.array([2**64 - 1001, 1999], dtype=np.uint64)
    assert counter_rates(times, octets, capacity_bps=1e8).tolist() == [3000 * 8 / 300]


def test_a_fall_that_the_link_could_not_have_carried_is_a_restart_at_32_bits() -> None:
    assert np.isnan(counter_rates(*readings(5000, 40), capacity_bps=1e8, counter_bits=32)).all()


def test_more_than_the_link_can_carry_is_unknown_but_a_late_poll_is_not() -> None:
    full = 1e6 / 8 * 300
    rates = counter_rates(*readings(0, full, 2.05 * full, 4 * full), capacity_bps=1e6)
    np.testing.assert_allclose(rates[:2], [1e6, 1.05e6])
    assert np.isnan(rates[2])


def test_an_unknown_reading_leaves_both_its_intervals_unknown() -> None:
    assert np.isnan(counter_rates(*readings(0, np.nan, 6000, 9000), capacity_bps=1e9)).tolist() == [True, True, False]


def test_an_interval_in_which_the_counter_may_wrap_unseen_is_unknown() -> None:
    times, octets = np.array([0.0, 300.0, 3900.0]), np.array([0.0, 3000.0, 6000.0])
    assert np.isnan(counter_rates(times, octets, capacity_bps=1e8, counter_bits=32)).tolist() == [False, True]


def test_times_that_stand_still_are_refused() -> None:
    with pytest.raises(PanelError, match=r"counter times must strictly increase: 300.0 follows 300.0"):
        counter_rates(np.array([0.0, 300.0, 300.0]), np.array([1.0, 2.0, 3.0]), capacity_bps=1e9)


@pytest.mark.parametrize("capacity", [0.0, -1.0, float("nan")])
def test_a_capacity_that_is_not_positive_is_refused(capacity: float) -> None:
    with pytest.raises(PanelError, match=r"capacity .* must be positive"):
        counter_rates(*readings(1, 2), capacity_bps=capacity)
    with pytest.raises(PanelError, match=r"capacity .* must be positive"):
        rows_as_rates(counted(["a", "a"], [0, 300], [1, 2]), capacity_bps=capacity, counter_bits=64, octets=True)


@pytest.mark.parametrize("octets", [[-1.0, 2.0], [0.0, 2.0**32], [0.0, np.inf]])
def test_a_reading_that_does_not_fit_the_counter_is_refused(octets: list[float]) -> None:
    with pytest.raises(PanelError, match="is no reading of a 32 bit counter"):
        counter_rates(*readings(*octets), capacity_bps=1e8, counter_bits=32)


def test_the_highest_64_bit_reading_is_accepted_as_float_and_whole_number() -> None:
    for octets in (np.array([0, 2**64 - 1], dtype=np.uint64), np.array([0.0, float(2**64 - 1)])):
        assert np.isnan(counter_rates(np.array([0.0, 300.0]), octets, capacity_bps=1e9)).all()


@QUICK
@given(
    rates=st.lists(st.integers(0, 10**6), min_size=1, max_size=30),
    start=st.integers(0, 2**32 - 1),
    bits=st.sampled_from([32, 64]),
)
def test_a_counter_made_of_rates_gives_them_back_through_any_wrap(rates: list[int], start: int, bits: int) -> None:
    octets = np.array([(start + 60 * sum(rates[:i])) % 2**bits for i in range(len(rates) + 1)], dtype=np.float64)
    found = counter_rates(60.0 * np.arange(len(octets)), octets, capacity_bps=8e6, counter_bits=bits)
    np.testing.assert_array_equal(found, 8.0 * np.array(rates))


@QUICK
@given(
    rates=st.lists(st.integers(0, 10**6), min_size=3, max_size=30),
    start=st.integers(0, 2**62),
    at=st.integers(1, 100),
    after=st.integers(0, 2**30),
    bits=st.sampled_from([32, 64]),
)
def test_a_restart_never_makes_a_spike(rates: list[int], start: int, at: int, after: int, bits: int) -> None:
    octets = np.array([start % 2**bits + 60 * sum(rates[:i]) for i in range(len(rates) + 1)], dtype=np.float64)
    at = 1 + at % (len(octets) - 1)
    octets[at:] += after - octets[at]
    found = counter_rates(60.0 * np.arange(len(octets)), octets % 2.0**bits, capacity_bps=8e6, counter_bits=bits)
    others = np.delete(np.arange(len(rates)), at - 1)
    np.testing.assert_allclose(found[others], 8.0 * np.array(rates)[others], atol=8 * 2.0**10 / 60 if bits == 64 else 0)
    assert not found[at - 1] > 1.1 * 8e6


def test_each_rate_stands_at_the_start_of_its_interval_with_the_other_channels() -> None:
    found = rows_as_rates(
        counted(["a", "b", "a", "b", "a"], [0, 0, 300, 300, 600], [0, 0, 3000, 6000, 9000]),
        capacity_bps=1e9,
        counter_bits=64,
        octets=True,
    )
    assert found.ids == ("a", "b")
    assert found.series.tolist() == [0, 0, 1]
    assert found.times.astype("datetime64[s]").astype(int).tolist() == [0, 300, 0]
    assert found.values.tolist() == [[80, 2], [160, 4], [160, 3]]
    assert found.lines.tolist() == [4, 6, 5]
    assert found.notes == ()


def test_rates_of_rows_equal_the_rates_of_each_series_alone() -> None:
    generator = np.random.default_rng(3)
    octets = np.cumsum(generator.integers(0, 10**8, (4, 50)), axis=1) % 2**32
    times = np.cumsum(generator.integers(30, 90, (4, 50)), axis=1)
    ids = np.repeat(["a", "b", "c", "d"], 50)
    shuffled = generator.permutation(200)
    rows = counted(list(ids[shuffled]), list(times.ravel()[shuffled]), list(octets.ravel()[shuffled]))
    found = rows_as_rates(rows, capacity_bps=1e8, counter_bits=32, octets=True)
    for place, name in enumerate("abcd"):
        alone = counter_rates(
            times[place].astype(float), octets[place].astype(float), capacity_bps=1e8, counter_bits=32
        )
        np.testing.assert_array_equal(found.of(name).values[:, 0], alone)


def test_packets_are_counts_per_second() -> None:
    rows = counted(["a", "a"], [0, 300], [0, 3000])
    assert rows_as_rates(rows, capacity_bps=1e6, counter_bits=64, octets=False).values[0, 0] == 10


def test_wraps_restarts_and_sorting_are_said() -> None:
    rows = counted(["a"] * 5, [0, 60, 180, 120, 240], [2**32 - 600, 600, 50, 1800, 650])
    found = rows_as_rates(rows, capacity_bps=1e8, counter_bits=32, octets=True)
    assert np.isnan(found.values[:, 0]).tolist() == [False, False, True, False]
    assert found.notes == (
        "counters.csv: sorted by time, 1 rows came after a later one",
        "counters.csv: the counter 'octets' wrapped 1 times; 1 intervals are unknown "
        "(a restart, more than the capacity, or too long to tell)",
    )


def test_a_32_bit_counter_that_mostly_wraps_unseen_is_refused_with_the_capacity_that_would_do() -> None:
    rows = counted(["a"] * 3, [0, 300, 600], [0, 3000, 6000])
    sentence = (
        r"a 32 bit counter can wrap unseen within 300 s at 1 Gbit/s; use a 64 bit counter, read it more often, or "
        r"give a --capacity below 115 Mbit/s if the link never carries more"
    )
    with pytest.raises(PanelError, match=sentence):
        rows_as_rates(rows, capacity_bps=1e9, counter_bits=32, octets=True)


def test_a_reading_too_wide_is_refused_with_its_line() -> None:
    rows = counted(["a"] * 2, [0, 30], [0, 2**33])
    sentence = "counters.csv line 3: 'octets' is 8589934592, no reading of a 32 bit counter; the counter is wider: --c"
    with pytest.raises(PanelError, match=sentence):
        rows_as_rates(rows, capacity_bps=1e9, counter_bits=32, octets=True)


def test_differing_readings_at_one_time_are_refused_unless_one_is_chosen() -> None:
    rows = counted(["a"] * 3, [0, 300, 300], [0, 3000, 6000])
    with pytest.raises(PanelError, match=r"counters.csv line 3 and line 4: series 'a' has .* twice"):
        rows_as_rates(rows, capacity_bps=1e9, counter_bits=64, octets=True)
    found = rows_as_rates(rows, capacity_bps=1e9, counter_bits=64, octets=True, duplicates="last")
    assert found.values[:, 0].tolist() == [160]


def test_counters_read_once_have_no_rate() -> None:
    with pytest.raises(PanelError, match=r"counters.csv: no series has two readings of the counter"):
        rows_as_rates(counted(["a", "b"], [0, 0], [1, 2]), capacity_bps=1e9, counter_bits=64, octets=True)


def test_a_series_read_once_among_others_stays_as_an_empty_one() -> None:
    rates = rows_as_rates(
        counted(["a", "b", "a"], [0, 0, 300], [1, 2, 3]), capacity_bps=1e9, counter_bits=64, octets=True
    )
    panel, notes = to_panel(rates, GridChoice(step_seconds=300), unit="bit/s")
    assert panel.ids == ("a", "b")
    assert any("1 of 2 series have no reading at all: 'b'" in note for note in notes)
