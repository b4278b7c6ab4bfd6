"""Problem documents (RFC 9457): every error that a client sees, and which status which of our errors has."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from flask import Response
from pydantic import ValidationError
from werkzeug.exceptions import HTTPException

from nettide.errors import (
    BusyError,
    DamagedError,
    LimitError,
    MissingExtraError,
    NettideError,
    StoreError,
    UnknownModelError,
)

MEDIA_TYPE = "application/problem+json"
RETRY_SECONDS = 1
_MOST_FAULTS = 20
_MOST_TEXT = 300


class ProblemError(Exception):
    """What ends a request early, with the status and sentence that its client gets.

    Args:
        status: HTTP status.
        detail: one sentence: what, where, value, remedy.
        faults: places in the request and what is wrong there.
        headers: further headers, as ``Retry-After``.
    """

    def __init__(
        self,
        status: int,
        detail: str,
        *,
        faults: Sequence[Mapping[str, str]] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status, self.detail, self.faults, self.headers = status, detail, tuple(faults), dict(headers or {})


def overloaded(detail: str, *, after_seconds: int = RETRY_SECONDS) -> ProblemError:
    """Give the problem of a request that came while there was no room for it."""
    return ProblemError(HTTPStatus.SERVICE_UNAVAILABLE, detail, headers={"Retry-After": str(after_seconds)})


def not_found(what: str) -> ProblemError:
    """Give the problem of something that is not there, or belongs to another key."""
    return ProblemError(HTTPStatus.NOT_FOUND, what)


def document(problem: ProblemError) -> dict[str, Any]:
    """Give the JSON values of a problem."""
    found: dict[str, Any] = {
        "type": "about:blank",
        "title": HTTPStatus(problem.status).phrase,
        "status": int(problem.status),
        "detail": _shown(problem.detail),
    }
    if problem.faults:
        found["faults"] = [dict(one) for one in problem.faults]
    return found


def response(problem: ProblemError) -> Response:
    """Give the HTTP response of a problem."""
    answer = Response(json.dumps(document(problem)), status=problem.status, content_type=MEDIA_TYPE)
    answer.headers.update(problem.headers)
    return answer


def of_error(error: NettideError) -> ProblemError:
    """Give the problem of an error of ours: what was asked is wrong (422) unless it is the state of the service."""
    if isinstance(error, LimitError):
        return ProblemError(HTTPStatus.TOO_MANY_REQUESTS, str(error), headers={"Retry-After": "10"})
    if isinstance(error, UnknownModelError):
        return ProblemError(HTTPStatus.NOT_FOUND, str(error))
    if isinstance(error, DamagedError | MissingExtraError):
        return ProblemError(HTTPStatus.SERVICE_UNAVAILABLE, _without_paths(error), headers={"Retry-After": "60"})
    if isinstance(error, BusyError | StoreError):
        return ProblemError(HTTPStatus.SERVICE_UNAVAILABLE, _without_paths(error), headers={"Retry-After": "5"})
    return ProblemError(HTTPStatus.UNPROCESSABLE_ENTITY, str(error))


def of_validation(error: ValidationError, *, where: str) -> ProblemError:
    """Give the problem of a body or query that is not as the OpenAPI document says."""
    faults = [
        {"at": ".".join(map(str, one["loc"])) or where, "message": _shown(one["msg"].removeprefix("Value error, "))}
        for one in error.errors(include_url=False, include_context=False, include_input=False)[:_MOST_FAULTS]
    ]
    first = faults[0]
    more = f", and {error.error_count() - 1} more" if error.error_count() > 1 else ""
    return ProblemError(
        HTTPStatus.UNPROCESSABLE_ENTITY, f"{where}: {first['at']}: {first['message']}{more}", faults=faults
    )


def of_http(error: HTTPException) -> ProblemError:
    """Give the problem of what Werkzeug refuses: an unknown path, a method, a body that is too large."""
    status = error.code or HTTPStatus.INTERNAL_SERVER_ERROR
    details = {
        400: "the request is not HTTP as it should be",
        404: "there is nothing here; the API is described at /openapi.json",
        405: "this method is not for this path; the API is described at /openapi.json",
        408: "the request did not come in time",
        413: "the body is larger than this service takes",
        414: "the path is too long",
        500: "something went wrong here, and is in the log of the service; try again later",
    }
    headers = {name: value for name, value in error.get_headers() if name in ("Allow", "Retry-After")}
    if status == HTTPStatus.INTERNAL_SERVER_ERROR:
        headers["Retry-After"] = "5"
    return ProblemError(status, details.get(status, HTTPStatus(status).phrase.lower()), headers=headers)


def _shown(text: str) -> str:
    """Give a text that cannot break a line of a log or fill a screen."""
    plain = "".join(one if one.isprintable() else " " for one in text)
    return plain if len(plain) <= _MOST_TEXT else plain[: _MOST_TEXT - 1] + "…"


def _without_paths(error: NettideError) -> str:
    """Say what state the service is in without its folders and addresses, which are in its log."""
    if isinstance(error, BusyError):
        return "the store of the service is busy; try again"
    if isinstance(error, DamagedError):
        return "a file of the service is damaged; whoever runs it finds more in its log"
    if isinstance(error, MissingExtraError):
        return str(error)
    return "the store of the service cannot be used now; whoever runs it finds more in its log"
