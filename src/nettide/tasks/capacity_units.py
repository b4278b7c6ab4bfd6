"""Traffic in bits per second, whatever its unit says, so that it can be compared with a capacity or a commit."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np

from nettide.errors import UnitError
from nettide.panel import Panel
from nettide.units import step_text

BITS = "bit/s"
_PREFIXES = {
    **{one: 1000.0**power for power, one in enumerate(("", "k", "M", "G", "T", "P", "E"))},
    "K": 1e3,
    **{f"{one}i": 1024.0**power for power, one in enumerate("KMGTPE", start=1)},
}
_PREFIX = "([kKMGTPE]?i?)"
_BITS = re.compile(rf"{_PREFIX}(?:bits?/s(?:ec)?|bps|b/s)")
_BYTES = re.compile(rf"{_PREFIX}(?:bytes?/s(?:ec)?|Bytes?/s|B/s|Bps|octets?/s)")
_AMOUNT = re.compile(rf"{_PREFIX}(?:bits?|[bB]ytes?|B|octets?)(?: per step)?")


def bits_a_second(unit: str) -> float | None:
    """Give how many bits a second one of a unit is: 8e6 for ``MB/s``; None for what is no rate of bits or bytes."""
    for pattern, bits in ((_BITS, 1.0), (_BYTES, 8.0)):
        match = pattern.fullmatch(unit)
        if match and match.group(1) in _PREFIXES:
            return bits * _PREFIXES[match.group(1)]
    return None


def as_bits(panel: Panel) -> tuple[Panel, tuple[str, ...]]:
    """Give the target of a panel in bit/s where its unit is a rate of bits or bytes, and say what was turned.

    Series in another unit stay as they are: a capacity is then in that unit.

    Raises:
        UnitError: the target is an amount of bits or bytes, which has no capacity.
    """
    factors, notes = np.ones(len(panel.series)), []
    turned: dict[str, float] = {}
    for row, unit in enumerate(panel.units):
        factor = bits_a_second(unit)
        if factor is None and _AMOUNT.fullmatch(unit):
            raise UnitError(
                f"series {panel.ids[row]!r} is in {unit}, an amount and not a rate, which no capacity limits: read a "
                f"counter with --counter 64, or turn amounts of {step_text(panel.step_seconds)} into bit/s first "
                f"(bytes x 8 / {panel.step_seconds})"
            )
        if factor is not None:
            factors[row] = factor
            if unit != BITS:
                turned[unit] = factor
    for unit, factor in turned.items():
        if factor != 1:
            notes.append(f"values in {unit} are compared in bit/s (x {factor:g})")
    if "" in panel.units:
        notes.append("the data names no unit: its values are taken as they are, in the unit of the capacity")
    values = panel.values.copy()
    values[:, :, 0] *= factors[:, None]
    series = tuple(
        replace(
            one,
            unit=BITS if bits_a_second(unit) is not None else unit,
            capacity=None if one.capacity is None else one.capacity * factor,
        )
        for one, unit, factor in zip(panel.series, panel.units, factors.tolist(), strict=True)
    )
    return replace(panel, values=values, series=series), tuple(notes)
