"""Which window stands in for which, and panels in which one input comes from another time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from nettide.arrays import Ints
from nettide.panel import Panel
from nettide.prepare.calendar import DAY_SECONDS


def shifts_of(count: int, repeats: int, *, apart: int, generator: np.random.Generator) -> Ints:
    """Draw different rotations of so many windows, none of which moves a window by fewer than ``apart``.

    Args:
        count: windows that follow one another in a circle.
        repeats: how many rotations are wanted.
        apart: least distance of a window from the one that stands in for it, either way round.
        generator: of the draw.

    Returns:
        Distances, each in ``apart`` ... ``count - apart``, shape (rotation,); fewer than wanted where there are
        no more.
    """
    possible = np.arange(apart, count - apart + 1, dtype=np.int64)
    return generator.permutation(possible)[:repeats]


def other_windows(cutoffs: Ints, turn: int) -> Iterator[tuple[int, int]]:
    """Give each cutoff and the one whose window stands in for its own."""
    return zip(cutoffs.tolist(), np.roll(cutoffs, turn).tolist(), strict=True)


def exchanged_part(panel: Panel, cutoff: int, other: int, *, newest: int, oldest: int) -> Panel:
    """Give the panel up to a cutoff, with a part of its target's past as it was before another cutoff.

    Args:
        panel: the data.
        cutoff: index of the last step that is shown.
        other: index of the step that stands in for it.
        newest: steps before the cutoff at which the part ends; 0 ends it with the cutoff itself.
        oldest: steps before the cutoff before which it begins; less where either has not as many before it.
    """
    values = panel.values[:, : cutoff + 1].copy()
    oldest = min(oldest, cutoff + 1, other + 1)
    if oldest > newest:
        stand_in = panel.values[:, other + 1 - oldest : other + 1 - newest, 0]
        values[:, cutoff + 1 - oldest : cutoff + 1 - newest, 0] = stand_in
    return replace(panel, values=values)


def rotated_occasions(panel: Panel, kind: str, shift: int, *, first: int, days: int) -> Panel:
    """Give the panel with its occasions of a kind so many days later, those at the end at the begin.

    Args:
        panel: the data; occasions of other kinds, and those that do not touch the circle, stay.
        kind: of the occasions that move.
        shift: days.
        first: epoch second at which the circle begins.
        days: its length.
    """
    circle = days * DAY_SECONDS
    moved = []
    for one in panel.occasions:
        if one.kind != kind or not one.touches(first, first + circle):
            moved.append(one)
            continue
        start = first + (one.start - first + shift * DAY_SECONDS) % circle
        moved.append(replace(one, start=start, end=start + one.end - one.start))
    return replace(panel, occasions=tuple(sorted(moved, key=lambda one: (one.start, one.end))))
