"""Which windows of a panel train and which validate, and what may be learned of its range."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nettide.arrays import Floats
from nettide.errors import HistoryError
from nettide.models.recurrent_config import RecurrentConfig
from nettide.models.windows import WindowRanges, window_ranges
from nettide.panel import Panel

_VALIDATION_WINDOWS = 2048
LEAST_VALIDATION_WINDOWS = 100
"""Windows that can decide anything; fewer train with the others."""


@dataclass(frozen=True, slots=True)
class Parts:
    """The two parts of a history.

    Args:
        training: windows whose targets all lie in the training part.
        validation: windows whose targets all lie after it; none where they would be too few to decide anything.
        training_steps: steps of the training part.
    """

    training: WindowRanges
    validation: WindowRanges
    training_steps: int


def split_windows(
    panel: Panel, config: RecurrentConfig, *, share: float | None = None, least: int = LEAST_VALIDATION_WINDOWS
) -> Parts:
    """Split the windows of a panel in time.

    Args:
        panel: all that may be learned from.
        config: with its context chosen.
        share: of the history that validates, at least a horizon; None takes what the config says.
        least: windows of the validation part; with fewer there is none.

    Raises:
        HistoryError: no series has a whole window of known history, or none has a known target.
    """
    assert config.context is not None
    share = config.validation_share if share is None else share
    known = ~np.isnan(panel.target)
    if not known.any():
        raise HistoryError("no series has a known value: there is nothing to learn from")
    held = known.any(axis=1)
    first = np.where(held, known.argmax(axis=1), panel.steps) + config.context - 1
    last = np.where(held, panel.steps - 1 - known[:, ::-1].argmax(axis=1), -1)
    kept = max(config.horizon, round(share * panel.steps)) if share else 0
    end = panel.steps - kept
    training = window_ranges(first, np.minimum(last, end - 1) - config.horizon)
    from_end = np.maximum(first, end - 1)  # cutoffs whose targets all lie in the validation part
    enough = np.maximum(last - config.horizon - from_end + 1, 0).sum() >= least
    if kept and training.count and enough:
        return Parts(training, window_ranges(from_end, last - config.horizon, most=_VALIDATION_WINDOWS), end)
    training = window_ranges(first, last - config.horizon)
    if not training.count:
        longest = int((np.where(held, last - (first - config.context + 1) + 1, 0)).max())
        raise HistoryError(
            f"history is too short to train on: the longest series spans {longest} steps, context {config.context} "
            f"+ horizon {config.horizon} need {config.context + config.horizon}; give more history, or a shorter "
            "context or horizon"
        )
    return Parts(training, window_ranges(first, first - 1), panel.steps)


def training_ranges(panel: Panel, steps: int) -> dict[str, tuple[float, float]]:
    """Give minimum and range of each series over the training part; the range of a flat one is its size.

    Args:
        panel: training and validation part.
        steps: of the training part; a series without a known value there is judged by all that it has.
    """
    ranges = {}
    for one, values in zip(panel.ids, panel.target, strict=True):
        known: Floats = values[:steps][~np.isnan(values[:steps])]
        if not len(known):
            known = values[~np.isnan(values)]
        low, high = (float(known.min()), float(known.max())) if len(known) else (0.0, 0.0)
        ranges[one] = (low, high - low if high > low else (abs(low) or 1.0))
    return ranges
