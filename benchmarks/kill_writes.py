"""kill -9 in the middle of writes of keys, jobs, results and models: is anything lost that was acknowledged?

A process writes without a pause, and says on a pipe what it begins and what was acknowledged. It is killed at a random
moment, and another process looks for everything that was ever acknowledged, and at the model. With ``--server`` a
whole ``nettide serve`` is killed instead, while clients post jobs and keys are made (kill_server.py).
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import random
import signal
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import kill_server
from measuring import keep, markdown, versions

TESTS = Path(__file__).parents[1] / "tests" / "store"
sys.path[:0] = [str(TESTS), str(TESTS / "sql")]  # a server of our own, and a model that shows whether it is whole

from postgresql_cluster import Absent, running_cluster  # noqa: E402 its folder is known only now
from records import assert_whole, record  # noqa: E402 as above

from nettide.errors import StoreError  # noqa: E402 as above
from nettide.store.models import load_model, save_model  # noqa: E402 as above
from nettide.store.sql.engine import Store, open_store  # noqa: E402 as above
from nettide.store.sql.job_record import JobState  # noqa: E402 as above
from nettide.store.sql.keys import Scope  # noqa: E402 as above

MOST_WRITES = 20
"""Before the last one, in which the kill falls."""
MOST_DELAY_SECONDS = 0.01
WRITES = ("key", "revoke", "job", "finish", "cancel", "model")


@dataclass(slots=True)
class Tally:
    """What happened to one database.

    Args:
        acknowledged: every write that was acknowledged, as the writer told it.
        during: in which write each kill fell; ``between`` where it fell in none.
        lost: acknowledged writes that were not found, each told once.
        torn: kills after which the model could not be read or was of two saves.
    """

    acknowledged: list[dict[str, Any]] = field(default_factory=list)
    during: Counter[str] = field(default_factory=Counter)
    lost: list[dict[str, Any]] = field(default_factory=list)
    torn: int = 0


def write_for_ever(url: str, folder: Path, pipe: int, *, seed: int, fill: float) -> None:
    """Write and say so until killed; the process holds nothing that another one has."""
    store, generator, number = open_store(url), random.Random(seed), 0

    def say(**told: Any) -> None:
        os.write(pipe, json.dumps(told).encode() + b"\n")  # at once and whole: it is shorter than PIPE_BUF

    token, owner = store.keys.create(f"writer {seed}", frozenset(Scope), None)
    say(did="key", token=token, name=owner.name)
    while True:
        number += 1
        what = generator.choice(WRITES)
        name = f"{seed} {number}"
        say(begins=what)
        if what == "key":
            token, _ = store.keys.create(name, frozenset({Scope.read}), None)
            say(did=what, token=token, name=name)
        elif what == "revoke":
            token, made = store.keys.create(name, frozenset({Scope.read}), None)
            store.keys.revoke(made.id)
            say(did=what, token=token, id=made.id)
        elif what == "job":
            job = store.jobs.submit("fit", {"name": name, "padding": "x" * generator.randrange(2000)}, owner.id)
            say(did=what, id=job.id, name=name)
        elif what == "finish":
            store.jobs.submit("fit", {}, owner.id)
            taken = store.jobs.claim(name, 3600.0)
            assert taken is not None
            content = name * generator.randrange(1, 2000)
            result = store.results.put(content.encode(), "text/plain", owner.id)
            assert store.jobs.finish(taken.id, name, result.id)
            say(did=what, id=taken.id, result=result.id, sha256=result.sha256)
        elif what == "cancel":
            job = store.jobs.submit("fit", {}, owner.id)
            store.jobs.request_cancel(job.id)
            say(did=what, id=job.id)
        else:
            fill += 1
            save_model(folder, record(fill, size=generator.choice((10, 1000, 20_000))), overwrite=True)
            say(did=what, fill=fill)


def is_there(store: Store, told: dict[str, Any]) -> bool:
    """Look for one acknowledged write."""
    if told["did"] == "key":
        found = store.keys.verify(told["token"])
        return found is not None and found.name == told["name"]
    if told["did"] == "revoke":
        return store.keys.verify(told["token"]) is None and any(
            one.id == told["id"] and one.revoked is not None for one in store.keys.list()
        )
    job = store.jobs.get(told["id"], None)
    if job is None:
        return False
    if told["did"] == "job":
        return job.request["name"] == told["name"]
    if told["did"] == "cancel":
        return job.state is JobState.cancelled
    kept = store.results.get(told["result"], None)
    return job.state is JobState.done and job.result_id == told["result"] and kept is not None


def killed_once(url: str, folder: Path, *, seed: int, fill: float) -> list[dict[str, Any]]:
    """Let a process write, kill it at a random moment after some writes, and give what it said."""
    generator = random.Random(seed)
    writes, delay_seconds = generator.randint(1, MOST_WRITES), generator.uniform(0.0, MOST_DELAY_SECONDS)
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            os.close(reader)
            write_for_ever(url, folder, writer, seed=seed, fill=fill)
        finally:
            os._exit(1)
    os.close(writer)
    with os.fdopen(reader, "rb") as pipe:
        said = b""
        while said.count(b'"did"') < writes and (line := pipe.readline()):
            said += line
        time.sleep(delay_seconds)
        os.kill(pid, signal.SIGKILL)
        said += pipe.read()
    _, status = os.waitpid(pid, 0)
    if not os.WIFSIGNALED(status):
        raise SystemExit(f"the writer ended by itself instead of being killed, after saying {said[-300:]!r}")
    return [json.loads(line) for line in said.splitlines()]


def look(url: str, told: list[dict[str, Any]], tally: Tally) -> None:
    """Look for acknowledged writes, and remember which are lost."""
    store = open_store(url, create=False)
    tally.lost += [one for one in told if one["did"] != "model" and one not in tally.lost and not is_there(store, one)]
    store.close()


def kill_writes(url: str, folder: Path, *, kills: int, seed: int) -> Tally:
    """Kill writers of one database and one model many times."""
    tally, newest = Tally(), 0.0
    save_model(folder, record(newest), overwrite=True)
    for number in range(kills):
        said = killed_once(url, folder, seed=seed * 1_000_000 + number, fill=newest)
        did = [one for one in said if "did" in one]
        tally.during[said[-1].get("begins", "between")] += 1
        tally.acknowledged += did
        look(url, did, tally)
        saved = [one for one in did if one["did"] == "model"]
        try:
            found = load_model(folder)
            assert_whole(found)
        except (StoreError, AssertionError) as error:
            print(f"torn after kill {number}: {error}", file=sys.stderr)
            tally.torn += 1
            save_model(folder, record(newest), overwrite=True)
            continue
        newest = found.state.document["fill"]
        tally.lost += [one for one in saved if one["fill"] > newest]
    look(url, tally.acknowledged, tally)
    return tally


def row(database: str, kills: int, tally: Tally) -> dict[str, Any]:
    """One line of the table."""
    counted = Counter(one["did"] for one in tally.acknowledged)
    in_writes = sum(tally.during.values()) - tally.during["between"]
    wrote = {f"{name} writes": counted[name] for name in WRITES}
    return {
        "database": database,
        "kills": kills,
        "in a write": in_writes,
        **wrote,
        "lost": len(tally.lost),
        "torn": tally.torn,
    }


@contextlib.contextmanager
def postgresql_url(given: str | None) -> Iterator[str]:
    """Give the URL of an empty database: the given one, or one of a server of our own that syncs as usual."""
    if given is not None:
        yield given
        return
    with running_cluster(durable=True) as cluster:
        yield cluster.url(cluster.create())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=200, help="of each database (default: 200)")
    parser.add_argument("--seed", type=int, default=0, help="of the moments and the writes")
    parser.add_argument("--database", action="append", choices=("sqlite", "postgresql"), help="default: both")
    parser.add_argument("--postgresql", metavar="URL", help="an empty database; default: a server of our own")
    parser.add_argument("--quick", action="store_true", help="10 kills, 3 of a server")
    parser.add_argument("--server", action="store_true", help="kill a running service with all its processes")
    asked = parser.parse_args()
    kills, rows = asked.kills, []
    lost: list[Any] = []
    if asked.quick:
        kills = 3 if asked.server else 10
    during: dict[str, dict[str, int]] = {}
    with TemporaryDirectory() as temporary:
        for database in asked.database or ("sqlite", "postgresql"):
            folder = Path(temporary) / database
            folder.mkdir()
            try:
                with contextlib.ExitStack() as stack:
                    url = f"sqlite:///{folder / 'store.db'}"
                    if database == "postgresql":
                        url = stack.enter_context(postgresql_url(asked.postgresql))
                    if asked.server:
                        killed = kill_server.kill_server(folder, url, kills=kills, seed=asked.seed)
                        rows.append(kill_server.row(database, kills, killed))
                        lost += [*killed.lost, *killed.torn]
                        continue
                    tally = kill_writes(url, folder / "model", kills=kills, seed=asked.seed)
            except Absent as reason:
                print(f"{database} left out: {reason}", file=sys.stderr)
                continue
            rows.append(row(database, kills, tally))
            lost += tally.lost
            during[database] = dict(tally.during)
    if not rows:
        raise SystemExit("there was no database to kill the writers of")
    print(markdown(rows))
    name = "kill_server" if asked.server else "kill_writes"
    for one in lost[:10]:
        print(f"lost: {one}", file=sys.stderr)
    if not asked.quick:
        keep(name, {"rows": rows, "during": during, "versions": versions("nettide", "sqlalchemy", "psycopg")})
    sys.exit(any(one["lost"] or one["torn"] for one in rows))


if __name__ == "__main__":
    main()
