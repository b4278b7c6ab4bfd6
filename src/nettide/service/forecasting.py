"""Handlers that forecast: a posted history, or the next step of one series."""

from __future__ import annotations

from dataclasses import replace
from http import HTTPStatus
from typing import Any

from flask import Response

from nettide.forecast import Forecast, quantile_name
from nettide.panel import Panel
from nettide.service.answers import csv_response, json_response, numbers, wants_csv
from nettide.service.csv_text import csv_text
from nettide.service.given import GivenForecast, GivenSteps
from nettide.service.history import panel_of, panel_of_steps, time_texts
from nettide.service.occasions import with_occasions, with_usual_holidays
from nettide.service.problems import ProblemError
from nettide.service.remarks import remarks
from nettide.service.runtime import caller, runtime, seconds_left
from nettide.service.schemas import StepAnswer
from nettide.service.served import check_asked
from nettide.service.shelf import Held
from nettide.tasks.forecast import usual_horizon
from nettide.units import parse_step, step_text


def forecast(given: GivenForecast) -> Response:
    """Forecast posted series; CSV where the client asks for it."""
    held = runtime().shelf.get(given.model)
    step_seconds = parse_step(given.step)
    check_asked(held.described, model=given.model, step_seconds=step_seconds, horizon=given.horizon)
    limits = runtime().settings.limits
    panel = panel_of(given, target=held.described.target, unit=held.described.unit, limits=limits)
    panel = with_occasions(panel, given)
    made = predict(held, panel, given.horizon)
    if given.start is not None or given.end is not None:
        runtime().bands.seen(caller().id, given.model, panel, made)
    if given.quantiles == []:
        made = _point_alone(made)
    elif given.quantiles is not None and tuple(given.quantiles) != made.levels:
        made = made.at_levels(given.quantiles)
    if wants_csv():
        return csv_response(_csv(made), name="forecast.csv")
    return json_response({**_document(made, given.model), "notes": remarks(panel, given, held, made)})


def next_step(given: GivenSteps) -> Response:
    """Forecast the next step of one series."""
    held = runtime().shelf.get(given.model)
    check_asked(held.described, model=given.model, step_seconds=parse_step(given.step), horizon=1)
    limits = runtime().settings.limits
    panel = panel_of_steps(given, target=held.described.target, unit=held.described.unit, limits=limits)
    made = predict(held, with_usual_holidays(panel), 1)
    [[value]] = numbers(made.point[0])
    low, high = (
        (numbers(made.quantile(level)[0])[0][0] for level in (0.1, 0.9))
        if {0.1, 0.9} <= set(made.levels)
        else (None,) * 2
    )
    when = time_texts(int(made.seconds[0, 0]), made.step_seconds, 1)[0]
    return json_response(StepAnswer(model=given.model, time=when, value=value, low=low, high=high))


def predict(held: Held, panel: Panel, horizon: int | None) -> Forecast:
    """Forecast from the end of a panel, within what is left of the time of this request.

    Args:
        held: the model.
        panel: the history.
        horizon: steps ahead; None takes all that a fitted model can, a day or an hour of the pretrained one.

    Raises:
        NettideError: the panel cannot be forecast.
        ProblemError: 503 for want of time or room.
    """
    limits, metrics = runtime().settings.limits, runtime().metrics
    if horizon is None:
        usual = usual_horizon(panel.step_seconds) if held.record is None else held.described.horizon
        horizon = min(usual, limits.horizon)
    elif horizon > limits.horizon:
        raise ProblemError(
            HTTPStatus.UNPROCESSABLE_ENTITY,
            f"horizon {horizon} is beyond the {limits.horizon} steps that this service forecasts",
        )
    with metrics.waiting.labels(held.name).track_inprogress():
        made = held.forecast(panel, horizon, seconds=seconds_left())
    metrics.forecasts.labels(held.name).inc(len(panel.series))
    return made


def _document(made: Forecast, model: str) -> dict[str, Any]:
    points, names = numbers(made.point[:, 0]), [f"{level:g}" for level in made.levels]
    bands = numbers(made.quantiles[:, 0].transpose(0, 2, 1))  # (series, level, step)
    return {
        "model": model,
        "step": step_text(made.step_seconds),
        "cutoff": time_texts(int(made.cutoffs[0]), 1, 1)[0],
        "times": time_texts(int(made.seconds[0, 0]), made.step_seconds, made.horizon),
        "series": [
            {"id": id, "unit": unit, "point": point, "quantiles": dict(zip(names, band, strict=True))}
            for id, unit, point, band in zip(made.ids, made.units, points, bands, strict=True)
        ],
    }


def _csv(made: Forecast) -> str:
    times = time_texts(int(made.seconds[0, 0]), made.step_seconds, made.horizon)
    points, bands = numbers(made.point[:, 0]), numbers(made.quantiles[:, 0])
    rows = (
        [id, moment, unit, point, *band]
        for id, unit, line, lines in zip(made.ids, made.units, points, bands, strict=True)
        for moment, point, band in zip(times, line, lines, strict=True)
    )
    return csv_text(["unique_id", "ds", "unit", "y_hat", *map(quantile_name, made.levels)], rows)


def _point_alone(made: Forecast) -> Forecast:
    return replace(made, levels=(), quantiles=made.quantiles[..., :0])
