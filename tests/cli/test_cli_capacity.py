"""``nettide capacity`` at the command line."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from command_line import refuse, succeed


@pytest.fixture(scope="module")
def links(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three links of 90 days in steps of a day: one full, one that grows, one that is new."""
    chance = np.random.default_rng(0)
    lines = ["unique_id,ds,y"]
    for day in range(90):
        when = np.datetime64("2026-01-05") + day
        noise = np.exp(0.03 * chance.standard_normal(3))
        lines += [f"full,{when},{8e9 * noise[0]:.0f}", f"grows,{when},{3e9 * 1.006**day * noise[1]:.0f}"]
        if day > 80:
            lines.append(f"new,{when},{1e9 * noise[2]:.0f}")
    path = tmp_path_factory.mktemp("links") / "links.csv"
    path.write_text("\n".join(lines) + "\n")
    return path


def test_the_table_says_when_each_threshold_is_reached(links: Path) -> None:
    ran = succeed("capacity", links, "--capacity", "10G", "--unit", "bit/s", "--threshold", 100, "--threshold", 70)
    lines = ran.out.splitlines()
    assert lines[0] == (
        "links.csv: the 95th percentile of each day; a threshold is reached from the first day on of which "
        "3 of 7 days are at or above it"
    )
    rows = {line.split()[0]: line for line in lines[2:] if not line.startswith(" ")}
    assert set(rows) == {"full", "grows", "new"}
    assert lines[-1].startswith("new")
    assert "already above since 2026-01-05" in rows["full"]
    assert "10 Gbit/s" not in rows["full"]
    assert " 70 %" in rows["grows"]
    assert "probability" in rows["grows"]
    assert "too short a history: 9 whole days are known, 28 are needed" in rows["new"]
    assert "guessed" in ran.err


def test_json_has_every_date_and_chance(links: Path) -> None:
    ran = succeed("capacity", links, "--capacity", "10G", "--unit", "bit/s", "--json", "--horizon", 120)
    found = json.loads(ran.out)
    assert found["horizon_days"] == 120
    series = {one["series"]: one for one in found["series"]}
    assert series["full"]["thresholds"][0]["already_above_since"] == "2026-01-05"
    grows = series["grows"]["thresholds"][0]
    assert 0 < grows["probability_within_horizon"] <= 1
    assert grows["p10"] <= grows["p50"]
    assert series["new"]["thresholds"] == []
    assert series["new"]["growth_a_year"] is None
    assert succeed("capacity", links, "--capacity", "10G", "--unit", "bit/s", "--json", "--horizon", 120).out == ran.out


def test_a_link_without_recent_readings_gets_no_date(tmp_path: Path) -> None:
    lines = ["unique_id,ds,y"]
    for day in range(60):
        when = np.datetime64("2026-01-05") + day
        lines += [f"going,{when},{5 + day % 3}", *([f"gone,{when},{5 + day % 3}"] if day < 40 else [])]
    path = tmp_path / "links.csv"
    path.write_text("\n".join(lines) + "\n")
    ran = succeed("capacity", path, "--capacity", 10)
    last = ran.out.splitlines()[-1]
    assert last.startswith("gone ")
    assert last.rstrip().endswith("no readings since 2026-02-13")
    assert "2027" not in last
    found = json.loads(succeed("capacity", path, "--capacity", 10, "--json").out)["series"][-1]
    assert (found["state"], found["reason"]) == ("ended", "no readings since 2026-02-13")
    assert (found["last_reading"], found["unseen_days"], found["now"], found["thresholds"]) == (
        "2026-02-13", 20, None, [],
    )  # fmt: skip


def test_not_within_the_horizon_is_said_plainly(links: Path) -> None:
    ran = succeed("capacity", links, "--capacity", "500G", "--unit", "bit/s", "--series", "full")
    assert ran.out.count("not within the horizon (probability under 1 %)") == 3


def test_capacities_come_from_a_file_and_a_page_is_written(links: Path, tmp_path: Path) -> None:
    places, page = tmp_path / "capacities.csv", tmp_path / "capacity.html"
    places.write_text("unique_id,capacity\ngrows,5G\n")
    ran = succeed("capacity", links, "--capacities", places, "--html", page)
    assert "2 of 3 series have no capacity, left out: 'full', 'new'" in ran.err
    assert f"wrote {page}" in ran.err
    assert "already above" in ran.out or "probability" in ran.out
    assert "Content-Security-Policy" in page.read_text()
    assert "exists" in refuse("capacity", links, "--capacities", places, "--html", page)


def test_only_the_most_urgent_series_are_shown_unless_all_are_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "many.csv"
    rows = [f"s{place},{np.datetime64('2026-01-05') + day},{place + 1}" for place in range(25) for day in range(9)]
    path.write_text("\n".join(["unique_id,ds,y", *rows]))
    assert succeed("capacity", path, "--capacity", 100).out.endswith(
        "and 5 more, less urgent: --all shows every series\n"
    )
    assert succeed("capacity", path, "--capacity", 100, "--all").out.count("too short a history") == 25


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ((), "no series of the data has a capacity"),
        (("--capacity", "0"), "capacity 0 must be positive"),
        (("--capacity", "-3G"), "quantity '-3G' is not understood"),
        (("--capacity", "3 parsecs"), "quantity '3 parsecs' is not understood"),
        (("--capacity", "10G", "--threshold", "101"), "threshold 101 must be above 0 and at most 100"),
        (("--capacity", "10G", "--threshold", "0"), "threshold 0 must be above 0"),
        (("--capacity", "10G", "--horizon", "0"), "horizon_days 0 must be from 1 to 1830"),
        (("--capacity", "10G", "--unit", "bytes"), "an amount and not a rate"),
        (("--capacity", "10G", "--watch", "busy-hour"), "steps of 1d have no busy hour"),
        (("--capacity", "10G", "--series", "ful"), "unknown series 'ful'; did you mean 'full'"),
    ],
)
def test_what_cannot_be_answered_is_refused(links: Path, options: tuple[str, ...], message: str) -> None:
    assert message in refuse("capacity", links, *options)
