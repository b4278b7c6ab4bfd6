"""From what a client asks of a job to what the tasks take."""

from __future__ import annotations

from nettide.models import MODELS
from nettide.panel import Series
from nettide.prepare.grid import GridChoice
from nettide.service.given import GivenBacktest, GivenFit
from nettide.sources.contract import Layout
from nettide.tasks.choice import COMPARED, DEFAULT_MODEL, Choice, make_chosen
from nettide.tasks.load import Reading
from nettide.units import parse_step


def checked_request(given: GivenBacktest | GivenFit) -> tuple[tuple[str, ...], Choice, Reading]:
    """Give models, choice and reading of a job; models are made once, so that bad options are refused at once.

    Raises:
        NettideError: a model, an option, the budget, the step or the zone cannot be used.
    """
    models = tuple(given.models) or (COMPARED if given.kind == "backtest" else (DEFAULT_MODEL,))
    assert all(name in MODELS for name in models)
    choice = Choice(given.horizon, None, given.seed, given.epochs, given.options, given.budget)
    make_chosen(choice, models)
    Series("data", zone=given.zone or "UTC")
    reading = Reading(
        layout=Layout(time=given.time, id=given.id, target=given.target, zone=given.zone),
        grid=GridChoice(step_seconds=None if given.step is None else parse_step(given.step)),
        unit=given.unit,
        zone=given.zone or "UTC",
    )
    return models, choice, reading
