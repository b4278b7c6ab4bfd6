"""Sources of traffic: the table of them, and the one call that reads a location."""

from __future__ import annotations

from nettide.prepare.rows import Rows
from nettide.sources.contract import Layout, Source
from nettide.sources.registry import SOURCES, SUFFIXES, open_source, source_for

__all__ = ["SOURCES", "SUFFIXES", "Layout", "Source", "open_source", "read_rows", "source_for"]


def read_rows(location: str, layout: Layout) -> Rows:
    """Read a file or folder with the source that fits it.

    Raises:
        SourceError: the location cannot be read as traffic.
    """
    return open_source(source_for(location)).read(location, layout)
