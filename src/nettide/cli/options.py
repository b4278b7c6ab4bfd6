"""Options that several verbs share, and how they become a ``Reading``."""

from __future__ import annotations

import functools
import inspect
import typing
from collections.abc import Callable
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from nettide.tasks.load import Reading

_READ = "Reading the data"


class Aggregate(StrEnum):
    """How readings within a step become one."""

    mean = "mean"
    max = "max"
    sum = "sum"
    last = "last"


class Missing(StrEnum):
    """What a step without a reading means."""

    gap = "gap"
    zero = "zero"


class Invalid(StrEnum):
    """What to do with negative and infinite readings."""

    error = "error"
    gap = "gap"


class Duplicates(StrEnum):
    """What to do when a series has several values at one time."""

    error = "error"
    first = "first"
    last = "last"
    mean = "mean"


class Counter(StrEnum):
    """Width of an octet counter."""

    bits32 = "32"
    bits64 = "64"


FileArgument = Annotated[str, typer.Argument(metavar="FILE", help="CSV or Parquet file, or a folder of them.")]
TimeOption = Annotated[str | None, typer.Option("--time", help="Time column; guessed if clear.", rich_help_panel=_READ)]
IdOption = Annotated[str | None, typer.Option("--id", help="Column naming the series.", rich_help_panel=_READ)]
TargetOption = Annotated[
    str | None,
    typer.Option("--target", help="Column to forecast; '*' takes each column as a series.", rich_help_panel=_READ),
]
ZoneOption = Annotated[
    str | None,
    typer.Option(
        "--zone", help="Time zone of the place, as Europe/Prague; times without one are in it.", rich_help_panel=_READ
    ),
]
StepOption = Annotated[
    str | None,
    typer.Option("--step", help="Step of the grid, as 5min, 1h, 1d; found if regular.", rich_help_panel=_READ),
]
AggregateOption = Annotated[
    Aggregate | None,
    typer.Option(
        "--aggregate", help="How readings within a step become one.", show_default="mean", rich_help_panel=_READ
    ),
]
MissingOption = Annotated[
    Missing | None,
    typer.Option(
        "--missing",
        help="A step without a reading is unknown (gap) or no traffic (zero).",
        show_default="gap",
        rich_help_panel=_READ,
    ),
]
InvalidOption = Annotated[
    Invalid,
    typer.Option("--invalid", help="Negative or infinite readings end the run, or become gaps.", rich_help_panel=_READ),
]
DuplicatesOption = Annotated[
    Duplicates, typer.Option("--duplicates", help="Several values of one series at one time.", rich_help_panel=_READ)
]
CounterOption = Annotated[
    Counter | None,
    typer.Option("--counter", help="The target counts octets: turn it into bit/s.", rich_help_panel=_READ),
]
CapacityOption = Annotated[
    str | None,
    typer.Option("--capacity", help="Most a link can carry, as 10G; tells wraps from restarts.", rich_help_panel=_READ),
]
LimitOption = Annotated[
    str | None,
    typer.Option(
        "--limit", help="Most bytes a compressed or Parquet file may unpack to, as 20G.", rich_help_panel=_READ
    ),
]
UnitOption = Annotated[
    str, typer.Option("--unit", help="Unit of the target, as bit/s or bytes.", rich_help_panel=_READ)
]
CountryOption = Annotated[
    str | None,
    typer.Option(
        "--country",
        help="Its public holidays are known ahead, as CZ or DE-BY; none for no holidays. If absent, and "
        "no --holidays: the country of --zone, or the days that most countries have in common; at steps of a day and "
        "more, none.",
        rich_help_panel=_READ,
    ),
]
HolidaysOption = Annotated[
    str | None,
    typer.Option(
        "--holidays",
        metavar="FILE",
        help="CSV file of holidays, a date a row, instead of a country's; beside them with --country.",
        rich_help_panel=_READ,
    ),
]
EventsOption = Annotated[
    str | None,
    typer.Option(
        "--events",
        metavar="FILE",
        help="CSV file of events and maintenance known ahead: start, end, kind.",
        rich_help_panel=_READ,
    ),
]

