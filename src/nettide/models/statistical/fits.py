"""One fit: a history in, quantiles of the steps ahead out."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import partial
from statistics import NormalDist
from types import TracebackType
from typing import Self

import numpy as np

from nettide.arrays import Bools, Floats
from nettide.forecast import LEVELS
from nettide.models.statistical.config import MethodName, TransformName
from nettide.models.statistical.history import Transform, filled
from nettide.models.statistical.prophet_fit import prophet_quantiles
from nettide.models.statistical.seasons import adjust, seen_seasons
from nettide.prepare.occasions import Shares

_NORMAL = np.array([NormalDist().inv_cdf(level) for level in LEVELS])
_BANDS = [20, 40, 60, 80]  # two-sided, in percent: with the mean they are LEVELS
_FEWEST = 12  # known steps that a fit needs; below, the last value is repeated
_MIDDLE = LEVELS.index(0.5)
_MOST_NATIVE = 24  # steps of a season that exponential smoothing itself keeps a state for
_TRENDS_UP_TO = 7  # steps of such a season with which trends are tried too: each trend is another long fit


@dataclass(frozen=True, slots=True)
class FitPlan:
    """How each history is fitted; JSON can hold it.

    Args:
        method: ets, arima, theta, mstl or prophet.
        seasons: periods in steps, ascending; each counts where a history holds two of it.
        steady: whether seasonal patterns are fixed.
        transform: log, asinh or none.
        horizon: steps ahead.
    """

    method: MethodName
    seasons: tuple[int, ...]
    steady: bool
    transform: TransformName
    horizon: int


@dataclass(frozen=True, slots=True)
class Fit:
    """What came of one fit.

    Args:
        quantiles: at ``LEVELS``, ascending, never negative, shape (horizon, level).
        failed: whether the method failed and a seasonal naive forecast stands in for it.
    """

    quantiles: Floats
    failed: bool = False


QuantilesOf = Callable[[Floats, tuple[int, ...], FitPlan], Floats]
"""Mapped values without gaps, the seasons seen twice in them, the plan -> shape (horizon, level)."""


def fit_one(
    history: Floats, plan: FitPlan, *, occasions: Shares | None = None, quantiles_of: QuantilesOf | None = None
) -> Fit:
    """Fit a history and forecast from its end.

    A history that never changes goes on as it is, and one of a few known steps repeats its last value, with no fit.
    What fills a gap of a season or more has no errors: bands are as much wider as other steps are fewer, by the root.

    Args:
        history: NaN where unknown, at least one known, shape (time,).
        plan: how.
        occasions: what share of each step lies in occasions, horizon included, shape (time + horizon, kind); only
            prophet knows what to do with it.
        quantiles_of: what forecasts; None takes the method of the plan.
    """
    values = filled(history, plan.seasons)
    if values.min() == values.max():
        return Fit(np.full((plan.horizon, len(LEVELS)), max(float(values[-1]), 0.0)))
    transform = Transform.of(values, plan.transform)
    mapped = transform.apply(values)
    seasons = seen_seasons(len(mapped), plan.seasons)
    known = np.isfinite(history[len(history) - len(mapped) :])
    if known.sum() < _FEWEST:
        return Fit(transform.back(naive_quantiles(mapped[known], (), horizon=plan.horizon)))
    if occasions is not None:  # what is unknown at the beginning of a history was left out
        occasions = occasions[len(occasions) - len(mapped) - plan.horizon :]
    quantiles = np.full((plan.horizon, len(LEVELS)), np.nan)
    with _Refused(), quiet():
        quantiles = (quantiles_of or partial(method_quantiles, occasions=occasions))(mapped, seasons, plan)
    failed = not np.isfinite(quantiles).all()
    if failed:
        quantiles = naive_quantiles(mapped, seasons, horizon=plan.horizon)
    middle = quantiles[:, _MIDDLE, None]
    quantiles = middle + (quantiles - middle) / np.sqrt(1 - _outage(known, max(plan.seasons[:1], default=_FEWEST)))
    return Fit(transform.back(ordered(quantiles)), failed)


def _outage(known: Bools, least: int) -> float:
    """Give the share of steps in gaps of so many steps at least; shorter ones a level wanders through unseen."""
    edges = np.flatnonzero(np.diff(np.concatenate([[True], known, [True]]).astype(np.int8)))
    lengths = edges[1::2] - edges[::2]
    return float(lengths[lengths >= least].sum()) / len(known)


def ordered(quantiles: Floats) -> Floats:
    """Hold quantiles on their side of the median and ascending; the median stays, shape (..., level)."""
    middle = LEVELS.index(0.5)
    above = np.maximum.accumulate(quantiles[..., middle:], axis=-1)
    below = np.minimum.accumulate(quantiles[..., middle::-1], axis=-1)[..., ::-1]
    return np.concatenate([below, above[..., 1:]], axis=-1)


def naive_quantiles(values: Floats, seasons: tuple[int, ...], *, horizon: int) -> Floats:
    """Repeat the last season, or value, with the spread of its changes as band, shape (horizon, level)."""
    season = seasons[-1] if seasons else 1
    middle = np.resize(values[-season:], horizon)
    changes = np.abs(values[season:] - values[:-season])
    spread = float(np.mean(changes)) * np.sqrt(np.pi) / 2 if len(changes) else 0.0  # of a normal change, its deviation
    growth = np.sqrt(1 + np.arange(horizon) // season)
    found: Floats = middle[:, None] + spread * growth[:, None] * _NORMAL
    return found


def method_quantiles(
    values: Floats, seasons: tuple[int, ...], plan: FitPlan, *, occasions: Shares | None = None
) -> Floats:
    """Fit mapped values by the method of the plan, shape (horizon, level)."""
    if plan.method == "prophet":
        return prophet_quantiles(values, seasons, horizon=plan.horizon, occasions=occasions)
    native = seasons[0] if plan.method == "ets" and seasons and seasons[0] <= _MOST_NATIVE else 0
    adjusted = adjust(values, seasons, horizon=plan.horizon, steady=plan.steady, kept=native)
    rest = adjusted.values
    if np.ptp(rest) < 1e-8:  # nothing but seasons
        quantiles = np.full((plan.horizon, len(LEVELS)), rest[-1])
    elif plan.method == "arima":
        quantiles = _arima(rest, plan.horizon)
    elif plan.method == "theta":
        quantiles = _theta(rest, plan.horizon)
    else:
        quantiles = _ets(rest, plan.horizon, season=native or 1)
    return quantiles + adjusted.ahead[:, None]


def _ets(values: Floats, horizon: int, *, season: int) -> Floats:
    """Additive exponential smoothing; Hyndman et al., Forecasting with Exponential Smoothing, 2008."""
    from statsforecast.models import AutoETS

    trend = "Z" if season <= _TRENDS_UP_TO else "N"
    model = AutoETS(season_length=season, model=f"A{trend}{'A' if season > 1 else 'N'}")
    return _levels_of(model.forecast(y=values, h=horizon, level=_BANDS))


def _arima(values: Floats, horizon: int) -> Floats:
    """ARIMA of low order without drift; Hyndman and Khandakar, Journal of Statistical Software 27(3), 2008."""
    from statsforecast.models import AutoARIMA

    model = AutoARIMA(season_length=1, max_p=3, max_q=3, max_d=1, approximation=True, allowdrift=False)
    return _levels_of(model.forecast(y=values, h=horizon, level=_BANDS))


def _theta(values: Floats, horizon: int) -> Floats:
    """The Theta method, with the bands of its equal, exponential smoothing with drift.

    The library samples its bands, and adds the season to the errors that it samples.

    Source: Hyndman and Billah, Unmasking the Theta method, International Journal of Forecasting 19(2), 2003.
    """
    from statsforecast.models import Theta

    model = Theta(season_length=1).fit(y=values)
    mean: Floats = model.predict(h=horizon)["mean"]
    smoothing, errors = model.model_["par"]["alpha"], model.model_["residuals"][3:]
    deviation = np.std(errors) * np.sqrt(1 + np.arange(horizon) * smoothing**2)
    found: Floats = mean[:, None] + deviation[:, None] * _NORMAL
    return found


def _levels_of(forecast: dict[str, Floats]) -> Floats:
    names = [*(f"lo-{band}" for band in reversed(_BANDS)), "mean", *(f"hi-{band}" for band in _BANDS)]
    return np.stack([forecast[name] for name in names], axis=-1)


@contextmanager
def quiet() -> Iterator[None]:
    """Let a library compute what it warns of; that the result is finite is checked instead."""
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        yield


class _Refused(AbstractContextManager["_Refused"]):
    """A block that ends where the library gives a series up; it raises a bare ``Exception`` for that.

    Only that very class and the errors of arithmetic are taken, so no fault of ours hides behind it.
    """

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        return kind is not None and (kind is Exception or issubclass(kind, (ArithmeticError, np.linalg.LinAlgError)))
