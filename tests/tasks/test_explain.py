"""What is said of the choice of auto is true of its weights and errors; where naive forecasts are best it says so."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from nettide import Channel, Panel, Series
from nettide.arrays import Floats
from nettide.errors import MismatchError, OptionError
from nettide.models import make_model
from nettide.models.auto.carry import Carry
from nettide.models.auto.config import NAIVE_MEMBERS
from nettide.models.auto.model import AutoModel
from nettide.models.auto.weighing import Verdict
from nettide.tasks.explain import explained
from nettide.tasks.explain_words import choice_document, choice_rows, choice_sentences, left_out

HOUR = 3600
MEMBERS = ("naive", "seasonal-naive", "base")
IDS = ("a", "b", "c", "d")


def panel_of(target: Floats) -> Panel:
    series = tuple(Series(one, "bit/s", "UTC") for one in IDS[: len(target)])
    return Panel(target[..., None], 1_772_323_200, HOUR, series, (Channel("y"),))


def fitted(target: Floats, **options: object) -> AutoModel:
    model = make_model("auto", horizon=6, options={"challengers": "base", "budget": "1h", **options})
    assert isinstance(model, AutoModel)
    model.fit(panel_of(target))
    return model


def weekly(series: int, steps: int = 24 * 28) -> Floats:
    hours = np.arange(steps)
    noise = np.random.default_rng(0).lognormal(0, 0.1, (series, steps))
    return 1e6 * (2 + np.sin(2 * np.pi * hours / 24) + 0.3 * (hours // 24 % 7 < 5)) * noise


@pytest.fixture(scope="module")
def model() -> AutoModel:
    return fitted(weekly(4))


def with_verdict(model: AutoModel, errors: Floats, losses: Floats | None = None) -> AutoModel:
    """A fitted model that found other errors, shape (member + 1, series, cutoff), and losses, or the same again."""
    again = AutoModel.restore(model.state())
    assert again._found is not None
    verdict = Verdict(model.members, model.ids, errors, errors if losses is None else losses)
    again._found = replace(again._found, chosen=replace(again._found.chosen, verdict=verdict))
    return again


def errors_of(model: AutoModel, values: dict[str, list[float]], cutoffs: int = 20) -> Floats:
    """Errors of each member by series, a little different at each cutoff; the mixture's are those of base."""
    wave = 1 + 0.1 * np.sin(np.arange(cutoffs))
    rows = [values.get(name, [9.0] * 4) for name in (*model.members, "base")]
    return np.array(rows)[..., None] * wave


def test_weights_are_those_of_the_model_and_sum_to_one(model: AutoModel) -> None:
    found = explained(model, step_seconds=HOUR)
    assert sum(one.weight for one in found.parts) == pytest.approx(1)
    assert {one.model: one.weight for one in found.parts} == dict(zip(model.members, model.pooled, strict=True))
    assert [one.weight for one in found.parts] == sorted((one.weight for one in found.parts), reverse=True)
    one = explained(model, step_seconds=HOUR, series="c")
    assert {part.model: part.weight for part in one.parts} == pytest.approx(
        dict(zip(model.members, model.weights_of(["c"])[:, 0], strict=True))
    )


def test_skill_is_against_the_best_naive_forecast(model: AutoModel) -> None:
    changed = with_verdict(
        model, errors_of(model, {"naive": [2.0] * 4, "seasonal-naive": [4.0] * 4, "base": [1.5] * 4})
    )
    found = explained(changed, step_seconds=HOUR)
    assert found.naive == "naive"
    assert found.mixture.value == pytest.approx(0.25)
    assert found.mixture.low == pytest.approx(0.25)
    assert found.mixture.verdict == "better than naive"
    skills = {one.model: one.skill.value for one in found.parts}
    assert skills["naive"] == pytest.approx(0)
    assert skills["seasonal-naive"] == pytest.approx(-1)
    assert (
        "it saves 25.0 % (25.0 to 25.0) of the error of naive, the best naive forecast there: better than naive"
        in (choice_sentences(found)[1])
    )


