"""Answers that take a while: they go on while other pages are shown, can be stopped, and are found again."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest
from studio_pages import KEY, OTHER_KEY, answered, made_data, opened, settled, sound
from test_forecast_page import csv_data

from nettide.errors import HistoryError
from nettide.studio.analysis_answers import Job, Jobs
from nettide.studio.workspace import Workspace

WORDS = "Exchanging "


class Gate:
    """Work that waits until it may go on."""

    def __init__(self) -> None:
        self.open, self.ended = threading.Event(), threading.Event()

    def work(self, job: Job) -> str:
        try:
            place = 0
            while not self.open.wait(0.01):
                place += 1
                job.tell(f"step {place}", place / 1e6)
            return "found"
        finally:
            self.ended.set()


@pytest.fixture
def gate() -> Iterator[Gate]:
    one = Gate()
    yield one
    one.open.set()


def until(done: Callable[[], bool], seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_a_job_tells_where_it_is_and_hands_over_its_answer(gate: Gate) -> None:
    kept: list[object] = []
    job = Job(("question",), gate.work, waiting="Looking", keep=kept.append)
    job.start()
    assert job.going
    until(lambda: job.share > 0)
    assert job.said.startswith("step ")
    assert job.said.endswith(" s)")
    gate.open.set()
    until(lambda: not job.going)
    assert kept == ["found"]
    assert job.error == ""


def test_a_job_that_is_stopped_ends_and_hands_over_nothing(gate: Gate) -> None:
    kept: list[object] = []
    job = Job(("question",), gate.work, waiting="Looking", keep=kept.append)
    job.start()
    job.stop()
    assert not job.going
    until(gate.ended.is_set)
    assert kept == []


def test_a_job_that_fails_keeps_its_sentence() -> None:
    def work(_: Job) -> str:
        raise HistoryError("there is too little of it")

    job = Job(("question",), work, waiting="Looking", keep=lambda _: None)
    job.start()
    until(lambda: not job.going)
    assert job.error == "there is too little of it"


def test_no_more_than_two_are_worked_out_at_once_and_one_that_waits_can_be_stopped() -> None:
    gates = [Gate() for _ in range(3)]
    jobs = [Job((str(place),), gate.work, waiting="w", keep=lambda _: None) for place, gate in enumerate(gates)]
    try:
        for job in jobs:
            job.start()
        until(lambda: jobs[2].said.startswith("Waiting for its turn"))
        jobs[2].stop()
        assert not jobs[2].going
        assert not gates[2].ended.is_set()  # it never began
    finally:
        for gate in gates:
            gate.open.set()
    until(lambda: not jobs[0].going and not jobs[1].going)


def test_another_question_of_a_section_takes_the_place_of_the_one_before() -> None:
    gates, jobs, place = (Gate(), Gate()), Jobs(), ("workspace", "Answer")
    first, second = (Job((str(one),), one.work, waiting="w", keep=lambda _: None) for one in gates)
    jobs.put(place, first)
    first.start()
    jobs.put(place, second)
    assert not first.going
    assert jobs.find(place) is second
    second.start()
    jobs.stop_all()
    assert not second.going
    for one in gates:
        until(one.ended.is_set)


def long_question(root: Path, workspace: Workspace) -> AppTest:
    """Importance of three series with so many exchanges that it takes minutes."""
    csv_data(workspace, ids=("a", "b", "c"), hours=400)
    at = opened(root, "analysis")
    at.segmented_control(key="analysis.section").set_value("Importance").run()
    at.number_input(key="importance.windows").set_value(1000)
    at.number_input(key="importance.repeats").set_value(100)
    at.toggle(key="importance.parts").set_value(True).run()
    at.button(key="importance.ask").click().run()
    return sound(at)


def stop_button(at: AppTest):
    return next((one for one in at.button if str(one.key).startswith("answer.stop.")), None)


def test_what_is_worked_out_goes_on_while_another_page_is_shown_and_can_be_stopped(
    root: Path, workspace: Workspace
) -> None:
    at = long_question(root, workspace)
    assert stop_button(at) is not None
    assert not any("Press the button" in one.value for one in at.info)
    at.switch_page("../pages/data.py").run()
    assert stop_button(sound(at)) is None
    at.switch_page("../pages/analysis.py").run()
    assert stop_button(sound(at)) is not None  # the same section, and still going
    beside = opened(root, "analysis")  # a second tab of the browser, with other choices
    beside.segmented_control(key="analysis.section").set_value("Importance").run()
    assert stop_button(sound(beside)) is not None
    assert any("With other choices" in one.proto.text.replace("\\", "") for one in beside.get("progress"))
    stop_button(at).click().run()
    assert stop_button(sound(at)) is None
    assert any("Press the button" in one.value for one in at.info)


def test_another_browser_sees_nothing_of_it(root: Path, workspace: Workspace) -> None:
    at = long_question(root, workspace)
    made_data(Workspace.of(root, OTHER_KEY))
    other = opened(root, "analysis", OTHER_KEY)
    other.segmented_control(key="analysis.section").set_value("Importance").run()
    assert stop_button(sound(other)) is None
    stop_button(at).click().run()


def test_an_answer_that_came_while_another_page_was_shown_is_there_on_return(root: Path, workspace: Workspace) -> None:
    made_data(workspace)
    at = opened(root, "analysis", KEY)
    at.segmented_control(key="analysis.section").set_value("What if").run()
    at.button(key="what-if.add").click().run()
    at.button(key="what-if.ask").click().run()
    at.switch_page("../pages/data.py").run()
    at.switch_page("../pages/analysis.py").run()
    assert len(sound(settled(at)).get("plotly_chart")) == 2


def test_importance_of_many_series_says_which_were_used_and_asks_how_many(root: Path, workspace: Workspace) -> None:
    ids = tuple(f"link-{place:02d}" for place in range(60))
    csv_data(workspace, ids=ids, hours=600)
    at = opened(root, "analysis")
    at.segmented_control(key="analysis.section").set_value("Importance").run()
    at.number_input(key="importance.repeats").set_value(1)
    at.number_input(key="importance.series").set_value(4).run()
    answered(at, "importance.ask")
    used = sound(at).dataframe[1].value
    assert list(used["series"]) == ["link-00", "link-19", "link-39", "link-59"]
    assert any("4 of 60 series, evenly chosen by id" in one.label.replace("\\", "") for one in at.expander)
    assert "--most-series 4" in at.code[0].value
    at.toggle(key="importance.alone").set_value(True).run()
    assert not at.slider
    answered(at, "importance.ask")
    assert len(sound(at).dataframe) == 1
    assert "--series link-00" in at.code[0].value
