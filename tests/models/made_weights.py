"""Random weights in place of the pretrained ones, so that no test depends on how good those are."""

from __future__ import annotations

import torch

from nettide.models.pretrained.network import MultiscaleNetwork, NetworkShape
from nettide.models.pretrained.weights import BaseWeights
from nettide.prepare.calendar import CALENDAR_FEATURES

SLOT_INPUTS = 48
"""Inputs of the recurrence before what is known of a day."""


def random_weights(*, hidden: int = 8, head: int = 8, seed: int = 0, size: float = 0.3) -> BaseWeights:
    """Weights that all have a say, but those on occasions, which are zero as where training never showed one."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = MultiscaleNetwork(NetworkShape(hidden, head))
        with torch.no_grad():
            for weight in (network.deeper.weight, network.out.weight):
                weight.normal_(0.0, size)
    return BaseWeights(hidden, head, dict(network.state_dict()), {})


def occasion_rows() -> slice:
    """Where occasions stand among the known features."""
    return slice(len(CALENDAR_FEATURES), None)
