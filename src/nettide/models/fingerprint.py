"""Fingerprint: what must be equal for a training that was killed to go on from its checkpoint."""

from __future__ import annotations

import hashlib
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np

from nettide import __version__
from nettide.panel import Panel

if TYPE_CHECKING:
    from _typeshed import DataclassInstance


def training_fingerprint(config: DataclassInstance, panel: Panel, **more: Any) -> dict[str, Any]:
    """Give options, data and whatever else decides the weights, as JSON values.

    Args:
        config: of the model, with everything chosen that was left open.
        panel: what it is trained on.
        more: what else must be equal.
    """
    import torch

    versions = {"nettide": __version__, "torch": torch.__version__, "threads": torch.get_num_threads()}
    return {**options_document(config), **more, "data": data_digest(panel), **versions}


def options_document(config: DataclassInstance) -> dict[str, Any]:
    """Give the options of a config as JSON gives them back."""
    return {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(config).items()}


def data_digest(panel: Panel) -> str:
    """Give sixteen hexadecimal digits that change with values, ids, zones, times or occasions of a panel."""
    told = f"{panel.ids} {[one.zone for one in panel.series]} {panel.start} {panel.step_seconds} {panel.occasions}"
    data = hashlib.sha256(np.ascontiguousarray(panel.values).data)
    data.update(told.encode())
    return data.hexdigest()[:16]
