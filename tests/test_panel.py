"""The panel, and its way into and out of the tables of pandas, polars and pyarrow."""

from __future__ import annotations

import json
import time
from dataclasses import FrozenInstanceError, replace
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from nettide.errors import PanelError
from nettide.frames import Backend
from nettide.panel import Channel, Panel, Series, smallest_gap

BACKENDS: tuple[Backend, ...] = ("pandas", "polars", "pyarrow")
START = 1_700_000_000


def panel(values: Any = None, *, step: int = 3600, ids: tuple[str, ...] = ("a", "b")) -> Panel:
    if values is None:
        values = np.arange(2.0 * 3 * 2).reshape(2, 3, 2)
        values[0, 1, 0] = np.nan
    values = np.asarray(values, dtype=np.float64)
    channels = tuple(Channel(name) for name in ("y", "load", "loss")[: values.shape[2]])
    return Panel(values, START, step, tuple(Series(one) for one in ids), channels)


def same(one: Panel, other: Panel) -> bool:
    """Bit for bit, NaN included."""
    facts = [(it.start, it.step_seconds, it.series, it.channels, it.values.shape) for it in (one, other)]
    return facts[0] == facts[1] and one.values.tobytes() == other.values.tobytes()


# -- what a panel is ------------------------------------------------------------------------------------------------


def test_times_are_utc_and_regular() -> None:
    shown = panel()
    assert shown.seconds.tolist() == [START, START + 3600, START + 7200]
    assert shown.times.dtype == np.dtype("datetime64[s]")
    assert str(shown.times[0]) == "2023-11-14T22:13:20"
    assert (shown.ids, shown.steps) == (("a", "b"), 3)


def test_the_target_is_a_view_of_the_first_channel() -> None:
    shown = panel()
    assert np.shares_memory(shown.target, shown.values)
    assert shown.target.shape == (2, 3)


def test_parts_of_a_panel() -> None:
    shown = panel()
    assert shown.until(2).steps == 2
    assert np.shares_memory(shown.until(2).values, shown.values)
    assert shown.select([1]).ids == ("b",)
    assert shown.select([1, 0]).values[0].tobytes() == shown.values[1].tobytes()
    assert shown.only_target().values.shape == (2, 3, 1)
    assert np.isnan(shown.extended(2).values[:, 3:]).all()
    assert shown.extended(2).steps == 5


def test_the_unit_of_a_series_is_its_own_or_that_of_the_target() -> None:
    mixed = replace(
        panel(), series=(Series("a", "1/s"), Series("b")), channels=(Channel("y", "bit/s"), Channel("load"))
    )
    assert mixed.units == ("1/s", "bit/s")
    assert panel().units == ("", "")


@pytest.mark.parametrize(("step", "seconds", "steps"), [(3600, 604_800, 168), (300, 86_400, 288), (86_400, 3600, 1)])
def test_steps_of_a_period(step: int, seconds: int, steps: int) -> None:
    assert panel(step=step).steps_per(seconds) == steps


def test_a_panel_cannot_be_changed_in_place() -> None:
    with pytest.raises(FrozenInstanceError):
        panel().start = 0  # type: ignore[misc]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"values": np.zeros((2, 3))}, r"panel values have shape \(2, 3\), expected \(2, time, 2\)"),
        ({"values": np.zeros((1, 3, 2))}, r"have shape \(1, 3, 2\), expected \(2, time, 2\)"),
        ({"values": np.zeros((2, 3, 1))}, r"have shape \(2, 3, 1\), expected \(2, time, 2\)"),
        ({"values": np.zeros((2, 3, 2), dtype=np.float32)}, "panel values are float32, expected float64"),
        ({"values": np.zeros((2, 3, 0)), "channels": ()}, "a panel needs at least one channel, the target"),
        ({"step_seconds": 0}, "step of 0 seconds must be at least one second"),
        ({"series": (Series("a"), Series("a"))}, "series 'a' appears more than once"),
        ({"channels": (Channel("y"), Channel("y"))}, "channel 'y' appears more than once"),
    ],
)
def test_a_panel_that_contradicts_itself_is_refused(change: dict[str, Any], message: str) -> None:
    with pytest.raises(PanelError, match=message):
        replace(panel(), **change)


