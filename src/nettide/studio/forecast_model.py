"""The model that the pages Forecast and Analysis work with: of a run, a saved one, or the pretrained network."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from nettide.errors import NettideError
from nettide.forecast import Forecast
from nettide.models import MODELS
from nettide.panel import Panel
from nettide.studio.empty import nothing_yet
from nettide.studio.remembered import kept
from nettide.studio.runs import Run, list_runs
from nettide.studio.session import look_key, panel_of, workspace
from nettide.studio.words import plain
from nettide.studio.workspace import DataSet
from nettide.tasks.forecast import PRETRAINED, forecast_panel, usual_horizon
from nettide.tasks.forecaster import Forecaster
from nettide.tasks.model_and_data import ModelAndData

_PRETRAINED = "pretrained"
_WIDGET, _WITHOUT = "use.model", "use.pretrained-instead-of"
_KEPT_MODELS = 8
_FITTED_ANEW = ("nettide.models.statistical", "nettide.models.auto")
_MANY_SERIES = 300


@dataclass(frozen=True, slots=True)
class InUse:
    """The model that was chosen.

    Args:
        token: ``run:NAME``, ``model:NAME`` or ``pretrained``.
        label: as shown.
        folder: what ``Forecaster.load`` reads; None for the pretrained network.
        run: that trained it; None for the others.
    """

    token: str
    label: str
    folder: Path | None
    run: Run | None

    @property
    def key(self) -> str:
        """A text that is another where the model is: for caches."""
        if self.folder is None:
            return self.token
        try:
            changed = (self.folder / "model.json").stat().st_mtime_ns
        except OSError:
            changed = 0
        return f"{self.folder} {changed}"


def choices(data: DataSet) -> list[InUse]:
    """Give the models that can be chosen: of runs, those on this data first, saved ones, the pretrained."""
    done = [one for one in list_runs(workspace()) if one.state == "done"]
    done.sort(key=lambda one: not same_data(one, data))  # newest first among either
    of_runs = [InUse(f"run:{one.name}", f"{one.plan.model} ({one.name})", one.model, one) for one in done]
    saved = [
        InUse(f"model:{one.name}", one.name, workspace().models_folder / one.name, None)
        for one in workspace().models()
        if one.record is not None
    ]
    return [*of_runs, *saved, InUse(_PRETRAINED, "pretrained network, as it is", None, None)]


def same_data(run: Run, data: DataSet) -> bool:
    """Say whether a run was trained on this data, read in the same way."""
    return run.data.location == data.location and run.data.reading == data.reading


def choose_model(data: DataSet) -> InUse:
    """Show the choice of the model, which is that of all pages, and give it."""
    found = {one.token: one for one in choices(data)}
    st.session_state[_WIDGET] = _current(found)
    token = st.selectbox(
        "Model",
        list(found),
        format_func=lambda one: _named(found[one], data),
        key=_WIDGET,
        on_change=_choose,
        args=(found,),
        help="Models of runs that are done, saved models, and the pretrained network, which learned from other data.",
    )
    return found[token]


def choose_series(panel: Panel) -> int:
    """Show the choice of the series, which is that of both pages, and give its position."""
    rows = range(len(panel.series))
    return st.selectbox(
        "Series", rows, format_func=panel.ids.__getitem__, **kept("use.series", 0, among=rows), disabled=len(rows) < 2
    )


def panel_or_stop(data: DataSet) -> Panel:
    """Give the panel of data; where there is none, say why, where that is mended, and end the page."""
    try:
        return panel_of(data)
    except NettideError as error:
        st.error(plain(str(error)), icon=":material/error:")
        nothing_yet("The data cannot be forecast yet.", "Say how it is read", "data.py", icon=":material/database:")
        raise AssertionError from None  # the page ended before


def fresh_pair(chosen: InUse, panel: Panel) -> ModelAndData:
    """Bring the model together with the panel, for a thread: loaded for it alone, and without a word to Streamlit.

    Raises:
        StoreError: the model cannot be read.
        NettideError: any other, where the pretrained network cannot take the panel.
    """
    if chosen.folder is None:
        forecaster = _fresh_pretrained(panel)
        return ModelAndData(forecaster.model, forecaster.model_name, panel, forecaster.model.horizon, None, ())
    forecaster = Forecaster.load(chosen.folder)
    return ModelAndData(forecaster.model, forecaster.model_name, panel, forecaster.model.horizon, forecaster.record, ())


@dataclass(frozen=True, slots=True, eq=False)
class Future:
    """A forecast beyond the data.

    Args:
        forecast: of all series, from the end of the data.
        notes: on what the model could not do.
    """

    forecast: Forecast
    notes: tuple[str, ...]


def future_of(chosen: InUse, data: DataSet, panel: Panel) -> Future:
    """Forecast from the end of the data; worked out once for all pages and tabs.

    Raises:
        StoreError: the model cannot be read.
        MismatchError: it does not fit the data.
        NettideError: any other that the model tells of.
    """
    return _future(chosen.key, look_key(data), chosen, data, panel)


def fresh_future(chosen: InUse, data: DataSet, panel: Panel) -> Future:
    """Forecast from the end of the data, for a thread: with a model loaded for it alone, and without Streamlit.

    Raises:
        StoreError: the model cannot be read.
        NettideError: any other that the model tells of.
    """
    saved = None if chosen.folder is None else Forecaster.load(chosen.folder)
    made, notes = forecast_panel(saved, panel, data.reading, location=data.location)
    return Future(made, notes)


def is_quick(chosen: InUse, panel: Panel) -> bool:
    """Say whether a forecast of all series is made at once; one that fits many series anew wants to be asked for."""
    name = PRETRAINED if chosen.folder is None else chosen.run.plan.model if chosen.run else ""
    anew = not name or MODELS[name].path.startswith(_FITTED_ANEW)
    return len(panel.series) <= (3 if anew else _MANY_SERIES)


def _current(found: dict[str, InUse]) -> str:
    """Give the token of the model in use: what was chosen last on any page, else the newest run."""
    active = workspace().active_model()
    token = "" if active is None else f"run:{active.run}" if active.run else f"model:{active.folder.name}"
    if st.session_state.get(_WITHOUT) == token:
        return _PRETRAINED
    return token if token in found else next(iter(found))


def _choose(found: dict[str, InUse]) -> None:
    chosen = found[st.session_state[_WIDGET]]
    st.session_state.pop(_WITHOUT, None)
    kind, _, name = chosen.token.partition(":")
    if kind == _PRETRAINED:
        active = workspace().active_model()
        before = "" if active is None else f"run:{active.run}" if active.run else f"model:{active.folder.name}"
        st.session_state[_WITHOUT] = before  # until another is put to use
    else:
        workspace().use_model(kind, name, label=chosen.label)


def _named(one: InUse, data: DataSet) -> str:
    if one.run is None:
        return f"{one.label} (saved)" if one.folder is not None else one.label
    return one.label if same_data(one.run, data) else f"{one.label}, trained on {one.run.data.name}"


@st.cache_resource(max_entries=_KEPT_MODELS, show_spinner="Loading the model …")
def _saved(key: str, _folder: Path) -> Forecaster:
    del key  # stands for the folder and its content
    return Forecaster.load(_folder)


def _fresh_pretrained(panel: Panel) -> Forecaster:
    forecaster = Forecaster(PRETRAINED, horizon=usual_horizon(panel.step_seconds))
    forecaster.fit(panel)
    return forecaster


@st.cache_resource(max_entries=4 * _KEPT_MODELS, show_spinner="Forecasting …")
def _future(key: str, data_key: str, _chosen: InUse, _data: DataSet, _panel: Panel) -> Future:
    del key, data_key
    saved = None if _chosen.folder is None else _saved(_chosen.key, _chosen.folder)
    made, notes = forecast_panel(saved, _panel, _data.reading, location=_data.location)
    return Future(made, notes)
