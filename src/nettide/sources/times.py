"""A time column as instants: epoch numbers, ISO 8601 texts, or the times and dates of a typed file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from nettide.arrays import Bools, Floats, Ints, Times
from nettide.errors import SourceError
from nettide.sources.cells import Place, first_bad, is_number, is_text, shown
from nettide.sources.local_times import to_instants, zone_named

_NUMBER = r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$"
_ZONED = r"[T ]\d\d.*([Zz]|UTC|GMT|[+-]\d\d(:?\d\d)?)$"
_UNITS = ("seconds", "milliseconds", "microseconds", "nanoseconds")
_PER_SECOND = {"s": 1, "ms": 1_000, "us": 1_000_000, "ns": 1_000_000_000}
_DAY_MILLISECONDS = 86_400_000
_FIRST_OF_UNIT = 1e11  # 1e11 seconds are in the year 5138, 1e11 milliseconds in 1973
_EARLIEST, _LATEST = -62_135_596_800_000, 253_402_300_799_999  # the years 1 to 9999
_MEANT = "ISO 8601 such as 2026-03-01T10:00:00Z, nor epoch seconds or milliseconds"


@dataclass(frozen=True, slots=True)
class TimeColumn:
    """A column that is read as times, and what messages need.

    Args:
        cells: the column, shape (row,).
        name: its name.
        origin: the file it comes from.
        place: says where a row stands.
    """

    cells: pa.ChunkedArray
    name: str
    origin: str
    place: Place


def instants(column: TimeColumn, *, zone: str | None) -> tuple[Times, tuple[str, ...]]:
    """Give the times of a column as instants, and sentences for the user.

    Args:
        column: the column.
        zone: IANA zone of times that are written without one; None takes them as UTC.

    Returns:
        UTC, datetime64[ms], shape (row,); and what was assumed.

    Raises:
        SourceError: a cell is no time, some but not all have a zone, or a local time never was or was twice.
    """
    kind = column.cells.type
    if column.cells.null_count:
        row = int(np.argmax(column.cells.is_null().to_numpy()))
        raise SourceError(f"{column.place(row)}: the time in column {column.name!r} is empty")
    zoned = True
    if pa.types.is_dictionary(kind):
        decoded = column.cells.cast(pa.large_string())
        return instants(TimeColumn(decoded, column.name, column.origin, column.place), zone=zone)
    if pa.types.is_timestamp(kind):
        found, zoned = _scaled(column, _PER_SECOND[kind.unit]), kind.tz is not None
    elif pa.types.is_date(kind):
        days = TimeColumn(column.cells.cast(pa.timestamp("s")), column.name, column.origin, column.place)
        found, zoned = _scaled(days, 1), False
    elif is_number(kind):
        found = _of_numbers(column, column.cells)
    elif is_text(kind):
        found, zoned = _of_texts(column)
    else:
        raise SourceError(f"{column.origin}: column {column.name!r} holds no times but {kind}")
    outside = (found < _EARLIEST) | (found > _LATEST)
    if outside.any():
        row = int(np.argmax(outside))
        raise SourceError(f"{column.place(row)}: time {_cell(column, row)} is not within the years 1 to 9999")
    if zoned:
        return found.view("datetime64[ms]"), ()
    if zone is not None:
        return _of_local(column, found, zone).view("datetime64[ms]"), ()
    note = f"{column.origin}: times have no zone and are taken as UTC (set with --zone)"
    return found.view("datetime64[ms]"), (note,)


def _cell(column: TimeColumn, row: int) -> str:
    cell = column.cells[row]
    try:
        return shown(cell.as_py())
    except (ValueError, OverflowError):  # a time beyond what Python has
        return shown(cell.value)


def _scaled(column: TimeColumn, per_second: int) -> Ints:
    """Give typed times in milliseconds, cut off below."""
    found = np.empty(len(column.cells), dtype=np.int64)
    start = 0
    for chunk in column.cells.chunks:
        counts = chunk.cast(pa.int64()).to_numpy(zero_copy_only=False)
        found[start : start + len(chunk)] = _milliseconds(counts, per_second)
        start += len(chunk)
    return found


def _milliseconds(counts: Ints, per_second: int) -> Ints:
    if per_second == 1:
        return np.clip(counts, _EARLIEST // 1000 - 1, _LATEST // 1000 + 1) * 1000  # clipped ones are refused later
    found: Ints = counts if per_second == 1000 else np.floor_divide(counts, per_second // 1000)
    return found


def _of_numbers(column: TimeColumn, cells: pa.ChunkedArray) -> Ints:
    """Read epoch numbers; their size tells seconds from milli-, micro- and nanoseconds."""
    exact = pa.types.is_integer(cells.type)
    numbers = cells.cast(pa.int64() if exact else pa.float64(), safe=False).to_numpy()
    if not exact and not np.isfinite(numbers).all():
        row = int(np.argmin(np.isfinite(numbers)))
        raise SourceError(f"{column.place(row)}: time {_cell(column, row)} is not {_MEANT}")
    size = np.abs(numbers.astype(np.float64))
    unit = np.digitize(size, [_FIRST_OF_UNIT, _FIRST_OF_UNIT * 1e3, _FIRST_OF_UNIT * 1e6]) if len(size) else size
    chosen = int(unit[0]) if len(size) else 0
    if (other := unit != chosen).any():
        row = int(np.argmax(other))
        raise SourceError(
            f"{column.place(row)}: time {_cell(column, row)} looks like {_UNITS[int(unit[row])]}, "
            f"but {column.place(0)} like {_UNITS[chosen]}"
        )
    if _look_like_dates(numbers):
        raise SourceError(
            f"{column.place(0)}: time {_cell(column, 0)} may be a date or epoch seconds; write dates as 2026-03-01"
        )
    if exact:
        return _milliseconds(numbers, 1000**chosen)
    rounded: Ints = np.rint(numbers * (1000.0 / 1000.0**chosen)).astype(np.int64)
    return rounded


def _look_like_dates(numbers: Floats | Ints) -> bool:
    """Say whether all are eight digits such as 20260301."""
    if not len(numbers) or numbers.min() < 19_000_101 or numbers.max() > 21_001_231:
        return False
    whole = numbers.astype(np.int64)
    month, day = whole // 100 % 100, whole % 100
    return bool(((month >= 1) & (month <= 12) & (day >= 1) & (day <= 31)).all())


def _of_texts(column: TimeColumn) -> tuple[Ints, bool]:
    """Read epoch numbers or ISO 8601 texts; tells whether the texts have a zone."""
    trimmed = pc.utf8_trim_whitespace(column.cells)
    empty = np.asarray(pc.equal(trimmed, ""))
    if empty.any():
        raise SourceError(f"{column.place(int(np.argmax(empty)))}: the time in column {column.name!r} is empty")
    if not len(trimmed):
        return np.empty(0, dtype=np.int64), True
    if pc.match_substring_regex(trimmed[0], _NUMBER).as_py():
        return _of_numbers(column, _epoch_texts(column, trimmed)), True
    zoned = bool(pc.match_substring_regex(trimmed[0], _ZONED).as_py())
    found = np.empty(len(trimmed), dtype=np.int64)
    start = 0
    for chunk in trimmed.chunks:
        found[start : start + len(chunk)] = _of_iso(column, chunk, start, zoned=zoned)
        start += len(chunk)
    return found, zoned


def _epoch_texts(column: TimeColumn, trimmed: pa.ChunkedArray) -> pa.ChunkedArray:
    for kind in (pa.int64(), pa.float64()):
        try:
            return trimmed.cast(kind)
        except pa.ArrowInvalid:
            continue
    row = first_bad(trimmed.combine_chunks(), lambda cells: _cast(cells, pa.float64()) is not None)
    raise SourceError(f"{column.place(row)}: time {_cell(column, row)} is no epoch number as on {column.place(0)}")


def _cast(cells: Any, kind: pa.DataType) -> Any:
    try:
        return cells.cast(kind)
    except pa.ArrowInvalid:
        return None


def _of_iso(column: TimeColumn, texts: pa.Array, start: int, *, zoned: bool) -> Ints:
    tidy = texts
    for attempt in range(2):
        if (parsed := _parsed(tidy, zoned=zoned)) is not None:
            return parsed
        if attempt == 0:
            tidy = pc.replace_substring_regex(texts, r" ?(UTC|GMT|z)$", "Z")
            tidy = pc.replace_substring_regex(tidy, r" ([+-]\d\d:?\d\d)$", r"\1")
    has_zone: Bools = np.asarray(pc.match_substring_regex(tidy, _ZONED))
    _refuse_bad_text(column, tidy, has_zone, start, zoned=zoned)
    raise AssertionError("a text that does not parse was not found")


def _parsed(texts: pa.Array, *, zoned: bool) -> Ints | None:
    for unit in ("us", "ns"):  # microseconds reach all years, nanoseconds read nine decimals
        found = _cast(texts, pa.timestamp(unit, tz="UTC" if zoned else None))
        if found is not None:
            return _milliseconds(found.cast(pa.int64()).to_numpy(), _PER_SECOND[unit])
    return None


def _refuse_bad_text(column: TimeColumn, tidy: pa.Array, has_zone: Bools, start: int, *, zoned: bool) -> None:
    row = first_bad(tidy, lambda cells: _parsed(cells, zoned=zoned) is not None)
    other = bool(has_zone[row])
    if other != zoned and _parsed(tidy.slice(row, 1), zoned=other) is not None:
        here, there = ("a zone", "none") if other else ("no zone", "one")
        raise SourceError(
            f"{column.place(start + row)}: time {_cell(column, start + row)} has {here}, while {column.place(0)} "
            f"has {there}; write all times with a zone or all without"
        )
    raise SourceError(f"{column.place(start + row)}: time {_cell(column, start + row)} is not {_MEANT}")


def _of_local(column: TimeColumn, local: Ints, zone: str) -> Ints:
    """Give the instants of local times; dates begin when clocks say so, though midnight be left out or come twice."""
    found, absent, twice = to_instants(local, zone_named(zone, origin=column.origin))
    if not (local % _DAY_MILLISECONDS).any():  # dates
        return found
    for bad, what in (
        (absent, "never was in {} (clocks went forward)"),
        (twice, "was twice in {} (clocks went back)"),
    ):
        if bad.any():
            row = int(np.argmax(bad))
            raise SourceError(
                f"{column.place(row)}: local time {_cell(column, row)} {what.format(zone)}; "
                "write times in UTC or with their offset"
            )
    return found
