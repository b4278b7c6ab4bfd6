"""The table of models: names, presets and options, imported on use."""

from __future__ import annotations

import dataclasses
import subprocess
import sys

import pytest

from nettide.errors import DamagedError, OptionError, UnknownModelError
from nettide.models import MODELS, accepts, make_model, model_class, restore_model
from nettide.models.contract import State
from nettide.models.naive import NaiveModel
from nettide.models.options import option_names
from nettide.models.recurrent import RecurrentModel

NETWORKS = {
    "rnn": ("rnn", False),
    "lstm": ("lstm", False),
    "gru": ("gru", False),
    "gru-fcn": ("gru", True),
    "lstm-fcn": ("lstm", True),
}


@pytest.mark.parametrize("name", MODELS)
def test_every_entry_names_a_class_with_a_config_and_known_presets(name: str) -> None:
    config = model_class(name).Config
    assert dataclasses.is_dataclass(config)
    assert set(MODELS[name].preset) <= set(option_names(config))
    assert MODELS[name].about
    assert make_model(name, horizon=7).horizon == 7


@pytest.mark.parametrize("name", NETWORKS)
def test_the_networks_differ_by_their_cell_and_branch(name: str) -> None:
    model = make_model(name, horizon=3, context=12, seed=5, options={"hidden": "16"})
    assert isinstance(model, RecurrentModel)
    config = model.config
    assert (config.cell, config.convolution) == NETWORKS[name]
    assert (config.horizon, config.context, config.seed, config.hidden) == (3, 12, 5, 16)


def test_an_option_may_override_a_preset() -> None:
    model = make_model("lstm", horizon=3, options={"cell": "gru"})
    assert isinstance(model, RecurrentModel)
    assert model.config.cell == "gru"


@pytest.mark.parametrize("option", ["horizon", "context", "seed"])
def test_what_has_an_argument_of_its_own_is_refused_among_the_options(option: str) -> None:
    with pytest.raises(
        OptionError, match=rf"^model 'lstm': {option} is given by itself \(--{option}\), not among the options$"
    ):
        make_model("lstm", horizon=3, options={option: 5})


def test_a_model_without_a_seed_ignores_it() -> None:
    assert not accepts("naive", "seed")
    assert isinstance(make_model("naive", horizon=3, seed=5), NaiveModel)


def test_models_know_their_options() -> None:
    assert accepts("lstm", "hidden")
    assert not accepts("naive", "hidden")
    assert not accepts("lstm", "hiden")


def test_an_unknown_model_names_the_nearest() -> None:
    message = r"^unknown model 'lsmt'; did you mean 'lstm'\? known: auto, auto-arima, auto-ets, base, base-tuned, gru, "
    for ask in (
        lambda: make_model("lsmt", horizon=1),
        lambda: model_class("lsmt"),
        lambda: accepts("lsmt", "hidden"),
        lambda: restore_model("lsmt", State({})),
    ):
        with pytest.raises(UnknownModelError, match=message):
            ask()


def test_bad_options_name_their_model() -> None:
    with pytest.raises(OptionError, match=r"^model 'gru': unknown option 'hiden'; did you mean 'hidden'\? known: "):
        make_model("gru", horizon=1, options={"hiden": 1})
    with pytest.raises(OptionError, match=r"^model 'gru': option hidden=big: is not a whole number$"):
        make_model("gru", horizon=1, options={"hidden": "big"})


def test_a_foreign_state_is_damaged() -> None:
    for name in MODELS:
        with pytest.raises(DamagedError):
            restore_model(name, State({"kind": "something else"}))


def test_torch_is_imported_only_when_a_network_is_asked_for() -> None:
    code = (
        "import sys; from nettide.models import make_model; make_model('naive', horizon=1);"
        "assert 'torch' not in sys.modules; make_model('rnn', horizon=1); assert 'torch' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
