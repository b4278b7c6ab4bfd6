"""What ``auto`` does when something happens to the traffic, against every naive forecast, on made data."""

from __future__ import annotations

import argparse
import hashlib
import os
import sys
import time
from dataclasses import dataclass
from typing import Any

import numpy as np

from measuring import keep, markdown, versions
from nettide.models import make_model
from nettide.models.contract import Model
from nettide.panel import Panel
from nettide.tasks.choice import parse_options
from stress_scenarios import SCENARIOS, Scenario

NAIVE = ("naive", "seasonal-naive", "seasonal-naive-day", "window-mean")
MOST_RATIO = 1.05
FLOOR = 0.01
"""Of a series' usual level: smaller errors count as this, or a forecast of a dead link would be divided by zero."""


@dataclass(slots=True)
class Fitted:
    """Models that were fitted, by what they were fitted on: scenarios with the same history share them.

    Args:
        options: of ``auto``.
        seed: of everything random.
    """

    options: dict[str, str]
    seed: int
    models: dict[tuple[str, str, int], tuple[Model, float]]

    def get(self, name: str, scenario: Scenario) -> tuple[Model, float]:
        """Give the fitted model, and how long the fit took."""
        history = scenario.history
        known = hashlib.sha256(np.ascontiguousarray(history.values).data)
        known.update(f"{history.step_seconds} {history.occasions}".encode())
        key = (name, known.hexdigest(), scenario.horizon)
        if key not in self.models:
            options = self.options if name == "auto" else {}
            model = make_model(name, horizon=scenario.horizon, seed=self.seed, options=options)
            started = time.perf_counter()
            model.fit(history)
            self.models[key] = model, time.perf_counter() - started
        return self.models[key]


def errors_of(model: Model, scenario: Scenario) -> np.ndarray:
    """Forecast a scenario: mean absolute error of each series and cutoff, NaN where it said nothing."""
    point = model.predict(scenario.shown, scenario.cutoffs).first_steps(scenario.horizon).point
    truth = scenario.truth[:, scenario.cutoffs[:, None] + np.arange(1, scenario.horizon + 1)]
    return np.abs(truth - point).mean(axis=2)


def levels(history: Panel, scenario: Scenario) -> np.ndarray:
    """Give the usual level of each series: the mean before the first cutoff, shape (series,)."""
    shown = scenario.truth if history.ids != scenario.shown.ids else history.target
    level: np.ndarray = np.nanmean(shown[:, : int(scenario.cutoffs[0]) + 1], axis=1)
    return np.where(level > 0, level, 1.0)


def judged(scenario: Scenario, fitted: Fitted) -> dict[str, Any]:
    """Run a scenario: errors of ``auto`` and the naive forecasts, in units of each series' level, and their ratios."""
    level = levels(scenario.history, scenario)
    errors: dict[str, np.ndarray] = {}
    by_cutoff: dict[str, list[float]] = {}
    silent: dict[str, int] = {}
    for name in ("auto", *NAIVE):
        model, seconds = fitted.get(name, scenario)
        started = time.perf_counter()
        error = errors_of(model, scenario) / level[:, None]  # (series, cutoff)
        if name == "auto":
            times = {"fit_seconds": seconds, "predict_seconds": time.perf_counter() - started}
        errors[name] = np.maximum(error.mean(axis=1), FLOOR)
        by_cutoff[name] = np.nanmean(error, axis=0).tolist()
        silent[name] = int(np.isnan(error).any(axis=1).sum())
    naive = {name: errors[name] for name in NAIVE}
    best = min(naive, key=lambda name: float(np.nanmean(naive[name])))
    ratio = errors["auto"] / naive[best]
    by_series = errors["auto"] / np.nanmin(np.stack(list(naive.values())), axis=0)
    return {
        "about": scenario.about,
        "series": len(level),
        "cutoffs": len(scenario.cutoffs),
        "best_naive": best,
        "ratio": float(np.nanmean(ratio)),
        "geometric": float(np.exp(np.nanmean(np.log(ratio)))),
        "total": float(np.nanmean(errors["auto"]) / np.nanmean(naive[best])),
        "worst_tenth": float(np.nanquantile(ratio, 0.9)),
        "by_series": float(np.nanmean(by_series)),
        "mean_errors": {name: float(np.nanmean(one)) for name, one in errors.items()},
        "mean_errors_by_cutoff": by_cutoff,
        "not_forecast": silent,
        **times,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scenarios", nargs="+", choices=list(SCENARIOS), default=list(SCENARIOS))
    parser.add_argument("--series", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--budget", default="60s", help="of each fit of auto, of which there are five")
    parser.add_argument("--set", dest="options", nargs="+", default=[], metavar="KEY=VALUE", help="options of auto")
    parser.add_argument("--quick", action="store_true", help="20 series; the figures mean nothing")
    given = parser.parse_args()
    name = "stress"
    if given.quick:
        given.series, given.options, name = 20, given.options or ["challengers=base"], "stress_quick"
        given.scenarios = [one for one in given.scenarios if not one.startswith("holiday")]
    busy = os.getloadavg()
    fitted = Fitted({"budget": given.budget, **parse_options(given.options)}, given.seed, {})
    found: dict[str, dict[str, Any]] = {}
    for scenario in given.scenarios:
        made = SCENARIOS[scenario](given.series)
        found[scenario] = one = judged(made, fitted)
        print(f"{scenario}: {one['ratio']:.3f} of {one['best_naive']}", file=sys.stderr, flush=True)
    rows = [
        {
            "scenario": scenario,
            "what happens": one["about"],
            "best naive": one["best_naive"],
            "auto / best naive": f"{one['ratio']:.3f}",
            "geometric mean": f"{one['geometric']:.3f}",
            "of mean errors": f"{one['total']:.3f}",
            "worst tenth from": f"{one['worst_tenth']:.2f}",
            "auto / best naive of each series": f"{one['by_series']:.3f}",
            f"at most {MOST_RATIO}": "holds" if one["ratio"] <= MOST_RATIO else "MISSES",
            "fit s": f"{one['fit_seconds']:.0f}",
        }
        for scenario, one in found.items()
    ]
    print(
        f"{given.series} series each, budget {given.budget} a fit, errors under {FLOOR:.0%} of the level count as it\n"
    )
    print(markdown(rows))
    keep(
        name,
        {
            "series": given.series,
            "seed": given.seed,
            "options": fitted.options,
            "busy_before": busy,
            "versions": versions("nettide", "torch", "lightgbm"),
            "scenarios": found,
            "summary": rows,
        },
    )


if __name__ == "__main__":
    main()
