"""Readings on a grid: aggregated, filled and refused as chosen, whatever the order of rows."""

from __future__ import annotations

import itertools
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nettide.errors import PanelError
from nettide.prepare.grid import GridChoice, find_step, to_panel
from nettide.prepare.order import in_order, sorting
from nettide.prepare.partial_steps import whole_ends
from nettide.prepare.rows import Rows
from nettide.prepare.slots import slots_of
from nettide.sources import Layout, read_rows

QUICK = settings(derandomize=True, max_examples=60, deadline=None)
AGGREGATES = ("mean", "max", "sum", "last")


def made(ids: list[str], seconds: list[float], values: list[float], others: list[float] | None = None) -> Rows:
    names = tuple(dict.fromkeys(ids))
    columns = [values] if others is None else [values, others]
    return Rows(
        origin="traffic.csv",
        ids=names,
        series=np.array([names.index(one) for one in ids], dtype=np.int64),
        times=(1000 * np.array(seconds)).astype(np.int64).view("datetime64[ms]"),
        channels=("y", "z")[: len(columns)],
        values=np.array(columns, dtype=np.float64).T.reshape(len(ids), len(columns)),
        lines=np.arange(2, len(ids) + 2),
    )


def grid(rows: Rows, **choice: object) -> list[list[float | None]]:
    panel, _ = to_panel(rows, GridChoice(**choice))
    return [[None if np.isnan(one) else one for one in row] for row in panel.target.tolist()]


# --- slots and aggregates


def test_slots_are_whole_divisions_of_epoch_time_and_start_at_their_beginning() -> None:
    rows = made(["a"] * 4, [3600, 7199, 7200, 10800], [1, 2, 3, 4])
    panel, _ = to_panel(rows, GridChoice(step_seconds=3600))
    assert (panel.start, panel.target.tolist()) == (3600, [[1.5, 3, 4]])


def test_slots_before_1970_are_divided_downwards() -> None:
    panel, _ = to_panel(made(["a"] * 2, [-1, 0], [1, 2]), GridChoice(step_seconds=3600))
    assert (panel.start, panel.target.tolist()) == (-3600, [[1, 2]])


def test_one_grid_spans_all_series() -> None:
    rows = made(["a", "a", "b"], [0, 60, 180], [1, 2, 3])
    assert grid(rows, step_seconds=60) == [[1, 2, None, None], [None, None, None, 3]]


@pytest.mark.parametrize(("how", "found"), [("mean", 3.0), ("max", 5.0), ("sum", 9.0), ("last", 3.0)])
def test_readings_of_a_step_become_one(how: str, found: float) -> None:
    rows = made(["a"] * 4, [0, 10, 20, 30], [1, 5, 3, np.nan])
    assert grid(rows, step_seconds=60, aggregate=how) == [[found]]


@pytest.mark.parametrize("how", AGGREGATES)
def test_a_step_of_empty_cells_stays_unknown(how: str) -> None:
    rows = made(["a"] * 6, [0, 30, 60, 90, 120, 150], [1, 1, np.nan, np.nan, 1, 1])
    assert grid(rows, step_seconds=60, aggregate=how)[0][1] is None


def test_the_last_reading_is_the_latest_in_time_not_in_the_file() -> None:
    assert grid(made(["a"] * 3, [20, 0, 10], [3, 1, 2]), step_seconds=60, aggregate="last") == [[3]]


def test_aggregation_is_said() -> None:
    _, notes = to_panel(made(["a"] * 4, [0, 30, 60, 90], [1, 2, 3, 4]), GridChoice(step_seconds=60))
    assert notes == ("traffic.csv: 4 readings became 2 steps of 1min by mean",)


