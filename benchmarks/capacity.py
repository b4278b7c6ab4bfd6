"""Run-out dates on made traffic whose growth and true dates are known, against the line of least squares.

``python benchmarks/capacity.py`` prints a table in a few minutes; ``--quick`` shows in seconds that it runs.
Each series grows in a known way (steady, by a percentage, saturating, not at all), has a week, noise, peaks and
outages, and some a lasting step. Its true date is that on which the rest of the same series, without outages and gaps,
reaches the threshold on 3 of 7 days. Every method sees the same days and gives chances for the same event.

    hit      share of the cases with that date in which the truth came no later: 10, 50 and 90 % are right
    dated    share of the cases with that date within the horizon
    inside   share in which the truth lies between P10 and P90, "not within the horizon" included: 80 % is right
    Brier    of "full within 90 days", and of "within 180 days"; smaller is better
    CRPS     distance in days of the chances of all dates from the true one, within the horizon; smaller is better
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from nettide.insight.capacity_choice import CapacityChoice
from nettide.insight.capacity_days import daily_levels
from nettide.insight.capacity_passage import first_passage, reached_since
from nettide.insight.capacity_paths import simulate
from nettide.insight.capacity_trend import fit_trends
from nettide.panel import Channel, Panel, Series
from nettide.synthetic.config import SynthConfig
from nettide.synthetic.traffic import generate

HORIZON = 180
HISTORIES = (60, 120, 365)
KINDS = ("linear", "percentage", "saturating", "none", "step and growth", "step and none")
_LONGEST = max(HISTORIES)
_DAYS = _LONGEST + HORIZON + 14
_START = 1_704_067_200
_CHOICE = CapacityChoice(horizon_days=HORIZON)
_PATHS = 500

Method = Callable[[np.ndarray, float, np.random.Generator], np.ndarray]


@dataclass(frozen=True, slots=True, eq=False)
class Case:
    """A history, a threshold and the truth.

    Args:
        kind: how it grows.
        past: daily figure, shape (day,); NaN where unknown.
        level: the threshold.
        truth: days from the end of the history to the passage; the horizon if it comes later.
    """

    kind: str
    past: np.ndarray
    level: float
    truth: int


def growth_of(kind: str, days: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """Draw a curve of growth, 1 at the end of the longest history, shape (day,)."""
    years = (days - _LONGEST) / 365.25
    rate = generator.uniform(0.1, 1.0)
    step = np.where(days >= generator.integers(_LONGEST - 300, _LONGEST - 20), generator.uniform(0.6, 1.8), 1.0)
    if kind == "linear":
        return np.maximum(1 + rate * years, 0.05)
    if kind == "percentage":
        return (1 + rate) ** years
    if kind == "saturating":
        half = generator.uniform(0.15, 0.6)
        middle = generator.uniform(-0.5, 0.2)
        curve = 1 / (1 + np.exp(-(years - middle) / half))
        return (0.5 + rate * curve) / (0.5 + rate / (1 + np.exp(middle / half)))
    if kind == "step and growth":
        return (1 + rate) ** years * step
    return step if kind == "step and none" else np.ones(len(days))


def made_cases(count: int, *, seed: int) -> list[Case]:
    """Make cases: every kind and every length of history in turn."""
    made = generate(
        SynthConfig(series=count, points=24 * _DAYS, start=_START, trend=0.0, noise=0.15, holidays=True,
                    events_per_month=1.0, gaps=0.01, seed=seed)
    )  # fmt: skip
    generator = np.random.default_rng(seed)
    shape = made.panel.target.copy()
    whole = np.where(np.isnan(shape), made.clean.target, shape)
    for event in made.events:
        if event.kind == "outage":
            row = made.panel.ids.index(event.series)
            span = slice((event.start - _START) // 3600, (event.end - _START) // 3600)
            whole[row, span] = made.clean.target[row, span]
    wander = np.exp(np.cumsum(generator.normal(0, 0.004, (count, _DAYS)), axis=1))
    wander /= wander[:, [_LONGEST]]
    days = np.arange(_DAYS)
    cases = []
    grown, true, curves = np.empty_like(shape), np.empty_like(shape), []
    for row in range(count):
        curve = growth_of(KINDS[row % len(KINDS)], days, generator)
        curves.append(curve)
        factor = np.repeat(curve * wander[row], 24)
        grown[row], true[row] = shape[row] * factor, whole[row] * factor
        if generator.random() < 0.3:  # days without any measurement, or dead
            first = generator.integers(_LONGEST - 50, _LONGEST - 12)
            grown[row, 24 * first : 24 * (first + generator.integers(2, 9))] = np.nan if row % 2 else 0.0
    watched, known = (_daily(values) for values in (grown, true))
    for row in range(count):
        kind, history = KINDS[row % len(KINDS)], HISTORIES[row // len(KINDS) % len(HISTORIES)]
        past, curve = watched[row, _LONGEST - history : _LONGEST], curves[row]
        usual = float(np.median(known[row] / np.repeat(curve * wander[row], 1)))
        usual *= 1 + 0.1 * generator.random()
        reached = int(generator.integers(5, 330))
        later = curve[min(_LONGEST + reached, _DAYS - 1)] if reached < HORIZON else 1.02 * curve[-1]
        level = usual * later if kind not in ("none", "step and none") else usual * generator.uniform(1.05, 1.7)
        level = max(level, 1.03 * usual * curve[_LONGEST])
        if reached_since(past, level, _CHOICE) is not None:
            continue
        ahead = known[row, _LONGEST : _LONGEST + HORIZON + _CHOICE.of_days - 1]
        truth = int(first_passage(ahead[None], level, _CHOICE)[0])
        cases.append(Case(kind, past, level, min(truth, HORIZON)))
    return cases


def _daily(values: np.ndarray) -> np.ndarray:
    series = tuple(Series(str(row)) for row in range(len(values)))
    return daily_levels(Panel(values[..., None], _START, 3600, series, (Channel("y"),)), watched="p95").values


def passage(paths: np.ndarray, level: float) -> np.ndarray:
    return np.minimum(first_passage(paths, level, _CHOICE), HORIZON)


def line(past: np.ndarray, level: float, _generator: np.random.Generator) -> np.ndarray:
    """Least squares through what 3 of 7 days reached, week by week, extended to the threshold: one date, no chance."""
    weeks = past[len(past) % 7 :].reshape(-1, 7)
    full = np.flatnonzero(np.isfinite(weeks).sum(axis=1) >= _CHOICE.full_days)
    reached = np.array([np.sort(one[np.isfinite(one)])[-_CHOICE.full_days] for one in weeks[full]])
    slope, intercept = np.polyfit(7.0 * (full - len(weeks)) + 3, reached, 1)
    if intercept >= level:
        return np.zeros(1)
    return np.array([min(HORIZON, np.ceil((level - intercept) / slope)) if slope > 0 else HORIZON])


def line_with_band(past: np.ndarray, level: float, generator: np.random.Generator) -> np.ndarray:
    """Least squares with the textbook's uncertainty of level, slope and single days."""
    intercept, slope, (covariance, sigma) = _line(past)
    drawn = generator.multivariate_normal([intercept, slope], covariance, size=_PATHS)
    ahead = np.arange(HORIZON + _CHOICE.of_days - 1)
    paths = drawn[:, :1] + drawn[:, 1:] * ahead + sigma * generator.standard_normal((_PATHS, len(ahead)))
    return passage(paths, level)


