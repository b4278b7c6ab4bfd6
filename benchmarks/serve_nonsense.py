"""Nonsense on raw sockets, deep JSON and slow clients against a server that runs: cases, failures, answers by status.

    python benchmarks/serve_nonsense.py --cases 3000

A failure is an answer that is no HTTP or has a status of 500 or more, a slow client that is not told so in time, or a
service that does not answer health checks and forecasts meanwhile.
"""

from __future__ import annotations

import argparse
import json
import random
import socket
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from measuring import keep, markdown, versions

TESTS = Path(__file__).parents[1] / "tests" / "service"
sys.path.insert(0, str(TESTS))

from made_service import END, Server, daily, served  # noqa: E402 its folder is known only now

RECEIVE_SECONDS = 2
HEALTHY = {"end": END, "horizon": 3, "series": [{"id": "a", "values": daily(48)}]}


@dataclass(slots=True)
class Found:
    """What a kind of cases came to.

    Args:
        cases: that were sent.
        failures: what should not have been.
        statuses: of the answers; ``none`` where the connection ended without one, as for half a request.
    """

    cases: int = 0
    failures: list[str] = field(default_factory=list)
    statuses: Counter[str] = field(default_factory=Counter)

    def judge(self, answer: bytes, what: str) -> None:
        """Count an answer."""
        self.cases += 1
        status = answer[9:12].decode("ascii", "replace") if answer else "none"
        self.statuses[status] += 1
        if answer and (not answer.startswith(b"HTTP/1.1 ") or not status.isdigit() or int(status) >= 500):
            self.failures.append(f"{what}: {answer[:200]!r}")


def whole_answer(connection: socket.socket) -> bytes:
    """Read until the connection ends, or nothing comes for a while."""
    got = b""
    try:
        while chunk := connection.recv(65_536):
            got += chunk
    except OSError:  # reset, or silent for as long as it may
        pass
    return got


def request(server: Server, path: str, body: bytes) -> bytes:
    """Write a whole request after which the connection ends."""
    head = f"POST {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer {server.token}\r\n"
    return f"{head}Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body


def mutated(whole: bytes, chance: random.Random) -> bytes:
    """Change, cut or repeat parts of a request."""
    mixed = bytearray(whole)
    for _ in range(chance.randrange(1, 20)):
        place = chance.randrange(len(mixed))
        mixed[place : place + chance.randrange(4)] = chance.choice(
            (
                chance.randbytes(chance.randrange(6)),
                b"\r\n",
                b"\x00",
                b"\r\n\r\n",
                b"Content-Length: 3\r\n",
                b"\xff" * 9,
            )
        )
    if chance.random() < 0.3:
        mixed += mixed[chance.randrange(len(mixed)) :]
    return bytes(mixed[: chance.randrange(1, len(mixed) + 1)])


def deep_bodies(chance: random.Random) -> Iterator[tuple[str, bytes]]:
    """Give JSON that nests ever deeper, whole or broken off."""
    for depth in (9, 64, 999, 5_000, 50_000, 400_000):
        for opening, closing in (("[", "]"), ('{"a":', "}"), ('[{"b":', "}]"), ('{"series":[', "]}")):
            for middle in ("1", "", "NaN", '"\\u0000"', '"[[[["'):
                text = opening * depth + middle + closing * chance.choice((depth, depth - 1, 0))
                yield f"{depth} x {opening}{middle}", text.encode()


def is_healthy(server: Server) -> bool:
    return server.ask("/healthz")[0] == 200 and server.ask("/api/v1/forecast", HEALTHY)[0] == 200


def send_nonsense(server: Server, *, cases: int, seed: int) -> Found:
    found, chance = Found(), random.Random(seed)
    body = json.dumps(HEALTHY).encode()
    for number in range(cases):
        sent = mutated(request(server, "/api/v1/forecast", body), chance)
        if chance.random() < 0.2:
            sent = chance.randbytes(chance.randrange(1, 3000))
        with server.connect(10) as connection:
            try:
                connection.sendall(sent)
                connection.shutdown(socket.SHUT_WR)
            except OSError:  # refused before all was sent
                pass
            found.judge(whole_answer(connection), repr(sent[:200]))
        if number % 200 == 199 and not is_healthy(server):
            found.failures.append(f"unhealthy after {number + 1} cases")
    return found