def test_an_infinite_value_is_named_with_its_place() -> None:
    values = np.zeros((2, 3, 2))
    values[1, 2, 1] = -np.inf
    with pytest.raises(
        PanelError, match=r"series 'b', channel 'load': infinite value at 2023-11-15T00:13:20Z; replace it"
    ):
        panel(values)


@pytest.mark.parametrize("zone", ["Mars/Olympus", "", "../etc/passwd", "Europe/Prag"])
def test_a_zone_that_does_not_exist_is_refused(zone: str) -> None:
    with pytest.raises(PanelError, match=rf"series 'a': time zone '{zone}' does not exist; write for example Europe/P"):
        Series("a", zone=zone)


@pytest.mark.parametrize("capacity", [0.0, -1.0, float("nan")])
def test_a_capacity_that_is_not_positive_is_refused(capacity: float) -> None:
    with pytest.raises(PanelError, match=rf"series 'a': capacity {capacity} must be positive"):
        Series("a", capacity=capacity)


# -- round trips ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("backend", BACKENDS)
def test_values_come_back_bit_for_bit(backend: Backend) -> None:
    assert same(Panel.from_frame(panel().to_frame(backend)), panel())


def test_a_pyarrow_table_restores_the_panel_whole() -> None:
    described = replace(
        panel(),
        series=(Series("a", "bit/s", "Europe/Prague", 1e10, {"site": "Brno"}), Series("b", "1/s")),
        channels=(Channel("y"), Channel("load", "%")),
        step_seconds=7200,
    )
    assert same(Panel.from_frame(described.to_frame("pyarrow")), described)


@pytest.mark.parametrize("backend", ["pandas", "polars"])
def test_descriptions_can_be_given_beside_a_frame_that_has_none(backend: Backend) -> None:
    series = (Series("b", "bit/s"), Series("a", "bit/s"))
    channels = (Channel("load", "%"), Channel("y", "bit/s"))
    found = Panel.from_frame(panel().to_frame(backend), series=series, channels=channels, step_seconds=3600)
    assert (found.series, found.channels) == (series, channels)
    assert found.values[0, :, 1].tobytes() == panel().values[1, :, 0].tobytes()


@pytest.mark.parametrize("backend", BACKENDS)
@settings(derandomize=True, max_examples=25, deadline=None)
@given(
    values=hnp.arrays(
        np.float64,
        st.tuples(st.integers(1, 3), st.integers(2, 5), st.integers(1, 3)),
        elements=st.floats(allow_infinity=False, allow_subnormal=False),
    ),
    ids=st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=8), min_size=3, max_size=3, unique=True),
    step=st.integers(1, 366 * 86_400),
)
def test_any_panel_comes_back(backend: Backend, values: Any, ids: list[str], step: int) -> None:
    shown = panel(values, step=step, ids=tuple(ids[: len(values)]))
    found = Panel.from_frame(shown.to_frame(backend))
    assert (found.ids, found.start, found.step_seconds) == (shown.ids, START, step)
    assert np.array_equal(found.values, shown.values, equal_nan=True)
    assert np.array_equal(np.signbit(found.values[found.values == 0]), np.signbit(shown.values[shown.values == 0]))


@pytest.mark.parametrize("backend", BACKENDS)
def test_the_long_table_has_the_names_and_types_of_forecasting_libraries(backend: Backend) -> None:
    frame = panel().to_frame(backend)
    names = frame.column_names if backend == "pyarrow" else list(frame.columns)
    assert names == ["unique_id", "ds", "y", "load"]
    table = pa.Table.from_pandas(frame) if backend == "pandas" else frame.to_arrow() if backend == "polars" else frame
    assert table["ds"].type == pa.timestamp("ns", tz="UTC")
    assert table["unique_id"].to_pylist() == ["a", "a", "a", "b", "b", "b"]


