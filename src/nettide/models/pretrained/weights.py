"""The weights that come with nettide, checked against their hash before they are read."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from importlib.resources.abc import Traversable
from typing import Any

import safetensors.torch
import torch
from safetensors import SafetensorError
from torch import Tensor

from nettide.errors import DamagedError
from nettide.models.pretrained.network import MultiscaleNetwork, NetworkShape

_FILE, _CARD = "base.safetensors", "base.json"


@dataclass(frozen=True, slots=True, eq=False)
class BaseWeights:
    """Pretrained networks of one shape as they are kept, the members of an ensemble.

    Args:
        hidden: size of their state.
        head: size of their head.
        tensors: name -> weight, the first dimension for the members.
        card: what they were trained on and how.
    """

    hidden: int
    head: int
    tensors: Mapping[str, Tensor]
    card: Mapping[str, Any]

    @property
    def members(self) -> int:
        """How many networks there are."""
        return len(next(iter(self.tensors.values())))

    def network(self, *, members: int | None = None, dropout: float = 0.0) -> MultiscaleNetwork:
        """Give so many networks side by side, each kept one in turn; None gives each once."""
        count = members or self.members
        shape, turn = NetworkShape(self.hidden, self.head, count, dropout), torch.arange(count) % self.members
        return filled_network(shape, {name: one[turn] for name, one in self.tensors.items()})


def filled_network(shape: NetworkShape, tensors: Mapping[str, Tensor]) -> MultiscaleNetwork:
    """Make a network of given weights; the state of random generators stays as it is.

    Raises:
        RuntimeError: a weight is missing, left over or of another shape.
    """
    with torch.random.fork_rng(devices=[]):  # the weights that are drawn first are replaced at once
        made = MultiscaleNetwork(shape)
    made.load_state_dict(tensors)
    return made


def base_weights(place: Traversable | None = None) -> BaseWeights:
    """Read the weights that come with nettide.

    Args:
        place: a folder that holds others.

    Raises:
        DamagedError: they are missing, altered or of another version.
    """
    place = place or resources.files("nettide.models.pretrained")
    try:
        card: dict[str, Any] = json.loads(place.joinpath(_CARD).read_text("utf-8"))
        content = place.joinpath(_FILE).read_bytes()
        told = card["sha256"], int(card["hidden"]), int(card["head"])
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise DamagedError(f"the pretrained weights cannot be read ({error}); install nettide again") from None
    sha256, hidden, head = told
    if hashlib.sha256(content).hexdigest() != sha256:
        raise DamagedError("the pretrained weights do not match their hash; install nettide again")
    try:
        weights = BaseWeights(hidden, head, safetensors.torch.load(content), card)
        weights.network()
    except (SafetensorError, RuntimeError, StopIteration):
        raise DamagedError("the pretrained weights are of another version of nettide; install nettide again") from None
    return weights
