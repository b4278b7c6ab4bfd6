"""The check that a model never looks past a cutoff."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from nettide.arrays import Bools, Floats, Ints
from nettide.errors import ForecastError
from nettide.models.contract import Model
from nettide.panel import Panel


def assert_causal(model: Model, panel: Panel, cutoffs: Ints) -> None:
    """Change every value after each cutoff, in three ways, and demand that no forecast up to it moves by a bit.

    The values after the cutoff become unknown, become other numbers, or swap known and unknown. The
    shapes stay, so that a network sums in the same order.

    Args:
        model: fitted; it forecasts four times for each cutoff, so give few.
        panel: data with steps after the cutoffs.
        cutoffs: index of the last step seen, shape (cutoff,).

    Raises:
        ForecastError: a forecast changed, which means that the model saw what it must not.
    """
    honest = model.predict(panel, cutoffs)
    for cutoff in cutoffs.tolist():
        for change, values in _changed_after(panel.values, cutoff).items():
            seen = model.predict(replace(panel, values=values), cutoffs)
            before = cutoffs <= cutoff
            for one, other in ((honest.point, seen.point), (honest.quantiles, seen.quantiles)):
                moved = ~_same_bits(one[:, before], other[:, before])
                if moved.any():
                    series, place = np.argwhere(moved)[0][:2]
                    raise ForecastError(
                        f"the model sees the future: its forecast of series {panel.ids[series]!r} from step "
                        f"{cutoffs[before][place]} moved when values after step {cutoff} {change}"
                    )


def _changed_after(values: Floats, cutoff: int) -> dict[str, Floats]:
    unknown, other, swapped = values.copy(), values.copy(), values.copy()
    after = values[:, cutoff + 1 :]
    unknown[:, cutoff + 1 :] = np.nan
    other[:, cutoff + 1 :] = after[:, ::-1] * 3 + 1
    swapped[:, cutoff + 1 :] = np.where(np.isnan(after), 1.0, np.nan)
    return {"became unknown": unknown, "became others": other, "swapped known and unknown": swapped}


def _same_bits(one: Floats, other: Floats) -> Bools:
    return np.asarray((one == other) | (np.isnan(one) & np.isnan(other)), dtype=np.bool_)
