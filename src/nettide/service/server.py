"""``nettide serve``: gunicorn with our worker, and the processes that run jobs beside it."""

from __future__ import annotations

import gc
import json
import logging
import os
import subprocess
import sys
import threading
from collections.abc import Mapping
from contextlib import suppress
from logging.config import dictConfig
from pathlib import Path
from typing import Any

from flask import Flask
from gunicorn.app.base import BaseApplication  # type: ignore[import-untyped]  # gunicorn has no types

from nettide.service.logs import configuration, log
from nettide.service.scratch import SHARED_FOLDER, make_scratch
from nettide.service.shares import Shares
from nettide.settings import Settings
from nettide.store.sql.engine import open_store

_START_SECONDS = 120
_RESTART_SECONDS = 2.0


class Server(BaseApplication):  # type: ignore[misc]  # gunicorn has no types
    """The service as gunicorn runs it.

    Args:
        settings: of the service.
        scratch: folder that the workers share, for statistics.
    """

    def __init__(self, settings: Settings, scratch: Path) -> None:
        self.settings, self._scratch = settings, scratch
        self.shares = Shares()
        super().__init__()

    def load_config(self) -> None:
        """Give gunicorn its settings."""
        service = self.settings.service
        for name, value in {
            "bind": f"[{service.host}]:{service.port}" if ":" in service.host else f"{service.host}:{service.port}",
            "workers": workers_of(self.settings),
            "worker_class": "nettide.service.worker.BufferingWorker",
            "threads": service.threads,
            "worker_connections": service.connections,
            "backlog": 2048,
            "keepalive": service.keepalive_seconds,
            "graceful_timeout": service.drain_seconds,
            "timeout": _START_SECONDS,
            "limit_request_line": 4094,
            "limit_request_fields": 64,
            "limit_request_field_size": 8190,
            "control_socket_disable": True,
            "loglevel": service.log_level,
            "logconfig_dict": configuration(service.log_level),
            "proc_name": "nettide",
            "pre_fork": self._begin,
            "child_exit": self._forget,
            "worker_tmp_dir": "/dev/shm" if Path("/dev/shm").is_dir() else None,  # noqa: S108 gunicorn's heartbeat
        }.items():
            self.cfg.set(name, value)

    def _begin(self, _: object, worker: Any) -> None:
        """Give a worker that is about to be forked a place among the others."""
        worker.place = self.shares.claim(worker.age)

    def _forget(self, _: object, worker: Any) -> None:
        """Drop the place and the gauges of a worker that has ended."""
        from nettide.service.metrics import forget_process

        self.shares.release(worker.age)
        forget_process(worker.pid)

    def load(self) -> Flask:
        """Make the application, in each worker."""
        from nettide.service.app import create_app

        app = create_app(self.settings, scratch=self._scratch)
        gc.collect()
        gc.freeze()  # with PyTorch loaded, walking what is never garbage stops all requests for a tenth of a second
        return app


def workers_of(settings: Settings) -> int:
    """Give how many workers run: as many as were asked for, else one a core that this process may use."""
    return settings.service.workers or len(os.sched_getaffinity(0))


def serve(settings: Settings, *, overrides: Mapping[str, Any], file: Path | None) -> None:
    """Serve until SIGTERM or SIGINT; what was accepted is answered before this returns by SystemExit.

    Args:
        settings: of the service.
        overrides: those of them that neither file nor variables say, for the processes that run jobs.
        file: that settings were read from, for the same.

    Raises:
        StoreError: the store cannot be opened.
        OptionError: its URL cannot be used.
    """
    dictConfig(configuration(settings.service.log_level))
    open_store(settings.database.get_secret_value()).close()  # makes tables before workers race for it
    scratch = make_scratch()
    os.environ.setdefault("OMP_NUM_THREADS", "1")  # of a worker; more workers, not more threads, use the cores
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    jobs = [_JobProcess(overrides, file) for _ in range(settings.service.job_workers)]
    for one in jobs:
        one.start()
    owner = os.getpid()
    try:
        Server(settings, scratch).run()
    finally:
        if os.getpid() == owner:  # workers are forks, and leave by the same way
            for one in jobs:
                one.stop()


class _JobProcess(threading.Thread):
    """Keeps a process that runs jobs alive."""

    def __init__(self, overrides: Mapping[str, Any], file: Path | None) -> None:
        super().__init__(name="jobs", daemon=True)
        self._command = [sys.executable, "-m", "nettide.service.job_process"]
        # on its standard input: a URL with a password is nothing for the list of processes
        told = {"overrides": dict(overrides), "file": None if file is None else str(file)}
        self._told = json.dumps(told).encode()
        self._over = threading.Event()
        self._process: subprocess.Popen[bytes] | None = None
        self._lock = threading.Lock()

    def run(self) -> None:
        """Start the process, and again where it ends."""
        while not self._over.is_set():
            with self._lock:
                if self._over.is_set():
                    return
                environment = {name: value for name, value in os.environ.items() if name != SHARED_FOLDER}
                self._process = subprocess.Popen(self._command, env=environment, stdin=subprocess.PIPE)  # noqa: S603 our own module
                assert self._process.stdin is not None
                with suppress(BrokenPipeError), self._process.stdin as pipe:
                    pipe.write(self._told)
            code = self._process.wait()
            if not self._over.wait(_RESTART_SECONDS):
                log(logging.WARNING, "job process ended, and is started again", code=code)

    def stop(self) -> None:
        """End the process; a job that runs goes back to the queue."""
        self._over.set()
        with self._lock:
            process = self._process
        if process is not None and process.poll() is None:
            process.terminate()
            try:
                process.wait(timeout=30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
