"""The search for options on page Model: its process, what it tells, and what is taken from it."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest
from studio_pages import made_data, opened, sound

from nettide.errors import BusyError
from nettide.studio import searches
from nettide.studio.search_worker import search, with_options
from nettide.studio.searches import Search, delete_search, go_on, kill_search, last_search, start_search, stop_search
from nettide.studio.workspace import Workspace
from nettide.tasks.plan import Plan

PLAN = Plan("lstm", 6, context=24, epochs=1, options=(("hidden", "8"),))


def wait(done: Callable[[], bool], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < end
        time.sleep(0.05)


def found(workspace: Workspace) -> Search:
    one = last_search(workspace)
    assert one is not None
    return one


@pytest.fixture
def in_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lets a search be worked in this process: its worker is the real one."""
    monkeypatch.setattr(searches, "start_process", lambda folder, module: search(folder))


def test_a_search_finds_options_that_can_be_taken_and_goes_on(
    root: Path, workspace: Workspace, in_process: None
) -> None:
    made_data(workspace)
    workspace.keep_plan(PLAN)
    at = opened(root, "model")
    at.number_input(key="search.trials").set_value(3)
    at.text_input(key="search.budget").set_value("1m").run()
    assert "--trials 3 --budget 60s" in " ".join(one.value.replace("\\\n ", "") for one in at.code)
    at.button(key="search.ask").click()
    sound(at.run())
    one = found(workspace)
    assert one.state == "done"
    assert one.outcome["tried"] == 3
    assert "steps were not looked at" in " ".join(one.outcome["words"])
    assert {"hidden", "epochs"}.isdisjoint(one.outcome["best"][0]["options"])  # what was set is not tried
    table = next(one.value for one in at.dataframe if "trial" in one.value.columns)
    assert len(table) <= 3
    assert "as it comes" in set(table["trial"])
    if one.outcome["options"]:
        at.button(key="search.take").click()
        sound(at.run())
        plan = workspace.plan()
        assert plan == with_options(PLAN, one.outcome["options"])
    at.number_input(key="search.trials").set_value(4).run()
    at.button(key="search.go-on").click()
    sound(at.run())
    assert found(workspace).outcome["tried"] == 4
    at.button(key="search.delete").click()
    sound(at.run())
    assert last_search(workspace) is None


def test_options_that_were_found_are_put_into_the_plan() -> None:
    plan = with_options(PLAN, {"context": "48", "epochs": "7", "layers": "2"})
    assert (plan.context, plan.epochs, dict(plan.options)) == (48, 7, {"hidden": "8", "layers": "2"})


def test_a_model_without_options_to_search_says_which_have_some(root: Path, workspace: Workspace) -> None:
    made_data(workspace)
    workspace.keep_plan(Plan("naive", 6))
    at = sound(opened(root, "model"))
    assert any("naive has nothing to search for" in one.value for one in at.info)
    assert "search.ask" not in [one.key for one in at.button]


@pytest.mark.parametrize(("budget", "said"), [("soon", "soon"), ("", "no time is given")])
def test_a_time_that_is_none_is_one_sentence(root: Path, workspace: Workspace, budget: str, said: str) -> None:
    made_data(workspace)
    at = opened(root, "model")
    at.text_input(key="search.budget").set_value(budget).run()
    assert not at.exception
    assert said in at.error[0].value


def test_a_search_that_cannot_be_is_one_sentence(root: Path, workspace: Workspace, in_process: None) -> None:
    made_data(workspace, points=100)
    workspace.keep_plan(Plan("lstm", 24, test_fraction=0.5))
    at = opened(root, "model")
    at.button(key="search.ask").click()
    at.run()
    assert not at.exception
    assert found(workspace).state == "failed"
    assert any("history is too short" in one.value for one in at.error)


def test_a_search_goes_on_by_itself_is_stopped_with_its_best_and_killed(root: Path, workspace: Workspace) -> None:
    data = made_data(workspace)
    one = start_search(workspace, data, PLAN, trials=1000, budget_seconds=600)
    assert one.state == "running"
    with pytest.raises(BusyError, match="is going"):
        delete_search(one)
    with pytest.raises(BusyError, match="is going"):
        go_on(one, trials=5, budget_seconds=5)
    wait(lambda: (found(workspace).told.get("done") or 0) >= 1)
    page = sound(opened(root, "model"))
    assert any(str(bar.proto.text).startswith("Trial ") for bar in page.get("progress"))
    stop_search(one)
    wait(lambda: found(workspace).state != "running")
    assert found(workspace).state == "done", found(workspace).error
    assert 1 <= found(workspace).outcome["tried"] < 1000
    go_on(found(workspace), trials=1000, budget_seconds=600)
    kill_search(found(workspace))
    wait(lambda: found(workspace).state != "running")
    assert found(workspace).state == "killed"
    assert "ended before it was done" in found(workspace).error
    delete_search(found(workspace))
    assert last_search(workspace) is None


def test_data_of_a_search_is_kept_while_other_data_is_chosen(
    root: Path, workspace: Workspace, in_process: None
) -> None:
    data = made_data(workspace)
    start_search(workspace, data, Plan("lstm", 300), trials=1, budget_seconds=60)  # fails at once, and can be read
    at = opened(root, "data")
    at.button(key="synth.make").click()
    sound(at.run())
    assert Path(data.location).exists()
    delete_search(found(workspace))
    at.button(key="synth.make").click()
    sound(at.run())
    assert not Path(data.location).exists()
