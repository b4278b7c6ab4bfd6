"""Requests that wait for one model are forecast together."""

from __future__ import annotations

import threading
import time
from collections.abc import Hashable, Sequence

import numpy as np
import pytest

from nettide.errors import HistoryError
from nettide.forecast import Forecast
from nettide.panel import Channel, Panel, Series
from nettide.service.batching import Batcher
from nettide.service.problems import ProblemError


def panel(value: float) -> Panel:
    return Panel(np.full((1, 1, 1), value), 0, 3600, (Series("a"),), (Channel("y"),))


class Echo:
    """Gives the last value back; slow, and unwilling or broken where the value says so."""

    def __init__(self, seconds: float = 0.0) -> None:
        self.seconds = seconds
        self.batches: list[int] = []

    def key(self, panel: Panel, horizon: int) -> Hashable | None:
        return None if panel.target[0, -1] >= 100 else horizon

    def predict(self, panels: Sequence[Panel], horizon: int) -> list[Forecast]:
        self.batches.append(len(panels))
        time.sleep(self.seconds)
        values = [float(one.target[0, -1]) for one in panels]
        if -1.0 in values:
            raise HistoryError("minus one")
        if -2.0 in values:
            raise ZeroDivisionError
        empty = np.empty((1, 1, 1, 0))
        return [Forecast(("a",), ("",), np.array([0]), 3600, np.full((1, 1, 1), value), (), empty) for value in values]


def ask_all(batcher: Batcher, values: Sequence[float], *, seconds: float = 30) -> list[object]:
    found: list[object] = [None] * len(values)

    def ask(place: int) -> None:
        try:
            found[place] = batcher.forecast(panel(values[place]), 1, seconds=seconds).point.item()
        except (HistoryError, ProblemError, ZeroDivisionError) as error:
            found[place] = error

    threads = [threading.Thread(target=ask, args=(place,)) for place in range(len(values))]
    for thread in threads:
        thread.start()
        time.sleep(0.005)
    for thread in threads:
        thread.join()
    return found


def test_what_waits_while_the_model_works_shares_the_next_run_up_to_a_limit() -> None:
    model = Echo(0.2)
    values = [float(one) for one in range(12)]
    assert ask_all(Batcher(model, most=8, waiting=100, name="x"), values) == values
    assert sum(model.batches) == 12
    assert model.batches[:2] == [1, 8]


def test_one_that_must_be_alone_is() -> None:
    model = Echo(0.1)
    values = [1.0, 2.0, 100.0, 3.0, 101.0]
    assert ask_all(Batcher(model, most=8, waiting=100, name="x"), values) == values
    assert sorted(model.batches) == [1, 1, 1, 2]


def test_only_who_is_to_blame_is_refused() -> None:
    found = ask_all(Batcher(Echo(0.1), most=8, waiting=100, name="x"), [1.0, 2.0, -1.0, 3.0])
    assert isinstance(found.pop(2), HistoryError)
    assert found == [1.0, 2.0, 3.0]


def test_a_fault_in_a_shared_run_leaves_the_others_to_runs_of_their_own() -> None:
    batcher = Batcher(Echo(0.1), most=8, waiting=100, name="x")
    found = ask_all(batcher, [1.0, -2.0, 2.0, 3.0])
    assert isinstance(found.pop(1), ZeroDivisionError)
    assert found == [1.0, 2.0, 3.0]
    assert batcher.waiting == 0


def test_what_finds_no_place_is_refused_at_once() -> None:
    found = ask_all(Batcher(Echo(0.3), most=1, waiting=2, name="x"), [1.0, 2.0, 3.0, 4.0, 5.0])
    refused = [one for one in found if isinstance(one, ProblemError)]
    assert [one.status for one in refused] == [503] * 2
    assert all(one.headers["Retry-After"] for one in refused)


def test_what_takes_too_long_is_given_up_and_forgotten() -> None:
    model = Echo(0.3)
    batcher = Batcher(model, most=1, waiting=10, name="x")
    found = ask_all(batcher, [1.0, 2.0], seconds=0.1)
    assert all(isinstance(one, ProblemError) for one in found)
    assert batcher.waiting == 0
    with pytest.raises(ProblemError, match=r"took longer than 0\.1 s"):
        batcher.forecast(panel(3.0), 1, seconds=0.1)
    time.sleep(0.8)
    assert batcher.forecast(panel(4.0), 1, seconds=5).point.item() == 4.0
