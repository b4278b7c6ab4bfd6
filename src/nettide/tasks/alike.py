"""Data for a stored model is read as the data of its fit was, or not at all."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from nettide.errors import MismatchError
from nettide.models import MODELS
from nettide.prepare.grid import AGGREGATE, MISSING
from nettide.store.record import ModelRecord
from nettide.tasks.load import Reading


def told_of(reading: Reading) -> dict[str, str]:
    """Give what a stored model must know of a reading, by the names of the options: what decides what a value means."""
    layout, grid = reading.layout, reading.grid
    zone = layout.zone or (None if reading.zone == Reading().zone else reading.zone)
    given = {
        "zone": zone,
        "aggregate": None if grid.combined_by == AGGREGATE else grid.combined_by,
        "missing": None if grid.absent_as == MISSING else grid.absent_as,
        "counter": None if reading.counter_bits is None else str(reading.counter_bits),
        "country": reading.occasions.country,
    }
    return {name: value for name, value in given.items() if value is not None}


def read_alike(reading: Reading, record: ModelRecord, *, location: str) -> tuple[Reading, tuple[str, ...]]:
    """Read as the fit did, in all that is left unsaid now: zone, aggregate, missing steps, country and unit.

    What is said now holds, the usual too: ``--aggregate mean`` asks a model of maxima of means.

    Args:
        reading: as it was asked for.
        record: of the stored model.
        location: of the data, for the sentence.

    Returns:
        The reading, and what is to be said of it.

    Raises:
        MismatchError: the model learned from rates of a counter, and neither a counter nor a unit is named now.
    """
    told = record.data.reading
    bits = told.get("counter")
    if bits is not None and reading.counter_bits is None and not reading.unit:
        raise MismatchError(
            f"the model was fitted on rates of a {bits}-bit counter; if {location} holds such counters, add "
            f"--counter {bits} and the --capacity of the links; if it holds rates, add --unit {record.data.unit}"
        )
    given: dict[str, str] = {}
    layout, grid, occasions, zone = reading.layout, reading.grid, reading.occasions, reading.zone
    if layout.zone is None and zone == Reading().zone and "zone" in told:
        given["zone"] = zone = told["zone"]
        layout = replace(layout, zone=zone)
    heeded = MODELS[record.model].occasions and occasions.country is None and occasions.holidays is None
    if heeded and "country" in told:
        given["country"] = told["country"]
        occasions = replace(occasions, country=told["country"])
    changed: dict[str, Any] = {}
    if grid.aggregate is None and "aggregate" in told:
        changed["aggregate"] = told["aggregate"]
    if grid.missing is None and reading.counter_bits is None and "missing" in told:
        changed["missing"] = told["missing"]
    given |= changed
    unit = reading.unit or ("" if reading.counter_bits else record.data.unit)
    alike = replace(reading, layout=layout, grid=replace(grid, **changed), occasions=occasions, zone=zone, unit=unit)
    said = " ".join(f"--{name} {value}" for name, value in given.items())
    return alike, (f"read as for the fit of the model: {said}",) if said else ()
