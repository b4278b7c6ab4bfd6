from __future__ import annotations

import contextlib
import io
import json
import shlex
from pathlib import Path

import pytest
from studio_pages import button, finished_run, made_data, opened, session, sound
from typer.testing import CliRunner

from nettide.cli.app import app
from nettide.models import MODELS
from nettide.store.models import load_model
from nettide.studio.workspace import Workspace
from nettide.tasks.plan import Plan


def test_without_data_the_page_leads_to_it(root: Path) -> None:
    at = sound(opened(root, "model"))
    assert [one.value for one in at.info] == ["There is no data yet."]
    assert not at.selectbox(key="side.zone").disabled
    assert at.get("page_link")[0].label == "Make, upload or name some"


def test_data_that_cannot_be_read_leads_to_where_that_is_said(root: Path, workspace: Workspace, tmp_path: Path) -> None:
    data = made_data(workspace)
    Path(data.location).write_text("no parquet")
    at = opened(root, "model")
    assert not at.exception
    assert at.error
    assert [one.value for one in at.info] == ["The data cannot be read yet."]


def test_good_defaults_stand_there_and_the_plan_is_kept(root: Path, workspace: Workspace) -> None:
    made_data(workspace)
    at = sound(opened(root, "model"))
    assert at.selectbox(key="model.name").value == "lstm"
    assert at.number_input(key="model.horizon").value == 24
    assert at.number_input(key="model.context").value is None
    assert workspace.plan() == Plan("lstm", 24)
    assert not button(at, "Train and test").disabled
    for one in [*at.selectbox, *at.number_input, *at.slider, *at.toggle, *at.text_input]:
        assert one.help, one.label


def test_every_choice_reaches_the_command_and_the_stored_model(root: Path, workspace: Workspace) -> None:
    data = made_data(workspace)
    at = opened(root, "model")
    at.number_input(key="model.horizon").set_value(6)
    at.number_input(key="model.context").set_value(24)
    at.slider(key="model.share").set_value(30)
    at.number_input(key="model.seed").set_value(3)
    at.number_input(key="model.epochs").set_value(2)
    at.number_input(key="model.lstm.hidden").set_value(8)
    at.number_input(key="model.lstm.layers").set_value(2)
    at.number_input(key="model.lstm.dropout").set_value(0.25)
    at.selectbox(key="model.lstm.optimizer").set_value("rmsprop")
    at.number_input(key="model.lstm.learning_rate").set_value(0.002)
    at.number_input(key="model.lstm.batch_size").set_value(32)
    at.selectbox(key="model.lstm.scaling").set_value("min-max")
    at.selectbox(key="model.lstm.channels").set_value("all")
    at.toggle(key="model.lstm.calendar").set_value(False)
    at.toggle(key="model.lstm.anchors").set_value(False)
    at.selectbox(key="model.lstm.transform").set_value("none")
    sound(at.run())
    plan = workspace.plan()
    assert plan is not None
    assert (plan.horizon, plan.context, plan.test_fraction, plan.seed, plan.epochs) == (6, 24, 0.3, 3, 2)
    record = load_model(finished_run(workspace, data, plan).model)
    config = record.state.document["config"]
    wanted = {
        "horizon": 6, "context": 24, "seed": 3, "epochs": 2, "hidden": 8, "layers": 2, "dropout": 0.25,
        "optimizer": "rmsprop", "learning_rate": 0.002, "batch_size": 32, "scaling": "min-max", "channels": "all",
        "calendar": False, "anchors": False, "transform": "none",
    }  # fmt: skip
    assert {name: config[name] for name in wanted} == wanted
    assert record.data.steps == 280
    assert record.data.channels == ("y", "packet_count")
    again = opened(root, "model")  # a reload, or a second tab
    assert again.number_input(key="model.lstm.hidden").value == 8
    assert again.number_input(key="model.lstm.learning_rate").value == 0.002
    assert not again.toggle(key="model.lstm.calendar").value
    assert workspace.plan() == plan


