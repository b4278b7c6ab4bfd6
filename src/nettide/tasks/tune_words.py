"""What a search found, in sentences; the page and the command line say the same."""

from __future__ import annotations

import math
from collections.abc import Mapping

from nettide.backtest.yardstick import yardstick_name
from nettide.tasks.tune import TuneResult

_FEW_CUTOFFS = 5
_NAMED = 3
_LEAST_SHARE = 0.05


def headline(result: TuneResult) -> str:
    """Say what was best, beside the defaults, and whether the difference is more than luck."""
    name, best, defaults = result.score_name, result.best, result.defaults
    assert best.score is not None
    assert defaults.score is not None
    if best is defaults:
        return f"Nothing that was tried did better than the defaults: {name} {defaults.score:.3f}."
    said = f"Best {name} {best.score:.3f} against {defaults.score:.3f} with the defaults"
    repeats = result.repeats
    if repeats is None:
        return f"{said}; one seed alone, so a part of the difference may be luck."
    seeds = f"{len(repeats.best)} other {'seed' if len(repeats.best) == 1 else 'seeds'}"
    again = f"with {seeds} {_mean(repeats.best):.3f} against {_mean(repeats.defaults):.3f}"
    if repeats.gain <= 0:
        return f"{said}, but {again}: it was luck, keep the defaults."
    if repeats.gain <= repeats.noise:
        return f"{said}, {again}: within what seeds alone change (±{repeats.noise:.3f})."
    return f"{said}, {again}: more than seeds alone change (±{repeats.noise:.3f})."


def remarks(result: TuneResult) -> tuple[str, ...]:
    """Say what else a reader should know."""
    said = []
    if result.options:
        said.append(f"Recommended: {changes_text(result.options)}; the other options as they come.")
    if matter := [one for one in list(result.importance.items())[:_NAMED] if one[1] >= _LEAST_SHARE]:
        said.append("What mattered most: " + ", ".join(f"{name} {100 * share:.0f} %" for name, share in matter) + ".")
    best = min(one for one in (result.best.score, result.defaults.score) if one is not None)
    backtest = result.backtest
    if best >= 1:
        naive = yardstick_name(backtest.panel, backtest.season)
        said.append(f"Even the best is no better than the {naive} on the validation part.")
    cutoffs = len(backtest.cutoffs)
    if cutoffs < _FEW_CUTOFFS:
        said.append(
            f"The validation part has only {cutoffs} {'cutoff' if cutoffs == 1 else 'cutoffs'}: "
            "small differences mean little."
        )
    rest = result.steps - result.test_start
    if rest:
        said.append(
            f"The last {rest:,} of {result.steps:,} steps were not looked at, so a backtest on them stays honest."
        )
    else:
        said.append("All of the data was used: no part is left on which a backtest of these options would be honest.")
    if result.ending == "budget":
        said.append("The budget ended the search; the same command with a larger --budget goes on with it.")
    if result.ending == "interrupted":
        said.append("Ctrl-C ended the search; the same command goes on with it.")
    return tuple(said)


def changes_text(options: Mapping[str, str]) -> str:
    """List options as ``name=value``."""
    return ", ".join(f"{name}={text}" for name, text in options.items())


def _mean(values: tuple[float, ...]) -> float:
    return math.fsum(values) / len(values)
