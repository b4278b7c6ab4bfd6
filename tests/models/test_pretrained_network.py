"""The pretrained network: its cell is the published one, its members are strangers, its quantiles are in order."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import pytest
import torch
from conformance import daily_traffic, panel_of
from hypothesis import given, settings
from hypothesis import strategies as st
from made_weights import random_weights
from reference_cells import gru
from torch import Tensor, nn

from nettide.forecast import LEVELS
from nettide.models.pretrained.histories import HISTORY_ANCHORS, Histories, History
from nettide.models.pretrained.model import pinball_loss
from nettide.models.pretrained.network import MemberGRU, MemberLinear, MultiscaleNetwork, NetworkShape
from nettide.prepare.periods import nominal_periods

MIDDLE = LEVELS.index(0.5)


@pytest.fixture
def history() -> History:
    """Histories of two weeks and of two days, with gaps."""
    target = daily_traffic(4, 500)
    target[np.random.default_rng(1).random(target.shape) < 0.1] = np.nan
    panel = panel_of(target)
    histories = Histories(panel, horizon=24, periods=nominal_periods(panel))
    series, cutoff = torch.tensor([0, 1, 2, 3, 0]), torch.tensor([400, 401, 47, 470, 475])
    return histories.batch(series, cutoff, torch.arange(1, 25))


def as_torch_cell(cell: MemberGRU, member: int, inputs: int) -> nn.GRU:
    """The same weights in torch's own cell."""
    theirs = nn.GRU(inputs, cell.hidden, batch_first=True)
    with torch.no_grad():
        for layer, suffix in ((cell.from_input, "ih"), (cell.from_state, "hh")):
            assert layer.bias is not None
            getattr(theirs, f"weight_{suffix}_l0").copy_(layer.weight[member].T)
            getattr(theirs, f"bias_{suffix}_l0").copy_(layer.bias[member, 0])
    return theirs


# ------------------------------------------------------------------ the cell


@pytest.fixture
def walked() -> tuple[MemberGRU, Tensor]:
    torch.manual_seed(3)
    return MemberGRU(3, 5, 7).double(), torch.randn(3, 4, 9, 5, dtype=torch.float64)


def test_each_member_walks_as_the_cell_of_torch_does(walked: tuple[MemberGRU, Tensor]) -> None:
    cell, steps = walked
    found = cell(steps)
    for member in range(3):
        _, expected = as_torch_cell(cell, member, 5).double()(steps[member])
        np.testing.assert_allclose(found[member].detach(), expected[0].detach(), atol=1e-12)


def test_each_member_walks_as_the_equations_say(walked: tuple[MemberGRU, Tensor]) -> None:
    cell, steps = walked
    found = cell(steps).detach().numpy()
    for member in range(3):
        weights = {name: value.detach().numpy() for name, value in as_torch_cell(cell, member, 5).named_parameters()}
        for place in range(4):
            expected = gru(steps[member, place].numpy(), weights, 0)[-1]
            np.testing.assert_allclose(found[member, place], expected, atol=1e-6)


def test_a_linear_layer_of_members_is_one_of_torch_for_each() -> None:
    torch.manual_seed(0)
    layer, rows = MemberLinear(2, 5, 3), torch.randn(2, 6, 5)
    bare = MemberLinear(2, 5, 3, bias=False)
    assert layer.bias is not None
    for member in range(2):
        expected = nn.functional.linear(rows[member], layer.weight[member].T, layer.bias[member, 0])
        torch.testing.assert_close(layer(rows)[member], expected)
        torch.testing.assert_close(bare(rows)[member], rows[member] @ bare.weight[member])


# ------------------------------------------------------------------ members


def test_two_members_are_two_networks_that_know_nothing_of_each_other(history: History) -> None:
    one, other = random_weights(seed=1), random_weights(seed=2)
    both = MultiscaleNetwork(NetworkShape(8, 8, members=2)).eval()
    both.load_state_dict({name: torch.cat([value, other.tensors[name]]) for name, value in one.tensors.items()})
    found, _ = both(history)
    for member, weights in enumerate((one, other)):
        alone, _ = weights.network().eval()(history)
        torch.testing.assert_close(found[member], alone[0], rtol=1e-5, atol=1e-6)
    assert not torch.allclose(found[0], found[1])


def test_the_gradient_of_a_member_moves_no_other(history: History) -> None:
    network = random_weights().network(members=2)
    quantiles, _ = network(history)
    quantiles[1].sum().backward()
    for name, weight in network.named_parameters():
        assert weight.grad is not None, name
        assert not weight.grad[0].any(), name


def test_copies_of_one_network_say_the_same(history: History) -> None:
    found, _ = random_weights().network(members=3).eval()(history)
    torch.testing.assert_close(found[0], found[2], rtol=1e-5, atol=1e-6)


def test_dropout_differs_between_members_and_is_gone_in_use(history: History) -> None:
    network = random_weights().network(members=2, dropout=0.5).train()
    torch.manual_seed(0)
    trained, _ = network(history)
    assert not torch.allclose(trained[0], trained[1])
    used, _ = network.eval()(history)
    torch.testing.assert_close(used[0], used[1], rtol=1e-5, atol=1e-6)


# ------------------------------------------------------------------ what it gives


