from __future__ import annotations

import dataclasses
import shlex

import numpy as np
import pytest
import typer.main

from nettide.cli.app import app
from nettide.errors import DamagedError, HistoryError
from nettide.models import MODELS, make_config
from nettide.panel import Channel, Panel, Series
from nettide.prepare.grid import GridChoice
from nettide.sources.contract import Layout
from nettide.tasks.architecture import architecture
from nettide.tasks.knobs import knobs
from nettide.tasks.load import Reading
from nettide.tasks.occasions import OccasionChoice
from nettide.tasks.plan import PRESETS, Plan, plan_document, plan_from, problems, usual_context, usual_plan
from nettide.tasks.plan_text import backtest_command, fit_command, python_lines
from nettide.tasks.reading_document import reading_document, reading_from, reading_options

EVERYTHING = Reading(
    layout=Layout("t", "id", "y", ("a", "b"), "Europe/Prague", 123),
    grid=GridChoice(300, "max", "zero", "gap", "last"),
    unit="bit/s",
    zone="Europe/Prague",
    capacity=2.5e9,
    counter_bits=64,
    occasions=OccasionChoice("CZ", "days off.csv", "events.csv"),
)


def panel(steps: int = 600, *, channels: int = 1) -> Panel:
    hours = np.arange(steps)
    values = np.stack([10 + np.sin(2 * np.pi * hours / 24)] * channels, axis=-1)[None]
    named = tuple(Channel(f"c{place}") for place in range(channels))
    return Panel(values, 1_767_225_600, 3600, (Series("a"),), named)


def test_a_reading_comes_back_whole() -> None:
    assert reading_from(reading_document(EVERYTHING)) == EVERYTHING
    assert reading_from(reading_document(Reading())) == Reading()


@pytest.mark.parametrize("document", [{}, {"layout": 1}, {**reading_document(Reading()), "strange": 1}])
def test_what_is_no_reading_is_refused(document: dict[str, object]) -> None:
    with pytest.raises(DamagedError, match="this does not say how data is read"):
        reading_from(document)


def test_a_reading_as_nobody_says_needs_no_options_and_every_other_field_has_one() -> None:
    assert reading_options(Reading()) == ()
    options = dict(zip(reading_options(EVERYTHING)[::2], reading_options(EVERYTHING)[1::2], strict=True))
    assert options == {
        "--time": "t", "--id": "id", "--target": "y", "--zone": "Europe/Prague", "--step": "5min", "--aggregate": "max",
        "--missing": "zero", "--invalid": "gap", "--duplicates": "last", "--counter": "64", "--capacity": "2500000000",
        "--limit": "123", "--unit": "bit/s", "--country": "CZ", "--holidays": "days off.csv", "--events": "events.csv",
    }  # fmt: skip


def test_what_is_usual_is_an_option_where_it_was_said() -> None:
    said = Reading(grid=GridChoice(aggregate="mean", missing="gap"))
    assert reading_options(said) == ("--aggregate", "mean", "--missing", "gap")
    assert reading_from(reading_document(said)) == said


@pytest.mark.parametrize("make", [backtest_command, fit_command])
def test_every_option_of_a_command_exists(make) -> None:
    plan = Plan("lstm", 6, 24, 0.25, 7, 3, None, (("hidden", "8"), ("filters", "8,4")))
    words = shlex.split(make("my data.csv", EVERYTHING, plan, out="re sult").replace("\\\n", " "))
    command = typer.main.get_command(app).commands[words[1]]  # type: ignore[attr-defined]
    known = {option for one in command.params for option in (*one.opts, *one.secondary_opts)}
    assert {word for word in words if word.startswith("--")} <= known
    assert words[2] == "my data.csv"
    assert "lstm.hidden=8" in words
    assert words[words.index("--epochs") + 1] == "3"


def test_the_shown_python_makes_what_it_names() -> None:
    plan = Plan("lstm", 6, 24, 0.25, 7, 3, None, (("hidden", "8"),))
    text = python_lines("a.csv", EVERYTHING, plan, out="result")
    made: dict[str, object] = {}
    imports, _, call = text.partition("done = ")
    exec(imports, made)
    exec("def run_backtest(*given, **named): seen.append((given, named))", made)
    made["seen"] = seen = []  # type: ignore[var-annotated]
    exec(call.partition("\nfor score")[0], made)
    (given, named), *_ = seen
    assert given == ("a.csv", EVERYTHING)
    assert named["choice"] == plan.choice()
    assert named["test"].fraction == 0.25
    assert named["models"] == ["lstm", "seasonal-naive", "naive"]


