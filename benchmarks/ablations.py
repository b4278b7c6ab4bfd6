"""What each choice of the networks is worth: one left out at a time, several sets, scored on their validation parts."""

from __future__ import annotations

import argparse
import json
import math
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from statistics import mean
from typing import Any

from measuring import RESULTS, ROOT, TooLongError, data_folder, keep, markdown, run, versions
from splits import FINE, HOURLY

SETS = ("milan", "abilene", "cesnet", "isp-5min")
"""Sets of different networks."""
WITHOUT = {
    "as shipped": {},
    "no anchors, so no gated mix": {"anchors": "false"},
    "no similar days": {"similar": "unknown"},
    "no calendar, so no days off": {"calendar": "false"},
    "no days off": {"country": "none"},
    "single steps instead of patches": {"patch": "1"},
    "patches half as long": {"patch": "half"},
    "twice the context": {"context": "twice"},
    "as large again (hidden 128)": {"hidden": "128"},
    "two layers": {"layers": "2"},
    "GRU instead of LSTM": {"model": "gru"},
    "a convolutional branch beside it": {"model": "lstm-fcn"},
    "dropout of a tenth": {"dropout": "0.1"},
    "last weights instead of averaged ones": {"average": "1"},
    "constant learning rate": {"schedule": "constant"},
    "no asinh": {"transform": "none"},
    "mean and deviation instead of robust scaling": {"scaling": "standard"},
    "the other channels as inputs": {"channels": "all"},
    "bands as the network gives them": {"adapt": "false"},
}
"""What is done instead -> options of ``lstm``, ``model``, ``country``, and ``half`` or ``twice`` of what it chooses;
``similar``, which is no option, makes the habit of similar days unknown everywhere."""
_TIE = 0.002


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, help="folder of the real data; NETTIDE_DATA or ../shared/data if absent")
    parser.add_argument("--sets", nargs="+", choices=[*HOURLY, *FINE], default=list(SETS))
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1])
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--passive", action="store_true", help="let waiting threads sleep: for busy machines")
    parser.add_argument("--limit", type=float, default=900.0, help="seconds that a run is given before it is ended")
    parser.add_argument("--again", action="store_true", help="run what has a result, too")
    parser.add_argument("--quick", action="store_true", help="see that everything runs; the figures mean nothing")
    given = parser.parse_args()
    given.name = "ablations_quick" if given.quick else "ablations"
    if given.quick:
        given.sets, given.seeds = ["milan"], [0]
    return given


def measured(given: argparse.Namespace, data: Path, task: Mapping[str, Any]) -> dict[str, Any] | None:
    """Give the scores of one training in a process of its own, kept or made now; None if it took too long."""
    folder = RESULTS / given.name / task["set"]
    folder.mkdir(parents=True, exist_ok=True)
    changes = "_".join(f"{name}={value}" for name, value in task["changes"].items()) or "shipped"
    file = folder / f"{changes.replace('/', '-')}_seed{task['seed']}.json"
    made_by = versions("nettide", "torch")
    kept = json.loads(file.read_text()) if file.exists() and not given.again else {}
    if kept.get("versions", made_by) != made_by or not kept:
        print(f"{task['set']} {changes} seed {task['seed']} ...", file=sys.stderr, flush=True)
        with tempfile.TemporaryDirectory() as temporary:
            made = Path(temporary) / "result.json"
            command = [sys.executable, ROOT / "benchmarks" / "ablations.py", "--work", data, json.dumps(task), made]
            try:
                run(command, threads=given.threads, passive=given.passive, most_seconds=given.limit)
            except TooLongError as error:
                print(f"{task['set']} {changes}: {error}", file=sys.stderr)
                return None
            kept = {**json.loads(made.read_text()), "versions": made_by}
            file.write_text(json.dumps(kept))
    return dict(kept)


def table(found: Mapping[str, Mapping[str, list[dict[str, Any]]]], sets: list[str]) -> list[dict[str, str]]:
    """Give a row a choice: scores on each set, and how much the error grows without it."""
    rows = []
    shipped = found["as shipped"]
    compared = [label for label in sets if shipped.get(label)]
    for what, by_set in found.items():
        if not by_set:
            continue
        row = {"instead": what}
        for label in sets:
            some = by_set.get(label, [])
            row[label] = (
                "/".join(f"{mean(one[name] for one in some):.4f}".lstrip("0") for name in ("rel_mae", "rel_wql"))
                + f" {100 * mean(one['coverage_80'] for one in some):.0f} %"
                + f" {mean(one['seconds'] for one in some):.0f} s"
                if some
                else ""
            )
        changes = {label: change(by_set.get(label, []), shipped[label]) for label in compared}
        grown = {label: one for label, one in changes.items() if one is not None}
        row["error"] = f"{100 * math.expm1(mean(grown.values())):+.1f} %" if grown and by_set is not shipped else ""
        worse, better = (sum(sign * one > _TIE for one in grown.values()) for sign in (1, -1))
        row["worse, better on"] = f"{worse}, {better} of {len(grown)}" if by_set is not shipped else ""
        rows.append(row)
    return rows


