"""A store in SQLite and in PostgreSQL, with a clock that the test turns."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from postgresql_cluster import Absent, Cluster, running_cluster
from turned_clock import TurnedClock

from nettide.store.sql.engine import Store, open_store
from nettide.store.sql.keys import Scope


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """A PostgreSQL server of this process alone; other workers of a parallel run start their own."""
    try:
        with running_cluster(durable=False) as started:
            yield started
    except Absent as reason:
        pytest.skip(str(reason))


@pytest.fixture(scope="session")
def _template(cluster: Cluster) -> str:
    """A database with our tables, which others are copied from."""
    name = cluster.create()
    open_store(cluster.url(name)).close()
    return name


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a database without tables; each test runs on both kinds."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'store.db'}"
        return
    cluster = request.getfixturevalue("cluster")
    name = cluster.create()
    yield cluster.url(name)
    cluster.drop(name)


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a database with our tables and nothing in them; each test runs on both kinds."""
    if request.param == "sqlite":
        made = f"sqlite:///{tmp_path / 'store.db'}"
        open_store(made).close()
        yield made
        return
    cluster = request.getfixturevalue("cluster")
    name = cluster.create(request.getfixturevalue("_template"))
    yield cluster.url(name)
    cluster.drop(name)


@pytest.fixture
def clock() -> TurnedClock:
    """A clock that stands at a time of 2026 until it is turned."""
    return TurnedClock()


@pytest.fixture
def store(url: str, clock: TurnedClock) -> Iterator[Store]:
    """An open store."""
    opened = open_store(url, clock=clock)
    yield opened
    opened.close()


@pytest.fixture
def key_id(store: Store) -> str:
    """The id of a key in it."""
    return store.keys.create("made for a test", frozenset({Scope.forecast}), None)[1].id