def test_a_plan_comes_back_whole() -> None:
    plan = Plan("auto", 6, None, 0.3, 1, None, "60s", (("guard", "0.5"),))
    assert plan_from(plan_document(plan)) == plan
    with pytest.raises(ValueError, match="options are"):
        plan_from({"model": "a", "horizon": 1, "options": 3})


def test_a_model_is_not_compared_with_itself() -> None:
    assert Plan("naive", 6).models == ("naive", "seasonal-naive")
    assert Plan("lstm", 6).models == ("lstm", "seasonal-naive", "naive")


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize("steps", [60, 600])
def test_every_preset_is_a_plan_without_problems(preset, steps: int) -> None:
    assert problems(usual_plan(panel(steps), preset), panel(steps)) == ()


@pytest.mark.parametrize(
    ("plan", "said"),
    [
        (Plan("lsmt", 6), "unknown model 'lsmt'; did you mean 'lstm'?"),
        (Plan("lstm", 400), "horizon 400 is outside 1 ... 336"),
        (Plan("lstm", 200), "the test part has 120 steps and the horizon 200"),
        (Plan("lstm", 6, context=480), "a window of 480 with a horizon of 6 needs 486"),
        (Plan("lstm", 6, options=(("hiden", "8"),)), "unknown option 'hiden'; did you mean 'hidden'?"),
        (Plan("lstm", 6, options=(("channels", "all"),)), "the data has no other channel than 'c0'"),
        (Plan("naive", 6, epochs=3), None),
        (Plan("auto", 6, budget="soon"), "budget"),
        (Plan("lstm", 6, test_fraction=1.0), "test fraction 1.0 must lie between 0 and 1"),
    ],
)
def test_what_cannot_be_is_said_before_time_is_spent(plan: Plan, said: str | None) -> None:
    found = problems(plan, panel())
    assert found
    assert said is None or said in found[0]


def test_the_window_that_would_be_chosen_is_known_for_networks_alone() -> None:
    assert usual_context(panel(), Plan("gru", 24)) == 168
    assert usual_context(panel(), Plan("naive", 24)) is None
    assert usual_context(panel(), Plan("what", 24)) is None


@pytest.mark.parametrize("model", MODELS)
def test_every_option_of_every_model_has_its_meaning_and_a_default_that_it_takes(model: str) -> None:
    found = knobs(model)
    config = make_config(model, horizon=6, context=None, seed=0)
    for one in found:
        assert one.about, one.name
        assert one.kind != "choice" or one.choices
        own = getattr(config, one.name)
        assert one.default == (",".join(map(str, own)) if isinstance(own, tuple) else own)
    own_places = {"horizon", "context", "seed", "epochs", "budget", *MODELS[model].preset}
    assert {one.name for one in found} | own_places >= {one.name for one in dataclasses.fields(config)}


def test_the_outline_is_what_a_fit_trains() -> None:
    from nettide.models import make_model
    from nettide.models.outline import Outlined

    plan = Plan("lstm-fcn", 6, context=24, epochs=1, options=(("hidden", "8"), ("filters", "4,8,4")))
    shown = architecture(plan, panel())
    assert shown is not None
    assert [one.name for one in shown.parts] == ["encoder", "convolution", "head"]
    model = make_model("lstm-fcn", horizon=6, context=24, options={"hidden": 8, "filters": "4,8,4", "epochs": 1})
    assert isinstance(model, Outlined)
    training = model.fit(panel().until(480))
    assert (shown.parameters, shown.training, shown.epochs) == (training.parameters, training.windows, 1)


def test_an_outline_leaves_the_model_as_it_is_and_refuses_what_a_fit_refuses() -> None:
    assert architecture(Plan("naive", 6), panel()) is None
    with pytest.raises(HistoryError, match="history is too short to train on"):
        architecture(Plan("lstm", 6, context=478), panel())
