"""Write synthetic traffic, and the truth about it, to files."""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping
from contextlib import ExitStack, closing
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO, Protocol

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from nettide.errors import OptionError
from nettide.panel import Panel
from nettide.store.files import one_sentence, write_atomic
from nettide.synthetic.config import LAST_SECOND, SynthConfig
from nettide.synthetic.parameters import Parameter, chosen
from nettide.synthetic.traffic import Event, channel_of, describe, generate_parts
from nettide.tasks.times import parse_zone
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
        OptionError: both spans are given, the start is no time, the zone does not exist, or a value is out of its
            range.
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
    place = parse_zone(zone)
    try:
        time = datetime.fromisoformat(start)
        second = int((time if time.tzinfo else time.replace(tzinfo=place)).timestamp())
    except ValueError:
        raise OptionError(f"start {start!r} is no time; write for example 2026-01-01 or 2026-01-01T06:00") from None
    if abs(second) > LAST_SECOND:
        raise OptionError(f"start {start!r} must be between the years 1678 and 2261")
    return second


def parameter_units(config: SynthConfig) -> dict[str, str]:
    """Give the unit of each column of values, the target first."""
    return {channel_of(one).name: one.unit for one in chosen(config.parameters)}


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
        "units": parameter_units(config),
        "config": asdict(config),
    }
    return json.dumps(document)


def _column_text(parameter: Parameter) -> str:
    channel = channel_of(parameter)
    return f"{channel.name} [{channel.unit}]"


def write_synthetic(config: SynthConfig, path: Path, *, truth: Path | None = None, overwrite: bool = False) -> Written:
    """Write synthetic traffic as a long table ``unique_id, ds, y, ...``; each file appears whole or not at all.

    Args:
        config: what is asked for.
        path: ends in .parquet, .csv or .csv.gz.
        truth: folder for ``clean`` (the same format), ``events.csv`` and ``synth.json``; made if absent.
        overwrite: whether files that exist are replaced.

    Raises:
        OptionError: the file name has another ending.
        StoreError: a file exists, its folder does not, or the place cannot be written to.
    """
    suffix = _suffix(path)
    aside = () if truth is None else (truth / f"clean{suffix}", truth / "events.csv", truth / "synth.json")
    if path.absolute() in {one.absolute() for one in aside}:
        raise OptionError(f"{path} would hold both the traffic and the truth; choose another name")
    if truth is not None:
        with one_sentence(f"cannot make folder {truth}"):
            truth.mkdir(parents=True, exist_ok=True)
    tally = _Tally()

    wanted = (*aside, path)

    def write(files: tuple[BinaryIO, ...]) -> None:
        if len(files) < len(wanted):
            write_atomic(wanted[len(files)], lambda file: write((*files, file)), overwrite=overwrite)
        else:
            _stream(config, suffix, files, tally)

    write(())
    return Written(path=path, rows=tally.rows, missing=tally.missing / tally.rows, events=tally.events, truth=aside)


@dataclass(slots=True)
class _Tally:
    rows: int = 0
    missing: int = 0
    events: dict[str, int] = field(default_factory=dict)


def _stream(config: SynthConfig, suffix: str, files: tuple[BinaryIO, ...], tally: _Tally) -> None:
    """Write the traffic to the last file and, if there are more, its truth: clean signal, events and config."""
    *truth, traffic = files
    with ExitStack() as stack:
        measured = stack.enter_context(closing(_TableFile(traffic, suffix, config)))
        clean = stack.enter_context(closing(_TableFile(truth[0], suffix, config))) if truth else None
        if truth:
            truth[1].write((",".join(EVENT_COLUMNS) + "\n").encode())
            truth[2].write((json.dumps(asdict(config), indent=2) + "\n").encode())
        for part in generate_parts(config):
            measured.write(part.panel)
            if clean is not None:
                clean.write(part.clean)
                truth[1].write(_event_lines(part.events).encode())
            tally.rows += part.panel.target.size
            tally.missing += int(np.isnan(part.panel.target).sum())
            for event in part.events:
                tally.events[event.kind] = tally.events.get(event.kind, 0) + 1


def _suffix(path: Path) -> str:
    for suffix in SUFFIXES:
        if path.name.lower().endswith(suffix) and len(path.name) > len(suffix):
            return suffix
    raise OptionError(f"{path} must end in {', '.join(SUFFIXES[:-1])} or {SUFFIXES[-1]}")


class _Writer(Protocol):
    def write_table(self, table: pa.Table) -> None: ...

    def close(self) -> None: ...


class _TableFile:
    """A long table on disk that grows by panels."""

    def __init__(self, file: BinaryIO, suffix: str, config: SynthConfig) -> None:
        self._text = suffix != ".parquet"
        self._whole = tuple(channel_of(one).name for one in chosen(config.parameters) if not one.decimals)
        self._packed = gzip.GzipFile("", "wb", 6, file, mtime=0) if suffix.endswith(".gz") else None
        schema = _schema(config)
        self._metadata = schema.metadata
        if self._text:
            self._writer: _Writer = pyarrow.csv.CSVWriter(
                self._packed or file, self._as_text(schema.empty_table()).schema
            )
        else:
            self._writer = pyarrow.parquet.ParquetWriter(
                file, schema, compression="zstd", use_dictionary=["unique_id"], write_statistics=["ds"]
            )

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
        if self._packed is not None:
            self._packed.close()


def _schema(config: SynthConfig) -> pa.Schema:
    """Give the columns and, in their metadata, the description of every series."""
    parameters = chosen(config.parameters)
    values = np.empty((config.series, 0, len(parameters)))
    channels = tuple(channel_of(one) for one in parameters)
    return Panel(values, config.start, config.step_seconds, describe(config), channels).to_frame("pyarrow").schema


def _event_lines(events: tuple[Event, ...]) -> str:
    lines = []
    for one in events:
        start, end = np.datetime64(one.start, "s"), np.datetime64(one.end, "s")
        size = "" if np.isnan(one.size) else f"{one.size:.6g}"
        lines.append(f"{one.series},{one.kind},{start}Z,{end}Z,{size}\n")
    return "".join(lines)
