"""Precision by timed batches: which is taken, that a seed still decides the rest, and that it is kept."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from conformance import daily_traffic, panel_of, quick_options

from nettide.models import make_model, restore_model
from nettide.models.contract import Epoch, Silent, State
from nettide.models.precision import Precision, has_bfloat16, probed
from nettide.models.recurrent import RecurrentModel

PANEL = panel_of(daily_traffic(3, 500))


class Batches:
    """Batches that take given seconds on a clock of their own, and are counted."""

    def __init__(self, *, float32: float, bfloat16: float, first: float = 0.0) -> None:
        self.now, self.first = 0.0, first
        self.takes: dict[Precision, float] = {"float32": float32, "bfloat16": bfloat16}
        self.ran: list[Precision] = []

    def run(self, precision: Precision) -> None:
        self.now += self.takes[precision] + (self.first if precision not in self.ran else 0.0)
        self.ran.append(precision)

    def clock(self) -> float:
        return self.now


@pytest.mark.parametrize(
    ("seconds", "expected", "said"),
    [
        (1.0, "float32", "1.00 times"),
        (0.9, "float32", "1.11 times"),
        (0.8, "bfloat16", "1.25 times"),
        (2.0, "float32", "0.50 times"),
    ],
)
def test_bfloat16_is_taken_where_it_is_at_least_a_seventh_faster(seconds: float, expected: str, said: str) -> None:
    made = Batches(float32=1.0, bfloat16=seconds)
    found = probed(made.run, native=True, clock=made.clock)
    assert found.precision == expected
    assert found.text == f"precision {expected}: a batch in bfloat16 is {said} as fast as in float32"


def test_what_the_first_batch_prepares_does_not_count() -> None:
    made = Batches(float32=0.01, bfloat16=0.01, first=30.0)
    made.takes["bfloat16"] = 0.005
    assert probed(made.run, native=True, clock=made.clock).precision == "bfloat16"


def test_batches_run_in_turn_and_slow_ones_fewer_times() -> None:
    quick, slow = Batches(float32=0.01, bfloat16=0.01), Batches(float32=9.0, bfloat16=9.0)
    for one, rounds in ((quick, 8), (slow, 4)):
        probed(one.run, native=True, clock=one.clock)
        assert one.ran == ["float32", "bfloat16"] * rounds


def test_a_processor_without_bfloat16_is_not_timed() -> None:
    made = Batches(float32=1.0, bfloat16=0.1)
    found = probed(made.run, native=False, clock=made.clock)
    assert (found.precision, made.ran) == ("float32", [])
    assert found.text == "precision float32: this processor has no instructions for bfloat16"


def network_model(name: str, **options: str) -> RecurrentModel:
    model = make_model(name, horizon=24, options={**quick_options(name), "epochs": "3", **options})
    assert isinstance(model, RecurrentModel)
    return model


def same_weights(one: RecurrentModel, other: RecurrentModel) -> bool:
    ours, theirs = one.state().tensors, other.state().tensors
    return ours.keys() == theirs.keys() and all(np.array_equal(value, theirs[name]) for name, value in ours.items())


@pytest.mark.parametrize("name", ["lstm", "gru-fcn"])
def test_the_outcome_is_kept_and_gives_the_weights_that_it_gives_by_name(name: str) -> None:
    timed = network_model(name, precision="auto")
    before = torch.get_rng_state()
    training = timed.fit(PANEL)
    assert torch.equal(torch.get_rng_state(), before)
    taken = timed.config.precision
    assert taken in ("float32", "bfloat16")
    (said,) = training.notes
    assert said.startswith(f"precision {taken}: ")
    assert ("times as fast" in said) is has_bfloat16()
    again = network_model(name, precision=taken)
    assert again.fit(PANEL).notes == ()
    assert same_weights(timed, again)
    restored = restore_model(name, timed.state())
    assert isinstance(restored, RecurrentModel)
    assert restored.config.precision == taken


def test_a_model_that_was_timed_before_is_timed_anew() -> None:
    model = network_model("lstm", precision="auto")
    assert model.fit(PANEL).notes
    assert model.fit(PANEL).notes


class Memory:
    """A checkpoint that keeps the last state."""

    def __init__(self) -> None:
        self.state: State | None = None

    def load(self) -> State | None:
        return self.state

    def save(self, state: State) -> None:
        self.state = state


class Killed(BaseException):
    """Nothing catches it."""


class KilledAtOnce(Silent):
    def on_epoch(self, report: Epoch) -> None:
        raise Killed


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_a_killed_training_goes_on_in_the_precision_it_began_with(precision: Precision) -> None:
    memory = Memory()
    with pytest.raises(Killed):
        network_model("lstm", precision=precision).fit(PANEL, monitor=KilledAtOnce(), checkpoint=memory)
    resumed, whole = network_model("lstm", precision="auto"), network_model("lstm", precision=precision)
    training = resumed.fit(PANEL, checkpoint=memory)
    whole.fit(PANEL)
    assert training.notes == (f"precision {precision}: as the training began with",)
    assert same_weights(resumed, whole)
