"""Scaling: there and back again, the same for traffic of any size, and finite for windows of any kind."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from torch import Tensor

from nettide.arrays import Floats
from nettide.models.scaling import Scale, window_scale

TRANSFORMS = ("asinh", "log", "none")
SCALINGS = ("robust", "standard")
quick = settings(max_examples=80, deadline=None, derandomize=True)
sizes = st.sampled_from([1e-12, 1e-3, 1.0, 1e6, 1e12, 1e20])


@st.composite
def windows(draw: st.DrawFn) -> Floats:
    """Windows of traffic: any size, with zeros, bursts and gaps, shape (batch, time)."""
    shape = (draw(st.integers(1, 4)), draw(st.integers(1, 30)))
    kinds = draw(arrays(np.int8, shape, elements=st.integers(0, 9)))
    values = draw(arrays(np.float64, shape, elements=st.floats(0.01, 1.0)))
    values = np.where(kinds == 0, 0.0, np.where(kinds == 1, values * 1000, values))
    return np.where(kinds >= 8, np.nan, values) * draw(sizes)


def scale_of(values: Floats, scaling: Any = "robust", transform: Any = "asinh", fallback: float = 0.0) -> Scale:
    window = torch.tensor(values, dtype=torch.float32)
    return window_scale(window, torch.full((len(window), 1), fallback), scaling=scaling, transform=transform)


def numbers(values: Floats) -> Tensor:
    return torch.tensor(values, dtype=torch.float32)


@quick
@given(values=windows(), scaling=st.sampled_from(SCALINGS), transform=st.sampled_from(TRANSFORMS))
def test_what_is_scaled_and_mapped_back_is_the_same(values: Floats, scaling: str, transform: str) -> None:
    scale = scale_of(values, scaling, transform)
    window = numbers(values)
    back = scale.invert(scale.apply(window))
    size = torch.nan_to_num(window).abs().amax(1, keepdim=True)
    assert torch.equal(torch.isnan(back), torch.isnan(window))
    assert (torch.nan_to_num(back - window).abs() <= 1e-5 * size).all()


@quick
@given(values=windows(), scaling=st.sampled_from(SCALINGS), transform=st.sampled_from(TRANSFORMS), factor=sizes)
def test_traffic_of_another_size_looks_the_same(values: Floats, scaling: str, transform: str, factor: float) -> None:
    known = np.nan_to_num(values)
    unit = np.where(known.max(axis=1, keepdims=True) > 0, known.max(axis=1, keepdims=True), 1.0)
    one, other = values / unit, values / unit * factor
    here, there = scale_of(one, scaling, transform), scale_of(other, scaling, transform)
    torch.testing.assert_close(
        here.apply(numbers(one)), there.apply(numbers(other)), rtol=1e-3, atol=1e-4, equal_nan=True
    )


@quick
@given(values=windows(), scaling=st.sampled_from(SCALINGS))
def test_location_and_scale_are_finite_and_the_scale_is_positive(values: Floats, scaling: str) -> None:
    scale = scale_of(values, scaling)
    assert torch.isfinite(scale.location).all()
    assert torch.isfinite(scale.scale).all()
    assert (scale.scale > 0).all()
    assert torch.isfinite(scale.apply(torch.nan_to_num(numbers(values)))).all()


def test_the_robust_location_is_the_median_that_pytorch_gives() -> None:
    generator = torch.Generator().manual_seed(3)
    window = torch.randn(400, 31, generator=generator)
    window[torch.rand(400, 31, generator=generator) < torch.linspace(0, 1.1, 400)[:, None]] = torch.nan
    fallback = torch.full((400, 1), 7.0)
    found = window_scale(window, fallback, scaling="robust", transform="none").location[:, 0]
    wanted = torch.nanmedian(window, dim=1).values
    assert torch.equal(found, torch.where(torch.isnan(wanted), 7.0, wanted))


@pytest.mark.parametrize("scaling", SCALINGS)
def test_location_and_scale_are_those_of_numpy(scaling: str) -> None:
    values = np.random.default_rng(1).lognormal(0, 1, (5, 41))
    values[np.random.default_rng(2).random(values.shape) < 0.2] = np.nan
    scale = scale_of(values, scaling)
    for row, window in enumerate(values):
        known = np.sort(window[~np.isnan(window)])
        if scaling == "robust":
            location = known[(len(known) - 1) // 2]  # the lower one of the middle two
            spread = np.abs(known - location).mean()
        else:
            location, spread = known.mean(), known.std()
        assert scale.location[row].item() == pytest.approx(location, rel=1e-5)
        assert scale.scale[row].item() == pytest.approx(spread, rel=1e-5)


WINDOWS = {
    "flat": ([5.0] * 9, 5.0, 5.0),
    "zero": ([0.0] * 9, 0.0, 1.0),
    "one known value": ([math.nan] * 8 + [3.0], 3.0, 3.0),
    "one known zero": ([math.nan] * 8 + [0.0], 0.0, 1.0),
    "nothing known": ([math.nan] * 9, 7.0, 7.0),
    "flat and large": ([5e12] * 9, 5e12, 5e12),
    "flat and small": ([5e-12] * 9, 5e-12, 5e-12),
    "flat but for rounding": ([1.0, 1.0 + 1e-7, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0], 1.0, 1.0),
}


@pytest.mark.parametrize("scaling", SCALINGS)
@pytest.mark.parametrize("case", WINDOWS)
def test_windows_that_do_not_vary_are_scaled_by_their_size(case: str, scaling: str) -> None:
    values, location, spread = WINDOWS[case]
    scale = scale_of(np.array([values]), scaling, fallback=7.0)
    assert scale.location.item() == pytest.approx(location, rel=1e-5)
    assert scale.scale.item() == pytest.approx(spread, rel=1e-5)


def test_a_window_of_nothing_but_a_fallback_of_zero_has_the_scale_one() -> None:
    scale = scale_of(np.full((1, 9), np.nan))
    assert (scale.location.item(), scale.scale.item()) == (0.0, 1.0)


@pytest.mark.parametrize("factor", [1e-30, 1e-12, 1e12, 1e29])
@pytest.mark.parametrize("scaling", SCALINGS)
def test_squares_of_extreme_sizes_do_not_leave_float32(scaling: str, factor: float) -> None:
    values = np.random.default_rng(3).lognormal(0, 1, (2, 50))
    assert scale_of(values * factor, scaling).scale.numpy() == pytest.approx(
        scale_of(values, scaling).scale.numpy() * factor, rel=1e-4
    )


@pytest.mark.parametrize(
    ("transform", "scaled"),
    [("asinh", math.asinh(4.0)), ("log", math.log(5.0)), ("none", 4.0)],
)
def test_transforms_are_the_named_functions_and_odd(transform: Any, scaled: float) -> None:
    scale = Scale(torch.tensor([[10.0]]), torch.tensor([[2.0]]), transform)
    found = scale.apply(torch.tensor([[18.0, 2.0, 10.0]]))
    assert found.tolist()[0] == pytest.approx([scaled, -scaled, 0.0])


@pytest.mark.parametrize("transform", ["asinh", "log"])
def test_far_outside_the_window_the_way_back_is_bounded(transform: Any) -> None:
    scale = Scale(torch.tensor([[1e20]]), torch.tensor([[1e29]]), transform)
    found = scale.invert(torch.tensor([[-1e30, 1e30, 20.0]]))
    assert torch.isfinite(found).all()
    assert found[0, 0] < 0 < found[0, 1] == found[0, 2]


def test_scales_apply_to_tensors_of_any_rank_row_by_row() -> None:
    scale = Scale(torch.tensor([[1.0], [2.0]]), torch.tensor([[1.0], [10.0]]), "none")
    found = scale.apply(torch.full((2, 3, 4), 12.0))
    assert (found[0] == 11.0).all()
    assert (found[1] == 1.0).all()
