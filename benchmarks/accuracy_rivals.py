"""One rival on one set of accuracy.py, run with the Python of the rival's own environment: fit once, forecast all."""

from __future__ import annotations

import argparse
import json
import logging
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from measuring import peak_mb

LEVELS = [tenth / 10 for tenth in range(1, 10)]
_BANDS = [20, 40, 60, 80]
_DAY = 86_400


@dataclass(frozen=True, slots=True)
class Traffic:
    """A set.

    Args:
        values: NaN where unknown, shape (series, time).
        start: epoch second of the first step.
        step_seconds: length of a step.
        cutoffs: index of the last step that each forecast sees, one horizon apart; the first ends the training part.
        horizon: steps ahead.
        sample: rows that a rival that is too slow for all forecasts.
    """

    values: np.ndarray
    start: int
    step_seconds: int
    cutoffs: list[int]
    horizon: int
    sample: list[int]

    @property
    def day(self) -> int:
        """Steps of a day."""
        return _DAY // self.step_seconds

    @property
    def hourly(self) -> bool:
        """Whether a step is an hour or longer."""
        return self.step_seconds >= 3600

    @property
    def context(self) -> int:
        """Steps of a window: a week of hours, or a day of shorter steps."""
        return 7 * self.day if self.hourly else self.day

    @property
    def step(self) -> pd.Timedelta:
        """A step."""
        return pd.Timedelta(seconds=self.step_seconds)

    @property
    def frequency(self) -> str:
        """A step, as pandas writes it."""
        return "h" if self.step_seconds == 3600 else f"{self.step_seconds // 60}min"

    @property
    def filled(self) -> np.ndarray:
        """The values with the last known one carried forward, zero before the first, shape (series, time)."""
        return np.nan_to_num(pd.DataFrame(self.values.T).ffill().to_numpy().T)

    def frame(self, values: np.ndarray, begin: int, end: int) -> pd.DataFrame:
        """Give some steps as a long table ``unique_id, ds, y``; ids sort as rows do."""
        times = pd.Timestamp(self.start, unit="s") + self.step * np.arange(begin, end)
        return pd.DataFrame(
            {
                "unique_id": np.repeat([f"s{place:05}" for place in range(len(values))], end - begin),
                "ds": np.tile(times, len(values)),
                "y": values[:, begin:end].reshape(-1),
            }
        )

    def ordered(self, made: pd.DataFrame, columns: list[str], *, series: int) -> np.ndarray:
        """Give the forecasts of a long table, of all cutoffs, in the shape (series, cutoff, horizon, column)."""
        made = made.sort_values(["unique_id", "cutoff", "ds"])
        first = made["cutoff"].iloc[0], made["ds"].iloc[0]
        cutoff = pd.Timestamp(self.start, unit="s") + self.step * self.cutoffs[0]
        assert first == (cutoff, cutoff + self.step), f"forecasts begin at {first}, not after {cutoff}"
        shape = (series, len(self.cutoffs), self.horizon, len(columns))
        return made[columns].to_numpy(dtype=np.float64).reshape(shape)


@dataclass(frozen=True, slots=True)
class Task:
    """How a rival is run.

    Args:
        seed: of everything random.
        threads: it may use.
        quick: see that it runs; the figures mean nothing.
    """

    seed: int
    threads: int
    quick: bool


@dataclass(slots=True)
class Made:
    """What a rival made.

    Args:
        quantiles: shape (series, cutoff, horizon, level); NaN for series that it did not forecast.
        fit_seconds: wall time of the fit; 0 where each forecast is one.
        predict_seconds: wall time of all forecasts.
    """

    quantiles: np.ndarray
    fit_seconds: float
    predict_seconds: float


