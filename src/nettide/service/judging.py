"""Handler of anomalies: how unusual the last posted points are."""

from __future__ import annotations

from http import HTTPStatus

from flask import Response

from nettide.insight.anomalies_types import AnomalyConfig
from nettide.service.answers import json_response, numbers
from nettide.service.given import GivenPoints
from nettide.service.history import panel_of, time_texts
from nettide.service.occasions import with_occasions
from nettide.service.problems import ProblemError
from nettide.service.remarks import remarks
from nettide.service.runtime import runtime, seconds_left
from nettide.service.schemas import IncidentAnswer
from nettide.service.served import check_asked
from nettide.units import parse_step


def anomalies(given: GivenPoints) -> Response:
    """Judge the last points of posted series, by forecasts of each point from what came before it alone."""
    shared = runtime()
    held = shared.shelf.get(given.model)
    check_asked(held.described, model=given.model, step_seconds=parse_step(given.step), horizon=None)
    limits = shared.settings.limits
    panel = panel_of(given, target=held.described.target, unit=held.described.unit, limits=limits)
    if panel.target.size > limits.judged_points:
        raise ProblemError(
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
            f"{panel.target.size:,} values are more than are judged at a time ({limits.judged_points:,}); send fewer",
        )
    if given.points > panel.steps:
        raise ProblemError(
            HTTPStatus.UNPROCESSABLE_ENTITY, f"points: {given.points} are more than the {panel.steps} steps of history"
        )
    panel = with_occasions(panel, given)
    config = AnomalyConfig(false_alarms_per_week=given.false_alarms_per_week)
    found = shared.judge.judge(held.model, panel, points=given.points, config=config, seconds=seconds_left())
    names = ("value", "expected", "low", "high", "score", "chance")
    columns = [numbers(getattr(found.points, name)) for name in names]
    flags = found.points.flag.tolist()
    times = time_texts(int(found.seconds[0]), found.step_seconds, len(found.seconds))
    series = [
        {
            "id": id,
            "unit": found.units[row],
            "points": [
                {
                    "time": moment,
                    **{name: column[row][place] for name, column in zip(names, columns, strict=True)},
                    "anomaly": flags[row][place],
                }
                for place, moment in enumerate(times)
            ],
        }
        for row, id in enumerate(found.ids)
    ]
    notes = remarks(panel, given, held, None)
    incidents = [
        IncidentAnswer(
            series=one.series,
            kind=one.kind,
            severity=one.severity,
            start=time_texts(one.start, 1, 1)[0],
            end=time_texts(one.end, 1, 1)[0],
            ongoing=one.ongoing,
            text=one.text,
        ).model_dump()
        for one in found.incidents
    ]
    return json_response({"model": given.model, "series": series, "incidents": incidents, "notes": notes})
