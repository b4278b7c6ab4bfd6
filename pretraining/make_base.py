"""Make the pretrained weights: train on diverse made traffic and, where the data is at hand, on CESNET's.

Example: python pretraining/make_base.py --data DATA --out src/nettide/models/pretrained

Seeded: the same options, versions and machine give the same weights. About a quarter of an hour on two cores.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import math
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import repeat
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import safetensors.torch
import torch

import nettide
from nettide.arrays import Ints
from nettide.forecast import LEVELS
from nettide.models.denormals import denormals_flushed
from nettide.models.pretrained.histories import Histories
from nettide.models.pretrained.model import pinball_loss
from nettide.models.pretrained.network import MultiscaleNetwork, NetworkShape
from nettide.models.windows import WindowRanges, window_ranges
from nettide.panel import Channel, Panel
from nettide.prepare.grid import GridChoice
from nettide.prepare.periods import nominal_periods
from nettide.synthetic.diverse import diverse_panel
from nettide.tasks.load import Reading, load

MOST_HORIZON, BATCH, BATCHES_A_PANEL = 336, 256, 8
DAY_STEPS = {288: 0.15, 96: 0.07, 48: 0.05, 24: 0.55, 12: 0.05, 4: 0.03, 1: 0.10}
"""Steps a day -> share of the made panels."""
CESNET_SHARE, CESNET_PART = 0.08, 0.7
CESNET = "cesnet_ip_hourly.parquet"
CESNET_STEPS = (3600, 7200, 21_600, 86_400)
ATTRIBUTION = (
    "CESNET-TimeSeries24, Koumar et al., Scientific Data 12:338, 2025, doi 10.5281/zenodo.13382427, CC BY 4.0: the "
    "first 70 % of the hourly traffic of 148 addresses"
)


@dataclass(frozen=True, slots=True, eq=False)
class Source:
    """A panel to learn from.

    Args:
        histories: of the panel.
        day: steps a day.
        ranges: where its cutoffs may lie.
    """

    histories: Histories
    day: int
    ranges: WindowRanges


def source_of(panel: Panel, generator: np.random.Generator) -> Source | None:
    """Make a panel ready; None where it holds no cutoff. Some windows begin after a day, most after a week."""
    histories = Histories(panel, horizon=MOST_HORIZON, periods=nominal_periods(panel))
    known = ~np.isnan(panel.target)
    last = np.where(known.any(axis=1), panel.steps - 2 - known[:, ::-1].argmax(axis=1), -1)
    day = panel.steps_per(86_400)
    before = day if generator.random() < 0.3 else min(histories.context, panel.steps // 3)
    ranges = window_ranges(histories.first + before - 1, last)
    return Source(histories, day, ranges) if ranges.count else None


def made_panel(generator: np.random.Generator) -> Panel:
    """Draw a panel of a step between 5 minutes and a day."""
    day = int(generator.choice(list(DAY_STEPS), p=list(DAY_STEPS.values())))
    if day == 1:
        return diverse_panel(generator, series=64, days=int(generator.integers(60, 500)), day_steps=1)
    series, days = ((1, 4, 24, 32), (21, 84)) if day <= 24 else ((1, 8, 16), (15, 40))
    return diverse_panel(
        generator, series=int(generator.choice(series)), days=int(generator.integers(*days)), day_steps=day
    )


def target_steps(generator: np.random.Generator, day: int) -> torch.Tensor:
    """Draw how far ahead a batch is asked: hours to a week, at most 24 steps of it, shape (horizon,)."""
    drawn = generator.random()
    if day >= 48:
        horizon = max(2, day // 24) if drawn < 0.5 else day if drawn < 0.85 else 7 * day
    elif day >= 4:
        horizon = day if drawn < 0.7 else 2 * day if drawn < 0.85 else 7 * day
    else:
        horizon = 1 if drawn < 0.2 else 7 if drawn < 0.6 else 28
    horizon = min(horizon, MOST_HORIZON)
    if horizon <= 24:
        return torch.arange(1, horizon + 1)
    return torch.from_numpy(np.sort(generator.choice(np.arange(1, horizon + 1), 24, replace=False)))


def cesnet_sources(folder: Path, generator: np.random.Generator) -> Iterator[Source]:
    """Give the first part of CESNET's traffic in several steps; flows and packets by the hour, too."""
    for step in CESNET_STEPS:
        panel, _ = load(str(folder / CESNET), Reading(grid=GridChoice(missing="zero", step_seconds=step)))
        panel = panel.until(round(CESNET_PART * panel.steps))
        for channel in range(3) if step == CESNET_STEPS[0] else range(1):
            values = np.ascontiguousarray(panel.values[:, :, channel : channel + 1])
            if source := source_of(replace(panel, values=values, channels=(Channel("y"),)), generator):
                yield source


def sources(given: argparse.Namespace, generator: np.random.Generator) -> Iterator[Source]:
    """Give panels to learn from, without end."""
    real = list(cesnet_sources(given.data, generator)) if given.data else []
    while True:
        if real and generator.random() < CESNET_SHARE:
            yield real[generator.integers(len(real))]
        elif made := source_of(made_panel(generator), generator):
            yield made


