"""Search spaces: which options of a model ``nettide tune`` tries, between which values."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from nettide.errors import OptionError, UnknownModelError, unknown
from nettide.models import MODELS
from nettide.panel import Panel

Value: TypeAlias = bool | int | float | str
"""A value of an option; a tuple of numbers is written as a text, as for ``--set``."""

_DIGITS = 3


@dataclass(frozen=True, slots=True)
class Choices:
    """One of several values, in no order."""

    values: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Whole:
    """A whole number from low to high, both included.

    Args:
        low: smallest.
        high: largest.
        log: whether sizes are compared by their ratio.
    """

    low: int
    high: int
    log: bool = False


@dataclass(frozen=True, slots=True)
class Real:
    """A number from low to high, tried with three digits.

    Args:
        low: smallest.
        high: largest.
        log: whether sizes are compared by their ratio.
    """

    low: float
    high: float
    log: bool = False


Range: TypeAlias = Choices | Whole | Real
Space: TypeAlias = Mapping[str, Range]


@dataclass(frozen=True, slots=True)
class SearchSpace:
    """What is tried, and where the search begins.

    Args:
        ranges: option -> its values; ``context`` may be among them.
        defaults: option -> the value that the model takes by itself, inside its range.
    """

    ranges: Space
    defaults: Mapping[str, Value]


SpaceOf: TypeAlias = Callable[[Any, Panel], SearchSpace]
"""Config of a model with its fixed options, and the data it will train on -> what to try."""

_RECURRENT = "nettide.models.recurrent_space:recurrent_space"

SPACES: dict[str, str] = {
    "lightgbm": "nettide.models.boosted_space:boosted_space",
    **dict.fromkeys(("rnn", "lstm", "gru", "gru-fcn", "lstm-fcn"), _RECURRENT),
}
"""Model -> ``module:function`` that is a ``SpaceOf``; a new model with something to tune is one line here."""


def search_space(model: str, config: Any, panel: Panel) -> SearchSpace:
    """Give what can be tried of a model.

    Args:
        model: a name of the table of models.
        config: its config, with everything that the user has fixed.
        panel: the data it will train on.

    Raises:
        UnknownModelError: the table has no such name.
        OptionError: the model has no search space.
    """
    check_tunable(model)
    module, _, function = SPACES[model].partition(":")
    space_of: SpaceOf = getattr(importlib.import_module(module), function)
    return space_of(config, panel)


def check_tunable(model: str) -> None:
    """Refuse a model that has no search space.

    Raises:
        UnknownModelError: the table has no such name.
        OptionError: the model has no search space.
    """
    if model not in MODELS:
        raise UnknownModelError(unknown("model", model, MODELS))
    if model not in SPACES:
        raise OptionError(f"model {model!r} has nothing to tune; models that have: {', '.join(sorted(SPACES))}")


def value_text(value: Value | tuple[int, ...]) -> str:
    """Write a value as ``--set`` reads it; numbers that are not whole with three digits."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return f"{value:.{_DIGITS}g}"
    return ",".join(map(str, value)) if isinstance(value, tuple) else str(value)
