"""Training losses over known target values."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor

LossName = Literal["quantile", "mae", "mse"]


def training_loss(outputs: Tensor, truth: Tensor, levels: Tensor, loss: LossName) -> tuple[Tensor, Tensor]:
    """Give the summed loss and the number of known target values it is summed over.

    ``quantile`` is the pinball loss, mean over the levels (Koenker and Bassett, Econometrica 46, 1978).

    Args:
        outputs: in scaled space, shape (batch, horizon, level); one level for ``mae`` and ``mse``.
        truth: in scaled space, NaN where unknown, shape (batch, horizon).
        levels: quantile levels, shape (level,).
        loss: which loss.
    """
    known = ~torch.isnan(truth)
    error = (torch.where(known, truth, 0.0)[..., None] - outputs) * known[..., None]
    if loss == "quantile":
        each = torch.maximum(levels * error, (levels - 1) * error).mean(-1)
    elif loss == "mae":
        each = error.abs().mean(-1)
    else:
        each = error.square().mean(-1)
    return each.sum(), known.sum()
