"""Findings about times: order, repeats, steps, gaps, ends and how much history there is."""

from __future__ import annotations

import json
from typing import Literal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from quality_rows import MONDAY, found, kinds, made, only, panel_rows, rows_of, timed_rows, traffic

from nettide.arrays import Ints
from nettide.prepare.grid import GridChoice, to_panel
from nettide.prepare.quality import examine
from nettide.prepare.rows import Rows
from nettide.synthetic.config import SynthConfig
from nettide.synthetic.traffic import generate


def hours(count: int) -> Ints:
    return MONDAY + 3600 * np.arange(count)


def without(rows: Rows, drop: Ints | slice) -> Rows:
    keep = np.ones(len(rows), dtype=bool)
    keep[drop] = False
    return rows.take(np.flatnonzero(keep))


def test_span_rows_and_step_are_told() -> None:
    figures = only(rows_of(traffic(days=30))).figures
    assert (figures.first, figures.last) == ("2026-01-05T00:00:00Z", "2026-02-03T23:00:00Z")
    assert (figures.rows, figures.known, figures.step_seconds, figures.history_days) == (720, 720, 3600, 30)


@settings(max_examples=15, derandomize=True, deadline=None)
@given(seed=st.integers(0, 999))
def test_the_order_of_rows_changes_nothing_but_their_count(seed: int) -> None:
    rows = made(series=3, points=24 * 30, gaps=0.1)
    shuffled = rows.take(np.random.default_rng(seed).permutation(len(rows)))
    for one, other in zip(examine(rows).series, examine(shuffled).series, strict=True):
        assert other.figures.out_of_order > 0
        assert found(other, "order").severity == "note"
        mixed = {"out_of_order"}
        for name in one.figures.__dataclass_fields__:
            if name not in mixed:
                np.testing.assert_equal(getattr(one.figures, name), getattr(other.figures, name))


def test_rows_of_series_that_take_turns_are_in_order() -> None:
    rows = made(series=3, points=240)
    turns = rows.take(np.arange(720).reshape(3, 240).T.reshape(-1))
    assert [one.figures.out_of_order for one in examine(turns).series] == [0, 0, 0]


def test_equal_repeats_are_harmless_and_different_ones_are_not() -> None:
    values, times = traffic(), hours(24 * 91)
    verdict = only(timed_rows(np.append(times, times[[3, 4]]), np.append(values, values[[3, 4]])))
    assert found(verdict, "repeats").text == "2 rows repeated with the same values"
    assert verdict.judgement == "fit to forecast"
    verdict = only(timed_rows(np.append(times, times[[3, 4]]), np.append(values, values[[4, 4]])))
    assert found(verdict, "duplicates").text == (
        "1 row at the time of another with other values: add --duplicates first, last or mean"
    )
    assert verdict.judgement == "with care"
    assert (verdict.figures.duplicates_equal, verdict.figures.duplicates_different) == (1, 1)
    assert verdict.figures.known == 24 * 91


def test_empty_cells_repeated_are_equal() -> None:
    values = traffic()
    values[3] = np.nan
    times = hours(len(values))
    figures = only(timed_rows(np.append(times, times[3]), np.append(values, np.nan))).figures
    assert (figures.duplicates_equal, figures.duplicates_different) == (1, 0)


@pytest.mark.parametrize("empty", [True, False])
def test_absent_rows_and_empty_cells_are_both_missing(empty: bool) -> None:
    rows = rows_of(traffic())
    if empty:
        rows.values[100:130] = np.nan
        rows.values[500] = np.nan
    else:
        rows = without(without(rows, slice(500, 501)), slice(100, 130))
    verdict = only(rows)
    assert found(verdict, "missing").text == "1.4% missing in 2 gaps, the longest 30 h"
    assert found(verdict, "missing").severity == "care"
    assert (verdict.figures.gaps, verdict.figures.longest_gap) == (2, 30)


@settings(max_examples=10, derandomize=True, deadline=None)
@given(share=st.floats(0.01, 0.9), seed=st.integers(0, 99))
def test_the_share_of_gaps_is_the_planted_one(share: float, seed: int) -> None:
    made_gaps = generate(SynthConfig(series=2, points=2000, gaps=share, seed=seed))
    for row, one in enumerate(examine(panel_rows(made_gaps.panel)).series):
        known = np.flatnonzero(np.isfinite(made_gaps.panel.target[row]))
        span = known[-1] - known[0] + 1
        assert one.figures.missing == pytest.approx(1 - len(known) / span)
        assert one.figures.longest_gap == np.diff(known).max(initial=1) - 1
        assert one.figures.gaps == (np.diff(known) > 1).sum()


