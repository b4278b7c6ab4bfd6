"""Words of the pages: texts that came from data, shown to the letter, and figures with units."""

from __future__ import annotations

import math
import re

from nettide.units import si_text

BARE_UNITS = ("%", "ms", "s", "°C")
"""Units that take no prefix here: they have one, or nobody writes it so."""
_MARKUP = re.compile(r"([\\`*_{}\[\]()#+\-.!|~<>$:&])")


def plain(text: str) -> str:
    """Give a text as Markdown that shows it to the letter, for calls of Streamlit that read Markdown."""
    return _MARKUP.sub(r"\\\1", text)


def value_text(value: float, unit: str) -> str:
    """Write a value with its unit: ``1.94 Tbit/s``, ``35.2 k connections``; of ``%`` and ``ms`` no prefix is made."""
    if not math.isfinite(value):
        return "–"
    if unit in BARE_UNITS or abs(value) < 1:  # thousandths of a packet would be written as mpackets
        return f"{value:.3g} {unit}".rstrip()
    number, _, prefix = si_text(value).partition(" ")
    return f"{number} {prefixed(prefix, unit)}".rstrip()


def prefixed(prefix: str, unit: str) -> str:
    """Put a prefix before a unit: close to it where the unit is a symbol, apart where it is a word."""
    is_word = len(unit) > 2 and "/" not in unit
    return f"{prefix} {unit}".strip() if is_word else f"{prefix}{unit}"


def seconds_text(seconds: float) -> str:
    """Write a time: ``0.8 s``, ``42 s``, ``3 min 20 s``, ``1 h 5 min``."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s" if whole % 60 else f"{whole // 60} min"
    return f"{whole // 3600} h {whole % 3600 // 60} min"
