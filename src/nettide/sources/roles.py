"""Which column is the time, the id, the target and a channel: as told, or guessed where only one answer fits."""

from __future__ import annotations

import difflib
import shlex
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from nettide.errors import SourceError, unknown
from nettide.sources.contract import Layout
from nettide.sources.names import IDS, TARGETS, TIMES, bare, is_index_like, is_quantity
from nettide.sources.sketch import Sketch

EVERY_COLUMN = "*"
_LISTED = 30


@dataclass(frozen=True, slots=True)
class Roles:
    """What the columns of a file mean.

    Args:
        time: the time column.
        id: the column that names the series; None when there is none.
        values: of a long table the target and then its other channels; of a wide table one column a series.
        wide: each value column is a series.
        asked: the value columns were named by the user, so none of them may be left out.
        notes: sentences for the user: what was guessed and what was left out.
    """

    time: str
    id: str | None
    values: tuple[str, ...]
    wide: bool
    asked: bool
    notes: tuple[str, ...] = ()


def decide(sketches: Sequence[Sketch], layout: Layout, *, origin: str) -> Roles:
    """Find the roles of the columns.

    Args:
        sketches: one a column, in their order.
        layout: what the user told.
        origin: the file, for messages.

    Raises:
        SourceError: a column that was named does not exist or is named twice, or several columns would fit a role.
    """
    by_name = {one.name: one for one in sketches}
    _refuse_bad_layout(layout, by_name, origin)
    everything = layout.target == EVERY_COLUMN
    told = {name for name in (layout.time, layout.id, layout.target, *(layout.channels or ())) if name}
    time = layout.time or _guess_time([one for one in sketches if one.name not in told], origin)
    instants = by_name[time]
    id = layout.id or None
    if layout.id is None and not everything:
        id = _guess_id([one for one in sketches if one.name not in told and one.name != time], instants, origin)
    left = [one for one in sketches if one.name not in (time, id)]
    row_numbers = [one.name for one in left if _is_row_number(one, instants) and one.name not in told]
    numeric = tuple(one.name for one in left if _may_be_value(one) and one.name not in row_numbers)
    target = None if everything else layout.target
    if layout.target is None:
        target = _guess_target([name for name in numeric if name not in told], id, left, origin)
        if target is None and layout.channels is not None:
            raise SourceError(f"{origin}: name the target of the channels with --target")
    values = numeric if layout.channels is None else layout.channels
    if layout.channels is None and (everything or target is not None):
        values = tuple(name for name in values if by_name[name].kind != "dressed") or values
    if target is not None:
        values = (target, *(name for name in values if name != target))
    elif not values:
        raise SourceError(f"{origin}: no column holds numbers besides {time!r}")
    wide, asked = target is None, layout.channels is not None
    used = {time, id, *values}
    unused = [] if asked else [name for name in by_name if name not in used]
    notes = (
        *_guess_note(layout, time=time, id=id, target=target, series=values if wide else (), origin=origin),
        *_left_out_note(unused, row_numbers, origin),
    )
    return Roles(time, id, values, wide, asked, notes)


def _unknown_column(name: str, names: Iterable[str]) -> str:
    every = [" ".join(one.split()) for one in names]  # a name may hold a line end, a message may not
    near = difflib.get_close_matches(name, every, n=1, cutoff=0.5)
    text = unknown("column", name, {*every[:_LISTED], *near})
    return text if len(every) <= _LISTED else f"{text}, … ({len(every)} in all)"


def _refuse_bad_layout(layout: Layout, names: Iterable[str], origin: str) -> None:
    known = set(names)
    target = None if layout.target == EVERY_COLUMN else layout.target
    for name in (layout.time, layout.id, target, *(layout.channels or ())):
        if name and name not in known:
            raise SourceError(f"{origin}: {_unknown_column(name, names)}")
    roles = [("time", layout.time), ("id", layout.id), ("target", layout.target)]
    roles += [("a channel", name) for name in layout.channels or () if name != layout.target]
    seen: dict[str, str] = {}
    for role, name in roles:
        if not name:
            continue
        if name in seen:
            raise SourceError(f"{origin}: column {name!r} is named as {seen[name]} and as {role}")
        seen[name] = role
    if layout.target == EVERY_COLUMN and layout.id:
        raise SourceError(
            f"{origin}: --target '*' takes each column as a series, so --id {layout.id} cannot name the series as well"
        )


def _choose(role: str, option: str, names: Sequence[str]) -> str:
    listed = ", ".join(repr(name) for name in names[:_LISTED]) + (", …" if len(names) > _LISTED else "")
    return f"several columns could be the {role}: {listed}; choose one with {option}"


