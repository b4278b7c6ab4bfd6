"""Results and uploads: the bytes that went in, or an error."""

from __future__ import annotations

import hashlib
import os

import pytest
from sqlalchemy import update
from turned_clock import TurnedClock

from nettide.errors import DamagedError, OptionError, StoreError
from nettide.store.sql import results as module
from nettide.store.sql.engine import Store
from nettide.store.sql.keys import Scope
from nettide.store.sql.tables import results

NONE = "0" * 20


@pytest.mark.parametrize("content", [b"", b"\0\xff\n", os.urandom(3_000_000)], ids=["empty", "odd", "large"])
def test_bytes_come_back_as_they_were(store: Store, key_id: str, clock: TurnedClock, content: bytes) -> None:
    record = store.results.put(content, "text/csv; charset=utf-8", key_id)
    assert (record.size, record.sha256) == (len(content), hashlib.sha256(content).hexdigest())
    assert (record.media_type, record.key_id, record.created) == ("text/csv; charset=utf-8", key_id, clock())
    assert store.results.get(record.id, key_id) == (record, content)


@pytest.mark.parametrize("changed", [b"abd", b"ab", b"abc\0", b""])
def test_altered_bytes_are_noticed(store: Store, key_id: str, changed: bytes) -> None:
    record = store.results.put(b"abc", "text/plain", key_id)
    with store.database.write() as connection:
        connection.execute(update(results).where(results.c.id == record.id).values(content=changed))
    with pytest.raises(DamagedError, match=f"result {record.id} was altered after it was kept; restore the database"):
        store.results.get(record.id, key_id)


def test_a_key_reads_and_removes_its_own_results_only(store: Store, key_id: str) -> None:
    other = store.keys.create("other", frozenset({Scope.read}), None)[1].id
    record = store.results.put(b"abc", "text/plain", key_id)
    assert store.results.get(record.id, other) is None
    assert store.results.find(record.id, other) is None
    assert store.results.find(record.id, None) == store.results.find(record.id, key_id) == record
    assert not store.results.delete(record.id, other)
    assert store.results.get(record.id, None) == (record, b"abc")
    assert store.results.delete(record.id, key_id)
    assert store.results.get(record.id, None) is None
    assert not store.results.delete(record.id, None)


@pytest.mark.parametrize("id", ["", NONE, "x", "\0", "\ud800"])
def test_a_result_that_does_not_exist_is_nothing_rather_than_an_error(store: Store, id: str) -> None:
    assert store.results.get(id, None) is None
    assert store.results.find(id, None) is None
    assert not store.results.delete(id, None)


def test_results_are_purged_with_their_jobs_and_uploads_by_age(store: Store, key_id: str, clock: TurnedClock) -> None:
    upload, given = (store.results.put(content, "text/plain", key_id) for content in (b"upload", b"given"))
    store.jobs.submit("fit", {"history": upload.id}, key_id)
    job = store.jobs.claim("w", 30.0)
    assert job is not None
    store.jobs.finish(job.id, "w", given.id)
    assert not store.results.delete(given.id, None), "a job names it"
    assert store.results.purge(clock()) == 0
    assert store.results.purge(clock.turn(1)) == 1
    assert store.results.get(upload.id, None) is None
    assert store.results.get(given.id, None) is not None
    assert store.jobs.purge(clock()) == 1
    assert store.results.purge(clock()) == 1
    assert store.results.get(given.id, None) is None


def test_what_cannot_be_kept_is_refused(store: Store, key_id: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(OptionError, match=r"media type 'a.*' cannot be used; write 1 to 200 printable characters"):
        store.results.put(b"", "a\r\nSet-Cookie: x", key_id)
    for unknown in ("aaaaaaaaaaaa", "\0"):
        with pytest.raises(StoreError, match="the key that the result belongs to does not exist"):
            store.results.put(b"", "text/plain", unknown)
    monkeypatch.setattr(module, "MOST_BYTES", 1000)
    with pytest.raises(StoreError, match="a result of 1,001 bytes is too large; 1,000 are the most"):
        store.results.put(b"x" * 1001, "text/plain", key_id)
    store.results.put(b"x" * 1000, "text/plain", key_id)
