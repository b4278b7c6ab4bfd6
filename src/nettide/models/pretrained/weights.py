"""The weights that come with nettide, checked against their hash before they are read."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from typing import Any

import safetensors.torch
from torch import Tensor

from nettide.errors import DamagedError
from nettide.models.pretrained.network import MultiscaleNetwork, NetworkShape

_FILE, _CARD = "base.safetensors", "base.json"


@dataclass(frozen=True, slots=True, eq=False)
class BaseWeights:
    """A pretrained network as it is kept.

    Args:
        hidden: size of its state.
        head: size of its head.
        tensors: name -> weight, of one member.
        card: what it was trained on and how.
    """

    hidden: int
    head: int
    tensors: Mapping[str, Tensor]
    card: Mapping[str, Any]

    def network(self, *, members: int = 1, dropout: float = 0.0) -> MultiscaleNetwork:
        """Give so many copies of the network, side by side."""
        made = MultiscaleNetwork(NetworkShape(self.hidden, self.head, members, dropout))
        made.load_state_dict({name: one.expand(members, *one.shape[1:]) for name, one in self.tensors.items()})
        return made


def base_weights() -> BaseWeights:
    """Read the weights that come with nettide.

    Raises:
        DamagedError: they are missing or altered; install nettide again.
    """
    place = resources.files("nettide.models.pretrained")
    try:
        card: dict[str, Any] = json.loads(place.joinpath(_CARD).read_text("utf-8"))
        content = place.joinpath(_FILE).read_bytes()
    except (OSError, ValueError) as error:
        raise DamagedError(f"the pretrained weights cannot be read ({error}); install nettide again") from None
    if hashlib.sha256(content).hexdigest() != card.get("sha256"):
        raise DamagedError("the pretrained weights do not match their hash; install nettide again")
    return BaseWeights(card["hidden"], card["head"], safetensors.torch.load(content), card)
