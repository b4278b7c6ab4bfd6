"""The parts of the search: tails, breaks, words, scores, baselines."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nettide.insight.anomalies_baselines import BASELINES, flags_of_baseline, rolling_mean, seasonal_median
from nettide.insight.anomalies_breaks import find_gaps, find_stuck
from nettide.insight.anomalies_rolling import groups_by_span, pace_for
from nettide.insight.anomalies_scores import LabelScore, judged_points, runs, score_flags
from nettide.insight.anomalies_tails import Tails
from nettide.insight.anomalies_words import Facts, incident_text, lasting_text, range_text
from nettide.panel import Channel, Panel, Series


def panel_of(values: np.ndarray, step_seconds: int = 3600) -> Panel:
    names = tuple(Series(f"link-{row}") for row in range(len(values)))
    return Panel(values[:, :, None].copy(), 0, step_seconds, names, (Channel("y"),))


@pytest.mark.parametrize(("shape", "chance"), [(0.0, 1e-3), (0.2, 1e-3), (0.4, 1e-3), (0.2, 2e-4)])
def test_a_fitted_tail_finds_the_quantile_of_a_known_one(shape: float, chance: float) -> None:
    uniform = np.random.default_rng(0).uniform(size=(20, 20_000))
    ratio = uniform**-shape - 1 if shape else -np.log(uniform)
    limit = Tails.fitted(ratio / (shape or 1.0)).limit(chance)
    truth = (chance**-shape - 1) / shape if shape else -np.log(chance)
    assert np.median(limit) == pytest.approx(truth, rel=0.1)


@settings(derandomize=True, max_examples=50)
@given(st.lists(st.floats(-10, 1000), max_size=60), st.floats(1e-8, 0.05))
def test_a_limit_has_the_chance_that_was_asked_for(distances: list[float], chance: float) -> None:
    tails = Tails.fitted(np.array([distances]).reshape(1, -1))
    limit = tails.limit(chance)
    assert np.isfinite(limit).all()
    assert limit[0] >= tails.edge[0] > 0
    if chance <= tails.share[0]:
        assert tails.chance(limit[:, None])[0, 0] == pytest.approx(chance, rel=1e-6)


def test_where_nothing_is_known_yet_bands_are_believed() -> None:
    empty, unknown = Tails.fitted(np.empty((2, 0))), Tails.fitted(np.full((2, 9), np.nan))
    for one in (empty, unknown):
        np.testing.assert_allclose(one.edge, 1.0)
        np.testing.assert_allclose(one.share, 0.1)


def test_a_gap_must_be_longer_than_those_before() -> None:
    values = np.ones((1, 200))
    for start, length in ((10, 4), (30, 4), (50, 4), (70, 5), (100, 13)):
        values[0, start : start + length] = np.nan
    found = [(one.start, one.end, one.noticed) for one in find_gaps(values, least=3)]
    assert found == [(10, 14, 12), (30, 34, 32), (50, 54, 52), (100, 113, 112)]
    assert list(find_gaps(np.full((1, 9), np.nan), least=3)) == []


def test_what_comes_before_the_first_reading_is_no_gap() -> None:
    values = np.append(np.full(50, np.nan), np.ones(50))[None, :]
    assert list(find_gaps(values, least=3)) == []


def test_a_run_of_equal_readings_must_be_longer_than_those_before() -> None:
    values = np.random.default_rng(0).normal(size=(1, 300))
    values[0, 50:55] = 1.0
    values[0, 100:112] = 2.0  # not more than three times five
    values[0, 200:250] = 3.0
    (one,) = find_stuck(values, least=6, warm=24)
    assert (one.start, one.end, one.noticed) == (200, 250, 236)
    assert list(find_stuck(values[:, 195:], least=6, warm=24)) == []


def facts(**changes: object) -> Facts:
    made = {
        "kind": "above", "value": 5.67e9, "expected": 1.35e9, "low": 1.1e9, "high": 1.6e9, "unit": "bit/s",
        "zone": "UTC", "peak": 1_767_668_400, "start": 1_767_664_800, "seconds": 11_400, "step_seconds": 300,
        "accepted": False, "ongoing": False,
    }  # fmt: skip
    return Facts(**(made | changes))  # type: ignore[arg-type]  # the test names fields of any type


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({}, "4.2 times the usual for Tuesday 03:00, 5.67 Gbit/s, expected 1.1 to 1.6 Gbit/s; for 3 h 10 min"),
        ({"seconds": 300}, "4.2 times the usual for Tuesday 03:00, 5.67 Gbit/s, expected 1.1 to 1.6 Gbit/s"),
        ({"value": 1.62e9, "seconds": 300},
         "20 % above the usual for Tuesday 03:00, 1.62 Gbit/s, expected 1.1 to 1.6 Gbit/s"),
        ({"kind": "below", "value": 0.27e9, "seconds": 300, "ongoing": True},
         "80 % below the usual for Tuesday 03:00, 270 Mbit/s, expected 1.1 to 1.6 Gbit/s, to the end of the data"),
        ({"expected": 0.0, "low": 0.0, "high": 1e3, "seconds": 300},
         "5.67 Gbit/s on Tuesday 03:00, where next to nothing is usual, expected 0 to 1 kbit/s"),
        ({"kind": "below", "value": 0.0, "seconds": 300, "accepted": True},
         "0 bit/s on Tuesday 03:00, next to nothing, expected 1.1 to 1.6 Gbit/s, then taken as the new level"),
        ({"kind": "silent", "value": 0.0},
         "no traffic for 3 h 10 min from Tuesday 02:00, expected 1.1 to 1.6 Gbit/s"),
        ({"kind": "gap", "value": float("nan"), "expected": float("nan")},
         "no readings for 3 h 10 min from Tuesday 02:00"),
        ({"kind": "stuck", "expected": float("nan")},
         "the same reading, 5.67 Gbit/s, for 3 h 10 min from Tuesday 02:00: readings changed before"),
    ],
)  # fmt: skip
def test_incidents_are_told_in_words(changes: dict[str, object], text: str) -> None:
    assert incident_text(facts(**changes)) == text


def test_ranges_and_lengths_are_written_short() -> None:
    assert range_text(9e8, 1.6e9, "bit/s") == "900 Mbit/s to 1.6 Gbit/s"
    assert range_text(5.0, 5.0, "") == "about 5"
    assert [lasting_text(one) for one in (30, 300, 3600, 5400, 86_400, 90_000, 86_430)] == [
        "30 s", "5 min", "1 h", "1 h 30 min", "1 d", "1 d 1 h", "1 d",
    ]  # fmt: skip


def test_windows_and_points_are_scored_as_defined() -> None:
    marks = np.zeros((2, 40), dtype=np.bool_)
    flag, labelled = marks
    labelled[5:10] = labelled[20:30] = True
    flag[[6, 8, 15, 35]] = True
    score = score_flags(flag, labelled, np.ones(40, dtype=np.bool_), join=2)
    assert score == LabelScore(2, 1, 3, 1, 15, 4, 2)
    assert (score.precision, score.recall, score.f1) == (1 / 3, 1 / 2, pytest.approx(0.4))
    assert (score.point_precision, score.point_recall) == (1 / 2, 2 / 15)
    assert score + score == LabelScore(4, 2, 6, 2, 30, 8, 4)


def test_point_scores_are_those_of_scikit_learn() -> None:
    from sklearn.metrics import f1_score, precision_score, recall_score

    flag, labelled = np.random.default_rng(0).uniform(size=(2, 500)) < 0.3
    score = score_flags(flag, labelled, np.ones(500, dtype=np.bool_), join=0)
    for ours, theirs in ((score.point_precision, precision_score), (score.point_recall, recall_score)):
        assert ours == pytest.approx(theirs(labelled, flag))
    assert score.point_f1 == pytest.approx(f1_score(labelled, flag))


def test_scores_without_labels_or_alarms_are_unknown_or_zero() -> None:
    assert np.isnan(LabelScore().f1)
    assert LabelScore(windows=2).f1 == 0.0
    assert np.isnan(LabelScore(windows=2).precision)


def test_only_known_points_after_some_history_are_judged() -> None:
    values = np.array([[1.0, np.nan, 1.0, 1.0, np.nan, 1.0]])
    np.testing.assert_array_equal(judged_points(values, warm=2), [[False, False, False, True, False, True]])
    assert runs(np.array([1, 0, 0, 1, 1], dtype=np.bool_), join=1) == [(0, 1), (3, 5)]


def test_the_rolling_mean_and_spread_are_those_of_numpy() -> None:
    values = 1e9 + np.random.default_rng(0).normal(0, 1e6, (2, 100))
    values[0, 40:50] = np.nan
    mean, spread = rolling_mean(panel_of(values))
    for step in (30, 45, 60, 99):
        before = values[0, step - 24 : step]
        assert mean[0, step] == pytest.approx(np.nanmean(before))
        assert spread[0, step] == pytest.approx(np.nanstd(before), rel=1e-3)


def test_the_seasonal_median_is_of_the_same_time_of_earlier_days() -> None:
    values = np.random.default_rng(0).uniform(size=(1, 24 * 20))
    middle, spread = seasonal_median(panel_of(values))
    step = 24 * 18 + 5
    same = np.array([values[0, step - 24 * back + shift] for back in range(1, 15) for shift in (-1, 0, 1)])
    assert middle[0, step] == pytest.approx(np.median(same))
    assert spread[0, step] == pytest.approx(1.4826 * np.median(np.abs(same - np.median(same))))
    assert np.isnan(middle[0, :20]).all()


@pytest.mark.parametrize("name", BASELINES)
def test_a_baseline_finds_a_spike_and_does_not_look_ahead(name: str) -> None:
    hours = np.arange(24 * 28)
    values = (2 + np.sin(2 * np.pi * hours / 24)) * np.random.default_rng(0).normal(1, 0.05, (1, len(hours)))
    values[0, 500] *= 5
    flags = flags_of_baseline(name, panel_of(values))
    assert flags[0, 500]
    changed = values.copy()
    changed[0, 501:] = 0.5
    np.testing.assert_array_equal(flags_of_baseline(name, panel_of(changed))[0, :501], flags[0, :501])


def test_series_are_grouped_by_the_time_in_which_they_are_known() -> None:
    values = np.full((4, 100), np.nan)
    values[0, :50], values[1, 2:52], values[2, 60:] = 1.0, 1.0, 1.0
    assert list(groups_by_span(panel_of(values))) == [([0, 1], 0, 52), ([2], 60, 100)]


@pytest.mark.parametrize(
    ("step_seconds", "horizon", "stride", "reach"),
    [(300, 336, 12, 36), (3600, 48, 12, 48), (3600, 24, 12, 24), (3600, 7, 3, 6), (3600, 1, 1, 1), (86_400, 30, 1, 7)],
)
def test_the_pace_fits_the_model(step_seconds: int, horizon: int, stride: int, reach: int) -> None:
    pace = pace_for(step_seconds, horizon)
    assert (pace.stride, pace.reach) == (stride, reach)
