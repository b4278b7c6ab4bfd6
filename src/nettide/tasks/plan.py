"""Plan: everything that a training with its test needs, made by hand or by a preset, checked before time is spent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from nettide.backtest.origin import first_test_step
from nettide.errors import HistoryError, NettideError, UnknownModelError, unknown
from nettide.models import MODELS, model_class
from nettide.models.options import option_names
from nettide.models.recurrent_config import RecurrentConfig, resolve
from nettide.panel import Panel
from nettide.tasks.backtest import DEFAULT_TEST_FRACTION
from nettide.tasks.choice import Choice, make_chosen
from nettide.tasks.forecast import usual_horizon

Preset = Literal["quick look", "balanced", "best"]
PRESETS: Mapping[Preset, str] = {
    "quick look": "the pretrained network as it is: an answer in seconds, nothing is trained",
    "balanced": "an LSTM with what was measured to work, trained on your data: seconds to minutes",
    "best": "auto: several models compared on your data and mixed; three minutes unless you say otherwise",
}
COMPARED = ("seasonal-naive", "naive")
"""What every model is compared with: a model that loses to them should not be used."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What to train, and how to test it.

    Args:
        model: a name of the table of models.
        horizon: steps ahead.
        context: steps of history in a window; None lets the model choose.
        test_fraction: last share of the steps, which the model does not learn from.
        seed: of everything random.
        epochs: most passes over the training windows; None leaves the model's own.
        budget: time for fitting ``auto``; None leaves its own.
        options: further options of the model as texts.
    """

    model: str
    horizon: int
    context: int | None = None
    test_fraction: float = DEFAULT_TEST_FRACTION
    seed: int = 0
    epochs: int | None = None
    budget: str | None = None
    options: tuple[tuple[str, str], ...] = ()

    @property
    def models(self) -> tuple[str, ...]:
        """The model and those that it is compared with."""
        return (self.model, *(name for name in COMPARED if name != self.model))

    def choice(self) -> Choice:
        """Give the choice that ``tasks.backtest`` and ``tasks.fit`` take.

        Options go to the model alone, not to those that it is compared with.

        Raises:
            OptionError: the seed is out of range.
        """
        options = {f"{self.model}.{name}": value for name, value in self.options}
        return Choice(self.horizon, self.context, self.seed, self.epochs, options, self.budget)


def usual_plan(panel: Panel, preset: Preset = "balanced") -> Plan:
    """Give a plan for the data at hand."""
    horizon = max(1, min(usual_horizon(panel.step_seconds), panel.steps // 10))
    plan = Plan("lstm", horizon)
    if preset == "quick look":
        return replace(plan, model="base")
    return replace(plan, model="auto", budget="180s") if preset == "best" else plan


def usual_context(panel: Panel, plan: Plan) -> int | None:
    """Give the window that a model of the recurrent kind would choose; None where only the model itself can say."""
    if plan.model not in MODELS or not issubclass(model_class(plan.model).Config, RecurrentConfig):
        return None
    try:
        return resolve(RecurrentConfig(plan.horizon), panel).context
    except HistoryError:
        return None


def problems(plan: Plan, panel: Panel) -> tuple[str, ...]:
    """Say what would make a plan fail on a panel, a sentence each, before time is spent; nothing where all is well."""
    try:
        if plan.model not in MODELS:
            raise UnknownModelError(unknown("model", plan.model, MODELS))
        make_chosen(plan.choice(), plan.models)
        first = first_test_step(panel, test_fraction=plan.test_fraction)
    except NettideError as error:
        return (str(error),)
    return tuple(_lengths(plan, panel, first))


def _lengths(plan: Plan, panel: Panel, first: int) -> list[str]:
    found = []
    test = panel.steps - first
    if test < plan.horizon:
        found.append(
            f"the test part has {test:,} steps and the horizon {plan.horizon:,}: nothing could be tested; "
            "take a larger test share or a shorter horizon"
        )
    trained = issubclass(model_class(plan.model).Config, RecurrentConfig)
    context = plan.context if plan.context is not None else 2
    if trained and first < context + plan.horizon:
        found.append(
            f"before the test part there are {first:,} steps, and a window of {context:,} with a horizon of "
            f"{plan.horizon:,} needs {context + plan.horizon:,}; take a shorter window, a shorter horizon or a smaller "
            "test share"
        )
    options = dict(plan.options)
    if trained and options.get("channels") == "all" and len(panel.channels) < 2:
        found.append(f"the data has no other channel than {panel.channels[0].name!r}; take channels=target")
    return found


def plan_document(plan: Plan) -> dict[str, Any]:
    """Give JSON values that ``plan_from`` reads."""
    return {name: getattr(plan, name) for name in option_names(Plan) if name != "options"} | {
        "options": dict(plan.options)
    }


def plan_from(document: Mapping[str, Any]) -> Plan:
    """Read what ``plan_document`` gave.

    Raises:
        TypeError: a field is missing or unknown.
        ValueError: the options are no mapping.
    """
    values = dict(document)
    options = values.pop("options", {})
    if not isinstance(options, Mapping):
        raise ValueError(f"options are {options!r}")
    return Plan(**values, options=tuple((str(name), str(value)) for name, value in options.items()))
