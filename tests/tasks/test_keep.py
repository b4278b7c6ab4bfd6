from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from nettide.errors import OptionError
from nettide.tasks.backtest import TestPart as Part
from nettide.tasks.backtest import run_backtest
from nettide.tasks.choice import Choice
from nettide.tasks.forecaster import Forecaster
from nettide.tasks.keep import keep_tested
from nettide.tasks.load import Reading, load
from nettide.tasks.synth import config_of, write_synthetic


def test_a_tested_model_is_kept_with_its_scores_and_forecasts_as_it_did(tmp_path: Path) -> None:
    config = config_of(days=None, points=300, step="1h", start="2026-01-01", zone="UTC", series=2)
    write_synthetic(config, tmp_path / "a.parquet")
    done = run_backtest(
        str(tmp_path / "a.parquet"),
        Reading(),
        models=["window-mean", "naive"],
        choice=Choice(6),
        test=Part(fraction=0.2),
        out=tmp_path / "result",
    )
    record = keep_tested(done, "window-mean", tmp_path / "kept", origin="a.parquet")
    assert record.data.steps == 240
    assert set(record.scores) == {"window-mean", "naive"}
    loaded = Forecaster.load(tmp_path / "kept")
    panel, _ = load(str(tmp_path / "a.parquet"), Reading())
    outcome = next(one for one in done.backtest.outcomes if one.name == "window-mean")
    again = loaded.predict(panel, cutoffs=done.backtest.cutoffs)
    assert np.array_equal(again.point, outcome.forecast.point)
    with pytest.raises(OptionError, match="unknown model of this backtest 'lstm'; known: naive, window-mean"):
        keep_tested(done, "lstm", tmp_path / "other", origin="a")
