"""A list of capacities: a CSV file with a series, or a link of two directions, and its capacity a row."""

from __future__ import annotations

from nettide.errors import SourceError, UnitError
from nettide.sources.csv_file import CsvSource
from nettide.sources.location import regular_file
from nettide.units import parse_quantity

_MOST_BYTES = 256 << 20
_ID_NAMES = ("unique_id", "series", "id", "link", "interface")
_CAPACITY_NAMES = ("capacity", "capacity_bps", "speed", "bandwidth")


def read_capacities(location: str) -> dict[str, float]:
    """Read capacities, such as ``core1-eth0,10G``.

    Args:
        location: a CSV file, plain or compressed, with the columns unique_id and capacity.

    Returns:
        Name -> capacity, in bits per second or in the unit of the series.

    Raises:
        SourceError: the file cannot be read, lacks a column, or a row has no name, a repeated one, or a capacity that
            is empty, zero, negative or not understood.
    """
    path = regular_file(location)
    file = CsvSource().open(path, origin=path.name, limit_bytes=_MOST_BYTES)
    columns = {name.lower(): name for name in reversed(file.names)}
    chosen = []
    for names in (_ID_NAMES, _CAPACITY_NAMES):
        column = next((columns[name] for name in names if name in columns), None)
        if column is None:
            raise SourceError(
                f"{file.origin}: has no column {names[0]!r} but {', '.join(file.names)}; "
                "capacities need unique_id and capacity"
            )
        chosen.append(column)
    file.sketches()  # refuses a header without rows
    cells = file.cells(chosen, numbers=())
    found: dict[str, float] = {}
    texts = (cells.columns[column].to_pylist() for column in chosen)
    for line, name, text in zip(cells.lines.tolist(), *texts, strict=True):
        where, id, capacity = f"{file.origin} line {line}", (name or "").strip(), (text or "").strip()
        if not id:
            raise SourceError(f"{where}: the name of the series is empty")
        if id in found:
            raise SourceError(f"{where}: series {id!r} has a capacity already; leave one of them out")
        found[id] = _capacity(capacity, where=where, id=id)
    return found


def _capacity(text: str, *, where: str, id: str) -> float:
    if not text:
        raise SourceError(f"{where}: the capacity of {id!r} is empty; leave the row out if it is unknown")
    try:
        capacity = parse_quantity(text)
    except UnitError:
        raise SourceError(
            f"{where}: capacity {text!r} of {id!r} is not understood; write for example 100M, 10G or 2.5e9"
        ) from None
    if capacity == 0:
        raise SourceError(f"{where}: the capacity of {id!r} is zero; leave the row out if it is unknown")
    return capacity
