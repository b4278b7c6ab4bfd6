"""Prophet as one fit: a trend with changes, Fourier seasons and occasions, its quantiles from its own samples."""

from __future__ import annotations

import importlib.util
import logging
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

from nettide.arrays import Floats
from nettide.errors import MissingExtraError
from nettide.forecast import LEVELS
from nettide.prepare.occasions import Shares

_SAMPLES = 300
_SEED = 7
_WAVES = 8  # of a season, where it has as many; each is a sine and a cosine


def require_prophet() -> None:
    """Refuse to go on where the extra is absent.

    Raises:
        MissingExtraError: prophet is not installed.
    """
    if importlib.util.find_spec("prophet") is None:
        raise MissingExtraError("model 'prophet' needs: pip install 'nettide[prophet]'")


def prophet_quantiles(
    values: Floats, seasons: tuple[int, ...], *, horizon: int, occasions: Shares | None = None
) -> Floats:
    """Fit Prophet by its most likely parameters and forecast, shape (horizon, level).

    A step is given to it as a day, so that its seasons are those measured and the calendar plays no part. Occasions
    of a kind have one effect, as its holidays have, but in proportion to the share of the step that lies in them: the
    few weeks of a history know each holiday by name once at most. A kind that the history never shows has none.

    Args:
        values: without gaps, shape (time,).
        seasons: periods in steps.
        horizon: steps ahead.
        occasions: shares of each step, the values' and those ahead, shape (time + horizon, kind).

    Source: Taylor and Letham, Forecasting at Scale, The American Statistician 72(1), 2018.
    """
    with _silence(), _seeded():
        import pandas
        from prophet import Prophet

        times = pandas.date_range("2000-01-01", periods=len(values) + horizon, freq="D")
        model = Prophet(
            daily_seasonality=False,
            weekly_seasonality=False,
            yearly_seasonality=False,
            uncertainty_samples=0,  # none where only the middle is asked for
        )
        for season in seasons:
            model.add_seasonality(name=f"season{season}", period=season, fourier_order=min(_WAVES, season // 2))
        table = pandas.DataFrame({"ds": times})
        kinds = () if occasions is None else occasions.T.astype(np.float64)
        for kind, share in enumerate(kinds):
            if share[: len(values)].any():
                model.add_regressor(f"occasion{kind}", standardize=False)
                table[f"occasion{kind}"] = share
        model.fit(table[: len(values)].assign(y=values), seed=_SEED)
        future = table[len(values) :]
        middle: Floats = model.predict(future, vectorized=True)["yhat"].to_numpy()
        model.uncertainty_samples = _SAMPLES
        samples = model.predictive_samples(future, vectorized=True)["yhat"]  # (horizon, sample)
    found: Floats = np.quantile(samples, LEVELS, axis=1).T
    return found + (middle - found[:, LEVELS.index(0.5)])[:, None]


@contextmanager
def _silence() -> Iterator[None]:
    """Keep prophet and cmdstanpy from logging each fit; other loggers go on."""
    loggers = [logging.getLogger(name) for name in ("prophet", "prophet.plot", "cmdstanpy")]
    before = [one.disabled for one in loggers]
    for one in loggers:
        one.disabled = True
    try:
        yield
    finally:
        for one, was in zip(loggers, before, strict=True):
            one.disabled = was


@contextmanager
def _seeded() -> Iterator[None]:
    """Seed the global generator, the only one that prophet samples from, and give it back as it was."""
    before = np.random.get_state()  # noqa: NPY002 - the library uses no other
    np.random.seed(_SEED)  # noqa: NPY002
    try:
        yield
    finally:
        np.random.set_state(before)  # noqa: NPY002
