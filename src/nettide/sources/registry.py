"""The table of sources: name -> class, imported on use; and which file endings each reads.

A new source is one file that keeps ``sources.contract.Source`` and one line in ``SOURCES`` (and one in
``SUFFIXES`` when it reads files); the conformance suite in the tests then runs on it.
"""

from __future__ import annotations

import importlib
from typing import Any

from nettide.errors import SourceError, unknown
from nettide.sources.contract import FileSource, Source
from nettide.sources.location import existing

SOURCES: dict[str, str] = {
    "csv": "nettide.sources.csv_file:CsvSource",
    "parquet": "nettide.sources.parquet_file:ParquetSource",
    "folder": "nettide.sources.folder:FolderSource",
}

SUFFIXES: dict[str, str] = {
    ".csv": "csv",
    ".tsv": "csv",
    ".txt": "csv",
    ".csv.gz": "csv",
    ".tsv.gz": "csv",
    ".txt.gz": "csv",
    ".csv.zst": "csv",
    ".tsv.zst": "csv",
    ".txt.zst": "csv",
    ".parquet": "parquet",
    ".pq": "parquet",
}


def suffix_of(name: str) -> str | None:
    """Give the ending of a file name that the table knows, the longest one; None when it knows none."""
    fitting = [suffix for suffix in SUFFIXES if name.lower().endswith(suffix)]
    return max(fitting, key=len, default=None)


def source_for(location: str) -> str:
    """Give the name of the source that reads a location, by its suffix or because it is a folder.

    Raises:
        SourceError: nothing is there, or no source reads files with this ending.
    """
    path = existing(location)
    if path.is_dir():
        return "folder"
    suffix = suffix_of(path.name)
    if suffix is None:
        known = ", ".join(SUFFIXES)
        raise SourceError(f"{location}: the ending {path.suffix!r} is of no known kind of file; known: {known}")
    return SUFFIXES[suffix]


def open_source(name: str) -> Source:
    """Import a source by its name.

    Raises:
        SourceError: the table has no such name.
    """
    source: Source = _imported(name)()
    return source


def file_source(name: str) -> FileSource:
    """Import the source that reads a file of this name, whose ending the table knows."""
    source: FileSource = _imported(SUFFIXES[str(suffix_of(name))])()
    return source


def _imported(name: str) -> Any:
    if name not in SOURCES:
        raise SourceError(unknown("source", name, SOURCES))
    module, _, attribute = SOURCES[name].partition(":")
    return getattr(importlib.import_module(module), attribute)
