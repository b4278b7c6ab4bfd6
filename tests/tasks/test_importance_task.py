"""Importance as a task: where it looks, how it ranks, what it says and writes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow.parquet
import pytest

from made_driver import TRAINED, driven, learned
from nettide import Forecaster
from nettide.errors import HistoryError, MismatchError, OptionError
from nettide.models import make_model
from nettide.tasks import backtest as held
from nettide.tasks.importance import (
    ImportancePlan,
    ImportanceResult,
    held_out,
    importance,
    importance_of,
    importance_table,
    spread_cutoffs,
)
from nettide.tasks.importance_words import importance_rows, importance_sentences, write_importance_page
from nettide.tasks.load import Reading


@pytest.fixture(scope="module")
def ranked() -> ImportanceResult:
    return importance_of(
        learned(), driven(), name="lstm", first=TRAINED, horizon=2, plan=ImportancePlan(windows=40, repeats=4)
    )


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("data") / "driven.parquet"
    pyarrow.parquet.write_table(driven().to_frame("pyarrow"), path)
    return path


def test_the_planted_driver_ranks_first_with_an_interval_above_zero(ranked: ImportanceResult) -> None:
    verdicts = {one.name: one for one in ranked.inputs}
    assert ranked.inputs[0].name == "driver"
    assert ranked.inputs[0].verdict == "matters"
    assert 0 < verdicts["driver"].low < verdicts["driver"].rise < verdicts["driver"].high
    bystander = verdicts["bystander"]
    assert bystander.low <= 0.02
    assert abs(bystander.rise) < 0.1
    assert [one.rise for one in ranked.inputs] == sorted((one.rise for one in ranked.inputs), reverse=True)
    assert (ranked.windows, ranked.repeats, ranked.loss) == (34, 4, "pinball")


def test_the_same_plan_gives_the_same_table(ranked: ImportanceResult) -> None:
    plan = ImportancePlan(windows=40, repeats=4)
    again = importance_of(learned(), driven(), name="lstm", first=TRAINED, horizon=2, plan=plan)
    assert importance_table(again).equals(importance_table(ranked))


def test_a_model_of_the_target_alone_is_said_not_to_use_the_others() -> None:
    model = make_model("naive", horizon=2)
    model.fit(driven())
    done = importance_of(model, driven(), name="naive", first=TRAINED, horizon=2, plan=ImportancePlan(repeats=2))
    assert done.loss == "mae"
    assert {one.name: one.verdict for one in done.inputs if one.kind == "channel"} == {
        "driver": "not used",
        "bystander": "not used",
    }
    assert importance_sentences(done)[0] == "naive depends on past of y; does not use driver, bystander, calendar."


def test_few_windows_give_no_interval_and_that_is_the_verdict() -> None:
    done = importance_of(learned(), driven(), name="lstm", first=1994, horizon=2, plan=ImportancePlan(repeats=9))
    assert done.windows == 3
    assert {one.verdict for one in done.inputs} == {"too few windows to tell"}
    assert "–" in {row[2] for row in importance_rows(done)}


def test_what_comes_after_the_training_is_held_out_and_else_it_is_said() -> None:
    forecaster = Forecaster("naive", horizon=2)
    forecaster.fit(driven().until(TRAINED))
    assert held_out(driven(), held.TestPart(), forecaster.record, horizon=2) == (TRAINED, "")
    assert held_out(driven(), held.TestPart(), None, horizon=2) == (1600, "")
    first, said = held_out(driven(), held.TestPart(size=400), forecaster.record, horizon=2)
    assert first == 1600
    assert said.startswith("the model was fitted on the part it is judged on here")
    assert held_out(driven().until(TRAINED), held.TestPart(), forecaster.record, horizon=2)[1] == said


def test_cutoffs_are_even_and_their_windows_lie_in_the_held_out_part() -> None:
    cutoffs = spread_cutoffs(1000, first=800, horizon=24, stride=None, most=60)
    assert cutoffs[0] == 799
    assert (np.diff(cutoffs) == 24).all()
    assert cutoffs[-1] + 24 < 1000
    assert len(spread_cutoffs(100_000, first=50_000, horizon=24, stride=None, most=60)) <= 60
    with pytest.raises(HistoryError, match="the held-out part of 50 steps holds 2 windows of 24"):
        spread_cutoffs(1000, first=950, horizon=24, stride=None, most=60)
    with pytest.raises(HistoryError, match="holds 0 windows of 24"):
        spread_cutoffs(1000, first=990, horizon=24, stride=None, most=60)
    with pytest.raises(OptionError, match="stride 0 must be at least 1"):
        spread_cutoffs(1000, first=900, horizon=24, stride=0, most=60)


def test_many_series_are_sampled_and_it_is_said(tmp_path: Path) -> None:
    panel = driven()
    many = replace(
        panel,
        values=np.repeat(panel.values[:, -600:], 7, axis=0),
        series=tuple(replace(panel.series[0], id=f"link-{number}") for number in range(7)),
    )
    path = tmp_path / "many.parquet"
    pyarrow.parquet.write_table(many.to_frame("pyarrow"), path)
    plan = ImportancePlan(repeats=1, windows=5, most_series=3)
    done = importance(None, str(path), Reading(), plan=plan, horizon=3)
    assert done.series == 3
    assert "measured on 3 of 7 series, evenly chosen by id: 'link-0', 'link-3', 'link-6'" in done.notes
    assert importance(None, str(path), Reading(), plan=plan, horizon=3, series="link-2").series == 1
    with pytest.raises(OptionError, match="unknown series 'link-9'"):
        importance(None, str(path), Reading(), plan=plan, horizon=3, series="link-9")


def test_a_horizon_beyond_the_model_and_a_model_for_data_are_refused(file: Path, tmp_path: Path) -> None:
    forecaster = Forecaster("naive", horizon=2)
    forecaster.fit(driven())
    forecaster.save(tmp_path / "naive")
    with pytest.raises(MismatchError, match=r"horizon 3 is outside the model's 1 \.\.\. 2 steps"):
        importance(tmp_path / "naive", str(file), Reading(), plan=ImportancePlan(), horizon=3)
    with pytest.raises(OptionError, match="naive is a model; name the data too"):
        importance(None, str(tmp_path / "naive"), Reading(), plan=ImportancePlan())


@pytest.mark.parametrize("name", ["windows", "repeats", "seed", "most_series"])
def test_a_plan_that_cannot_be_is_refused(name: str) -> None:
    with pytest.raises(OptionError, match=f"{name} -1 must be at least"):
        ImportancePlan(**{name: -1})


def test_the_page_shows_what_names_contain_as_text(ranked: ImportanceResult, tmp_path: Path) -> None:
    path, evil = tmp_path / "page.html", "<script>alert(1)</script>"
    odd = replace(ranked, inputs=(replace(ranked.inputs[0], name=evil), *ranked.inputs[1:]))
    write_importance_page(odd, path, title=evil, command="nettide importance x")
    page = path.read_text()
    assert evil not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "nettide importance x" in page