def drawn_pairs(source: Source, generator: np.random.Generator) -> tuple[torch.Tensor, torch.Tensor]:
    numbers: Ints = generator.integers(source.ranges.count, size=BATCH)
    return source.ranges.pairs(torch.from_numpy(numbers))


def train(given: argparse.Namespace, seed: int) -> MultiscaleNetwork:
    """Train a network and give it with averaged weights."""
    generator = np.random.default_rng(seed)
    torch.manual_seed(seed)
    network = MultiscaleNetwork(NetworkShape(given.hidden, given.head, dropout=given.dropout))
    optimizer = torch.optim.AdamW(network.parameters(), lr=given.learning_rate, weight_decay=1e-4, fused=True)
    averaged = {name: value.clone() for name, value in network.state_dict().items()}
    levels, loss_of_late, started = torch.tensor(LEVELS), math.nan, time.perf_counter()
    batch = 0
    for source in sources(given, generator):
        for _ in range(BATCHES_A_PANEL):
            rate = (
                given.learning_rate * min(1, (batch + 1) / 200) * 0.5 * (1 + math.cos(math.pi * batch / given.batches))
            )
            for group in optimizer.param_groups:
                group["lr"] = rate
            network.train()
            history = source.histories.batch(*drawn_pairs(source, generator), target_steps(generator, source.day))
            quantiles, scale = network(history)
            total, known = pinball_loss(quantiles, scale.apply(history.truth), levels, weigh=False)
            if not known:
                continue
            loss = total / known
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimizer.step()
            keep = min(0.998, batch / (batch + 10))
            for name, value in network.state_dict().items():
                averaged[name].lerp_(value, 1 - keep)
            loss_of_late = loss.item() if math.isnan(loss_of_late) else 0.99 * loss_of_late + 0.01 * loss.item()
            batch += 1
            if batch % 500 == 0:
                passed = time.perf_counter() - started
                left = passed / batch * (given.batches - batch)
                print(
                    f"seed {seed}, batch {batch}/{given.batches}: loss {loss_of_late:.4f}, {left:.0f} s left",
                    file=sys.stderr,
                    flush=True,
                )
            if batch >= given.batches:
                network.load_state_dict(averaged)
                return network.eval()
    raise AssertionError("sources never end")


def trained_weights(given: argparse.Namespace, seed: int) -> dict[str, np.ndarray]:
    """Train on one thread, so that members come out alike however many train at once."""
    torch.set_num_threads(1)
    with denormals_flushed():
        return {name: value.numpy() for name, value in train(given, seed).state_dict().items()}


def write(members: list[dict[str, np.ndarray]], given: argparse.Namespace, seconds: float) -> None:
    """Write the weights, members side by side, and their card."""
    states = [{name: torch.from_numpy(value) for name, value in one.items()} for one in members]
    content = safetensors.torch.save({name: torch.cat([one[name] for one in states]) for name in states[0]})
    card = {
        "name": "base",
        "hidden": given.hidden,
        "head": given.head,
        "parameters": sum(value.size for one in members for value in one.values()),
        "sha256": hashlib.sha256(content).hexdigest(),
        "made": datetime.now(UTC).strftime("%Y-%m-%d"),
        "seconds": round(seconds),
        "batches": given.batches,
        "seeds": list(range(given.seed, given.seed + given.members)),
        "data": ["diverse made traffic (nettide.synthetic.diverse)", *([ATTRIBUTION] if given.data else [])],
        "versions": {"nettide": nettide.__version__, "torch": torch.__version__, "numpy": np.__version__},
    }
    given.out.mkdir(parents=True, exist_ok=True)
    (given.out / "base.safetensors").write_bytes(content)
    (given.out / "base.json").write_text(json.dumps(card, indent=1) + "\n")
    print(f"wrote {given.out / 'base.safetensors'}: {len(content):,} bytes, {card['parameters']:,} weights")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, help=f"folder that holds {CESNET}; made traffic alone if absent")
    parser.add_argument("--out", type=Path, required=True, help="folder for base.safetensors and base.json")
    parser.add_argument("--batches", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--members", type=int, default=2, help="networks, each of a seed of its own; they are averaged")
    parser.add_argument("--jobs", type=int, default=2, help="networks that train at once, each on a core of its own")
    parser.add_argument("--hidden", type=int, default=128)
    parser.add_argument("--head", type=int, default=128)
    parser.add_argument("--dropout", type=float, default=0.05)
    parser.add_argument("--learning-rate", type=float, default=3e-3)
    given = parser.parse_args()
    started = time.perf_counter()
    seeds = range(given.seed, given.seed + given.members)
    if given.jobs == 1:
        trained = [trained_weights(given, seed) for seed in seeds]
    else:
        with ProcessPoolExecutor(given.jobs, mp_context=get_context("spawn")) as pool:
            trained = list(pool.map(trained_weights, repeat(given), seeds))
    write(trained, given, time.perf_counter() - started)


if __name__ == "__main__":
    main()
