"""Write synthetic traffic, and the truth about it, to files."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol, TextIO
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from nettide.errors import OptionError, StoreError
from nettide.panel import Panel
from nettide.synthetic.config import SynthConfig
from nettide.synthetic.parameters import Parameter, chosen
from nettide.synthetic.traffic import Event, Synthetic, channel_of, describe, generate_parts
from nettide.units import parse_step, step_text

SUFFIXES = (".parquet", ".csv", ".csv.gz")
EVENT_COLUMNS = ("unique_id", "kind", "start", "end", "size")


@dataclass(frozen=True, slots=True)
class Written:
    """What was written.

    Args:
        path: the measured traffic.
        rows: rows in it.
        missing: share of the rows that are gaps.
        events: how many things happened, by kind.
        truth: files of the truth: clean signal, events, config; none unless asked for.
    """

    path: Path
    rows: int
    missing: float
    events: Mapping[str, int]
    truth: tuple[Path, ...]


def config_of(
    *, days: float | None, points: int | None, step: str, start: str, zone: str, **values: Any
) -> SynthConfig:
    """Make a config of a span in days or points, a step as text and a start on the clock of the zone.

    Raises:
        OptionError: both spans are given, the start is no time, or a value is out of its range.
        UnitError: the step is not understood.
    """
    step_seconds = parse_step(step)
    if points is None:
        if days is not None and not 0 < days < 1e9:
            raise OptionError(f"days {days:g} must be a positive number")
        points = round((365 if days is None else days) * 86400 / step_seconds)
    elif days is not None:
        raise OptionError("--days and --points both say how long; give one of them")
    return SynthConfig(points=points, step_seconds=step_seconds, start=_start_second(start, zone), zone=zone, **values)


def _start_second(start: str, zone: str) -> int:
    try:
        time = datetime.fromisoformat(start)
        return int((time if time.tzinfo else time.replace(tzinfo=ZoneInfo(zone))).timestamp())
    except (ZoneInfoNotFoundError, OSError):
        raise OptionError(f"time zone {zone!r} does not exist; write for example Europe/Prague") from None
    except ValueError:
        raise OptionError(f"start {start!r} is no time; write for example 2026-01-01 or 2026-01-01T06:00") from None


def written_text(config: SynthConfig, written: Written) -> str:
    """Say what was written, in lines for the terminal."""
    first = np.datetime64(config.start, "s")
    lines = [
        f"{written.path}: {config.series:,} series x {config.points:,} steps of {step_text(config.step_seconds)} "
        f"from {first}Z, {written.missing:.1%} missing",
        "columns: unique_id, ds, " + ", ".join(_column_text(one) for one in chosen(config.parameters)),
    ]
    if written.events:
        counts = ", ".join(f"{count:,} {kind}{'s' * (count > 1)}" for kind, count in sorted(written.events.items()))
        lines.append(f"events: {counts}")
    lines.extend(f"truth: {one}" for one in written.truth)
    return "\n".join(lines)


def written_json(config: SynthConfig, written: Written) -> str:
    """Say what was written, as one JSON document."""
    document = {
        "path": str(written.path),
        "rows": written.rows,
        "missing": written.missing,
        "events": dict(written.events),
        "truth": [str(one) for one in written.truth],
        "units": {channel_of(one).name: one.unit for one in chosen(config.parameters)},
        "config": asdict(config),
    }
    return json.dumps(document)


def _column_text(parameter: Parameter) -> str:
    channel = channel_of(parameter)
    return f"{channel.name} [{channel.unit}]"


def write_synthetic(config: SynthConfig, path: Path, *, truth: Path | None = None, overwrite: bool = False) -> Written:
    """Write synthetic traffic as a long table ``unique_id, ds, y, ...``; all files appear whole or not at all.

    Args:
        config: what is asked for.
        path: ends in .parquet, .csv or .csv.gz.
        truth: folder for ``clean`` (the same format), ``events.csv`` and ``synth.json``; made if absent.
        overwrite: whether files that exist are replaced.

    Raises:
        OptionError: the file name has another ending.
        StoreError: a file exists, or the place cannot be written to.
    """
    suffix = _suffix(path)
    aside = () if truth is None else (truth / f"clean{suffix}", truth / "events.csv", truth / "synth.json")
    for one in (path, *aside):
        if one.exists() and not overwrite:
            raise StoreError(f"{one} exists; choose another name or add --overwrite")
    if path.absolute() in {one.absolute() for one in aside}:
        raise OptionError(f"{path} would hold both the traffic and the truth; choose another name")
    rows, missing = 0, 0
    counts: dict[str, int] = {}
    with _all_or_nothing((path, *aside)) as parts, closing(_TableFile(parts[0], suffix, config)) as measured:
        for part in _writing_truth(generate_parts(config), parts[1:], suffix, config):
            measured.write(part.panel)
            rows += part.panel.target.size
            missing += int(np.isnan(part.panel.target).sum())
            for event in part.events:
                counts[event.kind] = counts.get(event.kind, 0) + 1
    return Written(path=path, rows=rows, missing=missing / rows, events=counts, truth=aside)


def _writing_truth(
    traffic: Iterator[Synthetic], files: list[Path], suffix: str, config: SynthConfig
) -> Iterator[Synthetic]:
    """Pass traffic on, and write its truth to the files for the clean signal, the events and the config."""
    if not files:
        yield from traffic
        return
    with closing(_TableFile(files[0], suffix, config)) as clean, files[1].open("w", encoding="utf-8") as listed:
        listed.write(",".join(EVENT_COLUMNS) + "\n")
        for part in traffic:
            clean.write(part.clean)
            _write_events(listed, part.events)
            yield part
    files[2].write_text(json.dumps(asdict(config), indent=2) + "\n", encoding="utf-8")


def _suffix(path: Path) -> str:
    for suffix in SUFFIXES:
        if path.name.lower().endswith(suffix) and len(path.name) > len(suffix):
            return suffix
    raise OptionError(f"{path} must end in {', '.join(SUFFIXES[:-1])} or {SUFFIXES[-1]}")


@contextmanager
def _all_or_nothing(paths: tuple[Path, ...]) -> Iterator[list[Path]]:
    """Give a hidden name beside each path, and give all files their names only if nothing failed.

    Raises:
        StoreError: a folder cannot be made or written to, or the disk is full.
    """
    parts = [one.with_name(f".{one.name}.{os.getpid()}.part") for one in paths]
    try:
        for one in paths:
            one.parent.mkdir(parents=True, exist_ok=True)
        yield parts
        for part in parts:
            with part.open("r+b") as written:
                os.fsync(written.fileno())
        for part, one in zip(parts, paths, strict=True):
            part.replace(one)
    except OSError as error:
        raise StoreError(f"{error.filename or paths[0]} cannot be written: {error.strerror or error}") from error
    finally:
        for part in parts:
            _remove(part)


def _remove(part: Path) -> None:
    try:
        part.unlink(missing_ok=True)
    except OSError:
        return  # the folder went away; what made us clean up says so


class _Writer(Protocol):
    def write_table(self, table: pa.Table) -> None: ...

    def close(self) -> None: ...


class _TableFile:
    """A long table on disk that grows by panels."""

    def __init__(self, path: Path, suffix: str, config: SynthConfig) -> None:
        self._text = suffix != ".parquet"
        self._whole = tuple(channel_of(one).name for one in chosen(config.parameters) if not one.decimals)
        schema = _schema(config)
        self._metadata = schema.metadata
        if not self._text:
            self._stream: Any = None
            self._writer: _Writer = pyarrow.parquet.ParquetWriter(
                path, schema, compression="zstd", use_dictionary=["unique_id"], write_statistics=["ds"]
            )
            return
        self._stream = pa.OSFile(str(path), "wb")
        if suffix == ".csv.gz":
            self._stream = pa.CompressedOutputStream(self._stream, "gzip")
        self._writer = pyarrow.csv.CSVWriter(self._stream, self._as_text(schema.empty_table()).schema)

    def write(self, panel: Panel) -> None:
        table = panel.to_frame("pyarrow").replace_schema_metadata(self._metadata)
        for place, name in enumerate(table.column_names):
            if place > 1:  # gaps are empty cells
                table = table.set_column(place, name, pa.array(table.column(name).to_numpy(), from_pandas=True))
        self._writer.write_table(self._as_text(table) if self._text else table)

    def _as_text(self, table: pa.Table) -> pa.Table:
        """Write times to the second, and counts without a point or an exponent."""
        table = table.set_column(1, "ds", table.column("ds").cast(pa.timestamp("s", "UTC")))
        for name in self._whole:
            table = table.set_column(table.column_names.index(name), name, table.column(name).cast(pa.int64()))
        return table

    def close(self) -> None:
        self._writer.close()
        if self._stream is not None:
            self._stream.close()


def _schema(config: SynthConfig) -> pa.Schema:
    """Give the columns and, in their metadata, the description of every series."""
    parameters = chosen(config.parameters)
    values = np.empty((config.series, 0, len(parameters)))
    channels = tuple(channel_of(one) for one in parameters)
    return Panel(values, config.start, config.step_seconds, describe(config), channels).to_frame("pyarrow").schema


def _write_events(listed: TextIO, events: tuple[Event, ...]) -> None:
    for one in events:
        start, end = np.datetime64(one.start, "s"), np.datetime64(one.end, "s")
        size = "" if np.isnan(one.size) else f"{one.size:.6g}"
        listed.write(f"{one.series},{one.kind},{start}Z,{end}Z,{size}\n")
