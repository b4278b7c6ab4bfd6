"""Gradients by halves: as of the whole batch, and the same bits on one thread and on two."""

from __future__ import annotations

import threading

import pytest
import torch
from conformance import daily_traffic, panel_of
from torch import Tensor, nn

from nettide.models import make_model
from nettide.models.dropout import Dropout
from nettide.models.gradients import BatchGradients, LossOf
from nettide.models.network import ForecastNetwork, Shape
from nettide.models.recurrent import RecurrentModel

INPUTS = torch.randn(200, 3, generator=torch.Generator().manual_seed(1))
TRUTH = torch.where(torch.arange(200) % 3 == 0, torch.nan, INPUTS.sum(1))


def network(share: float = 0.0) -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(3, 8), nn.Tanh(), Dropout(share), nn.Linear(8, 1))


def squared(one: nn.Module, truth: Tensor = TRUTH) -> LossOf:
    def loss_of(numbers: Tensor) -> tuple[Tensor, Tensor]:
        known = ~torch.isnan(truth[numbers])
        error = torch.where(known, one(INPUTS[numbers])[:, 0] - torch.nan_to_num(truth[numbers]), 0.0)
        return error.square().sum(), known.sum()

    return loss_of


def gradients(one: nn.Module) -> list[Tensor]:
    found = [weight.grad for weight in one.parameters()]
    assert all(grad is not None for grad in found)
    return [grad.clone() for grad in found if grad is not None]


def test_both_halves_give_what_the_whole_batch_gives() -> None:
    whole, halved = network(), network()
    numbers = torch.arange(150)
    said = BatchGradients(whole, squared(whole), halved=False, threads=1)(numbers)
    by_halves = BatchGradients(halved, squared(halved), halved=True, threads=1)(numbers)
    assert said[1] == by_halves[1] == 100
    assert by_halves[0] == pytest.approx(said[0], rel=1e-5)
    for one, other in zip(gradients(whole), gradients(halved), strict=True):
        torch.testing.assert_close(one, other)


def test_two_threads_give_the_bits_that_one_gives() -> None:
    found = []
    for threads in (1, 2):
        one = network(share=0.5)
        each = BatchGradients(one, squared(one), halved=True, threads=threads)
        with each.running():
            for number in range(5):
                each.seed(number)
                each(torch.arange(200))
        found.append(gradients(one))
    assert all(torch.equal(one, other) for one, other in zip(*found, strict=True))


def test_each_half_drops_other_numbers_and_another_seed_others_again() -> None:
    one = nn.Sequential(Dropout(0.5))
    seen: list[Tensor] = []

    def loss_of(numbers: Tensor) -> tuple[Tensor, Tensor]:
        seen.append(one(torch.ones(100)))
        return seen[-1].sum() + weight.sum(), torch.tensor(1)

    weight = nn.Parameter(torch.zeros(1))
    one.register_parameter("weight", weight)
    each = BatchGradients(one, loss_of, halved=True, threads=1)
    for seed in (3, 4, 3):
        each.seed(seed)
        each(torch.arange(100))
    first, second, third, fourth, *again = seen
    assert not torch.equal(first, second)
    assert not torch.equal(first, third)
    assert not torch.equal(second, third)
    assert torch.equal(first, again[0])
    assert torch.equal(second, again[1])
    assert not torch.equal(third, fourth)


def test_both_halves_run_at_once_where_two_threads_may() -> None:
    one = network()
    meeting = threading.Barrier(2, timeout=30)

    def loss_of(numbers: Tensor) -> tuple[Tensor, Tensor]:
        meeting.wait()  # breaks unless the other half runs, too
        return squared(one)(numbers)

    each = BatchGradients(one, loss_of, halved=True, threads=2)
    with each.running():
        assert each(torch.arange(100))[1] == 66


def test_a_half_without_any_known_target_adds_nothing() -> None:
    truth = torch.where(torch.arange(200) < 50, torch.nan, INPUTS.sum(1))
    one, other = network(), network()
    each = BatchGradients(one, squared(one, truth), halved=True, threads=1)
    assert each(torch.arange(100))[1] == 50
    BatchGradients(other, squared(other, truth), halved=False, threads=1)(torch.arange(50, 100))
    for half, alone in zip(gradients(one), gradients(other), strict=True):
        torch.testing.assert_close(half, alone)


