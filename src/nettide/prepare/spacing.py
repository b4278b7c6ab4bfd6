"""How far apart the readings of each series are, in a file that may be uneven."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nettide.arrays import Floats, Ints

_SECOND = 1000
_DAY = 86_400 * _SECOND
_UNEVEN = 0.2
_MINUTE, _HOUR = 60, 3600
_USUAL_STEPS = (
    1, 5, 10, 15, 20, 30, _MINUTE, 2 * _MINUTE, 5 * _MINUTE, 10 * _MINUTE, 15 * _MINUTE, 20 * _MINUTE, 30 * _MINUTE,
    _HOUR, 2 * _HOUR, 4 * _HOUR, 6 * _HOUR, 12 * _HOUR, 24 * _HOUR, 168 * _HOUR,
)  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class Spacing:
    """Distances between neighbouring readings.

    Args:
        step_seconds: the commonest distance of all, in whole seconds; where most distances are uneven, as those of
            a poller that drifts, the usual step next to them; a day where no series has two readings.
        own_ms: commonest distance of each series, the shortest of equals; 0 with fewer than two readings,
            in milliseconds, shape (series,).
        irregular: share of the distances that are no multiple of the commonest of all, shape (series,).
    """

    step_seconds: int
    own_ms: Ints
    irregular: Floats


def find_spacing(code: Ints, times: Ints, *, series: int) -> Spacing:
    """Find the distances of sorted readings.

    Args:
        code: index of the series of each reading, ascending, shape (reading,).
        times: milliseconds, ascending and distinct within a series, shape (reading,).
        series: how many series there are.
    """
    distance = np.diff(times)
    owner = code[1:]
    within = owner == code[:-1]
    if not within.all():
        owner, distance = owner[within], distance[within]
    if not len(distance):
        return Spacing(_DAY // _SECOND, np.zeros(series, dtype=np.int64), np.zeros(series))
    middle = int(np.partition(distance, len(distance) // 2)[len(distance) // 2])
    common = distance == middle
    if 2 * np.count_nonzero(common) > len(distance):
        usual = middle
    else:
        values, often = np.unique(distance, return_counts=True)
        usual = int(values[np.argmax(often)])
    step = max(1, round(usual / _SECOND))
    off = distance % (step * _SECOND) != 0
    total = np.bincount(owner, minlength=series)
    irregular = np.bincount(owner[off], minlength=series) / np.maximum(total, 1)
    own = _own_distances(owner, distance, total, middle, np.bincount(owner[common], minlength=series))
    if off.mean() > _UNEVEN:
        step = usual_step(float(np.median(distance)) / _SECOND, otherwise=step)
    return Spacing(step, own, irregular)


def _own_distances(owner: Ints, distance: Ints, total: Ints, middle: int, at_middle: Ints) -> Ints:
    """Give the commonest distance of each series: the middle of all where it has a majority, else counted."""
    agreed = 2 * at_middle > total
    own = np.where(agreed, middle, 0)
    rest = ~agreed[owner]
    if rest.any():
        order = np.lexsort((distance[rest], owner[rest]))
        owner, distance = owner[rest][order], distance[rest][order]
        begins = np.flatnonzero(np.append(True, (owner[1:] != owner[:-1]) | (distance[1:] != distance[:-1])))
        often = np.diff(np.append(begins, len(owner)))
        ranked = np.lexsort((-distance[begins], often, owner[begins]))  # the last of each series wins
        own[owner[begins][ranked]] = distance[begins][ranked]
    return own


def usual_step(middle: float, *, otherwise: int) -> int:
    """Give the usual step, such as five minutes, within a tenth of a time in seconds; else the other one."""
    nearest = min(_USUAL_STEPS, key=lambda step: abs(np.log(step / max(middle, 1e-3))))
    return nearest if abs(nearest / middle - 1) < 0.1 else otherwise
