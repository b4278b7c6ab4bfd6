"""Knobs: the options of each model with their kind, default and meaning, read from its config."""

from __future__ import annotations

import dataclasses
import inspect
import re
import types
import typing
from dataclasses import dataclass
from typing import Any, Literal

from nettide.models import MODELS, model_class

Kind = Literal["bool", "int", "float", "choice", "text"]
_ELSEWHERE = ("horizon", "context", "seed", "epochs", "budget")
_KINDS: dict[type, Kind] = {bool: "bool", int: "int", float: "float"}


@dataclass(frozen=True, slots=True)
class Knob:
    """One option of a model, as ``--set`` takes it.

    Args:
        name: of the option.
        kind: what it holds; a text may be a list of numbers with commas between them.
        default: what it is when nobody says; None where the model chooses by the data.
        choices: the texts it may be, when it is a choice.
        about: what it does, one sentence.
    """

    name: str
    kind: Kind
    default: bool | int | float | str | None
    choices: tuple[str, ...]
    about: str


def knobs(model: str) -> tuple[Knob, ...]:
    """Give the options of a model but those that have a place of their own: horizon, context, seed, epochs, budget.

    Raises:
        UnknownModelError: the table has no such name.
    """
    config = model_class(model).Config
    hints, about = typing.get_type_hints(config), _meanings(config)
    fixed = {*_ELSEWHERE, *MODELS[model].preset}
    return tuple(
        _knob(field, hints[field.name], about.get(field.name, ""))
        for field in dataclasses.fields(config)
        if field.name not in fixed
    )


def _knob(field: dataclasses.Field[Any], hint: Any, about: str) -> Knob:
    bare = hint
    if typing.get_origin(hint) in (types.UnionType, typing.Union):
        bare = next(one for one in typing.get_args(hint) if one is not type(None))
    choices: tuple[str, ...] = ()
    kind: Kind = _KINDS.get(bare, "text")
    if typing.get_origin(bare) is Literal:
        kind, choices = "choice", tuple(map(str, typing.get_args(bare)))
    default = None if field.default is dataclasses.MISSING else field.default
    if isinstance(default, tuple):
        default = ",".join(map(str, default))
    return Knob(field.name, kind, default, choices, about)


def _meanings(config: type[Any]) -> dict[str, str]:
    """Give the sentence on each field from the ``Args`` of the docstring of a config."""
    text = inspect.cleandoc(config.__doc__ or "").partition("Args:\n")[2].partition("\n\n")[0]
    return {
        match[1]: " ".join(match[2].split())
        for match in re.finditer(r"^ {4}(\w+): (.*(?:\n {8}.*)*)", text, flags=re.MULTILINE)
    }
