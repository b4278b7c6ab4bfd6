"""Backtest every model on the real data sets by the public command, and check its scores independently."""

from __future__ import annotations

import argparse
import ast
import csv
import math
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import mean
from typing import Any

from measuring import data_folder, keep, markdown, nettide_command, run, versions

MODELS = ("naive", "seasonal-naive", "similar-day", "window-mean", "rnn", "lstm", "gru", "gru-fcn", "lstm-fcn")
_UNTRAINED = ("base", "naive", "seasonal-naive", "similar-day", "window-mean")
PUBLISHED = ("gru-fcn.filters=128,256,128", "gru-fcn.convolve=steps")
AGREEMENT = 1e-6
_SAME = ("points", "mae", "rmse", "wape", "rel_mae", "rel_wql", "coverage_80")


@dataclass(frozen=True, slots=True)
class Split:
    """A data set and how it is read; the test part is its last fifth, the cutoffs one horizon apart.

    Args:
        file: in the data folder.
        horizon: steps ahead.
        reading: options of the command beside the file.
        scoring: options of the independent scorer.
        goal: most rel_mae and rel_wql wanted of lstm, gru and gru-fcn, where there is a goal.
    """

    file: str
    horizon: int
    reading: tuple[str, ...] = ()
    scoring: tuple[str, ...] = ()
    goal: tuple[float, float] | None = None


HOURLY = {
    "milan": Split("milan_cells_hourly.parquet", 24, goal=(0.75, 0.59)),
    "abilene": Split("abilene_nodes_5min.parquet", 24, ("--step", "1h"), goal=(0.65, 0.53)),
    "cesnet": Split("cesnet_ip_hourly.parquet", 24, ("--missing", "zero"), ("--missing", "zero"), goal=(0.59, 0.52)),
}
FINE = {
    "abilene-5min": Split("abilene_nodes_5min.parquet", 12, ("--step", "5min"), ("--step", "5min")),
    "isp-5min": Split("isp_eu_5min.parquet", 12, ("--step", "5min"), ("--step", "5min")),
}


def backtests(given: argparse.Namespace) -> Iterator[tuple[str, tuple[str, ...], tuple[str, ...], int]]:
    """Give what is run: label suffix, models, further options, seed; untrained models run with the first seed alone."""
    for place, seed in enumerate(given.seeds):
        models = tuple(name for name in given.models if not place or name not in _UNTRAINED)
        if models:
            yield "", models, (), seed
        if "gru-fcn" in given.models and not given.no_published:
            yield " 128-256-128", ("gru-fcn",), tuple(part for one in PUBLISHED for part in ("--set", one)), seed


def backtest(file: Path, split: Split, models: tuple[str, ...], options: list[str], out: Path) -> list[dict[str, Any]]:
    """Run one backtest and give the rows of its leaderboard, numbers as floats and empty cells as NaN."""
    named = [part for name in models for part in ("--model", name)]
    test = ["--horizon", str(split.horizon), "--test-fraction", "0.2"]
    run([nettide_command(), "backtest", file, *split.reading, *test, *named, *options, "--out", out])
    with (out / "leaderboard.csv").open() as lines:
        rows = list(csv.DictReader(lines))
    return [{name: value if name == "model" else float(value or "nan") for name, value in row.items()} for row in rows]


def independent(scorer: Path, file: Path, split: Split, out: Path) -> dict[str, dict[str, float]]:
    """Score the forecasts with the independent scorer: model -> score -> value."""
    done = run([sys.executable, scorer, file, out / "forecasts.parquet", *split.scoring])
    found = {}
    for line in done.output.splitlines():
        model, _, scores = line.partition(" ")
        found[model] = ast.literal_eval(scores)
    return found


def largest_difference(rows: list[dict[str, Any]], scored: dict[str, dict[str, float]]) -> float:
    """Give the largest difference between both scorers, relative where a score is above one.

    The other scorer rounds to six decimals, so that up to half a millionth is rounding alone.
    """
    largest = 0.0
    for row in rows:
        for name in _SAME:
            other = scored[row["model"]].get(name)
            if other is None and math.isnan(row[name]):
                continue
            difference = math.inf if other is None else abs(row[name] - other) / max(1.0, abs(other))
            largest = max(largest, difference)
    return largest


