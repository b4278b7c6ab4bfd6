"""How often each key may ask: one count for all workers of a service, in a file that they share as memory."""

from __future__ import annotations

import fcntl
import mmap
import os
import struct
import threading
from hashlib import blake2b
from pathlib import Path

_SLOT = struct.Struct("<Qdd")  # which key, requests left, when
_SLOTS = 8  # of a bucket, which is searched from end to end
_BUCKETS = 4096
_BUCKET_BYTES = _SLOTS * _SLOT.size


class Rates:
    """Token buckets of keys: each holds some requests, and is filled up at a rate.

    A bucket of the file is locked by a lock of its byte, which the kernel takes from a worker that dies, and by one of
    this process, since threads share locks of files.

    Args:
        path: the file; all workers of a service name one file, and whoever comes first makes it.
        per_minute: requests of one key a minute.
        burst: that may come at once.
    """

    def __init__(self, path: Path, *, per_minute: float, burst: int) -> None:
        self._rate, self._burst = per_minute / 60.0, float(burst)
        self._lock = threading.Lock()
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        os.ftruncate(self._file, _BUCKETS * _BUCKET_BYTES)  # zeros where it was shorter: no key
        self._memory = mmap.mmap(self._file, _BUCKETS * _BUCKET_BYTES)

    def close(self) -> None:
        """Let the file go."""
        self._memory.close()
        os.close(self._file)

    def take(self, key_id: str, now: float) -> float:
        """Take one request from what a key has left.

        Args:
            key_id: the key.
            now: monotonic seconds, which the processes of a machine share.

        Returns:
            Zero, or the seconds until there is a request to take.
        """
        mark = int.from_bytes(blake2b(key_id.encode(), digest_size=8).digest(), "little") or 1
        bucket = mark % _BUCKETS
        with self._lock:
            fcntl.lockf(self._file, fcntl.LOCK_EX, 1, bucket)
            try:
                return self._take(bucket * _BUCKET_BYTES, mark, now)
            finally:
                fcntl.lockf(self._file, fcntl.LOCK_UN, 1, bucket)

    def _take(self, begin: int, mark: int, now: float) -> float:
        places = range(begin, begin + _BUCKET_BYTES, _SLOT.size)
        slots = [(place, *_SLOT.unpack_from(self._memory, place)) for place in places]
        found = next((one for one in slots if one[1] == mark), None)
        if found is None:  # a free slot, or that of the key which has not asked for longest
            place, left, when = min(slots, key=lambda one: (one[1] != 0, one[3]))[0], self._burst, now
        else:
            place, _, left, when = found
        left = min(self._burst, left + max(0.0, now - when) * self._rate)
        if left < 1.0:
            _SLOT.pack_into(self._memory, place, mark, left, now)
            return (1.0 - left) / self._rate
        _SLOT.pack_into(self._memory, place, mark, left - 1.0, now)
        return 0.0