def test_quantiles_ascend_and_are_finite_whatever_the_weights(history: History) -> None:
    for seed in range(5):
        quantiles, _ = random_weights(seed=seed, size=3.0).network().eval()(history)
        assert quantiles.shape == (1, 5, 24, len(LEVELS))
        assert quantiles.isfinite().all()
        assert (quantiles.diff(dim=-1) >= 0).all()


def test_a_new_network_begins_at_a_fixed_mix_of_anchors(history: History) -> None:
    torch.manual_seed(0)
    network = MultiscaleNetwork(NetworkShape(8, 8)).eval()
    quantiles, scale = network(history)
    anchors = scale.apply(history.anchors)
    gates = torch.zeros(len(HISTORY_ANCHORS))
    for name, gate in {"last": -1.0, "mean": -2.0, "similar": 2.0, "weeks": 2.0, "week": 1.0, "days": 1.0}.items():
        gates[HISTORY_ANCHORS.index(name)] = gate
    shares = torch.where(anchors.isnan(), 0.0, gates.exp())
    expected = (shares * anchors.nan_to_num()).sum(-1) / shares.sum(-1)
    torch.testing.assert_close(quantiles[0, ..., MIDDLE], expected, rtol=1e-4, atol=1e-5)


def test_the_answer_to_a_step_does_not_depend_on_which_others_are_asked(history: History) -> None:
    network = random_weights().network().eval()
    all_of_them, _ = network(history)
    some = [0, 5, 23]
    fewer = replace(
        history,
        anchors=history.anchors[:, some],
        next_known=history.next_known[:, some],
        place=history.place[some],
        truth=history.truth[:, some],
    )
    found, _ = network(fewer)
    torch.testing.assert_close(found, all_of_them[:, :, some], rtol=1e-5, atol=1e-5)


def test_the_answer_to_a_history_does_not_depend_on_the_others_of_its_batch(history: History) -> None:
    network = random_weights().network().eval()
    among, _ = network(history)
    alone = {one.name: getattr(history, one.name) for one in fields(History)}
    alone = {name: value if name == "place" else value[2:3] for name, value in alone.items()}
    found, _ = network(History(**alone))
    torch.testing.assert_close(found, among[:, 2:3], rtol=1e-4, atol=1e-5)


def test_the_truth_is_never_looked_at(history: History) -> None:
    network = random_weights().network().eval()
    honest, _ = network(history)
    other, _ = network(replace(history, truth=history.truth * 1e6))
    assert torch.equal(honest, other)


def test_a_history_of_nothing_has_a_finite_answer(history: History) -> None:
    nothing = {one.name: torch.full_like(getattr(history, one.name), torch.nan) for one in fields(History)}
    for name in ("past_known", "next_known", "meta", "place"):
        nothing[name] = getattr(history, name)
    quantiles, _ = random_weights().network().eval()(History(**nothing))
    assert quantiles.isfinite().all()


def test_more_steps_and_larger_networks_take_more_multiplications() -> None:
    small, large = random_weights().network(), random_weights(hidden=32, head=32).network()
    assert small.multiplications(1) < small.multiplications(48) < large.multiplications(48)


# ------------------------------------------------------------------ the loss


@settings(derandomize=True, deadline=None, max_examples=40)
@given(seed=st.integers(0, 10_000), members=st.integers(1, 3), gaps=st.floats(0, 1))
def test_the_loss_is_the_pinball_loss_summed_over_known_targets(seed: int, members: int, gaps: float) -> None:
    generator = np.random.default_rng(seed)
    quantiles = np.sort(generator.normal(size=(members, 4, 5, len(LEVELS))), axis=-1)
    truth = generator.normal(size=(4, 5))
    truth[generator.random((4, 5)) < gaps] = np.nan
    expected = 0.0
    for place in np.argwhere(~np.isnan(truth)):
        for member in range(members):
            for level, quantile in zip(LEVELS, quantiles[member][tuple(place)], strict=True):
                error = truth[tuple(place)] - quantile
                expected += max(level * error, (level - 1) * error) / len(LEVELS) / members
    levels = torch.tensor(LEVELS, dtype=torch.float64)
    total, known = pinball_loss(torch.from_numpy(quantiles), torch.from_numpy(truth), levels, weigh=False)
    assert total.item() == pytest.approx(expected, abs=1e-9)
    assert known.item() == (~np.isnan(truth)).sum()


def test_weighing_histories_makes_members_differ_and_expects_the_same() -> None:
    torch.manual_seed(0)
    quantiles = torch.zeros(2, 4000, 1, len(LEVELS), requires_grad=True)
    truth = torch.ones(4000, 1)
    plain, _ = pinball_loss(quantiles, truth, torch.tensor(LEVELS), weigh=False)
    weighed, _ = pinball_loss(quantiles, truth, torch.tensor(LEVELS), weigh=True)
    assert weighed.item() == pytest.approx(plain.item(), rel=0.05)
    weighed.backward()
    assert quantiles.grad is not None
    assert not torch.allclose(quantiles.grad[0], quantiles.grad[1])


def test_one_batch_can_be_learned_by_heart(history: History) -> None:
    network = random_weights(hidden=24, head=24).network().train()
    optimizer = torch.optim.AdamW(network.parameters(), lr=1e-2)
    levels, losses = torch.tensor(LEVELS), []
    for _ in range(250):
        quantiles, scale = network(history)
        total, known = pinball_loss(quantiles, scale.apply(history.truth), levels, weigh=False)
        loss = total / known
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < 0.15 * losses[0]
