"""Dropout with random numbers of a thread's own."""

from __future__ import annotations

import pytest
import torch

from nettide.models.dropout import Dropout, drawing_from


def test_it_drops_its_share_and_keeps_the_mean() -> None:
    torch.manual_seed(0)
    found = Dropout(0.25)(torch.ones(100_000))
    assert abs(float((found == 0).float().mean()) - 0.25) < 0.01
    assert abs(float(found.mean()) - 1) < 0.02
    assert found.unique().tolist() == pytest.approx([0, 1 / 0.75])


def test_it_drops_nothing_outside_of_training_or_at_zero() -> None:
    values = torch.rand(10)
    assert Dropout(0.5).eval()(values) is values
    assert Dropout(0.0)(values) is values


def test_a_generator_of_its_own_leaves_pytorchs_as_it_is() -> None:
    torch.manual_seed(5)
    before = torch.get_rng_state()
    drop = Dropout(0.5)
    with drawing_from(torch.Generator().manual_seed(1)):
        first = drop(torch.ones(50))
        with drawing_from(torch.Generator().manual_seed(2)):
            drop(torch.ones(7))
        drop(torch.ones(50))
    assert torch.equal(torch.get_rng_state(), before)
    with drawing_from(torch.Generator().manual_seed(1)):
        assert torch.equal(drop(torch.ones(50)), first)
    drop(torch.ones(50))
    assert not torch.equal(torch.get_rng_state(), before)


def test_its_gradient_is_that_of_what_was_kept() -> None:
    values = torch.ones(50, requires_grad=True)
    with drawing_from(torch.Generator().manual_seed(1)):
        found = Dropout(0.5)(values)
    (gradient,) = torch.autograd.grad(found.sum(), values)
    assert torch.equal(gradient, found.detach())


@pytest.mark.parametrize("shape", [(), (1,), (3, 5), (2, 3, 7)])
def test_numbers_of_any_shape_are_dropped(shape: tuple[int, ...]) -> None:
    assert Dropout(0.5)(torch.ones(shape)).shape == shape


@pytest.mark.parametrize("share", [1e-9, 0.999, 0.999999])
def test_odds_at_the_ends_stay_finite(share: float) -> None:
    torch.manual_seed(1)
    found = Dropout(share)(torch.ones(10_000))
    assert torch.isfinite(found).all()
    assert abs(float((found == 0).float().mean()) - share) < 0.01
