"""Who may do what: keys, their scopes, and how often; what is not public is denied."""

from __future__ import annotations

import hashlib
import math
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from http import HTTPStatus

from nettide.service.problems import ProblemError
from nettide.service.rates import Rates
from nettide.store.sql.keys import KeyRecord, Keys, Scope

REALM = {"WWW-Authenticate": 'Bearer realm="nettide"'}
_TRUSTED_SECONDS = 2.0  # a key that is revoked may go on so long
_MOST_KEPT = 10_000


class Gate:
    """Checks the key of a request.

    Args:
        keys: of the store.
        rates: how often each of them may ask, over all workers.
        per_minute: the same as a number, for whoever is told to wait.
        clock: monotonic seconds.
    """

    def __init__(
        self, keys: Keys, rates: Rates, *, per_minute: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._keys, self._rates, self._per_minute, self._clock = keys, rates, per_minute, clock
        self._lock = threading.Lock()
        self._verified: dict[bytes, tuple[float, KeyRecord | None]] = {}

    def admit(self, authorization: str | None, scope: Scope) -> KeyRecord:
        """Give the key of a request that may go on.

        Args:
            authorization: the header.
            scope: what the request needs.

        Raises:
            ProblemError: 401 without a valid key, 403 without the scope, 429 if it comes too often.
            StoreError: keys cannot be looked up.
        """
        kind, _, token = (authorization or "").partition(" ")
        token = token.strip()
        if kind.lower() != "bearer" or not token:
            raise ProblemError(
                HTTPStatus.UNAUTHORIZED, "this needs a key: send the header Authorization: Bearer KEY", headers=REALM
            )
        key = self._verify(token)
        if key is None:
            raise ProblemError(HTTPStatus.UNAUTHORIZED, "the key is not known, or expired or revoked", headers=REALM)
        self._count(key.id)
        if scope not in key.scopes:
            raise ProblemError(HTTPStatus.FORBIDDEN, f"this needs a key with the scope {scope.value!r}")
        return key

    def _verify(self, token: str) -> KeyRecord | None:
        digest, now = hashlib.sha256(token.encode("utf-8", "replace")).digest(), self._clock()
        kept = self._verified.get(digest)
        if kept is not None and now - kept[0] < _TRUSTED_SECONDS:
            key = kept[1]
            return key if key is None or key.is_active(datetime.now(UTC)) else None
        key = self._keys.verify(token)
        with self._lock:
            if len(self._verified) >= _MOST_KEPT:
                self._verified.clear()
            self._verified[digest] = (now, key)
        return key

    def _count(self, key_id: str) -> None:
        wait = self._rates.take(key_id, self._clock())
        if wait > 0:
            seconds = max(1, math.ceil(wait))
            raise ProblemError(
                HTTPStatus.TOO_MANY_REQUESTS,
                f"this key asks more often than {self._per_minute:g} times a minute; wait {seconds} s",
                headers={"Retry-After": str(seconds)},
            )
