"""Labelled anomalies: a column of the data, or a CSV file of windows with start and end."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from nettide.arrays import Bools
from nettide.errors import OptionError, SourceError, unknown
from nettide.panel import Panel, unknown_series
from nettide.sources.csv_file import CsvSource
from nettide.sources.location import regular_file
from nettide.sources.times import TimeColumn, instants

_MOST_BYTES = 256 << 20  # that a compressed file may unpack to


def take_labels(panel: Panel, labels: str, *, zone: str | None) -> tuple[Panel, Bools, tuple[str, ...]]:
    """Give the panel without its labels, and where they are.

    Args:
        panel: the data.
        labels: a channel that is above zero where something is odd, or else a CSV file of windows.
        zone: IANA zone of times that are written without one.

    Returns:
        The panel, marks of shape (series, time), and sentences for the user.

    Raises:
        OptionError: it is neither a channel nor a file, or it is the target.
        SourceError: the file cannot be read as windows.
    """
    names = [channel.name for channel in panel.channels]
    if labels not in names:
        if not Path(labels).exists():
            raise OptionError(f"{unknown('column', labels, names)}; labels are one of these, or a CSV file of windows")
        marks, notes = _windows(panel, labels, zone=zone)
        return panel, marks, notes
    place = names.index(labels)
    if place == 0:
        raise OptionError(f"column {labels!r} holds the traffic itself; name the column that marks anomalies")
    others = [one for one in range(len(names)) if one != place]
    rest = replace(panel, values=panel.values[:, :, others], channels=tuple(panel.channels[one] for one in others))
    return rest, np.nan_to_num(panel.values[:, :, place]) > 0, ()


def _windows(panel: Panel, location: str, *, zone: str | None) -> tuple[Bools, tuple[str, ...]]:
    path = regular_file(location)
    if path.suffix.lower() in (".parquet", ".pq"):
        raise SourceError(f"{location}: windows are read from CSV with the columns start and end; export it as CSV")
    file = CsvSource().open(path, origin=path.name, limit_bytes=_MOST_BYTES)
    columns = {one.lower(): one for one in file.names}
    if absent := [role for role in ("start", "end") if role not in columns]:
        raise SourceError(
            f"{file.origin}: has no column {absent[0]!r} but {', '.join(file.names)}; "
            "windows need start and end, and may have series"
        )
    cells = file.cells([columns[role] for role in ("start", "end", "series") if role in columns], numbers=())

    def place(row: int) -> str:
        return f"{file.origin} line {cells.lines[row]}"

    notes: list[str] = []
    bounds = []
    for role in ("start", "end"):
        column = TimeColumn(cells.columns[columns[role]], columns[role], file.origin, place)
        times, said = instants(column, zone=zone)
        notes += [one for one in said if one not in notes]
        bounds.append(times.astype("int64"))  # milliseconds
    series = cells.columns[columns["series"]].to_pylist() if "series" in columns else [""] * len(bounds[0])
    marks = np.zeros(panel.target.shape, dtype=np.bool_)
    begins = 1000 * panel.seconds
    for row, (start, end, name) in enumerate(zip(*bounds, series, strict=True)):
        if end <= start:
            raise SourceError(f"{place(row)}: its end does not come after its start; correct one of them")
        if name and name not in panel.ids:
            raise SourceError(f"{place(row)}: {unknown_series(name, panel.ids)}")
        touched = (begins + 1000 * panel.step_seconds > start) & (begins < end)
        if not touched.any():
            notes.append(f"{place(row)}: the window lies outside the data")
        rows = [panel.ids.index(name)] if name else slice(None)
        marks[rows] |= touched
    return marks, tuple(notes)