def test_channels_are_aggregated_each_for_itself() -> None:
    rows = made(["a"] * 3, [0, 30, 60], [1, 3, 5], [np.nan, 7, -9])
    panel, _ = to_panel(rows, GridChoice(step_seconds=60), unit="bit/s", zone="Europe/Prague", capacity=10.0)
    assert panel.values.tolist() == [[[2, 7], [5, -9]]]
    assert [(one.name, one.unit) for one in panel.channels] == [("y", "bit/s"), ("z", "")]
    assert (panel.series[0].unit, panel.series[0].zone, panel.series[0].capacity) == ("bit/s", "Europe/Prague", 10.0)


# --- gaps


def test_gaps_stay_unknown_and_are_said() -> None:
    panel, notes = to_panel(made(["a"] * 3, [0, 60, 240], [1, 2, 3]), GridChoice())
    assert np.isnan(panel.target).tolist() == [[False, False, True, True, False]]
    assert notes == ("traffic.csv: 2 of 5 steps (40.0%) have no reading and stay unknown",)


def test_missing_zero_fills_only_between_the_first_and_last_known_step_of_an_id() -> None:
    rows = made(["a", "a", "b", "b", "c", "c"], [60, 180, 0, 240, 60, 120], [1, 2, 3, 4, np.nan, 5])
    assert grid(rows, step_seconds=60, missing="zero") == [
        [None, 1, 0, 2, None],
        [3, 0, 0, 0, 4],
        [None, None, 5, None, None],
    ]


def test_missing_zero_is_said() -> None:
    _, notes = to_panel(made(["a"] * 3, [0, 60, 240], [1, 2, 3]), GridChoice(missing="zero"))
    assert notes == ("traffic.csv: 2 of 5 steps (40.0%) have no reading and count as zero (--missing zero)",)


def test_missing_zero_treats_each_channel_by_its_own_span() -> None:
    rows = made(["a"] * 3, [0, 120, 240], [1, 2, 3], [np.nan, 5, 6])
    panel, _ = to_panel(rows, GridChoice(step_seconds=60, missing="zero"))
    np.testing.assert_array_equal(panel.values[0, :, 1], [np.nan, np.nan, 5, 0, 6])


def test_a_refused_reading_is_not_known_to_be_no_traffic() -> None:
    rows = made(["a"] * 4, [0, 60, 180, 240], [1, -5, 2, 3])
    assert grid(rows, missing="zero", invalid="gap") == [[1, None, 0, 2, 3]]


def test_steps_without_any_target_at_the_ends_are_cut_and_said() -> None:
    rows = made(["a"] * 5, [0, 60, 120, 180, 240], [np.nan, np.nan, 1, 2, np.nan])
    panel, notes = to_panel(rows, GridChoice())
    assert (panel.start, panel.target.tolist()) == (120, [[1, 2]])
    assert notes == ("traffic.csv: left out 2 steps before the first and 1 after the last known 'y'",)


def test_an_infinite_channel_is_refused_but_a_negative_one_is_not() -> None:
    rows = made(["a"] * 2, [0, 60], [1, 2], [-3, -np.inf])
    with pytest.raises(PanelError, match=r"line 3: series 'a' at 1970-01-01T00:01:00Z: 'z' is -inf, which is infinite"):
        to_panel(rows, GridChoice())
    panel, _ = to_panel(rows, GridChoice(invalid="gap"))
    np.testing.assert_array_equal(panel.values, [[[1, -3], [2, np.nan]]])


def test_no_rows_are_refused() -> None:
    with pytest.raises(PanelError, match=r"traffic.csv: no rows"):
        to_panel(made([], [], []), GridChoice())


def test_a_step_of_nothing_is_refused() -> None:
    with pytest.raises(PanelError, match="a step of 0 s must be at least one second"):
        to_panel(made(["a"], [0], [1]), GridChoice(step_seconds=0))


def test_sparse_readings_in_a_long_grid_are_each_kept() -> None:
    rows = made(["a"] * 3, [10**7, 0, 5 * 10**6], [3, 1, 2])
    panel, _ = to_panel(rows, GridChoice(step_seconds=100))
    assert (panel.steps, np.nansum(panel.target)) == (10**5 + 1, 6)
    again = made(["a"] * 4, [10**7, 0, 5 * 10**6, 10**7 + 1], [3, 1, 2, 5])
    assert np.nansum(to_panel(again, GridChoice(step_seconds=100))[0].target) == 7


