"""Read a file, folder or system into rows and a panel."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from nettide.errors import OptionError
from nettide.panel import Panel
from nettide.prepare.grid import GridChoice, to_panel
from nettide.prepare.rates import rows_as_rates
from nettide.prepare.rows import Rows
from nettide.sources import read_rows
from nettide.sources.contract import Layout
from nettide.tasks.occasions import OccasionChoice, with_occasions


@dataclass(frozen=True, slots=True)
class Reading:
    """How input becomes a panel.

    Args:
        layout: which columns mean what.
        grid: the step, and what to do with many, missing, bad and repeated readings.
        unit: unit of the target; ``bit/s`` where counters become rates.
        zone: IANA zone of the place, for the calendar.
        capacity: most the target can be, in its unit; for counters in bits per second.
        counter_bits: the target counts octets in a counter of this width; None when it is no counter.
        occasions: where holidays, maintenance windows and events come from.
    """

    layout: Layout = field(default_factory=Layout)
    grid: GridChoice = field(default_factory=GridChoice)
    unit: str = ""
    zone: str = "UTC"
    capacity: float | None = None
    counter_bits: Literal[32, 64] | None = None
    occasions: OccasionChoice = field(default_factory=OccasionChoice)


def load_rows(location: str, reading: Reading) -> Rows:
    """Read rows, with counters turned into rates where asked.

    Raises:
        SourceError: the location cannot be read as traffic, or a file of holidays or events is absent.
        OptionError: counters were named without a capacity, or with missing steps as zero, or a country is unknown.
    """
    reading.occasions.check()
    rows = read_rows(location, reading.layout)
    if reading.counter_bits is None:
        return rows
    if reading.capacity is None:
        raise OptionError("counters need the capacity of the link to tell a wrap from a restart: add --capacity 10G")
    if reading.grid.absent_as == "zero":
        raise OptionError(
            "counters cannot be read with --missing zero: an interval over a restart is unknown, not silent"
        )
    return rows_as_rates(
        rows,
        capacity_bps=reading.capacity,
        counter_bits=reading.counter_bits,
        octets=True,
        duplicates=reading.grid.duplicates,
    )


def load(location: str, reading: Reading) -> tuple[Panel, tuple[str, ...]]:
    """Read a panel.

    Returns:
        The panel, and sentences for the user: what was guessed, sorted, dropped or left unknown.

    Raises:
        SourceError: the location cannot be read as traffic, or a file not as holidays or events.
        PanelError: its readings do not form series on one grid.
        OptionError: counters were named without a capacity, or with missing steps as zero, or a country is unknown.
    """
    return panel_of(load_rows(location, reading), reading)


def panel_of(rows: Rows, reading: Reading) -> tuple[Panel, tuple[str, ...]]:
    """Put rows on the grid; returns and raises as ``load``."""
    unit = reading.unit or ("bit/s" if reading.counter_bits else "")
    panel, notes = to_panel(rows, reading.grid, unit=unit, zone=reading.zone, capacity=reading.capacity)
    panel, said = with_occasions(panel, reading.occasions, zone=reading.layout.zone)
    return panel, (*rows.notes, *notes, *said)
