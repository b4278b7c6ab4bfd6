"""What a client knows of the future: holidays, maintenance windows and events beside a posted history."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from functools import lru_cache
from http import HTTPStatus

from nettide.errors import OptionError
from nettide.occasions import Occasion
from nettide.panel import Panel, unknown_series
from nettide.prepare.calendar import DAY_SECONDS
from nettide.prepare.holidays import checked_country, common_holidays, country_of, holiday, holidays_of
from nettide.service.given import GivenHistory
from nettide.service.history import epoch, wrong
from nettide.service.problems import ProblemError

NOWHERE = "none"
"""The country of which no holiday is known."""
_STEPS_AHEAD = 336
_AROUND_SECONDS = 3 * DAY_SECONDS  # a step is told of the day after it, whatever the zone
_LATEST = int(datetime(2500, 1, 1, tzinfo=UTC).timestamp())


def with_occasions(panel: Panel, given: GivenHistory) -> Panel:
    """Put what was sent of holidays and events beside a history, or the holidays of its place where nothing was.

    Args:
        panel: the history.
        given: as the client sent it.

    Raises:
        ProblemError: 404 for an unknown country; 422 for an event of unknown series, or that ends before it begins.
    """
    holidays = _of_places(panel, given.country, [date.fromisoformat(one) for one in given.holidays])
    return panel.with_occasions((*holidays, *_events(panel, given)))


def with_usual_holidays(panel: Panel) -> Panel:
    """Put the holidays of its place beside a history of which nothing is said."""
    return panel.with_occasions(_of_places(panel, None, []))


def _of_places(panel: Panel, country: str | None, days: Sequence[date]) -> tuple[Occasion, ...]:
    """Give holidays by the days of each zone."""
    zones = dict.fromkeys(one.zone for one in panel.series)
    if len(zones) == 1:
        return _of_zone(panel, next(iter(zones)), country, days)
    return tuple(
        Occasion(one.kind, one.start, one.end, one.name, ids)
        for zone in zones
        for ids in [tuple(series.id for series in panel.series if series.zone == zone)]
        for one in _of_zone(panel, zone, country, days)
    )


def _of_zone(panel: Panel, zone: str, country: str | None, days: Sequence[date]) -> tuple[Occasion, ...]:
    sent = tuple(holiday(day, zone, name="") for day in days)
    if country is None:
        if days or panel.step_seconds >= DAY_SECONDS:  # decision 009: too few points to learn single days from
            return sent
        country = country_of(zone)
    elif country == NOWHERE:
        return sent
    else:
        try:
            checked_country(country)
        except OptionError as error:
            raise ProblemError(HTTPStatus.NOT_FOUND, f"country: {error}") from None
    end = panel.start + panel.step_seconds * (panel.steps + _STEPS_AHEAD)
    first, last = (_year(second) for second in (panel.start - _AROUND_SECONDS, end + _AROUND_SECONDS))
    return (*(one for year in range(first, last + 1) for one in _of_year(country, year, zone)), *sent)


@lru_cache(maxsize=4096)
def _of_year(country: str | None, year: int, zone: str) -> tuple[Occasion, ...]:
    """Give the holidays of one year; whole years, so that histories of about one time share them, and a run."""
    first, last = date(year, 1, 1), date(year, 12, 31)
    return common_holidays(first, last, zone) if country is None else holidays_of(country, first, last, zone)


def _year(second: int) -> int:
    return datetime.fromtimestamp(min(second, _LATEST), UTC).year


def _events(panel: Panel, given: GivenHistory) -> Iterator[Occasion]:
    known = set(panel.ids)
    for place, one in enumerate(given.events):
        at = f"events.{place}"
        start, end = epoch(one.start, at=f"{at}.start"), epoch(one.end, at=f"{at}.end")
        if end <= start:
            raise wrong(at, f"end {one.end} does not come after start {one.start}; exchange them")
        for id in one.series:
            if id not in known:
                raise wrong(f"{at}.series", unknown_series(id, panel.ids))
        concerned = () if len(known) == 1 else tuple(one.series)  # alone, it may share a run with others
        yield Occasion(one.kind, start, end, one.name, concerned)