# --- duplicates


@pytest.mark.parametrize(("choice", "found"), [("first", 1.0), ("last", 3.0), ("mean", 2.0)])
def test_differing_duplicates_become_what_was_chosen_and_that_is_said(choice: str, found: float) -> None:
    rows = made(["a", "a", "a", "a"], [0, 60, 0, 60], [1, 9, 3, 9])
    panel, notes = to_panel(rows, GridChoice(duplicates=choice))
    assert panel.target.tolist() == [[found, 9]]
    assert "traffic.csv: dropped 1 rows that repeat another" in notes
    assert f"traffic.csv: 1 rows gave another value for the same id and time; kept the {choice}" in notes


def test_empty_cells_that_repeat_are_equal() -> None:
    rows = made(["a"] * 3, [0, 60, 60], [1, 2, 2], [5, np.nan, np.nan])
    assert "traffic.csv: dropped 1 rows that repeat another" in to_panel(rows, GridChoice())[1]


def test_an_empty_cell_and_a_value_at_one_time_differ() -> None:
    with pytest.raises(PanelError, match=r"twice, with 'y' 2 and nan"):
        to_panel(made(["a"] * 3, [0, 60, 60], [1, 2, np.nan]), GridChoice())
    assert grid(made(["a"] * 3, [0, 60, 60], [1, 2, np.nan]), duplicates="mean") == [[1, 2]]


def test_a_repeated_reading_does_not_weigh_twice_in_a_mean() -> None:
    rows = made(["a"] * 3, [0, 30, 30], [2, 4, 4])
    assert grid(rows, step_seconds=60) == [[3]]


def test_times_of_different_series_are_no_duplicates() -> None:
    assert grid(made(["a", "b", "a", "b"], [0, 0, 60, 60], [1, 2, 3, 4])) == [[1, 3], [2, 4]]


# --- the step


def test_the_step_is_found_despite_gaps_order_and_repeats() -> None:
    finding = find_step(made(["a", "b", "a", "b", "a", "a"], [900, 0, 0, 300, 300, 900], [1, 2, 3, 4, 5, 1]))
    assert (finding.step_seconds, finding.share_regular, finding.regular) == (300, 1.0, True)


def test_series_may_stand_at_different_seconds_of_the_step() -> None:
    rows = made(["a", "b"] * 2, [0, 17, 300, 317], [1, 2, 3, 4])
    assert grid(rows) == [[1, 3], [2, 4]]


def test_an_odd_time_between_readings_is_found_with_its_place() -> None:
    finding = find_step(made(["a"] * 5, [0, 300, 600, 750, 1050], [1, 2, 3, 4, 5]))
    assert (finding.step_seconds, finding.share_regular, finding.odd_seconds) == (300, 0.75, 150.0)
    assert finding.odd_place == "traffic.csv line 5"


def test_fractions_of_a_second_are_irregular_unless_a_step_is_chosen() -> None:
    rows = made(["a"] * 4, [0, 0.1, 0.2, 0.3], [1, 2, 3, 6])
    with pytest.raises(PanelError, match=r"0.1 s after the reading before, .* choose the grid with --step"):
        to_panel(rows, GridChoice())
    assert grid(rows, step_seconds=1) == [[3]]


def test_rare_steps_longer_than_any_counting_table_are_found() -> None:
    assert find_step(made(["a"] * 3, [0, 20_000_000, 40_000_000], [1, 2, 3])).step_seconds == 20_000_000


# --- order


def test_rows_in_order_are_not_copied() -> None:
    rows = made(["a", "a", "b"], [0, 60, 0], [1, 2, 3])
    assert in_order(rows)[0] is rows


def test_rows_by_time_need_sorting_but_none_is_late() -> None:
    found, late = in_order(made(["a", "b", "a", "b"], [0, 0, 60, 60], [1, 2, 3, 4]))
    assert (found.values[:, 0].tolist(), late) == ([1, 3, 2, 4], 0)


