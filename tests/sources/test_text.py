"""Records of a text and the lines on which they stand, against Python's csv module."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import numpy as np
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from nettide.sources import Layout, read_rows
from nettide.sources.text import first_record, record_lines

QUICK = settings(derandomize=True, max_examples=80, deadline=None)
CELLS = st.text(alphabet='ab"\n\r, é', max_size=6)


def lines_by_python(text: str) -> list[int]:
    reader, before, found = csv.reader(io.StringIO(text, newline="")), 0, []
    for record in reader:
        if record:
            found.append(before + 1)
        before = reader.line_num
    return found


@QUICK
@given(
    records=st.lists(st.lists(CELLS, min_size=2, max_size=3), min_size=1, max_size=8),
    blanks=st.lists(st.integers(0, 2), min_size=9, max_size=9),
    end=st.sampled_from(["\n", "\r\n"]),
    final=st.booleans(),
)
def test_records_stand_where_python_finds_them(
    records: list[list[str]], blanks: list[int], end: str, final: bool
) -> None:
    sink = io.StringIO(newline="")
    for record, empty in zip(records, blanks, strict=False):
        sink.write(end * empty)
        clean = [cell.replace("\r", "") for cell in record]  # a lone carriage return within a cell is a line to Python
        csv.writer(sink, lineterminator=end, quoting=csv.QUOTE_ALL).writerow(clean)
    text = sink.getvalue() + end * blanks[-1]
    text = text if final else text.rstrip("\r\n")
    found = record_lines(pa.py_buffer(text.encode()), first_line=1)
    assert found.tolist() == lines_by_python(text)


def test_the_first_record_may_follow_blank_lines_and_span_lines() -> None:
    text = b'\n\r\n"a\nb",c\r\n1,2\n'
    begin, end, following = first_record(pa.py_buffer(text))
    assert (text[begin:end], following) == (b'"a\nb",c\r\n', 5)


def test_old_line_ends_are_understood(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_bytes(b"ds,y\r2026-03-01,1\r2026-03-02,2\r")
    rows = read_rows(str(tmp_path / "t.csv"), Layout(zone="UTC"))
    assert (rows.values[:, 0].tolist(), rows.lines.tolist()) == ([1, 2], [2, 3])


def test_a_header_longer_than_a_piece_is_read(tmp_path: Path) -> None:
    names = [f"a-rather-long-name-of-a-link-{i:06d}" for i in range(40_000)]
    (tmp_path / "t.csv").write_text("ds," + ",".join(names) + "\n2026-03-01" + ",7" * 40_000 + "\n")
    rows = read_rows(str(tmp_path / "t.csv"), Layout(zone="UTC"))
    assert len(rows.ids) == 40_000
    assert (rows.values == 7).all()


def test_quotes_within_cells_do_not_confuse_the_count(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text('ds,unique_id,y\n2026-03-01,5" pipe,1\n2026-03-02,5" pipe,2\n')
    rows = read_rows(str(tmp_path / "t.csv"), Layout(zone="UTC"))
    assert (rows.ids, rows.lines.tolist()) == (('5" pipe',), [2, 3])


def test_a_long_file_is_read_whole_in_many_blocks(tmp_path: Path) -> None:
    count = 400_000
    body = "".join(f"{1_600_000_000 + 60 * i},link-{i % 7},{i}\n" for i in range(count))
    (tmp_path / "t.csv").write_text("ds,unique_id,y\n" + body)
    rows = read_rows(str(tmp_path / "t.csv"), Layout())
    np.testing.assert_array_equal(rows.values[:, 0], np.arange(count))
    np.testing.assert_array_equal(rows.series, np.arange(count) % 7)
    np.testing.assert_array_equal(rows.lines, np.arange(2, count + 2))
