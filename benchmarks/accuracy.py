"""Accuracy on real traffic: our models and everyone else's, same splits, one scorer, several seeds, times beside."""

from __future__ import annotations

import argparse
import json
import math
import shutil
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from statistics import mean
from typing import Any

import leave_one_out
from measuring import (
    RESULTS,
    ROOT,
    TooLongError,
    data_folder,
    keep,
    machine,
    markdown,
    nettide_command,
    run,
    versions,
)
from rivals import rival_python, rival_versions
from splits import FINE, HOURLY, Split, independent, largest_difference

SETS: dict[str, Split] = HOURLY | FINE
MODELS = (
    "auto",
    "base",
    "base-tuned",
    "lstm",
    "gru",
    "lightgbm",
    "auto-ets",
    "theta",
    "similar-day",
    "naive",
    "seasonal-naive",
)
_UNSEEDED = (
    "base", "auto-ets", "auto-arima", "theta", "mstl", "similar-day", "naive", "seasonal-naive", "seasonal-naive-day",
)  # fmt: skip
AGREEMENT = 1e-6
SAMPLE = 24


@dataclass(frozen=True, slots=True)
class Rival:
    """Someone else's forecaster.

    Args:
        environment: of ``rivals.py``, where it is installed.
        library: as ``accuracy_rivals.py`` knows it.
        model: within the library.
        seeded: whether another seed gives another result.
    """

    environment: str
    library: str
    model: str = ""
    seeded: bool = True


RIVALS = {
    "neuralforecast-nhits": Rival("neuralforecast", "neuralforecast", "NHITS"),
    "neuralforecast-tide": Rival("neuralforecast", "neuralforecast", "TiDE"),
    "neuralforecast-lstm": Rival("neuralforecast", "neuralforecast", "LSTM"),
    "statsforecast-autoets": Rival("statsforecast", "statsforecast", "AutoETS", seeded=False),
    "statsforecast-autoarima": Rival("statsforecast", "statsforecast", "AutoARIMA", seeded=False),
    "statsforecast-mstl": Rival("statsforecast", "statsforecast", "MSTL", seeded=False),
    "mlforecast-lightgbm": Rival("statsforecast", "mlforecast", seeded=False),
    "fracast": Rival("fracast", "fracast", seeded=False),
}


@dataclass(frozen=True, slots=True)
class One:
    """One run: a forecaster on a set with a seed.

    Args:
        set: name of the set.
        model: of ours or a rival.
        seed: of everything random.
        options: of our models, KEY=VALUE.
    """

    set: str
    model: str
    seed: int
    options: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        """As shown."""
        return " ".join((self.model, *self.options))

    @property
    def key(self) -> str:
        """Name of its files."""
        text = "_".join((self.model, *self.options, f"seed{self.seed}"))
        return "".join(letter if letter.isalnum() or letter in "-_.=," else "-" for letter in text)


@dataclass(slots=True)
class Kept:
    """Results that exist are not made again.

    Args:
        folder: one folder a set, and in it a JSON file and a Parquet file a run.
        again: make all of them again.
        limit: seconds that a run is given; what was ended after fewer is tried again.
        sample: series of the sample, at most; a result scored on another one is made again.
        failures: run -> why, of those that failed now; they are tried again next time.
    """

    folder: Path
    again: bool
    limit: float
    sample: int
    failures: dict[str, str] = field(default_factory=dict)

    def get(self, one: One) -> dict[str, Any] | None:
        """Give the result of a run, None where it is to be made."""
        file = self.folder / one.set / f"{one.key}.json"
        if self.again or not file.exists():
            return None
        result: dict[str, Any] = json.loads(file.read_text())
        if result.get("limit", math.inf) < self.limit or result.get("sample_of", self.sample) != self.sample:
            return None
        if "hours" not in result and "failed" not in result:  # kept by an earlier version
            return None
        return result

    def put(self, one: One, result: dict[str, Any], forecasts: Path | None) -> None:
        """Keep a result and its forecasts; of a run that took too long there are none."""
        folder = self.folder / one.set
        folder.mkdir(parents=True, exist_ok=True)
        if forecasts:
            shutil.copyfile(forecasts, folder / f"{one.key}.parquet")
        (folder / f"{one.key}.json").write_text(json.dumps(result, indent=2) + "\n")


