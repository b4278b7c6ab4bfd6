"""Rows: where they were read, and parts of them."""

from __future__ import annotations

import numpy as np
import pytest

from nettide.errors import SourceError
from nettide.prepare.rows import Rows


def rows(**changes: object) -> Rows:
    values: dict[str, object] = {
        "origin": "traffic.csv",
        "ids": ("a", "b"),
        "series": np.array([0, 1, 0]),
        "times": np.array([0, 0, 60], dtype="datetime64[s]").astype("datetime64[ms]"),
        "channels": ("y", "packets"),
        "values": np.arange(6.0).reshape(3, 2),
        "lines": np.array([2, 3, 5]),
    }
    return Rows(**{**values, **changes})


def test_a_place_names_file_and_line() -> None:
    assert rows().place(2) == "traffic.csv line 5"
    assert rows(line_name="row").place(0) == "traffic.csv row 2"


def test_a_place_in_a_folder_names_the_file_in_it() -> None:
    found = rows(origin="links", files=("links/1.csv", "links/2.csv"), file=np.array([0, 0, 1]))
    assert found.place(2) == "links/2.csv line 5"
    assert found.take(np.array([2, 0])).place(0) == "links/2.csv line 5"


def test_the_rows_of_one_series_keep_their_places() -> None:
    found = rows().of("a")
    assert (found.ids, found.series.tolist(), found.lines.tolist()) == (("a",), [0, 0], [2, 5])
    assert found.values.tolist() == [[0, 1], [4, 5]]


def test_the_target_moves_to_the_front() -> None:
    found = rows().with_target("packets")
    assert found.channels == ("packets", "y")
    assert found.values[0].tolist() == [1, 0]


def test_an_unknown_target_is_refused_with_the_nearest() -> None:
    with pytest.raises(SourceError, match=r"traffic.csv: unknown column 'packet'; did you mean 'packets'\?"):
        rows().with_target("packet")
