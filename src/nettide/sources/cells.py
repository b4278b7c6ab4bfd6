"""Cells of a column, as they came, as numbers and as ids; the first cell that is neither is named with its place."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from nettide.arrays import Floats, Ints
from nettide.errors import SourceError
from nettide.sources.dressed import undressing

Place: TypeAlias = Callable[[int], str]
"""Says where a row stands: ``traffic.csv line 812``."""

EMPTY_TEXTS = ("", "NaN", "nan", "-nan", "-NaN", "NA", "N/A", "n/a", "#N/A", "NULL", "null", "None", "none", "-")
_SHOWN = 60


def shown(text: object) -> str:
    """Quote a cell for a message, shortened when it is long."""
    whole = str(text)
    return repr(whole if len(whole) <= _SHOWN else whole[:_SHOWN] + "…")


def is_text(kind: pa.DataType) -> bool:
    """Say whether a column type holds text."""
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))


def is_number(kind: pa.DataType) -> bool:
    """Say whether a column type holds numbers."""
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind))


def first_bad(cells: pa.Array, fits: Callable[[pa.Array], bool]) -> int:
    """Find the first cell that does not fit, given that one does not, by halving."""
    low, high = 0, len(cells)
    while high - low > 1:
        middle = (low + high) // 2
        if fits(cells.slice(low, middle - low)):
            low = middle
        else:
            high = middle
    return low


def floats(column: pa.ChunkedArray, *, name: str, place: Place) -> Floats:
    """Give numbers as float64, NaN where a cell is empty; infinities stay.

    Args:
        column: numbers, or texts of numbers, shape (row,).
        name: the name of the column.
        place: says where a row stands.

    Raises:
        SourceError: a cell holds no number.
    """
    values = np.empty(len(column), dtype=np.float64)
    start = 0
    for chunk in column.chunks:
        plain = chunk.dictionary_decode() if pa.types.is_dictionary(chunk.type) else chunk
        if pa.types.is_null(plain.type):
            plain = plain.cast(pa.float64())
        elif is_text(plain.type):
            plain = _numbers_of_texts(plain, start, name=name, place=place)
        elif not is_number(plain.type):
            raise SourceError(f"{place(start)}: column {name!r} holds no numbers but {plain.type}")
        elif pa.types.is_decimal(plain.type) or pa.types.is_float16(plain.type):
            plain = plain.cast(pa.float64())
        values[start : start + len(plain)] = plain.to_numpy(zero_copy_only=False)
        start += len(plain)
    return values


def _numbers_of_texts(texts: pa.Array, start: int, *, name: str, place: Place) -> pa.Array:
    trimmed = pc.utf8_trim_whitespace(texts)
    empty = pc.is_in(trimmed, value_set=pa.array(EMPTY_TEXTS, trimmed.type))
    plain = pc.replace_substring_regex(pc.if_else(empty, None, trimmed), r"^\+", "")
    try:
        return plain.cast(pa.float64())
    except pa.ArrowInvalid:
        row = first_bad(plain, _casts_to_float)
    text = trimmed[row].as_py()
    what = f"{shown(text)} in column {name!r} is not a number"
    raise SourceError(f"{place(start + row)}: {what}; {undressing(text)}")


def _casts_to_float(cells: pa.Array) -> bool:
    try:
        cells.cast(pa.float64())
    except pa.ArrowInvalid:
        return False
    return True


def codes(column: pa.ChunkedArray, *, name: str, place: Place) -> tuple[tuple[str, ...], Ints]:
    """Give ids to the letter: the distinct ones in order of first appearance, and their index, shape (row,).

    Args:
        column: texts or whole numbers, shape (row,).
        name: the name of the column.
        place: says where a row stands.

    Raises:
        SourceError: a cell is empty, or the column holds neither texts nor whole numbers.
    """
    kind = column.type.value_type if pa.types.is_dictionary(column.type) else column.type
    if not (is_text(kind) or pa.types.is_integer(kind)):
        raise SourceError(f"{place(0)}: id column {name!r} holds {kind}; ids must be texts or whole numbers")
    encoded = column if pa.types.is_dictionary(column.type) else column.dictionary_encode()
    encoded = encoded.unify_dictionaries()
    indices = np.empty(len(encoded), dtype=np.int32)
    start = 0
    for chunk in encoded.chunks:
        if chunk.null_count:
            row = int(np.argmax(chunk.is_null().to_numpy(zero_copy_only=False)))
            raise SourceError(f"{place(start + row)}: the id in column {name!r} is empty")
        indices[start : start + len(chunk)] = chunk.indices.to_numpy(zero_copy_only=False)
        start += len(chunk)
    texts = [str(one) for one in encoded.chunk(0).dictionary.to_pylist()] if encoded.num_chunks else []
    first = np.full(len(texts), len(indices), dtype=np.int64)
    first[indices[::-1]] = np.arange(len(indices) - 1, -1, -1, dtype=np.int64)  # of repeated places the last stays
    if "" in texts and (row := int(first[texts.index("")])) < len(indices):
        raise SourceError(f"{place(row)}: the id in column {name!r} is empty")
    order = np.argsort(first, kind="stable")
    order = order[: int((first < len(indices)).sum())]
    position = np.zeros(len(texts), dtype=np.int64)
    position[order] = np.arange(len(order))
    ids = tuple(texts[i] for i in order)
    if len(set(ids)) < len(ids):  # a dictionary that holds one text twice
        return codes(column.cast(pa.large_string()), name=name, place=place)
    return ids, position[indices]
