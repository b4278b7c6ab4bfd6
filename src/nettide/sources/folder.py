"""Folders of CSV and Parquet files with the same columns; a file without an id column is a series named after it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from nettide.errors import SourceError
from nettide.prepare.rows import Rows
from nettide.sources.contract import Layout, TableFile
from nettide.sources.location import existing
from nettide.sources.registry import SUFFIXES, file_source, suffix_of
from nettide.sources.roles import Roles, decide
from nettide.sources.table import rows_of

_LISTED = 10


class FolderSource:
    """Reads the files that lie directly in a folder, in the order of their names; hidden ones are passed over."""

    def read(self, location: str, layout: Layout) -> Rows:
        """Read the readings of all files.

        Raises:
            SourceError: there is no data file, a file cannot be read as traffic, or its columns differ from
                those of the first.
        """
        folder = existing(location)
        origin = folder.resolve().name or location
        try:
            entries = sorted(one for one in folder.iterdir() if not one.name.startswith("."))
        except OSError as error:
            raise SourceError(f"{location}: cannot be read: {error.strerror}") from None
        paths = [one for one in entries if suffix_of(one.name) and one.is_file()]
        if not paths:
            raise SourceError(f"{location}: the folder holds no data files (known: {', '.join(SUFFIXES)})")
        parts: list[Rows] = []
        first: tuple[TableFile, Roles] | None = None
        for path in paths:
            file = _open(path, f"{origin}/{path.name}", layout)
            if first is None:
                first = file, decide(file.sketches(), layout, origin=origin)
            _refuse_other_columns(file, first[0])
            parts.append(rows_of(file, replace(first[1], notes=()), layout))
        assert first is not None
        roles = first[1]
        if roles.id is None and not roles.wide:
            parts = _named_after_files(parts, paths, origin)
            names = f"{origin}: each of {len(paths)} files is a series, named after it"
        else:
            names = f"{origin}: read {len(paths)} files"
        read = set(paths)
        passed = [one.name for one in entries if one not in read]
        shown = ", ".join(passed[:_LISTED]) + (f" and {len(passed) - _LISTED} more" if len(passed) > _LISTED else "")
        other = (f"{origin}: not read, being no data files: {shown}",) if passed else ()
        return _joined(parts, origin, notes=(*roles.notes, names, *other))


def _open(path: Path, origin: str, layout: Layout) -> TableFile:
    try:
        return file_source(path.name).open(path, origin=origin, limit_bytes=layout.limit_bytes)
    except OSError as error:
        raise SourceError(f"{origin}: cannot be read: {error.strerror}") from None


def _refuse_other_columns(file: TableFile, first: TableFile) -> None:
    here, there = set(file.names), set(first.names)
    missing = [name for name in first.names if name not in here]
    extra = [name for name in file.names if name not in there]
    if missing or extra:
        said = [f"lacks {missing[0]!r}"] if missing else []
        said += [f"has {extra[0]!r} besides"] if extra else []
        raise SourceError(
            f"{file.origin}: its columns differ from those of {first.origin} (it {' and '.join(said)}); "
            "the files of a folder need the same columns"
        )


def _named_after_files(parts: Sequence[Rows], paths: Sequence[Path], origin: str) -> list[Rows]:
    stems = [path.name[: -len(str(suffix_of(path.name)))] for path in paths]
    if len(set(stems)) < len(stems):
        stem = next(one for one in stems if stems.count(one) > 1)
        both = [path.name for path, one in zip(paths, stems, strict=True) if one == stem]
        raise SourceError(f"{origin}: {both[0]} and {both[1]} would both be series {stem!r}; rename or remove one")
    return [replace(part, ids=(stem,)) for part, stem in zip(parts, stems, strict=True)]


def _joined(parts: Sequence[Rows], origin: str, *, notes: tuple[str, ...]) -> Rows:
    """Put the rows of all files one below the other; a channel that a file left out is unknown there."""
    position: dict[str, int] = {}
    for part in parts:
        for id in part.ids:
            position.setdefault(id, len(position))
    channels = tuple(dict.fromkeys(name for part in parts for name in part.channels))
    values = np.full((sum(len(part) for part in parts), len(channels)), np.nan)
    start = 0
    for part in parts:
        for place, name in enumerate(part.channels):
            values[start : start + len(part), channels.index(name)] = part.values[:, place]
        start += len(part)
    series = [np.array([position[id] for id in part.ids], dtype=np.int64)[part.series] for part in parts]
    line_names = {part.line_name for part in parts}
    own_notes = dict.fromkeys(note for part in parts for note in part.notes)
    return Rows(
        origin=origin,
        ids=tuple(position),
        series=np.concatenate(series),
        times=np.concatenate([part.times for part in parts]),
        channels=channels,
        values=values,
        lines=np.concatenate([part.lines for part in parts]),
        notes=(*notes, *own_notes),
        line_name=line_names.pop() if len(line_names) == 1 else "record",
        files=tuple(part.origin for part in parts),
        file=np.repeat(np.arange(len(parts), dtype=np.int64), [len(part) for part in parts]),
    )
