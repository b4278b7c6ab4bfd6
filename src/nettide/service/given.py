"""What requests look like; the OpenAPI document is made of these, and of ``schemas``.

Rules that JSON Schema cannot say stand in the descriptions, and in ``RULES``.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, RootModel, field_validator, model_validator

from nettide.occasions import OccasionKind
from nettide.service.values import (
    MOST_ID,
    Country,
    Day,
    Epochs,
    Horizon,
    Id,
    KnownValues,
    Level,
    ModelKind,
    ModelName,
    OtherValue,
    Points,
    Seed,
    SeriesId,
    Step,
    Time,
    Unit,
    Values,
    Zone,
)

MOST_HOLIDAYS = 5000
MOST_EVENTS = 1000
_NOT_BOTH: dict[str, Any] = {
    "not": {"required": ["start", "end"], "properties": {one: {"type": "string"} for one in ("start", "end")}}
}
_ONE_KNOWN: dict[str, Any] = {"contains": {"properties": {"values": {"contains": {"type": "number"}}}}}


class _Given(BaseModel):
    """What a client sends: unknown names and wrong types are refused."""

    model_config = ConfigDict(extra="forbid", strict=True)


class GivenSeries(_Given):
    """The last values of one series, oldest first; null is unknown."""

    id: Annotated[SeriesId, Field(description="its name, as a link or host; no two series have one name")]
    values: Annotated[Values, Field(description="one value a step, not negative")]
    unit: Annotated[Unit, Field(description="unit of the values; the model's if absent")] = ""
    zone: Annotated[Zone, Field(description="time zone of the place, for calendar and holidays")] = "UTC"
    channels: Annotated[
        dict[SeriesId, Annotated[list[OtherValue], Field(min_length=1)]],
        Field(description="other channels that the model needs, as long as the values"),
    ] = {}


class GivenEvent(_Given):
    """A span of time in which traffic may differ from its habit, known before it comes."""

    kind: OccasionKind
    start: Annotated[Time, Field(description="when it begins; UTC if no zone is said")]
    end: Annotated[Time, Field(description="when it is over, after its start")]
    name: Annotated[str, Field(max_length=MOST_ID, description="what people call it")] = ""
    series: Annotated[
        list[SeriesId], Field(description="ids of the sent series that it concerns; all if there are none")
    ] = []


_EXAMPLE: dict[str, Any] = {
    "step": "1h",
    "end": "2026-03-01T00:00:00Z",
    "series": [{"id": "uplink", "values": [2.1e9, 2.4e9, None, 2.2e9, 1.9e9], "unit": "bit/s"}],
}


class GivenHistory(_Given):
    """One or many series on one grid that end together; a shorter one begins later. A value of one of them is known."""

    model_config = ConfigDict(json_schema_extra=_NOT_BOTH)

    model: Annotated[ModelName, Field(description="a model of /api/v1/models")] = "base"
    step: Annotated[Step, Field(description="length of a step")] = "1h"
    start: Annotated[
        Time | None,
        Field(description="time of the first value, for series of one length; UTC if no zone is said; not with an end"),
    ] = None
    end: Annotated[
        Time | None,
        Field(description="time of the last value; the last whole step before now if neither is given"),
    ] = None
    series: Annotated[list[GivenSeries], Field(min_length=1, json_schema_extra=_ONE_KNOWN)]
    country: Annotated[
        Country | None,
        Field(
            description="whose public holidays are known; none for none. If absent, and no holidays are sent: those of "
            "the country of each zone, in UTC the days that most countries have off"
        ),
    ] = None
    holidays: Annotated[
        list[Day], Field(max_length=MOST_HOLIDAYS, description="further holidays, by days of the zone of each series")
    ] = []
    events: Annotated[
        list[GivenEvent],
        Field(max_length=MOST_EVENTS, description="maintenance windows and other events, past and to come"),
    ] = []

    @model_validator(mode="after")
    def _one_time(self) -> Self:
        if self.start is not None and self.end is not None:
            raise ValueError("give start or end, not both")
        if self.start is not None and len({len(one.values) for one in self.series}) > 1:
            raise ValueError("series are of different lengths, so start cannot be said of all; give end")
        return self


class GivenForecast(GivenHistory):
    """A history to forecast from."""

    model_config = ConfigDict(json_schema_extra={**_NOT_BOTH, "examples": [{**_EXAMPLE, "horizon": 3}]})

    horizon: Annotated[Horizon | None, Field(description="steps ahead; all that the model can if absent")] = None
    quantiles: Annotated[
        list[Level] | None,
        Field(
            max_length=99,
            description="levels; the model's own if absent, [] for the point alone",
            json_schema_extra={"uniqueItems": True},
        ),
    ] = None

    @field_validator("quantiles")
    @classmethod
    def _no_level_twice(cls, levels: list[float] | None) -> list[float] | None:
        if levels is not None and len(set(levels)) < len(levels):
            raise ValueError("a level is given twice")
        return None if levels is None else sorted(levels)


class GivenSteps(_Given):
    """The last steps of one series."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"values": [2.1e9, 2.4e9, 2.2e9, 1.9e9]}]})

    values: Annotated[KnownValues, Field(description="one value a step, oldest first, not negative; one is known")]
    step: Annotated[Step, Field(description="length of a step")] = "1h"
    end: Annotated[Time | None, Field(description="time of the last value; the last whole step if absent")] = None
    model: Annotated[ModelName, Field(description="a model of /api/v1/models")] = "base"


