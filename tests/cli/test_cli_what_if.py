"""``nettide what-if`` at the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from command_line import nettide, refuse, succeed

QUICK = ("--horizon", 3)


def test_both_forecasts_and_the_difference_are_shown_a_line_a_series(links: Path) -> None:
    lines = succeed("what-if", links, *QUICK, "--scale", "1.5").out.splitlines()
    assert lines[1].split()[:4] == ["series", "as", "it", "is"]
    assert len([line for line in lines if line.startswith("link-")]) == 3
    assert "the mean forecast of base for all 3 series moves by +" in "\n".join(lines)


def test_one_series_is_changed_alone_and_shown_step_by_step(links: Path) -> None:
    ran = succeed("what-if", links, *QUICK, "--growth", "50%", "--series", "link-00002", "--json")
    document = json.loads(ran.out)
    moved = {one["id"]: one["difference"] for one in document["series"]}
    assert moved["link-00002"] > 0
    assert moved["link-00001"] == pytest.approx(0, abs=1e-3 * abs(moved["link-00002"]))
    shown = succeed("what-if", links, *QUICK, "--growth", "50%", "--series", "link-00002").out.splitlines()
    assert shown[0] == "link-00002, base"
    assert "the mean forecast of base for link-00002 moves by +" in "".join(shown)
    assert len([line for line in shown if line.startswith("20")]) == 3


def test_json_holds_changes_and_every_step(links: Path) -> None:
    document = json.loads(succeed("what-if", links, *QUICK, "--shift", "5M", "--json").out)
    assert document["changes"][0]["effect"] == "moves"
    assert len(document["series"][0]["steps"]["before_quantiles"]) == 3
    assert len(document["levels"]) == 9


def test_table_and_page_are_written(links: Path, tmp_path: Path) -> None:
    out, html = tmp_path / "steps.csv", tmp_path / "page.html"
    ran = succeed("what-if", links, *QUICK, "--scale", "1.2", "--out", out, "--html", html)
    assert f"wrote {out}" in ran.err
    assert len(out.read_text().splitlines()) == 1 + 3 * 3
    assert "What if" in html.read_text()
    assert "already exists" in refuse("what-if", links, *QUICK, "--scale", "1.2", "--out", out)


def test_a_day_that_is_taken_away_is_said_without_with(links: Path) -> None:
    said = succeed("what-if", links, *QUICK, "--country", "CZ", "--zone", "Europe/Prague", "--remove", "holiday").out
    assert "Without holiday the " in said
    assert "With without" not in said


def test_an_added_day_off_is_read(links: Path) -> None:
    ran = succeed("what-if", links, *QUICK, "--add", "maintenance=2030-01-01")
    assert "it spans none of these, or the model never learned what they do" in ran.err
    assert "stays as it is" in ran.out


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ((), "no change is given; add for example --scale 1.5"),
        (("--scale", "usres=2"), "unknown channel 'usres'"),
        (("--shift", "-900P"), "and traffic never is"),
        (("--scale", "2", "--series", "link-9"), "unknown series 'link-9'"),
        (("--remove", "party"), "'party'"),
    ],
)
def test_what_cannot_be_changed_is_refused(links: Path, options: tuple[str, ...], message: str) -> None:
    assert message in refuse("what-if", links, *QUICK, *options)


def test_too_many_places_are_a_usage_error(links: Path) -> None:
    assert nettide("what-if", links, links, links, "--scale", "2").status == 2