def runs_of(given: argparse.Namespace) -> list[One]:
    """Give what is to be run; what knows no seed runs with the first alone."""
    found = []
    for name in given.sets:
        for place, seed in enumerate(given.seeds):
            ours = [model for model in given.models if not place or model not in _UNSEEDED]
            theirs = [rival for rival in given.rivals if not place or RIVALS[rival].seeded]
            found += [One(name, model, seed, options_of(model, given.options)) for model in ours]
            found += [One(name, rival, seed) for rival in theirs]
    return found


def options_of(model: str, texts: list[str]) -> tuple[str, ...]:
    """Give the options that concern a model: ``MODEL.KEY=VALUE`` for it alone, ``KEY=VALUE`` for all of ours."""
    shared = [text for text in texts if "." not in text.partition("=")[0]]
    own = [text.removeprefix(f"{model}.") for text in texts if text.partition("=")[0].startswith(f"{model}.")]
    return (*shared, *own)


def worker(phase: str, folder: Path, one: One, data: Path, *, sample: int, threads: int) -> None:
    """Run a phase of ``accuracy_data.py``."""
    script = ROOT / "benchmarks" / "accuracy_data.py"
    command = [sys.executable, script, phase, folder, "--set", one.set, "--data", data, "--sample", str(sample)]
    run([*command, "--model", one.model], threads=threads)


def run_ours(one: One, folder: Path, data: Path, given: argparse.Namespace) -> dict[str, Any]:
    """Run a model of ours through the command; gives its times, and its row of the leaderboard."""
    split = SETS[one.set]
    options = [part for text in one.options for part in ("--set", text)]
    command = [nettide_command(), "backtest", data / split.file, *split.reading, "--horizon", str(split.horizon)]
    test = ["--test-fraction", "0.2", "--model", one.model, *options, "--seed", str(one.seed), "--out", folder]
    ran = run([*command, *test], threads=given.threads, passive=given.passive, most_seconds=given.limit)
    header, row = ((folder / "leaderboard.csv").read_text().splitlines())[:2]
    texts = dict(zip(header.replace('"', "").split(","), row.replace('"', "").split(","), strict=True))
    board = {name: float(text or "nan") for name, text in texts.items() if name != "model"}
    times = {name: board[name] for name in ("fit_seconds", "predict_seconds")}
    took = {"seconds": ran.seconds, "processor_seconds": ran.processor_seconds, "peak_mb": ran.peak_mb}
    return {**times, **took, "leaderboard": {"model": one.model, **board}}


def run_rival(one: One, folder: Path, data: Path, given: argparse.Namespace) -> dict[str, Any]:
    """Run a rival in its own environment; gives its times."""
    rival = RIVALS[one.model]
    python = rival_python(rival.environment)
    assert python is not None
    worker("make", folder, one, data, sample=given.sample, threads=given.threads)
    task = {"library": rival.library, "model": rival.model, "seed": one.seed}
    script = ROOT / "benchmarks" / "accuracy_rivals.py"
    text = json.dumps({**task, "threads": given.threads, "quick": given.quick})
    command = [python, script, folder, text]
    ran = run(command, threads=given.threads, passive=given.passive, most_seconds=given.limit)
    took = {"seconds": ran.seconds, "processor_seconds": ran.processor_seconds}
    return {**json.loads((folder / "result.json").read_text()), **took}


