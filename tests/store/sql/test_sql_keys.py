"""API keys: what they open, until when, and what is kept of them."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from turned_clock import TurnedClock

from nettide.errors import OptionError
from nettide.store.sql.engine import Store, open_store
from nettide.store.sql.keys import Scope, id_of
from nettide.store.sql.tables import keys

ALL = frozenset(Scope)


def test_a_token_is_verified_and_gives_what_was_kept(store: Store, clock: TurnedClock) -> None:
    scopes, expires = frozenset({Scope.read, Scope.admin}), clock() + timedelta(days=1)
    token, made = store.keys.create("Grafana ünder the roof", scopes, expires)
    assert (made.name, made.scopes, made.created, made.expires) == (made.name, scopes, clock(), expires)
    assert store.keys.verify(token) == made
    assert store.keys.list() == [made]


def test_a_token_holds_256_bits_of_secret_and_its_id(store: Store) -> None:
    token, made = store.keys.create("a", ALL, None)
    prefix, key_id, secret = token.split("_", 2)
    assert (prefix, key_id) == ("ntd", made.id)
    assert len(base64.urlsafe_b64decode(secret + "=")) == 32
    assert store.keys.create("a", ALL, None)[0].split("_", 2)[2] != secret


def test_no_part_of_the_secret_is_in_the_database(store: Store, url: str) -> None:
    token, _ = store.keys.create("a", ALL, None)
    secret = token.split("_", 2)[2]
    with store.database.read() as connection:
        kept = repr(connection.execute(select(keys)).all())
    assert secret not in kept
    assert secret[:8] not in kept
    if url.startswith("sqlite"):
        path = Path(url.removeprefix("sqlite:///"))
        assert secret.encode() not in path.read_bytes() + path.with_name(f"{path.name}-wal").read_bytes()


def test_a_token_that_differs_in_any_place_is_not_verified(store: Store) -> None:
    token, _ = store.keys.create("a", ALL, None)
    other, _ = store.keys.create("b", ALL, None)
    for place in range(len(token)):
        changed = token[:place] + ("b" if token[place] == "a" else "a") + token[place + 1 :]
        assert store.keys.verify(changed) is None, place
    assert store.keys.verify(token[:17] + other[17:]) is None, "the secret of another key"
    assert store.keys.verify(token) is not None


@pytest.mark.parametrize("text", ["", "ntd_", "ntd_aaaaaaaaaaaa_", "\0", "ntd_\ud800", "Bearer x", "é" * 60])
def test_what_is_no_token_is_not_verified(store: Store, text: str) -> None:
    assert store.keys.verify(text) is None


def test_text_around_a_token_is_not_ignored(store: Store) -> None:
    token, _ = store.keys.create("a", ALL, None)
    for changed in (token + "\n", " " + token, token + "=", token.upper()):
        assert store.keys.verify(changed) is None


@pytest.fixture(scope="module")
def plain_store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    opened = open_store(f"sqlite:///{tmp_path_factory.mktemp('keys') / 'store.db'}")
    yield opened
    opened.close()


@settings(derandomize=True, max_examples=100)
@given(st.text(max_size=80) | st.from_regex(r"ntd_[a-z2-7]{12}_[A-Za-z0-9_-]{43}"))
def test_no_text_that_was_not_given_out_is_verified(plain_store: Store, text: str) -> None:
    assert plain_store.keys.verify(text) is None


def test_a_key_is_refused_from_its_expiry_on(store: Store, clock: TurnedClock) -> None:
    token, _ = store.keys.create("a", ALL, clock() + timedelta(seconds=10))
    clock.turn(9.999999)
    assert store.keys.verify(token) is not None
    clock.turn(0.000001)
    assert store.keys.verify(token) is None


def test_a_revoked_key_is_refused_by_every_process_at_once(store: Store, url: str, clock: TurnedClock) -> None:
    token, made = store.keys.create("a", ALL, None)
    other = open_store(url, clock=clock)
    assert other.keys.verify(token) == made
    revoked = store.keys.revoke(made.id)
    assert revoked is not None
    assert revoked.revoked == clock()
    assert other.keys.verify(token) is None
    other.close()


def test_a_second_revocation_keeps_the_time_of_the_first(store: Store, clock: TurnedClock) -> None:
    _, made = store.keys.create("a", ALL, None)
    first = clock()
    store.keys.revoke(made.id)
    clock.turn(60)
    again = store.keys.revoke(made.id)
    assert again is not None
    assert again.revoked == first
    assert store.keys.list() == [again]


@pytest.mark.parametrize("id", ["", "aaaaaaaaaaaa", "\0", "A" * 12, "x" * 1000])
def test_a_key_that_does_not_exist_cannot_be_revoked(store: Store, id: str) -> None:
    assert store.keys.revoke(id) is None


def test_a_whole_token_leads_to_its_id(store: Store) -> None:
    token, made = store.keys.create("a", ALL, None)
    assert id_of(token) == made.id
    assert id_of(made.id) == made.id


def test_keys_are_listed_in_the_order_they_were_made(store: Store, clock: TurnedClock) -> None:
    for name in ("z", "a", "m"):
        store.keys.create(name, ALL, None)
        clock.turn(1)
    assert [one.name for one in store.keys.list()] == ["z", "a", "m"]


@pytest.mark.parametrize("name", ["", " a", "a ", "a\nb", "a\0b", "a\ud800", "x" * 101])
def test_a_name_that_cannot_be_shown_in_one_line_is_refused(store: Store, name: str) -> None:
    with pytest.raises(OptionError, match=r"key name .* cannot be used; write 1 to 100 printable characters"):
        store.keys.create(name, ALL, None)


def test_a_key_without_a_scope_is_refused(store: Store) -> None:
    with pytest.raises(OptionError, match=r"key 'a' has no scope, .* at least one of read, forecast, admin"):
        store.keys.create("a", frozenset(), None)


def test_an_expiry_in_the_past_or_without_a_zone_is_refused(store: Store, clock: TurnedClock) -> None:
    with pytest.raises(OptionError, match=r"expiry 2026-03-01T12:00:00.123456.* of key 'a' is in the past"):
        store.keys.create("a", ALL, clock())
    with pytest.raises(OptionError, match=r"expiry 2030-01-01T00:00:00 of key 'a' has no time zone"):
        store.keys.create("a", ALL, datetime(2030, 1, 1))
    assert store.keys.list() == []


def test_times_come_back_to_the_microsecond_and_in_utc(store: Store) -> None:
    expires = datetime(2999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC)
    store.keys.create("a", ALL, expires)
    [found] = store.keys.list()
    assert found.expires == expires
    assert found.expires.tzinfo is UTC
