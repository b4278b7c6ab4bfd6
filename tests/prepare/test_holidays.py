"""Public holidays of a place, against what is known of them."""

from __future__ import annotations

import warnings
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest

from nettide.errors import OptionError
from nettide.prepare.holidays import checked_country, common_holidays, country_of, holiday, holidays_of

YEAR = (date(2024, 1, 1), date(2024, 12, 31))


def test_the_holidays_of_a_country_are_days_of_its_zone() -> None:
    found = holidays_of("CZ", *YEAR, "Europe/Prague")
    assert len(found) == 13
    assert {one.kind for one in found} == {"holiday"}
    good_friday = next(one for one in found if one.name == "Good Friday")
    assert datetime.fromtimestamp(good_friday.start, UTC) == datetime(2024, 3, 28, 23, tzinfo=UTC)
    assert datetime.fromtimestamp(good_friday.end, UTC) == datetime(2024, 3, 29, 23, tzinfo=UTC)
    assert all(one.start < other.start for one, other in pairwise(found))


def test_a_part_of_a_country_has_holidays_of_its_own() -> None:
    names = {code: {one.name for one in holidays_of(code, *YEAR, "Europe/Berlin")} for code in ("DE", "DE-BY")}
    assert names["DE"] < names["DE-BY"]
    assert "Epiphany" in names["DE-BY"]


@pytest.mark.parametrize("country", ["de-by", " DE-BY ", "DEU-by"])
def test_a_country_may_be_written_small_or_with_three_letters(country: str) -> None:
    assert holidays_of(country, *YEAR, "UTC") == holidays_of("DE-BY", *YEAR, "UTC")


def test_only_days_from_the_first_to_the_last_are_given() -> None:
    assert len(holidays_of("IT", date(2024, 12, 25), date(2024, 12, 25), "UTC")) == 1
    assert holidays_of("IT", date(2024, 12, 26), date(2024, 12, 25), "UTC") == ()
    found = holidays_of("IT", date(2022, 12, 30), date(2024, 1, 1), "UTC")
    years = [datetime.fromtimestamp(one.start, UTC) for one in found]
    assert (years[0].date(), years[-1].date()) == (date(2023, 1, 1), date(2024, 1, 1))


def test_years_that_nobody_can_tell_have_none() -> None:
    assert holidays_of("CZ", date(1, 1, 1), date(1750, 1, 1), "UTC") == ()
    assert holidays_of("CZ", date(2200, 1, 1), date(9999, 12, 31), "UTC") == ()


@pytest.mark.parametrize(
    ("country", "message"),
    [
        ("XX", r"unknown country 'XX'; did you mean 'X?\w+'\? write a code such as IT or DE-BY"),
        ("Germany", r"unknown country 'Germany'; did you mean 'DE'\? write a code"),
        ("united kingdom", r"unknown country 'united kingdom'; did you mean 'GB'\? write a code"),
        ("", r"unknown country ''; write a code such as IT or DE-BY"),
        ("-BY", r"unknown country '-BY'; "),
        ("DE-BX", r"country 'DE-BX': DE has no part 'BX'; known: BB, BE, "),
        ("DE-Augsburk", r"DE has no part 'Augsburk'; did you mean DE-Augsburg\? known: BB, BE, "),
        ("DE-", r"country 'DE-': DE has no part ''; known: BB, BE, "),
        ("CZ-PR", r"country 'CZ-PR': CZ has no parts with holidays of their own; write CZ"),
    ],
)
def test_an_unknown_country_is_refused_with_the_nearest_known(country: str, message: str) -> None:
    with pytest.raises(OptionError, match=message):
        holidays_of(country, *YEAR, "UTC")


def test_a_country_is_spelled_as_the_library_does() -> None:
    assert checked_country("de-by") == ("DE", "BY")
    assert checked_country("cz") == ("CZ", None)


@pytest.mark.parametrize(("day", "hours"), [(date(2024, 3, 31), 23), (date(2024, 10, 27), 25), (date(2024, 5, 1), 24)])
def test_a_day_has_the_hours_that_clocks_give_it(day: date, hours: int) -> None:
    found = holiday(day, "Europe/Prague", name="")
    assert found.end - found.start == 3600 * hours


def test_a_day_that_begins_after_midnight_begins_when_clocks_change() -> None:
    found = holiday(date(2018, 11, 4), "America/Sao_Paulo", name="")  # clocks went from 24:00 to 01:00
    assert datetime.fromtimestamp(found.start, UTC) == datetime(2018, 11, 4, 3, tzinfo=UTC)
    assert found.end - found.start == timedelta(hours=23).total_seconds()


def test_the_countries_of_the_library_can_be_read() -> None:
    import holidays

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        codes = [code for code in holidays.list_supported_countries(include_aliases=False) if code < "D"]
        known = [code for code in codes if holidays_of(code, *YEAR, "UTC")]
    assert len(known) >= len(codes) - 2  # Antarctica has none


def test_days_that_most_countries_have_off_move_with_easter() -> None:
    found = {str(datetime.fromtimestamp(one.start, UTC).date()): one.name for one in common_holidays(*YEAR, "UTC")}
    assert found == {
        "2024-01-01": "New Year's Day",
        "2024-03-29": "Good Friday",
        "2024-04-01": "Easter Monday",
        "2024-05-01": "Labour Day",
        "2024-12-25": "Christmas Day",
        "2024-12-26": "day after Christmas",
    }


def test_they_are_what_more_than_a_third_of_the_countries_have() -> None:
    import holidays

    codes = [code for code in holidays.list_supported_countries(include_aliases=False) if len(code) == 2]
    known = [set(holidays.country_holidays(code, years=2024)) for code in codes]
    share = {day: sum(day in one for one in known) / len(known) for day in set().union(*known)}
    common = {datetime.fromtimestamp(one.start, UTC).date() for one in common_holidays(*YEAR, "UTC")}
    assert common == {day for day, part in share.items() if part > 1 / 3}


@pytest.mark.parametrize(
    ("zone", "country"), [("Europe/Rome", "IT"), ("Asia/Tokyo", "JP"), ("UTC", None), ("Etc/GMT+3", None)]
)
def test_a_zone_lies_in_a_country_or_in_none(zone: str, country: str | None) -> None:
    assert country_of(zone) == country
