"""Columns in and out of data frames: pandas, polars and pyarrow, whichever the caller has."""

from __future__ import annotations

import importlib
from collections.abc import Mapping, Sequence
from typing import Any, Literal, TypeAlias

import narwhals.stable.v1 as nw
import numpy as np
import pyarrow as pa

from nettide.arrays import Floats, Ints
from nettide.errors import MissingExtraError, PanelError, unknown

Frame: TypeAlias = Any
"""A data frame of any library that narwhals understands."""
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
        PanelError: the object is no data frame, or a column that is asked for is absent or of another type.
    """

    def __init__(self, frame: Frame, *, what: str) -> None:
        try:
            self._frame = nw.from_native(frame, eager_only=True)
        except TypeError:
            raise PanelError(
                f"{what}: expected a pandas, polars or pyarrow frame, got {type(frame).__name__}"
            ) from None
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
        """Give a numeric column as float64, shape (rows,); null becomes NaN."""
        try:
            column = self._column(name).cast(nw.Float64)
        except Exception as error:  # each library raises its own type for a failed cast
            raise PanelError(f"{self._what}: column {name!r} is not numeric") from error
        return np.asarray(column.to_numpy(), dtype=np.float64).copy()

    def seconds(self, name: str) -> Ints:
        """Give a time column as whole seconds since the epoch, UTC, shape (rows,).

        A time without a zone is taken as UTC.

        Raises:
            PanelError: the column holds no times, a null, or fractions of a second.
        """
        column = self._column(name)
        if not isinstance(column.dtype, nw.Datetime):
            raise PanelError(f"{self._what}: column {name!r} holds no times but {column.dtype}")
        if column.null_count():
            raise PanelError(f"{self._what}: column {name!r} holds {column.null_count()} empty times")
        stamps = np.asarray(column.dt.timestamp("us").to_numpy(), dtype=np.int64)
        seconds, rest = np.divmod(stamps, 1_000_000)
        if rest.any():
            raise PanelError(f"{self._what}: column {name!r} holds fractions of a second")
        return seconds.astype(np.int64)

    def codes(self, name: str) -> tuple[tuple[str, ...], Ints]:
        """Give a text column as distinct values, in order of first appearance, and their index, shape (rows,)."""
        encoded = pa.array(self._column(name).cast(nw.String).to_list(), pa.string()).dictionary_encode()
        if encoded.null_count:
            raise PanelError(f"{self._what}: column {name!r} holds {encoded.null_count} empty values")
        return tuple(encoded.dictionary.to_pylist()), np.asarray(encoded.indices, dtype=np.int64)


def utc_times(seconds: Ints) -> pa.Array:
    """Give epoch seconds as a column of UTC times in nanoseconds, the unit every library reads."""
    return pa.array(seconds * 1_000_000_000, type=pa.int64()).cast(pa.timestamp("ns", tz="UTC"))


def repeated_texts(texts: Sequence[str], codes: Ints) -> pa.Array:
    """Give a text column from its distinct values and their index, shape (rows,)."""
    return pa.DictionaryArray.from_arrays(pa.array(codes.astype(np.int32)), pa.array(list(texts), pa.string())).cast(
        pa.string()
    )


def make_table(columns: Mapping[str, Any], metadata: Mapping[str, str]) -> pa.Table:
    """Make a pyarrow table that carries metadata in its schema."""
    return pa.table(dict(columns)).replace_schema_metadata(dict(metadata))
