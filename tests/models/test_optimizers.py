"""Our optimizers are PyTorch's to the last bit, and do not load its compiler."""

from __future__ import annotations

import subprocess
import sys
from functools import partial
from typing import Any

import pytest
import torch
from torch import Tensor

from nettide.models.optimizers import Optimizer, OptimizerName

RATE, DECAY = 0.02, 0.3
THEIRS: dict[OptimizerName, Any] = {
    "adam": partial(torch.optim.Adam, fused=True),
    "adamw": partial(torch.optim.AdamW, fused=True),
    "sgd": partial(torch.optim.SGD, momentum=0.9),  # fused, it fails where a weight has its first gradient late
    "rmsprop": torch.optim.RMSprop,
}


def weights() -> list[Tensor]:
    generator = torch.Generator().manual_seed(3)
    return [torch.randn(shape, generator=generator, requires_grad=True) for shape in ((5, 3), (4,), (2,))]


def give_gradients(of: list[Tensor], step: int) -> None:
    """Gradients of a step; the last weight has none but in the third."""
    generator = torch.Generator().manual_seed(step)
    for one in of:
        one.grad = torch.randn(one.shape, generator=generator)
    if step != 2:
        of[-1].grad = None


@pytest.mark.parametrize("name", THEIRS)
def test_steps_are_those_of_pytorch(name: OptimizerName) -> None:
    ours, theirs = weights(), weights()
    made = Optimizer(name, ours, weight_decay=DECAY)
    reference = THEIRS[name](theirs, lr=RATE, weight_decay=DECAY)
    for step in range(5):
        rate = RATE / (step + 1)
        give_gradients(ours, step)
        give_gradients(theirs, step)
        made.step(rate)
        reference.param_groups[0]["lr"] = rate
        reference.step()
        for one, other in zip(ours, theirs, strict=True):
            assert torch.equal(one, other)


@pytest.mark.parametrize("name", THEIRS)
def test_a_kept_state_goes_on_as_if_nothing_had_happened(name: OptimizerName) -> None:
    through, ended, resumed = weights(), weights(), weights()
    first, second = (Optimizer(name, of, weight_decay=DECAY) for of in (through, ended))
    for step in range(3):
        for of, made in ((through, first), (ended, second)):
            give_gradients(of, step)
            made.step(RATE)
    third = Optimizer(name, resumed, weight_decay=DECAY)
    third.load_state(second.state())
    with torch.no_grad():
        for one, value in zip(resumed, ended, strict=True):
            one.copy_(value)
    for step in range(3, 6):
        for of, made in ((through, first), (resumed, third)):
            give_gradients(of, step)
            made.step(RATE)
    for one, other in zip(through, resumed, strict=True):
        assert torch.equal(one, other)


@pytest.mark.parametrize("name", THEIRS)
def test_without_any_gradient_nothing_moves(name: OptimizerName) -> None:
    before, after = weights(), weights()
    Optimizer(name, after, weight_decay=DECAY).step(RATE)
    for one, other in zip(before, after, strict=True):
        assert torch.equal(one, other)


FIT = """
import sys
from nettide import Forecaster
from nettide.synthetic.config import SynthConfig
from nettide.synthetic.traffic import generate

panel = generate(SynthConfig(series=2, points=400, seed=1)).panel
training = Forecaster("lstm", horizon=12, epochs=1, context=48).fit(panel)
print(len(training.epochs), "torch._dynamo" in sys.modules)
"""


def test_a_fit_does_not_load_the_compiler() -> None:
    told = subprocess.run([sys.executable, "-c", FIT], capture_output=True, text=True, check=True)
    assert told.stdout.split() == ["1", "False"]