def neuralforecast(traffic: Traffic, task: Task, *, model: str) -> Made:
    """Train one global network with its defaults and the pinball loss; windows are scaled, gaps are masked."""
    import torch
    from neuralforecast import NeuralForecast, models
    from neuralforecast.losses.pytorch import MQLoss

    torch.set_num_threads(task.threads)
    made = getattr(models, model)(
        h=traffic.horizon,
        input_size=traffic.context,
        loss=MQLoss(quantiles=LEVELS),
        scaler_type="robust",  # LSTM's default; without a scaler NHITS and TiDE learn nothing from such values
        random_seed=task.seed + 1,
        alias="made",
        accelerator="cpu",
        logger=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        enable_checkpointing=False,
        **({"max_steps": 3} if task.quick else {}),
    )
    end = traffic.cutoffs[-1] + 1 + traffic.horizon
    frame = traffic.frame(traffic.filled, 0, end)
    frame["available_mask"] = np.isfinite(traffic.values[:, :end]).astype(float).reshape(-1)
    seen = np.tile(np.arange(end) <= traffic.cutoffs[0], len(traffic.values))
    library = NeuralForecast([made], freq=traffic.frequency)
    started = time.perf_counter()
    library.fit(frame[seen].reset_index(drop=True))
    fitted = time.perf_counter()
    forecasts = library.cross_validation(
        frame, n_windows=len(traffic.cutoffs), step_size=traffic.horizon, refit=False, use_fitted=True
    )
    done = time.perf_counter()
    columns = [name for name in forecasts.columns if name.startswith("made")]
    quantiles = traffic.ordered(forecasts, columns, series=len(traffic.values))
    return Made(quantiles, fitted - started, done - fitted)


def statsforecast(traffic: Traffic, task: Task, *, model: str) -> Made:
    """Fit one model a series on its last four weeks, or one week of shorter steps, on a sample of series.

    Hourly, exponential smoothing and MSTL are fitted anew at every cutoff; ARIMA, and all at shorter steps, are fitted
    once and updated. Shorter steps leave exponential smoothing and ARIMA without a season, and MSTL with the day: a
    longer one takes minutes a fit.
    """
    from statsforecast import StatsForecast
    from statsforecast.models import MSTL, AutoARIMA, AutoETS

    season = traffic.day if traffic.hourly else 1
    seasons = [traffic.day, 7 * traffic.day] if traffic.hourly else [traffic.day]
    made = {
        "AutoETS": lambda: AutoETS(season_length=season, alias="made"),
        "AutoARIMA": lambda: AutoARIMA(season_length=season, alias="made"),
        "MSTL": lambda: MSTL(season_length=seasons, alias="made"),
    }[model]()
    rows = traffic.sample[:2] if task.quick else traffic.sample
    filled = traffic.filled[rows]
    end = traffic.cutoffs[-1] + 1 + traffic.horizon
    library = StatsForecast([made], freq=traffic.frequency, n_jobs=task.threads)
    started = time.perf_counter()
    forecasts = library.cross_validation(
        h=traffic.horizon,
        df=traffic.frame(filled, 0, end),
        n_windows=len(traffic.cutoffs),
        step_size=traffic.horizon,
        input_size=(28 if traffic.hourly else 7) * traffic.day,
        level=_BANDS,
        refit=traffic.hourly and model != "AutoARIMA",
    )
    done = time.perf_counter()
    quantiles = np.full((len(traffic.values), len(traffic.cutoffs), traffic.horizon, len(LEVELS)), np.nan)
    quantiles[rows] = traffic.ordered(forecasts, _columns("made"), series=len(rows))
    return Made(quantiles, 0.0, done - started)


