"""Choices of each page are there after a visit to another page."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from studio_pages import made_data, opened, session, sound

from nettide.studio.workspace import Workspace

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
    sound(at)
    for kind, key, value in _CHOSEN[page]:
        assert getattr(at, kind)(key=key).value == value, key


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
