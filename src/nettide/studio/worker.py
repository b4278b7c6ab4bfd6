"""The process of one run: ``python -m nettide.studio.worker FOLDER`` does what ``order.json`` in the folder says.

It lives outside the server, so that neither a closed page nor a restart of the server ends a training. It holds the
lock of the run, which the server opened for it, until it ends.
"""

from __future__ import annotations

import dataclasses
import math
import os
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from nettide.backtest.leaderboard import Score
from nettide.errors import NettideError
from nettide.models.contract import Monitor
from nettide.report.trust import doubt
from nettide.report.words import headline, remarks
from nettide.studio.run_monitor import EPOCHS, RunMonitor
from nettide.studio.workspace import read_document, write_document
from nettide.tasks.backtest import BacktestResult, TestPart, run_backtest
from nettide.tasks.keep import keep_tested
from nettide.tasks.monitors import EpochLog, Several
from nettide.tasks.plan import plan_from
from nettide.tasks.plan_text import backtest_command
from nettide.tasks.reading_document import reading_from

ORDER, STATUS, RESULT, MODEL = "order.json", "status.json", "result", "model"


def work(folder: Path) -> None:
    """Train and test as ordered, keep model and results in the folder, and set down how it ended.

    Errors of nettide's are set down as a sentence; any other ends the process with a traceback in its log.

    Raises:
        DamagedError: the order cannot be read.
    """
    order = read_document(folder / ORDER) or {}
    begun = time.monotonic()
    try:
        reading, plan = reading_from(order["reading"]), plan_from(order["plan"])
        location, name = str(order["location"]), str(order["name"])
        with ExitStack() as stack:

            def monitor(model: str) -> Monitor:
                log = EpochLog(folder / EPOCHS, model=model)
                stack.callback(log.close)
                return Several([RunMonitor(folder, model=model), log])

            done = run_backtest(
                location,
                reading,
                models=plan.models,
                choice=plan.choice(),
                test=TestPart(fraction=plan.test_fraction),
                out=folder / RESULT,
                command=backtest_command(name, reading, plan, out="result"),
                monitor=monitor,
            )
        if plan.model in done.backtest.failures:
            raise NettideError(done.backtest.failures[plan.model])
        record = keep_tested(done, plan.model, folder / MODEL, origin=name, reading=reading)
    except NettideError as error:
        write_document(folder / STATUS, {"state": "failed", "error": str(error), "seconds": time.monotonic() - begun})
        return
    write_document(
        folder / STATUS,
        {
            "state": "done",
            "seconds": time.monotonic() - begun,
            "best": done.best,
            "words": _words(done),
            "sentences": list(done.sentences),
            "ending": record.training.ending,
            "parameters": record.training.parameters,
            "windows": record.training.windows,
            "scores": [_known(one) for one in done.scores],
        },
    )


def _words(done: BacktestResult) -> list[str]:
    """Say which model to use, and what is worth knowing before that is trusted."""
    said = (
        headline(done.backtest, done.scores),
        *remarks(done.backtest, done.scores),
        doubt(done.comparisons, done.best),
    )
    return [one for one in said if one]


def _known(score: Score) -> dict[str, Any]:
    """Give a score as JSON values; one that does not exist is None."""
    values = dataclasses.asdict(score)
    return {name: None if isinstance(one, float) and not math.isfinite(one) else one for name, one in values.items()}


if __name__ == "__main__":
    # threads of PyTorch that wait by spinning make training slow beside other work; said before it is imported
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    work(Path(sys.argv[1]))
