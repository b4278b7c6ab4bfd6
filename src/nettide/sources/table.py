"""From the columns of a file to rows: what every kind of file shares."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from nettide.arrays import Floats
from nettide.errors import SourceError
from nettide.prepare.rows import Rows
from nettide.sources.cells import codes, floats
from nettide.sources.contract import Layout, TableFile
from nettide.sources.roles import Roles, decide
from nettide.sources.times import TimeColumn, instants

SINGLE_ID = "series"
"""Id of the one series of a file that names none."""
WIDE_TARGET = "y"
"""Name of the target of a wide table, whose columns are series."""
_BLOCK_ROWS = 4096


def refuse_repeated(names: Sequence[str], origin: str) -> None:
    """Refuse column names that stand twice.

    Raises:
        SourceError: a name stands twice.
    """
    if len(set(names)) < len(names):
        again = Counter(names).most_common(1)[0][0]
        raise SourceError(f"{origin}: column {again!r} stands twice in the header; rename one of them")


def file_rows(file: TableFile, layout: Layout) -> Rows:
    """Read a file: find the roles of its columns, then its rows.

    Raises:
        SourceError: the file cannot be read as traffic.
    """
    return rows_of(file, decide(file.sketches(), layout, origin=file.origin), layout)


def rows_of(file: TableFile, roles: Roles, layout: Layout) -> Rows:
    """Read a file whose columns have known roles.

    Raises:
        SourceError: the file cannot be read as traffic.
    """
    wanted = dict.fromkeys([roles.time, *([roles.id] if roles.id else []), *roles.values])
    cells = file.cells(tuple(wanted), numbers=roles.values)
    lines = cells.lines

    def place(row: int) -> str:
        return f"{file.origin} {file.line_name} {lines[row]}"

    if not len(lines):
        raise SourceError(f"{file.origin}: has a header but no rows")
    time = TimeColumn(cells.columns.pop(roles.time), roles.time, file.origin, place)
    times, notes = instants(time, zone=layout.zone)
    names: tuple[str, ...] = (SINGLE_ID,)
    series = np.zeros(len(lines), dtype=np.int64)
    if roles.id is not None:
        names, series = codes(cells.columns.pop(roles.id), name=roles.id, place=place)
    rows = Rows(
        origin=file.origin,
        ids=names,
        series=series,
        times=times,
        channels=(),
        values=np.empty((len(lines), 0)),
        lines=lines,
        notes=(*roles.notes, *notes),
        line_name=file.line_name,
    )

    def column(name: str) -> Floats:
        return floats(cells.columns.pop(name), name=name, place=place)

    if roles.wide:
        return _melted(rows, roles, np.stack([column(name) for name in roles.values]))
    target = roles.values[0]
    found, dropped = {target: column(target)}, []
    for name in roles.values[1:]:
        try:
            numbers = column(name)
        except SourceError as error:
            if roles.asked:
                raise
            dropped.append(f"{file.origin}: left out column {name!r}, which is not all numbers ({error})")
            continue
        if roles.asked or not np.isnan(numbers).all():
            found[name] = numbers
        else:
            dropped.append(f"{file.origin}: left out column {name!r}, which is empty")
    return replace(
        rows, channels=tuple(found), values=_side_by_side(tuple(found.values())), notes=(*rows.notes, *dropped)
    )


def _side_by_side(columns: Sequence[Floats]) -> Floats:
    """Make columns of shape (row,) a table of shape (row, column)."""
    if len(columns) == 1:
        return columns[0].reshape(-1, 1)
    table = np.empty((len(columns[0]), len(columns)))
    for start in range(0, len(table), _BLOCK_ROWS):  # a block stays in the processor's cache: twice as fast
        for place, column in enumerate(columns):
            table[start : start + _BLOCK_ROWS, place] = column[start : start + _BLOCK_ROWS]
    return table


def _melted(rows: Rows, roles: Roles, values: Floats) -> Rows:
    """Give the rows of a wide table, one series after the other; values of shape (series, row)."""
    count, length = values.shape
    return replace(
        rows,
        ids=roles.values,
        series=np.repeat(np.arange(count, dtype=np.int64), length),
        times=np.tile(rows.times, count),
        channels=(WIDE_TARGET,),
        values=values.reshape(-1, 1),
        lines=np.tile(rows.lines, count),
    )
