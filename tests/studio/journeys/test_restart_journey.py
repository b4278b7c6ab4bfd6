"""What a session made is there after a restart of the server, and nobody else sees it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from studio_browser import Studio, Visitor


@pytest.mark.slow
def test_a_saved_model_forecasts_the_same_after_a_restart(
    visitor_on: Callable[[Studio], Visitor], tmp_path: Path
) -> None:
    workspace = tmp_path / "workspace"
    with Studio(workspace) as first:
        visitor = visitor_on(first)
        visitor.fill("Points", "500")
        visitor.press("Make traffic")
        visitor.see("1 series, 500 rows, step 1h")
        visitor.turn_to("Model")
        visitor.choose("Model", "window-mean")
        visitor.press("Train and test")
        visitor.wait_for_run()
        visitor.tab("Saved models")
        visitor.fill("Name", "No such name!")
        visitor.press("Save")
        visitor.see("No such name!")
        visitor.fill("Name", "uplinks")
        visitor.press("Save")
        visitor.see("saved as uplinks")
        visitor.press("Use it")
        visitor.see("uplinks is in use")
        visitor.turn_to("Forecast")
        before = visitor.download("Forecast as CSV", tmp_path).read_bytes()
        visitor.leave()
    assert "Traceback" not in first.said

    with Studio(workspace) as second:
        visitor.come_back(second.address)
        visitor.see("1 series, 500 rows, step 1h")
        visitor.turn_to("Training")
        assert visitor.chosen("Run").startswith("window-mean-1 ")
        visitor.tab("Saved models")
        assert [row["name"] for row in visitor.table("name", "fitted on")] == ["uplinks"]
        visitor.turn_to("Forecast")
        assert visitor.chosen("Model") == "uplinks (saved)"
        assert visitor.download("Forecast as CSV", tmp_path).read_bytes() == before
        visitor.turn_to("Training")
        visitor.tab("Saved models")
        visitor.press("Delete")
        visitor.page.get_by_role("button", name="Yes, delete it").click()
        visitor.see("uplinks is deleted")
        visitor.leave()
    assert "Traceback" not in second.said


@pytest.mark.slow
def test_two_browsers_at_once_do_not_see_each_others_data(
    visitor_on: Callable[[Studio], Visitor], studio: Studio
) -> None:
    one, other = visitor_on(studio), visitor_on(studio)
    one.fill("Points", "300")
    one.press("Make traffic")
    one.see("1 series, 300 rows, step 1h")
    other.open("forecast")
    other.see("There is no data yet.")
    other.open()
    other.fill("Points", "400")
    other.press("Make traffic")
    other.see("1 series, 400 rows, step 1h")
    one.open()
    one.see("1 series, 300 rows, step 1h")
    assert one.page.get_by_text("400 rows").count() == 0
    beside = one.another_tab()
    beside.see("1 series, 300 rows, step 1h")
