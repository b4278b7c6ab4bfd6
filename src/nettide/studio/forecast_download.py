"""Buttons that download forecasts; files are made when they are asked for."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow.parquet as pq
import streamlit as st

from nettide.forecast import Forecast
from nettide.studio.forecast_model import InUse
from nettide.studio.forecast_results import FORECASTS
from nettide.tasks.forecast import write_forecast
from nettide.tasks.written_table import write_table

_KINDS = (("CSV", ".csv", "text/csv"), ("Parquet", ".parquet", "application/vnd.apache.parquet"))


def downloads(chosen: InUse, made: Forecast | None, *, tested: bool) -> None:
    """Show the buttons.

    Args:
        chosen: the model.
        made: the forecast beyond the data; None where there is none.
        tested: whether the test part of its run is on the page.
    """
    columns = iter(st.columns(4))
    if made is not None:
        for name, suffix, mime in _KINDS:
            next(columns).download_button(
                f"Forecast as {name}", partial(forecast_bytes, made, suffix),
                f"forecast{suffix}", mime, key=f"download.forecast{suffix}", on_click="ignore", width="stretch",
                icon=":material/download:", help="As nettide forecast writes it: all series, all quantiles.",
            )  # fmt: skip
    if tested and chosen.run is not None:
        path = chosen.run.result / FORECASTS
        for name, suffix, mime in _KINDS:
            next(columns).download_button(
                f"Test part as {name}", partial(tested_bytes, path, suffix),
                f"{chosen.run.name}-test{suffix}", mime, key=f"download.test{suffix}", on_click="ignore",
                width="stretch", icon=":material/download:", help="All models and series, beside the truth.",
            )  # fmt: skip


def forecast_bytes(made: Forecast, suffix: str) -> bytes:
    """Give the file that ``nettide forecast --out`` writes.

    Args:
        made: the forecast.
        suffix: ``.csv`` or ``.parquet``.
    """
    with TemporaryDirectory() as folder:
        path = Path(folder) / f"forecast{suffix}"
        write_forecast(made, path, overwrite=False)
        return path.read_bytes()


def tested_bytes(path: Path, suffix: str) -> bytes:
    """Give ``forecasts.parquet`` of a run as it is, or as CSV."""
    if suffix == ".parquet":
        return path.read_bytes()
    with TemporaryDirectory() as folder:
        copy = Path(folder) / f"test{suffix}"
        write_table(pq.read_table(path), copy, overwrite=False)
        return copy.read_bytes()
