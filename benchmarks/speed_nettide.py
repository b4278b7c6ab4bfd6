"""nettide's side of training_speed.py: one process, one measurement."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from nettide.models import make_model
from nettide.panel import Channel, Panel, Series
from speed_work import work

_BATCHES_PER_EPOCH = 5


class Nettide:
    """nettide's table of models on a panel; all history before the held-out part trains, none of it validates."""

    def __init__(self, values: np.ndarray, task: dict[str, Any]) -> None:
        series = tuple(Series(f"s{place}", unit="bit/s") for place in range(len(values)))
        channels = tuple(Channel("y" if not place else f"c{place}") for place in range(values.shape[2]))
        self.panel = Panel(values, 1_767_225_600, 3600, series, channels)
        self.task = task
        torch.set_num_threads(task["threads"])

    def fit(self, batches: int) -> None:
        """Train in epochs of a few batches, as many as make the number asked for."""
        task = self.task
        assert batches % _BATCHES_PER_EPOCH == 0
        options = {
            "hidden": task["hidden"],
            "batch_size": task["batch_size"],
            "windows_per_epoch": _BATCHES_PER_EPOCH * task["batch_size"],
            "epochs": batches // _BATCHES_PER_EPOCH,
            "validation_share": 0.0,
            "patience": 0,
            "channels": "all",
            "adapt": False,  # the losses of the networks alone are compared
            **task["options"],
        }
        self.model = make_model(
            task["cell"], horizon=task["horizon"], context=task["context"], seed=task["seed"], options=options
        )
        self.model.fit(self.panel.until(task["train_steps"]))

    def forecast(self, cutoffs: list[int]) -> np.ndarray:
        """Forecast from every cutoff at once; the model looks at nothing beyond each."""
        return self.model.predict(self.panel, np.array(cutoffs, dtype=np.int64)).quantiles


if __name__ == "__main__":
    work(Nettide)
