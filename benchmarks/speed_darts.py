"""darts' side of training_speed.py, run with the Python of ``.benchvenv-darts``: one process, one measurement."""

from __future__ import annotations

import logging
import warnings
from typing import Any

import numpy as np
import pandas as pd
import torch
from darts import TimeSeries
from darts.dataprocessing.transformers import Scaler
from darts.models import BlockRNNModel
from darts.utils.likelihood_models.torch import QuantileRegression

from speed_work import work

_LEVELS = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9]


class Darts:
    """darts' BlockRNNModel with its defaults but for what both sides must have alike; it shows and stores nothing.

    Each series and channel is brought to 0 ... 1 by its own ``Scaler``, fitted on the training part, as in its guides.
    """

    def __init__(self, values: np.ndarray, task: dict[str, Any]) -> None:
        warnings.filterwarnings("ignore")
        for name in ("pytorch_lightning", "lightning.pytorch", "lightning.fabric", "darts"):
            logging.getLogger(name).setLevel(logging.ERROR)
        torch.set_num_threads(task["threads"])
        self.task = task
        times = pd.date_range("2026-01-01", periods=values.shape[1], freq="h")
        known = values.astype(np.float32)
        self.targets = [TimeSeries.from_times_and_values(times, one[:, :1]) for one in known]
        self.past = [TimeSeries.from_times_and_values(times, one[:, 1:]) for one in known]
        end = task["train_steps"]
        self.scaler, scaler = Scaler(), Scaler()
        self.scaler.fit([one[:end] for one in self.targets])
        scaler.fit([one[:end] for one in self.past])
        self.scaled, self.past = self.scaler.transform(self.targets), scaler.transform(self.past)

    def fit(self, batches: int) -> None:
        """Train for so many steps, over as many epochs as they take."""
        task, end = self.task, self.task["train_steps"]
        self.model = BlockRNNModel(
            input_chunk_length=task["context"],
            output_chunk_length=task["horizon"],
            model=task["cell"].upper(),
            hidden_dim=task["hidden"],
            batch_size=task["batch_size"],
            likelihood=QuantileRegression(quantiles=_LEVELS),
            random_state=task["seed"] + 1,
            n_epochs=1_000_000,
            pl_trainer_kwargs={
                "accelerator": "cpu",
                "max_steps": batches,
                "logger": False,
                "enable_progress_bar": False,
                "enable_model_summary": False,
                "enable_checkpointing": False,
            },
            **task["options"],
        )
        self.model.fit([one[:end] for one in self.scaled], past_covariates=[one[:end] for one in self.past])

    def forecast(self, cutoffs: list[int]) -> np.ndarray:
        """Forecast from the end of the history up to each cutoff; levels are put in order and held at zero."""
        horizon = self.task["horizon"]
        quantiles = np.empty((len(self.scaled), len(cutoffs), horizon, len(_LEVELS)))
        for place, cutoff in enumerate(cutoffs):
            made = self.model.predict(
                horizon,
                series=[one[: cutoff + 1] for one in self.scaled],
                past_covariates=[one[: cutoff + 1] for one in self.past],
                predict_likelihood_parameters=True,
            )
            for level in range(len(_LEVELS)):
                scaled = [
                    TimeSeries.from_times_and_values(one.time_index, one.values(copy=False)[:, level : level + 1])
                    for one in made
                ]
                back = self.scaler.inverse_transform(scaled)
                quantiles[:, place, :, level] = np.stack([one.values(copy=False)[:, 0] for one in back])
        return np.maximum(np.sort(quantiles, axis=-1), 0.0)


if __name__ == "__main__":
    work(Darts)
