"""Keep a model that a backtest fitted, with its scores."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime
from pathlib import Path

from nettide.errors import OptionError, unknown
from nettide.store.models import save_model
from nettide.store.record import DataFacts, ModelRecord, library_versions
from nettide.tasks.alike import told_of
from nettide.tasks.backtest import BacktestResult
from nettide.tasks.load import Reading


def keep_tested(
    done: BacktestResult,
    name: str,
    folder: Path,
    *,
    origin: str,
    reading: Reading | None = None,
    overwrite: bool = False,
) -> ModelRecord:
    """Save a model of a backtest, which knows nothing of the test part, with the scores of all models beside it.

    Args:
        done: the backtest.
        name: of the model in it.
        folder: where the model goes; its last part is its name.
        origin: where the data came from; kept with the model.
        reading: how it became a panel; what decided what its values mean is kept, too.
        overwrite: whether a model that is there may be replaced.

    Raises:
        OptionError: the backtest has no such model, or the name of the folder cannot be used.
        StoreError: the folder holds a model already, is in use, full or read-only.
    """
    outcome = next((one for one in done.backtest.outcomes if one.name == name), None)
    if outcome is None:
        raise OptionError(unknown("model of this backtest", name, [one.name for one in done.backtest.outcomes]))
    model, told = done.models[name], told_of(reading or Reading())
    record = ModelRecord(
        model=name,
        state=model.state(),
        created=datetime.now(UTC),
        horizon=model.horizon,
        context=model.context,
        data=DataFacts.of(done.backtest.panel.until(done.backtest.test_start), origin=origin, reading=told),
        training=outcome.training,
        versions=library_versions(),
        scores={one.model: dataclasses.asdict(one) for one in done.scores},
    )
    save_model(folder, record, overwrite=overwrite)
    return record
