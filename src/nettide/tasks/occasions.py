"""Put what is known of the future beside the traffic: holidays of a country, and files of holidays and events."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from nettide.occasions import KINDS, Occasion, OccasionKind
from nettide.panel import Panel
from nettide.prepare.calendar import DAY_SECONDS
from nettide.prepare.holidays import checked_country, common_holidays, country_of, holidays_of
from nettide.prepare.weekends import DAYS, SATURDAY_SUNDAY, weekend_days
from nettide.sources.location import regular_file
from nettide.sources.occasion_files import read_events, read_holidays

NOWHERE = "none"
"""Written in place of a country: no holiday is known but those of a file."""
_STEPS_AHEAD = 336  # the longest horizon of any model
_NAMES: Mapping[OccasionKind, tuple[str, str]] = {
    "holiday": ("holiday", "holidays"),
    "maintenance": ("maintenance window", "maintenance windows"),
    "event": ("event", "events"),
}
_DAYS_AROUND = 3  # a step is told of the day after it, whatever the zone


@dataclass(frozen=True, slots=True)
class OccasionChoice:
    """Where occasions come from; any of them together.

    Args:
        country: whose public holidays are known, such as ``CZ`` or ``DE-BY``; ``none`` knows none. Without one, and
            without a file of holidays, they are those of the country of the zone, or, where that is UTC, the days
            that most countries have in common.
        holidays: a file of holidays, a day a row.
        events: a file of events and maintenance windows.
    """

    country: str | None = None
    holidays: str | None = None
    events: str | None = None

    def check(self) -> None:
        """Refuse what cannot be there, before time is spent on data.

        Raises:
            OptionError: the country is unknown.
            SourceError: a file is absent or must not be read.
        """
        if self.country is not None and self.country != NOWHERE:
            checked_country(self.country)
        for location in (self.holidays, self.events):
            if location is not None:
                regular_file(location)


def with_occasions(panel: Panel, choice: OccasionChoice, *, zone: str | None) -> tuple[Panel, tuple[str, ...]]:
    """Give a panel with what is known from its begin to the longest horizon after its end.

    Args:
        panel: the traffic.
        choice: where occasions come from.
        zone: IANA zone of times that are written without one; None takes UTC and says so. Days are those of the
            zone of the series.

    Returns:
        The panel, and sentences for the user.

    Raises:
        OptionError: the country is unknown.
        SourceError: a file cannot be read as holidays or events.
    """
    notes: list[str] = []
    found: list[Occasion] = []
    days_of = panel.series[0].zone if panel.series else "UTC"
    unsaid = "" if zone or days_of != "UTC" else ", by days of UTC (set the zone of the place with --zone)"
    if (weekend := weekend_days(days_of)) != SATURDAY_SUNDAY:
        notes.append(f"weekends are {' and '.join(DAYS[one] for one in sorted(weekend))}, as in {days_of}")
    if choice.country is None and choice.holidays is None:
        holidays, origin = usual_holidays(panel)
        found += holidays
        if any(one.touches(panel.start, _end(panel) + panel.step_seconds) for one in holidays):
            notes.append(f"{origin}: {_counted(holidays, panel)} (--country names another place, or none)")
    elif choice.country is not None and choice.country != NOWHERE:
        first, last = _days_around(panel)
        holidays = holidays_of(choice.country, first, last, days_of)
        found += holidays
        notes.append(f"{choice.country}: {_counted(holidays, panel)}{unsaid}")
    if choice.holidays is not None:
        listing = read_holidays(choice.holidays, zone=days_of)
        found += listing.occasions
        name = _origin(choice.holidays)
        if choice.country is None and (country := country_of(days_of)) is not None:
            notes.append(f"no other holidays than those of {name} are known; --country {country} adds that country's")
        notes += [*listing.notes, f"{name}: {_counted(listing.occasions, panel)}{unsaid}"]
        if listing.last is not None and listing.last < (end := _day(_end(panel) - 1)):
            notes.append(f"{name}: lists no day after {listing.last}, but the data goes on until {end}")
    if choice.events is not None:
        listing = read_events(choice.events, zone=zone, ids=panel.ids)
        found += listing.occasions
        notes += [*listing.notes, f"{_origin(choice.events)}: {_counted(listing.occasions, panel)}"]
    return (panel.with_occasions(found) if found else panel), tuple(notes)


def usual_holidays(panel: Panel) -> tuple[tuple[Occasion, ...], str]:
    """Give the holidays where nobody named a place: of the country of the zone, or those common to most countries.

    Returns:
        The holidays from the begin of the data to the longest horizon after it, and where they are those of; none at
        steps of a day and more, where a few points in hundreds would be learned by heart (decision 009).
    """
    if not panel.series or panel.step_seconds >= DAY_SECONDS:
        return (), ""
    zone = panel.series[0].zone
    first, last = _days_around(panel)
    if (country := country_of(zone)) is not None:
        return holidays_of(country, first, last, zone), f"{country}, where {zone} is"
    return common_holidays(first, last, zone), "days off in most countries"


def _origin(location: str) -> str:
    return regular_file(location).name


def _end(panel: Panel) -> int:
    return panel.start + panel.step_seconds * panel.steps


def _days_around(panel: Panel) -> tuple[date, date]:
    around = timedelta(days=_DAYS_AROUND)
    first, last = _day(panel.start), _day(_end(panel) + panel.step_seconds * _STEPS_AHEAD)
    return max(first, date.min + around) - around, min(last, date.max - around) + around


def _day(second: int) -> date:
    latest = datetime.max.replace(tzinfo=UTC)
    return datetime.fromtimestamp(min(second, int(latest.timestamp()) - 1), UTC).date()


def _counted(occasions: Sequence[Occasion], panel: Panel) -> str:
    """Say how many occasions of each kind lie within the data."""
    counts = Counter(one.kind for one in occasions if one.touches(panel.start, _end(panel)))
    listed = [kind for kind in KINDS if any(one.kind == kind for one in occasions)] or KINDS[:1]
    texts = [f"{counts[kind]:,} {_NAMES[kind][counts[kind] != 1]}" for kind in listed]
    return f"{' and '.join(texts)} within the data"
