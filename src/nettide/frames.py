"""Columns in and out of data frames: pandas, polars and pyarrow, whichever the caller has."""

from __future__ import annotations

import importlib
import json
from collections.abc import Mapping, Sequence
from typing import Any, Literal, TypeAlias

import narwhals.stable.v1 as nw
import numpy as np
import pyarrow as pa

from nettide.arrays import Floats, Ints
from nettide.errors import MissingExtraError, PanelError, unknown

Frame: TypeAlias = Any
"""A data frame of any library that narwhals understands."""
_PER_SECOND = {"s": 1, "ms": 1000, "us": 1_000_000, "ns": 1_000_000_000}
_METADATA_KEY = "nettide"
_MOST_SECONDS = 2**63 // 1_000_000_000
Backend: TypeAlias = Literal["pandas", "polars", "pyarrow"]


def to_backend(table: pa.Table, backend: Backend) -> Frame:
    """Turn a pyarrow table into a frame of the named library.

    Raises:
        MissingExtraError: the library is not installed.
    """
    if backend == "pyarrow":
        return table
    try:
        library = importlib.import_module(backend)
    except ImportError:
        raise MissingExtraError(f"a {backend} frame needs: pip install 'nettide[{backend}]'") from None
    if backend == "polars":
        return library.from_arrow(table)
    return table.to_pandas()


class Columns:
    """The columns of a frame as NumPy arrays, asked for by name.

    Args:
        frame: a pandas, polars or pyarrow frame.
        what: what the frame is, for messages.

    Raises:
        PanelError: the object is no data frame, column names repeat or are no texts, or a column that is asked for is
            absent or of another type.
    """

    def __init__(self, frame: Frame, *, what: str) -> None:
        try:
            self._frame = nw.from_native(frame, eager_only=True)
        except TypeError:
            raise PanelError(
                f"{what}: expected a pandas, polars or pyarrow frame, got {type(frame).__name__}"
            ) from None
        except ValueError as error:  # what narwhals says of repeated names
            raise PanelError(f"{what}: column names must differ from each other: {error}") from None
        if strange := [name for name in self._frame.columns if not isinstance(name, str)]:
            raise PanelError(f"{what}: column name {strange[0]!r} is no text; rename it")
        self._what = what

    @property
    def names(self) -> list[str]:
        """Column names in their order."""
        return list(self._frame.columns)

    def _column(self, name: str) -> nw.Series[Any]:
        if name not in self._frame.columns:
            raise PanelError(f"{self._what}: {unknown('column', name, self._frame.columns)}")
        column: nw.Series[Any] = self._frame[name]
        return column

    def floats(self, name: str) -> Floats:
        """Give a numeric column as float64, shape (rows,); null becomes NaN. It may be a view of the frame."""
        column = self._column(name)
        if column.null_count() == len(column):
            return np.full(len(column), np.nan)
        if not column.dtype.is_numeric():
            cure = "; turn it into numbers first, such as with pandas.to_numeric" if column.dtype == nw.Object else ""
            raise PanelError(f"{self._what}: column {name!r} is not numeric but {column.dtype}{cure}")
        return np.asarray(column.cast(nw.Float64).to_numpy(), dtype=np.float64)

    def seconds(self, name: str) -> Ints:
        """Give a time or date column as whole seconds since the epoch, UTC, shape (rows,).

        A time without a zone is taken as UTC.

        Raises:
            PanelError: the column holds no times, a null, or fractions of a second.
        """
        column = self._column(name)
        if isinstance(column.dtype, nw.Date):
            column = column.cast(nw.Datetime("us"))
        if not isinstance(column.dtype, nw.Datetime):
            raise PanelError(
                f"{self._what}: column {name!r} holds no times but {column.dtype}; turn it into times first"
            )
        if column.null_count():
            raise PanelError(f"{self._what}: column {name!r} holds {column.null_count()} empty times")
        times = column.to_arrow()
        per_second = _PER_SECOND[times.type.unit]
        stamps = np.asarray(times.cast(pa.int64()))
        seconds = stamps // per_second
        if (seconds * per_second != stamps).any():
            raise PanelError(f"{self._what}: column {name!r} holds fractions of a second")
        return seconds

    def codes(self, name: str) -> tuple[tuple[str, ...], Ints]:
        """Give a text column as distinct values, in order of first appearance, and their index, shape (rows,)."""
        column = self._column(name)
        if column.null_count():
            raise PanelError(f"{self._what}: column {name!r} holds {column.null_count()} empty values")
        texts = column if isinstance(column.dtype, nw.String) else column.cast(nw.String)
        encoded = texts.to_arrow().dictionary_encode()
        return tuple(encoded.dictionary.to_pylist()), np.asarray(encoded.indices, dtype=np.int64)


def utc_times(seconds: Ints) -> pa.Array:
    """Give epoch seconds as a column of UTC times in nanoseconds, the unit every library reads.

    Raises:
        PanelError: a time lies outside the years 1678 to 2261, which nanoseconds cannot hold.
    """
    if seconds.size and max(abs(int(seconds.min())), abs(int(seconds.max()))) >= _MOST_SECONDS:
        first, last = seconds.min().astype("datetime64[s]"), seconds.max().astype("datetime64[s]")
        raise PanelError(f"times {first}Z to {last}Z cannot be written; a frame holds the years 1678 to 2261")
    return pa.array(seconds * 1_000_000_000, type=pa.int64()).cast(pa.timestamp("ns", tz="UTC"))


def repeated_texts(texts: Sequence[str], codes: Ints) -> pa.Array:
    """Give a text column from its distinct values and their index, shape (rows,)."""
    return pa.DictionaryArray.from_arrays(pa.array(codes.astype(np.int32)), pa.array(list(texts), pa.string())).cast(
        pa.string()
    )


def make_table(columns: Mapping[str, Any], document: Mapping[str, Any]) -> pa.Table:
    """Make a pyarrow table that carries a JSON document in its schema, for ``kept_document``."""
    return pa.table(dict(columns)).replace_schema_metadata({_METADATA_KEY: json.dumps(document)})


def kept_document(frame: Frame, *, what: str) -> dict[str, Any]:
    """Give the document that ``make_table`` put into a pyarrow table; empty for other frames.

    Raises:
        PanelError: the table carries something else under our name.
    """
    metadata = getattr(getattr(frame, "schema", None), "metadata", None)
    text = metadata.get(_METADATA_KEY.encode()) if isinstance(metadata, dict) else None
    try:
        document = json.loads(text) if text else {}
    except ValueError:
        document = None
    if not isinstance(document, dict):
        raise PanelError(f"{what}: its {_METADATA_KEY!r} metadata is not what nettide writes; remove it")
    return document
