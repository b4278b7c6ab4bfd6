"""Parquet files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from nettide.errors import SourceError
from nettide.prepare.rows import Rows
from nettide.sources.cells import is_text
from nettide.sources.contract import Cells, Layout
from nettide.sources.location import regular_file
from nettide.sources.sketch import Sketch, sketch_array
from nettide.sources.table import file_rows, refuse_repeated

_SAMPLE_ROWS = 1000
_BYTES_A_CELL = 8
_BROKEN = (pa.ArrowException, OSError, UnicodeDecodeError)
"""What Arrow raises for damaged files; names that are not UTF-8 come as the last."""


@dataclass(frozen=True, slots=True)
class ParquetFile:
    """A Parquet file whose schema has been read.

    Args:
        path: the file.
        origin: its name in messages.
        schema: types of its columns.
        rows: number of rows that it says it holds.
        limit_bytes: most that it may unpack to.
    """

    path: Path
    origin: str
    schema: pa.Schema
    rows: int
    limit_bytes: int

    @property
    def line_name(self) -> str:
        """What the numbers of its rows count."""
        return "row"

    @property
    def names(self) -> tuple[str, ...]:
        """Names of its columns."""
        return tuple(self.schema.names)

    def sketches(self) -> tuple[Sketch, ...]:
        """Describe each column from its first cells.

        Raises:
            SourceError: the file is damaged.
        """
        try:
            with pq.ParquetFile(self.path) as file:
                first = next(file.iter_batches(batch_size=_SAMPLE_ROWS), None)
            if first is not None:
                first.validate(full=True)
        except _BROKEN as error:
            raise _damaged(self.origin, error) from None
        columns = first.columns if first is not None else [pa.nulls(0, field.type) for field in self.schema]
        return tuple(sketch_array(name, cells) for name, cells in zip(self.names, columns, strict=True))

    def cells(self, names: Sequence[str], *, numbers: Sequence[str]) -> Cells:
        """Read columns.

        Raises:
            SourceError: the file is damaged, or its columns would unpack to more than the limit.
        """
        size = self.rows * _BYTES_A_CELL * len(names)
        if size > self.limit_bytes:
            raise SourceError(
                f"{self.origin}: unpacks to more than {self.limit_bytes / 2**20:,.6g} MiB, the limit "
                f"({self.rows:,} rows of {len(names)} columns); allow more with --limit"
            )
        values = set(numbers)
        texts = [name for name in names if name not in values and is_text(self.schema.field(name).type)]
        try:
            with pq.ParquetFile(self.path, read_dictionary=texts) as file:
                table = file.read(columns=list(names))
            table.validate(full=True)  # reading does not see to it that text is UTF-8
        except _BROKEN as error:
            raise _damaged(self.origin, error) from None
        columns = {name: table.column(name) for name in names}
        return Cells(columns, np.arange(1, table.num_rows + 1, dtype=np.int64))


def _damaged(origin: str, error: Exception) -> SourceError:
    return SourceError(f"{origin}: is no Parquet file or is damaged: {str(error).splitlines()[0]}")


class ParquetSource:
    """Reads one Parquet file."""

    def open(self, path: Path, *, origin: str, limit_bytes: int) -> ParquetFile:
        """Read the schema of a file.

        Args:
            path: the file.
            origin: its name in messages.
            limit_bytes: most that it may unpack to.

        Raises:
            SourceError: it is empty, no Parquet or damaged, or names a column twice.
        """
        if not path.stat().st_size:
            raise SourceError(f"{origin}: is empty")
        try:
            with pq.ParquetFile(path) as file:
                schema, rows = file.schema_arrow, file.metadata.num_rows
        except _BROKEN as error:
            raise _damaged(origin, error) from None
        refuse_repeated(schema.names, origin)
        return ParquetFile(path, origin, schema, rows, limit_bytes)

    def read(self, location: str, layout: Layout) -> Rows:
        """Read the readings of a file.

        Raises:
            SourceError: the file cannot be read as traffic.
        """
        path = regular_file(location)
        return file_rows(self.open(path, origin=path.name, limit_bytes=layout.limit_bytes), layout)
