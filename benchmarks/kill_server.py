"""kill -9 of a running service, with all its processes, in the middle of writes: ``kill_writes.py --server``.

Clients post jobs over HTTP, each a training whose result is a model in a folder, and a process makes keys as
``nettide keys`` does. The whole process group (gunicorn, its worker, the process that runs jobs, the maker of keys) is
killed at a random moment and started again on the same store; then everything that was acknowledged is asked for.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from nettide.store.models import list_models
from nettide.store.sql.engine import open_store
from nettide.store.sql.keys import Scope

START_SECONDS = 120
MOST_JOBS = 8
"""That are answered before the kill."""
MOST_DELAY_SECONDS = 0.2
"""From the last of them to the kill."""
CLIENTS = 2
ENDED = ("done", "failed", "cancelled")
KEYS = """
import sys, time
from nettide.store.sql.engine import open_store
from nettide.store.sql.keys import Scope
store = open_store(sys.argv[1], create=False)
while True:
    token, _ = store.keys.create("made", frozenset({Scope.read}), None)
    print(token, flush=True)
    time.sleep(0.03)
"""


@dataclass(slots=True)
class ServerTally:
    """What happened to one store.

    Args:
        jobs: id -> name of the model, of every job that was answered with 202.
        keys: every token that was printed.
        lost: acknowledged jobs and keys that were not found.
        torn: models that could not be read after a kill.
        during: how many requests and jobs were under way at each kill.
        ends: state -> jobs, once the service was left alone.
    """

    jobs: dict[str, str] = field(default_factory=dict)
    keys: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    torn: list[str] = field(default_factory=list)
    during: Counter[str] = field(default_factory=Counter)
    ends: Counter[str] = field(default_factory=Counter)


class Running:
    """A service that runs in a process group of its own.

    Args:
        folder: of its store and models.
        url: of its database.
    """

    def __init__(self, folder: Path, url: str) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = int(free.getsockname()[1])
        options = ["--port", str(self.port), "--workers", "1", "--job-workers", "1", "--database", url]
        kept = {name: value for name, value in os.environ.items() if not name.startswith("NETTIDE_")}
        environment = {**kept, "NETTIDE_LIMITS__JOBS": "10000", "OMP_NUM_THREADS": "1", "OMP_WAIT_POLICY": "PASSIVE"}
        with (folder / "serve.log").open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "nettide", "serve", *options],
                cwd=folder,
                stderr=log,
                env=environment,
                process_group=0,
            )
        self.group = self.process.pid
        self.url, self.pipe = url, None
        until = time.monotonic() + START_SECONDS
        while self.ask("GET", "/readyz", "")[0] != 200:
            if self.process.poll() is not None or time.monotonic() > until:
                raise SystemExit(f"the service did not start:\n{(folder / 'serve.log').read_text()[-2000:]}")
            time.sleep(0.02)

    def make_keys(self) -> subprocess.Popen[str]:
        """Start a process of the group that makes keys and prints them."""
        command = [sys.executable, "-c", KEYS, self.url]
        return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, process_group=self.group)

    def ask(self, method: str, path: str, token: str, body: Any = None) -> tuple[int, Any]:
        """Status and JSON of an answer; 0 where there was none."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        kind = "text/csv" if isinstance(body, bytes) else "application/json"
        sent = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        try:
            connection.request(method, path, sent, {"Authorization": f"Bearer {token}", "Content-Type": kind})
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read())
        except (OSError, http.client.HTTPException, ValueError):
            return 0, None
        finally:
            connection.close()

    def kill(self) -> None:
        """Kill every process of the group, and wait until none is left."""
        with contextlib.suppress(ProcessLookupError):  # killed before
            os.killpg(self.group, signal.SIGKILL)
        self.process.wait()
        until = time.monotonic() + 10
        while _alive(self.group):
            assert time.monotonic() < until, "a process outlived SIGKILL"
            time.sleep(0.005)


def _alive(group: int) -> bool:
    """Say whether a process of a group lives; those that are dead and wait for their parent do not count."""
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):  # it ended this very moment
            state, _, its_group = stat.read_text().rpartition(")")[2].split()[:3]
            if int(its_group) == group and state not in "ZX":
                return True
    return False


def csv() -> bytes:
    """A little traffic."""
    hours = [f"2026-01-{1 + hour // 24:02d}T{hour % 24:02d}:00Z,{100 + hour % 24}" for hour in range(72)]
    return "\n".join(["time,y", *hours]).encode()


def kill_server(folder: Path, url: str, *, kills: int, seed: int) -> ServerTally:
    """Start, use and kill a service many times, then let it end its work, and look for everything.

    Args:
        folder: an empty one, for models and logs.
        url: of an empty database.
        kills: how many.
        seed: of the moments.
    """
    store = open_store(url)
    token, _ = store.keys.create("clients", frozenset(Scope), None)
    store.close()
    tally, file = ServerTally(), ""
    before: tuple[list[str], list[str]] = ([], [])
    for number in range(kills):
        generator = random.Random(seed * 1_000_000 + number)
        running = Running(folder, url)
        try:
            _look(running, token, before, tally, folder)
            if not file:
                file = running.ask("POST", "/api/v1/files", token, csv())[1]["id"]
            before = _use_and_kill(running, token, file, number, generator, tally)
        finally:
            running.kill()
        if number % 20 == 19:
            print(f"{number + 1} kills, {len(tally.jobs)} jobs, {len(tally.keys)} keys", file=sys.stderr)
    _settle(folder, url, token, before, tally)
    return tally


