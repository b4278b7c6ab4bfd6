"""Training throughput, loss and memory of nettide's LSTM and GRU against neuralforecast's and darts', in turn."""

from __future__ import annotations

import argparse
import itertools
import json
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from measuring import ROOT, keep, machine, markdown, skip, thread_environment, versions
from nettide.metrics import geometric_mean, pinball_losses
from nettide.synthetic.config import SynthConfig
from nettide.synthetic.traffic import generate
from rivals import rival_python, rival_versions

CONTEXT, HORIZON, HIDDEN, BATCH, CHANNELS = 168, 24, 64, 256, 12
LEVELS = tuple(tenth / 10 for tenth in range(1, 10))
WEEK = 168
GOALS = {"rival": 8.0, "darts": 4.0}
"""Least throughput of our default wanted, in units of a rival's."""
_RIVAL = "neuralforecast"


@dataclass(frozen=True, slots=True)
class Contender:
    """A library with settings.

    Args:
        name: as shown.
        library: nettide, neuralforecast or darts.
        short: batches of its short fits.
        options: what differs from its defaults beside what all have alike.
    """

    name: str
    library: str
    short: int
    options: dict[str, Any] = field(default_factory=dict)


CONTENDERS = {
    "rival": Contender("neuralforecast, default (2 layers)", _RIVAL, 2),
    "darts": Contender("darts, BlockRNNModel, default (1 layer)", "darts", 2),
    "default": Contender("nettide, default (patches of 24 steps)", "nettide", 50),
    "rival-1": Contender("neuralforecast, 1 layer", _RIVAL, 2, {"encoder_n_layers": 1}),
    "steps": Contender("nettide, single steps", "nettide", 10, {"patch": 1}),
    "bfloat16": Contender("nettide, single steps, bfloat16", "nettide", 10, {"patch": 1, "precision": "bfloat16"}),
    "steps-2": Contender("nettide, single steps, 2 layers", "nettide", 10, {"patch": 1, "layers": 2}),
}


@dataclass(frozen=True, slots=True)
class Traffic:
    """The data both sides train on.

    Args:
        file: values, shape (series, time, channel), as NumPy keeps them.
        train_steps: steps before the held-out part.
        cutoffs: one a day through the held-out part; the first is the last training step.
    """

    file: Path
    train_steps: int
    cutoffs: list[int]


def make_traffic(folder: Path, *, series: int, weeks: int, held_out_weeks: int) -> Traffic:
    """Make seeded synthetic links: throughput and eleven further parameters, hourly."""
    train_steps, steps = weeks * WEEK, (weeks + held_out_weeks) * WEEK
    made = generate(SynthConfig(series=series, points=steps, parameters=CHANNELS, seed=7))
    np.save(folder / "traffic.npy", made.panel.values)
    return Traffic(folder / "traffic.npy", train_steps, list(range(train_steps - 1, steps - HORIZON, 24)))


