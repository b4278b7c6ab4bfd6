"""The networks: cells against NumPy, the convolutional branch against its papers, and a head that cannot cross."""

from __future__ import annotations

import dataclasses
import math
import warnings
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from reference_cells import GATES, run
from torch import Tensor, nn

from nettide.forecast import LEVELS
from nettide.models.losses import training_loss
from nettide.models.network import ConvolutionBranch, ForecastNetwork, QuantileHead, Shape

CELLS = ("rnn", "lstm", "gru")
MIDDLE = LEVELS.index(0.5)
PAPER = {"filters": (128, 256, 128), "kernels": (8, 5, 3)}


def shape_of(**changes: Any) -> Shape:
    """A small network of everything."""
    shape = Shape(
        cell="lstm", step_features=2, calendar_features=9, anchors=6, recent_features=6, patch=4, horizon=5,
        outputs=len(LEVELS), middle=MIDDLE, hidden=8, layers=1, dropout=0.0,
    )  # fmt: skip
    return dataclasses.replace(shape, **changes)


def network_of(seed: int = 0, **changes: Any) -> ForecastNetwork:
    torch.manual_seed(seed)
    network = ForecastNetwork(shape_of(**changes))
    randomise(network.head, seed)
    return network.eval()


def randomise(module: nn.Module, seed: int, size: float = 0.5) -> None:
    """Give every weight a value, also those that begin at zero."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for weight in module.parameters():
            weight.copy_(torch.randn(weight.shape, generator=generator) * size)


def inputs_of(shape: Shape, *, batch: int = 3, patches: int = 6, seed: int = 1) -> list[Tensor]:
    """Random inputs of a network: steps, calendar of patches, calendar ahead, anchors, recent."""
    generator = torch.Generator().manual_seed(seed)
    sizes = [
        (batch, patches * shape.patch, shape.step_features),
        (batch, patches, shape.calendar_features),
        (batch, shape.horizon, shape.calendar_features),
        (batch, shape.horizon, shape.anchors),
        (batch, shape.recent_features),
    ]
    return [torch.randn(size, generator=generator) for size in sizes]


def head_of(*, seed: int = 0, size: float = 1.0, **changes: Any) -> QuantileHead:
    head = QuantileHead(shape_of(**changes), 14)
    randomise(head, seed, size)
    return head.eval()


def bare_head(**changes: Any) -> QuantileHead:
    """A head as it begins: no correction, only the mix of anchors."""
    torch.manual_seed(0)
    return QuantileHead(shape_of(**changes), 14).eval()


def head_inputs(anchors: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    generator = torch.Generator().manual_seed(2)
    batch, horizon, _ = anchors.shape
    return (
        torch.randn((batch, 14), generator=generator),
        torch.randn((batch, horizon, 9), generator=generator),
        anchors,
    )


@pytest.mark.parametrize("patch", [1, 4])
@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize("cell", CELLS)
def test_the_encoder_is_the_cell_of_its_paper_over_patches(cell: str, layers: int, patch: int) -> None:
    network = network_of(cell=cell, layers=layers, patch=patch)
    randomise(network.encoder, 3)
    seen: list[Tensor] = []
    network.encoder.register_forward_hook(lambda module, given, found: seen.append(found[0]))
    steps, calendar, *others = inputs_of(network.shape)
    network(steps, calendar, *others)

    patches = steps.numpy().astype(float).reshape(3, 6, patch * 2)  # one row a patch: its steps one after the other
    sequence = np.concatenate([patches, calendar.numpy().astype(float)], axis=-1)
    weights = {name: value.numpy().astype(float) for name, value in network.encoder.state_dict().items()}
    np.testing.assert_allclose(seen[0].detach().numpy(), run(cell, sequence, weights, layers=layers), atol=1e-5)


@pytest.mark.parametrize("cell", CELLS)
def test_every_target_step_knows_the_newest_point(cell: str) -> None:
    network = network_of(cell=cell)
    steps, *others = inputs_of(network.shape)
    steps.requires_grad_()
    outputs = network(steps, *others)  # (batch, horizon, output)
    for ahead in range(network.shape.horizon):
        (slope,) = torch.autograd.grad(outputs[0, ahead, MIDDLE], steps, retain_graph=True)
        assert (slope[0, -1] != 0).any()
        assert not slope[1:].any(), "a window depends on another window of its batch"


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("layers", [1, 2])
def test_the_encoder_has_as_many_parameters_as_its_equations(cell: str, layers: int) -> None:
    encoder = network_of(cell=cell, layers=layers).encoder
    n, m = 8, 4 * 2 + 9
    # per gate n m + n n + n in the literature: 3 (n n + n m + n) for the GRU, 4 (...) for the LSTM;
    # PyTorch adds a second bias to each gate
    literature = GATES[cell] * (n * n + n * m + n) + (layers - 1) * GATES[cell] * (n * n + n * n + n)
    assert count(encoder) == literature + layers * GATES[cell] * n


@pytest.mark.parametrize("channels", [1, 2, 12])
def test_the_convolutional_branch_has_the_parameters_of_the_papers(channels: int) -> None:
    """Wang et al. 2017, Karim et al. 2018: 128-256-128 filters, kernels 8-5-3, each with a bias and a batch norm."""
    branch = ConvolutionBranch(channels, PAPER["filters"], PAPER["kernels"])
    convolutions = (8 * channels * 128 + 128) + (5 * 128 * 256 + 256) + (3 * 256 * 128 + 128)
    norms = 2 * (128 + 256 + 128)
    assert count(branch) == convolutions + norms
    if channels == 1:
        assert count(branch) == 264_704
    kinds = [type(part) for part in branch.modules() if not list(part.children())]
    assert [kind for kind in kinds if kind is not nn.ConstantPad1d] == [nn.Conv1d, nn.BatchNorm1d, nn.ReLU] * 3


@pytest.mark.parametrize("cell", ["lstm", "gru"])
def test_with_the_dimension_shuffle_a_network_has_the_parameters_of_the_fcn_papers(cell: str) -> None:
    """Karim et al. 2018 (LSTM-FCN); Elsayed et al., arXiv:1812.07683 (GRU-FCN): one recurrent step of all the time."""
    context, n = 24, 8
    shape = shape_of(cell=cell, patch=context, hidden=n, step_features=1, calendar_features=0, anchors=0,
                     recent_features=0, **PAPER)  # fmt: skip
    network = ForecastNetwork(shape)
    m, gates = context, GATES[cell]
    assert count(network.encoder) == gates * (n * n + n * m + n) + gates * n  # the last: the second bias of PyTorch
    assert network.convolution is not None
    assert count(network.convolution) == 264_704
    assert network.head.from_state.in_features == n + 128
    seen: list[torch.Size] = []
    network.encoder.register_forward_hook(lambda module, given, found: seen.append(given[0].shape))
    outputs = network(*inputs_of(shape, patches=1))
    assert seen == [(3, 1, context)]
    assert outputs.shape == (3, 5, len(LEVELS))


@pytest.mark.parametrize("time", [2, 7, 24, 168])
def test_global_pooling_removes_time(time: int) -> None:
    branch = ConvolutionBranch(3, (16, 32, 16), (8, 5, 3)).eval()
    assert branch(torch.randn(4, 3, time)).shape == (4, 16)


def test_pooling_is_the_mean_over_time_after_the_last_block() -> None:
    torch.manual_seed(0)
    branch = ConvolutionBranch(3, (16, 8), (4, 3)).eval()
    steps = torch.randn(4, 3, 20)
    torch.testing.assert_close(branch(steps), branch.blocks(steps).sum(-1) / 20)


@pytest.mark.parametrize("kernel", [1, 2, 3, 5, 8])
def test_convolutions_pad_as_same_padding_does_without_its_warning(kernel: int) -> None:
    torch.manual_seed(0)
    branch = ConvolutionBranch(3, (6,), (kernel,)).eval()
    found = next(part for part in branch.modules() if isinstance(part, nn.Conv1d))
    same = nn.Conv1d(3, 6, kernel, padding="same")
    same.load_state_dict(found.state_dict())
    steps = torch.randn(4, 3, 20)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of torch, on even kernels
        expected = branch.blocks[-1](branch.blocks[-2](same(steps))).mean(-1)
    torch.testing.assert_close(branch(steps), expected, rtol=0, atol=0)


@pytest.mark.parametrize("over_patches", [False, True])
def test_the_branch_runs_over_steps_as_published_or_over_the_patches_of_the_recurrence(over_patches: bool) -> None:
    network = network_of(filters=(6,), kernels=(3,), convolve_patches=over_patches)
    assert network.convolution is not None
    seen: list[Tensor] = []
    network.convolution.register_forward_hook(lambda module, given, found: seen.append(given[0]))
    steps, *others = inputs_of(network.shape)
    network(steps, *others)
    expected = steps.reshape(3, 6, 8) if over_patches else steps  # (batch, time, channel)
    assert torch.equal(seen[0].transpose(1, 2), expected)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(
    seed=st.integers(0, 10_000),
    size=st.sampled_from([1e-3, 0.3, 1.0, 10.0, 100.0]),
    scale=st.sampled_from([1e-6, 1.0, 1e6]),
    unknown=st.sampled_from([0.0, 0.5, 1.0]),
    anchors=st.sampled_from([0, 6]),
    outputs=st.sampled_from([1, 3, 9]),
)
def test_quantiles_never_cross_and_stay_finite(
    seed: int, size: float, scale: float, unknown: float, anchors: int, outputs: int
) -> None:
    head = head_of(seed=seed, size=size, anchors=anchors, outputs=outputs, middle=outputs // 2)
    generator = torch.Generator().manual_seed(seed)
    state, calendar = torch.randn(4, 14, generator=generator) * scale, torch.randn(4, 5, 9, generator=generator)
    values = torch.randn(4, 5, anchors, generator=generator) * scale
    values[torch.rand(values.shape, generator=generator) < unknown] = torch.nan
    found = head(state, calendar, values)
    assert found.shape == (4, 5, outputs)
    assert torch.isfinite(found).all()
    assert (found.diff(dim=-1) >= 0).all()


def test_the_widths_of_the_band_leave_the_median_untouched() -> None:
    head = head_of(seed=4)
    inputs = head_inputs(torch.randn(3, 5, 6))
    before = head(*inputs)[..., MIDDLE]
    with torch.no_grad():
        for output in set(range(len(LEVELS))) - {MIDDLE}:
            head.out.bias[6 + output] += 3.0
    after = head(*inputs)
    assert torch.equal(after[..., MIDDLE], before)
    assert (after[..., 0] < before).all()


@pytest.mark.parametrize("known", range(6))
def test_the_gate_of_an_unknown_anchor_is_zero(known: int) -> None:
    anchors = torch.full((2, 5, 6), torch.nan)
    anchors[..., known] = 3.25
    head = bare_head()
    assert (head(*head_inputs(anchors))[..., MIDDLE] == 3.25).all()
    with torch.no_grad():
        head.out.bias[:6] = torch.where(torch.arange(6) == known, -50.0, 50.0)  # however much it is preferred
    assert (head(*head_inputs(anchors))[..., MIDDLE] == 3.25).all()


def test_without_any_known_anchor_only_the_correction_remains() -> None:
    head = bare_head()
    found = head(*head_inputs(torch.full((2, 5, 6), torch.nan)))
    assert (found[..., MIDDLE] == 0).all()
    assert torch.isfinite(found).all()


def test_an_unknown_anchor_differs_from_one_of_zero() -> None:
    head = head_of(seed=5)
    zero, unknown = torch.zeros(2, 5, 6), torch.zeros(2, 5, 6)
    unknown[..., 2] = torch.nan
    assert (head(*head_inputs(zero)) != head(*head_inputs(unknown))).any()


def test_the_head_begins_at_the_mix_of_anchors_that_it_prefers() -> None:
    errors = np.array([0.5, 0.4, 0.2, 0.25, 1.0, 2.0])
    anchors = torch.randn(3, 5, 6, generator=torch.Generator().manual_seed(6))
    head = bare_head()
    head.prefer(torch.tensor(errors, dtype=torch.float32))
    weights = errors**-6 / (errors**-6).sum()  # by inverse error, to the sixth power
    np.testing.assert_allclose(
        head(*head_inputs(anchors))[..., MIDDLE].detach(), (anchors.numpy() * weights).sum(-1), atol=1e-5
    )


def test_an_anchor_that_is_never_known_or_useless_is_not_preferred() -> None:
    anchors = torch.arange(6.0).expand(2, 5, 6)
    for useless in (math.nan, math.inf, 1e30):
        head = bare_head()
        head.prefer(torch.tensor([1.0, useless, useless, useless, useless, useless]))
        assert head(*head_inputs(anchors))[..., MIDDLE].abs().max() < 1e-6


@pytest.mark.parametrize(
    "errors", [[math.nan] * 6, [0.0] * 6, [math.nan, 0.0, math.nan, 0.0, math.nan, math.nan], [0.0, 1, 1, 1, 1, 1]]
)
def test_errors_that_say_nothing_leave_a_finite_mix(errors: list[float]) -> None:
    head = bare_head()
    head.prefer(torch.tensor(errors))
    found = head(*head_inputs(torch.arange(6.0).expand(2, 5, 6)))[..., MIDDLE]
    assert ((found >= 0) & (found <= 5)).all()


def test_anchors_that_are_always_right_are_preferred_to_all_others() -> None:
    head = bare_head()
    head.prefer(torch.tensor([5.0, 0.0, 5.0, 5.0, 4.0, 5.0]))
    found = head(*head_inputs(torch.tensor([9.0, 1.0, 9.0, 9.0, 9.0, 9.0]).expand(2, 5, 6)))[..., MIDDLE]
    assert found.detach().numpy() == pytest.approx(1.0, abs=1e-3)


@pytest.mark.parametrize("convolution", [False, True])
@pytest.mark.parametrize("cell", CELLS)
def test_each_network_learns_one_batch_by_heart(cell: str, convolution: bool) -> None:
    torch.manual_seed(0)
    branch = {"filters": (8, 8), "kernels": (4, 3)} if convolution else {}
    network = ForecastNetwork(shape_of(cell=cell, hidden=32, anchors=0, outputs=3, middle=1, **branch))
    inputs = inputs_of(network.shape, batch=8, patches=4)
    truth = torch.randn(8, 5, generator=torch.Generator().manual_seed(7))
    levels = torch.tensor([0.1, 0.5, 0.9])
    optimizer = torch.optim.Adam(network.parameters(), lr=1e-2)
    losses = []
    for _ in range(200):
        summed, known = training_loss(network(*inputs), truth, levels, "quantile")
        loss = summed / known
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert min(losses[-5:]) < losses[0] / 15


def test_multiplications_are_those_of_the_matrices() -> None:
    network = network_of(filters=(6,), kernels=(3,))
    context, patches = 24, 6
    encoder, branch, head = 4 * 8 * (17 + 8), 3 * 2 * 6, 8 * 21 + 15 * 8
    expected = patches * encoder + context * branch + 5 * head + 8 * (8 + 6 + 6)
    assert network.multiplications(context) == pytest.approx(expected, rel=0.15)  # biases are counted too


def test_dropout_acts_in_training_alone() -> None:
    network = network_of(dropout=0.5, filters=(4,), kernels=(3,))
    inputs = inputs_of(network.shape)
    assert torch.equal(network(*inputs), network(*inputs))
    network.train()
    assert not torch.equal(network(*inputs), network(*inputs))


def test_mixed_precision_rounds_the_encoder_and_not_the_bands() -> None:
    network = network_of()
    inputs = inputs_of(network.shape)
    heard: list[tuple[torch.dtype, ...]] = []
    network.encoder.register_forward_hook(lambda module, given, found: heard.append((found[0].dtype,)))
    network.head.out.register_forward_hook(lambda module, given, found: heard.append((given[0].dtype, found.dtype)))
    exact = network(*inputs)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        rounded = network(*inputs)
    assert heard[2:] == [(torch.bfloat16,), (torch.float32, torch.float32)]
    torch.testing.assert_close(rounded, exact, rtol=0.05, atol=0.05)


def test_a_network_without_calendar_anchors_and_recent_lags_runs() -> None:
    network = network_of(calendar_features=0, anchors=0, recent_features=0)
    assert network(*inputs_of(network.shape)).shape == (3, 5, len(LEVELS))


def count(module: nn.Module) -> int:
    return sum(weight.numel() for weight in module.parameters())
