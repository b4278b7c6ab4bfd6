"""Numbers with decimal commas, marks between thousands or units are refused with their place and a remedy."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from nettide.errors import SourceError
from nettide.prepare.rows import Rows
from nettide.sources import Layout, read_rows
from nettide.sources.dressed import is_dressed, undressing

TIMES = [f"2026-03-01T{hour:02d}:00Z" for hour in range(24)]
COMMA = "write decimals with a point"
THOUSANDS = "write thousands without marks between them and decimals with a point"


def unit(name: str) -> str:
    return f"strip the unit, which must be one for all cells, and name it with --unit {name}"


def read(folder: Path, header: str, cells: Sequence[str], **layout: str) -> Rows:
    """Read one line an hour, whose cells after the time are given, with semicolons."""
    path = folder / "traffic.csv"
    path.write_text("\n".join([header, *(f"{time};{one}" for time, one in zip(TIMES, cells, strict=False))]) + "\n")
    return read_rows(str(path), Layout(**layout))


@pytest.mark.parametrize(
    ("text", "remedy"),
    [
        ("142,05", COMMA),
        ("-1,5", COMMA),
        ("1,142.05", THOUSANDS),
        ("1.142,05", THOUSANDS),
        ("1’142.05", THOUSANDS),
        ("1\u202f142,05", THOUSANDS),
        ("1,142", THOUSANDS),
        ("12.3 Mbps", unit("Mbps")),
        ("12 Mbit/s", unit("Mbit/s")),
        ("12.3MB", unit("MB")),
        ("5 kb/s", unit("kb/s")),
        ("1000 packets/s", unit("packets/s")),
        ("97.5 %", unit("%")),
        ("142,05 Mbps", f"{COMMA}, and {unit('Mbps')}"),
        ("12.3M", "write the number out instead of M"),
    ],
)
def test_every_form_has_its_remedy(text: str, remedy: str) -> None:
    assert is_dressed(text)
    assert undressing(text) == remedy


@pytest.mark.parametrize(
    "text", ["10G", "5b", "1a", "192.168.100.200", "10.0.0.1", "eth0", "1,5,7", "2026-03-01", "", "Mbps", "12 apples"]
)
def test_what_may_be_a_name_is_no_number(text: str) -> None:
    assert not is_dressed(text)


def test_what_is_not_understood_has_no_special_remedy() -> None:
    assert undressing("much") == "correct it or leave it empty"


@pytest.mark.parametrize("header", ["time;value", "time;host;value", "time;traffic", "time;site;traffic"])
@pytest.mark.parametrize(("form", "remedy"), [("{},05", COMMA), ("{}.5 Mbps", unit("Mbps"))])
def test_a_target_of_such_numbers_is_refused_by_line_and_column(
    tmp_path: Path, header: str, form: str, remedy: str
) -> None:
    first = "a;" if header.count(";") == 2 else ""
    cells = [first + form.format(100 + hour) for hour in range(24)]
    found, column = form.format(100), header.rpartition(";")[2]
    for layout in ({}, {"target": column}):
        with pytest.raises(SourceError) as caught:
            read(tmp_path, header, cells, **layout)
        assert str(caught.value) == f"traffic.csv line 2: {found!r} in column {column!r} is not a number; {remedy}"


def test_whole_numbers_between_decimal_commas_do_not_hide_them(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="line 4: '2,5' in column 'traffic' is not a number; write decimals"):
        read(tmp_path, "time;traffic", ["1", "2", "2,5", "3,5", "4,5", "5,5"])


def test_a_wide_table_of_such_numbers_is_refused_by_line_and_column(tmp_path: Path) -> None:
    for layout in ({}, {"target": "*"}):
        with pytest.raises(SourceError, match="line 2: '1,5' in column 'fra-1' is not a number; write decimals"):
            read(tmp_path, "time;fra-1;ams-2", ["1,5;2,5"] * 3, **layout)


def test_other_columns_of_such_numbers_are_left_out_and_said(tmp_path: Path) -> None:
    rows = read(tmp_path, "time;host;y;loss", [f"a;{hour};0,5 %" for hour in range(24)])
    assert rows.channels == ("y",)
    assert "traffic.csv: columns left out: 'loss'" in rows.notes


def test_which_of_a_plain_and_such_a_column_is_the_target_is_asked(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="several columns could be the target: 'traffic', 'latency'; choose one"):
        read(tmp_path, "time;host;traffic;latency", [f"a;{hour} Mbps;{hour}" for hour in range(24)])


def test_ids_with_a_comma_stay_ids(tmp_path: Path) -> None:
    rows = read(tmp_path, "time;interface;y", ["0,1;5", "0,2;6", "0,1;7"])
    assert rows.ids == ("0,1", "0,2")


@pytest.mark.parametrize("header", ["time,link,y", "when,where,what"])
def test_a_comma_that_parts_numbers_is_told_from_a_cell_too_many(tmp_path: Path, header: str) -> None:
    path = tmp_path / "traffic.csv"
    path.write_text(f"{header}\n{TIMES[0]},a,142,05\n{TIMES[1]},a,143,05\n")
    with pytest.raises(SourceError) as caught:
        read_rows(str(path), Layout())
    assert str(caught.value) == (
        "traffic.csv line 2: has 4 cells, but the header names 3 columns; if '142,05' is one number, write decimals "
        "with a point or part the cells with semicolons"
    )


@pytest.mark.parametrize("line", [f"{TIMES[0]},a,142,x", f"{TIMES[0]},a,142,,", f"{TIMES[0]},142"])
def test_other_numbers_of_cells_have_no_such_reason(tmp_path: Path, line: str) -> None:
    path = tmp_path / "traffic.csv"
    path.write_text(f"time,link,y\n{TIMES[1]},a,1\n{line}\n")
    with pytest.raises(SourceError, match=r"line 3: has \d cells, but the header names 3 columns$"):
        read_rows(str(path), Layout())
