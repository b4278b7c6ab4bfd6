"""The OpenAPI document, and that the service does what it says."""

from __future__ import annotations

import json
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, assume, given, settings
from made_service import Service
from openapi_spec_validator import validate
from schemathesis.checks import not_a_server_error
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    ignored_auth,
    negative_data_rejection,
    positive_data_acceptance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)
from worded_rules import breaks_a_worded_rule

from nettide.service.api import OPERATIONS
from nettide.service.openapi import openapi_document

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    negative_data_rejection,
    positive_data_acceptance,
    ignored_auth,
    unsupported_method,
]


def test_the_document_is_valid_openapi_of_all_operations(shared: Service) -> None:
    document = json.loads(shared.client().get("/openapi.json").data)
    assert document == openapi_document(OPERATIONS)
    assert document["openapi"].startswith("3.1")
    validate(document)
    described = {one["operationId"] for path in document["paths"].values() for one in path.values()}
    assert described == {one.name for one in OPERATIONS}


def test_every_operation_that_needs_a_key_says_which_scope(shared: Service) -> None:
    document = json.loads(shared.client().get("/openapi.json").data)
    for path in document["paths"].values():
        for one in path.values():
            assert one["security"] == [] or "scope" in one["description"]


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda one: one.name)
def test_whatever_schemathesis_sends_is_answered_as_documented(shared: Service, operation: Any) -> None:
    headers = shared.key()
    schema = schemathesis.openapi.from_wsgi("/openapi.json", shared.app).include(operation_id=operation.name)
    [described] = [one.ok() for one in schema.get_all_operations()]
    valid, invalid = (described.as_strategy(generation_mode=mode) for mode in GenerationMode)
    statuses: list[int] = []

    @given(case=valid | invalid)
    @settings(max_examples=15, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
    def ask(case: Any) -> None:
        assume(not breaks_a_worded_rule(case.body))
        statuses.append(case.call_and_validate(headers=headers, checks=CHECKS).status_code)

    ask()
    assert statuses
    assert max(statuses) < 500
