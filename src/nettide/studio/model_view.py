"""Page Model: target, window, horizon, model and its options; presets; and the same as command and Python."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from nettide.errors import NettideError
from nettide.models import MODELS, accepts
from nettide.models.options import MOST_HORIZON
from nettide.panel import Panel
from nettide.prepare.judgement import duration_text
from nettide.studio.architecture_view import outline_of, show_outline
from nettide.studio.empty import data_or_stop, nothing_yet
from nettide.studio.knob_widgets import knob_widget
from nettide.studio.navigation import path_of
from nettide.studio.remembered import forget, kept
from nettide.studio.runs import start_run
from nettide.studio.search_view import show_search
from nettide.studio.session import look_at, look_key, workspace
from nettide.studio.settings import current_settings
from nettide.studio.words import plain
from nettide.studio.workspace import DataSet
from nettide.tasks.knobs import Knob, knobs
from nettide.tasks.plan import PRESETS, Plan, Preset, problems, usual_context, usual_plan
from nettide.tasks.plan_text import backtest_command, fit_command, python_lines
from nettide.units import step_text

_PREFIX = "model."
_SHAPE = ("hidden", "layers", "dropout", "optimizer", "learning_rate", "batch_size", "scaling")
_INPUTS = ("channels", "calendar", "anchors")
_OUT = "result"


def show_model() -> None:
    """Show the page."""
    st.title("Model", anchor=False)
    data = data_or_stop()
    try:
        seen = look_at(data)
    except NettideError as error:
        st.error(plain(str(error)), icon=":material/error:")
        nothing_yet("The data cannot be read yet.", "Say how it is read", "data.py", icon=":material/database:")
        return
    if seen.panel is None:
        st.error(plain(seen.trouble), icon=":material/error:")
        nothing_yet("The data cannot be forecast yet.", "Say how it is read", "data.py", icon=":material/database:")
        return
    panel = seen.panel
    before = workspace().plan() or usual_plan(panel)
    _presets(panel)
    plan = _choose(data, panel, before)
    if plan != workspace().plan():
        workspace().keep_plan(plan)
    wrong = problems(plan, panel)
    if not wrong and (outline := outline_of(plan, panel, data_key=look_key(data))) is not None:
        with st.expander(f"Architecture: {outline.parameters:,} parameters", icon=":material/account_tree:"):
            show_outline(outline)
    _train(data, plan, wrong)
    show_search(data, plan, wrong)
    _the_same(data, plan)


def _presets(panel: Panel) -> None:
    columns = st.columns(len(PRESETS))
    for column, (name, about) in zip(columns, PRESETS.items(), strict=True):
        with column.container(border=True, height="stretch"):
            st.button(name.capitalize(), key=f"preset.{name}", on_click=_take, args=(panel, name), width="stretch")
            st.caption(about)


def _take(panel: Panel, preset: Preset) -> None:
    workspace().keep_plan(usual_plan(panel, preset))
    forget(_PREFIX)


def _choose(data: DataSet, panel: Panel, before: Plan) -> Plan:
    with st.container(border=True):
        first, second, third, fourth = st.columns(4)
        _target(data, panel, first)
        model = _model(before, second)
        horizon = third.number_input(
            "Horizon (steps ahead)",
            1,
            MOST_HORIZON,
            **kept(f"{_PREFIX}horizon", before.horizon),
            help=f"How far to forecast; a step is {step_text(panel.step_seconds)}.",
        )
        third.caption(f"{duration_text(horizon * panel.step_seconds)} ahead")
        usual = usual_context(panel, replace(before, model=model, horizon=horizon))
        context = fourth.number_input(
            "Window (steps of history)",
            min_value=1,
            max_value=100_000,
            value=None,
            placeholder="chosen" if usual is None else str(usual),
            **kept(f"{_PREFIX}context", before.context),
            help="How much of the past the model sees for one forecast; empty lets the model choose.",
        )
        if usual is not None and context is None:
            fourth.caption(f"{usual:,} steps, chosen by the step of the data")
        first, second, third, fourth = st.columns(4)
        share = first.slider(
            "Test share (%)",
            5,
            50,
            step=5,
            **kept(f"{_PREFIX}share", round(100 * before.test_fraction)),
            help="Last part of the data, which the model does not learn from and is tested on.",
        )
        seed = second.number_input(
            "Seed", 0, 2**32 - 1, **kept(f"{_PREFIX}seed", before.seed), help="Same seed, same model."
        )
        epochs, budget = _effort(model, before, third)
    options = _options(model, before if before.model == model else replace(before, options=()), panel)
    return Plan(model, horizon, context, share / 100, seed, epochs, budget, tuple(options.items()))


def _model(before: Plan, where: DeltaGenerator) -> str:
    names = list(MODELS)
    model = where.selectbox(
        "Model",
        names,
        **kept(f"{_PREFIX}name", before.model if before.model in names else names[0], among=names),
        help="\n".join(f"- **{name}**: {entry.about}" for name, entry in MODELS.items()),
    )
    where.caption(MODELS[model].about)
    return model


def _target(data: DataSet, panel: Panel, where: DeltaGenerator) -> None:
    names = [one.name for one in panel.channels]
    key = f"{_PREFIX}target"
    st.session_state[key] = names[0]  # whatever was chosen is first since the data is read anew
    where.selectbox(
        "Target",
        names,
        key=key,
        on_change=_retarget,
        args=(data, key),
        help="What is forecast; the other channels may be inputs.",
    )
    unit = panel.units[0]
    where.caption(f"in {plain(unit)}" if unit else "its unit is unknown; say it on page Data")


def _retarget(data: DataSet, key: str) -> None:
    target = str(st.session_state[key])
    reading = replace(data.reading, layout=replace(data.reading.layout, target=target))
    if data.units:
        reading = replace(reading, unit=dict(data.units).get(target, ""))
    workspace().use_data(replace(data, reading=reading))
    forget("reading.", "view.")


def _effort(model: str, before: Plan, where: DeltaGenerator) -> tuple[int | None, str | None]:
    epochs: int | None = None
    budget: str | None = None
    if accepts(model, "epochs"):
        epochs = where.number_input(
            "Epochs (at most)",
            min_value=1,
            max_value=100_000,
            value=None,
            placeholder="chosen",
            **kept(f"{_PREFIX}epochs", before.epochs),
            help="Passes over the training windows; training ends earlier where nothing is gained any more.",
        )
    if accepts(model, "budget"):
        written = where.text_input(
            "Time for fitting",
            **kept(f"{_PREFIX}budget", before.budget or ""),
            placeholder="180s",
            help="As 60s or 5m: the models that are tried share it.",
        )
        budget = written.strip() or None
    return epochs, budget


def _options(model: str, before: Plan, panel: Panel) -> dict[str, str]:
    """Show the options of a model; those that few turn are folded away."""
    known = {one.name: one for one in knobs(model)}
    given, prefix = dict(before.options), f"{_PREFIX}{model}."
    chosen: dict[str, str] = {}
    if shape := [known[name] for name in _SHAPE if name in known]:
        with st.container(border=True):
            st.markdown("**Network and training**")
            _grid(shape, given, chosen, prefix)
    if inputs := [known[name] for name in _INPUTS if name in known]:
        with st.container(border=True):
            st.markdown("**Inputs** beside the target itself")
            _grid(inputs, given, chosen, prefix)
            if len(panel.channels) == 1:
                st.caption("The data has no other channel than the target.")
    if rest := [one for one in known.values() if one.name not in _SHAPE + _INPUTS]:
        with st.expander(f"{len(rest)} more options", icon=":material/instant_mix:"):
            _grid(rest, given, chosen, prefix)
    return chosen


def _grid(shown: list[Knob], given: Mapping[str, str], chosen: dict[str, str], prefix: str) -> None:
    columns = st.columns(4)
    for place, knob in enumerate(shown):
        value = knob_widget(knob, columns[place % 4], prefix=prefix, given=given.get(knob.name))
        if value is not None:
            chosen[knob.name] = value


def _train(data: DataSet, plan: Plan, wrong: tuple[str, ...]) -> None:
    for one in wrong:
        st.error(plain(one), icon=":material/error:")
    if st.button(
        "Train and test", type="primary", icon=":material/play_arrow:", disabled=bool(wrong), key="start.train"
    ):
        try:
            run = start_run(workspace(), data, plan, most=current_settings().most_runs)
        except NettideError as error:
            st.error(plain(str(error)), icon=":material/error:")
            return
        st.session_state["training.run"] = run.name
        st.switch_page(path_of("training.py"))


def _the_same(data: DataSet, plan: Plan) -> None:
    with st.expander("The same without the studio", icon=":material/terminal:"):
        command, python = st.tabs(["Command line", "Python"])
        with command:
            st.caption("Trains and tests, as the button does:")
            st.code(backtest_command(data.location, data.reading, plan, out=_OUT), language="bash", wrap_lines=True)
            st.caption("Trains on all of the data, test part included, and keeps the model for use:")
            text = fit_command(data.location, data.reading, plan, out="models/mine")
            st.code(text, language="bash", wrap_lines=True)
        with python:
            st.code(python_lines(data.location, data.reading, plan, out=_OUT), language="python", wrap_lines=True)
