"""The fifteen parameters of a synthetic link: names, units and ranges."""

from __future__ import annotations

from dataclasses import dataclass

from nettide.errors import OptionError


@dataclass(frozen=True, slots=True)
class Parameter:
    """One measured quantity of a link.

    Args:
        name: its name; the target, throughput, is the column ``y`` of a long table.
        unit: its unit; counts are of one step.
        low: least value that can occur.
        high: largest value that can occur; infinite where only the capacity of the link bounds it.
        decimals: to how many decimals it is reported.
        meaning: what it is, in a few words.
    """

    name: str
    unit: str
    low: float
    high: float
    decimals: int
    meaning: str


_ANY = float("inf")
_TABLE = (
    Parameter("packet_count", "packets", 0, _ANY, 0, "packets carried in the step"),
    Parameter("throughput", "bit/s", 0, _ANY, 0, "mean rate of the step: packets x size x 8 / step"),
    Parameter("latency", "ms", 0, 2000, 4, "round trip: distance and queueing"),
    Parameter("packet_size", "bytes", 64, 1500, 2, "mean size of a packet"),
    Parameter("packet_loss", "%", 0, 100, 7, "packets dropped for 100 packets carried"),
    Parameter("jitter", "ms", 0, 2000, 4, "spread of the latency"),
    Parameter("bandwidth_utilization", "%", 0, 100, 4, "throughput / capacity"),
    Parameter("connection_count", "connections", 0, _ANY, 0, "open connections"),
    Parameter("retransmission_rate", "%", 0, 100, 6, "segments sent again; follows the loss"),
    Parameter("error_rate", "%", 0, 100, 7, "frames with a bad checksum; a matter of the cable, not of the load"),
    Parameter("cpu_utilization", "%", 0, 100, 2, "of the device; follows the packet rate"),
    Parameter("memory_utilization", "%", 0, 100, 2, "of the device; follows the connections, slowly"),
    Parameter("queue_depth", "packets", 0, _ANY, 2, "mean length of the output queue"),
    Parameter("dropped_packets", "packets", 0, _ANY, 0, "loss x packets"),
    Parameter("collision_rate", "%", 0, 100, 4, "of a shared medium; nothing below 60 % utilization"),
)
TARGET = _TABLE[1]
PARAMETERS: tuple[Parameter, ...] = (TARGET, *(one for one in _TABLE if one is not TARGET))
"""All parameters in their order, the target first."""


def chosen(count: int) -> tuple[Parameter, ...]:
    """Give the first so many parameters, the target first.

    Raises:
        OptionError: there are not so many.
    """
    if not 1 <= count <= len(PARAMETERS):
        raise OptionError(f"parameters {count} must be from 1 to {len(PARAMETERS)}")
    return PARAMETERS[:count]
