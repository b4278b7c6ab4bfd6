"""Handlers of models: list, describe; load, unload and pin for admins, which all workers follow."""

from __future__ import annotations

from flask import Response

from nettide.service.answers import json_response
from nettide.service.runtime import runtime
from nettide.service.schemas import ModelsAnswer


def list_models() -> Response:
    """List the models there are."""
    found, unreadable = runtime().shelf.describe_all()
    return json_response(ModelsAnswer(models=found, unreadable=unreadable))


def describe_model(name: str) -> Response:
    """Describe one model."""
    return json_response(runtime().shelf.describe(name))


def load_model(name: str) -> Response:
    """Load a model into the memory of all workers."""
    shelf, models = runtime().shelf, runtime().store.models
    shelf.get(name)
    if shelf.is_stored(name):
        models.register(name, shelf.folder(name), shelf.sha256(name))
        models.set_loaded(name, True)
    return json_response(shelf.describe(name))


def unload_model(name: str) -> Response:
    """Put a model out of memory; the next request for it loads it again."""
    shelf, models = runtime().shelf, runtime().store.models
    if shelf.is_stored(name):
        models.register(name, shelf.folder(name), shelf.sha256(name))
        models.set_loaded(name, False)
        shelf.pin(name, False)
        shelf.unload(name)
    return json_response(shelf.describe(name))


def pin_model(name: str) -> Response:
    """Let a model stay in memory when others make room."""
    return _pin(name, True)


def unpin_model(name: str) -> Response:
    """Let a model make room for others."""
    return _pin(name, False)


def _pin(name: str, is_pinned: bool) -> Response:
    shelf, models = runtime().shelf, runtime().store.models
    if shelf.is_stored(name):
        shelf.pin(name, is_pinned)
        models.register(name, shelf.folder(name), shelf.sha256(name))
        models.set_pinned(name, is_pinned)
    return json_response(shelf.describe(name))
