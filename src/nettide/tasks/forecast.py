"""Forecast a file with a model from a folder, and write forecasts."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from nettide.errors import ForecastError, OptionError, unknown
from nettide.forecast import Forecast, check_levels
from nettide.models import MODELS
from nettide.models.options import MOST_HORIZON
from nettide.panel import Panel
from nettide.prepare.calendar import DAY_SECONDS
from nettide.store.files import refuse_existing, write_atomic
from nettide.store.models import looks_like_model
from nettide.tasks.alike import read_alike
from nettide.tasks.forecaster import Forecaster
from nettide.tasks.load import Reading, load
from nettide.tasks.model_remarks import fallback_remarks, unheeded_occasions
from nettide.tasks.reading_document import reading_options
from nettide.tasks.remarks import remarks_on
from nettide.units import step_text

PRETRAINED = "base"
"""The model that forecasts where none is given."""
_OF_PRETRAINED = ("base", "base-tuned", "auto")
_WITHOUT_WEEKENDS = "prophet"  # knows a holiday by its own effect alone
_PRETRAINED_OCCASIONS = {"holiday"}  # what the training of the weights that come with nettide showed it
_FITTED_ANEW = ("prophet",)
"""Models that learn what occasions do from the history they forecast, whatever they were fitted on."""
_HOUR_SECONDS = 3600
_FINE_SECONDS = 900


@dataclass(frozen=True, slots=True, eq=False)
class ForecastResult:
    """A forecast and what it was made from.

    Args:
        forecast: from the end of the data.
        panel: the history.
        model: name in the table of models.
        notes: sentences about the data, and on what the model could not do.
    """

    forecast: Forecast
    panel: Panel
    model: str
    notes: tuple[str, ...]


def forecast(
    folder: Path | None,
    location: str,
    reading: Reading,
    *,
    horizon: int | None = None,
    series: str | None = None,
    levels: Sequence[float] | None = None,
) -> ForecastResult:
    """Forecast each series of a file from its end.

    Args:
        folder: of a saved model; None takes the pretrained network as it is.
        location: file or folder with the history.
        reading: how it becomes a panel; what it leaves unsaid is read as for the fit of the model.
        horizon: steps ahead, at most the model's; None takes all of them, or what ``usual_horizon`` says.
        series: a series that must be in the file, as it will be shown.
        levels: quantile levels; None takes the model's own.

    Raises:
        StoreError: the model cannot be read.
        DataError: the history cannot be read.
        OptionError: the series is not in the file, or a model is given in place of a file.
        MismatchError: the history or horizon does not fit the model, or it learned from counters and these are none.
        ForecastError: the levels are not inside (0, 1), do not ascend, or the model has no quantiles.
    """
    if levels is not None:
        check_levels(levels)
    if folder is None and looks_like_model(Path(location)):
        raise OptionError(f"{location} is a model; name the data to forecast too: nettide forecast {location} FILE")
    saved = None if folder is None else Forecaster.load(folder)
    alike: tuple[str, ...] = ()
    if saved is not None:
        assert saved.record is not None
        reading, alike = read_alike(reading, saved.record, location=location)
    panel, notes = load(location, reading)
    if series is not None and series not in panel.ids:
        raise OptionError(unknown("series", series, panel.ids))
    made, said = forecast_panel(saved, panel, reading, location=location, horizon=horizon)
    enough = None if saved is None else saved.model.context
    notes = (*alike, *notes, *remarks_on(panel, enough=enough), *said)
    model = PRETRAINED if saved is None else saved.model_name
    if levels is not None:
        if not made.levels:
            raise ForecastError(f"model {model!r} forecasts one value without quantiles; leave --levels out")
        made = made.at_levels(levels)
    return ForecastResult(made, panel, model, notes)


def forecast_panel(
    saved: Forecaster | None, panel: Panel, reading: Reading, *, location: str, horizon: int | None = None
) -> tuple[Forecast, tuple[str, ...]]:
    """Forecast each series of a panel from its end.

    Args:
        saved: fitted, with its record; None takes the pretrained network as it is.
        panel: the history.
        reading: how it became a panel.
        location: where it was read, for the sentence on how to fit a model on it.
        horizon: steps ahead, at most the model's; None takes all of them, or what ``usual_horizon`` says.

    Returns:
        The forecast, and sentences on what the model could not do.

    Raises:
        MismatchError: the history or horizon does not fit the model.
    """
    if saved is None:
        made, said = _untrained(panel, horizon, location=location, reading=reading)
        return made, (*_occasion_notes(PRETRAINED, set(), panel, made), *said)
    made = saved.predict(panel, horizon=horizon)
    assert saved.record is not None
    name, learned = saved.model_name, set(saved.record.data.occasions)
    if name in _FITTED_ANEW:
        learned = {one.kind for one in panel.occasions if one.touches(panel.start, _end(panel))}
    return made, (
        *_occasion_notes(name, learned, panel, made),
        *fallback_remarks(name, saved.model),
        *unheeded_occasions([name], reading.occasions),
    )


def parse_levels(text: str) -> tuple[float, ...]:
    """Read quantile levels with commas between them, such as ``0.05,0.5,0.95``.

    Raises:
        OptionError: a part is no number.
        ForecastError: a level is not inside (0, 1), or they do not ascend.
    """
    levels = []
    for part in text.split(","):
        try:
            levels.append(float(part))
        except ValueError:
            raise OptionError(
                f"quantile level {part.strip()!r} is not a number; write for example 0.05,0.5,0.95"
            ) from None
    check_levels(levels)
    return tuple(levels)


def usual_horizon(step_seconds: int) -> int:
    """Give the steps ahead where nobody says: a day, an hour at steps under 15 minutes, a week at steps of days."""
    if step_seconds >= DAY_SECONDS:
        return 7
    span = DAY_SECONDS if step_seconds >= _FINE_SECONDS else _HOUR_SECONDS
    return min(MOST_HORIZON, -(-span // step_seconds))


def _untrained(
    panel: Panel, horizon: int | None, *, location: str, reading: Reading
) -> tuple[Forecast, tuple[str, ...]]:
    """Forecast with the pretrained network as it is; says so, and how far ahead where nobody said."""
    ahead = usual_horizon(panel.step_seconds) if horizon is None else horizon
    forecaster = Forecaster(PRETRAINED, horizon=ahead)
    training = forecaster.fit(panel)
    better = ["nettide", "fit", location, *reading_options(reading), "--horizon", str(ahead), "--out", "models/NAME"]
    said = [
        f"forecast by the pretrained network, not fitted on this data; for better ones: {shlex.join(better)}",
        *training.notes,
    ]
    if horizon is None:
        said.append(
            f"{ahead} steps of {step_text(panel.step_seconds)} ahead; --horizon says otherwise, up to {MOST_HORIZON}"
        )
    return forecaster.predict(panel), tuple(said)


def _occasion_notes(model: str, learned: set[str], panel: Panel, made: Forecast) -> Iterator[str]:
    """Say which occasions the model learned of and are not given now, and which it cannot know."""
    if not MODELS[model].occasions:
        return
    given = {one.kind for one in panel.occasions}
    if missing := sorted(learned - given):
        yield (
            f"the model learned from occasions of kind {', '.join(missing)}, and none is given now: "
            "add --country, --holidays or --events as it was fitted with"
        )
    end = _end(panel)
    after = end + panel.step_seconds * made.horizon
    ahead = {one.kind for one in panel.occasions if one.touches(end, after)}
    if strange := sorted(ahead - learned - (_PRETRAINED_OCCASIONS if model in _OF_PRETRAINED else set())):
        free = [one for one in strange if one == "holiday" and model != _WITHOUT_WEEKENDS]
        if free:
            yield (
                "the forecast spans holidays, and the model saw none while it learned: "
                "it can only liken them to weekends"
            )
        if others := [one for one in strange if one not in free]:
            kinds = ", ".join(others)
            yield f"the forecast spans occasions of kind {kinds}, which the model never saw: they have no effect"


def _end(panel: Panel) -> int:
    return panel.start + panel.step_seconds * panel.steps


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
