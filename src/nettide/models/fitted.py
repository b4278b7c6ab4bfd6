"""Fitted: what a model remembers of the data it was fitted on, and the check of data it is shown later."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from nettide.arrays import Ints
from nettide.errors import DamagedError, MismatchError
from nettide.panel import Panel
from nettide.prepare.periods import Periods
from nettide.units import step_text


@dataclass(frozen=True, slots=True)
class Fitted:
    """The step, channels and units that a model knows.

    Args:
        step_seconds: length of a step.
        channels: names of the channels, the target first.
        units: unit of each channel; empty when unknown or, for the target, when the series had several.
    """

    step_seconds: int
    channels: tuple[str, ...]
    units: tuple[str, ...]

    @staticmethod
    def of(panel: Panel) -> Fitted:
        """Give the facts of a panel; a model that uses the target alone passes ``panel.only_target()``."""
        shared = set(panel.units)
        target = shared.pop() if len(shared) == 1 else ""
        units = (target, *(channel.unit for channel in panel.channels[1:]))
        return Fitted(panel.step_seconds, tuple(channel.name for channel in panel.channels), units)

    def check(self, panel: Panel) -> None:
        """Refuse a panel that the model cannot forecast; further channels and their order do not matter.

        Raises:
            MismatchError: the step, the target or a known unit differs, or a channel is missing.
        """
        if panel.step_seconds != self.step_seconds:
            ours, theirs = step_text(self.step_seconds), step_text(panel.step_seconds)
            raise MismatchError(
                f"model was fitted on steps of {ours}, the data has {theirs}; "
                f"bring the data to {ours} or fit a model on {theirs}"
            )
        names = [channel.name for channel in panel.channels]
        if missing := [name for name in self.channels if name not in names]:
            raise MismatchError(
                f"model needs channel {', '.join(map(repr, missing))}, which the data lacks; it has {', '.join(names)}"
            )
        if names[0] != self.channels[0]:
            raise MismatchError(
                f"model forecasts {self.channels[0]!r}, the target of the data is {names[0]!r}; "
                f"choose {self.channels[0]!r} as target"
            )
        self._check_units(panel)

    def _check_units(self, panel: Panel) -> None:
        for name, ours in zip(self.channels[1:], self.units[1:], strict=True):
            theirs = next(channel.unit for channel in panel.channels if channel.name == name)
            if ours and theirs and ours != theirs:
                raise MismatchError(
                    f"model was fitted on channel {name!r} in {ours}, the data has {theirs}; convert it"
                )
        for id, theirs in zip(panel.ids, panel.units, strict=True):
            if self.units[0] and theirs and self.units[0] != theirs:
                raise MismatchError(
                    f"model was fitted on {self.channels[0]!r} in {self.units[0]}, "
                    f"series {id!r} is in {theirs}; convert it or fit a model on it"
                )

    def matching(self, panel: Panel) -> Panel:
        """Give the panel with the fitted channels alone, in fitted order; itself when it has no others.

        Raises:
            MismatchError: as ``check``.
        """
        self.check(panel)
        names = [channel.name for channel in panel.channels]
        if tuple(names) == self.channels:
            return panel
        places = [names.index(name) for name in self.channels]
        wanted = slice(len(places)) if places == list(range(len(places))) else places  # a slice copies nothing
        channels = tuple(panel.channels[place] for place in places)
        return replace(panel, values=panel.values[:, :, wanted], channels=channels)

    def to_document(self) -> dict[str, Any]:
        """Give JSON values that ``from_document`` reads."""
        return {"step_seconds": self.step_seconds, "channels": list(self.channels), "units": list(self.units)}

    @staticmethod
    def from_document(document: object) -> Fitted:
        """Read what ``to_document`` gave.

        Raises:
            DamagedError: it is no mapping, or a field is missing or of another type.
        """
        fields = document if isinstance(document, Mapping) else {}
        step, channels, units = fields.get("step_seconds"), _texts(fields, "channels"), _texts(fields, "units")
        if type(step) is not int or step < 1 or not channels or len(channels) != len(units):
            raise DamagedError("the stored model does not say which step, channels and units it was fitted on")
        return Fitted(step, channels, units)


def check_cutoffs(panel: Panel, cutoffs: Ints) -> None:
    """Refuse cutoffs that are not steps of a panel.

    Raises:
        MismatchError: one of them, shape (cutoff,), lies outside 0 ... steps - 1.
    """
    if outside := [int(cutoff) for cutoff in cutoffs if not 0 <= cutoff < panel.steps]:
        raise MismatchError(f"cutoff {outside[0]} lies outside the {panel.steps} steps of the data")


def stored_periods(document: object) -> Periods:
    """Read the periods of a stored model, as ``asdict`` gave them.

    Raises:
        DamagedError: it is no mapping, or a field is missing, of another type or impossible.
    """
    fields = document if isinstance(document, Mapping) else {}
    day, week, clock = (fields.get(name) for name in ("day", "week", "clock"))
    if type(day) is int and type(week) is int and type(clock) is float and 1 <= day <= week and 0 < clock < 10:
        return Periods(day, week, clock)
    raise DamagedError("the stored model does not say how many steps a day and a week have")


def _texts(document: Mapping[str, Any], name: str) -> tuple[str, ...]:
    values = document.get(name)
    return tuple(values) if isinstance(values, list) and all(isinstance(one, str) for one in values) else ()
