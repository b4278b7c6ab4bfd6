"""Steps, quantities and their texts: ``1h``, ``10G``, ``1.94 Tbit/s``."""

from __future__ import annotations

import math
import re
import sys

from nettide.errors import UnitError

_STEP_SECONDS = {"s": 1, "min": 60, "m": 60, "h": 3600, "d": 86400, "w": 604800}
_MOST_STEP_SECONDS = 366 * 86400
_SI_PREFIXES = {"": 1.0, "k": 1e3, "K": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "P": 1e15, "E": 1e18}
_SI_STEPS = ("", "k", "M", "G", "T", "P", "E")
_SI_SMALL = ("", "m", "µ", "n", "p", "f", "a")


def parse_step(text: str) -> int:
    """Give the seconds of a step such as ``30s``, ``5min``, ``1h``, ``1d`` or ``1w``.

    ``m`` is a minute; ``M``, which is a month elsewhere, is refused.

    Raises:
        UnitError: the text is no whole number of a known unit, is not positive, or is longer than a year.
    """
    match = re.fullmatch(r"\s*([0-9]{0,12})\s*([a-zA-Z]+)\s*", text)
    unit = match.group(2) if match else ""
    seconds = None if unit == "M" else _STEP_SECONDS.get(unit.lower())
    if match is None or seconds is None:
        raise UnitError(f"step {text!r} is not understood; write for example 30s, 5min, 1h, 1d or 1w")
    step = int(match.group(1) or 1) * seconds
    if step < 1:
        raise UnitError(f"step {text!r} must be longer than zero")
    if step > _MOST_STEP_SECONDS:
        raise UnitError(f"step {text!r} must not be longer than a year")
    return step


def step_text(seconds: int) -> str:
    """Write a step in its largest whole unit: 3600 gives ``1h``, 5400 gives ``90min``."""
    for unit in ("w", "d", "h", "min", "s"):
        size = _STEP_SECONDS[unit]
        if seconds >= size and seconds % size == 0:
            return f"{seconds // size}{unit}"
    return f"{seconds}s"


def parse_duration(text: str) -> float:
    """Give the seconds of a time such as ``90s``, ``10m``, ``1.5h`` or ``1d``; ``m`` is a minute.

    Raises:
        UnitError: the text is no positive number of a known unit.
    """
    match = re.fullmatch(r"\s*([0-9]{1,9}(?:\.[0-9]{1,9})?)\s*([a-z]+)\s*", text)
    size = _STEP_SECONDS.get(match.group(2)) if match else None
    if match is None or size is None:
        raise UnitError(f"time {text!r} is not understood; write for example 90s, 10m or 1.5h")
    seconds = float(match.group(1)) * size
    if not seconds > 0:
        raise UnitError(f"time {text!r} must be longer than zero")
    return seconds


def parse_quantity(text: str) -> float:
    """Give the number of a quantity with an optional SI prefix: ``10G`` is 1e10, ``2.5 Mbit/s`` is 2.5e6.

    Raises:
        UnitError: the text is no finite, non-negative number with a known prefix.
    """
    match = re.fullmatch(r"\s*([0-9.]+(?:[eE][+-]?\d+)?)\s*([kKMGTPE]?)(?:bit/s|bps|b/s)?\s*", text)
    try:
        number = float(match.group(1)) * _SI_PREFIXES[match.group(2)] if match else math.nan
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise UnitError(f"quantity {text!r} is not understood; write for example 100M, 10G or 2.5e9")
    return number


_NOTHING = 1e-18  # of a unit: the smallest prefix in use is atto
_PREFIXED = re.compile(r"([kKMGTPE])((?:bits?|bytes?|b|B|octets?|packets?|pkts|flows?)(?:/s|/sec)?|bps|Bps|pps)")


def si_text(value: float, unit: str = "", *, digits: int = 3) -> str:
    """Write a value with an SI prefix and its unit: 1.94e12 and ``bit/s`` give ``1.94 Tbit/s``.

    A value that is not finite gives ``–``, one too small for any prefix 0. Without a unit the prefix stands alone:
    ``1.94 T``. A unit of traffic that has a prefix itself gets no second one: 1,500 and ``Mbit/s`` give ``1.5 Gbit/s``.
    """
    if not math.isfinite(value):
        return "–"
    if match := _PREFIXED.fullmatch(unit):
        value, unit = value * _SI_PREFIXES[match.group(1)], match.group(2)
        value = math.copysign(min(abs(value), sys.float_info.max), value)
    size = abs(value)
    if size < _NOTHING:
        return f"0 {unit}".rstrip()
    rounded = min(float(f"{size:.{digits - 1}e}"), sys.float_info.max)  # 999.9 is written as 1 k
    power = math.floor(math.log10(rounded) / 3)
    if power >= 0:
        power = min(power, len(_SI_STEPS) - 1)
        prefix = _SI_STEPS[power]
    else:
        power = max(power, 1 - len(_SI_SMALL))
        prefix = _SI_SMALL[-power]
    number = f"{value / 1000.0**power:.{digits}g}"
    if "e" in number:
        number = f"{float(number):.0f}" if size >= 1 else number
    return f"{number} {prefix}{unit}".rstrip()
