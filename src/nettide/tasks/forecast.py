"""Forecast a file with a model from a folder, and write forecasts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from nettide.errors import OptionError, unknown
from nettide.forecast import Forecast
from nettide.models import MODELS
from nettide.panel import Panel
from nettide.store.files import refuse_existing, write_atomic
from nettide.tasks.forecaster import Forecaster
from nettide.tasks.load import Reading, load


@dataclass(frozen=True, slots=True, eq=False)
class ForecastResult:
    """A forecast and what it was made from.

    Args:
        forecast: from the end of the data.
        panel: the history.
        model: name in the table of models.
        notes: sentences about the data.
    """

    forecast: Forecast
    panel: Panel
    model: str
    notes: tuple[str, ...]


def forecast(
    folder: Path, location: str, reading: Reading, *, horizon: int | None = None, series: str | None = None
) -> ForecastResult:
    """Forecast each series of a file from its end.

    Args:
        folder: of a saved model.
        location: file or folder with the history.
        reading: how it becomes a panel.
        horizon: steps ahead, at most the model's; None takes all.
        series: a series that must be in the file, as it will be shown.

    Raises:
        StoreError: the model cannot be read.
        DataError: the history cannot be read.
        OptionError: the series is not in the file.
        MismatchError: the history or horizon does not fit the model.
    """
    forecaster = Forecaster.load(folder)
    panel, notes = load(location, reading)
    if series is not None and series not in panel.ids:
        raise OptionError(unknown("series", series, panel.ids))
    made = forecaster.predict(panel, horizon=horizon)
    return ForecastResult(made, panel, forecaster.model_name, (*notes, *_occasion_notes(forecaster, panel, made)))


def _occasion_notes(forecaster: Forecaster, panel: Panel, made: Forecast) -> Iterator[str]:
    """Say which occasions the model learned of and are not given now, and which it cannot know."""
    assert forecaster.record is not None
    if not MODELS[forecaster.model_name].occasions:
        return
    learned, given = set(forecaster.record.data.occasions), {one.kind for one in panel.occasions}
    if missing := sorted(learned - given):
        yield (
            f"the model learned from occasions of kind {', '.join(missing)}, and none is given now: "
            "add --country, --holidays or --events as it was fitted with"
        )
    end = panel.start + panel.step_seconds * panel.steps
    after = end + panel.step_seconds * made.horizon
    ahead = {one.kind for one in panel.occasions if one.touches(end, after)}
    if strange := sorted(ahead - learned):
        yield (
            f"the forecast spans occasions of kind {', '.join(strange)}, which the model never saw while it learned: "
            "they have no effect"
        )


def write_forecast(made: Forecast, path: Path, *, overwrite: bool) -> None:
    """Write the long table of a forecast as ``.csv`` or ``.parquet``, whole or not at all.

    Raises:
        OptionError: the ending is neither.
        StoreError: the file exists already, or its folder is full, read-only or absent.
    """
    check_file(path, overwrite=overwrite)
    table = made.to_frame("pyarrow")
    if path.suffix == ".csv":  # times to the second: a step is never shorter
        for place, name in ((1, "cutoff"), (2, "ds")):
            table = table.set_column(place, name, table.column(name).cast(pa.timestamp("s", "UTC")))

    def write(file: BinaryIO) -> None:
        if path.suffix == ".csv":
            pyarrow.csv.write_csv(table, file)
        else:
            pyarrow.parquet.write_table(table, file, compression="zstd")

    write_atomic(path, write, overwrite=overwrite)


def check_file(path: Path, *, overwrite: bool) -> None:
    """Refuse a file that ``write_forecast`` would refuse, before time is spent.

    Raises:
        OptionError: the ending is neither ``.csv`` nor ``.parquet``.
        StoreError: it exists already.
    """
    if path.suffix not in (".csv", ".parquet"):
        raise OptionError(f"{path}: the ending {path.suffix!r} is of no known kind; write .csv or .parquet")
    if not overwrite:
        refuse_existing(path)
