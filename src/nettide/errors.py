"""Every error nettide raises on purpose, in one tree.

NettideError
├── DataError                what was given to read or to forecast from
│   ├── SourceError          a file or system that cannot be read as traffic
│   ├── PanelError           readings that do not form series on one grid
│   └── HistoryError         too little, or unusable, history for the task
├── UnitError                a step, quantity or unit that cannot be understood
├── OptionError              an option that does not exist or has a bad value
├── ModelError               what a model cannot do
│   ├── UnknownModelError    a name that is not in the table of models
│   ├── MismatchError        data or horizon that the fitted model does not fit
│   └── TrainingError        training that cannot begin or has diverged
│       └── StoppedError     training that was ended before it had learned anything
├── ForecastError            a forecast that breaks its own promises
├── StoreError               models and results on disk
│   ├── DamagedError         missing, truncated, altered or foreign content
│   ├── BusyError            another process is using the same name
│   └── LimitError           more than may be open at once
└── MissingExtraError        an optional dependency that is not installed
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class NettideError(Exception):
    """Root of the tree: one clear sentence for the person who gave the input."""


class DataError(NettideError):
    """What was given to read or to forecast from is unusable."""


class SourceError(DataError):
    """A file or system cannot be read as traffic."""


class PanelError(DataError):
    """Readings do not form series on one regular grid."""


class HistoryError(DataError):
    """There is too little, or unusable, history for the task."""


class UnitError(NettideError):
    """A step, quantity or unit cannot be understood."""


class OptionError(NettideError):
    """An option does not exist or has a bad value."""


class ModelError(NettideError):
    """A model cannot do what was asked."""


class UnknownModelError(ModelError):
    """The name is not in the table of models."""


class MismatchError(ModelError):
    """The data or horizon does not fit the fitted model."""


class TrainingError(ModelError):
    """Training cannot begin or has diverged."""


class StoppedError(TrainingError):
    """Training was ended before it had learned anything."""


class ForecastError(NettideError):
    """A forecast breaks its own promises."""


class StoreError(NettideError):
    """Models or results on disk cannot be written or read."""


class DamagedError(StoreError):
    """Content on disk is missing, truncated, altered or foreign."""


class BusyError(StoreError):
    """Another process is using the same name."""


class LimitError(StoreError):
    """More was asked for than may be open at once."""


class MissingExtraError(NettideError):
    """An optional dependency is not installed."""


def unknown(kind: str, name: str, known: Iterable[str]) -> str:
    """Say that a name is unknown, naming the nearest known one.

    Args:
        kind: what the name stands for, such as ``"model"``.
        name: the name that was given.
        known: the names that exist.

    Returns:
        One sentence such as ``unknown model 'lsmt'; did you mean 'lstm'? known: gru, lstm``.
    """
    names = sorted(known)
    near = difflib.get_close_matches(name, names, n=1, cutoff=0.5)
    hint = f" did you mean {near[0]!r}?" if near else ""
    return f"unknown {kind} {name!r};{hint} known: {', '.join(names)}"