def _guess_time(sketches: Sequence[Sketch], origin: str) -> str:
    named = [one for one in sketches if bare(one.name) in TIMES]
    dated = [one.name for one in sketches if one.kind == "time"]
    fitting = dated + [one.name for one in named if one.kind == "number" and one.epoch]
    if len(fitting) > 1:
        fitting = [one.name for one in named if one.name in fitting] or fitting
    if len(fitting) > 1 and "ds" in fitting:
        fitting = ["ds"]
    clocks = [one.name for one in sketches if one.kind == "clock"]
    if len(fitting) == 1 and clocks:
        raise SourceError(
            f"{origin}: dates in {fitting[0]!r} and times of day in {clocks[0]!r} stand apart; "
            f"join them in one column, or take the dates alone with --time {fitting[0]}"
        )
    if len(fitting) == 1:
        return fitting[0]
    if fitting:
        raise SourceError(f"{origin}: {_choose('time', '--time', fitting)}")
    if len(named) == 1 and named[0].kind == "number":
        raise SourceError(
            f"{origin}: column {named[0].name!r} holds numbers that are no epoch times of the years 1973 to 2128; "
            "if it is the time all the same, say so with --time"
        )
    if len(named) == 1:  # its cells are read next, and the first that is no time is told with its line
        return named[0].name
    names = ", ".join(repr(one.name) for one in sketches[:_LISTED])
    raise SourceError(f"{origin}: no column looks like times; name it with --time (columns: {names or 'none'})")


def _guess_id(sketches: Sequence[Sketch], instants: Sketch, origin: str) -> str | None:
    by_name = {one.name: one for one in sketches}
    if "unique_id" in by_name:
        return "unique_id"
    named = [one.name for one in sketches if bare(one.name) in IDS and _may_be_id(one, instants)]
    fitting = named or [one.name for one in sketches if one.kind == "text" and not one.gaps]
    if len(fitting) > 1:
        raise SourceError(f"{origin}: {_choose('id', '--id', fitting)}, or --id '' for a single series")
    if not fitting:
        return None
    if not named and by_name[fitting[0]].distinct > 1 and instants.distinct == instants.cells:
        raise SourceError(
            f"{origin}: text column {fitting[0]!r} may name the series or be a remark; say --id "
            f"{shlex.quote(fitting[0])}, "
            "or --id '' for a single series"
        )
    return fitting[0]


def _may_be_id(sketch: Sketch, instants: Sketch) -> bool:
    numbers = sketch.kind == "number" and sketch.whole and not _is_row_number(sketch, instants)
    return (numbers or sketch.kind in ("text", "dressed")) and not sketch.gaps


def _may_be_value(sketch: Sketch) -> bool:
    """Say whether a column is for a value; a dressed number may be the target, whose reading tells the remedy."""
    return sketch.kind in ("number", "dressed") or (sketch.kind == "empty" and bool(sketch.name.strip()))


def _is_row_number(sketch: Sketch, instants: Sketch) -> bool:
    """Say whether a column merely numbers the rows: whole, growing through more than one time, named like an index."""
    growing = sketch.kind == "number" and sketch.whole and sketch.rising and instants.distinct > 1
    return growing and is_index_like(sketch.name)


def _guess_target(numeric: Sequence[str], id: str | None, left: Sequence[Sketch], origin: str) -> str | None:
    """Guess the target of a long table; None means that the table is wide."""
    if len(numeric) == 1:
        return numeric[0]
    by_lower = {bare(name): name for name in reversed(numeric)}
    for name in TARGETS:
        if name in by_lower:
            return by_lower[name]
    if not numeric:
        names = ", ".join(repr(one.name) for one in left[:_LISTED])
        raise SourceError(f"{origin}: no column looks like the target; name it with --target (columns: {names})")
    if id is None and not any(is_quantity(name) for name in numeric):
        return None
    every = " or, where each column is a series, with --target '*'" if id is None else ""
    raise SourceError(f"{origin}: {_choose('target', '--target', numeric)}{every}")


def _guess_note(
    layout: Layout, *, time: str, id: str | None, target: str | None, series: Sequence[str], origin: str
) -> tuple[str, ...]:
    guesses: list[tuple[str, str]] = []
    if layout.time is None:
        guesses.append((f"time column {time!r}", "--time"))
    if layout.id is None and id is not None:
        guesses.append((f"id column {id!r}", "--id"))
    if layout.target is None:
        names = ", ".join(series[:3]) + (", …" if len(series) > 3 else "")
        text = f"target {target!r}" if not series else f"each of {len(series)} columns a series ({names})"
        guesses.append((text, "--target"))
    if not guesses:
        return ()
    said, options = ", ".join(text for text, _ in guesses), ", ".join(option for _, option in guesses)
    return (f"{origin}: {said} (guessed; set with {options})",)


def _left_out_note(unused: Sequence[str], row_numbers: Sequence[str], origin: str) -> tuple[str, ...]:
    if not unused:
        return ()
    said = [f"{name!r} (a running number)" if name in row_numbers else repr(name) for name in unused]
    more = f" and {len(said) - _LISTED} more" if len(said) > _LISTED else ""
    return (f"{origin}: columns left out: {', '.join(said[:_LISTED])}{more}",)
