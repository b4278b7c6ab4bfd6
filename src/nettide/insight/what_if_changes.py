"""What can be changed in a history: values of a channel over a span of time, and what is known of the future."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias, get_args

import numpy as np

from nettide.arrays import Bools
from nettide.errors import OptionError, unknown
from nettide.occasions import KINDS, Occasion
from nettide.panel import Panel, unknown_series

ValueKind = Literal["scale", "shift", "growth"]
MONTH_SECONDS = 2_629_746
"""A twelfth of a Gregorian year of 365.2425 days."""


@dataclass(frozen=True, slots=True)
class ValueChange:
    """Other values of a channel.

    Args:
        kind: ``scale`` multiplies by the amount, ``shift`` adds it, ``growth`` adds so many percent a month,
            compounded, from the begin of the span on; what comes after its end keeps the level that was reached.
        amount: a factor, a number in the channel's unit, or percent a month.
        channel: its name; None takes the target.
        since: epoch second from which steps are changed; None takes the begin of the data.
        until: epoch second before which steps are changed; None takes the end of the data.
        series: ids of the series that are changed; empty for all.

    Raises:
        OptionError: the kind is unknown, the amount cannot be, or the span ends before it begins.
    """

    kind: ValueKind
    amount: float
    channel: str | None = None
    since: int | None = None
    until: int | None = None
    series: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.kind not in get_args(ValueKind):
            raise OptionError(unknown("change", str(self.kind), get_args(ValueKind)))
        if not math.isfinite(self.amount):
            raise OptionError(f"{self.kind} by {self.amount} is not a finite number")
        if self.kind == "scale" and self.amount < 0:
            raise OptionError(f"scale by {self.amount:g} would turn the sign; give a factor of at least 0")
        if self.kind == "growth" and self.amount <= -100:
            raise OptionError(f"growth of {self.amount:g} % a month leaves nothing; give more than -100")
        if self.since is not None and self.until is not None and self.until <= self.since:
            raise OptionError(
                f"the change ends at {_utc(self.until)}, not after it begins at {_utc(self.since)}; exchange them"
            )


@dataclass(frozen=True, slots=True)
class AddOccasion:
    """One more holiday, maintenance window or event.

    Args:
        occasion: what is then known.
    """

    occasion: Occasion


@dataclass(frozen=True, slots=True)
class RemoveOccasions:
    """Fewer holidays, maintenance windows or events.

    Args:
        what: a kind, or a name in any case.
        since: epoch second; those that end before it stay. None has no begin.
        until: epoch second; those that begin at or after it stay. None has no end.
    """

    what: str
    since: int | None = None
    until: int | None = None


Change: TypeAlias = ValueChange | AddOccasion | RemoveOccasions


def changed_panel(panel: Panel, changes: Sequence[Change]) -> Panel:
    """Give the panel with all changes made, one after the other; unknown values stay unknown.

    Raises:
        OptionError: a channel, series or occasion is not there, nothing known lies in a span, or a target would be
            negative or a value infinite.
        PanelError: an added occasion concerns a series that is not there.
    """
    for one in changes:
        if isinstance(one, ValueChange):
            panel = _with_values(panel, one)
        elif isinstance(one, AddOccasion):
            if one.occasion in panel.occasions:
                raise OptionError(f"{occasion_text(one.occasion)} is known already; adding it changes nothing")
            panel = panel.with_occasions([one.occasion])
        else:
            panel = _without_occasions(panel, one)
    return panel


def change_text(change: Change, *, target: str) -> str:
    """Say in a few words what a change is: ``y x 1.5 since 2026-03-01T00:00Z``.

    Args:
        change: any of the three.
        target: name of the target.
    """
    if isinstance(change, AddOccasion):
        return f"with {occasion_text(change.occasion)}"
    span = "".join(
        f" {word} {_utc(second)}"
        for word, second in (("since", change.since), ("until", change.until))
        if second is not None
    )
    if isinstance(change, RemoveOccasions):
        return f"without {change.what}{span}"
    name, amount = change.channel or target, change.amount
    what = {
        "scale": f"{name} x {amount:g}",
        "shift": f"{name} {'-' if amount < 0 else '+'} {abs(amount):g}",
        "growth": f"{name} growing by {amount:g} % a month",
    }[change.kind]
    return f"{what}{span}{f' in {len(change.series):,} series' if change.series else ''}"


def occasion_text(occasion: Occasion) -> str:
    """Name an occasion with its begin."""
    named = f"{occasion.kind} {occasion.name!r}" if occasion.name else occasion.kind
    return f"{named} at {_utc(occasion.start)}"


def channel_place(panel: Panel, name: str | None) -> int:
    """Give the place of a channel, 0 for None.

    Raises:
        OptionError: there is none of that name.
    """
    names = [one.name for one in panel.channels]
    if name is not None and name not in names:
        raise OptionError(unknown("channel", name, names))
    return 0 if name is None else names.index(name)


def _with_values(panel: Panel, change: ValueChange) -> Panel:
    place = channel_place(panel, change.channel)
    name = panel.channels[place].name
    if strange := [id for id in change.series if id not in panel.ids]:
        raise OptionError(unknown_series(strange[0], panel.ids))
    begin = panel.start if change.since is None else change.since
    steps: Bools = panel.seconds >= begin
    if change.until is not None and change.kind != "growth":
        steps &= panel.seconds < change.until
    row_of = np.array([row for row, id in enumerate(panel.ids) if not change.series or id in change.series], np.int64)
    place_of = np.ix_(row_of, np.flatnonzero(steps))
    values = panel.values.copy()
    part = values[..., place][place_of]
    if np.isnan(part).all():
        last = panel.start + panel.step_seconds * (panel.steps - 1)
        raise OptionError(
            f"no known value of {name!r} lies in the span of the change; the data runs from {_utc(panel.start)} "
            f"to {_utc(last)}"
        )
    with np.errstate(over="ignore"):
        if change.kind == "scale":
            part = part * change.amount
        elif change.kind == "shift":
            part = part + change.amount
        else:
            ends = panel.seconds[steps] if change.until is None else np.minimum(panel.seconds[steps], change.until)
            part = part * ((1 + change.amount / 100) ** ((ends - begin) / MONTH_SECONDS))
    if np.isinf(part).any():
        raise OptionError(f"{change_text(change, target=name)} would make values infinite; change it by less")
    if place == 0 and (part < 0).any():
        row, step = np.argwhere(part < 0)[0]
        raise OptionError(
            f"{change_text(change, target=name)} would make series {panel.ids[row_of[row]]!r} negative at "
            f"{_utc(int(panel.seconds[steps][step]))}, and traffic never is; change it by less or scale it"
        )
    values[..., place][place_of] = part
    return replace(panel, values=values)


def _without_occasions(panel: Panel, change: RemoveOccasions) -> Panel:
    def is_meant(one: Occasion) -> bool:
        inside = (change.until is None or one.start < change.until) and (change.since is None or one.end > change.since)
        return inside and change.what.casefold() in (one.kind, one.name.casefold())

    left = tuple(one for one in panel.occasions if not is_meant(one))
    if len(left) == len(panel.occasions):
        known = {one.name for one in panel.occasions if one.name} | {one.kind for one in panel.occasions}
        if change.what in known or change.what in KINDS:
            raise OptionError(f"no {change.what!r} lies in the span of the change; there is nothing to remove")
        if not known:
            raise OptionError(f"there is no {change.what!r} to remove: no holidays and no events are known")
        raise OptionError(unknown("occasion", change.what, known))
    return replace(panel, occasions=left)


def _utc(second: int) -> str:
    moment = np.datetime64(second, "s")
    return f"{moment if second % 60 else moment.astype('datetime64[m]')}Z"
