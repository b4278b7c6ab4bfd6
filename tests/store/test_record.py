"""What is kept about a model, as JSON and back."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import numpy as np
import pytest
from records import CREATED, DATA, TRAINING, record, state

from nettide.errors import DamagedError, StoreError
from nettide.models.contract import State, Training
from nettide.panel import Channel, Panel, Series
from nettide.store.record import DataFacts, ModelRecord, from_document, library_versions, to_document


def document(**changes: Any) -> dict[str, Any]:
    text = json.dumps(to_document(record(**changes)), allow_nan=False)
    loaded: dict[str, Any] = json.loads(text)
    return loaded


def test_a_record_comes_back_as_it_was() -> None:
    shown = from_document(document(), state())
    assert replace(shown, state=State({})) == record(state=State({}))
    assert dict(shown.state.document) == dict(state().document)


def test_the_time_of_creation_is_kept_in_utc_to_the_second() -> None:
    local = datetime(2026, 3, 1, 3, 10, 0, 999, tzinfo=timezone(timedelta(hours=1)))
    assert document(created=local)["created"] == "2026-03-01T02:10:00Z"
    assert from_document(document(created=local), state()).created == CREATED.astimezone(UTC)


def test_a_time_of_creation_without_a_zone_is_refused() -> None:
    with pytest.raises(StoreError, match="time of creation 2026-03-01T00:00:00 has no time zone"):
        record(created=datetime(2026, 3, 1))


def test_scores_are_kept_as_numbers_and_what_is_none_as_none() -> None:
    scores = {
        "mae": np.float64(1.5),
        "points": np.int64(3),
        "mape": float("nan"),
        "by": {"a": [np.inf, True, "x", (1,)]},
    }
    assert document(scores=scores)["scores"] == {
        "mae": 1.5,
        "points": 3,
        "mape": None,
        "by": {"a": [None, True, "x", [1]]},
    }


def test_a_score_that_json_cannot_hold_is_named() -> None:
    with pytest.raises(StoreError, match=r"scores\.by\[0\] is a set, which JSON cannot hold"):
        to_document(record(scores={"by": [set()]}))


def test_the_facts_of_a_panel() -> None:
    series = (Series("a", "bit/s"), Series("b", "bit/s"))
    panel = Panel(np.zeros((2, 400, 2)), DATA.start, 3600, series, (Channel("y"), Channel("flows")))
    assert DataFacts.of(panel, origin="traffic.csv") == DATA
    mixed = replace(panel, series=(Series("a", "bit/s"), Series("b", "1/s")))
    assert DataFacts.of(mixed, origin="x").unit == ""
    by_channel = replace(panel, series=(Series("a"), Series("b")), channels=(Channel("y", "B/s"), Channel("flows")))
    assert DataFacts.of(by_channel, origin="x").unit == "B/s"


def test_the_versions_of_libraries_are_given_without_importing_torch() -> None:
    script = (
        "import sys; from nettide.store.record import library_versions; "
        "assert set(library_versions()) == {'python', 'numpy', 'torch'}; assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", script], check=True)
    assert library_versions()["numpy"] == np.__version__


def test_a_model_without_training_comes_back() -> None:
    assert from_document(document(training=Training()), state()).training == Training()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda it: it.pop("model"), "model is None, expected str"),
        (lambda it: it.update(horizon="24"), "horizon is '24', expected int"),
        (lambda it: it.update(horizon=True), "horizon is True, expected int"),
        (lambda it: it.update(created="yesterday"), "Invalid isoformat string: 'yesterday'"),
        (lambda it: it.update(created="2026-03-01"), "has no time zone"),
        (lambda it: it.update(state=None), "state is None, expected dict"),
        (lambda it: it.update(scores=[]), r"scores is \[\], expected dict"),
        (lambda it: it["data"].update(channels=[]), r"channels are \[\]"),
        (lambda it: it["data"].update(channels=[1]), r"channels are \[1\]"),
        (lambda it: it["data"].update(occasions=["party"]), r"occasions are \['party'\]"),
        (lambda it: it["data"].update(occasions=[1]), r"occasions are \[1\]"),
        (lambda it: it["data"].pop("occasions"), "occasions is None, expected list"),
        (lambda it: it["data"].update(step_seconds=0), "a step has 0 seconds"),
        (lambda it: it["data"].pop("origin"), "origin is None, expected str"),
        (lambda it: it["training"].update(ending="bored"), "training ended as 'bored'"),
        (lambda it: it["training"].update(epochs=[3]), "an epoch is 3"),
        (lambda it: it["training"]["epochs"][0].update(loss=None), "loss is None, expected float"),
        (lambda it: it["training"].update(notes="told"), "notes is 'told', expected list"),
        (lambda it: it["training"].update(notes=[3]), r"notes are \[3\]"),
    ],
)
def test_a_document_of_another_kind_is_damaged(change: Callable[[dict[str, Any]], Any], message: str) -> None:
    changed = document()
    change(changed)
    with pytest.raises(DamagedError, match=rf"the stored model has no usable description: .*{message}"):
        from_document(changed, state())


def test_whole_numbers_will_do_as_floats() -> None:
    changed = document()
    changed["training"]["seconds"] = 2
    found = from_document(changed, state()).training
    assert isinstance(found.seconds, float)
    assert replace(found, seconds=0.5) == TRAINING


def test_a_model_of_before_trainings_had_notes_comes_back_without() -> None:
    changed = document()
    del changed["training"]["notes"]
    assert from_document(changed, state()).training == replace(TRAINING, notes=())


def test_each_field_of_a_record_is_kept() -> None:
    assert set(ModelRecord.__dataclass_fields__) == set(document())
