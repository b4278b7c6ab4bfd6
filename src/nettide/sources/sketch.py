"""What a column looks like from its name and its first cells: times, numbers, texts or nothing."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import pyarrow as pa

from nettide.sources.cells import EMPTY_TEXTS, is_number, is_text
from nettide.sources.dressed import is_dressed

Kind: TypeAlias = Literal["time", "clock", "number", "dressed", "text", "empty", "other"]
"""What cells are; a clock shows a time of day without its date, a dressed number has a decimal comma or its unit."""

_ISO = re.compile(r"\d{4}-\d\d-\d\d([T ]|$)")
_CLOCK = re.compile(r"\d{1,2}:\d\d(:\d\d(\.\d+)?)?$")
_PLAUSIBLE_EPOCH = ((1e8, 5e9), (1e11, 5e12), (1e14, 5e15), (1e17, 5e18))  # 1973 to 2128 in each unit


@dataclass(frozen=True, slots=True)
class Sketch:
    """A column, seen from its first cells.

    Args:
        name: its name.
        kind: what most of its cells are; text that merely looks like numbers is text where the file has types.
        rising: numbers that grow from row to row.
        whole: only whole numbers.
        epoch: numbers that can be epoch seconds, milliseconds, microseconds or nanoseconds of 1973 to 2128.
        distinct: number of distinct cells.
        cells: number of cells seen.
        gaps: an empty cell is among them.
    """

    name: str
    kind: Kind
    rising: bool = False
    whole: bool = False
    epoch: bool = False
    distinct: int = 0
    cells: int = 0
    gaps: bool = False


def sketch_texts(name: str, cells: Sequence[str]) -> Sketch:
    """Sketch a column of a file without types.

    Args:
        name: its name.
        cells: its first cells as they stand there.
    """
    filled = [one.strip() for one in cells if one.strip() not in EMPTY_TEXTS]
    numbers = [number for one in filled if (number := _number(one)) is not None]
    distinct, gaps = len(set(filled)), len(filled) < len(cells)
    if not filled:
        return Sketch(name, "empty", cells=len(cells), gaps=gaps)
    if 2 * len(numbers) >= len(filled):
        return _of_numbers(name, numbers, distinct=distinct, cells=len(cells), gaps=gaps)
    dressed = sum(is_dressed(one) for one in filled)
    kind = "dressed" if dressed and 2 * (len(numbers) + dressed) >= len(filled) else _kind_of_texts(filled)
    return Sketch(name, kind, distinct=distinct, cells=len(cells), gaps=gaps)


def sketch_array(name: str, cells: pa.Array) -> Sketch:
    """Sketch a column of a file with types.

    Args:
        name: its name.
        cells: its first cells.
    """
    kind = cells.type.value_type if pa.types.is_dictionary(cells.type) else cells.type
    size = {"cells": len(cells), "gaps": cells.null_count > 0}
    if pa.types.is_timestamp(kind) or pa.types.is_date(kind):
        return Sketch(name, "time", distinct=len(cells.unique()), **size)
    if pa.types.is_time(kind):
        return Sketch(name, "clock", **size)
    if pa.types.is_null(kind):
        return Sketch(name, "empty", **size)
    filled = [one for one in cells.to_pylist() if one is not None] if is_number(kind) or is_text(kind) else []
    if is_number(kind):
        return _of_numbers(name, [float(one) for one in filled], distinct=len(set(filled)), **size)
    if is_text(kind):
        return Sketch(name, _kind_of_texts(filled), distinct=len(set(filled)), **size)
    return Sketch(name, "other", **size)


def _kind_of_texts(filled: Sequence[str]) -> Kind:
    kinds: tuple[tuple[Kind, re.Pattern[str]], ...] = (("time", _ISO), ("clock", _CLOCK))
    for kind, pattern in kinds:
        if filled and 2 * sum(pattern.match(one) is not None for one in filled) >= len(filled):
            return kind
    return "text"


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _of_numbers(name: str, numbers: Sequence[float], *, distinct: int, cells: int, gaps: bool) -> Sketch:
    pairs = itertools.pairwise(numbers)
    return Sketch(
        name,
        "number",
        rising=len(numbers) > 1 and all(a < b for a, b in pairs),
        whole=all(one.is_integer() for one in numbers),
        epoch=bool(numbers) and any(all(a <= one < b for one in numbers) for a, b in _PLAUSIBLE_EPOCH),
        distinct=distinct,
        cells=cells,
        gaps=gaps,
    )