def measure(contender: Contender, task: dict[str, Any], *, folder: Path, given: argparse.Namespace) -> dict[str, Any]:
    """Run one task in a fresh process of the contender's own environment."""
    python = Path(sys.executable) if contender.library == "nettide" else rival_python(contender.library)
    assert python is not None
    script = ROOT / "benchmarks" / f"speed_{contender.library}.py"
    everything = {
        "threads": given.threads,
        "batch_size": BATCH,
        "hidden": HIDDEN,
        "context": CONTEXT,
        "horizon": HORIZON,
        "seed": 0,
        "options": contender.options,
        **task,
    }
    result = folder / "result.json"
    result.unlink(missing_ok=True)
    process = subprocess.run(
        [python, script, json.dumps(everything), result],
        env=thread_environment(given.threads, passive=given.passive),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    if process.returncode:
        sys.exit(f"{contender.name} failed:\n{process.stderr[-4000:]}")
    return json.loads(result.read_text())


def losses(values: np.ndarray, quantiles: np.ndarray, traffic: Traffic) -> dict[str, float]:
    """Score held-out forecasts of either library in one unit.

    Args:
        values: shape (series, time, channel).
        quantiles: shape (series, cutoff, horizon, level).
        traffic: says where the cutoffs are.

    Returns:
        ``loss``: pinball loss, mean over levels, in units of each series' mean traffic before the held-out part, mean
        over all points. ``rel_mae``, ``rel_wql``: in units of the weekly naive forecast's, geometric mean over series.
    """
    target = values[:, :, 0]
    place = np.array(traffic.cutoffs)[:, None] + np.arange(1, HORIZON + 1)
    truth, naive = target[:, place], target[:, place - WEEK]
    level = target[:, : traffic.train_steps].mean(1)[:, None, None]
    pinball = np.mean([pinball_losses(truth, quantiles[..., k], level=one) for k, one in enumerate(LEVELS)], axis=0)
    naive_error = np.abs(truth - naive).mean((1, 2))
    error = np.abs(truth - quantiles[..., LEVELS.index(0.5)]).mean((1, 2))
    return {
        "loss": float((pinball / level).mean()),
        "rel_mae": geometric_mean(error / naive_error),
        "rel_wql": geometric_mean(2 * pinball.mean((1, 2)) / naive_error),
    }


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, epilog="Install the rival first: python benchmarks/rivals.py")
    parser.add_argument("--cells", nargs="+", choices=["lstm", "gru"], default=["lstm", "gru"])
    parser.add_argument("--contenders", nargs="+", choices=list(CONTENDERS), default=list(CONTENDERS))
    parser.add_argument(
        "--rounds", type=int, default=3, help="alternating measurements of each contender; 0 skips them"
    )
    parser.add_argument("--seconds", type=float, default=6.0, help="about how long a measurement lasts")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--passive", action="store_true", help="let waiting threads sleep on both sides: busy machines")
    parser.add_argument("--series", type=int, default=64)
    parser.add_argument("--weeks", type=int, default=8, help="of training data")
    parser.add_argument("--held-out-weeks", type=int, default=2)
    parser.add_argument("--batches", type=int, default=1000, help="of the training whose loss is compared; 0 skips it")
    parser.add_argument("--name", default="training_speed", help="of the result in benchmarks/results")
    parser.add_argument("--quick", action="store_true", help="see that everything runs; the figures mean nothing")
    given = parser.parse_args()
    if given.quick:
        given.rounds, given.seconds, given.series, given.batches = 1, 0.3, 8, 10
        given.name += "_quick"
    if given.batches % 5:
        parser.error("--batches must be a multiple of 5")
    return given


def run_rounds(given: argparse.Namespace, traffic: Traffic, folder: Path) -> dict[str, dict[str, list[dict[str, Any]]]]:
    """Measure throughput: all contenders in turn, and that several times. Gives cell -> contender -> measurements."""
    found: dict[str, dict[str, list[dict[str, Any]]]] = {
        cell: {key: [] for key in given.contenders} for cell in given.cells
    }
    for turn in range(given.rounds):
        for cell in given.cells:
            for key in given.contenders:
                one = CONTENDERS[key]
                task = {
                    "what": "throughput",
                    "cell": cell,
                    "data": str(traffic.file),
                    "train_steps": traffic.train_steps,
                    "seconds": given.seconds,
                    "short": one.short,
                }
                result = measure(one, task, folder=folder, given=given)
                found[cell][key].append({**result, "load": os.getloadavg()[0]})
                rate = result["windows_per_second"]
                print(f"round {turn + 1} {cell:5} {one.name:40} {rate:9,.0f} windows/s", file=sys.stderr)
    return found


def run_trainings(given: argparse.Namespace, traffic: Traffic, folder: Path) -> dict[str, dict[str, dict[str, Any]]]:
    """Train each contender on equally many windows and score its held-out forecasts."""
    values = np.load(traffic.file)
    found: dict[str, dict[str, dict[str, Any]]] = {cell: {} for cell in given.cells}
    for cell in given.cells:
        for key in given.contenders:
            task = {
                "what": "training",
                "cell": cell,
                "data": str(traffic.file),
                "train_steps": traffic.train_steps,
                "batches": given.batches,
                "cutoffs": traffic.cutoffs,
                "out": str(folder / "quantiles.npy"),
            }
            result = measure(CONTENDERS[key], task, folder=folder, given=given)
            scores = losses(values, np.load(folder / "quantiles.npy"), traffic)
            found[cell][key] = {**result, **scores}
            name, seconds, loss = CONTENDERS[key].name, result["fit_seconds"], scores["loss"]
            print(f"trained {cell:5} {name:40} {seconds:7.1f} s, held-out loss {loss:.5f}", file=sys.stderr)
    return found


def ratios_of(measured: list[dict[str, Any]], rival: list[dict[str, Any]], what: str) -> list[float]:
    """Give the ratio to the rival in each round."""
    return [one[what] / other[what] for one, other in zip(measured, rival, strict=False)]