def run_one(one: One, data: Path, given: argparse.Namespace) -> tuple[dict[str, Any], Path]:
    """Run, score by ourselves and by the independent scorer.

    Returns:
        The result, and where its forecasts are, in a folder that the caller removes.
    """
    folder = Path(tempfile.mkdtemp())
    try:
        how = run_rival if one.model in RIVALS else run_ours
        result = how(one, folder, data, given)
        worker("judge", folder, one, data, sample=given.sample, threads=given.threads)
        result |= json.loads((folder / "scores.json").read_text())
        if given.scorer.exists():
            split = SETS[one.set]
            result["scorer"] = independent(given.scorer, data / split.file, split, folder)[one.model]
            found = {one.model: result["scorer"]}
            differences = [largest_difference([{"model": one.model, **result["all"]}], found)]
            if "leaderboard" in result:
                differences.append(largest_difference([result["leaderboard"]], found))
            result["difference"] = max(differences)
        environment = RIVALS[one.model].environment if one.model in RIVALS else ""
        installed = rival_versions(environment) if environment else versions("nettide", "torch", "lightgbm")
        result |= {
            "set": one.set,
            "label": one.label,
            "seed": one.seed,
            "sample_of": given.sample,
            "versions": installed,
            "machine": machine(),
        }
    except BaseException:
        shutil.rmtree(folder)
        raise
    return result, folder


def make_all(runs: list[One], data: Path, given: argparse.Namespace, kept: Kept) -> dict[One, dict[str, Any]]:
    """Run what is not there yet, one process after the other, and say so on stderr."""
    found: dict[One, dict[str, Any]] = {}
    for place, one in enumerate(runs):
        said = f"{place + 1}/{len(runs)} {one.set} {one.label} seed {one.seed}"
        started, result = time.perf_counter(), kept.get(one)
        how = "(kept)"
        if result is None:
            print(f"{said} ...", file=sys.stderr, flush=True)
            try:
                result, folder = run_one(one, data, given)
                kept.put(one, result, folder / "forecasts.parquet")
                shutil.rmtree(folder)
            except TooLongError as late:
                result = {"failed": str(late), "limit": kept.limit}
                kept.put(one, result, None)
            except SystemExit as failed:
                print(failed, file=sys.stderr, flush=True)
                result = {"failed": ([line for line in str(failed).splitlines() if line.strip()] or [""])[-1]}
            how = f"in {time.perf_counter() - started:.0f} s"
        if why := result.get("failed"):
            kept.failures[f"{one.set} {one.label} seed {one.seed}"] = why
            print(f"{said} FAILED: {why} {how}", file=sys.stderr, flush=True)
            continue
        found[one] = result
        score = result["sample" if sampled(result) else "all"]
        print(f"{said}: {score['rel_mae']:.4f}/{score['rel_wql']:.4f} {how}", file=sys.stderr, flush=True)
    return found


def sampled(result: dict[str, Any]) -> bool:
    """Say whether a rival forecast the sample of series alone."""
    return bool(result["all"]["answered"] < 0.99 * result["sample"]["answered"])


def table(found: dict[One, dict[str, Any]]) -> list[dict[str, Any]]:
    """Give a row a set and forecaster: means over the seeds, the best first, those of the sample alone last."""
    groups: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for one, result in found.items():
        groups.setdefault((one.set, one.label), []).append(result)
    rows = []
    for (name, label), results in groups.items():
        part = not sampled(results[0])
        spread = [one["all" if part else "sample"]["rel_mae"] for one in results]
        rows.append(
            {
                "set": name,
                "forecaster": label,
                "relMAE": _mean(results, "all", "rel_mae") if part else "",
                "relWQL": _mean(results, "all", "rel_wql") if part else "",
                "coverage": _mean(results, "all", "coverage_80", 3) if part else "",
                "by hours": _hours(results) if part else "",
                "on the sample: relMAE": _mean(results, "sample", "rel_mae"),
                "relWQL there": _mean(results, "sample", "rel_wql"),
                "coverage there": _mean(results, "sample", "coverage_80", 3),
                "fit s": f"{mean(one['fit_seconds'] for one in results):.1f}",
                "forecast s": f"{mean(one['predict_seconds'] for one in results):.1f}",
                "processor s": f"{mean(one['processor_seconds'] for one in results):.0f}",
                "peak MB": f"{max(one['peak_mb'] for one in results):,.0f}",
                "seeds": len(results),
                "spread of relMAE": f"{max(spread) - min(spread):.4f}" if len(results) > 1 else "",
            }
        )
    order = {name: place for place, name in enumerate(SETS)}
    return sorted(
        rows, key=lambda row: (order[row["set"]], not row["relMAE"], row["relMAE"] or row["on the sample: relMAE"])
    )