def test_thousands_of_series_are_read_in_seconds() -> None:
    count, steps = 2_000, 1344
    values = np.random.default_rng(0).random((count, steps, 1))
    frame = panel(values, ids=tuple(f"link-{place}" for place in range(count))).to_frame("polars")
    started = time.process_time()
    found = Panel.from_frame(frame)
    assert time.process_time() - started < 2
    assert found.values.tobytes() == values.tobytes()


# -- frames as people have them -------------------------------------------------------------------------------------


def long_frame(**columns: Any) -> pd.DataFrame:
    times = pd.to_datetime(["2026-03-01 00:00", "2026-03-01 01:00", "2026-03-01 02:00"] * 2)
    given = {"unique_id": ["a"] * 3 + ["b"] * 3, "ds": times, "y": np.arange(6.0)}
    return pd.DataFrame({**given, **columns})


def test_times_without_a_zone_are_utc() -> None:
    assert Panel.from_frame(long_frame()).start == pd.Timestamp("2026-03-01", tz="UTC").timestamp()


def test_times_of_another_zone_become_utc() -> None:
    frame = long_frame()
    frame["ds"] = frame["ds"].dt.tz_localize("Europe/Prague")
    for one in (frame, pl.from_pandas(frame), pa.Table.from_pandas(frame)):
        assert Panel.from_frame(one).start == pd.Timestamp("2026-02-28 23:00", tz="UTC").timestamp()


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_times_of_any_resolution_are_read(unit: str) -> None:
    frame = long_frame()
    frame["ds"] = frame["ds"].astype(f"datetime64[{unit}]")
    expected = Panel.from_frame(long_frame())
    assert same(Panel.from_frame(frame), expected)
    assert same(Panel.from_frame(pa.Table.from_pandas(frame)), expected)
    if unit != "s":
        assert same(Panel.from_frame(pl.from_pandas(frame)), expected)


def test_dates_are_days() -> None:
    days = pd.date_range("2026-03-01", periods=6)
    table = pa.table({"unique_id": ["a"] * 6, "ds": pa.array(days).cast(pa.date32()), "y": np.arange(6.0)})
    for frame in (table, pl.from_arrow(table)):
        found = Panel.from_frame(frame)
        assert (found.step_seconds, found.steps) == (86_400, 6)


def test_rows_may_come_in_any_order() -> None:
    frame = long_frame().sample(frac=1, random_state=1)
    found = Panel.from_frame(frame)
    assert set(found.ids) == {"a", "b"}
    for place, one in enumerate(found.ids):
        assert found.values[place, :, 0].tolist() == ([0, 1, 2] if one == "a" else [3, 4, 5])


def test_absent_rows_and_nulls_are_unknown() -> None:
    frame = long_frame(y=[0.0, None, 2.0, 3.0, np.nan, 5.0]).drop(index=5)
    for one in (frame, pl.from_pandas(frame), pa.Table.from_pandas(frame, preserve_index=False)):
        values = Panel.from_frame(one).target
        assert np.isnan(values).tolist() == [[False, True, False], [False, True, True]]


@pytest.mark.parametrize("kind", ["float32", "int64", "uint8", "Int64", "Float64", "float64[pyarrow]"])
def test_numbers_of_any_type_are_read(kind: str) -> None:
    found = Panel.from_frame(long_frame(y=pd.Series(range(6)).astype(kind)))
    assert found.values.dtype == np.float64
    assert found.target.tolist() == [[0, 1, 2], [3, 4, 5]]


