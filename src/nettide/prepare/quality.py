"""The data-quality verdict: what is wrong with readings, series by series, before anything is forecast."""

from __future__ import annotations

import json
import math
from collections import Counter
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np

from nettide.arrays import Bools, Floats
from nettide.errors import PanelError
from nettide.prepare.cycles import compressed, cycle_strength, measured_day, row_median
from nettide.prepare.facts import Facts, Readings, count_facts, sort_readings
from nettide.prepare.hours import Hours, hourly_means
from nettide.prepare.judgement import JUDGEMENTS, Figures, Finding, Judgement, LevelShift, Need, judge, needs
from nettide.prepare.rows import Rows
from nettide.prepare.shifts import Shift, find_shifts

_DAY = 86400
_TOO_SPARSE = 0.98
_MANY_GAPS = 10


@dataclass(frozen=True, slots=True)
class SeriesVerdict:
    """What was found in one series.

    Args:
        id: its name.
        judgement: fit to forecast, with care, or not.
        findings: why, gravest first.
        figures: what was counted and measured.
        needs: how much history each horizon needs, and whether it is there.
    """

    id: str
    judgement: Judgement
    findings: tuple[Finding, ...]
    figures: Figures
    needs: tuple[Need, ...]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was found in some readings.

    Args:
        origin: where the readings come from.
        target: the column that was looked at.
        step_seconds: the step, given or found.
        rows: rows in all.
        series: one verdict a series, in the order of the readings.
        notes: sentences from reading: what was guessed or left out.
    """

    origin: str
    target: str
    step_seconds: int
    rows: int
    series: tuple[SeriesVerdict, ...]
    notes: tuple[str, ...] = ()

    def counts(self) -> dict[Judgement, int]:
        """Give how many series have each judgement."""
        counts = dict.fromkeys(JUDGEMENTS, 0)
        for one in self.series:
            counts[one.judgement] += 1
        return counts

    def finding_counts(self) -> dict[str, int]:
        """Give in how many series each kind of finding was made, most frequent first."""
        kinds = Counter(kind for one in self.series for kind in {finding.kind for finding in one.findings})
        return dict(sorted(kinds.items(), key=lambda pair: (-pair[1], pair[0])))

    def worst_first(self) -> tuple[SeriesVerdict, ...]:
        """Give the series ordered from "not" to "fit to forecast", and within by how many grave findings they have."""
        return tuple(
            sorted(
                self.series,
                key=lambda one: (
                    -JUDGEMENTS.index(one.judgement),
                    -sum(finding.severity != "note" for finding in one.findings),
                ),
            )
        )

    def to_json(self) -> str:
        """Give everything as one JSON document; what is unknown is null."""
        document: dict[str, Any] = {
            "origin": self.origin,
            "target": self.target,
            "step_seconds": self.step_seconds,
            "rows": self.rows,
            "counts": self.counts(),
            "notes": list(self.notes),
            "series": [
                {
                    "id": one.id,
                    "judgement": one.judgement,
                    "findings": [asdict(finding) for finding in one.findings],
                    "figures": {**asdict(one.figures), "history_days": one.figures.history_days},
                    "needs": [asdict(need) for need in one.needs],
                }
                for one in self.series
            ],
        }
        return json.dumps(_without_nan(document), ensure_ascii=False)


def _without_nan(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_nan(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_without_nan(one) for one in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def examine(
    rows: Rows,
    *,
    step_seconds: int | None = None,
    missing: Literal["gap", "zero"] = "gap",
    capacity: float | None = None,
    unit: str = "",
    zone: str = "UTC",
) -> Verdict:
    """Examine the target of readings as they came, whatever is wrong with them.

    Nothing is refused: negative, infinite, repeated and unordered readings are counted and otherwise left out
    (of repeats the first counts).

    Args:
        rows: readings in the order of their source.
        step_seconds: step of the grid; the one that most series have when absent.
        missing: whether a step without a row is unknown or zero.
        capacity: most the target can be, in its unit.
        unit: unit of the target, for texts.
        zone: IANA name of the place, which exists, whose days may have 23 and 25 hours.

    Raises:
        PanelError: there are no rows.
    """
    if not len(rows):
        raise PanelError(f"{rows.origin}: no rows")
    readings = sort_readings(rows)
    facts = count_facts(readings, rows, step_seconds=step_seconds, missing=missing, capacity=capacity, zone=zone)
    shapes = _Shapes(readings, facts, missing)
    series = []
    for row, id in enumerate(rows.ids):
        figures = _figures(readings, facts, shapes, row, step_given=step_seconds is not None)
        judgement, findings = judge(figures, unit=unit, capacity=capacity)
        series.append(SeriesVerdict(id, judgement, findings, figures, needs(figures)))
    return Verdict(
        origin=rows.origin,
        target=rows.channels[0],
        step_seconds=facts.step_seconds,
        rows=len(rows),
        series=tuple(series),
        notes=(*rows.notes, *_zero_note(facts, rows.origin)),
    )


def _zero_note(facts: Facts, origin: str) -> tuple[str, ...]:
    """Say that absent rows may mean no traffic, as in flow counts, where no value is ever zero."""
    doubtful = int(((facts.gaps >= _MANY_GAPS) & (facts.least > 0)).sum())
    if not doubtful:
        return ()
    what = "1 series has" if doubtful == 1 else f"{doubtful:,} series have"
    return (f"{origin}: {what} many gaps but no value of zero; if a missing row means no traffic, add --missing zero",)


class _Shapes:
    """Cycles, clock and level shifts of all series, each of shape (series,)."""

    def __init__(self, readings: Readings, facts: Facts, missing: Literal["gap", "zero"]) -> None:
        count = len(facts.known)
        self.daily, self.weekly, self.day = (np.full(count, np.nan) for _ in range(3))
        self.shifts: list[list[Shift]] = [[] for _ in range(count)]
        self.first_day = np.zeros(count, dtype=np.int64)
        wanted = (facts.missing < _TOO_SPARSE) & (facts.known > 2)
        for hours in hourly_means(readings, wanted=wanted, step_seconds=facts.step_seconds, missing=missing):
            self._look_at(hours, _DAY / facts.step_seconds)

    def _look_at(self, hours: Hours, day_steps: float) -> None:
        rows, slots = hours.rows, hours.slots
        level = compressed(hours.values)
        days = hours.values.reshape(len(rows), -1, slots)
        known = 2 * np.isfinite(days).sum(axis=2) >= slots
        daily = np.where(known, row_median(days), np.nan)
        mean = _mean_of_days(level, slots, known)
        self.daily[rows] = cycle_strength(level, slots)
        self.weekly[rows] = cycle_strength(mean[:, : mean.shape[1] // 7 * 7], 7)
        self.day[rows] = day_steps * measured_day(level, slots)
        self.first_day[rows] = hours.first_day
        for row, shifts in zip(rows.tolist(), find_shifts(daily), strict=True):
            self.shifts[row] = shifts


def _mean_of_days(values: Floats, slots: int, known: Bools) -> Floats:
    """Give the mean of each day, shape (series, day); NaN where the day is not known.

    The mean of each time of day is taken out first, so that a day without its evening is not a quiet day.
    """
    days = values.reshape(values.shape[0], -1, slots)
    there = np.isfinite(days)
    filled = np.where(there, days, 0.0)
    usual = filled.sum(axis=1) / np.maximum(there.sum(axis=1), 1)
    sums = np.where(there, days - usual[:, None], 0.0).sum(axis=2)
    often = there.sum(axis=2)
    means: Floats = np.where(known & (often > 0), sums / np.maximum(often, 1), np.nan)
    return means


def _figures(readings: Readings, facts: Facts, shapes: _Shapes, row: int, *, step_given: bool) -> Figures:
    known = int(facts.known[row])
    end = int(facts.last[facts.known > 0].max()) if known else 0
    last = int(facts.last[row])
    own = int(facts.own_step[row])
    shifts = tuple(
        LevelShift(
            date=str(np.datetime64(int(shapes.first_day[row]) + one.day, "D")),
            ratio=one.ratio,
            days_ago=last // _DAY - int(shapes.first_day[row]) - one.day,
        )
        for one in shapes.shifts[row]
    )
    return Figures(
        rows=int(facts.rows[row]),
        first=_time_text(int(facts.first[row])) if known else "",
        last=_time_text(last) if known else "",
        step_seconds=facts.step_seconds,
        step_given=step_given,
        own_step_seconds=own / 1000 if own else float("nan"),
        irregular=float(facts.irregular[row]),
        known=known,
        missing=float(facts.missing[row]),
        gaps=int(facts.gaps[row]),
        longest_gap=int(facts.longest_gap[row]),
        out_of_order=int(readings.out_of_order[row]),
        duplicates_equal=int(readings.equal[row]),
        duplicates_different=int(readings.different[row]),
        negative=int(facts.negative[row]),
        infinite=int(facts.infinite[row]),
        above_capacity=int(facts.above_capacity[row]),
        least=float(facts.least[row]),
        peak=float(facts.peak[row]),
        rising=float(facts.rising[row]),
        falls=int(facts.falls[row]),
        wraps_32=int(facts.wraps_32[row]),
        wraps_64=int(facts.wraps_64[row]),
        wrapped_rates=int(facts.wrapped_rates[row]),
        stuck_longest=int(facts.stuck_longest[row]),
        stuck_share=float(facts.stuck_share[row]),
        daily_strength=float(shapes.daily[row]),
        weekly_strength=float(shapes.weekly[row]),
        measured_day_steps=float(shapes.day[row]),
        shifts=shifts,
        ends_before_seconds=end - last if known else 0,
    )


def _time_text(second: int) -> str:
    return f"{np.datetime64(second, 's')}Z"