def averaged(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Average the rows of one model over seeds; the spread is that of rel_mae."""
    numbers = [name for name in rows[0] if name not in ("model", "seed", "set")]
    spread = max(row["rel_mae"] for row in rows) - min(row["rel_mae"] for row in rows)
    return {name: mean(row[name] for row in rows) for name in numbers} | {"seeds": len(rows), "spread": spread}


def shown(label: str, model: str, row: dict[str, Any], split: Split) -> dict[str, str]:
    """Give a row of the printed table."""
    goal = ""
    if split.goal and model.split(maxsplit=1)[0] in ("lstm", "gru", "gru-fcn"):
        met = row["rel_mae"] <= split.goal[0] and row["rel_wql"] <= split.goal[1] and 0.74 <= row["coverage_80"] <= 0.84
        goal = f"{split.goal[0]}/{split.goal[1]}: {'holds' if met else 'MISSES'}"
    return {
        "data": label,
        "model": model,
        "relMAE": f"{row['rel_mae']:.4f}",
        "relWQL": _number(row["rel_wql"], 4),
        "coverage": _number(row["coverage_80"], 3),
        "fit s": f"{row['fit_seconds']:.1f}",
        "forecast s": f"{row['predict_seconds']:.1f}",
        "parameters": f"{row['parameters']:,.0f}",
        "spread of seeds": f"{row['spread']:.4f}" if row["seeds"] > 1 else "",
        "goal": goal,
    }


def _number(value: float, digits: int) -> str:
    return "" if math.isnan(value) else f"{value:.{digits}f}"


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, help="folder of the real data; NETTIDE_DATA or ../shared/data if absent")
    parser.add_argument("--sets", nargs="+", choices=[*HOURLY, *FINE], help="which sets; the hourly ones if absent")
    parser.add_argument("--all", action="store_true", help="the data sets at their native 5 minutes, too")
    parser.add_argument("--models", nargs="+", default=list(MODELS))
    parser.add_argument("--seeds", nargs="+", type=int, default=[0])
    parser.add_argument("--no-published", action="store_true", help="leave out gru-fcn with the published filters")
    parser.add_argument("--scorer", type=Path, help="score.py; DATA/../score.py if absent")
    parser.add_argument(
        "--set", dest="options", nargs="+", default=[], metavar="KEY=VALUE", help="options of the models"
    )
    parser.add_argument("--quick", action="store_true", help="one epoch on one set; the figures mean nothing")
    given = parser.parse_args()
    given.sets = given.sets or [*HOURLY, *(FINE if given.all else ())]
    given.name = "splits"
    if given.quick:
        given.sets, given.options, given.name = given.sets[:1], ["epochs=1", "windows_per_epoch=2560"], "splits_quick"
    return given


def main() -> None:
    given = arguments()
    data = data_folder(given.data)
    scorer = given.scorer or data.parent / "score.py"
    found: dict[str, dict[str, list[dict[str, Any]]]] = {}
    differences: dict[str, float] = {}
    for label in given.sets:
        split = (HOURLY | FINE)[label]
        by_model = found.setdefault(label, {})
        for suffix, models, extra, seed in backtests(given):
            texts = [part for one in given.options for part in ("--set", one)]
            with tempfile.TemporaryDirectory() as name:
                out = Path(name)
                rows = backtest(data / split.file, split, models, [*texts, *extra, "--seed", str(seed)], out)
                if scorer.exists():
                    scored = independent(scorer, data / split.file, split, out)
                    differences[f"{label}{suffix} seed {seed}"] = largest_difference(rows, scored)
            for row in rows:
                by_model.setdefault(row["model"] + suffix, []).append({**row, "seed": seed})
                print(f"{label} {row['model']}{suffix} seed {seed}: {row['rel_mae']:.4f}", file=sys.stderr)
    table = [
        shown(label, model, averaged(rows), (HOURLY | FINE)[label])
        for label, by_model in found.items()
        for model, rows in by_model.items()
    ]
    print(markdown(table))
    if differences:
        largest = max(differences.values())
        agrees = "holds" if largest <= AGREEMENT else "MISSES"
        print(f"\nlargest difference from {scorer.name}: {largest:.2g}, at most {AGREEMENT:g}: {agrees}")
    else:
        print(f"\nnot compared with an independent scorer: {scorer} does not exist")
    keep(
        given.name,
        {
            "seeds": given.seeds,
            "options": given.options,
            "versions": versions("nettide", "torch"),
            "rows": found,
            "differences": differences,
            "summary": table,
        },
    )


if __name__ == "__main__":
    main()
