"""What the report says in plain sentences, and in its table."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from made_backtests import HOUR, Profile, contenders, made_backtest, made_panel
from nettide.arrays import Ints
from nettide.backtest.evaluate import Backtest, Contender, backtest
from nettide.backtest.leaderboard import Score, score
from nettide.forecast import Forecast
from nettide.panel import Panel
from nettide.report.table import COLUMNS, Row, leaderboard_rows
from nettide.report.timelines import predicted_figures
from nettide.report.words import facts, headline, remarks, unit_of

RESULT = made_backtest(holes=0)
SCORES = score(RESULT)


def scored(**changes: float) -> tuple[Score, ...]:
    return (replace(SCORES[0], model="lstm", **changes), *SCORES[1:])  # type: ignore[arg-type]


def test_the_headline_names_the_best_with_its_gain_and_its_band() -> None:
    said = headline(RESULT, scored(rel_mae=0.742, coverage_80=0.79))
    assert said == "lstm is best: 26 % lower error than the weekly naive forecast; its 80 % band covered 79 %."


def test_the_headline_of_a_model_without_a_band_says_nothing_of_one() -> None:
    said = headline(RESULT, scored(rel_mae=0.742, coverage_80=math.nan))
    assert said == "lstm is best: 26 % lower error than the weekly naive forecast."


@pytest.mark.parametrize(
    ("rel_mae", "end"),
    [
        (1.04, "The nearest model, lstm, has 4 % higher error."),
        (1.001, "lstm is only as good."),
        (0.996, "lstm is only as good."),
        (1.0052, "The nearest model, lstm, has 1 % higher error."),
    ],
)
def test_the_headline_says_honestly_when_the_naive_forecast_is_best(rel_mae: float, end: str) -> None:
    said = headline(RESULT, (scored(rel_mae=rel_mae)[0],))
    assert said == f"The weekly naive forecast is best here: use it. {end}"


def test_the_headline_does_not_hold_the_yardstick_against_itself() -> None:
    naive = replace(SCORES[0], model="seasonal-naive", rel_mae=1.0)
    worse = replace(SCORES[0], model="lstm", rel_mae=1.2)
    assert headline(RESULT, (naive,)) == "The weekly naive forecast is best here: use it."
    assert headline(RESULT, (naive, worse)).endswith("The nearest model, lstm, has 20 % higher error.")


def test_the_headline_names_a_daily_yardstick_as_such() -> None:
    result = made_backtest(series=1, steps=24 * 10)
    assert "daily naive forecast" in headline(result, score(result))


def test_the_headline_without_a_comparison_says_so() -> None:
    assert headline(RESULT, ()) == "No model could be evaluated."
    nothing = scored(rel_mae=math.nan, mae=math.nan)[:1]
    assert headline(RESULT, nothing) == "No forecast could be compared with a known value."
    never_wrong = headline(RESULT, scored(rel_mae=math.nan, mae=0.0)[:1])
    assert never_wrong.startswith("lstm has the smallest error; the weekly naive forecast is never wrong here")


def test_remarks_count_the_series_on_which_the_best_wins() -> None:
    assert "profile beats the weekly naive forecast on 3 of 3 series." in remarks(RESULT, SCORES)


def test_remarks_name_ties() -> None:
    scores = (SCORES[0], *(replace(one, rel_mae=SCORES[0].rel_mae + 0.001) for one in SCORES[1:]))
    assert "narrow and point are as good: the difference is below 0.005." in remarks(RESULT, scores)


@pytest.mark.parametrize(("coverage", "word"), [(0.5, "too narrow"), (0.95, "wider than it needs")])
def test_remarks_warn_of_a_band_that_does_not_hold(coverage: float, word: str) -> None:
    scores = (replace(SCORES[0], coverage_80=coverage), *SCORES[1:])
    assert any(word in one for one in remarks(RESULT, scores))
    assert not any(word in one for one in remarks(RESULT, SCORES))


def test_remarks_name_failures_few_cutoffs_and_unanswered_points() -> None:
    class Silent(Profile):
        def predict(self, panel: Panel, cutoffs: Ints) -> Forecast:
            whole = super().predict(panel, cutoffs)
            point = whole.point.copy()
            point[:, :, 0] = np.nan
            return replace(whole, point=point)

    models = [Contender("silent", lambda: Silent(24)), Contender("short", lambda: Profile(2))]
    panel = made_panel(series=2, holes=0)
    result = backtest(panel, models, test_start=panel.steps - 24, horizon=24, stride=24)
    said = remarks(result, score(result))
    assert "Only 1 cutoff was tested: luck may decide the order." in said
    assert "Of 48 points, silent 2 left unanswered; its scores are of the rest." in said
    assert "short failed; the reason is below." in said


def test_facts_tell_the_data_and_the_test() -> None:
    told = dict(facts(made_backtest(holes=0.1)))
    assert told["Series"] == "3"
    assert told["Steps"] == "1,008 of 1h"
    assert told["Span"] == "2024-03-01 00:00 to 2024-04-11 23:00 UTC"
    assert told["Unit"] == "bit/s"
    assert told["Forecasts"] == "8 cutoffs, one every 1d, each 1d ahead"
    assert told["Unknown values"].endswith(" %")
    assert dict(facts(RESULT))["Unknown values"] == "none"


def test_days_of_a_zone_are_told_by_their_dates() -> None:
    made = made_panel(steps=80, step_seconds=86_400, holes=0)
    local = replace(
        made, start=made.start - HOUR, series=tuple(replace(one, zone="Europe/Prague") for one in made.series)
    )
    result = backtest(local, contenders(7), test_start=60, horizon=7, stride=7)
    told = dict(facts(result))
    assert told["Span"] == "2024-03-01 to 2024-05-19 Europe/Prague"
    assert told["Test part from"] == "2024-04-30 Europe/Prague"
    figures = predicted_figures(result, result.outcomes)
    assert figures[0].times[-1][:16] == "2024-05-13 00:00"  # twice seven days, midnight in summer, too
    assert "Days are those of Europe/Prague." in figures[0].caption


def test_units_that_differ_are_not_shown_as_one() -> None:
    panel = made_panel(series=2)
    mixed = replace(panel, series=(panel.series[0], replace(panel.series[1], unit="bytes")))
    result = backtest(mixed, contenders(24), test_start=840, horizon=24, stride=24)
    assert unit_of(result) == ""
    assert dict(facts(result))["Unit"] == "differs"
    bare = replace(panel, series=tuple(replace(one, unit="") for one in panel.series))
    assert (
        dict(facts(backtest(bare, contenders(24), test_start=840, horizon=24, stride=24)))["Unit"] == "as in the data"
    )


def cells(row: Row) -> dict[str, str]:
    return {column.name: cell.text for column, cell in zip(COLUMNS, row.cells, strict=True)}


def test_the_table_holds_the_yardstick_where_it_belongs() -> None:
    def rows(result: Backtest) -> list[tuple[str, str]]:
        return [(row.model, row.tag) for row in leaderboard_rows(result, score(result))]

    assert rows(made_backtest(holes=0.05)) == [
        ("profile", ""),
        ("narrow", ""),
        ("point", "no training"),
        ("weekly naive", "yardstick"),
    ]
    # without holes the point model says what the yardstick says, and stands for it
    assert rows(RESULT) == [("profile", ""), ("narrow", ""), ("point", "yardstick")]


def test_the_table_marks_the_best_of_each_column_and_writes_units() -> None:
    first, second, last = leaderboard_rows(RESULT, SCORES)
    assert cells(first)["MAE"].endswith("Mbit/s")
    assert cells(first)["relMAE"] == f"{SCORES[0].rel_mae:.3f}"
    assert cells(last)["relWQL"] == cells(last)["80 % band"] == "–"
    names = [column.name for column in COLUMNS]
    assert first.cells[names.index("relMAE")].best
    assert not second.cells[names.index("relMAE")].best
    assert first.cells[names.index("80 % band")].best
    assert not any(row.cells[names.index("Fit")].best for row in (first, second, last))


def test_the_table_of_nothing_is_empty() -> None:
    assert leaderboard_rows(RESULT, ()) == ()
