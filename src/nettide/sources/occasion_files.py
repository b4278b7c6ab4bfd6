"""Lists of what is known ahead, as CSV: a file of holidays, and a file of events and maintenance windows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time

from nettide.errors import SourceError, unknown
from nettide.occasions import KINDS, Occasion, OccasionKind
from nettide.panel import unknown_series
from nettide.prepare.holidays import holiday
from nettide.sources.cells import shown
from nettide.sources.contract import Cells
from nettide.sources.csv_file import CsvFile, CsvSource
from nettide.sources.location import regular_file
from nettide.sources.times import TimeColumn, instants

_MOST_BYTES = 256 << 20  # that a compressed list may unpack to
_DATE_NAMES = ("date", "day", "ds", "time", "timestamp")
_TYPE_NAMES = ("type", "kind")
_NAME_NAMES = ("name", "holiday", "title", "description")
_EARLIEST, _LATEST = 1700, 2260  # years that every table can hold
_MEANT = "write dates as 2026-12-25"


@dataclass(frozen=True, slots=True)
class Listing:
    """What a file lists.

    Args:
        occasions: in the order of the file, each once.
        notes: sentences for the user.
        last: the last day that the file speaks of, weekends included; None for events.
    """

    occasions: tuple[Occasion, ...]
    notes: tuple[str, ...]
    last: date | None = None


def read_holidays(location: str, *, zone: str) -> Listing:
    """Read a file with a day a row, and if it likes their type and name; rows of type weekend are left out.

    Args:
        location: a CSV file, plain or compressed; its column of dates has a usual name or is the only one.
        zone: IANA zone whose days they are.

    Raises:
        SourceError: the file cannot be read, has no column of dates, or a row is no day or of an unknown type.
    """
    file = _opened(location)
    column = _date_column(file)
    by_role = {role: _named(file, names) for role, names in (("type", _TYPE_NAMES), ("name", _NAME_NAMES))}
    cells = _cells(file, [column, *by_role.values()])
    days = _texts(cells, column)
    types, names = _texts(cells, by_role["type"]), _texts(cells, by_role["name"])
    found: list[Occasion] = []
    last = date.min
    weekends = 0
    for line, text, kind, name in zip(cells.lines.tolist(), days, types, names, strict=True):
        where = f"{file.origin} line {line}"
        day = _day(text, where=where, column=column)
        last = max(last, day)
        if kind.lower() in ("weekend", "weekends"):
            weekends += 1
        elif kind and "holiday" not in kind.lower():
            raise SourceError(
                f"{where}: type {shown(kind)} is neither holiday nor weekend; correct it or leave the row out"
            )
        else:
            found.append(holiday(day, zone, name=name))
    notes = _repeated_note(file.origin, found)
    if weekends:
        rows = "row" if weekends == 1 else "rows"
        notes.append(f"{file.origin}: left out {weekends:,} {rows} of type weekend, which the calendar knows already")
    return Listing(tuple(dict.fromkeys(found)), tuple(notes), last)


def read_events(location: str, *, zone: str | None, ids: Sequence[str]) -> Listing:
    """Read a file with the columns start, end and kind, and if it likes series and name.

    Args:
        location: a CSV file, plain or compressed.
        zone: IANA zone of times that are written without one; None takes them as UTC and says so.
        ids: the series that there are; a row without a series concerns them all.

    Raises:
        SourceError: the file cannot be read, a column is missing, or a row has a time, kind or series that is
            unknown, or ends before it begins.
    """
    file = _opened(location)
    columns = {role: _named(file, (role,)) for role in ("start", "end", "kind", "series", "name")}
    if absent := [role for role in ("start", "end", "kind") if not columns[role]]:
        raise SourceError(
            f"{file.origin}: has no column {absent[0]!r} but {', '.join(file.names)}; "
            "events need start, end and kind, and may have series and name"
        )
    cells = _cells(file, list(columns.values()))

    def place(row: int) -> str:
        return f"{file.origin} line {cells.lines[row]}"

    notes: list[str] = []
    bounds = []
    for role in ("start", "end"):
        column = TimeColumn(cells.columns[columns[role]], columns[role], file.origin, place)
        times, said = instants(column, zone=zone)
        notes += [one for one in said if one not in notes]
        bounds.append(times.astype("int64"))  # milliseconds
    starts, ends = bounds[0] // 1000, -(-bounds[1] // 1000)  # whole seconds around them
    known = set(ids)
    found: list[Occasion] = []
    texts = zip(*(_texts(cells, columns[role]) for role in ("start", "end", "kind", "series", "name")), strict=True)
    for row, (start, end, kind, series, name) in enumerate(texts):
        if kind.lower() not in KINDS:
            raise SourceError(f"{place(row)}: {unknown('kind', kind, KINDS)}")
        if bounds[1][row] <= bounds[0][row]:
            raise SourceError(f"{place(row)}: end {end} does not come after start {start}; correct one of them")
        if series and series not in known:
            raise SourceError(f"{place(row)}: {unknown_series(series, ids)}")
        concerned = (series,) if series else ()
        found.append(Occasion(_kind(kind), int(starts[row]), int(ends[row]), name, concerned))
    notes += _repeated_note(file.origin, found)
    return Listing(tuple(dict.fromkeys(found)), tuple(notes))


def _opened(location: str) -> CsvFile:
    path = regular_file(location)
    if path.suffix.lower() in (".parquet", ".pq"):
        raise SourceError(f"{location}: holidays and events are read from CSV; export it as CSV")
    file = CsvSource().open(path, origin=path.name, limit_bytes=_MOST_BYTES)
    if again := [name for name, times in Counter(one.lower() for one in file.names).items() if times > 1]:
        raise SourceError(f"{file.origin}: column {again[0]!r} stands twice in the header; rename one of them")
    file.sketches()  # refuses a header without rows
    return file


def _date_column(file: CsvFile) -> str:
    """Find the column of dates: by its name, else as the only one that holds dates."""
    if named := _named(file, _DATE_NAMES):
        return named
    dates = [one.name for one in file.sketches() if one.kind == "time"]
    if len(dates) != 1:
        what = f"columns {dates[0]!r} and {dates[1]!r} both hold dates" if dates else "has no column of dates"
        raise SourceError(f"{file.origin}: {what}; name the column of the holidays 'date'")
    return dates[0]


def _named(file: CsvFile, names: Sequence[str]) -> str:
    """Give the column with the first of the names that there is, in capitals or not; empty if there is none."""
    columns = {one.lower(): one for one in file.names}
    return next((columns[name] for name in names if name in columns), "")


def _cells(file: CsvFile, columns: Sequence[str]) -> Cells:
    return file.cells([one for one in dict.fromkeys(columns) if one], numbers=())


def _texts(cells: Cells, column: str) -> list[str]:
    """Give the cells of a column without spaces around them; empty ones where there is no such column."""
    if not column:
        return [""] * len(cells.lines)
    return [one.strip() for one in cells.columns[column].to_pylist()]


def _day(text: str, *, where: str, column: str) -> date:
    """Read a date; a time of day must be midnight."""
    if not text:
        raise SourceError(f"{where}: the date in column {column!r} is empty")
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise SourceError(f"{where}: date {shown(text)} is not understood; {_MEANT}") from None
    if moment.time() != time.min or moment.tzinfo is not None:
        raise SourceError(f"{where}: {shown(text)} is no whole day; {_MEANT}, or list it among the events")
    if not _EARLIEST <= moment.year < _LATEST:
        raise SourceError(f"{where}: date {shown(text)} is not within the years {_EARLIEST} to {_LATEST - 1}")
    return moment.date()


def _kind(text: str) -> OccasionKind:
    return next(one for one in KINDS if one == text.lower())


def _repeated_note(origin: str, found: Sequence[Occasion]) -> list[str]:
    repeated = len(found) - len(set(found))
    rows = "row that repeats another" if repeated == 1 else "rows that repeat others"
    return [f"{origin}: left out {repeated:,} {rows}"] if repeated else []