class GivenPoints(GivenHistory):
    """A history whose last points are judged."""

    model_config = ConfigDict(json_schema_extra={**_NOT_BOTH, "examples": [{**_EXAMPLE, "points": 2}]})

    points: Annotated[Points, Field(description="how many of the last steps are judged, at most all of them")] = 1
    false_alarms_per_week: Annotated[
        float | None,
        Field(
            gt=0,
            le=10_000,
            description="normal points of a series that may be flagged in a week; at most a tenth of all points",
        ),
    ] = None


class _GivenWork(_Given):
    """What a backtest and a training have in common."""

    file: Annotated[Id, Field(description="id of an uploaded file")]
    horizon: Annotated[Horizon, Field(description="steps ahead")]
    budget: Annotated[
        str | None,
        Field(pattern="^[1-9][0-9]{0,5}(s|m|h)$", description="time for fitting auto, as 60s; not without auto"),
    ] = None
    seed: Seed = 0
    epochs: Annotated[
        Epochs | None,
        Field(description="most passes over the training windows; not without a network"),
    ] = None
    options: Annotated[
        dict[Annotated[str, Field(max_length=64)], Annotated[str, Field(max_length=64)]],
        Field(max_length=30, description="further options that the models have, as hidden: 128"),
    ] = {}
    step: Annotated[Step | None, Field(description="step of the grid; found where regular")] = None
    time: Annotated[str | None, Field(max_length=MOST_ID, description="time column; guessed if clear")] = None
    id: Annotated[str | None, Field(max_length=MOST_ID, description="column naming the series")] = None
    target: Annotated[str | None, Field(max_length=MOST_ID, description="column to forecast; guessed if clear")] = None
    zone: Annotated[Zone | None, Field(description="time zone of the place")] = None
    unit: Annotated[Unit, Field(description="unit of the target")] = ""


class GivenBacktest(_GivenWork):
    """A backtest of models on an uploaded file."""

    kind: Literal["backtest"]
    models: Annotated[
        list[ModelKind], Field(max_length=20, description="kinds to compare; auto and the naive ones if absent")
    ] = []
    test_fraction: Annotated[float | None, Field(gt=0, lt=1, description="share of the steps in the test part")] = None


class GivenFit(_GivenWork):
    """A training on an uploaded file."""

    kind: Literal["fit"]
    models: Annotated[list[ModelKind], Field(max_length=1, description="the kind to fit; auto if absent")] = []
    name: Annotated[ModelName, Field(description="of the model that is fitted")]
    overwrite: Annotated[bool, Field(description="whether a model of this name may be replaced")] = False


class GivenJob(RootModel[Annotated[GivenBacktest | GivenFit, Field(discriminator="kind")]]):
    """A backtest or a training on an uploaded file."""