def test_missing_numbers_of_nullable_types_are_unknown() -> None:
    for kind in ("Int64", "Float64", "float64[pyarrow]"):
        found = Panel.from_frame(long_frame(y=pd.array([0, None, 2, 3, 4, 5], dtype=kind)))
        assert np.isnan(found.target[0, 1])


def test_a_column_of_nothing_is_unknown() -> None:
    assert np.isnan(Panel.from_frame(long_frame(y=[None] * 6)).target).all()
    table = pa.table(
        {**pa.Table.from_pandas(long_frame(), preserve_index=False).drop("y").to_pydict(), "y": [None] * 6}
    )
    assert np.isnan(Panel.from_frame(table).target).all()


@pytest.mark.parametrize("kind", ["category", "string", "object", "string[pyarrow]"])
def test_ids_of_any_text_type_are_read_in_order_of_appearance(kind: str) -> None:
    frame = long_frame(unique_id=pd.Series(["b"] * 3 + ["a"] * 3).astype(kind))
    assert Panel.from_frame(frame).ids == ("b", "a")


def test_numbers_as_ids_become_texts() -> None:
    assert Panel.from_frame(long_frame(unique_id=[7] * 3 + [5] * 3)).ids == ("7", "5")


def test_a_table_of_which_a_part_is_left_keeps_the_descriptions_of_that_part() -> None:
    described = replace(panel(), series=(Series("a", "bit/s"), Series("b", "1/s")))
    table = described.to_frame("pyarrow")
    found = Panel.from_frame(table.slice(3))
    assert found.series == (Series("b", "1/s"),)
    later = panel(ids=("a", "c")).to_frame("pyarrow").slice(3)
    both = Panel.from_frame(pa.concat_tables([table.slice(3), later]))
    assert both.series == (Series("b", "1/s"), Series("c"))


def test_a_step_may_be_a_number_of_numpy() -> None:
    assert type(Panel.from_frame(long_frame(), step_seconds=np.int64(3600)).step_seconds) is int


def test_the_smallest_gap_of_times() -> None:
    assert smallest_gap(np.array([7200, 0, 3600, 0, 3600, 10_800])) == 3600


# -- frames that are refused ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        ([1, 2], "panel frame: expected a pandas, polars or pyarrow frame, got list"),
        (pl.LazyFrame({"y": [1]}), "panel frame: expected a pandas, polars or pyarrow frame, got LazyFrame"),
        (long_frame().drop(columns="ds"), r"panel frame: unknown column 'ds'; .*known: unique_id, y"),
        (long_frame().rename(columns={"unique_id": "uniqe_id"}), "unknown column 'unique_id'; did you mean 'uniqe_id'"),
        (long_frame().iloc[:0], "panel frame: no rows"),
        (long_frame(y=list("abcdef")), "column 'y' is not numeric but String"),
        (long_frame(y=pd.date_range("2026", periods=6)), "column 'y' is not numeric but Datetime"),
        (long_frame(ds=["2026-03-01"] * 6), "column 'ds' holds no times but String; turn it into times first"),
        (long_frame(ds=range(6)), "column 'ds' holds no times but Int64"),
        (long_frame(ds=[pd.NaT, *pd.date_range("2026", periods=5)]), "column 'ds' holds 1 empty times"),
        (long_frame(ds=pd.date_range("2026", periods=6, freq="100ms")), "column 'ds' holds fractions of a second"),
        (long_frame(ds=pd.date_range("2026", periods=6, freq="1ns")), "column 'ds' holds fractions of a second"),
        (long_frame(unique_id=[None, *"abcde"]), "column 'unique_id' holds 1 empty values"),
        (
            long_frame(y=[1.0, 2.0, np.inf, 3.0, 4.0, 5.0]),
            r"series 'a', channel 'y': infinite value at 2026-03-01T02:00",
        ),
        (long_frame().iloc[:1], "panel frame: a single time does not tell the step; give step_seconds"),
        (long_frame()[["unique_id", "ds"]], "a panel needs at least one channel, the target"),
    ],
)
def test_a_frame_that_is_no_panel_is_refused(frame: Any, message: str) -> None:
    with pytest.raises(PanelError, match=message):
        Panel.from_frame(frame)


