"""No choice is tuned on what it is scored on: settings of ``auto`` chosen on three sets, then scored on the fourth."""

from __future__ import annotations

import argparse
import itertools
import json
import math
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from statistics import mean
from typing import Any, ClassVar

from measuring import RESULTS, ROOT, keep, markdown, run

CHOICES = {"guard": ("0", "0.5", "1", "2"), "adapt": ("true", "false"), "refit": ("true", "false")}
"""What is chosen among."""
LATE = ("guard", "adapt")
"""Choices that a fitted model can be given: all of them are scored with one fit."""
LEFT_OUT = ("milan", "abilene", "cesnet", "isp-5min")
"""Sets of different networks; abilene-5min would tell on abilene."""


def combinations(choices: Mapping[str, tuple[str, ...]]) -> list[dict[str, str]]:
    """Give every combination of the choices."""
    return [dict(zip(choices, values, strict=True)) for values in itertools.product(*choices.values())]


def written(choice: Mapping[str, str]) -> str:
    """Give a choice as text."""
    return " ".join(f"{name}={value}" for name, value in choice.items())


def scores(
    data: Path, given: argparse.Namespace, choices: dict[str, tuple[str, ...]]
) -> tuple[dict[str, Any], dict[str, str]]:
    """Score every choice on both parts of every set, a process a fit.

    ``validation`` is fitted on the first 70 % and scored on the next 10 %, ``test`` on 80 % and the last fifth.

    Returns:
        set -> part -> choice -> scores, and the defaults of ``auto``.
    """
    early = {name: values for name, values in choices.items() if name not in LATE}
    late = {name: values for name, values in choices.items() if name in LATE}
    folder = RESULTS / given.name / "leave_one_out"
    folder.mkdir(parents=True, exist_ok=True)
    found: dict[str, Any] = {}
    defaults: dict[str, str] = {}
    for label, part in itertools.product(given.sets, ("validation", "test")):
        for fit in combinations(early):
            options = [*given.options, *(f"{name}={value}" for name, value in fit.items())]
            task = {"set": label, "part": part, "options": options, "late": late, "seed": given.seeds[0]}
            name = "_".join((label, part, *options, *(f"{key}={','.join(one)}" for key, one in late.items())))
            file = folder / f"{''.join(one if one.isalnum() or one in '-_.=,' else '-' for one in name)}.json"
            if given.again or not file.exists():
                print(f"{label} {part} {' '.join(options)} ...", file=sys.stderr, flush=True)
                with tempfile.TemporaryDirectory() as temporary:
                    made = Path(temporary) / "result.json"
                    script = ROOT / "benchmarks" / "leave_one_out.py"
                    command = [sys.executable, script, data, json.dumps(task), made]
                    run(command, threads=given.threads, passive=given.passive)
                    file.write_text(made.read_text())
            document = json.loads(file.read_text())
            defaults = document["defaults"]
            for one in document["scores"]:
                choice = {name: {**fit, **one["choice"]}[name] for name in choices}
                found.setdefault(label, {}).setdefault(part, {})[written(choice)] = one["scores"]
    return found, defaults


def judged(score: Mapping[str, float]) -> float:
    """Give what a choice is judged by: the mean of the logarithms of relMAE and relWQL."""
    return (math.log(score["rel_mae"]) + math.log(score["rel_wql"])) / 2


def table(found: Mapping[str, Any], shipped: str | None) -> list[dict[str, str]]:
    """Give a row a set: what the other sets chose on their validation parts, scored on its test part."""
    rows = []
    for label, parts in found.items():
        others = [other for other in found if other != label]
        ranked = sorted(
            parts["test"], key=lambda one: mean(judged(found[other]["validation"][one]) for other in others)
        )
        chosen, best = ranked[0], min(parts["test"], key=lambda one: judged(parts["test"][one]))
        shown = {"chosen on the others": chosen, **({"shipped": shipped} if shipped else {}), "best in hindsight": best}
        row = {"left out": label}
        for name, choice in shown.items():
            score = parts["test"][choice]
            row |= {
                name: choice,
                f"relMAE/relWQL/coverage, {name}": (
                    f"{score['rel_mae']:.4f}/{score['rel_wql']:.4f}/{score['coverage_80']:.3f}"
                ),
            }
        rows.append(row)
    return rows


