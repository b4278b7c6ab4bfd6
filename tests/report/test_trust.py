"""What the page says of skill and of bands, in words, colours and one chart."""

from __future__ import annotations

import math
from typing import Any

import pytest

from made_backtests import made_backtest
from nettide.backtest.coverage import Coverage, coverages
from nettide.backtest.leaderboard import score
from nettide.backtest.skill import UNKNOWN, Comparison, Skill, Verdict, compare_with_naive
from nettide.report.hour_chart import hour_figure
from nettide.report.trust import band_sentence, band_table, doubt, skill_table, skill_text

WEEKLY = "weekly naive forecast"
BETTER = Skill(0.123, 0.08, 0.16, "better than naive")
EVEN = Skill(0.02, -0.0104, 0.05, "not distinguishable")
WORSE = Skill(-0.3, -0.4, -0.2, "worse than naive")


def row(kind: str, group: str, share: float, *, low: float = math.nan, high: float = math.nan, **rest: Any) -> Coverage:
    return Coverage(rest.get("model", "lstm"), "80 % band", kind, group, 0.8, share, low, high, rest.get("points", 500))


def test_each_model_has_a_row_and_each_rival_its_columns() -> None:
    table = skill_table(
        [
            Comparison("lstm", WEEKLY, BETTER, BETTER),
            Comparison("lstm", "naive", EVEN, UNKNOWN),
            Comparison("naive", WEEKLY, WORSE, UNKNOWN),
        ],
        ["lstm", "naive"],
    )
    assert table is not None
    assert [name for name, _ in table.columns] == [
        "Error against the weekly naive forecast",
        "Quantile loss against the weekly naive forecast",
        "Error against naive",
        "Quantile loss against naive",
    ]
    first, second = table.rows
    assert [cell.value for cell in first.cells] == ["12.3 %", "12.3 %", "2.0 %", "–"]
    assert [cell.colour for cell in first.cells] == ["good", "good", "", ""]
    assert (first.cells[2].interval, first.cells[2].word) == ("−1.0 to 5.0 %", "not distinguishable")
    assert [cell.value for cell in second.cells] == ["−30.0 %", "–", "–", "–"]
    assert (second.cells[0].word, second.cells[0].colour) == ("worse than naive", "bad")


def test_point_models_alone_have_no_column_of_quantile_losses() -> None:
    table = skill_table([Comparison("naive", WEEKLY, WORSE, UNKNOWN)], ["naive"])
    assert table is not None
    assert len(table.columns) == 1
    assert skill_table([], []) is None
    assert skill_table([Comparison("naive", WEEKLY, UNKNOWN, UNKNOWN)], ["naive"]) is None


def test_a_model_that_is_the_yardstick_is_called_the_same_and_few_cutoffs_are_named() -> None:
    same, few = Skill(0.0, 0.0, 0.0, "not distinguishable"), Skill(0.1, math.nan, math.nan, "unknown")
    table = skill_table([Comparison("a", WEEKLY, same, UNKNOWN), Comparison("b", WEEKLY, few, UNKNOWN)], ["a", "b"])
    assert table is not None
    assert [one.cells[0].word for one in table.rows] == ["the same forecast", "too few cutoffs"]
    assert table.rows[1].cells[0].interval == ""
    assert table.rows[1].cells[0].colour == ""


@pytest.mark.parametrize(
    ("skill", "expected"),
    [
        (BETTER, "12.3 % (8.0 to 16.0)"),
        (WORSE, "−30.0 % (−40.0 to −20.0)"),
        (Skill(-0.0001, math.nan, math.nan, "unknown"), "0.0 %"),
        (Skill(0.344, -2427.694, 0.72, "not distinguishable"), "34.4 % (under −1,000 to 72.0)"),
        (Skill(-10.0, -10.01, -9.99, "worse than naive"), "−1000.0 % (under −1,000 to −999.0)"),
        (UNKNOWN, "–"),
    ],
)
def test_a_skill_is_written_short(skill: Skill, expected: str) -> None:
    assert skill_text(skill) == expected