def summary(given: argparse.Namespace, speeds: dict[str, Any], trained: dict[str, Any]) -> list[dict[str, Any]]:
    """Give a row a cell and contender: medians over the rounds, ratios taken within each round."""
    rows = []
    for cell in given.cells:
        for key in given.contenders:
            measured = speeds[cell][key]
            rival = speeds[cell].get("rival", [])
            ratios = ratios_of(measured, rival, "windows_per_second")
            darts = ratios_of(measured, speeds[cell].get("darts", []), "windows_per_second")
            by_processor = ratios_of(measured, rival, "windows_per_processor_second")
            row: dict[str, Any] = {"cell": cell, "contender": CONTENDERS[key].name}
            if measured:
                row |= {
                    "windows/s": f"{median(one['windows_per_second'] for one in measured):,.0f}",
                    "times neuralforecast": f"{median(ratios):.1f}" if ratios else "",
                    "least ... most": f"{min(ratios):.1f} ... {max(ratios):.1f}" if ratios else "",
                    "by processor time": f"{median(by_processor):.1f}" if by_processor else "",
                    "times darts": f"{median(darts):.1f}" if darts else "",
                    "peak MB": f"{median(one['peak_mb'] for one in measured):,.0f}",
                }
            if result := trained.get(cell, {}).get(key):
                row |= {
                    f"fit of {given.batches:,} batches, s": f"{result['fit_seconds']:.1f}",
                    "held-out loss": f"{result['loss']:.5f}",
                    "relMAE": f"{result['rel_mae']:.3f}",
                    "relWQL": f"{result['rel_wql']:.3f}",
                }
            rows.append(row)
    return rows


def verdict(given: argparse.Namespace, speeds: dict[str, Any], trained: dict[str, Any]) -> list[str]:
    """Say for each cell and rival whether the default is fast enough and loses nothing."""
    said = []
    for cell, (key, goal) in itertools.product(given.cells, GOALS.items()):
        if not {key, "default"} <= speeds[cell].keys():
            continue
        name = CONTENDERS[key].library
        if ratios := ratios_of(speeds[cell]["default"], speeds[cell][key], "windows_per_second"):
            outcome = "holds" if median(ratios) >= goal else "MISSES"
            said.append(f"{cell}: {median(ratios):.1f} times the throughput of {name}, at least {goal:g}: {outcome}")
        if trained:
            ours, theirs = (trained[cell][one]["loss"] for one in ("default", key))
            outcome = "holds" if ours <= theirs else "MISSES"
            said.append(f"{cell}: held-out loss {ours:.5f} against {theirs:.5f} of {name}: {outcome}")
    return said


def main() -> None:
    given = arguments()
    rivals = {CONTENDERS[key].library for key in given.contenders} - {"nettide"}
    absent = {name for name in rivals if rival_python(name) is None}
    if rivals and absent == rivals:
        skip(f"{' and '.join(sorted(absent))} not installed; run: python benchmarks/rivals.py")
    for name in sorted(absent):
        print(f"left out: {name} is not installed; run: python benchmarks/rivals.py {name}", file=sys.stderr)
    given.contenders = [key for key in given.contenders if CONTENDERS[key].library not in absent]
    before = machine()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        traffic = make_traffic(folder, series=given.series, weeks=given.weeks, held_out_weeks=given.held_out_weeks)
        speeds = run_rounds(given, traffic, folder)
        trained = run_trainings(given, traffic, folder) if given.batches else {}
    rows, said = summary(given, speeds, trained), verdict(given, speeds, trained)
    how = "that sleep while they wait" if given.passive else "that spin while they wait"
    print(
        f"context {CONTEXT}, horizon {HORIZON}, hidden {HIDDEN}, {BATCH} windows a batch, {CHANNELS} channels, "
        f"{given.series} series x {given.weeks} weeks, {given.threads} threads {how}, "
        f"medians of {given.rounds} rounds\n"
    )
    print(markdown(rows), *said, sep="\n")
    settings = {name: str(value) for name, value in vars(given).items()}
    installed = {
        "nettide": versions("nettide", "torch", "numpy"),
        **{name: rival_versions(name) for name in sorted(rivals - absent)},
    }
    keep(
        given.name,
        {
            "settings": settings,
            "versions": installed,
            "busy_before": before["load"],
            "throughput": speeds,
            "training": trained,
            "summary": rows,
            "verdict": said,
        },
    )


if __name__ == "__main__":
    main()
