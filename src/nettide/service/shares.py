"""How many connections each worker of a server has, so that none takes what another has more time for.

All workers listen on one socket, and the kernel wakes them in no fair order: on an idle machine the same one takes all
connections, and those that are kept open stay with it.
"""

from __future__ import annotations

from ctypes import c_int32
from multiprocessing.sharedctypes import RawArray

MOST_WORKERS = 64
_ABSENT = -1


class Shares:
    """Counts of connections in memory that workers share; made before they are forked.

    Each place is written by its worker alone, and by the parent before it begins and after its end. What is read may
    be a moment old: a worker then has one connection more than another.
    """

    def __init__(self) -> None:
        self._counts = RawArray(c_int32, [_ABSENT] * MOST_WORKERS)
        self._owners: dict[int, int] = {}

    def claim(self, age: int) -> int | None:
        """Give a place to a worker that is about to be forked, known by its age; None where all are taken."""
        free = (place for place in range(MOST_WORKERS) if place not in self._owners.values())
        place = next(free, None)
        if place is not None:
            self._owners[age] = place
        return place

    def release(self, age: int) -> None:
        """Take the place of a worker that has ended."""
        place = self._owners.pop(age, None)
        if place is not None:
            self._counts[place] = _ABSENT

    def tell(self, place: int, connections: int) -> None:
        """Tell the others how many connections a worker has."""
        self._counts[place] = connections

    def leave(self, place: int) -> None:
        """Take no connections any more."""
        self._counts[place] = _ABSENT

    def least_of_others(self, place: int) -> int | None:
        """Give the fewest connections that another worker has; None where there is no other."""
        others = [count for other, count in enumerate(self._counts) if other != place and count != _ABSENT]
        return min(others, default=None)
