"""Charts as data: texts that cannot do harm, lines that keep their peaks."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from nettide.arrays import Floats
from nettide.report.drawing import Figure, Thinning, label, numbers, outlined, same, shortened, times

lines = arrays(
    np.float64,
    st.integers(1, 400),
    elements=st.one_of(st.just(float("nan")), st.floats(0, 1e12, allow_subnormal=False)),
)
properties = settings(derandomize=True, max_examples=100, deadline=None)


def test_a_text_that_looks_like_html_is_shown_as_it_is() -> None:
    assert label("<b>a & b</b>") == "&lt;b&gt;a &amp; b&lt;/b&gt;"
    assert label("%{y}") == "%&#123;y}"
    assert label("two\nlines\x00") == "two lines "


def test_a_long_text_is_shortened() -> None:
    assert len(label("x" * 200)) == 60
    assert shortened("abcdef", 4) == "abc…"
    assert shortened("abcd", 4) == "abcd"


def test_json_cannot_end_the_script_it_stands_in() -> None:
    figure = Figure("a", "", "", [{"name": "</script><!--&"}], {"title": "<script>"}, ["2024-01-01", None])
    text = figure.to_json()
    assert not set("<>&") & set(text)
    assert json.loads(text)["data"] == [{"name": "</script><!--&"}]


def test_numbers_keep_five_digits_and_unknown_ones_break_the_line() -> None:
    assert numbers(np.array([1.23456789e12, np.nan, 0.0, 1.23456789e-12])) == [1.2346e12, None, 0.0, 1.2346e-12]


def test_times_show_seconds_only_where_there_are_some() -> None:
    assert times(np.array([0, 3600])) == ["1970-01-01 00:00", "1970-01-01 01:00"]
    assert times(np.array([0, 30])) == ["1970-01-01 00:00:00", "1970-01-01 00:00:30"]


def test_the_outline_of_a_band_goes_forth_and_back_in_each_known_piece() -> None:
    low, high = np.array([1.0, 2.0, np.nan, 4.0]), np.array([5.0, 6.0, 7.0, 8.0])
    assert outlined(low, high) == ([0, 1, 1, 0, None, 3, 3], [5.0, 6.0, 2.0, 1.0, None, 8.0, 4.0])
    assert outlined(np.array([np.nan]), np.array([1.0])) == ([], [])


def test_a_short_line_is_drawn_whole() -> None:
    thinning = Thinning(5, most=5)
    line = np.array([1.0, np.nan, 3.0, 2.0, 5.0])
    assert not thinning.thins
    np.testing.assert_array_equal(thinning.positions(), np.arange(5))
    for drawn in (thinning.values(line), thinning.lowest(line), thinning.highest(line)):
        np.testing.assert_array_equal(drawn, line)


def test_the_last_steps_are_drawn_whole() -> None:
    thinning = Thinning(1000, most=100, whole_tail=40)
    line = np.random.default_rng(0).uniform(size=1000)
    np.testing.assert_array_equal(thinning.positions()[-40:], np.arange(960, 1000))
    np.testing.assert_array_equal(thinning.values(line)[-40:], line[-40:])


@properties
@given(line=lines, most=st.integers(2, 40))
def test_a_thinned_line_keeps_its_peaks_and_troughs_and_stays_short(line: Floats, most: int) -> None:
    thinning = Thinning(len(line), most=most)
    positions, drawn = thinning.positions(), thinning.values(line)
    assert positions.shape == drawn.shape
    assert len(drawn) <= max(most, 2)
    assert (np.diff(positions) >= 0).all()
    assert 0 <= positions.min() <= positions.max() < len(line)
    if np.isnan(line).all():
        assert np.isnan(drawn).all()
        return
    assert np.nanmax(drawn) == np.nanmax(line)
    assert np.nanmin(drawn) == np.nanmin(line)
    assert set(drawn[~np.isnan(drawn)]) <= set(line[~np.isnan(line)])


@properties
@given(line=lines, most=st.integers(2, 40))
def test_a_thinned_band_holds_every_value_of_the_whole_one(line: Floats, most: int) -> None:
    thinning = Thinning(len(line), most=most)
    low, high = thinning.lowest(line), thinning.highest(line)
    known = ~np.isnan(thinning.values(line))
    assert (low[known] <= thinning.values(line)[known]).all()
    assert (thinning.values(line)[known] <= high[known]).all()
    if known.any():
        assert (np.nanmin(low), np.nanmax(high)) == (np.nanmin(line), np.nanmax(line))


@pytest.mark.parametrize(("texts", "expected"), [(["a", "a"], "a"), (["a", "b"], ""), ([], "")])
def test_a_text_that_all_share_is_given_once(texts: list[str], expected: str) -> None:
    assert same(texts) == expected
