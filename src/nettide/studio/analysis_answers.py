"""Answers that took a while, kept for as long as the server runs: asked for by a button, shown ever after."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from threading import Lock
from typing import TypeVar

import streamlit as st

_MOST = 16
Answer = TypeVar("Answer")


class Answers:
    """The last answers; those that were not looked at for longest go first.

    Args:
        most: how many are kept.
    """

    def __init__(self, most: int = _MOST) -> None:
        self._most, self._lock = most, Lock()
        self._kept: OrderedDict[tuple[str, ...], object] = OrderedDict()

    def find(self, key: tuple[str, ...]) -> object | None:
        """Give an answer; None where it is not known."""
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
            return self._kept.get(key)

    def keep(self, key: tuple[str, ...], answer: object) -> None:
        """Keep an answer."""
        with self._lock:
            self._kept[key] = answer
            self._kept.move_to_end(key)
            while len(self._kept) > self._most:
                self._kept.popitem(last=False)


def answered(
    kind: type[Answer], key: tuple[str, ...], *, asked: bool, work: Callable[[], Answer], waiting: str
) -> Answer | None:
    """Give an answer that is known, or work it out where it was asked for; None otherwise.

    Args:
        kind: its class.
        key: all that it depends on.
        asked: whether the button was pressed.
        work: gives it; its errors are passed on.
        waiting: what is said meanwhile.
    """
    known = _answers().find((kind.__name__, *key))
    if isinstance(known, kind):
        return known
    if not asked:
        return None
    with st.spinner(waiting):
        answer = work()
    _answers().keep((kind.__name__, *key), answer)
    return answer


@st.cache_resource(show_spinner=False)
def _answers() -> Answers:
    return Answers()
