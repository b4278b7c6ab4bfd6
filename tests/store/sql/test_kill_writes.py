"""kill -9 of a writer, a few times, loses nothing acknowledged; benchmarks/kill_writes.py does it 200 times."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import delete, update

from nettide.store.sql.engine import Store
from nettide.store.sql.keys import Scope
from nettide.store.sql.tables import jobs, keys, results

BENCHMARKS = Path(__file__).parents[3] / "benchmarks"


def test_ten_kills_lose_nothing_that_was_acknowledged_and_tear_no_model(empty_url: str) -> None:
    command = [sys.executable, str(BENCHMARKS / "kill_writes.py"), "--quick", "--seed", "7"]
    command += ["--database", "sqlite" if empty_url.startswith("sqlite") else "postgresql", "--postgresql", empty_url]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    cells = [cell.strip() for cell in done.stdout.splitlines()[-1].strip("|").split("|")]
    kills, in_a_write, *writes = map(int, cells[1:])
    *writes, lost, torn = writes
    assert kills == 10
    assert in_a_write >= 5, "kills fall into writes"
    assert min(writes) >= 3, "every kind of write was killed and looked for"
    assert (lost, torn) == (0, 0)


def test_the_search_for_lost_writes_finds_what_is_lost(
    store: Store, key_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(BENCHMARKS)
    from kill_writes import is_there

    token, made = store.keys.create("a", frozenset({Scope.read}), None)
    job = store.jobs.submit("fit", {"name": "n"}, key_id)
    result = store.results.put(b"x", "text/plain", key_id)
    assert is_there(store, {"did": "key", "token": token, "name": "a"})
    assert not is_there(store, {"did": "key", "token": token, "name": "b"})
    assert not is_there(store, {"did": "revoke", "token": token, "id": made.id})
    assert is_there(store, {"did": "job", "id": job.id, "name": "n"})
    assert not is_there(store, {"did": "cancel", "id": job.id})
    finished = {"did": "finish", "id": job.id, "result": result.id}
    assert not is_there(store, finished)
    with store.database.write() as connection:
        connection.execute(update(jobs).values(state="done", result_id=result.id))
    assert is_there(store, finished)
    with store.database.write() as connection:
        connection.execute(delete(jobs))
        connection.execute(delete(results))
        connection.execute(delete(keys))
    assert not is_there(store, {"did": "job", "id": job.id, "name": "n"})
    assert not is_there(store, {"did": "key", "token": token, "name": "a"})


@pytest.mark.slow
def test_three_kills_of_a_service_lose_no_job_and_no_key_and_tear_no_model() -> None:
    command = [sys.executable, str(BENCHMARKS / "kill_writes.py"), "--server", "--quick", "--database", "sqlite"]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    cells = [cell.strip() for cell in done.stdout.splitlines()[-1].strip("|").split("|")]
    kills, _, _, jobs, keys, finished, given_up, lost, torn = map(int, cells[1:])
    assert kills == 3
    assert keys >= 3
    assert finished + given_up == jobs > 0
    assert (lost, torn) == (0, 0)
