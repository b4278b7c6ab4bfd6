"""How often a key may ask: one count, whoever counts."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as some
from made_service import served

from nettide.service.rates import Rates


def test_two_workers_count_together(tmp_path: Path) -> None:
    one, other = (Rates(tmp_path / "rates", per_minute=60, burst=4) for _ in range(2))
    taken = [rates.take("key", 100.0) for rates in (one, other, one, other)]
    assert taken == [0.0] * 4
    assert one.take("key", 100.0) == other.take("key", 100.0) == 1.0
    assert other.take("key", 101.0) == 0.0
    assert one.take("key", 101.0) > 0


def test_a_key_whose_place_was_taken_by_others_begins_anew(tmp_path: Path) -> None:
    rates = Rates(tmp_path / "rates", per_minute=1, burst=1)
    ids = [f"key-{number}" for number in range(60_000)]
    assert all(rates.take(id, 1.0 + place) == 0.0 for place, id in enumerate(ids))
    assert all(rates.take(id, 60_001.0) > 0 for id in ids[-50:]), "the newest are remembered"


@given(some.lists(some.tuples(some.integers(0, 3), some.floats(0, 5)), max_size=60))
@settings(derandomize=True, deadline=None, max_examples=50)
def test_in_no_time_a_key_gets_more_than_the_burst_and_the_rate(asked: list[tuple[int, float]]) -> None:
    path = Path(f"/dev/shm/nettide-rates-{os.getpid()}")
    path.unlink(missing_ok=True)
    rates, now, got = Rates(path, per_minute=120, burst=5), 10.0, dict.fromkeys(range(4), 0)
    try:
        for key, pause in asked:
            now += pause
            got[key] += rates.take(str(key), now) == 0.0
            assert got[key] <= 5 + 2 * (now - 10.0) + 1e-6
    finally:
        rates.close()
        path.unlink()


ASKER = """
import sys, threading
from pathlib import Path
from nettide.service.rates import Rates

rates, got = Rates(Path(sys.argv[1]), per_minute=1, burst=500), []
threads = [threading.Thread(target=lambda: got.extend(rates.take("key", 5.0) for _ in range(200))) for _ in range(4)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(got.count(0.0), len(got))
"""


def test_processes_and_threads_that_ask_at_once_get_no_more_than_there_is(tmp_path: Path) -> None:
    command = [sys.executable, "-c", ASKER, str(tmp_path / "rates")]
    asking = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    told = [one.communicate(timeout=60)[0].split() for one in asking]
    assert [asked for _, asked in told] == ["800", "800"]
    assert sum(int(got) for got, _ in told) == 500


def test_a_server_of_two_workers_lets_a_key_ask_as_often_as_one_worker_does(tmp_path: Path) -> None:
    limits = {"NETTIDE_LIMITS__REQUESTS_PER_MINUTE": "1", "NETTIDE_LIMITS__BURST": "40"}
    with served(tmp_path, "--workers", "2", "--job-workers", "0", **limits) as server:
        deadline = time.monotonic() + 30
        while len({line["process"] for line in server.log() if line["event"] == "request"}) < 2:
            assert server.ask("/healthz")[0] == 200  # needs no key; wait until both workers answer
            assert time.monotonic() < deadline
        statuses = [server.ask("/api/v1/jobs?limit=1")[0] for _ in range(60)]
        assert (statuses.count(200), statuses.count(429)) == (40, 20)
        counted = [line for line in server.log() if line.get("route") == "/api/v1/jobs"]
        assert len({line["process"] for line in counted}) == 2, "both workers were asked"
