"""Records and states that the tests of the store share."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import numpy as np

from nettide.models.contract import Epoch, State, Training
from nettide.store.record import DataFacts, ModelRecord

CREATED = datetime(2026, 3, 1, 2, 10, tzinfo=UTC)
DATA = DataFacts(
    origin="traffic.csv",
    series=2,
    steps=400,
    start=1_700_000_000,
    end=1_701_436_400,
    step_seconds=3600,
    channels=("y", "flows"),
    unit="bit/s",
)
TRAINING = Training(
    epochs=(
        Epoch(1, 2, 0.5, 0.6, 1e-3, 1, 1000, 0.25, 0.25),
        Epoch(2, 2, 0.4, None, 5e-4, 1, 1000, 0.25, 0.0),
    ),
    best_epoch=1,
    ending="finished",
    seconds=0.5,
    windows=1000,
    parameters=42,
    notes=("precision float32: a batch in bfloat16 is 1.02 times as fast as in float32",),
)


def state(fill: float = 1.0, *, size: int = 100) -> State:
    """A state whose description and tensors both tell which one it is."""
    tensors = {"a.weight": np.full((size, 2), fill, dtype=np.float32), "b": np.array(fill), "n": np.arange(3)}
    return State({"fill": fill, "config": {"hidden": 8}}, tensors)


def record(fill: float = 1.0, *, size: int = 100, **changes: Any) -> ModelRecord:
    """A record of a model that the table need not know."""
    values: dict[str, Any] = {
        "model": "lstm",
        "state": state(fill, size=size),
        "created": CREATED,
        "horizon": 24,
        "context": 168,
        "data": DATA,
        "training": TRAINING,
        "versions": {"numpy": "2.0"},
        "scores": {"rel_mae": 0.7},
    }
    return ModelRecord(**{**values, **changes})


def assert_same(one: State, other: State) -> None:
    """Both hold the same values, bit for bit, in the same types and shapes."""
    assert dict(one.document) == dict(other.document)
    assert one.tensors.keys() == other.tensors.keys()
    for name, value in one.tensors.items():
        assert (value.dtype, value.shape) == (other.tensors[name].dtype, other.tensors[name].shape)
        assert value.tobytes() == other.tensors[name].tobytes()


def assert_whole(one: ModelRecord) -> None:
    """The tensors and the description come from the same save."""
    assert_same(one.state, state(one.state.document["fill"], size=len(one.state.tensors["a.weight"])))
