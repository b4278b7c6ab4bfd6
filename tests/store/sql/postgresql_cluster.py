"""A PostgreSQL server of our own in a temp folder, from the programs of Debian's package, without any port."""

from __future__ import annotations

import itertools
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from psycopg import sql


class Absent(Exception):
    """PostgreSQL cannot run here; says why."""


class Cluster:
    """A running server; its databases are reached by a socket in its folder.

    Args:
        folder: of its data and socket.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._numbers = itertools.count(1)

    def url(self, name: str) -> str:
        """The URL of a database."""
        return f"postgresql://nettide@/{name}?host={self.folder}"

    def create(self, template: str = "template1") -> str:
        """Make a database and give its name."""
        name = f"made_{next(self._numbers)}"
        self.run(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(template)))
        return name

    def drop(self, name: str) -> None:
        """Remove a database, ending its connections."""
        self.run(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))

    def run(self, statement: sql.Composed) -> None:
        """Run a statement outside a transaction."""
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(statement)


@contextmanager
def running_cluster(*, durable: bool) -> Iterator[Cluster]:
    """Start a server and stop it after the block.

    Args:
        durable: whether it brings commits to the disk, as a real one does; tests need not wait for that.

    Raises:
        Absent: PostgreSQL is not installed, or may not run here.
    """
    programs, prefix = _programs(), _unprivileged()
    folder = Path(tempfile.mkdtemp(prefix="nettide-pg-"))
    log = folder / "log"
    try:
        if prefix:
            shutil.chown(folder, prefix[2])
        data = folder / "data"
        settings = ["-c", "listen_addresses=", "-c", f"unix_socket_directories={folder}", "-c", "max_connections=60"]
        settings += ["-c", "shared_buffers=16MB"] + ([] if durable else ["-c", "fsync=off"])
        _call([*prefix, programs / "initdb", "-D", data, "-U", "nettide", "-A", "trust", "-E", "UTF8", "--no-sync"])
        options = " ".join(settings)
        _call([*prefix, programs / "pg_ctl", "-D", data, "-w", "-t", "60", "-l", log, "-o", options, "start"])
        try:
            yield Cluster(folder)
        finally:
            _call([*prefix, programs / "pg_ctl", "-D", data, "-m", "immediate", "stop"])
    finally:
        shutil.rmtree(folder)


def _programs() -> Path:
    """The folder of the programs: on the path, or where Debian puts them."""
    found = [Path(one).resolve().parent for one in [shutil.which("initdb")] if one]
    found += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    for folder in found:
        if (folder / "initdb").exists() and (folder / "pg_ctl").exists():
            return folder
    raise Absent("PostgreSQL is not installed (apt-get install postgresql)")


def _unprivileged() -> list[str]:
    """What goes before a command so that it does not run as root, which PostgreSQL refuses."""
    if os.geteuid() != 0:
        return []
    if shutil.which("runuser") is None:
        raise Absent("these tests run as root, and there is no runuser to start PostgreSQL as another user")
    return ["runuser", "-u", "postgres", "--"]


def _call(command: list[object]) -> None:
    done = subprocess.run(
        list(map(str, command)), check=False, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True, cwd="/", timeout=120,
    )  # fmt: skip
    if done.returncode:
        raise Absent(f"{' '.join(map(str, command))[:200]} failed: {done.stdout[-500:]}")
