"""Rows: readings as they came, before rates and grid."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from nettide.arrays import Floats, Ints, Times
from nettide.errors import SourceError, unknown


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """Readings in the order in which the source gave them.

    Args:
        origin: where they come from, for messages: a file or folder name, an address.
        ids: distinct ids of the series, in order of first appearance.
        series: index into ids of each row, shape (row,).
        times: UTC, datetime64[ms], shape (row,).
        channels: names of the value columns; the target, when chosen, is the first.
        values: shape (row, channel); NaN where a cell is empty, infinities as they came.
        lines: line (CSV) or row (Parquet) number of each row in its file, from 1, shape (row,).
        notes: sentences for the user: what was guessed, what was left out.
        line_name: what ``lines`` count: ``line``, ``row``, or ``record`` for a folder of both kinds of file.
        files: names of the files of a folder; empty when all rows come from ``origin`` itself.
        file: index into files of each row, shape (row,); None when ``files`` is empty.
    """

    origin: str
    ids: tuple[str, ...]
    series: Ints
    times: Times
    channels: tuple[str, ...]
    values: Floats
    lines: Ints
    notes: tuple[str, ...] = ()
    line_name: str = "line"
    files: tuple[str, ...] = ()
    file: Ints | None = None

    def __len__(self) -> int:
        return len(self.series)

    def place(self, row: int) -> str:
        """Say where a row was read: ``traffic.csv line 812``."""
        where = self.origin if self.file is None else self.files[self.file[row]]
        return f"{where} {self.line_name} {self.lines[row]}"

    def take(self, keep: Ints) -> Rows:
        """Give the rows at the given positions, in that order."""
        return replace(
            self,
            series=self.series[keep],
            times=self.times[keep],
            values=self.values[keep],
            lines=self.lines[keep],
            file=None if self.file is None else self.file[keep],
        )

    def with_target(self, target: str) -> Rows:
        """Give the rows with the named channel first.

        Raises:
            SourceError: there is no such channel.
        """
        if target not in self.channels:
            raise SourceError(f"{self.origin}: {unknown('column', target, self.channels)}")
        order = [self.channels.index(target), *(i for i, name in enumerate(self.channels) if name != target)]
        return replace(self, channels=tuple(self.channels[i] for i in order), values=self.values[:, order])

    def of(self, id: str) -> Rows:
        """Give the rows of one series, in their order."""
        chosen = self.take(np.flatnonzero(self.series == self.ids.index(id)))
        return replace(chosen, ids=(id,), series=np.zeros(len(chosen), dtype=np.int64))
