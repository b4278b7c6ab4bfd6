"""A service as a user starts it: whole requests, slow clients, overload, SIGTERM, jobs."""

from __future__ import annotations

import contextlib
import json
import signal
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from made_service import END, Server, daily, save_model, served

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("served")
    save_model(folder / "models", "uplinks")
    (folder / "nettide.yaml").write_text(
        "service: {threads: 4, workers: 1, receive_seconds: 2, log_level: info}\nlimits: {waiting: 16}\n"
    )
    with served(folder, "--settings", "nettide.yaml", "--job-workers", "0") as found:
        yield found


def raw(server: Server, method: str, path: str, body: bytes = b"", *headers: str) -> bytes:
    lines = [f"{method} {path} HTTP/1.1", "Host: x", f"Authorization: Bearer {server.token}", *headers]
    if body:
        lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    return "\r\n".join([*lines, "", ""]).encode() + body


FORECAST = json.dumps({"model": "uplinks", "end": END, "series": [{"id": "a", "values": daily()}]}).encode()


def answered(connection: socket.socket, *, exactly: bool = False) -> tuple[int, bytes]:
    """Status and body of the next answer on a connection; exactly, where another may follow at once."""
    return answer_of(connection, exactly=exactly)[:2]


def answer_of(connection: socket.socket, *, exactly: bool = False) -> tuple[int, bytes, bool]:
    """The same, and whether the connection ends with it."""
    got = b""
    while b"\r\n\r\n" not in got:
        chunk = connection.recv(1 if exactly else 65536)
        if not chunk:
            return 0, got, True
        got += chunk
    head, _, body = got.partition(b"\r\n\r\n")
    length = next(
        int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length")
    )
    while len(body) < length:
        body += connection.recv(length - len(body))
    return int(head.split()[1]), body, b"connection: close" in head.lower()


def test_requests_on_one_connection_are_answered_in_order_even_if_sent_at_once(server: Server) -> None:
    with server.connect() as connection:
        connection.sendall(raw(server, "GET", "/healthz") + raw(server, "GET", "/nope") + raw(server, "GET", "/readyz"))
        bodies = [answered(connection, exactly=True) for _ in range(3)]
        assert [status for status, _ in bodies] == [200, 404, 200]
        assert json.loads(bodies[2][1])["status"] == "ready"


def test_a_request_that_comes_byte_by_byte_holds_no_thread(server: Server) -> None:
    slow = [server.connect() for _ in range(40)]
    try:
        whole = raw(server, "POST", "/api/v1/forecast", FORECAST)
        for connection in slow:
            connection.sendall(whole[:200])
        started = time.monotonic()
        assert server.ask("/healthz")[0] == 200
        assert server.ask("/api/v1/forecast", json.loads(FORECAST))[0] == 200
        assert time.monotonic() - started < 5
        for connection in slow[:12]:
            connection.sendall(whole[200:])
        assert [answered(connection)[0] for connection in slow[:12]] == [200] * 12
        late = [answered(connection) for connection in slow[12:]]
        assert {status for status, _ in late} == {408}
    finally:
        for connection in slow:
            connection.close()


def test_five_hundred_idle_connections_do_not_matter(server: Server) -> None:
    idle = [server.connect() for _ in range(500)]
    try:
        assert server.ask("/api/v1/forecast", json.loads(FORECAST))[0] == 200
        idle[250].sendall(raw(server, "GET", "/healthz"))
        assert answered(idle[250])[0] == 200
    finally:
        for connection in idle:
            connection.close()


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"GET / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 411),
        (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n\r\n", 413),
        (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab", 400),
        (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 70_000, 431),
        (b"GET /" + b"a" * 5000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", 414),
        (b"GET / HTTP/9.9\r\nHost: x\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nBad Header: x\r\n\r\n", 400),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 400),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400),
        (b"GET /%00%ff%2e%2e/ HTTP/1.1\r\nHost: x\r\n\r\n", 404),
        (b"G" * 100 + b"\r\n\r\n", 400),
    ],
)
def test_what_is_no_request_is_told_so_as_a_problem(server: Server, sent: bytes, status: int) -> None:
    with server.connect() as connection:
        connection.sendall(sent)
        got, body = answered(connection)
        assert got == status
        assert json.loads(body)["status"] == status


