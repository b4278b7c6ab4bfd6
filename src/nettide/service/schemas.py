"""What requests and answers look like; the OpenAPI document is made of these."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

MOST_ID = 200
NAME_PATTERN = "^[a-z0-9][a-z0-9._-]{0,63}$"
STEP_PATTERN = r"^[0-9]{0,9}(s|min|m|h|d|w)$"
TIME_PATTERN = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}([T ][0-9]{2}:[0-9]{2}(:[0-9]{2})?(Z|[+-][0-9]{2}:[0-9]{2})?)?$"

Value = Annotated[float | None, Field(allow_inf_nan=False)]
Values = Annotated[list[Value], Field(min_length=1)]
ModelName = Annotated[str, Field(pattern=NAME_PATTERN)]
Step = Annotated[str, Field(pattern=STEP_PATTERN, max_length=16, examples=["1h", "5min"])]
Time = Annotated[str, Field(pattern=TIME_PATTERN, examples=["2026-03-01T00:00:00Z"])]
Unit = Annotated[str, Field(max_length=32, examples=["bit/s"])]
Zone = Annotated[str, Field(max_length=64, examples=["Europe/Prague"])]
Level = Annotated[float, Field(gt=0, lt=1)]
Id = Annotated[str, Field(pattern="^[0-9a-f]{20}$")]


class _Given(BaseModel):
    """What a client sends: unknown names and wrong types are refused."""

    model_config = ConfigDict(extra="forbid", strict=True)


class _Answer(BaseModel):
    """What the service answers."""

    model_config = ConfigDict(extra="forbid")


class GivenSeries(_Given):
    """The last values of one series, oldest first; null is unknown."""

    id: Annotated[str, Field(min_length=1, max_length=MOST_ID, description="its name, as a link or host")]
    values: Annotated[Values, Field(description="one value a step, not negative")]
    unit: Annotated[Unit, Field(description="unit of the values; the model's if absent")] = ""
    zone: Annotated[Zone, Field(description="time zone of the place, for the calendar")] = "UTC"
    channels: Annotated[
        dict[Annotated[str, Field(min_length=1, max_length=MOST_ID)], Values],
        Field(description="other channels that the model needs, as long as the values"),
    ] = {}


_EXAMPLE: dict[str, Any] = {
    "step": "1h",
    "end": "2026-03-01T00:00:00Z",
    "series": [{"id": "uplink", "values": [2.1e9, 2.4e9, None, 2.2e9, 1.9e9], "unit": "bit/s"}],
}


class GivenHistory(_Given):
    """One or many series on one grid that end together; a shorter one begins later."""

    model: Annotated[ModelName, Field(description="a model of /api/v1/models")] = "base"
    step: Annotated[Step, Field(description="length of a step")] = "1h"
    start: Annotated[
        Time | None, Field(description="time of the first value, for series of one length; UTC if no zone is said")
    ] = None
    end: Annotated[
        Time | None,
        Field(description="time of the last value; the last whole step before now if neither is given"),
    ] = None
    series: Annotated[list[GivenSeries], Field(min_length=1)]

    @model_validator(mode="after")
    def _one_time(self) -> Self:
        if self.start is not None and self.end is not None:
            raise ValueError("give start or end, not both")
        if self.start is not None and len({len(one.values) for one in self.series}) > 1:
            raise ValueError("series are of different lengths, so start cannot be said of all; give end")
        return self


class GivenForecast(GivenHistory):
    """A history to forecast from."""

    model_config = ConfigDict(json_schema_extra={"examples": [{**_EXAMPLE, "horizon": 3}]})

    horizon: Annotated[int | None, Field(ge=1, le=336, description="steps ahead; all that the model can if absent")] = (
        None
    )
    quantiles: Annotated[
        list[Level] | None,
        Field(max_length=99, description="levels, ascending; the model's own if absent, [] for the point alone"),
    ] = None


class GivenSteps(_Given):
    """The last steps of one series."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"values": [2.1e9, 2.4e9, 2.2e9, 1.9e9]}]})

    values: Annotated[Values, Field(description="one value a step, oldest first, not negative")]
    step: Annotated[Step, Field(description="length of a step")] = "1h"
    end: Annotated[Time | None, Field(description="time of the last value; the last whole step if absent")] = None
    model: Annotated[ModelName, Field(description="a model of /api/v1/models")] = "base"


class GivenPoints(GivenHistory):
    """A history whose last points are judged."""

    model_config = ConfigDict(json_schema_extra={"examples": [{**_EXAMPLE, "points": 2}]})

    points: Annotated[int, Field(ge=1, description="how many of the last steps are judged")] = 1
    false_alarms_per_week: Annotated[
        float | None, Field(gt=0, le=10_000, description="normal points of a series that may be flagged in a week")
    ] = None