@pytest.mark.parametrize(
    ("verdict", "value"), [("better than naive", 0.1), ("unknown", 0.1), ("not distinguishable", -0.1)]
)
def test_there_is_no_doubt_where_a_model_is_better_or_claims_nothing(verdict: Verdict, value: float) -> None:
    assert doubt([Comparison("lstm", WEEKLY, Skill(value, -0.2, 0.2, verdict), UNKNOWN)], "lstm") == ""


def test_doubt_names_the_rivals_that_luck_may_have_beaten() -> None:
    compared = [Comparison("lstm", rival, EVEN, UNKNOWN) for rival in (WEEKLY, "seasonal-naive-day")]
    assert doubt(compared, "lstm") == (
        "lstm cannot be told from the weekly naive forecast or seasonal-naive-day with confidence: the 95 % interval "
        "of the error it saves is −1.0 to 5.0 % or −1.0 to 5.0 %."
    )
    assert doubt(compared, "gru") == ""


def test_cells_of_the_band_are_coloured_only_where_the_interval_excludes_80_percent() -> None:
    table = band_table(
        [
            row("all", "all", 0.75, low=0.74, high=0.76),
            row("hours", "00 to 04", 0.75, low=0.70, high=0.81),
            row("hours", "04 to 08", 0.9, low=0.85, high=0.95),
            row("hours", "08 to 12", 0.5),
        ],
        ["lstm"],
    )
    assert table is not None
    assert [(one.cells[0].colour, one.cells[0].word) for one in table.rows] == [
        ("bad", "too narrow"),
        ("", ""),
        ("wide", "too wide"),
        ("", ""),
    ]
    assert [one.first for one in table.rows] == [True, True, False, False]
    assert table.rows[0].cells[0].about == "500 points"
    assert table.rows[3].cells[0].interval == ""


def test_groups_stay_in_order_and_models_without_one_have_a_dash() -> None:
    rows = [
        row("all", "all", 0.8),
        row("all", "all", 0.8, model="gru"),
        row("hours", "08 to 12", 0.8),
        row("hours", "12 to 16", 0.8),
        row("hours", "04 to 08", 0.8, model="gru"),
        row("level", "low", 0.8),
    ]
    table = band_table(rows, ["point", "gru", "lstm"])
    assert table is not None
    assert table.columns == (("gru", 1), ("lstm", 2))  # the place gives the colour
    assert [one.name for one in table.rows] == ["all forecasts", "04 to 08", "08 to 12", "12 to 16"]
    assert [cell.value for cell in table.rows[1].cells] == ["80.0 %", "–"]
    assert band_table([], ["lstm"]) is None


def test_the_sentence_names_the_worst_hours_that_have_enough_points() -> None:
    rows = [
        row("all", "all", 0.75, low=0.74, high=0.76),
        row("hours", "00 to 04", 0.7, low=0.65, high=0.74),
        row("hours", "20 to 24", 0.2, points=99),
    ]
    assert band_sentence(rows, "lstm") == (
        "The 80 % band of lstm covered 75.0 % (74.0 to 76.0 %) of the values; farthest from 80 % it was from "
        "00:00 to 04:00 local time, 70.0 % (65.0 to 74.0 %)."
    )
    assert band_sentence(rows[:1], "lstm") == "The 80 % band of lstm covered 75.0 % (74.0 to 76.0 %) of the values."
    assert band_sentence(rows, "naive") == ""


def test_hours_are_drawn_where_most_have_enough_points() -> None:
    wide, few = made_backtest(series=20, holes=0), made_backtest(series=3)
    chart = hour_figure(coverages(wide), wide.outcomes)
    assert chart is not None
    lines = [one for one in chart.traces if "name" in one]
    assert [one["name"] for one in lines] == ["profile", "narrow"]
    assert all(len(one["x"]) == len(one["y"]) for one in chart.traces)
    assert "The shade is the 95 % interval of profile." in chart.caption
    assert hour_figure(coverages(few), few.outcomes) is None


def test_the_tables_of_a_run_name_its_models_in_the_order_of_the_leaderboard() -> None:
    result = made_backtest(series=4)
    names = [one.model for one in score(result)]
    skills, bands = skill_table(compare_with_naive(result), names), band_table(coverages(result), names)
    assert skills is not None
    assert bands is not None
    assert [one.name for one in skills.rows] == names
    assert [name for name, _ in bands.columns] == [name for name in names if name != "point"]
