"""``create_app``: the Flask application, its operations, and what surrounds each request."""

from __future__ import annotations

import logging
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from http import HTTPStatus
from pathlib import Path

from flask import Flask, Response, g, request
from pydantic import ValidationError
from werkzeug.exceptions import HTTPException

from nettide.errors import NettideError
from nettide.service import pages, problems, strict_json
from nettide.service.access import Gate
from nettide.service.api import METRICS, OPERATIONS, PAGES
from nettide.service.bands import Bands
from nettide.service.follow import Follower
from nettide.service.judge import Judge
from nettide.service.logs import log
from nettide.service.metrics import Metrics
from nettide.service.openapi import openapi_document
from nettide.service.operations import Operation
from nettide.service.problems import ProblemError
from nettide.service.rates import Rates
from nettide.service.runtime import EXTENSION, Runtime, begin_request, runtime
from nettide.service.shelf import Shelf
from nettide.settings import Settings
from nettide.store.sql.engine import open_store

_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
_STRICT = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
_OF_PAGES = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
)


def create_app(settings: Settings, *, scratch: Path | None = None) -> Flask:
    """Make the application of one worker.

    Args:
        settings: of the service.
        scratch: folder for statistics that workers share; None takes a temporary one of its own.

    Raises:
        StoreError: the store cannot be opened.
        OptionError: a URL or a pinned model cannot be used.
        UnknownModelError: a pinned model does not exist.
    """
    app = Flask("nettide.service", static_folder=None, template_folder=None)
    app.json.ensure_ascii = True  # type: ignore[attr-defined]  # DefaultJSONProvider has it
    app.config.update(MAX_CONTENT_LENGTH=settings.limits.body_bytes, TRAP_HTTP_EXCEPTIONS=False)
    app.url_map.strict_slashes = True
    store = open_store(settings.database.get_secret_value())
    metrics, shelf = Metrics(), Shelf(settings)
    for name in settings.service.pinned:
        shelf.pin(name, True)
    folder = scratch or Path(tempfile.mkdtemp(prefix="nettide-service-"))

    def count(model: str, observed: int, held: int) -> None:
        metrics.observed.labels(model).inc(observed)
        metrics.held.labels(model).inc(held)

    limits = settings.limits
    rates = Rates(folder / "rates", per_minute=limits.requests_per_minute, burst=limits.burst)
    gate = Gate(store.keys, rates, per_minute=limits.requests_per_minute)
    bands, follower = Bands(folder / "bands.sqlite", count), Follower(shelf, store.models)
    app.extensions[EXTENSION] = Runtime(settings, store, shelf, gate, metrics, bands, follower, Judge())
    metrics_page = replace(METRICS, scope=None) if settings.service.open_metrics else METRICS
    operations = (*OPERATIONS, *PAGES, metrics_page)
    app.extensions[pages.DOCUMENT] = pages.document_text(openapi_document(OPERATIONS))
    _add(app, operations)
    follower.start()
    return app


def _add(app: Flask, operations: tuple[Operation, ...]) -> None:
    """Add operations, and what is done around each request; a path that is none of them is denied or not found."""
    table = {one.name: one for one in operations}
    for one in operations:
        app.add_url_rule(one.path, one.name, _view(one), methods=[one.method], provide_automatic_options=False)

    @app.before_request
    def admit() -> None:
        begin_request()
        runtime().metrics.in_progress.inc()
        g.counted = True
        if request.url_rule is None:  # 404 and 405 follow
            return
        operation = table.get(request.endpoint or "")
        if operation is None:
            raise ProblemError(HTTPStatus.FORBIDDEN, "this is not open to anyone")
        if operation.scope is not None:
            g.key = runtime().gate.admit(request.headers.get("Authorization"), operation.scope)
        if operation.body == "file":
            request.max_content_length = runtime().settings.limits.upload_bytes

    @app.after_request
    def finish(answer: Response) -> Response:
        name = request.endpoint if request.endpoint in table else None
        for header, value in _HEADERS.items():
            answer.headers.setdefault(header, value)
        is_page = name in ("home", "docs")
        answer.headers.setdefault("Content-Security-Policy", _OF_PAGES if is_page else _STRICT)
        answer.headers.setdefault("Cache-Control", "no-store")
        route = table[name].path if name else "unknown"
        seconds = time.perf_counter() - g.started
        metrics = runtime().metrics
        metrics.requests.labels(route, _method(request.method), str(answer.status_code)).inc()
        metrics.seconds.labels(route).observe(seconds)
        log(
            logging.INFO,
            "request",
            route=route,
            method=request.method[:16],
            status=answer.status_code,
            seconds=round(seconds, 4),
            key=None if g.key is None else g.key.id,
            bytes=request.content_length,
            client=request.remote_addr,
        )
        return answer

    @app.teardown_request
    def leave(error: BaseException | None) -> None:
        del error
        if g.pop("counted", False):
            runtime().metrics.in_progress.dec()

    @app.errorhandler(ProblemError)
    def on_problem(problem: ProblemError) -> Response:
        if problem.status in (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE):
            runtime().metrics.refused.labels(str(int(problem.status))).inc()
        return problems.response(problem)

    @app.errorhandler(NettideError)
    def on_error(error: NettideError) -> Response:
        problem = problems.of_error(error)
        if problem.status == HTTPStatus.SERVICE_UNAVAILABLE:
            log(logging.ERROR, "not available", why=str(error))
        return on_problem(problem)

    @app.errorhandler(HTTPException)
    def on_http(error: HTTPException) -> Response:
        if original := getattr(error, "original_exception", None):
            log(logging.ERROR, "fault", exc_info=original)
        return problems.response(problems.of_http(error))


def _view(operation: Operation) -> Callable[..., Response]:
    def view(**parts: str) -> Response:
        if operation.given is None:
            return operation.handler(**parts)
        if request.mimetype != "application/json":
            raise ProblemError(
                HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "send the body as JSON, with Content-Type: application/json"
            )
        values = strict_json.parse(request.get_data(cache=False), depth=runtime().settings.limits.depth)
        try:
            given = operation.given.model_validate(values)
        except ValidationError as error:
            raise problems.of_validation(error, where="body") from None
        return operation.handler(given, **parts)

    return view


def _method(name: str) -> str:
    return name if name in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS") else "other"
