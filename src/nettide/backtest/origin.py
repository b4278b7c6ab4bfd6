"""Where the test part begins, and from which steps forecasts are made."""

from __future__ import annotations

import math

import numpy as np

from nettide.arrays import Ints
from nettide.errors import HistoryError, OptionError
from nettide.panel import Panel
from nettide.units import step_text


def first_test_step(
    panel: Panel,
    *,
    test_start: np.datetime64 | None = None,
    test_size: int | None = None,
    test_fraction: float | None = None,
) -> int:
    """Give the index of the first step of the test part; exactly one way to say it is given.

    A fraction f takes the first step at or after the point where 1 - f of the grid has passed, so
    that the test part is never more than f of it: 0.2 of 1,488 steps begins at step 1,191 and has 297.

    Args:
        panel: the whole data.
        test_start: UTC; the test part begins at the first step at or after it.
        test_size: steps of the test part.
        test_fraction: share of the grid, inside (0, 1).

    Raises:
        OptionError: none or several ways are given, or a size or fraction is impossible.
        HistoryError: the test part would be empty, or would leave nothing before it.
    """
    given = [one for one in (test_start, test_size, test_fraction) if one is not None]
    if len(given) != 1:
        raise OptionError(
            f"the test part needs exactly one of test start, test size and test fraction; {len(given)} are given"
        )
    if test_start is not None:
        return _first_step_from(panel, test_start)
    if test_size is not None:
        if not 1 <= test_size < panel.steps:
            raise OptionError(
                f"test size {test_size} must be 1 ... {panel.steps - 1}: the data has {panel.steps} steps "
                f"of {step_text(panel.step_seconds)}"
            )
        return panel.steps - test_size
    assert test_fraction is not None
    if not 0 < test_fraction < 1:
        raise OptionError(f"test fraction {test_fraction} must lie between 0 and 1; write for example 0.2")
    start = math.ceil((1 - test_fraction) * panel.steps - 1e-9)  # without the margin 0.3 of 10 would begin at 4
    if not 1 <= start < panel.steps:
        raise HistoryError(
            f"test fraction {test_fraction} of {panel.steps} steps leaves no step to "
            f"{'test on' if start >= panel.steps else 'fit on'}"
        )
    return start


def _first_step_from(panel: Panel, test_start: np.datetime64) -> int:
    if np.isnat(test_start):
        raise OptionError("test start is no time; write for example 2024-03-01 or 2024-03-01T12:00")
    if not panel.steps:
        raise HistoryError("the data has no steps")
    first, last = panel.times[0], panel.times[-1]
    start = int(np.searchsorted(panel.times, test_start, side="left"))
    if start >= panel.steps:
        raise HistoryError(f"test start {test_start}Z lies after the last step of the data, {last}Z")
    if start < 1:
        raise HistoryError(f"test start {test_start}Z leaves nothing to fit on: the data runs from {first}Z to {last}Z")
    return start


def rolling_cutoffs(steps: int, *, test_start: int, horizon: int, stride: int) -> Ints:
    """Give the cutoffs: the last step before the test part, then every ``stride`` while ``horizon`` steps follow.

    Args:
        steps: steps of the whole data.
        test_start: index of the first step of the test part.
        horizon: steps ahead that are forecast and scored.
        stride: steps from one cutoff to the next.

    Returns:
        Index of the last step that a forecast sees, ascending, shape (cutoff,), at least one.

    Raises:
        OptionError: the horizon or the stride is below 1, or the test part begins outside the data.
        HistoryError: the test part is shorter than the horizon.
    """
    for name, value in (("horizon", horizon), ("stride", stride)):
        if value < 1:
            raise OptionError(f"{name} {value} must be at least 1")
    if not 1 <= test_start < steps:
        raise OptionError(f"test start at step {test_start} must be 1 ... {steps - 1}: the data has {steps} steps")
    if test_start + horizon > steps:
        raise HistoryError(
            f"the test part has {steps - test_start} steps, fewer than the horizon of {horizon}; "
            "begin it earlier or shorten the horizon"
        )
    return np.arange(test_start - 1, steps - horizon, stride, dtype=np.int64)