@pytest.mark.parametrize(("share", "severity"), [(0.02, "note"), (0.2, "care"), (0.7, "stop")])
def test_how_grave_gaps_are_depends_on_their_share(share: float, severity: str) -> None:
    rows = made()
    drop = np.flatnonzero(np.random.default_rng(0).uniform(size=len(rows)) < share)
    assert found(only(without(rows, drop)), "missing").severity == severity


def test_missing_zero_takes_absent_rows_for_no_traffic() -> None:
    rows = rows_of(traffic(series=1))
    night = np.flatnonzero(np.arange(len(rows)) % 24 < 6)
    sparse = without(rows, night)
    verdict = examine(sparse)
    assert verdict.series[0].figures.missing > 0.2
    assert verdict.notes == (
        "made: 1 series has many gaps but no value of zero; if a missing row means no traffic, add --missing zero",
    )
    filled = examine(sparse, missing="zero")
    assert (filled.series[0].figures.missing, filled.notes) == (0, ())
    assert filled.series[0].figures.daily_strength > 0.8


def test_missing_zero_does_not_fill_refused_values() -> None:
    values = traffic()
    values[[10, 11, 12]] = -5
    values[20] = np.nan
    figures = only(rows_of(values), missing="zero").figures
    assert (figures.gaps, figures.longest_gap) == (1, 3)


def test_one_odd_distance_needs_a_step() -> None:
    times = hours(24 * 91)
    times[1000:] += 60
    verdict = only(timed_rows(times, traffic()))
    assert found(verdict, "irregular").text == (
        "<0.1% of the distances between readings are uneven: say the step, --step 1h"
    )
    assert verdict.judgement == "with care"
    said = only(timed_rows(times, traffic()), step_seconds=3600)
    assert found(said, "irregular").severity == "note"
    assert said.judgement == "fit to forecast"


def test_a_poller_that_drifts_gets_the_usual_step() -> None:
    drift = np.random.default_rng(0).integers(-3, 4, 288 * 30)
    rows = timed_rows(MONDAY + 150 + 300 * np.arange(288 * 30) + drift, made(points=288 * 30, step_seconds=300).values)
    verdict = examine(rows)
    assert verdict.step_seconds == 300
    assert "say the step, --step 5min" in found(verdict.series[0], "irregular").text
    assert verdict.series[0].figures.missing == 0


@pytest.mark.parametrize("step_seconds", [None, 300])
@pytest.mark.parametrize("about", [0, 130, 298])
def test_polls_that_jitter_about_their_time_miss_no_step(about: int, step_seconds: int | None) -> None:
    jitter = np.random.default_rng(about).integers(-9, 10, 288 * 30)
    values = made(points=288 * 30, step_seconds=300).values
    rows = timed_rows(MONDAY + 300 * np.arange(288 * 30) + about + jitter, values)
    figures = only(rows, step_seconds=step_seconds).figures
    assert (figures.missing, figures.gaps, figures.known) == (0, 0, 288 * 30)


@settings(max_examples=40, derandomize=True, deadline=None)
@given(
    step=st.sampled_from([300, 3600, 86_400]),
    about=st.floats(0, 1),
    width=st.floats(0, 0.2),
    zone=st.sampled_from(["UTC", "Asia/Kolkata", "America/New_York"]),
    missing=st.sampled_from(["gap", "zero"]),
    seed=st.integers(0, 999),
)
def test_steps_that_are_known_and_missing_are_those_of_the_grid(
    step: int, about: float, width: float, zone: str, missing: Literal["gap", "zero"], seed: int
) -> None:
    chance = np.random.default_rng(seed)
    polls = np.flatnonzero(chance.uniform(size=500) < 0.8)
    rows = timed_rows(
        np.round(MONDAY + step * (polls + about + width * chance.uniform(-1, 1, len(polls)))).astype(np.int64),
        np.where(chance.uniform(size=len(polls)) < 0.1, np.nan, 1 + chance.uniform(size=len(polls))),
    )
    panel, _ = to_panel(rows, GridChoice(step_seconds=step, missing=missing), zone=zone)
    figures = only(rows, step_seconds=step, missing=missing, zone=zone).figures
    unknown = np.isnan(panel.target[0])
    edges = np.diff(np.concatenate([[False], unknown, [False]]).astype(int))
    runs = np.flatnonzero(edges == -1) - np.flatnonzero(edges == 1)
    assert figures.missing == pytest.approx(unknown.mean())
    assert (figures.gaps, figures.longest_gap) == (len(runs), runs.max(initial=0))
    if missing == "gap":
        assert figures.known == panel.steps - unknown.sum()


