"""The published one-day-ahead protocol on one institution's daily bytes, over several seeds, with an interval."""

from __future__ import annotations

import argparse
import csv
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet

from measuring import data_folder, keep, markdown, nettide_command, run, versions

MODELS = ("naive", "auto", "base", "rnn", "lstm", "gru", "gru-fcn", "lstm-fcn")
PUBLISHED = {"published GRU-FCN": 0.11, "published LSTM": 0.18, "ridge on the window": 0.086}
"""Same file, protocol and unit; the networks as published, ridge as measured once on the same 24 days of context."""
_FILE = "cesnet_institution_daily.csv"
_PROTOCOL = ("--target", "n_bytes", "--horizon", "1", "--context", "24", "--test-size", "52")
_RESAMPLES = 10_000


def squared_errors(file: Path, seed: int, models: list[str]) -> dict[str, np.ndarray]:
    """Backtest once: model -> squared error of each test day in squares of the target's range, shape (day,)."""
    named = [part for name in models for part in ("--model", name)]
    with tempfile.TemporaryDirectory() as name:
        out = Path(name)
        run([nettide_command(), "backtest", file, *_PROTOCOL, *named, "--seed", str(seed), "--out", out])
        with (out / "leaderboard.csv").open() as lines:
            rows = {row["model"]: row for row in csv.DictReader(lines)}
        table = pyarrow.parquet.read_table(out / "forecasts.parquet", columns=["model", "ds", "y", "y_hat"])
    model = np.array(table["model"].to_pylist())
    order = np.argsort(table["ds"].to_numpy(), kind="stable")
    errors = (table["y"].to_numpy() - table["y_hat"].to_numpy())[order]
    found = {}
    for one, row in rows.items():
        value_range = float(row["rmse"]) / float(row["rmse_minmax"])
        found[one] = np.square(errors[model[order] == one] / value_range)
    return found


def interval(errors: np.ndarray, naive: np.ndarray, *, seed: int = 0) -> dict[str, float]:
    """Give the mean RMSE over seeds, its 95 % bootstrap interval over days, and how often it beats the naive forecast.

    Days are drawn with replacement, the same for all seeds and the naive forecast.

    Args:
        errors: squared errors, shape (seed, day).
        naive: those of the naive forecast, shape (day,).
        seed: of the resampling.
    """
    days = np.random.default_rng(seed).integers(errors.shape[1], size=(_RESAMPLES, errors.shape[1]))
    drawn = np.sqrt(errors[:, days].mean(-1)).mean(0)  # (resample,)
    low, high = np.quantile(drawn, [0.025, 0.975])
    by_seed = np.sqrt(errors.mean(1))
    return {
        "rmse_minmax": float(by_seed.mean()),
        "low": float(low),
        "high": float(high),
        "least": float(by_seed.min()),
        "most": float(by_seed.max()),
        "beats_naive": float((drawn < np.sqrt(naive[days].mean(-1))).mean()),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, help="folder of the real data; NETTIDE_DATA or ../shared/data if absent")
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2, 3, 4])
    parser.add_argument("--models", nargs="+", default=list(MODELS))
    parser.add_argument("--quick", action="store_true", help="one seed")
    given = parser.parse_args()
    seeds = given.seeds[:1] if given.quick else given.seeds
    models = given.models if "naive" in given.models else ["naive", *given.models]
    file = data_folder(given.data) / _FILE
    runs = [squared_errors(file, seed, models) for seed in seeds]
    naive = runs[0]["naive"]
    scores = {name: interval(np.stack([one[name] for one in runs]), naive) for name in models}
    rows: list[dict[str, Any]] = [
        {
            "model": name,
            "RMSE / range": f"{one['rmse_minmax']:.4f}",
            "95 % interval over days": f"{one['low']:.4f} ... {one['high']:.4f}",
            "least ... most of the seeds": "" if name == "naive" else f"{one['least']:.4f} ... {one['most']:.4f}",
            "better than naive in": "" if name == "naive" else f"{one['beats_naive']:.0%} of resamples",
        }
        for name, one in scores.items()
    ]
    rows += [{**dict.fromkeys(rows[0], ""), "model": name, "RMSE / range": str(one)} for name, one in PUBLISHED.items()]
    print(f"{len(naive)} test days, {len(seeds)} seeds\n")
    print(markdown(rows))
    document = {"seeds": seeds, "versions": versions("nettide", "torch"), "scores": scores, "summary": rows}
    keep("institution_quick" if given.quick else "institution", document)


if __name__ == "__main__":
    main()
