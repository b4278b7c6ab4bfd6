from __future__ import annotations

import json
from pathlib import Path

from studio_pages import KEY, OTHER_KEY, button, finished_run, made_data, opened, sound

from nettide.studio.runs import find_run, order_run
from nettide.studio.workspace import DataSet, Workspace
from nettide.tasks.load import Reading
from nettide.tasks.plan import Plan


def test_without_a_run_the_page_leads_to_the_model(root: Path) -> None:
    at = sound(opened(root, "training"))
    assert [one.value for one in at.info] == ["Nothing was trained yet."]


def test_a_finished_run_shows_loss_architecture_scores_and_a_verdict(worked: Path) -> None:
    at = opened(worked, "training")
    at.selectbox(key="training.run-widget").set_value("lstm-1")
    sound(at.run())
    shown = next(one.value for one in at.dataframe if "80 % band holds" in one.value.columns and len(one.value) == 3)
    assert set(shown["model"]) == {"lstm", "seasonal-naive", "naive"}
    assert "bit/s" in shown["MAE"].iloc[0]
    assert any(list(one.value.columns) == ["part", "what it is", "parameters"] for one in at.dataframe)
    assert at.success or at.warning
    assert at.get("plotly_chart")


def test_the_best_forecast_is_named_where_the_model_is_not_it(worked: Path) -> None:
    at = opened(worked, "training")
    at.selectbox(key="training.run-widget").set_value("window-mean-1")
    sound(at.run())
    assert any("is better here: use it" in one.value for one in at.warning)
    assert any("window-mean has no epochs to draw" in one.value for one in at.caption)


def test_a_run_that_goes_shows_where_it_is_and_can_be_stopped(root: Path, workspace: Workspace) -> None:
    import fcntl

    folder = order_run(workspace, made_data(workspace), Plan("lstm", 6, context=24, epochs=4))
    at = opened(root, "training")
    assert "ended before it was done" in at.error[0].value.replace("\\", "")
    (folder / "now.json").write_text(
        json.dumps({"model": "lstm", "epoch": 2, "epochs": 4, "batch": 5, "batches": 10, "loss": 0.25, "elapsed": 30})
    )
    epoch = {"model": "lstm", "epoch": 1, "loss": 0.5, "validation_loss": 0.6, "best_epoch": 1}
    (folder / "epochs.jsonl").write_text(json.dumps(epoch) + "\n")
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # as the process of the run does
        at = sound(opened(root, "training"))
        assert at.get("progress")[0].proto.text == "Epoch 2 of 4, loss 0.2500, about 50 s left"
        assert at.get("progress")[0].proto.value == 37
        assert folder.name in [one.value for one in at.sidebar.text]
        button(at, "Stop").click()
        sound(at.run())
        assert (folder / "stop").exists()
        assert button(at, "Stop").disabled
        assert at.get("progress")[0].proto.text.startswith("Stopping after this batch")
        second_tab = sound(opened(root, "training"))
        assert second_tab.get("progress")[0].proto.text.startswith("Stopping after this batch")
        assert [one.value for one in opened(root, "training", OTHER_KEY).info] == ["Nothing was trained yet."]


def test_a_run_that_failed_says_why_and_can_be_deleted(root: Path, workspace: Workspace) -> None:
    run = finished_run(workspace, DataSet("gone", "/nowhere/a.csv", Reading(), "path"), Plan("naive", 6))
    at = opened(root, "training")
    assert not at.exception
    assert "no such file or folder" in at.error[0].value.replace("\\", "")
    at.button(key="run.delete").click()
    sound(at.run())
    assert not run.folder.exists()
    assert [one.value for one in at.info] == ["Nothing was trained yet."]


def test_runs_are_compared(worked: Path) -> None:
    at = sound(opened(worked, "training"))
    shown = next(one.value for one in at.dataframe if "best of its test" in one.value.columns)
    assert set(shown["run"]) == {"lstm-1", "window-mean-1"}
    assert at.multiselect(key="training.compared").value == ["lstm-1"]


def test_a_model_is_saved_used_after_a_restart_and_deleted(worked: Path) -> None:
    workspace = Workspace.of(worked, KEY)
    at = opened(worked, "training")
    at.selectbox(key="save.run").set_value("lstm-1")
    at.text_input(key="save.name").set_value("uplinks")
    button(at, "Save").click()
    sound(at.run())
    assert "saved as uplinks" in [one.value.replace("\\", "") for one in at.success]
    after = sound(opened(worked, "training"))
    listed = next(one.value for one in after.dataframe if "fitted on" in one.value.columns)
    assert list(listed["name"]) == ["uplinks"]
    after.button(key="saved.use").click()
    sound(after.run())
    active = workspace.active_model()
    assert active is not None
    assert active.folder == workspace.models_folder / "uplinks"
    after.button(key="saved.delete").click()
    sound(after.run())
    assert workspace.models() == []


def test_a_name_that_cannot_be_is_one_sentence(worked: Path) -> None:
    at = opened(worked, "training")
    at.text_input(key="save.name").set_value("../Uplinks")
    button(at, "Save").click()
    at.run()
    assert not at.exception
    assert "name '../Uplinks' cannot be used" in at.error[0].value.replace("\\", "")


def test_a_damaged_model_is_listed_with_the_reason(worked: Path) -> None:
    workspace = Workspace.of(worked, KEY)
    folder = workspace.save_model(find_run(workspace, "lstm-1").model, "broken")
    (folder / "model.json").write_text("{")
    at = opened(worked, "training")
    assert not at.exception
    listed = next(one.value for one in at.dataframe if "fitted on" in one.value.columns)
    assert listed["model"].iloc[0] == "damaged"


def test_the_model_of_a_run_is_used(worked: Path) -> None:
    at = opened(worked, "training")
    at.selectbox(key="training.run-widget").set_value("lstm-1")
    at.run()
    at.button(key="run.use").click()
    sound(at.run())
    assert "lstm (lstm-1)" in [one.value for one in at.sidebar.text]