def test_a_series_with_a_longer_step_is_named() -> None:
    rows = made(series=3)
    slow = np.flatnonzero((rows.series == 1) & (np.arange(len(rows)) % 4 != 0))
    verdicts = examine(without(rows, slow)).series
    assert found(verdicts[1], "other-step").text == "readings come every 4h, not every 1h: add --step 4h"
    assert verdicts[1].figures.own_step_seconds == 4 * 3600
    assert "other-step" not in kinds(verdicts[0])


def test_a_coarser_step_merges_readings() -> None:
    verdict = only(rows_of(traffic()), step_seconds=86400)
    assert (verdict.figures.known, verdict.figures.missing, verdict.judgement) == (91, 0, "fit to forecast")


def test_a_series_that_ends_before_the_others_is_named() -> None:
    rows = made(series=4)
    hour = np.arange(len(rows)) % (24 * 91)
    early = ((rows.series == 1) & (hour >= 24 * 60)) | ((rows.series == 2) & (hour >= 24 * 88))
    rows.values[early] = np.nan
    first, long, short, last = examine(rows).series
    assert found(long, "ended").text == "ends 31 d before the rest of the data"
    assert (long.judgement, short.judgement) == ("not", "with care")
    assert "ended" not in kinds(first) + kinds(last)


@pytest.mark.parametrize(
    ("days", "judgement", "text"),
    [
        (5, "not", "5 d of history; an hour ahead needs 14.4 d, a day ahead needs 24 d, a week ahead needs 84 d"),
        (
            10,
            "with care",
            "10 d of history; an hour ahead needs 14.4 d, a day ahead needs 24 d, a week ahead needs 84 d",
        ),
        (20, "fit to forecast", "20 d of history; a day ahead needs 24 d, a week ahead needs 84 d"),
        (83, "fit to forecast", "83 d of history; a week ahead needs 84 d"),
    ],
)
def test_each_horizon_needs_its_history(days: int, judgement: str, text: str) -> None:
    verdict = only(rows_of(traffic(days=days)))
    assert found(verdict, "history").text == text
    assert verdict.judgement == judgement


def test_horizons_are_at_least_a_step() -> None:
    daily = only(rows_of(traffic()[::24], step=86400))
    assert [(one.horizon, one.need_days, one.enough) for one in daily.needs] == [("day", 24, True), ("week", 84, True)]
    monthly = only(rows_of(traffic()[::24], step=28 * 86400))
    assert [one.horizon for one in monthly.needs] == ["step"]


def test_a_stray_time_costs_no_memory() -> None:
    times = hours(24 * 91)
    times[0] = 0  # 1970
    verdict = only(timed_rows(times, traffic()))
    assert verdict.judgement == "not"
    assert found(verdict, "missing").text.startswith("99.6% missing in 1 gap, the longest 20")
    assert np.isnan(verdict.figures.daily_strength)


def test_the_worst_come_first_and_counts_add_up() -> None:
    rows = made(series=3)
    rows.values[rows.series == 1] = 7.0
    rows.values[np.flatnonzero(rows.series == 2)[:5]] = -1
    verdict = examine(rows)
    assert [one.id for one in verdict.worst_first()] == ["link-00002", "link-00003", "link-00001"]
    assert verdict.counts() == {"fit to forecast": 1, "with care": 1, "not": 1}
    assert verdict.finding_counts() == {"constant": 1, "negative": 1}


def test_json_holds_everything_and_null_for_the_unknown() -> None:
    document = json.loads(examine(rows_of(traffic(days=5))).to_json())
    assert document["counts"] == {"fit to forecast": 0, "with care": 0, "not": 1}
    (series,) = document["series"]
    assert series["figures"]["weekly_strength"] is None
    assert series["figures"]["history_days"] == 5
    assert series["findings"][0]["kind"] == "history"
    assert series["needs"][0] == {"horizon": "hour", "need_days": 14.42, "enough": False}
