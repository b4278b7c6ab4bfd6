"""Several models in one State, and challengers that were fitted before a fit was killed."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from nettide import __version__
from nettide.arrays import Weights
from nettide.errors import DamagedError, TrainingError
from nettide.models import restore_model
from nettide.models.contract import Checkpoint, Model, State
from nettide.panel import Panel


def joined_states(models: Mapping[str, Model]) -> State:
    """Put the states of models side by side; tensors are named ``<model>/<tensor>``."""
    document: dict[str, Any] = {}
    tensors: dict[str, Weights] = {}
    for label, model in models.items():
        state = model.state()
        document[label] = dict(state.document)
        tensors.update({f"{label}/{name}": value for name, value in state.tensors.items()})
    return State(document, tensors)


def parted_models(document: Mapping[str, Any], tensors: Mapping[str, Weights]) -> dict[str, Model]:
    """Make the models of what ``joined_states`` gave; a label is a model's name, or ``<stage>:<name>``.

    Raises:
        DamagedError: a part is missing or foreign.
        UnknownModelError: a label is no name of the table.
    """
    models = {}
    for label, inner in document.items():
        if not isinstance(inner, Mapping):
            raise DamagedError(f"the stored member {label!r} has no description")
        own = {name.partition("/")[2]: value for name, value in tensors.items() if name.startswith(f"{label}/")}
        models[label] = restore_model(label.rpartition(":")[2], State(inner, own))
    return models


@dataclass(slots=True)
class KeptFits:
    """Fits that are done, by stage and name, in a checkpoint.

    Args:
        checkpoint: where; None keeps nothing.
        panel: what is fitted on.
        options: of the fit; data and options must be the same to go on.

    Raises:
        TrainingError: the checkpoint is of another fit.
        DamagedError: it is altered.
    """

    checkpoint: Checkpoint | None
    panel: Panel
    options: Mapping[str, Any]
    _models: dict[str, Model] = field(init=False, default_factory=dict)
    _document: dict[str, Any] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        if self.checkpoint is None:
            return
        data = hashlib.sha256(np.ascontiguousarray(self.panel.values).data)
        zones, times = [one.zone for one in self.panel.series], (self.panel.start, self.panel.step_seconds)
        data.update(f"{self.panel.ids} {zones} {times} {self.panel.occasions}".encode())
        self._document = {"fit": {**self.options, "data": data.hexdigest()[:16], "nettide": __version__}}
        if (stored := self.checkpoint.load()) is None:
            return
        if stored.document.get("fit") != self._document["fit"]:
            raise TrainingError(
                "the checkpoint is of another fit: options, data or version differ; start without --resume"
            )
        self._models = parted_models(stored.document.get("members", {}), stored.tensors)

    def get(self, stage: str, name: str) -> Model | None:
        """Give a model that was fitted before the kill."""
        return self._models.get(f"{stage}:{name}")

    def put(self, stage: str, name: str, model: Model) -> None:
        """Keep a model that is fitted."""
        if self.checkpoint is None:
            return
        self._models[f"{stage}:{name}"] = model
        joined = joined_states(self._models)
        self.checkpoint.save(State({**self._document, "members": dict(joined.document)}, joined.tensors))
