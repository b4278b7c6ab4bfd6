"""Known readings laid out by series, time and step."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from nettide.arrays import Ints
from nettide.prepare.order import milliseconds
from nettide.prepare.rows import Rows
from nettide.prepare.slots import Slots


@dataclass(frozen=True, slots=True, eq=False)
class Laid:
    """Known readings of one channel in order of series and time, each time of a series once.

    A cell is a step of a series that has a reading.

    Args:
        series: of each reading.
        within: milliseconds from the begin of slot 0, by the wall clock where steps are days of a zone.
        moments: epoch milliseconds.
        cells: the first reading of each cell.
        counts: readings of each cell.
        owners: series of each cell.
        numbers: slot of each cell.
        begins: the first cell of each series, and the number of cells.
    """

    series: Ints
    within: Ints
    moments: Ints
    cells: Ints
    counts: Ints
    owners: Ints
    numbers: Ints
    begins: Ints

    def spans(self) -> Iterator[tuple[int, int]]:
        """Give the first cell of each series and the one after its last."""
        return pairwise(self.begins.tolist())

    def readings(self, begin: int, end: int) -> slice:
        """Give which readings the cells from one to before another are made of."""
        return slice(self.cells[begin], self.cells[end] if end < len(self.cells) else len(self.within))


def laid_out(rows: Rows, slots: Slots, *, order: Ints | None, channel: int = 0) -> Laid | None:
    """Lay out the known readings of a channel; None where no step has more than one.

    Args:
        rows: readings.
        slots: the steps they are put in.
        order: positions that put rows in order of series and time; None when they stand so.
        channel: place of the channel.
    """
    places = np.arange(len(rows)) if order is None else order
    places = places[~np.isnan(rows.values[places, channel])]
    if not len(places):
        return None
    series, moments = rows.series[places], milliseconds(rows)[places]
    once = np.append(True, (series[1:] != series[:-1]) | (moments[1:] != moments[:-1]))
    if not once.all():
        places, series, moments = places[once], series[once], moments[once]
    within = slots.within(rows)[places]
    numbers = within // (1000 * slots.step_seconds)
    cells = np.flatnonzero(np.append(True, (series[1:] != series[:-1]) | (numbers[1:] != numbers[:-1])))
    if len(cells) == len(places):
        return None
    owners = series[cells]
    return Laid(
        series=series,
        within=within,
        moments=moments,
        cells=cells,
        counts=np.diff(np.append(cells, len(places))),
        owners=owners,
        numbers=numbers[cells],
        begins=np.append(np.flatnonzero(np.append(True, owners[1:] != owners[:-1])), len(cells)),
    )


def usual_gap(times: Ints, series: Ints | None = None) -> float:
    """Give the median time between readings, one after the other; 0 where there is none.

    Args:
        times: of the readings, ascending within each series.
        series: of each reading; None where all are of one.
    """
    gaps = np.diff(times)
    gaps = gaps[gaps > 0] if series is None else gaps[(series[1:] == series[:-1]) & (gaps > 0)]
    return float(np.median(gaps)) if len(gaps) else 0.0
