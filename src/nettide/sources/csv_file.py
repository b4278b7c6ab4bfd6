"""CSV files, plain or compressed, with comma, semicolon or tab between the cells."""

from __future__ import annotations

import csv
import io
import itertools
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
from pyarrow import csv as arrow_csv

from nettide.arrays import Ints
from nettide.errors import SourceError
from nettide.prepare.rows import Rows
from nettide.sources.cells import EMPTY_TEXTS, shown
from nettide.sources.contract import Cells, Layout
from nettide.sources.location import regular_file
from nettide.sources.sketch import Sketch, sketch_texts
from nettide.sources.table import file_rows, refuse_repeated
from nettide.sources.text import first_record, has_quotes, part, read_text, record_lines

_SAMPLE_BYTES = 1 << 20
_SAMPLE_ROWS = 1000
_SAMPLE_CELLS = 200_000
_BLOCK_BYTES = 4 << 20
_PARTED = re.compile(r"-?\d+,\d+")


@dataclass(frozen=True, slots=True)
class CsvFile:
    """A CSV file in memory.

    Args:
        origin: its name in messages.
        names: of its columns.
        delimiter: what stands between its cells.
        body: the text after the header.
        first_line: number of the first line of the body.
    """

    origin: str
    names: tuple[str, ...]
    delimiter: str
    body: pa.Buffer
    first_line: int

    @property
    def line_name(self) -> str:
        """What the numbers of its rows count."""
        return "line"

    def sketches(self) -> tuple[Sketch, ...]:
        """Describe each column from its first cells.

        Raises:
            SourceError: nothing stands below the header, or no record has as many cells as it.
        """
        text = part(self.body, 0, _SAMPLE_BYTES)
        if self.body.size > len(text):  # drop the record that is cut off, unless it is the only one
            text = text[: text.rfind(b"\n") + 1] or text
        wanted = max(20, min(_SAMPLE_ROWS, _SAMPLE_CELLS // len(self.names)))
        records: list[list[str]] = []
        reader = csv.reader(io.StringIO(text.decode("utf-8", "replace"), newline=""), delimiter=self.delimiter)
        try:
            for record in reader:
                if record:
                    records.append(record)
                if len(records) == wanted:
                    break
        except csv.Error:  # a huge cell; the full reading tells what is wrong with it, if anything
            pass
        if not records:
            raise SourceError(f"{self.origin}: has a header but no rows")
        full = [record for record in records if len(record) == len(self.names)]
        if not full:
            self._refuse_ragged()
        columns = zip(*full, strict=True) if full else [()] * len(self.names)
        return tuple(sketch_texts(name, cells) for name, cells in zip(self.names, columns, strict=True))

    def cells(self, names: Sequence[str], *, numbers: Sequence[str]) -> Cells:
        """Read columns, those of ``numbers`` as numbers or, where one cell is none, as texts.

        Raises:
            SourceError: a record has too many or too few cells, or the text is no CSV.
        """
        types = dict.fromkeys(names, pa.string()) | dict.fromkeys(numbers, pa.float64())
        try:
            table = self._parse(names, types)
        except pa.ArrowInvalid:
            self._refuse_ragged()
            try:
                table = self._parse(names, dict.fromkeys(names, pa.string()))
            except pa.ArrowInvalid as error:
                raise SourceError(f"{self.origin}: cannot be read as CSV: {str(error).splitlines()[0]}") from None
        lines = record_lines(self.body, first_line=self.first_line, records=table.num_rows)
        return Cells({name: table.column(name) for name in names}, lines)

    def _parse(
        self,
        names: Sequence[str],
        types: dict[str, pa.DataType],
        *,
        on_ragged: Callable[[Any], str] | None = None,
    ) -> pa.Table:
        block = max(_BLOCK_BYTES, 64 * sum(len(name) + 1 for name in self.names))
        return arrow_csv.read_csv(
            pa.BufferReader(self.body),
            read_options=arrow_csv.ReadOptions(
                column_names=self.names, block_size=block, use_threads=on_ragged is None
            ),
            parse_options=arrow_csv.ParseOptions(
                delimiter=self.delimiter,
                newlines_in_values=has_quotes(self.body),
                invalid_row_handler=on_ragged,
            ),
            convert_options=arrow_csv.ConvertOptions(
                include_columns=list(names),
                column_types=types,
                null_values=list(EMPTY_TEXTS),
                strings_can_be_null=False,
            ),
        )

    def _refuse_ragged(self) -> None:
        """Find the first record with too many or too few cells, in one thread, which alone counts them.

        Raises:
            SourceError: there is one.
        """
        found: list[Any] = []

        def keep(row: Any) -> str:
            found.append(row)
            return "error"

        try:
            self._parse(self.names[:1], {self.names[0]: pa.string()}, on_ragged=keep)
        except pa.ArrowInvalid:
            if not found:
                return
        else:
            return
        row = found[0]
        lines: Ints = record_lines(self.body, first_line=self.first_line)
        line = lines[min(row.number, len(lines)) - 1]
        raise SourceError(
            f"{self.origin} line {line}: has {row.actual_columns} cells, but the header names "
            f"{row.expected_columns} columns{self._parted(row)}"
        )

    def _parted(self, row: Any) -> str:
        """Say which number its decimal comma may have parted, where commas part the cells and there are too many."""
        surplus = row.actual_columns - row.expected_columns
        if self.delimiter != "," or surplus < 1:
            return ""
        pairs = (",".join(pair) for pair in itertools.pairwise((row.text or "").split(",")))
        parted = [pair for pair in pairs if _PARTED.fullmatch(pair)]
        if len(parted) < surplus:
            return ""
        return f"; if {shown(parted[-1])} is one number, write decimals with a point or part the cells with semicolons"


def _delimiter(header: str) -> str:
    """Give the delimiter that stands most often in the header, outside quotes."""
    bare = "".join(header.split('"')[::2])
    return max(",;\t", key=bare.count)


class CsvSource:
    """Reads one CSV file."""

    def open(self, path: Path, *, origin: str, limit_bytes: int) -> CsvFile:
        """Read a file and its header.

        Args:
            path: the file.
            origin: its name in messages.
            limit_bytes: most that a compressed file may unpack to.

        Raises:
            SourceError: it is empty, no text, damaged or too large, or its header names a column twice or no column.
        """
        text = read_text(path, origin, limit_bytes=limit_bytes)
        begin, end, first_line = first_record(text)
        header = part(text, begin, end - begin).decode("utf-8").strip("\r\n")
        if not header.strip():
            raise SourceError(f"{origin}: is empty")
        delimiter = _delimiter(header)
        names = tuple(name.strip() for name in next(csv.reader(io.StringIO(header, newline=""), delimiter=delimiter)))
        if sketch_texts("header", names[:1]).kind == "time" or all(
            sketch_texts("header", [name]).kind == "number" for name in names
        ):
            raise SourceError(
                f"{origin} line {first_line - 1}: looks like readings, not like the names of columns; "
                "add a header such as ds,y"
            )
        refuse_repeated(names, origin)
        return CsvFile(origin, names, delimiter, text.slice(end), first_line)

    def read(self, location: str, layout: Layout) -> Rows:
        """Read the readings of a file.

        Raises:
            SourceError: the file cannot be read as traffic.
        """
        path = regular_file(location)
        return file_rows(self.open(path, origin=path.name, limit_bytes=layout.limit_bytes), layout)
