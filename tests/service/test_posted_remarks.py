"""What is odd about a posted history is said beside the answer, as nettide forecast says it."""

from __future__ import annotations

from typing import Any

import numpy as np
from made_service import Service, daily

from nettide.panel import Channel, Panel, Series
from nettide.tasks.remarks import remarks_on


def notes(shared: Service, values: dict[str, list[float | None]], *, path: str = "forecast", **more: Any) -> list[str]:
    rows = [{"id": id, "values": one} for id, one in values.items()]
    answer = shared.post(f"/api/v1/{path}", {"end": "2025-12-10T23:00:00Z", "series": rows, **more})
    assert answer.status_code == 200, answer.text
    found: list[str] = answer.get_json()["notes"]
    return found


def test_an_ordinary_history_needs_no_remark(shared: Service) -> None:
    assert notes(shared, {"a": daily(24 * 28)}) == []
    assert notes(shared, {"a": daily(24 * 28)}, path="anomalies") == []


def test_a_series_that_ended_is_named(shared: Service) -> None:
    values: list[float | None] = [*daily(24 * 26), *[None] * 48]
    [told] = notes(shared, {"a": daily(24 * 28), "gone": values})
    assert told == "1 of 2 series ends 2 d before the others: 'gone'; a forecast begins where all data end"


def test_a_short_history_and_one_that_never_changes_are_named(shared: Service) -> None:
    short, constant = notes(shared, {"a": [5.0] * 12})
    assert "has at most 12 h of history: 'a'" in short
    assert constant.startswith("1 of 1 series never changes: 'a'")
    assert notes(shared, {"a": [5.0] * 12}, path="anomalies") == [short, constant]


def test_steps_that_the_pretrained_network_was_never_shown_are_remarked(shared: Service) -> None:
    said = "the pretrained network was never shown steps of 1min, only from 5min to 1d: compare it with naive forecasts"
    assert any(one.startswith(said) for one in notes(shared, {"a": daily(24 * 60 * 2)}, step="1min"))
    assert not any("never shown" in one for one in notes(shared, {"a": daily(24 * 28)}, step="1h"))


def test_remarks_are_those_of_the_command(shared: Service) -> None:
    values = daily(30)
    panel = Panel(np.array(values)[None, :, None], 0, 3600, (Series("a"),), (Channel("y"),))
    assert notes(shared, {"a": list(values)}) == list(remarks_on(panel))


def test_a_fitted_model_needs_no_more_history_than_its_context(shared: Service) -> None:
    assert "at most 7 d of history" in notes(shared, {"a": daily(24 * 7)})[0]
    assert notes(shared, {"a": daily(24 * 7)}, model="yesterday", horizon=6) == []
