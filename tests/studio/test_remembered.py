"""Choices of each page are there after a visit to another page."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest
from studio_pages import made_data, opened, session, sound

from nettide.studio.analysis_view import SECTIONS
from nettide.studio.words import plain
from nettide.studio.workspace import Workspace
from nettide.tasks.importance import MOST_SERIES

_ELSEWHERE = {"data": "model", "model": "data", "training": "data", "forecast": "data", "analysis": "data"}
_CHOSEN = {
    "data": [
        ("number_input", "synth.points", 700),
        ("selectbox", "synth.step", "5min"),
        ("slider", "synth.noise", 12.5),
        ("toggle", "synth.noisy", False),
        ("date_input", "synth.start", date(2025, 3, 1)),
        ("multiselect", "view.channels", ["packet_count"]),
        ("segmented_control", "view.span", "7 d"),
        ("text_input", "occasions.country", "CZ"),
    ],
    "model": [
        ("number_input", "model.horizon", 6),
        ("number_input", "model.context", 30),
        ("slider", "model.share", 30),
        ("number_input", "model.lstm.hidden", 48),
        ("selectbox", "model.lstm.scaling", "min-max"),
        ("toggle", "model.lstm.calendar", False),
    ],
    "training": [
        ("selectbox", "training.run-widget", "lstm-1"),
        ("multiselect", "training.compared", []),
        ("selectbox", "save.run", "lstm-1"),
    ],
    "forecast": [
        ("segmented_control", "forecast.span", "7 d"),
        ("multiselect", "forecast.beside", ["naive", "seasonal-naive"]),
        ("segmented_control", "forecast.part", "Test part"),
    ],
    "analysis": [("segmented_control", "errors.model", "naive"), ("segmented_control", "errors.window", "1 week")],
}


def drawn(at: AppTest) -> dict[str, Any]:
    """What a browser shows of each widget that it is told of for the first time."""
    protos = [one.proto for one in (*at.main, *at.sidebar) if hasattr(getattr(one, "proto", None), "set_value")]
    return {proto.id: _shown(proto) for proto in protos}


def _shown(proto: Any) -> Any:
    told = next(name for name in ("value", "raw_values", "raw_value") if name in proto.DESCRIPTOR.fields_by_name)
    name = told if proto.set_value else "default"
    if proto.DESCRIPTOR.fields_by_name[name].has_presence and not proto.HasField(name):
        return None
    shown = getattr(proto, name)
    several = not isinstance(shown, str | int | float)
    if told == "value" or proto.set_value:
        return list(shown) if several else shown
    texts = [getattr(one, "content", one) for one in proto.options]
    return [texts[place] for place in shown] if several else texts[shown]


def lose(at: AppTest) -> AppTest:
    """Let nothing of what was drawn reach the browser, and draw it anew, as one who is quick makes Streamlit do."""
    for part in (at.main, at.sidebar):
        part.children.clear()  # so the browser tells of no widget either
    return at.run()


@pytest.mark.parametrize("page", _CHOSEN)
def test_first_values_are_told_again_where_they_did_not_reach_the_browser(root: Path, worked: Path, page: str) -> None:
    at = sound(opened(root, page))
    first = drawn(at)
    assert len(first) > 3
    assert drawn(sound(lose(at))) == first


@pytest.mark.parametrize("section", SECTIONS[1:])
def test_first_values_of_a_section_are_told_again_too(root: Path, worked: Path, section: str) -> None:
    at = session(root).switch_page("../pages/analysis.py")
    at.session_state["analysis.section"] = section
    first = drawn(sound(at.run()))
    assert [section] in first.values()
    assert drawn(sound(lose(at))) == first


def test_what_is_told_again_is_what_the_studio_works_with(root: Path) -> None:
    at = lose(session(root).run())
    shown = drawn(at)
    assert shown[at.text_input(key="synth.zone").proto.id] == "UTC"
    assert shown[at.slider(key="synth.parameters").proto.id] == [10.0]
    at.button(key="synth.make").click().run()
    assert [one.value for one in sound(at).toast] == [plain("Traffic is made.")]


@pytest.mark.parametrize("page", _CHOSEN)
def test_choices_survive_a_visit_to_another_page(root: Path, worked: Path, page: str) -> None:
    at = opened(root, page)
    for kind, key, value in _CHOSEN[page]:
        widget = getattr(at, kind)(key=key)
        assert widget.value != value, key
        widget.set_value(value)
    sound(at.run())
    at.switch_page(f"../pages/{_ELSEWHERE[page]}.py").run()
    at.switch_page(f"../pages/{page}.py").run()
    back = drawn(sound(at))
    for kind, key, value in _CHOSEN[page]:
        assert getattr(at, kind)(key=key).value == value, key
    assert drawn(sound(lose(at))) == back


@pytest.mark.parametrize(
    ("section", "kind", "key", "value"),
    [
        ("Importance", "number_input", "importance.windows", 20),
        ("What if", "text_input", "what-if.scale", "3"),
        ("Anomalies", "number_input", "anomalies.allowed", 2.5),
        ("Capacity", "text_input", "capacity.size", "10G"),
    ],
)
def test_choices_of_a_section_survive_another_section_and_another_page(
    root: Path, workspace: Workspace, section: str, kind: str, key: str, value: object
) -> None:
    made_data(workspace)
    at = opened(root, "analysis")
    at.segmented_control(key="analysis.section").set_value(section).run()
    getattr(at, kind)(key=key).set_value(value).run()
    at.segmented_control(key="analysis.section").set_value("Compare").run()
    at.segmented_control(key="analysis.section").set_value(section).run()
    assert getattr(sound(at), kind)(key=key).value == value
    at.switch_page("../pages/data.py").run()
    at.switch_page("../pages/analysis.py").run()
    assert sound(at).segmented_control(key="analysis.section").value == section
    assert getattr(at, kind)(key=key).value == value


def test_how_a_file_would_be_read_is_kept_while_one_looks_elsewhere(root: Path, tmp_path: Path) -> None:
    from test_data_page import csv, use

    use(root, csv(tmp_path / "a.csv"))
    at = session(root).run()
    at.text_input(key="reading.unit").set_value("bit/s").run()
    assert "Changed, and not read so yet." in [one.value for one in at.caption]
    at.switch_page("../pages/model.py").run()
    at.switch_page("../pages/data.py").run()
    assert sound(at).text_input(key="reading.unit").value == "bit/s"
    at.button(key="reading.read").click().run()
    assert "Changed, and not read so yet." not in [one.value for one in sound(at).caption]
    assert at.text_input(key="reading.unit").value == "bit/s"


def test_a_choice_that_is_none_any_more_begins_anew(root: Path, worked: Path) -> None:
    at = opened(root, "forecast")
    at.multiselect(key="forecast.beside").set_value(["naive"])
    at.segmented_control(key="forecast.span").set_value("Test part").run()
    made_data(Workspace(next((root / "sessions").iterdir())), points=300)
    sound(at.run())
    assert at.segmented_control(key="forecast.span").value != "Test part"


@pytest.mark.parametrize(
    ("page", "key", "name"), [("training", "training.tab", "Compare"), ("data", "view.tab", "Preview")]
)
def test_the_open_tab_survives_a_visit_to_another_page(
    root: Path, worked: Path, page: str, key: str, name: str
) -> None:
    at = opened(root, page)
    assert at.session_state[key] != name
    at.session_state[key] = name
    at.run()
    at.switch_page("../pages/model.py").run()
    at.switch_page(f"../pages/{page}.py").run()
    assert sound(at).session_state[key] == name


def test_a_number_of_series_that_other_data_has_not_begins_anew(root: Path, workspace: Workspace) -> None:
    made_data(workspace, points=100, parameters=1, series=MOST_SERIES + 9)
    at = opened(root, "analysis")
    at.segmented_control(key="analysis.section").set_value("Importance").run()
    at.number_input(key="importance.series").set_value(MOST_SERIES + 9).run()
    at.switch_page("../pages/data.py").run()
    made_data(workspace, points=100, parameters=1, series=MOST_SERIES + 1)
    at.switch_page("../pages/analysis.py").run()
    assert sound(at).number_input(key="importance.series").value == MOST_SERIES
