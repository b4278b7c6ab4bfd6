"""Occasions: what a panel is told of the future, and that it keeps it."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from nettide.errors import PanelError
from nettide.frames import Backend
from nettide.occasions import Occasion, occasion_document, occasion_from
from nettide.panel import Channel, Panel, Series

HOUR = 3600
FAIR = Occasion("event", 1000, 8000, "fair", ("a",))
NIGHT = Occasion("maintenance", 500, 900, "night")


def panel(*ids: str) -> Panel:
    series = tuple(Series(one) for one in ids or ("a", "b"))
    return Panel(np.ones((len(series), 3, 2)), 0, HOUR, series, (Channel("y"), Channel("load")))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"kind": "party"}, r"occasion 'fair': unknown kind 'party'; known: event, holiday, maintenance"),
        ({"kind": "holidays"}, r"unknown kind 'holidays'; did you mean 'holiday'\? known: "),
        ({"end": 1000}, r"occasion 'fair': end 1000 does not come after start 1000; exchange them"),
        ({"start": 0.5}, r"occasion 'fair': start 0.5 is no whole epoch second"),
        ({"end": "noon"}, r"occasion 'fair': end 'noon' is no whole epoch second"),
        ({"series": "ab"}, r"occasion 'fair': series 'ab' must be a tuple of ids"),
    ],
)
def test_an_occasion_that_cannot_be_is_refused(change: dict[str, Any], message: str) -> None:
    with pytest.raises(PanelError, match=message):
        replace(FAIR, **change)


def test_occasions_touch_what_they_overlap_and_not_what_they_meet() -> None:
    assert FAIR.touches(7999, 9000)
    assert FAIR.touches(0, 1001)
    assert not FAIR.touches(8000, 9000)
    assert not FAIR.touches(0, 1000)


def test_a_document_of_an_occasion_is_json_and_gives_it_back() -> None:
    assert occasion_from(json.loads(json.dumps(occasion_document(FAIR)))) == FAIR


def test_a_panel_gathers_occasions_in_order_and_each_once() -> None:
    told = panel().with_occasions([FAIR]).with_occasions([NIGHT, FAIR, NIGHT])
    assert told.occasions == (NIGHT, FAIR)
    assert panel().occasions == ()


def test_an_occasion_of_a_series_that_is_not_there_is_refused() -> None:
    with pytest.raises(PanelError, match=r"event 'fair' concerns unknown series 'a'; there are 1 others"):
        panel("b").with_occasions([FAIR])
    with pytest.raises(PanelError, match=r"unknown series 'link-1'; did you mean 'link-2'\?"):
        panel("link-2").with_occasions([replace(FAIR, series=("link-1",))])


def test_every_part_of_a_panel_keeps_its_occasions() -> None:
    told = panel().with_occasions([FAIR, NIGHT])
    for part in (told.until(1), told.select([1]), told.only_target(), told.extended(4)):
        assert part.occasions == (NIGHT, FAIR)


@pytest.mark.parametrize("backend", ["pandas", "polars", "pyarrow"])
def test_a_pyarrow_table_keeps_occasions_and_other_frames_the_values(backend: Backend) -> None:
    told = panel().with_occasions([FAIR, NIGHT])
    back = Panel.from_frame(told.to_frame(backend))
    assert back.occasions == (told.occasions if backend == "pyarrow" else ())
    assert back.values.tobytes() == told.values.tobytes()


@pytest.mark.parametrize(
    "occasions",
    [3, [3], ["fair"], [{}], [{"kind": "event"}], [{**occasion_document(FAIR), "place": "hall"}],
     [{**occasion_document(FAIR), "name": 3}], [{**occasion_document(FAIR), "series": [3]}],
     [{**occasion_document(FAIR), "series": None}]],
)  # fmt: skip
def test_metadata_that_describes_no_occasions_is_refused(occasions: Any) -> None:
    table = panel().to_frame("pyarrow").replace_schema_metadata({"nettide": json.dumps({"occasions": occasions})})
    with pytest.raises(PanelError, match="its 'nettide' metadata describes no occasions; remove it"):
        Panel.from_frame(table)


def test_ten_thousand_maintenance_windows_of_as_many_links_are_gathered_at_once() -> None:
    links = panel(*(f"link-{place}" for place in range(10_000)))
    windows = [Occasion("maintenance", place, place + HOUR, series=(f"link-{place}",)) for place in range(10_000)]
    began = time.process_time()
    assert len(links.with_occasions(windows).occasions) == 10_000
    assert time.process_time() - began < 2
