"""Holidays and events on the command line."""

from __future__ import annotations

from pathlib import Path

import pytest
from command_line import LSTM, TINY, refuse, succeed

SHAPE = ("--horizon", 6, "--context", 48)


def test_a_backtest_and_a_forecast_are_told_of_holidays_and_events(links: Path, tmp_path: Path) -> None:
    events, days = tmp_path / "events.csv", tmp_path / "days.csv"
    events.write_text("start,end,kind\n2024-01-10,2024-01-11,maintenance\n")
    days.write_text("date,type\n2024-01-12,Holiday\n2024-01-13,Weekend\n")
    told = ("--country", "CZ", "--zone", "Europe/Prague", "--holidays", days, "--events", events)
    said = succeed("backtest", links, "--model", "lstm", *SHAPE, *TINY, *told, "--out", tmp_path / "result").err
    for note in ("CZ: ", "days.csv: left out 1 row", "days.csv: ", "events.csv: "):
        assert note in said
    succeed("fit", links, *LSTM, *SHAPE, *TINY, *told, "--out", tmp_path / "uplinks")
    assert "within the data" in succeed("forecast", tmp_path / "uplinks", links, *told).err


def test_a_file_of_holidays_alone_says_that_there_are_no_others(links: Path, tmp_path: Path) -> None:
    days = tmp_path / "company.csv"
    days.write_text("date\n2026-01-12\n")
    local = ("--zone", "Europe/Prague", "--holidays", days)
    said = "no other holidays than those of company.csv are known; --country CZ adds that country's"
    assert said in succeed("forecast", links, *local).err
    assert "no other holidays" not in succeed("forecast", links, *local, "--country", "CZ").err
    assert "no other holidays" not in succeed("forecast", links, "--holidays", days).err


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--country", "Italia"], "unknown country 'Italia'; did you mean 'IT'? write a code such as IT or DE-BY"),
        (["--country", "DE-XX"], "country 'DE-XX': DE has no part 'XX'; known: BB, BE"),
        (["--holidays", "no.csv"], "no.csv: no such file or folder"),
        (["--events", "no.csv"], "no.csv: no such file or folder"),
    ],
)
@pytest.mark.parametrize("verb", ["check", "fit"])
def test_what_is_not_there_is_refused(
    links: Path, tmp_path: Path, verb: str, options: list[str], sentence: str
) -> None:
    rest = ["--horizon", 6, "--out", tmp_path / "m"] if verb == "fit" else []
    assert sentence in refuse(verb, links, *rest, *options)
    assert list(tmp_path.iterdir()) == []
