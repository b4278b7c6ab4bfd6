"""The step at which readings come."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nettide.arrays import Ints
from nettide.errors import PanelError
from nettide.prepare.calendar import DAY_SECONDS
from nettide.prepare.order import gaps_within, milliseconds, sorting
from nettide.prepare.rows import Rows
from nettide.prepare.slots import on_dates
from nettide.prepare.spacing import usual_step
from nettide.units import step_text

_COUNTABLE = 10_000_000
_MOSTLY = 0.5


@dataclass(frozen=True, slots=True)
class StepFinding:
    """How regularly readings come.

    Args:
        step_seconds: the commonest time between two readings of a series, in whole seconds, at least one.
        share_regular: share of the times between readings that are a whole multiple of the step.
        odd_seconds: the first time between two readings that is no multiple; None when all are.
        odd_place: where the later of these readings stands, such as ``traffic.csv line 812``; empty when there is none.
        near_seconds: a usual step, such as five minutes, near the middle of the times between readings; else the step.
    """

    step_seconds: int
    share_regular: float
    odd_seconds: float | None = None
    odd_place: str = ""
    near_seconds: int = 0

    @property
    def regular(self) -> bool:
        """Whether every time between two readings is a whole multiple of the step."""
        return self.odd_seconds is None


def find_step(rows: Rows, *, zone: str = "UTC") -> StepFinding:
    """Find the step at which readings come; rows may come in any order, and repeated times count once.

    Args:
        rows: readings.
        zone: IANA name of their place: its days of 23 and 25 hours are days.

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
        return StepFinding(step, 1.0, near_seconds=step)
    if step % DAY_SECONDS == 0 and zone != "UTC":
        local = find_step(on_dates(rows, zone))
        if local.regular:
            return local
    gap = int(gaps[np.argmax(odd)])
    return StepFinding(
        step,
        1.0 - float(odd.mean()),
        odd_seconds=gap / 1000,
        odd_place=_place_of(gap, rows, order),
        near_seconds=usual_step(float(np.median(gaps)) / 1000, otherwise=step),
    )


def regular_step(rows: Rows, *, zone: str = "UTC") -> int:
    """Give the step in seconds where readings are regular; missing ones do not matter.

    Args:
        rows: readings.
        zone: as ``find_step`` takes it.

    Raises:
        PanelError: no series has two times, or a time between two readings is no multiple of the commonest.
    """
    finding = find_step(rows, zone=zone)
    if finding.odd_seconds is None:
        return finding.step_seconds
    step, near = step_text(finding.step_seconds), step_text(finding.near_seconds)
    if finding.share_regular >= _MOSTLY:
        share = f"{finding.share_regular:.1%}" if finding.share_regular < 0.999 else "nearly all"
        how, near = f"mostly come every {step} ({share} on multiples of it)", step
    else:
        how = f"come about every {near} at no fixed times"
    zones = ""
    if zone == "UTC" and _is_change(finding):
        zones = ", or name the --zone that has days of 23 and 25 hours"
    raise PanelError(
        f"{finding.odd_place}: {finding.odd_seconds:g} s after the reading before, while readings {how}; "
        f"choose the grid with --step, such as --step {near}{zones}"
    )


def _is_change(finding: StepFinding) -> bool:
    """Say whether the odd time is an hour more or less than days."""
    return finding.step_seconds % DAY_SECONDS == 0 and (finding.odd_seconds or 0.0) % DAY_SECONDS in {
        3600,
        DAY_SECONDS - 3600,
    }


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
