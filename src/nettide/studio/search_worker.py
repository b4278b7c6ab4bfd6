"""The process of one search: ``python -m nettide.studio.search_worker FOLDER`` does what ``order.json`` there says."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nettide.errors import NettideError
from nettide.models.contract import Monitor
from nettide.report.tuning_content import Trial
from nettide.studio.run_monitor import NOW, RunMonitor
from nettide.studio.workspace import read_document, write_document
from nettide.tasks.plan import Plan, plan_from
from nettide.tasks.plan_text import fit_command
from nettide.tasks.reading_document import reading_from
from nettide.tasks.tune_plan import SearchPlan

if TYPE_CHECKING:
    from nettide.tasks.tune_file import TuneFiles

ORDER, STATUS, RESULT = "order.json", "status.json", "result"
TRIALS = "trials.json"


class SearchWatcher:
    """Writes how far a search is to ``trials.json``, and how far its trial is to ``now.json``.

    Args:
        folder: of the search.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def monitor(self, trial: int) -> Monitor:
        """Give what tells of the epochs of a trial."""
        (self._folder / NOW).unlink(missing_ok=True)
        return RunMonitor(self._folder, model=f"trial {trial}")

    def on_trial(self, trial: Trial, *, done: int, trials: int, best: float | None, seconds_left: float | None) -> None:
        """Tell what came out."""
        del trial
        document = {"done": done, "trials": trials, "best": best, "seconds_left": seconds_left}
        write_document(self._folder / TRIALS, document)


def with_options(plan: Plan, options: Mapping[str, str]) -> Plan:
    """Give a plan with options that a search found."""
    rest = {name: text for name, text in options.items() if name not in ("context", "epochs")}
    return replace(
        plan,
        context=int(options["context"]) if "context" in options else plan.context,
        epochs=int(options["epochs"]) if "epochs" in options else plan.epochs,
        options=tuple({**dict(plan.options), **rest}.items()),
    )


def search(folder: Path) -> None:
    """Search as ordered, or go on with what was begun, and set down how it ended.

    Errors of nettide's are set down as a sentence; any other ends the process with a traceback in its log.

    Raises:
        DamagedError: the order cannot be read.
    """
    from nettide.tasks.tune_words import headline, remarks  # with Optuna, which the pages do not need

    order = read_document(folder / ORDER) or {}
    begun = time.monotonic()
    (folder / STATUS).unlink(missing_ok=True)
    try:
        trials, usual = int(order["trials"]), SearchPlan()
        try:
            done = _tuned(folder, order, trials=trials, repeats=usual.repeats)
        except KeyboardInterrupt:  # between two trials; within one the search itself ends with the best so far
            counted = int((read_document(folder / TRIALS) or {}).get("done") or 0)
            if not counted:
                raise
            done = _tuned(folder, order, trials=min(counted, trials), repeats=0)
    except NettideError as error:
        write_document(folder / STATUS, {"state": "failed", "error": str(error)})
        return
    except KeyboardInterrupt:
        write_document(folder / STATUS, {"state": "failed", "error": "it was stopped before its first trial was done"})
        return
    found = done.result
    scored = sorted((one for one in found.trials if one.score is not None), key=lambda one: one.score or 0.0)
    write_document(
        folder / STATUS,
        {
            "state": "done",
            "seconds": time.monotonic() - begun,
            "ending": found.ending,
            "words": [headline(found), *remarks(found)],
            "options": dict(found.options),
            "score_name": found.score_name,
            "tried": len(found.trials),
            "best": [
                {"score": one.score, "seconds": one.seconds, "defaults": one.defaults, "options": dict(one.options)}
                for one in scored[:10]
            ],
        },
    )


def _tuned(folder: Path, order: Mapping[str, Any], *, trials: int, repeats: int) -> TuneFiles:
    from nettide.tasks.tune_file import run_tune

    reading, plan, location = reading_from(order["reading"]), plan_from(order["plan"]), str(order["location"])
    return run_tune(
        location,
        reading,
        model=plan.model,
        choice=plan.choice(),
        plan=SearchPlan(trials, float(order["budget_seconds"]), plan.test_fraction, repeats=repeats),
        out=folder / RESULT,
        fit_command=lambda found: fit_command(location, reading, with_options(plan, found), out="models/tuned"),
        command=str(order["command"]),
        watcher=SearchWatcher(folder),
    )


if __name__ == "__main__":
    # threads of PyTorch that wait by spinning make training slow beside other work; said before it is imported
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    signal.signal(signal.SIGINT, signal.default_int_handler)  # it is ignored where the server was started so
    search(Path(sys.argv[1]))
