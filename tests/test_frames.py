"""Columns in and out of data frames, and the libraries that may be absent."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from nettide.errors import PanelError
from nettide.frames import Columns, kept_document, make_table, repeated_texts, utc_times

WITHOUT = """
import sys
class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "{library}":
            raise ModuleNotFoundError(name)
sys.meta_path.insert(0, Absent())
import numpy as np
from nettide.errors import MissingExtraError
from nettide.panel import Channel, Panel, Series
panel = Panel(np.zeros((1, 2, 1)), 0, 3600, (Series("a"),), (Channel("y"),))
assert Panel.from_frame(panel.to_frame("pyarrow")).ids == ("a",)
try:
    panel.to_frame("{library}")
except MissingExtraError as error:
    print(error)
"""


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_an_absent_library_is_named_with_its_remedy(library: str) -> None:
    ran = subprocess.run(
        [sys.executable, "-c", WITHOUT.format(library=library)], check=True, capture_output=True, text=True
    )
    assert ran.stdout.strip() == f"a {library} frame needs: pip install 'nettide[{library}]'"


def test_texts_are_repeated_by_their_index() -> None:
    assert repeated_texts(("a", "ř"), np.array([1, 0, 1])).to_pylist() == ["ř", "a", "ř"]


def test_times_are_utc_to_the_nanosecond() -> None:
    times = utc_times(np.array([0, -1, 1_700_000_000]))
    assert times.type == pa.timestamp("ns", tz="UTC")
    assert times.cast(pa.int64()).to_pylist() == [0, -(10**9), 1_700_000_000 * 10**9]
    assert len(utc_times(np.array([], dtype=np.int64))) == 0


@pytest.mark.parametrize("second", [2**63 // 10**9 + 1, -(2**63) // 10**9 - 1, 2**62])
def test_times_beyond_nanoseconds_are_refused(second: int) -> None:
    with pytest.raises(PanelError, match=r"cannot be written; a frame holds the years 1678 to 2261"):
        utc_times(np.array([0, second]))


def test_a_table_keeps_a_document() -> None:
    table = make_table({"y": [1.0]}, {"unit": "µs", "nested": {"a": [1]}})
    assert kept_document(table, what="table") == {"unit": "µs", "nested": {"a": [1]}}
    assert kept_document(table.replace_schema_metadata(None), what="table") == {}
    assert kept_document(table.to_pandas(), what="table") == {}


def test_columns_are_named_in_order() -> None:
    assert Columns(pa.table({"b": [1], "a": [2]}), what="table").names == ["b", "a"]


def test_codes_follow_the_first_appearance() -> None:
    texts, codes = Columns(pa.table({"id": ["b", "a", "b", "č"]}), what="table").codes("id")
    assert texts == ("b", "a", "č")
    assert codes.tolist() == [0, 1, 0, 2]
    assert codes.dtype == np.int64


def test_chunks_are_joined() -> None:
    table = pa.concat_tables(
        [pa.table({"id": ["a"], "y": [1.0]}), pa.table({"id": ["b"], "y": pa.array([None], pa.float64())})]
    )
    columns = Columns(table, what="table")
    assert columns.codes("id")[0] == ("a", "b")
    assert np.isnan(columns.floats("y")).tolist() == [False, True]


@pytest.mark.parametrize("names", [["unique_id", "ds", 0], [("a", "b"), ("a", "c"), ("b", "c")]])
def test_columns_whose_names_are_no_texts_are_refused(names: list[object]) -> None:
    frame = pd.DataFrame([["r1", pd.Timestamp("2026-01-01"), 1.0]])
    frame.columns = pd.Index(names)
    with pytest.raises(PanelError, match=r"^panel frame: column name .* is no text; rename it$"):
        Columns(frame, what="panel frame")
