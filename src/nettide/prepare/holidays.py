"""Public holidays of a country or one of its parts, or of most of the world, as occasions."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from nettide.errors import OptionError
from nettide.occasions import Occasion

if TYPE_CHECKING:
    from collections.abc import Sequence

_LANGUAGE = "en_US"  # names must not depend on the language of the machine
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_COMMON: Mapping[tuple[int, int], str] = {
    (1, 1): "New Year's Day",
    (5, 1): "Labour Day",
    (12, 25): "Christmas Day",
    (12, 26): "day after Christmas",
}
_AROUND_EASTER = {-2: "Good Friday", 1: "Easter Monday"}  # days after Easter Sunday
_FIRST, _LAST = date(1700, 1, 1), date(2260, 1, 1)  # what frames of nanoseconds hold, with room around


def holidays_of(country: str, first: date, last: date, zone: str) -> tuple[Occasion, ...]:
    """Give the public holidays of a place, each from midnight to midnight of its local time.

    Args:
        country: an ISO 3166 code, with a part of the country if need be: ``CZ``, ``IT``, ``DE-BY``.
        first: first day that may be given.
        last: last day that may be given.
        zone: IANA zone whose days they are.

    Returns:
        In the order of time; none in years for which the ``holidays`` library knows none.

    Raises:
        OptionError: the country or its part is unknown.
    """
    import holidays

    code, part = checked_country(country)
    first, last = max(first, _FIRST), min(last, _LAST)
    if last < first:
        return ()
    years = range(first.year, last.year + 1)
    found: Mapping[date, str] = holidays.country_holidays(code, subdiv=part, years=years, language=_LANGUAGE)
    return tuple(holiday(day, zone, name=found[day]) for day in sorted(found) if first <= day <= last)


def common_holidays(first: date, last: date, zone: str) -> tuple[Occasion, ...]:
    """Give the days that are public holidays in more than a third of the world's countries.

    They are what can be known of traffic whose country nobody named.

    Source: counted over the 250 countries of the ``holidays`` library, 2013 to 2024.

    Args:
        first: first day that may be given.
        last: last day that may be given.
        zone: IANA zone whose days they are.

    Returns:
        In the order of time.
    """
    from dateutil.easter import easter

    first, last = max(first, _FIRST), min(last, _LAST)
    found: dict[date, str] = {}
    for year in range(first.year, last.year + 1):
        found |= {date(year, month, day): name for (month, day), name in _COMMON.items()}
        found |= {easter(year) + timedelta(days=days): name for days, name in _AROUND_EASTER.items()}
    return tuple(holiday(day, zone, name=found[day]) for day in sorted(found) if first <= day <= last)


@cache
def country_of(zone: str) -> str | None:
    """Give the country that an IANA zone lies in; None where it lies in none, or no holidays of it are known.

    Source: ``zone.tab`` of the IANA time zone database.
    """
    import holidays

    lines = resources.files("tzdata").joinpath("zoneinfo/zone.tab").read_text("utf-8").splitlines()
    found = {parts[2]: parts[0] for line in lines if len(parts := line.split("\t")) > 2 and not line.startswith("#")}
    code = found.get(zone)
    return code if code in holidays.list_supported_countries(include_aliases=False) else None


def holiday(day: date, zone: str, *, name: str) -> Occasion:
    """Give a day of a zone as a holiday; it has 23 to 25 hours."""
    return Occasion("holiday", _midnight(day, zone), _midnight(day + timedelta(days=1), zone), name)


def _midnight(day: date, zone: str) -> int:
    """Give the epoch second at which a day begins; where clocks skip midnight, the second of the change."""
    begin = datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(zone))
    return (begin.astimezone(UTC) - _EPOCH) // timedelta(seconds=1)


def checked_country(country: str) -> tuple[str, str | None]:
    """Split ``DE-BY`` into country and part, spelled as the library spells them.

    Raises:
        OptionError: the country or its part is unknown.
    """
    import holidays

    known = holidays.list_supported_countries(include_aliases=True)
    code, dash, part = country.strip().partition("-")
    code = code.strip().upper()
    if code not in known:
        raise OptionError(
            f"unknown country {country!r};{_country_like(country, known)} write a code such as IT or DE-BY"
        )
    if not dash:
        return code, None
    parts = {one.upper(): one for one in known[code]}
    wanted = part.strip().upper()
    if wanted not in parts:
        if not parts:
            raise OptionError(f"country {country!r}: {code} has no parts with holidays of their own; write {code}")
        near = difflib.get_close_matches(wanted, list(parts), n=1, cutoff=0.6)
        hint = f" did you mean {code}-{parts[near[0]]}?" if near else ""
        raise OptionError(f"country {country!r}: {code} has no part {part!r};{hint} known: {', '.join(known[code])}")
    return code, parts[wanted]


def _country_like(country: str, known: Mapping[str, Sequence[str]]) -> str:
    """Give ``did you mean`` with the code of the nearest country, by name or by code; empty if none is near."""
    from holidays.registry import COUNTRIES

    names = {name: codes[1] for name, codes in COUNTRIES.items()}
    whole = country.strip().lower().replace(" ", "_").replace("-", "_")
    if near := difflib.get_close_matches(whole, list(names), n=1, cutoff=0.7):
        return f" did you mean {names[near[0]]!r}?"
    code = country.strip().upper().partition("-")[0]
    near = difflib.get_close_matches(code, sorted(known), n=1, cutoff=0.5)
    return f" did you mean {near[0]!r}?" if near else ""
