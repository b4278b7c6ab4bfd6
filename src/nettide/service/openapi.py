"""The OpenAPI 3.1 document, made of the table of operations and the schemas of requests and answers.

pydantic writes JSON Schema 2020-12, which is what OpenAPI 3.1 holds, so no further library is between. (flask-openapi3
was tried: it reads bodies leniently, and writes a schema anew for each request with a query.)
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from nettide import __version__
from nettide.service.operations import NEW_ID, Link, Operation
from nettide.service.problems import MEDIA_TYPE
from nettide.service.schemas import ProblemAnswer
from nettide.service.uploads import UPLOADS
from nettide.service.values import NAME_PATTERN

_PROBLEMS = {
    400: "The body is no JSON.",
    401: "There is no key, or it is not valid.",
    403: "The key lacks the scope.",
    404: "There is no such thing, or it belongs to another key.",
    409: "The state of the thing does not allow this.",
    413: "Too much was sent.",
    415: "The body is of another type.",
    422: "What was sent cannot be used.",
    429: "The key asks too often; wait as Retry-After says.",
    503: "There is no room now; wait as Retry-After says.",
}
_PARTS = {
    "id": {"type": "string", "pattern": "^[0-9a-f]{20}$"},
    "name": {"type": "string", "pattern": NAME_PATTERN},
    "file": {"type": "string", "pattern": r"^[a-z.]{1,40}$"},
}

_FILE = {"type": "string", "format": "binary", "minLength": 1}


def openapi_document(operations: Sequence[Operation]) -> dict[str, Any]:
    """Give the OpenAPI document of operations."""
    schemas: list[type[BaseModel]] = [ProblemAnswer]
    schemas += [one for operation in operations for one in (operation.given, operation.answer) if one is not None]
    refs, definitions = models_json_schema(
        [(one, _mode(one)) for one in dict.fromkeys(schemas)], ref_template="#/components/schemas/{model}"
    )
    named: dict[type[BaseModel], dict[str, Any]] = {model: ref for (model, _), ref in refs.items()}  # type: ignore[misc]  # pydantic says dataclasses too
    paths: dict[str, dict[str, Any]] = {}
    for one in operations:
        path = re.sub(r"<(\w+)>", r"{\1}", one.path)
        paths.setdefault(path, {})[one.method.lower()] = _operation(one, named)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "nettide",
            "version": __version__,
            "summary": "Forecasts of network traffic.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {
            "schemas": definitions["$defs"],
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer", "description": "a key of 'nettide keys'"}},
        },
    }


def _mode(model: type[BaseModel]) -> Any:
    return "validation" if model.__name__.startswith("Given") else "serialization"


def _operation(one: Operation, named: dict[type[BaseModel], dict[str, Any]]) -> dict[str, Any]:
    success: dict[str, Any] = {"description": "Done."}
    for media in one.media:
        is_json = media == "application/json" and one.answer is not None
        schema = (
            named[one.answer] if is_json and one.answer else {} if media == "application/json" else {"type": "string"}
        )
        success.setdefault("content", {})[media] = {"schema": schema}
    if one.links:
        success["links"] = {link.operation: _link(link) for link in one.links}
    statuses = {*one.problems}
    if one.scope is not None:
        statuses |= {401, 403, 429, 503}
    if one.body == "json":
        statuses |= {400, 413, 415, 422}
    if one.body == "file":
        statuses |= {413, 415, 422}
    problem = {MEDIA_TYPE: {"schema": named[ProblemAnswer]}}
    parameters: list[dict[str, Any]] = [
        {"name": name, "in": "path", "required": True, "schema": _PARTS[name]}
        for name in re.findall(r"<(\w+)>", one.path)
    ]
    parameters += [
        {"name": query.name, "in": "query", "description": query.about, "schema": dict(query.schema)}
        for query in one.queries
    ]
    found: dict[str, Any] = {
        "operationId": one.name,
        "summary": one.about,
        "responses": {
            str(one.status): success,
            **{str(code): {"description": _PROBLEMS[code], "content": problem} for code in sorted(statuses)},
        },
        "security": [] if one.scope is None else [{"key": []}],
    }
    if one.scope is not None:
        found["description"] = f"Needs a key with the scope {one.scope.value}."
    if parameters:
        found["parameters"] = parameters
    if one.given is not None:
        found["requestBody"] = {"required": True, "content": {"application/json": {"schema": named[one.given]}}}
    elif one.body == "file":
        found["requestBody"] = {"required": True, "content": {media: {"schema": _FILE} for media in UPLOADS}}
    return found


def _link(link: Link) -> dict[str, Any]:
    found: dict[str, Any] = {"operationId": link.operation}
    if link.parameter is not None:
        found["parameters"] = {link.parameter: NEW_ID}
    if link.body is not None:
        found["requestBody"] = dict(link.body)
    return found
