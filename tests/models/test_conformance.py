"""Every name of the table of models runs through the conformance suite."""

from __future__ import annotations

import pytest
from conformance import ModelConformance, Subject

from nettide.models import MODELS

VARIANTS = {
    "lstm, point, log": ("lstm", {"loss": "mae", "scaling": "standard", "transform": "log", "channels": "all"}),
    "gru-fcn, plain": ("gru-fcn", {"anchors": "false", "calendar": "false", "adapt": "false", "layers": "2"}),
}
"""Options that take other ways through the networks and keep every promise."""


@pytest.fixture(scope="module", params=[*MODELS, *VARIANTS])
def subject(request: pytest.FixtureRequest) -> Subject:
    """A fitted model of the table, by its defaults or with other options."""
    name, options = VARIANTS.get(request.param, (request.param, {}))
    return Subject.of(name, **options)


class TestModels(ModelConformance):
    """The suite on each model."""
