"""Losses: equal to scikit-learn's, and blind to unknown targets."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from sklearn.metrics import mean_absolute_error, mean_pinball_loss, mean_squared_error

from nettide.forecast import LEVELS
from nettide.models.losses import training_loss

TRUTH = torch.randn(50, 7, generator=torch.Generator().manual_seed(1))
OUTPUTS = torch.randn(50, 7, len(LEVELS), generator=torch.Generator().manual_seed(2)).sort(-1).values


def mean(outputs: torch.Tensor, truth: torch.Tensor, loss: Any, levels: tuple[float, ...] = LEVELS) -> float:
    summed, known = training_loss(outputs, truth, torch.tensor(levels), loss)
    return float(summed) / int(known)


def test_the_quantile_loss_is_the_pinball_loss_of_scikit_learn_over_all_levels() -> None:
    truth = TRUTH.numpy().ravel()
    each = [
        mean_pinball_loss(truth, OUTPUTS[..., place].numpy().ravel(), alpha=level) for place, level in enumerate(LEVELS)
    ]
    assert mean(OUTPUTS, TRUTH, "quantile") == pytest.approx(np.mean(each), rel=1e-5)


@pytest.mark.parametrize("level", [0.05, 0.5, 0.99])
def test_a_single_level_is_the_pinball_loss_of_that_level(level: float) -> None:
    expected = mean_pinball_loss(TRUTH.numpy().ravel(), OUTPUTS[..., 0].numpy().ravel(), alpha=level)
    assert mean(OUTPUTS[..., :1], TRUTH, "quantile", (level,)) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize(("loss", "reference"), [("mae", mean_absolute_error), ("mse", mean_squared_error)])
def test_mae_and_mse_are_those_of_scikit_learn(loss: str, reference: Any) -> None:
    expected = reference(TRUTH.numpy().ravel(), OUTPUTS[..., 4].numpy().ravel())
    assert mean(OUTPUTS[..., 4:5], TRUTH, loss, (0.5,)) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("loss", ["quantile", "mae", "mse"])
def test_unknown_targets_are_left_out_of_loss_and_gradient(loss: Any) -> None:
    levels = LEVELS if loss == "quantile" else (0.5,)
    outputs = OUTPUTS[..., : len(levels)].clone().requires_grad_()
    truth = TRUTH.clone()
    unknown = torch.rand(truth.shape, generator=torch.Generator().manual_seed(3)) < 0.3
    truth[unknown] = torch.nan
    summed, known = training_loss(outputs, truth, torch.tensor(levels), loss)
    assert int(known) == int((~unknown).sum())
    picked, _ = training_loss(outputs[~unknown][None], truth[~unknown][None], torch.tensor(levels), loss)
    assert summed.item() == pytest.approx(picked.item(), rel=1e-5)
    summed.backward()
    assert outputs.grad is not None
    assert (outputs.grad[unknown] == 0).all()
    assert (outputs.grad[~unknown] != 0).any()


def test_nothing_known_is_no_loss_of_no_targets() -> None:
    outputs = OUTPUTS.clone().requires_grad_()
    summed, known = training_loss(outputs, torch.full_like(TRUTH, torch.nan), torch.tensor(LEVELS), "quantile")
    assert (summed.item(), int(known)) == (0.0, 0)
    summed.backward()
    assert outputs.grad is not None
    assert (outputs.grad == 0).all()
