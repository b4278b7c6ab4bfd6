"""Measure what a model depends on over a held-out part of the data, rank it, and write it down."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

import numpy as np
import pyarrow as pa

from nettide.arrays import Floats, Ints
from nettide.backtest.bootstrap import block_length, expanded_interval, resample
from nettide.backtest.origin import first_test_step
from nettide.errors import HistoryError, OptionError, unknown
from nettide.insight.importance import LEAST_WINDOWS, Importance, InputKind, Told, permutation_importance
from nettide.models.contract import Model
from nettide.panel import Panel
from nettide.prepare.calendar import WEEK_SECONDS
from nettide.prepare.shown_times import span_text
from nettide.store.record import ModelRecord
from nettide.tasks.backtest import DEFAULT_TEST_FRACTION, TestPart
from nettide.tasks.load import Reading
from nettide.tasks.model_and_data import model_and_data
from nettide.tasks.remarks import listed
from nettide.tasks.written_table import write_table

Verdict = Literal["matters", "misleads", "no clear effect", "not used", "too few windows to tell"]
"""Forecasts are surely worse without it, surely better, neither; it changes nothing; or there is no interval."""
WINDOWS = 60
MOST_SERIES = 50


@dataclass(frozen=True, slots=True)
class Ranked:
    """One input and what exchanging it costs.

    Args:
        name: of the input.
        kind: what it is.
        rise: mean rise of the loss in shares of the loss as it is; 0.5 is half as much again.
        low: lower end of its 95 % interval, over windows and exchanges; NaN with too few windows.
        high: upper end.
        spread: standard deviation of the rise between exchanges; NaN for a single one.
        rise_mae: mean rise of the absolute error in shares of that error.
        moved: mean absolute change of the forecast in shares of the mean traffic.
        verdict: what it comes to.
    """

    name: str
    kind: InputKind
    rise: float
    low: float
    high: float
    spread: float
    rise_mae: float
    moved: float
    verdict: Verdict


@dataclass(frozen=True, slots=True, eq=False)
class ImportanceResult:
    """What a model depends on.

    Args:
        model: name in the table of models.
        inputs: the most important first.
        loss: what the rises are of: ``pinball``, or ``mae`` for a model without quantiles.
        baseline: that loss as it is, in shares of the mean traffic.
        baseline_mae: absolute error as it is, likewise.
        series: how many series were looked at.
        windows: held-out windows of each.
        repeats: exchanges of each input, at most.
        horizon: steps ahead that were scored.
        first: epoch second of the first held-out step.
        last: epoch second of the last one that was scored.
        span: from the first to the last as text, in UTC, or days of their zone.
        notes: sentences for the user.
    """

    model: str
    inputs: tuple[Ranked, ...]
    loss: Literal["pinball", "mae"]
    baseline: float
    baseline_mae: float
    series: int
    windows: int
    repeats: int
    horizon: int
    first: int
    last: int
    span: str
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ImportancePlan:
    """How importance is measured.

    Args:
        test: the held-out part; by default what comes after the data of a saved model, else the last fifth.
        windows: most held-out windows of each series, at least 3.
        repeats: exchanges of each input.
        parts: whether parts of the target's past are exchanged too, which takes longer.
        seed: of the exchanges.
        most_series: of so many series, evenly chosen by id.

    Raises:
        OptionError: a number is below what it must be.
    """

    test: TestPart = field(default_factory=TestPart)
    windows: int = WINDOWS
    repeats: int = 5
    parts: bool = False
    seed: int = 0
    most_series: int = MOST_SERIES

    def __post_init__(self) -> None:
        for name, least in (("windows", LEAST_WINDOWS), ("repeats", 1), ("seed", 0), ("most_series", 1)):
            if getattr(self, name) < least:
                raise OptionError(f"{name} {getattr(self, name)} must be at least {least}")


def importance(
    folder: Path | None,
    location: str,
    reading: Reading,
    *,
    plan: ImportancePlan,
    horizon: int | None = None,
    series: str | None = None,
    told: Told | None = None,
) -> ImportanceResult:
    """Measure what a model depends on over the held-out part of a file.

    Args:
        folder: of a saved model; None takes the pretrained network as it is.
        location: file or folder with the data.
        reading: how it becomes a panel.
        plan: the windows and exchanges.
        horizon: steps ahead that are scored; None takes all of the model's.
        series: id of the only series to look at; None looks at all.
        told: is told before each run of the model.

    Raises:
        NettideError: any of the tree.
    """
    pair = model_and_data(folder, location, reading, horizon=horizon)
    panel, notes = pair.panel, list(pair.notes)
    if series is not None:
        if series not in panel.ids:
            raise OptionError(unknown("series", series, panel.ids))
        panel = panel.select([panel.ids.index(series)])
    elif len(panel.series) > plan.most_series:
        chosen = panel.select(spread_series(panel, most=plan.most_series))
        notes.append(chosen_note(chosen, panel))
        panel = chosen
    first, said = held_out(panel, plan.test, pair.record, horizon=pair.horizon)
    if said:
        notes.append(said)
    done = importance_of(pair.model, panel, name=pair.name, first=first, horizon=pair.horizon, plan=plan, told=told)
    return replace(done, notes=(*notes, *done.notes))


def importance_of(
    model: Model, panel: Panel, *, name: str, first: int, horizon: int, plan: ImportancePlan, told: Told | None = None
) -> ImportanceResult:
    """Measure what a fitted model depends on.

    Args:
        model: fitted.
        panel: the data.
        name: of the model, as it will be shown.
        first: index of the first held-out step.
        horizon: steps ahead that are scored, at most the model's.
        plan: the windows and exchanges; its test part was settled before.
        told: is told before each run of the model.

    Raises:
        HistoryError: there are fewer than three held-out windows, or nothing to score in them.
    """
    cutoffs = spread_cutoffs(panel.steps, first=first, horizon=horizon, stride=plan.test.stride, most=plan.windows)
    found = permutation_importance(
        model,
        panel,
        cutoffs,
        horizon=horizon,
        repeats=plan.repeats,
        parts=plan.parts,
        seed=plan.seed,
        told=told,
    )
    banded = not np.isnan(found.pinball).all()
    baseline, baseline_mae = _mean(found.pinball if banded else found.mae), _mean(found.mae)
    inputs = _ranked(found, banded=banded, panel=panel, horizon=horizon, seed=plan.seed)
    exchanged = max((one.mae.shape[0] for one in found.inputs), default=0)
    notes = [f"{what} could not be exchanged: {why}" for what, why in found.left_out.items()]
    if exchanged < plan.repeats:
        notes.append(f"at most {exchanged} different exchanges are possible, fewer than the {plan.repeats} asked for")
    first_scored = int(panel.seconds[cutoffs[0]]) + panel.step_seconds
    last = int(panel.seconds[cutoffs[-1]]) + panel.step_seconds * horizon
    return ImportanceResult(
        model=name,
        inputs=tuple(sorted(inputs, key=lambda one: -one.rise)),
        loss="pinball" if banded else "mae",
        baseline=baseline,
        baseline_mae=baseline_mae,
        series=len(panel.series),
        windows=len(cutoffs),
        repeats=exchanged,
        horizon=horizon,
        first=first_scored,
        last=last,
        span=span_text(first_scored, last, panel),
        notes=tuple(notes),
    )


def spread_series(panel: Panel, *, most: int) -> Ints:
    """Give the rows of so many series, evenly chosen by id; all where there are no more."""
    by_id = np.array(sorted(range(len(panel.series)), key=panel.ids.__getitem__), dtype=np.int64)
    count = min(most, len(by_id))
    return np.sort(by_id[np.linspace(0, len(by_id) - 1, count).astype(np.int64)])


def chosen_note(chosen: Panel, panel: Panel) -> str:
    """Say of which series of a panel something is measured."""
    few = f"measured on {len(chosen.series):,} of {len(panel.series):,} series, evenly chosen by id"
    return f"{few}: {listed(chosen.ids)}"


def held_out(panel: Panel, test: TestPart, record: ModelRecord | None, *, horizon: int) -> tuple[int, str]:
    """Give the first held-out step, and a sentence where the model may have seen what follows.

    Args:
        panel: the data.
        test: where it begins, if anyone said.
        record: of the model; None if it was not fitted on any of this.
        horizon: steps ahead.

    Raises:
        OptionError: the test part is impossible.
        HistoryError: it is empty or leaves nothing before it.
    """
    asked = test.start is not None or test.size is not None or test.fraction is not None
    after = 0 if record is None else int(np.searchsorted(panel.seconds, record.data.end, side="right"))
    if asked:
        first = first_test_step(panel, test_start=test.start, test_size=test.size, test_fraction=test.fraction)
    elif record is not None and 1 <= after <= panel.steps - LEAST_WINDOWS * horizon:
        return after, ""
    else:
        first = first_test_step(panel, test_fraction=DEFAULT_TEST_FRACTION)
    if first >= after:
        return first, ""
    return first, (
        "the model was fitted on the part it is judged on here: this tells what it leans on, less surely what would "
        "help on new data; name data that goes on after its training to be sure"
    )


def spread_cutoffs(steps: int, *, first: int, horizon: int, stride: int | None, most: int) -> Ints:
    """Give evenly spaced cutoffs over the held-out part, one a horizon or further apart where there are too many.

    Raises:
        HistoryError: fewer than three fit.
        OptionError: the stride is below 1.
    """
    if stride is not None and stride < 1:
        raise OptionError(f"stride {stride} must be at least 1")
    room = steps - horizon - first + 1  # cutoffs that have a whole horizon after them
    least = horizon if stride is None else stride
    apart = least * max(1, math.ceil(room / least / most))
    cutoffs = np.arange(first - 1, steps - horizon, apart, dtype=np.int64)
    if len(cutoffs) < LEAST_WINDOWS:
        raise HistoryError(
            f"the held-out part of {steps - first} steps holds {len(cutoffs)} windows of {horizon}, and inputs are "
            f"exchanged between at least {LEAST_WINDOWS}; begin it earlier or shorten the horizon"
        )
    return cutoffs


def importance_table(done: ImportanceResult) -> pa.Table:
    """Give a row an input, the most important first."""
    names = ("name", "kind", "rise", "low", "high", "spread", "rise_mae", "moved", "verdict")
    return pa.table({name: [getattr(one, name) for one in done.inputs] for name in names})


def write_importance(done: ImportanceResult, path: Path, *, overwrite: bool) -> None:
    """Write ``importance_table`` as ``.csv`` or ``.parquet``, whole or not at all.

    Raises:
        OptionError: the ending is neither.
        StoreError: the file exists already, or its folder is full, read-only or absent.
    """
    write_table(importance_table(done), path, overwrite=overwrite)


def _ranked(found: Importance, *, banded: bool, panel: Panel, horizon: int, seed: int) -> list[Ranked]:
    baseline, baseline_mae = _mean(found.pinball if banded else found.mae), _mean(found.mae)
    stride = int(found.cutoffs[1] - found.cutoffs[0])
    week = max(1, WEEK_SECONDS // (stride * panel.step_seconds))
    ranked = []
    for one in found.inputs:
        rises = one.pinball if banded else one.mae
        low, high = _interval(rises, week=week, overlap=-(-horizon // stride), seed=seed)
        each = np.array([_mean(row) for row in rises])
        low, high = _ratio(low, baseline), _ratio(high, baseline)
        ranked.append(
            Ranked(
                name=one.name,
                kind=one.kind,
                rise=_ratio(_mean(rises.reshape(-1)), baseline),
                low=low,
                high=high,
                spread=_ratio(float(each.std(ddof=1)), baseline) if len(each) > 1 else math.nan,
                rise_mae=_ratio(_mean(one.mae.reshape(-1)), baseline_mae),
                moved=one.moved,
                verdict=_verdict(low, high, used=one.used),
            )
        )
    return ranked


def _verdict(low: float, high: float, *, used: bool) -> Verdict:
    if not used:
        return "not used"
    if math.isnan(low):
        return "too few windows to tell"
    if low > 0:
        return "matters"
    return "misleads" if high < 0 else "no clear effect"


def _interval(rises: Floats, *, week: int, overlap: int, seed: int) -> tuple[float, float]:
    """Give the 95 % interval of the mean rise: blocks of windows, and exchanges, are drawn again.

    Args:
        rises: shape (repeat, cutoff), NaN where unknown.
        week: cutoffs in a week.
        overlap: cutoffs whose forecasts share steps.
        seed: of the draws.
    """
    rises = rises[:, ~np.isnan(rises).any(axis=0)]
    repeats, count = rises.shape
    if count < LEAST_WINDOWS:
        return math.nan, math.nan
    block = block_length(count, week=week, overlap=overlap)
    drawn = resample(count, block=block, seed=seed)
    by_cell = np.stack([np.bincount(drawn.cells, row) for row in rises]) / np.bincount(drawn.cells)  # (repeat, cell)
    again = np.random.default_rng(seed + 1).multinomial(repeats, np.full(repeats, 1 / repeats), len(drawn.weights))
    weights = drawn.weights / drawn.weights.sum(axis=1, keepdims=True)
    replicates = ((again / repeats) @ by_cell * weights).sum(axis=1)
    estimate = np.array(rises.mean())
    low, high = expanded_interval(estimate, replicates, blocks=np.array(drawn.blocks))
    return float(low), float(high)


def _mean(values: Floats) -> float:
    known = values[~np.isnan(values)]
    return float(known.mean()) if known.size else math.nan


def _ratio(value: float, baseline: float) -> float:
    """Give a rise in shares of the loss as it is; a perfect forecast has none."""
    return value / baseline if baseline > 0 else math.nan
