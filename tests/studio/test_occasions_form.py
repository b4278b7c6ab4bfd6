"""Holidays and events on page Data: of a country, or from files that are uploaded or named."""

from __future__ import annotations

from pathlib import Path

import pytest
from studio_pages import made_data, opened, session, sound

from nettide.studio.session import panel_of
from nettide.studio.workspace import DataSet, Workspace

HOLIDAYS = b"date,name\n2026-01-06,Epiphany\n2026-01-20,Founders\n"
EVENTS = b"start,end,kind,name\n2026-01-05T20:00Z,2026-01-05T23:00Z,maintenance,router\n"


def used(workspace: Workspace) -> DataSet:
    data = workspace.data()
    assert data is not None
    return data


def bring(at, place: int, name: str, content: bytes) -> None:
    """Upload to the first or second field of the form; synthetic data has no field of its own."""
    at.get("file_uploader")[place].set_value((name, content, "text/csv"))
    at.run()


def test_a_country_is_taken_over_into_the_data_and_every_command(root: Path, workspace: Workspace) -> None:
    made_data(workspace)
    at = session(root).run()
    assert at.button(key="occasions.use-country").disabled
    at.text_input(key="occasions.country").set_value("CZ").run()
    at.button(key="occasions.use-country").click()
    sound(at.run())
    assert used(workspace).reading.occasions.country == "CZ"
    assert any("CZ: 1 holiday within the data" in one.value for one in at.get("text"))
    assert "--country CZ" in at.code[0].value
    model = sound(opened(root, "model"))
    assert all("--country CZ" in one.value for one in model.code[:-1])
    assert "OccasionChoice(country='CZ')" in model.code[-1].value
    assert "--country CZ" in sound(opened(root, "forecast")).code[0].value


def test_an_unknown_country_is_one_sentence_and_changes_nothing(root: Path, workspace: Workspace) -> None:
    made_data(workspace)
    at = session(root).run()
    at.text_input(key="occasions.country").set_value("Atlantis").run()
    at.button(key="occasions.use-country").click()
    at.run()
    assert not at.exception
    assert "Atlantis" in at.error[0].value
    assert used(workspace).reading.occasions.country is None


def test_uploaded_files_of_holidays_and_events_reach_the_panel_and_the_commands(
    root: Path, workspace: Workspace
) -> None:
    made_data(workspace)
    at = session(root).run()
    bring(at, 0, "ours.csv", HOLIDAYS)
    sound(at)
    bring(at, 0, "work.csv", EVENTS)  # the other field is gone since there is a file
    sound(at)
    chosen = used(workspace).reading.occasions
    assert chosen.holidays is not None
    assert chosen.events is not None
    assert Path(chosen.holidays).read_bytes() == HOLIDAYS
    assert Path(chosen.events).read_bytes() == EVENTS
    found = {(one.kind, one.name) for one in panel_of(used(workspace)).occasions}
    assert found == {("holiday", "Epiphany"), ("holiday", "Founders"), ("maintenance", "router")}
    for one in (at.code[0].value, opened(root, "model").code[0].value):
        assert f"--holidays {chosen.holidays}" in one
        assert f"--events {chosen.events}" in one
    at.button(key="occasions.drop-holidays").click()
    sound(at.run())
    assert used(workspace).reading.occasions.holidays is None
    assert not Path(chosen.holidays).exists()
    assert Path(chosen.events).exists()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"date\nsoon\n", "line 2: "),
        (b"start,end,kind\n2026-01-05,2026-01-06,party\n", "ours.csv"),
        (b"\x00\x01\x02", "ours.csv"),
    ],
)
def test_a_file_that_lists_no_holidays_is_one_sentence(
    root: Path, workspace: Workspace, content: bytes, said: str
) -> None:
    made_data(workspace)
    at = session(root).run()
    bring(at, 0, "ours.csv", content)
    assert not at.exception
    assert said in at.error[0].value.replace("\\", "")
    assert used(workspace).reading.occasions.holidays is None


def test_a_file_is_named_by_its_path_only_where_paths_are_allowed(
    root: Path, workspace: Workspace, tmp_path: Path
) -> None:
    made_data(workspace)
    path = tmp_path / "events.csv"
    path.write_bytes(EVENTS)
    at = session(root).run()
    at.text_input(key="occasions.path-events").set_value(str(path)).run()
    at.button(key="occasions.use-events").click()
    sound(at.run())
    assert used(workspace).reading.occasions.events == str(path)
    path.write_bytes(EVENTS.replace(b"router", b"switch"))  # a file that was changed is read again
    assert {one.name for one in panel_of(used(workspace)).occasions if one.kind == "maintenance"} == {"switch"}
    path.unlink()
    at.run()
    assert not at.exception
    assert "no such file" in at.error[0].value
    at.button(key="occasions.drop-events").click()  # and so it is mended
    sound(at.run())
    assert not session(root, paths=False).run().text_input(key="occasions.country").disabled
    assert "occasions.path-events" not in [one.key for one in session(root, paths=False).run().text_input]
