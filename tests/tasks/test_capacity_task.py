"""Capacity of the links of a file: units, lists of capacities, what is left out."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from nettide.errors import OptionError, SourceError, StoreError, UnitError
from nettide.insight.capacity_choice import CapacityChoice
from nettide.insight.capacity_words import outlook_text
from nettide.panel import Channel, Panel, Series
from nettide.tasks.capacity import CapacityResult, capacity, check_page, write_page
from nettide.tasks.capacity_file import read_capacities
from nettide.tasks.capacity_units import as_bits, bits_a_second
from nettide.tasks.load import Reading

FEW = CapacityChoice(paths=200)


def traffic_file(folder: Path, ids: tuple[str, ...] = ("core-in", "core-out", "edge"), *, days: int = 60) -> str:
    chance = np.random.default_rng(0)
    lines = ["unique_id,ds,y"]
    for place, id in enumerate(ids):
        for day in range(days):
            when = np.datetime64("2026-01-05") + day
            lines.append(f"{id},{when},{1e9 * (place + 1) * 1.004**day * np.exp(0.03 * chance.standard_normal()):.0f}")
    path = folder / "links.csv"
    path.write_text("\n".join(lines) + "\n")
    return str(path)


def listing(folder: Path, *rows: str, header: str = "unique_id,capacity") -> str:
    path = folder / "capacities.csv"
    path.write_text("\n".join([header, *rows]) + "\n")
    return str(path)


def run(
    location: str, *, capacities: str | None = None, series: str | None = None, **reading: object
) -> CapacityResult:
    return capacity(location, Reading(**reading), FEW, capacities=capacities, series=series)  # type: ignore[arg-type]


def test_one_capacity_holds_for_every_series_and_the_most_urgent_comes_first(tmp_path: Path) -> None:
    found = run(traffic_file(tmp_path), capacity=4e9, unit="bit/s")
    assert [one.id for one in found.outlooks] == ["edge", "core-out", "core-in"]
    assert {one.capacity for one in found.outlooks} == {4e9}
    assert found.title == "links.csv"


def test_a_list_names_series_and_links_of_two_directions(tmp_path: Path) -> None:
    places = listing(tmp_path, "core,10G", "core-out,20 Gbit/s", "gone,1G")
    found = run(traffic_file(tmp_path), capacities=places, unit="bit/s")
    assert {one.id: one.capacity for one in found.outlooks} == {"core-in": 1e10, "core-out": 2e10}
    assert "1 of 3 series have no capacity, left out: 'edge'" in found.notes
    assert "1 capacities are of series that the data does not have: 'gone'" in found.notes


def test_a_capacity_for_all_stands_where_the_list_is_silent(tmp_path: Path) -> None:
    found = run(traffic_file(tmp_path), capacities=listing(tmp_path, "edge,40G"), capacity=1e10)
    assert {one.id: one.capacity for one in found.outlooks} == {"core-in": 1e10, "core-out": 1e10, "edge": 4e10}


def test_data_without_any_capacity_is_refused(tmp_path: Path) -> None:
    message = "no series of the data has a capacity: add --capacity 10G, or --capacities FILE with their names"
    with pytest.raises(OptionError, match=f"{message}, such as 'core-in'"):
        run(traffic_file(tmp_path))
    with pytest.raises(OptionError, match=message):
        run(traffic_file(tmp_path), capacities=listing(tmp_path, "gone,1G"))
    with pytest.raises(OptionError, match="capacity 0 must be positive; leave --capacity out if it is unknown"):
        run(traffic_file(tmp_path), capacity=0.0)


def test_one_series_can_be_asked_for(tmp_path: Path) -> None:
    location = traffic_file(tmp_path)
    (one,) = run(location, capacity=1e10, series="core-in").outlooks
    assert (one.id, one.link, one.direction) == ("core-in", "core", "in")
    together = {one.id: one.crossings for one in run(location, capacity=1e10).outlooks}
    assert one.crossings == together["core-in"]
    with pytest.raises(OptionError, match="unknown series 'cor-in'; did you mean 'core-in'"):
        run(location, capacity=1e10, series="cor-in")
    with pytest.raises(OptionError, match="series 'edge' has no capacity: add --capacity 10G"):
        run(location, capacities=listing(tmp_path, "core,10G"), series="edge")


def test_bytes_a_second_are_compared_as_bits(tmp_path: Path) -> None:
    bits = run(traffic_file(tmp_path), capacity=3e10, unit="bit/s").outlooks
    found = run(traffic_file(tmp_path), capacity=3e10, unit="bytes/s")
    assert "values in bytes/s are compared in bit/s (x 8)" in found.notes
    assert {one.unit for one in found.outlooks} == {"bit/s"}
    now = {one.id: one.now for one in bits}
    assert all(one.now == pytest.approx(8 * now[one.id]) for one in found.outlooks)


@pytest.mark.parametrize(
    ("unit", "factor"),
    [("bit/s", 1), ("Mbit/s", 1e6), ("bps", 1), ("Gbps", 1e9), ("B/s", 8), ("kB/s", 8e3), ("MiB/s", 8 * 1024**2),
     ("octets/s", 8), ("b/s", 1), ("requests/s", None), ("", None), ("%", None), ("bytes", None), ("kibit/s", None)],
)  # fmt: skip
def test_units_that_are_rates_of_bits_or_bytes_are_known(unit: str, factor: float | None) -> None:
    assert bits_a_second(unit) == factor


def test_a_panel_takes_its_own_capacities_along() -> None:
    series = (Series("a", "MB/s", capacity=100.0), Series("b", "requests/s", capacity=7.0))
    panel = Panel(np.ones((2, 3, 1)), 0, 3600, series, (Channel("y"),))
    found, notes = as_bits(panel)
    assert [(one.unit, one.capacity) for one in found.series] == [("bit/s", 8e8), ("requests/s", 7.0)]
    assert found.target.tolist() == [[8e6] * 3, [1.0] * 3]
    assert notes == ("values in MB/s are compared in bit/s (x 8e+06)",)
    assert panel.target[0, 0] == 1


@pytest.mark.parametrize("unit", ["bytes", "octets", "GB", "Mbit"])
def test_amounts_have_no_capacity(tmp_path: Path, unit: str) -> None:
    with pytest.raises(
        UnitError, match=f"series 'core-in' is in {unit}, an amount and not a rate.*--counter 64.*86400"
    ):
        run(traffic_file(tmp_path), capacity=1e10, unit=unit)


def test_traffic_far_from_its_capacity_raises_a_question_about_units(tmp_path: Path) -> None:
    location = traffic_file(tmp_path)
    low, high = run(location, capacity=1e8).notes, run(location, capacity=1e15).notes
    assert any(
        "traffic is far above the capacity; are both in the same unit, bits and not bytes?" in one for one in low
    )
    assert any("traffic is under a ten-thousandth of the capacity" in one for one in high)
    assert "the data names no unit: its values are taken as they are, in the unit of the capacity" in low


def without_the_end(location: str, id: str, *, last: str) -> str:
    path = Path(location)
    lines = (line.split(",") for line in path.read_text().splitlines())
    path.write_text("\n".join(",".join(line) for line in lines if not (line[0] == id and line[1] > last)) + "\n")
    return location


def test_series_that_end_early_are_named(tmp_path: Path) -> None:
    location = without_the_end(traffic_file(tmp_path, days=150), "edge", last="2026-05-23")
    found = run(location, capacity=1e10)
    assert {one.state for one in found.outlooks} == {"told"}
    assert "1 series end more than a week before the data: 'edge'; their dates are vaguer" in found.notes


def test_a_series_that_ended_gets_no_date_and_stands_last_alone_or_in_company(tmp_path: Path) -> None:
    location = without_the_end(traffic_file(tmp_path), "edge", last="2026-02-20")
    found = run(location, capacity=1e9, unit="bit/s")
    assert [one.id for one in found.outlooks] == ["core-out", "core-in", "edge"]
    assert "1 series get no dates for want of recent readings: 'edge'" in found.notes
    (alone,) = run(location, capacity=1e9, unit="bit/s", series="edge").outlooks
    for one in (alone, found.outlooks[-1]):
        assert outlook_text(one, FEW) == "edge: no readings since 2026-02-20"
        assert (one.state, one.unseen_days, one.crossings, one.fan) == ("ended", 13, (), None)


def test_a_date_does_not_depend_on_the_company_of_a_series_that_ends_early(tmp_path: Path) -> None:
    location = without_the_end(traffic_file(tmp_path), "edge", last="2026-03-01")
    together = run(location, capacity=4e9).outlooks[0]
    (alone,) = run(location, capacity=4e9, series="edge").outlooks
    assert (together.id, together.crossings) == ("edge", alone.crossings)


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("edge,", "capacities.csv line 2: the capacity of 'edge' is empty; leave the row out if it is unknown"),
        ("edge,0", "capacities.csv line 2: the capacity of 'edge' is zero; leave the row out if it is unknown"),
        ("edge,-5G", "capacities.csv line 2: capacity '-5G' of 'edge' is not understood; write for example 100M"),
        ("edge,10 GB/s", "capacities.csv line 2: capacity '10 GB/s' of 'edge' is not understood"),
        ("edge,ten", "capacities.csv line 2: capacity 'ten' of 'edge' is not understood"),
        (",1G", "capacities.csv line 2: the name of the series is empty"),
    ],
)
def test_a_row_of_the_list_that_makes_no_sense_is_refused(tmp_path: Path, row: str, message: str) -> None:
    with pytest.raises(SourceError, match=message):
        read_capacities(listing(tmp_path, row))


def test_a_list_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="line 3: series 'edge' has a capacity already; leave one of them out"):
        read_capacities(listing(tmp_path, "edge,1G", "edge,2G"))
    with pytest.raises(
        SourceError, match="has no column 'capacity' but unique_id, size; capacities need unique_id and"
    ):
        read_capacities(listing(tmp_path, "edge,1G", header="unique_id,size"))
    with pytest.raises(SourceError, match="has no column 'unique_id' but place, capacity"):
        read_capacities(listing(tmp_path, "edge,1G", header="place,capacity"))
    with pytest.raises(SourceError, match="has a header but no rows"):
        read_capacities(listing(tmp_path))
    with pytest.raises(SourceError, match="no such file"):
        read_capacities(str(tmp_path / "absent.csv"))


def test_the_list_may_use_other_words_for_its_columns(tmp_path: Path) -> None:
    assert read_capacities(listing(tmp_path, "edge,1G", header="Interface;Speed".replace(";", ","))) == {"edge": 1e9}


def test_a_page_is_written_once_unless_it_may_be_replaced(tmp_path: Path) -> None:
    result, path = run(traffic_file(tmp_path), capacity=4e9), tmp_path / "capacity.html"
    check_page(path, overwrite=False)
    write_page(result, path, command="nettide capacity links.csv", overwrite=False)
    assert "nettide capacity links.csv" in path.read_text()
    with pytest.raises(StoreError, match="exists"):
        check_page(path, overwrite=False)
    check_page(path, overwrite=True)
    with pytest.raises(OptionError, match=r"capacity.pdf: the ending '.pdf' is of no known kind; write .html"):
        check_page(tmp_path / "capacity.pdf", overwrite=False)
