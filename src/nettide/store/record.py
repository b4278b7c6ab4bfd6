"""ModelRecord: everything that is kept about a fitted model."""

from __future__ import annotations

import math
import platform
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from datetime import UTC, datetime
from importlib import metadata
from typing import Any, cast, get_args

import numpy as np

from nettide.errors import DamagedError, StoreError
from nettide.models.contract import Ending, Epoch, State, Training
from nettide.occasions import KINDS
from nettide.panel import Panel


@dataclass(frozen=True, slots=True)
class DataFacts:
    """The data a model was fitted on.

    Args:
        origin: where it came from: a file or folder name, an address, ``a panel in memory``.
        series: number of series.
        steps: number of steps.
        start: epoch second of the first step.
        end: epoch second of the last step.
        step_seconds: length of a step.
        channels: names of the channels, the target first.
        unit: unit of the target; empty when unknown or when the series have several.
        occasions: kinds of occasions that lay within it, such as holiday.
        reading: options that decided what its values mean, such as zone or aggregate; those not given are absent.
    """

    origin: str
    series: int
    steps: int
    start: int
    end: int
    step_seconds: int
    channels: tuple[str, ...]
    unit: str
    occasions: tuple[str, ...] = ()
    reading: Mapping[str, str] = field(default_factory=dict)

    @staticmethod
    def of(panel: Panel, *, origin: str, reading: Mapping[str, str] | None = None) -> DataFacts:
        """Give the facts of a panel, and how it was read."""
        units = set(panel.units)
        after = panel.start + panel.step_seconds * panel.steps
        return DataFacts(
            origin=origin,
            series=len(panel.series),
            steps=panel.steps,
            start=panel.start,
            end=panel.start + panel.step_seconds * max(0, panel.steps - 1),
            step_seconds=panel.step_seconds,
            channels=tuple(channel.name for channel in panel.channels),
            unit=units.pop() if len(units) == 1 else "",
            occasions=tuple(sorted({one.kind for one in panel.occasions if one.touches(panel.start, after)})),
            reading=dict(reading or {}),
        )


@dataclass(frozen=True, slots=True)
class ModelRecord:
    """A fitted model and how it came about.

    Args:
        model: its name in the table of models.
        state: what ``restore_model`` needs.
        created: when it was fitted, with a time zone.
        horizon: steps ahead it forecasts.
        context: steps of history it sees.
        data: what it was fitted on.
        training: how the fit went.
        versions: of the libraries that fitted it, as ``library_versions`` gives them.
        scores: numbers or texts by name, nested as one likes; what is not a finite number is kept as None.

    Raises:
        StoreError: ``created`` has no time zone.
    """

    model: str
    state: State
    created: datetime
    horizon: int
    context: int
    data: DataFacts
    training: Training
    versions: Mapping[str, str]
    scores: Mapping[str, Any]

    def __post_init__(self) -> None:
        if self.created.tzinfo is None:
            raise StoreError(f"time of creation {self.created.isoformat()} has no time zone")


def library_versions() -> dict[str, str]:
    """Give the versions of Python and of the libraries that weights depend on; none is imported."""
    return {"python": platform.python_version(), **{name: metadata.version(name) for name in ("numpy", "torch")}}


def to_document(record: ModelRecord) -> dict[str, Any]:
    """Give the JSON values of a record without its tensors.

    Raises:
        StoreError: scores hold what JSON cannot.
    """
    return {
        "model": record.model,
        "created": record.created.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        "horizon": record.horizon,
        "context": record.context,
        "data": asdict(record.data),
        "training": asdict(record.training),
        "versions": dict(record.versions),
        "scores": _plain(record.scores, where="scores"),
        "state": dict(record.state.document),
    }


def from_document(document: Mapping[str, Any], state: State) -> ModelRecord:
    """Read what ``to_document`` gave; ``state`` brings the tensors.

    Raises:
        DamagedError: a field is missing or of another type.
    """
    try:
        return ModelRecord(
            model=_typed(document, "model", str),
            state=State(_typed(document, "state", dict), state.tensors),
            created=datetime.fromisoformat(_typed(document, "created", str)),
            horizon=_typed(document, "horizon", int),
            context=_typed(document, "context", int),
            data=_data(_typed(document, "data", dict)),
            training=_training(_typed(document, "training", dict)),
            versions=_typed(document, "versions", dict),
            scores=_typed(document, "scores", dict),
        )
    except (ValueError, StoreError) as error:
        raise DamagedError(f"the stored model has no usable description: {error}") from None


def _data(document: Mapping[str, Any]) -> DataFacts:
    texts = {name: _typed(document, name, str) for name in ("origin", "unit")}
    numbers = {name: _typed(document, name, int) for name in ("series", "steps", "start", "end", "step_seconds")}
    channels, occasions = _typed(document, "channels", list), _typed(document, "occasions", list)
    if not channels or not all(isinstance(one, str) for one in channels):
        raise ValueError(f"channels are {channels!r}")
    if not set(map(str, occasions)) <= set(KINDS):
        raise ValueError(f"occasions are {occasions!r}")
    if numbers["step_seconds"] < 1:
        raise ValueError(f"a step has {numbers['step_seconds']} seconds")
    reading = _typed(document, "reading", dict) if "reading" in document else {}  # absent in those stored before
    if not all(isinstance(one, str) for one in (*reading, *reading.values())):
        raise ValueError(f"its data was read by {reading!r}")
    return DataFacts(**texts, **numbers, channels=tuple(channels), occasions=tuple(occasions), reading=reading)


def _training(document: Mapping[str, Any]) -> Training:
    ending = _typed(document, "ending", str)
    if ending not in get_args(Ending):
        raise ValueError(f"training ended as {ending!r}")
    return Training(
        epochs=tuple(_epoch(one) for one in _typed(document, "epochs", list)),
        best_epoch=_typed(document, "best_epoch", int),
        ending=cast(Ending, ending),
        seconds=_typed(document, "seconds", float),
        windows=_typed(document, "windows", int),
        parameters=_typed(document, "parameters", int),
        notes=_texts(document, "notes"),
    )


def _epoch(document: object) -> Epoch:
    if not isinstance(document, dict):
        raise ValueError(f"an epoch is {document!r}")
    values: dict[str, Any] = {}
    for one in fields(Epoch):
        if one.name == "validation_loss" and document.get(one.name) is None:
            values[one.name] = None
        else:
            whole = one.name in ("epoch", "epochs", "best_epoch", "windows")
            values[one.name] = _typed(document, one.name, int if whole else float)
    return Epoch(**values)


def _texts(document: Mapping[str, Any], name: str) -> tuple[str, ...]:
    """Give a list of texts; none where an older nettide wrote the model, which kept no such list."""
    values = _typed(document, name, list) if name in document else []
    if not all(isinstance(one, str) for one in values):
        raise ValueError(f"{name} are {values!r}")
    return tuple(values)


def _typed(document: Mapping[str, Any], name: str, kind: type) -> Any:
    """Give a field that must be of a type; a whole number will do as a float."""
    value = document.get(name)
    if kind is float and type(value) is int:
        return float(value)
    if type(value) is not kind:
        raise ValueError(f"{name} is {value!r}, expected {kind.__name__}")
    return value


def _plain(value: object, *, where: str) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(one, where=f"{where}.{key}") for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(one, where=f"{where}[{place}]") for place, one in enumerate(value)]
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    raise StoreError(f"{where} is a {type(value).__name__}, which JSON cannot hold")
