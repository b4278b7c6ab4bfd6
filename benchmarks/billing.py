"""The end of a month's 95th percentile, forecast early, in the middle and late, against what is usually looked at.

``python benchmarks/billing.py`` takes made links of five-minute samples (growth, week, events, outages), and with real
data the Abilene nodes too; ``--quick`` shows in seconds that it runs. Rivals are the percentile of the month so far,
and that of the month before.

    error    mean distance from the true percentile, as a share of it; smaller is better
    inside   share of the months whose truth lies between P10 and P90: 80 % is right
    Brier    of "above the commit", a commit 3 % above the month before; smaller is better, the rivals say yes or no
"""

from __future__ import annotations

import argparse
import json
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np

from measuring import data_folder
from nettide.insight.billing import Tariff, billed_links, months
from nettide.insight.billing_forecast import month_end
from nettide.panel import Panel
from nettide.synthetic.config import SynthConfig
from nettide.synthetic.traffic import generate

_START = 1_767_225_600  # 2026-01-01
_DAYS_PASSED = (3, 10, 20)
_LEAST_KNOWN = 0.9
_ABOVE = 1.03


def made(series: int) -> Panel:
    config = SynthConfig(series=series, points=151 * 288, step_seconds=300, start=_START, trend=0.5, noise=0.2,
                         events_per_month=2.0, shifts=0, gaps=0.01, seed=7)  # fmt: skip
    return generate(config).panel


def abilene(folder: Path) -> Panel:
    from nettide.prepare.grid import GridChoice
    from nettide.tasks.load import Reading, load

    panel, _ = load(str(folder / "abilene_nodes_5min.parquet"), Reading(grid=GridChoice(step_seconds=300)))
    return panel.only_target()


def measured(panel: Panel) -> dict[int, dict[str, list[float]]]:
    """Forecast every month of every series from several days of it."""
    found: dict[int, dict[str, list[float]]] = {
        passed: {name: [] for name in ("truth", "p10", "p50", "p90", "over", "so far", "before")}
        for passed in _DAYS_PASSED
    }
    step = panel.step_seconds
    for link in billed_links(panel, "max"):
        whole = months(link, "max", start=panel.start, step_seconds=step)
        for before, month in pairwise(whole):
            if not (month.complete and month.known > _LEAST_KNOWN and before.known > _LEAST_KNOWN and month.billed > 0):
                continue
            begin = int(np.datetime64(month.first, "s").astype(np.int64))
            for passed in _DAYS_PASSED:
                end = (begin + passed * 86400 - panel.start) // step
                seen = replace(link, samples=link.samples[:, :end])
                tariff = Tariff(_ABOVE * before.billed)
                made_now = month_end(seen, "max", tariff, start=panel.start, step_seconds=step)
                if made_now.reason or made_now.first != month.first:
                    continue
                values = (month.billed, *made_now.quantiles.values(), made_now.over, made_now.to_date, before.billed)
                for name, value in zip(found[passed], values, strict=True):
                    found[passed][name].append(value)
    return found


def report(name: str, found: dict[int, dict[str, list[float]]]) -> dict[str, dict[str, float]]:
    results = {}
    for passed, columns in found.items():
        at = {key: np.array(values) for key, values in columns.items()}
        truth, over = at["truth"], at["truth"] > _ABOVE * at["before"]
        inside = (at["p10"] <= truth) & (truth <= at["p90"])
        row = {
            "months": float(len(truth)),
            "inside": float(inside.mean()),
            **{f"error {key}": float((np.abs(at[key] - truth) / truth).mean()) for key in ("p50", "so far", "before")},
            "brier": float(((at["over"] - over) ** 2).mean()),
            "brier so far": float((((at["so far"] > _ABOVE * at["before"]) != over) ** 2).mean()),
            "brier before": float((over**2).mean()),
        }
        results[f"{name}, day {passed}"] = row
        print(f"{name + ', day ' + str(passed):22}" + "".join(f"{value:14.4g}" for value in row.values()), flush=True)
    return results


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--series", type=int, default=24, help="made links")
    parser.add_argument("--data", type=Path, help="folder of the real data sets")
    parser.add_argument("--made", action="store_true", help="made links alone")
    parser.add_argument("--quick", action="store_true", help="few links; the figures mean nothing")
    arguments = parser.parse_args()
    names = ("months", "inside", "error", "so far", "before", "Brier", "so far", "before")
    print(" " * 22 + "".join(f"{name:>14}" for name in names))
    results = report("made", measured(made(2 if arguments.quick else arguments.series)))
    if not (arguments.made or arguments.quick):
        results |= report("abilene", measured(abilene(data_folder(arguments.data))))
    out = Path(__file__).parent / "results" / "billing.json"
    out.parent.mkdir(exist_ok=True)
    out.write_text(json.dumps(results, indent=1))


if __name__ == "__main__":
    main()
