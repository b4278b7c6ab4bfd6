"""The table of models: name -> where it lives; each is imported on use.

A new model is one file that keeps ``models.contract.Model`` and one line here; the conformance
suite in the tests then runs on it.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from nettide.errors import OptionError, UnknownModelError, unknown
from nettide.models.contract import Model, ModelClass, State
from nettide.models.options import build_config, option_names


@dataclass(frozen=True, slots=True)
class Entry:
    """Where a model lives and what it is.

    Args:
        path: ``module:Class``, imported on use.
        about: one line for the user.
        preset: options that make this name different from others of the same class.
        occasions: whether it learns from holidays, maintenance windows and events.
    """

    path: str
    about: str
    preset: Mapping[str, Any] = field(default_factory=dict)
    occasions: bool = False


_NAIVE = "nettide.models.naive:NaiveModel"
_RECURRENT = "nettide.models.recurrent:RecurrentModel"
_PRETRAINED = "nettide.models.pretrained.model:PretrainedModel"
_STATISTICAL = "nettide.models.statistical.model:StatisticalModel"

MODELS: dict[str, Entry] = {
    "naive": Entry(_NAIVE, "the last known value", {"season": "none"}),
    "seasonal-naive": Entry(_NAIVE, "the same time one week ago (one day where history is short)", {"season": "auto"}),
    "seasonal-naive-day": Entry(_NAIVE, "the same time one day ago", {"season": "day"}),
    "similar-day": Entry(
        "nettide.models.similar_day:SimilarDayModel",
        "what days of the same kind brought, at today's level",
        occasions=True,
    ),
    "window-mean": Entry("nettide.models.naive:WindowMeanModel", "the mean of the context"),
    "auto": Entry(
        "nettide.models.auto.model:AutoModel", "the best mixture of challengers, chosen on the data", occasions=True
    ),
    "base": Entry(_PRETRAINED, "pretrained network, used as it is", {"batches": 0}, occasions=True),
    "base-tuned": Entry(_PRETRAINED, "pretrained network, tuned on the data", occasions=True),
    "auto-ets": Entry(_STATISTICAL, "exponential smoothing, fitted at each cutoff", {"method": "ets"}),
    "auto-arima": Entry(_STATISTICAL, "ARIMA of low order on the seasonally adjusted series", {"method": "arima"}),
    "theta": Entry(_STATISTICAL, "the Theta method on the seasonally adjusted series", {"method": "theta"}),
    "mstl": Entry(_STATISTICAL, "day and week by loess, the rest by exponential smoothing", {"method": "mstl"}),
    "prophet": Entry(
        _STATISTICAL,
        "trend with changes, Fourier seasons and holidays (extra: prophet)",
        {"method": "prophet"},
        occasions=True,
    ),
    "rnn": Entry(_RECURRENT, "plain (Elman) recurrent network", {"cell": "rnn"}, occasions=True),
    "lstm": Entry(_RECURRENT, "long short-term memory network", {"cell": "lstm"}, occasions=True),
    "gru": Entry(_RECURRENT, "gated recurrent unit network", {"cell": "gru"}, occasions=True),
    "gru-fcn": Entry(
        _RECURRENT, "GRU beside a fully convolutional branch", {"cell": "gru", "convolution": True}, occasions=True
    ),
    "lstm-fcn": Entry(
        _RECURRENT, "LSTM beside a fully convolutional branch", {"cell": "lstm", "convolution": True}, occasions=True
    ),
    "lightgbm": Entry("nettide.models.boosted:BoostedModel", "gradient-boosted trees", occasions=True),
}


def model_class(name: str) -> ModelClass:
    """Import the class behind a name.

    Raises:
        UnknownModelError: the table has no such name.
    """
    if name not in MODELS:
        raise UnknownModelError(unknown("model", name, MODELS))
    module, _, attribute = MODELS[name].path.partition(":")
    found: ModelClass = getattr(importlib.import_module(module), attribute)
    return found


def make_model(
    name: str,
    *,
    horizon: int,
    context: int | None = None,
    seed: int = 0,
    options: Mapping[str, Any] | None = None,
) -> Model:
    """Make an unfitted model.

    Args:
        name: a name of the table.
        horizon: steps ahead, 1 to 336.
        context: steps of history it sees; None lets the model choose by the step.
        seed: of everything random; models without randomness ignore it.
        options: further fields of the model's config, as values or as texts.

    Raises:
        UnknownModelError: the table has no such name.
        OptionError: an option does not exist for this model, has a bad value, or is one of the arguments above.
    """
    return model_class(name)(make_config(name, horizon=horizon, context=context, seed=seed, options=options))


def make_config(
    name: str, *, horizon: int, context: int | None, seed: int, options: Mapping[str, Any] | None = None
) -> Any:
    """Make the config of a model; arguments and errors are those of ``make_model``."""
    found = model_class(name)
    if own := [option for option in ("horizon", "context", "seed") if option in (options or {})]:
        raise OptionError(f"model {name!r}: {own[0]} is given by itself (--{own[0]}), not among the options")
    values = {**MODELS[name].preset, **(options or {}), "horizon": horizon, "context": context}
    if "seed" in option_names(found.Config):
        values["seed"] = seed
    return build_config(found.Config, values, what=f"model {name!r}")


def restore_model(name: str, state: State) -> Model:
    """Make a fitted model from what its ``state`` gave.

    Raises:
        UnknownModelError: the table has no such name.
        DamagedError: the state is not one of this model.
    """
    return model_class(name).restore(state)


def accepts(name: str, option: str) -> bool:
    """Say whether a model has an option of this name."""
    return option in option_names(model_class(name).Config)
