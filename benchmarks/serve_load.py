"""Load on ``nettide serve`` at 1, 3 and 10 times capacity, beside the prototype's design.

    python benchmarks/serve_load.py --seconds 15

needs wrk (``apt-get install wrk``). The model is an LSTM of two layers, hidden 64, context 168, that forecasts 24 steps
with 9 quantiles; each request holds 168 values of one series. At 1 x, 12 connections a worker ask without pause, which
keeps all threads busy; 3 x and 10 x are so many times the connections. The prototype's design answers from one process,
one request at a time, through the model as it is (``predict`` of one window, weights loaded once). wrk takes part of
the same cores.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from nettide import Channel, Forecaster, Panel, Series
from nettide.store.sql.engine import open_store
from nettide.store.sql.keys import Scope

STEPS, HORIZON = 168, 24
ENVIRONMENT = {**os.environ, "OMP_NUM_THREADS": "1", "OMP_WAIT_POLICY": "PASSIVE"}
PROTOTYPE = """
import json, sys
from http.server import BaseHTTPRequestHandler, HTTPServer
import numpy as np
from nettide import Channel, Forecaster, Panel, Series
from nettide.models.contract import last_cutoff

forecaster = Forecaster.load(sys.argv[1])

class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        given = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        values = np.array(given["series"][0]["values"])[None, :, None]
        panel = Panel(values, 1_771_718_400, 3600, (Series("a"),), (Channel("y"),))
        made = forecaster.predict(panel)
        body = json.dumps({"point": made.point[0, 0].tolist(), "quantiles": made.quantiles[0, 0].tolist()}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass

HTTPServer.request_queue_size = 512
HTTPServer(("127.0.0.1", int(sys.argv[2])), Handler).serve_forever()
"""
LUA = """
wrk.method = "POST"
wrk.body = [[BODY]]
wrk.headers["Content-Type"] = "application/json"
wrk.headers["Authorization"] = "Bearer TOKEN"
local threads, statuses = {}, {}
function setup(thread) table.insert(threads, thread) end
function init() counts = {} end
function response(status) counts[status] = (counts[status] or 0) + 1 end
done = function(summary, latency, requests)
  local total = {}
  for _, thread in ipairs(threads) do
    for status, count in pairs(thread:get("counts")) do total[status] = (total[status] or 0) + count end
  end
  local parts = {}
  for status, count in pairs(total) do table.insert(parts, string.format('"%d": %d', status, count)) end
  io.write(string.format('{"seconds": %.3f, "p50": %.2f, "p99": %.2f, "lost": %d, "statuses": {%s}}\\n',
    summary.duration / 1e6, latency:percentile(50) / 1000, latency:percentile(99) / 1000,
    summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout,
    table.concat(parts, ", ")))
end
"""


def history(series: int, steps: int) -> np.ndarray:
    """Made traffic, shape (series, step)."""
    daily = 1.5 + np.sin(2 * np.pi * np.arange(steps) / 24)
    return np.round(1e9 * daily * np.random.default_rng(0).lognormal(0, 0.1, (series, steps)))


def fit(folder: Path) -> None:
    """Keep a model of the size that the figures are of; how well it forecasts does not matter here."""
    values = history(5, 24 * 42)[:, :, None]
    panel = Panel(values, 1_767_225_600, 3600, tuple(Series(f"s{row}") for row in range(5)), (Channel("y"),))
    forecaster = Forecaster("lstm", horizon=HORIZON, context=STEPS, hidden=64, layers=2, epochs=1)
    forecaster.fit(panel)
    forecaster.save(folder / "models" / "bench")


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@contextlib.contextmanager
def running(command: list[str], folder: Path, port: int) -> Iterator[subprocess.Popen[bytes]]:
    with (folder / "log").open("ab") as log:
        process = subprocess.Popen(command, cwd=folder, env=ENVIRONMENT, stderr=log, stdout=log)
    try:
        for _ in range(1200):
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=5):
                break
            time.sleep(0.1)
        yield process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        process.wait(timeout=60)


def wrk(folder: Path, port: int, *, connections: int, seconds: float) -> dict[str, object]:
    """Ask without pause on so many connections."""
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds:g}s", "--timeout", "30s", "-s", "post.lua"]
    out = subprocess.run(
        [*command, f"http://127.0.0.1:{port}/api/v1/forecast"], cwd=folder, capture_output=True, text=True, check=True
    )
    found: dict[str, object] = json.loads(re.findall(r"^\{.*\}$", out.stdout, flags=re.MULTILINE)[-1])
    return found


def show(name: str, found: dict[str, object]) -> float:
    """Print a line; gives the answers with a forecast a second."""
    statuses: dict[str, int] = found["statuses"]  # type: ignore[assignment]
    rate = statuses.get("200", 0) / float(found["seconds"])  # type: ignore[arg-type]
    others = {status: count for status, count in statuses.items() if status != "200"}
    print(
        f"{name:<34} {rate:7.0f} forecasts/s   p50 {found['p50']:7.1f} ms   p99 {found['p99']:7.1f} ms   "
        f"refused {others or 0}   lost {found['lost']}",
        flush=True,
    )
    return rate


def idle_connections(port: int, count: int) -> list[socket.socket]:
    return [socket.create_connection(("127.0.0.1", port), timeout=30) for _ in range(count)]


def stop_in_the_middle(process: subprocess.Popen[bytes], port: int, body: bytes, token: str, clients: int) -> str:
    """Send SIGTERM while clients ask; say how many whole requests got no answer."""
    sent, answered = [0] * clients, [0] * clients
    head = (
        f"POST /api/v1/forecast HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    ).encode()

    def ask(place: int) -> None:
        with contextlib.suppress(ConnectionRefusedError):
            while True:
                with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
                    ends = False
                    while not ends:
                        connection.sendall(head + body)
                        sent[place] += 1
                        got = b""
                        while b"\r\n\r\n" not in got:
                            chunk = connection.recv(65536)
                            if not chunk:
                                return
                            got += chunk
                        told, _, rest = got.partition(b"\r\n\r\n")
                        length = int(re.search(rb"(?i)content-length: (\d+)", told)[1])  # type: ignore[index]
                        while len(rest) < length:
                            rest += connection.recv(65536)
                        answered[place] += told.split()[1] == b"200"
                        ends = b"connection: close" in told.lower()

    threads = [threading.Thread(target=ask, args=(place,)) for place in range(clients)]
    for thread in threads:
        thread.start()
    time.sleep(3)
    process.send_signal(signal.SIGTERM)
    for thread in threads:
        thread.join()
    return f"{sum(sent)} requests sent by {clients} clients, {sum(sent) - sum(answered)} without a forecast"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=15.0)
    parser.add_argument("--connections", type=int, default=12, help="of each worker at 1 x")
    parser.add_argument("--workers", type=int, default=len(os.sched_getaffinity(0)))
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        fit(folder)
        store = open_store(f"sqlite:///{folder}/nettide.db")
        token, _ = store.keys.create("load", frozenset(Scope), None)
        store.close()
        series = [{"id": "a", "values": history(1, STEPS)[0].tolist()}]
        body = json.dumps({"model": "bench", "end": "2026-03-01T00:00:00Z", "horizon": HORIZON, "series": series})
        (folder / "post.lua").write_text(LUA.replace("BODY", body).replace("TOKEN", token))
        port = free_port()
        with running([sys.executable, "-c", PROTOTYPE, "models/bench", str(port)], folder, port):
            wrk(folder, port, connections=1, seconds=2)
            before = show("prototype's design, 1 connection", wrk(folder, port, connections=1, seconds=given.seconds))
        port = free_port()
        at_once = given.connections * given.workers
        ENVIRONMENT["NETTIDE_LIMITS__REQUESTS_PER_MINUTE"] = "100000000"
        ENVIRONMENT["NETTIDE_LIMITS__BURST"] = "1000000"
        command = [sys.executable, "-m", "nettide", "serve", "--port", str(port), "--workers", str(given.workers)]
        with running([*command, "--job-workers", "0"], folder, port) as process:
            while True:
                with contextlib.suppress(OSError):
                    urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5).close()
                    break
            wrk(folder, port, connections=at_once, seconds=4)
            rate = show(f"1 x ({at_once} connections)", wrk(folder, port, connections=at_once, seconds=given.seconds))
            for times in (3, 10):
                found = wrk(folder, port, connections=times * at_once, seconds=given.seconds)
                show(f"{times} x ({times * at_once} connections)", found)
            time.sleep(3)  # what was sent at 10 x is answered before anything else is measured
            idle = idle_connections(port, 500)
            show("1 x beside 500 idle connections", wrk(folder, port, connections=at_once, seconds=given.seconds))
            for one in idle:
                one.close()
            print("SIGTERM in the middle:", stop_in_the_middle(process, port, body.encode(), token, at_once))
        print(f"nettide serve at 1 x / the prototype's design: {rate / before:.1f}")


if __name__ == "__main__":
    main()