def _line(past: np.ndarray) -> tuple[float, float, tuple[np.ndarray, float]]:
    place = np.flatnonzero(np.isfinite(past))
    x = np.stack([np.ones(len(place)), place - len(past)], axis=1)
    found, *_ = np.linalg.lstsq(x, past[place], rcond=None)
    sigma = float(np.std(past[place] - x @ found, ddof=2))
    return float(found[0]), float(found[1]), (sigma**2 * np.linalg.inv(x.T @ x), sigma)


def robust_line(past: np.ndarray, level: float, generator: np.random.Generator) -> np.ndarray:
    """Theil-Sen slope of the days without their week; slope and days drawn anew from blocks of residuals."""
    place = np.flatnonzero(np.isfinite(past))
    x = place - len(past)
    values = past[place]
    slope = _theil_sen(x, values)
    week = np.array([np.median((values - slope * x)[x % 7 == day]) for day in range(7)])
    rest = values - slope * x - week[x % 7]
    ahead = np.arange(HORIZON + _CHOICE.of_days - 1)
    paths = np.empty((_PATHS, len(ahead)))
    again = [_theil_sen(x, values - rest + _blocks(rest, len(rest), generator)) for _ in range(40)]
    for row in range(_PATHS):
        one = again[row % len(again)]
        middle = np.median(x)
        paths[row] = week[ahead % 7] + slope * middle + one * (ahead - middle) + _blocks(rest, len(ahead), generator)
    return passage(paths, level)


