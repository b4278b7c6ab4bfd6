"""A reading as JSON values, as the options of the command line, and back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from nettide.errors import DamagedError
from nettide.prepare.grid import GridChoice
from nettide.sources.contract import Layout
from nettide.tasks.load import Reading
from nettide.tasks.occasions import OccasionChoice
from nettide.units import step_text


def reading_document(reading: Reading) -> dict[str, Any]:
    """Give JSON values that ``reading_from`` reads."""
    document = asdict(reading)
    channels = reading.layout.channels
    document["layout"]["channels"] = None if channels is None else list(channels)
    return document


def reading_from(document: Mapping[str, Any]) -> Reading:
    """Read what ``reading_document`` gave.

    Raises:
        DamagedError: a field is missing, unknown or of another shape.
    """
    try:
        values = dict(document)
        layout = dict(values.pop("layout"))
        channels = layout.pop("channels")
        return Reading(
            layout=Layout(**layout, channels=None if channels is None else tuple(channels)),
            grid=GridChoice(**values.pop("grid")),
            occasions=OccasionChoice(**values.pop("occasions")),
            **values,
        )
    except (TypeError, ValueError, KeyError) as error:
        raise DamagedError(f"this does not say how data is read: {error}") from None


def reading_options(reading: Reading) -> tuple[str, ...]:
    """Give the options of the command line that make a reading, without those that are unsaid or what nobody says."""
    layout, grid, usual = reading.layout, reading.grid, Reading()
    zone = layout.zone or (reading.zone if reading.zone != usual.zone else None)
    given: list[tuple[str, str | None]] = [
        ("--time", layout.time),
        ("--id", layout.id),
        ("--target", layout.target),
        ("--zone", zone),
        ("--step", None if grid.step_seconds is None else step_text(grid.step_seconds)),
        ("--aggregate", grid.aggregate),
        ("--missing", grid.missing),
        ("--invalid", None if grid.invalid == usual.grid.invalid else grid.invalid),
        ("--duplicates", None if grid.duplicates == usual.grid.duplicates else grid.duplicates),
        ("--counter", None if reading.counter_bits is None else str(reading.counter_bits)),
        ("--capacity", None if reading.capacity is None else _number(reading.capacity)),
        ("--limit", None if layout.limit_bytes == usual.layout.limit_bytes else str(layout.limit_bytes)),
        ("--unit", reading.unit or None),
        ("--country", reading.occasions.country),
        ("--holidays", reading.occasions.holidays),
        ("--events", reading.occasions.events),
    ]
    return tuple(word for name, value in given if value is not None for word in (name, value))


def _number(value: float) -> str:
    return str(int(value)) if value == int(value) else repr(value)
