"""What the meters of a link would show for an offered load: the fifteen parameters and their couplings."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from nettide.arrays import Floats
from nettide.synthetic.link import Link
from nettide.synthetic.parameters import PARAMETERS, Parameter
from nettide.synthetic.queue import blocked, carried, filling, yielded
from nettide.synthetic.signal import smoothed

_MEMORY_SECONDS = 6 * 3600
_COLLISIONS_FROM = 0.6
Draw = Callable[[str], Floats]
"""Parameter name -> its own standard normal noise times the noise level, shape (points,)."""


def measure(link: Link, load: Floats, parameters: Sequence[Parameter], *, step_seconds: int, draw: Draw) -> Floats:
    """Give what is measured on a link, rounded as reported.

    Couplings hold between the reported numbers: throughput = packets x size x 8 / step (to half a
    packet), utilization = throughput / capacity, dropped = loss x packets (to half a packet). Latency, jitter,
    queue and loss rise ever faster with the load (see ``queue``), retransmissions follow the loss.

    Args:
        link: its character.
        load: what users ask for in each step, as a share of the capacity, shape (points,).
        parameters: which, in this order.
        step_seconds: length of a step.
        draw: noise of a parameter.

    Returns:
        Shape (points, parameter).
    """
    meter = _Meter(link, load, step_seconds, draw)
    columns = [meter.read(one.name) for one in parameters]
    return np.stack(columns, axis=1)


class _Meter:
    """Reads each parameter once, in whatever order they need each other."""

    def __init__(self, link: Link, load: Floats, step_seconds: int, draw: Draw) -> None:
        self._link = link
        self._step_seconds = step_seconds
        self._draw = draw
        self._read: dict[str, Floats] = {}
        self._load = load
        self._used = carried(yielded(load))

    def read(self, name: str) -> Floats:
        if name not in self._read:
            described = _DESCRIBED[name]
            exact = getattr(self, f"_{name}")()
            rounded = np.round(np.clip(exact, described.low, described.high), described.decimals)
            self._read[name] = rounded
        return self._read[name]

    @property
    def _busy(self) -> Floats:
        """Load in the busy moments of a step, which is what queues feel."""
        return yielded(self._load * self._link.burstiness)

    def _factor(self, name: str) -> Floats:
        factor: Floats = np.exp(self._draw(name))
        return factor

    def _throughput(self) -> Floats:
        rate: Floats = self._link.capacity_bps * self._used
        return rate

    def _packet_size(self) -> Floats:
        grown: Floats = self._link.packet_bytes * (0.9 + 0.3 * self._used)  # full links carry downloads
        return grown * np.exp(0.3 * self._draw("packet_size"))

    def _packet_count(self) -> Floats:
        count: Floats = self.read("throughput") * self._step_seconds / (8 * self.read("packet_size"))
        return count

    def _queueing(self) -> Floats:
        return filling(self._busy)

    def _latency(self) -> Floats:
        jitter = np.exp(0.3 * self._draw("latency"))
        latency: Floats = self._link.distance_ms * jitter + self._link.buffer_ms * self._queueing() * jitter
        return latency

    def _jitter(self) -> Floats:
        spread: Floats = 0.02 * self._link.distance_ms + 0.4 * self._link.buffer_ms * self._queueing()
        return spread * self._factor("jitter")

    def _packet_loss(self) -> Floats:
        loss: Floats = (self._link.loss_percent + 100 * blocked(self._busy)) * self._factor("packet_loss")
        return loss

    def _bandwidth_utilization(self) -> Floats:
        share: Floats = 100 * self.read("throughput") / self._link.capacity_bps
        return share

    def _connection_count(self) -> Floats:
        count: Floats = self._link.connections * self._used**0.8 * self._factor("connection_count")
        return count

    def _retransmission_rate(self) -> Floats:
        rate: Floats = 0.02 + 1.2 * self.read("packet_loss") * np.exp(0.5 * self._draw("retransmission_rate"))
        return rate

    def _error_rate(self) -> Floats:
        rate: Floats = self._link.error_percent * np.exp(4 * self._draw("error_rate"))
        return rate

    def _cpu_utilization(self) -> Floats:
        packets: Floats = self._used * self._link.packet_bytes / self.read("packet_size")
        return self._link.cpu_percent + 70 * packets * self._factor("cpu_utilization")

    def _memory_utilization(self) -> Floats:
        keep = float(np.exp(-self._step_seconds / _MEMORY_SECONDS))
        slow: Floats = smoothed(self._used**0.8, keep=keep)
        return self._link.memory_percent + 30 * slow + 5 * self._draw("memory_utilization")

    def _queue_depth(self) -> Floats:
        depth: Floats = self._link.buffer_packets * self._queueing()
        return depth * self._factor("queue_depth")

    def _dropped_packets(self) -> Floats:
        dropped: Floats = self.read("packet_loss") / 100 * self.read("packet_count")
        return dropped

    def _collision_rate(self) -> Floats:
        above = np.maximum(0, self._used - _COLLISIONS_FROM) / (1 - _COLLISIONS_FROM)
        rate: Floats = 15 * above**2 * self._factor("collision_rate")
        return rate


_DESCRIBED = {one.name: one for one in PARAMETERS}
