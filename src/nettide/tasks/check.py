"""Check the quality of data before anything is forecast."""

from __future__ import annotations

from nettide.prepare.quality import Verdict, examine
from nettide.sources.local_times import zone_named
from nettide.tasks.load import Reading, load_rows


def check(location: str, reading: Reading) -> Verdict:
    """Give the verdict on a file or folder, however bad its values are.

    Negative, infinite and repeated values do not end the check as they end other verbs.

    Raises:
        SourceError: the location cannot be read as traffic, or the zone does not exist.
        PanelError: it holds no rows.
        OptionError: counters were named without a capacity.
    """
    rows = load_rows(location, reading)
    zone_named(reading.zone, origin=rows.origin)
    return examine(
        rows,
        step_seconds=reading.grid.step_seconds,
        missing=reading.grid.absent_as,
        capacity=reading.capacity,
        unit=reading.unit or ("bit/s" if reading.counter_bits else ""),
        zone=reading.zone,
    )
