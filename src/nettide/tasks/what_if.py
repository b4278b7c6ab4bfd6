"""Ask a model what it would forecast of a changed history, and write the answer down."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa

from nettide.errors import OptionError, unknown
from nettide.forecast import quantile_name
from nettide.frames import repeated_texts, utc_times
from nettide.insight.what_if import Difference, WhatIf, what_if
from nettide.insight.what_if_changes import Change
from nettide.panel import Panel
from nettide.tasks.load import Reading
from nettide.tasks.model_and_data import model_and_data
from nettide.tasks.written_table import write_table

_DIFFERENCE = ("low", "high", "least", "most")


@dataclass(frozen=True, slots=True, eq=False)
class WhatIfResult:
    """Both forecasts and what they were made from.

    Args:
        found: the forecasts, the difference and what each change does by itself.
        panel: the history as it is.
        model: name in the table of models.
        notes: sentences for the user, among them each change that has no effect.
    """

    found: WhatIf
    panel: Panel
    model: str
    notes: tuple[str, ...]


def run_what_if(
    folder: Path | None,
    location: str,
    reading: Reading,
    changes: list[Change],
    *,
    horizon: int | None = None,
    series: str | None = None,
) -> WhatIfResult:
    """Forecast from the end of a file as it is and as it would be.

    Args:
        folder: of a saved model; None takes the pretrained network as it is.
        location: file or folder with the history.
        reading: how it becomes a panel.
        changes: made one after the other.
        horizon: steps ahead, at most the model's; None takes all of them.
        series: the only one that is changed, which must be in the file; None changes all.

    Raises:
        NettideError: any of the tree.
    """
    pair = model_and_data(folder, location, reading, horizon=horizon)
    if series is not None and series not in pair.panel.ids:
        raise OptionError(unknown("series", series, pair.panel.ids))
    found = what_if(pair.model, pair.panel, changes, horizon=pair.horizon)
    notes = (*pair.notes, *(one.sentence for one in found.effects if one.sentence))
    return WhatIfResult(found, pair.panel, pair.name, notes)


@dataclass(frozen=True, slots=True)
class SeriesAnswer:
    """The answer for one series, as means over the horizon in the target's unit.

    Args:
        id: of the series.
        unit: of its target.
        before: mean forecast of the history as it is.
        after: of the changed history.
        difference: after less before.
        low: lower end of the difference where both futures meet the same luck; NaN for a point model.
        high: upper end.
        least: lower end whatever the luck of the two; NaN for a point model.
        most: upper end.
    """

    id: str
    unit: str
    before: float
    after: float
    difference: float
    low: float
    high: float
    least: float
    most: float

    @property
    def share(self) -> float:
        """The difference in shares of the forecast as it is; NaN where that is zero."""
        return self.difference / self.before if self.before > 0 else math.nan


def answers(found: WhatIf) -> tuple[SeriesAnswer, ...]:
    """Sum up what-if: one answer a series."""
    mean = found.mean
    return tuple(
        SeriesAnswer(
            id=id,
            unit=found.before.units[row],
            before=float(found.before.point[row, 0].mean()),
            after=float(found.after.point[row, 0].mean()),
            difference=float(mean.point[row]),
            low=float(mean.low[row]),
            high=float(mean.high[row]),
            least=float(mean.least[row]),
            most=float(mean.most[row]),
        )
        for row, id in enumerate(found.before.ids)
    )


def what_if_table(found: WhatIf) -> pa.Table:
    """Give the long table ``unique_id, ds, step, before, after, difference, low, high, least, most ...``.

    One row a series and step; where the model has quantiles, those of both follow: ``before_q0.1`` and so on.
    """
    before, after = found.before, found.after
    count, _, horizon = before.point.shape
    columns = {
        "unique_id": repeated_texts(before.ids, np.repeat(np.arange(count), horizon)),
        "ds": utc_times(np.tile(before.seconds[0], count)),
        "step": pa.array(np.tile(np.arange(1, horizon + 1, dtype=np.int32), count)),
        "before": before.point[:, 0].reshape(-1),
        "after": after.point[:, 0].reshape(-1),
    }
    difference: Difference = found.by_step
    columns["difference"] = difference.point.reshape(-1)
    if before.levels:
        columns |= {name: getattr(difference, name).reshape(-1) for name in _DIFFERENCE}
    for name, made in (("before", before), ("after", after)):
        for place, level in enumerate(made.levels):
            columns[f"{name}_{quantile_name(level)}"] = made.quantiles[:, 0, :, place].reshape(-1)
    return pa.table(columns)


def write_what_if(found: WhatIf, path: Path, *, overwrite: bool) -> None:
    """Write ``what_if_table`` as ``.csv`` or ``.parquet``, whole or not at all.

    Raises:
        OptionError: the ending is neither.
        StoreError: the file exists already, or its folder is full, read-only or absent.
    """
    write_table(what_if_table(found), path, overwrite=overwrite)
