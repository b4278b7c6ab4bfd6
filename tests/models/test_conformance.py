"""Every name of the table of models runs through the conformance suite."""

from __future__ import annotations

import pytest
from conformance import ModelConformance, Subject

from nettide.models import MODELS


@pytest.fixture(scope="module", params=list(MODELS))
def subject(request: pytest.FixtureRequest) -> Subject:
    """A fitted model of the table."""
    return Subject.of(request.param)


class TestModels(ModelConformance):
    """The suite on each model."""
