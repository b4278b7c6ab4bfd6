"""The choice of a model and its options, as one types them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from nettide.errors import OptionError, unknown
from nettide.models import MODELS, accepts, make_model
from nettide.models.contract import Model


@dataclass(frozen=True, slots=True)
class Choice:
    """What to fit.

    Args:
        horizon: steps ahead.
        context: steps of history in a window; None lets the model choose.
        seed: of everything random.
        epochs: most passes over the training windows; None leaves the model's own.
        options: option -> text; ``model.option`` is for one model, ``option`` for all that have it.
    """

    horizon: int
    context: int | None = None
    seed: int = 0
    epochs: int | None = None
    options: Mapping[str, str] = field(default_factory=dict)


def parse_options(texts: Sequence[str]) -> dict[str, str]:
    """Split ``KEY=VALUE`` texts.

    Raises:
        OptionError: a text has no equals sign, or a key comes twice.
    """
    options: dict[str, str] = {}
    for text in texts:
        key, equals, value = text.partition("=")
        if not equals or not key.strip():
            raise OptionError(f"--set {text!r} is not understood; write KEY=VALUE, for example hidden=128")
        if key.strip() in options:
            raise OptionError(f"--set {key.strip()} is given more than once")
        options[key.strip()] = value.strip()
    return options


def make_chosen(choice: Choice, names: Sequence[str]) -> dict[str, Model]:
    """Make the named models, each with the options it has.

    Raises:
        UnknownModelError: a name is not in the table.
        OptionError: an option is one of no named model, or has a bad value.
    """
    used: set[str] = set()
    models = {}
    for name in names:
        options: dict[str, str] = {}
        if choice.epochs is not None and accepts(name, "epochs"):
            options["epochs"] = str(choice.epochs)
        for key, value in choice.options.items():
            owner, dot, option = key.rpartition(".")
            if (dot and owner == name) or (not dot and accepts(name, option)):
                options[option] = value
                used.add(key)
        models[name] = make_model(
            name, horizon=choice.horizon, context=choice.context, seed=choice.seed, options=options
        )
    for key in choice.options:
        owner = key.rpartition(".")[0]
        if owner and owner not in MODELS:
            raise OptionError(f"--set {key}: {unknown('model', owner, MODELS)}")
        if key not in used:
            raise OptionError(f"--set {key}: no model of this run has that option: {', '.join(names)}")
    return models