def test_late_rows_are_counted_within_their_series() -> None:
    found, late = in_order(made(["a", "b", "a", "b", "a"], [60, 0, 0, 60, 120], [1, 2, 3, 4, 5]))
    assert (found.values[:, 0].tolist(), late) == ([3, 1, 5, 2, 4], 1)


# --- properties


@st.composite
def scattered(draw: st.DrawFn) -> Rows:
    pairs = draw(
        st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 2000)), min_size=1, max_size=60, unique=True)
    )
    values = draw(
        st.lists(st.one_of(st.floats(0, 1e12), st.just(np.nan)), min_size=len(pairs), max_size=len(pairs)).filter(
            lambda found: not np.isnan(found).all()
        )
    )
    return made([one for one, _ in pairs], [second for _, second in pairs], values)


@QUICK
@given(rows=scattered(), step=st.sampled_from([1, 7, 60, 500]))
def test_a_sum_loses_nothing(rows: Rows, step: int) -> None:
    panel, _ = to_panel(rows, GridChoice(step_seconds=step, aggregate="sum", missing="zero"))
    kept, _ = whole_ends(rows, slots_of(rows, step, zone="UTC"), order=sorting(rows)[0], events=True)
    whole = rows if kept is None else rows.take(kept)
    for name, row in zip(panel.ids, panel.target, strict=True):
        np.testing.assert_allclose(np.nansum(row), np.nansum(whole.of(name).values), rtol=1e-12)


@QUICK
@given(rows=scattered(), how=st.sampled_from(AGGREGATES), seed=st.integers(0, 99))
def test_the_order_of_rows_does_not_matter(rows: Rows, how: str, seed: int) -> None:
    shuffled = rows.take(np.random.default_rng(seed).permutation(len(rows)))
    choice = GridChoice(step_seconds=60, aggregate=how)
    one, other = to_panel(rows, choice)[0], to_panel(shuffled, choice)[0]
    assert one.start == other.start
    np.testing.assert_array_equal(one.values, other.values)


@QUICK
@given(rows=scattered(), step=st.sampled_from([1, 7, 60, 500]))
def test_a_mean_lies_between_the_smallest_and_the_largest(rows: Rows, step: int) -> None:
    means, _ = to_panel(rows, GridChoice(step_seconds=step))
    most, _ = to_panel(rows, GridChoice(step_seconds=step, aggregate="max"))
    opposite = replace(rows, values=1e12 - rows.values)
    least, _ = to_panel(opposite, GridChoice(step_seconds=step, aggregate="max"))
    slack = 1e-3  # of values up to 1e12
    assert not (means.values > most.values + slack).any()
    assert not (means.values < 1e12 - least.values - slack).any()


@QUICK
@given(rows=scattered(), step=st.sampled_from([7, 60]), how=st.sampled_from(AGGREGATES))
def test_zeros_are_filled_everywhere_within_and_never_outside_the_known_span(rows: Rows, step: int, how: str) -> None:
    gaps, _ = to_panel(rows, GridChoice(step_seconds=step, aggregate=how))
    zeros, _ = to_panel(rows, GridChoice(step_seconds=step, aggregate=how, missing="zero"))
    for before, after in zip(gaps.target, zeros.target, strict=True):
        known = np.flatnonzero(~np.isnan(before))
        inside = slice(known[0], known[-1] + 1) if len(known) else slice(0, 0)
        np.testing.assert_array_equal(after[inside], np.nan_to_num(before[inside]))
        assert np.isnan(np.delete(after, np.arange(len(after))[inside])).all()


@QUICK
@given(rows=scattered())
def test_a_grid_turned_back_into_rows_gives_the_same_grid(rows: Rows) -> None:
    panel, _ = to_panel(rows, GridChoice(step_seconds=60))
    count, steps = panel.target.shape
    again = made(list(np.repeat(panel.ids, steps)), list(np.tile(panel.seconds, count)), list(panel.target.reshape(-1)))
    np.testing.assert_array_equal(to_panel(again, GridChoice(step_seconds=60))[0].values, panel.values)


