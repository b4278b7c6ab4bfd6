"""Scores of a run over its test part, beside the naive forecasts, and the winner in words."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from nettide import metrics
from nettide.studio.charts import PREFIXES
from nettide.studio.forecast_results import TestedSeries, edges, said_of
from nettide.studio.runs import Run
from nettide.studio.words import BARE_UNITS, plain, prefixed, value_text

_TILES = (("MAE", "mae"), ("RMSE", "rmse"), ("MAPE", "mape"), ("WAPE", "wape"), ("MASE", "mase"))


def show_scores(run: Run, tested: TestedSeries, *, series: str, unit: str, alone: bool) -> None:
    """Show them.

    Args:
        run: that is done.
        tested: forecasts of the chosen series.
        series: its id.
        unit: of its target.
        alone: whether the data has no other series.
    """
    st.subheader("Test part, beside the naive forecasts", anchor=False)
    _verdict(run)
    _tiles(run, unit)
    rows = [{"model": one["model"], **figures(one, unit)} for one in run.scores]
    st.dataframe(pd.DataFrame(rows), hide_index=True, key="forecast.scores")
    st.caption(
        "Relative figures: below 1 is better than the naive forecast of a week before, of a day before where the data "
        "is short. MAPE leaves zeros out."
    )
    if not alone:
        with st.expander(plain(f"Scores of {series} alone"), icon=":material/filter_alt:"):
            own = [{"model": name, **figures(series_scores(tested, name), unit)} for name in tested.forecasts]
            shown = pd.DataFrame(own).drop(columns=["MASE", "relative MAE", "relative WQL"])
            st.dataframe(shown, hide_index=True, key="forecast.scores-alone")


def _verdict(run: Run) -> None:
    """Say which model to use."""
    headline, *rest = said_of(run) or (f"{run.best} is best.",)
    if run.best == run.plan.model and "use it" not in headline:
        st.success(plain(headline), icon=":material/thumb_up:")
    else:
        better = headline if "use it" in headline else f"{headline} {run.plan.model} is not: use {run.best}."
        st.warning(plain(better), icon=":material/thumb_down:")
    if rest:
        st.text(" ".join(rest))


def _tiles(run: Run, unit: str) -> None:
    """Show the scores of the model, each with how it compares with the best of the others."""
    own = run.score
    others = [one for one in run.scores if one["model"] != run.plan.model]
    tiles = [*_TILES, ("80 % band holds", "coverage_80")]
    columns = [*st.columns(3), *st.columns(3)]  # six beside each other would be cut off at 1280 pixels
    for column, (words, name) in zip(columns, tiles, strict=True):
        value = own.get(name)
        if value is None:
            column.metric(words, "–", border=True)
            continue
        if name == "coverage_80":
            column.metric(
                words, f"{value:.1%}", f"{100 * (value - 0.8):+.1f} points off", delta_color="off", border=True
            )
            continue
        known = [one for one in others if one.get(name)]
        best = min(known, key=lambda one: one[name], default=None)
        change = None if best is None else f"{value / best[name] - 1:+.0%} vs {best['model']}"
        column.metric(words, figures(own, unit)[words], change, delta_color="inverse", border=True)


def figures(score: Mapping[str, Any], unit: str) -> dict[str, str]:
    """Give the fields of ``Score`` as cells; – for one that does not exist."""

    def number(name: str) -> float:
        value = score.get(name)
        return math.nan if value is None else float(value)

    def share(name: str) -> str:
        value = number(name)
        return "–" if math.isnan(value) else f"{value:.1%}"

    def ratio(name: str) -> str:
        value = number(name)
        return "–" if math.isnan(value) else f"{value:.3f}"

    return {
        "MSE": squared_text(number("mse"), unit),
        "RMSE": value_text(number("rmse"), unit),
        "MAE": value_text(number("mae"), unit),
        "MAPE": share("mape"),
        "WAPE": share("wape"),
        "MASE": ratio("mase"),
        "80 % band holds": share("coverage_80"),
        "relative MAE": ratio("rel_mae"),
        "relative WQL": ratio("rel_wql"),
    }


def squared_text(value: float, unit: str) -> str:
    """Write a mean square, the prefix within it: 4e12 of ``bit/s`` gives ``4 (Mbit/s)²``."""
    if not math.isfinite(value):
        return "–"
    factor, prefix = 1.0, ""
    if unit not in BARE_UNITS:
        factor, prefix = next(((size, sign) for size, sign in PREFIXES if math.sqrt(value) >= size), (1.0, ""))
    whole = prefixed(prefix, unit)
    number = f"{value / factor**2:,.3g}" if value / factor**2 < 1000 else f"{value / factor**2:,.0f}"
    return f"{number} ({whole})²" if whole else number


def series_scores(tested: TestedSeries, model: str) -> dict[str, float]:
    """Give the scores of a model over the chosen series alone, as far as they need no other."""
    forecast = tested.forecasts[model]
    y, y_hat = tested.truth, forecast.point[0]
    low, high = edges(forecast)
    banded = not np.isnan(low).all()
    return {
        "mse": metrics.mse(y, y_hat),
        "rmse": metrics.rmse(y, y_hat),
        "mae": metrics.mae(y, y_hat),
        "mape": metrics.mape(y, y_hat),
        "wape": metrics.wape(y, y_hat),
        "coverage_80": metrics.coverage(y, low[0], high[0]) if banded else math.nan,
    }
