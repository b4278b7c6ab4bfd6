"""How answers are written: JSON without NaN, CSV, times."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import numpy as np
from flask import Response, request
from pydantic import BaseModel

from nettide.arrays import Floats
from nettide.service import csv_text


def json_response(values: BaseModel | dict[str, Any], *, status: int = 200) -> Response:
    """Answer JSON."""
    text = values.model_dump_json() if isinstance(values, BaseModel) else json.dumps(values, allow_nan=False)
    return Response(text, status=status, content_type="application/json")


def csv_response(text: str, *, name: str) -> Response:
    """Answer a CSV file to download."""
    answer = Response(text, content_type=csv_text.MEDIA_TYPE)
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


def wants_csv() -> bool:
    """Say whether the client asked for CSV rather than JSON."""
    accepted = request.headers.get("Accept", "")
    return (
        "text/csv" in accepted and request.accept_mimetypes.best_match(["application/json", "text/csv"]) == "text/csv"
    )


def numbers(values: Floats) -> list[Any]:
    """Give an array as nested lists, with null for NaN."""
    if not np.isnan(values).any():
        found: list[Any] = values.tolist()
        return found
    objects = values.astype(object)
    objects[np.isnan(values)] = None
    known: list[Any] = objects.tolist()
    return known


def time_text(moment: datetime | None) -> str | None:
    """Write a time in UTC, to the second."""
    return None if moment is None else moment.isoformat(timespec="seconds").replace("+00:00", "Z")
