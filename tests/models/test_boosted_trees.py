"""Trees as arrays: they say what LightGBM says, and damaged ones never reach it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import lightgbm
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nettide.errors import DamagedError
from nettide.models.boosted_trees import Trees

FEATURES, OUTPUTS, ROUNDS = 4, 2, 5
GENERATOR = np.random.default_rng(0)
ROWS = np.where(GENERATOR.random((600, FEATURES)) < 0.1, np.nan, GENERATOR.normal(size=(600, FEATURES)))
TARGET = np.nan_to_num(ROWS[:, 0]) * 3 + np.nan_to_num(ROWS[:, 1]) ** 2


def boosters() -> list[lightgbm.Booster]:
    data = lightgbm.Dataset(ROWS, TARGET, params={"verbosity": -1}).construct()
    made = []
    for level in (0.2, 0.8):
        options = {"objective": "quantile", "alpha": level, "num_leaves": 6, "verbosity": -1, "num_threads": 1}
        made.append(lightgbm.Booster({**options, "boost_from_average": False}, data))
        for _ in range(ROUNDS):
            made[-1].update()
    return made


@pytest.fixture(scope="module")
def learned() -> list[lightgbm.Booster]:
    return boosters()


@pytest.fixture(scope="module")
def trees(learned: list[lightgbm.Booster]) -> Trees:
    return Trees.of(learned, ROUNDS)


def restored(tensors: dict[str, Any]) -> Trees:
    return Trees.from_tensors(tensors, features=FEATURES, outputs=OUTPUTS)


def test_one_booster_of_the_arrays_says_what_each_of_the_boosters_said(
    learned: list[lightgbm.Booster], trees: Trees
) -> None:
    found = trees.booster(features=FEATURES, outputs=OUTPUTS).predict(ROWS, raw_score=True)
    assert found == pytest.approx(np.stack([one.predict(ROWS) for one in learned], axis=1), abs=1e-12)


def test_fewer_rounds_are_the_first_ones(learned: list[lightgbm.Booster]) -> None:
    found = Trees.of(learned, 2).booster(features=FEATURES, outputs=OUTPUTS).predict(ROWS, raw_score=True)
    expected = np.stack([one.predict(ROWS, num_iteration=2) for one in learned], axis=1)
    assert found == pytest.approx(expected, abs=1e-12)


def test_a_booster_that_ended_sooner_adds_nothing_from_there_on(learned: list[lightgbm.Booster]) -> None:
    found = Trees.of(learned, ROUNDS + 3).booster(features=FEATURES, outputs=OUTPUTS).predict(ROWS, raw_score=True)
    assert found == pytest.approx(np.stack([one.predict(ROWS) for one in learned], axis=1), abs=1e-12)


def test_arrays_come_back_as_the_same_trees(trees: Trees) -> None:
    again = restored(trees.tensors()).booster(features=FEATURES, outputs=OUTPUTS)
    same = trees.booster(features=FEATURES, outputs=OUTPUTS)
    assert np.array_equal(again.predict(ROWS, raw_score=True), same.predict(ROWS, raw_score=True))


def test_no_round_at_all_is_no_damage(learned: list[lightgbm.Booster]) -> None:
    assert len(restored(Trees.of(learned, 0).tensors()).leaves) == 0


def changed(name: str, change: Callable[[np.ndarray], np.ndarray]) -> Callable[[Trees], dict[str, Any]]:
    return lambda trees: {**trees.tensors(), name: change(trees.tensors()[name].copy())}


def put(place: int, value: float) -> Callable[[np.ndarray], np.ndarray]:
    def change(array: np.ndarray) -> np.ndarray:
        array[place] = value
        return array

    return change


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (changed("leaves", lambda one: one[:-1]), "trees are missing or without leaves"),
        (changed("leaves", put(0, 0)), "trees are missing or without leaves"),
        (changed("leaves", put(0, 2**31 - 1)), "nodes or leaves are missing"),
        (changed("feature", lambda one: one[1:]), "nodes or leaves are missing"),
        (changed("value", lambda one: one[1:]), "nodes or leaves are missing"),
        (changed("value", put(0, np.nan)), "a threshold or value is no number"),
        (changed("threshold", put(0, np.nan)), "a threshold or value is no number"),
        (changed("feature", put(0, FEATURES)), "a feature other than the 4 that there are"),
        (changed("feature", put(0, -1)), "a feature other than the 4 that there are"),
        (changed("decision", put(0, 3)), "a node decides in an unknown way"),
        (changed("decision", put(0, 16)), "a node decides in an unknown way"),
        (changed("left", put(0, 0)), "a node leads nowhere"),
        (changed("left", put(0, 99)), "a node leads nowhere"),
        (changed("right", put(0, -99)), "a node leads nowhere"),
        (changed("left", lambda one: np.full_like(one, -1)), "two ways lead to one node"),
    ],
)
def test_damaged_arrays_are_refused(trees: Trees, damage: Callable[[Trees], dict[str, Any]], message: str) -> None:
    with pytest.raises(DamagedError, match=rf"^the stored trees are no trees: .*{message}"):
        restored(damage(trees))


def test_arrays_that_are_missing_foreign_or_of_another_type_are_refused(trees: Trees) -> None:
    with pytest.raises(DamagedError, match="lack arrays or have others"):
        restored({name: one for name, one in trees.tensors().items() if name != "left"})
    with pytest.raises(DamagedError, match="lack arrays or have others"):
        restored({**trees.tensors(), "more": np.zeros(1)})
    with pytest.raises(DamagedError, match="'leaves' of another shape or type"):
        restored(changed("leaves", lambda one: one.astype(np.float32))(trees))
    with pytest.raises(DamagedError, match="'value' of another shape or type"):
        restored(changed("value", lambda one: one[:, None])(trees))


@settings(max_examples=150, deadline=None, derandomize=True)
@given(data=st.data())
def test_any_change_of_a_number_is_refused_or_gives_trees_that_end(trees: Trees, data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(["leaves", "feature", "decision", "left", "right"]))
    place = data.draw(st.integers(0, len(trees.tensors()[name]) - 1))
    value = data.draw(st.integers(-(2**31), 2**31 - 1) | st.integers(-8, 8))
    try:
        found = restored(changed(name, put(place, value))(trees))
    except DamagedError:
        return
    assert np.isfinite(found.booster(features=FEATURES, outputs=OUTPUTS).predict(ROWS, raw_score=True)).all()