# --- against an independent grid, on real data


def reference(path: Path, *, step: str, aggregate: str, missing: str, target: str) -> tuple[list[str], np.ndarray, int]:
    """The grid of the published scoring rules, in pandas."""
    import pandas as pd

    table = pd.read_parquet(path)
    table["slot"] = pd.to_datetime(table["ds"], utc=True).dt.floor(step)
    table[target] = table[target].astype("float64")
    wide = table.pivot_table(index="slot", columns="unique_id", values=target, aggfunc=aggregate)
    wide = wide.reindex(pd.date_range(wide.index[0], wide.index[-1], freq=step))
    if missing == "zero":
        known = wide.notna()
        wide = wide.fillna(0.0).where(known.cummax() & known[::-1].cummax()[::-1])
    return list(wide.columns), wide.to_numpy().T, int(wide.index[0].timestamp())


@pytest.mark.data
@pytest.mark.parametrize(
    ("name", "step", "aggregate", "missing", "partial"),
    [
        ("cesnet_ip_hourly", "1h", "mean", "zero", (0, 0)),
        ("cesnet_ip_hourly", "1D", "max", "gap", (0, 0)),
        ("milan_cells_hourly", "1h", "mean", "gap", (0, 0)),
        ("isp_eu_5min", "1h", "last", "gap", (0, 0)),
        ("nab_aws_network_5min", "15min", "mean", "gap", (1, 1)),
    ],
)
def test_the_grid_is_that_of_the_scoring_rules(
    data: Path, name: str, step: str, aggregate: str, missing: str, partial: tuple[int, int]
) -> None:
    path = data / f"{name}.parquet"
    seconds = {"1h": 3600, "1D": 86400, "15min": 900}[step]
    choice = GridChoice(step_seconds=seconds, aggregate=aggregate, missing=missing)
    panel, _ = to_panel(read_rows(str(path), Layout(channels=())), choice)
    ids, wanted, start = reference(path, step=step, aggregate=aggregate, missing=missing, target="y")
    before = (panel.start - start) // seconds
    assert (before, wanted.shape[1] - before - panel.steps) == partial
    whole = wanted[:, before : before + panel.steps]
    found = panel.target[[panel.ids.index(one) for one in ids]]
    left_out = np.isnan(found) & ~np.isnan(whole)  # partial ends of series, where no reading means unknown
    known = ~np.isnan(whole)
    ends = np.zeros_like(left_out)
    rows = np.flatnonzero(known.any(axis=1))
    ends[rows, known[rows].argmax(axis=1)] = True
    ends[rows, known.shape[1] - 1 - known[rows, ::-1].argmax(axis=1)] = True
    assert not (left_out & ~ends).any()
    assert not left_out.any() or missing == "gap"
    np.testing.assert_allclose(found[~left_out], whole[~left_out], rtol=1e-12)


@pytest.mark.data
@pytest.mark.parametrize("name", ["isp_eu_5min", "nab_aws_network_5min", "milan_cells_hourly"])
def test_the_step_of_real_data_is_found(data: Path, name: str) -> None:
    rows = read_rows(str(data / f"{name}.parquet"), Layout())
    assert find_step(rows).step_seconds == (3600 if "hourly" in name else 300)


def test_every_choice_works_with_every_other() -> None:
    rows = made(["a"] * 7, [0, 60, 60, 120, 300, 360, 360], [1, 2, 2, -3, 4, 5, 6])
    for step, how, missing, kept in itertools.product(
        (None, 120), AGGREGATES, ("gap", "zero"), ("first", "last", "mean")
    ):
        choice = GridChoice(step_seconds=step, aggregate=how, missing=missing, invalid="gap", duplicates=kept)
        panel, notes = to_panel(rows, choice)
        assert panel.step_seconds == (step or 60)
        assert len(notes) >= 4
