"""The couplings between the parameters of a synthetic link."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nettide.arrays import Floats
from nettide.synthetic.config import SynthConfig
from nettide.synthetic.link import draw_link
from nettide.synthetic.measure import measure
from nettide.synthetic.parameters import PARAMETERS
from nettide.synthetic.queue import PLACES, blocked, carried, filling, yielded
from nettide.synthetic.traffic import generate

NAMES = [one.name for one in PARAMETERS]
STEP = 300


def rising_load() -> Floats:
    return np.linspace(0, 1.5, 400)


def quiet(_name: str) -> Floats:
    return np.zeros(400)


def columns(index: int) -> dict[str, Floats]:
    """All parameters of a link whose load rises from nothing to far too much, without noise."""
    link = draw_link(index, np.random.default_rng(index))
    values = measure(link, rising_load(), PARAMETERS, step_seconds=STEP, draw=quiet)
    return dict(zip(NAMES, values.T, strict=True))


@settings(max_examples=20, derandomize=True, deadline=None)
@given(seed=st.integers(0, 10**6), noise=st.floats(0, 0.5), trend=st.floats(-0.5, 5))
def test_every_parameter_stays_in_its_range_and_couplings_hold_in_the_reported_numbers(
    seed: int, noise: float, trend: float
) -> None:
    config = SynthConfig(
        series=2, points=500, step_seconds=STEP, parameters=15, noise=noise, trend=trend, events_per_month=20, seed=seed
    )
    panel = generate(config).panel
    for place, one in enumerate(PARAMETERS):
        assert (panel.values[:, :, place] >= one.low).all()
        assert (panel.values[:, :, place] <= one.high).all()
    read = {name: panel.values[:, :, place] for place, name in enumerate(NAMES)}
    capacity = np.array([[one.capacity] for one in panel.series])
    np.testing.assert_allclose(read["bandwidth_utilization"], 100 * read["throughput"] / capacity, atol=1e-4)
    half_packet = 0.5 * read["packet_size"] * 8 / STEP + 1
    rate = read["packet_count"] * read["packet_size"] * 8 / STEP
    assert (np.abs(rate - read["throughput"]) <= half_packet * (1 + 1e-9)).all()
    dropped = read["packet_loss"] / 100 * read["packet_count"]
    np.testing.assert_allclose(read["dropped_packets"], dropped, atol=0.5001)


@pytest.mark.parametrize("index", range(6))
@pytest.mark.parametrize(
    "name", ["latency", "jitter", "packet_loss", "queue_depth", "retransmission_rate", "cpu_utilization"]
)
def test_it_never_falls_while_load_rises(name: str, index: int) -> None:
    assert (np.diff(columns(index)[name]) >= -1e-9).all()


@pytest.mark.parametrize("index", range(6))
def test_latency_rises_ever_faster_until_the_link_is_nearly_full(index: int) -> None:
    link = replace(draw_link(index, np.random.default_rng(index)), burstiness=1.0)
    load = np.linspace(0, 0.75, 400)
    latency = measure(link, load, PARAMETERS[2:3], step_seconds=STEP, draw=quiet)[:, 0]
    assert (np.diff(latency, 2) > -3e-4).all()  # rounded to 1e-4
    assert latency[-1] - latency[200] > 3 * (latency[200] - latency[0])


def test_collisions_need_a_busy_link() -> None:
    read = columns(0)
    assert (read["collision_rate"][read["bandwidth_utilization"] < 60] == 0).all()
    assert read["collision_rate"].max() > 10


def test_a_full_link_loses_packets_and_an_idle_one_hardly_any() -> None:
    read = columns(1)
    assert read["packet_loss"][:50].max() < 0.01
    assert 2 < read["packet_loss"][-1] < 15


def test_measured_loss_rises_with_utilization() -> None:
    config = SynthConfig(series=12, points=2000, parameters=7, trend=3, events_per_month=5, noise=0.1)
    values = generate(config).panel.values.reshape(-1, 7)
    used, loss = values[:, NAMES.index("bandwidth_utilization")], values[:, NAMES.index("packet_loss")]
    levels = [np.median(loss[(used >= low) & (used < low + 20)]) for low in (20, 40, 60, 80)]
    assert levels == sorted(levels)
    assert levels[-1] > 20 * levels[0]


@pytest.mark.parametrize("load", [0.01, 0.5, 0.97, 1.0, 1.03, 5.0])
def test_the_queue_agrees_with_its_definition(load: float) -> None:
    weights = load ** np.arange(PLACES + 1)  # probabilities of the number in an M/M/1/K queue, unscaled
    chance = weights / weights.sum()
    one = np.array([load])
    assert blocked(one)[0] == pytest.approx(chance[-1], rel=1e-9)
    assert filling(one)[0] == pytest.approx(chance @ np.arange(PLACES + 1) / PLACES, rel=1e-9)


def test_a_link_carries_less_than_its_capacity_whatever_is_asked_of_it() -> None:
    asked = np.array([0, 0.5, 0.8, 1, 2, 10, 1e6])
    assert (yielded(asked) <= 1.1).all()
    assert (carried(yielded(asked)) < 1).all()
    np.testing.assert_allclose(carried(yielded(asked))[:2], [0, 0.5], rtol=1e-6)


def test_parameters_are_the_fifteen_with_the_target_first() -> None:
    assert NAMES == [
        "throughput", "packet_count", "latency", "packet_size", "packet_loss", "jitter", "bandwidth_utilization",
        "connection_count", "retransmission_rate", "error_rate", "cpu_utilization", "memory_utilization",
        "queue_depth", "dropped_packets", "collision_rate",
    ]  # fmt: skip