HorizonOption = Annotated[int, typer.Option("--horizon", help="Steps ahead, 1 to 336.")]
ContextOption = Annotated[
    int | None, typer.Option("--context", help="Steps of history in a window; chosen by the step if absent.")
]
SeedOption = Annotated[int, typer.Option("--seed", help="Same seed, same weights.")]
EpochsOption = Annotated[int | None, typer.Option("--epochs", help="Most passes over the training windows.")]
BudgetOption = Annotated[
    str | None, typer.Option("--budget", help="Time for fitting auto, as 60s or 5m; 180s if absent.")
]
SetOption = Annotated[
    list[str] | None,
    typer.Option(
        "--set", metavar="KEY=VALUE", help="An option of the models, as hidden=128 or lstm.layers=2; repeat for more."
    ),
]
LogOption = Annotated[Path | None, typer.Option("--log", help="Append one JSON line an epoch to this file.")]


_READING: dict[str, tuple[Any, Any]] = {
    "time": (TimeOption, None),
    "id": (IdOption, None),
    "target": (TargetOption, None),
    "zone": (ZoneOption, None),
    "step": (StepOption, None),
    "aggregate": (AggregateOption, None),
    "missing": (MissingOption, None),
    "invalid": (InvalidOption, Invalid.error),
    "duplicates": (DuplicatesOption, Duplicates.error),
    "counter": (CounterOption, None),
    "capacity": (CapacityOption, None),
    "unit": (UnitOption, ""),
    "limit": (LimitOption, None),
    "country": (CountryOption, None),
    "holidays": (HolidaysOption, None),
    "events": (EventsOption, None),
}


def reads_data(verb: Callable[..., None]) -> Callable[..., None]:
    """Give a verb the options of reading data; it gets the ``Reading`` that they make as its ``how``.

    Raises:
        UnitError: when called, if the step, the capacity or the limit is not understood.
    """

    @functools.wraps(verb)
    def with_options(*arguments: Any, **options: Any) -> None:
        typed = {name: options.pop(name) for name in _READING}
        verb(*arguments, how=reading(**typed), **options)

    with_options.__annotations__ = {name: kind for name, kind in verb.__annotations__.items() if name != "how"}
    hints = typing.get_type_hints(with_options, include_extras=True)
    hints.update((name, kind) for name, (kind, _) in _READING.items())
    parameters = inspect.signature(verb).parameters
    own = [one.replace(annotation=hints[name]) for name, one in parameters.items() if name != "how"]
    shared = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=kind)
        for name, (kind, default) in _READING.items()
    ]
    with_options.__annotations__ = hints
    with_options.__signature__ = inspect.Signature([*own, *shared])  # type: ignore[attr-defined]  # what Typer reads
    return with_options


def reading(
    *,
    time: str | None = None,
    id: str | None = None,
    target: str | None = None,
    zone: str | None = None,
    step: str | None = None,
    aggregate: Aggregate | None = None,
    missing: Missing | None = None,
    invalid: Invalid = Invalid.error,
    duplicates: Duplicates = Duplicates.error,
    counter: Counter | None = None,
    capacity: str | None = None,
    unit: str = "",
    limit: str | None = None,
    country: str | None = None,
    holidays: str | None = None,
    events: str | None = None,
) -> Reading:
    """Make a ``Reading`` of the options as they were typed.

    Raises:
        UnitError: the step, the capacity or the limit is not understood.
    """
    from nettide.prepare.grid import GridChoice
    from nettide.sources.contract import Layout
    from nettide.tasks.load import Reading
    from nettide.tasks.occasions import OccasionChoice
    from nettide.units import parse_quantity, parse_step

    layout = Layout(time=time, id=id, target=target, zone=zone)
    return Reading(
        layout=layout if limit is None else replace(layout, limit_bytes=int(parse_quantity(limit))),
        grid=GridChoice(
            step_seconds=None if step is None else parse_step(step),
            aggregate=None if aggregate is None else aggregate.value,
            missing=None if missing is None else missing.value,
            invalid=invalid.value,
            duplicates=duplicates.value,
        ),
        unit=unit,
        zone=zone or "UTC",
        capacity=None if capacity is None else parse_quantity(capacity),
        counter_bits=None if counter is None else (32 if counter is Counter.bits32 else 64),
        occasions=OccasionChoice(country, holidays, events),
    )