def _use_and_kill(
    running: Running, token: str, file: str, number: int, generator: random.Random, tally: ServerTally
) -> tuple[list[str], list[str]]:
    """Post jobs and make keys until a random moment; give what was acknowledged."""
    jobs: list[str] = []
    asking: set[int] = set()
    maker = running.make_keys()
    assert maker.stdout is not None
    keys = [maker.stdout.readline().strip()]  # it is under way

    def post(client: int) -> None:
        pause = random.Random(number * CLIENTS + client)
        for place in range(1000):
            name = f"m{number}-{client}-{place}"
            asking.add(client)
            body = {"kind": "fit", "file": file, "horizon": 2, "models": ["naive"], "name": name}
            status, job = running.ask("POST", "/api/v1/jobs", token, body)
            if status == 0:
                return
            asking.discard(client)
            if status != 202:
                raise SystemExit(f"a job was answered with {status}: {job}")
            jobs.append(job["id"])
            tally.jobs[job["id"]] = name
            time.sleep(pause.uniform(0.0, 0.1))

    clients = [threading.Thread(target=post, args=(client,), daemon=True) for client in range(CLIENTS)]
    for client in clients:
        client.start()
    wanted, until = generator.randint(0, MOST_JOBS), time.monotonic() + 20
    while len(jobs) < wanted and time.monotonic() < until:
        time.sleep(0.001)
    time.sleep(generator.uniform(0.0, MOST_DELAY_SECONDS))
    under_way = bool(asking)
    running.kill()
    for client in clients:
        client.join()
    rest = maker.stdout.read()
    maker.wait()
    keys += rest[: rest.rfind("\n") + 1].split()  # a line that broke off was not acknowledged
    tally.keys += keys
    tally.during["a request"] += under_way
    return jobs, keys


def _look(
    running: Running, token: str, acknowledged: tuple[list[str], list[str]], tally: ServerTally, folder: Path
) -> None:
    """Ask the service that was started again for what the one before acknowledged, and for its models."""
    jobs, keys = acknowledged
    for id in jobs:
        status, job = running.ask("GET", f"/api/v1/jobs/{id}", token)
        if status != 200:
            tally.lost.append(f"job {id}: {status}")
        elif job["state"] == "running":
            tally.during["a job"] += 1
    for key in keys:
        status, _ = running.ask("GET", "/api/v1/jobs?limit=1", key)
        if status != 200:
            tally.lost.append(f"key {key[:16]}: {status}")
    tally.torn += _torn(folder)


def _torn(folder: Path) -> list[str]:
    root = folder / "models"
    return [f"{one.name}: {one.damage}" for one in list_models(root) if one.record is None] if root.is_dir() else []


def _settle(folder: Path, url: str, token: str, before: tuple[list[str], list[str]], tally: ServerTally) -> None:
    """Let the service end every job that waits or was interrupted, and look for everything once more."""
    running = Running(folder, url)
    try:
        _look(running, token, before, tally, folder)
        for id, name in tally.jobs.items():
            status, job = running.ask("GET", f"/api/v1/jobs/{id}", token)
            until = time.monotonic() + 300
            while status == 200 and job["state"] not in ENDED and time.monotonic() < until:
                time.sleep(0.1)
                status, job = running.ask("GET", f"/api/v1/jobs/{id}", token)
            if status != 200:
                tally.lost.append(f"job {id}: {status}")
                continue
            message = job["message"] or ""
            given_up = job["state"] == "failed" and message.startswith("given up")
            tally.ends["given up" if given_up else job["state"]] += 1
            if job["state"] not in ENDED or (job["state"] == "failed" and not given_up):
                tally.lost.append(f"job {id} of {name} is {job['state']}: {message}")
            elif job["state"] == "done" and running.ask("GET", f"/api/v1/models/{name}", token)[0] != 200:
                tally.lost.append(f"model {name} of job {id}, which is done")
        tally.torn += _torn(folder)
    finally:
        running.kill()
    store = open_store(url, create=False)
    tally.lost += [f"key {key[:16]}" for key in tally.keys if store.keys.verify(key) is None]
    store.close()


def row(database: str, kills: int, tally: ServerTally) -> dict[str, Any]:
    """One line of the table."""
    return {
        "database": database,
        "kills": kills,
        "in a request": tally.during["a request"],
        "jobs interrupted": tally.during["a job"],
        "jobs": len(tally.jobs),
        "keys": len(tally.keys),
        "done": tally.ends["done"],
        "given up": tally.ends["given up"],
        "lost": len(tally.lost),
        "torn": len(tally.torn),
    }