def test_series_on_which_nothing_beats_a_naive_forecast_are_counted_and_named(model: AutoModel) -> None:
    values = {"naive": [1.0, 5.0, 5.0, 5.0], "seasonal-naive": [5.0, 1.0, 5.0, 5.0], "base": [2.0, 2.0, 2.0, 2.0]}
    found = explained(with_verdict(model, errors_of(model, values)), step_seconds=HOUR)
    assert found.naive_best.ids == ("a", "b")
    assert dict(found.naive_best.rivals) == {"naive": 1, "seasonal-naive": 1}
    share = np.array([name in NAIVE_MEMBERS for name in model.members]) @ model.weights_of(["a", "b"])
    assert found.naive_best.weight == pytest.approx(share.mean())
    said = "by quantile loss nothing beats a naive forecast on 2 of 4 series (naive 1, seasonal-naive 1): "
    assert said in choice_sentences(found)[-1]
    alone = explained(with_verdict(model, errors_of(model, values)), step_seconds=HOUR, series="b")
    assert choice_sentences(alone)[-1].startswith("nothing beats seasonal-naive here: naive forecasts have ")


def test_what_is_carried_over_is_said_of_all_and_of_one(model: AutoModel) -> None:
    assert model._found is not None
    assert explained(model, step_seconds=HOUR).carry == {}
    changed = AutoModel.restore(model.state())
    carry = Carry(np.array([0.0, 0.3, 0.0, 0.6]), 0.1)
    changed._found = replace(model._found, chosen=replace(model._found.chosen, carry=carry))
    first, second, third, fourth = model.ids
    found = explained(changed, step_seconds=HOUR)
    assert found.carry == {second: 0.3, fourth: 0.6}
    assert (
        "misses persist on 2 of 4 series: 30 % to 60 % of what the last forecasts missed is added to the next"
        in choice_sentences(found)
    )
    assert choice_document(found)["carry"] == {second: 0.3, fourth: 0.6}
    alone = choice_sentences(explained(changed, step_seconds=HOUR, series=second))
    assert "misses persist here: 30 % of what the last forecasts missed is added to the next" in alone
    for one in (first, third):
        assert not any(
            "persist" in said for said in choice_sentences(explained(changed, step_seconds=HOUR, series=one))
        )


def test_where_every_series_is_beaten_that_is_said(model: AutoModel) -> None:
    found = explained(with_verdict(model, errors_of(model, {"base": [1.0] * 4})), step_seconds=HOUR)
    assert (
        choice_sentences(found)[-1]
        == "on each of the 4 series some challenger beats the naive forecasts by quantile loss"
    )


def test_a_challenger_that_was_tried_on_few_points_is_compared_on_those(model: AutoModel) -> None:
    errors = errors_of(model, {"naive": [2.0] * 4, "base": [1.0] * 4})
    place = model.members.index("base")
    errors[place, :, 2:] = np.nan
    errors[place, 3] = np.nan  # and on some series not at all
    found = explained(with_verdict(model, errors), step_seconds=HOUR)
    assert found.naive_best.ids == ("d",)


def test_errors_of_zero_are_no_trouble(model: AutoModel) -> None:
    found = explained(with_verdict(model, errors_of(model, dict.fromkeys(model.members, [0.0] * 4))), step_seconds=HOUR)
    assert math.isnan(found.mixture.value)
    assert found.naive_best.series == 4
    assert all("nan" not in cell for row in choice_rows(found) for cell in row)
    assert choice_document(found)["mixture"]["value"] is None


def test_a_series_that_a_naive_forecast_gets_exactly_right_is_never_beaten(model: AutoModel) -> None:
    """Nor has it a part in any percentage, though a band around what is exact may lose to a challenger's."""
    values = {"naive": [0.0, 2.0, 2.0, 2.0], "seasonal-naive": [3.0, 0.0, 4.0, 4.0], "base": [1.0, 1.0, 1.5, 1.5]}
    errors = errors_of(model, values)
    changed = with_verdict(model, errors, np.where(errors == 0, 5.0, errors))
    found = explained(changed, step_seconds=HOUR)
    assert found.exact == ("a", "b")
    assert found.naive_best.ids == ("a", "b")
    assert dict(found.naive_best.rivals) == {"naive": 1, "seasonal-naive": 1}
    assert found.mixture.value == pytest.approx(0.25)
    sentences = choice_sentences(found)
    assert sentences[1].startswith(
        "on the validation part, which also chose the weights, without the 2 series that a naive forecast gets exactly "
        "right, it saves 25.0 % (25.0 to 25.0) of the error of naive, "
    )
    assert sentences[2].startswith(
        "by quantile loss nothing beats a naive forecast on 2 of 4 series (naive 1, seasonal-naive 1), "
        "which is exactly right on all of them: naive forecasts have "
    )
    alone = choice_sentences(explained(changed, step_seconds=HOUR, series="b"))
    assert len(alone) == 2
    assert alone[1].startswith("nothing beats seasonal-naive here, which is exactly right on the validation part: ")
    assert choice_document(found)["exact"] == ["a", "b"]


