"""Write a table as CSV or Parquet, whole or not at all."""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from nettide.store.files import write_atomic
from nettide.tasks.forecast import check_file


def write_table(table: pa.Table, path: Path, *, overwrite: bool) -> None:
    """Write a table to ``.csv`` or ``.parquet``; times in a CSV file are to the second.

    Raises:
        OptionError: the ending is neither.
        StoreError: the file exists already, or its folder is full, read-only or absent.
    """
    check_file(path, overwrite=overwrite)
    if path.suffix == ".csv":
        for place, field in enumerate(table.schema):
            if pa.types.is_timestamp(field.type):
                table = table.set_column(place, field.name, table.column(place).cast(pa.timestamp("s", "UTC")))

    def write(file: BinaryIO) -> None:
        if path.suffix == ".csv":
            pyarrow.csv.write_csv(table, file)
        else:
            pyarrow.parquet.write_table(table, file, compression="zstd")

    write_atomic(path, write, overwrite=overwrite)
