"""Served models: offered, loaded, pinned and removed."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from turned_clock import TurnedClock

from nettide.errors import OptionError
from nettide.store.sql.engine import Store, open_store
from nettide.store.sql.models import ServedModel

OLD, NEW = "a" * 64, "b" * 64


def test_a_model_is_offered_but_not_loaded_at_first(store: Store, clock: TurnedClock) -> None:
    made = store.models.register("uplinks", Path("models/uplinks ü"), OLD)
    assert made == ServedModel("uplinks", Path("models/uplinks ü"), OLD, False, False, clock())
    assert store.models.get("uplinks") == made
    assert store.models.list() == [made]


def test_a_replaced_model_stays_loaded_and_pinned(store: Store, clock: TurnedClock) -> None:
    first = store.models.register("m", Path("a"), OLD)
    store.models.set_pinned("m", True)
    clock.turn(60)
    assert store.models.register("m", Path("b"), NEW) == ServedModel("m", Path("b"), NEW, True, True, first.created)


def test_pinning_loads_and_unloading_unpins(store: Store) -> None:
    store.models.register("m", Path("a"), OLD)

    def state(model: ServedModel | None) -> tuple[bool, bool]:
        assert model is not None
        assert store.models.get("m") == model
        return model.loaded, model.pinned

    assert state(store.models.set_loaded("m", True)) == (True, False)
    assert state(store.models.set_pinned("m", True)) == (True, True)
    assert state(store.models.set_pinned("m", False)) == (True, False)
    assert state(store.models.set_loaded("m", False)) == (False, False)
    assert state(store.models.set_pinned("m", True)) == (True, True)
    assert state(store.models.set_loaded("m", False)) == (False, False)


def test_another_worker_sees_a_change_at_once(store: Store, url: str) -> None:
    store.models.register("m", Path("a"), OLD)
    other = open_store(url)
    store.models.set_loaded("m", True)
    assert other.models.get("m") == store.models.get("m")
    other.close()


def test_models_are_listed_by_name_until_they_are_removed(store: Store) -> None:
    for name in ("b-1", "a", "b.0", "b_2", "0"):
        store.models.register(name, Path(name), OLD)
    assert [one.name for one in store.models.list()] == sorted(["b-1", "a", "b.0", "b_2", "0"])
    assert store.models.remove("a")
    assert not store.models.remove("a")
    assert store.models.get("a") is None


def test_workers_that_register_the_same_model_at_once_all_succeed(store: Store) -> None:
    with ThreadPoolExecutor(8) as threads:
        made = list(threads.map(lambda _: store.models.register("m", Path("a"), OLD), range(16)))
    assert store.models.list() == [made[0]]


@pytest.mark.parametrize("name", ["", "unknown", "../x", "\0", "\ud800", "A" * 100])
def test_a_model_that_is_not_offered_is_nothing_rather_than_an_error(store: Store, name: str) -> None:
    assert store.models.get(name) is None
    assert store.models.set_loaded(name, True) is None
    assert store.models.set_pinned(name, True) is None
    assert not store.models.remove(name)


def test_names_and_hashes_that_cannot_be_are_refused(store: Store) -> None:
    with pytest.raises(OptionError, match=r"name '../x' cannot be used; write 1 to 64 of a-z"):
        store.models.register("../x", Path("x"), OLD)
    with pytest.raises(OptionError, match="'ABC' is no SHA-256; give 64 hexadecimal digits"):
        store.models.register("x", Path("x"), "ABC")
