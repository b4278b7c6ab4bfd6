"""A gunicorn worker whose threads see whole requests only, and that refuses at once what it cannot answer in time.

gunicorn's own threaded worker lets each new or slow connection hold a thread while it sends; a few dozen idle clients
then stop a service. Here the event loop receives, and threads answer. What comes while all threads and places to wait
are taken gets 503 from the event loop, which costs no thread. On SIGTERM the worker takes what waits in the backlog of
its socket, stops listening, and answers everything that it has received.
"""

from __future__ import annotations

import contextlib
import errno
import json
import logging
import math
import socket
import struct
import threading
import time
from collections import deque
from functools import partial
from http import HTTPStatus
from selectors import EVENT_READ
from typing import Any

from gunicorn.http import errors as http_errors  # type: ignore[import-untyped]  # gunicorn has no types
from gunicorn.workers.gthread import TConn, ThreadWorker  # type: ignore[import-untyped]  # as above

from nettide.service.logs import log
from nettide.service.problems import MEDIA_TYPE, ProblemError, document
from nettide.service.received import Extent, Refusal, extent
from nettide.service.runtime import EXTENSION, WAITED

_CHUNK = 262_144
_SMALL = 65_536  # bytes of a request that always find room
_MOST_BUFFERED = 268_435_456  # bytes of larger ones
_SLOWEST = 262_144  # bytes a second that a large body must come in
_LINGER_SECONDS = 2.0  # after SIGTERM, for a request that is on its way on an open connection
_PATIENCE_SECONDS = 20
_ALWAYS = (b"/healthz", b"/readyz", b"/metrics")
_PENALTY_SECONDS = 0.5  # before 503: clients that ask again at once must not keep the loop from its work
_LEFT_SECONDS = 0.02  # that a connection is left to a worker that has fewer
_GLANCE_SECONDS = 0.0005
_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


