"""neuralforecast's side of training_speed.py, run with the Python of ``.benchvenv``: one process, one measurement."""

from __future__ import annotations

import logging
import warnings
from typing import Any

import numpy as np
import pandas as pd
import torch
from neuralforecast import NeuralForecast
from neuralforecast.losses.pytorch import MQLoss
from neuralforecast.models import GRU, LSTM

from speed_work import work

_LEVELS = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9]
_CELLS = {"lstm": LSTM, "gru": GRU}
_STEP = pd.Timedelta("1h")


class Neuralforecast:
    """neuralforecast with its defaults but for what both sides must have alike; it shows and stores nothing."""

    def __init__(self, values: np.ndarray, task: dict[str, Any]) -> None:
        warnings.filterwarnings("ignore")
        for name in ("pytorch_lightning", "lightning.pytorch", "lightning.fabric"):
            logging.getLogger(name).setLevel(logging.ERROR)
        torch.set_num_threads(task["threads"])
        series, steps, channels = values.shape
        self.shape, self.task = (series, steps), task
        self.past = [f"c{place}" for place in range(1, channels)]
        self.times = pd.date_range("2026-01-01", periods=steps, freq=_STEP)
        frame = pd.DataFrame(values.reshape(-1, channels), columns=["y", *self.past])
        frame.insert(0, "unique_id", np.repeat([f"s{place:05}" for place in range(series)], steps))
        frame.insert(1, "ds", np.tile(self.times, series))
        self.frame = frame
        self.training = self._until(task["train_steps"])

    def _until(self, steps: int) -> pd.DataFrame:
        return self.frame[self.frame["ds"] < self.times[0] + steps * _STEP].reset_index(drop=True)

    def fit(self, batches: int) -> None:
        """Train for so many of its steps, each of ``windows_batch_size`` windows."""
        task = self.task
        model = _CELLS[task["cell"]](
            h=task["horizon"],
            input_size=task["context"],
            encoder_hidden_size=task["hidden"],
            windows_batch_size=task["batch_size"],
            hist_exog_list=self.past,
            loss=MQLoss(quantiles=_LEVELS),
            max_steps=batches,
            random_seed=task["seed"] + 1,
            alias="made",
            accelerator="cpu",
            logger=False,
            enable_progress_bar=False,
            enable_model_summary=False,
            **task["options"],
        )
        self.model = NeuralForecast([model], freq="h")
        self.model.fit(self.training)

    def forecast(self, cutoffs: list[int]) -> np.ndarray:
        """Forecast from the end of the history up to each cutoff; levels are put in order and held at zero."""
        series, horizon = self.shape[0], self.task["horizon"]
        quantiles = np.empty((series, len(cutoffs), horizon, len(_LEVELS)))
        for place, cutoff in enumerate(cutoffs):
            made = self.model.predict(self._until(cutoff + 1)).sort_values(["unique_id", "ds"])
            assert made["ds"].min() == self.times[cutoff] + _STEP
            columns = [name for name in made.columns if name.startswith("made")]
            assert len(columns) == len(_LEVELS)
            quantiles[:, place] = made[columns].to_numpy().reshape(series, horizon, len(_LEVELS))
        return np.maximum(np.sort(quantiles, axis=-1), 0.0)


if __name__ == "__main__":
    work(Neuralforecast)
