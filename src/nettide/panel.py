"""Panel: series x time x channel on one regular grid."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np
import pyarrow as pa

from nettide.arrays import Floats, Ints, Times
from nettide.errors import PanelError
from nettide.frames import (
    Backend,
    Columns,
    Frame,
    kept_document,
    make_table,
    repeated_texts,
    to_backend,
    utc_times,
)
from nettide.occasions import Occasion, occasion_document, occasion_from
from nettide.units import step_text

_KEYS = ("unique_id", "ds")
_TARGET = "y"
_ROOM = 100_000_000  # cells that are always granted
_MOST_CELLS_PER_VALUE = 50  # beyond that, a frame is sparser than a mistaken step or time explains


@dataclass(frozen=True, slots=True)
class Series:
    """What is known about one series beside its values.

    Args:
        id: the name of the link, host or site.
        unit: unit of the target, such as ``bit/s``; empty when unknown.
        zone: IANA time zone of the place, for the calendar.
        capacity: most the target can be, in its unit; None when unknown.
        labels: whatever else describes the series.

    Raises:
        PanelError: the zone does not exist or the capacity is not positive.
    """

    id: str
    unit: str = ""
    zone: str = "UTC"
    capacity: float | None = None
    labels: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        try:
            ZoneInfo(self.zone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise PanelError(
                f"series {self.id!r}: time zone {self.zone!r} does not exist; write for example Europe/Prague"
            ) from None
        if self.capacity is not None and not self.capacity > 0:
            raise PanelError(f"series {self.id!r}: capacity {self.capacity} must be positive")


@dataclass(frozen=True, slots=True)
class Channel:
    """A quantity that is measured on every series.

    Args:
        name: its name, ``y`` for the target of a long table.
        unit: its unit; empty when unknown or when each series has its own.
    """

    name: str
    unit: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Panel:
    """Traffic of one or thousands of series on one regular grid.

    The first channel is the target. NaN is unknown, zero is a measured zero.

    Args:
        values: shape (series, time, channel), float64.
        start: epoch second of the first step (the beginning of its interval), UTC.
        step_seconds: length of a step.
        series: one description a series.
        channels: one description a channel, the target first.
        occasions: what is known of the future too: holidays, maintenance windows, events, at any time.

    Raises:
        PanelError: shapes disagree, ids or channels repeat, the step is not positive, or a value is infinite.
    """

    values: Floats
    start: int
    step_seconds: int
    series: tuple[Series, ...]
    channels: tuple[Channel, ...]
    occasions: tuple[Occasion, ...] = ()

    def __post_init__(self) -> None:
        expected = (len(self.series), len(self.channels))
        if self.values.ndim != 3 or (self.values.shape[0], self.values.shape[2]) != expected:
            raise PanelError(
                f"panel values have shape {self.values.shape}, expected ({expected[0]}, time, {expected[1]})"
            )
        if self.values.dtype != np.float64:
            raise PanelError(f"panel values are {self.values.dtype}, expected float64")
        if not self.channels:
            raise PanelError("a panel needs at least one channel, the target")
        if self.step_seconds < 1:
            raise PanelError(f"step of {self.step_seconds} seconds must be at least one second")
        for what, names in (("series", self.ids), ("channel", tuple(c.name for c in self.channels))):
            if len(set(names)) < len(names):
                again = next(name for name in names if names.count(name) > 1)
                raise PanelError(f"{what} {again!r} appears more than once")
        if np.isinf(self.values).any():
            where = np.argwhere(np.isinf(self.values))[0]
            raise PanelError(
                f"series {self.ids[where[0]]!r}, channel {self.channels[where[2]].name!r}: infinite value at "
                f"{self.times[where[1]]}Z; replace it or leave it empty"
            )

    @property
    def ids(self) -> tuple[str, ...]:
        """Ids of the series, in order."""
        return tuple(one.id for one in self.series)

    @property
    def target(self) -> Floats:
        """The target, a view of shape (series, time)."""
        return self.values[:, :, 0]

    @property
    def units(self) -> tuple[str, ...]:
        """Unit of each series' target: its own, else that of the target channel, else empty."""
        return tuple(one.unit or self.channels[0].unit for one in self.series)

    @property
    def steps(self) -> int:
        """Number of steps of the grid."""
        return int(self.values.shape[1])

    @property
    def seconds(self) -> Ints:
        """Epoch second of each step, shape (time,)."""
        return self.start + self.step_seconds * np.arange(self.steps, dtype=np.int64)

    @property
    def times(self) -> Times:
        """UTC time of each step, datetime64[s], shape (time,)."""
        return self.seconds.astype("datetime64[s]")

    def steps_per(self, seconds: int) -> int:
        """Give how many steps a period has, at least one: a week of 604,800 s on an hourly grid has 168."""
        return max(1, round(seconds / self.step_seconds))

    def until(self, end: int) -> Panel:
        """Give the first ``end`` steps; values are a view, nothing is copied."""
        return replace(self, values=self.values[:, :end])

    def select(self, rows: Sequence[int] | Ints) -> Panel:
        """Give the series at the given positions, in that order."""
        return replace(
            self, values=self.values[np.asarray(rows, dtype=np.int64)], series=tuple(self.series[i] for i in rows)
        )

    def only_target(self) -> Panel:
        """Give the panel without its other channels."""
        return replace(self, values=self.values[:, :, :1], channels=self.channels[:1])

    def with_occasions(self, occasions: Iterable[Occasion]) -> Panel:
        """Give the panel with more that is known of the future, in the order of time; equal occasions count once.

        Raises:
            PanelError: an occasion concerns a series that the panel does not have.
        """
        ids, found = set(self.ids), dict.fromkeys((*self.occasions, *occasions))
        for one in found:
            if absent := [id for id in one.series if id not in ids]:
                raise PanelError(f"{one.kind} {one.name!r} concerns {unknown_series(absent[0], self.ids)}")
        return replace(self, occasions=tuple(sorted(found, key=lambda one: (one.start, one.end))))

    def extended(self, extra_steps: int) -> Panel:
        """Give the panel with unknown steps added at its end."""
        pad = np.full((self.values.shape[0], extra_steps, self.values.shape[2]), np.nan)
        return replace(self, values=np.concatenate([self.values, pad], axis=1))

    def to_frame(self, backend: Backend = "pandas") -> Frame:
        """Give the long table ``unique_id, ds, <channels>`` with one row a series and step, ds in UTC.

        A pyarrow table keeps step, units, zones, capacities, labels and occasions in its schema, so that
        ``from_frame`` restores the panel whole; the other libraries keep the values and ids.

        Raises:
            MissingExtraError: the library is not installed.
            PanelError: a channel has the name of another column, or a time is beyond the years 1678 to 2261.
        """
        if clash := [channel.name for channel in self.channels if channel.name in _KEYS]:
            raise PanelError(f"channel {clash[0]!r} has the name of another column of the long table; rename it")
        count, steps, _ = self.values.shape
        columns: dict[str, Any] = {
            "unique_id": repeated_texts(self.ids, np.repeat(np.arange(count), steps)),
            "ds": utc_times(np.tile(self.seconds, count)),
        }
        for position, channel in enumerate(self.channels):
            columns[channel.name] = self.values[:, :, position].reshape(-1)
        document = {
            "step_seconds": self.step_seconds,
            "series": [{**asdict(replace(one, labels={})), "labels": dict(one.labels)} for one in self.series],
            "channels": [asdict(channel) for channel in self.channels],
            "occasions": [occasion_document(one) for one in self.occasions],
        }
        return to_backend(make_table(columns, document), backend)

    @staticmethod
    def from_frame(
        frame: Frame,
        *,
        step_seconds: int | None = None,
        series: Sequence[Series] | None = None,
        channels: Sequence[Channel] | None = None,
    ) -> Panel:
        """Make a panel from a long table ``unique_id, ds, <target>, <other channels>``.

        Rows may come in any order; (id, time) pairs that are absent become NaN, and of the series kept in a
        pyarrow table those without a row are left out. For data not yet on a grid use ``nettide.prepare.grid``.

        Args:
            frame: pandas, polars or pyarrow; ds in UTC or without a zone (taken as UTC).
            step_seconds: the step; when absent, the one kept in a pyarrow table, else the smallest gap.
            series: descriptions; when absent, those kept in a pyarrow table, else the ids alone.
            channels: which columns, the target first; when absent, all but unique_id and ds, of which ``y`` is the
                target, or else the first.

        Raises:
            PanelError: a column is absent or of another type, a time is off the grid, an (id, time) pair repeats,
                a single time leaves the step open, or the grid would be far larger than the frame.
        """
        columns = Columns(frame, what="panel frame")
        kept = kept_document(frame, what="panel frame")
        ids, codes = columns.codes("unique_id")
        seconds = columns.seconds("ds")
        if not len(seconds):
            raise PanelError("panel frame: no rows")
        if channels is None:
            channels = _channels_of(columns, kept)
        if series is None:
            series = _series_of(ids, kept)
        position = {one.id: place for place, one in enumerate(series)}
        if missing := [one for one in ids if one not in position]:
            raise PanelError(f"panel frame: series {missing[0]!r} has no description")
        if step_seconds is None:
            step_seconds = kept.get("step_seconds") or smallest_gap(seconds)
        if not isinstance(step_seconds, int | np.integer) or isinstance(step_seconds, bool) or step_seconds < 1:
            raise PanelError(f"step of {step_seconds} seconds must be a whole number of at least one second")
        start = int(seconds.min())
        slots = (seconds - start) // step_seconds
        if (off_grid := slots * step_seconds != seconds - start).any():
            off = seconds[off_grid.argmax()]
            raise PanelError(
                f"panel frame: time {_utc(off)} is off the grid of {step_text(step_seconds)} "
                f"that starts at {_utc(seconds.min())}; give step_seconds, or put uneven readings on a grid first "
                "(nettide.prepare.grid.to_panel)"
            )
        steps = int(slots.max()) + 1
        cells = len(series) * steps * len(channels)
        if cells > max(_ROOM, _MOST_CELLS_PER_VALUE * len(seconds) * len(channels)):
            raise PanelError(
                f"panel frame: {len(seconds)} rows would fill {len(series)} series x {steps} steps of "
                f"{step_text(step_seconds)}; give a longer step, or fewer series at a time"
            )
        rows = np.array([position[one] for one in ids], dtype=np.int64)[codes]
        flat = rows * steps + slots
        _refuse_repeated(flat, lambda row: f"series {series[rows[row]].id!r} has time {_utc(seconds[row])} twice")
        values = np.full((len(series) * steps, len(channels)), np.nan)
        for place, channel in enumerate(channels):
            values[flat, place] = columns.floats(channel.name)
        grid = values.reshape(len(series), steps, len(channels))
        return Panel(grid, start, int(step_seconds), tuple(series), tuple(channels), _occasions_of(kept))


