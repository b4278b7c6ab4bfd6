"""The choice of a model and its options, as one types them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from nettide.errors import OptionError, unknown
from nettide.models import MODELS, accepts, make_model, model_class
from nettide.models.contract import Model
from nettide.models.options import option_names

_ELSEWHERE = ("horizon", "context", "seed")
DEFAULT_MODEL = "auto"
COMPARED = ("auto", "seasonal-naive", "naive")
"""What a backtest compares where no model is named."""
MOST_SEED = 2**32 - 1


@dataclass(frozen=True, slots=True)
class Choice:
    """What to fit.

    Args:
        horizon: steps ahead.
        context: steps of history in a window; None lets the model choose.
        seed: of everything random.
        epochs: most passes over the training windows; None leaves the model's own.
        options: option -> text; ``model.option`` is for one model, ``option`` for all that have it.
        budget: time for fitting ``auto``, such as 60s; None leaves its own.

    Raises:
        OptionError: the seed is out of range.
    """

    horizon: int
    context: int | None = None
    seed: int = 0
    epochs: int | None = None
    options: Mapping[str, str] = field(default_factory=dict)
    budget: str | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.seed <= MOST_SEED:
            raise OptionError(f"seed {self.seed} must be 0 ... {MOST_SEED}")


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
    """Make the named models, each with the options it has; one model's own option goes before one for all.

    Raises:
        UnknownModelError: a name is not in the table.
        OptionError: an option, the budget or the epochs are of no named model, have a bad value, or are said elsewhere.
    """
    for key in choice.options:
        _check_option(key, names, choice)
    _check_budget(names, choice)
    models = {}
    for name in names:
        options: dict[str, str] = {}
        if choice.epochs is not None and accepts(name, "epochs"):
            options["epochs"] = str(choice.epochs)
        if choice.budget is not None and accepts(name, "budget"):
            options["budget"] = choice.budget
        for key, value in sorted(choice.options.items(), key=lambda one: "." in one[0]):
            owner, dot, option = key.rpartition(".")
            if owner == name if dot else accepts(name, option):
                options[option] = value
        models[name] = make_model(
            name, horizon=choice.horizon, context=choice.context, seed=choice.seed, options=options
        )
    return models


def _check_budget(names: Sequence[str], choice: Choice) -> None:
    """Refuse a budget or a number of epochs that no model of the run would heed.

    Raises:
        OptionError: none of them has such an option.
    """
    run = ", ".join(names)
    if choice.budget is not None and not any(accepts(name, "budget") for name in names):
        raise OptionError(f"--budget is for auto alone, and this run has {run}; leave it out, or choose --model auto")
    if choice.epochs is not None and not any(accepts(name, "epochs") for name in names):
        raise OptionError(f"--epochs is for networks such as lstm, and this run has {run}; leave it out")


def _check_option(key: str, names: Sequence[str], choice: Choice) -> None:
    """Refuse an option that no model of the run has, and one that would silently lose against another.

    Raises:
        UnknownModelError: a name is not in the table.
        OptionError: it is such an option.
    """
    owner, dot, option = key.rpartition(".")
    if dot and owner not in MODELS:
        raise OptionError(f"--set {key}: {unknown('model', owner, MODELS)}")
    if dot and owner not in names:
        raise OptionError(f"--set {key}: {owner} is not among the models of this run: {', '.join(names)}")
    if option in _ELSEWHERE:
        raise OptionError(f"--set {key}: write --{option} instead")
    if key == "epochs" and choice.epochs is not None:
        raise OptionError("--epochs and --set epochs say the same; give one of them")
    if key == "budget" and choice.budget is not None:
        raise OptionError("--budget and --set budget say the same; give one of them")
    asked = [owner] if dot else list(names)
    if fixed := [name for name in asked if option in MODELS[name].preset]:
        raise OptionError(f"--set {key}: {option} is what makes {fixed[0]!r}; choose another model instead")
    known = {one for name in asked for one in option_names(model_class(name).Config)}
    if option not in known:
        raise OptionError(f"--set {key}: {unknown('option', option, known.difference(_ELSEWHERE))}")