def send_deep_json(server: Server, *, seed: int) -> Found:
    found = Found()
    for what, body in deep_bodies(random.Random(seed)):
        for path in ("/api/v1/forecast", "/api/v1/next", "/api/v1/jobs"):
            with server.connect(20) as connection:
                connection.sendall(request(server, path, body))
                answer = whole_answer(connection)
            found.judge(answer, f"{path} {what}")
            if not answer.startswith(b"HTTP/1.1 4"):
                found.failures.append(f"{path} {what} was not refused: {answer[:100]!r}")
    if not is_healthy(server):
        found.failures.append("unhealthy after deep JSON")
    return found


def be_slow(server: Server, *, clients: int) -> Found:
    """Send a byte now and then on many connections at once, while forecasts are asked for beside them."""
    found = Found()
    whole = request(server, "/api/v1/forecast", json.dumps(HEALTHY).encode())
    slow = [server.connect(20) for _ in range(clients)]
    begun, place = time.monotonic(), 0
    while time.monotonic() - begun < RECEIVE_SECONDS + 3:
        for connection in slow:
            try:
                connection.send(whole[place : place + 1])
            except OSError:  # told so and closed
                continue
        place += 1
        asked = time.monotonic()
        if not is_healthy(server) or time.monotonic() - asked > 5:
            found.failures.append("unhealthy beside slow clients")
        time.sleep(0.1)
    for connection in slow:
        with connection:
            answer = whole_answer(connection)
            found.judge(answer, "slow client")
            if not answer.startswith(b"HTTP/1.1 408"):
                found.failures.append(f"a slow client was not told so: {answer[:100]!r}")
    return found


def send_all(server: Server, *, cases: int, clients: int, seed: int) -> dict[str, Found]:
    """Send everything; the server must give up receiving after ``RECEIVE_SECONDS``."""
    found = {
        "nonsense": send_nonsense(server, cases=cases, seed=seed),
        "deep JSON": send_deep_json(server, seed=seed),
        "slow clients": be_slow(server, clients=clients),
    }
    faults = [line for line in server.log() if line["event"] == "fault"]
    found["nonsense"].failures += [f"fault in the log: {line.get('trace', '')[-300:]}" for line in faults]
    return found


def rows_of(found: dict[str, Found]) -> list[dict[str, Any]]:
    return [
        {
            "kind": kind,
            "cases": one.cases,
            "failures": len(one.failures),
            "5xx": sum(count for status, count in one.statuses.items() if status.startswith("5")),
            "answers": ", ".join(f"{status}: {count}" for status, count in sorted(one.statuses.items())),
        }
        for kind, one in found.items()
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=3000, help="of nonsense")
    parser.add_argument("--clients", type=int, default=300, help="that are slow")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--quick", action="store_true", help="see that it runs: 50 cases, 20 clients")
    asked = parser.parse_args()
    cases, clients, name = asked.cases, asked.clients, "serve_nonsense"
    if asked.quick:
        cases, clients, name = 50, 20, "serve_nonsense_quick"
    options = ("--workers", "1", "--job-workers", "0")
    with (
        tempfile.TemporaryDirectory() as folder,
        served(Path(folder), *options, NETTIDE_SERVICE__RECEIVE_SECONDS=str(RECEIVE_SECONDS)) as server,
    ):
        found = send_all(server, cases=cases, clients=clients, seed=asked.seed)
    rows = rows_of(found)
    print(markdown(rows))
    for failure in [failure for one in found.values() for failure in one.failures][:10]:
        print(failure, file=sys.stderr)
    keep(name, {"rows": rows, "seed": asked.seed, "versions": versions("nettide", "gunicorn", "flask")})
    sys.exit(any(row["failures"] for row in rows))


if __name__ == "__main__":
    main()
