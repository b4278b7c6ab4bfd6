"""Handlers of what needs no key: health, the document, and pages whose assets come from here alone."""

from __future__ import annotations

import importlib.util
import json
from functools import cache
from importlib import resources
from pathlib import Path

from flask import Response, current_app

from nettide.errors import StoreError
from nettide.service.answers import json_response
from nettide.service.metrics import CONTENT_TYPE, gauge
from nettide.service.problems import not_found
from nettide.service.runtime import runtime
from nettide.service.schemas import Health

DOCUMENT = "nettide.openapi"
_TYPES = {
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
}
_OWN = ("page.js", "page.css", "docs.js")
_SWAGGER = {"swagger-ui-bundle.js": "js", "swagger-ui.css": "css"}


def alive() -> Response:
    """Say that the process answers."""
    return json_response(Health(status="alive"))


def ready() -> Response:
    """Say whether forecasts can be asked for: the store answers, and the pretrained network is in memory."""
    try:
        runtime().store.ping()
    except StoreError:
        return json_response(Health(status="not ready", reason="the store does not answer"), status=503)
    return json_response(Health(status="ready"))


def metrics() -> Response:
    """Give the metrics in the text format of Prometheus."""
    shared = runtime()
    now = shared.store.database.clock()
    families = [
        gauge("nettide_model_age_seconds", "Time since a model in memory was fitted.", "model", shared.shelf.ages(now)),
        gauge(
            "nettide_jobs",
            "Jobs by state.",
            "state",
            {state.value: count for state, count in shared.store.jobs.counts().items()},
        ),
    ]
    return Response(shared.metrics.page(lambda: families), content_type=CONTENT_TYPE)


def openapi() -> Response:
    """Give the OpenAPI document."""
    return Response(current_app.extensions[DOCUMENT], content_type="application/json")


def home() -> Response:
    """Give the page for trying the service by hand."""
    return _page("page.html")


def docs() -> Response:
    """Give the interactive documentation."""
    return _page("docs.html")


def asset(file: str) -> Response:
    """Give a script or style of the pages."""
    if file in _OWN:
        content = _own(file)
    elif file in _SWAGGER:
        content = _swagger(file)
    else:
        raise not_found("there is no such asset")
    answer = Response(content, content_type=_TYPES[Path(file).suffix])
    answer.headers["Cache-Control"] = "public, max-age=3600"
    return answer


def document_text(document: dict[str, object]) -> str:
    """Write the OpenAPI document as it is served."""
    return json.dumps(document, ensure_ascii=False)


def _page(file: str) -> Response:
    if not runtime().settings.service.page:
        raise not_found("the pages of this service are turned off")
    return Response(_own(file), content_type=_TYPES[".html"])


@cache
def _own(file: str) -> bytes:
    return resources.files("nettide.service").joinpath("static", file).read_bytes()


@cache
def _swagger(file: str) -> bytes:
    """Read a file of Swagger UI from the package that brings it, without importing that package.

    Raises:
        ProblemError: it is not installed.
    """
    found = importlib.util.find_spec("flask_openapi3_swagger")
    places = list(found.submodule_search_locations or []) if found else []
    for place in places:
        path = Path(place) / "templates" / "swagger" / _SWAGGER[file] / file
        if path.is_file():
            return path.read_bytes()
    raise not_found("Swagger UI is not installed here; the document itself is at /openapi.json")
