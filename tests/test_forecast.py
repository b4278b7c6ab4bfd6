"""The forecast, and its way into and out of the tables of pandas, polars and pyarrow."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from nettide.errors import ForecastError, PanelError
from nettide.forecast import LEVELS, Forecast, quantile_name
from nettide.frames import Backend

BACKENDS: tuple[Backend, ...] = ("pandas", "polars", "pyarrow")
START = 1_700_000_000


def forecast(levels: tuple[float, ...] = (0.1, 0.5, 0.9), **changes: Any) -> Forecast:
    """Two series from three cutoffs, four steps ahead; one forecast unknown."""
    point = np.arange(1.0, 25.0).reshape(2, 3, 4)
    point[1, 0] = np.nan
    values: dict[str, Any] = {
        "ids": ("b", "a"),
        "units": ("bit/s", "1/s"),
        "cutoffs": START + 7200 * np.arange(3),
        "step_seconds": 3600,
        "point": point,
        "levels": levels,
        "quantiles": point[..., None] * np.linspace(0.5, 1.5, len(levels)),
    }
    return Forecast(**{**values, **changes})


def assert_same(one: Forecast, other: Forecast) -> None:
    assert (one.ids, one.units, one.step_seconds, one.levels) == (
        other.ids,
        other.units,
        other.step_seconds,
        other.levels,
    )
    for ours, theirs in (
        (one.cutoffs, other.cutoffs),
        (one.point, other.point),
        (one.quantiles, other.quantiles),
    ):
        assert (ours.dtype, ours.shape) == (theirs.dtype, theirs.shape)
        assert np.array_equal(ours, theirs, equal_nan=True)


# -- what a forecast is ---------------------------------------------------------------------------------------------


def test_target_times_follow_their_cutoff() -> None:
    assert forecast().horizon == 4
    assert forecast().seconds[1].tolist() == [START + 7200 + 3600 * step for step in (1, 2, 3, 4)]


def test_a_quantile_is_found_by_its_level() -> None:
    shown = forecast()
    assert np.array_equal(shown.quantile(0.1 + 1e-12), shown.quantiles[..., 0], equal_nan=True)
    with pytest.raises(ForecastError, match=r"no quantile level 0\.25; known: 0\.1, 0\.5, 0\.9"):
        shown.quantile(0.25)
    with pytest.raises(ForecastError, match=r"no quantile level 0\.5; known: none"):
        forecast(()).quantile(0.5)


@pytest.mark.parametrize("horizon", [0, -1, 99])
def test_steps_that_are_not_there_are_refused(horizon: int) -> None:
    with pytest.raises(ForecastError, match=rf"^horizon {horizon} is outside the forecast's 1 \.\.\. \d+ steps$"):
        forecast().first_steps(horizon)


@pytest.mark.parametrize("levels", [0.5, "0.5", ["0.5"], [[0.1, 0.9]], [0.1, [0.5, 0.9]], [None]])
def test_levels_that_are_no_numbers_are_refused(levels: Any) -> None:
    with pytest.raises(ForecastError, match=r"^quantile levels .* are no list of numbers; write for example"):
        forecast().at_levels(levels)


def test_levels_may_be_an_array() -> None:
    assert forecast().at_levels(np.array([0.2, 0.8])).levels == (0.2, 0.8)  # type: ignore[arg-type]


def test_the_first_steps_are_the_same_forecast() -> None:
    assert forecast().first_steps(2).horizon == 2
    assert forecast().first_steps(2).quantiles.shape == (2, 3, 2, 3)
    assert_same(forecast().first_steps(4), forecast())


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"point": np.ones((2, 3))}, r"forecast has shape \(2, 3\), expected \(2, 3, horizon\)"),
        ({"point": np.ones((3, 3, 4))}, r"forecast has shape \(3, 3, 4\), expected \(2, 3, horizon\)"),
        ({"units": ("bit/s",)}, "forecast has 1 units for 2 series"),
        ({"ids": ("a", "a")}, "series 'a' repeats"),
        ({"step_seconds": 0}, "step of 0 seconds must be at least one second"),
        ({"quantiles": np.ones((2, 3, 4, 2))}, r"quantiles have shape \(2, 3, 4, 2\), expected \(2, 3, 4, 3\)"),
        ({"levels": (0.5, 0.1, 0.9)}, r"quantile levels \(0\.5, 0\.1, 0\.9\) must ascend inside \(0, 1\)"),
        ({"levels": (0.1, 0.1, 0.9)}, "must ascend inside"),
        ({"levels": (0.0, 0.5, 0.9)}, "must ascend inside"),
        ({"levels": (0.1, 0.5, 1.0)}, "must ascend inside"),
        ({"levels": (0.1, 0.5, float("nan"))}, "must ascend inside"),
        ({"quantiles": np.ones((2, 3, 4, 3)) * [3, 2, 4]}, "quantiles cross"),
        ({"point": np.full((2, 3, 4), -0.5)}, r"a forecast is negative: -0\.5"),
        ({"quantiles": np.ones((2, 3, 4, 3)) * [-1, 2, 4]}, r"a forecast is negative: -1\.0"),
        ({"point": np.full((2, 3, 4), np.inf)}, "a forecast is infinite"),
        ({"quantiles": np.ones((2, 3, 4, 3)) * [1, np.inf, np.inf]}, "a forecast is infinite"),
    ],
)
def test_a_forecast_that_breaks_its_promises_is_refused(change: dict[str, Any], message: str) -> None:
    with pytest.raises(ForecastError, match=message):
        forecast(**change)


def test_columns_are_named_by_their_level() -> None:
    assert [quantile_name(level) for level in LEVELS] == [f"q0.{tenth}" for tenth in range(1, 10)]
    assert (quantile_name(0.025), quantile_name(0.99)) == ("q0.025", "q0.99")


# -- round trips ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("levels", [(), (0.5,), LEVELS, (0.00001, 0.025, 0.999)])
def test_a_pyarrow_table_restores_the_forecast_whole(levels: tuple[float, ...]) -> None:
    assert_same(Forecast.from_frame(forecast(levels).to_frame("pyarrow")), forecast(levels))


@pytest.mark.parametrize("backend", BACKENDS)
def test_units_can_be_given_beside_a_frame_that_has_none(backend: Backend) -> None:
    found = Forecast.from_frame(forecast().to_frame(backend), units=("bit/s", "1/s"))
    assert_same(found, forecast())


@pytest.mark.parametrize("backend", ["pandas", "polars"])
def test_units_are_unknown_where_nothing_keeps_them(backend: Backend) -> None:
    assert Forecast.from_frame(forecast().to_frame(backend)).units == ("", "")


@pytest.mark.parametrize("backend", BACKENDS)
def test_the_long_table_has_one_row_a_target_step(backend: Backend) -> None:
    frame = forecast().to_frame(backend)
    table = pa.Table.from_pandas(frame) if backend == "pandas" else frame.to_arrow() if backend == "polars" else frame
    assert table.column_names == ["unique_id", "cutoff", "ds", "step", "y_hat", "q0.1", "q0.5", "q0.9"]
    assert table.num_rows == 24
    assert table["ds"].type == table["cutoff"].type == pa.timestamp("ns", tz="UTC")
    assert table["step"].to_pylist()[:5] == [1, 2, 3, 4, 1]


@pytest.mark.parametrize("backend", BACKENDS)
@settings(derandomize=True, max_examples=25, deadline=None)
@given(data=st.data())
def test_any_forecast_comes_back(backend: Backend, data: st.DataObject) -> None:
    series, cutoffs, horizon = (data.draw(st.integers(1, most)) for most in (3, 3, 5))
    levels = tuple(sorted(data.draw(st.sets(st.sampled_from([0.05, *LEVELS, 0.975]), max_size=4))))
    numbers = st.floats(0, allow_infinity=False, allow_subnormal=False) | st.just(np.nan)
    point = data.draw(hnp.arrays(np.float64, (series, cutoffs, horizon), elements=numbers))
    texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=6)
    ids = tuple(data.draw(st.lists(texts, min_size=series, max_size=series, unique=True)))
    starts = sorted(data.draw(st.sets(st.integers(0, 2**32), min_size=cutoffs, max_size=cutoffs)))
    quantiles = np.repeat(point[..., None], len(levels), axis=-1)
    shown = Forecast(ids, ids, np.array(starts), data.draw(st.integers(1, 10**7)), point, levels, quantiles)
    assert_same(Forecast.from_frame(shown.to_frame(backend), units=ids), shown)


def test_rows_and_columns_may_come_in_any_order() -> None:
    frame = forecast().to_frame("pandas")
    frame = frame[["q0.9", "y_hat", "q0.1", "step", "ds", "q0.5", "cutoff", "unique_id"]]
    first = frame.iloc[[0]]
    found = Forecast.from_frame(
        pd.concat([first, frame.iloc[1:].sample(frac=1, random_state=0)]), units=("bit/s", "1/s")
    )
    assert_same(found, forecast())


def test_other_columns_do_not_matter() -> None:
    frame = forecast().to_frame("polars").with_columns(pl.lit("lstm").alias("model"), pl.lit(1.0).alias("y"))
    assert_same(Forecast.from_frame(frame, units=("bit/s", "1/s")), forecast())


# -- frames that are refused ----------------------------------------------------------------------------------------


def frame_with(**columns: Any) -> pd.DataFrame:
    frame = forecast().to_frame("pandas")
    return frame.assign(**{name: value(frame[name]) for name, value in columns.items()})


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (frame_with().iloc[:0], "forecast frame: no rows"),
        (frame_with().iloc[1:], r"forecast frame: 23 rows, expected each of \(2, 3, 4\) \(series, cutoff, step\) once"),
        (pd.concat([frame_with(), frame_with()]), "forecast frame: 48 rows, expected each of"),
        (pd.concat([frame_with().iloc[1:], frame_with().iloc[[5]]]), "forecast frame: 24 rows, expected each of"),
        (frame_with(step=lambda step: step - 1), "steps are not 1, 2, ... up to the horizon"),
        (frame_with(step=lambda step: step.replace({1: 10**9})), "steps are not 1, 2, ... up to the horizon"),
        (frame_with(step=lambda step: step + 0.5), "steps are not 1, 2, ... up to the horizon"),
        (frame_with(step=lambda step: step.where(step > 1)), "steps are not 1, 2, ... up to the horizon"),
        (
            frame_with(ds=lambda ds: ds.where(ds.index != 3, ds + pd.Timedelta("1h"))),
            r"ds 2023-11-15T03:13:20Z is not step 4 of 3600 s after its cutoff 2023-11-14T22:13:20Z",
        ),
        (frame_with(ds=lambda ds: ds.shift(4).bfill()), "is not step"),
        (frame_with(y_hat=lambda y: -y), "a forecast is negative"),
        (frame_with(**{"q0.1": lambda q: q * 10}), "quantiles cross"),
    ],
)
def test_a_frame_that_is_no_forecast_is_refused(frame: Any, message: str) -> None:
    with pytest.raises(ForecastError, match=message):
        Forecast.from_frame(frame)


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (frame_with().drop(columns="y_hat"), "forecast frame: unknown column 'y_hat'"),
        (frame_with(y_hat=lambda y: y.astype(str)), "forecast frame: column 'y_hat' is not numeric but String"),
        (
            frame_with(cutoff=lambda times: times.astype(str)),
            "forecast frame: column 'cutoff' holds no times but String",
        ),
        ("forecasts.parquet", "forecast frame: expected a pandas, polars or pyarrow frame, got str"),
    ],
)
def test_columns_of_another_type_are_refused(frame: Any, message: str) -> None:
    with pytest.raises(PanelError, match=message):
        Forecast.from_frame(frame)


def test_a_frame_whose_times_stand_still_is_refused() -> None:
    frame = frame_with()
    with pytest.raises(ForecastError, match="step of 0 seconds must be at least one second"):
        Forecast.from_frame(frame.assign(ds=frame["cutoff"]))


def test_metadata_that_is_not_ours_is_refused_or_does_not_matter() -> None:
    table = forecast().to_frame("pyarrow")
    with pytest.raises(PanelError, match="forecast frame: its 'nettide' metadata is not what nettide writes"):
        Forecast.from_frame(table.replace_schema_metadata({"nettide": "{"}))
    odd = table.replace_schema_metadata({"nettide": json.dumps({"units": 3, "step_seconds": "1h"})})
    assert_same(Forecast.from_frame(odd), replace(forecast(), units=("", "")))


# -- other levels ---------------------------------------------------------------------------------------------------

NINE = st.lists(st.floats(0, 1e12), min_size=9, max_size=9).map(sorted)
ANY_LEVELS = st.lists(
    st.floats(0, 1, exclude_min=True, exclude_max=True), min_size=1, max_size=12, unique=True
).map(sorted)  # fmt: skip


def of_quantiles(quantiles: list[float]) -> Forecast:
    values = np.array(quantiles)[None, None, None]
    return forecast(LEVELS, ids=("a",), units=("",), cutoffs=np.array([START]), point=values[..., 4], quantiles=values)


@given(NINE, ANY_LEVELS)
@settings(max_examples=200, deadline=None, derandomize=True)
def test_any_levels_ascend_are_never_negative_and_keep_those_that_are_known(
    quantiles: list[float], levels: list[float]
) -> None:
    made = of_quantiles(quantiles)
    found = made.at_levels(levels)  # a forecast that crossed, were negative or infinite would be refused
    assert found.levels == tuple(levels)
    assert found.quantiles.shape == (1, 1, 1, len(levels))
    assert np.array_equal(found.point, made.point)
    assert np.array_equal(made.at_levels(LEVELS).quantiles, made.quantiles)


def test_between_known_levels_quantiles_are_interpolated() -> None:
    found = of_quantiles([10.0 * place for place in range(1, 10)]).at_levels((0.25, 0.5, 0.62))
    assert found.quantiles[0, 0, 0] == pytest.approx([25, 50, 62])


def test_tails_are_those_of_the_exponential_distribution_where_the_quantiles_are() -> None:
    """The upper tail of an exponential distribution is known exactly, the lower one by mirroring it."""
    upper = -np.log(1 - np.array(LEVELS))
    wanted = (0.95, 0.99, 0.9999)
    assert of_quantiles(list(upper)).at_levels(wanted).quantiles[0, 0, 0] == pytest.approx(
        -np.log(1 - np.array(wanted))
    )
    lower = 100 + np.log(np.array(LEVELS))
    rare = (1e-4, 0.01, 0.05)
    assert of_quantiles(list(lower)).at_levels(rare).quantiles[0, 0, 0] == pytest.approx(100 + np.log(rare))


def test_the_lower_tail_ends_at_zero() -> None:
    found = of_quantiles([float(place) for place in range(9)]).at_levels((1e-6, 0.05, 0.5))
    assert list(found.quantiles[0, 0, 0]) == [0.0, 0.0, 4.0]


def test_what_is_unknown_stays_unknown_at_other_levels() -> None:
    found = forecast().at_levels((0.05, 0.5, 0.95))
    assert np.isnan(found.quantiles[1, 0]).all()
    assert np.isfinite(found.quantiles[0]).all()


@pytest.mark.parametrize(
    ("levels", "message"),
    [
        ((), "no quantile level is given"),
        ((0.0, 0.5), r"quantile level 0 is outside \(0, 1\); write for example 0.05,0.5,0.95"),
        ((0.5, 1.0), r"quantile level 1 is outside \(0, 1\)"),
        ((0.5, 95.0), r"quantile level 95 is outside \(0, 1\)"),
        ((float("nan"),), r"quantile level nan is outside \(0, 1\)"),
        ((0.9, 0.1), "quantile level 0.1 comes after 0.9; write them in ascending order"),
        ((0.5, 0.5), "quantile level 0.5 is given more than once"),
    ],
)
def test_levels_that_cannot_be_are_refused(levels: tuple[float, ...], message: str) -> None:
    with pytest.raises(ForecastError, match=message):
        forecast().at_levels(levels)


@pytest.mark.parametrize("levels", [(), (0.5,)])
def test_a_point_model_has_no_levels(levels: tuple[float, ...]) -> None:
    with pytest.raises(ForecastError, match="point model without quantiles: no levels can be given"):
        forecast(levels).at_levels((0.1, 0.9))


def test_levels_that_are_very_near_have_names_of_their_own() -> None:
    found = forecast().at_levels((0.9999998, 0.9999999))
    assert_same(Forecast.from_frame(found.to_frame("pyarrow")), found)