class _Connection(TConn):  # type: ignore[misc]  # gunicorn has no types
    """A connection with what has come on it."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.buffer = bytearray()
        self.until = 0.0
        self.whole: Extent | None = None
        self.request = b""
        self.came = 0.0


class BufferingWorker(ThreadWorker):  # type: ignore[misc]  # gunicorn has no types
    """Receives in the event loop, answers in threads."""

    place: int | None = None
    """Among the workers of the server, which gives it before the fork."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        settings = self.app.settings
        self._receive_seconds = settings.service.receive_seconds
        self._most_body = max(settings.limits.body_bytes, settings.limits.upload_bytes)
        self._room = settings.service.threads + settings.limits.waiting
        self._receiving: set[_Connection] = set()
        self._buffered = 0
        self._queued = 0
        self._shares = self.app.shares
        self._left_since = math.inf
        self._waited = threading.local()
        self._is_draining = False
        self._refused: deque[tuple[float, _Connection]] = deque()

    def load_wsgi(self) -> None:
        """Let the application know how long a request has waited for a thread."""
        super().load_wsgi()
        application: Any = self.wsgi

        def timed(environ: dict[str, Any], start_response: Any) -> Any:
            environ[WAITED] = getattr(self._waited, "seconds", 0.0)
            return application(environ, start_response)

        self.wsgi: Any = timed
        self._application = application

    # the event loop

    def accept(self, listener: socket.socket) -> None:
        """Take one connection that waits, if there is room, or all at the end; their requests are received later.

        One at a time, and none while another worker has fewer and takes it soon: a worker that took all that waits
        would leave the others idle for as long as clients keep their connections.
        """
        taken = 0
        while (not taken and self.nr_conns < self.worker_connections and self._is_my_turn()) or self._is_draining:
            try:
                client, address = listener.accept()
            except OSError as error:
                if error.errno in (errno.EAGAIN, errno.ECONNABORTED, errno.EWOULDBLOCK, errno.EINVAL):
                    return
                raise
            self.nr_conns += 1
            taken += 1
            limit = struct.pack("ll", _PATIENCE_SECONDS, 0)
            for option in (socket.SO_SNDTIMEO, socket.SO_RCVTIMEO):  # no thread waits long for a client
                client.setsockopt(socket.SOL_SOCKET, option, limit)
            self._receive(_Connection(self.cfg, client, address, listener.getsockname()))

    def _is_my_turn(self) -> bool:
        """Leave a connection to a worker that has fewer, but not for long: it may be busy with something else."""
        place: int | None = self.place
        if place is None:
            return True
        self._shares.tell(place, self.nr_conns)
        fewest = self._shares.least_of_others(place)
        now = time.monotonic()
        if fewest is None or self.nr_conns <= fewest or now > self._left_since + _LEFT_SECONDS:
            self._left_since = math.inf
            return True
        self._left_since = min(self._left_since, now)
        time.sleep(_GLANCE_SECONDS)  # the socket stays readable; without a pause we would look without end
        return False

    def set_accept_enabled(self, enabled: bool) -> None:
        """Take what the kernel has accepted for us before the socket is closed at the end."""
        super().set_accept_enabled(enabled)
        if not enabled and not self.alive and not self._is_draining:
            self._is_draining = True
            if self.place is not None:
                self._shares.leave(self.place)
            for listener in self.sockets:
                with contextlib.suppress(OSError):
                    self.accept(listener)
                listener.close()

    def _receive(self, connection: _Connection) -> None:
        """Wait for bytes of the next request."""
        connection.sock.setblocking(False)
        idle = self.cfg.keepalive if self.alive else _LINGER_SECONDS
        connection.until = time.monotonic() + idle
        self._receiving.add(connection)
        self.poller.register(connection.sock, EVENT_READ, partial(self._on_bytes, connection))
        if connection.buffer:
            self._consider(connection)
        elif not self.alive:  # what it sent before we were told to end
            self._on_bytes(connection, connection.sock)

    def _on_bytes(self, connection: _Connection, _: object) -> None:
        try:
            chunk = connection.sock.recv(_CHUNK)
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            self._drop(connection)
            return
        if not chunk:
            self._drop(connection)
            return
        if not connection.buffer:
            connection.until = time.monotonic() + self._receive_seconds
        before = len(connection.buffer)
        connection.buffer += chunk
        self._buffered += max(0, len(connection.buffer) - _SMALL) - max(0, before - _SMALL)
        self._consider(connection)

    def _consider(self, connection: _Connection) -> None:
        """Hand a request to the threads if all of it has come."""
        found = connection.whole or extent(connection.buffer, most_body=self._most_body)
        if isinstance(found, Refusal):
            self._refuse(connection, found.status, found.detail)
        elif found is not None and len(connection.buffer) < found.total:
            if connection.whole is None:
                connection.whole = found
                connection.until += found.total / _SLOWEST
                if found.expects:
                    self._send(connection, _CONTINUE)
            if self._buffered > _MOST_BUFFERED:
                self._refuse(connection, 503, "too many large bodies come at once; try again")
        elif found is not None:
            connection.whole = None
            self._dispatch(connection, found)

    def _dispatch(self, connection: _Connection, whole: Extent) -> None:
        self._take_off(connection)
        self._buffered -= max(0, len(connection.buffer) - _SMALL)
        connection.request = bytes(connection.buffer[: whole.total])
        del connection.buffer[: whole.total]
        self._buffered += max(0, len(connection.buffer) - _SMALL)
        if self._queued >= self._room and whole.path not in _ALWAYS:
            self._shed(connection)
            return
        self._queued += 1
        connection.came = time.monotonic()
        connection.data_ready = True
        self.enqueue_req(connection)

    def _shed(self, connection: _Connection) -> None:
        """Refuse a request for want of room, a little later; its connection goes on."""
        shared = self._application.extensions[EXTENSION]
        shared.metrics.refused.labels("503").inc()
        shared.metrics.requests.labels("unread", "unread", "503").inc()
        self._refused.append((time.monotonic() + _PENALTY_SECONDS, connection))

    def wait_for_and_dispatch_events(self, timeout: float) -> None:
        """Wait no longer than until the next refusal is due."""
        if self._refused:
            timeout = min(timeout, max(0.0, self._refused[0][0] - time.monotonic()))
        super().wait_for_and_dispatch_events(timeout)
        if self.place is not None and self.alive:
            self._shares.tell(self.place, self.nr_conns)
        now = time.monotonic()
        while self._refused and (self._refused[0][0] <= now or not self.alive):
            _, connection = self._refused.popleft()
            problem = ProblemError(503, "too many requests wait; try again", headers={"Retry-After": "1"})
            if self._send(connection, _raw(problem, close=not self.alive)) and self.alive:
                self._receive(connection)
            else:
                self._end(connection)

    def _refuse(self, connection: _Connection, status: int, detail: str) -> None:
        """Answer a request whose end is not known or not waited for; its connection ends."""
        self._take_off(connection)
        self._send(connection, _raw(ProblemError(status, detail), close=True))
        self._buffered -= max(0, len(connection.buffer) - _SMALL)
        connection.buffer.clear()
        with contextlib.suppress(OSError):  # half closed, so that the answer is read before the reset
            connection.sock.shutdown(socket.SHUT_WR)
            connection.sock.recv(_CHUNK)
        self._end(connection)

    def _send(self, connection: _Connection, answer: bytes) -> bool:
        try:
            return bool(connection.sock.send(answer) == len(answer))
        except OSError:
            return False

    def _take_off(self, connection: _Connection) -> None:
        self._receiving.discard(connection)
        with contextlib.suppress(OSError, KeyError, ValueError):
            self.poller.unregister(connection.sock)

    def _drop(self, connection: _Connection) -> None:
        """End a connection that sent nothing whole."""
        self._take_off(connection)
        self._buffered -= max(0, len(connection.buffer) - _SMALL)
        connection.buffer.clear()
        self._end(connection)

    def _end(self, connection: _Connection) -> None:
        self.nr_conns -= 1
        connection.close()

    def murder_pending(self) -> None:
        """Close connections whose request did not come in time; the event loop calls this every second."""
        now = time.monotonic()
        for connection in list(self._receiving):
            if not self.alive and not connection.buffer:
                connection.until = min(connection.until, now + _LINGER_SECONDS)
            if now > connection.until:
                if not connection.buffer:
                    self._on_bytes(connection, connection.sock)  # a last look, for what came this instant
                    if connection not in self._receiving or connection.buffer:
                        continue
                    self._drop(connection)
                else:
                    self._refuse(connection, 408, "the request did not come in time")

    def finish_request(self, conn: _Connection, fs: Any) -> None:
        """Wait for the next request of a connection, or end it; called in the event loop."""
        self._queued -= 1
        keep = not fs.cancelled() and fs.exception() is None and bool(fs.result())
        conn.request = b""
        if keep and not conn.parser.unreader.take_buffered():  # else gunicorn saw another end of the request than we
            self._receive(conn)
        else:
            self.nr_conns -= 1
            conn.close(graceful=True)

    # the threads

    def handle(self, conn: _Connection) -> Any:
        """Answer a request that has come as a whole."""
        self._waited.seconds = time.monotonic() - conn.came
        conn.sock.setblocking(True)
        conn.init()
        conn.parser.unreader.unread(conn.request)
        return super().handle(conn)

    def handle_error(self, req: object, client: socket.socket, addr: object, exc: BaseException) -> None:
        """Answer what gunicorn's parser refuses, and our own faults, with a problem document."""
        del req, addr
        if isinstance(exc, http_errors.LimitRequestHeaders):
            problem = ProblemError(431, "the headers are too long or too many")
        elif isinstance(exc, http_errors.LimitRequestLine):
            problem = ProblemError(414, "the path is too long")
        elif isinstance(exc, http_errors.ParseException):
            problem = ProblemError(400, "the request is not HTTP as RFC 9112 has it")
        else:
            log(logging.ERROR, "fault", exc_info=exc)
            problem = ProblemError(500, "something went wrong here, and is in the log of the service; try again later")
        with contextlib.suppress(OSError):
            client.sendall(_raw(problem, close=True))


def _raw(problem: ProblemError, *, close: bool) -> bytes:
    """Write a problem as a whole HTTP response."""
    body = json.dumps(document(problem)).encode()
    headers = {
        "Content-Type": MEDIA_TYPE,
        "Content-Length": str(len(body)),
        "Connection": "close" if close else "keep-alive",
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
        **problem.headers,
    }
    lines = [
        f"HTTP/1.1 {problem.status} {HTTPStatus(problem.status).phrase}",
        *(f"{k}: {v}" for k, v in headers.items()),
    ]
    return "\r\n".join([*lines, "", ""]).encode() + body
