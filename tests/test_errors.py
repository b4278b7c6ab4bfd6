"""The tree of errors, and the sentence about unknown names."""

from __future__ import annotations

import re

import pytest

from nettide import errors
from nettide.errors import NettideError, unknown

CLASSES = {
    name: value for name, value in vars(errors).items() if isinstance(value, type) and issubclass(value, Exception)
}


def drawn_tree() -> dict[str, str]:
    """Parent of each class by the drawing in the docstring."""
    parents: dict[str, str] = {}
    path: list[str] = []
    for line in (errors.__doc__ or "").splitlines():
        if found := re.match(r"^((?:[│├└─ ]{4})*)([A-Z]\w+Error)\b", line):
            depth = len(found.group(1)) // 4
            path = [*path[:depth], found.group(2)]
            parents[found.group(2)] = path[-2] if depth else "Exception"
    return parents


def test_the_drawing_shows_each_class_under_its_parent() -> None:
    assert drawn_tree() == {name: value.__base__.__name__ for name, value in CLASSES.items() if value.__base__}


def test_each_class_is_said_in_one_sentence() -> None:
    for value in CLASSES.values():
        assert (value.__doc__ or "").count("\n") == 0
        assert (value.__doc__ or "").endswith((".", "input."))


def test_every_error_is_ours() -> None:
    assert CLASSES
    assert all(issubclass(value, NettideError) for value in CLASSES.values())


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("lsmt", "unknown model 'lsmt'; did you mean 'lstm'? known: gru, lstm"),
        ("prophet", "unknown model 'prophet'; known: gru, lstm"),
        ("", "unknown model ''; known: gru, lstm"),
    ],
)
def test_an_unknown_name_is_told_with_the_nearest_and_all_known(name: str, sentence: str) -> None:
    assert unknown("model", name, ["lstm", "gru"]) == sentence
