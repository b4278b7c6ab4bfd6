"""Scores against labels: by points, and by windows as most of the literature does, since labels mark times roughly."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nettide.arrays import Bools, Floats, Ints


@dataclass(frozen=True, slots=True)
class LabelScore:
    """What a method found of the labelled anomalies of one or of several series.

    Args:
        windows: labelled runs of steps.
        windows_found: of them, those with a flagged point inside.
        alarms: runs of flagged points.
        alarms_right: of them, those that touch a window.
        points: labelled points.
        flagged: flagged points.
        flagged_right: flagged points that are labelled.
    """

    windows: int = 0
    windows_found: int = 0
    alarms: int = 0
    alarms_right: int = 0
    points: int = 0
    flagged: int = 0
    flagged_right: int = 0

    @property
    def precision(self) -> float:
        """Share of the alarms that are right; NaN without any."""
        return _share(self.alarms_right, self.alarms)

    @property
    def recall(self) -> float:
        """Share of the windows that are found; NaN without any."""
        return _share(self.windows_found, self.windows)

    @property
    def f1(self) -> float:
        """Harmonic mean of both; 0 where nothing is found, NaN without labels."""
        return _harmonic(self.precision, self.recall)

    @property
    def point_precision(self) -> float:
        """Share of the flagged points that are labelled; NaN without any."""
        return _share(self.flagged_right, self.flagged)

    @property
    def point_recall(self) -> float:
        """Share of the labelled points that are flagged; NaN without any."""
        return _share(self.flagged_right, self.points)

    @property
    def point_f1(self) -> float:
        """Harmonic mean of both; 0 where nothing is found, NaN without labels."""
        return _harmonic(self.point_precision, self.point_recall)

    def __add__(self, other: LabelScore) -> LabelScore:
        """Count both together."""
        return LabelScore(*(getattr(self, name) + getattr(other, name) for name in self.__dataclass_fields__))


def score_flags(flag: Bools, labelled: Bools, judged: Bools, *, join: int) -> LabelScore:
    """Score the flags of one series.

    Args:
        flag: shape (time,).
        labelled: shape (time,).
        judged: known steps, after a method had its history; all others are left out, shape (time,).
        join: steps between flagged points of one alarm; labelled runs that are as near are one window.
    """
    flag, labelled = flag & judged, labelled & judged
    windows, alarms = runs(labelled, join=join), runs(flag, join=join)
    return LabelScore(
        windows=len(windows),
        windows_found=sum(bool(flag[start:end].any()) for start, end in windows),
        alarms=len(alarms),
        alarms_right=sum(any(start < last and first < end for first, last in windows) for start, end in alarms),
        points=int(labelled.sum()),
        flagged=int(flag.sum()),
        flagged_right=int((flag & labelled).sum()),
    )


def runs(marks: Bools, *, join: int) -> list[tuple[int, int]]:
    """Give first and one past the last place of each run of True; so many others within do not end it."""
    places = np.flatnonzero(marks)
    if not len(places):
        return []
    parts: list[Ints] = np.split(places, np.flatnonzero(np.diff(places) > join + 1) + 1)
    return [(int(part[0]), int(part[-1]) + 1) for part in parts]


def judged_points(values: Floats, *, warm: int) -> Bools:
    """Say which points are scored: known ones, after so many known ones, shape (series, time)."""
    known = np.isfinite(values)
    return np.asarray(known & (np.cumsum(known, axis=1) > warm))


def _share(part: int, whole: int) -> float:
    return part / whole if whole else float("nan")


def _harmonic(precision: float, recall: float) -> float:
    if np.isnan(recall):
        return float("nan")
    return 0.0 if np.isnan(precision) or precision + recall == 0 else 2 * precision * recall / (precision + recall)