def report(data: Path, given: argparse.Namespace) -> None:
    """Make the table, print it and keep it with all scores."""
    given.sets = [one for one in given.sets if one in LEFT_OUT]
    choices = CHOICES
    if given.choices:
        pairs = [text.partition("=") for text in given.choices]
        choices = {name: tuple(values.split(",")) for name, _, values in pairs}
    if given.quick:
        given.sets, choices = ["milan", "isp-5min"], {"guard": ("0", "1"), "adapt": ("true",)}
        given.options = ["challengers=base"]
    if len(given.sets) < 2:
        raise SystemExit("--leave-one-out needs at least two sets")
    found, defaults = scores(data, given, choices)
    shipped: str | None = written({name: defaults.get(name, "") for name in choices})
    if shipped not in found[given.sets[0]]["test"]:
        shipped = None
    rows = table(found, shipped)
    print(markdown(rows))
    everything = [
        {"set": label, "part": part, "choice": choice, **{name: round(value, 5) for name, value in score.items()}}
        for label, parts in found.items()
        for part, by_choice in parts.items()
        for choice, score in by_choice.items()
    ]
    document = {"choices": choices, "options": given.options, "seed": given.seeds[0], "scores": everything}
    keep(f"{given.name}_leave_one_out", {**document, "summary": rows})


def work(data: Path, task: dict[str, Any], out: Path) -> None:
    """Fit ``auto`` once on what is before a part of a set, and score it there with every late choice."""
    import hashlib
    from dataclasses import fields, replace

    import numpy as np

    from accuracy_data import SETS, cutoffs_of, outcome_backtest, read_set, scores_of
    from nettide.arrays import Floats, Ints
    from nettide.models import make_config
    from nettide.models.auto.config import AutoConfig
    from nettide.models.auto.model import AutoModel
    from nettide.panel import Panel
    from nettide.tasks.choice import parse_options

    class Remembering(AutoModel):
        """``auto`` whose members forecast once: the choices that come late change only how they are mixed."""

        remembered: ClassVar[dict[bytes, Floats]] = {}

        def _member_quantiles(self, panel: Panel, cutoffs: Ints, every: Ints) -> Floats:
            shown = hashlib.sha256(np.ascontiguousarray(panel.target).tobytes()).digest()  # it may be mended, or a part
            key = b"/".join((shown, cutoffs.tobytes(), every.tobytes()))
            if key not in self.remembered:
                self.remembered[key] = super()._member_quantiles(panel, cutoffs, every)
            return self.remembered[key]

    split = SETS[task["set"]]
    panel = read_set(split, data)
    first, last = (0.7, 0.8) if task["part"] == "validation" else (0.8, 1.0)
    cutoffs = cutoffs_of(panel, split, first=first, last=last)
    options = parse_options(task["options"])
    model = Remembering(make_config("auto", horizon=split.horizon, context=None, seed=task["seed"], options=options))
    model.fit(panel.until(int(cutoffs[0]) + 1))
    readers = {"guard": float, "adapt": lambda text: text == "true"}
    made = []
    for choice in combinations({name: tuple(values) for name, values in task["late"].items()}):
        model.config = replace(model.config, **{name: readers[name](value) for name, value in choice.items()})
        quantiles = model.predict(panel, cutoffs).quantiles
        tested = outcome_backtest(panel, cutoffs, quantiles, name="auto", horizon=split.horizon)
        made.append({"choice": choice, "scores": scores_of(tested)})
    shown = {one.name: one.default for one in fields(AutoConfig)}
    defaults = {name: f"{one:g}" if isinstance(one, float) else str(one).lower() for name, one in shown.items()}
    out.write_text(
        json.dumps({"scores": made, "defaults": defaults, "members": list(model.members), "notes": model.notes})
    )


if __name__ == "__main__":
    work(Path(sys.argv[1]), json.loads(sys.argv[2]), Path(sys.argv[3]))
