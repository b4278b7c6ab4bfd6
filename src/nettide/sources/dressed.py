"""Numbers that are not written as one: with a decimal comma, marks between thousands, or their unit in the cell."""

from __future__ import annotations

import re

_PREFIX = "[kKMGTPE]"
_AMOUNT = r"(?:bits?|bytes?|octets?|packets?|pkts?|flows?|requests?)(?:/(?:s|sec|second|min|h|hour|d|day))?"
_UNIT = rf"%|{_PREFIX}?i?(?:{_AMOUNT}|b/s(?:ec)?|bps|pps|hz)|{_PREFIX}i?b|ms|us|µs|dbm?"
_PLAIN, _DECIMAL_COMMA = r"\d+(?:\.\d*)?", r"\d+,\d+"
_GROUPED = r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d{1,3}(?:\.\d{3})+,\d+|\d{1,3}(?:['’\u00a0\u202f]\d{3})+(?:[.,]\d+)?"
_NUMBER = rf"[+-]?(?:(?P<grouped>{_GROUPED})|(?P<comma>{_DECIMAL_COMMA})|(?P<plain>{_PLAIN}))"
_DRESSED = re.compile(rf"{_NUMBER}\s*(?:(?P<unit>(?i:{_UNIT}))|(?P<prefix>{_PREFIX}))?")


def is_dressed(text: str) -> bool:
    """Say whether a cell is a number to people alone: ``142,05``, ``1,142.05``, ``12.3 Mbps`` or ``12.3M``.

    What may as well be a name is none, such as ``10G``, ``5b`` or an address.
    """
    match = _DRESSED.fullmatch(text)
    if match is None:
        return False
    return (
        match["plain"] is None or match["unit"] is not None or (match["prefix"] is not None and "." in match["plain"])
    )


def undressing(text: str) -> str:
    """Say what makes a number of a cell that is none; the general advice where nothing is known of it."""
    match = _DRESSED.fullmatch(text)
    remedies = []
    if match is not None and match["grouped"] is not None:
        remedies.append("write thousands without marks between them and decimals with a point")
    elif match is not None and match["comma"] is not None:
        remedies.append("write decimals with a point")
    if match is not None and match["unit"] is not None:
        remedies.append(f"strip the unit, which must be one for all cells, and name it with --unit {match['unit']}")
    elif match is not None and match["prefix"] is not None:
        remedies.append(f"write the number out instead of {match['prefix']}")
    return ", and ".join(remedies) or "correct it or leave it empty"