def smallest_gap(seconds: Ints) -> int:
    """Give the smallest gap between two distinct times, in seconds.

    Raises:
        PanelError: there is but one time.
    """
    distinct = np.sort(np.asarray(pa.array(seconds).unique()))  # hashing is faster than sorting repeated times
    if distinct.size < 2:
        raise PanelError("panel frame: a single time does not tell the step; give step_seconds")
    return int(np.diff(distinct).min())


def _channels_of(columns: Columns, kept: Mapping[str, Any]) -> list[Channel]:
    """Give every column but id and time as a channel, with the unit that was kept."""
    try:
        units = {one["name"]: one["unit"] for one in kept.get("channels", [])}
    except (TypeError, KeyError):
        raise PanelError("panel frame: its 'nettide' metadata describes no channels; remove it") from None
    names = [name for name in columns.names if name not in _KEYS]
    if not units and _TARGET in names:  # wherever a merge has put it
        names = [_TARGET, *(name for name in names if name != _TARGET)]
    return [Channel(name, units.get(name, "")) for name in names]


def _series_of(ids: Sequence[str], kept: Mapping[str, Any]) -> list[Series]:
    """Give the kept descriptions of the ids in their kept order, then the ids without one."""
    try:
        described = {one["id"]: Series(**one) for one in kept.get("series", [])}
    except (TypeError, KeyError):
        raise PanelError("panel frame: its 'nettide' metadata describes no series; remove it") from None
    present = set(ids)
    return [one for id, one in described.items() if id in present] + [Series(id) for id in ids if id not in described]


def _occasions_of(kept: Mapping[str, Any]) -> tuple[Occasion, ...]:
    try:
        return tuple(occasion_from(one) for one in kept.get("occasions", []))
    except (TypeError, AttributeError):
        raise PanelError("panel frame: its 'nettide' metadata describes no occasions; remove it") from None


def unknown_series(id: str, ids: Sequence[str]) -> str:
    """Say that a series is unknown, naming the nearest known one: there may be thousands."""
    near = difflib.get_close_matches(id, ids, n=1, cutoff=0.5)
    return f"unknown series {id!r}; " + (f"did you mean {near[0]!r}?" if near else f"there are {len(ids):,} others")


def _refuse_repeated(places: Ints, say: Callable[[int], str]) -> None:
    """Refuse places of which two are equal; ``say`` tells of the row that repeats."""
    seen = np.zeros(int(places.max()) + 1, dtype=np.bool_)
    seen[places] = True
    if np.count_nonzero(seen) < len(places):
        order = np.argsort(places, kind="stable")
        again = order[1:][np.diff(places[order]) == 0]
        raise PanelError(f"panel frame: {say(int(again.min()))}")


def _utc(second: np.int64) -> str:
    return f"{np.datetime64(int(second), 's')}Z"
