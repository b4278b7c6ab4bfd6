"""What answers look like; the OpenAPI document is made of these, and of ``given``."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field


class _Answer(BaseModel):
    """What the service answers."""

    model_config = ConfigDict(extra="forbid")


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
    notes: Annotated[
        list[str],
        Field(description="on oddities of the history, and on what the model cannot heed"),
    ]


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
    notes: Annotated[
        list[str],
        Field(description="on oddities of the history, and on what the model cannot heed"),
    ]


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
