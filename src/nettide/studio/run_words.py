"""What is said of runs: their state, how they ended, and how long they have to go."""

from __future__ import annotations

import shlex

from nettide.studio.runs import Progress, Run, RunState

STATE_COLOURS: dict[RunState, str] = {"running": "blue", "done": "green", "failed": "red", "killed": "orange"}
_ENDINGS = {
    "finished": "all epochs done",
    "early": "ended early: no more gain",
    "interrupted": "stopped; the best weights are kept",
    "requested": "stopped; the best weights are kept",
    "none": "",
}


def ending_text(run: Run) -> str:
    """Say how the training of a run ended; empty where nothing was trained."""
    return _ENDINGS.get(run.ending, run.ending)


def options_text(run: Run) -> str:
    """Give what was asked for beside model and horizon, as short as possible."""
    plan = run.plan
    said = [f"{name}={value}" for name, value in plan.options]
    if plan.context is not None:
        said.insert(0, f"window={plan.context}")
    if plan.epochs is not None:
        said.append(f"epochs={plan.epochs}")
    if plan.budget is not None:
        said.append(f"budget={plan.budget}")
    if plan.seed:
        said.append(f"seed={plan.seed}")
    return shlex.join(said) if said else "as usual"


def share_done(progress: Progress) -> float | None:
    """Give the share of the epochs that is done, 0 to 1; None before the first batch."""
    now = progress.now
    if not all(now.get(name) for name in ("epoch", "epochs", "batch", "batches")):
        return None
    share = (float(now["epoch"]) - 1 + float(now["batch"]) / float(now["batches"])) / float(now["epochs"])
    return min(1.0, max(0.0, share))


def seconds_left(progress: Progress) -> float | None:
    """Estimate how long the epochs still take; None where nothing tells."""
    share = share_done(progress)
    if share is None or share <= 0 or "challenger" in progress.now:
        return None
    return float(progress.now["elapsed"]) * (1 - share) / share
