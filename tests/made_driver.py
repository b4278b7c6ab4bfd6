"""A target that follows one channel two steps late and ignores another, and a small network that has learned it."""

from __future__ import annotations

from functools import cache

import numpy as np

from nettide.models import make_model
from nettide.models.contract import Model
from nettide.panel import Channel, Panel, Series

COEFFICIENT = 4.0
"""Rise of the target for a rise of the driver by one, two steps before."""
TRAINED = 1800
STEPS = 2000
OPTIONS = {
    "channels": "all",
    "hidden": 32,
    "patch": 1,
    "epochs": 14,
    "learning_rate": 0.01,
    "windows_per_epoch": 2048,
    "dropout": 0.0,
    "patience": 0,
    "validation_share": 0.05,
}


@cache
def driven() -> Panel:
    """Hours of ``y = 50 + 4 driver[-2] + noise``, beside a bystander of the same kind as the driver."""
    generator = np.random.default_rng(0)
    driver, bystander = (10 + 3 * _remembering(generator, 0.6) for _ in range(2))
    target = 50 + COEFFICIENT * np.concatenate([[10.0, 10.0], driver[:-2]]) + generator.normal(0, 1, STEPS)
    values = np.stack([np.maximum(target, 0.0), driver, bystander], axis=-1)[None]
    channels = (Channel("y"), Channel("driver"), Channel("bystander"))
    return Panel(values, 1_767_225_600, 3600, (Series("link", "bit/s"),), channels)


@cache
def learned() -> Model:
    """An LSTM, two steps ahead, fitted on the first part in a few seconds."""
    model = make_model("lstm", horizon=2, context=24, options=OPTIONS)
    model.fit(driven().until(TRAINED))
    return model


def _remembering(generator: np.random.Generator, memory: float) -> np.ndarray:
    """Noise of deviation 1 that keeps a share of itself from step to step."""
    drawn, values = generator.normal(size=STEPS) * np.sqrt(1 - memory**2), np.zeros(STEPS)
    for step in range(1, STEPS):
        values[step] = memory * values[step - 1] + drawn[step]
    return values
