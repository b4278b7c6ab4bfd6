"""Holidays and events beside the traffic: from options to a panel, and what a forecast says of them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from nettide.errors import OptionError, SourceError
from nettide.sources.contract import Layout
from nettide.store.models import load_model
from nettide.tasks.choice import Choice
from nettide.tasks.fit import fit
from nettide.tasks.forecast import forecast
from nettide.tasks.load import Reading, load
from nettide.tasks.occasions import OccasionChoice

PRAGUE = Reading(layout=Layout(zone="Europe/Prague"), zone="Europe/Prague")
TINY = Choice(6, 48, options={"hidden": "8", "windows_per_epoch": "64", "epochs": "1"})


@pytest.fixture
def traffic(tmp_path: Path) -> str:
    """Two links, hourly, from 2025-12-20 for 24 days."""
    path = tmp_path / "traffic.csv"
    days = [f"2025-12-{day}" for day in range(20, 32)] + [f"2026-01-{day:02d}" for day in range(1, 13)]
    rows = [f"{day}T{hour:02d}:00Z,{link},{hour + 3}" for link in ("a", "b") for day in days for hour in range(24)]
    path.write_text("ds,unique_id,y\n" + "\n".join(rows) + "\n")
    return str(path)


def written(folder: Path, name: str, text: str) -> str:
    path = folder / name
    path.write_text(text)
    return str(path)


def asked(country: str | None = None, holidays: str | None = None, events: str | None = None) -> Reading:
    return replace(PRAGUE, occasions=OccasionChoice(country, holidays, events))


def test_without_a_choice_the_holidays_are_those_of_the_zone_s_country_and_it_is_said(traffic: str) -> None:
    panel, notes = load(traffic, PRAGUE)
    assert panel.occasions == load(traffic, asked("CZ"))[0].occasions
    assert notes[-1] == (
        "CZ, where Europe/Prague is: 4 holidays within the data (--country names another place, or none)"
    )


def test_without_a_zone_the_holidays_are_those_of_most_countries_and_it_is_said(traffic: str) -> None:
    panel, notes = load(traffic, Reading())
    first = [one.name for one in panel.occasions if one.touches(panel.start, panel.start + 86_400 * panel.steps // 24)]
    assert first == ["Christmas Day", "day after Christmas", "New Year's Day"]
    assert "days off in most countries: 3 holidays within the data" in notes[-1]


def test_days_off_that_do_not_touch_the_data_are_not_spoken_of(tmp_path: Path) -> None:
    rows = [f"2026-03-{day:02d}T{hour:02d}:00Z,{hour + 3}" for day in range(1, 20) for hour in range(24)]
    path = written(tmp_path, "march.csv", "ds,y\n" + "\n".join(rows) + "\n")
    panel, notes = load(path, Reading())
    assert [one.name for one in panel.occasions] == [
        "Good Friday",
        "Easter Monday",
    ]  # they lie within the longest horizon
    assert not any("days off" in note for note in notes)


def test_at_steps_of_a_day_nothing_is_known_unasked(tmp_path: Path) -> None:
    rows = [f"2025-12-{day:02d},{day}" for day in range(1, 32)]
    path = written(tmp_path, "days.csv", "ds,y\n" + "\n".join(rows) + "\n")
    assert load(path, Reading())[0].occasions == ()
    assert load(path, replace(Reading(), occasions=OccasionChoice("CZ")))[0].occasions


def test_nowhere_has_no_holidays(traffic: str) -> None:
    panel, notes = load(traffic, asked("none"))
    assert panel.occasions == ()
    assert not any("holiday" in note for note in notes)


def test_the_holidays_of_a_country_reach_beyond_the_data(traffic: str) -> None:
    panel, notes = load(traffic, asked("CZ"))
    assert "CZ: 4 holidays within the data" in notes  # 24 to 26 December, 1 January
    end = panel.start + 3600 * panel.steps
    assert all(one.kind == "holiday" and one.touches(panel.start - 8 * 86_400, end + 400 * 3600 + 10 * 86_400)
               for one in panel.occasions)  # fmt: skip


def test_a_part_of_a_country_has_its_own_holidays(traffic: str) -> None:
    assert "DE-BY: 4 holidays within the data" in load(traffic, asked("DE-BY"))[1]  # 25, 26 December, 1, 6 January


def test_days_of_no_zone_are_days_of_utc_and_it_is_said(traffic: str) -> None:
    panel, notes = load(traffic, replace(asked("CZ"), layout=Layout(), zone="UTC"))
    assert "CZ: 4 holidays within the data, by days of UTC (set the zone of the place with --zone)" in notes
    assert all(one.start % 86_400 == 0 for one in panel.occasions)


def test_weekends_that_are_not_saturday_and_sunday_are_said(traffic: str) -> None:
    there = Reading(layout=Layout(), zone="Asia/Riyadh")
    assert "weekends are Friday and Saturday, as in Asia/Riyadh" in load(traffic, there)[1]
    assert not any("weekends" in note for note in load(traffic, PRAGUE)[1])


def test_holidays_of_a_file_and_events_come_together(traffic: str, tmp_path: Path) -> None:
    days = written(tmp_path, "days.csv", "date,type\n2025-12-25,Holiday\n2025-12-27,Weekend\n2026-02-20,Holiday\n")
    events = written(
        tmp_path, "events.csv",
        "start,end,kind,series\n2026-01-02 01:00,2026-01-02 03:00,maintenance,b\n"
        "2026-01-03 01:00,2026-01-03 03:00,maintenance,a\n2026-01-13 18:00,2026-01-13 20:00,event,\n",
    )  # fmt: skip
    panel, notes = load(traffic, asked(holidays=days, events=events))
    assert [(one.kind, one.series) for one in panel.occasions] == [
        ("holiday", ()), ("maintenance", ("b",)), ("maintenance", ("a",)), ("event", ()), ("holiday", ()),
    ]  # fmt: skip
    assert notes[-3:] == (
        "days.csv: left out 1 row of type weekend, which the calendar knows already",
        "days.csv: 1 holiday within the data",
        "events.csv: 2 maintenance windows and 0 events within the data",
    )


def test_a_list_that_ends_before_the_data_is_said(traffic: str, tmp_path: Path) -> None:
    days = written(tmp_path, "days.csv", "date\n2024-12-25\n2025-12-26\n")
    assert (
        "days.csv: lists no day after 2025-12-26, but the data goes on until 2026-01-12"
        in load(traffic, asked(holidays=days))[1]
    )


@pytest.mark.parametrize(
    ("choice", "error", "message"),
    [
        (OccasionChoice("XX"), OptionError, "unknown country 'XX'"),
        (OccasionChoice(holidays="nowhere.csv"), SourceError, "nowhere.csv: no such file or folder"),
        (OccasionChoice(events="nowhere.csv"), SourceError, "nowhere.csv: no such file or folder"),
    ],
)
def test_what_cannot_be_there_is_refused_before_the_data_is_read(
    choice: OccasionChoice, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        load("data that is not read.csv", Reading(occasions=choice))


def test_an_event_of_an_unknown_series_is_refused_with_its_line(traffic: str, tmp_path: Path) -> None:
    events = written(tmp_path, "events.csv", "start,end,kind,series\n2026-01-02,2026-01-03,event,c\n")
    with pytest.raises(SourceError, match=r"events.csv line 2: unknown series 'c'; there are 2 others"):
        load(traffic, asked(events=events))


def test_a_forecast_says_what_its_model_learned_of_and_is_not_told_now(traffic: str, tmp_path: Path) -> None:
    folder = tmp_path / "lstm"
    fit(traffic, asked("CZ"), model="lstm", choice=TINY, folder=folder)
    said = forecast(folder, traffic, asked("none")).notes[-1]
    assert said.startswith("the model learned from occasions of kind holiday, and none is given now: add --country")
    assert not any("occasions" in note for note in forecast(folder, traffic, asked("CZ")).notes)


def test_a_forecast_says_what_its_model_never_saw(traffic: str, tmp_path: Path) -> None:
    folder = tmp_path / "blind"
    fit(traffic, asked("none"), model="lstm", choice=TINY, folder=folder)
    days = written(tmp_path, "days.csv", "date\n2026-01-13\n")
    off = forecast(folder, traffic, asked("none", holidays=days))
    assert off.notes[-1] == (
        "the forecast spans holidays, and the model saw none while it learned: it can only liken them to weekends"
    )
    folder = tmp_path / "lstm"
    fit(traffic, PRAGUE, model="lstm", choice=TINY, folder=folder)
    events = written(tmp_path, "events.csv", "start,end,kind\n2026-01-13 00:00,2026-01-13 20:00,event\n")
    said = forecast(folder, traffic, asked(events=events))
    assert said.notes[-1] == (
        "the forecast spans occasions of kind event, which the model never saw: they have no effect"
    )
    assert (said.forecast.point == forecast(folder, traffic, PRAGUE).forecast.point).all()


def test_of_a_model_that_uses_no_occasions_nothing_is_said(traffic: str, tmp_path: Path) -> None:
    fit(traffic, asked("CZ"), model="naive", choice=Choice(6), folder=tmp_path / "naive")
    assert not any("occasions" in note for note in forecast(tmp_path / "naive", traffic, PRAGUE).notes)


def test_kinds_are_kept_with_the_model(traffic: str, tmp_path: Path) -> None:
    fit(traffic, asked("CZ"), model="naive", choice=Choice(6), folder=tmp_path / "naive")
    assert load_model(tmp_path / "naive").data.occasions == ("holiday",)
