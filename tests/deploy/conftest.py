"""Where the deployment's files are, a made-up AWS, a Terraform workspace, and PostgreSQL."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import pytest
from aws_double import aws_double
from terraform_runs import Workspace, initialised

sys.path.append(str(Path(__file__).parents[1] / "store" / "sql"))  # its server of PostgreSQL
from postgresql_cluster import Absent, Cluster, running_cluster


@pytest.fixture(scope="session")
def deploy() -> Path:
    return Path(__file__).parents[2] / "deploy"


@pytest.fixture(scope="session")
def script(deploy: Path) -> Callable[[str], ModuleType]:
    """Give a script of ``deploy`` as a module."""

    def imported(path: str) -> ModuleType:
        name = Path(path).stem
        if name not in sys.modules:
            spec = importlib.util.spec_from_file_location(name, deploy / path)
            assert spec is not None
            assert spec.loader is not None
            sys.modules[name] = importlib.util.module_from_spec(spec)
            spec.loader.exec_module(sys.modules[name])
        return sys.modules[name]

    return imported


@pytest.fixture(scope="session")
def aws() -> Iterator[dict[str, str]]:
    with aws_double() as environment:
        yield environment


@pytest.fixture(scope="session")
def workspace(aws: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    return initialised(tmp_path_factory.mktemp("terraform"), aws)


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    try:
        with running_cluster(durable=False) as started:
            yield started
    except Absent as reason:
        pytest.skip(str(reason))
