"""Shares of workers: places are given once and taken back, and the fewest connections of the others are known."""

from __future__ import annotations

import os

from nettide.service.shares import MOST_WORKERS, Shares


def test_a_worker_knows_the_fewest_connections_of_the_others() -> None:
    shares = Shares()
    one, two, three = (shares.claim(age) for age in (1, 2, 3))
    assert (one, two, three) == (0, 1, 2)
    assert shares.least_of_others(0) is None  # no other has begun
    shares.tell(0, 9)
    shares.tell(1, 5)
    shares.tell(2, 7)
    assert [shares.least_of_others(place) for place in range(3)] == [5, 7, 5]
    shares.leave(1)
    assert shares.least_of_others(0) == 7


def test_the_place_of_a_worker_that_ended_is_given_again() -> None:
    shares = Shares()
    assert [shares.claim(age) for age in (1, 2)] == [0, 1]
    shares.tell(0, 3)
    shares.release(1)
    shares.release(99)
    assert shares.least_of_others(1) is None
    assert shares.claim(3) == 0
    assert [shares.claim(age) for age in range(4, 4 + MOST_WORKERS)][-2:] == [None, None]


def test_what_a_fork_tells_its_parent_reads() -> None:
    shares = Shares()
    shares.claim(1)
    shares.claim(2)
    child = os.fork()
    if not child:
        shares.tell(0, 42)
        os._exit(0)
    os.waitpid(child, 0)
    assert shares.least_of_others(1) == 42
