"""The step at which readings come."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nettide.arrays import Ints
from nettide.errors import PanelError
from nettide.prepare.order import gaps_within, milliseconds, sorting
from nettide.prepare.rows import Rows
from nettide.units import step_text

_COUNTABLE = 10_000_000


@dataclass(frozen=True, slots=True)
class StepFinding:
    """How regularly readings come.

    Args:
        step_seconds: the commonest time between two readings of a series, in whole seconds, at least one.
        share_regular: share of the times between readings that are a whole multiple of the step.
        odd_seconds: the first time between two readings that is no multiple; None when all are.
        odd_place: where the later of these readings stands, such as ``traffic.csv line 812``; empty when there is none.
    """

    step_seconds: int
    share_regular: float
    odd_seconds: float | None = None
    odd_place: str = ""

    @property
    def regular(self) -> bool:
        """Whether every time between two readings is a whole multiple of the step."""
        return self.odd_seconds is None


def find_step(rows: Rows) -> StepFinding:
    """Find the step at which readings come; rows may come in any order, and repeated times count once.

    Raises:
        PanelError: no series has two times.
    """
    order, _ = sorting(rows)
    gaps = gaps_within(rows, order)
    gaps = gaps[gaps > 0]
    if not len(gaps):
        raise PanelError(
            f"{rows.origin}: no series has readings at two times, so no step can be found; name it with --step"
        )
    step = max(1, round(_commonest(gaps) / 1000))
    odd = gaps % (1000 * step) != 0
    if not odd.any():
        return StepFinding(step, 1.0)
    gap = int(gaps[np.argmax(odd)])
    return StepFinding(step, 1.0 - float(odd.mean()), odd_seconds=gap / 1000, odd_place=_place_of(gap, rows, order))


def regular_step(rows: Rows) -> int:
    """Give the step in seconds where readings are regular; missing ones do not matter.

    Raises:
        PanelError: no series has two times, or a time between two readings is no multiple of the commonest.
    """
    finding = find_step(rows)
    if finding.odd_seconds is None:
        return finding.step_seconds
    step = step_text(finding.step_seconds)
    raise PanelError(
        f"{finding.odd_place}: {finding.odd_seconds:g} s after the reading before, while readings mostly come every "
        f"{step} ({finding.share_regular:.1%} on multiples of it); choose the grid with --step, such as --step {step}"
    )


def _place_of(gap: int, rows: Rows, order: Ints | None) -> str:
    """Say where the first row stands that comes so many milliseconds after the one before of its series."""
    positions = np.arange(len(rows)) if order is None else order
    times, series = milliseconds(rows)[positions], rows.series[positions]
    after = int(np.argmax((np.diff(times) == gap) & (series[1:] == series[:-1]))) + 1
    return rows.place(int(positions[after]))


def _commonest(gaps: Ints) -> int:
    """Give the commonest of positive gaps, the smallest of them where several are equally common."""
    if not (gaps % 1000).any() and gaps.max() < 1000 * _COUNTABLE:
        return int(np.argmax(np.bincount(gaps // 1000))) * 1000
    values, counts = np.unique(gaps, return_counts=True)
    return int(values[np.argmax(counts)])