def test_a_batch_without_any_known_target_leaves_no_gradients() -> None:
    one = network()
    each = BatchGradients(one, squared(one, torch.full((200,), torch.nan)), halved=True, threads=1)
    assert each(torch.arange(200)) == (0.0, 0)
    assert all(weight.grad is None for weight in one.parameters())


def test_a_small_batch_stays_whole() -> None:
    sizes: list[int] = []
    one = network()

    def loss_of(numbers: Tensor) -> tuple[Tensor, Tensor]:
        sizes.append(len(numbers))
        return squared(one)(numbers)

    each = BatchGradients(one, loss_of, halved=True, threads=1)
    for size in (63, 64, 65):
        each(torch.arange(size))
    assert sizes == [63, 32, 32, 33, 32]


def test_an_error_in_the_second_half_is_told() -> None:
    one = network()

    def loss_of(numbers: Tensor) -> tuple[Tensor, Tensor]:
        if numbers[0] > 0:
            raise ValueError("of the second half")
        return squared(one)(numbers)

    each = BatchGradients(one, loss_of, halved=True, threads=2)
    with each.running(), pytest.raises(ValueError, match="of the second half"):
        each(torch.arange(100))


def test_a_weight_that_the_loss_does_not_know_gets_no_gradient() -> None:
    one = network()
    idle = nn.Linear(2, 2)
    one.add_module("idle", idle)
    BatchGradients(one, squared(nn.Sequential(*list(one.children())[:-1])), halved=True, threads=1)(torch.arange(100))
    assert idle.weight.grad is None


def test_gradients_lie_in_memory_as_their_weights_do() -> None:
    weight = nn.Parameter(torch.arange(12.0).reshape(3, 4))
    one = nn.Module()
    one.register_parameter("weight", weight)

    def loss_of(numbers: Tensor) -> tuple[Tensor, Tensor]:
        given = torch.ones(len(numbers), 2, 4)
        return torch.bmm(given, weight.t().expand(len(numbers), 4, 3)).square().sum(), torch.tensor(len(numbers))

    BatchGradients(one, loss_of, halved=True, threads=1)(torch.arange(100))
    assert weight.grad is not None
    assert weight.grad.stride() == weight.stride()


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
@pytest.mark.parametrize("cell", ["lstm", "gru"])
def test_a_network_trained_on_two_threads_is_the_one_trained_on_one(cell: str, precision: str) -> None:
    panel = panel_of(daily_traffic(3, 400))
    found, before = [], torch.get_num_threads()
    try:
        for threads in (1, 2):
            torch.set_num_threads(threads)
            model = make_model(cell, horizon=12, options={"epochs": 2, "batch_size": 128, "precision": precision})
            assert isinstance(model, RecurrentModel)
            model.fit(panel)
            found.append({name: value.clone() for name, value in model.network.state_dict().items()})
    finally:
        torch.set_num_threads(before)
    assert all(torch.equal(value, found[1][name]) for name, value in found[0].items())


@pytest.mark.parametrize(
    ("changes", "can"),
    [
        ({}, True),
        ({"layers": 2, "dropout": 0.0}, True),
        ({"layers": 2}, False),
        ({"filters": (8,), "kernels": (3,)}, False),
    ],
)
def test_batch_norm_and_dropout_between_layers_need_whole_batches(changes: dict[str, object], can: bool) -> None:
    usual: dict[str, object] = {
        "cell": "gru", "step_features": 2, "calendar_features": 4, "anchors": 6, "recent_features": 6, "patch": 4,
        "horizon": 3, "outputs": 9, "middle": 4, "hidden": 8, "layers": 1, "dropout": 0.1,
    }  # fmt: skip
    shape = Shape(**{**usual, **changes})  # type: ignore[arg-type]  # of many types
    assert ForecastNetwork(shape).can_be_halved is can
