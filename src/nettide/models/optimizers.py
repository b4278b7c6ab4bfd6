"""The optimizers of a training: PyTorch's, in their functional form."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal

import torch
from torch import Tensor
from torch.optim.adam import adam
from torch.optim.adamw import adamw
from torch.optim.rmsprop import rmsprop
from torch.optim.sgd import sgd

OptimizerName = Literal["adam", "adamw", "sgd", "rmsprop"]
_SLOTS: dict[OptimizerName, tuple[str, ...]] = {
    "adam": ("exp_avg", "exp_avg_sq", "step"),
    "adamw": ("exp_avg", "exp_avg_sq", "step"),
    "sgd": ("momentum_buffer",),
    "rmsprop": ("square_avg", "step"),
}
_BETA1, _BETA2, _MOMENTUM, _ALPHA, _EPS = 0.9, 0.999, 0.9, 0.99, 1e-8


class Optimizer:
    """Weights and what an optimizer remembers of each.

    The classes of ``torch.optim`` do the same, number by number, but the first of them that is made loads PyTorch's
    compiler: 1.1 s of a processor and 77 MB, more than some trainings take.

    Args:
        name: which one; sgd has momentum 0.9, all else is PyTorch's default.
        weights: what is trained, with gradients in ``grad`` at each step.
        weight_decay: of the weights, as the optimizer means it.
    """

    def __init__(self, name: OptimizerName, weights: Iterable[Tensor], *, weight_decay: float) -> None:
        self._name, self._weights, self._decay = name, list(weights), weight_decay
        self._slots: dict[str, list[Tensor]] = {
            slot: [torch.zeros(()) if slot == "step" else torch.zeros_like(one.detach()) for one in self._weights]
            for slot in _SLOTS[name]
        }

    @torch.no_grad()
    def step(self, rate: float) -> None:
        """Move the weights against their gradients, at this learning rate; those without a gradient stay."""
        moved = [number for number, one in enumerate(self._weights) if one.grad is not None]
        if not moved:
            return
        weights = [self._weights[number] for number in moved]
        gradients = [one.grad for one in weights if one.grad is not None]
        slots = {name: [values[number] for number in moved] for name, values in self._slots.items()}
        if self._name == "sgd":
            sgd(
                weights,
                gradients,
                list(slots["momentum_buffer"]),
                fused=True,
                weight_decay=self._decay,
                momentum=_MOMENTUM,
                lr=rate,
                dampening=0.0,
                nesterov=False,
                maximize=False,
            )
        elif self._name == "rmsprop":
            rmsprop(
                weights,
                gradients,
                slots["square_avg"],
                [],
                [],
                slots["step"],
                lr=rate,
                alpha=_ALPHA,
                eps=_EPS,
                weight_decay=self._decay,
                momentum=0.0,
                centered=False,
            )
        else:
            (adam if self._name == "adam" else adamw)(
                weights,
                gradients,
                slots["exp_avg"],
                slots["exp_avg_sq"],
                [],
                slots["step"],
                fused=True,
                amsgrad=False,
                beta1=_BETA1,
                beta2=_BETA2,
                lr=rate,
                weight_decay=self._decay,
                eps=_EPS,
                maximize=False,
            )

    def state(self) -> dict[int, dict[str, Tensor]]:
        """Give what is remembered of each weight, by its number and the name of the slot; the tensors themselves."""
        return {
            number: {name: values[number] for name, values in self._slots.items()}
            for number in range(len(self._weights))
        }

    def load_state(self, state: Mapping[int, Mapping[str, Tensor]]) -> None:
        """Go on from what ``state`` gave; a weight of which it has nothing was never moved."""
        for name, values in self._slots.items():
            for number, value in enumerate(values):
                if number in state:
                    value.copy_(state[number][name])
