"""A plan as the command and the Python lines that do the same."""

from __future__ import annotations

import dataclasses
import shlex
from dataclasses import replace
from typing import Any

from nettide.tasks.backtest import TestPart
from nettide.tasks.choice import Choice
from nettide.tasks.load import Reading
from nettide.tasks.plan import Plan
from nettide.tasks.reading_document import reading_options


def backtest_command(location: str, reading: Reading, plan: Plan, *, out: str) -> str:
    """Give the command that trains and tests as the plan says, a few options a line."""
    words = ["nettide backtest", shlex.quote(location), *_pairs(reading_options(reading))]
    words += [f"--model {name}" for name in plan.models]
    words += [*_training(plan), f"--test-fraction {plan.test_fraction:g}", f"--out {shlex.quote(out)}"]
    return _wrapped(words)


def fit_command(location: str, reading: Reading, plan: Plan, *, out: str) -> str:
    """Give the command that trains the model of the plan on all of the data, test part included, and keeps it."""
    words = ["nettide fit", shlex.quote(location), *_pairs(reading_options(reading)), f"--model {plan.model}"]
    return _wrapped([*words, *_training(plan), f"--out {shlex.quote(out)}"])


def tune_command(location: str, reading: Reading, plan: Plan, *, trials: int, budget_seconds: float) -> str:
    """Give the command that searches the options that the plan leaves open, its test part not looked at."""
    words = ["nettide tune", shlex.quote(location), *_pairs(reading_options(reading)), f"--model {plan.model}"]
    words += [*_training(replace(plan, budget=None)), f"--test-fraction {plan.test_fraction:g}"]
    return _wrapped([*words, f"--trials {trials}", f"--budget {budget_seconds:g}s", "--out tuned"])


def python_lines(location: str, reading: Reading, plan: Plan, *, out: str) -> str:
    """Give Python that trains and tests as the plan says."""
    test = TestPart(fraction=plan.test_fraction)
    used = [Choice, Reading, TestPart]
    shown = {"reading": _made(reading, used), "choice": _made(plan.choice(), used), "test": _made(test, used)}
    homes = {
        f"from {one.__module__} import " + ", ".join(sorted(two.__name__ for two in used if _home(two) == _home(one)))
        for one in used
        if _home(one) != "nettide.tasks.backtest"
    }
    imports = sorted({*homes, "from nettide.tasks.backtest import TestPart, run_backtest", "from pathlib import Path"})
    return "\n".join(
        [
            *(one for one in imports if one.startswith("from pathlib")),
            "",
            *(one for one in imports if not one.startswith("from pathlib")),
            "",
            "done = run_backtest(",
            f"    {location!r},",
            f"    {shown['reading']},",
            f"    models={list(plan.models)!r},",
            f"    choice={shown['choice']},",
            f"    test={shown['test']},",
            f"    out=Path({out!r}),",
            ")",
            "for score in done.scores:",
            "    print(score.model, score.rel_mae, score.coverage_80)",
        ]
    )


def _training(plan: Plan) -> list[str]:
    words = [f"--horizon {plan.horizon}"]
    if plan.context is not None:
        words.append(f"--context {plan.context}")
    if plan.epochs is not None:
        words.append(f"--epochs {plan.epochs}")
    if plan.budget is not None:
        words.append(f"--budget {shlex.quote(plan.budget)}")
    if plan.seed:
        words.append(f"--seed {plan.seed}")
    return words + [f"--set {shlex.quote(f'{name}={value}')}" for name, value in plan.choice().options.items()]


def _pairs(words: tuple[str, ...]) -> list[str]:
    return [f"{name} {shlex.quote(value)}" for name, value in zip(words[::2], words[1::2], strict=True)]


def _wrapped(words: list[str], *, width: int = 88) -> str:
    lines = [words[0]]
    for word in words[1:]:
        if len(lines[-1]) + 1 + len(word) > width:
            lines[-1] += " \\"
            lines.append(f"  {word}")
        else:
            lines[-1] += f" {word}"
    return "\n".join(lines)


def _home(kind: type[Any]) -> str:
    return kind.__module__


def _made(value: Any, used: list[type[Any]]) -> str:
    """Write a dataclass as the call that makes it, without what is as nobody says; notes the classes it names."""
    if not dataclasses.is_dataclass(value) or isinstance(value, type):
        return repr(value)
    if type(value) not in used:
        used.append(type(value))
    arguments = []
    for field in dataclasses.fields(value):
        own = getattr(value, field.name)
        default = field.default
        if field.default_factory is not dataclasses.MISSING:
            default = field.default_factory()
        if own != default:
            arguments.append(f"{field.name}={_made(own, used)}")
    return f"{type(value).__name__}({', '.join(arguments)})"
