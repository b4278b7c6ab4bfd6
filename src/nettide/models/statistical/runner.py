"""Many fits over all cores: worker processes that are given series and give back quantiles.

The workers are plain subprocesses that read arrays: a script without a ``__main__`` guard is not run
again by them, nothing is forked beside the threads of PyTorch, and nothing is pickled.
"""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass

import numpy as np

from nettide.arrays import Bools, Floats, Ints
from nettide.errors import TrainingError
from nettide.forecast import LEVELS
from nettide.models.statistical.fits import FitPlan, fit_one
from nettide.prepare.occasions import Shares

_WORKER = "nettide.models.statistical.worker"
_WORTH = {"ets": 150, "arima": 50, "theta": 800, "mstl": 150, "prophet": 30}
"""Fits a worker, below which starting it takes longer than it helps."""


@dataclass(frozen=True, slots=True, eq=False)
class Known:
    """What is known of the future of series beside their past.

    Args:
        shares: what share of each step lies in occasions, shape (group, time + horizon, kind).
        groups: which group each series belongs to, shape (series,).
    """

    shares: Shares
    groups: Ints

    def of(self, row: int, *, first: int, end: int) -> Shares:
        """Give the shares of some steps of a series, shape (step, kind)."""
        return self.shares[self.groups[row], first:end]


def run_fits(
    target: Floats,
    rows: Ints,
    cutoffs: Ints,
    *,
    plan: FitPlan,
    context: int,
    workers: int | None,
    known: Known | None = None,
) -> tuple[Floats, Bools]:
    """Forecast series from cutoffs, each by a fit of its own.

    Args:
        target: shape (series, time).
        rows: which series, shape (fit,); each has a known value up to its cutoff.
        cutoffs: last seen step of each fit, shape (fit,).
        plan: how each is fitted.
        context: most steps that a fit uses.
        workers: processes; None takes one a core, fewer where there is little to do.
        known: occasions, for a method that uses them.

    Returns:
        Quantiles at ``LEVELS``, shape (fit, horizon, level), and which fits failed, shape (fit,).

    Raises:
        TrainingError: a worker process ended before its work was done.
    """
    if workers is None:
        workers = min(
            len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1,
            len(rows) // _WORTH[plan.method],
        )
    workers = min(workers, len(rows))
    if workers <= 1:
        return fit_all(target, rows, cutoffs, plan=plan, context=context, known=known)
    order = np.argsort(rows, kind="stable")  # a worker needs few series, each with most of its cutoffs
    parts = np.array_split(order, workers)
    questions = [
        _question(target, rows[part], cutoffs[part], plan=plan, context=context, known=known) for part in parts
    ]
    answers = ask(questions, method=plan.method)
    quantiles, failed = np.empty((len(rows), plan.horizon, len(LEVELS))), np.zeros(len(rows), dtype=np.bool_)
    for part, answer in zip(parts, answers, strict=True):
        stream = io.BytesIO(answer)
        quantiles[part] = np.load(stream, allow_pickle=False)
        failed[part] = np.load(stream, allow_pickle=False)
    return quantiles, failed


def fit_all(
    target: Floats, rows: Ints, cutoffs: Ints, *, plan: FitPlan, context: int, known: Known | None = None
) -> tuple[Floats, Bools]:
    """Do in this process what ``run_fits`` does."""
    quantiles, failed = np.empty((len(rows), plan.horizon, len(LEVELS))), np.zeros(len(rows), dtype=np.bool_)
    for place, (row, cutoff) in enumerate(zip(rows, cutoffs, strict=True)):
        history, end = history_of(target[row], int(cutoff), context=context), int(cutoff) + 1
        own = None if known is None else known.of(row, first=end - len(history), end=end + plan.horizon)
        fit = fit_one(history, plan, occasions=own)
        quantiles[place], failed[place] = fit.quantiles, fit.failed
    return quantiles, failed


def history_of(values: Floats, cutoff: int, *, context: int) -> Floats:
    """Give the last steps up to a cutoff; where all of them are unknown, the last known value alone."""
    window = values[max(0, cutoff + 1 - context) : cutoff + 1]
    if np.isfinite(window).any():
        return window
    known = np.flatnonzero(np.isfinite(values[: cutoff + 1]))
    return values[known[-1:]]


def _question(target: Floats, rows: Ints, cutoffs: Ints, *, plan: FitPlan, context: int, known: Known | None) -> bytes:
    """Write what ``worker`` reads: a line of JSON, then arrays; of the target only what the fits may see."""
    series, places = np.unique(rows, return_inverse=True)
    end = int(cutoffs.max()) + 1
    shown = target[series, :end]
    first = int(np.isfinite(shown).argmax(axis=1).min())
    stream = io.BytesIO()
    stream.write(json.dumps({"plan": asdict(plan), "context": context}).encode() + b"\n")
    shares, groups = np.empty((0, 0, 0), dtype=np.float32), series[:0]  # no group: nothing is known
    if known is not None:
        shares, groups = known.shares[:, first : end + plan.horizon], known.groups[series]
    for array in (shown[:, first:], places.reshape(-1), cutoffs - first, shares, groups):
        np.save(stream, np.ascontiguousarray(array), allow_pickle=False)
    return stream.getvalue()


def ask(questions: list[bytes], *, method: str) -> list[bytes]:
    """Let a worker answer each question, all at once; none outlives this call, however it ends.

    Raises:
        TrainingError: a worker ended without an answer.
    """
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    environment |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    processes: list[subprocess.Popen[bytes]] = []
    try:
        for _ in questions:
            processes.append(  # noqa: PERF401 - those that began must be known if the next cannot
                subprocess.Popen(  # noqa: S603 - our own module, by our own interpreter
                    [sys.executable, "-P", "-m", _WORKER],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE,
                    env=environment,
                )
            )
        with ThreadPoolExecutor(len(questions)) as threads:
            try:
                spoken = list(threads.map(subprocess.Popen.communicate, processes, questions))
            except BaseException:  # Ctrl-C: the threads end when their workers do
                _end(processes)
                raise
    finally:
        _end(processes)
    for process, (_, complaint) in zip(processes, spoken, strict=True):
        if process.returncode:
            lines = complaint.decode(errors="replace").strip().splitlines() or ["it said nothing"]
            raise TrainingError(
                f"a worker process of {method} ended with status {process.returncode} ({lines[-1]}); "
                "try again with --set workers=1"
            )
    return [answer for answer, _ in spoken]


def _end(processes: list[subprocess.Popen[bytes]]) -> None:
    for process in processes:
        if process.poll() is None:
            process.kill()
            process.wait()