def _mean(results: list[dict[str, Any]], part: str, name: str, digits: int = 4) -> str:
    value = mean(one[part][name] for one in results)
    return "" if math.isnan(value) else f"{value:.{digits}f}"


def _hours(results: list[dict[str, Any]]) -> str:
    """Give the least and the most that the 80 % band covers in four hours of the day, over all seeds."""
    shares = [share for one in results for share in one["hours"].values()]
    return f"{min(shares):.3f} ... {max(shares):.3f}" if shares else ""


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, epilog="Rivals: python benchmarks/rivals.py installs them.")
    parser.add_argument("--data", type=Path, help="folder of the real data; NETTIDE_DATA or ../shared/data if absent")
    parser.add_argument("--sets", nargs="+", choices=list(SETS), default=list(SETS))
    parser.add_argument("--models", nargs="*", default=list(MODELS), help="of ours; none to leave them out")
    parser.add_argument(
        "--rivals", nargs="*", choices=list(RIVALS), default=list(RIVALS), help="none to leave them out"
    )
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2])
    parser.add_argument(
        "--set", dest="options", nargs="+", default=[], metavar="[MODEL.]KEY=VALUE", help="of our models"
    )
    parser.add_argument("--sample", type=int, default=SAMPLE, help="series that the slowest rivals forecast")
    parser.add_argument("--scorer", type=Path, help="score.py; DATA/../score.py if absent")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--passive", action="store_true", help="let waiting threads sleep: for busy machines")
    parser.add_argument("--limit", type=float, default=3600.0, help="seconds that a run is given before it is ended")
    parser.add_argument("--again", action="store_true", help="run what has a result, too")
    parser.add_argument(
        "--leave-one-out", action="store_true", help="choices of auto made on three sets, scored on the fourth"
    )
    parser.add_argument("--choices", nargs="+", metavar="KEY=VALUE,VALUE", help="what --leave-one-out chooses among")
    parser.add_argument("--quick", action="store_true", help="see that everything runs; the figures mean nothing")
    given = parser.parse_args()
    given.name = "accuracy"
    if given.quick:
        given.sets, given.seeds, given.name, given.sample = ["milan"], given.seeds[:1], "accuracy_quick", 2
        given.again = True
        given.options = given.options or ["lstm.epochs=1", "gru.epochs=1", "auto.challengers=base"]
        given.models = [model for model in given.models if model not in ("auto-ets", "theta")]
        given.rivals = [rival for rival in given.rivals if rival != "statsforecast-autoarima"]
    return given


def main() -> None:
    given = arguments()
    data = data_folder(given.data)
    given.scorer = given.scorer or data.parent / "score.py"
    if given.leave_one_out:
        given.options = list(options_of("auto", given.options))
        leave_one_out.report(data, given)
        return
    for rival in list(given.rivals):
        if rival_python(RIVALS[rival].environment) is None:
            print(f"left out: {rival} is not installed; run: python benchmarks/rivals.py", file=sys.stderr)
            given.rivals.remove(rival)
    kept = Kept(RESULTS / given.name, given.again, given.limit, given.sample)
    found = make_all(runs_of(given), data, given, kept)
    rows = table(found)
    if rows:
        print(markdown(rows))
    for name, why in kept.failures.items():
        print(f"failed: {name}: {why}")
    differences = {
        f"{one.set} {one.label} seed {one.seed}": r["difference"] for one, r in found.items() if "difference" in r
    }
    if differences:
        largest = max(differences.values())
        agrees = "holds" if largest <= AGREEMENT else "MISSES"
        print(f"\nlargest difference from {given.scorer.name}: {largest:.2g}, at most {AGREEMENT:g}: {agrees}")
    else:
        print(f"\nnot compared with an independent scorer: {given.scorer} does not exist")
    keep(
        given.name,
        {
            "seeds": given.seeds,
            "options": given.options,
            "summary": rows,
            "failures": kept.failures,
            "differences": differences,
        },
    )


if __name__ == "__main__":
    main()
