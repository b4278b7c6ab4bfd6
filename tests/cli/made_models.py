"""Models that tests put into the table: one that diverges while it is trained."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from nettide.errors import TrainingError
from nettide.models.contract import Checkpoint, Monitor, State, Training
from nettide.models.naive import NaiveConfig, NaiveModel
from nettide.panel import Panel


@dataclass(frozen=True, slots=True)
class DivergingConfig(NaiveConfig):
    """Nothing more."""


class DivergingModel(NaiveModel):
    """Fails as a network does whose loss is not finite."""

    Config: ClassVar[type[NaiveConfig]] = DivergingConfig

    def fit(self, panel: Panel, *, monitor: Monitor | None = None, checkpoint: Checkpoint | None = None) -> Training:
        """Diverge."""
        raise TrainingError("training diverged in epoch 2: the loss is not finite; lower the learning rate")

    def state(self) -> State:
        """Never reached."""
        raise AssertionError
