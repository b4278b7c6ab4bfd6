"""The sets of accuracy.py as every rival gets them, and the scores of what comes back; run in nettide's environment."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet

from nettide.backtest.coverage import band_rows, coverages
from nettide.backtest.evaluate import Backtest, Outcome
from nettide.backtest.leaderboard import score
from nettide.backtest.origin import first_test_step, rolling_cutoffs
from nettide.backtest.tables import forecasts_table
from nettide.backtest.yardstick import yardstick, yardstick_season
from nettide.forecast import LEVELS, Forecast, quantile_name
from nettide.models.contract import Training
from nettide.panel import Panel
from nettide.prepare.grid import GridChoice
from nettide.tasks.load import Reading, load
from nettide.tasks.occasions import OccasionChoice
from nettide.units import parse_step
from splits import FINE, HOURLY, Split

SETS = HOURLY | FINE
_SCORES = ("points", "mae", "rmse", "wape", "rel_mae", "rel_wql", "coverage_80")


def read_set(split: Split, data: Path, *, country: str | None = None, channels: bool = False) -> Panel:
    """Read a set as the command would with the same options; the target alone, or with its other channels."""
    given = dict(zip(split.reading[::2], split.reading[1::2], strict=True))
    if unknown := given.keys() - {"--step", "--missing"}:
        raise SystemExit(f"option {unknown.pop()} of {split.file} is not known here")
    step = parse_step(given["--step"]) if "--step" in given else None
    missing = "zero" if given.get("--missing") == "zero" else "gap"
    grid, occasions = GridChoice(step_seconds=step, missing=missing), OccasionChoice(country=country)
    panel, _ = load(str(data / split.file), Reading(grid=grid, occasions=occasions))
    return panel if channels else panel.only_target()


def cutoffs_of(panel: Panel, split: Split, *, first: float = 0.8, last: float = 1.0) -> np.ndarray:
    """Give cutoffs one horizon apart through a part of the grid; every forecast ends within the part.

    Args:
        panel: the whole data.
        split: gives the horizon.
        first: share of the grid before the part.
        last: share of the grid up to its end.
    """
    start, end = (
        first_test_step(panel, test_fraction=1 - share) if share < 1 else panel.steps for share in (first, last)
    )
    return rolling_cutoffs(end, test_start=start, horizon=split.horizon, stride=split.horizon)


def sample_rows(panel: Panel, most: int) -> list[int]:
    """Give the rows of a sample of series: evenly spaced in the order of their ids."""
    by_id = sorted(range(len(panel.series)), key=panel.ids.__getitem__)
    return sorted(by_id[:: -(-len(by_id) // most)])


def outcome_backtest(panel: Panel, cutoffs: np.ndarray, quantiles: np.ndarray, *, name: str, horizon: int) -> Backtest:
    """Put forecasts beside truth and yardstick.

    Args:
        panel: the whole data.
        cutoffs: index of the last step seen, shape (cutoff,).
        quantiles: NaN where there is no forecast, no level for a point model, shape (series, cutoff, horizon, level);
            the median, or the only value, is the point.
        name: of the model.
        horizon: steps ahead.
    """
    points = quantiles.shape[-1] == 1
    forecast = Forecast(
        ids=panel.ids,
        units=panel.units,
        cutoffs=panel.seconds[cutoffs],
        step_seconds=panel.step_seconds,
        point=quantiles[..., 0] if points else quantiles[..., LEVELS.index(0.5)],
        levels=() if points else LEVELS,
        quantiles=quantiles[..., :0] if points else quantiles,
    )
    return Backtest(
        panel=panel,
        test_start=int(cutoffs[0]) + 1,
        cutoffs=cutoffs,
        horizon=horizon,
        stride=horizon,
        truth=panel.target[:, cutoffs[:, None] + np.arange(1, horizon + 1)],
        yardstick=yardstick(panel, cutoffs, horizon=horizon),
        season=yardstick_season(panel, int(cutoffs[0])),
        outcomes=(Outcome(name, forecast, Training(), 0.0, 0.0, 0),),
        failures={},
    )


def scores_of(backtest: Backtest) -> dict[str, float]:
    """Score the one model of a backtest; ``answered`` is the share of known points that it forecast."""
    point = backtest.outcomes[0].forecast.point
    due = int(backtest.counted(np.zeros_like(point)).sum())
    scores = {name: value for name, value in asdict(score(backtest)[0]).items() if name in _SCORES}
    return {**scores, "answered": scores["points"] / due}


def hours_of(backtest: Backtest) -> dict[str, float]:
    """Give the share that the 80 % band of the one model covers, by four hours of the day; empty without bands."""
    return {
        one.group: one.coverage for one in band_rows(coverages(backtest), model=backtest.outcomes[0].name, kind="hours")
    }


def stored_quantiles(file: Path, panel: Panel, cutoffs: np.ndarray, *, horizon: int) -> np.ndarray:
    """Read the forecasts of one model back, in the shape that ``outcome_backtest`` takes."""
    table = pyarrow.parquet.read_table(file)
    row = {id: place for place, id in enumerate(panel.ids)}
    rows = np.array([row[id] for id in table["unique_id"].to_pylist()])
    seconds = table["cutoff"].cast("int64").to_numpy() // 10**9
    places = np.searchsorted(panel.seconds[cutoffs], seconds)
    if not np.array_equal(panel.seconds[cutoffs][places], seconds):
        raise SystemExit(f"{file} holds forecasts from other cutoffs than the set's")
    names = [quantile_name(level) for level in LEVELS]
    columns = names if table[names[0]].null_count < len(table) else ["y_hat"]
    quantiles = np.full((len(panel.series), len(cutoffs), horizon, len(columns)), np.nan)
    steps = table["step"].to_numpy() - 1
    for place, name in enumerate(columns):
        quantiles[rows, places, steps, place] = table[name].to_numpy()
    return quantiles


def make(folder: Path, panel: Panel, split: Split, *, most: int) -> None:
    """Write what a rival needs: ``values.npy`` of shape (series, time), NaN where unknown, and ``facts.json``."""
    np.save(folder / "values.npy", panel.target)
    facts: dict[str, Any] = {
        "ids": panel.ids,
        "start": panel.start,
        "step_seconds": panel.step_seconds,
        "horizon": split.horizon,
        "cutoffs": cutoffs_of(panel, split).tolist(),
        "sample": sample_rows(panel, most),
    }
    (folder / "facts.json").write_text(json.dumps(facts))


def judge(folder: Path, panel: Panel, split: Split, *, model: str, most: int) -> None:
    """Score ``forecasts.parquet``, written first of ``quantiles.npy`` where a rival left one: ``scores.json``.

    Both over all series and over the sample, which is all that the slowest rivals forecast; coverage by hours over all.
    """
    cutoffs, horizon = cutoffs_of(panel, split), split.horizon
    file = folder / "forecasts.parquet"
    if (made := folder / "quantiles.npy").exists():
        quantiles = np.load(made)
        table = forecasts_table(outcome_backtest(panel, cutoffs, quantiles, name=model, horizon=horizon))
        known = np.isfinite(table["y_hat"].to_numpy())  # a series that was left out has no rows
        pyarrow.parquet.write_table(table.filter(known), file, compression="zstd")
    else:
        quantiles = stored_quantiles(file, panel, cutoffs, horizon=horizon)
    sample = sample_rows(panel, most)
    parts = {"all": (panel, quantiles), "sample": (panel.select(sample), quantiles[sample])}
    tested = {
        part: outcome_backtest(shown, cutoffs, values, name=model, horizon=horizon)
        for part, (shown, values) in parts.items()
    }
    found: dict[str, Any] = {part: scores_of(one) for part, one in tested.items()}
    found["hours"] = hours_of(tested["all"])
    (folder / "scores.json").write_text(json.dumps({**found, "series": len(panel.series), "sampled": len(sample)}))


def main() -> None:
    parser = argparse.ArgumentParser(description="One phase of accuracy.py, which starts this.")
    parser.add_argument("phase", choices=["make", "judge"])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--set", choices=list(SETS), required=True)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--sample", type=int, required=True)
    parser.add_argument("--model", default="")
    given = parser.parse_args()
    split = SETS[given.set]
    panel = read_set(split, given.data)
    if given.phase == "make":
        make(given.folder, panel, split, most=given.sample)
    else:
        judge(given.folder, panel, split, model=given.model, most=given.sample)


if __name__ == "__main__":
    main()
