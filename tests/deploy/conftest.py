"""Where the deployment's files are, and a Terraform workspace against a made-up AWS."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from aws_double import aws_double
from terraform_runs import Workspace, initialised


@pytest.fixture(scope="session")
def deploy() -> Path:
    return Path(__file__).parents[2] / "deploy"


@pytest.fixture(scope="session")
def aws() -> Iterator[dict[str, str]]:
    with aws_double() as environment:
        yield environment


@pytest.fixture(scope="session")
def workspace(aws: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    return initialised(tmp_path_factory.mktemp("terraform"), aws)
