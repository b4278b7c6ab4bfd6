"""Hooks of schemathesis: leave out requests that break a rule which JSON Schema cannot say, and so stands in words.

Each of these rules has a test of its own; everything else that the schema allows must be accepted.
"""

from __future__ import annotations

import re
from typing import Any

import schemathesis
from hypothesis import strategies

from nettide.models import MODELS, accepts
from nettide.service.uploads import UPLOADS
from nettide.service.values import STEP_PATTERN
from nettide.units import parse_step

STEP = re.compile(STEP_PATTERN)


def breaks_a_worded_rule(body: Any) -> bool:
    """Say whether a body is as the schema has it, but breaks a rule that its descriptions say."""
    if not isinstance(body, dict):
        return False
    return _of_a_history(body) if "series" in body else _of_a_job(body)


def _of_a_history(body: dict[str, Any]) -> bool:
    series = body["series"]
    if not isinstance(series, list) or not all(
        isinstance(one, dict) and isinstance(one.get("values"), list) for one in series
    ):
        return False
    ids = [one.get("id") for one in series if isinstance(one.get("id"), str)]
    lengths = {len(one["values"]) for one in series}
    points = body.get("points")
    alarms, step = body.get("false_alarms_per_week"), body.get("step", "1h")
    most = 0.1 * 604_800 / parse_step(step) if isinstance(step, str) and STEP.fullmatch(step) else 0.0
    return (
        len(set(ids)) < len(ids)
        or (isinstance(alarms, float | int) and alarms > most)
        or (body.get("start") is not None and len(lengths) > 1)
        or (isinstance(points, int | float) and lengths != set() and points > max(lengths))
        or any(_has_uneven_channels(one) for one in series)
        or any(_ends_too_early_or_concerns_others(one, ids) for one in body.get("events") or [])
    )


def _has_uneven_channels(series: dict[str, Any]) -> bool:
    channels = series.get("channels")
    return isinstance(channels, dict) and any(
        isinstance(one, list) and len(one) != len(series["values"]) for one in channels.values()
    )


def _ends_too_early_or_concerns_others(event: Any, ids: list[str]) -> bool:
    from nettide.service.history import epoch
    from nettide.service.problems import ProblemError

    if not isinstance(event, dict):
        return False
    concerned = event.get("series")
    if isinstance(concerned, list) and any(isinstance(id, str) and id not in ids for id in concerned):
        return True
    try:
        return epoch(event["end"], at="") <= epoch(event["start"], at="")
    except (KeyError, TypeError, ProblemError):
        return False


def _of_a_job(body: dict[str, Any]) -> bool:
    models = body.get("models") or ["auto"]
    if not isinstance(models, list) or not all(isinstance(one, str) and one in MODELS for one in models):
        return False
    return (
        bool(body.get("options"))
        or (body.get("budget") is not None and not any(accepts(one, "budget") for one in models))
        or (body.get("epochs") is not None and not any(accepts(one, "epochs") for one in models))
    )


FILES = strategies.just(b"time,y\n2026-01-01T00:00Z,1\n2026-01-01T01:00Z,2\n") | strategies.binary(min_size=1)
for media in UPLOADS:  # schemathesis knows no way to write these
    schemathesis.openapi.media_type(media, FILES)


@schemathesis.hook
def filter_case(context: Any, case: Any) -> bool:
    """Keep a case that breaks none of these rules."""
    del context
    return not breaks_a_worded_rule(case.body)
