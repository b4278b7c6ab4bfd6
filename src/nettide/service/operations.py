"""What the API can do: one entry an operation, from which routes, checks and the OpenAPI document are made."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from flask import Response
from pydantic import BaseModel

from nettide.store.sql.keys import Scope

Method = Literal["GET", "POST"]
NEW_ID = "$response.body#/id"
"""The id in an answer, as OpenAPI writes it."""
Body = Literal["none", "json", "file"]


@dataclass(frozen=True, slots=True)
class Query:
    """A parameter behind the question mark.

    Args:
        name: of it.
        about: what it is.
        schema: JSON schema.
    """

    name: str
    about: str
    schema: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Link:
    """What to do with an answer: its id names the thing for another operation.

    Args:
        operation: name of the other operation.
        parameter: of its path that takes the id; None where its body does.
        body: what its body may be, with the id as OpenAPI writes it.
    """

    operation: str
    parameter: str | None = None
    body: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Operation:
    """One thing that the API can do.

    Args:
        name: its operationId and Flask endpoint.
        method: GET or POST.
        path: Flask's rule.
        scope: what a key must have; None is open to all.
        about: one line.
        handler: called with the parts of the path, and with ``given`` where a JSON body is.
        body: what is sent.
        given: schema of a JSON body.
        answer: schema of a JSON answer; None where it is none.
        status: of success.
        media: media types of success.
        problems: statuses of failure beside those that any operation may have.
        queries: parameters behind the question mark.
        links: what its answer is for.
    """

    name: str
    method: Method
    path: str
    scope: Scope | None
    about: str
    handler: Callable[..., Response]
    body: Body = "none"
    given: type[BaseModel] | None = None
    answer: type[BaseModel] | None = None
    status: int = 200
    media: tuple[str, ...] = ("application/json",)
    problems: tuple[int, ...] = ()
    queries: tuple[Query, ...] = field(default=())
    links: tuple[Link, ...] = ()
