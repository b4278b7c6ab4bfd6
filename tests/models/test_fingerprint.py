"""Fingerprints: equal for the same training, and another for whatever would change its weights."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace

import pytest
from conformance import daily_traffic, panel_of

from nettide.models.fingerprint import data_digest, training_fingerprint
from nettide.models.recurrent_config import RecurrentConfig
from nettide.occasions import Occasion
from nettide.panel import Panel, Series

PANEL = panel_of(daily_traffic(2, 50))


def test_the_same_training_has_the_same_fingerprint_after_json() -> None:
    config = RecurrentConfig(24)
    found = training_fingerprint(config, PANEL)
    assert json.loads(json.dumps(found)) == training_fingerprint(replace(config), panel_of(daily_traffic(2, 50)))
    assert found["filters"] == [32, 64, 32]
    assert {"horizon", "seed", "data", "nettide", "torch", "threads"} <= found.keys()


def test_an_option_or_something_more_makes_another() -> None:
    plain = training_fingerprint(RecurrentConfig(24), PANEL)
    assert training_fingerprint(RecurrentConfig(24, seed=1), PANEL) != plain
    assert training_fingerprint(RecurrentConfig(24), PANEL, start="ab") == {**plain, "start": "ab"}


@pytest.mark.parametrize(
    "change",
    [
        lambda panel: replace(panel, values=panel.values + 1.0),
        lambda panel: replace(panel, start=panel.start + 1),
        lambda panel: replace(panel, step_seconds=60),
        lambda panel: replace(panel, series=(panel.series[0], Series("other", "bit/s", "Europe/Prague"))),
        lambda panel: replace(panel, series=(panel.series[0], replace(panel.series[1], zone="UTC"))),
        lambda panel: panel.with_occasions([Occasion("event", 0, 1)]),
    ],
    ids=["values", "start", "step", "ids", "zones", "occasions"],
)
def test_other_data_has_another_digest(change: Callable[[Panel], Panel]) -> None:
    assert data_digest(change(PANEL)) != data_digest(PANEL)
    assert data_digest(replace(PANEL)) == data_digest(PANEL)
