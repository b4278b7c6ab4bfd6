"""From offered load to what a link carries, loses and delays.

Source: L. Kleinrock, Queueing Systems, vol. 1 (1975), section 3.6: the M/M/1/K queue. With K = 31 places
the sum of the 32 powers of the load factors into five terms, so nothing divides by zero at full load.
"""

from __future__ import annotations

import numpy as np

from nettide.arrays import Floats

PLACES = 31
_YIELDS_FROM, _YIELDS_OVER = 0.8, 0.3


def yielded(demand: Floats) -> Floats:
    """Give the load that is offered when senders slow down on a full link, as TCP does: at most 1.1."""
    above = np.maximum(0.0, demand - _YIELDS_FROM)
    load: Floats = np.minimum(demand, _YIELDS_FROM) - _YIELDS_OVER * np.expm1(-above / _YIELDS_OVER)
    return load


def blocked(load: Floats) -> Floats:
    """Give the share of arrivals that find the queue full, 0 to 1, for an offered load (1 is the capacity)."""
    power = load
    total = 1 + power
    for _ in range(4):
        power = power * power
        total = total * (1 + power)
    share: Floats = power * _fifteenth(load) / total  # load**16 * load**15
    return share


def _fifteenth(load: Floats) -> Floats:
    square = load * load
    fourth = square * square
    power: Floats = load * square * fourth * fourth * fourth
    return power


def carried(load: Floats) -> Floats:
    """Give the carried load: the offered one less what is blocked; below 1 always."""
    rest: Floats = load * (1 - blocked(load))
    return rest


def filling(load: Floats) -> Floats:
    """Give the mean share of the queue's places that are taken, 0 to 1; rises ever faster up to full load."""
    power = load
    taken = power / (1 + power)
    for double in (2, 4, 8, 16):
        power = power * power
        taken = taken + double * power / (1 + power)
    share: Floats = taken / PLACES
    return share
