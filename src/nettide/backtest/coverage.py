"""Whether bands hold what they say: coverage by step ahead, hour of day, level of traffic and day of week.

Every group is known when the forecast is made. The level of traffic is therefore that of the yardstick at the
target step and not that of the value that came: among values that turned out high, an honest band is
exceeded more often than it says, because those are the ones that exceed it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from nettide.arrays import Bools, Floats, Ints
from nettide.backtest.bootstrap import Resamples, backtest_block, resample, share_intervals
from nettide.backtest.evaluate import Backtest, Outcome
from nettide.backtest.leaderboard import BAND
from nettide.forecast import LEVELS, quantile_name
from nettide.prepare.calendar import DAY_SECONDS, local_seconds
from nettide.prepare.weekends import on_weekend

BAND_NAME = "80 % band"
BAND_SHARE = BAND[1] - BAND[0]
LEAST_POINTS = 100
"""Groups with fewer points are not named as the worst."""
HOURS_TOGETHER = 4
_MOST_STEP_GROUPS = 4
_SEED = 0
_MOST_AT_ONCE = 4_000_000


@dataclass(frozen=True, slots=True)
class Coverage:
    """How many values of a group lay inside a band, or at or below a quantile.

    Args:
        model: its name.
        measure: ``80 % band``, or a quantile such as ``q0.1``.
        kind: what the group is of: ``all``, ``steps``, ``step``, ``hours``, ``hour``, ``level`` or ``day``.
        group: its name, such as ``1 to 6`` (steps ahead), ``00 to 04`` (local time), ``low`` or ``weekend``.
        nominal: share that a calibrated forecast covers.
        coverage: share that was covered.
        low: lower end of the 95 % interval of that share; NaN where there are too few cutoffs for one.
        high: upper end.
        points: values that were compared.
    """

    model: str
    measure: str
    kind: str
    group: str
    nominal: float
    coverage: float
    low: float
    high: float
    points: int

    @property
    def verdict(self) -> str:
        """``too narrow`` or ``too wide`` (of a band) where the interval excludes the nominal share, else empty."""
        return "too narrow" if self.high < self.nominal else "too wide" if self.low > self.nominal else ""


@dataclass(frozen=True, slots=True, eq=False)
class _Kind:
    """A way to group points.

    Args:
        name: as in ``Coverage.kind``.
        groups: their names.
        merged: which of the finest groups each is made of, shape (finest, group).
    """

    name: str
    groups: Sequence[str]
    merged: Floats


@dataclass(frozen=True, slots=True, eq=False)
class _Grouping:
    """The finest groups that several kinds are made from.

    Args:
        codes: number of the group of each point, shape (row, cutoff, horizon); -1 is in none.
        row_of: row of the codes that holds for each series, shape (series,).
        kinds: made from the groups.
    """

    codes: Ints
    row_of: Ints
    kinds: Sequence[_Kind]


def coverages(backtest: Backtest) -> tuple[Coverage, ...]:
    """Give the coverage of the 80 % band and of each quantile of every model, group by group.

    A point counts where the scores count it and the quantiles are known. Groups without a point are left out,
    and so are hours where a step is a day or longer, days where it is longer, and models without quantiles.
    """
    if not backtest.outcomes:
        return ()
    resamples = resample(len(backtest.cutoffs), block=backtest_block(backtest), seed=_SEED)
    groupings = _groupings(backtest)
    found: list[Coverage] = []
    for outcome in backtest.outcomes:
        names = [one for one in LEVELS if any(abs(one - known) < 1e-9 for known in outcome.forecast.levels)]
        if not names:
            continue
        place, counted = _places(backtest, outcome, names)
        for grouping in groupings:
            tally = _tally(grouping, place, counted, resamples=resamples, places=len(names) + 2)
            for kind in grouping.kinds:
                merged = np.einsum("cgp,gk->ckp", tally, kind.merged)
                found += _rows(outcome.name, kind, merged, levels=names, resamples=resamples)
    order = {name: number for number, name in enumerate((BAND_NAME, *map(quantile_name, LEVELS)))}
    ranks = {one.name: number for number, one in enumerate(backtest.outcomes)}
    return tuple(sorted(found, key=lambda one: (ranks[one.model], order[one.measure])))


def worst_group(
    rows: Sequence[Coverage], *, model: str, kind: str = "hours", least_points: int = LEAST_POINTS
) -> Coverage | None:
    """Give the group whose 80 % band is farthest from its share; None where none has enough points."""
    groups = [one for one in band_rows(rows, model=model, kind=kind) if one.points >= least_points]
    return max(groups, key=lambda one: abs(one.coverage - one.nominal)) if groups else None


def band_rows(rows: Sequence[Coverage], *, model: str, kind: str) -> list[Coverage]:
    """Give the groups of one kind for the 80 % band of a model."""
    return [one for one in rows if one.model == model and one.kind == kind and one.measure == BAND_NAME]


def _places(backtest: Backtest, outcome: Outcome, levels: Sequence[float]) -> tuple[NDArray[np.int8], Bools]:
    """Give where each truth lies among the quantiles, and which points count.

    Place 0 is below the first quantile, place 1 on it, place k + 1 above k quantiles; quantiles never cross,
    so that place tells of every one of them whether the truth lies at or below it.
    """
    truth = backtest.truth
    counted = backtest.counted(outcome.forecast.point)
    place = np.ones(truth.shape, dtype=np.int8)
    for number, level in enumerate(levels):
        quantile = outcome.forecast.quantile(level)
        counted &= ~np.isnan(quantile)
        place += truth > quantile
        if not number:
            place -= truth < quantile
    return place, counted


def _local_targets(backtest: Backtest, zone: str) -> Ints:
    """Give the local time of each target step in seconds, shape (cutoff, horizon)."""
    ahead = backtest.cutoffs[:, None] + np.arange(1, backtest.horizon + 1)
    local: Ints = local_seconds(backtest.panel.seconds, zone)[ahead]
    return local


def _levels(backtest: Backtest) -> Ints:
    """Give the third of its series' values before the test part that the yardstick lies in: 0 low ... 2 high.

    Returns:
        Shape (series, cutoff, horizon); -1 where nothing is known.
    """
    past = np.sort(backtest.panel.target[:, : backtest.test_start], axis=1)  # NaN goes last
    known = (~np.isnan(past)).sum(axis=1)
    codes: Ints = np.zeros(backtest.yardstick.shape, dtype=np.int64)
    for third in (1, 2):
        edge = np.take_along_axis(past, np.maximum(known * third // 3 - 1, 0)[:, None], axis=1)
        codes += backtest.yardstick > edge[:, :, None]
    codes[np.isnan(backtest.yardstick) | (known == 0)[:, None, None]] = -1
    return codes


def _groupings(backtest: Backtest) -> list[_Grouping]:
    """Give all ways to group the points of a backtest."""
    horizon, step_seconds = backtest.horizon, backtest.panel.step_seconds
    zones = sorted({one.zone for one in backtest.panel.series})
    local = np.stack([_local_targets(backtest, zone) for zone in zones])  # (zone, cutoff, horizon)
    zone_of = np.array([zones.index(one.zone) for one in backtest.panel.series])
    edges = np.unique(np.linspace(0, horizon, min(horizon, _MOST_STEP_GROUPS) + 1).round().astype(int)).tolist()
    spans = list(pairwise(edges))
    names = [str(last) if last == first + 1 else f"{first + 1} to {last}" for first, last in spans]
    kinds = [
        _Kind("all", ["all"], np.ones((horizon, 1))),
        _merged("steps", names, spans, horizon),
        _single("step", [str(step) for step in range(1, horizon + 1)]),
    ]
    found = [_Grouping(np.broadcast_to(np.arange(horizon), local.shape), zone_of, kinds)]
    if step_seconds < DAY_SECONDS:
        spans = [(first, first + HOURS_TOGETHER) for first in range(0, 24, HOURS_TOGETHER)]
        kinds = [
            _merged("hours", [f"{first:02d} to {last:02d}" for first, last in spans], spans, 24),
            _single("hour", [f"{hour:02d}" for hour in range(24)]),
        ]
        found.append(_Grouping(local % DAY_SECONDS // 3600, zone_of, kinds))
    if step_seconds <= DAY_SECONDS:
        weekend = np.stack([on_weekend(one, zone) for one, zone in zip(local, zones, strict=True)]).astype(np.int64)
        found.append(_Grouping(weekend, zone_of, [_single("day", ["weekday", "weekend"])]))
    thirds = [_single("level", ["low", "middle", "high"])]
    return [*found, _Grouping(_levels(backtest), np.arange(len(backtest.panel.series)), thirds)]


def _single(name: str, groups: Sequence[str]) -> _Kind:
    return _Kind(name, groups, np.eye(len(groups)))


def _merged(name: str, groups: Sequence[str], spans: Sequence[tuple[int, int]], finest: int) -> _Kind:
    merged = np.zeros((finest, len(groups)))
    for number, (first, last) in enumerate(spans):
        merged[first:last, number] = 1.0
    return _Kind(name, groups, merged)


def _tally(
    grouping: _Grouping, place: NDArray[np.int8], counted: Bools, *, resamples: Resamples, places: int
) -> Floats:
    """Count points by cell of cutoffs, group and place, shape (cell, group, place).

    Args:
        grouping: group of each point.
        place: of each truth among the quantiles, shape (series, cutoff, horizon).
        counted: which points count, in the same shape.
        resamples: gives the cells.
        places: how many places there are.
    """
    groups, cells = len(grouping.kinds[0].merged), int(resamples.cells[-1]) + 1
    total = np.zeros(cells * groups * places, dtype=np.int64)
    together = max(1, _MOST_AT_ONCE // place[0].size)
    for first in range(0, len(place), together):
        part = slice(first, first + together)
        code = grouping.codes[grouping.row_of[part]]
        flat = (resamples.cells[:, None] * groups + code) * places + place[part]
        total += np.bincount(flat[counted[part] & (code >= 0)], minlength=len(total))
    return total.reshape(cells, groups, places).astype(np.float64)


def _rows(model: str, kind: _Kind, tally: Floats, *, levels: Sequence[float], resamples: Resamples) -> list[Coverage]:
    """Give the rows of one kind of group from counts of shape (cell, group, place)."""
    points = tally.sum(axis=2)  # (cell, group)
    below = tally.cumsum(axis=2)
    measures = [(quantile_name(level), level) for level in levels]
    hits = below[:, :, 1:-1]  # (cell, group, measure)
    if levels[0] == BAND[0] and BAND[1] in levels:
        inside = below[:, :, levels.index(BAND[1]) + 1] - below[:, :, 0]
        measures.insert(0, (BAND_NAME, BAND_SHARE))
        hits = np.concatenate([inside[:, :, None], hits], axis=2)
    low, high = share_intervals(hits, points, resamples)  # (group, measure)
    count, hit = points.sum(axis=0), hits.sum(axis=0)
    rows = []
    for number, (measure, nominal) in enumerate(measures):
        for place, name in enumerate(kind.groups):
            if count[place]:
                share = float(hit[place, number] / count[place])
                ends = float(low[place, number]), float(high[place, number])
                rows.append(Coverage(model, measure, kind.name, name, nominal, share, *ends, int(count[place])))
    return rows