class GivenJob(_Given):
    """A backtest or a training on an uploaded file."""

    kind: Literal["backtest", "fit"]
    file: Annotated[Id, Field(description="id of an uploaded file")]
    horizon: Annotated[int, Field(ge=1, le=336, description="steps ahead")]
    models: Annotated[
        list[ModelName],
        Field(max_length=20, description="kinds to compare, or the one to fit; auto and the naive ones if absent"),
    ] = []
    name: Annotated[ModelName | None, Field(description="of the model that is fitted; needed for a fit")] = None
    overwrite: Annotated[bool, Field(description="whether a model of this name may be replaced")] = False
    budget: Annotated[str | None, Field(pattern="^[0-9]{1,6}(s|m|h)$", description="time for fitting auto, as 60s")] = (
        None
    )
    seed: Annotated[int, Field(ge=0, le=2**32 - 1)] = 0
    epochs: Annotated[int | None, Field(ge=1, le=100_000, description="most passes over the training windows")] = None
    options: Annotated[
        dict[Annotated[str, Field(max_length=64)], Annotated[str, Field(max_length=64)]],
        Field(max_length=30, description="further options of the models, as hidden: 128"),
    ] = {}
    test_fraction: Annotated[float | None, Field(gt=0, lt=1, description="share of the steps in the test part")] = None
    step: Annotated[Step | None, Field(description="step of the grid; found where regular")] = None
    time: Annotated[str | None, Field(max_length=MOST_ID, description="time column; guessed if clear")] = None
    id: Annotated[str | None, Field(max_length=MOST_ID, description="column naming the series")] = None
    target: Annotated[str | None, Field(max_length=MOST_ID, description="column to forecast; guessed if clear")] = None
    zone: Annotated[Zone | None, Field(description="time zone of the place")] = None
    unit: Annotated[Unit, Field(description="unit of the target")] = ""

    @model_validator(mode="after")
    def _named(self) -> Self:
        if self.kind == "fit" and self.name is None:
            raise ValueError("a fit needs the name of its model")
        if self.kind == "fit" and len(self.models) > 1:
            raise ValueError("a fit is of one kind of model")
        if self.kind == "backtest" and self.name is not None:
            raise ValueError("a backtest keeps no model, so it takes no name")
        return self


class ModelAnswer(_Answer):
    """A model that can be asked for forecasts."""

    name: str
    kind: Annotated[str, Field(description="its name in the table of models, as lstm")]
    about: str
    horizon: Annotated[int, Field(description="most steps ahead")]
    context: Annotated[int | None, Field(description="steps of history in a window; null where any will do")]
    step: Annotated[str | None, Field(description="the step it was fitted on; null where any will do")]
    channels: list[str]
    unit: str
    created: str | None
    loaded: Annotated[bool, Field(description="whether the answering worker has it in memory")]
    pinned: bool


class ModelsAnswer(_Answer):
    """The models there are."""

    models: list[ModelAnswer]
    unreadable: Annotated[dict[str, str], Field(description="folders that hold no usable model, and why")]


class ForecastOfSeries(_Answer):
    """The forecast of one series; null where nothing was known of it."""

    id: str
    unit: str
    point: list[float | None]
    quantiles: Annotated[dict[str, list[float | None]], Field(description="level -> one value a step")]


class ForecastAnswer(_Answer):
    """Forecasts of all series that were sent."""

    model: str
    step: str
    cutoff: Annotated[str, Field(description="time of the last step that was seen")]
    times: Annotated[list[str], Field(description="time of each step ahead")]
    series: list[ForecastOfSeries]


class StepAnswer(_Answer):
    """The next step."""

    model: str
    time: str
    value: float | None
    low: Annotated[float | None, Field(description="the 10 % quantile; null if the model gives none")]
    high: Annotated[float | None, Field(description="the 90 % quantile; null if the model gives none")]


class PointAnswer(_Answer):
    """How unusual one point is; null where nothing can be said."""

    time: str
    value: float | None
    expected: float | None
    low: Annotated[float | None, Field(description="lower edge of the calibrated 80 % band")]
    high: Annotated[float | None, Field(description="its upper edge")]
    score: Annotated[
        float | None, Field(description="distance from what was expected, in half-widths of the band: 1 is on its edge")
    ]
    chance: Annotated[float | None, Field(description="how probable so much is at a normal point")]
    anomaly: bool


class PointsOfSeries(_Answer):
    """The judged points of one series."""

    id: str
    unit: str
    points: list[PointAnswer]


class IncidentAnswer(_Answer):
    """Odd points of one series that belong together."""

    series: str
    kind: Literal["above", "below", "silent", "stuck", "gap"]
    severity: Literal["minor", "major", "critical"]
    start: str
    end: str
    ongoing: bool
    text: Annotated[str, Field(description="one sentence about it")]


class PointsAnswer(_Answer):
    """The judged points of all series that were sent, and the incidents that reach into them."""

    model: str
    series: list[PointsOfSeries]
    incidents: list[IncidentAnswer]


class FileAnswer(_Answer):
    """An uploaded file."""

    id: str
    bytes: int
    sha256: str


class JobAnswer(_Answer):
    """A job and where it is."""

    id: str
    kind: str
    state: Literal["queued", "running", "done", "failed", "cancelled"]
    progress: Annotated[float, Field(ge=0, le=1)]
    note: str
    message: str | None
    cancel_requested: bool
    request: dict[str, Any]
    created: str
    started: str | None
    finished: str | None
    result: Annotated[str | None, Field(description="where the result is, once it is done")]


class JobsAnswer(_Answer):
    """Jobs, the newest first."""

    jobs: list[JobAnswer]


class JobResult(_Answer):
    """What a job gave."""

    kind: str
    sentences: Annotated[list[str], Field(description="on the data, and what was done to read it")]
    headline: str
    table: Annotated[list[dict[str, Any]], Field(description="rows of the leaderboard, best first")]
    files: Annotated[dict[str, str], Field(description="name -> path of a file to download")]
    model: Annotated[str | None, Field(description="name of the model that was fitted")]


class Health(_Answer):
    """Whether the service lives."""

    status: Literal["alive", "ready", "not ready"]
    reason: str = ""


class ProblemAnswer(BaseModel):
    """A problem document (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    faults: list[dict[str, str]] = []