def change(some: list[dict[str, Any]], shipped: list[dict[str, Any]]) -> float | None:
    """Give how much the error grew, as a logarithm: mean of relMAE and relWQL over the seeds that both have, if any."""
    both = {one["seed"] for one in some} & {one["seed"] for one in shipped}
    if not both:
        return None

    def error(runs: list[dict[str, Any]]) -> float:
        return mean(math.log(one["rel_mae"]) + math.log(one["rel_wql"]) for one in runs if one["seed"] in both) / 2

    return error(some) - error(shipped)


def main() -> None:
    given = arguments()
    data = data_folder(given.data)
    found: dict[str, dict[str, list[dict[str, Any]]]] = {what: {} for what in WITHOUT}
    for seed in given.seeds:
        for label in given.sets:
            for what, changes in WITHOUT.items():
                if "channels" in changes and label != "cesnet":
                    continue  # no other set has any
                if "country" in changes and label == "isp-5min":
                    continue  # no day off lies within its weeks
                task = {"set": label, "seed": seed, "changes": changes, "quick": given.quick}
                if (one := measured(given, data, task)) is not None:
                    found[what].setdefault(label, []).append({**one, "seed": seed})
    rows = table(found, given.sets)
    print(markdown(rows))
    seeds = f"{len(given.seeds)} seed{'s' * (len(given.seeds) > 1)}"
    print(f"\nrelMAE/relWQL, coverage of the 80 % band, seconds of the fit; {seeds}; a tie is {_TIE:.1%}")
    keep(given.name, {"seeds": given.seeds, "versions": versions("nettide", "torch"), "runs": found, "summary": rows})


def _unknown(_lags: Any, _series: Any, step: Any, _cutoff: Any) -> Any:
    """Stand in for ``Lags.similar``: no habit is known."""
    return step * math.nan


def work(data: Path, task: dict[str, Any], out: Path) -> None:
    """Fit one network on the first 70 % of a set and score it on the next 10 %."""
    from accuracy_data import cutoffs_of, outcome_backtest, read_set, scores_of
    from nettide.models import make_config, make_model
    from nettide.models.lags import Lags
    from nettide.models.recurrent_config import RecurrentConfig, resolve
    from nettide.tasks.choice import parse_options

    split, changes = (HOURLY | FINE)[task["set"]], dict(task["changes"])
    name = changes.pop("model", "lstm")
    if changes.pop("similar", ""):
        Lags.similar = _unknown  # type: ignore[method-assign, assignment]
    panel = read_set(split, data, country=changes.pop("country", None), channels="channels" in changes)
    cutoffs = cutoffs_of(panel, split, first=0.7, last=0.8)
    history = panel.until(int(cutoffs[0]) + 1)
    usual = make_config(name, horizon=split.horizon, context=None, seed=task["seed"], options={})
    assert isinstance(usual, RecurrentConfig)
    chosen = resolve(usual, history.only_target())
    context = None
    assert chosen.context is not None
    assert chosen.patch is not None
    if changes.pop("context", ""):
        context = 2 * chosen.context
    if changes.get("patch") == "half":
        changes["patch"] = str(max(1, chosen.patch // 2))
    if task["quick"]:
        changes |= {"epochs": "1", "windows_per_epoch": "512"}
    options = parse_options([f"{key}={value}" for key, value in changes.items()])
    model = make_model(name, horizon=split.horizon, context=context, seed=task["seed"], options=options)
    started = time.perf_counter()
    model.fit(history)
    seconds = time.perf_counter() - started
    tested = outcome_backtest(panel, cutoffs, model.predict(panel, cutoffs).quantiles, name=name, horizon=split.horizon)
    out.write_text(json.dumps({**scores_of(tested), "seconds": seconds}))


if __name__ == "__main__":
    if sys.argv[1:2] == ["--work"]:
        work(Path(sys.argv[2]), json.loads(sys.argv[3]), Path(sys.argv[4]))
    else:
        main()