def test_nonsense_deep_json_and_slow_clients_are_refused_and_harm_nobody(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(BENCHMARKS)
    from serve_nonsense import send_all

    found = send_all(server, cases=150, clients=40, seed=1)
    assert {kind: one.failures for kind, one in found.items()} == {"nonsense": [], "deep JSON": [], "slow clients": []}
    assert found["deep JSON"].statuses == {"400": 360}
    assert found["slow clients"].statuses == {"408": 40}
    assert found["nonsense"].cases == 150
    assert sum(found["nonsense"].statuses.values()) > found["nonsense"].statuses["none"]


def test_above_capacity_requests_are_refused_and_the_others_answered(server: Server) -> None:
    found: list[tuple[int, bytes]] = []
    lock = threading.Lock()

    def hammer() -> None:
        with server.connect(60) as connection:
            for _ in range(4):
                connection.sendall(raw(server, "POST", "/api/v1/forecast", FORECAST))
                one = answered(connection)
                with lock:
                    found.append(one)

    threads = [threading.Thread(target=hammer) for _ in range(80)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    statuses = [status for status, _ in found]
    assert len(found) == 320
    assert set(statuses) == {200, 503}
    assert statuses.count(200) > 60
    status, text = server.ask("/metrics")
    assert status == 200
    refused = sum(
        float(line.split()[-1]) for line in text.splitlines() if line.startswith("nettide_requests_refused_total")
    )
    assert refused >= statuses.count(503)


def test_metrics_tell_requests_latency_forecasts_and_models(server: Server) -> None:
    server.ask("/api/v1/forecast", json.loads(FORECAST))
    text = server.ask("/metrics")[1]
    for part in (
        'nettide_requests_total{method="POST",route="/api/v1/forecast",status="200"}',
        'nettide_request_seconds_bucket{le="0.1",route="/api/v1/forecast"}',
        'nettide_forecasts_total{model="uplinks"}',
        'nettide_model_age_seconds{model="uplinks"}',
        'nettide_forecasts_waiting{model="uplinks"} 0.0',
        'nettide_jobs{state="queued"} 0.0',
        "nettide_requests_in_progress",
    ):
        assert part in text, part


def test_posted_values_are_compared_with_the_bands_of_earlier_forecasts(server: Server) -> None:
    values = daily(24 * 9)

    def asked(steps: int) -> None:
        start = "2026-01-05T00:00:00Z"
        body = {"start": start, "horizon": 24, "series": [{"id": "one", "values": values[:steps]}]}
        assert server.ask("/api/v1/forecast", body)[0] == 200

    def counted(name: str) -> float:
        lines = server.ask("/metrics")[1].splitlines()
        return sum(float(line.split()[-1]) for line in lines if line.startswith(f'{name}{{model="base"}}'))

    asked(24 * 8)
    time.sleep(0.6)
    asked(24 * 8 + 10)
    asked(24 * 8 + 24)
    deadline = time.monotonic() + 10
    while counted("nettide_band_observations_total") < 38 and time.monotonic() < deadline:
        time.sleep(0.1)
    assert counted("nettide_band_observations_total") == 24 + 14
    assert 20 <= counted("nettide_band_hits_total") <= 38


def test_log_lines_are_json_with_no_key_in_them(server: Server) -> None:
    lines = server.log()
    requests = [line for line in lines if line["event"] == "request"]
    assert {"time", "level", "route", "method", "status", "seconds", "key", "client"} <= set(requests[-1])
    assert server.token.split("_", 2)[2] not in (server.folder / "serve.log").read_text()


def sockets_of(server: Server) -> list[int]:
    """How many sockets each worker of a server has open."""
    parent = server.process.pid
    workers = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
    return [sum(map(is_socket, Path(f"/proc/{pid}/fd").iterdir())) for pid in workers]


def is_socket(file: Path) -> bool:
    """Whether a file that a process has open is a socket; it may be closed by now."""
    try:
        return str(file.readlink()).startswith("socket:")
    except FileNotFoundError:
        return False


def test_sigterm_answers_everything_that_was_sent(tmp_path: Path) -> None:
    clients = 12
    save_model(tmp_path / "models", "uplinks")
    with served(tmp_path, "--job-workers", "0", NETTIDE_SERVICE__WORKERS="2") as server:
        end = time.monotonic() + 20
        taken = [0, 24]
        while taken[0] < 6 and time.monotonic() < end:  # the second worker may still begin
            before = sockets_of(server)
            with contextlib.ExitStack() as kept_open:  # connections that stay are shared by the workers
                for _ in range(24):
                    kept_open.enter_context(server.connect())
                time.sleep(0.2)
                taken = sorted(now - then for now, then in zip(sockets_of(server), before, strict=True))
            time.sleep(0.2)
        assert taken[0] >= 6
        assert sum(taken) == 24
        sent, got = [0] * clients, [0] * clients

        def ask(place: int) -> None:
            with contextlib.suppress(ConnectionRefusedError):  # no longer listening: nothing was accepted
                while True:
                    with server.connect() as connection:
                        ends = False
                        while not ends:
                            connection.sendall(raw(server, "POST", "/api/v1/forecast", FORECAST))
                            sent[place] += 1
                            status, body, ends = answer_of(connection)
                            assert status == 200, body
                            got[place] += 1

        threads = [threading.Thread(target=ask, args=(place,)) for place in range(clients)]
        for thread in threads:
            thread.start()
        time.sleep(2)
        server.process.send_signal(signal.SIGTERM)
        for thread in threads:
            thread.join(timeout=60)
        assert server.process.wait(timeout=60) == 0
        assert got == sent
        assert min(got) > 0
        assert [line["event"] for line in server.log() if line["level"] == "error"] == []