def test_repeated_column_names_are_refused() -> None:
    twice = pd.concat([long_frame(), long_frame()[["y"]]], axis=1)
    table = pa.Table.from_pandas(long_frame())
    for frame in (twice, table.append_column("y", table["y"])):
        with pytest.raises(PanelError, match=r"panel frame: column names must differ from each other: .*unique"):
            Panel.from_frame(frame)


def test_a_repeated_time_is_named() -> None:
    frame = pd.concat([long_frame(), long_frame().iloc[[4]]])
    for one in (frame, frame.sample(frac=1, random_state=3)):
        with pytest.raises(PanelError, match=r"panel frame: series 'b' has time 2026-03-01T01:00:00Z twice"):
            Panel.from_frame(one)


def test_a_time_off_the_grid_is_named() -> None:
    with pytest.raises(
        PanelError, match=r"time 2026-03-01T01:00:00Z is off the grid of 2h that starts at 2026-03-01T00:00:00Z"
    ):
        Panel.from_frame(long_frame(), step_seconds=7200)


@pytest.mark.parametrize("step", [0, -60, 0.5])
def test_a_step_that_is_no_whole_second_is_refused(step: Any) -> None:
    with pytest.raises(PanelError, match=rf"step of {step} seconds must be a whole number of at least one second"):
        Panel.from_frame(long_frame(), step_seconds=step)


def test_a_frame_far_sparser_than_its_grid_is_refused_before_memory_runs_out() -> None:
    times = pd.to_datetime(["2000-01-01 00:00:00", "2000-01-01 00:00:01", "2026-01-01 00:00:00"])
    frame = pd.DataFrame({"unique_id": ["a"] * 3, "ds": times, "y": [1.0, 2.0, 3.0]})
    with pytest.raises(PanelError, match=r"3 rows would fill 1 series x 820540801 steps of 1s; give a longer step"):
        Panel.from_frame(frame)


def test_a_series_without_a_description_is_named() -> None:
    with pytest.raises(PanelError, match="panel frame: series 'b' has no description"):
        Panel.from_frame(long_frame(), series=[Series("a")])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "its 'nettide' metadata is not what nettide writes; remove it"),
        ("[]", "its 'nettide' metadata is not what nettide writes; remove it"),
        (json.dumps({"series": [{"name": "a"}]}), "its 'nettide' metadata describes no series"),
        (json.dumps({"series": 3}), "its 'nettide' metadata describes no series"),
        (json.dumps({"channels": ["y"]}), "its 'nettide' metadata describes no channels"),
        (json.dumps({"step_seconds": "1h"}), "step of 1h seconds must be a whole number"),
        (json.dumps({"series": [{"id": "a", "zone": "nowhere"}]}), "time zone 'nowhere' does not exist"),
    ],
)
def test_metadata_that_is_not_ours_is_refused(text: str, message: str) -> None:
    table = panel().to_frame("pyarrow").replace_schema_metadata({"nettide": text})
    with pytest.raises(PanelError, match=message):
        Panel.from_frame(table)


def test_a_channel_named_like_a_key_cannot_be_written() -> None:
    clash = replace(panel(), channels=(Channel("y"), Channel("ds")))
    with pytest.raises(PanelError, match="channel 'ds' has the name of another column of the long table; rename it"):
        clash.to_frame("pyarrow")


def test_times_that_a_frame_cannot_hold_are_refused() -> None:
    with pytest.raises(
        PanelError, match=r"times 2300-\S+Z to 2300-\S+Z cannot be written; a frame holds the years 1678"
    ):
        replace(panel(), start=330 * 31_557_600).to_frame("pyarrow")