def test_against_an_error_of_nothing_no_percentage_is_said(model: AutoModel) -> None:
    """Each series has another naive forecast that is exact: none of their errors is one to compare with."""
    values = {"naive": [0.0, 2.0, 0.0, 2.0], "seasonal-naive": [3.0, 0.0, 4.0, 0.0], "base": [1.0] * 4}
    found = explained(with_verdict(model, errors_of(model, values)), step_seconds=HOUR)
    assert math.isnan(found.mixture.value)
    assert all(math.isnan(one.skill.value) for one in found.parts)
    sentences = choice_sentences(found)
    assert len(sentences) == 2
    assert "on 4 of 4 series (naive 2, seasonal-naive 2), which is exactly right on all of them: " in sentences[1]
    assert sum("exact (the best naive)" in row for row in choice_rows(found)) == 1


def test_beside_a_dead_and_a_constant_port_others_are_compared() -> None:
    target = weekly(4)
    target[0], target[1] = 0.0, 123456.789
    found = explained(fitted(target), step_seconds=HOUR)
    assert found.exact == ("a", "b")
    assert {"a", "b"} <= set(found.naive_best.ids)
    assert abs(found.mixture.value) < 1


def test_a_perfectly_regular_series_is_said_to_be_forecast_exactly_by_a_naive_forecast() -> None:
    hours = np.arange(24 * 28)
    found = explained(fitted(1e6 * (2.1 + np.sin(2 * np.pi * hours / 24))[None]), step_seconds=HOUR)
    assert found.exact == ("a",)
    assert len(sentences := choice_sentences(found)) == 2
    assert sentences[1].startswith("nothing beats seasonal-naive")
    assert " on the one series, which is exactly right on the validation part: " in sentences[1]


def test_a_mixture_that_is_worse_says_by_how_much(model: AutoModel) -> None:
    changed = with_verdict(model, errors_of(model, {"naive": [2.0] * 4, "base": [2.5] * 4}))
    assert (
        "its error is 25.0 % above that of naive, the best naive forecast there (it saves −25.0 % ("
        in (choice_sentences(explained(changed, step_seconds=HOUR))[1])
    )


def test_a_mixture_that_is_many_times_worse_says_how_many(model: AutoModel) -> None:
    changed = with_verdict(model, errors_of(model, {"naive": [0.01] * 4, "base": [2.5] * 4}))
    said = choice_sentences(explained(changed, step_seconds=HOUR))[1]
    assert "its error is 250 times that of naive, the best naive forecast there (it saves under −1,000 %" in said


def test_a_series_without_readings_is_not_among_those_compared() -> None:
    target = weekly(3)
    target[1] = np.nan
    model = fitted(target)
    found = explained(model, step_seconds=HOUR)
    assert (found.series, found.naive_best.compared) == (3, 2)
    assert "b" not in found.naive_best.ids
    assert len(choice_sentences(explained(model, step_seconds=HOUR, series="b"))) == 1


def test_what_was_never_compared_says_so() -> None:
    found = explained(fitted(weekly(2, 10)), step_seconds=HOUR)
    assert found.naive == ""
    sentences = choice_sentences(found)
    assert sentences[0].startswith("history is too short to compare challengers on")
    assert len(sentences) == 2
    assert left_out(found) == ()


def test_another_model_or_series_is_refused(model: AutoModel) -> None:
    with pytest.raises(MismatchError, match="only auto chooses among models"):
        explained(make_model("naive", horizon=1), step_seconds=HOUR)
    with pytest.raises(OptionError, match="unknown series 'e'"):
        explained(model, step_seconds=HOUR, series="e")
