"""Look at data before anything is fitted: the verdict, the panel where one can be made, and what stands in its way."""

from __future__ import annotations

from dataclasses import dataclass

from nettide.errors import NettideError
from nettide.panel import Panel
from nettide.prepare.quality import Verdict, examine
from nettide.sources.local_times import zone_named
from nettide.tasks.forecaster import check_traffic
from nettide.tasks.load import Reading, load_rows, panel_of
from nettide.tasks.remarks import remarks_on


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """What is to be known of data.

    Args:
        verdict: on each series, however bad its values are.
        columns: names of the value columns, the target first.
        panel: the data on its grid; None where it cannot be put there.
        notes: sentences: what was guessed, sorted, dropped or left unknown, and what is odd.
        trouble: why there is no panel, or none that can be forecast, one sentence; empty where there is one.
    """

    verdict: Verdict
    columns: tuple[str, ...]
    panel: Panel | None
    notes: tuple[str, ...]
    trouble: str = ""


def look(location: str, reading: Reading) -> Look:
    """Read data once, examine it, and put it on its grid where that can be done.

    Raises:
        SourceError: the location cannot be read as traffic, or the zone does not exist.
        PanelError: it holds no rows.
        OptionError: counters were named without a capacity, or a country is unknown.
    """
    rows = load_rows(location, reading)
    zone_named(reading.zone, origin=rows.origin)
    verdict = examine(
        rows,
        step_seconds=reading.grid.step_seconds,
        missing=reading.grid.absent_as,
        capacity=reading.capacity,
        unit=reading.unit or ("bit/s" if reading.counter_bits else ""),
        zone=reading.zone,
    )
    try:
        panel, notes = panel_of(rows, reading)
        check_traffic(panel)
    except NettideError as error:
        return Look(verdict, rows.channels, None, verdict.notes, str(error))
    return Look(verdict, rows.channels, panel, (*notes, *remarks_on(panel)))
