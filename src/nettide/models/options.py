"""Options as texts or values -> the fields of a config dataclass."""

from __future__ import annotations

import dataclasses
import math
import types
import typing
from collections.abc import Mapping
from typing import Any

from nettide.errors import OptionError, unknown

MOST_HORIZON = 336
"""Steps ahead that any model forecasts at most."""
HORIZONS, CONTEXTS, SEEDS = (1, MOST_HORIZON), (1, 100_000), (0, 2**32 - 1)
"""Least and most of the options that most models have."""

_TRUE, _FALSE = ("true", "yes", "on", "1"), ("false", "no", "off", "0")


def option_names(config: type[Any]) -> tuple[str, ...]:
    """Give the names of the fields of a config dataclass."""
    return tuple(field.name for field in dataclasses.fields(config))


def build_config(config: type[Any], values: Mapping[str, Any], *, what: str) -> Any:
    """Make a config from values or texts, checking each against its field's type.

    The config's own ``__post_init__`` may refuse values too, with an OptionError.

    Args:
        config: a dataclass whose fields are bool, int, float, str, Literal, tuple of int, or optional ones.
        values: field name -> value, or a text such as ``--set`` gives.
        what: whose options they are, for messages.

    Raises:
        OptionError: a name is unknown or a value is not of the field's type.
    """
    hints = typing.get_type_hints(config)
    known = option_names(config)
    built = {}
    for name, value in values.items():
        if name not in known:
            raise OptionError(f"{what}: {unknown('option', name, known)}")
        try:
            built[name] = _convert(value, hints[name])
        except ValueError as error:
            raise OptionError(f"{what}: option {name}={value}: {error}") from None
    return config(**built)


def check_ranges(config: object, **ranges: tuple[float, float]) -> None:
    """Refuse a config with an option outside its range; one that is None is left open and passes.

    Args:
        config: its options are attributes.
        ranges: option -> least and most, both allowed; checked in this order.

    Raises:
        OptionError: a value is outside its range.
    """
    for name, (least, most) in ranges.items():
        value = getattr(config, name)
        if value is not None and not least <= value <= most:
            raise OptionError(f"{name} {value} is outside {least} ... {most}")


def _convert(value: Any, hint: Any) -> Any:
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in (types.UnionType, typing.Union):
        inner = next(one for one in arguments if one is not type(None))
        # where "none" is itself a choice, leaving the option out is the only way to None
        if value is None or (value == "none" and "none" not in typing.get_args(inner)):
            return None
        return _convert(value, inner)
    if origin is typing.Literal:
        if value not in arguments:
            raise ValueError(f"known: {', '.join(map(str, arguments))}")
        return value
    if origin is tuple:
        parts = value.replace("-", ",").split(",") if isinstance(value, str) else value
        if not isinstance(parts, list | tuple):
            raise ValueError("is not a list of numbers; write them as 128,256,128")
        return tuple(_convert(part, arguments[0]) for part in parts)
    return _convert_plain(value, hint)


def _convert_plain(value: Any, kind: type) -> Any:
    if kind is bool:
        text = str(value).lower()
        if text not in _TRUE + _FALSE:
            raise ValueError("write true or false")
        return text in _TRUE
    if kind is int:
        return _whole(value)
    if kind is float:
        return _finite(value)
    return str(value)


def _whole(value: Any) -> int:
    try:
        whole = int(value)
    except (ValueError, TypeError, OverflowError):
        raise ValueError("is not a whole number") from None
    if isinstance(value, bool) or (not isinstance(value, str) and whole != value):
        raise ValueError("is not a whole number")
    return whole


def _finite(value: Any) -> float:
    try:
        number = float(value)
    except (ValueError, TypeError, OverflowError):
        raise ValueError("is not a number") from None
    if isinstance(value, bool):
        raise ValueError("is not a number")
    if not math.isfinite(number):
        raise ValueError("is not finite")
    return number
