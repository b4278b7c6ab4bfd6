"""Find anomalies in a file with a saved model or the pretrained one, score them by labels, and write the points."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa

from nettide.arrays import Bools
from nettide.errors import HistoryError, OptionError, unknown
from nettide.insight.anomalies import Anomalies, AnomalyConfig, find_anomalies, usual_reach, warm_steps
from nettide.insight.anomalies_baselines import BASELINES, flags_of_baseline
from nettide.insight.anomalies_incidents import join_steps
from nettide.insight.anomalies_rolling import Told
from nettide.insight.anomalies_scores import LabelScore, judged_points, score_flags
from nettide.panel import Panel
from nettide.tasks.anomalies_labels import take_labels
from nettide.tasks.forecast import PRETRAINED
from nettide.tasks.forecaster import Forecaster
from nettide.tasks.load import Reading
from nettide.tasks.model_and_data import ModelAndData, model_and_data
from nettide.tasks.remarks import listed
from nettide.tasks.written_table import write_table

OURS = "nettide"
"""What the forecasts are called beside the baselines."""


@dataclass(frozen=True, slots=True)
class MethodScore:
    """How one method did on one series; the series is empty for all together."""

    series: str
    method: str
    score: LabelScore


@dataclass(frozen=True, slots=True, eq=False)
class AnomalyResult:
    """What was found, and how it was found.

    Args:
        found: points, from ``since`` on, and incidents.
        panel: the data.
        model: name in the table of models.
        scores: against the labels, ours first, then the baselines, per series and for all; empty without labels.
        notes: sentences for the user.
    """

    found: Anomalies
    panel: Panel
    model: str
    scores: tuple[MethodScore, ...]
    notes: tuple[str, ...]


def anomalies(
    folder: Path | None,
    location: str,
    reading: Reading,
    *,
    config: AnomalyConfig | None = None,
    since: np.datetime64 | None = None,
    series: str | None = None,
    labels: str | None = None,
    told: Told | None = None,
) -> AnomalyResult:
    """Find the anomalies in a file.

    Args:
        folder: of a saved model; None takes the pretrained network as it is.
        location: file or folder with the data.
        reading: how it becomes a panel.
        config: what counts as an anomaly.
        since: UTC; what comes before is learned from and not judged.
        series: the only one that is looked at.
        labels: a column that is above zero where something is odd, or a CSV file of windows.
        told: is told before each run of the model how much is done, 0 to 1.

    Raises:
        StoreError: the model cannot be read.
        DataError: the data or the labels cannot be read, or nothing lies after ``since``.
        OptionError: the series or labels do not exist, or too many false alarms are allowed.
        MismatchError: the data does not fit the model.
    """
    pair = model_and_data(folder, location, reading)
    return anomalies_of(
        pair, config=config, since=since, series=series, labels=labels, zone=reading.layout.zone, told=told
    )


def anomalies_of(
    pair: ModelAndData,
    *,
    config: AnomalyConfig | None = None,
    since: np.datetime64 | None = None,
    series: str | None = None,
    labels: str | None = None,
    zone: str | None = None,
    told: Told | None = None,
) -> AnomalyResult:
    """Find the anomalies in data that was read before.

    Args:
        pair: model and data.
        config: what counts as an anomaly.
        since: as for ``anomalies``.
        series: likewise.
        labels: likewise.
        zone: IANA zone of times that a file of labels writes without one.
        told: is told before each run of the model how much is done, 0 to 1.

    Raises:
        DataError: the labels cannot be read, or nothing lies after ``since``.
        OptionError: the series or labels do not exist, or too many false alarms are allowed.
        MismatchError: the data does not fit the model.
    """
    config = config or AnomalyConfig()
    model, panel, notes = pair.model, pair.panel, list(pair.notes)
    config.chance(panel.step_seconds)  # refused before time is spent
    marks: Bools | None = None
    if labels is not None:
        panel, marks, said = take_labels(panel, labels, zone=zone)
        notes += said
    if series is not None:
        if series not in panel.ids:
            raise OptionError(unknown("series", series, panel.ids))
        row = panel.ids.index(series)
        panel, marks = panel.select([row]), None if marks is None else marks[[row]]
    first = None if since is None else _first_step(panel, since)
    if pair.record is None:
        pretrained = Forecaster(PRETRAINED, horizon=usual_reach(panel.step_seconds))
        pretrained.fit(panel)
        model = pretrained.model
    elif pair.record.data.end > panel.seconds[first or 0]:
        notes.append(
            "the model was fitted on part of what is judged, where it may take the odd for usual; "
            "--since leaves that part out"
        )
    found = find_anomalies(model, panel, config=config, since=first, told=told)
    notes += _young(panel)
    scores = () if marks is None else tuple(_scored(found, panel, marks, config, first or 0))
    return AnomalyResult(found.after(first or 0), panel, pair.name, scores, tuple(notes))


def write_points(result: AnomalyResult, path: Path, *, overwrite: bool) -> None:
    """Write the table of points as ``.csv`` or ``.parquet``, whole or not at all.

    Raises:
        OptionError: the ending is neither.
        StoreError: the file exists already, or its folder is full, read-only or absent.
    """
    table = result.found.to_frame("pyarrow")
    for place, field in enumerate(table.schema):
        if pa.types.is_floating(field.type):  # empty in a CSV file rather than nan
            numbers = pa.array(table.column(place).to_numpy(), from_pandas=True)
            table = table.set_column(place, field.name, numbers)
    write_table(table, path, overwrite=overwrite)


def _first_step(panel: Panel, since: np.datetime64) -> int:
    first = int(np.searchsorted(panel.times, since, side="left"))
    if first >= panel.steps:
        raise HistoryError(
            f"{since}Z lies after the last step of the data, {panel.times[-1]}Z; nothing is left to judge"
        )
    return first


def _young(panel: Panel) -> list[str]:
    """Say which series are too short for any alarm of traffic."""
    warm = warm_steps(panel)
    short = np.flatnonzero(np.isfinite(panel.target).sum(axis=1) <= warm)
    if not len(short):
        return []
    named = listed([panel.ids[row] for row in short])
    return [f"{named}: at most {warm} readings, too few to know what is usual; alarms of traffic begin after them"]


def _scored(found: Anomalies, panel: Panel, marks: Bools, config: AnomalyConfig, first: int) -> list[MethodScore]:
    judged = judged_points(panel.target, warm=warm_steps(panel))
    judged[:, :first] = False
    flags = {OURS: found.points.flag}
    flags |= {name: flags_of_baseline(name, panel, config=config) for name in BASELINES}
    join = join_steps(panel.step_seconds)
    scores = []
    for row, id in enumerate(panel.ids):
        for name, flag in flags.items():
            scores.append(MethodScore(id, name, score_flags(flag[row], marks[row], judged[row], join=join)))
    if len(panel.ids) > 1:
        for name in flags:
            total = sum((one.score for one in scores if one.method == name), LabelScore())
            scores.append(MethodScore("", name, total))
    return scores
