"""Search for anomalies in labelled series, and in real traffic with planted ones, beside two baselines."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

import numpy as np

from measuring import data_folder, keep, markdown, versions
from nettide.insight.anomalies import find_anomalies, usual_reach, warm_steps
from nettide.insight.anomalies_baselines import BASELINES, flags_of_baseline
from nettide.insight.anomalies_incidents import join_steps
from nettide.insight.anomalies_scores import LabelScore, judged_points, score_flags
from nettide.models import make_model
from nettide.panel import Panel
from nettide.prepare.grid import GridChoice
from nettide.sources.contract import Layout
from nettide.tasks.anomalies_labels import take_labels
from nettide.tasks.load import Reading, load

FIGURES = ("precision", "recall", "f1", "point_precision", "point_recall", "point_f1")
PLANTED = {
    "milan hourly": ("milan_cells_hourly.parquet", 3600, slice(0, 200, 8)),
    "abilene hourly": ("abilene_nodes_5min.parquet", 3600, slice(0, 12)),
    "isp 5 min": ("isp_eu_5min.parquet", 300, slice(0, 1)),
}
DAYS, FIRST_DAY, A_SERIES = 60, 8, 6


@dataclass(frozen=True, slots=True)
class Labelled:
    """Data whose anomalies are known.

    Args:
        name: as shown.
        panel: the traffic.
        marks: where it is odd, shape (series, time).
        first: first step that is scored.
        each: whether every series is shown.
    """

    name: str
    panel: Panel
    marks: np.ndarray
    first: int
    each: bool


def labelled_sets(given: argparse.Namespace) -> Iterator[Labelled]:
    folder = data_folder(given.data)
    if "nab" in given.sets:
        reading = Reading(layout=Layout(target="y"), grid=GridChoice(step_seconds=300))
        panel, _ = load(str(folder / "nab_aws_network_5min.parquet"), reading)
        panel, marks, _ = take_labels(panel, "anomaly_window", zone=None)
        yield Labelled("nab", panel.only_target(), marks, 0, each=True)
    for name, (file, step, rows) in PLANTED.items():
        if "planted" in given.sets:
            panel, _ = load(str(folder / file), Reading(grid=GridChoice(step_seconds=step)))
            chosen = panel.select(range(len(panel.series))[rows]).only_target()
            day = 86_400 // step
            panel, marks = planted(chosen.until(DAYS * day), seed=given.seed)
            yield Labelled(f"planted in {name}", panel, marks, FIRST_DAY * day, each=False)


def planted(panel: Panel, *, seed: int) -> tuple[Panel, np.ndarray]:
    """Plant spikes, surges, dips and outages, six a series, where the traffic is known.

    A spike of one or two steps is 1.5 to 4 times the traffic, a surge of 2 to 6 hours 1.3 to 2.5 times, a dip as
    long has 0.3 to 0.75 of it, an outage of 2 to 5 hours nothing.
    """
    random = np.random.default_rng(seed)
    values, marks = panel.values.copy(), np.zeros(panel.target.shape, dtype=bool)
    day = panel.steps_per(86_400)
    edges = np.linspace(FIRST_DAY * day, panel.steps - day, A_SERIES + 1).astype(int)
    for row in range(len(panel.series)):
        for start, end in pairwise(edges.tolist()):
            lengths = (
                random.integers(1, 3),
                *random.integers(day // 12, day // 4, 2),
                random.integers(day // 12, day // 5),
            )
            factors = (random.uniform(1.5, 4.0), random.uniform(1.3, 2.5), random.uniform(0.3, 0.75), 0.0)
            kind = random.integers(4)
            place = random.integers(start, end - day // 2)
            part = slice(place, place + lengths[kind])
            if np.isfinite(values[row, part, 0]).all() and (values[row, part, 0] > 0).all():
                values[row, part, 0] *= factors[kind]
                marks[row, part] = True
    return replace(panel, values=values), marks


def flags(data: Labelled, model: str) -> dict[str, np.ndarray]:
    started = time.perf_counter()
    fitted = make_model(model, horizon=usual_reach(data.panel.step_seconds))
    fitted.fit(data.panel)
    found = {f"nettide, {model}": find_anomalies(fitted, data.panel).points.flag}
    print(f"{data.name}: searched with {model} in {time.perf_counter() - started:.1f} s", file=sys.stderr)
    return found


def shown(name: str, series: str, method: str, score: LabelScore) -> dict[str, str]:
    row = {"data": name, "series": series, "method": method}
    row |= {"windows": f"{score.windows_found} of {score.windows}", "alarms": f"{score.alarms_right} of {score.alarms}"}
    figures = {one: getattr(score, one) for one in FIGURES}
    return row | {one.replace("_", " "): "–" if np.isnan(value) else f"{value:.2f}" for one, value in figures.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, help="folder of the real data; NETTIDE_DATA or ../shared/data if absent")
    parser.add_argument("--sets", nargs="+", choices=("nab", "planted"), default=["nab", "planted"])
    parser.add_argument("--models", nargs="+", default=["base"], help="of the table of models")
    parser.add_argument("--seed", type=int, default=1, help="of what is planted")
    parser.add_argument("--quick", action="store_true", help="the small labelled series alone")
    given = parser.parse_args()
    if given.quick:
        given.sets = ["nab"]
    table = []
    for data in labelled_sets(given):
        found: dict[str, np.ndarray] = {}
        for model in given.models:
            found |= flags(data, model)
        found |= {name: flags_of_baseline(name, data.panel) for name in BASELINES}
        judged = judged_points(data.panel.target, warm=warm_steps(data.panel))
        judged[:, : data.first] = False
        join = join_steps(data.panel.step_seconds)
        totals = dict.fromkeys(found, LabelScore())
        for row, series in enumerate(data.panel.ids):
            for method, flag in found.items():
                score = score_flags(flag[row], data.marks[row], judged[row], join=join)
                totals[method] += score
                if data.each:
                    table.append(shown(data.name, series, method, score))
        table += [shown(data.name, "all", method, score) for method, score in totals.items()]
    print(markdown(table))
    keep("anomalies", {"seed": given.seed, "versions": versions("nettide", "torch"), "rows": table})


if __name__ == "__main__":
    main()