def _theil_sen(x: np.ndarray, y: np.ndarray) -> float:
    kept = slice(None, None, max(1, len(x) // 120))
    apart = x[kept][None] - x[kept][:, None]
    return float(np.median((y[kept][None] - y[kept][:, None])[apart > 0] / apart[apart > 0]))


def _blocks(rest: np.ndarray, days: int, generator: np.random.Generator) -> np.ndarray:
    begins = generator.integers(0, len(rest) - 6, -(-days // 7))
    return rest[begins[:, None] + np.arange(7)].reshape(-1)[:days]


def nettide(past: np.ndarray, level: float, generator: np.random.Generator) -> np.ndarray:
    """What ``nettide capacity`` does."""
    paths = simulate(fit_trends(past[None]), 0, days=HORIZON + _CHOICE.of_days - 1, paths=_PATHS, generator=generator)
    return passage(paths, level)


METHODS: dict[str, Method] = {
    "least squares, one date": line,
    "least squares with its band": line_with_band,
    "Theil-Sen with drawn residuals": robust_line,
    "nettide capacity": nettide,
}


def scores(days: list[np.ndarray], truths: np.ndarray) -> dict[str, float]:
    """Score the drawn days of each case against its truth."""
    quantile = {
        chance: np.array([np.sort(one)[int(np.ceil(chance * len(one))) - 1] for one in days])
        for chance in (0.1, 0.5, 0.9)
    }
    found: dict[str, float] = {}
    for chance in (0.1, 0.5, 0.9):
        dated = quantile[chance] < HORIZON
        found[f"hit{100 * chance:.0f}"] = float((truths <= quantile[chance])[dated].mean())
        found[f"dated{100 * chance:.0f}"] = float(dated.mean())
    found["inside"] = float(((quantile[0.1] <= truths) & (truths <= quantile[0.9])).mean())
    for within in (90, 180):
        chances = np.array([(one < within).mean() for one in days])
        found[f"brier{within}"] = float(((chances - (truths < within)) ** 2).mean())
    at = np.arange(HORIZON)
    found["crps"] = float(
        np.mean([(((one[:, None] <= at).mean(axis=0) - (truth <= at)) ** 2).sum()
                 for one, truth in zip(days, truths, strict=True)])
    )  # fmt: skip
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--series", type=int, default=540)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--quick", action="store_true", help="few series; the figures mean nothing")
    parser.add_argument("--only", help="a part of a method's name")
    arguments = parser.parse_args()
    cases = made_cases(36 if arguments.quick else arguments.series, seed=arguments.seed)
    truths = np.array([one.truth for one in cases])
    print(f"{len(cases)} cases, {np.mean(truths < HORIZON):.0%} reach the threshold within {HORIZON} days, "
          f"{np.mean(truths < 90):.0%} within 90")  # fmt: skip
    print(f"{'':32}{'hit P10':>9}{'dated':>7}{'hit P50':>9}{'dated':>7}{'hit P90':>9}{'dated':>7}{'inside':>8}", end="")
    print(f"{'Brier90':>9}{'Brier180':>9}{'CRPS':>7}")
    results = {}
    for name, method in METHODS.items():
        if arguments.only and arguments.only not in name:
            continue
        generator = np.random.default_rng(arguments.seed)
        days = [method(one.past, one.level, generator) for one in cases]
        parts = {"all": np.ones(len(cases), dtype=bool)}
        parts |= {kind: np.array([one.kind == kind for one in cases]) for kind in KINDS}
        results[name] = {
            part: scores([days[place] for place in np.flatnonzero(mask)], truths[mask]) for part, mask in parts.items()
        }
        for part, found in results[name].items():
            shares = "".join(f"{found[f'hit{one}']:9.0%}{found[f'dated{one}']:7.0%}" for one in (10, 50, 90))
            print(f"{name if part == 'all' else '   ' + part:32}{shares}{found['inside']:8.0%}", end="")
            print(f"{found['brier90']:9.4f}{found['brier180']:9.4f}{found['crps']:7.1f}", flush=True)
    out = Path(__file__).parent / "results" / "capacity.json"
    out.parent.mkdir(exist_ok=True)
    out.write_text(json.dumps(results, indent=1))


if __name__ == "__main__":
    main()