def test_the_shown_command_and_python_do_the_same_as_the_button(
    root: Path, workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = made_data(workspace)
    at = opened(root, "model")
    at.number_input(key="model.horizon").set_value(6)
    at.number_input(key="model.context").set_value(24)
    at.number_input(key="model.epochs").set_value(1)
    at.number_input(key="model.lstm.hidden").set_value(8)
    sound(at.run())
    plan = workspace.plan()
    assert plan is not None
    run = finished_run(workspace, data, plan)
    backtest, fit, python = (one.value for one in at.code[-3:])
    monkeypatch.chdir(tmp_path)
    ours = (run.result / "forecasts.parquet").read_bytes()
    for command in (backtest, fit):
        done = CliRunner().invoke(app, shlex.split(command.replace("\\\n", " "))[1:])
        assert done.exit_code == 0, done.output
    assert (tmp_path / "result" / "forecasts.parquet").read_bytes() == ours
    stored = json.loads((tmp_path / "models" / "mine" / "model.json").read_text())
    assert stored["document"]["state"]["config"]["hidden"] == 8 if "document" in stored else "hidden" in str(stored)
    (tmp_path / "result" / "forecasts.parquet").unlink()
    with contextlib.redirect_stdout(io.StringIO()) as said:
        exec(compile(python, "shown", "exec"), {})
    assert (tmp_path / "result" / "forecasts.parquet").read_bytes() == ours
    assert said.getvalue().startswith("lstm ") or "lstm " in said.getvalue()


@pytest.mark.parametrize(("preset", "model"), [("quick look", "base"), ("balanced", "lstm"), ("best", "auto")])
def test_a_preset_chooses_all(root: Path, workspace: Workspace, preset: str, model: str) -> None:
    made_data(workspace)
    at = opened(root, "model")
    at.number_input(key="model.horizon").set_value(3)
    at.number_input(key="model.lstm.hidden").set_value(8)
    at.run()
    at.button(key=f"preset.{preset}").click()
    sound(at.run())
    plan = workspace.plan()
    assert plan is not None
    assert (plan.model, plan.horizon, plan.options) == (model, 24, ())
    assert at.selectbox(key="model.name").value == model


@pytest.mark.parametrize("model", ["naive", "seasonal-naive", "base-tuned", "theta", "gru-fcn", "lightgbm"])
def test_every_kind_of_model_has_its_own_options(root: Path, workspace: Workspace, model: str) -> None:
    made_data(workspace)
    at = opened(root, "model")
    at.selectbox(key="model.name").set_value(model)
    sound(at.run())
    plan = workspace.plan()
    assert plan is not None
    assert (plan.model, plan.options) == (model, ())
    assert MODELS[model].about in [one.value for one in at.caption]


def test_another_target_is_forecast_in_its_own_unit(root: Path, workspace: Workspace) -> None:
    made_data(workspace)
    at = opened(root, "model")
    at.selectbox(key="model.target").set_value("packet_count")
    sound(at.run())
    data = workspace.data()
    assert data is not None
    assert data.reading.layout.target == "packet_count"
    assert data.reading.unit == "packets"
    assert all("--target packet_count" in one.value for one in at.code[:-1])
    assert at.selectbox(key="model.target").value == "packet_count"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("model.horizon", 100), "the test part has 80 steps and the horizon 100"),
        (("model.context", 310), "a window of 310 with a horizon of 24 needs 334"),
        (("model.lstm.dropout", 2.0), "dropout 2.0 is outside 0.0 ... 0.95"),
        (("model.lstm.patch", 7), "patch 7 does not divide context"),
    ],
)
def test_a_combination_that_cannot_be_is_explained_and_not_started(
    root: Path, workspace: Workspace, change: tuple[str, float], said: str
) -> None:
    made_data(workspace)
    at = opened(root, "model")
    if change[0].endswith("patch"):
        at.number_input(key="model.context").set_value(24)
    at.number_input(key=change[0]).set_value(change[1])
    at.run()
    assert not at.exception
    assert said in at.error[0].value.replace("\\", "")
    assert button(at, "Train and test").disabled


def test_other_channels_as_inputs_need_other_channels(root: Path, workspace: Workspace) -> None:
    made_data(workspace, parameters=1)
    at = opened(root, "model")
    at.selectbox(key="model.lstm.channels").set_value("all")
    at.run()
    assert "the data has no other channel than 'y'" in at.error[0].value.replace("\\", "")


def test_the_architecture_is_shown_before_it_is_trained(root: Path, workspace: Workspace) -> None:
    made_data(workspace)
    at = sound(opened(root, "model"))
    (shown,) = (one for one in at.expander if one.label.startswith("Architecture"))
    assert list(shown.dataframe[0].value["part"]) == ["encoder", "head"]
    parameters = int(shown.label.split()[1].replace(",", ""))
    assert sum(int(one.replace(",", "")) for one in shown.dataframe[0].value["parameters"]) == parameters


def test_choices_survive_a_visit_to_another_page(root: Path, workspace: Workspace) -> None:
    made_data(workspace)
    at = opened(root, "model")
    at.number_input(key="model.lstm.hidden").set_value(48)
    at.run()
    at.switch_page("../pages/data.py").run()
    at.switch_page("../pages/model.py").run()
    assert sound(at).number_input(key="model.lstm.hidden").value == 48


def test_new_data_begins_with_its_own_defaults(root: Path, workspace: Workspace) -> None:
    made_data(workspace)
    at = opened(root, "model")
    at.number_input(key="model.horizon").set_value(5)
    at.run()
    at.switch_page("../pages/data.py").run()
    button(at, "Make traffic").click()
    at.run()
    at.switch_page("../pages/model.py").run()
    assert sound(at).number_input(key="model.horizon").value == 24
    assert session(root).run().title[0].value == "Data"
