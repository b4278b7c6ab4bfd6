"""A service in this process, and one as a user starts it."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from nettide.panel import Channel, Panel, Series
from nettide.service.app import create_app
from nettide.service.runtime import EXTENSION
from nettide.settings import Settings, read_settings
from nettide.store.sql.engine import Store, open_store
from nettide.store.sql.keys import Scope
from nettide.tasks.forecaster import Forecaster

END = "2026-03-01T00:00:00Z"


def daily(steps: int = 24 * 14, *, size: float = 1e9, seed: int = 0) -> list[float]:
    """Values with a daily cycle."""
    noise = np.random.default_rng(seed).lognormal(0, 0.05, steps)
    values: list[float] = np.round(size * (1.5 + np.sin(2 * np.pi * np.arange(steps) / 24)) * noise).tolist()
    return values


def panel(count: int = 2, steps: int = 24 * 21) -> Panel:
    """Some traffic to fit on."""
    values = np.array([daily(steps, seed=row) for row in range(count)])[:, :, None]
    return Panel(values, 1_767_225_600, 3600, tuple(Series(f"link-{row}") for row in range(count)), (Channel("y"),))


def save_model(folder: Path, name: str, *, kind: str = "lstm", horizon: int = 6, **options: Any) -> None:
    """Fit a tiny model and keep it."""
    options = options or ({"hidden": 4, "epochs": 1} if kind == "lstm" else {})
    forecaster = Forecaster(kind, horizon=horizon, **options)
    forecaster.fit(panel())
    forecaster.save(folder / name)


@dataclass(frozen=True)
class Service:
    """A service in this process."""

    app: Flask
    store: Store
    settings: Settings

    def key(self, *scopes: Scope) -> dict[str, str]:
        """The headers of a new key, of all scopes where none is named."""
        token, _ = self.store.keys.create("test", frozenset(scopes or Scope), None)
        return {"Authorization": f"Bearer {token}"}

    def client(self) -> FlaskClient:
        """A client."""
        return self.app.test_client()

    def post(self, path: str, body: Any, **headers: str) -> TestResponse:
        """Post JSON with a key that may everything."""
        return self.client().post(path, json=body, headers={**self.key(), **headers})

    def get(self, path: str, **headers: str) -> TestResponse:
        """Get with a key that may everything."""
        return self.client().get(path, headers={**self.key(), **headers})


@contextlib.contextmanager
def service(folder: Path, **overrides: Any) -> Iterator[Service]:
    """A service in this process; overrides have two underscores for a dot."""
    given = {"models": str(folder / "models"), "database": f"sqlite:///{folder}/nettide.db"}
    dotted = {name.replace("__", "."): value for name, value in overrides.items()}
    settings = read_settings(overrides={**given, **dotted})
    app = create_app(settings, scratch=folder)
    store = open_store(f"sqlite:///{folder}/nettide.db")
    try:
        yield Service(app, store, settings)
    finally:
        store.close()
        app.extensions[EXTENSION].close()


@dataclass(frozen=True)
class Server:
    """A service as ``nettide serve`` starts it."""

    process: subprocess.Popen[bytes]
    port: int
    token: str
    folder: Path

    @property
    def url(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self.port}"

    def connect(self, seconds: float = 20) -> socket.socket:
        """A connection."""
        return socket.create_connection(("127.0.0.1", self.port), timeout=seconds)

    def ask(self, path: str, body: Any = None, *, seconds: float = 30) -> tuple[int, Any]:
        """Status and JSON of an answer."""
        data = None if body is None else json.dumps(body).encode()
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        request = urllib.request.Request(self.url + path, data, headers)
        try:
            with urllib.request.urlopen(request, timeout=seconds) as answer:
                text = answer.read()
                return answer.status, json.loads(text) if text.startswith((b"{", b"[")) else text.decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, json.loads(error.read())

    def log(self) -> list[dict[str, Any]]:
        """The lines of its log."""
        return [json.loads(line) for line in (self.folder / "serve.log").read_text().splitlines()]


@contextlib.contextmanager
def served(folder: Path, *arguments: str, **variables: str) -> Iterator[Server]:
    """A server on a free port, ended by its process id."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    store = open_store(f"sqlite:///{folder}/nettide.db")
    token, _ = store.keys.create("test", frozenset(Scope), None)
    store.close()
    environment = {name: value for name, value in os.environ.items() if not name.startswith("NETTIDE_")} | variables
    command = [sys.executable, "-m", "nettide", "serve", "--port", str(port), *arguments]
    with (folder / "serve.log").open("wb") as log:
        process = subprocess.Popen(command, cwd=folder, stderr=log, stdout=log, env=environment)
    server = Server(process, port, token, folder)
    try:
        deadline = time.monotonic() + 90
        while time.monotonic() < deadline and process.poll() is None:
            with contextlib.suppress(OSError):
                if server.ask("/readyz", seconds=5)[0] == 200:
                    break
            time.sleep(0.1)
        else:
            raise AssertionError((folder / "serve.log").read_text()[-2000:])
        yield server
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=60)
