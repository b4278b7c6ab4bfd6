"""Several models in one State, and challengers that were fitted before a fit was killed."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from nettide import __version__
from nettide.arrays import Weights
from nettide.errors import DamagedError, TrainingError
from nettide.models import restore_model
from nettide.models.contract import Checkpoint, Model, State
from nettide.models.fingerprint import data_digest
from nettide.panel import Panel

_MAY_DIFFER = ("budget",)
"""Options that do not decide what a fitted challenger is."""


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
        options: of the fit; data and options must be the same to go on, but for the budget.
        now: gives seconds that only grow.

    Raises:
        TrainingError: the checkpoint is of another fit.
        DamagedError: it is altered.
    """

    checkpoint: Checkpoint | None
    panel: Panel
    options: Mapping[str, Any]
    now: Callable[[], float] = time.perf_counter
    spent: float = field(init=False, default=0.0)  # seconds of the budget before the kill
    _began: float = field(init=False)
    _models: dict[str, Model] = field(init=False, default_factory=dict)
    _document: dict[str, Any] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        self._began = self.now()
        if self.checkpoint is None:
            return
        options = {name: value for name, value in self.options.items() if name not in _MAY_DIFFER}
        self._document = {"fit": {**options, "data": data_digest(self.panel), "nettide": __version__}}
        if (stored := self.checkpoint.load()) is None:
            return
        if stored.document.get("fit") != self._document["fit"]:
            raise TrainingError(
                "the checkpoint is of another fit: options, data or version differ; start without --resume"
            )
        self._models = parted_models(stored.document.get("members", {}), stored.tensors)
        self.spent = float(stored.document.get("spent", 0.0))

    def get(self, stage: str, name: str) -> Model | None:
        """Give a model that was fitted before the kill."""
        return self._models.get(f"{stage}:{name}")

    def put(self, stage: str, name: str, model: Model) -> None:
        """Keep a model that is fitted."""
        if self.checkpoint is None:
            return
        self._models[f"{stage}:{name}"] = model
        joined = joined_states(self._models)
        spent = self.spent + self.now() - self._began
        document = {**self._document, "spent": spent, "members": dict(joined.document)}
        self.checkpoint.save(State(document, joined.tensors))