def mlforecast(traffic: Traffic, task: Task) -> Made:
    """Train LightGBM on lags of a step, a day and a week, rolling means, hour and weekday; conformal bands.

    Forecasts are recursive. Each series is in units of its mean before the test part.
    """
    from lightgbm import LGBMRegressor
    from mlforecast import MLForecast
    from mlforecast.lag_transforms import RollingMean
    from mlforecast.utils import PredictionIntervals

    day, before = traffic.day, traffic.cutoffs[0] + 1
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        level = np.nan_to_num(np.nanmean(traffic.values[:, :before], axis=1))
    level = np.where(level > 0, level, 1.0)[:, None]
    scaled = traffic.filled / level
    library = MLForecast(
        models={"made": LGBMRegressor(random_state=task.seed, verbosity=-1, n_jobs=task.threads)},
        freq=traffic.frequency,
        lags=[1, 2, 3, day, 2 * day, 7 * day],
        lag_transforms={1: [RollingMean(day // 8), RollingMean(day)], day: [RollingMean(day // 8)]},
        date_features=["hour", "dayofweek"],
        num_threads=task.threads,
    )
    intervals = PredictionIntervals(n_windows=2 if task.quick else 10, h=traffic.horizon)
    started = time.perf_counter()
    library.fit(traffic.frame(scaled, 0, before), prediction_intervals=intervals, static_features=[])
    fitted = time.perf_counter()
    quantiles = np.empty((len(scaled), len(traffic.cutoffs), traffic.horizon, len(LEVELS)))
    cutoffs = traffic.cutoffs[:2] if task.quick else traffic.cutoffs
    for place, cutoff in enumerate(cutoffs):
        history = traffic.frame(scaled, max(0, cutoff + 1 - 9 * day), cutoff + 1)
        made = library.predict(h=traffic.horizon, new_df=history, level=_BANDS).sort_values(["unique_id", "ds"])
        assert made["ds"].iloc[0] == history["ds"].max() + traffic.step
        quantiles[:, place] = made[_columns("made")].to_numpy().reshape(len(scaled), traffic.horizon, len(LEVELS))
    quantiles[:, len(cutoffs) :] = np.nan
    done = time.perf_counter()
    return Made(quantiles * level[:, :, None, None], fitted - started, done - fitted)


def fracast(traffic: Traffic, task: Task) -> Made:
    """Forecast with the pretrained weights as they are: nothing is trained; gaps are shown as unknown."""
    import torch
    from fracast import FracastModel

    torch.set_num_threads(task.threads)
    model = FracastModel.from_pretrained(weights="fp32")
    assert np.allclose(model.quantiles, LEVELS)
    shape = (len(traffic.values), len(traffic.cutoffs), traffic.horizon, len(LEVELS))
    quantiles = np.full(shape, np.nan)
    cutoffs = traffic.cutoffs[:2] if task.quick else traffic.cutoffs
    started = time.perf_counter()
    for place, cutoff in enumerate(cutoffs):
        context = traffic.values[:, max(0, cutoff + 1 - model.context_length) : cutoff + 1]
        rows = np.flatnonzero(np.isfinite(context).sum(axis=1) >= 8)  # it refuses series with fewer known values
        for begin in range(0, len(rows), 64):
            some = rows[begin : begin + 64]
            quantiles[some, place] = model.forecast_batch(context[some], horizon=traffic.horizon)
    return Made(quantiles, 0.0, time.perf_counter() - started)


def _columns(name: str) -> list[str]:
    """Give the columns of the nine levels, from central bands."""
    return [*(f"{name}-lo-{one}" for one in _BANDS[::-1]), name, *(f"{name}-hi-{one}" for one in _BANDS)]


_RUN: dict[str, Callable[..., Made]] = {
    "neuralforecast": neuralforecast,
    "statsforecast": statsforecast,
    "mlforecast": mlforecast,
    "fracast": fracast,
}


def main() -> None:
    parser = argparse.ArgumentParser(description="One rival on one set; started by accuracy.py.")
    parser.add_argument("folder", type=Path, help="holds values.npy and facts.json, and gets the result")
    parser.add_argument("task", help="JSON: library, model, seed, threads, quick")
    given = parser.parse_args()
    warnings.filterwarnings("ignore")
    for name in ("pytorch_lightning", "lightning.pytorch", "lightning.fabric"):
        logging.getLogger(name).setLevel(logging.ERROR)
    facts = json.loads((given.folder / "facts.json").read_text())
    facts.pop("ids")
    traffic = Traffic(np.load(given.folder / "values.npy"), **facts)
    task: dict[str, Any] = json.loads(given.task)
    library, model = task.pop("library"), task.pop("model")
    made = _RUN[library](traffic, Task(**task), **({"model": model} if model else {}))
    np.save(given.folder / "quantiles.npy", np.maximum(np.sort(made.quantiles, axis=-1), 0.0))
    result = {"fit_seconds": made.fit_seconds, "predict_seconds": made.predict_seconds, "peak_mb": peak_mb()}
    (given.folder / "result.json").write_text(json.dumps(result))


if __name__ == "__main__":
    main()
