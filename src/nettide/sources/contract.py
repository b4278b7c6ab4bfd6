"""What a source promises: a location and a layout in, rows out; and what a kind of file promises besides."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import pyarrow as pa

from nettide.arrays import Ints
from nettide.prepare.rows import Rows
from nettide.sources.sketch import Sketch


@dataclass(frozen=True, slots=True)
class Layout:
    """Which columns mean what; None is guessed where only one answer fits, and the guess is said in the notes.

    Args:
        time: the time column.
        id: the column that names the series; empty text when there is none.
        target: the column to forecast; ``*`` takes each numeric column as a series (a wide table).
        channels: other value columns to keep (of a wide table: the columns that are series);
            None keeps all numeric ones.
        zone: IANA zone of times that are written without one; None takes them as UTC and says so.
        limit_bytes: most that a compressed file may unpack to.
    """

    time: str | None = None
    id: str | None = None
    target: str | None = None
    channels: tuple[str, ...] | None = None
    zone: str | None = None
    limit_bytes: int = 8 * 2**30


class Source(Protocol):
    """Somewhere that traffic is read from."""

    def read(self, location: str, layout: Layout) -> Rows:
        """Read all readings at a location, in the order in which they stand there.

        Times are instants in UTC, ids are kept to the letter, empty cells are NaN and infinities stay.

        Raises:
            SourceError: the location cannot be read as traffic.
        """
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Cells:
    """Columns as they came.

    Args:
        columns: by name, each of shape (row,).
        lines: line or row number of each row in the file, from 1, shape (row,).
    """

    columns: dict[str, pa.ChunkedArray]
    lines: Ints


class TableFile(Protocol):
    """A file with named columns, opened."""

    @property
    def origin(self) -> str:
        """Its name in messages."""
        ...

    @property
    def line_name(self) -> str:
        """What its numbers count, ``line`` or ``row``."""
        ...

    @property
    def names(self) -> tuple[str, ...]:
        """Names of its columns, each once."""
        ...

    def sketches(self) -> tuple[Sketch, ...]:
        """Describe each column from its first cells."""
        ...

    def cells(self, names: Sequence[str], *, numbers: Sequence[str]) -> Cells:
        """Read columns; those of ``numbers`` may come as numbers or as texts.

        Raises:
            SourceError: the file is damaged, or a record has too many or too few cells.
        """
        ...


class FileSource(Source, Protocol):
    """A source that reads one kind of file, which may also lie in a folder of files."""

    def open(self, path: Path, *, origin: str, limit_bytes: int) -> TableFile:
        """Open a file.

        Args:
            path: the file, which exists.
            origin: its name in messages.
            limit_bytes: most that it may unpack to.

        Raises:
            SourceError: it is empty, damaged, of another kind or too large.
        """
        ...
